//! Decisions: what a reviewer's act makes of a finding, or why it makes nothing of it.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::act::LONGEST_SNOOZE;
use super::list::missing;
use super::{Act, LEAST_SEEN_DIGITS};
use crate::model::assessment::{Assessment, Level, Relation};
use crate::model::dossier::NeverFlag;
use crate::model::finding::{Approval, Approver, Claim, Dismissal, Finding, FindingState};
use crate::model::record::{Record, ReviewAct};
use crate::model::tie::{CommentSought, Ticks, Topic};

/// A finding with what has to hold beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub finding: Finding,
    /// Of its account, as it was last judged.
    pub assessment: Option<Assessment>,
    pub never_flag: Option<NeverFlag>,
}

/// What an act comes to. Values only: the caller writes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    pub finding: Finding,
    /// For the ledger, in this order.
    pub records: Vec<Record>,
    pub never_flag: Option<NeverFlag>,
    /// For the person who decided.
    pub says: String,
}

/// Decides. `by` and `key` were verified.
///
/// # Errors
/// Why the act is not possible, with what to do instead.
pub(super) fn decide(
    case: &Case,
    next_digest: Option<DateTime<Tz>>,
    by: &str,
    key: &str,
    act: Act,
    now: DateTime<Utc>,
) -> anyhow::Result<Decision> {
    let reviewer = Reviewer { case, next_digest, by, key, now };
    match act {
        Act::Tick { ticks } => reviewer.tick(ticks),
        Act::Approve { seen } => reviewer.approve(&seen),
        Act::Dismiss { why, never_flag } => reviewer.dismiss(why, never_flag),
        Act::Snooze { until } => reviewer.snooze(until),
        Act::Retract { .. } => bail!("a retraction is decided where it is carried out"),
    }
}

/// One reviewer at one case.
struct Reviewer<'a> {
    case: &'a Case,
    /// When it is due, on the clock of its readers; `None` = never.
    next_digest: Option<DateTime<Tz>>,
    by: &'a str,
    key: &'a str,
    now: DateTime<Utc>,
}

impl Reviewer<'_> {
    fn tick(&self, ticks: Ticks) -> anyhow::Result<Decision> {
        self.must_be_open()?;
        self.must_not_be_correction()?;
        let id = self.case.finding.id;
        let mut finding = self.case.finding.clone();
        let Some(tie) = &mut finding.statement.tie else {
            bail!("{id} needs no ticks: they are for accounts that hide what they are");
        };
        let merged = Ticks {
            presents_as_outlet: tie.ticks.presents_as_outlet || ticks.presents_as_outlet,
            comment_sought: ticks.comment_sought.or(tie.ticks.comment_sought),
            topic: ticks.topic.or(tie.ticks.topic),
        };
        ensure!(
            ticks != Ticks::default(),
            "name what you say of it: --outlet, --asked yes|no-address|declined, --topic TOPIC"
        );
        ensure!(merged != tie.ticks, "{id} has these ticks already");
        tie.ticks = merged;
        let mut records = vec![self.record(ReviewAct::Ticked, Some(in_words(&merged)))];
        let mut says = format!("{id}: {}", in_words(&merged));
        if !missing_ticks(&merged).is_empty() {
            says += &format!("\nstill missing: {}", missing_ticks(&merged).join(", "));
        }
        if !finding.approvals.is_empty() {
            let why = "what people say of it has changed".to_owned();
            records.push(Record::Reviewed {
                finding: id,
                act: ReviewAct::Expired,
                by: "masthead".to_owned(),
                key: String::new(),
                seal: self.case.finding.statement.seal(),
                why: Some(why),
            });
            finding.approvals.clear();
            says += "\nearlier approvals no longer count: the statement has changed";
        }
        Ok(Decision { finding, records, never_flag: None, says })
    }

    fn approve(&self, seen: &str) -> anyhow::Result<Decision> {
        self.must_be_open()?;
        let mut finding = self.case.finding.clone();
        let (id, seal) = (finding.id, finding.statement.seal());
        if let FindingState::Snoozed { until } = finding.state {
            let until = until.format("%Y-%m-%d %H:%M");
            bail!("{id} is put off until {until}; `masthead review snooze {id} 0d` ends that");
        }
        self.must_be_ripe()?;
        check_seen(&finding, seen)?;
        let theirs =
            |approval: &Approval| matches!(&approval.by, Approver::Reviewer { name, .. } if name == self.by);
        let has_same = |approval: &Approval| {
            approval.seal == seal && matches!(&approval.by, Approver::Reviewer { key, .. } if key == self.key)
        };
        ensure!(!finding.approvals.iter().any(has_same), "{id} is already approved by {}", self.by);
        ensure!(finding.confirmed().is_none(), "{id} is approved already: {}", self.what_follows());
        // One person counts once, also with a new key in place of a lost one.
        finding.approvals.retain(|approval| approval.seal == seal && !theirs(approval));
        let approver = Approver::Reviewer { name: self.by.to_owned(), key: self.key.to_owned() };
        finding.approvals.push(Approval { by: approver, at: self.now, seal });
        let says = match finding.confirmed() {
            Some(_) => format!("{id} is approved: {}", self.what_follows()),
            None => format!("{id}: {} of {} approvals", approvals(&finding), finding.needs),
        };
        let records = vec![self.record(ReviewAct::Approved, None)];
        Ok(Decision { finding, records, never_flag: None, says })
    }

    fn dismiss(&self, why: Dismissal, never_flag: bool) -> anyhow::Result<Decision> {
        self.must_be_open()?;
        self.must_not_be_correction()?;
        let mut finding = self.case.finding.clone();
        finding.state = FindingState::Dismissed { at: self.now, why };
        let mut records = vec![self.record(ReviewAct::Dismissed, Some(dismissal_in_words(why).to_owned()))];
        let mut says = format!("{} is dismissed and is not raised again", finding.id);
        let never_flag = (never_flag && self.case.never_flag.is_none()).then(|| NeverFlag {
            account: finding.statement.account.clone(),
            at: self.now,
            by: self.by.to_owned(),
            why: dismissal_in_words(why).to_owned(),
        });
        if never_flag.is_some() {
            records.push(self.record(ReviewAct::NeverFlag, Some(dismissal_in_words(why).to_owned())));
            says += &format!("; {} is never named", finding.statement.acct);
        }
        Ok(Decision { finding, records, never_flag, says })
    }

    fn snooze(&self, until: DateTime<Utc>) -> anyhow::Result<Decision> {
        self.must_be_open()?;
        self.must_not_be_correction()?;
        let mut finding = self.case.finding.clone();
        let id = finding.id;
        ensure!(
            until - self.now <= LONGEST_SNOOZE,
            "{id} can be put off for {} days at most; what nobody wants to see again is dismissed",
            LONGEST_SNOOZE.num_days()
        );
        let (state, why, says) = match until > self.now {
            true => {
                let day = until.format("%Y-%m-%d %H:%M");
                let state = FindingState::Snoozed { until };
                (state, format!("until {day}"), format!("{id} is put off until {day}"))
            }
            false => {
                let is_snoozed = matches!(finding.state, FindingState::Snoozed { .. });
                ensure!(is_snoozed, "{id} is not put off");
                (FindingState::Raised, "no longer".to_owned(), format!("{id} waits again"))
            }
        };
        finding.state = state;
        let records = vec![self.record(ReviewAct::Snoozed, Some(why))];
        Ok(Decision { finding, records, never_flag: None, says })
    }

    /// What becomes of the finding once it is approved.
    fn what_follows(&self) -> String {
        match (&self.case.finding.statement.claim, self.next_digest) {
            (Claim::KnownAtStart(_), _) => {
                "it stands on the page of its account, since it is no news".to_owned()
            }
            (_, Some(due)) => format!("it goes into the next digest ({})", due.format("%a %-d %b %H:%M %Z")),
            (_, None) => "it goes into the next digest".to_owned(),
        }
    }

    fn record(&self, act: ReviewAct, why: Option<String>) -> Record {
        let finding = &self.case.finding;
        let (by, key) = (self.by.to_owned(), self.key.to_owned());
        Record::Reviewed { finding: finding.id, act, by, key, seal: finding.statement.seal(), why }
    }

    /// What has been said or put aside is not decided again.
    fn must_be_open(&self) -> anyhow::Result<()> {
        let id = self.case.finding.id;
        match self.case.finding.state {
            FindingState::Raised | FindingState::Snoozed { .. } => Ok(()),
            FindingState::InDigest { number, part } => {
                bail!("{id} is in digest {number} part {part}; `masthead review retract {id}` takes it back")
            }
            FindingState::Lapsed { at } => bail!(
                "{id} lapsed {}: the evidence no longer holds; where it holds again a new finding is raised",
                at.format("%Y-%m-%d")
            ),
            FindingState::SaidBefore => bail!("{id} was said before this store began"),
            FindingState::Dismissed { at, why } => {
                bail!("{id} was dismissed {} ({})", at.format("%Y-%m-%d"), dismissal_in_words(why))
            }
            FindingState::Retracted { number, part } => {
                bail!("{id} was in digest {number} part {part} and is withdrawn")
            }
        }
    }

    /// What was wrong has to be taken back in public, whoever would rather have it forgotten.
    fn must_not_be_correction(&self) -> anyhow::Result<()> {
        let finding = &self.case.finding;
        if let Claim::Withdrawn(withdrawal) = &finding.statement.claim {
            let (id, wrong) = (finding.id, withdrawal.finding);
            bail!("{id} corrects {wrong}: it goes out as it stands, nobody puts it aside");
        }
        Ok(())
    }

    /// What a hidden tie needs before anybody may approve it.
    fn must_be_ripe(&self) -> anyhow::Result<()> {
        let statement = &self.case.finding.statement;
        let id = self.case.finding.id;
        let accuses = matches!(statement.relation, Relation::Undisclosed | Relation::LookAlike)
            && !matches!(statement.claim, Claim::Withdrawn(_));
        if !accuses {
            return Ok(());
        }
        if let Some(never) = &self.case.never_flag {
            bail!(
                "{} is never named, decided by {} on {}",
                statement.acct,
                never.by,
                never.at.format("%Y-%m-%d")
            );
        }
        if statement.relation != Relation::Undisclosed {
            return Ok(());
        }
        let ticks = statement.tie.as_ref().map(|tie| tie.ticks).unwrap_or_default();
        ensure!(
            ticks.is_complete(),
            "{id} lacks what only people can say of it: {}\n  \
             masthead review tick {id} --outlet --asked yes|no-address|declined --as {}",
            missing_ticks(&ticks).join(", "),
            self.by
        );
        let Some(assessment) = &self.case.assessment else {
            bail!("{id} is not ready: nothing ties the account to an outlet any more");
        };
        if assessment.level != Level::Ready {
            let what = missing(assessment).unwrap_or("the account is no longer judged to hide a tie");
            bail!("{id} is not ready any more: {what}; `masthead explain {}` shows all", statement.acct);
        }
        Ok(())
    }
}

/// An approval names what was shown.
fn check_seen(finding: &Finding, seen: &str) -> anyhow::Result<()> {
    let (id, seen) = (finding.id, seen.trim().to_ascii_lowercase());
    ensure!(
        seen.len() >= LEAST_SEEN_DIGITS && seen.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{seen}` is not what --seen takes: at least {LEAST_SEEN_DIGITS} hex digits, as `masthead review show \
         {id}` prints them"
    );
    ensure!(
        finding.statement.seal().starts_with(&seen),
        "what you saw of {id} has changed since: masthead review show {id}"
    );
    Ok(())
}

/// How many different people approved what it says now.
pub fn approvals(finding: &Finding) -> usize {
    let seal = finding.statement.seal();
    let keys = finding.approvals.iter().filter(|approval| approval.seal == seal);
    let keys = keys.filter_map(|approval| match &approval.by {
        Approver::Reviewer { key, .. } => Some(key.as_str()),
        Approver::Policy { .. } => None,
    });
    keys.collect::<BTreeSet<_>>().len()
}

/// What has to be ticked before a hidden tie may be approved.
pub fn missing_ticks(ticks: &Ticks) -> Vec<&'static str> {
    let outlet = (!ticks.presents_as_outlet).then_some("presents itself as an outlet");
    let asked = ticks.comment_sought.is_none().then_some("asked for comment");
    outlet.into_iter().chain(asked).collect()
}

fn in_words(ticks: &Ticks) -> String {
    let outlet = ticks.presents_as_outlet.then(|| "presents itself as an outlet".to_owned());
    let asked = ticks.comment_sought.map(|sought| comment_in_words(sought).to_owned());
    let topic = ticks.topic.map(|topic| format!("mostly {}", topic_in_words(topic)));
    outlet.into_iter().chain(asked).chain(topic).collect::<Vec<_>>().join("; ")
}

/// Whether the account was asked, in words.
pub fn comment_in_words(sought: CommentSought) -> &'static str {
    match sought {
        CommentSought::Yes => "asked, three days have passed",
        CommentSought::NoAddress => "no address found on its profile",
        CommentSought::Declined => "asked, declined to comment",
    }
}

/// What it mostly posts, in a word.
pub fn topic_in_words(topic: Topic) -> &'static str {
    match topic {
        Topic::Culture => "culture",
        Topic::Politics => "politics",
        Topic::Economy => "economy",
        Topic::Sport => "sport",
        Topic::Mixed => "mixed",
    }
}

/// Why it was dismissed, in words.
pub fn dismissal_in_words(why: Dismissal) -> &'static str {
    match why {
        Dismissal::Partner => "a partner that prints the copy by contract or with consent",
        Dismissal::Fan => "a fan",
        Dismissal::Mirror => "a mirror",
        Dismissal::Person => "a private person",
        Dismissal::Other => "other",
    }
}
