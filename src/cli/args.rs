//! The command line: what can be typed.

pub mod care;
pub mod help;
pub mod init;
pub mod login;
pub mod outlets;
pub mod review;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::filters::{AccountFilter, OutletFilter};
use care::Care;
use init::Init;
use login::Login;
use outlets::Scouting;
use review::{REVIEW_HELP, Review, Reviewer, Signer};

/// Tells people who is behind an account.
///
/// Watches known state-media outlets, finds newly seen accounts that are theirs, keeps the proof and
/// posts digests.
#[derive(Debug, Parser)]
#[command(
    name = "masthead",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true,
    after_help = EXIT_CODES
)]
pub struct Cli {
    /// Configuration, else $MASTHEAD_CONFIG, config.toml, /etc/masthead/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON for machines instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes
  0  all well
  1  faults were found, or the command could not be done; stderr says why
  2  the command was not typed as it is known
  4  safe mode: ledger and store do not fit together, nothing is posted: masthead help reconcile
  5  the disk or the database let us down; somebody has to look before the service starts again

Each command has examples: masthead help COMMAND";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service: polls, judges, posts digests, serves the pages
    #[command(after_help = "\
Its first lines say what it can and cannot see, and where digests go. It ends with exit code 0 on
SIGTERM or SIGINT. While it runs, all other commands ask it over the socket in `state_dir`.

Examples
  masthead run
  masthead run --config /etc/masthead/config.toml --log-json
  MASTHEAD_LOG=debug masthead run      every poll and every step of a digest")]
    Run {
        /// Log as JSON lines
        #[arg(long)]
        log_json: bool,
    },
    /// Check configuration and watchlist: every error with its place and what was expected
    #[command(after_help = "\
Changes nothing and needs no network. Exit code 1 where there is an error; warnings are no errors.

Examples
  masthead check
  masthead check watchlist.d/mine.toml      one file laid over the built-in watchlist
  masthead check --json")]
    Check {
        /// Single watchlist files to check instead of the configuration
        files: Vec<PathBuf>,
    },
    /// What the configuration would change if it were taken up: watched, named, let go; changes nothing
    #[command(after_help = "\
All that was ever read is judged again, in memory, by the configuration given and the rules of this
binary. A running service takes an edit up within seconds: plan with a copy of `config.toml` beside it.

Examples
  masthead check && masthead plan
  masthead plan --config /etc/masthead/next.toml      before it becomes config.toml
  masthead backup; ./masthead-new plan --backup data/backups/masthead-20261128T030000Z.jsonl.gz
  masthead plan --json | jq '.newly[].account'")]
    Plan {
        /// Judge what is in this backup instead: what would this binary make of it?
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
    /// Print every key of the configuration with its default and reason
    #[command(after_help = "\
Examples
  masthead config --all
  masthead config --all | grep publish")]
    Config {
        /// All keys, also those that the configuration does not name
        #[arg(long, required = true)]
        all: bool,
    },
    /// Write the first configuration, and what a service needs, where they are missing
    #[command(after_help = "\
Nothing that is there is written over: it says what is there and how it differs.

Examples
  masthead init                              config.toml and watchlist.d/ here
  masthead init --systemd                    as root: /etc/masthead, the units, the service's user
  masthead init --systemd --dir /mnt/image   the same for another system")]
    Init(Init),
    /// Log in to the account that posts, or to Threads; the token goes where the configuration looks for it
    #[command(after_help = "\
Examples
  masthead login fediverse
  masthead login threads")]
    Login {
        #[command(subcommand)]
        what: Login,
    },
    /// Outlets that are watched: owner, control and who says so, domains, accounts
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "\
watched  how many of its sites are read for links to accounts; off = switched off in its record

Examples
  masthead outlets
  masthead outlets xinhua      one outlet in full, with its sources
  masthead outlets --in CN --text daily
  masthead outlets find xinhua      what its record lacks, as lines to paste
  masthead outlets new https://news.example/"
    )]
    Outlets {
        /// Only this outlet, in full
        id: Option<String>,
        #[command(flatten)]
        only: OutletFilter,
        #[command(subcommand)]
        what: Option<Scouting>,
    },
    /// Accounts that were seen: what they are, whether they post, how many follow them
    #[command(after_help = "\
named      yes = in a digest; next = in the next one; on page = known at start, which is no news;
           waits = for people; no = see `masthead explain`
followers  in brackets: what a week added or took

Examples
  masthead accounts
  masthead accounts --outlet xinhua --activity dormant
  masthead accounts xinhua --named no
  masthead accounts --json | jq -r '.rows[] | select(.relation == \"claimed\") | .account'")]
    Accounts {
        #[command(flatten)]
        only: AccountFilter,
    },
    /// Why an account is or is not named: every indicator with its evidence
    #[command(after_help = "\
Examples
  masthead explain desk@social.example
  masthead explain desk@social.example --json")]
    Explain {
        /// user@host, without a leading @
        account: String,
    },
    /// What waits for people: list, show, decide; without a word after it the list
    #[command(after_help = REVIEW_HELP)]
    Review {
        /// Also what is put off until a later day
        #[arg(long)]
        all: bool,
        #[command(subcommand)]
        what: Option<Review>,
    },
    /// Reviewers and the keys with which they sign
    #[command(after_help = "\
A reviewer is named in `[review] reviewers` first. The key is a file that only its owner may read;
whoever has it decides in that name. The ledger knows its hash.

Examples
  masthead reviewer add ana
  masthead reviewer list")]
    Reviewer {
        #[command(subcommand)]
        what: Reviewer,
    },
    /// How everything stands: servers, tokens, feeds, queue, digests, disk; what needs you comes first
    #[command(after_help = "\
!!  does not work, somebody has to mend it      !   look at it soon
ok  works                                       --  switched off, or left alone

Asks each server and token what it can really see. Exit code 1 where something needs you, so that it serves
monitoring too; the running service shows the same on /health and in numbers on /metrics.

Examples
  masthead doctor
  masthead doctor --offline      only what polls met, without asking anybody
  masthead doctor --json | jq -r '.lines[] | select(.mark == \"broken\") | .says'")]
    Doctor {
        /// Ask nobody: what polls met lately has to do
        #[arg(long)]
        offline: bool,
    },
    /// What is polled, when next, and what could not be read
    #[command(after_help = "\
failed  polls in a row that failed      gaps  stretches of posts that are not read yet

Examples
  masthead targets
  masthead targets --json | jq '.rows[] | select(.failures > 3)'")]
    Targets,
    /// Poll once what is due, judge it, and end
    #[command(after_help = "\
Posts nothing. A target that was read within its interval is not due and is left alone.

Example
  masthead collect --once")]
    Collect {
        /// Required, so that nobody takes it for the service
        #[arg(long, required = true)]
        once: bool,
    },
    /// Post a digest now, whatever the schedule says
    #[command(after_help = "\
Goes on with a digest that is under way. Exit code 1 after a halt, 4 in safe mode.

Examples
  masthead digest --dry-run      the exact posts with their lengths; changes nothing
  masthead digest")]
    Digest {
        /// Print the exact posts with their lengths; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Stop all posting at once
    #[command(after_help = "\
Lasts over restarts until `masthead resume`. Where no command works any more, an empty file `HALT`
in `state_dir` does the same until it is deleted.

Example
  masthead halt --why \"objection to digest 12\"")]
    Halt {
        /// Why, for the ledger
        #[arg(long)]
        why: String,
    },
    /// Post again after a halt, or name accounts again after two corrections
    #[command(after_help = "\
One private person wrongly named, or two withdrawals within 30 days, stop the naming of accounts that hide
a tie. Corrections, official accounts and changes go on. `--namings` lifts that. Where `[review] reviewers`
is empty any name will do.

Examples
  masthead resume --as ana                 signed with ana's key, as decisions in review are
  masthead resume --namings --as ana")]
    Resume {
        /// Lift the stop of namings instead of a halt
        #[arg(long)]
        namings: bool,
        #[command(flatten)]
        signer: Signer,
    },
    /// After a lost or restored store: compare our posts with the ledger and end safe mode
    #[command(after_help = "\
Without a name it only compares. With one it takes this store as the ledger's: findings about
accounts that our posts name already count as said.

Examples
  masthead reconcile
  masthead reconcile --as ana")]
    Reconcile {
        /// Take the store as good: who decides that, for the ledger
        #[arg(long = "as", value_name = "NAME")]
        by: Option<String>,
    },
    #[command(flatten)]
    Care(Care),
    /// Check the ledger's chain and the texts beside it, offline
    #[command(after_help = "\
Needs neither store nor network, and may run beside the service.

Example
  masthead verify")]
    Verify,
    /// Judge all accounts again by the rules of this binary
    #[command(after_help = "\
Reads nothing from the network. After an update, or after an edit of the watchlist.

Example
  masthead judge --all")]
    Judge {
        /// Required, so that nobody expects it to judge one account
        #[arg(long, required = true)]
        all: bool,
    },
    /// Print the rules, points and constants of this binary
    #[command(after_help = "\
Example
  masthead method")]
    Method,
    /// Show what Masthead does: four weeks of a made-up world in a minute
    #[command(after_help = "\
World and service run in this process, on loopback, with a clock that jumps over all waiting; nothing
of it reaches the network or stays on disk. Progress goes to stderr, the review queue and the digest
threads to stdout. Then the pages stay open until SIGINT, while the world goes on.

Examples
  masthead demo
  masthead demo --headless --seed 7      another world; ends by itself, exit code 1 where it went wrong")]
    Demo {
        /// End when the last digest is out, with exit code 0
        #[arg(long)]
        headless: bool,
        /// Same seed, same world
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A world to try Masthead against: servers, outlets and accounts on loopback
    #[command(after_help = "\
Prints one line of JSON with the path of a configuration that points at it, then runs until SIGINT.
The same folder goes on with the same world.

Examples
  masthead sandbox --rate 3600 --dir /tmp/world      a day takes 24 seconds
  masthead sandbox --story founding --dir /tmp/world
  masthead run --config /tmp/world/config.toml       in another terminal")]
    Sandbox {
        /// official: outlets' own accounts and an impostor; founding: four papers that hide their agency
        #[arg(long, default_value = "official", value_parser = ["official", "founding"])]
        story: String,
        /// Same seed, same world
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Virtual seconds in a second
        #[arg(long, default_value_t = 600.0)]
        rate: f64,
        /// Where its files go; a folder under the temporary directory by default
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Completions for a shell
    #[command(after_help = "\
Examples
  masthead completions bash > /usr/share/bash-completion/completions/masthead
  masthead completions zsh > /usr/share/zsh/vendor-completions/_masthead
  masthead completions fish > ~/.config/fish/completions/masthead.fish")]
    Completions { shell: Shells },
    /// The daily commands, one command with examples, or all
    #[command(after_help = "\
Examples
  masthead help
  masthead help explain
  masthead help --all")]
    Help {
        /// About this command
        command: Vec<String>,
        /// All commands and the exit codes
        #[arg(long, conflicts_with = "command")]
        all: bool,
    },
}

/// Shells that complete our commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shells {
    Bash,
    Zsh,
    Fish,
}

impl Command {
    /// Whether it runs until somebody stops it, and so logs what it does.
    pub fn is_service(&self) -> bool {
        matches!(self, Command::Run { .. } | Command::Sandbox { .. })
    }
}
