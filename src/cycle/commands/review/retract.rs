//! Retraction: the one door from a reviewer's word to the correction of what was posted.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::cycle::publish::retract::{Order, RetractPlan, carry_out, plan};
use crate::model::finding::FindingId;

use super::SEEN_DIGITS;

/// What a reviewer takes back, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retraction {
    pub finding: FindingId,
    /// The hash of what the correction changes; empty to be shown it first.
    pub seen: String,
    /// Printed in the correction, after cleaning.
    pub why: String,
    pub repeats_handle: bool,
    pub was_a_person: bool,
}

/// Takes back what was said, or shows every text that this would change. The reviewer's name and the hash of
/// the key were checked, and the press is held.
pub(super) async fn retract(
    room: &Newsroom,
    press: &mut Press,
    retraction: Retraction,
    by: (&str, &str),
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let Retraction { finding, seen, why, repeats_handle, was_a_person } = retraction;
    let order = Order { finding, why, repeats_handle, was_a_person };
    match seen.trim() {
        "" => Ok(in_words(&plan(room, press, &order, now).await?)),
        seen => carry_out(room, press, &order, seen, by, now).await,
    }
}

fn in_words(plan: &RetractPlan) -> String {
    let mut text =
        format!("nothing is changed yet; this is what the withdrawal of {} changes\n", plan.finding);
    let mut block = |title: &str, body: &str| {
        let body: Vec<String> = body.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
        let _ = write!(text, "\n{title}\n\n{}\n", body.join("\n"));
    };
    if let (Some(digest), Some(part)) = (plan.digest, plan.part) {
        block(&format!("digest {digest} part {part} says"), plan.old_text.as_deref().unwrap_or_default());
        block("it is replaced by", plan.new_text.as_deref().unwrap_or_default());
    }
    block("the next digest leads with", &plan.correction);
    let _ = write!(text, "\nthe same command with --seen {} does it", &plan.seen[..SEEN_DIGITS]);
    text
}
