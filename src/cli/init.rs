//! The first files: configuration, watchlist and units, written out of the program itself and never over what is there.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::args::init::Init;
use super::{json, put};

const CONFIG: &str = include_str!("../../config.toml.example");
const WATCHLIST: &str = include_str!("../../watchlist.toml.example");

/// Where a file of a system belongs, and what it says.
type SystemFile = (&'static str, &'static str);

const SYSTEM: [SystemFile; 5] = [
    ("etc/systemd/system/masthead.service", include_str!("../../systemd/masthead.service")),
    ("etc/systemd/system/masthead-backup.service", include_str!("../../systemd/masthead-backup.service")),
    ("etc/systemd/system/masthead-backup.timer", include_str!("../../systemd/masthead-backup.timer")),
    ("etc/sysusers.d/masthead.conf", include_str!("../../systemd/masthead.sysusers")),
    ("etc/tmpfiles.d/masthead.conf", include_str!("../../systemd/masthead.tmpfiles")),
];

/// Where the units look for the program.
const PROGRAM: &str = "/usr/local/bin/masthead";

/// Lines of a difference that are shown.
const MOST_LINES: usize = 6;

/// What became of one file.
#[derive(Debug, Serialize)]
struct Outcome {
    path: PathBuf,
    #[serde(flatten)]
    state: State,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    Written,
    /// It is there, and would be written like this.
    Same,
    /// It is there and says something else; left alone.
    Differs {
        theirs: Vec<String>,
        ours: Vec<String>,
    },
}

/// Writes what is missing, says what is there, and what comes next.
pub(super) fn init(wanted: &Init, json: bool) -> anyhow::Result<()> {
    let root = wanted.dir.clone().unwrap_or_else(|| PathBuf::from(if wanted.systemd { "/" } else { "." }));
    let folder = if wanted.systemd { root.join("etc/masthead") } else { root.clone() };
    let config = if wanted.systemd { of_system(CONFIG) } else { CONFIG.to_owned() };
    let mut outcomes = vec![
        place(&folder.join("config.toml"), &config)?,
        place(&folder.join("watchlist.d/mine.toml"), WATCHLIST)?,
    ];
    let program = Program::of_process();
    if wanted.systemd {
        for (path, text) in SYSTEM {
            outcomes.push(place(&root.join(path), &text.replace(PROGRAM, program.in_units()))?);
        }
    }
    if json {
        return put(&json::of_rows("init", &outcomes)?);
    }
    let mut text: String = outcomes.iter().map(Outcome::line).collect();
    text.push_str("\nNext\n");
    let steps = if wanted.systemd { steps_of_system(&root, &program) } else { steps_here(&folder) };
    for (number, step) in (1..).zip(steps) {
        let _ = writeln!(text, "  {number}. {step}");
    }
    put(&text)
}

/// The configuration with its state where the unit has it.
fn of_system(config: &str) -> String {
    config.replacen("state_dir = \"./data\"          ", "state_dir = \"/var/lib/masthead\"", 1)
}

/// Where this program is, and whether a service could start it from there.
struct Program {
    here: Option<PathBuf>,
}

impl Program {
    fn of_process() -> Program {
        Program { here: std::env::current_exe().ok() }
    }

    /// The unit does not see home directories, and programs under /tmp go.
    fn in_units(&self) -> &str {
        let here = self.here.as_deref().and_then(Path::to_str);
        here.filter(|path| path.starts_with("/usr/") || path.starts_with("/opt/")).unwrap_or(PROGRAM)
    }

    /// The step that brings it where the unit looks.
    fn step(&self) -> Option<String> {
        let here = self.here.as_deref().filter(|here| *here != Path::new(self.in_units()))?;
        Some(format!("install -m 755 {} {PROGRAM}", here.display()))
    }
}

fn place(path: &Path, text: &str) -> anyhow::Result<Outcome> {
    let doing = || format!("write {}; run this as root, or --dir names another place", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o755).create(folder).with_context(doing)?;
    }
    let path = path.to_owned();
    let state = match OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).with_context(doing)?;
            file.sync_all().with_context(doing)?;
            State::Written
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let bytes =
                fs::read(&path).with_context(|| format!("read {}, which is there", path.display()))?;
            difference(&String::from_utf8_lossy(&bytes), text)
        }
        Err(error) => return Err(error).with_context(doing),
    };
    Ok(Outcome { path, state })
}

/// Lines that only one of them has.
fn difference(theirs: &str, ours: &str) -> State {
    if theirs == ours {
        return State::Same;
    }
    let only = |these: &str, those: &str| -> Vec<String> {
        let lines = these.lines().filter(|line| !those.lines().any(|other| other == *line));
        lines.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    };
    State::Differs { theirs: only(theirs, ours), ours: only(ours, theirs) }
}

impl Outcome {
    fn line(&self) -> String {
        let path = self.path.display();
        match &self.state {
            State::Written => format!("written  {path}\n"),
            State::Same => format!("there    {path}\n"),
            State::Differs { theirs, ours } => {
                let mut text = format!("kept     {path}, which differs from what this program would write\n");
                for (sign, lines) in [('-', theirs), ('+', ours)] {
                    for line in lines.iter().take(MOST_LINES) {
                        let _ = writeln!(text, "         {sign} {line}");
                    }
                    if lines.len() > MOST_LINES {
                        let _ = writeln!(text, "         {sign} … {} lines more", lines.len() - MOST_LINES);
                    }
                }
                text
            }
        }
    }
}

fn steps_here(folder: &Path) -> Vec<String> {
    let config = folder.join("config.toml");
    let option =
        if folder == Path::new(".") { String::new() } else { format!(" --config {}", config.display()) };
    vec![
        format!(
            "masthead run{option}              runs as it is: pages on http://127.0.0.1:8787, nothing posted"
        ),
        format!(
            "edit {}: `contact`, then the servers in [sources.mastodon]; masthead check{option}",
            config.display()
        ),
        format!("with `[publish.fediverse] server` set: masthead login fediverse{option}"),
    ]
}

fn steps_of_system(root: &Path, program: &Program) -> Vec<String> {
    let config = root.join("etc/masthead/config.toml");
    let prepare = "systemd-sysusers && systemd-tmpfiles --create masthead.conf && systemctl daemon-reload";
    let prepare = program.step().into_iter().chain([prepare.to_owned()]).collect::<Vec<_>>().join(" && ");
    vec![
        prepare,
        format!(
            "edit {}: `contact`, the servers; masthead check && systemctl enable --now masthead masthead-backup.timer",
            config.display()
        ),
        "with `[publish.fediverse] server` set: masthead login fediverse, as root".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_configuration_differs_from_the_example_in_its_state_only() {
        let system = of_system(CONFIG);
        let State::Differs { theirs, ours } = difference(&system, CONFIG) else {
            panic!("they are the same")
        };
        assert_eq!((theirs.len(), ours.len()), (1, 1));
        assert!(theirs[0].starts_with("state_dir = \"/var/lib/masthead\" "), "{theirs:?}");
    }
}
