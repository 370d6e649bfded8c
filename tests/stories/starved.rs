//! Starved: servers that lose requests and replies, with and without keys against doubles.

use std::time::Duration;

use serde_json::{Value, json};

use crate::random::Random;
use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER, RETURNED};
use crate::service::{World, pause};

/// A digest must be whole within a day of its start, and each look at the server takes two real seconds.
const RATE: u32 = 1200;

#[test]
fn on_a_server_of_the_gotosocial_kind_lost_replies_and_kills_double_nothing() {
    tell("two.example", "two.token", 0x5EED_0002);
}

#[test]
fn on_a_server_of_the_takahe_kind_lost_replies_and_kills_double_nothing() {
    tell("three.example", "three.token", 0x5EED_0003);
}

fn tell(home: &str, token: &str, seed: u64) {
    let mut random = Random::new(seed);
    let mut world = World::open(RATE);
    world.edit("server = \"https://social.example\"", &format!("server = \"https://{home}\""));
    world.edit("token_file = \"social.token\"", &format!("token_file = \"{token}\""));
    let mut world = scene::newcomer_found(world);

    scene::post_fault(&world, home, &json!({"effect": "drop-after"}));
    scene::post_fault(
        &world,
        home,
        &json!({"effect": "status-after", "status": 504, "body": "<h1>504</h1>"}),
    );
    say_with_kills(&world, &mut random, 1);
    scene::return_found(&mut world);
    scene::post_fault(&world, home, &json!({"effect": "ratelimit"}));
    scene::post_fault(&world, home, &json!({"effect": "drop-before"}));
    scene::post_fault(&world, home, &json!({"effect": "delay", "ms": 1000}));
    say_with_kills(&world, &mut random, 2);

    let digests = standing(&world, home);
    assert_eq!(names(&digests, NEWCOMER), [1]);
    assert_eq!(names(&digests, RETURNED), [2]);
    assert_ledger_is_sound(&world);
}

/// Lets a digest be said by services of which three are killed soon after they do something about it.
fn say_with_kills(world: &World, random: &mut Random, count: usize) {
    for _ in 0..3 {
        let service = world.run();
        let life = Duration::from_millis(random.within(2_000, 4_000));
        service.wait_for(&["froze a digest", " sent "], life);
        pause(Duration::from_millis(random.within(0, 200)));
        service.kill();
    }
    let service = world.run();
    scene::closed(world, count);
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn a_digest_that_its_server_does_not_take_for_days_comes_with_the_next_one() {
    let mut world = scene::newcomer_found(World::open(RATE));
    scene::post_fault(&world, HOME, &json!({"effect": "ratelimit", "count": 3}));
    let service = world.run();
    service.expect("part=0 outcome=rate limited");
    scene::recorded(&world, "deferred");
    service.kill();
    scene::return_found(&mut world);
    let service = world.run();
    scene::closed(&world, 2);
    assert_eq!(service.stop().0, Some(0));
    let digests = standing(&world, HOME);
    assert_eq!(names(&digests, NEWCOMER), [2]);
    assert_eq!(names(&digests, RETURNED), [2]);
    let complete: Vec<Value> =
        world.records("closed").into_iter().map(|mut entry| entry["complete"].take()).collect();
    assert_eq!(complete, [json!(false), json!(true)]);
}
