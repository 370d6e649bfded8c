//! Threads: profiles, posts and searches by Meta's official interface, with the token of somebody who has an app there.
//!
//! An account there has no id that we are shown: it is its name. A name that changes hands cannot be seen, and an account
//! that is no longer shown may be anything, so nothing here is ever "gone".

pub mod oauth;
pub mod refusal;
pub mod standing;
pub mod wire;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use self::refusal::{Capability, Meaning, Refusal};
use self::standing::{Call, Standing};
use self::wire::Hits;
use super::account::{AccountPoll, Before, Onward, Pages, Received};
use super::walk::{Ask, PAGE};
use super::{PollError, aside};
use crate::model::account::{Acct, Host};
use crate::model::evidence::hex;
use crate::model::observation::Observation;
use crate::model::target::Cursor;
use crate::net::{Fetched, Net, Outgoing};

/// Where the interface is; `graph.threads.com` is the same.
pub static API: LazyLock<Host> =
    LazyLock::new(|| Host::parse("graph.threads.net").expect("the service has a host name"));

/// A profile is asked for about once a day; posts as often as the budget lets.
const PROFILE_EVERY: Duration = Duration::hours(22);
/// What is not shown may be shown another day: fewer than 100 followers grow.
const NOT_SHOWN_FOR: Duration = Duration::days(1);
/// What is a defect of ours, or new to us, is not tried every few minutes.
const ODD_FOR: Duration = Duration::hours(6);
const PROFILE_FIELDS: &str = "username,name,biography,is_verified,follower_count,profile_picture_url";
const POST_FIELDS: &str = "id,media_type,permalink,username,text,timestamp,shortcode,is_quote_post,quoted_post,\
                           reposted_post,children,alt_text,link_attachment_url,topic_tag,text_entities,text_attachment";
const HIT_FIELDS: &str =
    "id,text,media_type,permalink,timestamp,username,is_quote_post,is_reply,link_attachment_url,topic_tag";

/// Our token and how we stand with it, shared by all who ask.
#[derive(Debug, Clone, Default)]
pub struct Desk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    token: Option<SecretString>,
    standing: Standing,
    is_changed: bool,
}

impl Desk {
    /// With what was known when this was last kept.
    pub fn new(standing: Standing) -> Desk {
        Desk(Arc::new(Mutex::new(Inner { token: None, standing, is_changed: false })))
    }

    /// Takes a token in hand; of another one than before nothing is known. Returns whether it is another one.
    pub fn take(&self, token: SecretString, of: &str) -> bool {
        let is_other = self.standing().of.as_deref() != Some(of);
        self.change(|standing| {
            if is_other {
                *standing = standing.of_new_token(of.to_owned());
            }
        });
        self.inner().token = Some(token);
        is_other
    }

    pub fn token(&self) -> Option<SecretString> {
        self.inner().token.clone()
    }

    pub fn standing(&self) -> Standing {
        self.inner().standing.clone()
    }

    /// What there is to keep since it was last asked for.
    pub fn news(&self) -> Option<Standing> {
        let mut inner = self.inner();
        std::mem::take(&mut inner.is_changed).then(|| inner.standing.clone())
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Standing) -> T) -> T {
        let mut inner = self.inner();
        let before = inner.standing.clone();
        let result = change(&mut inner.standing);
        inner.is_changed |= before != inner.standing;
        result
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is complete in itself, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for a token where it must not be shown: nobody finds the token from it.
pub fn fingerprint(token: &SecretString) -> String {
    hex(&Sha256::digest(token.expose_secret())[..8])
}

/// The interface, and our way to it.
#[derive(Debug, Clone, Copy)]
pub struct Threads<'a> {
    pub net: &'a Net,
    pub desk: &'a Desk,
}

impl Threads<'_> {
    /// An account and its newest posts; its profile where that is a day old.
    ///
    /// # Errors
    /// [`Refusal::NotShown`] where the service shows nothing, which says nothing of why; [`PollError::OtherAccount`]
    /// where it answers about somebody else; otherwise what the service, the fetch or the reading said. Trouble further
    /// down is a complaint of the poll and a gap in its cursor.
    pub async fn read_account(
        self,
        acct: &Acct,
        before: Before<'_>,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let fresh =
            before.observation.filter(|seen| now - seen.seen_at < PROFILE_EVERY && seen.seen_at <= now);
        let observation = match fresh {
            Some(seen) => seen.clone(),
            None => self.profile(acct, now).await?,
        };
        self.posts(acct, observation, before.cursor, pages, now).await
    }

    /// A profile by its exact name.
    ///
    /// # Errors
    /// As those of [`Threads::read_account`].
    pub async fn profile(self, acct: &Acct, now: DateTime<Utc>) -> Result<Observation, PollError> {
        let parameters = [("username", acct.user()), ("fields", PROFILE_FIELDS)];
        let url = address("v1.0/profile_lookup", &parameters);
        let fetched = self.ask(Call::Profiles, &url, Some(acct), "a question for a profile", now).await?;
        let (server_date, asked) = (fetched.server_date, acct.clone());
        let parsed = aside(move || wire::parse_profile(&fetched.body, &asked)).await;
        let profile = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        if !profile.acct.is_same(acct) {
            let (url, got) = (url.to_string(), profile.acct.to_string());
            return Err(PollError::OtherAccount { url, asked: acct.clone(), got });
        }
        Ok(Observation { profile, seen_at: now, server_date, read_from: url.into() })
    }

    /// The newest posts with as much below as the walk wants.
    async fn posts(
        self,
        acct: &Acct,
        observation: Observation,
        cursor: &Cursor,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let mut read = Pages::new(observation, cursor, pages, now);
        while let Some((ask, _)) = read.wanted() {
            let page = self.page(acct, ask, now).await;
            read.take(page.map(Some))?;
        }
        Ok(read.finish())
    }

    async fn page(self, acct: &Acct, ask: Ask<'_>, now: DateTime<Utc>) -> Result<Received, PollError> {
        let limit = PAGE.to_string();
        let mut parameters =
            vec![("username", acct.user()), ("fields", POST_FIELDS), ("limit", limit.as_str())];
        if let Ask::Below(cursor) = ask {
            parameters.push(("after", cursor));
        }
        let url = address("v1.0/profile_posts", &parameters);
        let fetched = self.ask(Call::Profiles, &url, Some(acct), "a question for posts", now).await?;
        let (acct, server_date) = (acct.clone(), fetched.server_date);
        let parsed = aside(move || wire::parse_posts(&fetched.body, &acct)).await;
        let page = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        Ok(Received {
            next: Onward::by_cursor(page.after.as_ref()),
            statuses: page.statuses,
            rejected: page.rejected,
            count: page.count,
            last_id: page.after,
            version: None,
            server_date,
        })
    }

    /// The newest posts of anybody with this in them.
    ///
    /// # Errors
    /// [`Refusal::NotGranted`] also where it answers with our own posts alone; otherwise what the service, the fetch or
    /// the reading said.
    pub async fn search(self, words: &str, now: DateTime<Utc>) -> Result<Hits, PollError> {
        let parameters = [("q", words), ("search_type", "RECENT"), ("fields", HIT_FIELDS), ("limit", "100")];
        let url = address("v1.0/keyword_search", &parameters);
        let fetched = self.ask(Call::Search, &url, None, "a search", now).await?;
        let parsed = aside(move || wire::parse_hits(&fetched.body)).await;
        let hits = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        let authors: Vec<&str> = hits.posts.iter().map(|hit| hit.author.user()).collect();
        let refusal = match authors.is_empty() && hits.count > 0 {
            // It brought something, and counts, and nobody can say whose it is.
            true => None,
            false => self.desk.change(|standing| standing.heard_search(&authors, now)),
        };
        refusal.map_or(Ok(hits), |refusal| Err(refusal.into()))
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// [`Refusal::TokenDead`] where it is not taken any more; otherwise what the service, the fetch or the reading said.
    pub async fn me(self, now: DateTime<Utc>) -> Result<Acct, PollError> {
        let url = address("v1.0/me", &[("fields", "id,username")]);
        let fetched = self.ask(Call::Own, &url, None, "the question whose token it is", now).await?;
        let own = wire::parse_me(&fetched.body).map_err(|error| PollError::parse(url.as_str(), error))?;
        self.desk.change(|standing| standing.username = Some(own.user().to_owned()));
        Ok(own)
    }

    /// One question, counted before it is sent; what the answer says of us is remembered.
    async fn ask(
        self,
        call: Call,
        url: &Url,
        about: Option<&Acct>,
        asked: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Fetched, PollError> {
        let token = self.desk.token().ok_or(Refusal::NoToken)?;
        self.desk.change(|standing| standing.ask(call, now))?;
        let secrets = vec![("access_token", token.clone())];
        let fetched = match self.net.send(Outgoing { secrets, ..Outgoing::get(url.as_str()) }).await {
            Ok(fetched) => without(&token, fetched),
            Err(error) => {
                if error.is_certainly_unsent() {
                    self.desk.change(|standing| standing.take_back(call, now));
                }
                return Err(error.into());
            }
        };
        if (200..300).contains(&fetched.status) {
            self.desk.change(|standing| standing.heard_good(call));
            return Ok(fetched);
        }
        let meaning = refusal::meaning(fetched.status, &fetched.body);
        let odd = |code, until| Refusal::Odd { asked, status: fetched.status, code, until };
        let refusal = self.desk.change(|standing| match (meaning, call, about) {
            (Meaning::TokenDead(end), ..) => standing.heard_dead(end, now),
            (Meaning::Throttled, ..) => standing.heard_throttled(jitter(now), now),
            (Meaning::NotGranted, Call::Profiles, _) => standing.heard_not_granted(Capability::Profiles, now),
            (Meaning::NotGranted, Call::Search, _) => standing.heard_not_granted(Capability::Search, now),
            (Meaning::NotShown, _, Some(acct)) => {
                Refusal::NotShown { acct: acct.clone(), until: now + NOT_SHOWN_FOR }
            }
            (Meaning::NotShown, ..) => odd(Some(100), Some(now + ODD_FOR)),
            (Meaning::NotGranted, ..) => odd(Some(10), Some(now + ODD_FOR)),
            (Meaning::Invalid, ..) => odd(Some(100), Some(now + ODD_FOR)),
            (Meaning::Other(code), ..) => odd(code, None),
            (Meaning::Trouble, ..) => Refusal::Trouble { status: fetched.status },
        });
        Err(refusal.into())
    }
}

/// The answer without our token, which stands in addresses of next pages and in complaints: what cannot be read is kept
/// for people.
fn without(token: &SecretString, fetched: Fetched) -> Fetched {
    let secret = token.expose_secret();
    match std::str::from_utf8(&fetched.body) {
        Ok(text) if text.contains(secret) => {
            Fetched { body: text.replace(secret, "[token]").into_bytes(), ..fetched }
        }
        _ => fetched,
    }
}

/// An address of the interface, which never has the token in it.
fn address(path: &str, parameters: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(&format!("https://{}/{path}", *API)).expect("a host makes a URL");
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    url
}

/// Another one at every time, and the same in every trial.
fn jitter(now: DateTime<Utc>) -> f64 {
    let digest = Sha256::digest(now.timestamp_millis().to_be_bytes());
    f64::from(digest[0]) / 255.0
}
