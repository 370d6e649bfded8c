//! Resemblance of names: whether a handle or display name bears the name of an outlet.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

use crate::model::account::Host;
use crate::model::observation::Profile;
use crate::model::outlet::{Outlet, OutletId};
use crate::model::watchlist::Watchlist;

/// Up to this many folded letters a Latin name must stand as a word of its own: RT, CNS and CGTN
/// are parts of too many other words.
const SHORT_NAME: usize = 5;

/// A name as compared: compatibility forms, case, marks and look-alike letters levelled,
/// everything but letters and digits taken for a gap between words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    words: Vec<String>,
}

impl Folded {
    pub fn of(text: &str) -> Folded {
        let words = Folded::plain(text).words;
        Folded { words: words.iter().map(|word| skeleton(word).collect()).collect() }
    }

    /// The same with each letter left what it is.
    fn plain(text: &str) -> Folded {
        let shown = text.chars().filter(|c| !is_invisible(*c)).nfkc();
        let plain: String =
            shown.flat_map(char::to_lowercase).nfd().filter(|c| !is_combining_mark(*c)).collect();
        let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Folded { words: words.map(str::to_owned).collect() }
    }

    fn squeezed(&self) -> String {
        self.words.concat()
    }

    /// Whether these words stand in this text, one after the other.
    pub fn has_word(&self, name: &Folded) -> bool {
        !name.words.is_empty() && self.words.windows(name.words.len()).any(|words| words == name.words)
    }

    /// Whether a name stands in this text as words of its own, or anywhere where it is written without gaps.
    pub fn has_name(&self, name: &Folded) -> bool {
        let squeezed = name.squeezed();
        let has_gaps = squeezed.chars().any(|c| c.is_alphabetic() && !is_character(c));
        self.has_word(name) || (!has_gaps && !squeezed.is_empty() && self.squeezed().contains(&squeezed))
    }

    /// Whether a name stands in this text: short Latin names as whole words, others anywhere.
    fn bears(&self, name: &Folded) -> bool {
        let squeezed = name.squeezed();
        if squeezed.is_empty() {
            return false;
        }
        if squeezed.is_ascii() && squeezed.len() <= SHORT_NAME {
            return self.has_word(name);
        }
        self.squeezed().contains(&squeezed)
    }
}

/// Characters that are there and cannot be seen: soft hyphen, zero-width and direction marks,
/// variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}')
}

/// Letters of scripts that leave no gaps between words.
fn is_character(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}')
}

/// The name of the outlet that a text bears, as the watchlist writes it.
pub fn name_borne<'a>(text: &str, outlet: &'a Outlet) -> Option<&'a str> {
    let folded = Folded::of(text);
    outlet.names().find(|name| folded.bears(&Folded::of(name)))
}

/// The name of the outlet that a profile bears in its handle or display name.
pub fn bears_name<'a>(profile: &Profile, outlet: &'a Outlet) -> Option<&'a str> {
    name_borne(&profile.display_name, outlet).or_else(|| name_borne(profile.acct.user(), outlet))
}

/// Every name of every outlet made ready once, for those who look at many texts.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<(Folded, OutletId)>);

impl Names {
    pub fn of(watchlist: &Watchlist) -> Names {
        let names = watchlist.enabled().flat_map(|outlet| outlet.names().map(|name| (name, &outlet.id)));
        Names(names.map(|(name, id)| (Folded::of(name), id.clone())).collect())
    }

    /// The first outlet whose name a text bears.
    pub fn borne_by(&self, text: &str) -> Option<&OutletId> {
        let folded = Folded::of(text);
        self.0.iter().find(|(name, _)| folded.bears(name)).map(|(_, id)| id)
    }
}

/// Whether a profile bears the outlet's name in letters that only look like it: `Хinhua` with a Cyrillic
/// letter. Width, case, marks and invisible characters alone are no disguise: decoration is common.
pub fn disguises_name(profile: &Profile, outlet: &Outlet) -> bool {
    let texts = [profile.display_name.as_str(), profile.acct.user()];
    texts.into_iter().any(|text| {
        let plain = Folded::plain(text);
        outlet
            .names()
            .any(|name| Folded::of(text).bears(&Folded::of(name)) && !plain.bears(&Folded::plain(name)))
    })
}

/// The outlet whose domain is the user part itself, as feed bridges name their accounts.
pub fn domain_as_user<'a>(profile: &Profile, watchlist: &'a Watchlist) -> Option<&'a Outlet> {
    let user = profile.acct.user();
    user.contains('.')
        .then(|| Host::parse(user).ok())
        .flatten()
        .and_then(|host| watchlist.outlet_of_host(&host))
}

/// A cheap look at a profile before a dossier is made of it: it bears an outlet's name, links to an
/// outlet's domain, or is named like one.
pub fn is_worth_a_dossier(profile: &Profile, watchlist: &Watchlist) -> bool {
    domain_as_user(profile, watchlist).is_some()
        || watchlist.enabled().any(|outlet| bears_name(profile, outlet).is_some())
        || profile.links.iter().any(|link| outlet_of_url(&link.url, watchlist).is_some())
}

/// The outlet on whose domains a URL lies.
pub fn outlet_of_url<'a>(url: &str, watchlist: &'a Watchlist) -> Option<&'a Outlet> {
    let url = url::Url::parse(url).ok()?;
    watchlist.outlet_of_host(&Host::of(&url)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_count_only_as_words_of_their_own() {
        for (text, name, bears) in [
            ("CGTN en Español", "CGTN", true),
            ("cgtn_es", "CGTN", true),
            ("RT", "RT", true),
            ("Art lover", "RT", false),
            ("CNSfan", "CNS", false),
            ("Xinhua News Agency", "Xinhua", true),
            ("XinhuaES", "Xinhua", true),
            ("Хinhua News", "Xinhua", true),
            ("Ｘｉｎｈｕａ", "Xinhua", true),
            ("X\u{200b}inhua", "Xinhua", true),
            ("C\u{200b}GTN", "CGTN", true),
            ("新华社西班牙语", "新华社", true),
            ("Chinese poetry", "China News Service", false),
            ("", "Xinhua", false),
            ("Xinhua", "", false),
        ] {
            assert_eq!(Folded::of(text).bears(&Folded::of(name)), bears, "{text} / {name}");
        }
    }
}
