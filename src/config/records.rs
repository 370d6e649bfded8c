//! Records of watchlist files as written: every field optional, since a later file may override only one.

use crate::model::account::{Host, Network};
use crate::model::outlet::{Basis, Control, Feed, FeedStatus, ListedAccount, OutletId};

use super::section::Section;
use super::spans::{At, Spot};

/// `[[outlet]]`.
#[derive(Debug, Clone)]
pub(super) struct RawOutlet {
    pub spot: Spot,
    pub id: At<OutletId>,
    pub name: Option<At<String>>,
    pub native_name: Option<At<String>>,
    pub aliases: Vec<At<String>>,
    pub country: Option<At<String>>,
    pub owner: Option<At<String>>,
    pub control: Option<At<Control>>,
    pub control_basis: Vec<At<Basis>>,
    pub system: Option<At<String>>,
    pub enabled: Option<At<bool>>,
    pub parents: Vec<At<OutletId>>,
    pub domains: Vec<At<Host>>,
    pub bylines: Vec<At<String>>,
    pub feeds: Vec<At<Feed>>,
    pub accounts: Vec<At<ListedAccount>>,
    pub sources: Vec<At<String>>,
    pub unverified: Vec<At<String>>,
    /// Items of earlier records to take out: a feed's url, an account's handle, or the text itself.
    pub remove: Vec<At<String>>,
}

/// `[[not_state_controlled]]`.
#[derive(Debug, Clone)]
pub(super) struct RawExempt {
    pub spot: Spot,
    pub id: At<OutletId>,
    pub name: Option<At<String>>,
    pub country: Option<At<String>>,
    pub domains: Vec<At<Host>>,
    pub classification: Option<At<String>>,
    pub smm_code: Option<At<String>>,
    pub feeds: Vec<At<Feed>>,
    pub note: Option<At<String>>,
    pub sources: Vec<At<String>>,
    pub remove: Vec<At<String>>,
}

/// `[[mirror_host]]`.
#[derive(Debug, Clone)]
pub(super) struct RawMirror {
    pub spot: Spot,
    pub host: At<Host>,
    pub kind: Option<At<String>>,
    pub consent: Option<At<String>>,
    pub tell: Option<At<String>>,
    pub note: Option<At<String>>,
    pub sources: Vec<At<String>>,
    pub unverified: Vec<At<String>>,
    pub remove: Vec<At<String>>,
}

/// `[[operator]]`.
#[derive(Debug, Clone)]
pub(super) struct RawOperator {
    pub spot: Spot,
    pub id: At<OutletId>,
    pub name: Option<At<String>>,
    pub aliases: Vec<At<String>>,
    pub owner_outlet: Option<At<OutletId>>,
    pub says: Option<At<String>>,
    pub marks: Vec<At<String>>,
    pub sources: Vec<At<String>>,
    pub unverified: Vec<At<String>>,
    pub remove: Vec<At<String>>,
}

/// Everything a watchlist file may hold.
#[derive(Debug, Default)]
pub(super) struct RawRecords {
    pub outlets: Vec<RawOutlet>,
    pub exempt: Vec<RawExempt>,
    pub mirrors: Vec<RawMirror>,
    pub operators: Vec<RawOperator>,
}

/// Keys by which a watchlist file is told from a configuration.
pub(super) const RECORD_KEYS: [&str; 4] = ["outlet", "not_state_controlled", "mirror_host", "operator"];

const AN_ID: &str = "lower-case words joined by -, like cgtn-es";
const A_DOMAIN: &str = "a bare host name, for example news.example";
const AN_ADDRESS: &str = "an address that starts with https:// or http://";

impl RawRecords {
    pub fn read(top: &mut Section<'_>) -> RawRecords {
        // There is one form of these files so far; the number lets a later one be told apart.
        top.number("schema", 1..=1);
        top.text("compiled");
        RawRecords {
            outlets: RawOutlet::read_all(top),
            exempt: bare(top.each("not_state_controlled", RawExempt::read)),
            mirrors: bare(top.each("mirror_host", RawMirror::read)),
            operators: bare(top.each("operator", RawOperator::read)),
        }
    }
}

/// Records know their own place.
fn bare<T>(records: Vec<At<T>>) -> Vec<T> {
    records.into_iter().map(|record| record.value).collect()
}

impl RawOutlet {
    pub fn read_all(top: &mut Section<'_>) -> Vec<RawOutlet> {
        bare(top.each("outlet", RawOutlet::read))
    }

    fn read(section: &mut Section<'_>) -> Option<RawOutlet> {
        section.needed("id")?;
        let id = section.parsed("id", AN_ID, OutletId::parse);
        let known = id.as_ref().map(|id| id.value.as_str());
        let outlet = RawOutlet {
            spot: section.spot(),
            // Without a usable id the rest is read for its faults only.
            id: id.clone().unwrap_or_else(|| nameless(section.spot())),
            name: section.tested("name", "a text that is not empty", is_filled),
            native_name: section.parsed("native_name", "a text that is not empty", non_empty),
            aliases: section.all_parsed("aliases", "texts that are not empty", non_empty),
            country: section.tested("country", "two capital letters, for example CN", is_country),
            owner: section.text("owner"),
            control: section.choice("control", CONTROLS, control),
            control_basis: section.each("control_basis", basis),
            system: section.text("system"),
            enabled: section.flag("enabled"),
            parents: section.all_parsed("parents", AN_ID, OutletId::parse),
            domains: section.all_parsed("domains", A_DOMAIN, domain),
            bylines: section.all_parsed("bylines", "texts that are not empty", non_empty),
            feeds: section.each("feeds", feed),
            accounts: section.each("accounts", |item| account(item, known)),
            sources: section.texts("sources").unwrap_or_default(),
            unverified: section.texts("unverified").unwrap_or_default(),
            remove: section.texts("remove").unwrap_or_default(),
        };
        id.map(|_| outlet)
    }
}

impl RawExempt {
    fn read(section: &mut Section<'_>) -> Option<RawExempt> {
        section.needed("id")?;
        let id = section.parsed("id", AN_ID, OutletId::parse);
        let exempt = RawExempt {
            spot: section.spot(),
            id: id.clone().unwrap_or_else(|| nameless(section.spot())),
            name: section.tested("name", "a text that is not empty", is_filled),
            country: section.tested("country", "two capital letters, for example GB", is_country),
            domains: section.all_parsed("domains", A_DOMAIN, domain),
            classification: section.text("classification"),
            smm_code: section.text("smm_code"),
            feeds: section.each("feeds", feed),
            note: section.text("note"),
            sources: section.texts("sources").unwrap_or_default(),
            remove: section.texts("remove").unwrap_or_default(),
        };
        id.map(|_| exempt)
    }
}

impl RawMirror {
    fn read(section: &mut Section<'_>) -> Option<RawMirror> {
        section.needed("host")?;
        let host = section.parsed("host", A_DOMAIN, domain);
        let kind = section.text("kind");
        let consent = section.text("consent");
        let tell = section.text("tell");
        let note = section.text("note");
        let sources = section.texts("sources").unwrap_or_default();
        let unverified = section.texts("unverified").unwrap_or_default();
        let remove = section.texts("remove").unwrap_or_default();
        let spot = section.spot();
        Some(RawMirror { spot, host: host?, kind, consent, tell, note, sources, unverified, remove })
    }
}

impl RawOperator {
    fn read(section: &mut Section<'_>) -> Option<RawOperator> {
        section.needed("id")?;
        let id = section.parsed("id", AN_ID, OutletId::parse);
        let operator = RawOperator {
            spot: section.spot(),
            id: id.clone().unwrap_or_else(|| nameless(section.spot())),
            name: section.tested("name", "a text that is not empty", is_filled),
            aliases: section.all_parsed("aliases", "texts that are not empty", non_empty),
            owner_outlet: section.parsed("owner_outlet", AN_ID, OutletId::parse),
            says: section.text("says"),
            marks: section.all_parsed("marks", "texts that are not empty", non_empty),
            sources: section.texts("sources").unwrap_or_default(),
            unverified: section.texts("unverified").unwrap_or_default(),
            remove: section.texts("remove").unwrap_or_default(),
        };
        id.map(|_| operator)
    }
}

fn nameless(spot: Spot) -> At<OutletId> {
    At { value: OutletId::parse("x").expect("x is an id"), spot }
}

fn basis(section: &mut Section<'_>) -> Option<Basis> {
    let by = section.needed("by");
    let says = section.needed("says");
    let source = section.text("source").map(|source| source.value);
    Some(Basis { by: by?.value, says: says?.value, source })
}

fn feed(section: &mut Section<'_>) -> Option<Feed> {
    section.needed("url")?;
    let url = section.parsed("url", AN_ADDRESS, web_address);
    let status = section.choice("status", FEED_STATUSES, feed_status);
    let checked = section.parsed("checked", "a day, for example 2026-11-23", day);
    let note = section.text("note").map(|note| note.value);
    let status = status.map_or(FeedStatus::Unverified, |status| status.value);
    Some(Feed { url: url?.value, status, checked: checked.map(|day| day.value), note })
}

fn account(section: &mut Section<'_>, outlet: Option<&str>) -> Option<ListedAccount> {
    section.needed("platform")?;
    let expected = "mastodon, threads, bluesky, x, facebook or instagram";
    let platform = section.choice("platform", expected, network);
    let handle = section.needed("handle");
    let confirmed = section.flag("confirmed").is_some_and(|flag| flag.value);
    let seen_in = section.text("seen_in").map(|seen_in| seen_in.value);
    let proof = section.parsed("proof", AN_ADDRESS, web_address).map(|proof| proof.value);
    let (network, handle) = (platform?.value, handle?);
    if let Some(fault) = super::handles::fault(network, &handle, outlet) {
        section.fault(fault);
        return None;
    }
    Some(ListedAccount { network, handle: handle.value, confirmed, seen_in, proof })
}

/// The network of that name.
pub(super) fn network(text: &str) -> Option<Network> {
    Some(match text {
        "mastodon" => Network::Mastodon,
        "threads" => Network::Threads,
        "bluesky" => Network::Bluesky,
        "x" => Network::X,
        "facebook" => Network::Facebook,
        "instagram" => Network::Instagram,
        _ => return None,
    })
}

/// Whether accounts there can ever be read; the others are hints for searches.
pub(super) fn is_read(network: Network) -> bool {
    matches!(network, Network::Mastodon | Network::Threads | Network::Bluesky)
}

const CONTROLS: &str = "state-controlled, party-organ, captured, contested, unknown or information-operation";

fn control(text: &str) -> Option<Control> {
    use Control::*;
    [StateControlled, PartyOrgan, Captured, Contested, Unknown, InformationOperation]
        .into_iter()
        .find(|control| control.as_str() == text)
}

const FEED_STATUSES: &str = "working, reported-working, unverified, empty, stale or dead";

fn feed_status(text: &str) -> Option<FeedStatus> {
    Some(match text {
        "working" => FeedStatus::Working,
        "reported-working" => FeedStatus::ReportedWorking,
        "unverified" => FeedStatus::Unverified,
        "empty" => FeedStatus::Empty,
        "stale" => FeedStatus::Stale,
        "dead" => FeedStatus::Dead,
        _ => return None,
    })
}

fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

fn non_empty(text: &str) -> Option<String> {
    is_filled(text).then(|| text.to_owned())
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

fn domain(text: &str) -> Option<Host> {
    Host::parse(text).ok()
}

fn day(text: &str) -> Option<String> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (day.to_string() == text).then(|| text.to_owned())
}

/// An http(s) address as written, if it is one.
pub(super) fn web_address(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && Host::of(&url).is_some()).then(|| text.to_owned())
}
