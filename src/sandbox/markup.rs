//! Text as a server treats it: what it counts, whom it mentions, how it becomes HTML.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// What each link counts, however long it is.
pub const CHARACTERS_PER_URL: usize = 23;

/// A stretch of text that means more than its letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub range: Range<usize>,
    pub what: Meaning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Url,
    Tag,
    /// `@user` or `@user@host`; whether somebody answers to it is not known here.
    Mention {
        user: String,
        host: Option<String>,
    },
}

/// Links, hashtags and mentions of a text, in order, none within another.
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        match span_at(text, at, before) {
            Some(span) => {
                at = span.range.end;
                spans.push(span);
            }
            None => at += next.len_utf8(),
        }
    }
    spans
}

/// The length of a post as Mastodon counts it: grapheme clusters of warning and text, where a link
/// counts 23 and a mention without its host.
pub fn counted_length(spoiler: &str, text: &str) -> usize {
    let mut countable = spoiler.to_owned();
    let mut at = 0;
    for span in spans(text) {
        countable.push_str(&text[at..span.range.start]);
        match span.what {
            Meaning::Url => countable.push_str(&"x".repeat(CHARACTERS_PER_URL)),
            Meaning::Tag => countable.push_str(&text[span.range.clone()]),
            Meaning::Mention { user, .. } => countable.extend(["@", &user]),
        }
        at = span.range.end;
    }
    countable.push_str(&text[at..]);
    countable.graphemes(true).count()
}

/// HTML as Mastodon writes it. `link_of` gives the page of a mentioned account, `None` where there is none.
pub fn html(text: &str, host: &str, link_of: impl Fn(&str, Option<&str>) -> Option<String>) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph, host, &link_of))).collect()
}

pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn inline(text: &str, host: &str, link_of: &impl Fn(&str, Option<&str>) -> Option<String>) -> String {
    let plain = |text: &str| escape(text).replace('\n', "<br />");
    let mut html = String::new();
    let mut at = 0;
    for span in spans(text) {
        html.push_str(&plain(&text[at..span.range.start]));
        let written = &text[span.range.clone()];
        html.push_str(&match &span.what {
            Meaning::Url => anchor(written),
            Meaning::Tag => format!(
                r#"<a href="https://{host}/tags/{0}" class="mention hashtag" rel="tag">#<span>{0}</span></a>"#,
                escape(&written[1..])
            ),
            Meaning::Mention { user, host } => match link_of(user, host.as_deref()) {
                Some(page) => format!(
                    r#"<span class="h-card" translate="no"><a href="{}" class="u-url mention">@<span>{user}</span></a></span>"#,
                    escape(&page)
                ),
                None => plain(written),
            },
        });
        at = span.range.end;
    }
    html.push_str(&plain(&text[at..]));
    html
}

/// A link of which readers see the first 30 characters after the scheme.
fn anchor(url: &str) -> String {
    let scheme_end = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(scheme_end);
    let cut = rest.char_indices().nth(30).map_or(rest.len(), |(at, _)| at);
    let (shown, hidden) = rest.split_at(cut);
    let class = if hidden.is_empty() { "" } else { "ellipsis" };
    format!(
        r#"<a href="{}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">{}</span><span class="{class}">{}</span><span class="invisible">{}</span></a>"#,
        escape(url),
        escape(scheme),
        escape(shown),
        escape(hidden)
    )
}

fn span_at(text: &str, at: usize, before: Option<char>) -> Option<Span> {
    let rest = &text[at..];
    let is_free = before.is_none_or(|letter| !is_word(letter) && letter != '/');
    if !is_free {
        return None;
    }
    let (length, what) = if rest.starts_with("http://") || rest.starts_with("https://") {
        (url_length(rest)?, Meaning::Url)
    } else if let Some(tag) = rest.strip_prefix('#') {
        (1 + tag_length(tag)?, Meaning::Tag)
    } else if let Some(name) = rest.strip_prefix('@').filter(|_| before != Some('=')) {
        let (length, what) = mention(name)?;
        (1 + length, what)
    } else {
        return None;
    };
    Some(Span { range: at..at + length, what })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn url_length(text: &str) -> Option<usize> {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '，' | '。' | '”');
    let whole = text.find(ends).unwrap_or(text.len());
    let trimmed = text[..whole].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
    let host = trimmed.split_once("://")?.1;
    (!host.is_empty()).then_some(trimmed.len())
}

fn tag_length(text: &str) -> Option<usize> {
    let length = text.find(|letter: char| !is_word(letter)).unwrap_or(text.len());
    text[..length].chars().any(|letter| !letter.is_ascii_digit()).then_some(length)
}

fn mention(text: &str) -> Option<(usize, Meaning)> {
    let user = name_length(text, |letter| letter.is_ascii_alphanumeric() || letter == '_')?;
    let host = text[user..].strip_prefix('@').and_then(|host| Some(&host[..name_length(host, is_word)?]));
    let length = user + host.map_or(0, |host| 1 + host.len());
    Some((length, Meaning::Mention { user: text[..user].to_owned(), host: host.map(str::to_owned) }))
}

/// The length of a name that may have dots and hyphens inside but not at its end.
fn name_length(text: &str, is_letter: impl Fn(char) -> bool) -> Option<usize> {
    let end = text.find(|letter| !is_letter(letter) && !matches!(letter, '.' | '-')).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '-']);
    (!name.is_empty() && name.starts_with(&is_letter)).then_some(name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentioned(text: &str) -> Vec<String> {
        let spans = spans(text).into_iter();
        spans
            .filter(|span| matches!(span.what, Meaning::Mention { .. }))
            .map(|span| text[span.range].to_owned())
            .collect()
    }

    #[test]
    fn an_at_sign_after_a_word_or_a_slash_mentions_nobody() {
        assert_eq!(mentioned("xinhua_es@social.example and https://a.example/@b"), [""; 0]);
        assert_eq!(mentioned("hello @ana, (@bo.b@two.example). @"), ["@ana", "@bo.b@two.example"]);
        assert_eq!(mentioned("新华@ana"), [""; 0]);
    }

    #[test]
    fn a_link_counts_23_and_a_mention_without_its_host() {
        let long = format!("https://masthead.example/{}", "x".repeat(300));
        assert_eq!(counted_length("", &long), 23);
        assert_eq!(counted_length("cw", "@ana@very-long-host.example ok"), 2 + 7);
        assert_eq!(counted_length("", "👩‍👩‍👧新"), 2);
    }

    #[test]
    fn html_hides_the_ends_of_a_long_link() {
        let html = html(
            "See <https://xinhua.example/20261102/c-00001-0a0b0c0d.html>\nnow",
            "social.example",
            |_, _| None,
        );
        assert_eq!(
            html,
            concat!(
                r#"<p>See &lt;<a href="https://xinhua.example/20261102/c-00001-0a0b0c0d.html" target="_blank" "#,
                r#"rel="nofollow noopener" translate="no"><span class="invisible">https://</span>"#,
                r#"<span class="ellipsis">xinhua.example/20261102/c-0000</span><span class="invisible">"#,
                r#"1-0a0b0c0d.html</span></a>&gt;<br />now</p>"#
            )
        );
    }
}
