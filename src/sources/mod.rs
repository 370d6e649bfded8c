//! Sources: what is read from the network, each a pure `parse` below a thin asynchronous call.
//!
//! Everything that comes in is foreign: it is read item by item, capped, and what cannot be read is handed
//! back as [`Rejected`](crate::model::target::Rejected) beside what can.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::model::account::{Acct, Host};
use crate::net::FetchError;

pub mod account;
pub mod bluesky;
mod encoding;
pub mod fediverse;
pub mod feed;
pub mod followers;
pub mod html;
pub mod jetstream;
mod json;
pub mod listing;
pub mod mastodon;
pub mod misskey;
pub mod page;
pub mod threads;
pub mod walk;
pub mod webfinger;

/// Why bytes that arrived whole say nothing we can use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct ParseError {
    pub why: String,
    /// At most 32 KiB of the bytes, as text.
    pub excerpt: String,
}

/// Why a poll brought nothing. Only [`PollError::is_missing`] may ever be read as "it is gone".
#[derive(Debug, Error)]
pub enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The answer came and cannot be read. Never a sign that an account is gone.
    #[error("{url}: {why}")]
    Parse { url: String, why: String, excerpt: String },
    #[error("{host} runs {software}, which offers neither the Mastodon nor the Misskey API")]
    NotAMastodonApi { host: Host, software: String },
    #[error("{url} is closed to us by the robots.txt of its host")]
    RobotsForbid { url: String },
    /// The server shows this only to those who have a token there.
    #[error("{host} shows {what} only with a token: {denied}")]
    NeedsToken { host: Host, what: &'static str, denied: FetchError },
    /// The server says that it does not show this to us, so it is not asked for it.
    #[error("{host} shows {what} {to}; it is not asked before {}", until.format("%Y-%m-%d %H:%M UTC"))]
    Closed { host: Host, what: &'static str, to: &'static str, until: DateTime<Utc> },
    /// An interface of the Mastodon family that knows this account would have said so.
    #[error("{acct} is unknown to {host}, which answers for it")]
    NoAccount { acct: Acct, host: Host },
    /// The server may well have the account; we have no way to ask.
    #[error("{acct} cannot be looked up on {host}: {why}")]
    NoLookup { acct: Acct, host: Host, why: String },
    /// Threads does not answer, or is not to be asked.
    #[error(transparent)]
    Threads(#[from] threads::refusal::Refusal),
    /// The server answered about somebody else than we asked for.
    #[error("{url} is about {got}; expected {asked}")]
    OtherAccount { url: String, asked: Acct, got: String },
}

impl PollError {
    /// Whether the server that answers for it said that the account does not exist (any more).
    ///
    /// One such answer is not yet "gone": that takes two, an hour apart.
    pub fn is_missing(&self) -> bool {
        matches!(self, PollError::NoAccount { .. })
    }

    /// Whether the server said that there will never be anything there again.
    pub fn is_gone_for_good(&self) -> bool {
        matches!(self, PollError::Fetch(fetch) if fetch.is_gone_for_good())
    }

    /// The earliest time at which asking again makes sense, where somebody named one.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            PollError::Closed { until, .. } => Some(*until),
            PollError::Threads(refusal) => refusal.retry_at(),
            PollError::Fetch(fetch) | PollError::NeedsToken { denied: fetch, .. } => fetch.retry_at(),
            _ => None,
        }
    }

    fn parse(url: &str, error: ParseError) -> PollError {
        PollError::Parse { url: url.to_owned(), why: error.why, excerpt: error.excerpt }
    }
}

/// Runs a parser off the asynchronous threads, since the worst input keeps one busy for a while. A parser
/// that breaks is a fault of that input and of nothing else.
async fn aside<T: Send + 'static>(
    parse: impl FnOnce() -> Result<T, ParseError> + Send + 'static,
) -> Result<T, ParseError> {
    let parsed = tokio::task::spawn_blocking(parse).await;
    parsed.unwrap_or_else(|error| {
        Err(ParseError { why: format!("the parser broke on it: {error}"), excerpt: String::new() })
    })
}
