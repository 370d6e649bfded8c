//! The Mastodon API's answers as values of ours, read item by item: an odd item costs itself and nothing
//! else.
//!
//! Shapes: Mastodon's API documentation as of 4.6, and what its relatives make of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::model::account::{AccountId, Acct, Host};
use crate::model::observation::{Counts, LinkPlace, Profile, ProfileLink, Wishes};
use crate::model::status::{Media, Status, StatusUri};
use crate::model::target::Rejected;
use crate::sources::json::{self, Object, clip};
use crate::sources::listing::{Page, Post, TimelinePage, each};
use crate::sources::{ParseError, html};

pub(in crate::sources) const NAME_CHARS: usize = 200;
pub(in crate::sources) const NOTE_CHARS: usize = 5_000;
pub(in crate::sources) const SPOILER_CHARS: usize = 5_000;
pub(in crate::sources) const MOST_FIELDS: usize = 16;
pub(in crate::sources) const MOST_LINKS: usize = 50;
/// Of the links of a profile and the names of their fields together: each is evidence and kept with it.
pub(in crate::sources) const LINK_BYTES: usize = 8_192;
/// Of mentions, tags and the like.
pub(in crate::sources) const MOST_PARTS: usize = 50;
pub(in crate::sources) const MOST_MEDIA: usize = 16;
/// Reads one account. `host` is the host of the address that was asked for: an account that the server calls
/// `user` without a host is `user@host`.
///
/// # Errors
/// Where it is no account: not JSON, an error, without id, address or name for itself.
pub fn parse_account(bytes: &[u8], host: &Host) -> Result<Profile, ParseError> {
    let value = json::parse(bytes)?;
    account(&value, host).map_err(|why| fault(bytes, why))
}

/// Reads the accounts that a search found, from `{"accounts": […]}` or a bare list.
///
/// # Errors
/// Where there is no list; items that are no accounts are handed back.
pub fn parse_accounts(bytes: &[u8], host: &Host) -> Result<(Vec<Profile>, Vec<Rejected>), ParseError> {
    let value = json::parse(bytes)?;
    let nested = value.get("accounts").and_then(Value::as_array);
    let items = value.as_array().or(nested).ok_or_else(|| fault(bytes, "got no list of accounts".into()))?;
    Ok(each("account", items, |item| account(item, host).map(Some)))
}

/// Reads a page of statuses of the account that has the local id `author` on this server. What is not public
/// (a token may show more than everybody sees) is passed over.
///
/// # Errors
/// Where it is no list; items that are no statuses, or another's, are handed back.
pub fn parse_statuses(bytes: &[u8], author: &str) -> Result<Page, ParseError> {
    let value = json::parse(bytes)?;
    let items = value.as_array().ok_or_else(|| fault(bytes, "got no list of statuses".into()))?;
    Ok(Page::of(items, |item| status(item, author)))
}

/// Reads a page of a timeline that `host` shows. What is not public is passed over.
///
/// # Errors
/// Where it is no list; items that are no statuses, or without a readable author, are handed back.
pub fn parse_timeline(bytes: &[u8], host: &Host) -> Result<TimelinePage, ParseError> {
    let value = json::parse(bytes)?;
    let items = value.as_array().ok_or_else(|| fault(bytes, "got no list of statuses".into()))?;
    Ok(TimelinePage::of(items, |item| post(item, host)))
}

/// One post; `None` where it is not public.
fn post(value: &Value, host: &Host) -> Result<Option<Post>, String> {
    let author = value.get("account").ok_or("it has no account")?;
    let author = account(author, host).map_err(|why| format!("its account: {why}"))?;
    Ok(status(value, &author.local_id)?.map(|status| Post { author, status }))
}

/// Who may see a kind of timeline, as a server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Public,
    /// Those who are logged in.
    Members,
    Nobody,
    /// The server does not say: trying is the only way to find out.
    #[default]
    Unsaid,
}

/// Who may see which timelines, from `configuration.timelines_access` (Mastodon 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimelinesAccess {
    pub live_local: Access,
    pub live_remote: Access,
    pub tag_local: Access,
    pub tag_remote: Access,
}

/// Reads from `/api/v2/instance` who may see which timelines. What is not said there, or not understood, is
/// unsaid.
///
/// # Errors
/// Where it is no JSON.
pub fn parse_timelines_access(bytes: &[u8]) -> Result<TimelinesAccess, ParseError> {
    let value = json::parse(bytes)?;
    let access = |feed: &str, place: &str| match value
        .pointer(&format!("/configuration/timelines_access/{feed}/{place}"))
        .and_then(Value::as_str)
    {
        Some("public") => Access::Public,
        Some("authenticated") => Access::Members,
        Some("disabled") => Access::Nobody,
        _ => Access::Unsaid,
    };
    Ok(TimelinesAccess {
        live_local: access("live_feeds", "local"),
        live_remote: access("live_feeds", "remote"),
        tag_local: access("hashtag_feeds", "local"),
        tag_remote: access("hashtag_feeds", "remote"),
    })
}

fn fault(bytes: &[u8], why: String) -> ParseError {
    let why = match json::error_text(bytes) {
        Some(said) => format!("the server says `{said}`"),
        None => why,
    };
    ParseError { why, excerpt: json::excerpt(bytes) }
}

fn account(value: &Value, host: &Host) -> Result<Profile, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    let local_id = object.id("id").ok_or("it has no id")?;
    let acct = acct_of(object, host)?;
    let pleroma = object.object("pleroma");
    let uri = object
        .http_url("uri")
        .or_else(|| pleroma.and_then(|pleroma| pleroma.http_url("ap_id")))
        .or_else(|| object.http_url("url"))
        .ok_or("it has neither uri nor url")?;
    let note_html = object.text("note").unwrap_or_default();
    let note = clip(&html::text(note_html), NOTE_CHARS);
    let fields: Vec<Object<'_>> = object.objects("fields").take(MOST_FIELDS).collect();
    let asks_bots_to_leave = has_nobot(&note)
        || fields.iter().any(|field| has_nobot(&html::text(field.text("value").unwrap_or_default())));
    let leave_me_out =
        asks_bots_to_leave || object.flag("noindex") == Some(true) || object.flag("indexable") == Some(false);
    Ok(Profile {
        id: AccountId::mastodon(uri),
        local_id,
        url: object.http_url("url").map(str::to_owned),
        display_name: clip(object.text("display_name").unwrap_or_default(), NAME_CHARS),
        links: profile_links(&fields, object.http_url("website"), note_html, uri),
        note,
        is_bot: ["bot", "automated"].iter().any(|key| object.flag(key) == Some(true)),
        is_suspended: object.flag("suspended") == Some(true),
        wishes: Wishes { leave_me_out },
        moved_to: object.object("moved").and_then(|moved| acct_of(moved, host).ok()),
        claimed_created_at: object.time("created_at"),
        claimed_last_status: object.time("last_status_at"),
        counts: Counts {
            followers: object.count("followers_count"),
            following: object.count("following_count"),
            statuses: object.count("statuses_count"),
        },
        acct,
    })
}

/// The address: `user@remote` as the server writes it, or `user` and the host that was asked for.
fn acct_of(object: Object<'_>, host: &Host) -> Result<Acct, String> {
    let written = object.text("acct").or(object.text("username")).ok_or("it has no acct")?;
    let acct = match written.contains('@') {
        true => written.parse(),
        false => Acct::new(written, host.clone()),
    };
    acct.map_err(|error| clip(&error.to_string(), NAME_CHARS))
}

/// Whether a text holds the hashtag `#nobot`, by which people ask programs to leave them alone.
pub(in crate::sources) fn has_nobot(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.match_indices("#nobot").any(|(at, tag)| {
        let after = lower[at + tag.len()..].chars().next();
        !after.is_some_and(|c| c.is_alphanumeric() && c != 's')
    })
}

/// The links of the fields, the one site that Pixelfed has a place for, then those of the note; mentions and hashtags are
/// none.
fn profile_links(fields: &[Object<'_>], site: Option<&str>, note: &str, uri: &str) -> Vec<ProfileLink> {
    let in_fields = fields.iter().flat_map(|field| {
        let place = LinkPlace::Field {
            name: clip(field.text("name").unwrap_or_default(), NAME_CHARS),
            server_says_verified: field.has("verified_at") && field.flag("verified_at") != Some(false),
        };
        let urls = outward_links(field.text("value").unwrap_or_default(), uri);
        urls.into_iter().map(move |url| ProfileLink { url, place: place.clone() })
    });
    let in_note = outward_links(note, uri).into_iter().map(|url| ProfileLink { url, place: LinkPlace::Note });
    let mut bytes = 0;
    let fits = |link: &ProfileLink| {
        let name = if let LinkPlace::Field { name, .. } = &link.place { name.len() } else { 0 };
        bytes += link.url.len() + name;
        bytes <= LINK_BYTES
    };
    let site = site.map(|url| ProfileLink {
        url: url.to_owned(),
        place: LinkPlace::Field { name: "website".into(), server_says_verified: false },
    });
    in_fields.chain(site).chain(in_note).take(MOST_LINKS).take_while(fits).collect()
}

/// The links of a piece of a server's HTML that lead to pages, not to people or tags. Text without any markup
/// is searched for URLs, since some servers send bare text.
fn outward_links(markup: &str, uri: &str) -> Vec<String> {
    let Ok(base) = Url::parse(uri) else { return vec![] };
    if !markup.contains('<') {
        let words = markup.split_whitespace().filter(|word| word.starts_with("http"));
        return words.filter_map(json::http_url).map(String::from).take(MOST_LINKS).collect();
    }
    let is_inward = |link: &html::Link| {
        link.class.iter().any(|class| class == "mention" || class == "hashtag")
            || link.rel.iter().any(|rel| rel == "tag")
    };
    let links = html::links(markup, &base).into_iter().filter(|link| !is_inward(link));
    links.map(|link| link.href).take(MOST_LINKS).collect()
}

/// Visibilities that not everybody sees; unknown ones are taken as public, since they were shown to us.
const NOT_PUBLIC: [&str; 9] =
    ["private", "direct", "limited", "list", "local", "self", "mutuals_only", "subscribers", "conversation"];

/// One status; `None` where it is not public.
fn status(value: &Value, author: &str) -> Result<Option<Status>, String> {
    let object = Object::of(value).ok_or("it is no object")?;
    if object.text("visibility").is_some_and(|visibility| NOT_PUBLIC.contains(&visibility)) {
        return Ok(None);
    }
    let local_id = object.id("id").ok_or("it has no id")?;
    let uri = object.uri("uri").ok_or("it has no uri")?;
    let by = object.object("account").and_then(|account| account.id("id"));
    if let Some(by) = by.filter(|by| by != author) {
        return Err(format!("it is by the account {by}; expected {author}"));
    }
    let boosted = object.object("reblog");
    let boost_of = boosted.and_then(|boosted| boosted.uri("uri"));
    if boosted.is_some() && boost_of.is_none() {
        return Err("it boosts something without uri".into());
    }
    // Some servers give a boost the uri of what it boosts: then it needs a name of its own.
    let own_uri = match boost_of {
        Some(boosted) if boosted == uri => format!("{uri}#boost-{local_id}"),
        _ => uri.to_owned(),
    };
    let content = if boost_of.is_some() { "" } else { object.text("content").unwrap_or_default() };
    Ok(Some(Status {
        uri: StatusUri(own_uri),
        local_id,
        url: object.http_url("url").map(str::to_owned),
        claimed_at: object.time("created_at"),
        edited_at: object.time("edited_at"),
        text: html::text(own_words(content)),
        spoiler: clip(object.text("spoiler_text").unwrap_or_default(), SPOILER_CHARS),
        language: object.text("language").map(|language| clip(language, 35)),
        boost_of: boost_of.map(|uri| StatusUri(uri.to_owned())),
        is_reply: object.has("in_reply_to_id") || object.has("in_reply_to_account_id"),
        links: status_links(object, content, uri),
        mentions: words(object, "mentions", "acct"),
        tags: words(object, "tags", "name"),
        media: if boost_of.is_some() { vec![] } else { media(object) },
        application: application(object),
    }))
}

/// A post without the line in front by which Mastodon (4.5) shows a quote to those who know of none.
fn own_words(content: &str) -> &str {
    let quote = content.strip_prefix("<p class=\"quote-inline\">");
    quote.and_then(|quote| quote.split_once("</p>")).map_or(content, |(_, own)| own)
}

/// The links in a status, those to its mentions and tags left out, and where what it quotes stands.
fn status_links(object: Object<'_>, content: &str, uri: &str) -> Vec<String> {
    let named = ["mentions", "tags"].into_iter().flat_map(|key| object.objects(key).take(MOST_PARTS));
    let named: Vec<&str> = named.filter_map(|part| part.text("url")).collect();
    let mut links = outward_links(content, object.http_url("url").unwrap_or(uri));
    links.retain(|link| !named.contains(&link.as_str()));
    // Mastodon says more of a quote than what it quotes; its relatives do not.
    let quote = object.object("quote");
    let quoted = quote.and_then(|quote| quote.object("quoted_status")).or(quote);
    if let Some(url) = quoted.and_then(|quoted| quoted.http_url("url").or(quoted.http_url("uri")))
        && !links.iter().any(|link| link == url)
    {
        links.push(url.to_owned());
    }
    links
}

fn words(object: Object<'_>, key: &str, part: &str) -> Vec<String> {
    let words = object.objects(key).filter_map(|item| item.text(part));
    words.take(MOST_PARTS).map(|word| clip(word, 300)).collect()
}

fn media(object: Object<'_>) -> Vec<Media> {
    let attachments = object.objects("media_attachments").take(MOST_MEDIA);
    let read = attachments.map(|attachment| Media {
        url: attachment.http_url("url").map(str::to_owned),
        blurhash: attachment.text("blurhash").map(|hash| clip(hash, 200)),
        description: attachment.text("description").map(|text| clip(text, NOTE_CHARS)),
    });
    read.collect()
}

fn application(object: Object<'_>) -> Option<String> {
    let name = object.object("application").and_then(|application| application.text("name"));
    name.or(object.text("application")).map(|name| clip(name, NAME_CHARS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn host() -> Host {
        Host::parse("social.example").unwrap()
    }

    fn read(value: &Value) -> Result<Profile, String> {
        parse_account(value.to_string().as_bytes(), &host()).map_err(|error| error.why)
    }

    fn desk() -> Value {
        json!({"id": "1", "acct": "desk", "uri": "https://social.example/users/desk", "url": "https://social.example/@desk"})
    }

    fn desk_with(changes: Value) -> Value {
        let mut account = desk();
        account.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        account
    }

    #[test]
    fn a_full_account_is_read_whole() {
        let value = desk_with(json!({
            "id": 109_876_543_210_987_654_u64, "display_name": "Desk", "bot": true, "created_at": "2026-01-02T00:00:00.000Z",
            "note": "<p>News. <a href=\"https://news.example/\">news.example</a> <a class=\"u-url mention\" href=\"https://social.example/@you\">@you</a></p>",
            "fields": [{"name": "Site", "value": "<a href=\"https://news.example/es\">x</a>", "verified_at": "2026-02-01T00:00:00Z"},
                       {"name": "Bare", "value": "https://news.example/bare", "verified_at": null}, 7],
            "followers_count": "41", "following_count": -1, "statuses_count": 12, "last_status_at": "2026-10-30",
            "moved": {"acct": "desk2@other.example"},
        }));
        let field =
            |name: &str, server_says_verified| LinkPlace::Field { name: name.into(), server_says_verified };
        assert_eq!(
            read(&value).unwrap(),
            Profile {
                id: AccountId::mastodon("https://social.example/users/desk"),
                acct: "desk@social.example".parse().unwrap(),
                local_id: "109876543210987654".into(),
                url: Some("https://social.example/@desk".into()),
                display_name: "Desk".into(),
                note: "News. news.example @you".into(),
                links: vec![
                    ProfileLink { url: "https://news.example/es".into(), place: field("Site", true) },
                    ProfileLink { url: "https://news.example/bare".into(), place: field("Bare", false) },
                    ProfileLink { url: "https://news.example/".into(), place: LinkPlace::Note },
                ],
                is_bot: true,
                is_suspended: false,
                wishes: Wishes::default(),
                moved_to: Some("desk2@other.example".parse().unwrap()),
                claimed_created_at: Some("2026-01-02T00:00:00Z".parse().unwrap()),
                claimed_last_status: Some("2026-10-30T00:00:00Z".parse().unwrap()),
                counts: Counts { followers: Some(41), following: None, statuses: Some(12) },
            }
        );
    }

    #[test]
    fn an_account_without_uri_is_known_by_the_next_best_name() {
        let ap_id = desk_with(json!({"uri": null, "pleroma": {"ap_id": "https://social.example/ap/desk"}}));
        assert_eq!(read(&ap_id).unwrap().id.uri, "https://social.example/ap/desk");
        assert_eq!(read(&desk_with(json!({"uri": 7}))).unwrap().id.uri, "https://social.example/@desk");
        assert_eq!(
            read(&desk_with(json!({"uri": null, "url": null}))),
            Err("it has neither uri nor url".into())
        );
    }

    #[test]
    fn a_remote_account_keeps_its_host_and_a_local_one_gets_the_host_asked_for() {
        assert_eq!(read(&desk()).unwrap().acct.to_string(), "desk@social.example");
        let remote = desk_with(json!({"acct": "desk@far.example"}));
        assert_eq!(read(&remote).unwrap().acct.to_string(), "desk@far.example");
        assert!(read(&desk_with(json!({"acct": "<b>@far.example"}))).is_err());
    }

    #[test]
    fn wrong_types_cost_no_more_than_themselves() {
        let odd = desk_with(json!({
            "display_name": 7, "note": [], "fields": {"a": 1}, "bot": "maybe", "created_at": false, "followers_count": 1e300,
            "following_count": {}, "statuses_count": "many", "moved": "gone", "suspended": null, "url": null,
        }));
        let profile = read(&odd).unwrap();
        assert_eq!(
            (profile.counts, profile.url, profile.moved_to, profile.claimed_created_at),
            Default::default()
        );
    }

    #[test]
    fn wishes_to_be_left_alone_are_seen() {
        for (change, leave) in [
            (
                json!({"note": "<p>me <a class=\"mention hashtag\" href=\"x\">#<span>NoBot</span></a></p>"}),
                true,
            ),
            (json!({"note": "#nobots please"}), true),
            (json!({"note": "#nobotany"}), false),
            (json!({"fields": [{"name": "x", "value": "#nobot"}]}), true),
            (json!({"noindex": true}), true),
            (json!({"indexable": false}), true),
            (json!({"noindex": false, "indexable": true}), false),
            (json!({}), false),
        ] {
            assert_eq!(read(&desk_with(change.clone())).unwrap().wishes.leave_me_out, leave, "{change}");
        }
    }

    #[test]
    fn what_the_server_says_is_wrong_is_the_reason() {
        let why = |body: &str| parse_account(body.as_bytes(), &host()).unwrap_err().why;
        assert_eq!(why(r#"{"error":"Record not found"}"#), "the server says `Record not found`");
        assert_eq!(why("<!doctype html><p>502"), "got HTML; expected JSON");
        assert_eq!(why("[]"), "it is no object");
    }

    fn post(changes: Value) -> Value {
        let mut status = json!({"id": "5", "uri": "https://social.example/s/5", "account": {"id": "1"},
            "created_at": "2026-11-01T10:00:00Z", "content": "<p>Hello</p>"});
        status.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        status
    }

    fn page(items: Vec<Value>) -> Page {
        parse_statuses(Value::Array(items).to_string().as_bytes(), "1").unwrap()
    }

    #[test]
    fn one_poison_item_costs_only_itself_and_paging_goes_on_below_it() {
        let page = page(vec![post(json!({})), post(json!({"id": "4", "uri": null}))]);
        assert_eq!(page.statuses.len(), 1);
        assert_eq!((page.count, page.last_id.as_deref()), (2, Some("4")));
        assert_eq!(page.rejected[0].item, "status 2 of the page");
        assert_eq!(page.rejected[0].why, "it has no uri");
        assert!(page.rejected[0].excerpt.contains("Hello"));
    }

    #[test]
    fn a_status_is_read_whole() {
        let value = post(json!({
            "url": null, "edited_at": "2026-11-01T11:00:00Z", "spoiler_text": "cw", "language": "es", "visibility": "constellation",
            "in_reply_to_id": 3, "application": {"name": "Desk Bot"}, "tags": [{"name": "china", "url": "https://social.example/tags/china"}],
            "mentions": [{"acct": "you@far.example", "url": "https://far.example/@you"}],
            "content": "<p><a href=\"https://far.example/@you\">@you</a> <a href=\"https://social.example/tags/china\" rel=\"tag\">#china</a> <a href=\"https://news.example/a\">x</a></p>",
            "media_attachments": [{"url": null, "blurhash": "L0", "description": "Panda"}, null],
        }));
        let status = page(vec![value]).statuses.remove(0);
        assert_eq!(
            status,
            Status {
                uri: StatusUri("https://social.example/s/5".into()),
                local_id: "5".into(),
                url: None,
                claimed_at: Some("2026-11-01T10:00:00Z".parse().unwrap()),
                edited_at: Some("2026-11-01T11:00:00Z".parse().unwrap()),
                text: "@you #china x".into(),
                spoiler: "cw".into(),
                language: Some("es".into()),
                boost_of: None,
                is_reply: true,
                links: vec!["https://news.example/a".into()],
                mentions: vec!["you@far.example".into()],
                tags: vec!["china".into()],
                media: vec![Media {
                    url: None,
                    blurhash: Some("L0".into()),
                    description: Some("Panda".into())
                }],
                application: Some("Desk Bot".into()),
            }
        );
    }

    #[test]
    fn a_boost_has_no_text_and_a_name_of_its_own() {
        let boosted = json!({"uri": "https://far.example/s/9", "content": "<p>theirs</p>"});
        let named = post(json!({"reblog": boosted, "content": "<p>theirs</p>"}));
        let nameless = post(json!({"id": "6", "uri": "https://far.example/s/9", "reblog": boosted}));
        let statuses = page(vec![named, nameless]).statuses;
        let told: Vec<_> =
            statuses.iter().map(|status| (status.uri.0.as_str(), status.text.as_str())).collect();
        assert_eq!(told, [("https://social.example/s/5", ""), ("https://far.example/s/9#boost-6", "")]);
        assert!(
            statuses
                .iter()
                .all(|status| status.boost_of == Some(StatusUri("https://far.example/s/9".into())))
        );
    }

    #[test]
    fn what_is_not_public_or_by_another_is_not_taken() {
        let page =
            page(vec![post(json!({"visibility": "direct"})), post(json!({"id": "3", "account": {"id": 2}}))]);
        assert_eq!((page.statuses.len(), page.count), (0, 2));
        assert_eq!(page.rejected[0].why, "it is by the account 2; expected 1");
    }

    #[test]
    fn found_accounts_are_read_from_both_shapes() {
        let nested = json!({"accounts": [desk(), {"id": "2"}], "statuses": []}).to_string();
        let (profiles, rejected) = parse_accounts(nested.as_bytes(), &host()).unwrap();
        assert_eq!((profiles.len(), rejected[0].why.as_str()), (1, "it has no acct"));
        let bare = json!([desk()]).to_string();
        assert_eq!(parse_accounts(bare.as_bytes(), &host()).unwrap().0.len(), 1);
        assert!(parse_accounts(b"{\"error\":\"x\"}", &host()).is_err());
    }

    #[test]
    fn everything_kept_is_capped() {
        let long = "新".repeat(60_000);
        let value = desk_with(
            json!({"display_name": long, "note": long, "url": format!("https://social.example/{long}"),
            "fields": (0..100).map(|n| json!({"name": long, "value": format!("https://news.example/{n}")})).collect::<Vec<_>>()}),
        );
        let profile = read(&value).unwrap();
        assert_eq!((profile.display_name.chars().count(), profile.note.chars().count()), (200, 5_000));
        assert_eq!((profile.links.len(), profile.url), (13, None));
        let text = page(vec![post(json!({"content": long}))]).statuses.remove(0).text;
        assert_eq!(text.chars().count(), 20_000);
        let crowd = page((0..500).map(|n| post(json!({"id": n}))).collect());
        assert_eq!((crowd.statuses.len(), crowd.rejected.len(), crowd.count), (200, 1, 500));
    }

    fn on_timeline(changes: Value) -> Value {
        let mut status = post(json!({"account": desk()}));
        status.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        status
    }

    #[test]
    fn a_timeline_is_read_with_its_authors_and_one_odd_post_costs_itself() {
        let far =
            desk_with(json!({"id": 7, "acct": "desk@far.example", "uri": "https://far.example/users/desk"}));
        let items = json!([
            on_timeline(json!({})),
            on_timeline(json!({"account": far})),
            on_timeline(json!({"account": null})),
            on_timeline(json!({"account": {"id": "3"}})),
            on_timeline(json!({"visibility": "private"})),
            7,
            on_timeline(json!({"id": "1"})),
        ]);
        let page = parse_timeline(items.to_string().as_bytes(), &host()).unwrap();
        let authors: Vec<_> = page.posts.iter().map(|post| post.author.acct.to_string()).collect();
        assert_eq!(authors, ["desk@social.example", "desk@far.example", "desk@social.example"]);
        assert_eq!(page.posts[0].status.text, "Hello");
        let whys: Vec<_> = page.rejected.iter().map(|rejected| rejected.why.as_str()).collect();
        assert_eq!(
            whys,
            ["its account: it is no object", "its account: it has no acct", "it has no account"]
        );
        assert_eq!((page.count, page.last_id.as_deref()), (7, Some("1")));
        assert!(
            parse_timeline(b"{\"error\":\"This method requires an authenticated user\"}", &host()).is_err()
        );
    }

    #[test]
    fn a_server_that_does_not_say_who_may_see_its_timelines_leaves_it_unsaid() {
        let said = json!({"configuration": {"timelines_access": {
            "live_feeds": {"local": "public", "remote": "authenticated"}, "hashtag_feeds": {"local": "disabled", "remote": 7}}}});
        assert_eq!(
            parse_timelines_access(said.to_string().as_bytes()).unwrap(),
            TimelinesAccess {
                live_local: Access::Public,
                live_remote: Access::Members,
                tag_local: Access::Nobody,
                tag_remote: Access::Unsaid,
            }
        );
        assert_eq!(parse_timelines_access(b"[]").unwrap(), TimelinesAccess::default());
        assert!(parse_timelines_access(b"<html>").is_err());
    }

    /// Any JSON, with the keys of accounts and statuses more often than others.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(https://[a-z]{1,5}\\.example/[a-z]{0,5}|<p>\\PC{0,9}|2026-11-02|\\PC{0,9})"
                .prop_map(Value::from),
        ];
        let key = "(id|uri|url|acct|account|content|reblog|fields|value|name|moved|note|mentions|tags|media_attachments|visibility|[a-z]{2})";
        leaf.prop_recursive(4, 40, 8, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                proptest::collection::vec((key, inner), 0..8)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic_and_every_item_is_accounted_for(items in proptest::collection::vec(any_json(), 0..5)) {
            let count = items.len();
            let bytes = Value::Array(items).to_string();
            let page = parse_statuses(bytes.as_bytes(), "1").unwrap();
            prop_assert!(page.statuses.len() + page.rejected.len() <= count);
            let (profiles, rejected) = parse_accounts(bytes.as_bytes(), &host()).unwrap();
            prop_assert_eq!(profiles.len() + rejected.len(), count);
            let page = parse_timeline(bytes.as_bytes(), &host()).unwrap();
            prop_assert!(page.posts.len() + page.rejected.len() <= count);
            let _ = parse_timelines_access(bytes.as_bytes());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_account(&bytes, &host());
            let _ = parse_statuses(&bytes, "1");
            let _ = parse_timeline(&bytes, &host());
            let _ = parse_timelines_access(&bytes);
        }
    }
}
