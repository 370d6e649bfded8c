//! The AppView's answers as values of ours, read item by item: an odd item costs itself and nothing else.
//!
//! Shapes: the lexicons `app.bsky.actor.defs`, `app.bsky.feed.defs`, `app.bsky.feed.post` and
//! `app.bsky.richtext.facet` of github.com/bluesky-social/atproto, as of August 2026.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::model::account::{AccountId, Acct};
use crate::model::observation::{Counts, LinkPlace, Profile, ProfileLink, Wishes};
use crate::model::status::{Media, Status, StatusUri};
use crate::model::target::Rejected;
use crate::sources::ParseError;
use crate::sources::json::{self, Object, clip};

/// A display name has 64 graphemes, a description 256; graphemes may be long.
const NAME_CHARS: usize = 200;
const NOTE_CHARS: usize = 5_000;
/// A post has 300 graphemes, at most 3,000 bytes.
const TEXT_CHARS: usize = 3_000;
const MOST_ITEMS: usize = 100;
/// What the service writes where a handle does not lead back to the account.
const NO_HANDLE: &str = "handle.invalid";
/// Handles below it are given to anybody.
const RENTED: &str = ".bsky.social";
/// Of links, mentions and tags of a post, and of links of a profile.
const MOST_PARTS: usize = 50;
const MOST_MEDIA: usize = 16;

/// A page of an account's feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    /// How many items it had, unreadable ones included.
    pub count: usize,
    /// Where the next page begins; `None` = there is none.
    pub cursor: Option<String>,
}

/// What the service says instead of an answer: `{"error": …, "message": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub name: String,
    pub message: String,
}

impl Refusal {
    /// `None` where the body is none of the service's own words, from a proxy perhaps.
    pub fn read(bytes: &[u8]) -> Option<Refusal> {
        let value = json::parse(bytes).ok()?;
        let object = Object::of(&value)?;
        let name = clip(object.text("error")?, NAME_CHARS);
        Some(Refusal { name, message: clip(object.text("message").unwrap_or_default(), NAME_CHARS) })
    }
}

/// Reads a profile (`profileViewDetailed`); `known` is the address that it was last seen under, which it keeps while its
/// handle does not lead back to it.
///
/// # Errors
/// Where it is none: not JSON, without an id or a handle.
pub fn parse_profile(bytes: &[u8], known: Option<&Acct>) -> Result<Profile, ParseError> {
    let value = json::parse(bytes)?;
    profile(&value, known).map_err(|why| fault(bytes, why))
}

/// Reads a page of the feed of the account with this id (`getAuthorFeed`).
///
/// # Errors
/// Where it has no list; items that are no posts, or another's, are handed back.
pub fn parse_feed(bytes: &[u8], did: &str) -> Result<Page, ParseError> {
    let value = json::parse(bytes)?;
    let feed = value.get("feed").and_then(Value::as_array);
    let items = feed.ok_or_else(|| fault(bytes, "got no feed".into()))?;
    let cursor = value.get("cursor").and_then(json::id);
    let mut page = Page { count: items.len(), cursor, ..Page::default() };
    for (index, item) in items.iter().enumerate() {
        let read = if index < MOST_ITEMS {
            status(item, did)
        } else {
            Err(format!("it is beyond the {MOST_ITEMS} that were asked for"))
        };
        match read {
            Ok(status) => page.statuses.push(status),
            Err(why) => {
                let excerpt = json::excerpt(item.to_string().as_bytes());
                page.rejected.push(Rejected {
                    item: format!("post {} of the page", index + 1),
                    why,
                    excerpt,
                });
            }
        }
        if index == MOST_ITEMS {
            break;
        }
    }
    Ok(page)
}

/// Reads the ids of the accounts that a search found (`searchActors`); what is none is left out.
///
/// # Errors
/// Where it has no list.
pub fn parse_ids(bytes: &[u8]) -> Result<Vec<String>, ParseError> {
    let value = json::parse(bytes)?;
    let actors = value.get("actors").and_then(Value::as_array);
    let actors = actors.ok_or_else(|| fault(bytes, "got no actors".into()))?;
    let ids = actors.iter().filter_map(|actor| Object::of(actor)?.text("did").filter(|did| is_did(did)));
    Ok(ids.take(MOST_ITEMS).map(str::to_owned).collect())
}

/// Reads several profiles (`getProfiles`); those that are odd are left out.
///
/// # Errors
/// Where it has no list.
pub fn parse_profiles(bytes: &[u8]) -> Result<Vec<Profile>, ParseError> {
    let value = json::parse(bytes)?;
    let profiles = value.get("profiles").and_then(Value::as_array);
    let profiles = profiles.ok_or_else(|| fault(bytes, "got no profiles".into()))?;
    Ok(profiles.iter().take(MOST_ITEMS).filter_map(|value| profile(value, None).ok()).collect())
}

/// Reads the id to which a handle leads (`resolveHandle`).
///
/// # Errors
/// Where it has none.
pub fn parse_did(bytes: &[u8]) -> Result<String, ParseError> {
    let value = json::parse(bytes)?;
    let did = Object::of(&value).and_then(|object| object.text("did")).filter(|did| is_did(did));
    did.map(str::to_owned).ok_or_else(|| fault(bytes, "got no did".into()))
}

fn fault(bytes: &[u8], why: String) -> ParseError {
    let why = Refusal::read(bytes)
        .map_or(why, |said| format!("the service says `{}: {}`", said.name, said.message));
    ParseError { why, excerpt: json::excerpt(bytes) }
}

fn profile(value: &Value, known: Option<&Acct>) -> Result<Profile, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    let did = object.text("did").filter(|did| is_did(did)).ok_or("it has no did")?;
    let handle = object.text("handle").ok_or("it has no handle")?;
    let has_handle = handle != NO_HANDLE;
    let acct = match (has_handle, known) {
        (true, _) => Acct::bluesky(handle).map_err(|error| clip(&error.to_string(), NAME_CHARS))?,
        (false, Some(known)) => known.clone(),
        (false, None) => return Err("its handle does not lead back to it".into()),
    };
    let note = clip(object.text("description").unwrap_or_default(), NOTE_CHARS);
    let website = object.http_url("website").map(|url| ProfileLink {
        url: url.to_owned(),
        place: LinkPlace::Field { name: "website".into(), server_says_verified: false },
    });
    // A handle of its own is a domain whose holder says that it is this account, as the network has checked.
    let domain = Some(acct.user()).filter(|handle| has_handle && !handle.ends_with(RENTED)).map(|handle| {
        ProfileLink {
            url: format!("https://{handle}/"),
            place: LinkPlace::Field { name: "handle".into(), server_says_verified: true },
        }
    });
    let in_note = addresses(&note).map(|url| ProfileLink { url, place: LinkPlace::Note });
    let says_itself = |word: &str| {
        let own = |label: &Object<'_>| label.text("src") == Some(did) && label.flag("neg") != Some(true);
        object.objects("labels").filter(own).any(|label| label.text("val") == Some(word))
    };
    let nobot = note.to_lowercase().contains("#nobot");
    Ok(Profile {
        id: AccountId::bluesky(did),
        local_id: did.to_owned(),
        url: Some(format!("https://bsky.app/profile/{did}")),
        display_name: clip(object.text("displayName").unwrap_or_default(), NAME_CHARS),
        links: domain.into_iter().chain(website).chain(in_note).take(MOST_PARTS).collect(),
        is_bot: says_itself("bot"),
        is_suspended: false,
        // A holder who does not want to be shown to those who are not logged in does not want to be here either.
        wishes: Wishes { leave_me_out: nobot || says_itself("!no-unauthenticated") },
        moved_to: None,
        claimed_created_at: object.time("createdAt"),
        claimed_last_status: None,
        counts: Counts {
            followers: object.count("followersCount"),
            following: object.count("followsCount"),
            statuses: object.count("postsCount"),
        },
        note,
        acct,
    })
}

/// Whether a text is an id of the methods that the network uses.
pub(in crate::sources) fn is_did(text: &str) -> bool {
    let known = text.starts_with("did:plc:") || text.starts_with("did:web:");
    known && text.len() <= 200 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":.-_%".contains(&b))
}

/// Addresses that are written out in a text.
fn addresses(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| c.is_whitespace() || "()<>[]\"'「」『』（）".contains(c));
    let words = words.filter(|word| word.starts_with("http"));
    words
        .filter_map(|word| json::http_url(word.trim_end_matches(['.', ',', ';', ':', '!', '?'])))
        .map(String::from)
}

/// One item of a feed: a post, or another's post that the account reposts.
fn status(item: &Value, did: &str) -> Result<Status, String> {
    let item = Object::of(item).ok_or("it is no object")?;
    let post = item.object("post").ok_or("it has no post")?;
    let uri =
        post.uri("uri").filter(|uri| uri.starts_with("at://")).ok_or("its post has no at:// address")?;
    let repost =
        item.object("reason").filter(|why| why.text("$type") == Some("app.bsky.feed.defs#reasonRepost"));
    if let Some(repost) = repost {
        return reposted(uri, repost, did);
    }
    let author =
        post.object("author").and_then(|author| author.text("did")).ok_or("its post has no author")?;
    let (by, rkey) =
        parts(uri).ok_or_else(|| format!("its address is {uri}; expected at://did/collection/key"))?;
    if author != did || by != did {
        return Err(format!("it is by {author} and lies at {uri}; expected {did}"));
    }
    let record = post.object("record").ok_or("its post has no record")?;
    Ok(made_of(record, (did, rkey), uri.to_owned(), post.time("indexedAt")))
}

/// A post as its record has it, at the address where the AppView shows it: read there or here, it is the same. `seen_at`
/// is when the network had it.
///
/// # Errors
/// Where it is no record, or lies at no address.
pub(in crate::sources) fn post(
    record: &Value,
    did: &str,
    rkey: &str,
    seen_at: DateTime<Utc>,
) -> Result<Status, String> {
    let record = Object::of(record).ok_or("its record is no object")?;
    let uri = post_uri(did, rkey).ok_or_else(|| format!("its key is `{}`", clip(rkey, NAME_CHARS)))?;
    Ok(made_of(record, (did, rkey), uri.0, Some(seen_at)))
}

/// Where a post of an account lies; `None` where one of the two is none.
pub(in crate::sources) fn post_uri(did: &str, rkey: &str) -> Option<StatusUri> {
    let uri = format!("at://{did}/app.bsky.feed.post/{rkey}");
    let is_whole = parts(&uri).is_some_and(|parts| parts == (did, rkey));
    is_whole.then_some(StatusUri(uri))
}

fn made_of(
    record: Object<'_>,
    (did, rkey): (&str, &str),
    uri: String,
    seen_at: Option<DateTime<Utc>>,
) -> Status {
    let text = record.text("text").unwrap_or_default();
    let (links, mentions, tags) = marked(record, text);
    let times = [record.time("createdAt"), seen_at];
    Status {
        uri: StatusUri(uri),
        local_id: rkey.to_owned(),
        url: Some(format!("https://bsky.app/profile/{did}/post/{rkey}")),
        // The first is the author's word, the second that of the service, which may have read the record again. Of
        // two stories the older one exonerates.
        claimed_at: times.into_iter().flatten().min(),
        edited_at: None,
        text: clip(text, TEXT_CHARS),
        spoiler: String::new(),
        language: record.list("langs").iter().find_map(Value::as_str).map(|language| clip(language, 35)),
        boost_of: None,
        is_reply: record.has("reply"),
        links,
        mentions,
        tags,
        media: media(record),
        application: None,
    }
}

/// A repost has an address of its own where the service gives it; otherwise its time tells it apart.
fn reposted(uri: &str, repost: Object<'_>, did: &str) -> Result<Status, String> {
    let by = repost.object("by").and_then(|by| by.text("did")).ok_or("its repost has no author")?;
    if by != did {
        return Err(format!("it is reposted by {by}; expected {did}"));
    }
    let at = repost.time("indexedAt").ok_or("its repost has no time")?;
    let own =
        repost.uri("uri").map_or_else(|| format!("{uri}#repost-{did}-{}", at.timestamp()), str::to_owned);
    Ok(Status {
        local_id: own.rsplit('/').next().unwrap_or_default().to_owned(),
        uri: StatusUri(own),
        url: parts(uri).map(|(by, rkey)| format!("https://bsky.app/profile/{by}/post/{rkey}")),
        claimed_at: Some(at),
        edited_at: None,
        text: String::new(),
        spoiler: String::new(),
        language: None,
        boost_of: Some(StatusUri(uri.to_owned())),
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    })
}

/// Account and key of a record's address, both fit for a URL.
fn parts(uri: &str) -> Option<(&str, &str)> {
    let mut parts = uri.strip_prefix("at://")?.split('/');
    let (did, _collection, rkey) = (parts.next()?, parts.next()?, parts.next()?);
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._:~-".contains(&b);
    let is_whole = parts.next().is_none()
        && !rkey.is_empty()
        && rkey.bytes().all(is_plain)
        && rkey != "."
        && rkey != "..";
    (is_whole && is_did(did)).then_some((did, rkey))
}

/// Links, mentions and tags as the author's program marked them, and the page that the post shows. A mention is the id of
/// an account, and beside it the address that stands there in letters: they may say anything, but whoever writes an
/// outlet's handle names it.
fn marked(record: Object<'_>, text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut links, mut mentions, mut tags) = (vec![], vec![], vec![]);
    for facet in record.objects("facets").take(MOST_PARTS) {
        // What points beside the text is shown by nobody.
        let Some(stretch) = range(facet, text).and_then(|range| text.get(range)) else { continue };
        for feature in facet.objects("features").take(MOST_PARTS) {
            match feature.text("$type") {
                Some("app.bsky.richtext.facet#link") => {
                    links.extend(feature.http_url("uri").map(str::to_owned))
                }
                Some("app.bsky.richtext.facet#mention") => {
                    mentions.extend(feature.text("did").filter(|did| is_did(did)).map(str::to_owned));
                    mentions.extend(Acct::bluesky(stretch.trim_start_matches('@')).ok().map(String::from));
                }
                Some("app.bsky.richtext.facet#tag") => {
                    tags.extend(feature.text("tag").map(|tag| clip(tag, NAME_CHARS)));
                }
                _ => {}
            }
        }
    }
    // With a quoted post or pictures, the page lies one level deeper.
    let embed = record.object("embed");
    let media = embed.and_then(|embed| embed.object("media"));
    let pages =
        [embed, media].into_iter().flatten().filter_map(|embed| embed.object("external")?.http_url("uri"));
    links.extend(pages.map(str::to_owned));
    tags.extend(record.list("tags").iter().filter_map(Value::as_str).map(|tag| clip(tag, NAME_CHARS)));
    for parts in [&mut links, &mut mentions, &mut tags] {
        let mut seen = std::collections::BTreeSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        parts.truncate(MOST_PARTS);
    }
    (links, mentions, tags)
}

/// The stretch of the text that a facet is about; its places are bytes of UTF-8.
fn range(facet: Object<'_>, text: &str) -> Option<Range<usize>> {
    let index = facet.object("index")?;
    let place = |key| index.count(key).and_then(|place| usize::try_from(place).ok());
    let range = place("byteStart")?..place("byteEnd")?;
    text.get(range.clone()).filter(|stretch| !stretch.is_empty()).map(|_| range)
}

/// Pictures with what their author says of them; the service shows them under signed addresses that change.
fn media(record: Object<'_>) -> Vec<Media> {
    let embed = record.object("embed");
    let inner = embed.and_then(|embed| embed.object("media"));
    let described = |item: Object<'_>| Media {
        url: None,
        blurhash: None,
        description: item.text("alt").map(|alt| clip(alt, NOTE_CHARS)),
    };
    let embeds = || [embed, inner].into_iter().flatten();
    let images = embeds().flat_map(|embed| embed.objects("images")).map(described);
    let videos = embeds().filter(|embed| embed.has("video")).map(described);
    images.chain(videos).take(MOST_MEDIA).collect()
}
