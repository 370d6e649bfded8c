//! The fediverse: by which of its interfaces a server is read, as it says what it runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;

use super::PollError;
use super::account::{AccountPoll, Before};
use super::mastodon::probe::{self, Api};
use super::mastodon::{poll, profile, timeline};
use super::misskey;
use crate::model::account::{Acct, Host};
use crate::model::observation::{Observation, Profile};
use crate::model::target::Rejected;
use crate::net::Net;

/// A server is asked what it runs so often, if anything is to be read there that was not read before.
const ASKED_EVERY: Duration = Duration::days(1);
/// So many servers are remembered before those asked long ago are forgotten.
const MOST_REMEMBERED: usize = 4_096;

/// The interface by which a server is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// That of Mastodon, also where nothing is known of the server: trying is the only way to find out.
    Mastodon,
    Misskey,
}

impl Way {
    fn of(api: Api) -> Way {
        match api {
            Api::Misskey => Way::Misskey,
            Api::Mastodon | Api::WithoutLookup | Api::None | Api::Unknown => Way::Mastodon,
        }
    }
}

/// What servers said that they run, in memory.
#[derive(Debug, Default)]
pub struct Ways(Mutex<BTreeMap<Host, (Way, DateTime<Utc>)>>);

impl Ways {
    /// The way to a server, which is asked once a day. One that does not say is read as Mastodon is.
    pub async fn of(&self, net: &Net, host: &Host, now: DateTime<Utc>) -> Way {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).copied();
        match known.filter(|(_, at)| *at <= now && now - *at < ASKED_EVERY) {
            Some((way, _)) => way,
            None => self.ask(net, host, now).await,
        }
    }

    async fn ask(&self, net: &Net, host: &Host, now: DateTime<Utc>) -> Way {
        // Whatever is wrong with the server, the question that follows meets it as well and tells it.
        let Ok(software) = probe::ask(net, host).await else { return Way::Mastodon };
        let way = Way::of(software.api);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.retain(|_, (_, at)| now - *at < ASKED_EVERY);
        }
        if known.len() < MOST_REMEMBERED {
            known.insert(host.clone(), (way, now));
        }
        way
    }
}

/// A server and our way to it.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    pub net: &'a Net,
    pub ways: &'a Ways,
    pub host: &'a Host,
    pub token: Option<&'a SecretString>,
}

impl<'a> Server<'a> {
    pub async fn way(self, now: DateTime<Utc>) -> Way {
        self.ways.of(self.net, self.host, now).await
    }

    pub fn by_misskey(self) -> misskey::Server<'a> {
        misskey::Server { net: self.net, host: self.host, token: self.token }
    }

    /// An account and its newest statuses as this server shows them, by the way by which it was read before.
    ///
    /// # Errors
    /// As [`poll::read_account`] and [`misskey::Server::read_account`].
    pub async fn read_account(
        self,
        acct: &Acct,
        before: Before<'_>,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let way = match before.observation {
            Some(known) if misskey::has_read(known) => Way::Misskey,
            Some(_) => Way::Mastodon,
            None => self.way(now).await,
        };
        let read = self.read_account_by(way, acct, before, pages, now).await;
        // A server that has no such interface may have moved to other software.
        let is_strange = matches!(read, Err(PollError::NotAMastodonApi { .. } | PollError::NoLookup { .. }));
        if before.observation.is_none() || !is_strange {
            return read;
        }
        match self.way(now).await {
            other if other != way => self.read_account_by(other, acct, before, pages, now).await,
            _ => read,
        }
    }

    async fn read_account_by(
        self,
        way: Way,
        acct: &Acct,
        before: Before<'_>,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        match way {
            Way::Mastodon => {
                poll::read_account(self.net, acct, self.host, self.token, before, pages, now).await
            }
            Way::Misskey => self.by_misskey().read_account(acct, before, pages, now).await,
        }
    }

    /// The profile of an account as this server shows it.
    ///
    /// # Errors
    /// As [`profile::read_profile`] and [`misskey::Server::read_profile`].
    pub async fn read_profile(self, acct: &Acct, now: DateTime<Utc>) -> Result<Observation, PollError> {
        match self.way(now).await {
            Way::Mastodon => profile::read_profile(self.net, acct, self.host, self.token, now).await,
            Way::Misskey => self.by_misskey().read_profile(acct, now).await,
        }
    }

    /// Accounts that the server's own search finds; it is not asked to look elsewhere.
    ///
    /// # Errors
    /// As [`poll::search`] and [`misskey::Server::search`].
    pub async fn search(
        self,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
        match self.way(now).await {
            Way::Mastodon => poll::search(self.net, self.host, self.token, query).await,
            Way::Misskey => self.by_misskey().search(query, now).await,
        }
    }

    /// The newest accounts of the server's directory.
    ///
    /// # Errors
    /// As [`timeline::directory`]; [`PollError::Closed`] where the interface has none.
    pub async fn directory(self, now: DateTime<Utc>) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
        match self.way(now).await {
            Way::Mastodon => timeline::directory(self.net, self.host, self.token).await,
            Way::Misskey => Err(PollError::Closed {
                host: self.host.clone(),
                what: "its directory",
                to: "in no way that is read here",
                until: now + ASKED_EVERY,
            }),
        }
    }
}
