//! The configuration: `config.toml` and the watchlist, read, merged and checked as a whole.

mod accounts;
mod builtin;
mod check;
mod fault;
mod files;
mod handles;
mod keys;
mod lint;
mod load;
mod looks;
mod merge;
mod nearest;
mod raw;
mod records;
mod report;
mod schedule;
mod secrets;
mod section;
mod spans;
mod trial;
mod watchlist;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::Duration;
use chrono_tz::Tz;
use secrecy::SecretString;
use url::Url;

use crate::clock::Clock;
use crate::model::account::{Acct, Host, Network};
use crate::model::digest::Visibility;
use crate::model::dossier::AccountRecord;
use crate::model::dossier::Listing;
use crate::model::watchlist::Watchlist;

pub use check::server_host;
pub use fault::Level;
pub use keys::{Key, keys};
pub use load::{Loaded, check_files, load, load_without_tokens};
pub use looks::{Looks, Sight};
pub use report::{Paint, Place, Remark, Report, Tally};

// Defaults; `keys` tells people, and a test holds both together.
const WATCHLIST: [&str; 2] = ["builtin", "watchlist.d/*.toml"];
const STATE_DIR: &str = "./data";
const DIGEST: &str = "0 0 9 * * Mon";
const UNDISCLOSED: u32 = 2;
const OFFICIAL: u32 = 0;
const QUEUE_DAYS: u32 = 14;
const TOKEN_FILE: &str = "fediverse.token";
const THREADS_TOKEN: &str = "threads.token";
const MAX_POSTS: u32 = 5;
const LISTEN: &str = "127.0.0.1:8787";
const BACKUPS: &str = "backups";
const CACHE_MIB: u64 = 32;
const KEEP: Keep = Keep { posts: Duration::days(30), evidence: Duration::days(5 * 365), disk: 4 << 30 };

/// Everything that is configured, checked: whoever holds one can rely on it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub path: Option<PathBuf>,
    /// What the process was started with that read it.
    pub environment: Environment,
    pub watchlist: Watchlist,
    /// Accounts to watch on networks that can be read: `[[account]]`, then those of enabled outlets.
    pub listings: Vec<Listing>,
    pub state_dir: PathBuf,
    /// A URL or an e-mail address; there once anything is read from Mastodon servers or posted.
    pub contact: Option<String>,
    pub schedule: Schedule,
    pub mastodon: MastodonSource,
    pub bluesky: BlueskySource,
    pub threads: ThreadsSource,
    pub pages: PagesSource,
    pub feeds: FeedsSource,
    pub review: Review,
    /// What `[publish.fediverse]` says, also while it is off: for the login, the dry run and the site.
    pub fediverse: Fediverse,
    /// Where to post; `None` while publishing is off.
    pub publish: Option<PublishFediverse>,
    pub alert: Option<AlertTo>,
    pub web: Web,
    /// Where backups are written; there once somebody has made it, unless it is our own.
    pub backup_dir: PathBuf,
    pub keep: Keep,
    pub store_cache_mib: u64,
    pub clock: Clock,
    /// Trials: names that answer on this machine. All addresses are loopback.
    pub hosts: BTreeMap<Host, SocketAddr>,
    /// Where keys stand that can be refused after they were read, as `file:line:column`.
    pub places: BTreeMap<&'static str, String>,
}

impl Config {
    /// The place of a key in an answer that refuses it, on a line of its own; empty where it is not written.
    pub fn shown_at(&self, key: &str) -> String {
        self.places.get(key).map_or_else(String::new, |place| format!("\n  --> {place}"))
    }
}

/// When digests are due.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub timezone: Tz,
    /// Fires at least once within ten years.
    pub digest: cron::Schedule,
    /// As it is written in the file.
    pub digest_text: String,
}

/// How new accounts are looked for on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discover {
    /// The public timeline of the server that we post on and the local ones of the others, for outlets' copy.
    Timelines,
    /// On the same timelines, posts that name an outlet's account or link to its site.
    Mentions,
    /// The account search, for the names of outlets.
    Search,
    /// Timelines of hashtags that bear an outlet's name.
    Tags,
    /// The newest accounts of the directory.
    Directory,
    /// No way to find anybody: the followers of small suspects are counted, how many of them are outlets' accounts.
    Followers,
}

impl Discover {
    const WORDS: [(&str, Discover); 6] = [
        ("timelines", Discover::Timelines),
        ("mentions", Discover::Mentions),
        ("search", Discover::Search),
        ("tags", Discover::Tags),
        ("directory", Discover::Directory),
        ("followers", Discover::Followers),
    ];
    /// The directory is off until somebody wants it: everybody new on a server is in it. So are followers: they are
    /// people, even if they are only counted.
    const USUAL: [Discover; 4] = [Discover::Timelines, Discover::Mentions, Discover::Search, Discover::Tags];
}

impl Config {
    /// Whether accounts of this network are read.
    pub fn reads(&self, network: Network) -> bool {
        match network {
            Network::Mastodon => self.mastodon.enabled,
            Network::Bluesky => self.bluesky.enabled,
            Network::Threads => self.threads.enabled,
            Network::X | Network::Facebook | Network::Instagram => false,
        }
    }

    /// Whether somebody asked that nothing is read of the account with this address.
    pub fn leaves_alone(&self, acct: &Acct) -> bool {
        match acct.network() {
            Network::Bluesky => self.bluesky.opt_out.contains(acct.user()),
            Network::Threads => self.threads.opt_out.contains(&acct.user().to_ascii_lowercase()),
            _ => self.mastodon.opt_out.has_account(acct),
        }
    }

    /// The same of a known account, whatever its address is by now.
    pub fn leaves_account_alone(&self, account: &AccountRecord) -> bool {
        self.leaves_alone(&account.acct)
            || self.mastodon.opt_out.has_host(&account.api_host)
            || self.bluesky.opt_out.contains(&account.id.uri)
    }
}

/// Who asked to be left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOut {
    /// With everything below them.
    pub hosts: Vec<Host>,
    pub accounts: Vec<Acct>,
}

impl OptOut {
    pub fn has_host(&self, host: &Host) -> bool {
        self.hosts.iter().any(|out| host.is_within(out))
    }

    pub fn has_account(&self, acct: &Acct) -> bool {
        self.has_host(acct.host()) || self.accounts.iter().any(|out| out.is_same(acct))
    }
}

/// `[sources.mastodon]`.
#[derive(Debug, Clone)]
pub struct MastodonSource {
    pub enabled: bool,
    /// Where new accounts are looked for; known accounts are read where they live.
    pub servers: Vec<Host>,
    pub discover: BTreeSet<Discover>,
    /// Nothing of theirs is read, whatever else is configured or found.
    pub opt_out: OptOut,
    /// Access tokens by server; empty while the source is off.
    pub tokens: BTreeMap<Host, SecretString>,
}

/// `[sources.bluesky]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlueskySource {
    pub enabled: bool,
    /// Whether every new post of the network is looked at.
    pub jetstream: bool,
    /// Handles and ids of accounts of which nothing is ever read.
    pub opt_out: BTreeSet<String>,
}

/// `[sources.threads]`.
#[derive(Debug, Clone, Default)]
pub struct ThreadsSource {
    pub enabled: bool,
    /// Where the token lies, or where it belongs: beside the configuration.
    pub token_file: PathBuf,
    /// As it lies there; what it was renewed to is kept elsewhere. There while the source is on.
    pub token: Option<SecretString>,
    /// Names of accounts of which nothing is ever read, in lower case.
    pub opt_out: BTreeSet<String>,
}

/// `[sources.pages]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagesSource {
    pub enabled: bool,
}

/// `[sources.feeds]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedsSource {
    pub enabled: bool,
}

/// `[review]`: who approves, and how many of them it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Distinct names, fit for file names.
    pub reviewers: Vec<String>,
    /// Approvals for a hidden tie, at least 1.
    pub undisclosed: u32,
    /// Approvals for what is proven in both directions; 0 = by policy.
    pub official: u32,
    /// After so many days an unreviewed finding is checked again.
    pub queue_days: u32,
}

/// The language of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    En,
    Es,
    Zh,
}

impl Language {
    /// BCP 47.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
            Language::Zh => "zh",
        }
    }
}

/// `[publish.fediverse]`, whether it is switched on or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fediverse {
    pub enabled: bool,
    pub server: Option<Host>,
    /// Where the token lies, or where it belongs: beside the configuration.
    pub token_file: PathBuf,
    pub visibility: Visibility,
    /// The address of a standing post that digests reply to.
    pub reply_to: Option<String>,
    pub language: Language,
    /// Posts a digest, from 1 to 12.
    pub max_posts: u32,
    /// The content warning, empty for none; it has neither `@` nor `#`.
    pub spoiler: String,
}

/// The account that posts.
#[derive(Debug, Clone)]
pub struct PublishFediverse {
    pub server: Host,
    pub token: SecretString,
}

/// `[alert]` with an address: who is told of troubles, beside the log.
#[derive(Debug, Clone)]
pub struct AlertTo {
    /// Takes a plain text by POST, as ntfy does.
    pub webhook: Url,
    /// Sent as a bearer token.
    pub token: Option<SecretString>,
}

/// `[keep]`: for how long, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// What accounts said that are not under suspicion, from when it is no longer compared.
    pub posts: Duration,
    /// The evidence of what was never published, from when that was closed.
    pub evidence: Duration,
    /// Bytes of the store's files, beyond which the oldest posts go.
    pub disk: u64,
}

/// `[web]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    pub listen: SocketAddr,
    /// Where readers reach the site; there once publishing is on.
    pub public_url: Option<Url>,
}

/// What the process was started with, as far as it says where files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `$MASTHEAD_CONFIG`.
    pub masthead_config: Option<PathBuf>,
    /// `$CREDENTIALS_DIRECTORY`, set by systemd.
    pub credentials_dir: Option<PathBuf>,
}

impl Environment {
    /// The environment of this process; empty variables count as unset.
    pub fn of_process() -> Environment {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Environment {
            masthead_config: path("MASTHEAD_CONFIG"),
            credentials_dir: path("CREDENTIALS_DIRECTORY"),
        }
    }
}
