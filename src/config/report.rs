//! What is wrong with the configuration, as people and machines read it.

use std::fmt::Write as _;

use serde::Serialize;

use super::fault::{Fault, Level, Words};
use super::spans::{Sources, Spot};

/// A fault with its place in full, so that it can be shown without the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    pub level: Level,
    /// What is wrong, in a few words.
    pub title: String,
    /// Where it stands; `None` where no file can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What the value at the place is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A place in a file, with the lines to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The last one is the line of the fault, the ones before it open its record.
    #[serde(skip)]
    lines: Vec<(usize, String)>,
    /// Columns of a terminal before and under the carets.
    #[serde(skip)]
    carets: (usize, usize),
}

/// How many of each were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Files of the maintainer; what ships with the program is not counted.
    pub files: usize,
    pub outlets: usize,
    /// Accounts on networks that can be read.
    pub accounts: usize,
    pub feeds: usize,
}

/// All errors and warnings of one load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    pub errors: usize,
    pub warnings: usize,
    #[serde(flatten)]
    pub tally: Tally,
    /// Errors first, each kind in the order of files and lines.
    pub remarks: Vec<Remark>,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    /// With ANSI colours.
    Colour,
}

/// More of a record than this is not shown above the line of a fault.
const LINES_OF_A_RECORD: usize = 4;
/// Nobody mends more of a kind before looking again.
const MOST_SHOWN: usize = 100;
/// A source line is cut around the fault to about this many columns.
const WIDEST_LINE: usize = 140;

impl Report {
    pub(super) fn new(sources: &Sources, mut faults: Vec<Fault>, tally: Tally) -> Report {
        faults.sort_by_key(|fault| (fault.level, fault.spot.is_none(), fault.spot));
        faults.dedup();
        let count = |level| faults.iter().filter(|fault| fault.level == level).count();
        Report {
            errors: count(Level::Error),
            warnings: count(Level::Warning),
            tally,
            remarks: faults.into_iter().map(|fault| remark(sources, fault)).collect(),
        }
    }

    /// Adds what another report says.
    pub(super) fn absorb(&mut self, other: Report) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.tally.files += other.tally.files;
        self.tally.outlets = self.tally.outlets.max(other.tally.outlets);
        self.tally.accounts += other.tally.accounts;
        self.tally.feeds = self.tally.feeds.max(other.tally.feeds);
        self.remarks.extend(other.remarks);
        self.remarks.sort_by_key(|remark| remark.level);
    }

    /// Whether the configuration may be used.
    pub fn is_good(&self) -> bool {
        self.errors == 0
    }

    /// The faults with their sources, then the closing line.
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        for level in [Level::Error, Level::Warning] {
            self.write(level, &mut text, paint);
        }
        text.push_str(&self.closing_line());
        text.push('\n');
        text
    }

    /// The errors with their sources, without warnings and without the closing line.
    pub fn errors_only(&self) -> String {
        let mut text = String::new();
        self.write(Level::Error, &mut text, Paint::Plain);
        text
    }

    fn write(&self, level: Level, text: &mut String, paint: Paint) {
        let remarks = || self.remarks.iter().filter(|remark| remark.level == level);
        for remark in remarks().take(MOST_SHOWN) {
            remark.write(text, paint);
            text.push('\n');
        }
        let rest = remarks().count().saturating_sub(MOST_SHOWN);
        if rest > 0 {
            let _ = writeln!(
                text,
                "and {}; `masthead check --json` has all\n",
                counted_more(rest, level.as_str())
            );
        }
    }

    /// `2 errors, 1 warning in 3 files (121 outlets, 9 accounts, 14 feeds)`
    pub fn closing_line(&self) -> String {
        format!(
            "{}, {} in {} ({}, {}, {})",
            counted(self.errors, "error"),
            counted(self.warnings, "warning"),
            counted(self.tally.files, "file"),
            counted(self.tally.outlets, "outlet"),
            counted(self.tally.accounts, "account"),
            counted(self.tally.feeds, "feed"),
        )
    }
}

fn counted_more(number: usize, thing: &str) -> String {
    format!("{number} more {thing}{}", if number == 1 { "" } else { "s" })
}

fn counted(number: usize, thing: &str) -> String {
    match number {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

impl Remark {
    fn write(&self, text: &mut String, paint: Paint) {
        let (bold, reset) = match (paint, self.level) {
            (Paint::Plain, _) => ("", ""),
            (Paint::Colour, Level::Error) => ("\x1b[1;31m", "\x1b[0m"),
            (Paint::Colour, Level::Warning) => ("\x1b[1;33m", "\x1b[0m"),
        };
        let level = self.level.as_str();
        let _ = writeln!(text, "{bold}{level}{reset}: {}", self.title);
        let gutter = self.place.as_ref().map_or(0, |place| place.line.to_string().len());
        match (&self.place, self.level) {
            (None, _) => {
                if let Some(label) = &self.label {
                    let _ = writeln!(text, "  {label}");
                }
            }
            // A warning is one line to read: the place and what was found there.
            (Some(place), Level::Warning) => {
                let label = self.label.as_deref().unwrap_or_default();
                let line = format!("{}--> {}   {label}", " ".repeat(gutter), place.name());
                let _ = writeln!(text, "{}", line.trim_end());
            }
            (Some(place), Level::Error) => {
                place.write(text, gutter, self.label.as_deref(), (bold, reset));
            }
        }
        for (name, words) in [("expected", &self.expected), ("help", &self.help), ("note", &self.note)] {
            if let Some(words) = words {
                let _ = writeln!(text, "{} | {name:<9} {words}", " ".repeat(gutter));
            }
        }
    }
}

impl Place {
    fn name(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    fn write(&self, text: &mut String, gutter: usize, label: Option<&str>, (bold, reset): (&str, &str)) {
        let empty = " ".repeat(gutter);
        let _ = writeln!(text, "{empty}--> {}", self.name());
        let _ = writeln!(text, "{empty} |");
        for (number, line) in &self.lines {
            let line = format!("{number:>gutter$} | {line}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let (before, under) = self.carets;
        let carets = format!("{}{bold}{}{reset}", " ".repeat(before), "^".repeat(under.max(1)));
        let line = format!("{empty} | {carets} {}", label.unwrap_or_default());
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn remark(sources: &Sources, fault: Fault) -> Remark {
    let place = fault.spot.map(|spot| place(sources, spot, fault.within));
    let Words { label, expected, help, note } = *fault.words;
    Remark { level: fault.level, title: fault.title, place, label, expected, help, note }
}

fn place(sources: &Sources, spot: Spot, within: Option<Spot>) -> Place {
    let position = sources.position(spot);
    let marked = sources.first_line(spot).chars().take(WIDEST_LINE).count();
    // A letter has up to four bytes, so this holds more than is shown; of it everything before the spot counts.
    let (line, before) = sources.around(spot, 4 * WIDEST_LINE);
    let shown = Cut::around(line, line[..before].chars().count(), marked);
    let opening = within
        .filter(|record| record.file == spot.file)
        .map(|record| sources.position(record).line)
        .filter(|first| *first < position.line && position.line - first < LINES_OF_A_RECORD);
    let mut lines: Vec<(usize, String)> = opening
        .map_or(position.line..position.line, |first| first..position.line)
        .map(|number| (number, Cut::around(sources.line(spot.file, number), 0, 0).text))
        .collect();
    lines.push((position.line, shown.text));
    Place {
        file: sources.get(spot.file).name.clone(),
        line: position.line,
        column: position.column,
        lines,
        carets: (shown.before, shown.under),
    }
}

/// A source line made fit for a terminal: cut around the fault, control characters replaced.
struct Cut {
    text: String,
    before: usize,
    under: usize,
}

impl Cut {
    fn around(line: &str, start: usize, length: usize) -> Cut {
        let skipped = if start > WIDEST_LINE * 2 / 3 { start - WIDEST_LINE / 3 } else { 0 };
        let mut cut = Cut { text: String::new(), before: 0, under: 0 };
        if skipped > 0 {
            cut.text.push('…');
            cut.before += 1;
        }
        for (index, letter) in line.chars().enumerate().skip(skipped) {
            if index - skipped >= WIDEST_LINE {
                cut.text.push('…');
                break;
            }
            let letter = match letter {
                '\t' => ' ',
                letter if is_unprintable(letter) => '\u{fffd}',
                letter => letter,
            };
            cut.text.push(letter);
            match index {
                index if index < start => cut.before += columns(letter),
                index if index < start + length => cut.under += columns(letter),
                _ => {}
            }
        }
        cut
    }
}

/// Whether a character would disturb the terminal or the order of the line.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Columns of a terminal: two for the scripts of East Asia and for emoji.
fn columns(letter: char) -> usize {
    match letter {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::spans::{Origin, Source};
    use super::*;

    fn shown(text: &str, part: &str) -> String {
        let mut sources = Sources::default();
        let start = text.find(part).unwrap();
        let source = Source { name: "a.toml".into(), text: text.into(), origin: Origin::Own };
        let file = sources.add(source);
        let spot = Spot::new(file, start..start + part.len());
        let fault = Fault::error("odd").at(spot).label("this");
        Report::new(&sources, vec![fault], Tally::default()).text(Paint::Plain)
    }

    #[test]
    fn carets_stand_under_wide_letters() {
        insta::assert_snapshot!(shown("x = \"新华社\", 央视\n", "央视"), @r#"
        error: odd
         --> a.toml:1:12
          |
        1 | x = "新华社", 央视
          |               ^^^^ this

        1 error, no warnings in no files (no outlets, no accounts, no feeds)
        "#);
    }

    #[test]
    fn long_lines_are_cut_and_control_characters_do_not_reach_the_terminal() {
        let text = format!("x = \"{}\u{1b}[2J\u{202e}here{}\"", "a".repeat(5000), "b".repeat(5000));
        let shown = shown(&text, "here");
        assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert!(shown.contains("^^^^ this"), "{shown}");
    }

    #[test]
    fn colours_are_ansi_only_when_asked_for() {
        let report = Report::new(&Sources::default(), vec![Fault::warning("odd")], Tally::default());
        assert!(report.text(Paint::Colour).starts_with("\x1b[1;33mwarning\x1b[0m: odd"));
        assert!(report.text(Paint::Plain).starts_with("warning: odd"));
    }
}
