//! The two loops, which meet only in the store: collection raises findings, publication posts them.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::{notify, until_stop};
use crate::clock::Clock;
use crate::cycle::health::{self, probe};
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, alert, collect, publish, schedule};
use crate::store::Store;

/// With nothing due the collection loop still looks this often, for what was added meanwhile.
const IDLE: Duration = Duration::minutes(5);
/// Publication looks at least this often, for a wait that ended outside of the program.
const LOOK_FOR_DIGEST: Duration = Duration::minutes(2);
/// How everything stands is looked at so often, in real time: a look reads most of the store.
const LOOK_AT_HEALTH: Duration = Duration::seconds(30);
/// Where time jumps, nothing happens outside of the program, and a look costs as much as a poll.
const LOOK_WHERE_TIME_JUMPS: Duration = Duration::days(1);

/// Polls what is due, again and again. Ends with an error only when the store refuses.
pub(super) async fn collect(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let idle = if clock.jumps() { LOOK_WHERE_TIME_JUMPS } else { IDLE };
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let now = clock.now();
        // A pass that is told to stop writes what has come and leaves the other targets due.
        collect::pass_until(&room, Pacing::Spread, now, until_stop(stopping.clone())).await?;
        if *stopping.borrow() {
            return Ok(());
        }
        notify(&[sd_notify::NotifyState::Watchdog]);
        let due = room.store.run(Store::first_due).await?;
        let next = due.unwrap_or(now + idle).min(now + idle);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            _ = news.changed() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

/// Looks how everything stands, tells of troubles, and shows it to doors and systemd.
pub(super) async fn watch(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let now = clock.now();
        probe::ask_home_sometimes(&room, now).await;
        let health = Arc::new(health::of(&room, now).await?);
        alert::pass(&room, &health, now).await?;
        notify(&[sd_notify::NotifyState::Status(&health.summary())]);
        room.vitals.looked(health);
        let pause = async {
            match clock.jumps() {
                true => clock.sleep(LOOK_WHERE_TIME_JUMPS).await,
                false => Clock::Real.sleep(LOOK_AT_HEALTH).await,
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            _ = news.changed() => {}
            () = pause => {}
        }
    }
}

/// Composes digests on schedule and posts them part by part.
pub(super) async fn publish(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let again = publish::pass(&room, clock.now()).await?;
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
