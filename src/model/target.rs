//! Targets: what is polled, and where each poll left off.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Acct, Host, Network};
use super::dossier::Found;
use super::outlet::OutletId;
use super::proof::PageKind;
use super::rhythm::Rhythm;
use super::status::StatusUri;

/// Something that is read again and again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Profile and statuses of an account, read where it lives.
    Account { acct: Acct },
    /// An account of which only the id is known yet: asked for its address once, then read by that.
    Unnamed { id: AccountId },
    /// A page of an outlet: links to accounts.
    Page { outlet: OutletId, url: String, kind: PageKind },
    /// A page of an account under suspicion, or of a publisher beside the outlets: who built it, by what it is measured.
    Site { url: String },
    /// An outlet's host asked for an account by webfinger.
    Webfinger { outlet: OutletId, host: Host },
    /// An outlet's host asked which account on Bluesky has it as its handle.
    Handle { outlet: OutletId, host: Host },
    /// The account search of a server for the names of an outlet.
    Search { server: Host, outlet: OutletId },
    /// A feed of an outlet, or of a publisher that stands beside them.
    Feed { publisher: OutletId, url: String },
    /// What a server shows everybody: accounts that turn up there with an outlet's copy.
    Timeline { server: Host, scope: Scope },
    /// The timeline of a hashtag that bears an outlet's name; without `#`.
    Tag { server: Host, tag: String },
    /// The newest accounts of a server's directory.
    Directory { server: Host },
    /// The newest posts on Threads with a name of an outlet in them.
    Keyword { outlet: OutletId },
    /// Our own token for Threads: whether it works, and its renewal.
    ThreadsToken,
}

/// How much of what a server knows its timeline shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Posts of other servers too, as far as they come here.
    Public,
    /// Posts of its own accounts.
    Local,
}

impl Target {
    /// The word for what it is, as metrics count it.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::Account { .. } => "account",
            Target::Unnamed { .. } => "unnamed",
            Target::Page { .. } => "page",
            Target::Site { .. } => "site",
            Target::Webfinger { .. } => "webfinger",
            Target::Handle { .. } => "handle",
            Target::Search { .. } => "search",
            Target::Feed { .. } => "feed",
            Target::Timeline { .. } => "timeline",
            Target::Tag { .. } => "tag",
            Target::Directory { .. } => "directory",
            Target::Keyword { .. } => "keyword",
            Target::ThreadsToken => "token",
        }
    }

    /// Whether it is asked of Threads with our token.
    pub fn is_on_threads(&self) -> bool {
        match self {
            Target::Account { acct } => acct.network() == Network::Threads,
            Target::Keyword { .. } | Target::ThreadsToken => true,
            _ => false,
        }
    }

    /// The server that is asked for its accounts or posts, where it is one of a configured few.
    pub fn server(&self) -> Option<&Host> {
        match self {
            Target::Search { server, .. }
            | Target::Timeline { server, .. }
            | Target::Tag { server, .. }
            | Target::Directory { server } => Some(server),
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    /// The key of this target in the store and in logs. Servers compare user names without case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Account { acct } => write!(f, "account {}", acct.to_string().to_ascii_lowercase()),
            Target::Unnamed { id } => write!(f, "address of {id}"),
            Target::Page { url, outlet, .. } => write!(f, "page {url} of {outlet}"),
            Target::Site { url } => write!(f, "site {url}"),
            Target::Webfinger { host, outlet } => write!(f, "webfinger {host} of {outlet}"),
            Target::Handle { host, outlet } => write!(f, "handle {host} of {outlet}"),
            Target::Search { server, outlet } => write!(f, "search {server} for {outlet}"),
            Target::Feed { publisher, url } => write!(f, "feed {url} of {publisher}"),
            Target::Timeline { server, scope: Scope::Public } => write!(f, "public timeline of {server}"),
            Target::Timeline { server, scope: Scope::Local } => write!(f, "local timeline of {server}"),
            Target::Tag { server, tag } => write!(f, "tag {} on {server}", tag.to_lowercase()),
            Target::Directory { server } => write!(f, "directory of {server}"),
            Target::Keyword { outlet } => write!(f, "posts on Threads that name {outlet}"),
            Target::ThreadsToken => write!(f, "our token for Threads"),
        }
    }
}

/// A stretch of statuses that a walk did not reach; it is resumed, and shown until it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where to go on: the oldest status read so far, by its id on the server.
    pub below: String,
    /// The walk has arrived when it meets one of these.
    pub until: Vec<StatusUri>,
    pub since: DateTime<Utc>,
}

/// Where reading the statuses of an account or a timeline left off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// The newest statuses known, newest first, at most [`Cursor::HEADS`]. Empty = never read.
    pub heads: Vec<StatusUri>,
    pub gaps: Vec<Gap>,
    /// When one page more than needed was last read, for late arrivals, edits and deletions.
    pub overlap_read: Option<DateTime<Utc>>,
    /// The version of the profile that was read last: as its server names it (`ETag`), or a hash of its bytes.
    #[serde(default)]
    pub profile_version: Option<String>,
    /// The version of the first page of statuses, where all in it and below was read.
    #[serde(default)]
    pub page_version: Option<String>,
}

impl Cursor {
    /// Two full pages of 40: an account would have to delete that many at once for a walk to miss its mark.
    pub const HEADS: usize = 80;
}

/// A target in the store: when it is due and how the last polls went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetRecord {
    pub target: Target,
    pub added_at: DateTime<Utc>,
    /// How an account came to our notice, until its first good poll writes it into its record.
    pub found: Option<Found>,
    pub due: DateTime<Utc>,
    pub last_try: Option<DateTime<Utc>>,
    pub last_ok: Option<DateTime<Utc>>,
    /// Failed polls since the last good one.
    pub failures: u32,
    /// What is wrong, in words: why the last poll failed, or, without failures, what is odd about a place that
    /// answers. `None` while all is well.
    pub trouble: Option<String>,
    /// Of an account that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paced: Option<Box<Paced>>,
}

/// When an account posts, and with whom it shares a budget of polls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paced {
    pub rhythm: Rhythm,
    /// All accounts that are read so often in the mean share one budget; in minutes.
    pub every_minutes: u32,
}

impl TargetRecord {
    /// A target that has never been polled, due at once.
    pub fn new(target: Target, now: DateTime<Utc>) -> TargetRecord {
        TargetRecord {
            target,
            added_at: now,
            found: None,
            due: now,
            last_try: None,
            last_ok: None,
            failures: 0,
            trouble: None,
            paced: None,
        }
    }
}

/// Foreign bytes that could not be read, kept for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// What it was meant to be: `status 3 of the page`.
    pub item: String,
    pub why: String,
    /// At most 32 KiB of it, as text.
    pub excerpt: String,
}
