//! The service: collection, publication, pages and socket until somebody says stop.

mod loops;
mod reload;
mod socket;
mod watchdog;

use std::io;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::cycle::Newsroom;
pub use reload::Editor;
use watchdog::Watchdog;

/// A pass that is writing may take this long after a stop signal; then its connections are dropped.
/// Every commit is whole, so nothing acknowledged is lost either way.
const GRACE: Duration = Duration::from_secs(20);

/// A future of a door that is served beside the loops.
pub type Serving = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Completes when a door is to be closed.
pub type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The public pages of one newsroom, already listening: served until the argument completes.
pub type Pages = Box<dyn FnOnce(Stopped) -> Serving + Send>;

/// The loops, the socket and the pages at work.
#[derive(Debug)]
pub struct Service {
    /// Whom commands ask.
    desk: watch::Sender<Newsroom>,
    stop: watch::Sender<bool>,
    /// The socket and the watchdog, as long as the service lives.
    socket: JoinSet<anyhow::Result<()>>,
    /// It has to hear of the loops of every configuration.
    watchdog: Watchdog,
    shift: Shift,
    /// Pages of earlier configurations that still answer a reader.
    leaving: JoinSet<anyhow::Result<()>>,
}

/// What works by one configuration.
#[derive(Debug)]
struct Shift {
    stop: watch::Sender<bool>,
    loops: JoinSet<anyhow::Result<()>>,
    pages: JoinSet<anyhow::Result<()>>,
}

impl Shift {
    fn start(room: &Newsroom, watchdog: &Watchdog, pages: Pages) -> Shift {
        let (stop, stopping) = watch::channel(false);
        let (mut loops, mut on_duty) = (JoinSet::new(), JoinSet::new());
        loops.spawn(loops::collect(room.clone(), watchdog.clone(), stopping.clone()));
        loops.spawn(loops::publish(room.clone(), watchdog.clone(), stopping.clone()));
        if room.config.bluesky.jetstream {
            loops.spawn(loops::listen(room.clone(), stopping.clone()));
        }
        loops.spawn(loops::watch(room.clone(), stopping.clone()));
        // Where time jumps nothing is kept.
        if !room.config.clock.jumps() {
            loops.spawn(loops::care(room.clone(), stopping.clone()));
            loops.spawn(loops::keep(room.clone(), stopping.clone()));
        }
        let pages = pages(Box::pin(until_stop(stopping)));
        on_duty.spawn(async move { pages.await.context("serve the pages") });
        Shift { stop, loops, pages: on_duty }
    }
}

impl Service {
    /// Puts all of it to work on the current runtime.
    ///
    /// # Errors
    /// The socket for commands cannot be opened in the state directory.
    pub fn start(room: Newsroom, pages: Pages) -> anyhow::Result<Service> {
        let (stop, stopping) = watch::channel(false);
        let listener = socket::listen(&room.config).context("open the socket for commands")?;
        let watchdog = Watchdog::new(room.vitals.clone());
        let shift = Shift::start(&room, &watchdog, pages);
        let (desk, asked) = watch::channel(room);
        let mut socket: JoinSet<anyhow::Result<()>> = JoinSet::new();
        socket.spawn(socket::serve(listener, asked, stopping.clone()));
        socket.spawn(watchdog.clone().beat(stopping));
        Ok(Service { desk, stop, socket, watchdog, shift, leaving: JoinSet::new() })
    }

    /// Waits until a part of it ends before its time, which none does while all is well.
    ///
    /// # Errors
    /// Always, but for a service without parts: what ended it.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                ended = self.socket.join_next() => return first_failure(ended),
                ended = self.shift.loops.join_next() => return first_failure(ended),
                ended = self.shift.pages.join_next() => return first_failure(ended),
                // These have been told to end.
                Some(_) = self.leaving.join_next() => {}
            }
        }
    }

    /// The newsroom at work.
    pub fn room(&self) -> Newsroom {
        self.desk.borrow().clone()
    }

    /// Goes on by another configuration: the loops end in order, then begin again with this newsroom. The socket
    /// and the pages stay reachable all the while; a command under way ends by the configuration it began with.
    ///
    /// A pass that posts is waited for as long as it takes, since requests have an end. Dropped half-way, it would
    /// leave a write behind that meets those of its successor.
    ///
    /// # Errors
    /// What a loop or the store says; then the service has to end.
    pub async fn relieve(&mut self, room: Newsroom, pages: Pages) -> anyhow::Result<()> {
        self.shift.stop.send_replace(true);
        while let Some(ended) = self.shift.loops.join_next().await {
            ended.map_err(anyhow::Error::from).flatten()?;
        }
        room.take_over(room.config.clock.now()).await?;
        let before = std::mem::replace(&mut self.shift, Shift::start(&room, &self.watchdog, pages));
        self.desk.send_replace(room);
        let mut pages = before.pages;
        self.leaving.spawn(async move {
            // A reader who never takes the last byte keeps the pages of the day before no longer than this.
            let _ = tokio::time::timeout(GRACE, pages.join_next()).await;
            Ok(())
        });
        Ok(())
    }

    /// Ends all of it in order; what does not end in time is dropped.
    ///
    /// # Errors
    /// What went wrong at the end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.shift.stop.send_replace(true);
        let mut outcome = Ok(());
        let rest = async {
            for tasks in [&mut self.shift.loops, &mut self.shift.pages, &mut self.socket] {
                while let Some(ended) = tasks.join_next().await {
                    let ended = ended.map_err(anyhow::Error::from).flatten();
                    outcome = std::mem::replace(&mut outcome, Ok(())).and(ended);
                }
            }
        };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::warn!("a pass did not end in {} s and was dropped", GRACE.as_secs());
        }
        socket::remove(&self.desk.borrow().config);
        outcome
    }
}

/// Runs until SIGTERM or SIGINT, or until the store refuses to write; takes up other configurations meanwhile.
///
/// `open_pages` opens the pages of a newsroom. What it cannot open at the start ends the service; later it only
/// refuses the new configuration.
///
/// # Errors
/// The store's or ledger's error that stopped it; the caller turns it into an exit code.
pub async fn run(
    room: Newsroom,
    mut editor: Editor,
    mut open_pages: impl FnMut(&Newsroom) -> anyhow::Result<Pages>,
) -> anyhow::Result<()> {
    // Before anybody hears that we are ready: from then on a stop is an orderly one.
    let mut stop = StopSignal::listen()?;
    room.reloads.started(&room.config, Clock::Real.now());
    room.vitals.start(room.config.clock.now());
    let pages = open_pages(&room)?;
    let mut service = Service::start(room, pages)?;
    notify(&[NotifyState::Ready]);
    tracing::info!("ready");
    let outcome = loop {
        let loaded = tokio::select! {
            () = stop.heard() => break Ok(()),
            ended = service.ended() => break ended,
            loaded = editor.copy() => loaded,
        };
        tokio::select! {
            () = stop.heard() => break Ok(()),
            reloaded = reload::reload(&mut service, loaded, &mut open_pages) => {
                if reloaded.is_err() {
                    break reloaded;
                }
            }
        }
    };
    notify(&[NotifyState::Stopping]);
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
fn notify(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "could not tell systemd");
    }
}
