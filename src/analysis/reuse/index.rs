//! The index of texts by fingerprint: plain postings, which name a few texts that may be copies.

use std::collections::{BTreeMap, HashMap};

use super::{Prepared, PrintFilter};

/// A fingerprint that stands in more texts than this is boilerplate and says nothing.
const HOT: usize = 64;
/// Fingerprints in common that make a candidate; a text with a single one has no more to give.
pub(super) const LEAST_HITS: usize = 2;
/// The least share of the shorter text's fingerprints.
const LEAST_SCORE: f64 = 0.25;
/// Candidates that are compared, the best ones.
const MOST_CANDIDATES: usize = 24;

/// Texts by key, found again by what they have in common with another.
#[derive(Debug, Clone)]
pub struct ReuseIndex<K> {
    numbers: BTreeMap<K, u32>,
    texts: HashMap<u32, (K, Vec<u64>)>,
    postings: HashMap<u64, Vec<u32>>,
    next: u32,
}

/// A look for a text in an index: what it looked for, and how far the index had come.
#[derive(Debug, Clone)]
pub struct Look {
    prints: Vec<u64>,
    seen: u32,
}

impl<K> Default for ReuseIndex<K> {
    fn default() -> ReuseIndex<K> {
        ReuseIndex { numbers: BTreeMap::new(), texts: HashMap::new(), postings: HashMap::new(), next: 0 }
    }
}

impl<K: Clone + Ord> ReuseIndex<K> {
    /// Adds a text; one that has this key already is replaced.
    pub fn insert(&mut self, key: K, prepared: &Prepared) {
        self.remove(&key);
        let number = self.next;
        self.next += 1;
        for print in &prepared.prints {
            self.postings.entry(*print).or_default().push(number);
        }
        self.texts.insert(number, (key.clone(), prepared.prints.clone()));
        self.numbers.insert(key, number);
    }

    pub fn remove(&mut self, key: &K) {
        let Some(number) = self.numbers.remove(key) else { return };
        let Some((_, prints)) = self.texts.remove(&number) else { return };
        for print in prints {
            if let Some(texts) = self.postings.get_mut(&print) {
                texts.retain(|known| *known != number);
                if texts.is_empty() {
                    self.postings.remove(&print);
                }
            }
        }
    }

    /// Remembers that a text was looked for.
    pub fn look(&self, prepared: &Prepared) -> Look {
        Look { prints: prepared.prints.clone(), seen: self.next }
    }

    /// All fingerprints in a few bits each, with room for as many again.
    pub fn filter(&self) -> PrintFilter {
        let mut filter = PrintFilter::with_room(self.postings.len() * 2);
        self.postings.keys().for_each(|print| filter.insert(*print));
        filter
    }

    /// Whether a text that came since a look may have much in common with what was looked for; if none has,
    /// the next look begins here.
    pub fn has_news_for(&self, look: &mut Look) -> bool {
        let has_news = look.seen < self.next && !self.scored(&look.prints, look.seen).is_empty();
        if !has_news {
            look.seen = self.next;
        }
        has_news
    }

    /// The keys of texts that may have much in common with this one, the likeliest first. What they really
    /// have in common, [`compare()`](super::compare()) tells.
    pub fn candidates(&self, prepared: &Prepared) -> Vec<K> {
        let mut scored = self.scored(&prepared.prints, 0);
        scored.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        scored.into_iter().take(MOST_CANDIDATES).map(|(_, key)| key.clone()).collect()
    }

    /// Texts numbered `from` and up that have enough in common with these fingerprints, and how much.
    fn scored(&self, prints: &[u64], from: u32) -> Vec<(f64, &K)> {
        let mut hits: HashMap<u32, usize> = HashMap::new();
        let mut hot = 0;
        for print in prints {
            match self.postings.get(print) {
                Some(texts) if texts.len() > HOT => hot += 1,
                Some(texts) => {
                    // Numbers grow, so the newest stand last.
                    let newer = texts.iter().rev().take_while(|number| **number >= from);
                    newer.for_each(|number| *hits.entry(*number).or_default() += 1);
                }
                None => {}
            }
        }
        let mine = prints.len() - hot;
        let scored = hits.into_iter().filter_map(|(number, hits)| {
            let (key, prints) = self.texts.get(&number)?;
            let shorter = mine.min(prints.len()).max(1);
            let score = hits as f64 / shorter as f64;
            (hits >= LEAST_HITS.min(shorter) && score >= LEAST_SCORE).then_some((score, key))
        });
        scored.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANDA: &str =
        "Nace un panda gigante en el centro de conservación de Chengdu, el tercero de este año";
    const BRIDGE: &str = "El puente más alto del mundo abre al tráfico tras cuatro años de obras en Guizhou";

    fn index(texts: &[&'static str]) -> ReuseIndex<&'static str> {
        let mut index = ReuseIndex::default();
        texts.iter().for_each(|text| index.insert(*text, &Prepared::of(text)));
        index
    }

    #[test]
    fn a_copy_finds_its_source_and_nothing_else() {
        let index = index(&[PANDA, BRIDGE]);
        let copy = Prepared::of(
            "¡Qué ternura! NACE UN PANDA GIGANTE en el centro de conservación de Chengdu #pandas",
        );
        assert_eq!(index.candidates(&copy), [PANDA]);
        assert_eq!(
            index.candidates(&Prepared::of("Otra vez lluvia en la capital y el gato no está de acuerdo")),
            [""; 0]
        );
    }

    #[test]
    fn a_look_has_news_once_a_text_came_that_is_like_it() {
        let mut index = index(&[BRIDGE]);
        let copy = Prepared::of(PANDA);
        let mut look = index.look(&copy);
        assert!(!index.has_news_for(&mut look));
        index.insert("rain", &Prepared::of("Otra vez lluvia en la capital y el gato no está de acuerdo"));
        assert!(!index.has_news_for(&mut look));
        index.insert(PANDA, &copy);
        assert!(index.has_news_for(&mut look));
        assert!(!index.has_news_for(&mut index.look(&copy)));
    }

    #[test]
    fn what_was_removed_or_replaced_is_not_found() {
        let mut index = index(&[PANDA, BRIDGE]);
        index.remove(&PANDA);
        assert_eq!(index.candidates(&Prepared::of(PANDA)), [""; 0]);
        index.insert(BRIDGE, &Prepared::of(PANDA));
        assert_eq!(index.candidates(&Prepared::of(BRIDGE)), [""; 0]);
        assert_eq!(index.candidates(&Prepared::of(PANDA)), [BRIDGE]);
    }

    #[test]
    fn a_phrase_that_everybody_uses_leads_nowhere() {
        let phrase = "Síguenos en nuestras redes sociales para más noticias de la región y del mundo";
        let mut index = ReuseIndex::default();
        (0..100).for_each(|number| index.insert(number, &Prepared::of(phrase)));
        assert_eq!(index.candidates(&Prepared::of(phrase)), [0; 0]);
    }

    #[test]
    fn a_short_headline_is_found_whole() {
        let index = index(&["Nace un panda en Chengdu ayer"]);
        assert_eq!(index.candidates(&Prepared::of("¡NACE un panda en Chengdu, ayer!")).len(), 1);
        assert_eq!(index.candidates(&Prepared::of("Nace un panda en Chengdu hoy")).len(), 0);
    }
}
