//! Care of the data, from outside: what was backed up comes back, and nothing that is damaged passes for whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::manual::assert_promised;
use crate::service::{PATIENCE, World};
use masthead::clock::Clock;
use masthead::cycle::archive::{self, Line, Writer};
use masthead::cycle::{backup, publish};
use masthead::demo;
use masthead::ledger::Piece;
use masthead::sandbox::{Options, Sandbox, story};
use serde_json::{Value, json};

const RATE: u32 = 1200;
const HOME: &str = "social.example";

/// A world in which a first pass has found accounts; no service runs.
fn seen() -> World {
    let world = World::open(RATE);
    world.until("the first finding", PATIENCE, |world| {
        world.ask(&["collect", "--once"])["raised"].to_string().contains("F-0004").then_some(())
    });
    world
}

fn accounts(world: &World) -> usize {
    world.ask(&["accounts"])["rows"].as_array().unwrap().len()
}

fn backup(world: &World) -> PathBuf {
    let made = world.ask(&["backup"]);
    assert_eq!(made["damaged"], 0, "{made}");
    PathBuf::from(made["path"].as_str().unwrap())
}

#[test]
fn a_backup_without_what_was_said_in_public_is_none() {
    let world = seen();
    let service = world.run();
    service.expect("ready");
    fs::remove_file(world.state().join("ledger.jsonl")).unwrap();
    let done = world.command(&["backup"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("the file was removed or replaced under it"), "{done:?}");
    let left = fs::read_dir(world.state().join("backups")).map_or(0, |files| files.count());
    assert_eq!(left, 0);
    service.stop();
}

fn refused(world: &World, words: &[&str], why: &str) {
    let done = world.command(words);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains(why), "{done:?}");
}

/// Every file in a folder with its bytes; the lock and the socket say nothing.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if path.file_name().unwrap() != "lock" {
            let bytes = fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    files.sort();
    files
}

#[test]
fn a_backup_of_a_running_service_goes_on_in_another_folder_and_says_nothing_twice() {
    let mut world = seen();
    assert_eq!(world.run().stop().0, Some(0));
    world.jump_to(3 * 24 - 12);
    world.until("the newcomer", PATIENCE, |world| {
        let report = world.ask(&["collect", "--once"]);
        report["raised"].to_string().contains("xinhua_es@social.example").then_some(())
    });
    world.jump_to(3 * 24 + 1);
    let service = world.run();
    world
        .until("the digest is closed", PATIENCE, |world| (!world.records("closed").is_empty()).then_some(()));
    let file = backup(&world);
    refused(&world, &["restore", file.to_str().unwrap()], "the service runs");
    refused(&world, &["import", file.to_str().unwrap()], "stop the service");
    refused(&world, &["compact"], "stop the service");
    assert_eq!(service.stop().0, Some(0));
    let (known, said) = (accounts(&world), world.outbox(HOME).len());
    assert!(said > 0);

    world.edit("state_dir = \"./state\"", "state_dir = \"./other\"");
    let done = world.ask(&["restore", file.to_str().unwrap()]);
    assert_eq!((&done["ledger"], &done["set_aside"]), (&json!("restored"), &Value::Null), "{done}");
    assert_eq!(accounts(&world), known);
    let reconciled = world.ask(&["reconcile"]);
    assert_eq!(reconciled["safe_mode"], Value::Null, "{reconciled}");
    let service = world.run();
    world.until("it collects", PATIENCE, |world| (accounts(world) >= known).then_some(()));
    assert_eq!(world.ask(&["digest"])["number"], Value::Null);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(world.outbox(HOME).len(), said);
}

#[test]
fn a_damaged_backup_is_refused_at_its_line_and_nothing_is_touched() {
    let world = seen();
    let file = backup(&world);
    let whole = fs::read(&file).unwrap();
    let before = contents(&world.state().join("db"));
    let broken = world.dir().join("broken.gz");
    for cut in [whole.len() / 2, whole.len() - 1, 30, 0] {
        fs::write(&broken, &whole[..cut]).unwrap();
        refused(
            &world,
            &["restore", "--aside", broken.to_str().unwrap()],
            "is not whole, so nothing was changed",
        );
    }
    for at in [whole.len() / 3, whole.len() - 3] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&broken, bytes).unwrap();
        refused(
            &world,
            &["import", "--aside", broken.to_str().unwrap()],
            "is not whole, so nothing was changed",
        );
    }
    assert_eq!(contents(&world.state().join("db")), before);
    // Whoever finds the newest one damaged needs the one before.
    let later = file.with_file_name("masthead-20981231T030000Z.jsonl.gz");
    fs::write(&later, &whole[..whole.len() / 2]).unwrap();
    let told = format!("the one before it is {}", file.display());
    refused(&world, &["restore", "--aside", later.to_str().unwrap()], &told);
}

#[test]
fn what_is_there_is_set_aside_and_a_ledger_that_goes_on_is_kept() {
    let world = seen();
    let file = backup(&world);
    world.ask(&["halt", "--why", "to have something in the ledger that no backup has"]);
    refused(&world, &["restore", file.to_str().unwrap()], "holds a store and a ledger already; `--aside`");
    let done = world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(done["ledger"], "kept", "{done}");
    assert!(Path::new(done["set_aside"].as_str().unwrap()).join("db/db").is_file(), "{done}");
    assert_eq!(world.records("halted").len(), 1);
    // Nothing was said since: the store takes over what the ledger has.
    assert_eq!(world.ask(&["reconcile"])["safe_mode"], Value::Null);
}

#[test]
fn an_export_is_the_same_after_import_and_after_compact() {
    let world = seen();
    let lines = |world: &World| {
        let done = world.command(&["export"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let lines: Vec<String> = done.stdout.lines().map(str::to_owned).collect();
        assert!(lines.last().unwrap().starts_with("{\"end\":{\"trees\":{"));
        // First and last line have the time.
        lines[1..lines.len() - 1].to_vec()
    };
    let before = lines(&world);
    let out = world.dir().join("store.jsonl.gz");
    world.ask(&["export", "--out", out.to_str().unwrap()]);
    refused(&world, &["export", "--out", out.to_str().unwrap()], "is there already");
    refused(&world, &["restore", out.to_str().unwrap()], "is an export without a ledger");
    world.ask(&["compact"]);
    assert!(lines(&world) == before);
    world.ask(&["import", "--aside", out.to_str().unwrap()]);
    assert!(lines(&world) == before);
    assert!(!world.state().join("compacting").exists() && !world.state().join("restoring").exists());
}

#[test]
fn a_store_that_is_gone_is_missed_also_when_the_ledger_is_gone_with_it() {
    let world = seen();
    let file = backup(&world);
    for name in ["db", "texts"] {
        let _ = fs::remove_dir_all(world.state().join(name));
    }
    fs::remove_file(world.state().join("ledger.jsonl")).unwrap();
    let done = world.command(&["digest"]);
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stdout.contains("was here before this one"), "{done:?}");
    assert!(done.stdout.contains(file.file_name().unwrap().to_str().unwrap()), "{done:?}");
    world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(world.ask(&["reconcile"])["safe_mode"], Value::Null);
    assert!(accounts(&world) >= 4);
}

#[test]
fn a_service_makes_a_backup_a_day_and_lays_ballast_that_rescue_frees() {
    let world = World::open(6000);
    let service = world.run();
    service.expect("made a backup");
    assert_eq!(service.stop().0, Some(0));
    let ballast = world.state().join("ballast");
    // Where the disk has no plenty, none is laid.
    if ballast.exists() {
        assert_eq!(fs::metadata(&ballast).unwrap().len(), 64 << 20);
        assert_eq!(world.ask(&["rescue"])["freed"], 64 << 20);
        assert!(!ballast.exists());
    }
    let done = world.ask(&["rescue"]);
    assert_eq!(done["freed"], Value::Null);
    assert!(!done["could_go"].as_array().unwrap().is_empty(), "{done}");
}

/// sled finds these by itself. What it does not find, an emptied store, is the story above.
#[test]
fn a_store_whose_files_are_damaged_names_the_way_back_which_works() {
    let world = seen();
    let file = backup(&world);
    let (known, data) = (accounts(&world), world.state().join("db/db"));
    let whole = fs::read(&data).unwrap();
    let flipped: Vec<u8> =
        whole.iter().enumerate().map(|(at, byte)| if at % 1000 == 999 { !byte } else { *byte }).collect();
    for damaged in [&whole[..100], &whole[..20_000], &flipped] {
        fs::write(&data, damaged).unwrap();
        let done = world.command(&["accounts"]);
        // An error, never a panic, and never a store with less in it.
        assert_eq!(done.code, Some(5), "{done:?}");
        assert_promised("damaged store", &done.stderr.replace('`', ""));
        assert!(done.stderr.contains(file.file_name().unwrap().to_str().unwrap()), "{done:?}");
        world.ask(&["restore", "--aside", file.to_str().unwrap()]);
        assert_eq!(accounts(&world), known);
    }
}

#[test]
fn a_restore_that_was_cut_short_while_it_was_filled_changed_nothing_and_is_no_obstacle() {
    let world = seen();
    let known = accounts(&world);
    fs::create_dir_all(world.state().join("restoring/db")).unwrap();
    assert_eq!(accounts(&world), known);
}

#[test]
fn what_lay_in_the_workshop_while_old_and_new_changed_places_is_set_aside_and_not_deleted() {
    let world = seen();
    let (file, known) = (backup(&world), accounts(&world));
    let workshop = world.state().join("restoring");
    fs::create_dir_all(workshop.join("db")).unwrap();
    fs::write(workshop.join("db/old"), "what was there").unwrap();
    fs::write(workshop.join("changing-places"), "").unwrap();
    refused(&world, &["accounts"], "did not get to its end");
    let done = world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(accounts(&world), known);
    // All of it is where the operator is told to look.
    let aside = Path::new(done["set_aside"].as_str().unwrap());
    assert_eq!(fs::read_to_string(aside.join("db/old")).unwrap(), "what was there");
    assert!(aside.join("db-2/db").exists());
}

#[test]
fn backups_at_the_same_time_wait_for_each_other() {
    let world = seen();
    let service = world.run();
    std::thread::scope(|scope| {
        let made: Vec<_> = (0..4).map(|_| scope.spawn(|| world.command(&["backup"]))).collect();
        for done in made.into_iter().map(|made| made.join().unwrap()) {
            assert_eq!(done.code, Some(0), "{done:?}");
        }
    });
    assert_eq!(service.stop().0, Some(0));
}

/// A backup as it would be with another ledger.
fn with_ledger(world: &World, file: &Path, ledger: impl Fn(u64, Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
    let mut reader = archive::open(file).unwrap();
    let path = world.dir().join("other.jsonl");
    let mut writer = Writer::begin(fs::File::create(&path).unwrap(), reader.header()).unwrap();
    while let Some(line) = reader.next_line().unwrap() {
        let line = match line {
            Line::Ledger(Piece::Line(line)) => {
                ledger(reader.counts().ledger, line).map(|line| Line::Ledger(Piece::Line(line)))
            }
            line => Some(line),
        };
        line.iter().for_each(|line| writer.put(line).unwrap());
    }
    writer.finish().unwrap();
    path
}

#[test]
fn a_backup_with_an_empty_ledger_takes_the_place_of_no_ledger() {
    let world = seen();
    let file = with_ledger(&world, &backup(&world), |_, _| None);
    world.ask(&["halt", "--why", "to have something that must not get lost"]);
    let done = world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(done["ledger"], "kept", "{done}");
    assert_eq!(world.records("halted").len(), 1);
    fs::remove_file(world.state().join("ledger.jsonl")).unwrap();
    assert_eq!(world.ask(&["restore", "--aside", file.to_str().unwrap()])["ledger"], "none");
}

#[test]
fn a_restore_that_would_lose_records_of_the_ledger_is_refused_until_that_is_said() {
    let world = seen();
    world.ask(&["halt", "--why", "one"]);
    let file = backup(&world);
    // The backup of a service that went its own way after the first record.
    let last = world.ledger().len() as u64;
    let file = with_ledger(&world, &file, |seq, line| {
        Some(if seq == last {
            String::from_utf8(line).unwrap().replace("one", "two").into_bytes()
        } else {
            line
        })
    });
    let file = file.to_str().unwrap();
    let before = contents(&world.state());
    refused(
        &world,
        &["restore", "--aside", file],
        &format!("has 1 records that the one of {file} lacks, from record {last} on"),
    );
    assert_eq!(contents(&world.state()), before);
    refused_as_typed(&world, &["restore", "--replace-ledger", file]);
    // The store alone does not touch it.
    assert_eq!(world.ask(&["import", "--aside", file])["ledger"], "kept");
    let done = world.ask(&["restore", "--aside", "--replace-ledger", file]);
    assert_eq!(done["ledger"], "restored", "{done}");
    let aside =
        fs::read_to_string(Path::new(done["set_aside"].as_str().unwrap()).join("ledger.jsonl")).unwrap();
    assert!(aside.contains("one") && !aside.contains("two"), "{aside}");
}

fn refused_as_typed(world: &World, words: &[&str]) {
    let done = world.command(words);
    assert_eq!(done.code, Some(2), "{done:?}");
}

/// The backups that lie there.
fn shelf(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.state().join("backups")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn after_a_store_was_lost_its_backups_stay_and_are_recommended_and_none_is_made_by_itself() {
    let world = seen();
    let file = backup(&world);
    let folder = file.parent().unwrap();
    for day in 1..=30 {
        fs::copy(&file, folder.join(format!("masthead-202501{day:02}T030000Z.jsonl.gz"))).unwrap();
    }
    fs::remove_dir_all(world.state().join("db")).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let recommended = format!("masthead restore --aside {}", file.display());
    refused(&world, &["backup", "--daily"], "was here before this one");
    refused(&world, &["backup", "--daily"], &recommended);
    // A person may want one of what is there now; it is no better than what was lost, and takes nothing's place.
    let empty = backup(&world);
    assert_eq!(shelf(&world).len(), 32);
    let digest = world.command(&["digest"]);
    assert!(digest.stdout.contains(&recommended), "{digest:?}");
    let doctor = world.command(&["doctor", "--offline"]);
    assert!(doctor.stdout.contains("none is made by itself: store"), "{doctor:?}");
    assert!(doctor.stdout.contains(name), "{doctor:?}");

    world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    world.ask(&["backup", "--daily"]);
    let left = shelf(&world);
    assert!(left.len() < 20, "{left:?}");
    assert!(left.contains(&empty.file_name().unwrap().to_str().unwrap().to_owned()), "{left:?}");
}

#[test]
fn a_store_that_is_kept_after_another_was_lost_gets_its_backups_and_the_others_stay() {
    let world = seen();
    backup(&world);
    fs::remove_dir_all(world.state().join("db")).unwrap();
    refused(&world, &["backup", "--daily"], "masthead reconcile --as NAME");
    world.ask(&["reconcile", "--as", "ana"]);
    world.ask(&["backup", "--daily"]);
    assert_eq!(shelf(&world).len(), 2);
}

#[test]
fn a_new_state_beside_backups_of_another_store_waits_for_a_person_too() {
    let mut world = seen();
    let folder = world.dir().join("elsewhere");
    fs::create_dir(&folder).unwrap();
    world.append(&format!("\n[backup]\ndir = \"{}\"\n", folder.display()));
    let file = backup(&world);
    fs::remove_dir_all(world.state()).unwrap();
    let recommended = format!("masthead restore --aside {}", file.display());
    refused(&world, &["backup", "--daily"], "this store has no backup in");
    refused(&world, &["backup", "--daily"], &recommended);
    backup(&world);
    world.ask(&["backup", "--daily"]);
    assert!(file.exists());
}

#[test]
fn a_backup_with_a_date_to_come_stops_no_other() {
    let world = World::open(6000);
    world.ask(&["collect", "--once"]);
    let file = backup(&world);
    let to_come = file.with_file_name("masthead-20991231T030000Z.jsonl.gz");
    fs::rename(&file, &to_come).unwrap();
    let service = world.run();
    service.expect("made a backup");
    let doctor = world.command(&["doctor", "--offline"]);
    assert!(!doctor.stdout.contains("2099"), "{doctor:?}");
    assert_eq!(service.stop().0, Some(0));
    assert!(to_come.exists());
}

#[test]
fn a_restore_on_a_new_machine_needs_no_token() {
    let mut world = seen();
    let file = backup(&world);
    for entry in fs::read_dir(world.dir()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|end| end == "token") {
            fs::remove_file(entry).unwrap();
        }
    }
    refused(&world, &["accounts"], "the configuration has errors");
    world.edit("state_dir = \"./state\"", "state_dir = \"./other\"");
    assert_eq!(world.ask(&["restore", file.to_str().unwrap()])["ledger"], "restored");
    world.ask(&["compact"]);
}

#[test]
fn killed_where_names_cannot_be_exchanged_the_old_store_is_back_and_leftovers_go() {
    let world = seen();
    let (file, known) = (backup(&world), accounts(&world));
    let (state, db) = (world.state(), world.state().join("db"));
    fs::rename(&db, state.join("db.replaced")).unwrap();
    fs::create_dir_all(state.join("compacting/db")).unwrap();
    fs::create_dir_all(state.join("restoring/db")).unwrap();
    assert_eq!(accounts(&world), known);
    for name in ["db.replaced", "compacting", "restoring"] {
        assert!(!state.join(name).exists(), "{name}");
    }
    // In a restore the next one takes care of both.
    fs::rename(&db, state.join("db.replaced")).unwrap();
    fs::create_dir_all(state.join("restoring/db")).unwrap();
    fs::write(state.join("restoring/changing-places"), "").unwrap();
    refused(&world, &["accounts"], "did not get to its end");
    world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(accounts(&world), known);
    assert!(state.join("aside-1/db-2/db").exists());
}

/// A disk on the network may hang: here nobody ever writes into the backup that is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_folder_that_does_not_answer_holds_up_no_halt() {
    let folder = tempfile::tempdir().unwrap();
    let world = Sandbox::start(Options::new(folder.path())).await.unwrap();
    let clock = Clock::jumping(story::ORIGIN);
    let room = demo::open(&world.config(), clock).await.unwrap();
    fs::create_dir_all(&room.config.backup_dir).unwrap();
    let pipe = room.config.backup_dir.join("masthead-20260101T030000Z.jsonl.gz");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let looked = tokio::spawn({
        let room = room.clone();
        async move { backup::doubt(&room, clock.now()).await }
    });
    Clock::Real.sleep(chrono::Duration::milliseconds(300)).await;
    assert!(!looked.is_finished());
    let halted = publish::halt(&room, "somebody objects", clock.now());
    let halted = tokio::time::timeout(Duration::from_secs(5), halted).await;
    // Lets the reader go, however that went: opened for both, a pipe waits for nobody, and whoever looks again after its
    // end finds no file.
    let door = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    fs::remove_file(&pipe).unwrap();
    drop(door);
    halted.expect("it is heard").unwrap();
}
