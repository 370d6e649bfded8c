//! Names of backups, which say when they were made, and which of them are kept.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Utc};

const BEGIN: &str = "masthead-";
const END: &str = ".jsonl.gz";
const TIME: &str = "%Y%m%dT%H%M%SZ";
const BEFORE: &str = "-schema-";

/// The newest of each of so many days, weeks and months that have one: a mistake is noticed within days, a slow loss
/// within months, and twenty-three files are not too many to look at.
const DAYS: usize = 7;
const WEEKS: usize = 4;
const MONTHS: usize = 12;
/// Those made before a migration are needed when a newer version turns out to be none for this machine.
const BEFORE_MIGRATIONS: usize = 2;

/// `masthead-20261128T030000Z.jsonl.gz`, or `masthead-20261128T030000Z-schema-1.jsonl.gz` for one that was made of a
/// store of schema 1 before it changed its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub made_at: DateTime<Utc>,
    pub before_schema: Option<u32>,
}

impl Name {
    pub fn parse(text: &str) -> Option<Name> {
        let text = text.strip_prefix(BEGIN)?.strip_suffix(END)?;
        let (time, before_schema) = match text.split_once(BEFORE) {
            Some((time, schema)) => (time, Some(schema.parse().ok()?)),
            None => (text, None),
        };
        let made_at = NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc();
        Some(Name { made_at, before_schema })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEGIN}{}", self.made_at.format(TIME))?;
        if let Some(schema) = self.before_schema {
            write!(f, "{BEFORE}{schema}")?;
        }
        f.write_str(END)
    }
}

/// Whether a file is one that a backup is, or was, written to.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.starts_with(BEGIN) && name.ends_with(".unfinished")
}

/// The backups that are let go. Days without a backup do not count, so that a service that stood still for a year
/// loses none. Dates to come, of a clock that was ahead, neither take the place of others nor go.
pub fn prune(names: &[Name], now: DateTime<Utc>) -> Vec<Name> {
    let mut newest_first: Vec<Name> = names.iter().filter(|name| name.made_at <= now).copied().collect();
    newest_first.sort_by(|one, other| other.cmp(one));
    let (before, usual): (Vec<Name>, Vec<Name>) =
        newest_first.into_iter().partition(|name| name.before_schema.is_some());
    let mut kept: BTreeSet<Name> = before.iter().take(BEFORE_MIGRATIONS).copied().collect();
    kept.extend(newest_of(&usual, DAYS, |day| (day.year(), day.ordinal())));
    kept.extend(newest_of(&usual, WEEKS, |day| (day.iso_week().year(), day.iso_week().week())));
    kept.extend(newest_of(&usual, MONTHS, |day| (day.year(), day.month())));
    before.into_iter().chain(usual).filter(|name| !kept.contains(name)).collect()
}

/// Of names, the newest first, the first of each of so many stretches of time.
fn newest_of(names: &[Name], count: usize, stretch: impl Fn(DateTime<Utc>) -> (i32, u32)) -> Vec<Name> {
    let mut seen = BTreeSet::new();
    let first = names.iter().filter(|name| seen.insert(stretch(name.made_at)));
    first.take(count).copied().collect()
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name { made_at: text.parse().unwrap(), before_schema: None }
    }

    #[test]
    fn a_name_says_when_and_before_what() {
        let plain = name("2026-11-28T03:00:00Z");
        assert_eq!(plain.to_string(), "masthead-20261128T030000Z.jsonl.gz");
        let before = Name { before_schema: Some(1), ..plain };
        assert_eq!(before.to_string(), "masthead-20261128T030000Z-schema-1.jsonl.gz");
        for name in [plain, before] {
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        for other in
            ["masthead-20261128T030000Z.unfinished", "copy-20261128T030000Z.jsonl.gz", "masthead-x.jsonl.gz"]
        {
            assert_eq!(Name::parse(other), None);
        }
    }

    #[test]
    fn of_two_years_of_daily_backups_seven_days_four_weeks_and_twelve_months_are_kept() {
        let last = name("2026-11-28T03:00:00Z").made_at;
        let all: Vec<Name> =
            (0..730).map(|day| Name { made_at: last - Duration::days(day), before_schema: None }).collect();
        let gone = prune(&all, last);
        let mut kept: Vec<String> = all
            .iter()
            .filter(|name| !gone.contains(name))
            .map(|name| name.made_at.format("%Y-%m-%d").to_string())
            .collect();
        kept.sort();
        let expected = [
            "2025-12-31",
            "2026-01-31",
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
            "2026-07-31",
            "2026-08-31",
            "2026-09-30",
            "2026-10-31",
            "2026-11-08",
            "2026-11-15",
            "2026-11-22",
            "2026-11-23",
            "2026-11-24",
            "2026-11-25",
            "2026-11-26",
            "2026-11-27",
            "2026-11-28",
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn of_many_of_one_day_the_newest_is_kept_and_those_before_migrations_count_by_themselves() {
        let first = name("2026-11-28T03:00:00Z");
        let later = name("2026-11-28T15:00:00Z");
        let before = |day: u32| Name { before_schema: Some(1), ..name(&format!("2026-0{day}-01T03:00:00Z")) };
        let all = [before(1), first, before(2), later, before(3)];
        assert_eq!(prune(&all, later.made_at), [before(1), first]);
    }

    #[test]
    fn dates_to_come_neither_go_nor_take_the_place_of_others() {
        let now = name("2026-11-28T03:00:00Z").made_at;
        let past = (0..7).map(|day| Name { made_at: now - Duration::days(day), before_schema: None });
        let to_come = (0..30).map(|day| name(&format!("2036-01-{:02}T03:00:00Z", day + 1)));
        assert_eq!(prune(&past.chain(to_come).collect::<Vec<_>>(), now), []);
    }

    proptest! {
        #[test]
        fn the_newest_is_never_let_go_and_few_are_kept(hours in proptest::collection::btree_set(0i64..20_000, 1..400)) {
            let begin = name("2025-01-01T00:00:00Z").made_at;
            let all: Vec<Name> = hours
                .iter()
                .map(|hour| Name { made_at: begin + Duration::hours(*hour), before_schema: None })
                .collect();
            let now = all.last().unwrap().made_at;
            let gone = prune(&all, now);
            prop_assert!(!gone.contains(all.last().unwrap()));
            prop_assert!(all.len() - gone.len() <= DAYS + WEEKS + MONTHS);
            let rest: Vec<Name> = all.iter().filter(|name| !gone.contains(name)).copied().collect();
            prop_assert_eq!(prune(&rest, now), vec![]);
        }
    }
}
