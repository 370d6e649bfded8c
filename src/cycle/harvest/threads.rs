//! Harvests of Threads beside its accounts: posts that a search for an outlet's name brings, and our own token.

use chrono::{DateTime, Utc};

use super::timelines::carrying;
use super::{Fault, Harvest, Known, Write};
use crate::analysis::resemblance::name_borne;
use crate::config::Config;
use crate::cycle::{Newsroom, due, threads};
use crate::model::account::{Acct, Host};
use crate::model::dossier::{Found, Method};
use crate::model::outlet::OutletId;
use crate::model::target::TargetRecord;
use crate::sources::threads::Threads;
use crate::sources::threads::wire::Hit;

/// Names of an outlet that are searched for in one poll; the others have their turn in the next.
const NAMES_PER_POLL: usize = 2;
/// Accounts that one poll takes up: each costs a request for its profile.
const LEADS_PER_POLL: usize = 20;

pub(super) async fn poll_keyword(
    room: &Newsroom,
    outlet: OutletId,
    known: Known,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let turn = Turn::read(known.access.as_deref());
    let names: Vec<String> = room
        .config
        .watchlist
        .outlet(&outlet)
        .map_or_else(Vec::new, |outlet| outlet.names().map(str::to_owned).collect());
    let (asked, next) = turn.names(&names);
    let interface = Threads { net: &room.net, desk: &room.threads };
    let (mut posts, mut rejected): (Vec<Hit>, Vec<_>) = (vec![], vec![]);
    for name in &asked {
        let hits = interface.search(name, now).await?;
        posts.extend(hits.posts);
        rejected.extend(hits.rejected);
    }
    posts.retain(|hit| hit.status.boost_of.is_none() && !hit.status.is_reply);
    let copies = carrying(room, posts.iter().map(|hit| &hit.status)).await?;
    // Nothing is kept of those who only talk about an outlet: most people do.
    let is_reason = |hit: &&Hit| copies.contains(&hit.status.uri) || bears_a_name(&hit.author, &room.config);
    let mut leads: Vec<Acct> = posts.iter().filter(is_reason).map(|hit| hit.author.clone()).collect();
    leads.sort_by_key(Acct::to_string);
    leads.dedup();
    let (config, outlets) = (room.config.clone(), room.config.watchlist.enabled().count());
    Ok(Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        let background = asked.iter().any(|name| !turn.asked.contains(name));
        for acct in leads {
            if harvest.new_accounts.len() >= LEADS_PER_POLL {
                break;
            }
            let through = "graph.threads.net".to_owned();
            harvest.lead(
                store,
                &config,
                acct,
                Found { at: now, method: Method::Keyword, through, background },
            )?;
        }
        harvest.batch.set_note(&turn_note(&outlet), &turn.after(&asked, next));
        let source = record.target.to_string();
        rejected.into_iter().for_each(|rejected| harvest.batch.put_rejected(&source, now, rejected));
        let due = due::keyword(&record.target, outlets * NAMES_PER_POLL, now);
        harvest.polled(record, due, now);
        Ok(harvest)
    }))
}

/// Asks whose our token is, and renews it in time.
pub(super) async fn poll_token(
    room: &Newsroom,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    Threads { net: &room.net, desk: &room.threads }.me(now).await?;
    room.threads.change(|standing| standing.issued_at.get_or_insert(now).to_owned());
    if threads::is_renewal_due(&room.threads.standing(), now) {
        threads::renew(room, now).await;
    }
    let trouble = room.threads.standing().renewal_trouble;
    let complaint = trouble.map(|why| format!("our token could not be renewed: {why}"));
    Ok(Box::new(move |_| {
        let mut harvest = Harvest::of(&record.target);
        let due = due::after_success(&record.target, now);
        harvest.polled_with(record, complaint, due, now);
        Ok(harvest)
    }))
}

/// The note of which names of an outlet were searched for.
pub(super) fn turn_note(outlet: &OutletId) -> String {
    format!("threads names of {outlet}")
}

/// Whose turn it is among the names of an outlet.
#[derive(Debug, Default)]
struct Turn {
    next: usize,
    /// What was ever searched for: what a name brings for the first time was there before we looked.
    asked: Vec<String>,
}

impl Turn {
    /// The place of the next name on the first line, then the names.
    fn read(note: Option<&str>) -> Turn {
        let mut lines = note.unwrap_or_default().lines();
        let next = lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
        Turn { next, asked: lines.map(str::to_owned).collect() }
    }

    /// The names of this poll, and the place of the one after them.
    fn names(&self, all: &[String]) -> (Vec<String>, usize) {
        let count = all.len().min(NAMES_PER_POLL);
        let first = if self.next < all.len() { self.next } else { 0 };
        let names = all.iter().cycle().skip(first).take(count).cloned().collect();
        (names, (first + count) % all.len().max(1))
    }

    fn after(&self, asked: &[String], next: usize) -> String {
        let new = asked.iter().filter(|name| !self.asked.contains(name));
        let names: Vec<&str> = self.asked.iter().chain(new).map(String::as_str).collect();
        format!("{next}\n{}", names.join("\n"))
    }
}

/// Whether a name there is one of an outlet's; more of an account is not known before it is asked for.
fn bears_a_name(acct: &Acct, config: &Config) -> bool {
    let user = acct.user();
    let is_site = || {
        let host = Host::parse(user).ok().filter(|_| user.contains('.'));
        host.is_some_and(|host| config.watchlist.outlet_of_host(&host).is_some())
    };
    config.watchlist.enabled().any(|outlet| name_borne(user, outlet).is_some()) || is_site()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_an_outlet_take_turns() {
        let all: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut turn = Turn::read(None);
        let mut polls = vec![];
        for _ in 0..3 {
            let (names, next) = turn.names(&all);
            turn = Turn::read(Some(&turn.after(&names, next)));
            polls.push(names.concat());
        }
        assert_eq!(polls, ["ab", "ca", "bc"]);
        assert_eq!(turn.asked, all);
        assert_eq!(Turn { next: 7, asked: vec![] }.names(&all[..1]), (vec!["a".to_owned()], 0));
        assert_eq!(Turn::default().names(&[]), (vec![], 0));
    }
}
