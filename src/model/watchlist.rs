//! The watchlist as the passes use it: outlets by id, by domain and up their chain of owners.

use std::collections::BTreeMap;

use super::account::{Acct, Host, Network};
use super::outlet::{ExemptPublisher, MirrorHost, Operator, Outlet, OutletId};

/// All records in force, already merged and checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watchlist {
    pub outlets: BTreeMap<OutletId, Outlet>,
    pub operators: Vec<Operator>,
    pub mirror_hosts: Vec<MirrorHost>,
    pub exempt: Vec<ExemptPublisher>,
}

impl Watchlist {
    pub fn outlet(&self, id: &OutletId) -> Option<&Outlet> {
        self.outlets.get(id)
    }

    /// Outlets that are switched on, by id.
    pub fn enabled(&self) -> impl Iterator<Item = &Outlet> {
        self.outlets.values().filter(|outlet| outlet.enabled)
    }

    /// The enabled outlet whose domain holds this host; the longest domain wins, so that
    /// `spanish.xinhuanet.com` is the Spanish service and not its parent.
    pub fn outlet_of_host(&self, host: &Host) -> Option<&Outlet> {
        self.enabled()
            .flat_map(|outlet| outlet.domains.iter().map(move |domain| (domain, outlet)))
            .filter(|(domain, _)| host.is_within(domain))
            .max_by_key(|(domain, _)| domain.name().len())
            .map(|(_, outlet)| outlet)
    }

    /// Whether an address is the front page of an outlet's domain itself, with or without `www.`.
    /// Other names below a domain may belong to its readers, as blogs and forums do, and what came
    /// without encryption may come from anybody.
    pub fn has_front_page(&self, url: &url::Url) -> bool {
        let is_front = url.scheme() == "https" && url.path() == "/" && url.query().is_none();
        let Some(host) = Host::of(url).filter(|_| is_front) else { return false };
        let bare = host.as_str().strip_prefix("www.").unwrap_or(host.as_str());
        self.enabled()
            .flat_map(|outlet| &outlet.domains)
            .any(|domain| *domain == host || domain.as_str() == bare)
    }

    /// The publisher that must not be treated as state-controlled and owns this host.
    pub fn exempt_of_host(&self, host: &Host) -> Option<&ExemptPublisher> {
        self.exempt.iter().find(|publisher| publisher.domains.iter().any(|domain| host.is_within(domain)))
    }

    pub fn mirror_host(&self, host: &Host) -> Option<&MirrorHost> {
        self.mirror_hosts.iter().find(|mirror| host.is_within(&mirror.host))
    }

    /// The host of mirrors to which an account belongs. On Bluesky every account has a handle that is a host, and bridges
    /// give handles below their own.
    pub fn mirror_of(&self, acct: &Acct) -> Option<&MirrorHost> {
        match acct.network() {
            Network::Bluesky => self.mirror_host(&Host::parse(acct.user()).ok()?),
            _ => self.mirror_host(acct.host()),
        }
    }

    /// The outlet and its owners, nearest first; each once, also where parents form a ring.
    pub fn chain<'a>(&'a self, id: &'a OutletId) -> Vec<&'a Outlet> {
        let mut chain: Vec<&Outlet> = Vec::new();
        let mut waiting = vec![id];
        while let Some(next) = waiting.pop() {
            let Some(outlet) = self.outlets.get(next) else { continue };
            if chain.iter().any(|known| known.id == outlet.id) {
                continue;
            }
            chain.push(outlet);
            waiting.extend(outlet.parents.iter().rev());
        }
        chain
    }

    /// Whether one of the two owns the other, directly or through others, or both are the same.
    pub fn is_related(&self, one: &OutletId, other: &OutletId) -> bool {
        self.chain(one).iter().any(|outlet| outlet.id == *other)
            || self.chain(other).iter().any(|outlet| outlet.id == *one)
    }

    /// Under which an outlet is summed with others: `system` of the outlet or the nearest owner that has
    /// one, else the top of its chain of owners. An independent wire stands for itself.
    pub fn controller(&self, id: &OutletId) -> String {
        let top = || self.chain(id).last().map_or_else(|| id.to_string(), |top| top.id.to_string());
        self.system(id).map_or_else(top, str::to_owned)
    }

    /// Whether this is a publisher that must never be treated as state-controlled.
    pub fn is_exempt(&self, id: &OutletId) -> bool {
        self.exempt.iter().any(|publisher| publisher.id == *id)
    }

    /// The controller under which an outlet is summed with others: its own, or the nearest owner's.
    pub fn system<'a>(&'a self, id: &'a OutletId) -> Option<&'a str> {
        self.chain(id).into_iter().find_map(|outlet| outlet.system.as_deref())
    }
}
