//! `outlet_links`: the account links to domains of a company that runs sites for the outlet.

use std::collections::{BTreeMap, BTreeSet};

use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::domains::shared::is_shared;
use crate::analysis::domains::{host_of, registrable};
use crate::model::account::Host;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Evidence, Weight};
use crate::model::outlet::Operator;
use crate::model::status::SeenStatus;
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "outlet_links",
    family: Family::Infrastructure,
    sees: "links to domains of a company that builds or runs sites for the outlet, and that few others link to",
    rule: Some(rule),
    run,
};

/// Accounts that must have been read before a domain counts as rare. Among fewer, even a domain that a single
/// account links to is not shown to be rarer than one account in two hundred.
const LEAST_ACCOUNTS: u32 = 200;
/// Own posts that must link to a domain if the profile does not, each on a day of its own: whoever writes about
/// a company links to it once or twice.
const LEAST_DAYS: usize = 3;
/// Posts that are cited.
const MOST_CITED: usize = 4;

/// Where an account links to one domain.
#[derive(Default)]
struct Places<'a> {
    in_profile: bool,
    posts: Vec<&'a SeenStatus>,
}

/// How its points are counted.
fn rule() -> String {
    format!(
        "how rare the domain is among all accounts we know, -log10 of their share; nothing below {LEAST_ACCOUNTS} \
         accounts"
    )
}

fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let places = places(dossier);
    let of_operator = |operator| {
        let mut domains: BTreeMap<Host, Places> = BTreeMap::new();
        for (host, found) in &places {
            if is_marked(host, operator) && is_telling(host, watchlist) {
                let known = domains.entry(registrable(host)).or_default();
                known.in_profile |= found.in_profile;
                known.posts.extend(&found.posts);
            }
        }
        domains.into_iter().filter_map(move |(domain, found)| {
            let outlet = watchlist.outlet(&operator.owner_outlet).filter(|outlet| outlet.enabled)?;
            let (cited, more) = found.citations(dossier)?;
            let carriers = *corpus.domains.get(&domain)?;
            let points = rarity(carriers, corpus.accounts)?;
            let says = format!(
                "links to {domain}, a domain of {} ({}), as {carriers} of {} accounts that were read do",
                operator.name, operator.says, corpus.accounts
            );
            let evidence = Evidence::new(INDICATOR.id, &outlet.id, Weight::Points(points), says, cited);
            Some(more.into_iter().fold(evidence, Evidence::and))
        })
    };
    watchlist.operators.iter().flat_map(of_operator).collect()
}

/// All hosts that the account links to. A boost is somebody else's link.
fn places(dossier: &Dossier) -> BTreeMap<Host, Places<'_>> {
    let mut places: BTreeMap<Host, Places> = BTreeMap::new();
    for host in dossier.account.latest.profile.links.iter().filter_map(|link| host_of(&link.url)) {
        places.entry(host).or_default().in_profile = true;
    }
    for seen in dossier.statuses.iter().filter(|seen| seen.status.boost_of.is_none()) {
        let hosts: BTreeSet<Host> = seen.status.links.iter().filter_map(|link| host_of(link)).collect();
        hosts.into_iter().for_each(|host| places.entry(host).or_default().posts.push(seen));
    }
    places
}

/// Whether a host lies on a domain among the marks of an operator; other marks are texts on sites.
pub(super) fn is_marked(host: &Host, operator: &Operator) -> bool {
    let domains = operator.marks.iter().filter(|mark| mark.contains('.'));
    domains.filter_map(|mark| Host::parse(mark).ok()).any(|domain| host.is_within(&domain))
}

/// Whether a link to this host tells anything: an outlet's own domains are known to readers, so that linking there
/// is saying where a text is from, and who says so openly must not look hidden for it.
fn is_telling(host: &Host, watchlist: &Watchlist) -> bool {
    let is_outlets = || {
        let mut domains = watchlist.outlets.values().flat_map(|outlet| &outlet.domains);
        domains.any(|domain| host.is_within(domain))
    };
    !is_outlets() && !is_shared(host) && watchlist.exempt_of_host(host).is_none()
}

/// `-log10(df / N)`, at most the family's cap; `None` where too few accounts were looked at or nothing was counted.
fn rarity(carriers: u32, accounts: u32) -> Option<f64> {
    let share = f64::from(carriers) / f64::from(accounts);
    (accounts >= LEAST_ACCOUNTS && carriers > 0 && carriers < accounts)
        .then(|| (-share.log10()).min(Family::Infrastructure.cap()))
}

impl Places<'_> {
    /// Where to look; `None` where the account links there too seldom to mean anything.
    fn citations(&self, dossier: &Dossier) -> Option<(Citation, Vec<Citation>)> {
        let days: BTreeSet<_> = self.posts.iter().map(|seen| seen.made_at().date_naive()).collect();
        if !self.in_profile && days.len() < LEAST_DAYS {
            return None;
        }
        let from_profile = self.in_profile.then(|| profile_citation(dossier));
        let from_posts = self.posts.iter().take(MOST_CITED).map(|seen| Citation {
            url: seen.status.url.clone().unwrap_or_else(|| seen.status.uri.0.clone()),
            seen_at: seen.first_seen,
            sha256: seen.content_hash.clone(),
        });
        let mut cited = from_profile.into_iter().chain(from_posts);
        Some((cited.next()?, cited.collect()))
    }
}
