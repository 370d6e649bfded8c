//! Two ledgers, the one that is there and the one of an archive: which of them goes on where the other ends.

use std::path::Path;

use super::super::archive::{self, Line};
use crate::ledger::{self, Piece};
use crate::model::record::{Entry, Record};

/// How they stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ledgers {
    /// The one that is there begins with all lines of the archive's, which may be none: it lacks nothing.
    HereGoesOn,
    /// The archive's begins with all lines of the one that is there, but for such as say nothing of what was decided or
    /// said.
    ArchiveGoesOn,
    /// Each has lines that the other lacks.
    Apart(Lacking),
}

/// What the archive's ledger lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lacking {
    pub lines: usize,
    /// The place of the first of them, counted from 1.
    pub first: usize,
}

/// Compares the ledger in a directory with that of an archive, byte by byte.
pub(super) fn compare(state_dir: &Path, file: &Path) -> anyhow::Result<Ledgers> {
    let mut there = ledger::pieces(state_dir)?;
    let mut next_there = move || match there.next().transpose()? {
        Some(Piece::Line(line)) => anyhow::Ok(Some(line)),
        _ => Ok(None),
    };
    let mut reader = archive::open(file)?;
    let mut first = 1;
    let mut other = None;
    while let Some(line) = reader.next_line()? {
        let Line::Ledger(Piece::Line(line)) = line else { continue };
        match next_there()? {
            Some(here) if here == line => first += 1,
            Some(here) => {
                other = Some(here);
                break;
            }
            None => return Ok(Ledgers::ArchiveGoesOn),
        }
    }
    let Some(other) = other else { return Ok(Ledgers::HereGoesOn) };
    let (mut lines, mut says) = (1, says_something(&other));
    while let Some(here) = next_there()? {
        lines += 1;
        says |= says_something(&here);
    }
    Ok(if says { Ledgers::Apart(Lacking { lines, first }) } else { Ledgers::ArchiveGoesOn })
}

/// Whether anything is lost with a line. Which store a ledger belongs to is said anew where that changes.
fn says_something(line: &[u8]) -> bool {
    let entry = serde_json::from_slice::<Entry>(line);
    !entry.is_ok_and(|entry| matches!(entry.record, Record::Opened { .. } | Record::Reconciled { .. }))
}
