//! Weighing: which of the accounts and feeds that were met are proven to be the outlet's, and what the others lack.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use url::Url;

use super::ask::{FeedSeen, Notes, is_same_place};
use super::{Kind, Owner, Record};
use crate::analysis::indicators::denies;
use crate::analysis::names;
use crate::analysis::resemblance::bears_name;
use crate::model::account::{Acct, Network};
use crate::model::observation::Profile;
use crate::model::outlet::OutletId;
use crate::model::proof::NamedBy;
use crate::model::watchlist::Watchlist;

/// A publisher of news that has had none for so long has left its feed.
const QUIET_AFTER: Duration = Duration::days(30);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    Account {
        platform: Network,
        handle: String,
        /// The page that names it, to be fetched and checked again before it counts.
        proof: Option<String>,
    },
    Feed {
        url: String,
    },
}

/// One account or feed that the record does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Find {
    #[serde(flatten)]
    pub what: What,
    /// How an account calls itself and how many follow it.
    pub about: Option<String>,
    pub proven: bool,
    /// Why, or what is missing, and where it was seen: a sentence each.
    pub because: Vec<String>,
}

/// Everything that was found, proven ones first, accounts before feeds.
pub(super) fn weigh(record: &Record, watchlist: &Watchlist, notes: &Notes, now: DateTime<Utc>) -> Vec<Find> {
    let case = Case { record, watchlist, notes, now };
    let mut found: Vec<Find> = Vec::new();
    if record.kind != Kind::Exempt {
        found.extend(notes.accounts.iter().filter_map(|(acct, read)| case.account(acct, read.as_ref())));
        found.extend(case.elsewhere());
    }
    found.extend(notes.feeds.iter().map(|feed| case.feed(feed)));
    found.sort_by_cached_key(|find| match &find.what {
        What::Account { platform, handle, .. } => (0, !find.proven, *platform, handle.to_lowercase()),
        What::Feed { url } => (1, !find.proven, Network::Mastodon, url.clone()),
    });
    found
}

struct Case<'a> {
    record: &'a Record,
    watchlist: &'a Watchlist,
    notes: &'a Notes,
    now: DateTime<Utc>,
}

/// The outlet's side of a proof.
struct Named {
    says: String,
    /// The page, where it is one.
    proof: Option<String>,
    /// The outlet's host answers for an address of its own, so the account's side is the outlet's as well.
    is_own_address: bool,
}

impl Case<'_> {
    /// `None` for somebody who asked to be left out, and whom no word of the outlet names.
    fn account(&self, acct: &Acct, read: Result<&Profile, &String>) -> Option<Find> {
        let shown = self.notes.shown.iter().find(|(profile, _)| profile.acct.is_same(acct));
        let profile = read.ok().or(shown.map(|(profile, _)| profile));
        let named = profile.and_then(|profile| self.named(profile));
        let leaves = profile.is_some_and(|profile| profile.wishes.leave_me_out);
        if leaves && named.is_none() {
            return None;
        }
        let link_back = profile.and_then(|profile| self.link_back(profile));
        let denial = profile.filter(|profile| denies(&profile.note) || denies(&profile.display_name));
        let is_mirror = self.watchlist.mirror_of(acct).is_some();
        let other = self.recorded_elsewhere(acct);
        let is_both = link_back.is_some() || named.as_ref().is_some_and(|named| named.is_own_address);
        let proven =
            read.is_ok() && named.is_some() && is_both && denial.is_none() && !is_mirror && other.is_none();
        let mut because: Vec<String> = Vec::new();
        match &named {
            Some(named) => because.push(named.says.clone()),
            None => because.extend(self.unread_naming(acct)),
        }
        match (&link_back, &named) {
            (Some(url), _) => because.push(format!("its profile links to {url}")),
            (None, Some(named)) if named.is_own_address => {}
            (None, _) if profile.is_some() => {
                because.push("its profile links to no site in the record".to_owned());
            }
            (None, _) => {}
        }
        if named.is_none() && profile.is_some() {
            because.push("no front page or host of the outlet that answered names it".to_owned());
            let borne = profile.and_then(|profile| bears_name(profile, &self.record.outlet));
            because.extend(borne.map(|name| format!("it bears the name {name}, which anybody can take")));
            because.extend(profile.and_then(|profile| self.deep_page(profile)));
        }
        because.extend(read.err().map(|why| format!("its own server does not show it: {why}")));
        because.extend(denial.map(|_| "its profile says that it is not official".to_owned()));
        because.extend(is_mirror.then(|| format!("{} repeats what others publish", acct.host())));
        because.extend(other.map(|id| format!("it is in the record of {id} already")));
        because.extend(shown.map(|(_, by)| format!("seen in the {by}")));
        let proof = named.and_then(|named| named.proof);
        let (platform, handle) = match acct.network() {
            Network::Mastodon => (Network::Mastodon, acct.to_string()),
            other => (other, acct.user().to_owned()),
        };
        let what = What::Account { platform, handle, proof };
        Some(Find { what, about: profile.and_then(called), proven, because })
    }

    /// The strongest word of the outlet for an account: `rel="me"`, its host, a credit, a link.
    fn named(&self, profile: &Profile) -> Option<Named> {
        let by = |wanted: NamedBy| {
            let front = self.notes.fronts.iter().find(|front| {
                self.record.owner(&front.url, self.watchlist) == Owner::Ours
                    && front.names.iter().any(|naming| naming.by == wanted && naming.is(profile))
            })?;
            let how = match wanted {
                NamedBy::RelMe => "names it with rel=\"me\"",
                NamedBy::Creator => "credits it as fediverse:creator",
                NamedBy::Link => "links to it",
            };
            let says = format!("{} {how}", front.url);
            Some(Named { says, proof: Some(front.url.to_string()), is_own_address: false })
        };
        let answered = || {
            let answer = self.notes.answers.iter().find(|answer| answer.sight.account == profile.id)?;
            let asked = answer.sight.resource.strip_prefix("acct:").unwrap_or(&answer.sight.resource);
            let is_own_address = asked.parse::<Acct>().is_ok_and(|asked| asked.is_same(&profile.acct));
            let says = format!("webfinger of {} answers for {asked} with it", answer.sight.host);
            Some(Named { says, proof: None, is_own_address })
        };
        let by_handle = || {
            let sight = self.notes.handles.iter().find(|sight| sight.account == profile.id)?;
            let is_own_address = profile.acct.user().eq_ignore_ascii_case(sight.host.as_str());
            let says = format!("{} names it as the holder of that handle", sight.host);
            Some(Named { says, proof: None, is_own_address })
        };
        by(NamedBy::RelMe)
            .or_else(answered)
            .or_else(by_handle)
            .or_else(|| by(NamedBy::Creator))
            .or_else(|| by(NamedBy::Link))
    }

    /// What a front page says of an account that could not be read, so that nothing is known of its own side.
    fn unread_naming(&self, acct: &Acct) -> Option<String> {
        let names_it =
            |target: &str| crate::sources::page::acct_of(target).is_some_and(|named| named.is_same(acct));
        let is_naming = |front: &&crate::sources::page::front::Front| {
            front.names.iter().any(|naming| names_it(&naming.target))
        };
        let front = self.notes.fronts.iter().find(is_naming)?;
        Some(format!("{} has a link that looks like it", front.url))
    }

    /// The first link of a profile to a site of the outlet.
    fn link_back<'p>(&self, profile: &'p Profile) -> Option<&'p str> {
        let mut links = profile.links.iter().map(|link| link.url.as_str());
        links.find(|url| self.record.is_ours(url, self.watchlist))
    }

    /// A page of the outlet that names it, and that is no front page: whose page it is, a person has to see.
    fn deep_page(&self, profile: &Profile) -> Option<String> {
        let page = self.notes.pages.iter().find(|page| page.names.iter().any(|naming| naming.is(profile)))?;
        let url = &page.final_url;
        Some(format!("{url} names it: if that page is the outlet's and no person's, cite it as `proof`"))
    }

    /// Another outlet whose record has this account.
    fn recorded_elsewhere(&self, acct: &Acct) -> Option<&OutletId> {
        let others = self.watchlist.outlets.values().filter(|outlet| outlet.id != self.record.outlet.id);
        let mut having = others.filter(|outlet| {
            outlet.accounts.iter().any(|listed| listed.acct().is_some_and(|known| known.is_same(acct)))
        });
        having.next().map(|outlet| &outlet.id)
    }

    /// Accounts on networks that are not read: the page's word alone.
    fn elsewhere(&self) -> Vec<Find> {
        let mut found: Vec<Find> = Vec::new();
        for front in &self.notes.fronts {
            for link in &front.elsewhere {
                let is_known = self.record.outlet.accounts.iter().any(|listed| {
                    listed.network == link.network && listed.handle.eq_ignore_ascii_case(&link.handle)
                });
                let what = What::Account { platform: link.network, handle: link.handle.clone(), proof: None };
                let is_asked = self.notes.accounts.iter().any(|(acct, _)| {
                    matches!(link.network, Network::Bluesky | Network::Threads)
                        && acct.network() == link.network
                        && acct.user().eq_ignore_ascii_case(&link.handle)
                });
                if is_known || is_asked || found.iter().any(|find| find.what == what) {
                    continue;
                }
                let how = if link.is_rel_me { "names it with rel=\"me\"" } else { "links to it" };
                let why =
                    format!("{} {how}; accounts on {} are not asked here", front.url, link.network.title());
                found.push(Find { what, about: None, proven: false, because: vec![why] });
            }
        }
        found
    }

    fn feed(&self, feed: &FeedSeen) -> Find {
        let mut because = Vec::new();
        because.push(match &feed.named_on {
            Some(page) => format!("{page} names it"),
            None => "no page names it, it lies at a usual path".to_owned(),
        });
        let owner = self.record.owner(&feed.url, self.watchlist);
        let leads_here = 2 * feed.ours > feed.items;
        let is_ours = match owner {
            Owner::Ours => true,
            Owner::Other(id) => {
                because.push(format!("it lies on a site of {id}"));
                false
            }
            Owner::Nobody if leads_here => {
                because.push(format!("{} of its {} items lead back to the outlet", feed.ours, feed.items));
                true
            }
            Owner::Nobody => {
                because.push("it lies elsewhere, and so do most of its items".to_owned());
                false
            }
        };
        let is_alive = feed.items > 0 && feed.newest.is_none_or(|newest| self.now - newest <= QUIET_AFTER);
        because.push(match feed.newest {
            _ if feed.items == 0 => "it answers, and nothing is in it".to_owned(),
            None => format!("{} items, none with a date", feed.items),
            Some(newest) => format!("{} items, the newest of {}", feed.items, newest.format("%Y-%m-%d")),
        });
        because.extend((feed.items > 0 && !is_alive).then(|| "nobody seems to fill it any more".to_owned()));
        let other = self.feed_elsewhere(&feed.url);
        because.extend(other.map(|id| format!("it is in the record of {id} already")));
        let proven = is_ours && is_alive && other.is_none();
        Find { what: What::Feed { url: feed.url.to_string() }, about: None, proven, because }
    }

    fn feed_elsewhere(&self, url: &Url) -> Option<&OutletId> {
        let outlets = self.watchlist.outlets.values().map(|outlet| (&outlet.id, &outlet.feeds));
        let exempt = self.watchlist.exempt.iter().map(|publisher| (&publisher.id, &publisher.feeds));
        let mut others = outlets.chain(exempt).filter(|(id, _)| **id != self.record.outlet.id);
        let is_it = |known: &str| Url::parse(known).is_ok_and(|known| is_same_place(&known, url));
        others.find(|(_, feeds)| feeds.iter().any(|feed| is_it(&feed.url))).map(|(id, _)| id)
    }
}

/// How it calls itself, how many follow it, and what it says.
fn called(profile: &Profile) -> Option<String> {
    let name = names::clean(&profile.display_name);
    let followers = profile.counts.followers.map(|count| format!("{count} followers"));
    let name = (!name.is_empty()).then(|| format!("\"{name}\""));
    // Its links are told apart, and no link looks well once it cannot be one.
    let words = profile.note.split_whitespace().filter(|word| !word.starts_with("http"));
    let note = names::clean(&words.collect::<Vec<_>>().join(" "));
    let note = (!note.is_empty()).then(|| format!("says \"{note}\""));
    let told: Vec<String> = name.into_iter().chain(followers).chain(note).collect();
    (!told.is_empty()).then(|| told.join(", "))
}
