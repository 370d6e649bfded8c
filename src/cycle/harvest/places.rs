//! Harvests of places that show accounts: outlets' pages and hosts, and account searches.

use chrono::{DateTime, Utc};

use super::{Fault, Harvest, Write};
use crate::analysis::resemblance::is_worth_a_dossier;
use crate::config::Config;
use crate::cycle::{Newsroom, due};
use crate::model::account::{Acct, Host};
use crate::model::dossier::{Found, Method};
use crate::model::outlet::OutletId;
use crate::model::proof::{PageKind, PageSight};
use crate::model::site::SiteSight;
use crate::model::target::TargetRecord;
use crate::sources::bluesky::handle;
use crate::sources::page;
use crate::sources::webfinger::{self, Answer};
use crate::store::{Store, StoreError, unless_damaged};

/// Names of an outlet that are searched for on one server in one poll.
const QUERIES_PER_SEARCH: usize = 3;

pub(super) async fn poll_page(
    room: &Newsroom,
    url: String,
    kind: PageKind,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let (sight, site) = page::read(&room.net, &url, kind, now).await?;
    let config = room.config.clone();
    Ok(Box::new(move |store| {
        let mut harvest = harvest_page(store, &config, sight, record, now)?;
        if kind == PageKind::Home {
            keep_marks(store, &mut harvest, site)?;
        }
        Ok(harvest)
    }))
}

/// Keeps when a page was first read; every account that a front page or a cited one names is a lead. What
/// other pages name are mostly persons, and they could lead us on without end.
fn harvest_page(
    store: &Store,
    config: &Config,
    mut sight: PageSight,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Harvest, StoreError> {
    let mut harvest = Harvest::of(&record.target);
    let before = store.page(&sight.url)?;
    harvest.proofs_changed = before.as_ref().is_none_or(|before| before.names != sight.names);
    if let Some(before) = &before {
        sight.first_read = before.first_read;
    }
    let leads = sight.names.iter().filter(|_| sight.kind != PageKind::Deep);
    for (naming, acct) in leads.filter_map(|naming| Some((naming, page::acct_of(&naming.target)?))) {
        // A lead that was forgotten is no news because the page still names it.
        let background = before.as_ref().is_none_or(|before| before.names.contains(naming));
        let found = Found { at: now, method: Method::PageLink, through: sight.url.clone(), background };
        harvest.lead(store, config, acct, found)?;
    }
    harvest.batch.put_page(sight);
    let due = due::after_success(&record.target, now);
    harvest.polled(record, due, now);
    Ok(harvest)
}

/// Keeps what a front page says of its makers, from the same bytes; any account's site may have it in common.
fn keep_marks(store: &Store, harvest: &mut Harvest, site: SiteSight) -> Result<(), StoreError> {
    let before = unless_damaged(store.site(&site.url))?;
    let marks = |site: &SiteSight| site.marks.iter().map(|seen| seen.mark.clone()).collect::<Vec<_>>();
    harvest.proofs_changed |= before.as_ref().is_none_or(|before| marks(before) != marks(&site));
    harvest.batch.put_site(match &before {
        Some(before) => site.after(before),
        None => site,
    });
    Ok(())
}

/// Asks an outlet's host for the user names it would use; the first that answers is enough.
pub(super) async fn poll_host(
    room: &Newsroom,
    outlet: OutletId,
    host: Host,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let outlet = room.config.watchlist.outlet(&outlet);
    let users = outlet.map(|outlet| webfinger::local_parts(outlet, &host)).unwrap_or_default();
    let questions = users.join("\n");
    let (mut answer, mut unknown) = (None, Vec::new());
    for user in users {
        answer = webfinger::ask(&room.net, &host, &user, now).await?;
        if answer.is_some() {
            break;
        }
        unknown.push(format!("acct:{user}@{host}"));
    }
    let config = room.config.clone();
    Ok(Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        let background = asks_anew(store, &mut harvest, &questions)?;
        if let Some(acct) = keep_answers(store, &mut harvest, &host, answer, &unknown)? {
            let found = Found { at: now, method: Method::Webfinger, through: host.to_string(), background };
            harvest.lead(store, &config, acct, found)?;
        }
        let due = due::after_success(&record.target, now);
        harvest.polled(record, due, now);
        Ok(harvest)
    }))
}

/// Asks an outlet's host for its account on Bluesky. The account is a lead by its handle, which is the host itself.
pub(super) async fn poll_handle(
    room: &Newsroom,
    host: Host,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let sight = handle::ask(&room.net, &host, now).await?;
    let config = room.config.clone();
    Ok(Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        let background = asks_anew(store, &mut harvest, handle::RESOURCE)?;
        let answer = sight.map(|sight| Answer {
            sight,
            acct: Acct::bluesky(host.as_str()).ok(),
            api_host: host.clone(),
        });
        let unknown = [handle::RESOURCE.to_owned()];
        let unknown = if answer.is_none() { &unknown[..] } else { &[] };
        if let Some(acct) = keep_answers(store, &mut harvest, &host, answer, unknown)? {
            let found = Found { at: now, method: Method::Handle, through: host.to_string(), background };
            harvest.lead(store, &config, acct, found)?;
        }
        let due = due::after_success(&record.target, now);
        harvest.polled(record, due, now);
        Ok(harvest)
    }))
}

/// Whether a place is asked something for the first time: what it then shows was there before we looked.
fn asks_anew(store: &Store, harvest: &mut Harvest, questions: &str) -> Result<bool, StoreError> {
    let note = format!("asked {}", harvest.target);
    let asks_anew = unless_damaged(store.note(&note))?.as_deref() != Some(questions);
    if asks_anew {
        harvest.batch.set_note(&note, questions);
    }
    Ok(asks_anew)
}

/// Keeps what the host answered, and forgets its earlier answers about users that it no longer knows. The
/// account that it named, if any, is a lead.
fn keep_answers(
    store: &Store,
    harvest: &mut Harvest,
    host: &Host,
    answer: Option<Answer>,
    unknown: &[String],
) -> Result<Option<Acct>, StoreError> {
    let known: Vec<_> = store.hosts()?.into_iter().filter(|known| known.host == *host).collect();
    for taken_back in known.iter().filter(|known| unknown.contains(&known.resource)) {
        harvest.proofs_changed = true;
        harvest.batch.remove_host(taken_back);
    }
    let Some(Answer { mut sight, acct, .. }) = answer else { return Ok(None) };
    let before = known.into_iter().find(|known| known.resource == sight.resource);
    harvest.proofs_changed |= before.as_ref().is_none_or(|before| before.account != sight.account);
    if let Some(before) = before {
        sight.first_read = before.first_read;
    }
    harvest.batch.put_host(sight);
    Ok(acct)
}

/// Searches a server for the names of an outlet; only profiles that bear a name or link to a domain
/// of an outlet are led on, so that nobody else's profile is kept.
pub(super) async fn poll_search(
    room: &Newsroom,
    server: Host,
    outlet: OutletId,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let names: Vec<String> =
        room.config.watchlist.outlet(&outlet).map_or_else(Vec::new, |outlet| {
            outlet.names().take(QUERIES_PER_SEARCH).map(str::to_owned).collect()
        });
    let (mut profiles, mut rejected) = (Vec::new(), Vec::new());
    let questions = names.join("\n");
    for name in names {
        let (found, bad) = room.server(&server).search(&name, now).await?;
        profiles.extend(found);
        rejected.extend(bad);
    }
    let config = room.config.clone();
    profiles.retain(|profile| is_worth_a_dossier(profile, &room.config.watchlist));
    Ok(Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        let background = asks_anew(store, &mut harvest, &questions)?;
        for profile in profiles {
            let found = Found { at: now, method: Method::Search, through: server.to_string(), background };
            harvest.lead(store, &config, profile.acct, found)?;
        }
        let source = record.target.to_string();
        rejected.into_iter().for_each(|rejected| harvest.batch.put_rejected(&source, now, rejected));
        let due = due::after_success(&record.target, now);
        harvest.polled(record, due, now);
        Ok(harvest)
    }))
}
