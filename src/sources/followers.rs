//! Followers, counted: how many there are to be read and how many of them are watched. Who they are is dropped at once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::bluesky::AppView;
use super::fediverse::Server;
use super::json::{self, Object};
use super::{PollError, misskey};
use crate::model::account::{Acct, Host};
use crate::model::audience::Tally;
use crate::model::observation::{Observation, Profile};
use crate::net::FetchError;

/// Of an account with more of them none are read: it is no small one.
pub const MOST_FOLLOWERS: u64 = 500;
/// The largest pages that servers give have 80 or 100; a server with shorter ones is not asked on for ever.
const MOST_PAGES: usize = 15;

/// The accounts that are looked for, by address and id in lower case, each with the system that it is of.
#[derive(Debug, Clone, Default)]
pub struct Watched(BTreeMap<String, String>);

impl Watched {
    pub fn add(&mut self, name: &str, system: &str) {
        self.0.insert(name.to_lowercase(), system.to_owned());
    }

    fn system_of(&self, names: &[String]) -> Option<&String> {
        names.iter().find_map(|name| self.0.get(name))
    }
}

/// A page of followers: of each its names in lower case, and where the next page begins.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub followers: Vec<Vec<String>>,
    pub next: Option<String>,
}

/// Counts the followers of an account on its own server; `None` where they are not shown to everybody.
///
/// # Errors
/// What the fetch or the reading said.
pub async fn count(
    server: Server<'_>,
    observation: &Observation,
    watched: &Watched,
    now: DateTime<Utc>,
) -> Result<Option<Tally>, PollError> {
    let profile = &observation.profile;
    let (id, mut below, mut tally) = (&profile.local_id, None, Tally::default());
    for _ in 0..MOST_PAGES {
        let page = match misskey::has_read(observation) {
            true => server.by_misskey().followers_page(id, below.as_deref(), now).await?,
            false => super::mastodon::poll::followers_page(server, id, below.as_deref()).await?,
        };
        match take(&mut tally, profile, watched, page) {
            Step::On(next) => below = Some(next),
            Step::Over(tally) => return Ok(tally),
        }
    }
    Ok(None)
}

/// Counts the followers of an account on Bluesky.
///
/// # Errors
/// What the fetch or the reading said.
pub async fn count_on_bluesky(
    appview: AppView<'_>,
    profile: &Profile,
    watched: &Watched,
) -> Result<Option<Tally>, PollError> {
    let (mut below, mut tally) = (None, Tally::default());
    for _ in 0..MOST_PAGES {
        let page = appview.followers_page(&profile.id.uri, below.as_deref()).await?;
        match take(&mut tally, profile, watched, page) {
            Step::On(next) => below = Some(next),
            Step::Over(tally) => return Ok(tally),
        }
    }
    Ok(None)
}

enum Step {
    On(String),
    Over(Option<Tally>),
}

/// Counts a page; `None` is a page that the server does not show.
fn take(tally: &mut Tally, profile: &Profile, watched: &Watched, page: Option<Page>) -> Step {
    let Some(page) = page else { return Step::Over(None) };
    for names in &page.followers {
        tally.read = tally.read.saturating_add(1);
        if let Some(system) = watched.system_of(names) {
            *tally.watched.entry(system.clone()).or_default() += 1;
        }
    }
    let is_empty = page.followers.is_empty();
    // Who hides the list has followers and shows none.
    let is_hidden = tally.read == 0 && profile.counts.followers.is_none_or(|followers| followers > 0);
    match page.next.filter(|_| !is_empty) {
        _ if is_hidden => Step::Over(None),
        _ if u64::from(tally.read) > MOST_FOLLOWERS => Step::Over(None),
        Some(next) => Step::On(next),
        None => Step::Over(Some(std::mem::take(tally))),
    }
}

/// The accounts of a list as Mastodon writes them on `host`.
pub(super) fn of_mastodon(value: &Value, host: &Host) -> Option<Vec<Vec<String>>> {
    let items = value.as_array()?.iter();
    Some(items.map(|item| names(Object::of(item), &["acct"], &["uri", "url"], host)).collect())
}

/// The `follower` of each item, as Misskey writes them.
pub(super) fn of_misskey(value: &Value, host: &Host) -> Option<Vec<Vec<String>>> {
    let followers = value.as_array()?.iter().map(|item| Object::of(item)?.object("follower"));
    let named = followers.map(|follower| {
        let mut all = names(follower, &["username"], &["uri"], host);
        let far = follower.and_then(|it| Some(format!("{}@{}", it.text("username")?, it.text("host")?)));
        if let Some(far) = far {
            // Beside a host the bare name is no address.
            all.retain(|name| !name.contains('@') || name.contains('/'));
            all.push(far.to_lowercase());
        }
        all
    });
    Some(named.collect())
}

/// The `followers` of an answer of Bluesky.
pub(super) fn of_bluesky(value: &Value) -> Option<Vec<Vec<String>>> {
    let items = value.get("followers")?.as_array()?.iter();
    let named = items.map(|item| {
        let follower = Object::of(item);
        let id = follower.and_then(|it| it.text("did")).map(str::to_lowercase);
        let handle =
            follower.and_then(|it| Acct::bluesky(it.text("handle")?).ok()).map(|acct| acct.to_string());
        id.into_iter().chain(handle.map(|handle| handle.to_lowercase())).collect()
    });
    Some(named.collect())
}

fn names(item: Option<Object<'_>>, addresses: &[&str], ids: &[&str], host: &Host) -> Vec<String> {
    let Some(item) = item else { return vec![] };
    let addresses = addresses.iter().filter_map(|key| item.text(key)).map(|acct| match acct.contains('@') {
        true => acct.to_lowercase(),
        false => format!("{acct}@{host}").to_lowercase(),
    });
    let ids = ids.iter().filter_map(|key| item.http_url(key)).map(str::to_lowercase);
    addresses.chain(ids).collect()
}

/// Whether an answer is a page of followers; a refusal says that they are not for everybody.
pub(super) fn are_shown(url: &Url, status: u16) -> Result<bool, PollError> {
    match status {
        200 => Ok(true),
        400 | 401 | 403 | 404 | 410 | 422 => Ok(false),
        // The body is not looked at: it may be a list of people.
        _ => Err(FetchError::Status { url: url.to_string(), status, excerpt: "its followers".into() }.into()),
    }
}

/// Reads the JSON of a page.
pub(super) fn parse(
    bytes: &[u8],
    read: impl Fn(&Value) -> Option<Vec<Vec<String>>>,
) -> Result<(Value, Vec<Vec<String>>), super::ParseError> {
    // The bytes are a list of people: none of them goes into an error.
    let fault = |why: String| super::ParseError { why, excerpt: String::new() };
    let value = json::parse(bytes).map_err(|error| fault(error.why))?;
    let followers = read(&value).ok_or_else(|| fault("got no list of followers".into()))?;
    Ok((value, followers))
}
