//! Writing an archive line by line.

use std::io::{self, Write};

use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::{BEFORE_HEX, BEFORE_VALUE, Counts, End, Head, Header, Line};
use crate::ledger::Piece;
use crate::model::evidence::hex;

/// An archive that is being written.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    hasher: Sha256,
    counts: Counts,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    pub fn begin(out: W, header: &Header) -> io::Result<Writer<W>> {
        let mut writer = Writer { out, hasher: Sha256::new(), counts: Counts::default(), bytes: 0 };
        let mut line = serde_json::to_vec(header)?;
        line.push(b'\n');
        writer.add(&line)?;
        Ok(writer)
    }

    pub fn put(&mut self, line: &Line) -> io::Result<()> {
        self.counts.count(line);
        let bytes = encode(line, self.counts.ledger)?;
        self.add(&bytes)
    }

    /// Writes the last line and returns what was written to.
    pub fn finish(mut self) -> io::Result<(W, Counts)> {
        let sha256 = hex(&self.hasher.finalize());
        let mut line = serde_json::to_vec(&End { end: self.counts.clone(), sha256 })?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        Ok((self.out, self.counts))
    }

    /// Bytes written so far, before any packing.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// A line with its line feed; `ledger` is the number of the ledger's line.
fn encode(line: &Line, ledger: u64) -> io::Result<Vec<u8>> {
    let (head, value) = match line {
        Line::Record(record) => {
            let tree = Some(record.tree.as_str().to_owned());
            let head = match std::str::from_utf8(&record.key) {
                Ok(key) => Head { tree, key: Some(key.to_owned()), ..Head::default() },
                Err(_) => Head { tree, key_hex: Some(hex(&record.key)), ..Head::default() },
            };
            (head, &record.value)
        }
        Line::Ledger(Piece::Line(line)) => (Head { ledger: Some(ledger), ..Head::default() }, line),
        Line::Ledger(Piece::Text { name, bytes }) => {
            (Head { text: Some(name.clone()), ..Head::default() }, bytes)
        }
    };
    let mut bytes = serde_json::to_vec(&head)?;
    bytes.pop();
    if is_one_line_of_json(value) {
        bytes.extend_from_slice(BEFORE_VALUE.as_bytes());
        bytes.extend_from_slice(value);
    } else {
        bytes.extend_from_slice(BEFORE_HEX.as_bytes());
        bytes.extend_from_slice(format!("\"{}\"", hex(value)).as_bytes());
    }
    bytes.extend_from_slice(b"}\n");
    Ok(bytes)
}

pub(super) fn is_one_line_of_json(value: &[u8]) -> bool {
    !value.contains(&b'\n')
        && std::str::from_utf8(value).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}
