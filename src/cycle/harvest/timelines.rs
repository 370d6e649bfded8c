//! Harvests of what servers show everybody: authors who turn up on timelines and in directories.
//!
//! Nothing is kept of those who give no reason to be looked at, and those who do are read where they live.
//! A person who asks programs for peace is no lead for naming an outlet; carrying its copy is another matter,
//! since most servers set that wish for everybody.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::shown::Last;
use super::{Fault, Harvest, Known, Write};
use crate::analysis::resemblance::{is_worth_a_dossier, outlet_of_url};
use crate::config::{Config, Discover};
use crate::cycle::{Newsroom, due};
use crate::model::account::{Acct, Host, Network};
use crate::model::dossier::{Found, Method};
use crate::model::observation::Profile;
use crate::model::status::{Status, StatusUri};
use crate::model::target::{Cursor, Rejected, Scope, Target, TargetRecord};
use crate::sources::PollError;
use crate::sources::fediverse::{Server, Way};
use crate::sources::listing::Post;
use crate::sources::mastodon::timeline::{self, Part, Reading, Timeline};
use crate::sources::mastodon::wire::TimelinesAccess;
use crate::sources::misskey;
use crate::store::{Batch, Store, StoreError};

/// A page, and at most two more while nothing known is met.
const PAGES_PER_POLL: u32 = 3;
/// Who may see a timeline is asked so often.
const ACCESS_EVERY: Duration = Duration::days(1);
/// A timeline is sent whole once a day at least, whatever its server says of versions.
const READ_WHOLE_EVERY: Duration = Duration::days(1);
/// Authors with copy that one poll takes up; a server full of them is read over some polls.
const COPIES_PER_POLL: usize = 20;
/// People who name or link an outlet are many, and few of them are its accounts.
const NAMERS_PER_POLL: usize = 5;

pub(super) async fn poll_timeline(
    room: &Newsroom,
    server: Host,
    scope: Scope,
    known: Known,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let shown = Timeline::Live(scope);
    let there = there(room, &server);
    let heads = known.cursor.heads;
    let last = room.shown.last(&record.target);
    let version = last.as_ref().filter(|last| now - last.read_at < READ_WHOLE_EVERY);
    let version = version.and_then(|last| last.version.as_deref());
    let reading = match there.way(now).await {
        Way::Misskey => {
            let local = misskey::Timeline::Local;
            Some(there.by_misskey().timeline(local, &heads, PAGES_PER_POLL, now).await?)
        }
        Way::Mastodon => {
            let part = part(room, there, shown, known.access, now).await?;
            let road = (&room.net, &server, there.token);
            timeline::read(road, shown, part, &heads, version, PAGES_PER_POLL, now).await?
        }
    };
    let Some(reading) = reading else {
        let last = last.unwrap_or_default();
        let (leads, edition) = later_leads(room, &server, &heads, &last).await?;
        let last = Last { edition, ..last };
        let visit = Visit { leads, last: Some(last), ..Visit::to(server) };
        return Ok(write(room, visit, record, now));
    };
    // Posts seen before are compared again: the item may come to us later than its copy.
    let (copies, edition) = copies(room, &reading.posts).await?;
    let leads = leads(&reading.posts, &copies, &heads, &server, &room.config);
    let mut seen: Vec<_> = reading.posts.iter().map(|post| post.status.uri.clone()).collect();
    let new_posts = match reading.missed {
        Some(_) => usize::MAX,
        None => seen.iter().filter(|uri| !heads.contains(uri)).count(),
    };
    seen.truncate(Cursor::HEADS);
    let version = reading.version.filter(|_| !reading.is_broken_off);
    let visit = Visit {
        leads,
        rejected: reading.rejected,
        complaint: reading.missed,
        // Below where a reading broke off there may be posts that nobody saw: the next one has to go there.
        heads: Some(seen).filter(|seen| !seen.is_empty() && *seen != heads && !reading.is_broken_off),
        new_posts,
        last: Some(Last { version, posts: reading.posts.into(), edition, read_at: now }),
        ..Visit::to(server)
    };
    Ok(write(room, visit, record, now))
}

pub(super) async fn poll_tag(
    room: &Newsroom,
    server: Host,
    tag: String,
    access: Option<String>,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let reading = read_tag(room, there(room, &server), &tag, access, now).await?;
    let (copies, _) = copies(room, &reading.posts).await?;
    let is_worth_it = |post: &&Post| {
        let is_own = is_in_own_words(&post.status) && !is_mirror(&post.author, &room.config);
        let carries = || copies.contains(&post.status.uri);
        is_own && (is_worth_a_dossier(&post.author, &room.config.watchlist) || carries())
    };
    let authors = reading.posts.iter().filter(is_worth_it).map(|post| post.author.acct.clone());
    let leads = authors.map(|acct| (acct, Method::Tag)).collect();
    let visit = Visit { leads, rejected: reading.rejected, ..Visit::to(server) };
    Ok(write(room, visit, record, now))
}

async fn read_tag(
    room: &Newsroom,
    there: Server<'_>,
    tag: &str,
    access: Option<String>,
    now: DateTime<Utc>,
) -> Result<Reading, Fault> {
    let shown = Timeline::Tag(tag);
    if there.way(now).await == Way::Misskey {
        return Ok(there.by_misskey().timeline(misskey::Timeline::Tag(tag), &[], 1, now).await?);
    }
    let part = part(room, there, shown, access, now).await?;
    let reading = timeline::read((&room.net, there.host, there.token), shown, part, &[], None, 1, now);
    Ok(reading.await?.unwrap_or_default())
}

pub(super) async fn poll_directory(
    room: &Newsroom,
    server: Host,
    record: TargetRecord,
    now: DateTime<Utc>,
) -> Result<Write, Fault> {
    let (profiles, rejected) = there(room, &server).directory(now).await?;
    let worth_it = profiles.into_iter().filter(|it| is_worth_a_dossier(it, &room.config.watchlist));
    let leads = worth_it.map(|profile| (profile.acct, Method::Directory)).collect();
    Ok(write(room, Visit { leads, rejected, ..Visit::to(server) }, record, now))
}

/// What a visit to a server brought.
struct Visit {
    server: Host,
    leads: Vec<(Acct, Method)>,
    rejected: Vec<Rejected>,
    complaint: Option<String>,
    /// What stands at the top, where that changed.
    heads: Option<Vec<StatusUri>>,
    /// Posts that did not stand there before.
    new_posts: usize,
    /// What to remember of a timeline.
    last: Option<Last>,
}

impl Visit {
    fn to(server: Host) -> Visit {
        Visit {
            server,
            leads: vec![],
            rejected: vec![],
            complaint: None,
            heads: None,
            new_posts: 0,
            last: None,
        }
    }
}

/// Takes up the leads, copy first. What a place shows at the first look was there before.
fn write(room: &Newsroom, mut visit: Visit, record: TargetRecord, now: DateTime<Utc>) -> Write {
    let (config, shown) = (room.config.clone(), room.shown.clone());
    visit.leads.sort_by_key(|(_, method)| *method == Method::Mention);
    Box::new(move |store| {
        let mut harvest = Harvest::of(&record.target);
        let background = record.last_ok.is_none();
        let through = visit.server.to_string();
        let is_more = visit.leads.len() > COPIES_PER_POLL;
        let mut named = 0;
        for (acct, method) in visit.leads {
            let before = harvest.new_accounts.len();
            if before >= COPIES_PER_POLL || (method == Method::Mention && named >= NAMERS_PER_POLL) {
                continue;
            }
            let found = Found { at: now, method, through: through.clone(), background };
            harvest.lead(store, &config, acct, found)?;
            named += usize::from(method == Method::Mention && harvest.new_accounts.len() > before);
        }
        if let Some(heads) = visit.heads {
            harvest.batch.put_cursor(&record.target, &Cursor { heads, ..Cursor::default() });
        }
        let source = record.target.to_string();
        visit.rejected.into_iter().for_each(|rejected| harvest.batch.put_rejected(&source, now, rejected));
        let due = match record.target {
            Target::Timeline { .. } => due::timeline(&record.target, visit.new_posts, record.last_ok, now),
            _ => due::after_success(&record.target, now),
        };
        if let Some(last) = visit.last {
            // What is left of more leads than one poll takes up has to be met again.
            let version = last.version.filter(|_| !is_more);
            shown.keep(&record.target, Last { version, ..last });
        }
        harvest.polled_with(record, visit.complaint, due, now);
        Ok(harvest)
    })
}

/// Those whose posts, seen before, carry items that came later, and the edition of the clippings that says so.
async fn later_leads(
    room: &Newsroom,
    server: &Host,
    heads: &[StatusUri],
    last: &Last,
) -> Result<(Vec<(Acct, Method)>, u64), Fault> {
    if room.clippings.lock().await.edition() == last.edition {
        return Ok((vec![], last.edition));
    }
    let (copies, edition) = copies(room, &last.posts).await?;
    Ok((leads(&last.posts, &copies, heads, server, &room.config), edition))
}

/// Whose posts give a reason to look; `known` are those seen before, which say nothing new except by copy.
fn leads(
    posts: &[Post],
    copies: &BTreeSet<StatusUri>,
    known: &[StatusUri],
    server: &Host,
    config: &Config,
) -> Vec<(Acct, Method)> {
    let carries = |status: &Status| copies.contains(&status.uri);
    let reasons = posts.iter().filter_map(|post| {
        let method = reason(post, server, config, carries)?;
        let is_news = method == Method::Timeline || !known.contains(&post.status.uri);
        is_news.then(|| (post.author.acct.clone(), method))
    });
    reasons.collect()
}

/// The posts that carry an outlet's copy as their own words, and the edition of the clippings that says so.
async fn copies(room: &Newsroom, posts: &[Post]) -> Result<(BTreeSet<StatusUri>, u64), Fault> {
    compared(room, posts.iter().map(|post| &post.status)).await
}

/// The same of statuses from elsewhere.
pub(super) async fn carrying(
    room: &Newsroom,
    statuses: impl Iterator<Item = &Status>,
) -> Result<BTreeSet<StatusUri>, Fault> {
    Ok(compared(room, statuses).await?.0)
}

async fn compared(
    room: &Newsroom,
    statuses: impl Iterator<Item = &Status>,
) -> Result<(BTreeSet<StatusUri>, u64), Fault> {
    let own = statuses.filter(|status| is_in_own_words(status));
    let texts: Vec<(StatusUri, String)> =
        own.map(|status| (status.uri.clone(), status.text.clone())).collect();
    let mut clippings = room.clippings.clone().lock_owned().await;
    if texts.is_empty() {
        return Ok((BTreeSet::new(), clippings.edition()));
    }
    let config = room.config.clone();
    let compare = move |store: &Store| {
        let mut copies = BTreeSet::new();
        for (uri, text) in texts {
            if clippings.carries(store, &text, &config.watchlist)?.is_some() {
                copies.insert(uri);
            }
        }
        Ok::<_, StoreError>((copies, clippings.edition()))
    };
    Ok(room.store.run(compare).await?)
}

/// Why the author of a post on a timeline is looked at, `None` where nothing speaks for it.
fn reason(post: &Post, server: &Host, config: &Config, carries: impl Fn(&Status) -> bool) -> Option<Method> {
    let Post { author, status } = post;
    if !is_in_own_words(status) || is_mirror(author, config) {
        return None;
    }
    let wants = |way: Discover| config.mastodon.discover.contains(&way);
    if wants(Discover::Timelines) && carries(status) {
        return Some(Method::Timeline);
    }
    let is_left_alone = author.wishes.leave_me_out && !author.is_bot;
    (wants(Discover::Mentions) && !is_left_alone && names_outlet(status, server, config))
        .then_some(Method::Mention)
}

/// Whoever answers others or passes on their posts says nothing of himself by that.
fn is_in_own_words(status: &Status) -> bool {
    status.boost_of.is_none() && !status.is_reply
}

/// Nothing on a server that repeats others is a discovery.
fn is_mirror(author: &Profile, config: &Config) -> bool {
    config.watchlist.mirror_of(&author.acct).is_some()
}

/// Whether a status mentions a listed account of an outlet or links to an outlet's site.
fn names_outlet(status: &Status, server: &Host, config: &Config) -> bool {
    let mentioned: BTreeSet<String> = status
        .mentions
        .iter()
        .filter_map(|written| match written.contains('@') {
            true => written.parse::<Acct>().ok(),
            false => Acct::new(written, server.clone()).ok(),
        })
        .map(|acct| acct.to_string().to_ascii_lowercase())
        .collect();
    let listed = config.listings.iter().filter(|listing| listing.account.network == Network::Mastodon);
    let mut listed = listed.map(|listing| listing.account.handle.to_ascii_lowercase());
    listed.any(|handle| mentioned.contains(&handle))
        || status.links.iter().any(|link| outlet_of_url(link, &config.watchlist).is_some())
}

/// A server with our token there: one for reading, or the one with which we post.
fn there<'a>(room: &'a Newsroom, host: &'a Host) -> Server<'a> {
    let posting = room.config.publish.iter().find(|publish| publish.server == *host);
    let there = room.server(host);
    Server { token: there.token.or(posting.map(|publish| &publish.token)), ..there }
}

/// The note of who may see the timelines of a server.
pub(super) fn access_note(server: &Host) -> String {
    format!("timelines access {server}")
}

/// What of a timeline we may see. What the server says of that is remembered for a day, also that it says
/// nothing.
async fn part(
    room: &Newsroom,
    there: Server<'_>,
    shown: Timeline<'_>,
    noted: Option<String>,
    now: DateTime<Utc>,
) -> Result<Part, Fault> {
    let remembered = noted.and_then(|note| {
        let (at, access) = serde_json::from_str::<(DateTime<Utc>, TimelinesAccess)>(&note).ok()?;
        (at <= now && now - at < ACCESS_EVERY).then_some(access)
    });
    let access = match remembered {
        Some(access) => access,
        None => {
            let access = timeline::access(&room.net, there.host, there.token).await?;
            let note = serde_json::to_string(&(now, access)).expect("words and a date are plain data");
            let mut batch = Batch::new();
            batch.set_note(&access_note(there.host), &note);
            // Apart from the harvest: a server that stumbles over the question is not asked again today.
            room.store.run(move |store| store.commit(batch)).await?;
            access
        }
    };
    let part: Result<Part, PollError> = shown.open(access, there.host, there.token.is_some(), now);
    Ok(part?)
}

#[cfg(test)]
mod tests {
    use crate::config::{Environment, load};
    use crate::model::account::AccountId;
    use crate::model::observation::{Counts, Wishes};
    use crate::model::status::StatusUri;

    use super::*;

    const WATCHLIST: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
country = "XX"
domains = ["agency.example"]

[[mirror_host]]
host = "bridge.example"
kind = "rss-bridge"
consent = "unconsented"
tell = "the user is a domain"
sources = ["https://monitor.example/bridge"]
"#;

    fn config(discover: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = format!(
            "watchlist = [\"outlets.toml\"]\n[sources.mastodon]\ndiscover = {discover}\n\
             [[account]]\noutlet = \"agency\"\nhandle = \"oriental@local.example\"\n"
        );
        std::fs::write(&path, text).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), WATCHLIST).unwrap();
        let now = "2026-11-02T12:00:00Z".parse().unwrap();
        load(Some(&path), &Environment::default(), now).config.unwrap()
    }

    fn post(acct: &str, text: &str) -> Post {
        let author = Profile {
            id: AccountId::mastodon(format!("https://local.example/users/{acct}")),
            acct: acct.parse().unwrap(),
            local_id: "1".into(),
            url: None,
            display_name: String::new(),
            note: String::new(),
            links: vec![],
            is_bot: false,
            is_suspended: false,
            wishes: Wishes { leave_me_out: true },
            moved_to: None,
            claimed_created_at: None,
            claimed_last_status: None,
            counts: Counts::default(),
        };
        let status = Status {
            uri: StatusUri("https://local.example/s/1".into()),
            local_id: "1".into(),
            url: None,
            claimed_at: None,
            edited_at: None,
            text: text.to_owned(),
            spoiler: String::new(),
            language: None,
            boost_of: None,
            is_reply: false,
            links: vec![],
            mentions: vec![],
            tags: vec![],
            media: vec![],
            application: None,
        };
        Post { author, status }
    }

    fn why(post: &Post, discover: &str) -> Option<Method> {
        let server = Host::parse("local.example").unwrap();
        reason(post, &server, &config(discover), |status| status.text.contains("llegan los pandas"))
    }

    const BOTH: &str = "[\"timelines\", \"mentions\"]";

    /// The founding case: the paper names nobody and links nowhere, and its server sets the wish to be left
    /// out for everybody.
    #[test]
    fn a_silent_paper_is_found_by_the_copy_it_posts_and_by_nothing_else() {
        let paper = post("mirador@local.example", "Asunción: llegan los pandas");
        assert_eq!(why(&paper, BOTH), Some(Method::Timeline));
        assert_eq!(why(&paper, "[\"mentions\"]"), None);
        let filler = post("mirador@local.example", "Buenos días");
        assert_eq!(why(&filler, BOTH), None);
    }

    #[test]
    fn answers_boosts_and_mirrors_are_no_reason() {
        let copy = post("mirador@local.example", "llegan los pandas");
        let mut reply = copy.clone();
        reply.status.is_reply = true;
        let mut boost = copy.clone();
        boost.status.boost_of = Some(StatusUri("https://far.example/s/1".into()));
        let mirror = post("agency.example@bridge.example", "llegan los pandas");
        for post in [reply, boost, mirror] {
            assert_eq!(why(&post, BOTH), None, "{post:?}");
        }
    }

    #[test]
    fn who_names_an_outlet_is_a_reason_unless_a_person_asks_for_peace() {
        let mut namer = post("namer@local.example", "Miren esto");
        namer.status.mentions = vec!["Oriental".to_owned()];
        assert_eq!(why(&namer, BOTH), None);
        namer.author.wishes.leave_me_out = false;
        assert_eq!(why(&namer, BOTH), Some(Method::Mention));
        assert_eq!(why(&namer, "[\"timelines\"]"), None);
        namer.status.mentions = vec!["oriental@far.example".to_owned()];
        assert_eq!(why(&namer, BOTH), None);
        namer.status.links = vec!["https://www.agency.example/2026".to_owned()];
        assert_eq!(why(&namer, BOTH), Some(Method::Mention));
    }
}
