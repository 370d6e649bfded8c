//! Folding: a text as the bare letters and digits that stay the same when it is retyped, decorated or disguised.

mod simplified;

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

use super::names::is_invisible;

/// The letters and digits of a text, each byte with the place where it stands in the original.
///
/// Compatibility forms, case, marks and look-alike letters are levelled, traditional Chinese letters written as
/// simplified ones; everything else is left out: spaces, punctuation, emoji, what cannot be seen, and addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldedText {
    letters: String,
    /// For each byte of `letters`, where its character begins in the original.
    places: Vec<u32>,
}

impl FoldedText {
    pub fn of(text: &str) -> FoldedText {
        FoldedText::without(text, &[])
    }

    /// The same, without some stretches of the text. They begin and end between characters, in order.
    pub fn without(text: &str, left_out: &[Range<usize>]) -> FoldedText {
        let mut folded = FoldedText::default();
        let addresses = addresses(text);
        let is_left_out = |at: usize, skips: &[Range<usize>]| skips.iter().any(|skip| skip.contains(&at));
        for (at, character) in text.char_indices() {
            if is_left_out(at, &addresses) || is_left_out(at, left_out) {
                continue;
            }
            let before = folded.letters.len();
            fold_character(character, &mut folded.letters);
            let place = u32::try_from(at).unwrap_or(u32::MAX);
            folded.places.extend(std::iter::repeat_n(place, folded.letters.len() - before));
        }
        folded
    }

    pub fn as_str(&self) -> &str {
        &self.letters
    }

    pub fn bytes(&self) -> &[u8] {
        self.letters.as_bytes()
    }

    pub fn len(&self) -> usize {
        self.letters.len()
    }

    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Where some folded bytes stand in the original: from the first of their characters to the end of the last.
    pub fn original(&self, text: &str, bytes: Range<usize>) -> Range<usize> {
        let place = |at: usize| self.places.get(at).map_or(text.len(), |place| *place as usize);
        let Some(last) = bytes.end.checked_sub(1).filter(|last| *last >= bytes.start) else {
            return place(bytes.start)..place(bytes.start);
        };
        let last = place(last);
        let width = text.get(last..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        place(bytes.start)..last + width
    }
}

/// The same letters and digits without their places, for those who look at many texts and keep none.
pub fn letters_into(text: &str, letters: &mut String) {
    letters.clear();
    let mut rest = text;
    while let Some(start) = first_address(rest) {
        rest[..start].chars().for_each(|character| fold_character(character, letters));
        let address = &rest[start..];
        rest = address.find(char::is_whitespace).map_or("", |end| &address[end..]);
    }
    rest.chars().for_each(|character| fold_character(character, letters));
}

/// Where the first address of a page begins in a text.
fn first_address(text: &str) -> Option<usize> {
    // Most texts have none, and a colon or a point is found faster than three words.
    let is_likely = text.contains("://") || text.contains("www.");
    is_likely.then(|| ADDRESSES.iter().filter_map(|start| text.find(start)).min()).flatten()
}

/// Adds what is left of one character.
fn fold_character(character: char, letters: &mut String) {
    if character.is_ascii() {
        push_ascii(character, letters);
        return;
    }
    if is_invisible(character) || is_combining_mark(character) {
        return;
    }
    let plain = std::iter::once(character).nfkc().flat_map(char::to_lowercase).nfd();
    for plain in plain.filter(|plain| plain.is_alphanumeric() && !is_combining_mark(*plain)) {
        if plain.is_ascii() {
            push_ascii(plain, letters);
            continue;
        }
        let simplified = simplified::of(plain);
        let mut bytes = [0; 4];
        for alike in skeleton(simplified.encode_utf8(&mut bytes)).flat_map(char::to_lowercase) {
            match alike {
                _ if alike.is_ascii() => push_ascii(alike, letters),
                _ if alike.is_alphanumeric() && !is_combining_mark(alike) => letters.push(alike),
                _ => {}
            }
        }
    }
}

/// Digits that pass for letters are levelled with them.
fn push_ascii(character: char, letters: &mut String) {
    match character {
        '0' => letters.push('o'),
        '1' => letters.push('l'),
        _ if character.is_ascii_alphanumeric() => letters.push(character.to_ascii_lowercase()),
        _ => {}
    }
}

/// How addresses of pages begin.
const ADDRESSES: [&str; 3] = ["http://", "https://", "www."];

/// The stretches of a text that are addresses of pages.
fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for start in ADDRESSES {
        for (at, _) in text.match_indices(start) {
            let end = text[at..].find(char::is_whitespace).map_or(text.len(), |end| at + end);
            found.push(at..end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_or_means_the_same_folds_alike() {
        for (one, other) in [
            ("Nace un panda GIGANTE.", "nace  un panda gigante"),
            ("El próximo año", "el proximo an\u{303}o"),
            ("Twitter •mundo_china", "twitter ＠ｍｕｎｄｏ＿ｃｈｉｎａ"),
            ("mundo_china", "m\u{200b}undо_сhinа"),
            ("新华社记者", "新華社記者"),
            ("中国新闻网", "中國新聞網"),
            ("Puente https://cns.example/a?b=1 abierto", "puente abierto"),
            ("🐼 Panda 🎉", "panda"),
            ("Россия сегодня", "россия, сегодня!"),
        ] {
            let (one_folded, other_folded) = (FoldedText::of(one), FoldedText::of(other));
            assert_eq!(one_folded.as_str(), other_folded.as_str(), "{one} / {other}");
            assert!(!one_folded.is_empty(), "{one}");
        }
        assert_ne!(FoldedText::of("Xinhua").as_str(), FoldedText::of("Xinhui").as_str());
    }

    #[test]
    fn folded_bytes_are_found_again_in_the_original() {
        let text = "“El próximo año”, dijo Ана.";
        let folded = FoldedText::of(text);
        let at = folded.as_str().find("proximoano").unwrap();
        assert_eq!(&text[folded.original(text, at..at + "proximoano".len())], "próximo año");
        let end = folded.len();
        assert!(text[folded.original(text, end - 1..end)].chars().count() == 1);
    }

    proptest! {
        #[test]
        fn letters_are_the_same_with_and_without_their_places(text in "(\\PC|https?://|www\\.| |新華社記者|Хi){0,30}") {
            let mut letters = "left over".to_owned();
            letters_into(&text, &mut letters);
            let folded = FoldedText::of(&text);
            prop_assert_eq!(folded.as_str(), letters.as_str());
        }

        #[test]
        fn every_folded_byte_of_any_text_has_its_place(text in any::<String>(), cut in 0..40_usize) {
            let folded = FoldedText::of(&text);
            for start in 0..folded.len() {
                let range = folded.original(&text, start..(start + cut).min(folded.len()));
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
