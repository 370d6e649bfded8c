//! A server that speaks Misskey: questions by POST, answers and refusals as Misskey words them, written by hand.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{any, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::cast::{Indexing, Kind, Person, Upkeep};
use super::ids::LocalId;
use super::markup::{self, Meaning};
use super::paging::Page;
use super::posts::{Picture, Post, day_of};
use super::reply;
use super::stage::Scene;
use super::timelines::Entry;
use super::wire::{View, timestamp};

/// How many answers come unless asked otherwise.
const PAGE: u64 = 10;

/// What is asked of such a server by POST.
pub fn routes() -> Router<Scene> {
    Router::new()
        .route("/api/users/show", post(show))
        .route("/api/users/notes", post(notes))
        .route("/api/users/search", post(search))
        .route("/api/users/search-by-username-and-host", post(search_by_username))
        .route("/api/notes/local-timeline", post(local_timeline))
        .route("/api/notes/search-by-tag", post(search_by_tag))
        .route("/api/{*endpoint}", any(unknown))
}

/// A refusal in its words.
pub fn refusal(status: u16, code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "code": code, "id": "00000000-0000-4000-8000-000000000000", "kind": "client" });
    reply::json_error(status, &json!({ "error": error }))
}

/// How it says that it knows no such question.
pub fn no_endpoint() -> Response {
    refusal(404, "UNKNOWN_API_ENDPOINT", "Unknown API endpoint.")
}

async fn unknown(Path(_endpoint): Path<String>) -> Response {
    no_endpoint()
}

async fn show(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let person = match (question["userId"].as_str(), question["username"].as_str()) {
        (Some(id), _) => view.world.person_by_id(view.server, id, view.now),
        (None, Some(user)) => view.person_named(user, question["host"].as_str()),
        (None, None) => return refusal(400, "INVALID_PARAM", "Invalid param."),
    };
    match person.filter(|person| *person.acct.host() == view.server.host) {
        Some(person) => reply::json(&user(&view, person, Detail::Full)),
        None => refusal(404, "NO_SUCH_USER", "No such user."),
    }
}

async fn notes(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let id = question["userId"].as_str().unwrap_or_default();
    let Some(person) = view.world.person_by_id(view.server, id, view.now) else {
        return refusal(400, "NO_SUCH_USER", "No such user.");
    };
    let days = (view.world.first_day_of(person), day_of(view.now));
    let replies = question["withReplies"].as_bool() == Some(true);
    let found = page(&view, &question).of_days(view.server.habits.ids, days, |day| {
        let mut posts = view.posts_on(person, day);
        posts.retain(|(_, entry)| replies || !is_reply(entry));
        posts
    });
    listed(&view, found)
}

async fn local_timeline(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    timeline(&scene, &question, |_| true)
}

async fn search_by_tag(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    let tag = question["tag"].as_str().unwrap_or_default().to_lowercase();
    timeline(&scene, &question, |text| tags(text).contains(&tag))
}

async fn search(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    let query = question["query"].as_str().unwrap_or_default().to_lowercase();
    users(&scene, &question, |person| {
        let texts = [person.display_name, person.note, person.acct.user()];
        texts.iter().any(|text| text.to_lowercase().contains(&query))
    })
}

async fn search_by_username(State(scene): State<Scene>, Json(question): Json<Value>) -> Response {
    let begins = question["username"].as_str().unwrap_or_default().to_lowercase();
    users(&scene, &question, |person| person.acct.user().to_lowercase().starts_with(&begins))
}

fn users(scene: &Scene, question: &Value, is_wanted: impl Fn(&Person) -> bool) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let known = view.world.known_to(&view.server.host, view.now);
    let local = known.filter(|person| *person.acct.host() == view.server.host && is_wanted(person));
    let shown = local.take(question["limit"].as_u64().unwrap_or(PAGE) as usize);
    reply::json(&shown.map(|person| user(&view, person, Detail::Full)).collect())
}

fn timeline(scene: &Scene, question: &Value, is_wanted: impl Fn(&str) -> bool) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let days = (view.world.first_day(), day_of(view.now));
    let found = page(&view, question).of_days(view.server.habits.ids, days, |day| {
        let line = view.world.timeline(view.server, day);
        let shown = line.iter().filter_map(|listed| {
            let author = &view.world.people[listed.author];
            let is_shown = *author.acct.host() == view.server.host
                && is_wanted(&listed.post.text)
                && view.world.is_shown(view.server, author, &listed.post, view.now);
            is_shown.then(|| (listed.id, Entry::Made(author, listed.post.clone())))
        });
        shown.collect()
    });
    listed(&view, found)
}

/// Which notes are asked for; `untilId` is what others call `max_id`.
fn page(view: &View, question: &Value) -> Page {
    let limit = question["limit"].as_u64().unwrap_or(PAGE).to_string();
    let mut query = vec![("limit".to_owned(), limit)];
    query.extend(question["untilId"].as_str().map(|id| ("max_id".to_owned(), id.to_owned())));
    query.extend(question["sinceId"].as_str().map(|id| ("min_id".to_owned(), id.to_owned())));
    Page::of(view, &query)
}

fn listed(view: &View, found: Vec<(LocalId, Entry)>) -> Response {
    let notes = found.into_iter().filter_map(|(_, entry)| match entry {
        Entry::Made(author, post) => Some(note(view, author, &post)),
        // Clients of the world do not post here.
        Entry::Sent(..) => None,
    });
    reply::json(&notes.collect())
}

fn is_reply(entry: &Entry) -> bool {
    matches!(entry, Entry::Made(_, post) if post.reply_to.is_some())
}

/// How much of a user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Beside a note.
    Lite,
    Full,
}

fn user(view: &View, person: &Person, detail: Detail) -> Value {
    let id = view.world.account_id(view.server, person);
    let name = Some(person.display_name).filter(|name| !name.is_empty());
    let mut user = json!({
        "id": id, "name": name, "username": person.acct.user(), "host": null,
        "avatarUrl": format!("https://{}/identicon/{}", view.server.host, person.acct), "avatarBlurhash": null,
        "avatarDecorations": [], "isBot": person.kind == Kind::Bot, "isCat": false, "emojis": {},
        "onlineStatus": "unknown", "badgeRoles": [],
    });
    if detail == Detail::Lite {
        return user;
    }
    let [followers, following, notes] = view.counts(person);
    let is_verified = |field: &&super::cast::Field| field.verified_at.is_some_and(|at| at <= view.now);
    let verified: Vec<&str> = person.fields.iter().filter(is_verified).map(|field| field.value).collect();
    let fields: Vec<Value> =
        person.fields.iter().map(|field| json!({ "name": field.name, "value": field.value })).collect();
    let more = json!({
        "url": null, "uri": null, "movedTo": null, "alsoKnownAs": null, "createdAt": timestamp(person.since),
        "updatedAt": view.last_status(person).map(timestamp), "lastFetchedAt": null, "bannerUrl": null,
        "isLocked": false, "isSilenced": false, "isSuspended": false, "description": person.note,
        "location": null, "birthday": null, "lang": null, "fields": fields, "verifiedLinks": verified,
        "followersCount": followers, "followingCount": following, "notesCount": notes, "pinnedNoteIds": [],
        "pinnedNotes": [], "publicReactions": true, "followersVisibility": "public",
        "followingVisibility": "public", "roles": [], "memo": null,
        "noindex": person.indexing == Indexing::Unwelcome,
    });
    let (Value::Object(user_fields), Value::Object(more)) = (&mut user, more) else { return user };
    user_fields.extend(more);
    user
}

fn note(view: &View, author: &Person, post: &Post) -> Value {
    let id = view.id_text(post.key);
    if post.state == Upkeep::Poisoned {
        return json!({ "id": id, "createdAt": {}, "userId": 7, "text": [], "visibility": "public" });
    }
    let edit = post.edit.as_ref().filter(|(at, _)| *at <= view.now);
    let text = edit.map_or(&post.text, |(_, text)| text);
    let files = match post.picture {
        Picture::None => json!([]),
        Picture::Shown | Picture::Lost => json!([{
            "id": format!("{id}f"), "createdAt": timestamp(post.key.at), "name": "a.png", "type": "image/png",
            "isSensitive": false, "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "properties": {},
            "url": format!("https://{}/files/{id}.png", view.server.host), "thumbnailUrl": null,
            "comment": "a picture that was never taken",
        }]),
    };
    let mut note = json!({
        "id": id, "createdAt": timestamp(post.key.at), "userId": view.world.account_id(view.server, author),
        "user": user(view, author, Detail::Lite), "text": text, "cw": null, "visibility": "public",
        "localOnly": false, "reactionAcceptance": null, "reactions": {}, "reactionCount": 0, "renoteCount": 0,
        "repliesCount": 0, "fileIds": [], "files": files, "renoteId": null,
        "replyId": post.reply_to.map(|parent| view.id_text(parent)),
    });
    let tags = tags(text);
    if !tags.is_empty() {
        note["tags"] = tags.into();
    }
    note
}

fn tags(text: &str) -> Vec<String> {
    let spans = markup::spans(text).into_iter().filter(|span| span.what == Meaning::Tag);
    spans.map(|span| text[span.range].trim_start_matches('#').to_lowercase()).collect()
}
