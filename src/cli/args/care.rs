//! What can be typed to take care of the data: backups, exports, and what a full disk needs.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Care {
    /// Write store and ledger of one moment into one file, and read it back
    #[command(after_help = "\
Works while the service runs. The file goes to `[backup] dir`, `backups` in `state_dir` by default, and gets its
name only after it was read back whole. Kept are the newest of the last 7 days, 4 weeks and 12 months of this store;
those of another store stay. Tokens and reviewers' keys are not in it.

Examples
  masthead backup
  masthead backup --daily     what the timer calls: none while it is in doubt whether this is the store to keep")]
    Backup {
        /// Make none where a store was lost and nobody has decided yet
        #[arg(long)]
        daily: bool,
    },
    /// Bring a backup back: store and ledger
    #[command(after_help = "\
Refused while the service runs, and where there is a store or a ledger, unless `--aside` sets them aside; nothing
is deleted. The file is read whole before anything is changed. A ledger that begins like the backup's stays, since
it knows what was said since; the next start then says whether a person has to look. One that has other records than
the backup's is set aside only with `--replace-ledger`. No token is needed.

Examples
  masthead restore /mnt/backups/masthead-20261128T030000Z.jsonl.gz
  masthead restore --aside data/backups/masthead-20261128T030000Z.jsonl.gz")]
    Restore {
        /// A file that `masthead backup` wrote
        file: PathBuf,
        /// Set aside what is there
        #[arg(long)]
        aside: bool,
        /// Also a ledger with records that the backup lacks
        #[arg(long, requires = "aside")]
        replace_ledger: bool,
    },
    /// Print the store as lines of JSON with a checksum at the end
    #[command(after_help = "\
Works while the service runs. The first line says what it is, then comes one line a record, the last line has
counts and a SHA-256. A FILE whose name ends with .gz is packed.

Examples
  masthead export | jq -c 'select(.tree == \"accounts\") | .value.d.acct'
  masthead export --out store.jsonl.gz")]
    Export {
        /// Where to, else to the screen
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make a store of an export or of a backup, and leave the ledger as it is
    #[command(after_help = "\
Refused while the service runs, and where there is a store, unless `--aside` sets it aside.

Example
  masthead import --aside store.jsonl.gz")]
    Import {
        /// A file that `masthead export` or `masthead backup` wrote
        file: PathBuf,
        /// Set aside what is there
        #[arg(long)]
        aside: bool,
    },
    /// Write the store's files anew, as small as they can be
    #[command(after_help = "\
Refused while the service runs. Needs room for a second store while it works; a kill leaves the old or the new one.

Example
  masthead compact")]
    Compact,
    /// On a full disk: free what the service put by, so that the store opens again
    #[command(after_help = "\
A service that finds plenty of space lays 64 MB of ballast in `state_dir`; this removes it and says what else could
go. The next start with plenty of space lays it again.

Example
  masthead rescue")]
    Rescue,
}
