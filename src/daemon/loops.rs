//! The two loops, which meet only in the store: collection raises findings, publication posts them.

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::notify;
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, backup, collect, publish, schedule, space};
use crate::store::Store;

/// With nothing due the collection loop still looks this often, for what was added meanwhile.
const IDLE: Duration = Duration::minutes(5);
/// Publication looks at least this often, for a wait that ended outside of the program.
const LOOK_FOR_DIGEST: Duration = Duration::minutes(2);
/// Where time jumps, nothing happens outside of the program, and a look costs as much as a poll.
const LOOK_WHERE_TIME_JUMPS: Duration = Duration::days(1);

/// What is lost with a disk is at most the day since the last backup.
const BACKUP_EVERY: Duration = Duration::days(1);
/// After a start, and after a backup that could not be made.
const FIRST_BACKUP_AFTER: Duration = Duration::hours(1);

/// Polls what is due, again and again. Ends with an error only when the store refuses.
pub(super) async fn collect(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let idle = if clock.jumps() { LOOK_WHERE_TIME_JUMPS } else { IDLE };
    let mut news = room.news();
    let mut was_full = false;
    loop {
        news.mark_unchanged();
        let now = clock.now();
        let is_full = is_too_full(&room)?;
        if is_full != was_full {
            tell_of_space(is_full);
            was_full = is_full;
        }
        if is_full {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return Ok(()),
                () = clock.sleep(idle) => {}
            }
            notify(&[sd_notify::NotifyState::Watchdog]);
            continue;
        }
        tokio::select! {
            // A pass that is dropped between two commits leaves its targets due.
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            pass = collect::pass(&room, Pacing::Spread, now) => { pass?; }
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

/// Whether what is left of the disk belongs to the public record.
fn is_too_full(room: &Newsroom) -> anyhow::Result<bool> {
    Ok(!room.config.clock.jumps() && room.store.free_on_disk()? < space::COLLECT_ABOVE)
}

fn tell_of_space(is_full: bool) {
    let limit = space::in_words(space::COLLECT_ABOVE);
    match is_full {
        true => tracing::error!(
            "collection pauses: less than {limit} are left on the disk; digests go on; see `masthead rescue`"
        ),
        false => tracing::info!("collection goes on: more than {limit} are free again"),
    }
}

/// Lays ballast, and makes a backup once a day. A backup that cannot be made ends nothing.
pub(super) async fn care(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    if let Err(error) = space::take_ballast(&room.config.state_dir) {
        tracing::warn!(
            error = format!("{error:#}"),
            "without ballast `masthead rescue` cannot help on a full disk"
        );
    }
    let begun = clock.now();
    loop {
        let newest = backup::newest(&room.config).map_or(begun - BACKUP_EVERY, |newest| newest.made_at);
        // A while after the start: a service that is tried for a minute needs none.
        let due = (newest + BACKUP_EVERY).max(begun + FIRST_BACKUP_AFTER);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep_until(due) => {}
        }
        match backup::make(&room, clock.now()).await {
            Ok(made) => tracing::info!(path = %made.path.display(), bytes = made.bytes, "made a backup"),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "no backup was made");
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => return Ok(()),
                    () = clock.sleep(FIRST_BACKUP_AFTER) => {}
                }
            }
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
