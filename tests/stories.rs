//! Stories of the whole program, told from outside: killed, starved and confused, and in the hands of operators.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "stories/clock.rs"]
mod clock;
#[path = "stories/data_care.rs"]
mod data_care;
#[path = "stories/disk.rs"]
mod disk;
#[path = "stories/doctor.rs"]
mod doctor;
#[path = "stories/down.rs"]
mod down;
#[path = "stories/filters.rs"]
mod filters;
#[path = "stories/halted.rs"]
mod halted;
#[path = "stories/hostile.rs"]
mod hostile;
#[path = "stories/hosts.rs"]
mod hosts;
#[path = "stories/init.rs"]
mod init;
#[path = "stories/json.rs"]
mod json;
#[path = "manual/json.rs"]
mod json_manual;
#[path = "stories/keep.rs"]
mod keep;
#[path = "stories/kills.rs"]
mod kills;
#[path = "stories/login.rs"]
mod login;
#[path = "stories/lost.rs"]
mod lost;
#[path = "stories/manual.rs"]
mod manual;
#[path = "stories/migration.rs"]
mod migration;
#[path = "stories/owner.rs"]
mod owner;
#[path = "stories/plan.rs"]
mod plan;
#[path = "stories/random.rs"]
mod random;
#[path = "stories/record.rs"]
mod record;
#[path = "stories/reload.rs"]
mod reload;
#[path = "stories/scene.rs"]
mod scene;
#[path = "stories/scout.rs"]
mod scout;
#[path = "stories/service.rs"]
mod service;
#[path = "stories/starved.rs"]
mod starved;
