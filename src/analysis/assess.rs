//! Assessment: from an account's evidence to what it is to which outlet.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::corpus::Corpus;
use crate::analysis::indicators::{Family, indicator, run_all};
use crate::model::assessment::{Assessment, Condition, Level, Relation};
use crate::model::dossier::{Dossier, Method, Presence};
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::outlet::{Outlet, OutletId};
use crate::model::proof::PageSight;
use crate::model::watchlist::Watchlist;

/// What the account is to the outlet it is most tied to; `None` where no indicator found anything.
pub fn assess(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Option<Assessment> {
    let evidence = run_all(dossier, watchlist, corpus);
    let listed = dossier.listings.iter().map(|listing| &listing.outlet);
    let touched: BTreeSet<&OutletId> = evidence.iter().map(|item| &item.outlet).chain(listed).collect();
    touched
        .into_iter()
        .filter_map(|id| watchlist.outlet(id))
        .map(|outlet| assess_with(dossier, watchlist, outlet, &evidence))
        .max_by(|one, other| strength(one, watchlist).total_cmp_with(&strength(other, watchlist)))
}

/// How one outlet's case compares with another's: relation first, then evidence about just this
/// outlet, then the more special outlet of a family.
struct Strength {
    rank: u8,
    direct: usize,
    depth: usize,
}

impl Strength {
    fn total_cmp_with(&self, other: &Strength) -> std::cmp::Ordering {
        (self.rank, self.direct, self.depth).cmp(&(other.rank, other.direct, other.depth))
    }
}

fn strength(assessment: &Assessment, watchlist: &Watchlist) -> Strength {
    let direct = assessment.evidence.iter().filter(|item| item.outlet == assessment.outlet).count();
    Strength { rank: rank(assessment.relation), direct, depth: watchlist.chain(&assessment.outlet).len() }
}

/// Which relation wins where several fit.
fn rank(relation: Relation) -> u8 {
    match relation {
        Relation::Official => 6,
        Relation::Attested => 5,
        Relation::Mirror => 4,
        Relation::Undisclosed => 3,
        Relation::LookAlike => 2,
        Relation::Claimed => 1,
        Relation::Unrelated => 0,
    }
}

fn assess_with(
    dossier: &Dossier,
    watchlist: &Watchlist,
    outlet: &Outlet,
    evidence: &[Evidence],
) -> Assessment {
    let related = |item: &&Evidence| watchlist.is_related(&item.outlet, &outlet.id);
    let evidence: Vec<Evidence> = evidence.iter().filter(related).cloned().collect();
    let case = Case::of(dossier, watchlist, outlet, &evidence);
    let relation = case.relation();
    let conditions = case.conditions(dossier, outlet);
    let because = because(relation, &conditions, outlet);
    let points = points(&evidence);
    let (account, outlet) = (dossier.account.id.clone(), outlet.id.clone());
    Assessment {
        account,
        outlet,
        relation,
        points,
        lead_points: points,
        level: Level::Nothing,
        lead_since: None,
        rival: None,
        tie: None,
        evidence,
        conditions,
        because,
    }
}

/// What the evidence shows about one outlet, each a yes or no.
#[derive(Debug)]
struct Case {
    seen: BTreeSet<Shown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    OutletNamesAccount,
    AccountNamesOutlet,
    SaysItIsOfficial,
    BearsName,
    IsMirror,
    IsExempt,
    CitedByMaintainer,
    ProofCitedByMaintainer,
    /// The page that a maintainer cites was fetched and names the account.
    CitedPageNamesIt,
}

impl Case {
    fn of(dossier: &Dossier, watchlist: &Watchlist, outlet: &Outlet, evidence: &[Evidence]) -> Case {
        let from_evidence = evidence.iter().filter_map(|item| {
            let id = item.indicator.0.as_str();
            Some(match (id, item.weight) {
                (_, Weight::Proof(Direction::OutletNamesAccount)) => Shown::OutletNamesAccount,
                (_, Weight::Proof(Direction::AccountNamesOutlet)) => Shown::AccountNamesOutlet,
                ("declared", Weight::Shown) => Shown::SaysItIsOfficial,
                ("look_alike", _) => Shown::BearsName,
                ("mirror", Weight::Gate) => Shown::IsMirror,
                ("not_state_controlled", Weight::Gate) => Shown::IsExempt,
                _ => return None,
            })
        });
        let listed =
            dossier.listings.iter().filter(|listing| watchlist.is_related(&listing.outlet, &outlet.id));
        let from_listings = listed.flat_map(|listing| {
            let cited = listing.account.seen_in.as_ref().map(|_| Shown::CitedByMaintainer);
            let proof = listing.account.proof.as_ref().map(|_| Shown::ProofCitedByMaintainer);
            let names = |page: &&PageSight| Some(&page.url) == listing.account.proof.as_ref();
            let named = dossier.pages.iter().find(names).map(|_| Shown::CitedPageNamesIt);
            cited.into_iter().chain(proof).chain(named)
        });
        Case { seen: from_evidence.chain(from_listings).collect() }
    }

    fn shows(&self, shown: Shown) -> bool {
        self.seen.contains(&shown)
    }

    fn relation(&self) -> Relation {
        let both = self.shows(Shown::OutletNamesAccount) && self.shows(Shown::AccountNamesOutlet);
        let says_so = self.shows(Shown::SaysItIsOfficial)
            || (self.shows(Shown::BearsName) && self.shows(Shown::AccountNamesOutlet));
        let cited = self.shows(Shown::CitedByMaintainer) || self.shows(Shown::ProofCitedByMaintainer);
        if self.shows(Shown::IsExempt) {
            Relation::Unrelated
        } else if both {
            Relation::Official
        } else if says_so && cited {
            Relation::Attested
        } else if self.shows(Shown::IsMirror) {
            Relation::Mirror
        } else if says_so {
            Relation::Claimed
        } else {
            Relation::Unrelated
        }
    }

    /// What must hold before an official account is published without a person.
    fn conditions(&self, dossier: &Dossier, outlet: &Outlet) -> Vec<Condition> {
        let profile = &dossier.account.latest.profile;
        let must = |must: &str, met: bool| Condition { must: must.to_owned(), met };
        vec![
            must(
                "a page or host of the outlet, fetched by us, names the account",
                self.shows(Shown::OutletNamesAccount),
            ),
            must("the account's profile names the outlet", self.shows(Shown::AccountNamesOutlet)),
            must(
                "it bears the outlet's name or is named by a page that a maintainer cites, so it is not a person's",
                self.shows(Shown::BearsName) || self.shows(Shown::CitedPageNamesIt),
            ),
            must("it is no mirror", !self.shows(Shown::IsMirror)),
            must("a source says who controls the outlet", !outlet.control_basis.is_empty()),
            must("the outlet is switched on", outlet.enabled),
            must(
                "it can be read: neither gone nor suspended",
                matches!(dossier.account.presence, Presence::There) && !profile.is_suspended,
            ),
            must(
                "it did not take over the address of another account",
                dossier.account.found.method != Method::Successor,
            ),
            must(
                "its posts were read completely at least once",
                dossier.account.last_complete_poll.is_some(),
            ),
        ]
    }
}

/// The sum of points, each family up to its cap; more of one kind never lowers it.
fn points(evidence: &[Evidence]) -> f64 {
    let mut sums: BTreeMap<Family, f64> = BTreeMap::new();
    for item in evidence {
        let Some(family) = indicator(&item.indicator.0).map(|indicator| indicator.family) else { continue };
        if let Weight::Points(points) = item.weight {
            *sums.entry(family).or_default() += points;
        }
    }
    sums.into_iter().map(|(family, sum)| sum.min(family.cap())).sum()
}

fn because(relation: Relation, conditions: &[Condition], outlet: &Outlet) -> String {
    let name = &outlet.name;
    let unmet = conditions.iter().find(|condition| !condition.met);
    match (relation, unmet) {
        (Relation::Official, None) => format!("named as official: {name} and the account name each other"),
        (Relation::Official, Some(condition)) => {
            format!(
                "official, but not published without a person, since this does not hold: {}",
                condition.must
            )
        }
        (Relation::Attested, _) => {
            format!("says it belongs to {name} and a maintainer cites a source; published after one approval")
        }
        (Relation::Mirror, _) => format!("not named: it repeats {name} and says so, which is no discovery"),
        (Relation::Claimed, _) => {
            format!(
                "not named: it says it belongs to {name}, but no page or host of {name} names it; may be parody"
            )
        }
        (Relation::Undisclosed, _) => {
            format!("appears affiliated with {name} and does not say so; named only after people approve")
        }
        (Relation::LookAlike, _) => {
            format!("imitates {name} without its content or proof; named only after people approve")
        }
        (Relation::Unrelated, _) => format!("not named: nothing ties it to {name}"),
    }
}
