//! The Threads interface's answers as values of ours, read item by item: an odd item costs itself and nothing else.
//!
//! Shapes: developers.facebook.com/documentation/threads, "threads profiles", "retrieve posts" and "keyword search", as of
//! April 2026. Every field is optional there, and some are spelled in two ways.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::Value;

use crate::model::account::{AccountId, Acct};
use crate::model::observation::{Counts, LinkPlace, Profile, ProfileLink, Wishes};
use crate::model::status::{Media, Status, StatusUri};
use crate::model::target::Rejected;
use crate::sources::ParseError;
use crate::sources::json::{self, Object, clip};

/// The most posts that a page may have.
const MOST_ITEMS: usize = 100;
const NAME_CHARS: usize = 200;
/// A biography has 150 characters; nobody says how they are counted.
const NOTE_CHARS: usize = 5_000;
/// A post has 500 characters, and up to 10,000 more in an attachment.
const TEXT_CHARS: usize = 12_000;
/// Of links, mentions and tags of a post, and of links of a profile.
const MOST_PARTS: usize = 50;
const MOST_MEDIA: usize = 20;
/// Longer words are no token.
const LONGEST_TOKEN: usize = 4_096;
/// A cursor is opaque and goes into a query.
const LONGEST_CURSOR: usize = 1_000;

/// A page of an account's posts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    /// How many items it had, unreadable ones included.
    pub count: usize,
    /// Where the next page begins. That there is one is no sign that anything comes, and an empty page with one is no
    /// sign that nothing does.
    pub after: Option<String>,
}

/// What a keyword search brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    pub posts: Vec<Hit>,
    pub rejected: Vec<Rejected>,
    pub count: usize,
}

/// One post and the name of its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub author: Acct,
    pub status: Status,
}

/// A token as it was handed out.
#[derive(Debug, Clone)]
pub struct Token {
    pub token: SecretString,
    /// In seconds, where the service says so.
    pub expires_in: Option<u64>,
}

/// Reads a profile of the account that was asked for (`profile_lookup`).
///
/// # Errors
/// Where it is no object, or its name is none.
pub fn parse_profile(bytes: &[u8], asked: &Acct) -> Result<Profile, ParseError> {
    let value = json::parse(bytes)?;
    let read = Object::of(&value).ok_or("it is no object".to_owned()).and_then(|it| profile(it, asked));
    read.map_err(|why| ParseError { why, excerpt: json::excerpt(bytes) })
}

/// Reads a page of posts of the account with this name (`profile_posts`).
///
/// # Errors
/// Where it has no list; items that are no posts, or another's, are handed back.
pub fn parse_posts(bytes: &[u8], asked: &Acct) -> Result<Page, ParseError> {
    let value = json::parse(bytes)?;
    let items = items(&value, bytes)?;
    let after = Object::of(&value).and_then(|page| page.object("paging")?.object("cursors")?.text("after"));
    let after =
        after.filter(|text| text.len() <= LONGEST_CURSOR && text.bytes().all(|b| b.is_ascii_graphic()));
    let (read, rejected) = each(items, |item| {
        let (author, status) = status(item, Some(asked))?;
        match author.is_same(asked) {
            true => Ok(status),
            false => Err(format!("it is by {author}; expected {asked}")),
        }
    });
    Ok(Page { statuses: read, rejected, count: items.len(), after: after.map(str::to_owned) })
}

/// Reads what a search brought (`keyword_search`).
///
/// # Errors
/// Where it has no list; items that are no posts, or nobody's, are handed back.
pub fn parse_hits(bytes: &[u8]) -> Result<Hits, ParseError> {
    let value = json::parse(bytes)?;
    let items = items(&value, bytes)?;
    let (posts, rejected) = each(items, |item| {
        let (author, status) = status(item, None)?;
        Ok(Hit { author, status })
    });
    Ok(Hits { posts, rejected, count: items.len() })
}

/// Reads whose token it is (`/me`).
///
/// # Errors
/// Where it names nobody.
pub fn parse_me(bytes: &[u8]) -> Result<Acct, ParseError> {
    let value = json::parse(bytes)?;
    let name = Object::of(&value).and_then(|me| me.text("username"));
    let acct = name.and_then(|name| Acct::threads(name).ok());
    acct.ok_or_else(|| ParseError { why: "it names no account".into(), excerpt: json::excerpt(bytes) })
}

/// Reads a token. What is wrong with it is said without anything of the answer.
///
/// # Errors
/// Where there is none.
pub fn parse_token(bytes: &[u8]) -> Result<Token, ParseError> {
    let fault = |why: &str| ParseError { why: why.to_owned(), excerpt: String::new() };
    let value = json::value(bytes).map_err(|_| fault("got no JSON; expected a token"))?;
    let object = Object::of(&value).ok_or_else(|| fault("got no object; expected a token"))?;
    let is_word = |text: &&str| text.len() <= LONGEST_TOKEN && text.bytes().all(|b| b.is_ascii_graphic());
    let token = object.text("access_token").filter(is_word).ok_or_else(|| fault("it has no token"))?;
    Ok(Token { token: SecretString::from(token), expires_in: object.count("expires_in") })
}

fn items<'a>(value: &'a Value, bytes: &[u8]) -> Result<&'a [Value], ParseError> {
    let list = value.get("data").and_then(Value::as_array);
    let fault = || ParseError { why: "it has no list of posts".into(), excerpt: json::excerpt(bytes) };
    list.map(Vec::as_slice).ok_or_else(fault)
}

/// Those that can be read, and those that cannot with the reason.
fn each<T>(items: &[Value], read: impl Fn(Object<'_>) -> Result<T, String>) -> (Vec<T>, Vec<Rejected>) {
    let (mut good, mut rejected) = (vec![], vec![]);
    for (index, item) in items.iter().enumerate().take(MOST_ITEMS + 1) {
        let outcome = match Object::of(item) {
            _ if index == MOST_ITEMS => Err(format!("it is beyond the {MOST_ITEMS} that a page may have")),
            Some(object) => read(object),
            None => Err("it is no object".to_owned()),
        };
        match outcome {
            Ok(value) => good.push(value),
            Err(why) => {
                let excerpt = json::excerpt(item.to_string().as_bytes());
                rejected.push(Rejected { item: format!("post {} of the page", index + 1), why, excerpt });
            }
        }
    }
    (good, rejected)
}

fn profile(object: Object<'_>, asked: &Acct) -> Result<Profile, String> {
    let acct = match object.text("username") {
        Some(name) => Acct::threads(name).map_err(|error| clip(&error.to_string(), NAME_CHARS))?,
        None => asked.clone(),
    };
    let note = clip(object.text("biography").unwrap_or_default(), NOTE_CHARS);
    let mut seen = BTreeSet::new();
    let links = addresses(&note).into_iter().chain(domains(&note)).filter(|url| seen.insert(url.clone()));
    let links = links.map(|url| ProfileLink { url, place: LinkPlace::Note }).take(MOST_PARTS).collect();
    let nobot = note.to_lowercase().contains("#nobot");
    let id = AccountId::threads(acct.user());
    Ok(Profile {
        url: Some(id.uri.clone()),
        id,
        local_id: acct.user().to_owned(),
        display_name: clip(object.text("name").unwrap_or_default(), NAME_CHARS),
        links,
        is_bot: false,
        is_suspended: false,
        wishes: Wishes { leave_me_out: nobot },
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        // Whom it follows and how much it ever posted the interface does not tell; its other counts are of a week.
        counts: Counts { followers: object.count("follower_count"), following: None, statuses: None },
        note,
        acct,
    })
}

/// Whose a post is, and the post; where it does not name its author it is of whom was asked for.
fn status(item: Object<'_>, asked: Option<&Acct>) -> Result<(Acct, Status), String> {
    let id = item.id("id").ok_or("it has no id")?;
    let author = match (item.text("username"), asked) {
        (Some(name), _) => Acct::threads(name).map_err(|error| clip(&error.to_string(), NAME_CHARS))?,
        (None, Some(asked)) => asked.clone(),
        (None, None) => return Err("it names no author".to_owned()),
    };
    let claimed_at = item.time("timestamp");
    let is_boost = item.text("media_type") == Some("REPOST_FACADE");
    let boosted = item.object("reposted_post").and_then(|post| post.id("id"));
    let status = Status {
        uri: uri(&id),
        url: page(item, &author),
        claimed_at,
        edited_at: None,
        spoiler: String::new(),
        language: None,
        is_reply: item.flag("is_reply").unwrap_or(false),
        application: None,
        ..match is_boost {
            true => {
                Status { boost_of: Some(uri(&boosted.unwrap_or_else(|| format!("in-{id}")))), ..empty(&id) }
            }
            false => written(item, &id),
        }
    };
    Ok((author, status))
}

fn uri(id: &str) -> StatusUri {
    StatusUri(format!("threads:{id}"))
}

/// The page of a post: as the service says, which it does not where somebody claims its copyright, or by its short name.
fn page(item: Object<'_>, author: &Acct) -> Option<String> {
    let said = item.http_url("permalink").map(str::to_owned);
    let plain = |word: &&str| {
        word.len() <= 100 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let by_name = || {
        item.text("shortcode")
            .filter(plain)
            .map(|code| format!("https://www.threads.com/@{}/post/{code}", author.user()))
    };
    said.or_else(by_name)
}

fn empty(id: &str) -> Status {
    Status {
        uri: uri(id),
        local_id: id.to_owned(),
        url: None,
        claimed_at: None,
        edited_at: None,
        text: String::new(),
        spoiler: String::new(),
        language: None,
        boost_of: None,
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    }
}

/// What the author wrote: also below a quoted post, and in an attachment of text.
fn written(item: Object<'_>, id: &str) -> Status {
    let attached = item.object("text_attachment");
    let texts = [item.text("text"), attached.and_then(|it| it.text("plaintext"))];
    let text = clip(&texts.into_iter().flatten().collect::<Vec<_>>().join("\n"), TEXT_CHARS);
    let mut links: Vec<String> = addresses(&text);
    let marked = [Some(item), attached].into_iter().flatten();
    links.extend(marked.filter_map(|it| it.http_url("link_attachment_url")).map(str::to_owned));
    links.extend(entities(item));
    let mut mentions = mentioned(&text);
    let mut tags: Vec<String> = item.text("topic_tag").map(|tag| clip(tag, NAME_CHARS)).into_iter().collect();
    for parts in [&mut links, &mut mentions, &mut tags] {
        let mut seen = BTreeSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        parts.truncate(MOST_PARTS);
    }
    Status { text, links, mentions, tags, media: media(item), ..empty(id) }
}

/// Links that the service marked in a text, in a list or in a page of one.
fn entities(item: Object<'_>) -> Vec<String> {
    let paged = item.object("text_entities").map(|page| page.list("data"));
    let listed = paged.unwrap_or_else(|| item.list("text_entities"));
    let urls = listed.iter().filter_map(Object::of).filter_map(|entity| {
        ["url", "link", "uri"].into_iter().find_map(|key| entity.http_url(key)).map(str::to_owned)
    });
    urls.take(MOST_PARTS).collect()
}

/// Pictures and films with what their author says of them; their addresses are signed and change.
fn media(item: Object<'_>) -> Vec<Media> {
    let media = |description: Option<&str>| Media {
        url: None,
        blurhash: None,
        description: description.map(|alt| clip(alt, NOTE_CHARS)),
    };
    match item.text("media_type") {
        Some("IMAGE" | "VIDEO" | "AUDIO" | "GIF") => vec![media(item.text("alt_text"))],
        Some("CAROUSEL_ALBUM") => {
            let children = item.object("children").map_or(0, |page| page.list("data").len());
            vec![media(item.text("alt_text")); children.clamp(1, MOST_MEDIA)]
        }
        _ => vec![],
    }
}

const BRACKETS: &str = "()<>[]{}\"'「」『』（）“”‘’,;|";

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || BRACKETS.contains(c));
    words.map(|word| word.trim_end_matches(['.', ':', '!', '?', '/', '…'])).filter(|word| !word.is_empty())
}

/// Addresses that are written out in a text.
fn addresses(text: &str) -> Vec<String> {
    let urls = words(text).filter(|word| word.starts_with("http")).filter_map(json::http_url);
    urls.map(String::from).take(MOST_PARTS).collect()
}

/// Names of sites that stand in a biography as words of their own: there is no field for a link beside it.
fn domains(note: &str) -> Vec<String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
    };
    let is_name = |word: &&str| {
        let labels: Vec<&str> = word.split('.').collect();
        let last = labels.last().copied().unwrap_or_default();
        labels.len() > 1
            && labels.iter().all(|label| is_label(label))
            && last.len() > 1
            && last.bytes().all(|b| b.is_ascii_alphabetic())
    };
    words(note)
        .filter(is_name)
        .filter_map(|name| json::http_url(&format!("https://{name}/")))
        .map(String::from)
        .collect()
}

/// Names that are mentioned in a text.
fn mentioned(text: &str) -> Vec<String> {
    let names = text.split(|c: char| c.is_whitespace() || BRACKETS.contains(c));
    let names = names.filter_map(|word| word.strip_prefix('@'));
    let names = names.map(|name| {
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')));
        name[..end.unwrap_or(name.len())].trim_end_matches('.')
    });
    names.filter_map(|name| Acct::threads(name).ok()).map(|acct| acct.to_string()).collect()
}
