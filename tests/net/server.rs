//! A server on loopback that answers byte for byte what a story wants, hostile or not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one connection.
pub enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends the first bytes, then the others again and again, with a pause before each.
    Forever(Vec<u8>, Vec<u8>, Duration),
    /// Says nothing and keeps the connection open.
    Silence,
    /// Sends these bytes after a while.
    Late(Vec<u8>, Duration),
}

/// Everything that a server heard.
#[derive(Default)]
struct Heard {
    heads: Mutex<Vec<String>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

pub struct Server {
    pub address: SocketAddr,
    heard: Arc<Heard>,
}

impl Server {
    /// Starts a server that answers the n-th request, counted from 0, with its head at hand.
    pub async fn start(answer: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Heard::default());
        let answer = Arc::new(answer);
        let all = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&all), Arc::clone(&answer)));
            }
        });
        Server { address, heard }
    }

    /// A server that always sends the same.
    pub async fn with(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::start(move |_, _| Reply::Bytes(answer.clone())).await
    }

    /// The heads of all requests so far, in lower case, and the bodies that came with them.
    pub fn heads(&self) -> Vec<String> {
        self.heard.heads.lock().unwrap().clone()
    }

    pub fn requests(&self) -> usize {
        self.heads().len()
    }

    pub fn most_open(&self) -> usize {
        self.heard.most_open.load(Ordering::SeqCst)
    }
}

async fn serve<F: Fn(usize, &str) -> Reply>(mut stream: TcpStream, heard: Arc<Heard>, answer: Arc<F>) {
    let open = heard.open.fetch_add(1, Ordering::SeqCst) + 1;
    heard.most_open.fetch_max(open, Ordering::SeqCst);
    let request = read_request(&mut stream).await;
    let number = {
        let mut heads = heard.heads.lock().unwrap();
        heads.push(request.to_lowercase());
        heads.len() - 1
    };
    match answer(number, &request) {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Silence => drop(stream.read(&mut [0; 16]).await),
        Reply::Late(bytes, pause) => {
            wait(pause).await;
            drop(stream.write_all(&bytes).await);
        }
        Reply::Forever(first, again, pause) => {
            let mut going = stream.write_all(&first).await.is_ok();
            while going {
                wait(pause).await;
                going = stream.write_all(&again).await.is_ok();
            }
        }
    }
    heard.open.fetch_sub(1, Ordering::SeqCst);
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return text;
            }
            continue;
        };
        let length =
            |line: &str| line.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok();
        if count == 0 || body.len() >= head.lines().find_map(length).unwrap_or(0) {
            return text;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's slowness is real")]
pub async fn wait(span: Duration) {
    if !span.is_zero() {
        tokio::time::sleep(span).await;
    }
}

/// An answer with a body, its length and the given further header lines.
pub fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for header in headers {
        bytes.push_str(header);
        bytes.push_str("\r\n");
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), body].concat()
}

/// A redirect to some place.
pub fn redirect(to: &str) -> Vec<u8> {
    answer("302 Found", &[&format!("Location: {to}")], "")
}
