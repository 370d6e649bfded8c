//! Filters of the tables: which accounts and outlets somebody wants to see.

use clap::{Args, ValueEnum};

use crate::cycle::commands::{AccountRow, Named};
use crate::model::account::AccountId;
use crate::model::changes::Activity;
use crate::model::outlet::Outlet;
use crate::model::pasted::Pasted;

/// The words of [`Relation`](crate::model::assessment::Relation) and [`Control`](crate::model::outlet::Control).
const RELATIONS: [&str; 7] =
    ["official", "attested", "mirror", "undisclosed", "look-alike", "claimed", "unrelated"];
const CONTROLS: [&str; 6] =
    ["state-controlled", "party-organ", "captured", "contested", "unknown", "information-operation"];

/// Which accounts; what is not given lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct AccountFilter {
    /// Only those with this text in their address or name, whatever its case; a profile's address is understood
    text: Option<String>,
    /// Only those tied to this outlet, by its id
    #[arg(long, value_name = "ID")]
    outlet: Option<String>,
    /// Only those on this network
    #[arg(long, value_parser = ["mastodon", "threads", "bluesky"])]
    network: Option<String>,
    /// Only those that are this to an outlet
    #[arg(long, value_name = "RELATION", value_parser = RELATIONS)]
    is: Option<String>,
    /// Only those that do this
    #[arg(long)]
    activity: Option<Doing>,
    /// Only those of which readers have heard so
    #[arg(long)]
    named: Option<Heard>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Doing {
    Posting,
    Dormant,
    Gone,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Heard {
    Yes,
    Next,
    OnPage,
    Waits,
    No,
}

/// Which outlets; what is not given lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct OutletFilter {
    /// Only those with this text in their id, a name or a domain, whatever its case
    #[arg(long, value_name = "TEXT", conflicts_with = "id")]
    text: Option<String>,
    /// Only those of this country, as its two letters
    #[arg(long = "in", value_name = "COUNTRY", conflicts_with = "id")]
    country: Option<String>,
    /// Only those controlled like this
    #[arg(long, value_name = "WORD", conflicts_with = "id", value_parser = CONTROLS)]
    control: Option<String>,
}

impl AccountFilter {
    pub(super) fn lets_pass(&self, row: &AccountRow) -> bool {
        let activity = match row.activity {
            Activity::Posting => Doing::Posting,
            Activity::DormantSince(_) => Doing::Dormant,
            Activity::GoneSince(_) => Doing::Gone,
            Activity::Unknown => Doing::Unknown,
        };
        let named = match row.named {
            Named::Yes => Heard::Yes,
            Named::Next => Heard::Next,
            Named::OnPage => Heard::OnPage,
            Named::Waiting => Heard::Waits,
            Named::No => Heard::No,
        };
        is(&self.outlet, row.outlet.as_deref().unwrap_or_default())
            && is(&self.network, row.network.title())
            && is(&self.is, row.relation.as_str())
            && self.activity.is_none_or(|wanted| wanted == activity)
            && self.named.is_none_or(|wanted| wanted == named)
            && self.is_called(row)
    }
}

impl AccountFilter {
    /// By a text in what it is called, or by itself, as people paste it.
    fn is_called(&self, row: &AccountRow) -> bool {
        let pasted = self.text.as_ref().and_then(|text| text.parse::<Pasted>().ok());
        let acct = pasted.as_ref().and_then(Pasted::acct).map(ToString::to_string);
        let id = AccountId { network: row.network, uri: row.id.clone() };
        let text = self.text.as_ref().map(|text| text.trim_start_matches('@').to_owned());
        has(&acct.or(text), [row.account.as_str(), row.name.as_str()])
            || pasted.is_some_and(|pasted| pasted.is(&id, row.url.as_deref()))
    }
}

impl OutletFilter {
    pub(super) fn lets_pass(&self, outlet: &Outlet) -> bool {
        let domains = outlet.domains.iter().map(|domain| domain.as_str());
        is(&self.country, &outlet.country)
            && is(&self.control, outlet.control.as_str())
            && has(&self.text, outlet.names().chain([outlet.id.as_str()]).chain(domains))
    }
}

fn is(wanted: &Option<String>, word: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(word))
}

fn has<'a>(wanted: &Option<String>, texts: impl IntoIterator<Item = &'a str>) -> bool {
    let Some(wanted) = wanted.as_ref().map(|wanted| wanted.to_lowercase()) else { return true };
    texts.into_iter().any(|text| text.to_lowercase().contains(&wanted))
}
