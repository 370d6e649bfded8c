//! Digests as a reader sees them: read back from the home server by somebody who is not logged in.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::Value;

use crate::analysis::{measure, names};
use crate::cycle::Newsroom;
use crate::model::account::Acct;
use crate::model::digest::{DigestNumber, DigestRecord, PartState};
use crate::net::BodyKind;
use crate::publish::home;
use crate::publish::receipt::{self, OwnStatus};

/// Statuses that a server gives in one page.
const PAGE: usize = 40;

/// A digest on the home server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub number: DigestNumber,
    /// When its first post was made, by the clock on the bot's wall.
    pub at: DateTime<Tz>,
    /// In the order in which they answer each other.
    pub posts: Vec<Post>,
    /// Characters that the server lets a post have.
    pub limit: u32,
}

/// One post, without its markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub text: String,
    /// As the server counts.
    pub length: usize,
}

/// Whether a text shows an address, as the bot writes addresses.
pub fn shows(text: &str, acct: &str) -> bool {
    let Ok(acct) = acct.parse::<Acct>() else { return false };
    let shown = names::handle(&acct, acct.network());
    let is_inside = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    text.match_indices(&shown).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + shown.len()..]);
        let (last, first) = (before.chars().next_back(), after.chars().next());
        // A full stop behind an address ends a sentence, unless a letter follows.
        let ends = !first.is_some_and(is_inside)
            || after.starts_with('.') && !after[1..].starts_with(|next: char| next.is_alphanumeric());
        !last.is_some_and(is_inside) && ends
    })
}

/// The threads of these digests.
///
/// # Errors
/// A post that should stand there and does not, or a server that does not answer.
pub async fn read(room: &Newsroom, bot: &Acct, digests: &[DigestRecord]) -> anyhow::Result<Vec<Thread>> {
    let server = bot.host();
    let limits =
        home::instance(&room.net, server).await.context("ask the home server for its limits")?.limits;
    let standing = statuses(room, bot).await.with_context(|| format!("read the posts of {bot}"))?;
    let standing: BTreeMap<&str, &OwnStatus> =
        standing.iter().map(|status| (status.id.as_str(), status)).collect();
    let thread = |record: &DigestRecord| {
        let number = record.digest.number;
        let mut posts = Vec::new();
        let mut at = record.frozen_at;
        let mut parent: Option<&OwnStatus> = None;
        for (part, state) in record.digest.parts.iter().zip(&record.parts) {
            let PartState::Posted { id, .. } = state else { continue };
            let status = standing.get(id.as_str()).copied();
            let status =
                status.with_context(|| format!("post {} of digest {number} is not there", part.index))?;
            if parent.is_none() {
                at = status.created_at.unwrap_or(at);
            } else if status.in_reply_to.is_none() {
                anyhow::bail!("post {} of digest {number} answers no other", part.index);
            }
            parent = Some(status);
            // The end of the last paragraph is no line of its own.
            let text = status.text.trim_end().to_owned();
            let length = measure::length(&text, &part.spoiler, limits);
            posts.push(Post { text, length });
        }
        let at = at.with_timezone(&room.config.schedule.timezone);
        Ok(Thread { number, at, posts, limit: limits.max_characters })
    };
    digests.iter().map(thread).collect()
}

/// Everything that an account has posted, newest first.
async fn statuses(room: &Newsroom, bot: &Acct) -> anyhow::Result<Vec<OwnStatus>> {
    let server = bot.host();
    let lookup = format!("https://{server}/api/v1/accounts/lookup?acct={}", bot.user());
    let account = room.net.get(&lookup, BodyKind::Json, None).await?;
    let account: Value = serde_json::from_slice(&account.body).context("read the account")?;
    let id = account["id"].as_str().context("the account has no id")?;
    let mut all: Vec<OwnStatus> = Vec::new();
    loop {
        let below = all.last().map(|status| format!("&max_id={}", status.id)).unwrap_or_default();
        let url = format!("https://{server}/api/v1/accounts/{id}/statuses?limit={PAGE}{below}");
        let page = receipt::parse_statuses(&room.net.get(&url, BodyKind::Json, None).await?.body)?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_shown_by_a_longer_one() {
        let acct = "ana@social.example";
        assert!(shows("new: ana@social.example.", acct));
        assert!(shows("(ana@social.example)", acct));
        for text in ["diana@social.example", "ana@social.example.org", "ana@social.examples", "ana"] {
            assert!(!shows(text, acct), "{text}");
        }
    }
}
