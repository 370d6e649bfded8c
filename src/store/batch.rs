//! A batch: changes that reach the disk all together or not at all.

mod places;
mod view;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionResult, TransactionalTree};

use super::error::StoreError;
use super::keys::{self, TreeName};
use super::quarantine::Quarantined;
use super::value::{MAX_VALUE_BYTES, cut, encode};
use crate::model::account::AccountId;
use crate::model::assessment::Assessment;
use crate::model::digest::DigestRecord;
use crate::model::dossier::{AccountRecord, NeverFlag};
use crate::model::finding::Finding;
use crate::model::health::Alert;
use crate::model::item::{FeedSight, Item, ItemId};
use crate::model::observation::CountsAt;
use crate::model::record::LedgerMark;
use crate::model::reuse::Reuse;
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::target::{Cursor, Rejected, Target, TargetRecord};
use view::View;

/// A status with all that hangs on it takes no more: five thousand letters, and more than servers allow by
/// default.
const STATUS_BYTES: usize = 12 * 1024;

/// Changes for one commit, in order; a later one of the same record wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    writes: Vec<Write>,
}

#[derive(Clone, PartialEq, Eq)]
enum Write {
    Put {
        tree: TreeName,
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Remove {
        tree: TreeName,
        key: Vec<u8>,
    },
    /// An account was seen under an address.
    Address {
        key: Vec<u8>,
        holder: Holder,
    },
    Reject {
        fingerprint: Vec<u8>,
        value: Vec<u8>,
    },
    /// A target is due at another time.
    Due {
        key: Vec<u8>,
        at: DateTime<Utc>,
    },
    /// What a status said is forgotten.
    Forget {
        key: Vec<u8>,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    },
}

/// Who was seen under an address, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    pub account: [u8; 16],
    pub seen_at: DateTime<Utc>,
}

impl Batch {
    pub fn new() -> Batch {
        Batch::default()
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Appends the changes of another batch after these.
    pub fn extend(&mut self, other: Batch) {
        self.writes.extend(other.writes);
    }

    /// Its address then leads to it, unless another account was seen under that address later.
    pub fn put_account(&mut self, record: AccountRecord) {
        let holder = Holder { account: record.id.key(), seen_at: record.latest.seen_at };
        self.put(TreeName::Accounts, record.id.key().to_vec(), &record);
        self.writes.push(Write::Address { key: keys::address(&record.acct), holder });
    }

    pub fn put_counts(&mut self, account: &AccountId, counts: CountsAt) {
        self.put(TreeName::Counts, keys::counts(account, counts.at), &counts);
    }

    /// Cut to what fits: early versions go first, then what hangs on the text, then the end of the text.
    /// Its hash stays that of the whole.
    pub fn put_status(&mut self, account: &AccountId, mut status: SeenStatus) {
        while encode(&status).len() > STATUS_BYTES && shrink(&mut status) {}
        self.put(TreeName::Statuses, keys::status(account, &status.status.uri), &status);
    }

    pub fn remove_status(&mut self, account: &AccountId, uri: &StatusUri) {
        self.writes.push(Write::Remove { tree: TreeName::Statuses, key: keys::status(account, uri) });
    }

    /// See [`SeenStatus::forget`]. The status is read inside the commit, so that what a poll writes of it meanwhile stays.
    pub fn forget_status(
        &mut self,
        account: &AccountId,
        uri: &StatusUri,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        self.writes.push(Write::Forget { key: keys::status(account, uri), before, now });
    }

    pub fn remove_counts(&mut self, account: &AccountId, at: DateTime<Utc>) {
        self.writes.push(Write::Remove { tree: TreeName::Counts, key: keys::counts(account, at) });
    }

    pub fn remove_assessment(&mut self, account: &AccountId) {
        self.writes.push(Write::Remove { tree: TreeName::Assessments, key: account.key().to_vec() });
    }

    /// Replaces what the account was judged to be before.
    pub fn put_assessment(&mut self, assessment: Assessment) {
        self.put(TreeName::Assessments, assessment.account.key().to_vec(), &assessment);
    }

    pub fn put_target(&mut self, record: TargetRecord) {
        self.put(TreeName::Targets, keys::text(&record.target.to_string()), &record);
    }

    /// Makes a target that does well due at this time. It is read inside the commit, so that what a poll writes of it
    /// meanwhile stays; one that is gone by then stays gone, and one in trouble keeps its pace.
    pub fn make_due(&mut self, target: &Target, at: DateTime<Utc>) {
        self.writes.push(Write::Due { key: keys::text(&target.to_string()), at });
    }

    /// Its cursor goes with it.
    pub fn remove_target(&mut self, target: &Target) {
        for tree in [TreeName::Targets, TreeName::Cursors] {
            self.writes.push(Write::Remove { tree, key: keys::text(&target.to_string()) });
        }
    }

    /// Where reading a target left off; it belongs into one commit with what was read.
    pub fn put_cursor(&mut self, target: &Target, cursor: &Cursor) {
        self.put(TreeName::Cursors, keys::text(&target.to_string()), cursor);
    }

    /// Replaces the same item, so what it was at first sight has to be kept by the caller.
    pub fn put_item(&mut self, item: Item) {
        self.put(TreeName::Items, keys::text(&item.id.0), &item);
    }

    pub fn remove_item(&mut self, item: &ItemId) {
        self.writes.push(Write::Remove { tree: TreeName::Items, key: keys::text(&item.0) });
    }

    pub fn put_feed(&mut self, feed: FeedSight) {
        self.put(TreeName::Feeds, keys::text(&feed.url), &feed);
    }

    pub fn put_reuse(&mut self, account: &AccountId, reuse: Reuse) {
        self.put(TreeName::Reuse, keys::reuse(account, &reuse.status, &reuse.item), &reuse);
    }

    pub fn remove_reuse(&mut self, account: &AccountId, reuse: &Reuse) {
        let key = keys::reuse(account, &reuse.status, &reuse.item);
        self.writes.push(Write::Remove { tree: TreeName::Reuse, key });
    }

    pub fn put_never_flag(&mut self, never: NeverFlag) {
        self.put(TreeName::NeverFlag, never.account.key().to_vec(), &never);
    }

    pub fn remove_never_flag(&mut self, account: &AccountId) {
        self.writes.push(Write::Remove { tree: TreeName::NeverFlag, key: account.key().to_vec() });
    }

    pub fn put_finding(&mut self, finding: Finding) {
        self.put(TreeName::Findings, keys::number(finding.id.0).to_vec(), &finding);
    }

    pub fn put_digest(&mut self, record: DigestRecord) {
        self.put(TreeName::Digests, keys::number(record.digest.number.0).to_vec(), &record);
    }

    pub fn put_alert(&mut self, alert: &Alert) {
        self.put(TreeName::Alerts, keys::text(&alert.line.key()), alert);
    }

    pub fn remove_alert(&mut self, alert: &Alert) {
        self.writes.push(Write::Remove { tree: TreeName::Alerts, key: keys::text(&alert.line.key()) });
    }

    /// Quarantines an item, cut to what fits; one that is in quarantine already is not added again.
    pub fn put_rejected(&mut self, source: &str, at: DateTime<Utc>, rejected: Rejected) {
        let (fingerprint, value) = Quarantined::of(source, at, rejected).written();
        self.writes.push(Write::Reject { fingerprint, value });
    }

    /// A small named fact: when a place was first read completely, when the schedule last fired.
    pub fn set_note(&mut self, key: &str, value: &str) {
        self.put(TreeName::Notes, keys::text(key), &value);
    }

    /// How far this store has taken over the ledger's records.
    pub fn set_ledger_mark(&mut self, mark: LedgerMark) {
        self.put_meta(super::LEDGER_MARK, &mark);
    }

    pub(super) fn put_meta<T: Serialize>(&mut self, key: &str, value: &T) {
        self.put(TreeName::Meta, keys::text(key), value);
    }

    /// A value as it is to lie on disk.
    pub(super) fn put_raw(&mut self, tree: TreeName, key: Vec<u8>, value: Vec<u8>) {
        self.writes.push(Write::Put { tree, key, value });
    }

    pub(super) fn remove_raw(&mut self, tree: TreeName, key: Vec<u8>) {
        self.writes.push(Write::Remove { tree, key });
    }

    pub(super) fn put<T: Serialize>(&mut self, tree: TreeName, key: Vec<u8>, record: &T) {
        self.writes.push(Write::Put { tree, key, value: encode(record) });
    }

    /// Refuses a batch with a value above [`MAX_VALUE_BYTES`], as a commit would.
    pub fn check(&self) -> Result<(), StoreError> {
        for write in &self.writes {
            if let Write::Put { tree, key, value } = write
                && value.len() > MAX_VALUE_BYTES
            {
                let (tree, key, bytes) = (*tree, keys::readable(key), value.len());
                return Err(StoreError::TooLong { tree, key, bytes, limit: MAX_VALUE_BYTES });
            }
        }
        Ok(())
    }

    /// The keys of a tree that this batch puts or removes.
    pub(super) fn keys_of(&self, wanted: TreeName) -> impl Iterator<Item = &[u8]> {
        self.writes.iter().filter_map(move |write| match write {
            Write::Put { tree, key, .. } | Write::Remove { tree, key } if *tree == wanted => {
                Some(key.as_slice())
            }
            Write::Due { key, .. } if wanted == TreeName::Targets => Some(key.as_slice()),
            _ => None,
        })
    }

    /// The trees that this batch changes, each once.
    pub(super) fn trees(&self) -> Vec<TreeName> {
        let trees: BTreeSet<TreeName> = self.writes.iter().flat_map(Write::trees).copied().collect();
        trees.into_iter().collect()
    }

    /// Makes the changes inside a transaction over just these trees.
    pub(super) fn apply(
        &self,
        trees: &[TreeName],
        open: &[TransactionalTree],
    ) -> ConflictableTransactionResult<()> {
        let view = View { trees, open };
        self.writes.iter().try_for_each(|write| view.apply(write))
    }
}

impl Write {
    fn trees(&self) -> &[TreeName] {
        match self {
            Write::Put { tree, .. } | Write::Remove { tree, .. } => std::slice::from_ref(tree),
            Write::Address { .. } => &[TreeName::Addresses],
            Write::Due { .. } => &[TreeName::Targets],
            Write::Forget { .. } => &[TreeName::Statuses],
            Write::Reject { .. } => &[TreeName::Meta, TreeName::Rejected, TreeName::RejectedFingerprints],
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Write::Put { tree, key, value } => {
                write!(f, "put {tree} `{}`, {} bytes", keys::readable(key), value.len())
            }
            Write::Remove { tree, key } => write!(f, "remove {tree} `{}`", keys::readable(key)),
            Write::Address { key, .. } => write!(f, "lead `{}` to its account", keys::readable(key)),
            Write::Due { key, at } => write!(f, "make `{}` due at {at}", keys::readable(key)),
            Write::Forget { key, .. } => write!(f, "forget what `{}` said", keys::readable(key)),
            Write::Reject { value, .. } => write!(f, "quarantine {} bytes", value.len()),
        }
    }
}

/// Takes a piece off a status; whether there was one to take.
fn shrink(seen: &mut SeenStatus) -> bool {
    let status = &mut seen.status;
    let lists = status.links.len() + status.media.len() + status.mentions.len() + status.tags.len();
    if seen.versions.len() > 1 {
        seen.versions.remove(0);
    } else if lists > 0 {
        status.media.truncate(status.media.len() / 2);
        status.links.truncate(status.links.len() / 2);
        status.mentions.truncate(status.mentions.len() / 2);
        status.tags.truncate(status.tags.len() / 2);
    } else {
        let versions = seen.versions.iter_mut().map(|version| &mut version.text);
        let texts = versions.chain([&mut status.text, &mut status.spoiler]);
        let Some(longest) = texts.max_by_key(|text| text.len()).filter(|text| !text.is_empty()) else {
            return false;
        };
        *longest = cut(longest, longest.len() / 2);
    }
    true
}
