//! The explanation of one account as people read it: every point, every threshold, and what is missing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::render::{activity, grown};
use super::site;
use crate::analysis::concealed::{Count, LEAD_COPIES, LEAD_POINTS, RIVAL_DISTANCE, families};
use crate::analysis::indicators::indicator;
use crate::analysis::names;
use crate::cycle::commands::{Explanation, FindingLine, Named};
use crate::model::assessment::{Assessment, Level, Relation};
use crate::model::changes::FollowerTrend;
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::finding::FindingState;

/// Everything that is known about why an account is or is not named.
pub(super) fn explained(explanation: &Explanation) -> String {
    let row = &explanation.account;
    let mut text = format!("{}  \"{}\"\n", row.account, names::clean(&row.name));
    facts(explanation).into_iter().for_each(|(label, value)| {
        let _ = writeln!(text, "{label:<12}{value}");
    });
    text.push_str(&sites(explanation));
    if let Some(assessment) = &explanation.assessment {
        text.push_str("\nevidence\n");
        assessment.evidence.iter().for_each(|item| text.push_str(&evidence(item)));
        text.push_str(&rules(&assessment.evidence));
        text.push_str(&points(assessment));
        text.push_str(&level(assessment));
        let heading = match assessment.relation {
            Relation::Undisclosed => "before people may approve",
            _ => "to be published without a person",
        };
        let _ = writeln!(text, "\n{heading}");
        for condition in &assessment.conditions {
            let _ = writeln!(text, "  {}  {}", if condition.met { "yes" } else { "NO " }, condition.must);
        }
    }
    let _ = writeln!(text, "\nlooked and found nothing: {}", explanation.found_nothing.join(", "));
    explanation.findings.iter().for_each(|finding| text.push_str(&finding_line(finding)));
    text
}

/// What its own sites say of their makers.
fn sites(explanation: &Explanation) -> String {
    let mut text = String::new();
    for site in &explanation.sites {
        for (place, line) in site::told(site).into_iter().enumerate() {
            let _ = writeln!(text, "{:<12}{line}", if place == 0 { "its site" } else { "" });
        }
    }
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

/// How the points above are counted, with every threshold.
fn rules(evidence: &[Evidence]) -> String {
    let counting = evidence.iter().filter(|item| matches!(item.weight, Weight::Points(_)));
    let ids: BTreeSet<&str> = counting.map(|item| &*item.indicator.0).collect();
    let rules = ids.into_iter().filter_map(|id| Some(format!("  {id:<21}{}\n", indicator(id)?.rule?())));
    let rules: String = rules.collect();
    if rules.is_empty() { rules } else { format!("\nhow these count\n{rules}") }
}

/// What each family of indicators gives, within its bounds, and their sum.
fn points(assessment: &Assessment) -> String {
    let decided = families(&assessment.evidence, Count::Decided);
    let with_leads = families(&assessment.evidence, Count::WithLeads);
    let mut text = String::new();
    for (family, sum) in &with_leads {
        let counted = decided.get(family).copied().unwrap_or_default();
        let floor = if family.floor() < 0.0 { format!("{:.1} to ", family.floor()) } else { String::new() };
        let lead = match (sum - counted).abs() >= 0.005 {
            true => format!("; {sum:.2} with copies of which nobody can tell who was first"),
            false => String::new(),
        };
        let bounds = format!("{floor}{:.1} at most", family.cap());
        let _ = writeln!(text, "  {:<21}{counted:>5.2}  {bounds}{lead}", family.title());
    }
    if text.is_empty() {
        return text;
    }
    let (sum, lead) = (assessment.points, assessment.lead_points);
    format!("\npoints by kind of evidence\n{text}  {:<21}{sum:>5.2}  {lead:.2} count for a lead\n", "sum")
}

/// How far a hidden tie is shown, what each level needs, and what else may explain the text.
fn level(assessment: &Assessment) -> String {
    if assessment.relation != Relation::Undisclosed && assessment.level == Level::Nothing {
        return String::new();
    }
    let level = match assessment.level {
        Level::Nothing => "nothing",
        Level::Lead => "lead: worth a reviewer's look, nothing may be said",
        Level::Ready => "ready: people may approve",
    };
    let since = assessment.lead_since.map(|at| format!(", since {}", at.format("%Y-%m-%d")));
    let rival = match &assessment.rival {
        Some(rival) => format!("{} {:.1} points from its text", rival.publisher, rival.points),
        None => "no other system or agency".to_owned(),
    };
    format!(
        "\nlevel       {level}{}\n            a lead from {LEAD_POINTS} points and {LEAD_COPIES} copies; ready when \
         everything below holds\nnext best   {rival}; has to stay {RIVAL_DISTANCE} points below\n",
        since.unwrap_or_default()
    )
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

fn followers_in_words(trend: FollowerTrend) -> String {
    match grown(trend) {
        0 => trend.now.to_string(),
        grown => format!("{}, {grown:+} in a week", trend.now),
    }
}
