//! Reload: what a maintainer edits under a running service, good and bad.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::manual::assert_promised;
use crate::scene;
use crate::service::{PATIENCE, Process, World, pause};

const TOOK_UP: &str = "took up another configuration";
const REFUSED: &str = "the configuration is refused";

/// A person whom nothing leads to.
const STRANGER: &str = "radionorte@social.example";

fn listing(acct: &str) -> String {
    format!("\n[[account]]\noutlet = \"xinhua\"\nnetwork = \"mastodon\"\nhandle = \"{acct}\"\n")
}

fn in_force(world: &World) -> Value {
    world.ask(&["check"])["in_force"].clone()
}

fn is_watched(world: &World, acct: &str) -> bool {
    world.command(&["targets"]).stdout.contains(&format!("account {acct}"))
}

fn page(world: &World) -> String {
    let text = fs::read_to_string(world.dir().join("service.toml")).unwrap();
    let text: toml::Table = text.parse().unwrap();
    let listen = text["web"]["listen"].as_str().unwrap();
    let mut stream = TcpStream::connect(listen).unwrap();
    write!(stream, "GET /reads HTTP/1.1\r\nhost: pages\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_edit_makes_an_account_watched_without_a_restart() {
    let mut world = World::open(600);
    let service = world.run();
    assert!(!is_watched(&world, STRANGER));
    assert!(!page(&world).contains(STRANGER));
    world.append(&listing(STRANGER));
    world.save();
    service.expect(TOOK_UP);
    let said = service.expect("accounts added");
    assert!(said.ends_with(&format!("accounts added: {STRANGER}")), "{said}");
    world.until("the account is watched", PATIENCE, |world| is_watched(world, STRANGER).then_some(()));
    world.until("the account is seen", PATIENCE, |world| {
        world.command(&["accounts"]).stdout.contains(STRANGER).then_some(())
    });
    assert!(page(&world).contains(STRANGER), "the pages say what is read");
    assert_eq!(in_force(&world)["reloads"], 1);

    fs::write(world.dir().join("watchlist/mine.toml"), NEW_OUTLET).unwrap();
    service.expect("outlets added: mine");
    fs::remove_file(world.dir().join("watchlist/mine.toml")).unwrap();
    service.expect("outlets removed: mine");
    assert_eq!(service.stop().0, Some(0));
}

const NEW_OUTLET: &str = r#"
[[outlet]]
id = "mine"
name = "A Paper of Mine"
country = "XX"
control = "unknown"
"#;

#[test]
fn a_broken_edit_keeps_everything_going_until_the_next_good_one() {
    let mut world = World::open(600);
    let service = world.run();
    let file = world.dir().join("watchlist/mine.toml");
    fs::write(&file, "[[outlet]]\nid = \"mine\"\nname = \"Mine\"\n").unwrap();
    service.expect(REFUSED);
    service.expect("outlet `mine` without `country`");
    let refused = &world.command(&["check"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stdout.contains("The running bot keeps its configuration of"), "{refused:?}");
    let told = world.command(&["targets"]).stdout;
    assert!(told.contains("outlet `mine` without `country`"), "{told}");
    assert_promised("bad reload", &world.command(&["doctor", "--offline"]).stdout);
    assert!(page(&world).starts_with("HTTP/1.1 200"));
    pause(Duration::from_secs(5));
    assert_eq!(service.times(REFUSED), 1, "it is told once:\n{}", service.log());

    fs::write(&file, NEW_OUTLET).unwrap();
    service.expect("outlets added: mine");
    let in_force = in_force(&world);
    assert_eq!((&in_force["refused"], &in_force["reloads"]), (&Value::Null, &json!(1)));

    // What cannot be changed while it runs is said, and the rest of that edit waits as well.
    world.edit("cache_mib = 32", "cache_mib = 16");
    world.append(&listing(STRANGER));
    world.save();
    let said = service.expect("[store] cache_mib cannot change while the service runs: it needs a restart");
    assert!(!said.contains("state_dir"), "{said}");
    assert!(!is_watched(&world, STRANGER));
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn a_half_written_file_is_not_taken_for_a_configuration() {
    let world = World::open(600);
    let service = world.run();
    let file = world.dir().join("watchlist/mine.toml");
    let end = NEW_OUTLET.len() - 30;
    // Longer than two looks take, a piece at a time: no two looks in a row see the same.
    for written in 0..60 {
        fs::write(&file, format!("{}# {written}\n[[outl", &NEW_OUTLET[..end])).unwrap();
        pause(Duration::from_millis(100));
    }
    fs::write(&file, NEW_OUTLET).unwrap();
    service.expect("outlets added: mine");
    assert_eq!(service.times(REFUSED), 0, "{}", service.log());
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn hang_up_reads_the_configuration_at_once_and_says_what_changed() {
    let mut world = World::open(600);
    let service = world.run();
    service.hang_up();
    service.expect("nothing in it is other than before");
    world.edit(r#"digest = "0 0 9 * * *""#, r#"digest = "0 30 10 * * Tue""#);
    let _ = fs::write(world.dir().join("service.toml"), "schedule = [");
    service.hang_up();
    service.expect(REFUSED);
    world.save();
    service.hang_up();
    service.expect("digest: `0 30 10 * * Tue` by UTC");
    assert_eq!(in_force(&world)["refused"], Value::Null);
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn another_address_of_the_pages_is_opened_and_the_old_one_closed() {
    let mut world = World::open(600);
    let service = world.run();
    assert!(page(&world).starts_with("HTTP/1.1 200"));
    let text = fs::read_to_string(world.dir().join("service.toml")).unwrap();
    let old = text.lines().find(|line| line.starts_with("listen = ")).unwrap().to_owned();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let new = taken.local_addr().unwrap();
    world.edit(&old, &format!("listen = \"{new}\""));
    world.save();
    service.expect(REFUSED);
    service.expect(&format!("listen on {new} for the pages"));
    let line = 1 + text.lines().position(|line| line == old).unwrap();
    service.expect(&format!("service.toml:{line}:10"));
    drop(taken);
    service.hang_up();
    service.expect(TOOK_UP);
    assert!(page(&world).starts_with("HTTP/1.1 200"));
    let old = old.trim_start_matches("listen = ").trim_matches('"');
    world.until("the old door is closed", PATIENCE, |_| TcpStream::connect(old).is_err().then_some(()));
    assert_eq!(service.stop().0, Some(0));
}

/// As from 127.0.0.1 to 0.0.0.0: the two addresses cannot be listened on at once, unless both sockets allow it.
#[test]
fn the_pages_move_to_another_address_on_the_same_port() {
    let mut world = World::open(60);
    let service = world.run();
    let text = fs::read_to_string(world.dir().join("service.toml")).unwrap();
    let old = text.lines().find(|line| line.starts_with("listen = ")).unwrap().to_owned();
    world.edit(&old, &old.replace("127.0.0.1:", "[::ffff:127.0.0.1]:"));
    world.save();
    service.expect(TOOK_UP);
    assert!(page(&world).starts_with("HTTP/1.1 200"));
    // Nobody else gets in beside it.
    let port = old.trim_matches(|letter: char| !letter.is_ascii_digit()).rsplit_once(':').unwrap().1;
    assert!(std::net::TcpListener::bind(format!("127.0.0.1:{port}")).is_err());
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn a_reload_in_the_middle_of_a_digest_neither_doubles_nor_loses_a_post() {
    let world = scene::newcomer_found(World::open(600));
    scene::post_fault(&world, scene::HOME, &json!({"effect": "delay", "ms": 1500, "count": 100}));
    let service = world.run();
    service.expect("froze a digest");
    // A command that waits for the digest outlives the configuration that it began with.
    let asked = world.begin(&["digest"]);
    for _ in 0..8 {
        service.hang_up();
        pause(Duration::from_millis(700));
    }
    scene::closed(&world, 1);
    assert_eq!(asked.end(PATIENCE).0, Some(0));
    assert!(service.times(TOOK_UP) >= 2, "{}", service.log());
    let posts = world.outbox(scene::HOME);
    assert_eq!(posts.len(), 2, "{posts:#?}");
    assert!(posts.iter().all(|post| !post.deleted), "{posts:#?}");
    assert_eq!(world.records("posted").len(), 2);
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn another_schedule_makes_no_digest_at_once() {
    let mut world = World::open(60);
    world.edit(r#"digest = "0 0 9 * * *""#, r#"digest = "0 0 9 * * Sun""#);
    let mut world = scene::newcomer_found(world);
    let service = world.run();
    service.expect("posting is ready");
    // It is Thursday, 09:00. An hour ago no schedule was due.
    world.edit(r#"digest = "0 0 9 * * Sun""#, r#"digest = "0 0 8 * * Thu""#);
    world.save();
    service.expect(TOOK_UP);
    pause(Duration::from_secs(3));
    assert!(world.records("approved").is_empty(), "{:?}", world.records("approved"));
    // One that is still to come today is served.
    world.edit(r#"digest = "0 0 8 * * Thu""#, r#"digest = "0 * * * * *""#);
    world.save();
    scene::closed(&world, 1);
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn commands_are_answered_while_it_reloads() {
    let world = World::open(600);
    let service = world.run();
    world.fault(&json!({"server": "one.example", "path": "/", "effect": "delay", "ms": 2000, "count": 20}));
    let slow = world.begin(&["collect", "--once"]);
    for _ in 0..10 {
        service.hang_up();
        let done = world.command(&["accounts"]);
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    assert_eq!(slow.end(PATIENCE).0, Some(0));
    assert_eq!(service.stop().0, Some(0));
}

/// Bytes of memory that fifty reloads may add: what an allocator keeps at hand.
const SLACK: usize = 8 << 20;

#[test]
fn fifty_reloads_leave_nothing_behind() {
    let world = World::open(600);
    let service = world.run();
    service.expect("F-0004");
    let reload = |service: &Process, times: usize| {
        for _ in 0..times {
            let before = service.times(TOOK_UP);
            service.hang_up();
            world.until("it reloads", PATIENCE, |_| (service.times(TOOK_UP) > before).then_some(()));
            assert!(page(&world).starts_with("HTTP/1.1 200"));
        }
        pause(Duration::from_secs(3));
        service.holds()
    };
    let before = reload(&service, 10);
    let after = reload(&service, 50);
    println!("file descriptors, threads and bytes: {before:?} after ten reloads, {after:?} after fifty more");
    assert!(after[0] <= before[0] + 4, "file descriptors: {before:?} {after:?}");
    assert!(after[1] <= before[1] + 4, "threads: {before:?} {after:?}");
    assert!(after[2] <= before[2] + SLACK, "memory: {before:?} {after:?}");
    assert_eq!(service.stop().0, Some(0));
}
