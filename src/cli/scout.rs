//! `masthead outlets find` and `masthead outlets new`: lines to paste on stdout, what is being asked on stderr.

use super::args::outlets::Scouting;
use super::{json, put, render};
use crate::config::Config;
use crate::cycle::scout;

pub(super) async fn scout(config: &Config, what: &Scouting, json: bool) -> anyhow::Result<()> {
    // The dates on pages are weighed by the clock that they go by.
    let now = config.clock.now();
    let say = |what: &str| eprintln!("asking {}", render::visible(what));
    let scouted = match what {
        Scouting::Find { id } => scout::find(config, id, now, &say).await?,
        Scouting::New { url } => scout::draft(config, url, now, &say).await?,
    };
    put(&if json { json::of("scouted", &scouted)? } else { scouted.toml })
}
