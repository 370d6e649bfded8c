//! The length of a post as servers of the Mastodon family count it.

use unicode_segmentation::UnicodeSegmentation;

/// What the home server accepts, from its instance document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters of text and content warning together.
    pub max_characters: u32,
    /// What every link counts, however long it is.
    pub reserved_per_url: u32,
}

impl Default for Limits {
    /// An unchanged Mastodon server.
    fn default() -> Limits {
        Limits { max_characters: 500, reserved_per_url: 23 }
    }
}

/// Graphemes of a text and its content warning, links at their fixed price.
///
/// Mastodon cuts remote mentions to their local part before it counts; our texts have no mention.
/// A link to a bare address or a host without a dot is none to the server and counts in full.
pub fn length(text: &str, spoiler: &str, limits: Limits) -> usize {
    let mut total = spoiler.graphemes(true).count();
    let mut rest = text;
    while let Some((start, end)) = next_link(rest) {
        total += rest[..start].graphemes(true).count();
        total += price(&rest[start..end], limits);
        rest = &rest[end..];
    }
    total + rest.graphemes(true).count()
}

/// Start and end of the first http(s) link: it runs to the next white space.
pub fn next_link(text: &str) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let start = ["https://", "http://"].iter().filter_map(|scheme| lower.find(scheme)).min()?;
    let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
    Some((start, end))
}

fn price(link: &str, limits: Limits) -> usize {
    let is_named = url::Url::parse(link)
        .is_ok_and(|url| matches!(url.host(), Some(url::Host::Domain(name)) if name.contains('.')));
    let full = link.graphemes(true).count();
    if is_named { limits.reserved_per_url as usize } else { full.max(limits.reserved_per_url as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> usize {
        length(text, "", Limits::default())
    }

    #[test]
    fn a_link_counts_the_same_however_long_it_is() {
        assert_eq!(counted("https://masthead.example/d/12"), 23);
        assert_eq!(counted("see\nhttps://masthead.example/a/very/long/path/that/goes/on/and/on\nend"), 31);
        assert_eq!(
            length("https://m.example/d/1", "", Limits { max_characters: 500, reserved_per_url: 25 }),
            25
        );
    }

    #[test]
    fn a_link_to_a_bare_address_counts_in_full() {
        assert_eq!(counted("http://127.0.0.1:40123/d/123456789/12"), 37);
        assert_eq!(counted("http://localhost/d/1"), 23);
    }

    #[test]
    fn what_readers_see_as_one_character_counts_one() {
        assert_eq!(counted("e\u{301}中👨‍👩‍👧"), 3);
        assert_eq!(length("ab", "cw", Limits::default()), 4);
    }
}
