//! Sends, looks up, edits and takes down our own posts on the home server: one request each, no decision.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use thiserror::Error;
use url::Url;

use crate::model::account::Host;
use crate::model::digest::Part;
use crate::net::{Content, FetchError, Fetched, Method, Net, Outgoing};

use super::receipt::{self, OwnStatus, ReceiptError};
use super::thread::{Outcome, ReadBack, Sending};

/// Statuses asked for at once; servers give 40 at most.
const PAGE: u32 = 40;

/// A digest is 13 posts at most, so 200 of ours reach far behind it.
const MOST_PAGES: u32 = 5;

/// The home server's clock may differ from ours by so much.
const CLOCK_MARGIN: Duration = Duration::hours(1);

/// After a 429 that does not say until when.
const RATE_LIMIT_WAIT: Duration = Duration::minutes(5);

/// The most of a server's complaint that is kept, in characters.
const LONGEST_WHY: usize = 200;

/// The home server as our own account uses it.
#[derive(Debug, Clone)]
pub struct Outbox {
    net: Net,
    server: Host,
    token: SecretString,
    account: String,
}

/// Why our own posts could not be read or taken down. Nothing follows from it about what stands there.
#[derive(Debug, Error)]
pub enum OutboxError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{url} answered {status}: {why}")]
    Status { url: String, status: u16, why: String },
    #[error("{url}: {error}")]
    Unreadable { url: String, error: ReceiptError },
    #[error("`{url}` is no post of ours that {server} knows; expected the URL of a post by our own account")]
    NotOurs { url: String, server: Host },
}

/// What came of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The server has it, and sees so many mentions in it.
    Done { mentions: usize },
    /// The post is no longer there.
    Gone,
    /// The post stands, and this server edits none.
    Impossible,
}

impl OutboxError {
    /// The earliest time at which asking again makes sense, where that is known.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            OutboxError::Fetch(error) => error.retry_at(),
            _ => None,
        }
    }
}

impl Outbox {
    /// `account` is the id of our account on that server, as `home::verify` gives it.
    pub fn new(net: Net, server: Host, token: SecretString, account: String) -> Outbox {
        Outbox { net, server, token, account }
    }

    /// The id of our account on the server.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Until when the server wants to be left alone.
    pub fn paused_until(&self) -> Option<DateTime<Utc>> {
        self.net.pause_of(&self.server)
    }

    /// Sends one part, once. The intent has to be in the ledger before.
    pub async fn send(&self, sending: &Sending, now: DateTime<Utc>) -> Outcome {
        let headers = vec![("Idempotency-Key", sending.key.clone())];
        let url = self.url("/api/v1/statuses");
        match self.ask(Method::Post, url, headers, Some(sending.body())).await {
            Ok(fetched) => self.outcome(&fetched, now),
            Err(error) if error.is_certainly_unsent() => {
                Outcome::NotSent { until: error.retry_at(), why: error.to_string() }
            }
            Err(error) => Outcome::Unknown { why: error.to_string() },
        }
    }

    /// Our own statuses, replies included, newest first, back to well before the first request for a part.
    ///
    /// # Errors
    /// A page that cannot be read makes the whole look worthless; half a look never means "not there".
    pub async fn read_back(&self, read: &ReadBack) -> Result<Vec<OwnStatus>, OutboxError> {
        self.own_since(read.since - CLOCK_MARGIN).await
    }

    /// Our own statuses, replies included, newest first, back to `enough` or for some two hundred.
    ///
    /// # Errors
    /// As [`Outbox::read_back`].
    pub async fn own_since(&self, enough: DateTime<Utc>) -> Result<Vec<OwnStatus>, OutboxError> {
        let mut own: Vec<OwnStatus> = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.page(own.last().map(|status| status.id.as_str())).await?;
            let known = own.len();
            own.extend(page.into_iter().filter(|status| status.account == self.account));
            let is_old = |status: &OwnStatus| status.created_at.is_some_and(|at| at < enough);
            if own.len() == known || own.last().is_some_and(is_old) {
                break;
            }
        }
        Ok(own)
    }

    /// Replaces the text of a post of ours; visibility and reply target stay what they are.
    ///
    /// # Errors
    /// Nothing follows from an error about what stands there: the same edit may be sent again.
    pub async fn edit(&self, id: &str, part: &Part) -> Result<Edit, OutboxError> {
        let url = self.url(&format!("/api/v1/statuses/{}", encoded(id)));
        let body = json!({
            "status": part.text, "spoiler_text": part.spoiler, "language": part.language,
        });
        let fetched = self.ask(Method::Put, url.clone(), Vec::new(), Some(body)).await?;
        match fetched.status {
            200..=299 => {
                let status =
                    receipt::parse_status(&fetched.body).map_err(|error| unreadable(&fetched, error))?;
                Ok(Edit::Done { mentions: status.mentions })
            }
            // Servers that cannot edit say so in several ways, and one of them is that the post is not there.
            404 | 405 | 410 | 501 => match self.ask(Method::Get, url, Vec::new(), None).await? {
                found if found.status == 200 => Ok(Edit::Impossible),
                found if matches!(found.status, 404 | 410) => Ok(Edit::Gone),
                found => Err(status_error(&found)),
            },
            _ => Err(status_error(&fetched)),
        }
    }

    /// Takes down a post of ours; one that is gone already is fine.
    pub async fn delete(&self, id: &str) -> Result<(), OutboxError> {
        let url = self.url(&format!("/api/v1/statuses/{}", encoded(id)));
        let fetched = self.ask(Method::Delete, url, Vec::new(), None).await?;
        match fetched.status {
            200..=299 | 404 | 410 => Ok(()),
            _ => Err(status_error(&fetched)),
        }
    }

    /// The id on this server of a standing post of ours, by its URL: what digests are to answer.
    ///
    /// Only our own: an answer to somebody else's post would start a conversation nobody asked for.
    pub async fn resolve(&self, post: &str) -> Result<String, OutboxError> {
        let url = self.url(&format!("/api/v2/search?q={}&resolve=true&type=statuses&limit=5", encoded(post)));
        let fetched = self.read(url).await?;
        let mut found = receipt::parse_search(&fetched.body).map_err(|error| unreadable(&fetched, error))?;
        // Some servers search no addresses; then the address itself may end with the id.
        if let Some(id) = post.trim_end_matches('/').rsplit('/').next().filter(|_| found.is_empty()) {
            let url = self.url(&format!("/api/v1/statuses/{}", encoded(id)));
            let fetched = self.ask(Method::Get, url, Vec::new(), None).await?;
            found.extend(receipt::parse_status(&fetched.body).ok());
        }
        let same = |address: &str| address.trim_end_matches('/') == post.trim_end_matches('/');
        found
            .into_iter()
            .filter(|status| status.account == self.account)
            .find(|status| same(&status.uri) || status.url.as_deref().is_some_and(same))
            .map(|status| status.id)
            .ok_or_else(|| OutboxError::NotOurs { url: post.to_owned(), server: self.server.clone() })
    }

    async fn page(&self, below: Option<&str>) -> Result<Vec<OwnStatus>, OutboxError> {
        let below = below.map(|id| format!("&max_id={}", encoded(id))).unwrap_or_default();
        let account = encoded(&self.account);
        let url = format!("/api/v1/accounts/{account}/statuses?limit={PAGE}&exclude_reblogs=true{below}");
        let fetched = self.read(self.url(&url)).await?;
        receipt::parse_statuses(&fetched.body).map_err(|error| unreadable(&fetched, error))
    }

    /// A read without the memory that [`Net::get`] has for denials: a new token works at once.
    async fn read(&self, url: String) -> Result<Fetched, OutboxError> {
        let fetched = self.ask(Method::Get, url, Vec::new(), None).await?;
        if fetched.status == 200 { Ok(fetched) } else { Err(status_error(&fetched)) }
    }

    async fn ask(
        &self,
        method: Method,
        url: String,
        headers: Vec<(&'static str, String)>,
        json: Option<Value>,
    ) -> Result<Fetched, FetchError> {
        let body = json.map(Content::Json);
        self.net
            .send(Outgoing { method, url, token: Some(self.token.clone()), headers, body, secrets: vec![] })
            .await
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.server)
    }

    /// What an answer to a request to post means.
    ///
    /// Only an error in the API's own words is final: proxies and misrouted requests answer HTML, and
    /// some servers call a bad token 400 in HTML. Whatever is unclear is unknown.
    fn outcome(&self, fetched: &Fetched, now: DateTime<Utc>) -> Outcome {
        let status = fetched.status;
        let why = complaint(fetched);
        let is_api = serde_json::from_slice::<Value>(&fetched.body)
            .is_ok_and(|body| body.get("error").is_some_and(Value::is_string));
        match status {
            200..=299 => match receipt::parse_status(&fetched.body) {
                Ok(status) => Outcome::Accepted(status),
                Err(error) => Outcome::Unknown { why: error.to_string() },
            },
            429 => Outcome::RateLimited { until: self.paused_until().unwrap_or(now + RATE_LIMIT_WAIT) },
            401 | 403 => Outcome::Denied { status, why },
            400 if !is_api => Outcome::Denied { status, why },
            400 | 404 | 410 | 413 | 415 | 422 if is_api => Outcome::Refused { status, why },
            _ => Outcome::Unknown { why: format!("{status}: {why}") },
        }
    }
}

fn status_error(fetched: &Fetched) -> OutboxError {
    let url = fetched.final_url.to_string();
    OutboxError::Status { url, status: fetched.status, why: complaint(fetched) }
}

fn unreadable(fetched: &Fetched, error: ReceiptError) -> OutboxError {
    OutboxError::Unreadable { url: fetched.final_url.to_string(), error }
}

/// The server's words, cut and on one line; of an API error its text only.
fn complaint(fetched: &Fetched) -> String {
    let body: Option<Value> = serde_json::from_slice(&fetched.body).ok();
    let said = body.as_ref().and_then(|body| body.get("error")?.as_str()).map(str::to_owned);
    let text = said.unwrap_or_else(|| String::from_utf8_lossy(&fetched.body).into_owned());
    let plain: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_WHY).collect();
    if plain.trim().is_empty() { "no reason given".to_owned() } else { plain.trim().to_owned() }
}

/// Percent-encoded for a path segment or a query value.
fn encoded(text: &str) -> String {
    let mut url = Url::parse("https://x.invalid").expect("a constant URL is valid");
    url.query_pairs_mut().append_pair("q", text);
    url.query().unwrap_or_default().trim_start_matches("q=").replace('+', "%20")
}
