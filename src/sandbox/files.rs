//! The files of a sandbox: a configuration that points at the world, its watchlist, tokens and seed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::Duration;
use serde::Deserialize;

use crate::clock::Scale;
use crate::model::account::Host;

use super::SandboxError;
use super::cast::Desk;
use super::story::{BOT_SITE, HOME, Story};
use super::threads::{self, Access};
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

    /// Who logged in to which server.
    pub fn grants(&self) -> PathBuf {
        self.dir.join("grants.json")
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

    /// The story of an earlier run; this one's where there was none. Worlds from before there were two stories
    /// play the official one.
    pub fn story(&self, story: Story) -> Result<Story, SandboxError> {
        let path = self.dir.join("story");
        let kept = read(&path)?;
        let known = [Story::Official, Story::Founding];
        match kept.as_deref().map(str::trim) {
            Some(name) => known.into_iter().find(|story| story.name() == name).ok_or_else(|| {
                let why = format!("`{name}` is not a story; expected official or founding");
                SandboxError::Config { path, why }
            }),
            None if self.config().exists() => Ok(Story::Official),
            None => {
                write(&path, &format!("{}\n", story.name()), 0o644)?;
                Ok(story)
            }
        }
    }

    /// Writes the configuration, and the watchlist and tokens that it names where they are missing.
    pub fn write(&self, story: Story, kept: &Kept, desks: &[&Desk]) -> Result<(), SandboxError> {
        let more = (story == Story::Founding).then_some(("story_founding.toml", watchlist::FOUNDING));
        for (name, text) in std::iter::once(("story.toml", watchlist::OFFICIAL)).chain(more) {
            let path = self.dir.join("watchlist").join(name);
            if !path.exists() {
                write(&path, text, 0o644)?;
            }
        }
        for desk in desks {
            write(&self.dir.join(token_file(desk.acct.host())), &format!("{}\n", desk.token), 0o600)?;
        }
        // Somebody may have logged in with another one.
        let path = self.dir.join(THREADS_TOKEN);
        if !path.exists() {
            let token = threads::long(Access::Advanced, kept.clock.origin - Duration::days(2));
            write(&path, &format!("{token}\n"), 0o600)?;
        }
        write(&self.config(), &configuration(story, kept), 0o644)
    }
}

/// What the founding story adds to the configuration.
const FEEDS: &str = "
[sources.feeds]
enabled = true
";
const DISCOVERING: &str = r#"discover = ["timelines", "mentions", "search", "tags"]"#;
const REVIEWING: &str = "undisclosed = 2
reviewers = [\"ada\", \"ben\"]
";

const THREADS_TOKEN: &str = "threads.token";

fn token_file(host: &Host) -> String {
    format!("{}.token", host.name().split('.').next().unwrap_or_default())
}

fn configuration(story: Story, kept: &Kept) -> String {
    let (digest, sources, review) = match story {
        Story::Official => ("0 0 9 * * *", r#"discover = ["search"]"#, ""),
        Story::Founding => ("0 0 9 * * Mon", DISCOVERING, REVIEWING),
    };
    let feeds = if story == Story::Founding { FEEDS } else { "" };
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
digest = "{digest}"

[sources.pages]
enabled = true
{feeds}
[sources.mastodon]
enabled = true
servers = ["{HOME}", "two.example"]
{sources}
tokens = {{ "{HOME}" = "social.token", "two.example" = "two.token" }}

[sources.bluesky]
enabled = true
[sources.threads]
enabled = true
token_file = "{THREADS_TOKEN}"

[review]
official = 0
{review}
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
        for story in [Story::Official, Story::Founding] {
            files.write(story, &kept, &[]).unwrap();
            assert_eq!(files.kept().unwrap().as_ref(), Some(&kept));
        }
    }

    #[test]
    fn the_first_seed_stays() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        assert_eq!(files.seed(5).unwrap(), 5);
        assert_eq!(files.seed(6).unwrap(), 5);
    }

    #[test]
    fn the_first_story_stays_and_a_world_without_one_is_official() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        assert_eq!(files.story(Story::Founding).unwrap(), Story::Founding);
        assert_eq!(files.story(Story::Official).unwrap(), Story::Founding);
        std::fs::remove_file(dir.path().join("story")).unwrap();
        std::fs::write(files.config(), "").unwrap();
        assert_eq!(files.story(Story::Founding).unwrap(), Story::Official);
    }

    #[test]
    fn the_watchlists_name_only_hosts_and_feeds_of_the_world() {
        for (text, story) in [(watchlist::OFFICIAL, Story::Official), (watchlist::FOUNDING, Story::Founding)]
        {
            let watchlist: toml::Table = text.parse().unwrap();
            let world = story.world(1, story::ORIGIN);
            let records = ["outlet", "not_state_controlled"].into_iter();
            for record in records.filter_map(|kind| watchlist.get(kind)?.as_array()).flatten() {
                let texts = |name: &str| record.get(name).and_then(|list| list.as_array()).cloned();
                for domain in texts("domains").unwrap_or_default() {
                    let host = Host::parse(domain.as_str().unwrap()).unwrap();
                    assert!(world.site(&host).is_some(), "{host}");
                }
                for feed in texts("feeds").unwrap_or_default() {
                    let url = url::Url::parse(feed["url"].as_str().unwrap()).unwrap();
                    let site = world.site(&Host::parse(url.host_str().unwrap()).unwrap()).unwrap();
                    assert!(site.channels.iter().any(|channel| channel.path == url.path()), "{url}");
                }
            }
        }
    }
}
