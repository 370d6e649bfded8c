//! What the ledger says became of a digest.

use chrono::{DateTime, Utc};

use crate::model::digest::{Digest, DigestNumber};
use crate::model::record::{Entry, Record};

/// What became of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Posted {
        id: String,
        uri: String,
        url: Option<String>,
        at: DateTime<Utc>,
    },
    Refused(String),
    Withheld(String),
    Held(String),
    /// It was posted and taken down again.
    TakenDown(String),
}

/// What is known about requests whose outcome nobody saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doubt {
    pub is_open: bool,
    /// Read-backs since then that found nothing.
    pub empty_reads: u32,
    pub last_read: Option<DateTime<Utc>>,
}

/// The records about one part.
#[derive(Debug, Clone)]
pub(super) struct PartHistory {
    pub fate: Fate,
    pub first_intent: Option<DateTime<Utc>>,
    /// All requests, for counting.
    pub attempts: u32,
    /// Requests that may have had an effect.
    pub sends: u32,
    pub doubt: Doubt,
    /// Before the last request, in case that one had no effect.
    doubt_before: Doubt,
    /// What the first request replied to; later ones must say the same.
    pub reply_to: Option<String>,
    /// Posts to be taken down, in the order of their records, with the reason.
    pub removing: Vec<(String, String)>,
    pub removed: Vec<String>,
    /// What it says was withdrawn: it is not sent any more.
    pub is_corrected: bool,
}

impl PartHistory {
    fn new() -> PartHistory {
        PartHistory {
            fate: Fate::Open,
            first_intent: None,
            attempts: 0,
            sends: 0,
            doubt: Doubt::default(),
            doubt_before: Doubt::default(),
            reply_to: None,
            removing: Vec::new(),
            removed: Vec::new(),
            is_corrected: false,
        }
    }

    /// Whether a post of this part was seen and taken down: it must not be sent again unasked.
    pub(super) fn was_taken_down(&self) -> bool {
        !self.removing.is_empty() || !self.removed.is_empty()
    }

    fn take(&mut self, at: DateTime<Utc>, record: &Record) {
        match record {
            Record::Intent { reply_to, .. } => {
                if self.first_intent.is_none() {
                    self.first_intent = Some(at);
                    self.reply_to.clone_from(reply_to);
                }
                self.attempts += 1;
                self.sends += 1;
                self.doubt_before = self.doubt;
                self.doubt = Doubt { is_open: true, ..Doubt::default() };
            }
            Record::Deferred { .. } => {
                self.sends = self.sends.saturating_sub(1);
                self.doubt = self.doubt_before;
            }
            Record::NotFound { .. } => {
                self.doubt.empty_reads += 1;
                self.doubt.last_read = Some(at);
            }
            Record::Posted { id, uri, url, .. } => {
                self.fate = Fate::Posted { id: id.clone(), uri: uri.clone(), url: url.clone(), at };
                self.doubt.is_open = false;
            }
            Record::Refused { why, .. } => self.settle(Fate::Refused(why.clone())),
            Record::Withheld { why, .. } => self.settle(Fate::Withheld(why.clone())),
            Record::Held { why, .. } => self.settle(Fate::Held(why.clone())),
            Record::Corrected { .. } => self.is_corrected = true,
            Record::Removing { id, why, .. } => self.removing.push((id.clone(), why.clone())),
            Record::Removed { id, why, .. } => {
                self.removing.retain(|(removing, _)| removing != id);
                self.removed.push(id.clone());
                if matches!(&self.fate, Fate::Posted { id: posted, .. } if posted == id) {
                    self.fate = Fate::TakenDown(why.clone());
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, fate: Fate) {
        if self.fate == Fate::Open {
            self.fate = fate;
            self.doubt.is_open = false;
        }
    }
}

/// Everything the ledger says about one digest and about publishing as a whole.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// By index; the last one is the closing post.
    pub parts: Vec<PartHistory>,
    pub first_intent: Option<DateTime<Utc>>,
    /// Whether it is closed, with what and when.
    pub closed: Option<(bool, DateTime<Utc>)>,
    pub is_halted: bool,
    /// The server wants to be left alone until then.
    pub deferred_until: Option<DateTime<Utc>>,
    /// When another digest last tried to start.
    pub other_start: Option<DateTime<Utc>>,
}

impl History {
    pub(super) fn read(digest: &Digest, entries: &[Entry]) -> History {
        let mut history = History {
            parts: vec![PartHistory::new(); digest.parts.len() + 1],
            first_intent: None,
            closed: None,
            is_halted: false,
            deferred_until: None,
            other_start: None,
        };
        for entry in entries {
            history.take(digest.number, entry.at, &entry.record);
        }
        history
    }

    fn take(&mut self, number: DigestNumber, at: DateTime<Utc>, record: &Record) {
        match record {
            Record::Halted { .. } => self.is_halted = true,
            Record::Resumed { .. } => self.is_halted = false,
            Record::Closed { digest, complete, .. } if *digest == number => {
                self.closed = Some((*complete, at));
            }
            Record::Intent { digest, part: 0, .. } if *digest != number => self.other_start = Some(at),
            Record::Intent { digest, .. } if *digest == number && self.first_intent.is_none() => {
                self.first_intent = Some(at);
            }
            Record::Deferred { digest, until, .. } if *digest == number => self.deferred_until = Some(*until),
            _ => {}
        }
        if let Some((_, part)) = part_of(record).filter(|(digest, _)| *digest == number)
            && let Some(history) = self.parts.get_mut(part as usize)
        {
            history.take(at, record);
        }
    }

    /// The part whose last request nobody saw the outcome of; parts go one by one, so there is one at most.
    pub(super) fn in_doubt(&self) -> Option<usize> {
        self.parts.iter().position(|part| part.fate == Fate::Open && part.doubt.is_open)
    }
}

/// The digest and part that a record is about.
fn part_of(record: &Record) -> Option<(DigestNumber, u32)> {
    match record {
        Record::Intent { digest, part, .. }
        | Record::Deferred { digest, part, .. }
        | Record::Posted { digest, part, .. }
        | Record::NotFound { digest, part, .. }
        | Record::Refused { digest, part, .. }
        | Record::Withheld { digest, part, .. }
        | Record::Removing { digest, part, .. }
        | Record::Removed { digest, part, .. }
        | Record::Corrected { digest, part, .. }
        | Record::Held { digest, part, .. } => Some((*digest, *part)),
        _ => None,
    }
}
