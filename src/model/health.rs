//! Health: what the service can see and do at one time, line by line, for people and for monitors.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Something does not work, and a person has to mend it.
    Broken,
    /// It still works, and a person should look.
    Warning,
    Ok,
    /// Nothing was seen yet that would tell.
    Unknown,
    /// Switched off, or left alone on purpose.
    Off,
}

impl Mark {
    /// Two characters at the beginning of a line.
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Broken => "!!",
            Mark::Warning => "!",
            Mark::Ok => "ok",
            Mark::Unknown => "?",
            Mark::Off => "--",
        }
    }

    /// Whether a person has to do something.
    pub fn needs_a_person(self) -> bool {
        matches!(self, Mark::Broken | Mark::Warning)
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Config,
    Clock,
    Network,
    Page,
    Feed,
    Server,
    Token,
    Accounts,
    Review,
    Digest,
    Ledger,
    Store,
    Disk,
    Backup,
    Alerts,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Config => "config",
            Subject::Clock => "clock",
            Subject::Network => "network",
            Subject::Page => "page",
            Subject::Feed => "feed",
            Subject::Server => "server",
            Subject::Token => "token",
            Subject::Accounts => "accounts",
            Subject::Review => "review",
            Subject::Digest => "digest",
            Subject::Ledger => "ledger",
            Subject::Store => "store",
            Subject::Disk => "disk",
            Subject::Backup => "backup",
            Subject::Alerts => "alerts",
        })
    }
}

/// One thing and how it stands. No account that was not published is ever named in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub mark: Mark,
    pub subject: Subject,
    /// Which one of its kind: a host, a publisher; empty where there is only one. With the subject it tells a
    /// trouble from all others, for as long as it lasts.
    pub name: String,
    /// A sentence without a full stop.
    pub says: String,
    /// What a person can do: a command, or a few words.
    pub fix: Option<String>,
}

impl Line {
    pub fn new(mark: Mark, subject: Subject, name: impl Into<String>, says: impl Into<String>) -> Line {
        Line { mark, subject, name: name.into(), says: says.into(), fix: None }
    }

    pub fn fix(self, fix: impl Into<String>) -> Line {
        Line { fix: Some(fix.into()), ..self }
    }

    /// What tells this line from all others over time.
    pub fn key(&self) -> String {
        format!("{} {}", self.subject, self.name)
    }
}

/// Targets of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetCount {
    pub all: u64,
    /// Those whose last poll failed.
    pub failing: u64,
}

/// The numbers behind the lines, for machines that draw them over time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// By kind of target: `account`, `feed`, `page` …
    pub targets: BTreeMap<String, TargetCount>,
    /// Polls of this process, good and failed.
    pub polls_good: u64,
    pub polls_failed: u64,
    /// Statuses that this process saw for the first time.
    pub new_statuses: u64,
    pub accounts: u64,
    /// Accounts of outlets by what they do: `posting`, `dormant`, `gone`, `unknown`.
    pub outlet_accounts: BTreeMap<String, u64>,
    /// Feeds with news, without for long, and that cannot be read.
    pub feeds_fresh: u64,
    pub feeds_quiet: u64,
    pub feeds_blind: u64,
    /// Findings that wait for people, and since when the oldest does.
    pub review_waiting: u64,
    pub review_oldest: Option<DateTime<Utc>>,
    pub last_digest: Option<DateTime<Utc>>,
    pub next_digest: Option<DateTime<Utc>>,
    pub ledger_records: u64,
    pub is_halted: bool,
    pub is_in_safe_mode: bool,
    /// Bytes of the store, and bytes left on its file system.
    pub store_bytes: u64,
    pub free_bytes: u64,
    /// Items that could not be read, and records of the store that cannot be read.
    pub rejected_items: u64,
    pub damaged_records: u64,
    /// Seconds by which our clock is ahead of those of servers; `None` where too few were heard.
    pub clock_ahead_secs: Option<i64>,
    pub last_backup: Option<DateTime<Utc>>,
    /// Of the stream of new posts, since this process started, and by how much we are behind; `None` where it is not read.
    #[serde(default)]
    pub stream_events: u64,
    #[serde(default)]
    pub stream_bytes: u64,
    #[serde(default)]
    pub stream_lag_secs: Option<i64>,
}

/// Everything there is to say about a service at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The version of the program.
    pub version: String,
    pub at: DateTime<Utc>,
    /// Since when the service runs; `None` = none does, and a command looked by itself.
    pub up_since: Option<DateTime<Utc>>,
    /// The file of the configuration.
    pub config: Option<String>,
    /// As [`Health::sort`] leaves them.
    pub lines: Vec<Line>,
    /// Lines that are left out, since others stand for them, or since nothing is known of their subject just now. A
    /// trouble among them is not over.
    #[serde(default, skip_serializing)]
    pub unsaid: Vec<Line>,
    pub figures: Figures,
}

impl Health {
    /// Puts what needs a person first, then all by subject; lines of one subject stay in their order.
    pub fn sort(&mut self) {
        let needs = |mark: Mark| mark.min(Mark::Ok);
        self.lines.sort_by_key(|line| (needs(line.mark), line.subject));
    }

    /// How many lines need a person.
    pub fn needs(&self) -> usize {
        self.lines.iter().filter(|line| line.mark.needs_a_person()).count()
    }

    /// Lines of which nothing is known yet; while there is one, nobody may say that all is well.
    pub fn unknown(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.mark == Mark::Unknown).collect()
    }

    /// Whether something does not work.
    pub fn is_broken(&self) -> bool {
        self.lines.iter().any(|line| line.mark == Mark::Broken)
    }

    /// One sentence for whoever has room for no more.
    pub fn summary(&self) -> String {
        let unknown = self.unknown();
        match self.needs() {
            0 if unknown.is_empty() => "well".to_owned(),
            0 => format!("no trouble seen; not known yet: {}", first_keys(&unknown)),
            needs => {
                let lines = self.lines.iter().filter(|line| line.mark.needs_a_person());
                format!("needs you ({needs}): {}", first_keys(&lines.collect::<Vec<_>>()))
            }
        }
    }
}

/// What the first few lines are about.
fn first_keys(lines: &[&Line]) -> String {
    const FEW: usize = 3;
    let keys: Vec<String> = lines.iter().take(FEW).map(|line| line.key().trim_end().to_owned()).collect();
    let more = if lines.len() > FEW { ", …" } else { "" };
    format!("{}{more}", keys.join(", "))
}

/// A trouble that somebody was told of, or is to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// As it stood when it was last seen.
    pub line: Line,
    pub since: DateTime<Utc>,
    /// When somebody was told last; `None` = nobody was yet.
    pub told_at: Option<DateTime<Utc>>,
    /// How bad it was when somebody was told.
    pub told_mark: Option<Mark>,
    /// Since when it is seen to be well.
    pub over_since: Option<DateTime<Utc>>,
    /// It is over, the log has it, and whoever was told of it is still to hear that.
    #[serde(default)]
    pub is_closed: bool,
}
