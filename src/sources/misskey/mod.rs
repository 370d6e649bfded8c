//! Misskey and its relatives by their own interface: users, their notes, and what a server shows everybody.
//!
//! Every question is a POST of JSON. Sources of the shapes: github.com/misskey-dev/misskey,
//! packages/backend/src/server/api/endpoints, and docs.rs/misskey-api; Sharkey, CherryPick, Firefish, Iceshrimp and
//! Foundkey answer the same questions.

mod mfm;
mod people;
pub mod wire;

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use self::wire::Refusal;
use super::account::{AccountPoll, Before, Onward, Pages, Received, is_recent};
use super::listing::{Page, TimelinePage};
use super::mastodon::profile::is_served_by;
use super::mastodon::timeline::{Descent, Reading};
use super::walk::{Ask, PAGE};
use super::{PollError, aside, webfinger};
use crate::model::account::{Acct, Host};
use crate::model::observation::Observation;
use crate::model::status::StatusUri;
use crate::model::target::Cursor;
use crate::net::{FetchError, Fetched, Net};

/// What is closed to us is not asked for again before.
const CLOSED_FOR: Duration = Duration::hours(6);
/// A server that speaks of a limit without saying so in its status is left alone so long.
const LIMITED_FOR: Duration = Duration::minutes(5);
const SHOW: &str = "users/show";

/// A server and our way to it.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    pub net: &'a Net,
    pub host: &'a Host,
    pub token: Option<&'a SecretString>,
}

/// A timeline that everybody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeline<'a> {
    /// Notes of the server's own users.
    Local,
    /// Notes with a hashtag; without `#`.
    Tag(&'a str),
}

/// Whether a profile was read by this interface.
pub fn has_read(observation: &Observation) -> bool {
    Url::parse(&observation.read_from).is_ok_and(|url| url.path() == format!("/api/{SHOW}"))
}

impl Server<'_> {
    /// An account of this server and its newest notes. A profile that was read a short while ago is not asked for.
    ///
    /// # Errors
    /// As [`Server::read_profile`], and where the first page of notes cannot be had. Trouble further down is a complaint
    /// of the poll and a gap in its cursor.
    pub async fn read_account(
        self,
        acct: &Acct,
        before: Before<'_>,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let early = match before.observation.filter(|known| is_recent(known, before.cursor, now)) {
            Some(known) => self.notes(known.clone(), before.cursor.clone(), pages, now).await.ok(),
            None => None,
        };
        if let Some(poll) = early.as_ref().filter(|poll| poll.complete) {
            return Ok(poll.clone());
        }
        let asked = self.profile(acct, now).await;
        let observation = match (asked, before.observation) {
            (Err(Asked::Hidden { server_date }), Some(seen)) => {
                let mut seen = Observation { seen_at: now, server_date, ..seen.clone() };
                seen.profile.is_suspended = true;
                seen
            }
            (asked, _) => asked.map_err(|asked| asked.of(acct, self.host))?,
        };
        if observation.profile.is_suspended {
            return Ok(AccountPoll::of_suspended(observation, self.host, before.cursor.clone()));
        }
        let is_same = |poll: &AccountPoll| poll.observation.profile.local_id == observation.profile.local_id;
        if let Some(poll) = early.filter(is_same) {
            return Ok(AccountPoll { observation, ..poll });
        }
        self.notes(observation, before.cursor.clone(), pages, now).await
    }

    /// The profile of an account of this server.
    ///
    /// # Errors
    /// [`PollError::NoAccount`] where the server says that there is none and its webfinger knows none either;
    /// [`PollError::NoLookup`] and [`PollError::NeedsToken`] where we cannot see it; [`PollError::OtherAccount`] where
    /// the answer is about somebody else; otherwise what the fetch or the reading said.
    pub async fn read_profile(self, acct: &Acct, now: DateTime<Utc>) -> Result<Observation, PollError> {
        self.profile(acct, now).await.map_err(|asked| asked.of(acct, self.host))
    }

    /// Reads a timeline from the top: one page, and below it only while nothing known is met.
    ///
    /// # Errors
    /// [`PollError::Closed`] and [`PollError::NeedsToken`] where the server does not show it to us; otherwise what the
    /// fetch or the reading of the first page said.
    pub async fn timeline(
        self,
        timeline: Timeline<'_>,
        known: &[StatusUri],
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<Reading, PollError> {
        let mut descent = Descent::new(known, pages);
        while descent.goes_on() {
            match self.timeline_page(timeline, descent.below(), now).await {
                Ok(page) => descent.take(page, None),
                Err(error) => descent.stop(error)?,
            }
        }
        Ok(descent.reading)
    }

    async fn timeline_page(
        self,
        timeline: Timeline<'_>,
        below: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<TimelinePage, PollError> {
        let (endpoint, what, mut question) = match timeline {
            Timeline::Local => ("notes/local-timeline", "its local timeline", json!({"limit": PAGE})),
            Timeline::Tag(tag) => {
                ("notes/search-by-tag", "its timelines of hashtags", json!({"tag": tag, "limit": PAGE}))
            }
        };
        if let Some(below) = below {
            question["untilId"] = below.into();
        }
        let answer = self.answer(endpoint, question, what, now).await?;
        let (url, host) = (answer.final_url.to_string(), self.host.clone());
        let parsed = aside(move || wire::parse_timeline(&answer.body, &host)).await;
        parsed.map_err(|error| PollError::parse(&url, error))
    }

    async fn profile(self, acct: &Acct, now: DateTime<Utc>) -> Result<Observation, Asked> {
        // A user of the server itself has no host, whatever domain the address has.
        let question = json!({"username": acct.user(), "host": null});
        let answer = self.ask(SHOW, question, "this account").await?;
        if answer.status != 200 {
            return Err(self.absence(acct, &answer, now).await);
        }
        let url = answer.final_url.to_string();
        let (host, asked, server_date) = (self.host.clone(), acct.host().clone(), answer.server_date);
        let parsed = aside(move || wire::parse_user(&answer.body, &host, &asked)).await;
        let profile = parsed.map_err(|error| PollError::parse(&url, error))?;
        let located = || webfinger::locate(self.net, acct, now);
        let is_it = profile.acct.is_same(acct)
            && is_served_by(&profile, self.host)
            // Only the host of the address can say which account of another host is meant.
            && (acct.host() == self.host || located().await?.is_some_and(|(id, _)| id == profile.id));
        if !is_it {
            let got = format!("{} ({})", profile.acct, profile.id);
            return Err(PollError::OtherAccount { url, asked: acct.clone(), got }.into());
        }
        Ok(Observation { profile, seen_at: now, server_date, read_from: url })
    }

    /// What an answer without a user means. A server says that there is no such user also to strangers to whom it shows
    /// nobody; its webfinger, which other servers need, then still knows the account.
    async fn absence(self, acct: &Acct, answer: &Fetched, now: DateTime<Utc>) -> Asked {
        let said = Refusal::read(&answer.body);
        match said.as_ref().map(|said| said.code.as_str()) {
            Some("USER_SUSPENDED") => Asked::Hidden { server_date: answer.server_date },
            Some("NO_SUCH_USER") => match webfinger::locate(self.net, acct, now).await {
                Ok(None) => PollError::NoAccount { acct: acct.clone(), host: self.host.clone() }.into(),
                Ok(Some(_)) => {
                    let why = "it says that there is none, and other servers are told that there is; perhaps it shows its \
                               users only to those who are logged in";
                    self.no_lookup(acct, why.to_owned()).into()
                }
                Err(error) => error.into(),
            },
            _ => {
                let why = match said {
                    Some(said) => format!("it answered {}: {} {}", answer.status, said.code, said.message),
                    None => format!("it answered {} and not by the Misskey API", answer.status),
                };
                self.no_lookup(acct, why).into()
            }
        }
    }

    fn no_lookup(self, acct: &Acct, why: String) -> PollError {
        PollError::NoLookup { acct: acct.clone(), host: self.host.clone(), why }
    }

    /// The newest notes of an account whose profile is known, with as much below as the walk wants.
    async fn notes(
        self,
        observation: Observation,
        cursor: Cursor,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let user = observation.profile.local_id.clone();
        let mut read = Pages::new(observation, &cursor, pages, now);
        while let Some((ask, _)) = read.wanted() {
            let page = self.notes_page(&user, ask, now).await;
            read.take(page.map(Some))?;
        }
        Ok(read.finish())
    }

    async fn notes_page(self, user: &str, ask: Ask<'_>, now: DateTime<Utc>) -> Result<Received, PollError> {
        // Replies are left out unless asked for; older servers know another word and show them by themselves.
        let mut question = json!({"userId": user, "limit": PAGE, "withReplies": true, "withRenotes": true});
        if let Ask::Below(id) = ask {
            question["untilId"] = id.into();
        }
        let answer = self.answer("users/notes", question, "the notes of this account", now).await?;
        let (url, server_date) = (answer.final_url.to_string(), answer.server_date);
        let (host, author) = (self.host.clone(), user.to_owned());
        let parsed = aside(move || wire::parse_notes(&answer.body, &host, &author)).await;
        let Page { statuses, rejected, count, last_id } =
            parsed.map_err(|error| PollError::parse(&url, error))?;
        // Pages are cut short by what is taken out after counting; only an empty one is the last.
        let next = Onward::Unsaid;
        Ok(Received { statuses, rejected, count, last_id, next, version: None, server_date })
    }

    /// A question whose refusal is an error; `what` names what is wanted.
    async fn answer(
        self,
        endpoint: &str,
        question: Value,
        what: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Fetched, PollError> {
        let answer = self.ask(endpoint, question, what).await?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let said = Refusal::read(&answer.body);
        let code = said.as_ref().map_or("", |said| said.code.as_str());
        let (host, until) = (self.host.clone(), now + CLOSED_FOR);
        let is_closed = code.ends_with("_DISABLED") || code.ends_with("_DENIED") || CLOSED.contains(&code);
        Err(match code {
            "RATE_LIMIT_EXCEEDED" | "BRIEF_REQUEST_INTERVAL" => {
                let (until, why) = (now + LIMITED_FOR, format!("it answered {code}"));
                FetchError::Paused { host, until, why }.into()
            }
            _ if is_closed && self.token.is_none() => {
                PollError::Closed { host, what, to: "only to those who are logged in", until }
            }
            _ if is_closed => PollError::Closed { host, what, to: "to none of our role", until },
            _ => {
                let (url, status) = (answer.final_url.to_string(), answer.status);
                let excerpt = said.map_or_else(
                    || "it is no answer of the Misskey API".to_owned(),
                    |said| format!("{}: {}", said.code, said.message),
                );
                FetchError::Status { url, status, excerpt }.into()
            }
        })
    }

    /// Without a token we are a robot like any other and ask the server's robots.txt first.
    async fn ask(self, endpoint: &str, question: Value, what: &'static str) -> Result<Fetched, PollError> {
        let url = format!("https://{}/api/{endpoint}", self.host);
        if self.token.is_none() && !self.net.allows_robots(&url).await? {
            return Err(PollError::RobotsForbid { url });
        }
        self.net.query(&url, question, self.token).await.map_err(|error| match error {
            denied @ FetchError::Denied { .. } if self.token.is_none() => {
                PollError::NeedsToken { host: self.host.clone(), what, denied }
            }
            error => error.into(),
        })
    }
}

/// How servers say that something is not for us, beside those that end in `_DISABLED` or `_DENIED`.
const CLOSED: [&str; 3] = ["CREDENTIAL_REQUIRED", "UNAVAILABLE", "FORBIDDEN"];

/// Why there is no profile.
enum Asked {
    /// Suspended, as the server says.
    Hidden {
        server_date: Option<DateTime<Utc>>,
    },
    Not(PollError),
}

impl Asked {
    fn of(self, acct: &Acct, host: &Host) -> PollError {
        match self {
            Asked::Hidden { .. } => {
                let why = "the server has suspended it".to_owned();
                PollError::NoLookup { acct: acct.clone(), host: host.clone(), why }
            }
            Asked::Not(error) => error,
        }
    }
}

impl From<PollError> for Asked {
    fn from(error: PollError) -> Asked {
        Asked::Not(error)
    }
}
