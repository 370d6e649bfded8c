//! Threads in health: whether our token works and how long still, and what Meta lets this app see there.

use std::sync::Arc;

use chrono::Duration;

use super::{BLIND_AFTER, Seen, count, span, unread_since, when};
use crate::model::account::Network;
use crate::model::health::{Line, Mark, Subject};
use crate::model::target::{Target, TargetRecord};
use crate::sources::threads::refusal::Capability;
use crate::sources::threads::standing::{Dead, Grant, SILENT_SEARCHES, Standing};

/// A token is renewed two weeks before its end: from here on that has failed for days.
const ENDS_SOON: Duration = Duration::days(10);
const NAME: &str = "threads";
const LOGIN: &str = "masthead login threads";

impl Seen<'_> {
    pub(super) fn threads_lines(&self) -> Vec<Line> {
        if !self.config.threads.enabled {
            let says = "not read: [sources.threads] enabled = false";
            let fix = format!("{LOGIN}, with an app that Meta has reviewed");
            return vec![Line::new(Mark::Off, Subject::Server, NAME, says).fix(fix)];
        }
        let standing = self.threads;
        vec![self.threads_token(standing), self.threads_accounts(standing), self.threads_search(standing)]
    }

    fn threads_token(&self, standing: &Standing) -> Line {
        let line = |mark, says: String| Line::new(mark, Subject::Token, NAME, says);
        if let Some(Dead { since, end }) = standing.dead {
            let since = when(since, self.now);
            let says =
                format!("not taken any more since {since}: {}; nothing is read on Threads", end.words());
            return line(Mark::Broken, says).fix(LOGIN);
        }
        let left = standing.expires_at.map(|end| end - self.now);
        if left.is_some_and(|left| left <= Duration::zero()) {
            return line(Mark::Broken, "it has expired; nothing is read on Threads".to_owned()).fix(LOGIN);
        }
        let of = standing.username.as_deref().map_or(String::new(), |name| format!("of {name}; "));
        let ends = match left {
            Some(left) => format!("{} left", span(left)),
            None => "how long it is good for is told at its first renewal, a day after it was first seen"
                .to_owned(),
        };
        let trouble = standing.renewal_trouble.as_ref().map(|why| {
            let times = count(u64::from(standing.renewal_failures), "time", "times in a row");
            format!("; it could not be renewed, {times}: {why}")
        });
        let is_near = left.is_some_and(|left| left <= ENDS_SOON);
        if trouble.is_some() && (is_near || standing.renewal_failures > 1) {
            let says = format!("{of}{ends}{}", trouble.unwrap_or_default());
            return line(Mark::Warning, says)
                .fix(format!("it is tried again every day; {LOGIN} gets another one"));
        }
        if is_near {
            let says = format!("{of}{ends}, and it was not renewed yet");
            return line(Mark::Warning, says)
                .fix(format!("it is renewed within a day, or {LOGIN} gets another one"));
        }
        match standing.username {
            None => line(Mark::Unknown, "not asked yet what it is worth".to_owned()),
            Some(_) => line(Mark::Ok, format!("{of}{ends}{}", trouble.unwrap_or_default())),
        }
    }

    fn threads_accounts(&self, standing: &Standing) -> Line {
        let line = |mark, says: String| Line::new(mark, Subject::Server, NAME, says);
        if let Grant::NotGranted { ask_again, .. } = standing.profiles {
            let says = format!(
                "profiles and posts are not granted by Meta to this app: no account there can be read; asked again {}",
                when(ask_again, self.now)
            );
            let fix = "the app needs Meta's review for threads_profile_discovery; until then [sources.threads] enabled = false";
            return line(Mark::Warning, says).fix(fix);
        }
        let is_there = |record: &&Arc<TargetRecord>| matches!(&record.target, Target::Account { acct } if acct.network() == Network::Threads);
        let there: Vec<&Arc<TargetRecord>> = self.targets.iter().filter(is_there).collect();
        let Some(first) = there.iter().map(|record| record.added_at).min() else {
            let says =
                "no account there is known yet, so nothing shows yet whether Meta grants profiles and posts";
            return line(Mark::Ok, says.to_owned());
        };
        if standing.profiles == Grant::NotKnown && there.iter().all(|record| record.last_ok.is_none()) {
            let says =
                "whether Meta grants profiles and posts to this app is not known yet: no account was shown";
            return line(Mark::Unknown, says.to_owned());
        }
        let read = there.iter().filter(|record| record.failures == 0 && record.last_ok.is_some()).count();
        let last = there.iter().filter_map(|record| record.last_ok).max().unwrap_or(first);
        let is_blind = there.iter().all(|record| record.last_try.is_none() || unread_since(record).is_some());
        if is_blind && standing.dead.is_none() && self.now - last >= BLIND_AFTER {
            let says = format!("no account there could be read since {}", when(last, self.now));
            return line(Mark::Broken, says).fix("masthead targets says why of each");
        }
        let [(used, budget), _] = standing.used(self.now);
        let rest = standing.throttled_until.filter(|until| *until > self.now);
        let rest = rest.map(|until| format!("; Meta asked us to stay away until {}", when(until, self.now)));
        let says = format!(
            "profiles and posts: {read} of {} accounts read; {used} of our {budget} requests in 24 h used{}",
            there.len(),
            rest.unwrap_or_default()
        );
        line(Mark::Ok, says)
    }

    fn threads_search(&self, standing: &Standing) -> Line {
        let name = "threads search";
        let line = |mark, says: String| Line::new(mark, Subject::Server, name, says);
        match standing.search {
            Grant::Granted => {
                let [_, (used, budget)] = standing.used(self.now);
                line(Mark::Ok, format!("finds new accounts; {used} of our {budget} searches in 24 h used"))
            }
            Grant::NotGranted { .. } => line(
                Mark::Off,
                "not granted by Meta to this app: cannot find new accounts, reads known ones".to_owned(),
            ),
            Grant::NotKnown if standing.silent_searches >= SILENT_SEARCHES => line(
                Mark::Off,
                format!(
                    "{} searches brought nothing of anybody: without Meta's review a search shows one's own posts alone, \
                     so {} is probably not granted",
                    standing.silent_searches,
                    Capability::Search.words()
                ),
            ),
            Grant::NotKnown => {
                line(Mark::Unknown, "not known yet whether Meta grants it to this app".to_owned())
            }
        }
    }
}
