//! The press: the ledger with everything in it, in step with the store, or safe mode.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::backup::{self, Of};
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Opened, Retraction, Standing, Text, standing};
use crate::model::digest::{DigestNumber, DigestRecord, DigestState, PartState};
use crate::model::finding::{Finding, FindingState};
use crate::model::record::{Entry, LedgerMark, Record};
use crate::publish::thread;
use crate::store::{Batch, Store, StoreError};

/// Everything that is needed to publish, behind one lock: one digest is under way at a time.
#[derive(Debug)]
pub struct Press {
    state_dir: PathBuf,
    /// `None` only in safe mode, where the chain itself may be broken.
    ledger: Option<Ledger>,
    entries: Vec<Entry>,
    safe_mode: Option<String>,
}

impl Press {
    /// Opens the ledger and brings the store in step with it.
    ///
    /// A ledger that does not belong to the store is no error: publishing stays off and says why.
    ///
    /// # Errors
    /// What the disk says, or that another process has the ledger open.
    pub fn open(config: &Config, store: &Store, now: DateTime<Utc>) -> anyhow::Result<Press> {
        let opened = match Ledger::open(&config.state_dir) {
            Err(broken @ LedgerError::Broken { .. }) => {
                let mut press = Press::shut(config);
                press.enter_safe_mode(broken.to_string());
                return Ok(press);
            }
            opened => opened.context("open the ledger")?,
        };
        let Opened { ledger, entries, torn } = opened;
        if let Some(torn) = torn {
            tracing::warn!(bytes = torn.bytes, moved_to = %torn.moved_to.display(), "set a torn end of the ledger aside");
        }
        let mark = store.ledger_mark().context("read how far the store follows the ledger")?;
        let standing = match (store.predecessor(), standing(&entries, Some(&store.id()), mark.as_ref())) {
            // Nothing was said under this ledger, or its store is back: the records alone would not tell.
            (Some(lost), Standing::FirstStart | Standing::InStep) => {
                Standing::Foreign { why: came_up_empty(config, lost, now) }
            }
            (Some(lost), Standing::Foreign { why }) if mark.is_none() => {
                Standing::Foreign { why: format!("{why}; {}", came_up_empty(config, lost, now)) }
            }
            (_, standing) => standing,
        };
        let mut press = Press { ledger: Some(ledger), entries, ..Press::shut(config) };
        match standing {
            Standing::FirstStart => {
                press.append(now, Record::Opened { store: store.id() })?;
                store.commit(press.to_follow(store, None)?)?;
            }
            Standing::InStep => {}
            Standing::StoreBehind(tail) => {
                let under_way = tail.iter().rev().find_map(|entry| entry.record.digest());
                match under_way {
                    // An ordinary kill leaves the digest in the store; a copy from before has none.
                    Some(number) if store.digest(number)?.is_none() => press.enter_safe_mode(format!(
                        "the store lacks digest {number}, which the ledger has: it is an older copy"
                    )),
                    under_way => store.commit(press.to_follow(store, under_way)?)?,
                }
            }
            Standing::Foreign { why } => press.enter_safe_mode(why),
        }
        Ok(press)
    }

    /// A press without a ledger.
    fn shut(config: &Config) -> Press {
        let state_dir = config.state_dir.clone();
        Press { state_dir, ledger: None, entries: Vec::new(), safe_mode: None }
    }

    /// Nothing is posted from now on, until a person has reconciled store and ledger.
    pub(super) fn enter_safe_mode(&mut self, why: String) {
        tracing::error!(%why, "safe mode: nothing is posted; see `masthead reconcile`");
        self.safe_mode = Some(why);
    }

    /// Why nothing may be posted until a person has reconciled store and ledger.
    pub fn safe_mode(&self) -> Option<&str> {
        self.safe_mode.as_deref()
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether somebody stopped all posting and nobody resumed it.
    pub fn halted(&self) -> Option<&str> {
        let decisive = self.entries.iter().rev().find_map(|entry| match &entry.record {
            Record::Halted { why } => Some(Some(why.as_str())),
            Record::Resumed { .. } => Some(None),
            _ => None,
        });
        decisive.flatten()
    }

    /// Why hidden ties and imitations are not told, where the rule about reversals stopped that and nobody
    /// has lifted it.
    pub fn namings_stopped(&self) -> Option<&str> {
        let decisive = self.entries.iter().rev().find_map(|entry| match &entry.record {
            Record::NamingsStopped { why } => Some(Some(why.as_str())),
            Record::NamingsResumed { .. } => Some(None),
            _ => None,
        });
        decisive.flatten()
    }

    /// Adds a record, fsynced before it returns.
    pub fn append(&mut self, now: DateTime<Utc>, record: Record) -> Result<(), LedgerError> {
        let Some(ledger) = &mut self.ledger else {
            return Err(LedgerError::Stopped { why: self.safe_mode.clone().unwrap_or_default() });
        };
        self.entries.push(ledger.append(now, record)?);
        Ok(())
    }

    /// Keeps the texts of a digest beside the ledger, before they are approved.
    pub fn keep_texts(&mut self, record: &DigestRecord) -> Result<(), LedgerError> {
        let digest = &record.digest;
        let end = crate::analysis::compose::closing(digest);
        digest.parts.iter().chain([&end]).try_for_each(|part| {
            let text = Text { salt: digest.salt.clone(), part: part.clone() };
            self.keep_text(digest.number, digest.rev, &text)
        })
    }

    /// Keeps one text beside the ledger.
    pub(super) fn keep_text(
        &mut self,
        digest: DigestNumber,
        rev: u32,
        text: &Text,
    ) -> Result<(), LedgerError> {
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.put_text(digest, rev, text))
    }

    /// The text of a part that was approved, `None` if it was erased.
    pub fn text(&self, digest: DigestNumber, rev: u32, part: u32) -> Result<Option<Text>, LedgerError> {
        self.ledger.as_ref().map_or(Ok(None), |ledger| ledger.text(digest, rev, part))
    }

    /// Keeps the particulars of a retraction beside the ledger, before the ledger has the reviewer's word.
    pub(super) fn keep_retraction(&mut self, seal: &str, retraction: &Retraction) -> Result<(), LedgerError> {
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.put_retraction(seal, retraction))
    }

    /// The particulars of a retraction by the seal of what it takes back, `None` if they were erased.
    pub(super) fn retraction(&self, seal: &str) -> Result<Option<Retraction>, LedgerError> {
        self.ledger.as_ref().map_or(Ok(None), |ledger| ledger.retraction(seal))
    }

    /// What the store has to take over from the ledger: a digest as the records have it, and the mark of
    /// how far it follows. In safe mode nothing, since the ledger is not this store's.
    pub fn to_follow(&self, store: &Store, digest: Option<DigestNumber>) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        if self.safe_mode.is_some() {
            return Ok(batch);
        }
        if let Some(record) = digest.map(|number| store.digest(number)).transpose()?.flatten() {
            let record = thread::replayed(&record, &self.entries);
            for finding in unsaid(store, &record)? {
                batch.put_finding(finding);
            }
            batch.put_digest(record);
        }
        if let Some(last) = self.entries.last() {
            batch.set_ledger_mark(LedgerMark { seq: last.seq, hash: last.hash.clone() });
        }
        Ok(batch)
    }

    /// Ends safe mode: the store is the ledger's from here on.
    pub(super) fn reconciled(&mut self, store: &Store, by: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.append(now, Record::Reconciled { store: store.id(), by: by.to_owned() })?;
        store.settle()?;
        self.safe_mode = None;
        Ok(store.commit(self.to_follow(store, None)?)?)
    }

    /// A chain that is broken is set aside, for whoever wants to know what happened to it; a new one begins.
    pub(super) fn start_over_if_broken(&mut self, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.ledger.is_some() {
            return Ok(());
        }
        let aside = Ledger::set_aside(&self.state_dir).context("set the broken ledger aside")?;
        tracing::warn!(moved_to = %aside.display(), "set a broken ledger aside");
        let opened = Ledger::open(&self.state_dir).context("begin a new ledger")?;
        (self.ledger, self.entries) = (Some(opened.ledger), opened.entries);
        self.append(now, Record::Opened { store: store.id() })?;
        Ok(())
    }

    /// The first number that no digest of this ledger has.
    pub fn next_number(&self, store: &Store) -> Result<DigestNumber, StoreError> {
        let said = self.entries.iter().filter_map(|entry| entry.record.digest()).map(|number| number.0).max();
        let next = store.next_digest_number()?;
        Ok(DigestNumber(next.0.max(said.map_or(1, |said| said + 1))))
    }
}

/// A store that is not the one which was here: what happened, and how to get the other one back.
fn came_up_empty(config: &Config, lost: &str, now: DateTime<Utc>) -> String {
    let way_out = match backup::newest(config, Of::Store(lost), now) {
        Some(newest) => format!("masthead restore --aside {}", newest.path.display()),
        None => "masthead restore --aside FILE, if there is a backup elsewhere".to_owned(),
    };
    format!(
        "store {lost} was here before this one: it was removed, or its files were damaged and the database began \
         anew; to have it back stop the service, then {way_out}"
    )
}

/// Findings of a digest that were not posted, since it was given up before or their part is withheld: they wait for
/// the next one.
fn unsaid(store: &Store, record: &DigestRecord) -> Result<Vec<Finding>, StoreError> {
    let is_given_up = matches!(record.state, DigestState::Closed { .. });
    let number = record.digest.number;
    let waiting = record.digest.parts.iter().zip(&record.parts).filter(|(_, state)| match state {
        PartState::Waiting => is_given_up,
        PartState::Withheld { .. } => true,
        _ => false,
    });
    let mut unsaid = Vec::new();
    for id in waiting.flat_map(|(part, _)| &part.findings) {
        let finding = store.finding(*id)?;
        let is_in_it = |finding: &Finding| matches!(finding.state, FindingState::InDigest { number: n, .. } if n == number);
        unsaid.extend(
            finding.filter(is_in_it).map(|finding| Finding { state: FindingState::Raised, ..finding }),
        );
    }
    Ok(unsaid)
}
