//! The two loops, which meet only in the store: collection raises findings, publication posts them.

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::notify;
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, collect, publish};
use crate::store::Store;

/// With nothing due the collection loop still looks this often, for what commands and digests added.
const IDLE: Duration = Duration::minutes(5);
/// Publication looks this often for a tick of the schedule or a thread to go on with.
const LOOK_FOR_DIGEST: Duration = Duration::seconds(30);

/// Polls what is due, again and again. Ends with an error only when the store refuses.
pub(super) async fn collect(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    loop {
        let now = clock.now();
        tokio::select! {
            // A pass that is dropped between two commits leaves its targets due.
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            pass = collect::pass(&room, Pacing::Spread, now) => { pass?; }
        }
        notify(&[sd_notify::NotifyState::Watchdog]);
        let next = room.store.run(next_due).await?.unwrap_or(now + IDLE).min(now + IDLE);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep_until(next) => {}
        }
    }
}

fn next_due(store: &Store) -> Result<Option<DateTime<Utc>>, crate::store::StoreError> {
    Ok(store.targets()?.into_iter().map(|record| record.due).min())
}

/// Composes digests on schedule and posts them part by part.
pub(super) async fn publish(room: Newsroom, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let clock = room.config.clock;
    loop {
        let again = publish::pass(&room, clock.now()).await?;
        let next = again.unwrap_or_else(|| clock.now() + LOOK_FOR_DIGEST);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = clock.sleep_until(next) => {}
        }
    }
}
