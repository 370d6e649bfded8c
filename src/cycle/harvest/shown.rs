//! What timelines showed when they were last read, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::model::target::Target;
use crate::sources::listing::Post;

/// What timelines showed when they were last read. A page that has not changed since is not sent again, and is
/// compared again only when items came in; after a restart each is read once more.
#[derive(Debug, Default)]
pub struct Shown(Mutex<BTreeMap<Target, Last>>);

/// A timeline as it was last read.
#[derive(Debug, Clone, Default)]
pub(super) struct Last {
    pub version: Option<String>,
    pub posts: Arc<[Post]>,
    /// The edition of the clippings with which the posts were compared.
    pub edition: u64,
    /// When its posts were sent to us.
    pub read_at: DateTime<Utc>,
}

impl Shown {
    pub(super) fn last(&self, target: &Target) -> Option<Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(target).cloned()
    }

    pub(super) fn keep(&self, target: &Target, last: Last) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone(), last);
    }
}
