//! Asks the home server who we are there and what it accepts.
//!
//! Who we are comes through megalodon, each call in its own task with a deadline: it has none itself,
//! and panics on some answers. What the server accepts does not: megalodon reads `/api/v1/instance`
//! only and wants two dozen fields of it, of which servers leave out some, so the few that count are
//! read leniently through our own road to the network, and so is an account that it cannot read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use megalodon::SNS;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use thiserror::Error;

use crate::analysis::measure::Limits;
use crate::model::account::Host;
use crate::net::{BodyKind, FetchError, Method, Net, Outgoing};

use super::thread::Keys;

/// For one call of megalodon, in real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most of a server's complaint that is kept, in characters.
const LONGEST_WHY: usize = 200;

/// Software of the Mastodon family, as far as it makes a difference to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Mastodon and its forks.
    Mastodon,
    GoToSocial,
    /// Pleroma and Akkoma.
    Pleroma,
    Friendica,
    Pixelfed,
    /// Anything else that answers the API.
    Other,
}

impl Family {
    /// Whether an `Idempotency-Key` protects against doubles; only Mastodon is known to keep it.
    pub fn keys(self) -> Keys {
        if self == Family::Mastodon { Keys::Honoured } else { Keys::Ignored }
    }

    pub(super) fn sns(self) -> SNS {
        match self {
            Family::Mastodon | Family::Other => SNS::Mastodon,
            Family::GoToSocial => SNS::Gotosocial,
            Family::Pleroma => SNS::Pleroma,
            Family::Friendica => SNS::Friendica,
            Family::Pixelfed => SNS::Pixelfed,
        }
    }
}

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub family: Family,
    /// The host in its accounts' addresses, which may be another than the one that answers.
    pub domain: Option<Host>,
    pub version: String,
    pub limits: Limits,
}

/// Our account as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAccount {
    /// Good on this server only.
    pub id: String,
    pub username: String,
    pub url: String,
    pub is_bot: bool,
    /// The profile text as HTML.
    pub note: String,
    /// What stands in the profile's fields, as HTML.
    pub fields: Vec<String>,
}

/// Why the home server did not say.
#[derive(Debug, Error)]
pub enum HomeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{server} describes itself in no way that can be read: {why}")]
    Instance { server: Host, why: String },
    #[error("{server} does not accept the token: it answered {status}")]
    Denied { server: Host, status: u16 },
    #[error("{server} answered {status}: {why}")]
    Status { server: Host, status: u16, why: String },
    #[error("no whole answer of {server}: {why}")]
    Broken { server: Host, why: String },
    #[error("{server} did not answer within {PATIENCE:?}")]
    Timeout { server: Host },
    #[error("the answer of {server} could not be read; the reader panicked")]
    Panicked { server: Host },
}

/// Where a server is reached: https, or plain HTTP on this machine for hosts that are mapped there.
pub fn base_url(server: &Host, hosts: &BTreeMap<Host, SocketAddr>) -> String {
    match hosts.get(server) {
        Some(address) => format!("http://{address}"),
        None => format!("https://{server}"),
    }
}

/// One call of megalodon, in a task of its own with a deadline.
pub(super) async fn in_a_task<T: Send + 'static>(
    server: &Host,
    call: impl Future<Output = Result<T, megalodon::error::Error>> + Send + 'static,
) -> Result<Result<T, megalodon::error::Error>, HomeError> {
    let call = tokio::spawn(call);
    let abort = call.abort_handle();
    match tokio::time::timeout(PATIENCE, call).await {
        Err(_) => {
            abort.abort();
            Err(HomeError::Timeout { server: server.clone() })
        }
        Ok(Err(_)) => Err(HomeError::Panicked { server: server.clone() }),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// Whose token it is.
///
/// # Errors
/// [`HomeError::Denied`] for a token that the server does not accept; everything else may pass.
pub async fn verify(
    server: &Host,
    token: &SecretString,
    family: Family,
    hosts: &BTreeMap<Host, SocketAddr>,
    user_agent: &str,
) -> Result<OwnAccount, HomeError> {
    let base = base_url(server, hosts);
    let (token, agent) = (token.expose_secret().to_owned(), user_agent.to_owned());
    // The client never leaves the task: its Debug shows the token.
    let call = async move {
        let client = megalodon::generator(family.sns(), base, Some(token), Some(agent))?;
        client.verify_account_credentials().await.map(|response| response.json)
    };
    let account = in_a_task(server, call).await?.map_err(|error| converted(server, &error))?;
    Ok(OwnAccount {
        fields: account.fields.into_iter().map(|field| field.value).collect(),
        id: account.id,
        username: cut(&account.username),
        url: account.url,
        is_bot: account.bot,
        note: account.note,
    })
}

/// The same as [`verify`], read leniently through our own road: megalodon wants two dozen fields and refuses
/// the whole account for one of them, such as Takahe's counts of -1.
///
/// # Errors
/// As [`verify`]; [`HomeError::Broken`] for an answer that names no account.
pub async fn verify_leniently(
    net: &Net,
    server: &Host,
    token: &SecretString,
) -> Result<OwnAccount, HomeError> {
    let url = format!("https://{server}/api/v1/accounts/verify_credentials");
    let asking = Outgoing {
        method: Method::Get,
        url,
        token: Some(token.clone()),
        headers: vec![],
        body: None,
        secrets: vec![],
    };
    let fetched = net.send(asking).await?;
    let server = server.clone();
    match fetched.status {
        200 => parse_own(&fetched.body).ok_or_else(|| {
            let why = "its answer names no account".to_owned();
            HomeError::Broken { server, why }
        }),
        status @ (401 | 403) => Err(HomeError::Denied { server, status }),
        status => {
            Err(HomeError::Status { server, status, why: cut(&String::from_utf8_lossy(&fetched.body)) })
        }
    }
}

fn parse_own(bytes: &[u8]) -> Option<OwnAccount> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").or_else(|| Some(value.get("id")?.as_u64()?.to_string()))?;
    let fields = value.get("fields").and_then(Value::as_array).into_iter().flatten();
    let fields = fields.filter_map(|field| field.get("value")?.as_str().map(str::to_owned)).collect();
    Some(OwnAccount {
        fields,
        id,
        username: cut(&text("username")?),
        url: text("url").unwrap_or_default(),
        is_bot: value.get("bot").and_then(Value::as_bool).unwrap_or_default(),
        note: text("note").unwrap_or_default(),
    })
}

/// What the server is and accepts: `/api/v1/instance`, or version 2 where that is gone.
///
/// The old one comes first, since some servers answer 500 to the new one and the road rests after that.
pub async fn instance(net: &Net, server: &Host) -> Result<Instance, HomeError> {
    let mut last = None;
    for path in ["/api/v1/instance", "/api/v2/instance"] {
        let url = format!("https://{server}{path}");
        let fetched = match net.get(&url, BodyKind::Json, None).await {
            Ok(fetched) => fetched,
            Err(
                error @ (FetchError::Missing { .. } | FetchError::Status { .. } | FetchError::Denied { .. }),
            ) => {
                last = Some(HomeError::Fetch(error));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match parse_instance(&fetched.body) {
            Ok(instance) => return Ok(instance),
            Err(why) => last = Some(HomeError::Instance { server: server.clone(), why }),
        }
    }
    Err(last.unwrap_or_else(|| HomeError::Instance { server: server.clone(), why: "no answer".to_owned() }))
}

/// Reads an instance document of either version; limits that are missing are Mastodon's.
pub fn parse_instance(bytes: &[u8]) -> Result<Instance, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
    let Some(version) = value.get("version").and_then(Value::as_str) else {
        return Err("`version` is missing".to_owned());
    };
    let number = |pointer: &str| {
        let number = value.pointer(pointer)?;
        number.as_u64().or_else(|| number.as_str()?.parse().ok())
    };
    let statuses = |key: &str| number(&format!("/configuration/statuses/{key}"));
    let usual = Limits::default();
    let max = statuses("max_characters").or_else(|| number("/max_toot_chars")).filter(|max| *max > 0);
    let reserved = statuses("characters_reserved_per_url").filter(|reserved| *reserved < 10_000);
    let at_most = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Instance {
        family: family(&value, version),
        domain: domain(&value),
        version: version.chars().filter(|c| !c.is_control()).take(100).collect(),
        limits: Limits {
            max_characters: max.map_or(usual.max_characters, at_most),
            reserved_per_url: reserved.map_or(usual.reserved_per_url, at_most),
        },
    })
}

/// The host of its accounts: a bare name in Mastodon, an address in others, GoToSocial has a word of its own.
fn domain(value: &Value) -> Option<Host> {
    let said = ["account_domain", "domain", "uri"].into_iter().find_map(|key| value.get(key)?.as_str())?;
    let name = said.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    Host::parse(name).ok()
}

/// Software says so in its version (`2.7.2 (compatible; Pleroma 2.6.0)`) or by where its source is.
fn family(value: &Value, version: &str) -> Family {
    let source = value.get("source_url").and_then(Value::as_str).unwrap_or_default();
    let told = format!("{version} {source}").to_ascii_lowercase();
    let known = [
        ("gotosocial", Family::GoToSocial),
        ("pleroma", Family::Pleroma),
        ("akkoma", Family::Pleroma),
        ("friendica", Family::Friendica),
        ("pixelfed", Family::Pixelfed),
        ("compatible", Family::Other),
        ("takahe", Family::Other),
    ];
    if let Some((_, family)) = known.iter().find(|(name, _)| told.contains(name)) {
        return *family;
    }
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    // Mastodon counts its API in `api_versions` since 4.3; before that only its numbering tells.
    let is_counted = value.pointer("/api_versions/mastodon").is_some();
    if is_counted || major.is_some_and(|major| (3..=9).contains(&major)) {
        Family::Mastodon
    } else {
        Family::Other
    }
}

pub(super) fn converted(server: &Host, error: &megalodon::error::Error) -> HomeError {
    let server = server.clone();
    match error {
        megalodon::error::Error::OwnError(own) => match own.status {
            Some(status @ (401 | 403)) => HomeError::Denied { server, status },
            Some(status) => HomeError::Status { server, status, why: cut(&own.message) },
            None => HomeError::Broken { server, why: cut(&own.message) },
        },
        other => HomeError::Broken { server, why: cut(&other.to_string()) },
    }
}

/// A server's words, cut and on one line.
pub(super) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_WHY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Instance {
        parse_instance(json.as_bytes()).unwrap()
    }

    #[test]
    fn limits_are_read_from_both_versions_and_are_the_usual_ones_where_missing() {
        let limits = |max_characters, reserved_per_url| Limits { max_characters, reserved_per_url };
        for (json, expected) in [
            (
                r#"{"version":"4.6.0","configuration":{"statuses":{"max_characters":1000,"characters_reserved_per_url":25}}}"#,
                limits(1000, 25),
            ),
            (r#"{"version":"2.7.2 (compatible; Pleroma 2.6)","max_toot_chars":"5000"}"#, limits(5000, 23)),
            (r#"{"version":"4.6.0","configuration":{"statuses":{"max_characters":0}}}"#, limits(500, 23)),
            (r#"{"version":"4.6.0","configuration":[]}"#, limits(500, 23)),
        ] {
            assert_eq!(read(json).limits, expected, "{json}");
        }
        assert!(parse_instance(b"<html>").is_err() && parse_instance(b"{}").is_err());
    }

    #[test]
    fn only_mastodon_is_trusted_to_keep_keys() {
        for (json, family, keys) in [
            (
                r#"{"version":"4.6.0+glitch","api_versions":{"mastodon":10}}"#,
                Family::Mastodon,
                Keys::Honoured,
            ),
            (r#"{"version":"3.5.3"}"#, Family::Mastodon, Keys::Honoured),
            (r#"{"version":"2.7.2 (compatible; Akkoma 3.10)"}"#, Family::Pleroma, Keys::Ignored),
            (r#"{"version":"3.5.3 (compatible; Iceshrimp 1)"}"#, Family::Other, Keys::Ignored),
            (
                r#"{"version":"0.17.3","source_url":"https://forge.example/superseriousbusiness/gotosocial"}"#,
                Family::GoToSocial,
                Keys::Ignored,
            ),
            (r#"{"version":"takahe/0.11"}"#, Family::Other, Keys::Ignored),
            (r#"{"version":"0.17.3"}"#, Family::Other, Keys::Ignored),
        ] {
            let read = read(json);
            assert_eq!((read.family, read.family.keys()), (family, keys), "{json}");
        }
    }

    #[test]
    fn a_mapped_host_is_reached_on_this_machine() {
        let server = Host::parse("social.example").unwrap();
        let hosts = BTreeMap::from([(server.clone(), "127.0.0.1:40123".parse().unwrap())]);
        assert_eq!(base_url(&server, &hosts), "http://127.0.0.1:40123");
        assert_eq!(base_url(&server, &BTreeMap::new()), "https://social.example");
    }
}
