//! The store as its callers see it: what is committed stays, whole, whatever happens to the process.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use masthead::model::account::{AccountId, Acct, Host};
use masthead::model::assessment::Relation;
use masthead::model::digest::{Digest, DigestNumber, DigestRecord, DigestState};
use masthead::model::dossier::{AccountRecord, Found, Method, Presence};
use masthead::model::finding::{Claim, Finding, FindingId, FindingState, Statement};
use masthead::model::observation::{Counts, CountsAt, Observation, Profile, Wishes};
use masthead::model::outlet::OutletId;
use masthead::model::proof::{HostSight, NamedBy, Naming, PageKind, PageSight};
use masthead::model::record::LedgerMark;
use masthead::model::status::{SeenStatus, Status, StatusUri};
use masthead::model::target::{Rejected, Target, TargetRecord};
use masthead::store::{Batch, MAX_VALUE_BYTES, REJECTED_KEPT, Store, StoreError};
use proptest::prelude::*;

const CACHE_MIB: u64 = 8;

fn now() -> DateTime<Utc> {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn open(dir: &Path) -> Store {
    Store::open(dir, CACHE_MIB).unwrap()
}

fn id(name: &str) -> AccountId {
    AccountId::mastodon(format!("https://social.example/users/{name}"))
}

fn account(name: &str, acct: &str, seen_at: DateTime<Utc>) -> AccountRecord {
    let acct: Acct = acct.parse().unwrap();
    let profile = Profile {
        id: id(name),
        acct: acct.clone(),
        local_id: "1".into(),
        url: None,
        display_name: "新华社 \u{202e}".into(),
        note: "Noticias\nde China".into(),
        links: vec![],
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts::default(),
    };
    AccountRecord {
        id: id(name),
        api_host: acct.host().clone(),
        acct,
        found: Found {
            at: now(),
            method: Method::Search,
            through: "social.example".into(),
            background: false,
        },
        latest: Observation {
            profile,
            seen_at,
            server_date: None,
            read_from: "https://social.example".into(),
        },
        presence: Presence::There,
        last_complete_poll: None,
    }
}

fn status(number: u32, text: &str, claimed_at: Option<DateTime<Utc>>) -> SeenStatus {
    let status = Status {
        uri: StatusUri(format!("https://social.example/s/{number}")),
        local_id: number.to_string(),
        url: None,
        claimed_at,
        edited_at: None,
        text: text.into(),
        spoiler: String::new(),
        language: Some("es".into()),
        boost_of: None,
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    };
    SeenStatus {
        content_hash: status.content_hash(),
        status,
        first_seen: now(),
        absent_at: None,
        server_date: None,
        background: false,
        versions: vec![],
        removed_at: None,
        forgotten_at: None,
    }
}

fn finding(number: u32) -> Finding {
    let statement = Statement {
        claim: Claim::NewlySeen(Relation::Official),
        account: id("desk"),
        acct: "desk@social.example".parse().unwrap(),
        network: masthead::model::account::Network::Mastodon,
        relation: Relation::Official,
        outlet: OutletId::parse("xinhua").unwrap(),
        outlet_name: "Xinhua News Agency".into(),
        owner: None,
        first_seen: now(),
        tenths_of_posts_a_day: Some(15),
        followers: None,
        quiet_since: None,
        account_names: None,
        named_on: None,
        evidence: vec![],
        tie: None,
    };
    let state = FindingState::Raised;
    Finding { id: FindingId(number), raised_at: now(), statement, needs: 1, approvals: vec![], state }
}

fn digest(number: u32) -> DigestRecord {
    let digest = Digest {
        number: DigestNumber(number),
        rev: 1,
        from: now() - TimeDelta::days(7),
        to: now(),
        parts: vec![],
        awaiting_review: 0,
        postponed: vec![],
        salt: "s".into(),
    };
    DigestRecord {
        digest,
        frozen_at: now(),
        parts: vec![],
        state: DigestState::Posting,
        corrections: Vec::new(),
    }
}

fn rejected(excerpt: &str) -> Rejected {
    Rejected { item: "status 3 of the page".into(), why: "no id".into(), excerpt: excerpt.into() }
}

fn commit(store: &Store, fill: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    fill(&mut batch);
    store.commit(batch).unwrap();
}

#[test]
fn forgetting_takes_the_words_and_nothing_that_a_poll_wrote_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (desk, later) = (id("desk"), now() + TimeDelta::days(80));
    let seen = [status(1, "Nace un panda", None), status(2, "Otro panda", None)];
    commit(&store, |batch| seen.iter().for_each(|seen| batch.put_status(&desk, seen.clone())));
    let mut forget = Batch::new();
    seen.iter().for_each(|seen| forget.forget_status(&desk, &seen.status.uri, later, later));
    // Between the look and the deed one is found to be removed, and the other is one too many.
    let removed = SeenStatus { removed_at: Some(later), ..seen[0].clone() };
    commit(&store, |batch| {
        batch.put_status(&desk, removed.clone());
        batch.remove_status(&desk, &seen[1].status.uri);
    });
    store.commit(forget).unwrap();
    let kept = store.statuses(&desk).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].removed_at, kept[0].forgotten_at), (Some(later), Some(later)));
    assert_eq!((kept[0].status.text.as_str(), &kept[0].content_hash), ("", &seen[0].content_hash));
}

#[test]
fn what_is_committed_comes_back_after_closing_and_opening() {
    let dir = tempfile::tempdir().unwrap();
    let page = PageSight {
        url: "https://news.example/".into(),
        final_url: "https://news.example/".into(),
        kind: PageKind::Home,
        first_read: now(),
        fetched_at: now(),
        sha256: "00".into(),
        names: vec![Naming { by: NamedBy::RelMe, target: "https://social.example/@desk".into() }],
    };
    let host = HostSight {
        host: Host::parse("news.example").unwrap(),
        resource: "acct:news@news.example".into(),
        url: "https://news.example/.well-known/webfinger".into(),
        account: id("desk"),
        first_read: now(),
        fetched_at: now(),
        sha256: "00".into(),
    };
    let target = TargetRecord::new(Target::Account { acct: "desk@social.example".parse().unwrap() }, now());
    let counts = CountsAt { at: now(), counts: Counts { followers: Some(80), ..Counts::default() } };
    let mark = LedgerMark { seq: 3, hash: "ab".into() };
    let store = open(dir.path());
    let store_id = store.id();
    commit(&store, |batch| {
        batch.put_account(account("desk", "desk@social.example", now()));
        batch.put_counts(&id("desk"), counts);
        batch.put_status(&id("desk"), status(1, "熊猫", None));
        batch.put_target(target.clone());
        batch.put_page(page.clone());
        batch.put_host(host.clone());
        batch.put_finding(finding(7));
        batch.put_digest(digest(2));
        batch.set_note("last_fired", "2026-11-02");
        batch.set_ledger_mark(mark.clone());
    });
    drop(store);

    let store = open(dir.path());
    assert_eq!(store.id(), store_id);
    assert_eq!(store.account(&id("desk")).unwrap(), Some(account("desk", "desk@social.example", now())));
    assert_eq!(store.accounts().unwrap().len(), 1);
    assert_eq!(store.counts(&id("desk")).unwrap(), vec![counts]);
    assert_eq!(store.statuses(&id("desk")).unwrap(), vec![Arc::new(status(1, "熊猫", None))]);
    let uri = StatusUri("https://social.example/s/1".into());
    assert_eq!(store.status(&id("desk"), &uri).unwrap(), Some(status(1, "熊猫", None)));
    assert_eq!(store.status(&id("other"), &uri).unwrap(), None);
    assert_eq!(store.targets().unwrap(), vec![Arc::new(target.clone())]);
    assert_eq!(store.target(&target.target).unwrap(), Some(target));
    assert_eq!(store.pages().unwrap(), vec![page]);
    assert_eq!(store.hosts().unwrap(), vec![host]);
    assert_eq!(store.finding(FindingId(7)).unwrap(), Some(finding(7)));
    assert_eq!(store.next_finding_id().unwrap(), FindingId(8));
    assert_eq!(store.digests().unwrap(), vec![digest(2)]);
    assert_eq!(store.next_digest_number().unwrap(), DigestNumber(3));
    assert_eq!(store.note("last_fired").unwrap().as_deref(), Some("2026-11-02"));
    assert_eq!(store.ledger_mark().unwrap(), Some(mark));
    assert!(store.size_on_disk().unwrap() > 0);
    assert!(store.free_on_disk().unwrap() > 0);
}

#[test]
fn a_new_store_is_empty_has_its_own_id_and_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("deep/one"), dir.path().join("other"));
    let store = open(&one);
    assert_eq!(store.id().len(), 32);
    assert_ne!(store.id(), open(&other).id());
    assert_eq!(store.ledger_mark().unwrap(), None);
    assert_eq!(store.next_finding_id().unwrap(), FindingId(1));
    assert_eq!(store.next_digest_number().unwrap(), DigestNumber(1));
    for path in [one.clone(), one.join("db")] {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700, "{path:?}");
    }
}

#[test]
fn lists_of_one_account_hold_nothing_of_another_and_are_in_the_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let hours = |hours| now() - TimeDelta::hours(hours);
    commit(&store, |batch| {
        for (number, made) in [(1, hours(1)), (2, hours(30)), (3, hours(2))] {
            batch.put_status(&id("desk"), status(number, "x", Some(made)));
        }
        batch.put_status(&id("other"), status(4, "x", None));
        for at in [hours(1), hours(30), "1969-12-31T00:00:00Z".parse().unwrap()] {
            batch.put_counts(&id("desk"), CountsAt { at, counts: Counts::default() });
        }
        for number in [300, 2, 256, 1] {
            batch.put_finding(finding(number));
        }
    });
    let made = |statuses: Vec<Arc<SeenStatus>>| -> Vec<String> {
        statuses.into_iter().map(|seen| seen.status.local_id.clone()).collect()
    };
    assert_eq!(made(store.statuses(&id("desk")).unwrap()), ["2", "3", "1"]);
    assert_eq!(made(store.statuses(&id("other")).unwrap()), ["4"]);
    let times: Vec<_> = store.counts(&id("desk")).unwrap().into_iter().map(|counts| counts.at).collect();
    assert!(times.is_sorted() && times.len() == 3, "{times:?}");
    let numbers: Vec<_> = store.findings().unwrap().into_iter().map(|finding| finding.id.0).collect();
    assert_eq!(numbers, [1, 2, 256, 300]);
}

#[test]
fn a_batch_applies_in_order_and_a_removed_target_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let target = Target::Account { acct: "desk@social.example".parse().unwrap() };
    let mut batch = Batch::new();
    assert!(batch.is_empty());
    batch.put_target(TargetRecord::new(target.clone(), now()));
    let mut more = Batch::new();
    more.remove_target(&target);
    more.set_note("a", "1");
    more.set_note("a", "2");
    batch.extend(more);
    store.commit(batch).unwrap();
    assert_eq!(store.target(&target).unwrap(), None);
    assert_eq!(store.note("a").unwrap().as_deref(), Some("2"));
}

/// An address can be given to another person. The old account is polled once more, found gone and written
/// again; that must not lead its address back to it.
#[test]
fn an_address_that_changed_hands_leads_to_the_account_seen_there_last() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let acct: Acct = "desk@social.example".parse().unwrap();
    let old = account("1", "desk@social.example", now());
    commit(&store, |batch| batch.put_account(old.clone()));
    let new = account("2", "Desk@social.example", now() + TimeDelta::days(1));
    commit(&store, |batch| batch.put_account(new.clone()));
    let gone = AccountRecord { presence: Presence::Gone { since: now() }, ..old };
    commit(&store, |batch| batch.put_account(gone.clone()));
    assert_eq!(store.account_by_acct(&acct).unwrap(), Some(new));
    assert_eq!(store.account(&id("1")).unwrap(), Some(gone));
}

#[test]
fn an_address_that_its_account_gave_up_leads_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    commit(&store, |batch| batch.put_account(account("1", "desk@social.example", now())));
    commit(&store, |batch| batch.put_account(account("1", "news@social.example", now())));
    let by = |acct: &str| store.account_by_acct(&acct.parse().unwrap()).unwrap().map(|record| record.id);
    assert_eq!(by("desk@social.example"), None);
    assert_eq!(by("news@social.example"), Some(id("1")));
}

#[test]
fn a_record_that_is_too_long_is_named_and_nothing_of_its_batch_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = Batch::new();
    batch.set_note("small", "x");
    batch.set_note("large", &"x".repeat(MAX_VALUE_BYTES));
    let error = store.commit(batch).unwrap_err();
    assert_eq!(error.to_string(), "record `large` for notes has 49166 bytes; expected at most 49152");
    assert!(!error.is_storage());
    assert_eq!(store.note("small").unwrap(), None);
    commit(&store, |batch| batch.set_note("small", "x"));
}

#[test]
fn rejected_items_are_kept_once_newest_first_and_the_oldest_make_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let kept = REJECTED_KEPT as usize;
    commit(&store, |batch| {
        for number in 0..kept + 3 {
            batch.put_rejected("account a@social.example", now(), rejected(&number.to_string()));
        }
        batch.put_rejected("account a@social.example", now(), rejected(&(kept + 2).to_string()));
    });
    assert_eq!(store.rejected_count().unwrap(), REJECTED_KEPT + 3);
    let newest: Vec<_> = store.rejected(2).unwrap().into_iter().map(|item| item.rejected.excerpt).collect();
    assert_eq!(newest, ["1002", "1001"]);
    let all = store.rejected(usize::MAX).unwrap();
    assert_eq!((all.len(), all.last().unwrap().rejected.excerpt.as_str()), (kept, "3"));
    // Once forgotten, an item is news again.
    commit(&store, |batch| batch.put_rejected("account a@social.example", now(), rejected("0")));
    assert_eq!(store.rejected(1).unwrap()[0].rejected.excerpt, "0");
}

#[test]
fn a_rejected_item_of_any_length_and_content_fits() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for excerpt in ["\u{0}".repeat(200_000), "熊".repeat(100_000)] {
        let long = Rejected { item: excerpt.clone(), why: excerpt.clone(), excerpt };
        commit(&store, |batch| batch.put_rejected(&"é".repeat(5_000), now(), long));
        let item = store.rejected(1).unwrap().remove(0);
        assert!(item.rejected.excerpt.len() > 1_000, "{}", item.rejected.excerpt.len());
    }
}

/// A page above a quarter of a segment would go to a file of its own, which nobody fsyncs.
#[test]
fn even_leaves_of_the_longest_values_stay_in_the_data_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let text = "x".repeat(MAX_VALUE_BYTES - 100);
    for round in 0..3 {
        for chunk in 0..10 {
            commit(&store, |batch| {
                for number in 0..12 {
                    batch.set_note(&format!("{}", (chunk * 12 + number) * 7919 % 1009), &text);
                }
                batch.set_note("round", &round.to_string());
            });
        }
    }
    assert_eq!(std::fs::read_dir(dir.path().join("db/blobs")).unwrap().count(), 0);
    drop(store);
    assert_eq!(open(dir.path()).note("0").unwrap().map(|note| note.len()), Some(text.len()));
}

#[test]
fn commits_of_many_threads_are_all_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..20 {
                    commit(store, |batch| batch.set_note(&format!("{thread}-{number}"), "x"));
                }
            });
        }
    });
    drop(store);
    let store = open(dir.path());
    for (thread, number) in (0..8).flat_map(|thread| (0..20).map(move |number| (thread, number))) {
        assert!(store.note(&format!("{thread}-{number}")).unwrap().is_some(), "{thread}-{number}");
    }
}

#[tokio::test]
async fn work_off_the_async_threads_returns_its_result_and_passes_its_panic_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let id = store.run(|store| store.id()).await;
    assert_eq!(id, store.id());
    let task = tokio::spawn(async move { store.run(|_| panic!("told")).await });
    let panic = task.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"told"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_status_comes_back_as_it_was(texts in proptest::collection::vec(any::<String>(), 1..6)) {
        static STORE: std::sync::OnceLock<(tempfile::TempDir, Store)> = std::sync::OnceLock::new();
        let (_, store) = STORE.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let store = open(dir.path());
            (dir, store)
        });
        let statuses: Vec<_> = (0..).zip(&texts).map(|(number, text)| status(number, text, None)).collect();
        let mut batch = Batch::new();
        statuses.iter().for_each(|status| batch.put_status(&id("desk"), status.clone()));
        store.commit(batch).unwrap();
        for status in statuses {
            prop_assert_eq!(store.status(&id("desk"), &status.status.uri).unwrap(), Some(status));
        }
    }
}

/// Tells a test that it is a child process, and where to work.
const CHILD_DIR: &str = "MASTHEAD_TEST_CHILD_DIR";

/// Runs one of the ignored tests below in a process of its own.
fn spawn(test: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The number of a `done <n>` line; the harness writes the test's name before the first one.
fn number_done(line: &str) -> Option<u32> {
    line.rsplit_once("done ")?.1.parse().ok()
}

/// The numbers that a child printed as `done <n>` lines, until it ended.
fn acknowledged(child: &mut Child) -> BTreeSet<u32> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| number_done(&line)).collect()
}

/// Three records in three trees that belong together.
fn numbered_batch(number: u32) -> Batch {
    let mut batch = Batch::new();
    batch.put_status(&id("desk"), status(number, &"texto ".repeat(200), None));
    batch.set_note(&format!("batch {number}"), "x");
    batch.put_finding(finding(number));
    batch
}

/// The numbers whose batch is there; a batch of which only a part is there fails the test.
fn whole_batches(store: &Store) -> BTreeSet<u32> {
    let statuses = store.statuses(&id("desk")).unwrap();
    let statuses: BTreeSet<u32> = statuses.iter().map(|seen| seen.status.local_id.parse().unwrap()).collect();
    let findings: BTreeSet<u32> = store.findings().unwrap().iter().map(|finding| finding.id.0).collect();
    assert_eq!(statuses, findings);
    let highest = findings.last().copied().unwrap_or(0);
    for number in 1..=highest + 10 {
        let noted = store.note(&format!("batch {number}")).unwrap().is_some();
        assert_eq!(noted, findings.contains(&number), "batch {number}");
    }
    assert!(store.damaged().is_empty());
    findings
}

#[test]
#[ignore = "the child of killed_at_any_time_the_store_keeps_every_acknowledged_batch_whole"]
fn child_commits_until_it_is_killed() {
    let store = open(&PathBuf::from(std::env::var_os(CHILD_DIR).unwrap()));
    let mut number = store.next_finding_id().unwrap().0;
    loop {
        store.commit(numbered_batch(number)).unwrap();
        println!("done {number}");
        number += 1;
    }
}

#[test]
fn killed_at_any_time_the_store_keeps_every_acknowledged_batch_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged_ever = BTreeSet::new();
    for round in 0..20u64 {
        let mut child = spawn("child_commits_until_it_is_killed", dir.path());
        // From before the store is open to well after many commits.
        std::thread::park_timeout(Duration::from_millis(20 + round * round * 7 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged_ever.extend(acknowledged(&mut child));
        let store = open(dir.path());
        let there = whole_batches(&store);
        let lost: Vec<_> = acknowledged_ever.difference(&there).collect();
        assert!(lost.is_empty(), "round {round}: acknowledged and lost: {lost:?}");
    }
    assert!(acknowledged_ever.len() > 20, "only {} batches", acknowledged_ever.len());
}

#[test]
#[ignore = "the child of a_store_in_use_is_refused_with_its_directory_until_its_owner_ends"]
fn child_holds_the_store() {
    let _store = open(&PathBuf::from(std::env::var_os(CHILD_DIR).unwrap()));
    println!("done 1");
    std::thread::park_timeout(Duration::from_secs(60));
}

#[test]
fn a_store_in_use_is_refused_with_its_directory_until_its_owner_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = spawn("child_holds_the_store", dir.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| number_done(&line).is_some()));
    let asked = Instant::now();
    let error = Store::open(dir.path(), CACHE_MIB).unwrap_err();
    assert!(asked.elapsed() < Duration::from_millis(500));
    assert_eq!(
        error.to_string(),
        format!(
            "the store in {} is in use by another process; expected to be its only user",
            dir.path().display()
        )
    );
    child.kill().unwrap();
    child.wait().unwrap();
    open(dir.path());
}

#[test]
fn a_store_dropped_in_this_process_can_be_opened_again_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for number in 1..=10 {
        let store = open(dir.path());
        store.commit(numbered_batch(number)).unwrap();
    }
    assert_eq!(whole_batches(&open(dir.path())).len(), 10);
}

#[test]
#[ignore = "the child of on_a_full_disk_a_commit_fails_for_good_and_nothing_acknowledged_is_lost"]
fn child_commits_until_the_disk_is_full() {
    let store = open(&PathBuf::from(std::env::var_os(CHILD_DIR).unwrap()));
    let mut number = store.next_finding_id().unwrap().0;
    let error = loop {
        match store.commit(numbered_batch(number)) {
            Ok(()) => println!("done {number}"),
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert!(error.is_storage());
    for _ in 0..3 {
        let error = store.commit(numbered_batch(number)).unwrap_err();
        assert!(matches!(error, StoreError::Stopped { .. }), "{error}");
        assert!(error.to_string().contains("no space left"), "{error}");
    }
    assert!(store.stopped().is_some());
    println!("ended well");
}

/// A small file system of its own; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where we may not mount.
    fn mount(size: &str) -> Option<SmallDisk> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        run_quietly(mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()))
            .then(|| SmallDisk(dir))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(run_quietly(Command::new("mount").args(["-o", &options]).arg(self.0.path())));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run_quietly(Command::new("umount").arg("-l").arg(self.0.path()));
    }
}

fn run_quietly(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn on_a_full_disk_a_commit_fails_for_good_and_nothing_acknowledged_is_lost() {
    let Some(disk) = SmallDisk::mount("24m") else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let dir = disk.0.path().join("state");
    let mut child = spawn("child_commits_until_the_disk_is_full", &dir);
    let output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let lines: Vec<String> = output.collect();
    assert!(child.wait().unwrap().success(), "{:?}", lines.last());
    assert!(lines.iter().any(|line| line == "ended well"));
    let done: BTreeSet<u32> = lines.iter().filter_map(|line| number_done(line)).collect();
    match Store::open(&dir, CACHE_MIB) {
        Ok(store) => assert!(done.is_subset(&whole_batches(&store))),
        Err(error) => assert!(matches!(error, StoreError::NoSpace { .. }), "{error}"),
    }
    disk.grow("64m");
    let store = open(&dir);
    assert!(done.len() > 10 && done.is_subset(&whole_batches(&store)));
    store.commit(numbered_batch(*done.last().unwrap() + 1)).unwrap();
}

#[test]
fn a_disk_too_small_for_a_store_is_named_as_such() {
    let Some(disk) = SmallDisk::mount("4k") else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let error = Store::open(&disk.0.path().join("state"), CACHE_MIB).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
}
