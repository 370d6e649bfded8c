//! The plan: what another configuration, watchlist or set of rules would watch, name and let go, with nothing of it done.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::archive::Kind;
use super::clippings::Clippings;
use super::judge::{self, Dossiers, Ruling, Standing};
use super::open_store;
use super::restore::{self, Old};
use super::targets::{self, Pacing};
use crate::config::Config;
use crate::model::finding::Finding;
use crate::model::target::Target;
use crate::store::{Store, StoreError};

/// What would change. Everything in it is sorted, so that two plans can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Accounts that were judged again.
    pub judged: usize,
    /// What would be read that is not read now.
    pub watch: Vec<String>,
    /// What would no longer be read.
    pub drop: Vec<String>,
    /// Accounts among the former and the latter.
    pub accounts_watched: Vec<String>,
    pub accounts_dropped: Vec<String>,
    /// Accounts that nothing tied to an outlet.
    pub newly: Vec<Change>,
    /// Accounts that nothing would tie to any outlet.
    pub no_longer: Vec<Change>,
    /// Accounts that would be something else, or something to another outlet.
    pub otherwise: Vec<Change>,
    /// What this plan cannot know.
    pub warnings: Vec<String>,
}

/// What would change for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub account: String,
    pub before: Option<Standing>,
    pub after: Option<Standing>,
    /// Findings that would be raised.
    pub raises: Vec<Raised>,
    /// Numbers of findings that wait and would lapse.
    pub lapses: Vec<String>,
}

/// A finding that would be raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    pub outlet: String,
    /// Approvals by people that it would need.
    pub needs: u32,
    /// Whether a policy would approve it at once.
    pub by_policy: bool,
}

impl Plan {
    /// Whether nothing at all would change.
    pub fn is_empty(&self) -> bool {
        [&self.watch, &self.drop].iter().all(|list| list.is_empty())
            && [&self.newly, &self.no_longer, &self.otherwise].iter().all(|list| list.is_empty())
    }
}

/// The same over the history in a backup or an export, whoever wrote it: what this binary would make of it.
///
/// It is brought back into a folder of its own, which goes afterwards.
///
/// # Errors
/// What is wrong with the file, or what the disk says.
pub fn of_backup(file: &Path, config: &Config, now: DateTime<Utc>) -> anyhow::Result<Plan> {
    let scratch = Scratch::make()?;
    let state_dir = scratch.0.clone();
    let config = Config { backup_dir: state_dir.join("backups"), state_dir, ..config.clone() };
    restore::restore(&config.state_dir, file, Kind::Export, Old::Untouched)?;
    let store = open_store(&config, now)?;
    Ok(plan(&store, &config, now)?)
}

/// A folder for nobody else, for as long as it is needed.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> anyhow::Result<Scratch> {
        let folder = std::env::temp_dir().join(format!("masthead-plan-{}", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("make {} for a copy of the store", folder.display()))?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It lies where such things are cleared away anyway.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Replays all history in the store by this configuration and the rules of this binary, in memory.
///
/// What is stored tells how things stand. The store can be the one at work or a copy of it.
pub fn plan(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<Plan, StoreError> {
    let known = store.accounts()?;
    let sites = targets::sites::of(store, config, &known)?;
    let targets = targets::plan(config, &known, sites, &store.targets()?, Pacing::AtOnce, now);
    let added: Vec<&Target> = targets.add.iter().map(|record| &record.target).collect();
    let removed: Vec<&Target> = targets.remove.iter().collect();
    // What the comparison found anew would be written; here it stays in memory.
    let (mut clippings, _) = Clippings::open(store, config, now)?;
    let (corpus, _) = clippings.corpus(store, config, now)?;
    let dossiers = Dossiers::open(store, config)?.as_if(&clippings);
    let decided = judge::decide(&dossiers, &corpus, None, now)?;
    let mut plan = Plan {
        judged: decided.rulings.len(),
        watch: words(&added),
        drop: words(&removed),
        accounts_watched: accounts(&added),
        accounts_dropped: accounts(&removed),
        warnings: warnings(&added),
        ..Plan::default()
    };
    for ruling in decided.rulings {
        let is_same = ruling.before == ruling.after && ruling.raised.is_empty() && ruling.lapsed.is_empty();
        if is_same {
            continue;
        }
        let list = match (&ruling.before, &ruling.after) {
            (None, Some(_)) => &mut plan.newly,
            (Some(_), None) => &mut plan.no_longer,
            _ => &mut plan.otherwise,
        };
        list.push(Change::of(ruling));
    }
    for list in [&mut plan.newly, &mut plan.no_longer, &mut plan.otherwise] {
        list.sort_by(|one, other| one.account.cmp(&other.account));
    }
    Ok(plan)
}

impl Change {
    fn of(ruling: Ruling) -> Change {
        Change {
            account: ruling.acct.to_string(),
            before: ruling.before,
            after: ruling.after,
            raises: ruling.raised.iter().map(Raised::of).collect(),
            lapses: ruling.lapsed.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Raised {
    fn of(finding: &Finding) -> Raised {
        Raised {
            outlet: finding.statement.outlet.to_string(),
            needs: finding.needs,
            by_policy: finding.confirmed().is_some(),
        }
    }
}

fn words(targets: &[&Target]) -> Vec<String> {
    let words: BTreeSet<String> = targets.iter().map(ToString::to_string).collect();
    words.into_iter().collect()
}

fn accounts(targets: &[&Target]) -> Vec<String> {
    let accounts = targets.iter().filter_map(|target| match target {
        Target::Account { acct } => Some(acct.to_string()),
        _ => None,
    });
    accounts.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What was never read cannot be replayed.
fn warnings(added: &[&Target]) -> Vec<String> {
    let count = |is_it: fn(&Target) -> bool| added.iter().filter(|target| is_it(target)).count();
    let rows = [
        (
            count(|target| matches!(target, Target::Feed { .. })),
            "new feeds",
            "nobody has read them, so who copies them shows later",
        ),
        (
            count(|target| matches!(target, Target::Page { .. } | Target::Webfinger { .. })),
            "new pages and hosts",
            "nobody has asked them, so whom they name as theirs shows later",
        ),
        (
            count(|target| matches!(target, Target::Site { .. })),
            "new sites",
            "nobody has read them, so what they have in common with outlets shows later",
        ),
        (
            count(|target| matches!(target, Target::Account { .. })),
            "new accounts",
            "nobody has read them, so what they are shows later",
        ),
    ];
    rows.into_iter().filter(|(n, ..)| *n > 0).map(|(n, what, why)| format!("{what} ({n}): {why}")).collect()
}
