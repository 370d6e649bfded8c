//! Logging in to a server: apps register, a person approves on a page, the code becomes a token.
//!
//! Shapes and refusals are those of Mastodon 4: <https://docs.joinmastodon.org/methods/oauth/>.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::model::account::Acct;

use super::grants::{App, Denial, Scopes};
use super::markup::escape;
use super::posting::fields;
use super::reading::{Parameters, value};
use super::reply;
use super::stage::Scene;

/// Where a code is shown instead of sent on.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

const NO_GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the \
                        redirection URI used in the authorization request, or was issued to another client.";
const NO_CLIENT: &str = "Client authentication failed due to unknown client, no client authentication included, \
                         or unsupported authentication method.";
const NO_SCOPE: &str = "The requested scope is invalid, unknown, or malformed.";

/// `POST /api/v1/apps`.
pub async fn register(State(scene): State<Scene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let invalid = |why: &str| reply::error(422, &format!("Validation failed: {why}"));
    let (name, uris) = (text(&fields, "client_name"), text(&fields, "redirect_uris"));
    let website = Some(text(&fields, "website")).filter(|website| !website.is_empty());
    let is_web = |address: &str| address.starts_with("https://") || address.starts_with("http://");
    if name.is_empty() {
        return invalid("Application name can't be blank");
    }
    if uris.split_whitespace().next().is_none() {
        return invalid("Redirect URI can't be blank");
    }
    if website.is_some_and(|website| !is_web(website)) {
        return invalid("Application website is not a valid URL");
    }
    let Some(scopes) = Scopes::parse(text(&fields, "scopes")) else {
        return invalid("Scopes doesn't match configured on the server.");
    };
    let app = App {
        server: scene.server.host.clone(),
        name: name.to_owned(),
        website: website.map(str::to_owned),
        redirect_uris: uris.split_whitespace().map(str::to_owned).collect(),
        scopes,
        client_id: String::new(),
        client_secret: String::new(),
    };
    let Ok(app) = scene.stage.grants().register(app) else { return disk_trouble() };
    reply::json(&json!({
        "id": "1", "name": app.name, "website": app.website, "scopes": app.scopes.words(),
        "redirect_uri": app.redirect_uris.join("\n"), "redirect_uris": app.redirect_uris,
        "client_id": app.client_id, "client_secret": app.client_secret, "client_secret_expires_at": 0,
        "vapid_key": "",
    }))
}

/// What an app asks a person to approve.
struct Request {
    app: App,
    redirect_uri: String,
    scopes: Scopes,
    state: Option<String>,
}

impl Request {
    /// # Errors
    /// The page that a person sees instead.
    fn read(scene: &Scene, query: &[(String, String)]) -> Result<Request, Box<Response>> {
        let word = |name| value(query, name).unwrap_or_default();
        let refused = |status, why: &str| Err(Box::new(page(status, "An error has occurred", &escape(why))));
        let app = scene.stage.grants().app(&scene.server.host, word("client_id")).cloned();
        let Some(app) = app else { return refused(401, NO_CLIENT) };
        if word("response_type") != "code" {
            return refused(400, "The authorization server does not support this response type.");
        }
        let redirect_uri = word("redirect_uri").to_owned();
        if !app.redirect_uris.contains(&redirect_uri) {
            return refused(
                400,
                "The requested redirect uri is malformed or doesn't match client redirect URI.",
            );
        }
        let scopes = Scopes::parse(word("scope")).filter(|scopes| app.scopes.has_all(scopes));
        let Some(scopes) = scopes else { return refused(400, NO_SCOPE) };
        Ok(Request { app, redirect_uri, scopes, state: value(query, "state").map(str::to_owned) })
    }
}

/// `GET /oauth/authorize`: the page on which a person approves, as one of the server's people.
pub async fn authorize(State(scene): State<Scene>, Query(query): Parameters) -> Response {
    let request = match Request::read(&scene, &query) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let hidden = query.iter().fold(String::new(), |text, (name, value)| {
        format!("{text}<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
    });
    let options = people(&scene).into_iter().map(|acct| format!("<option>{}</option>", acct.user()));
    let scopes = request.scopes.words().iter().map(|word| format!("<li>{}</li>", escape(word)));
    let body = format!(
        "<p><strong>{name}</strong> would like permission to act as you on {host}:</p>\n<ul>{scopes}</ul>\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}<p>As <select name=\"account\">{options}</select></p>\n\
         <button>Authorize</button> <button name=\"_method\" value=\"delete\">Deny</button>\n</form>",
        name = escape(&request.app.name),
        host = scene.server.host,
        scopes = scopes.collect::<String>(),
        options = options.collect::<String>(),
    );
    page(200, "Authorization required", &body)
}

/// `POST /oauth/authorize`: what the person pressed. `account` is whose page it was, the desk's where missing.
pub async fn decide(State(scene): State<Scene>, body: Bytes) -> Response {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let request = match Request::read(&scene, &query) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let is_denied = value(&query, "_method") == Some("delete");
    let user = value(&query, "account");
    let chosen = people(&scene).into_iter().find(|acct| user.is_none_or(|user| user == acct.user()));
    let Some(acct) = chosen else {
        return page(404, "An error has occurred", "Nobody of that name is here.");
    };
    let mut answer = vec![];
    if is_denied {
        if request.redirect_uri == OUT_OF_BAND {
            return page(
                401,
                "An error has occurred",
                "The resource owner or authorization server denied the request.",
            );
        }
        answer.push(("error", "access_denied".to_owned()));
    } else {
        let now = Clock::Real.now();
        let approved =
            scene.stage.grants().approve(&request.app, &request.redirect_uri, acct, request.scopes, now);
        let Ok(code) = approved else { return disk_trouble() };
        answer.push(("code", code));
    }
    answer.extend(request.state.map(|state| ("state", state)));
    let target = match request.redirect_uri.as_str() {
        OUT_OF_BAND => format!("https://{}/oauth/authorize/native", scene.server.host),
        other => other.to_owned(),
    };
    let Ok(mut target) = url::Url::parse(&target) else {
        return page(400, "An error has occurred", NO_GRANT);
    };
    target.query_pairs_mut().extend_pairs(answer);
    let place = match request.redirect_uri.as_str() {
        // On this machine the server has no name, so the way there leaves it out.
        OUT_OF_BAND => format!("{}?{}", target.path(), target.query().unwrap_or_default()),
        _ => target.to_string(),
    };
    let mut response = reply::html(302, format!(r#"<a href="{}">Go on</a>"#, escape(&place)));
    reply::set(&mut response, "location", &place);
    response
}

/// `GET /oauth/authorize/native`: the code, for a person to copy.
pub async fn native(Query(query): Parameters) -> Response {
    let code = escape(value(&query, "code").unwrap_or_default());
    let body =
        format!("<p>Copy this authorization code and paste it to the application.</p>\n<code>{code}</code>");
    page(200, "Authorization code", &body)
}

/// `POST /oauth/token`.
pub async fn token(State(scene): State<Scene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    if text(&fields, "grant_type") != "authorization_code" {
        let why = "The authorization grant type is not supported by the authorization server.";
        return refusal(400, "unsupported_grant_type", why);
    }
    if text(&fields, "code").is_empty() {
        return refusal(400, "invalid_request", "Missing required parameter: code.");
    }
    let client = (text(&fields, "client_id"), text(&fields, "client_secret"));
    let code = (text(&fields, "code"), text(&fields, "redirect_uri"));
    let redeemed = scene.stage.grants().redeem(&scene.server.host, client, code, Clock::Real.now());
    match redeemed {
        Ok(Ok(token)) => reply::json(&json!({
            "access_token": token.token, "token_type": "Bearer", "scope": token.scopes.text(),
            "created_at": scene.now().timestamp(),
        })),
        Ok(Err(Denial::Client)) => refusal(401, "invalid_client", NO_CLIENT),
        Ok(Err(Denial::Grant)) => refusal(400, "invalid_grant", NO_GRANT),
        Err(_) => disk_trouble(),
    }
}

/// `POST /oauth/revoke`.
pub async fn revoke(State(scene): State<Scene>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(&headers, &body).unwrap_or_default();
    let (client_id, secret) = (text(&fields, "client_id"), text(&fields, "client_secret"));
    match scene.stage.grants().revoke(client_id, secret, text(&fields, "token")) {
        Ok(Ok(())) => reply::json(&json!({})),
        Ok(Err(_)) => refusal(403, "unauthorized_client", "You are not authorized to revoke this token"),
        Err(_) => disk_trouble(),
    }
}

/// `POST /_sandbox/expire-codes`: what ten minutes do.
pub async fn expire(State(scene): State<Scene>) -> StatusCode {
    match scene.stage.grants().expire_codes() {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Who may log in: the desk, then the server's own people.
fn people(scene: &Scene) -> Vec<Acct> {
    let desk = scene.server.desk.as_ref().map(|desk| desk.acct.clone());
    let now = scene.now();
    let local = scene.stage.world.people.iter().filter(|person| {
        *person.acct.host() == scene.server.host && person.since <= now && Some(&person.acct) != desk.as_ref()
    });
    let local = local.map(|person| person.acct.clone());
    desk.iter().cloned().chain(local).collect()
}

fn page(status: u16, title: &str, body: &str) -> Response {
    reply::html(
        status,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{title}</title></head><body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
        ),
    )
}

/// RFC 6749, section 5.2.
fn refusal(status: u16, error: &str, description: &str) -> Response {
    reply::json_error(status, &json!({ "error": error, "error_description": description }))
}

fn disk_trouble() -> Response {
    reply::error(500, "the grants could not be written to disk")
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
