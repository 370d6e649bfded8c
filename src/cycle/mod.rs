//! Passes: each takes one `now`, decides, and commits once per target or verdict.

pub mod alert;
pub mod archive;
pub mod backup;
pub mod clippings;
pub mod clock_check;
pub mod collect;
pub mod commands;
pub mod compact;
pub mod due;
pub mod harvest;
pub mod health;
pub mod home;
pub mod judge;
pub mod keep;
pub mod leftovers;
pub mod listen;
pub mod outlook;
pub mod plan;
pub mod press;
pub mod publish;
pub mod reload;
pub mod rescue;
pub mod restore;
pub mod schedule;
pub mod scout;
pub mod space;
pub mod speaker;
pub mod targets;
pub mod threads;
pub mod token_file;
pub mod vitals;

use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, watch};

use crate::config::Config;
use crate::model::account::Host;
use crate::net::{Net, NetConfig, Timeouts};
use crate::sources::fediverse::{Server, Ways};
use crate::sources::threads::Desk;
use crate::store::{Store, StoreError, known_identity};
use backup::Of;
use clippings::Clippings;
use home::AtHome;
use press::Press;
use reload::Reloads;
use vitals::Vitals;

/// What a pass works with. It has one configuration for life: another one makes another newsroom.
///
/// It holds the checked configuration, the store, the road to the network and the press.
#[derive(Debug, Clone)]
pub struct Newsroom {
    pub config: Arc<Config>,
    pub store: Store,
    pub net: Net,
    pub press: Arc<Mutex<Press>>,
    /// Items and statuses in memory, for comparing.
    pub clippings: Arc<Mutex<Clippings>>,
    /// What timelines showed at the last look.
    pub shown: Arc<harvest::Shown>,
    /// What servers said that they run.
    pub ways: Arc<Ways>,
    /// Our token for Threads, and how we stand there.
    pub threads: Desk,
    /// What this process did and met.
    pub vitals: Vitals,
    /// What the last look at health found in the store.
    pub remembered: health::Remembered,
    /// What the home server told about our account and its limits, once it was asked.
    pub at_home: Arc<Mutex<Option<AtHome>>>,
    /// Held while a backup is made.
    pub backing_up: Arc<Mutex<()>>,
    /// Held while findings are raised, since they are numbered.
    pub bench: Arc<Mutex<()>>,
    /// Since when this configuration is in force, and why a newer one is not.
    pub reloads: Arc<Reloads>,
    wake: watch::Sender<()>,
}

impl Newsroom {
    /// Opens store, ledger and network.
    ///
    /// # Errors
    /// That another process owns the store, or what the disk says.
    pub async fn open(config: Arc<Config>) -> anyhow::Result<Newsroom> {
        let now = config.clock.now();
        let opening = config.clone();
        let open = move || -> anyhow::Result<(Store, Press, Clippings, Desk)> {
            let store = open_store(&opening, now)?.timed_by(opening.clock);
            let press = Press::open(&opening, &store, now)?;
            let (clippings, found) = Clippings::open(&store, &opening, now)?;
            store.commit(found)?;
            let threads = threads::open(&opening, &store)?;
            Ok((store, press, clippings, threads))
        };
        let (store, press, clippings, threads) =
            tokio::task::spawn_blocking(open).await.context("open the store")??;
        let net = Net::new(road(&config), config.clock).context("open the road to the network")?;
        let (press, bench) = (Arc::new(Mutex::new(press)), Arc::new(Mutex::new(())));
        let clippings = Arc::new(Mutex::new(clippings));
        let (shown, wake) = (Arc::default(), watch::Sender::new(()));
        let (at_home, reloads) = (Arc::default(), Arc::default());
        let (vitals, backing_up) = (Vitals::default(), Arc::default());
        Ok(Newsroom {
            config,
            store,
            net,
            press,
            clippings,
            shown,
            ways: Arc::default(),
            threads,
            vitals,
            remembered: health::Remembered::default(),
            backing_up,
            at_home,
            bench,
            reloads,
            wake,
        })
    }

    /// The same newsroom by another configuration, on the same store, ledger and memory. Hosts that are left alone
    /// stay so. What timelines showed is forgotten: with another watchlist it can say something else.
    ///
    /// [`reload::refusal`] has nothing against it. The loops of the newsroom before have ended when this one
    /// [takes over](Newsroom::take_over).
    ///
    /// # Errors
    /// A contact that no header carries.
    pub fn reconfigured(&self, config: Arc<Config>) -> anyhow::Result<Newsroom> {
        let net = self.net.reconfigured(road(&config)).context("open the road to the network")?;
        let at_home =
            if home::is_same(&self.config, &config) { self.at_home.clone() } else { Arc::default() };
        Ok(Newsroom { config, net, at_home, shown: Arc::default(), ..self.clone() })
    }

    /// Makes what is stored and remembered fit this configuration, and judges all accounts by it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn take_over(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        // What was wrong with messages may be mended by it.
        self.vitals.delivery(vitals::Delivery::default());
        threads::take_up(self, now).await?;
        let mut clippings = self.clippings.clone().lock_owned().await;
        let config = self.config.clone();
        let read_anew = self.store.run(move |store| {
            let batch = clippings.read_anew(store, &config.watchlist)?;
            store.commit(batch)
        });
        read_anew.await.context("read what is remembered by the new watchlist")?;
        judge::pass(self, None, now).await?;
        Ok(())
    }

    /// A server of the fediverse, and our way to it with the token for reading there.
    fn server<'a>(&'a self, host: &'a Host) -> Server<'a> {
        Server { net: &self.net, ways: &self.ways, host, token: self.config.mastodon.tokens.get(host) }
    }

    /// Lets the loops look at once, after somebody changed something that they could wait for: posting goes
    /// on, a finding is approved, a digest was made by hand.
    pub fn wake(&self) {
        self.wake.send_replace(());
    }

    /// Changes with every [`Newsroom::wake`].
    pub fn news(&self) -> watch::Receiver<()> {
        self.wake.subscribe()
    }
}

/// What the network has to know of a configuration.
fn road(config: &Config) -> NetConfig {
    NetConfig {
        user_agent: user_agent(config),
        hosts: config.hosts.clone(),
        allowed: targets::configured_servers(config),
        timeouts: Timeouts::default(),
    }
}

/// Opens the store; one of an earlier schema gets a backup and is brought to this one. What kills left beside it goes.
///
/// # Errors
/// What is in the way, with the way out.
fn open_store(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Store> {
    let store = open_or_migrate(config, now)?;
    if let Err(error) = leftovers::sweep(&config.state_dir, &store) {
        tracing::warn!(error = format!("{error:#}"), "what a kill left could not be cleared away");
    }
    Ok(store)
}

fn open_or_migrate(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Store> {
    let (dir, cache) = (&config.state_dir, config.store_cache_mib);
    restore::refuse_half_restored(dir)?;
    match Store::open(dir, cache) {
        Err(StoreError::OlderSchema { .. }) => {}
        Err(newer @ StoreError::NewerSchema { known, .. }) => {
            let way_out = match backup::newest_before(config, known + 1, now) {
                Some(before) => format!("masthead restore --aside {}", before.path.display()),
                None => format!("a backup from before; there is none in {}", config.backup_dir.display()),
            };
            return Err(anyhow::anyhow!(
                "{newer}; go back to that version, or take back what was before it: {way_out}"
            ));
        }
        Err(damaged @ StoreError::Engine { .. }) => {
            let known = known_identity(dir);
            let newest = backup::newest(config, Of::known(known.as_ref()), now);
            let file = newest.map_or("FILE".to_owned(), |newest| newest.path.display().to_string());
            let way_out = format!(
                "the store does not open, and its files are left as they are; `masthead restore --aside {file}` sets \
                 them aside and brings the backup back"
            );
            return Err(anyhow::Error::new(damaged).context(way_out));
        }
        opened => return Ok(opened?),
    }
    let old = Store::open_old(dir, cache)?;
    if !old.is_begun()? {
        let made = backup::before_migration(old.as_it_is(), config, old.schema(), now);
        let made = made.context("make a backup before the store changes its shape; nothing was changed")?;
        tracing::warn!(path = %made.path.display(), "made a backup of the store before it changes its shape");
    }
    old.migrate(&mut |changed| {
        tracing::info!(changed, "the store changes its shape");
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(Store::open(dir, cache)?)
}

/// How we present ourselves to every server: what we are, and whom to write to.
pub fn user_agent(config: &Config) -> String {
    let contact = config.contact.as_deref().unwrap_or("no contact configured");
    format!("Masthead/{} (bot that shows who runs media accounts; {contact})", env!("CARGO_PKG_VERSION"))
}
