//! The clocks of servers: by how much ours is ahead of what most of them say, or our own server where few were heard.
//!
//! What a server said it is (`Date`, and `Age` where a cache answered) goes on with a clock that nobody sets, so that a
//! word of some hours ago still counts, and a jump of our own clock shows at once and in all of them.
//! - Of three and more the median counts, and where their number is even the middle one nearer to ours: half are not
//!   most.
//! - Of fewer our own server's word counts, if it was heard; else the median of those few.
//! - Where nobody was heard nothing is known, and nothing is right by default.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::model::account::Host;

/// One server's clock may be wrong; when most of so many say the same, ours is.
const FEWEST: usize = 3;
/// The last hosts that are remembered.
const MOST: usize = 64;
/// A clock that nobody sets may drift, and twice the time between two questions to our own server is enough.
const HEARD_WITHIN: Duration = Duration::hours(12);
/// A cache that says more of itself is not believed.
const OLDEST_ANSWER: Duration = Duration::days(1);

/// What servers' clocks say of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OurClock {
    /// A trial's clock is as it should be: one that runs faster makes hours of milliseconds.
    OfTrial,
    /// No server has said yet what time it is, or not for hours.
    Unheard,
    /// Ahead by so much, negative where it is behind.
    Ahead { by: Duration, of: Witnesses },
}

/// Whose clocks ours was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnesses {
    /// Three or more servers, by what most of them say.
    Most,
    /// The server that we post to.
    Home,
    /// One or two others.
    Few,
}

/// What the time was on each server when it answered last.
#[derive(Debug, Default)]
pub(super) struct Clocks(Mutex<BTreeMap<Host, Heard>>);

/// Both at one moment.
#[derive(Debug, Clone, Copy)]
struct Heard {
    server: DateTime<Utc>,
    /// See [`Clock::steady`](crate::clock::Clock::steady).
    steady: Duration,
}

impl Clocks {
    /// Takes what a server claims the time is, which is exact to a second, at one moment of the steady clock.
    pub fn hear(&self, host: &Host, claimed: Option<Claimed>, steady: Duration) {
        let Some(Claimed { date, age }) = claimed.filter(|claimed| claimed.age <= OLDEST_ANSWER) else {
            return;
        };
        let Some(server) = date.checked_add_signed(age) else { return };
        let mut clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clocks.len() >= MOST && !clocks.contains_key(host) {
            let oldest = clocks.iter().min_by_key(|(_, heard)| heard.steady).map(|(host, _)| host.clone());
            oldest.and_then(|oldest| clocks.remove(&oldest));
        }
        clocks.insert(host.clone(), Heard { server, steady });
    }

    /// What is to be thought of ours, which shows `now` at this moment of the steady clock.
    pub fn ours(&self, home: Option<&Host>, now: DateTime<Utc>, steady: Duration) -> OurClock {
        let clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = |heard: &Heard| now - heard.server - (steady - heard.steady);
        let is_late = |heard: &&Heard| steady - heard.steady <= HEARD_WITHIN;
        let mut all: Vec<Duration> = clocks.values().filter(is_late).map(ahead).collect();
        let at_home = home.and_then(|home| clocks.get(home)).filter(is_late).map(ahead);
        match (all.len(), at_home) {
            (0, _) => OurClock::Unheard,
            (..FEWEST, Some(by)) => OurClock::Ahead { by, of: Witnesses::Home },
            (..FEWEST, None) => OurClock::Ahead { by: median(&mut all), of: Witnesses::Few },
            _ => OurClock::Ahead { by: median(&mut all), of: Witnesses::Most },
        }
    }
}

/// The middle of at least one; of two middles the one nearer to zero.
fn median(all: &mut [Duration]) -> Duration {
    all.sort();
    let (lower, upper) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
    if lower.abs() <= upper.abs() { lower } else { upper }
}

/// What the head of an answer says of the time (RFC 9110, section 6.6.1; RFC 9111, section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claimed {
    /// When the server made the answer.
    pub date: DateTime<Utc>,
    /// How long it lay in caches since.
    pub age: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-02T10:00:00Z".parse().unwrap()
    }

    fn host(name: &str) -> Host {
        Host::parse(&format!("{name}.example")).unwrap()
    }

    const START: Duration = Duration::minutes(1);

    /// Servers of which ours is ahead by so many seconds.
    fn clocks(aheads: &[(&str, i64)]) -> Clocks {
        let clocks = Clocks::default();
        for (name, ahead) in aheads {
            let claimed = Claimed { date: now() - Duration::seconds(*ahead), age: Duration::zero() };
            clocks.hear(&host(name), Some(claimed), START);
        }
        clocks
    }

    fn ours(aheads: &[(&str, i64)]) -> Option<(i64, Witnesses)> {
        match clocks(aheads).ours(Some(&host("home")), now(), START) {
            OurClock::Ahead { by, of } => Some((by.num_seconds(), of)),
            OurClock::Unheard | OurClock::OfTrial => None,
        }
    }

    #[test]
    fn our_clock_is_wrong_when_most_servers_say_so_and_half_are_not_most() {
        use Witnesses::Most;
        assert_eq!(ours(&[("a", 3600), ("b", 0), ("c", 1)]), Some((1, Most)));
        assert_eq!(ours(&[("a", 3600), ("b", 3601), ("c", 0)]), Some((3600, Most)));
        assert_eq!(ours(&[("a", 3600), ("b", 3601), ("c", 0), ("d", 2)]), Some((2, Most)));
        assert_eq!(ours(&[("a", -3600), ("b", -3601), ("c", 0), ("d", 2)]), Some((0, Most)));
        assert_eq!(ours(&[("a", -86400), ("b", -86400), ("c", 5), ("d", -86399)]), Some((-86399, Most)));
    }

    #[test]
    fn where_few_were_heard_our_own_server_decides_and_where_nobody_was_nothing_is_known() {
        assert_eq!(ours(&[]), None);
        assert_eq!(ours(&[("home", 3600), ("a", 0)]), Some((3600, Witnesses::Home)));
        assert_eq!(ours(&[("home", 3600), ("a", 0), ("b", 1)]), Some((1, Witnesses::Most)));
        assert_eq!(ours(&[("a", 7200)]), Some((7200, Witnesses::Few)));
        assert_eq!(ours(&[("a", 7200), ("b", 1)]), Some((1, Witnesses::Few)));
    }

    /// Set right by two hours, it is right at once, whatever was heard before that.
    #[test]
    fn a_jump_of_our_clock_shows_at_once_in_what_was_heard_before_it() {
        let clocks = clocks(&[("a", 7200), ("b", 7200), ("c", 7200)]);
        let ours = |now, steady| clocks.ours(None, now, steady);
        let by = |minutes| OurClock::Ahead { by: Duration::minutes(minutes), of: Witnesses::Most };
        let (later, passed) = (now() + Duration::hours(1), START + Duration::hours(1));
        assert_eq!(ours(later, passed), by(120));
        assert_eq!(ours(later - Duration::hours(2), passed), by(0));
        assert_eq!(ours(later, START + HEARD_WITHIN + Duration::seconds(1)), OurClock::Unheard);
    }

    /// A page that lay in a cache for two hours does not make our clock two hours fast.
    #[test]
    fn the_age_of_a_cached_answer_counts_and_one_without_sense_makes_no_witness() {
        let clocks = Clocks::default();
        let hours = Duration::hours;
        clocks.hear(&host("a"), Some(Claimed { date: now() - hours(2), age: hours(2) }), START);
        let right = OurClock::Ahead { by: Duration::zero(), of: Witnesses::Few };
        assert_eq!(clocks.ours(None, now(), START), right);
        clocks.hear(
            &host("b"),
            Some(Claimed { date: now(), age: Duration::seconds(i64::from(u32::MAX)) }),
            START,
        );
        clocks.hear(&host("c"), Some(Claimed { date: DateTime::<Utc>::MAX_UTC, age: hours(1) }), START);
        assert_eq!(clocks.ours(None, now(), START), right);
    }

    #[test]
    fn few_hosts_are_kept() {
        let clocks = Clocks::default();
        for n in 0..200 {
            let claimed = Claimed { date: now(), age: Duration::zero() };
            clocks.hear(&host(&format!("h{n}")), Some(claimed), START);
        }
        assert_eq!(clocks.0.lock().unwrap().len(), MOST);
    }
}
