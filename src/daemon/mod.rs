//! The service: collection, publication, pages and socket until somebody says stop.

mod loops;
mod socket;

use std::io;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cycle::Newsroom;

/// A pass that is writing may take this long after a stop signal; then its connections are dropped.
/// Every commit is whole, so nothing acknowledged is lost either way.
const GRACE: Duration = Duration::from_secs(20);

/// A future of a door that is served beside the loops.
type Serving = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Completes when the service stops.
type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs until SIGTERM or SIGINT, or until the store refuses to write.
///
/// `pages` serves the public pages, already listening, until its argument completes.
///
/// # Errors
/// The store's or ledger's error that stopped it; the caller turns it into an exit code.
pub async fn run(
    room: Newsroom,
    pages: impl FnOnce(Stopped) -> Serving + Send + 'static,
) -> anyhow::Result<()> {
    // Before anybody hears that we are ready: from then on a stop is an orderly one.
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let (stop, stopping) = watch::channel(false);
    let socket = socket::listen(&room.config).context("open the socket for commands")?;
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    tasks.spawn(loops::collect(room.clone(), stopping.clone()));
    tasks.spawn(loops::publish(room.clone(), stopping.clone()));
    tasks.spawn(socket::serve(socket, room.clone(), stopping.clone()));
    let pages = pages(Box::pin(until_stop(stopping)));
    tasks.spawn(async move { pages.await.context("serve the pages") });
    notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!("ready");
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        ended = tasks.join_next() => first_failure(ended),
    };
    notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping");
    stop.send_replace(true);
    let mut outcome = outcome;
    let rest = async {
        while let Some(ended) = tasks.join_next().await {
            outcome =
                std::mem::replace(&mut outcome, Ok(())).and(ended.map_err(anyhow::Error::from).flatten());
        }
    };
    if tokio::time::timeout(GRACE, rest).await.is_err() {
        tracing::warn!("a pass did not end in {} s and was dropped", GRACE.as_secs());
    }
    socket::remove(&room.config);
    outcome
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
