//! What every request passes first: faults on demand, limits, tokens, and the world's own date.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};

use crate::clock::Clock;
use crate::model::account::Host;

use super::cast::Server;
use super::faults::Effect;
use super::grants::Scopes;
use super::habits::{BadToken, Habits, Limiting, NamelessClient, Reads, Versions};
use super::limits::{Allowance, Balance};
use super::line::Cut;
use super::reply;
use super::sky::appview;
use super::stage::Stage;

/// The entrance of one host.
#[derive(Debug, Clone)]
pub struct Gate {
    pub stage: Arc<Stage>,
    pub host: Host,
    pub behind: Behind,
}

/// What stands behind an entrance.
#[derive(Debug, Clone)]
pub enum Behind {
    /// A server of the fediverse.
    Server(Arc<Server>),
    /// A web site, or a stream: nobody counts who asks.
    Site,
    AppView,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    /// The holder of the server's desk.
    Desk,
    /// Somebody else of the server, by their place among the world's people: may read and not post.
    Guest(usize),
}

pub async fn pass(
    State(gate): State<Gate>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox/") {
        return next.run(request).await;
    }
    let (method, path) = (request.method().as_str(), request.uri().path());
    let response = match gate.stage.faults.take(&gate.host, method, path) {
        None => gate.serve(request, next).await,
        Some(Effect::Delay { ms }) => {
            Clock::Real.sleep(Duration::milliseconds(ms.into())).await;
            gate.serve(request, next).await
        }
        Some(Effect::DropBefore) => {
            cut.now();
            Response::new(Body::empty())
        }
        Some(Effect::DropAfter) => {
            gate.serve(request, next).await;
            cut.now();
            Response::new(Body::empty())
        }
        Some(Effect::Status { status, body }) => broken(status, body),
        Some(Effect::StatusAfter { status, body }) => {
            gate.serve(request, next).await;
            broken(status, body)
        }
        Some(Effect::Ratelimit) => gate.refuse_for_now(),
    };
    dated(response, gate.stage.clock.now())
}

impl Gate {
    async fn serve(&self, mut request: Request, next: Next) -> Response {
        let server = match &self.behind {
            Behind::Server(server) if request.uri().path().starts_with("/api/") => server,
            Behind::AppView => return self.serve_sky(request, next).await,
            _ => {
                request.extensions_mut().insert(Caller::Anonymous);
                return next.run(request).await;
            }
        };
        let habits = &server.habits;
        let caller = match self.admit(server, &request) {
            Ok(caller) => caller,
            Err(refusal) => return *refusal,
        };
        let now = self.stage.clock.now();
        let balance = match self.count(habits, &request, caller, now) {
            Ok(balance) => balance,
            Err(spent) => return reply::too_many(habits, spent, now),
        };
        request.extensions_mut().insert(caller);
        let known = request.headers().get(header::IF_NONE_MATCH).cloned();
        let is_read = request.method() == Method::GET;
        let mut response = next.run(request).await;
        if is_read && habits.versions == Versions::Named {
            response = reply::with_version(response, known.as_ref()).await;
        }
        reply::add_balance(&mut response, habits, balance);
        response
    }

    async fn serve_sky(&self, request: Request, next: Next) -> Response {
        let balance = self.stage.take(&self.host, "ip", Allowance::Sky, self.stage.clock.now());
        if balance.remaining.is_none() {
            return appview::too_many(balance);
        }
        let mut response = next.run(request).await;
        appview::add_balance(&mut response, balance);
        response
    }

    fn admit(&self, server: &Server, request: &Request) -> Result<Caller, Box<Response>> {
        let (habits, headers) = (&server.habits, request.headers());
        let is_nameless = headers.get(header::USER_AGENT).is_none_or(|agent| agent.is_empty());
        if is_nameless && habits.nameless == NamelessClient::Refused {
            return Err(Box::new(reply::error(418, "I'm a teapot: no user agent was given")));
        }
        let caller = match bearer(headers) {
            None => Caller::Anonymous,
            Some(token) => match self.holder(server, token) {
                Some((_, scopes)) if !scopes.has(scope_for(request)) => {
                    return Err(Box::new(reply::error(403, "This action is outside the authorized scopes")));
                }
                Some((caller, _)) => caller,
                None => {
                    return Err(Box::new(match habits.bad_token {
                        BadToken::Unauthorized => reply::error(401, "The access token is invalid"),
                        BadToken::BadRequestHtml => reply::html(400, reply::broken_page("Bad Request")),
                    }));
                }
            },
        };
        let path = request.uri().path();
        let is_open = path.ends_with("/instance") || path == "/api/v1/apps";
        let needs_token = habits.reads == Reads::NeedToken && !is_open;
        if needs_token && caller == Caller::Anonymous {
            return Err(Box::new(reply::error(401, "Unauthorized: token not supplied")));
        }
        Ok(caller)
    }

    /// Whose token it is, and what it may do.
    fn holder(&self, server: &Server, token: &str) -> Option<(Caller, Scopes)> {
        let desk = server.desk.as_ref();
        if desk.is_some_and(|desk| desk.token == token) {
            return Some((Caller::Desk, Scopes::all()));
        }
        let grants = self.stage.grants();
        let granted = grants.token(&self.host, token)?;
        if desk.is_some_and(|desk| desk.acct == granted.acct) {
            return Some((Caller::Desk, granted.scopes.clone()));
        }
        let place = self.stage.world.people.iter().position(|person| person.acct == granted.acct)?;
        Some((Caller::Guest(place), granted.scopes.clone()))
    }

    /// What the caller has left of the tightest limit that this request counts against.
    fn count(
        &self,
        habits: &Habits,
        request: &Request,
        caller: Caller,
        now: DateTime<Utc>,
    ) -> Result<Balance, Balance> {
        let name = match caller {
            Caller::Anonymous => "ip",
            Caller::Desk => "desk",
            Caller::Guest(_) => "guest",
        };
        let take = |what| self.stage.take(&self.host, name, what, now);
        let query = request.uri().query().unwrap_or_default();
        let pages = query
            .split('&')
            .any(|pair| matches!(pair.split('=').next(), Some("max_id" | "min_id" | "since_id" | "page")));
        let mut balances = vec![take(Allowance::General)];
        if pages {
            balances.push(take(Allowance::Paging));
        }
        if request.method() == Method::DELETE {
            balances.push(take(Allowance::Deleting));
        }
        let tightest = balances.into_iter().min_by_key(|balance| balance.remaining);
        let balance = tightest.expect("there is always the general limit");
        let is_limited = habits.limiting != Limiting::None;
        if is_limited && balance.remaining.is_none() { Err(balance) } else { Ok(balance) }
    }

    fn refuse_for_now(&self) -> Response {
        let now = self.stage.clock.now();
        let balance = Balance { limit: 300, remaining: None, reset: now + Duration::minutes(5) };
        match &self.behind {
            Behind::Server(server) => reply::too_many(&server.habits, balance, now),
            Behind::AppView => appview::too_many(Balance { limit: 3_000, ..balance }),
            Behind::Site => reply::html(429, reply::broken_page("Too Many Requests")),
        }
    }
}

/// What a token must allow for a request.
fn scope_for(request: &Request) -> &'static str {
    let path = request.uri().path();
    if request.method() != Method::GET {
        "write:statuses"
    } else if path.contains("/statuses") || path.contains("/timelines") {
        "read:statuses"
    } else if path.ends_with("/search") {
        "read:search"
    } else {
        "read:accounts"
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn broken(status: u16, body: Option<String>) -> Response {
    match body {
        Some(body) => reply::html(status, body),
        None => reply::error(status, "a fault that was asked for"),
    }
}

/// Dates of this world are virtual, also in HTTP.
fn dated(mut response: Response, now: DateTime<Utc>) -> Response {
    reply::set(&mut response, "date", &now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    response
}
