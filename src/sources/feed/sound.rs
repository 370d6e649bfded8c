//! A feed's text as an XML parser can be given it: mended, and of sane shape.
//!
//! Many feeds hold control characters that XML forbids, or a bare `&`. All of that is mended here. What would make a
//! parser recurse or compare without end is refused.

/// Elements inside each other. XHTML in a feed nests a dozen levels, a parser's stack ends at some thousand.
const DEEPEST: usize = 100;
/// Attributes of one element: each is compared with all before it.
const MOST_ATTRIBUTES: usize = 64;
/// Elements of a feed; with the two above this bounds the work of looking up names.
const MOST_ELEMENTS: usize = 100_000;

/// The XML of a feed, mended: without its declaration, which names the encoding it had; without control
/// characters and references to them; with every bare `&` escaped.
///
/// # Errors
/// Why it is of no sane shape, in words.
pub(super) fn mend(text: &str) -> Result<String, String> {
    let text: String = text.chars().filter(|c| is_allowed(*c)).collect();
    let mut mended = String::with_capacity(text.len());
    let (mut depth, mut elements) = (0_usize, 0_usize);
    let mut rest = text.trim_start();
    while let Some(at) = rest.find('<') {
        escape(&rest[..at], &mut mended);
        let (markup, after) = match Markup::end(&rest[at..]) {
            Some(end) => rest[at..].split_at(end),
            // It breaks off here, which the parser will say.
            None => (&rest[at..], ""),
        };
        match Markup::of(markup) {
            Markup::Rules => return Err("it has a document type with rules of its own".to_owned()),
            Markup::Declaration => {}
            Markup::Other => mended.push_str(markup),
            element => {
                mended.push_str(markup);
                elements += 1;
                match element {
                    Markup::Open => depth += 1,
                    Markup::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let attributes = markup.bytes().filter(|byte| *byte == b'=').count();
                if depth > DEEPEST || elements > MOST_ELEMENTS || attributes > MOST_ATTRIBUTES {
                    return Err("its elements are too many, too deep or have too many attributes".to_owned());
                }
            }
        }
        rest = after;
    }
    escape(rest, &mut mended);
    Ok(mended)
}

/// What begins with `<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    Open,
    Close,
    Empty,
    /// `<?xml … ?>`.
    Declaration,
    /// A document type that defines entities or the like.
    Rules,
    /// Comments, text as it is, instructions, a plain document type.
    Other,
}

impl Markup {
    fn of(markup: &str) -> Markup {
        match markup.as_bytes() {
            [b'<', b'!', b'-' | b'[', ..] => Markup::Other,
            [b'<', b'!', ..] if markup.contains('[') => Markup::Rules,
            [b'<', b'?', b'x', b'm', b'l', b' ' | b'\t' | b'\r' | b'\n', ..] => Markup::Declaration,
            [b'<', b'!' | b'?', ..] => Markup::Other,
            [b'<', b'/', ..] => Markup::Close,
            [.., b'/', b'>'] => Markup::Empty,
            _ => Markup::Open,
        }
    }

    /// Where it ends, as the XML parser sees it: a `>` in quotes does not end an element.
    fn end(markup: &str) -> Option<usize> {
        let after = |from: usize, mark: &str| {
            let found = markup.get(from..)?.find(mark)?;
            Some(from + found + mark.len())
        };
        match markup.as_bytes() {
            [b'<', b'!', b'-', ..] => after(4, "-->"),
            [b'<', b'!', b'[', ..] => after(3, "]]>"),
            [b'<', b'!', ..] => after(2, ">"),
            [b'<', b'?', ..] => after(2, "?>"),
            bytes => {
                let mut quote = None;
                let end = bytes.iter().position(|byte| {
                    match (quote, *byte) {
                        (None, b'>') => return true,
                        (None, b'"' | b'\'') => quote = Some(*byte),
                        (Some(open), byte) if open == byte => quote = None,
                        _ => {}
                    }
                    false
                });
                end.map(|end| end + 1)
            }
        }
    }
}

/// What XML 1.0 allows in a text.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || !(c < ' ' || c == '\u{fffe}' || c == '\u{ffff}')
}

/// Copies text between elements. A reference to a character that XML forbids, halves of emoji among them, is
/// left out.
fn escape(text: &str, mended: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        mended.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        // No name of an entity is longer.
        let name = rest.find(';').filter(|end| *end <= 33).map(|end| &rest[..end]);
        match name.map(Reference::of) {
            Some(Reference::Forbidden) => {
                rest = &rest[name.map_or(0, str::len) + 1..];
            }
            Some(Reference::Good) => mended.push('&'),
            Some(Reference::None) | None => mended.push_str("&amp;"),
        }
    }
    mended.push_str(rest);
}

/// What stands between `&` and `;`.
enum Reference {
    Good,
    Forbidden,
    None,
}

impl Reference {
    fn of(name: &str) -> Reference {
        let Some(number) = name.strip_prefix('#') else {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return if is_name { Reference::Good } else { Reference::None };
        };
        let (digits, radix) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Reference::None;
        }
        let c = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        if c.is_some_and(is_allowed) { Reference::Good } else { Reference::Forbidden }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::encoding::decode;

    #[test]
    fn what_xml_forbids_is_mended() {
        for (text, mended) in [
            ("<?xml version='1.0' encoding='gbk'?> <a>x</a>", " <a>x</a>"),
            ("<a>AT&T &amp; R&D; &#38; &nbsp;</a>", "<a>AT&amp;T &amp; R&D; &#38; &nbsp;</a>"),
            ("<a>\u{0}1\u{1f}2\u{b}</a>", "<a>12</a>"),
            ("<a>1&#0;2&#x1F;3&#55357;&#56832;4</a>", "<a>1234</a>"),
            ("<a><![CDATA[?a=1&b=2 <br> </a>]]></a>", "<a><![CDATA[?a=1&b=2 <br> </a>]]></a>"),
            ("<!-- <a> & --><a b='>&'/>", "<!-- <a> & --><a b='>&'/>"),
            ("<a><b", "<a><b"),
        ] {
            assert_eq!(mend(text).as_deref(), Ok(mended), "{text}");
        }
    }

    #[test]
    fn a_feed_of_insane_shape_is_refused() {
        let attributes: String = (0..100).map(|n| format!(" a{n}=''")).collect();
        for insane in [
            "<g:group>".repeat(300_000),
            format!("<a{attributes}>"),
            "<a/>".repeat(200_000),
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned(),
        ] {
            assert!(mend(&insane).is_err());
        }
        assert!(mend("<!DOCTYPE rss PUBLIC \"-//N//EN\" \"http://n.example/rss.dtd\"><rss/>").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<|>|&|;|#|x|[0-9]|!|-|\\[|\\]|\\?|xml|CDATA|\"|'|/|=| |a|新|\\PC){0,80}") {
            let _ = mend(&text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = mend(&decode(&bytes, Some("text/xml; charset=gb2312")));
        }
    }
}
