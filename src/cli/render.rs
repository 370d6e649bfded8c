//! Answers as people read them: tables and explanations.

use std::fmt::Write as _;

use serde_json::json;

use super::table::table;
use crate::analysis::activity::DORMANT_AFTER;
use crate::analysis::indicators::{Family, Indicator, TABLE};
use crate::analysis::names;
use crate::analysis::review::{CHANGE, OFFICIAL, Policy};
use crate::cycle::commands::{AccountRow, Answer, Explanation, FindingLine, Named, ReviewRow, TargetRow};
use crate::model::changes::{Activity, FollowerTrend};
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::finding::FindingState;
use crate::model::outlet::Outlet;
use crate::model::watchlist::Watchlist;

/// An answer as text, with a closing newline. `room` is how wide tables may be, as in [`table`].
pub fn answer(answer: &Answer, room: Option<u16>) -> String {
    match answer {
        Answer::Accounts { rows } => accounts(rows, room),
        Answer::Explained(explanation) => explained(explanation),
        Answer::Review { waiting, .. } => review(waiting, room),
        Answer::Sheet(sheet) => format!("{} {}\n", sheet.finding.id, sheet.seen),
        Answer::Reviewer { name, .. } => format!("{name} has a key\n"),
        Answer::Targets { rows } => targets(rows, room),
        Answer::Collected(report) => collected(report),
        Answer::Judged { raised } => format!("{} findings raised {}\n", raised.len(), raised.join(" ")),
        Answer::Digest(report) => super::digest::report(report),
        Answer::Reconciled(report) => super::digest::reconciled(report),
        Answer::Done { says } => format!("{says}\n"),
    }
}

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
    let mut text = table(&header, &cells.collect::<Vec<_>>(), "no account was seen yet", room);
    let troubles = rows.iter().filter_map(|row| Some((&row.account, row.trouble.as_deref()?)));
    troubles.for_each(|(account, trouble)| not_read(&mut text, account, trouble));
    text
}

/// What a place answered instead, below the table: such sentences are too long for a column.
fn not_read(text: &mut String, what: &str, trouble: &str) {
    let _ = writeln!(text, "\nnot read: {what}\n  {trouble}");
}

fn activity(row: &AccountRow) -> String {
    let tenths = row.tenths_of_posts_a_day.filter(|_| row.activity == Activity::Posting);
    let pace = tenths.map(|tenths| format!(" {}.{}/day", tenths / 10, tenths % 10));
    let moved = row.moved_to.as_ref().map(|to| format!(", says it moved to {to}"));
    format!("{}{}{}", row.activity, pace.unwrap_or_default(), moved.unwrap_or_default())
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

fn followers_in_words(trend: FollowerTrend) -> String {
    match grown(trend) {
        0 => trend.now.to_string(),
        grown => format!("{}, {grown:+} in a week", trend.now),
    }
}

fn grown(trend: FollowerTrend) -> i128 {
    trend.week_before.map_or(0, |before| i128::from(trend.now) - i128::from(before))
}

fn explained(explanation: &Explanation) -> String {
    let row = &explanation.account;
    let mut text = format!("{}  \"{}\"\n", row.account, names::clean(&row.name));
    facts(explanation).into_iter().for_each(|(label, value)| {
        let _ = writeln!(text, "{label:<11}{value}");
    });
    if let Some(assessment) = &explanation.assessment {
        text.push_str("\nevidence\n");
        assessment.evidence.iter().for_each(|item| text.push_str(&evidence(item)));
        let _ = writeln!(text, "  sum of points: {:.1}", assessment.points);
        text.push_str("\nto be published without a person\n");
        for condition in &assessment.conditions {
            let _ = writeln!(text, "  {} {}", if condition.met { "yes" } else { "NO " }, condition.must);
        }
    }
    let _ = writeln!(text, "\nlooked and found nothing: {}", explanation.found_nothing.join(", "));
    explanation.findings.iter().for_each(|finding| text.push_str(&finding_line(finding)));
    text
}

/// The lines above the evidence, each with its label.
fn facts(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let row = &explanation.account;
    let found = &row.found;
    let known = if found.background { ", known at start" } else { "" };
    let seen = format!(
        "{} by {} ({}){known}",
        found.at.format("%Y-%m-%d %H:%M"),
        found.method.words(),
        found.through
    );
    let mut facts = vec![("is", row.relation.to_string())];
    facts.extend(row.outlet.clone().map(|outlet| ("outlet", outlet)));
    facts.push(("named", named_in_words(row.named).to_owned()));
    facts.extend(explanation.assessment.as_ref().map(|assessment| ("because", assessment.because.clone())));
    facts.extend(explanation.url.clone().map(|url| ("page", url)));
    facts.push(("first seen", seen));
    facts.push(("activity", format!("{}; {} statuses read", activity(row), explanation.statuses_read)));
    facts.extend(row.followers.map(|trend| ("followers", followers_in_words(trend))));
    facts.extend(row.trouble.clone().map(|trouble| ("not read", trouble)));
    facts
}

fn named_in_words(named: Named) -> &'static str {
    match named {
        Named::Yes => "yes, in a digest",
        Named::Next => "in the next digest",
        Named::OnPage => "on its page only: it was known at start, which is no news",
        Named::Waiting => "not before people approve",
        Named::No => "no",
    }
}

/// One piece of evidence: what it weighs, what it says, where to look.
fn evidence(item: &Evidence) -> String {
    let weight = match item.weight {
        Weight::Proof(Direction::OutletNamesAccount) => "proof, the outlet's side".to_owned(),
        Weight::Proof(Direction::AccountNamesOutlet) => "proof, the account's side".to_owned(),
        Weight::Points(points) => format!("{points:+.1} points"),
        Weight::LeadPoints(points) => format!("{points:+.2} for a lead"),
        Weight::Gate => "decides by itself".to_owned(),
        Weight::Shown => "shown, counts nothing".to_owned(),
    };
    let mut text = format!("  {:<21}{:<27}{}\n", item.indicator.0, weight, item.says);
    for citation in item.citations() {
        let seen = citation.seen_at.format("%Y-%m-%d %H:%M");
        let hash = &citation.sha256[..12.min(citation.sha256.len())];
        let _ = writeln!(text, "  {:<21}{}  seen {seen}, sha256 {hash}", "", citation.url);
    }
    text
}

fn finding_line(finding: &FindingLine) -> String {
    let by: Vec<String> = finding.approved_by.iter().map(ToString::to_string).collect();
    let approved = match by.as_slice() {
        [] => format!("waits for {} approvals", finding.needs),
        by => format!("approved by {}", by.join(", ")),
    };
    format!("finding {}: {}; {approved}\n", finding.id, state(finding.state))
}

fn state(state: FindingState) -> String {
    match state {
        FindingState::Raised => "raised".to_owned(),
        FindingState::InDigest { number, part } => format!("in digest {number} part {part}"),
        FindingState::SaidBefore => "said before".to_owned(),
        FindingState::Snoozed { until } => format!("put off until {}", until.format("%Y-%m-%d")),
        FindingState::Dismissed { at, .. } => format!("dismissed {}", at.format("%Y-%m-%d")),
        FindingState::Retracted { number, part } => format!("withdrawn, was in digest {number} part {part}"),
        FindingState::Lapsed { at } => format!("lapsed {}", at.format("%Y-%m-%d")),
    }
}

fn review(waiting: &[ReviewRow], room: Option<u16>) -> String {
    let header = ["finding", "account", "says", "outlet", "needs", "has", "since"];
    let cells = waiting.iter().map(|row| &row.finding).map(|finding| {
        vec![
            finding.id.to_string(),
            finding.statement.acct.to_string(),
            finding.statement.relation.to_string(),
            finding.statement.outlet_name.clone(),
            finding.needs.to_string(),
            finding.approvals.len().to_string(),
            finding.raised_at.format("%Y-%m-%d").to_string(),
        ]
    });
    table(&header, &cells.collect::<Vec<_>>(), "nothing waits for people", room)
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
    let troubles = rows.iter().filter_map(|row| Some((&row.target, row.trouble.as_deref()?)));
    troubles.for_each(|(target, trouble)| not_read(&mut text, target, trouble));
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
pub fn outlets(watchlist: &Watchlist, only: Option<&Outlet>, room: Option<u16>) -> String {
    if let Some(outlet) = only {
        return outlet_in_full(watchlist, outlet);
    }
    let cells = watchlist.outlets.values().map(|outlet| {
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

fn outlet_in_full(watchlist: &Watchlist, outlet: &Outlet) -> String {
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
    }
    for policy in [OFFICIAL, CHANGE] {
        let _ = writeln!(text, "\nPolicy \"{}\"\n  {}", policy.name, policy.wording);
    }
    let _ = writeln!(text, "\nAn account is dormant after {} days without a post.", DORMANT_AFTER.num_days());
    text
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
            network: Network::Mastodon,
            name: "Xinhua".to_owned(),
            relation,
            outlet: Some("xinhua-es".to_owned()),
            named,
            activity,
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
