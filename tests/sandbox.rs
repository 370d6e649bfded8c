//! The embedded world as a client meets it: stories and habits, read with nothing but HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "sandbox/sky.rs"]
mod sky;

use chrono::{DateTime, Duration, Utc};
use masthead::clock::Clock;
use masthead::sandbox::founding::{CAST, SISTERS};
use masthead::sandbox::story::{self, HOME, Story};
use masthead::sandbox::{Options, Sandbox};
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A world that stands at a time after its origin, and a client in it.
struct Scene {
    dir: TempDir,
    sandbox: Sandbox,
    client: reqwest::Client,
}

const TOKEN: &str = "sandbox-token-of-social.example";
const GTS_TOKEN: &str = "sandbox-token-of-two.example";

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().user_agent("sandbox test");
    builder.redirect(redirect::Policy::none()).build().unwrap()
}

async fn start(dir: &TempDir, after: Duration) -> Sandbox {
    let anchor = Some(Clock::Real.now() - after);
    Sandbox::start(Options { seed: 7, rate: 1.0, anchor, ..Options::new(dir.path()) }).await.unwrap()
}

impl Scene {
    /// The founding story, on a day at 14:00.
    async fn founding(day: i64) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let anchor = Some(Clock::Real.now() - Duration::days(day) - Duration::hours(6));
        let options =
            Options { story: Story::Founding, seed: 7, rate: 1.0, anchor, ..Options::new(dir.path()) };
        let sandbox = Sandbox::start(options).await.unwrap();
        Scene { dir, sandbox, client: client() }
    }

    async fn after(after: Duration) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = start(&dir, after).await;
        Scene { dir, sandbox, client: client() }
    }

    async fn on_day(day: i64) -> Scene {
        Scene::after(Duration::days(day) + Duration::hours(6)).await
    }

    fn request(&self, method: Method, host: &str, path: &str) -> RequestBuilder {
        let address = self.sandbox.address(host).unwrap();
        self.client.request(method, format!("http://{address}{path}"))
    }

    async fn get(&self, host: &str, path: &str) -> Response {
        self.request(Method::GET, host, path).send().await.unwrap()
    }

    async fn json(&self, host: &str, path: &str) -> Value {
        let response = self.get(host, path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn text(&self, host: &str, path: &str) -> String {
        self.get(host, path).await.text().await.unwrap()
    }

    fn post(&self, status: &Value, key: &str) -> RequestBuilder {
        let request = self.request(Method::POST, HOME, "/api/v1/statuses").bearer_auth(TOKEN);
        request.header("Idempotency-Key", key).json(status)
    }

    async fn posted(&self, status: &Value, key: &str) -> Value {
        let response = self.post(status, key).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn account_id(&self, host: &str, acct: &str) -> String {
        let account = self.json(host, &format!("/api/v1/accounts/lookup?acct={acct}")).await;
        account["id"].as_str().unwrap().to_owned()
    }

    async fn search(&self, words: &str) -> Vec<String> {
        let found = self.json(HOME, &format!("/api/v2/search?type=accounts&limit=40&q={words}")).await;
        found["accounts"].as_array().unwrap().iter().map(|account| string(&account["acct"])).collect()
    }

    async fn fault(&self, fault: Value) {
        let request = self.request(Method::POST, HOME, "/_sandbox/faults").json(&fault);
        assert_eq!(request.send().await.unwrap().status(), 204);
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_home_page_names_four_accounts_and_each_names_the_outlet_back() {
    let scene = Scene::on_day(0).await;
    let page = scene.text("xinhua.example", "/").await;
    let mut named = 0;
    for (host, user) in [
        ("one.example", "xinhua"),
        ("one.example", "xinhua_fr"),
        ("two.example", "xinhua_ru"),
        ("three.example", "xinhua_ar"),
    ] {
        named += page.matches(&format!("https://{host}/@{user}\"")).count();
        let profile = scene.text(host, &format!("/@{user}")).await;
        assert!(profile.contains(r#"<link rel="me" href="https://xinhua.example/">"#), "{user}");
    }
    assert_eq!(named, 4);
    assert_eq!(page.matches(r#"rel="me"#).count(), 4);
}

#[tokio::test]
async fn the_new_account_and_the_page_that_names_it_appear_on_day_two() {
    let link = r#"rel="me noopener" href="https://social.example/@xinhua_es""#;
    let before = Scene::on_day(1).await;
    assert_eq!(before.get(HOME, "/api/v1/accounts/lookup?acct=xinhua_es").await.status(), 404);
    assert!(!before.text("es.xinhua.example", "/").await.contains(link));
    let after = Scene::on_day(2).await;
    let account = after.json(HOME, "/api/v1/accounts/lookup?acct=xinhua_es").await;
    assert!(account["followers_count"].as_i64().unwrap() >= 412);
    assert_eq!(account["uri"], "https://social.example/users/xinhua_es");
    assert!(string(&account["fields"][0]["value"]).contains("https://es.xinhua.example/"));
    assert!(after.text("es.xinhua.example", "/").await.contains(link));
    assert!(!after.text("xinhua.example", "/").await.contains("xinhua_es"));
}

#[tokio::test]
async fn search_finds_the_impostor_the_mirror_and_people_who_only_mention_the_outlet() {
    let scene = Scene::on_day(1).await;
    let found = scene.search("xinhua").await;
    for acct in
        ["xinhua_official", "xinhua.example@bridge.example", "iria", "radionorte", "xinhua@one.example"]
    {
        assert!(found.iter().any(|known| known == acct), "{acct} not in {found:?}");
    }
    for acct in ["ana", "xinhua_es", "xinhua_ar@three.example"] {
        assert!(!found.iter().any(|known| known == acct), "{acct} in {found:?}");
    }
    assert_eq!(Scene::on_day(0).await.search("official%20xinhua").await, [""; 0]);
    let page = scene.text("xinhua.example", "/").await;
    assert!(!page.contains("xinhua_official"));
}

#[tokio::test]
async fn a_silent_account_posts_again_on_day_four() {
    let newest = async |day| {
        let scene = Scene::on_day(day).await;
        let id = scene.account_id("one.example", "xinhua_fr").await;
        let page = scene.json("one.example", &format!("/api/v1/accounts/{id}/statuses?limit=1")).await;
        string(&page[0]["created_at"]).parse::<DateTime<Utc>>().unwrap()
    };
    let (before, after) = (newest(3).await, newest(4).await);
    assert!(story::ORIGIN - before > Duration::days(200));
    assert!(after > story::ORIGIN + Duration::days(4));
}

#[tokio::test]
async fn paging_down_shows_each_status_once_and_in_order() {
    let scene = Scene::on_day(3).await;
    for (host, acct) in
        [("one.example", "xinhua"), (HOME, "xinhua@one.example"), ("three.example", "xinhua_ar")]
    {
        let id = scene.account_id(host, acct).await;
        let mut seen: Vec<u64> = Vec::new();
        let mut path = format!("/api/v1/accounts/{id}/statuses?limit=40");
        for _ in 0..12 {
            let response = scene.get(host, &path).await;
            let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            let page: Vec<Value> = response.json().await.unwrap();
            seen.extend(page.iter().map(|status| string(&status["id"]).parse::<u64>().unwrap()));
            let next = link.and_then(|link| {
                let url = link.split(", ").find(|part| part.ends_with(r#"rel="next""#))?.to_owned();
                Some(url.split_once('>')?.0.trim_start_matches('<').to_owned())
            });
            let Some(next) = next else { break };
            path = next.strip_prefix(&format!("https://{host}")).unwrap().to_owned();
        }
        assert!(seen.len() > 400, "{}", seen.len());
        assert!(seen.is_sorted_by(|one, other| one > other), "{acct} on {host}");
    }
}

#[tokio::test]
async fn min_id_pages_up_without_gaps_and_since_id_shows_the_newest() {
    let scene = Scene::on_day(3).await;
    let id = scene.account_id("one.example", "xinhua").await;
    let ids = async |query: &str| -> Vec<String> {
        let page = scene.json("one.example", &format!("/api/v1/accounts/{id}/statuses?{query}")).await;
        page.as_array().unwrap().iter().map(|status| string(&status["id"])).collect()
    };
    let newest = ids("limit=30").await;
    assert_eq!(ids(&format!("limit=5&min_id={}", newest[20])).await, newest[15..20]);
    assert_eq!(ids(&format!("limit=5&since_id={}", newest[20])).await, newest[..5]);
    assert_eq!(ids(&format!("limit=5&max_id={}", newest[9])).await, newest[10..15]);
}

#[tokio::test]
async fn a_gotosocial_shows_nothing_without_a_token_and_ignores_since_id() {
    let scene = Scene::on_day(0).await;
    for path in ["/api/v1/accounts/lookup?acct=xinhua_ru", "/api/v2/search?q=xinhua", "/api/v1/statuses/1"] {
        assert_eq!(scene.get("two.example", path).await.status(), 401, "{path}");
    }
    assert_eq!(scene.get("two.example", "/api/v1/instance").await.status(), 200);
    let get = async |path: &str| -> Value {
        let request = scene.request(Method::GET, "two.example", path).bearer_auth(GTS_TOKEN);
        request.send().await.unwrap().json().await.unwrap()
    };
    let account = get("/api/v1/accounts/lookup?acct=xinhua_ru").await;
    assert_eq!(string(&account["id"]).len(), 26);
    assert!(account.get("uri").is_none());
    let base = format!("/api/v1/accounts/{}/statuses", string(&account["id"]));
    let page = get(&base).await;
    assert_eq!(page.as_array().unwrap().len(), 20);
    assert_eq!(get(&format!("{base}?since_id={}", string(&page[3]["id"]))).await, page);
    let nameless = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/api/v1/instance", scene.sandbox.address("two.example").unwrap());
    assert_eq!(nameless.get(url).send().await.unwrap().status(), 418);
}

#[tokio::test]
async fn a_takahe_answers_in_html_and_counts_below_zero() {
    let scene = Scene::on_day(0).await;
    let missing = scene.get("three.example", "/api/v1/accounts/lookup?acct=nobody").await;
    assert_eq!(missing.status(), 404);
    assert!(missing.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(scene.get("three.example", "/api/v2/instance").await.status(), 500);
    let account = scene.json("three.example", "/api/v1/accounts/lookup?acct=xinhua_ar").await;
    assert_eq!(account["followers_count"], -1);
    let bad = scene.request(Method::GET, "three.example", "/api/v1/instance").bearer_auth("wrong");
    assert_eq!(bad.send().await.unwrap().status(), 400);
    let finger = "/.well-known/webfinger?resource=acct:xinhua_ar@three.example";
    let jrd = scene.json("three.example", finger).await;
    assert_eq!(jrd["links"][1]["href"], "https://three.example/@xinhua_ar@three.example/");
}

#[tokio::test]
async fn pages_hold_lost_pictures_edits_dangling_replies_and_a_poisoned_item() {
    let scene = Scene::on_day(3).await;
    let id = scene.account_id("one.example", "xinhua").await;
    let mut statuses: Vec<Value> = Vec::new();
    while statuses.len() < 400 {
        let below = statuses.last().map(|status| format!("&max_id={}", string(&status["id"])));
        let path = format!("/api/v1/accounts/{id}/statuses?limit=40{}", below.unwrap_or_default());
        let page: Vec<Value> = serde_json::from_value(scene.json("one.example", &path).await).unwrap();
        statuses.extend(page);
    }
    let oldest = string(&statuses[statuses.len() - 1]["id"]);
    let dangling = statuses.iter().filter(|status| {
        let parent = status["in_reply_to_id"].as_str();
        parent.is_some_and(|parent| parent > oldest.as_str() && !statuses.iter().any(|it| it["id"] == parent))
    });
    assert!(dangling.count() > 0);
    assert!(statuses.iter().any(|status| status["content"].is_object()));
    assert!(statuses.iter().any(|status| status["edited_at"].is_string()));
    let lost = |status: &Value| {
        status["media_attachments"][0]["type"] == "image" && status["media_attachments"][0]["url"].is_null()
    };
    assert!(statuses.iter().any(lost));
}

#[tokio::test]
async fn the_same_key_gives_the_same_status_within_the_hour_and_another_one_after_it() {
    let scene = Scene::on_day(0).await;
    let first = scene.posted(&json!({ "status": "one" }), "key").await;
    let again = scene.posted(&json!({ "status": "one, resent" }), "key").await;
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["id"], scene.posted(&json!({ "status": "two" }), "other").await["id"]);

    let Scene { dir, sandbox, client } = scene;
    let clock = sandbox.clock();
    sandbox.stop().await;
    let Clock::Scaled(scale) = clock else { panic!("the world runs on a scaled clock") };
    let config = dir.path().join("config.toml");
    let written = std::fs::read_to_string(&config).unwrap();
    let earlier = (scale.anchor - Duration::minutes(61)).to_rfc3339();
    std::fs::write(&config, written.replace(&scale.anchor.to_rfc3339(), &earlier)).unwrap();
    let sandbox = Sandbox::start(Options::new(dir.path())).await.unwrap();
    let later = Scene { dir, sandbox, client };
    assert_ne!(first["id"], later.posted(&json!({ "status": "one" }), "key").await["id"]);
    assert_eq!(later.sandbox.outbox(HOME).len(), 3);
}

#[tokio::test]
async fn a_restarted_world_goes_on_at_the_same_addresses_with_the_same_statuses() {
    let scene = Scene::on_day(2).await;
    let sent = scene.posted(&json!({ "status": "kept" }), "k").await;
    let path = format!("/api/v1/statuses/{}", string(&sent["id"]));
    let hosts = scene.sandbox.hosts().clone();
    let config = std::fs::read_to_string(scene.sandbox.config()).unwrap();
    let Scene { dir, sandbox, .. } = scene;
    sandbox.stop().await;
    // Another seed and clock are asked for and not taken: this world has its own.
    let sandbox = Sandbox::start(Options { seed: 99, ..Options::new(dir.path()) }).await.unwrap();
    assert_eq!(*sandbox.hosts(), hosts);
    assert_eq!(std::fs::read_to_string(sandbox.config()).unwrap(), config);
    let again = Scene { dir, sandbox, client: client() };
    assert_eq!(again.json(HOME, &path).await["content"], "<p>kept</p>");
    assert_eq!(again.sandbox.world().seed, 7);
}

#[tokio::test]
async fn a_reply_that_is_lost_after_the_work_leaves_the_status_there() {
    let scene = Scene::on_day(0).await;
    let fault = |effect: &str| json!({ "server": HOME, "path": "/api/v1/statuses", "method": "POST", "effect": effect });
    scene.fault(fault("drop-after")).await;
    let lost = scene.post(&json!({ "status": "one" }), "a").send().await;
    assert!(lost.is_err());
    assert_eq!(scene.sandbox.outbox(HOME).len(), 1);
    let retried = scene.posted(&json!({ "status": "one" }), "a").await;
    assert_eq!(retried["id"], scene.sandbox.outbox(HOME)[0].id.as_str());

    scene.fault(fault("drop-before")).await;
    assert!(scene.post(&json!({ "status": "two" }), "b").send().await.is_err());
    assert_eq!(scene.sandbox.outbox(HOME).len(), 1);
}

#[tokio::test]
async fn a_gateway_may_give_up_after_the_work_and_a_server_before_it() {
    let scene = Scene::on_day(0).await;
    let fault = |effect: Value| {
        let mut fault = json!({ "server": HOME, "path": "/api/v1/statuses", "method": "POST" });
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        fault
    };
    scene.fault(fault(json!({ "effect": "status-after", "status": 504, "body": "<h1>504</h1>" }))).await;
    let response = scene.post(&json!({ "status": "one" }), "a").send().await.unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(response.text().await.unwrap(), "<h1>504</h1>");
    scene.fault(fault(json!({ "effect": "status", "status": 403 }))).await;
    assert_eq!(scene.post(&json!({ "status": "two" }), "b").send().await.unwrap().status(), 403);
    scene.fault(fault(json!({ "effect": "ratelimit" }))).await;
    let limited = scene.post(&json!({ "status": "two" }), "b").send().await.unwrap();
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["x-ratelimit-remaining"], "0");
    assert_eq!(scene.sandbox.outbox(HOME).len(), 1);
}

#[tokio::test]
async fn deleting_amid_a_thread_leaves_a_reply_to_nothing() {
    let scene = Scene::on_day(0).await;
    let root = string(&scene.posted(&json!({ "status": "root" }), "0").await["id"]);
    let middle = scene.posted(&json!({ "status": "middle", "in_reply_to_id": root }), "1").await;
    let middle = string(&middle["id"]);
    let leaf = scene.posted(&json!({ "status": "leaf", "in_reply_to_id": middle }), "2").await;
    let leaf = string(&leaf["id"]);
    let path = format!("/api/v1/statuses/{middle}");
    let deleted = scene.request(Method::DELETE, HOME, &path).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(deleted.json::<Value>().await.unwrap()["text"], "middle");
    assert_eq!(scene.get(HOME, &path).await.status(), 404);
    let left = scene.json(HOME, &format!("/api/v1/statuses/{leaf}")).await;
    assert_eq!(left["in_reply_to_id"], middle.as_str());
    let context = scene.json(HOME, &format!("/api/v1/statuses/{root}/context")).await;
    assert_eq!(context["descendants"].as_array().unwrap().len(), 0);
    let outbox = scene.json(HOME, "/_sandbox/outbox").await;
    let flags: Vec<bool> =
        outbox.as_array().unwrap().iter().map(|sent| sent["deleted"].as_bool().unwrap()).collect();
    assert_eq!(flags, [false, true, false]);
}

#[tokio::test]
async fn a_home_server_refuses_what_mastodon_refuses() {
    let scene = Scene::on_day(0).await;
    let link = format!("https://masthead.example/{}", "d".repeat(600));
    let fits = format!("{} {link}", "x".repeat(476));
    let cases = [
        (json!({ "status": "  " }), 422),
        (json!({ "status": "x".repeat(501) }), 422),
        (json!({ "status": format!("x{fits}") }), 422),
        (json!({ "status": "x", "visibility": "loud" }), 422),
        (json!({ "status": "x", "in_reply_to_id": "12345" }), 404),
        (json!({ "status": fits }), 200),
    ];
    for (index, (status, expected)) in cases.into_iter().enumerate() {
        let response = scene.post(&status, &index.to_string()).send().await.unwrap();
        assert_eq!(response.status(), expected, "case {index}");
    }
    let anonymous = scene.request(Method::POST, HOME, "/api/v1/statuses").json(&json!({ "status": "x" }));
    assert_eq!(anonymous.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let long = scene.request(Method::POST, "two.example", "/api/v1/statuses").bearer_auth(GTS_TOKEN);
    assert_eq!(long.json(&json!({ "status": "" })).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_posted_address_mentions_only_with_an_at_sign_in_front_and_only_who_exists() {
    let scene = Scene::on_day(1).await;
    let text = "About iria@social.example, @iria and @xinhua@one.example; not @nobody or https://social.example/@ana";
    let status = scene.posted(&json!({ "status": text }), "m").await;
    let mentioned: Vec<String> =
        status["mentions"].as_array().unwrap().iter().map(|mention| string(&mention["acct"])).collect();
    assert_eq!(mentioned, ["iria", "xinhua@one.example"]);
}

#[tokio::test]
async fn an_edit_changes_the_text_and_says_when() {
    let scene = Scene::on_day(0).await;
    let sent = scene.posted(&json!({ "status": "old" }), "e").await;
    let path = format!("/api/v1/statuses/{}", string(&sent["id"]));
    let edit = scene.request(Method::PUT, HOME, &path).bearer_auth(TOKEN).json(&json!({ "status": "new" }));
    assert_eq!(edit.send().await.unwrap().status(), 200);
    let status = scene.json(HOME, &path).await;
    assert_eq!(status["content"], "<p>new</p>");
    assert!(status["edited_at"].is_string());
}

#[tokio::test]
async fn the_three_hundred_and_first_request_is_refused() {
    let scene = Scene::on_day(0).await;
    let mut refused = None;
    // Twice the limit and one more: the five minutes may end while we count.
    for _ in 0..601 {
        let response = scene.get(HOME, "/api/v1/instance").await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("no request was refused");
    assert!(refused.headers()["x-ratelimit-reset"].to_str().unwrap().ends_with('Z'));
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(scene.get("three.example", "/api/v1/instance").await.status(), 200);
}

#[tokio::test]
async fn the_same_seed_is_the_same_world() {
    let (one, other) = (Scene::on_day(3).await, Scene::on_day(3).await);
    let history = async |scene: &Scene| {
        let id = scene.account_id("one.example", "xinhua").await;
        let newest = scene.json("one.example", &format!("/api/v1/accounts/{id}/statuses?limit=40")).await;
        let path = format!("/api/v1/accounts/{id}/statuses?limit=40&max_id={}", string(&newest[39]["id"]));
        let mut page = scene.json("one.example", &path).await;
        // Counts go on while we look.
        page.as_array_mut().unwrap().iter_mut().for_each(|status| status["account"] = Value::Null);
        page
    };
    assert_eq!(history(&one).await, history(&other).await);
}

#[tokio::test]
async fn a_dead_host_refuses_and_a_flaky_page_breaks_sometimes() {
    let scene = Scene::on_day(0).await;
    let dead = format!("http://{}/", scene.sandbox.address("vocero.example").unwrap());
    assert!(scene.client.get(dead).send().await.unwrap_err().is_connect());
    let mut statuses = Vec::new();
    for half_hour in 0..16 {
        let scene = Scene::after(Duration::minutes(30 * half_hour)).await;
        statuses.push(scene.get("cns.example", "/").await.status().as_u16());
    }
    assert!(statuses.contains(&500) && statuses.contains(&200), "{statuses:?}");
}

#[tokio::test]
async fn the_files_point_at_the_world_and_the_announcement_at_the_files() {
    let scene = Scene::on_day(0).await;
    let announced = serde_json::to_value(scene.sandbox.announce()).unwrap();
    assert_eq!(announced["account"], "masthead@social.example");
    let config: toml::Table = std::fs::read_to_string(string(&announced["config"])).unwrap().parse().unwrap();
    let home = scene.sandbox.address(HOME).unwrap();
    assert_eq!(announced["home"], format!("http://{home}"));
    assert_eq!(config["hosts"][HOME].as_str(), Some(home.to_string().as_str()));
    let listen = config["web"]["listen"].as_str().unwrap();
    assert_eq!(announced["web"], format!("http://{listen}"));
    assert_eq!(config["hosts"]["masthead.example"].as_str(), Some(listen));
    let token = scene.dir.path().join(config["publish"]["fediverse"]["token_file"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&token).unwrap().trim(), TOKEN);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&token).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(scene.dir.path().join("watchlist/story.toml").exists());
}

#[tokio::test]
async fn dates_are_those_of_the_world() {
    let scene = Scene::on_day(5).await;
    let date = scene.get("xinhua.example", "/").await.headers()["date"].to_str().unwrap().to_owned();
    let date = DateTime::parse_from_rfc2822(&date).unwrap();
    assert!((date.to_utc() - scene.sandbox.clock().now()).abs() < Duration::seconds(30));
}

#[tokio::test]
async fn a_ready_made_client_reads_the_account_and_the_server() {
    let scene = Scene::on_day(0).await;
    let home = scene.sandbox.announce().home;
    let megalodon =
        megalodon::generator(megalodon::SNS::Mastodon, home, Some(TOKEN.to_owned()), None).unwrap();
    let account = megalodon.verify_account_credentials().await.unwrap().json();
    assert_eq!((account.acct.as_str(), account.bot), ("masthead", true));
    let instance = megalodon.get_instance().await.unwrap().json();
    assert_eq!(instance.configuration.statuses.max_characters, 500);
}

#[tokio::test]
async fn a_ready_made_client_can_log_in() {
    let scene = Scene::on_day(0).await;
    let home = scene.sandbox.announce().home;
    let megalodon = megalodon::generator(megalodon::SNS::Mastodon, home, None, None).unwrap();
    let asked: Vec<String> = ["read:accounts", "write:statuses"].map(str::to_owned).to_vec();
    let options = megalodon::megalodon::AppInputOptions { scopes: Some(asked), ..Default::default() };
    let app = megalodon.register_app("masthead".to_owned(), &options).await.unwrap();
    let url = url::Url::parse(app.url.as_ref().unwrap()).unwrap();
    let page = scene.get(HOME, &format!("{}?{}", url.path(), url.query().unwrap())).await;
    assert!(page.text().await.unwrap().contains("<li>write:statuses</li>"));
    let approve = scene.request(Method::POST, HOME, url.path()).body(url.query().unwrap().to_owned());
    let approved = approve.send().await.unwrap();
    assert_eq!(approved.status(), 302);
    let shown = scene.text(HOME, approved.headers()["location"].to_str().unwrap()).await;
    let code = shown.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let redirect = megalodon::default::NO_REDIRECT.to_owned();
    let (id, secret) = (app.client_id, app.client_secret);
    let fetch =
        |code: String| megalodon.fetch_access_token(id.clone(), secret.clone(), code, redirect.clone());
    let token = fetch(code.clone()).await.unwrap();
    assert_eq!(token.scope.as_deref(), Some("read:accounts write:statuses"));
    assert!(fetch(code).await.unwrap_err().to_string().contains("invalid_grant"));

    let with = |path: &str| scene.request(Method::GET, HOME, path).bearer_auth(&token.access_token);
    let account: Value =
        with("/api/v1/accounts/verify_credentials").send().await.unwrap().json().await.unwrap();
    assert_eq!(account["acct"], "masthead");
    let beyond = with("/api/v2/search?q=xinhua").send().await.unwrap();
    assert_eq!(beyond.status(), 403);
    let revoke = json!({"client_id": id, "client_secret": secret, "token": token.access_token});
    let revoked = scene.request(Method::POST, HOME, "/oauth/revoke").json(&revoke).send().await.unwrap();
    assert_eq!(revoked.status(), 200);
    assert_eq!(with("/api/v1/accounts/verify_credentials").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn feeds_of_all_three_kinds_read_as_the_newest_thirty_reports() {
    let scene = Scene::founding(6).await;
    let now = scene.sandbox.clock().now();
    for (host, path, kind, language) in [
        ("cns.example", "/rss.xml", "text/xml; charset=utf-8", "es"),
        ("xinhua.example", "/en/atom.xml", "application/atom+xml; charset=utf-8", "en"),
        ("xinhua.example", "/zh/feed.json", "application/feed+json; charset=utf-8", "zh"),
        ("agenciaejemplo.example", "/feed.json", "application/feed+json; charset=utf-8", "es"),
        ("rt-es.example", "/atom.xml", "application/atom+xml; charset=utf-8", "es"),
    ] {
        let response = scene.get(host, path).await;
        assert_eq!(response.headers()["content-type"], kind, "{host}{path}");
        let feed = feed_rs::parser::parse(&response.bytes().await.unwrap()[..]).unwrap();
        assert_eq!(feed.language.as_deref(), Some(language), "{host}{path}");
        assert_eq!(feed.entries.len(), 30, "{host}{path}");
        let dates: Vec<_> = feed.entries.iter().map(|entry| entry.published.unwrap()).collect();
        assert!(dates.is_sorted_by(|newer, older| newer >= older) && dates[0] <= now);
        let mut ids: Vec<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 30);
        let entry = &feed.entries[3];
        let (title, link) = (&entry.title.as_ref().unwrap().content, &entry.links[0].href);
        let text = entry.summary.as_ref().map(|text| text.content.clone());
        let text = text.or_else(|| entry.content.as_ref()?.body.clone()).unwrap();
        assert!(text.chars().count() >= 60, "{text}");
        let page = scene.text(host, link.strip_prefix(&format!("https://{host}")).unwrap()).await;
        assert!(page.contains(&title.replace('"', "&quot;")), "{page}");
    }
}

#[tokio::test]
async fn a_feed_that_did_not_change_answers_304_and_has_no_body() {
    let scene = Scene::founding(2).await;
    let first = scene.get("cns.example", "/rss.xml").await;
    let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
    let (tag, modified) = (header("etag"), header("last-modified"));
    let ask = async |name: &str, value: &str| {
        let request = scene.request(Method::GET, "cns.example", "/rss.xml").header(name, value);
        let response = request.send().await.unwrap();
        let answer = (response.status().as_u16(), response.headers()["etag"].to_str().unwrap().to_owned());
        (answer, response.bytes().await.unwrap().len())
    };
    assert_eq!(ask("If-None-Match", &tag).await, ((304, tag.clone()), 0));
    assert_eq!(ask("If-Modified-Since", &modified).await, ((304, tag.clone()), 0));
    let changed = ask("If-None-Match", "\"other\"").await;
    assert!(changed.0.0 == 200 && changed.1 > 5_000);
    let earlier = ask("If-Modified-Since", "Sun, 01 Nov 2026 08:00:00 GMT").await;
    assert_eq!(earlier.0.0, 200);
    let Scene { sandbox, .. } = Scene::founding(3).await;
    let later = scene.client.get(format!("http://{}/rss.xml", sandbox.address("cns.example").unwrap()));
    assert_eq!(later.header("If-None-Match", tag).send().await.unwrap().status(), 200);
}

/// All ids of a timeline by `max_id`, newest first, with the authors' addresses.
async fn whole_timeline(scene: &Scene, base: &str, pages: usize) -> Vec<(String, String)> {
    let mut seen: Vec<(String, String)> = Vec::new();
    for _ in 0..pages {
        let below = seen.last().map(|(id, _)| format!("&max_id={id}")).unwrap_or_default();
        let path = format!("{base}&limit=40{below}");
        let response = scene.request(Method::GET, HOME, &path).bearer_auth(TOKEN).send().await.unwrap();
        let page: Vec<Value> = response.json().await.unwrap();
        seen.extend(page.iter().map(|status| {
            (string(&status["id"]), status["account"]["acct"].as_str().unwrap_or_default().to_owned())
        }));
    }
    seen
}

#[tokio::test]
async fn a_timeline_pages_down_and_up_without_gaps_or_doubles() {
    let scene = Scene::founding(8).await;
    for base in ["/api/v1/timelines/public?local=true", "/api/v1/timelines/public?remote=true"] {
        let down = whole_timeline(&scene, base, 6).await;
        assert_eq!(down.len(), 240);
        assert!(down.is_sorted_by(|newer, older| newer.0 > older.0), "{base}");
        let mut up: Vec<String> = vec![down[239].0.clone()];
        while up.len() < 240 {
            let path = format!("{base}&limit=40&min_id={}", up[up.len() - 1]);
            let response = scene.request(Method::GET, HOME, &path).bearer_auth(TOKEN).send().await.unwrap();
            let page: Vec<Value> = response.json().await.unwrap();
            assert!(!page.is_empty());
            up.extend(page.iter().rev().map(|status| string(&status["id"])));
        }
        let expected: Vec<String> = down.iter().rev().map(|(id, _)| id.clone()).collect();
        assert_eq!(up[..240], expected);
    }
}

#[tokio::test]
async fn the_local_timeline_shows_the_papers_from_their_first_day() {
    let sisters = SISTERS.map(|(address, _)| address);
    for (day, expected) in [(0, 0), (1, 1), (2, 2), (4, 2)] {
        let scene = Scene::founding(day).await;
        let seen = whole_timeline(&scene, "/api/v1/timelines/public?local=true", 3).await;
        let papers = sisters.iter().filter(|address| {
            let user = address.trim_end_matches("@social.example");
            seen.iter().any(|(_, acct)| acct == user)
        });
        assert_eq!(papers.count(), expected, "day {day}");
        assert!(seen.iter().all(|(_, acct)| !acct.contains('@')));
    }
    let scene = Scene::founding(4).await;
    let path = "/api/v1/timelines/public?local=true&limit=40";
    assert_eq!(scene.get("two.example", path).await.status(), 401);
    let request = scene.request(Method::GET, "two.example", path).bearer_auth(GTS_TOKEN);
    let page: Vec<Value> = request.send().await.unwrap().json().await.unwrap();
    assert!(page.iter().any(|status| status["account"]["acct"] == "diario_cr"));
}

#[tokio::test]
async fn timelines_are_open_as_the_instance_says_they_are() {
    let scene = Scene::founding(1).await;
    let instance = scene.json(HOME, "/api/v2/instance").await;
    let access = &instance["configuration"]["timelines_access"]["live_feeds"];
    assert_eq!((&access["local"], &access["remote"]), (&json!("public"), &json!("authenticated")));
    assert_eq!(scene.get(HOME, "/api/v1/timelines/public?local=true").await.status(), 200);
    assert_eq!(scene.get(HOME, "/api/v1/timelines/public").await.status(), 401);
    assert_eq!(scene.get("three.example", "/api/v1/timelines/public").await.status(), 200);
    let old = scene.json("one.example", "/api/v2/instance").await;
    assert!(old["configuration"]["timelines_access"].is_null());
}

#[tokio::test]
async fn a_tag_shows_who_used_it_and_a_public_status_of_ours_stands_among_them() {
    let scene = Scene::founding(10).await;
    let public = json!({ "status": "Sobre #chinanewsservice", "visibility": "public" });
    let ours = scene.posted(&public, "1").await;
    scene.posted(&json!({ "status": "#ChinaNewsService", "visibility": "unlisted" }), "2").await;
    let page = scene.json(HOME, "/api/v1/timelines/tag/ChinaNewsService?local=true&limit=40").await;
    let accts: Vec<&str> =
        page.as_array().unwrap().iter().map(|status| status["account"]["acct"].as_str().unwrap()).collect();
    assert_eq!(accts, ["masthead", "elisa_borrador"]);
    assert_eq!(page[0]["id"], ours["id"]);
}

#[tokio::test]
async fn the_directory_lists_new_people_first_and_only_who_wants_to_be_found() {
    let scene = Scene::founding(4).await;
    let page = scene.json(HOME, "/api/v1/directory?order=new&local=true&limit=5").await;
    let accts: Vec<&str> =
        page.as_array().unwrap().iter().map(|account| account["acct"].as_str().unwrap()).collect();
    assert_eq!(accts.len(), 5);
    assert_eq!(accts[..2], ["cronica_cl", "xinhua_es"]);
    let all = scene.json(HOME, "/api/v1/directory?order=new&limit=80").await;
    assert!(all.as_array().unwrap().iter().all(|account| account["discoverable"] == true));
    assert_eq!(scene.get("three.example", "/api/v1/directory").await.status(), 404);
}

#[tokio::test]
async fn what_the_api_shows_of_an_account_is_what_the_world_says() {
    let scene = Scene::founding(9).await;
    for part in CAST {
        let (user, host) = part.acct.split_once('@').unwrap();
        let get = async |path: &str| -> Value {
            let request = scene.request(Method::GET, host, path);
            let request = if host == "two.example" { request.bearer_auth(GTS_TOKEN) } else { request };
            request.send().await.unwrap().json().await.unwrap()
        };
        let account = get(&format!("/api/v1/accounts/lookup?acct={user}")).await;
        let statuses = get(&format!("/api/v1/accounts/{}/statuses", string(&account["id"]))).await;
        let newest = &statuses[0];
        assert_eq!(newest["account"]["id"], account["id"], "{}", part.acct);
        assert_eq!(newest["language"], "es");
        let single = get(&format!("/api/v1/statuses/{}", string(&newest["id"]))).await;
        assert_eq!(single["content"], newest["content"]);
    }
}

#[tokio::test]
async fn the_founding_story_stays_and_brings_its_own_watchlist_and_schedule() {
    let Scene { dir, sandbox, .. } = Scene::founding(0).await;
    let config: toml::Table = std::fs::read_to_string(sandbox.config()).unwrap().parse().unwrap();
    assert_eq!(config["schedule"]["digest"].as_str(), Some("0 0 9 * * Mon"));
    assert_eq!(config["sources"]["feeds"]["enabled"].as_bool(), Some(true));
    assert_eq!(config["review"]["undisclosed"].as_integer(), Some(2));
    assert!(dir.path().join("watchlist/story_founding.toml").exists());
    sandbox.stop().await;
    let again = Sandbox::start(Options::new(dir.path())).await.unwrap();
    assert!(again.address("agenciaejemplo.example").is_some());
}

#[tokio::test]
async fn a_world_lives_by_the_clock_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let start = story::ORIGIN + Duration::days(3);
    let clock = Clock::Scaled(masthead::clock::Scale { origin: start, anchor: Clock::Real.now(), rate: 1.0 });
    let options = Options { clock: Some(clock), ..Options::new(dir.path()) };
    let sandbox = Sandbox::start(options).await.unwrap();
    assert!((sandbox.clock().now() - start).abs() < Duration::seconds(30));
    assert_eq!(sandbox.world().origin, start);
}

impl Scene {
    async fn ask(&self, endpoint: &str, question: Value) -> (u16, Value) {
        let request = self.request(Method::POST, "notes.example", &format!("/api/{endpoint}"));
        let response = request.json(&question).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn a_server_that_speaks_misskey_answers_by_post_and_refuses_in_its_own_words() {
    let scene = Scene::on_day(2).await;
    let nodeinfo = scene.json("notes.example", "/nodeinfo/2.0").await;
    assert_eq!(nodeinfo["software"]["name"], "misskey");
    let (_, user) = scene.ask("users/show", json!({ "username": "cns", "host": null })).await;
    let id = string(&user["id"]);
    assert_eq!((user["host"].clone(), user["uri"].clone(), id.len()), (Value::Null, Value::Null, 16));
    assert_eq!(user["verifiedLinks"], json!(["https://cns.example/"]));
    let finger = "/.well-known/webfinger?resource=acct:cns@notes.example";
    let jrd = scene.json("notes.example", finger).await;
    assert_eq!(jrd["links"][1]["href"], format!("https://notes.example/users/{id}"));
    let (_, page) = scene.ask("users/notes", json!({ "userId": id, "limit": 40, "withReplies": true })).await;
    let (page, last) = (page.as_array().unwrap(), &page[39]["id"]);
    assert_eq!(page.len(), 40);
    let below = json!({ "userId": id, "limit": 40, "untilId": last, "withReplies": true });
    let (_, below) = scene.ask("users/notes", below).await;
    assert!(below[0]["id"].as_str() < last.as_str());
    let (_, local) = scene.ask("notes/local-timeline", json!({})).await;
    assert_eq!(local.as_array().unwrap().len(), 10);
    for (endpoint, question, status, code) in [
        ("users/show", json!({ "username": "nobody" }), 404, "NO_SUCH_USER"),
        ("users/notes", json!({ "userId": "x" }), 400, "NO_SUCH_USER"),
        ("v1/accounts/lookup", json!({}), 404, "UNKNOWN_API_ENDPOINT"),
    ] {
        let (got, body) = scene.ask(endpoint, question).await;
        assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{endpoint}");
    }
    let by_get = scene.get("notes.example", "/api/v1/accounts/lookup?acct=cns").await;
    assert_eq!(by_get.status(), 404);
}

#[tokio::test]
async fn the_other_agency_s_page_names_its_account_and_links_a_stranger() {
    let scene = Scene::on_day(0).await;
    let page = scene.text("cns.example", "/").await;
    assert!(page.contains(r#"rel="me noopener" href="https://notes.example/@cns""#), "{page}");
    assert!(page.contains(r#"<a href="https://notes.example/@haru">"#), "{page}");
    let (_, haru) = scene.ask("users/show", json!({ "username": "haru", "host": null })).await;
    assert!(!haru["description"].as_str().unwrap().contains("cns"));
}
