//! Migrations: how a store of an earlier schema gets the shape of this one, step by step.
//!
//! A step changes a few records in each commit and can be begun again wherever it was killed; the schema is written
//! with its last commit. So a store is of the earlier schema until all of it is of the later one.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::batch::Batch;
use super::keys::{self, TreeName};
use super::value::{decode, encode};
use super::{Inner, META_SCHEMA, META_VERSION, SCHEMA, Store, StoreError};

/// Records that one commit changes: small enough to be quick, large enough that thousands take seconds.
const AT_ONCE: usize = 16;

/// The way from one schema to the next.
struct Step {
    from: u32,
    /// What it does, for the log.
    says: &'static str,
    run: fn(&Inner, &mut Told<'_>) -> Result<(), StoreError>,
}

/// One line for each schema that ever was, in order.
const STEPS: [Step; SCHEMA as usize - 1] = [Step {
    from: 1,
    says: "where polls left off moves from targets to records of its own",
    run: part_cursors,
}];

/// Told after every commit of a migration how many records were changed; may end it there.
type Told<'a> = dyn FnMut(usize) -> ControlFlow<()> + 'a;

/// A store of an earlier schema: it can be given out, and it can be changed into one of this schema.
#[derive(Debug)]
pub struct OldStore {
    pub(super) store: Store,
    pub(super) schema: u32,
}

impl OldStore {
    /// The schema that it has until [`OldStore::migrate`] is through.
    pub fn schema(&self) -> u32 {
        self.schema
    }

    /// The store as it lies, for a backup.
    pub fn as_it_is(&self) -> &Store {
        &self.store
    }

    /// Whether an earlier migration was begun and not ended: a backup would not be of the earlier shape any more.
    pub fn is_begun(&self) -> Result<bool, StoreError> {
        Ok(self.store.inner.read::<u32>(TreeName::Meta, &keys::text(MIGRATING))?.is_some())
    }

    /// Brings it to the schema of this program, and closes it. `told` hears of every commit and may break off; then
    /// the next call begins again.
    ///
    /// # Errors
    /// As in a commit.
    pub fn migrate(self, told: &mut Told<'_>) -> Result<(), StoreError> {
        let inner = &self.store.inner;
        let mut begun = Batch::new();
        begun.put_meta(MIGRATING, &SCHEMA);
        inner.commit(&begun)?;
        for step in STEPS.iter().filter(|step| step.from >= self.schema) {
            tracing::info!(
                from = step.from,
                to = step.from + 1,
                "changes the shape of the store: {}",
                step.says
            );
            let mut goes_on = true;
            let mut hear = |changed| {
                let flow = told(changed);
                goes_on = flow.is_continue();
                flow
            };
            (step.run)(inner, &mut hear)?;
            if !goes_on {
                return Ok(());
            }
            let mut done = Batch::new();
            done.put_meta(META_SCHEMA, &(step.from + 1));
            done.put_meta(META_VERSION, &env!("CARGO_PKG_VERSION"));
            if step.from + 1 == SCHEMA {
                done.remove_raw(TreeName::Meta, keys::text(MIGRATING));
            }
            inner.commit(&done)?;
        }
        Ok(())
    }
}

/// There while a migration is under way.
const MIGRATING: &str = "migrating";

/// From schema 1 to 2: the record of a target had its cursor inside. Stores that were made by versions between have
/// schema 1 and the later shape already, so each record says by itself whether it is an old one.
fn part_cursors(inner: &Inner, told: &mut Told<'_>) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    let mut changed = 0;
    for pair in inner.trees[&TreeName::Targets].iter() {
        let (key, bytes) = pair.map_err(|error| inner.place.sled("read", error))?;
        // What cannot be read stays as it is, and is reported where it is missed.
        let Ok(mut target) = decode::<Value>(&bytes) else { continue };
        let Some(cursor) = target.as_object_mut().and_then(|target| target.remove("cursor")) else {
            continue;
        };
        let cursors = &inner.trees[&TreeName::Cursors];
        let is_new = !cursors.contains_key(&key).map_err(|error| inner.place.sled("read", error))?;
        let was_read = cursor.get("heads") != Some(&json!([])) || cursor.get("gaps") != Some(&json!([]));
        if is_new && was_read {
            batch.put_raw(TreeName::Cursors, key.to_vec(), encode(&cursor));
        }
        batch.put_raw(TreeName::Targets, key.to_vec(), encode(&target));
        changed += 1;
        if changed % AT_ONCE == 0 {
            inner.commit(&std::mem::take(&mut batch))?;
            if told(changed).is_break() {
                return Ok(());
            }
        }
    }
    inner.commit(&batch)?;
    let _ = told(changed);
    Ok(())
}
