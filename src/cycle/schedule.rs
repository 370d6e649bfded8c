//! The schedule: when a digest is due, with missed ticks taken as one.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The first tick of a schedule after a time.
///
/// Around changes of daylight saving time the crate's next tick can lie in the past: the first one
/// that is really later is taken.
pub fn next_after(schedule: &cron::Schedule, timezone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    schedule
        .after(&after.with_timezone(&timezone))
        .map(|tick| tick.with_timezone(&Utc))
        .find(|tick| *tick > after)
}

/// The newest tick that has passed and was not served yet; several missed ones are one.
///
/// `served` is the last tick served, or the time the schedule was first seen.
pub fn newest_due(
    schedule: &cron::Schedule,
    timezone: Tz,
    served: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut due = None;
    let mut after = served;
    while let Some(tick) = next_after(schedule, timezone, after).filter(|tick| *tick <= now) {
        due = Some(tick);
        after = tick;
    }
    due
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn missed_ticks_are_one() {
        let daily = cron::Schedule::from_str("0 0 9 * * *").unwrap();
        let due = newest_due(&daily, Tz::UTC, at("2026-11-02T09:00:00Z"), at("2026-11-09T10:00:00Z"));
        assert_eq!(due, Some(at("2026-11-09T09:00:00Z")));
        assert_eq!(newest_due(&daily, Tz::UTC, at("2026-11-09T09:00:00Z"), at("2026-11-09T10:00:00Z")), None);
    }

    #[test]
    fn a_tick_is_later_than_the_time_it_follows_also_when_clocks_change() {
        let half_past_two = cron::Schedule::from_str("0 30 2 * * *").unwrap();
        let berlin = Tz::Europe__Berlin;
        for start in
            ["2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2027-03-28T00:59:00Z"]
        {
            let next = next_after(&half_past_two, berlin, at(start)).unwrap();
            assert!(next > at(start), "{start} {next}");
        }
    }
}
