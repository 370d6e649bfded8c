//! The quarantine: a ring of the newest foreign items that could not be read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::keys;
use super::value::{MAX_VALUE_BYTES, cut, encode};
use crate::model::target::Rejected;

/// So many rejected items are kept, the newest ones: enough to see what is wrong, too few to fill a disk.
pub const REJECTED_KEPT: u64 = 1000;

/// A rejected item in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// What was read, as the target is printed.
    pub source: String,
    pub at: DateTime<Utc>,
    pub rejected: Rejected,
}

impl Quarantined {
    /// An item of a source, cut to what is worth keeping.
    pub(super) fn of(source: &str, at: DateTime<Utc>, rejected: Rejected) -> Quarantined {
        let rejected = Rejected {
            item: cut(&rejected.item, 1024),
            why: cut(&rejected.why, 1024),
            excerpt: cut(&rejected.excerpt, 32 * 1024),
        };
        Quarantined { source: cut(source, 1024), at, rejected }
    }

    /// Its fingerprint, and the item as it lies on disk, cut until it fits.
    pub(super) fn written(mut self) -> (Vec<u8>, Vec<u8>) {
        let mut value = encode(&self);
        while value.len() > MAX_VALUE_BYTES {
            let excerpt = &mut self.rejected.excerpt;
            *excerpt = cut(excerpt, excerpt.len() / 2);
            value = encode(&self);
        }
        (self.fingerprint(), value)
    }

    /// Sixteen bytes that are the same for the same item of the same source.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        for piece in [&self.source, &self.rejected.why, &self.rejected.excerpt] {
            hasher.update((piece.len() as u64).to_be_bytes());
            hasher.update(piece);
        }
        hasher.finalize()[..16].to_vec()
    }
}

/// Where the item with this number, counted from 0, lies in the ring.
pub(super) fn rejected_slot(number: u64) -> [u8; 4] {
    keys::number(u32::try_from(number % REJECTED_KEPT).expect("the ring is small"))
}
