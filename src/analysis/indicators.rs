//! The table of indicators: each a small function over a dossier, in one file and one line.

mod altered_credit;
mod co_posting;
mod copies;
mod creator_credit;
mod credited;
mod declared;
mod listed_by_outlet;
mod look_alike;
mod mirror;
mod never_flag;
mod not_state_controlled;
mod official_audience;
mod outlet_host;
mod outlet_links;
mod rel_me;
pub(super) mod reuse;
mod reversed;
mod shared_site;
pub(super) mod uncredited;

pub use declared::denies;
pub use shared_site::{SiteTie, ties};

use crate::analysis::corpus::Corpus;
use crate::analysis::resemblance::outlet_of_url;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Direction, Evidence, Weight};
use crate::model::outlet::Outlet;
use crate::model::proof::{NamedBy, PageKind, PageSight};
use crate::model::watchlist::Watchlist;

/// What kind of evidence an indicator gives; points are summed up to a cap per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The two sides of a proof. No points: it decides `official`.
    Reciprocal,
    /// The outlet's text as the account's own.
    Text,
    /// How copies say, or do not say, where they are from.
    Attribution,
    /// Domains, builders, analytics: what a site is run with.
    Infrastructure,
    /// Acting together beyond copying the same outlet.
    CoAction,
    /// Watched officials among the followers.
    Followers,
    /// Likeness of names.
    Name,
    /// Who came first.
    Order,
    /// Settles or stops by itself, whatever the points say.
    Gate,
}

impl Family {
    /// The most points that all indicators of a family give together.
    pub fn cap(self) -> f64 {
        match self {
            // Names are cheap to take: fans, critics and parodies bear them too.
            Family::Name => 0.5,
            // The strongest alternatives, an aggregator or a fan, copy much as well.
            Family::Text | Family::Infrastructure => 2.0,
            Family::Attribution | Family::CoAction => 1.5,
            Family::Followers => 0.5,
            Family::Reciprocal | Family::Gate | Family::Order => 0.0,
        }
    }

    /// The most points that a family takes away, as a number below zero.
    pub fn floor(self) -> f64 {
        match self {
            Family::Attribution | Family::Order => -3.0,
            _ => 0.0,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Family::Reciprocal => "reciprocal",
            Family::Text => "text source",
            Family::Attribution => "attribution",
            Family::Infrastructure => "infrastructure",
            Family::CoAction => "co-action",
            Family::Followers => "followers",
            Family::Name => "name",
            Family::Order => "order",
            Family::Gate => "gate",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Indicator {
    /// Its name everywhere: in evidence, in the docs and in `masthead explain`.
    pub id: &'static str,
    pub family: Family,
    /// What it sees, in one line for `masthead method`.
    pub sees: &'static str,
    /// How its points are counted, with every threshold; `None` for those that give none.
    pub rule: Option<fn() -> String>,
    pub run: fn(&Dossier, &Watchlist, &Corpus) -> Vec<Evidence>,
}

/// Every indicator, in the order people read them.
pub const TABLE: &[Indicator] = &[
    altered_credit::INDICATOR,
    co_posting::INDICATOR,
    creator_credit::INDICATOR,
    credited::INDICATOR,
    declared::INDICATOR,
    listed_by_outlet::INDICATOR,
    look_alike::INDICATOR,
    mirror::INDICATOR,
    never_flag::INDICATOR,
    not_state_controlled::INDICATOR,
    official_audience::INDICATOR,
    outlet_host::INDICATOR,
    outlet_links::INDICATOR,
    rel_me::INDICATOR,
    reuse::INDICATOR,
    reversed::INDICATOR,
    shared_site::INDICATOR,
    uncredited::INDICATOR,
];

/// The indicator with this id.
pub fn indicator(id: &str) -> Option<&'static Indicator> {
    TABLE.iter().find(|indicator| indicator.id == id)
}

/// Everything that all indicators find in a dossier.
pub fn run_all(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    TABLE.iter().flat_map(|indicator| (indicator.run)(dossier, watchlist, corpus)).collect()
}

/// The account's profile as a place to look.
fn profile_citation(dossier: &Dossier) -> Citation {
    let latest = &dossier.account.latest;
    Citation {
        url: latest.profile.url.clone().unwrap_or_else(|| latest.read_from.clone()),
        seen_at: latest.seen_at,
        sha256: latest.profile.content_hash(),
    }
}

/// A page as a place to look.
fn page_citation(page: &PageSight) -> Citation {
    Citation { url: page.final_url.clone(), seen_at: page.fetched_at, sha256: page.sha256.clone() }
}

/// The pages that name the account in this way and lie, before and after redirects, on domains of
/// one outlet or of outlets that own one another.
fn naming_pages<'a>(
    dossier: &'a Dossier,
    watchlist: &'a Watchlist,
    by: NamedBy,
) -> impl Iterator<Item = (&'a PageSight, &'a Outlet)> {
    let profile = &dossier.account.latest.profile;
    dossier.pages.iter().filter_map(move |page| {
        let names = page.names.iter().any(|naming| naming.by == by && naming.is(profile));
        let asked = outlet_of_url(&page.url, watchlist)?;
        let landed = outlet_of_url(&page.final_url, watchlist)?;
        (names && watchlist.is_related(&asked.id, &landed.id)).then_some((page, landed))
    })
}

/// How a page is called in a sentence.
fn page_words(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Home => "home page",
        PageKind::Cited => "page cited as proof",
        PageKind::Deep => "page below the front page",
    }
}

/// Evidence from every page that names the account in this way: proof from a front page or a cited
/// page; only shown from any other, since an author's page is a person's.
fn page_evidence(
    indicator: &str,
    by: NamedBy,
    how: &str,
    dossier: &Dossier,
    watchlist: &Watchlist,
) -> Vec<Evidence> {
    naming_pages(dossier, watchlist, by)
        .map(|(page, outlet)| {
            let weight = match page.kind {
                PageKind::Home | PageKind::Cited => Weight::Proof(Direction::OutletNamesAccount),
                PageKind::Deep => Weight::Shown,
            };
            let says = format!("a {} of {} names the account {how}", page_words(page.kind), outlet.name);
            Evidence::new(indicator, &outlet.id, weight, says, page_citation(page))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_that_gives_points_has_a_rule_and_no_other() {
        for indicator in TABLE {
            let gives_points = !matches!(indicator.family, Family::Reciprocal | Family::Gate);
            assert_eq!(indicator.rule.is_some(), gives_points, "{}", indicator.id);
        }
    }
}
