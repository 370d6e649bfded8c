//! The digest in English.

mod telling;

use chrono::{Datelike, NaiveDate};

use crate::model::assessment::Relation;
use crate::model::changes::FollowerTrend;
use crate::model::outlet::Control;

use super::words::{
    Checked, Event, Figures, Pace, Sides, Story, Subject, Trend, Words, grouped, pace_of, trend_of,
};

pub(super) const WORDS: Words = Words {
    day,
    month,
    period,
    title: |number, period| format!("Masthead digest {number}, {period}"),
    counted,
    method: "How: we read public profiles and the outlets' own sites. Official means that each names the other. ",
    rule,
    awaiting: |n| if n == 1 { "1 more awaits review.".into() } else { format!("{n} more await review.") },
    postponed,
    every_post: "Every post, its proof and how to object:",
    heading,
    account,
    pace,
    followers,
    figures,
    proof,
    event,
    relation,
    quiet: "Still quiet:",
    quiet_account: |handle, month| format!("{handle} (since {month})"),
    owner,
    controlled,
    checked,
    proof_link: "Proof, or object:",
    change_link: "All dates and counts, or object:",
    closing: |number| {
        format!(
            "Digest {number} ends here. The server did not take all of its posts within a day; what is missing stands on the page:"
        )
    },
    telling: telling::TELLING,
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month_name(date: NaiveDate) -> &'static str {
    MONTHS[date.month0() as usize]
}

fn day(date: NaiveDate, year: i32) -> String {
    let text = format!("{} {}", date.day(), month_name(date));
    if date.year() == year { text } else { format!("{text} {}", date.year()) }
}

fn month(date: NaiveDate) -> String {
    format!("{} {}", month_name(date), date.year())
}

fn period(from: NaiveDate, to: NaiveDate) -> String {
    let end = format!("{} {} {}", to.day(), month_name(to), to.year());
    if from == to {
        end
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{} to {end}", from.day())
    } else {
        format!("{} to {end}", day(from, to.year()))
    }
}

fn accounts(n: usize) -> &'static str {
    if n == 1 { "account" } else { "accounts" }
}

fn counted(story: Story, n: usize, outlet: Option<&str>) -> String {
    let accounts = accounts(n);
    let outlet = outlet.unwrap_or("an outlet");
    match story {
        Story::Correction if n == 1 => "1 correction (first below)".into(),
        Story::Correction => format!("{n} corrections (first below)"),
        Story::Undisclosed if n == 1 => {
            format!("1 account that appears affiliated with {outlet} and does not say so")
        }
        Story::Undisclosed => {
            format!("{n} accounts that appear affiliated with {outlet} and do not say so")
        }
        Story::LookAlike if n == 1 => format!("1 account that imitates {outlet}"),
        Story::LookAlike => format!("{n} accounts that imitate {outlet}"),
        Story::Official => format!("{n} official {accounts} newly seen"),
        Story::Attested => {
            format!("{n} {accounts} newly seen, official by own word and a cited source")
        }
        Story::NowProven => format!("{n} known {accounts} now proven official"),
        Story::Changed if n == 1 => "1 change in a known account".into(),
        Story::Changed => format!("{n} changes in known accounts"),
    }
}

fn rule(checked: Checked) -> String {
    match checked {
        Checked::ByRule => "Such proof is published by rule.".to_owned(),
        Checked::ByPeople(1) => "Such proof is published by rule; one person checked the rest.".to_owned(),
        Checked::ByPeople(n) => format!("Such proof is published by rule; {n} people checked the rest."),
    }
}

fn postponed(n: usize) -> String {
    let accounts = accounts(n);
    format!("{n} more {accounts} did not fit: the rest is on the page and comes next.")
}

fn heading(story: Story, subject: &Subject<'_>) -> String {
    let Subject { outlet, network, accounts } = subject;
    let on = format!("{outlet} on {network}");
    let head = match story {
        Story::Official => "Official, newly seen",
        Story::Attested => "Newly seen, says it is official",
        Story::LookAlike => "Newly seen, imitates an outlet",
        Story::NowProven => "Now proven official",
        Story::Changed => return format!("Change: {on}"),
        Story::Correction => return format!("Correction: {on}"),
        Story::Undisclosed => return telling::heading(outlet, *accounts),
    };
    if *accounts == 1 { format!("{head}: {on}") } else { format!("{head}: {accounts} accounts of {on}") }
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("first seen by us {day}"));
    [Some(handle.to_owned()), seen, figures.pace.clone(), figures.followers.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn pace(tenths: u32) -> Option<String> {
    Some(match pace_of(tenths)? {
        Pace::ADay(1) => "about 1 post a day".into(),
        Pace::ADay(n) => format!("about {n} posts a day"),
        Pace::AWeek(1) => "about 1 post a week".into(),
        Pace::AWeek(n) => format!("about {n} posts a week"),
    })
}

fn followers(trend: FollowerTrend) -> String {
    let people = if trend.now == 1 { "follower" } else { "followers" };
    let now = format!("{} {people}", grouped(trend.now, ','));
    match trend_of(trend) {
        Trend::Unknown => now,
        Trend::More(n) => format!("{now} ({} more than a week before)", grouped(n, ',')),
        Trend::Fewer(n) => format!("{now} ({} fewer than a week before)", grouped(n, ',')),
        Trend::Same => format!("{now} (as many as a week before)"),
    }
}

fn figures(figures: &Figures) -> Option<String> {
    let text = match (&figures.pace, &figures.followers) {
        (Some(pace), Some(followers)) => format!("{pace}, {followers}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => return None,
    };
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

fn proof(story: Story, sides: &Sides<'_>) -> String {
    if story == Story::LookAlike {
        return telling::imitates(sides.accounts).to_owned();
    }
    let profile = if sides.accounts == 1 { "the profile" } else { "each profile" };
    let named = sides.profile_names.unwrap_or("the outlet's site");
    if story == Story::Attested {
        let word = sides.profile_names.map(|site| format!(" names {site}")).unwrap_or(" says so".into());
        return format!(
            "So far: {profile}{word}, and we cite a source. No page of the outlet confirms it to us yet."
        );
    }
    let back = match sides.named_on {
        Some(site) => format!("{site} names {profile}"),
        None => "the outlet's site names it in turn".to_owned(),
    };
    format!("Proof in both directions: {profile} names {named}, and {back}. We fetched both.")
}

fn event(handle: &str, relation: Option<&str>, event: &Event, figures: &Figures) -> String {
    let who = relation.map_or_else(|| handle.to_owned(), |relation| format!("{handle}, {relation},"));
    let numbers: Vec<&str> =
        [&figures.pace, &figures.followers].into_iter().flatten().map(String::as_str).collect();
    match event {
        Event::PostsAgain { since, quiet_days } => {
            let tail = if numbers.is_empty() { String::new() } else { format!(": {}", numbers.join(", ")) };
            let days = if *quiet_days == 1 { "day" } else { "days" };
            format!("{who} posts again since {since}, after {quiet_days} quiet {days}{tail}.")
        }
        Event::Gone { since } => format!("{who} has been gone from its server since {since}."),
        Event::Back { since } => {
            format!("{who} was gone, as we said, and is back on its server: we read it again on {since}.")
        }
        Event::Moved => {
            format!("{who} says that it has moved. We name the new account once it is proven by itself.")
        }
    }
}

fn relation(relation: Relation) -> Option<&'static str> {
    match relation {
        Relation::Official => Some("official"),
        Relation::Attested => Some("official by its own word"),
        Relation::Mirror => Some("a mirror that says so"),
        Relation::Undisclosed | Relation::LookAlike | Relation::Claimed | Relation::Unrelated => None,
    }
}

fn owner(owner: &str, says: &str, has_source: bool) -> String {
    let place = if has_source { ", on the page" } else { "" };
    format!("Owner: {owner}. Source: {says}{place}.")
}

fn controlled(control: Control, says: &str, has_source: bool) -> String {
    let place = if has_source { ", on the page" } else { "" };
    let control = match control {
        Control::StateControlled => "state-controlled",
        Control::PartyOrgan => "an organ of a party",
        Control::Captured => "captured by the state",
        Control::Contested => "who controls it is contested",
        Control::Unknown => "who controls it is unknown",
        Control::InformationOperation => "part of an information operation",
    };
    format!("The outlet: {control}; no source names its owner. Source: {says}{place}.")
}

fn checked(checked: Checked) -> Option<String> {
    match checked {
        Checked::ByRule => None,
        Checked::ByPeople(1) => Some("One person checked this.".into()),
        Checked::ByPeople(n) => Some(format!("{n} people checked this.")),
    }
}
