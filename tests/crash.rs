//! Killed, starved and confused: stories of the whole program, told from outside.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "crash/clock.rs"]
mod clock;
#[path = "crash/disk.rs"]
mod disk;
#[path = "crash/halted.rs"]
mod halted;
#[path = "crash/hosts.rs"]
mod hosts;
#[path = "crash/kills.rs"]
mod kills;
#[path = "crash/lost.rs"]
mod lost;
#[path = "crash/owner.rs"]
mod owner;
#[path = "crash/random.rs"]
mod random;
#[path = "crash/record.rs"]
mod record;
#[path = "crash/scene.rs"]
mod scene;
#[expect(dead_code, reason = "other stories need the rest")]
mod service;
#[path = "crash/starved.rs"]
mod starved;
