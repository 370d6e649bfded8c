//! Servers in health: on each server where accounts are looked for, what it shows us and what it does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{BLIND_AFTER, Seen, unread_since, when};
use crate::cycle::outlook::{self, LoggedIn};
use crate::model::account::{Host, Network};
use crate::model::health::{Line, Mark, Subject};
use crate::model::target::{Target, TargetRecord};
use crate::sources::bluesky::PUBLIC;

impl Seen<'_> {
    pub(super) fn server_lines(&self) -> Vec<Line> {
        let bluesky = self.config.bluesky.enabled.then(|| self.appview());
        self.mastodon_lines().into_iter().chain(bluesky).collect()
    }

    fn mastodon_lines(&self) -> Vec<Line> {
        let mastodon = &self.config.mastodon;
        if !mastodon.enabled {
            let says = match self.config.contact {
                Some(_) => "not read: [sources.mastodon] enabled = false",
                None => "not read, so no account is seen there: `contact` is empty",
            };
            let fix = "set `contact`, then [sources.mastodon] enabled = true";
            return vec![Line::new(Mark::Off, Subject::Server, "", says).fix(fix)];
        }
        let home = self.config.publish.iter().map(|publish| &publish.server);
        let servers: BTreeSet<&Host> = mastodon.servers.iter().chain(home).collect();
        servers.into_iter().filter_map(|server| self.server(server)).collect()
    }

    fn server(&self, server: &Host) -> Option<Line> {
        let mastodon = &self.config.mastodon;
        let name = server.to_string();
        if mastodon.opt_out.has_host(server) {
            let says = "asked to be left alone ([sources.mastodon] opt_out); not read";
            return Some(Line::new(Mark::Off, Subject::Server, name, says));
        }
        let there: Vec<&TargetRecord> = self
            .targets
            .iter()
            .map(|record| &**record)
            .filter(|record| record.target.server() == Some(server) || lives_on(&record.target, server))
            .collect();
        let tried: Vec<_> = there.iter().filter(|record| record.last_try.is_some()).collect();
        let read = tried.iter().filter_map(|record| record.last_ok).max();
        let way = match outlook::login(self.config, server) {
            LoggedIn::ToRead => "with our token",
            LoggedIn::ToPost => "timelines by the token that posts, the rest without login",
            LoggedIn::No => "without login",
        };
        let Some(first) = there.first() else {
            let (mark, says) = match mastodon.discover.is_empty() {
                true => (Mark::Off, "nothing is read there: [sources.mastodon] discover = []"),
                false => (Mark::Unknown, "not asked yet"),
            };
            return mastodon.servers.contains(server).then(|| Line::new(mark, Subject::Server, name, says));
        };
        if tried.is_empty() {
            return Some(Line::new(Mark::Unknown, Subject::Server, name, format!("{way}; not asked yet")));
        }
        let since = read.unwrap_or(first.added_at);
        // What an account's own page answered would name the account.
        let places = tried.iter().filter(|record| record.target.server().is_some());
        let trouble = places.max_by_key(|record| record.last_try).and_then(|it| it.trouble.clone());
        if tried.iter().all(|record| unread_since(record).is_some()) && self.now - since >= BLIND_AFTER {
            let says = format!(
                "{way}: nothing could be read since {}: {}",
                when(since, self.now),
                trouble.unwrap_or_default()
            );
            let fix = "does it still exist? ask its admin, or take it out of [sources.mastodon] servers";
            return Some(Line::new(Mark::Broken, Subject::Server, name, says).fix(fix));
        }
        if read.is_none() {
            let says = format!(
                "{way}; it could not be read yet{}",
                trouble.map(|why| format!(": {why}")).unwrap_or_default()
            );
            return Some(Line::new(Mark::Unknown, Subject::Server, name, says));
        }
        let (yes, no) = self.ways(&there);
        let says = match no.as_slice() {
            [] => format!("{way}: {}", yes.join(", ")),
            no => format!("{way}: {}; not {}", yes.join(", "), no.join(", ")),
        };
        Some(Line::new(Mark::Ok, Subject::Server, name, says))
    }

    /// The service by which accounts on Bluesky are read.
    fn appview(&self) -> Line {
        let is_there = |record: &&Arc<TargetRecord>| matches!(&record.target, Target::Account { acct } if acct.network() == Network::Bluesky);
        let there: Vec<_> = self.targets.iter().filter(is_there).collect();
        let line = |mark, says| Line::new(mark, Subject::Server, PUBLIC.to_string(), says);
        let Some(first) = there.iter().map(|record| record.added_at).min() else {
            return line(Mark::Ok, "Bluesky, without login: no account there is known yet".to_owned());
        };
        if there.iter().all(|record| record.last_try.is_none()) {
            return line(Mark::Unknown, "Bluesky, without login; not asked yet".to_owned());
        }
        let read = there.iter().filter_map(|record| record.last_ok).max();
        let since = read.unwrap_or(first);
        let is_blind = there.iter().all(|record| record.last_try.is_none() || unread_since(record).is_some());
        if is_blind && self.now - since >= BLIND_AFTER {
            let says = format!("Bluesky: no account could be read since {}", when(since, self.now));
            return line(Mark::Broken, says)
                .fix("does it answer from this machine? a firewall, or a ban of its address, keeps us out");
        }
        let read = there.iter().filter(|record| record.failures == 0 && record.last_ok.is_some()).count();
        line(Mark::Ok, format!("Bluesky, without login: {read} of {} accounts read", there.len()))
    }

    /// What is read there and what is refused, each in a word.
    fn ways(&self, there: &[&TargetRecord]) -> (Vec<String>, Vec<String>) {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (word, is_it) in KINDS {
            let of_kind: Vec<_> = there.iter().filter(|record| is_it(&record.target)).collect();
            let tried = || of_kind.iter().filter(|record| record.last_try.is_some());
            match () {
                () if of_kind.is_empty() => {}
                () if tried().next().is_none() => yes.push(format!("{word} (not yet)")),
                () if tried().any(|record| record.failures == 0) => yes.push((*word).to_owned()),
                () => no.push((*word).to_owned()),
            }
        }
        if yes.is_empty() {
            yes.push("nothing".to_owned());
        }
        (yes, no)
    }
}

/// A kind of target that a server shows or not.
type Kind = (&'static str, fn(&Target) -> bool);

const KINDS: &[Kind] = &[
    ("profiles and posts", |target| matches!(target, Target::Account { .. })),
    ("timelines", |target| matches!(target, Target::Timeline { .. })),
    ("account search", |target| matches!(target, Target::Search { .. })),
    ("hashtags", |target| matches!(target, Target::Tag { .. })),
    ("the directory", |target| matches!(target, Target::Directory { .. })),
];

fn lives_on(target: &Target, server: &Host) -> bool {
    matches!(target, Target::Account { acct } if acct.host() == server)
}
