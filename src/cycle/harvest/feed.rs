//! A feed's harvest: items never seen before, how the feed does, and old items that are let go.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::{Fault, Harvest, Write};
use crate::cycle::{Newsroom, due, targets};
use crate::model::item::{FeedSight, Item, ItemId};
use crate::model::outlet::{FeedStatus, OutletId};
use crate::model::target::TargetRecord;
use crate::sources::feed::{self, FeedPoll, Page, ParsedItem};
use crate::store::{Store, StoreError, unless_damaged};

/// Copy is posted within hours or days; what is older than a season is not compared any more.
const ITEMS_KEPT: Duration = Duration::days(90);
/// Items that one harvest lets go: a batch stays small, and tomorrow is another day.
const LET_GO_AT_ONCE: usize = 500;
/// A publisher of news that has had none for so long has left its feed.
const QUIET_AFTER: Duration = Duration::days(30);
/// A date further ahead is wrong and says nothing of when a feed was last fed.
const AHEAD: Duration = Duration::days(1);

/// What is written of one reading beside the items.
struct Reading {
    publisher: OutletId,
    url: String,
    known: Option<FeedSight>,
    /// As the watchlist has it.
    status: FeedStatus,
    /// Addresses of all feeds that are read.
    listed: BTreeSet<String>,
}

pub(super) async fn poll(
    room: &Newsroom,
    publisher: OutletId,
    url: String,
    known: Option<FeedSight>,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    // A feed that is another publisher's now begins anew.
    let known = known.filter(|known| known.publisher == publisher);
    let feeds: Vec<_> = targets::feeds(&room.config).collect();
    let listed = feeds.iter().find(|(id, listed, _)| *id == publisher && *listed == url);
    let status = listed.map_or(FeedStatus::Unverified, |(_, _, status)| *status);
    let listed = feeds.into_iter().map(|(_, url, _)| url).collect();
    let poll = feed::read(&room.net, &url, known.as_ref()).await?;
    let reading = Reading { publisher, url, known, status, listed };
    Ok(Box::new(move |store| harvest(store, reading, poll, record, now)))
}

fn harvest(
    store: &Store,
    reading: Reading,
    poll: FeedPoll,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Harvest, StoreError> {
    let mut harvest = Harvest::of(&record.target);
    let sight = match poll {
        FeedPoll::Same => reading.known.clone().map(|known| FeedSight { fetched_at: now, ..known }),
        FeedPoll::Read { page, bytes, validators } => {
            let sight = FeedSight {
                url: reading.url.clone(),
                publisher: reading.publisher.clone(),
                first_read: reading.known.as_ref().map_or(now, |known| known.first_read),
                fetched_at: now,
                etag: validators.etag,
                last_modified: validators.last_modified,
                bytes,
                items: u32::try_from(page.items.len()).unwrap_or(u32::MAX),
                newest: page
                    .items
                    .iter()
                    .filter_map(|it| it.claimed_at)
                    .filter(|at| *at <= now + AHEAD)
                    .max(),
            };
            let there = take_items(store, &mut harvest, &reading, page, now)?;
            let_go(store, &mut harvest, &reading, &there, now)?;
            Some(sight)
        }
    };
    let complaint = sight.as_ref().and_then(|sight| complaint(sight, now));
    let is_quiet = sight.as_ref().is_some_and(|sight| is_quiet(sight, reading.status, now));
    let due = match is_quiet {
        true => due::stale_feed(&record.target, now),
        false => due::after_success(&record.target, now),
    };
    sight.into_iter().for_each(|sight| harvest.batch.put_feed(sight));
    harvest.polled_with(record, complaint, due, now);
    Ok(harvest)
}

/// Writes the items that were never seen; those that were keep what they said first. Returns all that are
/// there. What stood in the feed when it was first read may be older than our sight of it.
fn take_items(
    store: &Store,
    harvest: &mut Harvest,
    reading: &Reading,
    page: Page,
    now: DateTime<Utc>,
) -> Result<BTreeSet<ItemId>, StoreError> {
    let mut there = BTreeSet::new();
    for parsed in page.items {
        let id = ItemId::of(&reading.publisher, &parsed.guid);
        if !store.has_item(&id)? && !there.contains(&id) {
            let item = item(id.clone(), parsed, reading, now);
            harvest.fresh.items.push(item.clone());
            harvest.batch.put_item(item);
        }
        there.insert(id);
    }
    let source = harvest.target.to_string();
    page.rejected.into_iter().for_each(|rejected| harvest.batch.put_rejected(&source, now, rejected));
    Ok(there)
}

fn item(id: ItemId, parsed: ParsedItem, reading: &Reading, now: DateTime<Utc>) -> Item {
    Item {
        id,
        publisher: reading.publisher.clone(),
        feed: reading.url.clone(),
        sha256: parsed.sha256(),
        url: parsed.url,
        title: parsed.title,
        text: parsed.text,
        language: parsed.language,
        claimed_at: parsed.claimed_at,
        first_seen: now,
        background: reading.known.is_none(),
    }
}

/// Once a day, removes old items that this feed no longer has, and those of feeds that nobody reads any more.
fn let_go(
    store: &Store,
    harvest: &mut Harvest,
    reading: &Reading,
    there: &BTreeSet<ItemId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let note = format!("let go of items of {}", harvest.target);
    let today = now.date_naive().to_string();
    if unless_damaged(store.note(&note))?.as_ref() == Some(&today) {
        return Ok(());
    }
    let is_old = |item: &Item| now - item.first_seen > ITEMS_KEPT && !there.contains(&item.id);
    let is_ours = |item: &Item| item.feed == reading.url || !reading.listed.contains(&item.feed);
    let old = store.items()?.into_iter().filter(|item| is_old(item) && is_ours(item));
    old.take(LET_GO_AT_ONCE).for_each(|item| harvest.batch.remove_item(&item.id));
    harvest.batch.set_note(&note, &today);
    Ok(())
}

/// What is wrong with a feed that answers.
fn complaint(sight: &FeedSight, now: DateTime<Utc>) -> Option<String> {
    let newest = sight.newest.filter(|newest| now - *newest > QUIET_AFTER);
    match newest {
        _ if sight.items == 0 => Some("it answers, but there is no item in it".to_owned()),
        Some(newest) => Some(format!("it answers, but its newest item is of {}", newest.format("%Y-%m-%d"))),
        None => None,
    }
}

/// Whether a feed has had nothing new for long. Without dates in it the watchlist is believed.
fn is_quiet(sight: &FeedSight, status: FeedStatus, now: DateTime<Utc>) -> bool {
    sight.newest.map_or(status == FeedStatus::Stale, |newest| now - newest > QUIET_AFTER)
}
