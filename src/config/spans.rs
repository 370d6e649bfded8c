//! Where a value stands: files as they were read, and spans in them.

use std::ops::Range;

/// The number of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(usize);

/// A stretch of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub file: FileId,
    pub start: usize,
    pub end: usize,
}

impl Spot {
    pub fn new(file: FileId, span: Range<usize>) -> Spot {
        Spot { file, start: span.start, end: span.end.max(span.start) }
    }
}

/// A value and the place where somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At<T> {
    pub value: T,
    pub spot: Spot,
}

/// Who can mend a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Shipped inside the program.
    Builtin,
    /// A file of the maintainer.
    Own,
}

/// One file as it was read.
#[derive(Debug)]
pub(super) struct Source {
    /// As messages print it.
    pub name: String,
    pub text: String,
    pub origin: Origin,
}

/// All files of one load.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

/// A place as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    pub fn add(&mut self, source: Source) -> FileId {
        self.0.push(source);
        FileId(self.0.len() - 1)
    }

    pub fn get(&self, file: FileId) -> &Source {
        &self.0[file.0]
    }

    /// How many files the maintainer wrote.
    pub fn own_files(&self) -> usize {
        self.0.iter().filter(|source| source.origin == Origin::Own).count()
    }

    pub fn is_own(&self, spot: Spot) -> bool {
        self.get(spot.file).origin == Origin::Own
    }

    pub fn position(&self, spot: Spot) -> Position {
        let before = front(&self.get(spot.file).text, spot.start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// A line of a file, counted from 1, without its end.
    pub fn line(&self, file: FileId, line: usize) -> &str {
        self.get(file).text.split('\n').nth(line - 1).unwrap_or("").trim_end_matches('\r')
    }

    /// The characters of a spot that stand on its first line.
    pub fn first_line(&self, spot: Spot) -> &str {
        let text = &self.get(spot.file).text;
        let rest = &text[front(text, spot.start).len()..front(text, spot.end).len()];
        rest.lines().next().unwrap_or("")
    }
}

/// The text before a byte; a byte inside a character counts as its start.
fn front(text: &str, byte: usize) -> &str {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    &text[..byte]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut sources = Sources::default();
        let text = "a = 1\nname = \"新华\" # x\r\n".to_owned();
        let file = sources.add(Source { name: "a.toml".into(), text, origin: Origin::Own });
        let spot = Spot::new(file, 13..21);
        assert_eq!(sources.position(spot), Position { line: 2, column: 8 });
        assert_eq!(sources.first_line(spot), "\"新华\"");
        assert_eq!(sources.line(file, 2), "name = \"新华\" # x");
        let beyond = Spot::new(file, 900..901);
        assert_eq!(sources.position(beyond), Position { line: 3, column: 1 });
    }
}
