//! Digests: numbered threads of frozen posts.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::evidence::hex;
use super::finding::FindingId;

/// The number of a digest, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DigestNumber(pub u32);

impl fmt::Display for DigestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Who sees a post in which timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    Public,
    Unlisted,
}

impl Visibility {
    pub fn as_str(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Unlisted => "unlisted",
        }
    }
}

/// One post of a digest, frozen: these very bytes are approved, sent and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// 0 is the root, replies count from 1.
    pub index: u32,
    pub text: String,
    /// The one link it carries, `…/d/<digest>` or `…/d/<digest>/<part>`; also how it is recognised.
    pub permalink: String,
    /// BCP 47.
    pub language: String,
    pub visibility: Visibility,
    pub spoiler: String,
    pub findings: Vec<FindingId>,
}

impl Part {
    /// SHA-256 in hex over everything a reader sees, with a salt, so that an erased text cannot be guessed.
    pub fn seal(&self, salt: &str) -> String {
        let mut hasher = Sha256::new();
        for piece in [salt, &self.text, &self.spoiler, &self.language, self.visibility.as_str()] {
            hasher.update((piece.len() as u64).to_be_bytes());
            hasher.update(piece);
        }
        hex(&hasher.finalize())
    }
}

/// A digest as composed and frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub number: DigestNumber,
    /// Counts up when a part is replaced before anything was posted.
    pub rev: u32,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Root first, then the replies in order.
    pub parts: Vec<Part>,
    /// Findings that wait for people.
    pub awaiting_review: u32,
    /// Findings that did not fit and come next time.
    pub postponed: Vec<FindingId>,
    /// Salt of the parts' seals, random.
    pub salt: String,
}

/// What became of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    Waiting,
    Posted {
        id: String,
        uri: String,
        url: Option<String>,
        at: DateTime<Utc>,
    },
    /// Not posted and never will be; it stands on the page.
    OnPageOnly {
        why: String,
    },
    /// Not posted, and shown nowhere: it was withdrawn before, or namings were stopped. In that case its findings
    /// wait for a later digest.
    Withheld {
        why: String,
    },
    /// Needs a person.
    Held {
        why: String,
    },
}

/// A digest and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRecord {
    pub digest: Digest,
    pub frozen_at: DateTime<Utc>,
    pub parts: Vec<PartState>,
    pub state: DigestState,
    /// Oldest first; the newest one of a part stands in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

impl DigestRecord {
    /// What stands in the place of a part; `None` = the part itself.
    pub fn correction(&self, part: u32) -> Option<&Correction> {
        self.corrections.iter().rev().find(|correction| correction.part.index == part)
    }
}

/// What stands in the place of a part since a statement in it was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Counts on from the revision of the digest.
    pub rev: u32,
    pub at: DateTime<Utc>,
    pub part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestState {
    /// Under way: frozen, maybe partly posted.
    Posting,
    /// All parts are posted or on the page only.
    Complete { at: DateTime<Utc> },
    /// Given up with parts missing; the page has them.
    Closed { at: DateTime<Utc> },
}
