//! Review by people: what waits for them, what they have to see, and what their decisions do.

mod act;
mod decide;
mod keys;
mod list;
mod log;
mod retract;
mod show;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::AccountRow;
use super::sites::SiteLine;
use super::{Answer, Request};
use crate::cycle::Newsroom;
use crate::model::account::Acct;
use crate::model::assessment::Assessment;
use crate::model::finding::{Dismissal, Finding};
use crate::model::observation::Profile;
use crate::model::tie::Ticks;

use act::Naming;
pub use decide::{approvals, comment_in_words, dismissal_in_words, missing_ticks, topic_in_words};
use keys::Making;
pub use list::{missing, waits};
pub use log::LogRow;
pub use show::{Orders, Preview, PreviewWith, SisterLine};

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
    /// Puts it off; a time that is past ends that.
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
    /// Whole days until its approvals by people no longer count; `None` where it has none.
    pub days_left: Option<i64>,
}

/// An account worth a look about which nothing may be said yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadRow {
    pub account: Acct,
    pub assessment: Assessment,
}

/// Everything that is open.
#[derive(Debug, Clone, PartialEq)]
struct Queue {
    pub waiting: Vec<ReviewRow>,
    pub snoozed: Vec<ReviewRow>,
    pub leads: Vec<LeadRow>,
}

/// A reviewer, and since when they have their newest key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewerRow {
    pub name: String,
    pub key: Option<String>,
    pub since: Option<DateTime<Utc>>,
}

/// Everything a reviewer has to see of one finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub finding: Finding,
    /// The front of its seal, what `--seen` takes.
    pub seen: String,
    pub account: AccountRow,
    /// The profile as it was last read.
    pub profile: Profile,
    /// Of the account as it was last judged; the finding may be older.
    pub assessment: Option<Assessment>,
    /// Names of the outlets that the sheet speaks of, by id.
    pub outlets: BTreeMap<String, String>,
    /// Its sisters, each with a finding of its own where there is one.
    pub sisters: Vec<SisterLine>,
    /// What can be said of who came first.
    pub orders: Orders,
    /// Copies of the system's items that are still where we found them.
    pub still_there: usize,
    pub statuses_read: usize,
    /// The account's own sites, as far as its profile names any.
    pub sites: Vec<SiteLine>,
    /// What people did about it so far.
    pub history: Vec<LogRow>,
    /// The post as it would be sent; `None` where nothing is posted about it.
    pub preview: Option<Preview>,
    /// The post that it becomes a part of if sisters that wait are approved as well.
    pub preview_with: Option<PreviewWith>,
}

/// Hex digits of a seal that `--seen` shows.
pub const SEEN_DIGITS: usize = 12;
/// Hex digits of a seal that `--seen` takes at least.
pub const LEAST_SEEN_DIGITS: usize = 6;

/// What `--seen` takes for a finding as it stands.
fn seen(finding: &Finding) -> String {
    finding.statement.seal()[..SEEN_DIGITS].to_owned()
}

/// Whether somebody may lift what keeps posts back: a reviewer with their key, or anybody where there are none. Returns
/// what to tell them then.
///
/// # Errors
/// As [`keys::verify`]; a name that is none.
pub(super) async fn may_resume(room: &Newsroom, by: &Signature) -> anyhow::Result<String> {
    let name = by.name.trim();
    anyhow::ensure!(!name.is_empty(), "say who decides, for the ledger: --as ana");
    if !room.config.review.reviewers.is_empty() {
        keys::verify(&room.config, room.press.lock().await.entries(), by)?;
        return Ok(String::new());
    }
    Ok(format!(
        "\nanybody could say so, since there are no reviewers: `[review] reviewers = [\"{name}\"]`, then \
         `masthead reviewer add {name}`, and it takes {name}'s key"
    ))
}

/// Answers what is about review.
pub(super) async fn answer(room: &Newsroom, request: Request, now: DateTime<Utc>) -> anyhow::Result<Answer> {
    Ok(match request {
        Request::Review => {
            let queue_days = room.config.review.queue_days;
            let queue = room.store.run(move |store| list::queue(store, queue_days, now)).await?;
            let Queue { waiting, snoozed, leads } = queue;
            Answer::Review { waiting, snoozed, leads }
        }
        Request::ReviewShow { finding } => Answer::Sheet(Box::new(show::show(room, finding, now).await?)),
        Request::ReviewAct { finding, by, act } => {
            Answer::Done { says: act::act(room, finding, &by, act, now).await? }
        }
        Request::ReviewLog { finding } => {
            Answer::ReviewLog { rows: log::log(room.press.lock().await.entries(), finding) }
        }
        Request::NeverFlag { account, by, why, lift } => {
            let naming = if lift { Naming::Allowed } else { Naming::Never };
            Answer::Done { says: act::never_flag(room, &account, &by, naming, &why, now).await? }
        }
        Request::ReviewerAdd { name } => {
            let secret = keys::make(room, &name, Making::First, now).await?;
            Answer::Reviewer { name, secret }
        }
        Request::ReviewerReplace { name } => {
            let secret = keys::make(room, &name, Making::Another, now).await?;
            Answer::Reviewer { name, secret }
        }
        Request::Reviewers => {
            Answer::Reviewers { rows: keys::reviewers(&room.config, room.press.lock().await.entries()) }
        }
        other => anyhow::bail!("{other:?} is not about review"),
    })
}
