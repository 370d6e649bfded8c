//! The outbox and the home server's description, against a server on the loopback.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use masthead::clock::{Clock, Scale};
use masthead::model::account::Host;
use masthead::model::digest::{Digest, DigestNumber, DigestRecord, DigestState, Part, PartState, Visibility};
use masthead::model::record::{Entry, Record};
use masthead::net::{Net, NetConfig, Timeouts};
use masthead::publish::home::{self, Family, HomeError};
use masthead::publish::outbox::{Outbox, OutboxError};
use masthead::publish::thread::{
    self, Keys, Outcome, ReadBack, Sending, Situation, Step, Switch, after_read, after_send, approval,
};
use secrecy::SecretString;
use serde_json::{Value, json};

/// One request as it arrived.
#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    uri: String,
    key: Option<String>,
    bearer: Option<String>,
    body: Value,
}

/// What the server answers to one request, and whether it made the post first.
#[derive(Debug, Clone)]
enum Answer {
    /// As the API does.
    Api,
    Status(u16, &'static str, String),
    /// Made, and then the connection is cut.
    LostAfter,
}

#[derive(Debug, Default)]
struct Server {
    seen: Vec<Seen>,
    statuses: Vec<Value>,
    answers: Vec<Answer>,
}

type Shared = Arc<Mutex<Server>>;

const TOKEN: &str = "secret-token";

fn now() -> DateTime<Utc> {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

/// Starts at [`now`] and runs so fast that every wait of a digest is over in milliseconds.
fn clock() -> Clock {
    Clock::Scaled(Scale { origin: now(), anchor: Clock::Real.now(), rate: 6_000.0 })
}

async fn serve(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut server = shared.lock().unwrap();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    server.seen.push(Seen {
        method: method.clone(),
        uri: uri.to_string(),
        key: header("idempotency-key"),
        bearer: header("authorization"),
        body: body.clone(),
    });
    let answer = if server.answers.is_empty() { Answer::Api } else { server.answers.remove(0) };
    match answer {
        Answer::Status(status, content_type, text) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("content-type", content_type)], text).into_response()
        }
        Answer::LostAfter => {
            server.post(&body);
            // A body that ends before its announced length is a broken connection to the client.
            let broken =
                futures_util::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
            Response::new(axum::body::Body::from_stream(broken))
        }
        Answer::Api => server.api(&method, &uri, &body),
    }
}

impl Server {
    fn post(&mut self, body: &Value) -> Value {
        let id = (self.statuses.len() + 1).to_string();
        let text = body["status"].as_str().unwrap_or_default();
        let status = json!({
            "id": id,
            "uri": format!("https://social.example/users/masthead/statuses/{id}"),
            "url": format!("https://social.example/@masthead/{id}"),
            "created_at": now().to_rfc3339(),
            "account": {"id": "7"},
            "in_reply_to_id": body["in_reply_to_id"],
            "visibility": body["visibility"],
            "mentions": [],
            "content": format!("<p>{}</p>", text.replace('\n', "<br />")),
        });
        self.statuses.insert(0, status.clone());
        status
    }

    fn api(&mut self, method: &Method, uri: &Uri, body: &Value) -> Response {
        let query = uri.query().unwrap_or_default();
        match (method.as_str(), uri.path()) {
            ("POST", "/api/v1/statuses") => axum::Json(self.post(body)).into_response(),
            ("GET", "/api/v1/accounts/7/statuses") => {
                let below = query.split('&').find_map(|pair| pair.strip_prefix("max_id="));
                let start = below.map_or(0, |id| {
                    self.statuses.iter().position(|status| status["id"] == id).unwrap_or_default() + 1
                });
                let page: Vec<&Value> = self.statuses.iter().skip(start).take(40).collect();
                axum::Json(json!(page)).into_response()
            }
            ("GET", "/api/v2/search") => axum::Json(json!({"statuses": self.statuses})).into_response(),
            ("DELETE", path) => {
                let id = path.rsplit('/').next().unwrap_or_default().to_owned();
                let before = self.statuses.len();
                self.statuses.retain(|status| status["id"] != id.as_str());
                let status = if before == self.statuses.len() { 404 } else { 200 };
                (StatusCode::from_u16(status).unwrap(), "{}").into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

struct Scene {
    shared: Shared,
    address: SocketAddr,
    clock: Clock,
    net: Net,
    outbox: Outbox,
}

fn server_name() -> Host {
    Host::parse("social.example").unwrap()
}

fn net_to(address: SocketAddr, clock: Clock) -> Net {
    let config = NetConfig {
        user_agent: "masthead-test (+https://masthead.example)".into(),
        hosts: BTreeMap::from([(server_name(), address)]),
        allowed: BTreeSet::from([server_name()]),
        timeouts: Timeouts::default(),
    };
    Net::new(config, clock).unwrap()
}

async fn scene(answers: Vec<Answer>) -> Scene {
    let shared = Shared::default();
    shared.lock().unwrap().answers = answers;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(serve).with_state(Arc::clone(&shared));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let clock = clock();
    let net = net_to(address, clock);
    let outbox = Outbox::new(net.clone(), server_name(), SecretString::from(TOKEN), "7".into());
    Scene { shared, address, clock, net, outbox }
}

fn record(replies: u32) -> DigestRecord {
    let part = |index: u32| {
        let tail = if index == 0 { String::new() } else { format!("/{index}") };
        let permalink = format!("https://masthead.example/d/12{tail}");
        Part {
            index,
            text: format!("part {index}\n{permalink}"),
            permalink,
            language: "es".into(),
            visibility: Visibility::Unlisted,
            spoiler: "media".into(),
            findings: vec![],
        }
    };
    let parts: Vec<Part> = (0..=replies).map(part).collect();
    let states = vec![PartState::Waiting; parts.len()];
    let digest = Digest {
        number: DigestNumber(12),
        rev: 1,
        from: now(),
        to: now(),
        parts,
        awaiting_review: 0,
        postponed: vec![],
        salt: "salt".into(),
    };
    DigestRecord {
        digest,
        frozen_at: now(),
        parts: states,
        state: DigestState::Posting,
        corrections: Vec::new(),
    }
}

fn situation(now: DateTime<Utc>) -> Situation<'static> {
    Situation {
        now,
        keys: Keys::Honoured,
        switch: Switch::On,
        secret: b"secret",
        reply_to: None,
        newest_own: None,
        paused_until: None,
        unsaid: &[],
    }
}

fn entry(record: Record, at: DateTime<Utc>) -> Entry {
    Entry { seq: 0, at, record, hash: String::new() }
}

fn first_sending() -> Sending {
    let record = record(0);
    let entries = [entry(approval(&record.digest, vec![]), now())];
    match thread::next_step(&record, &entries, &situation(now())) {
        Step::Send(sending) => *sending,
        step => panic!("{step:?}"),
    }
}

async fn outcome_of(answer: Answer) -> Outcome {
    let scene = scene(vec![answer]).await;
    scene.outbox.send(&first_sending(), now()).await
}

#[tokio::test]
async fn a_post_carries_key_token_language_and_content_warning() {
    let scene = scene(vec![]).await;
    let sending = first_sending();
    let Outcome::Accepted(status) = scene.outbox.send(&sending, now()).await else { panic!() };
    assert_eq!((status.id.as_str(), status.account.as_str()), ("1", "7"));
    assert!(status.carries("https://masthead.example/d/12"));
    let seen = scene.shared.lock().unwrap().seen.remove(0);
    assert_eq!((seen.method, seen.uri.as_str()), (Method::POST, "/api/v1/statuses"));
    assert_eq!(seen.key.as_deref(), Some(sending.key.as_str()));
    assert_eq!(seen.bearer.as_deref(), Some("Bearer secret-token"));
    assert_eq!(
        seen.body,
        json!({
            "status": "part 0\nhttps://masthead.example/d/12",
            "visibility": "unlisted",
            "language": "es",
            "spoiler_text": "media",
        })
    );
}

#[tokio::test]
async fn only_an_error_in_the_words_of_the_api_refuses_for_good() {
    let json =
        |status, error: &str| Answer::Status(status, "application/json", json!({"error": error}).to_string());
    let html = |status| Answer::Status(status, "text/html", "<h1>no</h1>".into());
    for (answer, expected) in [
        (json(422, "Validation failed"), "Refused"),
        (json(404, "Record not found"), "Refused"),
        (json(400, "text is too long"), "Refused"),
        (json(401, "The access token is invalid"), "Denied"),
        (json(403, "This action is not allowed"), "Denied"),
        (html(400), "Denied"),
        (html(404), "Unknown"),
        (html(502), "Unknown"),
        (json(504, "timeout"), "Unknown"),
        (json(409, "in progress"), "Unknown"),
        (Answer::Status(200, "application/json", "{\"ok\":true}".into()), "Unknown"),
        (Answer::Status(200, "text/html", "<p>".into()), "Unknown"),
        (json(429, "Too many requests"), "RateLimited"),
        (Answer::LostAfter, "Unknown"),
    ] {
        let outcome = outcome_of(answer.clone()).await;
        assert!(format!("{outcome:?}").starts_with(expected), "{answer:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_was_certainly_not_sent_anything() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outbox = Outbox::new(net_to(address, clock()), server_name(), SecretString::from(TOKEN), "7".into());
    let outcome = outbox.send(&first_sending(), now()).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
    assert!(!format!("{outbox:?}{outcome:?}").contains(TOKEN));
}

fn read_back(since: DateTime<Utc>) -> ReadBack {
    ReadBack { part: record(0).digest.parts.remove(0), reply_to: None, since }
}

#[tokio::test]
async fn a_read_back_pages_far_enough_and_one_bad_page_spoils_it() {
    let scene = scene(vec![]).await;
    for _ in 0..100 {
        scene.shared.lock().unwrap().post(&json!({"status": "x", "visibility": "unlisted"}));
    }
    let all = scene.outbox.read_back(&read_back(now())).await.unwrap();
    assert_eq!(all.len(), 100);
    let recent = scene.outbox.read_back(&read_back(now() + Duration::hours(2))).await.unwrap();
    assert_eq!(recent.len(), 40);
    let broken = Answer::Status(200, "application/json", "[{}]".into());
    scene.shared.lock().unwrap().answers = vec![Answer::Api, broken];
    let error = scene.outbox.read_back(&read_back(now())).await.unwrap_err();
    assert!(matches!(error, OutboxError::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn a_post_that_is_gone_already_counts_as_deleted() {
    let scene = scene(vec![]).await;
    scene.shared.lock().unwrap().post(&json!({"status": "x"}));
    scene.outbox.delete("1").await.unwrap();
    scene.outbox.delete("1").await.unwrap();
    scene.outbox.delete("../../admin?x").await.unwrap();
    let server = scene.shared.lock().unwrap();
    assert!(server.statuses.is_empty());
    assert_eq!(server.seen[2].uri, "/api/v1/statuses/..%2F..%2Fadmin%3Fx");
}

#[tokio::test]
async fn only_a_post_of_our_own_is_answered() {
    let scene = scene(vec![]).await;
    {
        let mut server = scene.shared.lock().unwrap();
        server.post(&json!({"status": "ours"}));
        server.post(&json!({"status": "theirs"}));
        server.statuses[0]["account"]["id"] = json!("8");
    }
    assert_eq!(scene.outbox.resolve("https://social.example/@masthead/1").await.unwrap(), "1");
    for foreign in ["https://social.example/@masthead/2", "https://social.example/@masthead/99"] {
        let error = scene.outbox.resolve(foreign).await.unwrap_err();
        assert!(matches!(error, OutboxError::NotOurs { .. }), "{error}");
    }
}

/// Posts a whole digest and gives the ledger.
async fn publish(scene: &Scene, record: &DigestRecord) -> Vec<Entry> {
    let (digest, clock) = (&record.digest, scene.clock);
    let mut entries = vec![entry(approval(digest, vec!["ana".into()]), now())];
    loop {
        let paused_until = scene.outbox.paused_until();
        let situation = Situation { paused_until, ..situation(clock.now()) };
        let records = match thread::next_step(record, &entries, &situation) {
            Step::Append(record) => vec![record],
            Step::WaitUntil(then) => {
                clock.sleep_until(then).await;
                continue;
            }
            Step::Send(sending) => {
                entries.push(entry(sending.intent.clone(), clock.now()));
                let outcome = scene.outbox.send(&sending, clock.now()).await;
                after_send(digest, &entries, &sending, &outcome, scene.outbox.account(), clock.now())
            }
            Step::ReadBack(read) => match scene.outbox.read_back(&read).await {
                Ok(own) => after_read(digest, &entries, &read, &own, scene.outbox.account()),
                Err(_) => vec![],
            },
            Step::Remove(removal) => {
                scene.outbox.delete(&removal.id).await.unwrap();
                vec![thread::after_removal(digest, &removal)]
            }
            step => {
                assert!(matches!(step, Step::Done | Step::Halted), "{step:?}");
                return entries;
            }
        };
        entries.extend(records.into_iter().map(|record| entry(record, clock.now())));
    }
}

#[tokio::test]
async fn a_thread_whose_answers_get_lost_stands_once_and_in_order() {
    let gateway = || Answer::Status(504, "text/html", "<h1>504</h1>".into());
    let scene = scene(vec![Answer::LostAfter, Answer::Api, gateway(), Answer::Api, Answer::Api]).await;
    let record = record(2);
    let entries = publish(&scene, &record).await;
    let replayed = thread::replayed(&record, &entries);
    assert!(matches!(replayed.state, DigestState::Complete { .. }), "{entries:#?}");
    let server = scene.shared.lock().unwrap();
    let thread: Vec<(&str, Option<&str>, &str)> = server
        .statuses
        .iter()
        .rev()
        .map(|status| {
            let text = |key: &str| status[key].as_str();
            (text("id").unwrap(), text("in_reply_to_id"), text("content").unwrap())
        })
        .collect();
    assert_eq!(
        thread,
        [
            ("1", None, "<p>part 0<br />https://masthead.example/d/12</p>"),
            ("2", Some("1"), "<p>part 1<br />https://masthead.example/d/12/1</p>"),
            ("3", Some("2"), "<p>part 2<br />https://masthead.example/d/12/2</p>"),
        ]
    );
}

#[tokio::test]
async fn a_post_in_which_the_server_sees_a_mention_is_taken_down_and_publishing_halts() {
    let mentioning = json!({
        "id": "1", "account": {"id": "7"}, "visibility": "unlisted", "in_reply_to_id": null,
        "mentions": [{"id": "9"}], "content": "https://masthead.example/d/12",
    });
    let scene = scene(vec![Answer::Status(200, "application/json", mentioning.to_string())]).await;
    scene.shared.lock().unwrap().statuses.push(mentioning);
    let record = record(2);
    let entries = publish(&scene, &record).await;
    assert!(entries.iter().any(|entry| matches!(entry.record, Record::Halted { .. })));
    let server = scene.shared.lock().unwrap();
    assert!(server.statuses.is_empty());
    assert_eq!(server.seen.iter().filter(|seen| seen.method == Method::POST).count(), 1);
}

fn account() -> Value {
    json!({
        "id": "7", "username": "masthead", "acct": "masthead", "display_name": "Masthead", "locked": false,
        "created_at": "2026-01-01T00:00:00.000Z", "followers_count": 1, "following_count": 0,
        "statuses_count": 3, "note": "<p>who runs it</p>", "url": "https://social.example/@masthead",
        "avatar": "", "avatar_static": "", "header": "", "header_static": "", "emojis": [], "fields": [],
        "bot": true,
    })
}

#[tokio::test]
async fn the_home_server_says_whose_token_it_is() {
    let answer = Answer::Status(200, "application/json", account().to_string());
    let scene = scene(vec![answer]).await;
    let hosts = BTreeMap::from([(server_name(), scene.address)]);
    let token = SecretString::from(TOKEN);
    let own = home::verify(&server_name(), &token, Family::Mastodon, &hosts, "masthead-test").await.unwrap();
    assert_eq!((own.id.as_str(), own.username.as_str(), own.is_bot), ("7", "masthead", true));
    let seen = scene.shared.lock().unwrap().seen.remove(0);
    assert_eq!(seen.uri, "/api/v1/accounts/verify_credentials");
    assert_eq!(seen.bearer.as_deref(), Some("Bearer secret-token"));
}

#[tokio::test]
async fn a_bad_token_and_a_senseless_answer_are_told_apart() {
    let token = SecretString::from(TOKEN);
    for (answer, expected) in [
        (Answer::Status(401, "application/json", "{\"error\":\"invalid\"}".into()), "Denied"),
        (Answer::Status(500, "text/html", "<h1>500</h1>".into()), "Status"),
        (Answer::Status(200, "application/json", "{\"id\":7}".into()), "Broken"),
    ] {
        let scene = scene(vec![answer]).await;
        let hosts = BTreeMap::from([(server_name(), scene.address)]);
        let asked = home::verify(&server_name(), &token, Family::Mastodon, &hosts, "masthead-test").await;
        let error: HomeError = asked.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
        assert!(!format!("{error:?} {error}").contains(TOKEN));
    }
}

#[tokio::test]
async fn a_server_without_the_old_instance_document_is_asked_for_the_new_one() {
    let version2 = json!({"version": "4.9.0", "configuration": {"statuses": {"max_characters": 640}}});
    let missing = Answer::Status(404, "text/html", "<h1>404</h1>".into());
    let scene = scene(vec![missing, Answer::Status(200, "application/json", version2.to_string())]).await;
    let instance = home::instance(&scene.net, &server_name()).await.unwrap();
    assert_eq!((instance.family, instance.limits.max_characters), (Family::Mastodon, 640));
}
