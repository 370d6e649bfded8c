//! What can go wrong with the store, and what the caller can do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::keys::TreeName;

/// A record that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
#[error("record `{key}` of {tree} cannot be read: {why}")]
pub struct Damage {
    pub tree: TreeName,
    /// The key as text, or in hex where it is not text.
    pub key: String,
    pub why: String,
}

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the store in {} is in use by another process; expected to be its only user", dir.display())]
    Locked { dir: PathBuf },
    #[error(
        "the store in {} has schema {found}, and this is masthead {}, which knows {known}; it was last written by masthead {}",
        dir.display(), env!("CARGO_PKG_VERSION"), version.as_deref().unwrap_or("of another version")
    )]
    NewerSchema { dir: PathBuf, found: u32, known: u32, version: Option<String> },
    #[error("the store in {} has schema {found}; expected {known}, to which it is brought when it is opened as an old one", dir.display())]
    OlderSchema { dir: PathBuf, found: u32, known: u32 },
    #[error("no space left for the store in {} ({doing}); make room there and start again; `masthead rescue` frees what was put by for this", dir.display())]
    NoSpace { dir: PathBuf, doing: &'static str },
    #[error("the store in {} has an I/O error ({doing}): {source}", dir.display())]
    Io { dir: PathBuf, doing: &'static str, source: io::Error },
    /// The database found itself damaged, or did something its authors call a bug.
    #[error("the store in {} is damaged ({doing}): {why}", dir.display())]
    Engine { dir: PathBuf, doing: &'static str, why: String },
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Nothing of the batch was written; other batches still can be.
    #[error("record `{key}` for {tree} has {bytes} bytes; expected at most {limit}")]
    TooLong { tree: TreeName, key: String, bytes: usize, limit: usize },
    /// An earlier commit met an error after which nothing can be promised.
    #[error("the store takes no more commits, because an earlier one met this: {why}")]
    Stopped { why: String },
}

/// A single record as far as it can be read: a damaged one is none, and is written anew.
pub fn unless_damaged<T>(read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Damaged(_)) => Ok(None),
        read => read,
    }
}

impl StoreError {
    /// Whether the disk or the database let us down, so that the process has to stop (exit code 5).
    pub fn is_storage(&self) -> bool {
        match self {
            StoreError::NoSpace { .. }
            | StoreError::Io { .. }
            | StoreError::Engine { .. }
            | StoreError::Stopped { .. } => true,
            StoreError::Locked { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::OlderSchema { .. }
            | StoreError::Damaged(_)
            | StoreError::TooLong { .. } => false,
        }
    }
}
