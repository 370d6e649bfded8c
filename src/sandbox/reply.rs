//! Answers as server families give them: JSON, pages, refusals.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::evidence::hex;

use super::habits::{Habits, Limiting, NotFound};
use super::limits::Balance;
use super::misskey;
use super::wire::timestamp;

pub fn json(value: &Value) -> Response {
    with_type(StatusCode::OK, "application/json; charset=utf-8", value.to_string())
}

/// A text that is JSON already.
pub fn json_text(text: String) -> Response {
    with_type(StatusCode::OK, "application/json; charset=utf-8", text)
}

/// A list of texts that are JSON already.
pub fn json_list(items: &[String]) -> Response {
    json_text(format!("[{}]", items.join(",")))
}

pub fn html(status: u16, body: impl Into<String>) -> Response {
    with_type(code(status), "text/html; charset=utf-8", body.into())
}

/// An answer without a body.
pub fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub fn plain(content_type: &'static str, body: impl Into<String>) -> Response {
    with_type(StatusCode::OK, content_type, body.into())
}

/// An error in JSON, as the Mastodon API words it.
pub fn error(status: u16, message: &str) -> Response {
    json_error(status, &json!({ "error": message }))
}

/// An error in JSON with more to say.
pub fn json_error(status: u16, body: &Value) -> Response {
    with_type(code(status), "application/json; charset=utf-8", body.to_string())
}

/// Nothing is here, said in this family's way.
pub fn missing(habits: &Habits) -> Response {
    match habits.not_found {
        NotFound::Json => error(404, "Record not found"),
        NotFound::Html => html(404, broken_page("Not Found")),
        NotFound::Misskey => misskey::no_endpoint(),
    }
}

/// A page such as a web server in front of an application shows.
pub fn broken_page(title: &str) -> String {
    format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
}

/// 429 as this family says it.
pub fn too_many(habits: &Habits, balance: Balance, now: DateTime<Utc>) -> Response {
    let mut response = error(429, "Too many requests");
    add_balance(&mut response, habits, balance);
    if habits.limiting == Limiting::WithRetryAfter {
        let seconds = (balance.reset - now).num_seconds().max(0) + 1;
        set(&mut response, "retry-after", &seconds.to_string());
    }
    response
}

/// Tells the caller what is left.
pub fn add_balance(response: &mut Response, habits: &Habits, balance: Balance) {
    if habits.limiting == Limiting::None {
        return;
    }
    set(response, "x-ratelimit-limit", &balance.limit.to_string());
    set(response, "x-ratelimit-remaining", &balance.remaining.unwrap_or(0).to_string());
    set(response, "x-ratelimit-reset", &timestamp(balance.reset));
}

/// The answer with the name of its version, or only that name for who knows it: RFC 9110, section 8.8.3.
pub async fn with_version(response: Response, known: Option<&HeaderValue>) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let version = format!("W/\"{}\"", &hex(&Sha256::digest(&body))[..32]);
    let is_known = known.is_some_and(|known| known.as_bytes() == version.as_bytes());
    if is_known {
        head.status = StatusCode::NOT_MODIFIED;
    }
    let mut response = Response::from_parts(head, if is_known { Body::empty() } else { Body::from(body) });
    set(&mut response, "etag", &version);
    response
}

/// Sets a header; a value that HTTP does not allow is left out.
pub fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn with_type(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
