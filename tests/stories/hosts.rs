//! Starved by others: hosts that answer with nonsense, floods, bombs and circles.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::service::{PATIENCE, World};

const MEBIBYTE: usize = 1024 * 1024;

/// The most memory that the service may ever have taken.
const MOST_MEMORY: usize = 256 * MEBIBYTE;

/// How a host answers whatever it is asked, and what is told of it.
struct Nuisance {
    host: &'static str,
    answer: fn(&str, &mut TcpStream) -> std::io::Result<()>,
    trouble: &'static str,
}

const NUISANCES: [Nuisance; 5] = [
    Nuisance { host: "html.example", answer: html, trouble: "got HTML; expected JSON" },
    Nuisance { host: "broken.example", answer: broken, trouble: "answered 500" },
    Nuisance { host: "flood.example", answer: flood, trouble: "is too large: more than" },
    Nuisance { host: "bomb.example", answer: bomb, trouble: "is too large: it unpacks to more than" },
    Nuisance { host: "circle.example", answer: circle, trouble: "more than 4 redirects" },
];

fn html(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<h1>Welcome</h1>")
}

fn broken(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 500 Oh\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<h1>Oh</h1>")
}

fn flood(path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    if path == "/robots.txt" {
        return missing(stream);
    }
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{}connection: close\r\n\r\n", kind(path)).as_bytes())?;
    let spaces = vec![b' '; MEBIBYTE];
    (0..100).try_for_each(|_| stream.write_all(&spaces))
}

fn bomb(path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    static PACKED: OnceLock<Vec<u8>> = OnceLock::new();
    if path == "/robots.txt" {
        return missing(stream);
    }
    let packed = PACKED.get_or_init(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        (0..64).for_each(|_| encoder.write_all(&vec![b' '; MEBIBYTE]).unwrap());
        encoder.finish().unwrap()
    });
    let kind = kind(path);
    let head = format!("HTTP/1.1 200 OK\r\n{kind}content-encoding: gzip\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(packed)
}

fn circle(path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 302 Found\r\nlocation: {path}x\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())
}

fn missing(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n")
}

/// What a client of the API or a reader of pages takes.
fn kind(path: &str) -> &'static str {
    if path == "/" { "content-type: text/html\r\n" } else { "content-type: application/json\r\n" }
}

/// Answers for as long as the tests run.
fn serve(nuisance: &'static Nuisance) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<String> = head.take_while(|line| !line.is_empty()).collect();
                let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("/");
                // The service hangs up on floods, which is an error here.
                let _ = (nuisance.answer)(path, &mut stream);
            });
        }
    });
    address
}

/// An outlet and an account of it on every such host.
fn add(world: &mut World) {
    for nuisance in &NUISANCES {
        let (host, address) = (nuisance.host, serve(nuisance));
        world.append(&format!("\"{host}\" = \"{address}\"\n"));
    }
    for nuisance in &NUISANCES {
        let host = nuisance.host;
        let id = host.trim_end_matches(".example");
        world.append(&format!(
            "\n[[outlet]]\nid = \"{id}\"\nname = \"The {id} gazette\"\ncountry = \"XX\"\nenabled = true\ndomains = [\"{host}\"]\n\
             \n[[account]]\noutlet = \"{id}\"\nnetwork = \"mastodon\"\nhandle = \"desk@{host}\"\n"
        ));
    }
}

#[test]
fn a_host_that_floods_bombs_or_leads_in_circles_costs_its_own_targets_and_nothing_else() {
    let mut world = World::open(1200);
    add(&mut world);
    let service = world.run();
    for Nuisance { host, trouble, .. } in &NUISANCES {
        world.until(&format!("`{trouble}` is told of {host}"), PATIENCE, |world| {
            let targets = world.ask(&["targets"]);
            let tells = |row: &Value| {
                let text = |key: &str| row[key].as_str().unwrap_or_default();
                text("target").contains(host) && text("trouble").contains(trouble)
            };
            targets["rows"].as_array()?.iter().any(tells).then_some(())
        });
    }
    service.expect("F-0004");
    let peak = service.peak_memory();
    assert!(peak < MOST_MEMORY, "{peak} bytes");
    println!("{} MiB at most", peak / MEBIBYTE);
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}
