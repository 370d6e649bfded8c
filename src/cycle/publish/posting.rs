//! Posting: one step of the frozen digest at a time, as the ledger and nothing else says.

use std::fmt::Display;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};

use super::strangers::at_home;
use super::{AFTER_TROUBLE, HALT_FILE, begun_at, break_off, follow, under_way};
use crate::analysis::compose;
use crate::clock::Clock;
use crate::cycle::home::AtHome;
use crate::cycle::press::Press;
use crate::cycle::speaker::{self, Speaker};
use crate::cycle::{Newsroom, clock_check};
use crate::model::digest::{DigestNumber, DigestRecord, PartState};
use crate::model::finding::{FindingId, FindingState};
use crate::model::record::Record;
use crate::publish::thread::{self, Situation, Step, Switch};
use crate::store::{Batch, Store, StoreError};

/// Two looks at the server lie this far apart in real time, however fast the clock runs.
const LEAST_REAL_WAIT: Duration = Duration::seconds(2);

/// What follows a step.
enum Next {
    Go,
    Wait(DateTime<Utc>),
    /// Done, or somebody has to do something first.
    Rest,
}

/// Posts the digest under way, step by step, until it is done or has to wait. Returns until when.
///
/// The press is free between two steps, so that a halt is heard.
pub(super) async fn drive(room: &Newsroom) -> anyhow::Result<Option<DateTime<Utc>>> {
    loop {
        let mut press = room.press.lock().await;
        let Some(record) = under_way(room).await? else { return Ok(None) };
        let next = step(room, &mut press, &record).await?;
        follow(room, &mut press, Some(record.digest.number)).await?;
        room.vitals.stepped();
        match next {
            Next::Go => {}
            Next::Wait(until) => return Ok(Some(until)),
            Next::Rest => return Ok(None),
        }
    }
}

/// Takes one step. The records it leaves are in the ledger when it returns.
async fn step(room: &Newsroom, press: &mut Press, record: &DigestRecord) -> anyhow::Result<Next> {
    let now = room.config.clock.now();
    let wrong_clock = clock_check::known_wrong(room);
    if wrong_clock.is_some() && !has_begun(press, record) {
        return Ok(Next::Wait(now + AFTER_TROUBLE));
    }
    if !is_approved(press, record) {
        return approve(room, press, record, now).await;
    }
    if let Some(before) = speaker_lost(press, record) {
        break_off(press, record, &before, now)?;
        return Ok(Next::Go);
    }
    if room.config.publish.is_none() {
        // A post that was on its way may stand there: what became of it is found out when posting is on again.
        if is_on_its_way(press, record.digest.number) {
            return Ok(Next::Rest);
        }
        keep_on_page(press, record, now)?;
        return Ok(Next::Go);
    }
    let at_home = match at_home(room, press).await {
        Ok(at_home) => at_home,
        Err(trouble) => return Ok(waited(&trouble, now)),
    };
    let secret = secret(room).await?;
    let unsaid = unsaid(room, press, record).await?;
    let is_switched_off = room.config.state_dir.join(HALT_FILE).exists();
    let situation = Situation {
        now: room.config.clock.now(),
        keys: at_home.instance.family.keys(),
        switch: if is_switched_off { Switch::Off } else { Switch::On },
        secret: secret.as_bytes(),
        reply_to: at_home.reply_to.as_deref(),
        newest_own: None,
        paused_until: at_home.outbox.paused_until(),
        unsaid: &unsaid,
    };
    let step = thread::next_step(record, press.entries(), &situation);
    if wrong_clock.is_some() && is_brought_by_time(&step, record) {
        return Ok(Next::Wait(now + AFTER_TROUBLE));
    }
    carry_out(room, press, record, &at_home, step).await
}

async fn carry_out(
    room: &Newsroom,
    press: &mut Press,
    record: &DigestRecord,
    at_home: &AtHome,
    step: Step,
) -> anyhow::Result<Next> {
    let clock = room.config.clock;
    let now = clock.now();
    let digest = &record.digest;
    let account = at_home.outbox.account();
    let records = match step {
        Step::Done | Step::Halted => return Ok(Next::Rest),
        Step::WaitUntil(until) => return Ok(Next::Wait(until)),
        // The bytes differ from those that were approved: nothing explains that, so a person has to look.
        Step::NotApproved { why } => vec![Record::Halted { why }],
        Step::Append(record) => vec![record],
        Step::Send(sending) => {
            if !speaker::is_written(press.entries()) {
                press.append(now, speaker::posts_as(&at_home.seen.who))?;
            }
            press.append(now, sending.intent.clone())?;
            let outcome = at_home.outbox.send(&sending, now).await;
            tracing::info!(digest = digest.number.0, part = sending.part.index, %outcome, "sent");
            thread::after_send(digest, press.entries(), &sending, &outcome, account, clock.now())
        }
        Step::ReadBack(read) => {
            Clock::Real.sleep(LEAST_REAL_WAIT).await;
            match at_home.outbox.read_back(&read).await {
                Ok(own) => thread::after_read(digest, press.entries(), &read, &own, account),
                Err(error) => return Ok(waited(&error, clock.now())),
            }
        }
        Step::Remove(removal) => match at_home.outbox.delete(&removal.id).await {
            Ok(()) => vec![thread::after_removal(digest, &removal)],
            Err(error) => return Ok(waited(&error, clock.now())),
        },
    };
    let now = clock.now();
    records.into_iter().try_for_each(|record| press.append(now, record))?;
    Ok(Next::Go)
}

/// Parts that name somebody of whom nothing may be told while namings are stopped.
async fn unsaid(room: &Newsroom, press: &Press, record: &DigestRecord) -> anyhow::Result<Vec<u32>> {
    if press.namings_stopped().is_none() {
        return Ok(Vec::new());
    }
    let parts: Vec<(u32, Vec<FindingId>)> =
        record.digest.parts.iter().map(|part| (part.index, part.findings.clone())).collect();
    let accusing = move |store: &Store| {
        let mut unsaid = Vec::new();
        for (index, ids) in parts {
            for id in ids {
                let finding = store.finding(id)?;
                if finding.is_some_and(|finding| compose::is_accusing(&finding.statement.claim)) {
                    unsaid.push(index);
                }
            }
        }
        Ok::<_, StoreError>(unsaid)
    };
    room.store.run(accusing).await.context("read whom a digest names")
}

fn waited(why: &impl Display, now: DateTime<Utc>) -> Next {
    tracing::warn!(%why, "the home server could not be asked");
    Next::Wait(now + AFTER_TROUBLE)
}

/// Whether a request for it may have been seen by somebody.
fn has_begun(press: &Press, record: &DigestRecord) -> bool {
    let (number, rev) = (record.digest.number, record.digest.rev);
    let begins = |record: &Record| matches!(record, Record::Intent { digest, rev: known, .. } if (*digest, *known) == (number, rev));
    press.entries().iter().any(|entry| begins(&entry.record))
}

/// Who began a digest and speaks no longer. A kill may have come between the change of the speaker and the end of what
/// the one before had begun, and among the posts of the new one nothing of that is found.
fn speaker_lost(press: &Press, record: &DigestRecord) -> Option<Speaker> {
    speaker::lost_since(press.entries(), begun_at(press.entries(), record)?)
}

/// Whether a step ends a digest or a part of it as unfinished, which a clock that is ahead does too early.
fn is_brought_by_time(step: &Step, record: &DigestRecord) -> bool {
    match step {
        Step::Append(Record::Closed { complete, .. }) => !complete,
        Step::Append(Record::Held { .. }) => true,
        Step::Send(sending) => sending.part.index as usize >= record.digest.parts.len(),
        _ => false,
    }
}

fn is_approved(press: &Press, record: &DigestRecord) -> bool {
    let (number, rev) = (record.digest.number, record.digest.rev);
    let approves = |record: &Record| matches!(record, Record::Approved { digest, rev: known, .. } if (*digest, *known) == (number, rev));
    press.entries().iter().any(|entry| approves(&entry.record))
}

/// Puts the approvals of the findings in a digest into the ledger, for these very bytes. A finding that
/// nobody approved in a digest would be a defect of ours: then nothing is posted.
async fn approve(
    room: &Newsroom,
    press: &mut Press,
    record: &DigestRecord,
    now: DateTime<Utc>,
) -> anyhow::Result<Next> {
    let ids: Vec<FindingId> = record.digest.parts.iter().flat_map(|part| part.findings.clone()).collect();
    let by = room.store.run(move |store| approvers(store, &ids)).await.context("read who approved")?;
    let Some(by) = by else {
        let why = format!("digest {} holds a finding that is not confirmed", record.digest.number);
        press.append(now, Record::Halted { why })?;
        return Ok(Next::Rest);
    };
    press.keep_texts(record).context("keep the texts of a digest")?;
    press.append(now, thread::approval(&record.digest, by)).context("approve a digest")?;
    Ok(Next::Go)
}

/// Everybody who approved one of these findings; `None` if one of them is not confirmed.
fn approvers(store: &Store, ids: &[FindingId]) -> Result<Option<Vec<String>>, StoreError> {
    let mut by = std::collections::BTreeSet::new();
    for id in ids {
        let finding = store.finding(*id)?;
        // What was withdrawn meanwhile is in the ledger too: its part is not sent.
        if finding.as_ref().is_some_and(|finding| matches!(finding.state, FindingState::Retracted { .. })) {
            continue;
        }
        match finding.and_then(|finding| finding.confirmed()) {
            Some(confirmed) => by.extend(confirmed.approvers().map(ToString::to_string)),
            None => return Ok(None),
        }
    }
    Ok(Some(by.into_iter().collect()))
}

/// Whether the last word about a digest is that something was about to be sent.
fn is_on_its_way(press: &Press, digest: DigestNumber) -> bool {
    let mut newest_first = press.entries().iter().rev().map(|entry| &entry.record);
    let last = newest_first.find(|record| record.digest() == Some(digest));
    matches!(last, Some(Record::Intent { .. } | Record::Removing { .. }))
}

/// With posting off a digest is published on the pages alone.
fn keep_on_page(press: &mut Press, record: &DigestRecord, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (digest, rev) = (record.digest.number, record.digest.rev);
    let waiting =
        record.digest.parts.iter().zip(&record.parts).filter(|(_, state)| **state == PartState::Waiting);
    for (part, _) in waiting {
        let why = "posting is off".to_owned();
        press.append(now, Record::Refused { digest, rev, part: part.index, why })?;
    }
    press.append(now, Record::Closed { digest, rev, complete: true })?;
    Ok(())
}

/// The key of the idempotency keys, made at first use and kept.
async fn secret(room: &Newsroom) -> anyhow::Result<String> {
    const SECRET: &str = "posting.secret";
    if let Some(secret) = room.store.run(|store| store.note(SECRET)).await? {
        return Ok(secret);
    }
    let secret = random_hex()?;
    let (mut batch, kept) = (Batch::default(), secret.clone());
    batch.set_note(SECRET, &secret);
    room.store.run(move |store| store.commit(batch)).await?;
    Ok(kept)
}

/// Thirty-two random bytes in hex.
pub(in crate::cycle) fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    let mut filled = 0;
    while filled < bytes.len() {
        let flags = rustix::rand::GetRandomFlags::empty();
        filled += rustix::rand::getrandom(&mut bytes[filled..], flags).context("get random bytes")?;
    }
    Ok(crate::model::evidence::hex(&bytes))
}
