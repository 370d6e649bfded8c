//! Passages of outlet and account side by side, and the places where anybody can look.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;

use super::sheet::{Depth, LABEL, day_and_hour};
use crate::analysis::names;
use crate::cli::table::table;
use crate::cycle::commands::{SEEN_DIGITS, Sheet};
use crate::model::evidence::Evidence;
use crate::model::reuse::Reuse;
use crate::model::tie::Tie;

/// Passages on one screen.
const FEW: usize = 3;
/// Letters of a passage in its column.
const LETTERS: usize = 30;

/// Outlet and account side by side.
pub(super) fn side_by_side(sheet: &Sheet, tie: &Tie, depth: Depth, room: Option<u16>) -> String {
    let shown: Vec<&Reuse> = match depth {
        Depth::All => tie.passages.iter().collect(),
        Depth::Screen => {
            // The longest ones tell most; they are printed in the order in which they were posted.
            let mut longest: Vec<&Reuse> = tie.passages.iter().collect();
            longest.sort_by_key(|passage| std::cmp::Reverse(passage.run));
            longest.truncate(FEW);
            longest.sort_by_key(|passage| passage.made_at);
            longest
        }
    };
    let first = format!("{} of {} copies", shown.len(), tie.copies);
    let header = [first.as_str(), "outlet", "its words", "this account", "same"];
    let rows = shown.iter().map(|passage| {
        let id = passage.publisher.to_string();
        vec![
            format!("{} -> {}", day_and_hour(passage.item_seen), day_and_hour(passage.made_at)),
            sheet.outlets.get(&id).cloned().unwrap_or(id),
            clipped(&passage.item_passage),
            clipped(&passage.passage),
            format!("{} %", passage.share),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    format!("\n{}", table(&header, &rows, "no passage was kept", room))
}

/// Every place where anybody can look.
pub(super) fn places(evidence: &[Evidence]) -> String {
    let mut text = String::from("\n");
    for item in evidence {
        for citation in item.citations() {
            let hash: String = citation.sha256.chars().take(SEEN_DIGITS).collect();
            let seen = day_and_hour(citation.seen_at);
            let url = plain(&citation.url);
            let _ = writeln!(text, "{:<LABEL$}{url}  seen {seen}, sha256 {hash}", item.indicator.0);
        }
    }
    text
}

/// A text without anything invisible that a terminal might obey.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|character| !names::is_invisible(*character)).collect()
}

/// The same on one line. Addresses stay as they are: what a terminal shows mentions nobody.
pub(super) fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same, line by line.
pub(super) fn plain_lines(text: &str) -> Vec<String> {
    text.lines().map(plain).collect()
}

fn clipped(passage: &str) -> String {
    let one_line = one_line(passage);
    match one_line.graphemes(true).count() > LETTERS {
        true => one_line.graphemes(true).take(LETTERS - 1).chain(["…"]).collect(),
        false => one_line,
    }
}
