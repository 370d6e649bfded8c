//! What one poll says of each status of an account: new, edited, back, no longer there, or beyond what is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::model::account::AccountId;
use crate::model::assessment::Relation;
use crate::model::status::{SeenStatus, Status, StatusUri, Version};
use crate::sources::account::AccountPoll;
use crate::sources::walk::{PAGE, Sight};
use crate::store::{Store, StoreError, unless_damaged};

/// A server's clock may be behind ours by so much.
const CLOCKS_DIFFER: Duration = Duration::minutes(5);

/// The poll without its statuses, where they are known as they are and none of those between them is missing: most
/// polls bring one such page, and the store need not be asked for more.
pub(super) fn news_of(
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
pub(super) fn known_statuses(
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

/// How many statuses are kept of an account: those of outlets for their habits over a month and more.
pub(super) fn kept_of(relation: Option<Relation>) -> usize {
    match relation {
        Some(Relation::Official | Relation::Attested) => 3_000,
        _ => 400,
    }
}

/// The oldest statuses, stored or just seen, as far as there are more than `kept`.
pub(super) fn beyond<'a>(
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
pub(in crate::cycle) fn first_sight(
    status: &Status,
    server_date: Option<DateTime<Utc>>,
    last_complete: Option<DateTime<Utc>>,
    background: bool,
    now: DateTime<Utc>,
) -> SeenStatus {
    SeenStatus {
        content_hash: status.content_hash(),
        status: status.clone(),
        first_seen: now,
        absent_at: lacked_by(last_complete, status),
        server_date,
        background,
        versions: Vec::new(),
        removed_at: None,
        forgotten_at: None,
    }
}

/// What changed in a status that is known: a new text, or it is back. `None` = nothing.
pub(in crate::cycle) fn seen_again(
    old: &SeenStatus,
    status: &Status,
    now: DateTime<Utc>,
) -> Option<SeenStatus> {
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
pub(super) fn removed<'a>(
    stored: &'a BTreeMap<StatusUri, Arc<SeenStatus>>,
    seen: &'a AccountPoll,
    now: DateTime<Utc>,
) -> impl Iterator<Item = SeenStatus> + 'a {
    let returned: BTreeSet<&StatusUri> = seen.statuses.iter().map(|status| &status.uri).collect();
    let in_reach = move |old: &&Arc<SeenStatus>| {
        // A service may show a post a while after somebody else told us of it.
        if now - old.first_seen < CLOCKS_DIFFER {
            return false;
        }
        let claimed = old.status.claimed_at.zip(seen.covered_since);
        claimed.is_some_and(|(claimed, since)| claimed > since) && !returned.contains(&old.status.uri)
    };
    let gone = stored.values().filter(|old| old.removed_at.is_none()).filter(in_reach);
    gone.map(move |old| SeenStatus { removed_at: Some(now), ..(**old).clone() })
}
