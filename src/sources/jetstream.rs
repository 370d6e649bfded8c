//! Jetstream: every public event of Bluesky as it happens, as frames of JSON over one connection.
//!
//! Shapes: github.com/bluesky-social/jetstream, version 1 of its interface, which is frozen, as of August 2026. Delivery
//! is at least once, so whoever takes events has to bear seeing one again. Nothing is kept here: a frame is looked at
//! where it lies, and most are dropped after their head was read.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::bluesky::wire::{is_did, post, post_uri};
use super::json::{self, Object, clip, http_url};
use super::{ParseError, PollError};
use crate::model::account::{BLUESKY_SERVICES, Host};
use crate::model::status::{Status, StatusUri};
use crate::model::target::Rejected;
use crate::net::{FetchError, Net, Told, Wire};

/// The instance that is asked. There are some, and each has a cursor of the same time.
pub static HOST: LazyLock<Host> =
    LazyLock::new(|| Host::parse(BLUESKY_SERVICES[1]).expect("the instance has a host name"));

/// What an instance keeps for those who come back. An older cursor is moved up without a word.
pub const LOOKBACK: Duration = Duration::hours(36);
/// Asked for once more at every beginning: what came together may be told in another order.
pub const ASK_BACK: Duration = Duration::seconds(5);

const POSTS: &str = "app.bsky.feed.post";
const PROFILES: &str = "app.bsky.actor.profile";
/// An account has one profile, under this key.
const PROFILE_KEY: &str = "self";
/// A time in microseconds before this one is no time: the network is younger.
const FIRST_MICROS: i64 = 1_577_836_800_000_000;
/// The year 2100: what claims to be later is no time either.
const LAST_MICROS: i64 = 4_102_444_800_000_000;
/// A display name has 64 graphemes, a description 256.
const NAME_CHARS: usize = 200;
const NOTE_CHARS: usize = 5_000;
const MOST_LINKS: usize = 50;

/// An open stream of events.
#[derive(Debug)]
pub struct Jetstream(Wire);

impl Jetstream {
    /// Opens the stream at a time, or at the present one. One that is older than [`LOOKBACK`] is moved up silently: the
    /// first event tells.
    ///
    /// # Errors
    /// What the road says, or that the host asks robots to stay away.
    pub async fn open(net: &Net, from: Option<DateTime<Utc>>) -> Result<Jetstream, PollError> {
        let url = address(from);
        if !net.allows_robots(&url).await? {
            return Err(PollError::RobotsForbid { url });
        }
        Ok(Jetstream(net.listen(&url).await?))
    }

    /// Waits for the next frame; giving up that wait loses nothing.
    ///
    /// # Errors
    /// The stream is over.
    pub async fn next(&mut self) -> Result<Told, FetchError> {
        self.0.next().await
    }

    /// Bytes that came so far.
    pub fn received(&self) -> u64 {
        self.0.received()
    }

    /// Ends the stream in order.
    pub async fn close(self) {
        self.0.close().await;
    }
}

fn address(from: Option<DateTime<Utc>>) -> String {
    let mut url = Url::parse(&format!("https://{}/subscribe", *HOST)).expect("a host makes a URL");
    let wanted = [POSTS, PROFILES].map(|collection| ("wantedCollections", collection));
    url.query_pairs_mut().extend_pairs(wanted);
    if let Some(from) = from {
        url.query_pairs_mut().append_pair("cursor", &from.timestamp_micros().to_string());
    }
    url.into()
}

/// One event, looked at where it lies.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Whose it is: an id of the network's methods.
    pub did: Cow<'a, str>,
    /// When the instance had it, which is what its cursor counts in.
    pub at: DateTime<Utc>,
    pub what: What<'a>,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What<'a> {
    Post {
        rkey: Cow<'a, str>,
        change: Change<'a>,
    },
    Profile(Change<'a>),
    /// Its handle may have changed.
    Identity {
        handle: Option<Cow<'a, str>>,
    },
    /// It was switched on or off, or taken down.
    Account {
        is_active: bool,
    },
    Other,
}

/// What became of a record.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    Made(Written<'a>),
    Edited(Written<'a>),
    Gone,
}

/// A record as it was written, not read yet.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a>(&'a RawValue);

/// What a glance at a post tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance<'a> {
    pub text: Cow<'a, str>,
    pub is_reply: bool,
}

/// How an account shows itself, as far as its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub display_name: String,
    pub note: String,
    pub links: Vec<String>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    did: Cow<'a, str>,
    time_us: i64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    commit: Option<&'a RawValue>,
    #[serde(borrow)]
    identity: Option<&'a RawValue>,
    #[serde(borrow)]
    account: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow)]
    collection: Cow<'a, str>,
    #[serde(borrow)]
    rkey: Cow<'a, str>,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow, default)]
    handle: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Account {
    active: bool,
}

#[derive(Deserialize)]
struct Post<'a> {
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    reply: Option<IgnoredAny>,
}

/// Reads the head of a frame. Kinds and operations that nobody knows yet are [`What::Other`].
///
/// # Errors
/// What cannot be read, for a person to look at.
pub fn parse(frame: &[u8]) -> Result<Event<'_>, Rejected> {
    read(frame).map_err(|why| rejected(frame, why))
}

/// A frame that is set aside.
pub fn rejected(frame: &[u8], why: String) -> Rejected {
    Rejected { item: "frame of the stream".to_owned(), why, excerpt: json::excerpt(frame) }
}

fn read(frame: &[u8]) -> Result<Event<'_>, String> {
    let not_json = |error: serde_json::Error| clip(&error.to_string(), NAME_CHARS);
    let head: Frame<'_> = serde_json::from_slice(frame).map_err(not_json)?;
    if !is_did(&head.did) {
        return Err(format!("it is of `{}`; expected the id of an account", clip(&head.did, NAME_CHARS)));
    }
    let at = Some(head.time_us).filter(|micros| (FIRST_MICROS..=LAST_MICROS).contains(micros));
    let at = at.and_then(DateTime::from_timestamp_micros);
    let at = at.ok_or_else(|| format!("its time is {}; expected microseconds", head.time_us))?;
    let missing = || format!("it is of kind `{}` and has none", head.kind);
    let what = match &*head.kind {
        "commit" => commit(serde_json::from_str(head.commit.ok_or_else(missing)?.get()).map_err(not_json)?)?,
        "identity" => {
            let identity: Identity<'_> =
                serde_json::from_str(head.identity.ok_or_else(missing)?.get()).map_err(not_json)?;
            What::Identity { handle: identity.handle }
        }
        "account" => {
            let account: Account =
                serde_json::from_str(head.account.ok_or_else(missing)?.get()).map_err(not_json)?;
            What::Account { is_active: account.active }
        }
        _ => What::Other,
    };
    Ok(Event { did: head.did, at, what })
}

fn commit(commit: Commit<'_>) -> Result<What<'_>, String> {
    let is_post = commit.collection == POSTS;
    if !is_post && (commit.collection != PROFILES || commit.rkey != PROFILE_KEY) {
        return Ok(What::Other);
    }
    let written = || commit.record.map(Written).ok_or_else(|| "its record is missing".to_owned());
    let change = match &*commit.operation {
        "create" => Change::Made(written()?),
        "update" => Change::Edited(written()?),
        "delete" => Change::Gone,
        _ => return Ok(What::Other),
    };
    Ok(if is_post { What::Post { rkey: commit.rkey, change } } else { What::Profile(change) })
}

impl<'a> Written<'a> {
    /// The text of a post and whether it answers another; `None` where it is no post.
    pub fn glance(self) -> Option<Glance<'a>> {
        let post: Post<'a> = serde_json::from_str(self.0.get()).ok()?;
        Some(Glance { text: post.text, is_reply: post.reply.is_some() })
    }

    /// The record as it lies there.
    pub fn bytes(self) -> &'a [u8] {
        self.0.get().as_bytes()
    }

    /// The whole post, as the AppView would show it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn status(self, did: &str, rkey: &str, at: DateTime<Utc>) -> Result<Status, String> {
        post(&self.value()?, did, rkey, at)
    }

    /// How an account shows itself from now on.
    ///
    /// # Errors
    /// Why it is no profile.
    pub fn shown(self) -> Result<Shown, String> {
        let value = self.value()?;
        let record = Object::of(&value).ok_or("its record is no object")?;
        let note = clip(record.text("description").unwrap_or_default(), NOTE_CHARS);
        let website = record.http_url("website").map(str::to_owned);
        let words = note.split(|c: char| c.is_whitespace() || "()<>[]\"'".contains(c));
        let links = words.filter(|word| word.starts_with("http")).filter_map(http_url).map(String::from);
        let links = website.into_iter().chain(links).take(MOST_LINKS).collect();
        let display_name = clip(record.text("displayName").unwrap_or_default(), NAME_CHARS);
        Ok(Shown { display_name, note, links })
    }

    fn value(self) -> Result<Value, String> {
        json::parse(self.bytes()).map_err(|ParseError { why, .. }| why)
    }
}

/// Where the post of an account with this key lies.
pub fn uri(did: &str, rkey: &str) -> Option<StatusUri> {
    post_uri(did, rkey)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

    fn frame(kind: &str, body: Value) -> Vec<u8> {
        let mut frame = json!({"did": DID, "time_us": 1_793_620_800_000_000_i64, "kind": kind});
        frame[kind] = body;
        frame.to_string().into_bytes()
    }

    fn of_commit(operation: &str, collection: &str, record: Value) -> Vec<u8> {
        frame(
            "commit",
            json!({"rev": "3l3", "operation": operation, "collection": collection, "rkey": "3l3abc", "cid": "bafy", "record": record}),
        )
    }

    #[test]
    fn an_event_is_what_happened_to_whom_and_when() {
        let made = of_commit(
            "create",
            POSTS,
            json!({"$type": POSTS, "text": "Nace un \"panda\"", "langs": ["es"],
            "createdAt": "2026-11-02T11:59:00.000Z", "reply": {"root": {}, "parent": {}}}),
        );
        let event = parse(&made).unwrap();
        assert_eq!((&*event.did, event.at), (DID, "2026-11-02T12:00:00Z".parse().unwrap()));
        let What::Post { rkey, change: Change::Made(written) } = event.what else { panic!("{event:?}") };
        let glance = written.glance().unwrap();
        assert_eq!((&*glance.text, glance.is_reply), ("Nace un \"panda\"", true));
        let status = written.status(DID, &rkey, event.at).unwrap();
        assert_eq!(status.uri.0, format!("at://{DID}/app.bsky.feed.post/3l3abc"));
        assert_eq!(status.claimed_at, Some("2026-11-02T11:59:00Z".parse().unwrap()));

        let gone = frame("commit", json!({"operation": "delete", "collection": POSTS, "rkey": "3l3abc"}));
        assert!(matches!(parse(&gone).unwrap().what, What::Post { change: Change::Gone, .. }));
        let named = frame("identity", json!({"did": DID, "handle": "oriental.example", "seq": 1}));
        let What::Identity { handle: Some(handle) } = parse(&named).unwrap().what else {
            panic!("no handle")
        };
        assert_eq!(handle, "oriental.example");
        let off = frame("account", json!({"active": false, "did": DID, "status": "takendown"}));
        assert!(matches!(parse(&off).unwrap().what, What::Account { is_active: false }));
    }

    #[test]
    fn what_nobody_asked_for_is_other_and_what_cannot_be_read_says_why() {
        for other in [
            of_commit("create", "app.bsky.feed.like", json!({})),
            of_commit("rewrite", POSTS, json!({"text": "x"})),
            frame("sync", json!({})),
        ] {
            assert!(matches!(parse(&other).unwrap().what, What::Other));
        }
        for (bad, why) in [
            (b"<html>".to_vec(), "expected value at line 1 column 1"),
            (frame("commit", Value::Null), "it is of kind `commit` and has none"),
            (of_commit("create", POSTS, Value::Null), "its record is missing"),
            (
                json!({"did": "../x", "time_us": 1_793_620_800_000_000_i64, "kind": "x"})
                    .to_string()
                    .into_bytes(),
                "it is of `../x`; expected the id of an account",
            ),
            (
                json!({"did": DID, "time_us": 5, "kind": "x"}).to_string().into_bytes(),
                "its time is 5; expected microseconds",
            ),
        ] {
            let rejected = parse(&bad).unwrap_err();
            assert_eq!(rejected.why, why);
        }
    }

    #[test]
    fn the_stream_is_asked_for_in_the_words_of_its_first_version() {
        assert_eq!(
            address(Some("2026-11-02T12:00:00Z".parse().unwrap())),
            "https://jetstream2.us-east.bsky.network/subscribe?wantedCollections=app.bsky.feed.post\
             &wantedCollections=app.bsky.actor.profile&cursor=1793620800000000"
        );
    }

    proptest! {
        #[test]
        fn no_frame_panics(bytes in any::<Vec<u8>>(), key in ".*", text in ".*", at in any::<i64>()) {
            let _ = parse(&bytes);
            let odd = json!({"did": DID, "time_us": at, "kind": "commit", "commit": {"operation": "create",
                "collection": POSTS, "rkey": key, "record": {"text": text, "facets": [{"index": {"byteStart": at, "byteEnd": 7}}]}}});
            let odd = odd.to_string().into_bytes();
            for end in [odd.len(), bytes.len().min(odd.len())] {
                if let Ok(Event { did, at, what: What::Post { rkey, change: Change::Made(written) } }) = parse(&odd[..end]) {
                    let _ = (written.glance(), written.status(&did, &rkey, at), written.shown());
                }
            }
        }
    }
}
