//! Paging: which statuses of a list were asked for, and the links to the pages around them.

use super::habits::SinceId;
use super::ids::{IdKind, LocalId};
use super::posts::day_of;
use super::reading::value;
use super::wire::View;

/// What statuses are shown unless asked otherwise, and at most.
const PAGE: (usize, usize) = (20, 40);

/// Which statuses of a list were asked for.
#[derive(Debug)]
pub struct Page {
    limit: usize,
    below: Option<LocalId>,
    above: Above,
}

/// Where a page ends at its lower side.
#[derive(Debug)]
enum Above {
    Nothing,
    /// `since_id`: the newest ones above it.
    Newest(LocalId),
    /// `min_id`: the ones directly above it.
    Next(LocalId),
}

/// What lies on a page, newest first.
type Found<T> = Vec<(LocalId, T)>;

impl Page {
    pub fn of(view: &View, query: &[(String, String)]) -> Page {
        let id = |name| value(query, name).and_then(|id| view.server.habits.ids.read(id));
        let since = id("since_id").filter(|_| view.server.habits.since_id == SinceId::Honoured);
        let above = match (id("min_id"), since) {
            (Some(min), _) => Above::Next(min),
            (None, Some(since)) => Above::Newest(since),
            (None, None) => Above::Nothing,
        };
        let limit = value(query, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE.0);
        Page { limit: limit.clamp(1, PAGE.1), below: id("max_id"), above }
    }

    /// The page out of a list that comes by days from `first` to `last`, each newest first. Days that cannot
    /// hold anything of it are not asked for.
    pub fn of_days<T>(
        &self,
        kind: IdKind,
        (first, last): (i64, i64),
        mut of_day: impl FnMut(i64) -> Found<T>,
    ) -> Found<T> {
        let day = |id: &LocalId| kind.made_at(*id).map(day_of);
        let last = self.below.as_ref().and_then(day).map_or(last, |day| day.min(last));
        let above = match &self.above {
            Above::Nothing => None,
            Above::Newest(id) | Above::Next(id) => Some(id),
        };
        let first = above.and_then(day).map_or(first, |day| day.max(first));
        let is_asked =
            |id: LocalId| self.below.is_none_or(|below| id < below) && above.is_none_or(|above| id > *above);
        let mut found = Vec::new();
        if let Above::Next(_) = self.above {
            for day in first..=last {
                found.extend(of_day(day).into_iter().rev().filter(|(id, _)| is_asked(*id)));
                if found.len() >= self.limit {
                    break;
                }
            }
            found.truncate(self.limit);
            found.reverse();
            return found;
        }
        for day in (first..=last).rev() {
            found.extend(of_day(day).into_iter().filter(|(id, _)| is_asked(*id)));
            if found.len() >= self.limit {
                break;
            }
        }
        found.truncate(self.limit);
        found
    }

    /// The `Link` header for a page that was found under this path; `None` for an empty one.
    pub fn link(&self, view: &View, path: &str, found: &[LocalId]) -> Option<String> {
        let (newest, oldest) = (*found.first()?, *found.last()?);
        let ids = view.server.habits.ids;
        let glue = if path.contains('?') { '&' } else { '?' };
        let base = format!("https://{}{path}{glue}limit={}", view.server.host, self.limit);
        let link = |name, id, rel| format!(r#"<{base}&{name}={}>; rel="{rel}""#, ids.text(id));
        let previous = link("min_id", newest, "prev");
        if found.len() < self.limit {
            return Some(previous);
        }
        Some(format!("{}, {previous}", link("max_id", oldest, "next")))
    }
}
