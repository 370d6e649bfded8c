//! Feeds of publishers: RSS, Atom and JSON Feed as items of ours.
//!
//! An odd item costs itself and nothing else where that can be had. JSON is read item by item. The XML parser
//! takes all or nothing, so what it refuses is cut into items and each is tried alone; that saves the others
//! from one that is broken and the front of a feed that breaks off. It saves nothing where the frame around
//! the items is broken, where items are not marked as `item` or `entry` without prefix, or where one item
//! leaves a comment or a quoted stretch open.

mod sound;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Datelike as _, Utc};
use feed_rs::model::{Entry, Feed};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::json::{self, Object, clip};
use super::{ParseError, PollError, aside, encoding, html};
use crate::model::account::Host;
use crate::model::evidence::hex;
use crate::model::item::{FeedSight, Item};
use crate::model::target::Rejected;
use crate::net::{BodyKind, Net, Validators};

/// Items of one feed that are read; more come at once from archives only.
pub const MOST_ITEMS: usize = 300;
const TITLE_CHARS: usize = 500;
/// BCP 47 tags are at most this long in practice.
const LANGUAGE_CHARS: usize = 35;
/// What stands before the first item is read again with each item that is tried alone.
const FRAME_BYTES: usize = 16 * 1_024;

/// An item as its feed has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedItem {
    /// What tells it from others of its publisher: the feed's id for it, else its link.
    pub guid: String,
    /// The page for people; only http(s).
    pub url: Option<String>,
    /// Plain text, at most 500 characters.
    pub title: String,
    /// Summary or content, whichever is longer; plain text, at most [`Item::LONGEST_TEXT`] bytes.
    pub text: String,
    pub language: Option<String>,
    /// A claim.
    pub claimed_at: Option<DateTime<Utc>>,
}

impl ParsedItem {
    /// SHA-256 in hex over title, text and link.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for piece in [&self.title, &self.text].into_iter().chain(&self.url) {
            hasher.update((piece.len() as u64).to_be_bytes());
            hasher.update(piece);
        }
        hex(&hasher.finalize())
    }
}

/// What a feed holds now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In the order of the feed; no two have the same `guid`.
    pub items: Vec<ParsedItem>,
    pub rejected: Vec<Rejected>,
}

/// A reading of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPoll {
    /// Nothing changed since it was last read.
    Same,
    Read {
        page: Page,
        /// Size of the answer, unpacked.
        bytes: u64,
        validators: Validators,
    },
}

/// Reads a feed if its host lets robots do so; `known` is what the last reading left.
///
/// # Errors
/// [`PollError::RobotsForbid`] where the feed, or the place it leads to, is closed to us; [`PollError::Parse`]
/// where the answer is no feed; otherwise what the fetch said.
pub async fn read(net: &Net, url: &str, known: Option<&FeedSight>) -> Result<FeedPoll, PollError> {
    if !net.allows_robots(url).await? {
        return Err(PollError::RobotsForbid { url: url.to_owned() });
    }
    let validators = known.map_or_else(Validators::default, |known| Validators {
        etag: known.etag.clone(),
        last_modified: known.last_modified.clone(),
    });
    let Some(fetched) = net.get_if_changed(url, BodyKind::Feed, None, &validators).await? else {
        return Ok(FeedPoll::Same);
    };
    let asked = Url::parse(url).ok();
    let has_left = asked.as_ref().and_then(Host::of) != Host::of(&fetched.final_url);
    if has_left && !net.allows_robots(fetched.final_url.as_str()).await? {
        return Err(PollError::RobotsForbid { url: fetched.final_url.into() });
    }
    let (bytes, validators) = (fetched.body.len() as u64, fetched.validators.clone());
    let parse = move || parse(&fetched.body, fetched.content_type.as_deref(), &fetched.final_url);
    let parsed = aside(parse).await;
    let page = parsed.map_err(|error| PollError::parse(url, error))?;
    Ok(FeedPoll::Read { page, bytes, validators })
}

/// Reads a feed of any kind. Relative addresses are resolved against `base`.
///
/// # Errors
/// Where it is no feed, or of a shape that is not read (see `feed/sound.rs`).
pub fn parse(bytes: &[u8], content_type: Option<&str>, base: &Url) -> Result<Page, ParseError> {
    let text = encoding::decode(bytes, content_type);
    let front = text.trim_start();
    let fault = |why: String| ParseError { why, excerpt: json::excerpt(bytes) };
    let lower = front[..front.floor_char_boundary(200)].to_ascii_lowercase();
    let parsed = match () {
        () if front.is_empty() => Err("got nothing; expected a feed".to_owned()),
        () if lower.starts_with("<!doctype html") || lower.starts_with("<html") => {
            Err("got a web page; expected a feed".to_owned())
        }
        () if front.starts_with('{') => parse_json(front.as_bytes(), base),
        () => sound::mend(&text).and_then(|text| parse_xml(&text, base)),
    };
    parsed.map(name_apart).map_err(fault)
}

/// JSON Feed 1 and 1.1, <https://www.jsonfeed.org/version/1.1/>.
fn parse_json(bytes: &[u8], base: &Url) -> Result<Page, String> {
    let value = json::parse(bytes).map_err(|error| error.why)?;
    let feed = Object::of(&value).filter(|feed| {
        feed.text("version").is_some_and(|version| version.starts_with("https://jsonfeed.org/version/"))
    });
    let feed = feed.ok_or("got JSON that is no JSON Feed")?;
    let items = feed.list("items");
    let mut page = Page { rejected: overflow(items.len()), ..Page::default() };
    for (index, value) in items.iter().take(MOST_ITEMS).enumerate() {
        match json_item(value, feed.text("language"), base) {
            Ok(item) => page.items.push(item),
            Err(why) => page.rejected.push(reject(index, why, &value.to_string())),
        }
    }
    Ok(page)
}

fn json_item(value: &Value, language: Option<&str>, base: &Url) -> Result<ParsedItem, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    let marked = [object.text("content_html").map(html::text), object.text("title").map(html::text)];
    let [content, title] = marked.map(Option::unwrap_or_default);
    let texts =
        [content.as_str()].into_iter().chain(object.text("content_text")).chain(object.text("summary"));
    let links = ["url", "external_url"].into_iter().filter_map(|key| object.text(key));
    let told = Told {
        guid: object.id("id").unwrap_or_default(),
        links: links.map(str::to_owned).collect(),
        texts: texts.map(str::to_owned).collect(),
        title,
        language: object.text("language").or(language).map(str::to_owned),
        claimed_at: object.time("date_published").or(object.time("date_modified")),
    };
    told.item(base)
}

/// RSS and Atom; `text` is mended.
fn parse_xml(text: &str, base: &Url) -> Result<Page, String> {
    let mut page = Page::default();
    match xml_feed(text, base) {
        Ok(feed) => {
            page.rejected = overflow(feed.entries.len());
            let language = feed.language;
            for (index, entry) in feed.entries.into_iter().take(MOST_ITEMS).enumerate() {
                page.take(index, xml_item(entry, language.as_deref(), base), "");
            }
            Ok(page)
        }
        Err(why) => {
            let pieces = Pieces::of(text).ok_or_else(|| why.clone())?;
            page.rejected = overflow(pieces.items.len());
            for (index, piece) in pieces.items.iter().take(MOST_ITEMS).enumerate() {
                let feed = xml_feed(&format!("{}{piece}{}", pieces.before, pieces.after), base);
                let item = feed.and_then(|feed| {
                    let language = feed.language;
                    let entry = feed.entries.into_iter().next().ok_or("it is no item")?;
                    xml_item(entry, language.as_deref(), base)
                });
                page.take(index, item, piece);
            }
            if page.items.is_empty() { Err(why) } else { Ok(page) }
        }
    }
}

fn xml_feed(text: &str, base: &Url) -> Result<Feed, String> {
    let builder = feed_rs::parser::Builder::new().base_uri(Some(base.as_str()));
    // An id that the parser would make up says nothing.
    let parser = builder.id_generator(|_, _, _| String::new()).build();
    // It takes some numbers for granted, as in the length of a film.
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())));
    match parsed {
        Ok(parsed) => parsed.map_err(|error| format!("got no feed that can be read: {error}")),
        Err(_) => Err("got no feed that can be read: the parser broke on it".to_owned()),
    }
}

fn xml_item(entry: Entry, language: Option<&str>, base: &Url) -> Result<ParsedItem, String> {
    let is_page = |rel: &Option<String>| rel.as_deref().is_none_or(|rel| rel == "alternate");
    let links = entry.links.iter().filter(|link| is_page(&link.rel)).map(|link| link.href.clone());
    let summary = entry.summary.map(|text| html::text(&text.content));
    let content = entry.content.and_then(|content| content.body).map(|body| html::text(&body));
    let told = Told {
        // An RSS item without link may have its address as guid.
        links: links.chain([entry.id.clone()]).collect(),
        guid: entry.id,
        texts: summary.into_iter().chain(content).collect(),
        title: entry.title.map(|text| html::text(&text.content)).unwrap_or_default(),
        language: entry.language.as_deref().or(language).map(str::to_owned),
        claimed_at: entry.published.or(entry.updated),
    };
    told.item(base)
}

/// What any kind of feed says of an item.
struct Told {
    guid: String,
    /// The best first.
    links: Vec<String>,
    title: String,
    texts: Vec<String>,
    language: Option<String>,
    claimed_at: Option<DateTime<Utc>>,
}

impl Told {
    fn item(self, base: &Url) -> Result<ParsedItem, String> {
        let absolute =
            |link: &String| base.join(link.trim()).ok().and_then(|url| json::http_url(url.as_str()));
        let (guid, links) = (self.guid.trim(), self.links.iter());
        // A guid alone is an address only if it is a whole one.
        let mut links = links.filter(|link| link.trim() != guid || json::http_url(guid).is_some());
        let url = links.find_map(absolute).map(String::from);
        let guid = Some(guid).filter(|guid| !guid.is_empty() && guid.len() <= json::URL_BYTES);
        let guid = guid.or(url.as_deref()).ok_or("it has neither an id nor a link")?.to_owned();
        let texts = self.texts.into_iter().map(|text| text.trim().to_owned());
        let text = texts.max_by_key(String::len).unwrap_or_default();
        let title = clip(self.title.trim(), TITLE_CHARS);
        if title.is_empty() && text.is_empty() {
            return Err("it has no text".to_owned());
        }
        Ok(ParsedItem {
            guid,
            url,
            title,
            text: text[..text.floor_char_boundary(Item::LONGEST_TEXT)].to_owned(),
            language: self.language.map(|language| clip(language.trim(), LANGUAGE_CHARS)),
            claimed_at: self.claimed_at.filter(|time| (1990..=2100).contains(&time.year())),
        })
    }
}

impl Page {
    fn take(&mut self, index: usize, item: Result<ParsedItem, String>, excerpt: &str) {
        match item {
            Ok(item) => self.items.push(item),
            Err(why) => self.rejected.push(reject(index, why, excerpt)),
        }
    }
}

/// Some feeds give all their items one id: those are told apart by their links as well. Of items that
/// cannot be told apart the first one counts.
fn name_apart(mut page: Page) -> Page {
    let mut urls = BTreeMap::<String, Vec<Option<String>>>::new();
    for item in &page.items {
        let urls = urls.entry(item.guid.clone()).or_default();
        if !urls.contains(&item.url) {
            urls.push(item.url.clone());
        }
    }
    for item in &mut page.items {
        if urls[&item.guid].len() > 1 {
            item.guid = format!("{} {}", item.guid, item.url.as_deref().unwrap_or_default());
        }
    }
    let mut seen = BTreeSet::new();
    page.items.retain(|item| seen.insert(item.guid.clone()));
    page
}

/// A feed cut into what can be tried alone.
struct Pieces<'a> {
    before: &'a str,
    items: Vec<&'a str>,
    after: &'static str,
}

impl Pieces<'_> {
    fn of(text: &str) -> Option<Pieces<'_>> {
        let (open, close) = match starts(text, "<entry").is_empty() {
            true => ("<item", "</item>"),
            false => ("<entry", "</entry>"),
        };
        let starts = starts(text, open);
        let before = &text[..*starts.first()?];
        let after = match () {
            () if before.len() > FRAME_BYTES => return None,
            () if open == "<entry" => "</feed>",
            () if before.contains("RDF") => "</rdf:RDF>",
            () => "</channel></rss>",
        };
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let items = starts.iter().zip(ends).map(|(start, end)| {
            let stretch = &text[*start..end];
            stretch.find(close).map_or(stretch, |end| &stretch[..end + close.len()])
        });
        Some(Pieces { before, items: items.collect(), after })
    }
}

/// Where elements of a name begin.
fn starts(text: &str, open: &str) -> Vec<usize> {
    let is_whole = |at: &usize| {
        text[at + open.len()..].starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace())
    };
    text.match_indices(open).map(|(at, _)| at).filter(is_whole).take(2 * MOST_ITEMS).collect()
}

fn reject(index: usize, why: String, excerpt: &str) -> Rejected {
    Rejected {
        item: format!("item {} of the feed", index + 1),
        why,
        excerpt: json::excerpt(excerpt.as_bytes()),
    }
}

/// What is said of items beyond the number that is read.
fn overflow(count: usize) -> Vec<Rejected> {
    if count <= MOST_ITEMS {
        return Vec::new();
    }
    let why = format!("the feed has {count} items; expected at most {MOST_ITEMS}");
    let item = format!("the last {} items of the feed", count - MOST_ITEMS);
    vec![Rejected { item, why, excerpt: String::new() }]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://agency.example/rss/es.xml").unwrap()
    }

    fn page(text: &str) -> Page {
        parse(text.as_bytes(), None, &base()).unwrap()
    }

    fn why(bytes: &[u8]) -> String {
        parse(bytes, Some("text/html"), &base()).unwrap_err().why
    }

    fn titles(page: &Page) -> Vec<&str> {
        page.items.iter().map(|item| item.title.as_str()).collect()
    }

    const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Agencia</title><link>https://agency.example/</link><language>es-ES</language>
<atom:link href="https://agency.example/rss/es.xml" rel="self"/>
<item><title>Pandas &amp; turismo: &lt;b&gt;récord&lt;/b&gt;</title><link>/2026/11/pandas?a=1&amp;b=2</link>
<guid isPermaLink="false">tag:agency,1</guid><pubDate>Mon, 02 Nov 2026 09:30:00 +0800</pubDate>
<description>Breve.</description>
<content:encoded><![CDATA[<p>Los pandas llegan a <a href="https://x.example/">Asunción</a>.</p><p>Fin.</p><script>x()</script>]]></content:encoded></item>
<item><guid>https://agency.example/2</guid><description>Sin título &#8212; sólo texto</description></item>
</channel></rss>"#;

    #[test]
    fn rss_is_read_with_its_text_plain_and_its_links_whole() {
        let page = page(RSS);
        assert_eq!(page.rejected, []);
        assert_eq!(
            page.items[0],
            ParsedItem {
                guid: "tag:agency,1".into(),
                url: Some("https://agency.example/2026/11/pandas?a=1&b=2".into()),
                title: "Pandas & turismo: récord".into(),
                text: "Los pandas llegan a Asunción.\nFin.".into(),
                language: Some("es-es".into()),
                claimed_at: Some("2026-11-02T01:30:00Z".parse().unwrap()),
            }
        );
        assert_eq!(page.items[1].url.as_deref(), Some("https://agency.example/2"));
        assert_eq!(
            (page.items[1].title.as_str(), page.items[1].text.as_str()),
            ("", "Sin título — sólo texto")
        );
    }

    #[test]
    fn atom_is_read_by_its_alternate_links() {
        let page = page(
            r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh"><title>社</title><id>f</id><updated>2026-11-02T00:00:00Z</updated>
            <entry><id>urn:1</id><title type="html">熊猫 &lt;i&gt;来了&lt;/i&gt;</title><updated>2026-11-02T08:00:00+08:00</updated>
            <link rel="enclosure" href="https://agency.example/1.mp3"/><link rel="alternate" href="https://agency.example/zh/1"/>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>熊猫<b>到达</b></p></div></content></entry></feed>"#,
        );
        assert_eq!(page.rejected, []);
        let item = &page.items[0];
        assert_eq!((item.guid.as_str(), item.url.as_deref()), ("urn:1", Some("https://agency.example/zh/1")));
        assert_eq!((item.title.as_str(), item.text.as_str()), ("熊猫 来了", "熊猫到达"));
        assert_eq!(item.claimed_at, Some("2026-11-02T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn json_feed_is_read_item_by_item() {
        let page = page(
            r#"{"version": "https://jsonfeed.org/version/1.1", "title": 7, "language": "fr", "items": [
            {"id": 17, "url": "https://agency.example/17", "title": "Un", "content_html": "<p>Deux</p>", "summary": "x", "date_published": "2026-11-02T01:00:00Z"},
            null, {"id": "18", "url": "javascript:x", "content_text": "<Trois>"}, {"title": "no id"}]}"#,
        );
        let told: Vec<_> = page
            .items
            .iter()
            .map(|item| (item.guid.as_str(), item.url.as_deref(), item.text.as_str()))
            .collect();
        assert_eq!(told, [("17", Some("https://agency.example/17"), "Deux"), ("18", None, "<Trois>")]);
        assert_eq!(page.items[0].language.as_deref(), Some("fr"));
        let whys: Vec<_> = page.rejected.iter().map(|rejected| rejected.why.as_str()).collect();
        assert_eq!(whys, ["it is no object", "it has neither an id nor a link"]);
    }

    #[test]
    fn old_rss_is_read_too() {
        let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>T</title></channel>
            <item rdf:about="https://agency.example/1"><title>One</title><link>https://agency.example/1</link></item></rdf:RDF>"#;
        assert_eq!(titles(&page(rdf)), ["One"]);
        let old = r#"<rss version="0.91"><channel><title>T</title><link>https://agency.example/</link><description>d</description>
            <item><title>One</title><link>https://agency.example/1</link></item></channel></rss>"#;
        assert_eq!(titles(&page(old)), ["One"]);
    }

    #[test]
    fn a_feed_in_gbk_is_read_whether_it_says_so_or_not() {
        let feed = |declared: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"{declared}\"?><rss version=\"2.0\"><channel><item><title>中国新闻社</title><link>https://agency.example/1</link></item></channel></rss>"
            )
        };
        let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
        for (bytes, content_type) in [
            (gbk(&feed("gb2312")), None),
            (gbk(&feed("GBK")), Some("text/xml")),
            (gbk(&feed("utf-8")), Some("text/xml; charset=gbk")),
            (feed("gb2312").into_bytes(), Some("text/xml; charset=gb2312")),
        ] {
            let page = parse(&bytes, content_type, &base()).unwrap();
            assert_eq!(titles(&page), ["中国新闻社"], "{content_type:?}");
        }
    }

    #[test]
    fn one_broken_item_costs_itself_and_a_feed_that_breaks_off_its_last() {
        let item = |n: u8, title: &str| {
            format!("<item><title>{title}</title><link>https://agency.example/{n}</link></item>")
        };
        let frame = |items: &str| format!("<rss version=\"2.0\"><channel><title>T</title>{items}");
        let whole = frame(&[item(1, "One"), item(2, "Two <b>"), item(3, "Three")].concat());
        let page = page(&format!("{whole}</channel></rss>"));
        assert_eq!(titles(&page), ["One", "Three"]);
        assert_eq!((page.rejected.len(), page.rejected[0].item.as_str()), (1, "item 2 of the feed"));
        assert!(page.rejected[0].excerpt.contains("Two"));

        let broken_off = parse(&whole.as_bytes()[..whole.len() - 20], None, &base()).unwrap();
        assert_eq!((titles(&broken_off), broken_off.rejected.len()), (vec!["One"], 2));
    }

    #[test]
    fn flaws_that_many_feeds_have_cost_nothing() {
        let page = page(
            "\n<rss version=\"2.0\"><channel><item><title>R&D\u{1} &amp; AT&T&nbsp;&#55357;</title><link>https://agency.example/1?a&b</link><pubDate>yesterday</pubDate></item></channel></rss>",
        );
        assert_eq!(titles(&page), ["R&D & AT&T"]);
        assert_eq!(page.items[0].url.as_deref(), Some("https://agency.example/1?a&b"));
        assert_eq!((page.items[0].claimed_at, page.rejected.len()), (None, 0));
    }

    /// The parser reads the length of a film into 64 bits and does not ask whether it fits.
    #[test]
    fn an_item_on_which_the_parser_breaks_costs_only_itself() {
        let page = page(
            "<rss version=\"2.0\" xmlns:i=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel>\
             <item><title>One</title><link>https://agency.example/1</link><i:duration>99999999999999999999:00:00</i:duration></item>\
             <item><title>Two</title><link>https://agency.example/2</link></item></channel></rss>",
        );
        assert_eq!((titles(&page), page.rejected.len()), (vec!["Two"], 1));
    }

    #[test]
    fn items_with_one_id_for_all_are_told_apart_by_their_links() {
        let item = |link: &str, title: &str| {
            format!(
                "<item><guid isPermaLink=\"false\">x</guid><title>{title}</title><link>{link}</link></item>"
            )
        };
        let items = [
            item("https://agency.example/1", "One"),
            item("https://agency.example/2", "Two"),
            item("https://agency.example/1", "One again"),
        ];
        let page = page(&format!("<rss version=\"2.0\"><channel>{}</channel></rss>", items.concat()));
        let guids: Vec<_> = page.items.iter().map(|item| item.guid.as_str()).collect();
        assert_eq!(guids, ["x https://agency.example/1", "x https://agency.example/2"]);
    }

    #[test]
    fn what_is_no_feed_says_what_it_is() {
        assert_eq!(why(b"<!DOCTYPE html><html><p>404"), "got a web page; expected a feed");
        assert_eq!(why(b" \n"), "got nothing; expected a feed");
        assert_eq!(why(b"{\"error\":1}"), "got JSON that is no JSON Feed");
        assert!(why(b"<a/>").starts_with("got no feed that can be read"), "{}", why(b"<a/>"));
        assert!(why(b"Service unavailable").starts_with("got no feed"));
    }

    #[test]
    fn an_empty_feed_is_a_feed_without_items() {
        assert_eq!(page("<rss version=\"2.0\"><channel><title>T</title></channel></rss>"), Page::default());
    }

    #[test]
    fn hostile_sizes_end_soon() {
        let item =
            |n: usize| format!("<item><title>{n}</title><link>https://agency.example/{n}</link></item>");
        let many: String = (0..2_000).map(item).collect();
        let crowd = page(&format!("<rss version=\"2.0\"><channel>{many}</channel></rss>"));
        assert_eq!((crowd.items.len(), crowd.rejected.len()), (MOST_ITEMS, 1));
        let long = "新".repeat(300_000);
        let long = page(&format!(
            "<rss version=\"2.0\"><channel><item><title>{long}</title><link>https://agency.example/{long}</link><guid>g</guid><description>{long}</description></item></channel></rss>"
        ));
        let item = &long.items[0];
        assert_eq!((item.title.chars().count(), &item.url), (TITLE_CHARS, &None));
        assert_eq!(item.text.len(), Item::LONGEST_TEXT - Item::LONGEST_TEXT % 3);
        let groups = "<m:group xmlns:m=\"http://search.yahoo.com/mrss/\">".repeat(80_000);
        assert!(
            parse(format!("<rss version=\"2.0\"><channel><item>{groups}").as_bytes(), None, &base()).is_err()
        );
        // Cut into items, none of which is one.
        let broken = "<item>".repeat(600_000);
        assert!(parse(format!("<rss version=\"2.0\"><channel>{broken}").as_bytes(), None, &base()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes, Some("text/xml; charset=gbk"), &base());
        }

        #[test]
        fn no_markup_makes_it_panic(
            root in "(<rss version=\"2.0\"><channel>|<feed xmlns=\"http://www.w3.org/2005/Atom\">|<rdf:RDF>|\\{\"version\":\"https://jsonfeed.org/version/1\",\"items\":\\[)",
            rest in "(<item>|</item>|<entry>|</entry>|<title>|</title>|<link>|<link href=\"|</link>|<guid>|<pubDate>|</pubDate>|<content type=\"xhtml\">|<media:group xmlns:media=\"http://search.yahoo.com/mrss/\">|<media:content duration=\"99999999999999999999\" |<itunes:duration xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">|99999999999999999999:99:99|<!\\[CDATA\\[|\\]\\]>|<!--|-->|&amp;|&|\"|>|/>|\\{\"id\":1|,|\\}|https://a.example/|2026-11-02|新|\\PC){0,40}",
        ) {
            if let Ok(page) = parse(format!("{root}{rest}").as_bytes(), None, &base()) {
                prop_assert!(page.items.iter().all(|item| !item.guid.is_empty()));
            }
        }
    }
}
