//! Reconciliation: after a lost or restored store, compares what the ledger says with what stands there.

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::said::SaidBefore;
use super::strangers;
use crate::cycle::Newsroom;
use crate::cycle::home::{HomeTrouble, at_home};
use crate::cycle::press::Press;
use crate::cycle::speaker::{Claimant, author};
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
    /// Why the account that we are logged in as cannot look: it is not the one that posted.
    pub wrong_account: Option<String>,
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
    /// Whose it is, where that is not the account that posts now: such a post is not looked up.
    pub author: Option<String>,
}

/// Compares; with `by` also takes the store as good and ends safe mode.
pub async fn reconcile(
    room: &Newsroom,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<ReconcileReport> {
    let mut press = room.press.lock().await;
    let own = own(room, &mut press, now).await;
    let who = room.at_home.lock().await.as_ref().map(|at_home| at_home.seen.who.clone());
    let mut report = compare(room, &press, &own, who.as_ref());
    let is_wanted = press.safe_mode().is_some() && report.wrong_account.is_none();
    let Some(by) = by.filter(|_| is_wanted) else { return Ok(report) };
    let _bench = room.bench.lock().await;
    press.start_over_if_broken(&room.store, now)?;
    let own = own.unwrap_or_default();
    report.adopted = strangers::adopt(room, &mut press, &own, who.as_ref(), now)?;
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

/// Why our posts were not read back.
enum NotRead {
    NotAsked(String),
    WrongAccount(String),
}

/// Reads our posts back, or tells why that cannot be done.
async fn own(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> Result<Vec<OwnStatus>, NotRead> {
    match strangers::at_home(room, press).await {
        Err(HomeTrouble::WrongAccount(objection)) => {
            return Err(NotRead::WrongAccount(objection.to_string()));
        }
        // What the server shows is read all the same.
        Ok(_) | Err(HomeTrouble::Stranger(_)) => {}
        Err(trouble) => return Err(NotRead::NotAsked(trouble.to_string())),
    }
    let at_home = at_home(room).await.map_err(|trouble| NotRead::NotAsked(trouble.to_string()))?;
    let own = at_home.outbox.own_since(now - LOOK_BACK).await;
    own.map_err(|error| NotRead::NotAsked(error.to_string()))
}

/// Lays our posts beside the ledger's.
fn compare(
    room: &Newsroom,
    press: &Press,
    own: &Result<Vec<OwnStatus>, NotRead>,
    who: Option<&Claimant>,
) -> ReconcileReport {
    let of_another =
        |id: &str| author(press.entries(), id).filter(|author| who.is_some_and(|who| !author.is(who)));
    let posted: Vec<Posted> = press.entries().iter().filter_map(posted).collect();
    // The server gives the newest few hundred: what is older than those was not looked up.
    let oldest = own.iter().flatten().filter_map(|status| status.created_at).min();
    let stands = |post: &Posted| {
        let is_there = own.as_ref().ok()?.iter().any(|status| status.id == post.id);
        if of_another(&post.id).is_some() {
            return None;
        }
        let is_in_reach = oldest.is_some_and(|oldest| post.at >= oldest);
        (is_there || is_in_reach).then_some(is_there)
    };
    let pages = room.config.web.public_url.as_ref();
    let pages = pages.map(|url| format!("{}/d/", url.as_str().trim_end_matches('/')));
    let unknown = own.iter().flatten().filter(|status| {
        let links_to_us = |pages: &String| status.links.iter().any(|link| link.starts_with(pages));
        pages.as_ref().is_some_and(links_to_us) && !posted.iter().any(|post| post.id == status.id)
    });
    let check = |post: &Posted| {
        let author = of_another(&post.id).map(|author| author.to_string());
        PostCheck { stands: stands(post), author, ..post.check.clone() }
    };
    let (not_asked, wrong_account) = match own {
        Ok(_) => (None, None),
        Err(NotRead::NotAsked(why)) => (Some(why.clone()), None),
        Err(NotRead::WrongAccount(why)) => (None, Some(why.clone())),
    };
    ReconcileReport {
        safe_mode: press.safe_mode().map(str::to_owned),
        unknown: unknown.map(|status| status.url.clone().unwrap_or_else(|| status.uri.clone())).collect(),
        posts: posted.iter().map(check).collect(),
        not_asked,
        wrong_account,
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
    let check = PostCheck { digest: digest.0, part: *part, url, stands: None, author: None };
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
