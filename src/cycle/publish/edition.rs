//! The edition: what goes into the next digest, and what the home server lets it be.

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use url::Url;

use super::AFTER_TROUBLE;
use super::posting::random_hex;
use super::said::SaidBefore;
use super::strangers::at_home;
use crate::analysis::compose::{self, Dropped, Edition, Language, Quiet};
use crate::analysis::measure::Limits;
use crate::config::{self, Config};
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::model::digest::{DigestRecord, DigestState, PartState};
use crate::model::finding::{Claim, Confirmed, Finding, FindingState};
use crate::publish::thread;
use crate::store::{Store, StoreError};

/// Only settings can be the cause, and they are read at a start.
const AFTER_REFUSAL: Duration = Duration::hours(1);
/// The period of a first digest.
const FIRST_PERIOD: Duration = Duration::days(7);

/// A digest as composed, or that there is nothing to say.
#[derive(Debug, Clone)]
pub struct Composed {
    pub record: Option<DigestRecord>,
    /// The findings in it, marked as such, and those that turned out to be said before.
    pub findings: Vec<Finding>,
    pub dropped: Vec<Dropped>,
    pub limits: Limits,
}

impl Composed {
    pub(super) fn nothing(dropped: Vec<Dropped>, limits: Limits) -> Composed {
        Composed { record: None, findings: Vec::new(), dropped, limits }
    }
}

/// Why no digest can be composed now, and when it is worth asking again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotNow {
    pub why: String,
    pub ask_again_in: Duration,
}

/// Composes what is confirmed and was not said.
pub(super) async fn compose(
    room: &Newsroom,
    press: &mut Press,
    now: DateTime<Utc>,
) -> anyhow::Result<Result<Composed, NotNow>> {
    let limits = match &room.config.publish {
        None => Limits::default(),
        Some(_) => match at_home(room, press).await {
            Ok(at_home) => at_home.instance.limits,
            Err(trouble) => {
                return Ok(Err(NotNow { why: trouble.to_string(), ask_again_in: AFTER_TROUBLE }));
            }
        },
    };
    let number = press.next_number(&room.store)?;
    let config = room.config.clone();
    let said = SaidBefore::read(press)?;
    let desk = room.store.run(move |store| desk(store, &said, now)).await.context("read what may be said")?;
    let edition = Edition {
        number,
        rev: 1,
        from: desk.from.unwrap_or(now - FIRST_PERIOD),
        to: now,
        timezone: config.schedule.timezone,
        language: language(config.fediverse.language),
        visibility: config.fediverse.visibility,
        spoiler: &config.fediverse.spoiler,
        public_url: &public_url(&config)?,
        limits,
        max_posts: config.fediverse.max_posts,
        may_name: thread::may_still_name(desk.named.iter().copied(), now),
        awaiting_review: desk.waiting,
        salt: &random_hex()?,
        confirmed: &desk.confirmed,
        quiet: &quiet(&desk.confirmed),
    };
    let composition = match compose::compose(&edition) {
        Ok(composition) => composition,
        Err(refusal) => {
            let why = format!(
                "the first post of a digest does not pass our own gate: {refusal}; \
                 [web] public_url and [publish.fediverse] spoiler go into it"
            );
            return Ok(Err(NotNow { why, ask_again_in: AFTER_REFUSAL }));
        }
    };
    let Some(digest) = composition.digest else {
        let nothing = Composed::nothing(composition.dropped, limits);
        return Ok(Ok(Composed { findings: desk.said_before, ..nothing }));
    };
    let parts = vec![PartState::Waiting; digest.parts.len()];
    let record = DigestRecord { digest, frozen_at: now, parts, state: DigestState::Posting };
    let findings = [included(&record, &desk.findings), desk.said_before].concat();
    Ok(Ok(Composed { record: Some(record), findings, dropped: composition.dropped, limits }))
}

/// What lies on the desk when a digest is made.
struct Desk {
    confirmed: Vec<Confirmed>,
    findings: Vec<Finding>,
    said_before: Vec<Finding>,
    /// Findings that wait for people.
    waiting: u32,
    /// When accounts were named for the first time.
    named: Vec<DateTime<Utc>>,
    /// Where the last digest ended.
    from: Option<DateTime<Utc>>,
}

fn desk(store: &Store, said: &SaidBefore, now: DateTime<Utc>) -> Result<Desk, StoreError> {
    let mut findings = store.findings()?;
    let said_before: Vec<Finding> = findings.iter().filter_map(|finding| said.mark(finding)).collect();
    findings.retain(|finding| !said_before.iter().any(|said| said.id == finding.id));
    let digests = store.digests()?;
    let raised = || findings.iter().filter(|finding| finding.state == FindingState::Raised);
    let confirmed: Vec<Confirmed> = raised().filter_map(Finding::confirmed).collect();
    let waiting = raised().filter(|finding| finding.confirmed().is_none()).count();
    let frozen_at = |finding: &Finding| match finding.state {
        FindingState::InDigest { number, .. } => {
            digests.iter().find(|record| record.digest.number == number).map(|record| record.frozen_at)
        }
        _ => None,
    };
    let newly = findings.iter().filter(|finding| matches!(finding.statement.claim, Claim::NewlySeen(_)));
    Ok(Desk {
        named: newly.filter_map(frozen_at).collect(),
        from: digests.iter().map(|record| record.digest.to).filter(|to| *to < now).max(),
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        confirmed,
        findings,
        said_before,
    })
}

/// The findings in a digest, each with the part it stands in.
fn included(record: &DigestRecord, findings: &[Finding]) -> Vec<Finding> {
    let number = record.digest.number;
    let parts = record.digest.parts.iter();
    let placed = parts.flat_map(|part| part.findings.iter().map(|id| (*id, part.index)));
    let found = placed.filter_map(|(id, part)| {
        let finding = findings.iter().find(|finding| finding.id == id)?;
        Some(Finding { state: FindingState::InDigest { number, part }, ..finding.clone() })
    });
    found.collect()
}

/// Accounts known at start that stay silent: their facts are brought up to date by every judgement.
fn quiet(confirmed: &[Confirmed]) -> Vec<Quiet> {
    let known = confirmed.iter().filter(|known| matches!(known.statement().claim, Claim::KnownAtStart(_)));
    known
        .filter_map(|known| Some(Quiet { since: known.statement().quiet_since?, known: known.clone() }))
        .collect()
}

fn language(language: config::Language) -> Language {
    match language {
        config::Language::En => Language::En,
        config::Language::Es => Language::Es,
        config::Language::Zh => Language::Zh,
    }
}

/// Where readers find the pages; while posting is off that may be this machine.
fn public_url(config: &Config) -> anyhow::Result<Url> {
    match &config.web.public_url {
        Some(url) => Ok(url.clone()),
        None => {
            Url::parse(&format!("http://{}/", config.web.listen)).context("make the address of the pages")
        }
    }
}
