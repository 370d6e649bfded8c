//! Assessment: from an account's evidence to what it is to which outlet.

use std::collections::BTreeSet;

use crate::analysis::concealed::{Concealed, Count, families, total};
use crate::analysis::corpus::Corpus;
use crate::analysis::indicators::run_all;
use crate::analysis::resemblance::disguises_name;
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
        .map(|outlet| assess_with(dossier, watchlist, corpus, outlet, &evidence))
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
    corpus: &Corpus,
    outlet: &Outlet,
    evidence: &[Evidence],
) -> Assessment {
    let system = watchlist.controller(&outlet.id);
    let is_about = |item: &&Evidence| {
        watchlist.is_related(&item.outlet, &outlet.id) || watchlist.controller(&item.outlet) == system
    };
    let evidence: Vec<Evidence> = evidence.iter().filter(is_about).cloned().collect();
    let concealed = Concealed::of(dossier, watchlist, corpus, outlet, &evidence);
    let mut case = Case::of(dossier, watchlist, outlet, &evidence);
    let hidden = concealed.as_ref().map(|concealed| case.hidden_conditions(dossier, outlet, concealed));
    let level =
        concealed.as_ref().zip(hidden.as_ref()).map(|(concealed, conditions)| concealed.level(conditions));
    let level = level.unwrap_or_default();
    if level >= Level::Lead {
        case.seen.insert(Shown::CarriesTextInSilence);
    }
    let relation = case.relation();
    let (level, conditions) = match (relation, hidden) {
        (Relation::Undisclosed, Some(conditions)) => (level, conditions),
        _ => (Level::Nothing, case.conditions(dossier, outlet)),
    };
    let because = because(relation, level, &conditions, outlet);
    let sum = |count| total(&families(&evidence, count));
    let tie = concealed.as_ref().filter(|_| level >= Level::Lead).and_then(|concealed| concealed.tie(corpus));
    Assessment {
        account: dossier.account.id.clone(),
        outlet: outlet.id.clone(),
        relation,
        points: sum(Count::Decided),
        lead_points: sum(Count::WithLeads),
        level,
        lead_since: None,
        rival: concealed.and_then(|concealed| concealed.rival),
        tie,
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
    /// People decided that it is never named.
    IsNeverNamed,
    /// It carries the outlet's text as its own and does not say so.
    CarriesTextInSilence,
    /// It bears the outlet's name in letters that only look like it.
    DisguisesName,
}

impl Case {
    fn of(dossier: &Dossier, watchlist: &Watchlist, outlet: &Outlet, evidence: &[Evidence]) -> Case {
        let is_related = |item: &&Evidence| watchlist.is_related(&item.outlet, &outlet.id);
        let from_evidence = evidence.iter().filter(is_related).filter_map(|item| {
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
        let never = dossier.never_flag.as_ref().map(|_| Shown::IsNeverNamed);
        // A mirror of one outlet of a system repeats what the others wrote, too.
        let mirror = evidence.iter().any(|item| item.indicator.0 == "mirror" && item.weight == Weight::Gate);
        let mirror = mirror.then_some(Shown::IsMirror);
        let disguised =
            disguises_name(&dossier.account.latest.profile, outlet).then_some(Shown::DisguisesName);
        let from_account = never.into_iter().chain(mirror).chain(disguised);
        Case { seen: from_evidence.chain(from_listings).chain(from_account).collect() }
    }

    fn shows(&self, shown: Shown) -> bool {
        self.seen.contains(&shown)
    }

    fn relation(&self) -> Relation {
        let both = self.shows(Shown::OutletNamesAccount) && self.shows(Shown::AccountNamesOutlet);
        let says_so = self.shows(Shown::SaysItIsOfficial)
            || (self.shows(Shown::BearsName) && self.shows(Shown::AccountNamesOutlet));
        let cited = self.shows(Shown::CitedByMaintainer) || self.shows(Shown::ProofCitedByMaintainer);
        if self.shows(Shown::IsExempt) || self.shows(Shown::IsNeverNamed) {
            Relation::Unrelated
        } else if both {
            Relation::Official
        } else if says_so && cited {
            Relation::Attested
        } else if self.shows(Shown::IsMirror) {
            Relation::Mirror
        } else if self.shows(Shown::CarriesTextInSilence) {
            Relation::Undisclosed
        } else if self.shows(Shown::DisguisesName) && !self.shows(Shown::AccountNamesOutlet) {
            Relation::LookAlike
        } else if says_so {
            Relation::Claimed
        } else {
            Relation::Unrelated
        }
    }

    /// What must hold before people may approve that a tie is hidden.
    fn hidden_conditions(&self, dossier: &Dossier, outlet: &Outlet, concealed: &Concealed) -> Vec<Condition> {
        let must = |must: &str, met: bool| Condition { must: must.to_owned(), met };
        let more = [
            must("it is no mirror", !self.shows(Shown::IsMirror)),
            must("a source says who controls the outlet", !outlet.control_basis.is_empty()),
            must("the outlet is switched on", outlet.enabled),
            must(CAN_BE_READ, can_be_read(dossier)),
            must(WAS_READ, dossier.account.last_complete_poll.is_some()),
        ];
        concealed.conditions().into_iter().chain(more).collect()
    }

    /// What must hold before an official account is published without a person.
    fn conditions(&self, dossier: &Dossier, outlet: &Outlet) -> Vec<Condition> {
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
            must(CAN_BE_READ, can_be_read(dossier)),
            must(
                "it did not take over the address of another account",
                dossier.account.found.method != Method::Successor,
            ),
            must(WAS_READ, dossier.account.last_complete_poll.is_some()),
        ]
    }
}

/// The one condition that an account which is gone cannot meet.
pub const CAN_BE_READ: &str = "it can be read: neither gone nor suspended";
const WAS_READ: &str = "its posts were read completely at least once";

fn can_be_read(dossier: &Dossier) -> bool {
    dossier.account.presence == Presence::There && !dossier.account.latest.profile.is_suspended
}

fn because(relation: Relation, level: Level, conditions: &[Condition], outlet: &Outlet) -> String {
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
        (Relation::Undisclosed, Some(condition)) if level == Level::Lead => {
            format!("not named: a lead to {name}, and this does not hold yet: {}", condition.must)
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
