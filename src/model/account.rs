//! Names of accounts: networks, hosts, handles and the ids that never change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::evidence::hex;

/// A social network on which an outlet or a candidate has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The Mastodon family: every server that answers the Mastodon client API.
    Mastodon,
    Threads,
    Bluesky,
    /// Known from lists only: never read, its handles are hints for searches.
    X,
    Facebook,
    Instagram,
}

impl Network {
    /// The name readers know it by.
    pub fn title(self) -> &'static str {
        match self {
            Network::Mastodon => "Mastodon",
            Network::Threads => "Threads",
            Network::Bluesky => "Bluesky",
            Network::X => "X",
            Network::Facebook => "Facebook",
            Network::Instagram => "Instagram",
        }
    }
}

/// A host name in lower case and punycode, with its port where that is not the default one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

/// Why a text is not the name of a host or of an account.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("`{0}` is not a host name; expected for example social.example")]
    Host(String),
    #[error("`{0}` is not an account address; expected user@host")]
    Acct(String),
    /// As a person wrote it, who may write it in several ways.
    #[error("`{0}` is no account; expected user@host or the address of its profile")]
    Pasted(String),
}

impl Host {
    /// Reads a bare host name, `host` or `host:port`; a scheme, path or user part is an error.
    pub fn parse(text: &str) -> Result<Host, NameError> {
        let refused = || NameError::Host(text.to_owned());
        if text.is_empty() || text.len() > 260 || text.contains(['/', '@', '?', '#', '\\', ' ']) {
            return Err(refused());
        }
        let url = url::Url::parse(&format!("https://{text}/")).map_err(|_| refused())?;
        Host::of(&url).ok_or_else(refused)
    }

    /// The host of a URL, `None` where it has none.
    pub fn of(url: &url::Url) -> Option<Host> {
        let name = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() {
            return None;
        }
        Some(Host(match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name,
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its port.
    pub fn name(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.0,
        }
    }

    /// Whether this host is `domain` itself or lies below it; ports do not count.
    pub fn is_within(&self, domain: &Host) -> bool {
        let (name, domain) = (self.name(), domain.name());
        name == domain
            || (name.len() > domain.len()
                && name.ends_with(domain)
                && name.as_bytes()[name.len() - domain.len() - 1] == b'.')
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Host {
    type Error = NameError;
    fn try_from(text: String) -> Result<Host, NameError> {
        Host::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> String {
        host.0
    }
}

/// The address of a fediverse account, `user@host`: what people type, and what may change hands.
///
/// The user part holds ASCII letters, digits, `_`, `.` and `-` only, so an address is safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Acct {
    user: String,
    host: Host,
}

/// The services of Bluesky that are asked: the one that shows accounts, and the one that tells of every new post.
pub const BLUESKY_SERVICES: [&str; 2] = ["public.api.bsky.app", "jetstream2.us-east.bsky.network"];

/// The host by which accounts on Bluesky are known.
const BLUESKY: &str = "bsky.app";
/// The one by which accounts on Threads are known, in the fediverse as well.
const THREADS: &str = "threads.net";
/// All names of its site.
const THREADS_HOSTS: [&str; 4] = [THREADS, "www.threads.net", "threads.com", "www.threads.com"];

impl Acct {
    /// The network whose interface shows it.
    pub fn network(&self) -> Network {
        match self.host.as_str() {
            BLUESKY => Network::Bluesky,
            THREADS => Network::Threads,
            _ => Network::Mastodon,
        }
    }

    pub fn new(user: &str, host: Host) -> Result<Acct, NameError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if user.is_empty() || user.len() > 100 || !user.bytes().all(plain) {
            return Err(NameError::Acct(format!("{user}@{host}")));
        }
        let is_threads = THREADS_HOSTS.contains(&host.as_str());
        let host = if is_threads { Host(THREADS.to_owned()) } else { host };
        Ok(Acct { user: user.to_owned(), host })
    }

    /// The account with this handle on Bluesky. It is known by the network's name, wherever its server stands: handles
    /// are unique there.
    ///
    /// # Errors
    /// Where it is no host name.
    pub fn bluesky(handle: &str) -> Result<Acct, NameError> {
        let host = Host::parse(handle)?;
        match host.name() == host.as_str() && host.name().contains('.') {
            true => Acct::new(host.name(), Host(BLUESKY.to_owned())),
            false => Err(NameError::Host(handle.to_owned())),
        }
    }

    /// A stand-in for the address of an account on Bluesky that is known by its id alone, until it is asked for. It ends
    /// in `.invalid`, in which no handle can end (<https://atproto.com/specs/handle>). `None` for any other account.
    pub fn nameless(id: &AccountId) -> Option<Acct> {
        let is_there = id.network == Network::Bluesky;
        is_there
            .then(|| Acct::bluesky(&format!("{}.invalid", hex(&id.key()))).expect("hex makes a host name"))
    }

    /// The account with this name on Threads, written as the fediverse writes it: `name@threads.net`.
    ///
    /// # Errors
    /// Where it is no name.
    pub fn threads(username: &str) -> Result<Acct, NameError> {
        Acct::new(&username.to_ascii_lowercase(), Host(THREADS.to_owned()))
    }

    /// Whether a host is the site of Threads under any of its names.
    pub fn is_threads_host(host: &Host) -> bool {
        THREADS_HOSTS.contains(&host.as_str())
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether both name the same account; servers compare the user part without case.
    pub fn is_same(&self, other: &Acct) -> bool {
        self.host == other.host && self.user.eq_ignore_ascii_case(&other.user)
    }
}

impl FromStr for Acct {
    type Err = NameError;
    /// Reads `user@host`; a leading `@` is refused, since it would be a mention where it is printed.
    fn from_str(text: &str) -> Result<Acct, NameError> {
        let refused = || NameError::Acct(text.to_owned());
        let (user, host) = text.split_once('@').ok_or_else(refused)?;
        let host = Host::parse(host).map_err(|_| refused())?;
        Acct::new(user, host).map_err(|_| refused())
    }
}

impl fmt::Display for Acct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.host)
    }
}

impl TryFrom<String> for Acct {
    type Error = NameError;
    fn try_from(text: String) -> Result<Acct, NameError> {
        text.parse()
    }
}

impl From<Acct> for String {
    fn from(acct: Acct) -> String {
        acct.to_string()
    }
}

/// What an account is, whatever it calls itself: its network and its canonical URI there
/// (the ActivityPub id in the Mastodon family). The same address with a new URI is another account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountId {
    pub network: Network,
    pub uri: String,
}

impl AccountId {
    pub fn mastodon(uri: impl Into<String>) -> AccountId {
        AccountId { network: Network::Mastodon, uri: uri.into() }
    }

    /// The id of an account on Bluesky: a `did:plc:` or `did:web:`, whatever its handle.
    pub fn bluesky(did: impl Into<String>) -> AccountId {
        AccountId { network: Network::Bluesky, uri: did.into() }
    }

    /// The id of an account on Threads. Its interface shows none: this is the page of its name, and whoever takes the
    /// name over is taken for the same account.
    pub fn threads(username: &str) -> AccountId {
        let uri = format!("https://www.threads.com/@{}", username.to_ascii_lowercase());
        AccountId { network: Network::Threads, uri }
    }

    /// Sixteen bytes that stand for this id in keys: the front of SHA-256 over network and URI.
    pub fn key(&self) -> [u8; 16] {
        let mut hasher = Sha256::new();
        hasher.update(self.network.title());
        hasher.update([0]);
        hasher.update(&self.uri);
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize()[..16]);
        key
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_lower_case_and_keeps_an_unusual_port() {
        assert_eq!(Host::parse("Social.Example").unwrap().as_str(), "social.example");
        assert_eq!(Host::parse("127.0.0.1:4001").unwrap().as_str(), "127.0.0.1:4001");
        assert_eq!(Host::parse("127.0.0.1:4001").unwrap().name(), "127.0.0.1");
        assert_eq!(Host::parse("新华.example").unwrap().as_str(), "xn--xkrr14b.example");
        for bad in ["", "a b", "https://x.example", "x.example/a", "u@x.example", "x.example?"] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_look_alike_domain_is_not_within_the_domain() {
        let domain = Host::parse("news.cn").unwrap();
        for (name, within) in [
            ("news.cn", true),
            ("english.news.cn", true),
            ("fakenews.cn", false),
            ("news.cn.evil.example", false),
        ] {
            assert_eq!(Host::parse(name).unwrap().is_within(&domain), within, "{name}");
        }
    }

    #[test]
    fn an_account_on_threads_is_one_whatever_its_site_is_called_and_however_it_is_written() {
        let acct = Acct::threads("Oriental_News").unwrap();
        assert_eq!(
            (acct.to_string().as_str(), acct.network()),
            ("oriental_news@threads.net", Network::Threads)
        );
        for host in ["threads.com", "www.threads.com", "www.threads.net"] {
            let other: Acct = format!("Oriental_News@{host}").parse().unwrap();
            assert!(other.is_same(&acct), "{other}");
        }
        let other: Acct = "oriental_news@threads.example".parse().unwrap();
        assert_eq!(other.network(), Network::Mastodon);
        assert!(Acct::threads("two words").is_err() && Acct::threads("").is_err());
    }

    #[test]
    fn an_address_prints_without_a_leading_at() {
        let acct: Acct = "Xinhua_es@Social.Example".parse().unwrap();
        assert_eq!(acct.to_string(), "Xinhua_es@social.example");
        let bad = ["desk", "@desk@host.example", "a@b@c.example", "a b@c.example", "x@", "é@c.example", ""];
        for bad in bad {
            assert!(bad.parse::<Acct>().is_err(), "{bad}");
        }
        assert_eq!(
            "desk".parse::<Acct>().unwrap_err().to_string(),
            "`desk` is not an account address; expected user@host"
        );
    }
}
