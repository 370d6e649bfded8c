//! What one poll of an account brings, whatever the network.

use chrono::{DateTime, Duration, Utc};

use super::walk::{Outcome, Sight, is_overlap_due};
use crate::model::account::Host;
use crate::model::observation::Observation;
use crate::model::status::Status;
use crate::model::target::{Cursor, Rejected};

/// Profiles change rarely: a poll that comes sooner after the last look at one reads its statuses by the id that it
/// had. Accounts of outlets are polled more rarely than this, those that carry copy are read every second time.
const PROFILE_EVERY: Duration = Duration::minutes(35);

/// Whether a profile was read so short a while ago that its statuses are read without another look at it. Once a day
/// all is read.
pub(super) fn is_recent(known: &Observation, cursor: &Cursor, now: DateTime<Utc>) -> bool {
    let is_new = known.seen_at <= now && now - known.seen_at < PROFILE_EVERY;
    is_new && !known.profile.is_suspended && !cursor.heads.is_empty() && !is_overlap_due(cursor, now)
}

/// What one poll of an account brought. Cursor and items belong into one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPoll {
    pub observation: Observation,
    /// In the order read; known ones come again and again, so they are told apart by their URI.
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    pub cursor: Cursor,
    /// Whether readers may take what is new here for news.
    pub sight: Sight,
    /// Everything between the first read and now was seen, apart from what was rejected.
    pub complete: bool,
    /// A status known to us that claims to be newer than this and is not among `statuses` is no longer public
    /// there. The Unix epoch where that goes for all; `None` where nothing can be said.
    pub covered_since: Option<DateTime<Utc>>,
    pub server_date: Option<DateTime<Utc>>,
    /// What was odd about the server, in words for the health page.
    pub complaint: Option<String>,
}

/// What the last poll of an account left.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Its profile as it was read on this host, and when.
    pub observation: Option<&'a Observation>,
    pub cursor: &'a Cursor,
}

impl AccountPoll {
    /// What a walk over an account's statuses brought.
    pub(super) fn of_walk(
        observation: Observation,
        outcome: Outcome,
        statuses: Vec<Status>,
        rejected: Vec<Rejected>,
        server_date: Option<DateTime<Utc>>,
    ) -> AccountPoll {
        AccountPoll {
            server_date,
            observation,
            statuses,
            // A status that can no longer be read must not count as one that is no longer there.
            covered_since: outcome.covered_since.filter(|_| rejected.is_empty()),
            rejected,
            cursor: outcome.cursor,
            sight: outcome.sight,
            complete: outcome.complete,
            complaint: outcome.complaint,
        }
    }

    /// The server shows nothing of a suspended account; what is known of its statuses stays as it is.
    pub(super) fn of_suspended(observation: Observation, host: &Host, cursor: Cursor) -> AccountPoll {
        AccountPoll {
            server_date: observation.server_date,
            observation,
            statuses: vec![],
            rejected: vec![],
            cursor,
            sight: Sight::Later,
            complete: false,
            covered_since: None,
            complaint: Some(format!("{host} has suspended the account")),
        }
    }
}
