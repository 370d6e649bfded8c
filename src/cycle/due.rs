//! When each target is polled next: often enough to tell who was first, and no oftener than is polite.

pub mod worth;

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};

use crate::model::account::AccountId;
use crate::model::assessment::{Level, Relation};
use crate::model::dossier::{AccountRecord, Presence};
use crate::model::rhythm::Rhythm;
use crate::model::target::{Paced, Target, TargetRecord};
use crate::sources::threads::refusal::Capability;
use crate::sources::threads::standing;
use crate::store::{Store, StoreError, unless_damaged};
use worth::Worths;

/// Accounts of outlets, in the mean of all: a return to posting or a change should be seen the same hour, also of one
/// that is read as rarely as any of them.
const OFFICIAL_EVERY: Duration = Duration::minutes(40);
/// Who was first is told by polls that lacked a status, so an account with a match or more is read twice an
/// hour, also when the interval is spread.
pub const WATCHED_EVERY: Duration = Duration::minutes(27);
/// Who was first is told by our sight of an item as well: feeds are read at least every ten minutes, also when
/// the interval is spread.
pub const FEED_EVERY: Duration = Duration::minutes(9);
/// A timeline is read again before half a page of forty posts has come, at the rate of the last look, but not
/// oftener and not more rarely than this.
const TIMELINE_EVERY: (Duration, Duration) = (Duration::minutes(10), Duration::minutes(30));
const TIMELINE_POSTS: i32 = 20;
/// A candidate is read often while it is new, since its proof may appear any day.
const NEW_CANDIDATE_EVERY: Duration = Duration::hours(6);
const NEW_CANDIDATE_FOR: Duration = Duration::days(14);
const OLD_CANDIDATE_EVERY: Duration = Duration::hours(24);
/// An account that is gone may come back; asking weekly costs nobody much.
const GONE_EVERY: Duration = Duration::days(7);
/// Pages of outlets, webfinger and searches: once a day is polite and enough.
const DAILY: Duration = Duration::hours(24);
/// Searches on Threads; and of our budget there the part that is planned with, since walks and new accounts cost more.
const KEYWORD_EVERY: Duration = Duration::hours(8);
const THREADS_PART: f64 = 0.9;
/// What an account there costs a day beside the polls for its posts: its profile, and the page more that is read daily.
const THREADS_DAILY: f64 = 2.0;
/// Who built a site changes once in years; whoever is not an outlet is asked as rarely as that allows.
const SITE_EVERY: Duration = Duration::days(7);
/// What comes due within this share of its interval, and so soon, is polled together with what is due now: a pass
/// judges and writes once for all of it. Never later than it is due: who was first is told by how often we look.
const TOGETHER_SHARE: i32 = 4;
const TOGETHER: Duration = Duration::minutes(8);
/// A second answer of "not there" counts an hour after the first; a little later is surely later.
const MISSING_AGAIN: Duration = Duration::minutes(80);
/// After a failure: five minutes, doubled each time, up to a day.
const FIRST_RETRY: Duration = Duration::minutes(5);
/// No target is ever due later than this, unless the clock was wrong.
const LATEST: Duration = Duration::days(8);
/// An account is read again soon after it was found, by what it was judged to be.
const JUDGED_WITHIN: Duration = Duration::hours(1);

/// What was tried so far in the future was tried by a clock that has been put right since.
const CLOCK_WAS_WRONG: Duration = Duration::hours(1);

/// Whether a target should have been polled by now. What a wrong clock put ahead is due at once.
pub fn is_overdue(record: &TargetRecord, now: DateTime<Utc>) -> bool {
    record.due <= now
        || record.due - now > LATEST
        || record.last_try.is_some_and(|tried| tried - now > CLOCK_WAS_WRONG)
}

/// Whether a target is polled in a pass in which anything is: also what comes due very soon, unless somebody asked
/// to be left alone until then.
pub fn is_due(record: &TargetRecord, now: DateTime<Utc>) -> bool {
    let ahead = match record.last_ok {
        Some(read) if record.failures == 0 => ((record.due - read) / TOGETHER_SHARE).min(TOGETHER),
        _ => Duration::zero(),
    };
    record.due - now <= ahead || is_overdue(record, now)
}

/// How an account stands with us, as far as that says how often it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    pub relation: Option<Relation>,
    /// It carried an outlet's copy, or is a lead at least.
    pub is_watched: bool,
    /// How far a hidden tie has been shown.
    pub level: Level,
}

impl Standing {
    pub fn of(store: &Store, account: &AccountId) -> Result<Standing, StoreError> {
        let assessment = unless_damaged(store.assessment_mark(account))?;
        let level = assessment.map(|assessment| assessment.level).unwrap_or_default();
        let is_watched = level >= Level::Lead || store.has_reuse(account)?;
        Ok(Standing { relation: assessment.map(|assessment| assessment.relation), is_watched, level })
    }
}

/// When a target that is no account is due after a good poll.
pub fn after_success(target: &Target, now: DateTime<Utc>) -> DateTime<Utc> {
    let every = match target {
        Target::Account { .. } => NEW_CANDIDATE_EVERY,
        Target::Feed { .. } => FEED_EVERY,
        Target::Timeline { .. } => TIMELINE_EVERY.0,
        Target::Site { .. } => SITE_EVERY,
        _ => DAILY,
    };
    now + spread(every, target, now)
}

/// When a search on Threads is due that takes so many requests with all of its kind: three times a day, or as often as
/// nine tenths of the budget let. What brings nothing does not count, so there is some left for most.
pub fn keyword(target: &Target, requests: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    let budget = f64::from(standing::budget(Capability::Search)) * THREADS_PART;
    let minutes = 24.0 * 60.0 * requests as f64 / budget;
    now + spread(KEYWORD_EVERY.max(Duration::minutes(minutes as i64)), target, now)
}

/// When a timeline is due that brought so many new posts since it was read before.
pub fn timeline(
    target: &Target,
    new_posts: usize,
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let (least, most) = TIMELINE_EVERY;
    let new_posts = i32::try_from(new_posts).unwrap_or(i32::MAX).max(1);
    let every = before.map_or(least, |before| (now - before) * TIMELINE_POSTS / new_posts);
    now + spread(every.clamp(least, most), target, now)
}

/// When a feed is due that had nothing new for long: it may come to life again.
pub fn stale_feed(target: &Target, now: DateTime<Utc>) -> DateTime<Utc> {
    now + spread(DAILY, target, now)
}

/// How an account that was read is paced from now on, and when it is due.
pub fn account(
    target: &Target,
    account: &AccountRecord,
    standing: Standing,
    rhythm: Rhythm,
    worths: &Worths,
    now: DateTime<Utc>,
) -> (Paced, DateTime<Utc>) {
    let every = account_interval(account, standing, now).max(worths.least(account.acct.network()));
    let habit = rhythm.habit();
    let paced = Paced { rhythm, every_minutes: worth::in_minutes(every) };
    let evenly = now + spread(every, target, now);
    let due = match worths.get(every) {
        // Who was first is told by how often we look, whoever posts when.
        _ if standing.is_watched => evenly.min(worth::before_a_page(&habit, now)),
        Some(worth) => worth.due(&habit, now),
        None => evenly,
    };
    (paced, due)
}

/// When an account is due that was not there.
pub fn missing(target: &Target, account: &AccountRecord, now: DateTime<Utc>) -> DateTime<Utc> {
    now + spread(account_interval(account, Standing::default(), now), target, now)
}

/// The targets of accounts that turned out to carry copy and would be read too late.
pub fn sooner<'a>(
    store: &Store,
    accounts: impl Iterator<Item = &'a AccountId>,
    now: DateTime<Utc>,
) -> Result<Vec<TargetRecord>, StoreError> {
    let mut sooner = Vec::new();
    for id in accounts {
        let Some(account) = unless_damaged(store.account(id))? else { continue };
        let target = store.target(&Target::Account { acct: account.acct });
        let Some(record) = unless_damaged(target)? else { continue };
        let due = now + spread(WATCHED_EVERY, &record.target, now);
        // One that could not be read waits for other reasons.
        if record.failures == 0 && record.due > due && account.presence == Presence::There {
            sooner.push(TargetRecord { due, ..record });
        }
    }
    Ok(sooner)
}

/// The common interval of accounts on Threads that the budget there allows for so many.
fn threads_interval(accounts: usize) -> Duration {
    let share = f64::from(standing::budget(Capability::Profiles)) * THREADS_PART / accounts.max(1) as f64;
    let polls_a_day = (share - THREADS_DAILY).max(0.5);
    Duration::minutes((24.0 * 60.0 / polls_a_day).ceil() as i64)
}

fn account_interval(account: &AccountRecord, standing: Standing, now: DateTime<Utc>) -> Duration {
    match (account.presence, standing.relation) {
        (Presence::Gone { .. }, _) => GONE_EVERY,
        (Presence::MissingSince(_), _) => MISSING_AGAIN,
        (Presence::There, _) if standing.is_watched => WATCHED_EVERY,
        (Presence::There, Some(Relation::Official | Relation::Attested)) => OFFICIAL_EVERY,
        // Not judged yet: judged after this pass, then read again soon with what the judgement says.
        (Presence::There, None) if now - account.found.at <= JUDGED_WITHIN => OFFICIAL_EVERY,
        (Presence::There, _) if now - account.found.at <= NEW_CANDIDATE_FOR => NEW_CANDIDATE_EVERY,
        (Presence::There, _) => OLD_CANDIDATE_EVERY,
    }
}

/// When a target is due after the `failures`-th failed poll in a row; a host that asks for more gets more.
pub fn after_failure(
    target: &Target,
    failures: u32,
    not_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let wait = (FIRST_RETRY * 2_i32.pow(failures.saturating_sub(1).min(9))).min(DAILY);
    let due = now + spread(wait, target, now);
    not_before.map_or(due, |not_before| due.max(not_before))
}

/// An interval moved by up to a tenth either way, so that targets do not march in step.
fn spread(every: Duration, target: &Target, now: DateTime<Utc>) -> Duration {
    let digest = Sha256::digest(format!("{target} {}", now.timestamp()));
    let share = i32::from(digest[0]) - 128;
    every + every * share / 1280
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outlet::OutletId;
    use crate::model::proof::PageKind;

    #[test]
    fn feeds_and_watched_accounts_are_due_in_time_however_their_interval_is_spread() {
        let target = |n: i64| Target::Feed {
            publisher: OutletId::parse("agency").unwrap(),
            url: format!("https://agency.example/{n}"),
        };
        let start: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
        for n in 0..500 {
            let now = start + Duration::seconds(n);
            let (due, watched) = (after_success(&target(n), now), spread(WATCHED_EVERY, &target(n), now));
            assert!(due - now <= Duration::minutes(10) && due - now >= Duration::minutes(8), "{due}");
            assert!(watched <= Duration::minutes(30), "{watched}");
        }
    }

    #[test]
    fn what_a_clock_that_was_ahead_put_off_is_due_once_the_clock_is_right() {
        let now: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
        let target = Target::Page {
            outlet: OutletId::parse("agency").unwrap(),
            url: "https://agency.example/".into(),
            kind: PageKind::Home,
        };
        let mut record = TargetRecord::new(target, now);
        let wrong = now + Duration::days(2);
        (record.last_try, record.last_ok, record.due) = (Some(wrong), Some(wrong), wrong + DAILY);
        assert!(is_due(&record, now));
        (record.last_try, record.last_ok, record.due) = (Some(now), Some(now), now + DAILY);
        assert!(!is_due(&record, now));
    }
}
