//! The post about a finding as a reviewer sees it before approving.

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::edition::{public_url, setting};
use crate::analysis::compose::{self, Preview};
use crate::analysis::measure::Limits;
use crate::cycle::Newsroom;
use crate::model::finding::{Finding, FindingId, FindingState, Statement};
use crate::store::{Store, StoreError};

/// The post about a finding as it would be sent now, in one reply with those sisters of its account that are
/// approved; `None` where nothing is ever posted about it. Lengths are those of the home server if it was
/// asked already, else the usual ones; nothing is asked for this.
///
/// # Errors
/// That there is no such finding, or why our own gate would refuse the post.
pub async fn preview(
    room: &Newsroom,
    finding: FindingId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Preview>> {
    let (number, limits) = {
        let press = room.press.lock().await;
        let limits = press.at_home.as_ref().map_or_else(Limits::default, |home| home.instance.limits);
        (press.next_number(&room.store).context("read which digest is next")?, limits)
    };
    let found =
        room.store.run(move |store| with_sisters(store, finding)).await.context("read the finding")?;
    let (finding, approved) = found.with_context(|| format!("there is no finding {finding}"))?;
    let others: Vec<&Statement> = approved.iter().map(|other| &other.statement).collect();
    let family = compose::family_of(&finding.statement, &others);
    // In the order of the post: the oldest finding first.
    let mut members: Vec<&Finding> = std::iter::once(&finding).chain(&approved).collect();
    members.sort_by_key(|member| member.id);
    let statements: Vec<&Statement> = members
        .into_iter()
        .map(|member| &member.statement)
        .filter(|statement| family.iter().any(|told| std::ptr::eq(*told, *statement)))
        .collect();
    let config = &room.config;
    let public_url = public_url(config)?;
    let setting = setting(config, &public_url, number, limits, now);
    let people = usize::try_from(finding.needs).unwrap_or(usize::MAX);
    compose::preview(&setting, &statements, people, None).context("our own gate refuses the post")
}

/// The finding and all others that wait for a digest and are approved.
fn with_sisters(store: &Store, id: FindingId) -> Result<Option<(Finding, Vec<Finding>)>, StoreError> {
    let Some(finding) = store.finding(id)? else { return Ok(None) };
    let mut others = store.findings()?;
    let is_told_next = |other: &Finding| other.state == FindingState::Raised && other.confirmed().is_some();
    others.retain(|other| other.id != id && is_told_next(other));
    Ok(Some((finding, others)))
}
