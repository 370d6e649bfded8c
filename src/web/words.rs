//! Dates, numbers and statements in the words of the pages.

use chrono::{DateTime, Utc};

use crate::analysis::names;
use crate::model::assessment::Relation;
use crate::model::changes::{Change, FollowerTrend};
use crate::model::finding::{Approver, Claim, Confirmed, Statement};
use crate::model::outlet::Control;

pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

pub(super) fn minute(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// How an outlet is controlled, as its sources say.
pub(super) fn control(control: Control) -> &'static str {
    match control {
        Control::StateControlled => "State-controlled",
        Control::PartyOrgan => "An organ of a party",
        Control::Captured => "Captured by the state",
        Control::Contested => "Who controls it is contested",
        Control::Unknown => "Who controls it is unknown",
        Control::InformationOperation => "Part of an information operation",
    }
}

/// The first and the last day of a digest.
pub(super) fn period(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    if from.date_naive() == to.date_naive() {
        return day(to);
    }
    let start = match (from.format("%B %Y").to_string(), from.format("%Y").to_string()) {
        (month, _) if month == to.format("%B %Y").to_string() => "%-d",
        (_, year) if year == to.format("%Y").to_string() => "%-d %B",
        _ => "%-d %B %Y",
    };
    format!("{} to {}", from.format(start), day(to))
}

/// A sentence of an indicator with a capital in front, unless it starts with a name, whose letters count.
pub(super) fn opened(sentence: &str) -> String {
    let word = sentence.split(' ').next().unwrap_or_default();
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("{}{}", first.to_ascii_uppercase(), letters.as_str())
        }
        _ => sentence.to_owned(),
    }
}

/// A number in groups of three digits: `50,300`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| str::from_utf8(g).ok()).collect();
    groups.join(",")
}

pub(super) fn followers(trend: FollowerTrend) -> String {
    let now = grouped(trend.now);
    match trend.week_before {
        None => now,
        Some(before) if before < trend.now => {
            format!("{now}, {} more than a week before", grouped(trend.now - before))
        }
        Some(before) if before > trend.now => {
            format!("{now}, {} fewer than a week before", grouped(before - trend.now))
        }
        Some(_) => format!("{now}, as many as a week before"),
    }
}

/// Posts a day, given in tenths.
pub(super) fn pace(tenths: u32) -> String {
    match tenths {
        0 => "None".into(),
        1..10 => "Less than one a day".into(),
        10..15 => "About one a day".into(),
        _ => format!("About {} a day", tenths.saturating_add(5) / 10),
    }
}

/// What an account is to its outlet, in two or three words.
pub(super) fn standing(statement: &Statement) -> &'static str {
    match (&statement.claim, statement.relation) {
        (Claim::Withdrawn(_), _) => "Withdrawn",
        _ if is_gone(statement) => "Gone",
        (Claim::Changed(Change::Moved { .. }), _) => "Says it moved",
        (_, Relation::Official) => "Official",
        (_, Relation::Attested) => "Says it is official",
        (_, Relation::Mirror) => "Mirror",
        (_, Relation::Undisclosed) => "Appears affiliated",
        (_, Relation::LookAlike) => "Looks alike",
        (_, Relation::Claimed) => "By its own word",
        (_, Relation::Unrelated) => "Unrelated",
    }
}

/// The claim as a sentence: what we say, and no more than that.
pub(super) fn claim(statement: &Statement) -> String {
    let outlet = names::clean(&statement.outlet_name);
    match statement.relation {
        Relation::Official if is_gone(statement) => {
            format!("This was an official account of {outlet}. Its server no longer has it.")
        }
        Relation::Official => format!("This is an official account of {outlet}."),
        Relation::Attested => {
            format!("This account says that it is {outlet}, and a source that we cite says so too.")
        }
        Relation::Mirror => format!("This account repeats what {outlet} publishes, and says so."),
        Relation::Undisclosed => {
            format!("This account appears affiliated with {outlet} and does not say so.")
        }
        Relation::LookAlike => format!("This account imitates {outlet}."),
        Relation::Claimed => format!("This account says that it is {outlet}. Nothing else shows it."),
        Relation::Unrelated => format!("Nothing ties this account to {outlet}."),
    }
}

/// Why the claim holds, as a sentence.
pub(super) fn grounds(statement: &Statement) -> &'static str {
    match statement.relation {
        Relation::Official if is_gone(statement) => {
            "It was proven in both directions: the account named the outlet, and the outlet's own site named the account. We fetched both."
        }
        Relation::Official => {
            "It is proven in both directions: the account names the outlet, and the outlet's own site names the account. We fetched both."
        }
        Relation::Attested => "No page of the outlet confirms it to us yet.",
        Relation::Undisclosed => "We report what we observed. Not known: who runs it.",
        Relation::LookAlike => {
            "Its name is written like the outlet's, with letters that only look the same. No page of the outlet that we read names it. Not known: who runs it."
        }
        Relation::Mirror | Relation::Claimed | Relation::Unrelated => "It is not an official account.",
    }
}

fn is_gone(statement: &Statement) -> bool {
    matches!(statement.claim, Claim::Changed(Change::Gone { .. }))
}

/// Whether it takes back what was said before.
pub(super) fn is_withdrawal(confirmed: &Confirmed) -> bool {
    matches!(confirmed.statement().claim, Claim::Withdrawn(_))
}

/// A time in the unit in which people say it.
pub(super) fn minutes(minutes: i64) -> String {
    let (number, unit) = match minutes {
        ..90 => (minutes, "minute"),
        90..2_880 => ((minutes + 30) / 60, "hour"),
        _ => ((minutes + 720) / 1_440, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Whether a digest tells it; what was known at start stands on the pages alone.
pub(super) fn is_news(statement: &Statement) -> bool {
    !matches!(statement.claim, Claim::KnownAtStart(_))
}

/// What a statement told readers, as a line of the account's history.
pub(super) fn news(statement: &Statement) -> String {
    match &statement.claim {
        Claim::NewlySeen(_) => "Newly seen".into(),
        Claim::KnownAtStart(_) => "Known since we began to look".into(),
        Claim::Withdrawn(_) => "Statement withdrawn".into(),
        Claim::Changed(Change::NowProven) => "Known before, now proven official".into(),
        Claim::Changed(Change::PostsAgain { since, quiet_days }) => {
            format!("Posts again since {}, after {quiet_days} quiet days", day(*since))
        }
        Claim::Changed(Change::Gone { since }) => format!("Gone from its server since {}", day(*since)),
        Claim::Changed(Change::Back { since }) => {
            format!("Back on its server, read again on {}", day(*since))
        }
        Claim::Changed(Change::Moved { .. }) => {
            "Says that it moved; the new account is named once it is proven by itself".into()
        }
    }
}

/// By whom a statement was approved; reviewers are counted and not named.
pub(super) fn checked(confirmed: &Confirmed) -> String {
    let mut people = 0;
    for approver in confirmed.approvers() {
        match approver {
            Approver::Policy { name, sha256 } => {
                let short = sha256.get(..12).unwrap_or(sha256);
                return format!("By rule “{name}” (hash {short})");
            }
            Approver::Reviewer { .. } => people += 1,
        }
    }
    if people == 1 { "By one person".into() } else { format!("By {people} people") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_names_month_and_year_once() {
        for (from, to, expected) in [
            ("2026-11-16T00:00:00Z", "2026-11-22T00:00:00Z", "16 to 22 November 2026"),
            ("2026-10-26T00:00:00Z", "2026-11-01T00:00:00Z", "26 October to 1 November 2026"),
            ("2026-12-28T00:00:00Z", "2027-01-03T00:00:00Z", "28 December 2026 to 3 January 2027"),
            ("2026-11-16T01:00:00Z", "2026-11-16T02:00:00Z", "16 November 2026"),
        ] {
            assert_eq!(period(at(from), at(to)), expected);
        }
    }

    #[test]
    fn numbers_are_grouped_and_trends_have_a_direction() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
        let trend = |now, week_before| followers(FollowerTrend { now, week_before });
        assert_eq!(trend(50_300, Some(48_400)), "50,300, 1,900 more than a week before");
        assert_eq!(trend(8, Some(9)), "8, 1 fewer than a week before");
        assert_eq!(trend(8, Some(8)), "8, as many as a week before");
        assert_eq!(trend(8, None), "8");
    }

    #[test]
    fn a_sentence_gets_its_capital_and_a_handle_keeps_its_letters() {
        assert_eq!(opened("the profile links to it"), "The profile links to it");
        for kept in ["desk@social.example is served by it", "news.example answers", "", "é"] {
            assert_eq!(opened(kept), kept);
        }
    }

    #[test]
    fn a_pace_below_one_a_day_is_not_rounded_up() {
        for (tenths, text) in
            [(0, "None"), (6, "Less than one a day"), (12, "About one a day"), (215, "About 22 a day")]
        {
            assert_eq!(pace(tenths), text);
        }
    }
}
