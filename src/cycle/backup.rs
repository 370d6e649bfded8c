//! Backups: store and ledger of one moment in one file, read back whole before it gets its name.

mod names;
mod shelf;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::archive::{self, Counts, Header, Kind, Line, Writer, Wrong};
use super::{Newsroom, leftovers};
use crate::config::Config;
use crate::ledger::{self, Follower, Piece};
use crate::store::{self, Store, check_record};

pub use names::Name;
pub use shelf::{Doubt, Newest, Of, newest, newest_before, one_before};
use shelf::{Pruned, Word};

/// A backup or an export must not be what fills the disk: it ends when no more than this would be left, which is also
/// where collection pauses.
const LEAVE_FREE: u64 = super::space::COLLECT_ABOVE;
/// How often the space is looked at while a file is written.
const LOOK_EVERY: u64 = 1 << 20;

/// A backup or export that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub path: PathBuf,
    /// As it lies on disk.
    pub bytes: u64,
    pub counts: Counts,
    /// Records and lines that were damaged already where they came from; they are in it as they are.
    pub damaged: u64,
    /// How long commits and the press had to wait.
    pub held_ms: u64,
    /// From the first byte to the last byte that was read back.
    pub took_ms: u64,
    /// Older backups that were let go.
    pub pruned: Vec<PathBuf>,
    /// What of them should have gone and is still there, each with the reason.
    #[serde(default)]
    pub not_pruned: Vec<String>,
}

/// Why a backup is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A person wants one of the store as it is.
    ByHand,
    /// It is time for one.
    Daily,
}

/// Makes a backup. Commits and the press wait while it is written; the reading back keeps nobody waiting.
///
/// # Errors
/// What is in the way, and for a daily one a [`Doubt`]. It is remembered until one is made.
pub async fn make(room: &Newsroom, occasion: Occasion, now: DateTime<Utc>) -> anyhow::Result<Made> {
    // One after the other: each clears away what another left unfinished.
    let _alone = room.backing_up.lock().await;
    if let Some(doubt) = doubt(room, now).await.filter(|_| occasion == Occasion::Daily) {
        bail!("no backup was made, since {doubt}: {}", doubt.ways_out());
    }
    let made = write_and_prune(room, now).await.context("make a backup");
    let failed = made.as_ref().err().map(|error| Failed::of(error, &room.config, now));
    room.vitals.backed_up(failed);
    made
}

/// Whether the store that is here is the one to be kept; see [`Doubt`].
pub async fn doubt(room: &Newsroom, now: DateTime<Utc>) -> Option<Doubt> {
    let (config, id) = (room.config.clone(), room.store.id());
    // Not held while the folder is read: a network disk may answer late or never, and a halt must be heard.
    let word = Word::of(room.press.lock().await.entries(), &id);
    room.store.run(move |store| Doubt::of(store, word, &config, now)).await
}

async fn write_and_prune(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<Made> {
    let press = room.press.clone().lock_owned().await;
    let config = room.config.clone();
    let written = press.entries().len() as u64;
    let made = room.store.run(move |store| {
        let folder = folder(&config)?;
        let name = Name { made_at: now, before_schema: None };
        let mut made =
            write_whole(store, &config.state_dir, &folder.join(name.to_string()), Kind::Backup, now, press)?;
        // One without what was said in public must not pass for the newest, nor push out those that have it.
        if made.counts.ledger < written {
            std::fs::remove_file(&made.path).context("take the backup away again")?;
            bail!(
                "the ledger in {} has {} lines, and this service has written {written}: the file was removed or \
                 replaced under it. Stop the service before it posts again; docs/operating.md, “When something is broken”",
                config.state_dir.display(),
                made.counts.ledger
            );
        }
        // The new one is good, whatever becomes of the old ones.
        match shelf::prune(&folder, &store.id(), now) {
            Ok(Pruned { gone, stuck }) => (made.pruned, made.not_pruned) = (gone, stuck),
            Err(error) => made.not_pruned = vec![format!("{}: {error}", folder.display())],
        }
        for why in &made.not_pruned {
            tracing::warn!(%why, "an older backup could not be let go");
        }
        sweep(&config.state_dir, Some(&folder));
        anyhow::Ok(made)
    });
    made.await
}

/// Clears away what kills left of exports and backups; what stays is in nobody's way.
fn sweep(state_dir: &Path, folder: Option<&Path>) {
    let backups = folder.map_or(Ok(()), |folder| leftovers::sweep_unfinished(folder, names::is_unfinished));
    if let Err(error) = backups.and(leftovers::sweep_exports(state_dir)) {
        tracing::warn!(%error, "what a kill left of backups and exports could not be cleared away");
    }
}

/// A backup that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub at: DateTime<Utc>,
    pub why: String,
    /// What to do about it, in one line.
    pub fix: String,
}

impl Failed {
    fn of(error: &anyhow::Error, config: &Config, at: DateTime<Utc>) -> Failed {
        let folder = config.backup_dir.display();
        let kind = error.chain().find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
        let fix = match kind {
            // What the unit leaves writable is the state.
            Some(io::ErrorKind::ReadOnlyFilesystem) => format!(
                "systemctl edit masthead, write two lines: [Service] and ReadWritePaths={folder}; then systemctl restart \
                 masthead"
            ),
            Some(io::ErrorKind::PermissionDenied) => {
                format!("give {folder} to the user that runs the service; then masthead backup")
            }
            _ => "mend that; then masthead backup".to_owned(),
        };
        Failed { at, why: format!("{error:#}"), fix }
    }
}

/// Writes an export to a file that must not be there yet; whoever asked takes it away.
pub async fn export(room: &Newsroom, to: PathBuf, now: DateTime<Utc>) -> anyhow::Result<Made> {
    let config = room.config.clone();
    let made = room.store.run(move |store| {
        // The same folder may be written in many ways.
        let real = |folder: &Path| folder.canonicalize().ok();
        let is_ours =
            to.parent().and_then(real).is_some_and(|folder| Some(folder) == real(&config.state_dir))
                && to.extension().is_some_and(|end| end == "export");
        ensure!(
            is_ours,
            "{} is no place for an export; expected a file in {}",
            to.display(),
            config.state_dir.display()
        );
        sweep(&config.state_dir, None);
        write_whole(store, &config.state_dir, &to, Kind::Export, now, ())
    });
    made.await.context("export the store")
}

/// The backup that a store gets before its records change their shape.
pub(super) fn before_migration(
    store: &Store,
    config: &Config,
    schema: u32,
    now: DateTime<Utc>,
) -> anyhow::Result<Made> {
    let name = Name { made_at: now, before_schema: Some(schema) };
    let path = folder(config)?.join(name.to_string());
    write_whole(store, &config.state_dir, &path, Kind::Backup, now, ())
}

/// What an archive was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub header: Header,
    pub counts: Counts,
    pub damaged: u64,
    /// The first of them, in words.
    pub first_damage: Option<String>,
}

/// Reads an archive whole: every line, its counts and its checksum, and whether its records can be read.
///
/// # Errors
/// The first line that is wrong. A record that was damaged before it was written is none.
pub fn check(path: &Path) -> Result<Checked, Wrong> {
    let mut reader = archive::open(path)?;
    let mut chain = Follower::default();
    let (mut damaged, mut first_damage) = (0, None);
    while let Some(line) = reader.next_line()? {
        let read = match &line {
            Line::Record(record) => check_record(record),
            Line::Ledger(Piece::Line(line)) => chain.follow(line),
            Line::Ledger(Piece::Text { .. }) => Ok(()),
        };
        if let Err(why) = read {
            damaged += 1;
            first_damage.get_or_insert_with(|| format!("line {}: {why}", reader.line()));
        }
    }
    let (header, counts) = (reader.header().clone(), reader.counts().clone());
    Ok(Checked { header, counts, damaged, first_damage })
}

/// The folder for backups. One that was configured is not made: it may be a disk that is not mounted.
fn folder(config: &Config) -> anyhow::Result<PathBuf> {
    let folder = &config.backup_dir;
    if folder.starts_with(&config.state_dir) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("make {}", folder.display()))?;
    }
    ensure!(
        folder.is_dir(),
        "the folder for backups {} is not there; make it, mount its disk, or change `[backup] dir`",
        folder.display()
    );
    Ok(folder.clone())
}

/// Writes an archive under another name, reads it back, and gives it its name. `held` is let go as soon as all is
/// written.
fn write_whole(
    store: &Store,
    state_dir: &Path,
    path: &Path,
    kind: Kind,
    now: DateTime<Utc>,
    held: impl Send,
) -> anyhow::Result<Made> {
    let begun = Instant::now();
    let unfinished = path.with_extension("unfinished");
    let result = write(store, state_dir, &unfinished, kind, now).and_then(|counts| {
        drop(held);
        let held_ms = millis(begun);
        let checked = check(&unfinished).context("read it back")?;
        ensure!(checked.counts == counts, "read back, it has {}, not {counts}", checked.counts);
        std::fs::rename(&unfinished, path).context("give it its name")?;
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).context("fsync its folder")?;
        let bytes = path.metadata().context("measure it")?.len();
        Ok(Made {
            path: path.to_owned(),
            bytes,
            counts,
            damaged: checked.damaged,
            held_ms,
            took_ms: millis(begun),
            pruned: Vec::new(),
            not_pruned: Vec::new(),
        })
    });
    if result.is_err() {
        // What is left of it is of no use, and the next one would write over it anyway.
        let _ = std::fs::remove_file(&unfinished);
    }
    result.with_context(|| format!("write {}", path.display()))
}

fn write(
    store: &Store,
    state_dir: &Path,
    path: &Path,
    kind: Kind,
    now: DateTime<Utc>,
) -> anyhow::Result<Counts> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    leftovers::hold(&file);
    // The fast level: others wait meanwhile, and the better ones save a tenth.
    let packed = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let still = store.hold_still();
    let header = Header::new(kind, still.schema(), still.store_id(), now);
    let mut writer = Writer::begin(packed, &header)?;
    let mut look_at = 0;
    let mut put = |writer: &mut Writer<_>, line: &Line| -> anyhow::Result<()> {
        if writer.bytes() >= look_at {
            look_at = writer.bytes() + LOOK_EVERY;
            leave_room(path)?;
        }
        Ok(writer.put(line)?)
    };
    for record in still.records() {
        put(&mut writer, &Line::Record(record?))?;
    }
    if kind == Kind::Backup {
        for piece in ledger::pieces(state_dir)? {
            put(&mut writer, &Line::Ledger(piece?))?;
        }
    }
    let (packed, counts) = writer.finish()?;
    drop(still);
    let mut file = packed.finish()?;
    file.flush()?;
    file.get_ref().sync_all().context("fsync it")?;
    Ok(counts)
}

fn leave_room(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let free = store::free_in(folder)?;
    if free < LEAVE_FREE {
        bail!(
            "only {} are left in {}, and {} are left alone: make room there, or name another disk in `[backup] dir`",
            super::space::in_words(free),
            folder.display(),
            super::space::in_words(LEAVE_FREE)
        );
    }
    Ok(())
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
