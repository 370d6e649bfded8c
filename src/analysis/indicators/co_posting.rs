//! `co_posting`: sister accounts make the same choice of the outlet's items and change them in the same words.

use super::{Family, Indicator};
use crate::analysis::coposting::{LEAST_DAYS, LEAST_DERIVED, LEAST_SHARED, MOST_Q};
use crate::analysis::copying::{Copying, by_system};
use crate::analysis::corpus::{CoGroup, CoPair, Corpus, SharedStatus};
use crate::model::account::AccountId;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "co_posting",
    family: Family::CoAction,
    sees: "the same choice of the outlet's items as other accounts make, in the same changed words, beyond chance",
    rule: Some(rule),
    run,
};

/// What a group weighs, however large it is: all pairs of it say one thing, that somebody edits for all.
const POINTS: f64 = 1.5;
/// Sisters that a sentence names; the rest is counted.
const MOST_NAMED: usize = 3;
/// Chances below this are not told apart.
const LEAST_SAID: f64 = 1e-12;

/// Sisters of one account: a pair with it, seen from its side.
struct Sister<'a> {
    name: String,
    pair: &'a CoPair,
    /// Its own status and the sister's.
    examples: Vec<[&'a SharedStatus; 2]>,
}

/// How its points are counted.
fn rule() -> String {
    format!(
        "{POINTS:.1} from {LEAST_SHARED} items in common, {LEAST_DERIVED} of them in the same changed words, on {LEAST_DAYS} \
         days, where the false discovery rate of such a pair is below {MOST_Q}"
    )
}

fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let account = &dossier.account.id;
    let systems = by_system(dossier, watchlist, corpus).into_iter();
    let of_outlets = systems.filter(|copying| watchlist.outlet(&copying.publisher).is_some());
    of_outlets
        .filter_map(|copying| evidence(&copying, account, corpus.group_of(account, &copying.system)?))
        .collect()
}

/// `None` where the group has no status of the account to show.
fn evidence(copying: &Copying<'_>, account: &AccountId, group: &CoGroup) -> Option<Evidence> {
    let sisters = sisters(account, group);
    let mut cited =
        sisters.iter().take(MOST_NAMED).flat_map(|sister| &sister.examples).flatten().map(|status| {
            Citation { url: status.url.clone(), seen_at: status.seen_at, sha256: status.sha256.clone() }
        });
    // Without copies of its own of which we know that the outlet was first, it may be the one that is copied.
    let is_decided = copying.decided.len() >= LEAST_SHARED as usize;
    let weight = if is_decided { Weight::Points(POINTS) } else { Weight::LeadPoints(POINTS) };
    let says = said(&sisters);
    let evidence = Evidence::new(INDICATOR.id, &copying.publisher, weight, says, cited.next()?);
    Some(cited.fold(evidence, Evidence::and))
}

/// The accounts that form a pair with this one, those with most words in common first.
fn sisters<'a>(account: &AccountId, group: &'a CoGroup) -> Vec<Sister<'a>> {
    let of_pair = |pair: &'a CoPair| {
        let is_first = pair.one == *account;
        let sister = if is_first { &pair.other } else { &pair.one };
        let examples = pair.examples.iter();
        let from_here = examples.map(|[one, other]| if is_first { [one, other] } else { [other, one] });
        let name = group.members.get(sister).map_or_else(|| sister.to_string(), ToString::to_string);
        (is_first || pair.other == *account).then(|| Sister { name, pair, examples: from_here.collect() })
    };
    let mut sisters: Vec<Sister> = group.pairs.iter().filter_map(of_pair).collect();
    sisters.sort_by(|one, other| {
        let strength = |sister: &Sister| std::cmp::Reverse((sister.pair.derived, sister.pair.shared));
        strength(one).cmp(&strength(other)).then_with(|| one.name.cmp(&other.name))
    });
    sisters
}

fn said(sisters: &[Sister<'_>]) -> String {
    let each = sisters.iter().take(MOST_NAMED).map(|sister| {
        let CoPair { shared, derived, .. } = sister.pair;
        format!("{shared} items in common with {}, {derived} of them in the same changed words", sister.name)
    });
    let mut parts: Vec<String> = each.collect();
    if sisters.len() > MOST_NAMED {
        parts.push(format!("{} more accounts", sisters.len() - MOST_NAMED));
    }
    let q = sisters.iter().map(|sister| sister.pair.q).fold(0.0, f64::max);
    let q = if q < LEAST_SAID { format!("less than {LEAST_SAID:e}") } else { format!("{q:.0e}") };
    format!("{}; false discovery rate {q}", parts.join("; "))
}
