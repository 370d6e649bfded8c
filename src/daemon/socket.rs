//! The socket: commands of people while the service owns the store.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::Newsroom;
use crate::cycle::commands::line::{LONGEST_REQUEST, PROTOCOL, Question, Reply, socket_path};
use crate::cycle::commands::{self, Answer};

/// Out of file descriptors, for one, does not pass at once.
const AFTER_TROUBLE: chrono::Duration = chrono::Duration::seconds(1);

/// Opens the socket for the owner of the state directory. The store's lock is held already, so a
/// socket that lies there is a dead service's.
pub(super) fn listen(config: &Config) -> anyhow::Result<UnixListener> {
    let path = socket_path(&config.state_dir);
    remove(config);
    let listener = UnixListener::bind(&path).with_context(|| format!("bind {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("set the mode of {}", path.display()))?;
    Ok(listener)
}

pub(super) fn remove(config: &Config) {
    let _ = fs::remove_file(socket_path(&config.state_dir));
}

pub(super) async fn serve(
    listener: UnixListener,
    desk: watch::Receiver<Newsroom>,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            Some(_) = talks.join_next() => {}
            stream = accept(&listener) => {
                stream.map(|stream| talks.spawn(talk(stream, desk.clone())));
            }
        }
    }
}

/// The next command; `None` after trouble, which is waited out.
async fn accept(listener: &UnixListener) -> Option<UnixStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            tracing::warn!(%error, "a command could not connect");
            Clock::Real.sleep(AFTER_TROUBLE).await;
            None
        }
    }
}

async fn talk(stream: UnixStream, desk: watch::Receiver<Newsroom>) {
    let room = desk.borrow().clone();
    if let Err(error) = try_talk(stream, &room).await {
        tracing::warn!(error = format!("{error:#}"), "a command broke off");
    }
    let now = desk.borrow().clone();
    // A command that outlived its configuration may have judged by it.
    if !Arc::ptr_eq(&now.config, &room.config)
        && let Err(error) = now.take_over(now.config.clock.now()).await
    {
        tracing::error!(error = format!("{error:#}"), "could not judge again by the new configuration");
    }
}

async fn try_talk(mut stream: UnixStream, room: &Newsroom) -> anyhow::Result<()> {
    let reply = if is_ours(&stream)? {
        let mut line = String::new();
        let (reader, _) = stream.split();
        BufReader::new(reader.take(LONGEST_REQUEST as u64)).read_line(&mut line).await.context("read")?;
        answer(room, &line).await
    } else {
        Reply::Refused("this service belongs to another user".to_owned())
    };
    let mut bytes = serde_json::to_vec(&reply).context("write the answer as JSON")?;
    bytes.push(b'\n');
    stream.write_all(&bytes).await.context("send the answer")
}

/// The same user, or root.
fn is_ours(stream: &UnixStream) -> anyhow::Result<bool> {
    let peer = stream.peer_cred().context("ask who is there")?.uid();
    Ok(peer == 0 || peer == rustix::process::geteuid().as_raw())
}

async fn answer(room: &Newsroom, line: &str) -> Reply {
    let question: Question = match serde_json::from_str(line) {
        Ok(question) => question,
        Err(error) => {
            return Reply::Refused(format!("the running service does not know this command: {error}"));
        }
    };
    if question.protocol != PROTOCOL {
        let (theirs, ours) = (question.protocol, PROTOCOL);
        return Reply::Refused(format!("the service speaks protocol {ours}, not {theirs}: restart it"));
    }
    let now = room.config.clock.now();
    let answered = commands::answer(room, question.request, now).await;
    room.wake();
    match answered {
        Ok(answer) => Reply::Answered(Box::<Answer>::new(answer)),
        Err(error) => Reply::Refused(format!("{error:#}")),
    }
}
