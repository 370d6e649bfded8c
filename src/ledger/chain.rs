//! The chain: how records become lines, and how lines are checked.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::LedgerError;
use crate::model::evidence::hex;
use crate::model::record::{Entry, Record};

/// What stands for the hash before the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Parts a line into what is hashed and the hash.
const BEFORE_HASH: &str = ",\"hash\":\"";

/// What is hashed: an entry without its hash, in this order.
#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    at: DateTime<Utc>,
    #[serde(flatten)]
    record: &'a Record,
}

/// A ledger's bytes, checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub entries: Vec<Entry>,
    pub head: String,
    /// Bytes of the whole records; what follows is torn.
    pub length: usize,
}

/// The entry that follows, and its line with the line feed.
pub(super) fn next(head: &str, seq: u64, at: DateTime<Utc>, record: Record) -> (Entry, String) {
    let body = serde_json::to_string(&Body { seq, at, record: &record }).expect("a record is plain data");
    let hash = link(head, body.as_bytes());
    let open = body.strip_suffix('}').expect("a record is a JSON object");
    let line = format!("{open}{BEFORE_HASH}{hash}\"}}\n");
    (Entry { seq, at, record, hash }, line)
}

/// Checks a ledger's bytes from the first record on. A last line without line feed, or one that is not
/// JSON, is a write that a crash cut short; anything else that does not fit is an error.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Chain, LedgerError> {
    let mut chain = Chain { entries: Vec::new(), head: GENESIS.to_owned(), length: 0 };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_last = chain.length + line.len() == bytes.len();
        let is_json = || serde_json::from_slice::<serde_json::Value>(line).is_ok();
        if !line.ends_with(b"\n") || (is_last && !is_json()) {
            break;
        }
        let seq = chain.entries.len() as u64 + 1;
        let entry = check(&chain.head, seq, line).map_err(|fault| LedgerError::Broken {
            path: path.to_owned(),
            line: seq,
            why: fault.why,
            expected: fault.expected,
            found: fault.found,
        })?;
        chain.head.clone_from(&entry.hash);
        chain.entries.push(entry);
        chain.length += line.len();
    }
    Ok(chain)
}

/// Why a line does not follow from those before it.
pub(super) struct Fault {
    pub why: String,
    expected: String,
    found: String,
}

pub(super) fn check(head: &str, seq: u64, line: &[u8]) -> Result<Entry, Fault> {
    let fault = |why: String, expected: &str, found: &str| Fault {
        why,
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let parted = std::str::from_utf8(line).ok().and_then(|text| text.rsplit_once(BEFORE_HASH));
    let Some((open, end)) = parted else {
        return Err(fault("it does not end with its hash".into(), "one at the end of the line", "none"));
    };
    let found = end.trim_end_matches("\"}\n");
    let expected = link(head, format!("{open}}}").as_bytes());
    if end != format!("{expected}\"}}\n") {
        let why = "it was changed, or one before it is missing".to_owned();
        return Err(fault(why, &expected, found));
    }
    let entry: Entry = serde_json::from_slice(line)
        .map_err(|error| fault(format!("it is not a record: {error}"), &expected, found))?;
    if entry.seq != seq {
        return Err(fault(format!("its number is {}, expected {seq}", entry.seq), &expected, found));
    }
    Ok(entry)
}

fn link(head: &str, body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(head);
    hasher.update(body);
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hash_of_the_first_record_is_the_documented_one() {
        let at = "2026-11-02T10:00:00Z".parse().unwrap();
        let (entry, line) = next(GENESIS, 1, at, Record::Opened { store: "abc".into() });
        let body = r#"{"seq":1,"at":"2026-11-02T10:00:00Z","record":"opened","store":"abc"}"#;
        assert_eq!(entry.hash, hex(&Sha256::digest(format!("{GENESIS}{body}"))));
        assert_eq!(line, format!("{},\"hash\":\"{}\"}}\n", &body[..body.len() - 1], entry.hash));
        assert_eq!(line.trim_end(), serde_json::to_string(&entry).unwrap());
    }

    proptest! {
        #[test]
        fn any_text_in_a_record_survives_and_no_bytes_make_reading_panic(
            why in any::<String>(),
            noise in any::<Vec<u8>>(),
        ) {
            let at = "2026-11-02T10:00:00.123456789Z".parse().unwrap();
            let (entry, line) = next(GENESIS, 1, at, Record::Halted { why });
            let chain = read(Path::new("l"), line.as_bytes()).unwrap();
            prop_assert_eq!(chain.entries, vec![entry]);
            let _ = read(Path::new("l"), &[line.as_bytes(), &noise].concat());
            let _ = read(Path::new("l"), &noise);
        }

        #[test]
        fn a_ledger_cut_anywhere_keeps_exactly_its_whole_lines(cut in 0usize..10_000) {
            let at = "2026-11-02T10:00:00Z".parse().unwrap();
            let mut head = GENESIS.to_owned();
            let mut text = String::new();
            for seq in 1..=5 {
                let (entry, line) = next(&head, seq, at, Record::Resumed { by: "ana \"\n".into() });
                head = entry.hash;
                text.push_str(&line);
            }
            let cut = cut % (text.len() + 1);
            let chain = read(Path::new("l"), &text.as_bytes()[..cut]).unwrap();
            let whole = text[..cut].rfind('\n').map_or(0, |at| at + 1);
            prop_assert_eq!(chain.length, whole);
            prop_assert_eq!(chain.entries.len(), text[..whole].lines().count());
        }
    }
}
