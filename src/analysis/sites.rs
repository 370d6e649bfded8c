//! Sites: whose web pages accounts lead to, and which marks of makers the pages have in common.

pub mod platforms;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::analysis::domains::shared::is_shared;
use crate::analysis::domains::{host_of, registrable};
use crate::analysis::resemblance::outlet_of_url;
use crate::analysis::stats::upper_bound;
use crate::model::account::Host;
use crate::model::evidence::Citation;
use crate::model::observation::Profile;
use crate::model::outlet::OutletId;
use crate::model::site::{Mark, SiteSight};
use crate::model::watchlist::Watchlist;

/// Pages of one account that are read.
pub const PAGES_PER_ACCOUNT: usize = 2;
/// A mark that more unrelated sites have makes no group of them.
pub const MOST_SISTERS: usize = 10;
/// What could stand on every third site is no evidence and no kind of its own: fewer points than this are none.
pub const LEAST_POINTS: f64 = 0.5;

/// The pages under a name of its own to which a profile links: none of social networks, shorteners, pages of links or
/// hosts with many strangers, none of an outlet or a publisher that is known, and no page of an account.
pub fn own_pages(profile: &Profile, watchlist: &Watchlist) -> Vec<String> {
    let home = host_of(&profile.id.uri);
    let mut pages: Vec<String> = Vec::new();
    for link in &profile.links {
        let Ok(mut url) = url::Url::parse(&link.url) else { continue };
        let Some(host) = Host::of(&url) else { continue };
        url.set_fragment(None);
        let is_account =
            ["/@", "/users/", "/profile/", "/u/"].iter().any(|front| url.path().starts_with(front));
        let is_named = matches!(url.host(), Some(url::Host::Domain(name)) if name.contains('.'));
        let is_server = host == *profile.acct.host() || Some(&host) == home.as_ref();
        let is_known = watchlist.outlet_of_host(&host).is_some()
            || watchlist.exempt_of_host(&host).is_some()
            || watchlist.mirror_host(&host).is_some();
        // What came without encryption may come from anybody.
        let is_own = url.scheme() == "https"
            && is_named
            && !is_account
            && !is_server
            && !is_known
            && !is_shared(&host);
        let page = String::from(url);
        if is_own && !pages.contains(&page) {
            pages.push(page);
        }
    }
    pages.truncate(PAGES_PER_ACCOUNT);
    pages
}

/// Whose a page is, as far as that tells whether two are related.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Outlets under one controller.
    System(String),
    /// A publisher that is known not to be controlled.
    Publisher(OutletId),
    /// Whoever registered the domain.
    Domain(Host),
}

/// One page on which a mark stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Bearer {
    pub owner: Owner,
    /// The outlet whose page it is.
    pub outlet: Option<OutletId>,
    /// The address by which it was asked for.
    pub asked: String,
    pub page: Citation,
    pub first_seen: DateTime<Utc>,
    /// The page was read before without it.
    pub is_later: bool,
}

/// The marks of all pages that were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sites {
    bearers: BTreeMap<Mark, Vec<Bearer>>,
    /// Unrelated owners of the pages.
    read: u32,
}

impl Sites {
    /// Of everything that was read. Marks of tools and themes are left out, since strangers have them.
    pub fn of(sights: &[SiteSight], watchlist: &Watchlist) -> Sites {
        let mut bearers: BTreeMap<Mark, Vec<Bearer>> = BTreeMap::new();
        let mut owners = BTreeSet::new();
        for sight in sights {
            let Some((owner, outlet)) = owner_of(sight, watchlist) else { continue };
            owners.insert(owner.clone());
            for seen in sight.marks.iter().filter(|seen| !platforms::is_platform(&seen.mark)) {
                bearers.entry(seen.mark.clone()).or_default().push(Bearer {
                    owner: owner.clone(),
                    outlet: outlet.clone(),
                    asked: sight.url.clone(),
                    page: sight.citation(),
                    first_seen: seen.first_seen,
                    is_later: seen.first_seen > sight.first_read,
                });
            }
        }
        Sites { bearers, read: u32::try_from(owners.len()).unwrap_or(u32::MAX) }
    }

    /// Unrelated owners of all pages that were read.
    pub fn read(&self) -> u32 {
        self.read
    }

    /// The pages on which a mark stands.
    pub fn bearers(&self, mark: &Mark) -> &[Bearer] {
        self.bearers.get(mark).map_or(&[], Vec::as_slice)
    }

    /// How many unrelated owners have it.
    pub fn owners(&self, mark: &Mark) -> u32 {
        let owners: BTreeSet<&Owner> = self.bearers(mark).iter().map(|bearer| &bearer.owner).collect();
        u32::try_from(owners.len()).unwrap_or(u32::MAX)
    }

    /// `-log10` of how large a share of all owners may have it, with 95 % confidence. 0 below [`LEAST_POINTS`], and
    /// where it was not counted: missing data is no evidence.
    pub fn rarity(&self, mark: &Mark) -> f64 {
        let owners = self.owners(mark);
        if owners == 0 {
            return 0.0;
        }
        let points = -upper_bound(owners, self.read).log10();
        if points < LEAST_POINTS { 0.0 } else { points }
    }

    /// Pages of unrelated owners, none of them an outlet's or a known publisher's, that have a mark in common with this
    /// one which few have.
    pub fn sisters<'a>(&'a self, sight: &'a SiteSight) -> impl Iterator<Item = (&'a Mark, &'a Bearer)> {
        let own = host_of(&sight.final_url).map(|host| Owner::Domain(registrable(&host)));
        let few = sight.marks.iter().filter(|seen| self.owners(&seen.mark) as usize <= MOST_SISTERS);
        few.flat_map(move |seen| {
            let own = own.clone();
            let others = self.bearers(&seen.mark).iter();
            others
                .filter(move |bearer| {
                    matches!(bearer.owner, Owner::Domain(_)) && Some(&bearer.owner) != own.as_ref()
                })
                .map(move |bearer| (&seen.mark, bearer))
        })
    }
}

/// Whose a page is; an outlet's only where it lies on domains of related outlets before and after redirects.
fn owner_of(sight: &SiteSight, watchlist: &Watchlist) -> Option<(Owner, Option<OutletId>)> {
    let host = host_of(&sight.final_url)?;
    let (asked, landed) = (outlet_of_url(&sight.url, watchlist), outlet_of_url(&sight.final_url, watchlist));
    Some(match (asked, landed) {
        (Some(asked), Some(landed)) if watchlist.is_related(&asked.id, &landed.id) => {
            (Owner::System(watchlist.controller(&landed.id)), Some(landed.id.clone()))
        }
        (_, Some(landed)) => (Owner::System(watchlist.controller(&landed.id)), None),
        (_, None) => match watchlist.exempt_of_host(&host) {
            Some(publisher) => (Owner::Publisher(publisher.id.clone()), None),
            None => (Owner::Domain(registrable(&host)), None),
        },
    })
}
