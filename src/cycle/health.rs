//! Health: what the service can see and do just now, from what is stored and remembered; it asks nobody.

mod feeds;
mod people;
mod place;
pub mod probe;
mod publishing;
mod remembered;
mod servers;
mod stream;
mod threads;

use std::fmt::Display;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, Duration, Utc};

use super::backup::{self, Doubt};
use super::vitals::Memory;
use super::{Newsroom, alert};
use crate::config::Config;
use crate::model::health::{Figures, Health, Line, Mark, Subject, TargetCount};
use crate::model::target::{Target, TargetRecord};
use crate::net::OurClock;
use crate::sources::threads::standing::Standing;
use crate::store::{Store, StoreError};
use feeds::Feeds;
pub(super) use feeds::OTHER_FEEDS;
pub use remembered::Remembered;

/// A place that could not be read for so long is blind; before that it may just be restarting.
const BLIND_AFTER: Duration = Duration::hours(24);
/// When nothing at all could be read for so long, it is our own network.
const CUT_OFF_AFTER: Duration = Duration::minutes(30);

/// What one look at the store brings.
struct Seen<'a> {
    config: &'a Config,
    store: &'a Store,
    memory: &'a Memory,
    doubt: Option<&'a Doubt>,
    remembered: &'a Remembered,
    threads: &'a Standing,
    targets: &'a [Arc<TargetRecord>],
    now: DateTime<Utc>,
}

/// Everything there is to say at `now`. Networks are not asked: what polls met is what is said of them.
///
/// # Errors
/// The store's.
pub async fn of(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<Health> {
    let memory = room.vitals.recall();
    let press = publishing::of_press(&*room.press.lock().await, &room.config, &memory);
    let doubt = backup::doubt(room, now).await;
    let home = room.config.publish.as_ref().map(|publish| &publish.server);
    let (clock, in_force) = (room.net.our_clock(home), room.reloads.in_force());
    let (config, remembered) = (room.config.clone(), room.remembered.clone());
    let standing = room.threads.standing();
    let look = move |store: &Store| {
        let targets = store.targets()?;
        let (config, memory, doubt, remembered) = (&config, &memory, doubt.as_ref(), &remembered);
        let (targets, threads) = (&targets, &standing);
        let seen = Seen { config, store, memory, doubt, remembered, threads, targets, now };
        let mut health = seen.health(press, clock)?;
        health.lines.extend(seen.config_line(&in_force));
        health.sort();
        Ok::<_, StoreError>(health)
    };
    room.store.run(look).await.context("look at how everything stands")
}

impl Seen<'_> {
    fn health(&self, press: publishing::OfPress, clock: OurClock) -> Result<Health, StoreError> {
        let mut figures = Figures {
            targets: self.count_targets(),
            polls_good: self.memory.polls_good,
            polls_failed: self.memory.polls_failed,
            new_statuses: self.memory.new_statuses,
            ..Figures::default()
        };
        let mut lines = self.clock(clock, &mut figures);
        lines.push(self.page_line());
        let Feeds { lines: mut places, mut unsaid } = self.feed_lines(&mut figures);
        places.extend(self.server_lines());
        places.extend(self.stream_lines(&mut figures)?);
        places.extend(self.threads_lines());
        match self.cut_off() {
            // Every place is blind then: one line says it all.
            Some(line) if line.mark == Mark::Broken => {
                lines.push(line);
                unsaid.extend(places);
            }
            line => lines.extend(line.into_iter().chain(places)),
        }
        let mut remembered = self.remembered.lock();
        lines.extend(self.account_lines(&mut remembered, &mut figures)?);
        lines.extend(self.review_lines(remembered.findings(self.store)?, &press, &mut figures));
        lines.extend(self.publishing_lines(remembered.digests(self.store)?, press, &mut figures)?);
        drop(remembered);
        lines.extend(self.place_lines(&mut figures)?);
        lines.push(alert::line(self.store, self.config, self.now)?);
        Ok(Health {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: self.now,
            up_since: self.memory.up_since,
            config: self.config.path.as_ref().map(|path| path.display().to_string()),
            lines,
            unsaid,
            figures,
        })
    }

    fn count_targets(&self) -> std::collections::BTreeMap<String, TargetCount> {
        let mut counts = std::collections::BTreeMap::<String, TargetCount>::new();
        for record in self.targets {
            let count = counts.entry(record.target.kind().to_owned()).or_default();
            count.all += 1;
            count.failing += u64::from(record.failures > 0);
        }
        counts
    }

    /// Nothing at all was read for long although it was tried: our own network.
    fn cut_off(&self) -> Option<Line> {
        let last_ok = self.targets.iter().filter_map(|record| record.last_ok).max();
        let tried = self.targets.iter().filter(|record| record.failures > 0);
        let tried: Vec<_> =
            tried.filter(|record| last_ok.is_none_or(|ok| record.last_try > Some(ok))).collect();
        let first = self.targets.iter().map(|record| record.added_at).min()?;
        let since = last_ok.unwrap_or(first);
        let is_long = self.now - since >= CUT_OFF_AFTER;
        // Before anything was ever read, nothing speaks for the network.
        let is_first = last_ok.is_none() && !is_long;
        if tried.len() < 3 || !(is_first || is_long && tried.len() >= self.targets.len() / 2) {
            return None;
        }
        // What an account's own page or site answered would name the account.
        let names = |target: &Target| matches!(target, Target::Account { .. } | Target::Site { .. });
        let places = tried.iter().filter(|record| !names(&record.target));
        let newest = places.max_by_key(|record| record.last_try);
        let why = newest.and_then(|newest| newest.trouble.as_deref()).unwrap_or("no answer");
        let says = format!(
            "nothing could be read since {}: {} places were tried, the last one said: {why}",
            when(since, self.now),
            tried.len(),
        );
        let fix = "is this machine on line? does it resolve names? then nothing is to be done: it goes on by itself";
        let mark = if is_first { Mark::Unknown } else { Mark::Broken };
        Some(Line::new(mark, Subject::Network, "", says).fix(fix))
    }

    fn target(&self, target: &Target) -> Option<&TargetRecord> {
        self.targets.iter().find(|record| record.target == *target).map(|record| &**record)
    }
}

/// Since when a target that was tried cannot be read; `None` while it can, or was never tried.
fn unread_since(record: &TargetRecord) -> Option<DateTime<Utc>> {
    (record.failures > 0).then(|| record.last_ok.unwrap_or(record.added_at))
}

/// A time as people say it: today by the hour, this year by the day.
pub(super) fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match () {
        () if at.date_naive() == now.date_naive() => format!("today {}", at.format("%H:%M")),
        () if (now - at).abs() < Duration::days(7) => at.format("%a %-d %b %H:%M").to_string(),
        () if at.year() == now.year() => at.format("%-d %b").to_string(),
        () => at.format("%-d %b %Y").to_string(),
    }
}

/// A span in its largest unit.
pub(super) fn span(span: Duration) -> String {
    let (minutes, hours, days) = (span.num_minutes(), span.num_hours(), span.num_days());
    match () {
        () if minutes < 120 => format!("{minutes} min"),
        () if hours < 48 => format!("{hours} h"),
        () => format!("{days} days"),
    }
}

/// `3 feeds`, `1 feed`.
fn count(number: impl Display + PartialEq<u64>, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{number} {word}")
}
