//! The pages of a digest: the whole thread, and each post with what it rests on.

use maud::{Markup, html};
use url::Url;

use crate::analysis::names;
use crate::model::digest::{DigestNumber, DigestRecord, DigestState, Part, PartState};
use crate::model::finding::Confirmed;
use crate::model::record::LedgerMark;

use super::account;
use super::frame::{self, Sheet};
use super::{SiteFacts, withdrawn, words};

/// A digest with what its pages need beside it.
pub(super) struct Shown<'a> {
    pub record: &'a DigestRecord,
    /// Statements that its parts are about, in any order.
    pub confirmed: &'a [Confirmed],
    /// Where the ledger stands; `None` before its first record.
    pub mark: Option<&'a LedgerMark>,
    /// The digests before and after this one, where there are such.
    pub previous: Option<DigestNumber>,
    pub next: Option<DigestNumber>,
}

impl Shown<'_> {
    fn confirmed_of(&self, part: &Part) -> Vec<&Confirmed> {
        let with = |id| self.confirmed.iter().find(|confirmed| confirmed.id() == id);
        part.findings.iter().copied().filter_map(with).collect()
    }

    /// Whether a part was withheld and no correction stands in its place: nobody sees what it says.
    fn hides(&self, part: &Part, state: Option<&PartState>) -> bool {
        matches!(state, Some(PartState::Withheld { .. })) && self.record.correction(part.index).is_none()
    }

    fn title(&self) -> String {
        let digest = &self.record.digest;
        format!("Digest {}, {}", digest.number, words::period(digest.from, digest.to))
    }
}

/// The page `/d/{n}`.
pub(super) fn whole(facts: &SiteFacts, shown: &Shown<'_>) -> Markup {
    let path = frame::digest_path(shown.record.digest.number, None);
    thread(facts, shown, &path, html! {})
}

/// The page `/d/{n}/end`, which the closing reply of an unfinished thread links.
pub(super) fn end(facts: &SiteFacts, shown: &Shown<'_>) -> Markup {
    let number = shown.record.digest.number;
    let why = match shown.record.state {
        DigestState::Closed { .. } => {
            "The server did not take all posts of this digest within a day. This page has all of them."
        }
        DigestState::Complete { .. } => "This digest is complete.",
        DigestState::Posting => "This digest is being posted.",
    };
    thread(facts, shown, &format!("/d/{number}/end"), html! { p.banner { (why) } })
}

fn thread(facts: &SiteFacts, shown: &Shown<'_>, path: &str, banner: Markup) -> Markup {
    let digest = &shown.record.digest;
    let title = shown.title();
    let body = html! {
        h1 { "Digest " (digest.number) }
        p.sub { (words::period(digest.from, digest.to)) ". " (state(shown.record)) }
        (banner)
        ol.thread {
            @for (at, part) in digest.parts.iter().enumerate() {
                li #{ "part-" (part.index) } { (post(shown, part, shown.record.parts.get(at), Place::InThread)) }
            }
        }
        @if !digest.postponed.is_empty() {
            p.quiet { (digest.postponed.len()) " more did not fit and come with the next digest." }
        }
        (neighbours(shown))
        (chain(shown))
        (frame::objection(facts, &format!("Objection to digest {}", digest.number)))
    };
    let about = format!("{} posts, each with its proof.", digest.parts.len());
    frame::page(facts, Sheet { title: &title, about: &about, path: Some(path), body })
}

/// The page `/d/{n}/{part}`: one post, and in full every statement that it is about.
pub(super) fn part(facts: &SiteFacts, shown: &Shown<'_>, index: u32) -> Option<Markup> {
    let digest = &shown.record.digest;
    let at = digest.parts.iter().position(|part| part.index == index)?;
    let part = &digest.parts[at];
    let state = shown.record.parts.get(at);
    let confirmed = if shown.hides(part, state) { Vec::new() } else { shown.confirmed_of(part) };
    let published: Vec<&Confirmed> = shown.confirmed.iter().collect();
    let title = format!("Digest {}, post {}", digest.number, part.index);
    let body = html! {
        h1 { "Digest " (digest.number) ", post " (part.index) }
        p.sub {
            a href=(frame::digest_path(digest.number, None)) { "The whole digest" }
            ", " (words::period(digest.from, digest.to))
        }
        @for correction in withdrawn::of(shown.confirmed, &part.findings) {
            @if let Some(withdrawal) = withdrawn::withdrawal(correction) {
                (withdrawn::banner(correction, withdrawal))
            }
        }
        (post(shown, part, state, Place::Alone))
        @for confirmed in &confirmed {
            @let statement = confirmed.statement();
            section.statement {
                h2 {
                    @if words::is_withdrawal(confirmed) {
                        "What is withdrawn"
                    } @else {
                        a href=(frame::account_path(&statement.acct)) {
                            (names::handle(&statement.acct, statement.network))
                        }
                    }
                }
                (account::statement(confirmed, &published, account::Heading::Third))
            }
        }
        (chain(shown))
        (frame::objection(facts, &format!("Objection to digest {}, post {}", digest.number, part.index)))
    };
    let path = frame::digest_path(digest.number, Some(part.index));
    let about = "What we say, the proof, what speaks against it, and how to object.";
    Some(frame::page(facts, Sheet { title: &title, about, path: Some(&path), body }))
}

/// Where a post is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    InThread,
    /// On its own page, with its proof below.
    Alone,
}

fn post(shown: &Shown<'_>, part: &Part, state: Option<&PartState>, place: Place) -> Markup {
    let number = shown.record.digest.number;
    let is_hidden = shown.hides(part, state);
    let correction = shown.record.correction(part.index);
    let part = correction.map_or(part, |correction| &correction.part);
    html! {
        article.post {
            @if !part.spoiler.is_empty() { p.spoiler lang=(part.language) { (part.spoiler) } }
            @if is_hidden {
                p.words { "This part was withheld before it was posted. It is shown nowhere." }
            } @else {
                p.words lang=(part.language) { (linked(&part.text, &part.permalink)) }
            }
            p.note {
                (fate(state))
                @if let Some(correction) = correction {
                    " " strong { "Corrected " (frame::minute(correction.at)) "." } " What it said first was wrong."
                }
                @if place == Place::InThread && part.index > 0 {
                    " " a href=(frame::digest_path(number, Some(part.index))) { "Proof and objection" } "."
                }
            }
        }
    }
}

/// A text with its one link as a link. The link goes to this site, wherever it is served.
fn linked(text: &str, permalink: &str) -> Markup {
    let here = Url::parse(permalink).ok();
    match (text.split_once(permalink), here) {
        (Some((before, after)), Some(here)) => {
            html! { (before) a.url href=(here.path()) { (permalink) } (after) }
        }
        _ => html! { (text) },
    }
}

fn fate(state: Option<&PartState>) -> Markup {
    match state {
        Some(PartState::Posted { url, at, .. }) => {
            let url = url.as_deref().and_then(|url| Url::parse(url).ok());
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            html! {
                "Posted " (frame::minute(*at))
                @if let Some(url) = url { ", " a href=(url) { "see it there" } }
                "."
            }
        }
        Some(PartState::OnPageOnly { .. }) => html! { "On this page only." },
        Some(PartState::Withheld { .. }) => html! { "Not posted." },
        Some(PartState::Held { .. }) => html! { "Not posted: a person looks at it first." },
        Some(PartState::Waiting) | None => html! { "Not posted yet." },
    }
}

fn state(record: &DigestRecord) -> Markup {
    match record.state {
        DigestState::Posting => html! { "Being posted." },
        DigestState::Complete { at } => html! { "Complete since " (frame::minute(at)) "." },
        DigestState::Closed { at } => html! { "Closed " (frame::minute(at)) ", not all of it was posted." },
    }
}

fn neighbours(shown: &Shown<'_>) -> Markup {
    let path = |number| frame::digest_path(number, None);
    html! {
        @if shown.previous.is_some() || shown.next.is_some() {
            nav.neighbours aria-label="Digests" {
                span { @if let Some(number) = shown.previous { a rel="prev" href=(path(number)) { "← Digest " (number) } } }
                span { @if let Some(number) = shown.next { a rel="next" href=(path(number)) { "Digest " (number) " →" } } }
            }
        }
    }
}

/// Where the chain of everything that was said stands, so that it cannot be changed unseen.
fn chain(shown: &Shown<'_>) -> Markup {
    html! {
        @if let Some(mark) = shown.mark {
            section.chain aria-labelledby="chain" {
                h2 #chain { "The record" }
                p {
                    "Everything that was approved, posted and withdrawn stands in a "
                    a href="/ledger" { "chain of records" }
                    ". It has " (words::grouped(mark.seq)) @if mark.seq == 1 { " record" } @else { " records" }
                    "; its newest hash is " code.hash { (mark.hash) } "."
                }
            }
        }
    }
}
