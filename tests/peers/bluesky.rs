//! Bluesky as its authors built it: what we read is compared with what was written there.
//!
//! In every run a data server with the directory of ids (`@atproto/pds`, `@did-plc/server`), which keeps records and
//! answers for handles. On request the whole network with its AppView, which needs PostgreSQL and Redis.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Duration as Span, Utc};
use masthead::clock::Clock;
use masthead::model::account::{AccountId, Acct, Host};
use masthead::model::status::Status;
use masthead::model::target::Cursor;
use masthead::net::{Net, NetConfig, Timeouts};
use masthead::sandbox::sky::Entry;
use masthead::sandbox::story::{ORIGIN, Story};
use masthead::sources::account::{AccountPoll, Before};
use masthead::sources::bluesky::{AppView, handle, wire};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::node::{Set, node};

const POST: &str = "app.bsky.feed.post";
/// A busy machine takes its time to read a thousand modules.
const PATIENCE: Duration = Duration::from_secs(120);

/// Servers of Bluesky in one process.
struct Sky {
    /// Goes with it.
    _dir: TempDir,
    child: Child,
    pds: SocketAddr,
    /// Where there is one.
    appview: Option<SocketAddr>,
}

/// Somebody with an account there.
struct Member {
    did: String,
    handle: String,
    token: String,
}

impl Sky {
    /// A data server alone.
    async fn data_server() -> Sky {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = node(Set::DataServer, "pds.mjs");
        command.arg(dir.path()).arg(port.to_string());
        Sky::launch(dir, command).await
    }

    /// Starts it and waits until it says where it listens.
    async fn launch(dir: TempDir, mut command: Command) -> Sky {
        let (said, log) = (dir.path().join("said.json"), dir.path().join("log"));
        let (out, errors) = (File::create(&said).unwrap(), File::create(&log).unwrap());
        command.current_dir(dir.path()).env("TMPDIR", dir.path());
        let mut child = command.stdin(Stdio::piped()).stdout(out).stderr(errors).spawn().unwrap();
        let begun = Instant::now();
        loop {
            let lines = fs::read_to_string(&said).unwrap();
            let told = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(told) = told.into_iter().find(|told| told["pds"].is_string()) {
                let address = |name: &str| {
                    told[name].as_str().map(|url| url.trim_start_matches("http://").parse().unwrap())
                };
                return Sky { _dir: dir, child, pds: address("pds").unwrap(), appview: address("appview") };
            }
            if child.try_wait().unwrap().is_some() || begun.elapsed() > PATIENCE {
                stop(&mut child);
                panic!("Bluesky's servers did not start:\n{lines}{}", fs::read_to_string(&log).unwrap());
            }
            Clock::Real.sleep(Span::milliseconds(50)).await;
        }
    }

    async fn call(&self, by: Option<&Member>, method: &str, body: &Value) -> Result<Value, (u16, String)> {
        let url = format!("http://{}/xrpc/{method}", self.pds);
        let mut request = client().post(url);
        if *body != Value::Null {
            request = request.json(body);
        }
        if let Some(by) = by {
            request = request.bearer_auth(&by.token);
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        match status {
            200 => Ok(serde_json::from_str(&text).unwrap_or_default()),
            _ => Err((status, text)),
        }
    }

    async fn join(&self, handle: &str) -> Member {
        let user = handle.split('.').next().unwrap();
        let body =
            json!({"handle": handle, "email": format!("{user}@mail.example"), "password": "long enough 1"});
        let made = self.call(None, "com.atproto.server.createAccount", &body).await.unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Member { did: text("did"), handle: handle.to_owned(), token: text("accessJwt") }
    }

    /// Writes a record and gives its key.
    async fn write(&self, by: &Member, collection: &str, record: &Value) -> Result<String, (u16, String)> {
        let body = json!({"repo": by.did, "collection": collection, "record": record, "validate": true});
        let made = self.call(Some(by), "com.atproto.repo.createRecord", &body).await?;
        assert_eq!(made["validationStatus"], "valid", "{made}");
        Ok(made["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
    }

    async fn post(&self, by: &Member, text: &str) -> String {
        self.write(by, POST, &record(text)).await.unwrap()
    }

    /// Writes what an account says of itself, which has one place.
    async fn describe(&self, by: &Member, profile: &Value) {
        let body = json!({"repo": by.did, "collection": "app.bsky.actor.profile", "rkey": "self",
            "record": profile, "validate": true});
        self.call(Some(by), "com.atproto.repo.putRecord", &body).await.unwrap();
    }

    async fn delete(&self, by: &Member, rkey: &str) {
        let body = json!({"repo": by.did, "collection": POST, "rkey": rkey});
        self.call(Some(by), "com.atproto.repo.deleteRecord", &body).await.unwrap();
    }

    /// The posts in an account's repository, read by our own parser as the AppView would show them.
    async fn statuses(&self, of: &Member) -> Vec<Status> {
        let base = format!("http://{}/xrpc/com.atproto.repo.listRecords", self.pds);
        let url = format!("{base}?repo={}&collection={POST}&limit=100", of.did);
        let listed: Value = client().get(url).send().await.unwrap().json().await.unwrap();
        let author = json!({"did": of.did, "handle": of.handle});
        let posts = listed["records"].as_array().unwrap().iter().map(|record| {
            json!({"post": {"uri": record["uri"], "cid": record["cid"], "record": record["value"],
                "author": author, "indexedAt": record["value"]["createdAt"]}})
        });
        let feed = json!({"feed": posts.collect::<Vec<_>>()});
        let page = wire::parse_feed(feed.to_string().as_bytes(), &of.did).unwrap();
        assert_eq!(page.rejected, vec![]);
        page.statuses
    }

    /// A road on which these hosts are the data server, and the AppView is where it is.
    fn road(&self, hosts: &[&str]) -> Net {
        let mut names: BTreeMap<Host, SocketAddr> = hosts.iter().map(|name| (host(name), self.pds)).collect();
        names.extend(self.appview.map(|address| (host("public.api.bsky.app"), address)));
        let config = NetConfig {
            user_agent: "Masthead-test (+https://masthead.example)".into(),
            hosts: names,
            allowed: BTreeSet::new(),
            timeouts: Timeouts::default(),
        };
        Net::new(config, Clock::Real).unwrap()
    }
}

impl Drop for Sky {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Ends exactly this process.
fn stop(child: &mut Child) {
    // Both fail only where it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn now() -> DateTime<Utc> {
    Clock::Real.now()
}

fn record(text: &str) -> Value {
    json!({"$type": POST, "text": text, "createdAt": now().to_rfc3339(), "langs": ["es"]})
}

fn texts(statuses: &[Status]) -> BTreeSet<&str> {
    statuses.iter().map(|status| status.text.as_str()).collect()
}

#[tokio::test]
async fn what_stands_in_a_real_repository_is_what_we_read_after_edits_and_deletions() {
    let sky = Sky::data_server().await;
    let agency = sky.join("agencia.test").await;
    let other = sky.join("lectora.test").await;
    let text = "新华社 @lectora.test #Pekín https://agencia.example/1";
    let facet = |part: &str, feature: Value| {
        let start = text.find(part).unwrap();
        json!({"index": {"byteStart": start, "byteEnd": start + part.len()}, "features": [feature]})
    };
    let mut marked = record(text);
    marked["facets"] = json!([
        facet("@lectora.test", json!({"$type": "app.bsky.richtext.facet#mention", "did": other.did})),
        facet("#Pekín", json!({"$type": "app.bsky.richtext.facet#tag", "tag": "Pekín"})),
        facet(
            "https://agencia.example/1",
            json!({"$type": "app.bsky.richtext.facet#link", "uri": "https://agencia.example/1"})
        ),
    ]);
    let marked = sky.write(&agency, POST, &marked).await.unwrap();
    let gone = sky.post(&agency, "Se borra enseguida").await;
    let edited = sky.post(&agency, "Como era al principio").await;
    sky.post(&other, "De otra persona").await;

    let before = sky.statuses(&agency).await;
    assert_eq!(texts(&before), BTreeSet::from([text, "Se borra enseguida", "Como era al principio"]));
    let status = before.iter().find(|status| status.local_id == marked).unwrap();
    assert_eq!(status.links, ["https://agencia.example/1"]);
    assert_eq!(status.mentions, [other.did.as_str(), "lectora.test@bsky.app"]);
    assert_eq!((status.tags.as_slice(), status.language.as_deref()), (&["Pekín".to_owned()][..], Some("es")));

    sky.delete(&agency, &gone).await;
    let put =
        json!({"repo": agency.did, "collection": POST, "rkey": edited, "record": record("Como es ahora")});
    sky.call(Some(&agency), "com.atproto.repo.putRecord", &put).await.unwrap();
    let after = sky.statuses(&agency).await;
    assert_eq!(texts(&after), BTreeSet::from([text, "Como es ahora"]));
    let hash = |statuses: &[Status]| {
        statuses.iter().find(|status| status.local_id == edited).map(Status::content_hash)
    };
    assert!(hash(&before).is_some() && hash(&before) != hash(&after), "an edit is another version");
    // What the network refuses need not be read.
    let (status, why) = sky.write(&agency, POST, &record(&"a".repeat(301))).await.unwrap_err();
    assert_eq!((status, why.contains("grapheme")), (400, true), "{why}");
}

#[tokio::test]
async fn a_real_host_says_whose_handle_it_is_until_the_account_takes_another() {
    let sky = Sky::data_server().await;
    let agency = sky.join("agencia.test").await;
    let net = sky.road(&["pds.example", "agencia.test", "nueva.test", "nadie.test"]);
    let view = AppView { net: &net, host: &host("pds.example") };
    let named = async |name: &str| {
        let sight = handle::ask(&net, &host(name), now()).await.unwrap();
        (view.resolve(&host(name)).await.unwrap(), sight.map(|sight| sight.account))
    };
    let it = (Some(agency.did.clone()), Some(AccountId::bluesky(&agency.did)));
    assert_eq!(named("agencia.test").await, it);
    assert_eq!(named("nadie.test").await, (None, None));
    let rename = json!({"handle": "nueva.test"});
    sky.call(Some(&agency), "com.atproto.identity.updateHandle", &rename).await.unwrap();
    assert_eq!((named("nueva.test").await, named("agencia.test").await), (it, (None, None)));
}

#[tokio::test]
async fn a_real_server_takes_what_the_embedded_world_shows_as_records() {
    let sky = Sky::data_server().await;
    let scribe = sky.join("escriba.test").await;
    let world = Story::Founding.world(1, ORIGIN);
    let at = ORIGIN + Span::days(12);
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for member in world.members.iter().filter(|member| member.person.since <= at) {
        let records = world.feed(member, at).take(25).map(|entry| match entry {
            Entry::Post(post) => world.post_record(member, &post),
            Entry::Repost(repost) => world.repost_record(member, &repost),
        });
        // A picture would have to be there already.
        for record in records.filter(|record| record.value["embed"]["images"].is_null()) {
            let done = sky.write(&scribe, record.collection, &record.value).await;
            done.unwrap_or_else(|why| panic!("{why:?}\n{}", record.value));
            *taken.entry(record.collection).or_default() += 1;
        }
        let profile = world.profile_record(member, at);
        sky.describe(&scribe, &profile.value).await;
        *taken.entry(profile.collection).or_default() += 1;
    }
    assert_eq!(taken.len(), 3, "{taken:?}");
    assert!(taken.values().all(|count| *count >= 6), "{taken:?}");
}

/// PostgreSQL and Redis, in a folder of their own.
struct Stores {
    dir: TempDir,
    children: Vec<Child>,
    postgres: u16,
    redis: u16,
}

impl Stores {
    /// Debian has both: `apt-get install postgresql redis-server`.
    async fn start() -> Stores {
        let dir = tempfile::tempdir().unwrap();
        let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (postgres, redis) = (port(), port());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/bluesky/postgres.sh");
        let mut database = Command::new("sh");
        database.arg(script).arg(dir.path()).arg(postgres.to_string());
        let mut cache = Command::new("redis-server");
        cache
            .args(["--bind", "127.0.0.1", "--port", &redis.to_string(), "--save", "", "--dir"])
            .arg(dir.path());
        let start = |command: &mut Command, log: &str| {
            let log = File::create(dir.path().join(log)).unwrap();
            let started = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
            started.unwrap_or_else(|why| panic!("{why}: apt-get install postgresql redis-server"))
        };
        let children = vec![start(&mut database, "postgres.log"), start(&mut cache, "redis.log")];
        let mut stores = Stores { dir, children, postgres, redis };
        stores.wait().await;
        stores
    }

    async fn wait(&mut self) {
        let begun = Instant::now();
        let listens = async |port: u16| tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        while !(listens(self.postgres).await && listens(self.redis).await) {
            let ended = self.children.iter_mut().any(|child| child.try_wait().unwrap().is_some());
            if ended || begun.elapsed() > PATIENCE {
                let log = |name: &str| fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
                panic!("PostgreSQL or Redis did not start:\n{}{}", log("postgres.log"), log("redis.log"));
            }
            Clock::Real.sleep(Span::milliseconds(100)).await;
        }
    }
}

impl Drop for Stores {
    fn drop(&mut self) {
        for child in &mut self.children {
            stop(child);
        }
    }
}

impl Sky {
    async fn network(stores: &Stores) -> Sky {
        let mut command = node(Set::Network, "network.mjs");
        let database = format!("postgresql://masthead@127.0.0.1:{}/postgres", stores.postgres);
        command.env("DB_POSTGRES_URL", database).env("REDIS_HOST", format!("127.0.0.1:{}", stores.redis));
        Sky::launch(tempfile::tempdir().unwrap(), command).await
    }

    /// Reads until the AppView, which takes its time, has come to this many posts.
    async fn read_until(
        &self,
        net: &Net,
        acct: &Acct,
        before: Option<&AccountPoll>,
        posts: u64,
    ) -> AccountPoll {
        let fresh = Cursor::default();
        let begun = Instant::now();
        loop {
            let before = Before {
                observation: before.map(|poll| &poll.observation),
                cursor: before.map_or(&fresh, |poll| &poll.cursor),
            };
            let read = AppView::public(net).read_account(acct, before, 5, now()).await;
            match read {
                Ok(poll) if poll.observation.profile.counts.statuses == Some(posts) => return poll,
                read if begun.elapsed() > PATIENCE => panic!("it never had {posts} posts: {read:?}"),
                _ => Clock::Real.sleep(Span::milliseconds(300)).await,
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL, Redis and a minute: cargo test --test peers -- --ignored bluesky_network --nocapture"]
async fn in_the_whole_bluesky_network_we_see_exactly_what_was_posted_and_what_was_taken_back() {
    let begun = Instant::now();
    let stores = Stores::start().await;
    let sky = Sky::network(&stores).await;
    eprintln!("the network is up after {:.1} s", begun.elapsed().as_secs_f64());
    let (agency, reader) = (sky.join("agencia.test").await, sky.join("lectora.test").await);
    let profile = json!({"$type": "app.bsky.actor.profile", "displayName": "Agencia Oriental",
        "description": "Noticias. https://agencia.example/", "createdAt": now().to_rfc3339()});
    sky.describe(&agency, &profile).await;
    let follow =
        json!({"$type": "app.bsky.graph.follow", "subject": agency.did, "createdAt": now().to_rfc3339()});
    sky.write(&reader, "app.bsky.graph.follow", &follow).await.unwrap();
    let mut keys = Vec::new();
    for n in 0..130 {
        keys.push(sky.post(&agency, &format!("Noticia {n}")).await);
    }
    let net = sky.road(&[]);
    let acct = Acct::bluesky(&agency.handle).unwrap();
    let first = sky.read_until(&net, &acct, None, 130).await;
    let seen = |poll: &AccountPoll| {
        poll.statuses.iter().map(|status| status.local_id.clone()).collect::<BTreeSet<_>>()
    };
    let newest = |keys: &[String]| keys.iter().rev().take(40).cloned().collect::<BTreeSet<_>>();
    let whole = &first.observation.profile;
    assert_eq!((&whole.id, whole.counts.followers), (&AccountId::bluesky(&agency.did), Some(1)));
    assert_eq!(whole.links.last().map(|link| link.url.as_str()), Some("https://agencia.example/"));
    assert!(seen(&first).is_superset(&newest(&keys)), "{} of 130", first.statuses.len());

    // Ninety more, and three of the newest gone: the next read reaches down to what is known and misses those.
    for n in 130..220 {
        keys.push(sky.post(&agency, &format!("Noticia {n}")).await);
    }
    let gone: Vec<String> = [219, 200, 128].into_iter().map(|n| keys[n].clone()).collect();
    for key in &gone {
        sky.delete(&agency, key).await;
    }
    let second = sky.read_until(&net, &acct, Some(&first), 217).await;
    let expected: BTreeSet<String> = keys[130..].iter().filter(|key| !gone.contains(key)).cloned().collect();
    let news: BTreeSet<String> = seen(&second).difference(&seen(&first)).cloned().collect();
    assert_eq!(news, expected);
    assert!(second.complete && !gone.iter().any(|key| seen(&second).contains(key)));

    // The AppView as it is published looks into handles only.
    let found = AppView::public(&net).search("agencia").await.unwrap();
    assert_eq!(found.iter().map(|profile| &profile.acct).collect::<Vec<_>>(), [&acct]);
    assert_eq!(AppView::public(&net).resolve(&host("agencia.test")).await.unwrap(), Some(agency.did.clone()));
    assert_eq!(AppView::public(&net).resolve(&host("nadie.test")).await.unwrap(), None);
    sky.call(Some(&agency), "com.atproto.server.deactivateAccount", &json!({})).await.unwrap();
    let waited = Instant::now();
    loop {
        let before = Before { observation: Some(&second.observation), cursor: &second.cursor };
        let poll = AppView::public(&net).read_account(&acct, before, 5, now()).await;
        if poll.as_ref().is_ok_and(|poll| poll.observation.profile.is_suspended) {
            break;
        }
        assert!(waited.elapsed() < PATIENCE, "it is still shown: {poll:?}");
        Clock::Real.sleep(Span::milliseconds(300)).await;
    }
    eprintln!("220 posts made, 3 deleted, 217 seen, after {:.1} s", begun.elapsed().as_secs_f64());
}
