//! What all hosts of a running world share, and what one server sees of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::model::account::Host;

use super::cast::Server;
use super::faults::Faults;
use super::grants::Grants;
use super::limits::{Allowance, Balance, Limits};
use super::outbox::Outbox;
use super::threads::Counter;
use super::wire::View;
use super::world::World;

/// The running world.
#[derive(Debug)]
pub struct Stage {
    pub world: World,
    pub clock: Clock,
    pub faults: Faults,
    outbox: Mutex<Outbox>,
    grants: Mutex<Grants>,
    limits: Mutex<Limits>,
    /// What Threads remembers of its callers.
    pub threads: Counter,
}

/// One host of the running world's Threads.
#[derive(Debug, Clone)]
pub struct ThreadsScene {
    pub stage: Arc<Stage>,
    pub host: Host,
}

/// One server of the running world.
#[derive(Debug, Clone)]
pub struct Scene {
    pub stage: Arc<Stage>,
    pub server: Arc<Server>,
}

/// Bluesky in the running world.
#[derive(Debug, Clone)]
pub struct Sky {
    pub stage: Arc<Stage>,
}

impl Stage {
    pub fn new(world: World, clock: Clock, (outbox, grants): (Outbox, Grants)) -> Stage {
        Stage {
            world,
            clock,
            faults: Faults::default(),
            outbox: Mutex::new(outbox),
            grants: Mutex::new(grants),
            limits: Mutex::default(),
            threads: Counter::default(),
        }
    }

    /// Held only while one request is worked on, so that what clients do has one order.
    pub fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As the outbox: held while one request is worked on.
    pub fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn take(&self, host: &Host, caller: &str, what: Allowance, now: DateTime<Utc>) -> Balance {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).take(host, caller, what, now)
    }
}

impl Scene {
    pub fn now(&self) -> DateTime<Utc> {
        self.stage.clock.now()
    }

    /// What this server shows with this outbox at this time.
    pub fn view<'a>(&'a self, outbox: &'a Outbox, now: DateTime<Utc>) -> View<'a> {
        View { world: &self.stage.world, server: &self.server, outbox, now }
    }
}
