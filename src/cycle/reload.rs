//! Reload: whether a newsroom may go on by another configuration, what that changes, and how it went so far.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::space::in_words;
use super::{outlook, targets};
use crate::config::{Config, Level, Report};

/// Names in one line of the log; more of them are counted.
const NAMES_IN_A_LINE: usize = 8;

/// How the configuration in force came to be, shared by all newsrooms of one process.
#[derive(Debug, Default)]
pub struct Reloads(Mutex<InForce>);

/// The configuration in force, and the newer one that is not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InForce {
    /// The file it was read from.
    pub file: String,
    /// When it was read; `None` where no service runs on it.
    pub since: Option<DateTime<Utc>>,
    /// How often another one took its place since the start of the process.
    pub reloads: u32,
    /// Why the newest one was refused; `None` once a good one is in force.
    pub refused: Option<Refused>,
}

/// A configuration that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub at: DateTime<Utc>,
    /// The file with the first error, where one can be named.
    pub file: Option<String>,
    /// All that is wrong, in lines for people.
    pub why: String,
}

impl Reloads {
    /// A configuration was taken up at the start.
    pub fn started(&self, config: &Config, at: DateTime<Utc>) {
        *self.state() = InForce { file: file(config), since: Some(at), ..InForce::default() };
    }

    /// Another one took its place.
    pub fn took_up(&self, config: &Config, at: DateTime<Utc>) {
        let mut state = self.state();
        let reloads = state.reloads + 1;
        *state = InForce { file: file(config), since: Some(at), reloads, refused: None };
    }

    /// One was refused, and the one before stays in force.
    pub fn refuse(&self, refused: Refused) {
        self.state().refused = Some(refused);
    }

    pub fn in_force(&self) -> InForce {
        self.state().clone()
    }

    fn state(&self) -> MutexGuard<'_, InForce> {
        // Every change of the state is complete in itself, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file(config: &Config) -> String {
    config.path.as_ref().map_or_else(String::new, |path| path.display().to_string())
}

impl Refused {
    /// A configuration with errors.
    pub fn of(report: &Report, at: DateTime<Utc>) -> Refused {
        let errors = report.remarks.iter().filter(|remark| remark.level == Level::Error);
        let mut places = errors.filter_map(|error| error.place.as_ref());
        let why = report.errors_only().trim_end().to_owned();
        Refused { at, file: places.next().map(|place| place.file.clone()), why }
    }

    /// A good configuration that cannot be taken up for another reason.
    pub fn because(why: String, config: &Config, at: DateTime<Utc>) -> Refused {
        Refused { at, file: config.path.as_ref().map(|path| path.display().to_string()), why }
    }
}

/// Why a running newsroom cannot go on by this configuration, if so.
pub fn refusal(old: &Config, new: &Config) -> Option<String> {
    let changed = [
        (old.state_dir != new.state_dir, "state_dir"),
        (old.clock != new.clock, "[clock]"),
        (old.hosts != new.hosts, "[hosts]"),
        (old.store_cache_mib != new.store_cache_mib, "[store] cache_mib"),
    ];
    let changed: Vec<&str> =
        changed.into_iter().filter(|(changed, _)| *changed).map(|(_, key)| key).collect();
    (!changed.is_empty()).then(|| {
        let places: String = changed.iter().map(|key| new.shown_at(key)).collect();
        format!(
            "{} cannot change while the service runs: it needs a restart; until then, put the old value back{places}",
            changed.join(" and ")
        )
    })
}

/// What another configuration changes, a line for each kind of thing.
pub fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    let ids = |config: &Config| config.watchlist.enabled().map(|outlet| outlet.id.to_string()).collect();
    difference(&mut lines, "outlets", &ids(old), &ids(new));
    let edited = new.watchlist.enabled().filter(|outlet| {
        old.watchlist.outlet(&outlet.id).is_some_and(|before| before.enabled && before != *outlet)
    });
    let edited: Vec<String> = edited.map(|outlet| outlet.id.to_string()).collect();
    if !edited.is_empty() {
        lines.push(format!("outlets edited: {}", listed(&edited)));
    }
    let accounts = |config: &Config| config.listings.iter().map(|it| it.account.handle.clone()).collect();
    difference(&mut lines, "accounts", &accounts(old), &accounts(new));
    let feeds = |config: &Config| -> BTreeSet<String> {
        targets::feeds(config).filter(|_| config.feeds.enabled).map(|(_, url, _)| url).collect()
    };
    difference(&mut lines, "feeds", &feeds(old), &feeds(new));
    let before = outlook::lines(old);
    lines.extend(outlook::lines(new).into_iter().filter(|line| !before.contains(line)));
    lines.extend(settings(old, new));
    lines
}

fn difference(lines: &mut Vec<String>, what: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    for (how, names) in [("added", new - old), ("removed", old - new)] {
        if !names.is_empty() {
            lines.push(format!("{what} {how}: {}", listed(&names.into_iter().collect::<Vec<_>>())));
        }
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_IN_A_LINE).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_IN_A_LINE) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn settings(old: &Config, new: &Config) -> impl Iterator<Item = String> {
    let schedule = |config: &Config| {
        format!("digest: `{}` by {}", config.schedule.digest_text, config.schedule.timezone)
    };
    let review = |config: &Config| {
        let review = &config.review;
        format!(
            "review: {} for a hidden tie, {} for what is proven, {} days in the queue, by {}",
            review.undisclosed,
            review.official,
            review.queue_days,
            if review.reviewers.is_empty() { "nobody".to_owned() } else { review.reviewers.join(", ") }
        )
    };
    let style = |config: &Config| {
        let style = &config.fediverse;
        let answers = style.reply_to.as_deref().unwrap_or("nothing");
        let (language, posts) = (style.language.as_str(), style.max_posts);
        format!(
            "posts: in {language}, {posts} at most, over them `{}`, in answer to {answers}",
            style.spoiler
        )
    };
    let site = |config: &Config| {
        let public = config.web.public_url.as_ref().map_or("nowhere", url::Url::as_str);
        format!("pages: on http://{}/, for readers {public}", config.web.listen)
    };
    let contact = |config: &Config| format!("contact: {}", config.contact.as_deref().unwrap_or("nobody"));
    let opt_out = |config: &Config| {
        let out = &config.mastodon.opt_out;
        let hosts = out.hosts.iter().map(ToString::to_string);
        let all: Vec<String> = hosts.chain(out.accounts.iter().map(ToString::to_string)).collect();
        format!("left alone: {}", if all.is_empty() { "nobody".to_owned() } else { listed(&all) })
    };
    let alerts = |config: &Config| {
        let host = config.alert.as_ref().and_then(|alert| alert.webhook.host_str());
        format!("alerts: to {}", host.unwrap_or("the log alone"))
    };
    let keep = |config: &Config| {
        let keep = config.keep;
        let (posts, evidence) = (keep.posts.num_days(), keep.evidence.num_days());
        format!("kept: posts for {posts} days, evidence for {evidence} days, {} of disk", in_words(keep.disk))
    };
    let rows: [fn(&Config) -> String; 8] = [schedule, review, style, site, contact, opt_out, alerts, keep];
    let told = rows.into_iter().map(|say| (say(old), say(new))).filter(|(old, new)| old != new);
    let renewed = (secrets(old) != secrets(new)).then(|| "tokens: other ones than before".to_owned());
    told.map(|(_, new)| new).chain(renewed)
}

fn secrets(config: &Config) -> Vec<&str> {
    let tokens = config.mastodon.tokens.values().chain(config.publish.as_ref().map(|publish| &publish.token));
    let alerts = config.alert.as_ref().and_then(|alert| alert.token.as_ref());
    tokens.chain(alerts).map(|token| token.expose_secret()).collect()
}
