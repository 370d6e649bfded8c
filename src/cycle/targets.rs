//! Targets: what is to be polled, from the configuration and what was found, and when next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};

use crate::analysis::resemblance::outlet_of_url;
use crate::config::{Config, Discover};
use crate::model::account::{AccountId, Acct, Host, Network};
use crate::model::assessment::{Level, Relation};
use crate::model::dossier::{AccountRecord, Found, Method, Presence};
use crate::model::outlet::{FeedStatus, Outlet, OutletId};
use crate::model::proof::PageKind;
use crate::model::target::{Scope, Target, TargetRecord};
use crate::store::{Store, StoreError, unless_damaged};

/// Accounts of outlets: a return to posting or a change should be seen the same hour, also when the interval is
/// spread.
const OFFICIAL_EVERY: Duration = Duration::minutes(50);
/// Who was first is told by polls that lacked a status, so an account with a match or more is read twice an
/// hour, also when the interval is spread.
pub(super) const WATCHED_EVERY: Duration = Duration::minutes(27);
/// Who was first is told by our sight of an item as well: feeds are read at least every ten minutes, also when
/// the interval is spread.
pub(super) const FEED_EVERY: Duration = Duration::minutes(9);
/// A timeline is read again before half a page of forty posts has come, at the rate of the last look, but not
/// oftener and not more rarely than this.
const TIMELINE_EVERY: (Duration, Duration) = (Duration::minutes(10), Duration::minutes(30));
const TIMELINE_POSTS: i32 = 20;
/// A candidate is read often while it is new, since its proof may appear any day.
const NEW_CANDIDATE_EVERY: Duration = Duration::hours(6);
const NEW_CANDIDATE_FOR: Duration = Duration::days(14);
const OLD_CANDIDATE_EVERY: Duration = Duration::hours(24);
/// An account that is gone may come back; asking weekly costs nobody much.
const GONE_EVERY: Duration = Duration::days(7);
/// Pages of outlets, webfinger and searches: once a day is polite and enough.
const DAILY: Duration = Duration::hours(24);
/// What comes due within this share of its interval, and so soon, is polled together with what is due now: a pass
/// judges and writes once for all of it. Never later than it is due: who was first is told by how often we look.
const TOGETHER_SHARE: i32 = 4;
const TOGETHER: Duration = Duration::minutes(8);
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
/// Hashtags that are looked at for one outlet on one server; each is a request a day.
const TAGS_PER_OUTLET: usize = 2;
/// Shorter words are parts of too many things; a Chinese character says more than a letter.
const TAG_LETTERS: usize = 4;
const TAG_CHARACTERS: usize = 2;

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
    accounts: &[Arc<AccountRecord>],
    known: &[Arc<TargetRecord>],
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
        config.mastodon.enabled
            && record.found.is_some()
            && now - record.added_at <= LEAD_KEPT
            && !is_left_alone(config, &record.target)
    };
    let gone =
        known.iter().filter(|record| !wanted.contains_key(&record.target.to_string()) && !is_lead(record));
    TargetPlan { add: add.collect(), remove: gone.map(|record| record.target.clone()).collect() }
}

/// Everything that should be polled, by its key: a page that is wanted for two reasons is read for the
/// first of them. Accounts that a maintainer lists come with how they were found.
fn wanted(
    config: &Config,
    accounts: &[Arc<AccountRecord>],
    now: DateTime<Utc>,
) -> BTreeMap<String, (Target, Option<Found>)> {
    let mut all: Vec<(Target, Option<Found>)> = Vec::new();
    if config.pages.enabled {
        all.extend(outlet_pages(config).map(|target| (target, None)));
        let linked = accounts.iter().flat_map(|account| linked_pages(config, account));
        all.extend(linked.map(|target| (target, None)));
    }
    if config.feeds.enabled {
        let feeds = feeds(config).map(|(publisher, url, _)| Target::Feed { publisher, url });
        all.extend(feeds.map(|target| (target, None)));
    }
    if config.mastodon.enabled {
        all.extend(searches(config).map(|target| (target, None)));
        all.extend(timelines(config).map(|target| (target, None)));
        all.extend(tags(config).map(|target| (target, None)));
        all.extend(directories(config).map(|target| (target, None)));
        let accounts = accounts.iter().filter(|account| !config.mastodon.opt_out.has_host(&account.api_host));
        all.extend(accounts.map(|account| (Target::Account { acct: account.acct.clone() }, None)));
        all.extend(listed_accounts(config, now).map(|(target, found)| (target, Some(found))));
    }
    let mut wanted = BTreeMap::new();
    for (target, found) in all.into_iter().filter(|(target, _)| !is_left_alone(config, target)) {
        wanted.entry(target.to_string()).or_insert((target, found));
    }
    wanted
}

/// Whether somebody asked that this is not read.
fn is_left_alone(config: &Config, target: &Target) -> bool {
    let out = &config.mastodon.opt_out;
    match target {
        Target::Account { acct } => out.has_account(acct),
        Target::Page { url, .. } | Target::Feed { url, .. } => {
            url::Url::parse(url).ok().as_ref().and_then(Host::of).is_some_and(|host| out.has_host(&host))
        }
        Target::Webfinger { host: server, .. }
        | Target::Search { server, .. }
        | Target::Timeline { server, .. }
        | Target::Tag { server, .. }
        | Target::Directory { server } => out.has_host(server),
    }
}

/// Feeds that may bring something, of outlets and of the independent publishers that copy is told by as well.
pub fn feeds(config: &Config) -> impl Iterator<Item = (OutletId, String, FeedStatus)> {
    let outlets = config.watchlist.enabled().map(|outlet| (&outlet.id, &outlet.feeds));
    let exempt = config.watchlist.exempt.iter().map(|publisher| (&publisher.id, &publisher.feeds));
    let feeds = outlets.chain(exempt).flat_map(|(id, feeds)| feeds.iter().map(move |feed| (id, feed)));
    let usable = feeds.filter(|(_, feed)| !matches!(feed.status, FeedStatus::Dead | FeedStatus::Empty));
    usable.map(|(id, feed)| (id.clone(), feed.url.clone(), feed.status))
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

/// The servers on which new accounts are looked for in this way.
fn servers(config: &Config, way: Discover) -> impl Iterator<Item = &Host> {
    config.mastodon.servers.iter().filter(move |_| config.mastodon.discover.contains(&way))
}

/// The timelines that are read: all that comes to the server on which we post, and what others have of
/// their own.
pub fn timelines(config: &Config) -> impl Iterator<Item = Target> {
    let is_wanted =
        [Discover::Timelines, Discover::Mentions].iter().any(|way| config.mastodon.discover.contains(way));
    let home = config.publish.iter().map(|publish| (&publish.server, Scope::Public));
    let others = config.mastodon.servers.iter().map(|server| (server, Scope::Local));
    let read = home.chain(others).filter(move |_| is_wanted);
    read.map(|(server, scope)| Target::Timeline { server: server.clone(), scope })
}

fn tags(config: &Config) -> impl Iterator<Item = Target> {
    servers(config, Discover::Tags).flat_map(|server| {
        let tags = config.watchlist.enabled().flat_map(tags_of);
        tags.map(|tag| Target::Tag { server: server.clone(), tag })
    })
}

/// Hashtags that bear a name of an outlet, names of one word first.
fn tags_of(outlet: &Outlet) -> Vec<String> {
    let is_character = |c: char| matches!(c, '\u{2e80}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}');
    let mut names: Vec<&str> = outlet.names().collect();
    names.sort_by_key(|name| name.contains(char::is_whitespace));
    let mut tags: Vec<String> = Vec::new();
    for name in names {
        let tag: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
        let letters = tag.chars().filter(|c| c.is_alphabetic()).count();
        let enough = if tag.chars().any(is_character) { TAG_CHARACTERS } else { TAG_LETTERS };
        if letters >= enough && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    tags.truncate(TAGS_PER_OUTLET);
    tags
}

fn directories(config: &Config) -> impl Iterator<Item = Target> {
    servers(config, Discover::Directory).map(|server| Target::Directory { server: server.clone() })
}

fn searches(config: &Config) -> impl Iterator<Item = Target> {
    servers(config, Discover::Search).flat_map(|server| {
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

/// Whether a target is to be polled, if anything is due at all. What comes due very soon is polled together with
/// the rest, unless somebody asked to be left alone until then. What a wrong clock put far ahead is due at once.
pub fn is_due(record: &TargetRecord, now: DateTime<Utc>) -> bool {
    let ahead = match record.last_ok {
        Some(read) if record.failures == 0 => ((record.due - read) / TOGETHER_SHARE).min(TOGETHER),
        _ => Duration::zero(),
    };
    record.due - now <= ahead || record.due - now > LATEST
}

/// How an account stands with us, as far as that says how often it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    pub relation: Option<Relation>,
    /// It carried an outlet's copy, or is a lead at least.
    pub is_watched: bool,
}

impl Standing {
    pub fn of(store: &Store, account: &AccountId) -> Result<Standing, StoreError> {
        let assessment = unless_damaged(store.assessment_mark(account))?;
        let is_lead = assessment.is_some_and(|assessment| assessment.level >= Level::Lead);
        let is_watched = is_lead || store.has_reuse(account)?;
        Ok(Standing { relation: assessment.map(|assessment| assessment.relation), is_watched })
    }
}

/// When a target that is no account is due after a good poll.
pub fn due_after_success(target: &Target, now: DateTime<Utc>) -> DateTime<Utc> {
    let every = match target {
        Target::Account { .. } => NEW_CANDIDATE_EVERY,
        Target::Feed { .. } => FEED_EVERY,
        Target::Timeline { .. } => TIMELINE_EVERY.0,
        _ => DAILY,
    };
    now + spread(every, target, now)
}

/// When a timeline is due that brought so many new posts since it was read before.
pub fn due_timeline(
    target: &Target,
    new_posts: usize,
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let (least, most) = TIMELINE_EVERY;
    let new_posts = i32::try_from(new_posts).unwrap_or(i32::MAX).max(1);
    let every = before.map_or(least, |before| (now - before) * TIMELINE_POSTS / new_posts);
    now + spread(every.clamp(least, most), target, now)
}

/// When a feed is due that had nothing new for long: it may come to life again.
pub fn due_stale_feed(target: &Target, now: DateTime<Utc>) -> DateTime<Utc> {
    now + spread(DAILY, target, now)
}

/// When an account is due after a good poll.
pub fn due_account(
    target: &Target,
    account: &AccountRecord,
    standing: Standing,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    now + spread(account_interval(account, standing, now), target, now)
}

/// The targets of accounts that turned out to carry copy and would be read too late.
pub fn sooner<'a>(
    store: &Store,
    accounts: impl Iterator<Item = &'a AccountId>,
    now: DateTime<Utc>,
) -> Result<Vec<TargetRecord>, StoreError> {
    let mut sooner = Vec::new();
    for id in accounts {
        let Some(account) = unless_damaged(store.account(id))? else { continue };
        let target = store.target(&Target::Account { acct: account.acct });
        let Some(record) = unless_damaged(target)? else { continue };
        let due = now + spread(WATCHED_EVERY, &record.target, now);
        // One that could not be read waits for other reasons.
        if record.failures == 0 && record.due > due && account.presence == Presence::There {
            sooner.push(TargetRecord { due, ..record });
        }
    }
    Ok(sooner)
}

fn account_interval(account: &AccountRecord, standing: Standing, now: DateTime<Utc>) -> Duration {
    match (account.presence, standing.relation) {
        (Presence::Gone { .. }, _) => GONE_EVERY,
        (Presence::MissingSince(_), _) => MISSING_AGAIN,
        (Presence::There, _) if standing.is_watched => WATCHED_EVERY,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outlet::Control;

    fn outlet(name: &str, aliases: &[&str]) -> Outlet {
        Outlet {
            id: OutletId::parse("agency").unwrap(),
            name: name.to_owned(),
            native_name: None,
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            country: "XX".to_owned(),
            owner: None,
            control: Control::Unknown,
            control_basis: vec![],
            system: None,
            enabled: true,
            parents: vec![],
            domains: vec![],
            bylines: vec![],
            feeds: vec![],
            accounts: vec![],
            sources: vec![],
            unverified: vec![],
        }
    }

    #[test]
    fn hashtags_are_names_without_gaps_that_are_long_enough_to_mean_the_outlet() {
        for (name, aliases, tags) in [
            ("China News Service", &["CNS", "中新社", "中新"][..], &["中新社", "中新"][..]),
            ("Agencia Oriental", &["AO", "Oriental", "ORIENTAL"], &["Oriental", "AgenciaOriental"]),
            ("RT", &["R.T.", "社", "1234", "24/7"], &[]),
            ("Prensa-Latina", &[], &["PrensaLatina"]),
        ] {
            assert_eq!(tags_of(&outlet(name, aliases)), tags, "{name}");
        }
    }

    #[test]
    fn feeds_and_watched_accounts_are_due_in_time_however_their_interval_is_spread() {
        let target = |n: i64| Target::Feed {
            publisher: OutletId::parse("agency").unwrap(),
            url: format!("https://agency.example/{n}"),
        };
        let start: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
        for n in 0..500 {
            let now = start + Duration::seconds(n);
            let (due, watched) = (due_after_success(&target(n), now), spread(WATCHED_EVERY, &target(n), now));
            assert!(due - now <= Duration::minutes(10) && due - now >= Duration::minutes(8), "{due}");
            assert!(watched <= Duration::minutes(30), "{watched}");
        }
    }
}
