//! Logs in to the home server: registers this program there, and takes the code that a person was shown for a token.
//!
//! Neither code nor token nor secret is in any message or log: of a refusal only the one word is kept that
//! the protocol defines (RFC 6749, section 5.2), since servers may repeat in their sentences what they were sent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use megalodon::Megalodon;
use megalodon::megalodon::AppInputOptions;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use thiserror::Error;

use crate::model::account::Host;

use super::home::{self, Family, HomeError};

/// All that the bot does on its server: who it is, its own posts, the standing post that digests answer, and
/// posting, correcting and taking down.
pub const SCOPES: [&str; 4] = ["read:accounts", "read:statuses", "read:search", "write:statuses"];

/// Longer words are no token; the file of one may not be longer either.
const LONGEST_TOKEN: usize = 4096;
/// The server shows the code to the person instead of sending it anywhere: the browser is on another machine.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

const NAME: &str = "Masthead";

/// A home server, as far as a login has to know it.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    pub server: &'a Host,
    pub family: Family,
    /// Names that are answered on this machine.
    pub hosts: &'a BTreeMap<Host, SocketAddr>,
    pub user_agent: &'a str,
}

/// This program as a server knows it.
#[derive(Debug, Clone)]
pub struct Registration {
    pub client_id: String,
    pub client_secret: SecretString,
    /// The page on which a person approves.
    pub authorize_url: String,
}

/// What a code was good for.
#[derive(Debug, Clone)]
pub struct Granted {
    pub token: SecretString,
    /// What the token may do; `None` where the server does not say.
    pub scopes: Option<Vec<String>>,
}

impl Granted {
    /// What we asked for and did not get. A word before a colon holds all below it.
    pub fn missing(&self) -> Vec<&'static str> {
        let Some(scopes) = &self.scopes else { return Vec::new() };
        let has = |wanted: &str| {
            let above = wanted.split(':').next().unwrap_or(wanted);
            scopes.iter().any(|scope| scope == wanted || scope == above)
        };
        SCOPES.into_iter().filter(|wanted| !has(wanted)).collect()
    }
}

/// Why nobody is logged in.
#[derive(Debug, Error)]
pub enum LoginError {
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The server has no such address, so it is not the one that was meant.
    #[error("{server} has no place where programs register: it answered {status}")]
    NoApi { server: Host, status: u16 },
    #[error("{server} does not let this program register: it answered {status}: {why}")]
    Refused { server: Host, status: u16, why: String },
    /// Another code may be better.
    #[error("{server} does not take the code: it is wrong, older than ten minutes, or was used before")]
    Code { server: Host },
    /// The registration is gone; a new one is needed.
    #[error("{server} does not know this program any more")]
    Forgotten { server: Host },
    #[error("{server} gives no token: it answered {status}{word}")]
    NoToken { server: Host, status: u16, word: String },
}

/// Makes this program known to the server, for these scopes and no others.
///
/// `website` is shown to whoever approves; servers take addresses of pages only.
///
/// # Errors
/// See [`LoginError`].
pub async fn register(place: &Place<'_>, website: Option<String>) -> Result<Registration, LoginError> {
    let client = client(place)?;
    let options = AppInputOptions {
        redirect_uris: Some(OUT_OF_BAND.to_owned()),
        scopes: Some(SCOPES.map(str::to_owned).to_vec()),
        website,
    };
    let call = async move { client.register_app(NAME.to_owned(), &options).await };
    let app = home::in_a_task(place.server, call).await?;
    let app = app.map_err(|error| refused(place.server, &error))?;
    let Some(authorize_url) = app.url else {
        let why = "it names no page on which to approve".to_owned();
        return Err(HomeError::Broken { server: place.server.clone(), why }.into());
    };
    Ok(Registration { client_id: app.client_id, client_secret: app.client_secret.into(), authorize_url })
}

/// Takes a code for a token. A code is good once, whatever becomes of the answer.
///
/// # Errors
/// See [`LoginError`].
pub async fn redeem(
    place: &Place<'_>,
    registration: &Registration,
    code: &SecretString,
) -> Result<Granted, LoginError> {
    let client = client(place)?;
    let id = registration.client_id.clone();
    let [secret, code] = [&registration.client_secret, code].map(|text| text.expose_secret().to_owned());
    let call = async move { client.fetch_access_token(id, secret, code, OUT_OF_BAND.to_owned()).await };
    let token = home::in_a_task(place.server, call).await?;
    let token = token.map_err(|error| no_token(place.server, &error))?;
    // What the configuration would refuse later is refused before it is written.
    let is_fit =
        |text: &str| (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if !is_fit(&token.access_token) {
        let why = format!("its token is no word of at most {LONGEST_TOKEN} letters");
        return Err(HomeError::Broken { server: place.server.clone(), why }.into());
    }
    let words = |scope: String| scope.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let scopes = token.scope.map(words).filter(|words| !words.is_empty());
    Ok(Granted { token: token.access_token.into(), scopes })
}

/// Takes a token back that is not going to be used. Whether it worked is not known: megalodon cannot read
/// the empty answer, and nothing depends on it.
pub async fn give_back(place: &Place<'_>, registration: &Registration, token: &SecretString) {
    let Ok(client) = client(place) else { return };
    let id = registration.client_id.clone();
    let [secret, token] = [&registration.client_secret, token].map(|text| text.expose_secret().to_owned());
    let call = async move { client.revoke_access_token(id, secret, token).await.map(|_| ()) };
    let _ = home::in_a_task(place.server, call).await;
}

/// A client that holds no token, so that its Debug shows none.
fn client(place: &Place<'_>) -> Result<Box<dyn Megalodon + Send + Sync>, HomeError> {
    let base = home::base_url(place.server, place.hosts);
    let agent = place.user_agent.to_owned();
    megalodon::generator(place.family.sns(), base, None, Some(agent))
        .map_err(|error| home::converted(place.server, &error))
}

fn refused(server: &Host, error: &megalodon::error::Error) -> LoginError {
    let server = server.clone();
    match error {
        megalodon::error::Error::OwnError(own) => match own.status {
            Some(status @ (404 | 405 | 410)) => LoginError::NoApi { server, status },
            Some(status) if status < 500 => {
                // Nothing secret was sent, so its words can be repeated.
                LoginError::Refused { server, status, why: home::cut(&sentence(&own.message)) }
            }
            _ => home::converted(&server, error).into(),
        },
        _ => home::converted(&server, error).into(),
    }
}

fn no_token(server: &Host, error: &megalodon::error::Error) -> LoginError {
    let megalodon::error::Error::OwnError(own) = error else {
        return home::converted(server, error).into();
    };
    let (server, word) = (server.clone(), word(&own.message));
    match (own.status, word) {
        (_, Some("invalid_client" | "invalid_client_id" | "unauthorized_client")) => {
            LoginError::Forgotten { server }
        }
        (Some(status), Some(word @ ("invalid_scope" | "unsupported_grant_type" | "invalid_request"))) => {
            LoginError::NoToken { server, status, word: format!(": {word}") }
        }
        (Some(400 | 401 | 422), _) => LoginError::Code { server },
        (Some(status), _) => LoginError::NoToken { server, status, word: String::new() },
        (None, _) => HomeError::Broken { server, why: "it answered something else".to_owned() }.into(),
    }
}

/// The server's own sentence out of an error in JSON, else all of it.
fn sentence(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let said = value.as_ref().and_then(|value| value.get("error")?.as_str());
    said.unwrap_or(body).to_owned()
}

/// The word of the protocol in a refusal, one of those that are known here.
fn word(body: &str) -> Option<&'static str> {
    const WORDS: [&str; 7] = [
        "invalid_grant",
        "invalid_client",
        "invalid_client_id",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_grant_type",
        "invalid_request",
    ];
    let value: Value = serde_json::from_str(body).ok()?;
    let said = value.get("error")?.as_str()?;
    WORDS.into_iter().find(|word| *word == said)
}

#[cfg(test)]
mod tests {
    use megalodon::error::{Error, Kind};

    use super::*;

    fn told(status: u16, body: &str) -> Error {
        Error::new_own(body.to_owned(), Kind::HTTPStatusError, None, Some(status), None)
    }

    #[test]
    fn a_refused_code_is_told_apart_from_a_forgotten_program_in_every_family() {
        let server = Host::parse("social.example").unwrap();
        for (status, body, expected) in [
            (400, r#"{"error":"invalid_grant","error_description":"…"}"#, "does not take the code"),
            (400, r#"{"error":"invalid_code"}"#, "does not take the code"),
            (400, r#"{"error":"Invalid credentials"}"#, "does not take the code"),
            (400, "<html>", "does not take the code"),
            (401, r#"{"error":"invalid_client"}"#, "does not know this program"),
            (400, r#"{"error":"invalid_scope"}"#, "it answered 400: invalid_scope"),
            (503, "<html>", "it answered 503"),
        ] {
            let error = no_token(&server, &told(status, body)).to_string();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn what_a_server_repeats_of_code_and_secret_is_in_no_message() {
        let server = Host::parse("social.example").unwrap();
        for status in [400, 401, 403, 422, 429, 500] {
            for body in [
                r#"{"error":"s3cret"}"#,
                r#"{"error":"invalid_grant","error_description":"s3cret"}"#,
                "s3cret",
            ] {
                let error = no_token(&server, &told(status, body));
                assert!(!format!("{error} {error:?}").contains("s3cret"), "{status} {body}");
            }
        }
    }

    #[test]
    fn wider_scopes_hold_narrower_ones_and_silence_is_trusted() {
        let granted = |scopes: Option<&[&str]>| Granted {
            token: "t".into(),
            scopes: scopes.map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
        };
        assert_eq!(granted(Some(&["read", "write", "follow"])).missing(), [""; 0]);
        assert_eq!(granted(None).missing(), [""; 0]);
        assert_eq!(granted(Some(&["read", "write:media"])).missing(), ["write:statuses"]);
    }
}
