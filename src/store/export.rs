//! Giving a store out: all its records as they lie, while it stands still.

use std::sync::{PoisonError, RwLockWriteGuard};

use super::keys::TreeName;
use super::{Inner, Store, StoreError};

/// A record as it lies on disk; nobody has looked into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    pub tree: TreeName,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// The store standing still: commits wait until this is dropped, reading goes on.
pub struct Still<'a> {
    inner: &'a Inner,
    _gate: RwLockWriteGuard<'a, ()>,
}

impl Store {
    /// Waits for the commits under way and holds back the later ones, so that all trees are of one moment.
    pub fn hold_still(&self) -> Still<'_> {
        let gate = self.inner.gate.write().unwrap_or_else(PoisonError::into_inner);
        Still { inner: &self.inner, _gate: gate }
    }
}

impl Still<'_> {
    pub fn store_id(&self) -> &str {
        &self.inner.id
    }

    /// The schema of the records.
    pub fn schema(&self) -> u32 {
        self.inner.schema
    }

    /// All records by tree and key. After an error there is none: what the database cannot read it does not skip.
    pub fn records(&self) -> impl Iterator<Item = Result<RawRecord, StoreError>> + '_ {
        TreeName::ALL.into_iter().flat_map(move |tree| {
            self.inner.trees[&tree].iter().map(move |pair| {
                let (key, value) = pair.map_err(|error| self.inner.place.sled("read", error))?;
                Ok(RawRecord { tree, key: key.to_vec(), value: value.to_vec() })
            })
        })
    }
}

impl std::fmt::Debug for Still<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Still").field("dir", &self.inner.place.dir).finish_non_exhaustive()
    }
}
