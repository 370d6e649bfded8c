//! Evidence: what an indicator found, for or against, with the place to look.

use std::fmt::{self, Write as _};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::outlet::OutletId;

/// Lower-case hex of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String succeeds");
        text
    })
}

/// The name of an indicator, as the table, the docs and `masthead explain` print it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IndicatorId(pub String);

impl fmt::Display for IndicatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place where anybody can look, and what stood there when we did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    pub url: String,
    /// Our wall clock when we read it.
    pub seen_at: DateTime<Utc>,
    /// SHA-256 in hex of what we read.
    pub sha256: String,
}

/// What an indicator's finding does to an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// One direction of a proof: this side names the other.
    Proof(Direction),
    /// log10 of a likelihood ratio against the hardest innocent alternative; below zero it speaks against.
    Points(f64),
    /// Points that count for a lead only, since nobody can tell who came first.
    LeadPoints(f64),
    /// Decides a relation by itself, whatever the points say.
    Gate,
    /// Shown to people, counts nothing.
    Shown,
}

/// Which side of a proof speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The outlet's own page or host, fetched by us, names the account.
    OutletNamesAccount,
    /// The account's profile names the outlet.
    AccountNamesOutlet,
}

/// One thing an indicator found about an account and an outlet. It cannot be made without a citation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub indicator: IndicatorId,
    pub outlet: OutletId,
    pub weight: Weight,
    /// One plain sentence: what was observed.
    pub says: String,
    /// Never empty: see [`Evidence::new`].
    citations: Vec<Citation>,
}

impl Evidence {
    pub fn new(
        indicator: &str,
        outlet: &OutletId,
        weight: Weight,
        says: String,
        citation: Citation,
    ) -> Evidence {
        let indicator = IndicatorId(indicator.to_owned());
        Evidence { indicator, outlet: outlet.clone(), weight, says, citations: vec![citation] }
    }

    /// The same evidence with one more place to look.
    pub fn and(mut self, citation: Citation) -> Evidence {
        self.citations.push(citation);
        self
    }

    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }
}
