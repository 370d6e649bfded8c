//! Copies as evidence: what the indicators of text and attribution have in common.

use crate::analysis::copying::{Copying, by_system};
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Evidence, Weight};
use crate::model::reuse::Reuse;
use crate::model::watchlist::Watchlist;

/// Copies that are cited for one piece of evidence, each with both places; the rest stands on the page.
const MOST_CITED: usize = 4;
/// Points below this are not worth a line.
const LEAST_POINTS: f64 = 0.005;

/// Where to look; never empty.
pub(super) struct Places {
    first: Citation,
    more: Vec<Citation>,
}

/// Both sides of some copies, the longest common passages first.
pub(super) fn places<'a>(copies: impl Iterator<Item = &'a Reuse>) -> Option<Places> {
    let mut copies: Vec<&Reuse> = copies.collect();
    copies.sort_by_key(|reuse| (std::cmp::Reverse(reuse.run), &reuse.status, &reuse.item));
    let mut cited = copies.into_iter().take(MOST_CITED).flat_map(|reuse| {
        [
            Citation {
                url: reuse.status_url.clone(),
                seen_at: reuse.status_seen,
                sha256: reuse.status_sha256.clone(),
            },
            Citation {
                url: reuse.item_url.clone(),
                seen_at: reuse.item_seen,
                sha256: reuse.item_sha256.clone(),
            },
        ]
    });
    Some(Places { first: cited.next()?, more: cited.collect() })
}

/// What is said about the publisher of some copies.
pub(super) fn said(
    id: &str,
    copying: &Copying<'_>,
    weight: Weight,
    says: String,
    places: Places,
) -> Evidence {
    let evidence = Evidence::new(id, &copying.publisher, weight, says, places.first);
    places.more.into_iter().fold(evidence, Evidence::and)
}

/// Evidence with points from copies whose order is decided, and with what those whose order nobody can tell
/// would add, which counts for a lead only.
pub(super) fn weighed(
    id: &str,
    copying: &Copying<'_>,
    decided: f64,
    all: f64,
    says: &str,
    places: impl Fn() -> Option<Places>,
) -> Vec<Evidence> {
    let points = (decided >= LEAST_POINTS).then_some(Weight::Points(decided));
    let more = (all - decided >= LEAST_POINTS).then_some(Weight::LeadPoints(all - decided.max(0.0)));
    let weights = points.into_iter().chain(more);
    weights.filter_map(|weight| Some(said(id, copying, weight, says.to_owned(), places()?))).collect()
}

/// Runs an indicator over what the account carries of each system, wires left out: they are nobody's tie.
pub(super) fn of_each(
    dossier: &Dossier,
    watchlist: &Watchlist,
    corpus: &Corpus,
    evidence: fn(&Copying<'_>) -> Vec<Evidence>,
) -> Vec<Evidence> {
    let systems = by_system(dossier, watchlist, corpus);
    let of_outlets = systems.iter().filter(|copying| watchlist.outlet(&copying.publisher).is_some());
    of_outlets.flat_map(evidence).collect()
}
