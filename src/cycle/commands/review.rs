//! Review by people: what waits for them, what they have to see, and what their decisions do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::AccountRow;
use crate::cycle::Newsroom;
use crate::model::account::Acct;
use crate::model::assessment::Assessment;
use crate::model::finding::{Dismissal, Finding, FindingId, FindingState};
use crate::model::tie::Ticks;
use crate::store::{Store, StoreError};

/// A reviewer's name and the secret of their key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub name: String,
    pub secret: String,
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A reviewer's decision about one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Says what only people can say of an account; the statement holds it from then on.
    Tick {
        ticks: Ticks,
    },
    /// Approves exactly what was shown.
    Approve {
        seen: String,
    },
    Dismiss {
        why: Dismissal,
        never_flag: bool,
    },
    Snooze {
        until: DateTime<Utc>,
    },
    /// Takes back what was posted; `seen` is the hash of what the correction will change.
    Retract {
        seen: String,
        why: String,
        repeats_handle: bool,
        was_a_person: bool,
    },
}

/// A finding that waits, in one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    pub finding: Finding,
    /// The front of its seal, what `--seen` takes.
    pub seen: String,
}

/// An account worth a look about which nothing may be said yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadRow {
    pub account: Acct,
    pub assessment: Assessment,
}

/// Everything a reviewer has to see of one finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub finding: Finding,
    pub seen: String,
    pub account: AccountRow,
    pub assessment: Option<Assessment>,
}

/// Hex digits of a seal that `--seen` shows and takes.
pub const SEEN_DIGITS: usize = 12;

pub(super) fn list(store: &Store) -> Result<(Vec<ReviewRow>, Vec<LeadRow>), StoreError> {
    let mut findings = store.findings()?;
    findings.retain(|finding| finding.state == FindingState::Raised && finding.confirmed().is_none());
    let row =
        |finding: Finding| ReviewRow { seen: finding.statement.seal()[..SEEN_DIGITS].to_owned(), finding };
    Ok((findings.into_iter().map(row).collect(), Vec::new()))
}

pub(super) async fn show(room: &Newsroom, finding: FindingId, now: DateTime<Utc>) -> anyhow::Result<Sheet> {
    let _ = (room, now);
    anyhow::bail!("{finding} cannot be shown yet")
}

pub(super) async fn act(
    room: &Newsroom,
    finding: FindingId,
    by: &Signature,
    act: Act,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let _ = (room, by, act, now);
    anyhow::bail!("{finding} cannot be decided yet")
}

pub(super) async fn add_reviewer(room: &Newsroom, name: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
    let _ = (room, now);
    anyhow::bail!("{name} cannot be added yet")
}
