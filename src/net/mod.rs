//! The one road to the network: every request of this program leaves through [`Net`].
//!
//! Properties it holds, whatever the other side answers:
//! - Only public addresses are connected, except for hosts that the configuration names.
//! - No answer costs more than its time, its bytes and its turn; see [`Timeouts`] and [`BodyKind`].
//! - A stream takes its turn while it is opened, no longer: it may last for days.
//! - A host that asks for rest gets it, and nobody waits in here for that: the caller hears until when.
//! - Nothing is tried again behind the caller's back, so "certainly not sent" is a fact.

mod address;
mod answer;
mod body;
mod client;
mod error;
mod gate;
mod order;
mod pace;
mod request;
mod resolve;
mod robots;
mod skew;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::model::account::Host;
use crate::model::evidence::hex;

pub use client::Net;
pub use error::{Cap, FetchError, NetError};
pub use skew::{OurClock, Witnesses};
pub use wire::{Told, Wire};

/// What the road has to know of the configuration.
#[derive(Debug, Clone)]
pub struct NetConfig {
    /// Sent with every request; it names the project and a contact, and is never empty.
    pub user_agent: String,
    /// Names that are answered from this machine: plain HTTP to a loopback address, with the name as `Host`.
    pub hosts: BTreeMap<Host, SocketAddr>,
    /// Exact hosts that the operator names: they may have any port and any address, and no daily budget.
    pub allowed: BTreeSet<Host>,
    pub timeouts: Timeouts,
}

/// How long one request may take, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To resolve the name, connect and shake hands, together.
    pub connect: Duration,
    /// From the start of a request to the head of its answer.
    pub first_byte: Duration,
    /// A whole page with its redirects, without the wait for its turn.
    pub page: Duration,
    /// The same for an image.
    pub image: Duration,
    /// A body that brings less than 1 KiB/s over this span is given up.
    pub stall: Duration,
    /// A stream that says nothing for so long is asked whether it is still there.
    pub silence: Duration,
    /// It has so long to answer that, and to take what we send.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            page: Duration::from_secs(30),
            image: Duration::from_secs(120),
            stall: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            answer: Duration::from_secs(10),
        }
    }
}

/// What a caller expects to get; it decides the cap and what is asked for, not what may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    Html,
    Json,
    Feed,
    /// Bare text of a few lines.
    Plain,
    Image,
}

impl BodyKind {
    /// The largest body that is taken, in bytes after decompression.
    pub fn limit(self) -> usize {
        match self {
            BodyKind::Html => 2 << 20,
            BodyKind::Json | BodyKind::Feed => 4 << 20,
            BodyKind::Plain => 64 << 10,
            BodyKind::Image => 20 << 20,
        }
    }

    fn accept(self) -> &'static str {
        match self {
            BodyKind::Html => "text/html, application/xhtml+xml;q=0.9",
            BodyKind::Json => "application/json, application/jrd+json;q=0.9",
            BodyKind::Feed => {
                "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9"
            }
            BodyKind::Plain => "text/plain",
            BodyKind::Image => "image/*",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// One request as it is to be sent by [`Net::send`].
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: Method,
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
    /// For example `Idempotency-Key`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Content>,
    /// Parameters that nobody may read: in the query of a GET, else in the body as a form. They are no part of `url`,
    /// so no message, no address of an answer and no log can show them.
    pub secrets: Vec<(&'static str, SecretString)>,
}

impl Outgoing {
    /// A plain GET.
    pub fn get(url: impl Into<String>) -> Outgoing {
        let (method, url) = (Method::Get, url.into());
        Outgoing { method, url, token: None, headers: vec![], body: None, secrets: vec![] }
    }
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// As `serde_json::to_vec` writes it.
    Json(serde_json::Value),
    /// Plain text in UTF-8.
    Text(String),
}

/// What a server said of one version of a page, to be sent back to it: `ETag` and `Last-Modified`
/// (RFC 9110, section 8.8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// An answer with its whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub status: u16,
    /// Where the answer came from after all redirects.
    pub final_url: Url,
    /// Decompressed.
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    /// The `Link` header; several of them are joined with commas.
    pub link: Option<String>,
    /// What to ask by next time, so that nothing comes again that has not changed.
    pub validators: Validators,
    /// What the server claims the time is.
    pub server_date: Option<DateTime<Utc>>,
    /// Our clock when the head of the answer came.
    pub fetched_at: DateTime<Utc>,
}

impl Fetched {
    /// SHA-256 of the body in hex.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.body))
    }
}
