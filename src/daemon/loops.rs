//! The loops of a service, each at its own pace; collection and publication meet only in the store.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::watchdog::{Loop, Watchdog};
use super::{notify, until_stop};
use crate::clock::Clock;
use crate::cycle::backup::{Occasion, Of};
use crate::cycle::health::{self, probe};
use crate::cycle::listen::{Ended, Listener, Until};
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, alert, backup, collect, keep, publish, schedule, space};
use crate::store::Store;

/// With nothing due the collection loop still looks this often, for what was added meanwhile.
const IDLE: Duration = Duration::minutes(5);
/// Publication looks at least this often, for a wait that ended outside of the program.
const LOOK_FOR_DIGEST: Duration = Duration::minutes(2);
/// How everything stands is looked at so often, in real time: a look reads most of the store.
const LOOK_AT_HEALTH: Duration = Duration::minutes(1);
/// Where time jumps, nothing happens outside of the program, and a look costs as much as a poll.
const LOOK_WHERE_TIME_JUMPS: Duration = Duration::days(1);

/// What is lost with a disk is at most the day since the last backup. A timer that makes one at the same hour every day
/// comes first.
const BACKUP_EVERY: Duration = Duration::hours(26);
/// After a start, and after a backup that could not be made.
const FIRST_BACKUP_AFTER: Duration = Duration::hours(1);
/// A while before the first backup, which then no longer has what was forgotten.
const FIRST_KEEPING_AFTER: Duration = Duration::minutes(30);
const KEEPING_EVERY: Duration = Duration::days(1);

/// Polls what is due, again and again. Ends with an error only when the store refuses.
pub(super) async fn collect(
    room: Newsroom,
    watchdog: Watchdog,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
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
            watchdog.passed(Loop::Collection);
            continue;
        }
        watchdog.begins(Loop::Collection);
        // A pass that is told to stop writes what has come and leaves the other targets due.
        collect::pass_until(&room, Pacing::Spread, now, until_stop(stopping.clone())).await?;
        if *stopping.borrow() {
            return Ok(());
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

/// Listens to the stream of new posts, again and again. Ends with an error only when the store refuses.
pub(super) async fn listen(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let mut listener = Listener::begin(&room).await?;
    loop {
        let again = match is_too_full(&room)? {
            true => clock.now() + IDLE,
            false => {
                let enough = async {
                    tokio::select! {
                        () = until_stop(stopping.clone()) => {}
                        () = until_full(&room) => {}
                    }
                };
                match listener.session(Until::Stopped, enough).await? {
                    Ended::Broken { again } => again,
                    Ended::Stopped | Ended::CaughtUp => clock.now(),
                }
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep_until(again) => {}
        }
    }
}

/// Completes when what is left of the disk belongs to the public record.
async fn until_full(room: &Newsroom) {
    // Where time jumps nothing is kept.
    if room.config.clock.jumps() {
        std::future::pending().await
    }
    // What the disk says wrong, whoever writes to it says as well.
    while !is_too_full(room).unwrap_or(true) {
        Clock::Real.sleep(LOOK_AT_HEALTH).await;
    }
}

/// Looks how everything stands, tells of troubles, and shows it to doors and systemd.
pub(super) async fn watch(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let mut news = room.news();
    loop {
        news.mark_unchanged();
        let now = clock.now();
        probe::renew_home_sometimes(&room, now).await;
        match health::of(&room, now).await {
            Ok(health) => {
                let health = Arc::new(health);
                room.vitals.looked(health.clone());
                notify(&[sd_notify::NotifyState::Status(&health.summary())]);
                alert::pass(&room, &health, now).await?;
            }
            // A look that fails, for want of file descriptors perhaps, ends nothing: the loops that write meet what is
            // really wrong.
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "could not look at how everything stands")
            }
        }
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
    // A while after the start: a service that is tried for a minute needs none.
    let mut wait = FIRST_BACKUP_AFTER;
    loop {
        let (now, config, id) = (clock.now(), room.config.clone(), room.store.id());
        let newest = room.store.run(move |_| backup::newest(&config, Of::Store(&id), now)).await;
        // What has a date to come was made by a clock that was ahead, and says nothing of when the next one is due.
        let newest = newest.map(|newest| newest.made_at).filter(|made_at| *made_at <= now);
        wait = wait.max(newest.map_or(Duration::zero(), |made_at| made_at + BACKUP_EVERY - now));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep(wait) => {}
        }
        match backup::make(&room, Occasion::Daily, clock.now()).await {
            Ok(made) => tracing::info!(path = %made.path.display(), bytes = made.bytes, "made a backup"),
            Err(error) => tracing::error!(error = format!("{error:#}"), "no backup was made"),
        }
        wait = FIRST_BACKUP_AFTER;
    }
}

/// Forgets once a day what nobody needs any more.
pub(super) async fn keep(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    let now = clock.now();
    let due = room.store.run(move |store| keep::due(store, now)).await?;
    // Spans, not times: a clock that is set right meanwhile must not make it wait for years.
    let mut wait = (due - now).max(FIRST_KEEPING_AFTER);
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep(wait) => {}
        }
        keep::pass_until(&room, clock.now(), until_stop(stopping.clone())).await?;
        wait = KEEPING_EVERY;
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
        watchdog.begins(Loop::Publication);
        let again = publish::pass(&room, clock.now()).await?;
        watchdog.passed(Loop::Publication);
        // A host that wants to be left alone for hours is no hang.
        let look = next_look(&room, clock.now());
        let next = again.map_or(look, |again| again.min(look));
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
