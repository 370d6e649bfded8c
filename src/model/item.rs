//! Items: what a watched publisher's feed carried, as first seen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::evidence::hex;
use super::outlet::OutletId;

/// What tells an item from all others: its publisher with the id the feed gives it, or with its link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub String);

impl ItemId {
    /// The id of an item that a feed tells apart by `guid` (RSS `guid`, Atom `id`, else the link).
    pub fn of(publisher: &OutletId, guid: &str) -> ItemId {
        let digest = Sha256::digest(format!("{publisher}\n{guid}"));
        ItemId(hex(&digest[..16]))
    }
}

/// One item of a feed. Its content at first sight counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: ItemId,
    /// An outlet of the watchlist, or a wire that stands beside it: a publisher never to be named.
    pub publisher: OutletId,
    /// The feed it was first read from.
    pub feed: String,
    /// The page for people; only http(s).
    pub url: Option<String>,
    /// Plain text, HTML taken off.
    pub title: String,
    /// Summary or content, whichever is longer; plain text, cut at [`Item::LONGEST_TEXT`].
    pub text: String,
    pub language: Option<String>,
    /// When the feed says it was published. A claim: it can be written back.
    pub claimed_at: Option<DateTime<Utc>>,
    /// Our wall clock when a reading first returned it.
    pub first_seen: DateTime<Utc>,
    /// It stood in the feed when that was first read: it may be older than our sight of it.
    pub background: bool,
    /// SHA-256 in hex over title, text and link.
    pub sha256: String,
}

impl Item {
    /// Bytes of text that are kept of an item: what fits several posts.
    pub const LONGEST_TEXT: usize = 8 * 1024;

    /// Title and text as one, without saying the title twice.
    pub fn copy(&self) -> String {
        match () {
            () if self.text.is_empty() => self.title.clone(),
            () if self.title.is_empty() || self.text.starts_with(&self.title) => self.text.clone(),
            () => format!("{}\n{}", self.title, self.text),
        }
    }
}

/// How a feed was last read, and what its server asked us to send next time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSight {
    pub url: String,
    pub publisher: OutletId,
    /// When it was first read at all: sights of its items begin here.
    pub first_read: DateTime<Utc>,
    /// The last good answer, also one that nothing is new.
    pub fetched_at: DateTime<Utc>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Size of the last whole answer.
    pub bytes: u64,
    /// Items in it.
    pub items: u32,
    /// The newest time that an item in it claims: a feed that answers may have been left years ago.
    pub newest: Option<DateTime<Utc>>,
}
