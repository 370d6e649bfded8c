//! Asks the running service, or opens the store where none runs.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use super::owner::refuse_foreign;
use crate::config::Config;
use crate::cycle::Newsroom;
use crate::cycle::commands::line::{LONGEST_ANSWER, PROTOCOL, Question, Reply, socket_path};
use crate::cycle::commands::{self, Answer, Request};
use crate::cycle::reload::InForce;
use crate::model::health::{Line, Mark, Subject};
use crate::store::StoreError;

/// A service that starts or stops holds the lock without listening, for some seconds.
const WAIT_FOR_LOCK: chrono::Duration = chrono::Duration::seconds(30);
/// The longest a command may work: a digest waits for its read-backs.
const ANSWER_WITHIN: Duration = Duration::from_secs(1800);
/// Between two lines about work that takes long.
const TELL_EVERY: chrono::Duration = chrono::Duration::seconds(2);
/// For what the service has at hand.
const ANSWER_AT_ONCE: Duration = Duration::from_secs(5);

/// Asks, wherever the store is open.
pub(super) async fn ask(config: Config, request: Request) -> anyhow::Result<Answer> {
    let config = Arc::new(config);
    let real = crate::clock::Clock::Real;
    let give_up = real.now() + WAIT_FOR_LOCK;
    loop {
        if let Some(stream) = connect(&config.state_dir) {
            return tokio::task::spawn_blocking(move || talk(stream, request, ANSWER_WITHIN)).await?;
        }
        refuse_foreign(&config)?;
        match Newsroom::open(config.clone()).await {
            Ok(room) => {
                let answer = commands::answer(&room, request.clone(), room.config.clock.now());
                return tokio::select! {
                    answer = answer => answer,
                    () = tell_of_stream(&room, &request) => unreachable!("it tells for ever"),
                };
            }
            Err(error) if is_locked(&error) && real.now() < give_up => {
                eprintln!(
                    "waiting: another masthead holds {} and does not listen yet",
                    config.state_dir.display()
                );
                real.sleep(chrono::Duration::seconds(1)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Says how far a stream is that takes long, as long as it is taken.
async fn tell_of_stream(room: &Newsroom, request: &Request) {
    let real = crate::clock::Clock::Real;
    let mut told = None;
    loop {
        real.sleep(TELL_EVERY).await;
        let stream = room.vitals.recall().stream;
        let at = stream.position.and_then(|position| position.cursor);
        if *request == Request::Collect && stream.open_since.is_some() && at != told {
            let until = at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
            eprintln!(
                "reading the Bluesky stream: {until}, {} events, {} MB",
                stream.events,
                stream.bytes / 1_000_000
            );
            told = at;
        }
    }
}

/// What a running service answers; `None` where none runs.
pub(super) fn ask_running(state_dir: &Path, request: Request) -> Option<anyhow::Result<Answer>> {
    let stream = connect(state_dir)?;
    Some(talk(stream, request, ANSWER_WITHIN))
}

/// The configuration that a running service works by; `None` where none runs, or one that does not tell.
pub(super) fn in_force(state_dir: &Path) -> Option<InForce> {
    let stream = connect(state_dir)?;
    match talk(stream, Request::InForce, ANSWER_AT_ONCE) {
        Ok(Answer::InForce(in_force)) => Some(in_force),
        _ => None,
    }
}

/// What a running service has to say against its backups, if anything.
pub(super) fn backup_trouble(state_dir: &Path) -> Option<Line> {
    let Ok(Answer::Doctor(health)) =
        talk(connect(state_dir)?, Request::Doctor { asks: false }, ANSWER_AT_ONCE)
    else {
        return None;
    };
    health.lines.into_iter().find(|line| line.subject == Subject::Backup && line.mark != Mark::Ok)
}

/// Whether a service answers for this state directory.
pub(super) fn is_running(config: &Config) -> bool {
    connect(&config.state_dir).is_some()
}

/// The running service, if there is one; a socket that nobody serves is left for the next start.
fn connect(state_dir: &Path) -> Option<UnixStream> {
    UnixStream::connect(socket_path(state_dir)).ok()
}

fn is_locked(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Locked { .. })))
}

fn talk(mut stream: UnixStream, request: Request, within: Duration) -> anyhow::Result<Answer> {
    stream.set_read_timeout(Some(within)).context("set a time limit")?;
    let mut line = serde_json::to_vec(&Question { protocol: PROTOCOL, request })?;
    line.push(b'\n');
    stream.write_all(&line).context("ask the running service")?;
    let mut answer = String::new();
    let mut reader = BufReader::new(stream.take(LONGEST_ANSWER as u64));
    reader.read_line(&mut answer).context("wait for the running service")?;
    anyhow::ensure!(!answer.is_empty(), "the service ended before it answered; its log says why");
    let reply = serde_json::from_str(&answer)
        .context("the running service answered in words this binary does not know; is it another version?")?;
    match reply {
        Reply::Answered(answer) => Ok(*answer),
        Reply::Refused(why) => anyhow::bail!(why),
    }
}
