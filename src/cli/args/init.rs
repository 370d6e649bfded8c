//! What can be typed to get the first files.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
pub struct Init {
    /// For a service: /etc/masthead, the units, and the user's entry for systemd-sysusers
    #[arg(long)]
    pub systemd: bool,
    /// Where the files go instead of here; with --systemd what stands for the root of the file system
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
