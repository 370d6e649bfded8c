//! Writing over the API: posting, editing and deleting the caller's own statuses.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Map, Value};

use super::gate::Caller;
use super::habits::Habits;
use super::markup;
use super::outbox::{Draft, Outbox};
use super::reading;
use super::reply;
use super::stage::Scene;

pub async fn create(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let habits = &scene.server.habits;
    if let Some(refusal) = not_the_desk(caller) {
        return refusal;
    }
    let Some(fields) = fields(&headers, &body) else {
        return reply::error(400, "There was a problem parsing the body");
    };
    let draft = draft(&fields);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let now = scene.now();
    let mut outbox = scene.stage.outbox();
    if let Some(parent) = &draft.in_reply_to
        && reading::find(&scene.view(&outbox, now), parent, caller).is_none()
    {
        return no_parent(habits);
    }
    // The bodies are not compared: the same key means the same status, whatever is sent with it.
    let earlier = key.as_deref().and_then(|key| outbox.by_key(&scene.server, key, now)).cloned();
    if let Some(earlier) = earlier {
        return shown(&scene, &outbox, &earlier.id, caller);
    }
    if let Some(refusal) = invalid(habits, &draft) {
        return reply::error(habits.invalid_post, &refusal);
    }
    match outbox.post(&scene.server, draft, key, now) {
        Ok(sent) => shown(&scene, &outbox, &sent.id, caller),
        Err(_) => disk_trouble(),
    }
}

pub async fn edit(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let habits = &scene.server.habits;
    if let Some(refusal) = not_the_desk(caller) {
        return refusal;
    }
    let Some(fields) = fields(&headers, &body) else {
        return reply::error(400, "There was a problem parsing the body");
    };
    let draft = draft(&fields);
    if let Some(refusal) = invalid(habits, &draft) {
        return reply::error(habits.invalid_post, &refusal);
    }
    let mut outbox = scene.stage.outbox();
    match outbox.edit(&scene.server.host, &id, (draft.text, draft.spoiler), scene.now()) {
        Ok(Some(_)) => shown(&scene, &outbox, &id, caller),
        Ok(None) => reply::missing(habits),
        Err(_) => disk_trouble(),
    }
}

pub async fn delete(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    if let Some(refusal) = not_the_desk(caller) {
        return refusal;
    }
    let mut outbox = scene.stage.outbox();
    let now = scene.now();
    let Some(mut last) = reading::find(&scene.view(&outbox, now), &id, caller) else {
        return reply::missing(&scene.server.habits);
    };
    match outbox.delete(&scene.server.host, &id, now) {
        Ok(Some(sent)) => {
            last["text"] = sent.draft.text.into();
            reply::json(&last)
        }
        Ok(None) => reply::missing(&scene.server.habits),
        Err(_) => disk_trouble(),
    }
}

/// The fields of a request's body, which may be JSON or a form; `None` if it is neither.
pub fn fields(headers: &HeaderMap, body: &Bytes) -> Option<Map<String, Value>> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("application/json")) {
        return serde_json::from_slice(body).ok();
    }
    let pairs = url::form_urlencoded::parse(body);
    Some(pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
}

fn shown(scene: &Scene, outbox: &Outbox, id: &str, caller: Caller) -> Response {
    match reading::find(&scene.view(outbox, scene.now()), id, caller) {
        Some(status) => reply::json(&status),
        None => reply::missing(&scene.server.habits),
    }
}

/// What the story says is not for clients to add to.
fn not_the_desk(caller: Caller) -> Option<Response> {
    match caller {
        Caller::Desk => None,
        Caller::Anonymous => Some(reply::error(401, "The access token is invalid")),
        Caller::Guest(_) => Some(reply::error(403, "This action is not allowed")),
    }
}

fn disk_trouble() -> Response {
    reply::error(500, "the status could not be written to disk")
}

fn no_parent(habits: &Habits) -> Response {
    let message = "The post you are trying to reply to does not appear to exist.";
    if habits.invalid_post == 400 { reply::error(400, message) } else { reply::error(404, message) }
}

fn draft(fields: &Map<String, Value>) -> Draft {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let given = |name: &str| text(name).filter(|value| !value.is_empty());
    Draft {
        text: text("status").unwrap_or_default(),
        spoiler: text("spoiler_text").unwrap_or_default(),
        visibility: given("visibility").unwrap_or_else(|| "public".to_owned()),
        language: given("language"),
        in_reply_to: given("in_reply_to_id"),
    }
}

/// Why a server refuses this draft.
fn invalid(habits: &Habits, draft: &Draft) -> Option<String> {
    if draft.text.trim().is_empty() {
        return Some("Validation failed: Text can't be blank".to_owned());
    }
    let limit = habits.max_characters;
    if markup::counted_length(&draft.spoiler, &draft.text) > limit {
        return Some(format!("Validation failed: Text character limit of {limit} exceeded"));
    }
    if !matches!(draft.visibility.as_str(), "public" | "unlisted" | "private" | "direct") {
        return Some(format!("'{}' is not a valid visibility", draft.visibility));
    }
    None
}
