//! The help: the ten daily commands by what a person wants to do, and all of them on request.

use clap::{Command, CommandFactory as _, FromArgMatches as _};

use super::Cli;

/// What `masthead`, `masthead help` and `masthead --help` print.
const DAILY: [(&str, &[(&str, &str)]); 4] = [
    (
        "Set it up",
        &[
            ("init [--systemd]", "write the first configuration and units"),
            ("check", "every error in your files, with its place"),
            ("login fediverse", "log in to the account that posts"),
        ],
    ),
    ("Run it", &[("run", "the service: polls, judges, posts, serves pages")]),
    (
        "See what it sees",
        &[
            ("doctor", "how everything stands; what needs you comes first"),
            ("accounts", "accounts that were seen and what they are"),
            ("explain ACCT", "why an account is or is not named"),
        ],
    ),
    (
        "Decide what is said",
        &[
            ("review", "what waits: show, approve, dismiss, retract"),
            ("digest --dry-run", "the next digest's posts; without it: posts them"),
            ("halt --why TEXT", "stop all posting at once; `resume` goes on"),
        ],
    ),
];

impl Cli {
    /// What was typed. Prints help, or what was wrong with it, and ends the process where that is all.
    pub fn of_process() -> Cli {
        let mut words: Vec<_> = std::env::args_os().collect();
        if words.len() <= 1 {
            words.truncate(1);
            words.push("--help".into());
        }
        let matches = Cli::command().override_help(daily()).get_matches_from(words);
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The help about a command, or about all of them.
pub(in crate::cli) fn about(words: &[String], all: bool) -> String {
    match (words, all) {
        ([], false) => daily(),
        ([], true) => whole(Cli::command()),
        (words, _) => {
            let line = std::iter::once("masthead").chain(words.iter().map(String::as_str)).chain(["--help"]);
            // What clap has to say of a word that it does not know ends the process with its code.
            match Cli::command().try_get_matches_from(line) {
                Err(error) if error.use_stderr() => error.exit(),
                Err(error) => error.to_string(),
                Ok(_) => daily(),
            }
        }
    }
}

fn whole(mut command: Command) -> String {
    command.render_long_help().to_string()
}

fn daily() -> String {
    let widest = DAILY.iter().flat_map(|(_, lines)| *lines).map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let mut text = "Masthead tells people who is behind an account.\n".to_owned();
    for (purpose, lines) in DAILY {
        text.push_str(&format!("\n{purpose}\n"));
        for (typed, does) in lines {
            text.push_str(&format!("  masthead {typed:<widest$}  {does}\n"));
        }
    }
    text.push_str(
        "\nmasthead help COMMAND      one command, with examples\n\
         masthead help --all        all commands and the exit codes\n\
         --config FILE              else $MASTHEAD_CONFIG, ./config.toml,\n\
         \u{20}                          /etc/masthead/config.toml\n\
         --json                     for machines\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Vec<Command> {
        Cli::command().get_subcommands().cloned().collect()
    }

    #[test]
    fn ten_commands_are_daily_and_each_can_be_typed() {
        let typed: Vec<&str> = DAILY.iter().flat_map(|(_, lines)| *lines).map(|(typed, _)| *typed).collect();
        assert_eq!(typed.len(), 10);
        let known: Vec<String> = commands().iter().map(|command| command.get_name().to_owned()).collect();
        for typed in typed {
            let name = typed.split(' ').next().unwrap_or_default();
            assert!(known.iter().any(|known| known == name), "{typed} is no command");
        }
        assert!(daily().lines().all(|line| line.chars().count() <= 80), "{}", daily());
    }

    #[test]
    fn every_command_has_an_example() {
        for command in commands() {
            let help = whole(command.clone());
            let name = format!("masthead {}", command.get_name());
            assert!(help.matches(&name).count() >= 1, "`{name}` has no example:\n{help}");
        }
    }
}
