//! Commands: what people ask of the store, and the answers, the same at the terminal and over the socket.

mod accounts;
mod explain;
pub mod line;
mod review;
mod sites;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use accounts::{AccountRow, Named};
pub use explain::{Explanation, FindingLine};
pub use review::{
    Act, LEAST_SEEN_DIGITS, LeadRow, LogRow, Orders, Preview, PreviewWith, ReviewRow, ReviewerRow,
    SEEN_DIGITS, Sheet, Signature, SisterLine, approvals, comment_in_words, dismissal_in_words, missing,
    missing_ticks, topic_in_words, waits,
};
pub use sites::{MarkLine, SisterSite, SiteLine, SiteRead};

use super::backup::Occasion;
use super::collect::CollectReport;
use super::health::{self, probe};
use super::plan::Plan;
use super::reload::InForce;
use super::speaker::Claimant;
use super::{Newsroom, backup, collect, judge, listen, plan, publish, targets};
use crate::config::{self, Loaded};
use crate::model::finding::FindingId;
use crate::model::health::Health;
use crate::model::pasted::Pasted;
use crate::store::{Store, StoreError, unless_damaged};

/// What can be asked. One line of JSON on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Every account that was seen, with what it is and does.
    Accounts,
    /// Why one account is or is not named.
    Explain {
        account: String,
    },
    /// Findings that wait for people, and leads.
    Review,
    /// One finding with everything a reviewer has to see.
    ReviewShow {
        finding: FindingId,
    },
    /// What a reviewer decided about a finding.
    ReviewAct {
        finding: FindingId,
        by: Signature,
        act: Act,
    },
    /// What people did, about one finding or all of them.
    ReviewLog {
        finding: Option<FindingId>,
    },
    /// An account is never to be named, or may be again.
    NeverFlag {
        account: String,
        by: Signature,
        why: String,
        /// Takes back that it is never to be named.
        lift: bool,
    },
    /// Makes the first key with which a reviewer signs.
    ReviewerAdd {
        name: String,
    },
    /// Makes another one; the key before counts no more.
    ReviewerReplace {
        name: String,
    },
    /// Reviewers and since when they have a key.
    Reviewers,
    /// What is polled and how that goes.
    Targets,
    /// How everything stands.
    Doctor {
        /// Asks the servers as well.
        asks: bool,
    },
    /// What the configuration in this file would change, by a service of the same version.
    Plan {
        file: PathBuf,
        version: String,
    },
    /// Which configuration is in force, and why a newer one is not.
    InForce,
    /// Passes over what is due, until nothing is.
    Collect,
    /// All accounts judged again by the rules of this binary.
    JudgeAll,
    /// One digest, now; a dry run composes it, and nothing of it is kept.
    Digest {
        dry_run: bool,
    },
    /// Stops all posting.
    Halt {
        why: String,
    },
    Resume {
        by: Signature,
    },
    /// Another account of ours posts from now on.
    SpeakAs {
        who: Claimant,
    },
    /// Lets accounts be named again after corrections stopped that.
    ResumeNamings {
        by: Signature,
    },
    /// Store and ledger into one file, read back; a daily one not while a [`backup::Doubt`] stands.
    Backup {
        #[serde(default)]
        daily: bool,
    },
    /// The store alone into a file in the state directory, for whoever asked to take away.
    Export {
        to: PathBuf,
    },
    /// Compares our posts with the ledger; takes the store as good when `by` says so.
    Reconcile {
        by: Option<String>,
    },
}

/// The answers, in the order of [`Request`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Accounts {
        rows: Vec<AccountRow>,
    },
    Explained(Box<Explanation>),
    Review {
        waiting: Vec<ReviewRow>,
        /// Put off until a later day.
        snoozed: Vec<ReviewRow>,
        leads: Vec<LeadRow>,
    },
    Sheet(Box<Sheet>),
    /// The key of a new reviewer, in clear: whoever asked keeps it where nobody else can read it.
    Reviewer {
        name: String,
        secret: String,
    },
    ReviewLog {
        rows: Vec<LogRow>,
    },
    Reviewers {
        rows: Vec<ReviewerRow>,
    },
    Targets {
        rows: Vec<TargetRow>,
        in_force: InForce,
    },
    Doctor(Box<Health>),
    InForce(InForce),
    Planned(Plan),
    Collected(CollectReport),
    Judged {
        raised: Vec<String>,
    },
    Digest(publish::DigestReport),
    Done {
        says: String,
    },
    BackedUp(backup::Made),
    Exported(backup::Made),
    Reconciled(publish::ReconcileReport),
}

/// How one target's polls go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRow {
    pub target: String,
    pub due: DateTime<Utc>,
    pub last_ok: Option<DateTime<Utc>>,
    pub failures: u32,
    pub trouble: Option<String>,
    /// Stretches of statuses that were not read yet.
    pub gaps: usize,
}

/// Passes of one `collect --once`: a page leads to an account, the account to a page, and no further.
const COLLECT_PASSES: usize = 8;

/// Answers one request. An error is for the person who asked.
pub async fn answer(room: &Newsroom, request: Request, now: DateTime<Utc>) -> anyhow::Result<Answer> {
    Ok(match request {
        Request::Accounts => {
            let config = room.config.clone();
            let rows = room.store.run(move |store| accounts::rows(store, &config, now)).await?;
            Answer::Accounts { rows }
        }
        Request::Explain { account } => Answer::Explained(Box::new(explain_one(room, &account, now).await?)),
        Request::Review
        | Request::ReviewShow { .. }
        | Request::ReviewAct { .. }
        | Request::ReviewLog { .. }
        | Request::NeverFlag { .. }
        | Request::ReviewerAdd { .. }
        | Request::ReviewerReplace { .. }
        | Request::Reviewers => return review::answer(room, request, now).await,
        Request::Targets => {
            let rows = room.store.run(target_rows).await?;
            Answer::Targets { rows, in_force: room.reloads.in_force() }
        }
        Request::Plan { file, version } => Answer::Planned(plan_by(room, file, &version, now).await?),
        Request::InForce => Answer::InForce(room.reloads.in_force()),
        Request::Doctor { asks } => Answer::Doctor(Box::new(doctor(room, asks, now).await?)),
        Request::Collect => Answer::Collected(collect_all(room, now).await?),
        Request::JudgeAll => Answer::Judged { raised: judge::pass(room, None, now).await? },
        Request::Digest { dry_run: true } => Answer::Digest(publish::dry_run(room, now).await?),
        Request::Digest { dry_run: false } => Answer::Digest(publish::digest_now(room, now).await?),
        Request::Halt { why } => {
            publish::halt(room, &why, now).await?;
            Answer::Done { says: "halted: nothing is posted until `masthead resume --as NAME`".to_owned() }
        }
        Request::SpeakAs { who } => Answer::Done { says: publish::speak_as(room, &who, now).await? },
        Request::ResumeNamings { by } => {
            let unknown = review::may_resume(room, &by).await?;
            publish::resume_namings(room, &by.name, now).await?;
            Answer::Done { says: format!("accounts are named again from the next digest on{unknown}") }
        }
        Request::Resume { by } => {
            let unknown = review::may_resume(room, &by).await?;
            publish::resume(room, &by.name, now).await?;
            Answer::Done {
                says: format!("resumed: a digest under way goes on, the next one comes on schedule{unknown}"),
            }
        }
        Request::Backup { daily } => {
            let occasion = if daily { Occasion::Daily } else { Occasion::ByHand };
            Answer::BackedUp(backup::make(room, occasion, now).await?)
        }
        Request::Export { to } => Answer::Exported(backup::export(room, to, now).await?),
        Request::Reconcile { by } => Answer::Reconciled(publish::reconcile(room, by.as_deref(), now).await?),
    })
}

async fn doctor(room: &Newsroom, asks: bool, now: DateTime<Utc>) -> anyhow::Result<Health> {
    if !asks {
        return health::of(room, now).await;
    }
    probe::renew_home(room).await;
    // First: their answers also tell what our clock is worth.
    let asked = probe::ask_servers(room).await;
    probe::ask_threads(room, now).await;
    let mut health = health::of(room, now).await?;
    asked.add_to(&mut health);
    Ok(health)
}

/// Loads the configuration as this process would, and plans by it while nothing is being judged.
async fn plan_by(room: &Newsroom, file: PathBuf, version: &str, now: DateTime<Utc>) -> anyhow::Result<Plan> {
    let ours = env!("CARGO_PKG_VERSION");
    anyhow::ensure!(
        version == ours,
        "this is masthead {version}, and the running service is {ours}: each plans by its own rules; restart the \
         service, or stop it and plan without it"
    );
    let _bench = room.bench.lock().await;
    let environment = room.config.environment.clone();
    let plan = move |store: &Store| {
        let Loaded { config, report, .. } = config::load(Some(&file), &environment, now);
        let config = config
            .ok_or_else(|| anyhow::anyhow!("the configuration has errors\n{}", report.errors_only()))?;
        plan::plan(store, &config, now).map_err(anyhow::Error::from)
    };
    room.store.run(plan).await
}

async fn explain_one(room: &Newsroom, account: &str, now: DateTime<Utc>) -> anyhow::Result<Explanation> {
    let pasted: Pasted = account.parse()?;
    let config = room.config.clone();
    let asked = pasted.clone();
    let found = room.store.run(move |store| explain::explain(store, &config, &asked, now)).await?;
    found.ok_or_else(|| never_seen(&pasted))
}

/// Nobody can answer for an account that nobody met.
fn never_seen(asked: &Pasted) -> anyhow::Error {
    let name = asked.acct().map_or_else(|| asked.to_string(), ToString::to_string);
    anyhow::anyhow!("{name} was never seen; `masthead accounts` lists those that were")
}

fn target_rows(store: &Store) -> Result<Vec<TargetRow>, StoreError> {
    let rows = store.targets()?.into_iter().map(|record| {
        let cursor = unless_damaged(store.cursor(&record.target))?;
        Ok(TargetRow {
            target: record.target.to_string(),
            due: record.due,
            last_ok: record.last_ok,
            failures: record.failures,
            trouble: record.trouble.clone(),
            gaps: cursor.map_or(0, |cursor| cursor.gaps.len()),
        })
    });
    rows.collect()
}

/// Passes until nothing is due at `now`; new targets are taken at once instead of being spread.
async fn collect_all(room: &Newsroom, now: DateTime<Utc>) -> anyhow::Result<CollectReport> {
    let mut report = CollectReport::default();
    let mut now = now;
    // A service listens by itself.
    if room.config.bluesky.jetstream && room.vitals.recall().up_since.is_none() {
        report.stream = Some(listen::catch_up(room).await?);
        now = now.max(room.config.clock.now());
    }
    for _ in 0..COLLECT_PASSES {
        let pass = collect::pass(room, targets::Pacing::AtOnce, now).await?;
        if pass.polled == 0 {
            break;
        }
        report.add(pass);
    }
    Ok(report)
}
