//! MFM, the markup of Misskey and its relatives: a text without its marks, and whom and what it names.
//!
//! Source: the syntax page of mfm.js (github.com/misskey-dev/mfm.js, docs/syntax.md). What is not marked up as it
//! says there is text, as on the server's own page. Quotes keep their `>`, emoji their `:name:`, and formulas their
//! signs: a reader of plain text needs them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::{Acct, Host};
use crate::sources::html::TEXT_CHARS;
use crate::sources::json::{self, URL_BYTES, clip};

/// Of links, mentions and hashtags each.
const MOST_PARTS: usize = 50;
/// The longest hashtag that is kept, in characters.
const TAG_CHARS: usize = 300;

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plain {
    pub text: String,
    pub links: Vec<String>,
    /// `user` for an account of the same server, `user@host` for others; without the first `@`.
    pub mentions: Vec<String>,
    /// Without `#`.
    pub tags: Vec<String>,
}

/// Reads a text; no more than [`TEXT_CHARS`] characters of it.
pub fn read(source: &str) -> Plain {
    let source = clip(source, TEXT_CHARS);
    let mut reader = Reader::new(&source);
    while reader.at < source.len() {
        reader.step();
    }
    let mut plain = reader.plain;
    plain.text = plain.text.trim().to_owned();
    for parts in [&mut plain.links, &mut plain.mentions, &mut plain.tags] {
        let mut seen = BTreeSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        parts.truncate(MOST_PARTS);
    }
    plain
}

/// Marks in pairs. Only what is closed is a mark.
const PAIRS: [(&str, &str); 9] = [
    ("<b>", "</b>"),
    ("<i>", "</i>"),
    ("<s>", "</s>"),
    ("<small>", "</small>"),
    ("<center>", "</center>"),
    ("***", "***"),
    ("**", "**"),
    ("__", "__"),
    ("~~", "~~"),
];

struct Reader<'a> {
    source: &'a str,
    at: usize,
    plain: Plain,
    /// Where functions `$[name …]` begin, with the place of their content.
    functions: BTreeMap<usize, usize>,
    /// Where marks end: how long they are.
    ends: BTreeMap<usize, usize>,
    /// Pairs that are not closed any more below some place: they are not searched for again.
    unclosed: [bool; PAIRS.len()],
}

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Reader<'a> {
        let (functions, ends) = functions(source);
        Reader { source, at: 0, plain: Plain::default(), functions, ends, unclosed: [false; PAIRS.len()] }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Goes on by one piece: a mark, a name, an address or a character.
    fn step(&mut self) {
        if let Some(length) = self.ends.remove(&self.at) {
            self.at += length;
            return;
        }
        let Some(first) = self.rest().chars().next() else { return };
        let is_taken = match first {
            '<' => self.take_plain() || self.take_bracketed_url() || self.take_pair(),
            '`' => self.take_code(),
            '$' => self.take_function(),
            '?' | '[' => self.take_link(),
            '*' | '_' | '~' => self.take_pair() || self.take_italics(first),
            '@' => self.take_mention(),
            '#' => self.take_tag(),
            'h' => self.take_url(),
            _ => false,
        };
        if !is_taken {
            self.plain.text.push(first);
            self.at += first.len_utf8();
        }
    }

    /// Whether a letter or digit stands just before: then `@`, `#`, `*` and `_` are no marks.
    fn follows_word(&self) -> bool {
        self.source[..self.at].ends_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// `<plain>`: what is in it has no marks.
    fn take_plain(&mut self) -> bool {
        let inner = self.rest().strip_prefix("<plain>").and_then(|inner| inner.split_once("</plain>"));
        let Some((inner, _)) = inner else { return false };
        self.take_verbatim(inner.trim_matches('\n'), "<plain>".len() + inner.len() + "</plain>".len())
    }

    /// `` `code` `` on one line, or a block between fences.
    fn take_code(&mut self) -> bool {
        if let Some((inner, _)) = self.rest().strip_prefix("```").and_then(|it| it.split_once("\n```")) {
            let code = inner.split_once('\n').map_or("", |(_language, code)| code);
            return self.take_verbatim(code, "```".len() + inner.len() + "\n```".len());
        }
        let line = self.rest()[1..].split('\n').next().unwrap_or_default();
        match line.split_once('`') {
            Some((inner, _)) if !inner.is_empty() => self.take_verbatim(inner, inner.len() + 2),
            _ => false,
        }
    }

    fn take_verbatim(&mut self, text: &str, length: usize) -> bool {
        self.plain.text.push_str(text);
        self.at += length;
        true
    }

    /// `<https://…>`.
    fn take_bracketed_url(&mut self) -> bool {
        let inner = self.rest()[1..].split_once('>').map(|(inner, _)| inner);
        let is_url = |inner: &&str| !inner.contains(char::is_whitespace) && is_url(inner);
        let Some(inner) = inner.filter(is_url) else { return false };
        self.plain.links.push(inner.to_owned());
        self.take_verbatim(inner, inner.len() + 2)
    }

    fn take_pair(&mut self) -> bool {
        for (index, (open, close)) in PAIRS.iter().enumerate() {
            let Some(below) = self.rest().strip_prefix(open) else { continue };
            if self.unclosed[index] {
                continue;
            }
            match below.find(close) {
                None => self.unclosed[index] = true,
                Some(length) if fits(open, &below[..length]) => {
                    self.ends.insert(self.at + open.len() + length, close.len());
                    self.at += open.len();
                    return true;
                }
                Some(_) => {}
            }
        }
        false
    }

    /// `*so*` or `_so_`, around ASCII words only.
    fn take_italics(&mut self, mark: char) -> bool {
        let below = &self.rest()[1..];
        let end = below.find(|c: char| !is_plain_word(c)).unwrap_or(below.len());
        let is_closed = end > 0 && below[end..].starts_with(mark);
        !self.follows_word() && is_closed && self.take_verbatim(&below[..end], end + 2)
    }

    /// `$[name.arguments content]`: an effect, which plain text has none of.
    fn take_function(&mut self) -> bool {
        let content = self.functions.get(&self.at).copied();
        self.at = content.unwrap_or(self.at);
        content.is_some()
    }

    /// `[label](url)`, or with `?` in front, where the server shows no preview.
    fn take_link(&mut self) -> bool {
        let Some(link) = link(self.rest()) else { return false };
        self.plain.links.push(link.url.to_owned());
        // Nothing in a label is a link, and no bracket either, so this goes no deeper.
        let label = read(link.label).text;
        self.take_verbatim(&label, link.length)
    }

    fn take_url(&mut self) -> bool {
        let url = bare_url(self.rest());
        if !is_url(url) {
            return false;
        }
        self.plain.links.push(url.to_owned());
        self.take_verbatim(url, url.len())
    }

    fn take_mention(&mut self) -> bool {
        if self.follows_word() {
            return false;
        }
        let below = &self.rest()[1..];
        let word = |text: &'a str, more: &[char]| {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || more.contains(&c)));
            text[..end.unwrap_or(text.len())].trim_end_matches(more)
        };
        let user = word(below, &['-']);
        if user.is_empty() || user.starts_with('-') {
            return false;
        }
        let host = below[user.len()..].strip_prefix('@').map(|below| word(below, &['-', '.']));
        let named = host.filter(|host| host.contains('.')).and_then(|host| {
            let acct = Acct::new(user, Host::parse(host).ok()?).ok()?;
            Some((acct.to_string(), user.len() + 1 + host.len()))
        });
        let (mention, length) = named.unwrap_or_else(|| (user.to_owned(), user.len()));
        self.plain.mentions.push(mention);
        self.take_verbatim(&self.rest()[..=length], length + 1)
    }

    fn take_tag(&mut self) -> bool {
        let below = &self.rest()[1..];
        let ends = |c: char| c.is_whitespace() || ".,!?'\"#:/[]【】<>()「」（）".contains(c);
        let tag = &below[..below.find(ends).unwrap_or(below.len())];
        if self.follows_word() || tag.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        self.plain.tags.push(clip(tag, TAG_CHARS));
        self.take_verbatim(&self.rest()[..=tag.len()], tag.len() + 1)
    }
}

fn is_plain_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ' ' || c == '\t'
}

/// Whether a pair may enclose this.
fn fits(open: &str, inner: &str) -> bool {
    let may_be = match open {
        "__" => inner.chars().all(is_plain_word),
        "~~" => !inner.contains(['~', '\n']),
        _ => true,
    };
    may_be && !inner.is_empty()
}

fn is_url(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && json::http_url(text).is_some()
}

/// The front of a text that an address may consist of: brackets only in pairs, no dot or comma at the end.
fn bare_url(text: &str) -> &str {
    let mut open = Vec::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".,_/:%#@$&?!~=+-".contains(c);
    let end = text.char_indices().take(URL_BYTES + 1).find(|(_, c)| match c {
        '(' => {
            open.push(')');
            false
        }
        '[' => {
            open.push(']');
            false
        }
        ')' | ']' => open.pop() != Some(*c),
        _ => !is_part(*c),
    });
    let whole = &text[..end.map_or(text.len(), |(at, _)| at)];
    // A bracket that stays open is none of it.
    let whole = match open.is_empty() {
        true => whole,
        false => &whole[..whole.find(['(', '[']).unwrap_or(whole.len())],
    };
    whole.trim_end_matches(['.', ','])
}

struct Link<'a> {
    label: &'a str,
    url: &'a str,
    length: usize,
}

/// The link at the front of a text.
fn link(text: &str) -> Option<Link<'_>> {
    let bare = text.strip_prefix('?').unwrap_or(text);
    let below = bare.strip_prefix('[')?;
    let label = &below[..below.find([']', '[', '\n'])?];
    let below = below[label.len()..].strip_prefix("](")?;
    let bracketed = below.strip_prefix('<').and_then(|inner| inner.split_once(">)"));
    let (url, marks) = match bracketed {
        Some((url, _)) => (url, 2),
        None => (bare_url(below), 0),
    };
    let is_closed = marks > 0 || below[url.len()..].starts_with(')');
    let length = text.len() - bare.len() + label.len() + url.len() + marks + "[]()".len();
    (!label.is_empty() && is_closed && is_url(url)).then_some(Link { label, url, length })
}

/// Where functions begin and where they end. One that is not closed is text.
fn functions(source: &str) -> (BTreeMap<usize, usize>, BTreeMap<usize, usize>) {
    let (mut begun, mut found, mut ends) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut at = 0;
    while let Some(next) = source[at..].find(['$', '[', ']']) {
        at += next;
        let rest = &source[at..];
        if let Some(below) = rest.strip_prefix("$[") {
            let name = below.find(|c: char| !(c.is_ascii_alphanumeric() || "_.,=-+%/:#".contains(c)));
            let name = name.filter(|name| *name > 0 && below[*name..].starts_with([' ', '\n', '\u{3000}']));
            if let Some(name) = name {
                let gap = below[name..].chars().next().map_or(0, char::len_utf8);
                begun.push((at, at + 2 + name + gap));
                at += 2 + name + gap;
                continue;
            }
        } else if let Some(link) = link(rest) {
            at += link.length;
            continue;
        } else if rest.starts_with(']')
            && let Some((start, content)) = begun.pop()
        {
            found.insert(start, content);
            ends.insert(at, 1);
        }
        at += 1;
    }
    (found, ends)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        for (source, text) in [
            ("**Nace** un <b>panda</b> ~~rojo~~ __gigante__", "Nace un panda rojo gigante"),
            ("***grande*** y *so* y _so_", "grande y so y so"),
            ("$[shake $[fg.color=f00 熊猫] 诞生]", "熊猫 诞生"),
            ("$[spin.speed=1s,alternate\nhola]", "hola"),
            ("<center>$[x2 Titular]</center>\n<small>nota</small>", "Titular\nnota"),
            ("<plain>**@a #b $[x c]**</plain>", "**@a #b $[x c]**"),
            ("`let *a* = 1;` y\n```rs\nfn b() {}\n```", "let *a* = 1; y\nfn b() {}"),
            ("> dijo el alcalde\nsí", "> dijo el alcalde\nsí"),
            ("snake_case_word 2*3*4 :blobcat: \\(x\\)", "snake_case_word 2*3*4 :blobcat: \\(x\\)"),
            ("sin cerrar ** $[x a <b> [b", "sin cerrar ** $[x a <b> [b"),
            ("____ ~~\n~~ ``", "____ ~~\n~~ ``"),
        ] {
            assert_eq!(read(source).text, text, "{source}");
        }
    }

    #[test]
    fn whom_and_what_a_text_names_is_told() {
        let source = "De @desk@news.example y @ana: [la nota](https://news.example/a_(b)), ?[otra **más**](https://news.example/c) \
                      <https://news.example/新> https://news.example/d. #Xinhua #新华社 #1 mail@x.example a#b @Ana";
        let plain = read(source);
        assert_eq!(
            plain.text,
            "De @desk@news.example y @ana: la nota, otra más https://news.example/新 https://news.example/d. #Xinhua #新华社 #1 \
             mail@x.example a#b @Ana"
        );
        assert_eq!(
            plain.links,
            [
                "https://news.example/a_(b)",
                "https://news.example/c",
                "https://news.example/新",
                "https://news.example/d"
            ]
        );
        assert_eq!(plain.mentions, ["desk@news.example", "ana", "Ana"]);
        assert_eq!(plain.tags, ["Xinhua", "新华社"]);
    }

    #[test]
    fn what_leads_elsewhere_than_the_web_is_no_link() {
        for source in
            ["[x](javascript:alert)", "[x](http://u:p@news.example/)", "<ftp://news.example/>", "http://"]
        {
            assert_eq!(read(source).links, Vec::<String>::new(), "{source}");
        }
        assert_eq!(read("(https://news.example/a)").links, ["https://news.example/a"]);
        assert_eq!(read("https://news.example/a(b").links, ["https://news.example/a"]);
    }

    #[test]
    fn a_long_text_of_marks_is_read_in_no_time() {
        for piece in
            ["$[x ", "**", "<b>", "[", "[a](", "<plain>", "`", "@", "<", "~~a", "](https://x.example/"]
        {
            let begun = std::time::Instant::now();
            read(&piece.repeat(20_000));
            assert!(begun.elapsed().as_secs() < 5, "{piece} took {:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([$\\[\\]()<>*_~`@#?. \n]|b|h|https://a\\.example/|<b>|</b>|<plain>|</plain>|新|\\PC){0,60}") {
            let plain = read(&text);
            prop_assert!(plain.links.iter().all(|link| json::http_url(link).is_some()));
        }

        #[test]
        fn a_text_without_marks_stays_as_it_is(text in "[a-z0-9 áé新华,.;!]{0,80}") {
            prop_assume!(!text.contains("http"));
            prop_assert_eq!(read(&text).text, text.trim());
        }
    }
}
