//! Posts of the world's Threads as its interface and its pages show them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::tokens::Access;
use super::{HOLDER, named, refused};
use crate::sandbox::cast::Person;
use crate::sandbox::markup::escape;
use crate::sandbox::posts::{Picture, Post, day_of};
use crate::sandbox::reading::value;
use crate::sandbox::reply;
use crate::sandbox::stage::{Stage, ThreadsScene};

const LIMIT: usize = 25;
const MOST: usize = 100;
/// A search does not go back further than this.
const SEARCHED_DAYS: i64 = 7;

/// What is shown of a person's posts, newest first. Replies stand elsewhere.
fn shown(stage: &Stage, person: &Person, now: DateTime<Utc>, days: i64) -> Vec<Arc<Post>> {
    let first = stage.world.first_day_of(person).max(day_of(now) - days);
    let days = (first..=day_of(now)).rev();
    let posts = days.flat_map(|day| stage.world.day(person, day).iter().rev().cloned().collect::<Vec<_>>());
    let is_there = |post: &Arc<Post>| post.key.at <= now && post.deleted_at.is_none_or(|gone| gone > now);
    posts.filter(|post| is_there(post) && post.reply_to.is_none()).collect()
}

/// `GET /v1.0/profile_posts`. Cursors are opaque, and the last page has one, too.
pub fn of_person(stage: &Stage, person: &Person, query: &[(String, String)]) -> Response {
    let now = stage.clock.now();
    let word = |name| value(query, name);
    if word("before").is_some() && word("after").is_some() {
        return refused(400, 100, None, "Cannot specify both before and after");
    }
    let limit = match word("limit").map(str::parse::<usize>) {
        None => LIMIT,
        Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
        Some(_) => return refused(400, 100, None, "Param limit must be a number from 1 to 100"),
    };
    let below =
        match word("after").map(|cursor| cursor.strip_prefix("QVFI").and_then(|id| id.parse::<i64>().ok())) {
            Some(None) => return refused(400, 100, None, "Invalid cursor"),
            Some(id) => id,
            None => None,
        };
    let all = shown(stage, person, now, i64::from(i32::MAX));
    let page: Vec<&Arc<Post>> =
        all.iter().filter(|post| below.is_none_or(|below| id(post) < below)).take(limit).collect();
    let data: Vec<Value> = page.iter().map(|post| written(person, post, "TEXT_POST")).collect();
    let mut answer = json!({ "data": data });
    // An account that fits on half a page has no paging at all.
    if let (Some(first), Some(last)) = (page.first(), page.last())
        && (page.len() > limit / 2 || below.is_some())
    {
        let cursor = |post: &Post| format!("QVFI{}", id(post));
        answer["paging"] = json!({"cursors": {"before": cursor(first), "after": cursor(last)}});
    }
    reply::json(&answer)
}

/// The newest posts with these words in them, as far as a token lets see.
pub fn with_words(stage: &Stage, words: &str, access: Access) -> Vec<Value> {
    let (now, words) = (stage.clock.now(), words.to_lowercase());
    let visible = stage.world.threads.iter().filter(|person| person.since <= now);
    let visible = visible.filter(|person| access == Access::Advanced || person.acct.user() == HOLDER);
    let mut found: Vec<(&Person, Arc<Post>)> = visible
        .flat_map(|person| {
            shown(stage, person, now, SEARCHED_DAYS).into_iter().map(move |post| (person, post))
        })
        .filter(|(_, post)| post.text.to_lowercase().contains(&words))
        .collect();
    found.sort_by_key(|(_, post)| std::cmp::Reverse(id(post)));
    found.iter().take(LIMIT).map(|(person, post)| written(person, post, "TEXT")).collect()
}

/// Numbers that rise with time, one a microsecond.
fn id(post: &Post) -> i64 {
    post.key.at.timestamp_millis() * 1_000 + (post.key.salt % 1_000) as i64
}

fn shortcode(post: &Post) -> String {
    format!("D{:x}", id(post))
}

/// One post. Of every ninth the page is not told, as where somebody claims its copyright.
fn written(person: &Person, post: &Post, text_is_called: &str) -> Value {
    let (name, code) = (person.acct.user(), shortcode(post));
    let kind = if post.picture == Picture::None { text_is_called } else { "IMAGE" };
    let (text, tag) = match post.text.rsplit_once("\n\n#") {
        Some((text, tag)) => (text, Some(tag)),
        None => (post.text.as_str(), None),
    };
    let mut item = json!({
        "id": id(post).to_string(), "media_product_type": "THREADS", "media_type": kind, "username": name, "text": text,
        "timestamp": post.key.at.format("%Y-%m-%dT%H:%M:%S+0000").to_string(), "shortcode": code,
        "is_quote_post": false, "has_replies": false,
    });
    if !post.key.salt.is_multiple_of(9) {
        item["permalink"] = format!("https://www.threads.com/@{name}/post/{code}").into();
    }
    if let Some(tag) = tag {
        item["topic_tag"] = tag.into();
    }
    item
}

/// Profiles and posts for people: `/@name` and `/@name/post/code`.
pub async fn page(State(scene): State<ThreadsScene>, uri: Uri) -> Response {
    let (stage, now) = (&scene.stage, scene.stage.clock.now());
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty());
    let person = segments.next().and_then(|it| it.strip_prefix('@')).and_then(|name| named(stage, name, now));
    let title = person.map(|person| format!("{} (@{}) on Threads", person.display_name, person.acct.user()));
    match title {
        Some(title) => reply::html(200, format!("<!DOCTYPE html><title>{}</title>", escape(&title))),
        None => reply::html(404, reply::broken_page("Sorry, this page isn't available")),
    }
}
