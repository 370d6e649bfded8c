//! Audiences in the store: for each account the newest counts of its followers.

use super::batch::Batch;
use super::keys::TreeName;
use super::{Store, StoreError};
use crate::model::account::AccountId;
use crate::model::audience::Audience;

impl Batch {
    /// Replaces what was counted before.
    pub fn put_audience(&mut self, audience: &Audience) {
        self.put(TreeName::Audiences, audience.account.key().to_vec(), audience);
    }
}

impl Store {
    /// What was last counted among the followers of an account.
    pub fn audience(&self, account: &AccountId) -> Result<Option<Audience>, StoreError> {
        self.inner.read(TreeName::Audiences, &account.key())
    }

    pub fn audiences(&self) -> Result<Vec<Audience>, StoreError> {
        self.inner.list(TreeName::Audiences, &[])
    }
}
