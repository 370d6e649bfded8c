//! The page of an account: what is claimed, the proof in both directions, and what speaks against it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::analysis::names;
use crate::model::account::{AccountId, Acct};
use crate::model::assessment::Relation;
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::finding::{Confirmed, FindingState, Statement};

use super::frame::{self, Sheet};
use super::{SiteFacts, tie, withdrawn, words};

/// An account of which something was confirmed: every statement about it, newest first, at least one.
pub(super) struct Known<'a> {
    newest: &'a Confirmed,
    earlier: Vec<&'a Confirmed>,
}

impl<'a> Known<'a> {
    /// Sorts statements by account, the most recently named account first.
    pub fn group(confirmed: &'a [Confirmed]) -> Vec<Known<'a>> {
        let mut sorted: Vec<&Confirmed> = confirmed.iter().collect();
        sorted.sort_by_key(|confirmed| std::cmp::Reverse(confirmed.id()));
        let mut places: BTreeMap<&AccountId, usize> = BTreeMap::new();
        let mut known: Vec<Known<'a>> = Vec::new();
        for confirmed in sorted {
            match places.get(&confirmed.statement().account) {
                Some(place) => known[*place].earlier.push(confirmed),
                None => {
                    places.insert(&confirmed.statement().account, known.len());
                    known.push(Known { newest: confirmed, earlier: Vec::new() });
                }
            }
        }
        known
    }

    /// The newest statement that is no correction.
    pub fn stands(&self) -> Option<&'a Confirmed> {
        std::iter::once(self.newest)
            .chain(self.earlier.iter().copied())
            .find(|known| !words::is_withdrawal(known))
    }

    fn repeats_handle(&self) -> bool {
        withdrawn::withdrawal(self.newest).is_some_and(|withdrawal| withdrawal.repeats_handle)
    }

    fn is(&self, acct: &Acct) -> bool {
        self.newest.statement().acct.is_same(acct)
    }
}

/// The page `/a/{handle}`; `None` where nothing was confirmed about that address. An address that
/// changed hands stands for several accounts, the most recently named first.
pub(super) fn page(
    facts: &SiteFacts,
    acct: &Acct,
    known: &[Known<'_>],
    published: &[&Confirmed],
) -> Option<Markup> {
    let here: Vec<&Known<'_>> = known.iter().filter(|known| known.is(acct)).collect();
    let first = here.first()?.newest;
    let handle = names::handle(&first.statement().acct, first.statement().network);
    // Where all that was said is withdrawn, search engines do not get the name from us.
    let is_quiet = here.iter().all(|known| known.stands().is_none() && !known.repeats_handle());
    let title = if is_quiet { "A withdrawn statement" } else { handle.as_str() };
    let body = html! {
        h1.handle { (title) }
        @for known in &here {
            (statement(known.newest, published, Heading::Second))
            @if words::is_withdrawal(known.newest) {
                @if let Some(stands) = known.stands() {
                    h2 { "What still holds" }
                    (statement(stands, published, Heading::Third))
                }
            }
            (history(known))
        }
        (frame::objection(facts, &format!("Objection: {}", here[0].newest.id())))
    };
    let about = match withdrawn::withdrawal(first) {
        Some(_) => "We withdrew what we said, and say what was wrong.".to_owned(),
        None => words::claim(first.statement()),
    };
    let path = (!is_quiet).then(|| frame::account_path(&first.statement().acct));
    Some(frame::page(facts, Sheet { title, about: &about, path: path.as_deref(), body }))
}

/// The page for every account of which nothing was confirmed: it does not repeat the name.
pub(super) fn nothing(facts: &SiteFacts) -> Markup {
    let body = html! {
        h1 { "Nothing published" }
        p { "We have published nothing about this account. That says nothing about it, neither good nor bad." }
        p { a href="/" { "The accounts we have named" } }
    };
    let about = "We have published nothing about this account.";
    frame::page(facts, Sheet { title: "Nothing published", about, path: None, body })
}

/// How deep the headings of a statement stand on their page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heading {
    Second,
    Third,
}

impl Heading {
    pub(super) fn with(self, text: &str) -> Markup {
        match self {
            Heading::Second => html! { h2 { (text) } },
            Heading::Third => html! { h3 { (text) } },
        }
    }
}

/// Everything that was confirmed with one finding; `published` are all statements that may be shown.
pub(super) fn statement(confirmed: &Confirmed, published: &[&Confirmed], heading: Heading) -> Markup {
    let statement = confirmed.statement();
    if let Some(withdrawal) = withdrawn::withdrawal(confirmed) {
        return withdrawn::banner(confirmed, withdrawal);
    }
    html! {
        p.claim { strong.standing { (words::standing(statement)) } " " (words::claim(statement)) }
        p { (words::grounds(statement)) }
        (particulars(statement))
        @match (&statement.tie, statement.relation) {
            (Some(tie), Relation::Undisclosed) => (tie::particulars(statement, tie, published, heading)),
            (_, Relation::LookAlike) => "",
            _ => {
                (heading.with("Proof"))
                div.proof {
                    (side(statement, Direction::AccountNamesOutlet))
                    (side(statement, Direction::OutletNamesAccount))
                }
            }
        }
        (heading.with("What speaks against it"))
        (against(statement))
        @let rest = with_weight(statement, |weight| match weight {
            Weight::Points(points) => points >= 0.0,
            Weight::LeadPoints(_) => false,
            Weight::Gate | Weight::Shown => true,
            Weight::Proof(_) => false,
        });
        @if !rest.is_empty() {
            (heading.with(if statement.relation == Relation::Undisclosed { "Evidence" } else { "Also seen" }))
            (evidence(&rest))
        }
        (heading.with("How it was checked"))
        (check(confirmed))
    }
}

/// What readers want to know first: who controls the outlet, since when, how far it reaches.
fn particulars(statement: &Statement) -> Markup {
    html! {
        dl.facts {
            @if let Some(line) = &statement.owner {
                div {
                    dt { @if line.control.is_some() { "Control" } @else if statement.relation == Relation::Undisclosed { "Outlet's owner" } @else { "Owner" } }
                    dd {
                        @match line.control {
                            Some(control) => { (words::control(control)) "; no source names the owner." }
                            None => { (sentence_end(&names::clean(&line.owner))) }
                        }
                        " Source: " (names::clean(&line.says))
                        @if let Some(source) = &line.source { ", " (frame::foreign_link(source)) }
                    }
                }
            }
            div { dt { "First seen by us" } dd { (frame::minute(statement.first_seen)) } }
            @if let Some(trend) = statement.followers { div { dt { "Followers" } dd { (words::followers(trend)) } } }
            @if let Some(tenths) = statement.tenths_of_posts_a_day { div { dt { "Posts" } dd { (words::pace(tenths)) } } }
        }
    }
}

/// Who approved what, so that it can be found in the ledger.
fn check(confirmed: &Confirmed) -> Markup {
    let statement = confirmed.statement();
    let newest =
        statement.evidence.iter().flat_map(Evidence::citations).map(|citation| citation.seen_at).max();
    html! {
        dl.facts {
            div { dt { "Approved" } dd { (words::checked(confirmed)) ". " a href="/method" { "Our rules" } } }
            @if let Some(newest) = newest { div { dt { "Read last" } dd { (frame::minute(newest)) } } }
            div { dt { (statement.network.title()) } dd { (frame::foreign_link(&statement.account.uri)) } }
            div {
                dt { "Finding" }
                dd { (confirmed.id()) ", sealed " code.hash { (statement.seal()) } }
            }
        }
    }
}

/// A name that ends a sentence, without a second full stop.
fn sentence_end(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

fn side(statement: &Statement, direction: Direction) -> Markup {
    let (title, told) = match direction {
        Direction::AccountNamesOutlet => ("The account names the outlet", &statement.account_names),
        Direction::OutletNamesAccount => ("The outlet names the account", &statement.named_on),
    };
    let found = with_weight(statement, |weight| weight == Weight::Proof(direction));
    html! {
        section {
            p.direction { (title) }
            @match (found.is_empty(), told) {
                (false, _) => (evidence(&found)),
                (true, Some(told)) => p { (frame::foreign_link(told)) },
                (true, None) => p.quiet { "Not shown to us." },
            }
        }
    }
}

fn against(statement: &Statement) -> Markup {
    let found = with_weight(statement, |weight| matches!(weight, Weight::Points(points) if points < 0.0));
    html! {
        @if found.is_empty() {
            p.quiet {
                @if let Some(tie) = &statement.tie {
                    (tie.posts.saturating_sub(tie.copies)) " of its " (tie.posts)
                    " posts in that time are no near-copies of the outlet's items. Beyond that, nothing"
                } @else {
                    "Nothing"
                }
                " that our checks look for. " a href="/method#checks" { "What they look for" }
            }
        } @else {
            (evidence(&found))
        }
    }
}

fn with_weight(statement: &Statement, wanted: impl Fn(Weight) -> bool) -> Vec<&Evidence> {
    statement.evidence.iter().filter(|item| wanted(item.weight)).collect()
}

fn evidence(items: &[&Evidence]) -> Markup {
    html! {
        ul.evidence {
            @for item in items {
                li {
                    (words::opened(&frame::sentence(&item.says)))
                    @for citation in item.citations() {
                        div.citation {
                            (frame::foreign_link(&citation.url))
                            span.note { "read " (frame::minute(citation.seen_at)) }
                            span.note { "SHA-256 " code.hash { (frame::sentence(&citation.sha256)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What was said about the account and where, newest first.
fn history(known: &Known<'_>) -> Markup {
    html! {
        h2 { "What we said" }
        ul.list {
            @for confirmed in std::iter::once(&known.newest).chain(&known.earlier) {
                li {
                    (words::news(confirmed.statement()))
                    span.note {
                        (confirmed.id())
                        @match confirmed.state() {
                            FindingState::InDigest { number, part } => {
                                ", " a href=(frame::digest_path(number, Some(part))) { "digest " (number) ", post " (part) }
                            }
                            FindingState::Raised => @if words::is_news(confirmed.statement()) { ", comes with the next digest" },
                            FindingState::Lapsed { .. } => ", withdrawn before it was posted",
                            FindingState::SaidBefore => ", said before the records were restored",
                            FindingState::Snoozed { .. }
                            | FindingState::Dismissed { .. }
                            | FindingState::Retracted { .. } => "",
                        }
                    }
                }
            }
        }
    }
}
