//! A filter of fingerprints: a few bits for each, by which most texts are seen at once to be copies of nothing.
//!
//! A text that it lets pass may still be nothing; one that it holds back has too little in common with anything in the
//! [index](super::ReuseIndex). Three bits of one word stand for a fingerprint (a Bloom filter that reads one word a
//! question; Putze, Sanders and Singler 2007).

use super::index::LEAST_HITS;
use super::{LEAST_WINDOWED, Prepared, mix, sampled, whole};
use crate::analysis::attribution::may_have_credits;

/// Fingerprints for which one word is enough: of those that were never put in, one in a thousand passes.
const PER_WORD: usize = 2;
const LEAST_WORDS: usize = 1 << 12;
/// Of a text so short too much may be credit: it is taken apart as the index does it.
const SHORT: usize = LEAST_WINDOWED * 3;
/// With more hashtags than this the rest of a long text may be short.
const MANY_TAGS: usize = 2;
/// A text with fewer fingerprints may be a copy by a single one.
const FEW: usize = 2 * LEAST_HITS;

#[derive(Debug, Clone)]
pub struct PrintFilter {
    /// As many as a power of two.
    words: Vec<u64>,
    held: usize,
}

impl Default for PrintFilter {
    fn default() -> PrintFilter {
        PrintFilter::with_room(0)
    }
}

impl PrintFilter {
    /// With room for so many fingerprints.
    pub(super) fn with_room(prints: usize) -> PrintFilter {
        let words = (prints / PER_WORD).next_power_of_two().max(LEAST_WORDS);
        PrintFilter { words: vec![0; words], held: 0 }
    }

    pub(super) fn insert(&mut self, print: u64) {
        let (word, bits) = self.place(print);
        self.words[word] |= bits;
        self.held += 1;
    }

    /// Adds a text; those that are taken out of the index again stay.
    pub fn add(&mut self, prepared: &Prepared) {
        prepared.prints.iter().for_each(|print| self.insert(*print));
    }

    /// Whether it should be made anew, with more room and without what is gone.
    pub fn is_full(&self) -> bool {
        self.held > self.words.len() * PER_WORD
    }

    /// Whether a text may have enough in common with anything; `letters` are its own, folded.
    pub fn lets_pass(&self, text: &str, letters: &str) -> bool {
        let letters = letters.as_bytes();
        if !may_have_credits(text) {
            // Nothing is left out of it, so these are all its fingerprints.
            let few = letters.len() < SHORT && sampled(letters).nth(FEW).is_none();
            let wanted = if few { 1 } else { LEAST_HITS };
            return self.hits(sampled(letters).chain(whole(letters)), wanted);
        }
        if letters.len() < SHORT || text.matches('#').nth(MANY_TAGS).is_some() {
            let prepared = Prepared::of(text);
            let wanted = if prepared.prints.len() < FEW { 1 } else { LEAST_HITS };
            return self.hits(prepared.prints.iter().copied(), wanted);
        }
        self.hits(sampled(letters), LEAST_HITS)
    }

    fn hits(&self, prints: impl Iterator<Item = u64>, wanted: usize) -> bool {
        prints.filter(|print| self.holds(*print)).take(wanted).count() == wanted
    }

    fn holds(&self, print: u64) -> bool {
        let (word, bits) = self.place(print);
        self.words[word] & bits == bits
    }

    /// Prints that are kept are small numbers, so their bits are mixed once more.
    fn place(&self, print: u64) -> (usize, u64) {
        let mixed = mix(print);
        let word = (mixed >> 20) as usize & (self.words.len() - 1);
        let bits = (1 << (mixed & 63)) | (1 << (mixed >> 6 & 63)) | (1 << (mixed >> 12 & 63));
        (word, bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ReuseIndex;
    use super::*;
    use crate::analysis::fold::letters_into;

    fn passes(filter: &PrintFilter, text: &str) -> bool {
        let mut letters = String::new();
        letters_into(text, &mut letters);
        filter.lets_pass(text, &letters)
    }

    #[test]
    fn few_texts_that_are_nothing_pass() {
        let mut index = ReuseIndex::default();
        let item = |n: u32| {
            format!(
                "Report {n}: the bridge {} of the province {} opened after {} years",
                n * 7,
                n * 13,
                n % 9
            )
        };
        (0..3_000).for_each(|n| index.insert(n, &Prepared::of(&item(n))));
        let filter = index.filter();
        assert!(!filter.is_full());
        let passed = (0..2_000).filter(|n| {
            passes(&filter, &format!("{n} my cat {} does not agree with the rain {}", n * 3, n * 5))
        });
        assert!(passed.count() < 20);
    }

    proptest! {
        /// What the index finds, the filter lets pass: otherwise copies would be lost without a trace.
        #[test]
        fn whatever_the_index_finds_passes(
            item in "[a-záéí新华社 ]{24,200}", before in "[a-z .]{0,120}", credit in "( Fuente: Xinhua| #China|\nTwitter •mundo_china)?",
        ) {
            let mut index = ReuseIndex::default();
            index.insert((), &Prepared::of(&item));
            let copy = format!("{before}{item}{credit}");
            let is_found = !index.candidates(&Prepared::of(&copy)).is_empty();
            prop_assert!(!is_found || passes(&index.filter(), &copy));
        }
    }
}
