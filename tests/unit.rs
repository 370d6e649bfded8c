//! The units for systemd: what they promise of the program, and what systemd says of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use masthead::cli::exit;
use masthead::store::Store;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_masthead");

/// Nothing is polled and nobody is asked: only the frame of the service runs.
const QUIET: &str = "[sources.pages]\nenabled = false\n\n[sources.feeds]\nenabled = false\n\n[web]\nlisten = \"127.0.0.1:0\"\n";

const UNITS: [&str; 3] = ["masthead.service", "masthead-backup.service", "masthead-backup.timer"];

fn unit() -> String {
    unit_named(UNITS[0])
}

fn unit_named(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name);
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
        let mut words = [0; 1024];
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
    // The first passes and the first look at everything may be over before the service is ready.
    let mut first = [heard(), heard(), heard()];
    first.sort();
    // It asked nobody yet, and says no more than it knows.
    assert_eq!(first, ["READY=1", "STATUS=no trouble seen; not known yet: clock", "WATCHDOG=1"]);
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

/// The units as systemd would have them, with this program.
fn installed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for unit in UNITS {
        let text = unit_named(unit).replace("/usr/local/bin/masthead", PROGRAM);
        fs::write(folder.path().join(unit), text).unwrap();
    }
    folder
}

/// What `systemd-analyze` says. `None` where there is none, which only a developer's machine may lack.
fn analyze(words: &[&str], folder: &TempDir, units: &[&str]) -> Option<Output> {
    let paths = units.iter().map(|unit| folder.path().join(unit));
    match Command::new("systemd-analyze").args(words).args(paths).output() {
        Ok(output) => Some(output),
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("skipped: no systemd-analyze here: {error}");
            None
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}

#[test]
fn systemd_finds_no_fault_in_any_unit() {
    let folder = installed();
    let Some(verified) = analyze(&["verify", "--man=no"], &folder, &UNITS) else { return };
    assert_eq!(String::from_utf8_lossy(&verified.stderr), "");
    assert!(verified.status.success());
}

#[test]
fn both_services_are_hardened() {
    let folder = installed();
    for unit in UNITS.iter().filter(|unit| unit.ends_with(".service")) {
        // Ten times the exposure that systemd reckons, above which it fails.
        let words = ["security", "--offline=true", "--no-pager", "--threshold=15"];
        let Some(exposure) = analyze(&words, &folder, &[unit]) else { return };
        let said = String::from_utf8_lossy(&exposure.stdout);
        assert!(exposure.status.success() && said.contains("Overall exposure level"), "{unit}: {said}");
    }
}

#[test]
fn both_services_have_the_same_user_state_and_configuration() {
    let lines = |unit: &str, keys: &[&str]| -> Vec<String> {
        let text = unit_named(unit);
        let is_one = |line: &&str| keys.iter().any(|key| line.split('=').next() == Some(key));
        text.lines().filter(is_one).map(str::to_owned).collect()
    };
    let keys = ["User", "Group", "StateDirectory", "StateDirectoryMode", "ConfigurationDirectory", "UMask"];
    let of_service = lines(UNITS[0], &keys);
    assert_eq!(of_service.len(), keys.len());
    assert_eq!(of_service, lines(UNITS[1], &keys));
}
