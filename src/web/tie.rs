//! The particulars of a hidden tie: what was observed, the matched passages, the sisters, what is not known.

use maud::{Markup, html};

use crate::analysis::concealed::{Count, READY_POINTS, families, total};
use crate::analysis::names;
use crate::model::account::AccountId;
use crate::model::finding::{Confirmed, Statement};
use crate::model::reuse::{Credit, Reuse};
use crate::model::tie::{CommentSought, Sister, Tie, Topic};

use super::account::Heading;
use super::{frame, words};

/// Everything that a statement about a hidden tie rests on. Sisters are named only where a statement about
/// them is published too.
pub(super) fn particulars(
    statement: &Statement,
    tie: &Tie,
    published: &[&Confirmed],
    heading: Heading,
) -> Markup {
    html! {
        (heading.with("What was observed"))
        (counts(tie))
        (heading.with("How strong that is"))
        (strength(statement))
        @if !tie.passages.is_empty() {
            (heading.with("Passages side by side"))
            p.quiet {
                "The longest of " (tie.copies) " matches. Times are those at which we first saw each; the outlet's came first in every one."
            }
            @for passage in &tie.passages { (matched(passage)) }
        }
        @if !tie.sisters.is_empty() {
            (heading.with("Other accounts with the same choice of items"))
            (sisters(&tie.sisters, published))
        }
        (heading.with("Not known and not seen"))
        ul.evidence {
            li { "Who runs the account. We do not say who does." }
            li { "Anything before " (frame::day(tie.from)) ": it is not counted." }
            li { "What was deleted before we read it, likes, and messages that are not public." }
            (asked(tie))
        }
    }
}

fn counts(tie: &Tie) -> Markup {
    let plain = tie.uncredited.saturating_sub(tie.altered);
    html! {
        dl.facts {
            div { dt { "Observed" } dd { (frame::day(tie.from)) " to " (frame::day(tie.to)) } }
            div { dt { "Own posts" } dd { (words::grouped(tie.posts.into())) } }
            div {
                dt { "Near-copies" }
                dd { (words::grouped(tie.copies.into())) " carry an item that the outlet had published before" }
            }
            @if let Some(minutes) = tie.typical_lag_minutes {
                div { dt { "Typical delay" } dd { "Half of them came within " (words::minutes(minutes)) } }
            }
            div { dt { "No credit" } dd { "In " (words::grouped(plain.into())) } }
            @if tie.altered > 0 {
                div {
                    dt { "Altered credit" }
                    dd {
                        "In " (words::grouped(tie.altered.into())) ", a credit that leads nowhere"
                        @if let Some(example) = &tie.altered_example { ", such as " (quoted(example)) }
                    }
                }
            }
            @if let Some(topic) = tie.ticks.topic { div { dt { "Topics" } dd { (topic_words(topic)) } } }
        }
    }
}

/// Points of each kind of evidence, as they were when it was approved.
fn strength(statement: &Statement) -> Markup {
    let families = families(&statement.evidence, Count::Decided);
    html! {
        p {
            (format!("{:.1}", total(&families))) " points; people may approve from " (format!("{READY_POINTS:.1}"))
            " on, and only where every other condition holds too. "
            a href="/method#ties" { "The conditions" }
        }
        @if !families.is_empty() {
            dl.facts {
                @for (family, points) in &families {
                    div { dt { (words::opened(family.title())) } dd { (format!("{points:+.1}")) } }
                }
            }
        }
    }
}

/// One match: the outlet's words and the account's, each with the place and the time of our sight.
fn matched(passage: &Reuse) -> Markup {
    html! {
        div.proof.matched {
            (side("The outlet", &passage.item_passage, &passage.item_url, frame::minute(passage.item_seen), html! {}))
            (side("The account", &passage.passage, &passage.status_url, frame::minute(passage.status_seen), html! {
                span.note { (passage.share) " % of it is the outlet's text. " (credit(&passage.credit)) }
            }))
        }
    }
}

fn side(title: &str, text: &str, url: &str, seen: Markup, more: Markup) -> Markup {
    html! {
        section {
            p.direction { (title) }
            blockquote { (cut(text)) }
            div.citation {
                (frame::foreign_link(url))
                span.note { "first seen " (seen) }
                (more)
            }
        }
    }
}

/// No more of somebody else's text than shows the match.
fn cut(text: &str) -> String {
    let visible = frame::sentence(&text.replace(['\n', '\r', '\t'], " "));
    if visible.chars().count() <= Reuse::LONGEST_PASSAGE {
        return visible;
    }
    let kept: String = visible.chars().take(Reuse::LONGEST_PASSAGE - 1).collect();
    format!("{kept}…")
}

fn credit(credit: &Credit) -> Markup {
    match credit {
        Credit::None => html! { "No credit." },
        Credit::Altered(text) => html! { "A credit that leads nowhere: " (quoted(text)) "." },
        Credit::Byline => html! { "It names its source." },
        Credit::Mention | Credit::Link => html! { "It links to its source." },
    }
}

/// A foreign credit as text, also where it looks like an address.
fn quoted(text: &str) -> Markup {
    html! { "“" (names::clean(text)) "”" }
}

fn sisters(sisters: &[Sister], published: &[&Confirmed]) -> Markup {
    let is_published = |account: &AccountId| {
        published
            .iter()
            .any(|confirmed| confirmed.statement().account == *account && !words::is_withdrawal(confirmed))
    };
    let (named, unnamed): (Vec<&Sister>, Vec<&Sister>) =
        sisters.iter().partition(|sister| is_published(&sister.account));
    html! {
        @if !named.is_empty() {
            ul.list {
                @for sister in &named { li { a href=(frame::account_path(&sister.acct)) { (sister.acct) } } }
            }
        }
        @if !unnamed.is_empty() {
            p.quiet {
                (unnamed.len()) @if named.is_empty() { "" } @else { " more" }
                ", not named here: nothing about " @if unnamed.len() == 1 { "it" } @else { "them" } " has been published."
            }
        }
    }
}

/// What reviewers said of the account.
fn asked(tie: &Tie) -> Markup {
    let answer = match tie.ticks.comment_sought {
        Some(CommentSought::Yes) => "We asked the account and waited three days; no answer is known to us.",
        Some(CommentSought::NoAddress) => "Its answer: the profile gives no address at which to ask.",
        Some(CommentSought::Declined) => "Its answer: we asked, and it did not want to comment.",
        None => return html! {},
    };
    html! { li { (answer) } }
}

fn topic_words(topic: Topic) -> &'static str {
    match topic {
        Topic::Culture => "Mostly culture",
        Topic::Politics => "Mostly politics",
        Topic::Economy => "Mostly economy",
        Topic::Sport => "Mostly sport",
        Topic::Mixed => "Mixed",
    }
}
