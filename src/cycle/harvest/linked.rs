//! Leads from profiles: accounts on another network that a lead, or an outlet's own account, links to.
//!
//! Anybody may link to anybody: whom a profile names is looked at like everybody else, and nothing of the one who
//! names counts against the one who is named.

use chrono::{DateTime, Utc};

use super::Harvest;
use crate::config::Config;
use crate::cycle::due;
use crate::model::account::Acct;
use crate::model::assessment::{Level, Relation};
use crate::model::dossier::{AccountRecord, Found, Method};
use crate::model::observation::Profile;
use crate::sources::page::acct_of;
use crate::store::{Store, StoreError};

/// Accounts that one profile can make us read: who is looked at must not choose for us whom to look at.
const MOST: usize = 3;

/// Whether it is worth a look whom an account names.
fn is_followed(standing: due::Standing) -> bool {
    standing.level >= Level::Lead
        || matches!(standing.relation, Some(Relation::Official | Relation::Attested))
}

/// Takes up the accounts that a profile links to. Only what was added since the last look is news.
pub(super) fn follow(
    harvest: &mut Harvest,
    (store, config): (&Store, &Config),
    profile: &Profile,
    before: Option<&AccountRecord>,
    standing: due::Standing,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !is_followed(standing) {
        return Ok(());
    }
    let stood = |url: &str| {
        let links = before.map(|account| account.latest.profile.links.as_slice());
        links.is_none_or(|links| links.iter().any(|link| link.url == url))
    };
    let elsewhere = |acct: &Acct| acct.network() != profile.acct.network();
    let named = profile.links.iter().filter_map(|link| Some((acct_of(&link.url)?, link.url.as_str())));
    for (acct, url) in named.filter(|(acct, _)| elsewhere(acct)).take(MOST) {
        let through = profile.acct.to_string();
        let found = Found { at: now, method: Method::ProfileLink, through, background: stood(url) };
        harvest.lead(store, config, acct, found)?;
    }
    Ok(())
}
