//! Archives: a store, and in a backup its ledger, as lines of JSON with counts and a checksum at the end.
//!
//! The first line says what it is, the last one what stood between:
//!
//! ```text
//! {"masthead":"backup","format":1,"version":"0.1.0","schema":2,"store":"8e3c…","made_at":"2026-11-28T03:00:00Z"}
//! {"tree":"accounts","key_hex":"5f1c…","value":{"v":1,"d":{…}}}
//! {"ledger":1,"value":{"seq":1,…,"hash":"45d8…"}}
//! {"text":"1-1-0.json","value":{…}}
//! {"end":{"trees":{"accounts":1},"ledger":1,"texts":1},"sha256":"…"}
//! ```
//!
//! A key that is text stands as `key`; a value that is no JSON of one line stands in hex as `value_hex`. The SHA-256
//! is that of all bytes before the last line.

mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use read::{Reader, Wrong, open};
pub use write::Writer;

use crate::ledger::Piece;
use crate::store::RawRecord;

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// What an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The store alone.
    Export,
    /// The store with its ledger, of one moment.
    Backup,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    #[serde(rename = "masthead")]
    pub kind: Kind,
    pub format: u32,
    /// The masthead that wrote it.
    pub version: String,
    /// The schema of the store's records.
    pub schema: u32,
    /// The id of the store.
    pub store: String,
    pub made_at: DateTime<Utc>,
}

impl Header {
    pub fn new(kind: Kind, schema: u32, store: &str, made_at: DateTime<Utc>) -> Header {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Header { kind, format: FORMAT, version, schema, store: store.to_owned(), made_at }
    }
}

/// What stands between the first line and the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Record(RawRecord),
    Ledger(Piece),
}

/// How much an archive holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records by the name of their tree.
    pub trees: BTreeMap<String, u64>,
    /// Lines of the ledger.
    pub ledger: u64,
    /// Files beside it.
    pub texts: u64,
}

impl Counts {
    pub fn records(&self) -> u64 {
        self.trees.values().sum()
    }

    fn count(&mut self, line: &Line) {
        match line {
            Line::Record(record) => {
                *self.trees.entry(record.tree.as_str().to_owned()).or_default() += 1;
            }
            Line::Ledger(Piece::Line(_)) => self.ledger += 1,
            Line::Ledger(Piece::Text { .. }) => self.texts += 1,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records of the store", self.records())?;
        match self {
            Counts { ledger: 0, texts: 0, .. } => Ok(()),
            Counts { ledger, texts, .. } => write!(f, ", {ledger} of the ledger, {texts} texts"),
        }
    }
}

/// Everything of a line but its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ledger: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Parts a line into its head and its value. A quotation mark within a text is written with a backslash before it, so
/// this stands nowhere else.
const BEFORE_VALUE: &str = ",\"value\":";
const BEFORE_HEX: &str = ",\"value_hex\":";

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    end: Counts,
    sha256: String,
}
