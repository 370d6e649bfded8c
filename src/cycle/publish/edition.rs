//! The edition: what goes into the next digest, and what the home server lets it be.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use url::Url;

use super::AFTER_TROUBLE;
use super::posting::random_hex;
use super::said::SaidBefore;
use super::strangers::at_home;
use crate::analysis::compose::{self, Dropped, Edition, Language, Quiet, Setting, SoFar};
use crate::analysis::measure::Limits;
use crate::config::{self, Config};
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::model::digest::{DigestNumber, DigestRecord, DigestState, PartState};
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
    let namings = if press.namings_stopped().is_some() { Namings::Off } else { Namings::On };
    let desk = room.store.run(move |store| desk(store, &said, namings, now)).await;
    let desk = desk.context("read what may be said")?;
    let (confirmed, quiet) = (&desk.confirmed, &quiet(&desk.confirmed));
    let public_url = public_url(&config)?;
    let edition = Edition {
        setting: setting(&config, &public_url, number, limits, now),
        rev: 1,
        from: desk.from.unwrap_or(now - FIRST_PERIOD),
        max_posts: config.fediverse.max_posts,
        may_name: thread::may_still_name(desk.named.iter().copied(), now),
        awaiting_review: desk.waiting,
        so_far: desk.so_far,
        salt: &random_hex()?,
        confirmed,
        quiet,
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
    let record =
        DigestRecord { digest, frozen_at: now, parts, state: DigestState::Posting, corrections: Vec::new() };
    let findings = [included(&record, &desk.findings), desk.said_before].concat();
    Ok(Ok(Composed { record: Some(record), findings, dropped: composition.dropped, limits }))
}

/// How posts look that this configuration makes.
pub(super) fn setting<'a>(
    config: &'a Config,
    public_url: &'a Url,
    number: DigestNumber,
    limits: Limits,
    now: DateTime<Utc>,
) -> Setting<'a> {
    Setting {
        number,
        to: now,
        timezone: config.schedule.timezone,
        language: language(config.fediverse.language),
        visibility: config.fediverse.visibility,
        spoiler: &config.fediverse.spoiler,
        public_url,
        limits,
    }
}

/// Whether hidden ties and imitations may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Namings {
    On,
    /// Stopped by the rule about reversals, until a person lifts it.
    Off,
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
    so_far: SoFar,
}

fn desk(store: &Store, said: &SaidBefore, namings: Namings, now: DateTime<Utc>) -> Result<Desk, StoreError> {
    let mut findings = store.findings()?;
    let said_before: Vec<Finding> = findings.iter().filter_map(|finding| said.mark(finding)).collect();
    findings.retain(|finding| !said_before.iter().any(|said| said.id == finding.id));
    let digests = store.digests()?;
    let raised = || findings.iter().filter(|finding| finding.state == FindingState::Raised);
    let may_be_told =
        |finding: &&Finding| namings == Namings::On || !compose::is_accusing(&finding.statement.claim);
    let confirmed: Vec<Confirmed> = raised().filter(may_be_told).filter_map(Finding::confirmed).collect();
    let waiting = raised().filter(|finding| finding.confirmed().is_none()).count();
    let frozen_at = |finding: &Finding| match finding.state {
        FindingState::InDigest { number, .. } | FindingState::Retracted { number, .. } => {
            digests.iter().find(|record| record.digest.number == number).map(|record| record.frozen_at)
        }
        _ => None,
    };
    let newly = findings.iter().filter(|finding| matches!(finding.statement.claim, Claim::NewlySeen(_)));
    Ok(Desk {
        named: newly.filter_map(frozen_at).collect(),
        from: digests.iter().map(|record| record.digest.to).filter(|to| *to < now).max(),
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        so_far: so_far(findings.iter().chain(&said_before)),
        confirmed,
        findings,
        said_before,
    })
}

/// How the public record stands: different accounts that posts have named, and statements taken back.
pub(super) fn so_far<'a>(findings: impl Iterator<Item = &'a Finding>) -> SoFar {
    let (mut named, mut withdrawn) = (BTreeSet::new(), 0u32);
    for finding in findings {
        let is_told = matches!(
            finding.state,
            FindingState::InDigest { .. } | FindingState::Retracted { .. } | FindingState::SaidBefore
        );
        match &finding.statement.claim {
            Claim::Withdrawn(_) => withdrawn += 1,
            Claim::NewlySeen(_) | Claim::Changed(_) if is_told => {
                named.insert(&finding.statement.account);
            }
            _ => {}
        }
    }
    // Objections reach the operator by mail or in person: nothing here counts them.
    SoFar { named: u32::try_from(named.len()).unwrap_or(u32::MAX), objections: None, withdrawn }
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
pub(super) fn public_url(config: &Config) -> anyhow::Result<Url> {
    match &config.web.public_url {
        Some(url) => Ok(url.clone()),
        None => {
            Url::parse(&format!("http://{}/", config.web.listen)).context("make the address of the pages")
        }
    }
}
