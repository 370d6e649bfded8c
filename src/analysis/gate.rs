//! The final gate on finished bytes: what it refuses is never sent.

use thiserror::Error;

use super::measure::{self, Limits};
use super::names::{AT_SIGNS, HASHES, is_invisible, is_plain_word};

/// Why a finished text must not be posted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("`{around}` could mention somebody; an at sign needs an ASCII letter, digit or _ before it")]
    Mention { around: String },
    #[error("`{around}` could become a hashtag")]
    Hashtag { around: String },
    #[error("`{link}` is not the post's own link, expected {expected}")]
    ForeignLink { link: String, expected: String },
    #[error("the post carries its link {times} times, expected once")]
    LinkCount { times: usize },
    #[error("`{around}` would quote the linked page as a post")]
    Quote { around: String },
    #[error("U+{code:04X} is invisible or steers the text, expected visible characters and line feeds")]
    Invisible { code: u32 },
    #[error("nobody says who controls {outlet}, which is printed with every hidden tie")]
    NoController { outlet: String },
    #[error("{length} characters as the server counts, expected at most {limit}")]
    TooLong { length: usize, limit: u32 },
}

/// Schemes that some server turns into links without `//`.
const BARE_SCHEMES: [&str; 9] =
    ["acct:", "data:", "did:", "gemini:", "javascript:", "magnet:", "mailto:", "web+ap:", "xmpp:"];

/// Words before a link by which servers recognise a quote.
const QUOTE_MARKS: [&str; 5] = ["re:", "qt:", "rt:", "rn:", "quote:"];

/// Checks a text and its content warning as they would be sent; `permalink` is the only link allowed, once.
pub fn check(text: &str, spoiler: &str, permalink: &str, limits: Limits) -> Result<(), Refusal> {
    for bytes in [text, spoiler] {
        check_characters(bytes)?;
    }
    let length = measure::length(text, spoiler, limits);
    if length > limits.max_characters as usize {
        return Err(Refusal::TooLong { length, limit: limits.max_characters });
    }
    check_links(spoiler, permalink).and_then(|times| match times {
        0 => Ok(()),
        _ => Err(Refusal::LinkCount { times: times + 1 }),
    })?;
    match check_links(text, permalink)? {
        1 => Ok(()),
        times => Err(Refusal::LinkCount { times }),
    }
}

/// The rules for single characters: no mention, no hashtag, nothing invisible.
///
/// Stricter than any one server: a letter beyond ASCII before an at sign is a word to Mastodon and
/// none to others, and the full-width signs are refused wherever they stand.
fn check_characters(text: &str) -> Result<(), Refusal> {
    let mut before = None;
    for (at, character) in text.char_indices() {
        let is_word_before = before.is_some_and(is_plain_word);
        if AT_SIGNS.contains(&character) && !(character == '@' && is_word_before) {
            return Err(Refusal::Mention { around: around(text, at) });
        }
        if HASHES.contains(&character) {
            return Err(Refusal::Hashtag { around: around(text, at) });
        }
        if is_invisible(character) && character != '\n' {
            return Err(Refusal::Invisible { code: character.into() });
        }
        before = Some(character);
    }
    Ok(())
}

/// How often the text carries its own link; any other link is refused.
fn check_links(text: &str, permalink: &str) -> Result<usize, Refusal> {
    let foreign = |link: &str| Refusal::ForeignLink { link: link.to_owned(), expected: permalink.to_owned() };
    let mut times = 0;
    let mut others = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = measure::next_link(rest) {
        if &rest[start..end] != permalink {
            return Err(foreign(&rest[start..end]));
        }
        let lead = rest[..start].trim_end().to_ascii_lowercase();
        if QUOTE_MARKS.iter().any(|mark| ends_with_word(&lead, mark)) {
            return Err(Refusal::Quote { around: around(rest, start) });
        }
        times += 1;
        others.push_str(&rest[..start]);
        others.push(' ');
        rest = &rest[end..];
    }
    others.push_str(rest);
    let lower = others.to_ascii_lowercase();
    if let Some(at) = lower.find("://").or_else(|| lower.find("](")) {
        return Err(foreign(&around(&others, at)));
    }
    for scheme in BARE_SCHEMES {
        for (at, _) in lower.match_indices(scheme) {
            let goes_on = lower[at + scheme.len()..].starts_with(|c: char| !c.is_whitespace());
            let is_word = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            if goes_on && is_word {
                return Err(foreign(&around(&others, at)));
            }
        }
    }
    Ok(times)
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
}

/// A few characters on both sides, for the message.
fn around(text: &str, at: usize) -> String {
    let before: Vec<char> = text[..at].chars().rev().take(10).collect();
    let after = text[at..].chars().take(20);
    before.into_iter().rev().chain(after).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://masthead.example/d/12/1";

    fn verdict(text: &str) -> Result<(), Refusal> {
        check(&format!("{text}\n\nProof, or object:\n{LINK}"), "", LINK, Limits::default())
    }

    #[test]
    fn a_handle_without_a_leading_at_passes() {
        assert_eq!(verdict("Official: desk_1@social.example, cgtn.com names it."), Ok(()));
    }

    #[test]
    fn whatever_could_mention_somebody_is_refused() {
        for text in [
            "@ana",
            "see @ana",
            ".@ana@social.example",
            "新@ana",
            "é@ana",
            "(@ana",
            "a＠b",
            "﹫ana",
            "/@ana",
            "-@b",
        ] {
            assert!(matches!(verdict(text), Err(Refusal::Mention { .. })), "{text}");
        }
    }

    #[test]
    fn hashtags_and_invisible_characters_are_refused() {
        for text in ["#a", "a#b", "＃新闻", "﹟x"] {
            assert!(matches!(verdict(text), Err(Refusal::Hashtag { .. })), "{text}");
        }
        for text in ["a\u{200b}b", "\u{202e}x", "a\rb", "a\tb", "\u{e0041}", "\u{feff}", "\u{fe0f}"] {
            assert!(matches!(verdict(text), Err(Refusal::Invisible { .. })), "{text:?}");
        }
    }

    #[test]
    fn every_link_but_the_own_one_is_refused() {
        for text in [
            "http://evil.example",
            "HTTPS://masthead.example.evil.example/d/12/1",
            "https://masthead.example/d/12",
            "ftp://x.example",
            "magnet:?xt=urn",
            "xmpp:a@b.example",
            "[here](//evil.example)",
        ] {
            assert!(matches!(verdict(text), Err(Refusal::ForeignLink { .. })), "{text}");
        }
        assert_eq!(verdict(LINK), Err(Refusal::LinkCount { times: 2 }));
        assert_eq!(check("no link", "", LINK, Limits::default()), Err(Refusal::LinkCount { times: 0 }));
        assert_eq!(verdict("Undid: it"), Ok(()));
    }

    #[test]
    fn a_quote_of_the_linked_page_is_refused() {
        let quoting = format!("RE: {LINK}");
        let refused = check(&quoting, "", LINK, Limits::default());
        assert!(matches!(refused, Err(Refusal::Quote { .. })), "{refused:?}");
    }

    #[test]
    fn the_content_warning_is_counted_and_checked() {
        let text = format!("{}\n{LINK}", "x".repeat(470));
        assert_eq!(check(&text, "123456", LINK, Limits::default()), Ok(()));
        let refused = check(&text, "1234567", LINK, Limits::default());
        assert_eq!(refused, Err(Refusal::TooLong { length: 501, limit: 500 }));
        let refused = check(LINK, "for @ana", LINK, Limits::default());
        assert!(matches!(refused, Err(Refusal::Mention { .. })));
    }
}
