//! Stories of corrections: what was posted is taken back in the post, in the next digest, and only once.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Duration;
use masthead::analysis::review::let_lapse;
use masthead::clock::{Clock, Scale};
use masthead::cycle::Newsroom;
use masthead::cycle::publish::retract::{Order, RetractPlan, carry_out, plan};
use masthead::cycle::publish::{self, DigestReport, HALT_FILE};
use masthead::cycle::speaker;
use masthead::demo;
use masthead::ledger;
use masthead::model::account::{AccountId, Acct, Host, Network};
use masthead::model::assessment::Relation;
use masthead::model::digest::DigestNumber;
use masthead::model::finding::{
    Approval, Approver, Claim, Finding, FindingId, FindingState, OwnerLine, Statement,
};
use masthead::model::outlet::OutletId;
use masthead::model::record::{Record, ReviewAct};
use masthead::model::tie::{CommentSought, Sister, Ticks, Tie, Topic};
use masthead::sandbox::faults::{Effect, Fault};
use masthead::sandbox::{Options, Sandbox, story};
use masthead::store::Batch;
use tempfile::TempDir;

const PAPERS: [&str; 3] =
    ["noticias_py@social.example", "cronica_cl@social.example", "diario_cr@otro.example"];
const WHY: &str = "It credits the agency in its profile";
const BY: (&str, &str) = ("ana", "key of ana");

fn acct(handle: &str) -> Acct {
    handle.parse().unwrap()
}

fn id(handle: &str) -> AccountId {
    AccountId::mastodon(format!("https://{}/users/{}", acct(handle).host(), acct(handle).user()))
}

/// A paper with all others as its sisters, approved by two people.
fn paper(number: u32, handle: &str) -> Finding {
    let sister = |handle: &&str| Sister { account: id(handle), acct: acct(handle) };
    let tie = Tie {
        from: story::ORIGIN - Duration::days(20),
        to: story::ORIGIN,
        posts: 52,
        copies: 41,
        uncredited: 41,
        altered: 9,
        altered_example: Some("Twitter •mundo_china".into()),
        typical_lag_minutes: Some(125),
        points: 500,
        against: 0,
        profile_sha256: "ab".repeat(32),
        items: (0..40).map(|item| format!("{item:012x}")).collect::<BTreeSet<String>>(),
        sisters: PAPERS.iter().filter(|other| **other != handle).map(sister).collect(),
        passages: vec![],
        ticks: Ticks {
            presents_as_outlet: true,
            comment_sought: Some(CommentSought::NoAddress),
            topic: Some(Topic::Culture),
        },
    };
    approved(number, Claim::NewlySeen(Relation::Undisclosed), handle, Some(tie))
}

fn approved(number: u32, claim: Claim, handle: &str, tie: Option<Tie>) -> Finding {
    let relation = match &claim {
        Claim::NewlySeen(relation) | Claim::KnownAtStart(relation) => *relation,
        _ => Relation::Official,
    };
    let statement = Statement {
        claim,
        account: id(handle),
        acct: acct(handle),
        network: Network::Mastodon,
        relation,
        outlet: OutletId::parse("agency").unwrap(),
        outlet_name: "Daily Agency".into(),
        owner: Some(OwnerLine {
            owner: "a ministry".into(),
            control: None,
            says: "a monitor".into(),
            source: None,
        }),
        first_seen: story::ORIGIN,
        tenths_of_posts_a_day: None,
        followers: None,
        quiet_since: None,
        account_names: None,
        named_on: None,
        evidence: vec![],
        tie,
    };
    let approval = |key: &str| Approval {
        by: Approver::Reviewer { name: key.into(), key: key.into() },
        at: story::ORIGIN,
        seal: statement.seal(),
    };
    let approvals = vec![approval("ana"), approval("bo")];
    let state = FindingState::Raised;
    Finding { id: FindingId(number), raised_at: story::ORIGIN, statement, needs: 2, approvals, state }
}

/// A world, and the bot's state in it.
struct Scene {
    dir: TempDir,
    world: Sandbox,
}

impl Scene {
    async fn new() -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let world = Sandbox::start(Options { rate: 1.0, ..Options::new(dir.path()) }).await.unwrap();
        Scene { dir, world }
    }

    /// Some papers were named in digest 1.
    async fn with(findings: Vec<Finding>) -> Scene {
        let scene = Scene::new().await;
        let room = scene.open(0).await;
        scene.store(&room, findings);
        let report = scene.digest(&room).await;
        assert_eq!(report.says, "complete", "{report:?}");
        scene
    }

    async fn sisters() -> Scene {
        Scene::with(PAPERS.iter().zip(1..).map(|(handle, number)| paper(number, handle)).collect()).await
    }

    /// The newsroom as a new process opens it, so many days after the story begins.
    async fn open(&self, days: i64) -> Newsroom {
        let origin = story::ORIGIN + Duration::days(days);
        let clock = Clock::Scaled(Scale { origin, anchor: Clock::Real.now(), rate: 1.0 });
        demo::open(&self.world.config(), clock).await.unwrap()
    }

    fn store(&self, room: &Newsroom, findings: Vec<Finding>) {
        let mut batch = Batch::default();
        findings.into_iter().for_each(|finding| batch.put_finding(finding));
        room.store.commit(batch).unwrap();
    }

    async fn digest(&self, room: &Newsroom) -> DigestReport {
        publish::digest_now(room, room.config.clock.now()).await.unwrap()
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// What stands on the server, oldest first: id and text.
    fn posts(&self) -> Vec<(String, String)> {
        let sent = self.world.outbox(story::HOME).into_iter();
        sent.filter(|sent| sent.deleted_at.is_none()).map(|sent| (sent.id, sent.draft.text)).collect()
    }

    fn fault(&self, method: &str, effect: Effect, count: u32) {
        let (server, path) = (Host::parse(story::HOME).unwrap(), "/api/v1/statuses".to_owned());
        self.world.fault(Fault { server, path, method: Some(method.into()), effect, count });
    }
}

fn order(number: u32) -> Order {
    Order { finding: FindingId(number), why: WHY.into(), repeats_handle: false, was_a_person: false }
}

async fn planned(room: &Newsroom, order: &Order) -> anyhow::Result<RetractPlan> {
    plan(room, &mut *room.press.lock().await, order, room.config.clock.now()).await
}

/// Takes back what was looked at just before.
async fn retract(room: &Newsroom, order: &Order) -> String {
    let seen = planned(room, order).await.unwrap().seen;
    let mut press = room.press.lock().await;
    carry_out(room, &mut press, order, &seen, BY, room.config.clock.now()).await.unwrap()
}

fn finding(room: &Newsroom, number: u32) -> Finding {
    room.store.finding(FindingId(number)).unwrap().unwrap()
}

/// Corrections of a finding, whatever became of them.
fn corrections(room: &Newsroom, number: u32) -> Vec<Finding> {
    let is_it = |finding: &Finding| matches!(&finding.statement.claim, Claim::Withdrawn(withdrawal) if withdrawal.finding == FindingId(number));
    room.store.findings().unwrap().into_iter().filter(is_it).collect()
}

async fn records(room: &Newsroom) -> Vec<Record> {
    room.press.lock().await.entries().iter().map(|entry| entry.record.clone()).collect()
}

/// A folder that nobody has open any more; the last handle of a store may be a moment late.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if fs::metadata(&path).unwrap().is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_post_that_was_wrong_is_corrected_in_its_place_and_the_next_digest_leads_with_it() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let before = scene.posts();
    assert!(before[1].1.contains(PAPERS[0]), "{before:?}");
    let room = scene.open(1).await;
    let shown = planned(&room, &order(1)).await.unwrap();
    assert_eq!(shown.old_text.as_ref(), Some(&before[1].1));
    let correction = shown.correction.clone();
    assert_eq!(scene.posts(), before, "looking changes nothing");
    let says = retract(&room, &order(1)).await;
    assert!(says.contains("digest 1 part 1 is corrected"), "{says}");
    let after = scene.posts();
    assert_eq!((after.len(), &after[1].0, Some(&after[1].1)), (2, &before[1].0, shown.new_text.as_ref()));
    assert!(after.iter().all(|(_, text)| !text.contains(PAPERS[0])), "{after:?}");
    assert_eq!(finding(&room, 1).state, FindingState::Retracted { number: DigestNumber(1), part: 1 });
    let record = room.store.digest(DigestNumber(1)).unwrap().unwrap();
    assert_eq!(record.correction(1).map(|correction| &correction.part.text), shown.new_text.as_ref());
    scene.store(&room, vec![approved(20, Claim::NewlySeen(Relation::Attested), "desk@one.example", None)]);
    let report = scene.digest(&room).await;
    assert_eq!(report.says, "complete", "{report:?}");
    let told: Vec<&str> = report.posts.iter().map(|post| post.text.lines().next().unwrap()).collect();
    assert!(told[1].starts_with("Correction to digest 1"), "{told:?}");
    assert_eq!(report.posts[1].text, correction, "what the reviewer saw is what is posted");
    assert!(told[2].starts_with("Newly seen"), "{told:?}");
    assert!(report.posts[1].text.contains("1 account named, 1 withdrawn"), "{}", report.posts[1].text);
    assert!(!report.posts[1].text.contains(PAPERS[0]), "{}", report.posts[1].text);
    let verified = ledger::verify(&scene.state()).unwrap();
    assert!(verified.is_sound() && verified.erased == 0, "{verified:?}");
}

#[tokio::test]
async fn each_of_three_sisters_is_shown_with_the_very_post_that_is_sent() {
    let scene = Scene::new().await;
    let room = scene.open(0).await;
    scene.store(&room, PAPERS.iter().zip(1..).map(|(handle, number)| paper(number, handle)).collect());
    let mut shown = BTreeSet::new();
    for number in 1..=3 {
        let preview = publish::preview(&room, FindingId(number), room.config.clock.now()).await.unwrap();
        let preview = preview.unwrap();
        shown.insert(preview.now.text);
        shown.extend(preview.with.map(|(_, post)| post.text));
    }
    let report = scene.digest(&room).await;
    assert_eq!(shown, BTreeSet::from([report.posts[1].text.clone()]));
}

#[tokio::test]
async fn of_three_sisters_in_one_post_the_two_that_hold_stay() {
    let scene = Scene::sisters().await;
    let room = scene.open(1).await;
    retract(&room, &order(2)).await;
    let text = scene.posts()[1].1.clone();
    assert!(text.starts_with("Corrected on ") && text.contains("Two accounts, one story"), "{text}");
    assert!(text.contains(PAPERS[0]) && text.contains(PAPERS[2]) && !text.contains(PAPERS[1]), "{text}");
    retract(&room, &order(1)).await;
    let text = scene.posts()[1].1.clone();
    assert!(text.contains(PAPERS[2]) && !text.contains(PAPERS[0]), "{text}");
    retract(&room, &order(3)).await;
    let text = scene.posts()[1].1.clone();
    assert!(PAPERS.iter().all(|handle| !text.contains(handle)), "{text}");
    assert_eq!(scene.posts().len(), 2);
}

/// The ledger is cut after each record that the retraction wrote, and the store is the one from before it.
#[tokio::test]
async fn killed_between_any_two_steps_it_ends_the_same() {
    let scene = Scene::sisters().await;
    let kept = tempfile::tempdir().unwrap();
    copy(&scene.state(), &kept.path().join("before"));
    let room = scene.open(1).await;
    let first = records(&room).await.len();
    retract(&room, &Order { was_a_person: true, ..order(2) }).await;
    let whole = records(&room).await;
    let (text, digest) = (scene.posts()[1].1.clone(), room.store.digest(DigestNumber(1)).unwrap());
    drop(room);
    let chain = fs::read_to_string(scene.state().join(ledger::FILE_NAME)).unwrap();
    copy(&scene.state().join("texts"), &kept.path().join("texts"));
    assert_eq!(whole.len() - first, 4, "{:?}", &whole[first..]);
    for length in first..=whole.len() {
        fs::remove_dir_all(scene.state()).unwrap();
        copy(&kept.path().join("before"), &scene.state());
        copy(&kept.path().join("texts"), &scene.state().join("texts"));
        let lines: String = chain.split_inclusive('\n').take(length).collect();
        fs::write(scene.state().join(ledger::FILE_NAME), lines).unwrap();
        let room = scene.open(1).await;
        publish::pass(&room, room.config.clock.now()).await.unwrap();
        publish::pass(&room, room.config.clock.now()).await.unwrap();
        if length == first {
            assert!(corrections(&room, 2).is_empty(), "nobody said a word yet");
            continue;
        }
        assert_eq!(records(&room).await, whole, "cut after {length}");
        assert_eq!(corrections(&room, 2).len(), 1, "cut after {length}");
        assert!(corrections(&room, 2)[0].confirmed().is_some());
        assert!(matches!(finding(&room, 2).state, FindingState::Retracted { .. }));
        assert_eq!(room.store.digest(DigestNumber(1)).unwrap(), digest, "cut after {length}");
        assert!(room.store.never_flag(&id(PAPERS[1])).unwrap().is_some());
        assert_eq!(scene.posts()[1].1, text);
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_has_the_correction_in_the_end_and_once() {
    let scene = Scene::sisters().await;
    scene.fault("PUT", Effect::Status { status: 502, body: None }, 1);
    scene.fault("PUT", Effect::DropAfter, 1);
    let room = scene.open(1).await;
    let says = retract(&room, &order(2)).await;
    assert!(says.contains("does not have the correction of the post yet"), "{says}");
    assert!(scene.posts()[1].1.contains(PAPERS[1]));
    drop(room);
    let room = scene.open(1).await;
    let again = publish::pass(&room, room.config.clock.now()).await.unwrap();
    assert!(again.is_some(), "what the server does not have is tried again");
    assert!(!scene.posts()[1].1.contains(PAPERS[1]), "it has it, and nobody knows");
    drop(room);
    let room = scene.open(2).await;
    publish::pass(&room, room.config.clock.now()).await.unwrap();
    let is_edited = |record: &Record| matches!(record, Record::Edited { .. });
    assert_eq!(records(&room).await.iter().filter(|record| is_edited(record)).count(), 1);
    assert!(!scene.posts()[1].1.contains(PAPERS[1]));
}

#[tokio::test]
async fn where_a_post_cannot_be_edited_it_is_taken_down_and_where_it_is_gone_all_is_well() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    scene.fault("PUT", Effect::Status { status: 405, body: Some("<h1>no</h1>".into()) }, 1);
    let room = scene.open(1).await;
    let says = retract(&room, &order(1)).await;
    assert!(says.contains("is corrected"), "{says}");
    assert_eq!(scene.posts().len(), 1, "only the root stands");
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let room = scene.open(1).await;
    let post = scene.posts()[1].0.clone();
    let at_home = room.press.lock().await.entries().len();
    take_down_by_hand(&scene, &post).await;
    retract(&room, &order(1)).await;
    let after = records(&room).await;
    assert!(matches!(after.last(), Some(Record::Edited { .. })), "{:?}", &after[at_home..]);
}

/// Somebody takes the post down by hand.
async fn take_down_by_hand(scene: &Scene, post: &str) {
    let token = fs::read_to_string(scene.dir.path().join("social.token")).unwrap();
    let url = format!("{}/api/v1/statuses/{post}", scene.world.announce().home);
    let request = reqwest::Client::new().delete(url).header("host", story::HOME);
    assert!(request.bearer_auth(token.trim()).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn two_reversals_within_thirty_days_stop_namings_until_a_person_lifts_it() {
    let scene = Scene::sisters().await;
    let room = scene.open(1).await;
    let says = retract(&room, &order(1)).await;
    assert!(!says.contains("no hidden tie is told"), "{says}");
    let says = retract(&room, &order(2)).await;
    assert!(says.contains("no hidden tie is told"), "{says}");
    let official = approved(20, Claim::NewlySeen(Relation::Attested), "desk@one.example", None);
    scene.store(&room, vec![paper(21, "gaceta_pe@otro.example"), official]);
    let report = scene.digest(&room).await;
    let all: String = report.posts.iter().map(|post| post.text.as_str()).collect();
    assert!(all.contains("Correction to digest 1") && all.contains("desk@one.example"), "{all}");
    assert!(!all.contains("gaceta_pe"), "{all}");
    assert_eq!(finding(&room, 21).state, FindingState::Raised);
    drop(room);
    let room = scene.open(3).await;
    publish::resume_namings(&room, "ana", room.config.clock.now()).await.unwrap();
    publish::pass(&room, room.config.clock.now()).await.unwrap();
    let report = scene.digest(&room).await;
    assert!(report.posts.iter().any(|post| post.text.contains("gaceta_pe")), "{report:?}");
    assert!(publish::resume_namings(&room, "ana", room.config.clock.now()).await.is_err());
}

#[tokio::test]
async fn one_private_person_stops_namings_at_once_and_is_never_named_again() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let room = scene.open(1).await;
    let says = retract(&room, &Order { was_a_person: true, ..order(1) }).await;
    assert!(says.contains("named a private person"), "{says}");
    assert!(room.store.never_flag(&id(PAPERS[0])).unwrap().is_some());
}

/// A paper of which nobody knows a sister.
fn lone(number: u32, handle: &str) -> Finding {
    let tie = Tie { sisters: vec![], ..paper(number, handle).statement.tie.unwrap() };
    approved(number, Claim::NewlySeen(Relation::Undisclosed), handle, Some(tie))
}

/// The rule came into force between freezing and posting.
#[tokio::test]
async fn a_naming_that_was_frozen_before_namings_stopped_is_not_sent() {
    let scene = Scene::new().await;
    let room = scene.open(0).await;
    let official = approved(3, Claim::NewlySeen(Relation::Attested), "desk@one.example", None);
    scene.store(&room, vec![lone(1, PAPERS[0]), lone(2, "gaceta_pe@otro.example"), official]);
    let halt = scene.state().join(publish::HALT_FILE);
    fs::write(&halt, "").unwrap();
    let report = scene.digest(&room).await;
    assert_eq!((report.posts.len(), scene.posts()), (4, vec![]), "{report:?}");
    retract(&room, &Order { was_a_person: true, ..order(1) }).await;
    fs::remove_file(&halt).unwrap();
    let report = scene.digest(&room).await;
    assert_eq!(report.says, "complete", "{report:?}");
    let all: String = scene.posts().into_iter().map(|(_, text)| text).collect();
    assert!(all.contains("desk@one.example"), "{all}");
    assert!(!all.contains("gaceta_pe") && !all.contains(PAPERS[0]), "{all}");
    // It was said nowhere, so it waits.
    assert_eq!(finding(&room, 2).state, FindingState::Raised);
    drop(room);
    let room = scene.open(2).await;
    publish::resume_namings(&room, "ana", room.config.clock.now()).await.unwrap();
    let report = scene.digest(&room).await;
    assert!(report.posts.iter().any(|post| post.text.contains("gaceta_pe")), "{report:?}");
}

#[tokio::test]
async fn what_a_reviewer_did_not_see_is_not_taken_back() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let room = scene.open(1).await;
    let seen = planned(&room, &order(1)).await.unwrap().seen;
    let other = Order { why: "Something else".into(), ..order(1) };
    let mut press = room.press.lock().await;
    let now = room.config.clock.now();
    for seen in [seen.as_str(), "", "abcde"] {
        let refused = carry_out(&room, &mut press, &other, seen, BY, now).await.unwrap_err();
        assert!(refused.to_string().contains("not what you saw"), "{refused}");
    }
    assert!(
        !press
            .entries()
            .iter()
            .any(|entry| matches!(entry.record, Record::Reviewed { act: ReviewAct::Retracted, .. }))
    );
}

#[tokio::test]
async fn only_what_readers_saw_is_taken_back_once_and_without_naming_anybody() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let room = scene.open(1).await;
    scene.store(&room, vec![paper(9, PAPERS[1])]);
    let refused = |error: anyhow::Error| error.to_string();
    let waits = planned(&room, &order(9)).await.map_err(refused).unwrap_err();
    assert!(waits.contains("masthead review dismiss"), "{waits}");
    for why in ["noticias_py credits it", "", "ask desk@agency.example"] {
        assert!(planned(&room, &Order { why: why.into(), ..order(1) }).await.is_err(), "{why}");
    }
    retract(&room, &order(1)).await;
    let again = planned(&room, &order(1)).await.map_err(refused).unwrap_err();
    assert!(again.contains("withdrawn already"), "{again}");
    let correction = corrections(&room, 1)[0].id.0;
    assert!(planned(&room, &order(correction)).await.is_err(), "a correction stays");
}

#[tokio::test]
async fn a_statement_on_our_pages_alone_is_taken_back_too() {
    let known = approved(2, Claim::KnownAtStart(Relation::Official), "desk@one.example", None);
    let scene = Scene::with(vec![paper(1, PAPERS[0]), known]).await;
    let room = scene.open(1).await;
    let shown = planned(&room, &order(2)).await.unwrap();
    assert_eq!((shown.digest, shown.old_text.as_ref()), (None, None));
    assert!(shown.correction.starts_with("Correction to a page of ours"), "{}", shown.correction);
    let before = scene.posts();
    retract(&room, &order(2)).await;
    assert_eq!(scene.posts(), before);
    assert!(matches!(finding(&room, 2).state, FindingState::Retracted { number: DigestNumber(0), .. }));
}

#[tokio::test]
async fn a_correction_does_not_lapse_with_the_last_tie_of_its_account() {
    let scene = Scene::with(vec![paper(1, PAPERS[0])]).await;
    let room = scene.open(1).await;
    retract(&room, &order(1)).await;
    let mut findings = corrections(&room, 1);
    findings.push(paper(9, PAPERS[0]));
    let lapsed = let_lapse(&id(PAPERS[0]), &findings, room.config.clock.now());
    assert_eq!(lapsed.iter().map(|finding| finding.id.0).collect::<Vec<_>>(), [9]);
}

/// The world's servers live at the time of the story, and the bot wakes up on a machine that has another.
async fn open_by_another_clock(scene: &Scene) -> Newsroom {
    demo::open(&scene.world.config(), Clock::Real).await.unwrap()
}

#[tokio::test]
async fn by_a_wrong_clock_what_was_wrong_is_corrected_and_nothing_new_is_dated() {
    let scene = Scene::sisters().await;
    scene.fault("PUT", Effect::Status { status: 502, body: None }, 1);
    let room = scene.open(1).await;
    retract(&room, &order(2)).await;
    drop(room);
    assert!(scene.posts()[1].1.contains(PAPERS[1]));
    let room = open_by_another_clock(&scene).await;
    let other = approved(7, Claim::NewlySeen(Relation::Official), "desk@social.example", None);
    scene.store(&room, vec![other]);
    let before = room.store.digests().unwrap().len();
    let again = publish::pass(&room, room.config.clock.now()).await.unwrap();
    assert!(again.is_some(), "it looks again soon");
    assert!(!scene.posts()[1].1.contains(PAPERS[1]), "the correction stands");
    let refused = publish::digest_now(&room, room.config.clock.now()).await.unwrap_err();
    assert!(
        refused.to_string().contains("that of the server we post to; posts would carry wrong dates"),
        "{refused}"
    );
    assert_eq!(room.store.digests().unwrap().len(), before);
    let served = room.store.note("schedule.digest.served").unwrap();
    assert_eq!(served, None, "by such a clock not even the schedule is looked at");
}

/// Weeks seem to have passed since its first request.
#[tokio::test]
async fn a_clock_that_jumps_ends_no_digest_under_way() {
    let scene = Scene::new().await;
    let room = scene.open(0).await;
    scene.store(&room, vec![paper(1, PAPERS[0])]);
    scene.fault("POST", Effect::Status { status: 503, body: None }, 100);
    let digest = publish::digest_now(&room, room.config.clock.now());
    assert!(
        tokio::time::timeout(std::time::Duration::from_secs(5), digest).await.is_err(),
        "it waits for the server"
    );
    let is_begun = |record: &Record| matches!(record, Record::Intent { .. });
    let is_closed = |record: &Record| matches!(record, Record::Closed { .. });
    assert!(records(&room).await.iter().any(is_begun) && !records(&room).await.iter().any(is_closed));
    drop(room);
    let room = open_by_another_clock(&scene).await;
    publish::pass(&room, room.config.clock.now()).await.unwrap();
    assert!(!records(&room).await.iter().any(is_closed));
}

fn posts_as(username: &str) -> Record {
    let server = Host::parse(story::HOME).unwrap();
    Record::PostsAs { server, account: format!("id of {username}"), username: username.into() }
}

async fn append(room: &Newsroom, records: Vec<Record>) {
    let mut press = room.press.lock().await;
    records.into_iter().for_each(|record| press.append(room.config.clock.now(), record).unwrap());
}

/// A kill came after the new speaker was written down, and before the digest of the old one was closed.
#[tokio::test]
async fn what_another_account_began_is_not_sent_again_by_the_one_who_speaks_now() {
    let scene = Scene::new().await;
    let room = scene.open(0).await;
    scene.store(&room, vec![paper(1, PAPERS[0])]);
    fs::write(scene.state().join(HALT_FILE), "").unwrap();
    scene.digest(&room).await;
    let who = room.vitals.recall().home.unwrap().unwrap().who;
    let digest = DigestNumber(1);
    let intent = Record::Intent {
        digest,
        rev: 1,
        part: 0,
        attempt: 1,
        key: "k".into(),
        body: "b".into(),
        reply_to: None,
        newest_own: None,
    };
    append(&room, vec![posts_as("before"), intent, speaker::posts_as(&who)]).await;
    fs::remove_file(scene.state().join(HALT_FILE)).unwrap();
    drop(room);
    let room = scene.open(0).await;
    publish::pass(&room, room.config.clock.now()).await.unwrap();
    assert_eq!(scene.posts(), []);
    let records = records(&room).await;
    let is_held = |record: &Record| matches!(record, Record::Held { part: 0, why, .. } if why.contains("a post of before@"));
    assert!(records.iter().any(is_held), "{records:?}");
    assert_eq!(records.last(), Some(&Record::Closed { digest, rev: 1, complete: false }));
}

#[tokio::test]
async fn where_addresses_of_posts_name_nobody_the_account_is_written_down_before_the_next_post() {
    let scene = Scene::new().await;
    let room = scene.open(0).await;
    let (digest, uri) = (DigestNumber(1), format!("https://{}/objects/0a1b", story::HOME));
    let posted = Record::Posted { digest, rev: 0, part: 0, id: "7".into(), uri, url: None };
    append(&room, vec![posted, Record::Closed { digest, rev: 0, complete: false }]).await;
    scene.store(&room, vec![paper(1, PAPERS[0])]);
    assert_eq!(scene.digest(&room).await.says, "complete");
    let records = records(&room).await;
    let named: Vec<usize> =
        (0..records.len()).filter(|at| matches!(records[*at], Record::PostsAs { .. })).collect();
    let sent = records.iter().position(|record| matches!(record, Record::Intent { .. }));
    assert!(named.len() == 1 && Some(named[0]) < sent, "{records:?}");
}
