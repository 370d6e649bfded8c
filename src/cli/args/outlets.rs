//! What can be typed to fill the watchlist: searches for what a record lacks, and drafts of new records.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Scouting {
    /// Ask the world for accounts and feeds that an outlet's record lacks; prints lines to paste
    #[command(after_help = "\
Reads the outlet's front pages, asks its hosts by webfinger and the servers of [sources.mastodon] by account search
and directory, reads the accounts that turn up, and tries the feeds that the pages name. Changes nothing, needs no
store, and may run beside the service. It takes up to five minutes; what it asks goes to stderr.

Lines without # are proven: the outlet's page or host names the account and the account names the outlet, or the
feed answers with news. All else is a comment that says what is missing. No answer is no evidence.

Examples
  masthead outlets find xinhua
  masthead outlets find xinhua > watchlist.d/found.toml; masthead check")]
    Find {
        /// An outlet, or a publisher that is exempt (feeds only)
        id: String,
    },
    /// Draft a record of an outlet that is not known yet, from its homepage
    #[command(after_help = "\
The draft is switched off and says what a person has to fill in. Who controls an outlet is never read from its page.

Examples
  masthead outlets new https://news.example/
  masthead outlets new news.example > watchlist.d/news.toml; masthead check")]
    New {
        /// Its homepage
        url: String,
    },
}
