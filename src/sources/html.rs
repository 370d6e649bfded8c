//! HTML as far as it is needed here: its text and its links, read token by token without building a tree.

mod lines;
mod plain;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use html5ever::Attribute;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{LocalName, local_name};
use url::Url;

use super::json;
use lines::Lines;
use plain::Plain;

/// The longest text that is kept of any HTML, in characters.
pub const TEXT_CHARS: usize = 20_000;
/// The most links that are kept of a page.
pub const MOST_LINKS: usize = 500;
/// The longest text of a link that is kept, in characters.
const LINK_TEXT_CHARS: usize = 300;
/// How much is handed to the tokenizer at once; the limits below are checked in between.
const SLICE_BYTES: usize = 1_024;
/// No honest tag has so many attributes; one that has ends the reading.
const MOST_ATTRIBUTES: usize = 1_000;

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute, http or https, without a user part.
    pub href: String,
    /// The words of `rel` and of `class`, in lower case.
    pub rel: Vec<String>,
    pub class: Vec<String>,
    /// What a reader sees of it, at most 300 characters.
    pub text: String,
}

/// The text a reader sees: `<br>` and the ends of paragraphs are line breaks, entities are decoded, scripts
/// and the like are left out. Parts of a URL that servers hide from view (`invisible`) are kept, so that URLs
/// are whole. At most [`TEXT_CHARS`] characters.
pub fn text(html: &str) -> String {
    let mut lines = Lines::default();
    read(html, Extent::Fragment, |piece| {
        match piece {
            Piece::Text(text) => lines.push(text),
            Piece::Open(element) if element.name() == "br" => lines.break_line(),
            Piece::Open(element) => lines.cross(element.name(), 1),
            Piece::Close(name) => lines.cross(name, -1),
            Piece::Title(_) | Piece::Hidden(_) => {}
        }
        if lines.chars < TEXT_CHARS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    json::clip(lines.out.trim_end(), TEXT_CHARS)
}

/// The links (`a` and `link` elements) in the order in which they stand, at most [`MOST_LINKS`]. Addresses
/// are resolved against `base`, or the page's own `<base>`; those that are not http(s) or too long are left
/// out.
pub fn links(html: &str, base: &Url) -> Vec<Link> {
    let mut found = Vec::<Link>::new();
    let mut base = Base::new(base);
    let mut is_open = false;
    read(html, Extent::Fragment, |piece| {
        match piece {
            Piece::Open(element) => {
                base.note(&element);
                if let Some(href) = element.link_target() {
                    is_open = element.name() == "a";
                    let (rel, class) = (element.words("rel"), element.words("class"));
                    found.push(Link { href: href.to_owned(), rel, class, text: String::new() });
                }
            }
            Piece::Close("a") => is_open = false,
            Piece::Text(text) if is_open => {
                if let Some(link) = found.last_mut().filter(|link| link.text.len() < LINK_TEXT_CHARS) {
                    link.text.push_str(&json::clip(text, LINK_TEXT_CHARS));
                }
            }
            _ => {}
        }
        // Some will not resolve; twice the number is plenty.
        if found.len() < 2 * MOST_LINKS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let resolved = found.into_iter().filter_map(|link| {
        let text = json::clip(link.text.trim(), LINK_TEXT_CHARS);
        Some(Link { href: base.resolve(&link.href)?.into(), text, ..link })
    });
    resolved.take(MOST_LINKS).collect()
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Page,
    /// A bio or a status: there may be hundreds in one answer.
    Fragment,
}

impl Extent {
    /// The tokenizer compares each attribute of a tag with all before it, so a tag that never ends costs
    /// the square of its length. A stretch with so many possible separators and no token ends the reading.
    fn most_separators(self) -> usize {
        match self {
            Extent::Page => 10_000,
            Extent::Fragment => 500,
        }
    }
}

/// What stands in a page, in order.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Open(Element<'a>),
    Close(&'a str),
    Text(&'a str),
    /// What the page is called: the contents of `title`, which are no part of what it shows.
    Title(&'a str),
    /// What stands in a `script` or `noscript`, which nobody is shown; a long one comes in pieces.
    Hidden(&'a str),
}

/// The start of an element.
#[derive(Debug)]
pub(super) struct Element<'a> {
    name: &'a str,
    attributes: Attributes<'a>,
}

/// The attributes as whoever read the markup left them.
#[derive(Debug)]
enum Attributes<'a> {
    Tokenized(&'a [Attribute]),
    Plain(&'a [(&'a str, Cow<'a, str>)]),
}

impl<'a> Element<'a> {
    /// In lower case.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        match self.attributes {
            Attributes::Tokenized(all) => {
                all.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value)
            }
            Attributes::Plain(all) => all.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value),
        }
    }

    /// An attribute that is a set of words, in lower case; at most 20 of them.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let words = self.attribute(name).unwrap_or_default().split_ascii_whitespace().take(20);
        words.map(|word| json::clip(word, 50).to_ascii_lowercase()).collect()
    }

    /// Where an `a` or `link` element points, as written.
    pub(super) fn link_target(&self) -> Option<&'a str> {
        let href = matches!(self.name(), "a" | "link").then(|| self.attribute("href"))??.trim();
        (!href.is_empty() && href.len() <= json::URL_BYTES).then_some(href)
    }
}

/// What the addresses of a page are relative to.
#[derive(Debug)]
pub(super) struct Base {
    page: Url,
    stated: Option<Url>,
}

impl Base {
    pub(super) fn new(page: &Url) -> Base {
        Base { page: page.clone(), stated: None }
    }

    /// Takes over a `<base href>`; only the first one counts, as in browsers.
    pub(super) fn note(&mut self, element: &Element<'_>) {
        if element.name() == "base" && self.stated.is_none() {
            let stated = element.attribute("href").and_then(|href| self.page.join(href).ok());
            self.stated = stated.filter(|url| matches!(url.scheme(), "http" | "https"));
        }
    }

    /// The absolute http(s) address, `None` where there is none or it is too long.
    pub(super) fn resolve(&self, href: &str) -> Option<Url> {
        let url = self.stated.as_ref().unwrap_or(&self.page).join(href).ok()?;
        json::http_url(url.as_str())
    }
}

/// Shows a page to `visit` piece by piece until it has enough. Comments and what browsers do not show as part
/// of the page (style, template, textarea …) are left out, scripts are shown as hidden. Work and memory are linear.
pub(super) fn read(html: &str, extent: Extent, visit: impl FnMut(Piece<'_>) -> ControlFlow<()>) {
    match plain::scan(html).filter(|_| extent == Extent::Fragment) {
        Some(pieces) => read_plain(&pieces, visit),
        None => tokenize(html, extent, visit),
    }
}

fn read_plain(pieces: &[Plain<'_>], visit: impl FnMut(Piece<'_>) -> ControlFlow<()>) {
    let shown = pieces.iter().map(|piece| match piece {
        Plain::Open { name, attributes } => {
            Piece::Open(Element { name, attributes: Attributes::Plain(attributes) })
        }
        Plain::Close(name) => Piece::Close(name),
        Plain::Text(text) => Piece::Text(text),
    });
    // Whoever breaks off has enough.
    let _ = shown.map(visit).find(ControlFlow::is_break);
}

fn tokenize(html: &str, extent: Extent, visit: impl FnMut(Piece<'_>) -> ControlFlow<()>) {
    let sink = Sink {
        visit: RefCell::new(visit),
        raw: RefCell::new(None),
        templates: Cell::new(0),
        foreign: Cell::new(0),
        has_token: Cell::new(false),
        is_done: Cell::new(false),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    let (mut rest, mut separators) = (html, 0);
    while !rest.is_empty() {
        let (slice, after) = rest.split_at(rest.floor_char_boundary(SLICE_BYTES));
        rest = after;
        input.push_back(StrTendril::from_slice(slice));
        // The sink never returns a script or an encoding, so the whole slice is taken.
        let _ = tokenizer.feed(&input);
        separators +=
            slice.bytes().filter(|b| matches!(b, b'/' | b'"' | b'\'') || b.is_ascii_whitespace()).count();
        if tokenizer.sink.has_token.take() {
            separators = 0;
        }
        if tokenizer.sink.is_done.get() || separators > extent.most_separators() {
            return;
        }
    }
    tokenizer.end();
}

struct Sink<F> {
    visit: RefCell<F>,
    /// The element whose contents are not markup, while we are in one.
    raw: RefCell<Option<LocalName>>,
    /// How many `template` elements we are in.
    templates: Cell<usize>,
    /// How many `svg` or `math` elements we are in: there `<style/>` closes itself.
    foreign: Cell<usize>,
    has_token: Cell<bool>,
    is_done: Cell<bool>,
}

impl<F: FnMut(Piece<'_>) -> ControlFlow<()>> Sink<F> {
    fn show(&self, piece: Piece<'_>) {
        let is_raw = self.raw.borrow().is_some() && !matches!(piece, Piece::Title(_) | Piece::Hidden(_));
        let hidden = self.is_done.get() || self.templates.get() > 0 || is_raw;
        if !hidden && (self.visit.borrow_mut())(piece).is_break() {
            self.is_done.set(true);
        }
    }

    /// Pictures have titles as well.
    fn is_in_title(&self) -> bool {
        self.foreign.get() == 0 && *self.raw.borrow() == Some(local_name!("title"))
    }

    fn is_in_script(&self) -> bool {
        matches!(&*self.raw.borrow(), Some(local_name!("script") | local_name!("noscript")))
    }

    fn open(&self, tag: &Tag) -> TokenSinkResult<()> {
        if tag.attrs.len() > MOST_ATTRIBUTES {
            self.is_done.set(true);
        }
        let element = Element { name: &tag.name, attributes: Attributes::Tokenized(&tag.attrs) };
        self.show(Piece::Open(element));
        match tag.name {
            local_name!("template") => self.templates.set(self.templates.get() + 1),
            local_name!("svg") | local_name!("math") if !tag.self_closing => {
                self.foreign.set(self.foreign.get() + 1);
            }
            local_name!("plaintext") => {
                self.is_done.set(true);
                return TokenSinkResult::Plaintext;
            }
            _ => {}
        }
        match raw_kind(&tag.name) {
            Some(kind) if !(tag.self_closing && self.foreign.get() > 0) => {
                *self.raw.borrow_mut() = Some(tag.name.clone());
                TokenSinkResult::RawData(kind)
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn close(&self, tag: &Tag) {
        let was_raw = self.raw.borrow_mut().take_if(|raw| *raw == tag.name).is_some();
        match tag.name {
            local_name!("template") => self.templates.set(self.templates.get().saturating_sub(1)),
            local_name!("svg") | local_name!("math") => {
                self.foreign.set(self.foreign.get().saturating_sub(1))
            }
            _ => {}
        }
        if !was_raw {
            self.show(Piece::Close(&tag.name));
        }
    }
}

impl<F: FnMut(Piece<'_>) -> ControlFlow<()>> TokenSink for Sink<F> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if !matches!(token, Token::ParseError(_)) {
            self.has_token.set(true);
        }
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.open(&tag),
            Token::TagToken(tag) => self.close(&tag),
            Token::CharacterTokens(text) if self.is_in_title() => self.show(Piece::Title(&text)),
            Token::CharacterTokens(text) if self.is_in_script() => self.show(Piece::Hidden(&text)),
            Token::CharacterTokens(text) => self.show(Piece::Text(&text)),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// How a browser with scripts switched on reads the contents of an element that holds no markup.
fn raw_kind(name: &LocalName) -> Option<RawKind> {
    match &**name {
        "script" => Some(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
        "title" | "textarea" => Some(RawKind::Rcdata),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://news.example/a/b").unwrap()
    }

    #[test]
    fn a_status_reads_as_it_was_written() {
        for (html, expected) in [
            ("<p>One &amp; two</p><p>three<br>four</p>", "One & two\nthree\nfour"),
            ("<p>  spaced \n out </p>", "spaced out"),
            ("plain", "plain"),
            ("a<br /><br/>b", "a\n\nb"),
            ("<p>&lt;b&gt; 新华社 &#x1F43C;</p>", "<b> 新华社 🐼"),
            ("<pre>one\n two</pre>", "one\ntwo"),
            ("x<script>alert('<p>')</script><style>p{}</style><template>t</template>y", "xy"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("a <b>bold</b> word<!-- and a comment -->", "a bold word"),
            ("<p>unclosed <a href=\"x", "unclosed"),
            ("", ""),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn a_shortened_url_reads_whole() {
        let html = r#"<p>See <a href="https://news.example/2026/long-title" rel="nofollow">
            <span class="invisible">https://www.</span><span class="ellipsis">news.example/2026/lo</span><span class="invisible">ng-title</span></a></p>"#;
        assert_eq!(text(html), "See https://www.news.example/2026/long-title");
    }

    #[test]
    fn links_are_absolute_and_those_off_the_web_are_left_out() {
        let html = r##"<a href="/c" rel="ME  noopener" class="u-url">Here</a> <a href="../d">up</a>
            <a href="mailto:desk@news.example">m</a> <a href="javascript:alert(1)">j</a> <a href="https://u:p@evil.example/">u</a>
            <link rel=me href=https://social.example/@desk> <!-- <a href="https://hidden.example/">no</a> -->
            <noscript><a href="https://n.example/">no</a></noscript><textarea><a href="https://t.example/">no</a></textarea>"##;
        let found = links(html, &base());
        let hrefs: Vec<&str> = found.iter().map(|link| link.href.as_str()).collect();
        assert_eq!(
            hrefs,
            ["https://news.example/c", "https://news.example/d", "https://social.example/@desk"]
        );
        assert_eq!(found[0].rel, ["me", "noopener"]);
        assert_eq!(found[0].class, ["u-url"]);
        assert_eq!(found[0].text, "Here");
    }

    #[test]
    fn the_first_base_of_a_page_counts_for_links_before_and_after_it() {
        let html =
            r#"<a href="x">1</a><base href="/sub/"><base href="https://evil.example/"><a href="y">2</a>"#;
        let hrefs: Vec<String> = links(html, &base()).into_iter().map(|link| link.href).collect();
        assert_eq!(hrefs, ["https://news.example/sub/x", "https://news.example/sub/y"]);
    }

    #[test]
    fn a_self_closed_style_in_a_picture_does_not_swallow_the_page() {
        let html = r#"<svg><style/></svg><a href="https://social.example/@desk">desk</a>"#;
        assert_eq!(links(html, &base()).len(), 1);
    }

    #[test]
    fn hostile_sizes_end_soon() {
        let endless_tag = format!("<a{}", (0..300_000).map(|n| format!(" x{n}")).collect::<String>());
        let many_attributes =
            format!("<a{}>", (0..5_000).map(|n| format!(" x{n}")).collect::<String>()).repeat(20);
        let deep = "<div>".repeat(300_000);
        let long = "新".repeat(300_000);
        for html in [endless_tag, many_attributes, deep] {
            assert_eq!(text(&html), "");
            assert!(links(&html, &base()).is_empty());
        }
        assert_eq!(text(&long).chars().count(), TEXT_CHARS);
        let many_links = r#"<a href="/x">x</a>"#.repeat(3_000);
        assert_eq!(links(&many_links, &base()).len(), MOST_LINKS);
    }

    /// All pieces in one line, stretches of text as one.
    #[derive(Default)]
    struct Told {
        said: String,
        was_text: bool,
    }

    impl Told {
        fn tell(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
            if let Piece::Hidden(_) = piece {
                return ControlFlow::Continue(());
            }
            let is_text = matches!(piece, Piece::Text(_));
            if !is_text || !std::mem::replace(&mut self.was_text, is_text) {
                self.said.push('|');
            }
            self.was_text = is_text;
            match piece {
                Piece::Text(text) | Piece::Title(text) | Piece::Hidden(text) => self.said.push_str(text),
                Piece::Close(name) => self.said.push_str(&format!("</{name}")),
                Piece::Open(element) => {
                    let (href, rel) = (element.attribute("href"), element.words("rel"));
                    self.said.push_str(&format!("<{} {href:?} {rel:?}", element.name()));
                }
            }
            ControlFlow::Continue(())
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "(<|>|&|;|\"|'|/|=| |a|p|br|script|style|svg|template|href|#x1F4|新|\\PC){0,60}") {
            let _ = text(&html);
            let _ = links(&html, &base());
        }

        #[test]
        fn plain_markup_reads_as_the_tokenizer_reads_it(
            html in "(<p>|</p>|<br>|<br />|<br/>|<a href=\"|\" rel=\"me\">|\">|</a>|<span class=\"invisible\">|</span>|<li>|<em>|\
                     &amp;|&lt;|&gt;|&quot;|&#39;|&apos;|&|<|>|\"|/| |\n|\r|x|https://n.example/|新|é){0,40}"
        ) {
            if let Some(plain) = plain::scan(&html) {
                let (mut plainly, mut tokenized) = (Told::default(), Told::default());
                read_plain(&plain, |piece| plainly.tell(piece));
                tokenize(&html, Extent::Fragment, |piece| tokenized.tell(piece));
                prop_assert_eq!(plainly.said, tokenized.said);
            }
        }

        #[test]
        fn escaped_text_comes_back_as_it_was(words in proptest::collection::vec("[a-z<>&\"'新é]{1,9}", 1..9)) {
            let plain = words.join(" ");
            let escaped = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            prop_assert_eq!(text(&format!("<p>{escaped}</p>")), plain);
        }
    }
}
