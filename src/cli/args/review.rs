//! What reviewers can type.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::model::finding::FindingId;

pub(super) const REVIEW_HELP: &str = "\
A hidden tie needs two people, and what only people can say of an account:
  masthead review                                               what waits, and leads
  masthead review show F-0047                                   everything there is to see of it
  masthead review tick F-0047 --outlet --asked no-address --as ana
  masthead review approve F-0047 --seen 7c1e9a0b44d2 --as ana   exactly what was shown
  masthead review approve F-0047 --seen 7c1e9a0b44d2 --as bo    the second: into the next digest

Keys come from `masthead reviewer add NAME`. Nothing is posted because nobody looked.";

/// Who decides.
#[derive(Debug, Clone, Args)]
pub struct Signer {
    /// Who decides; the key is NAME.key beside the configuration. Not needed where there is one reviewer
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// The key, if it lies elsewhere
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Review {
    /// Findings that wait, and leads about which nothing may be said yet
    #[command(after_help = "\
to tick  options of `masthead review tick` that are needed before a finding can be approved

Examples
  masthead review list
  masthead review list --all --json | jq -r '.waiting[].finding.id'")]
    List {
        /// Also what is put off until a later day
        #[arg(long)]
        all: bool,
    },
    /// One finding: the case for and against, the passages, the exact post
    #[command(after_help = "\
Examples
  masthead review show F-0047
  masthead review show F-0047 --all      all passages that are kept
  masthead review show F-0047 --post     only the post")]
    Show {
        /// F-0047, or 47
        finding: FindingId,
        /// All passages that are kept, and every place to look
        #[arg(long)]
        all: bool,
        /// Only the exact post
        #[arg(long, conflicts_with = "all")]
        post: bool,
    },
    /// Say what only people can say of an account
    #[command(after_help = "\
Both --outlet and --asked are needed before a hidden tie can be approved. They become part of the
statement, so approvals from before no longer count. A private person is never named: dismiss with
--why person.

Example
  masthead review tick F-0047 --outlet --asked no-address --topic culture --as ana")]
    Tick {
        finding: FindingId,
        /// It presents itself as an outlet or organisation, not as a private person
        #[arg(long)]
        outlet: bool,
        /// Whether it was asked: yes (three days ago at least), no-address, declined
        #[arg(long, value_name = "WHETHER", value_parser = ["yes", "no-address", "declined"])]
        asked: Option<String>,
        /// What it mostly posts
        #[arg(long, value_parser = ["culture", "politics", "economy", "sport", "mixed"])]
        topic: Option<String>,
        #[command(flatten)]
        signer: Signer,
    },
    /// Approve exactly what was shown
    #[command(after_help = "\
`--seen` takes the hash that `masthead review show` prints; if anything in the statement has changed
since, it is refused. One person counts once, whatever keys they have had.

Example
  masthead review approve F-0047 --seen 7c1e9a0b44d2 --as ana")]
    Approve {
        finding: FindingId,
        /// The hash that was shown, at least 6 digits of it
        #[arg(long, value_name = "HASH")]
        seen: String,
        #[command(flatten)]
        signer: Signer,
    },
    /// Put a finding aside for good
    #[command(after_help = "\
Examples
  masthead review dismiss F-0047 --why partner --as ana
  masthead review dismiss F-0047 --why person --never-flag --as ana")]
    Dismiss {
        finding: FindingId,
        /// partner (by contract or with consent), fan, mirror, person (a private one), other
        #[arg(long, value_parser = ["partner", "fan", "mirror", "person", "other"])]
        why: String,
        /// Also never name the account, whatever is found later
        #[arg(long)]
        never_flag: bool,
        #[command(flatten)]
        signer: Signer,
    },
    /// Put a finding off; meanwhile nothing is said
    #[command(after_help = "\
Examples
  masthead review snooze F-0047 7d --as ana
  masthead review snooze F-0047 0d --as ana      now after all")]
    Snooze {
        finding: FindingId,
        /// 12h, 7d or 2w
        #[arg(value_name = "TIME")]
        span: String,
        #[command(flatten)]
        signer: Signer,
    },
    /// Never name an account, whatever is found
    #[command(after_help = "\
The reason stays in the public ledger for good, so it must not name the account.

Examples
  masthead review never-flag desk@social.example --why \"has an agreement, shown to us\" --as ana
  masthead review never-flag desk@social.example --undo --why \"the agreement ended\" --as ana")]
    NeverFlag {
        /// user@host, without a leading @
        account: String,
        #[arg(long)]
        why: String,
        /// Judge it as any other account again
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        signer: Signer,
    },
    /// Take back what was posted: the old post, its page and the next digest say so
    #[command(after_help = "\
Without --seen it shows every text that it will change, and the hash to repeat it with. It needs one
reviewer, never two.

Example
  masthead review retract F-0047 --why \"it has an agreement with the agency\" --as ana")]
    Retract {
        finding: FindingId,
        /// Printed in the correction
        #[arg(long)]
        why: String,
        /// Its owner wants the correction to repeat the handle
        #[arg(long)]
        repeat_handle: bool,
        /// A person was named as if they were an outlet
        #[arg(long)]
        person: bool,
        /// The hash of what will be changed, as it was shown
        #[arg(long, value_name = "HASH")]
        seen: Option<String>,
        #[command(flatten)]
        signer: Signer,
    },
    /// What people did, when, as the ledger has it
    #[command(after_help = "\
Examples
  masthead review log
  masthead review log F-0047")]
    Log { finding: Option<FindingId> },
}

#[derive(Debug, Subcommand)]
pub enum Reviewer {
    /// Make a reviewer's key: NAME.key beside the configuration
    #[command(after_help = "\
Examples
  masthead reviewer add ana
  masthead reviewer add ana --replace      the old key counts no more, nor what it approved and waits")]
    Add {
        /// As in `[review] reviewers`
        name: String,
        /// Another key in place of a lost or stolen one
        #[arg(long)]
        replace: bool,
    },
    /// Who may decide, and since when they have a key
    List,
}
