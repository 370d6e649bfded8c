//! Confused: a store or a ledger is lost, or comes back from a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::manual::assert_promised;
use crate::record::{names, standing};
use crate::scene::{self, HOME, NEWCOMER, RETURNED};
use crate::service::{PATIENCE, World};

const RATE: u32 = 1200;

/// One digest stands; the state directory is as the service left it.
fn said_once() -> World {
    let world = scene::newcomer_found(World::open(RATE));
    say(&world, 1);
    world
}

/// Nothing is posted in safe mode while everything else goes on, and people are told what to do.
fn assert_safe_mode(world: &World, why: &str) {
    let before = world.outbox(HOME).len();
    let service = world.run();
    let told = service.expect("safe mode: nothing is posted; see `masthead reconcile`");
    assert!(told.contains(why), "{told}");
    let refused = world.command(&["digest"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stdout.contains("safe mode") && refused.stdout.contains(why), "{refused:?}");
    world.until("collection goes on", PATIENCE, |world| {
        let accounts = world.ask(&["accounts"]);
        (accounts["rows"].as_array()?.len() >= 6).then_some(())
    });
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(world.command(&["digest"]).code, Some(4));
    assert_eq!(world.outbox(HOME).len(), before);
}

fn reconcile(world: &World) -> Value {
    let looked = world.ask(&["reconcile"]);
    assert_eq!((&looked["is_reconciled"], &looked["not_asked"]), (&json!(false), &Value::Null), "{looked}");
    let taken = world.ask(&["reconcile", "--as", "ana"]);
    assert_eq!(taken["is_reconciled"], json!(true), "{taken}");
    taken
}

/// Lets the second digest be said by a service, and shows that it is the only thing that was added.
fn assert_goes_on(world: &mut World, closed: usize) {
    // A new store counts its schedule from the first time a service sees it.
    assert_eq!(world.run().stop().0, Some(0));
    scene::return_found(world);
    say(world, closed);
    let digests = standing(world, HOME);
    assert_eq!(names(&digests, NEWCOMER), [1]);
    assert_eq!(names(&digests, RETURNED), [2]);
    assert_eq!(world.ask(&["verify"])["altered"], json!([]));
}

/// A copy of the state directory or of something in it, made while no service runs.
struct Copy {
    name: &'static str,
    aside: PathBuf,
}

impl Copy {
    fn of(world: &World, name: &'static str) -> Copy {
        let aside = world.dir().join("aside");
        copy(&world.dir().join(name), &aside);
        Copy { name, aside }
    }

    fn restore(&self, world: &World) {
        let place = world.dir().join(self.name);
        fs::remove_dir_all(&place).unwrap();
        copy(&self.aside, &place);
    }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Lets a service say what is due.
fn say(world: &World, digests: usize) {
    let service = world.run();
    scene::closed(world, digests);
    assert_eq!(service.stop().0, Some(0));
}

/// Something that happens to the next request to post.
fn post_fault(world: &World, effect: &Value) {
    scene::post_fault(world, HOME, effect);
}

#[test]
fn a_lost_store_means_safe_mode_until_a_person_has_compared_and_nothing_is_said_twice() {
    let mut world = said_once();
    fs::remove_dir_all(world.state().join("db")).unwrap();
    assert_safe_mode(&world, "the ledger belongs to store");
    let report = reconcile(&world);
    let posts = report["posts"].as_array().unwrap();
    assert_eq!(posts.len(), 2, "{report}");
    assert!(posts.iter().all(|post| post["stands"] == true), "{report}");
    assert_eq!(report["unknown"], json!([]));
    assert_goes_on(&mut world, 2);
}

#[test]
fn a_lost_ledger_means_safe_mode_and_numbers_go_on() {
    let mut world = said_once();
    fs::remove_file(world.state().join("ledger.jsonl")).unwrap();
    assert_safe_mode(&world, "the ledger was lost");
    let report = reconcile(&world);
    assert_eq!(report["unknown"].as_array().unwrap().len(), 2, "{report}");
    assert_goes_on(&mut world, 1);
}

#[test]
fn an_older_copy_of_the_store_says_nothing_that_the_ledger_has_as_said() {
    let mut world = scene::newcomer_found(World::open(RATE));
    let older = Copy::of(&world, "state/db");
    say(&world, 1);
    scene::return_found(&mut world);
    say(&world, 2);
    older.restore(&world);

    let refused = world.command(&["digest"]);
    assert!(refused.code == Some(4) && refused.stdout.contains("older copy"), "{refused:?}");
    reconcile(&world);
    // What the older store has not seen yet is seen once more, after the person has looked.
    world.ask(&["collect", "--once"]);
    assert_eq!(world.ask(&["digest"])["number"], Value::Null);
    let digests = standing(&world, HOME);
    assert_eq!((names(&digests, NEWCOMER), names(&digests, RETURNED)), (vec![1], vec![2]));
}

#[test]
fn a_post_of_unknown_outcome_counts_as_said_when_the_store_comes_back_from_a_copy() {
    let world = scene::newcomer_found(World::open(RATE));
    let older = Copy::of(&world, "state/db");
    post_fault(&world, &json!({"effect": "delay", "ms": 1}));
    post_fault(&world, &json!({"effect": "drop-after"}));
    let service = world.run();
    service.expect("part=1 outcome=unknown");
    service.kill();
    older.restore(&world);

    reconcile(&world);
    world.ask(&["collect", "--once"]);
    assert_eq!(world.ask(&["digest"])["number"], Value::Null);
    assert_eq!(names(&standing(&world, HOME), NEWCOMER), [1]);
}

/// The root of the first digest stands, and its server does not take the next post.
fn half_said() -> World {
    let world = scene::newcomer_found(World::open(RATE));
    post_fault(&world, &json!({"effect": "delay", "ms": 1}));
    post_fault(&world, &json!({"effect": "ratelimit", "count": 9}));
    let service = world.run();
    service.expect("part=1 outcome=rate limited");
    scene::recorded(&world, "deferred");
    assert_eq!(service.stop().0, Some(0));
    world
}

fn assert_under_way_ends(world: &World) {
    assert_eq!(reconcile(world)["cut_short"], json!([1]));
    let done = world.ask(&["digest"]);
    assert_eq!(done["number"], Value::Null, "{done}");
    assert_eq!(standing(world, HOME)[&1].len(), 1);
}

#[test]
fn a_digest_under_way_ends_when_its_ledger_is_lost() {
    let world = half_said();
    fs::remove_file(world.state().join("ledger.jsonl")).unwrap();
    assert_under_way_ends(&world);
}

#[test]
fn a_digest_under_way_ends_when_its_ledger_is_broken() {
    let world = half_said();
    let path = world.state().join("ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"attempt\":1", "\"attempt\":2", 1)).unwrap();
    assert_under_way_ends(&world);
    assert_eq!(world.ask(&["verify"])["posted"], 0);
}

#[test]
fn a_whole_state_directory_from_a_copy_says_nothing_twice_and_its_numbers_go_on() {
    let mut world = scene::newcomer_found(World::open(RATE));
    let older = Copy::of(&world, "state");
    say(&world, 1);
    older.restore(&world);
    assert_safe_mode(&world, "digest 1, which");
    let report = reconcile(&world);
    assert_eq!(report["adopted"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(world.ask(&["digest"])["number"], Value::Null);
    assert_goes_on(&mut world, 2);
}

#[test]
fn a_lost_state_directory_is_no_first_start_as_long_as_our_posts_stand() {
    let mut world = said_once();
    fs::remove_dir_all(world.state()).unwrap();
    assert_safe_mode(&world, "digest 1, which");
    assert_promised("lost state_dir", &world.command(&["digest"]).stdout);
    assert_eq!(reconcile(&world)["adopted"].as_array().unwrap().len(), 2);
    assert_goes_on(&mut world, 2);
}
