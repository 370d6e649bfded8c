//! The walk over an account's statuses against servers made of plain data: thousands of histories without a
//! gap.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use masthead::model::status::{Status, StatusUri};
use masthead::model::target::Cursor;
use masthead::sources::walk::{Ask, Next, Outcome, PAGE, Sheet, Sight, Walk};
use proptest::prelude::*;

/// How a server differs from Mastodon.
#[derive(Debug, Clone)]
struct Habits {
    /// The most it sends, whatever is asked for.
    page: usize,
    links: Links,
    max_id: MaxId,
    /// It counts first and takes out what guests may not see then, so pages come short.
    hides_after_counting: bool,
    /// It shows the pinned status in front of the first page.
    pins: bool,
    /// Every so-many-th status cannot be read.
    poison: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Links {
    Sent,
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum MaxId {
    Below,
    UpToAndIncluding,
    Ignored,
    /// As `since_id`: the newest that are newer.
    Newer,
    /// As `min_id`: the oldest that are newer.
    JustAbove,
}

const MASTODON: Habits = Habits {
    page: PAGE,
    links: Links::Sent,
    max_id: MaxId::Below,
    hides_after_counting: false,
    pins: false,
    poison: None,
};

/// A server with one account, and a reader that has nothing but its cursor between polls.
struct World {
    habits: Habits,
    /// By id; a snowflake has room for late ones between two others.
    statuses: BTreeMap<u64, u64>,
    newest: u64,
    pinned: Option<u64>,
    now: DateTime<Utc>,
    /// The cursor as the store would keep it.
    cursor: String,
    seen: BTreeSet<String>,
    expected_since: Option<u64>,
    asked: usize,
}

const FIRST_ID: u64 = 110_000_000_000_000_000;
const STEP: u64 = 1 << 20;

impl World {
    fn new(habits: Habits) -> World {
        World {
            habits,
            statuses: BTreeMap::new(),
            newest: FIRST_ID,
            pinned: None,
            now: "2026-11-02T00:00:00Z".parse().unwrap(),
            cursor: serde_json::to_string(&Cursor::default()).unwrap(),
            seen: BTreeSet::new(),
            expected_since: None,
            asked: 0,
        }
    }

    fn post(&mut self, count: usize) {
        for _ in 0..count {
            self.newest += STEP;
            self.statuses.insert(self.newest, self.newest);
        }
    }

    /// Something from elsewhere arrives with an id `depth` places below the newest.
    fn arrive_late(&mut self, depth: usize) {
        let below = self.statuses.keys().rev().nth(depth).copied();
        if let Some(id) = below.map(|id| id - 1).filter(|id| !self.statuses.contains_key(id)) {
            self.statuses.insert(id, id);
        }
    }

    fn delete(&mut self, place: usize, count: usize) {
        let ids: Vec<u64> = self.statuses.keys().rev().skip(place).take(count).copied().collect();
        self.statuses.retain(|id, _| !ids.contains(id));
    }

    fn is_hidden(&self, id: u64) -> bool {
        self.habits.hides_after_counting && (id / STEP).is_multiple_of(7)
    }

    fn is_poison(&self, id: u64) -> bool {
        self.habits.poison.is_some_and(|every| (id / STEP).is_multiple_of(every))
    }

    /// A page as ids, and where the next one begins if there is one.
    fn page(&self, ask: Ask<'_>) -> (Vec<u64>, Option<u64>) {
        let max_id = match ask {
            Ask::Newest => u64::MAX,
            Ask::Below(id) => id.parse().unwrap(),
        };
        let matches = |id: &u64| match self.habits.max_id {
            MaxId::Below => *id < max_id,
            MaxId::UpToAndIncluding => *id <= max_id,
            MaxId::Ignored => true,
            MaxId::Newer | MaxId::JustAbove => max_id == u64::MAX || *id > max_id,
        };
        let below: Vec<u64> = self.statuses.keys().rev().filter(|id| matches(id)).copied().collect();
        let page = below.len().min(self.habits.page);
        let counted = match self.habits.max_id {
            MaxId::JustAbove if ask != Ask::Newest => &below[below.len() - page..],
            _ => &below[..page],
        };
        let next = counted.last().filter(|_| below.len() > counted.len()).copied();
        let mut shown: Vec<u64> = counted.iter().filter(|id| !self.is_hidden(**id)).copied().collect();
        let pinned = self.pinned.filter(|id| self.statuses.contains_key(id) && ask == Ask::Newest);
        if let Some(pinned) = pinned {
            shown.retain(|id| *id != pinned);
            shown.insert(0, pinned);
        }
        (shown, next)
    }

    fn poll(&mut self, pages: u32) -> Outcome {
        self.now += Duration::minutes(10);
        let cursor: Cursor = serde_json::from_str(&self.cursor).unwrap();
        if self.expected_since.is_none() {
            self.expected_since = Some(self.newest + 1);
        }
        let mut walk = Walk::new(&cursor, pages, self.now);
        self.asked = 0;
        while let Some(ask) = walk.wanted() {
            self.asked += 1;
            assert!(self.asked <= pages as usize + 1, "the walk goes on for ever");
            let (ids, next) = self.page(ask);
            let read: Vec<Status> =
                ids.iter().filter(|id| !self.is_poison(**id)).map(|id| status(*id)).collect();
            self.seen.extend(read.iter().map(|status| status.uri.0.clone()));
            let last_id = ids.last().map(u64::to_string);
            let next = next.map(|id| id.to_string());
            let next = match (self.habits.links, &next) {
                (Links::Absent, _) => Next::Unsaid,
                (Links::Sent, Some(id)) => Next::Page(id),
                (Links::Sent, None) => Next::Nothing,
            };
            walk.take(&Sheet { statuses: &read, count: ids.len(), last_id: last_id.as_deref(), next });
        }
        let outcome = walk.finish();
        assert!(outcome.cursor.heads.len() <= Cursor::HEADS);
        assert!(outcome.cursor.gaps.len() <= 8);
        self.cursor = serde_json::to_string(&outcome.cursor).unwrap();
        outcome
    }

    /// What is there, can be read, and was posted since the first poll, but was never seen.
    fn missed(&self) -> Vec<u64> {
        let since = self.expected_since.unwrap_or(0);
        let there = self.statuses.range(since..).map(|(id, _)| *id);
        there
            .filter(|id| !self.is_hidden(*id) && !self.is_poison(*id))
            .filter(|id| !self.seen.contains(&uri(*id)))
            .collect()
    }

    /// Polls on until the reader says that nothing is missing. A server that shows nothing at all is not
    /// believed, so something new has to come first.
    fn settle(&mut self) -> Outcome {
        self.post(3);
        for _ in 0..2_000 {
            let outcome = self.poll(5);
            if outcome.cursor.gaps.is_empty() && outcome.complaint.is_none() {
                return outcome;
            }
        }
        panic!("the gaps never close");
    }
}

fn uri(id: u64) -> String {
    format!("https://social.example/s/{id}")
}

fn status(id: u64) -> Status {
    let age = i64::try_from((id - FIRST_ID) / STEP).unwrap();
    Status {
        uri: StatusUri(uri(id)),
        local_id: id.to_string(),
        url: None,
        claimed_at: Some("2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(age)),
        edited_at: None,
        text: String::new(),
        spoiler: String::new(),
        language: None,
        boost_of: None,
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    }
}

#[derive(Debug, Clone)]
enum Event {
    Post(usize),
    Delete { place: usize, count: usize },
    Pin(usize),
    Poll(u32),
    Day,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (1_usize..12).prop_map(Event::Post),
        2 => (20_usize..400).prop_map(Event::Post),
        2 => (0_usize..50, 1_usize..4).prop_map(|(place, count)| Event::Delete { place, count }),
        1 => (0_usize..5, 30_usize..130).prop_map(|(place, count)| Event::Delete { place, count }),
        1 => (0_usize..60).prop_map(Event::Pin),
        6 => (1_u32..5).prop_map(Event::Poll),
        1 => Just(Event::Day),
    ];
    proptest::collection::vec(event, 1..18)
}

/// Servers that list all there is, in their own ways.
fn honest_habits() -> impl Strategy<Value = Habits> {
    let page = prop_oneof![3 => Just(40_usize), 1 => Just(20), 1 => 5_usize..60];
    let poison = proptest::option::weighted(0.3, 2_u64..9);
    (page, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), poison).prop_map(
        |(page, sends_links, includes, hides, pins, poison)| Habits {
            page,
            links: if sends_links { Links::Sent } else { Links::Absent },
            max_id: if includes { MaxId::UpToAndIncluding } else { MaxId::Below },
            // Without links a page that was emptied after counting looks like the end, and nobody could know
            // better.
            hides_after_counting: hides && sends_links && !includes,
            pins,
            poison,
        },
    )
}

fn play(world: &mut World, events: &[Event]) {
    for event in events {
        match event {
            Event::Post(count) => world.post(*count),
            Event::Delete { place, count } => world.delete(*place, *count),
            Event::Pin(place) if world.habits.pins => {
                world.pinned = world.statuses.keys().rev().nth(*place).copied();
            }
            Event::Pin(_) => {}
            Event::Poll(pages) => drop(world.poll(*pages)),
            Event::Day => world.now += Duration::hours(25),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_there_in_the_end_was_seen_whatever_happened(
        habits in honest_habits(), before in 0_usize..200, events in events(),
    ) {
        let mut world = World::new(habits);
        world.post(before);
        world.poll(3);
        play(&mut world, &events);
        world.settle();
        prop_assert_eq!(world.missed(), Vec::<u64>::new());
    }

    #[test]
    fn what_arrives_late_within_a_page_is_seen_by_the_daily_overlap(
        rounds in proptest::collection::vec((0_usize..100, 0_usize..39, 0_usize..3), 1..12),
    ) {
        let mut world = World::new(MASTODON);
        world.post(100);
        world.expected_since = Some(FIRST_ID + 61 * STEP);
        world.poll(9);
        for (posts, depth, deleted) in rounds {
            world.arrive_late(depth);
            world.post(posts);
            world.delete(posts / 2, deleted);
            world.now += Duration::hours(25);
            let outcome = world.poll(9);
            prop_assert!(outcome.complete);
            prop_assert_eq!(world.missed(), Vec::<u64>::new());
        }
    }

    #[test]
    fn a_server_that_ignores_or_turns_max_id_is_noticed_and_not_asked_for_ever(
        max_id in prop_oneof![Just(MaxId::Ignored), Just(MaxId::Newer), Just(MaxId::JustAbove)],
        sends_links in any::<bool>(), events in events(), pages in 2_u32..6,
    ) {
        let links = if sends_links { Links::Sent } else { Links::Absent };
        let mut world = World::new(Habits { max_id, links, ..MASTODON });
        world.post(10);
        world.poll(3);
        play(&mut world, &events);
        world.post(100);
        let outcome = world.poll(pages);
        prop_assert!(outcome.complaint.is_some());
        prop_assert!(!outcome.complete);
        prop_assert!(!outcome.cursor.gaps.is_empty());
        prop_assert!(world.asked <= 3);
    }

    #[test]
    fn no_answers_whatsoever_make_it_walk_for_ever_or_grow_without_bound(
        polls in proptest::collection::vec((1_u32..6, proptest::collection::vec(
            (proptest::collection::vec(0_u64..30, 0..90), 0_usize..90, proptest::option::of(0_u64..30), 0_u8..3), 7)), 1..8),
    ) {
        let mut cursor = Cursor::default();
        for (pages, sheets) in polls {
            let mut walk = Walk::new(&cursor, pages, "2026-11-02T00:00:00Z".parse().unwrap());
            for (asked, (ids, more, next, kind)) in sheets.iter().enumerate() {
                if walk.wanted().is_none() {
                    break;
                }
                prop_assert!(asked <= pages as usize);
                let statuses: Vec<Status> = ids.iter().map(|id| status(FIRST_ID + id * STEP)).collect();
                let last_id = statuses.last().map(|status| status.local_id.clone());
                let next = next.map(|id| (FIRST_ID + id * STEP).to_string());
                let next = match (kind, &next) {
                    (0, Some(id)) => Next::Page(id),
                    (1, _) => Next::Nothing,
                    _ => Next::Unsaid,
                };
                let count = statuses.len() + more;
                walk.take(&Sheet { statuses: &statuses, count, last_id: last_id.as_deref(), next });
            }
            cursor = walk.finish().cursor;
            prop_assert!(cursor.heads.len() <= Cursor::HEADS && cursor.gaps.len() <= 8);
        }
    }
}

#[test]
fn a_routine_poll_asks_for_the_bare_first_page_and_no_more() {
    let mut world = World::new(MASTODON);
    world.post(300);
    world.poll(3);
    for _ in 0..20 {
        world.post(39);
        let outcome = world.poll(3);
        assert_eq!((world.asked, outcome.complete, outcome.sight), (1, true, Sight::Later));
    }
    assert_eq!(world.missed(), Vec::<u64>::new());
}

#[test]
fn the_first_read_is_background_and_leaves_no_gap() {
    let mut world = World::new(MASTODON);
    world.post(300);
    let outcome = world.poll(3);
    assert_eq!((outcome.sight, outcome.complete, world.seen.len()), (Sight::First, true, 120));
    assert_eq!((outcome.cursor.heads.len(), outcome.cursor.gaps.len()), (80, 0));
    assert_eq!(world.poll(3).sight, Sight::Later);
}

#[test]
fn the_first_status_of_an_account_that_was_empty_is_news() {
    let mut world = World::new(MASTODON);
    assert_eq!(world.poll(3).sight, Sight::First);
    world.post(1);
    let outcome = world.poll(3);
    assert_eq!((outcome.sight, outcome.complete), (Sight::Later, true));
}

#[test]
fn a_spent_budget_leaves_a_gap_that_later_polls_close_below_newer_statuses() {
    let mut world = World::new(MASTODON);
    world.post(10);
    world.poll(2);
    world.post(200);
    let outcome = world.poll(2);
    assert_eq!((outcome.complete, outcome.cursor.gaps.len(), world.seen.len()), (false, 1, 90));
    world.post(5);
    assert_eq!(world.poll(2).cursor.gaps.len(), 1);
    let polls = (0..9).take_while(|_| !world.poll(2).complete).count();
    assert_eq!((polls, world.missed()), (2, vec![]));
}

#[test]
fn once_a_day_one_page_more_is_read() {
    let mut world = World::new(MASTODON);
    world.post(200);
    world.poll(3);
    let asked = |world: &mut World| {
        world.poll(1);
        world.asked
    };
    assert_eq!(asked(&mut world), 1);
    world.now += Duration::hours(24);
    assert_eq!(asked(&mut world), 2);
    assert_eq!(asked(&mut world), 1);
}

#[test]
fn a_pinned_status_in_front_does_not_hide_what_was_missed() {
    let mut world = World::new(Habits { pins: true, ..MASTODON });
    world.post(60);
    world.poll(2);
    world.pinned = world.statuses.keys().rev().nth(3).copied();
    world.post(100);
    world.poll(9);
    assert_eq!(world.missed(), Vec::<u64>::new());
}

#[test]
fn a_server_that_shows_nothing_any_more_changes_nothing() {
    let mut world = World::new(MASTODON);
    world.post(50);
    let before = world.poll(3).cursor;
    world.statuses.clear();
    let outcome = world.poll(3);
    assert_eq!((outcome.cursor, outcome.complete, outcome.covered_since), (before, false, None));
    assert_eq!(outcome.complaint.as_deref(), Some("the server shows no statuses any more"));
}

#[test]
fn deleting_everything_that_was_known_loses_nothing_newer() {
    let mut world = World::new(MASTODON);
    world.post(120);
    world.poll(2);
    world.post(90);
    world.delete(90, 80);
    let outcome = world.settle();
    assert_eq!((outcome.complete, world.missed()), (true, vec![]));
}

#[test]
fn what_was_covered_reaches_to_the_end_of_the_pages_or_over_everything() {
    let mut world = World::new(MASTODON);
    world.post(100);
    world.poll(1);
    let outcome = world.poll(1);
    let oldest = status(FIRST_ID + 63 * STEP).claimed_at;
    assert_eq!(outcome.covered_since, oldest);
    world.delete(0, 90);
    world.now += Duration::hours(1);
    assert_eq!(world.settle().covered_since, Some(DateTime::UNIX_EPOCH));
}

#[test]
fn a_page_that_cannot_be_had_leaves_a_gap_and_says_why() {
    let mut world = World::new(MASTODON);
    world.post(10);
    let cursor = world.poll(2).cursor;
    world.post(100);
    let mut walk = Walk::new(&cursor, 5, world.now);
    let (ids, next) = world.page(Ask::Newest);
    let read: Vec<Status> = ids.into_iter().map(status).collect();
    let (last_id, next) = (read.last().map(|status| status.local_id.clone()), next.unwrap().to_string());
    walk.take(&Sheet { statuses: &read, count: 40, last_id: last_id.as_deref(), next: Next::Page(&next) });
    walk.stop("the host is down".into());
    assert_eq!(walk.wanted(), None);
    let outcome = walk.finish();
    assert_eq!((outcome.complete, outcome.complaint.as_deref()), (false, Some("the host is down")));
    assert_eq!(outcome.cursor.gaps[0].below, last_id.unwrap());
    assert_eq!(outcome.cursor.gaps[0].until, cursor.heads);
}
