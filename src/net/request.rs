//! Requests as they go over the wire.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
};
use reqwest::{Client, ClientBuilder, Request};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::address::{Target, Way};
use super::body;
use super::error::{FetchError, NetError, excerpt};
use super::resolve::Resolver;
use super::{Content, Method, NetConfig, Outgoing, Validators};

/// The clients of one road, alike but for how they treat connections.
#[derive(Debug)]
pub(super) struct Clients {
    /// For reading; it keeps unused connections for a while.
    pub reader: Client,
    /// For everything else; each request has a connection of its own, so that none is sent into one that the server is
    /// just closing.
    pub writer: Client,
    /// For streams, which take a connection for themselves: only HTTP/1.1 hands it over.
    pub listener: Client,
}

/// Clients of which the reader keeps unused connections so long.
pub(super) fn clients(config: &NetConfig, idle: Duration) -> Result<Clients, NetError> {
    if let Some((host, address)) = config.hosts.iter().find(|(_, address)| !address.ip().is_loopback()) {
        return Err(NetError::NotLoopback { host: host.clone(), address: *address });
    }
    let user_agent = HeaderValue::from_str(config.user_agent.trim())
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| NetError::UserAgent(excerpt(&config.user_agent)))?;
    let reader = client(config, user_agent.clone()).pool_idle_timeout(idle).build()?;
    let writer = client(config, user_agent.clone()).pool_max_idle_per_host(0).build()?;
    let listener = client(config, user_agent).pool_max_idle_per_host(0).http1_only().build()?;
    Ok(Clients { reader, writer, listener })
}

/// The settings that every client shares: nothing is followed, retried, unpacked or proxied behind our back.
fn client(config: &NetConfig, user_agent: HeaderValue) -> ClientBuilder {
    Client::builder()
        .user_agent(user_agent)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(false)
        .brotli(false)
        .connect_timeout(config.timeouts.connect)
        .dns_resolver(Arc::new(Resolver::new(config.allowed.iter())))
}

/// The request for a target, as it goes over the wire.
pub(super) fn build(
    method: Method,
    target: &Target,
    token: Option<&SecretString>,
    accept: &'static str,
) -> Result<Request, FetchError> {
    let refused = |why: &str| FetchError::Refused { url: target.shown(), why: why.to_owned() };
    let method = match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut call = Request::new(method, wire_url(target).ok_or_else(|| refused("it cannot be mapped"))?);
    let headers = call.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::ENCODINGS));
    if let Way::Mapped(_) = target.way {
        let host =
            HeaderValue::from_str(target.host.as_str()).map_err(|_| refused("no header carries its host"))?;
        headers.insert(HOST, host);
    }
    if let Some(token) = token {
        if target.way == Way::Foreign && target.url.scheme() != "https" {
            return Err(refused("a token is never sent without encryption"));
        }
        let bearer = format!("Bearer {}", token.expose_secret());
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| refused("no header carries the token"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    Ok(call)
}

/// Asks for the answer only if it is another one than these stand for. What no header carries is left out.
pub(super) fn ask_if_changed(call: &mut Request, known: &Validators) {
    for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            call.headers_mut().insert(name, value);
        }
    }
}

/// Adds the caller's headers and body.
pub(super) fn dress(call: &mut Request, target: &Target, outgoing: &Outgoing) -> Result<(), FetchError> {
    let refused = |why: String| FetchError::Refused { url: target.shown(), why };
    if let Some(content) = &outgoing.body {
        let (kind, bytes) = match content {
            Content::Json(json) => {
                let bytes =
                    serde_json::to_vec(json).map_err(|error| refused(format!("its body: {error}")))?;
                ("application/json", bytes)
            }
            Content::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
        };
        call.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *call.body_mut() = Some(bytes.into());
    }
    if !outgoing.secrets.is_empty() {
        if target.way == Way::Foreign && target.url.scheme() != "https" {
            return Err(refused("a secret is never sent without encryption".to_owned()));
        }
        let pairs = outgoing.secrets.iter().map(|(name, secret)| (*name, secret.expose_secret()));
        if outgoing.method == Method::Get {
            call.url_mut().query_pairs_mut().extend_pairs(pairs);
        } else {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            call.headers_mut().insert(CONTENT_TYPE, kind);
            *call.body_mut() = Some(form.into());
        }
    }
    for (name, value) in &outgoing.headers {
        let bad = || refused(format!("its header `{name}` cannot be sent"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        call.headers_mut().insert(header, HeaderValue::from_str(value).map_err(|_| bad())?);
    }
    Ok(())
}

/// The URL that is connected: the target's own, or plain HTTP to the address that answers for it.
fn wire_url(target: &Target) -> Option<Url> {
    let mut url = target.url.clone();
    if let Way::Mapped(address) = target.way {
        url.set_scheme("http").ok()?;
        url.set_ip_host(address.ip()).ok()?;
        url.set_port(Some(address.port())).ok()?;
    }
    Some(url)
}
