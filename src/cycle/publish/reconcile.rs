//! Reconciliation: after a lost or restored store, compares what the ledger says with what stands there.

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::said::SaidBefore;
use super::strangers;
use crate::cycle::Newsroom;
use crate::cycle::home::at_home;
use crate::cycle::press::Press;
use crate::model::digest::{DigestRecord, DigestState};
use crate::model::finding::Finding;
use crate::model::record::{Entry, LedgerMark, Record};
use crate::publish::receipt::OwnStatus;
use crate::store::{Batch, Store, StoreError};

/// Our posts are looked up so far back.
const LOOK_BACK: Duration = Duration::days(400);

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileReport {
    /// Why publishing was off; `None` = store and ledger were in step.
    pub safe_mode: Option<String>,
    pub posts: Vec<PostCheck>,
    /// Posts of ours that link to our pages and are in no record.
    pub unknown: Vec<String>,
    /// Why the server could not be asked.
    pub not_asked: Option<String>,
    /// Of these, posts of digests that nothing here knew, taken into the ledger.
    pub adopted: Vec<String>,
    /// Findings taken as said, because a post in the ledger names their account.
    pub taken_as_said: Vec<String>,
    /// Digests under way that were closed, because the ledger no longer tells what was posted of them.
    pub cut_short: Vec<u32>,
    pub is_reconciled: bool,
}

/// One post of the ledger, looked up on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCheck {
    pub digest: u32,
    pub part: u32,
    pub url: String,
    /// Whether it still stands; `None` = the server could not be asked.
    pub stands: Option<bool>,
}

/// Compares; with `by` also takes the store as good and ends safe mode.
pub async fn reconcile(
    room: &Newsroom,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<ReconcileReport> {
    let mut press = room.press.lock().await;
    let own = own(room, &mut press, now).await;
    let mut report = compare(room, &press, &own);
    let Some(by) = by.filter(|_| press.safe_mode().is_some()) else { return Ok(report) };
    let _bench = room.bench.lock().await;
    press.start_over_if_broken(&room.store, now)?;
    report.adopted = strangers::adopt(room, &mut press, own.as_deref().unwrap_or_default(), now)?;
    report.cut_short = end_cut_short(room, &mut press, now).await?;
    press.reconciled(&room.store, by, now).context("end safe mode")?;
    let said = SaidBefore::read(&press)?;
    let taken = room.store.run(move |store| take_as_said(store, &said)).await;
    report.taken_as_said = taken.context("mark what was said")?;
    report.is_reconciled = true;
    Ok(report)
}

/// Closes digests with which nobody may go on: what stands of them stands, the rest is on the pages.
async fn end_cut_short(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> anyhow::Result<Vec<u32>> {
    let records = cut_short(&room.store, press.entries()).context("read what is under way")?;
    let mut batch = Batch::default();
    let mut numbers = Vec::new();
    for record in records {
        let (digest, rev) = (record.digest.number, record.digest.rev);
        press.append(now, Record::Closed { digest, rev, complete: false })?;
        numbers.push(digest.0);
        batch.put_digest(DigestRecord { state: DigestState::Closed { at: now }, ..record });
    }
    room.store.run(move |store| store.commit(batch)).await.context("close what was under way")?;
    Ok(numbers)
}

/// Reads our posts back, or tells why that cannot be done.
async fn own(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> Result<Vec<OwnStatus>, String> {
    if let Err(trouble) = strangers::at_home(room, press).await
        && room.at_home.lock().await.is_none()
    {
        return Err(trouble.to_string());
    }
    let at_home = at_home(room).await.map_err(|trouble| trouble.to_string())?;
    at_home.outbox.own_since(now - LOOK_BACK).await.map_err(|error| error.to_string())
}

/// Lays our posts beside the ledger's.
fn compare(room: &Newsroom, press: &Press, own: &Result<Vec<OwnStatus>, String>) -> ReconcileReport {
    let posted: Vec<Posted> = press.entries().iter().filter_map(posted).collect();
    // The server gives the newest few hundred: what is older than those was not looked up.
    let oldest = own.iter().flatten().filter_map(|status| status.created_at).min();
    let stands = |post: &Posted| {
        let is_there = own.as_ref().ok()?.iter().any(|status| status.id == post.id);
        let is_in_reach = oldest.is_some_and(|oldest| post.at >= oldest);
        (is_there || is_in_reach).then_some(is_there)
    };
    let pages = room.config.web.public_url.as_ref();
    let pages = pages.map(|url| format!("{}/d/", url.as_str().trim_end_matches('/')));
    let unknown = own.iter().flatten().filter(|status| {
        let links_to_us = |pages: &String| status.links.iter().any(|link| link.starts_with(pages));
        pages.as_ref().is_some_and(links_to_us) && !posted.iter().any(|post| post.id == status.id)
    });
    ReconcileReport {
        safe_mode: press.safe_mode().map(str::to_owned),
        unknown: unknown.map(|status| status.url.clone().unwrap_or_else(|| status.uri.clone())).collect(),
        posts: posted.iter().map(|post| PostCheck { stands: stands(post), ..post.check.clone() }).collect(),
        not_asked: own.as_ref().err().cloned(),
        adopted: Vec::new(),
        taken_as_said: Vec::new(),
        cut_short: Vec::new(),
        is_reconciled: false,
    }
}

/// A post as the ledger has it.
struct Posted {
    check: PostCheck,
    id: String,
    at: DateTime<Utc>,
}

fn posted(entry: &Entry) -> Option<Posted> {
    let Record::Posted { digest, part, id, uri, url, .. } = &entry.record else { return None };
    let url = url.clone().unwrap_or_else(|| uri.clone());
    let check = PostCheck { digest: digest.0, part: *part, url, stands: None };
    Some(Posted { check, id: id.clone(), at: entry.at })
}

/// The digests that the store has under way while the ledger lacks some of what the store has taken over:
/// whoever went on with them could post a part twice.
fn cut_short(store: &Store, entries: &[Entry]) -> Result<Vec<DigestRecord>, StoreError> {
    let is_whole =
        |mark: LedgerMark| entries.iter().any(|entry| (entry.seq, &entry.hash) == (mark.seq, &mark.hash));
    if store.ledger_mark()?.is_none_or(is_whole) {
        return Ok(Vec::new());
    }
    let digests = store.digests()?;
    Ok(digests.into_iter().filter(|record| record.state == DigestState::Posting).collect())
}

/// Marks the findings of an older store that were said already.
fn take_as_said(store: &Store, said: &SaidBefore) -> Result<Vec<String>, StoreError> {
    let mut batch = Batch::default();
    let marked: Vec<Finding> = store.findings()?.iter().filter_map(|finding| said.mark(finding)).collect();
    let lines = marked.iter().map(|finding| format!("{} {}", finding.id, finding.statement.acct)).collect();
    marked.into_iter().for_each(|finding| batch.put_finding(finding));
    store.commit(batch)?;
    Ok(lines)
}
