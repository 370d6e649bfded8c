//! Why an answer was not got, in the variants by which callers choose what to do next.

use std::fmt;
use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use thiserror::Error;
use url::Url;

use crate::model::account::Host;

/// Why the road cannot be opened.
#[derive(Debug, Error)]
pub enum NetError {
    #[error("host `{host}` is mapped to {address}; expected a loopback address")]
    NotLoopback { host: Host, address: SocketAddr },
    #[error("`{0}` is not a User-Agent; expected one line of printable ASCII")]
    UserAgent(String),
    #[error("no HTTP client can be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why a fetch brought no answer that the caller can use.
///
/// URLs keep their queries, except for access tokens; texts of the other side are cut and printable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// Our own rules forbid it; nothing was sent there.
    #[error("{url} is not fetched: {why}")]
    Refused { url: String, why: String },
    /// The host asked for rest, or has trouble; nothing was sent, except where this answers a 429.
    #[error("{host} is left alone until {}: {why}", minute(.until))]
    Paused { host: Host, until: DateTime<Utc>, why: String },
    /// It answered 401 or 403, now or lately, to this kind of request.
    #[error("{url} answered {status}; it is not asked again before {}", minute(.until))]
    Denied { url: String, status: u16, until: DateTime<Utc> },
    /// It answered 404 or 410.
    #[error("{url} answered {status}: it is not there")]
    Missing { url: String, status: u16 },
    /// It answered anything else that is no success.
    #[error("{url} answered {status}: {excerpt}")]
    Status { url: String, status: u16, excerpt: String },
    /// There was no connection, so the request was certainly not sent.
    #[error("no connection to {host}: {why}")]
    Unreachable { host: Host, why: String },
    /// The connection broke after it was made: whether the request was served is unknown.
    #[error("{url} broke off: {why}")]
    Broken { url: String, why: String },
    /// It took too long after the connection was made: whether the request was served is unknown.
    #[error("{url} took too long: {what}")]
    Timeout { url: String, what: String },
    #[error("{url} is too large: {limit}")]
    TooLarge { url: String, limit: Cap },
    /// A stream brought what no stream may hold: it cannot be read on from there.
    #[error("{url} cannot be read on: {why}")]
    Garbled { url: String, why: String },
    /// A host that nobody configured has used its share of the day.
    #[error("{host} has used its budget of the day, which is {limit}; it is read again at {}", minute(.until))]
    Budget { host: Host, limit: &'static str, until: DateTime<Utc> },
}

/// The cap that a body went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// So many bytes.
    Bytes(u64),
    /// So many times its compressed size.
    Ratio(u64),
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cap::Bytes(bytes) => write!(f, "more than {bytes} bytes"),
            Cap::Ratio(times) => write!(f, "it unpacks to more than {times} times its size"),
        }
    }
}

impl FetchError {
    /// The earliest time at which asking again makes sense, where that is known.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            FetchError::Paused { until, .. }
            | FetchError::Denied { until, .. }
            | FetchError::Budget { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// Whether the server said that there is nothing at this URL.
    pub fn is_missing(&self) -> bool {
        matches!(self, FetchError::Missing { .. })
    }

    /// Whether the server said that there will never be anything at this URL again (410).
    pub fn is_gone_for_good(&self) -> bool {
        matches!(self, FetchError::Missing { status: 410, .. })
    }

    /// Whether a request of [`Net::send`](super::Net::send) that ended so never left this machine.
    /// Otherwise its outcome is unknown and has to be looked up.
    pub fn is_certainly_unsent(&self) -> bool {
        matches!(
            self,
            FetchError::Refused { .. }
                | FetchError::Paused { .. }
                | FetchError::Budget { .. }
                | FetchError::Unreachable { .. }
        )
    }
}

/// The first error of a type in the chain of causes.
pub(super) fn cause<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut error = Some(error);
    while let Some(here) = error {
        if let Some(found) = here.downcast_ref() {
            return Some(found);
        }
        error = here.source();
    }
    None
}

/// The most of a foreign text that is shown, in characters.
const LONGEST_EXCERPT: usize = 200;
/// The most of a URL that is shown, in characters.
const LONGEST_URL: usize = 500;

/// The front of a foreign text on one line, without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    cut(&words.collect::<Vec<_>>().join(" "), LONGEST_EXCERPT)
}

/// A URL as it may be shown: without user, password and access token.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that cannot have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query_pairs().any(|(name, _)| is_token(&name)) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_token(name))
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    cut(url.as_str(), LONGEST_URL)
}

/// A text that is no URL, as it may be shown: without anything that may be a query or a password.
pub(super) fn shown_text(text: &str) -> String {
    if text.contains('@') {
        return "a text with `@` in it".to_owned();
    }
    excerpt(text.split(['?', '#']).next().unwrap_or_default())
}

fn is_token(name: &str) -> bool {
    ["access_token", "client_secret", "code", "input_token"]
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn minute(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_its_query_but_no_token_and_no_password() {
        for (url, expected) in [
            (
                "https://social.example/api/x?q=%E6%96%B0&limit=2",
                "https://social.example/api/x?q=%E6%96%B0&limit=2",
            ),
            ("https://social.example/x?access_token=s3cret", "https://social.example/x"),
            ("https://social.example/x?a=1&Access_Token=s3cret&b=2", "https://social.example/x?a=1&b=2"),
            (
                "https://social.example/x?client_secret=s3cret&code=s3cret&input_token=s3cret",
                "https://social.example/x",
            ),
            ("https://me:s3cret@social.example/", "https://social.example/"),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), expected);
        }
        assert_eq!(shown_text("https://a b/?access_token=s3cret"), "https://a b/");
        assert!(!shown_text("https://me:s3cret@[").contains("s3cret"));
    }

    #[test]
    fn an_excerpt_is_one_printable_line() {
        assert_eq!(excerpt(" <p>\n\u{1b}[31mno\u{0}\r\n way "), "<p> [31mno way");
        assert_eq!(excerpt(&"界".repeat(1000)).chars().count(), LONGEST_EXCERPT + 1);
    }

    #[test]
    fn a_message_names_the_thing_and_what_follows() {
        let until = "2026-11-02T10:00:00Z".parse().unwrap();
        let host = Host::parse("social.example").unwrap();
        let paused = FetchError::Paused { host, until, why: "it answered 429".to_owned() };
        assert_eq!(
            paused.to_string(),
            "social.example is left alone until 2026-11-02 10:00:00 UTC: it answered 429"
        );
        assert_eq!(paused.retry_at(), Some(until));
        assert!(paused.is_certainly_unsent());
        let url = "https://social.example/".to_owned();
        assert!(!FetchError::Timeout { url, what: "no answer within 10s".to_owned() }.is_certainly_unsent());
    }
}
