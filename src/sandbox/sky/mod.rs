//! Bluesky in the world: who has an account there, and what its repository holds at which time.
//!
//! As the rest of the world, all of it follows from seed and time. What differs from servers of the fediverse:
//! a handle is a domain that may change while the id stays, nothing is edited, times are the author's own word,
//! and an account can be switched off by its holder or taken down by the service.

pub mod appview;
pub mod cast;
pub mod events;
pub mod records;
pub mod stream;
mod views;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::cast::Person;
use super::posts::{Post, day_of};
use super::random::{Random, mix, of_name};
use super::world::World;

/// The service that shows the network to everybody.
pub const APPVIEW: &str = "public.api.bsky.app";

/// Where the stream of all that happens there is served.
pub const STREAM: &str = "jetstream2.us-east.bsky.network";

/// Who labels accounts in this world.
pub const LABELER: &str = "did:plc:thelabelersoftheskysofth";

/// A domain names its account this long after the account took it as its handle.
const DOMAIN_FOLLOWS: Duration = Duration::minutes(20);

/// Someone with an account on Bluesky.
#[derive(Debug, Clone)]
pub struct Member {
    /// Known by its first handle, as [`crate::model::account::Acct::bluesky`] has it.
    pub person: Person,
    /// The id that never changes.
    pub did: String,
    /// Handles that it took later.
    pub renames: Vec<(DateTime<Utc>, &'static str)>,
    /// What became of it, oldest first; active before.
    pub fates: Vec<(DateTime<Utc>, Standing)>,
    /// Whom it reposts.
    pub shares: Option<Share>,
    /// Since when its first post is pinned.
    pub pins: Option<DateTime<Utc>>,
    /// Handles, as they were first, of those whom it follows.
    pub follows: &'static [&'static str],
    /// Its program says of all that it writes that it is so much older.
    pub backdates: Duration,
    /// Words that others say of it, and since when.
    pub labels: Vec<(DateTime<Utc>, &'static str)>,
}

/// Whether an account is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// By its holder.
    Deactivated,
    /// By the service.
    TakenDown,
    Deleted,
}

/// Reposts of somebody's posts: one in so many.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// By its first handle.
    pub of: &'static str,
    pub one_in: u64,
}

/// Somebody's post, passed on.
#[derive(Debug, Clone)]
pub struct Repost {
    pub at: DateTime<Utc>,
    pub salt: u64,
    /// The author's place among the members.
    pub author: usize,
    pub post: Arc<Post>,
}

/// Something in the feed of an account.
#[derive(Debug, Clone)]
pub enum Entry {
    Post(Arc<Post>),
    Repost(Repost),
}

impl Entry {
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Entry::Post(post) => post.key.at,
            Entry::Repost(repost) => repost.at,
        }
    }
}

impl Member {
    pub fn handle(&self, now: DateTime<Utc>) -> &str {
        let later = self.renames.iter().rev().find(|(at, _)| *at <= now);
        later.map_or(self.person.acct.user(), |(_, handle)| handle)
    }

    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        let last = self.fates.iter().rev().find(|(at, _)| *at <= now);
        last.map_or(Standing::Active, |(_, standing)| *standing)
    }

    pub fn is_shown(&self, now: DateTime<Utc>) -> bool {
        self.person.since <= now && self.standing(now) == Standing::Active
    }

    /// What its program writes as the time of something.
    pub fn claims(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at - self.backdates
    }

    /// Since when it has this handle, `None` where it does not now.
    fn has_handle_since(&self, handle: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let took = self.renames.iter().rev().find(|(at, _)| *at <= now).map(|(at, _)| *at);
        let is_it = self.handle(now).eq_ignore_ascii_case(handle) && self.person.since <= now;
        is_it.then(|| took.unwrap_or(self.person.since))
    }
}

impl World {
    /// Who is meant by a handle or an id, whatever became of it.
    pub fn member(&self, actor: &str, now: DateTime<Utc>) -> Option<&Member> {
        let is_there = |member: &&Member| member.person.since <= now;
        let is_it = |member: &&Member| member.did == actor || member.handle(now).eq_ignore_ascii_case(actor);
        self.members.iter().filter(is_there).find(is_it)
    }

    /// Whose handle the host of a domain says it is.
    pub fn named_by_domain(&self, domain: &str, now: DateTime<Utc>) -> Option<&Member> {
        let says_so = |member: &&Member| {
            let since = member.has_handle_since(domain, now);
            since.is_some_and(|since| since + DOMAIN_FOLLOWS <= now) && member.is_shown(now)
        };
        self.members.iter().find(says_so)
    }

    /// All that a member writes or passes on on a day, oldest first, whatever becomes of it later.
    pub fn entries(&self, member: &Member, day: i64) -> Vec<Entry> {
        let posts = self.day(&member.person, day);
        let reposts = self.reposts(member, day).into_iter().map(Entry::Repost);
        let mut entries: Vec<Entry> = posts.iter().cloned().map(Entry::Post).chain(reposts).collect();
        entries.retain(|entry| member.standing(entry.at()) == Standing::Active);
        entries.sort_by_key(Entry::at);
        entries
    }

    /// What the feed of a member shows at a time, newest first.
    pub fn feed<'a>(&'a self, member: &'a Member, now: DateTime<Utc>) -> impl Iterator<Item = Entry> + 'a {
        let days = (self.first_day_of(&member.person)..=day_of(now)).rev();
        let entries = days.flat_map(move |day| self.entries(member, day).into_iter().rev());
        entries.filter(move |entry| self.stands(entry, now))
    }

    fn stands(&self, entry: &Entry, now: DateTime<Utc>) -> bool {
        let post = match entry {
            Entry::Post(post) => post,
            Entry::Repost(repost) if !self.members[repost.author].is_shown(now) => return false,
            Entry::Repost(repost) => &repost.post,
        };
        entry.at() <= now && post.deleted_at.is_none_or(|deleted| deleted > now)
    }

    fn reposts(&self, member: &Member, day: i64) -> Vec<Repost> {
        let Some(share) = member.shares else { return Vec::new() };
        let is_meant = |author: &Member| author.person.acct.user() == share.of;
        let Some(author) = self.members.iter().position(is_meant) else { return Vec::new() };
        let theirs = (day - 1..=day).flat_map(|day| self.day(&self.members[author].person, day).to_vec());
        let passed_on = theirs.filter_map(|post| {
            let salt = mix(&[self.seed, of_name(&member.did), post.key.salt]);
            let mut random = Random::of(&[salt]);
            let is_chosen = random.one_in(share.one_in);
            let at = post.key.at + Duration::seconds(20 * 60 + random.below(10 * 60 * 60) as i64);
            let is_there = member.person.since < at && day_of(at) == day;
            (is_chosen && is_there).then_some(Repost { at, salt, author, post })
        });
        passed_on.collect()
    }
}
