//! Checking a ledger and its texts from outside, without the store and without changing anything.

use std::path::{Path, PathBuf};

use super::{FILE_NAME, LedgerError, chain, texts};
use crate::model::digest::DigestNumber;
use crate::model::record::{Entry, Record};

/// What a check of a ledger found. Its chain holds; otherwise there is an error instead.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    pub records: u64,
    /// The hash of the newest record.
    pub head: String,
    /// Posts that the server confirmed.
    pub posted: u64,
    /// Texts that are exactly what was approved, corrections among them.
    pub texts: u64,
    /// Approved or corrected parts whose text is no longer there.
    pub erased: u64,
    /// Texts that differ from what was approved, or cannot be read.
    pub altered: Vec<PathBuf>,
    /// Bytes after the last whole record: a write under way, or one that a crash cut short.
    pub torn_bytes: usize,
}

impl Verified {
    /// Whether every text that is there is the approved one.
    pub fn is_sound(&self) -> bool {
        self.altered.is_empty()
    }

    /// Compares one text with its seal in the chain.
    fn check(
        &mut self,
        dir: &Path,
        (digest, rev, part): (DigestNumber, u32, u32),
        seal: &str,
    ) -> Result<(), LedgerError> {
        match texts::read(dir, digest, rev, part) {
            Ok(Some(text)) if text.seal() == seal => self.texts += 1,
            Ok(None) => self.erased += 1,
            Ok(Some(_)) | Err(LedgerError::Text { .. }) => {
                self.altered.push(texts::path(dir, digest, rev, part));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The records of the ledger in a state directory, also while its owner writes to it; none where there is no ledger.
///
/// # Errors
/// As [`verify`].
pub fn entries(dir: &Path) -> Result<Vec<Entry>, LedgerError> {
    let path = dir.join(FILE_NAME);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(chain::read(&path, &bytes)?.entries),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(LedgerError::io(&path, "read", error)),
    }
}

/// Checks the ledger in a state directory, also while its owner writes to it.
///
/// # Errors
/// `Broken` with the first line that does not follow from those before it; `Io` where there is no ledger.
pub fn verify(dir: &Path) -> Result<Verified, LedgerError> {
    let path = dir.join(FILE_NAME);
    let bytes = std::fs::read(&path).map_err(|error| LedgerError::io(&path, "read", error))?;
    let chain = chain::read(&path, &bytes)?;
    let mut verified = Verified {
        records: chain.entries.len() as u64,
        head: chain.head,
        posted: 0,
        texts: 0,
        erased: 0,
        altered: Vec::new(),
        torn_bytes: bytes.len() - chain.length,
    };
    for entry in &chain.entries {
        match &entry.record {
            Record::Posted { .. } => verified.posted += 1,
            Record::Approved { digest, rev, parts, .. } => {
                parts
                    .iter()
                    .try_for_each(|sealed| verified.check(dir, (*digest, *rev, sealed.part), &sealed.seal))?;
            }
            Record::Corrected { digest, part, rev, seal, .. } => {
                verified.check(dir, (*digest, *rev, *part), seal)?;
            }
            _ => {}
        }
    }
    Ok(verified)
}
