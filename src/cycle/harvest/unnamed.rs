//! An unnamed account's harvest: whose id it is, and whether there is still a reason to read it.

use chrono::{DateTime, Utc};

use super::{Fault, Harvest, Write};
use crate::cycle::Newsroom;
use crate::model::account::AccountId;
use crate::model::dossier::Method;
use crate::model::observation::Profile;
use crate::model::target::{Target, TargetRecord};
use crate::sources::bluesky::AppView;
use crate::store::unless_damaged;

/// Asks once. The account then has a target of its own, unless it may not be read, or is known by now; the question
/// goes either way.
pub(super) async fn poll(
    room: &Newsroom,
    id: AccountId,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let profile = AppView::public(&room.net).read_profile(&id).await?;
    let is_wanted = |profile: &Profile| {
        let is_open_to_it = profile.is_bot || !profile.wishes.leave_me_out;
        let only_names = record.found.as_ref().is_some_and(|found| found.method == Method::Mention);
        (is_open_to_it || !only_names)
            && !room.config.leaves_alone(&profile.acct)
            && room.config.watchlist.mirror_of(&profile.acct).is_none()
    };
    let profile = profile.filter(is_wanted);
    Ok(Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        harvest.batch.remove_target(&record.target);
        let Some(profile) = profile else { return Ok(harvest) };
        let target = Target::Account { acct: profile.acct };
        // It has its place among the leads already, so it is not counted again.
        if unless_damaged(store.account(&id))?.is_none() && store.target(&target)?.is_none() {
            harvest.new_accounts.push(target.to_string());
            harvest.batch.put_target(TargetRecord { found: record.found, ..TargetRecord::new(target, now) });
        }
        Ok(harvest)
    }))
}
