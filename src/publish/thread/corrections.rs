//! Corrections of posts that stand: which of them the server does not have yet.

use std::collections::BTreeMap;

use crate::model::digest::DigestNumber;
use crate::model::record::{Entry, Record};

/// A post of ours whose text is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editing {
    pub digest: DigestNumber,
    pub part: u32,
    /// The revision that takes its place; its text lies beside the ledger.
    pub rev: u32,
    pub seal: String,
    /// Id of the post on the home server.
    pub id: String,
}

/// The newest correction of each part that stands on the server, where the server does not have it yet.
pub fn to_edit(entries: &[Entry]) -> Vec<Editing> {
    let mut posts: BTreeMap<(DigestNumber, u32), String> = BTreeMap::new();
    let mut wanted: BTreeMap<(DigestNumber, u32), (u32, String)> = BTreeMap::new();
    for entry in entries {
        match &entry.record {
            Record::Posted { digest, part, id, .. } => {
                posts.insert((*digest, *part), id.clone());
            }
            Record::Removed { digest, part, id, .. } if posts.get(&(*digest, *part)) == Some(id) => {
                posts.remove(&(*digest, *part));
            }
            Record::Corrected { digest, part, rev, seal, .. } => {
                wanted.insert((*digest, *part), (*rev, seal.clone()));
            }
            Record::Edited { digest, part, rev }
                if wanted.get(&(*digest, *part)).is_some_and(|(newest, _)| newest <= rev) =>
            {
                wanted.remove(&(*digest, *part));
            }
            _ => {}
        }
    }
    let editing = wanted.into_iter().filter_map(|((digest, part), (rev, seal))| {
        let id = posts.get(&(digest, part))?.clone();
        Some(Editing { digest, part, rev, seal, id })
    });
    editing.collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn todo(records: Vec<Record>) -> Vec<(u32, u32, String)> {
        let at = DateTime::UNIX_EPOCH;
        let entry = |record| Entry { seq: 0, at, record, hash: String::new() };
        let entries: Vec<Entry> = records.into_iter().map(entry).collect();
        to_edit(&entries).into_iter().map(|edit| (edit.part, edit.rev, edit.id)).collect()
    }

    fn posted(part: u32, id: &str) -> Record {
        let digest = DigestNumber(9);
        Record::Posted { digest, rev: 1, part, id: id.into(), uri: id.into(), url: None }
    }

    fn corrected(part: u32, rev: u32) -> Record {
        Record::Corrected { digest: DigestNumber(9), part, rev, seal: "s".into(), by: vec![] }
    }

    fn edited(part: u32, rev: u32) -> Record {
        Record::Edited { digest: DigestNumber(9), part, rev }
    }

    #[test]
    fn a_correction_is_to_be_made_until_the_server_has_it() {
        assert_eq!(todo(vec![posted(1, "a")]), []);
        assert_eq!(todo(vec![corrected(1, 2)]), []);
        assert_eq!(todo(vec![posted(1, "a"), corrected(1, 2)]), [(1, 2, "a".into())]);
        assert_eq!(todo(vec![corrected(1, 2), posted(1, "a")]), [(1, 2, "a".into())]);
        assert_eq!(todo(vec![posted(1, "a"), corrected(1, 2), edited(1, 2)]), []);
    }

    #[test]
    fn of_several_corrections_of_a_post_the_newest_is_made() {
        let both = vec![posted(1, "a"), corrected(1, 2), corrected(1, 3)];
        assert_eq!(todo(both.clone()), [(1, 3, "a".into())]);
        assert_eq!(todo([both.clone(), vec![edited(1, 2)]].concat()), [(1, 3, "a".into())]);
        assert_eq!(todo([both, vec![edited(1, 3)]].concat()), []);
    }

    #[test]
    fn a_post_that_was_taken_down_is_not_edited() {
        let removed =
            Record::Removed { digest: DigestNumber(9), part: 1, id: "a".into(), why: String::new() };
        assert_eq!(todo(vec![posted(1, "a"), removed, corrected(1, 2)]), []);
    }
}
