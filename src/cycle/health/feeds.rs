//! Feeds and pages in health: which publishers can still be seen, and which have gone blind without anybody noticing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{BLIND_AFTER, Seen, count, unread_since, when};
use crate::cycle::targets;
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::model::outlet::{FeedStatus, OutletId};
use crate::model::target::Target;

/// So many blind publishers are told one by one; the rest is a number.
const TOLD: usize = 6;

/// How one feed does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It was not read yet, or not for too short a time to say.
    Young,
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
    pub(super) fn feed_lines(&self, figures: &mut Figures) -> Vec<Line> {
        if !self.config.feeds.enabled {
            return vec![Line::new(
                Mark::Off,
                Subject::Feed,
                "",
                "switched off: [sources.feeds] enabled = false",
            )];
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
        let young = number(|state| *state == State::Young);
        let mut lines: Vec<Line> =
            publishers.iter().filter_map(|(publisher, feeds)| self.blind(publisher, feeds)).collect();
        lines.sort_by(|one, other| one.mark.cmp(&other.mark).then_with(|| one.name.cmp(&other.name)));
        if lines.len() > TOLD {
            let rest = lines.len() - (TOLD - 1);
            lines.truncate(TOLD - 1);
            let says = format!("{rest} more publishers have no feed that can be read and has news");
            let fix = "masthead targets   lists every feed and what it answered";
            lines.push(Line::new(Mark::Warning, Subject::Feed, "others", says).fix(fix));
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
            (young, "not read for a day yet"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
        if !parts.is_empty() {
            says = format!("{says}: {}", parts.join(", "));
        }
        lines.push(Line::new(Mark::Ok, Subject::Feed, "", says));
        lines
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
        let failing = pages().filter(|record| record.failures > 0).count();
        let waiting = pages().filter(|record| record.last_try.is_none()).count();
        let parts = [(failing, "not to be read"), (waiting, "not asked yet")];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: String = parts.map(|(number, what)| format!(", {number} {what}")).collect();
        let all =
            count(pages().count() as u64, "page or webfinger of outlets", "pages and webfingers of outlets");
        Line::new(Mark::Ok, Subject::Page, "", format!("{all}{parts}"))
    }

    fn feed_state(&self, publisher: &OutletId, url: &str) -> State {
        let target = Target::Feed { publisher: publisher.clone(), url: url.to_owned() };
        let Some(record) = self.target(&target) else { return State::Young };
        let trouble = record.trouble.clone();
        match (unread_since(record), trouble) {
            (Some(since), trouble) if self.now - since >= BLIND_AFTER => {
                State::Blind { says: trouble.unwrap_or_default(), since }
            }
            (Some(_), _) => State::Young,
            (None, Some(says)) => State::Quiet { says },
            (None, None) if record.last_ok.is_none() => State::Young,
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
                State::Young | State::Fresh => None,
            })
            .collect();
        let (first, says) = lost.first()?;
        let others =
            feeds.iter().filter(|feed| matches!(feed.state, State::Fresh | State::Young)).count() as u64;
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
