//! Ties: the facts behind "appears affiliated and does not say so", as they would be printed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Acct};
use super::reuse::Reuse;

/// Whether the account was asked, before it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommentSought {
    /// Asked, and three days have passed.
    Yes,
    /// The profile gives no address.
    NoAddress,
    /// Asked, and it does not want to comment.
    Declined,
}

/// What an account mostly posts: fixed phrases, chosen by a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    Culture,
    Politics,
    Economy,
    Sport,
    Mixed,
}

/// What only people can say of an account; both are needed before it may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ticks {
    /// It presents itself as an outlet or organisation, not as a private person.
    pub presents_as_outlet: bool,
    pub comment_sought: Option<CommentSought>,
    pub topic: Option<Topic>,
}

impl Ticks {
    pub fn is_complete(&self) -> bool {
        self.presents_as_outlet && self.comment_sought.is_some()
    }
}

/// What ties an account to an outlet without saying so: counts and dates of the observed time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// First and last post that was counted.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Own posts in that time.
    pub posts: u32,
    /// Of these, near-copies of items that the outlet had published before.
    pub copies: u32,
    /// Copies without an honest credit, those with an altered one among them.
    pub uncredited: u32,
    /// Copies with a credit that leads nowhere.
    pub altered: u32,
    /// One such credit as it stands in a post.
    pub altered_example: Option<String>,
    /// Half of the copies came within so many minutes of our sight of the item.
    pub typical_lag_minutes: Option<i64>,
    /// Sum of the points in hundredths, from matches whose order is decided.
    pub points: i32,
    /// Things that speak against it: credited and reversed matches. Items that others had first are not counted at
    /// all, and whether they explain the account as well is asked of every judgement anew.
    pub against: u32,
    /// SHA-256 in hex of the profile as it was judged.
    pub profile_sha256: String,
    /// Short ids of the copied items, to tell what several accounts have in common.
    pub items: BTreeSet<String>,
    /// Accounts that make the same choice with the same words, itself not among them.
    pub sisters: Vec<Sister>,
    /// Some of the matches, the longest first, for the page.
    pub passages: Vec<Reuse>,
    pub ticks: Ticks,
}

impl Tie {
    /// Matches that are frozen with a statement.
    pub const MOST_PASSAGES: usize = 12;
    /// Hex digits of an item's id in [`Tie::items`].
    pub const ITEM_DIGITS: usize = 12;
    /// Items of which the ids are frozen, the newest ones.
    pub const MOST_ITEMS: usize = 400;
}

/// Another account of the same group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sister {
    pub account: AccountId,
    pub acct: Acct,
}
