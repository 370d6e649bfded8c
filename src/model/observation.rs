//! Observations: what an account's profile said at one time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Acct};
use super::evidence::hex;
use sha2::{Digest as _, Sha256};

/// Where on a profile a link stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPlace {
    /// A profile field. `server_says_verified` is the server's word: a hint to fetch and check, never proof.
    Field {
        name: String,
        server_says_verified: bool,
    },
    Note,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileLink {
    /// An absolute http(s) URL.
    pub url: String,
    pub place: LinkPlace,
}

/// Counts as the server gives them; `None` where it gives none or a senseless one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub followers: Option<u64>,
    pub following: Option<u64>,
    pub statuses: Option<u64>,
}

/// What the holder of an account asks of readers of public data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// `#nobot`, `noindex`, `indexable: false`, or on Bluesky not to be shown to those who are not logged in.
    pub leave_me_out: bool,
}

/// A profile as its server showed it, HTML taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub id: AccountId,
    pub acct: Acct,
    /// The id on the server that was read: opaque, good only there.
    pub local_id: String,
    /// The page for people; only http(s).
    pub url: Option<String>,
    pub display_name: String,
    pub note: String,
    pub links: Vec<ProfileLink>,
    pub is_bot: bool,
    pub is_suspended: bool,
    pub wishes: Wishes,
    /// Where the account says it went. Followed only after a person agrees.
    pub moved_to: Option<Acct>,
    /// A claim, and on remote servers the time they first heard of it.
    pub claimed_created_at: Option<DateTime<Utc>>,
    /// The day of the newest post, as the server says.
    pub claimed_last_status: Option<DateTime<Utc>>,
    pub counts: Counts,
}

impl Profile {
    /// SHA-256 in hex over what the profile says of itself; counts are left out, since they move daily.
    pub fn content_hash(&self) -> String {
        let told = Profile { counts: Counts::default(), claimed_last_status: None, ..self.clone() };
        hex(&Sha256::digest(serde_json::to_vec(&told).expect("a profile is plain data")))
    }
}

/// A profile with the times at which we saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub profile: Profile,
    /// Our wall clock.
    pub seen_at: DateTime<Utc>,
    /// The server's `Date`.
    pub server_date: Option<DateTime<Utc>>,
    /// The URL it was read from.
    pub read_from: String,
}

/// Counts at one time, for trends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsAt {
    pub at: DateTime<Utc>,
    pub counts: Counts,
}
