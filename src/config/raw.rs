//! What a configuration file says, before anybody asks whether it makes sense.

use chrono::{DateTime, Duration, Utc};

use crate::model::account::Network;

use super::records::{RawOutlet, is_read, network};
use super::section::Section;
use super::spans::{At, Spot};

/// `config.toml` as written; what is absent is `None` or empty.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub watchlist: Option<Vec<At<String>>>,
    pub state_dir: Option<At<String>>,
    pub contact: Option<At<String>>,
    pub timezone: Option<At<String>>,
    pub digest: Option<At<String>>,
    pub pages: Option<At<bool>>,
    pub feeds: Option<At<bool>>,
    pub mastodon: RawMastodon,
    pub bluesky: Option<At<bool>>,
    pub bluesky_jetstream: Option<At<bool>>,
    pub bluesky_opt_out: Vec<At<String>>,
    pub threads: RawThreads,
    pub accounts: Vec<At<RawAccount>>,
    pub outlets: Vec<RawOutlet>,
    pub review: RawReview,
    pub fediverse: RawFediverse,
    pub webhook: Option<At<String>>,
    pub webhook_token: Option<At<String>>,
    pub listen: Option<At<String>>,
    pub public_url: Option<At<String>>,
    pub backup_dir: Option<At<String>>,
    pub keep: RawKeep,
    pub cache_mib: Option<At<u64>>,
    pub clock: Option<At<RawClock>>,
    pub hosts: Vec<(At<String>, At<String>)>,
}

#[derive(Debug, Default)]
pub(super) struct RawMastodon {
    pub enabled: Option<At<bool>>,
    pub servers: Vec<At<String>>,
    pub discover: Option<Vec<At<String>>>,
    pub opt_out: Vec<At<String>>,
    pub tokens: Vec<(At<String>, At<String>)>,
}

#[derive(Debug, Default)]
pub(super) struct RawThreads {
    pub enabled: Option<At<bool>>,
    pub token_file: Option<At<String>>,
    pub opt_out: Vec<At<String>>,
}

/// `[[account]]`.
#[derive(Debug)]
pub(super) struct RawAccount {
    pub outlet: At<String>,
    pub network: Network,
    pub handle: At<String>,
    pub proof: Option<At<String>>,
    pub enabled: bool,
}

#[derive(Debug, Default)]
pub(super) struct RawReview {
    pub reviewers: Option<Vec<At<String>>>,
    pub undisclosed: Option<At<u64>>,
    pub official: Option<At<u64>>,
    pub queue_days: Option<At<u64>>,
}

#[derive(Debug, Default)]
pub(super) struct RawFediverse {
    pub enabled: Option<At<bool>>,
    pub server: Option<At<String>>,
    pub token_file: Option<At<String>>,
    pub visibility: Option<At<String>>,
    pub reply_to: Option<At<String>>,
    pub language: Option<At<String>>,
    pub max_posts: Option<At<u64>>,
    pub spoiler: Option<At<String>>,
}

#[derive(Debug, Default)]
pub(super) struct RawKeep {
    pub posts: Option<At<Duration>>,
    pub evidence: Option<At<Duration>>,
    pub disk: Option<At<u64>>,
}

#[derive(Debug)]
pub(super) struct RawClock {
    pub origin: Option<At<DateTime<Utc>>>,
    pub anchor: Option<At<DateTime<Utc>>>,
    pub rate: Option<At<f64>>,
}

impl RawConfig {
    pub fn read(top: &mut Section<'_>) -> RawConfig {
        let mut raw = RawConfig {
            watchlist: top.texts("watchlist"),
            state_dir: top.text("state_dir"),
            contact: top.text("contact"),
            outlets: RawOutlet::read_all(top),
            accounts: top.each("account", RawAccount::read),
            clock: top.table("clock", RawClock::read),
            hosts: top.pairs("hosts"),
            ..RawConfig::default()
        };
        top.table("schedule", |schedule| {
            raw.timezone = schedule.text("timezone");
            raw.digest = schedule.text("digest");
        });
        top.table("sources", |sources| {
            sources.table("pages", |pages| raw.pages = pages.flag("enabled"));
            sources.table("feeds", |feeds| raw.feeds = feeds.flag("enabled"));
            sources.table("mastodon", |mastodon| raw.mastodon = RawMastodon::read(mastodon));
            sources.table("bluesky", |bluesky| {
                raw.bluesky = bluesky.flag("enabled");
                raw.bluesky_jetstream = bluesky.flag("jetstream");
                raw.bluesky_opt_out = bluesky.texts("opt_out").unwrap_or_default();
            });
            sources.table("threads", |threads| {
                raw.threads = RawThreads {
                    enabled: threads.flag("enabled"),
                    token_file: threads.text("token_file"),
                    opt_out: threads.texts("opt_out").unwrap_or_default(),
                };
            });
        });
        top.table("review", |review| raw.review = RawReview::read(review));
        top.table("publish", |publish| {
            publish.table("fediverse", |fediverse| raw.fediverse = RawFediverse::read(fediverse));
        });
        top.table("alert", |alert| {
            raw.webhook = alert.text("webhook");
            raw.webhook_token = alert.text("token_file");
        });
        top.table("web", |web| {
            raw.listen = web.text("listen");
            raw.public_url = web.text("public_url");
        });
        top.table("backup", |backup| raw.backup_dir = backup.text("dir"));
        top.table("keep", |keep| raw.keep = RawKeep::read(keep));
        top.table("store", |store| raw.cache_mib = store.number("cache_mib", CACHE_MIB));
        raw
    }
}

/// No post is kept for a century. Without a day more, posts go when they are no longer compared.
const POSTS_KEPT: std::ops::RangeInclusive<u64> = 0..=100 * 365;
/// Who was looked at may ask for months why.
const EVIDENCE_KEPT: std::ops::RangeInclusive<u64> = 90..=100 * 365;
/// A store with little in it takes some twenty megabytes.
const DISK: std::ops::RangeInclusive<u64> = 100 << 20..=1 << 50;
/// Below one the store crawls; above a thousand it is a slip of the finger.
const CACHE_MIB: std::ops::RangeInclusive<u64> = 1..=1024;
/// More approvals than a review group has members.
const APPROVALS: u64 = 20;
/// Twelve is the hard limit of a digest, whatever is configured.
const POSTS: std::ops::RangeInclusive<u64> = 1..=12;
/// Real time to a minute a millisecond.
const RATES: std::ops::RangeInclusive<f64> = 0.001..=60_000.0;

impl RawMastodon {
    fn read(section: &mut Section<'_>) -> RawMastodon {
        RawMastodon {
            enabled: section.flag("enabled"),
            servers: section.texts("servers").unwrap_or_default(),
            discover: section.texts("discover"),
            opt_out: section.texts("opt_out").unwrap_or_default(),
            tokens: section.pairs("tokens"),
        }
    }
}

impl RawAccount {
    fn read(section: &mut Section<'_>) -> Option<RawAccount> {
        let outlet = section.needed("outlet");
        let handle = section.needed("handle");
        let expected = "mastodon, threads or bluesky";
        let known = |text: &str| network(text).filter(|network| is_read(*network));
        let network = section.choice("network", expected, known);
        let proof = section.text("proof");
        let enabled = section.flag("enabled").is_none_or(|flag| flag.value);
        let network = network.map_or(Network::Mastodon, |network| network.value);
        Some(RawAccount { outlet: outlet?, network, handle: handle?, proof, enabled })
    }
}

impl RawReview {
    fn read(section: &mut Section<'_>) -> RawReview {
        RawReview {
            reviewers: section.texts("reviewers"),
            undisclosed: section.number("undisclosed", 1..=APPROVALS),
            official: section.number("official", 0..=APPROVALS),
            queue_days: section.number("queue_days", 1..=365),
        }
    }
}

impl RawFediverse {
    fn read(section: &mut Section<'_>) -> RawFediverse {
        RawFediverse {
            enabled: section.flag("enabled"),
            server: section.text("server"),
            token_file: section.text("token_file"),
            visibility: section.text("visibility"),
            reply_to: section.text("reply_to"),
            language: section.text("language"),
            max_posts: section.number("max_posts", POSTS),
            spoiler: section.text("spoiler"),
        }
    }
}

impl RawKeep {
    fn read(section: &mut Section<'_>) -> RawKeep {
        RawKeep {
            posts: section.span("posts", POSTS_KEPT),
            evidence: section.span("evidence", EVIDENCE_KEPT),
            disk: section.size("disk", DISK),
        }
    }
}

impl RawClock {
    fn read(section: &mut Section<'_>) -> RawClock {
        RawClock {
            origin: section.moment("origin"),
            anchor: section.moment("anchor"),
            rate: section.rate("rate", RATES),
        }
    }
}

/// Whether the value is written and true; the place is where it says so.
pub(super) fn switched_on(flag: &Option<At<bool>>) -> Option<Spot> {
    flag.as_ref().filter(|flag| flag.value).map(|flag| flag.spot)
}

/// A text that is written and not empty; `""` says the same as nothing.
pub(super) fn given(text: &Option<At<String>>) -> Option<&At<String>> {
    text.as_ref().filter(|text| !text.value.trim().is_empty())
}
