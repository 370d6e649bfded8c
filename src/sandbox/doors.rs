//! The HTTP face of each host: its routes, and the control door for tests.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::model::account::Host;

use super::faults::Fault;
use super::gate::{self, Behind, Caller, Gate};
use super::habits::Api;
use super::outbox::Sent;
use super::pages::{self, SiteScene};
use super::reading::{self, Parameters, value};
use super::sky::{appview, stream};
use super::stage::{Scene, Sky};
use super::{instance, login, misskey, posting, reply, timelines};

/// A server of the fediverse.
pub fn of_server(scene: Scene) -> Router {
    let gate = Gate {
        stage: scene.stage.clone(),
        host: scene.server.host.clone(),
        behind: Behind::Server(scene.server.clone()),
    };
    let api = match scene.server.habits.api {
        Api::Mastodon => mastodon(),
        Api::Misskey => misskey::routes(),
    };
    Router::new()
        .route("/.well-known/nodeinfo", get(instance::nodeinfo_links))
        .route("/.well-known/webfinger", get(instance::webfinger))
        .route("/.well-known/host-meta", get(instance::host_meta))
        .route("/nodeinfo/2.0", get(instance::nodeinfo))
        .route("/robots.txt", get(pages::robots_of_server))
        .route("/_sandbox/expire-codes", post(login::expire))
        .route("/_sandbox/faults", post(add_fault).delete(forget_faults))
        .route("/_sandbox/outbox", get(show_outbox))
        .merge(api)
        .fallback(pages::of_server)
        .with_state(scene)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

fn mastodon() -> Router<Scene> {
    Router::new()
        .route("/api/v1/instance", get(instance::v1))
        .route("/api/v2/instance", get(instance::v2))
        .route("/api/v1/accounts/lookup", get(reading::lookup))
        .route("/api/v1/accounts/verify_credentials", get(reading::verify_credentials))
        .route("/api/v1/accounts/{id}", get(reading::account))
        .route("/api/v1/accounts/{id}/statuses", get(reading::account_statuses))
        .route("/api/v1/timelines/public", get(timelines::public))
        .route("/api/v1/timelines/tag/{tag}", get(timelines::of_tag))
        .route("/api/v1/directory", get(timelines::directory))
        .route("/api/v2/search", get(reading::search))
        .route("/api/v1/statuses", post(posting::create))
        .route("/api/v1/statuses/{id}", get(reading::status).put(posting::edit).delete(posting::delete))
        .route("/api/v1/statuses/{id}/context", get(reading::context))
        .route("/api/v1/apps", post(login::register))
        .route("/oauth/authorize", get(login::authorize).post(login::decide))
        .route("/oauth/authorize/native", get(login::native))
        .route("/oauth/token", post(login::token))
        .route("/oauth/revoke", post(login::revoke))
}

/// A web site of an outlet.
pub fn of_site(scene: SiteScene) -> Router {
    let gate = Gate { stage: scene.stage.clone(), host: scene.site.host.clone(), behind: Behind::Site };
    Router::new()
        .fallback(pages::of_site)
        .with_state(scene)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

/// The service that shows Bluesky to everybody.
pub fn of_appview(sky: Sky, host: Host) -> Router {
    let gate = Gate { stage: sky.stage.clone(), host, behind: Behind::AppView };
    Router::new()
        .route("/xrpc/{method}", get(appview::ask))
        .route("/robots.txt", get(appview::robots))
        .with_state(sky)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

/// The stream of all that happens on Bluesky.
pub fn of_stream(sky: Sky, host: Host) -> Router {
    let gate = Gate { stage: sky.stage.clone(), host, behind: Behind::Site };
    Router::new()
        .route("/subscribe", get(stream::subscribe))
        .with_state(sky)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
}

async fn add_fault(State(scene): State<Scene>, Json(fault): Json<Fault>) -> StatusCode {
    scene.stage.faults.add(fault);
    StatusCode::NO_CONTENT
}

/// Everything goes right again.
async fn forget_faults(State(scene): State<Scene>) -> StatusCode {
    scene.stage.faults.forget();
    StatusCode::NO_CONTENT
}

/// What clients posted through a server (`?server=`, this one where missing), oldest first.
async fn show_outbox(State(scene): State<Scene>, Query(query): Parameters) -> Response {
    let asked = value(&query, "server").and_then(|server| Host::parse(server).ok());
    let server = asked.and_then(|host| scene.stage.world.server(&host).cloned());
    let scene = server.map_or(scene.clone(), |server| Scene { server: Arc::new(server), ..scene });
    let outbox = scene.stage.outbox();
    let view = scene.view(&outbox, scene.now());
    let author = reading::desk(&view, Caller::Desk);
    let shown = outbox.of(&scene.server.host).map(|sent| {
        let uri = author.map(|author| view.world.status_uri(author, &sent.id));
        listed(sent, uri, view.mentions(&sent.draft.text))
    });
    reply::json(&shown.collect())
}

fn listed(sent: &Sent, uri: Option<String>, mentions: Vec<Value>) -> Value {
    let mut listed = json!(sent);
    listed["uri"] = uri.into();
    listed["deleted"] = sent.deleted_at.is_some().into();
    listed["mentions"] = mentions.into_iter().map(|mention| mention["acct"].clone()).collect();
    listed
}
