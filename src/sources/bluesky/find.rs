//! Finding accounts on Bluesky by a handle or by words, for a person who asks.
//!
//! Never by itself: those who run the service ask programs to read its stream and leave the search to people
//! (github.com/bluesky-social/atproto/issues/3423).

use super::{AppView, Asked, wire};
use crate::model::account::{Acct, Host};
use crate::model::observation::Profile;
use crate::net::{BodyKind, Fetched};
use crate::sources::{PollError, aside};

/// Accounts that one search brings: the service takes so many in its question for profiles.
const MOST: usize = 25;

/// How services say that nobody has a handle; one of them names no error of its own.
const UNKNOWN_HANDLE: &str = "Unable to resolve handle";

impl AppView<'_> {
    /// The id of the account that has this handle; `None` where nobody has.
    ///
    /// # Errors
    /// What the fetch said, and any answer that is neither.
    pub async fn resolve(self, handle: &Host) -> Result<Option<String>, PollError> {
        let url = self.call("com.atproto.identity.resolveHandle", &[("handle", handle.as_str())]);
        let fetched = self.ask(&url).await?;
        if fetched.status == 400
            && wire::Refusal::read(&fetched.body).is_some_and(|said| said.message == UNKNOWN_HANDLE)
        {
            return Ok(None);
        }
        let fetched = self.good(url.as_str(), fetched).await?;
        wire::parse_did(&fetched.body).map(Some).map_err(|error| PollError::parse(url.as_str(), error))
    }

    /// The profile that has this handle.
    ///
    /// # Errors
    /// As [`AppView::read_account`] does, also where the account is not shown at present.
    pub async fn look_up(
        self,
        acct: &Acct,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Profile, PollError> {
        match self.profile(acct, None, now).await {
            Ok(observation) => Ok(observation.profile),
            Err(Asked::Not(error)) => Err(error),
            Err(Asked::Hidden { .. }) => {
                let why = "the service does not show it at present".to_owned();
                Err(PollError::NoLookup { acct: acct.clone(), host: self.host.clone(), why })
            }
        }
    }

    /// The accounts that the service's search has for these words, with their counts: two questions.
    ///
    /// # Errors
    /// What the fetch said, and an answer that is no list.
    pub async fn search(self, words: &str) -> Result<Vec<Profile>, PollError> {
        let limit = MOST.to_string();
        let url = self.call("app.bsky.actor.searchActors", &[("q", words), ("limit", &limit)]);
        self.let_in(&url).await?;
        let found = self.net.get(url.as_str(), BodyKind::Json, None).await?;
        let ids = wire::parse_ids(&found.body).map_err(|error| PollError::parse(url.as_str(), error))?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let actors: Vec<(&str, &str)> = ids.iter().take(MOST).map(|id| ("actors", id.as_str())).collect();
        let url = self.call("app.bsky.actor.getProfiles", &actors);
        let fetched = self.net.get(url.as_str(), BodyKind::Json, None).await?;
        let parsed = aside(move || wire::parse_profiles(&fetched.body)).await;
        parsed.map_err(|error| PollError::parse(url.as_str(), error))
    }

    /// An answer that is a success; the road says what any other means, and until when the service is left alone.
    async fn good(self, url: &str, fetched: Fetched) -> Result<Fetched, PollError> {
        match fetched.status {
            200 => Ok(fetched),
            _ => Ok(self.net.get(url, BodyKind::Json, None).await?),
        }
    }
}
