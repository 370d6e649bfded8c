//! Retraction: takes back what was said, in the post, on the pages and in the next digest.
//!
//! The reviewer's word in the ledger decides: its particulars and the text of the correction lie beside the
//! ledger before that, and everything after it follows from them (`settle.rs`).

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::edition::{public_url, setting, so_far};
use super::edits;
use super::settle::{place, settle};
use super::strangers::at_home;
use crate::analysis::compose::{self, SoFar};
use crate::analysis::measure::Limits;
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::ledger::{Retraction, Taking, Text};
use crate::model::account::Acct;
use crate::model::digest::{DigestNumber, DigestRecord, Part, PartState};
use crate::model::evidence::hex;
use crate::model::finding::{Claim, Confirmed, Finding, FindingId, FindingState, Statement, Withdrawal};
use crate::model::record::{Entry, Record, ReviewAct};
use crate::store::{Store, StoreError};

/// Hex digits of [`RetractPlan::seen`] that a reviewer has to repeat at least.
const LEAST_SEEN_DIGITS: usize = 6;

/// What a reviewer takes back, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub finding: FindingId,
    /// Printed in the correction after cleaning, and kept in the public record: it names no account.
    pub why: String,
    /// Whether the correction repeats the handle: only if its owner wants it.
    pub repeats_handle: bool,
    /// A person was named as if they were an outlet.
    pub was_a_person: bool,
}

/// Every text that a retraction changes, for the reviewer to look at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetractPlan {
    pub finding: FindingId,
    /// The post that is replaced; `None` = it stands on our pages only.
    pub digest: Option<DigestNumber>,
    pub part: Option<u32>,
    pub old_text: Option<String>,
    pub new_text: Option<String>,
    /// The reply that leads the next digest.
    pub correction: String,
    /// SHA-256 in hex over what was ordered and both texts of the post: what has to be repeated.
    pub seen: String,
}

/// What would change; nothing does.
///
/// # Errors
/// Why this finding cannot be taken back, with what to do instead.
pub async fn plan(
    room: &Newsroom,
    press: &mut Press,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<RetractPlan> {
    Ok(prepare(room, press, order, now).await?.plan)
}

/// Takes it back: the reviewer's word goes into the ledger, and everything else follows from it.
///
/// # Errors
/// As [`plan`]; that `seen` is not what would change now; or what the disk says. A home server that cannot be
/// asked is no error: its post is corrected as soon as it can be.
pub async fn carry_out(
    room: &Newsroom,
    press: &mut Press,
    order: &Order,
    seen: &str,
    by: (&str, &str),
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let Prepared { plan, finding, correction, text, rev } = prepare(room, press, order, now).await?;
    check_seen(&plan, seen)?;
    let seal = finding.statement.seal();
    let taking = match (plan.digest, text) {
        (Some(digest), Some(text)) => {
            press.keep_text(digest, rev, &text).context("keep the text of the correction")?;
            Some(Taking { digest, part: text.part.index, rev, seal: text.seal() })
        }
        _ => None,
    };
    let (name, key) = (by.0.to_owned(), by.1.to_owned());
    let retraction = Retraction { correction, by: name.clone(), key: key.clone(), at: now, taking };
    press.keep_retraction(&seal, &retraction).context("keep the particulars of the retraction")?;
    let (act, why) = (ReviewAct::Retracted, Some(order.why.trim().to_owned()));
    press.append(now, Record::Reviewed { finding: order.finding, act, by: name, key, seal, why })?;
    settle(room, press, now).await?;
    let open = edits::make(room, press, now).await?.open;
    room.wake();
    let who = room.at_home.lock().await.as_ref().map(|at_home| at_home.seen.who.clone());
    let stranded = who.map_or_else(Vec::new, |who| edits::out_of_reach(press.entries(), &who));
    Ok(says(&plan, press, open, &stranded, room.config.publish.is_some()))
}

fn says(
    plan: &RetractPlan,
    press: &Press,
    open: usize,
    stranded: &[edits::Stranded],
    is_posting: bool,
) -> String {
    let is_it = |post: &&edits::Stranded| (Some(post.digest), Some(post.part)) == (plan.digest, plan.part);
    let stranded = stranded.iter().find(is_it);
    let mut says =
        format!("{} is withdrawn: the pages say so, and the next digest leads with it", plan.finding);
    match (plan.digest, plan.part) {
        (Some(digest), Some(part)) if !is_posting => {
            says += &format!(
                "; posting is off, so digest {digest} part {part} stands as it was posted, if it was"
            );
        }
        (Some(_), _) if stranded.is_some() => {
            let theirs = stranded
                .map(|post| format!("{}'s, who alone can correct or delete it: {}", post.author, post.url));
            says += &format!("; the post is {}", theirs.unwrap_or_default());
        }
        (Some(_), _) if open > 0 => {
            says += "; the server does not have the correction of the post yet, and it is tried again until it has";
        }
        (Some(digest), Some(part)) => says += &format!("; digest {digest} part {part} is corrected"),
        _ => {}
    }
    if let Some(why) = press.namings_stopped() {
        says += &format!("\nno hidden tie is told until a person lifts that: {why}");
    }
    says
}

/// A retraction before anything is written.
struct Prepared {
    plan: RetractPlan,
    finding: Finding,
    correction: Statement,
    /// What takes the post's place.
    text: Option<Text>,
    rev: u32,
}

async fn prepare(
    room: &Newsroom,
    press: &mut Press,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<Prepared> {
    if let Some(why) = press.safe_mode() {
        bail!("safe mode, nothing can be taken back: {why}\n  masthead reconcile");
    }
    // What was taken back before a kill is taken back once.
    settle(room, press, now).await?;
    let id = order.finding;
    let case = room.store.run(move |store| case(store, id)).await.context("read the finding")?;
    let case =
        case.with_context(|| format!("there is no finding {id}; `masthead accounts` lists what was said"))?;
    must_stand(&case.finding)?;
    check_reason(&order.why, &case.finding.statement.acct)?;
    let limits = match &room.config.publish {
        Some(_) => at_home(room, press).await.map_or_else(|_| Limits::default(), |home| home.instance.limits),
        None => Limits::default(),
    };
    let public_url = public_url(&room.config)?;
    let number = press.next_number(&room.store).context("read which digest is next")?;
    let setting = setting(&room.config, &public_url, number, limits, now);
    let correction = case.correction(order);
    let old = case.stands();
    let beside: Vec<&Confirmed> = case.beside.iter().collect();
    let new = old.map(|old| compose::in_place(&setting, old, &correction, &beside));
    let new = new.transpose().context("our own gate refuses the correction of the post")?;
    let shown = compose::preview(&setting, &correction, &[&correction], 1, Some(case.so_far));
    let shown =
        shown.context("our own gate refuses the correction")?.context("a correction is always told")?;
    let (digest, part) = place(case.finding.state).unzip();
    let (old_text, new_text) = (old.map(|old| old.text.clone()), new.as_ref().map(|new| new.text.clone()));
    let ordered =
        (id, case.finding.statement.seal(), order.why.trim(), order.repeats_handle, order.was_a_person);
    let seen = serde_json::to_vec(&(ordered, &old_text, &new_text)).expect("texts are plain data");
    let seen = hex(&Sha256::digest(seen));
    let plan = RetractPlan { finding: id, digest, part, old_text, new_text, correction: shown.text, seen };
    let rev = case.record.as_ref().map_or(1, |record| next_rev(record, part, press.entries()));
    let salt = case.record.as_ref().map(|record| record.digest.salt.clone()).unwrap_or_default();
    let text = new.map(|part| Text { salt, part });
    Ok(Prepared { plan, finding: case.finding, correction, text, rev })
}

/// The revision that follows all that the ledger has of this part.
fn next_rev(record: &DigestRecord, part: Option<u32>, entries: &[Entry]) -> u32 {
    let known = entries.iter().filter_map(|entry| match &entry.record {
        Record::Corrected { digest, part: known, rev, .. }
            if *digest == record.digest.number && Some(*known) == part =>
        {
            Some(*rev)
        }
        _ => None,
    });
    known.chain([record.digest.rev]).max().map_or(1, |newest| newest + 1)
}

/// A finding with the post that it stands in.
struct Case {
    finding: Finding,
    record: Option<DigestRecord>,
    /// The others of that post, which still hold.
    beside: Vec<Confirmed>,
    /// How the public record stands once it is taken back.
    so_far: SoFar,
}

fn case(store: &Store, id: FindingId) -> Result<Option<Case>, StoreError> {
    let Some(finding) = store.finding(id)? else { return Ok(None) };
    let before = so_far(store.findings()?.iter());
    let so_far = SoFar { withdrawn: before.withdrawn.saturating_add(1), ..before };
    let Some((number, part)) = place(finding.state) else {
        return Ok(Some(Case { finding, record: None, beside: Vec::new(), so_far }));
    };
    let record = store.digest(number)?;
    let parts = record.iter().flat_map(|record| &record.digest.parts);
    let ids = parts.filter(|known| known.index == part).flat_map(|known| known.findings.clone());
    let mut beside = Vec::new();
    for other in ids.filter(|other| *other != id) {
        beside.extend(store.finding(other)?.and_then(|other| other.confirmed()));
    }
    Ok(Some(Case { finding, record, beside, so_far }))
}

impl Case {
    /// The text that stands there now.
    fn stands(&self) -> Option<&Part> {
        let (_, part) = place(self.finding.state)?;
        let record = self.record.as_ref()?;
        let corrected = record.correction(part).map(|correction| &correction.part);
        corrected.or_else(|| record.digest.parts.iter().find(|known| known.index == part))
    }

    fn said_at(&self) -> DateTime<Utc> {
        let posted = place(self.finding.state).and_then(|(_, part)| {
            let record = self.record.as_ref()?;
            let index = record.digest.parts.iter().position(|known| known.index == part)?;
            match record.parts.get(index) {
                Some(PartState::Posted { at, .. }) => Some(*at),
                _ => Some(record.frozen_at),
            }
        });
        posted.unwrap_or(self.finding.raised_at)
    }

    /// The statement that takes this one back. It has none of the evidence: that is no longer held up.
    fn correction(&self, order: &Order) -> Statement {
        let said = &self.finding.statement;
        let (digest, part) = place(self.finding.state).unwrap_or((DigestNumber(0), 0));
        let withdrawal = Withdrawal {
            finding: self.finding.id,
            said: Box::new(said.claim.clone()),
            digest,
            part,
            said_at: self.said_at(),
            why: order.why.trim().to_owned(),
            repeats_handle: order.repeats_handle,
            was_a_person: order.was_a_person,
        };
        Statement {
            claim: Claim::Withdrawn(withdrawal),
            tenths_of_posts_a_day: None,
            followers: None,
            quiet_since: None,
            account_names: None,
            named_on: None,
            evidence: Vec::new(),
            tie: None,
            ..said.clone()
        }
    }
}

/// Only what readers have seen is taken back; what waits is dismissed.
fn must_stand(finding: &Finding) -> anyhow::Result<()> {
    let id = finding.id;
    let claim = &finding.statement.claim;
    match finding.state {
        _ if matches!(claim, Claim::Withdrawn(_)) => bail!("{id} is a correction, and stays"),
        FindingState::InDigest { .. } => Ok(()),
        FindingState::Raised if compose::is_accusing(claim) || finding.confirmed().is_none() => {
            bail!("{id} was not published; `masthead review dismiss {id}` puts it aside")
        }
        // It stands on the pages.
        FindingState::Raised => Ok(()),
        FindingState::Retracted { .. } => bail!("{id} is withdrawn already"),
        FindingState::SaidBefore => {
            bail!("{id} was said before this store began: nobody knows which post of ours says it")
        }
        FindingState::Lapsed { .. } | FindingState::Snoozed { .. } | FindingState::Dismissed { .. } => {
            bail!("{id} was never published")
        }
    }
}

/// A reason in the chain stays for good, also when everything about the account is erased.
pub(in crate::cycle) fn check_reason(why: &str, acct: &Acct) -> anyhow::Result<()> {
    const LEAST_NAME: usize = 3;
    let plain = why.trim().to_lowercase();
    ensure!(!plain.is_empty(), "say why: it is what the public record keeps of it");
    let user = acct.user().to_lowercase();
    let names_it = plain.contains('@') || (user.len() >= LEAST_NAME && plain.contains(&user));
    ensure!(!names_it, "the reason stays in the public record for good: leave the account out of it");
    Ok(())
}

fn check_seen(plan: &RetractPlan, seen: &str) -> anyhow::Result<()> {
    let seen = seen.trim().to_ascii_lowercase();
    ensure!(
        seen.len() >= LEAST_SEEN_DIGITS && plan.seen.starts_with(&seen),
        "what would change is not what you saw of {}: look at it once more, without --seen",
        plan.finding
    );
    Ok(())
}
