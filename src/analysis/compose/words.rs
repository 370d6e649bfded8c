//! What every language of the digest has to say: one table of small functions a language.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::assessment::Relation;
use crate::model::changes::FollowerTrend;
use crate::model::outlet::Control;

use super::telling::Telling;
use super::{en, es, zh};

/// A language in which digests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    Es,
    Zh,
}

impl Language {
    /// The BCP 47 tag that posts carry.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
            Language::Zh => "zh",
        }
    }

    /// The language with this tag.
    pub fn of_tag(tag: &str) -> Option<Language> {
        [Language::En, Language::Es, Language::Zh].into_iter().find(|language| language.tag() == tag)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Language::En => &en::WORDS,
            Language::Es => &es::WORDS,
            Language::Zh => &zh::WORDS,
        }
    }
}

/// The stories a digest tells, in the order in which it tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Story {
    Correction,
    Official,
    Attested,
    Undisclosed,
    LookAlike,
    NowProven,
    Changed,
}

impl Story {
    pub(super) const ALL: [Story; 7] = [
        Story::Correction,
        Story::Official,
        Story::Attested,
        Story::Undisclosed,
        Story::LookAlike,
        Story::NowProven,
        Story::Changed,
    ];

    /// Whether it says for the first time what an account is.
    pub(super) fn names_anew(self) -> bool {
        !matches!(self, Story::Correction | Story::Changed)
    }
}

/// By whom findings were checked; the weakest check among several is the one to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Proven in both directions and passed by rule.
    ByRule,
    /// At least so many different people approved each.
    ByPeople(usize),
}

/// What a group of accounts is called.
pub(super) struct Subject<'a> {
    pub outlet: &'a str,
    pub network: &'a str,
    pub accounts: usize,
}

/// What is printed of one account of a group.
pub(super) struct Figures {
    pub first_seen: Option<String>,
    pub pace: Option<String>,
    pub followers: Option<String>,
}

/// What happened to a known account, its dates already in words.
pub(super) enum Event {
    PostsAgain { since: String, quiet_days: i64 },
    Gone { since: String },
    Back { since: String },
    Moved,
}

/// Both sides of a proof as site names.
pub(super) struct Sides<'a> {
    pub profile_names: Option<&'a str>,
    pub named_on: Option<&'a str>,
    pub accounts: usize,
}

/// Everything a language must be able to say. Sentences end with their full stop, lines without.
pub(super) struct Words {
    /// A day, with its year where that is not the given one.
    pub day: fn(NaiveDate, i32) -> String,
    pub month: fn(NaiveDate) -> String,
    pub period: fn(NaiveDate, NaiveDate) -> String,
    pub title: fn(u32, &str) -> String,
    /// The line of the root that counts accounts of a story; with their outlet where all have the same.
    pub counted: fn(Story, usize, Option<&str>) -> String,
    /// How findings are made, in one sentence or two, ready for another to follow.
    pub method: &'static str,
    /// By whom the findings of this digest were let through.
    pub rule: fn(Checked) -> String,
    pub awaiting: fn(u32) -> String,
    pub postponed: fn(usize) -> String,
    pub every_post: &'static str,
    pub heading: fn(Story, &Subject<'_>) -> String,
    /// The line of an account: its handle and what is known of it.
    pub account: fn(&str, &Figures) -> String,
    /// Posts a day, given in tenths; `None` where there is nothing to say.
    pub pace: fn(u32) -> Option<String>,
    pub followers: fn(FollowerTrend) -> String,
    /// The figures as a paragraph of their own.
    pub figures: fn(&Figures) -> Option<String>,
    pub proof: fn(Story, &Sides<'_>) -> String,
    pub event: fn(&str, Option<&str>, &Event, &Figures) -> String,
    pub relation: fn(Relation) -> Option<&'static str>,
    pub quiet: &'static str,
    pub quiet_account: fn(&str, &str) -> String,
    pub owner: fn(&str, &str, bool) -> String,
    /// How an outlet is controlled whose owner no source names, who says so, and whether the page has the source.
    pub controlled: fn(Control, &str, bool) -> String,
    pub checked: fn(Checked) -> Option<String>,
    pub proof_link: &'static str,
    pub change_link: &'static str,
    pub closing: fn(u32) -> String,
    /// Hidden ties and corrections.
    pub telling: Telling,
}

/// A number in groups of three digits.
pub(super) fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// How often an account posts, in the unit in which that is a whole number.
pub(super) enum Pace {
    ADay(u32),
    AWeek(u32),
}

/// Rounds tenths of posts a day; below one a day it counts by the week. `None` where nothing is left.
pub(super) fn pace_of(tenths: u32) -> Option<Pace> {
    if tenths >= 10 {
        return Some(Pace::ADay(tenths.saturating_add(5) / 10));
    }
    match (tenths * 7 + 5) / 10 {
        0 => None,
        week => Some(Pace::AWeek(week)),
    }
}

/// How the number of followers moved within the week.
pub(super) enum Trend {
    Unknown,
    More(u64),
    Fewer(u64),
    Same,
}

pub(super) fn trend_of(followers: FollowerTrend) -> Trend {
    match followers.week_before {
        None => Trend::Unknown,
        Some(before) if followers.now > before => Trend::More(followers.now - before),
        Some(before) if followers.now < before => Trend::Fewer(before - followers.now),
        Some(_) => Trend::Same,
    }
}
