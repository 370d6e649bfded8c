//! How a ledger and a store stand to each other at start: in step, one step apart, or strangers.
//!
//! The ledger is written first, so an ordinary kill leaves the store behind by records of the digest under
//! way. Everything else means that one of them was lost, restored or swapped; posting again from such a pair
//! could say a thing twice, so a person has to look.

use std::collections::BTreeSet;

use crate::model::digest::DigestNumber;
use crate::model::record::{Entry, LedgerMark, Record};

/// Whether a store may go on publishing under a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was ever written: `Opened` comes first.
    FirstStart,
    InStep,
    /// These records are to be replayed into the store, in order.
    StoreBehind(Vec<Entry>),
    /// Publishing stays off until a person has compared both: why, as a sentence for people.
    Foreign {
        why: String,
    },
}

/// Compares a ledger with the id of a store and the mark it has of the ledger; `None` for a store that was
/// lost or has taken over nothing.
pub fn standing(entries: &[Entry], store: Option<&str>, mark: Option<&LedgerMark>) -> Standing {
    let Some(last) = entries.last() else {
        return match mark {
            None => Standing::FirstStart,
            Some(mark) => foreign(format!(
                "the ledger is empty, but the store has taken over {} of its records: the ledger was lost",
                mark.seq
            )),
        };
    };
    if let Some(why) = belongs_elsewhere(entries, store) {
        return foreign(why);
    }
    let taken_over = match mark {
        None => 0,
        Some(mark) if mark.seq > last.seq => {
            return foreign(format!(
                "the store has taken over {} records, but the ledger has only {}: it is an older copy",
                mark.seq, last.seq
            ));
        }
        Some(mark) => {
            if hash_at(entries, mark.seq) != Some(mark.hash.as_str()) {
                return foreign(format!(
                    "record {} of the ledger is not the one that the store has taken over: \
                     one of them was restored from a copy",
                    mark.seq
                ));
            }
            mark.seq
        }
    };
    let tail: Vec<Entry> = entries.iter().filter(|entry| entry.seq > taken_over).cloned().collect();
    if tail.is_empty() {
        return Standing::InStep;
    }
    match further_behind(entries, &tail) {
        Some(why) => foreign(why),
        None => Standing::StoreBehind(tail),
    }
}

fn foreign(why: String) -> Standing {
    Standing::Foreign { why }
}

fn hash_at(entries: &[Entry], seq: u64) -> Option<&str> {
    entries.iter().find(|entry| entry.seq == seq).map(|entry| entry.hash.as_str())
}

/// Why the store is not the one that this ledger names last.
fn belongs_elsewhere(entries: &[Entry], store: Option<&str>) -> Option<String> {
    let owner = entries.iter().rev().find_map(|entry| match &entry.record {
        Record::Opened { store } | Record::Reconciled { store, .. } => Some(store.as_str()),
        _ => None,
    });
    match (owner, store) {
        (None, _) => Some("the ledger has records, but none says which store it belongs to".to_owned()),
        (Some(owner), None) => Some(format!(
            "the ledger has {} records of store {owner}, but the store is empty: it was lost",
            entries.len()
        )),
        (Some(owner), Some(store)) if owner != store => {
            Some(format!("the ledger belongs to store {owner}, but this is store {store}"))
        }
        _ => None,
    }
}

/// Why these last records are more than a kill can have left out of the store.
fn further_behind(entries: &[Entry], tail: &[Entry]) -> Option<String> {
    let newest = entries.iter().filter_map(|entry| entry.record.digest()).max();
    let open: BTreeSet<DigestNumber> = tail.iter().filter_map(|entry| entry.record.digest()).collect();
    if open.len() > 1 || open.first().copied().is_some_and(|digest| Some(digest) != newest) {
        let named: Vec<String> = open.iter().map(DigestNumber::to_string).collect();
        return Some(format!(
            "the store lacks the ledger's last {} records, about digests {}: it is an older copy",
            tail.len(),
            named.join(", ")
        ));
    }
    None
}
