//! The own sites of an account as people see them: what their pages say of their makers, and who has the same.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::analysis::domains::host_of;
use crate::analysis::indicators::{SiteTie, ties};
use crate::analysis::sites::platforms::is_platform;
use crate::analysis::sites::{Bearer, Sites, own_pages};
use crate::config::Config;
use crate::cycle::judge::Dossiers;
use crate::model::account::Acct;
use crate::model::dossier::Dossier;
use crate::model::observation::Profile;
use crate::model::proof::NamedBy;
use crate::model::site::{Mark, MarkKind, SeenMark, SiteSight};
use crate::model::target::Target;
use crate::store::{Store, StoreError, unless_damaged};

/// One page to which a profile links as its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteLine {
    pub url: String,
    /// What was read of it; `None` = nothing yet.
    pub read: Option<SiteRead>,
    /// Why it could not be read last time.
    pub trouble: Option<String>,
}

/// What a page said when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRead {
    /// Where it led.
    pub url: String,
    pub seen_at: DateTime<Utc>,
    pub sha256: String,
    /// It links back to the account with `rel="me"`: only then its marks count as the account's.
    pub confirmed: bool,
    pub marks: Vec<MarkLine>,
    /// Accounts that it names as itself or as its writers'.
    pub names: Vec<String>,
    pub feeds: Vec<String>,
    /// Sites of others, none of them an outlet's, that share a rare mark: one group, which counts nothing.
    pub sisters: Vec<SisterSite>,
}

/// One mark of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkLine {
    pub kind: MarkKind,
    pub value: String,
    /// As the page has it.
    pub shown: String,
    pub first_seen: DateTime<Utc>,
    /// How many unrelated sites have it, of how many that were read.
    pub owners: u32,
    pub of: u32,
    /// A tool or theme that strangers use; it never counts.
    pub platform: bool,
    /// What it is at outlets, and why that does not count where it does not.
    pub ties: Vec<String>,
}

/// A page of somebody else that has a mark in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SisterSite {
    pub url: String,
    pub seen_at: DateTime<Utc>,
    pub sha256: String,
    /// What they share, as this page has it.
    pub shown: String,
    /// Accounts whose profiles lead to it.
    pub accounts: Vec<Acct>,
}

/// The own sites of an account.
pub(super) fn of(
    store: &Store,
    config: &Config,
    dossiers: &Dossiers<'_>,
    dossier: &Dossier,
) -> Result<Vec<SiteLine>, StoreError> {
    let profile = &dossier.account.latest.profile;
    let sites = Sites::of(dossiers.sites(), &config.watchlist);
    let mut lines = Vec::new();
    for url in own_pages(profile, &config.watchlist) {
        let target = unless_damaged(store.target(&Target::Site { url: url.clone() }))?;
        let sight = dossier.sites.iter().find(|sight| sight.url == url);
        let read = match sight {
            Some(sight) => Some(SiteRead {
                url: sight.final_url.clone(),
                seen_at: sight.fetched_at,
                sha256: sight.sha256.clone(),
                confirmed: sight.is_confirmed_by(profile),
                marks: marks(config, &sites, sight, profile),
                names: sight
                    .names
                    .iter()
                    .filter(|naming| naming.by != NamedBy::Link)
                    .map(|naming| naming.target.clone())
                    .collect(),
                feeds: sight.feeds.clone(),
                sisters: sisters(store, config, &sites, sight)?,
            }),
            None => None,
        };
        lines.push(SiteLine { url, read, trouble: target.and_then(|record| record.trouble) });
    }
    Ok(lines)
}

fn marks(config: &Config, sites: &Sites, sight: &SiteSight, profile: &Profile) -> Vec<MarkLine> {
    let line = |seen: &SeenMark| MarkLine {
        kind: seen.mark.kind,
        value: seen.mark.value.clone(),
        shown: seen.shown.clone(),
        first_seen: seen.first_seen,
        owners: sites.owners(&seen.mark),
        of: sites.read(),
        platform: is_platform(&seen.mark),
        ties: ties(sight, seen, profile, &config.watchlist, sites).into_iter().map(in_words).collect(),
    };
    sight.marks.iter().map(line).collect()
}

fn in_words(tie: SiteTie) -> String {
    let but = tie.but.map(|but| format!("; {but}"));
    format!("{}{}", tie.says, but.unwrap_or_default())
}

/// One line for each page, with the first mark in common.
fn sisters(
    store: &Store,
    config: &Config,
    sites: &Sites,
    sight: &SiteSight,
) -> Result<Vec<SisterSite>, StoreError> {
    let mut found: BTreeMap<&str, (&Mark, &Bearer)> = BTreeMap::new();
    for (mark, bearer) in sites.sisters(sight) {
        found.entry(&bearer.asked).or_insert((mark, bearer));
    }
    let accounts = if found.is_empty() { Vec::new() } else { store.accounts()? };
    let leads_there = |asked: &str| {
        let theirs = accounts.iter().filter(|account| {
            let links = &account.latest.profile.links;
            links.iter().any(|link| host_of(&link.url) == host_of(asked))
                && own_pages(&account.latest.profile, &config.watchlist).iter().any(|page| page == asked)
        });
        theirs.map(|account| account.acct.clone()).collect::<Vec<_>>()
    };
    let sisters = found.into_iter().map(|(asked, (mark, bearer))| {
        let shown = sight.marks.iter().find(|seen| seen.mark == *mark).map(|seen| seen.shown.clone());
        SisterSite {
            url: bearer.page.url.clone(),
            seen_at: bearer.page.seen_at,
            sha256: bearer.page.sha256.clone(),
            shown: shown.unwrap_or_default(),
            accounts: leads_there(asked),
        }
    });
    Ok(sisters.collect())
}
