//! A maintainer fills the watchlist: what the world is asked for, what may be pasted, and what strangers cannot smuggle in.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;
use toml::{Table, Value};

use crate::service::{Done, World};

/// The world of the founding story on its second day, with a watchlist that knows no feeds and not every outlet.
fn world() -> World {
    let mut world = World::founding(60);
    world.edit("watchlist/*.toml", "watchlist/story.toml");
    world.jump_to(40);
    world
}

/// Lays a file of our own over the watchlist.
fn lay_over(world: &mut World, text: &str) {
    fs::write(world.dir().join("mine.toml"), text).unwrap();
    world.edit("watchlist/story.toml\"", "watchlist/story.toml\", \"mine.toml\"");
}

fn well(done: Done) -> String {
    assert_eq!(done.code, Some(0), "{done:?}");
    done.stdout
}

fn parsed(toml: &str) -> Table {
    toml.parse().unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// The texts under a key of a list in the only record.
fn listed(toml: &str, list: &str, key: &str) -> BTreeSet<String> {
    let table = parsed(toml);
    let records: Vec<&Value> = table.values().flat_map(|records| records.as_array().unwrap()).collect();
    let items = records.iter().filter_map(|record| record.get(list)?.as_array()).flatten();
    items.map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// The comment above the line in which a text stands, on one line.
fn reason(toml: &str, text: &str) -> String {
    let lines: Vec<&str> = toml.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(text) && line.contains('{')).unwrap_or_else(|| {
        panic!("no line has `{text}`:\n{toml}");
    });
    let begin = lines[..at].iter().rposition(|line| line.is_empty() || line.ends_with('[')).unwrap_or(0);
    let words = lines[begin..at].iter().flat_map(|line| line.split_whitespace());
    words.filter(|word| *word != "#").collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_record_lacks_is_found_beside_a_service_and_can_be_pasted() {
    let mut world = world();
    let service = world.run();
    let found = well(world.command(&["outlets", "find", "xinhua"]));
    assert_eq!(
        listed(&found, "accounts", "handle"),
        texts([
            "xinhua@one.example",
            "xinhua_fr@one.example",
            "xinhua_ru@two.example",
            "xinhua_ar@three.example"
        ])
    );
    assert_eq!(listed(&found, "accounts", "proof"), texts(["https://xinhua.example/"]));
    assert_eq!(
        listed(&found, "feeds", "url"),
        texts(["https://xinhua.example/en/atom.xml", "https://xinhua.example/zh/feed.json"])
    );
    let impostor = reason(&found, "xinhua_official@social.example");
    assert!(impostor.contains("not proven: its profile links to https://xinhua.example/"), "{impostor}");
    assert!(impostor.contains("no front page or host of the outlet that answered names it"), "{impostor}");
    let mirror = reason(&found, "xinhua.example@bridge.example");
    assert!(mirror.contains("bridge.example repeats what others publish"), "{mirror}");
    assert!(!found.contains("caption_fan"), "who asks to be left out is not listed:\n{found}");
    assert!(found.contains("# - directory of two.example:"), "{found}");
    assert!(found.lines().filter(|line| line.starts_with('#')).all(|line| line.chars().count() <= 80));
    assert_eq!(service.stop().0, Some(0));

    lay_over(&mut world, &found);
    let checked = world.command(&["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let again = well(world.command(&["outlets", "find", "xinhua"]));
    assert_eq!(listed(&again, "accounts", "handle"), BTreeSet::new(), "{again}");
    assert_eq!(listed(&again, "feeds", "url"), BTreeSet::new());
    assert_eq!(world.command(&["outlets", "find", "nobody"]).code, Some(1));
}

#[test]
fn a_draft_is_switched_off_and_says_what_a_person_has_to_fill_in() {
    let mut world = world();
    let done = world.command(&["outlets", "new", "https://www.rt-es.example/portada"]);
    assert!(done.stderr.contains("asking rt-es.example: its front page"), "{}", done.stderr);
    let draft = well(done);
    let record = parsed(&draft)["outlet"][0].clone();
    for (key, value) in [
        ("id", Value::from("rt-es")),
        ("name", Value::from("RT en Español")),
        ("country", Value::from("XX")),
        ("control", Value::from("unknown")),
        ("enabled", Value::from(false)),
        ("domains", Value::from(vec!["rt-es.example"])),
    ] {
        assert_eq!(record[key], value, "{key}");
    }
    assert!(!parsed(&draft).contains_key("schema"));
    assert_eq!(listed(&draft, "feeds", "url"), texts(["https://rt-es.example/atom.xml"]));
    for said in
        ["# fill in: the country of who controls it", "never from the page", "# language of the page: es"]
    {
        assert!(draft.contains(said), "it does not say `{said}`:\n{draft}");
    }
    lay_over(&mut world, &draft);
    let checked = world.command(&["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let known = world.command(&["outlets", "new", "rt-es.example"]);
    assert!(
        known.stderr.contains("is in the record of rt-es already: masthead outlets find rt-es"),
        "{known:?}"
    );
    assert_eq!((known.code, known.stdout.as_str()), (Some(1), ""));
}

#[test]
fn a_page_that_names_an_account_which_does_not_name_it_back_is_for_a_person() {
    let world = world();
    page(&world, "cns.example", r#"<a rel="me" href="https://social.example/@ana">us</a>"#);
    let found = well(world.command(&["outlets", "find", "cns"]));
    assert_eq!(listed(&found, "accounts", "handle"), BTreeSet::new(), "{found}");
    let why = reason(&found, "ana@social.example");
    assert!(why.contains("not proven: https://cns.example/ names it with rel=\"me\""), "{why}");
    assert!(why.contains("its profile links to no site in the record"), "{why}");
}

#[test]
fn an_account_on_bluesky_is_proven_by_the_domain_that_names_it_and_others_are_for_a_person() {
    let mut world = world();
    world.jump_to(6 * 24);
    let done = world.command(&["outlets", "find", "xinhua-es"]);
    assert!(done.stderr.contains("asking es.xinhua.example as a handle on Bluesky"), "{}", done.stderr);
    let found = well(done);
    assert!(listed(&found, "accounts", "handle").contains("es.xinhua.example"), "{found}");
    let outlet = reason(&found, r#"platform = "bluesky", handle = "es.xinhua.example""#);
    for said in [
        "\"Xinhua Español\", 9",
        "followers, says \"Agencia de Noticias Xinhua",
        "proven: es.xinhua.example names it as the holder of that handle",
        "its profile links to https://es.xinhua.example/",
    ] {
        assert!(outlet.contains(said), "it does not say `{said}`: {outlet}");
    }
    // Whoever bears a name of the outlet is shown to a person, with what is missing.
    let agency = well(world.command(&["outlets", "find", "xinhua"]));
    let impostor = reason(&agency, "xinhua-oficial.example");
    assert!(impostor.contains("not proven: its profile links to no site in the record"), "{impostor}");
    assert!(impostor.contains("seen in the account search of Bluesky"), "{impostor}");
    assert!(!listed(&agency, "accounts", "handle").contains("xinhua-oficial.example"));

    lay_over(&mut world, &found);
    let checked = world.command(&["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let again = well(world.command(&["outlets", "find", "xinhua-es"]));
    assert!(!again.contains("platform = \"bluesky\""), "{again}");
    world.edit("[sources.bluesky]\nenabled = true", "[sources.bluesky]\nenabled = false");
    let off = well(world.command(&["outlets", "find", "xinhua"]));
    assert!(off.contains("# - Bluesky: [sources.bluesky] is off"), "{off}");
    assert!(!off.contains("xinhua-oficial.example"), "{off}");
}

#[test]
fn feeds_of_an_exempt_publisher_are_found_and_no_accounts() {
    let mut world = world();
    lay_over(
        &mut world,
        "[[not_state_controlled]]\nid = \"agencia\"\nname = \"Agencia Ejemplo\"\ncountry = \"XX\"\n\
         classification = \"independent\"\ndomains = [\"agenciaejemplo.example\"]\n",
    );
    let found = well(world.command(&["outlets", "find", "agencia"]));
    assert_eq!(listed(&found, "feeds", "url"), texts(["https://agenciaejemplo.example/feed.json"]));
    assert_eq!(parsed(&found)["not_state_controlled"][0]["id"].as_str(), Some("agencia"));
    assert!(!found.contains("accounts = ["), "{found}");
}

#[test]
fn a_site_that_does_not_answer_costs_only_itself() {
    let mut world = world();
    lay_over(&mut world, "[[outlet]]\nid = \"xinhua\"\ndomains = [\"vocero.example\"]\n");
    world.fault(&json!({"server": "social.example", "path": "/api/v2/search", "effect": "status", "status": 500, "count": 9}));
    let found = well(world.command(&["outlets", "find", "xinhua"]));
    assert_eq!(listed(&found, "accounts", "handle").len(), 4, "{found}");
    let closing = found.split("says nothing about what is there").nth(1).unwrap();
    assert!(closing.contains("https://vocero.example/: no connection to vocero.example"), "{closing}");
    assert!(closing.contains("account search of social.example"), "{closing}");
}

#[test]
fn no_page_makes_toml_of_its_own_costs_much_or_leads_into_this_machine() {
    let world = world();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let inside = trap.local_addr().unwrap();
    let injection = "x&quot;\nenabled = true\n]]\n[[outlet]]\nid = &quot;evil&quot;\u{2028}control = &quot;&quot;&quot;\\";
    let links: String = (0..10_000)
        .map(|n| format!("<a rel=me href='https://one.example/@a{n}'>a</a><a href='/f{n}.rss'>f</a>"))
        .collect();
    page(
        &world,
        "rt-es.example",
        &format!(
            "<html lang=\"{injection}\"><head><title>{injection}</title><meta property=og:site_name content=\"{injection}\">
             <link rel=alternate type=application/rss+xml href=\"http://{inside}/feed\">
             <link rel=alternate type=application/rss+xml href=\"/f&quot;,&#10;enabled=true\">
             <link rel=alternate hreflang=\"{injection}\" href=\"https://other.example/\"></head>
             <a rel=me href=\"https://x.com/a&quot; }}, enabled = true #\">x</a>
             <a rel=me href=\"https://one.example/@&quot;evil\">x</a>{links}"
        ),
    );
    let begun = Instant::now();
    let done = world.command(&["outlets", "new", "rt-es.example"]);
    let took = begun.elapsed();
    let draft = well(done);
    let table = parsed(&draft);
    assert_eq!(table.keys().collect::<Vec<_>>(), ["outlet"]);
    let records = table["outlet"].as_array().unwrap();
    assert_eq!(records.len(), 1);
    let record = records[0].as_table().unwrap();
    assert_eq!(record["enabled"], Value::from(false));
    assert_eq!(record["control"], Value::from("unknown"));
    let keys: BTreeSet<&str> = record.keys().map(String::as_str).collect();
    let known =
        BTreeSet::from(["id", "name", "country", "control", "enabled", "domains", "accounts", "feeds"]);
    assert!(keys.is_subset(&known), "{keys:?}");
    assert_eq!(listed(&draft, "accounts", "handle"), BTreeSet::new());
    assert_eq!(listed(&draft, "feeds", "url"), BTreeSet::new());
    assert!(
        draft.contains(&format!("# - http://{inside}/feed: http://{inside}/feed is not fetched")),
        "{draft}"
    );
    assert_eq!(trap.accept().map_err(|error| error.kind()).unwrap_err(), std::io::ErrorKind::WouldBlock);
    assert!(draft.contains("# Links of the form of an account that lead to none: 30"), "{draft}");
    assert!(draft.len() < 20_000, "{} bytes", draft.len());
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// What a site answers to everything from now on.
fn page(world: &World, site: &str, html: &str) {
    world.fault(&json!({
        "server": site, "path": "/", "effect": "status", "status": 200, "body": html, "count": 10_000
    }));
}
