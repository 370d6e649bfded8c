//! Bluesky in the embedded world, as a client meets it: the AppView over HTTP, the stream over a websocket.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use masthead::sandbox::sky::{APPVIEW, STREAM, cast};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::*;

const OUTLET: &str = "es.xinhua.example";
const IMPOSTOR: &str = "xinhua-oficial.example";

impl Scene {
    async fn ask_sky(&self, question: &str) -> Value {
        self.json(APPVIEW, &format!("/xrpc/{question}")).await
    }

    /// Status, name and message of a refusal.
    async fn refusal(&self, question: &str) -> (u16, String, String) {
        let response = self.get(APPVIEW, &format!("/xrpc/{question}")).await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        (status, string(&body["error"]), string(&body["message"]))
    }

    /// The whole feed of an account, page by page.
    async fn feed(&self, actor: &str, limit: usize, more: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let question = format!("app.bsky.feed.getAuthorFeed?actor={actor}&limit={limit}{more}{cursor}");
            let page = self.ask_sky(&question).await;
            items.extend(page["feed"].as_array().unwrap().clone());
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn uri(item: &Value) -> String {
    string(&item["post"]["uri"])
}

#[tokio::test]
async fn the_outlet_s_account_and_its_domain_name_each_other_from_day_five_on() {
    let before = Scene::on_day(4).await;
    assert_eq!(before.get(OUTLET, "/.well-known/atproto-did").await.status(), 404);
    let resolve = format!("com.atproto.identity.resolveHandle?handle={OUTLET}");
    let unknown = (400, "InvalidRequest".to_owned(), "Unable to resolve handle".to_owned());
    assert_eq!(before.refusal(&resolve).await, unknown);

    let after = Scene::on_day(5).await;
    let did = after.text(OUTLET, "/.well-known/atproto-did").await;
    assert_eq!(after.ask_sky(&resolve).await, json!({ "did": did }));
    let profile = after.ask_sky(&format!("app.bsky.actor.getProfile?actor={did}")).await;
    assert_eq!((&profile["did"], &profile["handle"]), (&json!(did), &json!(OUTLET)));
    assert_eq!(profile["website"], "https://es.xinhua.example/");
    assert!(profile["followersCount"].as_i64().unwrap() >= 905);
    // The handle that it had first leads nowhere any more, and other domains name nobody.
    let former = after.refusal("app.bsky.actor.getProfile?actor=xinhua-es.nube.example").await;
    assert_eq!(former.2, "Profile not found");
    assert_eq!(after.get("xinhua.example", "/.well-known/atproto-did").await.status(), 404);
}

#[tokio::test]
async fn a_feed_pages_down_once_through_posts_and_reposts_and_shows_a_pinned_post_first() {
    let scene = Scene::on_day(9).await;
    let all = scene.feed("beto-lector.example", 7, "").await;
    let places: Vec<String> = all
        .iter()
        .map(|item| match item["reason"]["indexedAt"].as_str() {
            Some(at) => at.to_owned(),
            None => string(&item["post"]["indexedAt"]),
        })
        .collect();
    assert!(places.is_sorted_by(|newer, older| newer > older) && places.len() > 60, "{}", places.len());
    let reposts: Vec<&Value> = all.iter().filter(|item| item["reason"].is_object()).collect();
    assert!(reposts.len() > 2, "{}", reposts.len());
    for item in reposts {
        assert_eq!(item["reason"]["$type"], "app.bsky.feed.defs#reasonRepost");
        assert_eq!(item["post"]["author"]["handle"], OUTLET);
    }
    assert_eq!(scene.feed("beto-lector.example", 100, "").await, all);

    let own = scene.feed(OUTLET, 100, "").await;
    let pinned = scene.feed(OUTLET, 100, "&includePins=true").await;
    assert_eq!(pinned[0]["reason"], json!({ "$type": "app.bsky.feed.defs#reasonPin" }));
    let set = |feed: &[Value]| feed.iter().map(uri).collect::<BTreeSet<_>>();
    assert_eq!((own.len(), set(&own)), (pinned.len(), set(&pinned)));
    let top = scene.feed(OUTLET, 100, "&filter=posts_no_replies").await;
    assert!(top.iter().all(|item| item["post"]["record"].get("reply").is_none()) && top.len() <= own.len());
    let refused = scene.refusal("app.bsky.feed.getAuthorFeed?actor=es.xinhua.example&limit=101").await;
    assert_eq!(refused.2, "Error: limit can not be greater than 100");
}

#[tokio::test]
async fn marks_of_a_post_are_counted_in_bytes() {
    let scene = Scene::on_day(6).await;
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    for actor in ["beto-lector.example", OUTLET] {
        for item in scene.feed(actor, 100, "").await {
            let record = &item["post"]["record"];
            let text = string(&record["text"]);
            for facet in record["facets"].as_array().into_iter().flatten() {
                let place = |name: &str| facet["index"][name].as_u64().unwrap() as usize;
                let stretch = text[place("byteStart")..place("byteEnd")].to_owned();
                kinds.insert(string(&facet["features"][0]["$type"]), stretch);
            }
        }
    }
    let of = |kind: &str| kinds[&format!("app.bsky.richtext.facet#{kind}")].as_str();
    assert_eq!(of("mention"), "@es.xinhua.example");
    assert!(of("link").starts_with("https://es.xinhua.example/") && of("tag").starts_with('#'));
}

#[tokio::test]
async fn an_account_s_age_is_what_it_says_and_a_label_says_whose_word_it_is() {
    let scene = Scene::on_day(8).await;
    let profile = scene.ask_sky(&format!("app.bsky.actor.getProfile?actor={IMPOSTOR}")).await;
    let day = |value: &Value| string(value)[..10].to_owned();
    assert_eq!(
        (day(&profile["createdAt"]), day(&profile["indexedAt"])),
        ("2024-12-05".into(), "2026-11-05".into())
    );
    assert_eq!(profile["labels"][0]["val"], "impersonation");
    assert_ne!(profile["labels"][0]["src"], profile["did"]);
    let newest = &scene.feed(IMPOSTOR, 1, "").await[0]["post"];
    assert!(day(&newest["record"]["createdAt"]) < day(&newest["indexedAt"]));

    let bot = scene.ask_sky("app.bsky.actor.getProfile?actor=marea-bot.example").await;
    assert_eq!((&bot["labels"][0]["src"], &bot["labels"][0]["val"]), (&bot["did"], &json!("bot")));
}

#[tokio::test]
async fn who_is_not_shown_is_refused_in_words_that_say_why_and_missing_in_a_list() {
    let refused = |name: &str, message: &str| (400, name.to_owned(), message.to_owned());
    let profile = |handle: &str| format!("app.bsky.actor.getProfile?actor={handle}");
    let sixth = Scene::on_day(6).await;
    let switched_off = refused("AccountDeactivated", "Account is deactivated");
    assert_eq!(sixth.refusal(&profile("ana-faro.example")).await, switched_off);
    let ninth = Scene::on_day(9).await;
    let suspended = refused("AccountTakedown", "Account has been suspended");
    assert_eq!(ninth.refusal(&profile(IMPOSTOR)).await, suspended);
    assert_eq!(ninth.ask_sky(&profile("ana-faro.example")).await["displayName"], "Ana Faro");
    let gone = refused("InvalidRequest", "Profile not found");
    assert_eq!(ninth.refusal(&profile("vuelo-corto.example")).await, gone);
    assert_eq!(ninth.refusal(&format!("app.bsky.feed.getAuthorFeed?actor={IMPOSTOR}")).await, gone);
    let actors =
        [IMPOSTOR, "ana-faro.example", "nobody.example", OUTLET].map(|actor| format!("actors={actor}"));
    let several = ninth.ask_sky(&format!("app.bsky.actor.getProfiles?{}", actors.join("&"))).await;
    let handles: Vec<&Value> =
        several["profiles"].as_array().unwrap().iter().map(|it| &it["handle"]).collect();
    assert_eq!(handles, ["ana-faro.example", OUTLET]);
    let too_many = (0..26).map(|n| format!("actors=a{n}.example")).collect::<Vec<_>>().join("&");
    assert_eq!(ninth.refusal(&format!("app.bsky.actor.getProfiles?{too_many}")).await.0, 400);
    let (status, name, _) = ninth.refusal("app.bsky.feed.searchPosts?q=xinhua").await;
    assert_eq!((status, name.as_str()), (403, "Forbidden"));
    assert_eq!(ninth.refusal("app.bsky.no.such").await.0, 501);
}

#[tokio::test]
async fn accounts_are_found_by_words_and_followers_are_listed_without_counts() {
    let scene = Scene::founding(8).await;
    let found = scene.ask_sky("app.bsky.actor.searchActors?q=xinhua&limit=1").await;
    let next = string(&found["cursor"]);
    let rest = scene.ask_sky(&format!("app.bsky.actor.searchActors?q=xinhua&limit=1&cursor={next}")).await;
    let actors = [&found["actors"][0], &rest["actors"][0]];
    let handles: BTreeSet<String> = actors.iter().map(|actor| string(&actor["handle"])).collect();
    assert_eq!(handles, BTreeSet::from([OUTLET.to_owned(), IMPOSTOR.to_owned()]));
    assert!(actors.iter().all(|actor| actor.get("followersCount").is_none()) && rest.get("cursor").is_none());
    assert_eq!(scene.ask_sky("app.bsky.actor.searchActors?q=").await["actors"], json!([]));

    let followers = scene.ask_sky("app.bsky.graph.getFollowers?actor=faro-digital.example").await;
    assert_eq!(followers["followers"][0]["handle"], "gaceta-uy.example");
    assert_eq!(followers["subject"]["handle"], "faro-digital.example");
    assert_eq!(
        scene.refusal("app.bsky.graph.getFollowers?actor=nobody.example").await.2,
        "Actor not found: nobody.example"
    );
}

#[tokio::test]
async fn the_sister_copies_in_silence_and_the_crediting_paper_says_where_it_is_from() {
    let scene = Scene::founding(20).await;
    for part in cast::CAST.iter().filter(|part| part.role.ends_with("paper")) {
        let handle = part.acct.strip_suffix("@bsky.app").unwrap();
        let feed = scene.feed(handle, 100, "").await;
        let texts: Vec<String> = feed.iter().map(|item| string(&item["post"]["record"]["text"])).collect();
        assert!(texts.iter().all(|text| text.chars().count() <= 300) && texts.len() > 40, "{handle}");
        let credited =
            texts.iter().filter(|text| text.contains("Fuente: China News Service\nhttps://cns.example/"));
        match part.role {
            "crediting paper" => assert!(credited.count() > 35),
            _ => assert!(!texts.iter().any(|text| text.contains("http") || text.contains("China News"))),
        }
    }
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_until_when_and_a_proxy_answers_in_html() {
    let scene = Scene::on_day(1).await;
    let question = "/xrpc/app.bsky.actor.getProfile?actor=marea-bot.example";
    let first = scene.get(APPVIEW, question).await;
    assert_eq!(first.headers()["ratelimit-policy"], "3000;w=300");
    for fault in [
        json!({"effect": "ratelimit"}),
        json!({"effect": "status", "status": 403, "body": "<html>403</html>"}),
    ] {
        let mut fault = fault;
        fault["server"] = APPVIEW.into();
        fault["path"] = "/xrpc/".into();
        scene.fault(fault).await;
    }
    let limited = scene.get(APPVIEW, question).await;
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["ratelimit-remaining"]),
        (429, &"0".parse().unwrap())
    );
    assert!(limited.headers().get("retry-after").is_none());
    let reset: i64 = limited.headers()["ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&(reset - scene.sandbox.clock().now().timestamp())));
    assert_eq!(limited.json::<Value>().await.unwrap()["error"], "RateLimitExceeded");
    let proxy = scene.get(APPVIEW, question).await;
    assert_eq!((proxy.status().as_u16(), proxy.text().await.unwrap()), (403, "<html>403</html>".to_owned()));
    assert_eq!(scene.get(APPVIEW, question).await.status(), 200);
}

/// Listens for so long by the world's clock.
async fn listen(sandbox: &Sandbox, query: &str, span: Duration) -> Vec<(DateTime<Utc>, Value)> {
    let until = sandbox.clock().now() + span;
    let address = sandbox.address(STREAM).unwrap();
    let (mut socket, _) = connect_async(format!("ws://{address}/subscribe?{query}")).await.unwrap();
    let clock = sandbox.clock();
    let mut heard = Vec::new();
    loop {
        tokio::select! {
            came = socket.next() => match came {
                Some(Ok(Message::Text(text))) => heard.push((clock.now(), serde_json::from_str(&text).unwrap())),
                // The client answers pings by itself once it reads on.
                Some(Ok(_)) => {}
                other => panic!("the stream ended: {other:?}"),
            },
            () = clock.sleep_until(until) => return heard,
        }
    }
}

fn time_us(event: &Value) -> i64 {
    event["time_us"].as_i64().unwrap()
}

#[tokio::test]
async fn the_stream_tells_what_happens_when_it_happens_also_while_time_jumps() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::jumping(story::ORIGIN);
    let options = Options { story: Story::Founding, clock: Some(clock), ..Options::new(dir.path()) };
    let sandbox = Sandbox::start(options).await.unwrap();
    let driver = tokio::spawn(async move { clock.drive().await });
    let heard = listen(&sandbox, "wantedCollections=app.bsky.feed.*", Duration::days(10)).await;
    driver.abort();
    assert!(heard.len() > 150, "{}", heard.len());
    // Nothing is early, and time does not run away from who reads.
    for (at, event) in &heard {
        assert!((0..1_000).contains(&(at.timestamp_micros() - time_us(event))), "{at} {event}");
    }
    let times: Vec<i64> = heard.iter().map(|(_, event)| time_us(event)).collect();
    let doubles = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(times.is_sorted() && doubles > 2 && doubles * 10 < times.len(), "{doubles} of {}", times.len());
    let kinds: BTreeSet<&str> = heard.iter().map(|(_, event)| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["account", "commit", "identity"]));
    let operations = heard.iter().filter_map(|(_, event)| event["commit"]["operation"].as_str());
    assert_eq!(operations.collect::<BTreeSet<_>>(), BTreeSet::from(["create", "delete"]));
    let taken_down = heard.iter().find(|(_, event)| event["account"]["status"] == "takendown").unwrap();
    assert_eq!(taken_down.0.date_naive(), (story::ORIGIN + Duration::days(9)).date_naive());
}

#[tokio::test]
async fn a_cursor_of_either_kind_goes_on_there_and_no_further_back_than_36_hours() {
    let scene = Scene::on_day(9).await;
    let now = scene.sandbox.clock().now();
    let soon = Duration::milliseconds(700);
    let all = listen(&scene.sandbox, "cursor=1", soon).await;
    let oldest = DateTime::from_timestamp_micros(time_us(&all[0].1)).unwrap();
    let back = now - oldest;
    assert!(back <= Duration::hours(36) && back > Duration::hours(30), "{back}");
    let middle = &all[all.len() / 2].1;
    for cursor in [&middle["time_us"], &middle["cursor"]] {
        let rest = listen(&scene.sandbox, &format!("cursor={cursor}"), soon).await;
        assert_eq!(rest.first().map(|(_, event)| event), Some(middle), "{cursor}");
    }
    assert!(middle["cursor"].as_i64().unwrap() < 1_000_000_000_000_000);
    let only = listen(&scene.sandbox, "cursor=1&wantedCollections=app.bsky.actor.profile", soon).await;
    assert!(only.iter().all(|(_, event)| event["kind"] != "commit"), "{only:?}");
    assert_eq!(listen(&scene.sandbox, "", soon).await, vec![]);
    let address = scene.sandbox.address(STREAM).unwrap();
    match connect_async(format!("ws://{address}/subscribe?cursor=yesterday")).await {
        Err(Error::Http(refused)) => assert_eq!(refused.status(), 400),
        other => panic!("{other:?}"),
    }
}
