//! The post about a finding as a reviewer sees it before approving.

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::edition::{public_url, setting};
use crate::analysis::compose::{self, Preview, Setting};
use crate::analysis::gate::Refusal;
use crate::cycle::Newsroom;
use crate::cycle::home::known_limits;
use crate::model::finding::{Finding, FindingId, FindingState, Statement};
use crate::store::{Store, StoreError};

/// What readers may get to see if a finding is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previews {
    /// The post as it would be sent now, with those sisters of its account that are approved.
    pub now: Preview,
    /// The post if others that wait are approved as well, and which those are; `None` where it is the same.
    pub with: Option<(Vec<FindingId>, Preview)>,
}

/// The posts about a finding; `None` where nothing is ever posted about it. Lengths are those of the home server
/// if it was asked already, else the usual ones; nothing is asked for this.
///
/// # Errors
/// That there is no such finding, or why our own gate would refuse the post.
pub async fn preview(
    room: &Newsroom,
    finding: FindingId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Previews>> {
    let (number, limits) = {
        let press = room.press.lock().await;
        (press.next_number(&room.store).context("read which digest is next")?, known_limits(room).await)
    };
    let found = room.store.run(move |store| with_others(store, finding)).await;
    let (finding, others) =
        found.context("read the finding")?.with_context(|| format!("there is no finding {finding}"))?;
    let public_url = public_url(&room.config)?;
    let setting = setting(&room.config, &public_url, number, limits, now);
    previews(&setting, &finding, &others).context("our own gate refuses the post")
}

fn previews(
    setting: &Setting<'_>,
    finding: &Finding,
    others: &[Finding],
) -> Result<Option<Previews>, Refusal> {
    let people = usize::try_from(finding.needs).unwrap_or(usize::MAX);
    let post = |family: &[&Finding]| {
        let statements: Vec<&Statement> = family.iter().map(|member| &member.statement).collect();
        compose::preview(setting, &finding.statement, &statements, people, None)
    };
    let approved: Vec<&Finding> = others.iter().filter(|other| other.confirmed().is_some()).collect();
    let (small, large) = (family(finding, &approved), family(finding, &others.iter().collect::<Vec<_>>()));
    let Some(now) = post(&small)? else { return Ok(None) };
    // One that our gate refuses is none that anybody will see.
    let with = post(&large).ok().flatten().filter(|with| *with != now);
    let with = with.map(|with| {
        let is_told = |member: &&&Finding| with.text.contains(&member.statement.acct.to_string());
        let joining = large.iter().filter(|member| !small.contains(member)).filter(is_told);
        (joining.map(|member| member.id).collect(), with)
    });
    Ok(Some(Previews { now, with }))
}

/// The finding and those of its sisters, in the order of the post: the oldest finding first.
fn family<'a>(finding: &'a Finding, others: &[&'a Finding]) -> Vec<&'a Finding> {
    let statements: Vec<&Statement> = others.iter().map(|other| &other.statement).collect();
    let family = compose::family_of(&finding.statement, &statements);
    let is_told = |other: &&&Finding| family.iter().any(|told| std::ptr::eq(*told, &other.statement));
    let mut members: Vec<&Finding> =
        others.iter().filter(is_told).copied().chain(std::iter::once(finding)).collect();
    members.sort_by_key(|member| member.id);
    members
}

/// The finding and all others that wait for a digest or for people.
fn with_others(store: &Store, id: FindingId) -> Result<Option<(Finding, Vec<Finding>)>, StoreError> {
    let Some(finding) = store.finding(id)? else { return Ok(None) };
    let mut others = store.findings()?;
    others.retain(|other| other.id != id && other.state == FindingState::Raised);
    Ok(Some((finding, others)))
}
