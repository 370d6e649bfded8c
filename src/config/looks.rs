//! Looks at everything a configuration was read from, so that somebody can see whether it changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::files::{self, WatchFile};
use super::secrets::TokenFolders;
use super::spans::At;

/// The places that a load reads, whether something is there or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    files: Vec<PathBuf>,
    /// Entries of `watchlist` by the folder in which they are looked up.
    entries: Vec<(PathBuf, String)>,
}

/// What was in all of these places at one time; two are the same when nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight([u8; 32]);

impl Looks {
    pub(super) fn file(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    pub(super) fn entries(&mut self, folder: &Path, entries: &[At<String>]) {
        self.entries.extend(entries.iter().map(|entry| (folder.to_owned(), entry.value.clone())));
    }

    /// A token may turn up in any of its folders.
    pub(super) fn token(&mut self, file: &str, folders: TokenFolders<'_>) {
        self.files.extend(folders.places(file));
    }

    /// Reads all of it. By content, since a time of change is not what counts, and editors write by rename.
    pub fn look(&self) -> Sight {
        let mut hasher = Sha256::new();
        for path in &self.files {
            see(path, &mut hasher);
        }
        for (folder, entry) in &self.entries {
            for found in files::matching(entry, folder).unwrap_or_default() {
                if let WatchFile::Path(path) = found {
                    see(&path, &mut hasher);
                }
            }
        }
        Sight(hasher.finalize().into())
    }
}

/// The mode belongs to it: a token file that others can read is refused until that is put right.
fn see(path: &Path, hasher: &mut Sha256) {
    hasher.update(path.as_os_str().as_encoded_bytes());
    let about = fs::metadata(path).ok().filter(|about| about.is_file() && about.len() <= files::LARGEST);
    let bytes = about.as_ref().and_then(|_| fs::read(path).ok());
    match about.zip(bytes) {
        Some((about, bytes)) => {
            hasher.update(about.permissions().mode().to_be_bytes());
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        None => hasher.update(b"none"),
    }
}
