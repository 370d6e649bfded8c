//! Health as operators and monitors meet it: what is said, to whom, and when it is over.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::manual::assert_promised;
use crate::scene;
use crate::service::{PATIENCE, World};

/// A day takes 24 seconds.
const RATE: u32 = 3600;

/// The lines about a subject, each as mark, name and sentence.
fn lines(health: &Value, subject: &str) -> Vec<(String, String, String)> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let lines = health["lines"].as_array().unwrap().iter().filter(|line| line["subject"] == subject);
    lines.map(|line| (text(line, "mark"), text(line, "name"), text(line, "says"))).collect()
}

fn doctor(world: &World) -> (Option<i32>, Value) {
    let done = world.command(&["doctor", "--offline", "--json"]);
    (done.code, serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done:?}")))
}

/// A page of the service: its status and its body.
fn page(world: &World, path: &str) -> (u16, String) {
    let config = std::fs::read_to_string(world.dir().join("config.toml")).unwrap();
    let listen = config.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap().trim_matches('"');
    let mut stream = TcpStream::connect(listen).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: world\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// An address that takes messages as ntfy does, and the messages that it took: headers and text.
fn mailbox() -> (String, Receiver<(String, String)>) {
    mailbox_that_answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into())
}

/// The same with another answer.
fn mailbox_that_answers(answer: String) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/topic-5fe1", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while reader.read_line(&mut head).unwrap_or(0) > 2 {}
            let length = head.to_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let mut body = vec![0; length.trim().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            // Whoever has read enough of it goes away.
            let _ = reader.get_mut().write_all(answer.as_bytes());
            if sender.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

#[test]
fn a_well_service_says_so_to_people_monitors_and_prometheus() {
    let world = World::founding(RATE);
    let service = world.run();
    let is_read = |world: &World| {
        let (_, health) = doctor(world);
        let says = |subject: &str| lines(&health, subject)[0].2.clone();
        let is_known = health["lines"].as_array().unwrap().iter().all(|line| line["mark"] != "unknown");
        let is_read = says("feed").contains("with news") && says("server").contains("profiles and posts");
        (is_known && is_read).then_some(())
    };
    world.until("the first reading of the feeds", PATIENCE, is_read);
    let done = world.command(&["doctor"]);
    assert_eq!(done.code, Some(0), "{}", done.stdout);
    for part in [
        "state: well",
        "ok server   social.example",
        "with our token: profiles and posts",
        "; mastodon 4.5.2",
        "ok token    social.example           logged in as masthead; may post; 500 characters",
        "6 feeds of 5 publishers: ",
        "-- feed     none                     no feed is known for 2 of 6 outlets and editions, so copies of them cannot be found: cgtn, vocero",
        "none yet; next Mon ",
    ] {
        assert!(
            done.stdout.replace("\n                                       ", " ").contains(part),
            "{part}\n{}",
            done.stdout
        );
    }
    let (status, health) = world.until("a look after that", PATIENCE, |world| {
        // Every command makes the service look again.
        world.command(&["targets"]);
        let (status, body) = page(world, "/health");
        let health: Value = serde_json::from_str(&body).unwrap();
        (health["state"] != "starting" && health["state"] != "unknown").then_some((status, health))
    });
    assert_eq!((status, &health["state"], &health["needs"]), (200, &json!("well"), &json!(0)));
    let (status, metrics) = page(&world, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("\nmasthead_feeds{state=\"fresh\"} "), "{metrics}");
    assert!(metrics.contains("\nmasthead_needs_a_person 0\n"), "{metrics}");
    assert_is_exposition(&metrics);
    assert_eq!(service.stop().0, Some(0));
}

/// Each line is a comment or a sample of the metric that the comments before it introduce.
fn assert_is_exposition(text: &str) {
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (metric, kind) = rest.split_once(' ').unwrap();
            assert!(["gauge", "counter"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", metric.ends_with("_total"), "{line}");
            metric.clone_into(&mut name);
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(sample.split('{').next().unwrap(), name, "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}

#[test]
fn a_revoked_token_is_seen_before_the_next_digest_and_told_with_its_way_out() {
    let world = World::open(RATE);
    let fault = json!({"server": "social.example", "path": "/api/v1/accounts/verify_credentials",
        "effect": "status", "status": 401, "count": 1000});
    world.fault(&fault);
    let service = world.run();
    let done = world.command(&["doctor"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stdout.contains("state: NEEDS YOU (2)"), "{}", done.stdout);
    assert!(done.stdout.contains("!! token    social.example"), "{}", done.stdout);
    assert!(
        done.stdout.contains("cannot post: social.example does not accept the token: it answered 401"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("fix: if it was revoked: masthead login fediverse"), "{}", done.stdout);
    world.until("the page says so", PATIENCE, |world| {
        let (status, body) = page(world, "/health");
        (status == 503 && body.contains(r#""state":"broken""#)).then_some(())
    });
    assert_promised("revoked token", &done.stdout);
    assert!(!page(&world, "/health").1.contains("401"), "the page names no answers of servers");
    drop(service);
}

#[test]
fn a_halt_is_told_once_to_whom_the_configuration_names_and_so_is_its_end() {
    let mut world = World::open(RATE);
    let (address, messages) = mailbox();
    world.edit("[web]", &format!("[alert]\nwebhook = \"{address}\"\n\n[web]"));
    let service = world.run();
    assert_eq!(world.command(&["halt", "--why", "objection to digest 1"]).code, Some(0));
    let (head, text) = messages.recv_timeout(PATIENCE).unwrap();
    let head = head.to_lowercase();
    assert!(head.contains("title: masthead needs you (1)\r\n") && head.contains("priority: 4\r\n"), "{head}");
    assert_eq!(
        text,
        "!! digest halted: nothing is posted: objection to digest 1\n   masthead resume --as NAME\n"
    );
    // Every command makes the service look again.
    (0..3).for_each(|_| drop(world.command(&["targets"])));
    assert!(messages.recv_timeout(Duration::from_secs(2)).is_err(), "told twice");
    assert_eq!(world.command(&["resume", "--as", "ana"]).code, Some(0));
    let over = world.until("the end is told", PATIENCE, |world| {
        world.command(&["targets"]);
        messages.try_recv().ok()
    });
    assert_eq!(over.1, "over: digest halted\n");
    assert!(over.0.to_lowercase().contains("title: masthead is well again"), "{}", over.0);
    let (_, log) = service.stop();
    assert_eq!(log.matches("needs a person").count(), 1, "{log}");
    assert_eq!(log.matches("is over").count(), 1, "{log}");
}

#[test]
fn an_alert_that_does_not_arrive_is_sent_again_also_after_a_restart() {
    let mut world = World::open(RATE);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    world.edit("[web]", &format!("[alert]\nwebhook = \"http://{address}/masthead\"\n\n[web]"));
    let service = world.run();
    assert_eq!(world.command(&["halt", "--why", "a doubt"]).code, Some(0));
    service.expect("an alert did not arrive");
    service.kill();
    let listener = TcpListener::bind(address).unwrap();
    let service = world.run();
    let mut stream = listener.accept().unwrap().0;
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..read]).starts_with("POST /masthead "));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn a_trouble_from_before_there_was_an_address_is_told_there_once() {
    let mut world = World::open(RATE);
    let service = world.run();
    assert_eq!(world.command(&["halt", "--why", "a doubt"]).code, Some(0));
    service.expect("needs a person");
    let (address, messages) = mailbox();
    world.edit("[web]", &format!("[alert]\nwebhook = \"{address}\"\n\n[web]"));
    world.save();
    let (_, text) = messages.recv_timeout(PATIENCE).unwrap();
    assert!(text.starts_with("!! digest halted: nothing is posted: a doubt\n"), "{text}");
    (0..3).for_each(|_| drop(world.command(&["targets"])));
    assert!(messages.recv_timeout(Duration::from_secs(2)).is_err(), "told twice");
    let done = world.command(&["doctor", "--offline"]);
    assert!(done.stdout.contains("the last message arrived at 127.0.0.1"), "{}", done.stdout);
    drop(service);
}

/// Its topic is a secret, and what it answers is nobody's business.
#[test]
fn an_address_that_leads_elsewhere_or_answers_without_end_is_told_once_and_followed_nowhere() {
    let (elsewhere, strayed) = mailbox();
    let redirect =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\n{}", "x".repeat(20_000_000));
    for (answer, arrives) in [(redirect, false), (long, true)] {
        let mut world = World::open(RATE);
        let (address, messages) = mailbox_that_answers(answer);
        world.edit("[web]", &format!("[alert]\nwebhook = \"{address}\"\n\n[web]"));
        let service = world.run();
        assert_eq!(world.command(&["halt", "--why", "a doubt"]).code, Some(0));
        messages.recv_timeout(PATIENCE).unwrap();
        let expected = if arrives { "the last message arrived" } else { "no message arrives since" };
        let doctor = world.until(expected, PATIENCE, |world| {
            let said = world.command(&["doctor", "--offline"]).stdout;
            said.contains(expected).then_some(said)
        });
        assert!(!doctor.contains("5fe1"), "{doctor}");
        if !arrives {
            assert_promised("silent alerts", &doctor);
        }
        let (_, log) = service.stop();
        assert_eq!(log.matches("an alert did not arrive").count(), usize::from(!arrives), "{log}");
        assert!(!log.contains("5fe1"), "{log}");
    }
    assert!(strayed.try_recv().is_err(), "a redirect was followed");
}

#[test]
fn before_anything_was_seen_nothing_is_called_well() {
    let mut world = World::open(RATE);
    for path in ["social.example", "two.example"] {
        world.fault(
            &json!({"server": path, "path": "/", "effect": "status", "status": 503, "count": 100_000}),
        );
    }
    world.edit("[web]", "[sources.feeds]\nenabled = false\n\n[web]");
    let done = world.command(&["doctor", "--offline"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.stdout.contains("not running") && done.stdout.contains(" not known yet\n"),
        "{}",
        done.stdout
    );
    for line in ["?  server   social.example", "?  token    social.example", "?  accounts", "?  page"] {
        assert!(done.stdout.contains(line), "{line}\n{}", done.stdout);
    }
}

#[test]
fn a_feed_that_is_dead_for_a_day_blinds_its_publisher_and_is_told() {
    let world = World::founding(RATE);
    let fault =
        json!({"server": "cns.example", "path": "/", "effect": "status", "status": 404, "count": 100_000});
    world.fault(&fault);
    let service = world.run();
    let line = world.until("the feed is missed", 2 * PATIENCE, |world| {
        let (code, health) = doctor(world);
        let line = lines(&health, "feed").into_iter().find(|(mark, _, _)| mark == "broken")?;
        assert_eq!(code, Some(1));
        Some(line)
    });
    assert_promised("dead feed", &world.command(&["doctor", "--offline"]).stdout);
    assert_eq!(line.1, "China News Service");
    assert!(line.2.contains("answered 404") && line.2.contains("not read since"), "{line:?}");
    assert!(
        line.2.ends_with("No other feed of China News Service is read: its copies cannot be found"),
        "{line:?}"
    );
    drop(service);
}

/// A machine without a battery starts weeks ahead: a digest is due by its clock, and its first pass comes before three
/// servers were heard.
#[test]
fn a_wrong_clock_at_the_start_dates_no_digest() {
    let mut world = scene::newcomer_found(World::open(1200));
    let config = std::fs::read_to_string(world.dir().join("config.toml")).unwrap();
    let clock = &config[config.find("[clock]").unwrap()..config.find("[hosts]").unwrap()];
    world.edit(clock, "");
    let service = world.run();
    service.expect("no digest is made until it is right");
    assert!(world.outbox(scene::HOME).is_empty() && world.records("approved").is_empty());
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn by_a_wrong_clock_no_digest_is_made() {
    let mut world = World::open(RATE);
    // The world's servers keep their time; the service now lives by this machine's clock, weeks ahead.
    let config = std::fs::read_to_string(world.dir().join("config.toml")).unwrap();
    let clock = &config[config.find("[clock]").unwrap()..config.find("[hosts]").unwrap()];
    world.edit(clock, "");
    world.edit(r#""two.example"]"#, r#""two.example", "one.example"]"#);
    let service = world.run();
    // It asks three servers, which agree.
    let done = world.command(&["doctor"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let done = world.command(&["digest"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.stderr.contains("ahead of those of most servers; posts would carry wrong dates"),
        "{done:?}"
    );
    let done = world.command(&["doctor", "--offline"]);
    assert!(done.stdout.contains("!! clock"), "{}", done.stdout);
    assert_promised("wrong clock", &done.stdout);
    assert!(world.outbox("social.example").is_empty());
    drop(service);
}

/// More of them than there is room for, each with half a request.
#[test]
fn readers_who_say_nothing_keep_neither_the_service_nor_other_readers() {
    let world = World::open(RATE);
    let service = world.run();
    let config = std::fs::read_to_string(world.dir().join("config.toml")).unwrap();
    let listen = config.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap().trim_matches('"');
    let idle: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(listen).unwrap();
            write!(stream, "GET / HTTP/1.1\r\nhost: world\r\n").unwrap();
            stream
        })
        .collect();
    assert_eq!(world.command(&["targets"]).code, Some(0));
    // Those inside are sent away after half a minute, and so are those who follow them.
    let (status, _) = page(&world, "/");
    assert_eq!(status, 200);
    drop(idle);
    assert_eq!(service.stop().0, Some(0));
}
