//! Writes the text of one post about a group of findings.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;

use crate::analysis::gate::Refusal;
use crate::analysis::names;
use crate::model::changes::{Change, FollowerTrend};
use crate::model::finding::{Approver, Claim, Confirmed, Statement};

use super::words::{Checked, Event, Figures, Sides, Story, Subject, Words};
use super::{MOST_HANDLES, Quiet, Setting, SoFar};

/// One post before it is worded.
pub(super) struct Draft<'a> {
    pub story: Story,
    /// At least one; all of the same story, and of the same outlet unless they are corrections.
    pub statements: &'a [&'a Statement],
    pub quiet: &'a [&'a Quiet],
    pub checked: Checked,
    /// Printed with corrections.
    pub so_far: Option<SoFar>,
}

/// How posts of one digest are worded.
pub(super) struct Writer {
    pub words: &'static Words,
    /// In which days are printed.
    pub timezone: Tz,
    /// End of the digest's period; days of other years are printed with their year.
    pub to: DateTime<Utc>,
}

impl Writer {
    pub(super) fn of(setting: &Setting<'_>) -> Writer {
        Writer { words: setting.language.words(), timezone: setting.timezone, to: setting.to }
    }

    /// The texts of one post without its link, from the whole one to the shortest.
    ///
    /// # Errors
    /// A hidden tie of which nobody says who controls the outlet.
    pub(super) fn bodies(&self, draft: &Draft<'_>) -> Result<Vec<String>, Refusal> {
        match draft.story {
            Story::Correction => Ok(self.corrections(draft)),
            Story::Undisclosed => self.ties(draft),
            _ => {
                let most_quiet = draft.quiet.len().min(MOST_HANDLES.saturating_sub(draft.statements.len()));
                Ok(Detail::shrinking(most_quiet).map(|detail| self.body(draft, detail)).collect())
            }
        }
    }

    fn body(&self, draft: &Draft<'_>, detail: Detail) -> String {
        let (words, story, statements) = (self.words, draft.story, draft.statements);
        let Some(first) = statements.first().copied() else { return String::new() };
        let outlet = outlet_name(first);
        let subject = Subject { outlet: &outlet, network: first.network.title(), accounts: statements.len() };
        let mut blocks = vec![(words.heading)(story, &subject)];
        if story == Story::Changed {
            blocks.push(lines(statements.iter().map(|statement| self.event(statement, detail))));
        } else {
            let is_alone = statements.len() == 1;
            blocks.push(lines(statements.iter().map(|statement| self.account(statement, detail, is_alone))));
            // That nobody knows who runs it is part of an accusation, and no detail of it.
            let proof = (detail.text >= Text::WithProof || story == Story::LookAlike)
                .then(|| self.proof(story, statements));
            let figures = is_alone.then(|| (words.figures)(&self.figures(first, detail))).flatten();
            blocks.extend(proof.into_iter().chain(figures));
        }
        let quiet = &draft.quiet[..detail.quiet];
        if !quiet.is_empty() {
            let accounts = quiet.iter().map(|account| {
                let known = account.known.statement();
                (words.quiet_account)(
                    &names::handle(&known.acct, known.network),
                    &(words.month)(account.since),
                )
            });
            blocks.push(lines(std::iter::once(words.quiet.to_owned()).chain(accounts)));
        }
        if detail.text >= Text::WithOwner {
            blocks.extend(self.owner(first));
        }
        blocks.extend((words.checked)(draft.checked));
        let link = match story {
            Story::Changed => words.change_link,
            Story::LookAlike => words.telling.evidence_link,
            _ => words.proof_link,
        };
        blocks.push(link.to_owned());
        blocks.join("\n\n")
    }

    /// Control is never printed without who says so.
    fn owner(&self, statement: &Statement) -> Option<String> {
        let owner = statement.owner.as_ref()?;
        let (name, says) = (names::clean(&owner.owner), names::clean(&owner.says));
        if let Some(control) = owner.control.filter(|_| !says.is_empty()) {
            return Some((self.words.controlled)(control, &says, owner.source.is_some()));
        }
        let is_whole = !name.is_empty() && !says.is_empty();
        is_whole.then(|| (self.words.owner)(&name, &says, owner.source.is_some()))
    }

    /// One line; an account that is alone has its figures in a paragraph of their own.
    fn account(&self, statement: &Statement, detail: Detail, is_alone: bool) -> String {
        let least = Detail { text: Text::Least, ..detail };
        let figures = self.figures(statement, if is_alone { least } else { detail });
        let figures = Figures { first_seen: Some(self.day(statement.first_seen)), ..figures };
        (self.words.account)(&names::handle(&statement.acct, statement.network), &figures)
    }

    fn event(&self, statement: &Statement, detail: Detail) -> String {
        let event = match &statement.claim {
            Claim::Changed(Change::PostsAgain { since, quiet_days }) => {
                Event::PostsAgain { since: self.day(*since), quiet_days: (*quiet_days).max(0) }
            }
            Claim::Changed(Change::Gone { since }) => Event::Gone { since: self.day(*since) },
            Claim::Changed(Change::Back { since }) => Event::Back { since: self.day(*since) },
            // Where it went is told once that account has been proven: profiles can point at anybody.
            _ => Event::Moved,
        };
        let figures = self.figures(statement, detail);
        let handle = names::handle(&statement.acct, statement.network);
        (self.words.event)(&handle, (self.words.relation)(statement.relation), &event, &figures)
    }

    fn figures(&self, statement: &Statement, detail: Detail) -> Figures {
        let followers = statement.followers.map(|trend| match detail.text {
            Text::WithTrends => trend,
            _ => FollowerTrend { week_before: None, ..trend },
        });
        let known = Figures {
            first_seen: None,
            pace: statement.tenths_of_posts_a_day.and_then(self.words.pace),
            followers: followers.map(self.words.followers),
        };
        let none = Figures { first_seen: None, pace: None, followers: None };
        if detail.text >= Text::WithFigures { known } else { none }
    }

    /// Both sides, named where all accounts share them.
    fn proof(&self, story: Story, statements: &[&Statement]) -> String {
        let shared = |side: fn(&Statement) -> Option<&str>| {
            let sites: BTreeSet<Option<String>> =
                statements.iter().map(|statement| side(statement).map(names::site)).collect();
            let mut sites = sites.into_iter();
            sites.next().flatten().filter(|site| sites.next().is_none() && !site.is_empty())
        };
        let profile_names = shared(|statement| statement.account_names.as_deref());
        let named_on = shared(|statement| statement.named_on.as_deref());
        let sides = Sides {
            profile_names: profile_names.as_deref(),
            named_on: named_on.as_deref(),
            accounts: statements.len(),
        };
        (self.words.proof)(story, &sides)
    }

    pub(super) fn day(&self, at: DateTime<Utc>) -> String {
        let local = |at: DateTime<Utc>| at.with_timezone(&self.timezone).date_naive();
        (self.words.day)(local(at), local(self.to).year())
    }
}

/// How much a post tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    pub quiet: usize,
    pub text: Text,
}

/// Which lines a post has; when it is too long they go in this order, the last one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Text {
    Least,
    WithProof,
    WithOwner,
    WithFigures,
    WithTrends,
}

impl Detail {
    /// From everything to the least; quiet accounts go before any line, from the last.
    pub(super) fn shrinking(most_quiet: usize) -> impl Iterator<Item = Detail> {
        let whole = (0..=most_quiet).rev().map(|quiet| Detail { quiet, text: Text::WithTrends });
        let shorter = [Text::WithFigures, Text::WithOwner, Text::WithProof, Text::Least];
        whole.chain(shorter.into_iter().map(|text| Detail { quiet: 0, text }))
    }
}

/// The weakest check behind some findings.
pub(super) fn checked<'a>(findings: impl Iterator<Item = &'a Confirmed>) -> Checked {
    findings
        .filter(|finding| !finding.approvers().any(|by| matches!(by, Approver::Policy { .. })))
        .map(|finding| {
            let keys: BTreeSet<&str> = finding
                .approvers()
                .filter_map(|by| match by {
                    Approver::Reviewer { key, .. } => Some(key.as_str()),
                    Approver::Policy { .. } => None,
                })
                .collect();
            keys.len()
        })
        .min()
        .map_or(Checked::ByRule, Checked::ByPeople)
}

/// The outlet as it is printed: its cleaned name, or its id where nothing of the name is left.
pub(super) fn outlet_name(statement: &Statement) -> String {
    let name = names::clean(&statement.outlet_name);
    if name.is_empty() { statement.outlet.to_string() } else { name }
}

pub(super) fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
