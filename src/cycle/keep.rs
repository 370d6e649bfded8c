//! Keeping: once a day what nobody needs any more to judge, to show or to answer for is forgotten.
//!
//! What is said in public, and what could be, keeps all its grounds: accounts with a finding, a lead, a match or a
//! proven relation keep every word. Of all others hashes, times, counts and links stay, so that judgement
//! comes to the same with and without the words, and a post that is seen again is no news.

mod measures;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use futures_util::FutureExt as _;

use super::Newsroom;
use super::clippings::{Clippings, INDEXED_FOR};
use super::clock_check::{self, ClockTrouble};
use super::space::in_words;
use crate::config::Keep;
use crate::model::account::AccountId;
use crate::model::assessment::{Level, Relation};
use crate::model::finding::{Finding, FindingState};
use crate::model::observation::CountsAt;
use crate::model::status::{SeenStatus, StatusUri};
use crate::store::{Batch, Store, StoreError, TreeName, unless_damaged};
pub use measures::Measures;

/// A commit of so many changes is large enough: others wait for it.
const LARGE_BATCH: usize = 300;
/// A trend looks back a week from the newest count; before this many days one count a day says enough.
const COUNTS_WHOLE: Duration = Duration::days(30);
/// When the last pass was over.
const LAST: &str = "kept last";

/// What one pass forgot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Posts, and in how many accounts.
    pub posts: usize,
    pub accounts: usize,
    /// Bytes of their words.
    pub bytes: u64,
    /// Counts of followers between those that stay.
    pub counts: usize,
    /// Matches whose passages went.
    pub passages: usize,
    /// Findings, never published, whose evidence went.
    pub findings: usize,
}

/// By what it is decided.
#[derive(Debug, Clone)]
struct Rule {
    /// What was said before goes.
    words: DateTime<Utc>,
    /// What was found before, or put aside before, no longer needs its grounds.
    evidence: DateTime<Utc>,
    /// Of whom a finding says or said something. Whoever joins them meanwhile has an assessment that says so.
    named: Arc<BTreeSet<AccountId>>,
    now: DateTime<Utc>,
}

/// What goes of one account, decided before anything is written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Going {
    /// Posts, and the bytes of what they said.
    posts: Vec<(StatusUri, usize)>,
    counts: Vec<DateTime<Utc>>,
}

/// When the next pass is due: a day after the last one, unless a clock that was wrong noted it.
pub fn due(store: &Store, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
    let last = unless_damaged(store.note(LAST))?.and_then(|note| note.parse::<DateTime<Utc>>().ok());
    let last = last.filter(|last| *last <= now);
    Ok(last.map_or(DateTime::UNIX_EPOCH, |last| last + Duration::days(1)))
}

/// One pass over everything.
pub async fn pass(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<Forgotten> {
    pass_until(room, now, std::future::pending()).await
}

/// The same, but no further account is looked at once `enough` is done; then the next pass is due at once.
///
/// # Errors
/// The store's.
pub async fn pass_until(
    room: &Newsroom,
    now: DateTime<Utc>,
    enough: impl Future<Output = ()>,
) -> anyhow::Result<Forgotten> {
    let keep = room.config.keep;
    let mut enough = std::pin::pin!(enough);
    let mut forgotten = Forgotten::default();
    // By a clock that is ahead everything is old, and before anybody was heard nobody knows whether it is.
    if let Some(why) = unsure_of_time(room) {
        tracing::warn!(%why, "nothing is forgotten");
        return Ok(forgotten);
    }
    // A record of suspicion that cannot be read would look like none.
    if let Some(damage) = room.store.run(unreadable_suspicion).await? {
        tracing::warn!(%damage, "nothing is forgotten while it cannot be told who is under suspicion");
        return Ok(forgotten);
    }
    let evidence = now - keep.evidence;
    let (named, spent) = forget_findings(room, evidence).await.context("let go of old evidence")?;
    forgotten.findings = spent;
    let mut rule = Rule { words: now - INDEXED_FOR - keep.posts, evidence, named: Arc::new(named), now };
    let ids = room.store.run(Store::accounts).await.context("read whom we know")?;
    let ids: Vec<AccountId> = ids.iter().map(|record| record.id.clone()).collect();
    let mut measures = room.store.run(move |store| Measures::taken(store, now)).await?;
    let excess = measures.excess(keep.disk);
    if excess > 0 {
        let days = tally(room, &ids, &rule).await.context("look for the oldest posts")?;
        rule.words = rule.words.max(line_of(&days, excess).min(now - INDEXED_FOR));
    }
    let mut is_whole = true;
    for id in ids {
        if (&mut enough).now_or_never().is_some() {
            is_whole = false;
            break;
        }
        if let Some(why) = unsure_of_time(room) {
            tracing::warn!(%why, "nothing more is forgotten");
            is_whole = false;
            break;
        }
        let of_one = forget_account(room, id, rule.clone()).await.context("forget old posts")?;
        forgotten.add(of_one);
    }
    // What is written anew leaves its old place empty, which is no reason to forget more tomorrow.
    let after = room.store.run(|store| store.size_on_disk()).await?;
    measures.gave_up(forgotten.bytes + after.saturating_sub(measures.size()));
    tell(&forgotten, &measures, keep);
    let note = room.store.run(move |store| {
        let mut batch = measures.written();
        if is_whole {
            batch.set_note(LAST, &now.to_rfc3339());
        }
        store.commit(batch)
    });
    note.await.context("note what was forgotten")?;
    Ok(forgotten)
}

/// Why this machine's clock is not known to be right. One that jumps is a trial's, where nobody need be heard.
fn unsure_of_time(room: &Newsroom) -> Option<ClockTrouble> {
    let may_be_unheard = room.config.clock.jumps();
    clock_check::trouble(room).filter(|trouble| !(may_be_unheard && *trouble == ClockTrouble::Unheard))
}

fn tell(forgotten: &Forgotten, measures: &Measures, keep: Keep) {
    let Forgotten { posts, accounts, bytes, counts, passages, findings } = *forgotten;
    match *forgotten == Forgotten::default() {
        true => tracing::info!("nothing had to be forgotten"),
        false => {
            tracing::info!(
                posts,
                accounts,
                bytes,
                counts,
                passages,
                findings,
                "forgot what nobody needs any more"
            )
        }
    }
    if measures.size() > keep.disk {
        tracing::warn!(
            "the store has {}, [keep] disk is {}: the oldest posts that nobody needs are forgotten; with the service \
             stopped, `masthead compact` gives their bytes back",
            in_words(measures.size()),
            in_words(keep.disk),
        );
    }
}

impl Forgotten {
    fn add(&mut self, other: Forgotten) {
        self.posts += other.posts;
        self.accounts += other.accounts;
        self.bytes += other.bytes;
        self.counts += other.counts;
        self.passages += other.passages;
        self.findings += other.findings;
    }
}

/// A record that cannot be read and might say that an account is under suspicion.
fn unreadable_suspicion(store: &Store) -> Result<Option<String>, StoreError> {
    store.findings()?;
    let tells = |tree| matches!(tree, TreeName::Findings | TreeName::Reuse | TreeName::Assessments);
    Ok(store.damaged().into_iter().find(|damage| tells(damage.tree)).map(|damage| damage.to_string()))
}

/// Takes the evidence out of findings that were closed long ago and never published; what was decided about whom stays,
/// so that it is not raised again. Returns whom the others are about, and how many of these there were.
async fn forget_findings(
    room: &Newsroom,
    before: DateTime<Utc>,
) -> anyhow::Result<(BTreeSet<AccountId>, usize)> {
    let bench = room.bench.clone().lock_owned().await;
    let forget = move |store: &Store| {
        let _bench = bench;
        let findings = store.findings()?;
        let spent: Vec<Finding> =
            findings.iter().filter_map(|finding| without_evidence(finding, before)).collect();
        commit_in_pieces(store, spent.iter(), |batch, finding| batch.put_finding(finding.clone()))?;
        let named = findings.into_iter().filter(|finding| !is_spent(finding, before));
        let named = named.map(|finding| finding.statement.account).collect();
        Ok::<_, StoreError>((named, spent.len()))
    };
    Ok(room.store.run(forget).await?)
}

/// Whether a finding was closed before then, and nobody outside ever saw it.
fn is_spent(finding: &Finding, before: DateTime<Utc>) -> bool {
    let closed = match finding.state {
        FindingState::Lapsed { at } | FindingState::Dismissed { at, .. } => at,
        _ => return false,
    };
    // What had its approvals stood on the pages, though in no digest.
    let stood = Finding { state: FindingState::Raised, ..finding.clone() }.confirmed().is_some();
    closed < before && !stood
}

/// The finding as it is to be kept, if that is not as it is.
fn without_evidence(finding: &Finding, before: DateTime<Utc>) -> Option<Finding> {
    if !is_spent(finding, before) {
        return None;
    }
    let mut kept = finding.clone();
    kept.statement.evidence.clear();
    if let Some(tie) = &mut kept.statement.tie {
        tie.passages.clear();
        tie.items.clear();
        tie.altered_example = None;
    }
    (kept != *finding).then_some(kept)
}

/// How much was said on which day that could go, over all accounts.
async fn tally(room: &Newsroom, ids: &[AccountId], rule: &Rule) -> anyhow::Result<BTreeMap<NaiveDate, u64>> {
    let mut days = BTreeMap::new();
    for id in ids {
        let clippings = room.clippings.clone().lock_owned().await;
        let (id, rule) = (id.clone(), rule.clone());
        let compared = rule.now - INDEXED_FOR;
        let statuses = room.store.run(move |store| match is_needed(store, &clippings, &id, &rule)? {
            true => Ok(Vec::new()),
            false => store.statuses(&id),
        });
        for seen in statuses.await? {
            *days.entry(seen.first_seen.date_naive()).or_default() += seen.said_before(compared) as u64;
        }
    }
    Ok(days)
}

/// The end of the first day by which so many bytes were said, or of the last one.
fn line_of(days: &BTreeMap<NaiveDate, u64>, bytes: u64) -> DateTime<Utc> {
    let mut sum = 0;
    let enough = days.iter().find(|(_, said)| {
        sum += *said;
        sum >= bytes
    });
    let day = enough.or(days.iter().next_back()).and_then(|(day, _)| day.succ_opt());
    day.map_or(DateTime::UNIX_EPOCH, |day| day.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// Forgets what of one account may go. Nobody judges or compares meanwhile, so that nobody comes under suspicion
/// between the look and the deed.
async fn forget_account(room: &Newsroom, id: AccountId, rule: Rule) -> anyhow::Result<Forgotten> {
    let bench = room.bench.clone().lock_owned().await;
    let mut clippings = room.clippings.clone().lock_owned().await;
    let forget = move |store: &Store| {
        let _bench = bench;
        // What is still in the index is compared with what comes in.
        clippings.forget(rule.now);
        let is_needed = is_needed(store, &clippings, &id, &rule)?;
        let statuses = if is_needed { Vec::new() } else { store.statuses(&id)? };
        let seen_at = unless_damaged(store.account(&id))?.map_or(rule.now, |account| account.latest.seen_at);
        let going = going(&statuses, &store.counts(&id)?, seen_at, rule.words);
        let passages = match is_needed {
            true => Batch::default(),
            false => clippings.forget_passages(&id, rule.evidence),
        };
        let forgotten = Forgotten {
            posts: going.posts.len(),
            accounts: usize::from(!going.posts.is_empty()),
            bytes: going.posts.iter().map(|(_, bytes)| *bytes as u64).sum(),
            counts: going.counts.len(),
            passages: passages.len(),
            findings: 0,
        };
        commit_in_pieces(store, going.posts.iter(), |batch, (uri, _)| {
            batch.forget_status(&id, uri, rule.words, rule.now);
        })?;
        commit_in_pieces(store, going.counts.iter(), |batch, at| batch.remove_counts(&id, *at))?;
        store.commit(passages)?;
        Ok::<_, StoreError>(forgotten)
    };
    Ok(room.store.run(forget).await?)
}

/// Whether every word of an account stays: it is an outlet's, it may be one's, or something was said of it.
fn is_needed(store: &Store, clippings: &Clippings, id: &AccountId, rule: &Rule) -> Result<bool, StoreError> {
    let is_tied = match store.assessment_mark(id) {
        Err(StoreError::Damaged(_)) => true,
        mark => mark?.is_some_and(|mark| {
            let says_nothing = [Relation::Mirror, Relation::Claimed, Relation::Unrelated];
            !says_nothing.contains(&mark.relation) || mark.level >= Level::Lead
        }),
    };
    let has_match = clippings.reuse_of(id).iter().any(|reuse| reuse.status_seen >= rule.evidence);
    Ok(is_tied || has_match || rule.named.contains(id))
}

/// What goes of an account that nobody needs the words of; of the counts, what is between the first ones of old days.
/// `seen_at` is when the account was seen last: later counts are a clock's mistake and say nothing.
fn going(
    statuses: &[Arc<SeenStatus>],
    counts: &[CountsAt],
    seen_at: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Going {
    let said = statuses.iter().map(|seen| (seen.status.uri.clone(), seen.said_before(before)));
    let known = counts.iter().filter(|counts| counts.counts.followers.is_some() && counts.at <= seen_at);
    let newest = known.map(|counts| counts.at).max();
    let old = counts.iter().filter(|counts| newest.is_some_and(|newest| counts.at < newest - COUNTS_WHOLE));
    let mut days = BTreeSet::new();
    let between = old.filter(|counts| !days.insert(counts.at.date_naive())).map(|counts| counts.at);
    Going { posts: said.filter(|(_, bytes)| *bytes > 0).collect(), counts: between.collect() }
}

/// Writes changes in commits that hold nobody up.
fn commit_in_pieces<T>(
    store: &Store,
    things: impl Iterator<Item = T>,
    write: impl Fn(&mut Batch, T),
) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    for thing in things {
        write(&mut batch, thing);
        if batch.len() >= LARGE_BATCH {
            store.commit(std::mem::take(&mut batch))?;
        }
    }
    store.commit(batch)
}

#[cfg(test)]
mod tests {
    use crate::model::account::Network;
    use crate::model::evidence::{Citation, Evidence, Weight};
    use crate::model::finding::{Approval, Approver, Claim, Dismissal, FindingId, Statement};
    use crate::model::observation::Counts;
    use crate::model::outlet::OutletId;

    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        "2026-11-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::days(day)
    }

    #[test]
    fn old_counts_are_one_a_day_and_those_a_trend_may_ask_for_are_whole() {
        let counts = |at, followers| CountsAt { at, counts: Counts { followers, ..Counts::default() } };
        let mut all: Vec<CountsAt> =
            (0..160).map(|n| counts(day(0) + Duration::hours(6 * n), Some(40))).collect();
        let seen_at = all.last().unwrap().at;
        // A clock that was ahead is not the newest, and where followers are hidden none is old.
        all.push(counts(day(400), Some(40)));
        let going = going(&[], &all, seen_at, day(0));
        let oldest_whole = seen_at - COUNTS_WHOLE;
        assert_eq!(going.counts.len(), 9 * 3 + 2);
        assert!(going.counts.iter().all(|at| *at < oldest_whole && *at != day((*at - day(0)).num_days())));
        let hidden: Vec<CountsAt> = all.iter().map(|one| counts(one.at, None)).collect();
        assert_eq!(super::going(&[], &hidden, seen_at, day(0)), Going::default());
    }

    fn finding(state: FindingState) -> Finding {
        let outlet = OutletId::parse("agency").unwrap();
        let citation =
            Citation { url: "https://social.example/1".into(), seen_at: day(0), sha256: "00".into() };
        let evidence = Evidence::new("copies", &outlet, Weight::Shown, "41 copies".into(), citation);
        let statement = Statement {
            claim: Claim::NewlySeen(Relation::Attested),
            account: AccountId::mastodon("https://social.example/users/desk"),
            acct: "desk@social.example".parse().unwrap(),
            network: Network::Mastodon,
            relation: Relation::Attested,
            outlet,
            outlet_name: "Agency".into(),
            owner: None,
            first_seen: day(0),
            tenths_of_posts_a_day: None,
            followers: None,
            quiet_since: None,
            account_names: None,
            named_on: None,
            evidence: vec![evidence],
            tie: None,
        };
        Finding { id: FindingId(1), raised_at: day(0), statement, needs: 1, approvals: vec![], state }
    }

    #[test]
    fn the_table_of_keys_says_for_how_long_posts_are_compared() {
        let key = crate::config::keys().iter().find(|key| key.name == "keep.posts").unwrap();
        assert!(key.reason.ends_with(&format!("for {} days", INDEXED_FOR.num_days())), "{}", key.reason);
    }

    #[test]
    fn evidence_of_what_was_never_published_goes_in_its_time_and_the_decision_stays() {
        let dismissed = finding(FindingState::Dismissed { at: day(10), why: Dismissal::Fan });
        assert_eq!(without_evidence(&dismissed, day(10)), None);
        let kept = without_evidence(&dismissed, day(11)).unwrap();
        assert!(kept.statement.evidence.is_empty());
        assert_eq!((kept.state, &kept.statement.claim), (dismissed.state, &dismissed.statement.claim));
        assert_eq!(without_evidence(&kept, day(11)), None);
        for open in [FindingState::Raised, FindingState::SaidBefore, FindingState::Snoozed { until: day(1) }]
        {
            assert_eq!(without_evidence(&finding(open), day(11)), None);
        }
        // It stood on the pages before it lapsed.
        let mut stood = finding(FindingState::Lapsed { at: day(10) });
        let by = Approver::Reviewer { name: "ana".into(), key: "k".into() };
        stood.approvals.push(Approval { by, at: day(1), seal: stood.statement.seal() });
        assert_eq!(without_evidence(&stood, day(11)), None);
    }
}
