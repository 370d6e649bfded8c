//! Taking records in: a new store is filled with what another one gave out.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use super::batch::Holder;
use super::disk::Place;
use super::export::RawRecord;
use super::keys::{self, TreeName};
use super::quarantine::Quarantined;
use super::value::{MAX_VALUE_BYTES, decode};
use super::{LEDGER_MARK, META_ID, META_SCHEMA, REJECTED_COUNTER, StoreError, open_database};
use crate::model::assessment::Assessment;
use crate::model::audience::Audience;
use crate::model::digest::DigestRecord;
use crate::model::dossier::{AccountRecord, NeverFlag};
use crate::model::finding::Finding;
use crate::model::health::Alert;
use crate::model::item::{FeedSight, Item};
use crate::model::observation::CountsAt;
use crate::model::proof::{HostSight, PageSight};
use crate::model::record::LedgerMark;
use crate::model::reuse::Reuse;
use crate::model::site::SiteSight;
use crate::model::status::SeenStatus;
use crate::model::target::{Cursor, TargetRecord};

/// So many bytes are handed to the database at once.
const PORTION: usize = 1 << 20;

/// The page cache while a store is filled: it is written once and not read.
const CACHE_MIB: u64 = 16;

/// A store that is being filled in a directory of its own. Until [`Filling::finish`] it is nobody's store.
#[derive(Debug)]
pub struct Filling {
    place: Place,
    db: sled::Db,
    trees: BTreeMap<TreeName, sled::Tree>,
    portion: BTreeMap<TreeName, sled::Batch>,
    bytes: usize,
    _lock: File,
}

impl Filling {
    /// Begins in a directory without a store.
    pub fn begin(dir: &Path) -> Result<Filling, StoreError> {
        let place = Place { dir: dir.to_owned() };
        let lock = place.occupy()?;
        place.create_db()?;
        let db = open_database(&place, CACHE_MIB)?;
        let open = |tree: TreeName| {
            let opened = db.open_tree(tree.as_str()).map_err(|error| place.sled("open its trees", error))?;
            Ok((tree, opened))
        };
        let trees = TreeName::ALL.into_iter().map(open).collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        Ok(Filling { place, db, trees, portion: BTreeMap::new(), bytes: 0, _lock: lock })
    }

    /// Takes one record as it is.
    ///
    /// # Errors
    /// `TooLong` as in a commit; what the disk says.
    pub fn put(&mut self, record: RawRecord) -> Result<(), StoreError> {
        let RawRecord { tree, key, value } = record;
        if value.len() > MAX_VALUE_BYTES {
            let (key, bytes) = (keys::readable(&key), value.len());
            return Err(StoreError::TooLong { tree, key, bytes, limit: MAX_VALUE_BYTES });
        }
        self.bytes += key.len() + value.len();
        self.portion.entry(tree).or_default().insert(key, value);
        if self.bytes >= PORTION { self.hand_over() } else { Ok(()) }
    }

    /// Makes all of it durable; the directory then holds a store that can be opened.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.hand_over()?;
        self.db.flush().map_err(|error| self.place.sled("flush", error))?;
        let data_file = self.place.data_file()?;
        data_file.sync_all().map_err(|error| self.place.io("fsync", error))?;
        self.place.sync_names()
    }

    fn hand_over(&mut self) -> Result<(), StoreError> {
        for (tree, batch) in std::mem::take(&mut self.portion) {
            self.trees[&tree].apply_batch(batch).map_err(|error| self.place.sled("fill it", error))?;
        }
        self.bytes = 0;
        Ok(())
    }
}

/// Whether the store can read a record, and why not.
pub fn check_record(record: &RawRecord) -> Result<(), String> {
    let RawRecord { tree, key, value } = record;
    if value.len() > MAX_VALUE_BYTES {
        return Err(format!("it has {} bytes; expected at most {MAX_VALUE_BYTES}", value.len()));
    }
    match tree {
        TreeName::Meta => check_meta(key, value),
        TreeName::Notes => decode::<String>(value).map(drop),
        TreeName::Accounts => decode::<AccountRecord>(value).map(drop),
        TreeName::Addresses => decode::<Holder>(value).map(drop),
        TreeName::Counts => decode::<CountsAt>(value).map(drop),
        TreeName::Statuses => decode::<SeenStatus>(value).map(drop),
        TreeName::Items => decode::<Item>(value).map(drop),
        TreeName::Feeds => decode::<FeedSight>(value).map(drop),
        TreeName::Reuse => decode::<Reuse>(value).map(drop),
        TreeName::NeverFlag => decode::<NeverFlag>(value).map(drop),
        TreeName::Audiences => decode::<Audience>(value).map(drop),
        TreeName::Assessments => decode::<Assessment>(value).map(drop),
        TreeName::Targets => decode::<TargetRecord>(value).map(drop),
        TreeName::Cursors => decode::<Cursor>(value).map(drop),
        TreeName::Pages => decode::<PageSight>(value).map(drop),
        TreeName::Sites => decode::<SiteSight>(value).map(drop),
        TreeName::Hosts => decode::<HostSight>(value).map(drop),
        TreeName::Findings => decode::<Finding>(value).map(drop),
        TreeName::Digests => decode::<DigestRecord>(value).map(drop),
        TreeName::Alerts => decode::<Alert>(value).map(drop),
        TreeName::Rejected => decode::<Quarantined>(value).map(drop),
        // Its value is a place in the ring.
        TreeName::RejectedFingerprints => keys::as_number(value).map(drop).ok_or("it is no place".to_owned()),
    }
}

fn check_meta(key: &[u8], value: &[u8]) -> Result<(), String> {
    match key {
        key if key == META_SCHEMA.as_bytes() => decode::<u32>(value).map(drop),
        key if key == META_ID.as_bytes() => decode::<String>(value).map(drop),
        key if key == LEDGER_MARK.as_bytes() => decode::<LedgerMark>(value).map(drop),
        key if key == REJECTED_COUNTER.as_bytes() => decode::<u64>(value).map(drop),
        _ => decode::<serde_json::Value>(value).map(drop),
    }
}
