//! Listening to a Jetstream on loopback: nothing lost and nothing twice, whatever it does, and nothing kept of others.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "jetstream/double.rs"]
mod double;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration as RealDuration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, Duration, DurationRound as _, SecondsFormat, Utc};
use masthead::clock::Clock;
use masthead::config::{self, Environment};
use masthead::cycle::listen::{CaughtUp, catch_up};
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, collect, health};
use masthead::model::account::{AccountId, Host};
use masthead::model::dossier::Method;
use masthead::model::health::{Line, Mark};
use masthead::model::status::SeenStatus;
use masthead::model::target::{Target, TargetRecord};
use masthead::net::{FetchError, Net, NetConfig, Timeouts, Told, Wire};
use serde_json::{Value, json};
use tempfile::TempDir;

use double::{Act, Double, frame, text};

const HOST: &str = "jetstream2.us-east.bsky.network";
const OURS: &str = "did:plc:oursoursoursoursoursours";
const FAN: &str = "did:plc:fanfanfanfanfanfanfanfan";
const COPY: &str = "did:plc:copycopycopycopycopycopy";
const PANDA: &str =
    "Nace un panda gigante en el centro de conservación de Chengdu, el tercero de este año en la base";
const BRIDGE: &str =
    "El puente más alto del mundo abre al tráfico tras cuatro años de obras en la provincia de Guizhou";

// The wire.

async fn road(double: &Double) -> Net {
    let timeouts = Timeouts {
        silence: RealDuration::from_millis(200),
        answer: RealDuration::from_millis(200),
        ..Timeouts::default()
    };
    let config = NetConfig {
        user_agent: "Masthead-test (+https://masthead.example)".into(),
        hosts: BTreeMap::from([(Host::parse(HOST).unwrap(), double.address)]),
        allowed: BTreeSet::new(),
        timeouts,
    };
    Net::new(config, Clock::Real).unwrap()
}

async fn listen(double: &Double) -> Result<Wire, FetchError> {
    road(double).await.listen(&format!("https://{HOST}/subscribe?x=1&cursor=0")).await
}

fn words(told: &Told) -> &str {
    match told {
        Told::Text(bytes) => std::str::from_utf8(bytes).unwrap(),
        other => panic!("{other:?} is no text"),
    }
}

#[tokio::test]
async fn a_stream_is_asked_for_like_everything_else_and_ends_in_order() {
    let double = Double::start().await;
    double.tell(1, "one".into());
    double.act(Act::Bytes(
        [frame(0x01, b"in "), frame(0x89, b"?"), frame(0x80, b"two"), frame(0x82, b"\x00")].concat(),
    ));
    let mut wire = listen(&double).await.unwrap();
    let request = &double.requests()[0].to_ascii_lowercase();
    for line in [
        format!("host: {HOST}\r\n"),
        "user-agent: masthead-test (+https://masthead.example)\r\n".to_owned(),
        "connection: upgrade\r\n".to_owned(),
        "sec-websocket-version: 13\r\n".to_owned(),
    ] {
        assert!(request.contains(&line), "{request} lacks {line}");
    }
    assert_eq!(wire.next().await.unwrap(), Told::Ping);
    assert_eq!(words(&wire.next().await.unwrap()), "in two");
    assert_eq!(wire.next().await.unwrap(), Told::Binary(vec![0]));
    assert_eq!(words(&wire.next().await.unwrap()), "one");
    assert_eq!(wire.next().await.unwrap(), Told::Ping);
    assert!((10..60).contains(&wire.received()), "{}", wire.received());
    wire.close().await;
    assert!(double.pongs() >= 1);
    assert_eq!(double.closed(), 1);
}

#[tokio::test]
async fn a_ping_is_answered_once_what_came_before_it_was_taken() {
    let double = Double::start().await;
    double.tell(1, "one".into());
    let mut wire = listen(&double).await.unwrap();
    assert_eq!(words(&wire.next().await.unwrap()), "one");
    assert_eq!(wire.next().await.unwrap(), Told::Ping);
    tokio::time::timeout(RealDuration::from_millis(100), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(double.pongs(), 0);
    double.tell(2, "two".into());
    assert_eq!(words(&wire.next().await.unwrap()), "two");
    assert_eq!(wire.next().await.unwrap(), Told::Ping);
    tokio::time::timeout(RealDuration::from_millis(50), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(double.pongs(), 1);
}

#[tokio::test]
async fn whoever_is_silent_slow_too_large_or_garbled_is_cut() {
    for (act, expected) in [
        (Act::Mute, "took too long: nothing came, and no answer to the question why"),
        (Act::Drip, "took too long: nothing came, and no answer to the question why"),
        (Act::CutAfter(0), "broke off: it was cut"),
        (Act::Bytes(vec![0x88, 0]), "broke off: it was closed"),
        // The head of a frame of 16 MiB, and no byte of it: it is refused before it comes.
        (
            Act::Bytes(frame(0x81, &vec![b'x'; 16 << 20])[..10].to_vec()),
            "is too large: more than 1048576 bytes",
        ),
        (
            Act::Bytes([frame(0x01, &vec![b'x'; 900_000]), frame(0x80, &vec![b'x'; 900_000])].concat()),
            "is too large",
        ),
        (Act::Bytes(frame(0x81, b"\xff\xfe")), "cannot be read on"),
        (Act::Bytes(frame(0xf1, b"reserved bits")), "cannot be read on"),
        (Act::Bytes("HTTP/1.1 400 Bad Request\r\n".repeat(9).into_bytes()), "cannot be read on"),
    ] {
        let double = Double::start().await;
        double.act(act.clone());
        let mut wire = listen(&double).await.unwrap();
        let begun = std::time::Instant::now();
        let error = loop {
            match wire.next().await {
                Ok(_) => {}
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.contains(expected), "{act:?}: {error}");
        assert!(begun.elapsed() < RealDuration::from_secs(5), "{act:?}");
    }
}

#[tokio::test]
async fn a_quiet_stream_that_answers_stays_open() {
    let double = Double::start().await;
    double.act(Act::Bytes(frame(0x8a, b"")));
    let mut wire = listen(&double).await.unwrap();
    assert_eq!(wire.next().await.unwrap(), Told::Ping);
    // The double answers no ping of ours, but says something now and then.
    for n in 0..4 {
        let later = tokio::time::timeout(RealDuration::from_millis(150), wire.next()).await;
        assert!(later.is_err(), "{later:?}");
        double.tell(n, format!("{n}"));
        assert_eq!(words(&wire.next().await.unwrap()), n.to_string());
        assert_eq!(wire.next().await.unwrap(), Told::Ping);
    }
}

#[tokio::test]
async fn whatever_is_no_upgrade_is_an_error_that_says_what_came() {
    let page = |status: &str, headers: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    for (answer, expected) in [
        (
            page("400 Bad Request", "", r#"{"error":"CursorTooOld","message":"no"}"#),
            "answered 400: {\"error\":\"CursorTooOld\"",
        ),
        (page("200 OK", "content-type: text/html\r\n", "<html>Welcome"), "answered 200: <html>Welcome"),
        (page("429 Too Many Requests", "retry-after: 7\r\n", ""), "is left alone until"),
        (page("403 Forbidden", "", ""), "answered 403; it is not asked again before"),
        (page("503 Service Unavailable", "", "later"), "answered 503: later"),
        (
            page("302 Found", "location: https://127.0.0.1/\r\n", ""),
            "https://127.0.0.1/ is not fetched: 127.0.0.1 is not a public address",
        ),
        (
            page("302 Found", "location: https://other.example/\r\n", ""),
            "it redirects to https://other.example/, and streams are not followed",
        ),
        ("garbage\r\n\r\n".to_owned(), "broke off"),
    ] {
        let double = Double::start().await;
        double.act(Act::Say(answer.clone()));
        let error = listen(&double).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{answer}: {error}");
    }
    let double = Double::start().await;
    double.act(Act::WrongProof);
    let error = listen(&double).await.unwrap_err().to_string();
    assert!(error.contains("without the proof that it read our request"), "{error}");
}

#[tokio::test]
async fn open_streams_take_no_turn_of_their_host() {
    let double = Double::start().await;
    let net = road(&double).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        let url = format!("https://{HOST}/subscribe?cursor=0");
        let opened = tokio::time::timeout(RealDuration::from_secs(5), net.listen(&url)).await;
        open.push(opened.expect("nobody waits for a turn").unwrap());
    }
    assert!(net.allows_robots(&format!("https://{HOST}/")).await.unwrap());
}

#[tokio::test]
async fn a_stream_goes_to_public_addresses_only() {
    let net = road(&Double::start().await).await;
    for url in [
        "https://127.0.0.1/subscribe",
        "https://[::1]/",
        "https://localhost/",
        "wss://jet.example/",
        "https://10.0.0.1/",
    ] {
        let error = net.listen(url).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused { .. }), "{url}: {error}");
    }
}

// A town: an outlet's feed, an AppView, and the stream.

const CONFIG: &str = r#"
watchlist = ["outlets.toml"]
state_dir = "state"
contact = "https://masthead.example/"
[sources.pages]
enabled = false
[web]
listen = "127.0.0.1:0"
[sources.bluesky]
enabled = true
jetstream = true
opt_out = ["did:plc:quietquietquietquietqui"]
[hosts]
"#;

const WATCHLIST: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
aliases = ["东方社"]
country = "XX"
owner = "Ministry of Examples"
control = "state-controlled"
domains = ["oriental.example"]
feeds = [{ url = "https://oriental.example/es.xml", status = "working" }]
accounts = [{ platform = "bluesky", handle = "ours.example" }]
"#;

/// What the AppView knows: handle and posts of each account.
type Repos = Arc<Mutex<BTreeMap<String, (String, Vec<Value>)>>>;

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn record(text: &str, at: DateTime<Utc>) -> Value {
    json!({"$type": "app.bsky.feed.post", "text": text, "createdAt": stamp(at), "langs": ["es"]})
}

async fn get_profile(State(repos): State<Repos>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let repos = repos.lock().unwrap();
    let actor = &query["actor"];
    let found = repos.iter().find(|(did, (handle, _))| *did == actor || handle == actor);
    let Some((did, (handle, posts))) = found else {
        let body = json!({"error": "InvalidRequest", "message": "Profile not found"}).to_string();
        return (StatusCode::BAD_REQUEST, [("content-type", "application/json")], body).into_response();
    };
    let name = if did == FAN { "Agencia Oriental en Chile" } else { "Noticias" };
    let body = json!({"did": did, "handle": handle, "displayName": name, "postsCount": posts.len(),
        "followersCount": 6, "createdAt": "2026-11-01T08:00:00.000Z", "description": "todo lo que pasa"});
    ([("content-type", "application/json")], body.to_string()).into_response()
}

async fn get_feed(State(repos): State<Repos>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let repos = repos.lock().unwrap();
    let posts = repos.get(&query["actor"]).map(|(_, posts)| posts.clone()).unwrap_or_default();
    let posts: Vec<_> = posts.into_iter().rev().take(50).collect();
    ([("content-type", "application/json")], json!({"feed": posts}).to_string()).into_response()
}

async fn get_rss() -> Response {
    let date = Clock::Real.now().to_rfc2822();
    let item = |n: u32, text: &str| {
        format!(
            "<item><guid>https://oriental.example/{n}</guid><link>https://oriental.example/{n}</link><title>Nota {n}</title><description>{text}</description><pubDate>{date}</pubDate></item>"
        )
    };
    let items = [item(1, PANDA), item(2, BRIDGE)].concat();
    let feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>AO</title><link>https://oriental.example/</link><description>AO</description>{items}</channel></rss>"
    );
    ([("content-type", "application/rss+xml")], feed).into_response()
}

struct Town {
    double: Double,
    repos: Repos,
    /// When the story begins.
    start: DateTime<Utc>,
    dir: TempDir,
}

impl Town {
    async fn new() -> Town {
        let repos = Repos::default();
        let router = Router::new()
            .route("/xrpc/app.bsky.actor.getProfile", get(get_profile))
            .route("/xrpc/app.bsky.feed.getAuthorFeed", get(get_feed))
            .route("/es.xml", get(get_rss))
            .with_state(repos.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let double = Double::start().await;
        let dir = tempfile::tempdir().unwrap();
        let hosts = ["oriental.example", "public.api.bsky.app"].map(|host| (host, address));
        let hosts = hosts.into_iter().chain([(HOST, double.address)]);
        let hosts: String = hosts.map(|(host, address)| format!("\"{host}\" = \"{address}\"\n")).collect();
        std::fs::write(dir.path().join("config.toml"), format!("{CONFIG}{hosts}")).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
        let start = (Clock::Real.now() - Duration::minutes(30)).duration_trunc(Duration::seconds(1)).unwrap();
        let town = Town { double, repos, start, dir };
        town.has(OURS, "ours.example", &[("3k1", "Buenos días desde la redacción")]);
        town
    }

    /// The AppView knows an account with these posts, an hour old.
    fn has(&self, did: &str, handle: &str, posts: &[(&str, &str)]) {
        let at = self.start - Duration::hours(1);
        let item = |(key, text): &(&str, &str)| {
            json!({"post": {"uri": format!("at://{did}/app.bsky.feed.post/{key}"), "cid": "bafy",
            "author": {"did": did, "handle": handle}, "indexedAt": stamp(at), "record": record(text, at)}})
        };
        self.repos.lock().unwrap().insert(did.into(), (handle.into(), posts.iter().map(item).collect()));
    }

    async fn open(&self) -> Newsroom {
        let path = self.dir.path().join("config.toml");
        let loaded = config::load(Some(&path), &Environment::default(), Clock::Real.now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
        Newsroom::open(Arc::new(config)).await.unwrap()
    }

    /// A newsroom that has read the feed and the account that is ours, and listens from the start of the story.
    async fn ready(&self) -> Newsroom {
        let room = self.open().await;
        poll(&room).await;
        self.post(FAN, "3k0", "antes de todo", 0);
        // The first time it listens from then on: what was said before is none of its business.
        let position = json!({"begun": self.start - Duration::days(9), "cursor": self.start - Duration::seconds(1),
            "holes": [], "bytes": 0, "events": 0, "over_millis": 0});
        let mut batch = masthead::store::Batch::new();
        batch.set_note("jetstream", &position.to_string());
        room.store.commit(batch).unwrap();
        room
    }

    fn tell(&self, did: &str, after_secs: i64, kind: &str, body: Value) {
        let at = micros(self.start + Duration::seconds(after_secs));
        let mut frame = json!({"did": did, "time_us": at, "kind": kind});
        frame[kind] = body;
        self.double.tell(at, frame.to_string());
    }

    fn commit(&self, did: &str, after_secs: i64, operation: &str, key: &str, record: Value) {
        let collection = if key == "self" { "app.bsky.actor.profile" } else { "app.bsky.feed.post" };
        let mut body = json!({"rev": "3l", "operation": operation, "collection": collection, "rkey": key});
        if operation != "delete" {
            body["record"] = record;
            body["cid"] = json!("bafy");
        }
        self.tell(did, after_secs, "commit", body);
    }

    fn post(&self, did: &str, key: &str, text: &str, after_secs: i64) {
        let at = self.start + Duration::seconds(after_secs);
        self.commit(did, after_secs, "create", key, record(text, at));
    }
}

async fn poll(room: &Newsroom) {
    for _ in 0..6 {
        if collect::pass(room, Pacing::AtOnce, Clock::Real.now()).await.unwrap().polled == 0 {
            break;
        }
    }
}

async fn hear(room: &Newsroom) -> CaughtUp {
    catch_up(room).await.unwrap()
}

fn ours(room: &Newsroom) -> BTreeMap<String, SeenStatus> {
    let statuses = room.store.statuses(&AccountId::bluesky(OURS)).unwrap();
    statuses.into_iter().map(|seen| (seen.status.local_id.clone(), (*seen).clone())).collect()
}

fn leads(room: &Newsroom) -> Vec<Arc<TargetRecord>> {
    let mut targets = room.store.targets().unwrap();
    targets.retain(|record| matches!(record.target, Target::Unnamed { .. }));
    targets
}

async fn lines(room: &Newsroom) -> Vec<Line> {
    let health = health::of(room, Clock::Real.now()).await.unwrap();
    health.lines.into_iter().filter(|line| line.name.starts_with(HOST)).collect()
}

/// Whether a text lies anywhere below a folder.
fn is_on_disk(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => is_on_disk(&path, text),
        false => std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()),
    })
}

#[tokio::test]
async fn a_known_account_s_posts_are_there_at_once_and_its_poll_counts_none_twice() {
    let town = Town::new().await;
    let room = town.ready().await;
    assert_eq!(ours(&room).len(), 1);
    town.post(OURS, "3k2", "Hoy llueve en la capital", 10);
    town.post(OURS, "3k3", PANDA, 20);
    let heard = hear(&room).await;
    assert_eq!((heard.trouble, heard.statuses, heard.leads), (None, 2, 0));
    let seen = ours(&room);
    assert_eq!(seen["3k2"].first_seen, town.start + Duration::seconds(10));
    assert!(!seen["3k2"].background);
    assert_eq!(room.store.reuse(&AccountId::bluesky(OURS)).unwrap().len(), 1);
    // The AppView has one of them by now, and not the other yet.
    let (text, at) = ("Hoy llueve en la capital", town.start + Duration::seconds(10));
    town.repos.lock().unwrap().get_mut(OURS).unwrap().1.push(json!({"post": {
        "uri": format!("at://{OURS}/app.bsky.feed.post/3k2"), "cid": "bafy", "author": {"did": OURS, "handle": "ours.example"},
        "indexedAt": stamp(at + Duration::seconds(3)), "record": record(text, at)}}));
    town.tell(OURS, 30, "identity", json!({"did": OURS, "handle": "ours.news.example"}));
    town.repos.lock().unwrap().get_mut(OURS).unwrap().0 = "ours.news.example".into();
    hear(&room).await;
    poll(&room).await;
    let account = room.store.account(&AccountId::bluesky(OURS)).unwrap().unwrap();
    assert_eq!(account.acct.user(), "ours.news.example");
    let after = ours(&room);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["3k1", "3k2", "3k3"]);
    assert_eq!(after["3k2"], seen["3k2"]);
}

#[tokio::test]
async fn edits_and_deletions_are_honoured_once_however_often_they_are_told() {
    let town = Town::new().await;
    let room = town.ready().await;
    town.post(OURS, "3k2", "Hoy llueve en la capital", 10);
    town.commit(OURS, 20, "update", "3k2", record("Hoy no llueve en la capital", town.start));
    town.post(OURS, "3k3", "Mañana ya se verá", 25);
    town.commit(OURS, 30, "delete", "3k3", Value::Null);
    town.commit(OURS, 31, "delete", "3k9", Value::Null);
    hear(&room).await;
    let seen = ours(&room);
    assert_eq!(seen["3k2"].versions.len(), 1);
    assert_eq!(seen["3k3"].removed_at, Some(town.start + Duration::seconds(30)));
    assert_eq!(seen["3k3"].status.text, "Mañana ya se verá");
    // Everything once more, by a stream that goes far back.
    for _ in 0..3 {
        let mut note: Value = serde_json::from_str(&room.store.note("jetstream").unwrap().unwrap()).unwrap();
        note["cursor"] = json!(town.start);
        let mut batch = masthead::store::Batch::new();
        batch.set_note("jetstream", &note.to_string());
        room.store.commit(batch).unwrap();
        assert_eq!(hear(&room).await.trouble, None);
    }
    assert_eq!(ours(&room), seen);
}

#[tokio::test]
async fn what_concerns_nobody_is_never_on_disk_and_what_does_leads_to_its_author() {
    let town = Town::new().await;
    let room = town.ready().await;
    town.has(COPY, "noticias.example", &[("3c1", PANDA), ("3c2", BRIDGE)]);
    town.has(FAN, "chile.example", &[]);
    for n in 0..700 {
        town.post(
            &format!("did:plc:somebody{n:04}"),
            "3s1",
            &format!("mi gato {n} no está de acuerdo con la lluvia"),
            1,
        );
    }
    town.post(COPY, "3c1", PANDA, 5);
    // Who answers others, and who asked to be left alone, is nobody's lead.
    let mut reply = record(PANDA, town.start);
    reply["reply"] = json!({"root": {}, "parent": {}});
    town.commit("did:plc:replies", 6, "create", "3r1", reply);
    town.post("did:plc:quietquietquietquietqui", "3q1", PANDA, 7);
    town.commit(FAN, 8, "create", "self", json!({"displayName": "Agencia Оriental en Chile"}));
    for n in 0..20 {
        let did = format!("did:plc:reader{n}");
        let link = json!({"$type": "app.bsky.embed.external", "external": {"uri": "https://oriental.example/1", "title": "t"}});
        let mut reading = record("qué interesante lectura secreta", town.start);
        reading["embed"] = link;
        town.commit(&did, 9, "create", "3l1", reading);
    }
    let heard = hear(&room).await;
    assert_eq!((heard.trouble, heard.statuses), (None, 0));
    let found = leads(&room);
    let by = |method: Method| {
        let of = found.iter().filter(|record| record.found.as_ref().unwrap().method == method);
        of.map(|record| record.target.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(by(Method::Stream), [format!("address of {COPY}"), format!("address of {FAN}")]);
    assert_eq!(by(Method::Mention).len(), 5, "of those who only link an outlet, some are looked at");
    assert!(found.iter().all(|record| record.found.as_ref().unwrap().through == HOST));
    for text in ["mi gato", "lectura secreta", "somebody0001"] {
        assert!(!is_on_disk(town.dir.path(), text), "{text}");
    }
    // The AppView gives them names, reads them, and they are judged like all others.
    poll(&room).await;
    let account = room.store.account(&AccountId::bluesky(COPY)).unwrap().unwrap();
    assert_eq!((account.acct.user(), account.found.method), ("noticias.example", Method::Stream));
    assert_eq!(room.store.reuse(&account.id).unwrap().len(), 2);
    let fan = room.store.account(&AccountId::bluesky(FAN)).unwrap().unwrap();
    assert_eq!((fan.found.method, fan.found.background), (Method::Stream, false));
    assert!(room.store.assessment(&fan.id).unwrap().is_some());
    assert!(leads(&room).is_empty(), "whom the service does not know is no lead any more");
}

#[tokio::test]
async fn a_stream_that_is_cut_goes_on_where_it_was_and_bad_frames_cost_only_themselves() {
    let town = Town::new().await;
    let room = town.ready().await;
    for n in 0..200 {
        town.post(OURS, &format!("3m{n:03}"), &format!("nota número {n} de la redacción"), n);
    }
    let garbage = [
        frame(0x82, b"\x28\xb5\x2f\xfdzstd"),
        text("<html>"),
        text("{\"did\":"),
        text(&json!({"did": OURS, "time_us": "soon", "kind": "commit"}).to_string()),
        text(&format!("{{\"x\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000))),
    ];
    town.double.act(Act::Bytes(garbage.concat()));
    assert_eq!(hear(&room).await.trouble, None);
    assert_eq!(ours(&room).len(), 201);
    let rejected = room.store.rejected(20).unwrap();
    assert_eq!(rejected.len(), 5, "{rejected:?}");

    for n in 200..400 {
        town.post(OURS, &format!("3m{n:03}"), &format!("nota número {n} de la redacción"), n);
    }
    // Cut after a few, then a frame that no stream may hold, in one go: it goes on by itself.
    for n in 0..2 {
        town.double.act(Act::CutAfter(60 + n));
    }
    let heard = hear(&room).await;
    assert_eq!(heard.trouble, None);
    let seen = ours(&room);
    assert_eq!(seen.len(), 401);
    assert!(seen.values().all(|seen| seen.versions.is_empty() && seen.removed_at.is_none()));
    // Each time it asked a little back, and never for the beginning.
    let asked = town.double.asked();
    let cursors: Vec<i64> = asked.iter().map(|cursor| cursor.unwrap()).collect();
    assert!(cursors.windows(2).all(|pair| pair[0] <= pair[1]), "{cursors:?}");
    assert_eq!(*cursors.first().unwrap(), micros(town.start - Duration::seconds(6)));
    assert!(*cursors.last().unwrap() >= micros(town.start + Duration::seconds(200)), "{cursors:?}");
}

#[tokio::test]
async fn a_frame_that_no_stream_may_hold_is_stepped_over_and_shown_as_a_gap() {
    let town = Town::new().await;
    let room = town.ready().await;
    town.post(OURS, "3k2", "Hoy llueve en la capital", 10);
    assert_eq!(hear(&room).await.trouble, None);
    let at = micros(town.start + Duration::milliseconds(11_500));
    town.double.tell(at, "x".repeat(2 << 20));
    town.post(OURS, "3k3", "Mañana ya se verá", 40);
    assert_eq!(hear(&room).await.trouble, None);
    assert!(ours(&room).contains_key("3k3"));
    let gap = lines(&room).await.into_iter().find(|line| line.name.ends_with(" gap")).unwrap();
    assert_eq!(gap.mark, Mark::Warning);
}

#[tokio::test]
async fn a_cursor_that_is_too_old_is_a_gap_that_health_shows_and_a_quiet_hour_is_none() {
    let town = Town::new().await;
    let room = town.ready().await;
    town.post(OURS, "3k2", "Hoy llueve en la capital", 10);
    assert_eq!(hear(&room).await.trouble, None);
    let told = lines(&room).await;
    assert!(told.iter().all(|line| !line.name.ends_with("gap")), "{told:?}");
    // The machine was off for days; the instance has what came since yesterday.
    let mut note: Value = serde_json::from_str(&room.store.note("jetstream").unwrap().unwrap()).unwrap();
    note["cursor"] = json!(town.start - Duration::days(3));
    let mut batch = masthead::store::Batch::new();
    batch.set_note("jetstream", &note.to_string());
    room.store.commit(batch).unwrap();
    town.double.keep_from(micros(town.start));
    assert_eq!(hear(&room).await.trouble, None);
    let gap = lines(&room).await.into_iter().find(|line| line.name.ends_with(" gap")).unwrap();
    assert_eq!(gap.mark, Mark::Warning);
    assert!(gap.says.starts_with("nobody saw what was posted from "), "{gap:?}");
}

/// A service on the town's configuration, in a process of its own.
struct Service(std::process::Child);

impl Service {
    fn start(town: &Town) -> Service {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_masthead"));
        command.args(["run", "--config"]).arg(town.dir.path().join("config.toml"));
        let log =
            std::fs::File::options().create(true).append(true).open(town.dir.path().join("log")).unwrap();
        command.env("MASTHEAD_LOG", "info").stderr(log).stdout(std::process::Stdio::null());
        Service(command.spawn().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(id, signal).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whatever a story came to, nothing of it goes on.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_reloaded_in_the_middle_it_loses_nothing_and_takes_nothing_twice() {
    const POSTS: usize = 300;
    let town = Town::new().await;
    drop(town.ready().await);
    let mut service = Service::start(&town);
    for n in 0..POSTS {
        let at = Clock::Real.now();
        let body = json!({"rev": "3l", "operation": "create", "collection": "app.bsky.feed.post", "rkey": format!("3p{n:03}"),
            "cid": "bafy", "record": record(&format!("nota número {n} de la redacción"), at)});
        let frame = json!({"did": OURS, "time_us": micros(at), "kind": "commit", "commit": body});
        town.double.tell(micros(at), frame.to_string());
        if n == 60 || n == 130 {
            service.signal(rustix::process::Signal::KILL);
            service.0.wait().unwrap();
            service = Service::start(&town);
        }
        if n == 200 {
            let path = town.dir.path().join("config.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("official = 0", "official = 1") + "\n# another\n").unwrap();
            service.signal(rustix::process::Signal::HUP);
        }
        Clock::Real.sleep(Duration::milliseconds(40)).await;
    }
    Clock::Real.sleep(Duration::seconds(4)).await;
    service.signal(rustix::process::Signal::TERM);
    let status = service.0.wait().unwrap();
    let log = std::fs::read_to_string(town.dir.path().join("log")).unwrap();
    assert!(status.success(), "{status}: {log}");
    let room = town.open().await;
    let seen = ours(&room);
    let lost: Vec<_> =
        (0..POSTS).map(|n| format!("3p{n:03}")).filter(|key| !seen.contains_key(key)).collect();
    assert!(lost.is_empty(), "{lost:?} {:?}: {log}", town.double.asked());
    assert!(seen.values().all(|seen| seen.versions.is_empty()), "{seen:?}");
    assert!(town.double.asked().len() >= 3, "{:?}", town.double.asked());
    assert!(town.double.closed() >= 1, "the last stream is closed in order");
}
