//! The sheet of one finding: everything a reviewer has to see before deciding.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Sheet, log, seen};
use crate::analysis::compose;
use crate::config::Config;
use crate::cycle::commands::{accounts, sites};
use crate::cycle::due::{FEED_EVERY, WATCHED_EVERY};
use crate::cycle::judge::Dossiers;
use crate::cycle::publish::Previews;
use crate::cycle::{Newsroom, publish};
use crate::model::account::{AccountId, Acct};
use crate::model::assessment::Assessment;
use crate::model::dossier::Dossier;
use crate::model::finding::{Finding, FindingId, FindingState};
use crate::model::outlet::OutletId;
use crate::model::record::Entry;
use crate::model::reuse::{Order, Reuse};
use crate::store::{Store, StoreError};

/// Another account of the group, and what was found about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SisterLine {
    pub acct: Acct,
    pub finding: Option<FindingId>,
}

/// Copies of the system's items by who came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Orders {
    /// A poll without the status ended after we saw the item.
    pub outlet_first: usize,
    pub undecided: usize,
    pub account_first: usize,
    /// From our sight of the item to the status, shortest and longest, of those that are decided.
    pub lag_minutes: Option<(i64, i64)>,
    /// Of those that are decided, came later than one round of reading takes.
    pub past_a_round: usize,
    /// How often we read the outlet's feeds and this account.
    pub feed_minutes: i64,
    pub account_minutes: i64,
}

/// A post as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub text: String,
    /// As the home server counts them.
    pub characters: usize,
}

/// A post as it would be sent if other findings are approved as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewWith {
    pub findings: Vec<FindingId>,
    pub post: Preview,
}

impl From<compose::Preview> for Preview {
    fn from(post: compose::Preview) -> Preview {
        Preview { text: post.text, characters: post.characters }
    }
}

/// The sheet of a finding in whatever state.
pub(super) async fn show(room: &Newsroom, finding: FindingId, now: DateTime<Utc>) -> anyhow::Result<Sheet> {
    let entries = room.press.lock().await.entries().to_vec();
    let config = room.config.clone();
    let sheet = room.store.run(move |store| sheet(store, &config, &entries, finding, now)).await;
    let sheet = sheet.context("read the finding")?;
    let sheet =
        sheet.with_context(|| format!("there is no finding {finding}; `masthead review` lists them"))?;
    // Once it was said, what would be made of today's facts is not what readers have.
    if !matches!(sheet.finding.state, FindingState::Raised | FindingState::Snoozed { .. }) {
        return Ok(sheet);
    }
    // A post that our own gate refuses is none that anybody could approve.
    let preview = publish::preview(room, finding, now).await.unwrap_or_else(|why| {
        tracing::warn!(%finding, why = %format!("{why:#}"), "its post cannot be shown");
        None
    });
    let Some(Previews { now, with }) = preview else { return Ok(sheet) };
    let with = with.map(|(findings, post)| PreviewWith { findings, post: post.into() });
    Ok(Sheet { preview: Some(now.into()), preview_with: with, ..sheet })
}

fn sheet(
    store: &Store,
    config: &Config,
    entries: &[Entry],
    id: FindingId,
    now: DateTime<Utc>,
) -> Result<Option<Sheet>, StoreError> {
    let Some(finding) = store.finding(id)? else { return Ok(None) };
    let Some(account) = store.account(&finding.statement.account)? else { return Ok(None) };
    let dossiers = Dossiers::open(store, config)?;
    let dossier = dossiers.of(account)?;
    let findings = store.findings()?;
    let assessment = store.assessment(&dossier.account.id)?;
    let copies = copies(config, &dossier, &finding.statement.outlet);
    Ok(Some(Sheet {
        seen: seen(&finding),
        account: accounts::row(store, config, &dossier, &findings, now)?,
        profile: dossier.account.latest.profile.clone(),
        outlets: outlet_names(config, &finding, assessment.as_ref()),
        sisters: sisters(&finding, &findings),
        orders: orders(&copies),
        still_there: copies.iter().filter(|copy| is_there(&dossier, copy)).count(),
        statuses_read: dossier.statuses.len(),
        sites: sites::of(store, config, &dossiers, &dossier)?,
        history: log::log(entries, Some(id)),
        preview: None,
        preview_with: None,
        assessment,
        finding,
    }))
}

/// The outlets in the evidence, the passages and the rival, as people know them.
fn outlet_names(
    config: &Config,
    finding: &Finding,
    assessment: Option<&Assessment>,
) -> BTreeMap<String, String> {
    let statement = &finding.statement;
    let evidence = statement.evidence.iter().map(|item| &item.outlet);
    let passages = statement.tie.iter().flat_map(|tie| &tie.passages).map(|passage| &passage.publisher);
    let rival = assessment.and_then(|assessment| assessment.rival.as_ref()).map(|rival| &rival.publisher);
    let ids = evidence.chain(passages).chain(rival).chain([&statement.outlet]);
    let named = ids.filter_map(|id| Some((id.to_string(), config.watchlist.outlet(id)?.name.clone())));
    named.collect()
}

fn sisters(finding: &Finding, findings: &[Finding]) -> Vec<SisterLine> {
    let about = |account: &AccountId| {
        let theirs = findings.iter().filter(|other| {
            other.statement.account == *account
                && other.statement.relation == finding.statement.relation
                && !matches!(other.state, FindingState::Lapsed { .. })
        });
        theirs.map(|other| other.id).next_back()
    };
    let sisters = finding.statement.tie.iter().flat_map(|tie| &tie.sisters);
    sisters.map(|sister| SisterLine { acct: sister.acct.clone(), finding: about(&sister.account) }).collect()
}

/// What the account carries of the outlet's system.
fn copies<'a>(config: &Config, dossier: &'a Dossier, outlet: &OutletId) -> Vec<&'a Reuse> {
    let watchlist = &config.watchlist;
    let controller = watchlist.controller(outlet);
    let is_theirs = |publisher: &OutletId| {
        watchlist.is_related(publisher, outlet) || watchlist.controller(publisher) == controller
    };
    dossier.reuse.iter().filter(|reuse| is_theirs(&reuse.publisher)).collect()
}

/// Whether the status of a copy was there when the account was last read completely.
fn is_there(dossier: &Dossier, copy: &Reuse) -> bool {
    let status = dossier.statuses.iter().find(|seen| seen.status.uri == copy.status);
    status.is_none_or(|seen| seen.removed_at.is_none())
}

fn orders(copies: &[&Reuse]) -> Orders {
    let mut orders = Orders {
        feed_minutes: FEED_EVERY.num_minutes(),
        account_minutes: WATCHED_EVERY.num_minutes(),
        ..Orders::default()
    };
    for reuse in copies {
        match reuse.order {
            Order::PublisherFirst => {
                orders.outlet_first += 1;
                let lag = reuse.lag_minutes();
                let is_late = lag > orders.feed_minutes + orders.account_minutes;
                orders.past_a_round += usize::from(is_late);
                let (least, most) = orders.lag_minutes.unwrap_or((lag, lag));
                orders.lag_minutes = Some((least.min(lag), most.max(lag)));
            }
            Order::Undecided => orders.undecided += 1,
            Order::StatusFirst => orders.account_first += 1,
        }
    }
    orders
}
