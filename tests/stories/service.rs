//! The whole program from outside: the embedded world and the service as child processes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use masthead::clock::{Clock, Scale};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

/// For what takes a second on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running world with a directory of its own, and the configuration that leads a service to it.
pub struct World {
    dir: TempDir,
    process: Option<Process>,
    home: String,
    edits: Vec<(String, String)>,
    appended: String,
}

/// What a client posted, as the world recorded it.
#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub id: String,
    pub text: String,
    pub visibility: String,
    pub language: Option<String>,
    pub in_reply_to: Option<String>,
    pub mentions: Vec<String>,
    pub deleted: bool,
}

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

#[derive(Deserialize)]
struct Written {
    clock: Scale,
}

impl World {
    /// A world whose story begins now, `rate` times as fast.
    pub fn open(rate: u32) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut world =
            World { dir, process: None, home: String::new(), edits: Vec::new(), appended: String::new() };
        world.start(&["--rate", &rate.to_string()]);
        world
    }

    /// The same of the story of three papers that hide their agency.
    pub fn founding(rate: u32) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut world =
            World { dir, process: None, home: String::new(), edits: Vec::new(), appended: String::new() };
        world.start(&["--story", "founding", "--rate", &rate.to_string()]);
        world
    }

    fn start(&mut self, options: &[&str]) {
        let mut command = masthead();
        command.arg("sandbox").args(options).arg("--dir").arg(self.dir.path());
        let process = Process::start(command.stdout(Stdio::piped()));
        let announced: Value = serde_json::from_str(&process.wait_for(&["{"], PATIENCE).unwrap()).unwrap();
        self.home = announced["home"].as_str().unwrap().trim_start_matches("http://").to_owned();
        self.process = Some(process);
    }

    /// Goes on at this hour of the story, past or to come; no service may run meanwhile.
    pub fn jump_to(&mut self, hour: i64) {
        self.process = None;
        let hours = hour - self.hours();
        let path = self.dir.path().join("config.toml");
        let text = fs::read_to_string(&path).unwrap();
        let scale = self.scale();
        let real = chrono::Duration::milliseconds((hours as f64 * 3_600_000.0 / scale.rate) as i64);
        let (old, new) = (scale.anchor.to_rfc3339(), (scale.anchor - real).to_rfc3339());
        assert!(text.contains(&old), "{text}");
        fs::write(&path, text.replace(&old, &new)).unwrap();
        self.start(&[]);
    }

    /// Replaces a text in the configuration of services and commands that start from now on.
    pub fn edit(&mut self, from: &str, to: &str) {
        assert!(self.written().contains(from), "the configuration has no `{from}`");
        self.edits.push((from.to_owned(), to.to_owned()));
    }

    /// Writes the configuration as it stands now under the eyes of a running service, by rename, as editors do.
    pub fn save(&self) {
        let (path, beside) =
            (self.dir.path().join("service.toml"), self.dir.path().join(".service.toml.swp"));
        fs::write(&beside, self.written()).unwrap();
        fs::rename(beside, path).unwrap();
    }

    /// Adds to the end of that configuration, which is the table `[hosts]`.
    pub fn append(&mut self, text: &str) {
        self.appended.push_str(text);
    }

    /// A service of this world, running.
    pub fn run(&self) -> Process {
        let service = self.begin(&["run"]);
        service.expect("ready");
        service
    }

    /// A command, or a service that may not get as far as to be ready, beside the story.
    pub fn begin(&self, words: &[&str]) -> Process {
        Process::start(masthead().args(words).arg("--config").arg(self.configure()).stdout(Stdio::piped()))
    }

    /// One command, to its end.
    pub fn command(&self, words: &[&str]) -> Done {
        let output = masthead().args(words).arg("--config").arg(self.configure()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The answer of a command that must work, as JSON.
    pub fn ask(&self, words: &[&str]) -> Value {
        let done = self.command(&[words, &["--json"]].concat());
        assert_eq!(done.code, Some(0), "{words:?}: {done:?}");
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// The same by a configuration of its own, while that of services stays as it is written.
    pub fn ask_by(&self, config: &Path, words: &[&str]) -> Value {
        let output = masthead().args(words).args(["--json", "--config"]).arg(config).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Everything that was ever posted on a server, oldest first.
    pub fn outbox(&self, server: &str) -> Vec<Post> {
        self.call("GET", &format!("/_sandbox/outbox?server={server}"), "").unwrap()
    }

    /// Makes something go wrong, as the world's own door for that takes it.
    pub fn fault(&self, fault: &Value) {
        let answer: Option<Value> = self.call("POST", "/_sandbox/faults", &fault.to_string());
        assert_eq!(answer, None);
    }

    /// Everything goes right again.
    pub fn mend(&self) {
        let answer: Option<Value> = self.call("DELETE", "/_sandbox/faults", "");
        assert_eq!(answer, None);
    }

    pub fn now(&self) -> DateTime<Utc> {
        Clock::Scaled(self.scale()).now()
    }

    /// Hours since the story began.
    pub fn hours(&self) -> i64 {
        (self.now() - self.scale().origin).num_hours()
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// The records of the ledger, oldest first.
    pub fn ledger(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.state().join("ledger.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The records of one kind.
    pub fn records(&self, kind: &str) -> Vec<Value> {
        self.ledger().into_iter().filter(|entry| entry["record"] == kind).collect()
    }

    /// Waits until something holds.
    pub fn until<T>(&self, what: &str, patience: Duration, mut look: impl FnMut(&World) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(begun.elapsed() < patience, "{what} did not come about in {patience:?}");
            pause(Duration::from_millis(50));
        }
    }

    fn scale(&self) -> Scale {
        let text = fs::read_to_string(self.dir.path().join("config.toml")).unwrap();
        toml::from_str::<Written>(&text).unwrap().clock
    }

    fn written(&self) -> String {
        let text = fs::read_to_string(self.dir.path().join("config.toml")).unwrap();
        self.edits.iter().fold(text, |text, (from, to)| text.replace(from, to)) + &self.appended
    }

    /// The world keeps its own file, so that it does not rewrite what a story changes.
    fn configure(&self) -> PathBuf {
        let path = self.dir.path().join("service.toml");
        let text = self.written();
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text).unwrap();
        }
        path
    }

    /// One request to the world's control door; `None` for an answer without a body.
    fn call<T: DeserializeOwned>(&self, method: &str, path: &str, body: &str) -> Option<T> {
        let mut stream = TcpStream::connect(&self.home).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: world\r\nconnection: close\r\n");
        let kind = "content-type: application/json\r\n";
        write!(stream, "{head}{kind}content-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{answer}");
        if body.is_empty() { None } else { Some(serde_json::from_str(body).unwrap()) }
    }
}

/// A child process and what it has said so far. Killed when dropped.
pub struct Process {
    child: Child,
    said: Arc<Said>,
}

#[derive(Default)]
struct Said {
    heard: Mutex<Heard>,
    news: Condvar,
}

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    /// Streams that may bring more.
    open: u32,
}

impl Said {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: Arc<Said>, stream: impl Read + Send + 'static) {
        self.heard().open += 1;
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                self.heard().lines.push(line);
                self.news.notify_all();
            }
            self.heard().open -= 1;
            self.news.notify_all();
        });
    }
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let said = Arc::new(Said::default());
        said.clone().listen(child.stderr.take().unwrap());
        if let Some(stdout) = child.stdout.take() {
            said.clone().listen(stdout);
        }
        Process { child, said }
    }

    /// The first line, said or to come within `patience`, that contains one of the texts; `None` when it
    /// does not come or the process ends.
    pub fn wait_for(&self, texts: &[&str], patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        let mut read = 0;
        let mut heard = self.said.heard();
        loop {
            let is_wanted = |line: &&String| texts.iter().any(|text| line.contains(text));
            if let Some(line) = heard.lines[read..].iter().find(is_wanted) {
                return Some(line.clone());
            }
            read = heard.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if heard.open == 0 || left.is_zero() {
                return None;
            }
            heard = self.said.news.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A line that has to come.
    pub fn expect(&self, text: &str) -> String {
        let line = self.wait_for(&[text], PATIENCE);
        line.unwrap_or_else(|| panic!("it never said `{text}`"))
    }

    pub fn log(&self) -> String {
        self.said.heard().lines.join("\n")
    }

    /// The most bytes of memory it ever had, as the kernel counts.
    pub fn peak_memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        1024 * peak.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    }

    /// SIGHUP: read the configuration anew.
    pub fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// What it holds at the moment: file descriptors, threads, and bytes of memory that are in use.
    pub fn holds(&self) -> [usize; 3] {
        let count = |what: &str| fs::read_dir(format!("/proc/{}/{what}", self.child.id())).unwrap().count();
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: usize = resident.trim().trim_end_matches(" kB").parse().unwrap();
        [count("fd"), count("task"), kilobytes * 1024]
    }

    /// How many lines it has said that contain this.
    pub fn times(&self, text: &str) -> usize {
        self.said.heard().lines.iter().filter(|line| line.contains(text)).count()
    }

    /// SIGKILL, and everything it had said.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    /// SIGTERM; the exit code and everything it had said. It must be gone within the time.
    pub fn stop(self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.end(PATIENCE)
    }

    /// Waits until it ends by itself; the exit code and everything it had said.
    pub fn end(mut self, patience: Duration) -> (Option<i32>, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // The reader has the rest as soon as the pipe is closed.
                self.wait_for(&[], PATIENCE);
                return (ExitStatus::code(&status), self.log());
            }
            assert!(begun.elapsed() < patience, "it did not end in {patience:?}:\n{}", self.log());
            pause(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

/// Lets real time pass while other processes work.
#[expect(clippy::disallowed_methods, reason = "the clock of the program is in other processes")]
pub fn pause(span: Duration) {
    std::thread::sleep(span);
}

pub fn masthead() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    command.env_remove("MASTHEAD_LOG").env_remove("MASTHEAD_CONFIG").env_remove("CREDENTIALS_DIRECTORY");
    command
}
