//! Assessments: what the evidence says an account is to an outlet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::evidence::Evidence;
use super::outlet::OutletId;

/// What a finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Proof in both directions, fetched by us.
    Official,
    /// Says it belongs to the outlet, and a maintainer cites a source for it.
    Attested,
    /// A bot or bridge that repeats the outlet and says so.
    Mirror,
    /// Says so and nothing else: may be parody.
    Claimed,
    /// Nothing ties it to the outlet.
    Unrelated,
}

impl Relation {
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Official => "official",
            Relation::Attested => "attested",
            Relation::Mirror => "mirror",
            Relation::Claimed => "claimed",
            Relation::Unrelated => "unrelated",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that must hold before a finding may be published, and whether it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What must hold, in words.
    pub must: String,
    pub met: bool,
}

/// What the evidence says about one account and one outlet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    pub account: AccountId,
    pub outlet: OutletId,
    pub relation: Relation,
    /// Sum of the points, for and against.
    pub points: f64,
    pub evidence: Vec<Evidence>,
    /// What publication by policy asks for.
    pub conditions: Vec<Condition>,
    /// Why the account is or is not named, in one sentence.
    pub because: String,
}

impl Assessment {
    /// Whether every condition for publication without a person holds.
    pub fn is_publishable_by_policy(&self) -> bool {
        self.relation == Relation::Official && self.conditions.iter().all(|condition| condition.met)
    }
}
