//! The stream in health: whether new accounts on Bluesky can be found, how far behind we are, and what it costs.

use chrono::{DateTime, Duration, Utc};

use super::{BLIND_AFTER, CUT_OFF_AFTER, Seen, span, when};
use crate::cycle::listen::Position;
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::sources::jetstream::{HOST, LOOKBACK};
use crate::store::StoreError;

/// What is no further behind than this is live.
const LIVE: Duration = Duration::minutes(2);
/// A stretch that was not seen is shown for so long.
const HOLE_SHOWN: Duration = Duration::days(1);

impl Seen<'_> {
    pub(super) fn stream_lines(&self, figures: &mut Figures) -> Result<Vec<Line>, StoreError> {
        let bluesky = &self.config.bluesky;
        let line = |mark, says: String| Line::new(mark, Subject::Server, HOST.to_string(), says);
        if !bluesky.jetstream {
            let says =
                "not listened to, so no new account on Bluesky is found: [sources.bluesky] jetstream = false";
            return Ok(bluesky.enabled.then(|| line(Mark::Off, says.to_owned())).into_iter().collect());
        }
        let stream = &self.memory.stream;
        let position = match &stream.position {
            Some(position) => position.clone(),
            None => Position::read(self.store, self.now)?,
        };
        figures.stream_events = stream.events;
        figures.stream_bytes = stream.bytes;
        figures.stream_lag_secs = position.cursor.map(|at| (self.now - at).num_seconds().max(0));
        let heard =
            position.cursor.map(|at| format!("; taken until {}", when(at, self.now))).unwrap_or_default();
        let first = match (&stream.broken, stream.open_since) {
            (Some((since, why)), _) => {
                let mark = match self.now - *since {
                    down if down >= BLIND_AFTER => Mark::Broken,
                    down if down >= CUT_OFF_AFTER => Mark::Warning,
                    _ => Mark::Ok,
                };
                let says = format!("the stream is not open since {}: {why}{heard}", when(*since, self.now));
                let fix = format!(
                    "nothing is lost while it comes back within {} h; does the host answer from this machine?",
                    LOOKBACK.num_hours()
                );
                let told = line(mark, says);
                if mark == Mark::Ok { told } else { told.fix(fix) }
            }
            (None, Some(since)) => self.open(since, &position, stream.heard_at),
            (None, None) if self.memory.up_since.is_some() => {
                line(Mark::Unknown, format!("the stream is not open yet{heard}"))
            }
            (None, None) => line(
                Mark::Ok,
                format!("the stream is taken while the service runs{heard}{}", cost(&position)),
            ),
        };
        let newest = position.holes.last().filter(|hole| self.now - hole.noticed_at < HOLE_SHOWN);
        let gap = newest.map(|hole| {
            let (from, until) = (when(hole.from, self.now), when(hole.until, self.now));
            let says = format!("nobody saw what was posted from {from} to {until}: the stream does not have it any more");
            let name = format!("{} gap", *HOST);
            Line::new(Mark::Warning, Subject::Server, name, says)
                .fix("known accounts are read all the same; accounts that were new then are found when they post again")
        });
        Ok(std::iter::once(first).chain(gap).collect())
    }

    fn open(&self, since: DateTime<Utc>, position: &Position, heard_at: Option<DateTime<Utc>>) -> Line {
        let line = |mark, says: String| Line::new(mark, Subject::Server, HOST.to_string(), says);
        let since = when(since, self.now);
        let silent = self.now - heard_at.unwrap_or(self.now);
        match position.cursor {
            None => line(Mark::Unknown, format!("the stream is open since {since}; nothing came yet")),
            Some(at) if silent >= CUT_OFF_AFTER => {
                let says = format!(
                    "the stream is open since {since}, and nothing comes; last at {}",
                    when(at, self.now)
                );
                line(Mark::Warning, says)
                    .fix("does another program on this machine reach it? a restart opens it anew")
            }
            Some(at) => {
                let lag = self.now - at;
                let says = match lag <= LIVE {
                    true => format!("{} s behind", lag.num_seconds().max(0)),
                    false => format!("{} behind, catching up", span(lag)),
                };
                line(Mark::Ok, format!("every new post of Bluesky, since {since}; {says}{}", cost(position)))
            }
        }
    }
}

/// How much comes, as far as it was measured.
fn cost(position: &Position) -> String {
    let (Some(bytes), Some(events)) = (position.bytes_a_day(), position.events_a_second()) else {
        return "; what it costs is measured over its first 10 minutes".to_owned();
    };
    format!("; {events:.1} events a second, {:.1} GB a day", bytes as f64 / 1e9)
}
