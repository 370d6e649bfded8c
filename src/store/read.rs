//! Reading the store, one record or a whole list.
//!
//! A single record that cannot be read is an error. A list leaves such records out, so that one does not
//! stop a pass; they are logged once and stay visible in [`Store::damaged`].

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::batch::Holder;
use super::decoded::{Decoded, Statuses};
use super::keys::{self, TreeName};
use super::quarantine::{Quarantined, REJECTED_KEPT, rejected_slot};
use super::{Inner, LEDGER_MARK, REJECTED_COUNTER, Store, StoreError, unless_damaged, value};
use crate::model::account::{AccountId, Acct};
use crate::model::assessment::{Assessment, AssessmentMark};
use crate::model::digest::{DigestNumber, DigestRecord};
use crate::model::dossier::{AccountRecord, NeverFlag};
use crate::model::finding::{Finding, FindingId};
use crate::model::health::Alert;
use crate::model::item::{FeedSight, Item, ItemId};
use crate::model::observation::CountsAt;
use crate::model::proof::{HostSight, PageSight};
use crate::model::record::LedgerMark;
use crate::model::reuse::Reuse;
use crate::model::site::SiteSight;
use crate::model::status::{SeenStatus, StatusMark, StatusUri};
use crate::model::target::{Cursor, Target, TargetRecord};

impl Store {
    pub fn account(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        self.inner.read(TreeName::Accounts, &id.key())
    }

    /// The account that was last seen under an address; `None` also if it has another one by now.
    pub fn account_by_acct(&self, acct: &Acct) -> Result<Option<AccountRecord>, StoreError> {
        Ok(self.last_holder(acct)?.filter(|record| record.acct.is_same(acct)))
    }

    /// The account that was last seen under an address, whatever its address is by now.
    pub fn last_holder(&self, acct: &Acct) -> Result<Option<AccountRecord>, StoreError> {
        let holder: Option<Holder> = self.inner.read(TreeName::Addresses, &keys::address(acct))?;
        holder.map_or(Ok(None), |holder| self.inner.read(TreeName::Accounts, &holder.account))
    }

    pub fn accounts(&self) -> Result<Vec<Arc<AccountRecord>>, StoreError> {
        self.inner.list_small(TreeName::Accounts, &self.inner.accounts)
    }

    /// Counts of an account over time, oldest first.
    pub fn counts(&self, account: &AccountId) -> Result<Vec<CountsAt>, StoreError> {
        self.inner.list(TreeName::Counts, &account.key())
    }

    /// When counts of an account were last taken, until `now`.
    pub fn counts_taken_at(
        &self,
        account: &AccountId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        for pair in self.inner.trees[&TreeName::Counts].scan_prefix(account.key()).rev() {
            let (_, bytes) = pair.map_err(|error| self.inner.place.sled("read", error))?;
            let taken = value::decode::<CountsAt>(&bytes).ok().map(|counts| counts.at);
            if let Some(at) = taken.filter(|at| *at <= now) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Statuses of an account by the time they were made, oldest first.
    pub fn statuses(&self, account: &AccountId) -> Result<Vec<Arc<SeenStatus>>, StoreError> {
        let known = self.inner.statuses.take(account.key());
        let records = self.inner.renew(account, known)?;
        let mut statuses: Vec<_> = records.values().map(|(_, status)| status.clone()).collect();
        self.inner.statuses.keep(account.key(), records);
        statuses.sort_by(|one, other| {
            one.made_at().cmp(&other.made_at()).then_with(|| one.status.uri.cmp(&other.status.uri))
        });
        Ok(statuses)
    }

    pub fn status(&self, account: &AccountId, uri: &StatusUri) -> Result<Option<SeenStatus>, StoreError> {
        self.inner.read(TreeName::Statuses, &keys::status(account, uri))
    }

    /// What tells whether a status is as it was: many are asked for in every poll, and few have changed.
    pub fn status_mark(
        &self,
        account: &AccountId,
        uri: &StatusUri,
    ) -> Result<Option<StatusMark>, StoreError> {
        self.inner.read(TreeName::Statuses, &keys::status(account, uri))
    }

    pub fn item(&self, id: &ItemId) -> Result<Option<Item>, StoreError> {
        self.inner.read(TreeName::Items, &keys::text(&id.0))
    }

    pub fn has_item(&self, id: &ItemId) -> Result<bool, StoreError> {
        let key = keys::text(&id.0);
        let tree = &self.inner.trees[&TreeName::Items];
        tree.contains_key(&key).map_err(|error| self.inner.place.sled("read", error))
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

    /// Whether there is any such status.
    pub fn has_reuse(&self, account: &AccountId) -> Result<bool, StoreError> {
        self.inner.has_any(TreeName::Reuse, &account.key())
    }

    pub fn never_flag(&self, account: &AccountId) -> Result<Option<NeverFlag>, StoreError> {
        self.inner.read(TreeName::NeverFlag, &account.key())
    }

    /// What an account was last judged to be; `None` = nothing tied it to an outlet, or never judged.
    pub fn assessment(&self, account: &AccountId) -> Result<Option<Assessment>, StoreError> {
        self.inner.read(TreeName::Assessments, &account.key())
    }

    /// The same without its grounds, which are long.
    pub fn assessment_mark(&self, account: &AccountId) -> Result<Option<AssessmentMark>, StoreError> {
        self.inner.read(TreeName::Assessments, &account.key())
    }

    /// All targets in the order of their printed form.
    pub fn targets(&self) -> Result<Vec<Arc<TargetRecord>>, StoreError> {
        self.inner.list_small(TreeName::Targets, &self.inner.targets)
    }

    /// When the first of all targets is due.
    pub fn first_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.targets()?.iter().map(|record| record.due).min())
    }

    /// Where reading a target left off; `None` = it was never read.
    pub fn cursor(&self, target: &Target) -> Result<Option<Cursor>, StoreError> {
        self.inner.read(TreeName::Cursors, &keys::text(&target.to_string()))
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

    /// What the page that was asked for under this address says of its makers.
    pub fn site(&self, url: &str) -> Result<Option<SiteSight>, StoreError> {
        self.inner.read(TreeName::Sites, &keys::text(url))
    }

    pub fn sites(&self) -> Result<Vec<SiteSight>, StoreError> {
        self.inner.list(TreeName::Sites, &[])
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

    /// Troubles that are not over yet, or not told to be.
    pub fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        self.inner.list(TreeName::Alerts, &[])
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
    pub(super) fn list<T: DeserializeOwned>(
        &self,
        tree: TreeName,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
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

    /// Whether a key begins with a prefix.
    fn has_any(&self, tree: TreeName, prefix: &[u8]) -> Result<bool, StoreError> {
        let first = self.trees[&tree].scan_prefix(prefix).next();
        first.transpose().map(|found| found.is_some()).map_err(|error| self.place.sled("read", error))
    }

    /// All records of a small tree that every pass reads whole: only those are read that were written since.
    fn list_small<T: DeserializeOwned>(
        &self,
        tree: TreeName,
        decoded: &Decoded<T>,
    ) -> Result<Vec<Arc<T>>, StoreError> {
        let mut known = decoded.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = std::mem::take(&mut known.stale);
        // Taken out while it is renewed: after an error all is read anew.
        let mut records = match known.records.take() {
            Some(records) => records,
            None => self.read_all(tree)?,
        };
        for key in stale {
            match unless_damaged(self.read(tree, &key))? {
                Some(record) => records.insert(key, Arc::new(record)),
                None => records.remove(&key),
            };
        }
        let records = known.records.insert(records);
        Ok(records.values().cloned().collect())
    }

    fn read_all<T: DeserializeOwned>(&self, tree: TreeName) -> Result<BTreeMap<Vec<u8>, Arc<T>>, StoreError> {
        let mut records = BTreeMap::new();
        for pair in self.trees[&tree].iter() {
            let (key, bytes) = pair.map_err(|error| self.place.sled("read", error))?;
            match value::decode(&bytes) {
                Ok(record) => drop(records.insert(key.to_vec(), Arc::new(record))),
                Err(why) => drop(self.damage(tree, &key, why)),
            }
        }
        Ok(records)
    }

    /// The statuses of an account as they are now: only those are decoded that are not as they were.
    fn renew(&self, account: &AccountId, mut known: Statuses) -> Result<Statuses, StoreError> {
        let mut statuses = Statuses::new();
        for pair in self.trees[&TreeName::Statuses].scan_prefix(account.key()) {
            let (key, bytes) = pair.map_err(|error| self.place.sled("read", error))?;
            let status = match known.remove(&key) {
                Some((as_before, status)) if as_before == bytes => Ok(status),
                _ => value::decode(&bytes).map(Arc::new),
            };
            match status {
                Ok(status) => drop(statuses.insert(key, (bytes, status))),
                Err(why) => drop(self.damage(TreeName::Statuses, &key, why)),
            }
        }
        Ok(statuses)
    }

    /// The highest key of a tree with numbers as keys, 0 for an empty one; its value need not be readable.
    fn last_number(&self, tree: TreeName) -> Result<u32, StoreError> {
        let last = self.trees[&tree].last().map_err(|error| self.place.sled("read", error))?;
        Ok(last.and_then(|(key, _)| keys::as_number(&key)).unwrap_or(0))
    }
}
