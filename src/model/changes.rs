//! Activity of an account and the changes of it that readers hear of.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::account::Acct;

/// Whether an account posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    Posting,
    /// No post since this day, although polls succeeded.
    DormantSince(NaiveDate),
    /// Its server no longer has it.
    GoneSince(NaiveDate),
    /// Not enough was read to tell.
    Unknown,
}

impl std::fmt::Display for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Activity::Posting => f.write_str("posting"),
            Activity::DormantSince(day) => write!(f, "dormant since {day}"),
            Activity::GoneSince(day) => write!(f, "gone since {day}"),
            Activity::Unknown => f.write_str("unknown"),
        }
    }
}

/// Something that happened to a known account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Known before, now proven official.
    NowProven,
    /// Posts again after a long silence.
    PostsAgain {
        since: DateTime<Utc>,
        quiet_days: i64,
    },
    Gone {
        since: DateTime<Utc>,
    },
    /// On its server again, after readers were told that it is gone.
    Back {
        since: DateTime<Utc>,
    },
    /// Its profile points to another account; that one has to be proven by itself.
    Moved {
        to: Acct,
    },
}

/// How many followers an account has and had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowerTrend {
    pub now: u64,
    /// About a week before; `None` where we did not look yet.
    pub week_before: Option<u64>,
}
