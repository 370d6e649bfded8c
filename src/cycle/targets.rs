//! Targets: what is to be polled, from the configuration and what was found, and when next.

pub mod sites;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::analysis::resemblance::outlet_of_url;
use crate::config::{Config, Discover};
use crate::model::account::{Acct, Host};
use crate::model::dossier::{AccountRecord, Found, Method};
use crate::model::outlet::{FeedStatus, Outlet, OutletId};
use crate::model::proof::PageKind;
use crate::model::target::{Scope, Target, TargetRecord};
use crate::sources::{bluesky, threads};

/// New targets are spread over this, so that a start is not a burst.
const SPREAD: Duration = Duration::minutes(10);
/// A lead that has not been read for so long is forgotten, until something leads there again.
const LEAD_KEPT: Duration = Duration::days(14);
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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetPlan {
    pub add: Vec<TargetRecord>,
    pub remove: Vec<Target>,
}

/// Compares what should be polled with what is.
///
/// `sites` are those that [`sites::of`] finds.
pub fn plan(
    config: &Config,
    accounts: &[Arc<AccountRecord>],
    sites: Vec<Target>,
    known: &[Arc<TargetRecord>],
    pacing: Pacing,
    now: DateTime<Utc>,
) -> TargetPlan {
    let wanted = wanted(config, accounts, sites, now);
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
        let is_read = match &record.target {
            Target::Account { acct } => config.reads(acct.network()),
            Target::Unnamed { id } => config.reads(id.network),
            _ => false,
        };
        is_read
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
    sites: Vec<Target>,
    now: DateTime<Utc>,
) -> BTreeMap<String, (Target, Option<Found>)> {
    let mut all: Vec<(Target, Option<Found>)> = sites.into_iter().map(|target| (target, None)).collect();
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
    }
    if config.bluesky.enabled {
        all.extend(handles(config).map(|target| (target, None)));
    }
    if config.threads.enabled {
        let outlets = config.watchlist.enabled();
        all.extend(outlets.map(|outlet| (Target::Keyword { outlet: outlet.id.clone() }, None)));
        all.push((Target::ThreadsToken, None));
    }
    // Whoever asked by the id that never changes is left alone under every address.
    let (left_alone, others): (Vec<_>, Vec<_>) =
        accounts.iter().partition(|account| config.leaves_account_alone(account));
    let read = others.into_iter().filter(|account| config.reads(account.acct.network()));
    all.extend(read.map(|account| (Target::Account { acct: account.acct.clone() }, None)));
    let is_left = |target: &Target| {
        let is_it = |acct: &Acct| left_alone.iter().any(|left| left.acct.is_same(acct));
        matches!(target, Target::Account { acct } if is_it(acct))
    };
    let listed = listed_accounts(config, now).filter(|(target, _)| !is_left(target));
    all.extend(listed.map(|(target, found)| (target, Some(found))));
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
        Target::Account { acct } => config.leaves_alone(acct),
        Target::Unnamed { id } => config.bluesky.opt_out.contains(&id.uri),
        Target::Page { url, .. } | Target::Site { url } | Target::Feed { url, .. } => {
            url::Url::parse(url).ok().as_ref().and_then(Host::of).is_some_and(|host| out.has_host(&host))
        }
        Target::Handle { host, .. } => out.has_host(host) || config.bluesky.opt_out.contains(host.as_str()),
        Target::Webfinger { host: server, .. }
        | Target::Search { server, .. }
        | Target::Timeline { server, .. }
        | Target::Tag { server, .. }
        | Target::Directory { server } => out.has_host(server),
        Target::Keyword { .. } | Target::ThreadsToken => false,
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

/// The question to every domain of every outlet whether it is a handle.
fn handles(config: &Config) -> impl Iterator<Item = Target> {
    let outlets = config.watchlist.enabled();
    outlets.flat_map(|outlet| {
        let hosts = outlet.domains.iter();
        hosts.map(|host| Target::Handle { outlet: outlet.id.clone(), host: host.clone() })
    })
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
    let listed = config.listings.iter().filter(|listing| config.reads(listing.account.network));
    listed.filter_map(move |listing| {
        let acct = listing.account.acct()?;
        let through = listing.account.seen_in.clone().unwrap_or_else(|| "the configuration".to_owned());
        Some((Target::Account { acct }, Found { at: now, method: Method::Listed, through, background: true }))
    })
}

/// The hosts that this configuration names: asked without being led there by a find, at any address.
pub fn configured_servers(config: &Config) -> BTreeSet<Host> {
    let listed = config.listings.iter().filter_map(|listing| listing.account.handle.parse::<Acct>().ok());
    let publish = config.publish.iter().map(|publish| publish.server.clone());
    let alert = config.alert.iter().filter_map(|alert| Host::of(&alert.webhook));
    let appview = config.bluesky.enabled.then(|| bluesky::PUBLIC.clone());
    let threads = config.threads.enabled.then(|| threads::API.clone());
    config
        .mastodon
        .servers
        .iter()
        .cloned()
        .chain(listed.map(|acct| acct.host().clone()))
        .chain(publish)
        .chain(alert)
        .chain(appview)
        .chain(threads)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet(name: &str, aliases: &[&str]) -> Outlet {
        Outlet {
            name: name.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            enabled: true,
            ..Outlet::unknown(OutletId::parse("agency").unwrap())
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
}
