//! The pages in plain words: the method, what is read, and what is not there.

use maud::{Markup, html};

use crate::analysis::concealed::{
    FULL_ATTRIBUTION, READY_COPIES, READY_DAYS, READY_FAMILIES, READY_POINTS, READY_SPAN,
};
use crate::analysis::indicators::TABLE;
use crate::analysis::review::{CHANGE, OFFICIAL};

use super::frame::{self, Sheet};
use super::{Read, SiteFacts, ledger};

/// The page `/method`. The rules are printed from the constants that decide.
pub(super) fn method(facts: &SiteFacts) -> Markup {
    let body = html! {
        h1 { "Method" }
        p.sub { "What we claim, how we know, and how to object." }
        h2 { "What we claim" }
        p {
            strong { "Official" } " means that two public places point at each other: the account's profile names the outlet, "
            "and the outlet's own site, fetched by us, names the account. One side alone is not enough: a profile can say anything, "
            "and a page below the front page may be one author's."
        }
        p {
            strong { "Says it is official" } " means that the account says so, and that a source which a maintainer cites says so too. "
            "A person approves each such statement."
        }
        (hidden_ties())
        p {
            "We report what we observed and when. We do not say what an account wants, who sits at the keyboard, or whether what it "
            "posts is true. Who controls an outlet is always given together with who says so. Sharing, agreeing with or following "
            "an outlet ties nobody to it, and private persons are never named."
        }
        h2 { "When no person has to agree" }
        p { (OFFICIAL.wording) }
        p { (CHANGE.wording) }
        p { "The hash of a rule's wording stands in every approval by it. Everything else needs the approval of people." }
        h2 #checks { "What our checks look for" }
        dl.facts.checks {
            @for indicator in TABLE {
                div { dt { code { (indicator.id) } } dd { (indicator.sees) } }
            }
        }
        p { "A hash (SHA-256) of what we read is kept with each piece of evidence, with the address and our own time." }
        h2 { "The record" }
        p {
            "Every approval is written into a chain before anything is posted, and after it what became of it: "
            "each record's hash covers the one before. "
            "The newest hash stands on every digest's page, so a change afterwards would show. " a href="/ledger" { "Read the chain" } ", or check a copy of it yourself:"
        }
        pre tabindex="0" aria-label="Python script that checks the chain" { code { (ledger::CHECK) } }
        (corrections())
        h2 #object { "How to object" }
        p {
            "Write to " (frame::contact(facts, "Objection")) ". You need no account and no reason to give beyond what is wrong: "
            "name the account, the digest or the address of the page. A person reads every objection. "
            "If we were wrong, we say so as publicly as we were wrong."
        }
        p {
            "Do you run a server and want us to stop reading it, or hold an account and want to be left out? Write to the same address. "
            "A profile that says " code { "#nobot" } " or asks not to be indexed is not named for it or spared by it: what counts is that "
            "the outlet's own site names the account as its own. Private persons are not named in any case."
        }
    };
    let about = "What Masthead claims, how it knows, and how to object.";
    frame::page(facts, Sheet { title: "Method", about, path: Some("/method"), body })
}

/// What "appears affiliated" means, from the constants that decide.
fn hidden_ties() -> Markup {
    let days = READY_SPAN.num_days();
    html! {
        p #ties {
            strong { "Appears affiliated" } " means that we compared an account's public posts with what an outlet had published before, "
            "and that what we observed is consistent with a tie which the account does not state. It says nothing about who runs the account: "
            "that is not known, and every such post says so."
        }
        p { "People may approve such a statement only where all of this holds:" }
        ul.evidence {
            li { "At least " (READY_COPIES) " near-copies of the outlet's items, on " (READY_DAYS) " days or more, spread over " (days) " days or more. Posts that quote or comment do not count." }
            li { "The outlet came first for each: we had seen its item before a reading of the account that still lacked the post. What an account states as its time can only speak for it." }
            li { "At least " (format!("{READY_POINTS:.1}")) " points from " (READY_FAMILIES) " kinds of evidence, one of them text or infrastructure. Points compare with the hardest innocent explanation." }
            li { "No honest credit on " (format!("{:.0}", FULL_ATTRIBUTION * 100.0)) " % of its copies or more, and no source named in its profile." }
            li { "No other publisher explains the text nearly as well." }
            li { "It presents itself as an outlet or organisation, and it was asked for comment, or gives no address." }
        }
        p {
            strong { "Imitates an outlet" } " means that a name is written like the outlet's with letters that only look the same, and that no page of "
            "the outlet names the account. A person approves each such statement."
        }
    }
}

fn corrections() -> Markup {
    html! {
        h2 #corrections { "Corrections" }
        p {
            "What was wrong is taken back by one decision of one reviewer; a second one is never waited for. The old post is edited in its place, "
            "its page and all lists strike the claim out, and the next digest leads with the correction. The handle is not repeated unless its owner wants it. "
            "The record keeps that something was said and withdrawn, and not about whom."
        }
        p {
            "One private person named by mistake, or two withdrawn statements about hidden ties or imitations within thirty days, and no more of them are made "
            "until a person has found out why. Corrections and everything else go on."
        }
    }
}

/// The page `/reads`.
pub(super) fn reads(facts: &SiteFacts) -> Markup {
    let body = html! {
        h1 { "What is read" }
        p.sub { "All of it is public, and read slowly." }
        p {
            "Masthead says who it is with every request, obeys " code { "robots.txt" } " on the pages of outlets and the limits that servers give, "
            "and follows, favourites and boosts nobody."
        }
        h2 { "Servers" }
        (table(&facts.servers, "No server is read."))
        h2 { "Pages and feeds of outlets" }
        (table(&facts.pages, "No page is read."))
        section.object {
            h2 { "Please do not read mine" }
            p { "Tell us, and we stop: " (frame::contact(facts, "Please stop reading our server")) "." }
        }
    };
    let about = "Which servers and pages Masthead reads, how, and how often.";
    frame::page(facts, Sheet { title: "What is read", about, path: Some("/reads"), body })
}

fn table(reads: &[Read], none: &str) -> Markup {
    html! {
        @if reads.is_empty() {
            p.quiet { (none) }
        } @else {
            ul.list {
                @for read in reads {
                    li { (frame::foreign_link(&read.what)) span.note { (read.how) ", " (read.often) } }
                }
            }
        }
    }
}

pub(super) fn missing(facts: &SiteFacts) -> Markup {
    let body = html! {
        h1 { "Not here" }
        p { "There is no such page. " a href="/" { "Back to the front page" } }
    };
    frame::page(facts, Sheet { title: "Not here", about: "There is no such page.", path: None, body })
}

pub(super) fn trouble(facts: &SiteFacts) -> Markup {
    let body = html! {
        h1 { "Our fault" }
        p { "Something went wrong on our side. Nothing is lost; please try again in a minute." }
    };
    frame::page(
        facts,
        Sheet { title: "Our fault", about: "Something went wrong on our side.", path: None, body },
    )
}
