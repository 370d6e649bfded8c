//! A Jetstream on loopback, frame by frame by hand, that can misbehave in every way a test asks for.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What the double does with one connection.
#[derive(Debug, Clone)]
pub enum Act {
    /// Says this instead of the upgrade.
    Say(String),
    /// Upgrades with a proof of somebody else's key.
    WrongProof,
    /// Sends these bytes, then serves.
    Bytes(Vec<u8>),
    /// Sends so many events and cuts the line.
    CutAfter(usize),
    /// Sends nothing at all, and answers nothing.
    Mute,
    /// Sends a frame byte by byte, for ever.
    Drip,
}

#[derive(Debug, Default)]
struct State {
    /// Time in microseconds and frame, in order.
    log: Vec<(i64, String)>,
    /// What is older than this is not kept.
    floor: Option<i64>,
    acts: VecDeque<Act>,
    /// Cursors as they were asked for.
    asked: Vec<Option<i64>>,
    requests: Vec<String>,
    pongs: usize,
    closed: usize,
}

#[derive(Debug, Clone)]
pub struct Double {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    news: watch::Sender<usize>,
}

impl Double {
    pub async fn start() -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let double = Double { address, state: Arc::default(), news: watch::Sender::new(0) };
        let host = double.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let host = host.clone();
                // A line that the other side cuts is over, whatever was under way.
                tokio::spawn(async move { host.serve(line).await.unwrap_or_default() });
            }
        });
        double
    }

    /// Something happened in the network.
    pub fn tell(&self, at: i64, frame: String) {
        self.state.lock().unwrap().log.push((at, frame));
        self.news.send_modify(|count| *count += 1);
    }

    /// What the next connection meets; those after it are served.
    pub fn act(&self, act: Act) {
        self.state.lock().unwrap().acts.push_back(act);
    }

    pub fn keep_from(&self, floor: i64) {
        self.state.lock().unwrap().floor = Some(floor);
    }

    pub fn asked(&self) -> Vec<Option<i64>> {
        self.state.lock().unwrap().asked.clone()
    }

    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }

    pub fn pongs(&self) -> usize {
        self.state.lock().unwrap().pongs
    }

    /// Streams that the other side closed in order.
    pub fn closed(&self) -> usize {
        self.state.lock().unwrap().closed
    }

    async fn serve(self, mut line: TcpStream) -> std::io::Result<()> {
        let head = head_of(&mut line).await?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if !path.starts_with("/subscribe") {
            return line
                .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await;
        }
        let cursor =
            path.split('&').find_map(|pair| pair.strip_prefix("cursor=")).map(|at| at.parse().unwrap());
        let act = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(cursor);
            state.requests.push(head.clone());
            state.acts.pop_front()
        };
        if let Some(Act::Say(answer)) = &act {
            return line.write_all(answer.as_bytes()).await;
        }
        let lower = head.to_ascii_lowercase();
        let key = lower.find("sec-websocket-key: ").map(|at| &head[at + 19..]).unwrap();
        let key = key.split("\r\n").next().unwrap();
        let proof = match act {
            Some(Act::WrongProof) => derive_accept_key(b"another"),
            _ => derive_accept_key(key.as_bytes()),
        };
        let upgrade = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {proof}\r\n\r\n"
        );
        line.write_all(upgrade.as_bytes()).await?;
        let most = match act {
            Some(Act::Mute) => return std::future::pending().await,
            Some(Act::Drip) => {
                line.write_all(&[0x81, 126, 0x03, 0xe8]).await?;
                loop {
                    line.write_all(b"x").await?;
                    tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
                        .await
                        .unwrap_err();
                }
            }
            Some(Act::Bytes(bytes)) => {
                line.write_all(&bytes).await?;
                usize::MAX
            }
            Some(Act::CutAfter(most)) => most,
            _ => usize::MAX,
        };
        self.follow(line, cursor, most).await
    }

    /// Sends what there is and what comes, and a ping after each heap of it.
    async fn follow(self, line: TcpStream, cursor: Option<i64>, most: usize) -> std::io::Result<()> {
        let (reading, mut writing) = line.into_split();
        let mut listening = tokio::spawn(self.clone().hear(reading));
        let mut news = self.news.subscribe();
        let mut next = match cursor {
            None => self.state.lock().unwrap().log.len(),
            Some(cursor) => {
                let state = self.state.lock().unwrap();
                let from = cursor.max(state.floor.unwrap_or(0));
                state.log.iter().take_while(|(at, _)| *at < from).count()
            }
        };
        let mut sent = 0;
        loop {
            news.mark_unchanged();
            let heap: Vec<String> = {
                let state = self.state.lock().unwrap();
                state.log[next..].iter().map(|(_, frame)| frame.clone()).collect()
            };
            next += heap.len();
            for frame in &heap {
                if sent == most {
                    return Ok(());
                }
                writing.write_all(&text(frame)).await?;
                sent += 1;
            }
            if sent == most {
                return Ok(());
            }
            writing.write_all(&[0x89, 0]).await?;
            tokio::select! {
                goodbye = &mut listening => {
                    if goodbye.unwrap()? {
                        writing.write_all(&[0x88, 0]).await?;
                    }
                    return Ok(());
                }
                _ = news.changed() => {}
            }
        }
    }

    /// Hears the client until it says goodbye (true) or is gone.
    async fn hear(self, mut reading: OwnedReadHalf) -> std::io::Result<bool> {
        loop {
            let mut head = [0; 2];
            if reading.read_exact(&mut head).await.is_err() {
                return Ok(false);
            }
            assert!(head[1] & 0x80 != 0, "a client masks its frames");
            let mut rest = vec![0; usize::from(head[1] & 0x7f) + 4];
            reading.read_exact(&mut rest).await?;
            match head[0] & 0x0f {
                0x8 => {
                    self.state.lock().unwrap().closed += 1;
                    return Ok(true);
                }
                0xa => self.state.lock().unwrap().pongs += 1,
                _ => {}
            }
        }
    }
}

async fn head_of(line: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(line.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// A frame with this first byte: `0x81` is a whole text, `0x01` the beginning of one, `0x80` the end of it.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ ..126 => frame.push(short as u8),
        middle @ ..65_536 => {
            frame.push(126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

pub fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}
