//! The probe: asks the home server and the other servers just now, for whoever calls the doctor.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;

use super::Newsroom;
use crate::cycle::home;
use crate::model::account::{Host, Network};
use crate::model::health::{Health, Line, Mark, Subject};
use crate::publish::home::verify_leniently;
use crate::sources::mastodon::probe::{self, Api, Software};
use crate::sources::threads::Threads;
use crate::sources::threads::standing::Grant;

/// A token that was revoked is noticed the same day, not when the next digest is due.
const HOME_EVERY: Duration = Duration::hours(6);

/// Asks the home server whose our token is, where that was long ago. Publication asks first.
pub async fn renew_home_sometimes(room: &Newsroom, now: DateTime<Utc>) {
    if room.vitals.recall().home_asked.is_some_and(|asked| (now - asked).abs() >= HOME_EVERY) {
        renew_home(room).await;
    }
}

/// Asks the home server anew whose our token is, and remembers the answer.
pub async fn renew_home(room: &Newsroom) {
    if room.config.publish.is_some() {
        // What it said is in the vitals then.
        let _ = home::ask_home(room).await;
    }
}

/// Asks Threads whose our token is, and for one account that is known there, where nothing shows yet what Meta grants. How
/// we stand is told by health.
pub async fn ask_threads(room: &Newsroom, now: DateTime<Utc>) {
    if !room.config.threads.enabled {
        return;
    }
    let interface = Threads { net: &room.net, desk: &room.threads };
    // What it says is in the standing then.
    let _ = interface.me(now).await;
    if room.threads.standing().profiles != Grant::NotKnown {
        return;
    }
    let listed = room.config.listings.iter().filter_map(|listing| listing.account.acct());
    let listed = listed.filter(|acct| acct.network() == Network::Threads && !room.config.leaves_alone(acct));
    if let Some(acct) = listed.into_iter().next() {
        let _ = interface.profile(&acct, now).await;
    }
}

/// What each server said just now of itself and of our token there.
#[derive(Debug)]
pub struct Asked(Vec<(Host, Answered)>);

/// Asks every server on which accounts are looked for, all at once.
pub async fn ask_servers(room: &Newsroom) -> Asked {
    let mastodon = &room.config.mastodon;
    let is_asked = |server: &&Host| mastodon.enabled && !mastodon.opt_out.has_host(server);
    let asked = mastodon.servers.iter().filter(is_asked).map(|server| ask(room, server.clone()));
    Asked(join_all(asked.collect::<Vec<_>>()).await)
}

impl Asked {
    /// Adds it to what polls met.
    pub fn add_to(self, health: &mut Health) {
        for (server, answered) in self.0 {
            let name = server.to_string();
            let is_it = |line: &&mut Line| line.subject == Subject::Server && line.name == name;
            if let (Some(line), Some(software)) = (health.lines.iter_mut().find(is_it), answered.software) {
                line.says = format!("{}; {software}", line.says);
            }
            if let Some(Err(why)) = answered.token {
                let says = format!("the token for reading it does not work: {why}");
                let fix = format!("a new one into the file that [sources.mastodon] tokens names for {name}");
                let name = format!("{name}, to read");
                health.lines.push(Line::new(Mark::Broken, Subject::Token, name, says).fix(fix));
            }
        }
        health.sort();
    }
}

#[derive(Debug)]
struct Answered {
    /// What it runs; `None` where it did not say.
    software: Option<String>,
    /// Whether it knows our token; `None` where we have none.
    token: Option<Result<(), String>>,
}

async fn ask(room: &Newsroom, server: Host) -> (Host, Answered) {
    let software = match probe::ask(&room.net, &server).await {
        Ok(software) if software.name != "unknown" => Some(said(&software)),
        Ok(_) => None,
        Err(trouble) => Some(format!("just now: {trouble}")),
    };
    let token = match room.config.mastodon.tokens.get(&server) {
        None => None,
        Some(token) => {
            let known = verify_leniently(&room.net, &server, token).await;
            Some(known.map(|_| ()).map_err(|error| error.to_string()))
        }
    };
    (server, Answered { software, token })
}

/// What a server runs, and what follows from it where that is not the usual.
fn said(software: &Software) -> String {
    let Software { name, version, api } = software;
    let way = match api {
        Api::Misskey => ", read by the Misskey API",
        Api::None => ", which offers no interface that is read here",
        Api::Mastodon | Api::WithoutLookup | Api::Unknown => "",
    };
    format!("{name} {version}{way}")
}
