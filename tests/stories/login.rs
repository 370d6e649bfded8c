//! Logging in: the built program against servers of the embedded world, as an operator over ssh does it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::manual::assert_promised;
use crate::scene::{self, HOME};
use crate::service::{Done, PATIENCE, World};
use serde_json::{Value, json};

const LOGIN: [&str; 2] = ["login", "fediverse"];

/// A world whose bot has no token yet: publishing is switched on, and its file is not there.
pub struct Scene {
    pub world: World,
}

impl Scene {
    pub fn open() -> Scene {
        let mut world = World::open(600);
        world.edit("token_file = \"social.token\"", "token_file = \"new.token\"");
        Scene { world }
    }

    /// A world in which the bot has posted a digest; its token is where it always was.
    fn said_once() -> Scene {
        let world = scene::newcomer_found(World::open(1200));
        let service = world.run();
        scene::closed(&world, 1);
        assert_eq!(service.stop().0, Some(0));
        Scene { world }
    }

    fn token_file(&self) -> PathBuf {
        self.world.dir().join("new.token")
    }

    /// The file of the token with which the first digest was posted.
    fn first_token(&self) -> PathBuf {
        self.world.dir().join("social.token")
    }

    /// The first half: the address of the page.
    fn page(&self, words: &[&str]) -> String {
        let answer = self.world.ask(&[&LOGIN[..], words].concat());
        answer["authorize_url"].as_str().unwrap().to_owned()
    }

    /// What a person reads and presses there.
    pub fn code(&self, page: &str, pressed: &str) -> String {
        let (place, query) = page.split_once('?').unwrap();
        let answer = post(place, &format!("{query}{pressed}"));
        let place = answer.split_once("location: ").expect(&answer).1.split_once("\r\n").unwrap().0;
        let code = place.split_once("code=").unwrap().1;
        code.split('&').next().unwrap().to_owned()
    }

    fn with_code(&self, code: &str, words: &[&str]) -> Done {
        self.world.command(&[&LOGIN[..], &["--code", code], words].concat())
    }

    /// Both halves, by somebody who presses this.
    fn log_in(&self, pressed: &str, words: &[&str]) -> Done {
        let code = self.code(&self.page(&[]), pressed);
        self.with_code(&code, words)
    }

    /// What the servers have of programs and tokens.
    fn granted(&self, what: &str) -> usize {
        let text = fs::read_to_string(self.world.dir().join("grants.json")).unwrap_or("{}".to_owned());
        let grants: Value = serde_json::from_str(&text).unwrap();
        grants[what].as_array().map_or(0, Vec::len)
    }

    fn fault(&self, method: &str, path: &str, effect: Value) {
        let mut fault = json!({"server": "social.example", "method": method, "path": path});
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        self.world.fault(&fault);
    }

    fn refused(&self, done: &Done, says: &str) {
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(done.stderr.contains(says), "{}", done.stderr);
        assert!(!self.token_file().exists());
        assert_eq!(self.granted("tokens"), 0, "a token that nobody keeps was not given back");
    }
}

fn post(url: &str, form: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let kind = "content-type: application/x-www-form-urlencoded";
    let head = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{kind}\r\n");
    write!(stream, "{head}content-length: {}\r\n\r\n{form}", form.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_person_approves_and_the_bot_posts_with_the_token_that_nobody_saw() {
    let scene = Scene::open();
    let missed = scene.world.command(&["check"]);
    assert!(missed.stdout.contains("help      masthead login fediverse"), "{}", missed.stdout);

    let first = scene.world.command(&LOGIN);
    assert_eq!(first.code, Some(0), "{first:?}");
    let asks = "It asks for read:accounts read:statuses read:search write:statuses and for nothing else.";
    assert!(first.stdout.contains(asks) && first.stdout.contains("--code CODE"), "{}", first.stdout);
    let begun = scene.world.state().join("login.json");
    assert_eq!(fs::metadata(&begun).unwrap().permissions().mode() & 0o777, 0o600);

    let page = scene.page(&[]);
    assert!(first.stdout.contains(&page), "the address that somebody has open stays good");
    let done = scene.with_code(&scene.code(&page, ""), &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("Logged in as masthead@social.example. "), "{}", done.stdout);
    let token = fs::read_to_string(scene.token_file()).unwrap();
    assert_eq!(fs::metadata(scene.token_file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{done:?}").contains(token.trim()));
    assert!(!begun.exists());
    // It may read as well as post, and take down: one digest with everything that it takes.
    assert_eq!(scene.world.ask(&["digest"])["says"], "there is nothing to say");
}

#[test]
fn a_code_that_is_wrong_expired_or_used_gets_nothing() {
    let scene = Scene::open();
    scene.refused(&scene.with_code("sandbox-code-1", &[]), "no login was begun");
    let code = scene.code(&scene.page(&[]), "");
    scene.refused(&scene.with_code("sandbox-code-wrong", &[]), "does not take the code");
    scene.refused(&scene.with_code("two words", &[]), "that is no code");
    post(&format!("{}/_sandbox/expire-codes", scene.page(&[]).split_once("/oauth").unwrap().0), "");
    scene.refused(&scene.with_code(&code, &[]), "older than ten minutes");
    let good = scene.code(&scene.page(&[]), "");
    let page = scene.page(&[]);
    assert_eq!(scene.with_code(&good, &[]).code, Some(0));
    let again = scene.with_code(&good, &[]);
    assert!(again.stderr.contains("no login was begun"), "{again:?}");
    // Somebody begins once more and pastes the old one.
    assert_ne!(scene.page(&[]), page);
    assert!(scene.with_code(&good, &[]).stderr.contains("was used before"));
}

#[test]
fn who_presses_deny_is_told_that_nothing_has_changed() {
    let scene = Scene::open();
    let page = scene.page(&[]);
    let (place, query) = page.split_once('?').unwrap();
    let denied = post(place, &format!("{query}&_method=delete"));
    assert!(denied.contains("denied the request") && !denied.contains("sandbox-code"), "{denied}");
    let pasted = scene.with_code("https://social.example/oauth?error=access_denied", &[]);
    scene.refused(&pasted, "answered with \"deny\", so nothing has changed");
}

#[test]
fn another_account_takes_the_place_of_the_first_only_if_somebody_says_so() {
    let scene = Scene::open();
    assert_eq!(scene.log_in("", &[]).code, Some(0));
    let before = fs::read_to_string(scene.token_file()).unwrap();
    let other = scene.log_in("&account=iria", &[]);
    assert_eq!(other.code, Some(1), "{other:?}");
    let says = "is logged in as masthead@social.example, and this is iria@social.example";
    assert!(other.stderr.contains(says), "{}", other.stderr);
    assert_eq!(fs::read_to_string(scene.token_file()).unwrap(), before);
    assert_eq!(scene.granted("tokens"), 1);

    assert_eq!(scene.log_in("", &[]).code, Some(0), "the same account needs no leave");
    let replaced = scene.log_in("&account=iria", &["--replace"]);
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    for lack in ["it is not marked as a bot", "it does not say whom to write to", "/settings/profile"] {
        assert!(replaced.stdout.contains(lack), "{}", replaced.stdout);
    }
}

/// What a revoked token was good for does not matter: the ledger knows who spoke.
#[test]
fn a_revoked_token_lets_no_other_account_speak_unless_somebody_says_so() {
    let scene = Scene::said_once();
    fs::write(scene.first_token(), "revoked-long-ago\n").unwrap();
    let other = scene.log_in("&account=iria", &[]);
    assert_eq!(other.code, Some(1), "{other:?}");
    for says in [
        "masthead@social.example is the account that posts here, 2 posts so far, and this is iria@social.example",
        "can be corrected only by masthead@social.example",
        "--replace` takes it in its place",
    ] {
        assert!(other.stderr.contains(says), "{}", other.stderr);
    }
    assert_eq!(fs::read_to_string(scene.first_token()).unwrap(), "revoked-long-ago\n");
    assert_eq!(scene.log_in("", &[]).code, Some(0), "the same account needs no leave");

    let replaced = scene.log_in("&account=iria", &["--replace"]);
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    let says = "iria@social.example speaks from now on, after masthead@social.example.";
    assert!(replaced.stdout.contains(says), "{}", replaced.stdout);
    let named: Vec<Value> =
        scene.world.records("posts_as").iter().map(|entry| entry["username"].clone()).collect();
    assert_eq!(named, ["masthead", "iria"]);
    // What the other one said is not looked up among her posts, and is not gone.
    let looked = scene.world.ask(&["reconcile"]);
    for post in looked["posts"].as_array().unwrap() {
        assert_eq!((&post["stands"], &post["author"]), (&Value::Null, &json!("masthead@social.example")));
    }
}

#[test]
fn a_digest_that_one_account_began_is_not_gone_on_with_by_another() {
    let world = scene::newcomer_found(World::open(1200));
    scene::post_fault(&world, HOME, &json!({"effect": "delay", "ms": 1}));
    scene::post_fault(&world, HOME, &json!({"effect": "ratelimit", "count": 9}));
    let service = world.run();
    service.expect("part=1 outcome=rate limited");
    scene::recorded(&world, "deferred");
    let scene = Scene { world };
    // The running service writes it down, and takes up her token by itself.
    let replaced = scene.log_in("&account=iria", &["--replace"]);
    assert!(replaced.stdout.contains("digest 1 ends where it was"), "{replaced:?}");
    let closed = scene.world.records("closed");
    assert_eq!((closed.len(), &closed[0]["complete"]), (1, &json!(false)));
    service.expect("took up another configuration");
    scene.world.mend();
    let next = scene.world.ask(&["digest"]);
    assert_eq!(next["number"], 2, "{next}");
    assert!(next["posts"].to_string().contains(scene::NEWCOMER), "what was not said comes with the next one");
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn nothing_is_posted_by_an_account_that_nobody_let_speak() {
    let mut scene = Scene::said_once();
    let first = fs::read_to_string(scene.first_token()).unwrap();
    assert_eq!(scene.log_in("&account=iria", &["--replace"]).code, Some(0));
    let iria = fs::read_to_string(scene.first_token()).unwrap();
    fs::write(scene.first_token(), first).unwrap();
    assert_eq!(scene.log_in("", &["--replace"]).code, Some(0));
    // Somebody puts her token in place by hand.
    fs::write(scene.first_token(), iria).unwrap();

    let says =
        "the token is of iria@social.example, and what was said so far was posted by masthead@social.example";
    let doctor = scene.world.command(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.stdout.contains("the token is of iria@social.example"),
        "{doctor:?}"
    );
    assert_promised("another account", &doctor.stdout);
    let reconciled = scene.world.command(&["reconcile"]);
    assert!(reconciled.code == Some(1) && reconciled.stdout.contains(says), "{reconciled:?}");
    assert!(!reconciled.stdout.contains("NOT there") && !reconciled.stdout.contains("in step"));
    for words in [&["digest"][..], &["digest", "--dry-run"]] {
        let digest = scene.world.command(words);
        assert!(digest.code == Some(1) && digest.stderr.contains(says), "{digest:?}");
    }
    let posts = scene.world.outbox(HOME).len();
    scene::return_found(&mut scene.world);
    let service = scene.world.run();
    service.expect(says);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(scene.world.outbox(HOME).len(), posts);

    // The account that speaks is back, and what was due is said.
    assert_eq!(scene.log_in("", &[]).code, Some(0));
    let service = scene.world.run();
    scene
        .world
        .until("the second digest", PATIENCE, |world| (world.records("closed").len() == 2).then_some(()));
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn the_bot_never_speaks_as_an_account_of_an_outlet() {
    let mut scene = Scene::open();
    scene.world.append(
        "[[account]]\noutlet = \"xinhua-es\"\nnetwork = \"mastodon\"\nhandle = \"Iria@social.example\"\n",
    );
    let done = scene.log_in("&account=iria", &["--replace"]);
    scene.refused(&done, "Iria@social.example is listed as an account of the outlet `xinhua-es`");
}

#[test]
fn a_token_that_may_do_less_than_was_asked_for_is_given_back() {
    let scene = Scene::open();
    let page = scene.page(&[]);
    let code = scene.code(&page.replace("+write%3Astatuses", ""), "");
    let done = scene.with_code(&code, &[]);
    scene.refused(&done, "grants less than the bot needs: write:statuses is missing");
}

#[test]
fn a_server_that_lets_nobody_register_is_named_with_another_way() {
    let scene = Scene::open();
    for status in [403, 422] {
        scene.fault("POST", "/api/v1/apps", json!({"effect": "status", "status": status}));
        let done = scene.world.command(&LOGIN);
        scene.refused(&done, &format!("does not let this program register: it answered {status}"));
        assert!(done.stderr.contains("ask its admins") && done.stderr.contains("new.token (mode 0600)"));
    }
    scene.fault("POST", "/api/v1/apps", json!({"effect": "status", "status": 404}));
    scene.refused(&scene.world.command(&LOGIN), "which may differ from the one in its handle");
    let elsewhere = |server: &str| scene.world.command(&[&LOGIN[..], &["--server", server]].concat());
    scene.refused(&elsewhere("xinhua.example"), "no server of the Mastodon family");
    scene.refused(&elsewhere("nowhere.example"), "write your own server into `[publish.fediverse] server`");
    scene.refused(&elsewhere("social example"), "`social example` is not a server");
    assert_eq!(scene.granted("apps"), 0);
}

#[test]
fn what_a_server_says_of_a_code_is_never_repeated() {
    let scene = Scene::open();
    let code = scene.code(&scene.page(&[]), "");
    for status in [400, 401, 403, 500] {
        let body = format!("{{\"error\":\"{code}\",\"error_description\":\"{code}\"}}");
        scene.fault("POST", "/oauth/token", json!({"effect": "status", "status": status, "body": body}));
        let done = scene.with_code(&code, &[]);
        assert!(!format!("{done:?}").contains(&code), "{done:?}");
        scene.refused(&done, "social.example");
    }
    scene.fault("POST", "/oauth/token", json!({"effect": "drop-before"}));
    let cut_off = scene.with_code(&code, &[]);
    assert!(!format!("{cut_off:?}").contains(&code), "{cut_off:?}");
    scene.refused(&cut_off, "social.example");
    // None of that was the code's fault.
    assert_eq!(scene.with_code(&code, &[]).code, Some(0));
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anybody_opens_a_browser() {
    let mut scene = Scene::open();
    scene.world.edit("token_file = \"new.token\"", "token_file = \"config.toml/new.token\"");
    let done = scene.world.command(&LOGIN);
    scene.refused(&done, "config.toml/new.token");
    for way in ["run this as root", "state/new.token", "/etc/credstore/new.token", "LoadCredential="] {
        assert!(done.stderr.contains(way), "{}", done.stderr);
    }
    assert_eq!(scene.granted("apps"), 0);
}

#[test]
fn servers_of_other_families_log_in_as_well() {
    let scene = Scene::open();
    for server in ["two.example", "three.example"] {
        let out = scene.world.dir().join(format!("{server}.new"));
        let words = ["--server", server, "--out", out.to_str().unwrap()];
        let code = scene.code(&scene.page(&words), "");
        let done = scene.with_code(&code, &words);
        assert!(done.stdout.starts_with(&format!("Logged in as masthead@{server}")), "{done:?}");
        assert!(done.stdout.contains(&format!("token_file = \"{}\"", out.display())), "{}", done.stdout);
        assert!(out.exists());
    }
}
