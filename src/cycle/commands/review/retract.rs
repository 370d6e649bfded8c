//! Retraction: the one door from a reviewer's word to the correction of what was posted.

use chrono::{DateTime, Utc};

use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::model::finding::FindingId;

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

/// Takes back what was said. The reviewer's key was checked, and the press is held.
pub(super) async fn retract(
    room: &Newsroom,
    press: &mut Press,
    retraction: Retraction,
    by: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let _ = (room, press, by, now);
    anyhow::bail!(
        "{} cannot be retracted by command in this build: `masthead halt` stops all posting, the post is \
         deleted on its server by hand",
        retraction.finding
    )
}
