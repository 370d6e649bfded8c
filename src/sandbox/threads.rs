//! Threads in the world: Meta's official interface with its limits, refusals and oddities, under both of its hosts.
//!
//! Tokens hold what they are good for, so that nothing about them has to be kept: `TH-long-advanced-1793606400-7`.

mod login;
mod posts;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::model::account::Host;

use super::cast::Person;
use super::gate::{self, Behind, Gate};
use super::reading::{Parameters, value};
use super::reply;
use super::stage::{Stage, ThreadsScene};
use tokens::Token;

pub use login::APP;
pub use tokens::{Access, long};

/// The hosts of the interface; one answers like the other.
pub const API: [&str; 2] = ["graph.threads.net", "graph.threads.com"];
/// Where people approve, and where posts and profiles are for people.
pub const SITE: [&str; 3] = ["threads.net", "www.threads.net", "www.threads.com"];
/// Whose token the bot has.
pub const HOLDER: &str = "masthead_sample";
/// Who may be looked up by an app that was not reviewed.
const METAS_OWN: [&str; 4] = ["meta", "threads", "instagram", "facebook"];
/// Profiles with fewer followers are not shown.
const FEWEST_FOLLOWERS: u64 = 100;
/// Requests in 24 rolling hours: for profiles and posts together, and searches that bring anything.
const PROFILE_CALLS: usize = 1_000;
const SEARCHES: usize = 2_200;
/// Words that bring nothing and no error.
const SENSITIVE: [&str; 1] = ["delicado"];

/// What the service remembers of its callers.
#[derive(Debug, Default)]
pub struct Counter(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    calls: BTreeMap<Quota, Vec<DateTime<Utc>>>,
    /// Codes are good once.
    used_codes: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quota {
    Profiles,
    Search,
}

impl Counter {
    fn used(&self, quota: Quota, now: DateTime<Utc>) -> usize {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = counted.calls.get(&quota).map(Vec::as_slice).unwrap_or_default();
        calls.iter().filter(|at| now - **at < Duration::hours(24)).count()
    }

    fn count(&self, quota: Quota, now: DateTime<Utc>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.calls.entry(quota).or_default().push(now);
    }

    fn use_code(&self, code: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).used_codes.insert(code.to_owned())
    }

    /// How many requests for profiles and posts, and how many searches, counted in the last 24 hours.
    pub fn in_a_day(&self, now: DateTime<Utc>) -> (usize, usize) {
        (self.used(Quota::Profiles, now), self.used(Quota::Search, now))
    }
}

/// The interface.
pub fn of_api(scene: ThreadsScene) -> Router {
    let gate = gate_of(&scene);
    Router::new()
        .route("/v1.0/me", get(me))
        .route("/v1.0/profile_lookup", get(profile_lookup))
        .route("/v1.0/profile_posts", get(profile_posts))
        .route("/v1.0/keyword_search", get(keyword_search))
        .route("/oauth/access_token", post(login::redeem))
        .route("/access_token", get(login::exchange))
        .route("/refresh_access_token", get(login::refresh))
        .fallback(unknown)
        .with_state(scene)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

/// The pages for people.
pub fn of_site(scene: ThreadsScene) -> Router {
    let gate = gate_of(&scene);
    Router::new()
        .route("/oauth/authorize", get(login::authorize).post(login::decide))
        .fallback(posts::page)
        .with_state(scene)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

fn gate_of(scene: &ThreadsScene) -> Gate {
    Gate { stage: scene.stage.clone(), host: scene.host.clone(), behind: Behind::Site }
}

/// An error as Graph interfaces word it.
fn refused(status: u16, code: u32, subcode: Option<u32>, message: &str) -> Response {
    let kind = if code == 100 { "THApiException" } else { "OAuthException" };
    let mut error = json!({"message": message, "type": kind, "code": code, "is_transient": false, "fbtrace_id": "AbCdEf"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    reply::json_error(status, &json!({ "error": error }))
}

fn not_shown(name: &str) -> Response {
    let message = format!(
        "Unsupported get request. Object with ID '{name}' does not exist, cannot be loaded due to missing permissions, or \
         does not support this operation"
    );
    refused(400, 100, Some(33), &message)
}

fn not_granted() -> Response {
    refused(403, 10, None, "Application does not have permission for this action")
}

fn too_many() -> Response {
    refused(403, 613, None, "Calls to this api have exceeded the rate limit.")
}

async fn unknown() -> Response {
    refused(400, 2500, None, "Unknown path components")
}

/// The token of a request, in its query or its header. What is wrong with one repeats it, as the real service does.
fn admit(
    query: &[(String, String)],
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Result<Token, Box<Response>> {
    let bearer = headers.get("authorization").and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
    let Some(written) = value(query, "access_token").or(bearer) else {
        return Err(Box::new(refused(400, 2500, None, "An active access token must be used")));
    };
    let Some(token) = Token::read(written) else {
        return Err(Box::new(refused(401, 190, Some(467), &format!("Malformed access token {written}"))));
    };
    match token.is_over(now) {
        true => Err(Box::new(refused(
            400,
            190,
            Some(463),
            &format!("Error validating access token {written}: expired"),
        ))),
        false => Ok(token),
    }
}

async fn me(State(scene): State<ThreadsScene>, Query(query): Parameters, headers: HeaderMap) -> Response {
    match admit(&query, &headers, scene.stage.clock.now()) {
        Ok(_) => reply::json(&json!({"id": "17841400000000001", "username": HOLDER})),
        Err(refusal) => *refusal,
    }
}

/// Who is asked about, if the caller may ask and the service shows it.
fn asked<'a>(
    stage: &'a Stage,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Result<&'a Person, Box<Response>> {
    let now = stage.clock.now();
    let token = admit(query, headers, now)?;
    let Some(name) = value(query, "username").filter(|name| !name.is_empty() && !name.starts_with('@'))
    else {
        return Err(Box::new(refused(400, 100, None, "Invalid parameter")));
    };
    if stage.threads.used(Quota::Profiles, now) >= PROFILE_CALLS {
        return Err(Box::new(too_many()));
    }
    stage.threads.count(Quota::Profiles, now);
    if token.access == Access::Standard && !METAS_OWN.contains(&name) {
        return Err(Box::new(not_granted()));
    }
    let person = named(stage, name, now).filter(|person| person.followers.count(now) >= FEWEST_FOLLOWERS);
    person.ok_or_else(|| Box::new(not_shown(name)))
}

fn named<'a>(stage: &'a Stage, name: &str, now: DateTime<Utc>) -> Option<&'a Person> {
    let mut people = stage.world.threads.iter();
    people.find(|person| person.acct.user().eq_ignore_ascii_case(name) && person.since <= now)
}

async fn profile_lookup(
    State(scene): State<ThreadsScene>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    match asked(&scene.stage, &query, &headers) {
        Ok(person) => reply::json(&profile(person, scene.stage.clock.now())),
        Err(refusal) => *refusal,
    }
}

/// Counts but that of followers are of the last week.
fn profile(person: &Person, now: DateTime<Utc>) -> Value {
    let followers = person.followers.count(now);
    json!({
        "username": person.acct.user(), "name": person.display_name, "biography": person.note,
        "profile_picture_url": "https://scontent.threads.example/v/t51?oh=signed", "is_verified": followers > 10_000,
        "follower_count": followers, "likes_count": followers / 9, "quotes_count": followers / 900,
        "replies_count": followers / 90, "reposts_count": followers / 190, "views_count": followers * 12,
    })
}

async fn profile_posts(
    State(scene): State<ThreadsScene>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    match asked(&scene.stage, &query, &headers) {
        Ok(person) => posts::of_person(&scene.stage, person, &query),
        Err(refusal) => *refusal,
    }
}

/// Without Meta's review only one's own posts are searched, and the holder of the bot's token has none.
async fn keyword_search(
    State(scene): State<ThreadsScene>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    let (stage, now) = (&scene.stage, scene.stage.clock.now());
    let token = match admit(&query, &headers, now) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    let Some(words) = value(&query, "q").filter(|words| !words.is_empty()) else {
        return refused(400, 100, None, "Invalid parameter");
    };
    if stage.threads.used(Quota::Search, now) >= SEARCHES {
        return too_many();
    }
    let is_sensitive = SENSITIVE.iter().any(|word| words.to_lowercase().contains(word));
    let found = match is_sensitive {
        true => vec![],
        false => posts::with_words(stage, words, token.access),
    };
    if !found.is_empty() {
        stage.threads.count(Quota::Search, now);
    }
    reply::json(&json!({ "data": found }))
}

/// Which host of a world's Threads this is.
pub fn hosts() -> impl Iterator<Item = (Host, bool)> {
    let host = |name: &&str| Host::parse(name).expect("a host name");
    API.iter().map(move |name| (host(name), true)).chain(SITE.iter().map(move |name| (host(name), false)))
}
