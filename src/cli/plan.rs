//! `masthead plan`: asks the running service, or reads the store where none runs, and prints what would change.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{refuse_foreign, service};
use crate::config::{self, Config, Environment, Loaded, Paint};
use crate::cycle::backup::{self, Of};
use crate::cycle::commands::{Answer, Request};
use crate::cycle::judge::Standing;
use crate::cycle::plan::{self, Change, Plan};
use crate::cycle::restore;
use crate::model::assessment::Level;
use crate::store::{Store, StoreError, known_identity};

/// What the configuration would change. Nothing is written: without a service the store is only read.
///
/// A backup is judged by this binary, whatever runs: before an update it tells what the new one would do.
pub(super) async fn ask(
    path: Option<&Path>,
    backup: Option<PathBuf>,
    environment: Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<Plan> {
    let Loaded { config, report, state_dir, file, .. } = config::load(path, &environment, now);
    let running = state_dir.zip(file).filter(|_| backup.is_none());
    if let Some((state_dir, file)) = running {
        let file = file.canonicalize().with_context(|| format!("find {}", file.display()))?;
        let request = Request::Plan { file, version: env!("CARGO_PKG_VERSION").to_owned() };
        let asked = tokio::task::spawn_blocking(move || service::ask_running(&state_dir, request)).await?;
        match asked {
            Some(Ok(Answer::Planned(plan))) => return Ok(plan),
            Some(Ok(other)) => anyhow::bail!("the running service answered something else: {other:?}"),
            Some(Err(error)) => return Err(error),
            None => {}
        }
    }
    let config = config.ok_or_else(|| {
        eprint!("{}", report.text(Paint::Plain));
        anyhow::anyhow!("the configuration has errors")
    })?;
    let read = move || match backup {
        Some(backup) => plan::of_backup(&backup, &config, config.clock.now()),
        None => of_store(&config),
    };
    tokio::task::spawn_blocking(read).await?
}

/// The plan of the store that is here, which is only read.
fn of_store(config: &Config) -> anyhow::Result<Plan> {
    let (folder, now) = (&config.state_dir, config.clock.now());
    anyhow::ensure!(
        Store::is_in(folder),
        "there is no store in {}: nothing was read yet, so all of the configuration would be new",
        folder.display()
    );
    refuse_foreign(config)?;
    restore::refuse_half_restored(folder)?;
    let store = match Store::open(folder, config.store_cache_mib) {
        Err(StoreError::OlderSchema { found, known, .. }) => {
            let known_store = known_identity(folder);
            let newest = backup::newest(config, Of::known(known_store.as_ref()), now);
            let way_out = match newest {
                Some(newest) => format!("masthead plan --backup {}", newest.path.display()),
                None => "`masthead backup` of the version that wrote it makes a file, then masthead plan --backup FILE"
                    .to_owned(),
            };
            anyhow::bail!(
                "the store in {} is of an earlier masthead: its schema is {found}, this one has {known}, and a plan \
                 changes nothing; ask by a backup: {way_out}",
                folder.display()
            )
        }
        opened => opened?,
    };
    Ok(plan::plan(&store, config, now)?)
}

/// Counts first, then a line for each thing.
pub(super) fn words(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("{} accounts judged again: nothing would change\n", plan.judged);
    }
    let changes = [&plan.newly, &plan.no_longer, &plan.otherwise];
    let all = || changes.into_iter().flatten();
    let (raised, lapsed) = (
        all().map(|change| change.raises.len()).sum::<usize>(),
        all().map(|change| change.lapses.len()).sum::<usize>(),
    );
    let [newly, no_longer, otherwise] = changes.map(Vec::len);
    let mut text = format!(
        "read      {} more, {} less\naccounts  {} more, {} less\ntied      {newly} newly, {no_longer} no longer, {otherwise} \
         otherwise, of {} judged again\nfindings  {raised} would be raised, {lapsed} would lapse\n",
        plan.watch.len(),
        plan.drop.len(),
        plan.accounts_watched.len(),
        plan.accounts_dropped.len(),
        plan.judged,
    );
    for (title, sign, list) in
        [("would be read", '+', &plan.watch), ("would no longer be read", '-', &plan.drop)]
    {
        if !list.is_empty() {
            let _ = writeln!(text, "\n{title}");
            for target in list {
                let _ = writeln!(text, "  {sign} {}", target);
            }
        }
    }
    for (title, list) in [
        ("newly tied to an outlet", &plan.newly),
        ("no longer tied to any outlet", &plan.no_longer),
        ("otherwise than before", &plan.otherwise),
    ] {
        if !list.is_empty() {
            let _ = writeln!(text, "\n{title}");
            list.iter().for_each(|change| write(&mut text, change));
        }
    }
    if !plan.warnings.is_empty() {
        text.push_str("\nnot known before it is done\n");
        for warning in &plan.warnings {
            let _ = writeln!(text, "  {warning}");
        }
    }
    text.push_str("\nnothing was changed\n");
    text
}

fn write(text: &mut String, change: &Change) {
    let standing = |standing: &Option<Standing>| match standing {
        None => "nothing".to_owned(),
        Some(Standing { outlet, relation, level }) => {
            let level = match level {
                Level::Nothing => "",
                Level::Lead => ", a lead",
                Level::Ready => ", ready for people",
            };
            format!("{relation} of {outlet}{level}")
        }
    };
    let (before, after) = (standing(&change.before), standing(&change.after));
    let _ = writeln!(text, "  {}  {before} -> {after}", change.account);
    for raised in &change.raises {
        let how = match (raised.by_policy, raised.needs) {
            (true, _) => "approved by policy".to_owned(),
            (false, needs) => format!("waits for {needs} people"),
        };
        let _ = writeln!(text, "      raises a finding about {}, {how}", raised.outlet);
    }
    if !change.lapses.is_empty() {
        let _ = writeln!(text, "      {} would lapse", change.lapses.join(", "));
    }
}
