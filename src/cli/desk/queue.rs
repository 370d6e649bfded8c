//! The queue of reviewers as they read it: what waits, what is a lead, who did what.

use crate::analysis::concealed::{LEAD_POINTS, READY_POINTS};
use crate::analysis::names;
use crate::cli::table::table;
use crate::cycle::commands::{LeadRow, LogRow, ReviewRow, ReviewerRow, approvals, missing};
use crate::model::finding::{Claim, Finding, FindingState};
use crate::model::tie::Ticks;

/// What waits and the leads, in two tables; what is put off in a third, if there is any.
pub(in crate::cli) fn queue(
    waiting: &[ReviewRow],
    snoozed: &[ReviewRow],
    leads: &[LeadRow],
    room: Option<u16>,
) -> String {
    let header = ["finding", "account", "says", "outlet", "points", "approved", "to tick", "since"];
    let cells = |rows: &[ReviewRow]| rows.iter().map(row_of).collect::<Vec<_>>();
    let mut text = table(&header, &cells(waiting), "nothing waits for people", room);
    if !waiting.is_empty() {
        text += "\nmasthead review show FINDING   everything there is to see of one\n";
    }
    if !snoozed.is_empty() {
        let header =
            ["finding", "account", "says", "outlet", "points", "approved", "to tick", "put off until"];
        text += &format!("\nput off\n{}", table(&header, &cells(snoozed), "", room));
    }
    if !leads.is_empty() {
        let header = ["lead", "outlet", "points", "since", "missing before people may approve"];
        let cells: Vec<Vec<String>> = leads.iter().map(lead).collect();
        text += &format!(
            "\nworth a look; nothing may be said of them yet ({LEAD_POINTS} points for a lead, {READY_POINTS} for a finding)\n{}",
            table(&header, &cells, "", room)
        );
    }
    text
}

fn row_of(row: &ReviewRow) -> Vec<String> {
    let finding = &row.finding;
    let statement = &finding.statement;
    let points = statement.tie.as_ref().map(|tie| format!("{:.1}", f64::from(tie.points) / 100.0));
    let to_tick = statement.tie.as_ref().map(|tie| to_tick(&tie.ticks));
    let since = match finding.state {
        FindingState::Snoozed { until } => until,
        _ => finding.raised_at,
    };
    vec![
        finding.id.to_string(),
        names::handle(&statement.acct, statement.network),
        says(finding),
        names::clean(&statement.outlet_name),
        points.unwrap_or_default(),
        match row.days_left {
            Some(days) => format!("{} of {}, {days} days left", approvals(finding), finding.needs),
            None => format!("{} of {}", approvals(finding), finding.needs),
        },
        to_tick.filter(|to_tick| !to_tick.is_empty()).unwrap_or_else(|| "-".to_owned()),
        since.format("%Y-%m-%d").to_string(),
    ]
}

/// The options of `review tick` that are needed before it can be approved.
fn to_tick(ticks: &Ticks) -> String {
    let outlet = (!ticks.presents_as_outlet).then_some("outlet");
    let asked = ticks.comment_sought.is_none().then_some("asked");
    outlet.into_iter().chain(asked).collect::<Vec<_>>().join(", ")
}

/// What a finding says, in a word or two.
fn says(finding: &Finding) -> String {
    match &finding.statement.claim {
        Claim::NewlySeen(relation) | Claim::KnownAtStart(relation) => relation.to_string(),
        Claim::Changed(_) => "change".to_owned(),
        Claim::Withdrawn(_) => "correction".to_owned(),
    }
}

fn lead(row: &LeadRow) -> Vec<String> {
    let assessment = &row.assessment;
    let since = assessment.lead_since.map(|at| at.format("%Y-%m-%d").to_string());
    vec![
        row.account.to_string(),
        assessment.outlet.to_string(),
        format!("{:.1}", assessment.lead_points),
        since.unwrap_or_default(),
        missing(assessment).unwrap_or("judged again before anything is raised").to_owned(),
    ]
}

/// What people did, oldest first.
pub(in crate::cli) fn log(rows: &[LogRow], room: Option<u16>) -> String {
    let header = ["when", "finding", "did", "by", "seen", "why"];
    let cells = rows.iter().map(|row| {
        vec![
            row.at.format("%Y-%m-%d %H:%M").to_string(),
            row.finding.map_or_else(|| "-".to_owned(), |finding| finding.to_string()),
            row.did.clone(),
            names::clean(&row.by),
            row.seal.clone().unwrap_or_default(),
            super::passages::plain(row.why.as_deref().unwrap_or_default()),
        ]
    });
    table(&header, &cells.collect::<Vec<_>>(), "nobody decided anything yet", room)
}

/// Who may decide.
pub(in crate::cli) fn reviewers(rows: &[ReviewerRow], room: Option<u16>) -> String {
    let header = ["reviewer", "key", "since"];
    let cells = rows.iter().map(|row| {
        let key = row.key.as_deref().map(|key| key.chars().take(12).collect());
        vec![
            row.name.clone(),
            key.unwrap_or_else(|| format!("none yet: masthead reviewer add {}", row.name)),
            row.since.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M").to_string()),
        ]
    });
    let none = "there is no reviewer; add names to [review] reviewers in the configuration";
    table(&header, &cells.collect::<Vec<_>>(), none, room)
}
