//! Completions for shells, made of the same table of commands that is parsed.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::args::{Cli, Shells};
use super::put;

pub(super) fn completions(shell: Shells) -> anyhow::Result<()> {
    let shell = match shell {
        Shells::Bash => Shell::Bash,
        Shells::Zsh => Shell::Zsh,
        Shells::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "masthead", &mut script);
    put(&String::from_utf8_lossy(&script))
}
