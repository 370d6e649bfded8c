//! Proofs: what an outlet's own page or host said about accounts when we fetched it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Acct, Host, Network};
use super::observation::Profile;

/// Which page of the outlet it is; deep pages may be a person's, so they never prove by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// The front page of one of the outlet's domains.
    Home,
    /// A page that a maintainer cites as proof.
    Cited,
    /// Any other page on the outlet's domains that a profile links to.
    Deep,
}

/// How a page names an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// `<a rel="me">` or `<link rel="me">`.
    RelMe,
    /// An ordinary link.
    Link,
    /// `<meta name="fediverse:creator">`.
    Creator,
}

/// One account that a page names: a URL, or `user@host` for a creator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Naming {
    pub by: NamedBy,
    pub target: String,
}

impl Naming {
    /// Whether this is the account: its URI, its page, or its address on the server that serves it.
    ///
    /// Only a page on a host of the account counts: its server may say that any page is its own.
    pub fn is(&self, profile: &Profile) -> bool {
        if let Ok(acct) = self.target.trim_start_matches('@').parse::<Acct>() {
            return acct.is_same(&profile.acct);
        }
        let Some(target) = comparable(&self.target) else { return false };
        let user = profile.acct.user();
        let host = profile.acct.host();
        let spellings = match profile.acct.network() {
            Network::Bluesky => vec![format!("https://{host}/profile/{user}")],
            Network::Threads => {
                let hosts = ["threads.net", "threads.com", "www.threads.net", "www.threads.com"];
                hosts.map(|host| format!("https://{host}/@{user}")).to_vec()
            }
            _ => vec![format!("https://{host}/@{user}"), format!("https://{host}/users/{user}")],
        };
        let page = profile.url.as_deref().filter(|url| is_at_home(url, profile));
        // An address that ends in a query is told apart by it, `https://blog.example/?author=7`.
        let is_this = |known: &str| match known.contains('?') {
            true => known == self.target,
            false => comparable(known).is_some_and(|known| known == target),
        };
        std::iter::once(profile.id.uri.as_str())
            .chain(page)
            .chain(spellings.iter().map(String::as_str))
            .any(is_this)
    }
}

/// Whether a URL lies on the host of the account's address or of its URI.
fn is_at_home(url: &str, profile: &Profile) -> bool {
    let host = |url: &str| url::Url::parse(url).ok().as_ref().and_then(Host::of);
    let home = host(&profile.id.uri);
    host(url).is_some_and(|host| host == *profile.acct.host() || Some(host) == home)
}

/// A URL without scheme, query, fragment and closing slash, its user part in lower case.
fn comparable(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = Host::of(&url)?;
    Some(format!("{host}{}", url.path().trim_end_matches('/').to_ascii_lowercase()))
}

/// A page of an outlet as we fetched it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSight {
    /// The address we asked for.
    pub url: String,
    /// Where redirects led.
    pub final_url: String,
    pub kind: PageKind,
    /// When it was first read at all: what stood there then was known at start, not news.
    pub first_read: DateTime<Utc>,
    pub fetched_at: DateTime<Utc>,
    /// SHA-256 in hex of the bytes.
    pub sha256: String,
    /// Links that may be accounts, each once.
    pub names: Vec<Naming>,
}

/// What an outlet's own host answered: by webfinger, or which account on Bluesky has it as its handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSight {
    pub host: Host,
    /// What was asked for, `acct:news@news.example` or `/.well-known/atproto-did`.
    pub resource: String,
    pub url: String,
    pub account: AccountId,
    /// When this host was first asked at all.
    pub first_read: DateTime<Utc>,
    pub fetched_at: DateTime<Utc>,
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Counts, Wishes};

    fn profile() -> Profile {
        Profile {
            id: AccountId::mastodon("https://social.example/users/Xinhua"),
            acct: "Xinhua@social.example".parse().unwrap(),
            local_id: "1".into(),
            url: Some("https://social.example/@Xinhua".into()),
            display_name: String::new(),
            note: String::new(),
            links: vec![],
            is_bot: false,
            is_suspended: false,
            wishes: Wishes::default(),
            moved_to: None,
            claimed_created_at: None,
            claimed_last_status: None,
            counts: Counts::default(),
        }
    }

    #[test]
    fn a_page_names_an_account_on_threads_by_any_name_of_its_site_and_by_its_page_alone() {
        let on_threads = Profile {
            id: AccountId::threads("oriental"),
            acct: Acct::threads("oriental").unwrap(),
            url: None,
            ..profile()
        };
        let named = |target: &str| Naming { by: NamedBy::Link, target: target.into() }.is(&on_threads);
        for same in [
            "https://www.threads.net/@oriental",
            "https://threads.com/@Oriental/",
            "https://www.threads.com/@oriental?hl=es",
            "oriental@threads.net",
        ] {
            assert!(named(same), "{same}");
        }
        for other in [
            "https://www.threads.com/@oriental_es",
            "https://www.threads.com/@oriental/post/abc",
            "https://www.threads.com/oriental",
            "https://threads.net.evil.example/@oriental",
            "https://oriental.example/@oriental",
        ] {
            assert!(!named(other), "{other}");
        }
    }

    #[test]
    fn every_usual_spelling_of_an_account_names_it_and_a_similar_one_does_not() {
        let named = |target: &str| Naming { by: NamedBy::Link, target: target.into() }.is(&profile());
        for same in [
            "https://social.example/@xinhua",
            "http://social.example/@Xinhua/",
            "https://social.example/users/Xinhua?utm=1#top",
            "@Xinhua@social.example",
            "xinhua@social.example",
        ] {
            assert!(named(same), "{same}");
        }
        for other in [
            "https://social.example/@xinhua_news",
            "https://social.example.evil.example/@xinhua",
            "https://evil.example/@xinhua@social.example",
            "https://social.example/@xinhua/1234",
            "mailto:xinhua@social.example",
            "xinhua@evil.example",
            "",
        ] {
            assert!(!named(other), "{other}");
        }
    }
}
