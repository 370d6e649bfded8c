//! Bluesky: profiles and posts as the public AppView shows them, without login.

pub mod find;
pub mod handle;
pub mod wire;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use url::Url;

use self::wire::Refusal;
use super::account::{AccountPoll, Before, Onward, Pages, Received};
use super::walk::{Ask, PAGE};
use super::{PollError, aside, followers, json};
use crate::model::account::{AccountId, Acct, BLUESKY_SERVICES, Host};
use crate::model::observation::{Observation, Profile};
use crate::model::target::Cursor;
use crate::net::{BodyKind, Fetched, Method, Net, Outgoing};

/// The service that shows the network to everybody, and our way to it.
#[derive(Debug, Clone, Copy)]
pub struct AppView<'a> {
    pub net: &'a Net,
    /// `https://public.api.bsky.app`, or one of our own.
    pub host: &'a Host,
}

/// The service that everybody may ask.
pub static PUBLIC: LazyLock<Host> =
    LazyLock::new(|| Host::parse(BLUESKY_SERVICES[0]).expect("the service has a host name"));

/// How the service says that an account is not shown, by the name of its error.
const SUSPENDED: [&str; 2] = ["AccountTakedown", "AccountDeactivated"];

/// How it says that there is no such account.
const NOT_FOUND: &str = "Profile not found";

impl<'a> AppView<'a> {
    pub fn public(net: &'a Net) -> AppView<'a> {
        AppView { net, host: &PUBLIC }
    }

    /// An account and its newest posts. One that is known is asked for by its id, so that nobody who takes over its
    /// handle is taken for it.
    ///
    /// # Errors
    /// [`PollError::NoAccount`] where the service says that there is none; [`PollError::OtherAccount`] where it answers
    /// about somebody else; otherwise what the fetch or the reading said. Trouble further down is a complaint of the
    /// poll and a gap in its cursor.
    pub async fn read_account(
        self,
        acct: &Acct,
        before: Before<'_>,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let known = before.observation.map(|observation| &observation.profile.id);
        let cursor = before.cursor.clone();
        match (self.profile(acct, known, now).await, before.observation) {
            (Ok(observation), _) => self.posts(observation, cursor, pages, now).await,
            (Err(Asked::Hidden { server_date }), Some(seen)) => {
                let mut observation = Observation { seen_at: now, server_date, ..seen.clone() };
                observation.profile.is_suspended = true;
                Ok(AccountPoll::of_suspended(observation, self.host, cursor))
            }
            (Err(Asked::Hidden { .. }), None) => {
                let why = "the service does not show it at present".to_owned();
                Err(PollError::NoLookup { acct: acct.clone(), host: self.host.clone(), why })
            }
            (Err(Asked::Not(error)), _) => Err(error),
        }
    }

    /// The profile of the account with this id, whatever its handle; `None` where there is none, or none is shown.
    ///
    /// # Errors
    /// What the fetch or the reading said.
    pub async fn read_profile(self, id: &AccountId) -> Result<Option<Profile>, PollError> {
        let url = self.call("app.bsky.actor.getProfile", &[("actor", &id.uri)]);
        let fetched = self.ask(&url).await?;
        if fetched.status != 200 {
            let said = Refusal::read(&fetched.body).filter(|_| fetched.status == 400);
            if said.is_some_and(|said| said.message == NOT_FOUND || SUSPENDED.contains(&said.name.as_str())) {
                return Ok(None);
            }
            // The road says what it means, and until when the service is left alone.
            self.net.get(url.as_str(), BodyKind::Json, None).await?;
        }
        let parsed = aside(move || wire::parse_profile(&fetched.body, None)).await;
        let profile = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        if profile.id != *id {
            let why = format!("it is about {}; expected {id}", profile.id);
            return Err(PollError::Parse { url: url.into(), why, excerpt: String::new() });
        }
        Ok(Some(profile))
    }

    async fn profile(
        self,
        acct: &Acct,
        known: Option<&AccountId>,
        now: DateTime<Utc>,
    ) -> Result<Observation, Asked> {
        let actor = known.map_or_else(|| acct.user(), |known| known.uri.as_str());
        let url = self.call("app.bsky.actor.getProfile", &[("actor", actor)]);
        let fetched = self.ask(&url).await?;
        match fetched.status {
            200 => {}
            400 => return Err(self.refused(acct, &url, &fetched)),
            // The road says what it means, and until when the service is left alone.
            _ => {
                self.net.get(url.as_str(), BodyKind::Json, None).await.map_err(PollError::from)?;
                return Err(self.refused(acct, &url, &fetched));
            }
        }
        let server_date = fetched.server_date;
        let last = known.map(|_| acct.clone());
        let parsed = aside(move || wire::parse_profile(&fetched.body, last.as_ref())).await;
        let profile = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        let is_it = match known {
            Some(known) => profile.id == *known,
            None => profile.acct.is_same(acct),
        };
        if !is_it {
            let (url, got) = (url.to_string(), format!("{} ({})", profile.acct, profile.id));
            return Err(PollError::OtherAccount { url, asked: acct.clone(), got }.into());
        }
        Ok(Observation { profile, seen_at: now, server_date, read_from: url.to_string() })
    }

    /// What an answer that is no success means. Only the service's own words are taken for the end of an account.
    fn refused(self, acct: &Acct, url: &Url, answer: &Fetched) -> Asked {
        let refusal = Refusal::read(&answer.body);
        match refusal {
            Some(said) if SUSPENDED.contains(&said.name.as_str()) => {
                Asked::Hidden { server_date: answer.server_date }
            }
            // Of a profile that does not exist the service says 400, and in words which.
            Some(said) if answer.status == 400 && said.message == NOT_FOUND => {
                PollError::NoAccount { acct: acct.clone(), host: self.host.clone() }.into()
            }
            said => {
                let why = said.map_or_else(
                    || format!("{url} answered {}", answer.status),
                    |said| format!("the service answered {}: {} {}", answer.status, said.name, said.message),
                );
                PollError::NoLookup { acct: acct.clone(), host: self.host.clone(), why }.into()
            }
        }
    }

    /// The newest posts of an account whose profile is known, with as much below as the walk wants.
    async fn posts(
        self,
        observation: Observation,
        cursor: Cursor,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let did = observation.profile.id.uri.clone();
        let mut read = Pages::new(observation, &cursor, pages, now);
        while let Some((ask, _)) = read.wanted() {
            let page = self.page(&did, ask).await;
            read.take(page.map(Some))?;
        }
        Ok(read.finish())
    }

    async fn page(self, did: &str, ask: Ask<'_>) -> Result<Received, PollError> {
        let limit = PAGE.to_string();
        let mut parameters =
            vec![("actor", did), ("limit", limit.as_str()), ("filter", "posts_with_replies")];
        if let Ask::Below(cursor) = ask {
            parameters.push(("cursor", cursor));
        }
        let url = self.call("app.bsky.feed.getAuthorFeed", &parameters);
        self.let_in(&url).await?;
        let fetched = self.net.get(url.as_str(), BodyKind::Json, None).await?;
        let (did, server_date) = (did.to_owned(), fetched.server_date);
        let parsed = aside(move || wire::parse_feed(&fetched.body, &did)).await;
        let page = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        Ok(Received {
            next: Onward::by_cursor(page.cursor.as_ref()),
            statuses: page.statuses,
            rejected: page.rejected,
            count: page.count,
            last_id: page.cursor,
            version: None,
            server_date,
        })
    }

    /// A page of followers, `None` where they are not shown to us.
    pub(super) async fn followers_page(
        self,
        did: &str,
        below: Option<&str>,
    ) -> Result<Option<followers::Page>, PollError> {
        let mut parameters = vec![("actor", did), ("limit", "100")];
        parameters.extend(below.map(|cursor| ("cursor", cursor)));
        let url = self.call("app.bsky.graph.getFollowers", &parameters);
        let answer = self.ask(&url).await?;
        if !followers::are_shown(&url, answer.status)? {
            return Ok(None);
        }
        let read = followers::parse(&answer.body, followers::of_bluesky);
        let (value, followers) = read.map_err(|error| PollError::parse(url.as_str(), error))?;
        Ok(Some(followers::Page { followers, next: value.get("cursor").and_then(json::id) }))
    }

    fn call(self, method: &str, parameters: &[(&str, &str)]) -> Url {
        let mut url =
            Url::parse(&format!("https://{}/xrpc/{method}", self.host)).expect("a host makes a URL");
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// Without a token we are a robot like any other.
    async fn let_in(self, url: &Url) -> Result<(), PollError> {
        match self.net.allows_robots(url.as_str()).await? {
            true => Ok(()),
            false => Err(PollError::RobotsForbid { url: url.to_string() }),
        }
    }

    /// Any status is an answer: the service says in its body what is wrong.
    async fn ask(self, url: &Url) -> Result<Fetched, PollError> {
        self.let_in(url).await?;
        let (method, url) = (Method::Get, url.to_string());
        let answer = self
            .net
            .send(Outgoing { method, url, token: None, headers: vec![], body: None, secrets: vec![] })
            .await?;
        Ok(answer)
    }
}

/// Why there is no profile.
enum Asked {
    /// Taken down, or switched off by its holder.
    Hidden {
        server_date: Option<DateTime<Utc>>,
    },
    Not(PollError),
}

impl From<PollError> for Asked {
    fn from(error: PollError) -> Asked {
        Asked::Not(error)
    }
}
