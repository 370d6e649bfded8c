//! Listening: takes the stream of all new posts of Bluesky, looks at each, and keeps of it what matters.
//!
//! Properties it holds:
//! - Nothing of a post that does not matter is ever written; not even that it was there.
//! - What a batch of events changes and how far the stream was taken are one commit: a kill loses nothing, and what is
//!   told again changes nothing.
//! - It only leads to accounts and adds statuses; accounts are judged as after a poll.
//! - Where the stream was not seen is known, and shown until somebody could have looked.

mod position;
mod sift;
mod write;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration as RealDuration;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use tokio::time::{Instant, timeout};

use super::clippings::Fresh;
use super::vitals::Stream;
use super::{Newsroom, collect, judge};
use crate::clock::{Clock, Work};
use crate::net::{FetchError, Told};
use crate::sources::PollError;
use crate::sources::jetstream::{HOST, Jetstream};
use crate::store::{Store, StoreError};
pub use position::{Hole, Position};
pub use sift::{Frame, Readers, Sifted, sift};
use write::Namers;

/// Frames that are looked at and written together, and how many bytes they may have.
const MOST_FRAMES: usize = 500;
const MOST_BYTES: usize = 4 << 20;
/// A frame waits no longer than this for others, in real time; where none follows at once, it does not wait for more.
const GATHERED_FOR: RealDuration = RealDuration::from_secs(1);
const NEXT_WITHIN: RealDuration = RealDuration::from_millis(100);
/// How far the stream was taken is noted so often where nothing mattered.
const NOTE_EVERY: Duration = Duration::seconds(10);
/// Between two tries to connect: the first wait, and the longest that doubling makes of it.
const FIRST_WAIT: Duration = Duration::seconds(1);
const LONGEST_WAIT: Duration = Duration::minutes(5);
/// What is no older than this is as good as now.
const CAUGHT_UP: Duration = Duration::seconds(10);
/// Where nothing comes for so long, in real time, a small network has nothing to say.
const NOTHING_WITHIN: RealDuration = RealDuration::from_secs(3);
/// A frame that no stream can hold is stepped over: first by so much, then by twice as much each time.
const FIRST_STEP: Duration = Duration::seconds(1);
const LONGEST_STEP: Duration = Duration::hours(1);

/// A command listens no longer than this, in real time, and opens the stream so often.
const CATCH_UP_WITHIN: Duration = Duration::minutes(20);
const CATCH_UP_TRIES: u32 = 3;

/// How long to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Stopped,
    /// Only what has happened until now.
    CaughtUp,
}

/// Why a session of listening is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Stopped,
    CaughtUp,
    /// It is to be opened again, not before this.
    Broken {
        again: DateTime<Utc>,
    },
}

/// Who listens, from one session to the next.
#[derive(Debug)]
pub struct Listener {
    room: Newsroom,
    position: Position,
    readers: Arc<Readers>,
    namers: Namers,
    noted_at: DateTime<Utc>,
    /// Sessions in a row that brought nothing new.
    failures: u32,
    /// How far to step over what cannot be read.
    step: Duration,
}

/// Frames that came together. As long as they are not written, a jumping clock stands still.
struct Gathered {
    frames: Vec<Frame>,
    ended: Result<(), FetchError>,
    _work: Option<Work>,
}

/// What was taken of the stream until there was nothing more.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CaughtUp {
    pub events: u64,
    /// Accounts to which it leads, and statuses of known ones.
    pub leads: u64,
    pub statuses: u64,
    /// How far it was taken.
    pub until: Option<DateTime<Utc>>,
    /// Why it was not taken to its end.
    pub trouble: Option<String>,
}

/// Takes what has happened since the stream was last listened to, for some minutes at most.
///
/// # Errors
/// The store's.
pub async fn catch_up(room: &Newsroom) -> anyhow::Result<CaughtUp> {
    let mut listener = Listener::begin(room).await?;
    let mut enough = std::pin::pin!(Clock::Real.sleep(CATCH_UP_WITHIN));
    let why = || room.vitals.recall().stream.broken.map(|(_, why)| why);
    let mut trouble = None;
    for _ in 0..CATCH_UP_TRIES {
        match listener.session(Until::CaughtUp, &mut enough).await? {
            Ended::CaughtUp => {
                trouble = None;
                break;
            }
            Ended::Stopped => {
                trouble = Some(format!("it takes longer than {} min", CATCH_UP_WITHIN.num_minutes()));
                break;
            }
            Ended::Broken { again } => {
                trouble = why();
                if again - room.config.clock.now() > LONGEST_WAIT {
                    break;
                }
                room.config.clock.sleep_until(again).await;
            }
        }
    }
    let seen = room.vitals.recall().stream;
    let until = seen.position.and_then(|position| position.cursor);
    Ok(CaughtUp { events: seen.events, leads: seen.leads, statuses: seen.statuses, until, trouble })
}

impl Listener {
    /// Goes on where the last one stopped.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(room: &Newsroom) -> anyhow::Result<Listener> {
        let now = room.config.clock.now();
        let filter = room.clippings.lock().await.filter();
        let config = room.config.clone();
        let begun = room.store.run(move |store| {
            let position = Position::read(store, now)?;
            Ok::<_, StoreError>((position, Readers::of(store, &config, filter)?))
        });
        let (position, readers) = begun.await.context("read how far the stream was taken")?;
        room.vitals.stream(|seen| seen.take_position(&position));
        let (readers, namers) = (Arc::new(readers), Namers::default());
        let step = Duration::zero();
        Ok(Listener { room: room.clone(), position, readers, namers, noted_at: now, failures: 0, step })
    }

    /// Listens until the stream breaks, or for as long as is wanted; `enough` ends it at once and in order.
    ///
    /// # Errors
    /// The store's. Whatever the stream does ends the session and is no error.
    pub async fn session(&mut self, until: Until, enough: impl Future<Output = ()>) -> anyhow::Result<Ended> {
        let mut enough = std::pin::pin!(enough);
        let clock = self.room.config.clock;
        let opened_at = clock.now();
        let from = self.position.ask_from(self.step);
        let opened = tokio::select! {
            () = &mut enough => return Ok(Ended::Stopped),
            opened = Jetstream::open(&self.room.net, from) => opened,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => return Ok(self.broken(&error)),
        };
        tracing::info!(host = %*HOST, ?from, "listens to the stream");
        self.room.vitals.stream(|seen| seen.connected(opened_at));
        let mut opening = Some(opened_at);
        loop {
            let before = stream.received();
            let gathered = tokio::select! {
                () = &mut enough => {
                    stream.close().await;
                    self.room.vitals.stream(Stream::ended);
                    return Ok(Ended::Stopped);
                }
                gathered = gather(&mut stream, clock, until) => gathered,
            };
            let Some(Gathered { frames, ended, _work }) = gathered else {
                return self.caught_up(stream).await;
            };
            let bytes = stream.received() - before;
            self.take(frames, bytes, &mut opening).await?;
            drop(_work);
            if let Err(error) = ended {
                if matches!(error, FetchError::TooLarge { .. } | FetchError::Garbled { .. }) {
                    self.step = (self.step * 2).clamp(FIRST_STEP, LONGEST_STEP);
                }
                return Ok(self.broken(&PollError::Fetch(error)));
            }
            if until == Until::CaughtUp && self.position.cursor.is_some_and(|at| at >= opened_at - CAUGHT_UP)
            {
                return self.caught_up(stream).await;
            }
        }
    }

    async fn caught_up(&mut self, stream: Jetstream) -> anyhow::Result<Ended> {
        stream.close().await;
        self.room.vitals.stream(Stream::ended);
        let position = self.position.clone();
        let noted = self.room.store.run(move |store| store.commit(position.noted()));
        noted.await.context("note how far the stream was taken")?;
        Ok(Ended::CaughtUp)
    }

    /// Looks at frames, and writes what matters of them together with how far they lead.
    async fn take(
        &mut self,
        frames: Vec<Frame>,
        bytes: u64,
        opening: &mut Option<DateTime<Utc>>,
    ) -> anyhow::Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        let (readers, config) = (self.readers.clone(), self.room.config.clone());
        let now = config.clock.now();
        let looked = self.room.store.run(move |store| {
            let readers = readers.renewed(store, &config)?;
            let sifted = sift(&readers, &config, &frames, now);
            Ok::<_, StoreError>((readers, sifted))
        });
        let (readers, sifted) = looked.await.context("look at the stream")?;
        self.readers = readers;
        let last = self.position.cursor;
        if let Some(first) = sifted.first
            && let Some(opened_at) = opening.take()
        {
            self.position.opened(first, opened_at, std::mem::take(&mut self.step));
        }
        self.position.advance(&sifted, bytes);
        if self.position.cursor > last {
            self.failures = 0;
        }
        let (position, events) = (self.position.clone(), sifted.events);
        self.room.vitals.stream(|seen| seen.took(&position, events, bytes, now));
        if sifted.is_empty() && now - self.noted_at < NOTE_EVERY {
            return Ok(());
        }
        self.noted_at = now;
        self.write(sifted, now).await
    }

    async fn write(&mut self, sifted: Sifted, now: DateTime<Utc>) -> anyhow::Result<()> {
        // Whoever holds the clippings longer than a moment is a pass, which has an end; the stream waits.
        let clippings = match sifted.suspects.is_empty() {
            true => None,
            false => Some(self.room.clippings.clone().lock_owned().await),
        };
        let (config, position) = (self.room.config.clone(), self.position.clone());
        let mut namers = self.namers.clone();
        let written = self.room.store.run(move |store: &Store| {
            let written = write::write(store, &config, clippings, sifted, position, &mut namers, now)?;
            Ok::<_, StoreError>((written, namers))
        });
        let (written, namers) = written.await.context("write what the stream brought")?;
        self.namers = namers;
        for lead in &written.leads {
            tracing::debug!(%lead, "the stream leads to it");
        }
        self.room.vitals.stream(|seen| {
            seen.leads += written.leads.len() as u64;
            seen.statuses += written.statuses as u64;
        });
        if !written.touched.is_empty() {
            let fresh = Fresh { statuses: written.fresh, ..Fresh::default() };
            let mut touched = written.touched;
            touched.extend(collect::compare(&self.room, fresh, now).await?);
            judge::pass(&self.room, Some(touched), now).await?;
        }
        if written.is_due {
            // Collection sleeps until what it knew is due.
            self.room.wake();
        }
        Ok(())
    }

    /// The session is over; when the next one may begin.
    fn broken(&mut self, error: &PollError) -> Ended {
        let now = self.room.config.clock.now();
        let wait = (FIRST_WAIT * 2_i32.pow(self.failures.min(9))).min(LONGEST_WAIT);
        let wait = wait + wait * self.jitter(now) / 1_000;
        let again = error.retry_at().map_or(now + wait, |at| at.max(now + wait));
        if self.failures == 0 {
            tracing::warn!(host = %*HOST, trouble = %error, "the stream broke off; it is opened again");
        }
        self.failures = self.failures.saturating_add(1);
        self.room.vitals.stream(|seen| seen.broke(error.to_string(), now));
        Ended::Broken { again }
    }

    /// Up to a tenth more, in thousandths, so that not everybody comes back at once.
    fn jitter(&self, now: DateTime<Utc>) -> i32 {
        let mut hasher = DefaultHasher::new();
        (super::user_agent(&self.room.config), now.timestamp_micros()).hash(&mut hasher);
        (hasher.finish() % 100) as i32
    }
}

/// Frames until there are enough, none follows, or the other side wants to know whether they were taken. `None` where
/// nothing more is to be waited for.
async fn gather(stream: &mut Jetstream, clock: Clock, until: Until) -> Option<Gathered> {
    let first = loop {
        let told = match until {
            Until::Stopped => stream.next().await,
            Until::CaughtUp => timeout(NOTHING_WITHIN, stream.next()).await.ok()?,
        };
        match told {
            Ok(Told::Ping) => {}
            Ok(told) => break told,
            Err(error) => return Some(Gathered { frames: vec![], ended: Err(error), _work: None }),
        }
    };
    let mut gathered = Gathered { frames: vec![], ended: Ok(()), _work: Some(clock.work()) };
    let mut bytes = 0;
    let end = Instant::now() + GATHERED_FOR;
    let mut next = Some(first);
    while let Some(told) = next.take() {
        let frame = match told {
            // Answered when the next frame is asked for, after these are written.
            Told::Ping => break,
            Told::Text(bytes) => Frame::Text(bytes),
            Told::Binary(bytes) => Frame::Binary(bytes),
        };
        bytes += frame.bytes().len();
        gathered.frames.push(frame);
        if gathered.frames.len() >= MOST_FRAMES || bytes >= MOST_BYTES {
            break;
        }
        let patience = NEXT_WITHIN.min(end.saturating_duration_since(Instant::now()));
        match timeout(patience, stream.next()).await {
            Ok(Ok(told)) => next = Some(told),
            Ok(Err(error)) => gathered.ended = Err(error),
            Err(_) => {}
        }
    }
    Some(gathered)
}
