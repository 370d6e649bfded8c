//! The store: everything observed, raised and frozen, on disk through sled, which only these files name.
//!
//! A commit is one transaction over all trees it touches, the database's flush, and our own fsync of its
//! data file: the flush alone leaves records in the disk's cache, and a power cut then loses them.
//! After any error of these three nobody knows what the disk holds, so the store takes no further commit
//! and its owner has to stop the process. Readers see a commit a moment before it is durable; whatever
//! they commit because of it becomes durable later than it, never without it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use sled::transaction::TransactionError;
use sled::transaction::Transactional as _;

mod audiences;
mod batch;
mod changes;
mod decoded;
mod disk;
mod error;
mod export;
mod identity;
mod import;
mod keys;
mod migrate;
mod quarantine;
mod read;
mod value;

pub use batch::Batch;
pub use disk::{Hold, REPLACED, free_in, swap_in};
pub use error::{Damage, StoreError, unless_damaged};
pub use export::{RawRecord, Still};
pub use identity::{forget_identity, known_identity};
pub use import::{Filling, check_record};
pub use keys::TreeName;
pub use migrate::OldStore;
pub use quarantine::{Quarantined, REJECTED_KEPT};
pub use value::MAX_VALUE_BYTES;

use crate::clock::Clock;
use crate::model::dossier::AccountRecord;
use crate::model::target::TargetRecord;
use changes::Changes;
use decoded::{Decoded, Lately};
use disk::Place;

/// The schema of the whole store: a store of a higher one is not opened, one of a lower one is brought to this one.
pub const SCHEMA: u32 = 2;

/// The largest page that the database keeps in its data file is a quarter of a segment; see [`MAX_VALUE_BYTES`].
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// The database's own flusher also collects its garbage, so it has to run.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Background writes of a store that was just dropped in this process may hold the database's own lock
/// for a moment longer than ours.
const OWN_LOCK_TRIES: u32 = 100;
const OWN_LOCK_WAIT: Duration = Duration::from_millis(20);

const META_SCHEMA: &str = "schema";
/// The masthead that opened the store last.
const META_VERSION: &str = "version";
const META_ID: &str = "id";
const LEDGER_MARK: &str = "ledger_mark";
const REJECTED_COUNTER: &str = "rejected";

/// The store. A clone is another handle on the same one; all methods block, so async code uses [`Store::run`].
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// Whoever jumps over waiting waits for the work of [`Store::run`].
    clock: Clock,
}

struct Inner {
    place: Place,
    id: String,
    /// See [`Store::predecessor`].
    predecessor: Option<String>,
    /// The schema of the records.
    schema: u32,
    trees: BTreeMap<TreeName, sled::Tree>,
    db: sled::Db,
    data_file: File,
    /// Commits pass it together; whoever needs the store to stand still has it alone.
    gate: RwLock<()>,
    /// Transactions that are visible.
    applied: AtomicU64,
    changes: Changes,
    /// How many of them are known to be on disk. Its lock is held while one caller syncs for all.
    durable: Mutex<u64>,
    /// Why no commit is taken any more.
    stopped: OnceLock<String>,
    damaged: Mutex<BTreeMap<(TreeName, Vec<u8>), Damage>>,
    accounts: Decoded<AccountRecord>,
    targets: Decoded<TargetRecord>,
    statuses: Lately,
    /// Released last, after the database has closed its files.
    _lock: File,
}

impl Store {
    /// Opens the store in a directory, making both where there is none. `cache_mib` bounds the database's
    /// page cache; the process takes up to 3.5 times of it.
    ///
    /// # Errors
    /// `Locked` while another process has it, `NewerSchema` for a store of a later masthead, `OlderSchema` for one that
    /// [`Store::open_old`] takes, `NoSpace` also when a full disk keeps the database from opening.
    pub fn open(dir: &Path, cache_mib: u64) -> Result<Store, StoreError> {
        let OldStore { store, schema } = Store::open_old(dir, cache_mib)?;
        if schema < SCHEMA {
            return Err(StoreError::OlderSchema { dir: dir.to_owned(), found: schema, known: SCHEMA });
        }
        store.inner.sign()?;
        Ok(store)
    }

    /// Opens a store of this or an earlier schema as it is, to be given out and migrated.
    ///
    /// # Errors
    /// As [`Store::open`], but for `OlderSchema`.
    pub fn open_old(dir: &Path, cache_mib: u64) -> Result<OldStore, StoreError> {
        let place = Place { dir: dir.to_owned() };
        let lock = place.occupy()?;
        place.create_db()?;
        place.remove_unfinished_snapshots()?;
        let db = open_database(&place, cache_mib)?;
        let tree =
            |name: TreeName| db.open_tree(name.as_str()).map_err(|error| place.sled("open its trees", error));
        let schema = check_schema(&place, &tree(TreeName::Meta)?)?;
        let trees = TreeName::ALL.into_iter().map(|name| Ok((name, tree(name)?)));
        let trees = trees.collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        let mut inner = Inner {
            data_file: place.data_file()?,
            place,
            id: String::new(),
            predecessor: None,
            schema,
            trees,
            db,
            gate: RwLock::default(),
            applied: AtomicU64::new(0),
            changes: Changes::default(),
            durable: Mutex::new(0),
            stopped: OnceLock::new(),
            damaged: Mutex::default(),
            accounts: Decoded::default(),
            targets: Decoded::default(),
            statuses: Lately::default(),
            _lock: lock,
        };
        inner.id = match inner.read(TreeName::Meta, &keys::text(META_ID))? {
            Some(id) => id,
            None => inner.found()?,
        };
        inner.place.sync_names()?;
        inner.predecessor = identity::compare(&inner.place, &inner.id)?;
        let store = Store { inner: Arc::new(inner), clock: Clock::Real };
        Ok(OldStore { store, schema })
    }

    /// Whether a store was ever made in this directory.
    pub fn is_in(dir: &Path) -> bool {
        Place { dir: dir.to_owned() }.is_made()
    }

    /// The same store for those who live by this clock: it stands still while [`Store::run`] is at work.
    pub fn timed_by(self, clock: Clock) -> Store {
        Store { clock, ..self }
    }

    /// Makes all changes of the batch durable together; when it returns, they survive kill and power cut.
    /// Commits of several threads share one fsync.
    ///
    /// # Errors
    /// `TooLong` for a value above [`MAX_VALUE_BYTES`], which changes nothing. After any other error the
    /// batch may or may not be there at the next start, whole in either case, and every later commit is
    /// `Stopped`.
    pub fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.inner.commit(&batch)
    }

    /// Runs blocking work on the store off the async threads. A panic in it goes on in the caller.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Store) -> T + Send + 'static) -> T {
        let store = self.clone();
        // One guard until the caller has the result, one until the work is over though the caller gave up.
        let (_awaited, under_way) = (self.clock.work(), self.clock.work());
        let work = move || {
            let _under_way = under_way;
            work(&store)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Cancelled only when the runtime goes down, and this future with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The random name this store got when it was made.
    pub fn id(&self) -> String {
        self.inner.id.clone()
    }

    /// Closes the store and keeps its lock, so that nobody opens it while its files are worked on.
    ///
    /// # Errors
    /// `Locked` while another handle on it is in use.
    pub fn close(self) -> Result<Hold, StoreError> {
        let dir = self.inner.place.dir.clone();
        let Inner { place, trees, db, _lock, .. } =
            Arc::try_unwrap(self.inner).map_err(|_| StoreError::Locked { dir })?;
        drop((trees, db));
        place.wait_until_closed()?;
        Ok(Hold::of(_lock))
    }

    /// Why no commit is taken any more; `None` while all is well. Reads may fail then, too.
    pub fn stopped(&self) -> Option<&str> {
        self.inner.stopped.get().map(String::as_str)
    }

    /// Records met so far that could not be read. Lists leave them out.
    pub fn damaged(&self) -> Vec<Damage> {
        let damaged = self.inner.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.values().cloned().collect()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.inner.place.dir).field("id", &self.inner.id).finish()
    }
}

impl Inner {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if let Some(why) = self.stopped.get() {
            return Err(StoreError::Stopped { why: why.clone() });
        }
        if batch.is_empty() {
            return Ok(());
        }
        batch.check()?;
        let _passing = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let guard = StopOnPanic(self);
        let result = self.apply(batch).and_then(|number| self.make_durable(number));
        drop(guard);
        result.inspect_err(|error| self.stop(&error.to_string()))
    }

    /// Makes the changes visible; the result counts such transactions.
    fn apply(&self, batch: &Batch) -> Result<u64, StoreError> {
        let names = batch.trees();
        let trees: Vec<sled::Tree> = names.iter().map(|name| self.trees[name].clone()).collect();
        trees.as_slice().transaction(|open| batch.apply(&names, open)).map_err(|error| match error {
            TransactionError::Storage(error) => self.place.sled("write a batch", error),
            TransactionError::Abort(()) => unreachable!("no batch aborts its transaction"),
        })?;
        self.accounts.mark(batch.keys_of(TreeName::Accounts));
        self.targets.mark(batch.keys_of(TreeName::Targets));
        let number = self.applied.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(self.changes.note(batch, &names, number))
    }

    /// Waits until transaction `number` is on disk: whoever gets the lock first syncs for all that wait.
    fn make_durable(&self, number: u64) -> Result<(), StoreError> {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = self.stopped.get() {
            return Err(StoreError::Stopped { why: why.clone() });
        }
        if *durable >= number {
            return Ok(());
        }
        let applied = self.applied.load(Ordering::SeqCst);
        let synced = self.sync();
        // Set under the lock, so that those who wait do not take a second fsync's success for theirs:
        // the kernel reports a lost write once.
        if let Err(error) = &synced {
            self.stop(&error.to_string());
        }
        synced?;
        *durable = applied;
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(|error| self.place.sled("flush", error))?;
        self.data_file.sync_all().map_err(|error| self.place.io("fsync", error))
    }

    fn stop(&self, why: &str) {
        // Only the first reason counts; later errors follow from it.
        let _ = self.stopped.set(why.to_owned());
    }

    /// Gives a new store its schema and its id.
    fn found(&self) -> Result<String, StoreError> {
        if let Some((name, _)) = self.trees.iter().find(|(_, tree)| !tree.is_empty()) {
            let why = format!("it has {name} but lost its id");
            return Err(StoreError::Engine { dir: self.place.dir.clone(), doing: "read its id", why });
        }
        let id = disk::random_id().map_err(|error| self.place.io("draw its id", error))?;
        let mut batch = Batch::new();
        batch.put_meta(META_SCHEMA, &SCHEMA);
        batch.put_meta(META_ID, &id);
        self.commit(&batch)?;
        Ok(id)
    }

    /// Writes down which masthead had the store last, so that an earlier one can say which it needs.
    fn sign(&self) -> Result<(), StoreError> {
        let version = env!("CARGO_PKG_VERSION");
        let known: Option<String> = unless_damaged(self.read(TreeName::Meta, &keys::text(META_VERSION)))?;
        if known.as_deref() == Some(version) {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put_meta(META_VERSION, &version);
        self.commit(&batch)
    }

    fn read<T: DeserializeOwned>(&self, tree: TreeName, key: &[u8]) -> Result<Option<T>, StoreError> {
        let value = self.trees[&tree].get(key).map_err(|error| self.place.sled("read", error))?;
        let Some(value) = value else { return Ok(None) };
        value::decode(&value).map(Some).map_err(|why| self.damage(tree, key, why).into())
    }

    /// Notes a record that cannot be read, and logs it the first time.
    fn damage(&self, tree: TreeName, key: &[u8], why: String) -> Damage {
        let damage = Damage { tree, key: keys::readable(key), why };
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        if damaged.insert((tree, key.to_vec()), damage.clone()).is_none() {
            tracing::error!("{damage}");
        }
        damage
    }
}

/// Stops the store when a panic passes a commit, since half of the batch may be visible then.
struct StopOnPanic<'a>(&'a Inner);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("a commit panicked");
        }
    }
}

fn open_database(place: &Place, cache_mib: u64) -> Result<sled::Db, StoreError> {
    let config = sled::Config::default()
        .path(place.db())
        .cache_capacity(cache_mib.saturating_mul(1024 * 1024))
        .segment_size(SEGMENT_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY.as_millis() as u64));
    let mut tries = 0;
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().starts_with("could not acquire lock") => {
                tries += 1;
                if tries >= OWN_LOCK_TRIES {
                    return Err(StoreError::Locked { dir: place.dir.clone() });
                }
                std::thread::park_timeout(OWN_LOCK_WAIT);
            }
            other => return other.map_err(|error| place.sled("open", error)),
        }
    }
}

/// The schema of a store; one of a later schema is refused before anything in it is touched. A new store has none yet.
fn check_schema(place: &Place, meta: &sled::Tree) -> Result<u32, StoreError> {
    let read = |key: &str| meta.get(keys::text(key)).map_err(|error| place.sled("read", error));
    let Some(value) = read(META_SCHEMA)? else { return Ok(SCHEMA) };
    match value::decode::<u32>(&value) {
        Ok(found) if found > SCHEMA => {
            let version = read(META_VERSION)?.and_then(|value| value::decode(&value).ok());
            Err(StoreError::NewerSchema { dir: place.dir.clone(), found, known: SCHEMA, version })
        }
        Ok(found) => Ok(found),
        Err(why) => Err(Damage { tree: TreeName::Meta, key: META_SCHEMA.into(), why }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::AccountId;
    use crate::model::observation::{Counts, CountsAt};

    fn open(dir: &Path) -> Store {
        Store::open(dir, 8).unwrap()
    }

    /// Writes a value behind the store's back.
    fn damage(store: &Store, tree: TreeName, key: &[u8], value: &[u8]) {
        store.inner.trees[&tree].insert(key, value).unwrap();
        store.inner.sync().unwrap();
    }

    #[test]
    fn a_damaged_record_is_named_left_out_of_lists_and_does_not_hide_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let desk = AccountId::mastodon("https://social.example/users/desk");
        let counts = |day: u32| {
            let at = format!("2026-11-0{day}T10:00:00Z").parse().unwrap();
            CountsAt { at, counts: Counts::default() }
        };
        let mut batch = Batch::new();
        (1..=3).for_each(|day| batch.put_counts(&desk, counts(day)));
        store.commit(batch).unwrap();
        let key = keys::counts(&desk, counts(2).at);
        damage(&store, TreeName::Counts, &key, br#"{"v":1,"d":{"at":"yesterday"}}"#);

        assert_eq!(store.counts(&desk).unwrap(), vec![counts(1), counts(3)]);
        let damaged = store.damaged();
        assert_eq!((damaged.len(), damaged[0].tree), (1, TreeName::Counts));
        assert_eq!(damaged[0].key, keys::readable(&key));
        store.counts(&desk).unwrap();
        assert_eq!(store.damaged(), damaged);
    }

    #[test]
    fn a_single_damaged_record_is_an_error_until_it_is_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        damage(&store, TreeName::Notes, b"odd", b"\xff\x00");
        damage(&store, TreeName::Notes, b"later", br#"{"v":9,"d":"x"}"#);
        damage(&store, TreeName::Findings, &7u32.to_be_bytes(), b"");
        assert!(matches!(store.note("odd"), Err(StoreError::Damaged(_))));
        assert_eq!(
            store.note("later").unwrap_err().to_string(),
            "record `later` of notes cannot be read: its version is 9; expected 1"
        );
        assert_eq!(store.next_finding_id().unwrap().0, 8);
        let mut batch = Batch::new();
        batch.set_note("odd", "x");
        store.commit(batch).unwrap();
        assert_eq!(store.note("odd").unwrap().as_deref(), Some("x"));
        assert_eq!(store.damaged().len(), 2);
    }

    /// Lists that every pass reads are decoded only where their bytes changed.
    #[test]
    fn a_target_that_changed_broke_or_went_is_not_listed_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let at = |hour: u32| format!("2026-11-02T{hour}:00:00Z").parse().unwrap();
        let record = |user: &str, hour| {
            let acct = format!("{user}@social.example").parse().unwrap();
            TargetRecord::new(crate::model::target::Target::Account { acct }, at(hour))
        };
        let put = |records: &[TargetRecord]| {
            let mut batch = Batch::new();
            records.iter().cloned().for_each(|record| batch.put_target(record));
            store.commit(batch).unwrap();
        };
        let listed = || -> Vec<TargetRecord> {
            store.targets().unwrap().into_iter().map(Arc::unwrap_or_clone).collect()
        };
        put(&[record("ana", 10), record("ben", 10), record("cat", 10)]);
        assert_eq!(listed(), [record("ana", 10), record("ben", 10), record("cat", 10)]);
        put(&[record("ben", 11)]);
        let mut batch = Batch::new();
        batch.remove_target(&record("cat", 10).target);
        store.commit(batch).unwrap();
        assert_eq!(listed(), [record("ana", 10), record("ben", 11)]);
        let key = keys::text(&record("ana", 10).target.to_string());
        damage(&store, TreeName::Targets, &key, b"broken");
        store.inner.targets.mark([key.as_slice()].into_iter());
        assert_eq!(listed(), [record("ben", 11)]);
        assert_eq!(store.damaged().len(), 1);
    }

    #[test]
    fn a_store_of_a_newer_masthead_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        damage(&open(dir.path()), TreeName::Meta, META_SCHEMA.as_bytes(), br#"{"v":1,"d":9}"#);
        let error = Store::open(dir.path(), 8).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 9, known: SCHEMA, .. }), "{error}");
        let version = concat!("was last written by masthead ", env!("CARGO_PKG_VERSION"));
        assert!(error.to_string().contains(version), "{error}");
    }

    #[test]
    fn a_store_that_lost_its_id_is_not_taken_for_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut batch = Batch::new();
        batch.set_note("a", "1");
        store.commit(batch).unwrap();
        store.inner.trees[&TreeName::Meta].clear().unwrap();
        store.inner.sync().unwrap();
        drop(store);
        let error = Store::open(dir.path(), 8).unwrap_err();
        assert!(matches!(error, StoreError::Engine { .. }), "{error}");
    }

    /// A full disk left such a file behind once, and the store no longer opened.
    #[test]
    fn a_snapshot_of_the_database_that_was_cut_short_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let mut batch = Batch::new();
        batch.set_note("a", "1");
        open(dir.path()).commit(batch).unwrap();
        let unfinished = dir.path().join("db").join("snap.00000000FFFFFFFF.generating");
        std::fs::write(&unfinished, "").unwrap();
        assert_eq!(open(dir.path()).note("a").unwrap().as_deref(), Some("1"));
        assert!(!unfinished.exists());
    }

    #[test]
    fn after_a_commit_that_panicked_no_other_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let panicking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = StopOnPanic(&store.inner);
            panic!("half way");
        }));
        assert!(panicking.is_err());
        let mut batch = Batch::new();
        batch.set_note("a", "1");
        let error = store.commit(batch).unwrap_err();
        assert!(matches!(error, StoreError::Stopped { .. }), "{error}");
    }
}
