//! What is taken from an answer beside its body: where it leads, what it is, and what to ask by next time.

use chrono::{DateTime, Utc};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED, LINK, LOCATION};
use url::Url;

use super::{Fetched, Validators, pace};

/// Validators are kept with every page; those in use are far shorter.
const LONGEST_VALIDATOR: usize = 500;

/// Where an answer redirects to, if it does.
pub(super) fn location(response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Some(String::from_utf8_lossy(response.headers().get(LOCATION)?.as_bytes()).into_owned())
}

/// The answer with its body, as callers get it.
pub(super) fn fetched(
    final_url: Url,
    response: &Response,
    heard_at: DateTime<Utc>,
    body: Vec<u8>,
) -> Fetched {
    let headers = response.headers();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let links: Vec<String> = headers.get_all(LINK).iter().map(text).collect();
    Fetched {
        status: response.status().as_u16(),
        final_url,
        body,
        content_type: headers.get(CONTENT_TYPE).map(text),
        link: (!links.is_empty()).then(|| links.join(", ")),
        validators: validators(headers),
        server_date: pace::server_date(headers),
        fetched_at: heard_at,
    }
}

/// What the server can be asked by next time; values longer than any in use are left out.
fn validators(headers: &HeaderMap) -> Validators {
    let text = |name| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.filter(|text| !text.is_empty() && text.len() <= LONGEST_VALIDATOR).map(str::to_owned)
    };
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}
