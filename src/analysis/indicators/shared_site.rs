//! `shared_site`: the account's own site bears a rare mark of the outlet's site, or of a company that builds sites for it.

use std::collections::{BTreeMap, BTreeSet};

use super::outlet_links::is_marked;
use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::domains::host_of;
use crate::analysis::names;
use crate::analysis::resemblance::Folded;
use crate::analysis::sites::platforms::is_platform;
use crate::analysis::sites::{Bearer, LEAST_POINTS, Sites};
use crate::model::account::Host;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Evidence, Weight};
use crate::model::observation::Profile;
use crate::model::outlet::{Operator, Outlet, OutletId};
use crate::model::site::{Mark, MarkKind, SeenMark, SiteSight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "shared_site",
    family: Family::Infrastructure,
    sees: "the account's own site, which links back to it, has an analytics id or a builder in common with the outlet",
    rule: Some(rule),
    run,
};

/// Letters of a mark as it is told.
const MOST_SHOWN: usize = 100;

/// How its points are counted.
fn rule() -> String {
    format!(
        "how rare the mark is among unrelated sites that were read, -log10 of their share as it may be at most (95 %); \
         nothing below {LEAST_POINTS}; the rarest mark counts"
    )
}

/// What one mark of a site ties it to. Only reviewers see one that does not count: the site may be a stranger's.
#[derive(Debug)]
pub struct SiteTie {
    pub outlet: OutletId,
    /// What the outlet's side is, in words.
    pub says: String,
    /// The outlet's page, where it is one that has the mark.
    pub place: Option<Citation>,
    /// Why it counts nothing.
    pub but: Option<&'static str>,
}

/// For each system the rarest mark counts: several on one page come from one hand, and more of a kind is no more.
fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let profile = &dossier.account.latest.profile;
    let mut systems: BTreeMap<String, Vec<(f64, &SiteSight, &SeenMark, SiteTie)>> = BTreeMap::new();
    for site in dossier.sites.iter().filter(|site| site.is_confirmed_by(profile)) {
        for seen in &site.marks {
            let counting = ties(site, seen, profile, watchlist, &corpus.sites).into_iter();
            for tie in counting.filter(|tie| tie.but.is_none()) {
                let rarity = corpus.sites.rarity(&seen.mark);
                systems.entry(watchlist.controller(&tie.outlet)).or_default().push((rarity, site, seen, tie));
            }
        }
    }
    let evidence = systems.into_values().filter_map(|mut found| {
        found.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
        let others: BTreeSet<&Mark> = found.iter().map(|(_, _, seen, _)| &seen.mark).collect();
        let others = others.len() - 1;
        let (points, site, seen, tie) = found.into_iter().next()?;
        Some(evidence(dossier, corpus, points, (site, seen), tie, others))
    });
    evidence.collect()
}

/// What a mark on an account's page is at outlets, whether it counts or not. Tools of many tie nobody.
pub fn ties(
    site: &SiteSight,
    seen: &SeenMark,
    profile: &Profile,
    watchlist: &Watchlist,
    sites: &Sites,
) -> Vec<SiteTie> {
    if is_platform(&seen.mark) {
        return Vec::new();
    }
    let is_confirmed = site.is_confirmed_by(profile);
    let is_rare = sites.rarity(&seen.mark) > 0.0;
    let tie = |outlet: &OutletId, says: String, place: Option<Citation>, copied: bool| {
        let but = match () {
            () if !is_confirmed => {
                Some("not counted: the site does not link back to the account with rel=me")
            }
            () if copied => {
                Some("not counted: it stood on the account's site before the outlet's page had it")
            }
            () if !is_rare => Some("not counted: too many sites may have it"),
            () => None,
        };
        SiteTie { outlet: outlet.clone(), says, place, but }
    };
    let systems = by_system(sites.bearers(&seen.mark), watchlist).into_values();
    let outlets = systems.map(|(outlet, bearers)| {
        let copied = bearers.iter().all(|bearer| is_copied(bearer, seen));
        let place = bearers.iter().find(|bearer| !is_copied(bearer, seen)).unwrap_or(&bearers[0]);
        tie(&outlet.id, format!("a page of {} has it", outlet.name), Some(place.page.clone()), copied)
    });
    let operators = watchlist.operators.iter().filter(|operator| is_of(seen, operator));
    let operators = operators.filter_map(|operator| {
        let outlet = watchlist.outlet(&operator.owner_outlet).filter(|outlet| outlet.enabled)?;
        let says = format!("it is a mark of {} ({})", operator.name, operator.says);
        Some(tie(&outlet.id, says, None, false))
    });
    outlets.chain(operators).collect()
}

/// The pages of outlets among those that have a mark, by the system of the outlet: it is counted once, with the first
/// of its outlets.
fn by_system<'a>(
    bearers: &'a [Bearer],
    watchlist: &'a Watchlist,
) -> BTreeMap<String, (&'a Outlet, Vec<&'a Bearer>)> {
    let mut systems: BTreeMap<String, (&Outlet, Vec<&Bearer>)> = BTreeMap::new();
    for bearer in bearers {
        let outlet = bearer.outlet.as_ref().and_then(|id| watchlist.outlet(id));
        if let Some(outlet) = outlet.filter(|outlet| outlet.enabled) {
            let system = systems.entry(watchlist.controller(&outlet.id)).or_insert((outlet, Vec::new()));
            system.1.push(bearer);
        }
    }
    systems
}

/// Whether the outlet may have taken the mark from the account's site, to frame it: its page was read before without it,
/// and the account's had it first.
fn is_copied(bearer: &Bearer, seen: &SeenMark) -> bool {
    bearer.is_later && seen.first_seen < bearer.first_seen
}

/// Whether a mark is one of a company: its name in a credit, its domain behind one, or an id that is recorded for it.
fn is_of(seen: &SeenMark, operator: &Operator) -> bool {
    let (kind, value) = (seen.mark.kind, seen.mark.value.as_str());
    let is_recorded = |recorded: &String| value.eq_ignore_ascii_case(recorded);
    match kind {
        MarkKind::CreditLink => Host::parse(value).is_ok_and(|host| is_marked(&host, operator)),
        MarkKind::Credit | MarkKind::MetaCredit | MarkKind::AppDeveloper => {
            let (name, shown) = (Folded::of(value), Folded::of(&seen.shown));
            let names = [&operator.name].into_iter().chain(&operator.aliases).chain(&operator.marks);
            let mut names = names.filter(|name| !name.contains('.')).map(|name| Folded::of(name));
            names.any(|known| name.has_name(&known) || shown.has_name(&known))
        }
        _ => operator.marks.iter().any(is_recorded),
    }
}

fn evidence(
    dossier: &Dossier,
    corpus: &Corpus,
    points: f64,
    (site, seen): (&SiteSight, &SeenMark),
    tie: SiteTie,
    others: usize,
) -> Evidence {
    let domain = host_of(&site.final_url).map(|host| host.to_string()).unwrap_or_default();
    let more = match others {
        0 => String::new(),
        1 => "; one more of its marks ties it there and counts nothing".to_owned(),
        others => format!("; {others} more of its marks tie it there and count nothing"),
    };
    let says = format!(
        "its site {domain} has “{}” ({}): {}; {} of {} unrelated sites have it{more}",
        names::clean_to(&seen.shown, MOST_SHOWN),
        seen.mark.kind.words(),
        tie.says,
        corpus.sites.owners(&seen.mark),
        corpus.sites.read()
    );
    let evidence = Evidence::new(INDICATOR.id, &tie.outlet, Weight::Points(points), says, site.citation());
    tie.place.into_iter().fold(evidence.and(profile_citation(dossier)), Evidence::and)
}
