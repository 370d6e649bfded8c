//! The first minutes with the built program: help, first files, completions.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn masthead(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    command.env_remove("MASTHEAD_LOG").env_remove("MASTHEAD_CONFIG").env_remove("CREDENTIALS_DIRECTORY");
    command.args(words).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// What a command that works prints.
fn told(folder: &Path, words: &[&str]) -> String {
    let output = masthead(folder, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_files_pass_the_check_and_are_never_written_over() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("config.toml");
    let first = told(folder.path(), &["init"]);
    assert!(first.starts_with("written  ./config.toml\nwritten  ./watchlist.d/mine.toml\n"), "{first}");
    assert!(first.contains("\n  1. masthead run ") && first.contains("\n  3. "), "{first}");
    assert_eq!(fs::read_to_string(&config).unwrap(), include_str!("../../config.toml.example"));
    assert_eq!((mode(&config), mode(&folder.path().join("watchlist.d"))), (0o644, 0o755));
    told(folder.path(), &["check"]);

    let again = told(folder.path(), &["init"]);
    assert!(again.starts_with("there    ./config.toml\nthere    ./watchlist.d/mine.toml\n"), "{again}");
    let mine =
        fs::read_to_string(&config).unwrap().replace("contact = \"\" ", "contact = \"you@mail.example\" ");
    fs::write(&config, &mine).unwrap();
    let kept = told(folder.path(), &["init"]);
    assert!(kept.starts_with("kept     ./config.toml, which differs from"), "{kept}");
    assert!(kept.contains("         - contact = \"you@mail.example\" "), "{kept}");
    assert!(kept.contains("         + contact = \"\" "), "{kept}");
    assert_eq!(fs::read_to_string(&config).unwrap(), mine);
}

#[test]
fn the_starter_s_records_are_good_once_their_marks_are_taken_off() {
    let folder = TempDir::new().unwrap();
    told(folder.path(), &["init"]);
    let path = folder.path().join("watchlist.d/mine.toml");
    let starter = fs::read_to_string(&path).unwrap();
    let is_toml = |line: &str| line.starts_with("[[") || line.contains(" = ");
    let bare = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if is_toml(rest) => rest.to_owned(),
        _ => line.to_owned(),
    };
    let written = starter.lines().map(bare).collect::<Vec<_>>().join("\n");
    assert_eq!(written.matches("\n[[outlet]]").count(), 2);
    fs::write(&path, written).unwrap();
    told(folder.path(), &["check"]);
    assert!(told(folder.path(), &["outlets", "example-times"]).contains("owned by the ministry"));
}

#[test]
fn a_service_gets_its_configuration_its_units_and_its_user() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("image");
    let text = told(folder.path(), &["init", "--systemd", "--dir", root.to_str().unwrap()]);
    let config = root.join("etc/masthead/config.toml");
    assert!(fs::read_to_string(&config).unwrap().contains("\nstate_dir = \"/var/lib/masthead\" "));
    told(folder.path(), &["check", "--config", config.to_str().unwrap()]);
    let unit = fs::read_to_string(root.join("etc/systemd/system/masthead.service")).unwrap();
    assert_eq!(unit, include_str!("../../systemd/masthead.service"));
    assert!(root.join("etc/sysusers.d/masthead.conf").exists());
    assert!(root.join("etc/tmpfiles.d/masthead.conf").exists());
    for step in
        ["install -m 755 ", "systemd-sysusers", "systemctl enable --now masthead", "masthead login fediverse"]
    {
        assert!(text.contains(step), "{step}: {text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = masthead(folder.path(), &["init", "--dir", "file"]);
    assert_eq!(refused.status.code(), Some(1));
    let says = String::from_utf8(refused.stderr).unwrap();
    assert!(
        says.contains("write file/config.toml; run this as root, or --dir names another place"),
        "{says}"
    );
}

#[test]
fn help_is_what_somebody_sees_who_types_nothing() {
    let folder = TempDir::new().unwrap();
    let daily = told(folder.path(), &[]);
    assert!(daily.contains("\nSet it up\n") && daily.contains("\n  masthead run "), "{daily}");
    assert!(!daily.contains("reconcile"), "{daily}");
    for words in [&["help"][..], &["--help"], &["-h"]] {
        assert_eq!(told(folder.path(), words), daily, "{words:?}");
    }
    let all = told(folder.path(), &["help", "--all"]);
    assert!(all.contains("reconcile") && all.contains("Exit codes"), "{all}");
    assert!(told(folder.path(), &["help", "explain"]).contains("masthead explain desk@social.example"));
    assert!(told(folder.path(), &["help", "review", "approve"]).contains("--seen"));
    assert_eq!(told(folder.path(), &["explain", "--help"]), told(folder.path(), &["help", "explain"]));
    let unknown = masthead(folder.path(), &["help", "explian"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("explain"));
}

#[test]
fn shells_complete_every_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = told(folder.path(), &["completions", shell]);
        for word in ["reconcile", "fediverse", "dry-run"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let script = told(folder.path(), &["completions", "bash"]);
    fs::write(folder.path().join("masthead.bash"), script).unwrap();
    let sound = Command::new("bash").arg("-n").arg(folder.path().join("masthead.bash")).status();
    assert!(sound.unwrap().success());
}
