//! An account's harvest: its profile, its new, edited and removed statuses, its counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::{Fault, Harvest, Known, Write};
use crate::cycle::{Newsroom, due};
use crate::model::account::{AccountId, Acct, Host, Network};
use crate::model::assessment::Relation;
use crate::model::dossier::{AccountRecord, Found, Method, Presence};
use crate::model::observation::{CountsAt, Observation};
use crate::model::rhythm::Rhythm;
use crate::model::status::{SeenStatus, Status, StatusUri, Version};
use crate::model::target::TargetRecord;
use crate::sources::account::{AccountPoll, Before};
use crate::sources::bluesky::AppView;
use crate::sources::mastodon::poll::read_account;
use crate::sources::threads::Threads;
use crate::sources::walk::{PAGE, Sight};
use crate::sources::{PollError, webfinger};
use crate::store::{Store, StoreError, unless_damaged};

/// Pages of forty statuses that one poll may read: the rest is a gap that the next poll goes on with.
const PAGES_PER_POLL: u32 = 5;
/// An address of somebody who asked to be left alone by id is asked whose it is no oftener than this.
const LEFT_ALONE_FOR: Duration = Duration::days(7);
/// A server's clock may be behind ours by so much.
const CLOCKS_DIFFER: Duration = Duration::minutes(5);
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
        (Ok(seen), _) => Ok(write(known, api_host, record, seen, now)),
        (Err(error), Some(account)) if error.is_missing() => {
            let account = account.clone();
            Ok(Box::new(move |_| Ok(missing(account, record, now))))
        }
        (Err(error), Some(_)) => Err(error.into()),
        (Err(error), None) if acct.network() != Network::Mastodon => Err(error.into()),
        // The address may be on another host than the server that serves it: its host says by webfinger.
        (Err(error), None) => match webfinger::locate(&room.net, &acct, now).await {
            Ok(Some((_, host))) if host != api_host && !room.config.mastodon.opt_out.has_host(&host) => {
                let before = Before { observation: None, cursor: &known.cursor };
                let seen = read(room, &acct, &host, before, now).await?;
                Ok(write(known, host, record, seen, now))
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
    let token = room.config.mastodon.tokens.get(api_host);
    read_account(&room.net, acct, api_host, token, before, PAGES_PER_POLL, now).await
}

fn write(known: Known, api_host: Host, record: TargetRecord, seen: AccountPoll, now: DateTime<Utc>) -> Write {
    Box::new(move |store| harvest(store, known, api_host, record, seen, now))
}

/// The poll without its statuses, where they are known as they are and none of those between them is missing: most
/// polls bring one such page, and the store need not be asked for more.
fn news_of(
    store: &Store,
    id: &AccountId,
    heads: &[StatusUri],
    seen: AccountPoll,
) -> Result<AccountPoll, StoreError> {
    let returned: BTreeSet<&StatusUri> = seen.statuses.iter().map(|status| &status.uri).collect();
    let last = heads.iter().rposition(|uri| returned.contains(uri));
    // Where the page is all there is, the oldest one may be missing as well.
    let is_all_there_is = seen.covered_since == Some(DateTime::UNIX_EPOCH);
    let in_reach = if is_all_there_is { heads.len() } else { last.map_or(0, |last| last + 1) };
    let is_whole = seen.complete && seen.sight == Sight::Later && returned.len() == in_reach;
    if !is_whole || !heads[..in_reach].iter().all(|uri| returned.contains(uri)) {
        return Ok(seen);
    }
    for status in &seen.statuses {
        let mark = unless_damaged(store.status_mark(id, &status.uri))?;
        if mark.is_none_or(|mark| !mark.is_same(status)) {
            return Ok(seen);
        }
    }
    Ok(AccountPoll { statuses: vec![], covered_since: None, ..seen })
}

/// The known statuses that a poll can say something about. Most polls bring one page without anything new: then
/// only that page and the newest known ones are read, instead of all that the account ever posted.
fn known_statuses(
    store: &Store,
    id: &AccountId,
    heads: &[StatusUri],
    seen: &AccountPoll,
) -> Result<BTreeMap<StatusUri, Arc<SeenStatus>>, StoreError> {
    let mut stored = BTreeMap::new();
    if seen.statuses.is_empty() && seen.covered_since.is_none() {
        return Ok(stored);
    }
    let returned: Vec<&StatusUri> = seen.statuses.iter().map(|status| &status.uri).collect();
    for uri in returned.iter().copied().chain(heads) {
        if !stored.contains_key(uri)
            && let Some(known) = unless_damaged(store.status(id, uri))?
        {
            stored.insert(uri.clone(), Arc::new(known));
        }
    }
    let is_one_page = returned.len() <= PAGE && seen.sight != Sight::First;
    let is_all_known = returned.iter().all(|uri| stored.contains_key(*uri));
    if is_one_page && is_all_known && heads.len() >= returned.len() {
        return Ok(stored);
    }
    let all = store.statuses(id)?.into_iter();
    Ok(all.map(|known| (known.status.uri.clone(), known)).collect())
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
    store: &Store,
    known: Known,
    api_host: Host,
    record: TargetRecord,
    seen: AccountPoll,
    now: DateTime<Utc>,
) -> Result<Harvest, StoreError> {
    let Known { cursor, account: known, worths, .. } = known;
    let mut harvest = Harvest::of(&record.target);
    let id = seen.observation.profile.id.clone();
    // The same address with another id is another account: it starts with an empty history.
    let (known, replaced) = match known {
        Some(account) if account.id != id => (unless_damaged(store.account(&id))?, Some(account)),
        known => (known.or(unless_damaged(store.account(&id))?), None),
    };
    // On Bluesky an account that gave its handle up is known by another one, and somebody else may have it now.
    let former = unless_damaged(store.last_holder(&seen.observation.profile.acct))?;
    let former = former.filter(|account| account.id != id);
    let lead = replaced.as_ref().or(former.as_ref()).map(|account| successor_of(account, now));
    if let Some(account) = replaced {
        let presence = account.presence.after_missing(now);
        harvest.touched.push(account.id.clone());
        harvest.batch.put_account(AccountRecord { presence, ..account });
    }
    let seen = news_of(store, &id, &cursor.heads, seen)?;
    let stored = known_statuses(store, &id, &cursor.heads, &seen)?;
    let background = known.is_none() || seen.sight == Sight::First;
    let last_complete = known.as_ref().and_then(|account| account.last_complete_poll);
    let mut has_changed = known.as_ref().is_none_or(|account| tells_more(account, &seen));
    let changed = seen.statuses.iter().filter_map(|status| match stored.get(&status.uri) {
        None => Some(first_sight(status, &seen, last_complete, background, now)),
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
    if seen.cursor != cursor {
        harvest.batch.put_cursor(&record.target, &seen.cursor);
    }
    let rhythm = learned(&record, &stored, &seen, now);
    let account = updated(known, api_host, lead.or_else(|| record.found.clone()), seen, now);
    let (paced, due) = due::account(&harvest.target, &account, standing, rhythm, &worths, now);
    if has_changed {
        harvest.touched.push(id);
    }
    harvest.batch.put_account(account);
    let record = TargetRecord { found: None, paced: Some(Box::new(paced)), ..record };
    harvest.polled(record, due, now);
    Ok(harvest)
}

/// How an account was found that is at the address of another.
fn successor_of(account: &AccountRecord, now: DateTime<Utc>) -> Found {
    Found { at: now, method: Method::Successor, through: account.id.uri.clone(), background: true }
}

/// Whether a poll says of the account itself what judgement did not know: judging is not free.
fn tells_more(known: &AccountRecord, seen: &AccountPoll) -> bool {
    known.presence != Presence::There
        || (known.last_complete_poll.is_none() && seen.complete)
        || known.latest.profile.content_hash() != seen.observation.profile.content_hash()
}

/// How many statuses are kept of an account: those of outlets for their habits over a month and more.
fn kept_of(relation: Option<Relation>) -> usize {
    match relation {
        Some(Relation::Official | Relation::Attested) => 3_000,
        _ => 400,
    }
}

/// The oldest statuses, stored or just seen, as far as there are more than `kept`.
fn beyond<'a>(
    kept: usize,
    stored: &'a BTreeMap<StatusUri, Arc<SeenStatus>>,
    seen: &'a AccountPoll,
    now: DateTime<Utc>,
) -> impl Iterator<Item = &'a StatusUri> {
    let old = stored.values().map(|old| (old.made_at(), &old.status.uri));
    let new = seen.statuses.iter().filter(|status| !stored.contains_key(&status.uri));
    let new = new.map(|status| (status.claimed_at.map_or(now, |claimed| claimed.min(now)), &status.uri));
    let times: BTreeSet<(DateTime<Utc>, &StatusUri)> = old.chain(new).collect();
    let beyond = times.len().saturating_sub(kept);
    times.into_iter().take(beyond).map(|(_, uri)| uri)
}

/// The last complete poll, which lacked this status. One that says it was there before that poll ended makes the poll
/// no witness: a cache may have answered.
fn lacked_by(last_complete: Option<DateTime<Utc>>, status: &Status) -> Option<DateTime<Utc>> {
    let stated = status.claimed_at.map(|claimed| claimed + CLOCKS_DIFFER);
    last_complete.filter(|polled| stated.is_some_and(|stated| stated >= *polled))
}

/// A status that no poll had returned before.
fn first_sight(
    status: &Status,
    seen: &AccountPoll,
    last_complete: Option<DateTime<Utc>>,
    background: bool,
    now: DateTime<Utc>,
) -> SeenStatus {
    SeenStatus {
        content_hash: status.content_hash(),
        status: status.clone(),
        first_seen: now,
        absent_at: lacked_by(last_complete, status),
        server_date: seen.server_date,
        background,
        versions: Vec::new(),
        removed_at: None,
        forgotten_at: None,
    }
}

/// What changed in a status that is known: a new text, or it is back. `None` = nothing.
fn seen_again(old: &SeenStatus, status: &Status, now: DateTime<Utc>) -> Option<SeenStatus> {
    let content_hash = status.content_hash();
    let newest = old.versions.last().map_or(&old.content_hash, |version| &version.content_hash);
    let mut fresh = old.clone();
    fresh.removed_at = None;
    if *newest != content_hash {
        let (edited_at, text) = (status.edited_at, status.text.clone());
        fresh.versions.push(Version { seen_at: now, edited_at, text, content_hash });
    }
    (fresh != *old).then_some(fresh)
}

/// Known statuses that a complete read of their time no longer returned.
fn removed<'a>(
    stored: &'a BTreeMap<StatusUri, Arc<SeenStatus>>,
    seen: &'a AccountPoll,
    now: DateTime<Utc>,
) -> impl Iterator<Item = SeenStatus> + 'a {
    let returned: BTreeSet<&StatusUri> = seen.statuses.iter().map(|status| &status.uri).collect();
    let in_reach = move |old: &&Arc<SeenStatus>| {
        let claimed = old.status.claimed_at.zip(seen.covered_since);
        claimed.is_some_and(|(claimed, since)| claimed > since) && !returned.contains(&old.status.uri)
    };
    let gone = stored.values().filter(|old| old.removed_at.is_none()).filter(in_reach);
    gone.map(move |old| SeenStatus { removed_at: Some(now), ..(**old).clone() })
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
    lead: Option<Found>,
    seen: AccountPoll,
    now: DateTime<Utc>,
) -> AccountRecord {
    let last_complete_poll = if seen.complete { Some(now) } else { None };
    match known {
        Some(account) => AccountRecord {
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
            found: lead.unwrap_or(Found {
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
