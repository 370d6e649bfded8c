//! Names of the trees and keys of the records in them; numbers are big-endian, so that keys sort as they count.

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::model::account::{AccountId, Acct};
use crate::model::evidence::hex;
use crate::model::item::ItemId;
use crate::model::proof::HostSight;
use crate::model::status::StatusUri;

/// The trees of the store. A name is part of the format on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TreeName {
    /// Schema, store id, the ledger's mark, counters.
    Meta,
    Notes,
    Accounts,
    /// Which account was last seen under an address.
    Addresses,
    Counts,
    Statuses,
    /// What publishers' feeds carried, and how each feed was last read.
    Items,
    Feeds,
    /// Statuses that carry a publisher's copy.
    Reuse,
    /// Accounts that people said are never to be named.
    NeverFlag,
    /// What each account was last judged to be.
    Assessments,
    /// What was last counted among the followers of suspects.
    Audiences,
    Targets,
    /// Where the polls of each target left off.
    Cursors,
    Pages,
    /// What pages say of their makers.
    Sites,
    Hosts,
    Findings,
    Digests,
    /// Troubles that somebody was told of.
    Alerts,
    /// A ring of the newest rejected items.
    Rejected,
    /// Fingerprints of the items in the ring.
    RejectedFingerprints,
}

impl TreeName {
    pub(super) const ALL: [TreeName; 22] = [
        TreeName::Meta,
        TreeName::Notes,
        TreeName::Accounts,
        TreeName::Addresses,
        TreeName::Counts,
        TreeName::Statuses,
        TreeName::Items,
        TreeName::Feeds,
        TreeName::Reuse,
        TreeName::NeverFlag,
        TreeName::Assessments,
        TreeName::Audiences,
        TreeName::Targets,
        TreeName::Cursors,
        TreeName::Pages,
        TreeName::Sites,
        TreeName::Hosts,
        TreeName::Findings,
        TreeName::Digests,
        TreeName::Alerts,
        TreeName::Rejected,
        TreeName::RejectedFingerprints,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TreeName::Meta => "meta",
            TreeName::Notes => "notes",
            TreeName::Accounts => "accounts",
            TreeName::Addresses => "addresses",
            TreeName::Counts => "counts",
            TreeName::Statuses => "statuses",
            TreeName::Items => "items",
            TreeName::Feeds => "feeds",
            TreeName::Reuse => "reuse",
            TreeName::NeverFlag => "never_flag",
            TreeName::Assessments => "assessments",
            TreeName::Audiences => "audiences",
            TreeName::Targets => "targets",
            TreeName::Cursors => "cursors",
            TreeName::Pages => "pages",
            TreeName::Sites => "sites",
            TreeName::Hosts => "hosts",
            TreeName::Findings => "findings",
            TreeName::Digests => "digests",
            TreeName::Alerts => "alerts",
            TreeName::Rejected => "rejected",
            TreeName::RejectedFingerprints => "rejected_fingerprints",
        }
    }
}

impl TreeName {
    /// The tree of this name.
    pub fn parse(name: &str) -> Option<TreeName> {
        TreeName::ALL.into_iter().find(|tree| tree.as_str() == name)
    }
}

impl fmt::Display for TreeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Longer texts are cut and told apart by their hash, since every key also lies in index pages.
const LONGEST_TEXT_KEY: usize = 240;

/// A text as a key: itself, or its first 200 bytes, a zero byte and sixteen bytes of its SHA-256.
pub(super) fn text(text: &str) -> Vec<u8> {
    if text.len() <= LONGEST_TEXT_KEY {
        return text.as_bytes().to_vec();
    }
    let mut key = text.as_bytes()[..200].to_vec();
    key.push(0);
    key.extend_from_slice(&Sha256::digest(text)[..16]);
    key
}

pub(super) fn number(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

/// The number of such a key, `None` if it has another length.
pub(super) fn as_number(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.try_into().ok()?))
}

/// Addresses compare without case.
pub(super) fn address(acct: &Acct) -> Vec<u8> {
    text(&acct.to_string().to_ascii_lowercase())
}

/// A host and the question that it answered.
pub(super) fn host(sight: &HostSight) -> Vec<u8> {
    text(&format!("{} {}", sight.host, sight.resource))
}

/// The account, then the time in microseconds; its sign bit is turned, so that times before 1970 sort first.
pub(super) fn counts(account: &AccountId, at: DateTime<Utc>) -> Vec<u8> {
    let micros = at.timestamp_micros().cast_unsigned() ^ (1 << 63);
    [&account.key()[..], &micros.to_be_bytes()].concat()
}

pub(super) fn status(account: &AccountId, uri: &StatusUri) -> Vec<u8> {
    [account.key(), uri.key()].concat()
}

/// The account, the status, then the item.
pub(super) fn reuse(account: &AccountId, status: &StatusUri, item: &ItemId) -> Vec<u8> {
    [&account.key()[..], &status.key(), item.0.as_bytes()].concat()
}

/// A key as people read it: text as it is, everything else in hex.
pub(super) fn readable(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => text.to_owned(),
        _ => hex(key),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_of_counts_sort_as_their_times(
            one in -8_000_000_000_000_000i64..8_000_000_000_000_000,
            other in -8_000_000_000_000_000i64..8_000_000_000_000_000,
        ) {
            let account = AccountId::mastodon("https://social.example/users/desk");
            let key = |micros| counts(&account, DateTime::from_timestamp_micros(micros).unwrap());
            prop_assert_eq!(key(one).cmp(&key(other)), one.cmp(&other));
        }

        #[test]
        fn numbers_sort_as_they_count_and_come_back(one: u32, other: u32) {
            prop_assert_eq!(number(one).cmp(&number(other)), one.cmp(&other));
            prop_assert_eq!(as_number(&number(one)), Some(one));
        }

        #[test]
        fn different_texts_have_different_keys_of_bounded_length(one in ".{0,400}", other in ".{0,400}") {
            prop_assert_eq!(text(&one) == text(&other), one == other);
            prop_assert!(text(&one).len() <= LONGEST_TEXT_KEY);
        }
    }

    #[test]
    fn long_texts_that_differ_at_their_end_have_different_keys() {
        let one = format!("https://news.example/{}", "a".repeat(300));
        assert_ne!(text(&one), text(&format!("{one}b")));
    }

    #[test]
    fn a_key_of_bytes_is_printed_in_hex_and_a_text_as_it_is() {
        assert_eq!(readable(&number(7)), "00000007");
        assert_eq!(readable(b"page https://news.example/"), "page https://news.example/");
    }
}
