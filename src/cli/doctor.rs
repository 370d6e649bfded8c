//! Health as people read it: what needs them first, one line a thing.

use std::fmt::Write as _;

use super::table::wrapped;
use crate::model::health::{Health, Line};

/// Where the sentence of a line begins.
const INDENT: usize = 39;
/// Names longer than that push their sentence to the next line.
const NAME: usize = 24;
/// Where nobody says how wide the screen is.
const USUAL_ROOM: usize = 120;

/// The lines below one that says how it is as a whole.
pub(super) fn health(health: &Health, room: Option<u16>) -> String {
    let room = room.map_or(USUAL_ROOM, usize::from).max(INDENT + 30);
    let running = match health.up_since {
        Some(since) => format!("running since {}", since.format("%-d %b %Y %H:%M UTC")),
        None => "not running".to_owned(),
    };
    let state = match health.needs() {
        0 if health.unknown().is_empty() => "well".to_owned(),
        0 => format!("no trouble seen, {} not known yet", health.unknown().len()),
        needs => format!("NEEDS YOU ({needs})"),
    };
    let config = health.config.as_deref().unwrap_or("no configuration file");
    let mut text = format!("masthead {}, {running}, {config}    state: {state}\n", health.version);
    for line in &health.lines {
        text.push_str(&one(line, room));
    }
    text
}

fn one(line: &Line, room: usize) -> String {
    let head = format!("  {:<2} {:<8} {:<NAME$}", line.mark.sign(), line.subject.to_string(), line.name);
    let head = head.trim_end();
    let mut text = String::new();
    let fix = line.fix.as_ref().map(|fix| format!("fix: {fix}"));
    let paragraphs = [Some(line.says.clone()), fix].into_iter().flatten();
    let mut rows = paragraphs.flat_map(|paragraph| wrapped(&paragraph, room - INDENT));
    match rows.next() {
        Some(first) if head.chars().count() < INDENT => {
            let _ = writeln!(text, "{head:<width$}{first}", width = INDENT);
        }
        Some(first) => {
            let _ = writeln!(text, "{head}\n{:INDENT$}{first}", "");
        }
        None => {
            let _ = writeln!(text, "{head}");
        }
    }
    for row in rows {
        let _ = writeln!(text, "{:INDENT$}{row}", "");
    }
    text
}
