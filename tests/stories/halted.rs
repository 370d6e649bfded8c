//! Stopped by people: the kill switch holds what is due and what is under way.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER};
use crate::service::{Process, World, pause};

const RATE: u32 = 1200;

/// Long enough for several looks at what is due.
const A_WHILE: Duration = Duration::from_secs(2);

fn finish(world: &World, service: Process) {
    scene::closed(world, 1);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(names(&standing(world, HOME), NEWCOMER), [1]);
    assert_ledger_is_sound(world);
}

#[test]
fn a_halt_holds_the_digest_that_is_due_until_somebody_resumes() {
    let world = scene::newcomer_found(World::open(RATE));
    let done = world.command(&["halt", "--why", "a doubt about the newcomer"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let service = world.run();
    pause(A_WHILE);
    let digest = world.command(&["digest"]);
    assert!(digest.stdout.contains("halted: a doubt about the newcomer"), "{digest:?}");
    assert_eq!(digest.code, Some(1), "whoever asked for a digest has none");
    assert!(world.outbox(HOME).is_empty());
    assert_eq!(world.command(&["resume", "--as", "ana"]).code, Some(0));
    finish(&world, service);
}

#[test]
fn a_halt_in_the_middle_of_a_thread_stops_the_next_post() {
    let world = scene::newcomer_found(World::open(RATE));
    scene::post_fault(&world, HOME, &json!({"effect": "delay", "ms": 3000}));
    let service = world.run();
    scene::recorded(&world, "intent");
    let done = world.command(&["halt", "--why", "stop"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    pause(A_WHILE);
    assert_eq!(world.outbox(HOME).len(), 1);
    assert_eq!(world.command(&["resume", "--as", "ana"]).code, Some(0));
    finish(&world, service);
}

#[test]
fn a_file_stops_all_posting_also_where_no_command_works() {
    let world = scene::newcomer_found(World::open(RATE));
    let file = world.state().join("HALT");
    fs::write(&file, "").unwrap();
    let service = world.run();
    service.expect("froze a digest");
    pause(A_WHILE);
    assert_eq!((world.records("intent").len(), world.outbox(HOME).len()), (0, 0));
    fs::remove_file(&file).unwrap();
    finish(&world, service);
}

#[test]
fn a_halt_says_why_and_is_lifted_by_a_reviewer_with_their_key() {
    let mut world = World::open(RATE);
    for why in ["", "  "] {
        let done = world.command(&["halt", "--why", why]);
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(done.stderr.contains("--why \"objection to digest 12\""), "{done:?}");
    }
    assert_eq!(world.command(&["halt", "--why", "a doubt"]).code, Some(0));
    let anybody = world.command(&["resume", "--as", "zoe"]);
    assert_eq!(anybody.code, Some(0), "where there are no reviewers nobody could lift it otherwise");
    assert!(anybody.stdout.contains("`masthead reviewer add zoe`"), "{anybody:?}");

    world.edit("official = 0", "official = 0\nreviewers = [\"ana\"]");
    assert_eq!(world.command(&["halt", "--why", "a doubt"]).code, Some(0));
    for (name, says) in [("zoe", "`zoe` is no reviewer"), ("ana", "`masthead reviewer add ana` makes one")] {
        let refused = world.command(&["resume", "--as", name]);
        assert!(refused.code == Some(1) && refused.stderr.contains(says), "{refused:?}");
    }
    assert_eq!(world.command(&["reviewer", "add", "ana"]).code, Some(0));
    assert_eq!(world.command(&["resume"]).code, Some(0), "the only one need not be named");
    let by: Vec<_> = world.records("resumed").iter().map(|entry| entry["by"].clone()).collect();
    assert_eq!(by, ["zoe", "ana"]);
}
