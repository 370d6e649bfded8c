//! The service: collection, publication, pages and socket until somebody says stop.

mod loops;
mod socket;
mod watchdog;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::cycle::Newsroom;

/// A pass that is writing may take this long after a stop signal; then its connections are dropped.
/// Every commit is whole, so nothing acknowledged is lost either way.
const GRACE: Duration = Duration::from_secs(20);

/// A future of a door that is served beside the loops.
pub type Serving = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Completes when the service stops.
pub type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The loops, the socket and the pages at work.
#[derive(Debug)]
pub struct Service {
    config: Arc<Config>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Service {
    /// Puts all of it to work on the current runtime. `pages` serves the public pages, already listening,
    /// until its argument completes.
    ///
    /// # Errors
    /// The socket for commands cannot be opened in the state directory.
    pub fn start(
        room: Newsroom,
        pages: impl FnOnce(Stopped) -> Serving + Send + 'static,
    ) -> anyhow::Result<Service> {
        let config = room.config.clone();
        let (stop, stopping) = watch::channel(false);
        let socket = socket::listen(&config).context("open the socket for commands")?;
        let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
        let watchdog = watchdog::Watchdog::default();
        tasks.spawn(loops::collect(room.clone(), watchdog.clone(), stopping.clone()));
        tasks.spawn(loops::publish(room.clone(), watchdog, stopping.clone()));
        tasks.spawn(socket::serve(socket, room, stopping.clone()));
        let pages = pages(Box::pin(until_stop(stopping)));
        tasks.spawn(async move { pages.await.context("serve the pages") });
        Ok(Service { config, stop, tasks })
    }

    /// Waits until a part of it ends before its time, which none does while all is well.
    ///
    /// # Errors
    /// Always, but for a service without parts: what ended it.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        first_failure(self.tasks.join_next().await)
    }

    /// Ends all of it in order; what does not end in time is dropped.
    ///
    /// # Errors
    /// What went wrong at the end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let mut outcome = Ok(());
        let rest = async {
            while let Some(ended) = self.tasks.join_next().await {
                outcome =
                    std::mem::replace(&mut outcome, Ok(())).and(ended.map_err(anyhow::Error::from).flatten());
            }
        };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::warn!("a pass did not end in {} s and was dropped", GRACE.as_secs());
        }
        socket::remove(&self.config);
        outcome
    }
}

/// Runs until SIGTERM or SIGINT, or until the store refuses to write.
///
/// `pages` is as in [`Service::start`].
///
/// # Errors
/// The store's or ledger's error that stopped it; the caller turns it into an exit code.
pub async fn run(
    room: Newsroom,
    pages: impl FnOnce(Stopped) -> Serving + Send + 'static,
) -> anyhow::Result<()> {
    // Before anybody hears that we are ready: from then on a stop is an orderly one.
    let mut stop = StopSignal::listen()?;
    let mut service = Service::start(room, pages)?;
    notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!("ready");
    let outcome = tokio::select! {
        () = stop.heard() => Ok(()),
        ended = service.ended() => ended,
    };
    notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping");
    outcome.and(service.stop().await)
}

/// SIGTERM and SIGINT, which from now on end nothing by themselves.
#[derive(Debug)]
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// # Errors
    /// The system does not let us listen.
    pub fn listen() -> anyhow::Result<StopSignal> {
        Ok(StopSignal {
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listen for SIGINT")?,
        })
    }

    /// Waits until one of them comes.
    pub async fn heard(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A loop that ends before the stop signal has failed, or panicked.
fn first_failure(ended: Option<Result<anyhow::Result<()>, tokio::task::JoinError>>) -> anyhow::Result<()> {
    match ended {
        Some(Ok(Err(error))) => Err(error),
        Some(Ok(Ok(()))) => Err(anyhow::anyhow!("a loop of the service ended before its time")),
        Some(Err(error)) => Err(anyhow::anyhow!("a loop of the service ended: {error}")),
        None => Ok(()),
    }
}

async fn until_stop(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Tells systemd, where it asked to be told.
fn notify(states: &[sd_notify::NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "could not tell systemd");
    }
}
