//! Collection: polls what is due and writes what was seen, each target by itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _, stream};

use super::clippings::{Compared, Fresh};
use super::due::worth::Worths;
use super::harvest::{Harvest, Known, Polled};
use super::listen::CaughtUp;
use super::targets::{self, Pacing};
use super::{Newsroom, due, harvest, judge, threads};
use crate::model::account::AccountId;
use crate::model::proof::PageKind;
use crate::model::target::{Target, TargetRecord};
use crate::sources::threads::Desk;
use crate::store::{Batch, Store, StoreError};

/// Polls under way at once; the network floor allows as many requests.
const AT_ONCE: usize = 16;

/// A poll that is over waits no longer than this for the next one before both are written, in real time.
const NO_LONGER: Duration = Duration::from_millis(250);

/// A commit of so many changes is large enough: it is held in memory, and others wait for it.
const LARGE_BATCH: usize = 500;

/// What a pass did, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CollectReport {
    pub polled: usize,
    /// How many of them could not be read.
    pub failed: usize,
    pub new_statuses: usize,
    pub new_accounts: Vec<String>,
    pub raised: Vec<String>,
    /// Targets that could not be read, and why.
    pub troubles: Vec<(String, String)>,
    /// What the stream of new posts brought, where it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<CaughtUp>,
}

impl CollectReport {
    /// The sum of two passes.
    pub fn add(&mut self, other: CollectReport) {
        self.polled += other.polled;
        self.failed += other.failed;
        self.new_statuses += other.new_statuses;
        self.new_accounts.extend(other.new_accounts);
        self.raised.extend(other.raised);
        self.troubles.extend(other.troubles);
        self.stream = self.stream.take().or(other.stream);
    }
}

/// One pass over everything that is due at `now`, then judgement of what it touched.
///
/// A failure belongs to one target: it is written into that target's record. An error of this
/// function is the store's.
pub async fn pass(room: &Newsroom, pacing: Pacing, now: DateTime<Utc>) -> anyhow::Result<CollectReport> {
    pass_until(room, pacing, now, std::future::pending()).await
}

/// The same, but nothing more is polled once `enough` is done: what came by then is written and judged, and
/// the other targets stay due.
pub async fn pass_until(
    room: &Newsroom,
    pacing: Pacing,
    now: DateTime<Utc>,
    enough: impl Future<Output = ()>,
) -> anyhow::Result<CollectReport> {
    let due = due_targets(room, pacing, now).await?;
    let mut report = CollectReport { polled: due.len(), ..CollectReport::default() };
    let mut touched = Touched::default();
    let mut fresh = Fresh::default();
    {
        let polls = stream::iter(due).map(|(record, known)| harvest::poll(room, record, known, now));
        // Those under way when it is enough are dropped before judgement.
        let mut polls = std::pin::pin!(polls.buffer_unordered(AT_ONCE).take_until(enough));
        while let Some(polled) = gather(&mut polls).await {
            let desk = room.threads.clone();
            let written = room.store.run(move |store| write(store, polled, &desk)).await;
            room.vitals.polled();
            for harvest in written.context("write what polls saw")? {
                tell(&harvest, &mut report, &mut touched);
                fresh.extend(harvest.fresh);
            }
        }
    }
    touched.ids.extend(compare(room, fresh, now).await?);
    report.raised = judge::pass(room, touched.accounts(), now).await?;
    room.vitals.collected(&report);
    tracing::debug!(polled = report.polled, new_statuses = report.new_statuses, "a pass is over");
    Ok(report)
}

/// The polls that end shortly one after another, to be written together; `None` = all have ended.
async fn gather(polls: &mut (impl Stream<Item = Polled> + Unpin)) -> Option<Vec<Polled>> {
    let mut gathered = vec![polls.next().await?];
    while gathered.len() < AT_ONCE {
        match tokio::time::timeout(NO_LONGER, polls.next()).await {
            Ok(Some(polled)) => gathered.push(polled),
            Ok(None) | Err(_) => break,
        }
    }
    Some(gathered)
}

/// Writes what some polls brought, each cursor in one commit with its items.
fn write(store: &Store, polled: Vec<Polled>, desk: &Desk) -> Result<Vec<Harvest>, StoreError> {
    let mut harvests = Vec::new();
    let mut batch = Batch::default();
    // Items and leads are kept as they came first, so whoever may bring the same has to see them in the store; and so
    // does whoever has the address that another one had.
    let mut brings_news = false;
    let mut has_renamed = false;
    for polled in polled {
        if batch.len() >= LARGE_BATCH || has_renamed || (brings_news && !polled.is_of_account()) {
            store.commit(std::mem::take(&mut batch))?;
            brings_news = false;
        }
        let mut harvest = polled.harvest(store);
        batch.extend(std::mem::take(&mut harvest.batch));
        has_renamed = harvest.has_renamed;
        brings_news |= !harvest.fresh.items.is_empty() || !harvest.new_accounts.is_empty();
        harvests.push(harvest);
    }
    // What was asked counts over a restart, and a kill forgets what was under way at most.
    threads::keep(desk, &mut batch);
    store.commit(batch)?;
    Ok(harvests)
}

/// Compares what is new with everything else and writes what is alike; the accounts that this concerns.
pub(super) async fn compare(
    room: &Newsroom,
    fresh: Fresh,
    now: DateTime<Utc>,
) -> anyhow::Result<BTreeSet<AccountId>> {
    if fresh.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut clippings = room.clippings.clone().lock_owned().await;
    let config = room.config.clone();
    let compared = room.store.run(move |store| {
        let Compared { mut batch, accounts } = clippings.take(store, fresh, &config)?;
        // Another loop may be writing these.
        due::sooner(store, accounts.iter(), now)?.iter().for_each(|it| batch.make_due(&it.target, it.due));
        store.commit(batch)?;
        Ok::<_, StoreError>(accounts)
    });
    compared.await.context("compare what was read")
}

/// Brings the targets in line with the configuration and returns those that are due, longest first, with what
/// their polls have to know.
async fn due_targets(
    room: &Newsroom,
    pacing: Pacing,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(TargetRecord, Known)>> {
    let config = room.config.clone();
    let due = room.store.run(move |store| {
        let mut known = store.targets()?;
        let accounts = store.accounts()?;
        let sites = targets::sites::of(store, &config, &accounts)?;
        let plan = targets::plan(&config, &accounts, sites, &known, pacing, now);
        let mut batch = Batch::default();
        plan.add.into_iter().for_each(|record| batch.put_target(record));
        plan.remove.iter().for_each(|target| forget(target, &mut batch));
        if !batch.is_empty() {
            store.commit(batch)?;
            known = store.targets()?;
        }
        // What comes due soon goes with what is due, not before it.
        if !known.iter().any(|record| due::is_overdue(record, now)) {
            return Ok(Vec::new());
        }
        let worths = Arc::new(Worths::of(&known));
        let mut due: Vec<_> = known.into_iter().filter(|record| due::is_due(record, now)).collect();
        due.sort_by_key(|record| record.due);
        let with_known = due.iter().map(|record| {
            let known = Known::of(store, &record.target, worths.clone())?;
            Ok(((**record).clone(), known))
        });
        with_known.collect::<Result<Vec<_>, StoreError>>()
    });
    due.await.context("read what is due")
}

/// A page below a front page goes with its target: profiles can link to other ones every day. So does the site of an
/// account that is under no suspicion any more, and what an outlet's front page said of its makers.
fn forget(target: &Target, batch: &mut Batch) {
    batch.remove_target(target);
    match target {
        Target::Page { url, kind: PageKind::Deep, .. } => batch.remove_page(url),
        Target::Page { url, kind: PageKind::Home, .. } | Target::Site { url } => batch.remove_site(url),
        _ => {}
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
    report.failed += usize::from(harvest.has_failed);
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
