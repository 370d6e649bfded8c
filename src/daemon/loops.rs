//! The two loops, which meet only in the store: collection raises findings, publication posts them.

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::watchdog::{Loop, Watchdog};
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, collect, publish, schedule};
use crate::store::Store;

/// With nothing due the collection loop still looks this often, for what was added meanwhile.
const IDLE: Duration = Duration::minutes(5);
/// Publication looks at least this often, for a wait that ended outside of the program.
const LOOK_FOR_DIGEST: Duration = Duration::minutes(2);
/// Where time jumps, nothing happens outside of the program, and a look costs as much as a poll.
const LOOK_WHERE_TIME_JUMPS: Duration = Duration::days(1);

/// Polls what is due, again and again. Ends with an error only when the store refuses.
pub(super) async fn collect(
    room: Newsroom,
    watchdog: Watchdog,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let idle = if clock.jumps() { LOOK_WHERE_TIME_JUMPS } else { IDLE };
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let now = clock.now();
        tokio::select! {
            // A pass that is dropped between two commits leaves its targets due.
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            pass = collect::pass(&room, Pacing::Spread, now) => { pass?; }
        }
        watchdog.passed(Loop::Collection);
        let due = room.store.run(Store::first_due).await?;
        let next = due.unwrap_or(now + idle).min(now + idle);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            _ = news.changed() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

/// Composes digests on schedule and posts them part by part.
pub(super) async fn publish(
    room: Newsroom,
    watchdog: Watchdog,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let again = publish::pass(&room, clock.now()).await?;
        watchdog.passed(Loop::Publication);
        let next = again.unwrap_or_else(|| next_look(&room, clock.now()));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            _ = news.changed() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

/// The next tick of the schedule, or an earlier look.
fn next_look(room: &Newsroom, now: DateTime<Utc>) -> DateTime<Utc> {
    let look = if room.config.clock.jumps() { LOOK_WHERE_TIME_JUMPS } else { LOOK_FOR_DIGEST };
    let wanted = &room.config.schedule;
    let tick = schedule::next_after(&wanted.digest, wanted.timezone, now);
    tick.map_or(now + look, |tick| tick.min(now + look))
}
