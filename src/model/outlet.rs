//! Outlets as the watchlist records them: who they are, who controls them and who says so.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::{Acct, Host, Network};

/// The id of an outlet, operator or exempt publisher in the watchlist: lower-case words joined by `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutletId(String);

impl OutletId {
    /// `None` unless the text is made of `a-z`, `0-9` and single `-` between them.
    pub fn parse(text: &str) -> Option<OutletId> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let whole =
            text.len() <= 60 && text.split('-').all(|word| !word.is_empty() && word.bytes().all(plain));
        whole.then(|| OutletId(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OutletId {
    type Error = String;
    fn try_from(text: String) -> Result<OutletId, String> {
        OutletId::parse(&text).ok_or_else(|| {
            format!("`{text}` is not an id; expected lower-case words joined by -, like cgtn-es")
        })
    }
}

impl From<OutletId> for String {
    fn from(id: OutletId) -> String {
        id.0
    }
}

/// How an outlet is controlled, in the words of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    StateControlled,
    PartyOrgan,
    Captured,
    Contested,
    Unknown,
    InformationOperation,
}

impl Control {
    /// The word as the watchlist files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Control::StateControlled => "state-controlled",
            Control::PartyOrgan => "party-organ",
            Control::Captured => "captured",
            Control::Contested => "contested",
            Control::Unknown => "unknown",
            Control::InformationOperation => "information-operation",
        }
    }
}

/// Who says how an outlet is controlled, and where. Control is never printed without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub by: String,
    pub says: String,
    pub source: Option<String>,
}

/// How a feed answered when somebody last measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedStatus {
    Working,
    ReportedWorking,
    Unverified,
    Empty,
    Stale,
    Dead,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    pub url: String,
    pub status: FeedStatus,
    pub checked: Option<String>,
    pub note: Option<String>,
}

/// An account that a list or a maintainer ascribes to an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAccount {
    pub network: Network,
    /// As the network writes it, without a leading `@`; `user@host` in the Mastodon family.
    pub handle: String,
    /// Seen in a source that checked it. Alone it is a hint and never proof.
    pub confirmed: bool,
    /// Where the list or maintainer has it from.
    pub seen_in: Option<String>,
    /// A page that shows the account is the outlet's; fetched and checked by us before it counts.
    pub proof: Option<String>,
}

impl ListedAccount {
    /// Its address on a network that is read, `None` where the handle is none there.
    pub fn acct(&self) -> Option<Acct> {
        match self.network {
            Network::Bluesky => Acct::bluesky(&self.handle).ok(),
            Network::Mastodon => self.handle.parse().ok(),
            Network::Threads => Acct::threads(&self.handle).ok(),
            Network::X | Network::Facebook | Network::Instagram => None,
        }
    }
}

/// A publisher that is watched, with everything the watchlist knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlet {
    pub id: OutletId,
    pub name: String,
    pub native_name: Option<String>,
    pub aliases: Vec<String>,
    /// ISO 3166 code of the country of the controller, or of the outlet where that is unknown.
    pub country: String,
    pub owner: Option<String>,
    pub control: Control,
    pub control_basis: Vec<Basis>,
    /// The controller under which outlets are summed; `None` where no source names one.
    pub system: Option<String>,
    pub enabled: bool,
    pub parents: Vec<OutletId>,
    pub domains: Vec<Host>,
    /// Credit lines; `*` stands for any run of characters.
    pub bylines: Vec<String>,
    pub feeds: Vec<Feed>,
    pub accounts: Vec<ListedAccount>,
    pub sources: Vec<String>,
    /// What no source that was read supports; never printed as fact.
    pub unverified: Vec<String>,
}

impl Outlet {
    /// One of which only the id is known: a draft, switched off, with `XX` for the country that nobody has looked up.
    pub fn unknown(id: OutletId) -> Outlet {
        Outlet {
            id,
            name: String::new(),
            native_name: None,
            aliases: vec![],
            country: "XX".to_owned(),
            owner: None,
            control: Control::Unknown,
            control_basis: vec![],
            system: None,
            enabled: false,
            parents: vec![],
            domains: vec![],
            bylines: vec![],
            feeds: vec![],
            accounts: vec![],
            sources: vec![],
            unverified: vec![],
        }
    }

    /// Every name it goes by, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str())
            .chain(self.native_name.as_deref())
            .chain(self.aliases.iter().map(String::as_str))
    }
}

/// A company whose builder, developer or registration marks tie a site to an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub id: OutletId,
    pub name: String,
    pub aliases: Vec<String>,
    pub owner_outlet: OutletId,
    pub says: String,
    pub marks: Vec<String>,
    pub sources: Vec<String>,
    pub unverified: Vec<String>,
}

/// A server whose accounts repeat somebody else's posts: nothing on it is a discovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorHost {
    pub host: Host,
    pub kind: String,
    pub consent: String,
    /// How an account there shows that it is a mirror.
    pub tell: String,
    pub note: Option<String>,
    pub sources: Vec<String>,
    pub unverified: Vec<String>,
}

/// A public broadcaster or agency that must never be treated as state-controlled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExemptPublisher {
    pub id: OutletId,
    pub name: String,
    pub country: String,
    pub domains: Vec<Host>,
    pub classification: String,
    pub smm_code: String,
    pub feeds: Vec<Feed>,
    pub note: Option<String>,
    pub sources: Vec<String>,
}
