//! Space on the disk: how low it may get, and the ballast that is thrown off when it is gone.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::fs::{FallocateFlags, fallocate};
use serde::Serialize;

use crate::config::Config;
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

/// What `masthead rescue` gives back: more than the database needs to open and to write some days of publication.
pub const BALLAST: u64 = 64 << 20;
/// Ballast is taken only where so much is left afterwards: it must not make the need that it is there for.
const PLENTY: u64 = 1 << 30;
const BALLAST_FILE: &str = "ballast";

/// What was thrown off, and what is left to be removed by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rescued {
    /// Bytes of the ballast; `None` where there was none.
    pub freed: Option<u64>,
    pub free: u64,
    /// Files and folders that nobody needs for running: backups and what was set aside.
    pub could_go: Vec<PathBuf>,
}

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

/// Throws the ballast off, also while a service runs.
///
/// # Errors
/// What the disk says.
pub fn rescue(config: &Config) -> anyhow::Result<Rescued> {
    let dir = &config.state_dir;
    let path = dir.join(BALLAST_FILE);
    let freed = match path.metadata() {
        Ok(ballast) => {
            std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
            Some(ballast.len())
        }
        Err(_) => None,
    };
    let mut could_go = Vec::new();
    for folder in [dir, &config.backup_dir] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with("aside-") || super::backup::Name::parse(&name).is_some() {
                could_go.push(path);
            }
        }
    }
    could_go.sort();
    Ok(Rescued { freed, free: store::free_in(dir)?, could_go })
}
