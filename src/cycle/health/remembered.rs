//! What a look at health remembers for the next one, so that it reads no more than what has changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::analysis::activity::newest_post;
use crate::model::account::AccountId;
use crate::model::assessment::Relation;
use crate::model::digest::{DigestRecord, DigestState, PartState};
use crate::model::finding::{Finding, FindingState};
use crate::store::{Store, StoreError, TreeName, unless_damaged};

/// Clones are one memory, which belongs to one store.
#[derive(Debug, Clone, Default)]
pub struct Remembered(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
pub(super) struct Memory {
    accounts: BTreeMap<AccountId, (u64, AccountSeen)>,
    findings: Option<(u64, Vec<Finding>)>,
    digests: Option<(u64, Vec<DigestRecord>)>,
}

/// What health needs of an account beside its record.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AccountSeen {
    pub relation: Option<Relation>,
    /// When the newest of its posts was made, and when one was last seen for the first time.
    pub newest: Option<DateTime<Utc>>,
    pub seen: Option<DateTime<Utc>>,
}

impl Remembered {
    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        // What a look that failed left is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Of accounts of outlets all of it, of others only that they are none.
    pub fn account(&mut self, store: &Store, id: &AccountId) -> Result<AccountSeen, StoreError> {
        let changes = store.changes_of_account(id);
        if let Some((known, seen)) = self.accounts.get(id)
            && *known == changes
        {
            return Ok(*seen);
        }
        let relation = unless_damaged(store.assessment_mark(id))?.map(|mark| mark.relation);
        let mut seen = AccountSeen { relation, ..AccountSeen::default() };
        if seen.is_of_outlet() {
            let statuses = store.statuses(id)?;
            seen.newest = newest_post(&statuses);
            seen.seen = statuses.iter().map(|seen| seen.first_seen).max();
        }
        self.accounts.insert(id.clone(), (changes, seen));
        Ok(seen)
    }

    /// Findings that wait for people, now or once they were put off for long enough.
    pub fn findings(&mut self, store: &Store) -> Result<&[Finding], StoreError> {
        let changes = store.changes_of(TreeName::Findings);
        if self.findings.as_ref().is_none_or(|(known, _)| *known != changes) {
            let mut findings = store.findings()?;
            findings.retain(|finding| match finding.state {
                FindingState::Raised => finding.confirmed().is_none(),
                FindingState::Snoozed { .. } => true,
                _ => false,
            });
            self.findings = Some((changes, findings));
        }
        Ok(self.findings.as_ref().map(|(_, findings)| findings.as_slice()).unwrap_or_default())
    }

    /// The last digest, and those before it that are not at rest or of which a post needs a person.
    pub fn digests(&mut self, store: &Store) -> Result<&[DigestRecord], StoreError> {
        let changes = store.changes_of(TreeName::Digests);
        if self.digests.as_ref().is_none_or(|(known, _)| *known != changes) {
            let mut digests = store.digests()?;
            let last = digests.last().map(|last| last.digest.number);
            digests.retain(|record| {
                let is_held = || record.parts.iter().any(|part| matches!(part, PartState::Held { .. }));
                record.state == DigestState::Posting || Some(record.digest.number) == last || is_held()
            });
            self.digests = Some((changes, digests));
        }
        Ok(self.digests.as_ref().map(|(_, digests)| digests.as_slice()).unwrap_or_default())
    }
}

impl AccountSeen {
    pub fn is_of_outlet(&self) -> bool {
        matches!(self.relation, Some(Relation::Official | Relation::Attested))
    }
}
