//! Reloading: SIGHUP and changed files make another configuration, which is taken up or refused with a reason.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Pages, Service, notify};
use crate::clock::Clock;
use crate::config::{self, Config, Environment, Loaded, Looks, Sight};
use crate::cycle::Newsroom;
use crate::cycle::reload::{Refused, changes, refusal};

/// How often the files are looked at, in real time: they are edited by people.
const LOOK_EVERY: chrono::Duration = chrono::Duration::seconds(2);

/// Watches the files of the configuration and waits for SIGHUP.
///
/// A change counts when two looks in a row agree and nothing changed while it was read, so that nobody's
/// half-written file is taken for a configuration. All of it waits in real time, beside any other clock.
#[derive(Debug)]
pub struct Editor {
    path: Option<PathBuf>,
    environment: Environment,
    hang_up: Signal,
    looks: Looks,
    /// What was there when the last configuration was read, good or not.
    known: Sight,
    /// The last look.
    last: Sight,
}

impl Editor {
    /// Begins where a configuration was just read from; from now on SIGHUP ends nothing.
    ///
    /// # Errors
    /// The system does not let us listen.
    pub fn listen(config: &Config, looks: Looks, environment: Environment) -> anyhow::Result<Editor> {
        let hang_up = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
        let sight = looks.look();
        let path = config.path.clone();
        Ok(Editor { path, environment, hang_up, looks, known: sight.clone(), last: sight })
    }

    /// The next configuration that somebody wants, good or not.
    pub(super) async fn copy(&mut self) -> Loaded {
        loop {
            let read = tokio::select! {
                _ = self.hang_up.recv() => self.read().await.map(Some),
                () = Clock::Real.sleep(LOOK_EVERY) => self.read_if_settled().await,
            };
            match read {
                Ok(Some(loaded)) => return loaded,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "could not look at the configuration")
                }
            }
        }
    }

    async fn read(&mut self) -> anyhow::Result<Loaded> {
        let loaded = load(self.path.clone(), self.environment.clone()).await?;
        self.looks = loaded.looks.clone();
        self.known = look(&self.looks).await?;
        self.last = self.known.clone();
        Ok(loaded)
    }

    /// Reads what changed, once it is whole.
    async fn read_if_settled(&mut self) -> anyhow::Result<Option<Loaded>> {
        let sight = look(&self.looks).await?;
        let is_settled = sight == self.last;
        self.last = sight.clone();
        if sight == self.known || !is_settled {
            return Ok(None);
        }
        let loaded = load(self.path.clone(), self.environment.clone()).await?;
        if loaded.looks != self.looks {
            // Files that nobody looked at before may be half-written as well.
            self.looks = loaded.looks;
            self.last = look(&self.looks).await?;
            return Ok(None);
        }
        self.last = look(&self.looks).await?;
        if self.last != sight {
            return Ok(None);
        }
        self.known = sight;
        Ok(Some(loaded))
    }
}

async fn load(path: Option<PathBuf>, environment: Environment) -> anyhow::Result<Loaded> {
    let load = move || config::load(path.as_deref(), &environment, Clock::Real.now());
    tokio::task::spawn_blocking(load).await.context("read the configuration")
}

async fn look(looks: &Looks) -> anyhow::Result<Sight> {
    let looks = looks.clone();
    tokio::task::spawn_blocking(move || looks.look()).await.context("look at the files of the configuration")
}

/// Takes up what was read, or keeps the configuration in force and says why.
///
/// # Errors
/// What ends the service: its loops or its store failed.
pub(super) async fn reload(
    service: &mut Service,
    loaded: Loaded,
    open_pages: &mut impl FnMut(&Newsroom) -> anyhow::Result<Pages>,
) -> anyhow::Result<()> {
    let room = service.room();
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "could not tell systemd the time"),
    }
    let relief = match prepare(&room, loaded, open_pages) {
        Ok(relief) => relief,
        Err(refused) => {
            tracing::error!("the configuration is refused, the one before stays in force\n{}", refused.why);
            notify(&[NotifyState::Ready]);
            room.reloads.refuse(refused);
            room.wake();
            return Ok(());
        }
    };
    let (new, pages) = relief;
    let lines = changes(&room.config, &new.config);
    service.relieve(new.clone(), pages).await.context("go on by another configuration")?;
    new.reloads.took_up(&new.config, Clock::Real.now());
    tracing::info!("took up another configuration");
    if lines.is_empty() {
        tracing::info!("nothing in it is other than before");
    }
    lines.iter().for_each(|line| tracing::info!("{line}"));
    notify(&[NotifyState::Ready]);
    Ok(())
}

/// Everything that can be refused, before anything is stopped.
fn prepare(
    room: &Newsroom,
    loaded: Loaded,
    open_pages: &mut impl FnMut(&Newsroom) -> anyhow::Result<Pages>,
) -> Result<(Newsroom, Pages), Refused> {
    let at = Clock::Real.now();
    let config = Arc::new(loaded.config.ok_or_else(|| Refused::of(&loaded.report, at))?);
    if let Some(why) = refusal(&room.config, &config) {
        return Err(Refused::because(why, &config, at));
    }
    let new = room.reconfigured(config.clone());
    let refused = |error: anyhow::Error, key| {
        Refused::because(format!("{error:#}{}", config.shown_at(key)), &config, at)
    };
    let new = new.map_err(|error| refused(error, "contact"))?;
    let pages = open_pages(&new).map_err(|error| refused(error, "[web] listen"))?;
    Ok((new, pages))
}
