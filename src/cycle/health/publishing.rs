//! Publishing in health: whether digests go out, what stops them, and what the last one became.

use super::{Seen, count, when};
use crate::config::Config;
use crate::cycle::press::Press;
use crate::cycle::publish::{HALT_FILE, Stranded, out_of_reach};
use crate::cycle::schedule;
use crate::cycle::speaker::{self, Objection};
use crate::cycle::vitals::Memory;
use crate::model::digest::{DigestRecord, DigestState, PartState};
use crate::model::health::{Figures, Line, Mark, Subject};
use crate::model::record::Record;
use crate::store::StoreError;

/// What the press says, taken while it was held.
#[derive(Debug, Clone)]
pub(super) struct OfPress {
    safe_mode: Option<String>,
    halted: Option<String>,
    namings_stopped: Option<String>,
    /// Why the account whose token we hold may not post.
    objection: Option<Objection>,
    /// Corrections that the server cannot take from us: the posts are of an account that spoke before.
    out_of_reach: Vec<Stranded>,
    records: u64,
    /// Configured reviewers who have a key.
    pub keys: usize,
}

pub(super) fn of_press(press: &Press, config: &Config, memory: &Memory) -> OfPress {
    let entries = press.entries();
    let home = memory.home.as_ref().and_then(|home| home.as_ref().ok());
    let who = home.map(|home| &home.who).filter(|_| config.publish.is_some());
    let has_key = |name: &&String| {
        press
            .entries()
            .iter()
            .any(|entry| matches!(&entry.record, Record::Reviewer { name: known, .. } if known == *name))
    };
    OfPress {
        safe_mode: press.safe_mode().map(str::to_owned),
        halted: press.halted().map(str::to_owned),
        namings_stopped: press.namings_stopped().map(str::to_owned),
        objection: who.and_then(|who| speaker::objection(config, entries, who)),
        out_of_reach: who.map_or_else(Vec::new, |who| out_of_reach(entries, who)),
        records: press.entries().len() as u64,
        keys: config.review.reviewers.iter().filter(has_key).count(),
    }
}

impl Seen<'_> {
    pub(super) fn publishing_lines(
        &self,
        digests: &[DigestRecord],
        press: OfPress,
        figures: &mut Figures,
    ) -> Result<Vec<Line>, StoreError> {
        figures.ledger_records = press.records;
        figures.is_in_safe_mode = press.safe_mode.is_some();
        let mut lines = self.stops(&press, figures);
        let who = self.memory.home.as_ref().and_then(|home| home.as_ref().ok()).map(|home| &home.who);
        let judged = who.map_or(Ok(None), |who| speaker::judged(self.store, who))?;
        lines.extend(self.token(press.objection.or(judged)));
        lines.extend(press.out_of_reach.iter().map(stranded));
        lines.extend(digests.iter().flat_map(held));
        if let Some(why) = &self.memory.no_digest {
            let says = format!("one is due and cannot be made: {why}");
            lines.push(Line::new(Mark::Warning, Subject::Digest, "due", says));
        }
        lines.push(self.digest(digests.last(), figures));
        let records = count(press.records, "record", "records");
        lines.push(Line::new(
            Mark::Ok,
            Subject::Ledger,
            "",
            format!("{records}, chain whole when it was opened"),
        ));
        Ok(lines)
    }

    /// What keeps everything, or some of it, from being posted.
    fn stops(&self, press: &OfPress, figures: &mut Figures) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(why) = &press.safe_mode {
            let says = format!("nothing is posted: {why}");
            lines.push(Line::new(Mark::Broken, Subject::Ledger, "safe mode", says).fix("masthead reconcile"));
        }
        let is_switched_off = self.config.state_dir.join(HALT_FILE).exists();
        if let Some(why) = &press.halted {
            let says = format!("nothing is posted: {why}");
            lines.push(
                Line::new(Mark::Broken, Subject::Digest, "halted", says).fix("masthead resume --as NAME"),
            );
        }
        if is_switched_off {
            let path = self.config.state_dir.join(HALT_FILE);
            let says = format!("nothing is posted: there is a file {HALT_FILE}");
            lines.push(
                Line::new(Mark::Broken, Subject::Digest, "switched off", says)
                    .fix(format!("rm {}", path.display())),
            );
        }
        figures.is_halted = press.halted.is_some() || is_switched_off;
        if let Some(why) = &press.namings_stopped {
            let says = format!("no account is accused until a person lifts it: {why}");
            lines.push(
                Line::new(Mark::Warning, Subject::Digest, "namings", says)
                    .fix("masthead resume --namings --as NAME"),
            );
        }
        lines
    }

    /// The account that posts.
    fn token(&self, objection: Option<Objection>) -> Option<Line> {
        let Some(publish) = &self.config.publish else {
            let says = "posting is off: digests go to the page alone";
            let fix = match self.config.fediverse.token_file.exists() {
                true => "[publish.fediverse] enabled = true",
                false => "masthead login fediverse",
            };
            return Some(Line::new(Mark::Off, Subject::Token, "", says).fix(fix));
        };
        let name = publish.server.to_string();
        if let Some(Objection { why, fix }) = objection {
            return Some(Line::new(Mark::Broken, Subject::Token, name, why).fix(fix));
        }
        let Some(home) = &self.memory.home else {
            return Some(Line::new(Mark::Unknown, Subject::Token, name, "not asked yet what it is worth"));
        };
        let line = match home {
            Ok(home) if !home.is_bot => {
                let says = format!(
                    "logged in as {}, which is not marked as a bot; the fediverse expects that",
                    home.who.username
                );
                Line::new(Mark::Warning, Subject::Token, name, says)
                    .fix("its profile on the server: “this is an automated account”")
            }
            Ok(home) => {
                let says = format!(
                    "logged in as {}; may post; {} characters; {}",
                    home.who.username, home.max_characters, home.version
                );
                Line::new(Mark::Ok, Subject::Token, name, says)
            }
            Err(trouble) => {
                let says = format!("cannot post: {}", trouble.why);
                let fix = match trouble.is_denial {
                    true => "if it was revoked: masthead login fediverse",
                    false => "it is asked again and again; what is due waits and is posted as one",
                };
                Line::new(Mark::Broken, Subject::Token, name, says).fix(fix)
            }
        };
        Some(line)
    }

    fn digest(&self, last: Option<&DigestRecord>, figures: &mut Figures) -> Line {
        let wanted = &self.config.schedule;
        figures.next_digest = schedule::next_after(&wanted.digest, wanted.timezone, self.now);
        figures.last_digest = last.map(|record| record.frozen_at);
        let next = match figures.next_digest {
            Some(next) => {
                format!("next {}", next.with_timezone(&wanted.timezone).format("%a %-d %b %H:%M %Z"))
            }
            None => "no next one".to_owned(),
        };
        let Some(record) = last else {
            return Line::new(Mark::Ok, Subject::Digest, "", format!("none yet; {next}"));
        };
        let posted =
            record.parts.iter().filter(|part| matches!(part, PartState::Posted { .. })).count() as u64;
        let became = match record.state {
            DigestState::Posting => {
                format!("{posted} of {} posted so far", count(record.parts.len() as u64, "post", "posts"))
            }
            _ if posted == 0 => "on its page only".to_owned(),
            _ => format!("{}, all read back", count(posted, "post", "posts")),
        };
        let at = when(record.frozen_at, self.now);
        Line::new(
            Mark::Ok,
            Subject::Digest,
            "",
            format!("last: {} of {at}, {became}; {next}", record.digest.number),
        )
    }
}

/// A wrong post that only its author can correct.
fn stranded(stranded: &Stranded) -> Line {
    let Stranded { digest, part, url, author } = stranded;
    let says = format!(
        "post {part} of digest {digest} is withdrawn and stands uncorrected: it is {author}'s, {url}; the pages say \
         that it was wrong"
    );
    Line::new(Mark::Warning, Subject::Digest, format!("{digest}/{part}"), says).fix(format!(
        "delete it as {author}, or log in as {author} again: masthead login fediverse --replace"
    ))
}

/// Posts that need a person.
fn held(record: &DigestRecord) -> Vec<Line> {
    let number = record.digest.number;
    let held = record.digest.parts.iter().zip(&record.parts).filter_map(|(part, state)| match state {
        PartState::Held { why } => Some((part.index, why)),
        _ => None,
    });
    held.map(|(part, why)| {
        let says = format!("post {part} of digest {number} is held: {why}");
        Line::new(Mark::Broken, Subject::Digest, format!("{number}/{part}"), says)
            .fix("look at the account's posts, then masthead digest")
    })
    .collect()
}
