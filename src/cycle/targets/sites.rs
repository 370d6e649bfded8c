//! Sites that are read: those of accounts under suspicion, and front pages that show what is common among publishers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::domains::{host_of, registrable};
use crate::analysis::sites::own_pages;
use crate::config::Config;
use crate::model::account::Host;
use crate::model::assessment::{AssessmentMark, Level, Relation};
use crate::model::dossier::{AccountRecord, Listing, Presence};
use crate::model::target::Target;
use crate::store::{Store, StoreError, unless_damaged};

/// Pages under one registered domain that are read, whoever links there: nobody can have us read a stranger's whole site.
const PAGES_PER_DOMAIN: usize = 4;

/// All of them; an account's only while something counts against it, or where a maintainer lists it.
pub fn of(
    store: &Store,
    config: &Config,
    accounts: &[Arc<AccountRecord>],
) -> Result<Vec<Target>, StoreError> {
    if !config.pages.enabled {
        return Ok(Vec::new());
    }
    let mut targets: Vec<Target> = publishers(config).collect();
    let mut per_domain: BTreeMap<Host, usize> = BTreeMap::new();
    for account in accounts {
        let pages = own_pages(&account.latest.profile, &config.watchlist);
        if pages.is_empty() || !is_looked_at(store, config, account)? {
            continue;
        }
        for url in pages {
            let target = Target::Site { url };
            let Target::Site { url } = &target else { continue };
            let Some(domain) = host_of(url).map(|host| registrable(&host)) else { continue };
            let count = per_domain.entry(domain).or_default();
            if *count < PAGES_PER_DOMAIN && !targets.contains(&target) {
                *count += 1;
                targets.push(target);
            }
        }
    }
    Ok(targets)
}

/// The front pages of publishers that are known not to be controlled: what they have in common with an outlet is
/// common. One each, since all of a publisher's are one hand's.
fn publishers(config: &Config) -> impl Iterator<Item = Target> {
    let first = config.watchlist.exempt.iter().filter_map(|publisher| publisher.domains.first());
    first.map(|host| Target::Site { url: format!("https://{host}/") })
}

/// Whether the site of an account is read at all.
fn is_looked_at(store: &Store, config: &Config, account: &AccountRecord) -> Result<bool, StoreError> {
    if account.presence != Presence::There || config.leaves_account_alone(account) {
        return Ok(false);
    }
    let is_this = |listed: &Listing| listed.account.acct().is_some_and(|acct| acct.is_same(&account.acct));
    if config.listings.iter().any(is_this) {
        return Ok(true);
    }
    let is_flagged = store.never_flag(&account.id)?.is_some();
    let mark = unless_damaged(store.assessment_mark(&account.id))?.filter(|_| !is_flagged);
    Ok(mark.is_some_and(|mark| is_suspect(mark, account.latest.profile.wishes.leave_me_out)))
}

/// Something counts against it; of somebody who wants to be left out as much as makes a lead.
fn is_suspect(mark: AssessmentMark, wants_out: bool) -> bool {
    let is_told = mark.lead_points > 0.0 && mark.relation != Relation::Mirror;
    is_told && (!wants_out || mark.level >= Level::Lead)
}
