//! What sifted events change in the store: statuses of known accounts, and leads to others, together with the position.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use tokio::sync::OwnedMutexGuard;

use super::position::Position;
use super::sift::{News, Sifted};
use crate::analysis::sieve::Reason;
use crate::config::Config;
use crate::cycle::clippings::Clippings;
use crate::cycle::harvest::account::statuses::{first_sight, seen_again};
use crate::cycle::harvest::leads::Leads;
use crate::model::account::AccountId;
use crate::model::dossier::{AccountRecord, Found, Method};
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::target::Target;
use crate::sources::jetstream::HOST;
use crate::store::{Store, StoreError, unless_damaged};

/// People who name or link an outlet are many, and few of them are its accounts: so many of them in an hour of the
/// stream are looked at.
const NAMERS_AN_HOUR: u32 = 5;
/// Whose posts come within this time of our first look may have been there for long.
const FIRST_LOOK: Duration = Duration::days(1);

/// How many who only name an outlet were taken up in which hour of the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Namers {
    hour: Option<DateTime<Utc>>,
    taken: u32,
}

impl Namers {
    fn may_take(&mut self, at: DateTime<Utc>) -> bool {
        let hour = at.duration_trunc(Duration::hours(1)).ok();
        if hour != self.hour {
            (self.hour, self.taken) = (hour, 0);
        }
        self.taken < NAMERS_AN_HOUR
    }
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Whose statuses are others now.
    pub touched: BTreeSet<AccountId>,
    /// Statuses never seen before, to be compared with all the rest.
    pub fresh: Vec<(AccountId, SeenStatus)>,
    pub statuses: usize,
    /// Where the stream leads.
    pub leads: Vec<String>,
    /// Something is due that was not.
    pub is_due: bool,
}

pub(super) fn write(
    store: &Store,
    config: &Config,
    clippings: Option<OwnedMutexGuard<Clippings>>,
    mut sifted: Sifted,
    position: Position,
    namers: &mut Namers,
    now: DateTime<Utc>,
) -> Result<Written, StoreError> {
    if let Some(mut clippings) = clippings {
        for (id, at, text, reason) in sifted.suspects.drain(..) {
            let copies = clippings.carries(store, &text, &config.watchlist)?.map(|_| Reason::Copies);
            sifted.leads.extend(copies.or(reason).map(|reason| (id, at, reason)));
        }
    }
    let mut written = Written::default();
    let mut batch = position.noted();
    let mut pending = Pending { store, statuses: BTreeMap::new(), written: &mut written };
    for (account, at, news) in &sifted.news {
        match news {
            News::Changed => {
                batch.make_due(&Target::Account { acct: account.acct.clone() }, now);
                pending.written.is_due = true;
            }
            news => pending.status(account, *at, news)?,
        }
    }
    let statuses = pending.statuses;
    for ((id, _), seen) in statuses {
        batch.put_status(&id, seen);
    }
    for rejected in sifted.rejected.drain(..) {
        batch.put_rejected(HOST.as_str(), now, rejected);
    }
    // Copies first, those who only name an outlet last.
    sifted.leads.sort_by_key(|(_, at, reason)| (*reason, *at));
    let mut leads = Leads::default();
    for (id, at, reason) in sifted.leads {
        if reason == Reason::Names && !namers.may_take(at) {
            continue;
        }
        let record = leads.take(store, config, Target::Unnamed { id }, found(reason, at, &position))?;
        if let Some(mut record) = record {
            namers.taken += u32::from(reason == Reason::Names);
            (record.added_at, record.due) = (now, now);
            written.is_due = true;
            written.leads.push(record.target.to_string());
            batch.put_target(record);
        }
    }
    store.commit(batch)?;
    Ok(written)
}

/// How the stream leads to an account: one that shows itself anew is new, of the others nobody knows.
fn found(reason: Reason, at: DateTime<Utc>, position: &Position) -> Found {
    // Many name outlets: they must not use up the room of those who copy them.
    let method = if reason == Reason::Names { Method::Mention } else { Method::Stream };
    let background = reason != Reason::BearsName && at - position.begun < FIRST_LOOK;
    Found { at, method, through: HOST.to_string(), background }
}

/// Statuses as they will be, in the order in which things happened to them.
struct Pending<'a> {
    store: &'a Store,
    statuses: BTreeMap<(AccountId, StatusUri), SeenStatus>,
    written: &'a mut Written,
}

impl Pending<'_> {
    fn status(&mut self, account: &AccountRecord, at: DateTime<Utc>, news: &News) -> Result<(), StoreError> {
        // Of an account that was not read completely, everything is still to be read.
        if account.last_complete_poll.is_none() {
            return Ok(());
        }
        let uri = match news {
            News::Posted(status) | News::Edited(status) => &status.uri,
            News::Deleted(uri) => uri,
            News::Changed => return Ok(()),
        };
        let key = (account.id.clone(), uri.clone());
        let known = match self.statuses.get(&key) {
            Some(known) => Some(known.clone()),
            None => unless_damaged(self.store.status(&account.id, uri))?,
        };
        let Some(seen) = after(known.as_ref(), account, at, news) else { return Ok(()) };
        if known.is_none() {
            self.written.statuses += 1;
            self.written.fresh.push((account.id.clone(), seen.clone()));
        }
        self.written.touched.insert(account.id.clone());
        self.statuses.insert(key, seen);
        Ok(())
    }
}

/// A status after something happened to it; `None` where that is known, or older than what is known.
fn after(
    known: Option<&SeenStatus>,
    account: &AccountRecord,
    at: DateTime<Utc>,
    news: &News,
) -> Option<SeenStatus> {
    match (known, news) {
        (None, News::Posted(status) | News::Edited(status)) => {
            Some(first_sight(status, None, account.last_complete_poll, false, at))
        }
        (Some(known), News::Deleted(_)) => {
            known.removed_at.is_none().then(|| SeenStatus { removed_at: Some(at), ..known.clone() })
        }
        (Some(known), News::Edited(status)) => {
            let newest = known.versions.iter().map(|version| version.seen_at).max();
            let is_news = newest.max(known.removed_at).max(Some(known.first_seen)) < Some(at);
            is_news.then(|| seen_again(known, status, at)).flatten()
        }
        // It was there before; a deletion that is newer stands.
        (Some(known), News::Posted(_)) => {
            let is_back = known.removed_at.is_some_and(|removed| removed < at);
            is_back.then(|| SeenStatus { removed_at: None, ..known.clone() })
        }
        (None, News::Deleted(_)) | (_, News::Changed) => None,
    }
}
