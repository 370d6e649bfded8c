//! The particulars of retractions: files beside the ledger, so that a kill between two steps loses none.

use std::io;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::texts::{folder, write_whole};
use super::{Ledger, LedgerError};
use crate::model::digest::DigestNumber;
use crate::model::finding::Statement;

/// Everything that follows from a reviewer's word that something was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retraction {
    /// What the next digest leads with; its claim is a withdrawal.
    pub correction: Statement,
    pub by: String,
    /// SHA-256 in hex of the reviewer's key.
    pub key: String,
    pub at: DateTime<Utc>,
    /// The part whose text is replaced; `None` = it stood on our pages only.
    pub taking: Option<Taking>,
}

/// A part of a digest and the revision that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    pub digest: DigestNumber,
    pub part: u32,
    pub rev: u32,
    /// The seal of the text that takes its place.
    pub seal: String,
}

impl Ledger {
    /// Keeps the particulars of a retraction, durable when it returns; to be called before the reviewer's
    /// word is appended. `seal` is that of the statement which is taken back.
    ///
    /// # Errors
    /// As [`Ledger::append`]: after an error the ledger takes no more.
    pub fn put_retraction(&mut self, seal: &str, retraction: &Retraction) -> Result<(), LedgerError> {
        self.running()?;
        let bytes = serde_json::to_vec(retraction).expect("a retraction is plain data");
        let path = folder(&self.dir).join(name(seal));
        write_whole(&self.dir, &path, &bytes).map_err(|error| self.stop("keep a retraction", error))
    }

    /// The particulars of a retraction; `None` if there are none, or they were erased.
    pub fn retraction(&self, seal: &str) -> Result<Option<Retraction>, LedgerError> {
        let path = folder(&self.dir).join(name(seal));
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io(&path, "read a retraction", error)),
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| LedgerError::Text { path, why: error.to_string() })
    }
}

/// Only hex digits of the seal go into the name.
fn name(seal: &str) -> String {
    let digits: String = seal.chars().filter(char::is_ascii_hexdigit).take(32).collect();
    format!("retraction-{digits}.json")
}
