//! What was decoded before: of lists that are read again and again only that is decoded which is not as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::status::SeenStatus;

/// Statuses by key, each with the bytes that it was decoded from.
pub(super) type Statuses = BTreeMap<sled::IVec, (sled::IVec, Arc<SeenStatus>)>;

/// The records of a small tree that every pass reads whole.
pub(super) struct Decoded<T>(pub Mutex<Snapshot<T>>);

pub(super) struct Snapshot<T> {
    /// By key; `None` before the tree was read.
    pub records: Option<BTreeMap<Vec<u8>, Arc<T>>>,
    /// The keys that were written since.
    pub stale: BTreeSet<Vec<u8>>,
}

/// The statuses of those accounts that were judged lately, as far as [`MOST`] lasts.
#[derive(Default)]
pub(super) struct Lately(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    accounts: BTreeMap<[u8; 16], Kept>,
    turn: u64,
}

struct Kept {
    /// The turn in which it was used last.
    turn: u64,
    bytes: usize,
    statuses: Statuses,
}

/// Statuses of so many bytes on disk are kept decoded, about twice as much in memory: those of the outlets' accounts
/// and of some suspects, which are judged with every new post.
const MOST: usize = 12 << 20;

impl<T> Default for Decoded<T> {
    fn default() -> Decoded<T> {
        Decoded(Mutex::new(Snapshot { records: None, stale: BTreeSet::new() }))
    }
}

impl<T> Decoded<T> {
    /// These records were written and can be seen. Said before that, a reader could take the old ones for new.
    pub fn mark<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) {
        let mut snapshot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        snapshot.stale.extend(keys.map(<[u8]>::to_vec));
    }
}

impl Lately {
    /// Takes what is kept of an account; whoever reads it at the same time finds nothing.
    pub fn take(&self, account: [u8; 16]) -> Statuses {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.accounts.remove(&account).map(|kept| kept.statuses).unwrap_or_default()
    }

    /// Keeps it, and lets those go that nobody asked for the longest.
    pub fn keep(&self, account: [u8; 16], statuses: Statuses) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.turn += 1;
        let bytes = statuses.values().map(|(bytes, _)| bytes.len()).sum();
        let kept = Kept { turn: shelf.turn, bytes, statuses };
        shelf.accounts.insert(account, kept);
        while shelf.accounts.values().map(|kept| kept.bytes).sum::<usize>() > MOST {
            let oldest = shelf.accounts.iter().min_by_key(|(_, kept)| kept.turn).map(|(id, _)| *id);
            oldest.and_then(|oldest| shelf.accounts.remove(&oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(count: usize) -> Statuses {
        let seen = serde_json::json!({
            "status": {
                "uri": "https://social.example/1", "local_id": "1", "url": null, "claimed_at": null,
                "edited_at": null, "text": "", "spoiler": "", "language": null, "boost_of": null,
                "is_reply": false, "links": [], "mentions": [], "tags": [], "media": [], "application": null,
            },
            "first_seen": "2026-11-02T12:00:00Z", "server_date": null, "content_hash": "", "background": false,
            "versions": [], "removed_at": null,
        });
        let seen: Arc<SeenStatus> = Arc::new(serde_json::from_value(seen).unwrap());
        let key = |number: usize| sled::IVec::from(&number.to_be_bytes());
        let bytes = sled::IVec::from(vec![b' '; 1 << 10]);
        (0..count).map(|number| (key(number), (bytes.clone(), seen.clone()))).collect()
    }

    #[test]
    fn who_was_asked_for_lately_is_kept_and_the_number_is_bounded() {
        let lately = Lately::default();
        let account = |number: u8| [number; 16];
        lately.keep(account(1), records(8_000));
        lately.keep(account(2), records(3_000));
        let first = lately.take(account(1));
        assert_eq!(first.len(), 8_000);
        lately.keep(account(1), first);
        lately.keep(account(3), records(3_000));
        assert_eq!(lately.take(account(2)).len(), 0, "asked for the longest ago");
        assert_eq!(lately.take(account(1)).len(), 8_000);
        lately.keep(account(4), records(13_000));
        assert_eq!(lately.take(account(4)).len(), 0, "too many for the shelf");
    }
}
