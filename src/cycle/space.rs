//! Space on the disk: how low it may get, and the ballast that is laid while there is plenty.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::{FallocateFlags, fallocate};

use crate::store;

/// Below this collection pauses: what is read can be read later, and what is left belongs to the public record. A
/// day of collection takes some ten megabytes, so this is days before anything fails.
pub const COLLECT_ABOVE: u64 = 128 << 20;

/// Bytes as people read them.
pub fn in_words(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 10 << 30 => format!("{} GB", bytes >> 30),
        bytes if bytes >= 1 << 30 => format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)),
        bytes if bytes >= 1 << 20 => format!("{} MB", bytes >> 20),
        bytes if bytes >= 1 << 10 => format!("{} kB", bytes >> 10),
        bytes => format!("{bytes} bytes"),
    }
}

/// What [`throw_ballast_off`] gives back: more than the database needs to open and to write some days of publication.
pub const BALLAST: u64 = 64 << 20;
/// Ballast is taken only where so much is left afterwards: it must not make the need that it is there for.
const PLENTY: u64 = 1 << 30;
const BALLAST_FILE: &str = "ballast";

/// Lays ballast where there is none and the disk has plenty; whether it did. Its blocks are real.
///
/// # Errors
/// What the disk says; the service does well without.
pub fn take_ballast(state_dir: &Path) -> anyhow::Result<bool> {
    let path = state_dir.join(BALLAST_FILE);
    if path.exists() || store::free_in(state_dir)? < BALLAST + PLENTY {
        return Ok(false);
    }
    let unfinished = path.with_extension("unfinished");
    let lay = || -> io::Result<()> {
        let file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
        fallocate(&file, FallocateFlags::empty(), 0, BALLAST)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)
    };
    lay().with_context(|| format!("lay ballast at {}", path.display()))?;
    Ok(true)
}

/// Gives the ballast's bytes back; `None` where there is none.
///
/// # Errors
/// What the disk says.
pub fn throw_ballast_off(state_dir: &Path) -> anyhow::Result<Option<u64>> {
    let path = state_dir.join(BALLAST_FILE);
    let Ok(ballast) = path.metadata() else { return Ok(None) };
    std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    Ok(Some(ballast.len()))
}
