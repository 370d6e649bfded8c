//! Requests from the check of their URL to the last byte of the answer.

mod known;
mod listen;
mod query;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::UPGRADE;
use reqwest::{Request, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};

use super::address::{Target, Way, is_public};
use super::answer::{fetched, location};
use super::body::{self, Beyond, Fault, Limits};
use super::error::{FetchError, NetError, cause, excerpt};
use super::gate::{Gate, Standing, Turn};
use super::order::{OnDenial, Order, Purse};
use super::pace::{self, Heard};
use super::request::{self, Clients};
use super::resolve::ForbiddenAnswer;
use super::robots::{self, Rules};
use super::skew::Clocks;
use super::{BodyKind, Fetched, Method, NetConfig, Outgoing, Validators};
use crate::clock::Clock;

/// Redirects that one fetch follows.
const MOST_REDIRECTS: usize = 4;
/// The front of the body of an error that is read, in bytes.
const LONGEST_COMPLAINT: usize = 4 << 10;
/// Unused connections are kept so long, for the next page of the same walk. Many servers close theirs after
/// 5 s, and a request that meets that moment would look like trouble.
const IDLE: Duration = Duration::from_secs(4);

/// The one road to the network. Clones share their pace, turns and budgets.
#[derive(Debug, Clone)]
pub struct Net(Arc<Road>);

#[derive(Debug)]
struct Road {
    config: NetConfig,
    clock: Clock,
    clients: Clients,
    gate: Arc<Gate>,
    robots: Arc<robots::Memory>,
    clocks: Arc<Clocks>,
}

/// Whether what was asked for is what the asker has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Same,
    Other,
}

/// The head of an answer, with the turn that is over when its body is read.
struct Answer {
    response: Response,
    heard_at: DateTime<Utc>,
    /// From the start of the request, without the wait for its turn.
    took: Duration,
    /// Until when the host wants to be left alone.
    rest_until: Option<DateTime<Utc>>,
    _turn: Turn,
}

impl Net {
    /// Opens the road.
    ///
    /// # Errors
    /// A mapped host that is not on this machine, a User-Agent that no header carries, or a TLS library
    /// that does not start.
    pub fn new(config: NetConfig, clock: Clock) -> Result<Net, NetError> {
        let gate = Arc::new(Gate::new(&config.user_agent));
        Net::through(gate, Arc::default(), Arc::default(), config, clock)
    }

    /// The same road by another configuration: who is left alone and what the day has cost stays as it is. What
    /// was denied may be asked again, since a new token or contact can be what was missing.
    ///
    /// # Errors
    /// As those of [`Net::new`].
    pub fn reconfigured(&self, config: NetConfig) -> Result<Net, NetError> {
        let road = &self.0;
        let net =
            Net::through(road.gate.clone(), road.robots.clone(), road.clocks.clone(), config, road.clock)?;
        road.gate.forget_denials();
        Ok(net)
    }

    fn through(
        gate: Arc<Gate>,
        robots: Arc<robots::Memory>,
        clocks: Arc<Clocks>,
        config: NetConfig,
        clock: Clock,
    ) -> Result<Net, NetError> {
        let clients = request::clients(&config, IDLE)?;
        Ok(Net(Arc::new(Road { config, clock, clients, gate, robots, clocks })))
    }

    /// Fetches a URL, through at most four redirects. The token goes to its own host only.
    ///
    /// # Errors
    /// Every answer that is no 2xx is an error; see [`FetchError`]. A 401 or 403 is remembered for six
    /// hours, for this part of this host and with or without a token.
    pub async fn get(
        &self,
        url: &str,
        kind: BodyKind,
        token: Option<&SecretString>,
    ) -> Result<Fetched, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let target = Target::parse(url, &road.config)?;
        road.follow(target, token, Order::of(kind, None, &road.config.timeouts))
            .await
            .map(|(_, fetched)| fetched)
    }

    /// Fetches a URL as [`Net::get`] does; `None` where it is still what `known` stands for (304).
    ///
    /// # Errors
    /// As those of [`Net::get`]; a 304 that nobody asked for is one of them.
    pub async fn get_if_changed(
        &self,
        url: &str,
        kind: BodyKind,
        token: Option<&SecretString>,
        known: &Validators,
    ) -> Result<Option<Fetched>, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let target = Target::parse(url, &road.config)?;
        let known = (*known != Validators::default()).then_some(known);
        let (asked, fetched) =
            road.follow(target, token, Order::of(kind, known, &road.config.timeouts)).await?;
        Ok((asked == Asked::Other).then_some(fetched))
    }

    /// Sends one request: no redirect is followed and nothing is tried again. Any status is an answer.
    ///
    /// # Errors
    /// [`FetchError::is_certainly_unsent`] tells whether the outcome is unknown.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Fetched, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let kind = BodyKind::Json;
        let (target, mut answer) = road.hand_over(&outgoing, kind).await?;
        let whole = road.config.timeouts.page;
        let limits = road.limits(kind.limit(), Beyond::Refuse, whole.saturating_sub(answer.took));
        let body = road.read(&target, &mut answer, limits, Purse::Domain).await?;
        Ok(fetched(target.url, &answer.response, answer.heard_at, body))
    }

    /// Sends one request as [`Net::send`] does, and takes nothing but the status: the body is not read.
    ///
    /// # Errors
    /// As those of [`Net::send`].
    pub async fn tell(&self, outgoing: Outgoing) -> Result<u16, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let (_, answer) = road.hand_over(&outgoing, BodyKind::Json).await?;
        Ok(answer.response.status().as_u16())
    }

    /// Whether the site lets our agent read this URL, by its robots.txt as of the last day.
    ///
    /// # Errors
    /// A site whose robots.txt cannot be asked for, or answers 5xx, is not to be read now.
    pub async fn allows_robots(&self, url: &str) -> Result<bool, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let target = Target::parse(url, &road.config)?;
        let origin = target.url.origin().ascii_serialization();
        if let Some(rules) = road.robots.recall(&origin, road.clock.now()) {
            return Ok(rules.allow(&target.url));
        }
        let place = Target::parse(&format!("{origin}/robots.txt"), &road.config)?;
        let whole = road.config.timeouts.page;
        let order = Order {
            accept: "text/plain",
            known: None,
            limit: robots::LONGEST,
            beyond: Beyond::Cut,
            whole,
            on_denial: OnDenial::Ask,
            purse: Purse::Domain,
        };
        let rules = match road.follow(place, None, order).await {
            Ok((_, fetched)) => {
                let parsed = tokio::task::spawn_blocking(move || Rules::parse(&fetched.body)).await;
                // A parser that panics has met a file that nobody wrote in good faith.
                parsed.unwrap_or(Rules::Nothing)
            }
            Err(FetchError::Missing { .. } | FetchError::Status { status: 400..500, .. }) => {
                Rules::Everything
            }
            Err(error) => return Err(error),
        };
        let rules = Arc::new(rules);
        road.robots.keep(origin, Arc::clone(&rules), road.clock.now());
        Ok(rules.allow(&target.url))
    }
}

impl Road {
    /// One request of a caller and the head of its answer, whatever that is.
    async fn hand_over(&self, outgoing: &Outgoing, kind: BodyKind) -> Result<(Target, Answer), FetchError> {
        let target = Target::parse(&outgoing.url, &self.config)?;
        let mut call = request::build(outgoing.method, &target, outgoing.token.as_ref(), kind.accept())?;
        request::dress(&mut call, &target, outgoing)?;
        let answer = self.ask(&target, call, self.config.timeouts.page, Purse::Domain).await?;
        Ok((target, answer))
    }

    async fn follow(
        &self,
        mut target: Target,
        mut token: Option<&SecretString>,
        order: Order<'_>,
    ) -> Result<(Asked, Fetched), FetchError> {
        let mut left = order.whole;
        for _ in 0..=MOST_REDIRECTS {
            if order.on_denial == OnDenial::Rest {
                self.gate.denied(&target, Standing::of(token), self.clock.now())?;
            }
            let mut call = request::build(Method::Get, &target, token, order.accept)?;
            if let Some(known) = order.known {
                request::ask_if_changed(&mut call, known);
            }
            let mut answer = self.ask(&target, call, left, order.purse).await?;
            left = left.saturating_sub(answer.took);
            let Some(location) = location(&answer.response) else {
                let status = answer.response.status();
                if status == StatusCode::NOT_MODIFIED && order.known.is_some() {
                    return Ok((
                        Asked::Same,
                        fetched(target.url, &answer.response, answer.heard_at, Vec::new()),
                    ));
                }
                if !status.is_success() {
                    return Err(self.complaint(&target, token, answer, Order { whole: left, ..order }).await);
                }
                let limits = self.limits(order.limit, order.beyond, left);
                let body = self.read(&target, &mut answer, limits, order.purse).await?;
                return Ok((Asked::Other, fetched(target.url, &answer.response, answer.heard_at, body)));
            };
            let next = target.redirected(&location, &self.config)?;
            if next.host != target.host {
                token = None;
            }
            target = next;
        }
        let why = format!("more than {MOST_REDIRECTS} redirects lead to it");
        Err(FetchError::Refused { url: target.shown(), why })
    }

    /// One request and the head of its answer, from which the gate learns.
    async fn ask(
        &self,
        target: &Target,
        call: Request,
        left: Duration,
        purse: Purse,
    ) -> Result<Answer, FetchError> {
        let turn = self.gate.enter(&target.host, &self.clock).await?;
        if let Some(name) = purse.name(target, &self.config) {
            self.gate.spend(&name, &target.host, self.clock.now())?;
        }
        let client = match call.method() {
            _ if call.headers().contains_key(UPGRADE) => &self.clients.listener,
            &reqwest::Method::GET => &self.clients.reader,
            _ => &self.clients.writer,
        };
        let patience = self.config.timeouts.first_byte.min(left);
        let begun = Instant::now();
        let outcome = timeout(patience, client.execute(call)).await;
        let took = begun.elapsed();
        let heard_at = self.clock.now();
        let response = match outcome {
            Ok(Ok(response)) => check_peer(target, response)?,
            Ok(Err(error)) => return Err(self.lost(target, &error, heard_at)),
            Err(_) => {
                let what = format!("no answer within {patience:?}");
                self.gate.learn_silence(&target.host, &what, heard_at);
                return Err(FetchError::Timeout { url: target.shown(), what });
            }
        };
        let heard = Heard { status: response.status().as_u16(), headers: response.headers(), now: heard_at };
        self.clocks.hear(&target.host, pace::claimed(response.headers()), self.clock.steady());
        let rest_until = self.gate.learn(&target.host, heard);
        Ok(Answer { response, heard_at, took, rest_until, _turn: turn })
    }

    /// What a request that brought no answer ended with.
    fn lost(&self, target: &Target, error: &reqwest::Error, now: DateTime<Utc>) -> FetchError {
        if let Some(forbidden) = cause::<ForbiddenAnswer>(error) {
            return FetchError::Refused { url: target.shown(), why: forbidden.to_string() };
        }
        if error.is_builder() {
            return FetchError::Refused { url: target.shown(), why: body::innermost(error) };
        }
        let why = if error.is_connect() && error.is_timeout() {
            format!("no connection within {:?}", self.config.timeouts.connect)
        } else {
            body::innermost(error)
        };
        self.gate.learn_silence(&target.host, &why, now);
        if error.is_connect() {
            FetchError::Unreachable { host: target.host.clone(), why }
        } else {
            FetchError::Broken { url: target.shown(), why }
        }
    }

    async fn read(
        &self,
        target: &Target,
        answer: &mut Answer,
        limits: Limits,
        purse: Purse,
    ) -> Result<Vec<u8>, FetchError> {
        let reading = body::read(&mut answer.response, limits).await;
        if let Some(name) = purse.name(target, &self.config) {
            self.gate.spend_bytes(&name, reading.received, self.clock.now());
        }
        let url = target.shown();
        reading.bytes.map_err(|fault| match fault {
            Fault::TooLarge(limit) => FetchError::TooLarge { url, limit },
            Fault::TooSlow(what) => FetchError::Timeout { url, what },
            Fault::Broken(why) => FetchError::Broken { url, why },
        })
    }

    /// The error that an answer without success stands for.
    async fn complaint(
        &self,
        target: &Target,
        token: Option<&SecretString>,
        mut answer: Answer,
        order: Order<'_>,
    ) -> FetchError {
        let url = target.shown();
        let status = answer.response.status().as_u16();
        match status {
            401 | 403 if order.on_denial == OnDenial::Rest => {
                let until = self.gate.deny(target, Standing::of(token), status, answer.heard_at);
                FetchError::Denied { url, status, until }
            }
            404 | 410 => FetchError::Missing { url, status },
            429 => {
                let until = answer.rest_until.unwrap_or(answer.heard_at);
                let why = "it answered 429: too many requests".to_owned();
                FetchError::Paused { host: target.host.clone(), until, why }
            }
            _ => {
                let limits = self.limits(LONGEST_COMPLAINT, Beyond::Cut, order.whole);
                let body = self.read(target, &mut answer, limits, order.purse).await.unwrap_or_default();
                let mut text = String::from_utf8_lossy(&body).into_owned();
                // Some servers repeat what they were sent.
                if let Some(secret) =
                    token.map(SecretString::expose_secret).filter(|secret| !secret.is_empty())
                {
                    text = text.replace(secret, "[token]");
                }
                FetchError::Status { url, status, excerpt: excerpt(&text) }
            }
        }
    }

    fn limits(&self, bytes: usize, beyond: Beyond, left: Duration) -> Limits {
        Limits { bytes, beyond, whole: left, stall: self.config.timeouts.stall }
    }
}

/// The answer, if it came from where it may come from. The resolver saw to that before; this holds even if
/// a change of the HTTP client takes another way to connect.
fn check_peer(target: &Target, response: Response) -> Result<Response, FetchError> {
    let peer = response.remote_addr();
    let expected = match target.way {
        Way::Configured => true,
        Way::Mapped(address) => peer == Some(address),
        Way::Foreign => peer.is_some_and(|peer| is_public(peer.ip())),
    };
    if expected {
        return Ok(response);
    }
    let why = peer.map_or("its peer is unknown".to_owned(), |peer| format!("{} answered for it", peer.ip()));
    Err(FetchError::Broken { url: target.shown(), why })
}
