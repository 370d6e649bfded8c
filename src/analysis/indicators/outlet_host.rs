//! `outlet_host`: the outlet's own host serves the account, or answers for it by webfinger or as its handle.

use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Citation, Direction, Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "outlet_host",
    family: Family::Reciprocal,
    sees: "the outlet's own host serves the account, or answers for it by webfinger or as its handle",
    rule: None,
    run,
};

/// A host that repeats others never proves: its user names are other people's domains.
fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    let account = &dossier.account;
    let proof = Weight::Proof(Direction::OutletNamesAccount);
    let served = watchlist
        .outlet_of_host(&account.api_host)
        .filter(|_| watchlist.mirror_host(&account.api_host).is_none())
        .map(|outlet| {
            let says = format!("{} is served by a host of {}", account.acct, outlet.name);
            Evidence::new(INDICATOR.id, &outlet.id, proof, says, profile_citation(dossier))
        });
    let answered = dossier.hosts.iter().filter(|sight| sight.account == account.id).filter_map(|sight| {
        let outlet = watchlist.outlet_of_host(&sight.host)?;
        let says = format!("{} answers for {} with this account", sight.host, sight.resource);
        let citation =
            Citation { url: sight.url.clone(), seen_at: sight.fetched_at, sha256: sight.sha256.clone() };
        Some(Evidence::new(INDICATOR.id, &outlet.id, proof, says, citation))
    });
    served.into_iter().chain(answered).collect()
}
