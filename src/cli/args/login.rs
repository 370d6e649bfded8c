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
    /// The app at Meta by which accounts on Threads are read
    #[command(after_help = "\
It needs an app with the use case \"Access the Threads API\" at developers.facebook.com. It prints the
address of a page: open it on any machine, logged in to Threads, and approve; then paste the address
that it leads to. The app's secret is asked for without being shown, and is not kept. The token goes
into `[sources.threads] token_file`, for nobody else to read; the service renews it by itself.
What Meta then lets the app see is another matter: `masthead doctor` says it.

Examples
  masthead login threads
  masthead login threads --app-id 1234567890 --redirect https://you.example/threads
  masthead login threads --token-file mine.token       a long-lived token that you have already")]
    Threads(Threads),
}

#[derive(Debug, Clone, Args)]
pub struct Threads {
    /// The id of the Threads app, not of the app around it
    #[arg(long, value_name = "ID")]
    pub app_id: Option<String>,
    /// A file with its secret (mode 0600), where nobody is there to be asked
    #[arg(long, value_name = "FILE")]
    pub app_secret_file: Option<PathBuf>,
    /// A redirect address in the settings of the app; nothing has to answer there
    #[arg(long, value_name = "URL")]
    pub redirect: Option<String>,
    /// The address that the page led to, or the code in it: ends a login that an earlier call began
    #[arg(long, value_name = "ADDRESS")]
    pub code: Option<String>,
    /// A file with a token that somebody has already, instead of all that
    #[arg(long, value_name = "FILE", conflicts_with_all = ["app_id", "app_secret_file", "redirect", "code"])]
    pub token_file: Option<PathBuf>,
    /// Where the token goes instead of `[sources.threads] token_file`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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
