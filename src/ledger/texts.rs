//! The texts of approved parts: files beside the ledger, which can be erased.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, sync_dir};
use crate::model::digest::{DigestNumber, Part};

/// A part with the salt of its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub salt: String,
    pub part: Part,
}

impl Text {
    /// The seal that stands in the ledger for this text.
    pub fn seal(&self) -> String {
        self.part.seal(&self.salt)
    }
}

impl Ledger {
    /// Keeps the text of a part, durable when it returns; to be called before its `Approved` is appended.
    ///
    /// # Errors
    /// As [`Ledger::append`]: after an error the ledger takes no more.
    pub fn put_text(&mut self, digest: DigestNumber, rev: u32, text: &Text) -> Result<(), LedgerError> {
        self.running()?;
        let bytes = serde_json::to_vec(text).expect("a part is plain data");
        let path = path(&self.dir, digest, rev, text.part.index);
        write_whole(&self.dir, &path, &bytes).map_err(|error| self.stop("keep a text", error))
    }

    /// The text of a part; `None` if it was never kept, or erased.
    pub fn text(&self, digest: DigestNumber, rev: u32, part: u32) -> Result<Option<Text>, LedgerError> {
        read(&self.dir, digest, rev, part)
    }

    /// Erases the text of a part and its salt, so that its seal tells nothing any more. Whether there was one.
    /// The store has a copy in its digest, which is not erased by this.
    ///
    /// # Errors
    /// As [`Ledger::append`]: after an error the ledger takes no more.
    pub fn erase_text(&mut self, digest: DigestNumber, rev: u32, part: u32) -> Result<bool, LedgerError> {
        self.running()?;
        let erased = match std::fs::remove_file(path(&self.dir, digest, rev, part)) {
            Ok(()) => sync_dir(&folder(&self.dir)).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        erased.map_err(|error| self.stop("erase a text", error))
    }
}

pub(super) fn read(
    dir: &Path,
    digest: DigestNumber,
    rev: u32,
    part: u32,
) -> Result<Option<Text>, LedgerError> {
    let path = path(dir, digest, rev, part);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::io(&path, "read a text", error)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| LedgerError::Text { path, why: error.to_string() })
}

pub(super) fn path(dir: &Path, digest: DigestNumber, rev: u32, part: u32) -> PathBuf {
    folder(dir).join(format!("{digest}-{rev}-{part}.json"))
}

pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("texts")
}

/// Writes a file so that it is whole or not there, whatever happens meanwhile.
pub(super) fn write_whole(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder(dir);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let unfinished = path.with_extension("unfinished");
    let mut file: File =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    sync_dir(&folder)?;
    sync_dir(dir)
}
