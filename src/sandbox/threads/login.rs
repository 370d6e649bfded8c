//! Logging in to the world's Threads: a person approves on a page, and the code becomes a token of an hour, then one of
//! sixty days, then another one of sixty days.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};

use super::tokens::{Access, Kind, Token};
use super::{HOLDER, admit, refused};
use crate::sandbox::markup::escape;
use crate::sandbox::posting::fields;
use crate::sandbox::reading::{Parameters, value};
use crate::sandbox::reply;
use crate::sandbox::stage::ThreadsScene;

/// The one app of this world: its id, its secret, and where it may lead back to.
pub const APP: (&str, &str, &str) = ("1234567890", "sandbox-app-secret", "https://masthead.example/threads");
/// No token younger than this is renewed.
const RENEWABLE_AFTER: Duration = Duration::hours(24);

/// `GET /oauth/authorize`: the page on which a person approves.
pub async fn authorize(Query(query): Parameters) -> Response {
    let word = |name| value(&query, name).unwrap_or_default();
    if word("client_id") != APP.0 || word("redirect_uri") != APP.2 || word("response_type") != "code" {
        let why = "Error Code: 1349026. The app or its redirect address is not known; it takes the Threads app's id.";
        return reply::html(400, format!("<!DOCTYPE html><p>{why}</p>"));
    }
    let hidden = query.iter().fold(String::new(), |text, (name, value)| {
        format!("{text}<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
    });
    let scopes: String =
        word("scope").split(',').map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    let page = format!(
        "<!DOCTYPE html><p>Masthead wants to act for {HOLDER}:</p><ul>{scopes}</ul>\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}<button>Continue</button> \
         <button name=\"denied\" value=\"1\">Cancel</button></form>"
    );
    reply::html(200, page)
}

/// `POST /oauth/authorize`: leads back with a code, or with a refusal.
pub async fn decide(State(scene): State<ThreadsScene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let state = text(&fields, "state");
    let now = scene.stage.clock.now();
    let code = Token { kind: Kind::Code, access: Access::Advanced, issued_at: now }.text();
    let query = match text(&fields, "denied") {
        "" => format!("code={code}&state={state}"),
        _ => format!("error=access_denied&error_reason=user_denied&state={state}"),
    };
    let mut response = reply::bare(StatusCode::FOUND);
    reply::set(&mut response, "location", &format!("{}?{query}#_", APP.2));
    response
}

/// `POST /oauth/access_token`.
pub async fn redeem(State(scene): State<ThreadsScene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let word = |name| text(&fields, name);
    if word("client_id") != APP.0 || word("client_secret") != APP.1 {
        return refused(400, 101, None, "Error validating client secret.");
    }
    if word("grant_type") != "authorization_code" || word("redirect_uri") != APP.2 {
        return refused(400, 100, None, "Invalid redirect_uri");
    }
    let (code, now) = (word("code"), scene.stage.clock.now());
    let good = Token::read(code).filter(|code| code.kind == Kind::Code && !code.is_over(now));
    match good.filter(|_| scene.stage.threads.use_code(code)) {
        Some(code) => {
            let token = Token { kind: Kind::Short, issued_at: now, ..code }.text();
            reply::json(&json!({"access_token": token, "user_id": 17_841_400_000_000_001_u64}))
        }
        None => {
            refused(400, 100, None, &format!("This authorization code {code} has been used or has expired."))
        }
    }
}

/// `GET /access_token`: a token of an hour for one of sixty days.
pub async fn exchange(
    State(scene): State<ThreadsScene>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    let now = scene.stage.clock.now();
    let word = |name| value(&query, name).unwrap_or_default();
    if word("grant_type") != "th_exchange_token" || word("client_secret") != APP.1 {
        return refused(400, 101, None, "Error validating client secret.");
    }
    match admit(&query, &headers, now) {
        Ok(token) if token.kind == Kind::Short => handed_out(token, now),
        Ok(_) => refused(
            400,
            100,
            None,
            "Session key invalid. This could be because it is not a short-lived token.",
        ),
        Err(refusal) => *refusal,
    }
}

/// `GET /refresh_access_token`.
pub async fn refresh(
    State(scene): State<ThreadsScene>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    let now = scene.stage.clock.now();
    if value(&query, "grant_type") != Some("th_refresh_token") {
        return refused(400, 100, None, "Invalid parameter");
    }
    match admit(&query, &headers, now) {
        Ok(token) if token.kind != Kind::Long => {
            refused(400, 100, None, "Only long-lived tokens are refreshed")
        }
        Ok(token) if now - token.issued_at < RENEWABLE_AFTER => {
            refused(400, 100, None, "The access token is less than 24 hours old")
        }
        Ok(token) => handed_out(token, now),
        Err(refusal) => *refusal,
    }
}

fn handed_out(token: Token, now: DateTime<Utc>) -> Response {
    let token = Token { kind: Kind::Long, issued_at: now, ..token };
    let expires_in = token.lives().num_seconds();
    reply::json(&json!({"access_token": token.text(), "token_type": "bearer", "expires_in": expires_in}))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
