//! Trials: a clock that runs faster, and names that answer on this machine only.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::clock::{Clock, Scale};
use crate::model::account::{Acct, BLUESKY_SERVICES, Host, Network};

use super::check::server_host;
use super::fault::Fault;
use super::merge::Merged;
use super::raw::{RawClock, RawConfig, given, switched_on};
use super::spans::{At, Sources, Spot};
use super::watchlist::is_loopback;

/// Where the interface of Threads is.
const THREADS_API: &str = "https://graph.threads.net/";

/// The clock to use; a `[clock]` needs all of its keys.
pub(super) fn clock(raw: Option<&At<RawClock>>, faults: &mut Vec<Fault>) -> Clock {
    let Some(clock) = raw else { return Clock::Real };
    match (&clock.value.origin, &clock.value.anchor, &clock.value.rate) {
        (Some(origin), Some(anchor), Some(rate)) => {
            Clock::Scaled(Scale { origin: origin.value, anchor: anchor.value, rate: rate.value })
        }
        _ => {
            let fault = Fault::error("clock that is not complete").at(clock.spot);
            faults.push(fault.label("one of its keys is missing").expected("origin, anchor and rate"));
            Clock::Real
        }
    }
}

/// `[hosts]`: which name answers at which loopback address.
pub(super) fn hosts(raw: &[(At<String>, At<String>)], faults: &mut Vec<Fault>) -> BTreeMap<Host, SocketAddr> {
    let mut hosts = BTreeMap::new();
    for (name, address) in raw {
        let host = match Host::parse(&name.value) {
            Ok(host) => Some(host),
            Err(error) => {
                faults.push(Fault::error("not a host name").at(name.spot).label(error.to_string()));
                None
            }
        };
        let socket = address.value.parse::<SocketAddr>().ok().filter(|socket| socket.ip().is_loopback());
        if socket.is_none() {
            let fault = Fault::error("host outside this machine").at(address.spot);
            let fault = fault.label("[hosts] is for trials and leads to loopback only");
            faults.push(fault.expected("an address and a port, for example \"127.0.0.1:4001\""));
        }
        hosts.extend(host.zip(socket));
    }
    hosts
}

/// With a clock of its own, a trial must not reach the world: every host has to be loopback or in `[hosts]`.
pub(super) fn confine(
    raw: &RawConfig,
    merged: &Merged,
    sources: &Sources,
    hosts: &BTreeMap<Host, SocketAddr>,
    faults: &mut Vec<Fault>,
) {
    let Some(clock) = &raw.clock else { return };
    let builtin = match &raw.watchlist {
        Some(entries) => entries.iter().find(|entry| entry.value == "builtin").map(|entry| entry.spot),
        None => Some(clock.spot),
    };
    if let Some(spot) = builtin {
        let fault = Fault::error("outlets of the world in a trial").at(spot);
        let fault = fault.label("a faster clock would hurry their real servers");
        faults.push(fault.help("write `watchlist` without \"builtin\", or take out [clock]"));
    }
    let mut named = configured(raw);
    named.extend(recorded(merged).into_iter().filter(|host| sources.is_own(host.spot)));
    for host in named {
        if !is_loopback(&host.value) && !hosts.contains_key(&host.value) {
            let fault = Fault::error("host of the world in a trial").at(host.spot);
            let fault = fault.label(format!("{} is neither loopback nor in [hosts]", host.value));
            faults.push(fault.help("take out [clock], or let [hosts] answer for the name"));
        }
    }
}

/// Every host that `config.toml` names outside its records.
fn configured(raw: &RawConfig) -> Vec<At<Host>> {
    let tokens = raw.mastodon.tokens.iter().map(|(host, _)| host);
    let servers = raw.mastodon.servers.iter().chain(tokens).chain(&raw.fediverse.server);
    let mut hosts: Vec<At<Host>> =
        servers.filter_map(|text| Some(At { value: server_host(&text.value)?, spot: text.spot })).collect();
    let switches = [&raw.bluesky, &raw.bluesky_jetstream].into_iter().zip(BLUESKY_SERVICES);
    let services = switches.filter_map(|(switch, host)| {
        let spot = switch.as_ref().filter(|switch| switch.value)?.spot;
        Some(At { value: Host::parse(host).ok()?, spot })
    });
    hosts.extend(services);
    // Its address is no key: whoever reads Threads asks this host.
    let threads = switched_on(&raw.threads.enabled).and_then(|spot| of_url(THREADS_API, spot));
    hosts.extend(threads);
    let urls = [given(&raw.fediverse.reply_to), given(&raw.webhook)];
    hosts.extend(urls.into_iter().flatten().filter_map(|url| of_url(&url.value, url.spot)));
    for account in raw.accounts.iter().map(|account| &account.value).filter(|account| account.enabled) {
        hosts.extend(of_handle(account.network, &account.handle.value, account.handle.spot));
        hosts.extend(given(&account.proof).and_then(|url| of_url(&url.value, url.spot)));
    }
    hosts
}

/// Every host that records name.
fn recorded(merged: &Merged) -> Vec<At<Host>> {
    let mut hosts = Vec::new();
    let exempt = merged.exempt.iter().flat_map(|exempt| &exempt.feeds);
    hosts.extend(exempt.filter_map(|feed| of_url(&feed.value.url, feed.spot)));
    for outlet in &merged.outlets {
        hosts.extend(outlet.domains.iter().cloned());
        hosts.extend(outlet.feeds.iter().filter_map(|feed| of_url(&feed.value.url, feed.spot)));
        for At { value: account, spot } in &outlet.accounts {
            hosts.extend(of_handle(account.network, &account.handle, *spot));
            hosts.extend(account.proof.as_ref().and_then(|proof| of_url(proof, *spot)));
        }
    }
    hosts
}

fn of_url(text: &str, spot: Spot) -> Option<At<Host>> {
    let host = Host::of(&url::Url::parse(text).ok()?)?;
    Some(At { value: host, spot })
}

fn of_handle(network: Network, handle: &str, spot: Spot) -> Option<At<Host>> {
    match network {
        Network::Mastodon => Some(At { value: handle.parse::<Acct>().ok()?.host().clone(), spot }),
        // Its host is asked for nothing but the account; who shows it is named elsewhere.
        _ => None,
    }
}
