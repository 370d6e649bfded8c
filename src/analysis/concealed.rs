//! Concealed ties: how far the text of a system and its silence show one, and what is still missing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use crate::analysis::attribution::names_as_source;
use crate::analysis::copying::{Copying, Credits, by_system};
use crate::analysis::corpus::Corpus;
use crate::analysis::indicators::{Family, indicator, reuse, uncredited};
use crate::model::assessment::{Condition, Level, Rival};
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::outlet::Outlet;
use crate::model::reuse::Credit;
use crate::model::tie::{Sister, Ticks, Tie};
use crate::model::watchlist::Watchlist;

/// Points from which on an account is shown to reviewers.
pub const LEAD_POINTS: f64 = 2.5;
/// Copies from which on it is.
pub const LEAD_COPIES: usize = 3;
/// Points from which on people may approve: one innocent account in twenty thousand, were they calibrated.
pub const READY_POINTS: f64 = 4.3;
/// Kinds of evidence that have to speak for it, one of them text or infrastructure.
pub const READY_FAMILIES: usize = 3;
/// Copies of which we know that the outlet was first.
pub const READY_COPIES: usize = 12;
/// Days on which they were made: not one burst.
pub const READY_DAYS: usize = 7;
/// From the first of them to the last: not one event.
pub const READY_SPAN: Duration = Duration::days(14);
/// From this share of honest credits on an account does say where its text is from.
pub const FULL_ATTRIBUTION: f64 = 0.5;
/// The next best explanation has to be this much weaker.
pub const RIVAL_DISTANCE: f64 = 1.0;

/// Points by family, each within its cap.
pub type Families = BTreeMap<Family, f64>;

/// Which points are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Only what rests on copies whose order is decided.
    Decided,
    /// Also what counts for a lead only.
    WithLeads,
}

/// The points of each family, within its bounds; more of one kind never lowers it.
pub fn families(evidence: &[Evidence], count: Count) -> Families {
    let mut sums = Families::new();
    for item in evidence {
        let Some(family) = indicator(&item.indicator.0).map(|indicator| indicator.family) else { continue };
        match (item.weight, count) {
            (Weight::Points(points), _) | (Weight::LeadPoints(points), Count::WithLeads) => {
                *sums.entry(family).or_default() += points;
            }
            _ => {}
        }
    }
    sums.iter_mut().for_each(|(family, sum)| *sum = sum.clamp(family.floor(), family.cap()));
    sums
}

/// The sum over all families.
pub fn total(families: &Families) -> f64 {
    families.values().fold(0.0, |sum, points| sum + points)
}

/// What the text says about one outlet, as the one of its system with most of it.
#[derive(Debug)]
pub struct Concealed<'a> {
    dossier: &'a Dossier,
    watchlist: &'a Watchlist,
    outlet: &'a Outlet,
    copying: Copying<'a>,
    families: Families,
    lead_points: f64,
    pub rival: Option<Rival>,
}

impl<'a> Concealed<'a> {
    /// `None` where the account carries nothing of the outlet's system, or more of another outlet of it.
    pub fn of(
        dossier: &'a Dossier,
        watchlist: &'a Watchlist,
        corpus: &Corpus,
        outlet: &'a Outlet,
        evidence: &[Evidence],
    ) -> Option<Concealed<'a>> {
        let mut systems = by_system(dossier, watchlist, corpus);
        let place = systems.iter().position(|copying| copying.publisher == outlet.id)?;
        let copying = systems.swap_remove(place);
        let lead_points = total(&families(evidence, Count::WithLeads));
        let families = families(evidence, Count::Decided);
        let rival = systems.iter().map(rival).max_by(|one, other| one.points.total_cmp(&other.points));
        Some(Concealed { dossier, watchlist, outlet, copying, families, lead_points, rival })
    }

    fn points(&self) -> f64 {
        total(&self.families)
    }

    /// Whether the account itself says that it carries the outlet's text.
    pub fn is_disclosed(&self) -> bool {
        names_as_source(&self.dossier.account.latest.profile, self.outlet, self.watchlist)
    }

    pub fn level(&self, conditions: &[Condition]) -> Level {
        let is_lead = self.lead_points >= LEAD_POINTS && self.copying.all().count() >= LEAD_COPIES;
        match is_lead && !self.is_disclosed() {
            true if conditions.iter().all(|condition| condition.met) => Level::Ready,
            true => Level::Lead,
            false => Level::Nothing,
        }
    }

    /// What has to hold before people may approve.
    pub fn conditions(&self) -> Vec<Condition> {
        let must = |must: String, met: bool| Condition { must, met };
        let copying = &self.copying;
        let (copies, days, span) = (copying.decided.len(), copying.days().len(), copying.span());
        let credits = Credits::of(copying.all());
        let honest = credits.honest_share().unwrap_or_default();
        let distance = self.text_points() - self.rival.as_ref().map_or(0.0, |rival| rival.points);
        let positive: Vec<Family> =
            self.families.iter().filter(|(_, points)| **points > 0.0).map(|(family, _)| *family).collect();
        let rests_on_substance =
            positive.iter().any(|family| matches!(family, Family::Text | Family::Infrastructure));
        vec![
            must(
                format!("at least {READY_POINTS} points; {:.1} now", self.points()),
                self.points() >= READY_POINTS,
            ),
            must(
                format!(
                    "at least {READY_FAMILIES} kinds of evidence, one of them text or infrastructure; {} now",
                    positive.len()
                ),
                positive.len() >= READY_FAMILIES && rests_on_substance,
            ),
            must(
                format!("at least {READY_COPIES} copies of items that we saw before them; {copies} now"),
                copies >= READY_COPIES,
            ),
            must(format!("on at least {READY_DAYS} days; {days} now"), days >= READY_DAYS),
            must(
                format!("spread over at least {} days; {} now", READY_SPAN.num_days(), span.num_days()),
                span >= READY_SPAN,
            ),
            must(
                format!(
                    "no full attribution: credits under fewer than half of the copies; {:.0} % now",
                    honest * 100.0
                ),
                honest < FULL_ATTRIBUTION,
            ),
            must("its profile does not name the outlet".to_owned(), !self.is_disclosed()),
            must(
                format!(
                    "no other system or agency explains its text nearly as well; {distance:.1} points apart"
                ),
                distance >= RIVAL_DISTANCE,
            ),
        ]
    }

    /// Points from text and its attribution alone, as rivals are measured.
    fn text_points(&self) -> f64 {
        let credits = Credits::of(self.copying.decided.iter().copied());
        reuse::points(&self.copying) + uncredited::points(&credits)
    }

    /// The facts as a post would print them. `None` before anything is decided.
    pub fn tie(&self, corpus: &Corpus) -> Option<Tie> {
        let decided = &self.copying.decided;
        let (first, last) = (decided.first()?, decided.last()?);
        let credits = Credits::of(decided.iter().copied());
        let mut lags: Vec<i64> = decided.iter().map(|reuse| reuse.lag_minutes()).collect();
        lags.sort_unstable();
        let altered_example = decided.iter().rev().find_map(|reuse| match &reuse.credit {
            Credit::Altered(text) => Some(text.clone()),
            _ => None,
        });
        let against = credits.honest as usize + self.copying.reversed.len();
        let items: BTreeSet<String> = decided
            .iter()
            .rev()
            .take(Tie::MOST_ITEMS)
            .map(|reuse| reuse.item.0.chars().take(Tie::ITEM_DIGITS).collect())
            .collect();
        let mut passages: Vec<_> = decided.iter().map(|reuse| (*reuse).clone()).collect();
        passages.sort_by_key(|reuse| (std::cmp::Reverse(reuse.run), reuse.status.clone()));
        passages.truncate(Tie::MOST_PASSAGES);
        passages.sort_by_key(|reuse| (reuse.made_at, reuse.status.clone()));
        let within = |at| (first.made_at..=last.made_at).contains(&at);
        let posts = self.dossier.statuses.iter().filter(|seen| {
            seen.status.boost_of.is_none() && seen.absent_at.is_some() && within(seen.made_at())
        });
        Some(Tie {
            from: first.made_at,
            to: last.made_at,
            posts: count(posts.count()),
            copies: count(decided.len()),
            uncredited: credits.missing,
            altered: credits.altered,
            altered_example,
            typical_lag_minutes: lags.get(lags.len() / 2).copied(),
            points: (self.points() * 100.0).round() as i32,
            against: count(against),
            profile_sha256: self.dossier.account.latest.profile.content_hash(),
            items,
            sisters: self.sisters(corpus),
            passages,
            ticks: Ticks::default(),
        })
    }

    fn sisters(&self, corpus: &Corpus) -> Vec<Sister> {
        let me = &self.dossier.account.id;
        let group = corpus.group_of(me, &self.copying.system);
        let members = group.iter().flat_map(|group| &group.members).filter(|(account, _)| *account != me);
        members.map(|(account, acct)| Sister { account: account.clone(), acct: acct.clone() }).collect()
    }
}

/// What text and attribution alone would say for another system or wire; an innocent explanation also counts
/// where nobody can tell who was first.
fn rival(copying: &Copying<'_>) -> Rival {
    let points = reuse::lead_points(copying) + uncredited::points(&Credits::of(copying.all()));
    Rival { publisher: copying.publisher.clone(), points }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
