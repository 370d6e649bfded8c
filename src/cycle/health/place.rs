//! The place where the service lives, in health: clock, configuration, disk, backups, and what cannot be read any more.

use chrono::Duration;

use super::{Seen, count, span, when};
use crate::cycle::backup;
use crate::cycle::reload::InForce;
use crate::cycle::space::{COLLECT_ABOVE, in_words};
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::store::StoreError;

/// Servers and we may differ so much without anybody noticing.
const CLOCK_OFF: Duration = Duration::minutes(2);
/// From here on dates in posts would be wrong, so none is made.
pub const CLOCK_WRONG: Duration = Duration::hours(1);
/// One daily backup may fail; after two somebody should know.
const BACKUP_WITHIN: Duration = Duration::days(2);
/// Below so many bytes a volunteer wants to hear of it.
const LITTLE_SPACE: u64 = 1 << 30;

/// By how much this machine's clock is off, in words; what is ahead by less than nothing is behind.
pub fn clock_off(ahead: Duration) -> String {
    let side = if ahead > Duration::zero() { "ahead of" } else { "behind" };
    format!("this machine's clock is {} {side} those of most servers", span(ahead.abs()))
}

impl Seen<'_> {
    pub(super) fn clock(&self, ahead: Option<Duration>, figures: &mut Figures) -> Vec<Line> {
        figures.clock_ahead_secs = ahead.map(|ahead| ahead.num_seconds());
        let Some(ahead) = ahead.filter(|ahead| ahead.abs() >= CLOCK_OFF) else { return Vec::new() };
        let says = clock_off(ahead);
        let (mark, says) = match ahead.abs() >= CLOCK_WRONG {
            true => (Mark::Broken, format!("{says}; no digest is made until it is right")),
            false => (Mark::Warning, says),
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
        let says = format!("{} used, {} free", in_words(figures.store_bytes), in_words(figures.free_bytes));
        lines.push(match figures.free_bytes {
            ..COLLECT_ABOVE => {
                let says = format!("{says}: nothing is collected until there is more; digests go on");
                Line::new(Mark::Broken, Subject::Disk, "", says)
                    .fix("make room, or masthead rescue, or masthead compact")
            }
            COLLECT_ABOVE..LITTLE_SPACE => {
                Line::new(Mark::Warning, Subject::Disk, "", says).fix("masthead compact, or make room")
            }
            _ => Line::new(Mark::Ok, Subject::Disk, "", says),
        });
        lines.extend(self.backup_line(figures));
        Ok(lines)
    }

    fn backup_line(&self, figures: &mut Figures) -> Option<Line> {
        let newest = backup::newest(self.config);
        figures.last_backup = newest.as_ref().map(|newest| newest.made_at);
        let first = self.targets.iter().map(|record| record.added_at).min()?;
        let is_late = self.now - figures.last_backup.unwrap_or(first) > BACKUP_WITHIN;
        let says = match &newest {
            Some(newest) => {
                format!("{}, {}, read back whole", when(newest.made_at, self.now), in_words(newest.bytes))
            }
            None if is_late => "none; a lost disk takes everything that was seen with it".to_owned(),
            None => "none yet".to_owned(),
        };
        let line = Line::new(if is_late { Mark::Warning } else { Mark::Ok }, Subject::Backup, "", says);
        Some(if is_late {
            line.fix("masthead backup; daily: systemctl enable --now masthead-backup.timer")
        } else {
            line
        })
    }
}
