//! The shelf: the backups that lie in the folder, each with the store that it is of.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::names::{self, Name};
use crate::config::Config;
use crate::cycle::archive;
use crate::model::record::{Entry, Record};
use crate::store::{Store, known_identity};

/// A backup, for those who ask whether there is one. Every file that got a backup's name was read back whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    pub path: PathBuf,
    pub made_at: DateTime<Utc>,
    pub bytes: u64,
    /// The id of the store in it.
    pub store: String,
}

/// Whose backups count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// Those of the store with this id.
    Store(&'a str),
    /// Those of all others.
    AllBut(&'a str),
    Any,
}

impl<'a> Of<'a> {
    /// The store that belongs into the state directory, as far as anybody knows.
    pub fn known(id: Option<&'a String>) -> Of<'a> {
        id.map_or(Of::Any, |id| Of::Store(id))
    }

    fn counts(self, store: &str) -> bool {
        match self {
            Of::Store(id) => store == id,
            Of::AllBut(id) => store != id,
            Of::Any => true,
        }
    }
}

/// The newest backup of a store; one made before a migration counts as well.
pub fn newest(config: &Config, of: Of<'_>, now: DateTime<Utc>) -> Option<Newest> {
    newest_among(config, of, now, |_| true)
}

/// The newest backup that was made before a store of a schema below this one changed its shape.
pub fn newest_before(config: &Config, schema: u32, now: DateTime<Utc>) -> Option<Newest> {
    let known = known_identity(&config.state_dir);
    let is_before = |name: Name| name.before_schema.is_some_and(|before| before < schema);
    newest_among(config, Of::known(known.as_ref()), now, is_before)
}

/// The newest backup of the same store that was made before this one, for whoever finds this one damaged.
pub fn one_before(config: &Config, file: &Path, now: DateTime<Utc>) -> Option<Newest> {
    let name = Name::parse(file.file_name()?.to_str()?)?;
    let store = store_of(file).or_else(|| known_identity(&config.state_dir));
    newest_among(config, Of::known(store.as_ref()), now, |other| other.made_at < name.made_at)
}

fn newest_among(
    config: &Config,
    of: Of<'_>,
    now: DateTime<Utc>,
    counts: impl Fn(Name) -> bool,
) -> Option<Newest> {
    let mut names = names_in(&config.backup_dir).ok()?;
    names.retain(|name| counts(*name));
    // A date to come is of a clock that was ahead: nobody knows when that one was made.
    names.sort_by_key(|name| std::cmp::Reverse((name.made_at <= now, *name)));
    names.into_iter().find_map(|name| {
        let path = config.backup_dir.join(name.to_string());
        let store = store_of(&path).filter(|store| of.counts(store))?;
        let bytes = path.metadata().ok()?.len();
        Some(Newest { path, made_at: name.made_at, bytes, store })
    })
}

/// The store that a backup is of; `None` where its first line cannot be read.
fn store_of(path: &Path) -> Option<String> {
    archive::open(path).ok().map(|reader| reader.header().store.clone())
}

pub(super) fn names_in(folder: &Path) -> io::Result<Vec<Name>> {
    let entries = std::fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(Name::parse(&entry?.file_name().to_string_lossy())));
    names.filter_map(Result::transpose).collect()
}

/// Removes those backups of a store that [`names::prune`] does not keep. What is of another store, or of nobody knows
/// which, stays until a person takes it away: it may be all that is left of a store that was lost.
/// One that cannot be removed keeps no other.
pub(super) fn prune(folder: &Path, store: &str, now: DateTime<Utc>) -> io::Result<Pruned> {
    let path = |name: &Name| folder.join(name.to_string());
    let is_ours = |name: &Name| store_of(&path(name)).is_some_and(|of| of == store);
    let ours: Vec<Name> = names_in(folder)?.into_iter().filter(is_ours).collect();
    let mut pruned = Pruned::default();
    for path in names::prune(&ours, now).iter().map(path) {
        match std::fs::remove_file(&path) {
            Ok(()) => pruned.gone.push(path),
            Err(error) => pruned.stuck.push(format!("{}: {error}", path.display())),
        }
    }
    Ok(pruned)
}

/// What became of the backups that nobody needs any more.
#[derive(Debug, Default)]
pub(super) struct Pruned {
    pub gone: Vec<PathBuf>,
    /// Those that are still there, each with the reason.
    pub stuck: Vec<String>,
}

/// Whether a person has said, in the ledger, that a store is the one to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Given,
    None,
}

impl Word {
    pub fn of(entries: &[Entry], store: &str) -> Word {
        let names_it =
            |entry: &Entry| matches!(&entry.record, Record::Reconciled { store: id, .. } if id == store);
        if entries.iter().any(names_it) { Word::Given } else { Word::None }
    }
}

/// A doubt whether the store that is here is the one to be kept. No backup is made of it by itself: it would pass for
/// the newest one of what was lost. A restore, a reconciliation by name or a backup by hand ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The store that was here before, where that is known.
    pub lost: Option<String>,
    /// The newest backup of it, else of any other.
    pub newest: Option<Newest>,
}

impl Doubt {
    /// The doubt about a store of which a person has said this.
    pub(super) fn of(store: &Store, word: Word, config: &Config, now: DateTime<Utc>) -> Option<Doubt> {
        if let Some(lost) = store.predecessor() {
            return Some(Doubt { lost: Some(lost.to_owned()), newest: newest(config, Of::Store(lost), now) });
        }
        let id = store.id();
        // First what is quickly found where all is well.
        if word == Word::Given || newest(config, Of::Store(&id), now).is_some() {
            return None;
        }
        let newest_other = newest(config, Of::AllBut(&id), now)?;
        Some(Doubt { lost: None, newest: Some(newest_other) })
    }

    /// What to do about it, for those who want the other store back and for those who do not.
    pub fn ways_out(&self) -> String {
        let file = match &self.newest {
            Some(newest) => newest.path.display().to_string(),
            None => "FILE".to_owned(),
        };
        let keep = match self.lost {
            Some(_) => "masthead reconcile --as NAME",
            None => "masthead backup",
        };
        format!("masthead restore --aside {file}, with the service stopped; or, to keep this store: {keep}")
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.lost, &self.newest) {
            (Some(lost), _) => write!(f, "store {lost} was here before this one"),
            (None, Some(newest)) => {
                let folder = newest.path.parent().unwrap_or(Path::new("."));
                write!(f, "this store has no backup in {} yet, store {} has", folder.display(), newest.store)
            }
            (None, None) => f.write_str("another store was here before this one"),
        }
    }
}
