//! Access tokens: files that nobody else can read, never texts in the configuration.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::fault::Fault;

/// Folders in which the file of a token is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenFolders<'a> {
    /// systemd's `$CREDENTIALS_DIRECTORY`: looked in first, by the name of the file.
    pub credentials: Option<&'a Path>,
    /// Of the configuration file.
    pub config: &'a Path,
    pub state: &'a Path,
    pub reading: Reading,
}

/// Whether the tokens themselves are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Each that is in use has to be there.
    Tokens,
    /// Only where they belong: whoever is about to log in has none yet.
    Places,
}

/// Where a token lies, or would.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenFile {
    pub path: PathBuf,
    guard: Guard,
}

/// Who keeps other users from reading the file.
#[derive(Debug, PartialEq, Eq)]
enum Guard {
    /// Its own mode.
    Mode,
    /// systemd, by the folder and an access list; the group bits of the mode then only show the list's mask.
    Credentials,
}

/// Longer files hold no token.
const LONGEST_TOKEN: u64 = 4096;

impl TokenFolders<'_> {
    /// Everywhere a token of this name is looked for.
    pub fn places(&self, file: &str) -> Vec<PathBuf> {
        let credential = self.credentials.zip(Path::new(file).file_name());
        let credential = credential.map(|(folder, name)| folder.join(name));
        credential.into_iter().chain([self.config.join(file), self.state.join(file)]).collect()
    }

    /// The first of credentials, configuration and state that has the file, else the place beside the configuration.
    pub fn locate(&self, file: &str) -> TokenFile {
        let name = Path::new(file).file_name();
        if let Some(path) = self.credentials.zip(name).map(|(folder, name)| folder.join(name))
            && path.exists()
        {
            return TokenFile { path, guard: Guard::Credentials };
        }
        let beside_config = self.config.join(file);
        let beside_state = self.state.join(file);
        let path = match !beside_config.exists() && beside_state.exists() {
            true => beside_state,
            false => beside_config,
        };
        TokenFile { path, guard: Guard::Mode }
    }
}

impl TokenFile {
    /// The token, its ends trimmed. Messages name the file and never what is in it.
    pub fn read(&self) -> Result<SecretString, Fault> {
        let shown = self.path.display();
        let refused = |why: String| Fault::error(format!("cannot read the token in {shown}")).label(why);
        // Asked before it is opened: opening a pipe waits for somebody to write.
        if std::fs::metadata(&self.path).is_ok_and(|about| !about.is_file()) {
            return Err(refused("it is not a file".to_owned()));
        }
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Fault::error("token file that does not exist")
                    .label(format!("{shown} is not there"))
                    .help(format!("printf %s TOKEN > {shown}; chmod 600 {shown}")));
            }
            Err(error) => return Err(refused(error.to_string())),
        };
        let about = file.metadata().map_err(|error| refused(error.to_string()))?;
        if !about.is_file() {
            return Err(refused("it is not a file".to_owned()));
        }
        let mode = about.permissions().mode() & 0o7777;
        if self.guard == Guard::Mode && mode & 0o077 != 0 {
            return Err(Fault::error("token file that others can read")
                .label(format!("{shown} has mode {mode:04o}"))
                .expected("mode 0600")
                .help(format!("chmod 600 {shown}   and make a new token if others use this machine")));
        }
        let mut text = String::new();
        let length = file.take(LONGEST_TOKEN + 1).read_to_string(&mut text);
        let token = text.trim();
        match length {
            Err(_) => Err(refused("it is not text".to_owned())),
            Ok(length) if length as u64 > LONGEST_TOKEN => {
                Err(refused(format!("it is longer than {LONGEST_TOKEN} bytes")))
            }
            Ok(_) if token.is_empty() => Err(refused("it is empty".to_owned())),
            Ok(_) if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(refused("it holds more than one word".to_owned()))
            }
            Ok(_) => Ok(SecretString::from(token)),
        }
    }
}
