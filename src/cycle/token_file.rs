//! Files with a secret: opened before the secret is there, readable by their owner only, and in place at once or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

/// Longer files hold no token.
const LONGEST: u64 = 4096;

/// Whose the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    WhoeverWrites,
    /// Root writes for whom this folder belongs to; others write for themselves.
    OfFolder(PathBuf),
}

/// A file that is not in its place yet; what is there stays until then.
#[derive(Debug)]
pub struct NewTokenFile {
    file: File,
    written: PathBuf,
    path: PathBuf,
    owner: Owner,
}

impl NewTokenFile {
    /// Opens it beside its place.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn begin(path: &Path, owner: Owner) -> anyhow::Result<NewTokenFile> {
        let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
        anyhow::ensure!(!path.is_dir(), "{} is a folder; expected a file", path.display());
        let written = path.with_file_name(format!(".{}.{}.new", name.to_string_lossy(), std::process::id()));
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&written);
        let file = opened.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(NewTokenFile { file, written, path: path.to_owned(), owner })
    }

    /// # Errors
    /// The disk; what was there before is there still.
    pub fn finish(self, secret: &SecretString) -> anyhow::Result<()> {
        let outcome = self.write(secret);
        if outcome.is_err() {
            let _ = fs::remove_file(&self.written);
        }
        outcome.with_context(|| format!("write {}", self.path.display()))
    }

    fn write(&self, secret: &SecretString) -> anyhow::Result<()> {
        let mut file = &self.file;
        writeln!(file, "{}", secret.expose_secret())?;
        if let Owner::OfFolder(folder) = &self.owner
            && rustix::process::geteuid().is_root()
            && let Ok(about) = fs::metadata(folder)
        {
            fchown(&self.file, Some(about.uid()), Some(about.gid()))
                .with_context(|| format!("give it to the owner of {}", folder.display()))?;
        }
        self.file.sync_all()?;
        fs::rename(&self.written, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
    }

    /// It was only to see whether it could be written.
    pub fn give_up(self) {
        let _ = fs::remove_file(self.written);
    }
}

/// The token in a file, `None` where there is none that could be one.
///
/// # Errors
/// There is a file and it cannot be read.
pub fn read(path: &Path) -> anyhow::Result<Option<SecretString>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read the token in {}", path.display())),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).with_context(|| format!("read {}", path.display()))?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let token = text.trim();
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    Ok(is_token.then(|| token.into()))
}

/// Makes the state folder where it is missing, for nobody else to look into.
pub fn make_state(state: &Path) -> anyhow::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(state).with_context(|| {
        format!("make the state folder {}; run this as root or as the user of the service", state.display())
    })
}
