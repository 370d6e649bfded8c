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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, load};
    use crate::model::account::AccountId;
    use crate::model::observation::{Counts, LinkPlace, Observation, ProfileLink, Wishes};
    use crate::model::target::Target;

    fn now() -> DateTime<Utc> {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    fn config(dir: &Path) -> Config {
        let text = "watchlist = []\ncontact = \"https://bot.example/\"\n[sources.mastodon]\nenabled = true\n\
                    [sources.bluesky]\nenabled = true\nopt_out = [\"quiet.example\"]\n";
        std::fs::write(dir.join("config.toml"), text).unwrap();
        load(Some(&dir.join("config.toml")), &Environment::default(), now()).config.unwrap()
    }

    fn profile(links: &[&str]) -> Profile {
        let link = |url: &&str| ProfileLink { url: (*url).to_owned(), place: LinkPlace::Note };
        Profile {
            id: AccountId::mastodon("https://social.example/users/paper"),
            acct: "paper@social.example".parse().unwrap(),
            local_id: "1".into(),
            url: None,
            display_name: String::new(),
            note: String::new(),
            links: links.iter().map(link).collect(),
            is_bot: false,
            is_suspended: false,
            wishes: Wishes::default(),
            moved_to: None,
            claimed_created_at: None,
            claimed_last_status: None,
            counts: Counts::default(),
        }
    }

    fn seen(profile: Profile) -> AccountRecord {
        AccountRecord {
            id: profile.id.clone(),
            acct: profile.acct.clone(),
            api_host: profile.acct.host().clone(),
            found: Found {
                at: now(),
                method: Method::Timeline,
                through: "social.example".into(),
                background: false,
            },
            latest: Observation { profile, seen_at: now(), server_date: None, read_from: String::new() },
            presence: crate::model::dossier::Presence::There,
            last_complete_poll: None,
        }
    }

    /// The accounts that are looked at from now on, and whether they are news.
    fn followed(links: &[&str], before: &[&str], standing: due::Standing) -> Vec<(String, bool)> {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let store = Store::open(&dir.path().join("state"), 8).unwrap();
        let profile = profile(links);
        let mut harvest = Harvest::of(&Target::Account { acct: profile.acct.clone() });
        let before = seen(self::profile(before));
        follow(&mut harvest, (&store, &config), &profile, Some(&before), standing, now()).unwrap();
        store.commit(harvest.batch).unwrap();
        let targets = store.targets().unwrap().into_iter();
        let mut leads: Vec<(String, bool)> = targets
            .filter_map(|record| {
                let found = record.found.clone()?;
                assert_eq!(
                    (found.method, found.through.as_str()),
                    (Method::ProfileLink, "paper@social.example")
                );
                Some((record.target.to_string(), !found.background))
            })
            .collect();
        leads.sort();
        leads
    }

    const LEAD: due::Standing = due::Standing { relation: None, is_watched: true, level: Level::Lead };
    const SISTER: &str = "https://bsky.app/profile/sister.example";

    #[test]
    fn a_lead_s_link_to_another_network_is_followed_and_news_only_where_it_is_new() {
        let sister = |is_news| vec![("account sister.example@bsky.app".to_owned(), is_news)];
        assert_eq!(followed(&[SISTER], &[], LEAD), sister(true));
        assert_eq!(followed(&[SISTER], &[SISTER], LEAD), sister(false));
        let official = due::Standing { relation: Some(Relation::Official), ..due::Standing::default() };
        assert_eq!(followed(&[SISTER], &[], official), sister(true));
    }

    #[test]
    fn nobody_else_s_links_are_followed_and_none_within_the_network() {
        let unsuspected = due::Standing { is_watched: true, ..due::Standing::default() };
        assert_eq!(followed(&[SISTER], &[], unsuspected), vec![]);
        let within = "https://other.example/@sister";
        let quiet = "https://bsky.app/profile/quiet.example";
        assert_eq!(followed(&[within, quiet, "https://sister.example/"], &[], LEAD), vec![]);
    }

    #[test]
    fn one_profile_makes_us_look_at_three_accounts_at_most() {
        let links: Vec<String> = (0..9).map(|n| SISTER.replace("sister", &format!("sister-{n}"))).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        assert_eq!(followed(&links, &[], LEAD).len(), MOST);
    }
}
