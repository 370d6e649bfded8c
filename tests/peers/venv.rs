//! The Python side: a virtual environment with the pinned peers, made once and kept under `target/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// What is installed, and with the version of Python the mark by which a finished environment is known.
const REQUIREMENTS: &str = include_str!("requirements.txt");
const REQUIREMENTS_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/requirements.txt");

static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(prepare);

/// The interpreter that has the peers.
///
/// Panics and says what is missing where there is none: a run without peers would prove nothing.
pub fn python() -> Command {
    let mut command = match &*PYTHON {
        Ok(python) => Command::new(python),
        Err(why) => panic!("the bot could not be run against its peers: {why}"),
    };
    // Isolated: neither the environment nor the current folder adds modules.
    command.arg("-I").env("NO_PROXY", "127.0.0.1");
    command
}

fn prepare() -> Result<PathBuf, String> {
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
    let (venv, mark) = (peers.join("venv"), peers.join("venv/masthead-mark"));
    fs::create_dir_all(&peers).map_err(|error| format!("create {}: {error}", peers.display()))?;
    // Two runs of the tests at once: the second waits and finds it done.
    let lock = File::create(peers.join("lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| format!("lock {}: {error}", peers.display()))?;
    let version = done(
        Command::new("python3").arg("--version"),
        "these tests need `python3`, 3.11 or later, with its module `venv`",
    )?;
    let python = venv.join("bin/python");
    let wanted = format!("{}{REQUIREMENTS}", String::from_utf8_lossy(&version.stdout));
    if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    done(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv),
        "`python3 -m venv` failed; its module `venv` may be a package of its own (python3-venv)",
    )?;
    done(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .args(["--requirement", REQUIREMENTS_FILE]),
        "pip could not install tests/peers/requirements.txt; it needs a network or a mirror of its packages",
    )?;
    fs::write(&mark, wanted).map_err(|error| format!("write {}: {error}", mark.display()))?;
    Ok(python)
}

/// Runs a command to its end; where it fails, `why` and its own words are the error.
fn done(command: &mut Command, why: &str) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{why}: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{why}\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
