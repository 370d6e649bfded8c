//! Key files of reviewers: made once, readable by nobody else, named like their owner.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::config::{Config, Environment};

/// Longer files hold no key.
const LONGEST_KEY: u64 = 4096;

/// The secret of a reviewer: in the named file, in systemd's credentials, or beside the configuration.
///
/// # Errors
/// A file that is not there, that others can read, or that holds no key. No message holds what is in it.
pub(super) fn read(
    config: &Config,
    environment: &Environment,
    name: &str,
    named: Option<&Path>,
) -> anyhow::Result<String> {
    let file = file_name(name);
    let credentials = environment.credentials_dir.as_ref().map(|folder| folder.join(&file));
    let credentials = credentials.filter(|path| named.is_none() && path.exists());
    // systemd guards its folder by an access list, whose mask shows as the mode of the group.
    let is_guarded = credentials.is_some();
    let path = named.map(Path::to_owned).or(credentials).unwrap_or_else(|| folder(config).join(&file));
    let shown = path.display();
    let opened = File::open(&path);
    if opened.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        anyhow::bail!(
            "the key of {name} is not there: {shown}; `masthead reviewer add {name}` makes one, \
                       --key FILE names another place"
        );
    }
    let opened = opened.with_context(|| format!("open the key {shown}"))?;
    let about = opened.metadata().with_context(|| format!("look at the key {shown}"))?;
    ensure!(about.is_file(), "the key {shown} is not a file");
    let mode = about.permissions().mode() & 0o7777;
    ensure!(
        is_guarded || mode & 0o077 == 0,
        "the key {shown} has mode {mode:04o}, so others can read it: chmod 600 {shown}, and \
         `masthead reviewer add {name} --replace` if others use this machine"
    );
    let mut text = String::new();
    opened.take(LONGEST_KEY).read_to_string(&mut text).with_context(|| format!("read the key {shown}"))?;
    let secret = text.trim();
    let is_key = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_key, "{shown} holds no key of a reviewer");
    Ok(secret.to_owned())
}

/// A key file that is open before its key is made, so that no key is lost for want of a place.
#[derive(Debug)]
pub(super) struct NewKeyFile {
    file: File,
    /// Where it is written.
    written: PathBuf,
    /// Where it lies in the end.
    path: PathBuf,
}

/// Makes the file, empty. One that is there is left alone, unless it is to be replaced.
pub(super) fn begin(config: &Config, name: &str, replace: bool) -> anyhow::Result<NewKeyFile> {
    let path = folder(config).join(file_name(name));
    let written = if replace { path.with_extension("key.new") } else { path.clone() };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&written);
    if made.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
        let advice = if replace {
            "another command left it; delete it if none is running".to_owned()
        } else {
            format!("`masthead reviewer add {name} --replace` makes another key in its place")
        };
        anyhow::bail!("{} is there already; {advice}", written.display());
    }
    let file = made.with_context(|| format!("make {}", written.display()))?;
    Ok(NewKeyFile { file, written, path })
}

impl NewKeyFile {
    /// Writes the key and returns where it lies.
    pub fn finish(mut self, secret: &str) -> anyhow::Result<PathBuf> {
        let doing = || format!("write {}", self.written.display());
        writeln!(self.file, "{secret}").with_context(doing)?;
        self.file.sync_all().with_context(doing)?;
        if self.written != self.path {
            fs::rename(&self.written, &self.path)
                .with_context(|| format!("put {} in its place", self.written.display()))?;
        }
        Ok(self.path)
    }

    /// Takes the empty file away, since no key was made.
    pub fn give_up(self) {
        let _ = fs::remove_file(self.written);
    }
}

fn file_name(name: &str) -> String {
    format!("{name}.key")
}

/// Of the configuration.
fn folder(config: &Config) -> PathBuf {
    let folder = config.path.as_deref().and_then(Path::parent);
    folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
