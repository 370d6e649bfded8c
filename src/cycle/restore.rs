//! Bringing an archive back: into an empty state directory, or beside what is there, which is set aside.

mod ledgers;

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;

use super::archive::{self, Header, Kind, Line};
use super::backup::{Checked, check};
use crate::ledger::{self, Copying};
use crate::store::{self, Filling, Hold, StoreError, swap_in};
use ledgers::{Lacking, Ledgers};

/// What is brought back is put together here first.
pub(super) const WORKSHOP: &str = "restoring";
/// A file in it from the moment on at which old and new state change places.
const CHANGING_PLACES: &str = "changing-places";

/// What may happen to what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Nothing is touched where anything is there.
    Untouched,
    /// It goes to a folder of its own in the state directory. A ledger of which the archive's lacks something stays in
    /// the way.
    SetAside,
    /// Such a ledger goes there, too.
    SetAsideWithLedger,
}

/// What was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    #[serde(flatten)]
    pub header: Header,
    pub counts: archive::Counts,
    pub damaged: u64,
    pub first_damage: Option<String>,
    /// Where the old store, and the old ledger if it was replaced, are now.
    pub set_aside: Option<PathBuf>,
    pub ledger: LedgerFate,
}

/// Which ledger the state directory has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerFate {
    /// The one that was there: it begins like the backup's, or an export has none.
    Kept,
    /// The backup's.
    Restored,
    /// There is none.
    None,
}

/// Brings back an export (the store alone) or a backup (store and ledger). A ledger that was there and begins like
/// the backup's stays: it knows what was said since.
///
/// Nothing is changed before the file was read whole and every line, its counts and its checksum agree.
///
/// # Errors
/// Words for the operator: the line that is wrong, who holds the directory, what is in the way and how to go on.
pub fn restore(state_dir: &Path, file: &Path, kind: Kind, old: Old) -> anyhow::Result<Restored> {
    let held = hold(state_dir)?;
    let Checked { header, counts, damaged, first_damage } =
        check(file).with_context(|| format!("{} is not whole, so nothing was changed", file.display()))?;
    ensure!(
        kind == header.kind || kind == Kind::Export,
        "{} is an export without a ledger; `masthead import` takes it",
        file.display()
    );
    ensure!(
        header.schema <= store::SCHEMA,
        "{} was written by masthead {} with schema {} of the store; this one knows {}, so nothing was changed: update \
         masthead first",
        file.display(),
        header.version,
        header.schema,
        store::SCHEMA
    );
    let takes_ledger = kind == Kind::Backup;
    refuse_if_there(state_dir, takes_ledger, old)?;
    let keeps_ledger = !takes_ledger || keeps_ledger(state_dir, file, old)?;
    let workshop = state_dir.join(WORKSHOP);
    // One folder for both, so that whoever asked is told of all that was there.
    let mut aside = Aside { state_dir, folder: None };
    if is_changing_places(state_dir) {
        // One that was cut short may have left what was there in the workshop.
        for name in ["db", ledger::FILE_NAME, "texts"] {
            aside.take(&workshop.join(name))?;
        }
        aside.take(&state_dir.join(store::REPLACED))?;
    }
    clear(&workshop)?;
    let what = if keeps_ledger { What::Store } else { What::StoreAndLedger };
    if let Err(error) = fill(file, &workshop, what) {
        // What is left of it is of no use.
        clear(&workshop)?;
        return Err(error.context("put the new state together; what was here is as it was"));
    }
    if state_dir.join("db").exists() {
        // Before anything changes places, so that there is a place for what was there.
        aside.folder()?;
    }
    if let Err(error) = begin_changing_places(&workshop) {
        clear(&workshop)?;
        return Err(error);
    }
    swap_in(&workshop, state_dir, &held)?;
    aside.take(&workshop.join("db"))?;
    crate::store::forget_identity(state_dir)?;
    if !keeps_ledger {
        aside.take(&state_dir.join(ledger::FILE_NAME))?;
        aside.take(&state_dir.join("texts"))?;
        for name in ["texts", ledger::FILE_NAME] {
            let from = workshop.join(name);
            if from.exists() {
                std::fs::rename(&from, state_dir.join(name)).context("put the ledger in its place")?;
            }
        }
    }
    clear(&workshop)?;
    sync(state_dir)?;
    let fate = match (keeps_ledger, state_dir.join(ledger::FILE_NAME).exists()) {
        (_, false) => LedgerFate::None,
        (true, true) => LedgerFate::Kept,
        (false, true) => LedgerFate::Restored,
    };
    Ok(Restored { header, counts, damaged, first_damage, set_aside: aside.folder, ledger: fate })
}

/// From here on the workshop may hold what was there before.
fn begin_changing_places(workshop: &Path) -> anyhow::Result<()> {
    let begun = File::create(workshop.join(CHANGING_PLACES)).and_then(|file| file.sync_all());
    begun.with_context(|| format!("write into {}", workshop.display()))?;
    sync(workshop)
}

/// Whether a restore was cut short after it was whole and before the new state was in its place. One that was cut
/// short while it was filled changed nothing.
fn is_changing_places(state_dir: &Path) -> bool {
    state_dir.join(WORKSHOP).join(CHANGING_PLACES).exists()
}

/// Refuses to go on where a restore was cut short: what lies there is neither the old nor the new state.
///
/// # Errors
/// In words, with the way out.
pub fn refuse_half_restored(state_dir: &Path) -> anyhow::Result<()> {
    ensure!(
        !is_changing_places(state_dir),
        "a restore into {} did not get to its end; run `masthead restore --aside FILE` or \
         `masthead import --aside FILE` once more",
        state_dir.display()
    );
    Ok(())
}

/// Takes the lock of the state directory.
pub(super) fn hold(state_dir: &Path) -> anyhow::Result<Hold> {
    match Hold::take(state_dir) {
        Err(StoreError::Locked { dir }) => bail!(
            "the service or another command has {} open; stop it first, for example `systemctl stop masthead`",
            dir.display()
        ),
        held => Ok(held?),
    }
}

fn refuse_if_there(state_dir: &Path, takes_ledger: bool, old: Old) -> anyhow::Result<()> {
    let is_there = |name: &str| state_dir.join(name).exists();
    let mut there = Vec::new();
    if is_there("db") {
        there.push("a store");
    }
    if takes_ledger && is_there(ledger::FILE_NAME) {
        there.push("a ledger");
    }
    ensure!(
        there.is_empty() || old != Old::Untouched,
        "{} holds {} already; `--aside` sets the store aside, deletes nothing, and keeps a ledger that goes on where \
         the backup's ends",
        state_dir.display(),
        there.join(" and ")
    );
    Ok(())
}

/// Whether the ledger that is there stays.
///
/// # Errors
/// It would go, and with it what the archive's does not know; nobody has said that it may.
fn keeps_ledger(state_dir: &Path, file: &Path, old: Old) -> anyhow::Result<bool> {
    match ledgers::compare(state_dir, file)? {
        Ledgers::HereGoesOn => Ok(true),
        Ledgers::ArchiveGoesOn => Ok(false),
        Ledgers::Apart(_) if old == Old::SetAsideWithLedger => Ok(false),
        Ledgers::Apart(Lacking { lines, first }) => bail!(
            "the ledger in {} has {lines} records that the one of {} lacks, from record {first} on; without them nobody \
             knows what was decided and said, so nothing was changed: `masthead import --aside` brings the store back \
             and leaves the ledger as it is; `masthead restore --aside --replace-ledger` takes the file's ledger and sets \
             this one aside",
            state_dir.display(),
            file.display()
        ),
    }
}

/// What of an archive is brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Store,
    StoreAndLedger,
}

/// Makes the new state in a folder of its own.
fn fill(file: &Path, workshop: &Path, what: What) -> anyhow::Result<()> {
    let mut reader = archive::open(file)?;
    let mut store = Filling::begin(workshop)?;
    let mut copy = match what {
        What::Store => None,
        What::StoreAndLedger => Some(Copying::begin(workshop)?),
    };
    while let Some(line) = reader.next_line().context("it changed while it was read")? {
        match line {
            Line::Record(record) => store.put(record)?,
            Line::Ledger(piece) => {
                if let Some(copy) = &mut copy {
                    copy.put(&piece)?;
                }
            }
        }
    }
    store.finish()?;
    copy.map_or(Ok(()), |copy| Ok(copy.finish()?))
}

/// A folder for what was there, made when there is something to take.
struct Aside<'a> {
    state_dir: &'a Path,
    folder: Option<PathBuf>,
}

impl Aside<'_> {
    fn folder(&mut self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let free = (1..).map(|number| self.state_dir.join(format!("aside-{number}")));
        let folder = free.into_iter().find(|path| !path.exists()).context("name a folder")?;
        DirBuilder::new().mode(0o700).create(&folder).context("make a folder for what was there")?;
        sync(self.state_dir)?;
        Ok(self.folder.insert(folder).clone())
    }

    fn take(&mut self, path: &Path) -> anyhow::Result<()> {
        let Some(name) = path.file_name().filter(|_| path.exists()) else { return Ok(()) };
        let (folder, name) = (self.folder()?, name.to_string_lossy());
        // What a restore that was cut short left may have the same name.
        let others = (2..).map(|number| folder.join(format!("{name}-{number}")));
        let mut free = std::iter::once(folder.join(&*name)).chain(others);
        let to = free.find(|path| !path.exists()).context("name a place for what was there")?;
        std::fs::rename(path, to).with_context(|| format!("set {} aside", path.display()))?;
        sync(&folder)
    }
}

/// Removes a folder of ours with all that is in it.
pub(super) fn clear(workshop: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(workshop) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("clear {}", workshop.display()))
        }
        _ => Ok(()),
    }
}

pub(super) fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("fsync {}", folder.display()))
}
