//! `mirror`: a host or bot that repeats what others publish and says so.

use std::collections::BTreeSet;

use super::{Family, Indicator, profile_citation};
use crate::analysis::copying::by_system;
use crate::analysis::corpus::Corpus;
use crate::analysis::resemblance::{bears_name, domain_as_user, outlet_of_url};
use crate::model::dossier::Dossier;
use crate::model::evidence::{Evidence, Weight};
use crate::model::outlet::{Outlet, OutletId};
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "mirror",
    family: Family::Gate,
    sees: "a bridge host, or a declared bot that says it repeats the outlet",
    rule: None,
    run,
};

/// Words by which a declared bot says that it repeats somebody, in lower case.
const MIRROR_WORDS: &[&str] = &[
    "mirror",
    "unofficial",
    "rss",
    "feed",
    "repost",
    "bridge",
    "espejo",
    "no oficial",
    "miroir",
    "non officiel",
    "spiegel",
    "inoffiziell",
    "зеркал",
    "неофициальн",
    "镜像",
    "非官方",
    "搬运",
];

fn run(dossier: &Dossier, watchlist: &Watchlist, corpus: &Corpus) -> Vec<Evidence> {
    let profile = &dossier.account.latest.profile;
    let note = profile.note.to_lowercase();
    let says = if let Some(mirror) = watchlist.mirror_of(&profile.acct) {
        format!("{} is a host of mirrors ({}): {}", mirror.host, mirror.kind, mirror.tell)
    } else if profile.is_bot && MIRROR_WORDS.iter().any(|word| note.contains(word)) {
        "a declared bot whose profile says that it repeats others".to_owned()
    } else {
        return Vec::new();
    };
    let copied = by_system(dossier, watchlist, corpus);
    let copied = copied.iter().filter_map(|copying| watchlist.outlet(&copying.publisher));
    let repeated: BTreeSet<&OutletId> =
        repeated_outlet(dossier, watchlist).into_iter().chain(copied).map(|outlet| &outlet.id).collect();
    let gate = |id| Evidence::new(INDICATOR.id, id, Weight::Gate, says.clone(), profile_citation(dossier));
    repeated.into_iter().map(gate).collect()
}

/// Which outlet a mirror says that it repeats: by its user name, its links, or its name.
fn repeated_outlet<'a>(dossier: &Dossier, watchlist: &'a Watchlist) -> Option<&'a Outlet> {
    let profile = &dossier.account.latest.profile;
    domain_as_user(profile, watchlist)
        .or_else(|| profile.links.iter().find_map(|link| outlet_of_url(&link.url, watchlist)))
        .or_else(|| watchlist.enabled().find(|outlet| bears_name(profile, outlet).is_some()))
}
