//! Front pages as somebody reads them who does not know the site yet: its name, its language, its feeds and its accounts.
//!
//! Nothing of it is proof, and all of it is a stranger's word: each list ends after a number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use url::Url;

use super::{Base, Element, Extent, Piece, fetch, html, json, marks};
use crate::model::account::{Host, Network};
use crate::model::proof::Naming;
use crate::model::site::Mark;
use crate::net::Net;
use crate::sources::{PollError, aside, encoding};

/// Feeds that are kept of a page; newspapers have one for each section.
const MOST_FEEDS: usize = 20;
/// Accounts on other networks; real footers have a dozen, embedded posts make more.
const MOST_ELSEWHERE: usize = 20;
/// Editions in other languages.
const MOST_EDITIONS: usize = 20;
/// The longest name or title, in characters.
const NAME_CHARS: usize = 200;

/// What a page says of its site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Where redirects led.
    pub url: Url,
    /// Accounts as [`super::parse`] reads them.
    pub names: Vec<Naming>,
    /// `og:site_name` or `application-name`.
    pub name: Option<String>,
    pub title: Option<String>,
    /// The language of `<html lang>`, as written.
    pub language: Option<String>,
    /// Feeds that its head announces, then links that look like one.
    pub feeds: Vec<Url>,
    pub elsewhere: Vec<Elsewhere>,
    /// Editions in other languages on other hosts: the language as written, and the host.
    pub editions: Vec<(String, Host)>,
    /// Who built it and by what it is measured, each with how the page has it.
    pub marks: Vec<(Mark, String)>,
}

/// A link to an account outside the Mastodon family, which is not asked when somebody looks for accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub network: Network,
    /// As the network writes it.
    pub handle: String,
    pub is_rel_me: bool,
}

/// Reads a page if its host lets robots do so.
///
/// # Errors
/// As those of [`super::read`].
pub async fn read(net: &Net, url: &str) -> Result<Front, PollError> {
    let fetched = fetch(net, url).await?;
    let read = move || Ok(parse(&fetched.body, fetched.content_type.as_deref(), &fetched.final_url));
    aside(read).await.map_err(|error| PollError::parse(url, error))
}

/// What the page says; the first word on each thing counts.
pub fn parse(bytes: &[u8], content_type: Option<&str>, final_url: &Url) -> Front {
    let mut read = Reading::default();
    let mut base = Base::new(final_url);
    html::read(&encoding::decode(bytes, content_type), Extent::Page, |piece| {
        match piece {
            Piece::Open(element) => {
                base.note(&element);
                read.note(&element);
            }
            Piece::Title(text) if read.title.chars().count() < NAME_CHARS => read.title.push_str(text),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let Reading { name, title, language, announced, alike, linked, editions } = read;
    let own = Host::of(final_url);
    let mut seen = BTreeSet::new();
    let feeds = announced.into_iter().chain(alike).filter_map(|href| {
        let mut url = base.resolve(&href)?;
        url.set_fragment(None);
        (!url.path().contains("/comments/") && seen.insert(url.clone())).then_some(url)
    });
    let mut known = BTreeSet::new();
    let elsewhere = linked.into_iter().filter_map(|(href, is_rel_me)| {
        let (network, handle) = account_elsewhere(&base.resolve(&href)?)?;
        let key = (network, handle.to_lowercase());
        known.insert(key).then_some(Elsewhere { network, handle, is_rel_me })
    });
    let mut hosts = BTreeSet::new();
    let editions = editions.into_iter().filter_map(|(language, href)| {
        let host = Host::of(&base.resolve(&href)?)?;
        (Some(&host) != own.as_ref() && hosts.insert(host.clone())).then_some((language, host))
    });
    Front {
        url: final_url.clone(),
        names: super::parse(bytes, final_url),
        name,
        title: filled(&title),
        language,
        feeds: feeds.take(MOST_FEEDS).collect(),
        elsewhere: elsewhere.take(MOST_ELSEWHERE).collect(),
        editions: editions.take(MOST_EDITIONS).collect(),
        marks: marks::parse(bytes, content_type, final_url).marks,
    }
}

/// What was met so far, as written.
#[derive(Default)]
struct Reading {
    name: Option<String>,
    title: String,
    language: Option<String>,
    /// By `rel="alternate"` and the type of a feed.
    announced: Vec<String>,
    /// By their address alone.
    alike: Vec<String>,
    linked: Vec<(String, bool)>,
    editions: Vec<(String, String)>,
}

impl Reading {
    fn note(&mut self, element: &Element<'_>) {
        match element.name() {
            "html" if self.language.is_none() => {
                self.language = element.attribute("lang").and_then(filled);
            }
            "meta" => {
                let key = element.attribute("property").or_else(|| element.attribute("name"));
                let is_name = key.is_some_and(|key| matches!(key, "og:site_name" | "application-name"));
                if is_name && self.name.is_none() {
                    self.name = element.attribute("content").and_then(filled);
                }
            }
            _ => self.note_link(element),
        }
    }

    fn note_link(&mut self, element: &Element<'_>) {
        let Some(href) = element.link_target() else { return };
        let rel = element.words("rel");
        let has = |word: &str| rel.iter().any(|found| found == word);
        if has("ugc") || has("sponsored") {
            return;
        }
        let kind = element.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
        if has("alternate") && FEED_TYPES.contains(&kind.as_str()) {
            keep(&mut self.announced, MOST_FEEDS, href.to_owned());
            return;
        }
        if let Some(language) = element.attribute("hreflang").and_then(filled).filter(|_| has("alternate")) {
            keep(&mut self.editions, MOST_EDITIONS, (language, href.to_owned()));
        }
        if element.name() == "a" && looks_like_feed(href) {
            keep(&mut self.alike, MOST_FEEDS, href.to_owned());
        }
        if NETWORKS.iter().any(|(host, _)| href.contains(host)) {
            keep(&mut self.linked, MOST_ELSEWHERE, (href.to_owned(), has("me")));
        }
    }
}

/// Some that are met twice or lead nowhere are dropped later.
fn keep<T>(list: &mut Vec<T>, most: usize, item: T) {
    if list.len() < 4 * most {
        list.push(item);
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| json::clip(&text, NAME_CHARS))
}

pub(super) const FEED_TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];

/// Whether a link has an address as feeds have them.
fn looks_like_feed(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_named = ["rss", "atom", "feed"].iter().any(|word| path.contains(word));
    matches!(last, "rss" | "feed" | "atom") || last.ends_with(".rss") || (last.ends_with(".xml") && is_named)
}

/// Networks whose accounts are told by the address alone.
const NETWORKS: [(&str, Network); 7] = [
    ("x.com", Network::X),
    ("twitter.com", Network::X),
    ("facebook.com", Network::Facebook),
    ("instagram.com", Network::Instagram),
    ("threads.net", Network::Threads),
    ("threads.com", Network::Threads),
    ("bsky.app", Network::Bluesky),
];

/// First words of paths on these networks that are no names.
const NO_NAMES: [&str; 20] = [
    "share",
    "intent",
    "home",
    "search",
    "hashtag",
    "i",
    "login",
    "p",
    "explore",
    "reel",
    "sharer",
    "sharer.php",
    "share.php",
    "dialog",
    "profile.php",
    "pages",
    "groups",
    "watch",
    "plugins",
    "tr",
];

/// The account that an address on another network is the page of.
fn account_elsewhere(url: &Url) -> Option<(Network, String)> {
    let host = Host::of(url)?;
    let is_on = |name: &str| Host::parse(name).is_ok_and(|domain| host.is_within(&domain));
    let (_, network) = NETWORKS.iter().find(|(name, _)| is_on(name))?;
    let path = url.path().trim_matches('/').replace("%40", "@");
    let name = match network {
        Network::Threads => path.strip_prefix('@')?,
        Network::Bluesky => path.strip_prefix("profile/")?,
        _ => path.as_str(),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let is_name = !name.is_empty() && name.len() <= 100 && name.bytes().all(plain);
    let is_handle = *network != Network::Bluesky || name.contains('.');
    let is_other = NO_NAMES.contains(&name.to_ascii_lowercase().as_str());
    (is_name && is_handle && !is_other).then(|| (*network, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(html: &str) -> Front {
        parse(html.as_bytes(), Some("text/html"), &Url::parse("https://www.news.example/").unwrap())
    }

    #[test]
    fn a_page_tells_name_language_feeds_and_accounts() {
        let front = front(
            r#"<!doctype html><html lang="es-CL"><head><title>Portada | Diario
                &amp; más</title><meta property="og:site_name" content=" El  Diario ">
            <link rel="alternate" type="application/rss+xml" href="/rss.xml#x">
            <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
            <link rel="alternate" hreflang="fr" href="https://fr.news.example/">
            <link rel="alternate" hreflang="es" href="https://www.news.example/es"></head>
            <svg><title>Logo</title></svg><a href="https://feeds.example/diario/feed/">RSS</a><a href="/feeding/">no</a>
            <a rel="me" href="https://x.com/eldiario">X</a><a href="https://twitter.com/intent/tweet?text=x">share</a>
            <a href="https://www.threads.net/@eldiario">T</a><a href="https://bsky.app/profile/news.example">B</a>
            <a href="https://www.facebook.com/sharer.php?u=x">f</a><a rel="ugc" href="https://x.com/reader">r</a>"#,
        );
        assert_eq!(front.title.as_deref(), Some("Portada | Diario & más"));
        assert_eq!(front.name.as_deref(), Some("El Diario"));
        assert_eq!(front.language.as_deref(), Some("es-CL"));
        let feeds: Vec<&str> = front.feeds.iter().map(Url::as_str).collect();
        assert_eq!(feeds, ["https://www.news.example/rss.xml", "https://feeds.example/diario/feed/"]);
        let elsewhere: Vec<_> =
            front.elsewhere.iter().map(|it| (it.network, it.handle.as_str(), it.is_rel_me)).collect();
        assert_eq!(
            elsewhere,
            [
                (Network::X, "eldiario", true),
                (Network::Threads, "eldiario", false),
                (Network::Bluesky, "news.example", false)
            ]
        );
        assert_eq!(front.editions, [("fr".to_owned(), Host::parse("fr.news.example").unwrap())]);
    }

    #[test]
    fn lists_of_a_page_end_and_names_are_short() {
        let links: String = (0..10_000)
            .map(|n| format!("<a href='/f{n}.rss'></a><a href='https://x.com/name{n}'></a>"))
            .collect();
        let front = front(&format!("<title>{}</title>{links}", "x".repeat(10_000)));
        assert_eq!(front.feeds.len(), MOST_FEEDS);
        assert_eq!(front.elsewhere.len(), MOST_ELSEWHERE);
        assert_eq!(front.title.map(|title| title.len()), Some(NAME_CHARS));
    }

    #[test]
    fn a_page_in_an_old_encoding_keeps_its_name() {
        let (gbk, _, _) = encoding_rs::GBK.encode("<meta charset=gbk><title>新华社</title>");
        let front = parse(&gbk, None, &Url::parse("https://news.example/").unwrap());
        assert_eq!(front.title.as_deref(), Some("新华社"));
    }
}
