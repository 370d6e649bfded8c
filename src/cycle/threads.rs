//! Threads for the passes: our token from its file or its last renewal, and what is known of it from one start to the next.

pub mod keyring;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;

use super::Newsroom;
use crate::config::Config;
use crate::sources::threads::oauth::{self, OauthError};
use crate::sources::threads::standing::Standing;
use crate::sources::threads::{Desk, fingerprint};
use crate::store::{Batch, Store, StoreError, unless_damaged};
use keyring::Kept;

/// Where the store has how we stand.
const NOTE: &str = "threads standing";
/// The service renews no token younger than this.
const RENEWABLE_AFTER: Duration = Duration::hours(24);
/// A token lives for sixty days. Two weeks before its end there is time for four tries before health warns of it, and for
/// ten more before the end.
const RENEWED_BEFORE: Duration = Duration::days(14);

/// The desk as it was left, with the token that counts.
///
/// # Errors
/// The store's.
pub fn open(config: &Config, store: &Store) -> Result<Desk, StoreError> {
    let note = unless_damaged(store.note(NOTE))?;
    // One that cannot be read any more costs a day's limit at most.
    let standing = note.and_then(|note| serde_json::from_str::<Standing>(&note).ok()).unwrap_or_default();
    let desk = Desk::new(standing);
    take(&desk, config);
    Ok(desk)
}

/// Takes in hand the newest token: the one in the file that the configuration names, or what that was renewed to.
/// Returns whether a person put another one there.
fn take(desk: &Desk, config: &Config) -> bool {
    let Some(given) = &config.threads.token else { return false };
    let of = fingerprint(given);
    let kept = keyring::read(&config.state_dir).filter(|kept| kept.of == of);
    let token = kept.as_ref().map_or_else(|| given.clone(), |kept| kept.token.clone());
    let is_other = desk.take(token, &of);
    desk.change(|standing| match kept {
        Some(kept) => (standing.issued_at, standing.expires_at) = (Some(kept.issued_at), kept.expires_at),
        // What was known of a renewed one says nothing of this.
        None => standing.expires_at = None,
    });
    is_other
}

/// The desk of a command that opens no store: with the newest token, and nothing known of how we stand. `None` where
/// Threads is not read.
pub fn hand(config: &Config) -> Option<Desk> {
    let desk = Desk::default();
    take(&desk, config);
    desk.token().is_some().then_some(desk)
}

/// Goes on by another configuration: with another token everything that waited for one is asked again.
///
/// # Errors
/// The store's.
pub async fn take_up(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<()> {
    if !take(&room.threads, &room.config) {
        return Ok(());
    }
    let wake = move |store: &Store| {
        let mut batch = Batch::default();
        for record in store.targets()?.iter().filter(|record| record.target.is_on_threads()) {
            let mut record = (**record).clone();
            (record.due, record.failures, record.trouble) = (now, 0, None);
            batch.put_target(record);
        }
        store.commit(batch).map(|_| ())
    };
    room.store.run(wake).await.context("ask Threads again with the new token")
}

/// What there is to keep, in a batch with other things.
pub fn keep(desk: &Desk, batch: &mut Batch) {
    if let Some(standing) = desk.news()
        && let Ok(note) = serde_json::to_string(&standing)
    {
        batch.set_note(NOTE, &note);
    }
}

/// Whether the token should be renewed now. One whose end nobody told is renewed once it is old enough: then it is told.
/// One that was renewed and could not be written is renewed again, so that a restart does not fall back on the old one.
pub fn is_renewal_due(standing: &Standing, now: DateTime<Utc>) -> bool {
    let is_old = standing.issued_at.is_some_and(|issued| now - issued >= RENEWABLE_AFTER);
    let ends_soon = standing.expires_at.is_none_or(|end| end - now <= RENEWED_BEFORE);
    is_old && (ends_soon || standing.renewal_trouble.is_some()) && standing.dead.is_none()
}

/// Renews the token; what came is on the disk before it counts. Trouble is remembered, and tried again the next day.
pub async fn renew(room: &Newsroom, now: DateTime<Utc>) {
    let (Some(token), Some(of)) = (room.threads.token(), room.threads.standing().of) else { return };
    let outcome = match oauth::renew(&room.net, token).await {
        Ok(renewed) => {
            let expires_at = renewed.expires_in.and_then(|seconds| end(seconds, now));
            let kept = Kept { of: of.clone(), token: renewed.token, issued_at: now, expires_at };
            write(room, kept, &of).await
        }
        Err(OauthError::Dead(end)) => {
            room.threads.change(|standing| standing.heard_dead(end, now));
            Err(format!("it is not taken any more: {}", end.words()))
        }
        Err(error) => Err(error.to_string()),
    };
    room.threads.change(|standing| match outcome {
        Ok(()) => (standing.renewal_trouble, standing.renewal_failures) = (None, 0),
        Err(why) => {
            standing.renewal_failures = standing.renewal_failures.saturating_add(1);
            standing.renewal_trouble = Some(why);
        }
    });
}

/// A new token is used also where it cannot be written: the old one may be good for nothing any more.
async fn write(room: &Newsroom, kept: Kept, of: &str) -> Result<(), String> {
    let (state_dir, token) = (room.config.state_dir.clone(), kept.token.clone());
    let (issued_at, expires_at) = (kept.issued_at, kept.expires_at);
    let written = room.store.run(move |_| keyring::write(&state_dir, &kept)).await;
    room.threads.take(token, of);
    room.threads.change(|standing| {
        (standing.issued_at, standing.expires_at) = (Some(issued_at), expires_at);
    });
    written.map_err(|error| format!("it was renewed, and the new one cannot be written: {error:#}"))
}

/// When a token ends that was handed out just now for so many seconds.
pub fn end(seconds: u64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_add_signed(Duration::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// What is written beside a token that a login got.
pub fn kept_of_login(token: &SecretString, expires_in: Option<u64>, now: DateTime<Utc>) -> Kept {
    let expires_at = expires_in.and_then(|seconds| end(seconds, now));
    Kept { of: fingerprint(token), token: token.clone(), issued_at: now, expires_at }
}
