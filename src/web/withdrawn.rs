//! What was taken back: the banner, the old claim struck out, and the correction.

use maud::{Markup, html};

use crate::analysis::names;
use crate::model::finding::{Claim, Confirmed, FindingId, FindingState, Statement, Withdrawal};

use super::{frame, words};

/// The longest reason that is shown.
const LONGEST_WHY: usize = 1_000;

/// What a statement takes back, if that is what it does.
pub(super) fn withdrawal(confirmed: &Confirmed) -> Option<&Withdrawal> {
    match &confirmed.statement().claim {
        Claim::Withdrawn(withdrawal) => Some(withdrawal),
        _ => None,
    }
}

/// The corrections of these findings.
pub(super) fn of<'a>(confirmed: &'a [Confirmed], findings: &[FindingId]) -> Vec<&'a Confirmed> {
    let takes_back = |correction: &&Confirmed| {
        withdrawal(correction).is_some_and(|withdrawal| findings.contains(&withdrawal.finding))
    };
    confirmed.iter().filter(takes_back).collect()
}

/// Banner, old claim and correction. The handle is printed only where its owner wants that.
pub(super) fn banner(correction: &Confirmed, withdrawal: &Withdrawal) -> Markup {
    let why = names::clean_to(&withdrawal.why, LONGEST_WHY);
    html! {
        div.banner.withdrawn {
            p { strong { "Withdrawn." } " We said this " (said(withdrawal)) ", and it was wrong:" }
            p.claim { s { (old_claim(correction.statement(), withdrawal)) } }
            @if withdrawal.repeats_handle {
                p { "The account is " (names::handle(&correction.statement().acct, correction.statement().network)) "." }
            }
            @if !why.is_empty() { p { "What was wrong: " (why) } }
            p {
                "We withdraw it and are sorry."
                @if let FindingState::InDigest { number, part } = correction.state() {
                    " " a href=(frame::digest_path(number, Some(part))) { "The correction in digest " (number) }
                }
            }
        }
    }
}

fn said(withdrawal: &Withdrawal) -> Markup {
    html! {
        @if withdrawal.digest.0 == 0 {
            "on our pages"
        } @else {
            "in " a href=(frame::digest_path(withdrawal.digest, Some(withdrawal.part))) {
                "digest " (withdrawal.digest) ", post " (withdrawal.part)
            }
        }
        " on " (frame::day(withdrawal.said_at))
    }
}

/// The claim as it was, in the words in which it was shown.
pub(super) fn old_claim(statement: &Statement, withdrawal: &Withdrawal) -> String {
    let was = Statement { claim: (*withdrawal.said).clone(), ..statement.clone() };
    match &was.claim {
        Claim::Changed(_) => {
            format!("{}: {}.", names::clean(&was.outlet_name), words::news(&was))
        }
        _ => words::claim(&was),
    }
}

/// All of them for the front page, the newest first.
pub(super) fn list(confirmed: &[Confirmed]) -> Markup {
    let mut corrections: Vec<(&Confirmed, &Withdrawal)> =
        confirmed.iter().filter_map(|correction| Some((correction, withdrawal(correction)?))).collect();
    corrections.sort_by_key(|(correction, _)| std::cmp::Reverse(correction.id()));
    html! {
        @if !corrections.is_empty() {
            section aria-labelledby="withdrawn" {
                h2 #withdrawn { "Withdrawn" }
                ul.list {
                    @for (correction, withdrawal) in corrections {
                        li {
                            s { (old_claim(correction.statement(), withdrawal)) }
                            span.note { "Said " (said(withdrawal)) ", and wrong." }
                        }
                    }
                }
            }
        }
    }
}
