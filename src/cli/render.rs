//! Answers as people read them: tables and lists.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::desk::{self, Depth};
use super::table::{fitted, least_width, table};
use crate::analysis::activity::DORMANT_AFTER;
use crate::analysis::concealed::{
    FULL_ATTRIBUTION, LEAD_COPIES, LEAD_POINTS, READY_COPIES, READY_DAYS, READY_FAMILIES, READY_POINTS,
    READY_SPAN, RIVAL_DISTANCE,
};
use crate::analysis::indicators::{Family, Indicator, TABLE};
use crate::analysis::names;
use crate::analysis::review::{CHANGE, OFFICIAL, Policy};
use crate::cycle::commands::{AccountRow, Answer, Named, TargetRow};
use crate::cycle::reload::InForce;
use crate::model::changes::{Activity, FollowerTrend};
use crate::model::outlet::Outlet;
use crate::model::watchlist::Watchlist;

/// An answer as text, with a closing newline. `room` is how wide tables may be, as in [`table`].
pub fn answer(answer: &Answer, room: Option<u16>) -> String {
    visible(&words(answer, room))
}

/// A text as a terminal may have it. Much of it comes from strangers: nothing that moves the cursor,
/// turns the writing direction or cannot be seen is left, wherever it stands.
pub(super) fn visible(text: &str) -> String {
    text.chars().filter(|character| *character == '\n' || !names::is_invisible(*character)).collect()
}

fn words(answer: &Answer, room: Option<u16>) -> String {
    match answer {
        Answer::Accounts { rows } => accounts(rows, room),
        Answer::Explained(explanation) => fitted(&super::explain::explained(explanation), room),
        Answer::Review { waiting, leads, .. } => desk::queue(waiting, &[], leads, room),
        Answer::Sheet(sheet) => desk::sheet(sheet, Depth::Screen, room),
        Answer::ReviewLog { rows } => desk::log(rows, room),
        Answer::Reviewers { rows } => desk::reviewers(rows, room),
        Answer::Reviewer { name, .. } => format!("{name} has a key\n"),
        Answer::Targets { rows, in_force: told } if told.refused.is_some() => {
            format!("{}\n{}", targets(rows, room), in_force(told))
        }
        Answer::Targets { rows, .. } => targets(rows, room),
        Answer::InForce(told) => in_force(told),
        Answer::Doctor(health) => super::doctor::health(health, room),
        Answer::Planned(plan) => super::plan::words(plan),
        Answer::Collected(report) => collected(report),
        Answer::Judged { raised } => format!("{} findings raised {}\n", raised.len(), raised.join(" ")),
        Answer::Digest(report) => super::digest::report(report),
        Answer::Reconciled(report) => super::digest::reconciled(report),
        Answer::BackedUp(made) | Answer::Exported(made) => super::care::made(made),
        Answer::Done { says } => format!("{says}\n"),
    }
}

/// What an account is, to whom, and whether readers heard of it.
const LEAST_COLUMNS: usize = 5;
/// Room beyond the longest words, so that what wraps does not wrap at every one.
const SLACK: usize = 7;

fn accounts(rows: &[AccountRow], room: Option<u16>) -> String {
    let header = ["account", "is", "outlet", "named", "activity", "followers", "first seen"];
    let cells = rows.iter().map(|row| {
        vec![
            row.account.clone(),
            row.relation.to_string(),
            row.outlet.clone().unwrap_or_default(),
            named(row.named).to_owned(),
            activity(row),
            row.followers.map_or_else(String::new, followers),
            row.found.at.format("%Y-%m-%d").to_string(),
        ]
    });
    let mut cells: Vec<Vec<String>> = cells.collect();
    // On a narrow terminal the last columns are left out: `explain` has them, and half a handle is no handle.
    let is_too_wide = |columns: usize, cells: &[Vec<String>]| {
        room.is_some_and(|room| least_width(&header[..columns], cells) + SLACK > usize::from(room))
    };
    let mut columns = header.len();
    while columns > LEAST_COLUMNS && is_too_wide(columns, &cells) {
        columns -= 1;
        cells.iter_mut().for_each(|row| row.truncate(columns));
    }
    let mut text = table(&header[..columns], &cells, "no account was seen yet", room);
    let troubles = rows.iter().filter_map(|row| Some((&row.account, row.trouble.as_deref()?)));
    troubles.for_each(|(account, trouble)| tell_trouble(&mut text, "not read", account, trouble));
    text
}

/// What a place answered instead, below the table: such sentences are too long for a column.
fn tell_trouble(text: &mut String, how: &str, what: &str, trouble: &str) {
    let _ = writeln!(text, "\n{how}: {what}\n  {trouble}");
}

pub(super) fn activity(row: &AccountRow) -> String {
    let tenths = row.tenths_of_posts_a_day.filter(|_| row.activity == Activity::Posting);
    let pace = tenths.map(|tenths| format!(" {}.{}/day", tenths / 10, tenths % 10));
    let moved = row.moved_to.as_ref().map(|to| format!(", says it moved to {to}"));
    let bridged = row.bridged_from.as_ref().map(|from| format!(", bridged from {from}"));
    let told = [pace, moved, bridged].into_iter().flatten().collect::<String>();
    format!("{}{told}", row.activity)
}

/// Whether readers heard of the account; `on page` is one that was known at start and is no news.
fn named(named: Named) -> &'static str {
    match named {
        Named::Yes => "yes",
        Named::Next => "next",
        Named::OnPage => "on page",
        Named::Waiting => "waits",
        Named::No => "no",
    }
}

/// The count, and in brackets what a week added or took.
fn followers(trend: FollowerTrend) -> String {
    match grown(trend) {
        0 => trend.now.to_string(),
        grown => format!("{} ({grown:+})", trend.now),
    }
}

pub(super) fn grown(trend: FollowerTrend) -> i128 {
    trend.week_before.map_or(0, |before| i128::from(trend.now) - i128::from(before))
}

/// What the running service makes of its configuration, in a few lines.
pub(super) fn in_force(in_force: &InForce) -> String {
    let time = |at: DateTime<Utc>| at.format("%-d %b %Y %H:%M:%S UTC").to_string();
    let Some(since) = in_force.since else { return "no service runs on this configuration\n".to_owned() };
    let Some(refused) = &in_force.refused else {
        return format!("The running bot works by this configuration as it was at {}.\n", time(since));
    };
    format!(
        "The running bot keeps its configuration of {}. The newest one was refused at {}:\n\n{}\n",
        time(since),
        time(refused.at),
        refused.why
    )
}

fn targets(rows: &[TargetRow], room: Option<u16>) -> String {
    let cells = rows.iter().map(|row| {
        vec![
            row.target.clone(),
            row.due.format("%Y-%m-%d %H:%M").to_string(),
            row.last_ok.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string()),
            if row.failures == 0 { String::new() } else { row.failures.to_string() },
            if row.gaps == 0 { String::new() } else { row.gaps.to_string() },
        ]
    });
    let header = ["target", "due", "last read", "failed", "gaps"];
    let mut text = table(&header, &cells.collect::<Vec<_>>(), "nothing is polled", room);
    let troubles = rows.iter().filter_map(|row| Some((row, row.trouble.as_deref()?)));
    troubles.for_each(|(row, trouble)| {
        let what = if row.failures > 0 { "not read" } else { "odd" };
        tell_trouble(&mut text, what, &row.target, trouble);
    });
    text
}

fn collected(report: &crate::cycle::collect::CollectReport) -> String {
    let mut text = format!(
        "{} targets polled, {} new statuses, {} new accounts, {} findings raised\n",
        report.polled,
        report.new_statuses,
        report.new_accounts.len(),
        report.raised.len()
    );
    if let Some(stream) = &report.stream {
        let until =
            stream.until.map_or("nowhere".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
        let _ = writeln!(
            text,
            "stream    taken until {until}: {} events, {} statuses of known accounts, {} leads",
            stream.events, stream.statuses, stream.leads
        );
        if let Some(trouble) = &stream.trouble {
            let _ = writeln!(text, "not read  the rest of the stream: {}", visible(trouble));
        }
    }
    report.new_accounts.iter().for_each(|account| {
        let _ = writeln!(text, "new       {account}");
    });
    report.raised.iter().for_each(|finding| {
        let _ = writeln!(text, "raised    {finding}");
    });
    report.troubles.iter().for_each(|(target, trouble)| {
        let _ = writeln!(text, "not read  {target}: {trouble}");
    });
    text
}

/// The outlets in a table, or one in full.
pub fn outlets(outlets: &[&Outlet], room: Option<u16>) -> String {
    let cells = outlets.iter().map(|outlet| {
        let says = outlet.control_basis.first().map_or("no source", |basis| basis.by.as_str());
        vec![
            outlet.id.to_string(),
            outlet.name.clone(),
            outlet.country.clone(),
            outlet.control.as_str().to_owned(),
            // The edition of a list is told with the outlet in full.
            says.split(" (").next().unwrap_or(says).to_owned(),
            match outlet.domains.len() {
                _ if !outlet.enabled => "off".to_owned(),
                0 => "no site".to_owned(),
                1 => "1 site".to_owned(),
                sites => format!("{sites} sites"),
            },
        ]
    });
    let header = ["id", "name", "in", "control", "who says so", "watched"];
    table(&header, &cells.collect::<Vec<_>>(), "no outlets", room)
}

pub(super) fn outlet_in_full(watchlist: &Watchlist, outlet: &Outlet) -> String {
    let mut text = format!("{}  {}\n", outlet.id, outlet.names().collect::<Vec<_>>().join(" · "));
    let chain: Vec<&str> =
        watchlist.chain(&outlet.id).into_iter().skip(1).map(|owner| owner.name.as_str()).collect();
    let _ = writeln!(text, "owner      {}", outlet.owner.as_deref().unwrap_or("in no source"));
    let _ =
        writeln!(text, "above it   {}", if chain.is_empty() { "-".to_owned() } else { chain.join(" <- ") });
    for basis in &outlet.control_basis {
        let source = basis.source.as_deref().unwrap_or("no link");
        let (by, says) = (&basis.by, &basis.says);
        let _ =
            writeln!(text, "control    {}, says {by}: {says}\n           {source}", outlet.control.as_str());
    }
    outlet.domains.iter().for_each(|domain| {
        let _ = writeln!(text, "domain     {domain}");
    });
    outlet.accounts.iter().for_each(|account| {
        let hint = if account.confirmed { "seen in a source that checked it" } else { "a hint, never proof" };
        let _ = writeln!(text, "account    {} on {} ({hint})", account.handle, account.network.title());
    });
    outlet.unverified.iter().for_each(|remark| {
        let _ = writeln!(text, "unverified {remark}");
    });
    text
}

/// The rules, points and constants of this binary.
pub fn method() -> String {
    let mut text = String::from("Indicators\n");
    for indicator in TABLE {
        let weighs = match indicator.family {
            Family::Reciprocal => "one side of a proof".to_owned(),
            Family::Gate => "decides by itself".to_owned(),
            family => format!("{:+.1} to {:+.1} points", family.floor(), family.cap()),
        };
        let _ = writeln!(text, "  {:<21} {weighs:<20} {}", indicator.id, indicator.sees);
        if let Some(rule) = indicator.rule {
            let _ = writeln!(text, "  {:<21} {:<20} counts {}", "", "", rule());
        }
    }
    for policy in [OFFICIAL, CHANGE] {
        let _ = writeln!(text, "\nPolicy \"{}\"\n  {}", policy.name, policy.wording);
    }
    text.push_str("\nA tie that an account does not tell\n");
    for (rule, value) in thresholds() {
        let _ = writeln!(text, "  {value:<8}{rule}");
    }
    let _ = writeln!(text, "\nAn account is dormant after {} days without a post.", DORMANT_AFTER.num_days());
    text
}

/// When a hidden tie is a lead and when people may approve it, with the constant of each rule.
fn thresholds() -> Vec<(&'static str, String)> {
    vec![
        ("points from which on it is a lead", LEAD_POINTS.to_string()),
        ("copies from which on it is", LEAD_COPIES.to_string()),
        ("points from which on people may approve it", READY_POINTS.to_string()),
        ("kinds of evidence, one of them text or infrastructure", READY_FAMILIES.to_string()),
        ("copies of which we know that the outlet was first", READY_COPIES.to_string()),
        ("days on which they were made", READY_DAYS.to_string()),
        ("days from the first of them to the last", READY_SPAN.num_days().to_string()),
        ("share of honest credits from which on nothing is hidden", FULL_ATTRIBUTION.to_string()),
        ("points by which the next best explanation is weaker", RIVAL_DISTANCE.to_string()),
    ]
}

/// The same for machines.
pub fn method_as_json() -> serde_json::Value {
    let indicator = |indicator: &Indicator| {
        let (family, cap) = (indicator.family.title(), indicator.family.cap());
        json!({ "id": indicator.id, "family": family, "most_points": cap, "sees": indicator.sees })
    };
    let policy = |policy: Policy| json!({ "name": policy.name, "wording": policy.wording });
    json!({
        "indicators": TABLE.iter().map(indicator).collect::<Vec<_>>(),
        "policies": [policy(OFFICIAL), policy(CHANGE)],
        "hidden_tie": {
            "lead_points": LEAD_POINTS,
            "lead_copies": LEAD_COPIES,
            "ready_points": READY_POINTS,
            "ready_families": READY_FAMILIES,
            "ready_copies": READY_COPIES,
            "ready_days": READY_DAYS,
            "ready_span_days": READY_SPAN.num_days(),
            "full_attribution": FULL_ATTRIBUTION,
            "rival_distance": RIVAL_DISTANCE,
        },
        "dormant_after_days": DORMANT_AFTER.num_days(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::model::account::Network;
    use crate::model::assessment::Relation;
    use crate::model::dossier::{Found, Method};

    fn row(account: &str, relation: Relation, named: Named, activity: Activity) -> AccountRow {
        let at = "2026-11-04T10:28:00Z".parse().unwrap();
        AccountRow {
            account: account.to_owned(),
            id: format!("https://one.example/users/{account}"),
            url: None,
            network: Network::Mastodon,
            name: "Xinhua".to_owned(),
            relation,
            outlet: Some("xinhua-es".to_owned()),
            named,
            activity,
            bridged_from: None,
            moved_to: None,
            tenths_of_posts_a_day: Some(71),
            followers: Some(FollowerTrend { now: 2326, week_before: Some(2310) }),
            found: Found { at, method: Method::Search, through: "social.example".into(), background: false },
            last_read: at,
            trouble: None,
        }
    }

    #[test]
    fn accounts_are_readable_in_a_hundred_columns() {
        let quiet = Activity::DormantSince(NaiveDate::from_ymd_opt(2026, 4, 6).unwrap());
        let limited = AccountRow {
            trouble: Some("social.example is left alone until 2026-11-05 07:36:51 UTC: rate limited".into()),
            ..row("xinhua_official@social.example", Relation::Claimed, Named::No, Activity::Posting)
        };
        let rows = [row("xinhua_fr@one.example", Relation::Official, Named::OnPage, quiet), limited];
        let narrow = accounts(&rows, Some(80));
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        assert!(!narrow.contains("first seen") && narrow.contains("activity"), "{narrow}");
        insta::assert_snapshot!(accounts(&rows, Some(100)), @r"
        account                         is        outlet     named    activity        followers   first seen
        ────────────────────────────────────────────────────────────────────────────────────────────────────
        xinhua_fr@one.example           official  xinhua-es  on page  dormant since   2326 (+16)  2026-11-04
                                                                      2026-04-06
        xinhua_official@social.example  claimed   xinhua-es  no       posting         2326 (+16)  2026-11-04
                                                                      7.1/day

        not read: xinhua_official@social.example
          social.example is left alone until 2026-11-05 07:36:51 UTC: rate limited
        ");
    }
}
