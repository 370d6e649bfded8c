//! The explanation of one account: every indicator, its evidence, and why it is or is not named.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::{self, AccountRow};
use super::sites::{self, SiteLine};
use crate::analysis::indicators::TABLE;
use crate::config::Config;
use crate::cycle::judge::Dossiers;
use crate::model::assessment::Assessment;
use crate::model::dossier::AccountRecord;
use crate::model::finding::{Approver, FindingState};
use crate::model::pasted::Pasted;
use crate::store::{Store, StoreError};

/// Why one account is or is not named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub account: AccountRow,
    pub url: Option<String>,
    /// `None` = no indicator found anything.
    pub assessment: Option<Assessment>,
    /// Indicators that looked and found nothing.
    pub found_nothing: Vec<String>,
    pub statuses_read: usize,
    /// Its own sites, as far as its profile names any.
    pub sites: Vec<SiteLine>,
    pub findings: Vec<FindingLine>,
}

/// A finding about the account, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    pub id: String,
    pub state: FindingState,
    pub needs: u32,
    pub approved_by: Vec<Approver>,
    pub is_confirmed: bool,
}

/// The account that somebody means; `None` = it was never seen.
pub(super) fn meant(store: &Store, asked: &Pasted) -> Result<Option<AccountRecord>, StoreError> {
    let is_it = |known: &&Arc<AccountRecord>| asked.is(&known.id, known.latest.profile.url.as_deref());
    if let Some(known) = store.accounts()?.iter().find(is_it) {
        return Ok(Some(AccountRecord::clone(known)));
    }
    asked.acct().map_or(Ok(None), |acct| store.account_by_acct(acct))
}

/// Explains one account; `None` = it was never seen.
pub(super) fn explain(
    store: &Store,
    config: &Config,
    asked: &Pasted,
    now: DateTime<Utc>,
) -> Result<Option<Explanation>, StoreError> {
    let Some(account) = meant(store, asked)? else { return Ok(None) };
    let dossiers = Dossiers::open(store, config)?;
    let dossier = dossiers.of(account)?;
    let findings = store.findings()?;
    let assessment = store.assessment(&dossier.account.id)?;
    let found = |id: &str| {
        let evidence = assessment.iter().flat_map(|assessment| &assessment.evidence);
        evidence.into_iter().any(|item| item.indicator.0 == id)
    };
    let found_nothing =
        TABLE.iter().filter(|indicator| !found(indicator.id)).map(|indicator| indicator.id.to_owned());
    let mine = findings.iter().filter(|finding| finding.statement.account == dossier.account.id);
    Ok(Some(Explanation {
        account: accounts::row(store, config, &dossier, &findings, now)?,
        url: dossier.account.latest.profile.url.clone(),
        found_nothing: found_nothing.collect(),
        statuses_read: dossier.statuses.len(),
        sites: sites::of(store, config, &dossiers, &dossier)?,
        findings: mine
            .map(|finding| FindingLine {
                id: finding.id.to_string(),
                state: finding.state,
                needs: finding.needs,
                approved_by: finding.approvals.iter().map(|approval| approval.by.clone()).collect(),
                is_confirmed: finding.confirmed().is_some(),
            })
            .collect(),
        assessment,
    }))
}
