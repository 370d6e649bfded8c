//! Harvests of sites: what the page of an account under suspicion says of its makers, and whom it names as itself.

use chrono::{DateTime, Utc};

use super::{Fault, Harvest, Write};
use crate::analysis::sites::own_pages;
use crate::config::Config;
use crate::cycle::{Newsroom, due};
use crate::model::assessment::Level;
use crate::model::dossier::{AccountRecord, Found, Method};
use crate::model::proof::NamedBy;
use crate::model::site::SiteSight;
use crate::model::target::TargetRecord;
use crate::sources::page;
use crate::store::{Store, StoreError, unless_damaged};

/// Accounts to which one site leads.
const LEADS_PER_SITE: usize = 4;

pub(super) async fn poll(
    room: &Newsroom,
    url: String,
    known: Option<SiteSight>,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let read = page::read_site(&room.net, &url, known.as_ref(), now).await?;
    let config = room.config.clone();
    Ok(Box::new(move |store| harvest(store, &config, url, read, record, now)))
}

fn harvest(
    store: &Store,
    config: &Config,
    url: String,
    read: Option<SiteSight>,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Harvest, StoreError> {
    let mut harvest = Harvest::of(&record.target);
    let before = unless_damaged(store.site(&url))?;
    let sight = match (read, &before) {
        (Some(read), Some(before)) => Some(read.after(before)),
        (Some(read), None) => Some(read),
        (None, Some(before)) => Some(SiteSight { fetched_at: now, ..before.clone() }),
        (None, None) => None,
    };
    if let Some(sight) = sight {
        let owners = owners(store, config, &sight)?;
        if before.as_ref().is_none_or(|before| !sight.says_as(before)) {
            harvest.touched.extend(owners.iter().map(|owner| owner.id.clone()));
        }
        lead(store, config, &mut harvest, &sight, &owners, before.is_none(), now)?;
        harvest.batch.put_site(sight);
    }
    let due = due::after_success(&record.target, now);
    harvest.polled(record, due, now);
    Ok(harvest)
}

/// The accounts whose profiles lead to the page.
fn owners(store: &Store, config: &Config, sight: &SiteSight) -> Result<Vec<AccountRecord>, StoreError> {
    let accounts = store.accounts()?.into_iter();
    let owners =
        accounts.filter(|account| own_pages(&account.latest.profile, &config.watchlist).contains(&sight.url));
    Ok(owners.map(|account| AccountRecord::clone(&account)).collect())
}

/// The site of a lead that links back to it names other accounts of the same hand. Only those are led on: whoever else
/// is linked there is a person like any other.
fn lead(
    store: &Store,
    config: &Config,
    harvest: &mut Harvest,
    sight: &SiteSight,
    owners: &[AccountRecord],
    background: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for owner in owners.iter().filter(|owner| sight.is_confirmed_by(&owner.latest.profile)) {
        let mark = unless_damaged(store.assessment_mark(&owner.id))?;
        if mark.is_none_or(|mark| mark.level < Level::Lead) {
            continue;
        }
        let others = sight
            .names
            .iter()
            .filter(|naming| naming.by != NamedBy::Link && !naming.is(&owner.latest.profile));
        for acct in others.filter_map(|naming| page::acct_of(&naming.target)).take(LEADS_PER_SITE) {
            let found = Found { at: now, method: Method::SiteLink, through: sight.url.clone(), background };
            harvest.lead(store, config, acct, found)?;
        }
        return Ok(());
    }
    Ok(())
}
