//! A thousand histories of accounts, read over loopback by a whole newsroom: what it knows in the end is what was there,
//! each post once, through edits, deletions, gaps, pages of all sizes, clocks a week off, faults and restarts.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use masthead::config::{self, Environment};
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, collect};
use masthead::model::account::{AccountId, Acct, Network};
use masthead::model::dossier::{Found, Method};
use masthead::model::status::SeenStatus;
use masthead::model::target::{Target, TargetRecord};
use masthead::store::Batch;
use serde_json::{Value, json};
use tempfile::TempDir;

const ACCOUNTS: usize = 1_000;
/// Every so many accounts one is on Bluesky.
const BLUESKY_EVERY: usize = 5;
/// Servers of the Mastodon family, each with a clock of its own.
const SERVERS: usize = 40;
/// Rounds of posting, editing and deleting, with a pass after each.
const ROUNDS: u64 = 7;
const FIRST_ID: u64 = 110_000_000_000_000_000;
const STEP: u64 = 1 << 20;

/// A generator of reproducible numbers: <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

#[derive(Debug, Clone)]
struct Post {
    text: String,
    created: DateTime<Utc>,
    edits: usize,
    edited: Option<DateTime<Utc>>,
}

/// An account, its server's habits, and everything that ever was there.
#[derive(Debug)]
struct History {
    network: Network,
    /// A user name, or a handle on Bluesky.
    name: String,
    server: String,
    dice: Dice,
    /// The most statuses that a page has, whatever is asked for.
    page: usize,
    sends_links: bool,
    skew: Duration,
    posts: BTreeMap<u64, Post>,
    ever: BTreeSet<u64>,
    newest: u64,
    pinned: Option<u64>,
    /// The newest post when its posts were first shown: what came later is news.
    shown_since: Option<u64>,
}

impl History {
    fn of(number: usize) -> History {
        let mut dice = Dice(number as u64);
        let is_on_bluesky = number.is_multiple_of(BLUESKY_EVERY);
        let server = number % SERVERS;
        // All accounts of a server have its clock.
        let skew = Duration::minutes(Dice(server as u64).throw(20_160) as i64 - 10_080);
        History {
            network: if is_on_bluesky { Network::Bluesky } else { Network::Mastodon },
            name: if is_on_bluesky { format!("who{number}.example") } else { format!("who{number}") },
            server: format!("s{server}.example"),
            page: [40, 40, 20, 15 + dice.throw(26) as usize][dice.throw(4) as usize],
            sends_links: dice.throw(2) == 0,
            skew: if is_on_bluesky { Duration::zero() } else { skew },
            dice,
            posts: BTreeMap::new(),
            ever: BTreeSet::new(),
            newest: FIRST_ID,
            pinned: None,
            shown_since: None,
        }
    }

    fn id(&self, number: usize) -> AccountId {
        match self.network {
            Network::Bluesky => AccountId::bluesky(did(number)),
            _ => AccountId::mastodon(format!("https://{}/users/{}", self.server, self.name)),
        }
    }

    fn acct(&self) -> Acct {
        match self.network {
            Network::Bluesky => Acct::bluesky(&self.name).unwrap(),
            _ => format!("{}@{}", self.name, self.server).parse().unwrap(),
        }
    }

    fn uri(&self, number: usize, id: u64) -> String {
        match self.network {
            Network::Bluesky => format!("at://{}/app.bsky.feed.post/3l{id:x}", did(number)),
            _ => format!("https://{}/s/{number}/{id}", self.server),
        }
    }

    fn post(&mut self, count: u64, now: DateTime<Utc>) {
        for left in (0..count).rev() {
            self.newest += STEP;
            let created = now + self.skew - Duration::seconds(left as i64);
            let created = self
                .posts
                .values()
                .next_back()
                .map_or(created, |last| created.max(last.created + Duration::milliseconds(1)));
            let text = format!("words {}", self.dice.throw(1 << 40));
            self.ever.insert(self.newest);
            self.posts.insert(self.newest, Post { text, created, edits: 0, edited: None });
        }
    }

    /// The id of the post so many places below the newest.
    fn at(&self, place: u64) -> Option<u64> {
        self.posts.keys().rev().nth(usize::try_from(place).unwrap()).copied()
    }

    /// What happens to it between two passes.
    fn live(&mut self, now: DateTime<Utc>) {
        for _ in 0..=self.dice.throw(3) {
            match self.dice.throw(12) {
                0..5 => {
                    let count = self.dice.throw(9);
                    self.post(count, now);
                }
                // More than a poll may read at once.
                5 if self.posts.len() < 180 => {
                    let count = 30 + self.dice.throw(150);
                    self.post(count, now);
                }
                6 | 7 if self.network == Network::Mastodon => {
                    let place = self.dice.throw(60);
                    let Some(id) = self.at(place) else { continue };
                    let post = self.posts.get_mut(&id).unwrap();
                    post.edits += 1;
                    post.edited = Some(now + self.skew);
                    write!(post.text, " edited {}", post.edits).unwrap();
                }
                8 | 9 => {
                    let (place, count) = (self.dice.throw(50), 1 + self.dice.throw(4));
                    let gone: Vec<u64> = (0..count).filter_map(|more| self.at(place + more)).collect();
                    self.posts.retain(|id, _| !gone.contains(id));
                }
                10 if self.network == Network::Mastodon => {
                    let place = self.dice.throw(60);
                    self.pinned = self.at(place);
                }
                // Another handle is the same account, once its id is known.
                10 if self.shown_since.is_some() => self.name = format!("new-{}", self.name),
                _ => {}
            }
        }
    }

    /// Something from elsewhere arrives behind what is already there.
    fn arrive_late(&mut self) {
        let place = self.dice.throw(self.page as u64 / 2);
        let Some(id) = self.at(place).map(|id| id - 1).filter(|id| !self.ever.contains(id)) else { return };
        let created = self.posts[&(id + 1)].created;
        self.ever.insert(id);
        self.posts.insert(id, Post { text: "late".into(), created, edits: 0, edited: None });
    }

    /// The ids of a page below one, and whether there is more below it.
    fn page(&mut self, below: Option<u64>, limit: usize) -> (Vec<u64>, bool) {
        self.shown_since.get_or_insert(self.newest);
        let mut ids = self.posts.range(..below.unwrap_or(u64::MAX)).rev().map(|(id, _)| *id);
        let mut page: Vec<u64> = ids.by_ref().take(self.page.min(limit)).collect();
        let has_more = ids.next().is_some();
        if let Some(pinned) = self.pinned.filter(|id| below.is_none() && self.posts.contains_key(id)) {
            page.retain(|id| *id != pinned);
            page.insert(0, pinned);
        }
        (page, has_more)
    }
}

fn did(number: usize) -> String {
    let letters: String = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
    format!("did:plc:{letters:z>24}")
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Everything that is there, and the dice that decide which answer is a fault.
#[derive(Debug)]
struct Everybody {
    histories: Vec<History>,
    faults: Option<Dice>,
    /// Accounts by server and user name, or by handle and id on Bluesky.
    names: BTreeMap<String, usize>,
    requests: usize,
}

type Shared = Arc<Mutex<Everybody>>;

impl Everybody {
    fn new() -> Everybody {
        let histories: Vec<History> = (0..ACCOUNTS).map(History::of).collect();
        let mut all = Everybody { histories, faults: Some(Dice(7)), names: BTreeMap::new(), requests: 0 };
        all.name();
        all
    }

    fn name(&mut self) {
        self.names.clear();
        for (number, history) in self.histories.iter().enumerate() {
            if history.network == Network::Bluesky {
                self.names.insert(did(number), number);
                self.names.insert(history.name.clone(), number);
            } else {
                self.names.insert(format!("{} {}", history.server, history.name), number);
            }
        }
    }

    fn answer(
        &mut self,
        host: &str,
        path: &str,
        query: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Response {
        self.requests += 1;
        let is_page = path.ends_with("/statuses") || path.ends_with("getAuthorFeed");
        let fault = self.faults.as_mut().map_or(99, |dice| dice.throw(100));
        match fault {
            0..2 => return (StatusCode::SERVICE_UNAVAILABLE, "busy").into_response(),
            2..4 if is_page => return ([("content-type", "text/html")], "<h1>Busy</h1>").into_response(),
            4..6 if is_page => {
                return ([("content-type", "application/json")], r#"[{"id":"1"#).into_response();
            }
            6 if is_page => return (StatusCode::NOT_FOUND, "<h1>Not found</h1>").into_response(),
            _ => {}
        }
        let number = match path.strip_prefix("/api/v1/accounts/") {
            Some("lookup") => self.names.get(&format!("{host} {}", query["acct"])).copied(),
            Some(rest) => rest.split('/').next().and_then(|id| id.parse().ok()),
            None => query.get("actor").and_then(|actor| self.names.get(actor).copied()),
        };
        let Some(number) = number else { return (StatusCode::NOT_FOUND, "").into_response() };
        let history = &mut self.histories[number];
        let date = (now + history.skew).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
        let (body, link) = match (history.network, is_page) {
            (Network::Bluesky, true) => (history.feed(number, query.get("cursor"), limit), None),
            (Network::Bluesky, false) => (history.profile(number), None),
            (_, true) => history.statuses(number, query.get("max_id"), limit),
            (_, false) => (history.account(number), None),
        };
        let mut answer = ([("content-type", "application/json")], body.to_string()).into_response();
        answer.headers_mut().insert("date", date.parse().unwrap());
        if let Some(link) = link {
            answer.headers_mut().insert("link", link.parse().unwrap());
        }
        answer
    }
}

impl History {
    fn account(&self, number: usize) -> Value {
        json!({"id": number.to_string(), "username": self.name, "acct": self.name, "note": "",
            "uri": self.id(number).uri, "url": format!("https://{}/@{}", self.server, self.name),
            "followers_count": 3, "statuses_count": self.posts.len()})
    }

    fn statuses(&mut self, number: usize, below: Option<&String>, limit: usize) -> (Value, Option<String>) {
        let (page, has_more) = self.page(below.map(|id| id.parse().unwrap()), limit);
        let shown = |id: &u64| {
            let post = &self.posts[id];
            json!({"id": id.to_string(), "uri": self.uri(number, *id), "content": format!("<p>{}</p>", post.text),
                "created_at": stamp(post.created), "edited_at": post.edited.map(stamp), "visibility": "public"})
        };
        let last = page.last().filter(|_| has_more && self.sends_links);
        let link = last.map(|id| {
            format!("<https://{}/api/v1/accounts/{number}/statuses?max_id={id}>; rel=\"next\"", self.server)
        });
        // A server that sends no such header on its last page sends it nowhere or everywhere.
        let link = link.or_else(|| self.sends_links.then(|| "<https://x.example/>; rel=\"prev\"".to_owned()));
        (page.iter().map(shown).collect(), link)
    }

    fn profile(&self, number: usize) -> Value {
        json!({"did": did(number), "handle": self.name, "followersCount": 3, "postsCount": self.posts.len()})
    }

    fn feed(&mut self, number: usize, below: Option<&String>, limit: usize) -> Value {
        let (page, has_more) = self.page(below.map(|id| id.parse().unwrap()), limit);
        let shown = |id: &u64| {
            let (post, did) = (&self.posts[id], did(number));
            json!({"post": {"uri": self.uri(number, *id), "cid": "bafy", "author": {"did": did, "handle": self.name},
                "indexedAt": stamp(post.created), "record": {"$type": "app.bsky.feed.post", "text": post.text,
                "createdAt": stamp(post.created)}}})
        };
        let mut body = json!({"feed": page.iter().map(shown).collect::<Value>()});
        if has_more {
            body["cursor"] = json!(page.last().unwrap().to_string());
        }
        body
    }
}

/// A newsroom that has nothing but its files between two passes.
struct Town {
    everybody: Shared,
    room: Option<Newsroom>,
    dir: TempDir,
}

impl Town {
    async fn new() -> Town {
        let everybody = Arc::new(Mutex::new(Everybody::new()));
        let dir = tempfile::tempdir().unwrap();
        let anchor = real_now();
        let virtual_now = move || anchor + (real_now() - anchor) * RATE;
        let all = everybody.clone();
        let router = Router::new().fallback(move |request: Request| {
            let all = all.clone();
            async move {
                let host = request.headers()["host"].to_str().unwrap().to_owned();
                let query = request.uri().query().unwrap_or_default();
                let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                all.lock().unwrap().answer(&host, request.uri().path(), &query, virtual_now())
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let servers: Vec<String> = (0..SERVERS).map(|server| format!("s{server}.example")).collect();
        let names = servers.iter().map(String::as_str).chain(["public.api.bsky.app", "oriental.example"]);
        let hosts: String = names.map(|name| format!("\"{name}\" = \"{address}\"\n")).collect();
        let anchor = stamp(anchor);
        let text = format!(
            "watchlist = [\"outlets.toml\"]\nstate_dir = \"state\"\ncontact = \"https://masthead.example/\"\n\
             [sources]\npages.enabled = false\nfeeds.enabled = false\nbluesky.enabled = true\n\
             [sources.mastodon]\nenabled = true\nservers = {servers:?}\ndiscover = []\n\
             [clock]\norigin = \"{anchor}\"\nanchor = \"{anchor}\"\nrate = {RATE}\n[hosts]\n{hosts}"
        );
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        std::fs::write(dir.path().join("outlets.toml"), OUTLETS).unwrap();
        let mut town = Town { everybody, room: None, dir };
        town.restart().await;
        town
    }

    async fn restart(&mut self) {
        self.room = None;
        let path = self.dir.path().join("config.toml");
        let loaded = config::load(Some(&path), &Environment::default(), real_now());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(config::Paint::Plain)));
        self.room = Some(Newsroom::open(Arc::new(config)).await.unwrap());
    }

    fn room(&self) -> &Newsroom {
        self.room.as_ref().unwrap()
    }

    /// A pass over these accounts: it makes no difference here how long they would have waited.
    async fn pass(&self, whose: Whose) {
        let (room, now) = (self.room(), self.room().config.clock.now());
        let has_gaps = |target: &Target| {
            room.store.cursor(target).unwrap().is_some_and(|cursor| !cursor.gaps.is_empty())
        };
        let mut batch = Batch::default();
        for record in room.store.targets().unwrap() {
            let is_due = whose == Whose::Everybody || has_gaps(&record.target);
            let due = if is_due { now } else { now + Duration::days(3) };
            batch.put_target(TargetRecord { due, ..(*record).clone() });
        }
        room.store.commit(batch).unwrap();
        collect::pass(room, Pacing::AtOnce, now).await.unwrap();
    }

    fn gaps(&self) -> usize {
        let store = &self.room().store;
        let cursors =
            store.targets().unwrap().into_iter().map(|record| store.cursor(&record.target).unwrap());
        cursors.flatten().map(|cursor| cursor.gaps.len()).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Whose {
    Everybody,
    WithGaps,
}

#[expect(clippy::disallowed_methods, reason = "the test is a door")]
fn real_now() -> DateTime<Utc> {
    Utc::now()
}

/// A second is some hours, so that a server which was in trouble is asked again in the next pass.
const RATE: i32 = 10_000;

const OUTLETS: &str = r#"
[[outlet]]
id = "agency"
name = "Agencia Oriental"
country = "XX"
owner = "Ministry of Examples"
control = "state-controlled"
domains = ["oriental.example"]
accounts = [{ platform = "x", handle = "agencia_oriental" }]
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_histories_are_known_as_they_were_each_post_once() {
    let mut town = Town::new().await;
    let now = town.room().config.clock.now();
    let mut batch = Batch::default();
    for history in &mut town.everybody.lock().unwrap().histories {
        let count = history.dice.throw(40);
        history.post(count, now);
        let found = Found { at: now, method: Method::Search, through: "a story".into(), background: true };
        let target = Target::Account { acct: history.acct() };
        batch.put_target(TargetRecord { found: Some(found), ..TargetRecord::new(target, now) });
    }
    town.room().store.commit(batch).unwrap();
    for round in 0..ROUNDS {
        town.pass(Whose::Everybody).await;
        if round % 3 == 2 {
            town.restart().await;
        }
        let now = town.room().config.clock.now();
        let mut everybody = town.everybody.lock().unwrap();
        everybody.histories.iter_mut().for_each(|history| history.live(now));
        if round == ROUNDS - 1 {
            everybody.histories.iter_mut().for_each(History::arrive_late);
            everybody.faults = None;
        }
        everybody.name();
    }
    // Two passes, since a server that was in trouble is left alone for a while, and one more that must change nothing.
    town.pass(Whose::Everybody).await;
    town.pass(Whose::Everybody).await;
    let mut passes = 0;
    while town.gaps() > 0 {
        passes += 1;
        assert!(passes < 40, "{} gaps never close", town.gaps());
        town.pass(Whose::WithGaps).await;
    }
    town.pass(Whose::Everybody).await;
    let everybody = town.everybody.lock().unwrap();
    let mut sums = Sums::default();
    for (number, history) in everybody.histories.iter().enumerate() {
        let account = town.room().store.account(&history.id(number)).unwrap();
        let acct = account.map(|account| account.acct);
        let target = town.room().store.target(&Target::Account { acct: history.acct() });
        assert_eq!(acct, Some(history.acct()), "{number}: {target:?}");
        let stored = town.room().store.statuses(&history.id(number)).unwrap();
        compare(number, history, &stored, &mut sums);
    }
    println!("{} requests, {passes} passes for the gaps; {sums:?}", everybody.requests);
    assert!(sums.news > 50_000 && sums.removed > 500 && sums.edited > 200, "{sums:?}");
}

/// How much there was to get wrong.
#[derive(Debug, Default)]
struct Sums {
    news: usize,
    removed: usize,
    edited: usize,
}

fn compare(number: usize, history: &History, stored: &[Arc<SeenStatus>], sums: &mut Sums) {
    let known: BTreeMap<&str, &SeenStatus> =
        stored.iter().map(|status| (status.status.uri.0.as_str(), &**status)).collect();
    assert_eq!(known.len(), stored.len(), "{number}: each once");
    let since = history.shown_since.unwrap();
    // As far as the first page reaches, every poll sees what was edited and what is gone; of its oldest posts one may be
    // pinned, and three are asked how far back it reaches.
    let in_reach = history.at(history.page as u64 - 5).unwrap_or(0);
    for id in &history.ever {
        let uri = history.uri(number, *id);
        let seen = known.get(uri.as_str());
        let say = |what: &str| {
            let place = history.posts.range(id..).count();
            let around = history.posts.range(id - 3 * STEP..).take(7);
            let around: Vec<_> = around
                .map(|(id, post)| (id, post.created.to_rfc3339(), history.pinned == Some(*id)))
                .collect();
            let seen = seen.map(|seen| (seen.status.claimed_at, seen.first_seen, seen.removed_at));
            format!(
                "{number} {what} {uri}, place {place} of {}, pages of {}: {seen:?} {around:#?}",
                history.posts.len(),
                history.page
            )
        };
        match (history.posts.get(id), seen) {
            (Some(_), None) if *id > since => panic!("{}", say("missed")),
            (Some(post), Some(seen)) => {
                assert_eq!(seen.removed_at, None, "{}", say("is there:"));
                assert!(!seen.background || *id <= since, "{}", say("is news:"));
                assert!(seen.versions.len() <= post.edits, "{}", say("has too many versions:"));
                sums.news += usize::from(!seen.background);
                if *id > in_reach {
                    let text = seen.versions.last().map_or(&seen.status.text, |version| &version.text);
                    assert_eq!(text.trim(), post.text, "{}", say("is edited:"));
                    sums.edited += usize::from(!seen.versions.is_empty());
                }
            }
            (None, Some(seen)) if *id > in_reach => {
                assert!(seen.removed_at.is_some(), "{}", say("is gone:"));
                sums.removed += 1;
            }
            _ => {}
        }
    }
    let invented = known.keys().find(|uri| !history.ever.iter().any(|id| history.uri(number, *id) == **uri));
    assert_eq!(invented, None, "{number}");
}
