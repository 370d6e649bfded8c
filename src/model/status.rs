//! Statuses: what an account posted, as first seen and as it changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The canonical id of a status (the ActivityPub id in the Mastodon family).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusUri(pub String);

impl StatusUri {
    /// Sixteen bytes that stand for this id in keys.
    pub fn key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(&self.0)[..16]);
        key
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub url: Option<String>,
    pub blurhash: Option<String>,
    pub description: Option<String>,
}

/// One post of an account as its server showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub uri: StatusUri,
    /// The id on the server that was read: opaque, good only for paging there.
    pub local_id: String,
    /// The page for people; only http(s).
    pub url: Option<String>,
    /// When the author's server says it was made. A claim.
    pub claimed_at: Option<DateTime<Utc>>,
    pub edited_at: Option<DateTime<Utc>>,
    /// Plain text, HTML taken off, otherwise as written.
    pub text: String,
    pub spoiler: String,
    pub language: Option<String>,
    /// What it boosts; such a status has no text of its own.
    pub boost_of: Option<StatusUri>,
    pub is_reply: bool,
    pub links: Vec<String>,
    /// Addresses mentioned, as the server wrote them.
    pub mentions: Vec<String>,
    pub tags: Vec<String>,
    pub media: Vec<Media>,
    /// The program it was posted with, where the server says so.
    pub application: Option<String>,
}

impl Status {
    /// SHA-256 in hex over what a reader sees: text, spoiler and links.
    pub fn content_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for piece in [&self.text, &self.spoiler].into_iter().chain(&self.links) {
            hasher.update((piece.len() as u64).to_be_bytes());
            hasher.update(piece);
        }
        crate::model::evidence::hex(&hasher.finalize())
    }

    /// Bytes of what it says and to whom; its links count among its marks, not its words.
    fn said(&self) -> usize {
        let lists = self.mentions.iter().chain(&self.tags).map(String::len).sum::<usize>();
        let pieces = |media: &Media| [&media.url, &media.blurhash, &media.description].map(Option::clone);
        let media = self.media.iter().flat_map(pieces).flatten().map(|piece| piece.len()).sum::<usize>();
        self.text.len() + self.spoiler.len() + lists + media
    }
}

/// A later text of a status that was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub seen_at: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
    pub text: String,
    pub content_hash: String,
}

/// Of a status in the store, what tells whether it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatusMark {
    content_hash: String,
    versions: Vec<VersionMark>,
    removed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct VersionMark {
    content_hash: String,
}

impl StatusMark {
    /// Whether seeing this status again says nothing new.
    pub fn is_same(&self, status: &Status) -> bool {
        let newest = self.versions.last().map_or(&self.content_hash, |version| &version.content_hash);
        self.removed_at.is_none() && *newest == status.content_hash()
    }
}

/// A status in the store. Its content at first sight counts; edits are kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenStatus {
    pub status: Status,
    /// Our wall clock when a poll first returned it.
    pub first_seen: DateTime<Utc>,
    /// The end of the last completed poll that lacked it; `None` where there was none. What stood elsewhere
    /// by then was there first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_at: Option<DateTime<Utc>>,
    /// The server's `Date` at that time.
    pub server_date: Option<DateTime<Utc>>,
    pub content_hash: String,
    /// Part of the history taken at first sight of the account: background, never news.
    pub background: bool,
    pub versions: Vec<Version>,
    /// When a complete re-read no longer found it.
    pub removed_at: Option<DateTime<Utc>>,
    /// When its words were forgotten; `None` also where it never had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten_at: Option<DateTime<Utc>>,
}

impl SeenStatus {
    /// Whether its author wrote something, also if that is forgotten by now.
    pub fn has_words(&self) -> bool {
        self.forgotten_at.is_some() || !self.status.text.trim().is_empty()
    }

    /// Bytes that [`SeenStatus::forget`] would take.
    pub fn said_before(&self, before: DateTime<Utc>) -> usize {
        let first = if self.first_seen < before { self.status.said() } else { 0 };
        let later = self.versions.iter().filter(|version| version.seen_at < before);
        first + later.map(|version| version.text.len()).sum::<usize>()
    }

    /// Forgets what was first seen before then: what it said, to whom, and its pictures. Hashes tell whether it is as
    /// it was, times and kind count, and links may lead to an outlet: these stay.
    pub fn forget(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) {
        if self.first_seen < before {
            if self.has_words() {
                self.forgotten_at.get_or_insert(now);
            }
            let status = &mut self.status;
            (status.text, status.spoiler) = (String::new(), String::new());
            (status.mentions, status.tags, status.media) = (Vec::new(), Vec::new(), Vec::new());
        }
        for version in self.versions.iter_mut().filter(|version| version.seen_at < before) {
            version.text = String::new();
        }
    }

    /// When it was made, as far as anybody can know: the claim, but never after our first sight.
    pub fn made_at(&self) -> DateTime<Utc> {
        self.status.claimed_at.map_or(self.first_seen, |claimed| claimed.min(self.first_seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
    }

    fn seen(text: &str) -> SeenStatus {
        let status = Status {
            uri: StatusUri("https://social.example/1".into()),
            local_id: "1".into(),
            url: None,
            claimed_at: Some(day(2)),
            edited_at: None,
            text: text.into(),
            spoiler: "Deportes".into(),
            language: Some("es".into()),
            boost_of: None,
            is_reply: false,
            links: vec!["https://news.example/1".into()],
            mentions: vec!["ana@social.example".into()],
            tags: vec!["futbol".into()],
            media: vec![Media { url: None, blurhash: None, description: Some("un gol".into()) }],
            application: None,
        };
        let content_hash = status.content_hash();
        SeenStatus {
            status,
            first_seen: day(2),
            absent_at: None,
            server_date: None,
            content_hash,
            background: false,
            versions: vec![],
            removed_at: None,
            forgotten_at: None,
        }
    }

    fn mark(seen: &SeenStatus) -> StatusMark {
        serde_json::from_value(serde_json::to_value(seen).unwrap()).unwrap()
    }

    #[test]
    fn a_forgotten_post_is_known_by_its_hash_and_keeps_its_links() {
        let whole = seen("Gana el equipo de Ana");
        let mut forgotten = whole.clone();
        assert_eq!(forgotten.said_before(day(2)), 0);
        forgotten.forget(day(2), day(9));
        assert_eq!(forgotten, whole, "it was not seen before that");
        assert_eq!(forgotten.said_before(day(3)), 21 + 8 + 18 + 6 + 6);
        forgotten.forget(day(3), day(9));
        assert_eq!((forgotten.said_before(day(30)), forgotten.has_words()), (0, true));
        assert_eq!(forgotten.status.links, whole.status.links);
        let written = serde_json::to_string(&forgotten).unwrap();
        for word in ["equipo", "Deportes", "ana@", "futbol", "gol"] {
            assert!(!written.contains(word), "{word} in {written}");
        }
        assert!(mark(&forgotten).is_same(&whole.status));
        assert!(!mark(&forgotten).is_same(&seen("Otra cosa").status));
        forgotten.forget(day(3), day(12));
        assert_eq!(forgotten.forgotten_at, Some(day(9)));
    }

    #[test]
    fn an_edit_is_forgotten_in_its_own_time_and_a_picture_never_had_words() {
        let mut edited = seen("Gana");
        let (text, content_hash) = ("Pierde".to_owned(), "00".to_owned());
        edited.versions.push(Version { seen_at: day(8), edited_at: None, text, content_hash });
        edited.forget(day(3), day(9));
        assert_eq!(edited.versions[0].text, "Pierde");
        edited.forget(day(9), day(9));
        assert_eq!(edited.versions[0].text, "");
        let mut picture = seen(" ");
        picture.forget(day(3), day(9));
        assert_eq!((picture.has_words(), picture.forgotten_at), (false, None));
    }
}
