//! Tokens for Threads: a code becomes one of an hour, that becomes one of sixty days, and that is renewed in time.
//!
//! There is no other token to renew it with: one that has expired needs a person. Neither code nor token nor secret is in
//! any address, message or log.

use secrecy::SecretString;
use thiserror::Error;
use url::Url;

use super::refusal::{self, Meaning};
use super::wire::{self, Token};
use super::{API, address};
use crate::net::{FetchError, Method, Net, Outgoing};

/// All that is asked for: who we are, what accounts show to everybody, and searching their posts.
pub const SCOPES: [&str; 3] = ["threads_basic", "threads_profile_discovery", "threads_keyword_search"];

/// The page on which a person approves.
const AUTHORIZE: &str = "https://threads.net/oauth/authorize";

/// An app as Meta knows it.
#[derive(Debug, Clone)]
pub struct App {
    /// The id of the Threads app, not that of the Facebook app around it.
    pub id: String,
    pub secret: SecretString,
    /// Where the page leads after an approval, exactly as it stands in the settings of the app.
    pub redirect: Url,
}

/// Why there is no token.
#[derive(Debug, Error)]
pub enum OauthError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{host} does not take {what}: it answered {status}{}", with_code(.code), host = *API)]
    Refused { what: &'static str, status: u16, code: Option<u64> },
    #[error("{host} does not take the token that was to be renewed: {}", .0.words(), host = *API)]
    Dead(refusal::End),
    #[error("{host} answered {what} with something else: {why}", host = *API)]
    Odd { what: &'static str, why: String },
}

impl OauthError {
    /// Whether another code may be better.
    pub fn is_of_code(&self) -> bool {
        matches!(self, OauthError::Refused { what: CODE, status: 400..500, .. })
    }
}

const CODE: &str = "the code";

/// The address of the page on which a person approves; `state` comes back with the code.
pub fn authorize_url(id: &str, redirect: &Url, state: &str) -> Url {
    let mut url = Url::parse(AUTHORIZE).expect("the page has an address");
    url.query_pairs_mut().extend_pairs([
        ("client_id", id),
        ("redirect_uri", redirect.as_str()),
        ("scope", &SCOPES.join(",")),
        ("response_type", "code"),
        ("state", state),
    ]);
    url
}

/// Takes a code for a token of sixty days. A code is good once and for an hour.
///
/// # Errors
/// See [`OauthError`].
pub async fn redeem(net: &Net, app: &App, code: &SecretString) -> Result<Token, OauthError> {
    let secrets = vec![
        ("client_id", app.id.clone().into()),
        ("client_secret", app.secret.clone()),
        ("grant_type", "authorization_code".into()),
        ("redirect_uri", app.redirect.as_str().into()),
        ("code", code.clone()),
    ];
    let url = address("oauth/access_token", &[]);
    let short = call(net, Outgoing { method: Method::Post, secrets, ..Outgoing::get(url) }, CODE).await?;
    let url = address("access_token", &[("grant_type", "th_exchange_token")]);
    let secrets = vec![("client_secret", app.secret.clone()), ("access_token", short.token)];
    call(net, Outgoing { secrets, ..Outgoing::get(url) }, "the exchange for a token of sixty days").await
}

/// Renews a token that is a day old or more and has not expired; the new one takes its place.
///
/// # Errors
/// See [`OauthError`].
pub async fn renew(net: &Net, token: SecretString) -> Result<Token, OauthError> {
    let url = address("refresh_access_token", &[("grant_type", "th_refresh_token")]);
    let secrets = vec![("access_token", token)];
    call(net, Outgoing { secrets, ..Outgoing::get(url) }, "the renewal of our token").await
}

async fn call(net: &Net, outgoing: Outgoing, what: &'static str) -> Result<Token, OauthError> {
    let fetched = net.send(outgoing).await?;
    if !(200..300).contains(&fetched.status) {
        let code = match refusal::meaning(fetched.status, &fetched.body) {
            Meaning::TokenDead(end) if what != CODE => return Err(OauthError::Dead(end)),
            meaning => meaning.code(),
        };
        return Err(OauthError::Refused { what, status: fetched.status, code });
    }
    wire::parse_token(&fetched.body).map_err(|error| OauthError::Odd { what, why: error.why })
}

fn with_code(code: &Option<u64>) -> String {
    code.map_or_else(String::new, |code| format!(" with code {code}"))
}
