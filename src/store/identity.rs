//! The store's id in a file of its own, so that a store which was lost or came up empty is not taken for a first start.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::disk::Place;
use super::{Store, StoreError};

/// The name of the file in the state directory.
const FILE_NAME: &str = "store.id";

impl Store {
    /// The id of the store that was here before, if it was another one: it was lost, or the database found its files
    /// damaged and began anew without a word.
    pub fn predecessor(&self) -> Option<&str> {
        self.inner.predecessor.as_deref()
    }

    /// From now on this store is the one that belongs here.
    pub fn settle(&self) -> Result<(), StoreError> {
        write(&self.inner.place, &self.inner.id)
    }
}

/// The id of the store that belongs in a directory, also where that does not open any more.
pub fn known_identity(dir: &Path) -> Option<String> {
    let known = std::fs::read_to_string(dir.join(FILE_NAME)).ok()?;
    Some(known.trim().to_owned()).filter(|known| !known.is_empty())
}

/// Lets any store be the first one of a directory: what was there was replaced on purpose.
pub fn forget_identity(dir: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(dir.join(FILE_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Place { dir: dir.to_owned() }.io("forget the store that was here", error))
        }
        _ => Ok(()),
    }
}

/// The id of the store that was here before this one; a first store is written down.
pub(super) fn compare(place: &Place, id: &str) -> Result<Option<String>, StoreError> {
    match std::fs::read_to_string(place.dir.join(FILE_NAME)) {
        Ok(known) if known.trim() == id => Ok(None),
        Ok(known) if known.trim().is_empty() => write(place, id).map(|()| None),
        Ok(known) => Ok(Some(known.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => write(place, id).map(|()| None),
        Err(error) => Err(place.io("read which store belongs here", error)),
    }
}

fn write(place: &Place, id: &str) -> Result<(), StoreError> {
    let path = place.dir.join(FILE_NAME);
    let write = || {
        let unfinished = path.with_extension("unfinished");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
        writeln!(file, "{id}")?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        File::open(&place.dir)?.sync_all()
    };
    write().map_err(|error| place.io("write down which store belongs here", error))
}
