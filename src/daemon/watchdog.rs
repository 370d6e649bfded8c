//! The watchdog: systemd hears that all is well only while both loops get on with their passes, and passes end.
//!
//! A wait is no hang: a host that wants rest for hours ends the pass, and the loop looks again every few minutes. A pass
//! may take long, as long as it gets on, request by request. It outlives reloads, which by themselves are no sign of life.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::notify;
use crate::clock::Clock;
use crate::cycle::vitals::{Progress, Vitals};

/// How old the last sign of a loop may be. Collection looks every five minutes, publication every two; within a pass a
/// request takes a minute at the worst, and judgement of all accounts after a reload some minutes.
const IN_TIME: Duration = Duration::from_secs(20 * 60);
/// What gets on and on and does not end goes in a circle: the longest pass, all sites at their time limits, takes an hour.
const LONGEST_PASS: Duration = Duration::from_secs(6 * 3600);
/// Between two looks at how far passes are.
const LOOK_EVERY: chrono::Duration = chrono::Duration::minutes(1);

/// Who has to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loop {
    Collection,
    Publication,
}

/// When each loop last gave a sign, in real time: a trial's clock says nothing about a hang.
#[derive(Debug, Clone)]
pub(super) struct Watchdog {
    vitals: Vitals,
    signs: Arc<Mutex<Signs>>,
}

#[derive(Debug, Default)]
struct Signs {
    collection: Sign,
    publication: Sign,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sign {
    /// `None` = it has not ended a pass since the start.
    last: Option<Instant>,
    /// When the pass under way began.
    begun: Option<Instant>,
    /// What it had done by then.
    done: u64,
}

impl Watchdog {
    pub fn new(vitals: Vitals) -> Watchdog {
        Watchdog { vitals, signs: Arc::default() }
    }

    /// A loop begins a pass.
    pub fn begins(&self, which: Loop) {
        self.signs().of(which).begun = Some(Instant::now());
    }

    /// A loop has ended a pass; systemd is told if the other one is alive as well.
    pub fn passed(&self, which: Loop) {
        let now = Instant::now();
        self.signs().pass(which, now);
        self.tell(now);
    }

    /// Tells systemd while passes get on, until the service stops.
    pub async fn beat(self, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return Ok(()),
                () = Clock::Real.sleep(LOOK_EVERY) => self.tell(Instant::now()),
            }
        }
    }

    fn tell(&self, now: Instant) {
        if self.signs().are_alive(self.vitals.progress(), now) {
            notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    fn signs(&self) -> std::sync::MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signs {
    fn of(&mut self, which: Loop) -> &mut Sign {
        match which {
            Loop::Collection => &mut self.collection,
            Loop::Publication => &mut self.publication,
        }
    }

    fn pass(&mut self, which: Loop, now: Instant) {
        let sign = self.of(which);
        (sign.last, sign.begun) = (Some(now), None);
    }

    /// Takes what the passes under way have done, and says whether both loops are well.
    fn are_alive(&mut self, progress: Progress, now: Instant) -> bool {
        let collection = self.collection.is_alive(progress.collection, now);
        self.publication.is_alive(progress.publication, now) && collection
    }
}

impl Sign {
    fn is_alive(&mut self, done: u64, now: Instant) -> bool {
        if done != self.done {
            self.done = done;
            // The first sign is a whole pass.
            self.last = self.last.map(|_| now);
        }
        let is_young = |at: Instant, most: Duration| now.saturating_duration_since(at) <= most;
        self.last.is_some_and(|last| is_young(last, IN_TIME))
            && self.begun.is_none_or(|begun| is_young(begun, LONGEST_PASS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Loop::{Collection, Publication};

    /// A service that is seen minute by minute.
    struct Seen {
        start: Instant,
        signs: Signs,
        progress: Progress,
    }

    impl Seen {
        fn new() -> Seen {
            Seen { start: Instant::now(), signs: Signs::default(), progress: Progress::default() }
        }

        fn at(&self, minute: u64) -> Instant {
            self.start + Duration::from_secs(60 * minute)
        }

        fn begins(&mut self, which: Loop, minute: u64) {
            self.signs.of(which).begun = Some(self.at(minute));
        }

        fn passed(&mut self, which: Loop, minute: u64) -> bool {
            self.signs.pass(which, self.at(minute));
            self.is_alive(minute)
        }

        fn is_alive(&mut self, minute: u64) -> bool {
            let now = self.at(minute);
            self.signs.are_alive(self.progress, now)
        }
    }

    #[test]
    fn one_loop_alone_does_not_keep_the_service_alive() {
        let mut seen = Seen::new();
        assert!(!seen.passed(Collection, 0) && !seen.passed(Collection, 5));
        assert!(seen.passed(Publication, 6));
        // Publication hangs from minute 6 on, and comes back.
        assert!(seen.passed(Collection, 26));
        assert!(!seen.passed(Collection, 27));
        assert!(seen.passed(Publication, 28));
    }

    #[test]
    fn a_long_pass_that_gets_on_is_no_hang_and_one_that_does_not_is() {
        let mut seen = Seen::new();
        seen.passed(Publication, 0);
        seen.passed(Collection, 0);
        seen.begins(Collection, 1);
        for minute in 1..120 {
            seen.progress.collection += 1;
            assert!(seen.passed(Publication, minute), "{minute}");
        }
        let hangs: Vec<u64> = (120..180).filter(|minute| !seen.passed(Publication, *minute)).collect();
        assert_eq!(hangs.first(), Some(&140));
        assert_eq!(hangs.len(), 40);
    }

    #[test]
    fn a_pass_that_goes_in_a_circle_ends_the_service() {
        let mut seen = Seen::new();
        seen.passed(Publication, 0);
        seen.passed(Collection, 0);
        seen.begins(Publication, 0);
        let mut is_alive = |minute| {
            seen.progress.publication += 1;
            seen.passed(Collection, minute)
        };
        assert!((0..=360).all(&mut is_alive));
        assert!(!is_alive(361));
    }

    /// A loop that hangs while its configuration is replaced again and again gives no sign by that.
    #[test]
    fn a_reload_is_no_sign_of_life() {
        let mut seen = Seen::new();
        seen.passed(Publication, 0);
        seen.passed(Collection, 0);
        // The loops of the next configuration begin; none ends a pass.
        for minute in [10, 20] {
            seen.begins(Collection, minute);
            seen.begins(Publication, minute);
            assert!(seen.is_alive(minute));
        }
        seen.begins(Collection, 21);
        assert!(!seen.is_alive(21));
    }
}
