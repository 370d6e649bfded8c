//! What machines read: every command's answer has exactly the fields that docs/json.md says, of these types.

use std::fs;
use std::path::Path;
use std::process::Command;

use masthead::sandbox::threads::APP;
use serde_json::{Value, json};

use crate::json_manual::{Manual, held_by};
use crate::login;
use crate::scene::{self, HOME, NEWCOMER};
use crate::service::{PATIENCE, World};

/// Fields to which these stories need not give a value: what takes weeks, damage or chance.
const UNMET: [&str; 41] = [
    "`checked`.backup",
    "`collected`.stream",
    "`digest`.halted",
    "`logged_in`.speaks",
    "`reconciled`.wrong_account",
    "`rescued`.freed",
    "`restored`.first_damage",
    "`sheet`.preview_with",
    "account.bridged_from",
    "account.moved_to",
    "account.trouble",
    "activity.gone_since",
    "assessment.lead_since",
    "assessment.rival",
    "assessment.tie",
    "change.back",
    "change.gone",
    "change.moved",
    "figures.clock_ahead_secs",
    "figures.stream_lag_secs",
    "listed account.proof",
    "moved.to",
    "orders.lag_minutes",
    "owner.control",
    "post check.author",
    "post state.held",
    "post state.on_page_only",
    "post state.withheld",
    "preview with.findings",
    "preview with.post",
    "profile.moved_to",
    "reason.why",
    "remark.note",
    "since.since",
    "statement.tie",
    "stream.events",
    "stream.leads",
    "stream.statuses",
    "stream.trouble",
    "stream.until",
    "weight.lead_points",
];

const REVIEWING: [&str; 2] = ["official = 0", "official = 0\nreviewers = [\"ada\"]"];

/// Asks, holds the answer against the manual, whatever the exit code, and hands it on.
fn ask(world: &World, manual: &mut Manual, words: &[&str]) -> Value {
    let done = world.command(&[words, &["--json"]].concat());
    let answer = serde_json::from_str(&done.stdout);
    let answer: Value = answer.unwrap_or_else(|error| panic!("{words:?}: {error}: {done:?}"));
    manual.check(&answer);
    answer
}

/// The maintainer's side: files, watchlist, login, and a service that refuses an edit.
fn files_and_service(manual: &mut Manual) {
    let mut world = World::founding(60);
    ask(&world, manual, &["outlets"]);
    world.edit("watchlist/*.toml", "watchlist/story.toml");
    world.jump_to(2);
    for words in [
        &["config", "--all"][..],
        &["method"],
        &["outlets", "xinhua"],
        &["outlets", "find", "xinhua"],
        &["outlets", "new", "rt-es.example"],
        &["collect", "--once"],
        &["targets"],
        &["doctor", "--offline"],
    ] {
        ask(&world, manual, words);
    }
    let service = world.run();
    ask(&world, manual, &["doctor"]);
    ask(&world, manual, &["check"]);
    world.append("\n[[account]]\noutlet = \"nobody\"\nnetwork = \"mastodon\"\nhandle = \"@x\"\n");
    world.save();
    service.expect("the configuration is refused");
    ask(&world, manual, &["check"]);
    ask(&world, manual, &["targets"]);
    assert_eq!(service.stop().0, Some(0));

    let init = world.dir().join("init");
    for _ in 0..2 {
        ask(&world, manual, &["init", "--dir", init.to_str().unwrap()]);
        fs::write(init.join("config.toml"), "contact = \"x\"\n").unwrap();
    }
    let scene = login::Scene::open();
    let begun = ask(&scene.world, manual, &["login", "fediverse"]);
    let code = scene.code(begun["authorize_url"].as_str().unwrap(), "");
    ask(&scene.world, manual, &["login", "fediverse", "--code", &code]);
    let app = ["login", "threads", "--app-id", APP.0, "--redirect", APP.2];
    ask(&scene.world, manual, &app);
    let secret = scene.world.dir().join("app.secret");
    fs::write(&secret, APP.1).unwrap();
    let code = format!("TH-code-advanced-{}", scene.world.now().timestamp());
    let secret = secret.to_str().unwrap();
    ask(&scene.world, manual, &[&app[..], &["--app-secret-file", secret, "--code", &code]].concat());
}

/// The editor's side: a digest is made, people decide, something is withdrawn, an edit is planned.
fn digests_and_decisions(manual: &mut Manual) {
    let mut world = World::open(60);
    world.edit(REVIEWING[0], REVIEWING[1]);
    let mut world = scene::newcomer_found(world);
    ask(&world, manual, &["reviewer", "add", "ada"]);
    ask(&world, manual, &["reviewer", "list"]);
    ask(&world, manual, &["digest", "--dry-run"]);
    ask(&world, manual, &["digest"]);
    ask(&world, manual, &["explain", NEWCOMER]);
    ask(&world, manual, &["reconcile"]);
    world.jump_to(9 * 24);
    ask(&world, manual, &["collect", "--once"]);
    ask(&world, manual, &["accounts"]);
    let newcomer = ask(&world, manual, &["explain", NEWCOMER])["findings"][0]["id"].clone();
    let retract = ["review", "retract", newcomer.as_str().unwrap(), "--why", "a test", "--as", "ada"];
    let told = ask(&world, manual, &retract)["says"].as_str().unwrap().to_owned();
    let seen = told.split("--seen ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let seen = seen.unwrap_or_else(|| panic!("{told}"));
    ask(&world, manual, &[&retract[..], &["--seen", seen]].concat());
    ask(&world, manual, &["review", "log"]);
    ask(&world, manual, &["judge", "--all"]);
    for number in 1..=16 {
        let finding = format!("F-{number:04}");
        if world.command(&["review", "show", &finding]).code == Some(0) {
            ask(&world, manual, &["review", "show", &finding]);
        }
    }
    ask(&world, manual, &["halt", "--why", "a test"]);
    ask(&world, manual, &["doctor", "--offline"]);
    ask(&world, manual, &["resume", "--as", "ada"]);
    plan(&world, manual, WHOLE, LESS);
    world.edit(WHOLE, LESS);
    ask(&world, manual, &["judge", "--all"]);
    ask(&world, manual, &["explain", "xinhua@one.example"]);
    plan(&world, manual, LESS, WHOLE);
    // The store is lost, and the ledger is there.
    fs::remove_dir_all(world.state().join("db")).unwrap();
    ask(&world, manual, &["digest"]);
    world.fault(&json!({"server": HOME, "path": "/api", "effect": "status", "status": 500, "count": 99}));
    ask(&world, manual, &["reconcile"]);
}

const WHOLE: &str = "[\"watchlist/*.toml\"]";
const LESS: &str = "[\"watchlist/*.toml\", \"off.toml\"]";

/// What another watchlist would change.
fn plan(world: &World, manual: &mut Manual, from: &str, to: &str) {
    switch_off(world);
    let next = world.dir().join("next.toml");
    let text = fs::read_to_string(world.dir().join("service.toml")).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&next, text.replace(from, to)).unwrap();
    manual.check(&world.ask_by(&next, &["plan"]));
}

/// A watchlist file that lets an outlet go.
fn switch_off(world: &World) {
    fs::write(world.dir().join("off.toml"), "[[outlet]]\nid = \"xinhua\"\nenabled = false\n").unwrap();
}

/// People look before something official is said, and put it off.
fn review(manual: &mut Manual) {
    let mut world = World::open(60);
    world.edit(REVIEWING[0], "official = 2\nreviewers = [\"ada\"]");
    world.until("nothing more is due", PATIENCE, |world| {
        (world.ask(&["collect", "--once"])["polled"] == 0).then_some(())
    });
    world.jump_to(50);
    ask(&world, manual, &["collect", "--once"]);
    ask(&world, manual, &["reviewer", "add", "ada"]);
    let waiting = ask(&world, manual, &["review"])["waiting"][0].clone();
    let finding = format!("F-{:04}", waiting["finding"]["id"]);
    ask(&world, manual, &["review", "snooze", &finding, "7d", "--as", "ada"]);
    ask(&world, manual, &["review"]);
    ask(&world, manual, &["review", "snooze", &finding, "0d", "--as", "ada"]);
    let seen = ask(&world, manual, &["review", "show", &finding])["seen"].clone();
    ask(&world, manual, &["review", "approve", &finding, "--seen", seen.as_str().unwrap(), "--as", "ada"]);
    ask(&world, manual, &["review"]);
    ask(&world, manual, &["doctor", "--offline"]);
    ask(&world, manual, &["review", "dismiss", &finding, "--why", "partner", "--as", "ada"]);
    ask(&world, manual, &["review", "show", &finding]);
}

/// The keeper's side: copies, and what brings them back.
fn copies(manual: &mut Manual) {
    let world = World::open(60);
    ask(&world, manual, &["collect", "--once"]);
    let backup = ask(&world, manual, &["backup"])["path"].clone();
    let export = world.dir().join("export.jsonl");
    let export = export.to_str().unwrap();
    ask(&world, manual, &["export", "--out", export]);
    for words in [
        &["doctor", "--offline"][..],
        &["verify"],
        &["compact"],
        &["rescue"],
        &["restore", "--aside", backup.as_str().unwrap()],
        &["import", "--aside", export],
    ] {
        ask(&world, manual, words);
    }
}

#[test]
fn every_answer_has_the_fields_that_the_manual_says_and_no_other() {
    let mut manual = Manual::read();
    files_and_service(&mut manual);
    digests_and_decisions(&mut manual);
    review(&mut manual);
    copies(&mut manual);
    let elsewhere = || ["tests/review.rs", "tests/sites.rs"].into_iter().flat_map(held_by);
    let is_held_elsewhere = |field: &String| elsewhere().any(|shape| field.starts_with(shape));
    let mut unmet = manual.unmet();
    unmet.retain(|field| !is_held_elsewhere(field) && !UNMET.contains(&field.as_str()));
    assert!(unmet.is_empty(), "the manual has fields that no answer has: {unmet:?}");
}

#[test]
fn the_manual_of_json_names_every_command() {
    let manual = include_str!("../../docs/json.md");
    let help = Command::new(env!("CARGO_BIN_EXE_masthead")).args(["help", "--all"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let is_named = manual.contains(&format!("`masthead {name}")) || manual.contains(&format!("`{name}`"));
        assert!(is_named, "docs/json.md does not name `{name}`");
    }
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md").exists());
}
