//! Reuse: a status that carries a publisher's copy, with who came first and whether it says so.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::item::ItemId;
use super::outlet::OutletId;
use super::status::StatusUri;

/// How the copied part stands in the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReuseKind {
    /// At least [`Reuse::LEAST_SHARE`] of the status is the publisher's text, as its own words.
    Copy,
    /// The copied part stands in quote marks.
    Quoted,
    /// The copied part is framed by the account's own words.
    Commented,
}

/// Who came first. Stated times never incriminate; they can exonerate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// A completed poll that lacked the status ended after our first sight of the item.
    PublisherFirst,
    /// No such poll: nobody can tell.
    Undecided,
    /// The status states a time before our first sight of the item.
    StatusFirst,
}

/// How a status names where its text comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    None,
    /// A handle or name altered so that it does not work, as it stands in the text.
    Altered(String),
    /// A plain byline: "Fuente: Xinhua", "(Xinhua)", 来源.
    Byline,
    /// A mention of an account of the publisher.
    Mention,
    /// A link to a domain of the publisher.
    Link,
}

impl Credit {
    /// Whether a reader learns where the text is from. An altered credit does not tell.
    pub fn is_honest(&self) -> bool {
        matches!(self, Credit::Byline | Credit::Mention | Credit::Link)
    }
}

/// One status and the earliest item of one publisher whose text it carries. Stored when found, since the
/// index forgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    pub status: StatusUri,
    /// Where people look at it.
    pub status_url: String,
    /// When the status was made, as far as anybody can know.
    pub made_at: DateTime<Utc>,
    pub status_seen: DateTime<Utc>,
    /// SHA-256 in hex of the status as first seen.
    pub status_sha256: String,
    pub publisher: OutletId,
    pub item: ItemId,
    pub item_url: String,
    pub item_seen: DateTime<Utc>,
    pub item_sha256: String,
    pub kind: ReuseKind,
    pub order: Order,
    pub credit: Credit,
    /// Percent of the status that is the publisher's text.
    pub share: u8,
    /// Folded bytes of the longest passage that both have.
    pub run: u32,
    /// Sixteen hex digits of the folded text where it is not a piece of the item: what two accounts share
    /// beyond the publisher's own words. `None` where the status adds nothing of its own.
    pub derived: Option<String>,
    /// At most [`Reuse::LONGEST_PASSAGE`] characters around the longest common passage.
    pub passage: String,
    pub item_passage: String,
}

impl Reuse {
    /// The share of a status, in percent, from which on it is a copy.
    pub const LEAST_SHARE: u8 = 80;
    /// Characters of a passage that are shown.
    pub const LONGEST_PASSAGE: usize = 120;

    /// Minutes from our sight of the item to the status.
    pub fn lag_minutes(&self) -> i64 {
        (self.made_at - self.item_seen).num_minutes()
    }
}
