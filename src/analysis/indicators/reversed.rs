//! `reversed`: statuses that were there before we saw the outlet's item: the outlet may have copied them.

use super::copies::{of_each, places, said};
use super::{Family, Indicator};
use crate::analysis::copying::Copying;
use crate::model::evidence::{Evidence, Weight};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "reversed",
    family: Family::Order,
    sees: "posts that state a time before we saw the outlet's item; speaks against a hidden tie",
    rule: Some(rule),
    run: |dossier, watchlist, corpus| of_each(dossier, watchlist, corpus, evidence),
};

/// What is taken away where all matches are reversed: as much as an honest credit under every copy, since
/// either explains the likeness without any tie.
pub const ALL: f64 = -3.0;

/// How its points are counted.
fn rule() -> String {
    format!("{ALL:.1} times the share of matches in which it was first")
}

fn evidence(copying: &Copying<'_>) -> Vec<Evidence> {
    let Some(places) = places(copying.reversed.iter().copied()) else { return Vec::new() };
    let reversed = copying.reversed.len();
    let matches = reversed + copying.all().count();
    let weight = Weight::Points(ALL * reversed as f64 / matches as f64);
    let says = format!("{reversed} of {matches} matching posts state a time before we saw the outlet's item");
    vec![said(INDICATOR.id, copying, weight, says, places)]
}
