//! A login that was begun: the registration between the two halves, in the state folder, readable by nobody else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Duration, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::cycle::token_file::{self, NewTokenFile, Owner};
use crate::model::account::Host;
use crate::publish::login::Registration;

/// Servers forget programs by which nobody has logged in, Mastodon after a day.
const GOOD_FOR: Duration = Duration::hours(12);

/// What the first half leaves for the second.
#[derive(Debug)]
pub(super) struct Begun {
    pub server: Host,
    pub at: DateTime<Utc>,
    pub registration: Registration,
}

#[derive(Serialize, Deserialize)]
struct Written {
    server: Host,
    at: DateTime<Utc>,
    client_id: String,
    client_secret: String,
    authorize_url: String,
}

impl Begun {
    /// # Errors
    /// The state folder cannot be written to.
    pub fn remember(&self, state: &Path) -> anyhow::Result<()> {
        let written = Written {
            server: self.server.clone(),
            at: self.at,
            client_id: self.registration.client_id.clone(),
            client_secret: self.registration.client_secret.expose_secret().to_owned(),
            authorize_url: self.registration.authorize_url.clone(),
        };
        let text = serde_json::to_string(&written).context("write down the registration")?;
        token_file::make_state(state)?;
        let file = NewTokenFile::begin(&path(state), Owner::OfFolder(state.to_owned()));
        let file = file.context("the login cannot be carried over to the second call")?;
        file.finish(&text.into())
    }

    /// The one that the second half goes on with.
    ///
    /// # Errors
    /// None was begun for this server.
    pub fn recall(state: &Path, server: &Host) -> anyhow::Result<Begun> {
        let begun = read(state)?;
        let begun =
            begun.context("no login was begun: `masthead login fediverse` without --code comes first")?;
        ensure!(
            begun.server == *server,
            "the login that was begun is one to {}, and the code should be of {server}: begin again without --code",
            begun.server
        );
        Ok(begun)
    }

    /// The one that was begun not long ago, so that an address which somebody has open stays good.
    pub fn still_good(state: &Path, server: &Host, now: DateTime<Utc>) -> Option<Begun> {
        let begun = read(state).ok().flatten()?;
        let age = now - begun.at;
        (begun.server == *server && age >= Duration::zero() && age < GOOD_FOR).then_some(begun)
    }

    /// Nothing depends on whether it is gone.
    pub fn forget(state: &Path) {
        let _ = fs::remove_file(path(state));
    }
}

fn read(state: &Path) -> anyhow::Result<Option<Begun>> {
    let path = path(state);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    let written: Written = serde_json::from_str(text.trim()).map_err(|_| {
        anyhow::anyhow!("{} is no login that was begun; delete it and begin again", path.display())
    })?;
    Ok(Some(Begun {
        server: written.server,
        at: written.at,
        registration: Registration {
            client_id: written.client_id,
            client_secret: written.client_secret.into(),
            authorize_url: written.authorize_url,
        },
    }))
}

fn path(state: &Path) -> PathBuf {
    state.join("login.json")
}
