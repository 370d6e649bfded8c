//! Hostile: thirty servers of which each misbehaves in its own way, and eight good ones that must not wait for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::service::{PATIENCE, Process, masthead, pause};

/// Ten minutes between two polls of a feed are half a minute. The limits on what a server may take do not run faster.
const RATE: u32 = 20;
const CYCLE: Duration = Duration::from_secs(30);
const CYCLES: u32 = 4;
/// How much later than it is due a good feed may be asked for, in real time: of two cycles of ten minutes a twentieth.
const MOST_DELAY: Duration = Duration::from_secs(60);
const GOOD: usize = 8;
/// The most that the process may ever have, whatever it is sent.
const MOST_MEMORY: usize = 256 << 20;

type Behaviour = fn(&mut TcpStream, &str) -> io::Result<()>;

/// Each is one host: its front page, its feed, what it says by webfinger, and an account that lives there.
const BEHAVIOURS: [(&str, Behaviour); 33] = [
    ("says nothing", |_, _| {
        pause(Duration::from_secs(100));
        Ok(())
    }),
    ("hangs up", |_, _| Ok(())),
    ("never ends its head", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        again(stream, b"X-More: of this and that\r\n", Duration::ZERO)
    }),
    ("drips its head", |stream, _| again(stream, b"H", Duration::from_secs(1))),
    ("never ends its body", |stream, path| {
        stream.write_all(head(path, "").as_bytes())?;
        again(stream, &[b'a'; 65_536], Duration::ZERO)
    }),
    ("drips its body", |stream, path| {
        stream.write_all(head(path, "").as_bytes())?;
        again(stream, b"a", Duration::from_millis(100))
    }),
    ("sends a bomb of zeros", |stream, path| {
        let bomb = zipped(&vec![0; 64 << 20]);
        send(stream, path, "Content-Encoding: gzip\r\n", &bomb)
    }),
    ("sends a bomb in a bomb", |stream, path| {
        let bomb = zipped(&zipped(&vec![b' '; 64 << 20]));
        send(stream, path, "Content-Encoding: gzip, gzip\r\n", &bomb)
    }),
    ("sends what is not packed as if it were", |stream, path| {
        send(stream, path, "Content-Encoding: br\r\n", b"<html>plain</html>")
    }),
    ("promises more than it sends", |stream, path| {
        write!(stream, "{}Content-Length: 99999999999\r\n\r\nfew", head(path, "").trim_end_matches("\r\n"))
    }),
    ("counts its pieces wrongly", |stream, path| {
        stream.write_all(head(path, "Transfer-Encoding: chunked\r\n").as_bytes())?;
        stream.write_all(b"ffffffffffffffffff\r\nabc\r\n-1\r\n")
    }),
    ("continues for ever", |stream, _| {
        again(stream, b"HTTP/1.1 100 Continue\r\n\r\n", Duration::from_millis(1))
    }),
    ("speaks another protocol", |stream, _| stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n")),
    ("answers every question with a page", |stream, _| send(stream, "x.html", "", b"<h1>Soon</h1>")),
    ("sends random bytes", |stream, path| {
        let noise: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        send(stream, path, "", &noise)
    }),
    ("nests", |stream, path| {
        let (open, closed) = if path.ends_with("html") { ("<div>", "") } else { ("[", "]") };
        let text = open.repeat(400_000) + &closed.repeat(400_000);
        send(stream, path, "", text.as_bytes())
    }),
    ("lists a million nothings", |stream, path| {
        let text = if path.ends_with("html") {
            "<a href=x rel=me>".repeat(100_000)
        } else {
            format!("[{}]", vec!["{}"; 1_000_000].join(","))
        };
        send(stream, path, "", text.as_bytes())
    }),
    ("laughs a billion times", |stream, path| {
        let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"haha\">");
        for (of, entity) in ["a", "b", "c", "d", "e", "f", "g", "h"].windows(2).map(|pair| (pair[0], pair[1]))
        {
            write!(text, "<!ENTITY {entity} \"{}\">", format!("&{of};").repeat(10)).unwrap();
        }
        text.push_str("]><rss><channel><title>&h;</title><item><title>&h;</title></item></channel></rss>");
        send(stream, path, "", text.as_bytes())
    }),
    ("has fifty thousand items", |stream, path| {
        let item = "<item><guid>g</guid><title>Title</title><link>https://x.example/</link></item>";
        let text = format!("<rss><channel>{}</channel></rss>", item.repeat(50_000));
        send(stream, path, "", text.as_bytes())
    }),
    ("leads in a circle", |stream, path| leads(stream, path)),
    ("leads to this machine", |stream, _| leads(stream, "http://127.0.0.1:22/")),
    ("leads to the metadata of the cloud", |stream, _| {
        leads(stream, "http://169.254.169.254/latest/meta-data/")
    }),
    ("leads to a file", |stream, _| leads(stream, "file:///etc/passwd")),
    ("is out of order", |stream, _| says(stream, "500 Internal Server Error", "")),
    ("wants to be left alone for ever", |stream, _| {
        says(stream, "429 Too Many Requests", "Retry-After: 99999999999999999999\r\n")
    }),
    ("is overrun", |stream, _| says(stream, "429 Too Many Requests", "X-RateLimit-Reset: never\r\n")),
    ("keeps us out", |stream, _| says(stream, "401 Unauthorized", "")),
    ("says that nothing has changed", |stream, _| says(stream, "304 Not Modified", "")),
    ("shows an account with pages without end", |stream, path| account(stream, path, |n| n)),
    ("shows the same page again and again", |stream, path| account(stream, path, |_| 7)),
    ("lives in other times", |stream, path| {
        let status = json!([{"id": "-1", "uri": "https://x.example/1", "created_at": "+275760-09-13T00:00:00Z",
            "content": "x", "visibility": "public"}, {"id": 9e99, "uri": "y", "created_at": -1, "content": []}]);
        send(stream, path, "Date: Thu, 01 Jan 9999 00:00:00 GMT\r\n", status.to_string().as_bytes())
    }),
    ("has a text of four million letters", |stream, path| {
        let text = json!([{"id": "1", "uri": "https://x.example/1", "content": "é".repeat(1_900_000),
            "created_at": "2026-01-01T00:00:00Z", "visibility": "public"}]);
        send(stream, path, "", text.to_string().as_bytes())
    }),
    ("shouts in headers", |stream, path| {
        let headers = format!("ETag: \"{0}\"\r\nLink: <{0}>; rel=next\r\n", "z".repeat(30_000));
        send(stream, path, &headers, b"[]")
    }),
];

fn again(stream: &mut TcpStream, bytes: &[u8], every: Duration) -> io::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(100) {
        stream.write_all(bytes)?;
        if !every.is_zero() {
            pause(every);
        }
    }
    Ok(())
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// What is asked for decides what it is called, as an honest server does.
fn head(path: &str, headers: &str) -> String {
    let kind = match path {
        _ if path.contains("rss") => "application/rss+xml",
        _ if path == "/" || path.ends_with("html") => "text/html",
        _ => "application/json",
    };
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {kind}\r\n{headers}\r\n")
}

fn send(stream: &mut TcpStream, path: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    stream.write_all(head(path, headers).as_bytes())?;
    stream.write_all(body)
}

fn says(stream: &mut TcpStream, status: &str, headers: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n")
}

fn leads(stream: &mut TcpStream, to: &str) -> io::Result<()> {
    says(stream, "302 Found", &format!("Location: {to}\r\n"))
}

/// An account in good order, whose posts have the numbers that a page of so many asked for begins with.
fn account(stream: &mut TcpStream, path: &str, number: fn(u64) -> u64) -> io::Result<()> {
    if path.contains("/statuses") {
        let below = path.split("max_id=").nth(1).and_then(|id| id.split('&').next()?.parse().ok());
        let first = number(below.unwrap_or(u64::MAX >> 1));
        let posts: Vec<_> = (1..=40)
            .map(|n| {
                let id = first.wrapping_sub(n);
                json!({"id": id.to_string(), "uri": format!("https://x.example/{id}"), "content": "x",
                    "created_at": "2026-01-01T00:00:00Z", "visibility": "public"})
            })
            .collect();
        return send(stream, path, "", json!(posts).to_string().as_bytes());
    }
    let host = path.split("host=").nth(1).unwrap_or("x.example");
    let who = json!({"id": "1", "username": "news", "acct": "news", "uri": format!("https://{host}/users/news"),
        "url": format!("https://{host}/@news"), "note": "<p>News</p>"});
    send(stream, path, "", who.to_string().as_bytes())
}

/// When each good feed was asked for.
type Asked = Arc<Mutex<BTreeMap<String, Vec<Instant>>>>;

/// One server for all names: the host says which of them is meant.
fn serve(asked: Asked) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let asked = asked.clone();
            std::thread::spawn(move || answer(stream, &asked));
        }
    });
    address
}

fn answer(mut stream: TcpStream, asked: &Asked) -> io::Result<()> {
    let (mut path, mut host) = (String::new(), String::new());
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(name) = line.strip_prefix("host: ") {
            host = name.to_owned();
        } else if path.is_empty() {
            path = line.split_whitespace().nth(1).unwrap_or("/").to_owned();
        }
    }
    if let Some(number) =
        host.strip_prefix("bad").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok())
    {
        let path = format!("{path}&host={host}");
        let path = if path.starts_with("/&") { "/" } else { &path };
        return BEHAVIOURS[number].1(&mut stream, path);
    }
    if path.starts_with("/rss") {
        asked.lock().unwrap().entry(host.clone()).or_default().push(Instant::now());
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>{host}</title><link>https://{host}/</link><item><guid>{host}/1</guid>\
             <title>One</title><link>https://{host}/1</link><pubDate>Sat, 01 Aug 2026 10:00:00 GMT</pubDate></item></channel></rss>"
        );
        return send(&mut stream, "/rss", "", feed.as_bytes());
    }
    says(&mut stream, "404 Not Found", "")
}

fn configuration(address: SocketAddr, now: &str) -> (String, String) {
    let (mut outlets, mut hosts, mut servers) = (String::new(), String::new(), Vec::new());
    let names = (0..BEHAVIOURS.len()).map(|n| format!("bad{n}.example"));
    for host in names.chain((0..GOOD).map(|n| format!("good{n}.example"))) {
        let id = host.replace('.', "-");
        write!(
            outlets,
            "[[outlet]]\nid = \"{id}\"\nname = \"The {id}\"\ncountry = \"XX\"\ncontrol = \"state-controlled\"\n\
             domains = [\"{host}\"]\nfeeds = [{{ url = \"https://{host}/rss\", status = \"working\" }}]\n\
             accounts = [{{ platform = \"mastodon\", handle = \"news@{host}\" }}]\n\
             [[outlet.control_basis]]\nby = \"A monitor\"\nsays = \"SC\"\nsource = \"https://{host}/about\"\n"
        )
        .unwrap();
        writeln!(hosts, "\"{host}\" = \"{address}\"").unwrap();
        servers.push(host);
    }
    let config = format!(
        "watchlist = [\"outlets.toml\"]\nstate_dir = \"state\"\ncontact = \"https://masthead.example/\"\n\
         [sources.mastodon]\nenabled = true\nservers = {servers:?}\ndiscover = []\n[web]\nlisten = \"127.0.0.1:0\"\n\
         [clock]\norigin = \"{now}\"\nanchor = \"{now}\"\nrate = {RATE}\n[hosts]\n{hosts}"
    );
    (config, outlets)
}

#[test]
#[ignore = "two minutes, of which nothing else may take the processor: a step of its own in CI"]
fn thirty_hostile_servers_neither_fill_the_memory_nor_hold_up_the_others() {
    let asked = Asked::default();
    let address = serve(asked.clone());
    let dir = tempfile::tempdir().unwrap();
    let now = masthead::clock::Clock::Real.now().to_rfc3339();
    let (config, outlets) = configuration(address, &now);
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    std::fs::write(dir.path().join("outlets.toml"), outlets).unwrap();
    let service = Process::start(masthead().arg("run").arg("--config").arg(dir.path().join("config.toml")));
    service.wait_for(&["ready"], PATIENCE).unwrap_or_else(|| panic!("it did not start:\n{}", service.log()));
    let begun = Instant::now();
    while begun.elapsed() < CYCLE * CYCLES {
        pause(Duration::from_secs(1));
        let peak = service.peak_memory();
        assert!(peak < MOST_MEMORY, "{} MiB after {:?}", peak >> 20, begun.elapsed());
    }
    let peak = service.peak_memory() >> 20;
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("panicked") && !log.contains("defect"), "{log}");
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), GOOD, "{asked:?}");
    let mut longest = Duration::ZERO;
    for (host, times) in &*asked {
        // The first comes within ten minutes of the start, which is the time over which the targets are spread.
        let starts = std::iter::once(&begun).chain(times);
        let end = begun + CYCLE * CYCLES;
        let gaps = starts.zip(times.iter().chain([&end]));
        let gap = gaps.map(|(from, to)| to.saturating_duration_since(*from)).max().unwrap();
        // Intervals differ by a tenth.
        assert!(gap < CYCLE * 11 / 10 + MOST_DELAY, "{host} waited {gap:?}: {log}");
        longest = longest.max(gap);
    }
    println!("{} MiB at most; a good feed waited {longest:?} at most, {:?} is usual", peak, CYCLE);
}
