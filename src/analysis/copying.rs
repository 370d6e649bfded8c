//! Copying: which publishers' text an account carries, who was first, and how it is credited.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::analysis::controls::{LEAST_BASE_RATE, Output};
use crate::analysis::corpus::Corpus;
use crate::analysis::reuse::Match;
use crate::model::dossier::Dossier;
use crate::model::item::Item;
use crate::model::outlet::OutletId;
use crate::model::reuse::{Credit, Order, Reuse, ReuseKind};
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::watchlist::Watchlist;

/// Feeds are read every ten minutes: of two items seen closer together than two readings nobody can say
/// which was first.
const ORDER_BLUR: Duration = Duration::minutes(20);
/// An account with so many posts of its own, none of them a copy, over at least [`OWN_HISTORY_LASTS`]
/// before its first copy has changed hands or minds: only the time since then is judged.
const OWN_HISTORY: usize = 30;
const OWN_HISTORY_LASTS: Duration = Duration::days(60);

/// Who came first. A completed poll that lacked the status and ended after our first sight of the item is the
/// only proof that the publisher was; a time that the status states never incriminates, and an earlier one
/// than our sight of the item exonerates. What stood in a feed when that was first read may be older than
/// our sight of it: there only a time before the one that the publisher itself claims does.
pub fn order(seen: &SeenStatus, item: &Item) -> Order {
    let stated = seen.made_at();
    let item_was_there_by = match item.background {
        true => item.claimed_at.map_or(item.first_seen, |claimed| claimed.min(item.first_seen)),
        false => item.first_seen,
    };
    match seen.absent_at {
        _ if stated < item_was_there_by => Order::StatusFirst,
        // All polls of a pass have one time: what happened first within it nobody knows.
        Some(absent) if absent > item.first_seen => Order::PublisherFirst,
        _ => Order::Undecided,
    }
}

/// A match as it is kept.
pub fn clipped(seen: &SeenStatus, item: &Item, found: Match, credit: Credit) -> Reuse {
    let status = &seen.status;
    Reuse {
        status: status.uri.clone(),
        status_url: status.url.clone().unwrap_or_else(|| status.uri.0.clone()),
        made_at: seen.made_at(),
        status_seen: seen.first_seen,
        status_sha256: seen.content_hash.clone(),
        publisher: item.publisher.clone(),
        item: item.id.clone(),
        item_url: item.url.clone().unwrap_or_else(|| item.feed.clone()),
        item_seen: item.first_seen,
        item_sha256: item.sha256.clone(),
        kind: found.kind,
        order: order(seen, item),
        credit,
        share: found.share,
        run: found.run,
        derived: found.derived,
        passage: found.passage,
        item_passage: found.item_passage,
    }
}

/// What an account carries of the text of one system, or of one independent wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Copying<'a> {
    /// As [`Watchlist::controller`] names it.
    pub system: String,
    /// The publisher of the system with most of the text.
    pub publisher: OutletId,
    /// Copies in its own voice; we saw the item before any sight of the status: by the time they were made.
    pub decided: Vec<&'a Reuse>,
    /// The same where nobody can tell who was first.
    pub undecided: Vec<&'a Reuse>,
    /// Statuses that state a time before we saw the item: the publisher may have copied them.
    pub reversed: Vec<&'a Reuse>,
    /// Quotations and comments: no copies.
    pub set_aside: Vec<&'a Reuse>,
    /// Copies of items that another system or an independent agency had first.
    pub others_first: Vec<&'a Reuse>,
    /// Where the account's own output begins to count.
    pub from: DateTime<Utc>,
    /// Its own posts since then of which a completed poll can tell when they appeared.
    pub own_dated: u32,
    /// All its own posts since then.
    pub own: u32,
    /// What innocent accounts of its language copy of their output, at least
    /// [`crate::analysis::controls::LEAST_BASE_RATE`].
    pub base_rate: f64,
    /// How long it had posted without any copy before the first one, where that was long.
    pub own_history: Option<Duration>,
}

impl Copying<'_> {
    /// All copies, also those of which nobody can tell who was first.
    pub fn all(&self) -> impl Iterator<Item = &Reuse> {
        self.decided.iter().chain(&self.undecided).copied()
    }

    /// The days on which decided copies were made.
    pub fn days(&self) -> BTreeSet<NaiveDate> {
        self.decided.iter().map(|reuse| reuse.made_at.date_naive()).collect()
    }

    /// From the first decided copy to the last.
    pub fn span(&self) -> Duration {
        match (self.decided.first(), self.decided.last()) {
            (Some(first), Some(last)) => last.made_at - first.made_at,
            _ => Duration::zero(),
        }
    }
}

/// Copies with and without an honest credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credits {
    pub honest: u32,
    /// Without an honest credit, altered ones among them.
    pub missing: u32,
    pub altered: u32,
    /// Days on which an altered credit was made.
    pub altered_days: u32,
}

impl Credits {
    pub fn of<'a>(copies: impl Iterator<Item = &'a Reuse>) -> Credits {
        let mut credits = Credits::default();
        let mut days = BTreeSet::new();
        for reuse in copies {
            if reuse.credit.is_honest() {
                credits.honest += 1;
            } else {
                credits.missing += 1;
            }
            if matches!(reuse.credit, Credit::Altered(_)) {
                credits.altered += 1;
                days.insert(reuse.made_at.date_naive());
            }
        }
        credits.altered_days = u32::try_from(days.len()).unwrap_or(u32::MAX);
        credits
    }

    pub fn copies(&self) -> u32 {
        self.honest + self.missing
    }

    /// The share of copies with an honest credit; `None` without copies.
    pub fn honest_share(&self) -> Option<f64> {
        (self.copies() > 0).then(|| f64::from(self.honest) / f64::from(self.copies()))
    }
}

/// To whom a system's or wire's text belongs, status by status: whoever was first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributed<'a> {
    /// The earliest item of the system that the status carries, each status once.
    pub mine: Vec<&'a Reuse>,
    /// The same where somebody else had the item first.
    pub others: Vec<&'a Reuse>,
}

/// Sorts the matches of one account by system; an item that another system or an independent agency had
/// first is not this one's.
pub fn attributed<'a>(reuse: &'a [Reuse], watchlist: &Watchlist) -> BTreeMap<String, Attributed<'a>> {
    let mut by_status: BTreeMap<&StatusUri, BTreeMap<String, &Reuse>> = BTreeMap::new();
    for found in reuse {
        let system = watchlist.controller(&found.publisher);
        let known = by_status.entry(&found.status).or_default().entry(system).or_insert(found);
        if (found.item_seen, &found.item) < (known.item_seen, &known.item) {
            *known = found;
        }
    }
    let mut systems: BTreeMap<String, Attributed> = BTreeMap::new();
    for matches in by_status.values() {
        for (system, found) in matches {
            let had_it = |(other, rival): (&String, &&Reuse)| {
                other != system && rival.item_seen <= found.item_seen + ORDER_BLUR
            };
            let entry = systems.entry(system.clone()).or_default();
            if matches.iter().any(had_it) { entry.others.push(found) } else { entry.mine.push(found) }
        }
    }
    systems
}

/// What an account carries, by system; wires stand for themselves.
pub fn by_system<'a>(dossier: &'a Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Copying<'a>> {
    let systems = attributed(&dossier.reuse, watchlist);
    systems.into_iter().filter_map(|(system, found)| copying(dossier, corpus, system, found)).collect()
}

/// `None` where the account carries nothing of the system as its own.
fn copying<'a>(
    dossier: &'a Dossier,
    corpus: &Corpus,
    system: String,
    found: Attributed<'a>,
) -> Option<Copying<'a>> {
    let read_since = read_since(&found, corpus)?;
    let first = found.mine.iter().map(|reuse| reuse.made_at).min().unwrap_or(read_since);
    let own_history = own_history(dossier, first);
    let from = if own_history.is_some() { first.max(read_since) } else { read_since };
    let mine = || found.mine.iter().copied().filter(|reuse| reuse.made_at >= from);
    let of_kind = |is: fn(&Reuse) -> bool| {
        let mut kept: Vec<&Reuse> = mine().filter(|reuse| is(reuse)).collect();
        kept.sort_by_key(|reuse| (reuse.made_at, &reuse.status));
        kept
    };
    let is_copy = |reuse: &Reuse| reuse.kind == ReuseKind::Copy;
    let own = dossier.statuses.iter().filter(|seen| is_own(seen) && seen.made_at() >= from);
    let (own, own_dated) =
        own.fold((0, 0), |(all, dated), seen| (all + 1, dated + u32::from(seen.absent_at.is_some())));
    let decided = of_kind(|reuse| reuse.kind == ReuseKind::Copy && reuse.order == Order::PublisherFirst);
    let undecided = of_kind(|reuse| reuse.kind == ReuseKind::Copy && reuse.order == Order::Undecided);
    Some(Copying {
        publisher: most_text(decided.iter().chain(&undecided).chain(&found.mine).chain(&found.others))?,
        decided,
        undecided,
        // Reversed matches speak for the account whatever else changed.
        reversed: found.mine.iter().copied().filter(|reuse| reuse.order == Order::StatusFirst).collect(),
        set_aside: of_kind(|reuse| reuse.kind != ReuseKind::Copy),
        others_first: found.others.iter().copied().filter(|reuse| is_copy(reuse)).collect(),
        system,
        from,
        own_dated,
        own,
        base_rate: base_rate(dossier, corpus),
        own_history,
    })
}

fn base_rate(dossier: &Dossier, corpus: &Corpus) -> f64 {
    let mut output = Output::default();
    for language in dossier.statuses.iter().filter_map(|seen| seen.status.language.as_ref()) {
        *output.languages.entry(language.clone()).or_default() += 1;
    }
    let known = output.language().and_then(|language| corpus.base_rates.get(language));
    known.copied().unwrap_or(LEAST_BASE_RATE)
}

/// Since when the publishers in question are read; a status from before can show nothing.
fn read_since(found: &Attributed, corpus: &Corpus) -> Option<DateTime<Utc>> {
    let publishers: BTreeSet<&OutletId> =
        found.mine.iter().chain(&found.others).map(|reuse| &reuse.publisher).collect();
    publishers.into_iter().filter_map(|id| corpus.read_since.get(id)).min().copied()
}

/// How long the account had posted on its own before its first copy.
fn own_history(dossier: &Dossier, first_copy: DateTime<Utc>) -> Option<Duration> {
    let before: Vec<DateTime<Utc>> = dossier
        .statuses
        .iter()
        .filter(|seen| is_own(seen) && seen.made_at() < first_copy)
        .map(|seen| seen.made_at())
        .collect();
    let lasted = first_copy - *before.iter().min()?;
    (before.len() >= OWN_HISTORY && lasted >= OWN_HISTORY_LASTS).then_some(lasted)
}

/// Whether a status is the account's own output: boosts and posts without words are not.
pub fn is_own(seen: &SeenStatus) -> bool {
    seen.status.boost_of.is_none() && seen.has_words()
}

fn most_text<'a>(copies: impl Iterator<Item = &'a &'a Reuse>) -> Option<OutletId> {
    let mut counts: BTreeMap<&OutletId, u32> = BTreeMap::new();
    copies.for_each(|reuse| *counts.entry(&reuse.publisher).or_default() += 1);
    counts.into_iter().max_by_key(|(id, count)| (*count, std::cmp::Reverse(*id))).map(|(id, _)| id.clone())
}
