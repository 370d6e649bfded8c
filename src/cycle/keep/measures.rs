//! How large the store's files were day by day, how fast they grow, and how much of them was given up.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Batch, Store, StoreError, unless_damaged};

const NOTE: &str = "kept sizes";
/// The growth of a week says how the next weeks will be.
const LOOK_BACK: Duration = Duration::days(8);
/// Shorter than this says nothing: the files grow by leaps.
const SHORTEST: Duration = Duration::days(3);
/// The files hardly shrink by themselves, so that a fall by a tenth is a `masthead compact`.
const FALL: f64 = 0.9;

/// The sizes of a week, one a day, oldest first; since the files were last written anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    sizes: Vec<(DateTime<Utc>, u64)>,
    /// Bytes of words that were forgotten, and what their going took: the files keep that room until they are written
    /// anew.
    given_up: u64,
}

impl Measures {
    /// As they were noted last.
    pub fn noted(store: &Store) -> Result<Measures, StoreError> {
        let note = unless_damaged(store.note(NOTE))?;
        Ok(note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default())
    }

    /// The same with the size of today.
    pub fn taken(store: &Store, now: DateTime<Utc>) -> Result<Measures, StoreError> {
        Ok(Measures::noted(store)?.with(now, store.size_on_disk()?))
    }

    fn with(mut self, now: DateTime<Utc>, size: u64) -> Measures {
        if (size as f64) < self.size() as f64 * FALL {
            self = Measures::default();
        }
        self.sizes.retain(|(at, _)| *at < now && now - *at <= LOOK_BACK);
        self.sizes.push((now, size));
        self
    }

    /// The newest size.
    pub fn size(&self) -> u64 {
        self.sizes.last().map_or(0, |(_, size)| *size)
    }

    /// By how much the files are above their limit, without what was given up of them already.
    pub fn excess(&self, limit: u64) -> u64 {
        self.size().saturating_sub(limit).saturating_sub(self.given_up)
    }

    /// So many more bytes of the files are of no use.
    pub fn gave_up(&mut self, bytes: u64) {
        self.given_up = self.given_up.saturating_add(bytes);
    }

    /// In how many days `left` bytes are used up; `None` while too little was seen to tell, and where nothing grows.
    pub fn days_until_full(&self, left: u64) -> Option<u64> {
        let ((first, before), (last, after)) = (self.sizes.first()?, self.sizes.last()?);
        let days = (*last - *first).num_minutes() as f64 / (24.0 * 60.0);
        let grown = after.saturating_sub(*before);
        if *last - *first < SHORTEST || grown == 0 {
            return None;
        }
        Some((left as f64 * days / grown as f64) as u64)
    }

    /// To be written.
    pub fn written(&self) -> Batch {
        let note = serde_json::to_string(self).expect("times and numbers are plain data");
        let mut batch = Batch::default();
        batch.set_note(NOTE, &note);
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    fn day(day: i64) -> DateTime<Utc> {
        "2026-11-02T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::days(day)
    }

    fn grown(sizes: &[u64]) -> Measures {
        let sizes = (0..).zip(sizes);
        sizes.fold(Measures::default(), |measures, (at, size)| measures.with(day(at), size * MB))
    }

    #[test]
    fn the_growth_of_the_last_days_says_when_it_is_full() {
        assert_eq!(grown(&[100, 110, 120, 130]).days_until_full(700 * MB), Some(70));
        // Nine days: the first is too long ago to count.
        let slower = grown(&[0, 100, 110, 120, 130, 140, 150, 160, 170, 180]);
        assert_eq!(slower.days_until_full(700 * MB), Some(70));
    }

    #[test]
    fn two_days_and_files_that_do_not_grow_say_nothing() {
        assert_eq!(grown(&[100, 110, 120]).days_until_full(MB), None);
        assert_eq!(grown(&[100; 8]).days_until_full(MB), None);
        assert_eq!(Measures::default().days_until_full(MB), None);
    }

    #[test]
    fn what_was_given_up_counts_until_the_files_are_written_anew() {
        let mut measures = grown(&[130]);
        assert_eq!(measures.excess(100 * MB), 30 * MB);
        measures.gave_up(30 * MB);
        assert_eq!(measures.excess(100 * MB), 0);
        let larger = measures.clone().with(day(1), 140 * MB);
        assert_eq!(larger.excess(100 * MB), 10 * MB);
        let compacted = larger.with(day(2), 90 * MB).with(day(3), 140 * MB);
        assert_eq!(compacted.excess(100 * MB), 40 * MB);
        assert_eq!(compacted.days_until_full(MB), None, "it grew for one day only");
    }
}
