//! The two loops, which meet only in the store: collection raises findings, publication posts them.

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

use super::notify;
use crate::cycle::targets::Pacing;
use crate::cycle::{Newsroom, collect, publish, schedule};
use crate::store::{Store, StoreError};

/// With nothing due the collection loop still looks this often, for what was added meanwhile.
const IDLE: Duration = Duration::minutes(5);
/// What comes due so soon after the first is polled together with it: a pass judges and writes once for all
/// of it, and no poll comes closer after another than some minutes anyway.
const TOGETHER: Duration = Duration::minutes(2);
/// Publication looks at least this often, for a wait that ended outside of the program.
const LOOK_FOR_DIGEST: Duration = Duration::minutes(2);
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
        tokio::select! {
            // A pass that is dropped between two commits leaves its targets due.
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            pass = collect::pass(&room, Pacing::Spread, now) => { pass?; }
        }
        notify(&[sd_notify::NotifyState::Watchdog]);
        let due = room.store.run(due_times).await?;
        let next = next_group(&due).unwrap_or(now + idle).min(now + idle);
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            _ = news.changed() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

fn due_times(store: &Store) -> Result<Vec<DateTime<Utc>>, StoreError> {
    Ok(store.targets()?.into_iter().map(|record| record.due).collect())
}

/// When all are due that come due soon after the first.
fn next_group(due: &[DateTime<Utc>]) -> Option<DateTime<Utc>> {
    let first = *due.iter().min()?;
    due.iter().copied().filter(|due| *due - first <= TOGETHER).max()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_due_within_two_minutes_is_polled_together_and_nothing_before_its_time() {
        let at = |minutes: i64, seconds: i64| {
            DateTime::UNIX_EPOCH + Duration::minutes(minutes) + Duration::seconds(seconds)
        };
        assert_eq!(next_group(&[]), None);
        assert_eq!(next_group(&[at(7, 0)]), Some(at(7, 0)));
        assert_eq!(next_group(&[at(9, 1), at(8, 30), at(7, 0), at(9, 0)]), Some(at(9, 0)));
    }
}
