//! The gate before every host: turns, pauses, denials and the daily budgets.
//!
//! Nobody sleeps here except for a turn, which comes when an earlier request ends, and those are short.
//! Races that are left alone: requests that already have their turn when a host asks for rest still go out.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::Target;
use super::error::FetchError;
use super::pace::{self, Cause, Heard, Streak, Wait};
use crate::clock::Clock;
use crate::model::account::Host;

/// Requests in flight at one time.
const MOST_IN_ALL: usize = 16;
const MOST_PER_HOST: usize = 2;
/// What a host that nobody configured gives us in one day, for its whole registrable domain.
const FETCHES_A_DAY: u64 = 500;
const BYTES_A_DAY: u64 = 500 << 20;
/// After 401 or 403 the same kind of request rests so long.
const DENIED_FOR: Duration = Duration::hours(6);
/// A denial covers the first segments of a path: `/api/v1/accounts` and what is below.
const DENIED_SEGMENTS: usize = 3;
/// So many hosts are remembered before those without a pause are forgotten.
const MOST_REMEMBERED: usize = 4096;

/// Whether a request carries a token: servers give different answers to members and strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Standing {
    Member,
    Stranger,
}

impl Standing {
    pub fn of(token: Option<&SecretString>) -> Standing {
        if token.is_some() { Standing::Member } else { Standing::Stranger }
    }
}

#[derive(Debug)]
pub(super) struct Gate {
    turns: Arc<Semaphore>,
    /// Makes our jitter another than that of other bots, and yet the same in every trial.
    salt: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    hosts: HashMap<Host, Visited>,
    denials: HashMap<Denial, Denied>,
    /// The day to which `spent` belongs.
    day: NaiveDate,
    spent: HashMap<String, Spent>,
}

#[derive(Debug)]
struct Visited {
    turns: Arc<Semaphore>,
    streak: Streak,
    pause: Option<Pause>,
}

#[derive(Debug, Clone)]
struct Pause {
    until: DateTime<Utc>,
    cause: Cause,
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Denial {
    host: Host,
    prefix: String,
    standing: Standing,
}

#[derive(Debug, Clone, Copy)]
struct Denied {
    status: u16,
    until: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    fetches: u64,
    bytes: u64,
}

/// A turn: as long as it lives, it counts as a request in flight.
#[derive(Debug)]
pub(super) struct Turn {
    _in_all: OwnedSemaphorePermit,
    _of_host: OwnedSemaphorePermit,
}

impl Gate {
    pub fn new(salt: &str) -> Gate {
        let turns = Arc::new(Semaphore::new(MOST_IN_ALL));
        Gate { turns, salt: salt.to_owned(), state: Mutex::default() }
    }

    /// Waits for a turn at a host; a pause is an error at once, before and after.
    pub async fn enter(&self, host: &Host, clock: &Clock) -> Result<Turn, FetchError> {
        let of_host = {
            let mut state = self.state();
            state.paused(host, clock.now())?;
            Arc::clone(&state.visited(host, clock.now()).turns)
        };
        // First the host's turn: who waits for a slow host must not keep others from theirs.
        let of_host = of_host.acquire_owned().await.expect("turns are never closed");
        let in_all = Arc::clone(&self.turns).acquire_owned().await.expect("turns are never closed");
        self.state().paused(host, clock.now())?;
        Ok(Turn { _in_all: in_all, _of_host: of_host })
    }

    /// Counts a fetch against the day's budget of a foreign domain.
    pub fn spend(&self, name: &str, host: &Host, now: DateTime<Utc>) -> Result<(), FetchError> {
        let mut state = self.state();
        let spent = state.spent(name, now);
        let limit = match spent {
            Spent { fetches, .. } if *fetches >= FETCHES_A_DAY => "500 requests",
            Spent { bytes, .. } if *bytes >= BYTES_A_DAY => "500 MiB",
            _ => {
                spent.fetches += 1;
                return Ok(());
            }
        };
        Err(FetchError::Budget { host: host.clone(), limit, until: next_midnight(now) })
    }

    pub fn spend_bytes(&self, name: &str, bytes: u64, now: DateTime<Utc>) {
        self.state().spent(name, now).bytes += bytes;
    }

    /// Learns from an answer; returns until when the host is left alone, if it is.
    pub fn learn(&self, host: &Host, heard: Heard<'_>) -> Option<DateTime<Utc>> {
        let jitter = self.jitter(host, heard.now);
        let mut state = self.state();
        let visited = state.visited(host, heard.now);
        match pace::wait(heard, visited.streak, jitter) {
            Some(wait) => visited.rest(wait, heard),
            None => visited.recover(),
        }
        visited.pause.as_ref().map(|pause| pause.until).filter(|until| *until > heard.now)
    }

    /// Learns that a host did not answer.
    pub fn learn_silence(&self, host: &Host, why: &str, now: DateTime<Utc>) {
        let jitter = self.jitter(host, now);
        let mut state = self.state();
        let visited = state.visited(host, now);
        if !visited.is_paused_by(Cause::Trouble, now) {
            let wait = pace::wait_for_silent(why, visited.streak, jitter);
            visited.streak.troubled = visited.streak.troubled.saturating_add(1);
            visited.pause_for(wait, now);
        }
    }

    /// Whether this kind of request was denied lately.
    pub fn denied(&self, target: &Target, standing: Standing, now: DateTime<Utc>) -> Result<(), FetchError> {
        match self.state().denials.get(&Denial::of(target, standing)) {
            Some(&Denied { status, until }) if until > now => {
                Err(FetchError::Denied { url: target.shown(), status, until })
            }
            _ => Ok(()),
        }
    }

    /// Remembers a 401 or 403 and returns until when.
    pub fn deny(
        &self,
        target: &Target,
        standing: Standing,
        status: u16,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let until = now + DENIED_FOR;
        let mut state = self.state();
        state.denials.retain(|_, denied| denied.until > now);
        state.denials.insert(Denial::of(target, standing), Denied { status, until });
        until
    }

    /// From now on everything may be asked once more.
    pub fn forget_denials(&self) {
        self.state().denials.clear();
    }

    /// Until when a host is left alone as a whole; denials of single paths do not count.
    pub fn pause_of(&self, host: &Host, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let state = self.state();
        let pause = state.hosts.get(host)?.pause.as_ref()?;
        (pause.until > now).then_some(pause.until)
    }

    /// Every host that is left alone in whole or in part, until when and why.
    pub fn pauses(&self, now: DateTime<Utc>) -> Vec<(Host, DateTime<Utc>, String)> {
        let state = self.state();
        let paused = state.hosts.iter().filter_map(|(host, visited)| {
            let pause = visited.pause.as_ref().filter(|pause| pause.until > now)?;
            Some((host.clone(), pause.until, pause.why.clone()))
        });
        let denied = state.denials.iter().filter(|(_, denied)| denied.until > now);
        let denied = denied.map(|(denial, denied)| {
            let token = match denial.standing {
                Standing::Member => "with our token",
                Standing::Stranger => "without a token",
            };
            let why = format!("it answered {} to {} {token}", denied.status, denial.prefix);
            (denial.host.clone(), denied.until, why)
        });
        let mut all: Vec<_> = paused.chain(denied).collect();
        all.sort();
        all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete in itself, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jitter(&self, host: &Host, now: DateTime<Utc>) -> f64 {
        let mut hasher = DefaultHasher::new();
        (&self.salt, host, now.timestamp_millis()).hash(&mut hasher);
        hasher.finish() as f64 / u64::MAX as f64
    }
}

impl State {
    fn visited(&mut self, host: &Host, now: DateTime<Utc>) -> &mut Visited {
        if self.hosts.len() >= MOST_REMEMBERED && !self.hosts.contains_key(host) {
            self.hosts.retain(|_, visited| visited.is_needed(now));
        }
        self.hosts.entry(host.clone()).or_insert_with(|| Visited {
            turns: Arc::new(Semaphore::new(MOST_PER_HOST)),
            streak: Streak::default(),
            pause: None,
        })
    }

    fn paused(&self, host: &Host, now: DateTime<Utc>) -> Result<(), FetchError> {
        match self.hosts.get(host).and_then(|visited| visited.pause.as_ref()) {
            Some(pause) if pause.until > now => {
                let why = pause.why.clone();
                Err(FetchError::Paused { host: host.clone(), until: pause.until, why })
            }
            _ => Ok(()),
        }
    }

    fn spent(&mut self, name: &str, now: DateTime<Utc>) -> &mut Spent {
        if self.day != now.date_naive() {
            self.day = now.date_naive();
            self.spent.clear();
        }
        self.spent.entry(name.to_owned()).or_default()
    }
}

impl Visited {
    /// Takes the rest that an answer asks for.
    fn rest(&mut self, wait: Wait, heard: Heard<'_>) {
        // Requests that went out together hear the same: it counts once.
        let is_news = !self.is_paused_by(wait.cause, heard.now);
        match wait.cause {
            Cause::Trouble if is_news => self.streak.troubled = self.streak.troubled.saturating_add(1),
            Cause::Trouble => return,
            Cause::Limit if heard.status != 429 => self.recover(),
            Cause::Limit if is_news => self.streak.limited = self.streak.limited.saturating_add(1),
            Cause::Limit => {}
        }
        self.pause_for(wait, heard.now);
    }

    /// A good answer: trouble is over, but a rest that was asked for is kept.
    fn recover(&mut self) {
        self.streak = Streak::default();
        if self.pause.as_ref().is_some_and(|pause| pause.cause == Cause::Trouble) {
            self.pause = None;
        }
    }

    fn pause_for(&mut self, wait: Wait, now: DateTime<Utc>) {
        let pause = Pause { until: now + wait.span, cause: wait.cause, why: wait.why };
        if self.pause.as_ref().is_none_or(|known| known.until < pause.until) {
            self.pause = Some(pause);
        }
    }

    fn is_paused_by(&self, cause: Cause, now: DateTime<Utc>) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.cause == cause && pause.until > now)
    }

    fn is_needed(&self, now: DateTime<Utc>) -> bool {
        let in_use = Arc::strong_count(&self.turns) > 1;
        // A day after a pause nothing is left to remember of it.
        let recent = self.pause.as_ref().is_some_and(|pause| pause.until + Duration::days(1) > now);
        in_use || recent
    }
}

impl Denial {
    fn of(target: &Target, standing: Standing) -> Denial {
        let segments = target.url.path_segments().into_iter().flatten().take(DENIED_SEGMENTS);
        let prefix = format!("/{}", segments.collect::<Vec<_>>().join("/"));
        Denial { host: target.host.clone(), prefix, standing }
    }
}

fn next_midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    match now.date_naive().checked_add_days(Days::new(1)) {
        Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
        None => now,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-02T10:00:00Z".parse().unwrap()
    }

    fn host() -> Host {
        Host::parse("social.example").unwrap()
    }

    fn heard(status: u16, headers: &HeaderMap) -> Heard<'_> {
        Heard { status, headers, now: now() }
    }

    #[test]
    fn requests_that_went_out_together_hear_the_same_trouble_once() {
        let gate = Gate::new("salt");
        let headers = HeaderMap::new();
        let until = gate.learn(&host(), heard(503, &headers)).unwrap();
        assert!((30..=33).contains(&(until - now()).num_seconds()));
        assert_eq!(gate.learn(&host(), heard(502, &headers)), Some(until));
        gate.learn_silence(&host(), "nothing came", now());
        assert_eq!(gate.pauses(now()), [(host(), until, "it answered 503".to_owned())]);
        let later = Heard { now: until, ..heard(503, &headers) };
        assert!(gate.learn(&host(), later).unwrap() - until >= Duration::seconds(60));
    }

    #[test]
    fn a_good_answer_ends_trouble_but_not_a_rest_that_was_asked_for() {
        let gate = Gate::new("salt");
        let asked = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("600"))]);
        let plain = HeaderMap::new();
        gate.learn(&host(), heard(500, &plain));
        assert_eq!(gate.learn(&host(), heard(200, &plain)), None);
        let until = gate.learn(&host(), heard(429, &asked));
        assert!(until.is_some());
        assert_eq!(gate.learn(&host(), heard(200, &plain)), until);
    }

    #[test]
    fn a_domain_gives_its_bytes_once_a_day() {
        let gate = Gate::new("salt");
        gate.spend_bytes("social.example", BYTES_A_DAY, now());
        let error = gate.spend("social.example", &host(), now()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "social.example has used its budget of the day, which is 500 MiB; \
             it is read again at 2026-11-03 00:00:00 UTC"
        );
        assert_eq!(gate.spend("daily.example", &host(), now()), Ok(()));
        assert_eq!(gate.spend("social.example", &host(), now() + Duration::days(1)), Ok(()));
    }

    #[test]
    fn only_hosts_in_use_or_at_rest_are_remembered() {
        let gate = Gate::new("salt");
        for n in 0..MOST_REMEMBERED {
            gate.state().visited(&Host::parse(&format!("h{n}.example")).unwrap(), now());
        }
        gate.learn(&Host::parse("h7.example").unwrap(), heard(503, &HeaderMap::new()));
        gate.state().visited(&host(), now());
        assert_eq!(gate.state().hosts.len(), 2);
    }
}
