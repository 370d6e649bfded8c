//! Composes digests: from confirmed findings to a thread of frozen posts.

mod correction;
mod en;
mod es;
mod post;
mod preview;
mod root;
mod stories;
mod telling;
mod tie;
mod words;
mod zh;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use url::Url;

use crate::model::account::AccountId;
use crate::model::digest::{Digest, DigestNumber, Part, Visibility};
use crate::model::finding::{Confirmed, FindingId, Statement};

use super::gate::{self, Refusal};
use super::measure::Limits;

pub use correction::in_place;
use post::{Draft, Writer, checked};
pub use preview::{Preview, preview};
use root::root;
use stories::groups;
pub use stories::{family_of, is_accusing};
pub use words::Language;
use words::Story;

/// Posts of one digest, the root among them, whatever the configuration says: self-replies reach
/// followers' home feeds.
pub const MOST_POSTS: u32 = 12;

/// Accounts that may be named for the first time on one day, so that a fault of ours stays small.
pub const MOST_NEWLY_NAMED: u32 = 5;

/// Handles in one post.
const MOST_HANDLES: usize = 5;

/// A known account of an outlet that stays silent while another one changes.
#[derive(Debug, Clone)]
pub struct Quiet {
    pub known: Confirmed,
    pub since: NaiveDate,
}

/// How the public record stands: counts, no percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoFar {
    /// Accounts that posts have named.
    pub named: u32,
    /// Objections received; `None` where nobody counts them.
    pub objections: Option<u32>,
    /// Statements taken back.
    pub withdrawn: u32,
}

/// How and where the posts of a digest appear.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub number: DigestNumber,
    /// The first moment after the period; days of other years are printed with their year.
    pub to: DateTime<Utc>,
    /// In which days are printed.
    pub timezone: Tz,
    pub language: Language,
    pub visibility: Visibility,
    /// Content warning of every post; empty = none.
    pub spoiler: &'a str,
    /// Where our own pages are; every link leads there.
    pub public_url: &'a Url,
    pub limits: Limits,
}

/// Everything that goes into a digest besides its wording.
#[derive(Debug, Clone)]
pub struct Edition<'a> {
    pub setting: Setting<'a>,
    pub rev: u32,
    pub from: DateTime<Utc>,
    /// Root and replies, 2 to [`MOST_POSTS`]; other values are moved to the nearer end.
    pub max_posts: u32,
    /// How many accounts may still be named for the first time today, at most [`MOST_NEWLY_NAMED`].
    pub may_name: u32,
    pub awaiting_review: u32,
    /// Printed with corrections.
    pub so_far: SoFar,
    /// Random, for the seals of the parts.
    pub salt: &'a str,
    /// What may be said; findings that are in a digest already are left out.
    pub confirmed: &'a [Confirmed],
    /// Told beside the changes of the same outlet, where there is room.
    pub quiet: &'a [Quiet],
}

/// Findings whose post was not let through: they stand on the page only, and a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub findings: Vec<FindingId>,
    pub why: Refusal,
}

/// What came of composing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// `None` when there is nothing to say.
    pub digest: Option<Digest>,
    pub dropped: Vec<Dropped>,
}

/// The permanent address of a digest, and how its root is recognised.
pub fn permalink(public_url: &Url, number: DigestNumber) -> String {
    format!("{}/d/{number}", public_url.as_str().trim_end_matches('/'))
}

/// Composes the thread of one period.
///
/// Order: corrections, newly seen official accounts, attested ones, hidden ties, look-alikes, those now
/// proven, changes; within each the oldest finding's group first. What does not fit is postponed. An error
/// means that the root itself or the closing post cannot pass the gate, which only settings can cause: the
/// public address, the content warning or a server with very short posts.
pub fn compose(edition: &Edition<'_>) -> Result<Composition, Refusal> {
    let mut thread = Thread::new(edition);
    for (story, group) in groups(edition.confirmed) {
        thread.tell(story, &group);
    }
    let Thread { replies, told, postponed, dropped, .. } = thread;
    if replies.is_empty() {
        return Ok(Composition { digest: None, dropped });
    }
    let root = root(edition, &told, postponed.len())?;
    let setting = &edition.setting;
    let digest = Digest {
        number: setting.number,
        rev: edition.rev,
        from: edition.from,
        to: setting.to,
        parts: std::iter::once(root).chain(replies).collect(),
        awaiting_review: edition.awaiting_review,
        postponed,
        salt: edition.salt.to_owned(),
    };
    let end = closing(&digest);
    gate::check(&end.text, &end.spoiler, &end.permalink, setting.limits)?;
    Ok(Composition { digest: Some(digest), dropped })
}

/// The post that ends a digest which the server did not take whole: one more reply, never part of a
/// digest that went well. It follows from the frozen digest alone, so it is always the same bytes.
pub fn closing(digest: &Digest) -> Part {
    let root = digest.parts.first();
    let language = root.and_then(|root| Language::of_tag(&root.language)).unwrap_or(Language::En);
    let base = root.map(|root| root.permalink.as_str()).unwrap_or_default();
    let permalink = format!("{base}/end");
    Part {
        index: u32::try_from(digest.parts.len()).unwrap_or(u32::MAX),
        text: format!("{}\n{permalink}", (language.words().closing)(digest.number.0)),
        permalink,
        language: language.tag().to_owned(),
        visibility: root.map_or(Visibility::Unlisted, |root| root.visibility),
        spoiler: root.map(|root| root.spoiler.clone()).unwrap_or_default(),
        findings: Vec::new(),
    }
}

/// The replies while they are being written.
struct Thread<'a> {
    edition: &'a Edition<'a>,
    replies: Vec<Part>,
    told: Vec<(Story, &'a Confirmed)>,
    postponed: Vec<FindingId>,
    dropped: Vec<Dropped>,
    most_replies: usize,
    may_name: usize,
}

impl<'a> Thread<'a> {
    fn new(edition: &'a Edition<'a>) -> Thread<'a> {
        Thread {
            edition,
            replies: Vec::new(),
            told: Vec::new(),
            postponed: Vec::new(),
            dropped: Vec::new(),
            most_replies: edition.max_posts.clamp(2, MOST_POSTS) as usize - 1,
            may_name: edition.may_name.min(MOST_NEWLY_NAMED) as usize,
        }
    }

    /// Adds the posts of one group; what does not fit is postponed, what the gate refuses is dropped.
    fn tell(&mut self, story: Story, group: &[&'a Confirmed]) {
        let mut quiet = self.quiet_beside(story, group);
        let mut rest = group;
        while !rest.is_empty() {
            let room = if story.names_anew() { self.may_name.min(MOST_HANDLES) } else { MOST_HANDLES };
            if room == 0 || self.replies.len() == self.most_replies {
                self.postponed.extend(rest.iter().map(|finding| finding.id()));
                return;
            }
            let (taken, verdict) = fullest(rest, room, |told| self.fit(story, told, &quiet));
            let (now, later) = rest.split_at(taken);
            match verdict {
                Ok(part) => {
                    self.replies.push(part);
                    self.told.extend(now.iter().map(|finding| (story, *finding)));
                    quiet.clear();
                    if story.names_anew() {
                        self.may_name -= taken;
                    }
                }
                Err(why) => {
                    let findings = now.iter().map(|finding| finding.id()).collect();
                    self.dropped.push(Dropped { findings, why });
                }
            }
            rest = later;
        }
    }

    /// The quiet accounts to tell beside a group of changes.
    fn quiet_beside(&self, story: Story, group: &[&Confirmed]) -> Vec<&'a Quiet> {
        let Some(first) = group.first().filter(|_| story == Story::Changed) else { return Vec::new() };
        let changed: BTreeSet<&AccountId> =
            group.iter().map(|finding| &finding.statement().account).collect();
        let mut quiet: Vec<&Quiet> = Vec::new();
        for account in self.edition.quiet {
            let known = account.known.statement();
            let is_beside =
                known.outlet == first.statement().outlet && known.network == first.statement().network;
            let is_new = quiet.iter().all(|told| told.known.statement().account != known.account);
            if is_beside && is_new && !changed.contains(&known.account) {
                quiet.push(account);
            }
        }
        quiet
    }

    /// The post about these findings with as much detail as fits and passes the gate.
    fn fit(&self, story: Story, findings: &[&Confirmed], quiet: &[&Quiet]) -> Result<Part, Refusal> {
        let statements: Vec<&Statement> = findings.iter().map(|finding| finding.statement()).collect();
        let draft = Draft {
            story,
            statements: &statements,
            quiet,
            checked: checked(findings.iter().copied()),
            so_far: Some(self.edition.so_far),
        };
        let part = fitted(&self.edition.setting, self.replies.len() + 1, &draft)?;
        Ok(Part { findings: findings.iter().map(|finding| finding.id()).collect(), ..part })
    }
}

/// The post about the first of these, as many as pass, and how many that are: fewer accounts a post until it passes,
/// so that one bad name never takes others with it.
fn fullest<T>(
    rest: &[T],
    most: usize,
    fit: impl Fn(&[T]) -> Result<Part, Refusal>,
) -> (usize, Result<Part, Refusal>) {
    let mut taken = most.min(rest.len());
    loop {
        match fit(&rest[..taken]) {
            Err(_) if taken > 1 => taken -= 1,
            verdict => return (taken, verdict),
        }
    }
}

/// The reply at this place with as much detail as fits and passes the gate, without its findings.
fn fitted(setting: &Setting<'_>, index: usize, draft: &Draft<'_>) -> Result<Part, Refusal> {
    let link = format!("{}/{index}", permalink(setting.public_url, setting.number));
    first_fit(setting, index, &link, Writer::of(setting).bodies(draft)?)
}

/// The first of these texts that passes the gate with its link; only what is too long is shortened.
fn first_fit(
    setting: &Setting<'_>,
    index: usize,
    link: &str,
    bodies: impl IntoIterator<Item = String>,
) -> Result<Part, Refusal> {
    let mut verdict = Err(Refusal::LinkCount { times: 0 });
    for body in bodies {
        let part = frozen(setting, index, format!("{body}\n{link}"), link);
        verdict = gate::check(&part.text, &part.spoiler, &part.permalink, setting.limits).map(|()| part);
        if !matches!(verdict, Err(Refusal::TooLong { .. })) {
            break;
        }
    }
    verdict
}

fn frozen(setting: &Setting<'_>, index: usize, text: String, link: &str) -> Part {
    Part {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        text,
        permalink: link.to_owned(),
        language: setting.language.tag().to_owned(),
        visibility: setting.visibility,
        spoiler: setting.spoiler.to_owned(),
        findings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;
    use crate::model::account::{Acct, Host, Network};
    use crate::model::assessment::Relation;
    use crate::model::changes::{Change, FollowerTrend};
    use crate::model::finding::{Approval, Approver, Claim, Finding, FindingState, OwnerLine, Withdrawal};
    use crate::model::outlet::{Control, OutletId};
    use crate::model::tie::{CommentSought, Sister, Ticks, Tie, Topic};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn statement(claim: Claim, acct: &str, outlet: &str, outlet_name: &str) -> Statement {
        let acct: Acct = acct.parse().unwrap();
        Statement {
            relation: match &claim {
                Claim::NewlySeen(relation) | Claim::KnownAtStart(relation) => *relation,
                Claim::Changed(_) | Claim::Withdrawn(_) => Relation::Official,
            },
            claim,
            account: AccountId::mastodon(format!("https://{}/users/{}", acct.host(), acct.user())),
            acct,
            network: Network::Mastodon,
            outlet: OutletId::parse(outlet).unwrap(),
            outlet_name: outlet_name.into(),
            owner: Some(OwnerLine {
                owner: "China Media Group, China's state broadcaster".into(),
                control: None,
                says: "State Media Monitor".into(),
                source: Some("https://monitor.example/cgtn".into()),
            }),
            first_seen: at("2026-11-18T10:00:00Z"),
            tenths_of_posts_a_day: Some(224),
            followers: Some(FollowerTrend { now: 50_300, week_before: Some(48_400) }),
            quiet_since: None,
            account_names: Some("https://www.cgtn.example/".into()),
            named_on: Some("https://www.cgtn.example/about".into()),
            evidence: vec![],
            tie: None,
        }
    }

    fn finding(id: u32, statement: Statement, approvers: &[Approver]) -> Finding {
        let raised_at = at("2026-11-18T12:00:00Z");
        let seal = statement.seal();
        let approve = |by: &Approver| Approval { by: by.clone(), at: raised_at, seal: seal.clone() };
        let approvals = approvers.iter().map(approve).collect();
        let state = FindingState::Raised;
        Finding { id: FindingId(id), raised_at, statement, needs: 1, approvals, state }
    }

    fn by_rule() -> Approver {
        Approver::Policy { name: "both-directions".into(), sha256: "ab".repeat(32) }
    }

    fn by(key: &str) -> Approver {
        Approver::Reviewer { name: key.into(), key: key.into() }
    }

    fn official(id: u32, acct: &str) -> Confirmed {
        let claim = Claim::NewlySeen(Relation::Official);
        finding(id, statement(claim, acct, "cgtn", "CGTN"), &[by_rule()]).confirmed().unwrap()
    }

    fn week() -> Vec<Confirmed> {
        let attested =
            statement(Claim::NewlySeen(Relation::Attested), "noticias@two.example", "rt-es", "RT en Español");
        let owner = Some(OwnerLine {
            owner: "ANO TV-Novosti".into(),
            control: None,
            says: "its imprint".into(),
            source: None,
        });
        let attested = Statement {
            quiet_since: None,
            account_names: Some("https://rt.example".into()),
            named_on: None,
            owner,
            tenths_of_posts_a_day: Some(4),
            followers: Some(FollowerTrend { now: 1, week_before: None }),
            ..attested
        };
        let proven = Statement {
            first_seen: at("2025-03-03T08:00:00Z"),
            ..statement(Claim::Changed(Change::NowProven), "cgtn@three.example", "cgtn", "CGTN")
        };
        let again = Change::PostsAgain { since: at("2026-11-17T06:00:00Z"), quiet_days: 214 };
        let again = Statement {
            tenths_of_posts_a_day: Some(60),
            followers: Some(FollowerTrend { now: 412, week_before: None }),
            ..statement(Claim::Changed(again), "xinhua_es@social.example", "xinhua", "Xinhua")
        };
        let gone = Change::Gone { since: at("2026-11-19T06:00:00Z") };
        let gone = Statement {
            relation: Relation::Attested,
            ..statement(Claim::Changed(gone), "xinhua_pt@social.example", "xinhua", "Xinhua")
        };
        let confirmed = |id, statement, who: &[Approver]| finding(id, statement, who).confirmed().unwrap();
        vec![
            confirmed(9, gone, &[by_rule()]),
            official(4, "cgtn_sample@social.example"),
            confirmed(5, attested, &[by("ana")]),
            confirmed(6, proven, &[by_rule()]),
            confirmed(7, again, &[by_rule()]),
            official(8, "cgtn_fr@one.example"),
        ]
    }

    fn sisters(handles: &[&str]) -> Vec<Sister> {
        let sister = |handle: &&str| {
            let acct: Acct = handle.parse().unwrap();
            let account = AccountId::mastodon(format!("https://{}/users/{}", acct.host(), acct.user()));
            Sister { account, acct }
        };
        handles.iter().map(sister).collect()
    }

    fn tie() -> Tie {
        Tie {
            from: at("2026-11-03T08:00:00Z"),
            to: at("2026-11-21T20:00:00Z"),
            posts: 52,
            copies: 41,
            uncredited: 41,
            altered: 9,
            altered_example: Some("Twitter •mundo_china".into()),
            typical_lag_minutes: Some(125),
            points: 500,
            against: 0,
            profile_sha256: "ab".repeat(32),
            items: (0..40).map(|item| format!("{item:012x}")).collect(),
            sisters: vec![],
            passages: vec![],
            ticks: Ticks {
                presents_as_outlet: true,
                comment_sought: Some(CommentSought::NoAddress),
                topic: Some(Topic::Culture),
            },
        }
    }

    /// A paper that appears affiliated with the agency, approved by two people.
    fn paper(id: u32, acct: &str, followers: u64, tie: Tie) -> Confirmed {
        let claim = Claim::NewlySeen(Relation::Undisclosed);
        let owner = OwnerLine {
            owner: "United Front Work Department".into(),
            control: None,
            says: "State Media Monitor".into(),
            source: None,
        };
        let statement = Statement {
            owner: Some(owner),
            first_seen: at("2026-11-03T08:00:00Z"),
            followers: Some(FollowerTrend { now: followers, week_before: None }),
            account_names: None,
            named_on: None,
            tie: Some(tie),
            ..statement(claim, acct, "cns", "China News Service")
        };
        finding(id, statement, &[by("ana"), by("bo")]).confirmed().unwrap()
    }

    fn papers() -> Vec<Confirmed> {
        let handles = ["noticias_py@social.example", "cronica_cl@social.example", "diario_cr@otro.example"];
        let of = |own: usize| Tie {
            // One item each that the others do not have.
            items: (0..38).filter(|item| *item != own).map(|item| format!("{item:012x}")).collect(),
            sisters: sisters(&[handles[(own + 1) % 3]]),
            altered: u32::try_from(own).unwrap() * 4,
            ..tie()
        };
        let paper =
            |(own, followers)| paper(20 + u32::try_from(own).unwrap(), handles[own], followers, of(own));
        [38, 6, 4].into_iter().enumerate().map(paper).collect()
    }

    fn withdrawal(why: &str) -> Withdrawal {
        Withdrawal {
            finding: FindingId(2),
            said: Box::new(Claim::NewlySeen(Relation::Undisclosed)),
            digest: DigestNumber(9),
            part: 2,
            said_at: at("2026-10-26T09:00:00Z"),
            why: why.into(),
            repeats_handle: false,
            was_a_person: false,
        }
    }

    fn correction(id: u32, withdrawal: Withdrawal) -> Confirmed {
        let claim = Claim::Withdrawn(withdrawal);
        let statement = Statement {
            relation: Relation::Undisclosed,
            ..statement(claim, "cronica_asia@noticias.example", "cgtn", "CGTN")
        };
        finding(id, statement, &[by("ana")]).confirmed().unwrap()
    }

    /// A correction, an official account, three sisters and an imitation.
    fn hidden_week() -> Vec<Confirmed> {
        let why =
            "The account credits CGTN in its profile and carries four other agencies; our check missed it";
        let imitation = statement(
            Claim::NewlySeen(Relation::LookAlike),
            "xinhua_oficial@social.example",
            "xinhua",
            "Xinhua",
        );
        let imitation = Statement { account_names: None, named_on: None, ..imitation };
        let imitation = finding(30, imitation, &[by("ana"), by("bo")]).confirmed().unwrap();
        let mut week = papers();
        week.push(correction(40, withdrawal(why)));
        week.push(official(31, "cgtn_sample@social.example"));
        week.push(imitation);
        week
    }

    fn hidden_thread(language: Language) -> String {
        in_full(told(&hidden_week(), language).parts.iter())
    }

    /// One paper, found alone and checked by one person, in a language.
    fn alone(language: Language) -> String {
        let finding = paper(25, "gaceta_pe@social.example", 1_204, tie());
        let statement = Statement { tie: Some(tie()), ..finding.statement().clone() };
        let one = self::finding(25, statement, &[by("ana")]).confirmed().unwrap();
        let digest = told(std::slice::from_ref(&one), language);
        let url = public_url();
        let setting = Setting { language, ..edition(&[], &[], &url).setting };
        let preview = preview(&setting, one.statement(), &[one.statement()], 1, None).unwrap().unwrap();
        assert_eq!(preview.text, digest.parts[1].text, "a reviewer sees what is posted");
        in_full(digest.parts[..2].iter())
    }

    #[test]
    fn one_paper_alone_checked_by_one_person() {
        insta::assert_snapshot!(alone(Language::En), @"
        [0 · 375]
        Masthead digest 12, 16 to 22 November 2026

        1 account that appears affiliated with China News Service and does not say so

        How: we compare public posts with what outlets published first; one person checks each finding of a hidden tie. We report what we observed, not who runs an account.

        3 more await review.

        Every post, its proof and how to object:
        https://masthead.example/d/12

        [1 · 473]
        Appears affiliated with China News Service, does not say so

        gaceta_pe@social.example, 1,204 followers

        Observed 3 to 21 November: 41 of its 52 posts are near-copies of the outlet's earlier items. No credit in 32; in 9, a credit that leads nowhere, “Twitter •mundo_china”. Mostly culture.

        Outlet's owner: United Front Work Department, says State Media Monitor. Not known: who runs it.

        One person checked this.

        Evidence for and against, or object:
        https://masthead.example/d/12/1
        ");
        insta::assert_snapshot!(alone(Language::Es), @"
        [0 · 392]
        Masthead, resumen 12: del 16 al 22 de noviembre de 2026

        1 cuenta que parece vinculada a China News Service y no lo dice

        Cómo: comparamos mensajes públicos con lo que los medios publicaron antes; una sola persona revisa cada vínculo no declarado. Contamos lo observado, no quién administra una cuenta.

        3 más esperan revisión.

        Cada mensaje, su prueba y cómo objetar:
        https://masthead.example/d/12

        [1 · 499]
        Parece vinculada a China News Service y no lo dice

        gaceta_pe@social.example, 1204 seguidores

        Observado del 3 al 21 de noviembre: 41 de sus 52 mensajes son copias casi exactas de textos anteriores del medio. Sin crédito en 32; en 9, un crédito que no lleva a ninguna parte, “Twitter •mundo_china”. Sobre todo cultura.

        Control del medio: United Front Work Department, según State Media Monitor. No se sabe quién la lleva.

        Lo revisó una sola persona.

        Indicios y objeciones:
        https://masthead.example/d/12/1
        ");
        insta::assert_snapshot!(alone(Language::Zh), @"
        [0 · 186]
        Masthead 第12期摘要，2026年11月16日至22日

        似与 China News Service 有关联但未说明的账号1个

        方法：我们把公开帖文与媒体先行发布的内容作比较；每项未公开的关联都仅由一人核对。我们只报告观察到的情况，不判断账号由谁运营。

        另有3项等待人工审核。

        每条内容、证据和提出异议的方法：
        https://masthead.example/d/12

        [1 · 309]
        似与 China News Service 有关联，但未说明

        gaceta_pe@social.example，关注者1,204人，我们于11月3日首次看到

        11月3日至21日观察到：其52条帖文中，有41条与该媒体此前发布的内容几乎相同（通常晚2小时）。其中32条未注明来源；9条的署名无法指向来源，如“Twitter •mundo_china”。内容以文化为主。

        该媒体的控制方：United Front Work Department（据 State Media Monitor）。尚不清楚由谁运营。

        本条仅由一人核对。

        查看正反两面的依据，或提出异议：
        https://masthead.example/d/12/1
        ");
    }

    #[test]
    fn a_week_of_hidden_ties_in_english() {
        insta::assert_snapshot!(hidden_thread(Language::En), @"
        [0 · 460]
        Masthead digest 12, 16 to 22 November 2026

        1 correction (first below)
        1 official account newly seen
        3 accounts that appear affiliated with China News Service and do not say so
        1 account that imitates Xinhua

        How: we compare public posts with what outlets published first; two people check each finding of a hidden tie. We report what we observed, not who runs an account.

        3 more await review.

        Every post, its proof and how to object:
        https://masthead.example/d/12

        [1 · 393]
        Correction to digest 9 (26 October)

        We wrote that an account appears affiliated with CGTN. That was wrong. The account credits CGTN in its profile and carries four other agencies; our check missed it.

        We withdraw it and are sorry. The old post and the pages now say so.

        So far: 31 accounts named, 2 objections, 1 withdrawn.

        What we said, and what was wrong with it:
        https://masthead.example/d/12/1

        [2 · 419]
        Official, newly seen: CGTN on Mastodon

        cgtn_sample@social.example, first seen by us 18 November

        Proof in both directions: the profile names cgtn.example, and cgtn.example names the profile. We fetched both.

        About 22 posts a day, 50,300 followers (1,900 more than a week before)

        Owner: China Media Group, China's state broadcaster. Source: State Media Monitor, on the page.

        Proof, or object:
        https://masthead.example/d/12/2

        [3 · 490]
        Three accounts, one story: appear affiliated with China News Service, do not say so

        noticias_py@social.example, 38 followers
        cronica_cl@social.example, 6
        diario_cr@otro.example, 4

        Observed 3 to 21 November: 123 near-copies of the outlet's earlier items, 35 items on all three. Credit: none in 111; “Twitter •mundo_china” in 12.

        Outlet's owner: United Front Work Department, says State Media Monitor. Not known: who runs them.

        Evidence for and against, or object:
        https://masthead.example/d/12/3

        [4 · 490]
        Newly seen, imitates an outlet: Xinhua on Mastodon

        xinhua_oficial@social.example, first seen by us 18 November

        Observed: its name is written like the outlet's, with letters that only look the same. No page of the outlet that we read names it. Not known: who runs it.

        About 22 posts a day, 50,300 followers

        Owner: China Media Group, China's state broadcaster. Source: State Media Monitor, on the page.

        2 people checked this.

        Evidence for and against, or object:
        https://masthead.example/d/12/4
        ");
    }

    #[test]
    fn a_week_of_hidden_ties_in_spanish() {
        insta::assert_snapshot!(hidden_thread(Language::Es), @"
        [0 · 477]
        Masthead, resumen 12: del 16 al 22 de noviembre de 2026

        1 corrección (la primera, abajo)
        1 cuenta oficial nueva
        3 cuentas que parecen vinculadas a China News Service y no lo dicen
        1 cuenta que imita a Xinhua

        Cómo: comparamos mensajes públicos con lo que los medios publicaron antes; dos personas revisan cada vínculo no declarado. Contamos lo observado, no quién administra una cuenta.

        3 más esperan revisión.

        Cada mensaje, su prueba y cómo objetar:
        https://masthead.example/d/12

        [1 · 405]
        Corrección al resumen 9 (26 de octubre)

        Escribimos que una cuenta parece vinculada a CGTN. Era un error. The account credits CGTN in its profile and carries four other agencies; our check missed it.

        Lo retiramos y lo lamentamos. El mensaje anterior y las páginas ya lo dicen.

        Hasta ahora: 31 cuentas nombradas, 2 objeciones, 1 afirmación retirada.

        Qué dijimos y qué estaba mal:
        https://masthead.example/d/12/1

        [2 · 452]
        Oficial, nueva para nosotros: CGTN en Mastodon

        cgtn_sample@social.example, la vimos por primera vez el 18 de noviembre

        Prueba en ambos sentidos: el perfil nombra cgtn.example y cgtn.example nombra el perfil. Leímos los dos.

        Unos 22 mensajes al día, 50.300 seguidores (1900 más que una semana antes)

        Control: China Media Group, China's state broadcaster. Fuente: State Media Monitor, en la página.

        La prueba, o para objetar:
        https://masthead.example/d/12/2

        [3 · 496]
        Tres cuentas, una historia: parecen vinculadas a China News Service y no lo dicen

        noticias_py@social.example, 38 seguidores
        cronica_cl@social.example, 6
        diario_cr@otro.example, 4

        Observado del 3 al 21 de noviembre: 123 copias casi exactas de textos anteriores del medio, 35 en las tres. Crédito: ninguno en 111; “Twitter •mundo_china” en 12.

        Control del medio: United Front Work Department, según State Media Monitor. No se sabe quién las lleva.

        Indicios y objeciones:
        https://masthead.example/d/12/3

        [4 · 499]
        Nueva, imita a un medio: Xinhua en Mastodon

        xinhua_oficial@social.example, la vimos por primera vez el 18 de noviembre

        Observado: su nombre se escribe como el del medio, con letras que solo se parecen. Ninguna página del medio que leímos la nombra. No se sabe quién la administra.

        Unos 22 mensajes al día, 50.300 seguidores

        Control: China Media Group, China's state broadcaster. Fuente: State Media Monitor, en la página.

        Lo revisaron 2 personas.

        Indicios y objeciones:
        https://masthead.example/d/12/4
        ");
    }

    #[test]
    fn a_week_of_hidden_ties_in_chinese() {
        insta::assert_snapshot!(hidden_thread(Language::Zh), @"
        [0 · 240]
        Masthead 第12期摘要，2026年11月16日至22日

        更正1项（见下方首条）
        新发现官方账号1个
        似与 China News Service 有关联但未说明的账号3个
        仿冒 Xinhua 的账号1个

        方法：我们把公开帖文与媒体先行发布的内容作比较；每项未公开的关联都由两人核对。我们只报告观察到的情况，不判断账号由谁运营。“官方”指账号与媒体互相指明对方。

        另有3项等待人工审核。

        每条内容、证据和提出异议的方法：
        https://masthead.example/d/12

        [1 · 230]
        对第9期摘要（10月26日）的更正

        我们曾写道：某账号似与 CGTN 有关联。这是错误的。The account credits CGTN in its profile and carries four other agencies; our check missed it.

        我们收回这一说法，并致歉。原帖和网页均已注明。

        迄今：共列出账号31个，收到异议2项，收回说法1项。

        我们说过什么，错在哪里：
        https://masthead.example/d/12/1

        [2 · 270]
        新发现的官方账号：Mastodon 上的 CGTN

        cgtn_sample@social.example，我们于11月18日首次看到

        双向证据：该账号资料指明 cgtn.example，cgtn.example 也指明该账号。两边均由我们读取。

        每天约22条，关注者50,300人（比一周前多1,900人）

        控制方：China Media Group, China's state broadcaster。来源：State Media Monitor，见网页。

        查看证据或提出异议：
        https://masthead.example/d/12/2

        [3 · 358]
        三个账号，同一件事：似与 China News Service 有关联，但未说明

        noticias_py@social.example，关注者38人
        cronica_cl@social.example，6
        diario_cr@otro.example，4

        11月3日至21日观察到：三个账号发布了相同的35条内容，均与该媒体此前发布的几乎相同（通常晚2小时）。共123条，其中111条未注明来源；12条的署名无法指向来源，如“Twitter •mundo_china”。内容以文化为主。

        该媒体的控制方：United Front Work Department（据 State Media Monitor）。尚不清楚由谁运营。

        查看正反两面的依据，或提出异议：
        https://masthead.example/d/12/3

        [4 · 284]
        新发现的仿冒账号：Mastodon 上的 Xinhua

        xinhua_oficial@social.example，我们于11月18日首次看到

        观察到：其名称用形似的字母写成媒体的名称。我们读到的该媒体网页均未指明该账号。尚不清楚由谁运营。

        每天约22条，关注者50,300人（比一周前多1,900人）

        控制方：China Media Group, China's state broadcaster。来源：State Media Monitor，见网页。

        本条由2人核对。

        查看正反两面的依据，或提出异议：
        https://masthead.example/d/12/4
        ");
    }

    fn quiet() -> Vec<Quiet> {
        ["xinhua@one.example", "xinhua_fr@two.example"]
            .into_iter()
            .zip(["2025-03-09", "2025-07-01"])
            .map(|(acct, since)| {
                let known = statement(Claim::NewlySeen(Relation::Official), acct, "xinhua", "Xinhua");
                let known = finding(1, known, &[by_rule()]).confirmed().unwrap();
                Quiet { known, since: since.parse().unwrap() }
            })
            .collect()
    }

    fn edition<'a>(confirmed: &'a [Confirmed], quiet: &'a [Quiet], public_url: &'a Url) -> Edition<'a> {
        let setting = Setting {
            number: DigestNumber(12),
            to: at("2026-11-23T00:00:00Z"),
            timezone: Tz::UTC,
            language: Language::En,
            visibility: Visibility::Unlisted,
            spoiler: "",
            public_url,
            limits: Limits::default(),
        };
        Edition {
            setting,
            rev: 1,
            from: at("2026-11-16T09:00:00Z"),
            max_posts: 5,
            may_name: 5,
            awaiting_review: 3,
            so_far: SoFar { named: 31, objections: Some(2), withdrawn: 1 },
            salt: "salt",
            confirmed,
            quiet,
        }
    }

    fn public_url() -> Url {
        Url::parse("https://masthead.example").unwrap()
    }

    fn thread(language: Language) -> String {
        let digest = told(&week(), language);
        let end = closing(&digest);
        in_full(digest.parts.iter().chain([&end]))
    }

    fn told(confirmed: &[Confirmed], language: Language) -> Digest {
        let (url, quiet) = (public_url(), quiet());
        let edition = edition(confirmed, &quiet, &url);
        let setting = Setting { language, ..edition.setting };
        let composition = compose(&Edition { setting, ..edition }).unwrap();
        assert_eq!(composition.dropped, vec![]);
        composition.digest.unwrap()
    }

    fn in_full<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
        let posts: Vec<String> = parts
            .map(|part| {
                let length = crate::analysis::measure::length(&part.text, "", Limits::default());
                format!("[{} · {length}]\n{}", part.index, part.text)
            })
            .collect();
        posts.join("\n\n")
    }

    #[test]
    fn a_week_in_english() {
        insta::assert_snapshot!(thread(Language::En), @"
        [0 · 450]
        Masthead digest 12, 16 to 22 November 2026

        2 official accounts newly seen
        1 account newly seen, official by own word and a cited source
        1 known account now proven official
        2 changes in known accounts

        How: we read public profiles and the outlets' own sites. Official means that each names the other. Such proof is published by rule; one person checked the rest.

        3 more await review.

        Every post, its proof and how to object:
        https://masthead.example/d/12

        [1 · 493]
        Official, newly seen: 2 accounts of CGTN on Mastodon

        cgtn_sample@social.example, first seen by us 18 November, about 22 posts a day, 50,300 followers
        cgtn_fr@one.example, first seen by us 18 November, about 22 posts a day, 50,300 followers

        Proof in both directions: each profile names cgtn.example, and cgtn.example names each profile. We fetched both.

        Owner: China Media Group, China's state broadcaster. Source: State Media Monitor, on the page.

        Proof, or object:
        https://masthead.example/d/12/1

        [2 · 364]
        Newly seen, says it is official: RT en Español on Mastodon

        noticias@two.example, first seen by us 18 November

        So far: the profile names rt.example, and we cite a source. No page of the outlet confirms it to us yet.

        About 3 posts a week, 1 follower

        Owner: ANO TV-Novosti. Source: its imprint.

        One person checked this.

        Proof, or object:
        https://masthead.example/d/12/2

        [3 · 411]
        Now proven official: CGTN on Mastodon

        cgtn@three.example, first seen by us 3 March 2025

        Proof in both directions: the profile names cgtn.example, and cgtn.example names the profile. We fetched both.

        About 22 posts a day, 50,300 followers (1,900 more than a week before)

        Owner: China Media Group, China's state broadcaster. Source: State Media Monitor, on the page.

        Proof, or object:
        https://masthead.example/d/12/3

        [4 · 499]
        Change: Xinhua on Mastodon

        xinhua_es@social.example, official, posts again since 17 November, after 214 quiet days: about 6 posts a day, 412 followers.
        xinhua_pt@social.example, official by its own word, has been gone from its server since 19 November.

        Still quiet:
        xinhua@one.example (since March 2025)
        xinhua_fr@two.example (since July 2025)

        Owner: China Media Group, China's state broadcaster. Source: State Media Monitor, on the page.

        All dates and counts, or object:
        https://masthead.example/d/12/4

        [5 · 135]
        Digest 12 ends here. The server did not take all of its posts within a day; what is missing stands on the page:
        https://masthead.example/d/12/end
        ");
    }

    #[test]
    fn a_week_in_spanish() {
        insta::assert_snapshot!(thread(Language::Es), @"
        [0 · 468]
        Masthead, resumen 12: del 16 al 22 de noviembre de 2026

        2 cuentas oficiales nuevas
        1 cuenta nueva que dice ser oficial, con fuente citada
        1 cuenta conocida, ahora probada como oficial
        2 cambios en cuentas conocidas

        Cómo: leemos perfiles públicos y los sitios de los medios. Oficial: cada uno nombra al otro. Con tal prueba se publica por regla; el resto lo revisó una persona.

        3 más esperan revisión.

        Cada mensaje, su prueba y cómo objetar:
        https://masthead.example/d/12

        [1 · 458]
        Oficial, nueva para nosotros: 2 cuentas de CGTN en Mastodon

        cgtn_sample@social.example, la vimos por primera vez el 18 de noviembre
        cgtn_fr@one.example, la vimos por primera vez el 18 de noviembre

        Prueba en ambos sentidos: cada perfil nombra cgtn.example y cgtn.example nombra cada perfil. Leímos los dos.

        Control: China Media Group, China's state broadcaster. Fuente: State Media Monitor, en la página.

        La prueba, o para objetar:
        https://masthead.example/d/12/1

        [2 · 400]
        Nueva, dice ser oficial: RT en Español en Mastodon

        noticias@two.example, la vimos por primera vez el 18 de noviembre

        Hasta ahora: el perfil nombra rt.example y citamos una fuente. Ninguna página del medio nos lo confirma todavía.

        Unos 3 mensajes a la semana, 1 seguidor

        Control: ANO TV-Novosti. Fuente: its imprint.

        Lo revisó una sola persona.

        La prueba, o para objetar:
        https://masthead.example/d/12/2

        [3 · 445]
        Ahora probada como oficial: CGTN en Mastodon

        cgtn@three.example, la vimos por primera vez el 3 de marzo de 2025

        Prueba en ambos sentidos: el perfil nombra cgtn.example y cgtn.example nombra el perfil. Leímos los dos.

        Unos 22 mensajes al día, 50.300 seguidores (1900 más que una semana antes)

        Control: China Media Group, China's state broadcaster. Fuente: State Media Monitor, en la página.

        La prueba, o para objetar:
        https://masthead.example/d/12/3

        [4 · 497]
        Cambio: Xinhua en Mastodon

        xinhua_es@social.example, oficial, vuelve a publicar desde el 17 de noviembre, tras 214 días de silencio: unos 6 mensajes al día, 412 seguidores.
        xinhua_pt@social.example, oficial según ella misma, ya no está en su servidor desde el 19 de noviembre.

        Siguen sin publicar:
        xinhua@one.example (desde marzo de 2025)

        Control: China Media Group, China's state broadcaster. Fuente: State Media Monitor, en la página.

        Fechas y cifras, o para objetar:
        https://masthead.example/d/12/4

        [5 · 135]
        El resumen 12 termina aquí. El servidor no aceptó todos los mensajes en un día; lo que falta está en la página:
        https://masthead.example/d/12/end
        ");
    }

    #[test]
    fn a_week_in_chinese() {
        insta::assert_snapshot!(thread(Language::Zh), @"
        [0 · 202]
        Masthead 第12期摘要，2026年11月16日至22日

        新发现官方账号2个
        新发现自称官方、并有来源佐证的账号1个
        已知账号现证实为官方1个
        已知账号的变化2项

        方法：我们读取公开的个人资料页和媒体自己的网站。“官方”指双方互相指明对方。此类证据按规则直接发布；其余内容由一人核对。

        另有3项等待人工审核。

        每条内容、证据和提出异议的方法：
        https://masthead.example/d/12

        [1 · 338]
        新发现的官方账号：Mastodon 上的 CGTN，共2个

        cgtn_sample@social.example，我们于11月18日首次看到，每天约22条，关注者50,300人（比一周前多1,900人）
        cgtn_fr@one.example，我们于11月18日首次看到，每天约22条，关注者50,300人（比一周前多1,900人）

        双向证据：各账号资料指明 cgtn.example，cgtn.example 也指明各账号。两边均由我们读取。

        控制方：China Media Group, China's state broadcaster。来源：State Media Monitor，见网页。

        查看证据或提出异议：
        https://masthead.example/d/12/1

        [2 · 216]
        新发现的自称官方账号：Mastodon 上的 RT en Español

        noticias@two.example，我们于11月18日首次看到

        目前所知：该账号资料指明 rt.example，我们引用了一个来源；媒体自己的网页尚未证实。

        每周约3条，关注者1人

        控制方：ANO TV-Novosti。来源：its imprint。

        本条仅由一人核对。

        查看证据或提出异议：
        https://masthead.example/d/12/2

        [3 · 265]
        现证实为官方账号：Mastodon 上的 CGTN

        cgtn@three.example，我们于2025年3月3日首次看到

        双向证据：该账号资料指明 cgtn.example，cgtn.example 也指明该账号。两边均由我们读取。

        每天约22条，关注者50,300人（比一周前多1,900人）

        控制方：China Media Group, China's state broadcaster。来源：State Media Monitor，见网页。

        查看证据或提出异议：
        https://masthead.example/d/12/3

        [4 · 324]
        变化：Mastodon 上的 Xinhua

        xinhua_es@social.example（官方）沉寂214天后，自11月17日起恢复发布：每天约6条，关注者412人。
        xinhua_pt@social.example（自称官方）自11月19日起已不在其服务器上。

        仍未恢复发布：
        xinhua@one.example（自2025年3月起）
        xinhua_fr@two.example（自2025年7月起）

        控制方：China Media Group, China's state broadcaster。来源：State Media Monitor，见网页。

        全部日期和数字，或提出异议：
        https://masthead.example/d/12/4

        [5 · 59]
        第12期摘要到此为止。服务器一天之内没有收下全部内容，未发部分见网页：
        https://masthead.example/d/12/end
        ");
    }

    #[test]
    fn a_sister_that_nobody_approved_is_not_named() {
        let approved = &papers()[..2];
        let digest = told(approved, Language::En);
        assert_eq!(digest.parts.len(), 2);
        assert!(digest.parts[1].text.starts_with("Two accounts, one story"), "{}", digest.parts[1].text);
        assert!(digest.parts.iter().all(|part| !part.text.contains("diario_cr")));
    }

    #[test]
    fn sisters_that_appear_tied_to_different_outlets_are_told_apart() {
        let mut papers = papers();
        let other = Statement { outlet: OutletId::parse("cgtn").unwrap(), ..papers[1].statement().clone() };
        papers[1] = finding(21, other, &[by("ana"), by("bo")]).confirmed().unwrap();
        let digest = told(&papers, Language::En);
        let told: Vec<Vec<FindingId>> = digest.parts.iter().map(|part| part.findings.clone()).collect();
        assert_eq!(told, [vec![], vec![FindingId(20), FindingId(22)], vec![FindingId(21)]]);
    }

    #[test]
    fn a_hidden_tie_of_which_nobody_says_who_controls_the_outlet_is_not_posted() {
        let url = public_url();
        let unowned = Statement { owner: None, ..papers()[0].statement().clone() };
        let unowned = [finding(20, unowned, &[by("ana"), by("bo")]).confirmed().unwrap()];
        let composition = compose(&edition(&unowned, &[], &url)).unwrap();
        assert_eq!(composition.digest, None);
        assert!(matches!(composition.dropped[0].why, Refusal::NoController { .. }));
    }

    fn corrected(old: &Part, withdrawn: Withdrawal, rest: &[&Confirmed]) -> Part {
        let url = public_url();
        let correction = correction(40, withdrawn);
        in_place(&edition(&[], &[], &url).setting, old, correction.statement(), rest).unwrap()
    }

    #[test]
    fn a_correction_takes_the_place_of_the_post_and_does_not_repeat_the_handle() {
        let old = told(&[papers().remove(0)], Language::En).parts.remove(1);
        let why = "It credits the agency in its profile";
        let new = corrected(&old, withdrawal(why), &[]);
        insta::assert_snapshot!(new.text, @"
        Corrected on 23 November. What stood here was wrong.

        We wrote that an account appears affiliated with CGTN. We withdraw that and are sorry. It credits the agency in its profile.

        What we said, and what was wrong with it:
        https://masthead.example/d/12/1
        ");
        assert_eq!((&new.permalink, &new.findings), (&old.permalink, &old.findings));
        let asked = Withdrawal { repeats_handle: true, ..withdrawal(why) };
        assert!(corrected(&old, asked, &[]).text.contains("cronica_asia@noticias.example appears"));
    }

    #[test]
    fn what_is_left_of_a_post_about_several_accounts_stays() {
        let papers = papers();
        let old = told(&papers, Language::En).parts.remove(1);
        let new = corrected(&old, withdrawal("Wrong"), &[&papers[0], &papers[2]]);
        assert!(new.text.starts_with("Corrected on 23 November: "), "{}", new.text);
        assert!(new.text.contains("Two accounts, one story") && new.text.contains("diario_cr@otro.example"));
        assert!(!new.text.contains("cronica_cl"), "{}", new.text);
    }

    #[test]
    fn a_correction_is_told_first_and_alone_and_names_nobody_anew() {
        let url = public_url();
        let all =
            [correction(41, withdrawal("a")), correction(40, withdrawal("b")), official(2, "a@b.example")];
        let composition = compose(&Edition { may_name: 0, ..edition(&all, &[], &url) }).unwrap();
        let digest = composition.digest.unwrap();
        let told: Vec<Vec<FindingId>> = digest.parts.iter().map(|part| part.findings.clone()).collect();
        assert_eq!(told, [vec![], vec![FindingId(40)], vec![FindingId(41)]]);
        assert!(digest.parts[0].text.contains("2 corrections (first below)"), "{}", digest.parts[0].text);
        assert!(!digest.parts[0].text.contains("one person"), "{}", digest.parts[0].text);
    }

    #[test]
    fn nothing_new_is_no_digest() {
        let url = public_url();
        let composition = compose(&edition(&[], &quiet(), &url)).unwrap();
        assert_eq!(composition, Composition { digest: None, dropped: vec![] });
    }

    #[test]
    fn what_is_in_a_digest_already_is_not_told_again() {
        let mut told = finding(
            1,
            statement(Claim::NewlySeen(Relation::Official), "cgtn@one.example", "cgtn", "CGTN"),
            &[by_rule()],
        );
        told.state = FindingState::InDigest { number: DigestNumber(11), part: 1 };
        let (url, told) = (public_url(), [told.confirmed().unwrap()]);
        assert_eq!(compose(&edition(&told, &[], &url)).unwrap().digest, None);
    }

    #[test]
    fn an_account_that_only_claims_to_be_official_is_never_announced() {
        let claimed = statement(Claim::NewlySeen(Relation::Claimed), "cgtn@one.example", "cgtn", "CGTN");
        let (url, claimed) = (public_url(), [finding(1, claimed, &[by("ana")]).confirmed().unwrap()]);
        assert_eq!(compose(&edition(&claimed, &[], &url)).unwrap().digest, None);
    }

    #[test]
    fn an_outlet_without_an_owner_is_said_to_be_controlled_and_its_control_is_no_owner() {
        for (language, says) in [
            (
                Language::En,
                "The outlet: state-controlled; no source names its owner. Source: a monitor, on the page.",
            ),
            (
                Language::Es,
                "El medio: bajo control estatal; ninguna fuente nombra al propietario. Fuente: a monitor",
            ),
            (Language::Zh, "该媒体：受国家控制；未见来源载明所有者。来源：a monitor，见网页。"),
        ] {
            let mut known =
                statement(Claim::NewlySeen(Relation::Official), "cgtn@one.example", "cgtn", "CGTN");
            known.owner = Some(OwnerLine {
                owner: String::new(),
                control: Some(Control::StateControlled),
                says: "a monitor".into(),
                source: Some("https://monitor.example/cgtn".into()),
            });
            let known = [finding(1, known, &[by_rule()]).confirmed().unwrap()];
            let text = &told(&known, language).parts[1].text;
            assert!(text.contains(says), "{text}");
        }
    }

    #[test]
    fn no_more_than_five_accounts_are_named_for_the_first_time() {
        let url = public_url();
        let many: Vec<Confirmed> =
            (1..=8).map(|id| official(id, &format!("cgtn_{id}@one.example"))).collect();
        let composition = compose(&Edition { may_name: 99, ..edition(&many, &[], &url) }).unwrap();
        let digest = composition.digest.unwrap();
        let named: Vec<FindingId> = digest.parts.iter().flat_map(|part| part.findings.clone()).collect();
        assert_eq!(named, (1..=5).map(FindingId).collect::<Vec<_>>());
        assert_eq!(digest.postponed, [6, 7, 8].map(FindingId));
        assert!(digest.parts[0].text.contains("3 more accounts did not fit"), "{}", digest.parts[0].text);
    }

    #[test]
    fn there_are_never_more_than_twelve_posts_and_the_root_counts() {
        let url = public_url();
        let many: Vec<Confirmed> = (1..=20)
            .map(|id| {
                let change = Claim::Changed(Change::Gone { since: at("2026-11-19T06:00:00Z") });
                let gone = statement(change, "desk@one.example", &format!("outlet-{id}"), "Desk");
                finding(id, gone, &[by_rule()]).confirmed().unwrap()
            })
            .collect();
        for (max_posts, posts) in [(0, 2), (5, 5), (12, 12), (99, 12)] {
            let composition = compose(&Edition { max_posts, ..edition(&many, &[], &url) }).unwrap();
            let digest = composition.digest.unwrap();
            assert_eq!(digest.parts.len(), posts);
            assert_eq!(digest.postponed.len(), 21 - posts);
        }
    }

    #[test]
    fn long_handles_are_spread_over_more_posts_and_never_cut() {
        let url = public_url();
        let handle = |id: u32| format!("{}_{id}@{}.example", "cgtn".repeat(20), "h".repeat(60));
        let many: Vec<Confirmed> = (1..=5).map(|id| official(id, &handle(id))).collect();
        let digest = compose(&edition(&many, &[], &url)).unwrap().digest.unwrap();
        assert_eq!(digest.parts.len(), 4);
        for id in 1..=5 {
            let carriers = digest.parts.iter().filter(|part| part.text.contains(&handle(id)));
            assert_eq!(carriers.count(), 1, "{id}");
        }
    }

    #[test]
    fn a_post_that_the_gate_refuses_is_dropped_and_the_thread_goes_on() {
        let url = public_url();
        let bad = official(2, &format!("x@{}.example", "h.".repeat(110)));
        let confirmed = [official(1, "cgtn@one.example"), bad, official(3, "cgtn@two.example")];
        let limits = Limits { max_characters: 420, ..Limits::default() };
        let usual = edition(&confirmed, &[], &url);
        let setting = Setting { limits, ..usual.setting };
        let composition = compose(&Edition { setting, ..usual }).unwrap();
        assert_eq!(composition.dropped.len(), 0);
        let dash = official(2, "cgtn-@one.example");
        let confirmed = [official(1, "cgtn@one.example"), dash, official(3, "cgtn@two.example")];
        let composition = compose(&edition(&confirmed, &[], &url)).unwrap();
        assert_eq!(composition.dropped[0].findings, [FindingId(2)]);
        assert!(matches!(composition.dropped[0].why, Refusal::Mention { .. }));
        let digest = composition.digest.unwrap();
        let links: Vec<&str> = digest.parts.iter().map(|part| part.permalink.as_str()).collect();
        assert_eq!(
            links,
            [
                "https://masthead.example/d/12",
                "https://masthead.example/d/12/1",
                "https://masthead.example/d/12/2"
            ]
        );
    }

    #[test]
    fn the_closing_post_is_the_same_whenever_it_is_made() {
        let (url, confirmed) = (public_url(), week());
        let digest = compose(&edition(&confirmed, &[], &url)).unwrap().digest.unwrap();
        assert_eq!(closing(&digest), closing(&digest.clone()));
        assert_eq!(closing(&digest).permalink, "https://masthead.example/d/12/end");
        assert_eq!(closing(&digest).index as usize, digest.parts.len());
    }

    /// Whether any server could read a mention or hashtag; written apart from the gate on purpose.
    fn pings(text: &str) -> bool {
        let bytes: Vec<char> = text.chars().collect();
        (0..bytes.len()).any(|at| match bytes[at] {
            '@' => at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == '_'),
            '＠' | '﹫' | '#' | '＃' => true,
            _ => false,
        })
    }

    fn nasty() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "@ana@social.example",
            "@",
            "＠",
            "﹫",
            "#tag",
            "＃",
            ":",
            "::",
            ":a_b:",
            "https://evil.example/x",
            "//",
            "://",
            "magnet:?x",
            "xmpp:",
            "RE: ",
            "\n",
            "\r\n\n",
            "\u{202e}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{301}",
            "\u{e0041}",
            "a",
            "é",
            "新华社",
            "С",
            "Ω",
            "](",
            "[",
            "<b>",
            "&#64;",
            "1",
            " ",
            "_",
            ".",
            "\u{1F468}",
            "www.evil.example",
            "\u{2066}",
            "ا",
            "\u{0}",
            "\u{1F1E8}\u{1F1F3}",
            "\u{20e3}",
            "ﬁ",
            "\u{308}",
        ]);
        prop_oneof![
            prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat()),
            any::<String>(),
            "\\PC{0,200}",
        ]
    }

    fn user() -> impl Strategy<Value = String> {
        "[A-Za-z0-9_.-]{1,100}"
    }

    prop_compose! {
        fn any_finding()(
            id in 1u32..40, user in user(), host in "[a-z0-9]{1,50}", outlet in 0usize..3, claim in 0usize..10,
            name in nasty(), owner in nasty(), says in nasty(), names in nasty(), named_on in nasty(),
            followers in any::<u64>(), before in any::<Option<u64>>(), pace in any::<Option<u32>>(),
            days in -400_000i64..400_000, network in 0usize..3, quiet_days in any::<i64>(), people in 0usize..4,
            counts in any::<[u32; 4]>(), credit in nasty(), lag in any::<Option<i64>>(), items in 0u32..4,
        ) -> Confirmed {
            let since = at("2026-11-17T06:00:00Z") + Duration::days(days);
            let acct = Acct::new(&user, Host::parse(&format!("{host}.example")).unwrap()).unwrap();
            let moved = Change::Moved { to: acct.clone() };
            let claim = [
                Claim::NewlySeen(Relation::Official), Claim::NewlySeen(Relation::Attested),
                Claim::NewlySeen(Relation::Mirror), Claim::Changed(Change::NowProven),
                Claim::Changed(Change::PostsAgain { since, quiet_days }),
                Claim::Changed(Change::Gone { since }), Claim::Changed(moved),
                Claim::NewlySeen(Relation::Undisclosed), Claim::NewlySeen(Relation::LookAlike),
                Claim::Withdrawn(Withdrawal { repeats_handle: people == 1, ..withdrawal(&credit) }),
            ][claim].clone();
            let outlet = ["cgtn", "xinhua", "rt"][outlet];
            let statement = Statement {
                acct,
                network: [Network::Mastodon, Network::Threads, Network::Bluesky][network],
                owner: Some(OwnerLine { owner, control: None, says, source: None }),
                first_seen: since,
                followers: Some(FollowerTrend { now: followers, week_before: before }),
                tenths_of_posts_a_day: pace,
                quiet_since: None,
                account_names: Some(names),
                named_on: Some(named_on),
                tie: Some(Tie {
                    from: since - Duration::days(i64::from(items)),
                    posts: counts[0],
                    copies: counts[1],
                    uncredited: counts[2],
                    altered: counts[3],
                    altered_example: Some(credit),
                    typical_lag_minutes: lag,
                    items: (0..items).map(|item| item.to_string()).collect(),
                    sisters: sisters(&["a@b.example"]),
                    ..tie()
                }),
                ..statement(claim, "a@b.example", outlet, &name)
            };
            let people: Vec<Approver> = (0..people).map(|key| by(&key.to_string())).collect();
            let needs_people = matches!(statement.claim, Claim::NewlySeen(Relation::Undisclosed | Relation::LookAlike));
            let approvers = match people.is_empty() {
                true if needs_people => vec![by("ana")],
                true => vec![by_rule()],
                false => people,
            };
            finding(id, statement, &approvers).confirmed().unwrap()
        }
    }

    proptest! {
        #[test]
        fn whatever_accounts_and_outlets_call_themselves_every_post_is_fit_to_send(
            confirmed in prop::collection::vec(any_finding(), 1..14),
            quiet in prop::collection::vec(any_finding(), 0..6),
            language in prop::sample::select(vec![Language::En, Language::Es, Language::Zh]),
            max_posts in 0u32..20, may_name in 0u32..9, limit in 480u32..1200, awaiting_review in 0u32..2000,
        ) {
            let url = public_url();
            let quiet: Vec<Quiet> =
                quiet.into_iter().map(|known| Quiet { known, since: "2025-03-01".parse().unwrap() }).collect();
            let limits = Limits { max_characters: limit, reserved_per_url: 23 };
            let usual = edition(&confirmed, &quiet, &url);
            let setting = Setting { language, limits, ..usual.setting };
            let edition = Edition { setting, max_posts, may_name, awaiting_review, ..usual };
            let composition = compose(&edition).unwrap();
            for dropped in &composition.dropped {
                let by_handle = matches!(
                    dropped.why,
                    Refusal::Mention { .. } | Refusal::TooLong { .. } | Refusal::NoController { .. }
                );
                prop_assert!(by_handle && dropped.findings.len() == 1, "{dropped:?}");
            }
            let Some(digest) = composition.digest else { return Ok(()) };
            prop_assert!(digest.parts.len() <= MOST_POSTS as usize);
            let end = closing(&digest);
            for part in digest.parts.iter().chain([&end]) {
                prop_assert_eq!(gate::check(&part.text, "", &part.permalink, limits), Ok(()));
                prop_assert!(!pings(&part.text), "{}", part.text);
                prop_assert_eq!(part.text.matches("://").count(), 1);
                prop_assert!(part.text.ends_with(&part.permalink));
            }
            let correction = correction(99, withdrawal(&confirmed[0].statement().outlet_name));
            for part in &digest.parts {
                let rest: Vec<&Confirmed> =
                    confirmed.iter().filter(|finding| part.findings.contains(&finding.id())).skip(1).collect();
                let new = in_place(&setting, part, correction.statement(), &rest).unwrap();
                prop_assert_eq!(gate::check(&new.text, "", &part.permalink, limits), Ok(()));
                prop_assert!(!pings(&new.text), "{}", new.text);
            }
            let mut told: Vec<FindingId> = digest.parts.iter().flat_map(|part| part.findings.clone()).collect();
            told.extend(&digest.postponed);
            told.extend(composition.dropped.iter().flat_map(|dropped| dropped.findings.clone()));
            let once: BTreeSet<FindingId> = told.iter().copied().collect();
            prop_assert_eq!(told.len(), once.len());
        }
    }
}
