//! Sorts findings into stories: which post each goes into, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::Network;
use crate::model::assessment::Relation;
use crate::model::changes::Change;
use crate::model::finding::{Claim, Confirmed, FindingState, Statement};
use crate::model::outlet::OutletId;

use super::words::Story;

/// Whether a statement says of somebody what they do not say themselves: a hidden tie or an imitation.
pub fn is_accusing(claim: &Claim) -> bool {
    matches!(claim, Claim::NewlySeen(Relation::Undisclosed | Relation::LookAlike))
}

/// What a finding is told as; `None` for relations that are never announced.
pub(super) fn story(statement: &Statement) -> Option<Story> {
    match &statement.claim {
        Claim::Withdrawn(_) => Some(Story::Correction),
        Claim::NewlySeen(Relation::Official) => Some(Story::Official),
        Claim::NewlySeen(Relation::Attested) => Some(Story::Attested),
        Claim::NewlySeen(Relation::Undisclosed) => statement.tie.is_some().then_some(Story::Undisclosed),
        Claim::NewlySeen(Relation::LookAlike) => Some(Story::LookAlike),
        Claim::NewlySeen(_) | Claim::KnownAtStart(_) => None,
        Claim::Changed(Change::NowProven) => Some(Story::NowProven),
        Claim::Changed(_) => Some(Story::Changed),
    }
}

/// Findings not yet told, in the groups and the order in which they are told.
///
/// A correction stands alone. Sisters that appear tied to the same outlet are one story, and only those that
/// were approved are in it. Everything else is told by outlet and network.
pub(super) fn groups(confirmed: &[Confirmed]) -> Vec<(Story, Vec<&Confirmed>)> {
    let mut seen = BTreeSet::new();
    let mut by_outlet: BTreeMap<(Story, &OutletId, Network), Vec<&Confirmed>> = BTreeMap::new();
    let mut groups: Vec<(Story, Vec<&Confirmed>)> = Vec::new();
    let mut ties = Vec::new();
    let mut untold: Vec<&Confirmed> =
        confirmed.iter().filter(|finding| finding.state() == FindingState::Raised).collect();
    untold.sort_by_key(|finding| finding.id());
    for finding in untold {
        let statement = finding.statement();
        let Some(story) = story(statement).filter(|_| seen.insert(finding.id())) else { continue };
        match story {
            Story::Correction => groups.push((story, vec![finding])),
            Story::Undisclosed => ties.push(finding),
            _ => by_outlet.entry((story, &statement.outlet, statement.network)).or_default().push(finding),
        }
    }
    groups.extend(families(&ties).into_iter().map(|family| (Story::Undisclosed, family)));
    groups.extend(by_outlet.into_iter().map(|((story, ..), group)| (story, group)));
    groups.sort_by_key(|(story, group)| (*story, group.first().map(|finding| finding.id())));
    groups
}

/// Those among `others` that are told in one post with this statement: its sisters and their sisters.
pub fn family_of<'a>(of: &'a Statement, others: &[&'a Statement]) -> Vec<&'a Statement> {
    let mut family = vec![of];
    if story(of) != Some(Story::Undisclosed) {
        return family;
    }
    loop {
        let is_kin = |other: &&&Statement| {
            family.iter().all(|member| member.account != other.account)
                && family.iter().any(|member| are_sisters(member, other))
        };
        match others.iter().find(is_kin) {
            Some(kin) => family.push(kin),
            None => return family,
        }
    }
}

/// Parts accounts into families: everybody who is a sister of somebody in the family belongs to it.
fn families<'a>(ties: &[&'a Confirmed]) -> Vec<Vec<&'a Confirmed>> {
    let mut families: Vec<Vec<&Confirmed>> = Vec::new();
    for finding in ties {
        let is_kin = |family: &Vec<&Confirmed>| {
            family.iter().any(|member| are_sisters(member.statement(), finding.statement()))
        };
        let (kin, mut others): (Vec<_>, Vec<_>) = families.into_iter().partition(is_kin);
        let mut family: Vec<&Confirmed> = kin.into_iter().flatten().chain([*finding]).collect();
        family.sort_by_key(|member| member.id());
        others.push(family);
        families = others;
    }
    families
}

/// Whether either names the other as its sister, and both appear tied to the same outlet: a post speaks of one.
fn are_sisters(one: &Statement, other: &Statement) -> bool {
    let names = |one: &Statement, other: &Statement| {
        one.tie.iter().flat_map(|tie| &tie.sisters).any(|sister| sister.account == other.account)
    };
    one.outlet == other.outlet && (names(one, other) || names(other, one))
}
