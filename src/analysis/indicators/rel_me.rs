//! `rel_me`: the outlet's page, fetched by us, links to the account with `rel="me"`.

use super::{Family, Indicator, page_evidence};
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::Evidence;
use crate::model::proof::NamedBy;
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "rel_me",
    family: Family::Reciprocal,
    sees: "the outlet's page links to the account with rel=\"me\"",
    rule: None,
    run,
};

fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    page_evidence(INDICATOR.id, NamedBy::RelMe, "with a rel=\"me\" link", dossier, watchlist)
}
