//! An account's harvest: its profile, its new, edited and removed statuses, its counts.

pub(in crate::cycle) mod statuses;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use self::statuses::{beyond, first_sight, kept_of, known_statuses, news_of, removed, seen_again};
use super::holders::{Identity, follow, identify, is_renamed};
use super::{Fault, Harvest, Known, Write, linked};
use crate::config::Config;
use crate::cycle::{Newsroom, due};
use crate::model::account::{AccountId, Acct, Host, Network};
use crate::model::dossier::{AccountRecord, Found, Method, Presence};
use crate::model::observation::{CountsAt, Observation};
use crate::model::rhythm::Rhythm;
use crate::model::status::{SeenStatus, StatusUri};
use crate::model::target::{Cursor, TargetRecord};
use crate::sources::account::{AccountPoll, Before};
use crate::sources::bluesky::AppView;
use crate::sources::threads::Threads;
use crate::sources::walk::Sight;
use crate::sources::{PollError, webfinger};
use crate::store::{Store, StoreError, unless_damaged};

/// Pages of forty statuses that one poll may read: the rest is a gap that the next poll goes on with.
const PAGES_PER_POLL: u32 = 5;
/// An address of somebody who asked to be left alone by id is asked whose it is no oftener than this.
const LEFT_ALONE_FOR: Duration = Duration::days(7);
/// Counts are kept this far apart at least: a trend needs no more. An account is judged anew with each of
/// them, since proof must be fresh and activity ends by itself; without anything new it is not judged oftener.
const COUNTS_EVERY: Duration = Duration::hours(6);

pub(super) async fn poll(
    room: &Newsroom,
    acct: Acct,
    known: Known,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let account = known.account.as_ref();
    let api_host = account.map_or_else(|| acct.host().clone(), |account| account.api_host.clone());
    let before = Before { observation: account.map(|account| &account.latest), cursor: &known.cursor };
    match (read(room, &acct, &api_host, before, now).await, account) {
        (Ok(seen), _) if room.config.bluesky.opt_out.contains(&seen.observation.profile.id.uri) => {
            Ok(Box::new(move |_| Ok(left_alone(record, now))))
        }
        (Ok(seen), _) => Ok(write(room, known, api_host, record, seen, now)),
        (Err(error), Some(account)) if error.is_missing() => {
            let account = account.clone();
            if has_left(&account) {
                // Its handle is free for others, who are asked for by it as long as nobody is known by it.
                let (cursor, known) = (Cursor::default(), Known { account: None, ..known });
                let before = Before { observation: None, cursor: &cursor };
                if let Ok(seen) = read(room, &acct, &api_host, before, now).await {
                    return Ok(write(room, Known { cursor, ..known }, api_host, record, seen, now));
                }
            }
            Ok(Box::new(move |_| Ok(missing(account, record, now))))
        }
        (Err(error), Some(_)) => Err(error.into()),
        (Err(error), None) if acct.network() != Network::Mastodon => Err(error.into()),
        // The address may be on another host than the server that serves it: its host says by webfinger.
        (Err(error), None) => match webfinger::locate(&room.net, &acct, now).await {
            Ok(Some((_, host))) if host != api_host && !room.config.mastodon.opt_out.has_host(&host) => {
                let before = Before { observation: None, cursor: &known.cursor };
                let seen = read(room, &acct, &host, before, now).await?;
                Ok(write(room, known, host, record, seen, now))
            }
            _ => Err(error.into()),
        },
    }
}

async fn read(
    room: &Newsroom,
    acct: &Acct,
    api_host: &Host,
    before: Before<'_>,
    now: DateTime<Utc>,
) -> Result<AccountPoll, PollError> {
    match acct.network() {
        Network::Bluesky => {
            return AppView::public(&room.net).read_account(acct, before, PAGES_PER_POLL, now).await;
        }
        Network::Threads => {
            let interface = Threads { net: &room.net, desk: &room.threads };
            return interface.read_account(acct, before, PAGES_PER_POLL, now).await;
        }
        _ => {}
    }
    room.server(api_host).read_account(acct, before, PAGES_PER_POLL, now).await
}

fn write(
    room: &Newsroom,
    known: Known,
    api_host: Host,
    record: TargetRecord,
    seen: AccountPoll,
    now: DateTime<Utc>,
) -> Write {
    let config = room.config.clone();
    Box::new(move |store| harvest((store, &config), known, api_host, record, seen, now))
}

/// Whether it is known to be gone from where an account is asked for by its id and not by its address.
fn has_left(account: &AccountRecord) -> bool {
    let is_nameless = Acct::nameless(&account.id).is_none_or(|nameless| nameless.is_same(&account.acct));
    !is_nameless && matches!(account.presence, Presence::Gone { .. })
}

/// The server says that the account is not there: once is a doubt, twice is gone; evidence stays.
fn missing(account: AccountRecord, record: TargetRecord, now: DateTime<Utc>) -> Harvest {
    let presence = account.presence.after_missing(now);
    let has_changed = presence != account.presence;
    let account = AccountRecord { presence, ..account };
    let mut harvest = Harvest::of(&record.target);
    let due = due::missing(&record.target, &account, now);
    if has_changed {
        harvest.touched.push(account.id.clone());
    }
    harvest.batch.put_account(account);
    harvest.polled(record, due, now);
    harvest
}

/// Who it is was known only when it was read: nothing of it is kept.
fn left_alone(record: TargetRecord, now: DateTime<Utc>) -> Harvest {
    let mut harvest = Harvest::of(&record.target);
    harvest.polled(record, now + LEFT_ALONE_FOR, now);
    harvest
}

/// What one good poll changes: all of it in one batch, the cursor with the items.
fn harvest(
    (store, config): (&Store, &Config),
    known: Known,
    api_host: Host,
    record: TargetRecord,
    seen: AccountPoll,
    now: DateTime<Utc>,
) -> Result<Harvest, StoreError> {
    let Known { cursor, account: known, worths, .. } = known;
    let mut harvest = Harvest::of(&record.target);
    let id = seen.observation.profile.id.clone();
    let Identity { known, succession } = identify(store, &mut harvest, known, &seen, now)?;
    let seen = news_of(store, &id, &cursor.heads, seen)?;
    let stored = known_statuses(store, &id, &cursor.heads, &seen)?;
    let background = known.is_none() || seen.sight == Sight::First;
    let last_complete = known.as_ref().and_then(|account| account.last_complete_poll);
    let mut has_changed = known.as_ref().is_none_or(|account| tells_more(account, &seen));
    let changed = seen.statuses.iter().filter_map(|status| match stored.get(&status.uri) {
        None => Some(first_sight(status, seen.server_date, last_complete, background, now)),
        Some(old) => seen_again(old, status, now),
    });
    for status in changed.chain(removed(&stored, &seen, now)) {
        has_changed = true;
        if !stored.contains_key(&status.status.uri) {
            harvest.new_statuses += 1;
            harvest.fresh.statuses.push((id.clone(), status.clone()));
        }
        harvest.batch.put_status(&id, status);
    }
    let standing = due::Standing::of(store, &id)?;
    linked::follow(&mut harvest, (store, config), &seen.observation.profile, known.as_ref(), standing, now)?;
    for uri in beyond(kept_of(standing.relation), &stored, &seen, now) {
        harvest.batch.remove_status(&id, uri);
    }
    if is_due_for_counts(store, &id, &seen.observation, now)? {
        let counts = seen.observation.profile.counts;
        harvest.batch.put_counts(&id, CountsAt { at: seen.observation.seen_at, counts });
        has_changed = true;
    }
    let source = record.target.to_string();
    for rejected in &seen.rejected {
        harvest.batch.put_rejected(&source, now, rejected.clone());
    }
    let acct = seen.observation.profile.acct.clone();
    let rhythm = learned(&record, &stored, &seen, now);
    let record = if is_renamed(&record.target, &acct) {
        follow(&mut harvest, record, &acct, &seen.cursor)
    } else {
        if seen.cursor != cursor {
            harvest.batch.put_cursor(&record.target, &seen.cursor);
        }
        record
    };
    let account = updated(known, api_host, succession, record.found.clone(), seen, now);
    let (paced, due) = due::account(&harvest.target, &account, standing, rhythm, &worths, now);
    let due = asked_meanwhile(store, &record)?.map_or(due, |asked| asked.min(due));
    if has_changed {
        harvest.touched.push(id);
    }
    harvest.batch.put_account(account);
    let record = TargetRecord { found: None, paced: Some(Box::new(paced)), ..record };
    harvest.polled(record, due, now);
    Ok(harvest)
}

/// Who heard of a change while the poll was under way made its target due once more.
fn asked_meanwhile(store: &Store, record: &TargetRecord) -> Result<Option<DateTime<Utc>>, StoreError> {
    let stored = unless_damaged(store.target(&record.target))?.map(|stored| stored.due);
    Ok(stored.filter(|due| *due != record.due))
}

/// Whether a poll says of the account itself what judgement did not know: judging is not free.
fn tells_more(known: &AccountRecord, seen: &AccountPoll) -> bool {
    known.presence != Presence::There
        || (known.last_complete_poll.is_none() && seen.complete)
        || known.latest.profile.content_hash() != seen.observation.profile.content_hash()
}

/// A profile that is not asked for with every poll says nothing new of its counts.
fn is_due_for_counts(
    store: &Store,
    id: &AccountId,
    seen: &Observation,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let newest = store.counts_taken_at(id, now)?;
    Ok(newest.is_none_or(|newest| now - newest >= COUNTS_EVERY && newest != seen.seen_at))
}

/// What is known of the account's rhythm with the posts that this poll brought. What the first one brought says how it
/// was since the oldest of them.
fn learned(
    record: &TargetRecord,
    stored: &BTreeMap<StatusUri, Arc<SeenStatus>>,
    seen: &AccountPoll,
    now: DateTime<Utc>,
) -> Rhythm {
    let mut rhythm = record.paced.as_ref().map(|paced| paced.rhythm.clone()).unwrap_or_default();
    let new = seen.statuses.iter().filter(|status| !stored.contains_key(&status.uri));
    let posted: Vec<_> =
        new.map(|status| status.claimed_at.map_or(now, |claimed| claimed.min(now))).collect();
    let since = match seen.sight {
        Sight::First => posted.iter().min().copied(),
        _ => record.last_ok,
    };
    rhythm.learn(since.unwrap_or(now), now, posted);
    rhythm
}

/// The account's record after a good poll. An account that nobody led us to was listed.
fn updated(
    known: Option<AccountRecord>,
    api_host: Host,
    succession: Option<Found>,
    lead: Option<Found>,
    seen: AccountPoll,
    now: DateTime<Utc>,
) -> AccountRecord {
    let last_complete_poll = if seen.complete { Some(now) } else { None };
    match known {
        Some(account) => AccountRecord {
            // Whoever goes by another address is not known for what its holder before was found for.
            found: match succession {
                Some(lead) if !account.acct.is_same(&seen.observation.profile.acct) => lead,
                _ => account.found,
            },
            acct: seen.observation.profile.acct.clone(),
            latest: seen.observation,
            presence: Presence::There,
            last_complete_poll: last_complete_poll.or(account.last_complete_poll),
            ..account
        },
        None => AccountRecord {
            id: seen.observation.profile.id.clone(),
            acct: seen.observation.profile.acct.clone(),
            api_host,
            found: succession.or(lead).unwrap_or(Found {
                at: now,
                method: Method::Listed,
                through: seen.observation.read_from.clone(),
                background: true,
            }),
            latest: seen.observation,
            presence: Presence::There,
            last_complete_poll,
        },
    }
}
