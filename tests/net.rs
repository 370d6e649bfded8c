//! Stories of the road to the network, told over loopback: nothing else is ever connected.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

#[path = "net/forbidden.rs"]
mod forbidden;
#[path = "net/names.rs"]
mod names;
#[path = "net/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Duration as Span, Utc};
use forbidden::FORBIDDEN;
use masthead::clock::{Clock, Scale};
use masthead::model::account::Host;
use masthead::net::{
    BodyKind, Cap, Content, FetchError, Fetched, Method, Net, NetConfig, NetError, Outgoing, Timeouts,
    Validators,
};
use secrecy::SecretString;
use server::{Reply, Server, answer, redirect, wait};

const ORIGIN: &str = "2026-11-02T10:00:00Z";

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

/// A clock that starts at [`ORIGIN`] and runs so many times faster than ours.
fn clock(rate: f64) -> Clock {
    Clock::Scaled(Scale { origin: ORIGIN.parse().unwrap(), anchor: Clock::Real.now(), rate })
}

fn config(hosts: &[(&str, SocketAddr)]) -> NetConfig {
    NetConfig {
        user_agent: "Masthead/0 (+https://bot.example; ops@bot.example)".to_owned(),
        hosts: hosts.iter().map(|(name, address)| (host(name), *address)).collect::<BTreeMap<_, _>>(),
        allowed: BTreeSet::new(),
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_millis(300),
            page: Duration::from_millis(1500),
            image: Duration::from_secs(3),
            stall: Duration::from_millis(300),
            ..Timeouts::default()
        },
    }
}

/// A road on which some names lead to servers of the story.
fn road(hosts: &[(&str, SocketAddr)]) -> Net {
    Net::new(config(hosts), clock(1.0)).unwrap()
}

async fn get(net: &Net, url: &str) -> Result<Fetched, FetchError> {
    net.get(url, BodyKind::Json, None).await
}

fn post(url: &str) -> Outgoing {
    Outgoing {
        method: Method::Post,
        url: url.to_owned(),
        token: None,
        headers: vec![],
        body: None,
        secrets: vec![],
    }
}

fn seconds_left(until: DateTime<Utc>) -> i64 {
    let origin: DateTime<Utc> = ORIGIN.parse().unwrap();
    (until - origin).num_seconds()
}

#[tokio::test]
async fn a_mapped_host_answers_from_this_machine_under_its_own_name() {
    let headers = [
        "Content-Type: application/json; charset=utf-8",
        "Link: <https://social.example/next>; rel=\"next\"",
        "Link: <https://social.example/prev>; rel=\"prev\"",
        "Date: Mon, 02 Nov 2026 09:59:00 GMT",
    ];
    let server = Server::with(answer("200 OK", &headers, "[1]")).await;
    let net = road(&[("social.example", server.address)]);
    let fetched = get(&net, "https://social.example/api/v1/x?q=%E6%96%B0#part").await.unwrap();
    assert_eq!((fetched.status, fetched.body.as_slice()), (200, &b"[1]"[..]));
    assert_eq!(fetched.final_url.as_str(), "https://social.example/api/v1/x?q=%E6%96%B0");
    assert_eq!(fetched.content_type.as_deref(), Some("application/json; charset=utf-8"));
    let links = "<https://social.example/next>; rel=\"next\", <https://social.example/prev>; rel=\"prev\"";
    assert_eq!(fetched.link.as_deref(), Some(links));
    assert_eq!(fetched.server_date, Some("2026-11-02T09:59:00Z".parse().unwrap()));
    assert_eq!(seconds_left(fetched.fetched_at), 0);
    assert_eq!(fetched.sha256(), "080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22");
    let head = &server.heads()[0];
    for line in [
        "get /api/v1/x?q=%e6%96%b0 http/1.1\r\n",
        "host: social.example\r\n",
        "user-agent: masthead/0 (+https://bot.example; ops@bot.example)\r\n",
        "accept-encoding: gzip, br\r\n",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert_eq!(net.loopback(&host("social.example")), Some(server.address));
    assert_eq!(net.loopback(&host("daily.example")), None);
}

#[tokio::test]
async fn a_configured_host_may_have_any_address_and_port() {
    let server = Server::with(answer("200 OK", &[], "{}")).await;
    let mut config = config(&[]);
    config.allowed.insert(host(&server.address.to_string()));
    let net = Net::new(config, clock(1.0)).unwrap();
    assert!(get(&net, &format!("http://{}/x", server.address)).await.is_ok());
    assert!(matches!(get(&net, "http://127.0.0.1/x").await, Err(FetchError::Refused { .. })));
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"{\"a\":1}").unwrap();
    let server = Server::with(answer("200 OK", &["Content-Encoding: gzip"], gzip.finish().unwrap())).await;
    let net = road(&[("social.example", server.address)]);
    assert_eq!(get(&net, "https://social.example/x").await.unwrap().body, b"{\"a\":1}");
}

/// Parsing is the caller's business, and so is the disappointment.
#[tokio::test]
async fn html_in_the_place_of_json_is_returned_as_it_is() {
    let server = Server::with(answer("200 OK", &["Content-Type: text/html"], "<html>maintenance")).await;
    let fetched =
        get(&road(&[("social.example", server.address)]), "https://social.example/x").await.unwrap();
    assert_eq!(fetched.body, b"<html>maintenance");
    assert_eq!(fetched.content_type.as_deref(), Some("text/html"));
}

#[tokio::test]
async fn an_endless_body_ends_at_the_cap() {
    let endless = |_: usize, _: &str| {
        let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        Reply::Forever(head, vec![b'x'; 256 << 10], Duration::ZERO)
    };
    let server = Server::start(endless).await;
    let net = road(&[("social.example", server.address)]);
    let url = "https://social.example/x".to_owned();
    for (kind, limit) in [(BodyKind::Html, 2 << 20), (BodyKind::Json, 4 << 20)] {
        let error = net.get(&url, kind, None).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { url: url.clone(), limit: Cap::Bytes(limit) });
    }
    let announced = Server::with("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx").await;
    let net = road(&[("social.example", announced.address)]);
    assert!(matches!(get(&net, &url).await, Err(FetchError::TooLarge { .. })));
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![0; 3 << 20]).unwrap();
    let brotli = include_bytes!("net/zeros.br").to_vec();
    for (encoding, bomb) in [("gzip", gzip.finish().unwrap()), ("br", brotli)] {
        let server = Server::with(answer("200 OK", &[&format!("Content-Encoding: {encoding}")], bomb)).await;
        let error = get(&road(&[("social.example", server.address)]), "https://social.example/x").await;
        assert!(matches!(error, Err(FetchError::TooLarge { limit: Cap::Ratio(100), .. })), "{error:?}");
    }
}

#[tokio::test]
async fn slow_and_silent_servers_are_given_up() {
    let head = || b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    let drip = move |_: usize, _: &str| Reply::Forever(head(), b"x".to_vec(), Duration::from_millis(20));
    let steady = move |_: usize, _: &str| Reply::Forever(head(), vec![b'x'; 100], Duration::from_millis(20));
    for (server, what) in [
        (Server::start(drip).await, "less than 1 KiB/s over 300ms"),
        (Server::start(steady).await, "the whole of it is not there in time"),
        (Server::start(|_, _| Reply::Silence).await, "no answer within 300ms"),
        (Server::start(|_, _| Reply::Forever(vec![], b"x".to_vec(), Duration::from_millis(50))).await, ""),
    ] {
        let net = road(&[("social.example", server.address)]);
        match get(&net, "https://social.example/x").await.unwrap_err() {
            FetchError::Timeout { what: said, .. } => assert_eq!(said, what),
            // Bytes that are no HTTP are noticed at once.
            FetchError::Broken { .. } => assert_eq!(what, ""),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_flood_of_headers_breaks_the_answer_and_not_us() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Flood: x\r\n".repeat(5000));
    let server = Server::with(many).await;
    let error =
        get(&road(&[("social.example", server.address)]), "https://social.example/x").await.unwrap_err();
    assert!(matches!(error, FetchError::Broken { .. }), "{error}");
    let endless = |_: usize, _: &str| {
        Reply::Forever(b"HTTP/1.1 200 OK\r\nX-Flood: ".to_vec(), vec![b'x'; 64 << 10], Duration::ZERO)
    };
    let server = Server::start(endless).await;
    let error =
        get(&road(&[("social.example", server.address)]), "https://social.example/x").await.unwrap_err();
    assert!(matches!(error, FetchError::Broken { .. } | FetchError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn answers_that_break_off_are_broken_and_refused_connections_certainly_unsent() {
    for wire in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "\u{0}\u{1}\u{2}\r\n\r\n"] {
        let server = Server::with(wire).await;
        let error = road(&[("social.example", server.address)]).send(post("https://social.example/x")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, FetchError::Broken { .. }), "{wire:?}: {error}");
        assert!(!error.is_certainly_unsent());
    }
    let silent = Server::start(|_, _| Reply::Silence).await;
    let error = road(&[("social.example", silent.address)]).send(post("https://social.example/x")).await;
    assert!(matches!(&error, Err(FetchError::Timeout { .. })) && !error.unwrap_err().is_certainly_unsent());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let net = road(&[("social.example", closed)]);
    let error = net.send(post("https://social.example/x")).await.unwrap_err();
    assert!(matches!(&error, FetchError::Unreachable { why, .. } if why.contains("refused")), "{error}");
    assert!(error.is_certainly_unsent());
    let error = net.send(post("https://social.example/x")).await.unwrap_err();
    assert!(matches!(error, FetchError::Paused { .. }) && error.is_certainly_unsent());
}

#[tokio::test]
async fn redirects_are_followed_four_times_and_no_further() {
    let ladder = |_: usize, head: &str| {
        let step: u32 = head.split(['/', ' ']).find_map(|word| word.parse().ok()).unwrap();
        if step == 0 {
            Reply::Bytes(answer("200 OK", &[], "there"))
        } else {
            Reply::Bytes(redirect(&(step - 1).to_string()))
        }
    };
    let server = Server::start(ladder).await;
    let net = road(&[("social.example", server.address)]);
    let fetched = get(&net, "https://social.example/steps/4").await.unwrap();
    assert_eq!((fetched.body.as_slice(), fetched.final_url.path()), (&b"there"[..], "/steps/0"));
    let error = get(&net, "https://social.example/steps/5").await.unwrap_err();
    let why = "more than 4 redirects lead to it".to_owned();
    assert_eq!(error, FetchError::Refused { url: "https://social.example/steps/0".to_owned(), why });
    assert_eq!(server.requests(), 10);
    let circle = Server::with(redirect("/x")).await;
    let error = get(&road(&[("social.example", circle.address)]), "https://social.example/x").await;
    assert!(matches!(error, Err(FetchError::Refused { .. })));
    assert_eq!(circle.requests(), 5);
}

/// One canary on 127.0.0.1; whoever reaches it has got through.
#[tokio::test]
async fn no_spelling_of_a_forbidden_address_is_connected_directly_or_by_redirect() {
    let canary = Server::with(answer("200 OK", &[], "got through")).await;
    let port = canary.address.port();
    let door = Server::start(|_, head: &str| {
        let to = head.split_whitespace().nth(1).unwrap().strip_prefix("/to?").unwrap();
        Reply::Bytes(redirect(to))
    })
    .await;
    let mut config = config(&[("social.example", door.address)]);
    config.allowed.insert(host("social.example"));
    let net = Net::new(config, clock(1.0)).unwrap();
    for spelling in FORBIDDEN {
        for target in [
            format!("http://{spelling}/"),
            format!("https://{spelling}:{port}/"),
            format!("//{spelling}:{port}/x"),
        ] {
            let direct = get(&net, &target).await;
            // Without a port it is the address alone that is refused.
            let by_address = |why: &str| !target.starts_with("http:") || !why.contains("port");
            let refused = matches!(&direct, Err(FetchError::Refused { why, .. }) if by_address(why));
            assert!(refused, "{target}: {direct:?}");
            if !target.starts_with("http:") && target.is_ascii() {
                let led = get(&net, &format!("https://social.example/to?{target}")).await;
                assert!(matches!(led, Err(FetchError::Refused { .. })), "to {target}: {led:?}");
            }
        }
    }
    assert!(door.requests() > 150, "{}", door.requests());
    assert_eq!(canary.requests(), 0);
}

#[tokio::test]
async fn redirects_to_other_schemes_users_and_down_from_https_are_refused() {
    for (to, expected) in [
        ("http://daily.example/", "https://social.example/x redirects to it from https to http"),
        ("http://social.example/x", "https://social.example/x redirects to it from https to http"),
        ("https://me:s3cret@daily.example/", "it carries a user or a password"),
        ("ftp://daily.example/", "its scheme is `ftp`; expected http or https"),
        ("file:///etc/passwd", "its scheme is `file`; expected http or https"),
        ("https://daily.example:22/", "port 22 of a host that is not configured; expected 80 or 443"),
    ] {
        let server = Server::with(redirect(to)).await;
        let net = road(&[("social.example", server.address), ("daily.example", server.address)]);
        match get(&net, "https://social.example/x").await {
            Err(FetchError::Refused { url, why }) => {
                assert_eq!(why, expected);
                assert!(!url.contains("s3cret"));
            }
            other => panic!("{to}: {other:?}"),
        }
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn a_token_stays_with_its_host_and_out_of_every_text() {
    let echo = |_: usize, head: &str| match head.split_whitespace().nth(1).unwrap() {
        "/here" => Reply::Bytes(redirect("/there")),
        "/there" => Reply::Bytes(redirect("https://daily.example/away")),
        _ => Reply::Bytes(answer("400 Bad Request", &[], head)),
    };
    let (social, daily) = (Server::start(echo).await, Server::with(answer("200 OK", &[], "")).await);
    let net = road(&[("social.example", social.address), ("daily.example", daily.address)]);
    let token = SecretString::from("s3cret-token");
    net.get("https://social.example/here", BodyKind::Json, Some(&token)).await.unwrap();
    let bearer = "authorization: bearer s3cret-token";
    assert!(social.heads().iter().all(|head| head.contains(bearer)) && social.requests() == 2);
    assert!(!daily.heads()[0].contains("authorization"));
    let error =
        net.get("https://social.example/echo?access_token=s3cret-token", BodyKind::Json, Some(&token)).await;
    let error = error.unwrap_err();
    assert!(matches!(&error, FetchError::Status { status: 400, .. }));
    for text in [error.to_string(), format!("{error:?}"), format!("{net:?}")] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    let outgoing = Outgoing { token: Some(token), ..post("http://1.1.1.1/x") };
    assert!(!format!("{outgoing:?}").contains("s3cret"));
    let error = net.send(outgoing).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Refused { why, .. } if why == "a token is never sent without encryption")
    );
    let broken = SecretString::from("s3cret\r\nX-Injected: yes");
    let error = net.get("https://social.example/x", BodyKind::Json, Some(&broken)).await.unwrap_err();
    assert!(matches!(&error, FetchError::Refused { .. }) && !error.to_string().contains("s3cret"));
}

#[tokio::test]
async fn a_sent_request_carries_its_headers_and_body_and_any_status_is_an_answer() {
    let unlike = |number: usize, _: &str| {
        Reply::Bytes(answer(
            ["422 Unprocessable", "302 Found", "503 Busy"][number % 3],
            &["Location: /y"],
            "{\"error\":1}",
        ))
    };
    let server = Server::start(unlike).await;
    let net = road(&[("social.example", server.address)]);
    let json = serde_json::json!({"status": "新华 <b>", "n": 1});
    for status in [422, 302, 503] {
        let headers = vec![("Idempotency-Key", "d7-p0-r1".to_owned())];
        let outgoing = Outgoing {
            headers,
            body: Some(Content::Json(json.clone())),
            ..post("https://social.example/api/v1/statuses")
        };
        let fetched = net.send(outgoing).await.unwrap();
        assert_eq!((fetched.status, fetched.body.as_slice()), (status, &b"{\"error\":1}"[..]));
    }
    let head = &server.heads()[0];
    assert!(head.starts_with("post /api/v1/statuses http/1.1\r\n"));
    assert!(
        head.contains("idempotency-key: d7-p0-r1\r\n") && head.contains("content-type: application/json\r\n")
    );
    assert!(head.ends_with(&serde_json::to_string(&json).unwrap()));
    let paused = net.send(post("https://social.example/x")).await;
    assert!(matches!(paused, Err(FetchError::Paused { .. })), "{paused:?}");
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn by_another_configuration_a_pause_goes_on_and_a_denial_may_be_tried_again() {
    let busy = Server::with(answer("429 Too Many Requests", &["Retry-After: 120"], "")).await;
    let shut = Server::with(answer("403 Forbidden", &[], "")).await;
    let net = road(&[("social.example", busy.address), ("daily.example", shut.address)]);
    assert!(get(&net, "https://social.example/x").await.is_err());
    assert!(get(&net, "https://daily.example/x").await.is_err());
    let net = net
        .reconfigured(config(&[("social.example", busy.address), ("daily.example", shut.address)]))
        .unwrap();
    assert!(get(&net, "https://social.example/y").await.is_err());
    assert!(get(&net, "https://daily.example/x").await.is_err());
    assert_eq!((busy.requests(), shut.requests()), (1, 2));
}

#[tokio::test]
async fn a_429_pauses_its_host_and_no_other_until_its_time_is_over() {
    for (headers, least) in [
        (&["Retry-After: 120"][..], 120),
        (&["Retry-After: Mon, 02 Nov 2026 10:05:00 GMT"][..], 299),
        (&["X-RateLimit-Reset: 2026-11-02T10:05:00.000000Z"][..], 299),
        (&["RateLimit-Reset: 1793613900"][..], 299),
        (&["x-ratelimit-reset: 90"][..], 90),
        (&[][..], 60),
    ] {
        let busy = Server::with(answer("429 Too Many Requests", headers, "")).await;
        let free = Server::with(answer("200 OK", &[], "")).await;
        let net = road(&[("social.example", busy.address), ("daily.example", free.address)]);
        let Err(FetchError::Paused { until, .. }) = get(&net, "https://social.example/x").await else {
            panic!()
        };
        let left = seconds_left(until);
        assert!((least..=least + least / 10 + 2).contains(&left), "{headers:?}: {left}");
        let again = get(&net, "https://social.example/y").await.unwrap_err();
        assert_eq!(again.retry_at(), Some(until));
        assert_eq!(
            net.pauses(),
            [(host("social.example"), until, "it answered 429: too many requests".to_owned())]
        );
        assert_eq!(busy.requests(), 1);
        assert!(get(&net, "https://daily.example/x").await.is_ok());
    }
}

#[tokio::test]
async fn a_paused_host_is_asked_again_when_the_clock_says_so() {
    let once = |number: usize, _: &str| match number {
        0 => Reply::Bytes(answer("429 Slow", &["Retry-After: 3600"], "")),
        _ => Reply::Bytes(answer("200 OK", &[], "")),
    };
    let server = Server::start(once).await;
    // An hour is a tenth of a second.
    let clock = clock(36_000.0);
    let net = Net::new(config(&[("social.example", server.address)]), clock).unwrap();
    let until = get(&net, "https://social.example/x").await.unwrap_err().retry_at().unwrap();
    assert!(matches!(get(&net, "https://social.example/x").await, Err(FetchError::Paused { .. })));
    clock.sleep_until(until).await;
    assert!(get(&net, "https://social.example/x").await.is_ok());
    assert_eq!(net.pauses(), []);
}

#[tokio::test]
async fn a_host_rests_when_half_of_its_limit_is_used() {
    let counting = |number: usize, _: &str| {
        let remaining = format!("X-RateLimit-Remaining: {}", 3 - number);
        let headers = ["X-RateLimit-Limit: 4", &remaining, "X-RateLimit-Reset: 2026-11-02T10:05:00.000000Z"];
        Reply::Bytes(answer("200 OK", &headers, ""))
    };
    let server = Server::start(counting).await;
    let net = road(&[("social.example", server.address)]);
    assert!(get(&net, "https://social.example/x").await.is_ok());
    assert!(get(&net, "https://social.example/x").await.is_ok());
    let error = get(&net, "https://social.example/x").await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Paused { why, .. } if why == "half of its limit of 4 requests is used")
    );
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn trouble_backs_off_twice_as_long_each_time_and_a_success_ends_it() {
    let ill = |number: usize, _: &str| match number {
        0 | 1 | 3 => Reply::Bytes(answer("503 Unavailable", &[], "<h1>down\u{7}\n</h1>")),
        _ => Reply::Bytes(answer("200 OK", &[], "")),
    };
    let server = Server::start(ill).await;
    let clock = clock(3_000.0);
    let net = Net::new(config(&[("social.example", server.address)]), clock).unwrap();
    for (about, succeeds) in [(30, false), (60, false), (0, true), (30, false)] {
        let before = clock.now();
        match get(&net, "https://social.example/x").await {
            Ok(_) => assert!(succeeds),
            Err(error) => {
                let excerpt = "<h1>down </h1>".to_owned();
                let url = "https://social.example/x".to_owned();
                assert_eq!(error, FetchError::Status { url, status: 503, excerpt });
            }
        }
        let Some((_, until, _)) = net.pauses().pop() else {
            assert!(succeeds);
            continue;
        };
        assert!(until >= before + Span::seconds(about), "{about}");
        clock.sleep_until(until).await;
    }
}

#[tokio::test]
async fn a_401_rests_one_kind_of_request_and_not_the_host() {
    let closed = |_: usize, head: &str| {
        let member = head.to_lowercase().contains("authorization");
        let open = member || !head.contains("/api/v1/accounts");
        Reply::Bytes(answer(if open { "200 OK" } else { "401 Unauthorized" }, &[], ""))
    };
    let server = Server::start(closed).await;
    let net = road(&[("social.example", server.address)]);
    let token = SecretString::from("token");
    let lookup = "https://social.example/api/v1/accounts/lookup?acct=desk";
    let Err(FetchError::Denied { status: 401, until, .. }) = get(&net, lookup).await else { panic!() };
    assert_eq!(seconds_left(until), 6 * 3600);
    let again = get(&net, "https://social.example/api/v1/accounts/1/statuses").await.unwrap_err();
    assert!(matches!(again, FetchError::Denied { .. }) && again.retry_at() == Some(until));
    assert_eq!(server.requests(), 1);
    assert!(net.get(lookup, BodyKind::Json, Some(&token)).await.is_ok());
    assert!(get(&net, "https://social.example/api/v2/instance").await.is_ok());
    assert!(net.send(Outgoing { method: Method::Get, ..post(lookup) }).await.unwrap().status == 401);
    let why = "it answered 401 to /api/v1/accounts without a token".to_owned();
    assert_eq!(net.pauses(), [(host("social.example"), until, why)]);
}

#[tokio::test]
async fn missing_and_odd_answers_are_told_apart() {
    let server = Server::start(|_, head: &str| {
        let status = head.split(['/', ' ']).find(|word| word.parse::<u16>().is_ok()).unwrap();
        Reply::Bytes(answer(&format!("{status} Status"), &[], "text"))
    })
    .await;
    let net = road(&[("social.example", server.address)]);
    for status in [404, 410, 400, 418, 300, 304] {
        let error = get(&net, &format!("https://social.example/{status}")).await.unwrap_err();
        assert_eq!(error.is_missing(), matches!(status, 404 | 410), "{error}");
    }
    assert_eq!(net.pauses(), []);
}

#[tokio::test]
async fn a_host_has_two_requests_in_flight_and_others_do_not_wait_for_it() {
    let slow = |_: usize, _: &str| Reply::Late(answer("200 OK", &[], ""), Duration::from_millis(60));
    let (server, other) = (Server::start(slow).await, Server::start(slow).await);
    let net = road(&[("social.example", server.address), ("daily.example", other.address)]);
    let begun = std::time::Instant::now();
    let many = (0..8).map(|n| {
        let net = net.clone();
        tokio::spawn(async move { get(&net, &format!("https://social.example/{n}")).await.unwrap() })
    });
    let many: Vec<_> = many.collect();
    wait(Duration::from_millis(10)).await;
    get(&net, "https://daily.example/x").await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
    for one in many {
        one.await.unwrap();
    }
    assert_eq!((server.requests(), server.most_open()), (8, 2));
}

#[tokio::test]
async fn all_hosts_together_have_sixteen_requests_in_flight() {
    let slow = |_: usize, _: &str| Reply::Late(answer("200 OK", &[], ""), Duration::from_millis(60));
    let server = Server::start(slow).await;
    let names: Vec<String> = (0..24).map(|n| format!("h{n}.example")).collect();
    let net = road(&names.iter().map(|name| (name.as_str(), server.address)).collect::<Vec<_>>());
    let all: Vec<_> = names
        .into_iter()
        .map(|name| {
            let net = net.clone();
            tokio::spawn(async move { get(&net, &format!("https://{name}/")).await.unwrap() })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    assert_eq!((server.requests(), server.most_open()), (24, 16));
}

#[tokio::test]
async fn an_unconfigured_domain_gives_five_hundred_answers_a_day() {
    let server = Server::with(answer("200 OK", &[], "")).await;
    let names = [("a.daily.example", server.address), ("b.daily.example", server.address)];
    let net = road(&names);
    for n in 0..500 {
        get(&net, &format!("https://{}/", names[n % 2].0)).await.unwrap();
    }
    let error = get(&net, "https://a.daily.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::Budget { .. }) && error.is_certainly_unsent());
    assert_eq!(error.retry_at(), Some("2026-11-03T00:00:00Z".parse().unwrap()));
    let mut configured = config(&names);
    configured.allowed.insert(host("a.daily.example"));
    let net = Net::new(configured, clock(1.0)).unwrap();
    for _ in 0..501 {
        get(&net, "https://a.daily.example/").await.unwrap();
    }
}

#[tokio::test]
async fn robots_txt_is_read_once_a_day_and_followed() {
    let site = |_: usize, head: &str| match head.split_whitespace().nth(1).unwrap() {
        "/robots.txt" => Reply::Bytes(answer("200 OK", &[], "User-agent: Masthead\nDisallow: /private\n")),
        _ => Reply::Bytes(answer("200 OK", &[], "")),
    };
    let server = Server::start(site).await;
    // A day is a fifth of a second.
    let clock = clock(432_000.0);
    let net = Net::new(config(&[("daily.example", server.address)]), clock).unwrap();
    let begun = clock.now();
    assert!(net.allows_robots("https://daily.example/about").await.unwrap());
    assert!(!net.allows_robots("https://daily.example/private/x").await.unwrap());
    assert_eq!(server.requests(), 1);
    clock.sleep_until(begun + Span::days(2)).await;
    assert!(net.allows_robots("https://daily.example/about").await.unwrap());
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_missing_robots_txt_allows_and_a_failing_one_is_an_error() {
    for (status, expected) in
        [("404 Not Found", Some(true)), ("403 Forbidden", Some(true)), ("500 Oops", None)]
    {
        let server = Server::with(answer(status, &[], "Disallow: /")).await;
        let net = road(&[("daily.example", server.address)]);
        assert_eq!(net.allows_robots("https://daily.example/about").await.ok(), expected, "{status}");
        assert_eq!(net.pauses().len(), usize::from(expected.is_none()));
    }
    let endless = |_: usize, _: &str| {
        let head = b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /private\n".to_vec();
        Reply::Forever(head, b"Allow: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(1000), Duration::ZERO)
    };
    let server = Server::start(endless).await;
    let net = road(&[("daily.example", server.address)]);
    assert!(!net.allows_robots("https://daily.example/private").await.unwrap());
}

#[tokio::test]
async fn a_road_without_a_user_agent_or_with_a_mapped_host_elsewhere_is_not_opened() {
    let mut nameless = config(&[]);
    nameless.user_agent = " ".to_owned();
    assert!(matches!(Net::new(nameless, Clock::Real), Err(NetError::UserAgent(_))));
    let elsewhere = config(&[("social.example", "10.0.0.1:80".parse().unwrap())]);
    assert_eq!(
        Net::new(elsewhere, Clock::Real).unwrap_err().to_string(),
        "host `social.example` is mapped to 10.0.0.1:80; expected a loopback address"
    );
}

/// A version that the server still has is not sent again, through a redirect as well.
#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start(|_, head| {
        let reply = match head {
            _ if head.to_lowercase().starts_with("get /old ") => redirect("/feed"),
            _ if head.to_lowercase().contains("if-none-match: \"v1\"\r\nif-modified-since: mon, 02 nov") => {
                answer("304 Not Modified", &["ETag: \"v1\""], "")
            }
            _ => {
                answer("200 OK", &["ETag: \"v1\"", "Last-Modified: Mon, 02 Nov 2026 09:00:00 GMT"], "<rss/>")
            }
        };
        Reply::Bytes(reply)
    })
    .await;
    let net = road(&[("news.example", server.address)]);
    let nothing = Validators::default();
    let first = net.get_if_changed("https://news.example/old", BodyKind::Feed, None, &nothing).await.unwrap();
    let first = first.unwrap();
    assert_eq!((first.body.as_slice(), first.final_url.path()), (&b"<rss/>"[..], "/feed"));
    let again = net
        .get_if_changed("https://news.example/old", BodyKind::Feed, None, &first.validators)
        .await
        .unwrap();
    assert_eq!(again, None);
    assert!(!server.heads()[0].contains("if-none-match"));
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_an_error_and_a_410_is_for_good() {
    let server = Server::start(|_, head| {
        let status =
            if head.to_lowercase().starts_with("get /gone ") { "410 Gone" } else { "304 Not Modified" };
        Reply::Bytes(answer(status, &[], ""))
    })
    .await;
    let net = road(&[("news.example", server.address)]);
    let ask = async |path: &str| {
        let url = format!("https://news.example{path}");
        net.get_if_changed(&url, BodyKind::Feed, None, &Validators::default()).await.unwrap_err()
    };
    assert!(matches!(ask("/same").await, FetchError::Status { status: 304, .. }));
    let gone = ask("/gone").await;
    assert!(gone.is_missing() && gone.is_gone_for_good(), "{gone}");
}

/// Several feeds of one domain, each every ten minutes, are more than its budget for everything else.
#[tokio::test]
async fn each_feed_has_a_budget_of_its_own() {
    let server = Server::with(answer("200 OK", &[], "<rss/>")).await;
    let net = road(&[("news.example", server.address)]);
    let feed = async |path: &str| {
        let url = format!("https://news.example{path}");
        net.get_if_changed(&url, BodyKind::Feed, None, &Validators::default()).await
    };
    for _ in 0..500 {
        feed("/a").await.unwrap();
    }
    assert!(matches!(feed("/a").await, Err(FetchError::Budget { .. })));
    assert!(feed("/b").await.is_ok());
    assert!(get(&net, "https://news.example/page").await.is_ok());
}
