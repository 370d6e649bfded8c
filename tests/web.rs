//! The public pages over loopback: what they show, what they never show, and that nothing in them can do harm.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be built fails its test")]

use std::process::Command;

use chrono::{DateTime, Utc};
use masthead::cycle::vitals::Vitals;
use masthead::ledger::{FILE_NAME, Ledger};
use masthead::model::account::{AccountId, Network};
use masthead::model::assessment::Relation;
use masthead::model::changes::{Change, FollowerTrend};
use masthead::model::digest::{
    Correction, Digest, DigestNumber, DigestRecord, DigestState, Part, PartState, Visibility,
};
use masthead::model::evidence::{Citation, Direction, Evidence, Weight};
use masthead::model::finding::{
    Approval, Approver, Claim, Finding, FindingId, FindingState, OwnerLine, Statement, Withdrawal,
};
use masthead::model::item::ItemId;
use masthead::model::outlet::OutletId;
use masthead::model::record::{LedgerMark, PartSeal, Record};
use masthead::model::reuse::{Credit, Order, Reuse, ReuseKind};
use masthead::model::status::StatusUri;
use masthead::model::tie::{CommentSought, Sister, Ticks, Tie, Topic};
use masthead::store::{Batch, Store};
use masthead::web::{Read, Site, SiteFacts, router, serve};
use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const XINHUA: &str = "xinhua_es@social.example";
const ROOT: &str = "Masthead digest 12, 16 to 22 November 2026\n\n1 official account newly seen\n\n\
    Every post, its proof and how to object:\nhttps://masthead.example/d/12";
const REPLY: &str = "Official, newly seen: Xinhua News Agency on Mastodon\n\n\
    xinhua_es@social.example, first seen by us 18 November\n\nProof, or object:\nhttps://masthead.example/d/12/1";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn evidence(weight: Weight, says: &str, url: &str) -> Evidence {
    let seen_at = at("2026-11-21T06:10:00Z");
    let citation = Citation { url: url.into(), seen_at, sha256: "5e".repeat(32) };
    Evidence::new("rel_me", &OutletId::parse("xinhua").unwrap(), weight, says.into(), citation)
}

/// An official account with both sides of its proof, one thing against it and one beside it.
fn statement(acct: &str) -> Statement {
    let user = acct.split('@').next().unwrap();
    Statement {
        claim: Claim::NewlySeen(Relation::Official),
        account: AccountId::mastodon(format!("https://social.example/users/{user}")),
        acct: acct.parse().unwrap(),
        network: Network::Mastodon,
        relation: Relation::Official,
        outlet: OutletId::parse("xinhua").unwrap(),
        outlet_name: "Xinhua News Agency".into(),
        owner: Some(OwnerLine {
            control: None,
            owner: "State Council of China".into(),
            says: "State Media Monitor".into(),
            source: Some("https://statemediamonitor.example/xinhua".into()),
        }),
        first_seen: at("2026-11-18T10:00:00Z"),
        tenths_of_posts_a_day: Some(62),
        followers: Some(FollowerTrend { now: 50_300, week_before: Some(48_400) }),
        quiet_since: None,
        account_names: Some("https://xinhua.example/".into()),
        named_on: Some("https://xinhua.example/social".into()),
        evidence: vec![
            evidence(
                Weight::Proof(Direction::AccountNamesOutlet),
                "the profile field “Web” links to https://xinhua.example/",
                &format!("https://social.example/@{user}"),
            ),
            evidence(
                Weight::Proof(Direction::OutletNamesAccount),
                "the home page of Xinhua News Agency names the account with rel=\"me\"",
                "https://xinhua.example/social",
            ),
            evidence(
                Weight::Points(-0.3),
                "The account is three weeks old",
                &format!("https://social.example/@{user}"),
            ),
            evidence(
                Weight::Shown,
                "its handle or display name bears the name Xinhua",
                &format!("https://social.example/@{user}"),
            ),
        ],
        tie: None,
    }
}

fn finding(id: u32, statement: Statement, state: FindingState) -> Finding {
    let raised_at = at("2026-11-18T11:00:00Z");
    Finding { id: FindingId(id), raised_at, statement, needs: 1, approvals: vec![], state }
}

fn approved(mut finding: Finding) -> Finding {
    let by = Approver::Policy { name: "official".into(), sha256: "ab".repeat(32) };
    finding.approvals = vec![Approval { by, at: finding.raised_at, seal: finding.statement.seal() }];
    finding
}

fn part(index: u32, text: &str, findings: Vec<FindingId>) -> Part {
    let permalink = match index {
        0 => "https://masthead.example/d/12".to_owned(),
        index => format!("https://masthead.example/d/12/{index}"),
    };
    let (language, spoiler) = ("en".into(), String::new());
    Part {
        index,
        text: text.into(),
        permalink,
        language,
        visibility: Visibility::Unlisted,
        spoiler,
        findings,
    }
}

fn digest() -> DigestRecord {
    let posted = |id: &str| PartState::Posted {
        id: id.into(),
        uri: format!("https://home.example/users/masthead/statuses/{id}"),
        url: Some(format!("https://home.example/@masthead/{id}")),
        at: at("2026-11-23T09:00:05Z"),
    };
    DigestRecord {
        digest: Digest {
            number: DigestNumber(12),
            rev: 1,
            from: at("2026-11-16T09:00:00Z"),
            to: at("2026-11-22T09:00:00Z"),
            parts: vec![
                part(0, ROOT, vec![]),
                part(1, REPLY, vec![FindingId(47)]),
                part(2, "A part that no server took.\nhttps://masthead.example/d/12/2", vec![]),
            ],
            awaiting_review: 1,
            postponed: vec![],
            salt: "0f1e2d".into(),
        },
        frozen_at: at("2026-11-23T09:00:00Z"),
        parts: vec![posted("1"), posted("2"), PartState::OnPageOnly { why: "refused twice".into() }],
        state: DigestState::Closed { at: at("2026-11-23T09:00:20Z") },
        corrections: vec![],
    }
}

/// The pages of a store with one digest and these findings, served until it is dropped.
struct Scene {
    dir: TempDir,
    base: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Scene {
    async fn with(findings: Vec<Finding>) -> Scene {
        Scene::of(digest(), findings).await
    }

    async fn of(digest: DigestRecord, findings: Vec<Finding>) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store"), 8).unwrap();
        let mut batch = Batch::new();
        findings.into_iter().for_each(|finding| batch.put_finding(finding));
        let mark = write_ledger(dir.path(), &store.id(), &digest);
        batch.put_digest(digest);
        batch.set_ledger_mark(mark);
        store.commit(batch).unwrap();
        let read =
            |what: &str, how: &str| Read { what: what.into(), how: how.into(), often: "every day".into() };
        let facts = SiteFacts {
            contact: Some("desk@masthead.example".into()),
            public_url: Some("https://masthead.example/".parse().unwrap()),
            servers: vec![read("social.example", "account search")],
            pages: vec![read("https://xinhua.example/", "links to accounts")],
        };
        let ledger_path = dir.path().join(FILE_NAME);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let served = tokio::spawn(serve(
            listener,
            router(Site { store, facts, vitals: Vitals::default(), ledger_path }),
            shutdown,
        ));
        Scene { dir, base, stop, served }
    }

    /// The founding scene: one confirmed account, one that waits for people.
    async fn new() -> Scene {
        let in_digest = FindingState::InDigest { number: DigestNumber(12), part: 1 };
        let confirmed = approved(finding(47, statement(XINHUA), in_digest));
        let waiting = finding(48, statement("cronica@otro.example"), FindingState::Raised);
        Scene::with(vec![confirmed, waiting]).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = reqwest::get(format!("{}{path}", self.base)).await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        page
    }
}

const PAGES: [&str; 9] = [
    "/",
    "/d/12",
    "/d/12/1",
    "/d/12/2",
    "/d/12/end",
    "/a/xinhua_es@social.example",
    "/ledger",
    "/method",
    "/reads",
];

fn write_ledger(dir: &std::path::Path, store: &str, record: &DigestRecord) -> LedgerMark {
    let mut ledger = Ledger::open(dir).unwrap().ledger;
    let digest = &record.digest;
    let seals = digest.parts.iter().map(|part| PartSeal { part: part.index, seal: part.seal(&digest.salt) });
    let (parts, by) = (seals.collect(), vec!["policy official".into()]);
    let posted = |part: u32, id: &str| Record::Posted {
        digest: digest.number,
        rev: 1,
        part,
        id: id.into(),
        uri: format!("https://home.example/users/masthead/statuses/{id}"),
        url: None,
    };
    let corrected = record.corrections.iter().map(|correction| Record::Corrected {
        digest: digest.number,
        part: correction.part.index,
        rev: correction.rev,
        seal: correction.part.seal(&digest.salt),
        by: vec!["ana".into()],
    });
    let told = [
        Record::Opened { store: store.into() },
        Record::Approved { digest: digest.number, rev: 1, parts, by },
        posted(0, "1"),
        posted(1, "2"),
        Record::Closed { digest: digest.number, rev: 1, complete: false },
    ];
    for record in told.into_iter().chain(corrected) {
        ledger.append(at("2026-11-23T09:00:00Z"), record).unwrap();
    }
    LedgerMark { seq: ledger.seq(), hash: ledger.head().to_owned() }
}

#[tokio::test]
async fn the_front_page_leads_to_digests_accounts_and_what_is_read() {
    let page = Scene::new().await.page("/").await;
    for expected in [
        r#"<html lang="en">"#,
        r#"<a href="/d/12">Digest 12</a>"#,
        "16 to 22 November 2026, 2 stories",
        r#"<a href="/a/xinhua_es@social.example">xinhua_es@social.example</a>"#,
        r#"<a href="/reads">"#,
        r#"<link rel="canonical" href="https://masthead.example/">"#,
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
}

#[tokio::test]
async fn a_digest_shows_every_part_its_fate_and_the_head_of_the_chain() {
    let scene = Scene::new().await;
    let page = scene.page("/d/12").await;
    let chain = std::fs::read_to_string(scene.dir.path().join(FILE_NAME)).unwrap();
    let last: serde_json::Value = serde_json::from_str(chain.lines().last().unwrap()).unwrap();
    for expected in [
        "1 official account newly seen",
        r#"<a class="url" href="/d/12/1">https://masthead.example/d/12/1</a>"#,
        r#"<a href="https://home.example/@masthead/2">see it there</a>"#,
        "A part that no server took.",
        "On this page only.",
        "not all of it was posted",
        last["hash"].as_str().unwrap(),
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("refused twice"), "reasons for people inside stay inside");
    assert!(scene.page("/d/12/end").await.contains("did not take all posts"));
}

#[tokio::test]
async fn a_post_opens_the_claim_both_proofs_what_speaks_against_it_and_the_objection() {
    let scene = Scene::new().await;
    let hash = "5e".repeat(32);
    for path in ["/d/12/1", "/a/xinhua_es@social.example"] {
        let page = scene.page(path).await;
        for expected in [
            "This is an official account of Xinhua News Agency.",
            "State Council of China. Source: State Media Monitor",
            r#"href="https://statemediamonitor.example/xinhua""#,
            "The account names the outlet",
            r#"href="https://social.example/@xinhua_es""#,
            "The outlet names the account",
            r#"href="https://xinhua.example/social""#,
            "21 November 2026, 06:10 UTC",
            hash.as_str(),
            "The account is three weeks old",
            "18 November 2026, 10:00 UTC",
            "50,300, 1,900 more than a week before",
            "About 6 a day",
            "By rule “official”",
            "mailto:desk@masthead.example?subject=Objection",
        ] {
            assert!(page.contains(expected), "{expected} in {path}: {page}");
        }
    }
    assert!(
        scene
            .page("/a/xinhua_es@social.example")
            .await
            .contains(r#"<a href="/d/12/1">digest 12, post 1</a>"#)
    );
    assert!(scene.page("/a/XINHUA_ES@Social.Example").await.contains("official account of Xinhua"));
}

#[tokio::test]
async fn an_account_that_nobody_confirmed_is_as_unknown_as_one_never_seen() {
    let scene = Scene::new().await;
    let (status, waiting) = scene.get("/a/cronica@otro.example").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(waiting.contains("We have published nothing about this account."));
    for path in ["/a/nobody@otro.example", "/a/%3Cscript%3E", "/a/%FF", "/a/@cronica@otro.example"] {
        let (status, page) = scene.get(path).await;
        assert_eq!((status, page), (StatusCode::NOT_FOUND, waiting.clone()), "{path}");
    }
    for path in PAGES {
        assert!(!scene.page(path).await.contains("cronica"), "{path}");
    }
}

#[tokio::test]
async fn an_approval_of_other_facts_publishes_nothing() {
    let mut changed = approved(finding(47, statement(XINHUA), FindingState::Raised));
    changed.statement.outlet_name = "Somebody else".into();
    let scene = Scene::with(vec![changed]).await;
    assert_eq!(scene.get("/a/xinhua_es@social.example").await.0, StatusCode::NOT_FOUND);
    assert!(!scene.page("/").await.contains("Somebody else"));
}

#[tokio::test]
async fn the_newest_statement_leads_and_the_earlier_ones_stay() {
    let gone = Change::Gone { since: at("2026-11-20T08:00:00Z") };
    let later = Statement { claim: Claim::Changed(gone), ..statement(XINHUA) };
    let in_digest = FindingState::InDigest { number: DigestNumber(12), part: 1 };
    let scene = Scene::with(vec![
        approved(finding(47, statement(XINHUA), in_digest)),
        approved(finding(52, later, FindingState::Raised)),
    ])
    .await;
    let page = scene.page("/a/xinhua_es@social.example").await;
    let history: Vec<usize> =
        ["Gone from its server since 20 November 2026", "F-0052, comes with", "Newly seen", "F-0047, "]
            .into_iter()
            .map(|line| page.find(line).unwrap_or_else(|| panic!("{line} in {page}")))
            .collect();
    assert!(history.is_sorted());
    assert!(
        page.contains("This was an official account of Xinhua News Agency. Its server no longer has it.")
    );
    assert!(scene.page("/").await.contains(", gone"));
}

#[tokio::test]
async fn hostile_names_and_addresses_stay_text() {
    let mut hostile = statement(XINHUA);
    hostile.outlet_name = "<script>alert(1)</script>\u{202e}auhniX".into();
    hostile.owner = Some(OwnerLine {
        control: None,
        owner: "\"><img src=x onerror=alert(2)>".into(),
        says: "@victim@social.example #x".into(),
        source: Some("javascript:alert(3)".into()),
    });
    hostile.account_names = None;
    hostile.evidence = vec![
        evidence(
            Weight::Proof(Direction::AccountNamesOutlet),
            "names <b>\u{202e}us</b>",
            "javascript:alert(4)",
        ),
        evidence(Weight::Shown, "x", "https://evil.example/\"onmouseover=\"alert(5)"),
    ];
    let in_digest = FindingState::InDigest { number: DigestNumber(12), part: 1 };
    let scene = Scene::with(vec![approved(finding(47, hostile, in_digest))]).await;
    for path in ["/", "/d/12/1", "/a/xinhua_es@social.example"] {
        let page = scene.page(path).await;
        for harm in ["<script", "<img", "<b>", "\u{202e}", "href=\"javascript", "\"onmouseover", "@victim"] {
            assert!(!page.contains(harm), "{harm} in {path}: {page}");
        }
    }
}

const PAPER: &str = "noticias_py@social.example";
const SISTER: &str = "cronica_cl@social.example";
const UNNAMED: &str = "diario_cr@otro.example";

fn passage(number: u32, text: &str) -> Reuse {
    let agency = OutletId::parse("agency").unwrap();
    Reuse {
        status: StatusUri(format!("https://social.example/s/{number}")),
        status_url: format!("https://social.example/@noticias_py/{number}"),
        made_at: at("2026-11-08T13:10:00Z"),
        status_seen: at("2026-11-08T13:20:00Z"),
        status_sha256: "aa".repeat(32),
        item: ItemId::of(&agency, &number.to_string()),
        publisher: agency,
        item_url: format!("https://agency.example/{number}.html"),
        item_seen: at("2026-11-08T11:02:00Z"),
        item_sha256: "bb".repeat(32),
        kind: ReuseKind::Copy,
        order: Order::PublisherFirst,
        credit: Credit::Altered("Twitter •mundo_china".into()),
        share: 98,
        run: 90,
        derived: None,
        passage: text.into(),
        item_passage: "Nace un panda gigante".into(),
    }
}

fn hidden(handle: &str) -> Statement {
    let sister = |acct: &str| Sister {
        account: AccountId::mastodon(format!(
            "https://social.example/users/{}",
            acct.split('@').next().unwrap()
        )),
        acct: acct.parse().unwrap(),
    };
    let points = |indicator: &str, points: f64, says: &str| {
        let (seen_at, url) = (at("2026-11-21T06:10:00Z"), "https://social.example/@noticias_py".into());
        let citation = Citation { url, seen_at, sha256: "5e".repeat(32) };
        let agency = OutletId::parse("agency").unwrap();
        Evidence::new(indicator, &agency, Weight::Points(points), says.into(), citation)
    };
    let tie = Tie {
        from: at("2026-11-03T08:00:00Z"),
        to: at("2026-11-21T20:00:00Z"),
        posts: 52,
        copies: 41,
        uncredited: 41,
        altered: 9,
        altered_example: Some("Twitter •mundo_china".into()),
        typical_lag_minutes: Some(125),
        points: 450,
        against: 1,
        profile_sha256: "ab".repeat(32),
        items: std::collections::BTreeSet::new(),
        sisters: vec![sister(SISTER), sister(UNNAMED)],
        passages: vec![passage(1, "Nace un panda gigante en el zoo")],
        ticks: Ticks {
            presents_as_outlet: true,
            comment_sought: Some(CommentSought::NoAddress),
            topic: Some(Topic::Culture),
        },
    };
    Statement {
        claim: Claim::NewlySeen(Relation::Undisclosed),
        relation: Relation::Undisclosed,
        outlet: OutletId::parse("agency").unwrap(),
        outlet_name: "Daily Agency".into(),
        account_names: None,
        named_on: None,
        evidence: vec![
            points("reuse", 2.0, "41 of its 52 posts are near-copies"),
            points("uncredited", 1.0, "no copy has a credit that works"),
            points("credited", -0.4, "two posts name another agency"),
        ],
        tie: Some(tie),
        ..statement(handle)
    }
}

/// In the one post of the digest, approved by two people.
fn told(id: u32, statement: Statement) -> Finding {
    let in_digest = FindingState::InDigest { number: DigestNumber(12), part: 1 };
    by_two(finding(id, statement, in_digest))
}

fn by_two(mut finding: Finding) -> Finding {
    for key in ["ana", "bo"] {
        let by = Approver::Reviewer { name: format!("Reviewer {key}"), key: key.into() };
        finding.approvals.push(Approval { by, at: finding.raised_at, seal: finding.statement.seal() });
    }
    Finding { needs: 2, ..finding }
}

#[tokio::test]
async fn a_hidden_tie_opens_counts_passages_sisters_and_what_is_not_known() {
    let scene = Scene::with(vec![told(47, hidden(PAPER)), told(48, hidden(SISTER))]).await;
    for path in ["/d/12/1", "/a/noticias_py@social.example"] {
        let page = scene.page(path).await;
        for expected in [
            "This account appears affiliated with Daily Agency and does not say so.",
            "Not known: who runs it.",
            "3 November 2026",
            "41 carry an item that the outlet had published before",
            "Half of them came within 2 hours",
            "In 9, a credit that leads nowhere, such as “Twitter •mundo_china”",
            "2.6 points; people may approve from 4.3",
            "Nace un panda gigante en el zoo",
            r#"href="https://social.example/@noticias_py/1""#,
            r#"href="https://agency.example/1.html""#,
            "8 November 2026, 11:02 UTC",
            "8 November 2026, 13:20 UTC",
            "98 % of it is the outlet",
            r#"<a href="/a/cronica_cl@social.example">"#,
            "1 more, not named here",
            "Two posts name another agency",
            "State Council of China. Source: State Media Monitor",
            "By 2 people",
            "the profile gives no address",
            "mailto:desk@masthead.example?subject=Objection",
        ] {
            assert!(page.contains(expected), "{expected} in {path}: {page}");
        }
        for never in ["diario_cr", "Reviewer ana", "The account names the outlet"] {
            assert!(!page.contains(never), "{never} in {path}: {page}");
        }
    }
    let home = scene.page("/").await;
    assert!(home.contains("Appear affiliated and do not say so"), "{home}");
    assert!(home.contains(r#"<a href="/a/noticias_py@social.example">"#), "{home}");
}

#[tokio::test]
async fn an_accusation_is_on_no_page_before_its_digest() {
    let waiting = by_two(finding(47, hidden(PAPER), FindingState::Raised));
    assert!(waiting.confirmed().is_some());
    let scene = Scene::with(vec![waiting]).await;
    assert_eq!(scene.get("/a/noticias_py@social.example").await.0, StatusCode::NOT_FOUND);
    for path in ["/", "/d/12", "/d/12/1"] {
        assert!(!scene.page(path).await.contains("noticias_py"), "{path}");
    }
}

/// Namings were stopped between freezing and posting.
#[tokio::test]
async fn what_was_withheld_is_shown_nowhere() {
    let mut digest = digest();
    digest.digest.parts[2].findings = vec![FindingId(48)];
    digest.parts[2] = PartState::Withheld { why: "namings were stopped".into() };
    let told = Finding { state: FindingState::Raised, ..told(48, hidden("mirador@social.example")) };
    let scene = Scene::of(digest, vec![told]).await;
    for path in ["/", "/d/12", "/d/12/2", "/a/mirador@social.example", "/ledger"] {
        let page = scene.get(path).await.1;
        assert!(!page.contains("A part that no server took") && !page.contains("mirador"), "{path}: {page}");
    }
    assert!(scene.get("/d/12").await.1.contains("This part was withheld before it was posted."));
}

#[tokio::test]
async fn foreign_passages_and_credits_stay_text_and_are_short() {
    let mut hostile = hidden(PAPER);
    let tie = hostile.tie.as_mut().unwrap();
    tie.altered_example = Some("<img src=x onerror=alert(1)> @victim #x".into());
    let text = format!("<script>alert(2)</script>\u{202e}{}", "long ".repeat(100));
    tie.passages = vec![Reuse {
        status_url: "javascript:alert(3)".into(),
        item_url: "https://evil.example/\"onmouseover=\"alert(4)".into(),
        item_passage: "<b>bold</b>".into(),
        credit: Credit::Altered("</section><script>".into()),
        ..passage(1, &text)
    }];
    let scene = Scene::with(vec![told(47, hostile)]).await;
    for path in ["/d/12/1", "/a/noticias_py@social.example"] {
        let page = scene.page(path).await;
        for harm in [
            "<script",
            "<img",
            "<b>",
            "\u{202e}",
            "href=\"javascript",
            "\"onmouseover",
            "@victim",
            "</section><script",
        ] {
            assert!(!page.contains(harm), "{harm} in {path}: {page}");
        }
        assert!(!page.contains(&"long ".repeat(30)), "{page}");
    }
}

/// The account was named in the digest, and a correction waits for the next one.
fn taken_back(repeats_handle: bool) -> (Finding, Finding) {
    let wrong = finding(47, hidden(PAPER), FindingState::Retracted { number: DigestNumber(12), part: 1 });
    let withdrawal = Withdrawal {
        finding: FindingId(47),
        said: Box::new(wrong.statement.claim.clone()),
        digest: DigestNumber(12),
        part: 1,
        said_at: at("2026-11-23T09:00:05Z"),
        why: "It credits the agency in its <b>profile</b>".into(),
        repeats_handle,
        was_a_person: false,
    };
    let statement = Statement {
        claim: Claim::Withdrawn(withdrawal),
        tie: None,
        evidence: vec![],
        ..wrong.statement.clone()
    };
    let correction = Finding { needs: 1, ..by_two(finding(60, statement, FindingState::Raised)) };
    (by_two(wrong), correction)
}

#[tokio::test]
async fn what_is_withdrawn_is_struck_out_everywhere_and_the_handle_is_not_repeated() {
    let (wrong, correction) = taken_back(false);
    let scene = Scene::with(vec![wrong, correction]).await;
    let claim = "<s>This account appears affiliated with Daily Agency and does not say so.</s>";
    for path in ["/", "/d/12/1", "/a/noticias_py@social.example"] {
        let page = scene.page(path).await;
        assert!(page.contains(claim), "{path}: {page}");
        assert!(!page.contains("noticias_py"), "{path}: {page}");
        assert!(!page.contains("Nace un panda"), "{path}: {page}");
    }
    let page = scene.page("/d/12/1").await;
    assert!(
        page.find("Withdrawn.").unwrap() < page.find("<article").unwrap(),
        "the banner is on top: {page}"
    );
    assert!(page.contains("What was wrong: It credits the agency in its bprofile/b"), "{page}");
    assert!(scene.page("/a/noticias_py@social.example").await.contains("noindex"));
    let (wrong, correction) = taken_back(true);
    let scene = Scene::with(vec![wrong, correction]).await;
    assert!(scene.page("/d/12/1").await.contains("The account is noticias_py@social.example."));
}

#[tokio::test]
async fn every_answer_forbids_scripts_sniffing_and_referrers() {
    let scene = Scene::new().await;
    let others = ["/style.css", "/icon.svg", "/nowhere", "/d/13", "/a/nobody@otro.example"];
    for path in PAGES.into_iter().chain(others) {
        let response = reqwest::get(format!("{}{path}", scene.base)).await.unwrap();
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert!(
            header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(!response.text().await.unwrap().contains("<script"), "{path}");
    }
}

#[tokio::test]
async fn addresses_that_we_never_wrote_are_not_there() {
    let scene = Scene::new().await;
    for path in
        ["/d/13", "/d/012", "/d/+12", "/d/x", "/d/12/9", "/d/12/01", "/d/12/x", "/d/4294967295", "/d/%FF"]
    {
        assert_eq!(scene.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

/// The copy that a reader downloads is checked by the very script that the method page shows.
#[tokio::test]
async fn a_reader_can_check_the_chain_and_the_posted_texts() {
    let scene = Scene::new().await;
    let served = scene.page("/ledger").await;
    let (sound, told) = check(&scene, &served).await;
    assert!(sound && told.starts_with("5 records, 2 texts, newest hash "), "{told}");
    assert!(scene.page("/d/12").await.contains(told.trim_end().rsplit(' ').next().unwrap()));
    assert!(!served.contains("A part that no server took"));
    for (was, is) in
        [("policy official", "policy 0fficial"), ("official account newly", "hostile account newly")]
    {
        assert!(served.contains(was));
        assert!(!check(&scene, &served.replace(was, is)).await.0, "{is}");
    }
}

/// Checks a copy by the script on the method page: whether it is sound, and what the script says.
async fn check(scene: &Scene, text: &str) -> (bool, String) {
    let copy = scene.dir.path().join("copy.jsonl");
    let script = scene.dir.path().join("check.py");
    let method = scene.page("/method").await;
    let code = method.split("<pre").nth(1).unwrap().split("<code>").nth(1).unwrap();
    let code = code.split("</code>").next().unwrap();
    let code = code.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    std::fs::write(&script, code).unwrap();
    std::fs::write(&copy, text).unwrap();
    let output = Command::new("python3").arg(&script).arg(&copy).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_text_of_a_corrected_post_is_gone_and_the_correction_can_be_checked() {
    let mut record = digest();
    let text = "Corrected on 24 November. What stood here was wrong.\nhttps://masthead.example/d/12/1";
    let at = at("2026-11-24T09:00:00Z");
    record.corrections = vec![Correction { rev: 2, at, part: part(1, text, vec![FindingId(47)]) }];
    let (wrong, correction) = taken_back(false);
    let scene = Scene::of(record, vec![wrong, correction]).await;
    let served = scene.page("/ledger").await;
    let (sound, told) = check(&scene, &served).await;
    assert!(sound && told.starts_with("6 records, 2 texts"), "{told}");
    for path in ["/ledger", "/d/12", "/d/12/1"] {
        let page = scene.page(path).await;
        assert!(page.contains("What stood here was wrong."), "{path}: {page}");
        assert!(!page.contains("xinhua_es"), "{path}: {page}");
    }
    assert!(scene.page("/d/12/1").await.contains("Corrected <time"));
}

#[tokio::test]
async fn a_line_that_is_being_written_is_not_served() {
    let scene = Scene::new().await;
    let path = scene.dir.path().join(FILE_NAME);
    let before = scene.page("/ledger").await;
    let torn = std::fs::read_to_string(&path).unwrap() + "{\"seq\":6,\"at\":";
    std::fs::write(&path, torn).unwrap();
    assert_eq!(scene.page("/ledger").await, before);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(scene.page("/ledger").await.lines().count(), 2);
}

#[tokio::test]
async fn serving_ends_when_it_is_told_to() {
    let scene = Scene::new().await;
    scene.page("/").await;
    scene.stop.send(()).unwrap();
    scene.served.await.unwrap().unwrap();
}
