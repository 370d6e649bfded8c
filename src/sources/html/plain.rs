//! Plain markup, as servers write posts and profiles, taken apart without a tokenizer.
//!
//! Nearly all that is read is of this kind, and the tokenizer takes many times as long for it. What is in
//! any way unusual is left to the tokenizer as a whole; a test holds that both say the same.

use std::borrow::Cow;

/// A piece of plain markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plain<'a> {
    Open { name: &'a str, attributes: Vec<(&'a str, Cow<'a, str>)> },
    Close(&'a str),
    Text(Cow<'a, str>),
}

/// Elements without any rule of their own for what stands in them.
const ELEMENTS: [&str; 13] =
    ["p", "br", "a", "span", "em", "strong", "b", "i", "ul", "ol", "li", "blockquote", "code"];
/// The character references that servers write.
const REFERENCES: [(&str, &str); 6] =
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'")];
/// Longer texts are not what people post.
const LONGEST: usize = 64 << 10;
/// A longer tag is not what servers write.
const LONGEST_TAG: usize = 4_000;
/// So many attributes has a link that says all of itself.
const MOST_ATTRIBUTES: usize = 12;

/// All pieces in order; `None` where any of them is not plain.
pub(super) fn scan(html: &str) -> Option<Vec<Plain<'_>>> {
    if html.len() > LONGEST {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('<') {
            let (inside, after) = after.split_at(tag_end(after)?);
            pieces.push(tag(inside)?);
            rest = &after[1..];
        } else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            pieces.push(Plain::Text(decoded(text)?));
            rest = after;
        }
    }
    Some(pieces)
}

/// Where a tag ends: at the first `>` outside of quotes.
fn tag_end(rest: &str) -> Option<usize> {
    let mut is_quoted = false;
    let bytes = rest.as_bytes().iter().take(LONGEST_TAG);
    bytes.enumerate().find_map(|(at, byte)| {
        is_quoted ^= *byte == b'"';
        (*byte == b'>' && !is_quoted).then_some(at)
    })
}

fn tag(inside: &str) -> Option<Plain<'_>> {
    if let Some(name) = inside.strip_prefix('/') {
        return Some(Plain::Close(known(name)?));
    }
    let open = inside.strip_suffix('/').map_or(inside, |open| open.strip_suffix(' ').unwrap_or(open));
    let (name, rest) = open.split_at(open.find(' ').unwrap_or(open.len()));
    Some(Plain::Open { name: known(name)?, attributes: attributes(rest)? })
}

fn known(name: &str) -> Option<&'static str> {
    ELEMENTS.into_iter().find(|known| *known == name)
}

/// Attributes as ` name="value"`, each name once.
fn attributes(mut rest: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut found: Vec<(&str, Cow<'_, str>)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix(' ')?.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if !is_name || found.len() >= MOST_ATTRIBUTES || found.iter().any(|(known, _)| *known == name) {
            return None;
        }
        found.push((name, decoded(value)?));
        rest = after;
    }
    Some(found)
}

/// Text with its character references resolved.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    // Both are changed by the rules for reading a stream of HTML.
    if text.bytes().any(|byte| byte == b'\r' || byte == 0) {
        return None;
    }
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        let (reference, meant) = REFERENCES.into_iter().find(|(reference, _)| from.starts_with(reference))?;
        plain.push_str(before);
        plain.push_str(meant);
        rest = &from[reference.len()..];
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unusual_in_any_way_is_left_alone() {
        for html in [
            "<script>x</script>",
            "<P>upper</P>",
            "a & b",
            "&copy;",
            "<a href='x'>y</a>",
            "<a href=x>y</a>",
            "<a  href=\"x\">y</a>",
            "<a href=\"x\"title=\"y\">z</a>",
            "<a href=\"x\" href=\"y\">z</a>",
            "<p",
            "<!-- x -->",
            "<p>a\r\nb</p>",
            "<a b/c=\"d\">",
            "</p >",
        ] {
            assert_eq!(scan(html), None, "{html}");
        }
    }

    #[test]
    fn a_post_is_plain() {
        let html = r#"<p>One &amp; two<br />and <a href="https://n.example/?a=1&amp;b" rel="nofollow" class="">it</a></p>"#;
        let attributes = vec![
            ("href", Cow::Borrowed("https://n.example/?a=1&b")),
            ("rel", "nofollow".into()),
            ("class", "".into()),
        ];
        let open = |name| Plain::Open { name, attributes: Vec::new() };
        assert_eq!(
            scan(html).unwrap(),
            [
                open("p"),
                Plain::Text("One & two".into()),
                open("br"),
                Plain::Text("and ".into()),
                Plain::Open { name: "a", attributes },
                Plain::Text("it".into()),
                Plain::Close("a"),
                Plain::Close("p"),
            ]
        );
    }
}
