//! Assessments: what the evidence says an account is to an outlet.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::evidence::Evidence;
use super::outlet::OutletId;
use super::tie::Tie;

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
    /// Its content or infrastructure is tied to the outlet, and it does not say so.
    Undisclosed,
    /// Imitates the outlet with disguised letters, without its content or proof.
    LookAlike,
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
            Relation::Undisclosed => "undisclosed",
            Relation::LookAlike => "look-alike",
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

/// How far a hidden tie has been shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Nothing,
    /// Worth a reviewer's look; nothing may be said in public.
    Lead,
    /// Every condition that a program can check holds: people may approve.
    Ready,
}

/// The next best explanation: another system or an independent agency whose text the account carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    pub publisher: OutletId,
    pub points: f64,
}

/// What the evidence says about one account and one outlet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    pub account: AccountId,
    pub outlet: OutletId,
    pub relation: Relation,
    /// Sum of the points, for and against, from matches whose order is decided.
    pub points: f64,
    /// The same with those whose order nobody can tell: enough for a lead, never for a statement.
    #[serde(default)]
    pub lead_points: f64,
    #[serde(default)]
    pub level: Level,
    /// When it first was a lead, and has been one since.
    #[serde(default)]
    pub lead_since: Option<DateTime<Utc>>,
    #[serde(default)]
    pub rival: Option<Rival>,
    /// The facts of a hidden tie, from [`Level::Lead`] on.
    #[serde(default)]
    pub tie: Option<Tie>,
    pub evidence: Vec<Evidence>,
    /// What publication asks for: by policy, or by people where the tie is hidden.
    pub conditions: Vec<Condition>,
    /// Why the account is or is not named, in one sentence.
    pub because: String,
}

/// An assessment without its grounds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct AssessmentMark {
    pub relation: Relation,
    #[serde(default)]
    pub lead_points: f64,
    #[serde(default)]
    pub level: Level,
}

impl Assessment {
    /// Whether every condition for publication without a person holds.
    pub fn is_publishable_by_policy(&self) -> bool {
        self.relation == Relation::Official && self.conditions.iter().all(|condition| condition.met)
    }
}
