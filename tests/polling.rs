//! With the same number of polls, posts of a thousand accounts wait at most half as long as with even intervals, and
//! the last percent of them not much longer.

#[path = "../benches/polling/simulation.rs"]
mod simulation;

use simulation::{EVERY, Way, run};

#[test]
fn polls_by_rhythm_halve_the_mean_delay_and_let_nobody_wait_much_longer() {
    let (uniform, adaptive) = (run(1_000, 1, Way::Uniform), run(1_000, 1, Way::Adaptive));
    // Rates are learned from what came, so that the budget is met up to a hundredth.
    assert!(adaptive.polls * 100 <= uniform.polls * 101, "{adaptive:?} {uniform:?}");
    assert!(adaptive.mean * 2 <= uniform.mean, "{adaptive:?} {uniform:?}");
    assert!(adaptive.p99 * 2 <= uniform.p99 * 3, "{adaptive:?} {uniform:?}");
    assert!(adaptive.longest <= EVERY * 3 / 2, "{adaptive:?}");
}
