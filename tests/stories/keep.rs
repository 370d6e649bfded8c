//! What is forgotten and what is not: judgement, pages and polls are as they were, and the words are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::clock::Clock;
use masthead::config::Keep;
use masthead::cycle::plan::plan;
use masthead::cycle::{Newsroom, judge, keep};
use masthead::daemon::{Pages, Service};
use masthead::demo;
use masthead::model::account::AccountId;
use masthead::model::assessment::{Assessment, Level};
use masthead::model::finding::Finding;
use masthead::model::status::SeenStatus;
use masthead::sandbox::story::{ORIGIN, Story};
use masthead::sandbox::{Options, Sandbox};
use tempfile::TempDir;

use crate::service::World;

/// Long enough for leads of hidden ties and for a digest.
const DAYS: i64 = 10;
/// Posts are compared for so long, and kept for 30 days more.
const COMPARED: Duration = Duration::days(45);

/// A newsroom that has lived in the founding story, where three papers copy an agency and others have good reasons.
struct Past {
    room: Newsroom,
    world: Sandbox,
    clock: Clock,
    _folder: TempDir,
}

impl Past {
    /// After so many days of it.
    async fn lived(days: i64) -> Past {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::jumping(ORIGIN);
        let options = Options { story: Story::Founding, clock: Some(clock), ..Options::new(folder.path()) };
        let world = Sandbox::start(options).await.unwrap();
        let room = demo::open(&world.config(), clock).await.unwrap();
        let past = Past { room, world, clock, _folder: folder };
        past.lives_on(days).await;
        past
    }

    /// A service runs for so many days.
    async fn lives_on(&self, days: i64) {
        let until = self.clock.now() + Duration::days(days);
        let pages: Pages = Box::new(|stopped| {
            Box::pin(async move {
                stopped.await;
                Ok(())
            })
        });
        let clock = self.clock;
        let driver = tokio::spawn(async move { clock.drive().await });
        let service = Service::start(self.room.clone(), pages).unwrap();
        clock.sleep_until(until).await;
        driver.abort();
        service.stop().await.unwrap();
    }

    /// The same state after a restart.
    async fn restarted(self) -> Past {
        let Past { room, world, clock, _folder } = self;
        drop(room);
        let room = demo::open(&world.config(), clock).await.unwrap();
        Past { room, world, clock, _folder }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// All accounts judged anew.
    async fn judged(&self, now: DateTime<Utc>) -> (Vec<Assessment>, Vec<Finding>) {
        judge::pass(&self.room, None, now).await.unwrap();
        let store = &self.room.store;
        let accounts = store.accounts().unwrap();
        let assessments = accounts.iter().filter_map(|account| store.assessment(&account.id).unwrap());
        (assessments.collect(), store.findings().unwrap())
    }

    /// What a replay by the configuration at hand would change.
    fn replayed(&self, now: DateTime<Utc>) -> serde_json::Value {
        serde_json::to_value(plan(&self.room.store, &self.room.config, now).unwrap()).unwrap()
    }

    fn posts(&self) -> BTreeMap<AccountId, Vec<Arc<SeenStatus>>> {
        let store = &self.room.store;
        let accounts = store.accounts().unwrap();
        accounts.iter().map(|account| (account.id.clone(), store.statuses(&account.id).unwrap())).collect()
    }

    /// Everything in the store, as an export prints it.
    fn export(&self) -> String {
        let still = self.room.store.hold_still();
        let records = still.records().map(|record| String::from_utf8(record.unwrap().value).unwrap());
        records.collect::<Vec<_>>().join("\n")
    }

    /// The same newsroom that keeps otherwise.
    fn keeping(&self, change: impl FnOnce(&mut Keep)) -> Newsroom {
        let mut config = (*self.room.config).clone();
        change(&mut config.keep);
        self.room.reconfigured(Arc::new(config)).unwrap()
    }
}

/// All of it is too long to be printed when one thing differs.
fn assert_same(judged: &(Vec<Assessment>, Vec<Finding>), before: &(Vec<Assessment>, Vec<Finding>)) {
    assert_eq!((judged.0.len(), judged.1.len()), (before.0.len(), before.1.len()));
    judged.0.iter().zip(&before.0).for_each(|(now, before)| assert_eq!(now, before));
    judged.1.iter().zip(&before.1).for_each(|(now, before)| assert_eq!(now, before));
}

/// All words of some posts.
fn words<'a>(posts: impl IntoIterator<Item = &'a Arc<SeenStatus>>) -> BTreeSet<String> {
    posts.into_iter().map(|seen| seen.status.text.clone()).filter(|text| text.len() > 20).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_those_under_no_suspicion_go_and_nothing_else_changes() {
    // Memory begins anew before and after, since a pass of the far future empties it of what is compared now.
    let past = Past::lived(DAYS).await.restarted().await;
    let store = past.room.store.clone();
    let (now, later) = (past.now(), past.now() + Duration::days(90));
    let (at_last, before) = (past.judged(now).await, past.posts());
    let (replayed, digests) = ([past.replayed(now), past.replayed(later)], store.digests().unwrap());
    assert!(at_last.0.iter().any(|assessment| assessment.level >= Level::Lead));
    assert!(!at_last.1.is_empty() && !digests.is_empty());

    let forgotten = keep::pass(&past.room, later).await.unwrap();
    let after = past.posts();
    assert!(forgotten.posts > 100 && forgotten.accounts >= 3 && forgotten.bytes > 10_000, "{forgotten:?}");
    let is_forgotten = |seen: &Arc<SeenStatus>| seen.forgotten_at.is_some();
    let gone: BTreeSet<&AccountId> =
        after.iter().filter(|(_, posts)| posts.iter().any(is_forgotten)).map(|(id, _)| id).collect();
    assert_eq!(gone.len(), forgotten.accounts);
    // Those of whom something is or may be said keep every word.
    let suspected = at_last.0.iter().filter(|assessment| assessment.level >= Level::Lead);
    let named = at_last.1.iter().map(|finding| &finding.statement.account);
    for id in suspected.map(|assessment| &assessment.account).chain(named) {
        assert!(!gone.contains(id), "{id:?}");
        assert_eq!(after[id], before[id]);
    }
    // The words are nowhere, unless somebody else said the same.
    let before_of_gone = gone.iter().flat_map(|id| &before[*id]);
    let left = words(after.values().flatten());
    let lost: Vec<String> = words(before_of_gone).difference(&left).cloned().collect();
    let export = past.export();
    assert!(lost.len() > 50, "{}", lost.len());
    for text in &lost {
        let escaped = serde_json::to_string(text).unwrap();
        assert!(!export.contains(escaped.trim_matches('"')), "{text}");
    }

    assert_eq!([past.replayed(now), past.replayed(later)], replayed);
    assert_eq!(store.digests().unwrap(), digests);
    drop(store);
    let past = past.restarted().await;
    assert_same(&past.judged(now).await, &at_last);

    // Pages that show the posts again bring nothing back.
    past.lives_on(2).await;
    let polled = past.posts();
    for id in &gone {
        let known: BTreeMap<_, _> = polled[*id].iter().map(|seen| (&seen.status.uri, seen)).collect();
        for seen in &after[*id] {
            let polled = known[&seen.status.uri];
            assert_eq!(polled.status, seen.status);
            assert_eq!((&polled.content_hash, polled.forgotten_at), (&seen.content_hash, seen.forgotten_at));
            // Only what its author wrote since is new.
            let edits = &polled.versions[seen.versions.len()..];
            assert!(edits.iter().all(|edit| edit.edited_at > Some(now - Duration::days(2))), "{edits:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_posts_go_first_when_the_disk_is_for_less() {
    let past = Past::lived(4).await;
    // What is compared stays, however tight it is.
    let full = past.keeping(|keep| keep.disk = 1);
    assert_eq!(keep::pass(&full, past.now()).await.unwrap().posts, 0);
    // All is compared no more, and nothing is old enough to go by itself.
    let later = past.now() + COMPARED + Duration::hours(1);
    assert_eq!(keep::pass(&past.room, later).await.unwrap().posts, 0);
    let size = past.room.store.size_on_disk().unwrap();
    let tight = past.keeping(|keep| keep.disk = size - 20_000);
    let some = keep::pass(&tight, later).await.unwrap();
    assert!(some.bytes >= 20_000, "{some:?}");
    let posts = past.posts();
    let of_free = posts.values().filter(|posts| posts.iter().any(|seen| seen.forgotten_at.is_some()));
    let (gone, left): (Vec<_>, Vec<_>) =
        of_free.flatten().filter(|seen| seen.has_words()).partition(|seen| seen.forgotten_at.is_some());
    let seen_at =
        |posts: &[&Arc<SeenStatus>]| posts.iter().map(|seen| seen.first_seen).collect::<BTreeSet<_>>();
    assert!(seen_at(&gone).last().unwrap() < seen_at(&left).first().unwrap());
    // What was given up counts, although the files are as large as they were.
    assert_eq!(keep::pass(&tight, later + Duration::days(1)).await.unwrap().posts, 0);
    assert!(keep::pass(&full, later + Duration::days(2)).await.unwrap().posts > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_told_to_stop_forgets_the_rest_next_time() {
    let past = Past::lived(1).await;
    let later = past.now() + Duration::days(90);
    let stopped = keep::pass_until(&past.room, later, std::future::ready(())).await.unwrap();
    assert_eq!(stopped, keep::Forgotten::default());
    assert_eq!(keep::due(&past.room.store, later).unwrap(), DateTime::UNIX_EPOCH);
    assert!(keep::pass(&past.room, later).await.unwrap().posts > 0);
    assert_eq!(keep::due(&past.room.store, later).unwrap(), later + Duration::days(1));
    assert_eq!(keep::pass(&past.room, later).await.unwrap(), keep::Forgotten::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_forgotten_before_anybody_was_heard_who_says_what_time_it_is() {
    let Past { room, world, _folder, .. } = Past::lived(1).await;
    drop(room);
    let room = demo::open(&world.config(), Clock::Real).await.unwrap();
    let later = Clock::Real.now() + Duration::days(5 * 365);
    assert_eq!(keep::pass(&room, later).await.unwrap(), keep::Forgotten::default());
    assert_eq!(keep::due(&room.store, later).unwrap(), DateTime::UNIX_EPOCH);
}

#[test]
fn a_service_looks_once_a_day_what_to_forget_and_the_doctor_says_how_much_there_is() {
    let world = World::open(6000);
    let service = world.run();
    service.expect("nothing had to be forgotten");
    let lines = world.ask(&["doctor"])["lines"].clone();
    let disk = lines.as_array().unwrap().iter().find(|line| line["subject"] == "disk").unwrap();
    assert!(disk["says"].as_str().unwrap().contains(" of 4 GB"), "{disk}");
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
}
