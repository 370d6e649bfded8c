//! The AppView of Bluesky: what everybody may ask it, without login.
//!
//! Errors are worded as the service words them, since readers have to tell by the words alone whether an account
//! is gone, switched off or only asked for in a wrong way.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::records::Record;
use super::views::Views;
use super::{Entry, Member, Standing};
use crate::sandbox::limits::Balance;
use crate::sandbox::reading::{Parameters, flag, value};
use crate::sandbox::reply;
use crate::sandbox::stage::Sky;

/// So many accounts in one question.
const MOST_ACTORS: usize = 25;

/// Why a question is not answered: the name of the error and its message.
type Refusal = (&'static str, String);

pub async fn ask(State(sky): State<Sky>, Path(method): Path<String>, Query(query): Parameters) -> Response {
    let views = Views { world: &sky.stage.world, now: sky.stage.clock.now() };
    let answer = match method.as_str() {
        "app.bsky.actor.getProfile" => views.get_profile(&query),
        "app.bsky.actor.getProfiles" => views.get_profiles(&query),
        "app.bsky.actor.searchActors" => views.search_actors(&query),
        "app.bsky.feed.getAuthorFeed" => views.get_author_feed(&query),
        "app.bsky.graph.getFollowers" => views.get_followers(&query),
        "com.atproto.identity.resolveHandle" => views.resolve_handle(&query),
        // The service lets nobody search posts who is not logged in.
        "app.bsky.feed.searchPosts" => {
            return refused(403, "Forbidden", "Request forbidden by administrative rules");
        }
        _ => return refused(501, "MethodNotImplemented", "Method Not Implemented"),
    };
    match answer {
        Ok(body) => reply::json(&body),
        Err((name, message)) => refused(400, name, &message),
    }
}

/// One request too many, with the headers that say so.
pub fn too_many(balance: Balance) -> Response {
    let mut response = refused(429, "RateLimitExceeded", "Rate Limit Exceeded");
    add_balance(&mut response, balance);
    response
}

/// What is left, as the service's programs say it (`RateLimit-*`, with the reset in seconds since 1970).
pub fn add_balance(response: &mut Response, balance: Balance) {
    reply::set(response, "ratelimit-limit", &balance.limit.to_string());
    reply::set(response, "ratelimit-remaining", &balance.remaining.unwrap_or(0).to_string());
    reply::set(response, "ratelimit-reset", &balance.reset.timestamp().to_string());
    reply::set(response, "ratelimit-policy", &format!("{};w=300", balance.limit));
}

fn refused(status: u16, name: &str, message: &str) -> Response {
    reply::json_error(status, &json!({ "error": name, "message": message }))
}

fn invalid(message: impl Into<String>) -> Refusal {
    ("InvalidRequest", message.into())
}

impl Views<'_> {
    fn get_profile(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let member = self.member(required(query, "actor")?).ok_or_else(|| invalid("Profile not found"))?;
        match member.standing(self.now) {
            Standing::Active => Ok(self.detailed(member)),
            Standing::TakenDown => Err(("AccountTakedown", "Account has been suspended".to_owned())),
            Standing::Deactivated => Err(("AccountDeactivated", "Account is deactivated".to_owned())),
            Standing::Deleted => Err(invalid("Profile not found")),
        }
    }

    /// Whoever is not shown is simply not there.
    fn get_profiles(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let actors: Vec<&str> =
            query.iter().filter(|(key, _)| key == "actors").map(|(_, value)| value.as_str()).collect();
        if actors.is_empty() {
            return Err(missing("actors"));
        }
        if actors.len() > MOST_ACTORS {
            return Err(invalid("Error: actors must not have more than 25 elements"));
        }
        let shown = actors.iter().filter_map(|actor| self.member(actor)).filter(|it| it.is_shown(self.now));
        Ok(json!({ "profiles": shown.map(|member| self.detailed(member)).collect::<Vec<_>>() }))
    }

    /// Accounts in whose handle, name or description all words stand.
    fn search_actors(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let limit = limit(query, 25)?;
        let wanted = value(query, "q").or(value(query, "term")).unwrap_or_default().to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let answers = |member: &&Member| {
            let person = &member.person;
            let told = format!("{} {} {}", member.handle(self.now), person.display_name, person.note);
            let told = told.to_lowercase();
            member.is_shown(self.now) && !words.is_empty() && words.iter().all(|word| told.contains(word))
        };
        let found: Vec<Value> =
            self.world.members.iter().filter(answers).map(|member| self.profile(member)).collect();
        page(found, limit, query, "actors")
    }

    /// By the time that its author's program says, as long as that is not ahead.
    fn get_author_feed(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let limit = limit(query, 50)?;
        let member = self.member(required(query, "actor")?).filter(|member| member.is_shown(self.now));
        let member = member.ok_or_else(|| invalid("Profile not found"))?;
        let below = value(query, "cursor").map(place_of).transpose()?;
        let filter = value(query, "filter").unwrap_or("posts_with_replies");
        let is_known = |filter: &str| FILTERS.contains(&filter);
        if !is_known(filter) {
            return Err(invalid(format!("Error: filter must be one of ({})", FILTERS.join("|"))));
        }
        let record = |entry: &Entry| match entry {
            Entry::Post(post) => self.world.post_record(member, post),
            Entry::Repost(repost) => self.world.repost_record(member, repost),
        };
        let place = |entry: &Entry| (member.claims(entry.at()).timestamp_millis(), record(entry).cid);
        let pinned = self.world.pinned(member, self.now);
        let pinned = pinned.filter(|_| below.is_none() && flag(query, "includePins"));
        let is_pinned = |entry: &Entry| matches!((entry, &pinned), (Entry::Post(post), Some(pinned)) if post.key == pinned.key);
        let wanted = self.world.feed(member, self.now).filter(|entry| !is_pinned(entry));
        let wanted = wanted.filter(|entry| passes(filter, entry, &record(entry)));
        let mut entries: Vec<Entry> = wanted
            .skip_while(|entry| below.as_ref().is_some_and(|below| place(entry) >= *below))
            .take(limit + 1)
            .collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        let first = pinned.as_ref().map(|post| self.pinned(member, post));
        let feed: Vec<Value> =
            first.into_iter().chain(entries.iter().map(|entry| self.item(member, entry))).collect();
        let mut body = json!({ "feed": feed });
        if let Some(last) = entries.last().filter(|_| more) {
            let (millis, cid) = place(last);
            body["cursor"] = format!("{millis}__{cid}").into();
        }
        Ok(body)
    }

    fn get_followers(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let limit = limit(query, 50)?;
        let actor = required(query, "actor")?;
        let subject = self.member(actor).filter(|member| member.is_shown(self.now));
        let subject = subject.ok_or_else(|| invalid(format!("Actor not found: {actor}")))?;
        let follows = |member: &&Member| {
            member.is_shown(self.now) && member.follows.contains(&subject.person.acct.user())
        };
        let followers: Vec<Value> =
            self.world.members.iter().filter(follows).map(|member| self.profile(member)).collect();
        let mut body = page(followers, limit, query, "followers")?;
        body["subject"] = self.profile(subject);
        Ok(body)
    }

    /// Also of an account that is not shown: its handle leads to it all the same.
    fn resolve_handle(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let handle = required(query, "handle")?;
        let member =
            self.member(handle).filter(|member| !handle.starts_with("did:") && is_there(member, self.now));
        member.map(|member| json!({ "did": member.did })).ok_or_else(|| invalid("Unable to resolve handle"))
    }

    fn member(&self, actor: &str) -> Option<&Member> {
        self.world.member(actor, self.now)
    }
}

fn is_there(member: &Member, now: DateTime<Utc>) -> bool {
    member.standing(now) != Standing::Deleted
}

const FILTERS: [&str; 5] = [
    "posts_with_replies",
    "posts_no_replies",
    "posts_with_media",
    "posts_and_author_threads",
    "posts_with_video",
];

fn passes(filter: &str, entry: &Entry, record: &Record) -> bool {
    let is_repost = matches!(entry, Entry::Repost(_));
    match filter {
        // Everybody in this world answers only to himself.
        "posts_with_replies" | "posts_and_author_threads" => true,
        "posts_no_replies" => is_repost || record.value.get("reply").is_none(),
        "posts_with_media" => record.value["embed"]["images"].is_array(),
        _ => false,
    }
}

fn required<'a>(query: &'a [(String, String)], name: &'static str) -> Result<&'a str, Refusal> {
    value(query, name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    invalid(format!("Error: Params must have the property \"{name}\""))
}

fn limit(query: &[(String, String)], usual: usize) -> Result<usize, Refusal> {
    match value(query, "limit").map(str::parse::<usize>) {
        None => Ok(usual),
        Some(Ok(limit @ 1..=100)) => Ok(limit),
        Some(Ok(0)) => Err(invalid("Error: limit can not be less than 1")),
        Some(Ok(_)) => Err(invalid("Error: limit can not be greater than 100")),
        Some(Err(_)) => Err(invalid("Error: limit must be an integer")),
    }
}

/// Where the page before ended: milliseconds and the hash of the last record.
fn place_of(cursor: &str) -> Result<(i64, String), Refusal> {
    let place = cursor.split_once("__").and_then(|(at, cid)| Some((at.parse().ok()?, cid.to_owned())));
    place.filter(|(_, cid)| !cid.is_empty()).ok_or_else(|| invalid("Malformed cursor"))
}

/// A stretch of a list, with the place where the next one begins.
fn page(all: Vec<Value>, limit: usize, query: &[(String, String)], name: &str) -> Result<Value, Refusal> {
    let begin = value(query, "cursor").map_or(Ok(0), str::parse::<usize>);
    let begin = begin.map_err(|_| invalid("Malformed cursor"))?;
    let shown: Vec<Value> = all.iter().skip(begin).take(limit).cloned().collect();
    let mut body = json!({});
    if begin + shown.len() < all.len() {
        body["cursor"] = (begin + shown.len()).to_string().into();
    }
    body[name] = shown.into();
    Ok(body)
}

/// Robots may ask everything.
pub async fn robots() -> Response {
    reply::plain("text/plain; charset=utf-8", "# Hello Friends!\nUser-Agent: *\nAllow: /\n")
}
