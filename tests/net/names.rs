//! Names that lead where nobody may lead us: to this machine and to networks that are not public, at once, after a
//! redirect, beside a good answer, or on the second question.
//!
//! What is real here: the names are answered through the system's own resolver, by `nss_wrapper` of the Samba project,
//! which a second process is started with. It is taken from the system, or from the Debian package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use masthead::clock::{Clock, Scale};
use masthead::model::account::Host;
use masthead::net::{BodyKind, FetchError, Net, NetConfig, Timeouts};
use tokio::net::TcpListener;

use super::forbidden::FORBIDDEN;
use super::server::{Reply, Server, answer, redirect};

/// Where the second process finds the file of names.
const NAMES: &str = "MASTHEAD_TEST_NAMES";
/// Public by every list, given back to the registry long ago, and routed nowhere.
const NOBODY: &str = "3ffe::1";

/// Addresses that are not public, beside those in [`FORBIDDEN`].
const MORE: [&str; 26] = [
    "127.0.0.2",
    "127.255.255.254",
    "0.1.2.3",
    "10.255.255.255",
    "172.20.0.1",
    "192.168.255.255",
    "169.254.0.1",
    "169.254.169.253",
    "100.127.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "233.252.0.1",
    "240.0.0.1",
    "fe80::2",
    "fec0::1",
    "fc01::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8:ffff::1",
    "2620:4f:8000::1",
    "5f00::1",
    "64:ff9b::a00:1",
    "::2",
];

fn addresses() -> Vec<IpAddr> {
    let spelled = FORBIDDEN.iter().filter_map(|text| {
        match url::Url::parse(&format!("http://{text}/")).ok()?.host()? {
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            url::Host::Domain(_) => None,
        }
    });
    spelled.chain(MORE.iter().map(|text| text.parse().unwrap())).collect()
}

#[test]
fn no_name_leads_to_a_forbidden_address_at_once_by_redirect_or_on_the_second_question() {
    let wrapper = wrapper().unwrap_or_else(|why| panic!("names could not be tried: {why}"));
    let dir = tempfile::tempdir().unwrap();
    let names = dir.path().join("names");
    fs::write(&names, "").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "names::the_second_process", "--ignored", "--nocapture"])
        .env("LD_PRELOAD", wrapper)
        .env("NSS_WRAPPER_HOSTS", &names)
        .env(NAMES, &names)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("none got through"), "{said}\n{output:?}");
}

#[tokio::test]
#[ignore = "only in the process that the test above starts, where names are what a file says"]
async fn the_second_process() {
    let file = PathBuf::from(std::env::var_os(NAMES).expect("the file of names"));
    let canaries = [canary("127.0.0.1:80").await, canary("[::1]:80").await];
    let door = Server::start(|_, head: &str| {
        let to = head.split_whitespace().nth(1).unwrap().strip_prefix("/to?").unwrap();
        Reply::Bytes(redirect(&format!("https://{to}/")))
    })
    .await;
    let there = Server::with(answer("200 OK", &[], "there")).await;
    let net = road(&door, &there);
    let all = addresses();
    assert!(all.len() >= 80, "{}", all.len());

    // One name that is allowed leads somewhere, so that the file is known to be asked.
    say(&file, 1, &["127.0.0.1 allowed.example".to_owned()]);
    let url = format!("http://allowed.example:{}/", there.address.port());
    assert_eq!(net.get(&url, BodyKind::Json, None).await.unwrap().body, b"there");

    // The file may not be long.
    for (round, addresses) in (2..).step_by(2).zip(all.chunks(16)) {
        try_names(&net, &file, round, addresses).await;
    }
    for canary in canaries.into_iter().flatten() {
        let reached = tokio::time::timeout(Duration::from_millis(20), canary.accept()).await;
        assert!(reached.is_err(), "{:?} was connected", canary.local_addr());
    }
    println!("{} addresses in four ways: none got through", all.len());
}

/// Every name that leads to one of these addresses, in each of four ways.
async fn try_names(net: &Net, file: &Path, edition: u64, addresses: &[IpAddr]) {
    let name = |kind: &str, place: usize| format!("{kind}{place}.of{edition}.example");
    let (mut lines, mut rebound) = (Vec::new(), Vec::new());
    for (place, address) in addresses.iter().enumerate() {
        lines.extend(["direct", "led", "mixed"].map(|kind| format!("{address} {}", name(kind, place))));
        lines.extend(["mixed", "rebound"].map(|kind| format!("{NOBODY} {}", name(kind, place))));
        rebound.push(format!("{address} {}", name("rebound", place)));
    }
    say(file, edition, &lines);
    for (place, address) in addresses.iter().enumerate() {
        for (kind, url) in [
            ("direct", format!("http://{}/", name("direct", place))),
            ("mixed", format!("http://{}/", name("mixed", place))),
            ("led", format!("https://social.example/to?{}", name("led", place))),
        ] {
            refused(net, &url, &format!("{kind} {address}")).await;
        }
        // A stream is opened by the same road.
        let error = net.listen(&format!("https://{}/subscribe", name("direct", place))).await.unwrap_err();
        assert_not_public(&error, &format!("listened to {address}"));
        // It is public now, and nobody is there.
        let url = format!("http://{}/", name("rebound", place));
        let error = net.get(&url, BodyKind::Json, None).await.unwrap_err();
        assert!(!matches!(error, FetchError::Refused { .. }), "{address}: {error}");
    }
    say(file, edition + 1, &rebound);
    for (place, address) in addresses.iter().enumerate() {
        refused(net, &format!("http://{}/", name("rebound", place)), &format!("rebound {address}")).await;
    }
}

/// The name itself is what is refused, before anything is connected.
async fn refused(net: &Net, url: &str, what: &str) {
    let error = net.get(url, BodyKind::Json, None).await.expect_err(what);
    assert_not_public(&error, what);
}

fn assert_not_public(error: &FetchError, what: &str) {
    let FetchError::Refused { why, .. } = error else { panic!("{what}: {error}") };
    assert!(why.contains("which is not a public address"), "{what}: {why}");
}

/// A listener where the address leads, as far as this machine lets us have that port.
async fn canary(address: &str) -> Option<TcpListener> {
    TcpListener::bind(address).await.ok()
}

fn road(door: &Server, there: &Server) -> Net {
    let host = |name: &str| Host::parse(name).unwrap();
    let config = NetConfig {
        user_agent: "Masthead/0 (+https://bot.example; ops@bot.example)".to_owned(),
        hosts: BTreeMap::from([(host("social.example"), door.address)]),
        allowed: BTreeSet::from([host(&format!("allowed.example:{}", there.address.port()))]),
        timeouts: Timeouts { connect: Duration::from_millis(100), ..Timeouts::default() },
    };
    // So fast that a host without an answer is asked again at once.
    let scale = Scale { origin: Clock::Real.now(), anchor: Clock::Real.now(), rate: 1e7 };
    Net::new(config, Clock::Scaled(scale)).unwrap()
}

/// Writes what the names lead to from now on; the time of the file tells the resolver that it is another one.
fn say(file: &Path, edition: u64, lines: &[String]) {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
    fs::write(file, text).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + edition * 60);
    File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
}

/// `libnss_wrapper.so`: the system's, or unpacked from the Debian package, once, below `target/`.
fn wrapper() -> Result<PathBuf, String> {
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers").join("nss_wrapper");
    let found = |root: &Path| {
        let places = ["lib64", "lib", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"];
        places
            .iter()
            .map(|place| root.join("usr").join(place).join("libnss_wrapper.so"))
            .find(|path| path.exists())
    };
    if let Some(there) = found(Path::new("/")).or_else(|| found(&peers)) {
        return Ok(there);
    }
    fs::create_dir_all(&peers).map_err(|error| format!("create {}: {error}", peers.display()))?;
    let script = "apt-get -qq download libnss-wrapper || { apt-get -qq update && apt-get -qq download libnss-wrapper; } \
                  && dpkg-deb -x libnss-wrapper_*.deb .";
    let output = Command::new("sh").args(["-c", script]).current_dir(&peers).output();
    let output = output.map_err(|error| format!("run sh: {error}"))?;
    found(&peers).ok_or_else(|| {
        format!(
            "libnss_wrapper.so is neither installed (Debian: libnss-wrapper, Fedora: nss_wrapper) nor to be had: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}
