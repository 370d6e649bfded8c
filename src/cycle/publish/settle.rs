//! Settling: everything that follows from a reviewer's word that something was wrong, and the rule that stops.
//!
//! It is worked out from the ledger and what lies beside it, so it ends the same after a kill between any two
//! steps.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};

use crate::analysis::compose;
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::ledger::{Retraction, Taking};
use crate::model::digest::{Correction, DigestNumber, DigestRecord, Part};
use crate::model::dossier::NeverFlag;
use crate::model::finding::{Approval, Approver, Claim, Finding, FindingId, FindingState, Withdrawal};
use crate::model::record::{Entry, Record, ReviewAct};
use crate::store::{Batch, Store, StoreError};

/// So many withdrawn namings within [`REVERSALS_WITHIN`] stop further ones.
const MOST_REVERSALS: usize = 2;
const REVERSALS_WITHIN: Duration = Duration::days(30);

/// Lets everything follow from what reviewers took back, as far as it has not yet: the rule that stops
/// namings, the approved correction, the findings in the store. Nothing happens twice.
pub(super) async fn settle(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> anyhow::Result<()> {
    if press.safe_mode().is_some() {
        return Ok(());
    }
    let words = words(press)?;
    if words.is_empty() {
        return Ok(());
    }
    let mut is_behind = false;
    for at in 0..words.len() {
        for record in missing_records(press.entries(), &words[..=at]) {
            press.append(now, record).context("write down what follows from a retraction")?;
            is_behind = true;
        }
    }
    let _bench = room.bench.lock().await;
    let batch = room.store.run(move |store| taken_back(store, &words)).await;
    let mut batch = batch.context("read what was taken back")?;
    if !batch.is_empty() || is_behind {
        batch.extend(press.to_follow(&room.store, None)?);
        room.store.run(move |store| store.commit(batch)).await.context("take it back in the store")?;
    }
    Ok(())
}

/// A reviewer's word in the ledger, with its particulars.
#[derive(Debug, Clone)]
struct Word {
    seq: u64,
    finding: FindingId,
    /// Of the statement that is taken back.
    seal: String,
    retraction: Retraction,
    /// What takes the post's place.
    part: Option<Part>,
}

impl Word {
    fn withdrawal(&self) -> Option<&Withdrawal> {
        match &self.retraction.correction.claim {
            Claim::Withdrawn(withdrawal) => Some(withdrawal),
            _ => None,
        }
    }
}

/// All of them, oldest first. One whose particulars were erased has nothing left to follow.
fn words(press: &Press) -> anyhow::Result<Vec<Word>> {
    let mut words = Vec::new();
    for entry in press.entries() {
        let Record::Reviewed { finding, act: ReviewAct::Retracted, seal, .. } = &entry.record else {
            continue;
        };
        let retraction = press.retraction(seal).context("read the particulars of a retraction")?;
        let Some(retraction) = retraction else { continue };
        let part = match &retraction.taking {
            Some(taking) => {
                press.text(taking.digest, taking.rev, taking.part).context("read a correction")?
            }
            None => None,
        };
        let (finding, seal, part) = (*finding, seal.clone(), part.map(|text| text.part));
        words.push(Word { seq: entry.seq, finding, seal, retraction, part });
    }
    Ok(words)
}

/// What the ledger lacks after the last of these words.
fn missing_records(entries: &[Entry], words: &[Word]) -> Vec<Record> {
    let Some(last) = words.last() else { return Vec::new() };
    let mut missing = Vec::new();
    let after = || entries.iter().filter(|entry| entry.seq > last.seq);
    let has_stopped = after().any(|entry| matches!(entry.record, Record::NamingsStopped { .. }));
    if let Some(why) = why_stop(words).filter(|_| !has_stopped) {
        missing.push(Record::NamingsStopped { why });
    }
    if let Some(Taking { digest, part, rev, seal }) = &last.retraction.taking {
        let is_it = |record: &Record| matches!(record, Record::Corrected { digest: d, part: p, rev: r, .. } if (d, p, r) == (digest, part, rev));
        if !after().any(|entry| is_it(&entry.record)) {
            let (digest, part, rev, seal) = (*digest, *part, *rev, seal.clone());
            missing.push(Record::Corrected { digest, part, rev, seal, by: vec![last.retraction.by.clone()] });
        }
    }
    missing
}

/// Why no hidden tie may be told after the last of these words; `None` = it may.
fn why_stop(words: &[Word]) -> Option<String> {
    let last = words.last()?;
    let withdrawal = last.withdrawal()?;
    if withdrawal.was_a_person {
        return Some(format!("{} named a private person", last.finding));
    }
    let is_reversal =
        |word: &&Word| word.withdrawal().is_some_and(|withdrawal| compose::is_accusing(&withdrawal.said));
    let is_recent = |word: &&Word| last.retraction.at - word.retraction.at <= REVERSALS_WITHIN;
    let reversals = words.iter().filter(is_reversal).filter(is_recent).count();
    (is_reversal(&last) && reversals >= MOST_REVERSALS).then(|| {
        let days = REVERSALS_WITHIN.num_days();
        format!("{reversals} statements about hidden ties or imitations were withdrawn within {days} days")
    })
}

/// The changes of the store that are still to be made. A finding of the same number that says something else
/// belongs to another store, and stays.
fn taken_back(store: &Store, words: &[Word]) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    let mut next = store.next_finding_id()?;
    let mut digests: BTreeMap<DigestNumber, DigestRecord> = BTreeMap::new();
    for word in words {
        let is_untouched = |finding: &Finding| {
            !matches!(finding.state, FindingState::Retracted { .. }) && finding.statement.seal() == word.seal
        };
        let Some(finding) = store.finding(word.finding)?.filter(is_untouched) else { continue };
        let correction = &word.retraction.correction;
        if word.withdrawal().is_some_and(|withdrawal| withdrawal.was_a_person) {
            let (account, by) = (correction.account.clone(), word.retraction.by.clone());
            let why = "a private person".to_owned();
            batch.put_never_flag(NeverFlag { account, at: word.retraction.at, by, why });
        }
        let (number, part) = place(finding.state).unwrap_or((DigestNumber(0), 0));
        batch.put_finding(Finding { state: FindingState::Retracted { number, part }, ..finding });
        batch.put_finding(correction_finding(next, &word.retraction));
        next = FindingId(next.0 + 1);
        let (Some(taking), Some(part)) = (&word.retraction.taking, &word.part) else { continue };
        if let Vacant(free) = digests.entry(taking.digest)
            && let Some(record) = store.digest(taking.digest)?
        {
            free.insert(record);
        }
        if let Some(record) = digests.get_mut(&taking.digest) {
            let (rev, at, part) = (taking.rev, word.retraction.at, part.clone());
            record.corrections.push(Correction { rev, at, part });
        }
    }
    digests.into_values().for_each(|record| batch.put_digest(record));
    Ok(batch)
}

/// What the next digest leads with, approved by the reviewer whose word it is.
fn correction_finding(id: FindingId, retraction: &Retraction) -> Finding {
    let Retraction { correction: statement, by, key, at, .. } = retraction.clone();
    let by = Approver::Reviewer { name: by, key };
    let approvals = vec![Approval { by, at, seal: statement.seal() }];
    Finding { id, raised_at: at, statement, needs: 1, approvals, state: FindingState::Raised }
}

/// The digest and part that a finding stands in, if it stands in one.
pub(super) fn place(state: FindingState) -> Option<(DigestNumber, u32)> {
    match state {
        FindingState::InDigest { number, part } => Some((number, part)),
        _ => None,
    }
}
