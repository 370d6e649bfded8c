//! The one clock: real, scaled so that a trial sees weeks pass in minutes, or jumping over all waiting.

mod jump;

use std::time::Duration as RealDuration;

use chrono::{DateTime, Duration, Utc};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

pub use jump::{Jump, Work};

/// Where time comes from. A pass reads it once, at the doors; everything else gets that `now`.
///
/// Scaled are schedules, backoff, read-back waits and limits; network timeouts stay real.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    Real,
    Scaled(Scale),
    /// Stands still while anybody works and jumps to the next thing due when all are idle. It needs
    /// somebody to [drive](Clock::drive) it.
    Jumping(&'static Jump),
}

/// Virtual time = `origin` + (real time - `anchor`) × `rate`, so a restart does not rewind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub origin: DateTime<Utc>,
    pub anchor: DateTime<Utc>,
    pub rate: f64,
}

/// Waits are cut into slices, so that a jump of the wall clock is noticed.
const LONGEST_SLICE: RealDuration = RealDuration::from_secs(60);

/// Where there is one it counts the sleep of the machine as well.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

impl Clock {
    /// A clock that jumps, from this time on. Its state is never freed, so that clocks stay plain values
    /// that are handed around: a process makes one, a test some.
    pub fn jumping(from: DateTime<Utc>) -> Clock {
        Clock::Jumping(Box::leak(Box::new(Jump::new(from))))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::Real => Utc::now(),
            Clock::Scaled(scale) => {
                let passed = (Utc::now() - scale.anchor).num_microseconds().unwrap_or(i64::MAX) as f64;
                scale.origin + Duration::microseconds((passed * scale.rate) as i64)
            }
            Clock::Jumping(jump) => jump.now(),
        }
    }

    /// Time that has passed since some moment of which nothing is known. Nobody sets it, and it goes on while the
    /// machine sleeps; only differences mean something.
    pub fn steady(&self) -> Duration {
        match self {
            Clock::Real | Clock::Scaled(_) => {
                let passed = clock_gettime(STEADY);
                Duration::seconds(passed.tv_sec) + Duration::nanoseconds(passed.tv_nsec)
            }
            Clock::Jumping(jump) => jump.now() - DateTime::UNIX_EPOCH,
        }
    }

    /// Waits for a span of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now() + span).await;
    }

    /// Waits until this clock shows `then`, at once if it does already. No longer than that takes as it goes now: where
    /// the clock of the machine is set back meanwhile, it is over early, and whoever waits looks again.
    pub async fn sleep_until(&self, then: DateTime<Utc>) {
        match self {
            Clock::Real => self.sleep_in_slices(then, 1.0).await,
            Clock::Scaled(scale) => self.sleep_in_slices(then, scale.rate).await,
            Clock::Jumping(jump) => {
                jump.sleep_until(then).await;
            }
        }
    }

    /// Waits until this clock shows `then` and says from that very moment on that work is under way. Whoever is not run by
    /// the runtime that drives a jumping clock has to wait like this: it would be elsewhere before they have begun.
    pub async fn work_from(&self, then: DateTime<Utc>) -> Work {
        match self {
            Clock::Real | Clock::Scaled(_) => {
                self.sleep_until(then).await;
                Work::untold()
            }
            Clock::Jumping(jump) => jump.work_from(then).await,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep_in_slices(&self, then: DateTime<Utc>, rate: f64) {
        let real = |span: Duration| span.to_std().unwrap_or_default().div_f64(rate);
        let begun = self.steady();
        let span = real(then - self.now());
        loop {
            let passed = (self.steady() - begun).to_std().unwrap_or_default();
            let left = real(then - self.now()).min(span.saturating_sub(passed));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.clamp(RealDuration::from_millis(1), LONGEST_SLICE)).await;
        }
    }

    /// Says that work is under way, as long as the guard lives: a jumping clock stands still meanwhile.
    ///
    /// Whatever waits for anything but this clock or another task of ours has to hold one: a request from
    /// its start to its last byte, work on other threads until its result is taken. Nobody may sleep by
    /// this clock with a guard in hand: it would stand still for ever.
    pub fn work(&self) -> Work {
        match self {
            Clock::Real | Clock::Scaled(_) => Work::untold(),
            Clock::Jumping(jump) => jump.work(),
        }
    }

    /// Whether it jumps: then looking at something every minute costs a pass for each.
    pub fn jumps(&self) -> bool {
        matches!(self, Clock::Jumping(_))
    }

    /// From now on so many seconds of a jumping clock pass in a second at most; with `None` it jumps again.
    /// Other clocks have the pace they have.
    pub fn set_pace(&self, pace: Option<f64>) {
        if let Clock::Jumping(jump) = self {
            jump.set_pace(pace);
        }
    }

    /// Makes a jumping clock jump; never ends. Belongs on the one-threaded runtime on which everybody runs
    /// who sleeps by it, once for each clock. Other clocks need nobody.
    pub async fn drive(&self) {
        match self {
            Clock::Real | Clock::Scaled(_) => std::future::pending().await,
            Clock::Jumping(jump) => jump.drive().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_scaled_clock_runs_faster_and_does_not_rewind_when_made_again() {
        let anchor = Clock::Real.now();
        let origin = "2026-11-02T00:00:00Z".parse().unwrap();
        let clock = Clock::Scaled(Scale { origin, anchor, rate: 36_000.0 });
        clock.sleep(Duration::minutes(10)).await;
        let before = clock.now();
        assert!(before >= origin + Duration::minutes(10));
        assert!(Clock::Real.now() - anchor < Duration::minutes(1));
        let again = Clock::Scaled(Scale { origin, anchor, rate: 36_000.0 });
        assert!(again.now() >= before);
    }
}
