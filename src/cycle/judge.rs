//! Judgement: dossiers from the store, assessed and reviewed; findings raised are written back.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::Newsroom;
use crate::analysis::assess::assess;
use crate::analysis::corpus::Corpus;
use crate::analysis::review::{self, Before, NewFinding, Rules};
use crate::config::Config;
use crate::model::account::{AccountId, Acct};
use crate::model::dossier::{AccountRecord, Dossier};
use crate::model::finding::{Finding, FindingId, FindingState};
use crate::model::proof::{HostSight, PageSight};
use crate::store::{Batch, Store, StoreError, unless_damaged};

/// Judges these accounts, or all with `None`; returns the numbers and accounts of findings raised.
pub async fn pass(
    room: &Newsroom,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<String>> {
    let _bench = room.bench.lock().await;
    let config = room.config.clone();
    let corpus = room.clippings.lock().await.corpus();
    let judged = room.store.run(move |store| judge(store, &config, &corpus, accounts, now)).await;
    judged.context("judge what was seen")
}

/// Judges every account about which a finding waits: the last look before a digest.
pub async fn waiting(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<()> {
    let findings = room.store.run(Store::findings).await.context("read what waits")?;
    let waits = |finding: &Finding| finding.state == FindingState::Raised;
    let accounts = findings.into_iter().filter(waits).map(|finding| finding.statement.account);
    pass(room, Some(accounts.collect()), now).await.map(drop)
}

fn judge(
    store: &Store,
    config: &Config,
    corpus: &Corpus,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let records: Vec<AccountRecord> = match &accounts {
        Some(ids) => {
            let records = ids.iter().filter_map(|id| unless_damaged(store.account(id)).transpose());
            records.collect::<Result<_, _>>()?
        }
        None => store.accounts()?,
    };
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let dossiers = Dossiers::open(store, config)?;
    let mut session = Session {
        store,
        config,
        corpus,
        findings: store.findings()?,
        next: store.next_finding_id()?,
        batch: Batch::default(),
        raised: Vec::new(),
        now,
    };
    for account in records {
        session.judge(&dossiers.of(account)?)?;
    }
    if !session.batch.is_empty() {
        store.commit(session.batch)?;
    }
    Ok(session.raised)
}

/// One pass of judgement: what it reads, and what it is about to write.
struct Session<'a> {
    store: &'a Store,
    config: &'a Config,
    corpus: &'a Corpus,
    findings: Vec<Finding>,
    next: FindingId,
    batch: Batch,
    raised: Vec<String>,
    now: DateTime<Utc>,
}

impl Session<'_> {
    fn judge(&mut self, dossier: &Dossier) -> Result<(), StoreError> {
        let known = unless_damaged(self.store.assessment(&dossier.account.id))?;
        let before = Before { relation: known.as_ref().map(|assessment| assessment.relation) };
        let account = &dossier.account.id;
        let Some(assessment) = assess(dossier, &self.config.watchlist, self.corpus) else {
            let lapsed = review::let_lapse(account, &self.findings, self.now);
            lapsed.into_iter().for_each(|finding| self.batch.put_finding(finding));
            if known.is_some() {
                self.batch.remove_assessment(account);
            }
            return Ok(());
        };
        let rules = Rules { official: self.config.review.official };
        let watchlist = &self.config.watchlist;
        let verdict =
            review::review(dossier, &assessment, before, &self.findings, watchlist, rules, self.now);
        let mut batch = Batch::default();
        if known.as_ref() != Some(&assessment) {
            batch.put_assessment(assessment);
        }
        verdict.updated.into_iter().for_each(|finding| batch.put_finding(finding));
        let first = (self.next, self.findings.len(), self.raised.len());
        verdict.raised.into_iter().for_each(|new| self.raise(new, &mut batch));
        if let Err(error) = batch.check() {
            tracing::error!(account = %dossier.account.acct, %error, "its judgement cannot be stored");
            self.next = first.0;
            self.findings.truncate(first.1);
            self.raised.truncate(first.2);
            batch = Batch::default();
            let lapsed = review::let_lapse(account, &self.findings, self.now);
            lapsed.into_iter().for_each(|finding| batch.put_finding(finding));
        }
        self.batch.extend(batch);
        Ok(())
    }

    fn raise(&mut self, new: NewFinding, batch: &mut Batch) {
        let NewFinding { statement, needs, approvals } = new;
        let id = self.next;
        let finding =
            Finding { id, raised_at: self.now, statement, needs, approvals, state: FindingState::Raised };
        tracing::info!(%id, account = %finding.statement.acct, "raised a finding");
        self.raised.push(format!("{id} {}", finding.statement.acct));
        self.next = FindingId(id.0 + 1);
        self.findings.push(finding.clone());
        batch.put_finding(finding);
    }
}

/// Puts dossiers together: pages and hosts are read once for all accounts of a pass.
#[derive(Debug)]
pub struct Dossiers<'a> {
    store: &'a Store,
    config: &'a Config,
    pages: Vec<PageSight>,
    hosts: Vec<HostSight>,
}

impl<'a> Dossiers<'a> {
    pub fn open(store: &'a Store, config: &'a Config) -> Result<Dossiers<'a>, StoreError> {
        Ok(Dossiers { store, config, pages: store.pages()?, hosts: store.hosts()? })
    }

    /// Everything known of one account.
    pub fn of(&self, account: AccountRecord) -> Result<Dossier, StoreError> {
        let profile = &account.latest.profile;
        let is_this = |handle: &str| handle.parse::<Acct>().is_ok_and(|acct| acct.is_same(&account.acct));
        let names_it = |page: &&PageSight| page.names.iter().any(|naming| naming.is(profile));
        // What a clock that was ahead wrote down is not the newest.
        let mut counts = self.store.counts(&account.id)?;
        counts.retain(|counts| counts.at <= account.latest.seen_at);
        let listings = self.config.listings.iter().filter(|listing| is_this(&listing.account.handle));
        Ok(Dossier {
            listings: listings.cloned().collect(),
            counts,
            statuses: self.store.statuses(&account.id)?,
            reuse: self.store.reuse(&account.id)?,
            never_flag: self.store.never_flag(&account.id)?,
            pages: self.pages.iter().filter(names_it).cloned().collect(),
            hosts: self.hosts.iter().filter(|host| host.account == account.id).cloned().collect(),
            account,
        })
    }
}
