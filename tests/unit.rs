//! The unit for systemd: what it promises of the program, and what systemd says of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use masthead::cli::exit;
use masthead::store::Store;
use rustix::process::{Pid, Signal, kill_process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_masthead");

/// Nothing is polled and nobody is asked: only the frame of the service runs.
const QUIET: &str = "[sources.pages]\nenabled = false\n\n[sources.feeds]\nenabled = false\n\n[web]\nlisten = \"127.0.0.1:0\"\n";

fn unit() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/masthead.service");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_service_says_when_it_is_ready_alive_and_stopping() {
    assert!(unit().contains("\nType=notify\n"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), QUIET).unwrap();
    let address = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&address).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let heard = || {
        let mut words = [0; 64];
        let length = systemd.recv(&mut words).unwrap();
        String::from_utf8_lossy(&words[..length]).trim_end().to_owned()
    };
    let mut service = Command::new(PROGRAM)
        .arg("run")
        .current_dir(folder.path())
        .env("NOTIFY_SOCKET", &address)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first pass may be over before the service is ready.
    let mut first = [heard(), heard()];
    first.sort();
    assert_eq!(first, ["READY=1", "WATCHDOG=1"]);
    kill_process(Pid::from_child(&service), Signal::TERM).unwrap();
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(service.wait().unwrap().code(), Some(0));
}

#[test]
fn a_service_that_the_disk_let_down_is_not_started_again() {
    const WRONG_USAGE: u8 = 2;
    let unit = unit();
    let line = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).unwrap();
    let codes: Vec<u8> = line.split(' ').map(|code| code.parse().unwrap()).collect();
    assert_eq!(codes, [exit::STORAGE, WRONG_USAGE]);
    let wrong = Command::new(PROGRAM).arg("walk").output().unwrap();
    assert_eq!(wrong.status.code(), Some(i32::from(WRONG_USAGE)));
}

/// Somebody ran a command by hand, which had the store open, when the service was started.
#[test]
fn a_service_whose_store_is_in_use_may_be_started_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), QUIET).unwrap();
    let _store = Store::open(&folder.path().join("data"), 8).unwrap();
    let service = Command::new(PROGRAM).arg("run").current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&service.stderr);
    assert!(said.contains("is in use by another process"), "{said}");
    assert_eq!(service.status.code(), Some(i32::from(exit::FAULTS)));
}

#[test]
fn systemd_finds_no_fault_in_the_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: there is no systemd-analyze here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("masthead.service");
    fs::write(&path, unit().replace("/usr/local/bin/masthead", PROGRAM)).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let faults: Vec<&str> = said.lines().filter(|line| line.contains("masthead")).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
