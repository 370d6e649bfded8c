//! Confused clocks: the wall clock jumps between two runs, forward or back.

use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER, RETURNED};
use crate::service::World;

const RATE: u32 = 1200;

/// Lets a service run for a moment at this hour of the story, as long as it takes to see what is due.
fn look(world: &mut World, hour: i64) {
    world.jump_to(hour);
    let service = world.run();
    world.ask(&["collect", "--once"]);
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn three_days_forward_are_one_digest_and_no_flood() {
    let mut world = scene::newcomer_found(World::open(RATE));
    let hour = world.hours();
    look(&mut world, hour + 72);
    scene::closed(&world, 1);
    look(&mut world, hour + 73);
    let digests = standing(&world, HOME);
    assert_eq!((digests.len(), names(&digests, NEWCOMER)), (1, vec![1]));
}

#[test]
fn three_days_back_double_nothing_and_what_comes_later_is_still_said() {
    let mut world = scene::newcomer_found(World::open(RATE));
    let service = world.run();
    scene::closed(&world, 1);
    assert_eq!(service.stop().0, Some(0));
    let hour = world.hours();
    look(&mut world, hour - 72);
    assert_eq!(standing(&world, HOME).len(), 1);
    scene::return_found(&mut world);
    look(&mut world, 5 * 24 + 1);
    scene::closed(&world, 2);
    let digests = standing(&world, HOME);
    assert_eq!((names(&digests, NEWCOMER), names(&digests, RETURNED)), (vec![1], vec![2]));
    assert_ledger_is_sound(&world);
}
