//! What one poll of an account brings, whatever the network.

use chrono::{DateTime, Duration, Utc};

use super::PollError;
use super::walk::{Ask, Next, Outcome, Sheet, Sight, Walk, is_overlap_due};
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

/// A page of an account's statuses as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    /// How many items it had, those that could not be read or are not public included.
    pub count: usize,
    /// Where the next page begins if nothing else is said.
    pub last_id: Option<String>,
    pub next: Onward,
    /// As its server names it, where it is not sent again while it is the same.
    pub version: Option<String>,
    pub server_date: Option<DateTime<Utc>>,
}

/// What a server says of a next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Onward {
    Page(String),
    Nothing,
    Unsaid,
}

impl Onward {
    /// Of a server that says where the next page begins wherever there is one.
    pub fn by_cursor(cursor: Option<&String>) -> Onward {
        cursor.map_or(Onward::Nothing, |cursor| Onward::Page(cursor.clone()))
    }

    fn as_next(&self) -> Next<'_> {
        match self {
            Onward::Page(id) => Next::Page(id),
            Onward::Nothing => Next::Nothing,
            Onward::Unsaid => Next::Unsaid,
        }
    }
}

/// The newest statuses of an account whose profile is known, with as much below as the walk wants: ask for what is
/// [wanted](Pages::wanted), hand over what came of it, until nothing is wanted.
#[derive(Debug)]
pub(super) struct Pages {
    observation: Observation,
    walk: Walk,
    statuses: Vec<Status>,
    rejected: Vec<Rejected>,
    known_version: Option<String>,
    page_version: Option<String>,
    server_date: Option<DateTime<Utc>>,
}

impl Pages {
    pub fn new(observation: Observation, cursor: &Cursor, pages: u32, now: DateTime<Utc>) -> Pages {
        Pages {
            observation,
            walk: Walk::new(cursor, pages, now),
            statuses: vec![],
            rejected: vec![],
            known_version: cursor.page_version.clone(),
            page_version: None,
            server_date: None,
        }
    }

    /// The page to ask for, and the version of it that need not be sent again.
    pub fn wanted(&self) -> Option<(Ask<'_>, Option<&str>)> {
        self.walk.wanted().map(|ask| (ask, self.walk.known_version()))
    }

    /// Takes what came of the page that was wanted; `None` is the version that is known.
    ///
    /// # Errors
    /// Where the first page cannot be had. Trouble further down is a complaint of the poll and a gap in its cursor.
    pub fn take(&mut self, outcome: Result<Option<Received>, PollError>) -> Result<(), PollError> {
        let is_newest = self.walk.wanted() == Some(Ask::Newest);
        match outcome {
            Ok(None) => {
                self.page_version.clone_from(&self.known_version);
                self.walk.take_same();
            }
            Ok(Some(received)) => {
                if is_newest {
                    self.page_version = received.version;
                    self.server_date = received.server_date;
                }
                self.walk.take(&Sheet {
                    statuses: &received.statuses,
                    count: received.count,
                    last_id: received.last_id.as_deref(),
                    next: received.next.as_next(),
                });
                self.statuses.extend(received.statuses);
                self.rejected.extend(received.rejected);
            }
            Err(error) if is_newest => return Err(error),
            Err(error) => self.walk.stop(error.to_string()),
        }
        Ok(())
    }

    /// The whole poll, once nothing is wanted any more.
    pub fn finish(self) -> AccountPoll {
        let mut outcome = self.walk.finish();
        // What was not read whole is asked for whole again.
        let is_whole = outcome.complete && self.rejected.is_empty();
        outcome.cursor.page_version = self.page_version.filter(|_| is_whole);
        AccountPoll::of_walk(self.observation, outcome, self.statuses, self.rejected, self.server_date)
    }
}

impl AccountPoll {
    fn of_walk(
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
