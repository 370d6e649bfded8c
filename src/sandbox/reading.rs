//! Reading over the API: accounts, their statuses, search.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::cast::Person;
use super::gate::Caller;
use super::ids::LocalId;
use super::paging::Page;
use super::posts::day_of;
use super::reply;
use super::stage::Scene;
use super::timelines::{self, Entry};
use super::wire::View;

/// The query of a request, in order.
pub type Parameters = Query<Vec<(String, String)>>;

pub async fn verify_credentials(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let guest = match caller {
        Caller::Guest(place) => view.world.people.get(place),
        _ => None,
    };
    match guest.or_else(|| desk(&view, caller)) {
        Some(person) => reply::json(&view.own_account(person)),
        None => reply::error(401, "The access token is invalid"),
    }
}

pub async fn lookup(State(scene): State<Scene>, Query(query): Parameters) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let found =
        value(&query, "acct").and_then(|acct| addressed(&view, acct)).filter(|it| is_known(&view, it));
    match found {
        Some(person) => reply::json_text(view.account_text(person)),
        None => reply::missing(&scene.server.habits),
    }
}

pub async fn account(State(scene): State<Scene>, Path(id): Path<String>) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    match view.world.person_by_id(view.server, &id, view.now) {
        Some(person) => reply::json_text(view.account_text(person)),
        None => reply::missing(&scene.server.habits),
    }
}

pub async fn account_statuses(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Parameters,
) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let Some(person) = view.world.person_by_id(view.server, &id, view.now) else {
        return reply::missing(&scene.server.habits);
    };
    let page = Page::of(&view, &query);
    let own = desk(&view, Caller::Desk).filter(|desk| desk.acct == person.acct);
    let days = (view.world.first_day_of(person), day_of(view.now));
    let found = if value(&query, "pinned") == Some("true") {
        Vec::new()
    } else {
        page.of_days(view.server.habits.ids, days, |day| match own {
            Some(_) => own_statuses(&view, person, caller, day),
            None => view.posts_on(person, day),
        })
    };
    let (ids, entries): (Vec<LocalId>, Vec<Entry>) = found.into_iter().unzip();
    let mut response = reply::json_list(&timelines::written(&view, entries));
    if let Some(link) = page.link(&view, &format!("/api/v1/accounts/{id}/statuses"), &ids) {
        reply::set(&mut response, "link", &link);
    }
    response
}

pub async fn search(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Query(query): Parameters,
) -> Response {
    let resolves = value(&query, "resolve") == Some("true");
    if caller == Caller::Anonymous && (resolves || value(&query, "offset").is_some()) {
        return reply::error(401, "Search queries that resolve remote resources are not allowed for you");
    }
    let Some(wanted) = value(&query, "q") else {
        return reply::error(400, "Required parameter: q");
    };
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let limit = value(&query, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(20).min(40);
    let exact = addressed(&view, wanted).filter(|person| resolves || is_known(&view, person));
    let found: Vec<&Person> = match exact {
        Some(person) => vec![person],
        None => view
            .world
            .known_to(&view.server.host, view.now)
            .filter(|person| answers_to(person, wanted))
            .take(limit)
            .collect(),
    };
    let skipped = value(&query, "type").is_some_and(|kind| kind != "accounts");
    let accounts: Vec<Value> =
        found.into_iter().filter(|_| !skipped).map(|person| view.account(person)).collect();
    reply::json(&json!({ "accounts": accounts, "statuses": [], "hashtags": [] }))
}

pub async fn status(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    match find(&view, &id, caller) {
        Some(status) => reply::json(&status),
        None => reply::missing(&scene.server.habits),
    }
}

pub async fn context(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let Some(status) = find(&view, &id, caller) else {
        return reply::missing(&scene.server.habits);
    };
    let mut ancestors = Vec::new();
    let mut next = status;
    // Nobody in this world writes threads of more than a hundred posts.
    while let (Some(parent), 0..100) = (next["in_reply_to_id"].as_str(), ancestors.len()) {
        let Some(parent) = find(&view, parent, caller) else { break };
        ancestors.insert(0, parent.clone());
        next = parent;
    }
    let mut below = vec![id];
    let mut descendants = Vec::new();
    for sent in view.outbox.of(&view.server.host) {
        let is_below = sent.draft.in_reply_to.as_ref().is_some_and(|parent| below.contains(parent));
        if let Some(reply) = find(&view, &sent.id, caller).filter(|_| is_below) {
            below.push(sent.id.clone());
            descendants.push(reply);
        }
    }
    reply::json(&json!({ "ancestors": ancestors, "descendants": descendants }))
}

/// The value of a parameter; the last one counts.
pub fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Whether a parameter says yes.
pub fn flag(query: &[(String, String)], name: &str) -> bool {
    matches!(value(query, name), Some("true" | "1"))
}

/// The account of the caller.
pub fn desk<'a>(view: &View<'a>, caller: Caller) -> Option<&'a Person> {
    let desk = view.server.desk.as_ref().filter(|_| caller == Caller::Desk)?;
    view.world.person(&desk.acct, view.now)
}

/// The status with this id, as the caller may see it.
pub fn find(view: &View, id: &str, caller: Caller) -> Option<Value> {
    if let Some(sent) = view.outbox.find(&view.server.host, id) {
        let author = desk(view, Caller::Desk)?;
        return may_see(&sent.draft.visibility, caller).then(|| view.sent(author, sent));
    }
    let (author, post) = view.world.post_by_id(view.server, id, view.now)?;
    Some(view.post(author, &post))
}

fn may_see(visibility: &str, caller: Caller) -> bool {
    matches!(visibility, "public" | "unlisted") || caller == Caller::Desk
}

fn own_statuses<'a>(
    view: &View<'a>,
    person: &'a Person,
    caller: Caller,
    day: i64,
) -> Vec<(LocalId, Entry<'a>)> {
    let sent = view.outbox.of(&view.server.host).rev().filter(|sent| day_of(sent.at) == day);
    let shown = sent.filter(|sent| sent.deleted_at.is_none() && may_see(&sent.draft.visibility, caller));
    let ids = view.server.habits.ids;
    shown.filter_map(|sent| Some((ids.read(&sent.id)?, Entry::Sent(person, sent)))).collect()
}

fn is_known(view: &View, person: &Person) -> bool {
    view.world.known_to(&view.server.host, view.now).any(|known| known.acct == person.acct)
}

/// Who is meant by `user`, `user@host` or either with an `@` in front.
fn addressed<'a>(view: &'a View, acct: &str) -> Option<&'a Person> {
    let acct = acct.trim_start_matches('@');
    match acct.split_once('@') {
        Some((user, host)) => view.person_named(user, Some(host)),
        None => view.person_named(acct, None),
    }
}

/// Whether all words of a query stand in a person's address, name or profile.
fn answers_to(person: &Person, query: &str) -> bool {
    let told = format!("{} {} {}", person.acct, person.display_name, person.note).to_lowercase();
    let query = query.to_lowercase();
    let mut words = query.split_whitespace().peekable();
    words.peek().is_some() && words.all(|word| told.contains(word.trim_matches('"')))
}
