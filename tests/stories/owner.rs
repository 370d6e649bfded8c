//! One owner of the store: a second service, commands beside the first, stops and what lies around after them.

use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::manual::assert_promised;
use crate::scene::HOME;
use crate::service::{PATIENCE, World, pause};

/// So slow that two commands see the same hour.
const RATE: u32 = 60;

/// What of an answer does not depend on the second at which it was given.
fn table(world: &World) -> (Vec<(String, String)>, String) {
    let accounts = world.ask(&["accounts"]);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = accounts["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| (text(row, "account"), text(row, "relation"))).collect();
    let told = world.command(&["explain", "xinhua@one.example"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    (rows, told.stdout)
}

#[test]
fn a_second_service_names_the_owner_ends_in_seconds_and_harms_nothing() {
    let world = World::open(RATE);
    let first = world.run();
    let (code, log) = world.begin(&["run"]).end(Duration::from_secs(10));
    assert_eq!(code, Some(1), "{log}");
    assert_promised("two processes", &log);
    assert!(log.contains(world.dir().to_str().unwrap()), "{log}");
    assert_eq!(log.lines().count(), 1, "what is wrong is all that is said: {log}");
    assert!(world.command(&["targets"]).stdout.contains("xinhua.example"));
    assert_eq!(first.stop().0, Some(0));
}

#[test]
fn commands_print_the_same_through_the_service_and_without_it() {
    let world = World::open(RATE);
    world.ask(&["collect", "--once"]);
    let service = world.run();
    let through = table(&world);
    assert_eq!(through.0.len(), 10, "{through:?}");
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(table(&world), through);

    let unknown = world.command(&["explain", "nobody@one.example"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
    assert!(unknown.stderr.contains("nobody@one.example was never seen"), "{unknown:?}");
}

#[test]
fn a_socket_that_a_dead_service_left_is_no_obstacle() {
    let world = World::open(RATE);
    let socket = world.state().join("masthead.sock");
    let service = world.run();
    assert!(socket.exists());
    service.kill();
    assert!(socket.exists());
    assert_eq!(world.command(&["targets"]).code, Some(0));
    let service = world.run();
    assert_eq!(world.command(&["targets"]).code, Some(0));
    service.kill();
    // Not even one at which somebody else has listened.
    std::fs::remove_file(&socket).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(world.run().stop().0, Some(0));
}

#[test]
fn a_stop_signal_ends_the_service_in_seconds_and_the_next_one_goes_on() {
    let world = World::open(3600);
    let service = world.run();
    service.expect("F-0004");
    let begun = std::time::Instant::now();
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{log}");
    assert!(!world.state().join("masthead.sock").exists());
    assert!(!log.contains('\u{1b}'), "a log that is no terminal has colours: {log}");

    let known = table(&world).0;
    let service = world.run();
    service.expect("posting is ready");
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(table(&world).0[..known.len()], known);
    assert!(world.outbox(HOME).is_empty());
}

#[test]
fn a_command_whose_service_dies_says_so() {
    let world = World::open(RATE);
    world.fault(&json!({"server": HOME, "path": "/api/v1/instance", "effect": "delay", "ms": 9000}));
    let service = world.run();
    let asked = world.begin(&["digest"]);
    pause(Duration::from_secs(3));
    service.kill();
    let (code, log) = asked.end(PATIENCE);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("the service ended"), "{log}");
}

/// Files of the state directory that are not the user's whose it is.
fn foreign(world: &World, user: u32) -> Vec<std::path::PathBuf> {
    use std::os::unix::fs::MetadataExt as _;
    let entries = std::fs::read_dir(world.state()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.symlink_metadata().unwrap().uid() != user).collect()
}

#[test]
fn root_opens_no_state_of_another_user_and_names_the_command_that_does() {
    const NOBODY: u32 = 65534;
    let world = World::open(RATE);
    world.ask(&["collect", "--once"]);
    let file = world.ask(&["backup"])["path"].as_str().unwrap().to_owned();
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give a directory away");
        return;
    }
    let given = std::process::Command::new("chown").args(["-R", "65534"]).arg(world.state()).status();
    assert!(given.unwrap().success());
    for words in [
        &["accounts"][..],
        &["backup"],
        &["collect", "--once"],
        &["compact"],
        &["halt", "--why", "it's time"],
        &["import", "--aside", &file],
        &["plan"],
        &["restore", "--aside", &file],
        &["run"],
    ] {
        let done = world.command(words);
        assert_eq!(done.code, Some(1), "{words:?}: {done:?}");
        assert!(done.stderr.contains("nothing was changed: sudo -u nobody "), "{words:?}: {done:?}");
        assert!(done.stderr.contains(&format!(" {}", words[0])), "{words:?}: {done:?}");
        assert_promised("root's files", &done.stderr);
    }
    let halt = world.command(&["halt", "--why", "it's time"]);
    assert!(halt.stderr.contains(r"halt --why 'it'\''s time' --config"), "{halt:?}");
    assert_eq!(foreign(&world, NOBODY), Vec::<std::path::PathBuf>::new());
    // What only looks, and what only takes ballast away, root may do.
    world.ask(&["verify"]);
    world.ask(&["rescue"]);

    // A service that runs answers root, whoever it is.
    chown(world.state(), Some(0), None).unwrap();
    let service = world.run();
    chown(world.state(), Some(NOBODY), None).unwrap();
    assert_eq!(world.command(&["targets"]).code, Some(0));
    assert_eq!(service.stop().0, Some(0));
}
