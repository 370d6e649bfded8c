//! Leads: accounts to which a place leads, as many as it may, until they are read.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::model::dossier::{Found, Method};
use crate::model::target::{Target, TargetRecord};
use crate::store::{Store, StoreError, unless_damaged};

/// Leads of one place, found in one way, that were not read yet. A page that names other accounts each day would fill the store.
const OPEN_LEADS: usize = 200;
/// Accounts that one place ever led to in one way. What it names beyond that still counts as its word.
const FOUND_THROUGH: usize = 1_000;

/// The leads of one place that are written together.
#[derive(Debug, Default)]
pub(in crate::cycle) struct Leads {
    /// How many accounts the place may still lead to in each way, as far as that was counted.
    left: BTreeMap<Method, usize>,
    taken: BTreeSet<String>,
}

impl Leads {
    /// The target of an account to which a place leads; `None` where it is polled already, known, asked to be left alone,
    /// or more than the place may lead to.
    pub fn take(
        &mut self,
        store: &Store,
        config: &Config,
        target: Target,
        found: Found,
    ) -> Result<Option<TargetRecord>, StoreError> {
        let may_be_read = match &target {
            Target::Account { acct } => config.reads(acct.network()) && !config.leaves_alone(acct),
            Target::Unnamed { id } => {
                config.reads(id.network)
                    && !config.bluesky.opt_out.contains(&id.uri)
                    && unless_damaged(store.account(id))?.is_none()
            }
            _ => false,
        };
        let key = target.to_string();
        if !may_be_read || self.taken.contains(&key) || store.target(&target)?.is_some() {
            return Ok(None);
        }
        let left = match self.left.get(&found.method) {
            Some(left) => *left,
            None => left(store, &found)?,
        };
        self.left.insert(found.method, left.saturating_sub(1));
        if left == 0 {
            return Ok(None);
        }
        self.taken.insert(key);
        let at = found.at;
        Ok(Some(TargetRecord { found: Some(found), ..TargetRecord::new(target, at) }))
    }
}

fn left(store: &Store, lead: &Found) -> Result<usize, StoreError> {
    let targets = store.targets()?;
    let is_alike = |found: &Found| found.through == lead.through && found.method == lead.method;
    let open = targets.iter().filter_map(|record| record.found.as_ref()).filter(|found| is_alike(found));
    let open = open.count();
    let known = store.accounts()?.iter().filter(|account| is_alike(&account.found)).count();
    Ok(OPEN_LEADS.saturating_sub(open).min(FOUND_THROUGH.saturating_sub(open + known)))
}
