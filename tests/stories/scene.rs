//! Scenes in which stories begin: who is known already, and what was said.

use serde_json::{Value, json};

use crate::service::{PATIENCE, World};

pub const HOME: &str = "social.example";

/// Named by the first digest, which is due on day 3 at 09:00.
pub const NEWCOMER: &str = "xinhua_es@social.example";

/// Named by the second digest, which is due on day 5 at 09:00: it posts again after a long silence.
pub const RETURNED: &str = "xinhua_fr@one.example";

/// Everything was read once, then the newcomer was found; its digest is due and no service has run since.
pub fn newcomer_found(mut world: World) -> World {
    collect(&world, "F-0004");
    // The schedule counts from the first time a service sees it.
    assert_eq!(world.run().stop().0, Some(0));
    world.jump_to(3 * 24 - 12);
    collect(&world, NEWCOMER);
    world.jump_to(3 * 24 + 1);
    world
}

/// Goes on to when the digest about the account that posts again is due.
pub fn return_found(world: &mut World) {
    world.jump_to(5 * 24 - 10);
    collect(world, RETURNED);
    world.jump_to(5 * 24 + 1);
}

/// Polls what is due until it has raised a certain finding.
fn collect(world: &World, raised: &str) {
    world.until(raised, PATIENCE, |world| {
        let report = world.ask(&["collect", "--once"]);
        report["raised"].to_string().contains(raised).then_some(())
    });
}

/// Waits until so many digests are closed.
pub fn closed(world: &World, count: usize) {
    world.until(&format!("digest {count} is closed"), PATIENCE, |world| {
        (world.records("closed").len() >= count).then_some(())
    });
}

/// Waits until the ledger has a record of this kind.
pub fn recorded(world: &World, kind: &str) {
    world.until(&format!("`{kind}` is in the ledger"), PATIENCE, |world| {
        (!world.records(kind).is_empty()).then_some(())
    });
}

/// Something that happens to the next request to post.
pub fn post_fault(world: &World, server: &str, effect: &Value) {
    let mut fault = json!({"server": server, "path": "/api/v1/statuses", "method": "POST"});
    fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
    world.fault(&fault);
}
