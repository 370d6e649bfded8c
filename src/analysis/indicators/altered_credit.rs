//! `altered_credit`: a handle or name of the outlet altered so that it does not work.

use super::copies::{of_each, places, weighed};
use super::{Family, Indicator};
use crate::analysis::copying::{Copying, Credits};
use crate::model::evidence::Evidence;
use crate::model::reuse::{Credit, Reuse};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "altered_credit",
    family: Family::Attribution,
    sees: "copies with a credit altered so that it leads nowhere, as “Twitter •mundo_china”",
    rule: Some(rule),
    run: |dossier, watchlist, corpus| of_each(dossier, watchlist, corpus, evidence),
};

/// Fewer, or all within two days, may be slips of one hand.
pub const SOME_FROM: u32 = 3;
pub const SOME: f64 = 0.5;
/// Nobody alters a handle in the same way so often by accident.
pub const FULL_FROM: u32 = 6;
pub const FULL: f64 = 1.5;

/// How its points are counted.
fn rule() -> String {
    format!("{SOME:.1} from {SOME_FROM} such credits on as many days, {FULL:.1} from {FULL_FROM}")
}

fn evidence(copying: &Copying<'_>) -> Vec<Evidence> {
    let decided = Credits::of(copying.decided.iter().copied());
    let all = Credits::of(copying.all());
    let altered = || copying.all().filter(|reuse| matches!(reuse.credit, Credit::Altered(_)));
    let example = altered().find_map(text).unwrap_or_default();
    let says = format!(
        "{} copies on {} days carry a credit that leads nowhere: “{example}”",
        all.altered, all.altered_days
    );
    weighed(INDICATOR.id, copying, points(&decided), points(&all), &says, || places(altered()))
}

/// The altered credit as it stands in the status.
fn text(reuse: &Reuse) -> Option<&str> {
    match &reuse.credit {
        Credit::Altered(text) => Some(text),
        _ => None,
    }
}

fn points(credits: &Credits) -> f64 {
    match credits.altered {
        _ if credits.altered_days < SOME_FROM => 0.0,
        FULL_FROM.. => FULL,
        SOME_FROM.. => SOME,
        _ => 0.0,
    }
}
