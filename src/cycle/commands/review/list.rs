//! The queue: findings that wait for people, and accounts worth a look about which nothing may be said yet.

use chrono::{DateTime, Duration, Utc};

use super::{LeadRow, Queue, ReviewRow, seen};
use crate::model::assessment::{Assessment, Level, Relation};
use crate::model::finding::{Approver, Finding, FindingState};
use crate::store::{Store, StoreError};

/// Everything that waits, oldest first, and the leads with most points first.
pub(super) fn queue(store: &Store, queue_days: u32, now: DateTime<Utc>) -> Result<Queue, StoreError> {
    let findings = store.findings()?;
    let rows = |is_wanted: fn(&Finding, DateTime<Utc>) -> bool| -> Vec<ReviewRow> {
        let wanted = findings.iter().filter(|finding| is_wanted(finding, now));
        let row = |finding: &Finding| {
            let days_left = days_left(finding, queue_days, now);
            ReviewRow { seen: seen(finding), days_left, finding: finding.clone() }
        };
        wanted.map(row).collect()
    };
    Ok(Queue { waiting: rows(waits), snoozed: rows(is_snoozed), leads: leads(store, &findings)? })
}

/// Days until what people approved of it has to be approved again.
fn days_left(finding: &Finding, queue_days: u32, now: DateTime<Utc>) -> Option<i64> {
    let by_people = finding.approvals.iter();
    let by_people = by_people.filter(|approval| matches!(approval.by, Approver::Reviewer { .. }));
    let newest = by_people.map(|approval| approval.at).max()?;
    Some((newest + Duration::days(i64::from(queue_days)) - now).num_days().max(0))
}

/// Waits for a decision: not enough people approved what it says now.
pub fn waits(finding: &Finding, now: DateTime<Utc>) -> bool {
    match finding.state {
        FindingState::Raised => finding.confirmed().is_none(),
        // Judgement wakes it with the next look at its account.
        FindingState::Snoozed { until } => until <= now,
        _ => false,
    }
}

fn is_snoozed(finding: &Finding, now: DateTime<Utc>) -> bool {
    matches!(finding.state, FindingState::Snoozed { until } if until > now)
}

fn leads(store: &Store, findings: &[Finding]) -> Result<Vec<LeadRow>, StoreError> {
    let mut leads = Vec::new();
    for account in store.accounts()? {
        let Some(assessment) = store.assessment(&account.id)? else { continue };
        // A finding about it was decided or waits: it is no lead any more.
        let is_found = |finding: &Finding| {
            finding.statement.account == account.id
                && finding.statement.relation == Relation::Undisclosed
                && !matches!(finding.state, FindingState::Lapsed { .. })
        };
        if assessment.level == Level::Lead && !findings.iter().any(is_found) {
            leads.push(LeadRow { account: account.acct.clone(), assessment });
        }
    }
    leads.sort_by(|one, other| {
        let points = |row: &LeadRow| row.assessment.lead_points;
        points(other).total_cmp(&points(one)).then_with(|| one.account.cmp(&other.account))
    });
    Ok(leads)
}

/// What keeps a lead from being ready: the first condition that does not hold.
pub fn missing(assessment: &Assessment) -> Option<&str> {
    let unmet = assessment.conditions.iter().find(|condition| !condition.met);
    unmet.map(|condition| condition.must.as_str())
}
