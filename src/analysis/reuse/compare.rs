//! Comparison of two texts, exactly: what one carries of the other, and whether as its own words.

use std::collections::HashMap;
use std::ops::Range;

use sha2::{Digest as _, Sha256};
use unicode_segmentation::UnicodeSegmentation;

use super::{LEAST_EXACT, Prepared, WINDOW};
use crate::model::evidence::hex;
use crate::model::reuse::{Reuse, ReuseKind};

/// Common passages below so many folded bytes are chance: everybody writes "en el centro de".
const LEAST_TILE: usize = 20;
/// At least one common passage has to be this long.
const LEAST_RUN: usize = 60;
/// The least common part of the shorter text, in percent.
const LEAST_COMMON: usize = 45;
/// Places of one window that are tried; a text that repeats itself more often is hostile or empty.
const MOST_PLACES: usize = 16;
/// A text is compared up to here; no post and no item that is kept is longer.
const MOST_BYTES: usize = 16 * 1024;

/// What a status carries of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Percent of the status, without credits and hashtags, that is the item's text.
    pub share: u8,
    /// Folded bytes of the longest common passage.
    pub run: u32,
    pub kind: ReuseKind,
    /// Sixteen hex digits of the folded status where it is no piece of the item.
    pub derived: Option<String>,
    /// Around the longest common passage, as each of the two writes it.
    pub passage: String,
    pub item_passage: String,
}

/// A passage that both have.
#[derive(Debug, Clone, Copy)]
struct Tile {
    status: usize,
    item: usize,
    length: usize,
}

/// Compares a status with an item; `None` where they have too little in common.
pub fn compare(status: &Prepared, item: &Prepared) -> Option<Match> {
    let (mine, theirs) = (&status.folded, &item.folded);
    if mine.is_empty() || mine.len().max(theirs.len()) > MOST_BYTES {
        return None;
    }
    let tiles = tiles(mine.bytes(), theirs.bytes());
    let common: usize = tiles.iter().map(|tile| tile.length).sum();
    let longest = tiles.iter().copied().max_by_key(|tile| (tile.length, std::cmp::Reverse(tile.status)))?;
    let is_whole =
        mine.len() >= LEAST_EXACT && [theirs, &item.headline].iter().any(|text| text.bytes() == mine.bytes());
    let is_much = longest.length >= LEAST_RUN && common * 100 >= LEAST_COMMON * mine.len().min(theirs.len());
    if !is_whole && !is_much {
        return None;
    }
    let share = u8::try_from(common * 100 / mine.len()).unwrap_or(100);
    let kind = match () {
        () if is_quoted(status, item, &tiles) => ReuseKind::Quoted,
        () if share < Reuse::LEAST_SHARE => ReuseKind::Commented,
        () => ReuseKind::Copy,
    };
    Some(Match {
        share,
        run: u32::try_from(longest.length).unwrap_or(u32::MAX),
        kind,
        derived: derived(mine.as_str(), theirs.as_str()),
        passage: excerpt(status, longest.status..longest.status + longest.length),
        item_passage: excerpt(item, longest.item..longest.item + longest.length),
    })
}

/// Common passages from left to right, each the longest that begins there; none overlaps another in the status.
fn tiles(mine: &[u8], theirs: &[u8]) -> Vec<Tile> {
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, window) in theirs.windows(WINDOW).enumerate() {
        let known = places.entry(window).or_default();
        if known.len() < MOST_PLACES {
            known.push(at);
        }
    }
    let mut tiles = Vec::new();
    let mut at = 0;
    while at + WINDOW <= mine.len() {
        let found = places.get(&mine[at..at + WINDOW]).into_iter().flatten();
        let length = |item: usize| {
            mine[at..].iter().zip(&theirs[item..]).take_while(|(one, other)| one == other).count()
        };
        let best = found
            .map(|item| (length(*item), *item))
            .max_by_key(|(length, item)| (*length, std::cmp::Reverse(*item)));
        match best {
            Some((length, item)) if length >= LEAST_TILE => {
                tiles.push(Tile { status: at, item, length });
                at += length;
            }
            _ => at += 1,
        }
    }
    tiles
}

/// Whether most of what is common stands in quote marks that the status has put around it: where the item itself
/// quotes somebody, both have them.
fn is_quoted(status: &Prepared, item: &Prepared, tiles: &[Tile]) -> bool {
    let (mine, theirs) = (quoted(&status.text), quoted(&item.text));
    let is_within = |ranges: &[Range<usize>], place: Range<usize>| {
        ranges.iter().any(|range| range.start <= place.start && place.end <= range.end)
    };
    let mut quoted = 0;
    let mut common = 0;
    for tile in tiles {
        for step in 0..tile.length {
            let place = |text: &Prepared, at: usize| text.folded.original(&text.text, at..at + 1);
            common += 1;
            quoted += usize::from(
                is_within(&mine, place(status, tile.status + step))
                    && !is_within(&theirs, place(item, tile.item + step)),
            );
        }
    }
    quoted * 2 > common
}

/// Opening quote marks with the marks that may close them.
const QUOTES: &[(char, &[char])] = &[
    ('“', &['”']),
    ('„', &['“', '”']),
    ('«', &['»']),
    ('»', &['«']),
    ('「', &['」']),
    ('『', &['』']),
    ('《', &['》']),
    ('‘', &['’']),
    ('"', &['"']),
    ('＂', &['＂']),
];

/// Quotations of one text that are looked at; no post has more.
const MOST_QUOTES: usize = 200;

/// The stretches of a text that stand in quote marks, and lines that begin with `>`.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while found.len() < MOST_QUOTES
        && let Some((at, open)) =
            text[from..].char_indices().find(|(_, c)| QUOTES.iter().any(|(open, _)| open == c))
    {
        let begin = from + at + open.len_utf8();
        let closing = QUOTES.iter().find(|(known, _)| *known == open).map_or(&[][..], |(_, closing)| closing);
        match text[begin..].find(closing) {
            Some(length) => {
                found.push(begin..begin + length);
                from = begin + length + text[begin + length..].chars().next().map_or(0, char::len_utf8);
            }
            None => from = begin,
        }
    }
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MOST_QUOTES) {
        if line.trim_start().starts_with('>') {
            found.push(at..at + line.len());
        }
        at += line.len();
    }
    found
}

/// What two accounts share beyond the publisher's own words: the hash of a text that is no piece of the item.
fn derived(mine: &str, theirs: &str) -> Option<String> {
    (!theirs.contains(mine)).then(|| hex(&Sha256::digest(mine)[..8]))
}

/// The text around some folded bytes, at most [`Reuse::LONGEST_PASSAGE`] characters, no letter cut.
fn excerpt(text: &Prepared, bytes: Range<usize>) -> String {
    let place = text.folded.original(&text.text, bytes);
    let passage = text.text.get(place).unwrap_or_default();
    let mut characters = 0;
    let whole = passage.graphemes(true).take_while(|grapheme| {
        characters += grapheme.chars().count();
        characters <= Reuse::LONGEST_PASSAGE
    });
    whole.collect()
}
