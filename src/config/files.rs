//! Finding and reading the files of a configuration.

use std::fs;
use std::path::{Path, PathBuf};

use super::Environment;
use super::fault::Fault;
use super::spans::At;

/// Where a configuration is looked for when nobody names one.
const PLACES: [&str; 2] = ["config.toml", "/etc/masthead/config.toml"];
/// Larger files are no configuration.
pub(super) const LARGEST: u64 = 4 * 1024 * 1024;
/// More files than that are a pattern gone wrong.
const MOST_FILES: usize = 500;

/// One entry of `watchlist` after its pattern was looked up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WatchFile {
    Builtin,
    Path(PathBuf),
}

/// The configuration file to use: `--config`, then `$MASTHEAD_CONFIG`, then the usual places.
pub(super) fn find(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, Fault> {
    if let Some(path) = path {
        return Ok(path.to_owned());
    }
    if let Some(path) = &environment.masthead_config {
        return match path.exists() {
            true => Ok(path.clone()),
            false => Err(Fault::error(format!("$MASTHEAD_CONFIG names {}", path.display()))
                .label("there is no such file")
                .help("unset MASTHEAD_CONFIG, or write the file")),
        };
    }
    let found = PLACES.iter().map(PathBuf::from).find(|place| place.exists());
    found.ok_or_else(|| {
        Fault::error("no configuration found")
            .label("looked for --config, $MASTHEAD_CONFIG, ./config.toml and /etc/masthead/config.toml")
            .help("masthead init   writes one here that runs as it is, without credentials")
    })
}

/// The text of a file, or why there is none.
pub(super) fn read(path: &Path) -> Result<String, Fault> {
    let refused = |why: String| Fault::error(format!("cannot read {}", name(path))).label(why);
    let about = fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    if !about.is_file() {
        return Err(refused("it is not a file".to_owned()));
    }
    if about.len() > LARGEST {
        return Err(refused(format!("it has {} bytes; expected at most {LARGEST}", about.len())));
    }
    let bytes = fs::read(path).map_err(|error| refused(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        refused(format!("byte {} is not UTF-8; expected TOML text", error.utf8_error().valid_up_to() + 1))
    })
}

/// A path as messages print it.
pub(super) fn name(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Looks up the entries of `watchlist` in order; a file that two entries name is read once.
pub(super) fn expand(entries: &[At<String>], folder: &Path, faults: &mut Vec<Fault>) -> Vec<At<WatchFile>> {
    let mut files: Vec<At<WatchFile>> = Vec::new();
    for entry in entries {
        match matching(&entry.value, folder) {
            Ok(found) => {
                for file in found {
                    if !files.iter().any(|known| known.value == file) {
                        files.push(At { value: file, spot: entry.spot });
                    }
                }
            }
            Err(fault) => faults.push(fault.at(entry.spot)),
        }
    }
    if let Some(first) = files.get(MOST_FILES) {
        let fault = Fault::error(format!("{} watchlist files", files.len())).at(first.spot);
        faults.push(fault.expected(format!("at most {MOST_FILES}")));
        files.truncate(MOST_FILES);
    }
    files
}

/// The files of one entry of `watchlist`.
pub(super) fn matching(entry: &str, folder: &Path) -> Result<Vec<WatchFile>, Fault> {
    if entry == "builtin" {
        return Ok(vec![WatchFile::Builtin]);
    }
    let path = folder.join(entry);
    let is_folder = entry.is_empty() || entry.ends_with('/');
    let (Some(pattern), Some(parent)) =
        (path.file_name().and_then(|name| name.to_str()).filter(|_| !is_folder), path.parent())
    else {
        return Err(Fault::error("not a file")
            .label("this names no file")
            .expected("\"builtin\", a file, or a pattern like \"watchlist.d/*.toml\""));
    };
    if parent.to_string_lossy().contains('*') {
        return Err(Fault::error("pattern in a folder's name")
            .label("* is understood in the name of the file only")
            .help("write one entry for each folder"));
    }
    if !pattern.contains('*') {
        return match path.exists() {
            true => Ok(vec![WatchFile::Path(path)]),
            false => Err(Fault::error("watchlist file that does not exist")
                .label(format!("{} is not there", name(&path)))
                .help("a pattern with * may match nothing")),
        };
    }
    // A folder that is not there matches nothing, so that the example runs as it is.
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let fault = Fault::error(format!("cannot read {}", name(parent)));
            return Err(fault.label(error.to_string()));
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        // What an editor leaves behind begins with a dot.
        .filter(|name| !name.starts_with('.') && fits(name, pattern))
        .collect();
    names.sort();
    Ok(names.into_iter().map(|name| WatchFile::Path(parent.join(name))).collect())
}

/// Whether a name fits a pattern in which `*` stands for any run of characters.
fn fits(name: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (name, pattern, fit) in [
            ("mine.toml", "*.toml", true),
            ("mine.toml.bak", "*.toml", false),
            ("cn-mine.toml", "cn-*.toml", true),
            ("cn.toml", "cn-*.toml", false),
            ("a1b2c", "a*b*c", true),
            ("ac", "a*b*c", false),
            ("aa", "aa*a", false),
            ("mine.toml", "mine.toml", true),
        ] {
            assert_eq!(fits(name, pattern), fit, "{name} {pattern}");
        }
    }
}
