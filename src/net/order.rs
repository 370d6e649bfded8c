//! An order: what a fetch may cost, how it asks, and out of which budget it is paid.

use std::time::Duration;

use super::address::Target;
use super::body::Beyond;
use super::{BodyKind, NetConfig, Timeouts, Validators};

/// What a fetch may cost and how it asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    pub accept: &'static str,
    /// Asks for what is other than this.
    pub known: Option<&'a Validators>,
    pub limit: usize,
    pub beyond: Beyond,
    pub whole: Duration,
    pub on_denial: OnDenial,
    pub purse: Purse,
}

impl<'a> Order<'a> {
    /// How a page of this kind is fetched.
    pub fn of(kind: BodyKind, known: Option<&'a Validators>, timeouts: &Timeouts) -> Order<'a> {
        let whole = if kind == BodyKind::Image { timeouts.image } else { timeouts.page };
        let purse = if kind == BodyKind::Feed { Purse::Page } else { Purse::Domain };
        let (accept, limit) = (kind.accept(), kind.limit());
        Order { accept, known, limit, beyond: Beyond::Refuse, whole, on_denial: OnDenial::Rest, purse }
    }
}

/// Out of which budget of the day a fetch at a foreign host is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purse {
    /// That of the registrable domain.
    Domain,
    /// One of its own. Feeds are listed by the watchlist and read every few minutes, several of one domain
    /// among them; no page can make us read another one.
    Page,
}

impl Purse {
    /// The name of the budget; `None` for configured hosts, which have none.
    pub fn name(self, target: &Target, config: &NetConfig) -> Option<String> {
        let domain = target.budget_name(config)?;
        Some(match self {
            Purse::Domain => domain,
            Purse::Page => target.shown(),
        })
    }
}

/// What a 401 or 403 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDenial {
    /// This kind of request rests.
    Rest,
    /// No more than this one answer.
    Ask,
}
