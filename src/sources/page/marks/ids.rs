//! Ids of analytics and advertising services in scripts and addresses: exact grammars, each with its source.
//!
//! An id is taken only where its service's own code has it: between quotation marks, after `=` or in the address of
//! the service. The same letters in a story about it are no id.

use crate::model::site::{Mark, MarkKind};

/// What one service's snippet looks like: the letters to look for, and how to read on from there.
struct Grammar {
    /// Found exactly so.
    needle: &'static str,
    read: fn(Place<'_>) -> Option<Mark>,
}

/// Where a needle was found.
#[derive(Clone, Copy)]
struct Place<'a> {
    whole: &'a str,
    /// Start and end of the needle.
    at: usize,
    end: usize,
}

/// Far enough from the needle to the id in any snippet that a service hands out, in bytes.
const NEAR: usize = 160;

/// Each with where the service itself documents it.
const GRAMMARS: &[Grammar] = &[
    // "UA-XXXXX-Y": account and property, Google Analytics Help, "Tracking ID and property number".
    Grammar { needle: "UA-", read: google_analytics },
    // "G-" and letters or digits: Google Analytics Help, "[GA4] Measurement ID".
    Grammar { needle: "G-", read: google_measurement },
    // "GTM-XXXXXX": Google Tag Manager Help, "Set up and install Tag Manager".
    Grammar { needle: "GTM-", read: tag_manager },
    // "ca-pub-" and sixteen digits: AdSense Help, "Find your publisher ID".
    Grammar { needle: "ca-pub-", read: adsense },
    // `ym(12345678, "init", …)`: Yandex Metrika, "Installing a tag".
    Grammar { needle: "ym(", read: metrika_call },
    // `https://mc.yandex.ru/watch/12345678` of its noscript part, and the older `new Ya.Metrika({id:…`.
    Grammar { needle: "mc.yandex.ru/watch/", read: metrika_address },
    Grammar { needle: "Ya.Metrika", read: metrika_object },
    // `https://hm.baidu.com/hm.js?` and 32 hex digits, formerly `h.js`: Baidu Tongji, "代码安装".
    Grammar { needle: "hm.baidu.com/h", read: baidu_tongji },
    // `fbq('init', '…')` and `facebook.com/tr?id=…`: Meta Pixel, "Get Started".
    Grammar { needle: "fbq(", read: pixel_call },
    Grammar { needle: "facebook.com/tr?", read: pixel_address },
    // `_paq.push(['setSiteId', '1'])` with `var u="//host/"`, and `matomo.php?idsite=1`: Matomo, "JavaScript Tracking
    // Client" and "Image Tracker"; piwik.php before 2018.
    Grammar { needle: "setSiteId", read: matomo_call },
    Grammar { needle: "matomo.php?", read: matomo_address },
    Grammar { needle: "piwik.php?", read: matomo_address },
    // `VK-RTRG-123456-abcde`: VK Ads, "Pixel".
    Grammar { needle: "VK-RTRG-", read: vk_pixel },
    // `s11.cnzz.com/z_stat.php?id=…`, `stat.php?id=`, `c.cnzz.com/core.php?web_id=…`: the snippets of CNZZ, now Umeng+.
    Grammar { needle: "cnzz.com/", read: cnzz },
    // `aplus_queue.push({action: 'aplus.setMetaInfo', arguments: ['appKey', '…']})`: Umeng+ U-Web, "集成".
    Grammar { needle: "appKey", read: umeng },
];

/// Shows every id in some code or in an address, with how it is written there.
pub(super) fn scan(code: &str, mut found: impl FnMut(Mark, &str)) {
    for Grammar { needle, read } in GRAMMARS {
        for (at, _) in code.match_indices(needle) {
            let place = Place { whole: code, at, end: at + needle.len() };
            if let Some(mark) = read(place).filter(|mark| !is_placeholder(&mark.value)) {
                found(mark, place.shown());
            }
        }
    }
}

impl<'a> Place<'a> {
    fn before(self) -> &'a str {
        let start = self.whole.floor_char_boundary(self.at.saturating_sub(NEAR));
        &self.whole[start..self.at]
    }

    fn after(self) -> &'a str {
        &self.whole[self.end..self.whole.floor_char_boundary((self.end + NEAR).min(self.whole.len()))]
    }

    /// The piece of code around it, up to the next quotation mark or gap.
    fn shown(self) -> &'a str {
        let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ';');
        let end = self.after().find(is_edge).map_or(self.end + self.after().len(), |end| self.end + end);
        &self.whole[self.at..end]
    }

    /// Whether what stands before the needle shows that an id begins here: a quotation mark, `=` or `/`, or nothing.
    fn begins(self) -> bool {
        let before = self.before().chars().next_back();
        before.is_none_or(|c| matches!(c, '"' | '\'' | '`' | '=' | '/' | ',' | ':'))
    }

    fn mark(self, kind: MarkKind, value: &str) -> Option<Mark> {
        Some(Mark { kind, value: value.to_owned() })
    }
}

/// The longest front of a text that is made of such bytes, if it has as many as it should and ends there.
fn run(text: &str, least: usize, most: usize, is_part: impl Fn(u8) -> bool) -> Option<&str> {
    let end = text.bytes().position(|byte| !is_part(byte)).unwrap_or(text.len());
    let is_alone = !text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    ((least..=most).contains(&end) && is_alone).then(|| &text[..end])
}

fn digits(text: &str, least: usize, most: usize) -> Option<&str> {
    run(text, least, most, |byte| byte.is_ascii_digit())
}

/// The text without what is meant to be skipped.
fn past<'a>(text: &'a str, skipped: &[char]) -> &'a str {
    text.trim_start_matches(|c: char| c.is_whitespace() || skipped.contains(&c))
}

/// What follows a word that stands nearby.
fn following<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.find(word).map(|at| &text[at + word.len()..])
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// All properties of one account are one hand's, so the number of the property is left out.
fn google_analytics(place: Place<'_>) -> Option<Mark> {
    let end = place.after().bytes().position(|byte| !byte.is_ascii_digit())?;
    let (account, rest) = place.after().split_at(end);
    digits(rest.strip_prefix('-')?, 1, 4)?;
    let is_account = place.begins() && (4..=10).contains(&account.len());
    is_account.then(|| place.mark(MarkKind::GoogleAnalytics, &format!("UA-{account}")))?
}

fn google_measurement(place: Place<'_>) -> Option<Mark> {
    let id = capitals(place.after(), 8, 12)?;
    place.begins().then(|| place.mark(MarkKind::GoogleMeasurement, &format!("G-{id}")))?
}

fn tag_manager(place: Place<'_>) -> Option<Mark> {
    let id = capitals(place.after(), 4, 10)?;
    place.begins().then(|| place.mark(MarkKind::TagManager, &format!("GTM-{id}")))?
}

fn capitals(text: &str, least: usize, most: usize) -> Option<&str> {
    let id = run(text, least, most, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?;
    (!text[id.len()..].starts_with('-')).then_some(id)
}

fn adsense(place: Place<'_>) -> Option<Mark> {
    place.mark(MarkKind::Adsense, &format!("pub-{}", digits(place.after(), 16, 16)?))
}

fn metrika_call(place: Place<'_>) -> Option<Mark> {
    // `sym(1` is another function.
    let is_own = !place.before().ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let id = digits(past(place.after(), &[]), 5, 10).filter(|_| is_own)?;
    let rest = past(following(place.after(), id)?, &[',']);
    rest.trim_start_matches(QUOTES).starts_with("init").then(|| place.mark(MarkKind::YandexMetrika, id))?
}

fn metrika_address(place: Place<'_>) -> Option<Mark> {
    place.mark(MarkKind::YandexMetrika, digits(place.after(), 5, 10)?)
}

fn metrika_object(place: Place<'_>) -> Option<Mark> {
    let rest = place.after().trim_start_matches('2');
    let rest = past(rest, &['(', '{']).trim_start_matches(QUOTES).strip_prefix("id")?;
    place.mark(MarkKind::YandexMetrika, digits(past(rest, &[':', '"', '\'']), 5, 10)?)
}

fn baidu_tongji(place: Place<'_>) -> Option<Mark> {
    let rest = place.after().trim_start_matches('m').strip_prefix(".js")?;
    let rest = rest.strip_prefix('?').or_else(|| rest.strip_prefix("%3F"))?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    place.mark(MarkKind::BaiduTongji, run(rest, 32, 32, is_hex)?)
}

fn pixel_call(place: Place<'_>) -> Option<Mark> {
    let rest = past(place.after(), &QUOTES).strip_prefix("init")?;
    let rest = past(rest, &['"', '\'', '`', ',']);
    place.mark(MarkKind::FacebookPixel, digits(rest, 10, 20)?)
}

fn pixel_address(place: Place<'_>) -> Option<Mark> {
    let query = place.after().split(['"', '\'', ' ', '>']).next()?;
    let mut values = query.split(['&', ';', '?']).filter_map(|pair| pair.strip_prefix("id="));
    place.mark(MarkKind::FacebookPixel, digits(values.next()?, 10, 20)?)
}

/// The number alone says nothing: it counts the sites of one installation.
fn matomo_call(place: Place<'_>) -> Option<Mark> {
    let site = digits(past(place.after(), &['"', '\'', '`', ',']), 1, 8)?;
    let before = &place.whole[place.whole.floor_char_boundary(place.at.saturating_sub(4 * NEAR))..place.at];
    let after = &place.whole[place.end..];
    let after = &after[..after.floor_char_boundary(4 * NEAR)];
    let own = |text: &'static str| {
        let near = [before, after].into_iter();
        near.filter_map(|near| following(near, text)).find_map(|rest| {
            let near = &rest[..rest.floor_char_boundary(NEAR)];
            host_of(following(near, "//")?)
        })
    };
    let host = own("u=").or_else(|| own("u =")).or_else(|| own("setTrackerUrl"))?;
    place.mark(MarkKind::Matomo, &format!("{host}#{site}"))
}

fn matomo_address(place: Place<'_>) -> Option<Mark> {
    let site = digits(following(place.after(), "idsite=")?, 1, 8)?;
    let (_, address) = place.before().rsplit_once("//")?;
    place.mark(MarkKind::Matomo, &format!("{}#{site}", host_of(address)?))
}

/// The host at the front of an address without its scheme.
fn host_of(address: &str) -> Option<String> {
    let end = address.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':')));
    let host = &address[..end.unwrap_or(address.len())];
    let host = crate::model::account::Host::parse(host).ok()?;
    host.as_str().contains('.').then(|| host.to_string())
}

fn vk_pixel(place: Place<'_>) -> Option<Mark> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let id = run(place.after(), 6, 24, is_part)?;
    let (number, _) = id.split_once('-')?;
    digits(number, 3, 10)?;
    place.mark(MarkKind::VkPixel, &format!("VK-RTRG-{id}"))
}

fn cnzz(place: Place<'_>) -> Option<Mark> {
    let address = place.after().split(['"', '\'', ' ', '>']).next()?;
    let page = ["z_stat.php", "stat.php", "core.php", "z.js", "q_stat.php"];
    let rest = page.iter().find_map(|page| address.strip_prefix(page))?;
    let id = following(rest, "id=").or_else(|| following(rest, "id%3D"))?;
    place.mark(MarkKind::Cnzz, digits(id, 5, 12)?)
}

fn umeng(place: Place<'_>) -> Option<Mark> {
    let is_theirs = place.before().contains("aplus");
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let key = run(past(place.after(), &['"', '\'', '`', ',']), 24, 24, is_hex).filter(|_| is_theirs)?;
    place.mark(MarkKind::Umeng, key)
}

/// Whether an id is one of those that manuals print: one letter again and again, or digits that count up.
fn is_placeholder(value: &str) -> bool {
    let id = value.rsplit_once('-').map_or(value, |(_, id)| id);
    if value.contains('#') {
        return false;
    }
    let Some(first) = id.bytes().next() else { return true };
    let is_one = id.bytes().all(|byte| byte == first);
    let digits: Vec<u32> = id.chars().filter_map(|c| c.to_digit(10)).collect();
    let counts_up = digits.windows(2).all(|pair| (pair[0] + 1) % 10 == pair[1]);
    is_one || (digits.len() == id.len() && counts_up)
}
