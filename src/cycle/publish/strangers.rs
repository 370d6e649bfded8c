//! Strangers: posts of ours from digests that nothing here knows, since the whole state is a copy or new.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::cycle::Newsroom;
use crate::cycle::backup::{self, Of};
use crate::cycle::home::{self, AtHome, HomeTrouble};
use crate::cycle::press::Press;
use crate::cycle::speaker::{self, Claimant};
use crate::ledger::Text;
use crate::model::digest::{DigestNumber, Part};
use crate::model::record::Record;
use crate::publish::receipt::OwnStatus;

/// Digests of ours count their revisions from 1; what is adopted was never approved by this ledger.
const ADOPTED: u32 = 0;

/// One such post and its place, as its address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stranger<'a> {
    digest: DigestNumber,
    part: u32,
    permalink: &'a str,
    status: &'a OwnStatus,
}

/// What the home server tells, asked once; refused for an account that may not speak. Where the server shows a
/// stranger, the press is in safe mode after that.
pub(super) async fn at_home(room: &Newsroom, press: &mut Press) -> Result<AtHome, HomeTrouble> {
    let at_home = home::at_home(room).await?;
    if let Some(objection) = speaker::objection(&room.config, press.entries(), &at_home.seen.who) {
        return Err(HomeTrouble::WrongAccount(objection));
    }
    let who = at_home.seen.who.clone();
    match room.store.run(move |store| speaker::judged(store, &who)).await {
        Ok(None) => {}
        Ok(Some(objection)) => return Err(HomeTrouble::WrongAccount(objection)),
        Err(error) => return Err(HomeTrouble::Unsure(error)),
    }
    let Ok(next) = press.next_number(&room.store) else { return Ok(at_home) };
    let Some(stranger) = find(&at_home.newest, &room.config, next).pop() else { return Ok(at_home) };
    let (digest, url) = (stranger.digest, address(stranger.status));
    let (config, id) = (room.config.clone(), room.store.id());
    // Where the whole state is new, another store's backup is what was lost; an older copy has the same id.
    let newest = room.store.run(move |_| {
        // By whatever clock it was made: a person looks at it.
        let newest = |of| backup::newest(&config, of, DateTime::<Utc>::MAX_UTC);
        newest(Of::AllBut(&id)).or_else(|| newest(Of::Store(&id)))
    });
    let way_out = newest.await.map(|newest| {
        format!(
            "; the newest backup: stop the service, then masthead restore --aside {}",
            newest.path.display()
        )
    });
    let why = format!(
        "{url} is our post of digest {digest}, which neither the ledger nor the store know: \
         the state directory is an older copy, or a new one{}",
        way_out.unwrap_or_default()
    );
    press.enter_safe_mode(why.clone());
    Err(HomeTrouble::Stranger(why))
}

/// Takes strangers into the ledger as posts of ours, so that their numbers are not used and their news not
/// told again. Returns their addresses.
pub(super) fn adopt(
    room: &Newsroom,
    press: &mut Press,
    own: &[OwnStatus],
    who: Option<&Claimant>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<String>> {
    let next = press.next_number(&room.store).context("read which digests are known")?;
    let strangers = find(own, &room.config, next);
    if let Some(who) = who.filter(|_| !strangers.is_empty() && speaker::speaker(press.entries()).is_none()) {
        press.append(now, speaker::posts_as(who))?;
    }
    for Stranger { digest, part, permalink, status } in &strangers {
        let text = Text { salt: String::new(), part: adopted(*part, permalink, status, &room.config) };
        press.keep_text(*digest, ADOPTED, &text).context("keep the text of a post")?;
        let OwnStatus { id, uri, url, .. } = (*status).clone();
        press.append(now, Record::Posted { digest: *digest, rev: ADOPTED, part: *part, id, uri, url })?;
    }
    let digests: BTreeSet<DigestNumber> = strangers.iter().map(|stranger| stranger.digest).collect();
    for digest in digests {
        press.append(now, Record::Closed { digest, rev: ADOPTED, complete: false })?;
    }
    Ok(strangers.into_iter().map(|stranger| address(stranger.status).to_owned()).collect())
}

/// The posts that link to digests from `next` on, which no record has.
fn find<'a>(own: &'a [OwnStatus], config: &Config, next: DigestNumber) -> Vec<Stranger<'a>> {
    let Some(site) = &config.web.public_url else { return Vec::new() };
    let pages = format!("{}/d/", site.as_str().trim_end_matches('/'));
    let place = |status: &'a OwnStatus| {
        let mut links = status.links.iter();
        let (permalink, path) = links.find_map(|link| Some((link, link.strip_prefix(&pages)?)))?;
        let mut numbers = path.split('/');
        let digest = DigestNumber(numbers.next()?.parse().ok()?);
        let part = numbers.next().map_or(Some(0), |part| part.parse().ok())?;
        (digest >= next).then_some(Stranger { digest, part, permalink, status })
    };
    own.iter().filter_map(place).collect()
}

fn address(status: &OwnStatus) -> &str {
    status.url.as_ref().unwrap_or(&status.uri)
}

fn adopted(index: u32, permalink: &str, status: &OwnStatus, config: &Config) -> Part {
    Part {
        index,
        text: status.text.clone(),
        permalink: permalink.to_owned(),
        language: String::new(),
        visibility: config.fediverse.visibility,
        spoiler: String::new(),
        findings: Vec::new(),
    }
}
