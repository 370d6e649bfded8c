//! The front page: what Masthead is, what it said last, and which accounts it knows.

use maud::{Markup, html};

use crate::analysis::names;
use crate::model::assessment::Relation;
use crate::model::digest::{DigestRecord, DigestState};
use crate::model::finding::{Claim, Confirmed, Statement};

use super::account::Known;
use super::frame::{self, Sheet};
use super::{SiteFacts, withdrawn, words};

/// Digests listed on the front page; older ones are reached from each digest to the one before.
const DIGESTS_SHOWN: usize = 12;

/// The page `/`. Digests and statements in any order.
pub(super) fn page(facts: &SiteFacts, digests: &[DigestRecord], confirmed: &[Confirmed]) -> Markup {
    let known = Known::group(confirmed);
    let body = html! {
        section.lead {
            h1 { "Who is behind an account" }
            p {
                "Masthead watches the outlets of states on social networks and says when it sees an account of theirs. "
                "Official means that both sides say so: the account names the outlet, and the outlet's own site names the account. "
                "Who controls an outlet is said together with who says so, and each statement stands beside what speaks against it."
            }
            p { a href="/method" { "How we know, and how to object" } }
        }
        (latest(digests))
        (official(&known))
        (others(&known, Relation::Undisclosed, "tied", "Appear affiliated and do not say so"))
        (others(&known, Relation::LookAlike, "alike", "Imitate an outlet"))
        (withdrawn::list(confirmed))
        (reads(facts))
    };
    let about = "Says which social accounts belong to state media, with the proof in both directions.";
    frame::page(facts, Sheet { title: "Who is behind an account", about, path: Some("/"), body })
}

fn latest(digests: &[DigestRecord]) -> Markup {
    let mut digests: Vec<&DigestRecord> = digests.iter().collect();
    digests.sort_by_key(|record| std::cmp::Reverse(record.digest.number));
    html! {
        section aria-labelledby="digests" {
            h2 #digests { "Latest digests" }
            @if digests.is_empty() {
                p.quiet { "None yet. The first one comes when there is something to say." }
            } @else {
                ul.list {
                    @for record in digests.iter().take(DIGESTS_SHOWN) {
                        @let replies = record.digest.parts.len().saturating_sub(1);
                        li {
                            a href=(frame::digest_path(record.digest.number, None)) { "Digest " (record.digest.number) }
                            span.note {
                                (words::period(record.digest.from, record.digest.to))
                                @if replies > 0 { ", " (replies) @if replies == 1 { " story" } @else { " stories" } }
                                @if record.state == DigestState::Posting { ", being posted" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn official(known: &[Known<'_>]) -> Markup {
    let official = of(known, Relation::Official);
    html! {
        section aria-labelledby="official" {
            h2 #official { "Official accounts known" }
            @if official.is_empty() { p.quiet { "None proven yet." } } @else { (accounts(&official)) }
        }
    }
}

/// Accounts of another kind, where there are any.
fn others(known: &[Known<'_>], relation: Relation, id: &str, title: &str) -> Markup {
    let others = of(known, relation);
    html! {
        @if !others.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) }
                (accounts(&others))
            }
        }
    }
}

/// The newest statement about each account of this kind that still holds.
fn of<'a>(known: &[Known<'a>], relation: Relation) -> Vec<&'a Statement> {
    let standing = known.iter().filter_map(|known| Some(known.stands()?.statement()));
    standing.filter(|statement| statement.relation == relation).collect()
}

fn accounts(statements: &[&Statement]) -> Markup {
    html! {
        ul.list {
            @for statement in statements {
                li {
                    a href=(frame::account_path(&statement.acct)) {
                        (names::handle(&statement.acct, statement.network))
                    }
                    span.note {
                        (names::clean(&statement.outlet_name))
                        ", first seen " (frame::day(statement.first_seen))
                        @if let Some(trend) = statement.followers {
                            ", " (words::grouped(trend.now)) @if trend.now == 1 { " follower" } @else { " followers" }
                        }
                        @if matches!(statement.claim, Claim::Changed(_)) && words::standing(statement) != "Official" {
                            ", " (words::standing(statement).to_lowercase())
                        }
                    }
                }
            }
        }
    }
}

fn reads(facts: &SiteFacts) -> Markup {
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("one {one}"),
        number => format!("{number} {many}"),
    };
    html! {
        section aria-labelledby="reads" {
            h2 #reads { "What is read" }
            p {
                "Masthead reads " (count(facts.servers.len(), "server", "servers")) " and "
                (count(facts.pages.len(), "page of outlets", "pages of outlets")) ", all of it public. "
                a href="/reads" { "Which ones, and how often" }
            }
        }
    }
}
