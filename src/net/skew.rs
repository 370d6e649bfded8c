//! The clocks of servers: by how much ours is ahead of what most of them say.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::model::account::Host;

/// One server's clock may be wrong; when most of so many say the same, ours is.
const FEWEST: usize = 3;
/// The last hosts that are remembered.
const MOST: usize = 64;
/// What was heard longer ago says nothing of our clock now.
const HEARD_WITHIN: Duration = Duration::hours(6);

/// By how much our clock was ahead of each server's when it answered last.
#[derive(Debug, Default)]
pub(super) struct Clocks(Mutex<BTreeMap<Host, Heard>>);

#[derive(Debug, Clone, Copy)]
struct Heard {
    at: DateTime<Utc>,
    ahead: Duration,
}

impl Clocks {
    /// Takes what a server claims the time is (`Date`, RFC 9110, section 6.6.1), which is exact to a second.
    pub fn hear(&self, host: &Host, claimed: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let Some(claimed) = claimed else { return };
        let mut clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clocks.len() >= MOST && !clocks.contains_key(host) {
            let oldest = clocks.iter().min_by_key(|(_, heard)| heard.at).map(|(host, _)| host.clone());
            oldest.and_then(|oldest| clocks.remove(&oldest));
        }
        clocks.insert(host.clone(), Heard { at: now, ahead: now - claimed });
    }

    /// By how much our clock is ahead of the median of those heard lately, negative where it is behind; `None` where
    /// too few were heard.
    pub fn ahead(&self, now: DateTime<Utc>) -> Option<Duration> {
        let clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = clocks.values().filter(|heard| (now - heard.at).abs() <= HEARD_WITHIN);
        let mut ahead: Vec<Duration> = lately.map(|heard| heard.ahead).collect();
        ahead.sort();
        (ahead.len() >= FEWEST).then(|| ahead[ahead.len() / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(aheads: &[i64]) -> Option<i64> {
        let now: DateTime<Utc> = "2026-11-02T10:00:00Z".parse().unwrap();
        let clocks = Clocks::default();
        for (n, ahead) in aheads.iter().enumerate() {
            let host = Host::parse(&format!("h{n}.example")).unwrap();
            clocks.hear(&host, Some(now - Duration::seconds(*ahead)), now);
        }
        clocks.ahead(now).map(|ahead| ahead.num_seconds())
    }

    #[test]
    fn our_clock_is_wrong_when_most_servers_say_so_and_one_alone_says_nothing() {
        assert_eq!(heard(&[3600, 3600]), None);
        assert_eq!(heard(&[3600, 0, 1]), Some(1));
        assert_eq!(heard(&[3600, 3601, 0]), Some(3600));
        assert_eq!(heard(&[-86400, -86400, 5, -86399]), Some(-86399));
    }

    #[test]
    fn what_was_heard_long_ago_is_forgotten_and_few_hosts_are_kept() {
        let now: DateTime<Utc> = "2026-11-02T10:00:00Z".parse().unwrap();
        let clocks = Clocks::default();
        for n in 0..200 {
            clocks.hear(&Host::parse(&format!("h{n}.example")).unwrap(), Some(now), now);
        }
        assert_eq!(clocks.0.lock().unwrap().len(), MOST);
        assert_eq!(clocks.ahead(now + HEARD_WITHIN + Duration::seconds(1)), None);
    }
}
