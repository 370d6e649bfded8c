//! What clippings let go of: what is too old to be compared, and passages that no judgement rests on any more.

use chrono::{DateTime, Utc};

use super::{CHOSEN_WITHIN, Clippings, INDEXED_FOR};
use crate::model::account::AccountId;
use crate::model::item::ItemId;
use crate::model::reuse::Reuse;
use crate::store::Batch;

impl Clippings {
    /// Drops items and statuses that are too old to be copies of each other.
    pub fn forget(&mut self, now: DateTime<Utc>) {
        while let Some((_, key)) = self.indexed.pop_front_if(|(seen, _)| now - *seen > INDEXED_FOR) {
            self.statuses.remove(&key);
        }
        for items in self.published.values_mut() {
            let is_old = |seen: &DateTime<Utc>| now - *seen > CHOSEN_WITHIN;
            let old: Vec<ItemId> =
                items.iter().filter(|(_, seen)| is_old(seen)).map(|(id, _)| id.clone()).collect();
            for id in old {
                items.remove(&id);
                self.items.remove(&id);
            }
        }
    }

    /// Takes the words out of the matches of an account that were found before then, and returns what is to be
    /// written. Who was first, how much and how it was credited stay: that is what counts.
    pub fn forget_passages(&mut self, account: &AccountId, before: DateTime<Utc>) -> Batch {
        let mut batch = Batch::default();
        let has_words = |reuse: &&mut Reuse| !(reuse.passage.is_empty() && reuse.item_passage.is_empty());
        let old = self.reuse.get_mut(account).into_iter().flatten();
        for reuse in old.filter(|reuse| reuse.status_seen < before).filter(has_words) {
            (reuse.passage, reuse.item_passage) = (String::new(), String::new());
            batch.put_reuse(account, reuse.clone());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outlet::OutletId;
    use crate::model::reuse::{Credit, Order, ReuseKind};
    use crate::model::status::StatusUri;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
    }

    fn found(day: u32) -> Reuse {
        let publisher = OutletId::parse("agency").unwrap();
        Reuse {
            status: StatusUri(format!("https://social.example/{day}")),
            status_url: format!("https://social.example/{day}"),
            made_at: at(day),
            status_seen: at(day),
            status_sha256: "00".into(),
            item: ItemId::of(&publisher, "1"),
            publisher,
            item_url: "https://agency.example/1".into(),
            item_seen: at(1),
            item_sha256: "00".into(),
            kind: ReuseKind::Quoted,
            order: Order::PublisherFirst,
            credit: Credit::None,
            share: 96,
            run: 120,
            derived: None,
            passage: "Nace un panda".into(),
            item_passage: "Nace un panda".into(),
        }
    }

    #[test]
    fn an_old_match_loses_its_passages_once_and_counts_as_before() {
        let account = AccountId::mastodon("https://social.example/users/fan");
        let mut clippings = Clippings::default();
        clippings.reuse.insert(account.clone(), vec![found(2), found(9)]);
        assert_eq!(clippings.forget_passages(&account, at(5)).len(), 1);
        let bare = Reuse { passage: String::new(), item_passage: String::new(), ..found(2) };
        assert_eq!(clippings.reuse_of(&account), [bare, found(9)]);
        assert!(clippings.forget_passages(&account, at(5)).is_empty());
    }
}
