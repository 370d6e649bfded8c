//! Harvest: one poll of one target, turned into what the store will hold.
//!
//! A poll asks the network only, with what the store knew when the pass began; what it brought is turned into
//! changes later, together with that of other polls, by one visit to the store.

pub(super) mod account;
mod audience;
mod feed;
mod holders;
pub(super) mod leads;
mod linked;
mod places;
mod shown;
mod site;
mod threads;
mod timelines;
mod unnamed;

pub use shown::Shown;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration as RealDuration;

use chrono::{DateTime, Duration, Utc};
use futures_util::FutureExt as _;

use super::clippings::Fresh;
use super::due::worth::Worths;
use super::{Newsroom, due};
use crate::config::Config;
use crate::model::account::{AccountId, Acct};
use crate::model::dossier::{AccountRecord, Found};
use crate::model::item::FeedSight;
use crate::model::site::SiteSight;
use crate::model::target::{Cursor, Target, TargetRecord};
use crate::sources::PollError;
use crate::sources::threads::refusal::Refusal;
use crate::store::{Batch, Store, StoreError, unless_damaged};
use leads::Leads;

/// What one poll of one target yields: a batch to commit, and what to tell.
#[derive(Debug)]
pub struct Harvest {
    pub target: Target,
    pub batch: Batch,
    /// Accounts whose dossier changed.
    pub touched: Vec<AccountId>,
    /// An outlet's page or host changed: any account may be named by it now.
    pub proofs_changed: bool,
    /// What was never seen before, to be compared with all the rest.
    pub fresh: Fresh,
    pub new_statuses: usize,
    pub new_accounts: Vec<String>,
    pub trouble: Option<String>,
    /// The poll failed; otherwise a trouble is something odd about a place that answers.
    pub has_failed: bool,
    /// The first trouble since a good poll: told once.
    pub is_new_trouble: bool,
    /// An account goes by another address now, and the records of others may have changed with it.
    pub has_renamed: bool,
    leads: Leads,
}

/// One target may hold up a pass this long, in real time: three pages at their slowest.
const POLL_WITHIN: RealDuration = RealDuration::from_secs(90);

/// A page that its server says is gone for good is asked for so often, in case somebody was wrong.
const GONE_FOR_GOOD_EVERY: Duration = Duration::days(1);

impl Harvest {
    /// A poll that brought nothing: the target is due again later, its trouble is told.
    fn failed(
        mut record: TargetRecord,
        trouble: &str,
        not_before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Harvest {
        let is_new_trouble = record.failures == 0;
        record.failures += 1;
        record.last_try = Some(now);
        record.trouble = Some(trouble.to_owned());
        record.due = due::after_failure(&record.target, record.failures, not_before, now);
        let mut harvest = Harvest::of(&record.target);
        harvest.trouble = record.trouble.clone();
        harvest.has_failed = true;
        harvest.is_new_trouble = is_new_trouble;
        harvest.batch.put_target(record);
        harvest
    }

    /// A target whose turn has not come: nothing is wrong with it by itself, and health tells what it waits for.
    fn put_off(record: TargetRecord, why: Option<String>, until: DateTime<Utc>) -> Harvest {
        let mut harvest = Harvest::of(&record.target);
        harvest.batch.put_target(TargetRecord { due: until, trouble: why, ..record });
        harvest
    }

    fn of(target: &Target) -> Harvest {
        Harvest {
            target: target.clone(),
            batch: Batch::default(),
            touched: Vec::new(),
            proofs_changed: false,
            fresh: Fresh::default(),
            new_statuses: 0,
            new_accounts: Vec::new(),
            trouble: None,
            has_failed: false,
            is_new_trouble: false,
            has_renamed: false,
            leads: Leads::default(),
        }
    }

    /// Writes the target as well polled and due at `due`.
    fn polled(&mut self, record: TargetRecord, due: DateTime<Utc>, now: DateTime<Utc>) {
        self.polled_with(record, None, due, now);
    }

    /// The same with what is odd about the place although it answers: a 200 is not health.
    fn polled_with(
        &mut self,
        record: TargetRecord,
        complaint: Option<String>,
        due: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        self.is_new_trouble = complaint.is_some() && complaint != record.trouble;
        self.trouble = complaint.clone();
        let good = TargetRecord {
            due,
            last_try: Some(now),
            last_ok: Some(now),
            failures: 0,
            trouble: complaint,
            ..record
        };
        self.batch.put_target(good);
    }

    /// Takes up an account that some place showed, unless it is polled already or asked to be left alone.
    fn lead(&mut self, store: &Store, config: &Config, acct: Acct, found: Found) -> Result<(), StoreError> {
        if let Some(record) = self.leads.take(store, config, Target::Account { acct }, found)? {
            self.new_accounts.push(record.target.to_string());
            self.batch.put_target(record);
        }
        Ok(())
    }
}

/// What a poll has to know from the store before it asks, as far as its kind of target has that.
#[derive(Debug, Default)]
pub struct Known {
    /// Where the last poll left off.
    cursor: Cursor,
    account: Option<AccountRecord>,
    feed: Option<FeedSight>,
    site: Option<SiteSight>,
    /// What was noted: who may see the timelines of the server, or which names were searched for.
    access: Option<String>,
    /// What a poll of an account must be worth.
    worths: Arc<Worths>,
    suspect: Option<audience::Suspect>,
}

impl Known {
    /// As it is when a pass begins; by the time the poll is written, others may have written too.
    pub fn of(store: &Store, target: &Target, worths: Arc<Worths>) -> Result<Known, StoreError> {
        let cursor = unless_damaged(store.cursor(target))?.unwrap_or_default();
        let mut known = Known { cursor, worths, ..Known::default() };
        match target {
            Target::Account { acct } => {
                known.account = unless_damaged(store.account_by_acct(acct))?;
                known.suspect = audience::suspect(store, known.account.as_ref())?;
            }
            Target::Feed { url, .. } => known.feed = unless_damaged(store.feed(url))?,
            Target::Site { url } => known.site = unless_damaged(store.site(url))?,
            Target::Timeline { server, .. } | Target::Tag { server, .. } => {
                known.access = unless_damaged(store.note(&timelines::access_note(server)))?;
            }
            Target::Keyword { outlet } => {
                known.access = unless_damaged(store.note(&threads::turn_note(outlet)))?;
            }
            _ => {}
        }
        Ok(known)
    }
}

/// What is left to do in the store with what a poll brought.
type Write = Box<dyn FnOnce(&Store) -> Result<Harvest, StoreError> + Send>;

/// Why a poll gave no harvest.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Poll(#[from] PollError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a defect of this program: its source panicked")]
    Panicked,
    #[error("took longer than {} s", POLL_WITHIN.as_secs())]
    TooSlow,
}

/// A poll that is over, and of which the store knows nothing yet.
pub struct Polled {
    record: TargetRecord,
    outcome: Result<Write, Fault>,
    now: DateTime<Utc>,
}

/// Polls one target. A panic in a source is a failed poll.
pub async fn poll(room: &Newsroom, record: TargetRecord, known: Known, now: DateTime<Utc>) -> Polled {
    let spare = record.clone();
    // Parsers work on threads of their own.
    let _work = room.config.clock.work();
    let asked = AssertUnwindSafe(ask(room, record, known, now)).catch_unwind();
    let outcome = match tokio::time::timeout(POLL_WITHIN, asked).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Fault::Panicked),
        Err(_) => Err(Fault::TooSlow),
    };
    Polled { record: spare, outcome, now }
}

async fn ask(
    room: &Newsroom,
    record: TargetRecord,
    mut known: Known,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    match record.target.clone() {
        Target::Account { acct } => {
            let suspect = known.suspect.take();
            let write = account::poll(room, acct, known, record, now).await?;
            Ok(audience::beside(room, suspect, write, now).await)
        }
        Target::Unnamed { id } => unnamed::poll(room, id, record, now).await,
        Target::Page { url, kind, .. } => places::poll_page(room, url, kind, record, now).await,
        Target::Site { url } => site::poll(room, url, known.site, record, now).await,
        Target::Webfinger { outlet, host } => places::poll_host(room, outlet, host, record, now).await,
        Target::Handle { host, .. } => places::poll_handle(room, host, record, now).await,
        Target::Search { server, outlet } => places::poll_search(room, server, outlet, record, now).await,
        Target::Feed { publisher, url } => feed::poll(room, publisher, url, known.feed, record, now).await,
        Target::Timeline { server, scope } => {
            timelines::poll_timeline(room, server, scope, known, record, now).await
        }
        Target::Tag { server, tag } => {
            timelines::poll_tag(room, server, tag, known.access, record, now).await
        }
        Target::Directory { server } => timelines::poll_directory(room, server, record, now).await,
        Target::Keyword { outlet } => threads::poll_keyword(room, outlet, known, record, now).await,
        Target::ThreadsToken => threads::poll_token(room, record, now).await,
    }
}

impl std::fmt::Debug for Polled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fault = self.outcome.as_ref().err();
        f.debug_struct("Polled").field("record", &self.record).field("fault", &fault).finish_non_exhaustive()
    }
}

impl Polled {
    pub fn is_of_account(&self) -> bool {
        matches!(self.record.target, Target::Account { .. })
    }

    /// What changes with it. Another panic, or changes that no record holds, are a failed poll as well.
    pub fn harvest(self, store: &Store) -> Harvest {
        let Polled { record, outcome, now } = self;
        let fault = match outcome.map(|write| std::panic::catch_unwind(AssertUnwindSafe(|| write(store)))) {
            Ok(Ok(Ok(harvest))) => match harvest.batch.check() {
                Ok(()) => return harvest,
                Err(error) => Fault::Store(error),
            },
            Ok(Ok(Err(error))) => Fault::Store(error),
            Ok(Err(_)) => Fault::Panicked,
            Err(fault) => fault,
        };
        if matches!(fault, Fault::Panicked) {
            tracing::error!(target = %record.target, "a source panicked while it was polled");
        }
        if let Fault::Poll(PollError::Threads(refusal)) = &fault
            && record.target != Target::ThreadsToken
            && let Some(until) = refusal.of_all()
        {
            let why = (!matches!(refusal, Refusal::Spent { .. })).then(|| refusal.to_string());
            return Harvest::put_off(record, why, until);
        }
        let not_before = match &fault {
            Fault::Poll(error) => {
                let for_good = error.is_gone_for_good().then(|| now + GONE_FOR_GOOD_EVERY);
                error.retry_at().or(for_good)
            }
            _ => None,
        };
        Harvest::failed(record, &fault.to_string(), not_before, now)
    }
}
