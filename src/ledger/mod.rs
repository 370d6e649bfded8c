//! The ledger: an append-only file that proves what was approved, tried, said and withdrawn in public.
//!
//! `ledger.jsonl` holds one JSON object a line, its `hash` last. With `body` = the line's bytes before
//! `,"hash":"` and a closing `}`, the hash is the lower-case hex of SHA-256 over the hash of the line before
//! (64 hex digits as ASCII; 64 zeros for the first line) and `body`. So anybody can check a copy:
//!
//! ```python
//! import hashlib, json, sys
//! head, seq = "0" * 64, 0
//! for line in open(sys.argv[1], "rb"):
//!     body, _, end = line.rpartition(b',"hash":"')
//!     head, seq = hashlib.sha256(head.encode() + body + b"}").hexdigest(), seq + 1
//!     assert end == head.encode() + b'"}\n' and json.loads(line)["seq"] == seq, f"line {seq} is broken"
//! print(seq, "records, head", head)
//! ```
//!
//! The texts of approved parts lie beside it, `texts/<digest>-<rev>-<part>.json`; the ledger has only their
//! salted seals, so that a text can be erased and the chain stays valid.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

use crate::model::record::{Entry, Record};

mod chain;
mod copy;
mod retractions;
mod standing;
mod texts;
mod verify;

pub use chain::GENESIS;
pub use copy::{Copying, Follower, Piece, is_name, pieces};
pub use retractions::{Retraction, Taking};
pub use standing::{Standing, standing};
pub use texts::Text;
pub use verify::{Verified, entries, verify};

/// The name of the file in the state directory.
pub const FILE_NAME: &str = "ledger.jsonl";

/// A child process on its way from fork to exec has our files open for a moment, locks included, so one
/// refusal does not mean another writer.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// The ledger, open for writing; there is one writer at a time. All methods block.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    file: File,
    seq: u64,
    head: String,
    /// Why nothing is appended any more.
    stopped: Option<String>,
}

/// A ledger as it was found.
#[derive(Debug)]
pub struct Opened {
    pub ledger: Ledger,
    pub entries: Vec<Entry>,
    /// The end of a write that a crash cut short, if there was one.
    pub torn: Option<Torn>,
}

/// Bytes after the last whole record. They were never acknowledged, and are kept in a file of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    pub moved_to: PathBuf,
    pub bytes: usize,
}

#[derive(Debug, Error)]
pub enum LedgerError {
    #[error("the ledger {} is in use by another process; expected to be its only writer", path.display())]
    Locked { path: PathBuf },
    /// Somebody changed a record, or the disk did. A person has to look.
    #[error("the ledger {} is broken at line {line}: {why}; expected hash {expected}, found {found}", path.display())]
    Broken { path: PathBuf, line: u64, why: String, expected: String, found: String },
    #[error("no space left for the ledger in {} ({doing}); make room there and start again; `masthead rescue` frees what was put by for this", path.display())]
    NoSpace { path: PathBuf, doing: &'static str },
    #[error("the ledger in {} has an I/O error ({doing}): {source}", path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    /// The text of a part is there and is not one.
    #[error("the text {} cannot be read: {why}", path.display())]
    Text { path: PathBuf, why: String },
    /// An earlier write met an error after which nothing can be promised.
    #[error("the ledger takes no more records, because an earlier one met this: {why}")]
    Stopped { why: String },
}

impl LedgerError {
    /// Whether the disk let us down, so that the process has to stop (exit code 5).
    pub fn is_storage(&self) -> bool {
        matches!(self, LedgerError::NoSpace { .. } | LedgerError::Io { .. } | LedgerError::Stopped { .. })
    }

    fn io(path: &Path, doing: &'static str, source: io::Error) -> LedgerError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LedgerError::NoSpace { path, doing },
            _ => LedgerError::Io { path, doing, source },
        }
    }
}

impl Ledger {
    /// Opens the ledger in a state directory, making both where there is none, and checks its whole chain.
    ///
    /// # Errors
    /// `Locked` while another process has it open; `Broken` if a record other than a torn last one does not
    /// follow from those before it, and then nothing was changed.
    pub fn open(dir: &Path) -> Result<Opened, LedgerError> {
        let path = dir.join(FILE_NAME);
        let fail = |doing| move |error| LedgerError::io(dir, doing, error);
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail("make its directory"))?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(fail("open"))?;
        lock(&file, &path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail("read"))?;
        let chain = chain::read(&path, &bytes)?;
        let torn = match bytes.len() - chain.length {
            0 => None,
            _ => Some(set_aside(dir, &file, &bytes, chain.length).map_err(fail("set a torn end aside"))?),
        };
        file.sync_all().and_then(|()| sync_dir(dir)).map_err(fail("fsync"))?;
        let (seq, head) = (chain.entries.len() as u64, chain.head);
        let ledger = Ledger { dir: dir.to_owned(), file, seq, head, stopped: None };
        Ok(Opened { ledger, entries: chain.entries, torn })
    }

    /// Adds a record; when it returns, the record survives kill and power cut.
    ///
    /// # Errors
    /// After any error the record may or may not be there at the next start, and the ledger takes no more.
    pub fn append(&mut self, at: DateTime<Utc>, record: Record) -> Result<Entry, LedgerError> {
        self.running()?;
        let (entry, line) = chain::next(&self.head, self.seq + 1, at, record);
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| self.stop("append", error))?;
        self.seq = entry.seq;
        self.head.clone_from(&entry.hash);
        Ok(entry)
    }

    /// Moves a ledger whose chain is broken out of the way, to `ledger.broken-<n>`; nothing of it is lost.
    ///
    /// # Errors
    /// `Io` where it cannot be moved.
    pub fn set_aside(dir: &Path) -> Result<PathBuf, LedgerError> {
        let fail = |error| LedgerError::io(dir, "set it aside", error);
        let free = (1..).map(|n| dir.join(format!("ledger.broken-{n}"))).find(|path| !path.exists());
        let aside = free.expect("there are more numbers than files");
        std::fs::rename(dir.join(FILE_NAME), &aside).and_then(|()| sync_dir(dir)).map_err(fail)?;
        Ok(aside)
    }

    /// The hash of the newest record, [`GENESIS`] for an empty ledger.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// How many records it has.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn running(&self) -> Result<(), LedgerError> {
        match &self.stopped {
            Some(why) => Err(LedgerError::Stopped { why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Takes nothing more: after a write or an fsync has gone wrong, nobody knows what the disk holds.
    fn stop(&mut self, doing: &'static str, error: io::Error) -> LedgerError {
        let error = LedgerError::io(&self.dir, doing, error);
        self.stopped = Some(error.to_string());
        error
    }
}

/// Takes the lock that lasts as long as the file is open; a crash releases it.
fn lock(file: &File, path: &Path) -> Result<(), LedgerError> {
    for _ in 0..LOCK_TRIES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::park_timeout(LOCK_WAIT),
            Err(errno) => return Err(LedgerError::io(path, "take its lock", errno.into())),
        }
    }
    Err(LedgerError::Locked { path: path.to_owned() })
}

/// Moves everything from `whole` on into the first free `ledger.torn-<n>`, durable before it is cut off.
fn set_aside(dir: &Path, ledger: &File, bytes: &[u8], whole: usize) -> io::Result<Torn> {
    let mut number = 1u32;
    let (moved_to, mut aside) = loop {
        let path = dir.join(format!("ledger.torn-{number}"));
        match OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path) {
            Ok(file) => break (path, file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    };
    aside.write_all(&bytes[whole..])?;
    aside.sync_all()?;
    sync_dir(dir)?;
    ledger.set_len(whole as u64)?;
    Ok(Torn { moved_to, bytes: bytes.len() - whole })
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
