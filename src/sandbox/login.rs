//! Logging in to a server's desk: OAuth without a person, who would only say yes.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::markup::escape;
use super::posting::fields;
use super::reading::{Parameters, value};
use super::reply;
use super::stage::Scene;

/// The code that every approval gives.
const CODE: &str = "sandbox-code";

/// Where a code is shown instead of sent on.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

pub async fn register(headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let name = text(&fields, "client_name");
    if name.is_empty() {
        return reply::error(422, "Validation failed: Application name can't be blank");
    }
    reply::json(&json!({
        "id": "1", "name": name, "website": null, "redirect_uri": text(&fields, "redirect_uris"),
        "client_id": "sandbox-client", "client_secret": "sandbox-secret", "vapid_key": "",
    }))
}

/// The page on which a person would approve: here it has happened already.
pub async fn authorize(Query(query): Parameters) -> Response {
    let target = value(&query, "redirect_uri").filter(|target| *target != OUT_OF_BAND);
    let Some(target) = target else {
        return reply::html(200, format!("<!DOCTYPE html><title>Code</title><code>{CODE}</code>"));
    };
    let Ok(mut target) = url::Url::parse(target) else {
        return reply::error(400, "The redirect uri included is not valid.");
    };
    target.query_pairs_mut().append_pair("code", CODE);
    if let Some(state) = value(&query, "state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    let mut response = reply::html(302, format!(r#"<a href="{}">Go on</a>"#, escape(target.as_str())));
    reply::set(&mut response, "location", target.as_str());
    response
}

pub async fn token(State(scene): State<Scene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let Some(desk) = scene.server.desk.as_ref().filter(|_| text(&fields, "code") == CODE) else {
        let message = "The provided authorization grant is invalid";
        return reply::error(400, message);
    };
    reply::json(&json!({
        "access_token": desk.token, "token_type": "Bearer", "scope": text(&fields, "scope"),
        "created_at": scene.now().timestamp(),
    }))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
