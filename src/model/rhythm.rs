//! Rhythm: how often an account posts and at which hours of the week, learned from what it posted.
//!
//! The rate at a time is a mean rate, times a weight for the hour of the day, times one for the day of the week. All
//! counts fade by half in two weeks, so that a habit that changed is learned anew.

use chrono::{DateTime, Datelike as _, Duration, Timelike as _, Utc};
use serde::{Deserialize, Serialize};

const HOURS: usize = 24;
const DAYS: usize = 7;
/// Counts weigh half as much after so many hours.
const HALF_LIFE_HOURS: f64 = 14.0 * 24.0;
/// What is believed of an account before it was seen posting: one post a day, as if that had been seen for six hours.
/// Accounts differ by a thousand times, so what is seen soon says more.
const PRIOR_POSTS: f64 = 0.25;
const PRIOR_HOURS: f64 = 6.0;
/// So many posts expected in one hour of the day, or on one day of the week, and what was seen there says as much as the
/// belief that all are alike.
const ALIKE: f64 = 0.5;
/// What is longer ago has faded to a sixteenth, and may be a date that somebody made up.
const LEARNED_AT_ONCE: Duration = Duration::weeks(8);
/// A clock that was ahead by more has counted what did not happen.
const CLOCK_ERROR: Duration = Duration::hours(1);
/// Nobody is thought of further ahead.
const AHEAD: Duration = Duration::days(8);

/// What was seen of an account's habit of posting. An empty one says what is believed of a stranger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Until when posts were counted.
    until: Option<DateTime<Utc>>,
    /// By the hour of the day and by the day of the week, in UTC.
    by_hour: [Seen; HOURS],
    by_day: [Seen; DAYS],
}

/// For how many hours posts were counted, and how many came; both faded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Seen(f32, f32);

impl Rhythm {
    /// Counts the posts that came after `from` and not after `until`; what was counted before is not counted again.
    /// A time outside of that span is a claim that we know to be wrong, and taken as its nearer end. Of a longer span only
    /// the last eight weeks count.
    pub fn learn(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        posts: impl IntoIterator<Item = DateTime<Utc>>,
    ) {
        if self.until.is_some_and(|counted| counted - until > CLOCK_ERROR) {
            *self = Rhythm::default();
        }
        let begun = self.until.map_or(from, |counted| counted.max(from));
        if until <= begun {
            return;
        }
        let from = begun.max(until - LEARNED_AT_ONCE);
        self.fade(hours(until - self.until.unwrap_or(from)));
        for (hour, day, span) in spans(from, until) {
            self.by_hour[hour].0 += span as f32;
            self.by_day[day].0 += span as f32;
        }
        for at in posts.into_iter().filter(|at| from == begun || *at >= from) {
            let (hour, day) = place(at.clamp(from, until));
            self.by_hour[hour].1 += 1.0;
            self.by_day[day].1 += 1.0;
        }
        self.until = Some(until);
    }

    fn fade(&mut self, hours: f64) {
        let share = 0.5_f64.powf(hours / HALF_LIFE_HOURS) as f32;
        for seen in self.by_hour.iter_mut().chain(&mut self.by_day) {
            *seen = Seen(seen.0 * share, seen.1 * share);
        }
    }

    /// What is to be expected of the whole week.
    pub fn habit(&self) -> Habit {
        let total =
            self.by_day.iter().fold(Seen::default(), |sum, seen| Seen(sum.0 + seen.0, sum.1 + seen.1));
        let mean = (f64::from(total.1) + PRIOR_POSTS) / (f64::from(total.0) + PRIOR_HOURS);
        let weight = |seen: Seen| (f64::from(seen.1) + ALIKE) / (mean * f64::from(seen.0) + ALIKE);
        Habit { mean, by_hour: evened(self.by_hour.map(weight)), by_day: evened(self.by_day.map(weight)) }
    }
}

/// The rate of an account over the week: posts an hour in the mean, times a weight of the hour, times one of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Habit {
    mean: f64,
    by_hour: [f64; HOURS],
    by_day: [f64; DAYS],
}

/// Weights with a mean of 1.
fn evened<const N: usize>(weights: [f64; N]) -> [f64; N] {
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight * N as f64 / sum)
}

impl Habit {
    /// Posts an hour to be expected at this hour of the day on this day of the week.
    fn rate(&self, (hour, day): (usize, usize)) -> f64 {
        self.mean * self.by_hour[hour] * self.by_day[day]
    }

    /// The rate at each hour of a week, from Monday on.
    pub fn week(&self) -> impl Iterator<Item = f64> {
        (0..DAYS).flat_map(move |day| (0..HOURS).map(move |hour| self.rate((hour, day))))
    }

    /// When what was posted since `from` and not read is expected to have waited for `delay` hours, all posts
    /// together, or to be `posts` posts: whichever is first, at most eight days later.
    pub fn worth_a_poll(&self, from: DateTime<Utc>, delay: f64, posts: f64) -> DateTime<Utc> {
        let (mut at, mut count, mut waited) = (from, 0.0, 0.0);
        for (hour, day, span) in spans(from, from + AHEAD) {
            let rate = self.rate((hour, day));
            let more = reaches(rate, count, delay - waited).min((posts - count) / rate);
            if more <= span {
                return at + milliseconds(more.max(0.0));
            }
            waited += count * span + rate * span * span / 2.0;
            count += rate * span;
            at += milliseconds(span);
        }
        from + AHEAD
    }
}

/// The hour of the day and the day of the week.
fn place(at: DateTime<Utc>) -> (usize, usize) {
    (at.hour() as usize % HOURS, at.weekday().num_days_from_monday() as usize % DAYS)
}

/// The hours of the clock between two times, the first and the last perhaps in part: hour, day, and how much of it.
fn spans(from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = (usize, usize, f64)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let (hour, day) = place(at);
        let begun = Duration::milliseconds(at.timestamp_millis().rem_euclid(3_600_000));
        let next = (at - begun + Duration::hours(1)).min(until);
        let span = (at < until).then(|| hours(next - at));
        at = next;
        span.map(|span| (hour, day, span))
    })
}

/// After how many hours `count` posts that wait, and new ones at `rate`, have waited for `delay` hours together: the
/// positive root of `count x + rate x² / 2 = delay`.
fn reaches(rate: f64, count: f64, delay: f64) -> f64 {
    if delay.is_infinite() {
        return f64::INFINITY;
    }
    let root = (count * count + 2.0 * rate * delay.max(0.0)).sqrt();
    2.0 * delay.max(0.0) / (count + root).max(f64::MIN_POSITIVE)
}

fn hours(span: Duration) -> f64 {
    span.num_milliseconds() as f64 / 3_600_000.0
}

fn milliseconds(hours: f64) -> Duration {
    Duration::milliseconds((hours * 3_600_000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        "2026-11-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::hours(hour)
    }

    /// Four weeks of four posts an hour from eight to ten in the morning.
    fn early() -> Rhythm {
        let mut rhythm = Rhythm::default();
        for day in 0..28 {
            let posts = (0..8).map(|n| at(day * 24 + 8) + Duration::minutes(15 * n));
            rhythm.learn(at(day * 24), at(day * 24 + 24), posts);
        }
        rhythm
    }

    #[test]
    fn the_rate_and_the_hours_are_learned() {
        let habit = early().habit();
        assert!((habit.mean * 24.0 - 8.0).abs() < 0.4, "{}", habit.mean * 24.0);
        assert!(habit.rate(place(at(8))) > 10.0 * habit.rate(place(at(20))));
        assert!((habit.week().sum::<f64>() / 168.0 / habit.mean - 1.0).abs() < 1e-4);
        assert!(habit.week().enumerate().all(|(hour, rate)| rate == habit.rate(place(at(hour as i64)))));
    }

    #[test]
    fn what_was_counted_once_is_not_counted_again() {
        let mut rhythm = early();
        let before = rhythm.clone();
        rhythm.learn(at(0), at(28 * 24), [at(5)]);
        assert_eq!(rhythm, before);
    }

    #[test]
    fn an_old_post_teaches_no_silence_and_a_clock_that_was_ahead_no_future() {
        let mut imported = early();
        let mut plain = early();
        let posts = (0..8).map(|n| at(28 * 24 + 8) + Duration::minutes(15 * n));
        let old = at(-20 * 365 * 24);
        let mut first = Rhythm::default();
        first.learn(old, at(28 * 24), std::iter::once(old).chain([at(28 * 24 - 3)]));
        assert!(first.habit().mean > 0.5 / LEARNED_AT_ONCE.num_hours() as f64);
        // Years ahead and back again.
        imported.learn(at(28 * 24), at(400 * 24), []);
        imported.learn(at(28 * 24), at(29 * 24), posts.clone());
        plain.learn(at(28 * 24), at(29 * 24), posts);
        assert!(imported.habit().mean > plain.habit().mean / 2.0);
    }

    #[test]
    fn a_busy_monday_says_nothing_of_tuesday() {
        let mut rhythm = Rhythm::default();
        rhythm.learn(at(0), at(24), (0..240).map(|n| at(0) + Duration::minutes(6 * n)));
        let habit = rhythm.habit();
        assert!(habit.rate(place(at(24))) > habit.rate(place(at(0))) / 2.0);
    }

    #[test]
    fn a_poll_is_worth_most_when_much_waits() {
        let habit = early().habit();
        // After midnight nothing is expected until the morning.
        let due = habit.worth_a_poll(at(0), 2.0, 30.0);
        assert!(due > at(8) && due < at(11), "{due}");
        // Nothing waits that has been read.
        let again = habit.worth_a_poll(at(11), 2.0, 30.0);
        assert!(again - at(11) > Duration::hours(10), "{again}");
    }

    #[test]
    fn a_page_of_posts_is_worth_a_poll_however_little_they_waited() {
        let mut rhythm = Rhythm::default();
        rhythm.learn(at(0), at(24), (0..24 * 60).map(|minute| at(0) + Duration::minutes(minute)));
        let due = rhythm.habit().worth_a_poll(at(24), 1e6, 30.0);
        assert!((hours(due - at(24)) - 0.5).abs() < 0.2, "{due}");
    }

    #[test]
    fn waiting_is_counted_to_the_moment() {
        // One an hour, all hours alike: x²/2 = 2 after two hours.
        let mut rhythm = Rhythm::default();
        rhythm.learn(at(0), at(168 * 8), (0..168 * 8).map(at));
        let due = rhythm.habit().worth_a_poll(at(168 * 8), 2.0, 1e6);
        assert!((hours(due - at(168 * 8)) - 2.0).abs() < 0.05, "{due}");
    }

    #[test]
    fn whoever_was_never_seen_posting_is_asked_for_some_day() {
        let mut rhythm = Rhythm::default();
        rhythm.learn(at(0), at(24 * 400), []);
        assert_eq!(rhythm.habit().worth_a_poll(at(0), 1e9, 1e9), at(0) + AHEAD);
    }
}
