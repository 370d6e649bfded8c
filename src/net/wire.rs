//! A wire: messages as they come over a connection that was upgraded (RFC 6455), with an eye on size and silence.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Upgraded;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::Timeouts;
use super::body::innermost;
use super::error::{Cap, FetchError};

/// The longest message that is taken, in one frame or in several. Those that we listen for have some KiB.
const LONGEST_MESSAGE: usize = 1 << 20;
const READ_AT_ONCE: usize = 128 << 10;
/// We send answers to pings, pings and a goodbye.
const SENT_AT_ONCE: usize = 4 << 10;
/// Around a message there is a head of two to ten bytes; most messages have the middle one.
const HEAD: u64 = 4;

/// Whether the other side read our request and no cache answered for it.
#[derive(Debug)]
pub(super) struct Handshake(String);

impl Handshake {
    pub fn new() -> Handshake {
        Handshake(generate_key())
    }

    pub fn key(&self) -> &str {
        &self.0
    }

    pub fn is_accepted_by(&self, accept: &str) -> bool {
        accept.trim() == derive_accept_key(self.0.as_bytes())
    }
}

/// What a wire brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    /// The other side asks whether we are there. It is answered when the next message is asked for, so that the answer
    /// says: what came before is taken.
    Ping,
}

/// An open stream.
#[derive(Debug)]
pub struct Wire {
    socket: WebSocketStream<Upgraded>,
    url: String,
    silence: Duration,
    answer: Duration,
    /// When a whole message of any kind came last.
    heard: Instant,
    /// When we asked whether anybody is there, and had no answer since.
    asked: Option<Instant>,
    received: u64,
}

impl Wire {
    pub(super) async fn open(line: Upgraded, url: String, timeouts: Timeouts) -> Wire {
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_AT_ONCE)
            .write_buffer_size(0)
            .max_write_buffer_size(SENT_AT_ONCE)
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(line, Role::Client, Some(limits)).await;
        let Timeouts { silence, answer, .. } = timeouts;
        Wire { socket, url, silence, answer, heard: Instant::now(), asked: None, received: 0 }
    }

    /// Waits for what comes next. Nothing is lost where the wait is given up and begun again.
    ///
    /// # Errors
    /// The stream is over: closed or broken by the other side, silent for too long, too large, or garbled.
    pub async fn next(&mut self) -> Result<Told, FetchError> {
        loop {
            let end = self.asked.map_or(self.heard + self.silence, |asked| asked + self.answer);
            let message = match timeout_at(end, self.socket.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return Err(self.fault(error)),
                Ok(None) => return Err(self.broken("it was closed".to_owned())),
                Err(_) if self.asked.is_none() => {
                    self.asked = Some(Instant::now());
                    self.send(Message::Ping(Vec::new().into())).await?;
                    continue;
                }
                Err(_) => return Err(self.late("nothing came, and no answer to the question why")),
            };
            (self.heard, self.asked) = (Instant::now(), None);
            self.received += message.len() as u64 + HEAD;
            match message {
                Message::Text(text) => return Ok(Told::Text(text.as_bytes().to_vec())),
                Message::Binary(bytes) => return Ok(Told::Binary(bytes.to_vec())),
                Message::Ping(_) => return Ok(Told::Ping),
                Message::Close(said) => {
                    let said =
                        said.map(|said| format!(": {} {}", said.code, super::error::excerpt(&said.reason)));
                    return Err(self.broken(format!("it was closed{}", said.unwrap_or_default())));
                }
                Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Bytes that came so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Says goodbye, and waits a moment for the other side's.
    pub async fn close(mut self) {
        let goodbye = async {
            if self.socket.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        // Who does not answer is left as he is.
        let _ = timeout(self.answer.min(Duration::from_secs(2)), goodbye).await;
    }

    async fn send(&mut self, message: Message) -> Result<(), FetchError> {
        match timeout(self.answer, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.fault(error)),
            Err(_) => Err(self.late("it does not take what we send")),
        }
    }

    fn fault(&self, error: Error) -> FetchError {
        let url = self.url.clone();
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                FetchError::TooLarge { url, limit: Cap::Bytes(LONGEST_MESSAGE as u64) }
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                self.broken("it was cut".to_owned())
            }
            Error::Protocol(_) | Error::Utf8(_) | Error::Capacity(_) | Error::AttackAttempt => {
                FetchError::Garbled { url, why: innermost(&error) }
            }
            error => self.broken(innermost(&error)),
        }
    }

    fn broken(&self, why: String) -> FetchError {
        FetchError::Broken { url: self.url.clone(), why }
    }

    fn late(&self, what: &str) -> FetchError {
        FetchError::Timeout { url: self.url.clone(), what: what.to_owned() }
    }
}
