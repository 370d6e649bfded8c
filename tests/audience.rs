//! Followers of suspects: counted where somebody wants it, once a week, and nobody's name is kept.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, Utc};
use masthead::config::{self, Environment};
use masthead::cycle::Newsroom;
use masthead::cycle::harvest::{self, Known};
use masthead::model::account::{AccountId, Host};
use masthead::model::assessment::{Assessment, Level, Relation};
use masthead::model::audience::{Audience, Tally};
use masthead::model::observation::{Observation, Profile};
use masthead::model::outlet::OutletId;
use masthead::model::target::{Target, TargetRecord};
use masthead::sources::bluesky::AppView;
use masthead::sources::fediverse::{Server, Ways};
use masthead::sources::followers::{Watched, count, count_on_bluesky};
use masthead::store::Batch;
use serde_json::{Value, json};
use tempfile::TempDir;

const WATCHLIST: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
country = "XX"
system = "xx-state"
domains = ["agency.example"]
accounts = [{ platform = "mastodon", handle = "oriental@far.example" }]
"#;

/// What is answered to requests that begin so, the longest beginning first: status, a `Link` header, body.
type Script = Arc<Mutex<BTreeMap<String, (u16, Option<String>, Value)>>>;

struct Town {
    room: Newsroom,
    script: Script,
    asked: Arc<Mutex<Vec<String>>>,
    _dir: TempDir,
}

impl Town {
    async fn new(discover: &str) -> Town {
        let (script, asked) = (Script::default(), Arc::new(Mutex::new(vec![])));
        let (replies, log) = (script.clone(), asked.clone());
        let router =
            Router::new().fallback(move |request: Request| answer(request, replies.clone(), log.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let dir = tempfile::tempdir().unwrap();
        let mut hosts = String::new();
        for name in ["social.example", "public.api.bsky.app"] {
            writeln!(hosts, "\"{name}\" = \"{address}\"").unwrap();
        }
        let text = format!(
            "watchlist = [\"outlets.toml\"]\nstate_dir = \"state\"\ncontact = \"https://masthead.example/\"\n\
             [sources.pages]\nenabled = false\n[sources.mastodon]\nenabled = true\ndiscover = {discover}\n[hosts]\n{hosts}"
        );
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
        let loaded = config::load(Some(&dir.path().join("config.toml")), &Environment::default(), now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
        let room = Newsroom::open(Arc::new(config)).await.unwrap();
        Town { room, script, asked, _dir: dir }
    }

    fn says(&self, start: &str, body: Value) {
        self.replies(start, 200, None, body);
    }

    fn replies(&self, start: &str, status: u16, link: Option<&str>, body: Value) {
        self.script.lock().unwrap().insert(start.to_owned(), (status, link.map(str::to_owned), body));
    }

    fn asked(&self, part: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    /// The paper with so many followers, and its one post.
    fn opens(&self, followers: u64) {
        self.says("GET /api/v1/accounts/lookup", json!({"id": "7", "acct": "paper", "username": "paper",
            "uri": "https://social.example/users/paper", "url": "https://social.example/@paper", "followers_count": followers}));
        self.says("GET /api/v1/accounts/7/statuses", json!([]));
    }

    /// One poll of the paper, committed, with its judgement as the story has it.
    async fn poll(&self, at: DateTime<Utc>, level: Level) {
        let target = Target::Account { acct: "paper@social.example".parse().unwrap() };
        let mut batch = Batch::new();
        batch.put_assessment(assessment(level));
        self.room.store.commit(batch).unwrap();
        let known = Known::of(&self.room.store, &target, Arc::default()).unwrap();
        let polled = harvest::poll(&self.room, TargetRecord::new(target, at), known, at).await;
        let mut harvest = polled.harvest(&self.room.store);
        assert_eq!(harvest.trouble, None);
        self.room.store.commit(std::mem::take(&mut harvest.batch)).unwrap();
    }

    fn audience(&self) -> Option<Audience> {
        self.room.store.audience(&paper()).unwrap()
    }
}

async fn answer(request: Request, script: Script, log: Arc<Mutex<Vec<String>>>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    log.lock().unwrap().push(line.clone());
    let script = script.lock().unwrap();
    let known = script
        .iter()
        .filter(|(start, _)| line.starts_with(start.as_str()))
        .max_by_key(|(start, _)| start.len());
    let Some((_, (status, link, body))) = known else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = (StatusCode::from_u16(*status).unwrap(), body.to_string()).into_response();
    if let Some(link) = link {
        response.headers_mut().insert("link", link.parse().unwrap());
    }
    response
}

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn paper() -> AccountId {
    AccountId::mastodon("https://social.example/users/paper")
}

fn assessment(level: Level) -> Assessment {
    Assessment {
        account: paper(),
        outlet: OutletId::parse("agency").unwrap(),
        relation: Relation::Undisclosed,
        points: 3.0,
        lead_points: 3.0,
        level,
        lead_since: None,
        rival: None,
        tie: None,
        evidence: vec![],
        conditions: vec![],
        because: "it copies".into(),
    }
}

fn follower(name: &str) -> Value {
    json!({"id": "1", "acct": name, "url": format!("https://far.example/@{name}"), "display_name": "Secret Person"})
}

const PAGE: &str = "GET /api/v1/accounts/7/followers";
const NEXT: &str = r#"<https://social.example/api/v1/accounts/7/followers?limit=80&max_id=555>; rel="next""#;

#[tokio::test]
async fn a_lead_s_followers_are_counted_once_a_week_and_no_name_of_theirs_is_kept() {
    let town = Town::new(r#"["followers"]"#).await;
    town.opens(4);
    town.replies(PAGE, 200, Some(NEXT), json!([follower("ana_quiet"), follower("oriental@far.example")]));
    town.says(&format!("{PAGE}?limit=80&max_id=555"), json!([follower("bea_quiet@far.example"), 7]));
    town.poll(now(), Level::Lead).await;
    assert_eq!(town.audience(), None, "what is read first is read to be judged");
    let later = now() + Duration::hours(3);
    town.poll(later, Level::Lead).await;
    let tally = Tally { read: 4, watched: BTreeMap::from([("xx-state".into(), 1)]) };
    let counted = Audience { account: paper(), at: later, suspected: "xx-state".into(), tally: Some(tally) };
    assert_eq!(town.audience(), Some(counted));
    let requests = town.asked("/followers");
    for days in [1, 3, 6] {
        town.poll(later + Duration::days(days), Level::Lead).await;
    }
    assert_eq!(town.asked("/followers"), requests);
    town.poll(later + Duration::days(8), Level::Lead).await;
    assert_eq!(town.asked("/followers"), requests + 2);
    let kept: Vec<u8> =
        town.room.store.hold_still().records().flat_map(|record| record.unwrap().value).collect();
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.contains("xx-state"));
    for name in ["ana_quiet", "bea_quiet", "Secret Person"] {
        assert!(!kept.contains(name), "{name} is kept");
    }
}

#[tokio::test]
async fn followers_are_left_alone_unless_wanted_of_no_suspect_and_of_no_large_account() {
    for (discover, level, followers) in [
        (r#"["timelines", "mentions", "search", "tags", "directory"]"#, Level::Lead, 4),
        (r#"["followers"]"#, Level::Nothing, 4),
        (r#"["followers"]"#, Level::Lead, 501),
        (r#"["followers"]"#, Level::Lead, 0),
    ] {
        let town = Town::new(discover).await;
        town.opens(followers);
        town.says(PAGE, json!([follower("ana")]));
        town.poll(now(), level).await;
        town.poll(now() + Duration::hours(3), level).await;
        assert_eq!(
            (town.asked("/followers"), town.audience()),
            (0, None),
            "{discover} {level:?} {followers}"
        );
    }
}

#[tokio::test]
async fn a_list_that_is_hidden_is_asked_for_once_a_week_and_a_server_in_trouble_again_soon() {
    for (status, body) in [(200, json!([])), (403, json!({"error": "no"})), (401, json!({}))] {
        let town = Town::new(r#"["followers"]"#).await;
        town.opens(4);
        town.replies(PAGE, status, None, body);
        for hours in [0, 3, 6, 9] {
            town.poll(now() + Duration::hours(hours), Level::Lead).await;
        }
        assert_eq!(town.asked("/followers"), 1, "{status}");
        assert_eq!(town.audience().unwrap().tally, None, "{status}");
    }
    let town = Town::new(r#"["followers"]"#).await;
    town.opens(4);
    town.replies(PAGE, 500, None, json!({}));
    town.poll(now(), Level::Lead).await;
    town.poll(now() + Duration::hours(3), Level::Lead).await;
    assert_eq!(town.audience(), None);
}

fn observed(read_from: &str) -> Observation {
    let profile: Profile = serde_json::from_value(json!({
        "id": {"network": "mastodon", "uri": "did:plc:paper"}, "acct": "paper@social.example", "local_id": "9abc", "url": null,
        "display_name": "", "note": "", "links": [], "is_bot": false, "is_suspended": false, "wishes": {"leave_me_out": false},
        "moved_to": null, "claimed_created_at": null, "claimed_last_status": null,
        "counts": {"followers": 3, "following": null, "statuses": null}
    }))
    .unwrap();
    Observation { profile, seen_at: now(), server_date: None, read_from: read_from.into() }
}

fn watched() -> Watched {
    let mut watched = Watched::default();
    watched.add("Oriental@far.example", "xx-state");
    watched.add("did:plc:oriental", "xx-state");
    watched
}

#[tokio::test]
async fn misskey_shows_followers_a_hundred_at_a_time_or_says_that_they_are_not_for_everybody() {
    let town = Town::new("[]").await;
    let (host, ways) = (Host::parse("social.example").unwrap(), Ways::default());
    let server = Server { net: &town.room.net, ways: &ways, host: &host, token: None };
    let observed = observed("https://social.example/api/users/show");
    let watched = watched();
    let ask = || count(server, &observed, &watched, now());
    let follower = |id: &str, name: &str, at: Value| json!({"id": id, "follower": {"id": "x", "username": name, "host": at}});
    town.says(
        "POST /api/users/followers",
        json!([follower("f3", "ORIENTAL", "far.example".into()), follower("f2", "oriental", Value::Null)]),
    );
    town.says(
        r#"POST /api/users/followers {"limit":100,"untilId":"f2""#,
        json!([follower("f1", "ana", Value::Null)]),
    );
    town.says(r#"POST /api/users/followers {"limit":100,"untilId":"f1""#, json!([]));
    let tally = Tally { read: 3, watched: BTreeMap::from([("xx-state".into(), 1)]) };
    assert_eq!(ask().await.unwrap(), Some(tally));
    let refusal =
        json!({"error": {"message": "Forbidden.", "code": "FORBIDDEN", "id": "0", "kind": "client"}});
    town.replies("POST /api/users/followers", 400, None, refusal);
    assert_eq!(ask().await.unwrap(), None);
}

#[tokio::test]
async fn bluesky_shows_followers_page_by_page() {
    let town = Town::new("[]").await;
    let appview = AppView::public(&town.room.net);
    let start = "GET /xrpc/app.bsky.graph.getFollowers?actor=did%3Aplc%3Apaper&limit=100";
    let follower = |did: &str| json!({"did": did, "handle": "somebody.example"});
    town.says(start, json!({"subject": {}, "cursor": "c2", "followers": [follower("did:plc:ana")]}));
    town.says(
        &format!("{start}&cursor=c2"),
        json!({"subject": {}, "followers": [follower("did:plc:oriental")]}),
    );
    let profile = observed("https://public.api.bsky.app/").profile;
    let tally = Tally { read: 2, watched: BTreeMap::from([("xx-state".into(), 1)]) };
    assert_eq!(count_on_bluesky(appview, &profile, &watched()).await.unwrap(), Some(tally));
}
