//! Acts of reviewers: signed, checked against what they saw, written to the ledger and then to the store.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::decide::{Case, Decision, decide};
use super::retract::{Retraction, retract};
use super::{Act, Signature, keys};
use crate::config::{Config, Schedule};
use crate::cycle::commands::{explain::meant, never_seen};
use crate::cycle::press::Press;
use crate::cycle::publish::retract::check_reason;
use crate::cycle::{Newsroom, judge, schedule};
use crate::model::account::AccountId;
use crate::model::dossier::{AccountRecord, NeverFlag};
use crate::model::finding::FindingId;
use crate::model::pasted::Pasted;
use crate::model::record::Record;
use crate::store::{Batch, Store, StoreError};

/// Does what a reviewer decided about one finding, and says what came of it.
///
/// The press is held first, then the bench, as where digests are made: no judgement and no digest comes
/// between what is checked here and what is written.
pub(super) async fn act(
    room: &Newsroom,
    finding: FindingId,
    by: &Signature,
    act: Act,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let mut press = room.press.lock().await;
    keys::must_be_in_step(&press)?;
    let key = keys::verify(&room.config, press.entries(), by)?;
    if let Act::Retract { seen, why, repeats_handle, was_a_person } = act {
        let retraction = Retraction { finding, seen, why, repeats_handle, was_a_person };
        return retract(room, &mut press, retraction, (&by.name, &key), now).await;
    }
    let bench = room.bench.lock().await;
    let case = room.store.run(move |store| case(store, finding)).await.context("read the finding")?;
    let case =
        case.with_context(|| format!("there is no finding {finding}; `masthead review` lists them"))?;
    let account = case.finding.statement.account.clone();
    let decision = decide(&case, next_digest(&room.config, now), &by.name, &key, act, now)?;
    let is_never_named = decision.never_flag.is_some();
    let says = decision.says.clone();
    write(room, &mut press, decision, now).await?;
    drop((bench, press));
    if is_never_named {
        judge_again(room, account, now).await?;
    }
    Ok(says)
}

/// What a reviewer says of an account, whatever findings there are about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Never,
    /// As any other account again.
    Allowed,
}

/// Settles that an account is never named, or lifts that again.
pub(super) async fn never_flag(
    room: &Newsroom,
    account: &str,
    by: &Signature,
    naming: Naming,
    why: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let pasted: Pasted = account.parse()?;
    let mut press = room.press.lock().await;
    keys::must_be_in_step(&press)?;
    let key = keys::verify(&room.config, press.entries(), by)?;
    let asked = pasted.clone();
    let known = room.store.run(move |store| meant(store, &asked)).await?;
    let AccountRecord { id, acct, .. } = known.ok_or_else(|| never_seen(&pasted))?;
    let why = why.trim();
    check_reason(why, &acct)?;
    let asked = id.clone();
    let before = room.store.run(move |store| store.never_flag(&asked)).await?;
    let mut batch = Batch::default();
    let (lifted, says) = match (naming, before) {
        (Naming::Never, Some(before)) => anyhow::bail!("{acct} is never named already, by {}", before.by),
        (Naming::Allowed, None) => anyhow::bail!("nobody said that {acct} is never named"),
        (Naming::Never, None) => {
            let (account, by, why) = (id.clone(), by.name.clone(), why.to_owned());
            batch.put_never_flag(NeverFlag { account, at: now, by, why });
            (false, format!("{acct} is never named from now on"))
        }
        (Naming::Allowed, Some(_)) => {
            batch.remove_never_flag(&id);
            (true, format!("{acct} is judged as any other account again"))
        }
    };
    press.append(now, Record::NeverFlagged { by: by.name.clone(), key, lifted, why: why.to_owned() })?;
    commit(room, &press, batch).await?;
    drop(press);
    judge_again(room, id, now).await?;
    Ok(says)
}

fn case(store: &Store, finding: FindingId) -> Result<Option<Case>, StoreError> {
    let Some(finding) = store.finding(finding)? else { return Ok(None) };
    let account = &finding.statement.account;
    Ok(Some(Case { assessment: store.assessment(account)?, never_flag: store.never_flag(account)?, finding }))
}

/// The ledger has it before the store: what is lost between the two has to be decided again.
async fn write(
    room: &Newsroom,
    press: &mut Press,
    decision: Decision,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    for record in decision.records {
        press.append(now, record).context("write down what was decided")?;
    }
    let mut batch = Batch::default();
    batch.put_finding(decision.finding);
    if let Some(never_flag) = decision.never_flag {
        batch.put_never_flag(never_flag);
    }
    commit(room, press, batch).await
}

async fn commit(room: &Newsroom, press: &Press, mut batch: Batch) -> anyhow::Result<()> {
    batch.extend(press.to_follow(&room.store, None)?);
    room.store.run(move |store| store.commit(batch)).await.context("write what was decided to the store")
}

/// What waits about the account lapses, or is raised again, at once and not with its next poll.
async fn judge_again(room: &Newsroom, account: AccountId, now: DateTime<Utc>) -> anyhow::Result<()> {
    judge::pass(room, Some(BTreeSet::from([account])), now).await.map(drop)
}

/// When the next digest is due, on the clock of its readers.
fn next_digest(config: &Config, now: DateTime<Utc>) -> Option<DateTime<Tz>> {
    let Schedule { digest, timezone, .. } = &config.schedule;
    schedule::next_after(digest, *timezone, now).map(|due| due.with_timezone(timezone))
}

/// The longest that a finding is put off; what waits longer is dismissed.
pub(super) const LONGEST_SNOOZE: Duration = Duration::days(365);
