//! The position in the stream: how far it was taken, where it was not seen, and what it costs.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::sift::Sifted;
use crate::sources::jetstream::{ASK_BACK, LOOKBACK};
use crate::store::{Batch, Store, StoreError, unless_damaged};

/// The note that holds it.
const NOTE: &str = "jetstream";
/// The network is never silent for so long: whatever is missing then was not kept for us.
const NEVER_SILENT: Duration = Duration::hours(6);
/// The newest stretches that were not seen, which are kept.
const MOST_HOLES: usize = 20;
/// What a day costs is known once so much of it was taken.
const MEASURED_OVER: Duration = Duration::minutes(10);
/// What is older counts less and less.
const ONE_DAY: Duration = Duration::days(1);

/// How far the stream was taken, in the time of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When it was first listened to.
    pub begun: DateTime<Utc>,
    /// The newest event that was taken; `None` = none yet.
    pub cursor: Option<DateTime<Utc>>,
    /// Stretches that nobody can read any more, newest last.
    pub holes: Vec<Hole>,
    /// What came for how much of the stream's time: the last day of it at most.
    pub bytes: u64,
    pub events: u64,
    pub over_millis: i64,
}

/// A stretch of the stream that was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub noticed_at: DateTime<Utc>,
}

impl Position {
    pub fn read(store: &Store, now: DateTime<Utc>) -> Result<Position, StoreError> {
        let note = unless_damaged(store.note(NOTE))?;
        let noted = note.and_then(|note| serde_json::from_str(&note).ok());
        Ok(noted.unwrap_or(Position {
            begun: now,
            cursor: None,
            holes: vec![],
            bytes: 0,
            events: 0,
            over_millis: 0,
        }))
    }

    /// What is to be written of it; it belongs into one commit with what was taken.
    pub fn noted(&self) -> Batch {
        let mut batch = Batch::new();
        batch.set_note(NOTE, &serde_json::to_string(self).expect("times and numbers are plain data"));
        batch
    }

    /// Where to begin: a little before what was taken last, or behind what cannot be read.
    pub(super) fn ask_from(&self, step: Duration) -> Option<DateTime<Utc>> {
        let back = if step.is_zero() { -ASK_BACK } else { step };
        self.cursor.map(|cursor| cursor + back)
    }

    /// A stream that was opened at a time begins with this event.
    pub(super) fn opened(&mut self, first: DateTime<Utc>, opened_at: DateTime<Utc>, step: Duration) {
        let Some(cursor) = self.cursor else { return };
        // The instance moves a cursor up without a word, when it is older than what it keeps.
        let was_moved_up = opened_at - cursor > LOOKBACK || first - cursor > NEVER_SILENT;
        if first > cursor + ASK_BACK && was_moved_up || !step.is_zero() {
            self.holes.push(Hole { from: cursor, until: first.max(cursor + step), noticed_at: opened_at });
            let beyond = self.holes.len().saturating_sub(MOST_HOLES);
            self.holes.drain(..beyond);
            // What was not seen is no part of what was measured.
            self.cursor = Some(first.max(cursor));
        }
    }

    /// Events were taken that came as so many bytes.
    pub(super) fn advance(&mut self, sifted: &Sifted, bytes: u64) {
        let Some(last) = sifted.last else { return };
        let from = self.cursor.or(sifted.first).unwrap_or(last);
        self.cursor = Some(last.max(from));
        self.over_millis += (last - from).num_milliseconds().max(0);
        self.bytes += bytes;
        self.events += sifted.events;
        if self.over_millis > ONE_DAY.num_milliseconds() {
            (self.over_millis, self.bytes, self.events) =
                (self.over_millis / 2, self.bytes / 2, self.events / 2);
        }
    }

    /// Bytes that a day of the stream has; `None` until enough of it was taken to tell.
    pub fn bytes_a_day(&self) -> Option<u64> {
        self.per_second(self.bytes).map(|bytes| (bytes * 86_400.0) as u64)
    }

    pub fn events_a_second(&self) -> Option<f64> {
        self.per_second(self.events)
    }

    fn per_second(&self, count: u64) -> Option<f64> {
        (self.over_millis >= MEASURED_OVER.num_milliseconds())
            .then(|| count as f64 * 1000.0 / self.over_millis as f64)
    }
}
