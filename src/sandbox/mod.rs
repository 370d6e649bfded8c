//! The embedded world: real HTTP servers on loopback that play fediverse servers and outlets' web sites.
//!
//! A bot that is pointed at it sees weeks of a story in minutes; a test sees any time of it at once. It
//! shares no reading code with the bot, so that both cannot be wrong in the same way.

pub mod broadcaster;
pub mod cast;
pub mod copyists;
mod doors;
pub mod faults;
mod feeds;
mod files;
pub mod founding;
mod gate;
mod grants;
pub mod habits;
pub mod ids;
mod instance;
mod limits;
mod line;
mod login;
mod markup;
mod memory;
mod misskey;
pub mod newsroom;
pub mod outbox;
mod pages;
mod paging;
mod posting;
pub mod posts;
mod random;
mod reading;
mod reply;
pub mod retelling;
mod sheets;
pub mod sky;
mod stage;
pub mod story;
mod texts;
pub mod threads;
mod timelines;
mod watchlist;
mod wire;
mod wording;
pub mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use crate::clock::{Clock, Scale};
use crate::model::account::{Acct, Host};

use cast::{Condition, Desk};
use faults::Fault;
use files::{Files, Kept, KeptWeb, trouble};
use grants::Grants;
use line::{Cut, Line};
use outbox::{Outbox, Sent};
use pages::SiteScene;
use stage::{Scene, Stage, ThreadsScene};
use story::Story;
use world::World;

/// How a world is made. A directory that holds one already goes on with its own story, seed, clock and hosts.
#[derive(Debug, Clone)]
pub struct Options {
    pub story: Story,
    pub seed: u64,
    /// Configuration, watchlist, tokens and what clients post.
    pub dir: PathBuf,
    /// Virtual seconds in a real one, above zero.
    pub rate: f64,
    /// The virtual time at the anchor; [`story::ORIGIN`] where missing.
    pub origin: Option<DateTime<Utc>>,
    /// The real time at which the story begins, now where missing; an earlier one shows a later world.
    pub anchor: Option<DateTime<Utc>>,
    /// The clock to live by, whatever the directory says; one is made of the above where missing.
    pub clock: Option<Clock>,
}

impl Options {
    /// How much faster than real a world runs unless told otherwise: a day in 144 seconds.
    pub const RATE: f64 = 600.0;

    /// A world with the usual clock.
    pub fn new(dir: impl Into<PathBuf>) -> Options {
        let (story, clock) = (Story::Official, None);
        Options { story, seed: 1, dir: dir.into(), rate: Options::RATE, origin: None, anchor: None, clock }
    }
}

/// Why a world cannot be made.
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("{what}: {error}")]
    Io { what: String, error: io::Error },
    #[error("{}: {why}", path.display())]
    Config { path: PathBuf, why: String },
    #[error("a rate of {0} is no clock; expected a number above zero")]
    Rate(f64),
}

/// What the command prints first, as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// A configuration that points at this world.
    pub config: PathBuf,
    /// The bot's server, on loopback.
    pub home: String,
    /// The bot's account there.
    pub account: Acct,
    /// Where the bot's own site will listen.
    pub web: String,
}

/// A running world. It ends when this is dropped; its directory stays.
#[derive(Debug)]
pub struct Sandbox {
    stage: Arc<Stage>,
    files: Files,
    kept: Kept,
    tasks: Vec<JoinHandle<()>>,
    end: Cut,
    /// Bound without listening, so that nobody else takes the port and every connection is refused.
    _dead: Vec<TcpSocket>,
}

impl Sandbox {
    /// Opens the world on loopback and writes the files that point at it. Runs on the current runtime.
    ///
    /// # Errors
    /// The directory cannot be written or holds a configuration that does not read, the rate is not
    /// above zero, or no port is free.
    pub async fn start(options: Options) -> Result<Sandbox, SandboxError> {
        let files = Files::open(&options.dir)?;
        let seed = files.seed(options.seed)?;
        let story = files.story(options.story)?;
        let before = files.kept()?;
        let clock = before.as_ref().map_or_else(|| first_clock(&options), |kept| kept.clock);
        if !(clock.rate.is_finite() && clock.rate > 0.0) {
            return Err(SandboxError::Rate(clock.rate));
        }
        let path = files.statuses();
        let outbox = Outbox::open(&path).map_err(|error| trouble("open", &path, error))?;
        let path = files.grants();
        let grants = Grants::open(&path).map_err(|error| trouble("open", &path, error))?;
        let lives_by = options.clock.unwrap_or(Clock::Scaled(clock));
        let stage = Arc::new(Stage::new(story.world(seed, clock.origin), lives_by, (outbox, grants)));

        let end = Cut::default();
        let wanted = before.as_ref().map(|kept| kept.hosts.clone()).unwrap_or_default();
        let mut hosts = BTreeMap::new();
        let mut tasks = Vec::new();
        for (host, router) in routers(&stage) {
            let listener = listen(wanted.get(&host)).await?;
            hosts.insert(host, listener.local_addr().map_err(no_port)?);
            tasks.push(serve(Line { listener, end: end.clone() }, router));
        }
        let mut dead = Vec::new();
        for site in stage.world.sites.iter().filter(|site| site.condition == Condition::Dead) {
            let (socket, address) = refuse(wanted.get(&site.host))?;
            hosts.insert(site.host.clone(), address);
            dead.push(socket);
        }
        let web = match &before {
            Some(kept) => kept.web,
            None => KeptWeb { listen: listen(None).await?.local_addr().map_err(no_port)? },
        };
        hosts.insert(Host::parse(story::BOT_SITE).expect("a host name"), web.listen);

        let kept = Kept { clock, hosts, web };
        let sandbox = Sandbox { stage, files, kept, tasks, end, _dead: dead };
        if before.as_ref() != Some(&sandbox.kept) {
            sandbox.files.write(story, &sandbox.kept, &sandbox.desks())?;
        }
        Ok(sandbox)
    }

    pub fn announce(&self) -> Announcement {
        let home = Host::parse(story::HOME).expect("a host name");
        let desk = self.stage.world.server(&home).and_then(|server| server.desk.as_ref());
        Announcement {
            config: self.files.config(),
            home: format!("http://{}", self.kept.hosts[&home]),
            account: desk.expect("the bot lives on its home server").acct.clone(),
            web: format!("http://{}", self.kept.web.listen),
        }
    }

    /// Where a host listens, or would.
    pub fn address(&self, host: &str) -> Option<SocketAddr> {
        self.hosts().get(&Host::parse(host).ok()?).copied()
    }

    /// Every host of the world and the bot's own site.
    pub fn hosts(&self) -> &BTreeMap<Host, SocketAddr> {
        &self.kept.hosts
    }

    pub fn clock(&self) -> Clock {
        self.stage.clock
    }

    pub fn world(&self) -> &World {
        &self.stage.world
    }

    /// The configuration that points at this world.
    pub fn config(&self) -> PathBuf {
        self.files.config()
    }

    /// How many requests for profiles and posts on Threads, and how many searches, counted in the last 24 hours.
    pub fn threads_calls(&self) -> (usize, usize) {
        self.stage.threads.in_a_day(self.stage.clock.now())
    }

    /// Makes something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.stage.faults.add(fault);
    }

    /// What clients posted through a server, oldest first, deleted ones included.
    pub fn outbox(&self, server: &str) -> Vec<Sent> {
        let Ok(server) = Host::parse(server) else { return Vec::new() };
        self.stage.outbox().of(&server).cloned().collect()
    }

    /// Ends the world and waits until its addresses are free, so that it can be started again at once.
    pub async fn stop(mut self) {
        self.end.now();
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // Ended as asked, or before: both are fine.
            task.await.ok();
        }
    }

    fn desks(&self) -> Vec<&Desk> {
        self.stage.world.servers.iter().filter_map(|server| server.desk.as_ref()).collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end.now();
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What the files say of a new world's clock. A clock that is given and was not scaled begins the story where
/// it stands.
fn first_clock(options: &Options) -> Scale {
    if let Some(Clock::Scaled(scale)) = &options.clock {
        return *scale;
    }
    let begins = options.clock.as_ref().map_or(story::ORIGIN, Clock::now);
    Scale {
        origin: options.origin.unwrap_or(begins),
        anchor: options.anchor.unwrap_or_else(|| Clock::Real.now()),
        rate: options.rate,
    }
}

fn routers(stage: &Arc<Stage>) -> Vec<(Host, Router)> {
    let servers = stage.world.servers.iter().map(|server| {
        let scene = Scene { stage: stage.clone(), server: Arc::new(server.clone()) };
        (server.host.clone(), doors::of_server(scene))
    });
    let alive = stage.world.sites.iter().filter(|site| site.condition != Condition::Dead);
    let sites = alive.map(|site| {
        let scene = SiteScene { stage: stage.clone(), site: Arc::new(site.clone()) };
        (site.host.clone(), doors::of_site(scene))
    });
    let sky = || stage::Sky { stage: stage.clone() };
    let (appview, stream) = (story::host(sky::APPVIEW), story::host(sky::STREAM));
    let above = [
        (appview.clone(), doors::of_appview(sky(), appview)),
        (stream.clone(), doors::of_stream(sky(), stream)),
    ];
    let threads = threads::hosts().map(|(host, is_api)| {
        let scene = ThreadsScene { stage: stage.clone(), host: host.clone() };
        (host, if is_api { threads::of_api(scene) } else { threads::of_site(scene) })
    });
    servers.chain(sites).chain(above).chain(threads).collect()
}

fn serve(line: Line, router: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Cut>();
        if let Err(error) = axum::serve(line, service).await {
            tracing::error!(%error, "a host of the embedded world stopped");
        }
    })
}

/// Listens where it listened before, else on a free port.
async fn listen(wanted: Option<&SocketAddr>) -> Result<TcpListener, SandboxError> {
    if let Some(address) = wanted.filter(|address| address.ip().is_loopback())
        && let Ok(listener) = TcpListener::bind(address).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)
}

/// Takes a port and refuses all who call there.
fn refuse(wanted: Option<&SocketAddr>) -> Result<(TcpSocket, SocketAddr), SandboxError> {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bind = |address: SocketAddr| {
        let socket = TcpSocket::new_v4()?;
        socket.bind(address)?;
        let address = socket.local_addr()?;
        io::Result::Ok((socket, address))
    };
    let wanted = wanted.filter(|address| address.ip().is_loopback());
    wanted.and_then(|address| bind(*address).ok()).map_or_else(|| bind(free).map_err(no_port), Ok)
}

fn no_port(error: io::Error) -> SandboxError {
    trouble("listen on", Path::new("127.0.0.1"), error)
}
