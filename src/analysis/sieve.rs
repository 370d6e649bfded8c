//! A sieve for what everybody posts: which few posts and names give a reason to look at an account.
//!
//! It is asked about every post of a network, so it goes from cheap to dear: bytes as they lie in a frame, then folded
//! letters, then what [`attribution`] says. What the first two hold back, the last one would not have called a credit.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::attribution::{self, LEAST_HANDLE, PLAIN_NAME};
use super::fold::FoldedText;
use super::resemblance::{Names, outlet_of_url};
use crate::model::account::Host;
use crate::model::outlet::{Outlet, OutletId};
use crate::model::reuse::Credit;
use crate::model::status::Status;
use crate::model::watchlist::Watchlist;

/// A mark of fewer bytes is a piece of too many words: it has to stand alone, in the text itself.
const LEAST_MARK: usize = 6;

/// Why somebody's account is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It posts an outlet's copy as its own words.
    Copies,
    /// It credits an outlet by a handle that does not work.
    Alters,
    /// It bears an outlet's name.
    BearsName,
    /// It credits, links or mentions an outlet, as many do who have nothing to do with it.
    Names,
}

/// Everything by which a post can be seen to be about an outlet.
#[derive(Debug)]
pub struct Sieve {
    /// Domains, ids of accounts, and names that are long enough, as they stand in a frame; whose they are.
    marks: Finder,
    /// Names that are too short for that, as they stand in a text.
    words: Finder,
    /// Names and handles without everything by which they can be disguised.
    letters: Finder,
    names: Names,
    /// The outlets' own accounts, by the id that never changes.
    accounts: BTreeMap<String, OutletId>,
}

/// Patterns and whose they are.
#[derive(Debug)]
struct Finder {
    patterns: AhoCorasick,
    of: Vec<OutletId>,
}

impl Finder {
    fn of(patterns: BTreeSet<(String, OutletId)>) -> Finder {
        let (texts, of): (Vec<String>, Vec<OutletId>) = patterns.into_iter().unzip();
        let mut builder = AhoCorasickBuilder::new();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard);
        // More patterns than it takes are more than any watchlist has.
        let patterns = builder.build(&texts).expect("a watchlist has names for a few thousand patterns");
        Finder { patterns, of }
    }

    fn finds_any(&self, bytes: &[u8]) -> bool {
        self.patterns.is_match(bytes)
    }

    fn found_in<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = &'a OutletId> {
        self.patterns.find_overlapping_iter(bytes).map(|found| &self.of[found.pattern().as_usize()])
    }

    /// Where it has letters on neither side.
    fn found_alone<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a OutletId> {
        let bytes = text.as_bytes();
        let is_letter =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let found = self.patterns.find_overlapping_iter(bytes);
        let alone =
            found.filter(move |it| !is_letter(it.start().checked_sub(1)) && !is_letter(Some(it.end())));
        alone.map(|found| &self.of[found.pattern().as_usize()])
    }
}

impl Sieve {
    /// For all enabled outlets, and for accounts that are known to be theirs.
    pub fn new(watchlist: &Watchlist, accounts: BTreeMap<String, OutletId>) -> Sieve {
        let (mut marks, mut words, mut letters) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        marks.extend(accounts.iter().map(|(did, outlet)| (did.clone(), outlet.clone())));
        for outlet in watchlist.enabled() {
            let domains = outlet.domains.iter().map(|domain| domain.name().to_owned());
            marks.extend(domains.map(|domain| (domain, outlet.id.clone())));
            for name in names_of(outlet) {
                let forms = [name.to_owned(), name.to_lowercase(), name.to_uppercase()];
                let place = if name.len() < LEAST_MARK && name.is_ascii() { &mut words } else { &mut marks };
                place.extend(
                    forms.into_iter().filter(|form| !form.is_empty()).map(|form| (form, outlet.id.clone())),
                );
            }
            let disguised = outlet.names().map(FoldedText::of).filter(|name| name.len() >= PLAIN_NAME);
            let handles =
                handles_of(outlet).map(FoldedText::of).filter(|handle| handle.len() >= LEAST_HANDLE);
            letters.extend(disguised.chain(handles).map(|it| (it.as_str().to_owned(), outlet.id.clone())));
        }
        let (marks, words, letters) = (Finder::of(marks), Finder::of(words), Finder::of(letters));
        Sieve { marks, words, letters, names: Names::of(watchlist), accounts }
    }

    /// The outlets that a post may be about: the record as it lies in its frame, the text in it, and its letters.
    pub fn may_concern<'a>(
        &'a self,
        record: &'a [u8],
        text: &'a str,
        letters: &'a str,
    ) -> BTreeSet<&'a OutletId> {
        let mut outlets: BTreeSet<&OutletId> = self.words.found_alone(text).collect();
        for (finder, bytes) in [(&self.marks, record), (&self.letters, letters.as_bytes())] {
            if finder.finds_any(bytes) {
                outlets.extend(finder.found_in(bytes));
            }
        }
        outlets
    }

    /// What a post has to do with the outlets that it may be about.
    pub fn reason(
        &self,
        status: &Status,
        outlets: impl Iterator<Item = OutletId>,
        watchlist: &Watchlist,
    ) -> Option<Reason> {
        if status.mentions.iter().any(|mention| self.accounts.contains_key(mention)) {
            return Some(Reason::Names);
        }
        let credits = outlets.map(|outlet| attribution::credit(status, &outlet, watchlist));
        let reasons = credits.filter_map(|credit| match credit {
            Credit::None => None,
            Credit::Altered(_) => Some(Reason::Alters),
            _ => Some(Reason::Names),
        });
        // Who credits honestly once hides nothing.
        reasons.max()
    }

    /// Whether an account shows itself under an outlet's name, or as a place of it.
    pub fn bears_name<'a>(
        &self,
        display_name: &str,
        handle: Option<&str>,
        mut links: impl Iterator<Item = &'a str>,
        watchlist: &Watchlist,
    ) -> bool {
        let is_of_site =
            |handle: &str| Host::parse(handle).is_ok_and(|host| watchlist.outlet_of_host(&host).is_some());
        self.names.borne_by(display_name).is_some()
            || handle.is_some_and(|handle| is_of_site(handle) || self.names.borne_by(handle).is_some())
            || links.any(|link| outlet_of_url(link, watchlist).is_some())
    }
}

/// What an outlet is called where it is credited.
fn names_of(outlet: &Outlet) -> impl Iterator<Item = &str> {
    let bylines = outlet
        .bylines
        .iter()
        .flat_map(|byline| byline.split('*').map(str::trim).max_by_key(|piece| piece.len()));
    outlet.names().chain(bylines).chain(handles_of(outlet).filter(|handle| handle.len() >= LEAST_HANDLE))
}

fn handles_of(outlet: &Outlet) -> impl Iterator<Item = &str> {
    outlet.accounts.iter().map(|account| account.handle.split('@').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::status::StatusUri;

    fn outlet(id: &str, name: &str, aliases: &[&str], domain: &str) -> Outlet {
        Outlet {
            name: name.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            domains: vec![Host::parse(domain).unwrap()],
            bylines: vec!["Con información de *Agencia Oriental".to_owned()],
            enabled: true,
            ..Outlet::unknown(OutletId::parse(id).unwrap())
        }
    }

    fn watchlist() -> Watchlist {
        let outlets = [
            outlet("agency", "Agencia Oriental de Noticias", &["AON", "东方社"], "oriental.example"),
            outlet("channel", "RT", &["Ар-Ти"], "channel.example"),
        ];
        Watchlist {
            outlets: outlets.into_iter().map(|it| (it.id.clone(), it)).collect(),
            ..Watchlist::default()
        }
    }

    fn status(text: &str, links: &[&str], mentions: &[&str]) -> Status {
        Status {
            uri: StatusUri("at://did:plc:a/app.bsky.feed.post/1".into()),
            local_id: "1".into(),
            url: None,
            claimed_at: None,
            edited_at: None,
            text: text.into(),
            spoiler: String::new(),
            language: None,
            boost_of: None,
            is_reply: false,
            links: links.iter().map(|link| (*link).to_owned()).collect(),
            mentions: mentions.iter().map(|mention| (*mention).to_owned()).collect(),
            tags: vec![],
            media: vec![],
            application: None,
        }
    }

    fn reason(text: &str, links: &[&str], mentions: &[&str]) -> Option<Reason> {
        let watchlist = watchlist();
        let ours = BTreeMap::from([("did:plc:official".to_owned(), OutletId::parse("agency").unwrap())]);
        let sieve = Sieve::new(&watchlist, ours);
        let status = status(text, links, mentions);
        let record = serde_json::to_vec(&(text, links, mentions)).unwrap();
        let letters = FoldedText::of(text);
        let outlets = sieve.may_concern(&record, text, letters.as_str());
        let outlets: Vec<OutletId> = outlets.into_iter().cloned().collect();
        if outlets.is_empty() { None } else { sieve.reason(&status, outlets.into_iter(), &watchlist) }
    }

    #[test]
    fn credits_links_and_mentions_are_reasons_and_words_that_hold_a_name_are_none() {
        for (text, links, mentions, expected) in [
            ("Nace un panda. Fuente: AON", &[][..], &[][..], Some(Reason::Names)),
            ("Nace un panda (RT)", &[], &[], Some(Reason::Names)),
            ("熊猫出生。来源：东方社", &[], &[], Some(Reason::Names)),
            ("Agencia Oriental de Noticias lo dijo ayer", &[], &[], Some(Reason::Names)),
            ("Agencia Оriental dе Noticias lo dijo ayer", &[], &[], Some(Reason::Names)),
            ("lee esto", &["https://www.oriental.example/a"], &[], Some(Reason::Names)),
            ("gracias a ellos", &[], &["did:plc:official"], Some(Reason::Names)),
            ("gracias a ellos", &[], &["did:plc:other"], None),
            ("Part of the art of support", &[], &[], None),
            ("Mi RT favorito de hoy", &[], &[], None),
            ("AON Center en Chicago", &[], &[], None),
            ("lee esto", &["https://notoriental.example.com/a"], &[], None),
        ] {
            assert_eq!(reason(text, links, mentions), expected, "{text}");
        }
    }

    #[test]
    fn a_new_account_under_an_outlet_s_name_is_worth_a_look() {
        let watchlist = watchlist();
        let sieve = Sieve::new(&watchlist, BTreeMap::new());
        let bears = |name: &str, handle: Option<&str>, link: Option<&str>| {
            sieve.bears_name(name, handle, link.into_iter(), &watchlist)
        };
        assert!(bears("Аgencia Oriental de Noticias 🐼", None, None));
        assert!(bears("", Some("es.oriental.example"), None));
        assert!(bears("", Some("rt.bsky.social"), None));
        assert!(bears("Noticias", None, Some("https://channel.example/es")));
        assert!(!bears("Art lover", Some("art.bsky.social"), Some("https://other.example/")));
    }
}
