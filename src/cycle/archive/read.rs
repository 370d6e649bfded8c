//! Reading an archive line by line: whoever gets to its end has read exactly what was written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::write::is_one_line_of_json;
use super::{BEFORE_HEX, BEFORE_VALUE, Counts, End, FORMAT, Head, Header, Line};
use crate::ledger::{Piece, is_name};
use crate::model::evidence::hex;
use crate::store::{RawRecord, TreeName};

/// The longest line: a value in hex, with room. Foreign bytes must not fill the memory.
const LONGEST_LINE: u64 = 1 << 20;

/// Why a file is no whole archive, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{why}", if *line == 0 { String::new() } else { format!("line {line}: ") })]
pub struct Wrong {
    /// Counted from 1; 0 = the file as a whole.
    pub line: u64,
    pub why: String,
}

/// An archive that is being read.
pub struct Reader<R> {
    input: R,
    header: Header,
    hasher: Sha256,
    counts: Counts,
    line: u64,
    is_over: bool,
}

/// Opens an archive in a file, packed with gzip or not.
pub fn open(path: &Path) -> Result<Reader<Box<dyn BufRead>>, Wrong> {
    let wrong = |error: io::Error| Wrong { line: 0, why: format!("it cannot be opened: {error}") };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(wrong)?);
    let is_packed = file.fill_buf().map_err(wrong)?.starts_with(&[0x1f, 0x8b]);
    Reader::begin(if is_packed {
        Box::new(BufReader::new(Unpacked(GzDecoder::new(file))))
    } else {
        Box::new(file)
    })
}

/// A packed file of one member, and nothing after it.
struct Unpacked<R>(GzDecoder<R>);

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        if read == 0 && !buffer.is_empty() && !self.0.get_mut().fill_buf()?.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "there are bytes after its end"));
        }
        Ok(read)
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub fn begin(mut input: R) -> Result<Reader<R>, Wrong> {
        let mut hasher = Sha256::new();
        let bytes = match read_line(&mut input) {
            Ok(bytes) => bytes,
            Err(why) => return Err(Wrong { line: 1, why }),
        };
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| Wrong {
            line: 1,
            why: "it does not begin like an export or a backup of masthead".to_owned(),
        })?;
        if header.format != FORMAT {
            let (format, version) = (header.format, &header.version);
            let why = format!("its format is {format}, written by masthead {version}; expected {FORMAT}");
            return Err(Wrong { line: 1, why });
        }
        hasher.update(&bytes);
        hasher.update(b"\n");
        Ok(Reader { input, header, hasher, counts: Counts::default(), line: 1, is_over: false })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was read so far; all of it once [`Reader::next_line`] has said that there is no more.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The number of the line that was read last.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next line; `None` at the end, where counts and checksum agree.
    pub fn next_line(&mut self) -> Result<Option<Line>, Wrong> {
        if self.is_over {
            return Ok(None);
        }
        self.line += 1;
        self.try_next().map_err(|why| Wrong { line: self.line, why })
    }

    fn try_next(&mut self) -> Result<Option<Line>, String> {
        let bytes = read_line(&mut self.input)?;
        if bytes.starts_with(b"{\"end\":") {
            return self.end(&bytes).map(|()| None);
        }
        let line = decode(&bytes, self.counts.ledger + 1)?;
        self.hasher.update(&bytes);
        self.hasher.update(b"\n");
        self.counts.count(&line);
        Ok(Some(line))
    }

    fn end(&mut self, bytes: &[u8]) -> Result<(), String> {
        let End { end, sha256 } =
            serde_json::from_slice(bytes).map_err(|error| format!("its end cannot be read: {error}"))?;
        if end != self.counts {
            return Err(format!("it ends with {end}, but {} stand before", self.counts));
        }
        let found = hex(&std::mem::take(&mut self.hasher).finalize());
        if sha256 != found {
            return Err(format!(
                "its checksum is {sha256}, but the lines before have {found}: it was changed"
            ));
        }
        match self.input.fill_buf() {
            Ok([]) => {}
            Ok(_) => return Err("there is something after its end".to_owned()),
            Err(error) => return Err(format!("it cannot be read: {error}")),
        }
        self.is_over = true;
        Ok(())
    }
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("header", &self.header)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A line without its line feed.
fn read_line(input: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST_LINE).read_until(b'\n', &mut bytes);
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    match bytes.pop() {
        Some(b'\n') => Ok(bytes),
        None => Err("it ends before its end: it was cut short".to_owned()),
        Some(_) if bytes.len() as u64 + 1 >= LONGEST_LINE => {
            Err(format!("it is longer than {LONGEST_LINE} bytes"))
        }
        Some(_) => Err("it ends in the middle of a line: it was cut short".to_owned()),
    }
}

/// One line; `ledger` is the number that the next line of the ledger has.
fn decode(bytes: &[u8], ledger: u64) -> Result<Line, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    let text = text.strip_suffix('}').ok_or("it is no record")?;
    let (head, value) = match (text.split_once(BEFORE_VALUE), text.split_once(BEFORE_HEX)) {
        (Some((head, value)), None) if is_one_line_of_json(value.as_bytes()) => {
            (head, value.as_bytes().to_vec())
        }
        (Some((head, value)), Some((other, _)))
            if head.len() < other.len() && is_one_line_of_json(value.as_bytes()) =>
        {
            (head, value.as_bytes().to_vec())
        }
        (None, Some((head, digits))) => {
            let digits = digits.strip_prefix('"').and_then(|digits| digits.strip_suffix('"'));
            (head, digits.and_then(unhex).ok_or("its value is not in hex")?)
        }
        _ => return Err("its value cannot be read".to_owned()),
    };
    let head: Head = serde_json::from_str(&format!("{head}}}"))
        .map_err(|error| format!("it is neither a record nor a line of the ledger: {error}"))?;
    match head {
        Head { tree: Some(tree), key, key_hex, ledger: None, text: None } => {
            let name = TreeName::parse(&tree).ok_or_else(|| format!("there is no tree `{tree}`"))?;
            let key = match (key, key_hex) {
                (Some(key), None) => key.into_bytes(),
                (None, Some(digits)) => unhex(&digits).ok_or("its key is not in hex")?,
                _ => return Err("it has no key".to_owned()),
            };
            Ok(Line::Record(RawRecord { tree: name, key, value }))
        }
        Head { tree: None, key: None, key_hex: None, ledger: Some(number), text: None } => {
            match number == ledger {
                true => Ok(Line::Ledger(Piece::Line(value))),
                false => Err(format!("it is line {number} of the ledger; expected {ledger}")),
            }
        }
        Head { tree: None, key: None, key_hex: None, ledger: None, text: Some(name) } if is_name(&name) => {
            Ok(Line::Ledger(Piece::Text { name, bytes: value }))
        }
        _ => Err("it is neither a record nor a line of the ledger".to_owned()),
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Kind, Writer};
    use super::*;

    fn lines() -> Vec<Line> {
        let record = |tree, key: &[u8], value: &[u8]| {
            Line::Record(RawRecord { tree, key: key.to_vec(), value: value.to_vec() })
        };
        vec![
            record(TreeName::Meta, b"schema", br#"{"v":1,"d":2}"#),
            record(TreeName::Notes, b"a \"b\",\"value\":1", br#"{"v":1,"d":"},\"value\":,\"value_hex\":"}"#),
            record(TreeName::Findings, &[0, 0, 0, 7], b"no JSON\n"),
            record(TreeName::Counts, &[0xff, 0x00], b""),
            Line::Ledger(Piece::Line(br#"{"seq":1,"hash":"x"}"#.to_vec())),
            Line::Ledger(Piece::Text { name: "1-1-0.json".into(), bytes: b"{}".to_vec() }),
        ]
    }

    fn written() -> Vec<u8> {
        let made_at = "2026-11-28T03:00:00Z".parse().unwrap();
        let header = Header::new(Kind::Backup, 2, "8e3c", made_at);
        let mut writer = Writer::begin(Vec::new(), &header).unwrap();
        lines().iter().for_each(|line| writer.put(line).unwrap());
        writer.finish().unwrap().0
    }

    fn read(bytes: &[u8]) -> Result<Vec<Line>, Wrong> {
        let mut reader = Reader::begin(bytes)?;
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line()? {
            lines.push(line);
        }
        Ok(lines)
    }

    #[test]
    fn what_was_written_is_read_byte_by_byte() {
        assert_eq!(read(&written()).unwrap(), lines());
    }

    #[test]
    fn another_format_is_named_with_the_version_that_wrote_it() {
        let text = String::from_utf8_lossy(&written()).replacen("\"format\":1", "\"format\":9", 1);
        let wrong = read(text.as_bytes()).unwrap_err();
        assert_eq!(wrong.line, 1);
        assert!(wrong.why.starts_with("its format is 9, written by masthead "), "{wrong}");
    }

    #[test]
    fn a_line_that_was_left_out_or_changed_is_noticed_at_the_end() {
        let text = String::from_utf8(written()).unwrap();
        let without: String = text
            .lines()
            .filter(|line| !line.starts_with("{\"text\""))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(
            read(without.as_bytes()).unwrap_err().to_string(),
            "line 7: it ends with 4 records of the store, 1 of the ledger, 1 texts, but 4 records of the store, \
             1 of the ledger, 0 texts stand before"
        );
        let changed = text.replacen("\"d\":2", "\"d\":3", 1);
        assert!(read(changed.as_bytes()).unwrap_err().why.starts_with("its checksum is "));
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_is_refused(cut in 0usize..10_000) {
            let whole = written();
            prop_assert!(read(&whole[..cut % whole.len()]).is_err());
        }

        #[test]
        fn a_file_with_a_flipped_bit_is_refused(at in 0usize..10_000, bit in 0u8..8) {
            let mut bytes = written();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes).is_err(), "byte {at}");
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), after in 0usize..200) {
            let _ = read(&bytes);
            let whole = written();
            let _ = read(&[&whole[..after], &bytes].concat());
        }

        #[test]
        fn any_key_and_value_come_back(key in any::<Vec<u8>>(), value in any::<Vec<u8>>(), text in any::<String>()) {
            let json = serde_json::to_vec(&text).unwrap();
            for (key, value) in [(key.clone(), value), (text.into_bytes(), json)] {
                let line = Line::Record(RawRecord { tree: TreeName::Notes, key, value });
                let header = Header::new(Kind::Export, 2, "8e3c", "2026-11-28T03:00:00Z".parse().unwrap());
                let mut writer = Writer::begin(Vec::new(), &header).unwrap();
                writer.put(&line).unwrap();
                prop_assert_eq!(read(&writer.finish().unwrap().0).unwrap(), vec![line]);
            }
        }
    }
}
