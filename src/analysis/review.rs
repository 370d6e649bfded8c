//! Review by rule: which findings an assessment raises, refreshes or lets lapse.

mod policy;

pub use policy::{CHANGE, OFFICIAL, Policy};

use chrono::{DateTime, Duration, Utc};

use crate::analysis::activity::{
    activity, changes, follower_trend, is_same_event, still_holds, tenths_of_posts_a_day,
};
use crate::analysis::assess::CAN_BE_READ;
use crate::analysis::resemblance::outlet_of_url;
use crate::model::account::AccountId;
use crate::model::assessment::{Assessment, Condition, Level, Relation};
use crate::model::changes::{Activity, Change};
use crate::model::dossier::{Dossier, Presence};
use crate::model::evidence::{Direction, Evidence, Weight};
use crate::model::finding::{
    Approval, Approver, Claim, Finding, FindingId, FindingState, OwnerLine, Statement,
};
use crate::model::outlet::{Control, Outlet, OutletId};
use crate::model::tie::Tie;
use crate::model::watchlist::Watchlist;

/// A known account that was first seen longer ago than this is no longer "newly seen" when proven.
const NEWLY_SEEN_FOR: Duration = Duration::days(30);

/// A proof counts for a policy as long as both of its sides were read so recently: pages are read daily,
/// and a site or server may be away for some days.
const PROOF_HOLDS: Duration = Duration::days(7);

/// A profile can point to another account every day; that it moved is told once in so long.
const MOVED_AGAIN_AFTER: Duration = Duration::days(60);

/// How the maintainers configured review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Approvals for official accounts; 0 = by policy.
    pub official: u32,
    /// Approvals for a hidden tie, at least 1.
    pub undisclosed: u32,
    /// After so many days approvals by people no longer count.
    pub queue_days: u32,
}

/// What review does with one account's findings in one pass. Values only: the pass writes them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Statements for new findings, with what they need and the approvals they have.
    pub raised: Vec<NewFinding>,
    /// Findings that changed: refreshed before their digest, or lapsed.
    pub updated: Vec<Finding>,
    /// Those among them whose approvals by people no longer count, and why.
    pub expired: Vec<Expired>,
}

/// Approvals by people that no longer count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    pub finding: FindingId,
    /// The seal of what they were for.
    pub seal: String,
    pub why: &'static str,
}

/// A finding that has no number yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFinding {
    pub statement: Statement,
    pub needs: u32,
    pub approvals: Vec<Approval>,
}

/// What was known of the account before this pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Its relation when it was last judged; `None` = never judged.
    pub relation: Option<Relation>,
}

/// Decides which findings to raise, refresh or let lapse for one account.
pub fn review(
    dossier: &Dossier,
    assessment: &Assessment,
    before: Before,
    findings: &[Finding],
    watchlist: &Watchlist,
    rules: Rules,
    now: DateTime<Utc>,
) -> Verdict {
    let Some(outlet) = watchlist.outlet(&assessment.outlet) else { return Verdict::default() };
    let desk = Desk { dossier, assessment, outlet, watchlist, rules, now };
    let mine: Vec<&Finding> =
        findings.iter().filter(|finding| finding.statement.account == assessment.account).collect();
    let updated: Vec<Finding> = mine.iter().filter_map(|finding| desk.reexamine(finding)).collect();
    // A lapsed finding was never said: the same may be raised again.
    let has_lapsed = |finding: &Finding| matches!(finding.state, FindingState::Lapsed { .. });
    let stands = |finding: &&&Finding| {
        !has_lapsed(finding) && !updated.iter().any(|now| now.id == finding.id && has_lapsed(now))
    };
    let is_said = |claim: &Claim| mine.iter().filter(stands).any(|finding| desk.is_same_news(finding, claim));
    let claims = desk.claims(before, &mine).into_iter().filter(|claim| !is_said(claim));
    let raised = claims.map(|claim| desk.new_finding(claim)).collect();
    let expired = updated.iter().filter_map(|now| {
        let before = mine.iter().find(|before| before.id == now.id && has_people(before))?;
        let why = desk.why_expired(before)?;
        Some(Expired { finding: now.id, seal: before.statement.seal(), why })
    });
    Verdict { raised, expired: expired.collect(), updated }
}

/// Whether people approved it.
fn has_people(finding: &Finding) -> bool {
    finding.approvals.iter().any(|approval| matches!(approval.by, Approver::Reviewer { .. }))
}

/// The findings that wait about an account to which nothing ties any outlet any more: they lapse. A
/// correction does not: that nothing ties the account is what it says.
pub fn let_lapse(account: &AccountId, findings: &[Finding], now: DateTime<Utc>) -> Vec<Finding> {
    let waits = |finding: &&Finding| {
        finding.statement.account == *account
            && finding.state == FindingState::Raised
            && !matches!(finding.statement.claim, Claim::Withdrawn(_))
    };
    let lapsed = |finding: &Finding| Finding { state: FindingState::Lapsed { at: now }, ..finding.clone() };
    findings.iter().filter(waits).map(lapsed).collect()
}

/// Whether a claim tells for the first time what an account is.
fn is_introduction(claim: &Claim) -> bool {
    matches!(claim, Claim::NewlySeen(_) | Claim::KnownAtStart(_) | Claim::Changed(Change::NowProven))
}

/// One account's case on the table.
struct Desk<'a> {
    dossier: &'a Dossier,
    assessment: &'a Assessment,
    outlet: &'a Outlet,
    watchlist: &'a Watchlist,
    rules: Rules,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    /// Everything that could be said about this account today.
    fn claims(&self, before: Before, mine: &[&Finding]) -> Vec<Claim> {
        let relation = self.assessment.relation;
        let was_read = self.dossier.account.last_complete_poll.is_some();
        let introduction = match relation {
            _ if !was_read => None,
            Relation::Official | Relation::Attested if self.is_new() => Some(Claim::NewlySeen(relation)),
            Relation::Official if self.is_newly_proven(before, mine) => {
                Some(Claim::Changed(Change::NowProven))
            }
            Relation::Official if self.is_by_policy() => Some(Claim::KnownAtStart(relation)),
            // That a tie is hidden is news also where the account was there before we looked.
            Relation::Undisclosed if self.assessment.level == Level::Ready => {
                Some(Claim::NewlySeen(relation))
            }
            Relation::LookAlike if self.is_new() => Some(Claim::NewlySeen(relation)),
            _ => None,
        };
        let changes = match relation {
            Relation::Official => changes(self.dossier, self.now),
            _ => Vec::new(),
        };
        let changes = changes.into_iter().chain(self.is_back(mine)).map(Claim::Changed);
        introduction.into_iter().chain(changes).collect()
    }

    /// There again, and the last that readers heard is that it is gone.
    fn is_back(&self, mine: &[&Finding]) -> Option<Change> {
        let is_heard = |finding: &&&Finding| {
            !matches!(finding.state, FindingState::Raised | FindingState::Lapsed { .. })
        };
        let told = mine.iter().filter(is_heard).max_by_key(|finding| {
            let is_about_it =
                matches!(finding.statement.claim, Claim::Changed(Change::Gone { .. } | Change::Back { .. }));
            (is_about_it, finding.id)
        });
        let is_told_gone =
            told.is_some_and(|told| matches!(told.statement.claim, Claim::Changed(Change::Gone { .. })));
        let account = &self.dossier.account;
        (is_told_gone
            && account.presence == Presence::There
            && self.assessment.relation == Relation::Official)
            .then_some(Change::Back { since: account.latest.seen_at })
    }

    fn is_new(&self) -> bool {
        let found = &self.dossier.account.found;
        !found.background && self.now - found.at <= NEWLY_SEEN_FOR
    }

    fn is_by_policy(&self) -> bool {
        let sides = [Direction::OutletNamesAccount, Direction::AccountNamesOutlet];
        self.rules.official == 0
            && self.assessment.is_publishable_by_policy()
            && sides.into_iter().all(|side| self.was_read_lately(side))
    }

    /// Whether an account that is gone was one that needs no person: all else than that it can be read still has to hold,
    /// since whoever deletes an account must not be named for it.
    fn was_by_policy(&self) -> bool {
        let holds = |condition: &Condition| condition.met || condition.must == CAN_BE_READ;
        self.rules.official == 0
            && self.assessment.relation == Relation::Official
            && self.assessment.conditions.iter().all(holds)
    }

    /// Whether what proves this side was there when we looked within the last days.
    fn was_read_lately(&self, side: Direction) -> bool {
        let lately = |item: &Evidence| {
            item.citations().iter().all(|citation| (self.now - citation.seen_at).abs() <= PROOF_HOLDS)
        };
        self.assessment.evidence.iter().any(|item| item.weight == Weight::Proof(side) && lately(item))
    }

    /// Whether a finding already says this.
    fn is_same_news(&self, known: &Finding, claim: &Claim) -> bool {
        match (&known.statement.claim, claim) {
            // What was attested may become official; else an account is introduced once, whichever way,
            // also where the same owner's outlet is told more exactly later.
            (Claim::NewlySeen(Relation::Attested), Claim::NewlySeen(Relation::Official)) => false,
            // Whom we said to hide a tie, and who is proven since, has to be told so.
            (
                Claim::NewlySeen(Relation::Undisclosed | Relation::LookAlike),
                Claim::NewlySeen(Relation::Official) | Claim::Changed(Change::NowProven),
            ) => false,
            (one, other) if is_introduction(one) && is_introduction(other) => {
                self.is_one_controller(&known.statement.outlet)
            }
            (Claim::Changed(Change::Moved { .. }), Claim::Changed(Change::Moved { .. })) => {
                self.now - known.raised_at < MOVED_AGAIN_AFTER
            }
            (Claim::Changed(one), Claim::Changed(other)) => is_same_event(one, other),
            _ => false,
        }
    }

    /// Whether an outlet is told together with this one: they own one another or share their controller.
    fn is_one_controller(&self, other: &OutletId) -> bool {
        self.watchlist.is_related(other, &self.outlet.id)
            || self.watchlist.controller(other) == self.watchlist.controller(&self.outlet.id)
    }

    /// Known and judged otherwise before, and the proof appeared on a page that we had read without it.
    /// An account that was official from the start is not proven anew when its proof was away for a while.
    fn is_newly_proven(&self, before: Before, mine: &[&Finding]) -> bool {
        let was_official = mine
            .iter()
            .any(|finding| matches!(finding.statement.claim, Claim::KnownAtStart(Relation::Official)));
        let judged_otherwise = before.relation.is_some_and(|relation| relation != Relation::Official);
        let pages = self.dossier.pages.iter().any(|page| page.first_read < page.fetched_at);
        let hosts = self.dossier.hosts.iter().any(|host| host.first_read < host.fetched_at);
        !was_official && judged_otherwise && (pages || hosts)
    }

    fn new_finding(&self, claim: Claim) -> NewFinding {
        let statement = self.statement(claim);
        let (needs, policy) = self.needs(&statement.claim);
        let approvals = policy.map(|policy| policy.approve(&statement, self.now)).into_iter().collect();
        NewFinding { statement, needs, approvals }
    }

    /// How many approvals a claim needs, and the policy that may stand in for them.
    fn needs(&self, claim: &Claim) -> (u32, Option<Policy>) {
        let by_policy = self.is_by_policy();
        match claim {
            Claim::NewlySeen(Relation::Official) | Claim::KnownAtStart(_) if by_policy => (0, Some(OFFICIAL)),
            Claim::NewlySeen(Relation::Undisclosed) => (self.rules.undisclosed.max(1), None),
            Claim::NewlySeen(_) | Claim::KnownAtStart(_) => (self.rules.official.max(1), None),
            Claim::Changed(Change::Gone { .. }) if self.was_by_policy() => (0, Some(CHANGE)),
            Claim::Changed(_) if by_policy => (0, Some(CHANGE)),
            Claim::Changed(_) => (self.rules.official.max(1), None),
            // Its approvals came with it.
            Claim::Withdrawn(_) => (1, None),
        }
    }

    /// A finding that waits is checked again: its facts are brought up to date as long as nobody approved
    /// them, and it lapses where the evidence no longer holds.
    fn reexamine(&self, finding: &Finding) -> Option<Finding> {
        let mut fresh = finding.clone();
        match finding.state {
            FindingState::Raised => {}
            FindingState::Snoozed { until } if until <= self.now => fresh.state = FindingState::Raised,
            _ => return None,
        }
        // It stands as long as what it takes back was said, whatever the account does since.
        if matches!(finding.statement.claim, Claim::Withdrawn(_)) {
            return (fresh != *finding).then_some(fresh);
        }
        if !self.holds(finding) {
            fresh.state = FindingState::Lapsed { at: self.now };
            return Some(fresh);
        }
        // Approvals by people are for the facts they saw: such a finding keeps its facts.
        if !has_people(finding) || self.why_expired(finding).is_some() {
            let (needs, policy) = self.needs(&finding.statement.claim);
            fresh.statement = self.statement(finding.statement.claim.clone());
            if let (Some(tie), Some(known)) = (&mut fresh.statement.tie, &finding.statement.tie) {
                tie.ticks = known.ticks;
            }
            fresh.approvals =
                policy.map(|policy| policy.approve(&fresh.statement, self.now)).into_iter().collect();
            fresh.needs = needs;
        }
        (fresh != *finding).then_some(fresh)
    }

    /// Whether what a finding says is still what the evidence says.
    fn holds(&self, finding: &Finding) -> bool {
        let statement = &finding.statement;
        let is_still_so = match &statement.claim {
            Claim::Changed(change) => still_holds(change, self.dossier),
            Claim::NewlySeen(_) | Claim::KnownAtStart(_) | Claim::Withdrawn(_) => true,
        };
        let is_same_outlet = match statement.relation {
            // Which outlet of a system has most text can change from one day to the next.
            Relation::Undisclosed => self.is_one_controller(&statement.outlet),
            _ => self.outlet.id == statement.outlet,
        };
        is_still_so && is_same_outlet && self.assessment.relation == statement.relation
    }

    /// Why approvals by people no longer count; `None` = they do. More evidence never ends them.
    fn why_expired(&self, finding: &Finding) -> Option<&'static str> {
        let newest = finding.approvals.iter().map(|approval| approval.at).max()?;
        let frozen = finding.statement.tie.as_ref();
        let fresh = self.assessment.tie.as_ref();
        let differs =
            |differ: fn(&Tie, &Tie) -> bool| frozen.zip(fresh).is_some_and(|(old, new)| differ(old, new));
        let is_tie = finding.statement.relation == Relation::Undisclosed;
        match () {
            () if is_tie && self.assessment.level != Level::Ready => {
                Some("the evidence no longer meets every condition")
            }
            () if differs(|old, new| new.against > old.against) => Some("more speaks against it than before"),
            () if differs(|old, new| new.profile_sha256 != old.profile_sha256) => {
                Some("its profile has changed")
            }
            () if self.now - newest > Duration::days(i64::from(self.rules.queue_days)) => {
                Some("the approvals are older than review.queue_days")
            }
            () => None,
        }
    }

    fn statement(&self, claim: Claim) -> Statement {
        let account = &self.dossier.account;
        let is_related = |outlet: &Outlet| self.watchlist.is_related(&outlet.id, &self.outlet.id);
        let names_outlet = |url: &String| outlet_of_url(url, self.watchlist).is_some_and(is_related);
        let links = account.latest.profile.links.iter().map(|link| &link.url);
        let speaks = |item: &&Evidence| item.weight == Weight::Proof(Direction::OutletNamesAccount);
        let named_on = self.assessment.evidence.iter().find(speaks).and_then(|item| item.citations().first());
        let returned = match &claim {
            Claim::Changed(Change::PostsAgain { since, .. }) => Some(*since),
            _ => None,
        };
        Statement {
            claim,
            account: account.id.clone(),
            acct: account.acct.clone(),
            network: account.id.network,
            relation: self.assessment.relation,
            outlet: self.outlet.id.clone(),
            outlet_name: self.outlet.name.clone(),
            owner: owner_line(self.outlet, self.watchlist),
            first_seen: account.found.at,
            tenths_of_posts_a_day: tenths_of_posts_a_day(&self.dossier.statuses, returned, self.now),
            followers: follower_trend(&self.dossier.counts),
            quiet_since: match activity(self.dossier, self.now) {
                Activity::DormantSince(day) => Some(day),
                _ => None,
            },
            account_names: links.into_iter().find(|url| names_outlet(url)).cloned(),
            named_on: named_on.map(|citation| citation.url.clone()),
            evidence: self.assessment.evidence.clone(),
            tie: self.assessment.tie.clone().filter(|_| self.assessment.relation == Relation::Undisclosed),
        }
    }
}

/// Who controls the outlet and who says so: its own record's owner, or the nearest owner above it.
/// `None` without a basis, since control is never printed without one.
fn owner_line(outlet: &Outlet, watchlist: &Watchlist) -> Option<OwnerLine> {
    let basis = outlet.control_basis.first()?;
    let above = || watchlist.chain(&outlet.id).into_iter().skip(1);
    let owner = outlet.owner.clone().or_else(|| above().next().map(|parent| parent.name.clone()));
    // How it is controlled is no name of who does it; and that it is unknown says nothing.
    let control = owner.is_none().then_some(outlet.control);
    if control == Some(Control::Unknown) {
        return None;
    }
    let (says, source) = (basis.by.clone(), basis.source.clone());
    Some(OwnerLine { owner: owner.unwrap_or_default(), control, says, source })
}
