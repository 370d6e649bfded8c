//! One load: every file is read, everything wrong is collected, and only a good whole becomes a [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::outlet::OutletId;
use crate::model::watchlist::Watchlist;

use super::fault::Fault;
use super::files::{self, WatchFile};
use super::keys::{Key, keys};
use super::looks::Looks;
use super::merge::Merged;
use super::raw::{self, RawConfig};
use super::records::{self, RawRecords};
use super::report::{Report, Tally};
use super::secrets::{self, TokenFolders};
use super::section::Section;
use super::spans::{At, FileId, Origin, Position, Source, Sources, Spot};
use super::watchlist::{self, Extent};
use super::{
    BACKUPS, CACHE_MIB, Config, Environment, STATE_DIR, THREADS_TOKEN, TOKEN_FILE, WATCHLIST, accounts,
    builtin, check, lint, trial,
};

/// A configuration, if it has no errors, and everything there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    pub config: Option<Config>,
    pub report: Report,
    /// Where the configuration says that its state is, also where it has errors.
    pub state_dir: Option<PathBuf>,
    /// The file, where one was found.
    pub file: Option<PathBuf>,
    /// Where all of it was read.
    pub looks: Looks,
}

/// Reads the configuration and all files it names.
///
/// `path` is `--config`; without it the places of [`Environment`] and the usual ones are looked at. All errors
/// of all files are collected. `now` decides whether schedules ever fire.
pub fn load(path: Option<&Path>, environment: &Environment, now: DateTime<Utc>) -> Loaded {
    load_reading(path, environment, now, secrets::Reading::Tokens)
}

/// The same for somebody who is about to get a token, or does without: no token is read, and none is missed.
pub fn load_without_tokens(path: Option<&Path>, environment: &Environment, now: DateTime<Utc>) -> Loaded {
    load_reading(path, environment, now, secrets::Reading::Places)
}

fn load_reading(
    path: Option<&Path>,
    environment: &Environment,
    now: DateTime<Utc>,
    tokens: secrets::Reading,
) -> Loaded {
    let mut reading = Reading::default();
    let path = match files::find(path, environment) {
        Ok(path) => path,
        Err(fault) => {
            reading.faults.push(fault);
            return reading.refused();
        }
    };
    reading.looks.file(&path);
    let text = match files::read(&path) {
        Ok(text) => text,
        Err(fault) => {
            reading.faults.push(fault);
            return reading.refused();
        }
    };
    let file = reading.sources.add(Source { name: files::name(&path), text, origin: Origin::Own });
    let raw = reading.file(file, RawConfig::read);
    let folder = check::folder(&path);
    let usual =
        || WATCHLIST.map(|entry| At { value: entry.to_owned(), spot: Spot::new(file, 0..0) }).to_vec();
    let entries = raw.watchlist.clone().unwrap_or_else(usual);
    reading.looks.entries(&folder, &entries);
    reading.watch_files(&entries, &folder);
    let outlets = RawRecords { outlets: raw.outlets.clone(), ..RawRecords::default() };
    reading.merged.add(outlets, &mut reading.faults);
    reading.finish(raw, path, environment, tokens, now)
}

/// Checks configurations and lone watchlist files; the latter are laid over the built-in records.
pub fn check_files(paths: &[PathBuf], environment: &Environment, now: DateTime<Utc>) -> Report {
    let mut reading = Reading::default();
    let mut whole = Report::default();
    reading.builtin();
    for path in paths {
        match files::read(path) {
            Ok(text) if is_watchlist(path, &text) => {
                let source = Source { name: files::name(path), text, origin: Origin::Own };
                reading.records(source);
            }
            Ok(_) => whole.absorb(load(Some(path), environment, now).report),
            Err(fault) => reading.faults.push(fault),
        }
    }
    if reading.sources.own_files() > 0 || !reading.faults.is_empty() {
        let watchlist = watchlist::build(&reading.merged, reading.extent, &mut reading.faults);
        lint::records(&reading.merged, &reading.sources, &mut reading.faults);
        let tally = reading.tally(&watchlist, 0);
        whole.absorb(Report::new(&reading.sources, reading.faults, tally));
    }
    whole
}

/// Whether a file holds records only. Every key that is not of a record makes it a configuration.
fn is_watchlist(path: &Path, text: &str) -> bool {
    let (table, _) = toml::de::DeTable::parse_recoverable(text);
    let has = |key: &str| table.get_ref().contains_key(key);
    let is_config = |key: &Key| !key.name.contains('.') && key.name != "outlet" && has(key.name);
    let sections = ["schedule", "sources", "review", "publish", "alert", "web", "store", "backup", "keep"];
    path.file_name().is_none_or(|name| name != "config.toml")
        && records::RECORD_KEYS.iter().any(|key| has(key))
        && !keys().iter().any(is_config)
        && !sections.iter().any(|section| has(section))
}

/// A load under way.
#[derive(Debug)]
struct Reading {
    sources: Sources,
    faults: Vec<Fault>,
    merged: Merged,
    extent: Extent,
    looks: Looks,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading {
            sources: Sources::default(),
            faults: Vec::new(),
            merged: Merged::default(),
            extent: Extent::Whole,
            looks: Looks::default(),
        }
    }
}

/// Syntax errors of one file beyond these are the echo of the first.
const SYNTAX_ERRORS: usize = 10;

impl Reading {
    fn refused(self) -> Loaded {
        let report = Report::new(&self.sources, self.faults, Tally::default());
        Loaded { config: None, report, state_dir: None, file: None, looks: self.looks }
    }

    /// Reads one file. Where its syntax is broken only that is reported: what is missing may just be unreadable.
    fn file<T>(&mut self, file: FileId, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let text = self.sources.get(file).text.clone();
        let (table, errors) = toml::de::DeTable::parse_recoverable(&text);
        if errors.is_empty() {
            return Section::top(table.get_ref(), file, &mut self.faults, read);
        }
        self.extent = Extent::Partial;
        for error in errors.into_iter().take(SYNTAX_ERRORS) {
            let (what, expected) = match error.message().split_once(", expected ") {
                Some((what, expected)) => (what.to_owned(), Some(expected.to_owned())),
                None => (error.message().to_owned(), None),
            };
            let spot = Spot::new(file, error.span().unwrap_or(0..0));
            let fault = Fault::error("not TOML").at(spot).label(what);
            self.faults.push(match expected {
                Some(expected) => fault.expected(expected),
                None => fault,
            });
        }
        Section::top(table.get_ref(), file, &mut Vec::new(), read)
    }

    fn records(&mut self, source: Source) {
        let file = self.sources.add(source);
        let records = self.file(file, RawRecords::read);
        self.merged.add(records, &mut self.faults);
    }

    fn builtin(&mut self) {
        for (name, text) in builtin::FILES {
            let name = format!("builtin/{name}");
            self.records(Source { name, text: (*text).to_owned(), origin: Origin::Builtin });
        }
    }

    fn watch_files(&mut self, entries: &[At<String>], folder: &Path) {
        for At { value: entry, spot } in files::expand(entries, folder, &mut self.faults) {
            let path = match entry {
                WatchFile::Builtin => {
                    self.builtin();
                    continue;
                }
                WatchFile::Path(path) => path,
            };
            match files::read(&path) {
                Ok(text) => {
                    self.records(Source { name: files::name(&path), text, origin: Origin::Own });
                }
                Err(fault) => {
                    self.extent = Extent::Partial;
                    self.faults.push(fault.at(spot));
                }
            }
        }
    }

    fn tally(&self, watchlist: &Watchlist, accounts: usize) -> Tally {
        Tally {
            files: self.sources.own_files(),
            outlets: watchlist.outlets.len(),
            accounts,
            feeds: watchlist.outlets.values().map(|outlet| outlet.feeds.len()).sum(),
        }
    }

    fn finish(
        mut self,
        raw: RawConfig,
        path: PathBuf,
        environment: &Environment,
        tokens: secrets::Reading,
        now: DateTime<Utc>,
    ) -> Loaded {
        let faults = &mut self.faults;
        let folder = check::folder(&path);
        let state_dir = raw::given(&raw.state_dir).map_or(STATE_DIR, |dir| &dir.value);
        let state_dir = folder.join(state_dir);
        let credentials = environment.credentials_dir.as_deref();
        let folders = TokenFolders { credentials, config: &folder, state: &state_dir, reading: tokens };
        let publishing = raw::given(&raw.fediverse.token_file).map_or(TOKEN_FILE, |file| &file.value);
        let reading = raw.mastodon.tokens.iter().map(|(_, file)| file.value.as_str());
        let alerts = raw::given(&raw.webhook_token).map(|file| file.value.as_str());
        let threads = raw::given(&raw.threads.token_file).map_or(THREADS_TOKEN, |file| &file.value);
        reading.chain([publishing, threads]).chain(alerts).for_each(|file| self.looks.token(file, folders));
        let watchlist = watchlist::build(&self.merged, self.extent, faults);
        let ids = self.merged.outlets.iter().map(|outlet| &outlet.id.value).collect();
        let known = accounts::Known { ids: &ids, extent: self.extent };
        let listings = accounts::listings(&raw, &watchlist, known, faults);
        let hosts = trial::hosts(&raw.hosts, faults);
        trial::confine(&raw, &self.merged, &self.sources, &hosts, faults);
        let is_off = |id: &str| {
            let outlet = OutletId::parse(id).and_then(|id| watchlist.outlets.get(&id));
            outlet.is_some_and(|outlet| !outlet.enabled)
        };
        lint::settings(&raw, is_off, faults);
        lint::backups(&raw, &folder, &state_dir, faults);
        lint::records(&self.merged, &self.sources, faults);
        let fediverse = check::fediverse(&raw, folders, faults);
        let config = Config {
            listings,
            contact: check::contact(&raw, faults),
            schedule: check::schedule(&raw, now, faults),
            mastodon: check::mastodon(&raw, folders, faults),
            bluesky: check::bluesky(&raw, faults),
            threads: check::threads(&raw.threads, folders, faults),
            pages: check::pages(&raw),
            feeds: check::feeds(&raw),
            review: check::review(&raw.review, faults),
            publish: check::publish(&raw, &fediverse, folders, faults),
            fediverse,
            alert: check::alert(&raw, folders, faults),
            web: check::web(&raw, faults),
            backup_dir: raw::given(&raw.backup_dir)
                .map_or_else(|| state_dir.join(BACKUPS), |dir| folder.join(&dir.value)),
            keep: check::keep(&raw.keep),
            store_cache_mib: raw.cache_mib.as_ref().map_or(CACHE_MIB, |number| number.value),
            clock: trial::clock(raw.clock.as_ref(), faults),
            hosts,
            places: places(&raw, &self.sources),
            path: Some(path),
            environment: environment.clone(),
            watchlist,
            state_dir,
        };
        let tally = self.tally(&config.watchlist, config.listings.len());
        let report = Report::new(&self.sources, self.faults, tally);
        let (state_dir, file) = (Some(config.state_dir.clone()), config.path.clone());
        Loaded { config: report.is_good().then_some(config), report, state_dir, file, looks: self.looks }
    }
}

/// Where the keys stand that can be refused after the files were found good: what a running service cannot change, and
/// what another program may have taken.
fn places(raw: &RawConfig, sources: &Sources) -> BTreeMap<&'static str, String> {
    let spots = [
        ("state_dir", raw.state_dir.as_ref().map(|it| it.spot)),
        ("contact", raw.contact.as_ref().map(|it| it.spot)),
        ("[clock]", raw.clock.as_ref().map(|it| it.spot)),
        ("[hosts]", raw.hosts.first().map(|(name, _)| name.spot)),
        ("[store] cache_mib", raw.cache_mib.as_ref().map(|it| it.spot)),
        ("[web] listen", raw.listen.as_ref().map(|it| it.spot)),
    ];
    let place = |spot: Spot| {
        let Position { line, column } = sources.position(spot);
        format!("{}:{line}:{column}", sources.get(spot.file).name)
    };
    spots.into_iter().filter_map(|(key, spot)| Some((key, place(spot?)))).collect()
}
