//! Merged records as the watchlist of the passes, and what must hold between them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::Host;
use crate::model::outlet::{Control, ExemptPublisher, MirrorHost, Operator, Outlet, OutletId};
use crate::model::watchlist::Watchlist;

use super::fault::Fault;
use super::merge::Merged;
use super::nearest::Suggestions;
use super::records::{RawExempt, RawMirror, RawOperator, RawOutlet};
use super::spans::{At, Spot};

/// Whether every file could be read, so that what is not there is really missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Partial,
}

/// Turns records into the watchlist; a record with a fault is left out.
pub(super) fn build(merged: &Merged, extent: Extent, faults: &mut Vec<Fault>) -> Watchlist {
    for outlet in &merged.outlets {
        faults.extend(outlet.domains.iter().filter_map(|domain| too_wide(domain, outlet.spot)));
    }
    if extent == Extent::Whole {
        references(merged, faults);
    }
    let outlets = merged.outlets.iter().filter_map(|raw| outlet(raw, faults));
    let outlets = outlets.map(|outlet| (outlet.id.clone(), outlet)).collect();
    Watchlist {
        outlets,
        operators: merged.operators.iter().filter_map(|raw| operator(raw, faults)).collect(),
        mirror_hosts: merged.mirrors.iter().filter_map(|raw| mirror(raw, faults)).collect(),
        exempt: merged.exempt.iter().filter_map(|raw| exempt(raw, faults)).collect(),
    }
}

fn outlet(raw: &RawOutlet, faults: &mut Vec<Fault>) -> Option<Outlet> {
    let title = format!("outlet `{}`", raw.id.value);
    let name = needed(&raw.name, "name", &title, raw.spot, faults);
    let country = needed(&raw.country, "country", &title, raw.spot, faults);
    Some(Outlet {
        id: raw.id.value.clone(),
        name: name?,
        native_name: written(&raw.native_name),
        aliases: values(&raw.aliases),
        country: country?,
        owner: written(&raw.owner),
        control: written(&raw.control).unwrap_or(Control::Unknown),
        control_basis: values(&raw.control_basis),
        system: written(&raw.system),
        enabled: written(&raw.enabled).unwrap_or(true),
        parents: values(&raw.parents),
        domains: values(&raw.domains),
        bylines: values(&raw.bylines),
        feeds: values(&raw.feeds),
        accounts: values(&raw.accounts),
        sources: values(&raw.sources),
        unverified: values(&raw.unverified),
    })
}

fn exempt(raw: &RawExempt, faults: &mut Vec<Fault>) -> Option<ExemptPublisher> {
    let title = format!("not_state_controlled `{}`", raw.id.value);
    let name = needed(&raw.name, "name", &title, raw.spot, faults);
    let country = needed(&raw.country, "country", &title, raw.spot, faults);
    let classification = needed(&raw.classification, "classification", &title, raw.spot, faults);
    Some(ExemptPublisher {
        id: raw.id.value.clone(),
        name: name?,
        country: country?,
        domains: values(&raw.domains),
        classification: classification?,
        smm_code: written(&raw.smm_code).unwrap_or_default(),
        feeds: values(&raw.feeds),
        note: written(&raw.note),
        sources: values(&raw.sources),
    })
}

fn mirror(raw: &RawMirror, faults: &mut Vec<Fault>) -> Option<MirrorHost> {
    let title = format!("mirror_host `{}`", raw.host.value);
    let kind = needed(&raw.kind, "kind", &title, raw.spot, faults);
    let tell = needed(&raw.tell, "tell", &title, raw.spot, faults);
    Some(MirrorHost {
        host: raw.host.value.clone(),
        kind: kind?,
        consent: written(&raw.consent).unwrap_or_else(|| "unknown".to_owned()),
        tell: tell?,
        note: written(&raw.note),
        sources: values(&raw.sources),
        unverified: values(&raw.unverified),
    })
}

fn operator(raw: &RawOperator, faults: &mut Vec<Fault>) -> Option<Operator> {
    let title = format!("operator `{}`", raw.id.value);
    let name = needed(&raw.name, "name", &title, raw.spot, faults);
    let owner_outlet = needed(&raw.owner_outlet, "owner_outlet", &title, raw.spot, faults);
    let says = needed(&raw.says, "says", &title, raw.spot, faults);
    Some(Operator {
        id: raw.id.value.clone(),
        name: name?,
        aliases: values(&raw.aliases),
        owner_outlet: owner_outlet?,
        says: says?,
        marks: values(&raw.marks),
        sources: values(&raw.sources),
        unverified: values(&raw.unverified),
    })
}

fn written<T: Clone>(field: &Option<At<T>>) -> Option<T> {
    field.as_ref().map(|field| field.value.clone())
}

fn values<T: Clone>(list: &[At<T>]) -> Vec<T> {
    list.iter().map(|item| item.value.clone()).collect()
}

fn needed<T: Clone>(
    field: &Option<At<T>>,
    key: &str,
    title: &str,
    record: Spot,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    if field.is_none() {
        let fault = Fault::error(format!("{title} without `{key}`")).at(record);
        faults.push(fault.label(format!("neither this record nor an earlier one has `{key}`")));
    }
    written(field)
}

/// Hosts on which everybody has pages: none of them speaks for an outlet.
const SHARED: [&str; 26] = [
    "bsky.app",
    "docs.google.com",
    "drive.google.com",
    "facebook.com",
    "flickr.com",
    "instagram.com",
    "linkedin.com",
    "linktr.ee",
    "mastodon.social",
    "medium.com",
    "odysee.com",
    "reddit.com",
    "rumble.com",
    "sites.google.com",
    "substack.com",
    "t.me",
    "telegram.me",
    "threads.com",
    "threads.net",
    "tiktok.com",
    "tumblr.com",
    "twitter.com",
    "vk.com",
    "weibo.com",
    "x.com",
    "youtube.com",
];

/// A domain that holds the pages of strangers would make each of them the outlet's own.
fn too_wide(domain: &At<Host>, record: Spot) -> Option<Fault> {
    let name = domain.value.name();
    let fault = |title: &str, label: &str| {
        let fault = Fault::error(title).at(domain.spot).within(Some(record)).label(label);
        Some(fault.help("name the host that is the outlet's alone, with everything before the shared part"))
    };
    if is_loopback(&domain.value) {
        return None;
    }
    if SHARED.contains(&name.trim_start_matches("www.")) {
        return fault("domain that everybody shares", "anybody can have a page there");
    }
    if psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == name.as_bytes()) {
        return fault("domain that is a public suffix", "anybody can register a name below it");
    }
    None
}

/// Whether a host is this machine, so that requests to it reach nobody else.
pub(super) fn is_loopback(host: &Host) -> bool {
    let name = host.name().trim_matches(['[', ']']);
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Ids that records point to must be there, and owners must not own each other.
fn references(merged: &Merged, faults: &mut Vec<Fault>) {
    let outlets: BTreeMap<&OutletId, &RawOutlet> =
        merged.outlets.iter().map(|outlet| (&outlet.id.value, outlet)).collect();
    let known = || outlets.keys().map(|id| id.as_str());
    let parents = merged.outlets.iter().flat_map(|outlet| {
        outlet.parents.iter().map(move |parent| (parent, outlet.spot, "parent that does not exist"))
    });
    let owners = merged.operators.iter().flat_map(|operator| {
        let owner = operator.owner_outlet.iter();
        owner.map(move |owner| (owner, operator.spot, "owner_outlet that does not exist"))
    });
    let mut suggestions = Suggestions::default();
    for (id, record, title) in parents.chain(owners) {
        if !outlets.contains_key(&id.value) {
            let fault = Fault::error(title).at(id.spot).within(Some(record));
            let hint = suggestions.did_you_mean(id.value.as_str(), known());
            faults.push(fault.label("no record has this id").hint(hint));
        }
    }
    rings(&outlets, faults);
}

/// Rings that are told; who has more of them has these to mend first.
const RINGS: usize = 100;
/// Members of a ring that are named.
const NAMED: usize = 10;

/// Owners who own each other, each ring once.
fn rings(outlets: &BTreeMap<&OutletId, &RawOutlet>, faults: &mut Vec<Fault>) {
    let ways = || {
        let ways =
            outlets.iter().flat_map(|(id, outlet)| outlet.parents.iter().map(|owner| (*id, &owner.value)));
        ways.filter(|(_, owner)| outlets.contains_key(owner))
    };
    let below = without_end(ways().collect());
    let back = below.iter().map(|(id, owner)| (*owner, *id)).collect();
    let within: BTreeSet<&OutletId> = without_end(back).into_iter().map(|(owner, _)| owner).collect();
    let (mut members, mut told) = (BTreeSet::new(), 0);
    for id in within {
        if members.contains(id) || told == RINGS {
            continue;
        }
        let (Some(ring), Some(outlet)) = (ring(id, outlets), outlets.get(id)) else { continue };
        told += 1;
        let mut round: Vec<&str> = ring.iter().map(|id| id.as_str()).take(NAMED).collect();
        if ring.len() > NAMED {
            round.push("…");
        }
        round.push(id.as_str());
        members.extend(ring);
        let spot = outlet.parents.first().map_or(outlet.spot, |parent| parent.spot);
        let fault = Fault::error("parents that form a ring").at(spot).within(Some(outlet.spot));
        faults.push(fault.label(round.join(" -> ")).expected("owners that end with one who has no owner"));
    }
}

/// Of ways from one to another those that can be followed for ever: whoever has no way on is taken away, then whoever
/// has none now, and so on.
fn without_end<'a>(mut ways: Vec<(&'a OutletId, &'a OutletId)>) -> Vec<(&'a OutletId, &'a OutletId)> {
    let mut back: BTreeMap<&OutletId, Vec<&OutletId>> = BTreeMap::new();
    let mut left: BTreeMap<&OutletId, usize> = BTreeMap::new();
    for (from, to) in &ways {
        back.entry(to).or_default().push(from);
        left.entry(to).or_default();
        *left.entry(from).or_default() += 1;
    }
    let mut ends: Vec<&OutletId> = left.iter().filter(|(_, ways)| **ways == 0).map(|(id, _)| *id).collect();
    while let Some(end) = ends.pop() {
        left.remove(end);
        for from in back.remove(end).unwrap_or_default() {
            if let Some(ways) = left.get_mut(from) {
                *ways -= 1;
                if *ways == 0 {
                    ends.push(from);
                }
            }
        }
    }
    ways.retain(|(from, to)| left.contains_key(from) && left.contains_key(to));
    ways
}

/// The shortest way from an outlet through its owners back to itself.
fn ring<'a>(
    start: &'a OutletId,
    outlets: &BTreeMap<&'a OutletId, &'a RawOutlet>,
) -> Option<Vec<&'a OutletId>> {
    let mut next = std::collections::VecDeque::from([start]);
    // Of each the outlet that it owns, on the way from the start.
    let mut ways: BTreeMap<&OutletId, &'a OutletId> = BTreeMap::new();
    while let Some(id) = next.pop_front() {
        for parent in outlets.get(id).map_or(&[][..], |outlet| &outlet.parents) {
            let parent = &parent.value;
            if parent == start {
                let mut way = vec![id];
                while let Some(before) = way.last().and_then(|last| ways.get(last)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if !ways.contains_key(parent) {
                ways.insert(parent, id);
                next.push_back(parent);
            }
        }
    }
    None
}
