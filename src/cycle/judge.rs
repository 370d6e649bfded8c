//! Judgement: dossiers from the store, assessed and reviewed; findings raised are written back.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Newsroom;
use super::clippings::Clippings;
use super::press::Press;
use crate::analysis::assess::assess;
use crate::analysis::corpus::Corpus;
use crate::analysis::review::{self, Before, Expired, NewFinding, Rules};
use crate::analysis::sites::own_pages;
use crate::config::Config;
use crate::model::account::{AccountId, Acct};
use crate::model::assessment::{Assessment, Level, Relation};
use crate::model::dossier::{AccountRecord, Dossier};
use crate::model::finding::{Finding, FindingId, FindingState};
use crate::model::outlet::{ListedAccount, OutletId};
use crate::model::proof::{HostSight, PageSight};
use crate::model::record::{Record, ReviewAct};
use crate::model::site::SiteSight;
use crate::store::{Batch, Store, StoreError, unless_damaged};

/// What judgement decided.
#[derive(Debug, Default)]
pub struct Judged {
    /// Numbers and accounts of findings raised.
    pub raised: Vec<String>,
    /// Approvals by people that no longer count.
    pub expired: Vec<Expired>,
}

/// Judges these accounts, or all with `None`; returns the numbers and accounts of findings raised.
pub async fn pass(
    room: &Newsroom,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<String>> {
    let judged = judged(room, accounts, now).await?;
    if !judged.expired.is_empty() {
        note_expired(&mut *room.press.lock().await, judged.expired, now)?;
    }
    Ok(judged.raised)
}

/// Judges every account about which a finding waits: the last look before a digest.
pub async fn waiting(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> anyhow::Result<()> {
    let findings = room.store.run(Store::findings).await.context("read what waits")?;
    let waits =
        |finding: &Finding| matches!(finding.state, FindingState::Raised | FindingState::Snoozed { .. });
    let accounts = findings.into_iter().filter(waits).map(|finding| finding.statement.account);
    let judged = judged(room, Some(accounts.collect()), now).await?;
    note_expired(press, judged.expired, now)
}

async fn judged(
    room: &Newsroom,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Judged> {
    let _bench = room.bench.lock().await;
    let config = room.config.clone();
    let mut clippings = room.clippings.clone().lock_owned().await;
    if accounts.as_ref().is_some_and(BTreeSet::is_empty) && !clippings.is_stale() {
        return Ok(Judged::default());
    }
    let judged = room.store.run(move |store| {
        let (corpus, regrouped) = clippings.corpus(store, &config, now)?;
        let accounts = accounts.map(|accounts| accounts.into_iter().chain(regrouped).collect());
        judge(store, &config, &corpus, accounts, now)
    });
    let judged = judged.await;
    judged.context("judge what was seen")
}

/// The public record tells of every approval that no longer counts. A crash before it loses the line and
/// nothing else: the approval is gone from the store. In safe mode the ledger is not this store's.
fn note_expired(press: &mut Press, expired: Vec<Expired>, now: DateTime<Utc>) -> anyhow::Result<()> {
    if press.safe_mode().is_some() {
        return Ok(());
    }
    for Expired { finding, seal, why } in expired {
        tracing::info!(%finding, why, "its approvals no longer count");
        let (by, key, why) = ("masthead".to_owned(), String::new(), Some(why.to_owned()));
        press.append(now, Record::Reviewed { finding, act: ReviewAct::Expired, by, key, seal, why })?;
    }
    Ok(())
}

fn judge(
    store: &Store,
    config: &Config,
    corpus: &Corpus,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> Result<Judged, StoreError> {
    let dossiers = Dossiers::open(store, config)?;
    let decided = decide(&dossiers, corpus, accounts, now)?;
    if !decided.batch.is_empty() {
        store.commit(decided.batch)?;
    }
    let mut raised = Vec::new();
    for finding in decided.rulings.iter().flat_map(|ruling| &ruling.raised) {
        let (id, account) = (finding.id, &finding.statement.acct);
        tracing::info!(%id, %account, "raised a finding");
        raised.push(format!("{id} {account}"));
    }
    Ok(Judged { raised, expired: decided.expired })
}

/// What judgement came to, before any of it is written.
pub(super) struct Decided {
    /// One for each account that was judged.
    pub rulings: Vec<Ruling>,
    batch: Batch,
    expired: Vec<Expired>,
}

/// What judgement came to for one account.
#[derive(Debug)]
pub(super) struct Ruling {
    pub acct: Acct,
    /// What is stored of the last judgement.
    pub before: Option<Standing>,
    pub after: Option<Standing>,
    pub raised: Vec<Finding>,
    /// Findings that waited and would not be raised any more.
    pub lapsed: Vec<FindingId>,
}

/// What an account is to which outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub outlet: OutletId,
    pub relation: Relation,
    pub level: Level,
}

impl Standing {
    /// `None` where nothing ties the account to the outlet.
    fn of(assessment: &Assessment) -> Option<Standing> {
        let Assessment { outlet, relation, level, .. } = assessment;
        let is_tied = *relation != Relation::Unrelated || *level != Level::Nothing;
        is_tied.then(|| Standing { outlet: outlet.clone(), relation: *relation, level: *level })
    }
}

/// Judges these accounts, or all with `None`, and writes nothing.
pub(super) fn decide(
    dossiers: &Dossiers<'_>,
    corpus: &Corpus,
    accounts: Option<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
) -> Result<Decided, StoreError> {
    let (store, config) = (dossiers.store, dossiers.config);
    let records: Vec<AccountRecord> = match &accounts {
        Some(ids) => {
            let records = ids.iter().filter_map(|id| unless_damaged(store.account(id)).transpose());
            records.collect::<Result<_, _>>()?
        }
        None => store.accounts()?.into_iter().map(Arc::unwrap_or_clone).collect(),
    };
    let mut session = Session {
        store,
        config,
        corpus,
        findings: store.findings()?,
        next: store.next_finding_id()?,
        batch: Batch::default(),
        expired: Vec::new(),
        now,
    };
    let mut rulings = Vec::new();
    for account in records {
        rulings.push(session.judge(&dossiers.of(account)?)?);
    }
    Ok(Decided { rulings, batch: session.batch, expired: session.expired })
}

/// One pass of judgement: what it reads, and what it is about to write.
struct Session<'a> {
    store: &'a Store,
    config: &'a Config,
    corpus: &'a Corpus,
    findings: Vec<Finding>,
    next: FindingId,
    batch: Batch,
    expired: Vec<Expired>,
    now: DateTime<Utc>,
}

/// What the configuration says of review.
fn rules(config: &Config) -> Rules {
    let review = &config.review;
    Rules { official: review.official, undisclosed: review.undisclosed, queue_days: review.queue_days }
}

/// Since when an account has been a lead without a break.
fn lead_since(fresh: &Assessment, known: Option<&Assessment>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let before = known.filter(|known| known.outlet == fresh.outlet).and_then(|known| known.lead_since);
    (fresh.level >= Level::Lead).then(|| before.unwrap_or(now))
}

impl Session<'_> {
    fn judge(&mut self, dossier: &Dossier) -> Result<Ruling, StoreError> {
        let known = unless_damaged(self.store.assessment(&dossier.account.id))?;
        let before = Before { relation: known.as_ref().map(|assessment| assessment.relation) };
        let account = &dossier.account.id;
        let mut ruling = Ruling {
            acct: dossier.account.acct.clone(),
            before: known.as_ref().and_then(Standing::of),
            after: None,
            raised: Vec::new(),
            lapsed: Vec::new(),
        };
        let Some(assessment) = assess(dossier, &self.config.watchlist, self.corpus) else {
            let lapsed = review::let_lapse(account, &self.findings, self.now);
            ruling.lapsed.extend(lapsed.iter().map(|finding| finding.id));
            lapsed.into_iter().for_each(|finding| self.batch.put_finding(finding));
            if known.is_some() {
                self.batch.remove_assessment(account);
            }
            return Ok(ruling);
        };
        let mut assessment = assessment;
        assessment.lead_since = lead_since(&assessment, known.as_ref(), self.now);
        let rules = rules(self.config);
        let watchlist = &self.config.watchlist;
        let verdict =
            review::review(dossier, &assessment, before, &self.findings, watchlist, rules, self.now);
        let mut batch = Batch::default();
        ruling.after = Standing::of(&assessment);
        if known.as_ref() != Some(&assessment) {
            batch.put_assessment(assessment);
        }
        let is_lapsed = |finding: &&Finding| matches!(finding.state, FindingState::Lapsed { .. });
        ruling.lapsed.extend(verdict.updated.iter().filter(is_lapsed).map(|finding| finding.id));
        verdict.updated.into_iter().for_each(|finding| batch.put_finding(finding));
        let expired = self.expired.len();
        self.expired.extend(verdict.expired);
        let first = (self.next, self.findings.len());
        ruling.raised = verdict.raised.into_iter().map(|new| self.raise(new, &mut batch)).collect();
        if let Err(error) = batch.check() {
            tracing::error!(account = %dossier.account.acct, %error, "its judgement cannot be stored");
            self.next = first.0;
            self.findings.truncate(first.1);
            ruling.raised.clear();
            self.expired.truncate(expired);
            batch = Batch::default();
            let lapsed = review::let_lapse(account, &self.findings, self.now);
            lapsed.into_iter().for_each(|finding| batch.put_finding(finding));
        }
        self.batch.extend(batch);
        Ok(ruling)
    }

    fn raise(&mut self, new: NewFinding, batch: &mut Batch) -> Finding {
        let NewFinding { statement, needs, approvals } = new;
        let id = self.next;
        let finding =
            Finding { id, raised_at: self.now, statement, needs, approvals, state: FindingState::Raised };
        self.next = FindingId(id.0 + 1);
        self.findings.push(finding.clone());
        batch.put_finding(finding.clone());
        finding
    }
}

/// Puts dossiers together: pages and hosts are read once for all accounts of a pass.
#[derive(Debug)]
pub struct Dossiers<'a> {
    store: &'a Store,
    config: &'a Config,
    pages: Vec<PageSight>,
    hosts: Vec<HostSight>,
    sites: Vec<SiteSight>,
    /// Matches as they would be stored, where they are not those in the store.
    matches: Option<&'a Clippings>,
}

impl<'a> Dossiers<'a> {
    pub fn open(store: &'a Store, config: &'a Config) -> Result<Dossiers<'a>, StoreError> {
        let (pages, hosts, sites) = (store.pages()?, store.hosts()?, store.sites()?);
        Ok(Dossiers { store, config, pages, hosts, sites, matches: None })
    }

    /// What pages say of their makers, as far as they were read.
    pub fn sites(&self) -> &[SiteSight] {
        &self.sites
    }

    /// The same with matches as another configuration reads them, of which nothing is written.
    pub fn as_if(self, matches: &'a Clippings) -> Dossiers<'a> {
        Dossiers { matches: Some(matches), ..self }
    }

    /// Everything known of one account.
    pub fn of(&self, account: AccountRecord) -> Result<Dossier, StoreError> {
        let profile = &account.latest.profile;
        let is_this = |listed: &ListedAccount| listed.acct().is_some_and(|acct| acct.is_same(&account.acct));
        let names_it = |page: &&PageSight| page.names.iter().any(|naming| naming.is(profile));
        let own = own_pages(profile, &self.config.watchlist);
        // What a clock that was ahead wrote down is not the newest.
        let mut counts = self.store.counts(&account.id)?;
        counts.retain(|counts| counts.at <= account.latest.seen_at);
        let listings = self.config.listings.iter().filter(|listing| is_this(&listing.account));
        Ok(Dossier {
            listings: listings.cloned().collect(),
            counts,
            statuses: self.store.statuses(&account.id)?,
            reuse: match self.matches {
                Some(clippings) => clippings.reuse_of(&account.id).to_vec(),
                None => self.store.reuse(&account.id)?,
            },
            never_flag: self.store.never_flag(&account.id)?,
            pages: self.pages.iter().filter(names_it).cloned().collect(),
            hosts: self.hosts.iter().filter(|host| host.account == account.id).cloned().collect(),
            sites: self.sites.iter().filter(|site| own.contains(&site.url)).cloned().collect(),
            account,
        })
    }
}
