//! Stories of those who wish us ill or are careless: hostile servers, outlets that want to blind us, and
//! maintainers in a hurry. A whole newsroom against servers on loopback.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration as RealDuration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, Utc};
use masthead::config::{self, Environment};
use masthead::cycle::collect::{self, CollectReport};
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, judge, publish};
use masthead::model::account::Acct;
use masthead::model::assessment::Relation;
use masthead::model::dossier::{AccountRecord, Method, Presence};
use masthead::model::finding::{Claim, Finding, FindingState};
use masthead::model::target::Target;
use masthead::store::Batch;
use serde_json::{Value, json};
use tempfile::TempDir;

const HOSTS: [&str; 6] = [
    "news.example",
    "readers.news.example",
    "social.news.example",
    "other.example",
    "social.example",
    "evil.example",
];

const OUTLETS: &str = r#"
[[outlet]]
id = "news"
name = "Daily News"
country = "XX"
control = "state-controlled"
domains = ["news.example"]
sources = ["https://monitor.example/news"]
[[outlet.control_basis]]
by = "State Media Monitor"
says = "SC"
source = "https://monitor.example/news"
"#;

/// What is answered to requests that begin so.
type Script = Arc<Mutex<BTreeMap<String, VecDeque<(u16, String)>>>>;

/// A newsroom and the servers around it, whose answers change as the story goes.
struct Town {
    room: Newsroom,
    answers: Script,
    dir: TempDir,
}

impl Town {
    async fn new() -> Town {
        let answers = Script::default();
        let dir = tempfile::tempdir().unwrap();
        let script = answers.clone();
        let router = Router::new().fallback(move |request: Request| {
            let script = script.clone();
            async move { answer(&request, &mut script.lock().unwrap()) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut hosts = String::new();
        for name in HOSTS {
            writeln!(hosts, "\"{name}\" = \"{address}\"").unwrap();
        }
        let text = format!(
            "watchlist = [\"outlets.toml\"]\nstate_dir = \"state\"\ncontact = \"https://masthead.example/\"\n\
             [sources.mastodon]\nenabled = true\nservers = [\"other.example\"]\ndiscover = [\"search\"]\n[sources.pages]\nenabled = true\n[hosts]\n{hosts}"
        );
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), OUTLETS).unwrap();
        let town = Town { room: newsroom(&dir).await, answers, dir };
        town.says("other.example/api/v2/search", 200, r#"{"accounts":[]}"#);
        town
    }

    /// The same state with other outlets, as after an edit and a restart.
    async fn with_outlets(self, outlets: &str) -> Town {
        let Town { room, answers, dir } = self;
        drop(room);
        std::fs::write(dir.path().join("outlets.toml"), outlets).unwrap();
        Town { room: newsroom(&dir).await, answers, dir }
    }

    /// From now on requests that begin so get this answer; the longest beginning counts.
    fn says(&self, start: &str, status: u16, body: impl Into<String>) {
        self.says_in_turn(start, [(status, body.into())]);
    }

    /// The same, one answer after the other and round again.
    fn says_in_turn(&self, start: &str, answers: impl Into<VecDeque<(u16, String)>>) {
        self.answers.lock().unwrap().insert(start.to_owned(), answers.into());
    }

    fn front_page(&self, accounts: &[&str]) {
        self.says("news.example/", 200, page(accounts));
        self.says("news.example/.well-known", 404, "");
        self.says("news.example/robots.txt", 404, "");
    }

    /// An account with one status a day before the story, by what its server says of it.
    fn account(&self, asked: &str, account: &Value) {
        let (user, host) = asked.split_once('@').unwrap();
        let id = account["id"].as_str().unwrap();
        self.says(&format!("{host}/api/v1/accounts/lookup?acct={user}"), 200, account.to_string());
        self.statuses(host, id, &json!([status(host, user, 1, "2026-11-01T00:00:00Z", "One")]));
    }

    fn statuses(&self, host: &str, id: &str, statuses: &Value) {
        self.says(&format!("{host}/api/v1/accounts/{id}/statuses"), 200, statuses.to_string());
        self.says(&format!("{host}/api/v1/accounts/{id}/statuses?limit=40&max_id"), 200, "[]");
    }

    /// Passes until nothing is due.
    async fn passes(&self, now: DateTime<Utc>) -> CollectReport {
        let mut all = CollectReport::default();
        for _ in 0..6 {
            all.add(collect::pass(&self.room, Pacing::AtOnce, now).await.unwrap());
        }
        all
    }

    fn record(&self, acct: &str) -> Option<AccountRecord> {
        self.room.store.account_by_acct(&acct.parse().unwrap()).unwrap()
    }

    fn relation(&self, acct: &str) -> Option<Relation> {
        let record = self.record(acct)?;
        Some(self.room.store.assessment(&record.id).unwrap()?.relation)
    }

    fn findings(&self) -> Vec<Finding> {
        self.room.store.findings().unwrap()
    }

    fn lead(&self, acct: &str) -> Target {
        Target::Account { acct: acct.parse::<Acct>().unwrap() }
    }

    /// A quiet town: the front page was read when it named nobody.
    async fn settled() -> Town {
        let town = Town::new().await;
        town.front_page(&[]);
        town.passes(at(0)).await;
        town
    }

    /// A day later the outlet's account appears, named in both directions.
    async fn with_official() -> Town {
        let town = Town::settled().await;
        town.front_page(&["https://social.example/@dailynews"]);
        town.account("dailynews@social.example", &desk("social.example", "dailynews"));
        town.passes(at(27)).await;
        assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Official));
        town
    }
}

async fn newsroom(dir: &TempDir) -> Newsroom {
    let path = dir.path().join("config.toml");
    let loaded = config::load(Some(&path), &Environment::default(), at(0));
    let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
    Newsroom::open(Arc::new(config)).await.unwrap()
}

fn answer(request: &Request, script: &mut BTreeMap<String, VecDeque<(u16, String)>>) -> Response {
    let line = format!("{}{}", request.headers()["host"].to_str().unwrap(), request.uri());
    let known = script.iter_mut().filter(|(start, _)| line.starts_with(start.as_str()));
    let known = known.max_by_key(|(start, _)| start.len());
    let (status, body) = known.map_or((404, r#"{"error":"Record not found"}"#.to_owned()), |(_, replies)| {
        replies.rotate_left(1);
        replies.back().unwrap().clone()
    });
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    (StatusCode::from_u16(status).unwrap(), [("content-type", kind)], body).into_response()
}

/// So many hours into the story.
fn at(hours: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
    start + Duration::hours(hours)
}

fn page(accounts: &[&str]) -> String {
    let links: String = accounts.iter().map(|url| format!("<a rel=\"me\" href=\"{url}\">us</a>")).collect();
    format!("<!doctype html><title>News</title><p>News of the day</p>{links}")
}

/// An account that bears the outlet's name and links to its site.
fn desk(host: &str, user: &str) -> Value {
    json!({"id": "7", "acct": user, "username": user, "display_name": "Daily News", "note": "<p>News</p>",
        "uri": format!("https://{host}/users/{user}"), "url": format!("https://{host}/@{user}"),
        "fields": [{"name": "Site", "value": "<a href=\"https://news.example/\" rel=\"me\">news.example</a>"}],
        "followers_count": 12, "following_count": 1, "statuses_count": 1})
}

fn status(host: &str, user: &str, id: u64, at: &str, text: &str) -> Value {
    json!({"id": id.to_string(), "uri": format!("https://{host}/users/{user}/statuses/{id}"), "created_at": at,
        "content": format!("<p>{text}</p>"), "visibility": "public"})
}

fn webfinger(subject: &str, uri: &str) -> String {
    json!({"subject": format!("acct:{subject}"),
        "links": [{"rel": "self", "type": "application/activity+json", "href": uri}]})
    .to_string()
}

#[tokio::test]
async fn an_account_that_the_front_page_names_and_that_names_it_is_raised_as_newly_seen() {
    let town = Town::with_official().await;
    let findings = town.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].statement.claim, Claim::NewlySeen(Relation::Official));
    assert!(findings[0].confirmed().is_some());
}

/// The outlet runs a server. An impostor's host says by webfinger that its account lives there, lets the
/// outlet's server show its remote account, and then says that it lives at home after all.
#[tokio::test]
async fn a_remote_account_that_the_outlet_s_server_shows_is_not_served_by_the_outlet() {
    let town = Town::settled().await;
    town.front_page(&["https://evil.example/@dailynews"]);
    let mut remote = desk("evil.example", "dailynews");
    remote["acct"] = json!("dailynews@evil.example");
    town.says(
        "social.news.example/api/v1/accounts/lookup?acct=dailynews%40evil.example",
        200,
        remote.to_string(),
    );
    town.says("social.news.example/api/v1/accounts/7/statuses", 200, "[]");
    let lives_on =
        |host: &str| (200, webfinger("dailynews@evil.example", &format!("https://{host}/users/dailynews")));
    let turns = [lives_on("social.news.example"), lives_on("evil.example")];
    town.says_in_turn("evil.example/.well-known/webfinger", turns);
    let lead = collect::pass(&town.room, Pacing::AtOnce, at(27)).await.unwrap();
    assert_eq!(lead.new_accounts, ["account dailynews@evil.example"]);
    collect::pass(&town.room, Pacing::AtOnce, at(28)).await.unwrap();
    let record = town.record("dailynews@evil.example");
    assert!(record.is_none_or(|record| record.api_host.as_str() == "evil.example"));
    assert_ne!(town.relation("dailynews@evil.example"), Some(Relation::Official));
}

#[expect(clippy::disallowed_methods, reason = "the server changes its mind in real time")]
async fn real_pause(millis: u64) {
    tokio::time::sleep(RealDuration::from_millis(millis)).await;
}

/// Blogs and forums below an outlet's domain belong to its readers, also their front pages.
#[tokio::test]
async fn the_front_page_of_a_reader_s_blog_below_the_domain_proves_nothing() {
    let town = Town::settled().await;
    town.says("readers.news.example/", 200, page(&["https://social.example/@dailynews"]));
    town.says("readers.news.example/robots.txt", 404, "");
    let mut fan = desk("social.example", "dailynews");
    fan["fields"][0]["value"] = json!("<a href=\"https://readers.news.example/\">blog</a>");
    town.account("dailynews@social.example", &fan);
    // Something leads to it: the outlet's own page for a day, by mistake.
    town.front_page(&["https://social.example/@dailynews"]);
    town.passes(at(27)).await;
    town.front_page(&[]);
    town.passes(at(60)).await;
    assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Claimed));
}

#[tokio::test]
async fn a_status_too_long_for_the_store_is_cut_and_does_not_stop_the_service() {
    let town = Town::with_official().await;
    let long = "新".repeat(20_000);
    let statuses = json!([status("social.example", "dailynews", 2, "2026-11-03T15:00:00Z", &long)]);
    town.statuses("social.example", "7", &statuses);
    let report = town.passes(at(29)).await;
    assert_eq!((report.new_statuses, report.troubles), (1, vec![]));
    let id = town.record("dailynews@social.example").unwrap().id;
    let stored = town.room.store.statuses(&id).unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored[1].status.text.starts_with("新新"));
}

/// Each edit is kept beside the first text; an account that edits all day would fill the record.
#[tokio::test]
async fn a_status_that_is_edited_again_and_again_stays_storable() {
    let town = Town::with_official().await;
    for round in 0..8 {
        let text = format!("{round} {}", "新".repeat(4_000));
        let statuses = json!([status("social.example", "dailynews", 2, "2026-11-03T15:00:00Z", &text)]);
        town.statuses("social.example", "7", &statuses);
        let report = town.passes(at(29 + round)).await;
        assert_eq!(report.troubles, vec![]);
    }
    let id = town.record("dailynews@social.example").unwrap().id;
    let stored = town.room.store.statuses(&id).unwrap();
    assert!(stored[1].versions.last().unwrap().text.starts_with("7 新"));
}

#[tokio::test]
async fn a_front_page_full_of_endless_addresses_still_names_the_account_and_stops_nothing() {
    let town = Town::settled().await;
    let endless: Vec<String> = (0..300)
        .map(|n| format!("https://evil.example/@{n}{}", "x".repeat(90) + &"?y=".repeat(600)))
        .collect();
    let mut accounts = vec!["https://social.example/@dailynews"];
    accounts.extend(endless.iter().map(String::as_str));
    town.front_page(&accounts);
    town.account("dailynews@social.example", &desk("social.example", "dailynews"));
    collect::pass(&town.room, Pacing::AtOnce, at(27)).await.unwrap();
    town.passes(at(27)).await;
    assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Official));
}

#[tokio::test]
async fn a_profile_full_of_endless_links_stops_nothing() {
    let town = Town::with_official().await;
    let mut profile = desk("social.example", "dailynews");
    let link = |n: usize| format!("<a href=\"https://news.example/{n}{}\">x</a>", "y".repeat(1_900));
    let note: String = (0..60).map(link).collect();
    profile["note"] = json!(format!("<p>Daily News official {note}</p>"));
    town.account("dailynews@social.example", &profile);
    let report = town.passes(at(29)).await;
    let of_account = |trouble: &&(String, String)| trouble.0.starts_with("account");
    assert_eq!(report.troubles.iter().find(of_account), None);
    assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Official));
}

/// A judgement that wrote its findings back after the digest took them made the digest say them twice.
#[tokio::test]
async fn a_digest_is_not_frozen_while_a_judgement_is_under_way() {
    let town = Town::with_official().await;
    let judging = town.room.bench.lock().await;
    let room = town.room.clone();
    let digest = tokio::spawn(async move { publish::digest_now(&room, at(28)).await.unwrap() });
    real_pause(300).await;
    assert_eq!(town.findings()[0].state, FindingState::Raised);
    drop(judging);
    digest.await.unwrap();
    assert!(matches!(town.findings()[0].state, FindingState::InDigest { .. }));
}

#[tokio::test]
async fn an_outlet_that_is_taken_off_the_watchlist_is_not_in_the_next_digest() {
    let town = Town::with_official().await;
    let other = OUTLETS.replace("news", "other").replace("Daily News", "Other");
    let town = town.with_outlets(&other).await;
    let report = publish::digest_now(&town.room, at(28)).await.unwrap();
    assert_eq!((report.number, report.says.as_str()), (None, "there is nothing to say"));
    assert!(matches!(town.findings()[0].state, FindingState::Lapsed { .. }));
    assert_eq!(town.relation("dailynews@social.example"), None);
}

#[tokio::test]
async fn a_name_that_changes_hands_takes_nothing_with_it() {
    let town = Town::with_official().await;
    let before = town.record("dailynews@social.example").unwrap();
    let mut heir = desk("social.example", "dailynews");
    heir["uri"] = json!("https://social.example/ap/users/8");
    town.account("dailynews@social.example", &heir);
    town.passes(at(29)).await;
    let after = town.record("dailynews@social.example").unwrap();
    assert_eq!(
        (after.id.uri.as_str(), after.found.method),
        ("https://social.example/ap/users/8", Method::Successor)
    );
    let before = town.room.store.account(&before.id).unwrap().unwrap();
    assert_eq!(before.presence, Presence::MissingSince(at(29)));
    judge::pass(&town.room, None, at(30)).await.unwrap();
    let confirmed: Vec<Finding> =
        town.findings().into_iter().filter(|finding| finding.confirmed().is_some()).collect();
    assert_eq!(confirmed, []);
}

#[tokio::test]
async fn an_answer_that_the_outlet_s_host_takes_back_proves_no_longer() {
    let town = Town::settled().await;
    let question = "news.example/.well-known/webfinger";
    town.says(question, 200, webfinger("news@news.example", "https://social.example/users/dailynews"));
    let mut account = desk("social.example", "dailynews");
    account["acct"] = json!("dailynews");
    town.account("dailynews@social.example", &account);
    let mut batch = Batch::new();
    let lead = town.lead("dailynews@social.example");
    batch.put_target(masthead::model::target::TargetRecord {
        found: Some(masthead::model::dossier::Found {
            at: at(26),
            method: Method::Search,
            through: "social.example".into(),
            background: false,
        }),
        ..masthead::model::target::TargetRecord::new(lead, at(26))
    });
    town.room.store.commit(batch).unwrap();
    town.passes(at(27)).await;
    assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Official));
    town.says(question, 404, "");
    town.passes(at(60)).await;
    assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Claimed));
    assert_eq!(town.room.store.hosts().unwrap(), []);
}

/// An outlet that names other accounts each day could make us poll for ever.
#[tokio::test]
async fn leads_that_lead_nowhere_are_forgotten_and_a_page_holds_a_bounded_number() {
    let town = Town::settled().await;
    let leads = |town: &Town| {
        let targets = town.room.store.targets().unwrap();
        targets.iter().filter(|record| matches!(record.target, Target::Account { .. })).count()
    };
    for day in 1..4 {
        let names: Vec<String> = (0..200).map(|n| format!("https://evil.example/@u{day}x{n}")).collect();
        town.front_page(&names.iter().map(String::as_str).collect::<Vec<_>>());
        collect::pass(&town.room, Pacing::AtOnce, at(27 * day)).await.unwrap();
    }
    assert_eq!(leads(&town), 200);
    town.front_page(&[]);
    for day in 4..24 {
        collect::pass(&town.room, Pacing::AtOnce, at(27 * day)).await.unwrap();
    }
    assert_eq!(leads(&town), 0);
}

#[tokio::test]
async fn two_spellings_of_an_address_are_one_target() {
    let town = Town::with_official().await;
    town.front_page(&["https://social.example/@dailynews", "https://social.example/@DailyNews"]);
    let report = collect::pass(&town.room, Pacing::AtOnce, at(54)).await.unwrap();
    assert_eq!(report.new_accounts, Vec::<String>::new());
}

/// After a wrong clock was put right, everything was due in the far future.
#[tokio::test]
async fn a_clock_that_was_ahead_for_a_while_does_not_blind_us() {
    let town = Town::with_official().await;
    town.passes(at(24 * 365 * 10)).await;
    let mut grown = desk("social.example", "dailynews");
    grown["followers_count"] = json!(99);
    town.account("dailynews@social.example", &grown);
    let report = town.passes(at(40)).await;
    assert!(report.polled >= 2, "{report:?}");
    assert_eq!(town.findings()[0].statement.followers.unwrap().now, 99);
}

#[tokio::test]
async fn an_account_that_nothing_ties_to_an_outlet_is_read_no_more_than_a_candidate() {
    let town = Town::settled().await;
    // Another server's view of it leads us there, and does not name it.
    town.front_page(&["https://other.example/@ana@social.example"]);
    let ana =
        json!({"id": "9", "acct": "ana", "uri": "https://social.example/users/ana", "display_name": "Ana"});
    town.account("ana@social.example", &ana);
    town.passes(at(27)).await;
    town.passes(at(29)).await;
    let target = town.room.store.target(&town.lead("ana@social.example")).unwrap().unwrap();
    assert!(target.due - at(29) > Duration::hours(4), "{}", target.due - at(29));
}

/// Writes over a record behind the store's back.
fn damage(dir: &Path, tree: &str) {
    let db = sled::Config::default().path(dir.join("state/db")).segment_size(4 * 1024 * 1024).open().unwrap();
    let records = db.open_tree(tree).unwrap();
    for key in records.iter().keys() {
        records.insert(key.unwrap(), b"{\"v\":9}").unwrap();
    }
    db.flush().unwrap();
}

#[tokio::test]
async fn damaged_records_of_an_account_are_written_anew_and_stop_nothing() {
    for tree in ["accounts", "assessments"] {
        let Town { room, answers, dir } = Town::with_official().await;
        drop(room);
        real_pause(200).await;
        damage(dir.path(), tree);
        let town = Town { room: newsroom(&dir).await, answers, dir };
        judge::pass(&town.room, None, at(28)).await.unwrap();
        judge::waiting(&town.room, &mut *town.room.press.lock().await, at(28)).await.unwrap();
        // The page leads to it again when it is read the next day.
        let report = town.passes(at(54)).await;
        assert_eq!(report.troubles, vec![], "{tree}");
        assert_eq!(town.relation("dailynews@social.example"), Some(Relation::Official), "{tree}");
        assert_eq!(town.findings().len(), 1, "{tree}");
    }
}

/// A maintainer adds a name, and the search finds an account that was there all the time.
#[tokio::test]
async fn what_a_new_name_of_an_outlet_finds_at_once_was_known_at_start() {
    let town = Town::settled().await;
    let account = desk("other.example", "gazette");
    town.account("gazette@other.example", &account);
    town.says("other.example/api/v2/search?q=Gazette", 200, json!({"accounts": [account]}).to_string());
    let renamed = OUTLETS.replace("country =", "aliases = [\"Gazette\"]\ncountry =");
    let town = town.with_outlets(&renamed).await;
    let report = town.passes(at(27)).await;
    assert_eq!(report.new_accounts, ["account gazette@other.example"]);
    assert!(town.record("gazette@other.example").unwrap().found.background);
}

/// A server that always has new statuses, each as long as it can be, would fill the disk.
#[tokio::test]
async fn of_an_account_that_is_no_outlet_s_a_bounded_number_of_bounded_statuses_is_kept() {
    let town = Town::settled().await;
    town.front_page(&["https://evil.example/@fountain"]);
    let fountain = json!({"id": "9", "acct": "fountain", "uri": "https://evil.example/users/fountain"});
    town.account("fountain@evil.example", &fountain);
    for round in 0..14 {
        // A new candidate is read every nine hours at least.
        let now = at(27 + 10 * round);
        let ids = (0..40).map(|n| u64::try_from(round * 40 + 40 - n).unwrap());
        let text = "新".repeat(9_000);
        let made = |id: u64| (at(27) + Duration::minutes(id.cast_signed())).to_rfc3339();
        let statuses = ids.map(|id| status("evil.example", "fountain", id, &made(id), &text));
        town.statuses("evil.example", "9", &statuses.collect());
        collect::pass(&town.room, Pacing::AtOnce, now).await.unwrap();
        collect::pass(&town.room, Pacing::AtOnce, now).await.unwrap();
    }
    let id = town.record("fountain@evil.example").unwrap().id;
    let kept = town.room.store.statuses(&id).unwrap();
    assert_eq!(kept.len(), 400);
    assert_eq!(kept.last().unwrap().status.local_id, "560");
    assert!(kept.iter().all(|seen| seen.status.text.len() <= 12 * 1024));
}

/// A profile that links to other pages of the outlet each day would fill the store with them.
#[tokio::test]
async fn a_page_below_the_front_page_is_kept_as_long_as_a_profile_links_to_it() {
    let town = Town::with_official().await;
    let mut profile = desk("social.example", "dailynews");
    for day in 0..3 {
        let url = format!("https://news.example/story/{day}");
        profile["note"] = json!(format!("<p>{url} <a href=\"{url}\">today</a></p>"));
        town.account("dailynews@social.example", &profile);
        town.passes(at(54 + 24 * day)).await;
    }
    let stories = town.room.store.pages().unwrap();
    let stories = stories.iter().filter(|page| page.url.contains("/story/")).count();
    assert_eq!(stories, 1);
}
