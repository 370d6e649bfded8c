//! Edits: puts corrections in the place of the posts that they correct, until the server has them.

use chrono::{DateTime, Duration, Utc};

use super::strangers::at_home;
use super::{AFTER_TROUBLE, HALT_FILE, follow};
use crate::cycle::Newsroom;
use crate::cycle::press::Press;
use crate::cycle::speaker::{Claimant, author};
use crate::ledger::Text;
use crate::model::digest::DigestNumber;
use crate::model::record::{Entry, Record};
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
    let at_home = match at_home(room, press).await {
        Ok(at_home) => at_home,
        Err(trouble) => {
            tracing::warn!(%trouble, open, "posts are to be corrected, and the home server could not be asked");
            return Ok(Edits { open, again: Some(now + AFTER_TROUBLE) });
        }
    };
    let mut edits = Edits::default();
    for editing in editing {
        if is_of_another(press.entries(), &editing, &at_home.seen.who) {
            // Health tells it until somebody has seen to it.
            edits.open += 1;
            continue;
        }
        let outcome = edit(press, &at_home.outbox, &editing, room.config.clock.now()).await?;
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

/// A post that is to be corrected and is not the account's that posts now: no server lets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    pub digest: DigestNumber,
    pub part: u32,
    pub url: String,
    pub author: String,
}

/// The corrections that no request of ours can make.
pub fn out_of_reach(entries: &[Entry], who: &Claimant) -> Vec<Stranded> {
    let strange = to_edit(entries).into_iter().filter(|editing| is_of_another(entries, editing, who));
    let told = strange.filter_map(|editing| {
        let url = entries.iter().rev().find_map(|entry| match &entry.record {
            Record::Posted { id, uri, url, .. } if *id == editing.id => {
                Some(url.clone().unwrap_or_else(|| uri.clone()))
            }
            _ => None,
        })?;
        let author = author(entries, &editing.id)?.to_string();
        Some(Stranded { digest: editing.digest, part: editing.part, url, author })
    });
    told.collect()
}

fn is_of_another(entries: &[Entry], editing: &Editing, who: &Claimant) -> bool {
    author(entries, &editing.id).is_some_and(|author| !author.is(who))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::speaker::posts_as;
    use crate::publish::home::OwnAccount;

    fn claimant(username: &str) -> Claimant {
        let own = OwnAccount {
            id: username.to_owned(),
            username: username.to_owned(),
            url: String::new(),
            is_bot: true,
            note: String::new(),
            fields: Vec::new(),
        };
        Claimant::new(&"social.example".to_owned().try_into().unwrap(), None, own)
    }

    #[test]
    fn a_wrong_post_of_an_account_that_spoke_before_is_told_and_never_taken_for_corrected() {
        let [bot, other] = ["masthead", "iria"].map(claimant);
        let digest = DigestNumber(9);
        let url = "https://social.example/@masthead/7";
        let records = [
            posts_as(&bot),
            Record::Posted { digest, rev: 1, part: 1, id: "7".into(), uri: url.into(), url: None },
            posts_as(&other),
            Record::Corrected { digest, part: 1, rev: 2, seal: "s".into(), by: vec![] },
        ];
        let entry = |record| Entry { seq: 0, at: DateTime::UNIX_EPOCH, record, hash: String::new() };
        let entries = records.map(entry);
        let author = "masthead@social.example".to_owned();
        let stranded = Stranded { digest, part: 1, url: url.to_owned(), author };
        assert_eq!(out_of_reach(&entries, &other), [stranded]);
        assert_eq!(out_of_reach(&entries, &bot), []);
    }
}
