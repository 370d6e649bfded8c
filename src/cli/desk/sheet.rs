//! The sheet of one finding as a reviewer reads it: one screen with the case for and against.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::passages::{self, one_line, plain, plain_lines};
use crate::analysis::concealed::{Count, READY_POINTS, families};
use crate::analysis::indicators::indicator;
use crate::analysis::names;
use crate::cli::site;
use crate::cli::table::wrapped;
use crate::cycle::commands::{
    LogRow, Orders, Preview, Sheet, approvals, comment_in_words, dismissal_in_words, missing_ticks,
    topic_in_words,
};
use crate::model::assessment::Relation;
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::finding::{Claim, FindingId, FindingState, OwnerLine};
use crate::model::tie::Tie;

/// How much of the evidence is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Depth {
    /// Three passages.
    Screen,
    /// All that are kept, and every place to look.
    All,
}

/// Columns before what a line says.
pub(super) const LABEL: usize = 16;
const WIDTH: usize = 110;

/// Everything a reviewer has to see, with a closing newline.
pub(in crate::cli) fn sheet(sheet: &Sheet, depth: Depth, room: Option<u16>) -> String {
    let mut page = Page { text: String::new(), width: room.map_or(WIDTH, usize::from).clamp(60, WIDTH) };
    let statement = &sheet.finding.statement;
    let _ = writeln!(page.text, "{}  {}   {}", sheet.finding.id, says(sheet), state(sheet));
    page.line("account", &account(sheet));
    page.line("with", &with(sheet));
    match &statement.tie {
        Some(tie) => hidden_tie(&mut page, sheet, tie),
        None => page.evidence(sheet),
    }
    for site in &sheet.sites {
        let lines = site::told(site).into_iter().enumerate();
        lines.for_each(|(place, line)| page.line(if place == 0 { "its site" } else { "" }, &line));
    }
    page.line("not seen", &not_seen(sheet));
    if let Some(tie) = &statement.tie {
        by_people(&mut page, sheet, tie);
    }
    page.line("history", &history(sheet));
    if let Some(tie) = &statement.tie {
        page.text += &passages::side_by_side(sheet, tie, depth, room);
    }
    if depth == Depth::All {
        page.text += &passages::places(&statement.evidence);
    }
    post(&mut page, sheet);
    commands(&mut page, sheet);
    page.text
}

/// What is being written.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// A labelled line that goes on under itself where it is too long.
    fn line(&mut self, label: &str, says: &str) {
        for (at, piece) in wrapped(&plain(says), self.width - LABEL).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let _ = writeln!(self.text, "{}", format!("{label:<LABEL$}{piece}").trim_end());
        }
    }

    /// What speaks for the finding and what against it, a line for each family of indicators.
    fn evidence(&mut self, sheet: &Sheet) {
        let evidence = &sheet.finding.statement.evidence;
        let sums = families(evidence, Count::Decided);
        let family = |item: &Evidence| indicator(&item.indicator.0).map(|indicator| indicator.family);
        let mut label = "for";
        for (of, sum) in sums.iter().filter(|(_, sum)| **sum > 0.0) {
            let mine = evidence.iter().filter(|item| family(item) == Some(*of) && speaks_for(item));
            let says: Vec<&str> = mine.map(|item| item.says.as_str()).collect();
            self.line(label, &format!("{} {sum:.1}: {}", of.title(), says.join("; ")));
            label = "";
        }
        for item in evidence.iter().filter(|item| is_proof(item)) {
            let says = format!("{}: {}", proof(item), item.says);
            self.line(label, &says);
            label = "";
        }
        if label == "for" {
            self.line(label, "nothing that counts");
        }
        let mut label = "against";
        for item in evidence.iter().filter(|item| speaks_against(item)) {
            let weight = match item.weight {
                Weight::Points(points) => format!(" {points:.1}"),
                _ => String::new(),
            };
            self.line(label, &format!("{}{weight}: {}", item.indicator, item.says));
            label = "";
        }
        if label == "against" {
            let others = sheet.finding.statement.tie.as_ref().map(|tie| {
                let others = tie.posts.saturating_sub(tie.copies);
                format!("; {others} of {} posts in that time are no such copies", tie.posts)
            });
            self.line(label, &format!("- nothing with points{}", others.unwrap_or_default()));
        }
        let seen = evidence.iter().filter(|item| item.weight == Weight::Shown);
        seen.for_each(|item| self.line("also seen", &format!("{}: {}", item.indicator, item.says)));
    }
}

fn speaks_for(item: &Evidence) -> bool {
    matches!(item.weight, Weight::Points(points) if points > 0.0)
}

fn speaks_against(item: &Evidence) -> bool {
    matches!(item.weight, Weight::Gate) || matches!(item.weight, Weight::Points(points) if points < 0.0)
}

fn is_proof(item: &Evidence) -> bool {
    matches!(item.weight, Weight::Proof(_))
}

fn proof(item: &Evidence) -> &'static str {
    match item.weight {
        Weight::Proof(Direction::OutletNamesAccount) => "the outlet's side of the proof",
        _ => "the account's side of the proof",
    }
}

fn says(sheet: &Sheet) -> String {
    let statement = &sheet.finding.statement;
    match &statement.claim {
        Claim::Withdrawn(withdrawal) => format!("withdraws {}", withdrawal.finding),
        Claim::Changed(_) => format!("a change of an account that is {}", statement.relation),
        Claim::NewlySeen(relation) | Claim::KnownAtStart(relation) => match relation {
            Relation::Undisclosed => "appears affiliated, does not say so".to_owned(),
            Relation::Attested => "says it belongs to the outlet, a maintainer cites a source".to_owned(),
            Relation::LookAlike => "imitates the outlet".to_owned(),
            other => other.to_string(),
        },
    }
}

fn state(sheet: &Sheet) -> String {
    let finding = &sheet.finding;
    match finding.state {
        FindingState::Raised if finding.confirmed().is_some() => "approved, not posted yet".to_owned(),
        FindingState::Raised => {
            format!("waits for {} approvals, {} so far", finding.needs, approvals(finding))
        }
        FindingState::Snoozed { until } => format!("put off until {}", day_and_hour(until)),
        FindingState::InDigest { number, part } => format!("in digest {number} part {part}"),
        FindingState::SaidBefore => "said before".to_owned(),
        FindingState::Lapsed { at } => format!("lapsed {}: the evidence no longer holds", day_and_hour(at)),
        FindingState::Dismissed { at, why } => {
            format!("dismissed {}: {}", day_and_hour(at), dismissal_in_words(why))
        }
        FindingState::Retracted { number, part } => {
            format!("was in digest {number} part {part}, withdrawn")
        }
    }
}

fn account(sheet: &Sheet) -> String {
    let (statement, row) = (&sheet.finding.statement, &sheet.account);
    let name = one_line(&sheet.profile.display_name);
    let followers = statement.followers.map(|trend| format!("{} followers", trend.now));
    let pace =
        statement.tenths_of_posts_a_day.map(|tenths| format!("{}.{} posts a day", tenths / 10, tenths % 10));
    let bot = sheet.profile.is_bot.then(|| "declared bot".to_owned());
    let (method, through) = (row.found.method.words(), one_line(&row.found.through));
    let seen = format!("first seen {} by {method}, through {through}", day(statement.first_seen));
    let facts: Vec<String> = followers.into_iter().chain(pace).chain(bot).chain([seen]).collect();
    format!("{} \"{name}\"  {}", names::handle(&statement.acct, statement.network), facts.join(", "))
}

fn with(sheet: &Sheet) -> String {
    let statement = &sheet.finding.statement;
    let outlet = names::clean(&statement.outlet_name);
    match &statement.owner {
        Some(OwnerLine { control: Some(control), says, .. }) => {
            format!(
                "{outlet}: {} (says {says}); no source names its owner",
                control.as_str().replace('-', " ")
            )
        }
        Some(line) => format!("{outlet} <- {} (says {})", line.owner, line.says),
        None => format!("{outlet}; no source says who controls it"),
    }
}

/// How strong the tie is, what speaks for and against it, and what may explain it innocently.
fn hidden_tie(page: &mut Page, sheet: &Sheet, tie: &Tie) {
    let points = f64::from(tie.points) / 100.0;
    let assessment = sheet.assessment.as_ref();
    let now = assessment.map(|assessment| assessment.points).filter(|now| (now - points).abs() >= 0.05);
    let now = now.map(|now| format!(" ({now:.1} when last judged)")).unwrap_or_default();
    let met = match assessment {
        None => "not judged any more".to_owned(),
        Some(assessment) => {
            let unmet: Vec<&str> = assessment
                .conditions
                .iter()
                .filter(|condition| !condition.met)
                .map(|condition| condition.must.as_str())
                .collect();
            match unmet.as_slice() {
                [] => format!("all {} conditions met", assessment.conditions.len()),
                unmet => format!("NOT MET: {}", unmet.join("; ")),
            }
        }
    };
    page.line("strength", &format!("{points:.1} of {READY_POINTS} needed{now}; {met}"));
    page.evidence(sheet);
    page.line("order sure?", &order(tie, sheet.orders));
    let rival = assessment.and_then(|assessment| assessment.rival.as_ref());
    let rival = match rival {
        Some(rival) => {
            let id = rival.publisher.to_string();
            let name = sheet.outlets.get(&id).map_or(id.as_str(), String::as_str);
            format!("next best: {name} {:.1} points from its text", rival.points)
        }
        None => "no other system or agency has its text".to_owned(),
    };
    page.line(
        "innocent?",
        &format!("{rival}; only you can tell: a partner by contract, a translator, a fan"),
    );
}

fn order(tie: &Tie, orders: Orders) -> String {
    let lag = orders.lag_minutes.map(|(least, most)| {
        let typical = tie.typical_lag_minutes.map(|minutes| format!(", half within {}", hours(minutes)));
        format!(", {} to {} later{}", hours(least), hours(most), typical.unwrap_or_default())
    });
    format!(
        "{} copies after a poll that lacked them{}; of {} nobody can tell; {} before the outlet; its feeds \
         are read every {} min, this account every {}: {} of {} gaps are longer than both together",
        orders.outlet_first,
        lag.unwrap_or_default(),
        orders.undecided,
        orders.account_first,
        orders.feed_minutes,
        orders.account_minutes,
        orders.past_a_round,
        orders.outlet_first
    )
}

fn not_seen(sheet: &Sheet) -> String {
    let read = sheet.sites.iter().filter(|site| site.read.is_some()).map(|site| names::site(&site.url));
    let read: Vec<String> = read.collect();
    let links = sheet.profile.links.iter().map(|link| names::site(&link.url));
    let unread: Vec<String> = links.filter(|site| !read.contains(site)).collect();
    let site = match (sheet.profile.links.as_slice(), unread.as_slice()) {
        ([], _) => "its web site (none given); ".to_owned(),
        (_, []) => String::new(),
        (_, unread) => format!("more than its profile says of {}; ", unread.join(", ")),
    };
    format!(
        "{site}who runs it; anything before {} ({} posts read)",
        day(sheet.finding.statement.first_seen),
        sheet.statuses_read
    )
}

/// What only people can say, and what its group is.
fn by_people(page: &mut Page, sheet: &Sheet, tie: &Tie) {
    let note = match one_line(&sheet.profile.note) {
        note if note.is_empty() => "its profile says nothing".to_owned(),
        note => format!("its profile says \"{note}\""),
    };
    let ticks = tie.ticks;
    let paper = if ticks.presents_as_outlet { "ticked: presents itself as an outlet" } else { "NOT TICKED" };
    page.line("person or paper", &format!("{paper}; {note}"));
    page.line("asked them?", ticks.comment_sought.map_or("NOT TICKED", comment_in_words));
    ticks.topic.into_iter().for_each(|topic| page.line("mostly", topic_in_words(topic)));
    let sisters: Vec<String> = sheet
        .sisters
        .iter()
        .map(|sister| match sister.finding {
            Some(finding) => format!("{} ({finding})", sister.acct),
            None => format!("{} (no finding)", sister.acct),
        })
        .collect();
    page.line(
        "group",
        &if sisters.is_empty() { "none".to_owned() } else { format!("with {}", sisters.join(", ")) },
    );
}

fn history(sheet: &Sheet) -> String {
    let lead = sheet.assessment.as_ref().and_then(|assessment| assessment.lead_since);
    let lead = lead.map(|at| format!("lead {}", day(at)));
    let raised = format!("raised {}", day_and_hour(sheet.finding.raised_at));
    let acts = sheet.history.iter().map(did);
    let orders = sheet.orders;
    let copies = orders.outlet_first + orders.undecided + orders.account_first;
    let read = day_and_hour(sheet.account.last_read);
    let there = format!("read again {read}: {} of {copies} copies still there", sheet.still_there);
    let there = sheet.finding.statement.tie.as_ref().map(|_| there);
    lead.into_iter().chain([raised]).chain(acts).chain(there).collect::<Vec<_>>().join("; ")
}

fn did(row: &LogRow) -> String {
    let why = row.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{} by {} {}{why}", row.did, names::clean(&row.by), day_and_hour(row.at))
}

/// The post, as long as there is one to come: made anew from today's facts it is not what was posted.
fn post(page: &mut Page, sheet: &Sheet) {
    if !matches!(sheet.finding.state, FindingState::Raised | FindingState::Snoozed { .. }) {
        return;
    }
    match &sheet.preview {
        Some(preview) => {
            indented(page, "WILL BE POSTED", preview);
            if let Some(with) = &sheet.preview_with {
                let others: Vec<String> = with.findings.iter().map(FindingId::to_string).collect();
                let verb = if others.len() == 1 { "IS" } else { "ARE" };
                let title = format!("OR, IF {} {verb} APPROVED AS WELL", others.join(" AND "));
                indented(page, &title, &with.post);
            }
        }
        None => page.text.push_str("\nno post would be sent about it as it stands\n"),
    }
}

fn indented(page: &mut Page, title: &str, post: &Preview) {
    let _ = writeln!(page.text, "\n{title}, {} characters", post.characters);
    for line in plain_lines(&post.text) {
        let _ = writeln!(page.text, "{}", format!("  {line}").trim_end());
    }
}

/// The next commands, for a finding that can be decided.
fn commands(page: &mut Page, sheet: &Sheet) {
    let finding = &sheet.finding;
    let id = finding.id;
    let start = "masthead review";
    page.text.push('\n');
    match finding.state {
        FindingState::Raised | FindingState::Snoozed { .. } => {
            let lacks = finding.statement.tie.as_ref().map(|tie| missing_ticks(&tie.ticks));
            if lacks.is_some_and(|lacks| !lacks.is_empty()) {
                let asked = "--outlet --asked yes|no-address|declined";
                page.command("first", &format!("{start} tick {id} {asked} --topic TOPIC --as NAME"));
                page.command("approve", &format!("{start} show {id}   shows what to approve then"));
            } else {
                page.command("approve", &format!("{start} approve {id} --seen {} --as NAME", sheet.seen));
            }
            page.command(
                "dismiss",
                &format!("{start} dismiss {id} --why partner|fan|mirror|person|other --as NAME"),
            );
            page.command("later", &format!("{start} snooze {id} 7d --as NAME"));
            page.command("never", &format!("{start} dismiss {id} --why other --never-flag --as NAME"));
        }
        FindingState::InDigest { .. } => {
            page.command("take back", &format!("{start} retract {id} --why TEXT --as NAME"));
        }
        _ => page.command("log", &format!("{start} log {id}")),
    }
    let kept = finding.statement.tie.as_ref().map_or(0, |tie| tie.passages.len());
    let passages = if kept > 0 { format!("all {kept} passages that are kept, ") } else { String::new() };
    page.command("more", &format!("{start} show {id} --all   {passages}every place to look"));
}

impl Page {
    fn command(&mut self, label: &str, command: &str) {
        let _ = writeln!(self.text, "{label:<LABEL$}{command}");
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

pub(super) fn day_and_hour(at: DateTime<Utc>) -> String {
    at.format("%d %b %H:%M").to_string()
}

fn hours(minutes: i64) -> String {
    match minutes {
        ..90 => format!("{minutes} min"),
        _ => format!("{:.1} h", minutes as f64 / 60.0),
    }
}
