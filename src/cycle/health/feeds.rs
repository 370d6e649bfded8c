//! Feeds and pages in health: which publishers can still be seen, and which have gone blind without anybody noticing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{BLIND_AFTER, Seen, count, unread_since, when};
use crate::cycle::targets;
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::model::outlet::{FeedStatus, OutletId};
use crate::model::target::Target;

/// So many blind publishers are told one by one; the rest is a number.
const TOLD: usize = 6;

/// So many outlets without a feed are named; the rest is a number.
const NAMED: usize = 8;

/// Stands for outlets whose records have no feed that can be read.
const WITHOUT: &str = "none";

/// Stands for those of whom only the number is told.
pub(in crate::cycle) const OTHER_FEEDS: &str = "others";

/// What is said of feeds, and what is not.
pub(super) struct Feeds {
    pub lines: Vec<Line>,
    /// Publishers beyond those who are told one by one, and those of whom nothing is known just now.
    pub unsaid: Vec<Line>,
}

/// How one feed does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It was not asked yet.
    Unasked,
    /// It cannot be read for too short a time to say.
    Failing,
    Fresh,
    /// It answers, and what is in it is old.
    Quiet {
        says: String,
    },
    /// It cannot be read.
    Blind {
        says: String,
        since: DateTime<Utc>,
    },
}

struct Feed {
    url: String,
    /// Whether the watchlist expects news in it.
    is_expected: bool,
    state: State,
}

impl Seen<'_> {
    /// The sum of all feeds, and each publisher that is expected to have news and of whom nothing comes.
    pub(super) fn feed_lines(&self, figures: &mut Figures) -> Feeds {
        if !self.config.feeds.enabled {
            let says = "switched off: [sources.feeds] enabled = false";
            let lines = vec![Line::new(Mark::Off, Subject::Feed, "", says)];
            return Feeds { lines, unsaid: Vec::new() };
        }
        let mut publishers: BTreeMap<OutletId, Vec<Feed>> = BTreeMap::new();
        for (publisher, url, status) in targets::feeds(self.config) {
            let state = self.feed_state(&publisher, &url);
            let is_expected = matches!(status, FeedStatus::Working | FeedStatus::ReportedWorking);
            publishers.entry(publisher).or_default().push(Feed { url, is_expected, state });
        }
        let all = || publishers.values().flatten();
        let number = |is: fn(&State) -> bool| all().filter(|feed| is(&feed.state)).count() as u64;
        figures.feeds_fresh = number(|state| *state == State::Fresh);
        figures.feeds_quiet = number(|state| matches!(state, State::Quiet { .. }));
        figures.feeds_blind = number(|state| matches!(state, State::Blind { .. }));
        let (unasked, failing) =
            (number(|state| *state == State::Unasked), number(|state| *state == State::Failing));
        let mut lines: Vec<Line> =
            publishers.iter().filter_map(|(publisher, feeds)| self.blind(publisher, feeds)).collect();
        lines.sort_by(|one, other| one.mark.cmp(&other.mark).then_with(|| one.name.cmp(&other.name)));
        let mut unsaid: Vec<Line> =
            publishers.iter().filter_map(|(publisher, feeds)| self.unseen(publisher, feeds)).collect();
        if lines.len() > TOLD {
            let rest = lines.len() - (TOLD - 1);
            unsaid.extend(lines.drain(TOLD - 1..));
            let says = format!("{rest} more publishers have no feed that can be read and has news");
            let fix = "masthead targets   lists every feed and what it answered";
            lines.push(Line::new(Mark::Warning, Subject::Feed, OTHER_FEEDS, says).fix(fix));
        }
        let mut says = format!(
            "{} of {}",
            count(all().count() as u64, "feed", "feeds"),
            count(publishers.len() as u64, "publisher", "publishers")
        );
        let parts = [
            (figures.feeds_fresh, "with news"),
            (figures.feeds_quiet, "without any for a month"),
            (figures.feeds_blind, "not to be read"),
            (failing, "not to be read just now"),
            (unasked, "not read yet"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
        if !parts.is_empty() {
            says = format!("{says}: {}", parts.join(", "));
        }
        let is_known =
            figures.feeds_fresh + figures.feeds_quiet + figures.feeds_blind > 0 || all().next().is_none();
        let mark = if is_known { Mark::Ok } else { Mark::Unknown };
        lines.push(Line::new(mark, Subject::Feed, "", says));
        lines.extend(self.without_feed());
        Feeds { lines, unsaid }
    }

    /// Outlets and editions of which no feed is known that can be read: whoever copies them is never found by it, and no
    /// other line would say so. A gap of the watchlist and no trouble of the service.
    fn without_feed(&self) -> Option<Line> {
        let has_feed: BTreeSet<OutletId> =
            targets::feeds(self.config).map(|(publisher, ..)| publisher).collect();
        let all = || self.config.watchlist.enabled().map(|outlet| &outlet.id);
        let without: Vec<&OutletId> = all().filter(|id| !has_feed.contains(*id)).collect();
        let first = without.first()?;
        let named: Vec<&str> = without.iter().take(NAMED).map(|id| id.as_str()).collect();
        let rest = match without.len() - named.len() {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let says = format!(
            "no feed is known for {} of {}, so copies of them cannot be found: {}{rest}",
            without.len(),
            count(all().count() as u64, "outlet or edition", "outlets and editions"),
            named.join(", "),
        );
        let fix = format!("masthead outlets find {first}   looks for feeds");
        Some(Line::new(Mark::Off, Subject::Feed, WITHOUT, says).fix(fix))
    }

    /// A publisher of whom too little was seen lately to say how it does.
    fn unseen(&self, publisher: &OutletId, feeds: &[Feed]) -> Option<Line> {
        let of = || feeds.iter().filter(|feed| feed.is_expected).map(|feed| &feed.state);
        let is_told = of().any(|state| matches!(state, State::Quiet { .. } | State::Blind { .. }));
        let is_unseen = !is_told && of().any(|state| matches!(state, State::Unasked | State::Failing));
        let says = "not read for a day, or not yet";
        is_unseen.then(|| Line::new(Mark::Unknown, Subject::Feed, self.publisher(publisher), says))
    }

    /// The outlets' pages, on whose word every proof rests.
    pub(super) fn page_line(&self) -> Line {
        if !self.config.pages.enabled {
            let says = "switched off, so nothing can be proven: [sources.pages] enabled = false";
            return Line::new(Mark::Off, Subject::Page, "", says);
        }
        let pages = || {
            let is_page = |target: &Target| matches!(target, Target::Page { .. } | Target::Webfinger { .. });
            self.targets.iter().filter(move |record| is_page(&record.target))
        };
        if pages().next().is_none() {
            let says = "no page of an outlet is known yet: nothing was collected";
            return Line::new(Mark::Unknown, Subject::Page, "", says);
        }
        let failing = pages().filter(|record| record.failures > 0).count();
        let waiting = pages().filter(|record| record.last_try.is_none()).count();
        let parts = [(failing, "not to be read"), (waiting, "not asked yet")];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: String = parts.map(|(number, what)| format!(", {number} {what}")).collect();
        let all =
            count(pages().count() as u64, "page or webfinger of outlets", "pages and webfingers of outlets");
        let is_known = pages().any(|record| record.last_ok.is_some());
        let mark = if is_known { Mark::Ok } else { Mark::Unknown };
        Line::new(mark, Subject::Page, "", format!("{all}{parts}"))
    }

    fn feed_state(&self, publisher: &OutletId, url: &str) -> State {
        let target = Target::Feed { publisher: publisher.clone(), url: url.to_owned() };
        let Some(record) = self.target(&target) else { return State::Unasked };
        let trouble = record.trouble.clone();
        match (unread_since(record), trouble) {
            (Some(since), trouble) if self.now - since >= BLIND_AFTER => {
                State::Blind { says: trouble.unwrap_or_default(), since }
            }
            (Some(_), _) => State::Failing,
            (None, Some(says)) => State::Quiet { says },
            (None, None) if record.last_ok.is_none() => State::Unasked,
            (None, None) => State::Fresh,
        }
    }

    /// A publisher who is expected to have news: nothing of it comes, or less than could.
    fn blind(&self, publisher: &OutletId, feeds: &[Feed]) -> Option<Line> {
        let lost = feeds.iter().filter(|feed| feed.is_expected);
        let lost: Vec<(&Feed, String)> = lost
            .filter_map(|feed| match &feed.state {
                State::Blind { says, since } => {
                    Some((feed, format!("not read since {}: {says}", when(*since, self.now))))
                }
                State::Quiet { says } => Some((feed, says.clone())),
                State::Unasked | State::Failing | State::Fresh => None,
            })
            .collect();
        let (first, says) = lost.first()?;
        let others = feeds
            .iter()
            .filter(|feed| !matches!(feed.state, State::Quiet { .. } | State::Blind { .. }))
            .count() as u64;
        let name = self.publisher(publisher);
        let (mark, rest) = match others {
            0 => (Mark::Broken, format!("No other feed of {name} is read: its copies cannot be found")),
            others => (
                Mark::Warning,
                format!("{} of it still read", count(others, "other feed is", "other feeds are")),
            ),
        };
        let says = format!("{} {says}. {rest}", first.url);
        let fix =
            format!("masthead outlets find {publisher}   looks for another; `remove` takes this one out");
        Some(Line::new(mark, Subject::Feed, name, says).fix(fix))
    }

    fn publisher(&self, id: &OutletId) -> String {
        let outlet = self.config.watchlist.outlet(id).map(|outlet| outlet.name.clone());
        let exempt = || {
            self.config.watchlist.exempt.iter().find(|known| known.id == *id).map(|known| known.name.clone())
        };
        outlet.or_else(exempt).unwrap_or_else(|| id.to_string())
    }
}
