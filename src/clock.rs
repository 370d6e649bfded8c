//! The one clock: real, or scaled so that a trial sees weeks pass in minutes.

use std::time::Duration as RealDuration;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Where time comes from. A pass reads it once, at the doors; everything else gets that `now`.
///
/// Scaled are schedules, backoff, read-back waits and limits; network timeouts stay real.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Clock {
    Real,
    Scaled(Scale),
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

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let real = Utc::now();
        match self {
            Clock::Real => real,
            Clock::Scaled(scale) => {
                let passed = (real - scale.anchor).num_microseconds().unwrap_or(i64::MAX) as f64;
                scale.origin + Duration::microseconds((passed * scale.rate) as i64)
            }
        }
    }

    /// The real time in which so much of this clock's time passes; nothing for negative spans.
    pub fn real(&self, span: Duration) -> RealDuration {
        let span = span.to_std().unwrap_or_default();
        match self {
            Clock::Real => span,
            Clock::Scaled(scale) => span.div_f64(scale.rate),
        }
    }

    /// Waits for a span of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now() + span).await;
    }

    /// Waits until this clock shows `then`, at once if it does already.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub async fn sleep_until(&self, then: DateTime<Utc>) {
        loop {
            let left = then - self.now();
            if left <= Duration::zero() {
                return;
            }
            tokio::time::sleep(self.real(left).clamp(RealDuration::from_millis(1), LONGEST_SLICE)).await;
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
        let again = Clock::Scaled(Scale { origin, anchor, rate: 36_000.0 });
        assert!(again.now() >= before);
        assert_eq!(clock.real(Duration::hours(10)), RealDuration::from_secs(1));
    }
}
