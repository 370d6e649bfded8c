//! Hidden ties and corrections in English.

use chrono::{Datelike, NaiveDate};

use crate::analysis::compose::SoFar;
use crate::analysis::compose::telling::{Credits, Observed, Said, Telling, Wrong};
use crate::analysis::compose::words::{Figures, grouped};
use crate::model::tie::Topic;

use super::{accounts, day};

pub(super) const TELLING: Telling = Telling {
    between: " ",
    method,
    only_observed: " We report what we observed, not who runs an account.",
    official_means: " Official means that account and outlet name each other.",
    span,
    account,
    observed,
    count: |n| grouped(n, ','),
    credit,
    topic,
    controller: |owner, says| format!("Outlet's owner: {owner}, says {says}."),
    not_known: |n| if n == 1 { "Not known: who runs it." } else { "Not known: who runs them." },
    evidence_link: "Evidence for and against, or object:",
    correction: |digest, day| match digest {
        Some(digest) => format!("Correction to digest {digest} ({day})"),
        None => format!("Correction to a page of ours ({day})"),
    },
    wrong: |wrong| {
        let (claim, why) = (claim(wrong), behind(wrong.why));
        format!("We wrote {claim}. That was wrong.{why}")
    },
    sorry: |digest| match digest {
        Some(_) => "We withdraw it and are sorry. The old post and the pages now say so.",
        None => "We withdraw it and are sorry. The pages now say so.",
    },
    so_far,
    correction_link: "What we said, and what was wrong with it:",
    corrected: |day| format!("Corrected on {day}. What stood here was wrong."),
    taken_out: |day| format!("Corrected on {day}: we were wrong about one more account."),
    withdrawn: |wrong| {
        let (claim, why) = (claim(wrong), behind(wrong.why));
        format!("We wrote {claim}. We withdraw that and are sorry.{why}")
    },
};

fn number(n: usize) -> String {
    match n {
        2 => "two".into(),
        3 => "three".into(),
        4 => "four".into(),
        5 => "five".into(),
        n => n.to_string(),
    }
}

pub(super) fn heading(outlet: &str, n: usize) -> String {
    if n == 1 {
        return format!("Appears affiliated with {outlet}, does not say so");
    }
    let mut many = number(n);
    many[..1].make_ascii_uppercase();
    format!("{many} accounts, one story: appear affiliated with {outlet}, do not say so")
}

pub(super) fn imitates(n: usize) -> &'static str {
    if n == 1 {
        "Observed: its name is written like the outlet's, with letters that only look the same. No page of the outlet that we read names it. Not known: who runs it."
    } else {
        "Observed: their names are written like the outlet's, with letters that only look the same. No page of the outlet that we read names them. Not known: who runs them."
    }
}

fn method(people: usize) -> String {
    let check = match people {
        1 => "one person checks".into(),
        n => format!("{} people check", number(n)),
    };
    format!(
        "How: we compare public posts with what outlets published first; {check} each finding of a hidden tie."
    )
}

fn span(from: NaiveDate, to: NaiveDate, year: i32) -> String {
    let end = day(to, year);
    if from == to {
        format!("on {end}")
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{} to {end}", from.day())
    } else {
        format!("{} to {end}", day(from, to.year()))
    }
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("first seen by us {day}"));
    let told = [Some(handle.to_owned()), figures.followers.clone(), seen];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn observed(observed: &Observed) -> String {
    let Observed { span, accounts, posts, copies, common, lag_minutes } = observed;
    let (posts, copies) = (grouped(*posts, ','), grouped(*copies, ','));
    let lag = lag_minutes.map(|minutes| format!(" (typically {} later)", lag(minutes))).unwrap_or_default();
    if *accounts == 1 {
        return format!(
            "Observed {span}: {copies} of its {posts} posts are near-copies of the outlet's earlier items{lag}."
        );
    }
    let all = if *accounts == 2 { "both".to_owned() } else { format!("all {}", number(*accounts)) };
    match common {
        0 => format!(
            "Observed {span}: {copies} of their {posts} posts are near-copies of the outlet's earlier items{lag}."
        ),
        1 => format!(
            "Observed {span}: {copies} of {posts} posts, one item on {all}, are near-copies of the outlet's earlier items{lag}."
        ),
        _ => format!(
            "Observed {span}: {copies} near-copies of the outlet's earlier items{lag}, {common} items on {all}."
        ),
    }
}

fn lag(minutes: i64) -> String {
    match minutes {
        1 => "1 minute".into(),
        2..90 => format!("{minutes} minutes"),
        _ => {
            let hours = (minutes + 30) / 60;
            match hours {
                1 => "1 hour".into(),
                2..48 => format!("{hours} hours"),
                _ => format!("{} days", (hours + 12) / 24),
            }
        }
    }
}

fn credit(credits: &Credits) -> Option<String> {
    let Credits { accounts, copies, none, altered, example } = credits;
    if *accounts > 1 && *none > 0 && *altered > 0 {
        let such = example.as_ref().map_or("altered".to_owned(), |example| format!("“{example}”"));
        return Some(format!("Credit: none in {none}; {such} in {altered}."));
    }
    let example = example.as_ref().map(|example| format!(", “{example}”")).unwrap_or_default();
    let leads_nowhere = format!("a credit that leads nowhere{example}");
    let of_all = if *accounts == 1 { String::new() } else { format!(" of {}", grouped(*copies, ',')) };
    let (none_of, altered_in) = (format!("{}{of_all}", grouped(*none, ',')), grouped(*altered, ','));
    Some(match (*none, *altered) {
        (0, 0) => return None,
        (0, _) => format!("In {altered_in}, {leads_nowhere}."),
        (all, 0) if all == *copies => "None of the copies has a credit.".into(),
        (_, 0) => format!("No credit in {none_of}."),
        (_, _) => format!("No credit in {none_of}; in {altered_in}, {leads_nowhere}."),
    })
}

fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Culture => "Mostly culture.",
        Topic::Politics => "Mostly politics.",
        Topic::Economy => "Mostly economy.",
        Topic::Sport => "Mostly sport.",
        Topic::Mixed => "Topics are mixed.",
    }
}

fn so_far(so_far: SoFar) -> String {
    let named = format!("{} {} named", so_far.named, accounts(so_far.named as usize));
    let objections = so_far.objections.map(|n| match n {
        1 => "1 objection".into(),
        n => format!("{n} objections"),
    });
    let withdrawn = format!("{} withdrawn", so_far.withdrawn);
    let told = [Some(named), objections, Some(withdrawn)];
    format!("So far: {}.", told.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What we wrote, behind "we wrote".
fn claim(wrong: &Wrong<'_>) -> String {
    let (who, outlet) = (wrong.who.unwrap_or("an account"), wrong.outlet);
    match wrong.said {
        Said::Official => format!("that {who} is an official account of {outlet}"),
        Said::Attested => format!("that {who} says it is {outlet}, and that a source says so too"),
        Said::Undisclosed => format!("that {who} appears affiliated with {outlet}"),
        Said::LookAlike => format!("that {who} imitates {outlet}"),
        Said::Change => format!("about a change of {who} of {outlet}"),
        Said::Other => format!("about {who} and {outlet}"),
    }
}

fn behind(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" {why}") }
}
