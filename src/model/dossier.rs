//! The dossier: everything known of one account, which is all that indicators read.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Acct, Host};
use super::observation::{CountsAt, Observation};
use super::outlet::{ListedAccount, OutletId};
use super::proof::{HostSight, PageSight};
use super::reuse::Reuse;
use super::site::SiteSight;
use super::status::SeenStatus;

/// How an account came to our notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `[[account]]` or an account in a watchlist file.
    Listed,
    /// A link on a page of an outlet.
    PageLink,
    /// An outlet's host answered a webfinger question.
    Webfinger,
    /// An outlet's host named it as the account that has the domain as its handle on Bluesky.
    Handle,
    /// The account search of a configured server.
    Search,
    /// A public or local timeline on which it carried an outlet's copy.
    Timeline,
    /// A status that mentions an outlet's account or links to its site.
    Mention,
    /// The stream of all new posts of Bluesky, in which it carried an outlet's copy or name.
    Stream,
    /// A timeline of a hashtag that bears an outlet's name.
    Tag,
    /// The directory of accounts that a server shows.
    Directory,
    /// The profile of an outlet's own account, or of one that may hide a tie, on another network.
    ProfileLink,
    /// A post on Threads that a search for an outlet's name brought.
    Keyword,
    /// The own site of an account under suspicion names it as the same hand's.
    SiteLink,
    /// Another account was at its address before: a name that changed hands.
    Successor,
}

impl Method {
    /// In words for people: "found by …".
    pub fn words(self) -> &'static str {
        match self {
            Method::Listed => "the watchlist",
            Method::PageLink => "a link on an outlet's page",
            Method::Webfinger => "webfinger on an outlet's host",
            Method::Handle => "an outlet's domain as its handle",
            Method::Search => "account search",
            Method::Timeline => "outlet copy on a public timeline",
            Method::Mention => "a post that names or links an outlet",
            Method::Stream => "the Bluesky stream",
            Method::Tag => "a hashtag with an outlet's name",
            Method::Directory => "a server's directory of new accounts",
            Method::ProfileLink => "a link in a profile on another network",
            Method::Keyword => "a post on Threads with an outlet's name",
            Method::SiteLink => "the site of an account under suspicion",
            Method::Successor => "the address of an account known before",
        }
    }
}

/// When and where an account was first seen, and whether that is news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub at: DateTime<Utc>,
    pub method: Method,
    /// The server, page or file that showed it.
    pub through: String,
    /// Seen in the first completed pass over that place: known at start, never newly seen.
    pub background: bool,
}

/// Whether an account can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    #[default]
    There,
    /// Missing once; gone only when missing again an hour or more later.
    MissingSince(DateTime<Utc>),
    Gone {
        since: DateTime<Utc>,
    },
}

impl Presence {
    /// Two answers of "not there" this far apart make an account gone.
    pub const CONFIRM_AFTER: Duration = Duration::hours(1);

    /// What is known after the server said "not there".
    pub fn after_missing(self, now: DateTime<Utc>) -> Presence {
        match self {
            Presence::There => Presence::MissingSince(now),
            Presence::MissingSince(since) if now - since >= Presence::CONFIRM_AFTER => {
                Presence::Gone { since }
            }
            known => known,
        }
    }
}

/// An account in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    pub id: AccountId,
    pub acct: Acct,
    /// The server that serves it, where it is read; it may differ from the host of its address.
    pub api_host: Host,
    pub found: Found,
    pub latest: Observation,
    pub presence: Presence,
    /// The last poll that returned its statuses completely.
    pub last_complete_poll: Option<DateTime<Utc>>,
}

/// A watchlist entry that names this account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub outlet: OutletId,
    pub account: ListedAccount,
}

/// A person's decision that an account is never to be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverFlag {
    pub account: AccountId,
    pub at: DateTime<Utc>,
    pub by: String,
    pub why: String,
}

/// Everything known of one account at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    pub account: AccountRecord,
    pub listings: Vec<Listing>,
    /// Counts over time, oldest first.
    pub counts: Vec<CountsAt>,
    /// Statuses by the time they were made, oldest first.
    pub statuses: Vec<Arc<SeenStatus>>,
    /// Statuses that carry a publisher's copy, by status, then item.
    pub reuse: Vec<Reuse>,
    pub never_flag: Option<NeverFlag>,
    /// Outlets' pages that name this account.
    pub pages: Vec<PageSight>,
    /// Outlets' hosts that name this account.
    pub hosts: Vec<HostSight>,
    /// Pages of its own to which its profile links.
    pub sites: Vec<SiteSight>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_gone_only_when_missing_twice_an_hour_apart() {
        let first: DateTime<Utc> = "2026-11-02T10:00:00Z".parse().unwrap();
        let missing = Presence::There.after_missing(first);
        assert_eq!(missing, Presence::MissingSince(first));
        assert_eq!(missing.after_missing(first + Duration::minutes(59)), missing);
        let gone = Presence::Gone { since: first };
        assert_eq!(missing.after_missing(first + Duration::hours(1)), gone);
        assert_eq!(gone.after_missing(first + Duration::days(1)), gone);
    }
}
