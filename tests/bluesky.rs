//! Reading Bluesky from an AppView on loopback: accounts by their ids, every post once, and its refusals understood.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use masthead::analysis::attribution;
use masthead::clock::Clock;
use masthead::config::{self, Environment};
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, collect, health};
use masthead::model::account::{AccountId, Acct, Host, Network};
use masthead::model::assessment::Relation;
use masthead::model::dossier::{Found, Method, Presence};
use masthead::model::health::Mark;
use masthead::model::observation::Observation;
use masthead::model::outlet::OutletId;
use masthead::model::reuse::Credit;
use masthead::model::target::{Cursor, Target, TargetRecord};
use masthead::model::watchlist::Watchlist;
use masthead::net::{Net, NetConfig, Timeouts};
use masthead::sources::PollError;
use masthead::sources::account::{AccountPoll, Before};
use masthead::sources::bluesky::{AppView, wire};
use masthead::sources::walk::Sight;
use masthead::store::Batch;
use serde_json::{Value, json};
use tempfile::TempDir;

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const QUIET: &str = "did:plc:quietquietquietquietqui";
const OTHER: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What the network has of one account.
#[derive(Debug, Clone)]
struct Repo {
    did: &'static str,
    handle: &'static str,
    /// Key and time of each post, oldest first.
    posts: Vec<(String, DateTime<Utc>)>,
    /// What `getProfile` says instead.
    refusal: Option<(u16, &'static str, &'static str)>,
    /// Further accounts that the network has.
    others: Vec<Repo>,
}

impl Repo {
    fn of(handle: &'static str, posts: usize) -> Repo {
        let post = |n: usize| (format!("3l{n:05}"), now() - Duration::hours((posts - n) as i64));
        Repo { did: DID, handle, posts: (0..posts).map(post).collect(), refusal: None, others: vec![] }
    }

    /// The account that goes by this id or handle.
    fn find(&self, actor: &str) -> Option<&Repo> {
        let mut all = std::iter::once(self).chain(&self.others);
        all.find(|repo| [repo.did, repo.handle].contains(&actor))
    }

    fn profile(&self) -> Value {
        json!({"did": self.did, "handle": self.handle, "displayName": "Agencia Oriental", "followersCount": 12,
            "followsCount": 3, "postsCount": self.posts.len(), "createdAt": "2025-12-31T08:00:00.000Z",
            "description": "Noticias. https://oriental.example/es (oficial)", "indexedAt": "2026-01-01T00:00:00.000Z"})
    }

    fn item(&self, key: &str, at: DateTime<Utc>) -> Value {
        json!({"post": {"uri": format!("at://{}/app.bsky.feed.post/{key}", self.did), "cid": "bafy",
            "author": {"did": self.did, "handle": self.handle}, "indexedAt": stamp(at),
            "record": {"$type": "app.bsky.feed.post", "text": format!("post {key}"), "createdAt": stamp(at), "langs": ["es"]}}})
    }
}

type Shared = Arc<Mutex<Repo>>;

/// An AppView with one account, and the road to it.
struct World {
    repo: Shared,
    net: Net,
}

impl World {
    async fn new(repo: Repo) -> World {
        let repo = Arc::new(Mutex::new(repo));
        let router = Router::new()
            .route("/xrpc/app.bsky.actor.getProfile", get(get_profile))
            .route("/xrpc/app.bsky.feed.getAuthorFeed", get(get_author_feed))
            .with_state(repo.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = NetConfig {
            user_agent: "Masthead-test (+https://masthead.example)".into(),
            hosts: BTreeMap::from([(host(), address)]),
            allowed: BTreeSet::new(),
            timeouts: Timeouts::default(),
        };
        World { repo, net: Net::new(config, Clock::Real).unwrap() }
    }

    fn change(&self, change: impl FnOnce(&mut Repo)) {
        change(&mut self.repo.lock().unwrap());
    }

    async fn read(&self, seen: Option<&Observation>, cursor: &Cursor) -> Result<AccountPoll, PollError> {
        let acct = Acct::bluesky("oriental.example").unwrap();
        let view = AppView { net: &self.net, host: &host() };
        view.read_account(&acct, Before { observation: seen, cursor }, 5, now()).await
    }
}

fn host() -> Host {
    Host::parse("appview.example").unwrap()
}

fn refused(status: u16, name: &str, message: &str) -> Response {
    let body = json!({"error": name, "message": message}).to_string();
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body).into_response()
}

fn found(body: &Value) -> Response {
    ([("content-type", "application/json")], body.to_string()).into_response()
}

async fn get_profile(State(repo): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let repo = repo.lock().unwrap();
    match repo.refusal {
        Some((status, name, message)) => refused(status, name, message),
        None => match repo.find(&query["actor"]) {
            Some(repo) => found(&repo.profile()),
            None => refused(400, "InvalidRequest", "Profile not found"),
        },
    }
}

/// Newest first; the cursor is the time of the last one, as the real one is.
async fn get_author_feed(
    State(repo): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let repo = repo.lock().unwrap();
    let repo = repo.find(&query["actor"]).unwrap_or(&repo);
    let limit: usize = query["limit"].parse().unwrap();
    let below: Option<DateTime<Utc>> = query.get("cursor").map(|cursor| cursor.parse().unwrap());
    let older = repo.posts.iter().rev().filter(|(_, at)| below.is_none_or(|below| *at < below));
    let page: Vec<_> = older.take(limit).collect();
    let mut body = json!({"feed": page.iter().map(|(key, at)| repo.item(key, *at)).collect::<Vec<_>>()});
    if let Some((_, at)) = page.last().filter(|_| page.len() == limit) {
        body["cursor"] = json!(stamp(*at));
    }
    found(&body)
}

#[tokio::test]
async fn an_account_is_read_by_its_handle_once_and_by_its_id_from_then_on() {
    let world = World::new(Repo::of("oriental.example", 3)).await;
    let first = world.read(None, &Cursor::default()).await.unwrap();
    let profile = &first.observation.profile;
    assert_eq!((&profile.id, profile.acct.network()), (&AccountId::bluesky(DID), Network::Bluesky));
    let links: Vec<&str> = profile.links.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(links, ["https://oriental.example/", "https://oriental.example/es"]);
    assert_eq!((first.sight, first.complete, first.statuses.len()), (Sight::First, true, 3));

    // Another handle is the same account; its old handle may belong to somebody else by then.
    world.change(|repo| repo.handle = "oriental.news.example");
    let later = world.read(Some(&first.observation), &first.cursor).await.unwrap();
    assert_eq!(later.observation.profile.id, AccountId::bluesky(DID));
    assert_eq!(later.observation.profile.acct, Acct::bluesky("oriental.news.example").unwrap());

    world.change(|repo| (repo.did, repo.handle) = (OTHER, "oriental.example"));
    let error = world.read(Some(&first.observation), &first.cursor).await.unwrap_err();
    assert!(error.is_missing(), "{error}");
}

#[tokio::test]
async fn every_post_is_seen_once_however_many_came_and_what_was_deleted_is_missed() {
    let world = World::new(Repo::of("oriental.example", 100)).await;
    let first = world.read(None, &Cursor::default()).await.unwrap();
    let addresses = |poll: &AccountPoll| -> BTreeSet<String> {
        poll.statuses.iter().map(|status| status.uri.0.clone()).collect()
    };
    let mut seen = addresses(&first);
    // Ninety new ones and two gone before the next look.
    world.change(|repo| {
        repo.posts.extend((0..90).map(|n| (format!("3m{n:05}"), now() + Duration::minutes(n))));
        repo.posts.retain(|(key, _)| key != "3l00099" && key != "3l00098");
    });
    let second = world.read(Some(&first.observation), &first.cursor).await.unwrap();
    seen.extend(addresses(&second));
    let true_set: BTreeSet<String> = {
        let repo = world.repo.lock().unwrap();
        repo.posts.iter().map(|(key, _)| format!("at://{DID}/app.bsky.feed.post/{key}")).collect()
    };
    let reached: BTreeSet<_> = true_set.iter().filter(|uri| !seen.contains(*uri)).collect();
    assert_eq!(reached, BTreeSet::new());
    assert!(second.complete && second.sight == Sight::Later, "{second:?}");
    // Where the read reaches, what is not returned is no longer there.
    let since = second.covered_since.unwrap();
    assert!(since < now() - Duration::hours(2), "{since}");
    for gone in ["3l00098", "3l00099"] {
        assert!(!second.statuses.iter().any(|status| status.local_id == gone));
    }
}

#[tokio::test]
async fn only_the_service_s_own_words_say_that_an_account_is_gone() {
    for (status, name, message, missing) in [
        (400, "InvalidRequest", "Profile not found", true),
        (400, "InvalidRequest", "Error: actor must be a valid did or a handle", false),
        (401, "AuthMissing", "Authentication Required", false),
        (500, "InternalServerError", "Internal Server Error", false),
        (404, "XRPCNotSupported", "Profile not found", false),
    ] {
        let repo = Repo { refusal: Some((status, name, message)), ..Repo::of("oriental.example", 1) };
        let error = World::new(repo).await.read(None, &Cursor::default()).await.unwrap_err();
        assert_eq!(error.is_missing(), missing, "{error}");
        let said = error.to_string();
        assert!(said.contains("oriental.example") || said.contains("appview.example"), "{said}");
    }
}

#[tokio::test]
async fn an_account_that_was_taken_down_or_switched_off_is_suspended_and_not_gone() {
    let world = World::new(Repo::of("oriental.example", 2)).await;
    let first = world.read(None, &Cursor::default()).await.unwrap();
    for name in ["AccountTakedown", "AccountDeactivated"] {
        world.change(|repo| repo.refusal = Some((400, name, "Account has been suspended")));
        let poll = world.read(Some(&first.observation), &first.cursor).await.unwrap();
        assert!(poll.observation.profile.is_suspended && !poll.complete && poll.covered_since.is_none());
        assert_eq!(poll.cursor, first.cursor);
        let error = world.read(None, &Cursor::default()).await.unwrap_err();
        assert!(!error.is_missing(), "{error}");
    }
}

fn page(items: Value) -> wire::Page {
    wire::parse_feed(json!({"feed": items, "cursor": "c"}).to_string().as_bytes(), DID).unwrap()
}

/// A post with these changes to its record.
fn item(changes: Value) -> Value {
    let mut item = Repo::of("oriental.example", 1).item("3lk", now());
    item["post"]["record"].as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    item
}

#[test]
fn marks_are_read_by_their_bytes_and_those_beside_the_text_are_none() {
    let text = "新华社 @oriental.example #Pekín https://oriental.example/1";
    let facet = |start: usize, end: usize, feature: Value| json!({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]});
    let link = |uri: &str| json!({"$type": "app.bsky.richtext.facet#link", "uri": uri});
    let facets = json!([
        facet(10, 27, json!({"$type": "app.bsky.richtext.facet#mention", "did": OTHER})),
        facet(28, 35, json!({"$type": "app.bsky.richtext.facet#tag", "tag": "Pekín"})),
        facet(36, 62, link("https://oriental.example/1")),
        facet(1, 2, link("https://inside-a-letter.example/")),
        facet(60, 900, link("https://beyond.example/")),
        facet(36, 62, link("javascript:alert(1)")),
        {"index": "none"},
        7
    ]);
    let embed = json!({"$type": "app.bsky.embed.recordWithMedia", "record": {},
        "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://oriental.example/card", "title": "t"}}});
    let page =
        page(json!([item(json!({"text": text, "facets": facets, "embed": embed, "tags": ["China"]}))]));
    let status = &page.statuses[0];
    assert_eq!(status.links, ["https://oriental.example/1", "https://oriental.example/card"]);
    assert_eq!(status.mentions, [OTHER, "oriental.example@bsky.app"]);
    assert_eq!(status.tags, ["Pekín", "China"]);
    assert_eq!(status.language.as_deref(), Some("es"));
    assert_eq!(status.url.as_deref(), Some(format!("https://bsky.app/profile/{DID}/post/3lk").as_str()));
}

#[test]
fn of_two_stories_about_its_age_a_post_has_the_older_one() {
    let backdated = item(json!({"createdAt": "2019-05-05T00:00:00Z"}));
    let ahead = item(json!({"createdAt": "2031-05-05T00:00:00Z"}));
    let page = page(json!([backdated, ahead]));
    let times: Vec<_> = page.statuses.iter().map(|status| status.claimed_at.unwrap()).collect();
    assert_eq!(times, ["2019-05-05T00:00:00Z".parse::<DateTime<Utc>>().unwrap(), now()]);
}

#[test]
fn a_repost_is_no_text_of_the_account_and_a_foreign_post_is_none_of_its() {
    let mut repost = Repo { did: OTHER, ..Repo::of("other.example", 1) }.item("3lx", now());
    repost["reason"] = json!({"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": DID}, "indexedAt": stamp(now()),
        "uri": format!("at://{DID}/app.bsky.feed.repost/3lr")});
    let foreign = Repo { did: OTHER, ..Repo::of("other.example", 1) }.item("3lx", now());
    let mut pinned = item(json!({}));
    pinned["reason"] = json!({"$type": "app.bsky.feed.defs#reasonPin"});
    let page = page(json!([repost, foreign, pinned, {"post": {"uri": "https://x.example"}}, 1, null]));
    assert_eq!((page.count, page.statuses.len(), page.rejected.len()), (6, 2, 4));
    assert_eq!(page.statuses[0].uri.0, format!("at://{DID}/app.bsky.feed.repost/3lr"));
    assert_eq!(page.statuses[0].boost_of.as_ref().unwrap().0, format!("at://{OTHER}/app.bsky.feed.post/3lx"));
    assert_eq!(page.statuses[0].text, "");
}

#[tokio::test]
async fn whoever_takes_over_a_handle_is_a_successor_and_not_published_by_policy() {
    let town = Town::new(Repo::of("oriental.example", 3)).await;
    *town.named.lock().unwrap() = Some(DID);
    town.lives(now()).await;
    // The account takes another handle, and later a stranger has the old one.
    town.repo.lock().unwrap().handle = "elsewhere.example";
    town.lives(now() + Duration::hours(2)).await;
    let first = town.room.store.account(&AccountId::bluesky(DID)).unwrap().unwrap();
    assert_eq!(first.acct, Acct::bluesky("elsewhere.example").unwrap());
    *town.repo.lock().unwrap() = Repo { did: OTHER, ..Repo::of("oriental.example", 3) };
    *town.named.lock().unwrap() = Some(OTHER);
    for hours in [26, 52] {
        town.lives(now() + Duration::hours(hours)).await;
    }
    let second = town.room.store.account(&AccountId::bluesky(OTHER)).unwrap().unwrap();
    assert_eq!((second.found.method, second.found.through.as_str()), (Method::Successor, DID));
}

/// When and where an account is polled next, how much is known of when it posts, and up to where it was read.
fn standing(town: &Town, handle: &str) -> Option<(DateTime<Utc>, bool, usize)> {
    let target = Target::Account { acct: Acct::bluesky(handle).unwrap() };
    let record = town.room.store.target(&target).unwrap()?;
    let cursor = town.room.store.cursor(&target).unwrap().unwrap_or_default();
    Some((record.due, record.paced.is_some(), cursor.heads.len()))
}

#[tokio::test]
async fn an_account_that_takes_another_handle_is_read_on_from_where_it_was_left() {
    let town = Town::new(Repo::of("oriental.example", 3)).await;
    *town.named.lock().unwrap() = Some(DID);
    town.lives(now()).await;
    let (mut at, mut handle) = (now(), "oriental.example");
    for renamed in ["elsewhere.example", "third.example", "Fourth.example"] {
        let (due, is_paced, _) = standing(&town, handle).unwrap();
        assert!(is_paced);
        at = at.max(due);
        // It posts while it changes its name: that is news, and not what a new account has to begin with.
        town.change(|repo| {
            repo.handle = renamed;
            repo.posts.push((format!("at-{renamed}"), at - Duration::minutes(1)));
        });
        town.lives(at).await;
        assert_eq!(standing(&town, handle).map(|(due, ..)| due), None, "{handle}");
        let (next, is_paced, heads) = standing(&town, renamed).unwrap();
        assert!(is_paced && next > at, "a new name is no reason to be polled again: {next}");
        assert_eq!(heads, town.repo.lock().unwrap().posts.len());
        handle = renamed;
    }
    let statuses = town.room.store.statuses(&AccountId::bluesky(DID)).unwrap();
    let news: Vec<bool> = statuses.iter().map(|status| !status.background).collect();
    assert_eq!(news, [false, false, false, true, true, true]);
}

#[tokio::test]
async fn two_accounts_that_swap_their_handles_stay_who_they_are() {
    let other = Repo { did: OTHER, ..Repo::of("other.example", 2) };
    let town = Town::new(Repo { others: vec![other], ..Repo::of("oriental.example", 3) }).await;
    for did in [DID, OTHER] {
        *town.named.lock().unwrap() = Some(did);
        let hours = if did == DID { 0 } else { 30 };
        town.lives(now() + Duration::hours(hours)).await;
    }
    let store = &town.room.store;
    // The domain named the second one, which goes by another handle, so it is led there by hand.
    let lead = Target::Account { acct: Acct::bluesky("other.example").unwrap() };
    let found = Found { at: now(), method: Method::Search, through: "a story".into(), background: true };
    let mut batch = Batch::default();
    batch.put_target(TargetRecord { found: Some(found), ..TargetRecord::new(lead, now()) });
    store.commit(batch).unwrap();
    town.lives(now() + Duration::hours(31)).await;
    assert_eq!(store.accounts().unwrap().len(), 2);

    town.change(|repo| (repo.handle, repo.others[0].handle) = ("other.example", "oriental.example"));
    for hours in 32..60 {
        town.lives(now() + Duration::hours(hours)).await;
    }
    for (did, handle, posts) in [(DID, "other.example", 3), (OTHER, "oriental.example", 2)] {
        let account = store.account(&AccountId::bluesky(did)).unwrap().unwrap();
        assert_eq!(account.acct, Acct::bluesky(handle).unwrap(), "{did}");
        assert_eq!(account.found.method, Method::Successor, "{did}");
        assert_eq!(store.statuses(&account.id).unwrap().len(), posts);
        assert!(standing(&town, handle).is_some(), "{handle}");
    }
    let accounts = store.targets().unwrap().into_iter().filter(|record| record.target.kind() == "account");
    assert_eq!(accounts.count(), 2);
}

#[tokio::test]
async fn whoever_has_the_handle_of_an_account_that_is_gone_is_read_as_another() {
    let town = Town::new(Repo::of("oriental.example", 3)).await;
    *town.named.lock().unwrap() = Some(DID);
    town.lives(now()).await;
    // It is deleted, and a stranger comes by the domain.
    *town.repo.lock().unwrap() = Repo { did: OTHER, ..Repo::of("oriental.example", 2) };
    for hours in [2, 5, 30, 60, 90, 300, 500] {
        town.lives(now() + Duration::hours(hours)).await;
    }
    let store = &town.room.store;
    let gone = store.account(&AccountId::bluesky(DID)).unwrap().unwrap();
    assert!(matches!(gone.presence, Presence::Gone { .. }), "{:?}", gone.presence);
    let heir = store.account(&AccountId::bluesky(OTHER)).unwrap().unwrap();
    assert_eq!(
        (heir.acct, heir.found.method),
        (Acct::bluesky("oriental.example").unwrap(), Method::Successor)
    );
}

#[tokio::test]
async fn an_account_whose_handle_does_not_lead_back_keeps_its_address_and_a_new_one_is_none() {
    let town = Town::new(Repo::of("oriental.example", 3)).await;
    *town.named.lock().unwrap() = Some(DID);
    town.lives(now()).await;
    town.repo.lock().unwrap().handle = "handle.invalid";
    town.lives(now() + Duration::hours(2)).await;
    let account = town.room.store.account(&AccountId::bluesky(DID)).unwrap().unwrap();
    assert_eq!(account.acct, Acct::bluesky("oriental.example").unwrap());
    assert!(!account.latest.profile.links.iter().any(|link| link.url == "https://oriental.example/"));
    let profile = Repo::of("handle.invalid", 1).profile().to_string();
    let error = wire::parse_profile(profile.as_bytes(), None).unwrap_err();
    assert_eq!(error.why, "its handle does not lead back to it");
}

#[tokio::test]
async fn who_asked_to_be_left_alone_by_id_is_not_kept_under_any_handle() {
    let town = Town::new(Repo { did: QUIET, ..Repo::of("oriental.example", 3) }).await;
    *town.named.lock().unwrap() = Some(QUIET);
    for hours in [0, 2, 26, 50] {
        town.lives(now() + Duration::hours(hours)).await;
    }
    assert_eq!(town.room.store.accounts().unwrap().len(), 0);
}

#[test]
fn a_mention_of_an_outlet_s_handle_is_credit_also_where_it_cannot_hold_every_letter() {
    let credit_of = |text: &str, handle: &str| {
        let end = text.len();
        let begin = end - handle.len() - 1;
        let mention = json!({"$type": "app.bsky.richtext.facet#mention", "did": OTHER});
        let facets = json!([{"index": {"byteStart": begin, "byteEnd": end}, "features": [mention]}]);
        let page = page(json!([item(json!({"text": text, "facets": facets}))]));
        attribution::credit(&page.statuses[0], &OutletId::parse("agency").unwrap(), &watchlist())
    };
    assert_eq!(credit_of("Noticias de hoy @oriental.example", "oriental.example"), Credit::Mention);
    assert_eq!(
        credit_of("Noticias de hoy @agenciaoriental.bsky.social", "agenciaoriental.bsky.social"),
        Credit::Byline
    );
    // The same letters without a mention lead nowhere.
    let plain = page(json!([item(json!({"text": "Noticias de hoy •agenciaoriental"}))]));
    let plain = attribution::credit(&plain.statuses[0], &OutletId::parse("agency").unwrap(), &watchlist());
    assert!(matches!(plain, Credit::Altered(_)), "{plain:?}");
}

/// The watchlist of the town.
fn watchlist() -> Watchlist {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "watchlist = [\"outlets.toml\"]\n").unwrap();
    std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
    let loaded = config::load(Some(&dir.path().join("config.toml")), &Environment::default(), now());
    loaded.config.unwrap().watchlist
}

#[test]
fn only_a_holder_s_own_label_is_a_wish_or_a_word_about_bots() {
    let read = |src: &str, val: &str| {
        let mut profile = Repo::of("oriental.example", 1).profile();
        profile["labels"] = json!([{"src": src, "uri": DID, "val": val, "cts": stamp(now())}]);
        wire::parse_profile(profile.to_string().as_bytes(), None).unwrap()
    };
    assert!(read(DID, "!no-unauthenticated").wishes.leave_me_out);
    assert!(!read(OTHER, "!no-unauthenticated").wishes.leave_me_out);
    assert!(read(DID, "bot").is_bot && !read(OTHER, "bot").is_bot);
}

#[test]
fn what_is_no_profile_says_why() {
    for (body, why) in [
        ("<html>", "got HTML; expected JSON"),
        (r#"{"error":"InvalidRequest","message":"no"}"#, "the service says `InvalidRequest: no`"),
        (r#"{"did":"did:plc:abc"}"#, "it has no handle"),
        (r#"{"did":"https://x","handle":"a.example"}"#, "it has no did"),
        (r#"{"did":"did:plc:abc","handle":"nodots"}"#, "`nodots` is not a host name"),
    ] {
        let error = wire::parse_profile(body.as_bytes(), None).unwrap_err();
        assert!(error.why.starts_with(why), "{body}: {}", error.why);
    }
    assert!(wire::parse_feed(b"{}", DID).unwrap_err().why.contains("no feed"));
}

const CONFIG: &str = r#"
watchlist = ["outlets.toml"]
state_dir = "state"
contact = "https://masthead.example/"
[sources.feeds]
enabled = false
[sources.bluesky]
enabled = true
opt_out = ["quiet.example", "did:plc:quietquietquietquietqui"]
[hosts]
"#;

const WATCHLIST: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
country = "XX"
owner = "Ministry of Examples"
control = "state-controlled"
domains = ["oriental.example"]
accounts = [{ platform = "x", handle = "agencia_oriental" }]
"#;

/// A newsroom that reads an outlet's site and an AppView that knows one account.
struct Town {
    room: Newsroom,
    repo: Shared,
    /// What the outlet's host says of its handle.
    named: Arc<Mutex<Option<&'static str>>>,
    _dir: TempDir,
}

impl Town {
    async fn new(repo: Repo) -> Town {
        let (repo, named) = (Arc::new(Mutex::new(repo)), Arc::new(Mutex::new(None)));
        let answer = named.clone();
        let did = move || {
            let named: Option<&str> = *answer.lock().unwrap();
            async move {
                named.map_or((StatusCode::NOT_FOUND, String::new()), |did| {
                    (StatusCode::OK, format!("{did}\n"))
                })
            }
        };
        let home = || async { ([("content-type", "text/html")], "<html><title>Agencia Oriental</title>") };
        let router = Router::new()
            .route("/xrpc/app.bsky.actor.getProfile", get(get_profile))
            .route("/xrpc/app.bsky.feed.getAuthorFeed", get(get_author_feed))
            .route("/.well-known/atproto-did", get(did))
            .route("/", get(home))
            .with_state(repo.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let dir = tempfile::tempdir().unwrap();
        let hosts = ["oriental.example", "public.api.bsky.app"];
        let hosts: String = hosts.iter().map(|host| format!("\"{host}\" = \"{address}\"\n")).collect();
        std::fs::write(dir.path().join("config.toml"), format!("{CONFIG}{hosts}")).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
        let loaded = config::load(Some(&dir.path().join("config.toml")), &Environment::default(), now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
        let room = Newsroom::open(Arc::new(config)).await.unwrap();
        Town { room, repo, named, _dir: dir }
    }

    fn change(&self, change: impl FnOnce(&mut Repo)) {
        change(&mut self.repo.lock().unwrap());
    }

    /// As many passes as it takes until nothing is due at this time. The road goes by the real clock: what it puts off is
    /// far ahead of the story, and due again at once.
    async fn lives(&self, now: DateTime<Utc>) {
        for _ in 0..6 {
            if collect::pass(&self.room, Pacing::AtOnce, now).await.unwrap().polled == 0 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_account_whose_handle_is_the_outlet_s_domain_is_official_once_the_domain_says_so() {
    let town = Town::new(Repo::of("oriental.example", 3)).await;
    town.lives(now()).await;
    assert_eq!(town.room.store.accounts().unwrap().len(), 0);
    // Two days later the domain names the account.
    *town.named.lock().unwrap() = Some(DID);
    let later = now() + Duration::days(2);
    town.lives(later).await;
    town.lives(later + Duration::hours(2)).await;
    let account = town.room.store.account(&AccountId::bluesky(DID)).unwrap().unwrap();
    assert_eq!(account.acct, Acct::bluesky("oriental.example").unwrap());
    assert_eq!((account.found.method, account.found.background), (Method::Handle, false));
    assert_eq!(town.room.store.statuses(&account.id).unwrap().len(), 3);
    let assessment = town.room.store.assessment(&account.id).unwrap().unwrap();
    assert_eq!(assessment.relation, Relation::Official, "{assessment:?}");
    let findings = town.room.store.findings().unwrap();
    assert_eq!(findings.len(), 1);

    let health = health::of(&town.room, later + Duration::hours(2)).await.unwrap();
    let line = health.lines.iter().find(|line| line.name == "public.api.bsky.app").unwrap();
    assert_eq!((line.mark, line.says.as_str()), (Mark::Ok, "Bluesky, without login: 1 of 1 accounts read"));

    // A service that keeps us out is told.
    town.repo.lock().unwrap().refusal = Some((403, "Forbidden", "blocked"));
    for hours in [12, 24, 40] {
        town.lives(later + Duration::hours(hours)).await;
    }
    let health = health::of(&town.room, later + Duration::hours(40)).await.unwrap();
    let line = health.lines.iter().find(|line| line.name == "public.api.bsky.app").unwrap();
    assert_eq!(line.mark, Mark::Broken, "{line:?}");
    assert!(line.says.starts_with("Bluesky: no account could be read since"), "{line:?}");
    town.repo.lock().unwrap().refusal = None;

    // Whoever has the domain's word taken back is no longer proven.
    *town.named.lock().unwrap() = None;
    town.lives(later + Duration::days(4)).await;
    let assessment = town.room.store.assessment(&account.id).unwrap().unwrap();
    assert_ne!(assessment.relation, Relation::Official);
}

#[tokio::test]
async fn a_domain_that_names_another_account_makes_nobody_official() {
    // The handle is claimed by one account, and the domain names another.
    let town = Town::new(Repo { did: OTHER, ..Repo::of("oriental.example", 3) }).await;
    *town.named.lock().unwrap() = Some(DID);
    town.lives(now()).await;
    town.lives(now() + Duration::hours(2)).await;
    let assessment = town.room.store.assessment(&AccountId::bluesky(OTHER)).unwrap().unwrap();
    assert_eq!(assessment.relation, Relation::Claimed, "{assessment:?}");
    assert_eq!(town.room.store.findings().unwrap().len(), 0);
    assert_eq!(town.repo.lock().unwrap().posts.len(), 3);
}
