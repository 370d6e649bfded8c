//! Vitals: what this process did and met since it started, kept in memory for health and metrics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::backup;
use super::collect::CollectReport;
use super::listen::Position;
use super::speaker::Claimant;
use crate::model::health::Health;

/// What a process remembers of itself. Clones are one memory, also over a change of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Vitals(Arc<Mutex<Memory>>);

/// How much the loops have done since the start: polls written; requests that publication has an answer to. It only
/// counts, so that whoever looks twice sees whether a long pass gets on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub collection: u64,
    pub publication: u64,
}

/// The contents, each as it was last.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Since when the service runs; `None` in a command.
    pub up_since: Option<DateTime<Utc>>,
    pub polls_good: u64,
    pub polls_failed: u64,
    pub new_statuses: u64,
    /// What the home server said when it was last asked; `None` = not asked yet.
    pub home: Option<Result<HomeSeen, HomeLost>>,
    /// When that was.
    pub home_asked: Option<DateTime<Utc>>,
    /// Why a digest that is due is not made.
    pub no_digest: Option<String>,
    /// Why the last backup could not be made; `None` once one was.
    pub no_backup: Option<backup::Failed>,
    /// How far the passes under way are.
    progress: Progress,
    /// How it goes with messages to whoever is told of troubles.
    pub delivery: Delivery,
    /// The log has it that nothing is dated by a wrong clock.
    is_clock_told: bool,
    /// How it goes with the stream.
    pub stream: Stream,
    /// The last look at everything; doors show it without asking the store.
    pub health: Option<Arc<Health>>,
}

/// Messages that do not arrive, and when the next one is tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Tries in a row that failed.
    pub failures: u32,
    pub next_try: Option<DateTime<Utc>>,
}

/// The stream as this process listens to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// `None` = it is not open.
    pub open_since: Option<DateTime<Utc>>,
    /// Since when it is not, and why: it broke off, or could not be opened.
    pub broken: Option<(DateTime<Utc>, String)>,
    /// How far it was taken; `None` = nobody listens.
    pub position: Option<Position>,
    /// When something came last, by our clock.
    pub heard_at: Option<DateTime<Utc>>,
    /// Since the start: events, bytes, statuses of known accounts, and leads.
    pub events: u64,
    pub bytes: u64,
    pub statuses: u64,
    pub leads: u64,
}

impl Stream {
    pub(super) fn take_position(&mut self, position: &Position) {
        self.position = Some(position.clone());
    }

    pub(super) fn connected(&mut self, now: DateTime<Utc>) {
        (self.open_since, self.heard_at) = (Some(now), None);
    }

    pub(super) fn took(&mut self, position: &Position, events: u64, bytes: u64, now: DateTime<Utc>) {
        self.take_position(position);
        self.heard_at = Some(now);
        // Only what brings something is mended.
        self.broken = None;
        self.events += events;
        self.bytes += bytes;
    }

    pub(super) fn broke(&mut self, why: String, now: DateTime<Utc>) {
        self.open_since = None;
        let since = self.broken.take().map_or(now, |(since, _)| since);
        self.broken = Some((since, why));
    }

    /// It was closed by us.
    pub(super) fn ended(&mut self) {
        self.open_since = None;
    }
}

/// Our account on its server, as far as its health goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeSeen {
    pub who: Claimant,
    pub is_bot: bool,
    /// The longest post that the server takes.
    pub max_characters: u32,
    /// What the server says that it runs.
    pub version: String,
}

/// Why our server did not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeLost {
    pub why: String,
    /// It does not accept our token.
    pub is_denial: bool,
}

impl Vitals {
    /// The service starts.
    pub fn start(&self, now: DateTime<Utc>) {
        self.memory().up_since = Some(now);
    }

    /// A pass of collection is over.
    pub fn collected(&self, report: &CollectReport) {
        let mut memory = self.memory();
        let failed = report.failed as u64;
        memory.polls_failed += failed;
        memory.polls_good += report.polled as u64 - failed.min(report.polled as u64);
        memory.new_statuses += report.new_statuses as u64;
    }

    /// Some polls of a pass of collection are over.
    pub fn polled(&self) {
        self.memory().progress.collection += 1;
    }

    /// A step of publication is over.
    pub fn stepped(&self) {
        self.memory().progress.publication += 1;
    }

    pub fn progress(&self) -> Progress {
        self.memory().progress
    }

    pub fn home(&self, seen: Result<HomeSeen, HomeLost>, now: DateTime<Utc>) {
        let mut memory = self.memory();
        (memory.home, memory.home_asked) = (Some(seen), Some(now));
    }

    pub fn no_digest(&self, why: Option<String>) {
        self.memory().no_digest = why;
    }

    pub fn backed_up(&self, failed: Option<backup::Failed>) {
        self.memory().no_backup = failed;
    }

    pub fn delivery(&self, delivery: Delivery) {
        self.memory().delivery = delivery;
    }

    /// Whether this is other than what was said before of the clock.
    pub fn clock(&self, is_wrong: bool) -> bool {
        std::mem::replace(&mut self.memory().is_clock_told, is_wrong) != is_wrong
    }

    /// Notes how it goes with the stream.
    pub fn stream(&self, note: impl FnOnce(&mut Stream)) {
        note(&mut self.memory().stream);
    }

    pub fn looked(&self, health: Arc<Health>) {
        self.memory().health = Some(health);
    }

    /// All of it as it is now.
    pub fn recall(&self) -> Memory {
        self.memory().clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every change is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
