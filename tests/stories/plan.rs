//! The plan: what an edit would change, told before it is made.

use std::fs;

use serde_json::{Value, json};

use crate::service::{PATIENCE, World};

const OFFICIAL: &str = "xinhua@one.example";

/// An outlet of the watchlist is switched off, and its feed is not known yet.
const OFF: &str = r#"
[[outlet]]
id = "xinhua"
enabled = false
"#;
const ON: &str = r#"
[[outlet]]
id = "xinhua"
enabled = true
feeds = [{ url = "https://xinhua.example/en/atom.xml", status = "working" }]
"#;

fn accounts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|change| change["account"].as_str().unwrap()).collect()
}

/// Everything that people can see of a state.
fn seen(world: &World) -> [Value; 4] {
    let mut rows = world.ask(&["accounts"])["rows"].clone();
    for row in rows.as_array_mut().unwrap() {
        // These tell the time.
        row["activity"].take();
        row["tenths_of_posts_a_day"].take();
    }
    let targets = world.ask(&["targets"])["rows"].clone();
    [rows, targets, world.ask(&["review"]), json!(world.ledger())]
}

#[test]
fn adding_and_removing_an_outlet_is_told_before_it_is_done_and_nothing_is_written() {
    let mut world = World::open(60);
    world.until("the accounts are known", PATIENCE, |world| {
        let report = world.ask(&["collect", "--once"]);
        report["raised"].to_string().contains("F-0004").then_some(())
    });
    assert!(world.command(&["plan"]).stdout.contains("nothing would change"));

    let before = seen(&world);
    world.append(OFF);
    let plan = world.ask(&["plan"]);
    assert!(accounts(&plan["no_longer"]).contains(&OFFICIAL), "{plan:#}");
    assert!(
        plan["drop"].as_array().unwrap().contains(&json!("page https://xinhua.example/ of xinhua")),
        "{plan:#}"
    );
    let lapses =
        plan["no_longer"].as_array().unwrap().iter().map(|it| it["lapses"].as_array().unwrap().len());
    assert_eq!(lapses.sum::<usize>(), 4, "{plan:#}");
    assert_eq!(seen(&world), before, "a plan writes nothing");

    // Another binary than the one at work plans over a backup.
    let file = world.ask(&["backup"])["path"].as_str().unwrap().to_owned();
    assert_eq!(world.ask(&["plan", "--backup", &file]), plan);
    assert_eq!(seen(&world), before, "a plan over a backup writes nothing");

    // Now it is done, and planned back, with the running service as the owner of the store.
    let service = world.run();
    world.ask(&["judge", "--all"]);
    let is_done = |world: &World| {
        let rows = world.ask(&["accounts"])["rows"].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["account"] == OFFICIAL).unwrap().clone();
        (row["relation"] == "unrelated").then_some(())
    };
    world.until("the outlet is let go", PATIENCE, is_done);
    let next = world.dir().join("next.toml");
    let written = fs::read_to_string(world.dir().join("service.toml")).unwrap();
    fs::write(&next, written.replace(OFF, ON)).unwrap();
    let before = seen_by(&world, &["accounts"]);
    let plan = world.ask_by(&next, &["plan"]);
    assert!(accounts(&plan["newly"]).contains(&OFFICIAL), "{plan:#}");
    let official = plan["newly"].as_array().unwrap().iter().find(|it| it["account"] == OFFICIAL).unwrap();
    assert_eq!(official["after"], json!({"outlet": "xinhua", "relation": "official", "level": "nothing"}));
    assert!(
        plan["watch"].to_string().contains("feed https://xinhua.example/en/atom.xml of xinhua"),
        "{plan:#}"
    );
    assert!(plan["warnings"].to_string().contains("new feeds (1): nobody has read them"), "{plan:#}");
    assert_eq!(seen_by(&world, &["accounts"]), before);
    assert_eq!(service.times("took up"), 0, "a file beside the configuration is none of it");
    assert_eq!(service.stop().0, Some(0));
}

/// By the configuration in force, whatever is about to be written.
fn seen_by(world: &World, words: &[&str]) -> Vec<(String, String)> {
    let rows = world.ask_by(&world.dir().join("service.toml"), words)["rows"].clone();
    let text = |row: &Value, key: &str| row[key].to_string();
    rows.as_array().unwrap().iter().map(|row| (text(row, "account"), text(row, "relation"))).collect()
}
