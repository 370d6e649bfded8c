//! The clock check: nothing is dated in public, and nothing forgotten, by a clock that is not known to be right.
//!
//! What is held back while this machine's clock is an hour off, or nobody has said yet what time it is:
//! - the look at the schedule and the making of a digest, and the first sending of one that is frozen already,
//! - forgetting, which cannot be undone,
//! - while it is known to be off, the end of a digest under way that only time would bring (given up, held or closed
//!   with posts missing).
//!
//! All else goes on, since it needs no date: corrections, edits, reading back, taking down, and the next posts of a
//! thread that has begun. The home server is asked before every digest, so where posting is on somebody was heard.

use std::fmt;

use chrono::{DateTime, Duration, Utc};

use super::health::span;
use super::{Newsroom, home};
use crate::net::{OurClock, Witnesses};

/// From here on dates in posts would be wrong.
pub const CLOCK_WRONG: Duration = Duration::hours(1);

/// Why nothing may be dated just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrouble {
    Unheard,
    /// It was set after the pass had read it.
    JustSet,
    Wrong {
        by: Duration,
        of: Witnesses,
    },
}

impl fmt::Display for ClockTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockTrouble::Unheard => f.write_str("no server has said yet what time it is"),
            ClockTrouble::JustSet => f.write_str("this machine's clock was set a moment ago"),
            ClockTrouble::Wrong { by, of } => f.write_str(&clock_off(*by, *of)),
        }
    }
}

/// By how much this machine's clock is off, in words; what is ahead by less than nothing is behind.
pub fn clock_off(by: Duration, of: Witnesses) -> String {
    let side = if by > Duration::zero() { "ahead of" } else { "behind" };
    let whose = match of {
        Witnesses::Most => "those of most servers",
        Witnesses::Home => "that of the server we post to",
        Witnesses::Few => "that of the only server heard",
    };
    format!("this machine's clock is {} {side} {whose}", span(by.abs()))
}

/// Why nothing may be dated by this machine's clock as it is.
pub fn trouble(room: &Newsroom) -> Option<ClockTrouble> {
    let home = room.config.publish.as_ref().map(|publish| &publish.server);
    match room.net.our_clock(home) {
        OurClock::OfTrial => None,
        OurClock::Unheard => Some(ClockTrouble::Unheard),
        OurClock::Ahead { by, of } => (by.abs() >= CLOCK_WRONG).then_some(ClockTrouble::Wrong { by, of }),
    }
}

/// The same, where it is enough that nobody said the opposite: a person asks, or the clock was right before.
pub fn known_wrong(room: &Newsroom) -> Option<ClockTrouble> {
    trouble(room).filter(|trouble| matches!(trouble, ClockTrouble::Wrong { .. }))
}

/// Why nothing may be dated by `now`, which a pass has read. Our server is asked once more if the clock seems wrong: a
/// machine that was halted as a whole has heard everybody before its clock was set.
pub async fn trouble_now(room: &Newsroom, now: DateTime<Utc>) -> Option<ClockTrouble> {
    if known_wrong(room).is_some() {
        home::hear_the_time(room).await;
    }
    let is_other = (room.config.clock.now() - now).abs() >= CLOCK_WRONG;
    trouble(room).or(is_other.then_some(ClockTrouble::JustSet))
}
