//! A home server that is down for days: what is told meanwhile, and that one digest makes up for all.

use serde_json::json;

use crate::manual::assert_promised;
use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER};
use crate::service::{PATIENCE, World};

#[test]
fn three_days_without_the_home_server_are_told_and_made_up_for_in_one_digest() {
    let world = scene::newcomer_found(World::open(12_000));
    world.fault(&json!({"server": HOME, "path": "/", "effect": "status", "status": 503, "count": 1_000_000}));
    let service = world.run();
    let begun = world.hours();
    service.expect("the home server could not be asked");
    let told = world.command(&["doctor"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert_promised("server down", &told.stdout);
    world.until("three days are over", PATIENCE, |world| (world.hours() > begun + 72).then_some(()));
    assert!(world.outbox(HOME).is_empty());
    assert_eq!(world.records("intent").len(), 0);

    world.mend();
    scene::closed(&world, 1);
    let well = world.until("the token is good again", PATIENCE, |world| {
        let told = world.command(&["doctor"]).stdout;
        told.contains("ok token").then_some(told)
    });
    assert!(!well.contains("!! token"), "{well}");
    let digests = standing(&world, HOME);
    assert_eq!(names(&digests, NEWCOMER), [1]);
    assert!(digests.len() <= 2, "every missed day made a digest: {digests:?}");
    assert_eq!(service.stop().0, Some(0));
    assert_ledger_is_sound(&world);
}
