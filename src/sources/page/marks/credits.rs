//! Credits of builders: the line of a page that says in words who made the site.
//!
//! Such lines stand in footers, in the language of the readers: “Desarrollado por …”, “Powered by …”, “技术支持：…”.
//! Elsewhere they count only where they begin a line, so that a story about somebody's building is no credit.

use url::Url;

use super::{Base, Element};
use crate::analysis::domains::registrable;
use crate::model::account::Host;

/// Words before the name of a builder, in lower case, in the languages of the watchlist.
const PHRASES: &[&str] = &[
    // Spanish.
    "desarrollado por",
    "desarrollada por",
    "diseñado por",
    "diseñada por",
    "diseño y desarrollo",
    "diseño y programación",
    "diseño web",
    "desarrollo web",
    "sitio web por",
    "página web por",
    "sitio creado por",
    "sitio realizado por",
    // Portuguese.
    "desenvolvido por",
    "desenvolvida por",
    "site criado por",
    "criação de sites",
    "criação do site",
    // English.
    "powered by",
    "designed by",
    "developed by",
    "designed and developed by",
    "web design by",
    "website design by",
    "website by",
    "site by",
    "built by",
    "technical support",
    // French.
    "réalisé par",
    "développé par",
    "conçu par",
    "propulsé par",
    "création de site",
    "création du site",
    // German and Italian.
    "webdesign von",
    "umgesetzt von",
    "entwickelt von",
    "realisiert von",
    "realizzato da",
    "sviluppato da",
    // Russian and Belarusian.
    "разработка сайта",
    "создание сайта",
    "создание сайтов",
    "дизайн и разработка",
    "разработано",
    "сайт разработан",
    "сайт создан",
    "распрацоўка сайта",
    "распрацавана",
    // Chinese, simplified and traditional.
    "技术支持",
    "技術支持",
    "技術支援",
    "网站建设",
    "網站建設",
    "网站制作",
    "網站製作",
    "网站设计",
    "網站設計",
    "设计制作",
    "設計製作",
    "制作维护",
    "製作維護",
    // Arabic and Persian.
    "تصميم وتطوير",
    "تصميم وبرمجة",
    "تطوير وتصميم",
    "طراحی سایت",
    "طراحی و تولید",
    "طراحی و توسعه",
    "قدرت گرفته از",
    // Turkish and Vietnamese.
    "web tasarım",
    "tasarım ve yazılım",
    "haber yazılımı",
    "thiết kế web",
    "thiết kế bởi",
    "phát triển bởi",
];

/// Small words between such a phrase and the name.
const BETWEEN: [&str; 12] = ["por", "by", "par", "von", "da", "de", "du", "của", "bởi", "от", "в", "توسط"];

/// So much of one line is remembered, in bytes; credits stand at the end of long ones.
const LINE_BYTES: usize = 2_000;
/// Links in one line that are remembered.
const MOST_LINKS: usize = 40;
/// Places in one line at which a name is looked for.
const MOST_TRIED: usize = 8;
/// The longest name of a builder; what is longer is a sentence.
const NAME_CHARS: usize = 60;
const NAME_WORDS: usize = 8;

/// A builder as the page names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credit {
    /// The name, as written.
    pub name: String,
    /// The whole of it: “Desarrollado por Taller”.
    pub shown: String,
    /// The registered domain to which it links, where that is not the page's own.
    pub domain: Option<Host>,
}

/// A line of a page as it grows, with the links in it.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    links: Vec<Link>,
    is_linked: bool,
    /// Whether what comes now stands at the foot of the page.
    at_foot: bool,
}

#[derive(Debug)]
struct Link {
    from: usize,
    to: usize,
    href: String,
}

impl Line {
    /// Takes text; a line that grows too long loses its front.
    pub fn push(&mut self, text: &str) {
        for word in text.split_inclusive(char::is_whitespace) {
            let is_after_gap = self.text.is_empty() || self.text.ends_with(' ');
            let bare = word.trim_end();
            if !(bare.is_empty() && is_after_gap) {
                self.text.push_str(bare);
                if bare.len() < word.len() {
                    self.text.push(' ');
                }
            }
            if self.text.len() > 2 * LINE_BYTES {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        let front = self.text.ceil_char_boundary(self.text.len() - LINE_BYTES);
        self.text.drain(..front);
        self.links.retain_mut(|link| {
            let is_kept = link.from >= front;
            (link.from, link.to) = (link.from.saturating_sub(front), link.to.saturating_sub(front));
            is_kept
        });
    }

    /// The start of an element. What is no part of a line ends it; returns the credit of that line.
    pub fn open(&mut self, element: &Element<'_>, base: &Base, own: Option<&Host>) -> Option<Credit> {
        let name = element.name();
        if name == "img" && self.is_linked {
            let alt = element.attribute("alt").unwrap_or_default().to_owned();
            self.push(&alt);
        }
        if name == "a" {
            self.close_link();
            let href = element.link_target().filter(|_| self.links.len() < MOST_LINKS);
            if let Some(href) = href {
                let at = self.text.len();
                self.links.push(Link { from: at, to: at, href: href.to_owned() });
                self.is_linked = true;
            }
        }
        if is_inline(name) {
            return None;
        }
        let credit = self.end(base, own);
        match name {
            "main" | "article" => self.at_foot = false,
            _ if is_foot(element) => self.at_foot = true,
            _ => {}
        }
        credit
    }

    /// The end of an element, as [`Line::open`].
    pub fn close(&mut self, name: &str, base: &Base, own: Option<&Host>) -> Option<Credit> {
        if name == "a" {
            self.close_link();
        }
        if is_inline(name) { None } else { self.end(base, own) }
    }

    fn close_link(&mut self) {
        if std::mem::take(&mut self.is_linked)
            && let Some(link) = self.links.last_mut()
        {
            link.to = self.text.len();
        }
    }

    /// Ends the line; the builder that it credits.
    pub fn end(&mut self, base: &Base, own: Option<&Host>) -> Option<Credit> {
        self.close_link();
        let credit = self.credit(base, own);
        self.text.clear();
        self.links.clear();
        credit
    }

    fn credit(&self, base: &Base, own: Option<&Host>) -> Option<Credit> {
        if self.text.len() < 6 {
            return None;
        }
        let lower = lower(&self.text);
        // The longer of two that begin at one place, and the last of all: credits end a footer.
        let found = PHRASES.iter().flat_map(|phrase| {
            let places = lower.match_indices(phrase).map(move |(at, _)| (at, at + phrase.len()));
            places.filter(|(at, _)| self.may_begin(*at)).collect::<Vec<_>>()
        });
        let mut found: Vec<(usize, usize)> = found.collect();
        found.sort_unstable_by_key(|(at, end)| (std::cmp::Reverse(*end), *at));
        found.into_iter().take(MOST_TRIED).find_map(|(at, end)| self.read(at, end, base, own))
    }

    /// Whether a credit may begin here: at the start of a line or after what parts its pieces, or in a footer as a
    /// whole word.
    fn may_begin(&self, at: usize) -> bool {
        let before = self.text[..at].trim_end();
        let is_edge = |c: char| {
            matches!(c, '|' | '·' | '•' | '©' | '®' | '–' | '—' | '-' | '/' | '.' | '。' | ':' | '：')
        };
        let is_whole = |c: char| !c.is_alphanumeric() || !c.is_ascii();
        before.is_empty()
            || before.ends_with(is_edge)
            || (self.at_foot && self.text[..at].ends_with(is_whole))
    }

    /// The name after a phrase: that of the link which begins there, or what stands there up to the next gap.
    fn read(&self, at: usize, end: usize, base: &Base, own: Option<&Host>) -> Option<Credit> {
        let is_glue =
            |c: char| c.is_whitespace() || matches!(c, ':' | '：' | '-' | '–' | '—' | '»' | '|' | '"' | '“');
        let mut start = self.text.len() - self.text[end..].trim_start_matches(is_glue).len();
        let near = self.text[start..].floor_char_boundary(20);
        let rest = lower(&self.text[start..start + near]);
        if let Some(word) =
            BETWEEN.iter().find(|word| rest.strip_prefix(**word).is_some_and(|rest| rest.starts_with(' ')))
        {
            start += word.len();
            start = self.text.len() - self.text[start..].trim_start_matches(is_glue).len();
        }
        let around = |link: &&Link| (at..=start).contains(&link.from) || (link.from <= at && link.to > start);
        let link = self.links.iter().find(around).filter(|link| link.to > start);
        let stop = match link {
            Some(link) if link.from >= end => link.to,
            _ => start + name_end(&self.text[start..]),
        };
        let name = self.text.get(start..stop)?.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
        let is_name =
            (2..=NAME_CHARS).contains(&name.chars().count()) && name.split_whitespace().count() <= NAME_WORDS;
        if !is_name || !name.chars().any(char::is_alphabetic) {
            return None;
        }
        let domain = link.and_then(|link| domain_of(&base.resolve(&link.href)?));
        let domain = domain.filter(|domain| own.map(registrable).as_ref() != Some(domain));
        Some(Credit { name: name.to_owned(), shown: self.text[at..stop].trim().to_owned(), domain })
    }
}

fn domain_of(url: &Url) -> Option<Host> {
    Host::of(url).map(|host| registrable(&host))
}

/// Lower case with every letter at its place.
fn lower(text: &str) -> String {
    let lower = |c: char| {
        let mut lower = c.to_lowercase();
        lower.next().filter(|one| lower.next().is_none() && one.len_utf8() == c.len_utf8()).unwrap_or(c)
    };
    text.chars().map(lower).collect()
}

/// Where a name ends in running text.
fn name_end(text: &str) -> usize {
    let parting = [
        "|", "·", "•", "©", "®", "(", "（", ";", "；", "，", "。", "!", "?", " - ", " – ", " — ", ". ", ", ",
        " / ",
    ];
    parting.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len())
}

/// Elements inside a line.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "em"
            | "font"
            | "i"
            | "img"
            | "small"
            | "span"
            | "strong"
            | "sup"
            | "u"
            | "time"
            | "wbr"
    )
}

/// Whether the foot of a page begins here, by its name or by what the page calls it.
fn is_foot(element: &Element<'_>) -> bool {
    let words = ["footer", "copyright", "colophon", "credits", "site-info", "bottom", "foot"];
    let called = [element.attribute("id"), element.attribute("class")].into_iter().flatten();
    let is_called = |called: &str| {
        called.len() <= 400
            && called.split_ascii_whitespace().any(|name| {
                let name = name.to_ascii_lowercase();
                words.iter().any(|word| name.split(['-', '_']).any(|part| part == *word) || name == *word)
            })
    };
    element.name() == "footer" || called.into_iter().any(is_called)
}
