//! People of a server that speaks Misskey: who is found by a search, and how many follow somebody.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Server, wire};
use crate::model::observation::Profile;
use crate::model::target::Rejected;
use crate::sources::json::{self, clip};
use crate::sources::mastodon::profile::is_served_by;
use crate::sources::walk::PAGE;
use crate::sources::{PollError, aside, followers};

/// The longest query that is sent to a search, in characters.
const QUERY_CHARS: usize = 200;
/// Fewer letters than this begin the names of too many.
const SHORTEST_NAME: usize = 3;

impl Server<'_> {
    /// Users whose address begins with the first word of a query, and those whose name or description holds it.
    ///
    /// # Errors
    /// What both questions met, if neither was answered.
    pub async fn search(
        self,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
        let what = "its account search";
        let query = clip(query, QUERY_CHARS);
        let question = json!({"query": query, "limit": PAGE, "detail": true});
        let by_name = self.users("users/search", question, what, now).await;
        let Some(begins) = first_name(&query) else { return by_name };
        let question = json!({"username": begins, "limit": PAGE, "detail": true});
        let by_address = self.users("users/search-by-username-and-host", question, what, now).await;
        match (by_name, by_address) {
            (Ok((mut found, mut rejected)), Ok((more, bad))) => {
                found.extend(more);
                found.sort_by(|one, other| one.id.uri.cmp(&other.id.uri));
                found.dedup_by(|one, other| one.id == other.id);
                rejected.extend(bad);
                Ok((found, rejected))
            }
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// A page of followers, `None` where they are not shown to everybody.
    pub(in crate::sources) async fn followers_page(
        self,
        user: &str,
        below: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<followers::Page>, PollError> {
        let mut question = json!({"userId": user, "limit": 100});
        if let Some(below) = below {
            question["untilId"] = below.into();
        }
        let answer = match self.answer("users/followers", question, "followers", now).await {
            Ok(answer) => answer,
            Err(PollError::Closed { .. } | PollError::NeedsToken { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (url, host) = (answer.final_url.to_string(), self.host);
        let read = followers::parse(&answer.body, |value| followers::of_misskey(value, host));
        let (value, followers) = read.map_err(|error| PollError::parse(&url, error))?;
        let last = value.as_array().and_then(|items| items.last()?.get("id"));
        Ok(Some(followers::Page { followers, next: last.and_then(json::id) }))
    }

    async fn users(
        self,
        endpoint: &str,
        question: Value,
        what: &'static str,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
        let answer = self.answer(endpoint, question, what, now).await?;
        let (url, host) = (answer.final_url.to_string(), self.host.clone());
        let parsed = aside(move || wire::parse_users(&answer.body, &host)).await;
        let (profiles, mut rejected) = parsed.map_err(|error| PollError::parse(&url, error))?;
        // What a server says of its own accounts is its word, but it may not give them the ids of others.
        let is_its_own = |it: &Profile| it.acct.host() != self.host || is_served_by(it, self.host);
        let (found, strange): (Vec<_>, Vec<_>) = profiles.into_iter().partition(is_its_own);
        rejected.extend(strange.into_iter().map(|profile| Rejected {
            item: format!("account {} of the search", profile.acct),
            why: format!("its id lies elsewhere; expected one on {}", self.host),
            excerpt: profile.id.uri,
        }));
        Ok((found, rejected))
    }
}

/// What a user's address may begin with, out of the name of an outlet.
fn first_name(query: &str) -> Option<String> {
    let word = query.split_whitespace().next()?.to_ascii_lowercase();
    let is_name = word.len() >= SHORTEST_NAME && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some(word)
}
