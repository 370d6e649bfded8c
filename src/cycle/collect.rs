//! Collection: polls what is due and writes what was seen, each target by itself.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::clippings::{Compared, Fresh};
use super::harvest::Harvest;
use super::targets::{self, Pacing};
use super::{Newsroom, harvest, judge};
use crate::model::account::AccountId;
use crate::model::proof::PageKind;
use crate::model::target::{Target, TargetRecord};
use crate::store::{Batch, StoreError};

/// Polls under way at once; the network floor allows as many requests.
const AT_ONCE: usize = 16;

/// One target may hold up a pass this long, in real time: three pages at their slowest.
const POLL_WITHIN: Duration = Duration::from_secs(90);

/// What a pass did, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CollectReport {
    pub polled: usize,
    pub new_statuses: usize,
    pub new_accounts: Vec<String>,
    pub raised: Vec<String>,
    /// Targets that could not be read, and why.
    pub troubles: Vec<(String, String)>,
}

impl CollectReport {
    /// The sum of two passes.
    pub fn add(&mut self, other: CollectReport) {
        self.polled += other.polled;
        self.new_statuses += other.new_statuses;
        self.new_accounts.extend(other.new_accounts);
        self.raised.extend(other.raised);
        self.troubles.extend(other.troubles);
    }
}

/// One pass over everything that is due at `now`, then judgement of what it touched.
///
/// A failure belongs to one target: it is written into that target's record. An error of this
/// function is the store's.
pub async fn pass(room: &Newsroom, pacing: Pacing, now: DateTime<Utc>) -> anyhow::Result<CollectReport> {
    let due = due_targets(room, pacing, now).await?;
    let mut report = CollectReport { polled: due.len(), ..CollectReport::default() };
    let mut touched = Touched::default();
    let mut polls = stream::iter(due).map(|record| poll(room, record, now)).buffer_unordered(AT_ONCE);
    let mut fresh = Fresh::default();
    while let Some(mut harvest) = polls.next().await {
        tell(&harvest, &mut report, &mut touched);
        fresh.extend(std::mem::take(&mut harvest.fresh));
        let batch = harvest.batch;
        room.store.run(move |store| store.commit(batch)).await.context("write what a poll saw")?;
    }
    drop(polls);
    touched.ids.extend(compare(room, fresh, now).await?);
    report.raised = judge::pass(room, touched.accounts(), now).await?;
    Ok(report)
}

/// Compares what is new with everything else and writes what is alike; the accounts that this concerns.
async fn compare(room: &Newsroom, fresh: Fresh, now: DateTime<Utc>) -> anyhow::Result<BTreeSet<AccountId>> {
    if fresh.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut clippings = room.clippings.clone().lock_owned().await;
    let config = room.config.clone();
    let compared = room.store.run(move |store| {
        let Compared { mut batch, accounts } = clippings.take(store, fresh, &config)?;
        targets::sooner(store, accounts.iter(), now)?.into_iter().for_each(|record| batch.put_target(record));
        store.commit(batch)?;
        Ok::<_, StoreError>(accounts)
    });
    compared.await.context("compare what was read")
}

/// Brings the targets in line with the configuration and returns those that are due, longest first.
async fn due_targets(
    room: &Newsroom,
    pacing: Pacing,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<TargetRecord>> {
    let config = room.config.clone();
    let due = room.store.run(move |store| {
        let mut known = store.targets()?;
        let plan = targets::plan(&config, &store.accounts()?, &known, pacing, now);
        let mut batch = Batch::default();
        plan.add.into_iter().for_each(|record| batch.put_target(record));
        plan.remove.iter().for_each(|target| forget(target, &mut batch));
        if !batch.is_empty() {
            store.commit(batch)?;
            known = store.targets()?;
        }
        let mut due: Vec<TargetRecord> =
            known.into_iter().filter(|record| targets::is_due(record, now)).collect();
        due.sort_by_key(|record| record.due);
        Ok::<_, StoreError>(due)
    });
    due.await.context("read what is due")
}

/// A page below a front page goes with its target: profiles can link to other ones every day.
fn forget(target: &Target, batch: &mut Batch) {
    batch.remove_target(target);
    if let Target::Page { url, kind: PageKind::Deep, .. } = target {
        batch.remove_page(url);
    }
}

/// Polls one target. A panic in a source is a failed poll, not the end of the pass.
async fn poll(room: &Newsroom, record: TargetRecord, now: DateTime<Utc>) -> Harvest {
    let spare = record.clone();
    // Parsers work on threads of their own.
    let _work = room.config.clock.work();
    let polled = AssertUnwindSafe(harvest::poll(room, record, now)).catch_unwind();
    match tokio::time::timeout(POLL_WITHIN, polled).await {
        Ok(Ok(harvest)) => match harvest.batch.check() {
            Ok(()) => harvest,
            Err(error) => Harvest::failed(spare, &error.to_string(), None, now),
        },
        Ok(Err(_)) => {
            tracing::error!(target = %spare.target, "a source panicked while it was polled");
            Harvest::failed(spare, "a defect of this program: its source panicked", None, now)
        }
        Err(_) => {
            let trouble = format!("took longer than {} s", POLL_WITHIN.as_secs());
            Harvest::failed(spare, &trouble, None, now)
        }
    }
}

/// Whose dossiers a pass changed.
#[derive(Debug, Default)]
struct Touched {
    ids: BTreeSet<AccountId>,
    /// A page or host of an outlet says something else than before.
    proofs: bool,
}

impl Touched {
    /// The accounts to judge; `None` = all, since any of them may be named by a changed page.
    fn accounts(self) -> Option<BTreeSet<AccountId>> {
        (!self.proofs).then_some(self.ids)
    }
}

fn tell(harvest: &Harvest, report: &mut CollectReport, touched: &mut Touched) {
    touched.ids.extend(harvest.touched.iter().cloned());
    touched.proofs |= harvest.proofs_changed;
    report.new_statuses += harvest.new_statuses;
    report.new_accounts.extend(harvest.new_accounts.iter().cloned());
    if let Some(trouble) = &harvest.trouble {
        if harvest.is_new_trouble {
            tracing::warn!(target = %harvest.target, %trouble, "could not be read");
        }
        report.troubles.push((harvest.target.to_string(), trouble.clone()));
    } else {
        tracing::debug!(target = %harvest.target, new_statuses = harvest.new_statuses, "read");
    }
}
