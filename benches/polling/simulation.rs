//! Accounts that post as they like for four weeks, polled with the same budget at even intervals and by their rhythm.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Duration, Utc};
use masthead::cycle::due::worth::Worth;
use masthead::model::rhythm::{Habit, Rhythm};

/// The common interval: the budget is one poll of each account in this time.
pub const EVERY: Duration = Duration::minutes(50);
const LEARNED_FOR: Duration = Duration::weeks(2);
const MEASURED_FOR: Duration = Duration::weeks(2);
/// Worth is found anew so often.
const RENEWED_EVERY: Duration = Duration::hours(6);

/// How long posts waited, and what it cost.
#[derive(Debug)]
pub struct Outcome {
    pub polls: usize,
    /// Of all posts.
    pub mean: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

/// A generator of numbers that gives the same ones everywhere (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// The posts of one account, oldest first: a rate out of four decades, office hours somewhere on earth, quieter
/// weekends, and for every third account a habit that changes in the middle.
fn posts(random: &mut Random, start: DateTime<Utc>, span: Duration) -> Vec<DateTime<Utc>> {
    let per_day = (random.normal() * 2.0).exp().min(150.0);
    let (midday, width) = (random.unit() * 24.0, 3.0 + random.unit() * 4.0);
    let weekend = random.unit();
    let change = if random.unit() < 1.0 / 3.0 { (random.normal() * 1.2).exp() } else { 1.0 };
    let mut posts = Vec::new();
    for hour in 0..span.num_hours() {
        let away = ((hour % 24) as f64 - midday).rem_euclid(24.0);
        let away = away.min(24.0 - away);
        let by_hour = (0.02 + (-(away / width).powi(2) / 2.0).exp()) / (0.02 + width * 2.5066 / 24.0);
        let by_day = if (hour / 24) % 7 >= 5 { weekend } else { 1.0 };
        let later = if hour > span.num_hours() / 2 { change } else { 1.0 };
        let mut expected = per_day / 24.0 * by_hour * by_day * later;
        // Arrivals of a Poisson process within the hour.
        let mut at = 0.0;
        loop {
            at += -(1.0 - random.unit()).ln() / expected.max(1e-9);
            if at >= 1.0 {
                break;
            }
            posts.push(start + Duration::hours(hour) + Duration::milliseconds((at * 3_600_000.0) as i64));
            expected = expected.max(1e-9);
        }
    }
    posts
}

/// How the next poll of an account is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Uniform,
    Adaptive,
}

/// So many accounts, polled in this way.
pub fn run(accounts: usize, seed: u64, way: Way) -> Outcome {
    let start: DateTime<Utc> = "2026-08-03T00:00:00Z".parse().expect("a time");
    let (measured, end) = (start + LEARNED_FOR, start + LEARNED_FOR + MEASURED_FOR);
    let mut random = Random(seed);
    let posts: Vec<_> = (0..accounts).map(|_| posts(&mut random, start, end - start)).collect();
    let mut rhythms = vec![Rhythm::default(); accounts];
    let mut read = vec![(start, 0usize); accounts];
    let mut habits: Vec<Habit> = rhythms.iter().map(Rhythm::habit).collect();
    let (mut worth, mut renewed) = (Worth::of(&habits, EVERY), start);
    let mut due: BinaryHeap<_> =
        (0..accounts).map(|id| Reverse((start + EVERY * id as i32 / accounts as i32, id))).collect();
    let (mut polls, mut waits) = (0, Vec::new());
    while let Some(Reverse((now, id))) = due.pop() {
        if now >= end {
            continue;
        }
        let (last, known) = read[id];
        let new = known + posts[id][known..].partition_point(|at| *at <= now);
        if now >= measured {
            polls += 1;
            waits.extend(posts[id][known..new].iter().map(|at| now - *at));
        }
        read[id] = (now, new);
        let next = match way {
            Way::Uniform => now + EVERY,
            Way::Adaptive => {
                if last < now {
                    rhythms[id].learn(last, now, posts[id][known..new].iter().copied());
                }
                habits[id] = rhythms[id].habit();
                if now - renewed >= RENEWED_EVERY {
                    (worth, renewed) = (Worth::of(&habits, EVERY), now);
                }
                worth.due(&habits[id], now)
            }
        };
        due.push(Reverse((next, id)));
    }
    waits.sort();
    let mean = waits.iter().sum::<Duration>() / waits.len().max(1) as i32;
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    Outcome { polls, mean, p99: at(0.99), longest: at(1.0) }
}
