//! Reuse of text: which texts may be copies of each other, and what exactly one carries of the other.

mod compare;
mod filter;
mod index;

pub use compare::{Match, compare};
pub use filter::PrintFilter;
pub use index::{Look, ReuseIndex};

use super::attribution;
use super::fold::FoldedText;
use crate::model::item::Item;

/// Folded bytes of one window: twelve Latin letters, six Cyrillic or Arabic ones, four Chinese ones.
const WINDOW: usize = 12;
/// Of all windows one in so many is kept (FracMinHash; Irber and others 2022): the choice depends on the window
/// alone, so two texts keep the same ones.
const ONE_IN: u64 = 4;
/// Shorter texts have too few windows to be found by them: they are found only whole.
const LEAST_WINDOWED: usize = 40;
/// A text below this says nothing, whoever writes it.
const LEAST_EXACT: usize = 24;

/// A text made ready to be compared: without its credits and hashtags, folded, with its fingerprints.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    text: String,
    folded: FoldedText,
    /// The headline, where the text has one of its own.
    headline: FoldedText,
    prints: Vec<u64>,
}

impl Prepared {
    /// A status, or any other text in one piece.
    pub fn of(text: &str) -> Prepared {
        Prepared::with_headline(text.to_owned(), FoldedText::default())
    }

    /// An item: its headline alone may be what somebody copies.
    pub fn of_item(item: &Item) -> Prepared {
        let headline = FoldedText::without(&item.title, &attribution::credits_and_tags(&item.title));
        Prepared::with_headline(item.copy(), headline)
    }

    fn with_headline(text: String, headline: FoldedText) -> Prepared {
        let folded = FoldedText::without(&text, &attribution::credits_and_tags(&text));
        let mut prints: Vec<u64> = sampled(folded.bytes()).collect();
        prints.extend([&folded, &headline].into_iter().filter_map(|folded| whole(folded.bytes())));
        prints.sort_unstable();
        prints.dedup();
        Prepared { text, folded, headline, prints }
    }
}

/// The fingerprints of those windows that are kept.
fn sampled(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let windows = if bytes.len() < LEAST_WINDOWED { [].windows(WINDOW) } else { bytes.windows(WINDOW) };
    windows.map(fingerprint).filter(|print| *print < u64::MAX / ONE_IN)
}

/// The fingerprint of a text as a whole; `None` for one that says nothing. All its bits are turned, so that it
/// meets only another whole text.
fn whole(letters: &[u8]) -> Option<u64> {
    let chunks = letters.chunks(WINDOW);
    (letters.len() >= LEAST_EXACT).then(|| !chunks.fold(1, |sum, chunk| mix(sum ^ fingerprint(chunk))))
}

/// A 64-bit mix of at most sixteen bytes (the finaliser of MurmurHash3, Appleby 2011). The constants are part of
/// what is compared in memory only, so they may change with any version.
fn fingerprint(bytes: &[u8]) -> u64 {
    let mut padded = [0_u8; 16];
    let length = bytes.len().min(16);
    padded[..length].copy_from_slice(&bytes[..length]);
    let number = u128::from_le_bytes(padded);
    mix(number as u64 ^ mix((number >> 64) as u64 ^ 0x6d61_7374_6865_6164))
}

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}
