//! Sifting: of some frames those events that concern known accounts, and those that lead to others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::analysis::fold::letters_into;
use crate::analysis::reuse::PrintFilter;
use crate::analysis::sieve::{Reason, Sieve};
use crate::config::Config;
use crate::model::account::{AccountId, Network};
use crate::model::assessment::Relation;
use crate::model::dossier::AccountRecord;
use crate::model::outlet::OutletId;
use crate::model::status::{Status, StatusUri};
use crate::model::target::Rejected;
use crate::sources::jetstream::{self, Change, Event, What, Written};
use crate::store::{Store, StoreError, TreeName, unless_damaged};

/// Of one batch of frames so many that cannot be read are kept for a person: they are alike.
const MOST_REJECTED: usize = 5;

/// A frame as it came.
#[derive(Debug, Clone)]
pub enum Frame {
    Text(Vec<u8>),
    Binary(Vec<u8>),
}

impl Frame {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Frame::Text(bytes) | Frame::Binary(bytes) => bytes,
        }
    }
}

/// With what frames are looked at. It is made anew when the store has other accounts or judges them otherwise.
#[derive(Debug)]
pub struct Readers {
    sieve: Arc<Sieve>,
    filter: Arc<RwLock<PrintFilter>>,
    /// Accounts on Bluesky that are read, by id.
    known: Arc<HashMap<String, Arc<AccountRecord>>>,
    official: BTreeMap<String, OutletId>,
    accounts: u64,
    assessments: u64,
}

/// What some frames brought.
#[derive(Debug, Default)]
pub struct Sifted {
    /// The times of the first event and of the newest, no later than our own.
    pub(super) first: Option<DateTime<Utc>>,
    pub(super) last: Option<DateTime<Utc>>,
    pub(super) events: u64,
    /// Of known accounts, in the order in which it happened.
    pub(super) news: Vec<(Arc<AccountRecord>, DateTime<Utc>, News)>,
    /// Accounts that nobody knows and that give a reason to look.
    pub(super) leads: Vec<(AccountId, DateTime<Utc>, Reason)>,
    /// Posts of others that may be copies, and what else speaks for a look at their authors.
    pub(super) suspects: Vec<(AccountId, DateTime<Utc>, String, Option<Reason>)>,
    pub(super) rejected: Vec<Rejected>,
}

/// What a known account did.
#[derive(Debug)]
pub(super) enum News {
    Posted(Box<Status>),
    Edited(Box<Status>),
    Deleted(StatusUri),
    /// It is another one now, somehow: how, its profile tells.
    Changed,
}

impl Sifted {
    pub fn is_empty(&self) -> bool {
        self.news.is_empty() && self.leads.is_empty() && self.suspects.is_empty() && self.rejected.is_empty()
    }

    /// How many events may matter.
    pub fn concerns(&self) -> usize {
        self.news.len() + self.leads.len() + self.suspects.len()
    }

    /// How many cannot be read, as far as they are kept.
    pub fn cannot_be_read(&self) -> usize {
        self.rejected.len()
    }

    fn reject(&mut self, frame: &Frame, why: String) {
        if self.rejected.len() < MOST_REJECTED {
            self.rejected.push(jetstream::rejected(frame.bytes(), why));
        }
    }
}

impl Readers {
    /// As the store has it now.
    ///
    /// # Errors
    /// The store's.
    pub fn of(
        store: &Store,
        config: &Config,
        filter: Arc<RwLock<PrintFilter>>,
    ) -> Result<Readers, StoreError> {
        let (accounts, assessments) = counters(store);
        let known = known(store, config)?;
        let official = official(store, config, &known)?;
        let sieve = Arc::new(Sieve::new(&config.watchlist, official.clone()));
        Ok(Readers { sieve, filter, known: Arc::new(known), official, accounts, assessments })
    }

    /// The same, or another one where the store has changed.
    pub fn renewed(self: Arc<Readers>, store: &Store, config: &Config) -> Result<Arc<Readers>, StoreError> {
        let (accounts, assessments) = counters(store);
        if (accounts, assessments) == (self.accounts, self.assessments) {
            return Ok(self);
        }
        let known = match accounts == self.accounts {
            true => self.known.clone(),
            false => Arc::new(known(store, config)?),
        };
        let official = official(store, config, &known)?;
        let sieve = match official == self.official {
            true => self.sieve.clone(),
            false => Arc::new(Sieve::new(&config.watchlist, official.clone())),
        };
        let filter = self.filter.clone();
        Ok(Arc::new(Readers { sieve, filter, known, official, accounts, assessments }))
    }
}

fn counters(store: &Store) -> (u64, u64) {
    (store.changes_of(TreeName::Accounts), store.changes_of(TreeName::Assessments))
}

fn known(store: &Store, config: &Config) -> Result<HashMap<String, Arc<AccountRecord>>, StoreError> {
    let accounts = store.accounts()?.into_iter();
    let ours = accounts.filter(|account| account.id.network == Network::Bluesky);
    let read = ours.filter(|account| !config.leaves_account_alone(account));
    Ok(read.map(|account| (account.id.uri.clone(), account)).collect())
}

/// The outlets' own accounts among them: whoever mentions one names its outlet.
fn official(
    store: &Store,
    config: &Config,
    known: &HashMap<String, Arc<AccountRecord>>,
) -> Result<BTreeMap<String, OutletId>, StoreError> {
    let mut official = BTreeMap::new();
    for (did, account) in known {
        let is_it = |acct: Option<_>| acct.is_some_and(|acct| account.acct.is_same(&acct));
        if let Some(listing) = config.listings.iter().find(|listing| is_it(listing.account.acct())) {
            official.insert(did.clone(), listing.outlet.clone());
            continue;
        }
        let mark = unless_damaged(store.assessment_mark(&account.id))?;
        let is_official =
            mark.is_some_and(|it| matches!(it.relation, Relation::Official | Relation::Attested));
        if is_official && let Some(assessment) = unless_damaged(store.assessment(&account.id))? {
            official.insert(did.clone(), assessment.outlet);
        }
    }
    Ok(official)
}

/// Looks at frames one by one. `now` is ours: nobody takes us into the future.
pub fn sift(readers: &Readers, config: &Config, frames: &[Frame], now: DateTime<Utc>) -> Sifted {
    let mut sifted = Sifted::default();
    let mut letters = String::new();
    let filter = readers.filter.read().unwrap_or_else(PoisonError::into_inner);
    for frame in frames {
        let bytes = match frame {
            Frame::Text(bytes) => bytes,
            Frame::Binary(_) => {
                sifted.reject(frame, "it is bytes; expected text".to_owned());
                continue;
            }
        };
        let event = match jetstream::parse(bytes) {
            Ok(event) => event,
            Err(rejected) => {
                if sifted.rejected.len() < MOST_REJECTED {
                    sifted.rejected.push(rejected);
                }
                continue;
            }
        };
        let at = event.at.min(now);
        sifted.first = sifted.first.or(Some(at));
        sifted.last = sifted.last.max(Some(at));
        sifted.events += 1;
        if config.bluesky.opt_out.contains(&*event.did) {
            continue;
        }
        let looked = match readers.known.get(&*event.did) {
            Some(account) => of_known(&mut sifted, account, &event, at),
            None => of_other(&mut sifted, readers, config, (&filter, &mut letters), &event, at),
        };
        if let Err(why) = looked {
            sifted.reject(frame, why);
        }
    }
    sifted
}

fn of_known(
    sifted: &mut Sifted,
    account: &Arc<AccountRecord>,
    event: &Event<'_>,
    at: DateTime<Utc>,
) -> Result<(), String> {
    let news = match &event.what {
        What::Other => return Ok(()),
        What::Profile(_) | What::Identity { .. } | What::Account { .. } => News::Changed,
        What::Post { rkey, change: Change::Gone } => {
            let uri = jetstream::uri(&event.did, rkey).ok_or("its key leads nowhere")?;
            News::Deleted(uri)
        }
        What::Post { rkey, change: Change::Made(written) } => {
            News::Posted(Box::new(written.status(&event.did, rkey, at)?))
        }
        What::Post { rkey, change: Change::Edited(written) } => {
            News::Edited(Box::new(written.status(&event.did, rkey, at)?))
        }
    };
    sifted.news.push((account.clone(), at, news));
    Ok(())
}

/// Somebody whom nobody knows: most of what is posted, and it is dropped right here.
fn of_other(
    sifted: &mut Sifted,
    readers: &Readers,
    config: &Config,
    scratch: (&PrintFilter, &mut String),
    event: &Event<'_>,
    at: DateTime<Utc>,
) -> Result<(), String> {
    let watchlist = &config.watchlist;
    let bears_name = match &event.what {
        What::Post { rkey, change: Change::Made(written) } => {
            return post(sifted, readers, config, scratch, (event, rkey, *written), at);
        }
        What::Profile(Change::Made(written) | Change::Edited(written)) => {
            let shown = written.shown()?;
            let links = shown.links.iter().map(String::as_str);
            readers.sieve.bears_name(&shown.display_name, None, links, watchlist)
        }
        What::Identity { handle: Some(handle) } => {
            readers.sieve.bears_name("", Some(handle), std::iter::empty(), watchlist)
        }
        _ => false,
    };
    if bears_name {
        sifted.leads.push((AccountId::bluesky(&*event.did), at, Reason::BearsName));
    }
    Ok(())
}

fn post(
    sifted: &mut Sifted,
    readers: &Readers,
    config: &Config,
    (filter, letters): (&PrintFilter, &mut String),
    (event, rkey, written): (&Event<'_>, &str, Written<'_>),
    at: DateTime<Utc>,
) -> Result<(), String> {
    // Whoever answers others says nothing of himself by that.
    let Some(glance) = written.glance().filter(|glance| !glance.is_reply) else { return Ok(()) };
    letters_into(&glance.text, letters);
    let outlets = readers.sieve.may_concern(written.bytes(), &glance.text, letters);
    let may_be_copy = filter.lets_pass(&glance.text, letters);
    if outlets.is_empty() && !may_be_copy {
        return Ok(());
    }
    let outlets: BTreeSet<OutletId> = outlets.into_iter().cloned().collect();
    let status = written.status(&event.did, rkey, at)?;
    let reason = match outlets.is_empty() {
        true => None,
        false => readers.sieve.reason(&status, outlets.into_iter(), &config.watchlist),
    };
    let id = AccountId::bluesky(&*event.did);
    match reason {
        _ if may_be_copy => sifted.suspects.push((id, at, status.text, reason)),
        Some(reason) => sifted.leads.push((id, at, reason)),
        None => {}
    }
    Ok(())
}
