//! `look_alike`: the handle or display name bears a name of the outlet, disguised letters levelled.

use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::resemblance::bears_name;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "look_alike",
    family: Family::Name,
    sees: "the handle or display name bears a name of the outlet",
    rule: Some(rule),
    run,
};

/// All that a name can weigh: fans, critics and parodies bear it too.
const POINTS: f64 = 0.5;

/// How its points are counted.
fn rule() -> String {
    format!("{POINTS:.1}")
}

fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    let profile = &dossier.account.latest.profile;
    watchlist
        .enabled()
        .filter_map(|outlet| bears_name(profile, outlet).map(|name| (outlet, name)))
        .map(|(outlet, name)| {
            let says = format!("its handle or display name bears the name {name}");
            let weight = Weight::Points(POINTS);
            Evidence::new(INDICATOR.id, &outlet.id, weight, says, profile_citation(dossier))
        })
        .collect()
}
