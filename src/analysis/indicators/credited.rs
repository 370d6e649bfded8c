//! `credited`: copies with a link, a mention or a plain byline, which is honest use of a wire.

use super::copies::{of_each, places, said};
use super::{Family, Indicator};
use crate::analysis::copying::{Copying, Credits};
use crate::model::evidence::{Evidence, Weight};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "credited",
    family: Family::Attribution,
    sees: "copies that say where they are from; speaks against a hidden tie",
    rule: Some(rule),
    run: |dossier, watchlist, corpus| of_each(dossier, watchlist, corpus, evidence),
};

/// What an honest credit under every copy takes away.
pub const ALL: f64 = -3.0;

/// How its points are counted.
fn rule() -> String {
    format!("{ALL:.1} times the share of copies with a working credit")
}

fn evidence(copying: &Copying<'_>) -> Vec<Evidence> {
    let credits = Credits::of(copying.all());
    let honest = copying.all().filter(|reuse| reuse.credit.is_honest());
    let Some(places) = places(honest) else { return Vec::new() };
    let weight = Weight::Points(ALL * credits.honest_share().unwrap_or_default());
    let says = format!("{} of {} copies say where they are from", credits.honest, credits.copies());
    vec![said(INDICATOR.id, copying, weight, says, places)]
}
