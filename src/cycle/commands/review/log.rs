//! The record of review: who did what and when, as the ledger has it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::finding::FindingId;
use crate::model::record::{Entry, Record, ReviewAct};

/// One thing that a reviewer did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    pub at: DateTime<Utc>,
    /// `None` = about a key, or about an account that the ledger does not name.
    pub finding: Option<FindingId>,
    pub did: String,
    pub by: String,
    /// The front of the seal of what was shown.
    pub seal: Option<String>,
    pub why: Option<String>,
}

/// What people did, oldest first; about one finding or all of them.
pub(super) fn log(entries: &[Entry], only: Option<FindingId>) -> Vec<LogRow> {
    let rows = entries.iter().filter_map(row);
    rows.filter(|row| only.is_none() || row.finding == only).collect()
}

fn row(entry: &Entry) -> Option<LogRow> {
    let at = entry.at;
    Some(match &entry.record {
        Record::Reviewer { name, .. } => {
            let did = "has a new key".to_owned();
            LogRow { at, finding: None, did, by: name.clone(), seal: None, why: None }
        }
        Record::Reviewed { finding, act, by, seal, why, .. } => LogRow {
            at,
            finding: Some(*finding),
            did: in_words(*act).to_owned(),
            by: by.clone(),
            seal: Some(seal.chars().take(super::SEEN_DIGITS).collect()),
            why: why.clone(),
        },
        Record::NeverFlagged { by, lifted, why, .. } => {
            let did = if *lifted { "may be named again" } else { "never to be named" }.to_owned();
            LogRow { at, finding: None, did, by: by.clone(), seal: None, why: Some(why.clone()) }
        }
        _ => return None,
    })
}

fn in_words(act: ReviewAct) -> &'static str {
    match act {
        ReviewAct::Ticked => "ticked",
        ReviewAct::Approved => "approved",
        ReviewAct::Expired => "approvals expired",
        ReviewAct::Snoozed => "put off",
        ReviewAct::Dismissed => "dismissed",
        ReviewAct::NeverFlag => "never to be named",
        ReviewAct::Retracted => "retracted",
    }
}
