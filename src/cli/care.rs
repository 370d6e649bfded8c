//! Care of the data: backups and exports in words, and the commands that need the state directory for themselves.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;

use super::args::care::Care;
use super::{good, json, put, refuse_foreign, service};
use crate::config::{self, Config, Environment};
use crate::cycle::archive::{Kind, Wrong};
use crate::cycle::backup::{self, Made};
use crate::cycle::commands::{Answer, Request};
use crate::cycle::compact::{self, Compacted};
use crate::cycle::rescue::{self, Rescued};
use crate::cycle::restore::{self, LedgerFate, Old, Restored};
use crate::cycle::space::in_words;

/// Does one of these commands.
pub(super) async fn run(
    path: Option<&Path>,
    environment: &Environment,
    what: Care,
    now: DateTime<Utc>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    // Who brings a backup back on a new machine has no token yet.
    let (config, _) = good(config::load_without_tokens(path, environment, now))?;
    match what {
        Care::Backup { daily } => {
            let answer = service::ask(config, Request::Backup { daily }).await?;
            super::print(&answer, json)?;
        }
        Care::Export { out } => export(config, out.as_deref(), json).await?,
        Care::Restore { file, replace_ledger: true, .. } => {
            bring_back(&config, now, &file, (Kind::Backup, Old::SetAsideWithLedger), json)?;
        }
        Care::Restore { file, aside, .. } => {
            bring_back(&config, now, &file, (Kind::Backup, old(aside)), json)?
        }
        Care::Import { file, aside } => bring_back(&config, now, &file, (Kind::Export, old(aside)), json)?,
        Care::Compact => {
            refuse_beside_service(&config, "compact")?;
            refuse_foreign(&config)?;
            let done = compact::compact(&config, now)?;
            put(&if json { json::of("compacted", &done)? } else { compacted(&done) })?;
        }
        Care::Rescue => {
            let done = rescue::rescue(&config)?;
            put(&if json { json::of("rescued", &done)? } else { rescued(&done) })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn old(aside: bool) -> Old {
    if aside { Old::SetAside } else { Old::Untouched }
}

fn refuse_beside_service(config: &Config, what: &str) -> anyhow::Result<()> {
    ensure!(
        !service::is_running(config),
        "the service runs on {}, and `masthead {what}` needs it for itself; stop the service, for example \
         `systemctl stop masthead`, then try again",
        config.state_dir.display()
    );
    Ok(())
}

fn bring_back(
    config: &Config,
    now: DateTime<Utc>,
    file: &Path,
    (kind, old): (Kind, Old),
    json: bool,
) -> anyhow::Result<()> {
    refuse_beside_service(config, if kind == Kind::Backup { "restore" } else { "import" })?;
    refuse_foreign(config)?;
    let done = match restore::restore(&config.state_dir, file, kind, old) {
        Err(damaged) if damaged.is::<Wrong>() => {
            let before = backup::one_before(config, file, now);
            let before = before.map(|before| format!("; the one before it is {}", before.path.display()));
            bail!("{damaged:#}{}", before.unwrap_or_default());
        }
        done => done?,
    };
    put(&if json { json::of("restored", &done)? } else { super::render::visible(&restored(&done)) })
}

/// The owner of the store writes a packed file into the state directory, where it may write; from there it goes to
/// where this user wants it.
async fn export(config: Config, out: Option<&Path>, json: bool) -> anyhow::Result<()> {
    ensure!(
        out.is_some() || !json,
        "an export is JSON already; `--json` tells of a file, name it with `--out FILE`"
    );
    if let Some(out) = out {
        ensure!(!out.exists(), "{} is there already; name another file", out.display());
    }
    // The service may have been started in another folder.
    let state_dir = std::path::absolute(&config.state_dir).context("find the state directory")?;
    let between = Between(state_dir.join(format!("{}.export", std::process::id())));
    let config = Config { state_dir, ..config };
    let Answer::Exported(made) = service::ask(config, Request::Export { to: between.0.clone() }).await?
    else {
        bail!("the running service answered something else; is it another version?");
    };
    let packed = File::open(&between.0).with_context(|| format!("open {}", between.0.display()))?;
    let Some(out) = out else {
        return match io::copy(&mut GzDecoder::new(packed), &mut io::stdout().lock()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            copied => copied.map(drop).context("print the export"),
        };
    };
    let is_packed = out.extension().is_some_and(|end| end == "gz");
    let mut source: Box<dyn Read> =
        if is_packed { Box::new(packed) } else { Box::new(GzDecoder::new(packed)) };
    let mut write = || -> io::Result<u64> {
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(out)?;
        let bytes = io::copy(&mut source, &mut file)?;
        file.flush()?;
        file.sync_all()?;
        Ok(bytes)
    };
    let bytes = write().with_context(|| format!("write {}", out.display()))?;
    // What was read back was the file in between.
    backup::check(out).with_context(|| format!("read {} back", out.display()))?;
    super::print(&Answer::Exported(Made { path: out.to_owned(), bytes, ..made }), json)
}

/// A file that goes when it was taken away.
struct Between(PathBuf);

impl Drop for Between {
    fn drop(&mut self) {
        // It is gone already where the export went wrong.
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) fn made(made: &Made) -> String {
    let mut text =
        format!("{}\n{} in {}, read back whole\n", made.path.display(), made.counts, in_words(made.bytes));
    let _ = writeln!(text, "took {}; others waited {}", seconds(made.took_ms), seconds(made.held_ms));
    if made.damaged > 0 {
        let _ = writeln!(text, "{} of them were damaged before and are in it as they are", made.damaged);
    }
    made.pruned.iter().for_each(|path| {
        let _ = writeln!(text, "let go: {}", path.display());
    });
    made.not_pruned.iter().for_each(|why| {
        let _ = writeln!(text, "should be gone and is still there: {why}");
    });
    text
}

fn restored(done: &Restored) -> String {
    let header = &done.header;
    let mut text = format!(
        "{} of store {}, written by masthead {} on {}\n",
        done.counts,
        header.store,
        header.version,
        header.made_at.format("%Y-%m-%d %H:%M UTC")
    );
    let _ = match done.ledger {
        LedgerFate::Restored => writeln!(text, "the ledger is the backup's"),
        LedgerFate::Kept => writeln!(text, "the ledger that was here stays: it may know what was said since"),
        LedgerFate::None => writeln!(text, "there is no ledger; the next start begins one"),
    };
    if let Some(aside) = &done.set_aside {
        let _ =
            writeln!(text, "what was here is in {}; remove it when you no longer need it", aside.display());
    }
    if let Some(why) = &done.first_damage {
        let _ = writeln!(
            text,
            "{} records were damaged before the file was written; the first: {why}",
            done.damaged
        );
    }
    text + "next: masthead reconcile   says whether ledger, store and server agree; then start the service\n"
}

fn compacted(done: &Compacted) -> String {
    let (before, after) = (in_words(done.before), in_words(done.after));
    format!("{} records written anew: {before} before, {after} now\n", done.records)
}

fn rescued(done: &Rescued) -> String {
    let mut text = match done.freed {
        Some(freed) => {
            format!("freed {} of ballast; {} are free now\n", in_words(freed), in_words(done.free))
        }
        None => format!("there is no ballast to free; {} are free\n", in_words(done.free)),
    };
    if !done.could_go.is_empty() {
        text += "these are not needed for running; move them to another disk or remove what you can spare:\n";
    }
    done.could_go.iter().for_each(|path| {
        let _ = writeln!(text, "  {}", path.display());
    });
    text + "next: make room for good, start the service; with it stopped `masthead compact` makes the store small\n"
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}
