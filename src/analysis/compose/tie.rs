//! Writes the post about accounts that appear affiliated with an outlet and do not say so.

use std::collections::BTreeSet;

use crate::analysis::gate::{self, Refusal};
use crate::analysis::measure::Limits;
use crate::analysis::names::{self, AT_SIGNS, HASHES};
use crate::model::changes::FollowerTrend;
use crate::model::finding::Statement;
use crate::model::tie::{Tie, Topic};

use super::post::{Draft, Writer, lines, outlet_name};
use super::telling::{Credits, Observed};
use super::words::{Checked, Story, Subject};

/// A credit longer than this says no more.
const LONGEST_EXAMPLE: usize = 30;

/// How much such a post tells besides what every one of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Least,
    WithFollowers,
    WithExample,
    WithTopic,
    WithFirstSeen,
    WithLag,
}

/// Where an account stands in the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    First,
    /// Its figures are read like those of the first.
    Further,
}

impl Detail {
    const SHRINKING: [Detail; 6] = [
        Detail::WithLag,
        Detail::WithFirstSeen,
        Detail::WithTopic,
        Detail::WithExample,
        Detail::WithFollowers,
        Detail::Least,
    ];
}

impl Writer {
    /// The texts from the whole one to the shortest: all have counts, dates, credit, the outlet's controller
    /// with who says so, and that nobody knows who runs the accounts.
    pub(super) fn ties(&self, draft: &Draft<'_>) -> Result<Vec<String>, Refusal> {
        let ties: Vec<(&Statement, &Tie)> = draft
            .statements
            .iter()
            .filter_map(|statement| Some((*statement, statement.tie.as_ref()?)))
            .collect();
        let Some((first, _)) = ties.first() else { return Ok(Vec::new()) };
        let outlet = outlet_name(first);
        let Some(controller) = self.controller(first) else {
            return Err(Refusal::NoController { outlet });
        };
        let bodies =
            Detail::SHRINKING.map(|detail| self.tie(draft.checked, &ties, &outlet, &controller, detail));
        Ok(bodies.into())
    }

    fn tie(
        &self,
        checked: Checked,
        ties: &[(&Statement, &Tie)],
        outlet: &str,
        controller: &str,
        detail: Detail,
    ) -> String {
        let telling = &self.words.telling;
        let network = ties[0].0.network.title();
        let subject = Subject { outlet, network, accounts: ties.len() };
        let place = |at: usize| match at {
            _ if ties.len() == 1 => Place::Alone,
            0 => Place::First,
            _ => Place::Further,
        };
        let accounts = lines(
            ties.iter()
                .enumerate()
                .map(|(at, (statement, _))| self.tied_account(statement, detail, place(at))),
        );
        let topic = shared_topic(ties).filter(|_| detail >= Detail::WithTopic).map(telling.topic);
        let observed = [Some((telling.observed)(&self.observed(ties, detail)))]
            .into_iter()
            .chain([(telling.credit)(&credits(ties, detail)), topic.map(str::to_owned)])
            .flatten()
            .collect::<Vec<_>>()
            .join(telling.between);
        let mut blocks = vec![
            (self.words.heading)(Story::Undisclosed, &subject),
            accounts,
            observed,
            [controller, (telling.not_known)(ties.len())].join(telling.between),
        ];
        // That several people looked is said once for all, in the root.
        if checked == Checked::ByPeople(1) {
            blocks.extend((self.words.checked)(checked));
        }
        blocks.push(telling.evidence_link.to_owned());
        blocks.join("\n\n")
    }

    /// Control is never printed without who says so.
    fn controller(&self, statement: &Statement) -> Option<String> {
        let line = statement.owner.as_ref()?;
        let (owner, says) = (names::clean(&line.owner), names::clean(&line.says));
        if let Some(control) = line.control.filter(|_| !says.is_empty()) {
            return Some((self.words.controlled)(control, &says, false));
        }
        (!owner.is_empty() && !says.is_empty()).then(|| (self.words.telling.controller)(&owner, &says))
    }

    fn tied_account(&self, statement: &Statement, detail: Detail, place: Place) -> String {
        let followers = statement.followers.filter(|_| detail >= Detail::WithFollowers);
        let now = followers.map(|trend| FollowerTrend { week_before: None, ..trend });
        let figures = super::words::Figures {
            first_seen: (detail >= Detail::WithFirstSeen && place == Place::Alone)
                .then(|| self.day(statement.first_seen)),
            pace: None,
            followers: now.map(|trend| match place {
                Place::Further => (self.words.telling.count)(trend.now),
                Place::Alone | Place::First => (self.words.followers)(trend),
            }),
        };
        (self.words.telling.account)(&names::handle(&statement.acct, statement.network), &figures)
    }

    fn observed(&self, ties: &[(&Statement, &Tie)], detail: Detail) -> Observed {
        let sum = |count: fn(&Tie) -> u32| ties.iter().map(|(_, tie)| u64::from(count(tie))).sum::<u64>();
        let from = ties.iter().map(|(_, tie)| tie.from).min().unwrap_or(self.to);
        let to = ties.iter().map(|(_, tie)| tie.to).max().unwrap_or(self.to);
        let (from, to) = (from.min(to).with_timezone(&self.timezone), to.with_timezone(&self.timezone));
        let lag = ties.iter().map(|(_, tie)| tie.typical_lag_minutes).max().flatten();
        let year = chrono::Datelike::year(&self.to.with_timezone(&self.timezone));
        Observed {
            span: (self.words.telling.span)(from.date_naive(), to.date_naive(), year),
            accounts: ties.len(),
            posts: sum(|tie| tie.posts),
            copies: sum(|tie| tie.copies),
            common: common_items(ties),
            lag_minutes: lag.filter(|minutes| *minutes > 0 && detail >= Detail::WithLag),
        }
    }
}

/// Items that all accounts of a group have copied.
fn common_items(ties: &[(&Statement, &Tie)]) -> usize {
    let mut sets = ties.iter().map(|(_, tie)| &tie.items);
    let Some(first) = sets.next() else { return 0 };
    let common: BTreeSet<&String> = first.iter().collect();
    sets.fold(common, |common, items| common.into_iter().filter(|item| items.contains(*item)).collect()).len()
}

/// What all of them mostly post, where reviewers chose the same phrase for each.
fn shared_topic(ties: &[(&Statement, &Tie)]) -> Option<Topic> {
    let first = ties.first()?.1.ticks.topic?;
    ties.iter().all(|(_, tie)| tie.ticks.topic == Some(first)).then_some(first)
}

fn credits(ties: &[(&Statement, &Tie)], detail: Detail) -> Credits {
    let sum = |count: fn(&Tie) -> u32| ties.iter().map(|(_, tie)| u64::from(count(tie))).sum::<u64>();
    let altered = sum(|tie| tie.altered);
    let example = ties.iter().find_map(|(_, tie)| example(tie.altered_example.as_deref()?));
    Credits {
        accounts: ties.len(),
        copies: sum(|tie| tie.copies),
        none: sum(|tie| tie.uncredited).saturating_sub(altered),
        altered,
        example: example.filter(|_| detail >= Detail::WithExample),
    }
}

/// An altered credit as it can be printed in quote marks; `None` where it could do anything. One with an at or
/// number sign is not printed without it: that would quote what nobody wrote.
fn example(credit: &str) -> Option<String> {
    const LINK: &str = "https://masthead.invalid/d/1/1";
    let cleaned = names::clean_to(credit, LONGEST_EXAMPLE);
    let cleaned = cleaned.replace(['“', '”', '"', '«', '»'], "");
    let is_plain = !credit.contains(AT_SIGNS)
        && !credit.contains(HASHES)
        && !cleaned.contains("//")
        && cleaned.contains(char::is_alphanumeric);
    let passes = |text: &str| gate::check(&format!("“{text}”\n{LINK}"), "", LINK, Limits::default()).is_ok();
    (is_plain && passes(&cleaned)).then_some(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_is_quoted_only_where_it_can_do_nothing() {
        for (credit, printed) in [
            ("Twitter •mundo_china", Some("Twitter •mundo_china")),
            ("Twitter @mundo_china", None),
            ("＠ｍｕｎｄｏ", None),
            ("desk@agency.example", None),
            ("#mundochina", None),
            ("https://evil.example/x", None),
            ("  •  ", None),
            ("“quoted”", Some("quoted")),
            ("a credit that goes on and on and on for ever", Some("a credit that goes on and on…")),
        ] {
            assert_eq!(example(credit).as_deref(), printed, "{credit}");
        }
    }
}
