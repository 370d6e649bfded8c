//! Copies of a ledger: its lines and the files beside it, given out and put down again byte by byte.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::texts::{folder, write_whole};
use super::{FILE_NAME, GENESIS, LedgerError, chain, sync_dir};

/// A piece of a ledger as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// One line of the chain, without its line feed.
    Line(Vec<u8>),
    /// A file beside it.
    Text { name: String, bytes: Vec<u8> },
}

/// The pieces of the ledger in a directory, the lines first; nothing where there is none. The end of a line that a
/// crash cut short is left out, since it was never acknowledged. Nobody may append meanwhile.
pub fn pieces(dir: &Path) -> Result<impl Iterator<Item = Result<Piece, LedgerError>> + use<>, LedgerError> {
    let path = dir.join(FILE_NAME);
    let fail = |path: &Path, error| LedgerError::io(path, "copy", error);
    let lines = match File::open(&path) {
        Ok(file) => Some(BufReader::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(fail(&path, error)),
    };
    let texts = names(&folder(dir)).map_err(|error| fail(dir, error))?;
    let texts = texts.into_iter().map(move |text| {
        let bytes = std::fs::read(&text).map_err(|error| fail(&text, error))?;
        let name = text.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Piece::Text { name, bytes })
    });
    let lines = lines.into_iter().flat_map(move |mut file| {
        let path = path.clone();
        std::iter::from_fn(move || {
            let mut line = Vec::new();
            match file.read_until(b'\n', &mut line) {
                Ok(_) if line.pop() == Some(b'\n') => Some(Ok(Piece::Line(line))),
                Ok(_) => None,
                Err(error) => Some(Err(fail(&path, error))),
            }
        })
    });
    Ok(lines.chain(texts))
}

/// The files beside the ledger, by name; what a write left unfinished is none.
fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| is_name(&name.to_string_lossy())) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file beside the ledger may have this name; it leads nowhere else.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.len() <= 100
        && name.strip_suffix(".json").is_some_and(|stem| !stem.is_empty() && stem.bytes().all(plain))
}

/// Follows a chain line by line.
#[derive(Debug)]
pub struct Follower {
    head: String,
    seq: u64,
}

impl Default for Follower {
    fn default() -> Follower {
        Follower { head: GENESIS.to_owned(), seq: 0 }
    }
}

impl Follower {
    /// Whether this line, without its line feed, is the next one.
    pub fn follow(&mut self, line: &[u8]) -> Result<(), String> {
        let entry = chain::check(&self.head, self.seq + 1, &[line, b"\n"].concat());
        let entry = entry.map_err(|fault| fault.why)?;
        (self.head, self.seq) = (entry.hash, entry.seq);
        Ok(())
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        &self.head
    }
}

/// A ledger that is being put down in a directory that has none.
#[derive(Debug)]
pub struct Copying {
    dir: PathBuf,
    file: File,
}

impl Copying {
    pub fn begin(dir: &Path) -> Result<Copying, LedgerError> {
        let fail = |error| LedgerError::io(dir, "put a copy down", error);
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail)?;
        let new = OpenOptions::new().create_new(true).append(true).mode(0o600).open(dir.join(FILE_NAME));
        Ok(Copying { dir: dir.to_owned(), file: new.map_err(fail)? })
    }

    /// Takes one piece as it is. The name of a text must be one, see [`is_name`].
    pub fn put(&mut self, piece: &Piece) -> Result<(), LedgerError> {
        let put = match piece {
            Piece::Line(line) => self.file.write_all(&[line, &b"\n"[..]].concat()),
            Piece::Text { name, bytes } if is_name(name) => {
                write_whole(&self.dir, &folder(&self.dir).join(name), bytes)
            }
            Piece::Text { name, .. } => {
                let why = "no file beside the ledger has such a name".to_owned();
                return Err(LedgerError::Text { path: name.into(), why });
            }
        };
        put.map_err(|error| LedgerError::io(&self.dir, "put a copy down", error))
    }

    /// Makes all of it durable.
    pub fn finish(self) -> Result<(), LedgerError> {
        let synced = self.file.sync_all().and_then(|()| sync_dir(&self.dir));
        synced.map_err(|error| LedgerError::io(&self.dir, "fsync", error))
    }
}
