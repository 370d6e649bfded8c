//! The configuration as maintainers meet it: what loads, what is refused and in which words.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use masthead::clock::Clock;
use masthead::config::{self, Config, Discover, Environment, Level, Loaded, Paint, Report};
use masthead::model::account::{Host, Network};
use masthead::model::outlet::{Outlet, OutletId};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A folder with files in it, `config.toml` among them.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new(config: &str) -> Scene {
        let scene = Scene { folder: tempfile::tempdir().unwrap() };
        scene.with("config.toml", config)
    }

    fn with(self, name: &str, text: &str) -> Scene {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self
    }

    fn token(self, name: &str, mode: u32) -> Scene {
        let scene = self.with(name, "s3cret\n");
        fs::set_permissions(scene.path(name), fs::Permissions::from_mode(mode)).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> Loaded {
        config::load(Some(&self.path("config.toml")), &Environment::default(), now())
    }

    /// What `masthead check` prints, without the name of the folder.
    fn text(&self) -> String {
        let text = self.load().report.text(Paint::Plain);
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    /// Titles of errors, then of warnings.
    fn titles(&self) -> Vec<String> {
        titles(&self.load().report)
    }

    fn config(&self) -> Config {
        let loaded = self.load();
        loaded.config.unwrap_or_else(|| panic!("{}", loaded.report.text(Paint::Plain)))
    }

    fn outlet(&self, id: &str) -> Outlet {
        self.config().watchlist.outlet(&OutletId::parse(id).unwrap()).unwrap().clone()
    }
}

fn titles(report: &Report) -> Vec<String> {
    report.remarks.iter().map(|remark| remark.title.clone()).collect()
}

/// Only a watchlist of its own, so that nothing built in is reported.
const ALONE: &str = "watchlist = [\"mine.toml\"]\n";

const DESK: &str =
    "[[outlet]]\nid = \"desk\"\nname = \"Desk Daily\"\ncountry = \"XX\"\ndomains = [\"desk.example\"]\n";

fn desk(more: &str) -> Scene {
    Scene::new(ALONE).with("mine.toml", &format!("{DESK}{more}"))
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

#[test]
fn every_error_of_every_file_is_shown_where_it_stands() {
    let config = "watchlist = [\"builtin\", \"watchlist.d/*.toml\"]\n\n[schedule]\ndigest = \"0 9 * * 1\"\n\n[review]\nreviewers = [\"you\"]\nundisclosed = 2\n";
    let mine = "# mine\n\n[[outlet]]\nid = \"cgtn-es\"\naccounts = [{ platform = \"mastodon\", handle = \"@cgtn_es\", proof = \"https://t.example/x\" }]\n";
    let scene = Scene::new(config).with("watchlist.d/mine.toml", mine);
    insta::assert_snapshot!(scene.text(), @r#"
    error: not a schedule
     --> config.toml:4:10
      |
    4 | digest = "0 9 * * 1"
      |          ^^^^^^^^^^^ 5 fields; expected 6, seconds first
      | help      you wrote what crontab reads as "Mondays 09:00". Write "0 0 9 * * Mon"
      | note      with 6 fields a bare 1 would be Sunday; use names

    error: handle without a server
     --> watchlist.d/mine.toml:5:47
      |
    3 | [[outlet]]
    4 | id = "cgtn-es"
    5 | accounts = [{ platform = "mastodon", handle = "@cgtn_es", proof = "https://t.example/x" }]
      |                                               ^^^^^^^^^^ this names no account
      | expected  user@host, for example "cgtn_es@social.example" (no @ in front)
      | help      masthead outlets find cgtn-es   asks its sites and your servers, prints the line to paste

    warning: nothing undisclosed can ever be posted
     --> config.toml:8:15   undisclosed = 2, but there is only 1 reviewer (you)

    warning: 6 built-in feeds are dead, stale or empty
      of belta, xinhua, cgtn, peoples-daily, china-daily, tasnim

    2 errors, 2 warnings in 2 files (116 outlets, no accounts, 29 feeds)
    "#);
}

#[test]
fn broken_syntax_in_one_file_hides_nothing_in_the_others() {
    let broken = "[[outlet]\nid = \"one\"\nname = \"One\n";
    let scene = Scene::new("watchlist = [\"a.toml\", \"b.toml\"]\ncolour = 1\n")
        .with("a.toml", broken)
        .with("b.toml", "[[outlet]]\nid = \"two\"\nparents = [\"one\"]\ncountry = \"xx\"\n");
    insta::assert_snapshot!(scene.text(), @r#"
    error: unknown key `colour`
     --> config.toml:2:1
      |
    2 | colour = 1
      | ^^^^^^ no such key at the top of the file
      | expected  account, alert, backup, clock, contact, hosts, keep, outlet, publish, review, schedule, sources, state_dir, store, watchlist, web

    error: not TOML
     --> a.toml:1:10
      |
    1 | [[outlet]
      |          ^ unclosed array table
      | expected  `]`

    error: outlet `two` without `name`
     --> b.toml:1:1
      |
    1 | [[outlet]]
      | ^^^^^^^^^^ neither this record nor an earlier one has `name`

    error: `country` cannot be understood
     --> b.toml:4:11
      |
    1 | [[outlet]]
    2 | id = "two"
    3 | parents = ["one"]
    4 | country = "xx"
      |           ^^^^ not a country
      | expected  two capital letters, for example CN

    warning: outlet with neither domains nor accounts
     --> b.toml:1:1   no account can ever be proven to be of `two`
      | help      add domains = ["…"]

    4 errors, 1 warning in 3 files (no outlets, no accounts, no feeds)
    "#);
}

#[test]
fn a_wrong_key_and_a_wrong_type_say_what_would_be_right() {
    let scene = Scene::new(
        "watchlist = []\n[schedule]\ntimezon = \"UTC\"\n[review]\nreviewers = \"you\"\n[web]\nlisten = 8787\n[store]\ncache_mib = 4096\n",
    );
    insta::assert_snapshot!(scene.text(), @r#"
    error: unknown key `timezon`
     --> config.toml:3:1
      |
    3 | timezon = "UTC"
      | ^^^^^^^ no such key in [schedule]
      | expected  digest, timezone
      | help      did you mean `timezone`?

    error: not a list
     --> config.toml:5:13
      |
    5 | reviewers = "you"
      |             ^^^^^ `reviewers` is a text here
      | expected  a list of texts in [ ]
      | help      write ["you"]

    error: not a text
     --> config.toml:7:10
      |
    7 | listen = 8787
      |          ^^^^ `listen` is a number here
      | expected  a text in quotes

    error: `cache_mib` is out of range
     --> config.toml:9:13
      |
    9 | cache_mib = 4096
      |             ^^^^ 4096 is not allowed
      | expected  a whole number from 1 to 1024

    4 errors, no warnings in 1 file (no outlets, no accounts, no feeds)
    "#);
}

#[test]
fn a_key_in_the_wrong_place_is_sent_home() {
    for (text, help) in [
        ("undisclosed = 1\n", Some("it belongs in [review]")),
        ("[web]\nhandle = \"a\"\n", Some("it belongs in [[account]]")),
        ("[[mirror_host]]\nhost = \"a.example\"\n", Some("records of this kind belong in a watchlist file")),
        ("[[outlets]]\n", Some("did you mean `outlet`?")),
        (
            "[[account]]\noutlet = \"desk\"\nhandle = \"a@b.example\"\nplatform = \"x\"\n",
            Some("did you mean `network`?"),
        ),
        ("colour = 1\n", None),
    ] {
        let report = desk("").with("config.toml", &format!("{ALONE}{text}")).load().report;
        let remark = report.remarks.iter().find(|remark| remark.title.starts_with("unknown key")).unwrap();
        assert_eq!(remark.help.as_deref(), help, "{text}");
    }
}

#[test]
fn the_example_runs_as_it_is() {
    let scene = Scene::new(include_str!("../config.toml.example"));
    let loaded = scene.load();
    let config = loaded.config.expect("the example has no errors");
    assert_eq!(
        titles(&loaded.report),
        ["nothing undisclosed can ever be posted", "6 built-in feeds are dead, stale or empty"]
    );
    assert!(config.publish.is_none() && config.contact.is_none() && config.listings.is_empty());
    assert_eq!(config.state_dir, scene.path("./data"));
    assert!(include_str!("../config.toml.example").lines().count() <= 60);
}

/// `section.key` of everything that is written in a file.
fn keys_of(table: &toml::Table, prefix: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        let table = value.as_table().or_else(|| value.as_array()?.first()?.as_table());
        match table {
            Some(table) => keys_of(table, &format!("{name}."), found),
            None => found.push(name),
        }
    }
}

#[test]
fn every_key_of_the_example_is_in_the_table_with_the_same_default() {
    let table: toml::Table = include_str!("../config.toml.example").parse().unwrap();
    let mut found = Vec::new();
    keys_of(&table, "", &mut found);
    for name in &found {
        let known = config::keys().iter().any(|key| key.name == name);
        assert!(known, "{name} is in the example and not in the table");
    }
    let missing =
        config::keys().iter().filter(|key| key.default.is_some() && !found.contains(&key.name.to_owned()));
    assert_eq!(missing.map(|key| key.name).collect::<Vec<_>>(), [""; 0], "the example shows every key");
}

/// A file in which every key of the table has its default.
fn written_defaults() -> String {
    let mut text = String::new();
    for key in config::keys().iter().filter(|key| !key.name.starts_with("account")) {
        if let Some(default) = key.default {
            text.push_str(&format!("{} = {default}\n", key.name));
        }
    }
    text
}

#[test]
fn a_written_default_is_what_the_absent_key_means() {
    let scene = Scene::new("");
    // Where a key stands is all that may differ.
    let meant = |scene: &Scene| format!("{:?}", Config { places: Default::default(), ..scene.config() });
    let absent = meant(&scene);
    let written = written_defaults();
    for key in config::keys().iter().filter(|key| key.default.is_some() && !key.name.starts_with("account")) {
        assert!(written.contains(&format!("{} = ", key.name)));
    }
    let scene = scene.with("config.toml", &written);
    assert_eq!(meant(&scene), absent);
    let account = |more: &str| {
        let text = format!("[[account]]\noutlet = \"xinhua\"\nhandle = \"a@social.example\"\n{more}");
        Scene::new(&text).config().listings
    };
    let defaults = config::keys()
        .iter()
        .filter_map(|key| Some(format!("{} = {}\n", key.name.strip_prefix("account.")?, key.default?)));
    assert_eq!(account(&defaults.collect::<String>()), account(""));
    assert_eq!(account("").len(), 1);
}

#[test]
fn the_table_names_exactly_the_keys_that_are_read() {
    let expected = |text: &str| {
        let report = Scene::new(text).load().report;
        let unknown = report.remarks.into_iter().find(|remark| remark.title == "unknown key `zzz`").unwrap();
        unknown.expected.unwrap()
    };
    for (section, text) in [
        ("", "zzz = 1".to_owned()),
        ("schedule.", "[schedule]\nzzz = 1".to_owned()),
        ("sources.pages.", "[sources.pages]\nzzz = 1".to_owned()),
        ("sources.feeds.", "[sources.feeds]\nzzz = 1".to_owned()),
        ("sources.mastodon.", "[sources.mastodon]\nzzz = 1".to_owned()),
        ("sources.bluesky.", "[sources.bluesky]\nzzz = 1".to_owned()),
        ("account.", "[[account]]\nzzz = 1".to_owned()),
        ("review.", "[review]\nzzz = 1".to_owned()),
        ("publish.fediverse.", "[publish.fediverse]\nzzz = 1".to_owned()),
        ("web.", "[web]\nzzz = 1".to_owned()),
        ("keep.", "[keep]\nzzz = 1".to_owned()),
        ("store.", "[store]\nzzz = 1".to_owned()),
        ("clock.", "[clock]\nzzz = 1".to_owned()),
    ] {
        let names = config::keys().iter().filter_map(|key| key.name.strip_prefix(section));
        let mut names: Vec<&str> = names.map(|name| name.split('.').next().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(expected(&text), names.join(", "), "[{section}]");
    }
}

#[test]
fn who_asks_to_be_left_alone_is_named_by_host_or_address() {
    let text = format!(
        "{ALONE}[sources.mastodon]\nservers = [\"a.quiet.example\"]\nopt_out = [\"quiet.example\", \"me@social.example\"]\n"
    );
    let scene = Scene::new(&text).with("mine.toml", DESK);
    assert_eq!(scene.titles(), ["server that is listed and left alone"]);
    let out = scene.config().mastodon.opt_out;
    for (acct, is_out) in [
        ("you@quiet.example", true),
        ("you@a.quiet.example", true),
        ("ME@social.example", true),
        ("you@social.example", false),
        ("you@unquiet.example", false),
    ] {
        assert_eq!(out.has_account(&acct.parse().unwrap()), is_out, "{acct}");
    }
    let wrong = format!("{ALONE}[sources.mastodon]\nopt_out = [\"@me@social.example\"]\n");
    assert_eq!(Scene::new(&wrong).with("mine.toml", DESK).titles(), ["nobody that could be left alone"]);
}

#[test]
fn everything_but_the_directory_is_looked_at_unless_written() {
    let discover = |line: &str| {
        let text = format!("{ALONE}[sources.mastodon]\n{line}");
        Scene::new(&text).with("mine.toml", DESK).config().mastodon.discover
    };
    assert_eq!(discover("").len(), 4);
    assert!(!discover("").contains(&Discover::Directory));
    assert_eq!(discover("discover = [\"directory\"]").into_iter().collect::<Vec<_>>(), [Discover::Directory]);
    assert!(discover("discover = []").is_empty());
}

#[test]
fn nothing_of_the_curated_watchlist_is_lost() {
    let config = Scene::new("").config();
    let watchlist = &config.watchlist;
    let sum = |count: fn(&Outlet) -> usize| watchlist.outlets.values().map(count).sum::<usize>();
    assert_eq!(watchlist.outlets.len(), 116);
    assert_eq!(watchlist.exempt.len(), 43);
    assert_eq!(watchlist.mirror_hosts.len(), 11);
    assert_eq!(watchlist.operators.len(), 1);
    assert_eq!(sum(|outlet| outlet.control_basis.len()), 174);
    assert_eq!(sum(|outlet| outlet.accounts.len()), 75);
    assert_eq!(sum(|outlet| outlet.aliases.len()), 152);
    assert_eq!(sum(|outlet| outlet.native_name.iter().len()), 65);
    assert_eq!(sum(|outlet| outlet.owner.iter().len()), 49);
    assert_eq!(sum(|outlet| outlet.system.iter().len()), 109);
    assert_eq!(sum(|outlet| outlet.parents.len()), 48);
    assert_eq!(sum(|outlet| outlet.domains.len()), 171);
    assert_eq!(sum(|outlet| outlet.bylines.len()), 13);
    assert_eq!(sum(|outlet| outlet.feeds.len()), 29);
    assert_eq!(sum(|outlet| outlet.feeds.iter().filter(|feed| feed.note.is_some()).count()), 18);
    assert_eq!(sum(|outlet| outlet.sources.len()), 214);
    assert_eq!(sum(|outlet| outlet.unverified.len()), 63);
    assert_eq!(sum(|outlet| outlet.accounts.iter().filter(|account| account.confirmed).count()), 9);
    assert_eq!(watchlist.exempt.iter().map(|exempt| exempt.domains.len()).sum::<usize>(), 51);
    assert_eq!(watchlist.exempt.iter().map(|exempt| exempt.sources.len()).sum::<usize>(), 71);
    assert_eq!(watchlist.exempt.iter().map(|exempt| exempt.feeds.len()).sum::<usize>(), 7);
    assert_eq!(watchlist.exempt.iter().filter(|exempt| exempt.note.is_some()).count(), 13);
    assert_eq!(watchlist.mirror_hosts.iter().map(|mirror| mirror.sources.len()).sum::<usize>(), 3);
    assert_eq!(watchlist.mirror_hosts.iter().map(|mirror| mirror.unverified.len()).sum::<usize>(), 9);
    assert_eq!(watchlist.mirror_hosts.iter().filter(|mirror| mirror.note.is_some()).count(), 5);
    assert_eq!(watchlist.operators[0].unverified.len(), 1);
}

#[test]
fn the_curated_watchlist_lists_no_account_that_could_be_read() {
    let config = Scene::new("").config();
    assert!(
        config.listings.is_empty(),
        "a shipped account needs a source that was read: {:?}",
        config.listings
    );
    for outlet in config.watchlist.outlets.values() {
        assert!(!outlet.control_basis.is_empty(), "{} has no basis", outlet.id);
        assert!(!outlet.sources.is_empty(), "{} has no source", outlet.id);
    }
}

#[test]
fn a_later_record_overrides_fields_and_adds_to_lists() {
    let later = "[[outlet]]\nid = \"desk\"\nname = \"Desk\"\ndomains = [\"desk.example\", \"two.example\"]\nfeeds = [{ url = \"https://desk.example/a\", status = \"working\" }]\naccounts = [{ platform = \"x\", handle = \"DESK\", confirmed = true, seen_in = \"a list\" }]\n";
    let scene = desk("feeds = [{ url = \"https://desk.example/a\" }, { url = \"https://desk.example/b\" }]\naccounts = [{ platform = \"x\", handle = \"desk\" }]\nowner = \"somebody\"\n")
        .with("config.toml", &format!("{ALONE}{later}"));
    let outlet = scene.outlet("desk");
    assert_eq!((outlet.name.as_str(), outlet.owner.as_deref()), ("Desk", Some("somebody")));
    assert_eq!(outlet.domains, [host("desk.example"), host("two.example")]);
    let feeds: Vec<_> =
        outlet.feeds.iter().map(|feed| (feed.url.as_str(), format!("{:?}", feed.status))).collect();
    assert_eq!(
        feeds,
        [
            ("https://desk.example/a", "Working".to_owned()),
            ("https://desk.example/b", "Unverified".to_owned())
        ]
    );
    assert_eq!(outlet.accounts.len(), 1);
    assert!(outlet.accounts[0].confirmed);
}

#[test]
fn remove_takes_out_items_and_says_when_there_is_none() {
    let later = |remove: &str| format!("{ALONE}[[outlet]]\nid = \"desk\"\nremove = [{remove}]\n");
    let scene = desk(
        "aliases = [\"The Desk\"]\nfeeds = [{ url = \"https://desk.example/a\" }]\naccounts = [{ platform = \"mastodon\", handle = \"desk@social.example\", proof = \"https://desk.example/\" }]\n",
    );
    let scene = scene
        .with("config.toml", &later("\"https://desk.example/a\", \"desk@social.example\", \"The Desk\""));
    let outlet = scene.outlet("desk");
    assert!(outlet.feeds.is_empty() && outlet.accounts.is_empty() && outlet.aliases.is_empty());
    let scene = scene.with("config.toml", &later("\"The Dsk\""));
    insta::assert_snapshot!(scene.text(), @r#"
    error: nothing to remove
     --> config.toml:4:11
      |
    2 | [[outlet]]
    3 | id = "desk"
    4 | remove = ["The Dsk"]
      |           ^^^^^^^^^ outlet `desk` has no such item
      | expected  the url of a feed, the handle of an account, or the text of another item
      | help      did you mean `The Desk`?

    1 error, no warnings in 2 files (1 outlet, 1 account, 1 feed)
    "#);
}

#[test]
fn records_that_contradict_each_other_are_refused() {
    for (more, title) in [
        ("parents = [\"dask\"]\n", "parent that does not exist"),
        ("parents = [\"desk\"]\n", "parents that form a ring"),
        ("[[outlet]]\nid = \"desk\"\n", "outlet `desk` twice in one file"),
        (
            "[[operator]]\nid = \"op\"\nname = \"Op\"\nsays = \"x\"\nowner_outlet = \"no\"\n",
            "owner_outlet that does not exist",
        ),
        (
            "[[outlet]]\nid = \"b\"\nname = \"Bee\"\ncountry = \"XX\"\ndomains = [\"co.uk\"]\n",
            "domain that is a public suffix",
        ),
        (
            "[[outlet]]\nid = \"b\"\nname = \"Bee\"\ncountry = \"XX\"\ndomains = [\"github.io\"]\n",
            "domain that is a public suffix",
        ),
        (
            "[[outlet]]\nid = \"b\"\nname = \"Bee\"\ncountry = \"XX\"\ndomains = [\"www.facebook.com\"]\n",
            "domain that everybody shares",
        ),
        (
            "[[outlet]]\nid = \"b\"\ncountry = \"XX\"\ndomains = [\"b.example\"]\n",
            "outlet `b` without `name`",
        ),
        ("[[outlet]]\nid = \"B\"\n", "`id` cannot be understood"),
    ] {
        assert_eq!(desk(more).titles(), [title]);
    }
}

#[test]
fn a_ring_of_three_is_reported_once_with_its_way() {
    let record = |id: &str, parent: &str| {
        format!(
            "[[outlet]]\nid = \"{id}\"\nname = \"Name\"\ncountry = \"XX\"\ndomains = [\"{id}.example\"]\nparents = [\"{parent}\"]\n"
        )
    };
    let text = [record("a", "b"), record("b", "c"), record("c", "a"), record("d", "a")].concat();
    let report = Scene::new(ALONE).with("mine.toml", &text).load().report;
    assert_eq!(titles(&report), ["parents that form a ring"]);
    assert_eq!(report.remarks[0].label.as_deref(), Some("a -> b -> c -> a"));
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    for (more, title) in [
        ("feeds = [{ url = \"https://desk.example/a\", status = \"dead\" }]\n", "dead feed"),
        (
            "accounts = [{ platform = \"x\", handle = \"desk\", confirmed = true }]\n",
            "confirmed account without a source",
        ),
        (
            "accounts = [{ platform = \"mastodon\", handle = \"desk@social.example\" }]\n",
            "account without a page that proves it",
        ),
        ("aliases = [\"DD\"]\n", "name that matches everywhere"),
        ("control = \"state-controlled\"\n", "control without a basis"),
        (
            "[[outlet]]\nid = \"b\"\nname = \"Bee\"\ncountry = \"XX\"\n",
            "outlet with neither domains nor accounts",
        ),
        (
            "[[outlet]]\nid = \"b\"\nname = \"Bee\"\ncountry = \"XX\"\ndomains = [\"desk.example\"]\n",
            "domain in two records",
        ),
    ] {
        let scene = desk(more);
        assert_eq!(scene.titles(), [title]);
        scene.config();
    }
    assert_eq!(
        desk("aliases = [\"央视\"]\nnative_name = \"书\"\n").titles(),
        ["name that matches everywhere"]
    );
}

#[test]
fn an_account_is_listed_once_and_the_configuration_speaks_last() {
    let record = "accounts = [{ platform = \"mastodon\", handle = \"Desk@social.example\", seen_in = \"a list\", proof = \"https://desk.example/\" }]\n";
    let account = |more: &str| {
        format!("{ALONE}[[account]]\noutlet = \"desk\"\nhandle = \"desk@social.example\"\n{more}")
    };
    let scene = desk(record).with("config.toml", &account(""));
    let listings = scene.config().listings;
    assert_eq!(listings.len(), 1);
    assert_eq!(listings[0].account.network, Network::Mastodon);
    assert_eq!(listings[0].account.proof.as_deref(), Some("https://desk.example/"));
    let scene = scene.with("config.toml", &account("enabled = false\n"));
    assert!(scene.config().listings.is_empty());
    let scene = scene.with("config.toml", &account("").replace("\"desk\"", "\"dsk\""));
    insta::assert_snapshot!(scene.text(), @r#"
    error: outlet that does not exist
     --> config.toml:3:10
      |
    2 | [[account]]
    3 | outlet = "dsk"
      |          ^^^^^ no record has this id
      | expected  an id from `masthead outlets`
      | help      did you mean `desk`?

    warning: account without a page that proves it
     --> config.toml:4:10   without `proof` it is shown as "says it belongs to"

    warning: account that is not read
     --> config.toml:4:10   [sources.mastodon] is not enabled
      | help      set `contact`, then [sources.mastodon] enabled = true

    1 error, 2 warnings in 2 files (1 outlet, 1 account, no feeds)
    "#);
}

#[test]
fn an_account_without_proof_is_shown_as_a_claim() {
    let scene = desk("enabled = false\n").with(
        "config.toml",
        &format!("{ALONE}[[account]]\noutlet = \"desk\"\nhandle = \"desk@social.example\"\n"),
    );
    insta::assert_snapshot!(scene.text(), @r#"
    warning: account of an outlet that is switched off
     --> config.toml:3:10   `desk` has enabled = false, so this account is not watched

    warning: account without a page that proves it
     --> config.toml:4:10   without `proof` it is shown as "says it belongs to"

    warning: account that is not read
     --> config.toml:4:10   [sources.mastodon] is not enabled
      | help      set `contact`, then [sources.mastodon] enabled = true

    no errors, 3 warnings in 2 files (1 outlet, no accounts, no feeds)
    "#);
}

#[test]
fn schedules_are_refused_with_the_one_that_was_meant() {
    let told = |digest: &str| {
        let report =
            Scene::new(&format!("watchlist = []\n[schedule]\ndigest = \"{digest}\"\n")).load().report;
        let remark = report.remarks.into_iter().next();
        remark.map(|remark| {
            [
                remark.level.as_str().to_owned(),
                remark.label.unwrap_or_default(),
                remark.help.unwrap_or_default(),
            ]
            .join(" | ")
        })
    };
    let lines: Vec<String> = [
        "0 0 9 * * Mon",
        "0 9 * * 1-5",
        "30 18 * * *",
        "*/5 9 1 1 Sun",
        "0 0 9 * * 1",
        "0 0 9 * * 0",
        "0 0 9 * * 9",
        "0 0 9 31 2 *",
        "0 0 9 29 2 *",
        "0 0 9 * * Mon 2020",
        "soon",
        "@weekly",
        "",
        "0 0 25 * * Mon",
    ]
    .into_iter()
    .map(|digest| format!("{digest:<20} {}", told(digest).unwrap_or("fine".into())))
    .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    0 0 9 * * Mon        fine
    0 9 * * 1-5          error | 5 fields; expected 6, seconds first | you wrote 5 fields as in crontab. Write "0 0 9 * * Mon-Fri"
    30 18 * * *          error | 5 fields; expected 6, seconds first | you wrote what crontab reads as "every day 18:30". Write "0 30 18 * * *"
    */5 9 1 1 Sun        error | 5 fields; expected 6, seconds first | you wrote 5 fields as in crontab. Write "0 */5 9 1 1 Sun"
    0 0 9 * * 1          warning | `1` is read as Sun | write names: Mon, Tue, Wed, Thu, Fri, Sat, Sun
    0 0 9 * * 0          error | there is no weekday 0 | write "0 0 9 * * Sun"
    0 0 9 * * 9          error | cannot be understood | "0 0 9 * * Mon" is every Monday at 09:00
    0 0 9 31 2 *         error | no such day in the next 10 years | day of month and weekday must both fit; "*" fits every day
    0 0 9 29 2 *         fine
    0 0 9 * * Mon 2020   error | no such day in the next 10 years | day of month and weekday must both fit; "*" fits every day
    soon                 error | 1 field; expected 6, seconds first | "0 0 9 * * Mon" is every Monday at 09:00
    @weekly              fine
                         error | 0 fields; expected 6, seconds first | "0 0 9 * * Mon" is every Monday at 09:00
    0 0 25 * * Mon       error | cannot be understood | "0 0 9 * * Mon" is every Monday at 09:00
    "#);
}

#[test]
fn settings_out_of_range_are_refused() {
    for (text, title) in [
        ("[review]\nundisclosed = 0\n", "`undisclosed` is out of range"),
        ("[review]\nreviewers = [\"a\", \"A\"]\n", "reviewer named twice"),
        ("[review]\nreviewers = [\"../a\"]\n", "not a reviewer's name"),
        ("[review]\nreviewers = [\"Masthead\"]\n", "not a reviewer's name"),
        ("[publish.fediverse]\nmax_posts = 13\n", "`max_posts` is out of range"),
        ("[publish.fediverse]\nvisibility = \"privat\"\n", "`visibility` cannot be understood"),
        ("[publish.fediverse]\nspoiler = \"ask @me\"\n", "spoiler that would notify or tag"),
        ("[publish.fediverse]\nreply_to = \"109\"\n", "not an address"),
        ("[publish.fediverse]\nserver = \"http://social.example\"\n", "not a server"),
        ("[sources.mastodon]\nservers = [\"https://social.example/about\"]\n", "not a server"),
        ("[sources.mastodon]\ndiscover = [\"serch\"]\n", "`discover` cannot be understood"),
        ("[schedule]\ntimezone = \"Europe/Berln\"\n", "not a time zone"),
        ("[store]\ncache_mib = 0\n", "`cache_mib` is out of range"),
        ("[web]\nlisten = \"localhost\"\n", "not an address to listen on"),
        ("[web]\npublic_url = \"https://x.example/masthead\"\n", "site below a path"),
        ("[web]\npublic_url = \"masthead.example\"\n", "not an address of a site"),
        ("[hosts]\n\"social.example\" = \"192.0.2.1:80\"\n", "host outside this machine"),
        ("[clock]\nrate = 600\n", "clock that is not complete"),
    ] {
        let text = format!("watchlist = []\n{text}");
        assert!(
            Scene::new(&text).titles().contains(&title.to_owned()),
            "{text}: {:?}",
            Scene::new(&text).titles()
        );
    }
    for contact in ["you", "ftp://you.example", "you@", "a b@you.example"] {
        let scene = Scene::new(&format!("watchlist = []\ncontact = \"{contact}\"\n"));
        assert_eq!(scene.titles(), ["contact that nobody can follow"], "{contact}");
    }
}

/// The example for a record, left in a file whose watchlist has no such outlet.
#[test]
fn a_switched_off_account_keeps_nothing_from_running() {
    let account =
        "[[account]]\noutlet = \"xinhua\"\nnetwork = \"mastodon\"\nhandle = \"@x\"\nproof = \"none\"\n";
    let on = Scene::new(&format!("{ALONE}{account}")).with("mine.toml", DESK);
    assert!(!on.load().report.is_good());
    let off = Scene::new(&format!("{ALONE}{account}enabled = false\n")).with("mine.toml", DESK);
    let report = off.load().report;
    assert_eq!((report.errors, report.warnings > 0), (0, true), "{}", off.text());
    assert_eq!(off.config().listings, []);
}

/// A place is what an editor opens.
#[test]
fn a_watchlist_file_that_cannot_be_read_is_refused_at_the_line_that_names_it() {
    let scene = Scene::new("state_dir = \"x\"\nwatchlist = [\n  \"mine.toml\",\n]\n").with("mine.toml/x", "");
    let text = scene.text();
    assert!(text.contains("config.toml:3:3") && text.contains("mine.toml"), "{text}");
}

#[test]
fn what_a_running_service_cannot_take_up_is_known_by_its_place() {
    let text = format!("{ALONE}[store]\ncache_mib = 9\n[web]\nlisten = \"127.0.0.1:1\"\n");
    let config = Scene::new(&text).with("mine.toml", DESK).config();
    let line = 1 + ALONE.matches('\n').count();
    assert!(config.shown_at("[store] cache_mib").ends_with(&format!("config.toml:{}:13", line + 1)));
    assert!(config.shown_at("[web] listen").ends_with(&format!("config.toml:{}:10", line + 3)));
    assert_eq!(config.shown_at("[clock]"), "");
}

#[test]
fn spans_and_sizes_are_read_as_people_write_them() {
    let keep = |text: &str| {
        let scene = Scene::new(&format!("{ALONE}[keep]\n{text}")).with("mine.toml", DESK);
        scene.config().keep
    };
    let usual = keep("");
    assert_eq!((usual.posts.num_days(), usual.evidence.num_days(), usual.disk), (30, 5 * 365, 4 << 30));
    assert_eq!(keep("posts = \"8 w\"\n").posts.num_days(), 56);
    assert_eq!(keep("posts = \"0d\"\n").posts.num_days(), 0);
    assert_eq!(keep("evidence = \"1y\"\ndisk = \"500mb\"\n").disk, 500 << 20);
    let text = "[keep]\nposts = 30\nevidence = \"5 months\"\ndisk = \"4\"\n";
    let scene = Scene::new(&format!("{ALONE}{text}")).with("mine.toml", DESK);
    insta::assert_snapshot!(scene.text(), @r#"
    error: not a span of time
     --> config.toml:3:9
      |
    3 | posts = 30
      |         ^^ `posts` is a number here
      | expected  a whole number of days, weeks or years: "30d", "8w", "5y"
      | help      write "30d"

    error: not a span of time
     --> config.toml:4:12
      |
    4 | evidence = "5 months"
      |            ^^^^^^^^^^ this cannot be understood
      | expected  a whole number of days, weeks or years: "30d", "8w", "5y"

    error: not a size
     --> config.toml:5:8
      |
    5 | disk = "4"
      |        ^^^ this cannot be understood
      | expected  a whole number with MB, GB or TB: "4GB"
      | help      write "4GB"

    3 errors, no warnings in 2 files (1 outlet, no accounts, no feeds)
    "#);
    let scene =
        Scene::new(&format!("{ALONE}[keep]\nevidence = \"3d\"\ndisk = \"4MB\"\n")).with("mine.toml", DESK);
    insta::assert_snapshot!(scene.text(), @r#"
    error: `evidence` is out of range
     --> config.toml:3:12
      |
    3 | evidence = "3d"
      |            ^^^^ this is not allowed
      | expected  from "90d" to "100y"

    error: `disk` is out of range
     --> config.toml:4:8
      |
    4 | disk = "4MB"
      |        ^^^^^ this is not allowed
      | expected  from "100MB" to "1024TB"

    2 errors, no warnings in 2 files (1 outlet, no accounts, no feeds)
    "#);
}

#[test]
fn a_server_may_be_named_by_host_or_by_address() {
    let text = "watchlist = []\n[sources.mastodon]\nservers = [\"Social.Example\", \"https://social.example/\", \"http://127.0.0.1:4001\"]\n";
    assert_eq!(Scene::new(text).config().mastodon.servers, [host("social.example"), host("127.0.0.1:4001")]);
}

#[test]
fn publishing_asks_for_all_it_needs_at_once() {
    let scene = Scene::new("watchlist = []\ncontact = \"\"\n[publish.fediverse]\nenabled = true\n");
    insta::assert_snapshot!(scene.text(), @r#"
    error: no contact
     --> config.toml:2:11
      |
    2 | contact = ""
      |           ^^ [publish.fediverse] is enabled: servers are told whom to write to
      | expected  contact = "https://you.example/bot", or an e-mail address

    error: no server to post to
     --> config.toml:4:11
      |
    4 | enabled = true
      |           ^^^^ [publish.fediverse] is enabled
      | expected  server = "https://social.example", the server of the posting account

    error: no public_url
     --> config.toml:4:11
      |
    4 | enabled = true
      |           ^^^^ [publish.fediverse] is enabled: every post links to the site
      | expected  [web] public_url = "https://masthead.example"

    error: token file that does not exist
     --> config.toml:4:11
      |
    4 | enabled = true
      |           ^^^^ fediverse.token is not there
      | help      masthead login fediverse   gets a token and puts it there

    warning: nothing undisclosed can ever be posted
     --> config.toml:4:11   undisclosed = 2, but there is no reviewer

    4 errors, 1 warning in 1 file (no outlets, no accounts, no feeds)
    "#);
}

/// A configuration that may post, as far as its token goes.
const POSTING: &str = "watchlist = []\ncontact = \"https://you.example/bot\"\n[review]\nreviewers = [\"a\", \"b\"]\n[publish.fediverse]\nenabled = true\nserver = \"https://social.example\"\n[web]\npublic_url = \"https://masthead.example\"\n";

#[test]
fn a_token_is_read_from_a_file_that_nobody_else_can_read() {
    let scene = Scene::new(POSTING).token("fediverse.token", 0o600);
    let config = scene.config();
    let publish = config.publish.as_ref().unwrap();
    assert_eq!(publish.token.expose_secret(), "s3cret");
    assert_eq!(publish.server, host("social.example"));
    assert!(!format!("{config:?}").contains("s3cret"));
    let scene = scene.token("fediverse.token", 0o640);
    insta::assert_snapshot!(scene.text(), @r#"
    error: token file that others can read
     --> config.toml:6:11
      |
    6 | enabled = true
      |           ^^^^ fediverse.token has mode 0640
      | expected  mode 0600
      | help      chmod 600 fediverse.token   and make a new token if others use this machine

    1 error, no warnings in 1 file (no outlets, no accounts, no feeds)
    "#);
}

#[test]
fn a_token_that_is_missing_empty_or_of_two_words_is_refused_without_showing_it() {
    let scene = Scene::new(POSTING);
    insta::assert_snapshot!(scene.text(), @r#"
    error: token file that does not exist
     --> config.toml:6:11
      |
    6 | enabled = true
      |           ^^^^ fediverse.token is not there
      | help      masthead login fediverse   gets a token and puts it there

    1 error, no warnings in 1 file (no outlets, no accounts, no feeds)
    "#);
    for text in ["", " \n", "two words"] {
        let scene = Scene::new(POSTING).token("fediverse.token", 0o600).with("fediverse.token", text);
        assert_eq!(scene.load().report.errors, 1, "{text}");
        assert!(!scene.text().contains("two words"));
    }
}

#[test]
fn credentials_of_systemd_come_first_and_the_state_folder_last() {
    let scene = Scene::new(POSTING).token("data/fediverse.token", 0o600);
    assert_eq!(scene.config().fediverse.token_file, scene.path("data/fediverse.token"));
    let scene = scene.token("fediverse.token", 0o600);
    assert_eq!(scene.config().fediverse.token_file, scene.path("fediverse.token"));
    // systemd grants access by a list, whose mask shows as bits of the group.
    let scene = scene.token("credentials/fediverse.token", 0o440);
    let environment =
        Environment { credentials_dir: Some(scene.path("credentials")), ..Environment::default() };
    let loaded = config::load(Some(&scene.path("config.toml")), &environment, now());
    assert_eq!(loaded.config.unwrap().fediverse.token_file, scene.path("credentials/fediverse.token"));
}

#[test]
fn tokens_of_servers_are_read_only_while_the_source_is_on() {
    let text = |enabled: bool| {
        format!(
            "watchlist = []\ncontact = \"you@mail.example\"\n[sources.mastodon]\nenabled = {enabled}\ntokens = {{ \"social.example\" = \"social.token\" }}\n"
        )
    };
    assert!(Scene::new(&text(false)).config().mastodon.tokens.is_empty());
    assert_eq!(Scene::new(&text(true)).titles(), ["token file that does not exist"]);
    let config = Scene::new(&text(true)).token("social.token", 0o600).config();
    assert_eq!(config.mastodon.tokens[&host("social.example")].expose_secret(), "s3cret");
}

const CLOCK: &str = "[clock]\norigin = 2026-11-02T00:00:00Z\nanchor = \"2026-11-23T12:00:00Z\"\nrate = 600\n";

#[test]
fn a_trial_with_its_own_clock_must_not_reach_the_world() {
    let scene = Scene::new(&format!("{CLOCK}[sources.mastodon]\nservers = [\"other.example\"]\n"));
    assert_eq!(
        scene.titles(),
        [
            "outlets of the world in a trial",
            "host of the world in a trial",
            "6 built-in feeds are dead, stale or empty"
        ]
    );
    let config = format!(
        "{ALONE}{CLOCK}[hosts]\n\"social.example\" = \"127.0.0.1:4001\"\n[[account]]\noutlet = \"desk\"\nhandle = \"desk@social.example\"\nproof = \"https://other.example/\"\n[sources.mastodon]\nservers = [\"127.0.0.1:4002\"]\n"
    );
    let scene = desk("").with("config.toml", &config);
    insta::assert_snapshot!(scene.text(), @r#"
    error: host of the world in a trial
      --> config.toml:11:9
       |
    11 | proof = "https://other.example/"
       |         ^^^^^^^^^^^^^^^^^^^^^^^^ other.example is neither loopback nor in [hosts]
       | help      take out [clock], or let [hosts] answer for the name

    error: host of the world in a trial
     --> mine.toml:5:12
      |
    5 | domains = ["desk.example"]
      |            ^^^^^^^^^^^^^^ desk.example is neither loopback nor in [hosts]
      | help      take out [clock], or let [hosts] answer for the name

    warning: account that is not read
      --> config.toml:10:10   [sources.mastodon] is not enabled
       | help      set `contact`, then [sources.mastodon] enabled = true

    2 errors, 1 warning in 2 files (1 outlet, 1 account, no feeds)
    "#);
    let scene = scene.with(
        "config.toml",
        &config
            .replace("other.example", "social.example")
            .replace("[hosts]\n", "[hosts]\n\"desk.example\" = \"127.0.0.1:4003\"\n"),
    );
    let config = scene.config();
    assert!(matches!(config.clock, Clock::Scaled(scale) if scale.rate == 600.0));
    assert_eq!(config.hosts[&host("social.example")], "127.0.0.1:4001".parse().unwrap());
}

#[test]
fn a_configuration_is_looked_for_in_its_places() {
    let nowhere = config::load(None, &Environment::default(), now());
    insta::assert_snapshot!(nowhere.report.text(Paint::Plain), @r#"
    error: no configuration found
      looked for --config, $MASTHEAD_CONFIG, ./config.toml and /etc/masthead/config.toml
     | help      masthead init   writes one here that runs as it is, without credentials

    1 error, no warnings in no files (no outlets, no accounts, no feeds)
    "#);
    let scene = Scene::new("watchlist = []\n");
    let environment =
        Environment { masthead_config: Some(scene.path("config.toml")), ..Environment::default() };
    assert_eq!(config::load(None, &environment, now()).config.unwrap().path, Some(scene.path("config.toml")));
    let environment = Environment { masthead_config: Some("gone.toml".into()), ..Environment::default() };
    assert_eq!(titles(&config::load(None, &environment, now()).report), ["$MASTHEAD_CONFIG names gone.toml"]);
    let gone = config::load(Some(Path::new("gone.toml")), &Environment::default(), now());
    assert_eq!(titles(&gone.report), ["cannot read gone.toml"]);
}

#[test]
fn patterns_of_the_watchlist_match_files_of_one_folder() {
    let scene = Scene::new("watchlist = [\"lists/*.toml\", \"lists/a.toml\", \"none/*.toml\"]\n")
        .with("lists/a.toml", DESK)
        .with("lists/.a.toml.swp.toml", "broken [")
        .with("lists/note.txt", "broken [");
    assert_eq!(scene.load().report.tally.files, 2);
    scene.outlet("desk");
    let scene = scene.with("config.toml", "watchlist = [\"gone.toml\", \"*/a.toml\", \"\"]\n");
    assert_eq!(
        scene.titles(),
        ["watchlist file that does not exist", "pattern in a folder's name", "not a file"]
    );
}

#[test]
fn a_lone_watchlist_file_is_checked_over_the_built_in_ones() {
    let scene = Scene::new("")
        .with("mine.toml", "[[outlet]]\nid = \"xinhua\"\naliases = [\"XH\"]\nparents = [\"cmgg\"]\n");
    let report = config::check_files(&[scene.path("mine.toml")], &Environment::default(), now());
    assert_eq!(
        titles(&report),
        [
            "parent that does not exist",
            "name that matches everywhere",
            "6 built-in feeds are dead, stale or empty"
        ]
    );
    assert_eq!(report.closing_line(), "1 error, 2 warnings in 1 file (116 outlets, no accounts, 29 feeds)");
    let report = config::check_files(
        &[scene.path("config.toml"), scene.path("no.toml")],
        &Environment::default(),
        now(),
    );
    assert_eq!((report.errors, report.tally.outlets), (1, 116));
}

#[test]
fn an_account_that_no_source_reads_is_a_warning() {
    let account = "[[account]]\noutlet = \"desk\"\nhandle = \"desk\"\nnetwork = \"threads\"\nproof = \"https://desk.example/\"\n";
    let scene = desk("").with("config.toml", &format!("{ALONE}{account}"));
    assert_eq!(scene.titles(), ["account that is not read"]);
    let account =
        account.replace("threads", "mastodon").replace("\"desk\"\nnet", "\"desk@social.example\"\nnet");
    let scene = scene.with("config.toml", &format!("{ALONE}{account}"));
    assert_eq!(scene.titles(), ["account that is not read"]);
    let on = "contact = \"you@mail.example\"\n[sources.mastodon]\nenabled = true\n";
    assert!(scene.with("config.toml", &format!("{ALONE}{on}{account}")).titles().is_empty());
}

#[test]
fn threads_needs_a_token_that_a_login_gets_and_left_alone_are_names() {
    let on = "contact = \"you@mail.example\"\n[sources.threads]\nenabled = true\n";
    let scene = desk("").with("config.toml", &format!("{ALONE}{on}"));
    assert_eq!(scene.titles(), ["token file that does not exist"]);
    let help = scene.load().report.text(Paint::Plain);
    assert!(help.contains("masthead login threads   gets a token and puts it there"), "{help}");
    // Where it is off nobody needs the file.
    let off = on.replace("true", "false");
    assert!(scene.with("config.toml", &format!("{ALONE}{off}")).titles().is_empty());
    let out = format!("{ALONE}{off}opt_out = [\"News_ES\", \"https://www.threads.com/@news\"]\n");
    let scene = desk("").with("config.toml", &out);
    assert_eq!(scene.titles(), ["nobody that could be left alone"]);
}

#[test]
fn a_report_is_readable_by_machines() {
    let report = desk("colour = 1\n").load().report;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["errors"], 1);
    assert_eq!(json["files"], 2);
    let place = &json["remarks"][0]["place"];
    assert!(place["file"].as_str().unwrap().ends_with("mine.toml"));
    assert_eq!((&place["line"], &place["column"]), (&6.into(), &1.into()));
    assert_eq!(report.remarks[0].level, Level::Error);
}

/// Pieces out of which files are made that are nearly right.
fn nearly_toml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[[outlet]]\n".to_owned()),
        Just("[[account]]\n".to_owned()),
        Just("[schedule]\n".to_owned()),
        Just("[sources.mastodon]\n".to_owned()),
        Just("[clock]\n".to_owned()),
        Just("[hosts]\n".to_owned()),
        Just("id = \"a\"\n".to_owned()),
        Just("parents = [\"a\", \"b\"]\n".to_owned()),
        (
            "(watchlist|digest|timezone|contact|handle|outlet|accounts|feeds|domains|remove|tokens|servers)",
            "\\PC{0,12}"
        )
            .prop_map(|(key, text)| format!("{key} = {text:?}\n")),
        ("(digest|domains|parents|servers)", "[-0-9*/, @A-Za-z.]{0,14}")
            .prop_map(|(key, text)| format!("{key} = \"{text}\"\n")),
        (
            "(enabled|rate|cache_mib|outlet|account)",
            "(true|-1|1e400|0x10|nan|\\{\\}|\\[\\{\\}\\]|2026-01-01)"
        )
            .prop_map(|(key, value)| format!("{key} = {value}\n")),
        "\\PC{0,20}\n",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_loader_panic(config in nearly_toml(), mine in nearly_toml(), noise in ".{0,60}") {
        let scene = Scene::new(&format!("{ALONE}{config}")).with("mine.toml", &mine);
        let loaded = scene.load();
        prop_assert_eq!(loaded.config.is_some(), loaded.report.is_good());
        loaded.report.text(Paint::Colour);
        let scene = scene.with("config.toml", &noise);
        scene.load().report.text(Paint::Plain);
        config::check_files(&[scene.path("mine.toml"), scene.path("config.toml")], &Environment::default(), now());
    }

    #[test]
    fn no_schedule_makes_the_loader_panic(digest in "[-0-9*/, ?@LW#A-Za-z]{0,30}") {
        Scene::new(&format!("watchlist = []\n[schedule]\ndigest = \"{digest}\"\n")).load();
    }
}

/// In a debug build on a busy machine; where one fault costs a look at all others, these take minutes.
const LONGEST_CHECK: std::time::Duration = std::time::Duration::from_secs(60);

#[test]
fn twenty_thousand_bad_records_are_answered_in_bounded_time() {
    let many = |record: &dyn Fn(usize) -> String| (0..20_000).map(record).collect::<String>();
    let list = |item: &dyn Fn(usize) -> String| many(&|index| item(index) + ",");
    let server = list(&|index| format!("\"s{index}.example\""));
    let opt_out = list(&|index| format!("\"t{index}.example\""));
    for (what, text, errors) in [
        (
            "accounts of outlets that do not exist, beside outlets without a country",
            many(&|index| {
                format!(
                    "[[outlet]]\nid = \"paper-{index}\"\nname = \"Paper\"\n[[account]]\noutlet = \"papr-{index}x\"\n\
                     network = \"mastodon\"\nhandle = \"bad {index}\"\n"
                )
            }),
            60_000,
        ),
        (
            "the same in one line",
            format!(
                "account = [{}]\n",
                list(&|index| format!("{{outlet=\"no{index}\",network=\"mastodon\",handle=\"新{index}\"}}"))
            ),
            40_000,
        ),
        (
            "accounts of one record that are listed once more",
            format!(
                "[[outlet]]\nid = \"paper\"\nname = \"Paper\"\ncountry = \"CN\"\naccounts = [{}]\n{}",
                list(&|index| format!("{{platform=\"mastodon\",handle=\"u{index}@s.example\"}}")),
                many(&|index| {
                    format!(
                        "[[account]]\noutlet = \"paper\"\nnetwork = \"mastodon\"\nhandle = \"U{index}@s.example\"\n"
                    )
                })
            ),
            0,
        ),
        (
            "owners in a ring",
            many(&|index| {
                let owner = (index + 1) % 20_000;
                format!(
                    "[[outlet]]\nid = \"paper-{index}\"\nname = \"Paper\"\ncountry = \"CN\"\nparents = [\"paper-{owner}\"]\n"
                )
            }),
            1,
        ),
        (
            "servers",
            format!(
                "[sources.mastodon]\nservers = [{server}]\nopt_out = [{opt_out}]\n[review]\nreviewers = [{}]\n",
                list(&|index| format!("\"ana{index}\""))
            ),
            0,
        ),
    ] {
        let scene = Scene::new(&text);
        let begun = std::time::Instant::now();
        let report = scene.load().report;
        let shown = report.text(Paint::Plain);
        let took = begun.elapsed();
        assert!(took < LONGEST_CHECK, "{what}: {took:?}");
        assert_eq!(report.errors, errors, "{what}: {}", report.closing_line());
        assert!(shown.len() < 1 << 20, "{what}: {}", shown.len());
        let is_cut = shown
            .contains(&format!("and {} more errors; `masthead check --json` has all", errors.max(100) - 100));
        assert_eq!(is_cut, errors > 100, "{what}");
    }
}

#[test]
fn rings_of_owners_are_told_once_each_and_who_stands_below_them_is_in_none() {
    let outlet = |id: &str, parents: &str| {
        format!("[[outlet]]\nid = \"{id}\"\nname = \"{id}\"\ncountry = \"CN\"\nparents = [{parents}]\n")
    };
    let text = [
        outlet("aa-below", "\"one\""),
        outlet("one", "\"two\""),
        outlet("two", "\"three\", \"one\""),
        outlet("three", "\"between\""),
        outlet("between", "\"zeta\""),
        outlet("zeta", "\"zeta\", \"top\""),
        outlet("top", ""),
    ]
    .concat();
    let report = Scene::new(&text).load().report;
    let rings = report.remarks.iter().filter(|remark| remark.title == "parents that form a ring");
    let rings: Vec<&str> = rings.map(|ring| ring.label.as_deref().unwrap()).collect();
    assert_eq!(rings, ["one -> two -> one", "zeta -> zeta"]);
}
