//! The watchdog: systemd hears that all is well only while both loops end their passes in time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::notify;

/// How old the last pass of the other loop may be. Collection ends one every fifteen minutes at the worst: five
/// of idling, ten for all sites at their time limits. Publication looks every two minutes, and twelve posts of
/// which each needs a send and a look at the time limit take twelve.
const IN_TIME: Duration = Duration::from_secs(20 * 60);

/// Who has to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loop {
    Collection,
    Publication,
}

/// When each loop last ended a pass, in real time: a trial's clock says nothing about a hang.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchdog(Arc<Mutex<Passes>>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Passes {
    collection: Option<Instant>,
    publication: Option<Instant>,
}

impl Watchdog {
    /// A loop has ended a pass; systemd is told if the other one is alive as well.
    pub fn passed(&self, which: Loop) {
        let mut passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if passes.note(which, Instant::now()) {
            notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

impl Passes {
    /// Notes a pass, and whether the other loop's last one is young enough.
    fn note(&mut self, which: Loop, now: Instant) -> bool {
        let (own, other) = match which {
            Loop::Collection => (&mut self.collection, self.publication),
            Loop::Publication => (&mut self.publication, self.collection),
        };
        *own = Some(now);
        other.is_some_and(|other| now.saturating_duration_since(other) <= IN_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these passes, by loop and minute, systemd hears of.
    fn heard(passes: &[(Loop, u64)]) -> Vec<bool> {
        let begun = Instant::now();
        let mut known = Passes::default();
        let note =
            |(which, minute): &(Loop, u64)| known.note(*which, begun + Duration::from_secs(60 * minute));
        passes.iter().map(note).collect()
    }

    #[test]
    fn one_loop_alone_does_not_keep_the_service_alive() {
        use Loop::{Collection, Publication};
        assert_eq!(heard(&[(Collection, 0), (Collection, 5), (Collection, 10)]), [false; 3]);
        assert_eq!(heard(&[(Publication, 0), (Publication, 2)]), [false; 2]);
        assert_eq!(heard(&[(Collection, 0), (Publication, 1), (Collection, 5)]), [false, true, true]);
        // Publication hangs from minute 1 on.
        assert_eq!(
            heard(&[(Collection, 0), (Publication, 1), (Collection, 21), (Collection, 22)]),
            [false, true, true, false]
        );
        // So does collection here; and it comes back.
        let hang =
            [(Collection, 0), (Publication, 20), (Publication, 22), (Collection, 23), (Publication, 24)];
        assert_eq!(heard(&hang), [false, true, false, true, true]);
    }
}
