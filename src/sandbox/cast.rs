//! Who plays in the world: servers, people with their rhythms, and web sites. Plain values.

use chrono::{DateTime, Duration, Utc};

use crate::model::account::{Acct, Host};

use super::copyists::Copyist;
use super::habits::Habits;

/// A server of the fediverse.
#[derive(Debug, Clone)]
pub struct Server {
    pub host: Host,
    pub title: &'static str,
    pub habits: Habits,
    /// The one account there that clients may use.
    pub desk: Option<Desk>,
}

/// An account that clients of the world log in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    pub acct: Acct,
    /// Opens nothing outside this world.
    pub token: String,
}

/// Someone with an account.
#[derive(Debug, Clone)]
pub struct Person {
    pub acct: Acct,
    pub display_name: &'static str,
    /// Plain text; links and hashtags in it become HTML on the wire.
    pub note: &'static str,
    pub fields: Vec<Field>,
    pub kind: Kind,
    pub indexing: Indexing,
    pub since: DateTime<Utc>,
    /// When it posts; silent between its spells.
    pub spells: Vec<Spell>,
    pub voice: Voice,
    pub followers: Growth,
    pub following: u64,
    /// Other servers that have copies of its posts.
    pub known_on: Vec<Host>,
    /// What it says at certain times, besides what its voice makes of the days.
    pub script: Vec<Line>,
    pub upkeep: Upkeep,
}

/// A post that the story needs word for word.
#[derive(Debug, Clone)]
pub struct Line {
    pub at: DateTime<Utc>,
    pub text: String,
}

/// The `bot` flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Bot,
}

/// Whether its holder wants to be found by readers of public data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexing {
    Welcome,
    Unwelcome,
}

/// Whether its server keeps all of its posts whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upkeep {
    Sound,
    /// Now and then an item of its page makes no sense.
    Poisoned,
}

/// A profile field with a link.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: &'static str,
    pub value: &'static str,
    /// Since when its server says that the link was verified.
    pub verified_at: Option<DateTime<Utc>>,
}

/// A time of posting. It posts at its very beginning and, where it ends, at its very end.
#[derive(Debug, Clone, Copy)]
pub struct Spell {
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    pub per_day: f64,
}

/// Followers: so many at a time, and so many more each day after it.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    pub at: DateTime<Utc>,
    pub then: u64,
    pub per_day: f64,
}

impl Growth {
    pub fn count(&self, now: DateTime<Utc>) -> u64 {
        let days = (now - self.at).num_seconds().max(0) as f64 / Duration::days(1).num_seconds() as f64;
        self.then + (days * self.per_day) as u64
    }
}

/// What somebody posts.
#[derive(Debug, Clone, Copy)]
pub enum Voice {
    /// News with a link to a page of this site.
    Agency { language: Language, site: &'static str },
    /// Everyday remarks.
    Private { language: Language },
    /// Columns of its own, in Spanish.
    Columnist,
    /// What newsrooms report, in Spanish, and a little of its own.
    Copyist(&'static Copyist),
}

impl Voice {
    pub fn language(self) -> Language {
        match self {
            Voice::Agency { language, .. } | Voice::Private { language } => language,
            Voice::Columnist | Voice::Copyist(_) => Language::Spanish,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
    Chinese,
}

impl Language {
    /// BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
            Language::Chinese => "zh",
        }
    }
}

/// A web site of an outlet.
#[derive(Debug, Clone)]
pub struct Site {
    pub host: Host,
    pub title: &'static str,
    pub language: Language,
    pub about: &'static str,
    /// Accounts that its front page names.
    pub names: Vec<Named>,
    /// Other pages its front page leads to, within the site or elsewhere.
    pub links: Vec<&'static str>,
    pub channels: Vec<Channel>,
    pub condition: Condition,
    pub makers: Makers,
}

/// What a front page has of those who built and measure it, as HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Makers {
    pub head: &'static str,
    /// In its footer.
    pub foot: &'static str,
}

impl Makers {
    pub const NONE: Makers = Makers { head: "", foot: "" };
}

/// A feed of a site.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    pub path: &'static str,
    pub title: &'static str,
    /// Whose items it shows.
    pub bureau: &'static str,
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Rss,
    Atom,
    JsonFeed,
}

/// One account that a front page names.
#[derive(Debug, Clone)]
pub struct Named {
    pub href: &'static str,
    pub by: NamedBy,
    /// Not there before this time.
    pub from: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// `<a rel="me">`.
    Anchor,
    /// `<link rel="me">` in the head.
    Head,
}

/// How a site is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Good,
    /// Some half hours answer 500 with a page of HTML.
    Flaky,
    /// Nothing listens there.
    Dead,
}
