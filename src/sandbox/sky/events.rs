//! Events of Bluesky: all that happens to its accounts and in their repositories, in order of time.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::records::{self, POST, Record};
use super::{Entry, Member, Standing};
use crate::sandbox::posts::day_of;
use crate::sandbox::random::{mix, of_name};
use crate::sandbox::wire::timestamp;
use crate::sandbox::world::World;

/// Numbers of events are microseconds since then: below [`FIRST_TIME`], as in the real stream.
const NUMBERED_SINCE: i64 = 1_700_000_000_000_000;
/// From here on a cursor is a time, below it the number of an event.
const FIRST_TIME: i64 = 1_000_000_000_000_000;

/// So long after a post its author still takes it down.
const DELETED_WITHIN: i64 = 4;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Microseconds since 1970; no two events share one.
    pub micros: i64,
    pub did: String,
    /// `None` for what happens to the account as a whole.
    pub collection: Option<&'static str>,
    /// As it goes over the wire, without its time.
    told: Value,
}

impl Event {
    fn about(member: &Member, at: DateTime<Utc>, collection: Option<&'static str>, told: Value) -> Event {
        let salt = mix(&[of_name(&member.did), of_name(&told.to_string())]);
        Event { micros: records::micros(at, salt), did: member.did.clone(), collection, told }
    }

    pub fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The message (Jetstream, version 1).
    pub fn message(&self) -> Value {
        let mut message = self.told.clone();
        message["did"] = self.did.clone().into();
        message["time_us"] = self.micros.into();
        message["cursor"] = self.number().into();
        let kind = message["kind"].as_str().unwrap_or_default().to_owned();
        if self.collection.is_none() {
            message[kind.as_str()]["did"] = self.did.clone().into();
            message[kind.as_str()]["seq"] = self.number().into();
            message[kind.as_str()]["time"] = timestamp(self.at()).into();
        }
        message
    }

    fn number(&self) -> i64 {
        self.micros - NUMBERED_SINCE
    }
}

/// The time that a cursor means, in microseconds; a number of an event stands for its time.
pub fn time_of(cursor: i64) -> i64 {
    if cursor >= FIRST_TIME { cursor } else { cursor + NUMBERED_SINCE }
}

impl World {
    /// All events of a day, oldest first.
    pub fn events(&self, day: i64) -> Arc<[Event]> {
        self.events.of(day, || {
            let mut events: Vec<Event> = Vec::new();
            for member in &self.members {
                events.extend(self.of_account(member));
                events.extend(self.written(member, day));
                events.extend(self.deleted(member, day));
            }
            events.retain(|event| day_of(event.at()) == day);
            events.sort_by_key(|event| event.micros);
            for place in 1..events.len() {
                events[place].micros = events[place].micros.max(events[place - 1].micros + 1);
            }
            events.into()
        })
    }

    /// What happens to the account as a whole, and what it says of itself.
    fn of_account(&self, member: &Member) -> Vec<Event> {
        let since = member.person.since;
        let mut events = vec![self.identity(member, since), self.account(member, since)];
        let born = since + Duration::seconds(1);
        events.push(commit(member, born, "create", &self.profile_record(member, born)));
        events.extend(member.renames.iter().map(|(at, _)| self.identity(member, *at)));
        events.extend(member.fates.iter().map(|(at, _)| self.account(member, *at)));
        events.extend(member.pins.map(|at| commit(member, at, "update", &self.profile_record(member, at))));
        events
    }

    fn identity(&self, member: &Member, at: DateTime<Utc>) -> Event {
        let told = json!({ "kind": "identity", "identity": { "handle": member.handle(at) } });
        Event::about(member, at, None, told)
    }

    fn account(&self, member: &Member, at: DateTime<Utc>) -> Event {
        let account = match member.standing(at) {
            Standing::Active => json!({ "active": true }),
            Standing::Deactivated => json!({ "active": false, "status": "deactivated" }),
            Standing::TakenDown => json!({ "active": false, "status": "takendown" }),
            Standing::Deleted => json!({ "active": false, "status": "deleted" }),
        };
        // Where identity and account change together, the account comes second.
        let at = at + Duration::milliseconds(1);
        Event::about(member, at, None, json!({ "kind": "account", "account": account }))
    }

    fn written(&self, member: &Member, day: i64) -> Vec<Event> {
        let entries = self.entries(member, day).into_iter();
        let events = entries.map(|entry| match &entry {
            Entry::Post(post) => commit(member, entry.at(), "create", &self.post_record(member, post)),
            Entry::Repost(repost) => {
                commit(member, entry.at(), "create", &self.repost_record(member, repost))
            }
        });
        events.collect()
    }

    /// Deletions say which record is gone, and nothing of what was in it.
    fn deleted(&self, member: &Member, day: i64) -> Vec<Event> {
        let entries = (day - DELETED_WITHIN..=day).flat_map(|day| self.entries(member, day));
        let deleted = entries.filter_map(|entry| {
            let Entry::Post(post) = entry else { return None };
            let at = post.deleted_at.filter(|at| member.standing(*at) == Standing::Active)?;
            let record = self.post_record(member, &post);
            let commit = json!({ "operation": "delete", "collection": POST, "rkey": record.rkey,
                "rev": rev(member, at) });
            Some(Event::about(member, at, Some(POST), json!({ "kind": "commit", "commit": commit })))
        });
        deleted.collect()
    }
}

fn commit(member: &Member, at: DateTime<Utc>, operation: &str, record: &Record) -> Event {
    let commit = json!({
        "rev": rev(member, at), "operation": operation, "collection": record.collection,
        "rkey": record.rkey, "record": record.value, "cid": record.cid,
    });
    Event::about(member, at, Some(record.collection), json!({ "kind": "commit", "commit": commit }))
}

fn rev(member: &Member, at: DateTime<Utc>) -> String {
    let salt = of_name(&member.did);
    records::tid(records::micros(at, salt), salt)
}

/// Whether somebody who wants these collections, `app.bsky.feed.*` included, wants this one; nothing wanted is all.
pub fn is_wanted(collection: &str, wanted: &[&str]) -> bool {
    let matches = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(front) => collection.starts_with(front),
        None => collection == *pattern,
    };
    wanted.is_empty() || wanted.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sandbox::sky::records::{PROFILE, REPOST};
    use crate::sandbox::story::{ORIGIN, Story};

    fn world() -> World {
        Story::Founding.world(1, ORIGIN)
    }

    #[test]
    fn events_are_in_order_and_none_is_of_another_day() {
        let world = world();
        let first = day_of(ORIGIN);
        let all: Vec<Event> = (first..first + 28).flat_map(|day| world.events(day).to_vec()).collect();
        assert!(all.len() > 300, "{}", all.len());
        assert!(all.windows(2).all(|pair| pair[0].micros < pair[1].micros));
        let kinds: BTreeSet<_> =
            all.iter().map(|event| event.told["commit"]["operation"].as_str().unwrap_or_default()).collect();
        assert_eq!(kinds, BTreeSet::from(["", "create", "update", "delete"]));
        let collections: BTreeSet<_> = all.iter().filter_map(|event| event.collection).collect();
        assert_eq!(collections, BTreeSet::from([POST, PROFILE, REPOST]));
    }

    #[test]
    fn what_was_told_and_not_taken_back_is_what_the_feed_shows() {
        let world = world();
        let days = day_of(ORIGIN)..=day_of(ORIGIN) + 27;
        let now = DateTime::from_timestamp((days.end() + 1) * 86_400, 0).unwrap();
        for member in world.members.iter().filter(|member| member.is_shown(now)) {
            let mut standing = BTreeSet::new();
            for event in days.clone().flat_map(|day| world.events(day).to_vec()) {
                let commit = &event.told["commit"];
                let rkey = commit["rkey"].as_str().unwrap_or_default().to_owned();
                match (event.did == member.did && event.collection == Some(POST), &commit["operation"]) {
                    (true, operation) if operation == "delete" => standing.remove(&rkey),
                    (true, _) => standing.insert(rkey),
                    _ => false,
                };
            }
            let since = ORIGIN.date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
            let feed = world.feed(member, now).filter(|entry| entry.at() >= since);
            let shown: BTreeSet<String> = feed
                .filter_map(|entry| match entry {
                    Entry::Post(post) => Some(world.post_record(member, &post).rkey),
                    Entry::Repost(_) => None,
                })
                .collect();
            assert!(!shown.is_empty(), "{}", member.person.acct);
            assert_eq!(standing, shown, "{}", member.person.acct);
        }
    }

    #[test]
    fn a_collection_is_wanted_by_its_name_or_by_its_front() {
        assert!(is_wanted(POST, &[]) && is_wanted(POST, &["app.bsky.feed.*"]) && is_wanted(POST, &[POST]));
        assert!(!is_wanted(PROFILE, &["app.bsky.feed.*", POST]));
        assert_eq!(time_of(93_606_400_000_000), 1_793_606_400_000_000);
        assert_eq!(time_of(1_793_606_400_000_000), 1_793_606_400_000_000);
    }
}
