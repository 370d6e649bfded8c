//! `declared`: the account's own side: its profile names the outlet.

use super::{Family, Indicator, profile_citation};
use crate::analysis::corpus::Corpus;
use crate::analysis::resemblance::{Folded, name_borne, outlet_of_url};
use crate::model::account::Host;
use crate::model::dossier::Dossier;
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::observation::LinkPlace;
use crate::model::outlet::Outlet;
use crate::model::watchlist::Watchlist;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "declared",
    family: Family::Reciprocal,
    sees: "the profile links to the outlet's domain, or says in words that it is the outlet's",
    rule: None,
    run,
};

/// Words by which a profile calls itself official, folded; each must stand as a word.
const OFFICIAL_WORDS: &[&str] =
    &["official", "oficial", "officiel", "officielle", "offiziell", "offizielle", "ufficiale", "resmi"];
/// The same in scripts that write no gaps or inflect: anywhere in the text.
const OFFICIAL_STEMS: &[&str] = &["官方", "официальн", "офіційн", "الرسمي", "رسمی", "公式", "공식"];
/// Words by which a profile says that it is not, in lower case; most hold one of the words above.
const DENIALS: &[&str] = &[
    "unofficial",
    "not official",
    "not affiliated",
    "no oficial",
    "não oficial",
    "non officiel",
    "inoffiziell",
    "non ufficiale",
    "gayri resmi",
    "неофициальн",
    "неофіційн",
    "غير رسمي",
    "غير الرسمي",
    "غیر رسمی",
    "非官方",
    "非公式",
    "비공식",
    "parody",
    "parodia",
    "parodie",
    "satire",
    "sátira",
];

/// A profile that denies it does not name the outlet as its own, whatever it links to: observers do.
fn run(dossier: &Dossier, watchlist: &Watchlist, _corpus: &Corpus) -> Vec<Evidence> {
    let profile = &dossier.account.latest.profile;
    if denies(&profile.note) || denies(&profile.display_name) {
        return Vec::new();
    }
    let linked = profile.links.iter().filter_map(|link| {
        let outlet = outlet_of_url(&link.url, watchlist)?;
        // Names below a domain may be given to its readers.
        if is_handle(&link.place) && !is_whole_domain(&link.url, outlet) {
            return None;
        }
        let place = match &link.place {
            LinkPlace::Field { .. } => "a profile field",
            LinkPlace::Note => "the profile text",
        };
        let says = format!("{place} links to {}", link.url);
        let weight = Weight::Proof(Direction::AccountNamesOutlet);
        Some(Evidence::new(INDICATOR.id, &outlet.id, weight, says, profile_citation(dossier)))
    });
    let told = watchlist.enabled().filter_map(|outlet| {
        let name = name_borne(&profile.note, outlet).or_else(|| name_borne(&profile.display_name, outlet))?;
        let says = calls_itself_official(&profile.note) || calls_itself_official(&profile.display_name);
        says.then(|| {
            let says = format!("the profile names {name} and calls itself official");
            Evidence::new(INDICATOR.id, &outlet.id, Weight::Shown, says, profile_citation(dossier))
        })
    });
    linked.chain(told).collect()
}

/// Whether the link stands for a handle that is a domain.
fn is_handle(place: &LinkPlace) -> bool {
    matches!(place, LinkPlace::Field { name, .. } if name == "handle")
}

fn is_whole_domain(url: &str, outlet: &Outlet) -> bool {
    let host = url::Url::parse(url).ok().as_ref().and_then(Host::of);
    let is_it = |host: &Host| {
        let name = host.name().strip_prefix("www.").unwrap_or(host.name());
        outlet.domains.iter().any(|domain| domain.name() == name)
    };
    host.as_ref().is_some_and(is_it)
}

fn calls_itself_official(text: &str) -> bool {
    let folded = Folded::of(text);
    let lower = text.to_lowercase();
    !denies(text)
        && (OFFICIAL_WORDS.iter().any(|word| folded.has_word(&Folded::of(word)))
            || OFFICIAL_STEMS.iter().any(|stem| lower.contains(stem)))
}

/// Whether a profile's text says that it is not the outlet's own.
pub fn denies(text: &str) -> bool {
    let lower = text.to_lowercase();
    DENIALS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_denies_being_official_does_not_call_itself_so() {
        for (text, official) in [
            ("Official account of Xinhua", true),
            ("Cuenta OFICIAL de Xinhua", true),
            ("新华社官方账号", true),
            ("Unofficial mirror of Xinhua", false),
            ("Cuenta no oficial", false),
            ("非官方", false),
            ("I read Xinhua", false),
        ] {
            assert_eq!(calls_itself_official(text), official, "{text}");
        }
    }
}
