//! The words of the ledger: what was approved, tried, said and withdrawn in public.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::Host;
use super::digest::DigestNumber;
use super::finding::FindingId;

/// The sealed hash of one part of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSeal {
    pub part: u32,
    pub seal: String,
}

/// What a reviewer did about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAct {
    Ticked,
    Approved,
    /// Its approvals no longer count: what they were for has changed, or they are too old.
    Expired,
    Snoozed,
    Dismissed,
    NeverFlag,
    Retracted,
}

/// One thing that happened to our public word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// The first record: which store this ledger belongs to.
    Opened {
        store: String,
    },
    /// From here on this account of ours posts: written before the first post, and when a person lets another
    /// account speak in its place.
    PostsAs {
        server: Host,
        /// Its id on that server.
        account: String,
        username: String,
    },
    /// These very bytes may be posted, by these approvers.
    Approved {
        digest: DigestNumber,
        rev: u32,
        parts: Vec<PartSeal>,
        by: Vec<String>,
    },
    /// Written before each request to post: what is about to be sent.
    Intent {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        /// 1 for the first send of this part.
        attempt: u32,
        /// The Idempotency-Key.
        key: String,
        /// SHA-256 in hex of the request body.
        body: String,
        reply_to: Option<String>,
        /// Our newest status before sending, where known.
        newest_own: Option<String>,
    },
    /// The server has it: id there, URI everywhere.
    Posted {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        id: String,
        uri: String,
        url: Option<String>,
    },
    /// A read-back during an unknown outcome found nothing.
    NotFound {
        digest: DigestNumber,
        rev: u32,
        part: u32,
    },
    /// The last attempt certainly had no effect: it never left, or the server said no for now.
    Deferred {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        /// Not tried again before.
        until: DateTime<Utc>,
        why: String,
    },
    /// The server refused the request for good, or the gate did: the part stays on the page.
    Refused {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        why: String,
    },
    /// We do not send it after all: what it says was withdrawn, or is not to be told now. Nobody sees it.
    Withheld {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        why: String,
    },
    /// Written before a post of ours is taken down, so that a crash in between cannot leave it standing.
    Removing {
        digest: DigestNumber,
        part: u32,
        id: String,
        why: String,
    },
    /// A post of ours was taken down: a double, or one that mentioned somebody.
    Removed {
        digest: DigestNumber,
        part: u32,
        id: String,
        why: String,
    },
    /// A person has to look at this part.
    Held {
        digest: DigestNumber,
        rev: u32,
        part: u32,
        why: String,
    },
    /// Nothing more will be posted of this digest.
    Closed {
        digest: DigestNumber,
        rev: u32,
        complete: bool,
    },
    /// From now on approvals with this key count as this reviewer's.
    Reviewer {
        name: String,
        /// SHA-256 in hex of the key.
        key: String,
    },
    /// What a person did about a finding. The account is not named here: what is in the chain stays for good.
    Reviewed {
        finding: FindingId,
        act: ReviewAct,
        by: String,
        key: String,
        /// The seal of the statement that was shown.
        seal: String,
        why: Option<String>,
    },
    /// A person decided that an account is never to be named, or lifted that. The account is not named here.
    NeverFlagged {
        by: String,
        key: String,
        lifted: bool,
        why: String,
    },
    /// Written before a post of ours is replaced by its correction: these very bytes.
    Corrected {
        digest: DigestNumber,
        part: u32,
        /// Counts on from the revision that was posted.
        rev: u32,
        seal: String,
        by: Vec<String>,
    },
    /// The server has the correction.
    Edited {
        digest: DigestNumber,
        part: u32,
        rev: u32,
    },
    /// Publishing stops until somebody resumes it.
    Halted {
        why: String,
    },
    Resumed {
        by: String,
    },
    /// No hidden tie and no imitation is told until somebody lifts it; corrections and the rest go on.
    NamingsStopped {
        why: String,
    },
    NamingsResumed {
        by: String,
    },
    /// A person compared our posts with the ledger and took a new or older store as good.
    Reconciled {
        store: String,
        by: String,
    },
}

impl Record {
    /// The digest that it carries forward; `None` for records about publishing as a whole, and for
    /// corrections, which reach back to digests that are long complete.
    pub fn digest(&self) -> Option<DigestNumber> {
        match self {
            Record::Approved { digest, .. }
            | Record::Intent { digest, .. }
            | Record::Posted { digest, .. }
            | Record::NotFound { digest, .. }
            | Record::Refused { digest, .. }
            | Record::Withheld { digest, .. }
            | Record::Deferred { digest, .. }
            | Record::Removing { digest, .. }
            | Record::Removed { digest, .. }
            | Record::Held { digest, .. }
            | Record::Closed { digest, .. } => Some(*digest),
            Record::Opened { .. }
            | Record::PostsAs { .. }
            | Record::Reviewer { .. }
            | Record::Reviewed { .. }
            | Record::NeverFlagged { .. }
            | Record::Corrected { .. }
            | Record::Edited { .. }
            | Record::Halted { .. }
            | Record::Resumed { .. }
            | Record::NamingsStopped { .. }
            | Record::NamingsResumed { .. }
            | Record::Reconciled { .. } => None,
        }
    }
}

/// A record at its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1.
    pub seq: u64,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub record: Record,
    /// SHA-256 in hex over the hash before it and this record.
    pub hash: String,
}

/// Where a store stood when it last took over records of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerMark {
    pub seq: u64,
    pub hash: String,
}
