//! The world at a time: who exists, who has posted what, and what each server has of it.
//!
//! Everything here follows from the seed, the origin and the time asked about; nothing is stored. What
//! clients of the world posted is kept in [`super::outbox`].

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::model::account::{Acct, Host};

use super::cast::{Desk, Person, Server, Site, Voice};
use super::copyists;
use super::habits::Paths;
use super::ids::LocalId;
use super::memory::Memory;
use super::newsroom::{self, Bureau, NewsItem};
use super::posts::{self, Post, PostKey};
use super::random::{Random, mix, of_name};
use super::sheets::{Sheet, SheetKey};
use super::sky::Member;
use super::sky::events::Event;

/// A whole world, for all times.
#[derive(Debug, Clone)]
pub struct World {
    pub seed: u64,
    /// When its story begins; some of its people have posted for years by then.
    pub origin: DateTime<Utc>,
    pub servers: Vec<Server>,
    pub people: Vec<Person>,
    pub sites: Vec<Site>,
    /// Who has an account on Bluesky.
    pub members: Vec<Member>,
    /// People on Threads, of whom no server knows.
    pub threads: Vec<Person>,
    days: Memory<PersonDay, Arc<[Arc<Post>]>>,
    editions: Memory<(&'static str, i64), Arc<[Arc<NewsItem>]>>,
    lines: Memory<(Host, i64), Arc<[Listed]>>,
    ids: Memory<Host, Arc<HashMap<String, usize>>>,
    pub(super) events: Memory<i64, Arc<[Event]>>,
    pub(super) sheets: Memory<(Host, SheetKey), Arc<Sheet>>,
}

/// The day of a person: numbers of user and host, and the day.
type PersonDay = (u64, u64, i64);

/// A post in a timeline: its id on the server that shows it, whose it is, and the post.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: LocalId,
    /// Its place among the world's people.
    pub author: usize,
    pub post: Arc<Post>,
}

impl World {
    pub fn new(
        seed: u64,
        origin: DateTime<Utc>,
        servers: Vec<Server>,
        people: Vec<Person>,
        sites: Vec<Site>,
    ) -> World {
        let (days, editions, lines) = (Memory::default(), Memory::default(), Memory::default());
        let (ids, sheets) = (Memory::default(), Memory::default());
        let (members, threads, events) = (Vec::new(), Vec::new(), Memory::default());
        World {
            seed,
            origin,
            servers,
            people,
            sites,
            members,
            threads,
            days,
            editions,
            lines,
            ids,
            events,
            sheets,
        }
    }

    /// The same world with these people on Bluesky.
    pub fn with_members(self, members: Vec<Member>) -> World {
        World { members, ..self }
    }

    /// The same world with people on Threads.
    pub fn with_threads(self, threads: Vec<Person>) -> World {
        World { threads, ..self }
    }

    pub fn server(&self, host: &Host) -> Option<&Server> {
        self.servers.iter().find(|server| server.host == *host)
    }

    pub fn site(&self, host: &Host) -> Option<&Site> {
        self.sites.iter().find(|site| site.host == *host)
    }

    /// Who answers to this address at this time; servers compare names without case.
    pub fn person(&self, acct: &Acct, now: DateTime<Utc>) -> Option<&Person> {
        self.people.iter().find(|person| person.acct.is_same(acct) && person.since <= now)
    }

    /// Everybody of whom a server knows: its own people and those it has copies of.
    pub fn known_to<'a>(&'a self, host: &'a Host, now: DateTime<Utc>) -> impl Iterator<Item = &'a Person> {
        self.people.iter().filter(move |person| is_known(person, host, now))
    }

    /// The account of a server's desk, whose posts are made by clients.
    pub fn desk(&self, person: &Person) -> Option<&Desk> {
        self.server(person.acct.host())?.desk.as_ref().filter(|desk| desk.acct == person.acct)
    }

    /// The id of a person on a server.
    pub fn account_id(&self, server: &Server, person: &Person) -> String {
        let salt = mix(&[of_name(&person.acct.to_string()), of_name(server.host.as_str())]);
        server.habits.ids.text(server.habits.ids.make(person.since, salt))
    }

    pub fn person_by_id<'a>(
        &'a self,
        server: &'a Server,
        id: &str,
        now: DateTime<Utc>,
    ) -> Option<&'a Person> {
        let ids = self.ids.of(server.host.clone(), || {
            let people = self.people.iter().enumerate();
            Arc::new(people.map(|(place, person)| (self.account_id(server, person), place)).collect())
        });
        let person = self.people.get(*ids.get(id)?)?;
        is_known(person, &server.host, now).then_some(person)
    }

    /// All posts of a person on a day, oldest first, also those deleted later.
    pub fn day(&self, person: &Person, day: i64) -> Arc<[Arc<Post>]> {
        let key = (of_name(person.acct.user()), of_name(person.acct.host().as_str()), day);
        self.days.of(key, || {
            let mut posts = match person.voice {
                Voice::Copyist(copyist) => copyists::on_day(self, person, copyist, day),
                Voice::Agency { .. } | Voice::Private { .. } | Voice::Columnist => {
                    posts::on_day(self.seed, person, day)
                }
            };
            posts.extend(posts::scripted(self.seed, person, day));
            posts.sort_by_key(|post| post.key.at);
            posts.into_iter().map(Arc::new).collect()
        })
    }

    /// All items of a newsroom on a day, oldest first.
    pub fn edition(&self, bureau: &'static Bureau, day: i64) -> Arc<[Arc<NewsItem>]> {
        self.editions.of((bureau.id, day), || newsroom::on_day(self, bureau, day).into())
    }

    /// What a newsroom's feed shows at this time, newest first.
    pub fn front(&self, bureau: &'static Bureau, now: DateTime<Utc>, most: usize) -> Vec<Arc<NewsItem>> {
        let today = posts::day_of(now);
        let days = (today - most as i64..=today).rev().map(|day| self.edition(bureau, day));
        let items = days.flat_map(|edition| edition.iter().rev().cloned().collect::<Vec<_>>());
        items.filter(|item| item.at <= now).take(most).collect()
    }

    /// The id of a post on a server.
    pub fn post_id(&self, server: &Server, key: PostKey) -> LocalId {
        server.habits.ids.make(key.at, mix(&[key.salt, of_name(server.host.as_str())]))
    }

    /// What a server shows of a person's posts at this time, newest first.
    pub fn posts<'a>(
        &'a self,
        server: &'a Server,
        person: &'a Person,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = Arc<Post>> + 'a {
        let first = person.spells.iter().map(|spell| posts::day_of(spell.from)).min();
        let last = person.spells.iter().map(|spell| posts::day_of(spell.until.unwrap_or(now).min(now))).max();
        let days = first.zip(last).map_or(0..0, |(first, last)| first..last + 1);
        let posts = days.rev().flat_map(move |day| {
            let day = self.day(person, day);
            (0..day.len()).rev().map(move |place| day[place].clone())
        });
        posts.filter(move |post| self.is_shown(server, person, post, now))
    }

    /// All posts of a day that a server will ever have, newest first.
    pub fn timeline(&self, server: &Server, day: i64) -> Arc<[Listed]> {
        self.lines.of((server.host.clone(), day), || {
            let known = self.people.iter().enumerate().filter(|(_, person)| {
                *person.acct.host() == server.host || person.known_on.contains(&server.host)
            });
            let mut line: Vec<Listed> = known
                .flat_map(|(author, person)| {
                    let posts = self.day(person, day).to_vec().into_iter();
                    posts.map(move |post| Listed { id: self.post_id(server, post.key), author, post })
                })
                .collect();
            line.sort_by_key(|listed| std::cmp::Reverse(listed.id));
            line.into()
        })
    }

    /// The first day on which anybody posted.
    pub fn first_day(&self) -> i64 {
        let days = self.people.iter().map(|person| self.first_day_of(person));
        days.min().unwrap_or_else(|| posts::day_of(self.origin))
    }

    /// The first day on which somebody posted, or could have.
    pub fn first_day_of(&self, person: &Person) -> i64 {
        let spells = person.spells.iter().map(|spell| spell.from);
        posts::day_of(spells.min().unwrap_or(person.since))
    }

    /// The post with this id on a server, and its author.
    pub fn post_by_id<'a>(
        &'a self,
        server: &'a Server,
        id: &str,
        now: DateTime<Utc>,
    ) -> Option<(&'a Person, Arc<Post>)> {
        let id = server.habits.ids.read(id)?;
        let day = posts::day_of(server.habits.ids.made_at(id)?);
        let line = self.timeline(server, day);
        let listed = line.iter().find(|listed| listed.id == id)?;
        let author = self.people.get(listed.author)?;
        self.is_shown(server, author, &listed.post, now).then(|| (author, listed.post.clone()))
    }

    /// About how many posts a person has made.
    pub fn post_count(&self, person: &Person, now: DateTime<Utc>) -> u64 {
        let spells = person.spells.iter().filter(|spell| spell.from <= now);
        let copied = if let Voice::Copyist(copyist) = person.voice { copyist.per_day() } else { 0.0 };
        spells
            .map(|spell| {
                let until = spell.until.unwrap_or(now).min(now);
                let days = (until - spell.from).num_minutes() as f64 / Duration::days(1).num_minutes() as f64;
                1 + (days * (spell.per_day + copied)) as u64
            })
            .sum()
    }

    /// The ActivityPub id of a person.
    pub fn account_uri(&self, person: &Person) -> String {
        let (user, host) = (person.acct.user(), person.acct.host());
        let server = self.server(host).filter(|server| server.habits.paths == Paths::Misskey);
        if let Some(server) = server {
            return format!("https://{host}/users/{}", self.account_id(server, person));
        }
        match self.paths(host) {
            Paths::Mastodon | Paths::GoToSocial | Paths::Misskey => format!("https://{host}/users/{user}"),
            Paths::Takahe => format!("https://{host}/@{user}@{host}/"),
        }
    }

    /// The profile page of a person.
    pub fn account_page(&self, person: &Person) -> String {
        let (user, host) = (person.acct.user(), person.acct.host());
        match self.paths(host) {
            Paths::Mastodon | Paths::GoToSocial | Paths::Misskey => format!("https://{host}/@{user}"),
            Paths::Takahe => format!("https://{host}/@{user}/"),
        }
    }

    /// The ActivityPub id of a status, from its id on its author's server.
    pub fn status_uri(&self, author: &Person, home_id: &str) -> String {
        let uri = self.account_uri(author);
        match self.paths(author.acct.host()) {
            Paths::Mastodon | Paths::GoToSocial => format!("{uri}/statuses/{home_id}"),
            Paths::Misskey => format!("https://{}/notes/{home_id}", author.acct.host()),
            Paths::Takahe => format!("{uri}posts/{home_id}/"),
        }
    }

    /// The page of a status, from its id on its author's server.
    pub fn status_page(&self, author: &Person, home_id: &str) -> String {
        let page = self.account_page(author);
        match self.paths(author.acct.host()) {
            Paths::Mastodon => format!("{page}/{home_id}"),
            Paths::Misskey => format!("https://{}/notes/{home_id}", author.acct.host()),
            Paths::GoToSocial => format!("{page}/statuses/{home_id}"),
            Paths::Takahe => format!("{page}posts/{home_id}/"),
        }
    }

    /// How many of the world's people are there by now. Pages change when somebody whom they mention comes.
    pub fn population(&self, now: DateTime<Utc>) -> usize {
        self.people.iter().filter(|person| person.since <= now).count()
    }

    fn paths(&self, host: &Host) -> Paths {
        self.server(host).map_or(Paths::Mastodon, |server| server.habits.paths)
    }

    pub fn is_shown(&self, server: &Server, person: &Person, post: &Post, now: DateTime<Utc>) -> bool {
        arrival(server, person, post) <= now && post.deleted_at.is_none_or(|deleted| deleted > now)
    }
}

/// Whether a server knows somebody: one of its own people, or one it has copies of.
fn is_known(person: &Person, host: &Host, now: DateTime<Utc>) -> bool {
    person.since <= now && (person.acct.host() == host || person.known_on.contains(host))
}

/// When a server gets a post. Copies come seconds after the original, one in twelve hours later: then its
/// id, which holds the time of the original, lies behind those of posts that are known already.
fn arrival(server: &Server, person: &Person, post: &Post) -> DateTime<Utc> {
    if *person.acct.host() == server.host {
        return post.key.at;
    }
    let mut random = Random::of(&[post.key.salt, of_name(server.host.as_str())]);
    post.key.at
        + if random.one_in(12) {
            Duration::minutes(120 + random.below(28 * 60) as i64)
        } else {
            Duration::seconds(5 + random.below(55) as i64)
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::story;

    fn world(seed: u64) -> World {
        story::official(seed, story::ORIGIN)
    }

    fn host(name: &str) -> Host {
        Host::parse(name).unwrap()
    }

    fn texts(world: &World, acct: &str, server: &str, now: DateTime<Utc>) -> Vec<(String, String)> {
        let person = world.person(&acct.parse().unwrap(), now).unwrap();
        let server = world.server(&host(server)).unwrap();
        let ids = server.habits.ids;
        let posts = world.posts(server, person, now);
        posts.map(|post| (ids.text(world.post_id(server, post.key)), post.text.clone())).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_world_and_another_seed_another_one() {
        let now = story::ORIGIN + Duration::days(5);
        let seen = |seed| texts(&world(seed), "xinhua@one.example", "one.example", now);
        assert_eq!(seen(7), seen(7));
        assert_ne!(seen(7), seen(8));
    }

    #[test]
    fn what_was_shown_stays_unless_it_is_deleted() {
        let world = world(7);
        let now = story::ORIGIN + Duration::days(3);
        let server = world.server(&host("one.example")).unwrap();
        let person = world.person(&"xinhua@one.example".parse().unwrap(), now).unwrap();
        let later = now + Duration::days(2);
        let after: Vec<Arc<Post>> = world.posts(server, person, later).collect();
        for post in world.posts(server, person, now).take(100) {
            let deleted = post.deleted_at.is_some_and(|at| at <= later);
            assert_eq!(after.contains(&post), !deleted);
        }
    }

    #[test]
    fn a_copy_may_arrive_behind_newer_ones() {
        let world = world(7);
        let (mut late, start) = (0, story::ORIGIN);
        for hour in 0..72 {
            let ids = |at| -> Vec<String> {
                let seen = texts(&world, "xinhua@one.example", "social.example", at);
                seen.into_iter().map(|(id, _)| id).take(60).collect()
            };
            let (before, after) =
                (ids(start + Duration::hours(hour)), ids(start + Duration::hours(hour + 1)));
            let newest = before[0].clone();
            late +=
                after.iter().filter(|id| !before.contains(id) && **id < newest && **id > before[40]).count();
        }
        assert!(late > 0, "no copy came late in three days");
    }

    #[test]
    fn every_shown_post_is_found_by_its_id() {
        let world = world(7);
        let now = story::ORIGIN + Duration::days(6);
        for server in &world.servers {
            for person in world.known_to(&server.host, now) {
                for post in world.posts(server, person, now).take(20) {
                    let id = server.habits.ids.text(world.post_id(server, post.key));
                    let (author, found) = world.post_by_id(server, &id, now).unwrap();
                    assert_eq!((&author.acct, found), (&person.acct, post));
                }
            }
        }
    }

    #[test]
    fn some_replies_outlive_what_they_reply_to() {
        let world = world(7);
        let now = story::ORIGIN + Duration::days(10);
        let server = world.server(&host("one.example")).unwrap();
        let person = world.person(&"xinhua@one.example".parse().unwrap(), now).unwrap();
        let posts: Vec<Arc<Post>> = world.posts(server, person, now).take(400).collect();
        let dangling = posts.iter().filter(|post| {
            post.reply_to.is_some_and(|parent| {
                parent.at > posts[posts.len() - 1].key.at && !posts.iter().any(|other| other.key == parent)
            })
        });
        assert!(dangling.count() > 0);
    }
}
