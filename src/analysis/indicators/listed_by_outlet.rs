//! `listed_by_outlet`: the outlet's page, fetched by us, carries an ordinary link to the account.

use super::{Family, Indicator, page_evidence};
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::Evidence;
use crate::model::proof::NamedBy;
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "listed_by_outlet",
    family: Family::Reciprocal,
    sees: "the outlet's page lists the account with an ordinary link",
    rule: None,
    run,
};

fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    page_evidence(INDICATOR.id, NamedBy::Link, "with a link", dossier, watchlist)
}
