//! How far the story is, told on stderr.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;

use crate::cycle::Newsroom;
use crate::store::{Store, StoreError};

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Silent,
    /// A line for each day.
    Lines,
    /// One line that grows.
    Bar,
}

impl Progress {
    /// A bar on a terminal, lines elsewhere.
    pub fn for_people() -> Progress {
        if io::stderr().is_terminal() { Progress::Bar } else { Progress::Lines }
    }

    /// A day is over.
    pub(super) async fn tell(&mut self, room: &Newsroom, day: u32, days: u32) -> anyhow::Result<()> {
        if *self == Progress::Silent {
            return Ok(());
        }
        let so_far = room.store.run(so_far).await.context("read what happened so far")?;
        let date = room.config.clock.now().format("%a %-d %b");
        match self {
            Progress::Silent => {}
            Progress::Lines => eprintln!("day {day} of {days}, {date}: {so_far}"),
            Progress::Bar => {
                let bar: String = (1..=days).map(|one| if one <= day { '█' } else { '░' }).collect();
                eprint!("\r{bar} {date}: {so_far}\x1b[K");
                // A terminal that is gone needs no bar.
                let _ = io::stderr().flush();
            }
        }
        Ok(())
    }

    /// The story is over; what follows starts on a line of its own.
    pub(super) fn end(self) {
        if self == Progress::Bar {
            eprintln!();
        }
    }
}

fn so_far(store: &Store) -> Result<String, StoreError> {
    let (accounts, items) = (store.accounts()?.len(), store.feeds()?.len());
    let (findings, digests) = (store.findings()?.len(), store.digests()?.len());
    Ok(format!("{items} feeds, {accounts} accounts, {findings} findings, {digests} digests"))
}
