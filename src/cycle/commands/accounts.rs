//! The table of accounts: what was seen, what each is, and what it does.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::analysis::activity::{activity, follower_trend, tenths_of_posts_a_day};
use crate::analysis::bridges::upstream;
use crate::config::Config;
use crate::cycle::judge::Dossiers;
use crate::model::account::Network;
use crate::model::assessment::Relation;
use crate::model::changes::{Activity, FollowerTrend};
use crate::model::dossier::{Dossier, Found};
use crate::model::finding::{Claim, Finding, FindingState};
use crate::model::target::Target;
use crate::store::{Store, StoreError};

/// One account as the table shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountRow {
    pub account: String,
    /// What it stays, whatever it calls itself.
    pub id: String,
    /// Its page for people.
    pub url: Option<String>,
    pub network: Network,
    pub name: String,
    pub relation: Relation,
    pub outlet: Option<String>,
    pub named: Named,
    pub activity: Activity,
    /// The account that it repeats, where a bridge carries it here, and how that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridged_from: Option<String>,
    /// Where its profile says that it went.
    pub moved_to: Option<String>,
    pub tenths_of_posts_a_day: Option<u32>,
    pub followers: Option<FollowerTrend>,
    pub found: Found,
    pub last_read: DateTime<Utc>,
    /// Why it could not be read last time.
    pub trouble: Option<String>,
}

/// Whether the public has heard of an account from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// Part of a digest.
    Yes,
    /// Confirmed, comes with the next digest.
    Next,
    /// Known at start: on the pages, in no digest.
    OnPage,
    /// Waits for people.
    Waiting,
    No,
}

impl Named {
    /// What the findings about one account amount to.
    pub fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Named {
        let state = |finding: &Finding| match finding.state {
            FindingState::InDigest { .. } => Named::Yes,
            FindingState::SaidBefore => Named::Yes,
            FindingState::Raised if finding.confirmed().is_some() => match finding.statement.claim {
                Claim::KnownAtStart(_) => Named::OnPage,
                _ => Named::Next,
            },
            FindingState::Raised => Named::Waiting,
            FindingState::Snoozed { .. } => Named::Waiting,
            FindingState::Lapsed { .. } | FindingState::Dismissed { .. } | FindingState::Retracted { .. } => {
                Named::No
            }
        };
        let rank = |named: &Named| match named {
            Named::Yes => 4,
            Named::Next => 3,
            Named::OnPage => 2,
            Named::Waiting => 1,
            Named::No => 0,
        };
        findings.map(state).max_by_key(rank).unwrap_or(Named::No)
    }
}

/// Every account that was seen: official ones first, then by address.
pub(super) fn rows(
    store: &Store,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<Vec<AccountRow>, StoreError> {
    let files = Dossiers::open(store, config)?;
    let findings = store.findings()?;
    let mut rows = Vec::new();
    for account in store.accounts()? {
        rows.push(row(store, config, &files.of((*account).clone())?, &findings, now)?);
    }
    rows.sort_by(|one, other| (one.relation, &one.account).cmp(&(other.relation, &other.account)));
    Ok(rows)
}

/// One account as the table shows it.
pub(super) fn row(
    store: &Store,
    config: &Config,
    dossier: &Dossier,
    findings: &[Finding],
    now: DateTime<Utc>,
) -> Result<AccountRow, StoreError> {
    let account = &dossier.account;
    let assessment = store.assessment(&account.id)?;
    let target = store.target(&Target::Account { acct: account.acct.clone() })?;
    let mine = findings.iter().filter(|finding| finding.statement.account == account.id);
    Ok(AccountRow {
        account: account.acct.to_string(),
        id: account.id.uri.clone(),
        url: account.latest.profile.url.clone(),
        network: account.id.network,
        name: account.latest.profile.display_name.clone(),
        relation: assessment.as_ref().map_or(Relation::Unrelated, |assessment| assessment.relation),
        outlet: assessment.map(|assessment| assessment.outlet.to_string()),
        named: Named::of(mine),
        activity: activity(dossier, now),
        bridged_from: upstream(&account.latest.profile, &config.watchlist)
            .map(|upstream| format!("{}, {}", upstream.acct, upstream.known_by)),
        moved_to: account.latest.profile.moved_to.as_ref().map(ToString::to_string),
        tenths_of_posts_a_day: tenths_of_posts_a_day(&dossier.statuses, None, now),
        followers: follower_trend(&dossier.counts),
        found: account.found.clone(),
        last_read: account.latest.seen_at,
        trouble: target.and_then(|target| target.trouble),
    })
}
