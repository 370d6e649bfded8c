//! Care of the data, from outside: what was backed up comes back, and nothing that is damaged passes for whole.

use std::fs;
use std::path::{Path, PathBuf};

use crate::manual::assert_promised;
use crate::service::{PATIENCE, World};
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
    world.ask(&["restore", "--aside", file.to_str().unwrap()]);
    assert_eq!(accounts(&world), known);
    assert_eq!(fs::read_to_string(world.state().join("aside-1/db/old")).unwrap(), "what was there");
    assert!(world.state().join("aside-2/db").exists());
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
