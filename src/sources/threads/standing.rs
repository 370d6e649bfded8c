//! How we stand with Threads: what our token may do as far as answers told, what of the day's requests is used, and until
//! when we are to stay away.
//!
//! Pure arithmetic: nothing here asks anybody. It is kept in the store, so that a restart neither forgets a limit nor asks
//! again for what was not granted.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::refusal::{Capability, End, Refusal};

/// Requests for profiles and posts in 24 rolling hours, both together, and searches that bring anything.
const PROFILES_A_DAY: u32 = 1_000;
const SEARCHES_A_DAY: u32 = 2_200;
/// Half of what is allowed is our budget, as everywhere: other programs of the same person count as well.
const OUR_PART: u32 = 2;
/// No hour takes more than this part of a day's budget, so that what comes in the evening finds some of it left.
const HOURLY_PART: u32 = 12;
const DAY: Duration = Duration::hours(24);
/// Requests are counted in slots of so many minutes; a slot is over when the last of it is a day old.
const SLOT: i64 = 10 * 60;
/// What was not granted is asked for once so often: a review takes Meta weeks.
const ASK_FOR_GRANTS: Duration = Duration::days(7);
/// While one request finds out whether something is granted by now, the others wait.
const ONE_ASKS: Duration = Duration::hours(1);
/// After a word that we ask too often: an hour, doubled with each further one, and a tenth by chance.
const THROTTLED: Duration = Duration::hours(1);
const LONGEST_THROTTLED: Duration = Duration::hours(24);
/// A token that was refused is looked at again so often.
const DEAD_FOR: Duration = Duration::hours(24);
/// Searches in a row that brought our own posts alone, before that means that others' are not searched; once they were,
/// more of them. A rare name may stand in nobody else's.
const ONLY_OURSELVES: u32 = 3;
const ONLY_OURSELVES_AGAIN: u32 = 30;
/// Searches without anything before that is said: a name may be rare, and a sensitive one brings nothing at all.
pub const SILENT_SEARCHES: u32 = 12;

/// Whether something is granted, as far as answers told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    #[default]
    NotKnown,
    Granted,
    NotGranted {
        since: DateTime<Utc>,
        ask_again: DateTime<Utc>,
    },
}

/// Requests of the last 24 hours, by slots.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spent(BTreeMap<i64, u32>);

/// A token that is not taken any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    pub since: DateTime<Utc>,
    pub end: End,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Whose token it is, or a new one: in no budget, and also with a token that seems dead.
    Own,
    Profiles,
    Search,
}

impl Call {
    fn capability(self) -> Option<Capability> {
        match self {
            Call::Own => None,
            Call::Profiles => Some(Capability::Profiles),
            Call::Search => Some(Capability::Search),
        }
    }
}

/// Everything that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Which token it is about: the front of the hash of the one that a person put there.
    pub of: Option<String>,
    /// The name of the account whose token it is.
    pub username: Option<String>,
    pub dead: Option<Dead>,
    /// When the token was handed out, or first seen where nobody told.
    pub issued_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it could not be renewed when it was last tried, and how often in a row.
    pub renewal_trouble: Option<String>,
    pub renewal_failures: u32,
    pub profiles: Grant,
    pub search: Grant,
    /// Searches in a row that brought nothing of anybody.
    pub silent_searches: u32,
    /// Searches in a row that brought our own posts alone.
    alone: u32,
    pub throttled_until: Option<DateTime<Utc>>,
    throttled: u32,
    pub profile_calls: Spent,
    pub searches: Spent,
}

impl Spent {
    fn add(&mut self, now: DateTime<Utc>) {
        self.forget(now);
        *self.0.entry(now.timestamp().div_euclid(SLOT)).or_default() += 1;
    }

    /// One that does not count after all.
    fn take_back(&mut self, now: DateTime<Utc>) {
        if let Some(newest) = self.0.range_mut(..=now.timestamp().div_euclid(SLOT)).next_back() {
            *newest.1 = newest.1.saturating_sub(1);
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        self.0.retain(|slot, count| *count > 0 && over(*slot) > now);
        // What a wrong clock put ahead is taken for now, so that it does not count for ever.
        let this = now.timestamp().div_euclid(SLOT);
        let ahead = self.0.split_off(&(this + 1));
        let count: u32 = ahead.values().sum();
        if count > 0 {
            *self.0.entry(this).or_default() += count;
        }
    }

    pub fn in_a_day(&self, now: DateTime<Utc>) -> u32 {
        self.0.iter().filter(|(slot, _)| over(**slot) > now).map(|(_, count)| count).sum()
    }

    fn in_an_hour(&self, now: DateTime<Utc>) -> u32 {
        let since = (now - Duration::hours(1)).timestamp().div_euclid(SLOT);
        self.0.range(since + 1..).map(|(_, count)| count).sum()
    }

    /// When there is room for one more, `None` = now.
    fn room_at(&self, budget: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut used = self.in_a_day(now);
        let mut later = None;
        for (slot, count) in self.0.iter().filter(|(slot, _)| over(**slot) > now) {
            if used < budget {
                break;
            }
            used = used.saturating_sub(*count);
            later = Some(over(*slot));
        }
        let is_hasty = self.in_an_hour(now) >= hourly(budget);
        later.or_else(|| is_hasty.then(|| now + Duration::seconds(SLOT)))
    }
}

/// When nothing of a slot counts any more.
fn over(slot: i64) -> DateTime<Utc> {
    DateTime::from_timestamp((slot + 1).saturating_mul(SLOT), 0).map_or(DateTime::UNIX_EPOCH, |end| end + DAY)
}

fn hourly(budget: u32) -> u32 {
    (budget / HOURLY_PART).max(1)
}

/// Requests of this kind that we allow ourselves in 24 hours.
pub fn budget(what: Capability) -> u32 {
    match what {
        Capability::Profiles => PROFILES_A_DAY / OUR_PART,
        Capability::Search => SEARCHES_A_DAY / OUR_PART,
    }
}

impl Standing {
    /// How we stand with a token that nobody has tried.
    pub fn of_new_token(&self, of: String) -> Standing {
        // Limits are of the person, and another token is the same person.
        let (profile_calls, searches) = (self.profile_calls.clone(), self.searches.clone());
        Standing { of: Some(of), profile_calls, searches, ..Standing::default() }
    }

    /// Whether this may be asked now; if so, it is counted.
    ///
    /// # Errors
    /// Why not, and until when.
    pub fn ask(&mut self, call: Call, now: DateTime<Utc>) -> Result<(), Refusal> {
        if let Some(until) = self.throttled_until.filter(|until| *until > now) {
            return Err(Refusal::Throttled { until });
        }
        let Some(what) = call.capability() else { return Ok(()) };
        if let Some(Dead { end, since }) = self.dead {
            return Err(Refusal::TokenDead { end, until: now.max(since) + DEAD_FOR });
        }
        let (grant, spent) = self.about(what);
        let waits = match grant {
            Grant::NotGranted { ask_again, .. } if *ask_again > now => Some(*ask_again),
            _ => None,
        };
        if let Some(until) = waits {
            return Err(Refusal::NotGranted { what, until });
        }
        if let Some(until) = spent.room_at(budget(what), now) {
            return Err(Refusal::Spent { until });
        }
        spent.add(now);
        if let Grant::NotGranted { ask_again, .. } = grant {
            *ask_again = now + ONE_ASKS;
        }
        Ok(())
    }

    fn about(&mut self, what: Capability) -> (&mut Grant, &mut Spent) {
        match what {
            Capability::Profiles => (&mut self.profiles, &mut self.profile_calls),
            Capability::Search => (&mut self.search, &mut self.searches),
        }
    }

    /// It was never sent, or does not count.
    pub fn take_back(&mut self, call: Call, now: DateTime<Utc>) {
        if let Some(what) = call.capability() {
            self.about(what).1.take_back(now);
        }
    }

    /// A good answer. What a search says of its grant stands in what it brought.
    pub fn heard_good(&mut self, call: Call) {
        (self.dead, self.throttled, self.throttled_until) = (None, 0, None);
        if call == Call::Profiles {
            self.profiles = Grant::Granted;
        }
    }

    /// The app may not do this.
    pub fn heard_not_granted(&mut self, what: Capability, now: DateTime<Utc>) -> Refusal {
        let until = now + ASK_FOR_GRANTS;
        let (grant, _) = self.about(what);
        let since = match grant {
            Grant::NotGranted { since, .. } => *since,
            _ => now,
        };
        *grant = Grant::NotGranted { since, ask_again: until };
        Refusal::NotGranted { what, until }
    }

    pub fn heard_dead(&mut self, end: End, now: DateTime<Utc>) -> Refusal {
        let since = self.dead.map_or(now, |dead| dead.since);
        self.dead = Some(Dead { since, end });
        Refusal::TokenDead { end, until: now + DEAD_FOR }
    }

    /// `jitter` is between 0 and 1.
    pub fn heard_throttled(&mut self, jitter: f64, now: DateTime<Utc>) -> Refusal {
        // Requests that went out together hear the same: it counts once.
        let Some(until) = self.throttled_until.filter(|until| *until > now) else {
            let wait = (THROTTLED * 2_i32.pow(self.throttled.min(5))).min(LONGEST_THROTTLED);
            self.throttled = self.throttled.saturating_add(1);
            let more = Duration::seconds((wait.num_seconds() as f64 * 0.1 * jitter.clamp(0.0, 1.0)) as i64);
            self.throttled_until = Some(now + wait + more);
            return Refusal::Throttled { until: now + wait + more };
        };
        Refusal::Throttled { until }
    }

    /// What a search brought, by its authors: only our own posts mean that the search is not granted, and nothing at
    /// all means nothing by itself.
    pub fn heard_search(&mut self, authors: &[&str], now: DateTime<Utc>) -> Option<Refusal> {
        let Some(first) = authors.first() else {
            self.take_back(Call::Search, now);
            self.silent_searches = self.silent_searches.saturating_add(1);
            return None;
        };
        let own = self.username.as_deref();
        let is_own = |name: &&str| own.is_some_and(|own| own.eq_ignore_ascii_case(name));
        if own.is_none() && authors.iter().all(|name| name == first) {
            // Who we are is not known yet, so that of one author nothing is known either.
            return None;
        }
        if authors.iter().all(is_own) {
            self.alone = self.alone.saturating_add(1);
            let most = if self.search == Grant::Granted { ONLY_OURSELVES_AGAIN } else { ONLY_OURSELVES };
            return (self.alone >= most).then(|| self.heard_not_granted(Capability::Search, now));
        }
        (self.silent_searches, self.alone) = (0, 0);
        self.search = Grant::Granted;
        None
    }

    /// Of each kind of request the part of our day that is used.
    pub fn used(&self, now: DateTime<Utc>) -> [(u32, u32); 2] {
        [
            (self.profile_calls.in_a_day(now), budget(Capability::Profiles)),
            (self.searches.in_a_day(now), budget(Capability::Search)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn half_of_a_rolling_day_is_ours_whatever_the_hour_and_it_comes_back_as_it_went() {
        let mut standing = Standing::default();
        let mut asked: Vec<DateTime<Utc>> = vec![];
        for minute in 0..3 * 24 * 60 {
            let at = now() + Duration::minutes(minute);
            while standing.ask(Call::Profiles, at).is_ok() {
                asked.push(at);
            }
        }
        for end in &asked {
            let of_a_day = asked.iter().filter(|at| **at <= *end && *end - **at < DAY).count();
            assert!(of_a_day <= 500, "{of_a_day} until {end}");
        }
        let last_day = asked.iter().filter(|at| now() + DAY * 3 - **at <= DAY).count();
        assert!((450..=500).contains(&last_day), "{last_day}");
        let first_hour = asked.iter().filter(|at| **at - now() < Duration::hours(1)).count();
        assert_eq!(first_hour, 41);
    }

    #[test]
    fn what_was_spent_is_known_after_a_restart() {
        let mut standing = Standing::default();
        while standing.ask(Call::Search, now()).is_ok() {}
        let kept = serde_json::to_string(&standing).unwrap();
        let mut again: Standing = serde_json::from_str(&kept).unwrap();
        assert_eq!(again, standing);
        let error = again.ask(Call::Search, now()).unwrap_err();
        assert_eq!(error.retry_at(), Some(now() + Duration::minutes(10)));
        assert_eq!(
            error.to_string(),
            "our share of the requests that Threads allows in 24 hours is used; it goes on at 2026-11-02 12:10 UTC"
        );
    }

    #[test]
    fn searches_without_anything_do_not_count_and_say_nothing() {
        let mut standing = Standing::default();
        for _ in 0..5_000 {
            standing.ask(Call::Search, now()).unwrap();
            assert_eq!(standing.heard_search(&[], now()), None);
        }
        assert_eq!((standing.search, standing.silent_searches), (Grant::NotKnown, 5_000));
    }

    #[test]
    fn a_search_that_finds_only_ourselves_is_not_granted_and_one_other_proves_that_it_is() {
        let mut standing = Standing { username: Some("masthead".into()), ..Standing::default() };
        assert_eq!(standing.heard_search(&["masthead", "Masthead"], now()), None);
        assert_eq!(standing.heard_search(&[], now()), None);
        assert_eq!(standing.heard_search(&["masthead"], now()), None);
        assert!(standing.heard_search(&["masthead"], now()).is_some());
        assert!(matches!(standing.search, Grant::NotGranted { .. }));
        let error = standing.ask(Call::Search, now() + Duration::days(6)).unwrap_err();
        assert_eq!(error.retry_at(), Some(now() + Duration::days(7)));
        // A week later one may find out; the next waits for what it hears.
        assert_eq!(standing.ask(Call::Search, now() + Duration::days(7)), Ok(()));
        assert!(standing.ask(Call::Search, now() + Duration::days(7)).is_err());
        assert_eq!(standing.heard_search(&["masthead", "news"], now()), None);
        assert_eq!(standing.search, Grant::Granted);
        // A rare name in our own posts alone takes nothing back.
        assert_eq!(standing.heard_search(&["masthead"], now()), None);
        let mut nobody = Standing::default();
        assert_eq!(nobody.heard_search(&["masthead"], now()), None);
        assert_eq!(nobody.search, Grant::NotKnown);
    }

    #[test]
    fn throttling_waits_an_hour_at_least_and_longer_each_time() {
        let mut standing = Standing::default();
        let mut at = now();
        for hours in [1, 2, 4, 8, 16, 24, 24] {
            let refusal = standing.heard_throttled(0.0, at);
            assert_eq!(refusal.retry_at(), Some(at + Duration::hours(hours)));
            assert_eq!(standing.heard_throttled(1.0, at), refusal, "heard together");
            assert!(standing.ask(Call::Own, at).is_err());
            at += Duration::hours(hours);
        }
        standing.heard_good(Call::Own);
        assert_eq!(standing.heard_throttled(1.0, at).retry_at(), Some(at + Duration::minutes(66)));
    }

    #[test]
    fn what_a_wrong_clock_counted_ahead_does_not_block_for_ever() {
        let mut spent = Spent::default();
        spent.add(now() + Duration::days(3_000));
        spent.add(now());
        assert_eq!(spent.in_a_day(now()), 2);
        assert_eq!(spent.in_a_day(now() + DAY + Duration::minutes(10)), 0);
    }
}
