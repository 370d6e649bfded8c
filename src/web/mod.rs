//! The public pages: digests, the proof behind every statement, and how to object.
//!
//! They take nothing but confirmed findings and frozen digests. What was not confirmed answers like what
//! was never heard of. Nothing is written here, no script is sent, and nothing is loaded from elsewhere.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use url::Url;

use crate::cycle::vitals::Vitals;
use crate::store::Store;

mod account;
mod answers;
mod digest;
mod door;
mod frame;
mod health;
mod home;
mod ledger;
mod texts;
mod tie;
mod withdrawn;
mod words;

/// What the pages are made from.
#[derive(Debug)]
pub struct Site {
    pub store: Store,
    pub facts: SiteFacts,
    /// What the service remembers of itself.
    pub vitals: Vitals,
    /// The ledger's file; a missing one is an empty chain.
    pub ledger_path: PathBuf,
}

/// What the pages say about the service itself.
#[derive(Debug, Clone, Default)]
pub struct SiteFacts {
    /// Where objections go: a mail address, a `mailto:` or http(s) URL, or words.
    pub contact: Option<String>,
    /// Where the world reaches this site; its absence only takes the canonical links away.
    pub public_url: Option<Url>,
    pub servers: Vec<Read>,
    pub pages: Vec<Read>,
}

/// A place that is read again and again, in words for people.
#[derive(Debug, Clone)]
pub struct Read {
    /// A host or an address.
    pub what: String,
    /// `account search and profiles`.
    pub how: String,
    /// `every 30 minutes`.
    pub often: String,
}

/// No script, no frame, no form, nothing from elsewhere: whatever slipped through escaping stays text.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// All pages. Addresses are in posts that stay for ever, so they never change.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(answers::home))
        .route("/d/{number}", get(answers::digest))
        .route("/d/{number}/{part}", get(answers::part))
        .route("/a/{handle}", get(answers::account))
        .route("/ledger", get(answers::ledger))
        .route("/method", get(answers::method))
        .route("/reads", get(answers::reads))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .route("/style.css", get(answers::style))
        .route("/icon.svg", get(answers::icon))
        .fallback(answers::missing)
        .with_state(Arc::new(site))
        .layer(map_response(with_headers))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Serves the pages until `shutdown` is done and the requests under way are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(door::Door::new(listener), router).with_graceful_shutdown(shutdown).await
}
