//! The posts of a person on one day: a function of the world's seed, the person and the day.

use chrono::{DateTime, Duration, Utc};

use super::cast::{Person, Spell, Upkeep};
use super::random::{Random, mix, of_name};
use super::texts;

/// What tells a post from all others of its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostKey {
    pub at: DateTime<Utc>,
    pub salt: u64,
}

/// A post of the world's own people, with everything that will ever happen to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    pub key: PostKey,
    pub text: String,
    /// When its author changes it, and into what.
    pub edit: Option<(DateTime<Utc>, String)>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// An earlier post of the same author; it may be deleted while this one stays.
    pub reply_to: Option<PostKey>,
    pub picture: Picture,
    pub state: Upkeep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    None,
    Shown,
    /// Its server has lost the file: `url` is null.
    Lost,
}

/// The number of a day; days begin at midnight UTC.
pub fn day_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(86_400)
}

impl Post {
    /// A post to which nothing ever happens.
    pub fn plain(key: PostKey, text: String) -> Post {
        let (picture, state) = (Picture::None, Upkeep::Sound);
        Post { key, text, edit: None, deleted_at: None, reply_to: None, picture, state }
    }
}

/// What the story has a person say on a day.
pub fn scripted(seed: u64, person: &Person, day: i64) -> impl Iterator<Item = Post> {
    let who = of_name(&person.acct.to_string());
    person.script.iter().filter(move |line| day_of(line.at) == day).map(move |line| {
        let salt = mix(&[seed, who, line.at.timestamp_millis() as u64]);
        Post::plain(PostKey { at: line.at, salt }, line.text.clone())
    })
}

/// All posts that a person makes of its own on a day, oldest first, also those deleted later.
pub fn on_day(seed: u64, person: &Person, day: i64) -> Vec<Post> {
    let who = of_name(&person.acct.to_string());
    let mut times: Vec<(DateTime<Utc>, Edge)> = Vec::new();
    for (number, spell) in person.spells.iter().enumerate() {
        let random = Random::of(&[seed, who, day as u64, number as u64]);
        times.extend(times_on_day(spell, day, random));
    }
    times.sort_by_key(|(at, _)| *at);
    times.dedup_by_key(|(at, _)| *at);
    let mut posts: Vec<Post> = times.iter().map(|(at, edge)| one(seed, who, person, *at, *edge)).collect();
    tie_threads(&mut posts, &times, mix(&[seed, who, day as u64]));
    posts
}

/// Whether a post stands at the beginning or end of a spell; such a post is never deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Inside,
    AtEdge,
}

fn times_on_day(spell: &Spell, day: i64, mut random: Random) -> Vec<(DateTime<Utc>, Edge)> {
    let Some(midnight) = DateTime::from_timestamp(day * 86_400, 0) else { return Vec::new() };
    let tomorrow = midnight + Duration::days(1);
    if spell.from >= tomorrow || spell.until.is_some_and(|until| until < midnight) {
        return Vec::new();
    }
    // People and desks are awake from five to eleven at night.
    let waking = Duration::hours(5)..Duration::hours(23);
    let span = (waking.end - waking.start).num_milliseconds() as u64;
    let count = random.around(spell.per_day);
    let mut times: Vec<(DateTime<Utc>, Edge)> = (0..count)
        .map(|_| midnight + waking.start + Duration::milliseconds(random.below(span) as i64))
        .filter(|at| *at > spell.from && spell.until.is_none_or(|until| *at < until))
        .map(|at| (at, Edge::Inside))
        .collect();
    let edges = std::iter::once(spell.from).chain(spell.until);
    times.extend(edges.filter(|at| (midnight..tomorrow).contains(at)).map(|at| (at, Edge::AtEdge)));
    times
}

fn one(seed: u64, who: u64, person: &Person, at: DateTime<Utc>, edge: Edge) -> Post {
    let salt = mix(&[seed, who, at.timestamp_millis() as u64]);
    let mut random = Random::of(&[salt]);
    let text = texts::compose(person.voice, at, &mut random);
    let edit = random.one_in(15).then(|| {
        let later = at + Duration::minutes(10 + random.below(290) as i64);
        (later, texts::correct(&text, person.voice.language()))
    });
    let deleted_at = (random.one_in(30) && edge == Edge::Inside)
        .then(|| at + Duration::minutes(60 + random.below(2 * 24 * 60) as i64));
    let picture = match random.below(20) {
        0 => Picture::Lost,
        1..6 => Picture::Shown,
        _ => Picture::None,
    };
    let poisoned = person.upkeep == Upkeep::Poisoned && random.one_in(40) && edge == Edge::Inside;
    let state = if poisoned { Upkeep::Poisoned } else { Upkeep::Sound };
    Post { key: PostKey { at, salt }, text, edit, deleted_at, reply_to: None, picture, state }
}

/// Makes some posts replies to the one before, and takes down some of those that were replied to.
fn tie_threads(posts: &mut [Post], times: &[(DateTime<Utc>, Edge)], salt: u64) {
    let mut random = Random::of(&[salt, 7]);
    for index in 1..posts.len() {
        if !random.one_in(8) {
            continue;
        }
        let (parents, children) = posts.split_at_mut(index);
        let (parent, child) = (&mut parents[index - 1], &mut children[0]);
        child.reply_to = Some(parent.key);
        if random.one_in(2) && times[index - 1].1 == Edge::Inside {
            parent.deleted_at = Some(child.key.at + Duration::minutes(30 + random.below(600) as i64));
        } else {
            parent.deleted_at = None;
        }
    }
}
