//! Opening a stream: one request to be upgraded, with every check that other requests pass.

use reqwest::StatusCode;
use reqwest::header::{CONNECTION, HeaderName, HeaderValue, UPGRADE};
use tokio::time::timeout;

use super::super::wire::{Handshake, Wire};
use super::{Net, Order, Purse, Road, Target, location};
use crate::net::body;
use crate::net::error::FetchError;
use crate::net::{BodyKind, Method, request};

/// What upgrades a connection to frames (RFC 6455, section 4.1).
const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");

impl Net {
    /// Opens a stream of messages at an `https` URL. It has its turn until it is open; no redirect is followed. Its
    /// opening is paid out of the host's budget, what it brings is not: who listens has to show what that is.
    ///
    /// # Errors
    /// Those of [`Net::get`]; every answer other than the upgrade is one of them.
    pub async fn listen(&self, url: &str) -> Result<Wire, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let target = Target::parse(url, &road.config)?;
        road.upgrade(target).await
    }
}

impl Road {
    async fn upgrade(&self, target: Target) -> Result<Wire, FetchError> {
        let whole = self.config.timeouts.page;
        let handshake = Handshake::new();
        let mut call = request::build(Method::Get, &target, None, BodyKind::Json.accept())?;
        let headers = call.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(VERSION, HeaderValue::from_static("13"));
        let key = HeaderValue::from_str(handshake.key()).expect("a key is plain letters");
        headers.insert(KEY, key);
        let answer = self.ask(&target, call, whole, Purse::Domain).await?;
        // What is asked for is said once, where the stream is opened.
        let mut url = target.url.clone();
        url.set_query(None);
        let url = url.to_string();
        if let Some(location) = location(&answer.response) {
            let next = target.redirected(&location, &self.config)?;
            let why = format!("it redirects to {}, and streams are not followed", next.shown());
            return Err(FetchError::Refused { url, why });
        }
        let response = match answer.response.status() {
            StatusCode::SWITCHING_PROTOCOLS => answer.response,
            _ => {
                let order = Order::of(BodyKind::Json, None, &self.config.timeouts);
                let left = whole.saturating_sub(answer.took);
                return Err(self.complaint(&target, None, answer, Order { whole: left, ..order }).await);
            }
        };
        let accept = response.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
        if !accept.is_some_and(|accept| handshake.is_accepted_by(accept)) {
            let why = "it upgrades the connection without the proof that it read our request".to_owned();
            return Err(FetchError::Garbled { url, why });
        }
        let timeouts = self.config.timeouts;
        match timeout(timeouts.first_byte, response.upgrade()).await {
            Ok(Ok(line)) => Ok(Wire::open(line, url, timeouts).await),
            Ok(Err(error)) => Err(FetchError::Broken { url, why: body::innermost(&error) }),
            Err(_) => {
                let what = format!("no stream within {:?}", timeouts.first_byte);
                Err(FetchError::Timeout { url, what })
            }
        }
    }
}
