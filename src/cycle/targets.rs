//! Targets: what is to be polled, from the configuration and what was found, and when next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};

use crate::analysis::resemblance::outlet_of_url;
use crate::config::{Config, Discover};
use crate::model::account::{Acct, Host, Network};
use crate::model::assessment::Relation;
use crate::model::dossier::{AccountRecord, Found, Method, Presence};
use crate::model::proof::PageKind;
use crate::model::target::{Target, TargetRecord};

/// Accounts of outlets: a return to posting or a change should be seen the same hour.
const OFFICIAL_EVERY: Duration = Duration::minutes(30);
/// A candidate is read often while it is new, since its proof may appear any day.
const NEW_CANDIDATE_EVERY: Duration = Duration::hours(6);
const NEW_CANDIDATE_FOR: Duration = Duration::days(14);
const OLD_CANDIDATE_EVERY: Duration = Duration::hours(24);
/// An account that is gone may come back; asking weekly costs nobody much.
const GONE_EVERY: Duration = Duration::days(7);
/// Pages of outlets, webfinger and searches: once a day is polite and enough.
const DAILY: Duration = Duration::hours(24);
/// A second answer of "not there" counts an hour after the first; a little later is surely later.
const MISSING_AGAIN: Duration = Duration::minutes(65);
/// After a failure: five minutes, doubled each time, up to a day.
const FIRST_RETRY: Duration = Duration::minutes(5);
/// New targets are spread over this, so that a start is not a burst.
const SPREAD: Duration = Duration::minutes(10);
/// A lead that has not been read for so long is forgotten, until something leads there again.
const LEAD_KEPT: Duration = Duration::days(14);
/// No target is ever due later than this, unless the clock was wrong.
const LATEST: Duration = Duration::days(8);
/// An account is read again soon after it was found, by what it was judged to be.
const JUDGED_WITHIN: Duration = Duration::hours(1);
/// Pages that one profile can make us read.
const PAGES_PER_PROFILE: usize = 4;

/// How new targets are taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// Over some minutes, so that the start of a service is no burst.
    Spread,
    /// In this pass, for one made by hand.
    AtOnce,
}

/// What changes in the store's targets. A value, so that it can be looked at before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetPlan {
    pub add: Vec<TargetRecord>,
    pub remove: Vec<Target>,
}

/// Compares what should be polled with what is.
pub fn plan(
    config: &Config,
    accounts: &[AccountRecord],
    known: &[TargetRecord],
    pacing: Pacing,
    now: DateTime<Utc>,
) -> TargetPlan {
    let wanted = wanted(config, accounts, now);
    let kept: BTreeMap<String, &Target> =
        known.iter().map(|record| (record.target.to_string(), &record.target)).collect();
    // Addresses that differ in case only are one account, read on from where it was left.
    let is_kept = |key: &String, target: &Target| {
        let same = |kept: &&Target| *kept == target || matches!(target, Target::Account { .. });
        kept.get(key).is_some_and(same)
    };
    let fresh: Vec<_> = wanted.iter().filter(|(key, (target, _))| !is_kept(key, target)).collect();
    let step = match pacing {
        Pacing::Spread => SPREAD / fresh.len().max(1) as i32,
        Pacing::AtOnce => Duration::zero(),
    };
    let add = fresh.iter().enumerate().map(|(place, (_, (target, found)))| TargetRecord {
        due: now + step * place as i32,
        found: found.clone(),
        ..TargetRecord::new(target.clone(), now)
    });
    // An account that was found and not read yet has no record: its target stands for it.
    let is_lead = |record: &TargetRecord| {
        config.mastodon.enabled && record.found.is_some() && now - record.added_at <= LEAD_KEPT
    };
    let gone =
        known.iter().filter(|record| !wanted.contains_key(&record.target.to_string()) && !is_lead(record));
    TargetPlan { add: add.collect(), remove: gone.map(|record| record.target.clone()).collect() }
}

/// Everything that should be polled, by its key: a page that is wanted for two reasons is read for the
/// first of them. Accounts that a maintainer lists come with how they were found.
fn wanted(
    config: &Config,
    accounts: &[AccountRecord],
    now: DateTime<Utc>,
) -> BTreeMap<String, (Target, Option<Found>)> {
    let mut all: Vec<(Target, Option<Found>)> = Vec::new();
    if config.pages.enabled {
        all.extend(outlet_pages(config).map(|target| (target, None)));
        let linked = accounts.iter().flat_map(|account| linked_pages(config, account));
        all.extend(linked.map(|target| (target, None)));
    }
    if config.mastodon.enabled {
        all.extend(searches(config).map(|target| (target, None)));
        all.extend(accounts.iter().map(|account| (Target::Account { acct: account.acct.clone() }, None)));
        all.extend(listed_accounts(config, now).map(|(target, found)| (target, Some(found))));
    }
    let mut wanted = BTreeMap::new();
    for (target, found) in all {
        wanted.entry(target.to_string()).or_insert((target, found));
    }
    wanted
}

/// Front pages and webfinger of every domain of every outlet, and the pages cited as proof.
fn outlet_pages(config: &Config) -> impl Iterator<Item = Target> {
    let domains = config
        .watchlist
        .enabled()
        .flat_map(|outlet| outlet.domains.iter().map(move |domain| (outlet.id.clone(), domain.clone())));
    let homes = domains.flat_map(|(outlet, host)| {
        let url = format!("https://{host}/");
        [
            Target::Page { outlet: outlet.clone(), url, kind: PageKind::Home },
            Target::Webfinger { outlet, host },
        ]
    });
    let cited = config.listings.iter().filter_map(|listing| {
        let url = listing.account.proof.clone()?;
        Some(Target::Page { outlet: listing.outlet.clone(), url, kind: PageKind::Cited })
    });
    homes.chain(cited)
}

/// Pages on outlets' domains to which a profile links: the other side of its proof.
fn linked_pages<'a>(config: &'a Config, account: &'a AccountRecord) -> impl Iterator<Item = Target> {
    let links = account.latest.profile.links.iter().filter_map(|link| {
        let outlet = outlet_of_url(&link.url, &config.watchlist)?;
        let mut url = url::Url::parse(&link.url).ok()?;
        url.set_fragment(None);
        let is_front = config.watchlist.has_front_page(&url);
        let kind = if is_front { PageKind::Home } else { PageKind::Deep };
        Some(Target::Page { outlet: outlet.id.clone(), url: url.into(), kind })
    });
    links.take(PAGES_PER_PROFILE)
}

fn searches(config: &Config) -> impl Iterator<Item = Target> {
    let servers =
        config.mastodon.servers.iter().filter(|_| config.mastodon.discover.contains(&Discover::Search));
    servers.flat_map(|server| {
        let outlets = config.watchlist.enabled();
        outlets.map(|outlet| Target::Search { server: server.clone(), outlet: outlet.id.clone() })
    })
}

/// Accounts that the watchlist or `[[account]]` names. Adding one is no news about it.
fn listed_accounts(config: &Config, now: DateTime<Utc>) -> impl Iterator<Item = (Target, Found)> {
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Mastodon);
    listed.filter_map(move |listing| {
        let acct: Acct = listing.account.handle.parse().ok()?;
        let through = listing.account.seen_in.clone().unwrap_or_else(|| "the configuration".to_owned());
        Some((Target::Account { acct }, Found { at: now, method: Method::Listed, through, background: true }))
    })
}

/// Whether a target is to be polled. What a wrong clock put far ahead is due at once.
pub fn is_due(record: &TargetRecord, now: DateTime<Utc>) -> bool {
    record.due <= now || record.due - now > LATEST
}

/// When a target is due after a good poll.
pub fn due_after_success(
    target: &Target,
    account: Option<(&AccountRecord, Option<Relation>)>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let every = match (target, account) {
        (Target::Account { .. }, Some((account, relation))) => account_interval(account, relation, now),
        (Target::Account { .. }, None) => NEW_CANDIDATE_EVERY,
        _ => DAILY,
    };
    now + spread(every, target, now)
}

fn account_interval(account: &AccountRecord, relation: Option<Relation>, now: DateTime<Utc>) -> Duration {
    match (account.presence, relation) {
        (Presence::Gone { .. }, _) => GONE_EVERY,
        (Presence::MissingSince(_), _) => MISSING_AGAIN,
        (Presence::There, Some(Relation::Official | Relation::Attested)) => OFFICIAL_EVERY,
        // Not judged yet: judged after this pass, then read again soon with what the judgement says.
        (Presence::There, None) if now - account.found.at <= JUDGED_WITHIN => OFFICIAL_EVERY,
        (Presence::There, _) if now - account.found.at <= NEW_CANDIDATE_FOR => NEW_CANDIDATE_EVERY,
        (Presence::There, _) => OLD_CANDIDATE_EVERY,
    }
}

/// When a target is due after the `failures`-th failed poll in a row; a host that asks for more gets more.
pub fn due_after_failure(
    target: &Target,
    failures: u32,
    not_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let wait = (FIRST_RETRY * 2_i32.pow(failures.saturating_sub(1).min(9))).min(DAILY);
    let due = now + spread(wait, target, now);
    not_before.map_or(due, |not_before| due.max(not_before))
}

/// An interval moved by up to a tenth either way, so that targets do not march in step.
fn spread(every: Duration, target: &Target, now: DateTime<Utc>) -> Duration {
    let digest = Sha256::digest(format!("{target} {}", now.timestamp()));
    let share = i32::from(digest[0]) - 128;
    every + every * share / 1280
}

/// The hosts this configuration reads API answers from without being led there by a find.
pub fn configured_servers(config: &Config) -> BTreeSet<Host> {
    let listed = config.listings.iter().filter_map(|listing| listing.account.handle.parse::<Acct>().ok());
    let publish = config.publish.iter().map(|publish| publish.server.clone());
    config
        .mastodon
        .servers
        .iter()
        .cloned()
        .chain(listed.map(|acct| acct.host().clone()))
        .chain(publish)
        .collect()
}
