//! The outlook: what a configuration lets the service see and do, said in plain words.

use crate::config::{Config, Discover};
use crate::model::account::Network;

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

/// The fediverse servers that are read without being led there by a find.
pub fn servers(config: &Config) -> Vec<Read> {
    if !config.mastodon.enabled {
        return Vec::new();
    }
    let searched =
        config.mastodon.servers.iter().filter(|_| config.mastodon.discover.contains(&Discover::Search));
    let searched =
        searched.map(|server| Read::new(server, "account search for the names of outlets", "once a day"));
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Mastodon);
    let listed = listed.map(|listing| &listing.account.handle);
    searched.chain(listed.map(|handle| Read::new(handle, "profile and posts", "every 30 minutes"))).collect()
}

/// The pages of outlets that are read for links to accounts.
pub fn pages(config: &Config) -> Vec<Read> {
    if !config.pages.enabled {
        return Vec::new();
    }
    let domains = config.watchlist.enabled().flat_map(|outlet| &outlet.domains);
    domains.map(|domain| Read::new(domain, "front page and webfinger", "once a day")).collect()
}

/// One sentence a line: what is read, what is not and why, where digests go.
pub fn lines(config: &Config) -> Vec<String> {
    vec![pages_line(config), fediverse_line(config), unread_line(), posting_line(config)]
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
        .map(|server| match mastodon.tokens.contains_key(server) {
            true => format!("{server} (logged in)"),
            false => format!("{server} (without login: some servers refuse searches)"),
        })
        .collect();
    let listed = config.listings.len();
    match searched.as_slice() {
        [] => format!(
            "fediverse: {listed} listed accounts and those that outlets' pages name; no server is searched"
        ),
        some => format!(
            "fediverse: {listed} listed accounts, those that outlets' pages name, and searches on {}",
            some.join(", ")
        ),
    }
}

fn unread_line() -> String {
    "not in this version: feeds, Bluesky and Threads are not read".to_owned()
}

fn posting_line(config: &Config) -> String {
    match &config.publish {
        None => format!("posting: off; digests go to the page on http://{}/", config.web.listen),
        Some(publish) => format!("posting: on {}, {}", publish.server, config.fediverse.visibility.as_str()),
    }
}
