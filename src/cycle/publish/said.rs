//! What the ledger has as said from before a store was lost or restored: it is not said again.
//!
//! Such a store sees things for the first time that we have told long ago, also after a person has
//! compared both. Rather say too little than a thing twice.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::cycle::press::Press;
use crate::model::changes::Change;
use crate::model::digest::DigestNumber;
use crate::model::finding::{Claim, Finding, FindingState};
use crate::model::record::{Entry, Record};

/// The texts that stood, or may have stood, when the store was last taken as good. Empty for a store that
/// has been the ledger's from the start.
#[derive(Debug, Default)]
pub(super) struct SaidBefore(Vec<(DateTime<Utc>, String)>);

impl SaidBefore {
    /// # Errors
    /// A text that is there and cannot be read. One that was erased tells nothing any more.
    pub(super) fn read(press: &Press) -> anyhow::Result<SaidBefore> {
        let is_reconciliation = |entry: &Entry| matches!(entry.record, Record::Reconciled { .. });
        let last = press.entries().iter().rposition(is_reconciliation).unwrap_or(0);
        let mut said = SaidBefore::default();
        for ((digest, rev, part), at) in sent(&press.entries()[..last]) {
            let text = press.text(digest, rev, part).context("read what was said")?;
            said.0.extend(text.map(|text| (at, text.part.text)));
        }
        Ok(said)
    }

    /// The finding, marked, if it waits and its news are in one of these texts.
    pub(super) fn mark(&self, finding: &Finding) -> Option<Finding> {
        let is_said = finding.state == FindingState::Raised && self.tells(finding);
        is_said.then(|| Finding { state: FindingState::SaidBefore, ..finding.clone() })
    }

    fn tells(&self, finding: &Finding) -> bool {
        let not_before = match &finding.statement.claim {
            // It stands on the pages and is said in no post.
            Claim::KnownAtStart(_) => return false,
            Claim::Changed(
                Change::PostsAgain { since, .. } | Change::Gone { since } | Change::Back { since },
            ) => Some(*since),
            Claim::Withdrawn(_) => return false,
            Claim::NewlySeen(_) | Claim::Changed(Change::NowProven | Change::Moved { .. }) => None,
        };
        let handle = finding.statement.acct.to_string();
        let names_it = |(at, text): &(DateTime<Utc>, String)| {
            not_before.is_none_or(|not_before| *at >= not_before) && names(text, &handle)
        };
        self.0.iter().any(names_it)
    }
}

/// Whether this very handle stands in a text, not as a piece of a longer one; case does not count.
fn names(text: &str, handle: &str) -> bool {
    let (text, handle) = (text.to_ascii_lowercase(), handle.to_ascii_lowercase());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(&handle).any(|(start, _)| {
        let after = &text[start + handle.len()..];
        let goes_on = after.starts_with(is_plain)
            || after.strip_prefix(['.', ':']).is_some_and(|c| c.starts_with(is_plain));
        !goes_on && !text[..start].ends_with(|c| is_plain(c) || c == '.')
    })
}

/// The parts that were posted, or sent with an outcome that nobody saw, and when.
fn sent(entries: &[Entry]) -> BTreeMap<(DigestNumber, u32, u32), DateTime<Utc>> {
    let mut requests: BTreeMap<(DigestNumber, u32, u32), (u32, DateTime<Utc>)> = BTreeMap::new();
    for entry in entries {
        match &entry.record {
            Record::Intent { digest, rev, part, .. } => {
                let known = requests.entry((*digest, *rev, *part)).or_insert((0, entry.at));
                *known = (known.0 + 1, entry.at);
            }
            // Also without a request, where it was adopted.
            Record::Posted { digest, rev, part, .. } => {
                requests.insert((*digest, *rev, *part), (1, entry.at));
            }
            // These requests certainly had no effect.
            Record::Deferred { digest, rev, part, .. } | Record::Refused { digest, rev, part, .. } => {
                if let Some(known) = requests.get_mut(&(*digest, *rev, *part)) {
                    known.0 = known.0.saturating_sub(1);
                }
            }
            _ => {}
        }
    }
    requests.into_iter().filter(|(_, (count, _))| *count > 0).map(|(part, (_, at))| (part, at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_is_a_piece_of_another_was_not_said() {
        for (text, is_named) in [
            ("desk@news.example, first seen by us 4 November", true),
            ("Desk@news.example is gone.", true),
            ("We mean desk@news.example.", true),
            ("desk@news.example", true),
            ("newsdesk@news.example", false),
            ("news.desk@news.example", false),
            ("desk@news.example.org", false),
            ("desk@news.example:8443", false),
            ("desk@news.examples", false),
        ] {
            assert_eq!(names(text, "desk@news.example"), is_named, "{text}");
        }
    }
}
