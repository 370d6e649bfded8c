//! The command line: reads what was typed, asks the service or the store, prints the answer.

pub mod args;
mod care;
mod completions;
mod desk;
mod digest;
mod doctor;
mod explain;
pub mod filters;
mod init;
mod json;
mod login;
mod owner;
mod plan;
mod render;
mod scout;
mod service;
mod site;
mod table;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::config::{self, Config, Environment, Loaded, Looks, Paint, Report};
use crate::cycle::commands::{Answer, Request};
use crate::cycle::reload::InForce;
use crate::ledger;
use crate::model::health::Line;
use crate::model::outlet::OutletId;
use args::login::Login;
use args::review::Review;
use args::{Cli, Command};
pub use owner::refuse_foreign;

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
            put(&if cli.json { json::of("method", &render::method_as_json())? } else { render::method() })?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Outlets { what: Some(ref what), .. } => {
            scout::scout(&load(path, environment, now)?, what, cli.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Outlets { ref id, ref only, .. } => {
            outlets(&load(path, environment, now)?, id.as_deref(), only, cli.json)
        }
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
        Command::Resume { namings, ref signer } => {
            let config = load(path, environment.clone(), now)?;
            let request = desk::resume(&config, &environment, namings, signer)?;
            print(&service::ask(config, request).await?, cli.json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Care(what) => care::run(path, &environment, what, now, cli.json).await,
        Command::Plan { backup } => {
            let plan = plan::ask(path, backup, environment, now).await?;
            print(&Answer::Planned(plan), cli.json)?;
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
            put(&table::fitted(&args::help::about(command, all), room()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Login { ref what } => {
            match what {
                Login::Fediverse(typed) => login::fediverse(path, &environment, typed, now, cli.json).await?,
                Login::Threads(typed) => login::threads(path, &environment, typed, now, cli.json).await?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify => verify(&load(path, environment, now)?, cli.json),
        command => of_store(command, path, environment, now, cli.json).await,
    }
}

/// What the service or the store answers.
async fn of_store(
    command: Command,
    path: Option<&Path>,
    environment: Environment,
    now: DateTime<Utc>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let only = if let Command::Accounts { only } = &command { only.clone() } else { Default::default() };
    let request = request(command)?;
    let mut answer = match ask_by_what_was_good(path, &environment, &request, now) {
        Some(answer) => answer?,
        None => service::ask(load(path, environment, now)?, request).await?,
    };
    if let Answer::Accounts { rows } = &mut answer {
        rows.retain(|row| only.lets_pass(row));
        if rows.is_empty() && only != filters::AccountFilter::default() && !json {
            put("no account is like that; `masthead accounts` lists all\n")?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    print(&answer, json)?;
    Ok(exit_code(&answer))
}

/// An answer as the commands print it for people, tables as wide as they like.
pub fn render(answer: &Answer) -> String {
    render::answer(answer, None)
}

/// A running service answers whatever became of the configuration since: nobody could stop it otherwise. `None` where
/// the configuration is good, or none runs.
fn ask_by_what_was_good(
    path: Option<&Path>,
    environment: &Environment,
    request: &Request,
    now: DateTime<Utc>,
) -> Option<anyhow::Result<Answer>> {
    let Loaded { config: None, report, state_dir: Some(state_dir), .. } =
        config::load(path, environment, now)
    else {
        return None;
    };
    let answer = service::ask_running(&state_dir, request.clone())?;
    let faults = report.closing_line();
    eprintln!("{faults}: see `masthead check`; the running bot answers by the configuration before");
    Some(answer)
}

/// The question behind a command that needs the store.
fn request(command: Command) -> anyhow::Result<Request> {
    Ok(match command {
        Command::Accounts { .. } => Request::Accounts,
        Command::Explain { account } => Request::Explain { account },
        Command::Targets => Request::Targets,
        Command::Doctor { offline } => Request::Doctor { asks: !offline },
        Command::Collect { .. } => Request::Collect,
        Command::Judge { .. } => Request::JudgeAll,
        Command::Digest { dry_run } => Request::Digest { dry_run },
        Command::Halt { why } => Request::Halt { why },
        Command::Reconcile { by } => Request::Reconcile { by },
        other => anyhow::bail!("{other:?} is not answered by the store"),
    })
}

/// Loads the configuration, or prints every error in it and says so.
pub fn load(path: Option<&Path>, environment: Environment, now: DateTime<Utc>) -> anyhow::Result<Config> {
    load_with_looks(path, environment, now).map(|(config, _)| config)
}

/// The same, and where all of it was read.
pub fn load_with_looks(
    path: Option<&Path>,
    environment: Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<(Config, Looks)> {
    good(config::load(path, &environment, now))
}

/// What was loaded, if it has no errors; else they are printed.
fn good(loaded: Loaded) -> anyhow::Result<(Config, Looks)> {
    let Loaded { config, report, looks, .. } = loaded;
    let config = config.ok_or_else(|| {
        eprint!("{}", report.text(Paint::Plain));
        anyhow::anyhow!("the configuration has errors")
    })?;
    Ok((config, looks))
}

/// What a check found, and what the running service makes of its configuration.
#[derive(serde::Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    report: &'a Report,
    in_force: Option<InForce>,
    /// What is wrong with its backups, which only the service meets: it may write to fewer places than whoever checks.
    backup: Option<Line>,
}

fn check(
    cli: &Cli,
    files: &[PathBuf],
    environment: Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let (report, in_force, backup) = match files {
        [] => {
            let Loaded { report, state_dir, .. } = config::load(cli.config.as_deref(), &environment, now);
            let in_force = state_dir.as_deref().and_then(service::in_force);
            let backup = state_dir.filter(|_| in_force.is_some());
            (report, in_force, backup.and_then(|state_dir| service::backup_trouble(&state_dir)))
        }
        files => (config::check_files(files, &environment, now), None, None),
    };
    let paint = if io::stdout().is_terminal() { Paint::Colour } else { Paint::Plain };
    if cli.json {
        put(&json::of("checked", &Checked { report: &report, in_force, backup })?)?;
    } else {
        let mut text = report.text(paint);
        if let Some(in_force) = in_force {
            text += &format!("\n{}", render::in_force(&in_force));
        }
        if let Some(Line { says, fix, .. }) = backup {
            text += &format!("\nThe running bot and its backups: {says}\n");
            text += &fix.map_or_else(String::new, |fix| format!("fix: {fix}\n"));
        }
        put(&text)?;
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAULTS) })
}

/// On a terminal with less the reason of a key stands below it; elsewhere a key is one line, for `grep`.
const LEAST_ROOM_FOR_KEYS: u16 = 120;

fn keys(json: bool) -> anyhow::Result<ExitCode> {
    let room = room();
    let is_narrow = room.is_some_and(|room| room < LEAST_ROOM_FOR_KEYS);
    let line = |key: &config::Key| match (is_narrow, key.default.unwrap_or("-")) {
        (false, default) => format!("{:<28} {default:<22} {}\n", key.name, key.reason),
        (true, default) => format!("{}  {default}\n    {}\n", key.name, key.reason),
    };
    let lines: String = config::keys().iter().map(line).collect();
    put(&if json { json::of_rows("keys", config::keys())? } else { table::fitted(&lines, room) })?;
    Ok(ExitCode::SUCCESS)
}

fn outlets(
    config: &Config,
    id: Option<&str>,
    wanted: &filters::OutletFilter,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let watchlist = &config.watchlist;
    let only = match id {
        None => None,
        Some(text) => {
            let outlet = OutletId::parse(text).and_then(|id| watchlist.outlet(&id));
            Some(outlet.with_context(|| format!("`{text}` is no outlet; `masthead outlets` lists them"))?)
        }
    };
    let listed = || watchlist.outlets.values().filter(|outlet| wanted.lets_pass(outlet)).collect::<Vec<_>>();
    put(&match only {
        _ if json => json::of_rows("outlets", &only.map_or_else(listed, |outlet| vec![outlet]))?,
        Some(outlet) => render::outlet_in_full(watchlist, outlet),
        None => render::outlets(&listed(), room()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Checks the ledger without the store, also while the service runs.
fn verify(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let verified = ledger::verify(&config.state_dir).context("verify the ledger")?;
    put(&if json { json::of("verified", &verified)? } else { digest::verified(&verified) })?;
    Ok(if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAULTS) })
}

fn print(answer: &Answer, json: bool) -> anyhow::Result<()> {
    put(&if json { json::of_answer(answer)? } else { render::answer(answer, room()) })
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

/// A digest refused in safe mode has its own exit code, and troubles are faults; everything else that answers is well.
fn exit_code(answer: &Answer) -> ExitCode {
    match answer {
        Answer::Digest(report) if report.safe_mode.is_some() => ExitCode::from(exit::SAFE_MODE),
        Answer::Digest(report) if report.halted.is_some() => ExitCode::from(exit::FAULTS),
        Answer::Reconciled(report) if report.wrong_account.is_some() => ExitCode::from(exit::FAULTS),
        Answer::Doctor(health) if health.needs() > 0 => ExitCode::from(exit::FAULTS),
        _ => ExitCode::SUCCESS,
    }
}
