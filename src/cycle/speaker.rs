//! The speaker: whose account posted what the ledger has as said, and whether another one may post in its place.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Config;
use crate::model::account::{Acct, Host};
use crate::model::assessment::Relation;
use crate::model::record::{Entry, Record};
use crate::publish::home::OwnAccount;
use crate::store::{Store, StoreError, unless_damaged};

/// An account that would post for us: the one that a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimant {
    /// The server that answers for it.
    pub server: Host,
    /// The host in its address, where the server tells.
    domain: Option<Host>,
    /// Good on that server only.
    pub id: String,
    pub username: String,
    url: String,
}

impl Claimant {
    pub fn new(server: &Host, domain: Option<Host>, own: OwnAccount) -> Claimant {
        let OwnAccount { id, username, url, .. } = own;
        Claimant { server: server.clone(), domain, id, username, url }
    }

    /// The hosts under which it may be known.
    fn hosts(&self) -> impl Iterator<Item = Host> {
        let page = Url::parse(&self.url).ok().as_ref().and_then(Host::of);
        [Some(self.server.clone()), self.domain.clone(), page].into_iter().flatten()
    }
}

impl fmt::Display for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.username, self.server)
    }
}

/// The account that posted what was said, as far as the ledger tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    server: Host,
    /// `None` where only the address of a post tells, in ledgers from before the account was written down.
    id: Option<String>,
    username: Option<String>,
}

impl Speaker {
    /// Where nothing tells them apart they are taken for the same.
    pub fn is(&self, who: &Claimant) -> bool {
        match (&self.id, &self.username) {
            (Some(id), _) => self.server == who.server && *id == who.id,
            (None, name) => {
                who.hosts().any(|host| host == self.server)
                    && name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&who.username))
            }
        }
    }
}

impl Speaker {
    /// The same between two that the ledger tells of.
    fn is_same(&self, other: &Speaker) -> bool {
        let is_name =
            |name: &String| other.username.as_ref().is_none_or(|other| other.eq_ignore_ascii_case(name));
        self.server == other.server
            && match (&self.id, &other.id) {
                (Some(id), Some(other)) => id == other,
                _ => self.username.as_ref().is_none_or(is_name),
            }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.username {
            Some(username) => write!(f, "{username}@{}", self.server),
            None => write!(f, "an account on {}", self.server),
        }
    }
}

/// Whose word the next post has to be; `None` while nothing was said.
pub fn speaker(entries: &[Entry]) -> Option<Speaker> {
    let named = entries.iter().rev().find_map(|entry| named(&entry.record));
    named.or_else(|| entries.iter().rev().find_map(|entry| by_address(&entry.record)))
}

/// Whether the ledger has the account itself. An address of a post may name nobody, and then anybody on that server
/// would pass for the speaker.
pub fn is_written(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| named(&entry.record).is_some())
}

/// Who spoke until another account took over, after this place in the ledger.
pub fn lost_since(entries: &[Entry], place: usize) -> Option<Speaker> {
    (place..entries.len()).find_map(|at| {
        let next = named(&entries[at].record)?;
        speaker(&entries[..at]).filter(|before| !before.is_same(&next))
    })
}

/// Why this account may not post by what was judged of it: it is an outlet's.
///
/// # Errors
/// The store's.
pub fn judged(store: &Store, who: &Claimant) -> Result<Option<Objection>, StoreError> {
    for host in who.hosts() {
        let Ok(acct) = Acct::new(&who.username, host) else { continue };
        let Some(account) = unless_damaged(store.account_by_acct(&acct))? else { continue };
        let Some(mark) = unless_damaged(store.assessment_mark(&account.id))? else { continue };
        if matches!(mark.relation, Relation::Official | Relation::Attested) {
            let why = format!(
                "the token is of {acct}, which is an account of an outlet, see masthead explain {acct}"
            );
            let fix = "masthead login fediverse as the bot's own account".to_owned();
            return Ok(Some(Objection { why, fix }));
        }
    }
    Ok(None)
}

/// Whose a post of ours is, by its id on its server.
pub fn author(entries: &[Entry], post: &str) -> Option<Speaker> {
    let is_it = |entry: &Entry| matches!(&entry.record, Record::Posted { id, .. } if id == post);
    let at = entries.iter().rposition(is_it)?;
    let named = entries[..at].iter().rev().find_map(|entry| named(&entry.record));
    named.or_else(|| by_address(&entries[at].record))
}

/// How many posts stand in the ledger that are the speaker's.
pub fn said(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.record, Record::Posted { .. })).count()
}

/// Why an account may not post, and what a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub why: String,
    pub fix: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why, self.fix)
    }
}

/// Why this account may not post: it is an outlet's, or not the one that spoke so far.
pub fn objection(config: &Config, entries: &[Entry], who: &Claimant) -> Option<Objection> {
    if let Some(why) = listed(config, who) {
        let fix = "masthead login fediverse as the bot's own account".to_owned();
        return Some(Objection { why, fix });
    }
    let before = speaker(entries).filter(|before| !before.is(who))?;
    Some(Objection {
        why: format!(
            "the token is of {who}, and what was said so far was posted by {before}: nothing is posted under \
             another name"
        ),
        fix: format!(
            "masthead login fediverse as {before}, or with --replace as {who}, who speaks from then on"
        ),
    })
}

/// That an account belongs to an outlet that we watch: the bot must never speak as one of those.
pub fn listed(config: &Config, who: &Claimant) -> Option<String> {
    let is_it = |acct: Acct| {
        acct.user().eq_ignore_ascii_case(&who.username) && who.hosts().any(|host| host == *acct.host())
    };
    let listing = config.listings.iter().find(|listing| listing.account.acct().is_some_and(is_it))?;
    Some(format!(
        "{} is listed as an account of the outlet `{}`, and the bot does not post as one of those whom it watches",
        listing.account.handle, listing.outlet
    ))
}

/// What goes into the ledger before an account posts for the first time.
pub fn posts_as(who: &Claimant) -> Record {
    Record::PostsAs { server: who.server.clone(), account: who.id.clone(), username: who.username.clone() }
}

fn named(record: &Record) -> Option<Speaker> {
    let Record::PostsAs { server, account, username } = record else { return None };
    let (id, username) = (Some(account.clone()), Some(username.clone()));
    Some(Speaker { server: server.clone(), id, username })
}

/// Most servers have the name of the author in a post's address: `/@name/1`, `/users/name/statuses/1`.
fn by_address(record: &Record) -> Option<Speaker> {
    let Record::Posted { uri, url, .. } = record else { return None };
    let addresses = [Some(uri), url.as_ref()].into_iter().flatten();
    let urls: Vec<Url> = addresses.filter_map(|address| Url::parse(address).ok()).collect();
    let server = urls.iter().find_map(Host::of)?;
    let username = urls.iter().find_map(|url| {
        let mut segments = url.path_segments()?;
        match segments.next()? {
            "users" | "@" => segments.next(),
            first => first.strip_prefix('@'),
        }
        .map(str::to_owned)
    });
    Some(Speaker { server, id: None, username: username.filter(|name| !name.is_empty()) })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::digest::DigestNumber;

    fn claimant(server: &str, id: &str, username: &str) -> Claimant {
        let server = Host::parse(server).unwrap();
        let url = format!("https://{server}/@{username}");
        Claimant { server, domain: None, id: id.into(), username: username.into(), url }
    }

    fn ledger(records: Vec<Record>) -> Vec<Entry> {
        let entry = |record| Entry { seq: 0, at: DateTime::UNIX_EPOCH, record, hash: String::new() };
        records.into_iter().map(entry).collect()
    }

    fn posted(id: &str, uri: &str) -> Record {
        let digest = DigestNumber(1);
        Record::Posted { digest, rev: 1, part: 0, id: id.into(), uri: uri.into(), url: None }
    }

    #[test]
    fn whose_a_post_is_can_be_told_from_its_address_in_older_ledgers() {
        let bot = claimant("social.example", "1", "masthead");
        let other = claimant("social.example", "2", "iria");
        for (uri, tells) in [
            ("https://social.example/users/masthead/statuses/7", true),
            ("https://social.example/@masthead/7", true),
            ("https://social.example/objects/0a1b", false),
        ] {
            let speaker = speaker(&ledger(vec![posted("7", uri)])).unwrap();
            assert!(speaker.is(&bot), "{uri}");
            assert_eq!(!speaker.is(&other), tells, "{uri}");
            assert!(!speaker.is(&claimant("two.example", "1", "masthead")), "{uri}");
        }
        assert_eq!(speaker(&ledger(vec![posted("7", "7")])), None);
        assert_eq!(speaker(&[]), None);
    }

    #[test]
    fn who_was_let_speak_last_is_the_speaker_and_posts_stay_their_authors() {
        let [bot, other] = ["masthead", "iria"].map(|name| claimant("social.example", name, name));
        let entries = ledger(vec![
            posted("6", "https://social.example/@masthead/6"),
            posts_as(&bot),
            posted("7", "https://social.example/objects/7"),
            posts_as(&other),
        ]);
        assert!(speaker(&entries).unwrap().is(&other));
        for post in ["6", "7"] {
            let author = author(&entries, post).unwrap();
            assert!(author.is(&bot) && !author.is(&other), "{post}");
        }
        assert_eq!(author(&entries, "8"), None);
    }
}
