//! The thin calls of the sources against servers on loopback that answer as awkwardly as real ones do.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use masthead::clock::Clock;
use masthead::model::account::{Acct, Host};
use masthead::model::proof::{NamedBy, PageKind};
use masthead::model::target::Cursor;
use masthead::net::{Net, NetConfig, Timeouts};
use masthead::sources::account::{AccountPoll, Before};
use masthead::sources::mastodon::poll;
use masthead::sources::mastodon::probe::{self, Api};
use masthead::sources::mastodon::profile;
use masthead::sources::walk::Sight;
use masthead::sources::{PollError, page, webfinger};
use secrecy::SecretString;
use serde_json::{Value, json};

/// What the servers answer: the first entry whose beginning the request has. Anything else is a plain 404.
type Script = Vec<(&'static str, Reply)>;

#[derive(Debug, Clone)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

fn json_of(value: Value) -> Reply {
    typed(200, "application/json; charset=utf-8", value.to_string())
}

fn typed(status: u16, content_type: &str, body: impl Into<String>) -> Reply {
    Reply { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
}

fn error(status: u16, words: &str) -> Reply {
    typed(status, "application/json", json!({ "error": words }).to_string())
}

impl Reply {
    fn with(mut self, name: &'static str, value: &str) -> Reply {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Every `*.example` host in the script, and the road to it.
struct World {
    net: Net,
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn new(script: Script) -> World {
        let asked = Arc::new(Mutex::new(vec![]));
        let (log, replies) = (asked.clone(), script);
        let router = Router::new().fallback(move |request: Request| {
            let (log, replies) = (log.clone(), replies.clone());
            async move { answer(&request, &log, &replies) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let names = ["social.example", "far.example", "news.example", "www.news.example"];
        let config = NetConfig {
            user_agent: "Masthead-test (+https://masthead.example)".into(),
            hosts: names.iter().map(|name| (host(name), address)).collect::<BTreeMap<_, _>>(),
            allowed: BTreeSet::new(),
            timeouts: Timeouts::default(),
        };
        World { net: Net::new(config, Clock::Real).unwrap(), asked }
    }

    /// The requests so far, without those for robots.txt.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| !line.ends_with("/robots.txt")).cloned().collect()
    }

    async fn read(&self, cursor: &Cursor) -> Result<AccountPoll, PollError> {
        poll::read_account(
            &self.net,
            &desk(),
            &host("social.example"),
            None,
            Before { observation: None, cursor },
            3,
            now(),
        )
        .await
    }

    async fn fault(&self) -> PollError {
        self.read(&Cursor::default()).await.unwrap_err()
    }
}

fn answer(request: &Request, log: &Mutex<Vec<String>>, replies: &Script) -> Response {
    let name = request.headers()["host"].to_str().unwrap();
    let line = format!("{name}{}", request.uri());
    log.lock().unwrap().push(line.clone());
    let reply = replies.iter().find(|(start, _)| line.starts_with(start)).map(|(_, reply)| reply.clone());
    let reply = reply.unwrap_or_else(|| typed(404, "text/plain", "not found"));
    let mut response = (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response();
    response.headers_mut().clear();
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn desk() -> Acct {
    "desk@social.example".parse().unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

const LOOKUP: &str = "social.example/api/v1/accounts/lookup?acct=desk";
const ULID: &str = "01HV5JX4T9M2Q8R7W6ZKPB3YNC";

fn account(changes: Value) -> Value {
    let mut account = json!({"id": ULID, "acct": "desk", "username": "desk", "url": "https://social.example/@desk",
        "uri": "https://social.example/users/desk", "note": "<p>News</p>", "followers_count": -1, "bot": null});
    account.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    account
}

fn post(id: u64) -> Value {
    json!({"id": id.to_string(), "uri": format!("https://social.example/s/{id}"), "url": null, "content": format!("<p>{id}</p>"),
        "created_at": "2026-11-01T00:00:00.000Z", "visibility": "public", "media_attachments": [{"type": "hologram", "url": null}]})
}

fn posts(ids: impl Iterator<Item = u64>) -> Value {
    Value::Array(ids.map(post).collect())
}

fn nodeinfo(software: &str) -> Script {
    let links = json!({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": "https://social.example/nodeinfo/2.0"}]});
    let document = json!({"software": {"name": software, "version": "1.0"}});
    vec![
        ("social.example/.well-known/nodeinfo", json_of(links)),
        ("social.example/nodeinfo/2.0", json_of(document)),
    ]
}

#[tokio::test]
async fn an_account_is_read_with_its_statuses_through_the_pages_of_the_link_header() {
    let older = r#"<https://social.example/elsewhere?max_id=100000000000000041>; rel="next""#;
    let newest: u64 = 100_000_000_000_000_080;
    let world = World::new(vec![
        (LOOKUP, json_of(account(json!({}))).with("date", "Mon, 02 Nov 2026 11:59:58 GMT")),
        (
            "social.example/api/v1/accounts/01HV5JX4T9M2Q8R7W6ZKPB3YNC/statuses?limit=40&max_id=100000000000000041",
            json_of(posts((newest - 44..=newest - 40).rev()))
                .with("link", r#"<https://social.example/x?min_id=9>; rel="prev""#),
        ),
        (
            "social.example/api/v1/accounts/01HV5JX4T9M2Q8R7W6ZKPB3YNC/statuses?limit=40",
            json_of(posts((newest - 39..=newest).rev()))
                .with("link", older)
                .with("date", "Mon, 02 Nov 2026 11:59:59 GMT"),
        ),
    ])
    .await;
    let poll = world.read(&Cursor::default()).await.unwrap();
    assert_eq!((poll.statuses.len(), poll.rejected.len(), poll.complete), (45, 0, true));
    assert_eq!((poll.sight, poll.covered_since), (Sight::First, Some(DateTime::UNIX_EPOCH)));
    assert_eq!(poll.observation.read_from, "https://social.example/api/v1/accounts/lookup?acct=desk");
    assert_eq!(poll.observation.server_date, Some("2026-11-02T11:59:58Z".parse().unwrap()));
    assert_eq!(poll.server_date, Some("2026-11-02T11:59:59Z".parse().unwrap()));
    assert_eq!(poll.observation.profile.counts.followers, None);
    assert_eq!(world.asked().len(), 3);

    let again = world.read(&poll.cursor).await.unwrap();
    assert_eq!((again.sight, again.complete, again.complaint), (Sight::Later, true, None));
    assert_eq!(world.asked().len(), 5);
}

#[tokio::test]
async fn one_poison_status_does_not_cost_the_page() {
    let page = json!([post(3), {"id": "2", "uri": 7, "content": "<p>poison</p>"}, null, post(1)]);
    let world = World::new(vec![
        (LOOKUP, json_of(account(json!({"id": 187_312_345_678_901_234_u64})))),
        (
            "social.example/api/v1/accounts/187312345678901234/statuses",
            json_of(page).with("link", "<x>; rel=\"prev\""),
        ),
    ])
    .await;
    let poll = world.read(&Cursor::default()).await.unwrap();
    let whys: Vec<&str> = poll.rejected.iter().map(|rejected| rejected.why.as_str()).collect();
    assert_eq!((poll.statuses.len(), whys), (2, vec!["it has no uri", "it is no object"]));
    assert_eq!(poll.covered_since, None);
}

#[tokio::test]
async fn a_page_that_fails_below_the_first_is_a_gap_and_a_complaint() {
    let world = World::new(vec![
        (LOOKUP, json_of(account(json!({"id": "1"})))),
        ("social.example/api/v1/accounts/1/statuses?limit=40&max_id", typed(418, "text/html", "<p>teapot")),
        ("social.example/api/v1/accounts/1/statuses", json_of(posts((101..=140).rev()))),
    ])
    .await;
    let known = Cursor {
        heads: vec![masthead::model::status::StatusUri("https://social.example/s/5".into())],
        ..Cursor::default()
    };
    let poll = world.read(&known).await.unwrap();
    assert_eq!((poll.statuses.len(), poll.complete), (40, false));
    assert!(poll.complaint.unwrap().contains("418"));
    assert_eq!((poll.cursor.gaps.len(), poll.cursor.gaps[0].below.as_str()), (1, "101"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_never_a_missing_account() {
    let html = World::new(vec![(LOOKUP, typed(200, "text/html", "<!doctype html><p>Maintenance"))]).await;
    let fault = html.fault().await;
    assert!(matches!(&fault, PollError::Parse { why, .. } if why == "got HTML; expected JSON"), "{fault}");
    assert!(!fault.is_missing());

    let proxy = [vec![(LOOKUP, typed(404, "text/html", "<h1>404"))], nodeinfo("mastodon")].concat();
    let fault = World::new(proxy).await.fault().await;
    assert_eq!(
        fault.to_string(),
        "desk@social.example cannot be looked up on social.example: it answered 404 with a web page"
    );
    assert!(!fault.is_missing());

    let silent = World::new(vec![]).await.fault().await;
    assert!(matches!(silent, PollError::NoLookup { .. }), "{silent}");
}

#[tokio::test]
async fn the_interface_itself_is_believed_that_there_is_no_such_account() {
    let script = [vec![(LOOKUP, error(404, "Record not found"))], nodeinfo("Mastodon")].concat();
    let fault = World::new(script).await.fault().await;
    assert_eq!(fault.to_string(), "desk@social.example is unknown to social.example, which answers for it");
    assert!(fault.is_missing());
}

#[tokio::test]
async fn other_software_is_named() {
    for lookup in [error(404, "Unknown API endpoint"), typed(200, "text/html", "<html>")] {
        let fault = World::new([vec![(LOOKUP, lookup)], nodeinfo("lemmy")].concat()).await.fault().await;
        assert_eq!(
            fault.to_string(),
            "social.example runs lemmy, which offers neither the Mastodon nor the Misskey API"
        );
    }
}

#[tokio::test]
async fn a_server_that_shows_accounts_to_users_only_says_so_and_when_to_ask_again() {
    let fault = World::new(vec![(LOOKUP, typed(401, "text/html", "no"))]).await.fault().await;
    assert!(matches!(&fault, PollError::NeedsToken { what, .. } if *what == "this account"), "{fault}");
    assert!(fault.retry_at().is_some() && !fault.is_missing());
}

#[tokio::test]
async fn software_without_a_lookup_is_searched_with_a_token_and_not_without() {
    let found = json!([account(json!({"acct": "desk2"})), account(json!({"id": 7}))]);
    let script = [
        vec![
            (LOOKUP, typed(404, "text/html", "<h1>404")),
            ("social.example/api/v1/accounts/search?q=desk%40social.example", json_of(found)),
        ],
        nodeinfo("pixelfed"),
    ]
    .concat();
    let world = World::new(script).await;
    let fault = world.fault().await;
    assert_eq!(
        fault.to_string(),
        "desk@social.example cannot be looked up on social.example: pixelfed has no lookup, and its search needs a token"
    );
    let token = SecretString::from("t0ken");
    let read = profile::read_profile(&world.net, &desk(), &host("social.example"), Some(&token), now()).await;
    assert_eq!(read.unwrap().profile.local_id, "7");
}

#[tokio::test]
async fn robots_txt_closes_the_interface_to_robots_and_not_to_clients_with_a_token() {
    let world = World::new(vec![
        ("social.example/robots.txt", typed(200, "text/plain", "User-agent: *\nDisallow: /api/\n")),
        (LOOKUP, json_of(account(json!({})))),
    ])
    .await;
    assert!(matches!(world.fault().await, PollError::RobotsForbid { .. }));
    assert!(world.asked().is_empty());
    let token = SecretString::from("t0ken");
    let read = profile::read_profile(&world.net, &desk(), &host("social.example"), Some(&token), now()).await;
    assert!(read.is_ok());
}

#[tokio::test]
async fn a_server_cannot_speak_in_the_name_of_another_account() {
    for (change, got) in [
        (json!({"acct": "other"}), "other@social.example"),
        (json!({"uri": "https://far.example/users/desk"}), "https://far.example/users/desk"),
    ] {
        let fault = World::new(vec![(LOOKUP, json_of(account(change)))]).await.fault().await;
        assert_eq!(
            fault.to_string(),
            format!(
                "https://social.example/api/v1/accounts/lookup?acct=desk is about {got}; expected desk@social.example"
            )
        );
    }
}

/// `desk@news.example` is an address whose account lives on social.example.
fn split_domain(uri: &str) -> Script {
    let jrd = json!({"subject": "acct:desk@news.example", "links": [
        {"rel": "self", "type": "application/activity+json", "href": uri}]});
    vec![
        (
            "news.example/.well-known/webfinger?resource=acct%3Adesk%40news.example",
            typed(200, "application/jrd+json", jrd.to_string()),
        ),
        (
            "social.example/api/v1/accounts/lookup?acct=desk%40news.example",
            json_of(account(json!({"id": "1"}))),
        ),
    ]
}

#[tokio::test]
async fn asked_for_an_address_elsewhere_the_host_of_the_address_says_who_is_meant() {
    let acct: Acct = "desk@news.example".parse().unwrap();
    let right = World::new(split_domain("https://social.example/users/desk")).await;
    let read = profile::read_profile(&right.net, &acct, &host("social.example"), None, now()).await;
    assert_eq!(read.unwrap().profile.acct, acct);
    let located = webfinger::locate(&right.net, &acct, now()).await.unwrap().unwrap();
    assert_eq!(
        (located.0.uri.as_str(), located.1),
        ("https://social.example/users/desk", host("social.example"))
    );

    let squatter = World::new(split_domain("https://far.example/users/desk")).await;
    let read = profile::read_profile(&squatter.net, &acct, &host("social.example"), None, now()).await;
    assert!(matches!(read, Err(PollError::OtherAccount { .. })));
}

#[tokio::test]
async fn a_suspended_account_is_observed_and_its_statuses_are_left_as_known() {
    let world = World::new(vec![(LOOKUP, json_of(account(json!({"suspended": true}))))]).await;
    let known = Cursor { overlap_read: Some(now()), ..Cursor::default() };
    let poll = world.read(&known).await.unwrap();
    assert!(poll.observation.profile.is_suspended && !poll.complete);
    let left = Cursor { profile_version: None, ..poll.cursor };
    assert_eq!((left, poll.covered_since, world.asked().len()), (known, None, 1));
}

#[tokio::test]
async fn a_search_hands_back_what_it_cannot_take() {
    let found = json!({"accounts": [account(json!({})), account(json!({"acct": "news@far.example", "uri": "https://far.example/u/1"})),
        account(json!({"acct": "liar", "uri": "https://far.example/u/1"})), {"id": "9"}]});
    let world = World::new(vec![(
        "social.example/api/v2/search?q=%E6%96%B0%E5%8D%8E%E7%A4%BE+%26b&type=accounts&limit=40",
        json_of(found),
    )])
    .await;
    let (profiles, rejected) =
        poll::search(&world.net, &host("social.example"), None, "新华社 &b").await.unwrap();
    let accts: Vec<String> = profiles.iter().map(|profile| profile.acct.to_string()).collect();
    assert_eq!(accts, ["desk@social.example", "news@far.example"]);
    let whys: Vec<&str> = rejected.iter().map(|rejected| rejected.why.as_str()).collect();
    assert_eq!(whys, ["it has no acct", "its id lies elsewhere; expected one on social.example"]);

    let closed =
        World::new(vec![("social.example/api/v2/search", error(401, "The access token is invalid"))]).await;
    let fault = poll::search(&closed.net, &host("social.example"), None, "x").await.unwrap_err();
    assert!(matches!(fault, PollError::NeedsToken { what: "its account search", .. }));
}

#[tokio::test]
async fn a_server_without_nodeinfo_is_unknown_and_one_with_it_says_what_it_runs() {
    let silent = World::new(vec![]).await;
    assert_eq!(probe::ask(&silent.net, &host("social.example")).await.unwrap().api, Api::Unknown);
    let told = World::new(nodeinfo("GoToSocial")).await;
    let software = probe::ask(&told.net, &host("social.example")).await.unwrap();
    assert_eq!(
        (software.name.as_str(), software.version.as_str(), software.api),
        ("gotosocial", "1.0", Api::Mastodon)
    );
}

#[tokio::test]
async fn a_page_is_seen_with_its_final_address_its_hash_and_its_names() {
    let html = r#"<a rel="me" href="https://social.example/@desk">desk</a>"#;
    let world = World::new(vec![
        ("news.example/old", typed(301, "text/html", "").with("location", "https://www.news.example/")),
        ("www.news.example/robots.txt", typed(200, "text/plain", "User-agent: *\nDisallow: /private")),
        ("www.news.example/", typed(200, "text/html; charset=utf-8", html)),
    ])
    .await;
    let (sight, _) =
        page::read(&world.net, "https://news.example/old", PageKind::Cited, now()).await.unwrap();
    assert_eq!((sight.final_url.as_str(), sight.fetched_at), ("https://www.news.example/", now()));
    assert_eq!(sight.sha256, "09b80293a4709fd750b2e581e5d5a1b1143c644e7456ef24f59ab9b3848cc83f");
    assert_eq!((sight.names.len(), sight.names[0].by), (1, NamedBy::RelMe));
}

#[tokio::test]
async fn a_page_that_is_closed_or_no_html_is_not_read() {
    let world = World::new(vec![
        ("news.example/robots.txt", typed(200, "text/plain", "User-agent: *\nDisallow: /private")),
        ("news.example/moved", typed(302, "text/html", "").with("location", "https://www.news.example/")),
        ("news.example/paper.pdf", typed(200, "application/pdf", "%PDF")),
        ("news.example/private", typed(200, "text/html", "<p>")),
        ("www.news.example/robots.txt", typed(200, "text/plain", "User-agent: *\nDisallow: /")),
        ("www.news.example/", typed(200, "text/html", "<p>")),
    ])
    .await;
    let fault = async |path: &str| {
        let url = format!("https://news.example/{path}");
        page::read(&world.net, &url, PageKind::Home, now()).await.unwrap_err().to_string()
    };
    assert_eq!(
        fault("private").await,
        "https://news.example/private is closed to us by the robots.txt of its host"
    );
    assert_eq!(
        fault("moved").await,
        "https://www.news.example/ is closed to us by the robots.txt of its host"
    );
    assert_eq!(
        fault("paper.pdf").await,
        "https://news.example/paper.pdf: got `application/pdf`; expected HTML"
    );
}

#[tokio::test]
async fn a_host_without_the_account_is_told_from_one_that_cannot_be_understood() {
    for (reply, is_none) in [
        (typed(200, "text/html", "<p>soft 404"), true),
        (error(404, "not found"), true),
        (error(400, "bad request"), true),
        (typed(200, "application/jrd+json", r#"{"subject":"acct:desk@news.example","links":[]}"#), true),
        (typed(200, "application/jrd+json", r#"{"subject":"#), false),
        (typed(503, "text/plain", "later"), false),
    ] {
        let name = format!("{reply:?}");
        let world = World::new(vec![("news.example/.well-known/webfinger", reply)]).await;
        let answer = webfinger::ask(&world.net, &host("news.example"), "desk", now()).await;
        assert_eq!(matches!(answer, Ok(None)), is_none, "{name}");
        assert_eq!(answer.is_err(), !is_none, "{name}");
    }
}

#[tokio::test]
async fn an_outlets_host_that_answers_is_seen_with_what_was_asked() {
    let world = World::new(split_domain("https://social.example/users/desk")).await;
    let answer = webfinger::ask(&world.net, &host("news.example"), "desk", now()).await.unwrap().unwrap();
    assert_eq!(answer.sight.resource, "acct:desk@news.example");
    assert_eq!(answer.sight.account.uri, "https://social.example/users/desk");
    assert_eq!(answer.acct, Some("desk@news.example".parse().unwrap()));
    assert_eq!(answer.api_host, host("social.example"));
}
