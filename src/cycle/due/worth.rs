//! What a poll must be worth: accounts share a budget of polls so that all their posts together wait least.
//!
//! An account is due when its posts since the last poll are expected to have waited for so long together, the same for
//! all that share a budget. That spends polls in proportion to the root of each rate, which is the optimum, and at
//! the hours at which an account posts.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::threads_interval;
use crate::model::account::Network;
use crate::model::rhythm::Habit;
use crate::model::target::{Target, TargetRecord};

/// No account is read oftener than this, nor than twelve times as often as those with whom it shares: posts cost
/// nothing to whoever wants us to come often.
const LEAST: Duration = Duration::minutes(5);
const MOST_SHARES: i32 = 12;
/// So much of the common interval has to pass before a full page is a reason: these polls stand in no budget.
const SHARE_FOR_A_PAGE: i32 = 4;
/// Half a page of forty and a little more: a habit may be wrong by as much before a walk to a second page is needed.
const POSTS: f64 = 25.0;
/// Hours in a week.
const WEEK: usize = 168;
/// Of fifteen decades: exact to a thousandth.
const HALVINGS: usize = 36;

/// How long the posts of one account wait until it is read, in hours, all of them together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    hours: f64,
    /// The interval of one account if all had the same.
    every: Duration,
}

impl Worth {
    /// By which accounts with these habits are polled as often in all as if each were read `every` so often.
    pub fn of<'a>(habits: impl IntoIterator<Item = &'a Habit>, every: Duration) -> Worth {
        // Of every hour of every account: with polls x hours apart, posts at this rate wait rate × x² / 2 together.
        let roots: Vec<f32> =
            habits.into_iter().flat_map(|habit| habit.week().map(|rate| rate.sqrt() as f32)).collect();
        let budget = roots.len() as f64 / hours(every);
        let (least, most) = bounds(every);
        let (rarest, most_often) = (1.0 / hours(most) as f32, 1.0 / hours(least) as f32);
        let spent = |worth: f64| -> f64 {
            let scale = 1.0 / (2.0 * worth).sqrt() as f32;
            roots
                .chunks(WEEK)
                .map(|week| week.iter().map(|root| (root * scale).clamp(rarest, most_often)).sum::<f32>())
                .map(f64::from)
                .sum()
        };
        // The larger the worth, the fewer polls.
        let (mut low, mut high) = (1e-6_f64, 1e9_f64);
        for _ in 0..HALVINGS {
            let middle = (low * high).sqrt();
            match spent(middle) > budget {
                true => low = middle,
                false => high = middle,
            }
        }
        Worth { hours: high, every }
    }

    /// When an account with this habit is due that was read at `read`: never sooner than is polite, and never later than
    /// one and a half times the common interval, since habits change.
    pub fn due(self, habit: &Habit, read: DateTime<Utc>) -> DateTime<Utc> {
        let (least, most) = bounds(self.every);
        let full = habit.worth_a_poll(read, f64::INFINITY, POSTS).max(read + self.every / SHARE_FOR_A_PAGE);
        habit.worth_a_poll(read, self.hours, f64::INFINITY).min(full).clamp(read + least, read + most)
    }
}

/// When an account read at `read` is expected to have posted so much that one page hardly holds it.
pub fn before_a_page(habit: &Habit, read: DateTime<Utc>) -> DateTime<Utc> {
    habit.worth_a_poll(read, f64::INFINITY, POSTS).max(read + LEAST)
}

/// What a poll must be worth, by the interval of those who share a budget.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Worths {
    of: BTreeMap<u32, Worth>,
    /// Accounts on Threads, which share a number of requests a day.
    on_threads: usize,
}

impl Worths {
    /// Of everything that is polled.
    pub fn of(targets: &[Arc<TargetRecord>]) -> Worths {
        let mut sharing: BTreeMap<u32, Vec<Habit>> = BTreeMap::new();
        for paced in targets.iter().filter_map(|record| record.paced.as_ref()) {
            sharing.entry(paced.every_minutes).or_default().push(paced.rhythm.habit());
        }
        let worth = |(minutes, habits): (u32, Vec<Habit>)| {
            (minutes, Worth::of(&habits, Duration::minutes(i64::from(minutes))))
        };
        let is_there = |record: &&Arc<TargetRecord>| matches!(&record.target, Target::Account { acct } if acct.network() == Network::Threads);
        let on_threads = targets.iter().filter(is_there).count();
        Worths { of: sharing.into_iter().map(worth).collect(), on_threads }
    }

    /// The least common interval that a network allows for all that is read there.
    pub fn least(&self, network: Network) -> Duration {
        match network {
            Network::Threads => threads_interval(self.on_threads),
            _ => Duration::zero(),
        }
    }

    /// `None` while nobody has this interval: the first one is read at it.
    pub fn get(&self, every: Duration) -> Option<Worth> {
        self.of.get(&in_minutes(every)).copied()
    }
}

/// An interval as it is noted.
pub fn in_minutes(every: Duration) -> u32 {
    u32::try_from(every.num_minutes().max(1)).unwrap_or(u32::MAX)
}

fn bounds(every: Duration) -> (Duration, Duration) {
    (LEAST.max(every / MOST_SHARES).min(every), every * 3 / 2)
}

fn hours(span: Duration) -> f64 {
    span.num_milliseconds() as f64 / 3_600_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::Acct;
    use crate::model::rhythm::Rhythm;
    use crate::model::target::{Paced, Target};

    fn start() -> DateTime<Utc> {
        "2026-11-02T00:00:00Z".parse().unwrap()
    }

    /// An account that posted so often a day, at all hours, for eight weeks.
    fn posting(name: &str, a_day: i32) -> Arc<TargetRecord> {
        let acct: Acct = format!("{name}@social.example").parse().unwrap();
        let mut rhythm = Rhythm::default();
        let end = start() + Duration::weeks(8);
        let at = |n| start() + Duration::days(1) * n / a_day + Duration::hours(i64::from(n) * 7 % 24);
        rhythm.learn(start(), end, (0..56 * a_day).map(at));
        let paced = Some(Box::new(Paced { rhythm, every_minutes: 40 }));
        Arc::new(TargetRecord { paced, ..TargetRecord::new(Target::Account { acct }, start()) })
    }

    fn habit_of(record: &TargetRecord) -> Habit {
        record.paced.as_ref().unwrap().rhythm.habit()
    }

    #[test]
    fn a_budget_is_spent_by_the_root_of_rates_and_in_full() {
        let mut targets: Vec<_> = (0..90).map(|n| posting(&format!("idle{n}"), 1)).collect();
        targets.extend((0..10).map(|n| posting(&format!("busy{n}"), 16)));
        let worth = Worths::of(&targets).get(Duration::minutes(40)).unwrap();
        let read = start() + Duration::weeks(8);
        let polls_an_hour = |record: &TargetRecord| {
            let habit = habit_of(record);
            let read = (0..168).map(|hour| read + Duration::hours(hour));
            read.map(|read| 1.0 / hours(worth.due(&habit, read) - read)).sum::<f64>() / 168.0
        };
        let (idle, busy) = (polls_an_hour(&targets[0]), polls_an_hour(&targets[95]));
        assert!((busy / idle - 4.0).abs() < 0.4, "{idle} {busy}");
        assert!((90.0 * idle + 10.0 * busy - 150.0).abs() < 3.0, "{idle} {busy}");
    }

    #[test]
    fn who_never_posts_is_read_all_the_same_and_nobody_is_pestered() {
        let targets = [posting("busy", 1_000), posting("silent", 0)];
        let worth = Worths::of(&targets).get(Duration::minutes(40)).unwrap();
        let due = |record: &TargetRecord| worth.due(&habit_of(record), start());
        assert_eq!(due(&targets[1]) - start(), Duration::minutes(60));
        assert!(due(&targets[0]) - start() >= LEAST);
        // Whoever makes up posts by the thousand is read for full pages four times in the interval of others.
        let of_a_day = Worth::of(&[habit_of(&targets[0]), habit_of(&targets[1])], Duration::days(1));
        assert_eq!(of_a_day.due(&habit_of(&targets[0]), start()) - start(), Duration::hours(6));
        assert_eq!(Worths::of(&targets).get(Duration::minutes(27)), None);
        assert_eq!(Worths::of(&[]), Worths::default());
    }
}
