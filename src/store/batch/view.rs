//! One change inside a transaction: what has to be read there before it is written is read there.

use sled::transaction::{ConflictableTransactionResult, TransactionalTree};

use super::{Holder, Write};
use crate::model::status::SeenStatus;
use crate::model::target::TargetRecord;
use crate::store::keys::{self, TreeName};
use crate::store::quarantine::{Quarantined, rejected_slot};
use crate::store::value::{decode, encode};

/// The trees of a running transaction.
pub(super) struct View<'a> {
    pub trees: &'a [TreeName],
    pub open: &'a [TransactionalTree],
}

impl View<'_> {
    fn tree(&self, name: TreeName) -> &TransactionalTree {
        let at = self.trees.iter().position(|tree| *tree == name);
        &self.open[at.expect("`Batch::trees` names every tree that a write touches")]
    }

    pub fn apply(&self, write: &Write) -> ConflictableTransactionResult<()> {
        match write {
            Write::Put { tree, key, value } => {
                self.tree(*tree).insert(key.as_slice(), value.as_slice())?;
            }
            Write::Remove { tree, key } => {
                self.tree(*tree).remove(key.as_slice())?;
            }
            Write::Address { key, holder } => {
                let addresses = self.tree(TreeName::Addresses);
                let known = addresses.get(key)?.and_then(|value| decode::<Holder>(&value).ok());
                if known.is_none_or(|known| known.seen_at <= holder.seen_at) {
                    addresses.insert(key.as_slice(), encode(holder))?;
                }
            }
            Write::Reject { fingerprint, value } => self.reject(fingerprint, value)?,
            Write::Due { key, at } => {
                let targets = self.tree(TreeName::Targets);
                let known = targets.get(key)?.and_then(|value| decode::<TargetRecord>(&value).ok());
                if let Some(record) = known.filter(|record| record.failures == 0) {
                    targets.insert(key.as_slice(), encode(&TargetRecord { due: *at, ..record }))?;
                }
            }
            Write::Forget { key, before, now } => {
                let statuses = self.tree(TreeName::Statuses);
                let known = statuses.get(key)?.and_then(|value| decode::<SeenStatus>(&value).ok());
                if let Some(mut seen) = known {
                    seen.forget(*before, *now);
                    statuses.insert(key.as_slice(), encode(&seen))?;
                }
            }
        }
        Ok(())
    }

    fn reject(&self, fingerprint: &[u8], value: &[u8]) -> ConflictableTransactionResult<()> {
        let (meta, ring) = (self.tree(TreeName::Meta), self.tree(TreeName::Rejected));
        let fingerprints = self.tree(TreeName::RejectedFingerprints);
        if fingerprints.get(fingerprint)?.is_some() {
            return Ok(());
        }
        let counter = keys::text(crate::store::REJECTED_COUNTER);
        let count: u64 = meta.get(&counter)?.and_then(|value| decode(&value).ok()).unwrap_or(0);
        let slot = rejected_slot(count);
        if let Some(old) = ring.insert(&slot, value)?
            && let Ok(old) = decode::<Quarantined>(&old)
        {
            fingerprints.remove(old.fingerprint())?;
        }
        fingerprints.insert(fingerprint, &slot)?;
        meta.insert(counter, encode(&(count + 1)))?;
        Ok(())
    }
}
