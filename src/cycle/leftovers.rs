//! Leftovers: what a kill left behind of exports, backups and new stores is cleared away, once nobody works on it.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};

use super::{compact, restore};
use crate::store::{self, Store};

/// Ends of the names of files that wait in the state directory for the process whose id they begin with.
const OF_PROCESSES: [&str; 2] = ["export", "unfinished"];

/// Clears the state directory, whose store is open, so that nobody else writes one anew. It is the whole one of an
/// earlier restore or compacting: [`restore::refuse_half_restored`] comes first.
///
/// # Errors
/// What the disk says.
pub fn sweep(state_dir: &Path, store: &Store) -> anyhow::Result<()> {
    restore::clear(&state_dir.join(compact::WORKSHOP))?;
    restore::clear(&state_dir.join(restore::WORKSHOP))?;
    // Beside a store that is not the one which belongs here it may be that one.
    if store.predecessor().is_none() {
        restore::clear(&state_dir.join(store::REPLACED))?;
    }
    Ok(sweep_exports(state_dir)?)
}

/// Removes exports that nobody will take away any more: who asked for them is gone.
pub fn sweep_exports(state_dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(state_dir)? {
        let path = entry?.path();
        let process = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).and_then(Pid::from_raw);
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        let is_left = process.is_some_and(|process| OF_PROCESSES.contains(&end) && is_gone(process));
        if is_left {
            std::fs::remove_file(&path)?;
            tracing::info!(path = %path.display(), "removed an export that nobody took away");
        }
    }
    Ok(())
}

/// Whether no process has this id. One that we may not signal is there.
fn is_gone(process: Pid) -> bool {
    test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

/// Marks a file as being written, for as long as it is open. File systems without locks go without.
pub fn hold(file: &File) {
    let _ = flock(file, FlockOperation::NonBlockingLockExclusive);
}

/// Removes the files of a folder whose names are meant, unless somebody [holds](hold) them.
pub fn sweep_unfinished(folder: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !is_meant(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        let Ok(file) = File::open(&path) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn exports_of_dead_processes_go_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let alive = std::process::id();
        let ours = [format!("{dead}.export"), format!("{dead}.unfinished")];
        let kept = [
            format!("{alive}.export"),
            format!("{dead}.jsonl"),
            "ledger.jsonl".to_owned(),
            "mine.export".to_owned(),
            "store.id".to_owned(),
        ];
        for name in ours.iter().chain(&kept) {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        sweep_exports(dir.path()).unwrap();
        let mut kept = kept.to_vec();
        kept.sort();
        assert_eq!(names(dir.path()), kept);
    }

    #[test]
    fn an_unfinished_file_that_somebody_writes_stays() {
        let dir = tempfile::tempdir().unwrap();
        let held = File::create(dir.path().join("a.unfinished")).unwrap();
        hold(&held);
        for name in ["b.unfinished", "c.gz"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        sweep_unfinished(dir.path(), |name| name.ends_with(".unfinished")).unwrap();
        assert_eq!(names(dir.path()), ["a.unfinished", "c.gz"]);
        drop(held);
        sweep_unfinished(dir.path(), |name| name.ends_with(".unfinished")).unwrap();
        assert_eq!(names(dir.path()), ["c.gz"]);
    }
}
