//! The place where the service lives, in health: clock, configuration, disk, backups, and what cannot be read any more.

use chrono::Duration;

use super::{Seen, count, when};
use crate::cycle::backup::{self, Of};
use crate::cycle::clock_check::{CLOCK_WRONG, clock_off};
use crate::cycle::keep::Measures;
use crate::cycle::reload::InForce;
use crate::cycle::space::{COLLECT_ABOVE, in_words};
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::net::OurClock;
use crate::store::StoreError;

/// Servers and we may differ so much without anybody noticing.
const CLOCK_OFF: Duration = Duration::minutes(2);
/// One daily backup may fail; after two somebody should know.
const BACKUP_WITHIN: Duration = Duration::days(2);
/// Below so many bytes a volunteer wants to hear of it.
const LITTLE_SPACE: u64 = 1 << 30;
/// Days beyond which the growth of one week says nothing of when the disk is full.
const FORESEEN: u64 = 3 * 365;

impl Seen<'_> {
    pub(super) fn clock(&self, ours: OurClock, figures: &mut Figures) -> Vec<Line> {
        let (by, of) = match ours {
            OurClock::OfTrial => return Vec::new(),
            OurClock::Unheard => {
                let says = "not known yet whether it is right: no server has said what time it is";
                return vec![Line::new(Mark::Unknown, Subject::Clock, "", says)];
            }
            OurClock::Ahead { by, of } => (by, of),
        };
        figures.clock_ahead_secs = Some(by.num_seconds());
        let says = clock_off(by, of);
        let (mark, says) = match by.abs() {
            by if by >= CLOCK_WRONG => (Mark::Broken, format!("{says}; no digest is made until it is right")),
            by if by >= CLOCK_OFF => (Mark::Warning, says),
            _ => return Vec::new(),
        };
        vec![Line::new(mark, Subject::Clock, "", says).fix("timedatectl set-ntp true")]
    }

    /// The configuration by which the service runs, and a newer one that it refused.
    pub(super) fn config_line(&self, in_force: &InForce) -> Option<Line> {
        let since = in_force.since?;
        let read = when(since, self.now);
        let Some(refused) = &in_force.refused else {
            return Some(Line::new(Mark::Ok, Subject::Config, "", format!("read {read}")));
        };
        let file = refused.file.as_deref().unwrap_or(&in_force.file);
        let first = refused.why.lines().next().unwrap_or_default();
        let says = format!("{file} is refused: {first}; the one read {read} stays in force");
        Some(
            Line::new(Mark::Broken, Subject::Config, "", says)
                .fix("masthead check   shows every error at its place"),
        )
    }

    pub(super) fn place_lines(&self, figures: &mut Figures) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        figures.store_bytes = self.store.size_on_disk()?;
        figures.free_bytes = self.store.free_on_disk()?;
        figures.rejected_items = self.store.rejected_count()?;
        let damaged = self.store.damaged();
        figures.damaged_records = damaged.len() as u64;
        if let Some(first) = damaged.first() {
            let says = format!(
                "{} cannot be read and are left out, the first in {}; the log names them",
                count(figures.damaged_records, "record", "records"),
                first.tree
            );
            lines.push(
                Line::new(Mark::Warning, Subject::Store, "damaged", says)
                    .fix("docs/operating.md, “A damaged store”"),
            );
        }
        let measures = Measures::noted(self.store)?;
        lines.push(disk_line(figures.store_bytes, figures.free_bytes, self.config.keep.disk, &measures));
        lines.extend(self.backup_line(figures));
        Ok(lines)
    }

    fn backup_line(&self, figures: &mut Figures) -> Option<Line> {
        let newest = backup::newest(self.config, Of::Store(&self.store.id()), self.now);
        let newest = newest.filter(|newest| newest.made_at <= self.now);
        figures.last_backup = newest.as_ref().map(|newest| newest.made_at);
        let first = self.targets.iter().map(|record| record.added_at).min();
        let since = figures.last_backup.or(first);
        let is_late = since.is_some_and(|since| self.now - since > BACKUP_WITHIN);
        let says = match &newest {
            Some(newest) => {
                format!("{}, {}, read back whole", when(newest.made_at, self.now), in_words(newest.bytes))
            }
            None if is_late => "none; a lost disk takes everything that was seen with it".to_owned(),
            None => "none yet".to_owned(),
        };
        let line = |mark, says| Line::new(mark, Subject::Backup, "", says);
        Some(match (self.doubt, &self.memory.no_backup) {
            (Some(doubt), _) => {
                let there = doubt.newest.as_ref().map(|there| {
                    format!(
                        "; its newest backup: {}, {}",
                        when(there.made_at, self.now),
                        in_words(there.bytes)
                    )
                });
                let says = format!("none is made by itself: {doubt}{}", there.unwrap_or_default());
                line(Mark::Warning, says).fix(doubt.ways_out())
            }
            (None, Some(failed)) => {
                let mark = if is_late { Mark::Broken } else { Mark::Warning };
                let says = format!(
                    "none could be made {}: {}; before that: {says}",
                    when(failed.at, self.now),
                    failed.why
                );
                line(mark, says).fix(&failed.fix)
            }
            // Nothing was read yet, so there is nothing to copy.
            (None, None) if since.is_none() => return None,
            (None, None) if is_late => line(Mark::Warning, says)
                .fix("masthead backup; daily: systemctl enable --now masthead-backup.timer"),
            (None, None) => line(Mark::Ok, says),
        })
    }
}

/// How much of what it may take the store has, and what is full first: that, or the disk.
fn disk_line(used: u64, free: u64, limit: u64, measures: &Measures) -> Line {
    let of = in_words(limit).replace(".0 ", " ");
    let unit = of.rsplit(' ').next().unwrap_or_default();
    let used_in_words = in_words(used);
    // 1.9 of 4 GB, but 21 MB of 4 GB.
    let used_in_words = used_in_words.strip_suffix(&format!(" {unit}")).unwrap_or(&used_in_words);
    let left = limit.saturating_sub(used);
    let days = |days: u64| format!("in about {days} {}", if days == 1 { "day" } else { "days" });
    let soon = measures.days_until_full(left.min(free)).filter(|days| *days <= FORESEEN);
    let outlook = match soon {
        _ if used > limit => ", full: the oldest posts that nobody needs are forgotten".to_owned(),
        Some(soon) if free < left => format!(", the disk is full {}", days(soon)),
        Some(soon) => format!(", full {} (then oldest posts go)", days(soon)),
        None => String::new(),
    };
    let says = format!("{used_in_words} of {of}{outlook}; {} free", in_words(free));
    let line = |mark, says| Line::new(mark, Subject::Disk, "", says);
    match () {
        () if free < COLLECT_ABOVE => {
            let says = format!("{says}: nothing is collected until there is more; digests go on");
            line(Mark::Broken, says).fix("make room, or masthead rescue, or masthead compact")
        }
        () if used > limit => line(Mark::Warning, says)
            .fix("masthead compact, with the service stopped, gives the room back; or a larger [keep] disk"),
        () if free < LITTLE_SPACE => line(Mark::Warning, says).fix("masthead compact, or make room"),
        () => line(Mark::Ok, says),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    const GB: u64 = 1 << 30;

    /// A week in which the store grew by so much a day.
    fn grown(bytes_a_day: u64) -> Measures {
        let now: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
        let sizes: Vec<_> = (0u32..7)
            .map(|day| (now + Duration::days(day.into()), GB + u64::from(day) * bytes_a_day))
            .collect();
        serde_json::from_value(serde_json::json!({"sizes": sizes, "given_up": 0})).unwrap()
    }

    fn says(used: u64, free: u64, measures: &Measures) -> String {
        let line = disk_line(used, free, 4 * GB, measures);
        format!("{} {}", line.mark.sign(), line.says)
    }

    #[test]
    fn the_disk_line_says_what_is_full_first_and_when() {
        let none = Measures::default();
        assert_eq!(says(21 << 20, 31 * GB, &none), "ok 21 MB of 4 GB; 31 GB free");
        let grows = grown(31 << 20);
        let used = GB * 19 / 10;
        assert_eq!(
            says(used, 31 * GB, &grows),
            "ok 1.9 of 4 GB, full in about 69 days (then oldest posts go); 31 GB free"
        );
        assert_eq!(
            says(used, 3 * GB / 2, &grows),
            "ok 1.9 of 4 GB, the disk is full in about 49 days; 1.5 GB free"
        );
        // In years nobody can tell.
        assert_eq!(says(used, 31 * GB, &grown(1 << 19)), "ok 1.9 of 4 GB; 31 GB free");
        assert_eq!(
            says(5 * GB, 31 * GB, &grows),
            "! 5.0 of 4 GB, full: the oldest posts that nobody needs are forgotten; 31 GB free"
        );
        assert_eq!(
            says(used, 100 << 20, &none),
            "!! 1.9 of 4 GB; 100 MB free: nothing is collected until there is more; digests go on"
        );
    }
}
