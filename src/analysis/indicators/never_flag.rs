//! `never_flag`: people decided that this account is never to be named.

use super::{Family, Indicator, profile_citation};
use crate::analysis::copying::by_system;
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "never_flag",
    family: Family::Gate,
    sees: "a reviewer put the account on the list of those never to be named",
    rule: None,
    run,
};

fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let Some(never) = &dossier.never_flag else { return Vec::new() };
    let says =
        format!("{} decided on {} that it is never named: {}", never.by, never.at.date_naive(), never.why);
    let systems = by_system(dossier, watchlist, corpus);
    let outlets = systems.iter().filter_map(|copying| watchlist.outlet(&copying.publisher));
    let stop = |id| Evidence::new(INDICATOR.id, id, Weight::Gate, says.clone(), profile_citation(dossier));
    outlets.map(|outlet| stop(&outlet.id)).collect()
}
