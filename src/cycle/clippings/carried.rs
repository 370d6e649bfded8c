//! What texts of others carry: cheap looks for those who meet many texts and know none of their authors.

use std::sync::{Arc, PoisonError, RwLock};

use super::Clippings;
use crate::analysis::reuse::{Prepared, PrintFilter, compare};
use crate::model::outlet::OutletId;
use crate::model::reuse::ReuseKind;
use crate::model::watchlist::Watchlist;
use crate::store::{Store, StoreError};

/// So many texts of others are remembered; a timeline shows some eighty at once.
const MOST_LOOKED: usize = 4_000;

impl Clippings {
    /// The outlet whose copy a text carries as its own words; what cheap looks at timelines ask, about the
    /// same posts again and again.
    pub fn carries(
        &mut self,
        store: &Store,
        text: &str,
        watchlist: &Watchlist,
    ) -> Result<Option<OutletId>, StoreError> {
        if let Some((look, carried)) = self.looked.get_mut(text)
            && (carried.is_some() || !self.items.has_news_for(look))
        {
            return Ok(carried.clone());
        }
        let prepared = Prepared::of(text);
        let items = self.like(store, &prepared)?;
        let copied = items.into_iter().find(|item| {
            let is_watched = watchlist.outlet(&item.publisher).is_some_and(|outlet| outlet.enabled);
            is_watched
                && compare(&prepared, &Prepared::of_item(item))
                    .is_some_and(|found| found.kind == ReuseKind::Copy)
        });
        let carried = copied.map(|item| item.publisher);
        if self.looked.len() >= MOST_LOOKED {
            self.looked.clear();
        }
        self.looked.insert(text.to_owned(), (self.items.look(&prepared), carried.clone()));
        Ok(carried)
    }

    /// By which most texts are seen at once to carry nothing. It grows with what comes in, whoever holds it.
    pub fn filter(&self) -> Arc<RwLock<PrintFilter>> {
        self.filter.clone()
    }

    pub(super) fn note(&self, prepared: &Prepared) {
        // A half-added text is a text that is not found yet.
        let mut filter = self.filter.write().unwrap_or_else(PoisonError::into_inner);
        filter.add(prepared);
        if filter.is_full() {
            *filter = self.items.filter();
        }
    }
}
