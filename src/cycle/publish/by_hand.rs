//! Digests by hand: the exact posts without posting them, or one digest now with what became of it.

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::edition::{self, Composed};
use super::{greet, make, posting, under_way};
use crate::analysis::measure;
use crate::cycle::clock_check;
use crate::cycle::home::known_limits;
use crate::cycle::{Newsroom, judge};
use crate::model::digest::{DigestNumber, DigestState, PartState};

/// A digest made by hand waits this long for its outcome; then the service goes on with it.
const PATIENCE: Duration = Duration::minutes(15);

/// What a digest came to, or would.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestReport {
    /// `None` when there is nothing to say.
    pub number: Option<DigestNumber>,
    pub posts: Vec<PostLine>,
    /// Findings that come next time.
    pub postponed: usize,
    /// Why a post was refused by our own gate: it stands on the page only.
    pub dropped: Vec<String>,
    /// What happened, or why nothing did.
    pub says: String,
    pub safe_mode: Option<String>,
}

/// One post, exactly as it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostLine {
    pub part: u32,
    pub text: String,
    /// As the server counts.
    pub length: usize,
    pub limit: u32,
    pub language: String,
    pub visibility: String,
    pub state: PartState,
}

/// The exact posts of a digest made now. As before every digest, what waits is judged once more; nothing
/// else changes.
pub async fn dry_run(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<DigestReport> {
    let mut press = room.press.lock().await;
    judge::waiting(room, &mut press, now).await?;
    let composed = edition::compose(room, &mut press, now).await?;
    let composed = composed.map_err(|not_now| anyhow::anyhow!(not_now.why))?;
    let safe_mode = press.safe_mode().map(str::to_owned);
    Ok(DigestReport { safe_mode, ..report(composed, "nothing was posted: this is a dry run") })
}

/// A digest now, whatever the schedule says; waits for its outcome for some minutes.
pub async fn digest_now(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<DigestReport> {
    let trouble = greet(room).await.err();
    if let Some(why) = room.press.lock().await.safe_mode() {
        return Ok(DigestReport {
            safe_mode: Some(why.to_owned()),
            ..nothing("nothing is posted in safe mode")
        });
    }
    if let Some(trouble) = trouble {
        return Err(trouble.into());
    }
    let number = match under_way(room).await? {
        Some(record) => Some(record.digest.number),
        None if let Some(why) = clock_check::known_wrong(room) => {
            anyhow::bail!("{why}; posts would carry wrong dates\n  timedatectl set-ntp true")
        }
        None => make(room, None, now).await?.map_err(|not_now| anyhow::anyhow!(not_now.why))?,
    };
    let Some(number) = number else { return Ok(nothing("there is nothing to say")) };
    let until = follow_through(room).await?;
    let record = room.store.run(move |store| store.digest(number)).await?;
    let record = record.context("the digest is no longer in the store")?;
    let press = room.press.lock().await;
    let says = match (record.state, press.halted(), until) {
        (DigestState::Complete { .. }, ..) => "complete".to_owned(),
        (DigestState::Closed { .. }, ..) => "closed with posts missing; they stand on the page".to_owned(),
        (_, Some(why), _) => format!("halted: {why}; `masthead resume --as NAME` goes on"),
        (_, None, Some(until)) => {
            format!("it goes on {}; `masthead run` or `masthead digest` takes it up", until.format("%F %T"))
        }
        (_, None, None) => format!("it waits; is there a file {} in the state directory?", super::HALT_FILE),
    };
    let limits = known_limits(room).await;
    Ok(report(Composed { record: Some(record), ..Composed::nothing(Vec::new(), limits) }, &says))
}

/// Posts until nothing more happens or patience ends; then until when it waits.
async fn follow_through(room: &Newsroom) -> anyhow::Result<Option<DateTime<Utc>>> {
    let clock = room.config.clock;
    let patience = clock.now() + PATIENCE;
    loop {
        match posting::drive(room).await? {
            Some(until) if until <= patience => clock.sleep_until(until).await,
            until => return Ok(until),
        }
    }
}

fn nothing(says: &str) -> DigestReport {
    DigestReport {
        number: None,
        posts: Vec::new(),
        postponed: 0,
        dropped: Vec::new(),
        says: says.to_owned(),
        safe_mode: None,
    }
}

fn report(composed: Composed, says: &str) -> DigestReport {
    let dropped = composed.dropped.iter().map(|dropped| dropped.why.to_string()).collect();
    let Some(record) = composed.record else {
        return DigestReport { dropped, ..nothing("there is nothing to say") };
    };
    let limits = composed.limits;
    let posts = record.digest.parts.iter().zip(&record.parts).map(|(part, state)| PostLine {
        part: part.index,
        text: part.text.clone(),
        length: measure::length(&part.text, &part.spoiler, limits),
        limit: limits.max_characters,
        language: part.language.clone(),
        visibility: part.visibility.as_str().to_owned(),
        state: state.clone(),
    });
    DigestReport {
        number: Some(record.digest.number),
        posts: posts.collect(),
        postponed: record.digest.postponed.len(),
        dropped,
        says: says.to_owned(),
        safe_mode: None,
    }
}
