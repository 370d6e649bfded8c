//! Reads what the home server shows of our own statuses, and tells whether one is what was asked for.

use chrono::{DateTime, Utc};
use serde_json::Value;
use thiserror::Error;

use crate::analysis::names::is_invisible;
use crate::model::digest::{Part, Visibility};

/// A status of our own account as its server shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnStatus {
    pub id: String,
    /// Its name everywhere; the id where the server gives none.
    pub uri: String,
    pub url: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    /// Id of the account that posted it.
    pub account: String,
    pub in_reply_to: Option<String>,
    pub visibility: String,
    /// How many accounts it mentions, by the server's list or by its HTML, whichever is more.
    pub mentions: usize,
    /// Every address in it, as link target or as visible text.
    pub links: Vec<String>,
    /// What readers see of it, without its markup.
    pub text: String,
}

/// Why an answer about our own statuses cannot be used. Such an answer never means "not there".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptError {
    #[error("the answer is not JSON: {0}")]
    Json(String),
    #[error("the answer is no {expected}, it starts with `{start}`")]
    Shape { expected: &'static str, start: String },
    #[error("status {0} of the answer has no id")]
    NoId(usize),
}

/// What a status is against what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    AsAsked,
    /// It mentions somebody: it has to be taken down.
    Mentions(usize),
    /// It stands, but not as asked: a person has to look before anything else is posted.
    Odd(String),
}

impl OwnStatus {
    /// Whether it carries exactly this link; `…/d/12` is not in a post that links `…/d/12/1`.
    pub fn carries(&self, permalink: &str) -> bool {
        let wanted = permalink.trim_end_matches('/');
        self.links.iter().any(|link| link.trim_end_matches('/') == wanted)
    }

    /// Compares it with the part that it should be.
    ///
    /// A public post that the server made unlisted is as asked: limited accounts get that.
    pub fn verdict(&self, part: &Part, reply_to: Option<&str>, account: &str) -> Verdict {
        if self.mentions > 0 {
            return Verdict::Mentions(self.mentions);
        }
        let is_quieter = part.visibility == Visibility::Public && self.visibility == "unlisted";
        if self.account != account {
            return Verdict::Odd(format!(
                "status {} is by account {}, expected {account}",
                self.id, self.account
            ));
        }
        if self.visibility != part.visibility.as_str() && !is_quieter {
            let (is, wanted) = (&self.visibility, part.visibility.as_str());
            return Verdict::Odd(format!("status {} is `{is}`, expected `{wanted}`", self.id));
        }
        if self.in_reply_to.as_deref() != reply_to {
            let is = self.in_reply_to.as_deref().unwrap_or("nothing");
            return Verdict::Odd(format!(
                "status {} replies to {is}, expected {}",
                self.id,
                reply_to.unwrap_or("nothing")
            ));
        }
        if !self.carries(&part.permalink) {
            return Verdict::Odd(format!("status {} does not carry {}", self.id, part.permalink));
        }
        Verdict::AsAsked
    }
}

/// Reads one status.
pub fn parse_status(bytes: &[u8]) -> Result<OwnStatus, ReceiptError> {
    let value = json(bytes)?;
    if !value.is_object() {
        return Err(shape("status", bytes));
    }
    status(&value).ok_or(ReceiptError::NoId(0))
}

/// Reads a page of our own statuses; boosts are left out. One unreadable item fails the page,
/// since it could be the one that is looked for.
pub fn parse_statuses(bytes: &[u8]) -> Result<Vec<OwnStatus>, ReceiptError> {
    let value = json(bytes)?;
    let items = value.as_array().ok_or_else(|| shape("list of statuses", bytes))?;
    let own = items.iter().enumerate().filter(|(_, item)| item.get("reblog").is_none_or(Value::is_null));
    own.map(|(at, item)| status(item).ok_or(ReceiptError::NoId(at))).collect()
}

/// The statuses of a search result, by id and by the addresses they are known under.
pub fn parse_search(bytes: &[u8]) -> Result<Vec<OwnStatus>, ReceiptError> {
    let value = json(bytes)?;
    let items =
        value.get("statuses").and_then(Value::as_array).ok_or_else(|| shape("search result", bytes))?;
    Ok(items.iter().filter_map(status).collect())
}

fn json(bytes: &[u8]) -> Result<Value, ReceiptError> {
    serde_json::from_slice(bytes).map_err(|error| ReceiptError::Json(error.to_string()))
}

fn shape(expected: &'static str, bytes: &[u8]) -> ReceiptError {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    ReceiptError::Shape { expected, start: start.chars().filter(|c| !c.is_control()).collect() }
}

fn status(value: &Value) -> Option<OwnStatus> {
    let id = id(value.get("id")?)?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let html = Scan::of(value.get("content").and_then(Value::as_str).unwrap_or_default());
    let listed = value.get("mentions").and_then(Value::as_array).map_or(0, Vec::len);
    Some(OwnStatus {
        uri: text("uri").or_else(|| text("url")).unwrap_or_else(|| id.clone()),
        url: text("url").filter(|url| url.starts_with("http")),
        created_at: text("created_at").and_then(|at| at.parse().ok()),
        account: value.get("account").and_then(|account| self::id(account.get("id")?)).unwrap_or_default(),
        in_reply_to: value.get("in_reply_to_id").and_then(self::id),
        visibility: text("visibility").unwrap_or_default(),
        mentions: listed.max(html.mentions),
        links: html.links,
        text: html.text,
        id,
    })
}

/// Ids are strings; some servers write numbers.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// What is looked for in the HTML of a status: link targets, visible addresses, marked mentions.
struct Scan {
    links: Vec<String>,
    mentions: usize,
    text: String,
}

impl Scan {
    fn of(html: &str) -> Scan {
        let mut scan = Scan { links: Vec::new(), mentions: 0, text: String::new() };
        let mut text = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            text.push_str(&rest[..start]);
            let (tag, after) = split_tag(&rest[start + 1..]);
            scan.tag(tag);
            let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).find(|name| !name.is_empty());
            // Servers split a long address into spans: those join, everything else separates.
            if !name.is_some_and(|name| ["a", "span", "wbr"].contains(&name.to_ascii_lowercase().as_str())) {
                text.push('\n');
            }
            rest = after;
        }
        text.push_str(rest);
        let visible: String = decode(&text).chars().filter(|&c| c == '\n' || !is_invisible(c)).collect();
        let words = visible.split_whitespace().map(|word| word.trim_matches(is_around_link));
        scan.links.extend(words.filter(|word| is_link(word)).map(str::to_owned));
        scan.text = visible;
        scan
    }

    fn tag(&mut self, tag: &str) {
        if let Some(href) = attribute(tag, "href").map(|href| decode(&href)).filter(|href| is_link(href)) {
            self.links.push(href);
        }
        let classes = attribute(tag, "class").unwrap_or_default();
        if classes.split_ascii_whitespace().any(|class| matches!(class, "mention" | "h-card" | "hashtag")) {
            self.mentions += 1;
        }
    }
}

fn is_link(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn is_around_link(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '<' | '>' | '…' | '。' | '，')
}

/// The inside of a tag and what follows it; quoted `>` belong to the tag.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return (&text[..at], &text[at + 1..]),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The value of an attribute as it stands in the tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some(at) = rest.find(name) {
        let is_whole = rest[..at].ends_with(|c: char| c.is_ascii_whitespace());
        let after = rest[at + name.len()..].trim_start();
        rest = &rest[at + name.len()..];
        let Some(value) = after.strip_prefix('=').filter(|_| is_whole) else { continue };
        let value = value.trim_start();
        let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split(quote).next());
        return Some(quoted.or_else(|| value.split_ascii_whitespace().next())?.to_owned());
    }
    None
}

/// The text with the entities that servers write in addresses decoded; others stay as they are.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        let entity = rest[start + 1..].split_once(';').filter(|(name, _)| name.len() <= 8);
        match entity.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                decoded.push(character);
                rest = after;
            }
            None => {
                decoded.push('&');
                rest = &rest[start + 1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(content: &str) -> Vec<String> {
        let status = serde_json::json!({"id": "1", "content": content});
        parse_status(&serde_json::to_vec(&status).unwrap()).unwrap().links
    }

    fn carries(content: &str, permalink: &str) -> bool {
        let status = serde_json::json!({"id": "1", "content": content});
        parse_status(&serde_json::to_vec(&status).unwrap()).unwrap().carries(permalink)
    }

    #[test]
    fn a_link_is_found_as_target_and_as_text_in_pieces() {
        let permalink = "https://masthead.example/d/12/1";
        for content in [
            r#"<p>Proof:<br><a href="https://masthead.example/d/12/1" rel="me">x</a></p>"#,
            r#"<p>Proof:<br/><a rel=me class='a' href = 'https://masthead.example/d/12/1'>x</a></p>"#,
            "<p>a</p><p><a><span class=\"invisible\">https://</span><span class=\"ellipsis\">masthead.example/d/1</span><span class=\"invisible\">2/1</span></a></p>",
            "Proof, or object:<br>https://masthead.example/d/12/1<br>more",
            "plain (https://masthead.example/d/12/1).",
            "https:&#x2F;&#47;masthead.example/d/12/1/",
        ] {
            assert!(carries(content, permalink), "{content}: {:?}", links(content));
            assert!(!carries(content, "https://masthead.example/d/12"), "{content}");
            assert!(!carries(content, "https://masthead.example/d/12/11"), "{content}");
        }
    }

    #[test]
    fn a_longer_address_is_another_one() {
        for content in [
            "https://masthead.example/d/12/1",
            "https://masthead.example/d/123",
            "https://masthead.example/d/12?x",
            "https://masthead.example/d/12#x",
            "https://masthead.example/d/12/end",
            "https://evil.example/?https://masthead.example/d/12",
            "xhttps://masthead.example/d/12",
        ] {
            assert!(!carries(content, "https://masthead.example/d/12"), "{content}");
        }
    }

    #[test]
    fn a_marked_mention_counts_even_where_the_list_is_empty() {
        let content = r#"<p><span class="h-card"><a class="u-url mention" href="https://a.example/@x">x</a></span></p>"#;
        let status = serde_json::json!({"id": 7, "content": content, "mentions": []});
        let status = parse_status(&serde_json::to_vec(&status).unwrap()).unwrap();
        assert!(status.mentions > 0);
        assert_eq!(status.id, "7");
    }

    #[test]
    fn an_answer_without_ids_is_an_error_and_never_an_empty_page() {
        assert_eq!(parse_statuses(b"[]"), Ok(vec![]));
        assert_eq!(parse_statuses(br#"[{"id":"1","reblog":{}}]"#), Ok(vec![]));
        assert_eq!(parse_statuses(br#"[{"id":"1"},{"uri":"x"}]"#), Err(ReceiptError::NoId(1)));
        assert!(parse_statuses(b"{\"error\":\"x\"}").is_err());
        assert!(parse_statuses(b"<html>").is_err());
    }

    fn part() -> Part {
        Part {
            index: 1,
            text: String::new(),
            permalink: "https://masthead.example/d/1/1".into(),
            language: "en".into(),
            visibility: Visibility::Public,
            spoiler: String::new(),
            findings: vec![],
        }
    }

    fn posted() -> OwnStatus {
        OwnStatus {
            id: "9".into(),
            uri: "https://social.example/9".into(),
            url: None,
            created_at: None,
            account: "me".into(),
            in_reply_to: Some("8".into()),
            visibility: "public".into(),
            mentions: 0,
            links: vec!["https://masthead.example/d/1/1".into()],
            text: String::new(),
        }
    }

    #[test]
    fn a_status_is_compared_with_what_was_asked_for() {
        let verdict = |status: OwnStatus| status.verdict(&part(), Some("8"), "me");
        assert_eq!(verdict(posted()), Verdict::AsAsked);
        assert_eq!(verdict(OwnStatus { visibility: "unlisted".into(), ..posted() }), Verdict::AsAsked);
        assert_eq!(verdict(OwnStatus { mentions: 1, ..posted() }), Verdict::Mentions(1));
        for odd in [
            OwnStatus { account: "other".into(), ..posted() },
            OwnStatus { visibility: "direct".into(), ..posted() },
            OwnStatus { in_reply_to: None, ..posted() },
            OwnStatus { links: vec![], ..posted() },
        ] {
            assert!(matches!(verdict(odd.clone()), Verdict::Odd(_)), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn no_content_makes_the_reader_panic(content in any::<String>(), pieces in "[<>a='\"/ &;#x0-9:hrefclass]{0,80}") {
            links(&content);
            links(&pieces);
            links(&format!("<a href={pieces}<{content}"));
        }
    }
}
