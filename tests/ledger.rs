//! The ledger as its callers see it: what it acknowledged stays, and whatever was changed is noticed.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use masthead::ledger::{
    FILE_NAME, GENESIS, Ledger, LedgerError, Standing, Text, Torn, Verified, standing, verify,
};
use masthead::model::digest::{DigestNumber, Part, Visibility};
use masthead::model::record::{Entry, LedgerMark, PartSeal, Record};

fn now() -> DateTime<Utc> {
    "2026-11-02T10:00:00.5Z".parse().unwrap()
}

fn opened(store: &str) -> Record {
    Record::Opened { store: store.into() }
}

fn approved(digest: u32, texts: &[Text]) -> Record {
    let seal = |text: &Text| PartSeal { part: text.part.index, seal: text.seal() };
    let parts = texts.iter().map(seal).collect();
    Record::Approved { digest: DigestNumber(digest), rev: 1, parts, by: vec!["policy official".into()] }
}

fn posted(digest: u32, part: u32) -> Record {
    let uri = format!("https://social.example/s/{digest}-{part}");
    Record::Posted { digest: DigestNumber(digest), rev: 1, part, id: part.to_string(), uri, url: None }
}

fn closed(digest: u32) -> Record {
    Record::Closed { digest: DigestNumber(digest), rev: 1, complete: true }
}

fn halted() -> Record {
    Record::Halted { why: "a person said so".into() }
}

fn text(index: u32, words: &str) -> Text {
    let part = Part {
        index,
        text: words.into(),
        permalink: format!("https://masthead.example/d/1/{index}"),
        language: "en".into(),
        visibility: Visibility::Unlisted,
        spoiler: String::new(),
        findings: vec![],
    };
    Text { salt: format!("salt {index}"), part }
}

/// A ledger with these records, closed again.
fn written(dir: &Path, records: Vec<Record>) -> Vec<Entry> {
    let mut ledger = Ledger::open(dir).unwrap().ledger;
    records.into_iter().map(|record| ledger.append(now(), record).unwrap()).collect()
}

fn file(dir: &Path) -> PathBuf {
    dir.join(FILE_NAME)
}

#[test]
fn what_was_appended_is_there_after_opening_again_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = Ledger::open(dir.path()).unwrap();
    assert_eq!((fresh.entries.len(), fresh.torn), (0, None));
    assert_eq!((fresh.ledger.seq(), fresh.ledger.head()), (0, GENESIS));
    drop(fresh.ledger);
    let mut entries = written(dir.path(), vec![opened("abc"), approved(1, &[text(0, "熊猫 \"\n")])]);
    entries.extend(written(dir.path(), vec![posted(1, 0)]));
    let again = Ledger::open(dir.path()).unwrap();
    assert_eq!(again.entries, entries);
    assert_eq!((again.ledger.seq(), again.ledger.head()), (3, entries[2].hash.as_str()));
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
}

/// The recipe in the module's documentation, in the language that most people have at hand.
#[test]
fn ten_lines_of_python_verify_a_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let entries = written(dir.path(), vec![opened("abc"), Record::Halted { why: ",\"hash\":\"".into() }]);
    let source = include_str!("../src/ledger/mod.rs");
    let recipe = source.split("//! ```python\n").nth(1).unwrap().split("//! ```").next().unwrap();
    let script: Vec<&str> = recipe.lines().map(|line| line.trim_start_matches("//! ")).collect();
    let python = |path: &Path| {
        Command::new("python3").args(["-c", &script.join("\n")]).arg(path).stderr(Stdio::null()).output()
    };
    let Ok(output) = python(&file(dir.path())) else {
        eprintln!("skipped: no python3 here");
        return;
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.trim(), format!("2 records, head {}", entries[1].hash));
    let changed = std::fs::read_to_string(file(dir.path())).unwrap().replace("abc", "abd");
    std::fs::write(file(dir.path()), changed).unwrap();
    assert!(!python(&file(dir.path())).unwrap().status.success());
}

#[test]
fn a_torn_last_line_is_moved_aside_and_the_ledger_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let whole = written(dir.path(), vec![opened("abc"), halted()]);
    for (number, tail) in [&br#"{"seq":3,"at":"2026"#[..], &[0; 700], b"no json\n"].into_iter().enumerate() {
        let mut ledger = std::fs::OpenOptions::new().append(true).open(file(dir.path())).unwrap();
        ledger.write_all(tail).unwrap();
        assert_eq!(verify(dir.path()).unwrap().torn_bytes, tail.len());
        let opened = Ledger::open(dir.path()).unwrap();
        let moved_to = dir.path().join(format!("ledger.torn-{}", number + 1));
        assert_eq!(std::fs::read(&moved_to).unwrap(), tail);
        assert_eq!(opened.torn, Some(Torn { moved_to, bytes: tail.len() }));
        assert_eq!(opened.entries, whole);
    }
    assert_eq!(written(dir.path(), vec![posted(1, 0)])[0].seq, 3);
    assert_eq!(Ledger::open(dir.path()).unwrap().torn, None);
}

#[test]
fn a_changed_missing_or_added_record_is_found_at_its_line_and_nothing_is_touched() {
    type Edit = fn(&mut Vec<String>);
    let cases: [(Edit, u64, &str); 6] = [
        (|lines| lines[1] = lines[1].replace("1-0", "1-9"), 2, "it was changed"),
        (|lines| drop(lines.remove(1)), 2, "one before it is missing"),
        (|lines| lines.swap(1, 2), 2, "it was changed"),
        (|lines| lines.insert(1, "{}".into()), 2, "does not end with its hash"),
        (|lines| lines[0] = "not json".into(), 1, "does not end with its hash"),
        (|lines| lines[3] = lines[3].replace("person", "Person"), 4, "it was changed"),
    ];
    for (edit, at, says) in cases {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path(), vec![opened("abc"), posted(1, 0), closed(1), halted()]);
        let text = std::fs::read_to_string(file(dir.path())).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        edit(&mut lines);
        let changed = lines.join("\n") + "\n";
        std::fs::write(file(dir.path()), &changed).unwrap();
        let error = Ledger::open(dir.path()).unwrap_err();
        let LedgerError::Broken { line, why, expected, found, .. } = &error else { panic!("{error}") };
        assert!(*line == at && why.contains(says), "{error}");
        assert!(!error.is_storage() && error.to_string().contains(expected), "{error}");
        assert!(found == "none" || found.len() == 64, "{found}");
        assert_eq!(std::fs::read_to_string(file(dir.path())).unwrap(), changed);
        assert!(matches!(verify(dir.path()), Err(LedgerError::Broken { .. })));
    }
}

#[test]
fn a_cut_ledger_is_a_valid_one_that_only_the_stores_mark_gives_away() {
    let dir = tempfile::tempdir().unwrap();
    let entries = written(dir.path(), vec![opened("abc"), posted(1, 0), closed(1)]);
    let text = std::fs::read_to_string(file(dir.path())).unwrap();
    let shorter: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(file(dir.path()), shorter).unwrap();
    let left = Ledger::open(dir.path()).unwrap().entries;
    assert_eq!(left, entries[..2]);
    assert_foreign(&standing(&left, Some("abc"), Some(&mark(&entries[2]))), "only 2");
}

#[test]
fn the_ledger_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let first = Ledger::open(dir.path()).unwrap();
    let error = Ledger::open(dir.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Locked { .. }), "{error}");
    assert!(verify(dir.path()).is_ok());
    drop(first);
    Ledger::open(dir.path()).unwrap();
}

#[test]
fn texts_are_checked_against_their_seals_and_an_erased_one_leaves_the_chain_valid() {
    let dir = tempfile::tempdir().unwrap();
    let texts = [text(0, "root"), text(1, "one"), text(2, "two")];
    let mut ledger = Ledger::open(dir.path()).unwrap().ledger;
    for text in &texts {
        ledger.put_text(DigestNumber(1), 1, text).unwrap();
    }
    for record in [opened("abc"), approved(1, &texts), posted(1, 0)] {
        ledger.append(now(), record).unwrap();
    }
    let sound = Verified {
        records: 3,
        head: ledger.head().to_owned(),
        posted: 1,
        texts: 3,
        erased: 0,
        altered: vec![],
        torn_bytes: 0,
    };
    assert_eq!(verify(dir.path()).unwrap(), sound);
    assert_eq!(ledger.text(DigestNumber(1), 1, 2).unwrap().as_ref(), Some(&texts[2]));

    assert!(ledger.erase_text(DigestNumber(1), 1, 1).unwrap());
    assert!(!ledger.erase_text(DigestNumber(1), 1, 1).unwrap());
    assert_eq!(ledger.text(DigestNumber(1), 1, 1).unwrap(), None);
    let erased = Verified { texts: 2, erased: 1, ..sound };
    assert_eq!(verify(dir.path()).unwrap(), erased);
    assert!(erased.is_sound());

    let path = dir.path().join("texts/1-1-2.json");
    let other = std::fs::read_to_string(&path).unwrap().replace("two", "tow");
    std::fs::write(&path, other).unwrap();
    let altered = Verified { texts: 1, altered: vec![path.clone()], ..erased };
    assert_eq!(verify(dir.path()).unwrap(), altered);
    assert!(!altered.is_sound());
    std::fs::write(&path, "{").unwrap();
    assert_eq!(verify(dir.path()).unwrap(), altered);
    assert!(matches!(ledger.text(DigestNumber(1), 1, 2), Err(LedgerError::Text { .. })));
}

fn mark(entry: &Entry) -> LedgerMark {
    LedgerMark { seq: entry.seq, hash: entry.hash.clone() }
}

fn assert_foreign(standing: &Standing, says: &str) {
    match standing {
        Standing::Foreign { why } => assert!(why.contains(says), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// Opened by store `abc`; digest 1 posted and closed; digest 2 under way with a halt in between.
fn two_digests(dir: &Path) -> Vec<Entry> {
    let records = [opened("abc"), approved(1, &[]), posted(1, 0), closed(1), approved(2, &[]), halted()];
    written(dir, records.into_iter().chain([posted(2, 0)]).collect())
}

#[test]
fn nothing_on_both_sides_is_a_first_start() {
    assert_eq!(standing(&[], None, None), Standing::FirstStart);
    assert_eq!(standing(&[], Some("abc"), None), Standing::FirstStart);
}

#[test]
fn a_store_killed_right_after_the_ledger_was_opened_takes_its_first_record_over() {
    let dir = tempfile::tempdir().unwrap();
    let entries = written(dir.path(), vec![opened("abc")]);
    assert_eq!(standing(&entries, Some("abc"), None), Standing::StoreBehind(entries.clone()));
    assert_eq!(standing(&entries, Some("abc"), Some(&mark(&entries[0]))), Standing::InStep);
}

#[test]
fn a_store_behind_by_records_of_the_digest_under_way_is_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let entries = two_digests(dir.path());
    for behind in 1..=3 {
        let at = entries.len() - behind;
        let tail = entries[at..].to_vec();
        assert_eq!(
            standing(&entries, Some("abc"), Some(&mark(&entries[at - 1]))),
            Standing::StoreBehind(tail)
        );
    }
    assert_eq!(standing(&entries, Some("abc"), entries.last().map(mark).as_ref()), Standing::InStep);
}

#[test]
fn a_lost_swapped_or_restored_store_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let entries = two_digests(dir.path());
    let newest = mark(&entries[6]);
    assert_foreign(&standing(&entries, None, None), "it was lost");
    assert_foreign(&standing(&entries, Some("new"), None), "this is store new");
    assert_foreign(&standing(&entries, Some("new"), Some(&newest)), "this is store new");
    assert_foreign(&standing(&entries, Some("abc"), None), "about digests 1, 2");
    assert_foreign(&standing(&entries, Some("abc"), Some(&mark(&entries[2]))), "it is an older copy");
    // Records of an old digest, after the newest one began, are no ordinary kill either.
    let dir = tempfile::tempdir().unwrap();
    let late = written(dir.path(), vec![opened("abc"), approved(2, &[]), closed(1)]);
    assert_foreign(&standing(&late, Some("abc"), Some(&mark(&late[1]))), "about digests 1");
}

#[test]
fn a_lost_swapped_or_restored_ledger_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let entries = two_digests(dir.path());
    let newest = mark(&entries[6]);
    assert_foreign(&standing(&[], Some("abc"), Some(&newest)), "the ledger was lost");
    assert_foreign(&standing(&entries[..5], Some("abc"), Some(&newest)), "has only 5");
    let other = LedgerMark { hash: GENESIS.into(), ..mark(&entries[3]) };
    assert_foreign(&standing(&entries, Some("abc"), Some(&other)), "record 4 of the ledger is not the one");
    let dir = tempfile::tempdir().unwrap();
    let headless = written(dir.path(), vec![halted()]);
    assert_foreign(&standing(&headless, Some("abc"), None), "none says which store");
}

#[test]
fn a_new_store_is_good_once_a_person_has_reconciled_it() {
    let dir = tempfile::tempdir().unwrap();
    two_digests(dir.path());
    let reconciled = Record::Reconciled { store: "new".into(), by: "ana".into() };
    written(dir.path(), vec![reconciled]);
    let entries = Ledger::open(dir.path()).unwrap().entries;
    assert_eq!(standing(&entries, Some("new"), entries.last().map(mark).as_ref()), Standing::InStep);
    assert_foreign(&standing(&entries, Some("abc"), Some(&mark(&entries[6]))), "this is store abc");
    // Killed before the store took that over: the person is asked again.
    assert_foreign(&standing(&entries, Some("new"), None), "about digests 1, 2");
}

/// Tells a test that it is a child process, and where to work.
const CHILD_DIR: &str = "MASTHEAD_TEST_CHILD_DIR";

#[test]
#[ignore = "the child of killed_at_any_time_the_ledger_keeps_every_acknowledged_record"]
fn child_appends_until_it_is_killed() {
    let mut ledger = Ledger::open(&PathBuf::from(std::env::var_os(CHILD_DIR).unwrap())).unwrap().ledger;
    loop {
        let entry = ledger.append(now(), Record::Halted { why: "x".repeat(3_000) }).unwrap();
        println!("done {}", entry.seq);
    }
}

#[test]
fn killed_at_any_time_the_ledger_keeps_every_acknowledged_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..20u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_appends_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::park_timeout(Duration::from_millis(5 + round * round * 7 % 100));
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        acknowledged.extend(lines.filter_map(|line| line.rsplit_once("done ")?.1.parse::<u64>().ok()));
        let there = Ledger::open(dir.path()).unwrap().ledger.seq();
        assert!(acknowledged.last().is_none_or(|last| *last <= there), "round {round}: {there}");
    }
    assert!(acknowledged.len() > 20, "only {}", acknowledged.len());
}

#[test]
fn on_a_full_disk_an_append_fails_for_good_and_nothing_acknowledged_is_lost() {
    let disk = tempfile::tempdir().unwrap();
    let run = |command: &str, args: &[&str]| {
        let mut command = Command::new(command);
        command
            .args(args)
            .arg(disk.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !run("mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs"]) {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        let mut ledger = Ledger::open(disk.path()).unwrap().ledger;
        let long = || Record::Halted { why: "x".repeat(3_000) };
        let error = loop {
            if let Err(error) = ledger.append(now(), long()) {
                break error;
            }
        };
        assert!(matches!(error, LedgerError::NoSpace { .. }) && error.is_storage(), "{error}");
        assert!(matches!(ledger.append(now(), opened("a")), Err(LedgerError::Stopped { .. })));
        let (seq, head) = (ledger.seq(), ledger.head().to_owned());
        drop(ledger);
        let verified = verify(disk.path()).unwrap();
        assert_eq!((verified.records, verified.head), (seq, head));
        assert!(seq > 5);
    });
    run("umount", &["-l"]);
    result.unwrap();
}
