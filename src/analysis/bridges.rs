//! Bridges: whose account it is that a bridge carries to another network, and how that is known.
//!
//! A bridged account is the same person once more: it is a [mirror](super::indicators), never named by itself, and
//! counted with nobody's sisters or followers.

use std::fmt;

use crate::model::account::{Acct, Host, Network};
use crate::model::observation::{LinkPlace, Profile};
use crate::model::watchlist::Watchlist;

/// The kinds of mirror hosts that carry whole accounts and name them after their upstream.
const FROM_BLUESKY: &str = "bluesky-bridge";
const FROM_FEDIVERSE: &str = "fediverse-bridge";

/// The account that a bridge repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub acct: Acct,
    pub known_by: KnownBy,
}

/// How an upstream is known, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBy {
    /// The bridge makes the name of the account out of that of its upstream, and the profile links there as well.
    NameAndLink,
    /// The name alone. Where a bridge has to change letters for it, two upstreams may share one.
    Name,
}

impl fmt::Display for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KnownBy::NameAndLink => "by the bridge's name for it and a link in its profile: sure",
            KnownBy::Name => "by the bridge's name for it: likely",
        })
    }
}

/// The upstream of an account on a bridge; `None` where it is on none, or its name says nothing.
pub fn upstream(profile: &Profile, watchlist: &Watchlist) -> Option<Upstream> {
    let bridge = watchlist.mirror_of(&profile.acct)?;
    let named = match (bridge.kind.as_str(), profile.acct.network()) {
        // `news.example@bsky.brid.gy` is `news.example` on Bluesky.
        (FROM_BLUESKY, Network::Mastodon) => Acct::bluesky(profile.acct.user()).ok()?,
        // `desk.social.example.ap.brid.gy` is `desk@social.example`.
        (FROM_FEDIVERSE, Network::Bluesky) => of_handle(profile.acct.user(), &bridge.host)?,
        _ => return None,
    };
    let linked =
        profile.links.iter().filter(|link| is_own(&link.place)).find_map(|link| of_page(&link.url, &named));
    Some(match linked {
        Some(acct) => Upstream { acct, known_by: KnownBy::NameAndLink },
        None => Upstream { acct: named, known_by: KnownBy::Name },
    })
}

/// A handle is no link that somebody wrote.
fn is_own(place: &LinkPlace) -> bool {
    !matches!(place, LinkPlace::Field { name, .. } if name == "handle")
}

fn of_handle(handle: &str, bridge: &Host) -> Option<Acct> {
    let rest = handle.strip_suffix(bridge.name())?.strip_suffix('.')?;
    let (user, host) = rest.split_once('.')?;
    Acct::new(user, Host::parse(host).ok().filter(|host| host.name().contains('.'))?).ok()
}

/// The account to which a page belongs, where it is the named one. Handles cannot hold every letter of a name: there
/// `-` stands for `_`, and the page has the right one.
fn of_page(url: &str, named: &Acct) -> Option<Acct> {
    let url = url::Url::parse(url).ok()?;
    let path = url.path().trim_matches('/');
    if named.network() == Network::Bluesky {
        let handle = path.strip_prefix("profile/").filter(|_| url.host_str() == Some("bsky.app"))?;
        return handle.eq_ignore_ascii_case(named.user()).then(|| named.clone());
    }
    let user = path.strip_prefix('@').or_else(|| path.strip_prefix("users/"))?;
    let is_it = Host::of(&url)? == *named.host()
        && user.replace('_', "-").eq_ignore_ascii_case(&named.user().replace('_', "-"));
    is_it.then(|| Acct::new(user, named.host().clone()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::AccountId;
    use crate::model::observation::{Counts, ProfileLink, Wishes};
    use crate::model::outlet::MirrorHost;

    fn profile(acct: &str, link: Option<&str>) -> Profile {
        let acct: Acct = acct.parse().unwrap();
        let links = link.iter().map(|url| ProfileLink { url: (*url).to_owned(), place: LinkPlace::Note });
        Profile {
            id: AccountId::bluesky("did:plc:abc"),
            local_id: "1".into(),
            url: None,
            display_name: "Desk".into(),
            links: links.collect(),
            is_bot: false,
            is_suspended: false,
            wishes: Wishes::default(),
            moved_to: None,
            claimed_created_at: None,
            claimed_last_status: None,
            counts: Counts::default(),
            note: String::new(),
            acct,
        }
    }

    #[test]
    fn a_bridged_account_is_joined_to_its_upstream_both_ways() {
        let bridge = |host: &str, kind: &str| MirrorHost {
            host: Host::parse(host).unwrap(),
            kind: kind.into(),
            consent: "opt-in".into(),
            tell: "its name".into(),
            note: None,
            sources: vec![],
            unverified: vec![],
        };
        let mirror_hosts = vec![
            bridge("ap.bridge.example", FROM_FEDIVERSE),
            bridge("bsky.bridge.example", FROM_BLUESKY),
            bridge("feeds.example", "rss-bridge"),
        ];
        let watchlist = Watchlist { mirror_hosts, ..Watchlist::default() };
        for (acct, link, expected) in [
            (
                "desk.social.example.ap.bridge.example@bsky.app",
                None,
                Some(("desk@social.example", KnownBy::Name)),
            ),
            (
                "the-desk.social.example.ap.bridge.example@bsky.app",
                Some("https://social.example/@the_desk"),
                Some(("the_desk@social.example", KnownBy::NameAndLink)),
            ),
            (
                "desk.social.example.ap.bridge.example@bsky.app",
                Some("https://other.example/@desk"),
                Some(("desk@social.example", KnownBy::Name)),
            ),
            (
                "news.example@bsky.bridge.example",
                Some("https://bsky.app/profile/news.example"),
                Some(("news.example@bsky.app", KnownBy::NameAndLink)),
            ),
            ("news.example@bsky.bridge.example", None, Some(("news.example@bsky.app", KnownBy::Name))),
            ("news.example@feeds.example", None, None),
            ("desk.ap.bridge.example@bsky.app", None, None),
            ("desk.social.example@bsky.app", None, None),
        ] {
            let found = upstream(&profile(acct, link), &watchlist);
            let found = found.as_ref().map(|it| (it.acct.to_string(), it.known_by));
            assert_eq!(found, expected.map(|(acct, known_by)| (acct.to_owned(), known_by)), "{acct}");
        }
    }
}
