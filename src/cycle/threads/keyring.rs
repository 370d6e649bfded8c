//! The keyring: the token for Threads as it was last renewed, in the state folder, since credentials of systemd cannot be
//! written.
//!
//! It says of which token it is a renewal: when a person puts another one into its file, that one counts, whatever the
//! files' dates say.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::cycle::token_file::{NewTokenFile, Owner};

/// Its name in the state folder.
const FILE_NAME: &str = "threads.renewed";
/// Longer files are none of ours.
const LONGEST: u64 = 16 << 10;

/// A token, and what is known of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The fingerprint of the token that a person put there.
    pub of: String,
    pub token: SecretString,
    pub issued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    of: String,
    token: String,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

/// What was kept; nothing where there is nothing that can be read.
pub fn read(state_dir: &Path) -> Option<Kept> {
    let path = path(state_dir);
    let about = std::fs::metadata(&path).ok()?;
    let text = (about.is_file() && about.len() <= LONGEST).then(|| std::fs::read_to_string(&path).ok())??;
    let written: Written = match serde_json::from_str(text.trim()) {
        Ok(written) => written,
        Err(_) => {
            tracing::warn!(path = %path.display(), "is no renewed token: the one in its own file is used");
            return None;
        }
    };
    let Written { of, token, issued_at, expires_at } = written;
    Some(Kept { of, token: token.into(), issued_at, expires_at })
}

/// Puts it in its place at once or not at all, for nobody else to read; it is on the disk when this returns.
///
/// # Errors
/// The disk; what was there before is there still.
pub fn write(state_dir: &Path, kept: &Kept) -> anyhow::Result<()> {
    let Kept { of, token, issued_at, expires_at } = kept;
    let written = Written {
        of: of.clone(),
        token: token.expose_secret().to_owned(),
        issued_at: *issued_at,
        expires_at: *expires_at,
    };
    let text = serde_json::to_string(&written)?;
    let file = NewTokenFile::begin(&path(state_dir), Owner::OfFolder(state_dir.to_owned()))?;
    file.finish(&text.into())
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE_NAME)
}
