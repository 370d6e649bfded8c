//! Scouting: asks the world for accounts and feeds of an outlet that its record lacks, and writes lines to paste.
//!
//! For maintainers, by hand. It needs no store, so it works beside a service. Only what is proven in both directions is
//! handed over as it would be read from a watchlist file; the rest is for a person to judge. No answer is no evidence.

mod ask;
mod paste;
mod weigh;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use crate::analysis::names;
use crate::config::Config;
use crate::model::account::Host;
use crate::model::outlet::{ExemptPublisher, Outlet, OutletId};
use crate::model::watchlist::Watchlist;
use crate::net::Net;
use crate::sources::page::front::{self, Front};
use ask::Asker;

pub use weigh::{Find, What};

/// Hears what is being asked, a line at a time; hosts only.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// What was asked and did not answer, or was not asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unanswered {
    pub place: String,
    pub why: String,
}

/// What a scouting brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scouted {
    pub outlet: OutletId,
    /// To be pasted into a watchlist file; valid TOML whatever strangers wrote.
    pub toml: String,
    /// Proven ones first.
    pub rows: Vec<Find>,
    pub asked: Vec<String>,
    pub unanswered: Vec<Unanswered>,
}

/// Which kind of record is being filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Outlet,
    /// A publisher whose record has feeds and no accounts.
    Exempt,
    Draft,
}

/// The record that is being filled.
#[derive(Debug)]
struct Record {
    kind: Kind,
    outlet: Outlet,
}

/// Whose an address is, by the longest domain that holds it.
#[derive(Debug, PartialEq, Eq)]
enum Owner<'a> {
    Ours,
    Other(&'a OutletId),
    Nobody,
}

impl Record {
    fn owner<'a>(&'a self, url: &Url, watchlist: &'a Watchlist) -> Owner<'a> {
        let Some(host) = Host::of(url) else { return Owner::Nobody };
        let outlets = watchlist.outlets.values().map(|outlet| (&outlet.id, &outlet.domains));
        let exempt = watchlist.exempt.iter().map(|publisher| (&publisher.id, &publisher.domains));
        let all = outlets.chain(exempt).chain([(&self.outlet.id, &self.outlet.domains)]);
        let holding = all.flat_map(|(id, domains)| domains.iter().map(move |domain| (id, domain)));
        let longest = holding
            .filter(|(_, domain)| host.is_within(domain))
            .max_by_key(|(id, domain)| (domain.name().len(), **id == self.outlet.id));
        match longest {
            Some((id, _)) if *id == self.outlet.id => Owner::Ours,
            Some((id, _)) => Owner::Other(id),
            None => Owner::Nobody,
        }
    }

    fn is_ours(&self, url: &str, watchlist: &Watchlist) -> bool {
        Url::parse(url).is_ok_and(|url| self.owner(&url, watchlist) == Owner::Ours)
    }
}

/// What the record of an outlet, or of a publisher that is exempt, could have more. Switched off or not is no matter.
///
/// # Errors
/// Where no record has that id. A place that does not answer is told among what was found.
pub async fn find(config: &Config, id: &str, now: DateTime<Utc>, say: Say<'_>) -> anyhow::Result<Scouted> {
    let known = |id: OutletId| {
        let outlet = config.watchlist.outlet(&id).map(|outlet| (Kind::Outlet, outlet.clone()));
        let exempt = || config.watchlist.exempt.iter().find(|publisher| publisher.id == id);
        outlet.or_else(|| exempt().map(|publisher| (Kind::Exempt, as_outlet(publisher))))
    };
    let (kind, outlet) = OutletId::parse(id).and_then(known).with_context(|| {
        format!(
            "`{id}` is no outlet; `masthead outlets` lists them, `masthead outlets new URL` drafts a new one"
        )
    })?;
    ensure!(!outlet.domains.is_empty(), "{id} has no `domains` in its record, so nothing could be proven");
    let asker = Asker::new(config, Record { kind, outlet }, now, say)?;
    asker.ask_places().await;
    asker.ask_accounts().await;
    asker.ask_threads().await;
    Ok(done(asker, None, now))
}

/// A whole new record, as far as a homepage tells it.
///
/// # Errors
/// Where the address is none, belongs to a record that is there, or cannot be read.
pub async fn draft(
    config: &Config,
    address: &str,
    now: DateTime<Utc>,
    say: Say<'_>,
) -> anyhow::Result<Scouted> {
    let url = homepage(address)?;
    let typed = Host::of(&url).with_context(|| format!("`{address}` names no site"))?;
    let bare = typed.as_str().strip_prefix("www.").and_then(|bare| Host::parse(bare).ok());
    refuse_known(config, bare.as_ref().unwrap_or(&typed))?;
    ensure!(!config.mastodon.opt_out.has_host(&typed), "{typed} is in `opt_out`: it asked to be left alone");
    let net = Net::new(super::road(config), config.clock).context("open the road to the network")?;
    let hosts = bare.into_iter().chain([typed]);
    let (mut read, mut trouble) = (None, None);
    for host in hosts {
        say(&format!("{host}: its front page"));
        match front::read(&net, &format!("https://{host}/")).await {
            Ok(front) => {
                read = Some((host, front));
                break;
            }
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    let (domain, front) = match (read, trouble) {
        (Some(read), _) => read,
        (None, Some(error)) => return Err(anyhow::Error::new(error).context("read the homepage")),
        (None, None) => anyhow::bail!("`{address}` names no site"),
    };
    let record = Record { kind: Kind::Draft, outlet: newcomer(config, &domain, &front) };
    let asker = Asker::new(config, record, now, say)?;
    asker.ask_site_of(&domain, front.clone()).await;
    asker.ask_accounts().await;
    asker.ask_threads().await;
    Ok(done(asker, Some(&front), now))
}

fn done(asker: Asker<'_>, front: Option<&Front>, now: DateTime<Utc>) -> Scouted {
    let (record, notes, watchlist) = asker.end();
    let found = weigh::weigh(&record, watchlist, &notes, now);
    let toml = paste::toml(&record, front, watchlist, &found, &notes, now);
    let outlet = record.outlet.id;
    Scouted { outlet, toml, rows: found, asked: notes.asked, unanswered: notes.unanswered }
}

/// `https://news.example/` of `news.example`, `http://news.example/es` and the like: the service reads this page.
fn homepage(address: &str) -> anyhow::Result<Url> {
    let whole = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Host::of).filter(|host| host.name().contains('.'));
    let host = host.with_context(|| {
        format!("`{address}` is no address of a site; expected for example https://news.example/")
    })?;
    Url::parse(&format!("https://{host}/")).with_context(|| format!("`{address}` is no address of a site"))
}

/// A record that is there is filled, not doubled.
fn refuse_known(config: &Config, host: &Host) -> anyhow::Result<()> {
    let holds = |domains: &[Host]| domains.contains(host);
    let outlet = config.watchlist.outlets.values().find(|outlet| holds(&outlet.domains));
    if let Some(outlet) = outlet {
        anyhow::bail!("{host} is in the record of {0} already: masthead outlets find {0}", outlet.id);
    }
    if let Some(publisher) = config.watchlist.exempt.iter().find(|publisher| holds(&publisher.domains)) {
        anyhow::bail!("{host} is {}, a publisher that must not be treated as state-controlled", publisher.id);
    }
    Ok(())
}

fn as_outlet(publisher: &ExemptPublisher) -> Outlet {
    Outlet {
        name: publisher.name.clone(),
        country: publisher.country.clone(),
        domains: publisher.domains.clone(),
        feeds: publisher.feeds.clone(),
        sources: publisher.sources.clone(),
        ..Outlet::unknown(publisher.id.clone())
    }
}

/// What a homepage tells of an outlet that no record names yet.
fn newcomer(config: &Config, domain: &Host, front: &Front) -> Outlet {
    let label = psl::domain_str(domain.name()).unwrap_or(domain.name()).split('.').next().unwrap_or_default();
    let label: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let is_taken = |id: &OutletId| config.watchlist.outlet(id).is_some() || config.watchlist.is_exempt(id);
    let wanted = [label.clone(), format!("{label}-2"), "new-outlet".to_owned()];
    let id = wanted.iter().filter_map(|text| OutletId::parse(text)).find(|id| !is_taken(id));
    let told = front.name.iter().chain(&front.title).map(|name| names::clean(name));
    let name = told.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| domain.to_string());
    let id = id.unwrap_or_else(|| OutletId::parse("x").expect("x is an id"));
    Outlet { name, domains: vec![domain.clone()], ..Outlet::unknown(id) }
}
