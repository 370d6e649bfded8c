//! `reuse`: near-copies of the outlet's items, the outlet first, make up the account's own output.

use super::copies::{of_each, places, weighed};
use super::{Family, Indicator};
use crate::analysis::controls::{ENOUGH, LEAST_BASE_RATE};
use crate::analysis::copying::Copying;
use crate::analysis::stats::lower_bound;
use crate::model::evidence::Evidence;
use crate::model::reuse::Reuse;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "reuse",
    family: Family::Text,
    sees: "the share of its own posts that are near-copies of the outlet's items, which we saw first",
    rule: Some(rule),
    run: |dossier, watchlist, corpus| of_each(dossier, watchlist, corpus, evidence),
};

/// How its points are counted.
fn rule() -> String {
    format!(
        "log10 of the lower bound (95 %) of the share of such copies in its own posts, over the share that innocent \
         accounts of its language have ({LEAST_BASE_RATE}, or their 95th percentile from {ENOUGH} accounts on); a \
         post is a copy when at least {} % of it is the item's text",
        Reuse::LEAST_SHARE
    )
}

fn evidence(copying: &Copying<'_>) -> Vec<Evidence> {
    let mut says = format!(
        "{} of {} own posts since {} are near-copies of items that we saw before them",
        copying.decided.len(),
        copying.own_dated,
        copying.from.date_naive()
    );
    let copies = u32::try_from(copying.decided.len()).unwrap_or(u32::MAX).min(copying.own_dated);
    let (least, base) = (100.0 * lower_bound(copies, copying.own_dated), 100.0 * copying.base_rate);
    says += &format!(", at least {least:.0} % of its output where innocent accounts have {base:.1} %");
    if !copying.undecided.is_empty() {
        says += &format!("; of {} more nobody can tell who was first", copying.undecided.len());
    }
    if !copying.others_first.is_empty() {
        says += &format!("; {} not counted, which others had first", copying.others_first.len());
    }
    if let Some(history) = copying.own_history {
        says += &format!("; before that it posted for {} days without any", history.num_days());
    }
    let (points, lead_points) = (points(copying), lead_points(copying));
    weighed(INDICATOR.id, copying, points, lead_points, &says, || places(copying.all()))
}

/// log10 of how much larger the share of copies whose order is decided is, at least, than that of innocent
/// accounts.
pub fn points(copying: &Copying<'_>) -> f64 {
    likelihood(copying.decided.len(), copying.own_dated, copying.base_rate)
}

/// The same with copies whose order nobody can tell.
pub fn lead_points(copying: &Copying<'_>) -> f64 {
    likelihood(copying.decided.len() + copying.undecided.len(), copying.own, copying.base_rate)
}

fn likelihood(copies: usize, posts: u32, base_rate: f64) -> f64 {
    let copies = u32::try_from(copies).unwrap_or(u32::MAX).min(posts);
    (lower_bound(copies, posts) / base_rate).max(1.0).log10().min(Family::Text.cap())
}
