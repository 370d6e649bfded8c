//! The bot against strangers: a server and a client that other people wrote, not this project.
//!
//! What is real here
//! - The bot is the built program, a process for every command, with its store and ledger on disk.
//! - The server is `mastodon-mock`, a Mastodon API with a database behind it, over HTTP. Accounts sign up, fill
//!   in their profiles and post through that API, and its own faults and limits are what troubles the bot.
//! - The reader is Mastodon.py, which knows nothing of this project: what it finds on the server is compared
//!   with what the bot said it would post.
//!
//! Both come from the Python package index at the versions of `peers/requirements.txt`; `peers/venv.rs` installs
//! them. Everything listens on 127.0.0.1, in files of its own, and ends with its test.
//!
//! What is not: TLS and names (`[hosts]` leads them here), the outlets' sites, the days between two passes
//! (`[clock] origin` moves them, at the real rate), and in one story the length of waits. The mock takes any
//! visibility and any reply target and sees mentions in the middle of addresses, so it is not the only judge:
//! see `tests/publish.rs` and the stories of the embedded world.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "peers/bluesky.rs"]
mod bluesky;
#[path = "peers/bot.rs"]
mod bot;
#[path = "peers/node.rs"]
mod node;
#[path = "peers/outlets.rs"]
mod outlets;
#[path = "peers/relay.rs"]
mod relay;
#[path = "peers/server.rs"]
mod server;
#[path = "peers/venv.rs"]
mod venv;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bot::{Bot, Present};
use chrono::{DateTime, Duration as Span, Utc};
use masthead::clock::Clock;
use outlets::Outlets;
use relay::relay;
use serde::Deserialize;
use serde_json::{Value, json};
use server::Server;
use venv::python;

const HOME: &str = "social.example";
const POSTED: &str = "POST /api/v1/statuses 200";
const CGTN: &str = "account cgtn@social.example";
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/client.py");

/// Somebody with an account on the server.
#[derive(Debug, Clone, Deserialize)]
struct Person {
    token: String,
    url: String,
}

/// A post as the independent reader sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Post {
    id: String,
    /// As shown, out of the server's HTML.
    text: String,
    /// As it was sent.
    source: String,
    links: Vec<String>,
    in_reply_to: Option<String>,
    visibility: String,
    language: Option<String>,
    spoiler: String,
    mentions: Vec<String>,
    tags: Vec<String>,
    is_boost: bool,
}

/// Everything that the bot's account shows.
#[derive(Debug, PartialEq, Deserialize)]
struct Outbox {
    /// Oldest first.
    posts: Vec<Post>,
    /// Ids of what stands above the last post in its thread, topmost first.
    above_last: Vec<String>,
}

/// A server with people on it, two outlets with their sites, and a bot that watches them.
struct Scene {
    server: Server,
    outlets: Outlets,
    bot: Bot,
    masthead: Person,
    cgtn: Person,
    /// How much the server had been asked when there was news to post.
    asked_before: usize,
}

impl Scene {
    /// The outlets' sites name nobody; CGTN has an account that says it is CGTN's. The bot has looked once.
    async fn open() -> Scene {
        let server = Server::start().await;
        let outlets = Outlets::open().await;
        outlets.publish("xinhua.example", &[]);
        outlets.publish("cgtn.example", &[]);
        let masthead = join(&server, &["masthead", "Masthead", "https://masthead.example/"]);
        let cgtn = join(&server, &["cgtn", "CGTN", "https://cgtn.example/", "Giant pandas in the snow"]);
        let sites = [("xinhua.example", outlets.address), ("cgtn.example", outlets.address)];
        let hosts = BTreeMap::from_iter(sites.into_iter().chain([(HOME, server.address)]));
        let mut bot = Bot::new(hosts, &masthead.token);
        let background = bot.collect(Present::Days(-6));
        assert_eq!(background["new_accounts"], json!([CGTN]));
        Scene { server, outlets, bot, masthead, cgtn, asked_before: 0 }
    }

    /// Then Xinhua and somebody in its name sign up, and two days later both outlets name their accounts:
    /// two findings wait for the next digest.
    async fn with_news() -> Scene {
        let mut scene = Scene::open().await;
        let texts = ["The spring festival begins #pandas", "Good morning @masthead"];
        let xinhua = join(
            &scene.server,
            &[&["xinhua_es", "Xinhua Español", "https://xinhua.example/"], &texts[..]].concat(),
        );
        join(&scene.server, &["xinhua_oficial", "Xinhua Oficial", "https://xinhua.example/"]);
        let found = scene.bot.collect(Present::Days(-4));
        assert_eq!((found["new_statuses"].as_u64(), &found["raised"]), (Some(2), &json!([])));
        scene.outlets.publish("xinhua.example", &[&xinhua.url]);
        scene.outlets.publish("cgtn.example", &[&scene.cgtn.url]);
        let proven = scene.bot.collect(Present::Days(-2));
        assert_eq!(proven["raised"].as_array().unwrap().len(), 2, "{proven}");
        scene.bot.present = Present::Today;
        scene.asked_before = scene.server.requests().len();
        scene
    }

    /// What Mastodon.py finds on the bot's account.
    fn read(&self) -> Outbox {
        self.read_as(&self.masthead.token)
    }

    fn read_as(&self, token: &str) -> Outbox {
        serde_json::from_value(client(&self.server, "read", &["masthead", token])).unwrap()
    }

    /// Requests to post, and what the server answered, since there is news.
    fn attempts(&self) -> Vec<String> {
        let asked = self.server.requests().into_iter().skip(self.asked_before);
        asked.filter(|asked| asked.starts_with("POST /api/v1/statuses ")).collect()
    }
}

/// Does something on the server as people do, by Mastodon.py.
fn client(server: &Server, command: &str, words: &[&str]) -> Value {
    let output = python().arg(CLIENT).args([&server.url(""), command]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Signs up `[user, name, site, text…]`.
fn join(server: &Server, words: &[&str]) -> Person {
    serde_json::from_value(client(server, "join", words)).unwrap()
}

/// The thread that a dry run announced, as a reader has to find it; ids are the server's to give.
fn thread(told: &Value, found: &Outbox, below: Option<&str>) -> Vec<Post> {
    let told = told["posts"].as_array().unwrap();
    let ids = found.posts.iter().map(|post| post.id.clone()).chain(std::iter::repeat(String::new()));
    let mut above = below.map(str::to_owned);
    let expected = told.iter().zip(ids).enumerate().map(|(part, (told, id))| {
        let text = told["text"].as_str().unwrap();
        let link = match part {
            0 => "https://masthead.example/d/1".to_owned(),
            part => format!("https://masthead.example/d/1/{part}"),
        };
        Post {
            in_reply_to: above.replace(id.clone()),
            id,
            text: text.to_owned(),
            source: text.to_owned(),
            links: vec![link],
            visibility: "unlisted".to_owned(),
            language: Some("en".to_owned()),
            spoiler: String::new(),
            mentions: vec![],
            tags: vec![],
            is_boost: false,
        }
    });
    expected.collect()
}

/// How the polls of CGTN's account go: the trouble with the last one, and when the next one is.
fn polls_of_cgtn(bot: &Bot) -> (String, DateTime<Utc>) {
    let targets = bot.ask(&["targets"]);
    let row = targets["rows"].as_array().unwrap().iter().find(|row| row["target"] == CGTN).unwrap();
    let [trouble, due] = ["trouble", "due"].map(|key| row[key].as_str().unwrap());
    (trouble.to_owned(), due.parse().unwrap())
}

fn ids(posts: &[Post]) -> Vec<&str> {
    posts.iter().map(|post| post.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reader_finds_what_was_announced_in_order_and_nothing_twice() {
    let scene = Scene::with_news().await;
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    assert_eq!(scene.read().posts, []);
    scene.bot.ask(&["digest"]);
    let found = scene.read();
    assert_eq!(found.posts, thread(&told, &found, None));
    let [root, xinhua, cgtn] = &found.posts[..] else { panic!("{found:#?}") };
    assert_eq!(found.above_last, [&*root.id, &xinhua.id]);
    assert!(xinhua.text.contains("xinhua_es@social.example, first seen by us"), "{}", xinhua.text);
    assert!(cgtn.text.starts_with("Now proven official: CGTN on Mastodon"), "{}", cgtn.text);

    assert_eq!(scene.bot.ask(&["digest"])["says"], "there is nothing to say");
    assert_eq!(scene.read(), found);
    let verified = scene.bot.ask(&["verify"]);
    let sound = (&verified["posted"], &verified["altered"], &verified["torn_bytes"]);
    assert_eq!(sound, (&json!(3), &json!([]), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn somebody_in_the_name_of_an_outlet_is_examined_and_not_named() {
    let scene = Scene::with_news().await;
    let explained = scene.bot.ask(&["explain", "xinhua_oficial@social.example"]);
    let account = &explained["account"];
    assert_eq!((&account["relation"], &account["named"]), (&json!("claimed"), &json!("no")));
    assert_eq!(
        explained["assessment"]["because"],
        "not named: it says it belongs to Xinhua News Agency, but no page or host of Xinhua News Agency \
         names it; may be parody"
    );
    let told = scene.bot.ask(&["digest", "--dry-run"]).to_string();
    assert!(told.contains("xinhua_es@") && !told.contains("xinhua_oficial"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_digest_answers_our_own_standing_post_and_nobody_elses() {
    let mut scene = Scene::with_news().await;
    let of_cgtn = client(&scene.server, "post", &[&scene.cgtn.token, "What do you think?"]);
    scene.bot.reply_to = of_cgtn[0]["url"].as_str().unwrap().to_owned();
    let refused = scene.bot.run(&["digest"]);
    let says = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && says.contains("is no post of ours that social.example knows"),
        "{says}"
    );
    assert_eq!(scene.read().posts, []);

    let own = client(&scene.server, "post", &[&scene.masthead.token, "Digests stand below this post."]);
    scene.bot.reply_to = own[0]["url"].as_str().unwrap().to_owned();
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    scene.bot.ask(&["digest"]);
    let mut found = scene.read();
    let standing = found.posts.remove(0);
    assert_eq!(found.posts, thread(&told, &found, Some(&standing.id)));
    assert_eq!(found.above_last, [&[&*standing.id], &ids(&found.posts)[..2]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_was_taken_back_posts_nothing_and_is_named_as_the_reason() {
    let scene = Scene::with_news().await;
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    client(&scene.server, "revoke", &[&scene.masthead.token]);
    let refused = scene.bot.run(&["digest"]);
    let says = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{says}");
    assert_eq!(says, "masthead: social.example does not accept the token: it answered 401\n");
    assert_eq!(scene.attempts(), [""; 0]);

    let token = scene.server.token("masthead").await;
    scene.bot.log_in(&token);
    scene.bot.ask(&["digest"]);
    let found = scene.read_as(&token);
    assert_eq!(found.posts, thread(&told, &found, None));
}

/// A person picks the account on the server's own page, and the bot goes on with the token of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_at_a_server_of_others_ends_in_a_token_that_posts() {
    let scene = Scene::with_news().await;
    client(&scene.server, "revoke", &[&scene.masthead.token]);
    let begun = scene.bot.ask(&["login", "fediverse"]);
    let page = begun["authorize_url"].as_str().unwrap();
    let (place, form) = page.split_once('?').unwrap();
    let shown = scene.server.press(place, &format!("{form}&username=masthead")).await;
    let code = shown.split_once("Authorization code: ").expect(&shown).1.split_once('<').unwrap().0;
    let refused = scene.bot.run(&["login", "fediverse", "--code", "mockcode_nobody"]);
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && says.contains("social.example does not take the code"), "{says}");
    let done = scene.bot.ask(&["login", "fediverse", "--code", code]);
    assert_eq!((&done["account"], &done["bot"]), (&json!("masthead@social.example"), &json!(false)));
    assert_eq!(done["lacks"], json!(["bot flag"]));

    let told = scene.bot.ask(&["digest", "--dry-run"]);
    scene.bot.ask(&["digest"]);
    let reader = scene.server.token("masthead").await;
    let found = scene.read_as(&reader);
    assert_eq!(found.posts, thread(&told, &found, None));
}

/// The server serves the request, and its answer never arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_post_whose_answer_was_lost_is_found_on_the_server_and_not_sent_again() {
    let mut scene = Scene::with_news().await;
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    scene.bot.hosts.insert(HOME, relay(scene.server.address, 2).await);
    let report = scene.bot.ask(&["digest"]);
    assert_eq!(report["says"], "complete");
    assert_eq!(scene.attempts(), [POSTED; 3]);
    let found = scene.read();
    assert_eq!(found.posts, thread(&told, &found, None));
    let adopted = scene.bot.ask(&["verify"]);
    assert_eq!((&adopted["posted"], &adopted["altered"]), (&json!(3), &json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_post_that_was_refused_for_now_or_failed_is_sent_again_until_it_stands_once() {
    let mut scene = Scene::with_news().await;
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    let statuses = "/api/v1/statuses";
    let in_two_minutes = (Clock::Real.now() + Span::minutes(2)).timestamp().to_string();
    let headers = json!({"Retry-After": "120", "X-RateLimit-Reset": in_two_minutes});
    scene.server.fault("POST", statuses, json!({"type": "ratelimit", "headers": headers}), Some(1)).await;
    scene.server.fault("POST", statuses, json!({"type": "status", "status": 500}), Some(1)).await;
    scene.bot.present = Present::Fast { rate: 30.0, since: Clock::Real.now() };
    let begun = Instant::now();
    scene.bot.ask(&["digest"]);
    // Two minutes of rest; half a minute after the trouble; two looks, two minutes apart.
    assert!(begun.elapsed().as_secs_f64() > (120 + 30 + 120) as f64 / 30.0);
    let [limited, failed] = ["POST /api/v1/statuses 429", "POST /api/v1/statuses 500"];
    assert_eq!(scene.attempts(), [limited, failed, POSTED, POSTED, POSTED]);
    let found = scene.read();
    assert_eq!(found.posts, thread(&told, &found, None));
}

/// The server's own limiter counts what the token does and says on every answer what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn half_of_the_servers_limit_is_enough() {
    let mut scene = Scene::with_news().await;
    let told = scene.bot.ask(&["digest", "--dry-run"]);
    scene.server.restart("ratelimit = { enabled = true, limit = 6, window_seconds = 5 }").await;
    scene.bot.hosts.insert(HOME, scene.server.address);
    let begun = Instant::now();
    scene.bot.ask(&["digest"]);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(3), "{took:?}");
    assert_eq!(scene.attempts(), [POSTED; 3]);
    let found = scene.read();
    assert_eq!(found.posts, thread(&told, &found, None));
}

/// Here the server takes the end of an address for the name of somebody who happens to have it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_post_in_which_the_server_sees_a_mention_is_taken_down_and_all_posting_stops() {
    let mut scene = Scene::with_news().await;
    join(&scene.server, &["social", "Sociable", "https://sociable.example/"]);
    // It looks twice for a double of what it took down.
    scene.bot.present = Present::Fast { rate: 60.0, since: Clock::Real.now() };
    for _ in 0..2 {
        let output = scene.bot.run(&["digest"]);
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["says"], "halted: part 1 mentions 1 accounts; `masthead resume --as NAME` goes on");
        let found = scene.read();
        assert_eq!(found.posts.len(), 1);
        assert!(found.posts[0].text.starts_with("Masthead digest 1"));
        assert_eq!(scene.attempts(), [POSTED; 2]);
    }
}

/// One trouble a day, and news on each: every trouble is told, and costs its day only.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_in_trouble_is_left_alone_and_what_was_missed_is_read_later() {
    let mut scene = Scene::with_news().await;
    let lookup = "/api/v1/accounts/lookup";
    let in_two_hours = (Clock::Real.now() + Span::hours(2)).timestamp().to_string();
    let limit = json!({"Retry-After": "7200", "X-RateLimit-Reset": in_two_hours});
    for (day, (path, effect, told)) in (0..).zip([
        (lookup, json!({"type": "ratelimit", "headers": limit}), "it answered 429: too many requests"),
        ("/api/v1/accounts/*/statuses", json!({"type": "status", "status": 500}), "answered 500"),
        (lookup, json!({"type": "malformed"}), "is not JSON"),
        (lookup, json!({"type": "timeout"}), "no answer within 10s"),
    ]) {
        client(&scene.server, "post", &[&scene.cgtn.token, &format!("The news of day {day}")]);
        let asked_before = scene.server.requests().len();
        scene.server.fault("GET", path, effect, None).await;
        scene.bot.collect(Present::Days(day));
        scene.server.recover().await;
        let (trouble, due) = polls_of_cgtn(&scene.bot);
        assert!(trouble.contains(told), "{trouble}");
        if day == 0 {
            let mut asked = scene.server.requests().split_off(asked_before).into_iter();
            asked.by_ref().find(|asked| asked.ends_with(" 429")).unwrap();
            // Two requests are under way at a time, and a third may just have been on its way.
            assert!(asked.len() <= 2, "{asked:#?}");
            assert!(due - Clock::Real.now() > Span::minutes(119), "{due}");
        }
    }
    let report = scene.bot.collect(Present::Days(5));
    assert_eq!((&report["troubles"], &report["new_statuses"]), (&json!([]), &json!(4)));
    let explained = scene.bot.ask(&["explain", "cgtn@social.example"]);
    let account = &explained["account"];
    assert_eq!((&account["relation"], &account["activity"]), (&json!("official"), &json!("posting")));
    assert_eq!(explained["statuses_read"], 5);
}
