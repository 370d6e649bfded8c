//! Keys of reviewers: made by the service, kept by people, known to the ledger by their hash only.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::{ReviewerRow, Signature};
use crate::config::Config;
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::cycle::publish::random_hex;
use crate::model::evidence::hex;
use crate::model::finding::{Approver, Claim, Finding, FindingState};
use crate::model::record::{Entry, Record, ReviewAct};
use crate::store::{Batch, Store};

/// Whether a reviewer who has a key may get another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    First,
    /// The key before counts no more from then on.
    Another,
}

/// Makes a key for a reviewer whom the configuration names, and returns its secret. What was approved with
/// a key before it and waits to be said is no longer approved: that key may have been in other hands.
///
/// # Errors
/// An unknown name, a key that is there already, safe mode, or what the disk says.
pub(super) async fn make(
    room: &Newsroom,
    name: &str,
    making: Making,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    must_be_named(&room.config, name)?;
    let mut press = room.press.lock().await;
    must_be_in_step(&press)?;
    anyhow::ensure!(
        making == Making::Another || key_of(press.entries(), name).is_none(),
        "{name} has a key already; `masthead reviewer add {name} --replace` makes another, and the old one \
         counts no more"
    );
    let secret = random_hex()?;
    press.append(now, Record::Reviewer { name: name.to_owned(), key: hash(&secret) })?;
    let _bench = room.bench.lock().await;
    let findings = room.store.run(Store::findings).await.context("read what was approved")?;
    let mut batch = Batch::default();
    for finding in findings.iter().filter_map(|finding| without_approval_of(name, finding)) {
        press.append(now, expired(name, &finding))?;
        batch.put_finding(finding);
    }
    batch.extend(press.to_follow(&room.store, None)?);
    room.store.run(move |store| store.commit(batch)).await?;
    Ok(secret)
}

/// A finding that waits, without what this reviewer approved of it; `None` where that changes nothing.
/// A correction stays approved: it undoes harm, whoever asked for it.
fn without_approval_of(name: &str, finding: &Finding) -> Option<Finding> {
    let waits = matches!(finding.state, FindingState::Raised | FindingState::Snoozed { .. });
    let is_correction = matches!(finding.statement.claim, Claim::Withdrawn(_));
    if !waits || is_correction {
        return None;
    }
    let mut rest = finding.clone();
    let is_theirs =
        |approver: &Approver| matches!(approver, Approver::Reviewer { name: known, .. } if known == name);
    rest.approvals.retain(|approval| !is_theirs(&approval.by));
    (rest.approvals.len() < finding.approvals.len()).then_some(rest)
}

fn expired(name: &str, finding: &Finding) -> Record {
    Record::Reviewed {
        finding: finding.id,
        act: ReviewAct::Expired,
        by: "masthead".to_owned(),
        key: String::new(),
        seal: finding.statement.seal(),
        why: Some(format!("{name} has a new key")),
    }
}

/// The hash of the key that signed.
///
/// # Errors
/// A name that the configuration does not have, or a secret that is not this reviewer's newest. No
/// message holds the secret.
pub(super) fn verify(config: &Config, entries: &[Entry], by: &Signature) -> anyhow::Result<String> {
    let name = &by.name;
    must_be_named(config, name)?;
    let Some(key) = key_of(entries, name) else {
        anyhow::bail!("{name} has no key yet; `masthead reviewer add {name}` makes one");
    };
    anyhow::ensure!(
        hash(&by.secret) == key,
        "this key is not the newest of {name}; `masthead reviewer add {name} --replace` makes another"
    );
    Ok(key.to_owned())
}

/// The reviewers of the configuration, each with the hash and the time of the newest key.
pub(super) fn reviewers(config: &Config, entries: &[Entry]) -> Vec<ReviewerRow> {
    let row = |name: &String| {
        let made = entries.iter().rev().find(|entry| is_key_of(&entry.record, name)).map(|entry| entry.at);
        let key = key_of(entries, name).map(str::to_owned);
        ReviewerRow { name: name.clone(), key, since: made }
    };
    config.review.reviewers.iter().map(row).collect()
}

/// While ledger and store do not fit together nobody can decide anything.
pub(super) fn must_be_in_step(press: &Press) -> anyhow::Result<()> {
    match press.safe_mode() {
        None => Ok(()),
        Some(why) => anyhow::bail!("safe mode, nothing can be decided: {why}\n  masthead reconcile"),
    }
}

fn must_be_named(config: &Config, name: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.review.reviewers.iter().any(|known| known == name),
        "`{name}` is no reviewer; [review] reviewers in the configuration names those who are, and a \
         service takes it over when it starts"
    );
    Ok(())
}

fn key_of<'a>(entries: &'a [Entry], name: &str) -> Option<&'a str> {
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::Reviewer { name: known, key } if known == name => Some(key.as_str()),
        _ => None,
    })
}

fn is_key_of(record: &Record, name: &str) -> bool {
    matches!(record, Record::Reviewer { name: known, .. } if known == name)
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}
