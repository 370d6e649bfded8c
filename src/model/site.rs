//! Sites: what a web page said of who built it, what it is measured by and whom it names, when we read it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::evidence::Citation;
use super::observation::Profile;
use super::proof::{NamedBy, Naming};

/// What kind of thing a mark is. The grammar of each stands where it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The account of Universal Analytics, without the number of the property.
    GoogleAnalytics,
    /// A measurement id of Google Analytics 4.
    GoogleMeasurement,
    TagManager,
    Adsense,
    YandexMetrika,
    BaiduTongji,
    FacebookPixel,
    /// Host of the installation and number of the site.
    Matomo,
    VkPixel,
    Cnzz,
    Umeng,
    /// Whom the page names as its builder, folded.
    Credit,
    /// The registered domain to which such a credit links.
    CreditLink,
    /// `<meta name="author">`, `designer` or `developer`.
    MetaCredit,
    Generator,
    /// The developer's page in an app store.
    AppDeveloper,
    /// The front of the name of an app's package, which is its maker's.
    AppVendor,
}

impl MarkKind {
    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            MarkKind::GoogleAnalytics => "Google Analytics account",
            MarkKind::GoogleMeasurement => "Google Analytics id",
            MarkKind::TagManager => "Google Tag Manager id",
            MarkKind::Adsense => "AdSense publisher",
            MarkKind::YandexMetrika => "Yandex Metrika counter",
            MarkKind::BaiduTongji => "Baidu Tongji id",
            MarkKind::FacebookPixel => "Facebook pixel",
            MarkKind::Matomo => "Matomo site",
            MarkKind::VkPixel => "VK pixel",
            MarkKind::Cnzz => "CNZZ id",
            MarkKind::Umeng => "Umeng app key",
            MarkKind::Credit => "builder's credit",
            MarkKind::CreditLink => "link of a builder's credit",
            MarkKind::MetaCredit => "author in its head",
            MarkKind::Generator => "generator",
            MarkKind::AppDeveloper => "developer in an app store",
            MarkKind::AppVendor => "maker of its app",
        }
    }
}

/// One mark: equal marks on two sites may mean one hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    pub kind: MarkKind,
    /// As compared: one spelling for all that mean the same.
    pub value: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.kind.words())
    }
}

/// A mark as it stands on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenMark {
    #[serde(flatten)]
    pub mark: Mark,
    /// As the page has it, in one short line.
    pub shown: String,
    /// Our wall clock when we first saw it there: whoever has it later may have copied it.
    pub first_seen: DateTime<Utc>,
}

/// A web page as we read it, for what it says of its makers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSight {
    /// The address we asked for.
    pub url: String,
    /// Where redirects led.
    pub final_url: String,
    /// SHA-256 in hex of the bytes.
    pub sha256: String,
    pub first_read: DateTime<Utc>,
    /// The last good answer, also one that nothing is new.
    pub fetched_at: DateTime<Utc>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Each once.
    pub marks: Vec<SeenMark>,
    /// Accounts that it names.
    pub names: Vec<Naming>,
    /// Feeds that its head announces.
    pub feeds: Vec<String>,
}

impl SiteSight {
    /// Whether it links back to the account with `rel="me"`, over a connection that nobody could change. Only then is it
    /// known to be the account's: a profile can link to anybody's site, and an ordinary link back may be a paper's to
    /// somebody who writes for it.
    pub fn is_confirmed_by(&self, profile: &Profile) -> bool {
        let is_private = [&self.url, &self.final_url].iter().all(|url| url.starts_with("https://"));
        is_private && self.names.iter().any(|naming| naming.by == NamedBy::RelMe && naming.is(profile))
    }

    /// What is new is told by when it was first seen: what stood there before keeps its time.
    pub fn after(mut self, before: &SiteSight) -> SiteSight {
        self.first_read = before.first_read;
        for seen in &mut self.marks {
            let known = before.marks.iter().find(|known| known.mark == seen.mark);
            seen.first_seen = known.map_or(seen.first_seen, |known| known.first_seen);
        }
        self
    }

    /// Whether it says the same as before; when it was read does not count.
    pub fn says_as(&self, before: &SiteSight) -> bool {
        let marks = |sight: &SiteSight| sight.marks.iter().map(|seen| seen.mark.clone()).collect::<Vec<_>>();
        (marks(self), &self.names) == (marks(before), &before.names)
    }

    /// The page as a place to look.
    pub fn citation(&self) -> Citation {
        Citation { url: self.final_url.clone(), seen_at: self.fetched_at, sha256: self.sha256.clone() }
    }
}
