//! `[[account]]` and the accounts in outlets' records, joined: each once, and what they point to exists.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::Network;
use crate::model::dossier::Listing;
use crate::model::outlet::{ListedAccount, OutletId};
use crate::model::watchlist::Watchlist;

use super::fault::{Fault, Level};
use super::nearest::Suggestions;
use super::raw::{RawConfig, given};
use super::records::{is_read, web_address};
use super::spans::{At, Spot};
use super::watchlist::Extent;

/// Ids that `[[account]]` may point to, also of records with faults of their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub ids: &'a BTreeSet<&'a OutletId>,
    pub extent: Extent,
}

/// `[[account]]`, then accounts in records of outlets that are switched on, each once.
pub(super) fn listings(
    raw: &RawConfig,
    watchlist: &Watchlist,
    known: Known<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<Listing> {
    let mut listings: Vec<Listing> = Vec::new();
    let mut switched_off: Vec<Listing> = Vec::new();
    let mut suggestions = Suggestions::default();
    for At { value: account, spot } in &raw.accounts {
        let known_faults = faults.len();
        if let Some(fault) =
            super::handles::fault(account.network, &account.handle, Some(&account.outlet.value))
        {
            faults.push(fault.within(Some(*spot)));
        }
        if let Some(proof) = given(&account.proof).filter(|proof| web_address(&proof.value).is_none()) {
            let fault = Fault::error("proof that is not a page").at(proof.spot).within(Some(*spot));
            faults.push(fault.label("nothing to fetch").expected("an address that starts with https://"));
        }
        let id = known.outlet(&account.outlet, *spot, &mut suggestions, faults);
        if !account.enabled {
            // What is switched off keeps nothing from running: it is told, and may be wrong.
            faults[known_faults..].iter_mut().for_each(|fault| fault.level = Level::Warning);
        }
        let Some(id) = id else { continue };
        let listing = Listing {
            account: ListedAccount {
                network: account.network,
                handle: account.handle.value.clone(),
                confirmed: false,
                seen_in: None,
                proof: given(&account.proof).map(|proof| proof.value.clone()),
            },
            outlet: id,
        };
        match account.enabled {
            true => listings.push(listing),
            false => switched_off.push(listing),
        }
    }
    listings.retain(|listing| watchlist.outlet(&listing.outlet).is_some_and(|outlet| outlet.enabled));
    let switched_off: BTreeSet<_> = switched_off.iter().map(which).collect();
    // Of several that are the same account the first one counts.
    let mut places = BTreeMap::new();
    for (place, listing) in listings.iter().enumerate() {
        places.entry(which(listing)).or_insert(place);
    }
    for outlet in watchlist.enabled() {
        for account in outlet.accounts.iter().filter(|account| is_read(account.network)) {
            let listing = Listing { outlet: outlet.id.clone(), account: account.clone() };
            let which = which(&listing);
            if switched_off.contains(&which) {
                continue;
            }
            match places.get(&which) {
                Some(place) => complete(&mut listings[*place].account, account),
                None => {
                    places.insert(which, listings.len());
                    listings.push(listing);
                }
            }
        }
    }
    listings
}

/// What tells one listing from others: handles are the same in capitals.
fn which(listing: &Listing) -> (OutletId, Network, String) {
    let ListedAccount { network, handle, .. } = &listing.account;
    (listing.outlet.clone(), *network, handle.to_ascii_lowercase())
}

/// What `[[account]]` leaves open, the record of the outlet may say.
fn complete(known: &mut ListedAccount, record: &ListedAccount) {
    known.confirmed |= record.confirmed;
    known.seen_in = known.seen_in.take().or_else(|| record.seen_in.clone());
    known.proof = known.proof.take().or_else(|| record.proof.clone());
}

impl Known<'_> {
    fn outlet(
        self,
        text: &At<String>,
        record: Spot,
        suggestions: &mut Suggestions,
        faults: &mut Vec<Fault>,
    ) -> Option<OutletId> {
        let id = OutletId::parse(&text.value).filter(|id| self.ids.contains(id));
        if id.is_none() && self.extent == Extent::Whole {
            let fault = Fault::error("outlet that does not exist").at(text.spot).within(Some(record));
            let fault = fault.label("no record has this id").expected("an id from `masthead outlets`");
            let known = self.ids.iter().map(|id| id.as_str());
            faults.push(fault.hint(suggestions.did_you_mean(&text.value, known)));
        }
        id
    }
}
