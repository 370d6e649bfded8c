//! Publication: composes what is confirmed, freezes it, and sees it through until it stands.

mod by_hand;
mod edition;
mod edits;
mod posting;
mod preview;
mod reconcile;
pub mod retract;
mod said;
mod settle;
mod strangers;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};

use super::clock_check::{self, ClockTrouble};
use super::home::HomeTrouble;
use super::press::Press;
use super::speaker::{self, Claimant, Speaker};
use super::{Newsroom, judge, schedule};
use crate::model::digest::{DigestNumber, DigestRecord, DigestState};
use crate::model::record::{Entry, Record};
use crate::publish::thread;
use crate::store::{Batch, Store, StoreError};

pub use by_hand::{DigestReport, PostLine, digest_now, dry_run};
use edition::{Composed, NotNow};
pub use edits::{Stranded, out_of_reach};
pub(super) use posting::random_hex;
pub use preview::{Previews, preview};
pub use reconcile::{PostCheck, ReconcileReport, reconcile};

/// A file of this name in the state directory stops all posting, also when nothing else works any more.
pub const HALT_FILE: &str = "HALT";
/// After trouble with the home server.
const AFTER_TROUBLE: Duration = Duration::minutes(2);

/// A clock may be put back by so much without anything being wrong.
const CLOCK_ERROR: Duration = Duration::days(1);

const SCHEDULE_SERVED: &str = "schedule.digest.served";
/// The schedule to which that tick belongs, as the configuration writes it.
const SCHEDULE_WRITTEN: &str = "schedule.digest.written";

/// One look at publication: goes on with a digest under way, or starts one that is due.
///
/// Returns when to look again, `None` = at the caller's usual pace. An error is the store's or the
/// ledger's; trouble with the server is waited out.
pub async fn pass(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    if room.press.lock().await.safe_mode().is_some() {
        return Ok(None);
    }
    settle::settle(room, &mut *room.press.lock().await, now).await?;
    // Its answer says what time it is.
    let greeted = greet(room).await;
    let undated = undated(room, now).await;
    let tick = match under_way(room).await? {
        None if undated.is_none() => due_tick(room, now).await?,
        _ => None,
    };
    match greeted {
        Ok(()) => {}
        // The press has said so, or health does until somebody has seen to it.
        Err(HomeTrouble::Stranger(_) | HomeTrouble::WrongAccount(_)) => return Ok(None),
        Err(trouble) => {
            tracing::warn!(%trouble, "the home server could not be asked");
            return Ok(Some(now + AFTER_TROUBLE));
        }
    }
    room.vitals.no_digest(None);
    let edits = edits::make(room, &mut *room.press.lock().await, now).await?;
    if let Some(tick) = tick
        && let Err(not_now) = make(room, Some(tick), now).await?
    {
        tracing::warn!(why = %not_now.why, "no digest yet");
        room.vitals.no_digest(Some(not_now.why.to_string()));
        return Ok(Some(now + not_now.ask_again_in));
    }
    let posts = posting::drive(room).await?;
    let after_clock = undated.map(|_| now + AFTER_TROUBLE);
    Ok([posts, edits.again, after_clock].into_iter().flatten().min())
}

/// Why no digest may be dated, and with that made; the log has it once.
async fn undated(room: &Newsroom, now: DateTime<Utc>) -> Option<ClockTrouble> {
    let trouble = clock_check::trouble_now(room, now).await;
    let wrong = trouble.filter(|trouble| matches!(trouble, ClockTrouble::Wrong { .. }));
    match (room.vitals.clock(wrong.is_some()), wrong) {
        (false, _) => {}
        (true, Some(why)) => tracing::error!(%why, "no digest is made until it is right"),
        (true, None) => tracing::info!("this machine's clock is right again"),
    }
    trouble
}

/// Asks the home server once in the life of a service, so that what is wrong there is told at its start.
async fn greet(room: &Newsroom) -> Result<(), HomeTrouble> {
    if room.config.publish.is_some() {
        strangers::at_home(room, &mut *room.press.lock().await).await?;
    }
    Ok(())
}

/// The digest that is being posted, if there is one.
async fn under_way(room: &Newsroom) -> anyhow::Result<Option<DigestRecord>> {
    let posting = |store: &Store| {
        let digests = store.digests()?;
        Ok::<_, StoreError>(digests.into_iter().find(|record| record.state == DigestState::Posting))
    };
    room.store.run(posting).await.context("look for a digest under way")
}

/// The tick of the schedule that waits to be served. The first look at a schedule serves all before it: an
/// edit of the schedule makes no digest at once. So does a look after the clock was wrong and far ahead.
async fn due_tick(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let wanted = &room.config.schedule;
    let written = format!("{} {}", wanted.digest_text, wanted.timezone);
    let notes =
        |store: &Store| Ok::<_, StoreError>((store.note(SCHEDULE_SERVED)?, store.note(SCHEDULE_WRITTEN)?));
    let (served, known) = room.store.run(notes).await?;
    // A store from before this note has no word of its schedule.
    let is_known = known.as_ref().is_none_or(|known| *known == written);
    // A tick served in the far future was served by a clock that has been put right since.
    let is_past = |served: &DateTime<Utc>| *served - now < CLOCK_ERROR;
    let served = served.and_then(|text| text.parse().ok()).filter(is_past).filter(|_| is_known);
    let mut batch = Batch::default();
    if served.is_none() {
        batch.set_note(SCHEDULE_SERVED, &now.to_rfc3339());
    }
    if known.as_ref() != Some(&written) {
        batch.set_note(SCHEDULE_WRITTEN, &written);
    }
    if !batch.is_empty() {
        room.store.run(move |store| store.commit(batch)).await?;
    }
    let Some(served) = served else { return Ok(None) };
    Ok(schedule::newest_due(&wanted.digest, wanted.timezone, served, now))
}

/// Judges once more what waits, composes what is confirmed and freezes it; the number, `None` when there
/// is nothing to say.
///
/// The bench is held from the composition to the commit, so that no judgement writes a finding that is
/// being frozen. The ledger has nothing of it yet: posting approves it first, also after a crash here.
async fn make(
    room: &Newsroom,
    tick: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Result<Option<DigestNumber>, NotNow>> {
    let mut press = room.press.lock().await;
    judge::waiting(room, &mut press, now).await?;
    let _bench = room.bench.lock().await;
    let composed = match edition::compose(room, &mut press, now).await? {
        Ok(composed) => composed,
        Err(not_now) => return Ok(Err(not_now)),
    };
    for dropped in &composed.dropped {
        tracing::error!(findings = ?dropped.findings, why = %dropped.why, "kept out of the thread by the gate");
    }
    let Composed { record, findings, .. } = composed;
    let number = record.as_ref().map(|record| record.digest.number);
    let mut batch = Batch::default();
    if let Some(tick) = tick {
        batch.set_note(SCHEDULE_SERVED, &tick.to_rfc3339());
    }
    findings.into_iter().for_each(|finding| batch.put_finding(finding));
    if let Some(record) = record {
        tracing::info!(digest = record.digest.number.0, posts = record.digest.parts.len(), "froze a digest");
        batch.put_digest(record);
    }
    room.store.run(move |store| store.commit(batch)).await.context("write the digest")?;
    Ok(Ok(number))
}

/// Stops all posting until somebody resumes it.
pub async fn halt(room: &Newsroom, why: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let why = why.trim();
    anyhow::ensure!(
        !why.is_empty(),
        "say why: it is what health and the public record show, for example --why \"objection to digest 12\""
    );
    decide(room, Record::Halted { why: why.to_owned() }, now).await
}

pub async fn resume(room: &Newsroom, by: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    decide(room, Record::Resumed { by: by.to_owned() }, now).await
}

/// Lets hidden ties and imitations be told again, after the rule about reversals stopped that.
///
/// # Errors
/// That nothing stopped them, or what the disk says.
pub async fn resume_namings(room: &Newsroom, by: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let stopped = room.press.lock().await.namings_stopped().is_some();
    anyhow::ensure!(stopped, "nothing stopped the naming of accounts");
    decide(room, Record::NamingsResumed { by: by.to_owned() }, now).await
}

/// Lets another account of ours speak from now on. A digest that the one before had begun ends where it is.
///
/// # Errors
/// An account that may not speak at all, or what the disk says.
pub async fn speak_as(room: &Newsroom, who: &Claimant, now: DateTime<Utc>) -> anyhow::Result<String> {
    if let Some(listed) = speaker::listed(&room.config, who) {
        anyhow::bail!(listed);
    }
    let claimant = who.clone();
    if let Some(objection) = room.store.run(move |store| speaker::judged(store, &claimant)).await? {
        anyhow::bail!(objection);
    }
    let mut press = room.press.lock().await;
    let before = match speaker::speaker(press.entries()) {
        None => {
            return Ok(format!(
                "nothing was said so far, so {who} may speak; the first post makes it the speaker"
            ));
        }
        Some(before) if before.is(who) => return Ok(format!("{who} speaks, as before")),
        Some(before) => before,
    };
    let begun = under_way(room).await?.filter(|record| begun_at(press.entries(), record).is_some());
    // First: whatever breaks off before the last record, the new one never goes on with it.
    if let Some(record) = &begun {
        break_off(&mut press, record, &before, now)?;
    }
    press.append(now, speaker::posts_as(who))?;
    follow(room, &mut press, begun.as_ref().map(|record| record.digest.number)).await?;
    let cut_short = begun.map(|record| {
        format!(
            "; digest {} ends where it was, and what is missing comes with the next",
            record.digest.number
        )
    });
    Ok(format!("{who} speaks from now on, after {before}{}", cut_short.unwrap_or_default()))
}

/// Where in the ledger a request of a digest was first written down.
fn begun_at(entries: &[Entry], record: &DigestRecord) -> Option<usize> {
    let number = record.digest.number;
    let is_intent = |record: &Record| matches!(record, Record::Intent { digest, .. } if *digest == number);
    entries.iter().position(|entry| is_intent(&entry.record))
}

/// Ends a digest that an account began which speaks no longer.
fn break_off(
    press: &mut Press,
    record: &DigestRecord,
    before: &Speaker,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let why = format!("it may stand on the server as a post of {before}, who speaks no longer");
    let records = thread::broken_off(&record.digest, press.entries(), &why);
    Ok(records.into_iter().try_for_each(|record| press.append(now, record))?)
}

/// Writes down what a person decided about publishing as a whole.
async fn decide(room: &Newsroom, record: Record, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut press = room.press.lock().await;
    press.append(now, record)?;
    follow(room, &mut press, None).await
}

/// Lets the store follow the ledger, off the asynchronous threads.
async fn follow(room: &Newsroom, press: &mut Press, digest: Option<DigestNumber>) -> anyhow::Result<()> {
    let batch = press.to_follow(&room.store, digest)?;
    room.store.run(move |store| store.commit(batch)).await.context("let the store follow the ledger")
}
