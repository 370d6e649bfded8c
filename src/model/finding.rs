//! Findings: statements on their way through review; the only door to publication.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::account::{AccountId, Acct, Network};
use super::assessment::Relation;
use super::changes::{Change, FollowerTrend};
use super::digest::DigestNumber;
use super::evidence::{Evidence, hex};
use super::outlet::{Control, OutletId};
use super::tie::Tie;

/// The number of a finding, printed as `F-0047`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub u32);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F-{:04}", self.0)
    }
}

impl FromStr for FindingId {
    type Err = String;
    fn from_str(text: &str) -> Result<FindingId, String> {
        let digits = text.strip_prefix("F-").unwrap_or(text);
        digits.parse().map(FindingId).map_err(|_| format!("`{text}` is not a finding; expected F-0047"))
    }
}

/// Who controls the outlet, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerLine {
    /// The owner's name; empty where no source has one and `control` says all that is known.
    pub owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    pub says: String,
    pub source: Option<String>,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A newly seen account and what it is to the outlet.
    NewlySeen(Relation),
    /// An account that was there when we first looked: it stands on the pages and is no news.
    KnownAtStart(Relation),
    Changed(Change),
    /// What an earlier post said was wrong.
    Withdrawn(Withdrawal),
}

/// What is taken back, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The finding that was wrong.
    pub finding: FindingId,
    /// What it said.
    pub said: Box<Claim>,
    /// 0 = it stood on our pages and in no digest.
    pub digest: DigestNumber,
    pub part: u32,
    pub said_at: DateTime<Utc>,
    /// In the words of the person who withdrew it, printed as they are after cleaning.
    pub why: String,
    /// Whether the correction repeats the handle: only if its owner wants it.
    pub repeats_handle: bool,
    /// A person was named as if they were an outlet.
    pub was_a_person: bool,
}

/// Why a reviewer put a finding aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dismissal {
    /// A partner that prints the outlet's copy by contract or with consent.
    Partner,
    Fan,
    Mirror,
    /// A private person, whatever they post.
    Person,
    Other,
}

/// Every fact that a post about a finding prints, frozen when it is raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    pub claim: Claim,
    pub account: AccountId,
    pub acct: Acct,
    pub network: Network,
    pub relation: Relation,
    pub outlet: OutletId,
    pub outlet_name: String,
    pub owner: Option<OwnerLine>,
    pub first_seen: DateTime<Utc>,
    /// Posts a day over the last four weeks at most, in tenths; `None` where too little was read.
    pub tenths_of_posts_a_day: Option<u32>,
    pub followers: Option<FollowerTrend>,
    /// The day of its last post, where it has been dormant since.
    pub quiet_since: Option<NaiveDate>,
    /// The account's side of the proof: the page of the outlet that the profile names.
    pub account_names: Option<String>,
    /// The outlet's side of the proof: the page or host that names the account.
    pub named_on: Option<String>,
    /// Where to look, and what stood there.
    pub evidence: Vec<Evidence>,
    /// The facts of a hidden tie; only with [`Relation::Undisclosed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie: Option<Tie>,
}

impl Statement {
    /// SHA-256 in hex over all of it: what an approval names.
    pub fn seal(&self) -> String {
        hex(&Sha256::digest(serde_json::to_vec(self).expect("a statement is plain data")))
    }
}

/// Who approved: a reviewer by name, or a policy of this program by name and hash of its wording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    Policy { name: String, sha256: String },
    Reviewer { name: String, key: String },
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Approver::Policy { name, sha256 } => {
                write!(f, "policy {name} ({})", &sha256[..12.min(sha256.len())])
            }
            Approver::Reviewer { name, .. } => f.write_str(name),
        }
    }
}

/// An approval of exactly one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Approver,
    pub at: DateTime<Utc>,
    /// [`Statement::seal`] of what was shown.
    pub seal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Waits for approval, or for a digest once approved.
    Raised,
    /// Part of a digest that is being or was posted.
    InDigest { number: DigestNumber, part: u32 },
    /// The evidence no longer holds; it is never posted.
    Lapsed { at: DateTime<Utc> },
    /// The ledger has it as said already; after a restored store it is not said again.
    SaidBefore,
    /// A reviewer looks again later; meanwhile nothing is said.
    Snoozed { until: DateTime<Utc> },
    /// A reviewer put it aside; it is not raised again.
    Dismissed { at: DateTime<Utc>, why: Dismissal },
    /// It was said and is withdrawn.
    Retracted { number: DigestNumber, part: u32 },
}

/// A statement about an account, its approvals and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    pub raised_at: DateTime<Utc>,
    pub statement: Statement,
    /// How many approvals it needs; a policy's approval suffices by itself.
    pub needs: u32,
    pub approvals: Vec<Approval>,
    pub state: FindingState,
}

impl Finding {
    /// The finding as something that may leave the house, if enough approvers sealed these very facts.
    ///
    /// No policy can approve a hidden tie or an imitation, and a tie needs what only people can say of it.
    /// This is the only maker of a [`Confirmed`].
    pub fn confirmed(&self) -> Option<Confirmed> {
        if !matches!(self.state, FindingState::Raised | FindingState::InDigest { .. }) {
            return None;
        }
        let is_by_people_only =
            matches!(self.statement.relation, Relation::Undisclosed | Relation::LookAlike)
                && !matches!(self.statement.claim, Claim::Withdrawn(_));
        let has_ticks = self.statement.tie.as_ref().is_some_and(|tie| tie.ticks.is_complete());
        if is_by_people_only && self.statement.relation == Relation::Undisclosed && !has_ticks {
            return None;
        }
        let seal = self.statement.seal();
        let valid = || self.approvals.iter().filter(|approval| approval.seal == seal);
        let by_policy =
            !is_by_people_only && valid().any(|approval| matches!(approval.by, Approver::Policy { .. }));
        let keys: std::collections::BTreeSet<&str> = valid()
            .filter_map(|approval| match &approval.by {
                Approver::Reviewer { key, .. } => Some(key.as_str()),
                Approver::Policy { .. } => None,
            })
            .collect();
        let enough = by_policy || (self.needs > 0 && keys.len() >= self.needs as usize);
        enough.then(|| Confirmed { finding: self.clone(), sealed: seal.clone() })
    }
}

/// A finding that was approved as it stands: what compose and web take, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmed {
    finding: Finding,
    sealed: String,
}

impl Confirmed {
    pub fn id(&self) -> FindingId {
        self.finding.id
    }

    pub fn statement(&self) -> &Statement {
        &self.finding.statement
    }

    pub fn state(&self) -> FindingState {
        self.finding.state
    }

    /// Those whose approval covers this statement.
    pub fn approvers(&self) -> impl Iterator<Item = &Approver> {
        self.finding
            .approvals
            .iter()
            .filter(|approval| approval.seal == self.sealed)
            .map(|approval| &approval.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        let statement = Statement {
            claim: Claim::NewlySeen(Relation::Attested),
            account: AccountId::mastodon("https://social.example/users/desk"),
            acct: "desk@social.example".parse().unwrap(),
            network: Network::Mastodon,
            relation: Relation::Attested,
            outlet: OutletId::parse("xinhua").unwrap(),
            outlet_name: "Xinhua News Agency".into(),
            owner: None,
            first_seen: "2026-11-02T10:00:00Z".parse().unwrap(),
            tenths_of_posts_a_day: None,
            followers: None,
            quiet_since: None,
            account_names: None,
            named_on: None,
            evidence: vec![],
            tie: None,
        };
        let raised_at = "2026-11-02T10:00:00Z".parse().unwrap();
        Finding {
            id: FindingId(47),
            raised_at,
            statement,
            needs: 2,
            approvals: vec![],
            state: FindingState::Raised,
        }
    }

    fn approval(finding: &Finding, name: &str, key: &str) -> Approval {
        let by = Approver::Reviewer { name: name.into(), key: key.into() };
        Approval { by, at: finding.raised_at, seal: finding.statement.seal() }
    }

    #[test]
    fn the_same_key_twice_counts_once() {
        let mut finding = finding();
        finding.approvals = vec![approval(&finding, "ana", "k1"), approval(&finding, "ana again", "k1")];
        assert_eq!(finding.confirmed(), None);
        finding.approvals.push(approval(&finding, "bo", "k2"));
        assert_eq!(finding.confirmed().unwrap().id(), FindingId(47));
    }

    #[test]
    fn an_approval_of_other_facts_does_not_count() {
        let mut finding = finding();
        finding.approvals = vec![approval(&finding, "ana", "k1"), approval(&finding, "bo", "k2")];
        finding.statement.outlet_name = "Somebody else".into();
        assert_eq!(finding.confirmed(), None);
    }

    #[test]
    fn nothing_is_confirmed_without_an_approval_even_where_none_is_needed() {
        let finding = Finding { needs: 0, ..finding() };
        assert_eq!(finding.confirmed(), None);
    }

    #[test]
    fn a_lapsed_finding_never_leaves() {
        let mut finding = finding();
        finding.approvals = vec![approval(&finding, "ana", "k1"), approval(&finding, "bo", "k2")];
        finding.state = FindingState::Lapsed { at: finding.raised_at };
        assert_eq!(finding.confirmed(), None);
    }
}
