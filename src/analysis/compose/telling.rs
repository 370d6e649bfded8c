//! What every language has to say of hidden ties and corrections: a second table of small functions.

use chrono::NaiveDate;

use crate::model::tie::Topic;

use super::SoFar;
use super::words::Figures;

/// What was counted of one account or of a group.
pub(super) struct Observed {
    /// The first and the last day, in words.
    pub span: String,
    pub accounts: usize,
    /// Own posts in that time, of all accounts together.
    pub posts: u64,
    pub copies: u64,
    /// Items that all of them copied; means nothing for one account.
    pub common: usize,
    /// Half of the copies came within so many minutes.
    pub lag_minutes: Option<i64>,
}

/// How the copies say where they are from.
pub(super) struct Credits {
    pub accounts: usize,
    pub copies: u64,
    /// Without any credit.
    pub none: u64,
    /// With one that leads nowhere.
    pub altered: u64,
    /// One such credit, safe to print.
    pub example: Option<String>,
}

/// What was said and turned out wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Official,
    Attested,
    Undisclosed,
    LookAlike,
    Change,
    Other,
}

/// A statement that is taken back.
pub(super) struct Wrong<'a> {
    pub said: Said,
    /// The handle; `None` = it is not repeated.
    pub who: Option<&'a str>,
    pub outlet: &'a str,
    /// The reviewer's reason, cleaned; it ends with its full stop. Empty = left out.
    pub why: &'a str,
}

/// Sentences end with their full stop, lines without.
pub(super) struct Telling {
    /// Between two sentences of a paragraph.
    pub between: &'static str,
    /// How hidden ties are found, and how many people checked each.
    pub method: fn(usize) -> String,
    /// Goes behind the method where there is room.
    pub only_observed: &'static str,
    /// Goes behind both where official accounts are told too.
    pub official_means: &'static str,
    /// The first and the last day; with a year where it is not the given one.
    pub span: fn(NaiveDate, NaiveDate, i32) -> String,
    /// The line of an account: its handle and what is known of it.
    pub account: fn(&str, &Figures) -> String,
    pub observed: fn(&Observed) -> String,
    /// Behind the first account of a group, followers are a number alone.
    pub count: fn(u64) -> String,
    /// `None` where every copy has an honest credit.
    pub credit: fn(&Credits) -> Option<String>,
    pub topic: fn(Topic) -> &'static str,
    /// Who controls the outlet, and who says so.
    pub controller: fn(&str, &str) -> String,
    pub not_known: fn(usize) -> &'static str,
    pub evidence_link: &'static str,
    /// Of which digest and which day; `None` = it stood on our pages only.
    pub correction: fn(Option<u32>, &str) -> String,
    pub wrong: fn(&Wrong<'_>) -> String,
    /// What the correction has reached: the post and the pages, or the pages alone.
    pub sorry: fn(Option<u32>) -> &'static str,
    pub so_far: fn(SoFar) -> String,
    pub correction_link: &'static str,
    /// The mark in place of a post, with the day.
    pub corrected: fn(&str) -> String,
    /// The mark above what is left of a post about several accounts.
    pub taken_out: fn(&str) -> String,
    /// What the post said before; it stands in its place.
    pub withdrawn: fn(&Wrong<'_>) -> String,
}
