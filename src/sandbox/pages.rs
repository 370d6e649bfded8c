//! Pages for people: profiles and statuses on servers, front pages of outlets.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use super::cast::{Condition, NamedBy, Person, Site};
use super::feeds;
use super::gate::Caller;
use super::markup::escape;
use super::newsroom;
use super::posts;
use super::random::{Random, of_name};
use super::reading;
use super::reply;
use super::stage::{Scene, Stage};
use super::wire::View;
use super::world::World;

/// One site of the running world.
#[derive(Debug, Clone)]
pub struct SiteScene {
    pub stage: Arc<Stage>,
    pub site: Arc<Site>,
}

/// Everything on a server that is not its API.
pub async fn of_server(State(scene): State<Scene>, uri: Uri) -> Response {
    let habits = &scene.server.habits;
    if uri.path().starts_with("/api/") {
        return reply::missing(habits);
    }
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty());
    let first = segments.next();
    let user = match first {
        Some("notes") => return page_of_note(&view, segments.next()),
        Some("users") => segments.next(),
        Some("about") | None => return reply::html(200, document("en", scene.server.title, "", "")),
        Some(other) => other.strip_prefix('@'),
    };
    // Takahe's actor addresses repeat the host: `/@ana@three.example/`.
    let user = user.map(|user| user.split('@').next().unwrap_or(user));
    let person = user.and_then(|user| view.person_named(user, None));
    let page = person.and_then(|person| match segments.next_back() {
        None => Some(profile(&view, person)),
        Some(id) => status(&view, id),
    });
    match page {
        Some(page) => reply::html(200, page),
        None => reply::html(404, reply::broken_page("The page you are looking for isn't here.")),
    }
}

fn page_of_note(view: &View, id: Option<&str>) -> Response {
    match id.and_then(|id| status(view, id)) {
        Some(page) => reply::html(200, page),
        None => reply::html(404, reply::broken_page("The page you are looking for isn't here.")),
    }
}

pub async fn robots_of_server() -> Response {
    reply::plain(
        "text/plain; charset=utf-8",
        "User-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n",
    )
}

/// Everything on an outlet's site.
pub async fn of_site(State(scene): State<SiteScene>, uri: Uri, headers: HeaderMap) -> Response {
    let (site, now) = (&scene.site, scene.stage.clock.now());
    let language = site.language.tag();
    if let Some(channel) = site.channels.iter().find(|channel| channel.path == uri.path()) {
        return feeds::answer(&scene.stage.world, site, channel, now, &headers);
    }
    match uri.path() {
        "/robots.txt" => {
            reply::plain("text/plain; charset=utf-8", "User-agent: *\nDisallow: /private/\nAllow: /\n")
        }
        "/.well-known/atproto-did" => match scene.stage.world.named_by_domain(site.host.as_str(), now) {
            Some(member) => reply::plain("text/plain; charset=utf-8", member.did.clone()),
            None => reply::html(404, reply::broken_page("404 Not Found")),
        },
        "/" if is_broken(site, &scene.stage.world, now) => {
            reply::html(500, reply::broken_page("500 Internal Server Error"))
        }
        "/" => reply::html(200, front_page(site, now)),
        "/about" => reply::html(200, document(language, site.title, "", &format!("<p>{}</p>", site.about))),
        path if site.links.contains(&path) => {
            reply::html(200, document(language, site.title, "", r#"<p><a href="/">Home</a></p>"#))
        }
        path => match report(&scene.stage.world, site, path, now) {
            Some(page) => reply::html(200, page),
            None => reply::html(404, reply::broken_page("404 Not Found")),
        },
    }
}

/// The page of a report, `/es/20261102/c-0a1b2c3d.html`.
fn report(world: &World, site: &Site, path: &str, now: DateTime<Utc>) -> Option<String> {
    let link = format!("https://{}{path}", site.host);
    let date = path.split('/').nth(2).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok())?;
    let day = posts::day_of(date.and_time(NaiveTime::MIN).and_utc());
    site.channels.iter().filter_map(|channel| newsroom::bureau(channel.bureau)).find_map(|bureau| {
        let edition = world.edition(bureau, day);
        let item = edition.iter().find(|item| item.link == link && item.at <= now)?;
        let body =
            format!("<article><h1>{}</h1><p>{}</p></article>", escape(&item.title), escape(&item.text));
        Some(document(bureau.tag, &item.title, "", &body))
    })
}

/// The first hours go well everywhere, so that the same is known at start in every trial.
fn is_broken(site: &Site, world: &World, now: DateTime<Utc>) -> bool {
    let half_hour = now.timestamp().div_euclid(30 * 60);
    let mut random = Random::of(&[world.seed, of_name(site.host.as_str()), half_hour as u64]);
    let is_flaky = site.condition == Condition::Flaky && now - world.origin >= Duration::hours(4);
    is_flaky && random.one_in(4)
}

fn front_page(site: &Site, now: DateTime<Utc>) -> String {
    let mut head = String::new();
    let mut body = String::from("<nav><ul>");
    for link in &site.links {
        body.push_str(&format!(r#"<li><a href="{0}">{0}</a></li>"#, escape(link)));
    }
    head.extend(site.channels.iter().map(feeds::link));
    body.push_str("</ul></nav><footer><ul>");
    for named in site.names.iter().filter(|named| named.from <= now) {
        let href = escape(named.href);
        match named.by {
            NamedBy::Head => head.push_str(&format!(r#"<link rel="me" href="{href}">"#)),
            NamedBy::Anchor => {
                body.push_str(&format!(
                    r#"<li><a class="social" rel="me noopener" href="{href}">Mastodon</a></li>"#
                ));
            }
        }
    }
    head.push_str(site.makers.head);
    body.push_str(&format!("</ul>{}</footer>", site.makers.foot));
    document(site.language.tag(), site.title, &head, &body)
}

fn profile(view: &View, person: &Person) -> String {
    let mut head = format!(
        r#"<link rel="alternate" type="application/activity+json" href="{}">"#,
        escape(&view.world.account_uri(person))
    );
    let mut body = format!("<h1>{}</h1>{}<dl>", escape(person.display_name), view.html(person.note));
    for field in &person.fields {
        let href = escape(field.value);
        head.push_str(&format!(r#"<link rel="me" href="{href}">"#));
        body.push_str(&format!(
            r#"<dt>{}</dt><dd><a href="{href}" rel="nofollow noopener me">{href}</a></dd>"#,
            escape(field.name)
        ));
    }
    body.push_str("</dl>");
    document("en", &format!("{} ({})", person.display_name, person.acct), &head, &body)
}

fn status(view: &View, id: &str) -> Option<String> {
    let status = reading::find(view, id, Caller::Anonymous)?;
    let content = status["content"].as_str()?;
    Some(document("en", "Status", "", &format!("<article>{content}</article>")))
}

fn document(language: &str, title: &str, head: &str, body: &str) -> String {
    format!(
        r#"<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{}</title>{head}</head><body>{body}</body></html>"#,
        escape(title)
    )
}
