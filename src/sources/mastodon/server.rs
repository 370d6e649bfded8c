//! A server of the Mastodon family and our way to it.
//!
//! Without a token we are a robot like any other and ask the server's robots.txt first; with one we are a
//! client that the server let in.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::model::account::Host;
use crate::model::evidence::hex;
use crate::net::{BodyKind, FetchError, Fetched, Net, Validators};
use crate::sources::PollError;

/// How versions begin that we name after the bytes of an answer; names by servers are in quotes.
const HASH: &str = "sha256:";

/// A server and our way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server<'a> {
    pub net: &'a Net,
    pub host: &'a Host,
    pub token: Option<&'a SecretString>,
}

impl Server<'_> {
    /// Calls the interface; `what` names what is wanted, for the case that it needs a token.
    pub async fn get(self, url: &Url, what: &'static str) -> Result<Fetched, PollError> {
        self.let_in(url).await?;
        let fetched = self.net.get(url.as_str(), BodyKind::Json, self.token).await;
        fetched.map_err(|error| self.explain(what, error))
    }

    /// The same with the version of the answer; `None` where the server says that it is the one that is known, as
    /// Mastodon does, or sends the same bytes again without naming a version.
    pub async fn get_if_changed(
        self,
        url: &Url,
        what: &'static str,
        known: Option<&str>,
    ) -> Result<Option<(Fetched, String)>, PollError> {
        self.let_in(url).await?;
        let etag = known.filter(|version| !version.starts_with(HASH)).map(str::to_owned);
        let asked = Validators { etag, last_modified: None };
        let fetched = self.net.get_if_changed(url.as_str(), BodyKind::Json, self.token, &asked).await;
        let Some(fetched) = fetched.map_err(|error| self.explain(what, error))? else { return Ok(None) };
        // A server that sends a body although we named its version may name all of them alike.
        let is_name = |tag: &String| tag.starts_with('"') || tag.starts_with("W/\"");
        if let Some(version) = fetched.validators.etag.clone().filter(is_name) {
            return Ok(Some((fetched, version)));
        }
        let version = format!("{HASH}{}", hex(&Sha256::digest(&fetched.body)));
        Ok((known != Some(version.as_str())).then_some((fetched, version)))
    }

    pub async fn let_in(self, url: &Url) -> Result<(), PollError> {
        if self.token.is_none() && !self.net.allows_robots(url.as_str()).await? {
            return Err(PollError::RobotsForbid { url: url.to_string() });
        }
        Ok(())
    }

    fn explain(self, what: &'static str, error: FetchError) -> PollError {
        match error {
            denied @ FetchError::Denied { .. } if self.token.is_none() => {
                PollError::NeedsToken { host: self.host.clone(), what, denied }
            }
            error => PollError::Fetch(error),
        }
    }
}
