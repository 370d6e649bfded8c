//! Timelines of a server, and its directory of people who want to be found.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::cast::{Indexing, Person};
use super::gate::Caller;
use super::habits::{Directory, Timelines};
use super::ids::LocalId;
use super::markup::{self, Meaning};
use super::outbox::Sent;
use super::paging::Page;
use super::posts::{Post, day_of};
use super::reading::{self, Parameters, flag, value};
use super::reply;
use super::stage::Scene;
use super::wire::View;

/// Accounts that a page of the directory has unless asked otherwise, and at most.
const DIRECTORY_PAGE: (usize, usize) = (40, 80);

/// What stands in a timeline.
#[derive(Debug)]
pub enum Entry<'a> {
    Made(&'a Person, Arc<Post>),
    Sent(&'a Person, &'a Sent),
}

/// Whose posts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Local,
    Remote,
    All,
}

pub async fn public(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Query(query): Parameters,
) -> Response {
    show(&scene, caller, &query, None)
}

pub async fn of_tag(
    State(scene): State<Scene>,
    Extension(caller): Extension<Caller>,
    Path(tag): Path<String>,
    Query(query): Parameters,
) -> Response {
    show(&scene, caller, &query, Some(&tag.to_lowercase()))
}

pub async fn directory(State(scene): State<Scene>, Query(query): Parameters) -> Response {
    if scene.server.habits.directory == Directory::Missing {
        return reply::missing(&scene.server.habits);
    }
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let known = view.world.known_to(&view.server.host, view.now);
    let mut people: Vec<&Person> = known
        .filter(|person| person.indexing == Indexing::Welcome)
        .filter(|person| !flag(&query, "local") || *person.acct.host() == view.server.host)
        .collect();
    match value(&query, "order") {
        Some("new") => people.sort_by_key(|person| Reverse(person.since)),
        _ => people.sort_by_cached_key(|person| Reverse(view.last_status(person))),
    }
    let number = |name| value(&query, name).and_then(|number| number.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(DIRECTORY_PAGE.0).min(DIRECTORY_PAGE.1);
    let shown = people.into_iter().skip(number("offset").unwrap_or(0)).take(limit);
    reply::json_list(&shown.map(|person| view.account_text(person)).collect::<Vec<_>>())
}

/// Posts as texts of JSON, in their order.
pub fn written<'a>(view: &View<'a>, entries: Vec<Entry<'a>>) -> Vec<String> {
    let mut texts = Vec::with_capacity(entries.len());
    let mut made = Vec::new();
    for entry in entries {
        match entry {
            Entry::Made(author, post) => made.push((author, post)),
            Entry::Sent(author, sent) => {
                texts.extend(view.page(made.drain(..)));
                texts.push(view.sent(author, sent).to_string());
            }
        }
    }
    texts.extend(view.page(made));
    texts
}

fn show(scene: &Scene, caller: Caller, query: &[(String, String)], tag: Option<&str>) -> Response {
    let reach = match () {
        () if flag(query, "local") => Reach::Local,
        () if flag(query, "remote") => Reach::Remote,
        () => Reach::All,
    };
    let needs_token = match scene.server.habits.timelines {
        Timelines::Open => false,
        Timelines::LocalOpen => reach != Reach::Local,
        Timelines::NeedToken => true,
    };
    if needs_token && caller == Caller::Anonymous {
        return reply::error(401, "This method requires an authenticated user");
    }
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let page = Page::of(&view, query);
    let days = (view.world.first_day(), day_of(view.now));
    let found = page.of_days(view.server.habits.ids, days, |day| on_day(&view, day, reach, tag));
    let path = match tag {
        None => "/api/v1/timelines/public".to_owned(),
        Some(tag) => format!("/api/v1/timelines/tag/{tag}"),
    };
    let path = match reach {
        Reach::Local => format!("{path}?local=true"),
        Reach::Remote => format!("{path}?remote=true"),
        Reach::All => path,
    };
    let (ids, entries): (Vec<LocalId>, Vec<Entry>) = found.into_iter().unzip();
    let mut response = reply::json_list(&written(&view, entries));
    if let Some(link) = page.link(&view, &path, &ids) {
        reply::set(&mut response, "link", &link);
    }
    response
}

/// What a timeline has of a day, newest first.
fn on_day<'a>(view: &View<'a>, day: i64, reach: Reach, tag: Option<&str>) -> Vec<(LocalId, Entry<'a>)> {
    let (world, server) = (view.world, view.server);
    let line = world.timeline(server, day);
    let shown = line.iter().filter_map(|listed| {
        let author = &world.people[listed.author];
        let is_local = *author.acct.host() == server.host;
        let is_wanted = match reach {
            Reach::Local => is_local,
            Reach::Remote => !is_local,
            Reach::All => true,
        };
        let fits = is_wanted
            && tag.is_none_or(|tag| has_tag(&listed.post.text, tag))
            && world.is_shown(server, author, &listed.post, view.now);
        fits.then(|| (listed.id, Entry::Made(author, listed.post.clone())))
    });
    let mut entries: Vec<(LocalId, Entry)> = shown.collect();
    if let Some(author) = reading::desk(view, Caller::Desk).filter(|_| reach != Reach::Remote) {
        let sent = view.outbox.of(&server.host).filter(|sent| {
            let is_there = sent.deleted_at.is_none() && sent.draft.visibility == "public";
            day_of(sent.at) == day && is_there && tag.is_none_or(|tag| has_tag(&sent.draft.text, tag))
        });
        let ids = server.habits.ids;
        entries.extend(sent.filter_map(|sent| Some((ids.read(&sent.id)?, Entry::Sent(author, sent)))));
        entries.sort_by_key(|(id, _)| Reverse(*id));
    }
    entries
}

fn has_tag(text: &str, tag: &str) -> bool {
    text.contains('#')
        && text.to_lowercase().contains(tag)
        && markup::spans(text).into_iter().any(|span| {
            span.what == Meaning::Tag && text[span.range].trim_start_matches('#').to_lowercase() == tag
        })
}
