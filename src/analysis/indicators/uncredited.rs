//! `uncredited`: copies without a working link, mention or plain byline.

use super::copies::{of_each, places, weighed};
use super::{Family, Indicator};
use crate::analysis::copying::{Copying, Credits};
use crate::analysis::stats::lower_bound;
use crate::model::evidence::Evidence;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "uncredited",
    family: Family::Attribution,
    sees: "copies that do not say where they are from; an altered credit does not say it either",
    rule: Some(rule),
    run: |dossier, watchlist, corpus| of_each(dossier, watchlist, corpus, evidence),
};

/// All that silence can weigh.
pub const MOST: f64 = 1.0;
/// From this share on, at least, silence weighs in full; below it in proportion.
pub const FULL_FROM: f64 = 0.8;

/// How its points are counted.
fn rule() -> String {
    format!(
        "{MOST:.1} when the lower bound (95 %) of the share of copies without a working credit is {FULL_FROM} or more, \
         in proportion below"
    )
}

fn evidence(copying: &Copying<'_>) -> Vec<Evidence> {
    let decided = Credits::of(copying.decided.iter().copied());
    let all = Credits::of(copying.all());
    let says =
        format!("{} of {} copies name no source that a reader could follow", all.missing, all.copies());
    let silent = || copying.all().filter(|reuse| !reuse.credit.is_honest());
    weighed(INDICATOR.id, copying, points(&decided), points(&all), &says, || places(silent()))
}

pub fn points(credits: &Credits) -> f64 {
    MOST * (lower_bound(credits.missing, credits.copies()) / FULL_FROM).min(1.0)
}
