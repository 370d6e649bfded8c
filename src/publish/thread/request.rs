//! Requests to post: their bytes, their key and the approval they need.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::analysis::compose;
use crate::model::digest::{Digest, Part};
use crate::model::evidence::hex;
use crate::model::record::{Entry, PartSeal, Record};

/// One request to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub part: Part,
    pub reply_to: Option<String>,
    /// The `Idempotency-Key`.
    pub key: String,
    pub intent: Record,
}

impl Sending {
    /// The JSON body of the request.
    pub fn body(&self) -> Value {
        body(&self.part, self.reply_to.as_deref())
    }

    /// A request for a part, with the intent that has to be in the ledger before it is sent.
    pub(super) fn new(
        digest: &Digest,
        part: Part,
        attempt: u32,
        reply_to: Option<String>,
        newest_own: Option<String>,
        secret: &[u8],
    ) -> Sending {
        let key = key(secret, digest, part.index);
        let bytes = serde_json::to_vec(&body(&part, reply_to.as_deref())).expect("a body is plain data");
        let intent = Record::Intent {
            digest: digest.number,
            rev: digest.rev,
            part: part.index,
            attempt,
            key: key.clone(),
            body: hex(&Sha256::digest(bytes)),
            reply_to: reply_to.clone(),
            newest_own,
        };
        Sending { part, reply_to, key, intent }
    }
}

/// The record that approves a digest: its parts and the closing post, in case that is needed.
pub fn approval(digest: &Digest, by: Vec<String>) -> Record {
    let end = compose::closing(digest);
    let seal = |part: &Part| PartSeal { part: part.index, seal: part.seal(&digest.salt) };
    let parts = digest.parts.iter().chain([&end]).map(seal).collect();
    Record::Approved { digest: digest.number, rev: digest.rev, parts, by }
}

/// Whether the ledger approves these very bytes.
pub(super) fn approved(digest: &Digest, entries: &[Entry]) -> Result<(), String> {
    let seals = entries.iter().rev().find_map(|entry| match &entry.record {
        Record::Approved { digest: number, rev, parts, .. }
            if (*number, *rev) == (digest.number, digest.rev) =>
        {
            Some(parts)
        }
        _ => None,
    });
    let Some(seals) = seals else {
        return Err(format!("digest {} rev {} is not approved", digest.number, digest.rev));
    };
    let Record::Approved { parts: wanted, .. } = approval(digest, Vec::new()) else { return Ok(()) };
    match wanted.iter().find(|seal| !seals.contains(seal)) {
        None => Ok(()),
        Some(seal) => {
            Err(format!("part {} of digest {} differs from what was approved", seal.part, digest.number))
        }
    }
}

/// The `Idempotency-Key` of a part: the same for every attempt, and nobody else can guess it.
pub fn key(secret: &[u8], digest: &Digest, part: u32) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of every length");
    mac.update(format!("{}|{}|{part}", digest.number, digest.rev).as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// The JSON body of a request to post.
fn body(part: &Part, reply_to: Option<&str>) -> Value {
    let mut body = json!({
        "status": part.text,
        "visibility": part.visibility.as_str(),
        "language": part.language,
    });
    if !part.spoiler.is_empty() {
        body["spoiler_text"] = json!(part.spoiler);
    }
    if let Some(id) = reply_to {
        body["in_reply_to_id"] = json!(id);
    }
    body
}
