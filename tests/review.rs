//! Review as stories: findings in a store, reviewers with keys, and what becomes of both.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "manual/json.rs"]
mod json_manual;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::analysis::names;
use masthead::cli;
use masthead::clock::Clock;
use masthead::config::{self, Environment};
use masthead::cycle::Newsroom;
use masthead::cycle::commands::{self, Act, Answer, Request, Sheet, Signature};
use masthead::ledger;
use masthead::model::account::{AccountId, Acct, Network};
use masthead::model::assessment::{Assessment, Condition, Level, Relation, Rival};
use masthead::model::digest::DigestNumber;
use masthead::model::dossier::{AccountRecord, Found, Method, Presence};
use masthead::model::evidence::{Citation, Evidence, Weight};
use masthead::model::finding::{
    Approval, Approver, Claim, Dismissal, Finding, FindingId, FindingState, OwnerLine, Statement, Withdrawal,
};
use masthead::model::item::ItemId;
use masthead::model::observation::{Counts, Observation, Profile, Wishes};
use masthead::model::outlet::OutletId;
use masthead::model::record::{Record, ReviewAct};
use masthead::model::reuse::{Credit, Order, Reuse, ReuseKind};
use masthead::model::status::StatusUri;
use masthead::model::tie::{CommentSought, Sister, Ticks, Tie, Topic};
use masthead::store::Batch;
use tempfile::TempDir;

const CONFIG: &str = "\
watchlist = [\"outlets.toml\"]
state_dir = \"state\"
[sources.pages]
enabled = false
[review]
reviewers = [\"ada\", \"bo\"]
[web]
listen = \"127.0.0.1:0\"
";

const OUTLETS: &str = "\
[[outlet]]
id = \"agency\"
name = \"Daily Agency\"
country = \"CN\"
control = \"state-controlled\"
domains = [\"agency.example\"]
";

const PAPER: FindingId = FindingId(47);
const ALL_TICKED: Ticks = Ticks {
    presents_as_outlet: true,
    comment_sought: Some(CommentSought::NoAddress),
    topic: Some(Topic::Culture),
};

fn now() -> DateTime<Utc> {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

/// A newsroom with one finding that waits and one lead.
struct Desk {
    room: Newsroom,
    dir: TempDir,
}

impl Desk {
    async fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), CONFIG).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), OUTLETS).unwrap();
        let desk = Desk { room: newsroom(dir.path()).await, dir };
        let mut batch = Batch::default();
        for (name, level) in [("noticias", Level::Ready), ("gaceta", Level::Lead)] {
            batch.put_account(account(name));
            batch.put_assessment(assessment(name, level));
        }
        batch.put_finding(finding());
        (1..=4).for_each(|number| batch.put_reuse(&id("noticias"), passage(number)));
        batch.put_reuse(&id("noticias"), Reuse { order: Order::Undecided, ..passage(5) });
        desk.room.store.commit(batch).unwrap();
        desk
    }

    async fn ask(&self, request: Request) -> anyhow::Result<Answer> {
        commands::answer(&self.room, request, now()).await
    }

    async fn hire(&self, name: &str) -> Signature {
        match self.ask(Request::ReviewerAdd { name: name.into() }).await.unwrap() {
            Answer::Reviewer { name, secret } => Signature { name, secret },
            other => panic!("{other:?}"),
        }
    }

    async fn act(&self, by: &Signature, act: Act) -> Result<String, String> {
        let request = Request::ReviewAct { finding: PAPER, by: by.clone(), act };
        match self.ask(request).await {
            Ok(Answer::Done { says }) => Ok(says),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    async fn approve(&self, by: &Signature) -> Result<String, String> {
        let seen = self.sheet().await.seen;
        self.act(by, Act::Approve { seen }).await
    }

    async fn sheet(&self) -> Sheet {
        match self.ask(Request::ReviewShow { finding: PAPER }).await.unwrap() {
            Answer::Sheet(sheet) => *sheet,
            other => panic!("{other:?}"),
        }
    }

    /// Numbers of those that wait, those put off, and the leads.
    async fn queue(&self) -> (Vec<FindingId>, Vec<FindingId>, Vec<String>) {
        match self.ask(Request::Review).await.unwrap() {
            Answer::Review { waiting, snoozed, leads } => (
                waiting.iter().map(|row| row.finding.id).collect(),
                snoozed.iter().map(|row| row.finding.id).collect(),
                leads.iter().map(|row| row.account.to_string()).collect(),
            ),
            other => panic!("{other:?}"),
        }
    }

    fn finding(&self) -> Finding {
        self.room.store.finding(PAPER).unwrap().unwrap()
    }

    fn store(&self, change: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::default();
        change(&mut batch);
        self.room.store.commit(batch).unwrap();
    }

    /// What the ledger says of review, in its order.
    async fn acts(&self) -> Vec<ReviewAct> {
        let press = self.room.press.lock().await;
        let acts = press.entries().iter().filter_map(|entry| match &entry.record {
            Record::Reviewed { act, .. } => Some(*act),
            _ => None,
        });
        acts.collect()
    }

    fn is_sound(&self) -> bool {
        ledger::verify(&self.room.config.state_dir).unwrap().is_sound()
    }
}

async fn newsroom(dir: &Path) -> Newsroom {
    let loaded = config::load(Some(&dir.join("config.toml")), &Environment::default(), now());
    let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
    Newsroom::open(Arc::new(config)).await.unwrap()
}

fn outlet() -> OutletId {
    OutletId::parse("agency").unwrap()
}

fn id(name: &str) -> AccountId {
    AccountId::mastodon(format!("https://social.example/users/{name}"))
}

fn acct(name: &str) -> Acct {
    format!("{name}@social.example").parse().unwrap()
}

fn account(name: &str) -> AccountRecord {
    let profile = Profile {
        id: id(name),
        acct: acct(name),
        local_id: "1".into(),
        url: Some(format!("https://social.example/@{name}")),
        display_name: "Noticias \u{202e}del Sur".into(),
        note: "El diario digital del sur".into(),
        links: vec![],
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts::default(),
    };
    let found = Found {
        at: now() - Duration::days(20),
        method: Method::Timeline,
        through: "social.example".into(),
        background: false,
    };
    AccountRecord {
        id: id(name),
        acct: acct(name),
        api_host: acct(name).host().clone(),
        found,
        latest: Observation {
            profile,
            seen_at: now(),
            server_date: None,
            read_from: "https://social.example/api/v1/accounts/1".into(),
        },
        presence: Presence::There,
        last_complete_poll: Some(now()),
    }
}

fn evidence() -> Vec<Evidence> {
    let item = |indicator: &str, weight: Weight, says: &str| {
        let citation = Citation {
            url: "https://social.example/@noticias/3".into(),
            seen_at: now() - Duration::days(2),
            sha256: "0f".repeat(32),
        };
        Evidence::new(indicator, &outlet(), weight, says.into(), citation)
    };
    vec![
        item("reuse", Weight::Points(2.0), "41 of 52 posts are copies of items that the outlet had first"),
        item("uncredited", Weight::Points(1.0), "32 of 41 copies name no source that a reader could follow"),
        item(
            "altered_credit",
            Weight::Points(0.5),
            "9 credits lead nowhere: \"Twitter \u{2022}mundo_china\"",
        ),
        item("credited", Weight::Points(-0.2), "1 of 41 copies say where they are from"),
    ]
}

fn assessment(name: &str, level: Level) -> Assessment {
    let must = |must: &str, met: bool| Condition { must: must.into(), met };
    Assessment {
        account: id(name),
        outlet: outlet(),
        relation: Relation::Undisclosed,
        points: 5.0,
        lead_points: 5.2,
        level,
        lead_since: Some(now() - Duration::days(17)),
        rival: Some(Rival { publisher: OutletId::parse("efe").unwrap(), points: 1.2 }),
        tie: None,
        evidence: evidence(),
        conditions: vec![
            must("at least 4.3 points; 5.0 now", true),
            must("on at least 7 days; 5 now", level == Level::Ready),
        ],
        because: "appears affiliated".into(),
    }
}

fn passage(number: u32) -> Reuse {
    let made_at = now() - Duration::days(20 - i64::from(number));
    Reuse {
        status: StatusUri(format!("https://social.example/users/noticias/statuses/{number}")),
        status_url: format!("https://social.example/@noticias/{number}"),
        made_at,
        status_seen: made_at,
        status_sha256: "aa".repeat(32),
        publisher: outlet(),
        item: ItemId(format!("{number:064}")),
        item_url: format!("https://agency.example/{number}"),
        item_seen: made_at - Duration::minutes(90 + i64::from(number)),
        item_sha256: "bb".repeat(32),
        kind: ReuseKind::Copy,
        order: Order::PublisherFirst,
        credit: Credit::None,
        share: 98,
        run: 100 + number,
        derived: None,
        passage: format!("Nace un panda gigante en el zool\u{f3}gico n\u{fa}mero {number} \u{1b}[31m"),
        item_passage: format!("Nace un panda gigante en el zool\u{f3}gico n\u{fa}mero {number}"),
    }
}

fn finding() -> Finding {
    let tie = Tie {
        from: now() - Duration::days(19),
        to: now() - Duration::days(1),
        posts: 52,
        copies: 41,
        uncredited: 32,
        altered: 9,
        altered_example: Some("Twitter \u{2022}mundo_china".into()),
        typical_lag_minutes: Some(120),
        points: 500,
        against: 1,
        profile_sha256: "cc".repeat(32),
        items: BTreeSet::new(),
        sisters: vec![Sister { account: id("cronica"), acct: acct("cronica") }],
        passages: (1..=4).map(passage).collect(),
        ticks: Ticks::default(),
    };
    let owner =
        OwnerLine { owner: "State Council".into(), control: None, says: "A Monitor".into(), source: None };
    Finding {
        id: PAPER,
        raised_at: now() - Duration::days(1),
        statement: Statement {
            claim: Claim::NewlySeen(Relation::Undisclosed),
            account: id("noticias"),
            acct: acct("noticias"),
            network: Network::Mastodon,
            relation: Relation::Undisclosed,
            outlet: outlet(),
            outlet_name: "Daily Agency".into(),
            owner: Some(owner),
            first_seen: now() - Duration::days(20),
            tenths_of_posts_a_day: Some(30),
            followers: None,
            quiet_since: None,
            account_names: None,
            named_on: None,
            evidence: evidence(),
            tie: Some(tie),
        },
        needs: 2,
        approvals: vec![],
        state: FindingState::Raised,
    }
}

#[tokio::test]
async fn two_people_who_saw_the_same_bring_a_finding_into_the_next_digest() {
    let desk = Desk::new().await;
    let (ada, bo) = (desk.hire("ada").await, desk.hire("bo").await);
    assert_eq!(desk.queue().await, (vec![PAPER], vec![], vec!["gaceta@social.example".to_owned()]));
    let refused = desk.approve(&ada).await.unwrap_err();
    assert!(refused.starts_with("F-0047 lacks what only people can say of it: presents itself"), "{refused}");

    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    assert_eq!(desk.approve(&ada).await.unwrap(), "F-0047: 1 of 2 approvals");
    assert_eq!(desk.approve(&ada).await.unwrap_err(), "F-0047 is already approved by ada");
    assert_eq!(desk.finding().confirmed(), None);
    let approved = "F-0047 is approved: it goes into the next digest (Mon 30 Nov 09:00 UTC)";
    assert_eq!(desk.approve(&bo).await.unwrap(), approved);
    let confirmed = desk.finding().confirmed().unwrap();
    assert_eq!(confirmed.approvers().map(ToString::to_string).collect::<Vec<_>>(), ["ada", "bo"]);
    assert_eq!(desk.queue().await.0, []);
    assert_eq!(desk.acts().await, [ReviewAct::Ticked, ReviewAct::Approved, ReviewAct::Approved]);
    assert!(desk.is_sound());
}

#[tokio::test]
async fn an_approval_of_what_has_changed_since_is_refused() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let before = desk.sheet().await.seen;
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    let refused = desk.act(&ada, Act::Approve { seen: before }).await.unwrap_err();
    assert_eq!(refused, "what you saw of F-0047 has changed since: masthead review show F-0047");
    for seen in ["", "12345", "not hex"] {
        let refused = desk.act(&ada, Act::Approve { seen: seen.into() }).await.unwrap_err();
        assert!(refused.contains("at least 6 hex digits"), "{refused}");
    }
    assert_eq!(desk.finding().approvals, []);
    assert_eq!(desk.acts().await, [ReviewAct::Ticked]);
}

#[tokio::test]
async fn a_tick_drops_approvals_of_what_was_said_before() {
    let desk = Desk::new().await;
    let (ada, bo) = (desk.hire("ada").await, desk.hire("bo").await);
    desk.act(&ada, Act::Tick { ticks: Ticks { topic: None, ..ALL_TICKED } }).await.unwrap();
    desk.approve(&ada).await.unwrap();
    let topic = Ticks { topic: Some(Topic::Sport), ..Ticks::default() };
    let says = desk.act(&bo, Act::Tick { ticks: topic }).await.unwrap();
    assert!(says.ends_with("earlier approvals no longer count: the statement has changed"), "{says}");
    assert_eq!(desk.approve(&bo).await.unwrap(), "F-0047: 1 of 2 approvals");
    assert_eq!(desk.acts().await[2..], [ReviewAct::Ticked, ReviewAct::Expired, ReviewAct::Approved]);
    let ticks = desk.finding().statement.tie.unwrap().ticks;
    assert_eq!(ticks, Ticks { topic: Some(Topic::Sport), ..ALL_TICKED });
}

#[tokio::test]
async fn a_key_that_is_not_the_newest_of_its_owner_decides_nothing() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let dismissal = Act::Dismiss { why: Dismissal::Fan, never_flag: false };
    let stranger = Signature { name: "eve".into(), ..ada.clone() };
    let refused = desk.act(&stranger, dismissal.clone()).await.unwrap_err();
    assert!(refused.starts_with("`eve` is no reviewer"), "{refused}");
    let keyless = Signature { name: "bo".into(), ..ada.clone() };
    let refused = desk.act(&keyless, dismissal.clone()).await.unwrap_err();
    assert!(refused.starts_with("bo has no key yet"), "{refused}");

    let refused = desk.ask(Request::ReviewerAdd { name: "ada".into() }).await.unwrap_err().to_string();
    assert!(refused.starts_with("ada has a key already"), "{refused}");
    desk.ask(Request::ReviewerReplace { name: "ada".into() }).await.unwrap();
    let refused = desk.act(&ada, dismissal).await.unwrap_err();
    assert!(refused.starts_with("this key is not the newest of ada") && !refused.contains(&ada.secret));
    assert_eq!(desk.finding().state, FindingState::Raised);
    let written = std::fs::read_to_string(desk.room.config.state_dir.join(ledger::FILE_NAME)).unwrap();
    assert!(!written.contains(&ada.secret));
}

/// Two keys of one person are two hashes, and would count as two people.
#[tokio::test]
async fn one_person_counts_once_also_with_a_new_key() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    desk.approve(&ada).await.unwrap();
    let Answer::Reviewer { name, secret } =
        desk.ask(Request::ReviewerReplace { name: "ada".into() }).await.unwrap()
    else {
        panic!()
    };
    let says = desk.approve(&Signature { name, secret }).await.unwrap();
    assert_eq!(says, "F-0047: 1 of 2 approvals");
    assert_eq!(desk.finding().confirmed(), None);
}

/// The old key may have been in other hands, and what it approved would be said all the same.
#[tokio::test]
async fn what_a_replaced_key_approved_has_to_be_approved_again() {
    let desk = Desk::new().await;
    let (ada, bo) = (desk.hire("ada").await, desk.hire("bo").await);
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    desk.approve(&ada).await.unwrap();
    desk.approve(&bo).await.unwrap();
    assert!(desk.finding().confirmed().is_some());
    desk.ask(Request::ReviewerReplace { name: "ada".into() }).await.unwrap();
    assert_eq!(desk.finding().confirmed(), None);
    let rest = desk.finding().approvals;
    assert!(matches!(&rest[..], [only] if only.by.to_string() == "bo"), "{rest:?}");
    assert_eq!(desk.queue().await.0, [PAPER]);
    assert_eq!(desk.acts().await[3..], [ReviewAct::Expired]);
    assert!(desk.is_sound());
}

/// A person named as if they were an outlet: the correction waits for the next digest.
#[tokio::test]
async fn a_correction_is_never_put_aside_and_outlives_every_judgement_of_its_account() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let wrong = finding();
    let withdrawal = Withdrawal {
        finding: FindingId(12),
        said: Box::new(Claim::NewlySeen(Relation::Undisclosed)),
        digest: DigestNumber(3),
        part: 1,
        said_at: now() - Duration::days(7),
        why: "its reader runs it alone".into(),
        repeats_handle: false,
        was_a_person: true,
    };
    let statement = Statement { claim: Claim::Withdrawn(withdrawal), ..wrong.statement.clone() };
    let by = Approver::Reviewer { name: "ada".into(), key: "ff".repeat(32) };
    let at = now() - Duration::days(40);
    let approval = Approval { by, at, seal: statement.seal() };
    let correction = Finding { statement, needs: 1, approvals: vec![approval], ..wrong };
    desk.store(|batch| batch.put_finding(correction.clone()));
    for act in [
        Act::Dismiss { why: Dismissal::Other, never_flag: false },
        Act::Snooze { until: now() + Duration::days(3) },
        Act::Tick { ticks: ALL_TICKED },
    ] {
        let refused = desk.act(&ada, act).await.unwrap_err();
        assert!(refused.starts_with("F-0047 corrects F-0012: it goes out as it stands"), "{refused}");
    }
    desk.ask(Request::JudgeAll).await.unwrap();
    desk.ask(Request::ReviewerReplace { name: "ada".into() }).await.unwrap();
    let never = Request::NeverFlag {
        account: "noticias@social.example".into(),
        by: desk.hire("bo").await,
        why: "a private person".into(),
        lift: false,
    };
    desk.ask(never).await.unwrap();
    assert_eq!(desk.finding(), correction);
    assert!(desk.finding().confirmed().is_some());
}

#[tokio::test]
async fn the_queue_says_how_long_approvals_count() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    desk.approve(&ada).await.unwrap();
    let later = commands::answer(&desk.room, Request::Review, now() + Duration::days(3)).await.unwrap();
    let text = cli::render(&later);
    assert!(text.contains("  1 of 2, 11 days left  "), "{text}");
}

/// U+009B alone begins a command in terminals that know it, and a bidi mark turns what follows.
#[tokio::test]
async fn nothing_that_strangers_wrote_reaches_the_terminal_as_a_command() {
    let desk = Desk::new().await;
    let hostile = "Noticias \u{9b}31m\u{1b}[2J\u{202e}del Sur\u{7}";
    desk.store(|batch| {
        let mut account = account("gaceta");
        account.latest.profile.display_name = hostile.into();
        account.latest.profile.note = hostile.into();
        account.latest.profile.url = Some(format!("https://social.example/@gaceta{hostile}"));
        account.found.through = hostile.into();
        batch.put_account(account);
        let mut judged = assessment("gaceta", Level::Lead);
        judged.because = hostile.into();
        judged.evidence[0].says = hostile.into();
        judged.conditions[1].must = hostile.into();
        batch.put_assessment(judged);
        let mut finding = finding();
        finding.statement.outlet_name = hostile.into();
        finding.statement.evidence[0].says = hostile.into();
        finding.statement.owner =
            Some(OwnerLine { owner: hostile.into(), control: None, says: hostile.into(), source: None });
        batch.put_finding(finding);
    });
    let explain = Request::Explain { account: "gaceta@social.example".into() };
    for request in [Request::Review, Request::ReviewShow { finding: PAPER }, explain] {
        let text = cli::render(&desk.ask(request.clone()).await.unwrap());
        let is_odd = |character: &char| *character != '\n' && names::is_invisible(*character);
        assert_eq!(text.chars().find(is_odd), None, "{request:?}");
        assert!(text.contains("Sur"), "{text}");
    }
}

#[tokio::test]
async fn nobody_approves_what_the_evidence_no_longer_bears() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    desk.store(|batch| batch.put_assessment(assessment("noticias", Level::Lead)));
    let refused = desk.approve(&ada).await.unwrap_err();
    assert!(refused.starts_with("F-0047 is not ready any more: on at least 7 days; 5 now"), "{refused}");
    assert_eq!(desk.finding().approvals, []);
}

#[tokio::test]
async fn what_is_dismissed_never_leaves() {
    let desk = Desk::new().await;
    let (ada, bo) = (desk.hire("ada").await, desk.hire("bo").await);
    desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap();
    desk.approve(&ada).await.unwrap();
    desk.approve(&bo).await.unwrap();
    assert!(desk.finding().confirmed().is_some());
    desk.act(&ada, Act::Dismiss { why: Dismissal::Partner, never_flag: true }).await.unwrap();
    assert_eq!(desk.finding().confirmed(), None);
    assert_eq!(desk.finding().state, FindingState::Dismissed { at: now(), why: Dismissal::Partner });
    assert!(desk.approve(&bo).await.unwrap_err().starts_with("F-0047 was dismissed 2026-11-23"));
    let sheet = desk.sheet().await;
    let shown = cli::render(&Answer::Sheet(Box::new(sheet.clone())));
    assert!(sheet.preview.is_none() && !shown.contains("POSTED") && !shown.contains("--seen"), "{shown}");
    let never = desk.room.store.never_flag(&id("noticias")).unwrap().unwrap();
    assert_eq!((never.by.as_str(), never.at), ("ada", now()));
    assert_eq!(desk.acts().await[3..], [ReviewAct::Dismissed, ReviewAct::NeverFlag]);
    assert!(desk.is_sound());
}

#[tokio::test]
async fn what_is_put_off_waits_again_when_its_time_has_come_or_somebody_says_so() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let until = now() + Duration::days(7);
    desk.act(&ada, Act::Snooze { until }).await.unwrap();
    assert_eq!(desk.finding().state, FindingState::Snoozed { until });
    let (waiting, snoozed, _) = desk.queue().await;
    assert_eq!((waiting, snoozed), (vec![], vec![PAPER]));
    assert!(desk.approve(&ada).await.unwrap_err().starts_with("F-0047 is put off until 2026-11-30"));
    assert_eq!(desk.act(&ada, Act::Snooze { until: now() }).await.unwrap(), "F-0047 waits again");
    assert_eq!(desk.queue().await.0, [PAPER]);
    let far = Act::Snooze { until: now() + Duration::days(4000) };
    assert!(desk.act(&ada, far).await.unwrap_err().starts_with("F-0047 can be put off for 365 days"));
}

#[tokio::test]
async fn an_account_that_is_never_named_leaves_the_queue_and_the_chain_does_not_name_it() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let flag = |why: &str, lift: bool| Request::NeverFlag {
        account: "noticias@social.example".into(),
        by: ada.clone(),
        why: why.into(),
        lift,
    };
    for why in ["", "Noticias is a partner", "see ana@social.example"] {
        assert!(desk.ask(flag(why, false)).await.is_err(), "{why}");
    }
    desk.ask(flag("has a contract", false)).await.unwrap();
    assert!(matches!(desk.finding().state, FindingState::Lapsed { .. }));
    assert_eq!(desk.queue().await.0, []);
    assert!(desk.ask(flag("once more", false)).await.unwrap_err().to_string().ends_with("by ada"));
    desk.ask(flag("the contract ended", true)).await.unwrap();
    assert_eq!(desk.room.store.never_flag(&id("noticias")).unwrap(), None);
    let written = std::fs::read_to_string(desk.room.config.state_dir.join(ledger::FILE_NAME)).unwrap();
    assert!(written.contains("has a contract") && !written.contains("noticias"));
    assert!(desk.is_sound());
}

#[tokio::test]
async fn in_safe_mode_nobody_decides_anything() {
    let desk = Desk::new().await;
    let ada = desk.hire("ada").await;
    let Desk { room, dir } = desk;
    drop(room);
    // A store that this ledger does not know.
    clear_store(dir.path()).unwrap();
    let desk = Desk { room: newsroom(dir.path()).await, dir };
    desk.store(|batch| {
        batch.put_account(account("noticias"));
        batch.put_finding(finding());
    });
    let refused = desk.act(&ada, Act::Tick { ticks: ALL_TICKED }).await.unwrap_err();
    assert!(refused.starts_with("safe mode, nothing can be decided: "), "{refused}");
    assert_eq!(desk.finding(), finding());
}

/// Takes away all but the ledger.
fn clear_store(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir.join("state"))? {
        let path = entry?.path();
        let is_ledger = path.file_name().is_some_and(|name| name.to_string_lossy().contains("ledger"));
        match path.is_dir() {
            _ if is_ledger => {}
            true => std::fs::remove_dir_all(path)?,
            false => std::fs::remove_file(path)?,
        }
    }
    Ok(())
}

fn masthead(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    command.args(words).current_dir(dir).env_clear().env("MASTHEAD_CONFIG", dir.join("config.toml"));
    command
}

fn done(dir: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = masthead(dir, words).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A command that must work.
fn says(dir: &Path, words: &[&str]) -> String {
    let (code, stdout, stderr) = done(dir, words);
    assert_eq!(code, Some(0), "{words:?}: {stderr}");
    stdout
}

/// A service that is ended with the story.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Service {
    async fn start(dir: &Path) -> Service {
        let child = masthead(dir, &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let service = Service(child);
        let socket = dir.join("state/masthead.sock");
        for _ in 0..600 {
            if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
                return service;
            }
            Clock::Real.sleep(Duration::milliseconds(50)).await;
        }
        panic!("the service does not listen");
    }
}

/// What `--seen` takes now.
fn seen_now(dir: &Path) -> String {
    let shown = says(dir, &["review", "show", "F-0047", "--json"]);
    let sheet: serde_json::Value = serde_json::from_str(&shown).unwrap();
    sheet["seen"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn reviewers_work_at_the_terminal_while_the_service_runs() {
    let Desk { room, dir } = Desk::new().await;
    drop(room);
    let dir = dir.path();
    let _service = Service::start(dir).await;
    says(dir, &["reviewer", "add", "ada"]);
    says(dir, &["reviewer", "add", "bo"]);
    let key = dir.join("ada.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o7777, 0o600);
    let (code, _, stderr) = done(dir, &["reviewer", "add", "ada"]);
    assert!(code == Some(1) && stderr.contains("--replace"), "{stderr}");

    let list = says(dir, &["review"]);
    insta::assert_snapshot!(list, @r#"
    finding  account                  says         outlet        points  approved  to tick        since
    ────────────────────────────────────────────────────────────────────────────────────────────────────────
    F-0047   noticias@social.example  undisclosed  Daily Agency  5.0     0 of 2    outlet, asked  2026-11-22

    masthead review show FINDING   everything there is to see of one

    worth a look; nothing may be said of them yet (2.5 points for a lead, 4.3 for a finding)
    lead                   outlet  points  since       missing before people may approve
    ────────────────────────────────────────────────────────────────────────────────────
    gaceta@social.example  agency  5.2     2026-11-06  on at least 7 days; 5 now
    "#);
    let (_, _, stderr) = done(dir, &["review", "snooze", "F-0047", "7d"]);
    assert!(stderr.contains("--as ada or --as bo"), "{stderr}");
    let unticked = says(dir, &["review", "show", "47"]);
    assert!(!unticked.contains("--seen") && unticked.contains("NOT TICKED"), "{unticked}");
    says(dir, &["review", "tick", "F-0047", "--outlet", "--asked", "no-address", "--as", "ada"]);
    let seen = &seen_now(dir);
    let shown = says(dir, &["review", "show", "F-0047"]);
    let ticked = shown.lines().find(|line| line.contains("ticked by ada")).unwrap();
    // Its words are told by those who compose it.
    let post = says(dir, &["review", "show", "F-0047", "--post"]);
    let printed = &shown[shown.find("WILL BE POSTED, ").unwrap()..shown.find("\napprove ").unwrap()];
    let lines: Vec<&str> = printed.lines().skip(1).map(str::trim).collect();
    assert_eq!(lines, post.lines().collect::<Vec<_>>());
    let shown = shown.replace(printed, "THE POST\n");
    insta::assert_snapshot!(shown.replace(seen, "7c1e9a0b44d2").replace(ticked, "HISTORY"), @r#"
    F-0047  appears affiliated, does not say so   waits for 2 approvals, 0 so far
    account         noticias@social.example "Noticias del Sur"  3.0 posts a day, first seen 2026-11-03 by outlet
                    copy on a public timeline, through social.example
    with            Daily Agency <- State Council (says A Monitor)
    strength        5.0 of 4.3 needed; all 2 conditions met
    for             text source 2.0: 41 of 52 posts are copies of items that the outlet had first
                    attribution 1.3: 32 of 41 copies name no source that a reader could follow; 9 credits lead
                    nowhere: "Twitter •mundo_china"
    against         credited -0.2: 1 of 41 copies say where they are from
    order sure?     4 copies after a poll that lacked them, 1.5 h to 1.6 h later, half within 2.0 h; of 1 nobody
                    can tell; 0 before the outlet; its feeds are read every 9 min, this account every 27: 4 of 4
                    gaps are longer than both together
    innocent?       next best: efe 1.2 points from its text; only you can tell: a partner by contract, a
                    translator, a fan
    not seen        its web site (none given); who runs it; anything before 2026-11-03 (0 posts read)
    person or paper ticked: presents itself as an outlet; its profile says "El diario digital del sur"
    asked them?     no address found on its profile
    group           with cronica@social.example (no finding)
    HISTORY
                    outlet; no address found on its profile); read again 23 Nov 09:00: 5 of 5 copies still there

    3 of 41 copies                outlet        its words                       this account                    same
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    05 Nov 07:28 -> 05 Nov 09:00  Daily Agency  Nace un panda gigante en el z…  Nace un panda gigante en el z…  98 %
    06 Nov 07:27 -> 06 Nov 09:00  Daily Agency  Nace un panda gigante en el z…  Nace un panda gigante en el z…  98 %
    07 Nov 07:26 -> 07 Nov 09:00  Daily Agency  Nace un panda gigante en el z…  Nace un panda gigante en el z…  98 %

    THE POST

    approve         masthead review approve F-0047 --seen 7c1e9a0b44d2 --as NAME
    dismiss         masthead review dismiss F-0047 --why partner|fan|mirror|person|other --as NAME
    later           masthead review snooze F-0047 7d --as NAME
    never           masthead review dismiss F-0047 --why other --never-flag --as NAME
    more            masthead review show F-0047 --all   all 4 passages that are kept, every place to look
    "#);
    let post = says(dir, &["review", "show", "F-0047", "--post"]);
    assert!(post.starts_with("Appears affiliated with Daily Agency"), "{post}");
    for (name, last) in [
        ("ada", "F-0047: 1 of 2 approvals"),
        ("bo", "F-0047 is approved: it goes into the next digest (Mon "),
    ] {
        let said = says(dir, &["review", "approve", "F-0047", "--seen", seen, "--as", name]);
        assert!(said.starts_with(last), "{said}");
    }
    let log = says(dir, &["review", "log", "F-0047"]);
    assert_eq!(log.matches(" approved ").count(), 2, "{log}");

    let explained = says(dir, &["explain", "gaceta@social.example"]);
    for part in [
        "text source           2.00  2.0 at most",
        "attribution           1.30  -3.0 to 1.5 at most",
        "sum                   5.00  5.20 count for a lead",
        "level       lead: worth a reviewer's look, nothing may be said, since 2026-11-06",
        "a lead from 2.5 points and 3 copies; ready when everything below holds",
        "next best   efe 1.2 points from its text; has to stay 1 points below",
        "  NO   on at least 7 days; 5 now",
        "how these count\n",
        "(0.005, or their 95th percentile from 50 accounts on); a post is a copy when at least 80 % of it",
        "0.5 from 3 such credits on as many days, 1.5 from 6",
    ] {
        assert!(explained.contains(part), "`{part}` is not in\n{explained}");
    }
    let method = says(dir, &["method"]);
    assert!(method.contains("  4.3     points from which on people may approve it"), "{method}");

    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let (code, _, stderr) = done(dir, &["review", "dismiss", "F-0047", "--why", "fan", "--as", "ada"]);
    assert!(code == Some(1) && stderr.contains("has mode 0640"), "{stderr}");
    says(dir, &["reviewer", "add", "ada", "--replace"]);
    says(dir, &["review", "dismiss", "F-0047", "--why", "fan", "--as", "ada"]);
    says(dir, &["verify"]);
}

/// What the stories of tests/stories/json.rs do not come to: ties take weeks there.
#[tokio::test]
async fn answers_about_hidden_ties_have_the_fields_that_the_manual_says() {
    let Desk { room, dir } = Desk::new().await;
    drop(room);
    let dir = dir.path();
    let mut manual = json_manual::Manual::read();
    for words in [
        &["review"][..],
        &["reviewer", "add", "ada"],
        &[
            "review",
            "tick",
            "F-0047",
            "--outlet",
            "--asked",
            "no-address",
            "--topic",
            "culture",
            "--as",
            "ada",
        ],
        &["review", "show", "F-0047"],
        &["explain", "noticias@social.example"],
    ] {
        let answer = says(dir, &[words, &["--json"]].concat());
        manual.check(&serde_json::from_str(&answer).unwrap());
    }
    let unmet = manual.unmet();
    let of_ties = json_manual::held_by("tests/review.rs");
    let is_of_ties = |field: &&String| of_ties.iter().any(|shape| field.starts_with(shape));
    // Nothing in this scene has one.
    let rare = ["credit.altered", "passage.derived", "sister line.finding"];
    assert_eq!(unmet.iter().filter(is_of_ties).collect::<Vec<_>>(), rare);
}
