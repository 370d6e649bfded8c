//! `creator_credit`: the outlet's page, fetched by us, credits the account as `fediverse:creator`.

use super::{Family, Indicator, page_evidence};
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::Evidence;
use crate::model::proof::NamedBy;
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "creator_credit",
    family: Family::Reciprocal,
    sees: "the outlet's page credits the account as fediverse:creator",
    rule: None,
    run,
};

fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    page_evidence(INDICATOR.id, NamedBy::Creator, "as its fediverse:creator", dossier, watchlist)
}
