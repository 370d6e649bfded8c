//! The files of a sandbox: a configuration that points at the world, its watchlist, tokens and seed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::clock::Scale;
use crate::model::account::Host;

use super::SandboxError;
use super::cast::Desk;
use super::story::{BOT_SITE, HOME};
use super::watchlist;

/// What a configuration that was written earlier says of the world.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Kept {
    pub clock: Scale,
    pub hosts: BTreeMap<Host, SocketAddr>,
    pub web: KeptWeb,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct KeptWeb {
    pub listen: SocketAddr,
}

/// The directory of a sandbox.
#[derive(Debug, Clone)]
pub struct Files {
    dir: PathBuf,
}

impl Files {
    /// Makes the directory where it is missing.
    pub fn open(dir: &Path) -> Result<Files, SandboxError> {
        let watchlists = dir.join("watchlist");
        std::fs::create_dir_all(&watchlists).map_err(|error| trouble("create", &watchlists, error))?;
        let dir = dir.canonicalize().map_err(|error| trouble("find", dir, error))?;
        Ok(Files { dir })
    }

    pub fn config(&self) -> PathBuf {
        self.dir.join("config.toml")
    }

    pub fn statuses(&self) -> PathBuf {
        self.dir.join("statuses.jsonl")
    }

    /// The configuration of an earlier run, `None` where there was none.
    pub fn kept(&self) -> Result<Option<Kept>, SandboxError> {
        let path = self.config();
        let Some(text) = read(&path)? else { return Ok(None) };
        match toml::from_str(&text) {
            Ok(kept) => Ok(Some(kept)),
            Err(error) => Err(SandboxError::Config { path, why: error.message().to_owned() }),
        }
    }

    /// The seed of an earlier run; this one's where there was none.
    pub fn seed(&self, seed: u64) -> Result<u64, SandboxError> {
        let path = self.dir.join("seed");
        match read(&path)? {
            Some(text) => text.trim().parse().map_err(|_| SandboxError::Config {
                path,
                why: format!("`{}` is not a seed; expected a whole number", text.trim()),
            }),
            None => {
                write(&path, &format!("{seed}\n"), 0o644)?;
                Ok(seed)
            }
        }
    }

    /// Writes the configuration, and the watchlist and tokens that it names where they are missing.
    pub fn write(&self, kept: &Kept, desks: &[&Desk]) -> Result<(), SandboxError> {
        let path = self.dir.join("watchlist").join("story.toml");
        if !path.exists() {
            write(&path, watchlist::TOML, 0o644)?;
        }
        for desk in desks {
            write(&self.dir.join(token_file(desk.acct.host())), &format!("{}\n", desk.token), 0o600)?;
        }
        write(&self.config(), &configuration(kept), 0o644)
    }
}

fn token_file(host: &Host) -> String {
    format!("{}.token", host.name().split('.').next().unwrap_or_default())
}

fn configuration(kept: &Kept) -> String {
    let Scale { origin, anchor, rate } = kept.clock;
    let mut hosts = String::new();
    for (host, address) in &kept.hosts {
        writeln!(hosts, "\"{host}\" = \"{address}\"").expect("writing to a string does not fail");
    }
    let listen = kept.web.listen;
    format!(
        r#"# The embedded world of Masthead. Every host in it is on this machine; nothing else is read.
# Written by the sandbox, which goes on with the clock and hosts it finds here.

watchlist = ["watchlist/*.toml"]
state_dir = "./state"
contact = "https://{BOT_SITE}/about"

[schedule]
timezone = "UTC"
digest = "0 0 9 * * *"

[sources.pages]
enabled = true

[sources.mastodon]
enabled = true
servers = ["{HOME}", "two.example"]
discover = ["search"]
tokens = {{ "{HOME}" = "social.token", "two.example" = "two.token" }}

[review]
official = 0

[publish.fediverse]
enabled = true
server = "https://{HOME}"
token_file = "social.token"
visibility = "unlisted"
spoiler = ""
language = "en"
max_posts = 5

[store]
cache_mib = 32

[web]
listen = "{listen}"
public_url = "https://{BOT_SITE}"

[clock]
origin = "{origin}"
anchor = "{anchor}"
rate = {rate:?}

[hosts]
{hosts}"#,
        origin = origin.to_rfc3339(),
        anchor = anchor.to_rfc3339(),
    )
}

fn read(path: &Path) -> Result<Option<String>, SandboxError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble("read", path, error)),
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), SandboxError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(mode).open(path);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| trouble("write", path, error))
}

/// An error with what was being done.
pub fn trouble(what: &'static str, path: &Path, error: io::Error) -> SandboxError {
    SandboxError::Io { what: format!("{what} {}", path.display()), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::story;

    #[test]
    fn a_written_configuration_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("new")).unwrap();
        assert_eq!(files.kept().unwrap(), None);
        let kept = Kept {
            clock: Scale {
                origin: story::ORIGIN,
                anchor: "2026-11-24T01:02:03.456789Z".parse().unwrap(),
                rate: 600.0,
            },
            hosts: BTreeMap::from([(Host::parse(HOME).unwrap(), "127.0.0.1:4000".parse().unwrap())]),
            web: KeptWeb { listen: "127.0.0.1:4001".parse().unwrap() },
        };
        files.write(&kept, &[]).unwrap();
        assert_eq!(files.kept().unwrap(), Some(kept));
    }

    #[test]
    fn the_first_seed_stays() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        assert_eq!(files.seed(5).unwrap(), 5);
        assert_eq!(files.seed(6).unwrap(), 5);
    }

    #[test]
    fn the_watchlist_names_only_hosts_of_the_world() {
        let watchlist: toml::Table = watchlist::TOML.parse().unwrap();
        let world = story::official(1, story::ORIGIN);
        for outlet in watchlist["outlet"].as_array().unwrap() {
            for domain in outlet["domains"].as_array().unwrap() {
                let host = Host::parse(domain.as_str().unwrap()).unwrap();
                assert!(world.site(&host).is_some(), "{host}");
            }
        }
    }
}
