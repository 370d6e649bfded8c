//! Foreign names as text that can be printed without pinging, linking or misleading anybody.

use std::ops::ControlFlow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use crate::model::account::{Acct, Host, Network};

/// A name longer than this is cut; no outlet or owner on the watchlist comes near it.
const LONGEST_NAME: usize = 60;

/// More marks on one letter than any living language stacks.
const MOST_MARKS: usize = 3;

/// Every character that servers read as the start of a mention.
pub const AT_SIGNS: [char; 3] = ['@', '＠', '﹫'];

/// Every character that servers read as the start of a hashtag.
pub const HASHES: [char; 3] = ['#', '＃', '﹟'];

/// A foreign text as one line that is safe to print: at most 60 graphemes, nothing invisible in it,
/// no hashtag, mention, link or emoji shortcode, and words of mixed script spelled out.
pub fn clean(text: &str) -> String {
    clean_to(text, LONGEST_NAME)
}

/// A foreign text as [`clean`] gives it, with at most so many graphemes.
pub fn clean_to(text: &str, longest: usize) -> String {
    let visible = visible(text);
    let spelled = spell_mixed_words(&without_shortcodes(&visible));
    let defused = defuse(&spelled.split_whitespace().collect::<Vec<_>>().join(" "));
    cut(trimmed(&defused.split_whitespace().collect::<Vec<_>>().join(" ")), longest)
}

/// A handle as readers can look it up, without a leading `@`: `user@host`, `name (Threads)`.
pub fn handle(acct: &Acct, network: Network) -> String {
    match network {
        Network::Mastodon => acct.to_string(),
        other => format!("{} ({})", acct.user(), other.title()),
    }
}

/// The site that an address is on, as people write it: its host without `www.`; other text is cleaned.
pub fn site(address: &str) -> String {
    let host = Url::parse(address).ok().as_ref().and_then(Host::of);
    let host = host.or_else(|| Host::parse(address).ok());
    match host {
        Some(host) => clean(host.name().strip_prefix("www.").unwrap_or(host.name())),
        None => clean(address),
    }
}

/// Whether a character has no place in a public text: controls, bidi marks, zero-width and other format
/// characters, tags, variation selectors, private use and noncharacters. Line feeds count too.
pub fn is_invisible(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || matches!(code,
            0x00AD | 0x034F | 0x061C | 0x070F | 0x08E2 | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            | 0x0600..=0x0605 | 0x06DD | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFC | 0x110BD | 0x110CD
            | 0x13430..=0x1345F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0x10FFFF)
        || code & 0xFFFE == 0xFFFE
}

/// NFC, nothing invisible, no hash, few marks a letter; other spaces and line ends become a space.
fn visible(text: &str) -> String {
    let mut marks = MOST_MARKS; // A mark at the very start would sit on our own text.
    let mut clean = String::with_capacity(text.len());
    for character in text.chars().take(100 * LONGEST_NAME).nfc() {
        if is_combining_mark(character) {
            marks += 1;
            if marks > MOST_MARKS {
                continue;
            }
        } else if !is_invisible(character) {
            marks = if character.is_alphanumeric() { 0 } else { MOST_MARKS };
        }
        match character {
            _ if character.is_whitespace() => clean.push(' '),
            _ if is_invisible(character) || HASHES.contains(&character) => {}
            '<' | '>' | '`' | '\\' => {}
            '[' => clean.push('('),
            ']' => clean.push(')'),
            _ => clean.push(character),
        }
    }
    // What was dropped may have kept letter and mark apart.
    clean.nfc().collect()
}

/// The text without `:custom_emoji:`.
fn without_shortcodes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let after = &rest[start + 1..];
        let plain = after.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let named = plain >= 2 && after[..plain].bytes().any(|b| b.is_ascii_alphabetic());
        kept.push_str(&rest[..start]);
        if named && after[plain..].starts_with(':') {
            kept.push(' ');
            rest = &after[plain + 1..];
        } else {
            kept.push(':');
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// Spells out the foreign letters of words that mix alphabets, the way look-alikes are made.
///
/// Han, kana and Hangul are written without spaces beside other letters, so they are words of their own.
fn spell_mixed_words(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut word: Vec<char> = Vec::new();
    for character in text.chars() {
        if (character.is_alphabetic() || is_combining_mark(character)) && !is_east_asian(character) {
            word.push(character);
        } else {
            push_word(&mut spelled, &word);
            word.clear();
            spelled.push(character);
        }
    }
    push_word(&mut spelled, &word);
    spelled
}

fn push_word(text: &mut String, word: &[char]) {
    let only =
        word.iter().filter_map(|&character| alphabet(character)).try_fold(None, |seen, script| match seen {
            Some(other) if other != script => ControlFlow::Break(()),
            _ => ControlFlow::Continue(Some(script)),
        });
    for &character in word {
        if only.is_break() && !character.is_ascii() {
            text.push_str(&format!("‹U+{:04X}›", u32::from(character)));
        } else {
            text.push(character);
        }
    }
}

fn alphabet(character: char) -> Option<Script> {
    let script = character.script();
    (!matches!(script, Script::Common | Script::Inherited)).then_some(script)
}

fn is_east_asian(character: char) -> bool {
    matches!(
        character.script(),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo
    )
}

/// Takes the power out of `@` and `:`, so that neither a mention nor a link can start.
fn defuse(text: &str) -> String {
    let mut defused = String::with_capacity(text.len() + 4);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let before = defused.chars().next_back();
        if AT_SIGNS.contains(&character) {
            let is_inside = before.is_some_and(is_plain_word) && next.is_some_and(is_plain_word);
            if character == '@' && is_inside {
                defused.push('@');
            }
        } else if character == ':' {
            defused.push(':');
            let is_time =
                before.is_some_and(|c| c.is_ascii_digit()) && next.is_some_and(|c| c.is_ascii_digit());
            if !is_time && next.is_some_and(|c| c != ' ') {
                defused.push(' ');
            }
        } else {
            defused.push(character);
        }
    }
    defused
}

/// Whether every server takes this for part of a word, so that an `@` behind it mentions nobody.
pub fn is_plain_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Without white space around it or a colon at its end, which could make the next word a link.
fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches([':', ' '])
}

fn cut(text: &str, longest: usize) -> String {
    if text.graphemes(true).count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.graphemes(true).take(longest.saturating_sub(1)).collect();
    format!("{}…", trimmed(&kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "Xinhua News Agency",
            "新华社 Xinhua",
            "新华社CGTN频道",
            "RT на русском и RT in English",
            "Agência Brasil",
            "O'Globo & Co. (São Paulo)",
            "Radio 11:30",
            "Việt Nam Thông tấn xã",
            "조선중앙통신 KCNA",
            "desk at desk@news.example",
        ] {
            assert_eq!(clean(name), name);
        }
    }

    #[test]
    fn mentions_hashtags_links_and_shortcodes_lose_their_power() {
        for (foreign, printed) in [
            ("@ana@social.example hello", "ana@social.example hello"),
            ("＠ana ﹫bo", "ana bo"),
            ("#news ＃新闻 ﹟x", "news 新闻 x"),
            ("https://evil.example/x", "https: //evil.example/x"),
            ("magnet:?xt=1", "magnet: ?xt=1"),
            (":verified: CGTN :blob_cat:", "CGTN"),
            ("<b>CGTN</b> [x](y)", "bCGTN/b (x)(y)"),
            ("a\u{200b}@b\u{200b}c\n\t d", "a@bc d"),
        ] {
            assert_eq!(clean(foreign), printed, "{foreign:?}");
        }
    }

    #[test]
    fn nothing_invisible_is_printed() {
        let foreign = "\u{202e}C\u{200d}G\u{ad}T\u{fe0f}N\u{e0041}\u{0}\u{2066}!";
        assert_eq!(clean(foreign), "CGTN!");
    }

    #[test]
    fn letters_of_another_alphabet_inside_a_word_are_spelled_out() {
        assert_eq!(clean("СGTN Spanish"), "‹U+0421›GTN Spanish");
        assert_eq!(clean("Xinhuа"), "Xinhu‹U+0430›");
    }

    #[test]
    fn a_long_name_is_cut_and_a_stack_of_marks_is_not_printed() {
        let long = clean(&"中".repeat(200));
        assert_eq!(long.graphemes(true).count(), 60);
        assert!(long.ends_with('…'));
        assert_eq!(clean(&format!("q{}", "\u{0323}".repeat(40))).chars().count(), 4);
        assert_eq!(clean("\u{0301}a"), "a");
    }

    #[test]
    fn a_site_is_printed_as_people_write_it() {
        assert_eq!(site("https://www.news.example/a/b?c"), "news.example");
        assert_eq!(site("news.example"), "news.example");
        assert_eq!(site("its front page"), "its front page");
    }

    #[test]
    fn a_handle_never_starts_with_an_at() {
        let acct: Acct = "desk@social.example".parse().unwrap();
        assert_eq!(handle(&acct, Network::Mastodon), "desk@social.example");
        assert_eq!(handle(&acct, Network::Threads), "desk (Threads)");
    }
}
