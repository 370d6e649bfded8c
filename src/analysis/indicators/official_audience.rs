//! `official_audience`: more of the account's followers are watched accounts than of other small accounts.

use super::{Family, Indicator, profile_citation};
use crate::analysis::copying::{Copying, by_system};
use crate::analysis::corpus::Corpus;
use crate::analysis::stats::Draw;
use crate::model::audience::Tally;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "official_audience",
    family: Family::Followers,
    sees: "more accounts of the outlet's system among its followers than among those of other small accounts",
    rule: Some(rule),
    run,
};

/// Other accounts whose followers must have been counted: one or two may be special themselves.
const LEAST_CONTROLS: usize = 5;
/// From this chance on it is more than chance: one account in twenty.
const CHANCE: f64 = 0.05;
/// What was counted so many days before the last look at the account says nothing of it any more.
const FRESH_DAYS: i64 = 30;

/// How its points are counted.
fn rule() -> String {
    format!(
        "-log10 of the exact chance (hypergeometric) that so many of its followers are among all that were counted, \
         above that of {CHANCE}, at most {}; nothing with fewer than {LEAST_CONTROLS} other small accounts counted, which \
         are not suspected of the same system",
        Family::Followers.cap()
    )
}

fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let looked_at = dossier.account.latest.seen_at;
    let own = corpus.audiences.iter().find(|audience| audience.account == dossier.account.id);
    let own = own.filter(|audience| (looked_at - audience.at).num_days() <= FRESH_DAYS);
    let Some(tally) = own.and_then(|audience| audience.tally.as_ref()) else { return vec![] };
    // Whom somebody is followed by means nothing where it carries nothing of theirs.
    let systems = by_system(dossier, watchlist, corpus);
    systems.iter().filter_map(|copying| evidence(dossier, watchlist, corpus, tally, copying)).collect()
}

fn evidence(
    dossier: &Dossier,
    watchlist: &Watchlist,
    corpus: &Corpus,
    own: &Tally,
    copying: &Copying<'_>,
) -> Option<Evidence> {
    let system = copying.system.as_str();
    let outlet = watchlist.outlet(&copying.publisher)?;
    let hits = own.of(system);
    if hits == 0 {
        return None;
    }
    // Sisters have the same friends: they are no controls for one another.
    let others = corpus.audiences.iter().filter(|other| other.account != dossier.account.id);
    let controls: Vec<&Tally> =
        others.filter(|other| other.suspected != system).filter_map(|other| other.tally.as_ref()).collect();
    let sum = |count: fn(&Tally, &str) -> u32| {
        controls.iter().fold(0_u32, |sum, tally| sum.saturating_add(count(tally, system)))
    };
    let (read, marked) = (sum(|tally, _| tally.read), sum(Tally::of));
    let says = format!("{hits} of its {} followers are accounts of the system of {}", own.read, outlet.name);
    if controls.len() < LEAST_CONTROLS {
        let says = format!("{says}; too few others were counted to say whether that is much");
        let citation = profile_citation(dossier);
        return Some(Evidence::new(INDICATOR.id, &outlet.id, Weight::Shown, says, citation));
    }
    let population = own.read.saturating_add(read);
    let chance = Draw { population, marked: hits.saturating_add(marked), drawn: own.read }.tail(hits);
    let says = format!(
        "{says}, and {marked} of the {read} of {} other small accounts; by chance {}",
        controls.len(),
        odds(chance)
    );
    let points = points(chance);
    let weight = if points > 0.0 { Weight::Points(points) } else { Weight::Shown };
    Some(Evidence::new(INDICATOR.id, &outlet.id, weight, says, profile_citation(dossier)))
}

fn points(chance: f64) -> f64 {
    (CHANCE.log10() - chance.log10()).clamp(0.0, Family::Followers.cap())
}

/// A chance as people read it.
fn odds(chance: f64) -> String {
    match chance {
        chance if chance >= 0.01 => format!("{:.0} in 100", chance * 100.0),
        chance if chance >= 1e-6 => format!("1 in {:.0}", 1.0 / chance),
        _ => "less than 1 in a million".to_owned(),
    }
}
