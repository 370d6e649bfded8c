//! Prints how long posts wait with the same number of polls, evenly spread and by each account's rhythm.
//!
//! `cargo bench --bench polling`

#[path = "polling/simulation.rs"]
mod simulation;

use simulation::{EVERY, Way, run};

fn main() {
    let minutes = EVERY.num_minutes();
    println!(
        "one poll of each account in {minutes} minutes; two weeks to learn, two to measure; delays in minutes"
    );
    println!("accounts seed   way        polls   mean    p99  longest");
    for accounts in [100, 1_000] {
        for seed in 1..=3 {
            for way in [Way::Uniform, Way::Adaptive] {
                let outcome = run(accounts, seed, way);
                let in_minutes = |span: chrono::Duration| span.num_seconds() as f64 / 60.0;
                println!(
                    "{accounts:8} {seed:4}   {:8} {:7} {:6.1} {:6.1} {:8.1}",
                    format!("{way:?}").to_lowercase(),
                    outcome.polls,
                    in_minutes(outcome.mean),
                    in_minutes(outcome.p99),
                    in_minutes(outcome.longest)
                );
            }
        }
    }
}
