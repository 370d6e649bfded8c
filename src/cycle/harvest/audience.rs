//! The audience of a suspect: beside a poll of it, once a week, its followers are counted, and only counts are kept.

use std::time::Duration as RealDuration;

use chrono::{DateTime, Duration, Utc};

use super::Write;
use crate::config::Discover;
use crate::cycle::Newsroom;
use crate::model::account::Network;
use crate::model::assessment::{Level, Relation};
use crate::model::audience::{Audience, Tally};
use crate::model::dossier::AccountRecord;
use crate::model::outlet::OutletId;
use crate::sources::PollError;
use crate::sources::bluesky::AppView;
use crate::sources::followers::{self, MOST_FOLLOWERS, Watched};
use crate::store::{Store, StoreError, unless_damaged};

/// Followers of small accounts change slowly.
const EVERY: Duration = Duration::days(7);
/// It may not cost the poll beside which it is made.
const WITHIN: RealDuration = RealDuration::from_secs(30);

/// An account under suspicion.
#[derive(Debug)]
pub(super) struct Suspect {
    account: AccountRecord,
    outlet: OutletId,
    counted: Option<DateTime<Utc>>,
}

/// The account, if it is a lead or more.
pub(super) fn suspect(store: &Store, account: Option<&AccountRecord>) -> Result<Option<Suspect>, StoreError> {
    let Some(account) = account else { return Ok(None) };
    let mark = unless_damaged(store.assessment_mark(&account.id))?;
    if mark.is_none_or(|mark| mark.level < Level::Lead) {
        return Ok(None);
    }
    let assessment = unless_damaged(store.assessment(&account.id))?;
    let counted = unless_damaged(store.audience(&account.id))?.map(|audience| audience.at);
    Ok(assessment.map(|it| Suspect { account: account.clone(), outlet: it.outlet, counted }))
}

/// The same harvest with the counts, where somebody wants them and they are due.
pub(super) async fn beside(
    room: &Newsroom,
    suspect: Option<Suspect>,
    write: Write,
    now: DateTime<Utc>,
) -> Write {
    let is_wanted = room.config.mastodon.discover.contains(&Discover::Followers);
    let Some(suspect) = suspect.filter(|suspect| is_wanted && suspect.is_due(now)) else { return write };
    let tally = match tokio::time::timeout(WITHIN, suspect.count(room, now)).await {
        Ok(Ok(tally)) => tally,
        // The next poll asks again; what went wrong with a host, its own targets tell.
        Ok(Err(_)) | Err(_) => return write,
    };
    let suspected = room.config.watchlist.controller(&suspect.outlet);
    let audience = Audience { account: suspect.account.id, at: now, suspected, tally };
    Box::new(move |store| {
        let mut harvest = write(store)?;
        harvest.batch.put_audience(&audience);
        harvest.fresh.has_counted_followers = true;
        if !harvest.touched.contains(&audience.account) {
            harvest.touched.push(audience.account);
        }
        Ok(harvest)
    })
}

impl Suspect {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        let followers = self.account.latest.profile.counts.followers;
        let is_small = followers.is_some_and(|followers| (1..=MOST_FOLLOWERS).contains(&followers));
        is_small && self.counted.is_none_or(|at| now - at >= EVERY)
    }

    async fn count(&self, room: &Newsroom, now: DateTime<Utc>) -> Result<Option<Tally>, PollError> {
        let config = room.config.clone();
        let watched = room.store.run(move |store| watched(store, &config)).await;
        // Without the list there is nothing to count; the store tells its own troubles.
        let Ok(watched) = watched else { return Ok(None) };
        let account = &self.account;
        match account.acct.network() {
            Network::Bluesky => {
                let appview = AppView::public(&room.net);
                followers::count_on_bluesky(appview, &account.latest.profile, &watched).await
            }
            _ => followers::count(room.server(&account.api_host), &account.latest, &watched, now).await,
        }
    }
}

/// The accounts of outlets: those that are listed, and those that are proven or attested.
fn watched(store: &Store, config: &crate::config::Config) -> Result<Watched, StoreError> {
    let mut watched = Watched::default();
    for listing in &config.listings {
        if let Some(acct) = listing.account.acct() {
            watched.add(&acct.to_string(), &config.watchlist.controller(&listing.outlet));
        }
    }
    for account in store.accounts()? {
        let mark = unless_damaged(store.assessment_mark(&account.id))?;
        let is_outlet_s =
            mark.is_some_and(|mark| matches!(mark.relation, Relation::Official | Relation::Attested));
        if !is_outlet_s {
            continue;
        }
        if let Some(assessment) = unless_damaged(store.assessment(&account.id))? {
            let system = config.watchlist.controller(&assessment.outlet);
            watched.add(&account.acct.to_string(), &system);
            watched.add(&account.id.uri, &system);
        }
    }
    Ok(watched)
}
