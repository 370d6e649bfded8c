//! What can be typed to log in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Login {
    /// The account on a server of the Mastodon family that posts the digests
    #[command(after_help = "\
It prints the address of a page on your server. Open that in a browser on any machine, logged in as
the bot, and approve; the page shows a code. Paste it, or without a terminal give it with --code.
The token goes into `[publish.fediverse] token_file`, for nobody else to read, and is never printed.

Examples
  masthead login fediverse
  masthead login fediverse --server social.example
  masthead login fediverse --code 7Zx...                        the second half, within ten minutes
  masthead login fediverse --out /etc/credstore/fediverse.token systemd hands it to the service alone")]
    Fediverse(Fediverse),
}

#[derive(Debug, Clone, Args)]
pub struct Fediverse {
    /// The bot's server, else `[publish.fediverse] server`
    #[arg(long, value_name = "HOST")]
    pub server: Option<String>,
    /// What the page showed: ends a login that an earlier call began
    #[arg(long)]
    pub code: Option<String>,
    /// Where the token goes instead of `[publish.fediverse] token_file`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also when the token that is there belongs to another account
    #[arg(long)]
    pub replace: bool,
}
