//! The schedule of digests: six fields, seconds first, that fire some day.

use std::str::FromStr as _;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::fault::Fault;
use super::nearest::did_you_mean;
use super::spans::At;

/// A schedule that does not fire within this time counts as one that never does; leap days come sooner.
const NEVER: Duration = Duration::days(3653);
/// Longer ones are no schedules.
const LONGEST: usize = 200;

const FIELDS: &str = "6 fields, seconds first: second minute hour day month weekday";

/// The time zone of that name.
pub(super) fn timezone(text: &At<String>, faults: &mut Vec<Fault>) -> Option<Tz> {
    if let Ok(zone) = text.value.parse() {
        return Some(zone);
    }
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let fault = Fault::error("not a time zone")
        .at(text.spot)
        .label("no zone has this name")
        .expected("a name of the tz database, for example \"Europe/Berlin\"")
        .hint(did_you_mean(&text.value, names));
    faults.push(fault);
    None
}

/// Reads a schedule and says what is wrong with it or surprising about it.
pub(super) fn digest(
    text: &At<String>,
    zone: Tz,
    now: DateTime<Utc>,
    faults: &mut Vec<Fault>,
) -> Option<cron::Schedule> {
    let at = |fault: Fault| fault.at(text.spot);
    let fields: Vec<&str> = text.value.split_whitespace().collect();
    let is_shorthand = fields.len() == 1 && text.value.starts_with('@');
    if text.value.len() > LONGEST || !(is_shorthand || matches!(fields.len(), 6 | 7)) {
        faults.push(at(wrong_number(&fields)));
        return None;
    }
    let schedule = match cron::Schedule::from_str(&text.value) {
        Ok(schedule) => schedule,
        Err(_) => {
            faults.push(at(unreadable(&fields)));
            return None;
        }
    };
    if next(&schedule, zone, now).is_none_or(|first| first - now > NEVER) {
        let fault = Fault::error("schedule that never fires").label("no such day in the next 10 years");
        faults.push(at(fault.help("day of month and weekday must both fit; \"*\" fits every day")));
        return None;
    }
    if let Some(days) = fields.get(5).filter(|days| days.contains(|c: char| c.is_ascii_digit())) {
        let read = with_names(days, Monday::IsTwo).unwrap_or_default();
        let fault = Fault::warning("weekday as a number")
            .label(format!("`{days}` is read as {read}"))
            .help("write names: Mon, Tue, Wed, Thu, Fri, Sat, Sun");
        faults.push(at(fault.note("1 is Sunday here, not Monday as in crontab")));
    }
    Some(schedule)
}

/// The first time after `now`. Around the change of clocks the iterator may begin with times gone by.
fn next(schedule: &cron::Schedule, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let now_there = now.with_timezone(&zone);
    schedule.after(&now_there).take(LATE_TIMES).map(|time| time.with_timezone(&Utc)).find(|time| *time > now)
}

/// More times than a change of clocks can put before `now`: one a second for three hours.
const LATE_TIMES: usize = 3 * 3600;

fn wrong_number(fields: &[&str]) -> Fault {
    let count = fields.len();
    let fault = Fault::error("not a schedule");
    let fault = match count {
        1 => fault.label("1 field; expected 6, seconds first"),
        _ => fault.label(format!("{count} fields; expected 6, seconds first")),
    };
    let [minute, hour, day, month, weekday] = fields else {
        return fault.help("\"0 0 9 * * Mon\" is every Monday at 09:00");
    };
    let Some(named) = with_names(weekday, Monday::IsOne) else { return fault };
    let written = format!("0 {minute} {hour} {day} {month} {named}");
    if cron::Schedule::from_str(&written).is_err() {
        return fault;
    }
    let fault = fault.help(match in_words(fields, &named) {
        Some(words) => format!("you wrote what crontab reads as \"{words}\". Write \"{written}\""),
        None => format!("you wrote 5 fields as in crontab. Write \"{written}\""),
    });
    if *day != "*" && *weekday != "*" {
        return fault.note("crontab fires when either day fits; here both must");
    }
    match weekday.bytes().any(|byte| byte.is_ascii_digit()) {
        true => fault.note("with 6 fields a bare 1 would be Sunday; use names"),
        false => fault,
    }
}

fn unreadable(fields: &[&str]) -> Fault {
    let fault = Fault::error("not a schedule").expected(FIELDS);
    let weekday = fields.get(5).copied().unwrap_or_default();
    if weekday.bytes().any(|byte| byte == b'0') {
        let help = with_names(weekday, Monday::IsOne).map(|named| {
            let mut better = fields.to_vec();
            better[5] = &named;
            format!("write \"{}\"", better.join(" "))
        });
        return fault
            .label("there is no weekday 0")
            .hint(help)
            .note("weekdays are counted from Sunday = 1; use names");
    }
    fault.label("cannot be understood").help("\"0 0 9 * * Mon\" is every Monday at 09:00")
}

/// How the days of a week are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Monday {
    /// As crontab does: 0 and 7 are Sunday.
    IsOne,
    /// As the schedules here do: 1 is Sunday.
    IsTwo,
}

/// A weekday field with names for its numbers; `None` where a number is no day.
fn with_names(field: &str, monday: Monday) -> Option<String> {
    const NAMES: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let name = |text: &str| -> Option<String> {
        let Ok(number) = text.parse::<usize>() else { return Some(text.to_owned()) };
        let index = match monday {
            Monday::IsOne => number,
            Monday::IsTwo => number.checked_sub(1)?,
        };
        NAMES.get(index).map(|name| (*name).to_owned())
    };
    let items = field.split(',').map(|item| {
        let (days, step) = item.split_once('/').map_or((item, None), |(days, step)| (days, Some(step)));
        let named = match days.split_once('-') {
            Some((first, last)) => format!("{}-{}", name(first)?, name(last)?),
            None => name(days)?,
        };
        Some(step.map_or(named.clone(), |step| format!("{named}/{step}")))
    });
    items.collect::<Option<Vec<String>>>().map(|items| items.join(","))
}

/// `Mondays 09:00` for the plain schedules; others are left alone.
fn in_words(fields: &[&str], weekday: &str) -> Option<String> {
    let [minute, hour, "*", "*", _] = fields else { return None };
    let minute: u32 = minute.parse().ok().filter(|minute| *minute < 60)?;
    let hour: u32 = hour.parse().ok().filter(|hour| *hour < 24)?;
    let days = match weekday {
        "Sun" => "Sundays",
        "Mon" => "Mondays",
        "Tue" => "Tuesdays",
        "Wed" => "Wednesdays",
        "Thu" => "Thursdays",
        "Fri" => "Fridays",
        "Sat" => "Saturdays",
        "*" => "every day",
        _ => return None,
    };
    Some(format!("{days} {hour:02}:{minute:02}"))
}
