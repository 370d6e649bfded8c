//! Pages of outlets: which accounts they name.
//!
//! What a page's owner wrote and what visitors wrote below it cannot be told apart in general; links that the
//! site itself marks as user content (`rel="ugc"`) or as paid (`sponsored`) name nobody, and which page
//! proves what is for the judgement to say.

pub mod front;
pub mod marks;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use url::Url;

use super::html::{self, Base, Element, Extent, Piece};
use super::json::http_url;
use super::{ParseError, PollError, aside, json};
use crate::model::account::{Acct, Host};
use crate::model::proof::{NamedBy, Naming, PageKind, PageSight};
use crate::model::site::{SeenMark, SiteSight};
use crate::net::{BodyKind, Fetched, Net, Validators};
use marks::Marks;

/// The most namings that are kept of a page.
pub const MOST_NAMINGS: usize = 200;

/// The longest address of an account; with [`MOST_NAMINGS`] it bounds what a page makes us store.
const NAMING_BYTES: usize = 160;

/// Sites on which `/@name` or `/users/name` is no fediverse account: their own user pages look the same.
const NOT_FEDIVERSE: [&str; 28] = [
    // Video and sound.
    "youtube.com",
    "tiktok.com",
    "odysee.com",
    "rumble.com",
    "bilibili.com",
    "snapchat.com",
    // Networks that do not federate by ActivityPub under these addresses; Bluesky and Threads are read by interfaces
    // of their own, and their profiles told apart before.
    "threads.net",
    "threads.com",
    "twitter.com",
    "x.com",
    "facebook.com",
    "instagram.com",
    "vk.com",
    "bsky.app",
    "t.me",
    // Forks of Mastodon that do not federate.
    "gab.com",
    "truthsocial.com",
    // Writing and pictures.
    "medium.com",
    "substack.com",
    "velog.io",
    "unsplash.com",
    "steemit.com",
    "hive.blog",
    "peakd.com",
    "ecency.com",
    // Places for work.
    "producthunt.com",
    "github.com",
    "gitlab.com",
];

/// Reads a page if its host lets robots do so.
///
/// # Errors
/// [`PollError::RobotsForbid`] where the page, or the one it leads to, is closed to us; [`PollError::Parse`]
/// where the answer is no HTML; otherwise what the fetch said.
pub async fn read(
    net: &Net,
    url: &str,
    kind: PageKind,
    now: DateTime<Utc>,
) -> Result<(PageSight, SiteSight), PollError> {
    let site = sight(url, fetch(net, url).await?, now).await?;
    let page = PageSight {
        url: url.to_owned(),
        final_url: site.final_url.clone(),
        kind,
        first_read: now,
        fetched_at: now,
        sha256: site.sha256.clone(),
        names: site.names.clone(),
    };
    Ok((page, site))
}

/// Reads a page for what it says of its makers; `None` where it is as it was.
///
/// # Errors
/// As those of [`read`].
pub async fn read_site(
    net: &Net,
    url: &str,
    known: Option<&SiteSight>,
    now: DateTime<Utc>,
) -> Result<Option<SiteSight>, PollError> {
    let known = known.map_or_else(Validators::default, |known| Validators {
        etag: known.etag.clone(),
        last_modified: known.last_modified.clone(),
    });
    match fetch_if_changed(net, url, &known).await? {
        Some(fetched) => sight(url, fetched, now).await.map(Some),
        None => Ok(None),
    }
}

/// What an answer says, read off the asynchronous threads.
async fn sight(url: &str, fetched: Fetched, now: DateTime<Utc>) -> Result<SiteSight, PollError> {
    let (sha256, final_url) = (fetched.sha256(), fetched.final_url.to_string());
    let validators = fetched.validators.clone();
    let read = move || {
        let marks = marks::parse(&fetched.body, fetched.content_type.as_deref(), &fetched.final_url);
        Ok((parse(&fetched.body, &fetched.final_url), marks))
    };
    let (names, Marks { marks, feeds }) = aside(read).await.map_err(|error| PollError::parse(url, error))?;
    let seen = |(mark, shown)| SeenMark { mark, shown, first_seen: now };
    Ok(SiteSight {
        url: url.to_owned(),
        final_url,
        sha256,
        first_read: now,
        fetched_at: now,
        etag: validators.etag,
        last_modified: validators.last_modified,
        marks: marks.into_iter().map(seen).collect(),
        names,
        feeds,
    })
}

/// An HTML page that robots may read, there and where it leads.
async fn fetch(net: &Net, url: &str) -> Result<Fetched, PollError> {
    let fetched = fetch_if_changed(net, url, &Validators::default()).await?;
    fetched.ok_or_else(|| {
        let why = "got no page, though none was known".to_owned();
        PollError::parse(url, ParseError { why, excerpt: String::new() })
    })
}

/// The same; `None` where it is still what `known` stands for.
async fn fetch_if_changed(net: &Net, url: &str, known: &Validators) -> Result<Option<Fetched>, PollError> {
    if !net.allows_robots(url).await? {
        return Err(PollError::RobotsForbid { url: url.to_owned() });
    }
    let Some(fetched) = net.get_if_changed(url, BodyKind::Html, None, known).await? else { return Ok(None) };
    let asked = Url::parse(url).ok();
    let has_left = asked.as_ref().and_then(Host::of) != Host::of(&fetched.final_url);
    if has_left && !net.allows_robots(fetched.final_url.as_str()).await? {
        return Err(PollError::RobotsForbid { url: fetched.final_url.into() });
    }
    if let Some(content_type) = fetched.content_type.as_deref().filter(|text| !is_html(text)) {
        let why = format!("got `{}`; expected HTML", json::clip(content_type, 100));
        return Err(PollError::parse(url, ParseError { why, excerpt: json::excerpt(&fetched.body) }));
    }
    Ok(Some(fetched))
}

fn is_html(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "" | "text/html" | "application/xhtml+xml")
}

/// The accounts a page names: `rel=me` links and its creator first, then links that look like a fediverse
/// profile. Each target once, at most [`MOST_NAMINGS`].
///
/// The bytes are read as UTF-8. Names in other encodings suffer, addresses do not: in all that are in use on
/// the web today they are written in ASCII.
pub fn parse(bytes: &[u8], final_url: &Url) -> Vec<Naming> {
    let mut base = Base::new(final_url);
    let mut raw = Vec::<(NamedBy, String)>::new();
    html::read(&String::from_utf8_lossy(bytes), Extent::Page, |piece| {
        if let Piece::Open(element) = piece {
            base.note(&element);
            raw.extend(named_by(&element));
        }
        ControlFlow::Continue(())
    });
    let own_host = Host::of(final_url);
    let (strong, plain): (Vec<_>, Vec<_>) = raw.into_iter().partition(|(by, _)| *by != NamedBy::Link);
    let mut seen = BTreeSet::new();
    let namings = strong.into_iter().chain(plain).filter_map(|(by, written)| {
        let target = match by {
            NamedBy::Creator => written.trim_start_matches('@').parse::<Acct>().ok()?.to_string(),
            NamedBy::RelMe => target_of(&base, &written)?.into(),
            NamedBy::Link => {
                let url = target_of(&base, &written)?;
                looks_like_profile(&url, own_host.as_ref()).then(|| url.into())?
            }
        };
        (target.len() <= NAMING_BYTES && seen.insert(target.clone())).then_some(Naming { by, target })
    });
    namings.take(MOST_NAMINGS).collect()
}

/// How an element may name an account, and the address as written. Unlike links in general these are not cut
/// off after a number: the home page of a newspaper has a thousand links, its own accounts in the last lines.
fn named_by(element: &Element<'_>) -> Option<(NamedBy, String)> {
    if element.name() == "meta" {
        let name = element.attribute("name")?.trim();
        let content = element.attribute("content")?.trim();
        let is_creator = name.eq_ignore_ascii_case("fediverse:creator") && content.len() <= json::URL_BYTES;
        return is_creator.then(|| (NamedBy::Creator, content.to_owned()));
    }
    let href = element.link_target()?;
    let rel = element.words("rel");
    let has = |word: &str| rel.iter().any(|found| found == word);
    if has("ugc") || has("sponsored") {
        return None;
    }
    let may_be_profile = ["/@", "/%40", "/users/"].iter().any(|mark| href.contains(mark));
    if has("me") {
        Some((NamedBy::RelMe, href.to_owned()))
    } else if element.name() == "a" && (may_be_profile || href.starts_with(['@', '%'])) {
        Some((NamedBy::Link, href.to_owned()))
    } else {
        None
    }
}

fn target_of(base: &Base, href: &str) -> Option<Url> {
    let mut url = base.resolve(href)?;
    url.set_fragment(None);
    Some(url)
}

/// Whether an address has the shape of a fediverse profile, on a host that could serve one. `/users/name` on
/// the page's own host is no such thing: many publishing systems keep their readers' pages there.
fn looks_like_profile(url: &Url, own_host: Option<&Host>) -> bool {
    let Some(host) = Host::of(url) else { return false };
    if bluesky_handle(url).is_some() || threads_name(url).is_some() {
        return true;
    }
    match profile_path(url) {
        Some(ProfilePath::At(_)) => !is_elsewhere(&host),
        Some(ProfilePath::Users(_)) => !is_elsewhere(&host) && Some(&host) != own_host,
        None => false,
    }
}

fn is_elsewhere(host: &Host) -> bool {
    NOT_FEDIVERSE.iter().any(|name| Host::parse(name).is_ok_and(|domain| host.is_within(&domain)))
}

/// The address of the account that a target most likely means: `https://host/@user`,
/// `https://host/users/user`, `https://server/@user@host` (another server's view of it), `@user@host` or
/// `user@host`. A guess to look up, never a proof.
pub fn acct_of(target: &str) -> Option<Acct> {
    if let Ok(acct) = target.strip_prefix('@').unwrap_or(target).parse() {
        return Some(acct);
    }
    let url = http_url(target)?;
    if let Some(handle) = bluesky_handle(&url) {
        return Acct::bluesky(handle).ok();
    }
    if let Some(name) = threads_name(&url) {
        return Acct::threads(&name).ok();
    }
    let host = Host::of(&url).filter(|host| !is_elsewhere(host))?;
    let (ProfilePath::At(name) | ProfilePath::Users(name)) = profile_path(&url)?;
    match name.split_once('@') {
        Some(_) => name.parse().ok(),
        None => Acct::new(&name, host).ok(),
    }
}

/// The handle in the address of a profile on Bluesky; an id there says nothing of it.
fn bluesky_handle(url: &Url) -> Option<&str> {
    let is_there = url.host_str() == Some("bsky.app") && url.port().is_none();
    let name = url.path().strip_prefix("/profile/").filter(|_| is_there)?;
    let name = name.strip_suffix('/').unwrap_or(name);
    (!name.contains([':', '/'])).then_some(name)
}

/// The name in the address of a profile on Threads.
fn threads_name(url: &Url) -> Option<String> {
    let host = Host::of(url).filter(Acct::is_threads_host)?;
    match profile_path(url)? {
        ProfilePath::At(name) => Acct::new(&name, host).is_ok().then_some(name),
        ProfilePath::Users(_) => None,
    }
}

/// The name in the path of a profile: one segment, nothing after it.
#[derive(Debug, PartialEq, Eq)]
enum ProfilePath {
    /// `/@user` or `/@user@host`.
    At(String),
    /// `/users/user`.
    Users(String),
}

fn profile_path(url: &Url) -> Option<ProfilePath> {
    let path = url.path().replace("%40", "@");
    let path = path.strip_suffix('/').unwrap_or(&path);
    let host = Host::parse("host.invalid").ok()?;
    if let Some(name) = path.strip_prefix("/@") {
        let is_name = Acct::new(name, host).is_ok() || name.parse::<Acct>().is_ok();
        return is_name.then(|| ProfilePath::At(name.to_owned()));
    }
    let name = path.strip_prefix("/users/")?;
    Acct::new(name, host).is_ok().then(|| ProfilePath::Users(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(html: &str) -> Vec<(NamedBy, String)> {
        let url = Url::parse("https://www.news.example/").unwrap();
        parse(html.as_bytes(), &url).into_iter().map(|naming| (naming.by, naming.target)).collect()
    }

    #[test]
    fn rel_me_creator_and_profile_links_name_accounts() {
        let html = r##"<head><link href="https://social.example/@desk#top" rel="alternate ME">
            <meta name="fediverse:creator" content="@editor@social.example"></head>
            <a href="https://other.example/@desk/">Fediverse</a> <a href="//third.example/users/desk?lang=es">x</a>
            <a href="https://view.example/@desk@social.example">view</a><a rel="me nofollow" href="https://x.com/desk">X</a>"##;
        assert_eq!(
            names(html),
            [
                (NamedBy::RelMe, "https://social.example/@desk".to_owned()),
                (NamedBy::Creator, "editor@social.example".to_owned()),
                (NamedBy::RelMe, "https://x.com/desk".to_owned()),
                (NamedBy::Link, "https://other.example/@desk/".to_owned()),
                (NamedBy::Link, "https://third.example/users/desk?lang=es".to_owned()),
                (NamedBy::Link, "https://view.example/@desk@social.example".to_owned()),
            ]
        );
    }

    #[test]
    fn what_readers_do_not_see_names_nobody() {
        let link = r#"<a rel="me" href="https://social.example/@desk">desk</a>"#;
        for (before, after) in [
            ("<!--", "-->"),
            ("<template>", "</template>"),
            ("<noscript>", "</noscript>"),
            ("<textarea>", "</textarea>"),
            ("<title>", "</title>"),
            ("<script>\"", "\"</script>"),
            ("<style>", "</style>"),
            ("<iframe>", "</iframe>"),
            ("<div title='", "'></div>"),
        ] {
            assert_eq!(names(&format!("{before}{link}{after}<p>rest</p>")), [], "{before}");
        }
        assert_eq!(names(&format!("<!-- -->{link}")).len(), 1);
    }

    #[test]
    fn links_that_only_resemble_a_profile_name_nobody() {
        for href in [
            "https://social.example/@desk/110123",
            "https://social.example/@desk/with_replies",
            "https://social.example/",
            "https://social.example/users/",
            "https://social.example/users/desk/statuses/1",
            "https://social.example/profile/desk",
            "https://www.youtube.com/@desk",
            "https://medium.com/@desk",
            "https://www.threads.net/@desk/post/abc",
            "https://www.threads.com/users/desk",
            "https://threads.net.evil.example/desk",
            "https://desk@social.example/@desk",
            "mailto:desk@social.example",
            "/users/reader1",
            "javascript:alert('/@desk')",
        ] {
            assert_eq!(names(&format!("<a href=\"{href}\">x</a>")), [], "{href}");
        }
    }

    #[test]
    fn a_comment_marked_as_user_content_names_nobody() {
        let html = r#"<a rel="me ugc nofollow" href="https://social.example/@impostor">me</a>"#;
        assert_eq!(names(html), []);
    }

    #[test]
    fn a_target_is_named_once_by_its_strongest_word_and_the_page_is_read_to_its_end() {
        let stories = r#"<a href="/story">story</a>"#.repeat(2_000);
        let html = format!(
            r#"<a href="https://social.example/@desk">a</a>{stories}<a rel=me href="https://social.example/@desk">b</a>"#
        );
        assert_eq!(names(&html), [(NamedBy::RelMe, "https://social.example/@desk".to_owned())]);
    }

    #[test]
    fn at_most_two_hundred_namings_are_kept() {
        let html: String =
            (0..900).map(|n| format!("<a href=\"https://social.example/@desk{n}\">x</a>")).collect();
        assert_eq!(names(&html).len(), MOST_NAMINGS);
    }

    #[test]
    fn the_address_is_guessed_from_the_usual_spellings_only() {
        for (target, acct) in [
            ("https://social.example/@Desk", Some("Desk@social.example")),
            ("https://social.example/users/desk/", Some("desk@social.example")),
            ("https://social.example:8443/%40desk", Some("desk@social.example:8443")),
            ("https://view.example/@desk@social.example", Some("desk@social.example")),
            ("@desk@social.example", Some("desk@social.example")),
            ("desk@social.example", Some("desk@social.example")),
            ("https://www.threads.net/@Desk", Some("desk@threads.net")),
            ("https://threads.com/@desk?hl=es", Some("desk@threads.net")),
            ("https://threads.com/users/desk", None),
            ("https://www.tiktok.com/@desk", None),
            ("https://social.example/@desk/1", None),
            ("https://social.example/desk", None),
            ("@desk", None),
            ("", None),
        ] {
            assert_eq!(acct_of(target).map(|acct| acct.to_string()).as_deref(), acct, "{target}");
        }
    }

    #[test]
    fn bytes_in_another_encoding_do_not_hide_an_address() {
        let mut bytes = vec![0xD0, 0xC2, 0xBB, 0xAA, 0xC9];
        bytes.extend_from_slice(br#"<a rel="me" href="https://social.example/@desk">"#);
        bytes.extend_from_slice(&[0xD0, 0xC2]);
        let url = Url::parse("https://news.example/").unwrap();
        assert_eq!(parse(&bytes, &url).len(), 1);
    }
}
