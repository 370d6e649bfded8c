//! The disk under the store: its lock, its directories and the errors of both.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::error::StoreError;
use crate::model::evidence::hex;

/// A child process on its way from fork to exec has our files open for a moment, locks included, so one
/// refusal does not mean another owner.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// Where the store lies, for work on its files and for errors that name it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub dir: PathBuf,
}

impl Place {
    /// The directory that belongs to the database alone.
    pub fn db(&self) -> PathBuf {
        self.dir.join("db")
    }

    pub fn is_made(&self) -> bool {
        self.db().exists()
    }

    /// Makes the directories, for our user only; existing ones keep their mode.
    pub fn create(&self) -> Result<(), StoreError> {
        let create = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        create(&self.db()).map_err(|error| self.io("make its directories", error))
    }

    /// Takes the lock that lasts as long as the file returned; a crash releases it.
    pub fn lock(&self) -> Result<File, StoreError> {
        let doing = "take its lock";
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.dir.join("lock"))
            .map_err(|error| self.io(doing, error))?;
        for _ in 0..LOCK_TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::park_timeout(LOCK_WAIT),
                Err(errno) => return Err(self.io(doing, errno.into())),
            }
        }
        Err(StoreError::Locked { dir: self.dir.clone() })
    }

    /// Removes what the database was about to write when a kill or a full disk came in between: the next
    /// time it would take that for a snapshot of its own, find it damaged and not open. A snapshot only
    /// shortens the reading of the data file, which has everything.
    pub fn remove_unfinished_snapshots(&self) -> Result<(), StoreError> {
        let remove = || {
            for entry in std::fs::read_dir(self.db())? {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if name.starts_with("snap.") && name.ends_with(".generating") {
                    std::fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        remove().map_err(|error| self.io("clear its unfinished snapshots", error))
    }

    /// A second handle on the file that holds all records. The database's own flush starts the writing
    /// without waiting for the disk's cache; the fsync through this handle does.
    pub fn data_file(&self) -> Result<File, StoreError> {
        let path = self.db().join("db");
        OpenOptions::new().write(true).open(path).map_err(|error| self.io("open its data file", error))
    }

    /// Makes the names of the database's files durable, and its small settings file.
    pub fn sync_names(&self) -> Result<(), StoreError> {
        let db = self.db();
        let paths = [db.join("conf"), db.join("blobs"), db, self.dir.clone()];
        let parent = self.dir.parent().map(|parent| match parent.as_os_str().is_empty() {
            true => Path::new("."),
            false => parent,
        });
        for path in paths.iter().map(PathBuf::as_path).chain(parent) {
            match File::open(path).and_then(|file| file.sync_all()) {
                Ok(()) => {}
                // A parent that we may not list is not ours to sync.
                Err(error) if Some(path) == parent && error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(self.io("fsync its directories", error)),
            }
        }
        Ok(())
    }

    /// Bytes that the database occupies.
    pub fn size(&self) -> Result<u64, StoreError> {
        let sum = |path: PathBuf| -> io::Result<u64> {
            let mut sum = 0;
            for entry in std::fs::read_dir(path)? {
                // Files come and go meanwhile.
                sum += entry?.metadata().ok().filter(|metadata| metadata.is_file()).map_or(0, |m| m.len());
            }
            Ok(sum)
        };
        let sizes = sum(self.db()).and_then(|files| Ok(files + sum(self.db().join("blobs"))?));
        sizes.map_err(|error| self.io("measure its files", error))
    }

    /// Bytes that its file system has left for us.
    pub fn free(&self) -> Result<u64, StoreError> {
        let figures =
            rustix::fs::statvfs(&self.dir).map_err(|errno| self.io("ask for free space", errno.into()))?;
        Ok(figures.f_bavail.saturating_mul(figures.f_frsize))
    }

    pub fn io(&self, doing: &'static str, source: io::Error) -> StoreError {
        let dir = self.dir.clone();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::NoSpace { dir, doing },
            _ => StoreError::Io { dir, doing, source },
        }
    }

    pub fn sled(&self, doing: &'static str, error: sled::Error) -> StoreError {
        match error {
            sled::Error::Io(source) => self.io(doing, source),
            other => StoreError::Engine { dir: self.dir.clone(), doing, why: other.to_string() },
        }
    }
}

/// Sixteen random bytes of the kernel in hex.
pub(super) fn random_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}
