//! `shared_site`: the account's own site bears a rare mark of the outlet's site, or of a company that builds sites for it.

use std::collections::BTreeMap;

use super::outlet_links::is_marked;
use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::domains::host_of;
use crate::analysis::names;
use crate::analysis::resemblance::Folded;
use crate::analysis::sites::platforms::is_platform;
use crate::analysis::sites::{Bearer, LEAST_POINTS};
use crate::model::account::Host;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Evidence, Weight};
use crate::model::outlet::{Operator, Outlet, OutletId};
use crate::model::site::{MarkKind, SeenMark, SiteSight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "shared_site",
    family: Family::Infrastructure,
    sees: "the account's own site, which links back to it, has an analytics id or a builder in common with the outlet",
    rule: Some(rule),
    run,
};

/// Marks that are told of one system.
const MOST_TOLD: usize = 4;

/// Letters of a mark as it is told.
const MOST_SHOWN: usize = 100;

/// How its points are counted.
fn rule() -> String {
    format!(
        "how rare the mark is among unrelated sites that were read, -log10 of their share as it may be at most (95 %); \
         nothing below {LEAST_POINTS}; the rarest mark counts"
    )
}

/// What one mark ties a site to.
struct Shared<'a> {
    outlet: OutletId,
    site: &'a SiteSight,
    seen: &'a SeenMark,
    /// What the outlet's side is, in words.
    as_what: String,
    place: Option<Citation>,
    /// Why it counts nothing.
    but: Option<&'static str>,
    points: f64,
}

/// For each system the rarest mark counts: several on one page come from one hand, and more of a kind is no more.
fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = shared(dossier, watchlist, corpus);
    all.sort_by(|one, other| other.points.total_cmp(&one.points));
    let evidence = all.into_iter().filter_map(|shared| {
        let told = told.entry(watchlist.controller(&shared.outlet)).or_default();
        let weight = match shared.but.is_none() && *told == 0 {
            true => Weight::Points(shared.points),
            false => Weight::Shown,
        };
        *told += 1;
        (*told <= MOST_TOLD).then(|| shared.evidence(dossier, corpus, weight))
    });
    evidence.collect()
}

fn shared<'a>(dossier: &'a Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Shared<'a>> {
    let mut all = Vec::new();
    for site in &dossier.sites {
        let is_confirmed = site.is_confirmed_by(&dossier.account.latest.profile);
        for seen in site.marks.iter().filter(|seen| !is_platform(&seen.mark)) {
            let rarity = corpus.sites.rarity(&seen.mark);
            let of = |outlet: &OutletId, as_what: String, place: Option<Citation>, copied: bool| {
                let but = match () {
                    () if !is_confirmed => {
                        Some("not counted: the site does not link back to the account with rel=me")
                    }
                    () if copied => {
                        Some("not counted: it stood on the account's site before the outlet's page had it")
                    }
                    () if rarity == 0.0 => Some("not counted: too many sites may have it"),
                    () => None,
                };
                let points = if but.is_none() { rarity } else { 0.0 };
                Shared { outlet: outlet.clone(), site, seen, as_what, place, but, points }
            };
            let systems = by_system(corpus.sites.bearers(&seen.mark), watchlist);
            all.extend(systems.into_values().map(|(outlet, bearers)| {
                let copied = bearers.iter().all(|bearer| is_copied(bearer, seen));
                let place = bearers.iter().find(|bearer| !is_copied(bearer, seen)).unwrap_or(&bearers[0]);
                of(&outlet.id, format!("a page of {} has it", outlet.name), Some(place.page.clone()), copied)
            }));
            let operators = watchlist.operators.iter().filter_map(|operator| {
                let outlet = watchlist.outlet(&operator.owner_outlet).filter(|outlet| outlet.enabled)?;
                let as_what = format!("it is a mark of {} ({})", operator.name, operator.says);
                is_of(seen, operator).then(|| of(&outlet.id, as_what, None, false))
            });
            all.extend(operators);
        }
    }
    all
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

impl Shared<'_> {
    fn evidence(self, dossier: &Dossier, corpus: &Corpus, weight: Weight) -> Evidence {
        let domain = host_of(&self.site.final_url).map(|host| host.to_string()).unwrap_or_default();
        let mark = &self.seen.mark;
        let (owners, read) = (corpus.sites.owners(mark), corpus.sites.read());
        let mut says = format!(
            "its site {domain} has “{}” ({}): {}; {owners} of {read} unrelated sites have it",
            names::clean_to(&self.seen.shown, MOST_SHOWN),
            mark.kind.words(),
            self.as_what
        );
        match (self.but, weight) {
            (Some(but), _) => says.push_str(&format!("; {but}")),
            (None, Weight::Shown) => says.push_str("; not counted: a rarer mark is"),
            _ => {}
        }
        let evidence = Evidence::new(INDICATOR.id, &self.outlet, weight, says, self.site.citation());
        let evidence = evidence.and(profile_citation(dossier));
        self.place.into_iter().fold(evidence, Evidence::and)
    }
}
