//! Harvest: one poll of one target, turned into what the store will hold.

mod account;
mod feed;
mod places;
mod timelines;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::clippings::Fresh;
use super::{Newsroom, targets};
use crate::config::OptOut;
use crate::model::account::{AccountId, Acct};
use crate::model::dossier::{Found, Method};
use crate::model::target::{Target, TargetRecord};
use crate::sources::PollError;
use crate::store::{Batch, Store, StoreError};

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
    /// The first trouble since a good poll: told once.
    pub is_new_trouble: bool,
    /// How many accounts the place may still lead to in each way, as far as that was counted.
    leads_left: BTreeMap<Method, usize>,
}

/// Leads of one place, found in one way, that were not read yet. A page that names other accounts each day would fill the store.
const OPEN_LEADS: usize = 200;
/// Accounts that one place ever led to in one way. What it names beyond that still counts as its word.
const FOUND_THROUGH: usize = 1_000;

/// A page that its server says is gone for good is asked for so often, in case somebody was wrong.
const GONE_FOR_GOOD_EVERY: Duration = Duration::days(1);

impl Harvest {
    /// A poll that brought nothing: the target is due again later, its trouble is told.
    pub fn failed(
        mut record: TargetRecord,
        trouble: &str,
        not_before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Harvest {
        let is_new_trouble = record.failures == 0;
        record.failures += 1;
        record.last_try = Some(now);
        record.trouble = Some(trouble.to_owned());
        record.due = targets::due_after_failure(&record.target, record.failures, not_before, now);
        let mut harvest = Harvest::of(&record.target);
        harvest.trouble = record.trouble.clone();
        harvest.is_new_trouble = is_new_trouble;
        harvest.batch.put_target(record);
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
            is_new_trouble: false,
            leads_left: BTreeMap::new(),
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
    fn lead(&mut self, store: &Store, opt_out: &OptOut, acct: Acct, found: Found) -> Result<(), StoreError> {
        if opt_out.has_account(&acct) {
            return Ok(());
        }
        let target = Target::Account { acct };
        if store.target(&target)?.is_none() && !self.new_accounts.contains(&target.to_string()) {
            let left = match self.leads_left.get(&found.method) {
                Some(left) => *left,
                None => leads_left(store, &found)?,
            };
            self.leads_left.insert(found.method, left.saturating_sub(1));
            if left == 0 {
                return Ok(());
            }
            self.new_accounts.push(target.to_string());
            self.batch.put_target(TargetRecord {
                found: Some(found.clone()),
                ..TargetRecord::new(target, found.at)
            });
        }
        Ok(())
    }
}

fn leads_left(store: &Store, lead: &Found) -> Result<usize, StoreError> {
    let targets = store.targets()?;
    let is_alike = |found: &Found| found.through == lead.through && found.method == lead.method;
    let open = targets.iter().filter_map(|record| record.found.as_ref()).filter(|found| is_alike(found));
    let open = open.count();
    let known = store.accounts()?.iter().filter(|account| is_alike(&account.found)).count();
    Ok(OPEN_LEADS.saturating_sub(open).min(FOUND_THROUGH.saturating_sub(open + known)))
}

/// Why a poll gave no harvest: the place it asked, or our own store.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Poll(#[from] PollError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Polls one target.
pub async fn poll(room: &Newsroom, record: TargetRecord, now: DateTime<Utc>) -> Harvest {
    let spare = record.clone();
    let outcome = match &record.target {
        Target::Account { acct } => account::poll(room, acct.clone(), record, now).await,
        Target::Page { url, kind, .. } => places::poll_page(room, url.clone(), *kind, record, now).await,
        Target::Webfinger { outlet, host } => {
            places::poll_host(room, outlet.clone(), host.clone(), record, now).await
        }
        Target::Search { server, outlet } => {
            places::poll_search(room, server.clone(), outlet.clone(), record, now).await
        }
        Target::Feed { publisher, url } => {
            feed::poll(room, publisher.clone(), url.clone(), record, now).await
        }
        Target::Timeline { server, scope } => {
            timelines::poll_timeline(room, server.clone(), *scope, record, now).await
        }
        Target::Tag { server, tag } => {
            timelines::poll_tag(room, server.clone(), tag.clone(), record, now).await
        }
        Target::Directory { server } => timelines::poll_directory(room, server.clone(), record, now).await,
    };
    match outcome {
        Ok(harvest) => harvest,
        Err(Fault::Poll(error)) => {
            let for_good = error.is_gone_for_good().then(|| now + GONE_FOR_GOOD_EVERY);
            Harvest::failed(spare, &error.to_string(), error.retry_at().or(for_good), now)
        }
        Err(Fault::Store(error)) => Harvest::failed(spare, &error.to_string(), None, now),
    }
}
