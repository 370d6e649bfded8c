//! Alerts: tells of every trouble once when it comes, and once when it is seen to be over.
//!
//! - Over is what was seen to be well for a while; what cannot be seen just now, or is left out of a list, is not.
//! - A message that does not arrive is sent again, ever more rarely, together with what came meanwhile.
//! - Whoever is new at the other end is told once of everything that is open.

use std::fmt::Write as _;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Newsroom;
use super::health::when;
use super::vitals::Delivery;
use crate::config::{AlertTo, Config};
use crate::model::evidence::hex;
use crate::model::health::{Alert, Health, Line, Mark, Subject};
use crate::publish::webhook::{self, Message};
use crate::store::{Batch, Store, StoreError};

/// A trouble that is away for less may only be flickering.
const OVER_AFTER: Duration = Duration::minutes(10);
/// More open troubles than that are one trouble; the store keeps no more.
const MOST: usize = 100;
/// Between two tries of a message that does not arrive: at first, doubled with every further one, and at most.
const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(1);

/// Where the store keeps how it goes with messages.
const CORRESPONDENCE: &str = "alerts.correspondence";

/// What has changed, and what somebody has to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Plan {
    /// As they are to be kept.
    open: Vec<Alert>,
    /// Those of them that nobody was told of, or that are worse than was told.
    come: Vec<Alert>,
    /// No longer a trouble; those of which somebody was told are kept until the end is told as well.
    over: Vec<Alert>,
}

/// Who is told, and how that went; it outlives the process, so that the doctor can say since when nothing arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Correspondence {
    /// SHA-256 of the address, whose path may be a secret.
    to: String,
    arrived_at: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
    why: Option<String>,
}

/// What became of the message about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// No address is configured.
    Nobody,
    /// It arrived, or there was nothing to say.
    Everything,
    /// It did not arrive, or the next try is still to come.
    NotYet,
}

/// Compares health with what was told before, writes it down, and tells whom the configuration names.
///
/// The log has everything once, whatever becomes of messages.
///
/// # Errors
/// The store's.
pub async fn pass(room: &Newsroom, health: &Health, now: DateTime<Utc>) -> anyhow::Result<()> {
    let read = |store: &Store| Ok::<_, StoreError>((store.alerts()?, Correspondence::read(store)?));
    let (known, letters) = room.store.run(read).await.context("read the alerts")?;
    let mut going = letters.clone();
    let mut alerts = known.clone();
    if let Some(to) = room.config.alert.as_ref().map(address).filter(|to| *to != letters.to) {
        going = Correspondence { to, ..Correspondence::default() };
        room.vitals.delivery(Delivery::default());
        alerts.iter_mut().for_each(|alert| (alert.told_at, alert.told_mark) = (None, None));
    }
    let plan = plan(alerts, health, now);
    for alert in plan.come.iter().filter(|alert| !is_known(alert, &known)) {
        let Alert { line, .. } = alert;
        tracing::warn!(what = %line.key().trim_end(), says = %line.says, fix = line.fix.as_deref(), "needs a person");
    }
    for alert in plan.over.iter().filter(|alert| !alert.is_closed) {
        tracing::info!(what = %alert.line.key().trim_end(), "is over");
    }
    let told = deliver(room, &plan, health, &mut going, now).await;
    let mut batch = changes(&known, plan, told, now);
    if going != letters {
        batch.set_note(CORRESPONDENCE, &serde_json::to_string(&going).context("write down how messages go")?);
    }
    room.store.run(move |store| store.commit(batch)).await.context("write the alerts")
}

/// How it goes with messages, for the doctor.
pub(super) fn line(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<Line, StoreError> {
    let Some(to) = &config.alert else {
        let says = "what needs you stands in the log alone";
        return Ok(Line::new(Mark::Off, Subject::Alerts, "", says).fix("an address in [alert] webhook"));
    };
    let letters = Correspondence::read(store)?;
    let letters = if letters.to == address(to) { letters } else { Correspondence::default() };
    let host = host(to);
    let (mark, says) = match (letters.failing_since, letters.arrived_at) {
        (Some(since), _) => {
            let why = letters.why.unwrap_or_default();
            (Mark::Warning, format!("no message arrives since {}: {host}: {why}", when(since, now)))
        }
        (None, Some(at)) => (Mark::Ok, format!("the last message arrived at {host} {}", when(at, now))),
        (None, None) => (Mark::Ok, format!("to {host}; there was nothing to tell yet")),
    };
    // Names stand on a public page; who is told does not.
    let line = Line::new(mark, Subject::Alerts, "", says);
    Ok(match mark {
        Mark::Warning => line.fix("[alert] webhook and token_file; it is tried again at least every hour"),
        _ => line,
    })
}

impl Correspondence {
    fn read(store: &Store) -> Result<Correspondence, StoreError> {
        let note = store.note(CORRESPONDENCE)?;
        // One that nobody can read is worth as much as none: what is open is told once more.
        Ok(note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default())
    }
}

fn address(to: &AlertTo) -> String {
    hex(&Sha256::digest(to.webhook.as_str()))
}

fn host(to: &AlertTo) -> &str {
    to.webhook.host_str().unwrap_or_default()
}

fn plan(known: Vec<Alert>, health: &Health, now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    let is_told_of_rest = known.iter().any(|alert| is_rest(&alert.line) && alert.told_at.is_some());
    for alert in known {
        let mut sights = health.lines.iter().chain(&health.unsaid);
        let sight = sights.find(|line| line.key() == alert.line.key());
        match sight {
            Some(line) if line.mark.needs_a_person() => {
                let since = if alert.is_closed { now } else { alert.since };
                let line = line.clone();
                plan.open.push(Alert { line, since, over_since: None, is_closed: false, ..alert });
            }
            _ if alert.is_closed => plan.over.push(alert),
            Some(line) if line.mark == Mark::Unknown => plan.open.push(Alert { over_since: None, ..alert }),
            _ if now - alert.over_since.unwrap_or(now) >= OVER_AFTER => plan.over.push(alert),
            _ => plan.open.push(Alert { over_since: alert.over_since.or(Some(now)), ..alert }),
        }
    }
    // That messages do not arrive is nothing to send a message about.
    let is_told = |line: &&Line| line.mark.needs_a_person() && line.subject != Subject::Alerts;
    for line in health.lines.iter().filter(is_told) {
        let is_open = plan.open.iter().any(|alert| alert.line.key() == line.key());
        if !is_open && plan.open.len() < MOST {
            // Until now it was among those of whom only the number was told; so its end needs no word either.
            let was_counted = is_told_of_rest && line.subject == Subject::Feed && !is_rest(line);
            let told_mark = was_counted.then_some(line.mark);
            let (line, since, told_at) = (line.clone(), now, None);
            plan.open.push(Alert { line, since, told_at, told_mark, over_since: None, is_closed: false });
        }
    }
    let is_news = |alert: &&Alert| {
        alert.over_since.is_none() && alert.told_mark.is_none_or(|told| alert.line.mark < told)
    };
    plan.come = plan.open.iter().filter(is_news).cloned().collect();
    plan
}

/// The line that stands for publishers beyond those who are named.
fn is_rest(line: &Line) -> bool {
    line.subject == Subject::Feed && line.name == super::health::OTHER_FEEDS
}

/// Whether the log has it already: it waits for its message to arrive, or nobody wants any.
fn is_known(alert: &Alert, known: &[Alert]) -> bool {
    let mut known = known.iter().filter(|known| !known.is_closed);
    known.any(|known| known.line.key() == alert.line.key() && known.line.mark <= alert.line.mark)
}

/// Sends one message about everything that is news, unless the last one was lost too short a time ago.
async fn deliver(
    room: &Newsroom,
    plan: &Plan,
    health: &Health,
    going: &mut Correspondence,
    now: DateTime<Utc>,
) -> Told {
    let Some(to) = &room.config.alert else { return Told::Nobody };
    if plan.come.is_empty() && !plan.over.iter().any(|alert| alert.told_at.is_some()) {
        return Told::Everything;
    }
    let Delivery { failures, next_try } = room.vitals.recall().delivery;
    // A clock that was put back makes no long wait of a short one.
    if next_try.is_some_and(|next| now < next && next - now <= LONGEST_WAIT) {
        return Told::NotYet;
    }
    let host = host(to);
    match webhook::send(&room.net, &to.webhook, to.token.as_ref(), message(plan, health)).await {
        Ok(()) => {
            if going.failing_since.take().is_some() {
                tracing::info!(%host, "alerts arrive again");
            }
            (going.why, going.arrived_at) = (None, Some(now));
            room.vitals.delivery(Delivery::default());
            Told::Everything
        }
        Err(trouble) => {
            let why = trouble.to_string();
            if going.failing_since.is_none() {
                tracing::warn!(%host, %why, "an alert did not arrive; it is sent again after 1, 2, 4 … 60 minutes");
            }
            going.failing_since.get_or_insert(now);
            going.why = Some(why);
            let wait = (FIRST_WAIT * 2i32.pow(failures.min(6))).min(LONGEST_WAIT);
            room.vitals.delivery(Delivery { failures: failures + 1, next_try: Some(now + wait) });
            Told::NotYet
        }
    }
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
        0 if health.unknown().is_empty() => "Masthead is well again".to_owned(),
        0 => "Masthead needs nobody just now".to_owned(),
        needs => format!("Masthead needs you ({needs})"),
    };
    let is_urgent = plan.come.iter().any(|alert| alert.line.mark == Mark::Broken);
    Message { title, text, is_urgent }
}

/// What the store takes over. What did not arrive is kept as it was, to be told at a later look.
fn changes(known: &[Alert], plan: Plan, told: Told, now: DateTime<Utc>) -> Batch {
    let mut batch = Batch::default();
    for mut alert in plan.open {
        if told == Told::Everything && plan.come.contains(&alert) {
            (alert.told_at, alert.told_mark) = (Some(now), Some(alert.line.mark));
        }
        if !known.contains(&alert) {
            batch.put_alert(&alert);
        }
    }
    for alert in plan.over {
        if told != Told::NotYet || alert.told_at.is_none() {
            batch.remove_alert(&alert);
        } else if !alert.is_closed {
            batch.put_alert(&Alert { is_closed: true, ..alert });
        }
    }
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
            unsaid: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// Plays looks one after another, all messages arriving: what was told at each.
    fn told(looks: &[(i64, Health)]) -> Vec<String> {
        let mut known = Vec::new();
        let mut told = Vec::new();
        for (minutes, health) in looks {
            let plan = plan(known, health, at(*minutes));
            told.push(message(&plan, health).text.replace(": it says so", ""));
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
            (0, health(&[(Ok, "wire"), (Warning, "agency")])),
            (1, health(&[(Warning, "agency")])),
            (2, health(&[(Broken, "agency")])),
            (3, health(&[(Warning, "agency")])),
            (4, health(&[])),
            (13, health(&[])),
            (14, health(&[])),
            (15, health(&[])),
        ]);
        assert_eq!(told, ["! feed agency\n", "", "!! feed agency\n", "", "", "", "over: feed agency\n", ""]);
    }

    #[test]
    fn what_flickers_is_told_once() {
        let bad = || health(&[(Mark::Broken, "agency")]);
        let well = || health(&[]);
        let told = told(&[(0, bad()), (1, well()), (5, bad()), (9, well()), (14, bad())]);
        assert_eq!(told, ["!! feed agency\n", "", "", "", ""]);
    }

    /// The network is cut off, or a feed fails that was only old before, or it fell out of a list: nobody saw it well.
    #[test]
    fn what_cannot_be_seen_just_now_is_not_over() {
        let bad = || health(&[(Mark::Broken, "agency")]);
        let hidden = |mark| Health {
            unsaid: bad().lines.into_iter().map(|line| Line { mark, ..line }).collect(),
            ..health(&[])
        };
        for mark in [Mark::Broken, Mark::Unknown] {
            let looks = [
                (0, bad()),
                (1, hidden(mark)),
                (30, hidden(mark)),
                (31, bad()),
                (32, health(&[])),
                (43, health(&[])),
            ];
            assert_eq!(told(&looks), ["!! feed agency\n", "", "", "", "", "over: feed agency\n"]);
        }
        // The minutes for which it was not seen do not count.
        let looks =
            [(0, bad()), (1, health(&[])), (9, hidden(Mark::Unknown)), (12, health(&[])), (21, health(&[]))];
        assert_eq!(told(&looks), ["!! feed agency\n", "", "", "", ""]);
    }

    /// Five are named and the rest is a number; as the five come back, others take their place in the list.
    #[test]
    fn five_hundred_dead_feeds_are_one_message() {
        let names: Vec<String> = (0..500).map(|n| format!("agency {n:03}")).collect();
        let look = |from: usize| {
            let named = names[from..from + 5].iter().map(|name| (Mark::Broken, name.as_str()));
            health(&named.chain([(Mark::Warning, super::super::health::OTHER_FEEDS)]).collect::<Vec<_>>())
        };
        let looks: Vec<(i64, Health)> = (0..490).map(|n| (n as i64, look(n))).collect();
        let told = told(&looks);
        assert_eq!(told[0].lines().count(), 6, "{}", told[0]);
        assert!(told[1..].iter().all(|text| !text.contains("!!")), "{told:?}");
        assert_eq!(told.concat().matches("over: ").count(), 5, "of those who were named");
    }

    #[test]
    fn what_did_not_arrive_is_told_at_a_later_look_and_the_log_has_it_once() {
        let bad = health(&[(Mark::Broken, "agency")]);
        let first = plan(Vec::new(), &bad, at(0));
        let kept = first.open.clone();
        assert!(
            !changes(&[], first.clone(), Told::NotYet, at(0)).is_empty(),
            "that it came is written in any case"
        );
        let second = plan(kept.clone(), &bad, at(1));
        assert_eq!(second.come, first.come);
        assert!(is_known(&second.come[0], &kept));
    }

    /// As the store keeps them after a look.
    fn kept(plan: Plan, told: Told, minutes: i64) -> Vec<Alert> {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), 8).unwrap();
        let mut batch = Batch::default();
        plan.over.iter().for_each(|alert| batch.put_alert(alert));
        store.commit(batch).unwrap();
        store.commit(changes(&[], plan, told, at(minutes))).unwrap();
        store.alerts().unwrap()
    }

    #[test]
    fn an_end_that_did_not_arrive_is_logged_once_and_told_later() {
        let (bad, well) = (health(&[(Mark::Broken, "agency")]), health(&[]));
        let known = kept(plan(Vec::new(), &bad, at(0)), Told::Everything, 0);
        let known = kept(plan(known, &well, at(1)), Told::Everything, 1);
        let over = plan(known, &well, at(11));
        assert!(!over.over[0].is_closed, "the log does not have it yet");
        let known = kept(over, Told::NotYet, 11);
        let again = plan(known, &well, at(12));
        assert!(again.open.is_empty() && again.over[0].is_closed);
        assert_eq!(message(&again, &well).text, "over: feed agency\n");
        assert_eq!(kept(again.clone(), Told::Everything, 12), []);
        // It comes back before anybody heard of its end: nobody is told anything.
        let back = plan(kept(again, Told::NotYet, 12), &bad, at(13));
        assert!(back.come.is_empty() && !back.open[0].is_closed && back.over.is_empty());
        assert_eq!(back.open[0].since, at(13));
    }

    #[test]
    fn a_trouble_from_before_there_was_an_address_is_told_once_there_is_one() {
        let (bad, well) = (health(&[(Mark::Broken, "agency")]), health(&[]));
        let known = kept(plan(Vec::new(), &bad, at(0)), Told::Nobody, 0);
        let later = plan(known.clone(), &bad, at(60));
        assert_eq!(later.come.len(), 1);
        assert!(is_known(&later.come[0], &known), "the log has it from before");
        // What nobody was told of ends without a word.
        let over = plan(kept(plan(known, &well, at(61)), Told::Nobody, 61), &well, at(71));
        assert_eq!(message(&over, &well).text, "");
        assert_eq!(kept(over, Told::Nobody, 71), []);
    }
}
