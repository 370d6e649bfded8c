//! The stream of Bluesky (Jetstream, version 1): each event as it happens, over a websocket.
//!
//! Nothing is promised but order and that each event comes at least once; now and then one comes twice.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};

use super::events::{self, Event};
use crate::clock::Clock;
use crate::sandbox::posts::day_of;
use crate::sandbox::random::Random;
use crate::sandbox::reading::{Parameters, value};
use crate::sandbox::reply;
use crate::sandbox::stage::Sky;
use crate::sandbox::world::World;

/// Who comes back later than this has missed something, and is not told.
const LOOKBACK: Duration = Duration::hours(36);
/// A day without events is looked over at once.
const LOOK_AHEAD: Duration = Duration::days(1);
/// In real time: a reader who does not answer by then is not waited for.
const READS_WITHIN: Duration = Duration::seconds(2);
/// Of so many events one comes twice.
const DOUBLED: u64 = 25;

/// What a reader wants.
struct Wanted {
    collections: Vec<String>,
    dids: Vec<String>,
}

impl Wanted {
    fn of(query: &[(String, String)]) -> Wanted {
        let all = |name: &str| {
            let of_name = query.iter().filter(|(key, _)| key == name);
            of_name.map(|(_, value)| value.clone()).collect()
        };
        Wanted { collections: all("wantedCollections"), dids: all("wantedDids") }
    }

    /// What happens to accounts is sent to everybody.
    fn has(&self, event: &Event) -> bool {
        let collections: Vec<&str> = self.collections.iter().map(String::as_str).collect();
        let is_theirs = self.dids.is_empty() || self.dids.contains(&event.did);
        event.collection.is_none_or(|collection| events::is_wanted(collection, &collections) && is_theirs)
    }
}

pub async fn subscribe(
    State(sky): State<Sky>,
    Query(query): Parameters,
    upgrade: WebSocketUpgrade,
) -> Response {
    let cursor = value(&query, "cursor").filter(|cursor| !cursor.is_empty()).map(str::parse::<i64>);
    let Ok(cursor) = cursor.transpose() else {
        return reply::error(400, "invalid cursor");
    };
    let now = sky.stage.clock.now();
    let earliest = (now - LOOKBACK).timestamp_micros();
    // A time that is still to come is now.
    let live = now.timestamp_micros() + 1;
    let from = cursor.map_or(live, |cursor| events::time_of(cursor).clamp(earliest, live));
    let session = Session { sky, wanted: Wanted::of(&query), from };
    upgrade.on_upgrade(|socket| session.serve(socket))
}

/// One reader.
struct Session {
    sky: Sky,
    wanted: Wanted,
    /// What happened before, in microseconds, was sent.
    from: i64,
}

impl Session {
    async fn serve(mut self, mut socket: WebSocket) {
        let clock = self.sky.stage.clock;
        let mut held = None;
        loop {
            let due = self.next_due(&self.sky.stage.world);
            let mut waiting = pin!(clock.work_from(due));
            // Time waits for whoever reads, and for the reader's next event to be waited for.
            let early = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
            drop(held.take());
            held = Some(match early {
                Poll::Ready(work) => work,
                Poll::Pending => tokio::select! {
                    work = waiting.as_mut() => work,
                    came = socket.recv() => match came {
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                        Some(Ok(_)) => {
                            held = Some(clock.work());
                            continue;
                        }
                    },
                },
            });
            if !self.send_due(&mut socket, clock.now()).await {
                return;
            }
        }
    }

    /// When the next event comes that this reader wants; at the latest when it is worth looking again.
    fn next_due(&self, world: &World) -> DateTime<Utc> {
        let from = DateTime::from_timestamp_micros(self.from).unwrap_or(DateTime::UNIX_EPOCH);
        let next = (day_of(from)..=day_of(from) + 1).find_map(|day| {
            let events = world.events(day);
            let mut ahead = events.iter().filter(|event| event.micros >= self.from);
            ahead.find(|event| self.wanted.has(event)).map(Event::at)
        });
        next.unwrap_or(from + LOOK_AHEAD)
    }

    /// Sends what is due, and waits until it was read; whether the reader is still there.
    async fn send_due(&mut self, socket: &mut WebSocket, now: DateTime<Utc>) -> bool {
        let until = now.timestamp_micros();
        let from = DateTime::from_timestamp_micros(self.from).unwrap_or(now);
        let mut sent = 0;
        for day in day_of(from)..=day_of(now) {
            let events = self.sky.stage.world.events(day);
            let due = events.iter().filter(|event| (self.from..=until).contains(&event.micros));
            for event in due.filter(|event| self.wanted.has(event)) {
                let copies = 1 + usize::from(Random::of(&[event.micros as u64]).one_in(DOUBLED));
                for _ in 0..copies {
                    let text = event.message().to_string();
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return false;
                    }
                    sent += 1;
                }
            }
        }
        self.from = until + 1;
        sent == 0 || was_read(socket).await
    }
}

/// Asks whether all that was sent has arrived; whether the reader is still there.
async fn was_read(socket: &mut WebSocket) -> bool {
    if socket.send(Message::Ping(Vec::new().into())).await.is_err() {
        return false;
    }
    let deadline = Clock::Real.sleep(READS_WITHIN);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = &mut deadline => return true,
            came = socket.recv() => match came {
                Some(Ok(Message::Pong(_))) => return true,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                Some(Ok(_)) => {}
            },
        }
    }
}
