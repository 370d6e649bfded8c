//! Alerts: tells of every trouble once when it comes, and once when it is over.

use std::fmt::Write as _;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};

use super::Newsroom;
use crate::model::health::{Alert, Health, Mark};
use crate::publish::webhook::{self, Message};
use crate::store::{Batch, Store};

/// A trouble that is away for less may only be flickering.
const OVER_AFTER: Duration = Duration::minutes(10);
/// More open troubles than that are one trouble; the store keeps no more.
const MOST: usize = 100;

/// What has changed, and what somebody has to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Plan {
    /// As they are to be kept.
    open: Vec<Alert>,
    /// Those of them that nobody was told of, or that are worse than was told.
    come: Vec<Alert>,
    /// No longer kept.
    over: Vec<Alert>,
}

/// Compares health with what was told before, writes it down, and tells whom the configuration names.
///
/// A message that does not arrive is sent again at the next look. The log has everything once, in any case.
///
/// # Errors
/// The store's.
pub async fn pass(room: &Newsroom, health: &Health, now: DateTime<Utc>) -> anyhow::Result<()> {
    let known = room.store.run(Store::alerts).await.context("read the alerts")?;
    let plan = plan(known.clone(), health, now);
    for alert in plan.come.iter().filter(|alert| !is_known(alert, &known)) {
        let Alert { line, .. } = alert;
        tracing::warn!(what = %line.key().trim_end(), says = %line.says, fix = line.fix.as_deref(), "needs a person");
    }
    let delivered = deliver(room, &plan, health).await;
    for alert in &plan.over {
        tracing::info!(what = %alert.line.key().trim_end(), "is over");
    }
    let batch = changes(&known, plan, delivered, now);
    room.store.run(move |store| store.commit(batch)).await.context("write the alerts")
}

fn plan(known: Vec<Alert>, health: &Health, now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    let lines = || health.lines.iter().filter(|line| line.mark.needs_a_person());
    for alert in known {
        let over_since = alert.over_since.unwrap_or(now);
        match lines().find(|line| line.key() == alert.line.key()) {
            Some(line) => plan.open.push(Alert { line: line.clone(), over_since: None, ..alert }),
            None if now - over_since >= OVER_AFTER => plan.over.push(alert),
            None => plan.open.push(Alert { over_since: Some(over_since), ..alert }),
        }
    }
    for line in lines() {
        let is_open = plan.open.iter().any(|alert| alert.line.key() == line.key());
        if !is_open && plan.open.len() < MOST {
            let line = line.clone();
            plan.open.push(Alert { line, since: now, told_at: None, told_mark: None, over_since: None });
        }
    }
    let is_news = |alert: &&Alert| {
        alert.over_since.is_none() && alert.told_mark.is_none_or(|told| alert.line.mark < told)
    };
    plan.come = plan.open.iter().filter(is_news).cloned().collect();
    plan
}

/// Whether the log has it already: it waits for its message to arrive.
fn is_known(alert: &Alert, known: &[Alert]) -> bool {
    known.iter().any(|known| known.line.key() == alert.line.key() && known.line.mark == alert.line.mark)
}

/// Sends one message about everything that is news; whether it arrived, or nobody wants any.
async fn deliver(room: &Newsroom, plan: &Plan, health: &Health) -> bool {
    let Some(to) = &room.config.alert else { return true };
    let told_before = plan.over.iter().any(|alert| alert.told_at.is_some());
    if plan.come.is_empty() && !told_before {
        return true;
    }
    let sent = webhook::send(&room.net, &to.webhook, to.token.as_ref(), message(plan, health)).await;
    if let Err(trouble) = &sent {
        tracing::warn!(%trouble, "an alert did not arrive; it is sent again");
    }
    sent.is_ok()
}

fn message(plan: &Plan, health: &Health) -> Message {
    let mut text = String::new();
    for Alert { line, .. } in &plan.come {
        let _ = writeln!(text, "{} {}: {}", line.mark.sign(), line.key().trim_end(), line.says);
        if let Some(fix) = &line.fix {
            let _ = writeln!(text, "   {fix}");
        }
    }
    for alert in plan.over.iter().filter(|alert| alert.told_at.is_some()) {
        let _ = writeln!(text, "over: {}", alert.line.key().trim_end());
    }
    let title = match health.needs() {
        0 => "Masthead is well again".to_owned(),
        needs => format!("Masthead needs you ({needs})"),
    };
    let is_urgent = plan.come.iter().any(|alert| alert.line.mark == Mark::Broken);
    Message { title, text, is_urgent }
}

/// What the store takes over. What did not arrive is kept as it was, to be told at the next look.
fn changes(known: &[Alert], plan: Plan, delivered: bool, now: DateTime<Utc>) -> Batch {
    let mut batch = Batch::default();
    for mut alert in plan.open {
        if delivered && plan.come.contains(&alert) {
            (alert.told_at, alert.told_mark) = (Some(now), Some(alert.line.mark));
        }
        if !known.contains(&alert) {
            batch.put_alert(&alert);
        }
    }
    let gone = plan.over.iter().filter(|alert| delivered || alert.told_at.is_none());
    gone.for_each(|alert| batch.remove_alert(alert));
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::{Figures, Line, Subject};

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-11-02T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
    }

    fn health(lines: &[(Mark, &str)]) -> Health {
        let line = |(mark, name): &(Mark, &str)| Line::new(*mark, Subject::Feed, *name, "it says so");
        Health {
            version: "0".into(),
            at: at(0),
            up_since: None,
            config: None,
            lines: lines.iter().map(line).collect(),
            figures: Figures::default(),
        }
    }

    /// Plays looks one after another, all messages arriving: what was told at each.
    fn told(looks: &[(i64, &[(Mark, &str)])]) -> Vec<String> {
        let mut known = Vec::new();
        let mut told = Vec::new();
        for (minutes, lines) in looks {
            let health = health(lines);
            let plan = plan(known, &health, at(*minutes));
            told.push(message(&plan, &health).text.replace(": it says so", ""));
            known = plan.open.clone();
            for alert in known.iter_mut().filter(|alert| plan.come.contains(alert)) {
                (alert.told_at, alert.told_mark) = (Some(at(*minutes)), Some(alert.line.mark));
            }
        }
        told
    }

    #[test]
    fn a_trouble_is_told_once_when_it_comes_when_it_grows_and_when_it_is_over() {
        use Mark::{Broken, Ok, Warning};
        let told = told(&[
            (0, &[(Ok, "wire"), (Warning, "agency")]),
            (1, &[(Warning, "agency")]),
            (2, &[(Broken, "agency")]),
            (3, &[(Warning, "agency")]),
            (4, &[]),
            (13, &[]),
            (14, &[]),
            (15, &[]),
        ]);
        assert_eq!(told, ["! feed agency\n", "", "!! feed agency\n", "", "", "", "over: feed agency\n", ""]);
    }

    #[test]
    fn what_flickers_is_told_once() {
        let bad: &[(Mark, &str)] = &[(Mark::Broken, "agency")];
        let told = told(&[(0, bad), (1, &[]), (5, bad), (9, &[]), (14, bad)]);
        assert_eq!(told, ["!! feed agency\n", "", "", "", ""]);
    }

    #[test]
    fn what_did_not_arrive_is_told_at_the_next_look_and_the_log_has_it_once() {
        let bad = health(&[(Mark::Broken, "agency")]);
        let first = plan(Vec::new(), &bad, at(0));
        let kept = first.open.clone();
        assert!(!changes(&[], first.clone(), false, at(0)).is_empty(), "that it came is written in any case");
        let second = plan(kept.clone(), &bad, at(1));
        assert_eq!(second.come, first.come);
        assert!(is_known(&second.come[0], &kept));
    }
}
