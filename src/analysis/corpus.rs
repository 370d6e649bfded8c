//! The corpus: what is known of all accounts together while one pass judges each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::analysis::sites::Sites;
use crate::model::account::{AccountId, Acct, Host};
use crate::model::audience::Audience;
use crate::model::item::ItemId;
use crate::model::outlet::OutletId;

/// An immutable picture of everything beyond one dossier that indicators may read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corpus {
    /// Since when the items of a publisher are seen; a status from before can show nothing.
    pub read_since: BTreeMap<OutletId, DateTime<Utc>>,
    /// Accounts that act together beyond copying the same outlet.
    pub groups: Vec<CoGroup>,
    /// What innocent accounts copy of their output, by language; see [`crate::analysis::controls`].
    pub base_rates: BTreeMap<String, f64>,
    /// On how many accounts' profiles and posts a registrable domain was seen.
    pub domains: BTreeMap<Host, u32>,
    /// Accounts that were looked at for that.
    pub accounts: u32,
    /// What was counted among the followers of suspects.
    pub audiences: Vec<Audience>,
    /// Marks of makers on the web pages that were read.
    pub sites: Arc<Sites>,
}

impl Corpus {
    /// The group in which an account copies this system.
    pub fn group_of(&self, account: &AccountId, system: &str) -> Option<&CoGroup> {
        let is_it = |group: &&CoGroup| group.system == system && group.members.contains_key(account);
        self.groups.iter().find(is_it)
    }
}

/// Accounts that make the same choice among a system's items and change them in the same words.
#[derive(Debug, Clone, PartialEq)]
pub struct CoGroup {
    /// As [`crate::model::watchlist::Watchlist::controller`] names it.
    pub system: String,
    pub members: BTreeMap<AccountId, Acct>,
    /// The pairs that were tested and passed.
    pub pairs: Vec<CoPair>,
}

/// Two accounts that chose alike.
#[derive(Debug, Clone, PartialEq)]
pub struct CoPair {
    pub one: AccountId,
    pub other: AccountId,
    /// Items that both carry.
    pub shared: u32,
    /// Of these, items on which both have the same words that are not the publisher's.
    pub derived: u32,
    /// Chance of so many common items or more, if each chose by itself; the true one is no larger.
    pub p: f64,
    /// The share of false pairs among those at most this unlikely (Benjamini and Hochberg).
    pub q: f64,
    /// Statuses of both, some pairs of them, for the record: address and sight of each.
    pub examples: Vec<[SharedStatus; 2]>,
}

/// One status of a pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedStatus {
    pub url: String,
    pub seen_at: DateTime<Utc>,
    pub sha256: String,
}

/// What one account chose among the items of one system: what co-posting is computed from.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub account: AccountId,
    pub acct: Acct,
    pub system: String,
    /// By the id of the item.
    pub choices: BTreeMap<ItemId, Choice>,
}

/// One item that an account carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// As [`crate::model::reuse::Reuse::derived`]; `None` also where the status says honestly where it is from:
    /// an outlet's share button and a common byline give strangers the same words.
    pub derived: Option<String>,
    pub status: SharedStatus,
}
