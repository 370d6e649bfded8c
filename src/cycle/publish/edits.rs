//! Edits: puts corrections in the place of the posts that they correct, until the server has them.

use chrono::{DateTime, Duration, Utc};

use super::strangers::at_home;
use super::{AFTER_TROUBLE, HALT_FILE, follow};
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::ledger::Text;
use crate::model::record::Record;
use crate::publish::outbox::{Edit, Outbox, OutboxError};
use crate::publish::thread::{Editing, to_edit};

/// Where a server refuses a correction for a reason of its own, a person has to see to it.
const AFTER_REFUSAL: Duration = Duration::hours(1);

/// What came of looking at corrections that the server does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Edits {
    /// Corrections that the server still lacks.
    pub open: usize,
    /// When to try these again.
    pub again: Option<DateTime<Utc>>,
}

/// Makes every edit that the ledger has as corrected and not as edited. What does not work is tried again.
///
/// A halt by command or by rule does not stop them, since they only take back; the halt file does.
pub(super) async fn make(room: &Newsroom, press: &mut Press, now: DateTime<Utc>) -> anyhow::Result<Edits> {
    let editing = to_edit(press.entries());
    let open = editing.len();
    let is_off = room.config.publish.is_none() || room.config.state_dir.join(HALT_FILE).exists();
    if editing.is_empty() || is_off || press.safe_mode().is_some() {
        return Ok(Edits { open, again: None });
    }
    let outbox = match at_home(room, press).await {
        Ok(at_home) => at_home.outbox,
        Err(trouble) => {
            tracing::warn!(%trouble, open, "posts are to be corrected, and the home server could not be asked");
            return Ok(Edits { open, again: Some(now + AFTER_TROUBLE) });
        }
    };
    let mut edits = Edits::default();
    for editing in editing {
        let outcome = edit(press, &outbox, &editing, room.config.clock.now()).await?;
        room.vitals.stepped();
        match outcome {
            Outcome::Made => {}
            Outcome::Later(wait) => {
                let again = now + wait;
                edits.open += 1;
                edits.again = Some(edits.again.map_or(again, |known| known.min(again)));
            }
        }
    }
    follow(room, press, None).await?;
    Ok(edits)
}

enum Outcome {
    Made,
    Later(Duration),
}

async fn edit(
    press: &mut Press,
    outbox: &Outbox,
    editing: &Editing,
    now: DateTime<Utc>,
) -> anyhow::Result<Outcome> {
    let Editing { digest, part, rev, seal, id } = editing;
    let Some(text) = correction(press, editing) else {
        tracing::error!(
            digest = digest.0,
            part,
            seal,
            "the text of a correction is lost: the post is taken down"
        );
        return take_down(press, outbox, editing, now).await;
    };
    let edited = Record::Edited { digest: *digest, part: *part, rev: *rev };
    match outbox.edit(id, &text.part).await {
        Ok(Edit::Done { mentions: mentions @ 1.. }) => {
            let why = format!("the correction of digest {digest} part {part} mentions {mentions} accounts");
            press.append(now, Record::Halted { why })?;
            take_down(press, outbox, editing, now).await
        }
        Ok(Edit::Done { .. } | Edit::Gone) => {
            tracing::info!(digest = digest.0, part, "corrected a post");
            press.append(now, edited)?;
            Ok(Outcome::Made)
        }
        Ok(Edit::Impossible) => {
            tracing::warn!(
                digest = digest.0,
                part,
                "the server edits no posts: one that was wrong is taken down"
            );
            take_down(press, outbox, editing, now).await
        }
        Err(error) => Ok(later(&error)),
    }
}

/// The bytes that the ledger has the seal of.
fn correction(press: &Press, editing: &Editing) -> Option<Text> {
    let text = press.text(editing.digest, editing.rev, editing.part).ok().flatten()?;
    (text.seal() == editing.seal).then_some(text)
}

/// What must not stand any longer and cannot be edited goes; the page has the correction.
async fn take_down(
    press: &mut Press,
    outbox: &Outbox,
    editing: &Editing,
    now: DateTime<Utc>,
) -> anyhow::Result<Outcome> {
    if let Err(error) = outbox.delete(&editing.id).await {
        return Ok(later(&error));
    }
    let Editing { digest, part, rev, .. } = *editing;
    press.append(now, Record::Edited { digest, part, rev })?;
    Ok(Outcome::Made)
}

fn later(error: &OutboxError) -> Outcome {
    let is_refused = matches!(error, OutboxError::Status { status: 400 | 403 | 413 | 422, .. });
    tracing::warn!(%error, "a post is to be corrected and is not yet");
    Outcome::Later(if is_refused { AFTER_REFUSAL } else { AFTER_TROUBLE })
}
