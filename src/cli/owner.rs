//! Whose the state is: a command that opened it as another user would leave files that its owner cannot read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rustix::process::geteuid;

use crate::config::Config;

/// What is opened first of a state.
const NEEDED: [&str; 6] = ["lock", "db", "db/db", "ledger.jsonl", "store.id", "texts"];

/// The users of this machine with their numbers.
const USERS: &str = "/etc/passwd";

/// Refuses to open a state directory that belongs to somebody else, before anything in it is touched. One that is not
/// there yet belongs to whoever makes it.
///
/// # Errors
/// Whose it is, and the same command as that user.
pub fn refuse_foreign(config: &Config) -> anyhow::Result<()> {
    let Ok(about) = fs::metadata(&config.state_dir) else { return Ok(()) };
    let (owner, me) = (about.uid(), geteuid());
    let users = fs::read_to_string(USERS).unwrap_or_default();
    if owner == me.as_raw() {
        return refuse_closed(&config.state_dir, &name(&users, owner));
    }
    let [owner, me_by_name] = [owner, me.as_raw()].map(|id| name(&users, id));
    let dir = config.state_dir.display();
    let command = same_command(config);
    if me.is_root() {
        bail!(
            "{dir} belongs to {owner}, and files that root makes in it could not be read by the service; nothing was \
             changed: sudo -u {owner} {command}"
        );
    }
    bail!(
        "{dir} belongs to {owner}, and this runs as {me_by_name}: two users of one state lock each other out; nothing \
         was changed: sudo -u {owner} {command}; or, if it is to be yours, as root: chown -R {me_by_name}: {}",
        quoted(&dir.to_string())
    );
}

/// What an earlier command of another user left in a directory of ours, so that nothing can be opened.
fn refuse_closed(dir: &Path, me: &str) -> anyhow::Result<()> {
    let is_closed = |path: &PathBuf| {
        fs::File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    if let Some(path) = NEEDED.map(|name| dir.join(name)).iter().find(|path| is_closed(path)) {
        bail!(
            "{} cannot be read by {me}, to whom the state directory belongs: another user ran a command in it; as root: \
             chown -R {me}: {}",
            path.display(),
            quoted(&dir.display().to_string())
        );
    }
    Ok(())
}

/// A user as `sudo -u` takes one.
fn name(users: &str, id: u32) -> String {
    let mut users = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let known = users.find(|user| user.get(2).and_then(|id| id.parse().ok()) == Some(id));
    known.map_or_else(|| format!("'#{id}'"), |user| user[0].to_owned())
}

/// What was typed, as a shell takes it. What the environment says does not reach another user.
fn same_command(config: &Config) -> String {
    let mut typed = std::env::args();
    let program = typed.next().unwrap_or_default();
    // A bare name, or the way to it.
    let program = if program.contains('/') { program } else { "masthead".to_owned() };
    let mut words: Vec<String> = std::iter::once(program).chain(typed).map(|word| quoted(&word)).collect();
    if let (Some(_), Some(path)) = (&config.environment.masthead_config, &config.path)
        && !words.iter().any(|word| word.starts_with("--config"))
    {
        words.extend(["--config".to_owned(), quoted(&path.display().to_string())]);
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@,+%".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_a_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nmasthead:x:998:998::/:/sbin/nologin\nodd line\n";
        assert_eq!(name(users, 998), "masthead");
        assert_eq!(name(users, 12), "'#12'");
    }

    #[test]
    fn words_reach_a_shell_as_they_were_typed() {
        let typed = ["restore", "--why", "it's gone", "", "/mnt/a b.gz", "$HOME"];
        let shown: Vec<String> = typed.iter().map(|word| quoted(word)).collect();
        assert_eq!(shown, ["restore", "--why", r"'it'\''s gone'", "''", "'/mnt/a b.gz'", "'$HOME'"]);
    }
}
