//! Rescue on a full disk: throws the ballast off, and says what else could go.

use std::path::PathBuf;

use serde::Serialize;

use super::backup;
use super::space::throw_ballast_off;
use crate::config::Config;
use crate::store;

/// What was thrown off, and what is left to be removed by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rescued {
    /// Bytes of the ballast; `None` where there was none.
    pub freed: Option<u64>,
    pub free: u64,
    /// Files and folders that nobody needs for running: backups and what was set aside.
    pub could_go: Vec<PathBuf>,
}

/// Throws the ballast off, also while a service runs.
///
/// # Errors
/// What the disk says.
pub fn rescue(config: &Config) -> anyhow::Result<Rescued> {
    let dir = &config.state_dir;
    let freed = throw_ballast_off(dir)?;
    let mut could_go = Vec::new();
    for folder in [dir, &config.backup_dir] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_aside = name.starts_with("aside-") || name == store::REPLACED;
            if is_aside || backup::Name::parse(&name).is_some() {
                could_go.push(path);
            }
        }
    }
    could_go.sort();
    could_go.dedup();
    Ok(Rescued { freed, free: store::free_in(dir)?, could_go })
}
