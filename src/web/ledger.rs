//! The chain of everything that was said in public, as JSON lines.

use serde::Serialize;

use crate::model::digest::{DigestNumber, DigestRecord, PartState, Visibility};

/// Checks a downloaded copy of [`lines`]: the chain, and every text against its seal in it.
pub(super) const CHECK: &str = r#"import hashlib, json, sys
sha256 = lambda data: hashlib.sha256(data).hexdigest()
head, records, seals, texts = "0" * 64, 0, set(), 0
for line in open(sys.argv[1], "rb"):
    told = json.loads(line)
    if "text_of" in told:
        keys = "salt", "text", "spoiler", "language", "visibility"
        pieces = [told[key].encode() for key in keys]
        seal = sha256(b"".join(len(p).to_bytes(8, "big") + p for p in pieces))
        assert seal in seals, f"never approved: {told['text_of']}"
        texts += 1
        continue
    body, _, end = line.rpartition(b',"hash":"')
    head, records = sha256(head.encode() + body + b"}"), records + 1
    assert end == head.encode() + b'"}\n', f"record {records} is broken"
    if told["record"] == "approved":
        seals.update(part["seal"] for part in told["parts"])
    if told["record"] == "corrected":
        seals.add(told["seal"])
print(records, "records,", texts, "texts, newest hash", head)
"#;

/// A posted text with what its seal in the chain was made of, so that anybody can check it.
#[derive(Debug, Serialize)]
struct Text<'a> {
    text_of: Place,
    seal: String,
    salt: &'a str,
    text: &'a str,
    spoiler: &'a str,
    language: &'a str,
    visibility: Visibility,
}

#[derive(Debug, Serialize)]
struct Place {
    digest: DigestNumber,
    rev: u32,
    part: u32,
}

/// The chain as it lies on disk, whole lines only, then a line with the text of each posted part.
/// The chain's own lines stay as they are: their hashes cover their bytes.
pub(super) fn lines(chain: &str, digests: &[DigestRecord]) -> String {
    let whole = chain.rfind('\n').map_or(0, |end| end + 1);
    let mut lines = chain[..whole].to_owned();
    for text in digests.iter().flat_map(posted) {
        lines.push_str(&serde_json::to_string(&text).expect("a text is plain data"));
        lines.push('\n');
    }
    lines
}

/// The text of each posted part as it stands: a correction takes the place of what it corrects.
fn posted(record: &DigestRecord) -> impl Iterator<Item = Text<'_>> {
    let digest = &record.digest;
    let parts = digest.parts.iter().zip(&record.parts);
    let posted = parts.filter(|(_, state)| matches!(state, PartState::Posted { .. }));
    posted.map(|(part, _)| {
        let correction = record.correction(part.index);
        let rev = correction.map_or(digest.rev, |correction| correction.rev);
        let part = correction.map_or(part, |correction| &correction.part);
        Text {
            text_of: Place { digest: digest.number, rev, part: part.index },
            seal: part.seal(&digest.salt),
            salt: &digest.salt,
            text: &part.text,
            spoiler: &part.spoiler,
            language: &part.language,
            visibility: part.visibility,
        }
    })
}
