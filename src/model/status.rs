//! Statuses: what an account posted, as first seen and as it changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The canonical id of a status (the ActivityPub id in the Mastodon family).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusUri(pub String);

impl StatusUri {
    /// Sixteen bytes that stand for this id in keys.
    pub fn key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(&self.0)[..16]);
        key
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub url: Option<String>,
    pub blurhash: Option<String>,
    pub description: Option<String>,
}

/// One post of an account as its server showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub uri: StatusUri,
    /// The id on the server that was read: opaque, good only for paging there.
    pub local_id: String,
    /// The page for people; only http(s).
    pub url: Option<String>,
    /// When the author's server says it was made. A claim.
    pub claimed_at: Option<DateTime<Utc>>,
    pub edited_at: Option<DateTime<Utc>>,
    /// Plain text, HTML taken off, otherwise as written.
    pub text: String,
    pub spoiler: String,
    pub language: Option<String>,
    /// What it boosts; such a status has no text of its own.
    pub boost_of: Option<StatusUri>,
    pub is_reply: bool,
    pub links: Vec<String>,
    /// Addresses mentioned, as the server wrote them.
    pub mentions: Vec<String>,
    pub tags: Vec<String>,
    pub media: Vec<Media>,
    /// The program it was posted with, where the server says so.
    pub application: Option<String>,
}

impl Status {
    /// SHA-256 in hex over what a reader sees: text, spoiler and links.
    pub fn content_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for piece in [&self.text, &self.spoiler].into_iter().chain(&self.links) {
            hasher.update((piece.len() as u64).to_be_bytes());
            hasher.update(piece);
        }
        crate::model::evidence::hex(&hasher.finalize())
    }
}

/// A later text of a status that was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub seen_at: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
    pub text: String,
    pub content_hash: String,
}

/// Of a status in the store, what tells whether it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatusMark {
    content_hash: String,
    versions: Vec<VersionMark>,
    removed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct VersionMark {
    content_hash: String,
}

impl StatusMark {
    /// Whether seeing this status again says nothing new.
    pub fn is_same(&self, status: &Status) -> bool {
        let newest = self.versions.last().map_or(&self.content_hash, |version| &version.content_hash);
        self.removed_at.is_none() && *newest == status.content_hash()
    }
}

/// A status in the store. Its content at first sight counts; edits are kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenStatus {
    pub status: Status,
    /// Our wall clock when a poll first returned it.
    pub first_seen: DateTime<Utc>,
    /// The end of the last completed poll that lacked it; `None` where there was none. What stood elsewhere
    /// by then was there first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_at: Option<DateTime<Utc>>,
    /// The server's `Date` at that time.
    pub server_date: Option<DateTime<Utc>>,
    pub content_hash: String,
    /// Part of the history taken at first sight of the account: background, never news.
    pub background: bool,
    pub versions: Vec<Version>,
    /// When a complete re-read no longer found it.
    pub removed_at: Option<DateTime<Utc>>,
}

impl SeenStatus {
    /// When it was made, as far as anybody can know: the claim, but never after our first sight.
    pub fn made_at(&self) -> DateTime<Utc> {
        self.status.claimed_at.map_or(self.first_seen, |claimed| claimed.min(self.first_seen))
    }
}
