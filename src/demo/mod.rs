//! The demo: four weeks of an embedded world in a minute, with reviewers who follow a script.
//!
//! It plays only the people: the service, the world and the clock are the real ones, and whoever joins the
//! doors hands them in.

pub mod progress;
mod reviewers;
pub mod thread;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use crate::clock::Clock;
use crate::config::{self, Environment, Paint};
use crate::cycle::Newsroom;
use crate::cycle::commands::Answer;
use crate::model::account::Acct;
use crate::model::digest::{DigestRecord, DigestState};
use progress::Progress;
use reviewers::Reviewers;
use thread::Thread;

pub use reviewers::FirstShown;

/// After the story the world goes on at this pace: a day in 144 seconds, as in the sandbox.
pub const PACE: f64 = 600.0;

/// Threads for the store and the parsers of a house that lives by a jumping clock: more than a few only take turns.
pub const HANDS: usize = 4;

/// When reviewers look at the queue: the first, and an hour later the second.
const MORNINGS: [NaiveTime; 2] =
    [NaiveTime::from_hms_opt(6, 0, 0).expect("a time"), NaiveTime::from_hms_opt(7, 0, 0).expect("a time")];
/// Digests are due at nine; half an hour later a thread stands, also after some trouble.
const DIGEST_STANDS: NaiveTime = NaiveTime::from_hms_opt(9, 30, 0).expect("a time");

/// What is played, and what has to come of it.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    pub title: &'static str,
    /// The story ends on the morning of this day.
    pub days: u32,
    /// Digests that have to be out by then, at least.
    pub digests: usize,
    pub review: Review,
}

impl Script {
    /// An outlet with old accounts, a new one with proof, an impostor and a mirror. The policy approves.
    pub const OFFICIAL: Script = Script {
        title: "a news agency opens a new account, and another one of its accounts wakes up",
        days: 28,
        digests: 2,
        review: Review::None,
    };

    /// Four papers that copy an agency and do not say so, an official account, and those who only look alike.
    pub const FOUNDING: Script = Script {
        title: "four papers copy a news agency and do not say so, and ten others have good reasons",
        days: 28,
        digests: 4,
        review: Review::ByTwo,
    };
}

/// Whether people review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Nothing in the story waits for people.
    None,
    /// Every command of the reviewers has to work.
    ByTwo,
}

/// How readers render what a reviewer sees, as the command line does.
pub type Render = fn(&Answer) -> String;

/// What was shown, for people and for tests.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Findings in the order in which reviewers saw them.
    pub queue: Vec<FirstShown>,
    /// Digests as readers see them.
    pub threads: Vec<Thread>,
    /// What should have happened and did not, in one sentence.
    pub missing: Option<String>,
}

/// Loads the configuration of a world and opens the newsroom on it, with the story's clock.
///
/// # Errors
/// What is wrong with the configuration, or what [`Newsroom::open`] says.
pub async fn open(path: &Path, clock: Clock) -> anyhow::Result<Newsroom> {
    let loaded = config::load(Some(path), &Environment::default(), clock.now());
    let mut config = loaded.config.with_context(|| loaded.report.text(Paint::Plain))?;
    config.clock = clock;
    Newsroom::open(Arc::new(config)).await
}

/// Plays the story from now on, beside a service that runs on this newsroom and whoever drives its clock.
/// When it returns, time goes on at [`PACE`].
///
/// # Errors
/// A sentence that says what should have happened and did not.
pub async fn play(
    room: &Newsroom,
    script: &Script,
    bot: &Acct,
    render: Render,
    mut progress: Progress,
) -> anyhow::Result<Shown> {
    let clock = room.config.clock;
    let first = clock.now().date_naive();
    let mut reviewers = Reviewers::hire(room, script.review, render).await?;
    for day in 1..=script.days {
        let date = first + Duration::days(day.into());
        for (number, time) in MORNINGS.iter().enumerate() {
            clock.sleep_until(at(date, *time)).await;
            reviewers.look(room, number).await?;
        }
        clock.sleep_until(at(date, DIGEST_STANDS)).await;
        progress.tell(room, day, script.days).await?;
    }
    // What is read now is what stood at the end of the story.
    let _curtain = clock.work();
    clock.set_pace(Some(PACE));
    progress.end();
    let digests = room.store.run(|store| store.digests()).await.context("read which digests are out")?;
    let missing = check(script, &digests).err().map(|missing| missing.to_string());
    let threads = thread::read(room, bot, &digests).await?;
    Ok(Shown { queue: reviewers.queue, threads, missing })
}

fn at(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    date.and_time(time).and_utc()
}

fn check(script: &Script, digests: &[DigestRecord]) -> anyhow::Result<()> {
    for record in digests {
        let number = record.digest.number;
        match record.state {
            DigestState::Complete { .. } => {}
            DigestState::Posting => anyhow::bail!("digest {number} is still under way at the end"),
            DigestState::Closed { at } => anyhow::bail!("digest {number} was given up at {at}"),
        }
    }
    let (out, expected) = (digests.len(), script.digests);
    anyhow::ensure!(out >= expected, "{out} digests are out after {} days, expected {expected}", script.days);
    Ok(())
}

impl Shown {
    /// Whether a post of any digest shows this address.
    pub fn names(&self, acct: &str) -> bool {
        let posts = self.threads.iter().flat_map(|thread| &thread.posts);
        posts.into_iter().any(|post| thread::shows(&post.text, acct))
    }

    /// All of it as people read it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.queue.is_empty() {
            heading(&mut text, '=', "the review queue, each finding as it was first shown");
        }
        for shown in &self.queue {
            let title = format!("{}, {}", shown.finding, shown.at.format("%A %-d %B %Y, %H:%M"));
            heading(&mut text, '-', &title);
            let _ = writeln!(text, "{}", shown.sheet.trim_end());
        }
        for thread in &self.threads {
            let at = thread.at.format("%A %-d %B %Y, %H:%M");
            heading(&mut text, '=', &format!("digest {}, {at}", thread.number));
            for (place, post) in thread.posts.iter().enumerate() {
                let (of, length, limit) = (thread.posts.len(), post.length, thread.limit);
                heading(&mut text, '-', &format!("{} of {of}, {length} of {limit} characters", place + 1));
                let _ = writeln!(text, "{}", post.text.trim_end());
            }
        }
        text
    }
}

/// A line of its own with a rule below, and an empty line before.
fn heading(text: &mut String, rule: char, title: &str) {
    let rule: String = title.chars().map(|_| rule).collect();
    let _ = writeln!(text, "\n{title}\n{rule}");
}
