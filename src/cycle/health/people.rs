//! People in health: the outlets' accounts and what they do, and what waits for reviewers.

use chrono::{DateTime, Duration, Utc};

use super::publishing::OfPress;
use super::remembered::Memory;
use super::{Seen, count, span, when};
use crate::analysis::activity::activity_of;
use crate::cycle::commands::waits;
use crate::model::changes::Activity;
use crate::model::finding::Finding;
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::store::StoreError;

/// More findings than a few people look through in a week.
const FULL_QUEUE: usize = 20;

impl Seen<'_> {
    /// What outlets' accounts do, and how many others are known.
    pub(super) fn account_lines(
        &self,
        remembered: &mut Memory,
        figures: &mut Figures,
    ) -> Result<Vec<Line>, StoreError> {
        let accounts = self.store.accounts()?;
        figures.accounts = accounts.len() as u64;
        let mut newest: Option<DateTime<Utc>> = None;
        for account in &accounts {
            let seen = remembered.account(self.store, &account.id)?;
            if !seen.is_of_outlet() {
                continue;
            }
            newest = newest.max(seen.seen);
            let word = match activity_of(account, seen.newest, self.now) {
                Activity::Posting => "posting",
                Activity::DormantSince(_) => "dormant",
                Activity::GoneSince(_) => "gone",
                Activity::Unknown => "unknown",
            };
            *figures.outlet_accounts.entry(word.to_owned()).or_default() += 1;
        }
        let known: u64 = figures.outlet_accounts.values().sum();
        let words = figures.outlet_accounts.iter().map(|(word, number)| format!("{number} {word}"));
        let words = words.collect::<Vec<_>>().join(", ");
        let others = figures.accounts - known;
        let mark = match figures.accounts {
            0 if !self.config.mastodon.enabled && !self.config.bluesky.enabled => Mark::Off,
            0 => Mark::Unknown,
            _ => Mark::Ok,
        };
        let mut says = match known {
            0 => "none of an outlet yet".to_owned(),
            known => format!("{} of outlets: {words}", count(known, "account", "accounts")),
        };
        if others > 0 {
            says = format!("{says}; {} known", count(others, "other", "others"));
        }
        if let Some(newest) = newest {
            says =
                format!("{says}; last new post seen {} ago", span((self.now - newest).max(Duration::zero())));
        }
        Ok(vec![Line::new(mark, Subject::Accounts, "", says)])
    }

    /// The queue, and whether anybody could ever empty it.
    pub(super) fn review_lines(
        &self,
        findings: &[Finding],
        press: &OfPress,
        figures: &mut Figures,
    ) -> Vec<Line> {
        let waiting: Vec<_> = findings.iter().filter(|finding| waits(finding, self.now)).collect();
        figures.review_waiting = waiting.len() as u64;
        figures.review_oldest = waiting.iter().map(|finding| finding.raised_at).min();
        let Some(oldest) = figures.review_oldest else {
            return vec![Line::new(Mark::Ok, Subject::Review, "", "nothing waits")];
        };
        let needs = waiting.iter().map(|finding| finding.needs).max().unwrap_or_default();
        let says = format!(
            "{}, the oldest since {}",
            count(figures.review_waiting, "finding waits", "findings wait"),
            when(oldest, self.now)
        );
        let line = |mark, says| Line::new(mark, Subject::Review, "", says);
        let kept = Duration::days(i64::from(self.config.review.queue_days));
        let line = match () {
            () if (press.keys as u64) < u64::from(needs) => line(
                Mark::Broken,
                format!(
                    "{says}; approval takes {needs}, and {} a key: nothing of it can ever be posted",
                    count(press.keys as u64, "reviewer has", "reviewers have")
                ),
            )
            .fix("[review] reviewers, then masthead reviewer add NAME"),
            () if waiting.len() >= FULL_QUEUE => {
                line(Mark::Warning, format!("{says}: the queue is full")).fix("masthead review")
            }
            () if self.now - oldest > kept => line(Mark::Warning, says).fix("masthead review"),
            () => line(Mark::Ok, says),
        };
        vec![line]
    }
}
