//! Figures of the whole program, measured and printed: `cargo test --test figures -- --nocapture`.
//!
//! The example configuration reads the outlets' real sites, so each test of it runs in a network namespace in which
//! there is nothing but loopback. Where none can be made, it says so and measures nothing.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be taken is a failed test")]
#![expect(clippy::disallowed_methods, reason = "a process at rest is measured in real time")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use masthead::config::{self, Environment};
use masthead::cycle::{Newsroom, health};
use masthead::model::account::AccountId;
use masthead::model::assessment::Relation;
use masthead::model::dossier::{Method, Presence};
use masthead::model::observation::{Counts, Wishes};
use masthead::store::Batch;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_masthead");
const BUILD: &str = if cfg!(debug_assertions) { "debug build" } else { "release build" };
/// Nothing is waited for longer than that.
const PATIENCE: Duration = Duration::from_secs(60);

/// From the start of the process to the end of its first poll.
const SOON: Duration = Duration::from_secs(1);
/// Resident, with the built-in watchlist.
const MOST_MEMORY: u64 = 64_000_000;
/// After this the start is over: its threads have ended, and sled has flushed.
const REST: Duration = Duration::from_secs(12);

#[test]
fn the_example_runs_as_it_is_and_says_what_it_sees() {
    if !is_alone("the_example_runs_as_it_is_and_says_what_it_sees") {
        return;
    }
    let folder = folder();
    let mut service = Service::start(folder.path());
    for line in [
        "pages: the front pages of ",
        "feeds: ",
        "fediverse: not read, since `contact` is empty; no account can be seen until it is set",
        "bluesky: not read, [sources.bluesky] is off",
        "posting: off; digests go to the page on http://127.0.0.1:8787/",
        "pages on http://127.0.0.1:8787/",
    ] {
        let said = service.next_line();
        assert!(said.contains(line), "expected `{line}`, found `{said}`");
    }
    let page = get("127.0.0.1:8787");
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    assert_eq!(service.stop().code(), Some(0));
    let left = fs::read_dir(folder.path().join("data")).unwrap();
    let mut left: Vec<String> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["ballast", "db", "ledger.jsonl", "lock", "store.id"]);
}

#[test]
fn the_first_poll_is_over_within_a_second_of_the_start() {
    if !is_alone("the_first_poll_is_over_within_a_second_of_the_start") {
        return;
    }
    let start = || {
        let folder = folder();
        let mut service = Service::start(folder.path());
        let took = service.wait_for("could not be read");
        service.stop();
        took
    };
    let mut starts = [start(), start(), start()];
    starts.sort();
    println!(
        "figure: start to the end of the first poll {:.2?} (median of {starts:.2?}), {BUILD}",
        starts[1]
    );
    assert!(starts[1] < SOON, "{starts:?}");
}

#[test]
fn at_rest_it_takes_less_than_sixty_four_megabytes() {
    if !is_alone("at_rest_it_takes_less_than_sixty_four_megabytes") {
        return;
    }
    let folder = folder();
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("cache_mib = 32", "cache_mib = 8")).unwrap();
    // A service that has been there for a while: its store knows every target of the watchlist.
    let polled =
        Command::new(PROGRAM).args(["collect", "--once"]).current_dir(folder.path()).output().unwrap();
    assert!(polled.status.success(), "{}", String::from_utf8_lossy(&polled.stderr));
    let polled = String::from_utf8(polled.stdout).unwrap();
    let targets = polled.split_whitespace().next().unwrap();
    let mut service = Service::start(folder.path());
    service.wait_for("pages on http://");
    std::thread::sleep(REST);
    let rested = service.memory();
    println!(
        "figure: {} MB at rest with {targets} targets and a cache of 8 MiB, {BUILD}",
        rested / 1_000_000
    );
    assert!(rested < MOST_MEMORY, "{rested}");
    assert_eq!(service.stop().code(), Some(0));
}

/// Forty accounts of outlets with a thousand statuses each, and two hundred findings: the service looks once a minute.
#[tokio::test]
async fn a_look_at_health_reads_what_changed_and_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "state_dir = \"state\"\n").unwrap();
    let loaded = config::load(Some(&path), &Environment::default(), now());
    let room = Newsroom::open(Arc::new(loaded.config.unwrap())).await.unwrap();
    for account in 0..40 {
        room.store.commit(account_with_statuses(account, 0..1000)).unwrap();
    }
    let look = async || {
        let begun = Instant::now();
        let health = health::of(&room, now()).await.unwrap();
        (begun.elapsed(), health.figures)
    };
    let (first, all) = look().await;
    assert_eq!(all.outlet_accounts.get("posting"), Some(&40), "{all:?}");
    let (again, same) = look().await;
    assert_eq!(same.outlet_accounts, all.outlet_accounts);
    room.store.commit(account_with_statuses(40, 0..1)).unwrap();
    room.store.commit(account_with_statuses(7, 1000..1001)).unwrap();
    let (changed, more) = look().await;
    assert_eq!(more.outlet_accounts.get("posting"), Some(&41));
    println!(
        "figure: a look at health {first:.1?} at first, then {again:.1?}, {changed:.1?} after news of one account, {BUILD}"
    );
}

fn now() -> DateTime<Utc> {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn account_with_statuses(account: usize, statuses: Range<usize>) -> Batch {
    let at = json!("2026-11-02T09:00:00Z");
    let (name, host) = (format!("desk{account}@social.example"), "social.example");
    let uri = format!("https://social.example/users/desk{account}");
    let id = AccountId::mastodon(uri);
    let profile = json!({
        "id": id, "acct": name, "local_id": "1", "url": null, "display_name": "Desk", "note": "", "links": [],
        "is_bot": false, "is_suspended": false, "wishes": Wishes::default(), "moved_to": null,
        "claimed_created_at": null, "claimed_last_status": null, "counts": Counts::default(),
    });
    let record = json!({
        "id": id, "acct": name, "api_host": host,
        "found": {"at": at, "method": Method::Search, "through": host, "background": false},
        "latest": {"profile": profile, "seen_at": at, "server_date": null, "read_from": "https://social.example"},
        "presence": Presence::There, "last_complete_poll": at,
    });
    let assessment = json!({
        "account": id, "outlet": "xinhua", "relation": Relation::Official, "points": 0.0, "evidence": [],
        "conditions": [], "because": "",
    });
    let mut batch = Batch::default();
    batch.put_account(serde_json::from_value(record).unwrap());
    batch.put_assessment(serde_json::from_value(assessment).unwrap());
    for number in statuses {
        let status = json!({
            "uri": format!("https://social.example/{account}/{number}"), "local_id": number.to_string(), "url": null,
            "claimed_at": at, "edited_at": null, "text": "Noticias de China ".repeat(15), "spoiler": "",
            "language": null, "boost_of": null, "is_reply": false, "links": [], "mentions": [], "tags": [],
            "media": [], "application": null,
        });
        let seen = json!({
            "status": status, "first_seen": at, "server_date": null, "content_hash": "", "background": false,
            "versions": [], "removed_at": null,
        });
        batch.put_status(&id, serde_json::from_value(seen).unwrap());
    }
    batch
}

/// A folder with the example as its configuration and nothing else.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml.example");
    fs::copy(example, folder.path().join("config.toml")).unwrap();
    folder
}

/// A running `masthead run`, ended with the test.
struct Service {
    child: Child,
    started: Instant,
    lines: Receiver<(Instant, String)>,
}

impl Service {
    fn start(folder: &Path) -> Service {
        let started = Instant::now();
        let mut child = Command::new(PROGRAM)
            .arg("run")
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            log.lines().map_while(Result::ok).try_for_each(|line| tell.send((Instant::now(), line)))
        });
        Service { child, started, lines }
    }

    fn next_line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap().1
    }

    /// How long after the start a line with these words was logged.
    fn wait_for(&mut self, words: &str) -> Duration {
        loop {
            let (at, line) = self.lines.recv_timeout(PATIENCE).unwrap();
            if line.contains(words) {
                return at - self.started;
            }
        }
    }

    /// Resident memory in bytes: the program itself, as far as it is used, and what it allocated.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    fn stop(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Whether this process is in a network of its own. If not, runs the test again in one.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "MASTHEAD_TEST_IS_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let in_namespace = |rights: &[&str], then: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(rights)
            .args(["--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""])
            .args(then);
        command
    };
    let works = |rights: &&[&str]| {
        in_namespace(rights, &["true"]).output().is_ok_and(|output| output.status.success())
    };
    let ways: [&[&str]; 2] = [&[], &["--map-root-user"]];
    let Some(rights) = ways.into_iter().find(works) else {
        println!(
            "skipped: `unshare --net` or `ip` does not work here, and the real network is not for tests"
        );
        return false;
    };
    let own = std::env::current_exe().unwrap();
    let again = [own.to_str().unwrap(), "--exact", test, "--nocapture"];
    let mut again = in_namespace(rights, &again);
    let output = again.env(ALONE, "yes").output().unwrap();
    let figures = String::from_utf8_lossy(&output.stdout);
    print!(
        "{}",
        figures
            .lines()
            .filter(|line| line.starts_with("figure"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    );
    assert!(output.status.success(), "{figures}{}", String::from_utf8_lossy(&output.stderr));
    false
}
