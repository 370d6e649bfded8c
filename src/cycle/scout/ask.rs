//! Asking: an outlet's sites, the servers of the configuration, and the accounts that both show.
//!
//! Properties it holds: no more than [`MOST_REQUESTS`] questions; a place that is slow or broken costs its own time and
//! no other's; what was heard before a place ran out of time is kept.

mod site;
mod sky;
mod threads;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::{Kind, Owner, Record, Say, Unanswered};
use crate::analysis::resemblance::bears_name;
use crate::config::Config;
use crate::cycle::road;
use crate::cycle::threads::hand;
use crate::model::account::{Acct, Host, Network};
use crate::model::observation::Profile;
use crate::model::proof::{HostSight, NamedBy, PageKind, PageSight};
use crate::model::watchlist::Watchlist;
use crate::net::Net;
use crate::sources::fediverse::{Server, Ways};
use crate::sources::page::front::Front;
use crate::sources::threads::Desk;
use crate::sources::webfinger::Answer;
use crate::sources::{PollError, page};

/// Questions in all; an outlet with three sites and two servers takes about forty.
const MOST_REQUESTS: u32 = 200;
/// For one site or server, with all that is asked of it.
const PLACE_PATIENCE: Duration = Duration::from_secs(60);
/// For everything.
const PATIENCE: Duration = Duration::from_secs(300);
/// Places that are asked at one time.
const AT_ONCE: usize = 8;
/// Accounts that are read.
const MOST_ACCOUNTS: usize = 30;
/// Names of the outlet that are searched for on one server.
const NAMES_PER_SERVER: usize = 3;
/// Pages of the outlet to which one profile leads.
const PAGES_PER_PROFILE: usize = 2;

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub fronts: Vec<Front>,
    pub answers: Vec<Answer>,
    /// What hosts of the outlet say of themselves as handles on Bluesky.
    pub handles: Vec<HostSight>,
    /// Accounts that a server showed, and how.
    pub shown: Vec<(Profile, String)>,
    pub feeds: Vec<FeedSeen>,
    /// Accounts as their own servers show them, or why not.
    pub accounts: Vec<(Acct, Result<Profile, String>)>,
    /// Pages to which profiles led.
    pub pages: Vec<PageSight>,
    /// Addresses of which the server says that there is no such account.
    pub missing: usize,
    /// Accounts or servers that asked to be left alone.
    pub left_alone: usize,
    pub asked: Vec<String>,
    pub unanswered: Vec<Unanswered>,
}

pub(super) use site::{FeedSeen, is_same_place};

pub(super) struct Asker<'a> {
    config: &'a Config,
    net: Net,
    ways: Ways,
    /// Our token for Threads, where it is read.
    threads: Option<Desk>,
    record: Record,
    now: DateTime<Utc>,
    say: Say<'a>,
    left: AtomicU32,
    until: Instant,
    notes: Mutex<Notes>,
}

impl<'a> Asker<'a> {
    pub fn new(config: &'a Config, record: Record, now: DateTime<Utc>, say: Say<'a>) -> anyhow::Result<Self> {
        let net = Net::new(road(config), config.clock).context("open the road to the network")?;
        let (left, until) = (AtomicU32::new(MOST_REQUESTS), Instant::now() + PATIENCE);
        Ok(Asker {
            config,
            net,
            ways: Ways::default(),
            threads: hand(config),
            record,
            now,
            say,
            left,
            until,
            notes: Mutex::default(),
        })
    }

    pub fn end(self) -> (Record, Notes, &'a Watchlist) {
        let mut notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        notes.asked.sort();
        notes.shown.sort_by(|(_, one), (_, other)| one.cmp(other));
        notes.unanswered.sort();
        (self.record, notes, &self.config.watchlist)
    }

    /// Every site of the outlet, and the servers where accounts are looked for.
    pub async fn ask_places(&self) {
        let sites = self.record.outlet.domains.iter().map(Place::Site);
        let servers = match (self.record.kind, &self.config.contact) {
            (Kind::Exempt, _) => &[][..],
            (_, Some(_)) => self.config.mastodon.servers.as_slice(),
            (_, None) => {
                self.miss("servers of the fediverse", "none is asked before `contact` is set");
                &[]
            }
        };
        if self.config.contact.is_some() && servers.is_empty() && self.record.kind == Kind::Outlet {
            self.miss("servers of the fediverse", "[sources.mastodon] servers names none to search on");
        }
        let places = sites.chain(servers.iter().map(Place::Server)).chain([Place::Sky]);
        self.each(places.map(|place| (place.name().to_owned(), self.ask_place(place))).collect()).await;
    }

    /// One site whose front page is there already.
    pub async fn ask_site_of(&self, domain: &Host, front: Front) {
        self.note_asked(front.url.as_str());
        let asked = timeout(PLACE_PATIENCE, self.follow_front(domain, Some(front))).await;
        if asked.is_err() {
            self.miss(domain.as_str(), "it was slow: not all of it was asked");
        }
    }

    /// The accounts that were named or shown, as their own servers show them.
    pub async fn ask_accounts(&self) {
        self.each(vec![("Bluesky".to_owned(), self.ask_named_members())]).await;
        let candidates = self.candidates();
        if !candidates.is_empty() && self.config.contact.is_none() {
            let why = "they are read once `contact` is set, which every server sees";
            self.miss(&format!("{} accounts", candidates.len()), why);
            return;
        }
        let asked =
            candidates.into_iter().map(|(acct, host)| (acct.to_string(), self.ask_account(acct, host)));
        self.each(asked.collect()).await;
    }

    /// Asks some at a time, none longer than its patience.
    async fn each(&self, all: Vec<(String, impl Future<Output = ()>)>) {
        let asked = futures_util::stream::iter(all).for_each_concurrent(AT_ONCE, |(name, ask)| async move {
            if timeout(PLACE_PATIENCE, ask).await.is_err() {
                self.miss(&name, "it was slow: not all of it was asked");
            }
        });
        if timeout_at(self.until, asked).await.is_err() {
            self.miss("the rest", &format!("{} s were over", PATIENCE.as_secs()));
        }
    }

    async fn ask_place(&self, place: Place<'_>) {
        let is_left_alone = |host: &Host| self.config.mastodon.opt_out.has_host(host);
        match place {
            Place::Site(host) | Place::Server(host) if is_left_alone(host) => {
                self.miss(host.as_str(), "it asked to be left alone");
            }
            Place::Site(domain) => self.follow_front(domain, None).await,
            Place::Server(server) => self.ask_server(server).await,
            Place::Sky => self.ask_sky().await,
        }
    }

    /// Its account search and its directory. Only profiles that bear a name of the outlet or link to a site of it are
    /// kept: the others are nobody's business.
    async fn ask_server(&self, server: &Host) {
        let there = self.server(server);
        let names: Vec<&str> = self.record.outlet.names().take(NAMES_PER_SERVER).collect();
        for name in names {
            let place = format!("account search of {server}");
            let Some((profiles, _)) = self.heard(&place, there.search(name, self.now)).await else {
                break;
            };
            self.note_shown(profiles, &place);
        }
        let place = format!("directory of {server}");
        if let Some((profiles, _)) = self.heard(&place, there.directory(self.now)).await {
            self.note_shown(profiles, &place);
        }
    }

    fn server<'b>(&'b self, host: &'b Host) -> Server<'b> {
        let token = self.config.mastodon.tokens.get(host);
        Server { net: &self.net, ways: &self.ways, host, token }
    }

    fn note_shown(&self, profiles: Vec<Profile>, by: &str) {
        let worth = profiles.into_iter().filter(|profile| self.is_worth(profile));
        let worth = worth.map(|profile| (profile, by.to_owned())).collect::<Vec<_>>();
        self.notes().shown.extend(worth);
    }

    fn is_worth(&self, profile: &Profile) -> bool {
        bears_name(profile, &self.record.outlet).is_some()
            || profile.links.iter().any(|link| self.record.is_ours(&link.url, &self.config.watchlist))
    }

    /// Accounts that the record does not have, each with the host that serves it; the outlet's own words first.
    fn candidates(&self) -> Vec<(Acct, Host)> {
        let mut notes = self.notes();
        let named_by = |by: fn(NamedBy) -> bool| {
            let namings = notes.fronts.iter().flat_map(|front| &front.names);
            let accts =
                namings.filter(move |naming| by(naming.by)).filter_map(|it| page::acct_of(&it.target));
            accts.map(|acct| (acct.clone(), acct.host().clone()))
        };
        let answered = notes.answers.iter().filter_map(|answer| {
            let asked = || answer.sight.resource.strip_prefix("acct:")?.parse::<Acct>().ok();
            Some((answer.acct.clone().or_else(asked)?, answer.api_host.clone()))
        });
        let shown =
            notes.shown.iter().map(|(profile, _)| (profile.acct.clone(), profile.acct.host().clone()));
        let all =
            named_by(|by| by != NamedBy::Link).chain(answered).chain(named_by(|by| by == NamedBy::Link));
        let mut seen = BTreeSet::new();
        let fresh = all
            .chain(shown)
            // Those on Bluesky are asked for apart, and of other networks there are links only.
            .filter(|(acct, _)| acct.network() == Network::Mastodon)
            .filter(|(acct, _)| !self.has_account(acct) && seen.insert(acct.to_string().to_lowercase()));
        let out = &self.config.mastodon.opt_out;
        let (left_alone, mut kept): (Vec<_>, Vec<_>) =
            fresh.partition(|(acct, host)| out.has_account(acct) || out.has_host(host));
        notes.left_alone = left_alone.len();
        if kept.len() > MOST_ACCOUNTS {
            let place = format!("{} more accounts", kept.len() - MOST_ACCOUNTS);
            let why = "only the first ones are read".to_owned();
            notes.unanswered.push(Unanswered { place, why });
            kept.truncate(MOST_ACCOUNTS);
        }
        kept
    }

    fn has_account(&self, acct: &Acct) -> bool {
        let id = &self.record.outlet.id;
        let listed = self.record.outlet.accounts.iter();
        let configured = self.config.listings.iter().filter(|listing| listing.outlet == *id);
        listed
            .chain(configured.map(|listing| &listing.account))
            .any(|account| account.acct().is_some_and(|known| known.is_same(acct)))
    }

    /// The profile, and the pages of the outlet to which it leads where no front page names it.
    async fn ask_account(&self, acct: Acct, host: Host) {
        if !self.may_ask() {
            return;
        }
        (self.say)(&format!("{host}: an account"));
        let read = self.server(&host).read_profile(&acct, self.now).await;
        if read.as_ref().is_err_and(PollError::is_missing) {
            self.notes().missing += 1;
            return;
        }
        let profile = read.map(|observation| observation.profile).map_err(|error| error.to_string());
        let pages = profile.as_ref().map(|profile| self.pages_of(profile)).unwrap_or_default();
        self.notes().accounts.push((acct, profile));
        for url in pages.iter().take(PAGES_PER_PROFILE) {
            let read = page::read(&self.net, url.as_str(), PageKind::Deep, self.now);
            if let Some((sight, _)) = self.heard(url.as_str(), read).await {
                self.notes().pages.push(sight);
            }
        }
    }

    fn pages_of(&self, profile: &Profile) -> Vec<Url> {
        let notes = self.notes();
        if notes.fronts.iter().flat_map(|front| &front.names).any(|naming| naming.is(profile)) {
            return Vec::new();
        }
        let links = profile.links.iter().filter_map(|link| {
            let mut url = Url::parse(&link.url).ok()?;
            url.set_fragment(None);
            Some(url)
        });
        let is_ours = |url: &Url| self.record.owner(url, &self.config.watchlist) == Owner::Ours;
        links.filter(|url| is_ours(url) && url.path() != "/").collect()
    }

    /// What a place answered; what it did not is noted with its reason.
    async fn heard<T>(&self, place: &str, ask: impl Future<Output = Result<T, PollError>>) -> Option<T> {
        if !self.may_ask() {
            return None;
        }
        if self.note_asked(place) {
            (self.say)(place);
        }
        ask.await.map_err(|error| self.miss(place, &error.to_string())).ok()
    }

    /// Whether that is new: a server is asked for several names.
    fn note_asked(&self, place: &str) -> bool {
        let mut notes = self.notes();
        let is_new = !notes.asked.iter().any(|asked| asked == place);
        if is_new {
            notes.asked.push(place.to_owned());
        }
        is_new
    }

    /// Takes one question out of the budget.
    fn may_ask(&self) -> bool {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() {
            self.miss("the rest", &format!("{MOST_REQUESTS} questions were asked"));
        }
        taken.is_ok()
    }

    fn miss(&self, place: &str, why: &str) {
        let unanswered = Unanswered { place: place.to_owned(), why: why.to_owned() };
        let mut notes = self.notes();
        if !notes.unanswered.contains(&unanswered) {
            notes.unanswered.push(unanswered);
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Every note is complete in itself, so a panic elsewhere leaves nothing half done.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Site(&'a Host),
    Server(&'a Host),
    /// Bluesky, by its service and by the outlet's domains.
    Sky,
}

impl<'a> Place<'a> {
    fn name(self) -> &'a str {
        match self {
            Place::Site(host) | Place::Server(host) => host.as_str(),
            Place::Sky => "Bluesky",
        }
    }
}
