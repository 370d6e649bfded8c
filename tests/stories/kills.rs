//! Killed: the service ends without a word, again and again.

use std::time::Duration;

use serde_json::json;

use crate::random::Random;
use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER, RETURNED};
use crate::service::{World, pause};

const KILLS: u32 = 20;

#[test]
fn a_service_killed_twenty_times_in_five_days_says_everything_exactly_once() {
    let mut random = Random::new(0x5EED_0001);
    let world = World::open(3600);
    // Posts take a moment, so that kills hit them on their way, too.
    scene::post_fault(&world, HOME, &json!({"effect": "delay", "ms": 40, "count": 1000}));
    let (mut kills, mut hit) = (0, 0);
    // The newcomer's digest is on day 3 or 4, the one about the account that posts again on day 5, 09:00.
    while kills < KILLS || world.hours() < 5 * 24 + 3 {
        let service = world.run();
        let life = Duration::from_millis(random.within(3_000, 9_000));
        // What is said stands in the log before the ledger has it: a kill here hits the posting.
        let line = service.wait_for(&["froze a digest", " sent "], life);
        hit += u32::from(line.is_some());
        pause(Duration::from_millis(random.within(0, 80)));
        if kills < KILLS {
            service.kill();
            kills += 1;
        } else {
            pause(Duration::from_secs(2));
            assert_eq!(service.stop().0, Some(0));
        }
    }
    println!("{kills} kills, {hit} lives ended while a digest was posted");
    let service = world.run();
    scene::closed(&world, 2);
    assert_eq!(service.stop().0, Some(0));

    let digests = standing(&world, HOME);
    assert_eq!(digests.len(), 2);
    assert_eq!(names(&digests, NEWCOMER), [1]);
    assert_eq!(names(&digests, RETURNED), [2]);
    assert_ledger_is_sound(&world);
    assert_accounts_are_told_apart(&world);
}

#[test]
fn a_service_killed_forty_times_while_it_starts_starts_again() {
    let mut random = Random::new(0x5EED_0004);
    let world = scene::newcomer_found(World::open(1200));
    for _ in 0..2 * KILLS {
        let service = world.begin(&["run"]);
        pause(Duration::from_millis(random.within(0, 250)));
        service.kill();
    }
    let service = world.run();
    scene::closed(&world, 1);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(names(&standing(&world, HOME), NEWCOMER), [1]);
    assert_ledger_is_sound(&world);
}

fn assert_accounts_are_told_apart(world: &World) {
    let accounts = world.ask(&["accounts"]);
    let row = |account: &str| {
        let rows = accounts["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["account"] == account).unwrap();
        [&row["relation"], &row["named"]].map(|value| value.as_str().unwrap().to_owned())
    };
    assert_eq!(row("xinhua@one.example"), ["official", "on_page"]);
    assert_eq!(row(NEWCOMER), ["official", "yes"]);
    assert_eq!(row(RETURNED), ["official", "yes"]);
    assert_eq!(row("xinhua_official@social.example"), ["claimed", "no"]);
    assert_eq!(row("xinhua.example@bridge.example"), ["mirror", "no"]);
    let why = world.command(&["explain", "xinhua_official@social.example"]).stdout;
    assert!(why.contains("not named: it says it belongs to Xinhua News Agency"), "{why}");
    let why = world.command(&["explain", "xinhua.example@bridge.example"]).stdout;
    assert!(why.contains("not named"), "{why}");
}
