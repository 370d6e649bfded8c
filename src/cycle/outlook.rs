//! The outlook: what a configuration lets the service see and do, said in plain words.

use super::targets;
use crate::config::{Config, Discover};
use crate::model::account::{Host, Network};
use crate::model::outlet::FeedStatus;
use crate::model::target::{Scope, Target};
use crate::sources::bluesky::PUBLIC;
use crate::sources::jetstream::HOST;
use crate::sources::threads::API;

/// How often a timeline is read, for people.
const TIMELINE: &str = "every 10 to 30 minutes";

/// A place that is read again and again, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// A host or an address.
    pub what: String,
    pub how: String,
    pub often: String,
}

impl Read {
    fn new(what: impl ToString, how: &str, often: &str) -> Read {
        Read { what: what.to_string(), how: how.to_owned(), often: often.to_owned() }
    }
}

/// How we are known to a server on which accounts are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedIn {
    /// It has a token of its own in `[sources.mastodon] tokens`.
    ToRead,
    /// We post there, and read its timelines with the same token; profiles, posts and searches are read as anybody can.
    ToPost,
    No,
}

/// Which token a server is read with.
pub fn login(config: &Config, server: &Host) -> LoggedIn {
    let posts_there = config.publish.as_ref().is_some_and(|publish| publish.server == *server);
    match config.mastodon.tokens.contains_key(server) {
        true => LoggedIn::ToRead,
        false if posts_there => LoggedIn::ToPost,
        false => LoggedIn::No,
    }
}

/// The servers that are read without being led there by a find.
pub fn servers(config: &Config) -> Vec<Read> {
    let bluesky = config.bluesky.enabled.then(|| {
        let how = "profiles and posts of single accounts, as anybody can without login";
        Read::new(&*PUBLIC, how, "every 5 to 60 minutes an account, as often as it posts")
    });
    let stream = config.bluesky.jetstream.then(|| {
        let how = "every new post of Bluesky, of which only what concerns outlets and their accounts is kept";
        Read::new(&*HOST, how, "as it is posted")
    });
    fediverse(config).into_iter().chain(bluesky).chain(stream).collect()
}

fn fediverse(config: &Config) -> Vec<Read> {
    if !config.mastodon.enabled {
        return Vec::new();
    }
    let daily = [
        (Discover::Search, "account search for the names of outlets"),
        (Discover::Tags, "hashtags with the names of outlets"),
        (Discover::Directory, "the newest accounts of its directory"),
    ];
    let daily = daily.into_iter().filter(|(way, _)| config.mastodon.discover.contains(way));
    let servers = daily.flat_map(|(_, how)| {
        config.mastodon.servers.iter().map(move |server| Read::new(server, how, "once a day"))
    });
    let timelines = targets::timelines(config).filter_map(|target| match target {
        Target::Timeline { server, scope: Scope::Public } => {
            Some(Read::new(server, "public timeline, for copies of outlets' texts", TIMELINE))
        }
        Target::Timeline { server, scope: Scope::Local } => {
            Some(Read::new(server, "local timeline, for copies of outlets' texts", TIMELINE))
        }
        _ => None,
    });
    let is_read =
        |read: &Read| !Host::parse(&read.what).is_ok_and(|host| config.mastodon.opt_out.has_host(&host));
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Mastodon);
    let listed = listed.map(|listing| &listing.account.handle);
    let listed =
        listed.filter(|handle| !handle.parse().is_ok_and(|acct| config.mastodon.opt_out.has_account(&acct)));
    let listed = listed
        .map(|handle| Read::new(handle, "profile and posts", "every 5 to 60 minutes, as often as it posts"));
    let counted = config.mastodon.discover.contains(&Discover::Followers).then(|| {
        let how = "how many of their followers are outlets' accounts; counts only, no list is kept";
        Read::new("accounts under suspicion with up to 500 followers", how, "once a week")
    });
    timelines.chain(servers).filter(is_read).chain(listed).chain(counted).collect()
}

/// What is asked of Threads, where it is read.
pub fn threads(config: &Config) -> Vec<Read> {
    let asked = [
        (
            "profiles and posts of outlets' accounts, and of those that look like one",
            "a few times a day to every few minutes",
        ),
        ("search for the names of outlets", "three times a day at most"),
    ];
    let asked = asked.iter().filter(|_| config.threads.enabled);
    asked.map(|(how, often)| Read::new(&*API, how, often)).collect()
}

/// The pages of outlets that are read for links to accounts, and the feeds.
pub fn pages(config: &Config) -> Vec<Read> {
    let domains = config.watchlist.enabled().filter(|_| config.pages.enabled);
    let domains =
        domains.flat_map(|outlet| &outlet.domains).filter(|it| !config.mastodon.opt_out.has_host(it));
    let asked = match config.bluesky.enabled {
        true => "front page, webfinger and Bluesky handle",
        false => "front page and webfinger",
    };
    let domains = domains.map(|domain| Read::new(domain, asked, "once a day"));
    let feeds = targets::feeds(config).filter(|_| config.feeds.enabled);
    let feeds = feeds.map(|(_, url, status)| match status {
        FeedStatus::Stale => Read::new(url, "feed", "once a day, until something new is in it"),
        _ => Read::new(url, "feed", "every 10 minutes"),
    });
    domains.chain(feeds).collect()
}

/// One sentence a line: what is read, what is not and why, where digests go.
pub fn lines(config: &Config) -> Vec<String> {
    let read = [pages_line(config), feeds_line(config), fediverse_line(config), bluesky_line(config)];
    read.into_iter().chain(threads_line(config)).chain([posting_line(config)]).collect()
}

fn pages_line(config: &Config) -> String {
    if !config.pages.enabled {
        return "pages: not read, [sources.pages] is off; without them no account can be proven".to_owned();
    }
    let outlets = config.watchlist.enabled().filter(|outlet| !outlet.domains.is_empty()).count();
    let domains: usize = config.watchlist.enabled().map(|outlet| outlet.domains.len()).sum();
    format!(
        "pages: the front pages of {domains} domains of {outlets} outlets once a day, for links to accounts"
    )
}

fn feeds_line(config: &Config) -> String {
    if !config.feeds.enabled {
        return "feeds: not read, [sources.feeds] is off; without them nobody can be seen to copy an outlet"
            .to_owned();
    }
    let feeds: Vec<_> = targets::feeds(config).collect();
    let exempt = feeds.iter().filter(|(id, _, _)| config.watchlist.is_exempt(id)).count();
    format!(
        "feeds: {} of outlets and {exempt} of independent publishers every 10 minutes, stale ones once a day",
        feeds.len() - exempt
    )
}

/// In which ways new accounts are looked for on the servers.
fn ways(config: &Config) -> String {
    let ways = [
        (Discover::Timelines, "timelines"),
        (Discover::Mentions, "mentions"),
        (Discover::Search, "searches"),
        (Discover::Tags, "hashtags"),
        (Discover::Directory, "the directory"),
    ];
    let ways = ways.into_iter().filter(|(way, _)| config.mastodon.discover.contains(way));
    ways.map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

fn fediverse_line(config: &Config) -> String {
    let mastodon = &config.mastodon;
    if !mastodon.enabled && config.contact.is_none() {
        return "fediverse: not read, since `contact` is empty; no account can be seen until it is set"
            .to_owned();
    }
    if !mastodon.enabled {
        return "fediverse: not read, [sources.mastodon] is off; no account can be seen".to_owned();
    }
    let searched: Vec<String> = mastodon
        .servers
        .iter()
        .filter(|server| !mastodon.opt_out.has_host(server))
        .map(|server| match login(config, server) {
            LoggedIn::ToRead => format!("{server} (logged in)"),
            LoggedIn::ToPost => {
                format!(
                    "{server} (timelines by the token that posts, the rest without login, which some refuse)"
                )
            }
            LoggedIn::No => format!("{server} (without login: some servers refuse searches and timelines)"),
        })
        .collect();
    let listed =
        config.listings.iter().filter(|listing| listing.account.network == Network::Mastodon).count();
    match (searched.as_slice(), ways(config)) {
        ([], _) => format!(
            "fediverse: {listed} listed accounts and those that outlets' pages name; no server is searched"
        ),
        (some, ways) if ways.is_empty() => format!(
            "fediverse: {listed} listed accounts and those that outlets' pages name; on {} nothing is looked for",
            some.join(", ")
        ),
        (some, ways) => format!(
            "fediverse: {listed} listed accounts, those that outlets' pages name, and {ways} on {}",
            some.join(", ")
        ),
    }
}

fn bluesky_line(config: &Config) -> String {
    if !config.bluesky.enabled {
        return "bluesky: not read, [sources.bluesky] is off".to_owned();
    }
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Bluesky).count();
    let domains: usize = config.watchlist.enabled().map(|outlet| outlet.domains.len()).sum();
    let stream = match config.bluesky.jetstream {
        true => "; every new post is looked at for new ones",
        false => "; new ones are not looked for (jetstream = false)",
    };
    format!(
        "bluesky: {listed} listed accounts and those that outlets' pages and profiles name, by {}, and once a day the \
         question to {domains} domains of outlets whether they are handles{stream}",
        *PUBLIC
    )
}

/// Nothing is missing where it is off: few have an app that Meta has reviewed.
fn threads_line(config: &Config) -> Option<String> {
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Threads).count();
    config.threads.enabled.then(|| {
        format!(
            "threads: {listed} listed accounts, those that outlets' pages name, and searches for the names of outlets, \
             each as far as Meta grants it to this app"
        )
    })
}

fn posting_line(config: &Config) -> String {
    match &config.publish {
        None => format!("posting: off; digests go to the page on http://{}/", config.web.listen),
        Some(publish) => format!("posting: on {}, {}", publish.server, config.fediverse.visibility.as_str()),
    }
}
