//! Polls of accounts and account searches: each a request or two and a pure reading of the answer.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::profile::is_served_by;
use super::server::Server;
use super::{call, wire};
use crate::model::account::{Acct, Host};
use crate::model::observation::{Observation, Profile};
use crate::model::target::{Cursor, Rejected};
use crate::net::{Net, Outgoing};
use crate::sources::account::{AccountPoll, Before, Onward, Pages, Received, is_recent};
use crate::sources::listing::Page;
use crate::sources::walk::{Ask, PAGE, is_overlap_due};
use crate::sources::{PollError, aside, fediverse, followers, json};

/// The longest query that is sent to a search, in characters.
const QUERY_CHARS: usize = 200;

/// An account and its newest statuses as `api_host` shows them. What the server says has not changed is not sent
/// again, and a profile that was read a short while ago is not asked for.
///
/// # Errors
/// As [`read_profile`](super::profile::read_profile), and where the first page of statuses cannot be had.
/// Trouble further down is a complaint of the poll and a gap in its cursor.
pub async fn read_account(
    net: &Net,
    acct: &Acct,
    api_host: &Host,
    token: Option<&SecretString>,
    before: Before<'_>,
    pages: u32,
    now: DateTime<Utc>,
) -> Result<AccountPoll, PollError> {
    let server = Server { net, host: api_host, token };
    let Before { observation, cursor } = before;
    // Once a day all is read, whatever the server says of versions.
    let known = observation.filter(|_| !is_overlap_due(cursor, now));
    let early = match known.filter(|known| is_recent(known, cursor, now)) {
        Some(known) => server.account(known.clone(), cursor.clone(), pages, now).await.ok(),
        None => None,
    };
    // Whatever is odd about it, the profile may say why.
    if let Some(poll) = early.as_ref().filter(|poll| poll.complete) {
        return Ok(poll.clone());
    }
    let known = known.map(|known| &known.profile).zip(cursor.profile_version.as_deref());
    let (observation, profile_version) = server.profile(acct, known, now).await?;
    if observation.profile.is_suspended {
        let cursor = Cursor { profile_version, ..cursor.clone() };
        return Ok(AccountPoll::of_suspended(observation, api_host, cursor));
    }
    let is_same = |poll: &AccountPoll| poll.observation.profile.local_id == observation.profile.local_id;
    if let Some(poll) = early.filter(is_same) {
        let cursor = Cursor { profile_version, ..poll.cursor };
        return Ok(AccountPoll { observation, cursor, ..poll });
    }
    let cursor = Cursor { profile_version, ..cursor.clone() };
    server.account(observation, cursor, pages, now).await
}

/// Accounts that a server's own search finds; it is not asked to look elsewhere (`resolve`).
///
/// # Errors
/// [`PollError::NeedsToken`] where the server searches for its users only; otherwise what the fetch or the
/// reading said.
pub async fn search(
    net: &Net,
    server: &Host,
    token: Option<&SecretString>,
    query: &str,
) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
    let query = json::clip(query, QUERY_CHARS);
    let parameters = [("q", query.as_str()), ("type", "accounts"), ("limit", "40")];
    let url = call(server, &["api", "v2", "search"], &parameters);
    let fetched = Server { net, host: server, token }.get(&url, "its account search").await?;
    let host = server.clone();
    let parsed = aside(move || wire::parse_accounts(&fetched.body, &host)).await;
    let (profiles, mut rejected) = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
    // What a server says of its own accounts is its word, but it may not give them the ids of others.
    let (found, strange): (Vec<_>, Vec<_>) = profiles
        .into_iter()
        .partition(|profile| profile.acct.host() != server || is_served_by(profile, server));
    rejected.extend(strange.into_iter().map(|profile| Rejected {
        item: format!("account {} of the search", profile.acct),
        why: format!("its id lies elsewhere; expected one on {server}"),
        excerpt: profile.id.uri,
    }));
    Ok((found, rejected))
}

/// A page of the followers of an account, `None` where they are not shown to everybody. Any refusal is an answer, so
/// that the interface is not left alone because of it.
///
/// # Errors
/// What the fetch or the reading said.
pub(in crate::sources) async fn followers_page(
    server: fediverse::Server<'_>,
    local_id: &str,
    below: Option<&str>,
) -> Result<Option<followers::Page>, PollError> {
    let fediverse::Server { net, host, token, .. } = server;
    let mut parameters = vec![("limit", "80")];
    parameters.extend(below.map(|id| ("max_id", id)));
    let url = call(host, &["api", "v1", "accounts", local_id, "followers"], &parameters);
    Server { net, host, token }.let_in(&url).await?;
    let answer = net.send(Outgoing { token: token.cloned(), ..Outgoing::get(url.as_str()) }).await?;
    if !followers::are_shown(&url, answer.status)? {
        return Ok(None);
    }
    let read = followers::parse(&answer.body, |value| followers::of_mastodon(value, host));
    let (_, followers) = read.map_err(|error| PollError::parse(url.as_str(), error))?;
    let next = match onward(answer.link.as_deref(), &url) {
        Onward::Page(id) => Some(id),
        Onward::Nothing | Onward::Unsaid => None,
    };
    Ok(Some(followers::Page { followers, next }))
}

impl Server<'_> {
    /// The newest statuses of an account whose profile is known, with as much below as the walk wants.
    async fn account(
        self,
        observation: Observation,
        cursor: Cursor,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let id = observation.profile.local_id.clone();
        let mut read = Pages::new(observation, &cursor, pages, now);
        while let Some((ask, version)) = read.wanted() {
            let page = self.statuses(&id, ask, version).await;
            read.take(page)?;
        }
        Ok(read.finish())
    }

    async fn statuses(
        self,
        local_id: &str,
        ask: Ask<'_>,
        version: Option<&str>,
    ) -> Result<Option<Received>, PollError> {
        let limit = PAGE.to_string();
        let mut parameters = vec![("limit", limit.as_str())];
        if let Ask::Below(id) = ask {
            parameters.push(("max_id", id));
        }
        let url = call(self.host, &["api", "v1", "accounts", local_id, "statuses"], &parameters);
        let fetched = self.get_if_changed(&url, "the statuses of this account", version).await?;
        let Some((fetched, version)) = fetched else { return Ok(None) };
        let next = onward(fetched.link.as_deref(), &url);
        let (author, server_date) = (local_id.to_owned(), fetched.server_date);
        let parsed = aside(move || wire::parse_statuses(&fetched.body, &author)).await;
        let page = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        let Page { statuses, rejected, count, last_id } = page;
        Ok(Some(Received { statuses, rejected, count, last_id, next, version: Some(version), server_date }))
    }
}

/// The `max_id` of the link `rel="next"`. Only the id is taken: where to ask is ours to say.
fn onward(link: Option<&str>, page: &Url) -> Onward {
    let Some(link) = link else { return Onward::Unsaid };
    // No address of an interface holds `<`, so each entry begins with one.
    let next = link.split('<').skip(1).take(10).find_map(|entry| {
        let (address, words) = entry.split_once('>')?;
        let words = words.to_ascii_lowercase().replace([' ', '"'], "");
        words.split([';', ',']).any(|word| word == "rel=next").then_some(address)
    });
    let Some(next) = next else { return Onward::Nothing };
    let url = page.join(next).ok();
    let id = url.and_then(|url| {
        url.query_pairs().find(|(key, _)| key == "max_id").map(|(_, id)| Value::from(id.into_owned()))
    });
    // A next page that is paged in another way: we go on by the last id.
    id.as_ref().and_then(json::id).map_or(Onward::Unsaid, Onward::Page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_id_is_taken_from_a_link_to_the_next_page() {
        let page = Url::parse("https://social.example/api/v1/accounts/1/statuses?limit=40").unwrap();
        let read = |link: &str| onward(Some(link), &page);
        let both = r#"<https://social.example/x?limit=40&max_id=17>; rel="next", <https://social.example/x?min_id=39>; rel="prev""#;
        assert_eq!(read(both), Onward::Page("17".into()));
        assert_eq!(read("<?max_id=01HV>;rel=next"), Onward::Page("01HV".into()));
        assert_eq!(read("<https://evil.example/?max_id=..>; rel=\"next\""), Onward::Unsaid);
        assert_eq!(read("<https://social.example/x?page=2>; rel=\"next\""), Onward::Unsaid);
        assert_eq!(read("<https://social.example/next?min_id=39>; rel=\"prev\""), Onward::Nothing);
        assert_eq!(onward(None, &page), Onward::Unsaid);
    }
}
