//! `not_state_controlled`: the account belongs to a publisher that must never be treated as controlled.

use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::resemblance::{bears_name, outlet_of_url};
use crate::model::account::Host;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "not_state_controlled",
    family: Family::Gate,
    sees: "the account lives on or links to a publisher on the list of those never to be named",
    rule: None,
    run,
};

/// Stops the case with every outlet that the account could otherwise be tied to by name or link.
fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    let profile = &dossier.account.latest.profile;
    let linked = profile.links.iter().filter_map(|link| Host::of(&url::Url::parse(&link.url).ok()?));
    let exempt = std::iter::once(dossier.account.api_host.clone())
        .chain(linked)
        .find_map(|host| watchlist.exempt_of_host(&host));
    let Some(publisher) = exempt else { return Vec::new() };
    let says = format!("it is tied to {}, which is not to be treated as state-controlled", publisher.name);
    let tied = watchlist.enabled().filter(|outlet| {
        bears_name(profile, outlet).is_some()
            || profile.links.iter().any(|link| outlet_of_url(&link.url, watchlist) == Some(outlet))
    });
    tied.map(|outlet| {
        Evidence::new(INDICATOR.id, &outlet.id, Weight::Gate, says.clone(), profile_citation(dossier))
    })
    .collect()
}
