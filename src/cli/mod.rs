//! The command line: reads what was typed, asks the service or the store, prints the answer.

pub mod args;
mod completions;
mod desk;
mod digest;
mod explain;
mod init;
mod login;
mod render;
mod service;
mod table;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::config::{self, Config, Environment, Loaded, Paint};
use crate::cycle::commands::{Answer, Request};
use crate::ledger;
use crate::model::outlet::OutletId;
use args::login::Login;
use args::review::Review;
use args::{Cli, Command};

/// Exit codes, part of the contract.
pub mod exit {
    /// Faults were found or the command could not be done.
    pub const FAULTS: u8 = 1;
    pub const SAFE_MODE: u8 = 4;
    pub const STORAGE: u8 = 5;
}

/// Does everything but `run` and `sandbox`, which are doors of their own.
pub async fn run(cli: Cli, environment: Environment, now: DateTime<Utc>) -> anyhow::Result<ExitCode> {
    let path = cli.config.as_deref();
    match cli.command {
        Command::Check { ref files } => check(&cli, files, environment, now),
        Command::Config { .. } => keys(cli.json),
        Command::Method => {
            put(&if cli.json { as_json(&render::method_as_json())? } else { render::method() })?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Outlets { ref id } => outlets(&load(path, environment, now)?, id.as_deref(), cli.json),
        Command::Review { all, what } => {
            let what = match what {
                None => Review::List { all },
                Some(what) => {
                    anyhow::ensure!(!all, "write --all behind the word that it is for");
                    what
                }
            };
            desk::review(load(path, environment.clone(), now)?, &environment, what, cli.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Reviewer { what } => {
            desk::reviewer(load(path, environment, now)?, what, cli.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Init(ref wanted) => {
            init::init(wanted, cli.json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            completions::completions(shell)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Help { ref command, all } => {
            put(&args::help::about(command, all))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Login { what: Login::Fediverse(ref typed) } => {
            login::fediverse(path, &environment, typed, now, cli.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify => verify(&load(path, environment, now)?, cli.json),
        command => {
            let config = load(path, environment, now)?;
            let request = request(command)?;
            let answer = service::ask(config, request).await?;
            print(&answer, cli.json)?;
            Ok(exit_code(&answer))
        }
    }
}

/// An answer as the commands print it for people, tables as wide as they like.
pub fn render(answer: &Answer) -> String {
    render::answer(answer, None)
}

/// The question behind a command that needs the store.
fn request(command: Command) -> anyhow::Result<Request> {
    Ok(match command {
        Command::Accounts => Request::Accounts,
        Command::Explain { account } => Request::Explain { account },
        Command::Targets => Request::Targets,
        Command::Collect { .. } => Request::Collect,
        Command::Judge { .. } => Request::JudgeAll,
        Command::Digest { dry_run } => Request::Digest { dry_run },
        Command::Halt { why } => Request::Halt { why },
        Command::Resume { by, namings: false } => Request::Resume { by },
        Command::Resume { by, namings: true } => Request::ResumeNamings { by },
        Command::Reconcile { by } => Request::Reconcile { by },
        other => anyhow::bail!("{other:?} is not answered by the store"),
    })
}

/// Loads the configuration, or prints every error in it and says so.
pub fn load(path: Option<&Path>, environment: Environment, now: DateTime<Utc>) -> anyhow::Result<Config> {
    let Loaded { config, report } = config::load(path, &environment, now);
    config.ok_or_else(|| {
        eprint!("{}", report.text(Paint::Plain));
        anyhow::anyhow!("the configuration has errors")
    })
}

fn check(
    cli: &Cli,
    files: &[PathBuf],
    environment: Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let report = match files {
        [] => config::load(cli.config.as_deref(), &environment, now).report,
        files => config::check_files(files, &environment, now),
    };
    let paint = if io::stdout().is_terminal() { Paint::Colour } else { Paint::Plain };
    put(&if cli.json { as_json(&report)? } else { report.text(paint) })?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAULTS) })
}

fn keys(json: bool) -> anyhow::Result<ExitCode> {
    let line =
        |key: &config::Key| format!("{:<28} {:<22} {}\n", key.name, key.default.unwrap_or("-"), key.reason);
    put(&if json { as_json(config::keys())? } else { config::keys().iter().map(line).collect() })?;
    Ok(ExitCode::SUCCESS)
}

fn outlets(config: &Config, id: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let watchlist = &config.watchlist;
    let only = match id {
        None => None,
        Some(text) => {
            let outlet = OutletId::parse(text).and_then(|id| watchlist.outlet(&id));
            Some(outlet.with_context(|| format!("`{text}` is no outlet; `masthead outlets` lists them"))?)
        }
    };
    let all = || only.map_or_else(|| watchlist.outlets.values().collect(), |outlet| vec![outlet]);
    put(&if json { as_json(&all())? } else { render::outlets(watchlist, only, room()) })?;
    Ok(ExitCode::SUCCESS)
}

/// Checks the ledger without the store, also while the service runs.
fn verify(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let verified = ledger::verify(&config.state_dir).context("verify the ledger")?;
    put(&if json { as_json(&verified)? } else { digest::verified(&verified) })?;
    Ok(if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAULTS) })
}

fn print(answer: &Answer, json: bool) -> anyhow::Result<()> {
    put(&if json { as_json(answer)? } else { render::answer(answer, room()) })
}

fn as_json(answer: &(impl serde::Serialize + ?Sized)) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(answer).context("write the answer as JSON")? + "\n")
}

/// Prints to stdout. A reader that has seen enough, like `head`, is no error.
fn put(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("print the answer"),
    }
}

/// How wide tables may be: as `$COLUMNS` says, else as the terminal is; elsewhere there is no limit.
fn room() -> Option<u16> {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col);
    told.or_else(terminal).filter(|columns| *columns > 0)
}

/// A digest refused in safe mode has its own exit code; everything else that answers is well.
fn exit_code(answer: &Answer) -> ExitCode {
    match answer {
        Answer::Digest(report) if report.safe_mode.is_some() => ExitCode::from(exit::SAFE_MODE),
        _ => ExitCode::SUCCESS,
    }
}
