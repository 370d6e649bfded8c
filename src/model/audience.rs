//! Audiences: how many of an account's followers are watched accounts, as counts and nothing more.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::AccountId;

/// What was counted among the followers of one account. Who they are is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    pub account: AccountId,
    pub at: DateTime<Utc>,
    /// The system whose text it was suspected to carry then.
    pub suspected: String,
    /// `None` where its server does not show the followers to everybody.
    pub tally: Option<Tally>,
}

/// Followers, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    pub read: u32,
    /// How many of them are accounts of outlets, by the system of the outlet.
    pub watched: BTreeMap<String, u32>,
}

impl Tally {
    /// How many are accounts of this system.
    pub fn of(&self, system: &str) -> u32 {
        self.watched.get(system).copied().unwrap_or_default()
    }
}
