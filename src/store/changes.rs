//! What was changed when: counters by which a reader knows that what was read before is as it was.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Store;
use super::batch::Batch;
use super::keys::TreeName;
use crate::model::account::AccountId;

/// The number of the last transaction of this process that wrote to each tree, and to each account.
#[derive(Default)]
pub(super) struct Changes(Mutex<Last>);

#[derive(Default)]
struct Last {
    trees: BTreeMap<TreeName, u64>,
    accounts: BTreeMap<[u8; 16], u64>,
}

/// Trees whose keys begin with the account.
const OF_ACCOUNTS: [TreeName; 3] = [TreeName::Accounts, TreeName::Statuses, TreeName::Assessments];

impl Store {
    /// Counts up whenever records of this kind are written by this process: as long as it is the same, so are they. To be
    /// asked before they are read.
    pub fn changes_of(&self, tree: TreeName) -> u64 {
        self.inner.changes.of(tree)
    }

    /// The same for an account's record, statuses and assessment.
    pub fn changes_of_account(&self, account: &AccountId) -> u64 {
        self.inner.changes.of_account(account.key())
    }
}

impl Changes {
    /// These were written and can be seen. Said before that, a reader could take the old ones for new.
    pub fn note(&self, batch: &Batch, trees: &[TreeName], number: u64) -> u64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for tree in trees {
            last.trees.insert(*tree, number);
        }
        for tree in OF_ACCOUNTS.iter().filter(|tree| trees.contains(tree)) {
            for account in batch.keys_of(*tree).filter_map(<[u8]>::first_chunk::<16>) {
                last.accounts.insert(*account, number);
            }
        }
        number
    }

    pub fn of(&self, tree: TreeName) -> u64 {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.trees.get(&tree).copied().unwrap_or_default()
    }

    pub fn of_account(&self, account: [u8; 16]) -> u64 {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.accounts.get(&account).copied().unwrap_or_default()
    }
}
