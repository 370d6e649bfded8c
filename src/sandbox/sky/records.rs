//! Records as they lie in the repository of an account, and the names by which they are known.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Member, Repost};
use crate::sandbox::cast::{Indexing, Kind};
use crate::sandbox::markup::{self, Meaning};
use crate::sandbox::posts::{Picture, Post, PostKey};
use crate::sandbox::random::{mix, of_name};
use crate::sandbox::wire::timestamp;
use crate::sandbox::world::World;

pub const POST: &str = "app.bsky.feed.post";
pub const REPOST: &str = "app.bsky.feed.repost";
pub const PROFILE: &str = "app.bsky.actor.profile";

/// Grapheme clusters of a post, and of what a profile says.
const MOST_TEXT: usize = 300;
const MOST_NOTE: usize = 256;

/// RFC 4648, lower case, and the alphabet that sorts as the numbers do.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const SORTABLE: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// A record with its place and the hash that names its bytes.
#[derive(Debug, Clone)]
pub struct Record {
    pub collection: &'static str,
    pub rkey: String,
    pub cid: String,
    pub value: Value,
}

impl Record {
    fn new(collection: &'static str, rkey: String, value: Value) -> Record {
        Record { collection, rkey, cid: cid(&value), value }
    }

    pub fn uri(&self, did: &str) -> String {
        format!("at://{did}/{}/{}", self.collection, self.rkey)
    }
}

/// An id of the network's directory for whoever first had this handle.
pub fn did(handle: &str) -> String {
    let seed = of_name(handle);
    let letters = (0..24).map(|place| BASE32[(mix(&[seed, place]) % 32) as usize] as char);
    format!("did:plc:{}", letters.collect::<String>())
}

/// The moment of something to the microsecond, so that hardly two things share one.
pub fn micros(at: DateTime<Utc>, salt: u64) -> i64 {
    at.timestamp_millis() * 1_000 + (salt % 1_000) as i64
}

/// A key that sorts by time: 53 bits of microseconds and 10 of chance.
pub fn tid(micros: i64, salt: u64) -> String {
    let number = (micros as u64) << 10 | (salt >> 40 & 0x3ff);
    (0..13).rev().map(|place| SORTABLE[(number >> (place * 5)) as usize & 31] as char).collect()
}

/// A hash as the network writes it (CIDv1, DAG-CBOR, SHA-256); readers take it as it is.
fn cid(value: &Value) -> String {
    let hash = Sha256::digest(value.to_string());
    let bytes: Vec<u8> = [0x01, 0x71, 0x12, 0x20].into_iter().chain(hash).collect();
    let bit = |place: usize| bytes.get(place / 8).is_some_and(|byte| byte >> (7 - place % 8) & 1 == 1);
    let letters = (0..(bytes.len() * 8).div_ceil(5)).map(|letter| {
        let value = (0..5).fold(0, |sum, at| sum << 1 | usize::from(bit(letter * 5 + at)));
        BASE32[value] as char
    });
    format!("b{}", letters.collect::<String>())
}

impl World {
    /// The record of a post.
    pub fn post_record(&self, member: &Member, post: &Post) -> Record {
        let text = fitted(&post.text);
        let mut value = json!({
            "$type": POST, "text": text, "createdAt": timestamp(member.claims(post.key.at)),
            "langs": [member.person.voice.language().tag()],
        });
        let facets = self.facets(&text, post.key.at);
        let link = facets.iter().find_map(|facet| facet["features"][0]["uri"].as_str().map(str::to_owned));
        if !facets.is_empty() {
            value["facets"] = facets.into();
        }
        if let Some(uri) = link {
            let title = text.lines().next().unwrap_or_default();
            let external = json!({ "uri": uri, "title": title, "description": "" });
            value["embed"] = json!({ "$type": "app.bsky.embed.external", "external": external });
        } else if post.picture == Picture::Shown {
            let size = json!({ "height": 900, "width": 1600 });
            let blob = json!({ "$type": "blob", "ref": { "$link": cid(&json!(post.key.salt)) },
                "mimeType": "image/jpeg", "size": 214_305 });
            let image = json!({ "alt": "A photograph", "aspectRatio": size, "image": blob });
            value["embed"] = json!({ "$type": "app.bsky.embed.images", "images": [image] });
        }
        if let Some(parent) = post.reply_to {
            let parent = self.named(member, parent);
            value["reply"] = json!({ "root": parent, "parent": parent });
        }
        Record::new(POST, key_of(post.key), value)
    }

    pub fn repost_record(&self, member: &Member, repost: &Repost) -> Record {
        let author = &self.members[repost.author];
        let post = self.post_record(author, &repost.post);
        let subject = json!({ "uri": post.uri(&author.did), "cid": post.cid });
        let value =
            json!({ "$type": REPOST, "subject": subject, "createdAt": timestamp(member.claims(repost.at)) });
        Record::new(REPOST, tid(micros(repost.at, repost.salt), repost.salt), value)
    }

    /// What the account says of itself at a time.
    pub fn profile_record(&self, member: &Member, now: DateTime<Utc>) -> Record {
        let person = &member.person;
        let note: String = person.note.graphemes(true).take(MOST_NOTE).collect();
        let mut value = json!({
            "$type": PROFILE, "displayName": person.display_name, "description": note,
            "createdAt": timestamp(member.claims(person.since)),
        });
        let bot = (person.kind == Kind::Bot).then_some("bot");
        let hidden = (person.indexing == Indexing::Unwelcome).then_some("!no-unauthenticated");
        let said: Vec<Value> = bot.into_iter().chain(hidden).map(|val| json!({ "val": val })).collect();
        if !said.is_empty() {
            value["labels"] = json!({ "$type": "com.atproto.label.defs#selfLabels", "values": said });
        }
        if let Some(field) = person.fields.first() {
            value["website"] = field.value.into();
        }
        if let Some(pinned) = self.pinned(member, now) {
            let post = self.post_record(member, &pinned);
            value["pinnedPost"] = json!({ "uri": post.uri(&member.did), "cid": post.cid });
        }
        Record::new(PROFILE, "self".to_owned(), value)
    }

    /// The post that stands above its feed.
    pub fn pinned(&self, member: &Member, now: DateTime<Utc>) -> Option<std::sync::Arc<Post>> {
        member.pins.filter(|since| *since <= now)?;
        let first = self.first_day_of(&member.person);
        self.day(&member.person, first).first().cloned()
    }

    /// A post as another record names it; its author may have deleted it meanwhile.
    fn named(&self, member: &Member, key: PostKey) -> Value {
        let day = self.day(&member.person, crate::sandbox::posts::day_of(key.at));
        let post = day.iter().find(|post| post.key == key);
        let cid = post.map_or_else(|| cid(&json!(key.salt)), |post| self.post_record(member, post).cid);
        json!({ "uri": format!("at://{}/{POST}/{}", member.did, key_of(key)), "cid": cid })
    }

    /// Links, tags and mentions, by their bytes. A mention is one only where somebody has that handle.
    fn facets(&self, text: &str, at: DateTime<Utc>) -> Vec<Value> {
        let facet = |range: std::ops::Range<usize>, feature: Value| {
            let index = json!({ "byteStart": range.start, "byteEnd": range.end });
            json!({ "index": index, "features": [feature] })
        };
        let mut facets: Vec<Value> = markup::spans(text)
            .into_iter()
            .filter_map(|span| {
                let written = &text[span.range.clone()];
                let feature = match span.what {
                    Meaning::Url => json!({ "$type": "app.bsky.richtext.facet#link", "uri": written }),
                    Meaning::Tag => json!({ "$type": "app.bsky.richtext.facet#tag", "tag": &written[1..] }),
                    Meaning::Mention { .. } => return None,
                };
                Some(facet(span.range, feature))
            })
            .collect();
        for (start, sign) in text.match_indices('@') {
            let rest = &text[start + sign.len()..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c)));
            let handle = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            if let Some(named) = self.member(handle, at) {
                let feature = json!({ "$type": "app.bsky.richtext.facet#mention", "did": named.did });
                facets.push(facet(start..start + 1 + handle.len(), feature));
            }
        }
        facets
    }
}

fn key_of(key: PostKey) -> String {
    tid(micros(key.at, key.salt), key.salt)
}

/// A text as it fits into a post: whole sentences, or as much of the first as there is room for.
fn fitted(text: &str) -> String {
    let clusters: Vec<&str> = text.graphemes(true).collect();
    if clusters.len() <= MOST_TEXT {
        return text.to_owned();
    }
    let cut: String = clusters[..MOST_TEXT - 1].concat();
    match cut.rfind(". ").or_else(|| cut.rfind('\n')) {
        Some(end) => cut[..=end].trim_end().to_owned(),
        None => format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_sorts_by_its_time_and_an_id_looks_like_one() {
        let keys = [1_793_606_400_000_000, 1_793_606_400_000_001, 1_793_692_800_000_000];
        let keys = keys.map(|micros| tid(micros, u64::MAX));
        assert!(keys.is_sorted() && keys.iter().all(|key| key.len() == 13), "{keys:?}");
        assert_eq!(did("paper.example").len(), "did:plc:".len() + 24);
        let cid = cid(&json!({}));
        assert!(cid.starts_with("bafyrei") && cid.len() == 59, "{cid}");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence() {
        let sentence = "Una frase que dice algo y no dice nada más. ";
        let text = sentence.repeat(9);
        let fitted = fitted(&text);
        assert_eq!(fitted, sentence.repeat(6).trim_end());
        assert_eq!(super::fitted("corta"), "corta");
    }
}
