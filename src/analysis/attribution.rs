//! Attribution: how a post says, or does not say, where its text is from.

use std::ops::Range;

use super::fold::FoldedText;
use super::resemblance::{Folded, name_borne, outlet_of_url};
use crate::model::account::{Acct, Host, Network};
use crate::model::observation::Profile;
use crate::model::outlet::{Outlet, OutletId};
use crate::model::reuse::Credit;
use crate::model::status::Status;
use crate::model::watchlist::Watchlist;

/// Words before a source, in lower case.
const CUES: &[&str] = &[
    "fuente",
    "fuentes",
    "vía",
    "via",
    "source",
    "sources",
    "foto",
    "fotos",
    "photo",
    "crédito",
    "créditos",
    "credit",
    "credits",
    "twitter",
    "quelle",
    "fonte",
    "kaynak",
    "con información de",
    "tomado de",
    "from",
    "来源",
    "來源",
    "据",
    "據",
    "источник",
    "фото",
    "المصدر",
    "منبع",
];
/// Marks before a source.
const CUE_MARKS: &[char] = &['©', '•', '@', '＠', '﹫', '·', '・', '●', '∙'];
/// Marks that stand where a working `@` would.
const DISGUISES: &[char] = &['•', '·', '・', '●', '∙', '◦', '*', '＠', '﹫'];
/// How far before a name its cue may stand, in characters.
const CUE_WITHIN: usize = 24;
/// A handle shorter than this is too common a piece of other words to be found disguised.
pub(super) const LEAST_HANDLE: usize = 6;
/// A name of so many folded bytes names a source wherever it stands; shorter ones need a cue or parentheses.
pub(super) const PLAIN_NAME: usize = 12;
/// The longest credit that is kept, in characters.
const LONGEST_CREDIT: usize = 30;
/// The longest line that is a credit and nothing else, in characters.
const LONGEST_CREDIT_LINE: usize = 80;

/// How a status credits a publisher. The most honest credit counts: who names the source once hides nothing.
pub fn credit(status: &Status, publisher: &OutletId, watchlist: &Watchlist) -> Credit {
    let Some(source) = Source::of(publisher, watchlist) else { return Credit::None };
    let text = &status.text;
    if status.links.iter().any(|link| source.has_site(link, watchlist)) {
        return Credit::Link;
    }
    if status.mentions.iter().any(|mention| source.is_mentioned(mention)) {
        return Credit::Mention;
    }
    let handles = source.handles.iter().flat_map(|handle| sightings(text, handle));
    let handles: Vec<Sighting> = handles.collect();
    // A handle that a reader can follow on Bluesky cannot hold every letter of one elsewhere: in doubt it credits.
    let is_followed =
        |seen: &Sighting| matches!(seen, Sighting::Altered(seen) if is_in_mention(seen, status));
    if source.has_byline(text) || handles.contains(&Sighting::Plain) || handles.iter().any(is_followed) {
        return Credit::Byline;
    }
    let altered = handles.into_iter().find_map(|seen| match seen {
        Sighting::Altered(text) => Some(text),
        Sighting::Plain => None,
    });
    altered.map_or(Credit::None, Credit::Altered)
}

/// Whether a stretch of a text is a working mention on Bluesky or Threads, or part of one.
fn is_in_mention(stretch: &str, status: &Status) -> bool {
    let bare = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let accts = status.mentions.iter().filter_map(|mention| mention.parse::<Acct>().ok());
    let mut handles = accts.filter(|acct| matches!(acct.network(), Network::Bluesky | Network::Threads));
    handles.any(|acct| bare(acct.user()).contains(&bare(stretch)))
}

/// Whether a profile names the publisher as its source or owner: in its text, or with a link to its site.
pub fn names_as_source(profile: &Profile, outlet: &Outlet, watchlist: &Watchlist) -> bool {
    let is_related = |other: &Outlet| watchlist.is_related(&other.id, &outlet.id);
    let links = profile.links.iter().filter_map(|link| outlet_of_url(&link.url, watchlist));
    let told = watchlist.enabled().filter(|other| is_related(other));
    links.into_iter().any(is_related)
        || told.into_iter().any(|other| {
            name_borne(&profile.note, other).is_some() || name_borne(&profile.display_name, other).is_some()
        })
}

/// Whether a text may have such stretches at all: each of them has one of these signs.
pub fn may_have_credits(text: &str) -> bool {
    text.contains(|c| matches!(c, ':' | '：' | '©' | '@' | '#' | '＃') || DISGUISES.contains(&c))
}

/// Stretches of a text that are no words of its author: credits, trailing hashtags, mentions.
pub fn credits_and_tags(text: &str) -> Vec<Range<usize>> {
    let mut left_out = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let is_short = trimmed.chars().count() <= LONGEST_CREDIT_LINE;
        if is_short && (is_credit_line(trimmed) || is_tags(trimmed)) {
            left_out.push(at..at + line.len());
        } else {
            left_out.extend(trailing(line).map(|rest| at + rest.start..at + rest.end));
        }
        at += line.len();
    }
    left_out
}

/// A line that begins with a cue and holds little else: "Fuente: Xinhua", "Twitter •mundo_china", "(Xinhua)".
fn is_credit_line(line: &str) -> bool {
    let line = line.trim_start_matches(['(', '[', '-', '—', ' ']);
    let lower = line.to_lowercase();
    let begins = |cue: &&&str| {
        lower.strip_prefix(**cue).is_some_and(|rest| {
            let is_word_end = !rest.starts_with(char::is_alphabetic) || !cue.is_ascii();
            let names_something =
                rest.trim_start().starts_with([':', '：']) || rest.contains(DISGUISES) || rest.contains('@');
            is_word_end && names_something
        })
    };
    line.starts_with('©') || line.starts_with(DISGUISES) || CUES.iter().find(begins).is_some()
}

/// Whether a line holds nothing but hashtags and mentions.
fn is_tags(line: &str) -> bool {
    !line.is_empty() && line.split_whitespace().all(|word| word.starts_with(['#', '＃', '@']))
}

/// What stands at the end of a line after its last sentence and is a credit, or hashtags.
fn trailing(line: &str) -> Option<Range<usize>> {
    let end = line.trim_end().len();
    let words: Vec<(usize, &str)> = line[..end]
        .split_whitespace()
        .map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
        .collect();
    let mut begin = end;
    for (at, word) in words.iter().rev() {
        if !word.starts_with(['#', '＃', '@']) {
            break;
        }
        begin = *at;
    }
    // The credit may stand before the hashtags: " Fuente: Xinhua #China".
    let rest = line[..begin].trim_end();
    let is_end = |c: char| c.is_whitespace() || ".!?。！？…([|—".contains(c);
    let mut ends = rest.char_indices().filter(|(_, c)| is_end(*c)).map(|(at, c)| at + c.len_utf8());
    let credit = ends.find(|at| {
        let tail = rest[*at..].trim();
        tail.chars().count() <= LONGEST_CREDIT_LINE && is_credit_line(tail)
    });
    let begin = credit.unwrap_or(begin);
    (begin < end).then_some(begin..line.len())
}

/// What is known of a publisher that a credit can name.
struct Source<'a> {
    system: String,
    domains: Vec<&'a Host>,
    names: Vec<&'a str>,
    bylines: Vec<&'a str>,
    handles: Vec<&'a str>,
}

impl<'a> Source<'a> {
    /// An outlet with those that it owns or belongs to, or a wire.
    fn of(publisher: &OutletId, watchlist: &'a Watchlist) -> Option<Source<'a>> {
        let system = watchlist.controller(publisher);
        if let Some(wire) = watchlist.exempt.iter().find(|wire| wire.id == *publisher) {
            let (domains, names) = (wire.domains.iter().collect(), vec![wire.name.as_str()]);
            return Some(Source { system, domains, names, bylines: Vec::new(), handles: Vec::new() });
        }
        watchlist.outlet(publisher)?;
        let family: Vec<&Outlet> =
            watchlist.outlets.values().filter(|other| watchlist.is_related(&other.id, publisher)).collect();
        let accounts = family.iter().flat_map(|outlet| &outlet.accounts);
        Some(Source {
            system,
            domains: family.iter().flat_map(|outlet| &outlet.domains).collect(),
            names: family.iter().flat_map(|outlet| outlet.names()).collect(),
            bylines: family.iter().flat_map(|outlet| outlet.bylines.iter().map(String::as_str)).collect(),
            handles: accounts.map(|account| account.handle.as_str()).collect(),
        })
    }

    /// A link to any outlet of the system tells a reader where the text is from.
    fn has_site(&self, link: &str, watchlist: &Watchlist) -> bool {
        let host = url::Url::parse(link).ok().as_ref().and_then(Host::of);
        let Some(host) = host else { return false };
        self.domains.iter().any(|domain| host.is_within(domain))
            || watchlist
                .outlet_of_host(&host)
                .is_some_and(|outlet| watchlist.controller(&outlet.id) == self.system)
    }

    fn is_mentioned(&self, mention: &str) -> bool {
        let Ok(acct) = mention.trim_start_matches('@').parse::<Acct>() else { return false };
        let is_listed = |handle: &&str| match acct.network() {
            Network::Bluesky | Network::Threads => handle.eq_ignore_ascii_case(acct.user()),
            _ => handle.parse::<Acct>().is_ok_and(|listed| listed.is_same(&acct)),
        };
        // A handle on Bluesky is a host itself.
        let host = match acct.network() {
            Network::Bluesky => Host::parse(acct.user()).ok(),
            _ => Some(acct.host().clone()),
        };
        let is_of_site = |host: &Host| self.domains.iter().any(|domain| host.is_within(domain));
        self.handles.iter().any(is_listed) || host.as_ref().is_some_and(is_of_site)
    }

    fn has_byline(&self, text: &str) -> bool {
        self.bylines.iter().any(|byline| matches_byline(text, byline))
            || self.names.iter().any(|name| is_credited(text, name))
    }
}

/// Whether a byline of the watchlist stands in a text; `*` is any run of characters within a line.
fn matches_byline(text: &str, byline: &str) -> bool {
    text.lines().any(|line| {
        let mut rest = line;
        byline.split('*').filter(|piece| !piece.is_empty()).all(|piece| match rest.find(piece) {
            Some(at) => {
                rest = &rest[at + piece.len()..];
                true
            }
            None => false,
        })
    })
}

/// Whether a name stands in a text as its source: a long one anywhere, a short one as a word of its own in
/// parentheses or after a cue.
fn is_credited(text: &str, name: &str) -> bool {
    let folded_name = FoldedText::of(name);
    if folded_name.len() >= PLAIN_NAME {
        return Folded::of(text).has_word(&Folded::of(name)) || (!name.is_ascii() && text.contains(name));
    }
    let mut from = 0;
    let lower = text.to_lowercase();
    let name = name.to_lowercase();
    while let Some(at) = (!name.is_empty()).then(|| lower[from..].find(&name)).flatten() {
        let (begin, end) = (from + at, from + at + name.len());
        let (before, after) = (&lower[..begin], &lower[end..]);
        let is_letter = |c: char| c.is_alphanumeric() && name.is_ascii();
        let is_word = !before.ends_with(is_letter) && !after.starts_with(is_letter);
        let is_enclosed =
            before.ends_with(['(', '（', '[', '【']) && after.starts_with([')', '）', ']', '】']);
        if is_word && (is_enclosed || cue_before(before).is_some()) {
            return true;
        }
        from = end;
    }
    false
}

/// Where the nearest cue before a place begins, within the reach of a credit and on the same line.
fn cue_before(before: &str) -> Option<usize> {
    let reach = before.char_indices().rev().take(CUE_WITHIN).last().map_or(before.len(), |(at, _)| at);
    let near = &before[reach..];
    let near = &near[near.rfind('\n').map_or(0, |line| line + 1)..];
    let start = before.len() - near.len();
    let lower = near.to_lowercase();
    let is_word = |at: usize, cue: &str| {
        let is_letter = |c: char| c.is_alphabetic() && !is_han(c);
        !lower[..at].ends_with(is_letter) && !lower[at + cue.len()..].starts_with(is_letter)
    };
    let words = CUES.iter().filter_map(|cue| lower.rfind(cue).filter(|at| is_word(*at, cue)));
    let marks = near.rfind(CUE_MARKS).filter(|_| lower.len() == near.len());
    let at = words.chain(marks).min()?;
    // Lower case can be longer than the text itself; then the cue begins somewhere in the stretch.
    Some(if lower.len() == near.len() { start + at } else { start })
}

fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// How a handle of the publisher stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sighting {
    /// As it is written elsewhere, or as programs that post to several networks leave it.
    Plain,
    /// Altered so that it does not work, as it stands.
    Altered(String),
}

/// Every place where a handle stands in a text, however it is written.
fn sightings(text: &str, handle: &str) -> Vec<Sighting> {
    let user = handle.split('@').next().unwrap_or_default();
    let (wanted, folded) = (FoldedText::of(user), FoldedText::of(text));
    if wanted.len() < LEAST_HANDLE {
        return Vec::new();
    }
    let places = folded.as_str().match_indices(wanted.as_str()).map(|(at, found)| at..at + found.len());
    places.filter_map(|place| sighting(text, folded.original(text, place), user)).collect()
}

/// `None` where the letters are a piece of other words.
fn sighting(text: &str, place: Range<usize>, user: &str) -> Option<Sighting> {
    let (before, written, after) = (&text[..place.start], &text[place.clone()], &text[place.end..]);
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    if before.ends_with(is_letter) || after.starts_with(is_letter) {
        return None;
    }
    let is_exact = written.eq_ignore_ascii_case(user);
    let bare = before.trim_end();
    let is_spaced = bare.len() < before.len();
    let is_disguised = bare.ends_with(DISGUISES) || (is_spaced && bare.ends_with('@'));
    let cue = cue_before(before);
    match (is_exact, is_disguised) {
        (true, false) if before.ends_with('@') || cue.is_some() => Some(Sighting::Plain),
        // A handle that is also a word, as part of a sentence.
        (true, false) => None,
        // The same letters as separate words are a phrase unless a credit introduces them.
        (false, false) if cue.is_none() && written.contains(char::is_whitespace) => None,
        _ => {
            let from =
                cue.unwrap_or_else(|| bare.char_indices().next_back().map_or(place.start, |(at, _)| at));
            let whole: String = text[from..place.end].split_whitespace().collect::<Vec<_>>().join(" ");
            let skip = whole.chars().count().saturating_sub(LONGEST_CREDIT);
            Some(Sighting::Altered(whole.chars().skip(skip).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_of_the_author_is_left_out() {
        for (text, rest) in [
            ("Nace un panda. #pandas #China", "Nace un panda. "),
            ("Nace un panda.\nFuente: Xinhua", "Nace un panda.\n"),
            ("Nace un panda. Twitter •mundo_china", "Nace un panda."),
            ("Nace un panda. Fuente: Xinhua #China", "Nace un panda."),
            ("Nace un panda\n#pandas\n", "Nace un panda\n"),
            ("熊猫出生。来源：新华社", "熊猫出生。"),
            ("Родилась панда. Источник: Синьхуа", "Родилась панда."),
            ("Vía libre para el tren", "Vía libre para el tren"),
            ("Fuentes del gobierno dicen que sí", "Fuentes del gobierno dicen que sí"),
            ("", ""),
        ] {
            let mut left = text.to_owned();
            for range in credits_and_tags(text).into_iter().rev() {
                left.replace_range(range, "");
            }
            assert_eq!(left, rest, "{text}");
        }
    }
}
