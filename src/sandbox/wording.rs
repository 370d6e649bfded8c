//! Texts from grammars: patterns with slots for names, places and numbers, so that no two events read alike.

pub mod en;
pub mod es;
pub mod es_days;
pub mod es_feasts;
pub mod es_talk;
pub mod zh;

use super::random::Random;

/// What fills a slot of a pattern.
pub type Lexicon = fn(&str, &mut Random) -> String;

/// One kind of event: headlines, first sentences, and facts that come after them.
#[derive(Debug)]
pub struct Event {
    pub titles: &'static [&'static str],
    pub leads: &'static [&'static str],
    pub facts: &'static [&'static str],
}

/// What all events of a language share.
#[derive(Debug)]
pub struct Language {
    pub voices: &'static [&'static str],
    pub endings: &'static [&'static str],
    /// Between two sentences.
    pub space: &'static str,
    /// How long a summary gets at least and at most, in characters.
    pub length: (usize, usize),
}

/// A headline and a summary of two to four sentences.
pub fn report(event: &Event, language: &Language, lexicon: Lexicon, random: &mut Random) -> (String, String) {
    let title = fill(event.titles, lexicon, random);
    let mut text = fill(event.leads, lexicon, random);
    let facts = random.below(event.facts.len() as u64) as usize;
    let mut more = vec![
        expand(event.facts[facts], lexicon, random),
        fill(language.voices, lexicon, random),
        fill(language.endings, lexicon, random),
    ];
    if random.one_in(3) {
        more.swap(1, 2);
    }
    if random.one_in(4) {
        more.insert(1, expand(event.facts[(facts + 1) % event.facts.len()], lexicon, random));
    }
    let (shortest, longest) = language.length;
    for sentence in more {
        let (so_far, with_it) = (text.chars().count(), text.chars().count() + 1 + sentence.chars().count());
        if so_far < shortest || (with_it <= longest && !random.one_in(4)) {
            text = format!("{text}{}{sentence}", language.space);
        }
    }
    (title, text)
}

/// One of the patterns, filled.
pub fn fill(patterns: &[&str], lexicon: Lexicon, random: &mut Random) -> String {
    let pattern = *random.pick::<&str>(patterns);
    expand(pattern, lexicon, random)
}

/// A pattern with its slots filled: `{city}` is asked of the lexicon, `[one|other]` is a choice.
pub fn expand(pattern: &str, lexicon: Lexicon, random: &mut Random) -> String {
    let mut text = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '[']) {
        text.push_str(&rest[..at]);
        let close = if rest[at..].starts_with('{') { '}' } else { ']' };
        let end = at + rest[at..].find(close).expect("every slot of a pattern is closed");
        let inner = &rest[at + 1..end];
        if close == '}' {
            text.push_str(&lexicon(inner, random));
        } else {
            let choices: Vec<&str> = inner.split('|').collect();
            text.push_str(&fill(&choices, lexicon, random));
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    // What Spanish runs together; no other language of this world has these words beside each other.
    text.replace(" a el ", " al ").replace(" de el ", " del ")
}

/// A number with so many digits at most, never round.
pub fn number(random: &mut Random, from: u64, to: u64) -> u64 {
    let number = from + random.below(to - from);
    if number.is_multiple_of(10) { number + 1 + random.below(8) } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_choices_are_made() {
        let lexicon: Lexicon = |slot, _| format!("<{slot}>");
        let text = expand("In {city} [one|one] of {n}.", lexicon, &mut Random::of(&[1]));
        assert_eq!(text, "In <city> one of <n>.");
    }
}
