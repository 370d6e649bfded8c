//! Laying later records over earlier ones: fields are replaced, lists grow, `remove` takes out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::model::account::{Host, Network};
use crate::model::outlet::{Basis, Feed, ListedAccount, OutletId};

use super::fault::Fault;
use super::nearest::Suggestions;
use super::records::{RawExempt, RawMirror, RawOperator, RawOutlet, RawRecords};
use super::spans::{At, Spot};

/// Records of all files so far, each key once, in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub outlets: Vec<RawOutlet>,
    pub exempt: Vec<RawExempt>,
    pub mirrors: Vec<RawMirror>,
    pub operators: Vec<RawOperator>,
}

/// A record that a later one may change.
trait Overlay {
    type Key: Ord + Clone;
    fn key(&self) -> &Self::Key;
    fn place(&self) -> Spot;
    /// How messages name it.
    fn title(&self) -> String;
    fn remove(&self) -> &[At<String>];
    /// Takes an item out of every list that has it; false where none had.
    fn take_out(&mut self, item: &str) -> bool;
    /// Texts that could be taken out, for a suggestion.
    fn items(&self) -> Vec<&str>;
    fn overlay(&mut self, later: Self);
}

impl Merged {
    /// Lays the records of one file over what is there.
    pub fn add(&mut self, records: RawRecords, faults: &mut Vec<Fault>) {
        add(&mut self.outlets, records.outlets, faults);
        add(&mut self.exempt, records.exempt, faults);
        add(&mut self.mirrors, records.mirrors, faults);
        add(&mut self.operators, records.operators, faults);
    }
}

fn add<T: Overlay>(known: &mut Vec<T>, records: Vec<T>, faults: &mut Vec<Fault>) {
    let places = known.iter().enumerate().map(|(place, earlier)| (earlier.key().clone(), place));
    let mut places: BTreeMap<T::Key, usize> = places.collect();
    let mut suggestions = Suggestions::default();
    for record in records {
        let place = places.get(record.key()).copied();
        let Some(earlier) = place.and_then(|place| known.get_mut(place)) else {
            places.insert(record.key().clone(), known.len());
            for item in record.remove() {
                let fault = Fault::error("nothing to remove").at(item.spot).within(Some(record.place()));
                faults.push(fault.label(format!("no earlier file has {}", record.title())));
            }
            known.push(record);
            continue;
        };
        // Within one file a second record is a slip; across files it is how records are overridden.
        if earlier.place().file == record.place().file {
            let fault = Fault::error(format!("{} twice in one file", record.title())).at(record.place());
            faults.push(fault.label("the first one stands above").help("put both into one record"));
            continue;
        }
        for item in record.remove() {
            if !earlier.take_out(&item.value) {
                let fault = Fault::error("nothing to remove")
                    .at(item.spot)
                    .within(Some(record.place()))
                    .label(format!("{} has no such item", record.title()))
                    .expected("the url of a feed, the handle of an account, or the text of another item")
                    .hint(suggestions.did_you_mean(&item.value, earlier.items()));
                faults.push(fault);
            }
        }
        earlier.overlay(record);
    }
}

fn over<T>(field: &mut Option<At<T>>, later: Option<At<T>>) {
    if later.is_some() {
        *field = later;
    }
}

/// Adds items; one that is the same by `which` takes the place of the earlier one.
fn join<T, K: Ord>(list: &mut Vec<At<T>>, later: Vec<At<T>>, which: impl Fn(&T) -> K) {
    if later.is_empty() {
        return;
    }
    let mut places = BTreeMap::new();
    for (place, known) in list.iter().enumerate() {
        places.entry(which(&known.value)).or_insert(place);
    }
    for item in later {
        match places.entry(which(&item.value)) {
            Entry::Occupied(place) => list[*place.get()] = item,
            Entry::Vacant(free) => {
                free.insert(list.len());
                list.push(item);
            }
        }
    }
}

fn feed(feed: &Feed) -> String {
    feed.url.clone()
}

fn account(account: &ListedAccount) -> (Network, String) {
    (account.network, account.handle.to_ascii_lowercase())
}

fn basis(basis: &Basis) -> (String, String, Option<String>) {
    let Basis { by, says, source } = basis.clone();
    (by, says, source)
}

/// Drops items and says whether there were any.
fn drop_from<T>(list: &mut Vec<At<T>>, is_it: impl Fn(&T) -> bool) -> bool {
    let before = list.len();
    list.retain(|item| !is_it(&item.value));
    list.len() < before
}

fn texts<'a>(lists: &[&'a Vec<At<String>>]) -> Vec<&'a str> {
    lists.iter().flat_map(|list| list.iter().map(|item| item.value.as_str())).collect()
}

impl Overlay for RawOutlet {
    type Key = OutletId;

    fn key(&self) -> &OutletId {
        &self.id.value
    }

    fn place(&self) -> Spot {
        self.spot
    }

    fn title(&self) -> String {
        format!("outlet `{}`", self.id.value)
    }

    fn remove(&self) -> &[At<String>] {
        &self.remove
    }

    fn take_out(&mut self, item: &str) -> bool {
        let is_item = |text: &String| text == item;
        let account = |account: &ListedAccount| account.handle.eq_ignore_ascii_case(item);
        // Every list is looked through: `|` does not stop at the first that had it.
        drop_from(&mut self.feeds, |feed: &Feed| feed.url == item)
            | drop_from(&mut self.accounts, account)
            | drop_from(&mut self.domains, |domain: &Host| domain.as_str() == item)
            | drop_from(&mut self.parents, |parent: &OutletId| parent.as_str() == item)
            | drop_from(&mut self.control_basis, |basis: &Basis| basis.says == item)
            | drop_from(&mut self.aliases, is_item)
            | drop_from(&mut self.bylines, is_item)
            | drop_from(&mut self.sources, is_item)
            | drop_from(&mut self.unverified, is_item)
    }

    fn items(&self) -> Vec<&str> {
        let mut items = texts(&[&self.aliases, &self.bylines, &self.sources, &self.unverified]);
        items.extend(self.feeds.iter().map(|feed| feed.value.url.as_str()));
        items.extend(self.accounts.iter().map(|account| account.value.handle.as_str()));
        items.extend(self.domains.iter().map(|domain| domain.value.as_str()));
        items.extend(self.parents.iter().map(|parent| parent.value.as_str()));
        items
    }

    fn overlay(&mut self, later: RawOutlet) {
        over(&mut self.name, later.name);
        over(&mut self.native_name, later.native_name);
        over(&mut self.country, later.country);
        over(&mut self.owner, later.owner);
        over(&mut self.control, later.control);
        over(&mut self.system, later.system);
        over(&mut self.enabled, later.enabled);
        join(&mut self.aliases, later.aliases, String::clone);
        join(&mut self.control_basis, later.control_basis, basis);
        join(&mut self.parents, later.parents, OutletId::clone);
        join(&mut self.domains, later.domains, Host::clone);
        join(&mut self.bylines, later.bylines, String::clone);
        join(&mut self.feeds, later.feeds, feed);
        join(&mut self.accounts, later.accounts, account);
        join(&mut self.sources, later.sources, String::clone);
        join(&mut self.unverified, later.unverified, String::clone);
        self.spot = later.spot;
    }
}

impl Overlay for RawExempt {
    type Key = OutletId;

    fn key(&self) -> &OutletId {
        &self.id.value
    }

    fn place(&self) -> Spot {
        self.spot
    }

    fn title(&self) -> String {
        format!("not_state_controlled `{}`", self.id.value)
    }

    fn remove(&self) -> &[At<String>] {
        &self.remove
    }

    fn take_out(&mut self, item: &str) -> bool {
        drop_from(&mut self.feeds, |feed: &Feed| feed.url == item)
            | drop_from(&mut self.domains, |domain: &Host| domain.as_str() == item)
            | drop_from(&mut self.sources, |source: &String| source == item)
    }

    fn items(&self) -> Vec<&str> {
        let domains = self.domains.iter().map(|domain| domain.value.as_str());
        let feeds = self.feeds.iter().map(|feed| feed.value.url.as_str());
        texts(&[&self.sources]).into_iter().chain(domains).chain(feeds).collect()
    }

    fn overlay(&mut self, later: RawExempt) {
        over(&mut self.name, later.name);
        over(&mut self.country, later.country);
        over(&mut self.classification, later.classification);
        over(&mut self.smm_code, later.smm_code);
        over(&mut self.note, later.note);
        join(&mut self.domains, later.domains, Host::clone);
        join(&mut self.feeds, later.feeds, feed);
        join(&mut self.sources, later.sources, String::clone);
        self.spot = later.spot;
    }
}

impl Overlay for RawMirror {
    type Key = Host;

    fn key(&self) -> &Host {
        &self.host.value
    }

    fn place(&self) -> Spot {
        self.spot
    }

    fn title(&self) -> String {
        format!("mirror_host `{}`", self.host.value)
    }

    fn remove(&self) -> &[At<String>] {
        &self.remove
    }

    fn take_out(&mut self, item: &str) -> bool {
        let is_item = |text: &String| text == item;
        drop_from(&mut self.sources, is_item) | drop_from(&mut self.unverified, is_item)
    }

    fn items(&self) -> Vec<&str> {
        texts(&[&self.sources, &self.unverified])
    }

    fn overlay(&mut self, later: RawMirror) {
        over(&mut self.kind, later.kind);
        over(&mut self.consent, later.consent);
        over(&mut self.tell, later.tell);
        over(&mut self.note, later.note);
        join(&mut self.sources, later.sources, String::clone);
        join(&mut self.unverified, later.unverified, String::clone);
        self.spot = later.spot;
    }
}

impl Overlay for RawOperator {
    type Key = OutletId;

    fn key(&self) -> &OutletId {
        &self.id.value
    }

    fn place(&self) -> Spot {
        self.spot
    }

    fn title(&self) -> String {
        format!("operator `{}`", self.id.value)
    }

    fn remove(&self) -> &[At<String>] {
        &self.remove
    }

    fn take_out(&mut self, item: &str) -> bool {
        let is_item = |text: &String| text == item;
        drop_from(&mut self.aliases, is_item)
            | drop_from(&mut self.marks, is_item)
            | drop_from(&mut self.sources, is_item)
            | drop_from(&mut self.unverified, is_item)
    }

    fn items(&self) -> Vec<&str> {
        texts(&[&self.aliases, &self.marks, &self.sources, &self.unverified])
    }

    fn overlay(&mut self, later: RawOperator) {
        over(&mut self.name, later.name);
        over(&mut self.owner_outlet, later.owner_outlet);
        over(&mut self.says, later.says);
        join(&mut self.aliases, later.aliases, String::clone);
        join(&mut self.marks, later.marks, String::clone);
        join(&mut self.sources, later.sources, String::clone);
        join(&mut self.unverified, later.unverified, String::clone);
        self.spot = later.spot;
    }
}
