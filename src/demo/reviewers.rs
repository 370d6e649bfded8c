//! Two reviewers who approve all that the machine puts before them: so gates protect the innocent, not the script.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{Render, Review};
use crate::cycle::Newsroom;
use crate::cycle::commands::{self, Act, Answer, Request, Sheet, Signature};
use crate::model::assessment::{Assessment, Level};
use crate::model::finding::{Approver, Finding, FindingId};
use crate::model::tie::{CommentSought, Ticks, Topic};

const NAMES: [&str; 2] = ["ada", "ben"];

/// What both say of every account, whatever it is.
const TICKS: Ticks = Ticks {
    presents_as_outlet: true,
    comment_sought: Some(CommentSought::NoAddress),
    topic: Some(Topic::Culture),
};

/// A finding as it stood before the first reviewer who saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstShown {
    pub finding: FindingId,
    pub account: String,
    pub at: DateTime<Utc>,
    pub sheet: String,
}

/// The reviewers at work.
#[derive(Debug)]
pub(super) struct Reviewers {
    /// Nobody where nothing waits for people.
    keys: Vec<Signature>,
    render: Render,
    seen: BTreeSet<FindingId>,
    pub queue: Vec<FirstShown>,
}

impl Reviewers {
    /// Makes their keys.
    pub async fn hire(room: &Newsroom, review: Review, render: Render) -> anyhow::Result<Reviewers> {
        let mut keys = Vec::new();
        let names: &[&str] = if review == Review::ByTwo { &NAMES } else { &[] };
        for name in names {
            let adding = Request::ReviewerAdd { name: (*name).to_owned() };
            let answer = ask(room, adding).await.with_context(|| format!("make the key of {name}"))?;
            let Answer::Reviewer { name, secret } = answer else {
                anyhow::bail!("{name} asked for a key and got {answer:?}");
            };
            keys.push(Signature { name, secret });
        }
        Ok(Reviewers { keys, render, seen: BTreeSet::new(), queue: Vec::new() })
    }

    /// One of them, by number, works through the queue.
    pub async fn look(&mut self, room: &Newsroom, number: usize) -> anyhow::Result<()> {
        let Some(by) = self.keys.get(number).cloned() else { return Ok(()) };
        let Answer::Review { waiting, .. } = ask(room, Request::Review).await.context("list the queue")?
        else {
            anyhow::bail!("{} asked for the queue and got something else", by.name);
        };
        let open: Vec<Finding> = waiting
            .into_iter()
            .map(|row| row.finding)
            .filter(|finding| !has_approved(finding, &by))
            .collect();
        for finding in &open {
            let doing = || format!("{} reviews {} about {}", by.name, finding.id, finding.statement.acct);
            self.review(room, &by, finding.id).await.with_context(doing)?;
        }
        if !open.is_empty() {
            // Only now: while the loops look, what was shown may change.
            room.wake();
        }
        Ok(())
    }

    /// Looks at one finding, says what is missing, and approves what is shown then.
    async fn review(&mut self, room: &Newsroom, by: &Signature, finding: FindingId) -> anyhow::Result<()> {
        let (mut sheet, text) = self.show(room, finding).await?;
        // What it was raised for may not hold today; it stays in the queue and is checked again.
        let is_ready = |assessment: &Assessment| assessment.level == Level::Ready;
        if sheet.finding.statement.tie.is_some() && !sheet.assessment.as_ref().is_some_and(is_ready) {
            return Ok(());
        }
        if self.seen.insert(finding) {
            let (account, at) = (sheet.finding.statement.acct.to_string(), room.config.clock.now());
            self.queue.push(FirstShown { finding, account, at, sheet: text });
        }
        if sheet.finding.statement.tie.as_ref().is_some_and(|tie| !tie.ticks.is_complete()) {
            act(room, by, finding, Act::Tick { ticks: TICKS }).await?;
            (sheet, _) = self.show(room, finding).await?;
        }
        act(room, by, finding, Act::Approve { seen: sheet.seen }).await
    }

    async fn show(&self, room: &Newsroom, finding: FindingId) -> anyhow::Result<(Sheet, String)> {
        let answer = ask(room, Request::ReviewShow { finding }).await?;
        let text = (self.render)(&answer);
        match answer {
            Answer::Sheet(sheet) => Ok((*sheet, text)),
            other => anyhow::bail!("{finding} was to be shown, and the answer is {other:?}"),
        }
    }
}

/// Whether a reviewer has approved these very facts.
fn has_approved(finding: &Finding, by: &Signature) -> bool {
    let seal = finding.statement.seal();
    let is_theirs =
        |approver: &Approver| matches!(approver, Approver::Reviewer { name, .. } if *name == by.name);
    finding.approvals.iter().any(|approval| approval.seal == seal && is_theirs(&approval.by))
}

async fn act(room: &Newsroom, by: &Signature, finding: FindingId, act: Act) -> anyhow::Result<()> {
    ask(room, Request::ReviewAct { finding, by: by.clone(), act }).await.map(drop)
}

async fn ask(room: &Newsroom, request: Request) -> anyhow::Result<Answer> {
    commands::answer(room, request, room.config.clock.now()).await
}
