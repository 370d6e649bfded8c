//! The world at a time: who exists, who has posted what, and what each server has of it.
//!
//! Everything here follows from the seed, the origin and the time asked about; nothing is stored. What
//! clients of the world posted is kept in [`super::outbox`].

use chrono::{DateTime, Duration, Utc};

use crate::model::account::{Acct, Host};

use super::cast::{Desk, Person, Server, Site};
use super::habits::Paths;
use super::ids::LocalId;
use super::posts::{self, Post, PostKey};
use super::random::{Random, mix, of_name};

/// A whole world, for all times.
#[derive(Debug, Clone)]
pub struct World {
    pub seed: u64,
    /// When its story begins; some of its people have posted for years by then.
    pub origin: DateTime<Utc>,
    pub servers: Vec<Server>,
    pub people: Vec<Person>,
    pub sites: Vec<Site>,
}

impl World {
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
        self.people.iter().filter(move |person| {
            person.since <= now && (person.acct.host() == host || person.known_on.contains(host))
        })
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
        self.known_to(&server.host, now).find(|person| self.account_id(server, person) == id)
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
    ) -> impl Iterator<Item = Post> + 'a {
        let first = person.spells.iter().map(|spell| posts::day_of(spell.from)).min();
        let last = person.spells.iter().map(|spell| posts::day_of(spell.until.unwrap_or(now).min(now))).max();
        let days = first.zip(last).map_or(0..0, |(first, last)| first..last + 1);
        days.rev()
            .flat_map(move |day| posts::on_day(self.seed, person, day).into_iter().rev())
            .filter(move |post| self.is_shown(server, person, post, now))
    }

    /// The post with this id on a server, and its author.
    pub fn post_by_id<'a>(
        &'a self,
        server: &'a Server,
        id: &str,
        now: DateTime<Utc>,
    ) -> Option<(&'a Person, Post)> {
        let id = server.habits.ids.read(id)?;
        let day = posts::day_of(server.habits.ids.made_at(id)?);
        self.known_to(&server.host, now).find_map(|person| {
            let mut made = posts::on_day(self.seed, person, day).into_iter();
            let post = made.find(|post| {
                self.post_id(server, post.key) == id && self.is_shown(server, person, post, now)
            })?;
            Some((person, post))
        })
    }

    /// About how many posts a person has made.
    pub fn post_count(&self, person: &Person, now: DateTime<Utc>) -> u64 {
        let spells = person.spells.iter().filter(|spell| spell.from <= now);
        spells
            .map(|spell| {
                let until = spell.until.unwrap_or(now).min(now);
                let days = (until - spell.from).num_minutes() as f64 / Duration::days(1).num_minutes() as f64;
                1 + (days * spell.per_day) as u64
            })
            .sum()
    }

    /// The ActivityPub id of a person.
    pub fn account_uri(&self, person: &Person) -> String {
        let (user, host) = (person.acct.user(), person.acct.host());
        match self.paths(host) {
            Paths::Mastodon | Paths::GoToSocial => format!("https://{host}/users/{user}"),
            Paths::Takahe => format!("https://{host}/@{user}@{host}/"),
        }
    }

    /// The profile page of a person.
    pub fn account_page(&self, person: &Person) -> String {
        let (user, host) = (person.acct.user(), person.acct.host());
        match self.paths(host) {
            Paths::Mastodon | Paths::GoToSocial => format!("https://{host}/@{user}"),
            Paths::Takahe => format!("https://{host}/@{user}/"),
        }
    }

    /// The ActivityPub id of a status, from its id on its author's server.
    pub fn status_uri(&self, author: &Person, home_id: &str) -> String {
        let uri = self.account_uri(author);
        match self.paths(author.acct.host()) {
            Paths::Mastodon | Paths::GoToSocial => format!("{uri}/statuses/{home_id}"),
            Paths::Takahe => format!("{uri}posts/{home_id}/"),
        }
    }

    /// The page of a status, from its id on its author's server.
    pub fn status_page(&self, author: &Person, home_id: &str) -> String {
        let page = self.account_page(author);
        match self.paths(author.acct.host()) {
            Paths::Mastodon => format!("{page}/{home_id}"),
            Paths::GoToSocial => format!("{page}/statuses/{home_id}"),
            Paths::Takahe => format!("{page}posts/{home_id}/"),
        }
    }

    fn paths(&self, host: &Host) -> Paths {
        self.server(host).map_or(Paths::Mastodon, |server| server.habits.paths)
    }

    fn is_shown(&self, server: &Server, person: &Person, post: &Post, now: DateTime<Utc>) -> bool {
        arrival(server, person, post) <= now && post.deleted_at.is_none_or(|deleted| deleted > now)
    }
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
        posts.map(|post| (ids.text(world.post_id(server, post.key)), post.text)).collect()
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
        let after: Vec<Post> = world.posts(server, person, later).collect();
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
        let posts: Vec<Post> = world.posts(server, person, now).take(400).collect();
        let dangling = posts.iter().filter(|post| {
            post.reply_to.is_some_and(|parent| {
                parent.at > posts[posts.len() - 1].key.at && !posts.iter().any(|other| other.key == parent)
            })
        });
        assert!(dangling.count() > 0);
    }
}
