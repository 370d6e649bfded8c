//! What goes into the ledger after a step: the records for each answer of the server.

use std::fmt;

use chrono::{DateTime, Duration, Utc};

use crate::model::digest::{Digest, Part};
use crate::model::record::{Entry, Record};
use crate::publish::receipt::{OwnStatus, Verdict};

use super::history::History;
use super::request::Sending;
use super::{ReadBack, Removal};

/// The least wait after a request that certainly had no effect; it doubles up to an hour.
const DEFERRAL: Duration = Duration::seconds(60);

/// What became of one request to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered with this status; whether it is as asked is for [`after_send`] to say.
    Accepted(OwnStatus),
    /// 4xx about this very request: repeating it cannot help.
    Refused {
        status: u16,
        why: String,
    },
    /// 401 or 403: repeating it helps once a person has seen to the account.
    Denied {
        status: u16,
        why: String,
    },
    RateLimited {
        until: DateTime<Utc>,
    },
    /// It certainly never left.
    NotSent {
        until: Option<DateTime<Utc>>,
        why: String,
    },
    /// Timeout, reset, 5xx, an answer nobody can read.
    Unknown {
        why: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Accepted(status) => {
                write!(f, "accepted as {}", status.url.as_ref().unwrap_or(&status.uri))
            }
            Outcome::Refused { status, why } => write!(f, "refused for good, {status}: {why}"),
            Outcome::Denied { status, why } => write!(f, "denied, {status}: {why}"),
            Outcome::RateLimited { until } => write!(f, "rate limited until {until}"),
            Outcome::NotSent { why, .. } => write!(f, "never left: {why}"),
            Outcome::Unknown { why } => write!(f, "unknown: {why}"),
        }
    }
}

/// Records for what came of a [`Step::Send`](super::Step::Send) whose intent is the newest of `entries`.
///
/// None means that the outcome is unknown: the next step looks it up.
pub fn after_send(
    digest: &Digest,
    entries: &[Entry],
    sending: &Sending,
    outcome: &Outcome,
    account: &str,
    now: DateTime<Utc>,
) -> Vec<Record> {
    let history = History::read(digest, entries);
    let index = sending.part.index;
    let Some(part) = history.parts.get(index as usize) else { return Vec::new() };
    let (number, rev) = (digest.number, digest.rev);
    let deferred = |until: Option<DateTime<Utc>>, why: String| {
        // What was sent before and had no effect: every deferral was an attempt and no send.
        let times = part.attempts.saturating_sub(part.sends).min(6);
        let least = now + DEFERRAL * (1 << times).min(60);
        let until = until.map_or(least, |until| until.max(now + DEFERRAL));
        vec![Record::Deferred { digest: number, rev, part: index, until, why }]
    };
    match outcome {
        Outcome::Accepted(status) => found_one(
            digest,
            &sending.part,
            status,
            status.verdict(&sending.part, sending.reply_to.as_deref(), account),
        ),
        // An earlier request may be what this refusal is about, a duplicate for one: look it up.
        Outcome::Refused { .. } if part.sends > 1 => Vec::new(),
        Outcome::Refused { status, why } => {
            let refused = Record::Refused { digest: number, rev, part: index, why: why.clone() };
            let is_target_gone = *status == 404 && sending.reply_to.is_some();
            let closed = Record::Closed { digest: number, rev, complete: false };
            std::iter::once(refused).chain(is_target_gone.then_some(closed)).collect()
        }
        Outcome::Denied { status, why } => deferred(None, format!("{status}: {why}")),
        Outcome::RateLimited { until } => deferred(Some(*until), "rate limited".to_owned()),
        Outcome::NotSent { until, why } => deferred(*until, why.clone()),
        Outcome::Unknown { .. } => Vec::new(),
    }
}

/// Records for what a [`Step::ReadBack`](super::Step::ReadBack) found among our own statuses; others are passed over.
///
/// A read that did not work gives no record and is simply done again.
pub fn after_read(
    digest: &Digest,
    entries: &[Entry],
    read: &ReadBack,
    own: &[OwnStatus],
    account: &str,
) -> Vec<Record> {
    let history = History::read(digest, entries);
    let index = read.part.index;
    let removed = history.parts.get(index as usize).map(|part| part.removed.as_slice()).unwrap_or_default();
    let mut found: Vec<&OwnStatus> = own
        .iter()
        .filter(|status| status.carries(&read.part.permalink) && !removed.contains(&status.id))
        .collect();
    found.sort_by_key(|status| (status.created_at, status.id.len(), status.id.clone()));
    found.dedup_by_key(|status| &status.id);
    if found.is_empty() {
        return vec![Record::NotFound { digest: digest.number, rev: digest.rev, part: index }];
    }
    let verdict = |status: &OwnStatus| status.verdict(&read.part, read.reply_to.as_deref(), account);
    let (pinging, mut clean): (Vec<&OwnStatus>, Vec<&OwnStatus>) =
        found.into_iter().partition(|status| status.mentions > 0);
    if !pinging.is_empty() {
        return pinging
            .into_iter()
            .flat_map(|status| found_one(digest, &read.part, status, verdict(status)))
            .collect();
    }
    let oldest = clean.remove(0);
    let removing = |status: &OwnStatus| Record::Removing {
        digest: digest.number,
        part: index,
        id: status.id.clone(),
        why: format!("a double of {}", oldest.id),
    };
    let doubles = clean.into_iter().map(removing);
    doubles.chain(found_one(digest, &read.part, oldest, verdict(oldest))).collect()
}

/// The record for a [`Step::Remove`](super::Step::Remove) that worked.
pub fn after_removal(digest: &Digest, removal: &Removal) -> Record {
    let Removal { part, id, why } = removal.clone();
    Record::Removed { digest: digest.number, part, id, why }
}

/// Records that end a digest which nobody can go on with: what may stand and was not seen is for a person to look at.
pub fn broken_off(digest: &Digest, entries: &[Entry], why: &str) -> Vec<Record> {
    let (number, rev) = (digest.number, digest.rev);
    let in_doubt = History::read(digest, entries).in_doubt().and_then(|index| u32::try_from(index).ok());
    let held = in_doubt.map(|part| Record::Held { digest: number, rev, part, why: why.to_owned() });
    let closed = Record::Closed { digest: number, rev, complete: false };
    held.into_iter().chain([closed]).collect()
}

/// Records for a status that turned out to be this part.
fn found_one(digest: &Digest, part: &Part, status: &OwnStatus, verdict: Verdict) -> Vec<Record> {
    let posted = || Record::Posted {
        digest: digest.number,
        rev: digest.rev,
        part: part.index,
        id: status.id.clone(),
        uri: status.uri.clone(),
        url: status.url.clone(),
    };
    match verdict {
        Verdict::AsAsked => vec![posted()],
        Verdict::Odd(why) => vec![posted(), Record::Halted { why }],
        // Halted comes first: whatever breaks off after it, this post is not made a second time.
        Verdict::Mentions(mentions) => {
            let why = format!("part {} mentions {mentions} accounts", part.index);
            let id = status.id.clone();
            vec![
                Record::Halted { why: why.clone() },
                Record::Removing { digest: digest.number, part: part.index, id, why },
            ]
        }
    }
}
