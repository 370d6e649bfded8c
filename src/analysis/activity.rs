//! Activity: whether an account posts, how much, with how many followers, and what changed.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::model::changes::{Activity, Change, FollowerTrend};
use crate::model::dossier::{AccountRecord, Dossier, Presence};
use crate::model::observation::CountsAt;
use crate::model::status::SeenStatus;

/// After so many days without a post an account is dormant: holidays and staff changes are shorter.
pub const DORMANT_AFTER: Duration = Duration::days(60);
/// Posts a day are counted over at most this many days.
pub const RATE_WINDOW: Duration = Duration::days(28);
/// A rate over less than this says nothing.
const SHORTEST_RATE_WINDOW: Duration = Duration::hours(12);
/// Of so many statuses the oldest few may stand out of their order; fewer are all there are.
const MANY: usize = 200;
/// Servers that put pinned posts into the list have at most so many.
const MOST_PINNED: usize = 10;
/// A return to posting is news for so long.
const NEWS_FOR: Duration = Duration::days(14);
/// "A week before" is the count nearest to seven days ago, within this distance.
const WEEK_TOLERANCE: Duration = Duration::days(1);

/// Whether the account posts. What was never read completely stays unknown: missing data is no evidence.
pub fn activity(dossier: &Dossier, now: DateTime<Utc>) -> Activity {
    activity_of(&dossier.account, newest_post(&dossier.statuses), now)
}

/// When the newest of these was made.
pub fn newest_post(statuses: &[Arc<SeenStatus>]) -> Option<DateTime<Utc>> {
    statuses.iter().map(|seen| seen.made_at()).max()
}

/// The same of an account whose newest post is known.
pub fn activity_of(account: &AccountRecord, newest: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Activity {
    if let Presence::Gone { since } = account.presence {
        return Activity::GoneSince(since.date_naive());
    }
    let latest = &account.latest;
    let told = latest.profile.claimed_last_status.filter(|told| *told <= latest.seen_at);
    match newest.max(told) {
        Some(newest) if now - newest < DORMANT_AFTER => Activity::Posting,
        Some(newest) if account.last_complete_poll.is_some() => Activity::DormantSince(newest.date_naive()),
        _ => Activity::Unknown,
    }
}

/// Posts a day in tenths, over the last four weeks or since the oldest post we hold of them; of an account that came
/// back, since it did.
pub fn tenths_of_posts_a_day(
    statuses: &[Arc<SeenStatus>],
    returned: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<u32> {
    let from = returned.map_or(now - RATE_WINDOW, |returned| returned.max(now - RATE_WINDOW));
    let mut times: Vec<DateTime<Utc>> = statuses.iter().map(|seen| seen.made_at()).collect();
    times.sort();
    // A first reading that went no further back than it had to may hold old pinned posts all the same.
    let pinned = if times.len() >= MANY { MOST_PINNED } else { 0 };
    let oldest = *times.get(pinned)?;
    let span = now - oldest.max(from);
    if span < SHORTEST_RATE_WINDOW {
        return None;
    }
    let posts = statuses.iter().filter(|seen| seen.made_at() >= from).count() as f64;
    let days = span.num_minutes() as f64 / (24.0 * 60.0);
    Some((posts / days * 10.0).round() as u32)
}

/// Followers now and about a week before.
pub fn follower_trend(counts: &[CountsAt]) -> Option<FollowerTrend> {
    let known = |entry: &&CountsAt| entry.counts.followers.is_some();
    let newest = counts.iter().filter(known).max_by_key(|entry| entry.at)?;
    let week_ago = newest.at - Duration::days(7);
    let distance = |entry: &CountsAt| (entry.at - week_ago).abs();
    let before = counts.iter().filter(known).filter(|entry| distance(entry) <= WEEK_TOLERANCE);
    let week_before = before.min_by_key(|entry| distance(entry)).and_then(|entry| entry.counts.followers);
    newest.counts.followers.map(|now| FollowerTrend { now, week_before })
}

/// What happened to the account that readers of the digest hear of. Background history is never news.
pub fn changes(dossier: &Dossier, now: DateTime<Utc>) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Presence::Gone { since } = dossier.account.presence {
        changes.push(Change::Gone { since });
    }
    if let Some(to) = &dossier.account.latest.profile.moved_to {
        changes.push(Change::Moved { to: to.clone() });
    }
    // A gap in what we read looks like silence.
    let read = dossier.account.last_complete_poll;
    if read.is_some_and(|read| read >= dossier.account.latest.seen_at) {
        let is_news =
            |change: &Change| matches!(change, Change::PostsAgain { since, .. } if now - *since <= NEWS_FOR);
        changes.extend(returns(&dossier.statuses).filter(is_news).last());
    }
    changes
}

/// Whether what was told of the account still holds.
pub fn still_holds(change: &Change, dossier: &Dossier) -> bool {
    match change {
        Change::NowProven => true,
        Change::PostsAgain { .. } => returns(&dossier.statuses).any(|known| known == *change),
        Change::Gone { since } => dossier.account.presence == Presence::Gone { since: *since },
        Change::Back { .. } => dossier.account.presence == Presence::There,
        Change::Moved { to } => dossier.account.latest.profile.moved_to.as_ref() == Some(to),
    }
}

/// Whether a reader would take one for the other: a silence or an absence has one end, although the
/// server may date it anew each time; a new one takes as long as a silence.
pub fn is_same_event(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::PostsAgain { since: one, .. }, Change::PostsAgain { since: other, .. })
        | (Change::Gone { since: one }, Change::Gone { since: other })
        | (Change::Back { since: one }, Change::Back { since: other }) => {
            (*one - *other).abs() < DORMANT_AFTER
        }
        _ => one == other,
    }
}

/// The posts that ended a long silence and that we saw appear, oldest first.
fn returns(statuses: &[Arc<SeenStatus>]) -> impl Iterator<Item = Change> {
    let mut sorted: Vec<(DateTime<Utc>, bool)> =
        statuses.iter().map(|seen| (seen.made_at(), seen.background)).collect();
    sorted.sort();
    let pairs: Vec<_> = sorted.windows(2).map(|pair| (pair[0].0, pair[1])).collect();
    pairs
        .into_iter()
        .filter(|(before, (after, background))| *after - *before >= DORMANT_AFTER && !background)
        .map(|(before, (since, _))| Change::PostsAgain { since, quiet_days: (since - before).num_days() })
}
