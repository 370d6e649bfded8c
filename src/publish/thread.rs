//! Decides the next step of posting a digest, from the ledger alone: kill -9 anywhere loses and doubles nothing.
//!
//! Properties it holds, whatever happens between two steps:
//! - Nothing is sent before `Approved` names these very bytes and an `Intent` for this request is in the ledger.
//! - A request with an unknown outcome is looked up before it is repeated, with the same key and reply target.
//! - Of several posts of one part the oldest stays; a post that mentions somebody is taken down for good.
//! - After `Halted` nothing is sent. Reading back and taking down go on, since they only clear up.
//! - A part of which something was withdrawn is not sent any more; where it stands it is edited. Nor is one
//!   that names somebody once namings are stopped.
//!
//! Each reply answers the part posted before it, so that every client shows one line of posts in order;
//! the first one answers the root, and the root answers the standing post from the configuration, if any.
//!
//! The caller carries out a [`Step`], appends the records that [`after_send`], [`after_read`] or
//! [`after_removal`] give for what came of it, in their order, and asks again. It never waits less than
//! 2 s of real time between two reads, whatever the clock says.

mod aftermath;
mod corrections;
mod history;
mod request;

use chrono::{DateTime, Duration, Utc};

use crate::analysis::compose::{self, MOST_NEWLY_NAMED, MOST_POSTS};
use crate::model::digest::{Digest, DigestRecord, DigestState, Part, PartState};
use crate::model::record::{Entry, Record};

pub use aftermath::{Outcome, after_read, after_removal, after_send, broken_off};
pub use corrections::{Editing, to_edit};
use history::{Fate, History, PartHistory};
use request::approved;
pub use request::{Sending, approval, key};

/// Between the starts of two digests. Less than a day, since days of 23 hours exist.
pub const BETWEEN_DIGESTS: Duration = Duration::hours(20);

/// A digest that was frozen longer ago and never tried is news no more.
pub const NEVER_STARTS_AFTER: Duration = Duration::hours(48);

/// From the first request of a digest to its closing post, if it is still unfinished.
pub const UNFINISHED_AFTER: Duration = Duration::hours(24);

/// From the first request of a digest to giving up its closing post, too.
const GIVEN_UP_AFTER: Duration = Duration::hours(48);

/// Between two reads that look for a post: queues of busy servers are shorter.
pub const BETWEEN_READS: Duration = Duration::seconds(120);

/// Mastodon keeps a key for an hour from its first use; the rest is for slow requests and clocks.
const KEY_HOLDS: Duration = Duration::minutes(55);

/// Reads that must find nothing before a part is sent again under the same key.
const READS_WITH_KEY: u32 = 2;

/// The same where no key protects: two more.
const READS_WITHOUT_KEY: u32 = 4;

/// Requests for one part that may have had an effect; then a person has to look.
const MOST_SENDS: u32 = 5;

/// Whether the server keeps `Idempotency-Key`s, as Mastodon does and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Honoured,
    Ignored,
}

/// The kill switch besides the ledger: a file or the web button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

/// What a decision takes from outside the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub now: DateTime<Utc>,
    pub keys: Keys,
    /// `Off` = nothing is sent.
    pub switch: Switch,
    /// For the idempotency keys; never changes for a ledger.
    pub secret: &'a [u8],
    /// Id on the home server of the post that roots answer.
    pub reply_to: Option<&'a str>,
    /// Our newest status on the server, where known.
    pub newest_own: Option<&'a str>,
    /// The server is to be left alone until then.
    pub paused_until: Option<DateTime<Utc>>,
    /// Parts that must not be told any more, by a rule that came into force after they were frozen.
    pub unsaid: &'a [u32],
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing in the ledger approves these bytes; see [`approval`].
    NotApproved {
        why: String,
    },
    Halted,
    WaitUntil(DateTime<Utc>),
    /// Append this record; nothing else happens.
    Append(Record),
    /// Append the intent, fsynced, then send.
    Send(Box<Sending>),
    /// Look for this part among our own statuses; a look that does not work is done again after a while.
    ReadBack(ReadBack),
    /// Delete this post of ours; one that is gone already counts as deleted. Where that does not work,
    /// it comes again: the caller waits a while between tries.
    Remove(Removal),
    /// Nothing more will happen to this digest.
    Done,
}

/// A look at our own newest statuses for one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    pub part: Part,
    pub reply_to: Option<String>,
    /// The first request for this part: nothing older needs to be read.
    pub since: DateTime<Utc>,
}

/// A post of ours to take down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub part: u32,
    pub id: String,
    pub why: String,
}

/// The next step for a digest, given the whole ledger or at least all of it since the digest before.
pub fn next_step(record: &DigestRecord, entries: &[Entry], situation: &Situation<'_>) -> Step {
    let history = History::read(&record.digest, entries);
    let decision = Decision { digest: &record.digest, history: &history, situation };
    if let Some(removal) = decision.removal() {
        return decision.unless_paused(Step::Remove(removal));
    }
    if history.closed.is_some() {
        return Step::Done;
    }
    if let Some(step) = history.in_doubt().and_then(|index| decision.clear_up(index)) {
        return step;
    }
    let is_stale = situation.now - record.frozen_at > NEVER_STARTS_AFTER;
    if history.first_intent.is_none() && (is_stale || record.digest.parts.is_empty()) {
        return decision.close(false);
    }
    if history.is_halted || situation.switch == Switch::Off {
        return Step::Halted;
    }
    if let Err(why) = approved(&record.digest, entries) {
        return Step::NotApproved { why };
    }
    match history.first_intent {
        None => decision.start(),
        Some(first) => decision.go_on(first),
    }
}

/// The digest with everything that the ledger knows of it, for the store to take over.
pub fn replayed(record: &DigestRecord, entries: &[Entry]) -> DigestRecord {
    let history = History::read(&record.digest, entries);
    let state = |part: &PartHistory| match part.fate.clone() {
        Fate::Open => PartState::Waiting,
        Fate::Posted { id, uri, url, at } => PartState::Posted { id, uri, url, at },
        Fate::Refused(why) | Fate::TakenDown(why) => PartState::OnPageOnly { why },
        Fate::Withheld(why) => PartState::Withheld { why },
        Fate::Held(why) => PartState::Held { why },
    };
    let parts = history.parts.iter().take(record.digest.parts.len()).map(state).collect();
    let state = match history.closed {
        None => DigestState::Posting,
        Some((true, at)) => DigestState::Complete { at },
        Some((false, at)) => DigestState::Closed { at },
    };
    DigestRecord { parts, state, ..record.clone() }
}

/// How many accounts may still be named for the first time, given when others were.
///
/// A day counts as long as the least time between two digests, so that a digest that comes a minute
/// early is not held up by the one before.
pub fn may_still_name(named: impl IntoIterator<Item = DateTime<Utc>>, now: DateTime<Utc>) -> u32 {
    let today = named.into_iter().filter(|at| now - *at < BETWEEN_DIGESTS).count();
    MOST_NEWLY_NAMED.saturating_sub(u32::try_from(today).unwrap_or(u32::MAX))
}

/// One decision: the frozen digest, its past and its present.
struct Decision<'a> {
    digest: &'a Digest,
    history: &'a History,
    situation: &'a Situation<'a>,
}

impl Decision<'_> {
    fn close(&self, complete: bool) -> Step {
        Step::Append(Record::Closed { digest: self.digest.number, rev: self.digest.rev, complete })
    }

    fn hold(&self, index: usize, why: &str) -> Step {
        let part = self.part(index).index;
        Step::Append(Record::Held {
            digest: self.digest.number,
            rev: self.digest.rev,
            part,
            why: why.to_owned(),
        })
    }

    /// A part by index; the one after the last is the closing post.
    fn part(&self, index: usize) -> Part {
        self.digest.parts.get(index).cloned().unwrap_or_else(|| compose::closing(self.digest))
    }

    fn removal(&self) -> Option<Removal> {
        self.history.parts.iter().zip(0u32..).find_map(|(history, part)| {
            let (id, why) = history.removing.first()?.clone();
            Some(Removal { part, id, why })
        })
    }

    /// Looks for a part whose outcome is unknown; `None` once it has been missed often enough.
    fn clear_up(&self, index: usize) -> Option<Step> {
        let history = &self.history.parts[index];
        let since = history.first_intent?;
        let now = self.situation.now;
        let is_protected = self.situation.keys == Keys::Honoured && now - since <= KEY_HOLDS;
        let needed = if is_protected { READS_WITH_KEY } else { READS_WITHOUT_KEY };
        if history.doubt.empty_reads >= needed {
            return None;
        }
        let next = history.doubt.last_read.map(|read| read + BETWEEN_READS).filter(|next| *next > now);
        let read = ReadBack { part: self.part(index), reply_to: history.reply_to.clone(), since };
        Some(next.map_or_else(|| self.unless_paused(Step::ReadBack(read)), Step::WaitUntil))
    }

    fn start(&self) -> Step {
        if self.digest.parts.len() > MOST_POSTS as usize {
            return self.hold_once(0, "more posts than a digest may have");
        }
        let next = self.history.other_start.map(|other| other + BETWEEN_DIGESTS);
        match next.filter(|next| *next > self.situation.now) {
            Some(next) => Step::WaitUntil(next),
            None => self.go_on(self.situation.now),
        }
    }

    fn go_on(&self, first_intent: DateTime<Utc>) -> Step {
        let (parts, end) = self.history.parts.split_at(self.digest.parts.len());
        let is_root_lost =
            parts.first().is_none_or(|root| !matches!(root.fate, Fate::Open | Fate::Posted { .. }));
        if is_root_lost {
            return self.close(false);
        }
        let Some(open) = parts.iter().position(|part| part.fate == Fate::Open) else {
            let is_whole = parts.iter().all(|part| !matches!(part.fate, Fate::Held(_)));
            return self.close(is_whole);
        };
        let age = self.situation.now - first_intent;
        if age < UNFINISHED_AFTER {
            return self.send(open);
        }
        if parts[open].doubt.is_open {
            return self.hold(open, "its outcome was unknown a day after the digest began");
        }
        let is_rooted = matches!(parts.first().map(|root| &root.fate), Some(Fate::Posted { .. }));
        let is_end_open = end.first().is_some_and(|end| end.fate == Fate::Open);
        if is_rooted && is_end_open && age < GIVEN_UP_AFTER {
            self.send(parts.len())
        } else {
            self.close(false)
        }
    }

    /// Why a frozen part is not sent after all.
    fn unsaid(&self, index: usize) -> Option<&'static str> {
        if self.history.parts[index].is_corrected {
            return Some("what it says was withdrawn before it was posted");
        }
        let is_stopped = self.situation.unsaid.contains(&self.part(index).index);
        is_stopped.then_some("namings were stopped before it was posted")
    }

    /// Sends a part whose earlier requests, if any, are known to have had no effect.
    fn send(&self, index: usize) -> Step {
        let history = &self.history.parts[index];
        if let Some(why) = self.unsaid(index) {
            let (digest, rev, part) = (self.digest.number, self.digest.rev, self.part(index).index);
            return Step::Append(Record::Withheld { digest, rev, part, why: why.to_owned() });
        }
        if history.was_taken_down() {
            return self.hold(index, "a post of it was taken down and none is left");
        }
        if history.sends >= MOST_SENDS {
            return self.hold(index, "sent five times and never seen on the server");
        }
        if let Some(until) = self.history.deferred_until.filter(|until| *until > self.situation.now) {
            return Step::WaitUntil(until);
        }
        let part = self.part(index);
        let reply_to = if history.first_intent.is_some() {
            history.reply_to.clone()
        } else {
            self.reply_target(index).map(str::to_owned)
        };
        let newest_own = self.situation.newest_own.map(str::to_owned);
        let attempt = history.attempts + 1;
        let sending = Sending::new(self.digest, part, attempt, reply_to, newest_own, self.situation.secret);
        self.unless_paused(Step::Send(Box::new(sending)))
    }

    /// The last post before this part that stands; the configured post for the root.
    fn reply_target(&self, index: usize) -> Option<&str> {
        let before = self.history.parts[..index].iter().rev().find_map(|part| match &part.fate {
            Fate::Posted { id, .. } => Some(id.as_str()),
            _ => None,
        });
        before.or(self.situation.reply_to)
    }

    fn unless_paused(&self, step: Step) -> Step {
        match self.situation.paused_until.filter(|until| *until > self.situation.now) {
            Some(until) => Step::WaitUntil(until),
            None => step,
        }
    }

    /// Holds a part, or goes on where that has been done.
    fn hold_once(&self, index: usize, why: &str) -> Step {
        match self.history.parts[index].fate {
            Fate::Open => self.hold(index, why),
            _ => self.close(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::digest::{DigestNumber, Visibility};
    use crate::publish::receipt::OwnStatus;

    const SECRET: &[u8] = b"secret";
    const ME: &str = "me";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn part(index: u32) -> Part {
        let permalink = match index {
            0 => "https://masthead.example/d/12".to_owned(),
            _ => format!("https://masthead.example/d/12/{index}"),
        };
        Part {
            index,
            text: format!("part {index}\n{permalink}"),
            permalink,
            language: "en".into(),
            visibility: Visibility::Unlisted,
            spoiler: String::new(),
            findings: vec![],
        }
    }

    fn record(replies: u32) -> DigestRecord {
        let frozen_at = at("2026-11-23T09:00:00Z");
        let digest = Digest {
            number: DigestNumber(12),
            rev: 1,
            from: at("2026-11-16T09:00:00Z"),
            to: frozen_at,
            parts: (0..=replies).map(part).collect(),
            awaiting_review: 0,
            postponed: vec![],
            salt: "salt".into(),
        };
        let parts = vec![PartState::Waiting; digest.parts.len()];
        DigestRecord { digest, frozen_at, parts, state: DigestState::Posting, corrections: Vec::new() }
    }

    /// How the server takes one request to post.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Reply {
        Ok,
        /// Posted; the answer got lost, or a gateway said 504.
        LostAfter,
        LostBefore,
        RateLimited,
        Denied,
        Invalid,
        TargetGone,
        NotSent,
        /// It made a mention of something.
        Pings,
    }

    const REPLIES: [Reply; 9] = [
        Reply::Ok,
        Reply::LostAfter,
        Reply::LostBefore,
        Reply::RateLimited,
        Reply::Denied,
        Reply::Invalid,
        Reply::TargetGone,
        Reply::NotSent,
        Reply::Pings,
    ];

    struct Standing {
        status: OwnStatus,
        key: String,
        made_at: DateTime<Utc>,
        listed_at: DateTime<Utc>,
    }

    /// Ledger, server and clock; only the ledger outlives a crash of ours.
    struct World {
        record: DigestRecord,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
        keys: Keys,
        standing: Vec<Standing>,
        made: u64,
        /// Replies to the requests to come; `Ok` when used up.
        script: Vec<Reply>,
        /// Until a post shows up in read-backs.
        listing_delay: Duration,
        /// How many of the next reads fail.
        failing_reads: u32,
        /// Points at which the process is killed, counted over its whole life.
        crashes: BTreeSet<u32>,
        points: u32,
        sends: u32,
        steps: u32,
    }

    /// The process was killed here.
    struct Killed;

    impl World {
        fn new(replies: u32, keys: Keys) -> World {
            let record = record(replies);
            let now = record.frozen_at;
            World {
                record,
                entries: vec![],
                now,
                keys,
                standing: vec![],
                made: 0,
                script: vec![],
                listing_delay: Duration::zero(),
                failing_reads: 0,
                crashes: BTreeSet::new(),
                points: 0,
                sends: 0,
                steps: 0,
            }
        }

        fn point(&mut self) -> Result<(), Killed> {
            self.points += 1;
            if self.crashes.contains(&self.points) { Err(Killed) } else { Ok(()) }
        }

        fn append(&mut self, record: Record) -> Result<(), Killed> {
            self.point()?;
            let seq = self.entries.len() as u64 + 1;
            self.entries.push(Entry { seq, at: self.now, record, hash: String::new() });
            self.point()
        }

        fn situation(&self) -> Situation<'static> {
            Situation {
                now: self.now,
                keys: self.keys,
                switch: Switch::On,
                secret: SECRET,
                reply_to: None,
                newest_own: None,
                paused_until: None,
                unsaid: &[],
            }
        }

        /// Runs until nothing is left to do, starting again after each kill.
        fn run(&mut self) -> Step {
            loop {
                self.now += Duration::seconds(1);
                if let Ok(last) = self.live() {
                    return last;
                }
            }
        }

        fn live(&mut self) -> Result<Step, Killed> {
            loop {
                self.steps += 1;
                assert!(self.steps < 3_000, "no end: {:#?}", &self.entries[self.entries.len() - 6..]);
                let step = next_step(&self.record, &self.entries, &self.situation());
                match step {
                    Step::NotApproved { .. } => {
                        self.append(approval(&self.record.digest, vec!["ana".into()]))?;
                    }
                    Step::Append(record) => self.append(record)?,
                    Step::WaitUntil(then) => {
                        assert!(then > self.now);
                        self.now = then;
                    }
                    Step::Send(sending) => self.send(&sending)?,
                    Step::ReadBack(read) => self.read(&read)?,
                    Step::Remove(removal) => self.remove(&removal)?,
                    Step::Halted | Step::Done => return Ok(step),
                }
            }
        }

        fn send(&mut self, sending: &Sending) -> Result<(), Killed> {
            self.append(sending.intent.clone())?;
            let outcome = self.serve(sending);
            self.now += Duration::seconds(1);
            self.point()?;
            let digest = &self.record.digest;
            for record in after_send(digest, &self.entries, sending, &outcome, ME, self.now) {
                self.append(record)?;
            }
            Ok(())
        }

        /// The server's side of a request, with everything that must be true when one arrives.
        fn serve(&mut self, sending: &Sending) -> Outcome {
            let halted = self.entries.iter().rev().find_map(|entry| match entry.record {
                Record::Halted { .. } => Some(true),
                Record::Resumed { .. } => Some(false),
                _ => None,
            });
            assert_ne!(halted, Some(true), "sent after Halted");
            let is_approved =
                self.entries.iter().any(|entry| matches!(entry.record, Record::Approved { .. }));
            assert!(is_approved && self.entries.last().unwrap().record == sending.intent);
            self.sends += 1;
            let why = || "why".to_owned();
            let reply = if self.script.is_empty() { Reply::Ok } else { self.script.remove(0) };
            match reply {
                Reply::Ok => Outcome::Accepted(self.post(sending, 0)),
                Reply::Pings => Outcome::Accepted(self.post(sending, 1)),
                Reply::LostAfter => {
                    self.post(sending, 0);
                    Outcome::Unknown { why: why() }
                }
                Reply::LostBefore => Outcome::Unknown { why: why() },
                Reply::RateLimited => Outcome::RateLimited { until: self.now + Duration::minutes(5) },
                Reply::Denied => Outcome::Denied { status: 403, why: why() },
                Reply::Invalid => Outcome::Refused { status: 422, why: why() },
                Reply::TargetGone => Outcome::Refused { status: 404, why: why() },
                Reply::NotSent => Outcome::NotSent { until: None, why: why() },
            }
        }

        fn post(&mut self, sending: &Sending, mentions: usize) -> OwnStatus {
            let is_kept = |standing: &&Standing| {
                standing.key == sending.key && self.now - standing.made_at < Duration::hours(1)
            };
            if self.keys == Keys::Honoured
                && let Some(kept) = self.standing.iter().find(is_kept)
            {
                return kept.status.clone();
            }
            self.made += 1;
            let id = self.made.to_string();
            let status = OwnStatus {
                uri: format!("https://social.example/{id}"),
                url: None,
                created_at: Some(self.now),
                account: ME.into(),
                in_reply_to: sending.reply_to.clone(),
                visibility: "unlisted".into(),
                mentions,
                links: vec![sending.part.permalink.clone()],
                text: String::new(),
                id,
            };
            self.standing.push(Standing {
                status: status.clone(),
                key: sending.key.clone(),
                made_at: self.now,
                listed_at: self.now + self.listing_delay,
            });
            status
        }

        fn read(&mut self, read: &ReadBack) -> Result<(), Killed> {
            self.point()?;
            self.now += Duration::seconds(1);
            if self.failing_reads > 0 {
                self.failing_reads -= 1;
                self.now += Duration::seconds(30);
                return Ok(());
            }
            let listed = self.standing.iter().filter(|standing| standing.listed_at <= self.now);
            let own: Vec<OwnStatus> = listed.map(|standing| standing.status.clone()).collect();
            self.point()?;
            for record in after_read(&self.record.digest, &self.entries, read, &own, ME) {
                self.append(record)?;
            }
            Ok(())
        }

        fn remove(&mut self, removal: &Removal) -> Result<(), Killed> {
            self.point()?;
            self.standing.retain(|standing| standing.status.id != removal.id);
            self.point()?;
            self.append(after_removal(&self.record.digest, removal))
        }

        /// What must be true at the end of every story.
        fn check(&self, last: &Step) {
            let digest = &self.record.digest;
            let end = compose::closing(digest);
            let history = History::read(digest, &self.entries);
            let mut before: Option<&OwnStatus> = None;
            for (part, known) in digest.parts.iter().chain([&end]).zip(&history.parts) {
                let mine: Vec<&OwnStatus> = self
                    .standing
                    .iter()
                    .map(|standing| &standing.status)
                    .filter(|status| status.carries(&part.permalink))
                    .collect();
                assert!(mine.len() <= 1, "part {} stands {} times", part.index, mine.len());
                assert!(known.sends <= MOST_SENDS && known.removing.is_empty());
                assert!(!(known.doubt.is_open && known.fate == Fate::Open && *last == Step::Done));
                match (&known.fate, mine.first()) {
                    (Fate::Posted { id, .. }, Some(status)) => {
                        assert_eq!(*id, status.id);
                        assert_eq!(status.in_reply_to.as_ref(), before.map(|before| &before.id));
                        assert_eq!(status.mentions, 0);
                        before = Some(status);
                    }
                    (Fate::Posted { .. }, None) => panic!("part {} is recorded and gone", part.index),
                    (fate, Some(_)) => panic!("part {} stands and is {fate:?}", part.index),
                    (_, None) => {}
                }
            }
        }

        fn fates(&self) -> Vec<Fate> {
            let mut fates: Vec<Fate> = History::read(&self.record.digest, &self.entries)
                .parts
                .into_iter()
                .map(|part| part.fate)
                .collect();
            fates.pop();
            fates
        }

        fn is_complete(&self) -> bool {
            matches!(replayed(&self.record, &self.entries).state, DigestState::Complete { .. })
        }
    }

    fn all_posted(world: &World) -> bool {
        world.fates().iter().all(|fate| matches!(fate, Fate::Posted { .. }))
    }

    #[test]
    fn a_quiet_day_posts_every_part_once_in_order() {
        for keys in [Keys::Honoured, Keys::Ignored] {
            let mut world = World::new(3, keys);
            let last = world.run();
            world.check(&last);
            assert_eq!(
                (last, world.sends, all_posted(&world), world.is_complete()),
                (Step::Done, 4, true, true)
            );
        }
    }

    /// Every crash point × every reply × at every part × with and without keys × slow listings.
    #[test]
    fn wherever_it_is_killed_and_whatever_the_server_does_each_part_is_posted_once() {
        let mut stories = 0;
        for keys in [Keys::Honoured, Keys::Ignored] {
            let slow = if keys == Keys::Honoured { 100 } else { 330 };
            for delay in [0, slow] {
                for reply in REPLIES {
                    for position in 0..4 {
                        for again in [1, 2] {
                            let scene = |crash: Option<u32>| {
                                let mut world = World::new(2, keys);
                                world.listing_delay = Duration::seconds(delay);
                                world.script = vec![Reply::Ok; position];
                                world.script.extend(vec![reply; again]);
                                world.crashes.extend(crash);
                                let last = world.run();
                                world.check(&last);
                                check_honesty(&world, &last, reply, position);
                                world.points
                            };
                            let points = scene(None);
                            for crash in 1..=points {
                                scene(Some(crash));
                                stories += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(stories > 5_000, "{stories}");
    }

    fn check_honesty(world: &World, last: &Step, reply: Reply, position: usize) {
        match reply {
            Reply::Pings if position < 3 => assert_eq!(*last, Step::Halted),
            Reply::Invalid | Reply::TargetGone | Reply::Pings => assert_eq!(*last, Step::Done),
            // Nothing that these do may lose a post.
            _ => {
                assert_eq!(*last, Step::Done);
                assert!(all_posted(world) && world.is_complete(), "{:?}", world.fates());
            }
        }
    }

    #[test]
    fn a_server_that_never_answers_ends_with_a_person_after_five_sends() {
        for keys in [Keys::Honoured, Keys::Ignored] {
            let mut world = World::new(2, keys);
            world.script = vec![Reply::LostBefore; 50];
            let last = world.run();
            world.check(&last);
            assert_eq!((last, world.sends), (Step::Done, 5));
            assert!(
                matches!(world.fates()[..], [Fate::Held(_), Fate::Open, Fate::Open]),
                "{:?}",
                world.fates()
            );
            assert!(!world.is_complete());
        }
    }

    #[test]
    fn a_reply_that_is_held_does_not_stop_the_others() {
        let mut world = World::new(2, Keys::Honoured);
        world.script = [vec![Reply::Ok], vec![Reply::LostBefore; 5]].concat();
        let last = world.run();
        world.check(&last);
        assert!(
            matches!(world.fates()[..], [Fate::Posted { .. }, Fate::Held(_), Fate::Posted { .. }]),
            "{:?}",
            world.fates()
        );
        assert!(!world.is_complete());
    }

    #[test]
    fn a_refused_reply_stays_on_the_page_and_a_refused_root_stops_the_digest() {
        let mut world = World::new(2, Keys::Honoured);
        world.script = vec![Reply::Ok, Reply::Invalid];
        world.run();
        assert!(matches!(world.fates()[..], [Fate::Posted { .. }, Fate::Refused(_), Fate::Posted { .. }]));
        assert!(world.is_complete());
        let mut world = World::new(2, Keys::Honoured);
        world.script = vec![Reply::Invalid];
        assert_eq!((world.run(), world.sends, world.is_complete()), (Step::Done, 1, false));
    }

    /// A server that calls a repeat a duplicate has the first one, however late it lists it.
    #[test]
    fn a_refused_repeat_is_looked_up_before_it_counts() {
        let mut world = World::new(1, Keys::Ignored);
        world.listing_delay = Duration::minutes(10);
        world.script = vec![Reply::LostAfter, Reply::Invalid];
        let last = world.run();
        world.check(&last);
        assert_eq!((world.sends, all_posted(&world)), (3, true));
    }

    #[test]
    fn a_reply_target_that_is_gone_stops_the_digest() {
        let mut world = World::new(3, Keys::Honoured);
        world.script = vec![Reply::Ok, Reply::TargetGone];
        assert_eq!((world.run(), world.sends, world.is_complete()), (Step::Done, 2, false));
    }

    #[test]
    fn an_unfinished_digest_gets_one_closing_post_after_a_day() {
        let mut world = World::new(2, Keys::Honoured);
        let mut script = vec![Reply::Ok];
        script.extend(vec![Reply::Denied; 40]);
        world.script = script;
        // Denied deferrals grow to an hour, so a day passes; then the server relents.
        let started = world.now;
        loop {
            match next_step(&world.record, &world.entries, &world.situation()) {
                Step::NotApproved { .. } => {
                    let _ = world.append(approval(&world.record.digest, vec![]));
                }
                Step::WaitUntil(then) => world.now = then,
                Step::Send(sending) => {
                    if world.now - started > UNFINISHED_AFTER {
                        world.script.clear();
                    }
                    let _ = world.send(&sending);
                }
                Step::Append(record) => {
                    let _ = world.append(record);
                }
                step => {
                    assert_eq!(step, Step::Done);
                    break;
                }
            }
        }
        world.check(&Step::Done);
        assert!(!world.is_complete());
        let texts: Vec<&str> = world.standing.iter().map(|s| s.status.links[0].as_str()).collect();
        assert_eq!(texts, ["https://masthead.example/d/12", "https://masthead.example/d/12/end"]);
    }

    #[test]
    fn a_digest_older_than_two_days_never_starts() {
        let mut world = World::new(2, Keys::Honoured);
        world.now += Duration::hours(49);
        assert_eq!((world.run(), world.sends, world.is_complete()), (Step::Done, 0, false));
    }

    #[test]
    fn two_digests_are_twenty_hours_apart() {
        let mut world = World::new(0, Keys::Honoured);
        let started = world.now - Duration::hours(19);
        let mut other = world.record.digest.clone();
        other.number = DigestNumber(11);
        let key = key(SECRET, &other, 0);
        let record = Record::Intent {
            digest: other.number,
            rev: 1,
            part: 0,
            attempt: 1,
            key,
            body: String::new(),
            reply_to: None,
            newest_own: None,
        };
        world.entries.push(Entry { seq: 1, at: started, record, hash: String::new() });
        world.append(approval(&world.record.digest, vec![])).ok();
        let step = next_step(&world.record, &world.entries, &world.situation());
        assert_eq!(step, Step::WaitUntil(started + BETWEEN_DIGESTS));
    }

    #[test]
    fn nothing_is_sent_while_halted_and_a_lost_answer_is_still_looked_up() {
        let mut world = World::new(2, Keys::Honoured);
        world.script = vec![Reply::LostAfter];
        world.append(approval(&world.record.digest, vec![])).ok();
        let Step::Send(sending) = next_step(&world.record, &world.entries, &world.situation()) else {
            panic!()
        };
        world.send(&sending).ok();
        world.append(Record::Halted { why: "a person said so".into() }).ok();
        assert_eq!((world.run(), world.sends), (Step::Halted, 1));
        assert!(matches!(world.fates()[0], Fate::Posted { .. }));
        let off = Situation { switch: Switch::Off, ..world.situation() };
        world.append(Record::Resumed { by: "ana".into() }).ok();
        assert_eq!(next_step(&world.record, &world.entries, &off), Step::Halted);
        assert_eq!(world.run(), Step::Done);
        assert!(all_posted(&world));
    }

    #[test]
    fn a_post_that_mentioned_somebody_is_not_made_again_after_resume() {
        let mut world = World::new(2, Keys::Honoured);
        world.script = vec![Reply::Ok, Reply::Pings];
        assert_eq!(world.run(), Step::Halted);
        assert_eq!(world.standing.len(), 1);
        world.append(Record::Resumed { by: "ana".into() }).ok();
        assert_eq!(world.run(), Step::Done);
        world.check(&Step::Done);
        assert!(
            matches!(world.fates()[..], [Fate::Posted { .. }, Fate::Held(_), Fate::Posted { .. }]),
            "{:?}",
            world.fates()
        );
    }

    #[test]
    fn of_several_posts_of_one_part_the_oldest_stays() {
        let mut world = World::new(1, Keys::Ignored);
        world.script = vec![Reply::LostAfter];
        world.append(approval(&world.record.digest, vec![])).ok();
        let Step::Send(sending) = next_step(&world.record, &world.entries, &world.situation()) else {
            panic!()
        };
        world.send(&sending).ok();
        world.now += Duration::seconds(5);
        world.post(&sending, 0);
        world.post(&sending, 0);
        assert_eq!(world.run(), Step::Done);
        world.check(&Step::Done);
        let ids: Vec<&str> = world.standing.iter().map(|standing| standing.status.id.as_str()).collect();
        assert_eq!(ids, ["1", "4"]);
    }

    #[test]
    fn bytes_that_differ_from_the_approved_ones_are_not_sent() {
        let mut world = World::new(1, Keys::Honoured);
        world.append(approval(&world.record.digest, vec![])).ok();
        world.record.digest.parts[1].text.push('!');
        let step = next_step(&world.record, &world.entries, &world.situation());
        assert_eq!(
            step,
            Step::NotApproved { why: "part 1 of digest 12 differs from what was approved".into() }
        );
    }

    #[test]
    fn a_day_has_five_new_names() {
        let now = at("2026-11-23T09:00:00Z");
        assert_eq!(may_still_name([], now), 5);
        assert_eq!(may_still_name(vec![now - Duration::hours(1); 3], now), 2);
        assert_eq!(may_still_name(vec![now - Duration::hours(1); 9], now), 0);
        assert_eq!(may_still_name(vec![now - Duration::hours(23); 9], now), 5);
    }

    #[test]
    fn the_key_names_digest_revision_and_part() {
        let digest = record(1).digest;
        let other = Digest { rev: 2, ..digest.clone() };
        let keys: BTreeSet<String> = [
            key(SECRET, &digest, 0),
            key(SECRET, &digest, 1),
            key(SECRET, &other, 0),
            key(b"another", &digest, 0),
        ]
        .into();
        assert_eq!(keys.len(), 4);
        assert!(keys.iter().all(|key| key.len() == 64));
    }

    #[test]
    fn a_part_that_was_withdrawn_before_it_was_posted_is_not_sent() {
        let record = record(1);
        let now = record.frozen_at;
        let (digest, rev) = (record.digest.number, 1);
        let root = Record::Posted { digest, rev, part: 0, id: "1".into(), uri: "1".into(), url: None };
        let intent = Record::Intent {
            digest,
            rev,
            part: 0,
            attempt: 1,
            key: "k".into(),
            body: "b".into(),
            reply_to: None,
            newest_own: None,
        };
        let corrected = Record::Corrected { digest, part: 1, rev: 2, seal: "s".into(), by: vec![] };
        let records = [approval(&record.digest, vec![]), intent, root, corrected];
        let entry = |record: &Record| Entry { seq: 0, at: now, record: record.clone(), hash: String::new() };
        let entries: Vec<Entry> = records.iter().map(entry).collect();
        let situation = Situation {
            now,
            keys: Keys::Honoured,
            switch: Switch::On,
            secret: SECRET,
            reply_to: None,
            newest_own: None,
            paused_until: None,
            unsaid: &[],
        };
        let step = |entries: &[Entry]| next_step(&record, entries, &situation);
        assert!(matches!(step(&entries[..3]), Step::Send(_)));
        assert!(matches!(step(&entries), Step::Append(Record::Withheld { part: 1, .. })));
        let stopped = Situation { unsaid: &[1], ..situation };
        let step = next_step(&record, &entries[..3], &stopped);
        assert!(matches!(step, Step::Append(Record::Withheld { part: 1, .. })), "{step:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn no_schedule_of_kills_and_troubles_doubles_or_loses_a_post(
            replies in 0u32..5, has_keys in any::<bool>(), delay in 0i64..330, failing_reads in 0u32..4,
            script in prop::collection::vec(prop::sample::select(REPLIES.to_vec()), 0..14),
            crashes in prop::collection::btree_set(1u32..150, 0..25),
        ) {
            let keys = if has_keys { Keys::Honoured } else { Keys::Ignored };
            let mut world = World::new(replies, keys);
            world.listing_delay = Duration::seconds(if has_keys { delay.min(110) } else { delay });
            world.failing_reads = failing_reads;
            world.script = script;
            world.crashes = crashes;
            let last = world.run();
            world.check(&last);
        }
    }
}
