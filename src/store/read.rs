//! Reading the store, one record or a whole list.
//!
//! A single record that cannot be read is an error. A list leaves such records out, so that one does not
//! stop a pass; they are logged once and stay visible in [`Store::damaged`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::batch::{Holder, Quarantined, REJECTED_KEPT, rejected_slot};
use super::keys::{self, TreeName};
use super::{Inner, LEDGER_MARK, REJECTED_COUNTER, Store, StoreError, value};
use crate::model::account::{AccountId, Acct};
use crate::model::assessment::Assessment;
use crate::model::digest::{DigestNumber, DigestRecord};
use crate::model::dossier::{AccountRecord, NeverFlag};
use crate::model::finding::{Finding, FindingId};
use crate::model::item::{FeedSight, Item, ItemId};
use crate::model::observation::CountsAt;
use crate::model::proof::{HostSight, PageSight};
use crate::model::record::LedgerMark;
use crate::model::reuse::Reuse;
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::target::{Target, TargetRecord};

/// Records of a tree by key as they were last decoded, and from which bytes.
pub(super) struct Decoded<T>(Mutex<BTreeMap<sled::IVec, (sled::IVec, T)>>);

impl<T> Default for Decoded<T> {
    fn default() -> Decoded<T> {
        Decoded(Mutex::default())
    }
}

impl Store {
    pub fn account(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        self.inner.read(TreeName::Accounts, &id.key())
    }

    /// The account that was last seen under an address; `None` also if it has another one by now.
    pub fn account_by_acct(&self, acct: &Acct) -> Result<Option<AccountRecord>, StoreError> {
        let holder: Option<Holder> = self.inner.read(TreeName::Addresses, &keys::address(acct))?;
        let Some(holder) = holder else { return Ok(None) };
        let record: Option<AccountRecord> = self.inner.read(TreeName::Accounts, &holder.account)?;
        Ok(record.filter(|record| record.acct.is_same(acct)))
    }

    pub fn accounts(&self) -> Result<Vec<AccountRecord>, StoreError> {
        self.inner.list_small(TreeName::Accounts, &self.inner.accounts)
    }

    /// Counts of an account over time, oldest first.
    pub fn counts(&self, account: &AccountId) -> Result<Vec<CountsAt>, StoreError> {
        self.inner.list(TreeName::Counts, &account.key())
    }

    /// Statuses of an account by the time they were made, oldest first.
    pub fn statuses(&self, account: &AccountId) -> Result<Vec<SeenStatus>, StoreError> {
        let mut statuses: Vec<SeenStatus> = self.inner.list(TreeName::Statuses, &account.key())?;
        statuses.sort_by(|one, other| {
            one.made_at().cmp(&other.made_at()).then_with(|| one.status.uri.cmp(&other.status.uri))
        });
        Ok(statuses)
    }

    pub fn status(&self, account: &AccountId, uri: &StatusUri) -> Result<Option<SeenStatus>, StoreError> {
        self.inner.read(TreeName::Statuses, &keys::status(account, uri))
    }

    pub fn item(&self, id: &ItemId) -> Result<Option<Item>, StoreError> {
        self.inner.read(TreeName::Items, &keys::text(&id.0))
    }

    pub fn items(&self) -> Result<Vec<Item>, StoreError> {
        self.inner.list(TreeName::Items, &[])
    }

    pub fn feed(&self, url: &str) -> Result<Option<FeedSight>, StoreError> {
        self.inner.read(TreeName::Feeds, &keys::text(url))
    }

    pub fn feeds(&self) -> Result<Vec<FeedSight>, StoreError> {
        self.inner.list(TreeName::Feeds, &[])
    }

    /// Statuses of an account that carry a publisher's copy.
    pub fn reuse(&self, account: &AccountId) -> Result<Vec<Reuse>, StoreError> {
        self.inner.list(TreeName::Reuse, &account.key())
    }

    pub fn never_flag(&self, account: &AccountId) -> Result<Option<NeverFlag>, StoreError> {
        self.inner.read(TreeName::NeverFlag, &account.key())
    }

    /// What an account was last judged to be; `None` = nothing tied it to an outlet, or never judged.
    pub fn assessment(&self, account: &AccountId) -> Result<Option<Assessment>, StoreError> {
        self.inner.read(TreeName::Assessments, &account.key())
    }

    /// All targets in the order of their printed form.
    pub fn targets(&self) -> Result<Vec<TargetRecord>, StoreError> {
        self.inner.list_small(TreeName::Targets, &self.inner.targets)
    }

    pub fn target(&self, target: &Target) -> Result<Option<TargetRecord>, StoreError> {
        self.inner.read(TreeName::Targets, &keys::text(&target.to_string()))
    }

    /// The page that was asked for under this address.
    pub fn page(&self, url: &str) -> Result<Option<PageSight>, StoreError> {
        self.inner.read(TreeName::Pages, &keys::text(url))
    }

    pub fn pages(&self) -> Result<Vec<PageSight>, StoreError> {
        self.inner.list(TreeName::Pages, &[])
    }

    pub fn hosts(&self) -> Result<Vec<HostSight>, StoreError> {
        self.inner.list(TreeName::Hosts, &[])
    }

    /// All findings by number.
    pub fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        self.inner.list(TreeName::Findings, &[])
    }

    pub fn finding(&self, id: FindingId) -> Result<Option<Finding>, StoreError> {
        self.inner.read(TreeName::Findings, &keys::number(id.0))
    }

    /// One more than the highest number in use. Two passes that raise findings must not overlap.
    pub fn next_finding_id(&self) -> Result<FindingId, StoreError> {
        Ok(FindingId(self.inner.last_number(TreeName::Findings)? + 1))
    }

    /// All digests by number.
    pub fn digests(&self) -> Result<Vec<DigestRecord>, StoreError> {
        self.inner.list(TreeName::Digests, &[])
    }

    pub fn digest(&self, number: DigestNumber) -> Result<Option<DigestRecord>, StoreError> {
        self.inner.read(TreeName::Digests, &keys::number(number.0))
    }

    /// One more than the highest number in use.
    pub fn next_digest_number(&self) -> Result<DigestNumber, StoreError> {
        Ok(DigestNumber(self.inner.last_number(TreeName::Digests)? + 1))
    }

    /// How many different items were ever quarantined; the newest [`REJECTED_KEPT`] are still there.
    pub fn rejected_count(&self) -> Result<u64, StoreError> {
        let count = self.inner.read(TreeName::Meta, &keys::text(REJECTED_COUNTER))?;
        Ok(count.unwrap_or(0))
    }

    /// The newest quarantined items, newest first.
    pub fn rejected(&self, limit: usize) -> Result<Vec<Quarantined>, StoreError> {
        let count = self.rejected_count()?;
        let oldest = count.saturating_sub(REJECTED_KEPT);
        let mut items = Vec::new();
        for number in (oldest..count).rev().take(limit) {
            match self.inner.read(TreeName::Rejected, &rejected_slot(number)) {
                Ok(item) => items.extend(item),
                Err(StoreError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(items)
    }

    pub fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.inner.read(TreeName::Notes, &keys::text(key))
    }

    /// How far this store has taken over the ledger's records; `None` = not at all.
    pub fn ledger_mark(&self) -> Result<Option<LedgerMark>, StoreError> {
        self.inner.read(TreeName::Meta, &keys::text(LEDGER_MARK))
    }
}

impl Inner {
    /// The records whose keys begin with a prefix, in the order of their keys, without damaged ones.
    fn list<T: DeserializeOwned>(&self, tree: TreeName, prefix: &[u8]) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        for pair in self.trees[&tree].scan_prefix(prefix) {
            let (key, bytes) = pair.map_err(|error| self.place.sled("read", error))?;
            match value::decode(&bytes) {
                Ok(record) => records.push(record),
                Err(why) => {
                    self.damage(tree, &key, why);
                }
            }
        }
        Ok(records)
    }

    /// All records of a small tree that every pass reads whole: only those are decoded that are not as they
    /// were the last time.
    fn list_small<T: DeserializeOwned + Clone>(
        &self,
        tree: TreeName,
        decoded: &Decoded<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut known = decoded.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records = BTreeMap::new();
        for pair in self.trees[&tree].iter() {
            let (key, bytes) = pair.map_err(|error| self.place.sled("read", error))?;
            let record = match known.remove(&key) {
                Some((as_before, record)) if as_before == bytes => Ok(record),
                _ => value::decode(&bytes),
            };
            match record {
                Ok(record) => drop(records.insert(key, (bytes, record))),
                Err(why) => drop(self.damage(tree, &key, why)),
            }
        }
        *known = records;
        Ok(known.values().map(|(_, record)| record.clone()).collect())
    }

    /// The highest key of a tree with numbers as keys, 0 for an empty one; its value need not be readable.
    fn last_number(&self, tree: TreeName) -> Result<u32, StoreError> {
        let last = self.trees[&tree].last().map_err(|error| self.place.sled("read", error))?;
        Ok(last.and_then(|(key, _)| keys::as_number(&key)).unwrap_or(0))
    }
}
