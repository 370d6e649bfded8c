//! Clippings: publishers' items and accounts' statuses indexed in memory, so that each new one is compared with the others.
//!
//! What is found is stored as a match when it is found, since the index forgets. The index holds
//! fingerprints only; texts are read from the store where fingerprints meet.

mod carried;
mod forget;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, RwLock};

use chrono::{DateTime, Duration, Utc};

use crate::analysis::attribution;
use crate::analysis::controls::{Output, base_rates};
use crate::analysis::coposting;
use crate::analysis::copying::{Attributed, attributed, clipped, is_own};
use crate::analysis::corpus::{Choice, CoGroup, Corpus, Selection, SharedStatus};
use crate::analysis::domains;
use crate::analysis::reuse::{Look, Prepared, PrintFilter, ReuseIndex, compare};
use crate::analysis::sites::Sites;
use crate::config::Config;
use crate::model::account::{AccountId, Acct, Host};
use crate::model::assessment::Relation;
use crate::model::item::{Item, ItemId};
use crate::model::outlet::OutletId;
use crate::model::reuse::{Order, Reuse, ReuseKind};
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::watchlist::Watchlist;
use crate::store::{Batch, Store, StoreError, TreeName, unless_damaged};

/// Items and statuses seen within this time are compared with new ones: copies come within hours or days.
pub const INDEXED_FOR: Duration = Duration::days(45);
/// Co-posting is looked for among what was chosen within this time.
const CHOSEN_WITHIN: Duration = Duration::days(60);

/// What is kept in memory of all that was read.
#[derive(Debug, Default)]
pub struct Clippings {
    items: ReuseIndex<ItemId>,
    /// The same in a few bits, for those who look at very many texts and must not wait for this.
    filter: Arc<RwLock<PrintFilter>>,
    statuses: ReuseIndex<StatusKey>,
    /// Every match, by account.
    reuse: BTreeMap<AccountId, Vec<Reuse>>,
    /// When items were seen, by publisher.
    published: coposting::Published,
    /// What each account posted of its own within the time of the index.
    outputs: BTreeMap<AccountId, Output>,
    /// The registrable domains that each account's posts link to.
    linked: BTreeMap<AccountId, BTreeSet<Host>>,
    corpus: Arc<Corpus>,
    /// Statuses in the index, in the order in which they came.
    indexed: VecDeque<(DateTime<Utc>, StatusKey)>,
    /// What texts of others carried when they were last compared with all items.
    looked: HashMap<String, (Look, Option<OutletId>)>,
    /// Something came in since the corpus was made.
    is_stale: bool,
    /// As of when the corpus has the marks of sites.
    sites_as_of: Option<u64>,
    /// Counts the items that came in.
    edition: u64,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Compared {
    /// The matches, to be written.
    pub batch: Batch,
    /// Whose matches they are: they are to be judged.
    pub accounts: BTreeSet<AccountId>,
}

/// A status among those of all accounts.
type StatusKey = (AccountId, StatusUri);

/// What a pass brought in.
#[derive(Debug, Default)]
pub struct Fresh {
    pub items: Vec<Item>,
    pub statuses: Vec<(AccountId, SeenStatus)>,
    /// The followers of somebody were counted.
    pub has_counted_followers: bool,
}

impl Fresh {
    pub fn extend(&mut self, other: Fresh) {
        self.items.extend(other.items);
        self.statuses.extend(other.statuses);
        self.has_counted_followers |= other.has_counted_followers;
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.statuses.is_empty() && !self.has_counted_followers
    }
}

impl Clippings {
    /// Reads the store, compares what was not compared yet, and returns what has to be written for that: a
    /// kill between a poll and its comparison loses nothing.
    pub fn open(
        store: &Store,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(Clippings, Batch), StoreError> {
        let mut clippings = Clippings { is_stale: true, ..Clippings::default() };
        let mut fresh = Fresh { items: store.items()?, ..Fresh::default() };
        fresh.items.retain(|item| now - item.first_seen <= INDEXED_FOR);
        for account in store.accounts()? {
            let reuse = store.reuse(&account.id)?;
            if !reuse.is_empty() {
                clippings.reuse.insert(account.id.clone(), reuse);
            }
            let mut statuses = store.statuses(&account.id)?;
            statuses.retain(|seen| now - seen.first_seen <= INDEXED_FOR);
            fresh
                .statuses
                .extend(statuses.into_iter().map(|seen| (account.id.clone(), Arc::unwrap_or_clone(seen))));
        }
        // What is too old is taken off the front.
        fresh.statuses.sort_by_key(|(_, seen)| seen.first_seen);
        let Compared { mut batch, .. } = clippings.take(store, fresh, config)?;
        batch.extend(clippings.read_anew(store, &config.watchlist)?);
        Ok((clippings, batch))
    }

    /// Reads all matches anew by another watchlist: who is credited depends on the names and accounts in it. What
    /// comes back is to be written; all accounts are to be judged.
    pub fn read_anew(&mut self, store: &Store, watchlist: &Watchlist) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for (account, reuse) in &mut self.reuse {
            for reuse in reuse {
                let Some(seen) = unless_damaged(store.status(account, &reuse.status))? else { continue };
                let publisher = &reuse.publisher;
                let is_known = watchlist.outlet(publisher).is_some() || watchlist.is_exempt(publisher);
                // Of a text that was deleted, or a publisher that nobody knows any more, nothing can be learned.
                if seen.status.text.is_empty() || !is_known {
                    continue;
                }
                let credit = attribution::credit(&seen.status, &reuse.publisher, watchlist);
                if credit != reuse.credit {
                    reuse.credit = credit;
                    batch.put_reuse(account, reuse.clone());
                }
            }
        }
        self.looked.clear();
        self.is_stale = true;
        Ok(batch)
    }

    /// The matches of one account, as they stand in the store once what was found is written.
    pub fn reuse_of(&self, account: &AccountId) -> &[Reuse] {
        self.reuse.get(account).map_or(&[], Vec::as_slice)
    }

    /// Compares what is new with what is there, both ways; what comes back is to be written, and its
    /// accounts are to be judged.
    pub fn take(&mut self, store: &Store, fresh: Fresh, config: &Config) -> Result<Compared, StoreError> {
        let mut matched = Vec::new();
        for item in &fresh.items {
            let prepared = Prepared::of_item(item);
            for key in self.statuses.candidates(&prepared) {
                if let Some(seen) = unless_damaged(store.status(&key.0, &key.1))? {
                    matched.extend(clip(&key.0, &seen, item, &config.watchlist));
                }
            }
            self.items.insert(item.id.clone(), &prepared);
            self.note(&prepared);
            self.edition += 1;
            self.published
                .entry(item.publisher.clone())
                .or_default()
                .insert(item.id.clone(), item.first_seen);
        }
        for (account, seen) in &fresh.statuses {
            if !is_own(seen) {
                continue;
            }
            let output = self.outputs.entry(account.clone()).or_default();
            output.posts += 1;
            seen.status
                .language
                .iter()
                .for_each(|language| *output.languages.entry(language.clone()).or_default() += 1);
            let prepared = Prepared::of(&seen.status.text);
            for item in self.like(store, &prepared)? {
                matched.extend(clip(account, seen, &item, &config.watchlist));
            }
            self.linked.entry(account.clone()).or_default().extend(domains::of_post(&seen.status));
            let key = (account.clone(), seen.status.uri.clone());
            self.statuses.insert(key.clone(), &prepared);
            self.indexed.push_back((seen.first_seen, key));
        }
        // Items that nobody copied change nothing that can be judged; what they add is counted with the next match.
        let is_new_feed = |item: &Item| !self.corpus.read_since.contains_key(&item.publisher);
        let tells_more = fresh.has_counted_followers || fresh.items.iter().any(is_new_feed);
        self.is_stale |= !matched.is_empty() || tells_more;
        let mut compared = Compared::default();
        for (account, reuse) in matched {
            self.keep(account, reuse, &mut compared);
        }
        Ok(compared)
    }

    /// The picture of all accounts together, made anew when something changed, and the accounts whose group
    /// changed with it.
    pub fn corpus(
        &mut self,
        store: &Store,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(Arc<Corpus>, BTreeSet<AccountId>), StoreError> {
        let sites_now = store.changes_of(TreeName::Sites);
        let sites = match self.sites_as_of == Some(sites_now) && !self.is_stale {
            true => self.corpus.sites.clone(),
            false => Arc::new(Sites::of(&store.sites()?, &config.watchlist)),
        };
        self.sites_as_of = Some(sites_now);
        if !self.is_stale {
            if sites != self.corpus.sites {
                Arc::make_mut(&mut self.corpus).sites = sites;
            }
            return Ok((self.corpus.clone(), BTreeSet::new()));
        }
        self.forget(now);
        let watchlist = &config.watchlist;
        let mut read_since: BTreeMap<OutletId, DateTime<Utc>> = BTreeMap::new();
        for feed in store.feeds()? {
            let since = read_since.entry(feed.publisher).or_insert(feed.first_read);
            *since = feed.first_read.min(*since);
        }
        let mut selections = Vec::new();
        // Nobody can carry as this publisher's what another had first.
        let mut published = self.published.clone();
        for (account, reuse) in &self.reuse {
            let judged = unless_damaged(store.assessment_mark(account))?;
            let is_mirror = judged.is_some_and(|judged| judged.relation == Relation::Mirror);
            let Some(record) = unless_damaged(store.account(account))?.filter(|_| !is_mirror) else {
                continue;
            };
            let systems = attributed(reuse, watchlist);
            let others = systems.values().flat_map(|found| &found.others);
            others.for_each(|reuse| {
                published.get_mut(&reuse.publisher).map(|items| items.remove(&reuse.item));
            });
            selections.extend(selections_of(account, &record.acct, systems, now));
        }
        let groups = coposting::groups(&selections, &published);
        let base_rates = base_rates(self.controls(store)?.iter());
        let accounts = store.accounts()?;
        let mut domains: BTreeMap<Host, u32> = BTreeMap::new();
        for account in &accounts {
            let mut linked = domains::of_profile(&account.latest.profile);
            linked.extend(self.linked.get(&account.id).into_iter().flatten().cloned());
            linked.into_iter().for_each(|domain| *domains.entry(domain).or_default() += 1);
        }
        let accounts = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        let audiences = store.audiences()?;
        let corpus = Corpus { read_since, groups, base_rates, domains, accounts, audiences, sites };
        let changed = regrouped(&self.corpus, &corpus);
        self.corpus = Arc::new(corpus);
        self.is_stale = false;
        Ok((self.corpus.clone(), changed))
    }

    /// Changes with every item that comes in.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// Whether something came in since the corpus was made.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// The items of which a text may be a copy.
    fn like(&self, store: &Store, prepared: &Prepared) -> Result<Vec<Item>, StoreError> {
        let candidates = self.items.candidates(prepared).into_iter();
        candidates.filter_map(|id| unless_damaged(store.item(&id)).transpose()).collect()
    }

    /// Keeps a match unless an earlier item of the same publisher is known for the status.
    fn keep(&mut self, account: AccountId, reuse: Reuse, compared: &mut Compared) {
        let mine = self.reuse.entry(account.clone()).or_default();
        let is_same = |known: &Reuse| (&known.status, &known.publisher) == (&reuse.status, &reuse.publisher);
        if let Some(place) = mine.iter().position(is_same) {
            if !precedes(&reuse, &mine[place]) {
                return;
            }
            compared.batch.remove_reuse(&account, &mine.swap_remove(place));
        }
        mine.push(reuse.clone());
        compared.batch.put_reuse(&account, reuse);
        compared.accounts.insert(account);
    }

    /// What accounts post that nothing ties to any outlet: suspects and outlets would hide themselves.
    fn controls(&self, store: &Store) -> Result<Vec<Output>, StoreError> {
        let mut controls = Vec::new();
        for (account, output) in &self.outputs {
            let copies = self.reuse.get(account).into_iter().flatten();
            let copies = copies.filter(|reuse| reuse.kind == ReuseKind::Copy).count();
            let is_tied = copies > 0
                && unless_damaged(store.assessment_mark(account))?
                    .is_some_and(|assessment| assessment.relation != Relation::Unrelated);
            if !is_tied {
                controls.push(Output { copies: u32::try_from(copies).unwrap_or(u32::MAX), ..output.clone() });
            }
        }
        Ok(controls)
    }
}

/// Compares one status with one item.
fn clip(
    account: &AccountId,
    seen: &SeenStatus,
    item: &Item,
    watchlist: &Watchlist,
) -> Option<(AccountId, Reuse)> {
    let found = compare(&Prepared::of(&seen.status.text), &Prepared::of_item(item))?;
    let credit = attribution::credit(&seen.status, &item.publisher, watchlist);
    Some((account.clone(), clipped(seen, item, found, credit)))
}

/// Whether a match tells more than another of the same status and publisher: a copy more than a quotation, an
/// earlier item more than a later one.
fn precedes(one: &Reuse, other: &Reuse) -> bool {
    (one.kind, one.item_seen, &one.item) < (other.kind, other.item_seen, &other.item)
}

/// What an account chose of each system's items: copies of which we know that the publisher was first.
fn selections_of(
    account: &AccountId,
    acct: &Acct,
    systems: BTreeMap<String, Attributed>,
    now: DateTime<Utc>,
) -> Vec<Selection> {
    let chosen = |reuse: &&&Reuse| {
        reuse.kind == ReuseKind::Copy
            && reuse.order == Order::PublisherFirst
            && now - reuse.item_seen <= CHOSEN_WITHIN
    };
    let choice = |reuse: &&Reuse| {
        let status = SharedStatus {
            url: reuse.status_url.clone(),
            seen_at: reuse.status_seen,
            sha256: reuse.status_sha256.clone(),
        };
        let derived = reuse.derived.clone().filter(|_| !reuse.credit.is_honest());
        (reuse.item.clone(), Choice { derived, status })
    };
    let systems = systems.into_iter();
    systems
        .map(|(system, found)| Selection {
            account: account.clone(),
            acct: acct.clone(),
            system,
            choices: found.mine.iter().filter(chosen).map(choice).collect(),
        })
        .filter(|selection| !selection.choices.is_empty())
        .collect()
}

/// The members of groups that are not the same as before.
fn regrouped(before: &Corpus, after: &Corpus) -> BTreeSet<AccountId> {
    let is_new = |group: &&CoGroup| {
        !before.groups.iter().any(|known| (&known.system, &known.members) == (&group.system, &group.members))
    };
    let was =
        before.groups.iter().filter(|group| !after.groups.iter().any(|now| now.members == group.members));
    let now = after.groups.iter().filter(is_new);
    was.chain(now).flat_map(|group| group.members.keys().cloned()).collect()
}
