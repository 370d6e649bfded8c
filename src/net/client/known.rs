//! What the road knows without asking anybody: who is left alone, what time servers have, who is on this machine.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use super::Net;
use crate::clock::Clock;
use crate::model::account::Host;
use crate::net::skew::OurClock;

impl Net {
    /// Until when a host is left alone as a whole, for example after a 429 or a 503.
    pub fn pause_of(&self, host: &Host) -> Option<DateTime<Utc>> {
        self.0.gate.pause_of(host, self.0.clock.now())
    }

    /// Hosts that are left alone in whole or in part: until when, and why. Sorted by host.
    pub fn pauses(&self) -> Vec<(Host, DateTime<Utc>, String)> {
        self.0.gate.pauses(self.0.clock.now())
    }

    /// What the servers that answered lately say of our clock as it is now; `home` is the one that we post to.
    pub fn our_clock(&self, home: Option<&Host>) -> OurClock {
        let clock = &self.0.clock;
        match clock {
            Clock::Scaled(_) => OurClock::OfTrial,
            Clock::Real | Clock::Jumping(_) => self.0.clocks.ours(home, clock.now(), clock.steady()),
        }
    }

    /// The address on this machine that answers for a host, if it is mapped.
    pub fn loopback(&self, host: &Host) -> Option<SocketAddr> {
        self.0.config.hosts.get(host).copied()
    }
}
