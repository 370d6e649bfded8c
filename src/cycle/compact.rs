//! Compacting: the store is written anew, since its files hardly shrink by themselves.

use std::path::Path;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::restore::{clear, sync};
use super::space;
use crate::config::Config;
use crate::store::{self, Filling, Store, StoreError, swap_in};

/// The new store is made here; what a kill leaves of it is cleared at the next opening.
pub(super) const WORKSHOP: &str = "compacting";
/// How often the space is looked at, in records.
const LOOK_EVERY: u64 = 1_000;

/// What became of the store's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
    pub records: u64,
}

/// Writes the store anew and puts it in the place of the old one, which then goes.
///
/// # Errors
/// Who has the store open, or that the disk has no room for both for a moment; then nothing was changed.
pub fn compact(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Compacted> {
    let dir = &config.state_dir;
    let store = match super::open_store(config, now) {
        Err(error)
            if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Locked { .. }))) =>
        {
            super::restore::hold(dir)?;
            return Err(error);
        }
        opened => opened?,
    };
    let before = store.size_on_disk()?;
    let workshop = dir.join(WORKSHOP);
    clear(&workshop)?;
    let filled = fill(&store, &workshop);
    let records = match filled {
        Ok(records) => records,
        Err(error) => {
            clear(&workshop)?;
            return Err(error.context("write the store anew; the old one is as it was"));
        }
    };
    let held = store.close()?;
    swap_in(&workshop, dir, &held)?;
    clear(&workshop)?;
    sync(dir)?;
    drop(held);
    // Opened once, so that whoever reads the message knows that it opens.
    let store = super::open_store(config, now).context("open the compacted store")?;
    Ok(Compacted { before, after: store.size_on_disk()?, records })
}

fn fill(store: &Store, workshop: &Path) -> anyhow::Result<u64> {
    let mut filling = Filling::begin(workshop)?;
    let mut records = 0;
    for record in store.hold_still().records() {
        if records % LOOK_EVERY == 0 {
            let free = store::free_in(workshop)?;
            ensure!(
                free > space::COLLECT_ABOVE,
                "only {} are left, too little for a second store; free some, or export to another disk and import",
                space::in_words(free)
            );
        }
        filling.put(record?)?;
        records += 1;
    }
    filling.finish()?;
    Ok(records)
}
