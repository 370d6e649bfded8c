//! The Misskey API's answers as values of ours, read item by item: an odd item costs itself and nothing else.
//!
//! Shapes: the entities `UserLite`, `UserDetailed`, `Note` and `DriveFile` of github.com/misskey-dev/misskey
//! (packages/backend/src/models/json-schema), and what its relatives add to them. Of what lives on the server itself the
//! answers give no address: it is made of the id as `genLocalUserUri` of its `UserEntityService` and the renderer of
//! notes make it for ActivityPub, `https://host/users/ID` and `https://host/notes/ID`.

use serde_json::Value;
use url::Url;

use super::mfm;
use crate::model::account::{AccountId, Acct, Host};
use crate::model::observation::{Counts, LinkPlace, Profile, ProfileLink, Wishes};
use crate::model::status::{Media, Status, StatusUri};
use crate::model::target::Rejected;
use crate::sources::ParseError;
use crate::sources::json::{self, Object, clip};
use crate::sources::listing::{Page, Post, TimelinePage, each};
use crate::sources::mastodon::wire::{
    LINK_BYTES, MOST_FIELDS, MOST_LINKS, MOST_MEDIA, MOST_PARTS, NAME_CHARS, NOTE_CHARS, SPOILER_CHARS,
    has_nobot,
};

/// What a server says instead of an answer: `{"error": {"code": …, "message": …}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In capitals, like `NO_SUCH_USER`.
    pub code: String,
    pub message: String,
}

impl Refusal {
    /// `None` where the body is none of the interface's own words, from a proxy perhaps.
    pub fn read(bytes: &[u8]) -> Option<Refusal> {
        let value = json::parse(bytes).ok()?;
        let error = Object::of(&value)?.object("error")?;
        let code = clip(error.text("code")?, NAME_CHARS);
        Some(Refusal { code, message: clip(error.text("message").unwrap_or_default(), NAME_CHARS) })
    }
}

/// Reads one user (`UserDetailed`) of the server `host`. `asked` is the host of the address that was asked for: a user
/// of the server itself is `user@asked`.
///
/// # Errors
/// Where it is none: not JSON, an error, without id or name.
pub fn parse_user(bytes: &[u8], host: &Host, asked: &Host) -> Result<Profile, ParseError> {
    let value = json::parse(bytes)?;
    user(&value, host, asked).map_err(|why| fault(bytes, why))
}

/// Reads the users that a search found.
///
/// # Errors
/// Where there is no list; items that are no users are handed back.
pub fn parse_users(bytes: &[u8], host: &Host) -> Result<(Vec<Profile>, Vec<Rejected>), ParseError> {
    let value = json::parse(bytes)?;
    let items = value.as_array().ok_or_else(|| fault(bytes, "got no list of users".into()))?;
    Ok(each("account", items, |item| user(item, host, host).map(Some)))
}

/// Reads a page of notes of the user that has the id `author` on `host`. What is not for everybody is passed over.
///
/// # Errors
/// Where it is no list; items that are no notes, or another's, are handed back.
pub fn parse_notes(bytes: &[u8], host: &Host, author: &str) -> Result<Page, ParseError> {
    let value = json::parse(bytes)?;
    let items = value.as_array().ok_or_else(|| fault(bytes, "got no list of notes".into()))?;
    Ok(Page::of(items, |item| note(item, host, author)))
}

/// Reads a page of a timeline of `host`. Who lives elsewhere is shown there without an address that could be checked, and
/// is passed over.
///
/// # Errors
/// Where it is no list; items that are no notes, or without a readable author, are handed back.
pub fn parse_timeline(bytes: &[u8], host: &Host) -> Result<TimelinePage, ParseError> {
    let value = json::parse(bytes)?;
    let items = value.as_array().ok_or_else(|| fault(bytes, "got no list of notes".into()))?;
    Ok(TimelinePage::of(items, |item| post(item, host)))
}

fn post(value: &Value, host: &Host) -> Result<Option<Post>, String> {
    let author = value.get("user").ok_or("it has no user")?;
    if Object::of(author).is_some_and(|author| !is_local(author, host)) {
        return Ok(None);
    }
    let author = user(author, host, host).map_err(|why| format!("its user: {why}"))?;
    Ok(note(value, host, &author.local_id)?.map(|status| Post { author, status }))
}

fn fault(bytes: &[u8], why: String) -> ParseError {
    let why =
        Refusal::read(bytes).map_or(why, |said| format!("the server says `{}: {}`", said.code, said.message));
    ParseError { why, excerpt: json::excerpt(bytes) }
}

/// Users of the server itself have no host.
fn is_local(user: Object<'_>, host: &Host) -> bool {
    user.text("host").is_none_or(|at| Host::parse(at).is_ok_and(|at| at == *host))
}

fn user(value: &Value, host: &Host, asked: &Host) -> Result<Profile, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    let local_id = object.id("id").ok_or("it has no id")?;
    let username = object.text("username").ok_or("it has no username")?;
    let is_local = is_local(object, host);
    let at = match object.text("host").filter(|_| !is_local) {
        Some(at) => Host::parse(at).map_err(|error| clip(&error.to_string(), NAME_CHARS))?,
        None => asked.clone(),
    };
    let acct = Acct::new(username, at).map_err(|error| clip(&error.to_string(), NAME_CHARS))?;
    let uri = match object.http_url("uri") {
        Some(uri) => uri.to_owned(),
        None if is_local => local_address(host, "users", &local_id),
        None => return Err("it lives elsewhere and has no uri".into()),
    };
    let url = object.http_url("url").map(str::to_owned);
    let about = mfm::read(object.text("description").unwrap_or_default());
    let fields: Vec<Object<'_>> = object.objects("fields").take(MOST_FIELDS).collect();
    let asks_bots_to_leave =
        has_nobot(&about.text) || fields.iter().any(|it| has_nobot(it.text("value").unwrap_or_default()));
    // By the server's own setting, by those of its relatives, and for whom only those who are logged in are readers.
    let is_shy = ["noCrawle", "noindex", "requireSigninToViewContents"]
        .iter()
        .any(|key| object.flag(key) == Some(true));
    let leave_me_out = asks_bots_to_leave || is_shy || object.flag("isIndexable") == Some(false);
    Ok(Profile {
        id: AccountId::mastodon(uri),
        url: url.or_else(|| is_local.then(|| format!("https://{host}/@{username}"))),
        display_name: clip(object.text("name").unwrap_or_default(), NAME_CHARS),
        links: profile_links(object, &fields, about.links),
        note: clip(&about.text, NOTE_CHARS),
        is_bot: object.flag("isBot") == Some(true),
        is_suspended: object.flag("isSuspended") == Some(true),
        wishes: Wishes { leave_me_out },
        moved_to: object.http_url("movedTo").or(object.http_url("movedToUri")).and_then(moved),
        claimed_created_at: object.time("createdAt"),
        claimed_last_status: None,
        counts: Counts {
            followers: shown_count(object, "followersCount", "followersVisibility"),
            following: shown_count(object, "followingCount", "followingVisibility"),
            statuses: object.count("notesCount"),
        },
        local_id,
        acct,
    })
}

/// Older servers send a zero for a count that they do not show.
fn shown_count(object: Object<'_>, key: &str, visibility: &str) -> Option<u64> {
    let shown_to = object.text(visibility).or(object.text("ffVisibility")).unwrap_or("public");
    object.count(key).filter(|count| *count > 0 || shown_to == "public")
}

/// The address of an account that has its name in it; most have an id, which is no name.
fn moved(uri: &str) -> Option<Acct> {
    let url = Url::parse(uri).ok()?;
    let name = url.path().strip_prefix("/@")?.to_owned();
    Acct::new(&name, Host::of(&url)?).ok()
}

/// The links of the fields, then those of the description. That a page names the account back is the server's word.
fn profile_links(user: Object<'_>, fields: &[Object<'_>], about: Vec<String>) -> Vec<ProfileLink> {
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    let verified: Vec<String> =
        user.list("verifiedLinks").iter().take(MOST_LINKS).filter_map(Value::as_str).map(plain).collect();
    let in_fields = fields.iter().flat_map(|field| {
        let name = clip(field.text("name").unwrap_or_default(), NAME_CHARS);
        let is_verified = field.flag("verified") == Some(true);
        let verified = &verified;
        mfm::read(field.text("value").unwrap_or_default()).links.into_iter().map(move |url| {
            let server_says_verified = is_verified || verified.contains(&plain(&url));
            ProfileLink { url, place: LinkPlace::Field { name: name.clone(), server_says_verified } }
        })
    });
    let in_note = about.into_iter().map(|url| ProfileLink { url, place: LinkPlace::Note });
    let mut bytes = 0;
    let fits = |link: &ProfileLink| {
        let name = if let LinkPlace::Field { name, .. } = &link.place { name.len() } else { 0 };
        bytes += link.url.len() + name;
        bytes <= LINK_BYTES
    };
    in_fields.chain(in_note).take(MOST_LINKS).take_while(fits).collect()
}

/// One note; `None` where it is not for everybody, hidden or deleted.
fn note(value: &Value, host: &Host, author: &str) -> Result<Option<Status>, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    let is_public = matches!(object.text("visibility"), Some("public" | "home"));
    let is_kept_in = ["localOnly", "isHidden"].iter().any(|key| object.flag(key) == Some(true));
    if !is_public || is_kept_in || object.has("deletedAt") {
        return Ok(None);
    }
    let local_id = object.id("id").ok_or("it has no id")?;
    let by = object.id("userId").or_else(|| object.object("user").and_then(|user| user.id("id")));
    let by = by.ok_or("it has no author")?;
    if by != author {
        return Err(format!("it is by the user {by}; expected {author}"));
    }
    let uri = address(object, host, &local_id);
    let text = object.text("text").unwrap_or_default();
    let renoted = object.id("renoteId").map(|id| match object.object("renote") {
        Some(renoted) => address(renoted, host, &id),
        None => local_address(host, "notes", &id),
    });
    let says_something = !text.is_empty()
        || object.has("cw")
        || object.has("replyId")
        || object.has("poll")
        || !object.list("files").is_empty()
        || !object.list("fileIds").is_empty();
    let (boost_of, quoted) = if says_something { (None, renoted) } else { (renoted, None) };
    let plain = mfm::read(text);
    let mut tags: Vec<String> =
        object.list("tags").iter().filter_map(Value::as_str).map(|tag| clip(tag, NAME_CHARS)).collect();
    if tags.is_empty() {
        tags = plain.tags;
    }
    tags.truncate(MOST_PARTS);
    Ok(Some(Status {
        url: object.http_url("url").map_or_else(|| Some(uri.clone()), |url| Some(url.to_owned())),
        uri: StatusUri(uri),
        local_id,
        claimed_at: object.time("createdAt"),
        edited_at: object.time("updatedAt"),
        text: plain.text,
        spoiler: clip(object.text("cw").unwrap_or_default(), SPOILER_CHARS),
        language: object.text("lang").map(|language| clip(language, 35)),
        boost_of: boost_of.map(StatusUri),
        is_reply: object.has("replyId"),
        // Whoever quotes a note shows where it stands.
        links: plain.links.into_iter().chain(quoted).take(MOST_PARTS).collect(),
        mentions: plain.mentions,
        tags,
        media: media(object),
        application: None,
    }))
}

/// What a note is called everywhere: remote ones bring it, local ones have it from their id.
fn address(note: Object<'_>, host: &Host, id: &str) -> String {
    note.http_url("uri").map_or_else(|| local_address(host, "notes", id), str::to_owned)
}

fn local_address(host: &Host, kind: &str, id: &str) -> String {
    let mut url = Url::parse(&format!("https://{host}/")).expect("a host makes a URL");
    url.path_segments_mut().expect("an https URL has a path").clear().extend([kind, id]);
    url.into()
}

fn media(note: Object<'_>) -> Vec<Media> {
    let files = note.objects("files").take(MOST_MEDIA);
    let read = files.map(|file| Media {
        url: file.http_url("url").map(str::to_owned),
        blurhash: file.text("blurhash").map(|hash| clip(hash, NAME_CHARS)),
        description: file.text("comment").map(|text| clip(text, NOTE_CHARS)),
    });
    read.collect()
}
