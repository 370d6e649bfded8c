//! Copyists: people whose posts are made of what newsrooms report, each in a manner of its own.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::cast::Person;
use super::newsroom::{self, NewsItem, Origin};
use super::posts::{Post, PostKey, day_of};
use super::random::{Random, mix, of_name};
use super::retelling::Retelling;
use super::wording::es_talk;
use super::world::World;

/// How somebody copies.
#[derive(Debug)]
pub struct Copyist {
    pub takes: &'static [Take],
    /// Those of one circle choose the same items.
    pub circle: &'static str,
    /// Of a hundred chosen items so many are left out by each alone.
    pub drops: u64,
    /// Minutes after the item, at least and below.
    pub lag: (u64, u64),
    pub retelling: Retelling,
    /// What it writes between, as often as its spells say.
    pub between: Between,
}

/// Items of one newsroom, so many a day.
#[derive(Debug)]
pub struct Take {
    pub bureau: &'static str,
    pub per_day: f64,
}

/// About what the busiest newsroom has in a day.
const WHOLE_DAY: f64 = 10.0;

/// What a copyist writes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    SmallTalk,
    Columns,
}

impl Copyist {
    /// About how many items a day become posts.
    pub fn per_day(&self) -> f64 {
        let chosen: f64 = self.takes.iter().map(|take| take.per_day.min(WHOLE_DAY)).sum();
        chosen * (100 - self.drops) as f64 / 100.0
    }

    /// The items of a newsroom's day that this circle chooses: rather its own work than what it took from elsewhere.
    pub fn choice(&self, seed: u64, take: &Take, day: i64, items: &[Arc<NewsItem>]) -> Vec<Arc<NewsItem>> {
        let circle = of_name(self.circle);
        let mut ranked = items.to_vec();
        ranked.sort_by_key(|item| {
            let rank = mix(&[seed, circle, item.number]);
            (item.origin != Origin::Own && !rank.is_multiple_of(4), rank)
        });
        ranked.truncate(steady(take.per_day, day));
        ranked
    }
}

/// All posts of a copyist on a day, oldest first.
pub fn on_day(world: &World, person: &Person, copyist: &Copyist, day: i64) -> Vec<Post> {
    let who = of_name(&person.acct.to_string());
    let mut posts = own(world.seed, who, person, copyist.between, day);
    let days_back = (copyist.lag.1 / (24 * 60) + 1) as i64;
    for (take, source) in copyist.takes.iter().filter_map(|take| Some((take, newsroom::bureau(take.bureau)?)))
    {
        for source_day in day - days_back..=day {
            let items = world.edition(source, source_day);
            let chosen = copyist.choice(world.seed, take, source_day, &items);
            posts.extend(chosen.iter().filter_map(|item| copy(world.seed, who, person, copyist, item)));
        }
    }
    posts.retain(|post| day_of(post.key.at) == day);
    posts.sort_by_key(|post| post.key.at);
    posts
}

fn copy(seed: u64, who: u64, person: &Person, copyist: &Copyist, item: &NewsItem) -> Option<Post> {
    let mut random = Random::of(&[seed, who, item.number]);
    let is_dropped = random.below(100) < copyist.drops;
    let minutes = copyist.lag.0 + random.below(copyist.lag.1 - copyist.lag.0);
    let at = item.at + Duration::milliseconds((minutes * 60_000 + random.below(60_000)) as i64);
    if is_dropped || !person.spells.iter().any(|spell| spell.from < at) {
        return None;
    }
    let text = copyist.retelling.tell(item, &mut random);
    Some(Post::plain(PostKey { at, salt: mix(&[seed, who, item.number, 5]) }, text))
}

fn own(seed: u64, who: u64, person: &Person, between: Between, day: i64) -> Vec<Post> {
    let mut random = Random::of(&[seed, who, day as u64, 11]);
    let Some(midnight) = DateTime::from_timestamp(day * 86_400, 0) else { return Vec::new() };
    let mut times: Vec<DateTime<Utc>> = Vec::new();
    for spell in &person.spells {
        let waking = |random: &mut Random| {
            midnight + Duration::milliseconds((6 * 3_600_000 + random.below(16 * 3_600_000)) as i64)
        };
        times.extend(
            (0..steady(spell.per_day, day)).map(|_| waking(&mut random)).filter(|at| *at > spell.from),
        );
        times.extend(Some(spell.from).filter(|at| day_of(*at) == day));
    }
    times
        .into_iter()
        .map(|at| {
            let text = match between {
                Between::SmallTalk => es_talk::small_talk(&mut random),
                Between::Columns => es_talk::column(&mut random),
            };
            Post::plain(PostKey { at, salt: mix(&[seed, who, at.timestamp_millis() as u64]) }, text)
        })
        .collect()
}

/// So many on this day that the mean over days is exact.
fn steady(per_day: f64, day: i64) -> usize {
    let until = |day: i64| (day as f64 * per_day).floor();
    (until(day + 1) - until(day)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_hand_keeps_its_mean() {
        let total: usize = (20_000..20_010).map(|day| steady(2.6, day)).sum();
        assert_eq!(total, 26);
        assert!((20_000..20_100).all(|day| (2..=3).contains(&steady(2.6, day))));
    }
}
