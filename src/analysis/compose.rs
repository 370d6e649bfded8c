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
            let mut taken = room.min(rest.len());
            // Fewer accounts a post until it passes, so that one bad name never takes others with it.
            let verdict = loop {
                match self.fit(story, &rest[..taken], &quiet) {
                    Err(_) if taken > 1 => taken -= 1,
                    verdict => break verdict,
                }
            };
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
    use crate::model::account::{Acct, Host};
    use crate::model::changes::FollowerTrend;
    use crate::model::finding::{Approval, Approver, Finding, OwnerLine};

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
        let owner =
            Some(OwnerLine { owner: "ANO TV-Novosti".into(), says: "its imprint".into(), source: None });
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
        Edition {
            number: DigestNumber(12),
            rev: 1,
            from: at("2026-11-16T09:00:00Z"),
            to: at("2026-11-23T00:00:00Z"),
            timezone: Tz::UTC,
            language: Language::En,
            visibility: Visibility::Unlisted,
            spoiler: "",
            public_url,
            limits: Limits::default(),
            max_posts: 5,
            may_name: 5,
            awaiting_review: 3,
            salt: "salt",
            confirmed,
            quiet,
        }
    }

    fn public_url() -> Url {
        Url::parse("https://masthead.example").unwrap()
    }

    fn thread(language: Language) -> String {
        let (url, confirmed, quiet) = (public_url(), week(), quiet());
        let edition = Edition { language, ..edition(&confirmed, &quiet, &url) };
        let composition = compose(&edition).unwrap();
        assert_eq!(composition.dropped, vec![]);
        let digest = composition.digest.unwrap();
        let end = closing(&digest);
        let posts: Vec<String> = digest
            .parts
            .iter()
            .chain([&end])
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
        let composition = compose(&Edition { limits, ..edition(&confirmed, &[], &url) }).unwrap();
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
            id in 1u32..40, user in user(), host in "[a-z0-9]{1,50}", outlet in 0usize..3, claim in 0usize..7,
            name in nasty(), owner in nasty(), says in nasty(), names in nasty(), named_on in nasty(),
            followers in any::<u64>(), before in any::<Option<u64>>(), pace in any::<Option<u32>>(),
            days in -400_000i64..400_000, network in 0usize..3, quiet_days in any::<i64>(), people in 0usize..4,
        ) -> Confirmed {
            let since = at("2026-11-17T06:00:00Z") + Duration::days(days);
            let acct = Acct::new(&user, Host::parse(&format!("{host}.example")).unwrap()).unwrap();
            let moved = Change::Moved { to: acct.clone() };
            let claim = [
                Claim::NewlySeen(Relation::Official), Claim::NewlySeen(Relation::Attested),
                Claim::NewlySeen(Relation::Mirror), Claim::Changed(Change::NowProven),
                Claim::Changed(Change::PostsAgain { since, quiet_days }),
                Claim::Changed(Change::Gone { since }), Claim::Changed(moved),
            ][claim].clone();
            let outlet = ["cgtn", "xinhua", "rt"][outlet];
            let statement = Statement {
                acct,
                network: [Network::Mastodon, Network::Threads, Network::Bluesky][network],
                owner: Some(OwnerLine { owner, says, source: None }),
                first_seen: since,
                followers: Some(FollowerTrend { now: followers, week_before: before }),
                tenths_of_posts_a_day: pace,
                quiet_since: None,
                account_names: Some(names),
                named_on: Some(named_on),
                ..statement(claim, "a@b.example", outlet, &name)
            };
            let people: Vec<Approver> = (0..people).map(|key| by(&key.to_string())).collect();
            let approvers = if people.is_empty() { vec![by_rule()] } else { people };
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
            let edition = Edition {
                language, max_posts, may_name, limits, awaiting_review, ..edition(&confirmed, &quiet, &url)
            };
            let composition = compose(&edition).unwrap();
            for dropped in &composition.dropped {
                let by_handle = matches!(dropped.why, Refusal::Mention { .. } | Refusal::TooLong { .. });
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
            let mut told: Vec<FindingId> = digest.parts.iter().flat_map(|part| part.findings.clone()).collect();
            told.extend(&digest.postponed);
            told.extend(composition.dropped.iter().flat_map(|dropped| dropped.findings.clone()));
            let once: BTreeSet<FindingId> = told.iter().copied().collect();
            prop_assert_eq!(told.len(), once.len());
        }
    }
}
