//! The disk under the store: its lock, its directories and the errors of both.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use super::Store;
use super::error::StoreError;
use crate::model::evidence::hex;

/// A child process on its way from fork to exec has our files open for a moment, locks included, so one
/// refusal does not mean another owner.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(20);
/// A snapshot that the database still writes takes some seconds at most.
const CLOSE_TRIES: u32 = 500;

/// Where the store lies, for work on its files and for errors that name it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub dir: PathBuf,
}

impl Store {
    /// Bytes of the database's files: two to three times of what lives in them, and they hardly shrink.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.inner.place.size()
    }

    /// Bytes left for us on its file system.
    pub fn free_on_disk(&self) -> Result<u64, StoreError> {
        self.inner.place.free()
    }
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

    /// Waits until the database of a store that was closed in this process has let go of its files: what it still
    /// writes it writes by name.
    pub fn wait_until_closed(&self) -> Result<(), StoreError> {
        let file = self.data_file()?;
        for _ in 0..CLOSE_TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(()),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::park_timeout(LOCK_WAIT),
                Err(errno) => return Err(self.io("wait until it is closed", errno.into())),
            }
        }
        Err(StoreError::Locked { dir: self.dir.clone() })
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

/// The lock of a state directory without the store in it, for work on its files while nobody else may touch them.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// # Errors
    /// `Locked` while a service or a command has it.
    pub fn take(dir: &Path) -> Result<Hold, StoreError> {
        let place = Place { dir: dir.to_owned() };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| place.io("make its directory", error))?;
        Ok(Hold { _lock: place.lock()? })
    }

    pub(super) fn of(lock: File) -> Hold {
        Hold { _lock: lock }
    }
}

/// Bytes that the file system of this directory has left for us.
pub fn free_in(dir: &Path) -> Result<u64, StoreError> {
    Place { dir: dir.to_owned() }.free()
}

/// Puts the store of one directory into the place of another's, which then holds what was there, if anything was. On
/// file systems that can, both change places at once, so that a kill leaves one or the other.
pub fn swap_in(new: &Path, dir: &Path, _held: &Hold) -> Result<(), StoreError> {
    let place = Place { dir: dir.to_owned() };
    let (from, to) = (Place { dir: new.to_owned() }.db(), place.db());
    let swap = || -> io::Result<()> {
        if to.exists() {
            renameat_with(CWD, &from, CWD, &to, RenameFlags::EXCHANGE)?;
        } else {
            std::fs::rename(&from, &to)?;
        }
        File::open(new)?.sync_all()?;
        File::open(dir)?.sync_all()
    };
    swap().map_err(|error| place.io("put the new one in its place", error))
}

/// Sixteen random bytes of the kernel in hex.
pub(super) fn random_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}
