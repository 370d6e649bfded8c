//! Filters of the tables, as a person types them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::service::World;

fn texts(rows: &Value, key: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn accounts_are_shown_by_what_they_are_do_and_are_called() {
    let world = World::open(60);
    world.ask(&["collect", "--once"]);
    let shown = |words: &[&str]| {
        let rows = world.ask(&[&["accounts"], words].concat())["rows"].clone();
        texts(&rows, "account")
    };
    assert_eq!(shown(&[]).len(), 10);
    assert_eq!(shown(&["--network", "threads"]), ["cgtn_sample@threads.net", "cgtn_watchers@threads.net"]);
    assert_eq!(shown(&["--is", "mirror"]), ["xinhua.example@bridge.example"]);
    assert_eq!(shown(&["--is", "official", "--named", "on-page"]).len(), 5);
    assert_eq!(shown(&["--named", "no"]).len(), 5);
    assert_eq!(shown(&["XINHUA_FR"]), ["xinhua_fr@one.example"]);
    for pasted in [
        "@xinhua_fr@one.example",
        "https://one.example/@xinhua_fr",
        "https://social.example/@xinhua_fr@one.example",
        "https://one.example/users/xinhua_fr",
    ] {
        assert_eq!(shown(&[pasted]), ["xinhua_fr@one.example"], "{pasted}");
        let explained = world.ask(&["explain", pasted]);
        assert_eq!(explained["account"]["account"], "xinhua_fr@one.example", "{pasted}");
    }
    assert_eq!(shown(&["--outlet", "cns"]), ["cns@notes.example", "haru@notes.example"]);
    assert!(shown(&["--activity", "dormant"]).contains(&"xinhua_ru@two.example".to_owned()));
    let none = world.command(&["accounts", "--outlet", "vocero"]);
    assert_eq!(none.stdout, "no account is like that; `masthead accounts` lists all\n");
    let typo = world.command(&["accounts", "--is", "offical"]);
    assert_eq!(typo.code, Some(2));
    assert!(typo.stderr.contains("a similar value exists: 'official'"), "{typo:?}");
}

#[test]
fn outlets_are_shown_by_country_control_and_text() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml.example");
    let shown = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
        let output =
            command.arg("outlets").args(words).args(["--json", "--config"]).arg(&example).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = &answer["rows"];
        (texts(rows, "id"), texts(rows, "country"), texts(rows, "control"))
    };
    let all = shown(&[]).0.len();
    let (ids, countries, _) = shown(&["--in", "cn"]);
    assert!(ids.len() < all && ids.contains(&"xinhua".to_owned()), "{ids:?}");
    assert!(countries.iter().all(|country| country == "CN"), "{countries:?}");
    let (ids, _, controls) = shown(&["--control", "party-organ"]);
    assert!(!ids.is_empty() && controls.iter().all(|control| control == "party-organ"), "{controls:?}");
    assert!(shown(&["--text", "新华"]).0.contains(&"xinhua".to_owned()));
    assert_eq!(shown(&["xinhua"]).0, ["xinhua"]);
}
