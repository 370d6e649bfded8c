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
pub(super) struct Sources(Vec<(Source, Index)>);

/// So many bytes of a file share one count of the characters before them.
const BLOCK: usize = 1024;

/// Where lines and characters of a text are, so that of thousands of faults none reads the file from its beginning.
#[derive(Debug)]
struct Index {
    /// The first byte of each line.
    lines: Vec<usize>,
    /// Characters that begin before each block.
    characters: Vec<usize>,
}

impl Index {
    fn of(text: &str) -> Index {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let blocks = text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
            let here = *before;
            *before += beginnings(block);
            Some(here)
        });
        Index { lines, characters: blocks.collect() }
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, text: &str, byte: usize) -> usize {
        let block = byte / BLOCK;
        let Some(before) = self.characters.get(block).or(self.characters.last()) else { return 0 };
        let start = block.min(self.characters.len() - 1) * BLOCK;
        before + beginnings(&text.as_bytes()[start..byte])
    }
}

/// The bytes with which characters begin.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
}

/// A place as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    pub fn add(&mut self, source: Source) -> FileId {
        let index = Index::of(&source.text);
        self.0.push((source, index));
        FileId(self.0.len() - 1)
    }

    pub fn get(&self, file: FileId) -> &Source {
        &self.0[file.0].0
    }

    /// How many files the maintainer wrote.
    pub fn own_files(&self) -> usize {
        self.0.iter().filter(|(source, _)| source.origin == Origin::Own).count()
    }

    pub fn is_own(&self, spot: Spot) -> bool {
        self.get(spot.file).origin == Origin::Own
    }

    pub fn position(&self, spot: Spot) -> Position {
        let (Source { text, .. }, index) = &self.0[spot.file.0];
        let byte = front(text, spot.start).len();
        let line = index.lines.partition_point(|start| *start <= byte);
        let characters = |byte| index.characters_before(text, byte);
        Position { line, column: characters(byte) - characters(index.lines[line - 1]) + 1 }
    }

    /// A line of a file, counted from 1, without its end.
    pub fn line(&self, file: FileId, line: usize) -> &str {
        let (Source { text, .. }, index) = &self.0[file.0];
        let Some(start) = index.lines.get(line - 1) else { return "" };
        let end = index.lines.get(line).map_or(text.len(), |next| next - 1);
        text[*start..end].trim_end_matches('\r')
    }

    /// What of its line stands around the start of a spot, `reach` bytes to either side or a little less, and how many
    /// of these are before it.
    pub fn around(&self, spot: Spot, reach: usize) -> (&str, usize) {
        let text = self.get(spot.file).text.as_str();
        let byte = front(text, spot.start).len();
        let line = self.line(spot.file, self.position(spot).line);
        let in_line = byte - self.0[spot.file.0].1.lines[self.position(spot).line - 1];
        let in_line = in_line.min(line.len());
        let mut start = in_line.saturating_sub(reach);
        while !line.is_char_boundary(start) {
            start += 1;
        }
        let end = front(line, in_line.saturating_add(reach)).len();
        (&line[start..end], in_line - start)
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
        assert_eq!((sources.line(file, 3), sources.line(file, 4)), ("", ""));
    }

    #[test]
    fn places_in_a_long_line_are_counted_as_if_from_its_beginning() {
        let mut sources = Sources::default();
        let text = format!("a\n{}", "新x".repeat(5000));
        let file = sources.add(Source { name: "a.toml".into(), text: text.clone(), origin: Origin::Own });
        for byte in (0..text.len()).step_by(7).filter(|byte| text.is_char_boundary(*byte)) {
            let before = &text[..byte];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            let spot = Spot::new(file, byte..byte);
            assert_eq!(sources.position(spot), Position { line, column }, "{byte}");
            let (shown, at) = sources.around(spot, 20);
            assert!(shown.len() <= 40 && at <= 20);
            assert!(text[byte..].starts_with(&shown[at..]) || byte < 2, "{byte}");
        }
    }
}
