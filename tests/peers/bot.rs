//! The bot as a child process, on a day of the story.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use chrono::{DateTime, Duration, Utc};
use masthead::clock::Clock;
use serde_json::Value;
use tempfile::TempDir;

const WATCHLIST: &str = r#"schema = 1
compiled = "2026-11-01"

[[outlet]]
id = "xinhua"
name = "Xinhua News Agency"
native_name = "新华社"
aliases = ["Xinhua"]
country = "CN"
owner = "State Council of the PRC"
control = "state-controlled"
enabled = true
domains = ["xinhua.example"]
control_basis = [{ by = "State Media Monitor", says = "SC", source = "https://monitor.example/xinhua" }]
sources = ["https://monitor.example/xinhua"]

[[outlet]]
id = "cgtn"
name = "CGTN"
country = "CN"
owner = "China Media Group"
control = "state-controlled"
enabled = true
domains = ["cgtn.example"]
control_basis = [{ by = "State Media Monitor", says = "SC", source = "https://monitor.example/cgtn" }]
sources = ["https://monitor.example/cgtn"]
"#;

/// What the bot takes for the present.
#[derive(Debug, Clone, Copy)]
pub enum Present {
    /// The real clock.
    Today,
    /// So many days from today; time passes as it does.
    Days(i64),
    /// From `since` on, waits are so many times shorter. Network timeouts stay what they are.
    Fast { rate: f64, since: DateTime<Utc> },
}

/// A configuration and a state folder; every command is a process of its own.
pub struct Bot {
    dir: TempDir,
    pub hosts: BTreeMap<&'static str, SocketAddr>,
    pub present: Present,
    /// `[publish.fediverse] reply_to`, empty = none.
    pub reply_to: String,
}

impl Bot {
    pub fn new(hosts: BTreeMap<&'static str, SocketAddr>, token: &str) -> Bot {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("watchlist")).unwrap();
        fs::write(dir.path().join("watchlist/story.toml"), WATCHLIST).unwrap();
        let bot = Bot { dir, hosts, present: Present::Today, reply_to: String::new() };
        bot.log_in(token);
        bot
    }

    /// Writes the token by which the bot posts.
    pub fn log_in(&self, token: &str) {
        let path = self.dir.path().join("social.token");
        fs::write(&path, token).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Runs one command to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        let config = self.dir.path().join("config.toml");
        fs::write(&config, self.configuration()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
        command.arg("--config").arg(config).arg("--json").args(words);
        command.env_remove("MASTHEAD_LOG").env("NO_PROXY", "127.0.0.1").output().unwrap()
    }

    /// Runs a command that works and returns what it says.
    pub fn ask(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        assert!(!errors.contains('\u{1b}'), "colours, and this is no terminal: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One pass over all that is due on this day.
    pub fn collect(&mut self, present: Present) -> Value {
        self.present = present;
        self.ask(&["collect", "--once"])
    }

    fn configuration(&self) -> String {
        let mut hosts = String::new();
        for (host, address) in &self.hosts {
            writeln!(hosts, "\"{host}\" = \"{address}\"").unwrap();
        }
        format!(
            r#"watchlist = ["watchlist/*.toml"]
state_dir = "./state"
contact = "https://masthead.example/about"

[sources.mastodon]
enabled = true
servers = ["social.example"]
discover = ["search"]

[publish.fediverse]
enabled = true
server = "https://social.example"
token_file = "social.token"
reply_to = "{reply_to}"

[web]
public_url = "https://masthead.example"

[hosts]
{hosts}
{clock}"#,
            reply_to = self.reply_to,
            clock = self.clock(),
        )
    }

    fn clock(&self) -> String {
        let (origin, anchor, rate) = match self.present {
            Present::Today => return String::new(),
            Present::Days(days) => (Clock::Real.now() + Duration::days(days), Clock::Real.now(), 1.0),
            Present::Fast { rate, since } => (since, since, rate),
        };
        let (origin, anchor) = (origin.to_rfc3339(), anchor.to_rfc3339());
        format!("[clock]\norigin = \"{origin}\"\nanchor = \"{anchor}\"\nrate = {rate:?}\n")
    }
}
