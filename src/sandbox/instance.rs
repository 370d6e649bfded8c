//! What a server says of itself: nodeinfo, webfinger and instance documents.

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::{Value, json};

use crate::model::account::Acct;

use super::cast::Server;
use super::habits::{InstanceV2, Limiting, Timelines};
use super::markup::CHARACTERS_PER_URL;
use super::reading::{Parameters, value};
use super::reply;
use super::stage::Scene;

pub async fn nodeinfo_links(State(scene): State<Scene>) -> Response {
    reply::json(&json!({ "links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
        "href": format!("https://{}/nodeinfo/2.0", scene.server.host),
    }] }))
}

pub async fn nodeinfo(State(scene): State<Scene>) -> Response {
    let habits = &scene.server.habits;
    reply::json(&json!({
        "version": "2.0", "software": { "name": habits.software, "version": habits.version },
        "protocols": ["activitypub"], "services": { "outbound": [], "inbound": [] },
        "usage": { "users": { "total": users(&scene) }, "localPosts": 1 }, "openRegistrations": false,
        "metadata": { "nodeName": scene.server.title },
    }))
}

pub async fn host_meta(State(scene): State<Scene>) -> Response {
    let host = &scene.server.host;
    let template = format!("https://{host}/.well-known/webfinger?resource={{uri}}");
    reply::plain(
        "application/xrd+xml",
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="{template}"/></XRD>"#
        ),
    )
}

pub async fn webfinger(State(scene): State<Scene>, Query(query): Parameters) -> Response {
    let Some(resource) = value(&query, "resource") else {
        return reply::error(400, "Required parameter: resource");
    };
    let (world, now) = (&scene.stage.world, scene.now());
    let mut local = world.people.iter().filter(|person| *person.acct.host() == scene.server.host);
    let wanted = resource.strip_prefix("acct:").and_then(|acct| acct.parse::<Acct>().ok());
    let person = local.find(|person| {
        let is_asked = wanted.as_ref().is_some_and(|acct| person.acct.is_same(acct));
        person.since <= now
            && (is_asked
                || [world.account_uri(person), world.account_page(person)].iter().any(|it| it == resource))
    });
    let Some(person) = person else {
        return reply::missing(&scene.server.habits);
    };
    let (uri, page) = (world.account_uri(person), world.account_page(person));
    let body = json!({
        "subject": format!("acct:{}", person.acct), "aliases": [page, uri],
        "links": [
            { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": page },
            { "rel": "self", "type": "application/activity+json", "href": uri },
        ],
    });
    reply::plain("application/jrd+json; charset=utf-8", body.to_string())
}

pub async fn v1(State(scene): State<Scene>) -> Response {
    let server = &scene.server;
    let contact = {
        let outbox = scene.stage.outbox();
        let view = scene.view(&outbox, scene.now());
        view.world.known_to(&server.host, view.now).next().map(|person| view.account(person))
    };
    reply::json(&json!({
        "uri": server.host, "title": server.title, "short_description": "", "description": "",
        "email": format!("desk@{}", server.host), "version": version(&scene),
        "urls": { "streaming_api": format!("wss://{}", server.host) },
        "stats": { "user_count": users(&scene), "status_count": 1, "domain_count": 4 },
        "thumbnail": null, "languages": ["en"], "registrations": false, "approval_required": true,
        "invites_enabled": false, "configuration": configuration(&scene), "contact_account": contact,
        "max_toot_chars": server.habits.max_characters, "rules": [],
    }))
}

pub async fn v2(State(scene): State<Scene>) -> Response {
    let server = &scene.server;
    if server.habits.instance_v2 == InstanceV2::Breaks {
        return reply::html(500, reply::broken_page("Server Error (500)"));
    }
    let mut configuration = configuration(&scene);
    configuration["urls"] = json!({ "streaming": format!("wss://{}", server.host) });
    if tells_access(server) {
        let [local, remote] = match server.habits.timelines {
            Timelines::Open => ["public", "public"],
            Timelines::LocalOpen => ["public", "authenticated"],
            Timelines::NeedToken => ["authenticated", "authenticated"],
        };
        let access = json!({ "local": local, "remote": remote });
        configuration["timelines_access"] = json!({ "live_feeds": access, "hashtag_feeds": access });
    }
    reply::json(&json!({
        "domain": server.host, "title": server.title, "version": version(&scene),
        "source_url": format!("https://{}/source", server.host), "description": "",
        "usage": { "users": { "active_month": users(&scene) } }, "thumbnail": null, "icon": [],
        "languages": ["en"], "configuration": configuration,
        "registrations": { "enabled": false, "approval_required": true, "message": null },
        "api_versions": { "mastodon": 7 }, "rules": [],
        "contact": { "email": format!("desk@{}", server.host), "account": null },
    }))
}

/// Mastodon tells who may read its timelines since 4.5, others do not.
fn tells_access(server: &Server) -> bool {
    server.habits.software == "mastodon" && server.habits.version >= "4.5"
}

fn configuration(scene: &Scene) -> Value {
    json!({
        "accounts": { "max_featured_tags": 10 },
        "statuses": {
            "max_characters": scene.server.habits.max_characters, "max_media_attachments": 4,
            "characters_reserved_per_url": CHARACTERS_PER_URL,
        },
        "media_attachments": {
            "supported_mime_types": ["image/png"], "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600, "video_size_limit": 103_809_024,
            "video_frame_rate_limit": 120, "video_matrix_limit": 8_294_400,
        },
        "polls": {
            "max_options": 4, "max_characters_per_option": 50, "min_expiration": 300,
            "max_expiration": 2_629_746,
        },
    })
}

/// Others than Mastodon put their own name behind the API's version.
fn version(scene: &Scene) -> String {
    let habits = &scene.server.habits;
    match (habits.software, habits.limiting) {
        ("mastodon", _) => habits.version.to_owned(),
        (_, Limiting::None) => format!("{}/{}", habits.software, habits.version),
        _ => format!("{}+git", habits.version),
    }
}

fn users(scene: &Scene) -> usize {
    scene.stage.world.people.iter().filter(|person| *person.acct.host() == scene.server.host).count()
}
