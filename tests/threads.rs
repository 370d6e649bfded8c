//! Reading Threads by its official interface, against its double on loopback: what is granted, what is limited, and a
//! token that nobody ever sees.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "stories/manual.rs"]
mod manual;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, Utc};
use masthead::clock::Clock;
use masthead::config::{self, Environment};
use masthead::cycle::health::{self, probe};
use masthead::cycle::targets::Pacing;
use masthead::cycle::{Newsroom, collect, scout};
use masthead::demo;
use masthead::model::account::{AccountId, Acct, Host};
use masthead::model::assessment::Relation;
use masthead::model::dossier::Method;
use masthead::model::finding::Claim;
use masthead::model::health::{Line, Mark};
use masthead::model::observation::LinkPlace;
use masthead::model::target::{Cursor, Target};
use masthead::net::{Net, NetConfig, Outgoing, Timeouts};
use masthead::sandbox::faults::{Effect, Fault};
use masthead::sandbox::story::{ORIGIN, Story};
use masthead::sandbox::threads::{APP, Access, long};
use masthead::sandbox::{Options, Sandbox, broadcaster};
use masthead::sources::PollError;
use masthead::sources::account::Before;
use masthead::sources::threads::refusal::Refusal;
use masthead::sources::threads::standing::{Grant, Standing};
use masthead::sources::threads::{Desk, Threads, fingerprint, wire};
use masthead::sources::walk::Sight;
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn oriental() -> Acct {
    Acct::threads("oriental").unwrap()
}

// What the interface says, read.

fn page(items: Value) -> wire::Page {
    wire::parse_posts(json!({ "data": items }).to_string().as_bytes(), &oriental()).unwrap()
}

fn post(changes: Value) -> Value {
    let mut post = json!({"id": "17900000000000001", "media_type": "TEXT_POST", "username": "oriental",
        "text": "Noticias de hoy", "timestamp": "2023-10-17T05:42:03+0000", "shortcode": "DabC-1",
        "permalink": "https://www.threads.com/@oriental/post/DabC-1"});
    post.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    post
}

#[test]
fn a_post_is_read_whatever_its_kind_is_called_and_whatever_is_missing() {
    let whole = &page(json!([post(json!({}))])).statuses[0];
    assert_eq!(whole.claimed_at, Some("2023-10-17T05:42:03Z".parse().unwrap()));
    assert_eq!(whole.uri.0, "threads:17900000000000001");
    let as_found = page(json!([post(json!({"media_type": "TEXT"}))]));
    assert_eq!(&as_found.statuses[0], whole);
    // A page that is not told is made of the short name; without that there is none.
    let unlinked = page(json!([post(json!({"permalink": null}))]));
    assert_eq!(unlinked.statuses[0].url, whole.url);
    let bare = page(json!([{"id": 17900000000000001_u64}]));
    assert_eq!((bare.statuses[0].url.as_deref(), bare.statuses[0].text.as_str()), (None, ""));
    assert_eq!(bare.statuses[0].uri, whole.uri);
}

#[test]
fn one_poison_post_does_not_cost_the_page() {
    let strange = post(json!({"username": "somebody_else", "id": "2"}));
    let page = page(json!([post(json!({})), 7, null, {"text": "no id"}, strange, post(json!({"id": "3"}))]));
    let ids: Vec<&str> = page.statuses.iter().map(|status| status.local_id.as_str()).collect();
    assert_eq!((page.count, ids), (6, vec!["17900000000000001", "3"]));
    let why: Vec<&str> = page.rejected.iter().map(|rejected| rejected.why.as_str()).collect();
    let foreign = "it is by somebody_else@threads.net; expected oriental@threads.net";
    assert_eq!(why, ["it is no object", "it is no object", "it has no id", foreign]);
}

#[test]
fn a_repost_is_a_boost_without_a_text_and_a_quote_is_the_author_s_own() {
    let repost =
        post(json!({"media_type": "REPOST_FACADE", "text": "not mine", "reposted_post": {"id": "42"}}));
    let quote = post(json!({"id": "5", "is_quote_post": true, "quoted_post": {"id": "42"}, "text": "mine"}));
    let page = page(json!([repost, quote, post(json!({"id": "6", "media_type": "REPOST_FACADE"}))]));
    assert_eq!(page.statuses[0].boost_of.as_ref().unwrap().0, "threads:42");
    assert_eq!(page.statuses[0].text, "");
    assert_eq!((page.statuses[1].boost_of.as_ref(), page.statuses[1].text.as_str()), (None, "mine"));
    // Also where it does not say what it reposts.
    assert!(page.statuses[2].boost_of.is_some() && page.statuses[2].text.is_empty());
}

#[test]
fn links_topics_mentions_and_attached_texts_are_read() {
    let page = page(json!([post(json!({
        "text": "Hoy: https://oriental.example/1. Gracias @Otra.gente, @y_mas!", "topic_tag": "Pekín",
        "link_attachment_url": "https://oriental.example/card",
        "text_entities": {"data": [{"entity_type": "LINK", "url": "https://oriental.example/marked"}, 3]},
        "text_attachment": {"plaintext": "El texto largo", "link_attachment_url": "javascript:alert(1)"},
        "media_type": "CAROUSEL_ALBUM", "children": {"data": [{"id": "1"}, {"id": "2"}]}, "alt_text": "un puente"
    }))]));
    let status = &page.statuses[0];
    let links =
        ["https://oriental.example/1", "https://oriental.example/card", "https://oriental.example/marked"];
    assert_eq!(status.links, links);
    assert_eq!(status.mentions, ["otra.gente@threads.net", "y_mas@threads.net"]);
    assert_eq!(status.tags, ["Pekín"]);
    assert!(status.text.ends_with("\nEl texto largo"));
    assert_eq!(status.media.len(), 2);
}

#[test]
fn a_biography_names_a_site_also_without_https_and_its_counts_are_none_but_followers() {
    let body = json!({"username": "Oriental", "name": "Agencia Oriental", "follower_count": 50300, "likes_count": 9,
        "biography": "Noticias (oriental.example), prensa@oriental.example, 24.7 e.g. https://otra.example/x. #nobot"});
    let profile = wire::parse_profile(body.to_string().as_bytes(), &oriental()).unwrap();
    let links: Vec<&str> = profile.links.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(links, ["https://otra.example/x", "https://oriental.example/"]);
    assert!(profile.links.iter().all(|link| link.place == LinkPlace::Note));
    assert_eq!((profile.counts.followers, profile.counts.statuses), (Some(50_300), None));
    assert_eq!(profile.id, AccountId::threads("oriental"));
    assert!(profile.wishes.leave_me_out);
    // Every field is optional.
    let bare = wire::parse_profile(b"{}", &oriental()).unwrap();
    assert_eq!((bare.acct, bare.counts.followers), (oriental(), None));
    for body in ["<html>", "[]", r#"{"username":"two words"}"#] {
        assert!(wire::parse_profile(body.as_bytes(), &oriental()).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = wire::parse_posts(&bytes, &oriental());
        let _ = wire::parse_hits(&bytes);
        let _ = wire::parse_profile(&bytes, &oriental());
        let _ = wire::parse_me(&bytes);
        let _ = wire::parse_token(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(@|#|\\.|新|é|https?://|\\PC|a|-|\\(|\"){0,60}", time in "[0-9T:+-]{0,30}") {
        let item = post(json!({"text": text, "timestamp": time, "permalink": text, "topic_tag": text, "shortcode": text}));
        let body = json!({"data": [item], "paging": {"cursors": {"after": text}}});
        let page = wire::parse_posts(body.to_string().as_bytes(), &oriental()).unwrap();
        prop_assert_eq!(page.statuses.len(), 1);
        let body = json!({"biography": text, "name": text});
        wire::parse_profile(body.to_string().as_bytes(), &oriental()).unwrap();
    }
}

// An interface that answers what a test says.

type Answers = Arc<Mutex<Box<dyn Fn(&str, &BTreeMap<String, String>) -> (u16, String) + Send>>>;

struct Api {
    net: Net,
    desk: Desk,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
}

const TOKEN: &str = "THsecretTokenThatNobodySees";

impl Api {
    async fn new(answer: impl Fn(&str, &BTreeMap<String, String>) -> (u16, String) + Send + 'static) -> Api {
        let answers: Answers = Arc::new(Mutex::new(Box::new(answer)));
        let asked = Arc::new(Mutex::new(vec![]));
        let router = Router::new().fallback(answered).with_state((answers.clone(), asked.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let net = road(BTreeMap::from([(Host::parse("graph.threads.net").unwrap(), address)]));
        let desk = Desk::default();
        let token = SecretString::from(TOKEN);
        desk.take(token.clone(), &fingerprint(&token));
        Api { net, desk, answers, asked }
    }

    fn change(&self, answer: impl Fn(&str, &BTreeMap<String, String>) -> (u16, String) + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answer);
    }

    fn threads(&self) -> Threads<'_> {
        Threads { net: &self.net, desk: &self.desk }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn road(hosts: BTreeMap<Host, std::net::SocketAddr>) -> Net {
    let config = NetConfig {
        user_agent: "Masthead-test (+https://masthead.example)".into(),
        hosts,
        allowed: BTreeSet::new(),
        timeouts: Timeouts::default(),
    };
    Net::new(config, Clock::Real).unwrap()
}

async fn answered(
    State((answers, asked)): State<(Answers, Arc<Mutex<Vec<String>>>)>,
    Query(query): Query<BTreeMap<String, String>>,
    uri: Uri,
) -> Response {
    asked.lock().unwrap().push(uri.to_string());
    let (status, body) = (answers.lock().unwrap())(uri.path(), &query);
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body).into_response()
}

fn error(status: u16, code: u32, subcode: u32) -> (u16, String) {
    let body = json!({"error": {"message": "m", "code": code, "error_subcode": subcode, "fbtrace_id": "A"}});
    (status, body.to_string())
}

/// Forty posts a page and more below, as long as there are any; some pages are empty and lead on.
fn with_holes(path: &str, query: &BTreeMap<String, String>) -> (u16, String) {
    if path.ends_with("profile_lookup") {
        return (200, json!({"username": "oriental", "follower_count": 900}).to_string());
    }
    let place: usize = query.get("after").map_or(0, |after| after.parse().unwrap());
    let posts = |from: usize, count: usize| -> Vec<Value> {
        (from..from + count)
            .map(|n| post(json!({"id": format!("{:010}", 9_000_000 - n), "shortcode": n.to_string()})))
            .collect()
    };
    let answer = match place {
        0 => json!({"data": posts(0, 40), "paging": {"cursors": {"after": "1"}}}),
        1 => json!({"data": [], "paging": {"cursors": {"after": "2"}}}),
        2 => json!({"data": posts(40, 40), "paging": {"cursors": {"after": "3"}}}),
        _ => json!({"data": posts(80, 5)}),
    };
    (200, answer.to_string())
}

#[tokio::test]
async fn an_empty_page_with_a_cursor_is_not_the_end_and_a_page_without_paging_is() {
    let api = Api::new(with_holes).await;
    let cursor = Cursor::default();
    let before = Before { observation: None, cursor: &cursor };
    let first = api.threads().read_account(&oriental(), before, 5, now()).await.unwrap();
    assert_eq!((first.statuses.len(), first.complete, first.sight), (85, true, Sight::First));
    assert_eq!(first.covered_since, Some(DateTime::UNIX_EPOCH));
    // A routine poll is the bare first page, and the profile is asked for once a day.
    let asked = api.asked();
    let before = Before { observation: Some(&first.observation), cursor: &first.cursor };
    let later = api.threads().read_account(&oriental(), before, 5, now() + Duration::hours(3)).await.unwrap();
    assert_eq!((api.asked() - asked, later.complete, later.sight), (1, true, Sight::Later));
    assert!(!api.asked.lock().unwrap().last().unwrap().contains("after="));
    let next_day = now() + Duration::hours(23);
    api.threads().read_account(&oriental(), before, 5, next_day).await.unwrap();
    assert!(api.asked.lock().unwrap()[asked + 1].starts_with("/v1.0/profile_lookup"));
}

#[tokio::test]
async fn what_is_not_shown_is_never_missing_and_waits_a_day() {
    let api = Api::new(|_, _| error(400, 100, 33)).await;
    let refused = api.threads().profile(&oriental(), now()).await.unwrap_err();
    assert!(!refused.is_missing() && !refused.is_gone_for_good(), "{refused}");
    assert_eq!(refused.retry_at(), Some(now() + Duration::days(1)));
    let said = "Threads shows nothing of oriental@threads.net: it may not exist, not be public, have fewer than 100 followers, \
                or not be shown to our app; which of these it does not say";
    assert_eq!(refused.to_string(), said);
}

#[tokio::test]
async fn what_is_not_granted_is_asked_for_once_a_week_and_only_that() {
    let api = Api::new(|path, _| match path {
        "/v1.0/profile_lookup" => error(403, 10, 0),
        _ => (200, json!({"data": []}).to_string()),
    })
    .await;
    for _ in 0..3 {
        let refused = api.threads().profile(&oriental(), now()).await.unwrap_err();
        assert!(
            refused.to_string().starts_with("Meta has not granted this app profiles and posts of others"),
            "{refused}"
        );
    }
    assert_eq!(api.asked(), 1);
    assert!(api.threads().search("CGTN", now()).await.unwrap().posts.is_empty());
    // Granted meanwhile.
    api.change(|_, _| (200, json!({"username": "oriental"}).to_string()));
    assert!(api.threads().profile(&oriental(), now() + Duration::days(6)).await.is_err());
    api.threads().profile(&oriental(), now() + Duration::days(8)).await.unwrap();
    assert_eq!(api.desk.standing().profiles, Grant::Granted);
}

#[tokio::test]
async fn throttling_rests_for_an_hour_and_keeps_the_cursor() {
    let api = Api::new(with_holes).await;
    let cursor = Cursor::default();
    let unread = Before { observation: None, cursor: &cursor };
    let first = api.threads().read_account(&oriental(), unread, 5, now()).await.unwrap();
    for code in [4, 17, 32, 613] {
        let api = Api::new(move |_, _| error(400, code, 0)).await;
        let before = Before { observation: Some(&first.observation), cursor: &first.cursor };
        let later = now() + Duration::hours(2);
        let refused = api.threads().read_account(&oriental(), before, 5, later).await.unwrap_err();
        assert!(refused.retry_at().unwrap() - later >= Duration::hours(1), "{code}: {refused}");
        assert!(api.threads().search("CGTN", later + Duration::minutes(59)).await.is_err());
        assert_eq!(api.asked(), 1);
    }
    // In the middle of a walk the rest becomes a gap, and what was read counts.
    let api = Api::new(|path, query| match query.contains_key("after") {
        true => error(400, 613, 0),
        false => with_holes(path, query),
    })
    .await;
    let poll = api.threads().read_account(&oriental(), unread, 5, now()).await.unwrap();
    assert_eq!(poll.statuses.len(), 40);
    assert!(poll.complaint.is_some() && !poll.complete);
}

#[tokio::test]
async fn html_and_trouble_are_no_word_about_an_account() {
    for (status, body) in
        [(500, "<html>Sorry, something went wrong</html>"), (200, "<html>"), (200, "[]"), (418, "")]
    {
        let api = Api::new(move |_, _| (status, body.to_owned())).await;
        let refused = api.threads().profile(&oriental(), now()).await.unwrap_err();
        assert!(!refused.is_missing(), "{refused}");
        assert!(api.desk.standing().dead.is_none(), "{status}");
    }
    let api = Api::new(|_, _| (200, json!({"username": "somebody_else"}).to_string())).await;
    let refused = api.threads().profile(&oriental(), now()).await.unwrap_err();
    assert!(matches!(refused, PollError::OtherAccount { .. }), "{refused}");
}

#[tokio::test]
async fn no_token_ever_shows() {
    // An interface that repeats the token wherever it can.
    let repeats = |status: u16, code: u32| {
        move |_: &str, query: &BTreeMap<String, String>| {
            let token = query.get("access_token").cloned().unwrap_or_default();
            assert_eq!(token, TOKEN, "it is sent");
            let error =
                json!({"message": format!("Malformed access token {token}"), "code": code, "type": token});
            let next = format!("https://graph.threads.net/v1.0/x?access_token={token}");
            (
                status,
                json!({"error": error, "data": [{"text": token}, token], "paging": {"next": next}})
                    .to_string(),
            )
        }
    };
    let mut seen = String::new();
    for (status, code) in
        [(200, 0), (400, 190), (400, 100), (403, 10), (400, 613), (500, 2), (404, 9), (302, 0)]
    {
        let api = Api::new(repeats(status, code)).await;
        let before = Cursor::default();
        let poll = api
            .threads()
            .read_account(&oriental(), Before { observation: None, cursor: &before }, 3, now())
            .await;
        seen += &format!("{poll:?}");
        seen += &poll.err().map_or(String::new(), |error| error.to_string());
        let later = now() + Duration::days(30);
        let found = api.threads().search("CGTN", later).await;
        seen += &format!("{found:?}{:?}", api.threads().me(later).await);
        seen += &format!("{:?}{}", api.desk, serde_json::to_string(&api.desk.standing()).unwrap());
        let secrets = vec![("access_token", SecretString::from(TOKEN))];
        let outgoing = Outgoing { secrets, ..Outgoing::get("https://graph.threads.net/v1.0/me") };
        seen += &format!(
            "{outgoing:?}{:?}",
            api.net.send(Outgoing { url: "http://graph.threads.example/".into(), ..outgoing.clone() }).await
        );
        if status == 200 {
            let fetched = api.net.send(outgoing).await.unwrap();
            assert_eq!(fetched.final_url.as_str(), "https://graph.threads.net/v1.0/me");
        }
    }
    // No connection at all.
    let dead =
        road(BTreeMap::from([(Host::parse("graph.threads.net").unwrap(), "127.0.0.1:9".parse().unwrap())]));
    let desk = Desk::default();
    desk.take(TOKEN.into(), "of");
    seen += &format!("{:?}", Threads { net: &dead, desk: &desk }.me(now()).await);
    assert!(seen.len() > 2_000 && !seen.contains(TOKEN), "{seen}");
}

// The newsroom beside the world.

/// A newsroom that reads outlets' sites and Threads in a world whose time goes on when a test says so.
struct Town {
    world: Sandbox,
    room: Newsroom,
    clock: Clock,
    dir: TempDir,
}

impl Town {
    async fn new(token: &str, more: &str) -> Town {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::jumping(ORIGIN);
        let options = Options { story: Story::Official, clock: Some(clock), ..Options::new(dir.path()) };
        let world = Sandbox::start(options).await.unwrap();
        tokio::spawn(async move { clock.drive().await });
        write_token(&dir.path().join("threads.token"), token);
        let path = world.config();
        let text = std::fs::read_to_string(&path).unwrap();
        let text =
            text.replacen("[sources.mastodon]\nenabled = true", "[sources.mastodon]\nenabled = false", 1);
        let text =
            text.replacen("[publish.fediverse]\nenabled = true", "[publish.fediverse]\nenabled = false", 1);
        std::fs::write(&path, text.replacen("[review]", &format!("{more}\n[review]"), 1)).unwrap();
        let room = demo::open(&path, clock).await.unwrap();
        Town { world, room, clock, dir }
    }

    async fn advanced() -> Town {
        Town::new(&long(Access::Advanced, ORIGIN - Duration::days(2)), "").await
    }

    /// Lives until then, with a look at what is due every so many hours.
    async fn lives(&self, until: Duration, step: Duration) {
        loop {
            for _ in 0..6 {
                let pass = collect::pass(&self.room, Pacing::AtOnce, self.clock.now()).await.unwrap();
                if pass.polled == 0 {
                    break;
                }
            }
            if self.clock.now() >= ORIGIN + until {
                return;
            }
            self.clock.sleep_until((self.clock.now() + step).min(ORIGIN + until)).await;
        }
    }

    fn relation(&self, name: &str) -> Option<Relation> {
        let assessment = self.room.store.assessment(&AccountId::threads(name)).unwrap();
        assessment.map(|assessment| assessment.relation)
    }

    fn is_target(&self, name: &str) -> bool {
        let target = Target::Account { acct: Acct::threads(name).unwrap() };
        self.room.store.target(&target).unwrap().is_some()
    }

    async fn line(&self, name: &str) -> Line {
        let health = health::of(&self.room, self.clock.now()).await.unwrap();
        let lines = health.lines.iter().chain(&health.unsaid);
        lines
            .into_iter()
            .find(|line| line.key().trim_end() == name)
            .unwrap_or_else(|| panic!("{health:?}"))
            .clone()
    }

    /// As after a restart of the program.
    async fn restarted(self) -> Town {
        let Town { world, room, clock, dir } = self;
        drop(room);
        let room = demo::open(&world.config(), clock).await.unwrap();
        Town { world, room, clock, dir }
    }
}

fn write_token(path: &Path, token: &str) {
    std::fs::write(path, format!("{token}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A line as the doctor prints it, against what the manual promises.
fn assert_promised(situation: &str, line: &Line) {
    let fix = line.fix.as_deref().unwrap_or_default();
    manual::assert_promised(
        situation,
        &format!("{} {} {} fix: {fix}", line.mark.sign(), line.key(), line.says),
    );
}

fn hours(hours: i64) -> Duration {
    Duration::hours(hours)
}

#[tokio::test]
async fn an_account_is_found_by_search_and_official_once_its_outlet_s_site_links_to_it() {
    let town = Town::advanced().await;
    town.lives(hours(30), hours(2)).await;
    let id = AccountId::threads(broadcaster::ACCOUNT);
    let account = town.room.store.account(&id).unwrap().unwrap();
    assert_eq!((account.found.method, account.found.background), (Method::Keyword, true));
    assert_eq!(town.relation(broadcaster::ACCOUNT), Some(Relation::Claimed));
    // Who only talks about an outlet is not read, and who is not shown is not gone.
    assert!(!town.is_target("iria_sample") && !town.is_target("masthead_sample"));
    assert_eq!(town.relation("cgtn_watchers"), Some(Relation::Unrelated));
    let posts = town.room.store.statuses(&id).unwrap();
    assert!(posts.len() > 60, "{}", posts.len());
    assert!(posts.iter().all(|seen| seen.status.url.is_some()), "a place to look");
    assert_eq!(town.room.store.findings().unwrap().len(), 0);

    town.lives(broadcaster::LINKED_AFTER + hours(60), hours(6)).await;
    assert_eq!(town.relation(broadcaster::ACCOUNT), Some(Relation::Official));
    let findings = town.room.store.findings().unwrap();
    let findings: Vec<_> = findings.iter().filter(|finding| finding.statement.account == id).collect();
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert!(matches!(finding.statement.claim, Claim::Changed(_)), "{:?}", finding.statement.claim);
    assert!(finding.confirmed().is_some());
    let followers = finding.statement.followers.unwrap();
    assert!(
        followers.now > 49_500 && followers.week_before.is_some_and(|before| before < followers.now - 1_700)
    );
    assert_eq!(town.line("server threads search").await.mark, Mark::Ok);
    let line = town.line("server threads").await;
    assert_eq!(line.mark, Mark::Ok);
    assert!(line.says.starts_with("profiles and posts: 2 of 2 accounts read;"), "{line:?}");
}

#[tokio::test]
async fn what_was_asked_counts_after_a_restart_and_stays_below_half_of_what_is_allowed() {
    let town = Town::advanced().await;
    town.lives(hours(26), hours(1)).await;
    let before = town.room.threads.standing();
    let [(profiles, _), (searches, _)] = before.used(town.clock.now());
    let told = town.world.threads_calls();
    assert!(profiles as usize >= told.0 && searches as usize >= told.1, "{profiles} {searches} {told:?}");
    assert!((8..=500).contains(&profiles) && searches > 0, "{profiles} {searches}");
    let town = town.restarted().await;
    assert_eq!(town.room.threads.standing(), before);
}

#[tokio::test]
async fn without_meta_s_review_it_says_so_and_the_rest_goes_on() {
    let listed = "[[account]]\noutlet = \"cgtn\"\nnetwork = \"threads\"\nhandle = \"cgtn_sample\"\n";
    let town = Town::new(&long(Access::Standard, ORIGIN - Duration::days(2)), listed).await;
    town.lives(hours(50), hours(5)).await;
    let search = town.line("server threads search").await;
    let said = "not granted by Meta to this app: cannot find new accounts, reads known ones";
    assert_eq!((search.mark, search.says.as_str()), (Mark::Off, said));
    let profiles = town.line("server threads").await;
    assert_eq!(profiles.mark, Mark::Warning);
    assert_promised("Threads not granted", &profiles);
    assert_eq!(town.line("token threads").await.mark, Mark::Ok);
    // One question each, and no more for a week.
    assert_eq!(town.world.threads_calls().0, 0);
    assert!(town.room.store.accounts().unwrap().is_empty());
    let standing = town.room.threads.standing();
    assert_eq!(standing.used(ORIGIN + hours(20))[0].0, 1);
    let targets = town.room.store.targets().unwrap();
    let pages = targets
        .iter()
        .filter(|record| matches!(record.target, Target::Page { .. }) && record.last_ok.is_some());
    assert!(pages.count() > 3, "sites are read all the same");
}

#[tokio::test]
async fn a_dead_token_stops_everything_there_until_there_is_another_one() {
    let town = Town::new(&long(Access::Advanced, ORIGIN - Duration::days(61)), "").await;
    town.lives(hours(30), hours(6)).await;
    let line = town.line("token threads").await;
    assert_eq!((line.mark, line.fix.as_deref()), (Mark::Broken, Some("masthead login threads")));
    assert!(line.says.contains("it has expired"), "{line:?}");
    assert_promised("Threads token", &line);
    assert_eq!(town.world.threads_calls(), (0, 0));
    let failed = town.room.store.target(&Target::ThreadsToken).unwrap().unwrap();
    let said = "Threads does not take our token any more: it has expired; masthead login threads";
    assert_eq!(failed.trouble.as_deref(), Some(said));

    write_token(&town.dir.path().join("threads.token"), &long(Access::Advanced, ORIGIN));
    let loaded = config::load(Some(&town.world.config()), &Environment::default(), town.clock.now());
    let mut config = loaded.config.unwrap();
    config.clock = town.clock;
    let room = town.room.reconfigured(Arc::new(config)).unwrap();
    room.take_over(town.clock.now()).await.unwrap();
    let town = Town { room, ..town };
    town.lives(hours(31), hours(1)).await;
    assert_eq!(town.line("token threads").await.mark, Mark::Ok);
    assert!(town.room.store.account(&AccountId::threads(broadcaster::ACCOUNT)).unwrap().is_some());
}

#[tokio::test]
async fn a_token_is_renewed_in_time_and_the_newest_counts_until_a_person_brings_another() {
    let given = long(Access::Advanced, ORIGIN - Duration::days(51));
    let town = Town::new(&given, "").await;
    let current = |town: &Town| town.room.threads.token().unwrap().expose_secret().to_owned();
    assert_eq!(current(&town), given);
    // The service has seen it for the first time: it is a day old when it is renewed.
    town.lives(hours(20), hours(10)).await;
    assert_eq!(current(&town), given);
    town.lives(hours(56), hours(12)).await;
    let renewed = current(&town);
    assert_ne!(renewed, given);
    let kept = town.dir.path().join("state/threads.renewed");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(town.dir.path().join("threads.token")).unwrap().trim(), given);
    let line = town.line("token threads").await;
    assert!(line.mark == Mark::Ok && line.says.ends_with(" days left"), "{line:?}");
    let town = town.restarted().await;
    assert_eq!(current(&town), renewed);
    let other = long(Access::Advanced, ORIGIN);
    write_token(&town.dir.path().join("threads.token"), &other);
    let town = town.restarted().await;
    assert_eq!(current(&town), other);
    // What cannot be read is not used.
    std::fs::write(&kept, "{").unwrap();
    assert_eq!(current(&town.restarted().await), other);
}

#[tokio::test]
async fn a_renewal_that_fails_is_tried_every_day_and_told_before_it_is_too_late() {
    let town = Town::new(&long(Access::Advanced, ORIGIN - Duration::days(52)), "").await;
    let kept = json!({"of": fingerprint(&town.room.threads.token().unwrap()), "token": town.room.threads.token().unwrap().expose_secret(),
        "issued_at": ORIGIN - Duration::days(52), "expires_at": ORIGIN + Duration::days(8)});
    std::fs::write(town.dir.path().join("state/threads.renewed"), kept.to_string()).unwrap();
    let town = town.restarted().await;
    let broken = Effect::Status { status: 500, body: Some("<html>Sorry</html>".into()) };
    let server = Host::parse("graph.threads.net").unwrap();
    let path = "/refresh_access_token".to_owned();
    town.world.fault(Fault { server, path, method: None, effect: broken, count: 2 });
    town.lives(hours(26), hours(13)).await;
    let line = town.line("token threads").await;
    assert_eq!(line.mark, Mark::Warning);
    let said = "of masthead_sample; 6 days left; it could not be renewed, 2 times in a row: graph.threads.net does not take the \
                renewal of our token: it answered 500";
    assert_eq!(line.says, said);
    assert_promised("Threads renewal", &line);
    town.lives(hours(60), hours(17)).await;
    let line = town.line("token threads").await;
    assert!(line.mark == Mark::Ok && line.says.ends_with("60 days left"), "{line:?}");
}

#[tokio::test]
async fn the_doctor_asks_whose_the_token_is_and_says_nothing_of_threads_where_it_is_off() {
    let town = Town::advanced().await;
    assert_eq!(town.line("token threads").await.mark, Mark::Unknown);
    probe::ask_threads(&town.room, town.clock.now()).await;
    let line = town.line("token threads").await;
    assert!(line.mark == Mark::Ok && line.says.starts_with("of masthead_sample;"), "{line:?}");

    let path = town.world.config();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replacen("[sources.threads]\nenabled = true", "[sources.threads]\nenabled = false", 1),
    )
    .unwrap();
    let town = town.restarted().await;
    let health = health::of(&town.room, town.clock.now()).await.unwrap();
    let told: Vec<&Line> =
        health.lines.iter().filter(|line| format!("{line:?}").to_lowercase().contains("threads")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].mark, told[0].says.as_str()),
        (Mark::Off, "not read: [sources.threads] enabled = false")
    );
    town.lives(hours(1), hours(1)).await;
    assert_eq!(town.world.threads_calls(), (0, 0));
    assert!(!town.room.store.targets().unwrap().iter().any(|record| record.target.is_on_threads()));
}

#[tokio::test]
async fn an_account_that_asked_to_be_left_alone_is_not_read() {
    let token = long(Access::Advanced, ORIGIN - Duration::days(2));
    let town = Town::new(&token, "").await;
    let path = town.world.config();
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replacen(
        "token_file = \"threads.token\"",
        "token_file = \"threads.token\"\nopt_out = [\"CGTN_sample\"]",
        1,
    );
    std::fs::write(&path, text).unwrap();
    let town = town.restarted().await;
    town.lives(hours(10), hours(5)).await;
    assert!(!town.is_target(broadcaster::ACCOUNT));
    assert!(town.is_target("cgtn_watchers"));
}

#[tokio::test]
async fn finding_an_outlet_s_accounts_asks_threads_too_and_proves_nothing_by_it() {
    let town = Town::advanced().await;
    let found = scout::find(&town.room.config, "cgtn", town.clock.now(), &|_| {}).await.unwrap();
    // The sample's name is none that could be guessed; what the site links to is asked for.
    assert!(found.rows.is_empty(), "{}", found.toml);
    assert!(
        found.unanswered.iter().any(|it| it.place == "Threads" && it.why.contains("names are not shown")),
        "{found:?}"
    );
    town.clock.sleep_until(ORIGIN + broadcaster::LINKED_AFTER + hours(1)).await;
    let found = scout::find(&town.room.config, "cgtn", town.clock.now(), &|_| {}).await.unwrap();
    assert!(found.toml.contains("platform = \"threads\", handle = \"cgtn_sample\""), "{}", found.toml);
    assert!(found.rows[0].proven, "the page and the profile name each other: {:?}", found.rows);
}

// The double, which has to be as strict as the real one.

async fn raw(
    town: &Town,
    host: &str,
    path: &str,
    token: &str,
    query: &[(&'static str, &str)],
) -> (u16, Value) {
    let net = road(town.world.hosts().iter().map(|(host, at)| (host.clone(), *at)).collect());
    let mut secrets: Vec<(&'static str, SecretString)> =
        query.iter().map(|(name, value)| (*name, (*value).into())).collect();
    secrets.push(("access_token", token.into()));
    let fetched =
        net.send(Outgoing { secrets, ..Outgoing::get(format!("https://{host}/{path}")) }).await.unwrap();
    (fetched.status, serde_json::from_slice(&fetched.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn the_world_s_threads_is_as_strict_as_the_real_one() {
    let town = Town::advanced().await;
    let (good, bare) =
        (long(Access::Advanced, ORIGIN - hours(30)), long(Access::Standard, ORIGIN - hours(30)));
    let code = |answer: &(u16, Value)| {
        (answer.1["error"]["code"].as_u64(), answer.1["error"]["error_subcode"].as_u64())
    };
    for host in ["graph.threads.net", "graph.threads.com"] {
        let me = raw(&town, host, "v1.0/me", &good, &[]).await;
        assert_eq!(me.1["username"], "masthead_sample", "{host}");
    }
    let api = "graph.threads.net";
    let small = raw(&town, api, "v1.0/profile_lookup", &good, &[("username", "cgtn_small")]).await;
    assert_eq!((small.0, code(&small)), (400, (Some(100), Some(33))));
    let denied = raw(&town, api, "v1.0/profile_lookup", &bare, &[("username", "cgtn_sample")]).await;
    assert_eq!(code(&denied), (Some(10), None));
    let meta = raw(&town, api, "v1.0/profile_lookup", &bare, &[("username", "meta")]).await;
    assert_eq!(meta.1["follower_count"], 1_200_000);
    let own = raw(&town, api, "v1.0/keyword_search", &bare, &[("q", "CGTN")]).await;
    assert!(own.1["data"].as_array().unwrap().iter().all(|hit| hit["username"] == "masthead_sample"));
    let before = town.world.threads_calls();
    let none = raw(&town, api, "v1.0/keyword_search", &good, &[("q", "asunto delicado")]).await;
    assert_eq!((none.0, none.1["data"].as_array().unwrap().len()), (200, 0));
    assert_eq!(town.world.threads_calls(), before, "what brings nothing does not count");
    let hits = raw(&town, api, "v1.0/keyword_search", &good, &[("q", "CGTN")]).await;
    assert!(hits.1["data"].as_array().unwrap().iter().any(|hit| hit["media_type"] == "TEXT"));
    let posts =
        raw(&town, api, "v1.0/profile_posts", &good, &[("username", "cgtn_sample"), ("limit", "100")]).await;
    let posts = posts.1["data"].as_array().unwrap();
    assert!(
        posts.iter().any(|post| post["media_type"] == "TEXT_POST")
            && posts.iter().any(|post| post.get("permalink").is_none())
    );
    let few = raw(&town, api, "v1.0/profile_posts", &good, &[("username", "cgtn_watchers")]).await;
    assert!(few.0 == 200 && few.1.get("paging").is_none());
    let expired = long(Access::Advanced, ORIGIN - Duration::days(60));
    assert_eq!(code(&raw(&town, api, "v1.0/me", &expired, &[]).await), (Some(190), Some(463)));
    assert_eq!(code(&raw(&town, api, "v1.0/me", "nonsense", &[]).await), (Some(190), Some(467)));
    let young = long(Access::Advanced, ORIGIN - hours(23));
    let refresh = [("grant_type", "th_refresh_token")];
    assert_eq!(raw(&town, api, "refresh_access_token", &young, &refresh).await.0, 400);
    let renewed = raw(&town, api, "refresh_access_token", &good, &refresh).await;
    assert_eq!(renewed.1["expires_in"], 60 * 24 * 3600);
}

// The login, as it is typed.

fn masthead(world: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    let output =
        command.args(words).arg("--config").arg(world).env_remove("CREDENTIALS_DIRECTORY").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_takes_two_calls_and_shows_neither_code_nor_secret_nor_token() {
    let dir = tempfile::tempdir().unwrap();
    let world = Sandbox::start(Options::new(dir.path())).await.unwrap();
    let config = world.config();
    std::fs::remove_file(dir.path().join("threads.token")).unwrap();
    let app = ["--app-id", APP.0, "--redirect", APP.2];
    let (done, said) = masthead(&config, &[&["login", "threads"], &app[..]].concat());
    assert!(done, "{said}");
    let page = "https://threads.net/oauth/authorize?client_id=1234567890&redirect_uri=https%3A%2F%2Fmasthead.example%2Fthreads\
                &scope=threads_basic%2Cthreads_profile_discovery%2Cthreads_keyword_search&response_type=code&state=";
    assert!(said.contains(page) && said.contains("--app-secret-file FILE --code ADDRESS"), "{said}");

    write_token(&dir.path().join("app.secret"), APP.1);
    let secret = dir.path().join("app.secret");
    let code = format!("TH-code-advanced-{}", world.clock().now().timestamp());
    let pasted = format!("{}?code={code}&state=x#_", APP.2);
    let second = ["--app-secret-file", secret.to_str().unwrap(), "--code", &pasted];
    let (done, said) = masthead(&config, &[&["login", "threads"], &app[..], &second[..]].concat());
    assert!(done, "{said}");
    assert!(said.starts_with("Logged in to Threads as masthead_sample. The token is in "), "{said}");
    assert!(said.contains("It is good for 59 days") || said.contains("It is good for 60 days"), "{said}");
    let token = std::fs::read_to_string(dir.path().join("threads.token")).unwrap();
    let about = std::fs::metadata(dir.path().join("threads.token")).unwrap();
    assert!(token.starts_with("TH-long-advanced-") && about.permissions().mode() & 0o777 == 0o600);
    assert!(!said.contains(token.trim()) && !said.contains(&code) && !said.contains(APP.1), "{said}");
    // A code is good once; what is there stays.
    let (done, said) = masthead(&config, &[&["login", "threads"], &app[..], &second[..]].concat());
    assert!(!done && said.contains("does not take the code"), "{said}");
    assert!(!said.contains(&code) && !said.contains(APP.1), "{said}");
    assert_eq!(std::fs::read_to_string(dir.path().join("threads.token")).unwrap(), token);

    // Somebody who has a token already.
    let mine = dir.path().join("mine.token");
    write_token(&mine, "TH-nonsense");
    let (done, said) = masthead(&config, &["login", "threads", "--token-file", mine.to_str().unwrap()]);
    assert!(!done && said.contains("nothing was written, since the token does not work"), "{said}");
    assert!(!said.contains("TH-nonsense"), "{said}");
    write_token(&mine, &long(Access::Standard, world.clock().now() - hours(30)));
    let (done, said) =
        masthead(&config, &["login", "threads", "--token-file", mine.to_str().unwrap(), "--json"]);
    assert!(done && said.contains("\"answer\": \"logged_in_to_threads\""), "{said}");
}

#[tokio::test]
async fn the_page_of_meta_leads_back_with_a_code_and_knows_its_app_alone() {
    let town = Town::advanced().await;
    let page = format!("http://{}/oauth/authorize", town.world.address("threads.net").unwrap());
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let asks = [
        ("client_id", APP.0),
        ("redirect_uri", APP.2),
        ("scope", "threads_basic"),
        ("response_type", "code"),
        ("state", "s1"),
    ];
    let shown = client.get(&page).query(&asks).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    assert!(shown.text().await.unwrap().contains("name=\"state\" value=\"s1\""));
    let strange = client.get(&page).query(&[("client_id", "1")]).send().await.unwrap();
    assert!(strange.status() == 400 && strange.text().await.unwrap().contains("1349026"));
    for (denied, begins) in [("", "?code=TH-code-advanced-"), ("1", "?error=access_denied")] {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(asks.iter().chain(&[("denied", denied)]))
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let led = client.post(&page).header("content-type", kind).body(form).send().await.unwrap();
        let to = led.headers()["location"].to_str().unwrap();
        assert!(
            led.status() == 302
                && to.starts_with(&format!("{}{begins}", APP.2))
                && to.ends_with("&state=s1#_"),
            "{to}"
        );
    }
}

#[test]
fn a_standing_from_before_a_field_was_there_is_read() {
    let standing: Standing = serde_json::from_str("{}").unwrap();
    assert_eq!(standing, Standing::default());
    assert_eq!(Refusal::NoToken.to_string(), "there is no token for Threads; masthead login threads");
}
