//! Holders of an address: whether an account is the one that was known by it, who had it before, and where to go on with
//! one that has another address now.

use chrono::{DateTime, Utc};

use super::Harvest;
use crate::model::account::{Acct, Network};
use crate::model::dossier::{AccountRecord, Found, Method};
use crate::model::target::{Cursor, Target, TargetRecord};
use crate::sources::account::AccountPoll;
use crate::store::{Store, StoreError, unless_damaged};

/// Who was read.
pub(super) struct Identity {
    /// What is known of it, under whatever address.
    pub known: Option<AccountRecord>,
    /// That another account had its address before.
    pub succession: Option<Found>,
}

/// Whether what was read is the account that was known by the address, which may have changed hands; those who had it
/// before are put aside.
pub(super) fn identify(
    store: &Store,
    harvest: &mut Harvest,
    known: Option<AccountRecord>,
    seen: &AccountPoll,
    now: DateTime<Utc>,
) -> Result<Identity, StoreError> {
    let profile = &seen.observation.profile;
    // The same address with another id is another account: it starts with an empty history.
    let (known, replaced) = match known {
        Some(account) if account.id != profile.id => (None, Some(account)),
        known => (known, None),
    };
    let known = known.or(unless_damaged(store.account(&profile.id))?);
    // On Bluesky an account that gave its handle up is known by another one, and somebody else may have it now.
    let former = unless_damaged(store.last_holder(&profile.acct))?;
    let former = former.filter(|account| account.id != profile.id);
    let before = replaced.as_ref().or(former.as_ref());
    let succession = before.map(|account| Found {
        at: now,
        method: Method::Successor,
        through: account.id.uri.clone(),
        background: true,
    });
    if let Some(account) = replaced {
        let presence = account.presence.after_missing(now);
        harvest.touched.push(account.id.clone());
        harvest.batch.put_account(AccountRecord { presence, ..account });
    }
    if let Some(former) = former.filter(|former| former.acct.is_same(&profile.acct)) {
        displace(store, harvest, former, now)?;
    }
    Ok(Identity { known, succession })
}

/// Whether an account that was polled as `target` is polled as `acct` from now on. In the Mastodon family an address is
/// for life, and another one is another account.
pub(super) fn is_renamed(target: &Target, acct: &Acct) -> bool {
    let is_other = |polled: &Acct| !polled.is_same(acct);
    acct.network() == Network::Bluesky && matches!(target, Target::Account { acct } if is_other(acct))
}

/// Moves the target to the address that the account has now, with its pace; where its statuses were left off goes with
/// it in the same commit.
pub(super) fn follow(
    harvest: &mut Harvest,
    record: TargetRecord,
    acct: &Acct,
    cursor: &Cursor,
) -> TargetRecord {
    harvest.has_renamed = true;
    harvest.batch.remove_target(&record.target);
    let target = Target::Account { acct: acct.clone() };
    harvest.batch.put_cursor(&target, cursor);
    TargetRecord { target, ..record }
}

/// The account that was last seen under an address which another one has now: its own one is not known until it is asked
/// for by its id, so it waits for that under a name that nobody can have.
fn displace(
    store: &Store,
    harvest: &mut Harvest,
    former: AccountRecord,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(nameless) = Acct::nameless(&former.id) else { return Ok(()) };
    harvest.has_renamed = true;
    let before = Target::Account { acct: former.acct.clone() };
    let target = Target::Account { acct: nameless.clone() };
    if let Some(cursor) = unless_damaged(store.cursor(&before))? {
        harvest.batch.put_cursor(&target, &cursor);
    }
    let record = unless_damaged(store.target(&before))?.unwrap_or_else(|| TargetRecord::new(before, now));
    harvest.batch.put_target(TargetRecord { target, due: now, found: None, ..record });
    harvest.touched.push(former.id.clone());
    harvest.batch.put_account(AccountRecord { acct: nameless, ..former });
    Ok(())
}
