//! Stories of the agency's feed and of the servers' timelines: what a newsroom takes from them, how often it
//! comes back, and whom it leaves alone. Everything is served on loopback.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, Utc};
use masthead::config::{self, Environment};
use masthead::cycle::clippings::Clippings;
use masthead::cycle::collect::{self, CollectReport};
use masthead::cycle::harvest::Known;
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, due, harvest, outlook};
use masthead::model::account::{AccountId, Host};
use masthead::model::dossier::{Found, Method};
use masthead::model::item::{Item, ItemId};
use masthead::model::outlet::OutletId;
use masthead::model::reuse::{Credit, Order, Reuse, ReuseKind};
use masthead::model::status::StatusUri;
use masthead::model::target::{Scope, Target, TargetRecord};
use masthead::store::Batch;
use serde_json::{Value, json};
use tempfile::TempDir;

const HOSTS: [&str; 5] = ["agency.example", "wire.example", "home.example", "local.example", "quiet.example"];

const WATCHLIST: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
aliases = ["Oriental", "东方社", "AO"]
country = "XX"
domains = ["agency.example"]
feeds = [
  { url = "https://agency.example/es.xml", status = "working" },
  { url = "https://agency.example/old.xml", status = "stale" },
  { url = "https://agency.example/dead.xml", status = "dead" },
]
accounts = [{ platform = "mastodon", handle = "oriental@home.example", proof = "https://agency.example/" }]

[[not_state_controlled]]
id = "wire"
name = "Independent Wire"
country = "YY"
domains = ["wire.example"]
classification = "independent-public"
smm_code = "IP"
feeds = [{ url = "https://wire.example/feed.json", status = "working" }]
sources = ["https://monitor.example/wire"]
"#;

/// An answer: status, headers, body.
type Reply = (u16, Vec<(&'static str, String)>, String);

/// What is answered to requests that begin so; the longest beginning counts.
type Script = Arc<Mutex<BTreeMap<String, Reply>>>;

struct Town {
    room: Newsroom,
    script: Script,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    _dir: TempDir,
}

impl Town {
    /// `sources` are lines of the configuration below `[sources.mastodon]`.
    async fn new(sources: &str) -> Town {
        let (script, asked) = (Script::default(), Arc::new(Mutex::new(Vec::new())));
        let dir = tempfile::tempdir().unwrap();
        let (replies, log) = (script.clone(), asked.clone());
        let router = Router::new().fallback(move |request: Request| {
            let line = format!("{}{}", request.headers()["host"].to_str().unwrap(), request.uri());
            log.lock().unwrap().push((line.clone(), request.headers().clone()));
            let reply = answer(&line, request.headers(), &replies.lock().unwrap());
            async move { reply }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut hosts = String::new();
        HOSTS.iter().for_each(|name| writeln!(hosts, "\"{name}\" = \"{address}\"").unwrap());
        let text = format!(
            "watchlist = [\"outlets.toml\"]\nstate_dir = \"state\"\ncontact = \"https://masthead.example/\"\n\
             [sources.pages]\nenabled = false\n[sources.mastodon]\nenabled = true\n{sources}\n[hosts]\n{hosts}"
        );
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
        let path = dir.path().join("config.toml");
        let loaded = config::load(Some(&path), &Environment::default(), now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
        let room = Newsroom::open(Arc::new(config)).await.unwrap();
        Town { room, script, asked, _dir: dir }
    }

    fn says(&self, start: &str, body: impl Into<String>) {
        self.replies(start, 200, &[], body);
    }

    fn replies(&self, start: &str, status: u16, headers: &[(&'static str, &str)], body: impl Into<String>) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.script.lock().unwrap().insert(start.to_owned(), (status, headers, body.into()));
    }

    /// The requests so far that begin so.
    fn asked(&self, start: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(line, _)| line.starts_with(start)).count()
    }

    async fn pass(&self, now: DateTime<Utc>) -> CollectReport {
        collect::pass(&self.room, Pacing::AtOnce, now).await.unwrap()
    }

    /// One poll of one target, committed.
    async fn poll(&self, target: &Target, now: DateTime<Utc>) -> harvest::Harvest {
        let record = self.target(target).unwrap_or_else(|| TargetRecord::new(target.clone(), now));
        let known = Known::of(&self.room.store, &record.target, Arc::default()).unwrap();
        let polled = harvest::poll(&self.room, record, known, now).await;
        let mut harvest = polled.harvest(&self.room.store);
        self.room.store.commit(std::mem::take(&mut harvest.batch)).unwrap();
        harvest
    }

    fn target(&self, target: &Target) -> Option<TargetRecord> {
        self.room.store.target(target).unwrap()
    }

    fn targets(&self) -> Vec<String> {
        self.room.store.targets().unwrap().iter().map(|record| record.target.to_string()).collect()
    }

    fn found(&self, acct: &str) -> Option<Found> {
        self.target(&account(acct))?.found
    }

    fn items(&self) -> Vec<Item> {
        self.room.store.items().unwrap()
    }
}

fn answer(line: &str, asked: &HeaderMap, script: &BTreeMap<String, Reply>) -> Response {
    let known = script.iter().rev().filter(|(start, _)| line.starts_with(start.as_str()));
    let known = known.max_by_key(|(start, _)| start.len()).map(|(_, reply)| reply.clone());
    let (status, headers, body) = known.unwrap_or((404, vec![], String::new()));
    let tag = headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.as_str());
    let is_deaf = headers.iter().any(|(name, _)| *name == "x-deaf");
    let is_same =
        !is_deaf && tag.is_some_and(|tag| asked.get("if-none-match").is_some_and(|known| known == tag));
    let (status, body) = if is_same { (304, String::new()) } else { (status, body) };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn minutes(minutes: i64) -> DateTime<Utc> {
    now() + Duration::minutes(minutes)
}

fn account(acct: &str) -> Target {
    Target::Account { acct: acct.parse().unwrap() }
}

fn feed(path: &str) -> Target {
    let publisher = OutletId::parse("agency").unwrap();
    Target::Feed { publisher, url: format!("https://agency.example/{path}") }
}

fn timeline(server: &str, scope: Scope) -> Target {
    Target::Timeline { server: Host::parse(server).unwrap(), scope }
}

fn item(n: u32, title: &str, day: u32) -> String {
    format!(
        "<item><guid isPermaLink=\"false\">{n}</guid><title>{title}</title><link>https://agency.example/{n}</link>\
         <pubDate>{day:02} Nov 2026 08:00:00 +0000</pubDate></item>"
    )
}

fn rss(items: &[String]) -> String {
    format!("<rss version=\"2.0\"><channel><title>Agencia</title>{}</channel></rss>", items.concat())
}

fn author(acct: &str, changes: Value) -> Value {
    let user = acct.split('@').next().unwrap();
    let uri = format!("https://local.example/users/{user}");
    let mut author = json!({"id": user, "acct": acct, "uri": uri, "url": format!("https://local.example/@{user}"), "note": ""});
    author.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    author
}

fn post(n: u32, by: &Value, text: &str, changes: Value) -> Value {
    let mut post = json!({"id": n.to_string(), "uri": format!("https://local.example/s/{n}"), "account": by,
        "created_at": "2026-11-02T11:00:00Z", "visibility": "public", "content": format!("<p>{text}</p>")});
    post.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    post
}

const NO_SEARCH: &str = "servers = [\"local.example\"]\ndiscover = [\"mentions\"]";

#[tokio::test]
async fn feeds_of_outlets_and_of_independent_wires_are_targets_unless_they_are_dead() {
    let town = Town::new("discover = []").await;
    town.pass(now()).await;
    let feeds: Vec<_> = town.targets().into_iter().filter(|key| key.starts_with("feed")).collect();
    assert_eq!(
        feeds,
        [
            "feed https://agency.example/es.xml of agency",
            "feed https://agency.example/old.xml of agency",
            "feed https://wire.example/feed.json of wire",
        ]
    );
}

#[tokio::test]
async fn what_stood_in_a_feed_at_first_is_background_and_what_comes_later_is_not() {
    let town = Town::new("discover = []").await;
    town.says("agency.example/es.xml", rss(&[item(1, "Pandas", 1)]));
    let first = town.poll(&feed("es.xml"), now()).await;
    assert_eq!((first.fresh.items.len(), first.trouble), (1, None));
    town.says("agency.example/es.xml", rss(&[item(2, "Feria", 2), item(1, "Pandas, corregido", 1)]));
    let second = town.poll(&feed("es.xml"), minutes(10)).await;
    assert_eq!(second.fresh.items.iter().map(|item| item.title.as_str()).collect::<Vec<_>>(), ["Feria"]);
    let publisher = OutletId::parse("agency").unwrap();
    let read = |guid: &str| town.room.store.item(&ItemId::of(&publisher, guid)).unwrap().unwrap();
    let (old, new) = (read("1"), read("2"));
    assert_eq!((old.title.as_str(), old.background, old.first_seen), ("Pandas", true, now()));
    assert_eq!((new.background, new.first_seen), (false, minutes(10)));
    assert_eq!(
        (new.feed.as_str(), new.url.as_deref()),
        ("https://agency.example/es.xml", Some("https://agency.example/2"))
    );
    let sight = town.room.store.feed("https://agency.example/es.xml").unwrap().unwrap();
    assert_eq!((sight.first_read, sight.fetched_at, sight.items), (now(), minutes(10), 2));
    assert_eq!(sight.newest, Some("2026-11-02T08:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_feed_is_due_within_ten_minutes_and_not_sent_again_while_it_is_the_same() {
    let town = Town::new("discover = []").await;
    town.replies("agency.example/es.xml", 200, &[("etag", "\"v1\"")], rss(&[item(1, "Pandas", 1)]));
    town.poll(&feed("es.xml"), now()).await;
    let due = town.target(&feed("es.xml")).unwrap().due - now();
    assert!(due > Duration::minutes(8) && due <= Duration::minutes(10), "{due}");
    let again = town.poll(&feed("es.xml"), minutes(10)).await;
    assert_eq!((again.fresh.items.len(), again.trouble), (0, None));
    let headers = town.asked.lock().unwrap().last().unwrap().1.clone();
    assert_eq!(headers["if-none-match"], "\"v1\"");
    let sight = town.room.store.feed("https://agency.example/es.xml").unwrap().unwrap();
    assert_eq!((sight.fetched_at, sight.items), (minutes(10), 1));
}

/// Several outlets' feeds have answered 200 for years with items of years ago, or with a page.
#[tokio::test]
async fn an_answer_is_not_health() {
    let town = Town::new("discover = []").await;
    let trouble = async |body: &str| {
        town.says("agency.example/old.xml", body);
        town.poll(&feed("old.xml"), now()).await;
        let record = town.target(&feed("old.xml")).unwrap();
        (record.failures, record.trouble.unwrap_or_default(), record.due - now())
    };
    let old = rss(&[item(1, "Pandas", 1)]).replace("2026", "2018");
    let (failures, told, due) = trouble(&old).await;
    assert_eq!((failures, told.as_str()), (0, "it answers, but its newest item is of 2018-11-01"));
    assert!(due > Duration::hours(20), "{due}");
    let (failures, told, _) = trouble(&rss(&[])).await;
    assert_eq!((failures, told.as_str()), (0, "it answers, but there is no item in it"));
    let (failures, told, _) = trouble("<!doctype html><p>Portal").await;
    assert_eq!(
        (failures, told.as_str()),
        (1, "https://agency.example/old.xml: got a web page; expected a feed")
    );
    // It lives again, whatever the watchlist says of it.
    let (failures, told, due) = trouble(&rss(&[item(2, "Feria", 2)])).await;
    assert_eq!((failures, told.as_str()), (0, ""));
    assert!(due <= Duration::minutes(10), "{due}");
}

#[tokio::test]
async fn a_feed_that_is_gone_for_good_is_asked_for_once_a_day() {
    let town = Town::new("discover = []").await;
    town.replies("agency.example/es.xml", 410, &[], "");
    town.poll(&feed("es.xml"), now()).await;
    assert!(town.target(&feed("es.xml")).unwrap().due >= now() + Duration::days(1));
}

#[tokio::test]
async fn a_feed_that_robots_txt_closes_is_not_read() {
    let town = Town::new("discover = []").await;
    town.says("agency.example/robots.txt", "User-agent: *\nDisallow: /es.xml");
    town.says("agency.example/es.xml", rss(&[item(1, "Pandas", 1)]));
    let harvest = town.poll(&feed("es.xml"), now()).await;
    assert!(harvest.trouble.unwrap().contains("closed to us by the robots.txt"));
    assert_eq!((town.items().len(), town.asked("agency.example/es.xml")), (0, 0));
}

#[tokio::test]
async fn items_that_are_old_and_out_of_their_feed_are_let_go() {
    let town = Town::new("discover = []").await;
    town.says("agency.example/es.xml", rss(&[item(1, "Pandas", 1), item(2, "Feria", 1)]));
    town.poll(&feed("es.xml"), now()).await;
    let mut orphan = town.items()[0].clone();
    orphan.id = ItemId::of(&orphan.publisher, "orphan");
    orphan.feed = "https://agency.example/dead.xml".to_owned();
    let mut batch = Batch::new();
    batch.put_item(orphan);
    town.room.store.commit(batch).unwrap();
    town.says("agency.example/es.xml", rss(&[item(2, "Feria", 1), item(3, "Té", 2)]));
    town.poll(&feed("es.xml"), now() + Duration::days(89)).await;
    assert_eq!(town.items().len(), 4);
    town.poll(&feed("es.xml"), now() + Duration::days(91)).await;
    let mut left: Vec<_> = town.items().into_iter().map(|item| item.title).collect();
    left.sort();
    assert_eq!(left, ["Feria", "Té"]);
}

#[tokio::test]
async fn who_links_an_outlet_on_a_local_timeline_is_read_where_he_lives_with_how_he_was_found() {
    let town = Town::new(NO_SEARCH).await;
    let link = "<a href=\"https://agency.example/1\">Oriental</a>";
    let timeline_of = |posts: &[Value]| json!(posts).to_string();
    let old = post(1, &author("old", json!({})), link, json!({}));
    town.says("local.example/api/v1/timelines/public", timeline_of(std::slice::from_ref(&old)));
    town.pass(now()).await;
    let found = town.found("old@local.example").unwrap();
    assert_eq!(
        (found.method, found.through.as_str(), found.background),
        (Method::Mention, "local.example", true)
    );

    let bot = post(2, &author("bot", json!({"bot": true, "noindex": true})), link, json!({}));
    let person = post(3, &author("person", json!({"indexable": false})), link, json!({}));
    let reply = post(4, &author("reply", json!({})), link, json!({"in_reply_to_id": "1"}));
    let talker = post(5, &author("talker", json!({})), "<p>Nothing</p>", json!({}));
    let mention =
        json!({"mentions": [{"acct": "oriental@home.example", "url": "https://home.example/@oriental"}]});
    let namer = post(6, &author("namer", json!({})), "@oriental", mention);
    let page = timeline_of(&[namer, talker, reply, person, bot, old, json!({"id": "0"})]);
    town.says("local.example/api/v1/timelines/public", page);
    town.pass(minutes(11)).await;
    assert!(!town.found("bot@local.example").unwrap().background);
    assert_eq!(town.found("namer@local.example").unwrap().method, Method::Mention);
    for acct in ["person@local.example", "reply@local.example", "talker@local.example"] {
        assert_eq!(town.found(acct), None, "{acct}");
    }
    assert_eq!(town.room.store.rejected(9).unwrap()[0].rejected.item, "status 7 of the page");
    assert_eq!(town.asked("local.example/api/v1/timelines/public?limit=40&local=true"), 2);
    assert_eq!(town.asked("local.example/api/v2/instance"), 1);
}

/// A story that everybody links is no reason to read everybody.
#[tokio::test]
async fn of_many_who_link_an_outlet_a_few_are_taken_up_at_a_time() {
    let town = Town::new(NO_SEARCH).await;
    let link = "<a href=\"https://agency.example/1\">x</a>";
    let by =
        |n: u32| author(&format!("reader{n}"), json!({"uri": format!("https://local.example/users/{n}")}));
    let posts: Vec<Value> = (0..30).map(|n| post(n, &by(n), link, json!({}))).collect();
    town.says("local.example/api/v1/timelines/public", json!(posts).to_string());
    let harvest = town.poll(&timeline("local.example", Scope::Local), now()).await;
    assert_eq!(harvest.new_accounts.len(), 5);
}

#[tokio::test]
async fn a_timeline_that_runs_over_is_read_down_to_what_is_known_and_two_pages_at_most() {
    let town = Town::new(NO_SEARCH).await;
    let by = author("crowd", json!({}));
    let page = |from: u32| {
        let posts: Vec<Value> = (0..40).map(|n| post(from - n, &by, "x", json!({}))).collect();
        json!(posts).to_string()
    };
    let target = timeline("local.example", Scope::Local);
    let pages = "local.example/api/v1/timelines/public";
    town.says(pages, page(1_000));
    town.poll(&target, now()).await;
    assert_eq!((town.asked(pages), town.target(&target).unwrap().trouble), (1, None));

    town.says(pages, page(1_060));
    town.says(&format!("{pages}?limit=40&local=true&max_id=1021"), page(1_020));
    town.poll(&target, minutes(10)).await;
    assert_eq!((town.asked(pages), town.target(&target).unwrap().trouble), (3, None));

    town.says(pages, page(2_000));
    town.says(&format!("{pages}?limit=40&local=true&max_id=1961"), page(1_960));
    town.says(&format!("{pages}?limit=40&local=true&max_id=1921"), page(1_920));
    town.poll(&target, minutes(20)).await;
    assert_eq!(town.asked(pages), 6);
    let told = town.target(&target).unwrap().trouble.unwrap();
    assert_eq!(told, "more than 120 posts came since the last look; some were not seen");
}

#[tokio::test]
async fn a_timeline_that_its_server_closes_is_never_tried_and_one_that_refuses_rests_for_hours() {
    let town = Town::new(NO_SEARCH).await;
    let access = json!({"local": "authenticated", "remote": "disabled"});
    let instance = json!({"configuration": {"timelines_access": {"live_feeds": access}}});
    town.says("local.example/api/v2/instance", instance.to_string());
    let target = timeline("local.example", Scope::Local);
    town.poll(&target, now()).await;
    let record = town.target(&target).unwrap();
    assert!(record.trouble.unwrap().contains("only to those who are logged in"));
    assert!(record.due >= now() + Duration::hours(6));
    assert_eq!(town.asked("local.example/api/v1/timelines"), 0);

    for status in [401, 422] {
        let town = Town::new(NO_SEARCH).await;
        town.replies("local.example/api/v1/timelines", status, &[], "{\"error\":\"x\"}");
        town.poll(&target, now()).await;
        let record = town.target(&target).unwrap();
        assert!(record.due >= now() + Duration::hours(5), "{status}: {}", record.due);
        assert!(record.trouble.is_some());
    }
}

#[tokio::test]
async fn hashtags_are_made_of_names_and_only_authors_with_a_name_are_leads() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"tags\"]").await;
    let by_name =
        post(2, &author("ao", json!({"display_name": "Oriental en Paraguay"})), "#oriental", json!({}));
    let talker = post(1, &author("talker", json!({})), "#oriental https://agency.example/", json!({}));
    town.says("local.example/api/v1/timelines/tag/Oriental", json!([by_name, talker]).to_string());
    town.says("local.example/api/v1/timelines/tag/", "[]");
    town.pass(now()).await;
    let tags: Vec<_> = town.targets().into_iter().filter(|key| key.starts_with("tag")).collect();
    assert_eq!(tags, ["tag oriental on local.example", "tag 东方社 on local.example"]);
    assert_eq!(town.found("ao@local.example").unwrap().method, Method::Tag);
    assert_eq!(town.found("talker@local.example"), None);
}

#[tokio::test]
async fn the_directory_is_read_when_it_is_wanted_and_shows_new_accounts_with_an_outlet_s_name() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"directory\"]").await;
    let accounts = json!([author("oriental_py", json!({})), author("gardener", json!({}))]);
    town.says("local.example/api/v1/directory?order=new&local=true&limit=80", accounts.to_string());
    town.pass(now()).await;
    assert_eq!(town.found("oriental_py@local.example").unwrap().method, Method::Directory);
    assert_eq!(town.found("gardener@local.example"), None);
}

#[tokio::test]
async fn who_opted_out_is_never_asked_whatever_leads_there() {
    let town = Town::new(
        "servers = [\"local.example\", \"quiet.example\"]\nopt_out = [\"quiet.example\", \"out@local.example\", \"wire.example\"]",
    )
    .await;
    let link = "<a href=\"https://agency.example/1\">x</a>";
    let posts = [
        post(1, &author("out", json!({})), link, json!({})),
        post(
            2,
            &author("far@quiet.example", json!({"uri": "https://quiet.example/users/far"})),
            link,
            json!({}),
        ),
        post(3, &author("near", json!({})), link, json!({})),
    ];
    town.says("local.example/api/v1/timelines/public", json!(posts).to_string());
    for pass in 0..4 {
        town.pass(minutes(pass * 11)).await;
    }
    assert!(town.found("near@local.example").is_some());
    assert_eq!((town.asked("quiet.example"), town.asked("wire.example")), (0, 0));
    let left_alone = |key: &&String| key.contains("quiet") || key.contains("out@") || key.contains("wire");
    assert_eq!(town.targets().iter().find(left_alone), None);
    assert_eq!(town.asked("local.example/api/v1/accounts/lookup?acct=out"), 0);
}

/// Judging is not free: an account that says nothing new is judged four times a day, not at each poll.
#[tokio::test]
async fn an_account_is_judged_when_a_poll_says_something_new_and_every_few_hours() {
    let town = Town::new("discover = []").await;
    let oriental =
        author("oriental@home.example", json!({"id": "1", "uri": "https://home.example/users/oriental"}));
    let lookup = "home.example/api/v1/accounts/lookup?acct=oriental";
    let pages = "home.example/api/v1/accounts/1/statuses?limit=40";
    let (one, later) = (post(1, &oriental, "One", json!({})), "2026-11-02T12:50:00Z");
    town.says(&format!("{pages}&max_id"), "[]");
    town.says(lookup, oriental.to_string());
    town.says(pages, json!([one]).to_string());
    let target = account("oriental@home.example");
    let touched = async |at: i64| town.poll(&target, minutes(at)).await.touched.len();
    assert_eq!(touched(0).await, 1, "it is new");
    assert_eq!(touched(30).await, 0, "nothing is new");
    town.says(pages, json!([post(2, &oriental, "Two", json!({"created_at": later})), one]).to_string());
    assert_eq!(touched(60).await, 1, "a new status");
    assert_eq!(touched(90).await, 0, "nothing is new");
    let edited =
        post(2, &oriental, "Two, mended", json!({"created_at": later, "edited_at": "2026-11-02T13:30:00Z"}));
    town.says(pages, json!([edited, one]).to_string());
    assert_eq!(touched(120).await, 1, "an edit");
    town.says(pages, json!([one]).to_string());
    assert_eq!(touched(150).await, 1, "it is removed");
    let mut renamed = oriental.clone();
    renamed["display_name"] = json!("Oriental");
    renamed["followers_count"] = json!(7);
    town.says(lookup, renamed.to_string());
    assert_eq!(touched(180).await, 1, "another name");
    renamed["followers_count"] = json!(8);
    town.says(lookup, renamed.to_string());
    assert_eq!(touched(210).await, 0, "counts move all the time");
    assert_eq!(touched(361).await, 1, "counts are due");
    town.replies(lookup, 404, &[], "{\"error\":\"Record not found\"}");
    town.says("home.example/.well-known/nodeinfo", json!({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": "https://home.example/nodeinfo"}]}).to_string());
    town.says(
        "home.example/nodeinfo",
        json!({"software": {"name": "mastodon", "version": "4.5"}}).to_string(),
    );
    assert_eq!(touched(390).await, 0, "its profile was read half an hour ago");
    assert_eq!(touched(430).await, 1, "it is missing");
    assert_eq!(touched(435).await, 0, "it is still missing");
}

/// Who was first is told by polls that lacked a status, so they have to be close together.
#[tokio::test]
async fn an_account_with_a_match_is_read_twice_an_hour() {
    let town = Town::new("discover = []").await;
    let target = account("paper@local.example");
    let paper = author("paper", json!({}));
    town.says("local.example/api/v1/accounts/lookup?acct=paper", paper.to_string());
    town.says(
        "local.example/api/v1/accounts/paper/statuses",
        json!([post(1, &paper, "Pandas", json!({}))]).to_string(),
    );
    let at = now() - Duration::days(30);
    let found = Found { at, method: Method::Timeline, through: "local.example".into(), background: false };
    let mut batch = Batch::new();
    batch.put_target(TargetRecord { found: Some(found), ..TargetRecord::new(target.clone(), at) });
    town.room.store.commit(batch).unwrap();
    town.poll(&target, now()).await;
    assert!(town.target(&target).unwrap().due >= now() + Duration::hours(20));

    let id = AccountId::mastodon("https://local.example/users/paper");
    let mut batch = Batch::new();
    batch.put_reuse(&id, reuse());
    town.room.store.commit(batch).unwrap();
    let sooner = due::sooner(&town.room.store, std::iter::once(&id), now()).unwrap();
    assert_eq!((sooner.len(), &sooner[0].target), (1, &target));
    assert!(sooner[0].due <= minutes(30));
    town.poll(&target, minutes(30)).await;
    assert!(town.target(&target).unwrap().due <= minutes(60));
    assert_eq!(due::sooner(&town.room.store, std::iter::once(&id), minutes(30)).unwrap(), []);
}

/// A name that the watchlist learns later credits what was read before.
#[tokio::test]
async fn by_another_watchlist_all_matches_are_read_anew() {
    let town = Town::new("discover = []").await;
    let paper = author("paper", json!({}));
    town.says("local.example/api/v1/accounts/lookup?acct=paper", paper.to_string());
    let status = post(1, &paper, "Nace un panda gigante en Chengdu (Despachos del Este)", json!({}));
    town.says("local.example/api/v1/accounts/paper/statuses", json!([status]).to_string());
    town.poll(&account("paper@local.example"), now()).await;
    let store = &town.room.store;
    let id = store.accounts().unwrap()[0].id.clone();
    let status = store.statuses(&id).unwrap()[0].status.uri.clone();
    let mut batch = Batch::new();
    batch.put_reuse(&id, Reuse { status, ..reuse() });
    store.commit(batch).unwrap();
    let credit_by = |config: &config::Config| {
        let (_, batch) = Clippings::open(store, config, now()).unwrap();
        store.commit(batch).unwrap();
        store.reuse(&id).unwrap()[0].credit.clone()
    };
    let mut other = (*town.room.config).clone();
    assert_eq!(credit_by(&other), Credit::None);
    let agency = OutletId::parse("agency").unwrap();
    other.watchlist.outlets.get_mut(&agency).unwrap().aliases.push("Despachos del Este".to_owned());
    assert_eq!(credit_by(&other), Credit::Byline);
    other.watchlist.outlets.remove(&agency);
    assert_eq!(credit_by(&other), Credit::Byline, "of a publisher that is gone nothing new is known");
    assert_eq!(credit_by(&town.room.config), Credit::None);
}

fn reuse() -> Reuse {
    Reuse {
        status: StatusUri("https://local.example/s/1".into()),
        status_url: "https://local.example/s/1".into(),
        made_at: now(),
        status_seen: now(),
        status_sha256: String::new(),
        publisher: OutletId::parse("agency").unwrap(),
        item: ItemId("1".into()),
        item_url: "https://agency.example/1".into(),
        item_seen: now(),
        item_sha256: String::new(),
        kind: ReuseKind::Copy,
        order: Order::Undecided,
        credit: Credit::None,
        share: 90,
        run: 100,
        derived: None,
        passage: String::new(),
        item_passage: String::new(),
    }
}

#[tokio::test]
async fn the_outlook_says_what_is_read_and_leaves_out_who_opted_out() {
    let town =
        Town::new("servers = [\"local.example\", \"quiet.example\"]\nopt_out = [\"quiet.example\"]").await;
    let config = &town.room.config;
    let lines = outlook::lines(config);
    let feeds = "feeds: 2 of outlets and 1 of independent publishers every 10 minutes, stale ones once a day";
    assert!(lines.iter().any(|line| line == feeds), "{lines:?}");
    let told = |reads: Vec<outlook::Read>| -> Vec<String> {
        reads.into_iter().map(|read| format!("{}: {}, {}", read.what, read.how, read.often)).collect()
    };
    assert_eq!(
        told(outlook::pages(config)),
        [
            "https://agency.example/es.xml: feed, every 10 minutes",
            "https://agency.example/old.xml: feed, once a day, until something new is in it",
            "https://wire.example/feed.json: feed, every 10 minutes",
        ]
    );
    assert_eq!(
        told(outlook::servers(config)),
        [
            "local.example: local timeline, for copies of outlets' texts, every 10 to 30 minutes",
            "local.example: account search for the names of outlets, once a day",
            "local.example: hashtags with the names of outlets, once a day",
            "oriental@home.example: profile and posts, every 5 to 60 minutes, as often as it posts",
        ]
    );
}

/// The founding case: the paper names nobody, links nowhere and follows nobody who matters. Only its text is
/// the agency's, and only on its own server does it show.
#[tokio::test]
async fn a_silent_paper_on_a_local_timeline_is_read_with_how_it_was_found() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"timelines\"]").await;
    let copy = "Dos pandas gigantes llegaron este martes al zoológico de la capital tras un vuelo de doce horas, informó la dirección del parque, que espera a miles de visitantes en la primera semana.";
    town.says("agency.example/es.xml", rss(&[item(1, "Feria de té", 1)]));
    town.says("local.example/api/v1/timelines/public", "[]");
    town.pass(now()).await;
    town.says("agency.example/es.xml", rss(&[item(2, copy, 2), item(1, "Feria de té", 1)]));
    town.pass(minutes(11)).await;

    let asks_for_peace = json!({"indexable": false});
    let paper = author("mirador", asks_for_peace.clone());
    let talker = author("talker", asks_for_peace);
    let talk = "Hoy fuimos al parque con los chicos y había una fila larguísima para ver a los pandas, así que volvimos a casa y vimos una película entre todos.";
    let posts = [post(2, &paper, copy, json!({})), post(1, &talker, talk, json!({}))];
    town.says("local.example/api/v1/timelines/public", json!(posts).to_string());
    town.says("local.example/api/v1/accounts/lookup?acct=mirador", paper.to_string());
    town.says("local.example/api/v1/accounts/mirador/statuses", json!([posts[0]]).to_string());
    town.pass(minutes(45)).await;
    let found = town.found("mirador@local.example").unwrap();
    assert_eq!(
        (found.method, found.through.as_str(), found.background),
        (Method::Timeline, "local.example", false)
    );
    assert_eq!(town.found("talker@local.example"), None);

    town.pass(minutes(46)).await;
    let record = town.room.store.account_by_acct(&"mirador@local.example".parse().unwrap()).unwrap().unwrap();
    assert_eq!(record.found, found);
    let reuse = town.room.store.reuse(&record.id).unwrap();
    assert_eq!(reuse.iter().map(|reuse| reuse.publisher.as_str()).collect::<Vec<_>>(), ["agency"]);
    assert!(town.target(&account("mirador@local.example")).unwrap().due <= minutes(76));
}

/// Who publishes every few minutes may well be copied before his feed is read again.
#[tokio::test]
async fn a_copy_that_shows_before_its_item_is_found_when_the_item_comes() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"timelines\"]").await;
    let copy = "El puerto recibió el primer cargamento de maquinaria agrícola del año, con ochocientas toneladas destinadas a cooperativas del norte, según la autoridad portuaria.";
    town.says("agency.example/es.xml", rss(&[item(1, "Feria de té", 1)]));
    let posts = json!([post(1, &author("mirador", json!({})), copy, json!({}))]);
    town.says("local.example/api/v1/timelines/public", posts.to_string());
    town.pass(now()).await;
    assert_eq!(town.found("mirador@local.example"), None);
    town.says("agency.example/es.xml", rss(&[item(2, copy, 2), item(1, "Feria de té", 1)]));
    town.pass(minutes(11)).await;
    town.pass(minutes(45)).await;
    assert_eq!(town.found("mirador@local.example").unwrap().method, Method::Timeline);
}

/// A page of forty posts must not be overrun, and a quiet one need not be asked for all the time.
#[tokio::test]
async fn a_timeline_is_read_the_more_rarely_the_less_comes() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"timelines\"]").await;
    let timeline = Target::Timeline { server: Host::parse("local.example").unwrap(), scope: Scope::Local };
    let author = author("ana", json!({}));
    let page = |from: u32, count: u32| {
        let posts = (from..from + count).rev().map(|number| post(number, &author, "Hola", json!({})));
        json!(posts.collect::<Vec<_>>()).to_string()
    };
    let next = async |posts: String, at: i64| {
        town.says("local.example/api/v1/timelines/public", posts);
        town.poll(&timeline, minutes(at)).await;
        let due = town.target(&timeline).unwrap().due - minutes(at);
        // Spread by a tenth either way.
        due.num_minutes() / 9 * 9
    };
    assert_eq!(next(page(100, 40), 0).await, 9, "who knows how much comes");
    assert_eq!(next(page(120, 40), 10).await, 9, "twenty in ten minutes");
    assert_eq!(next(page(121, 40), 20).await, 27, "one");
    assert_eq!(next(page(121, 40), 50).await, 27, "none");
    assert_eq!(next(page(151, 40), 80).await, 18, "thirty in half an hour");
}

/// What a server has not changed is neither sent nor read again, whether it names versions or not.
#[tokio::test]
async fn a_page_that_has_not_changed_is_not_read_again() {
    let town = Town::new("discover = []").await;
    let oriental =
        author("oriental@home.example", json!({"id": "1", "uri": "https://home.example/users/oriental"}));
    let (lookup, pages) = (
        "home.example/api/v1/accounts/lookup?acct=oriental",
        "home.example/api/v1/accounts/1/statuses?limit=40",
    );
    let one = post(1, &oriental, "One", json!({}));
    town.replies(lookup, 200, &[("etag", "W/\"p1\"")], oriental.to_string());
    town.replies(pages, 200, &[("etag", "W/\"s1\"")], json!([one]).to_string());
    town.says(&format!("{pages}&max_id"), "[]");
    let target = account("oriental@home.example");
    town.poll(&target, now()).await;
    let again = town.poll(&target, minutes(70)).await;
    assert_eq!((again.new_statuses, again.trouble), (0, None));
    let asked = |start: &str| {
        let asked = town.asked.lock().unwrap();
        let headers = asked.iter().rfind(|(line, _)| line.starts_with(start)).unwrap().1.clone();
        headers.get("if-none-match").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(asked(lookup).as_deref(), Some("W/\"p1\""));
    assert_eq!(asked(pages).as_deref(), Some("W/\"s1\""));
    let id = AccountId::mastodon("https://home.example/users/oriental");
    let record = || town.room.store.account(&id).unwrap().unwrap();
    assert_eq!(record().last_complete_poll, Some(minutes(70)), "it was there and had nothing new");

    let two = post(2, &oriental, "Two", json!({"created_at": "2026-11-02T13:15:00Z"}));
    town.says(pages, json!([two, one]).to_string());
    assert_eq!(town.poll(&target, minutes(80)).await.new_statuses, 1);
    assert_eq!(town.poll(&target, minutes(90)).await.new_statuses, 0);
    assert_eq!(asked(pages), None, "a name of ours says nothing to a server");
    assert_eq!(record().last_complete_poll, Some(minutes(90)));
}

const PAGES: &str = "home.example/api/v1/accounts/1/statuses?limit=40";

/// A town in which the agency's account can be looked up, and its author; nothing stands below its first page.
async fn with_oriental() -> (Town, Value) {
    let town = Town::new("discover = []").await;
    let oriental =
        author("oriental@home.example", json!({"id": "1", "uri": "https://home.example/users/oriental"}));
    town.says("home.example/api/v1/accounts/lookup?acct=oriental", oriental.to_string());
    town.says(&format!("{PAGES}&max_id"), "[]");
    (town, oriental)
}

/// Some servers and proxies name all their answers alike, and ignore what we say of versions.
#[tokio::test]
async fn a_body_that_comes_is_read_whatever_it_is_called() {
    let (town, oriental) = with_oriental().await;
    let one = post(1, &oriental, "One", json!({}));
    let alike = [("etag", "W/\"0\""), ("x-deaf", "yes")];
    town.replies(PAGES, 200, &alike, json!([one]).to_string());
    let target = account("oriental@home.example");
    town.poll(&target, now()).await;
    let two = post(2, &oriental, "Two", json!({"created_at": "2026-11-02T12:15:00Z"}));
    town.replies(PAGES, 200, &alike, json!([two, one]).to_string());
    assert_eq!(town.poll(&target, minutes(30)).await.new_statuses, 1);
}

/// A cache on the way said for hours that nothing had changed: its polls are no witnesses of who was first.
#[tokio::test]
async fn a_poll_that_a_status_contradicts_is_no_witness() {
    let (town, oriental) = with_oriental().await;
    let one = post(1, &oriental, "One", json!({}));
    town.replies(PAGES, 200, &[("etag", "\"v\"")], json!([one]).to_string());
    let target = account("oriental@home.example");
    town.poll(&target, now()).await;
    for at in [30, 60, 90] {
        assert_eq!(town.poll(&target, minutes(at)).await.trouble, None);
    }
    let hidden = post(2, &oriental, "Two", json!({"created_at": "2026-11-02T12:10:00Z"}));
    let fresh = post(3, &oriental, "Three", json!({"created_at": "2026-11-02T13:50:00Z"}));
    town.replies(PAGES, 200, &[("etag", "\"w\"")], json!([fresh, hidden, one]).to_string());
    town.poll(&target, minutes(120)).await;
    let id = AccountId::mastodon("https://home.example/users/oriental");
    let statuses = town.room.store.statuses(&id).unwrap();
    let absent = |text: &str| statuses.iter().find(|seen| seen.status.text == text).unwrap().absent_at;
    assert_eq!(absent("Two"), None);
    assert_eq!(absent("Three"), Some(minutes(90)));
}

/// The first post of all may be the one that gives somebody away.
#[tokio::test]
async fn the_oldest_status_of_a_short_account_is_missed_when_it_goes() {
    let (town, oriental) = with_oriental().await;
    let link = [("link", "<https://home.example/x?min_id=9>; rel=\"prev\"")];
    let made = |number: u32| {
        post(number, &oriental, "Post", json!({"created_at": format!("2026-11-02T0{number}:00:00Z")}))
    };
    town.replies(PAGES, 200, &link, json!([made(3), made(2), made(1)]).to_string());
    let target = account("oriental@home.example");
    town.poll(&target, now()).await;
    town.replies(PAGES, 200, &link, json!([made(3), made(2)]).to_string());
    town.poll(&target, minutes(30)).await;
    let id = AccountId::mastodon("https://home.example/users/oriental");
    let statuses = town.room.store.statuses(&id).unwrap();
    let removed: Vec<_> = statuses.iter().map(|seen| seen.removed_at).collect();
    assert_eq!(removed, [Some(minutes(30)), None, None]);
}

/// The same article stands in the feeds of several sections.
#[tokio::test]
async fn an_item_of_two_feeds_is_kept_as_it_came_first() {
    let town = Town::new("discover = []").await;
    town.says("agency.example/es.xml", rss(&[item(1, "Pandas", 1)]));
    town.says("agency.example/old.xml", rss(&[item(1, "Pandas", 1)]));
    town.pass(now()).await;
    let items = town.items();
    assert_eq!(items.len(), 1);
    town.pass(minutes(9)).await;
    assert_eq!(town.items(), items);
}

/// A cache on the way may say for ever that nothing has changed; once a day it is not believed.
#[tokio::test]
async fn a_profile_is_read_whole_once_a_day() {
    let (town, oriental) = with_oriental().await;
    let lookup = "home.example/api/v1/accounts/lookup?acct=oriental";
    town.replies(lookup, 200, &[("etag", "\"v\"")], oriental.to_string());
    town.says(PAGES, json!([post(1, &oriental, "One", json!({}))]).to_string());
    let target = account("oriental@home.example");
    town.poll(&target, now()).await;
    let mut renamed = oriental.clone();
    renamed["display_name"] = json!("Oriental");
    town.replies(lookup, 200, &[("etag", "\"v\"")], renamed.to_string());
    let id = AccountId::mastodon("https://home.example/users/oriental");
    let name = || town.room.store.account(&id).unwrap().unwrap().latest.profile.display_name;
    town.poll(&target, minutes(70)).await;
    let before = name();
    town.poll(&target, minutes(25 * 60)).await;
    assert!(before != "Oriental" && name() == "Oriental", "{before}");
}

/// One poll takes up twenty; the others must not wait for the page to change.
#[tokio::test]
async fn of_many_who_carry_a_later_item_all_are_found() {
    let town = Town::new("servers = [\"local.example\"]\ndiscover = [\"timelines\"]").await;
    let copy = "El puerto recibió el primer cargamento de maquinaria agrícola del año, con ochocientas toneladas destinadas a cooperativas del norte, según la autoridad portuaria.";
    let posts = (1..=25).map(|n| post(n, &author(&format!("paper{n}"), json!({})), copy, json!({})));
    town.says("local.example/api/v1/timelines/public", json!(posts.collect::<Vec<_>>()).to_string());
    town.says("agency.example/es.xml", rss(&[item(1, "Feria de té", 1)]));
    town.pass(now()).await;
    town.says("agency.example/es.xml", rss(&[item(2, copy, 2), item(1, "Feria de té", 1)]));
    for at in [11, 45, 80, 115] {
        town.pass(minutes(at)).await;
    }
    let found = (1..=25).filter(|n| town.found(&format!("paper{n}@local.example")).is_some());
    assert_eq!(found.count(), 25);
}
