//! What every page has: the head, the way home, the foot, and links that cannot do harm.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use url::Url;

use crate::analysis::names;
use crate::model::account::Acct;
use crate::model::digest::DigestNumber;

use super::{SiteFacts, words};

/// What is particular to a page.
pub(super) struct Sheet<'a> {
    pub title: &'a str,
    /// One sentence for link previews and search engines.
    pub about: &'a str,
    /// Path of the page, `/d/12`; `None` where there is nothing to come back to.
    pub path: Option<&'a str>,
    pub body: Markup,
}

pub(super) fn page(facts: &SiteFacts, sheet: Sheet<'_>) -> Markup {
    let home = sheet.path == Some("/");
    let title = if home { "Masthead".to_owned() } else { format!("{} · Masthead", sheet.title) };
    let address = facts.public_url.as_ref().and_then(|url| url.join(sheet.path?).ok());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                meta name="description" content=(sheet.about);
                meta property="og:title" content=(sheet.title);
                meta property="og:description" content=(sheet.about);
                meta property="og:type" content="article";
                @if sheet.path.is_none() { meta name="robots" content="noindex"; }
                @if let Some(address) = &address {
                    meta property="og:url" content=(address);
                    link rel="canonical" href=(address);
                }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#main" { "Skip to the text" }
                header.masthead {
                    p.name { a href="/" aria-current=[home.then_some("page")] { "Masthead" } }
                    nav aria-label="Site" {
                        @for (path, name) in [("/method", "Method"), ("/reads", "What is read"), ("/ledger", "Ledger")] {
                            a href=(path) aria-current=[(sheet.path == Some(path)).then_some("page")] { (name) }
                        }
                    }
                }
                main #main { (sheet.body) }
                footer {
                    p {
                        "Masthead reports what it read in public, with the place and the time. "
                        a.whole href="/method#object" { "Something wrong? Object." }
                    }
                    p { "Run by: " (contact(facts, "Masthead")) }
                }
            }
        }
    }
}

/// A date that machines can read too.
pub(super) fn day(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%d")) { (words::day(at)) } }
}

pub(super) fn minute(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) { (words::minute(at)) } }
}

/// A foreign address: a link if it is http(s), else text. Either way it is shown in full, so nobody has to
/// trust a label.
pub(super) fn foreign_link(address: &str) -> Markup {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url {
        Some(url) => html! { a.url href=(url) rel="nofollow noopener noreferrer external" { (url) } },
        None => html! { span { (sentence(address)) } },
    }
}

/// A sentence of ours that may quote foreign words: whole, without invisible characters.
pub(super) fn sentence(text: &str) -> String {
    text.chars().filter(|character| !names::is_invisible(*character)).collect()
}

pub(super) fn account_path(acct: &Acct) -> String {
    format!("/a/{acct}")
}

pub(super) fn digest_path(number: DigestNumber, part: Option<u32>) -> String {
    match part {
        None | Some(0) => format!("/d/{number}"),
        Some(part) => format!("/d/{number}/{part}"),
    }
}

/// How to object to one thing that was said.
pub(super) fn objection(facts: &SiteFacts, about: &str) -> Markup {
    html! {
        section.object aria-labelledby="object" {
            h2 #object { "Is this wrong?" }
            p {
                "Tell us, whether it is your account or not: " (contact(facts, about))
                ". Say what is wrong and, if you can, where we can see it. A person reads it. "
                "If we were wrong, we say so as publicly as we were wrong."
            }
        }
    }
}

/// The configured contact as a link: a mail address, a URL, or what the operator wrote.
pub(super) fn contact(facts: &SiteFacts, about: &str) -> Markup {
    let Some(contact) = facts.contact.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return html! { "the operator of this site (no address is configured)" };
    };
    let text = sentence(contact.strip_prefix("mailto:").unwrap_or(contact));
    match contact_url(contact, about) {
        Some(url) => html! { a href=(url) { (text) } },
        None => html! { (text) },
    }
}

fn contact_url(contact: &str, about: &str) -> Option<Url> {
    let is_mail = !contact.contains([':', '/', ' ']) && contact.contains('@');
    let text = if is_mail { format!("mailto:{contact}") } else { contact.to_owned() };
    let mut url = Url::parse(&text).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url),
        "mailto" => {
            // Mail programs show a plus sign as it is, so form encoding does not do.
            let subject: String = url::form_urlencoded::byte_serialize(about.as_bytes()).collect();
            url.set_query(Some(&format!("subject={}", subject.replace('+', "%20"))));
            Some(url)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(contact_text: &str) -> String {
        let facts = SiteFacts { contact: Some(contact_text.into()), ..SiteFacts::default() };
        contact(&facts, "Objection: F-0047").into_string()
    }

    #[test]
    fn a_contact_becomes_a_mail_link_or_a_web_link_and_never_another_kind() {
        assert_eq!(
            shown("desk@masthead.example"),
            r#"<a href="mailto:desk@masthead.example?subject=Objection%3A%20F-0047">desk@masthead.example</a>"#
        );
        assert_eq!(shown("mailto:desk@masthead.example"), shown("desk@masthead.example"));
        assert_eq!(
            shown("https://masthead.example/object"),
            r#"<a href="https://masthead.example/object">https://masthead.example/object</a>"#
        );
        assert_eq!(shown("javascript:alert(1)"), "javascript:alert(1)");
        assert!(shown(" ").contains("no address is configured"));
    }

    #[test]
    fn a_foreign_address_is_a_link_only_on_the_web() {
        assert!(
            foreign_link("https://news.example/about")
                .into_string()
                .contains("href=\"https://news.example/about\"")
        );
        for text in ["javascript:alert(1)", "data:text/html,x", "the profile names Xinhua"] {
            assert!(!foreign_link(text).into_string().contains("href"), "{text}");
        }
    }
}
