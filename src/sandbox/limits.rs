//! Request limits of servers, counted per caller in fixed windows of virtual time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::account::Host;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowance {
    /// Every request: 300 in 5 minutes.
    General,
    /// Requests with `max_id`, `min_id`, `since_id` or `page`: 300 in 15 minutes.
    Paging,
    /// Taking statuses down: 30 in 30 minutes.
    Deleting,
    /// Every question to the AppView of Bluesky: 3,000 in 5 minutes.
    Sky,
}

impl Allowance {
    fn limit(self) -> u32 {
        match self {
            Allowance::General | Allowance::Paging => 300,
            Allowance::Deleting => 30,
            Allowance::Sky => 3_000,
        }
    }

    fn window_secs(self) -> i64 {
        match self {
            Allowance::General | Allowance::Sky => 5 * 60,
            Allowance::Paging => 15 * 60,
            Allowance::Deleting => 30 * 60,
        }
    }
}

/// What a caller has left after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub limit: u32,
    /// `None` = this request was one too many.
    pub remaining: Option<u32>,
    pub reset: DateTime<Utc>,
}

/// Counters of all callers on all servers.
#[derive(Debug, Default)]
pub struct Limits {
    used: HashMap<(Host, String, Allowance), (i64, u32)>,
}

impl Limits {
    /// Counts one request of a caller.
    pub fn take(&mut self, host: &Host, caller: &str, what: Allowance, now: DateTime<Utc>) -> Balance {
        let window = now.timestamp().div_euclid(what.window_secs());
        let entry = self.used.entry((host.clone(), caller.to_owned(), what)).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        entry.1 = entry.1.saturating_add(1);
        let end = (window + 1).saturating_mul(what.window_secs());
        Balance {
            limit: what.limit(),
            remaining: what.limit().checked_sub(entry.1),
            reset: DateTime::from_timestamp(end, 0).unwrap_or(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn the_three_hundred_and_first_request_in_five_minutes_is_refused_and_the_next_window_is_fresh() {
        let host = Host::parse("social.example").unwrap();
        let now: DateTime<Utc> = "2026-11-02T08:00:00Z".parse().unwrap();
        let mut limits = Limits::default();
        let mut take = |caller, at| limits.take(&host, caller, Allowance::General, at).remaining;
        for left in (0..300).rev() {
            assert_eq!(take("a", now), Some(left));
        }
        assert_eq!(take("a", now + Duration::seconds(299)), None);
        assert_eq!(take("b", now), Some(299));
        assert_eq!(take("a", now + Duration::seconds(300)), Some(299));
    }
}
