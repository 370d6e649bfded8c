//! The official story: outlets with old accounts, a new one with proof, an impostor and a mirror.
//!
//! Times are counted from the origin, 08:00 on a Monday. Known at start: four accounts of the agency, of
//! which one posts, and one of another agency on a server that speaks Misskey. Day 1: an impostor. Day 2: a fifth account, named by the Spanish service's front page.
//! Day 4: one of the three silent accounts posts again after 214 quiet days.

use chrono::{DateTime, Duration, Utc};

use crate::model::account::{Acct, Host};

use super::broadcaster;
use super::cast::{
    Condition, Desk, Field, Growth, Indexing, Kind, Language, Makers, Named, NamedBy, Person, Server, Site,
    Spell, Upkeep, Voice,
};
use super::habits::Habits;
use super::sky;
use super::world::World;

pub use super::founding::founding;

/// Which story is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Story {
    /// [`official`].
    #[default]
    Official,
    /// [`founding`].
    Founding,
}

impl Story {
    /// The world of this story.
    pub fn world(self, seed: u64, origin: DateTime<Utc>) -> World {
        let world = match self {
            Story::Official => official(seed, origin),
            Story::Founding => founding(seed, origin),
        };
        world.with_threads(broadcaster::people(origin))
    }

    /// The story of this name.
    pub fn named(name: &str) -> Option<Story> {
        [Story::Official, Story::Founding].into_iter().find(|story| story.name() == name)
    }

    /// Its name in the directory of a sandbox.
    pub fn name(self) -> &'static str {
        match self {
            Story::Official => "official",
            Story::Founding => "founding",
        }
    }
}

/// When the story begins unless told otherwise: 2026-11-02T08:00:00Z.
pub const ORIGIN: DateTime<Utc> = DateTime::from_timestamp(1_793_606_400, 0).expect("a time in range");

/// The server on which the bot lives.
pub const HOME: &str = "social.example";

/// The bot's own site; the sandbox only gives it an address.
pub const BOT_SITE: &str = "masthead.example";

/// When the agency's new account opens.
pub const NEWCOMER_AFTER: Duration = Duration::minutes(2 * 24 * 60 + 90);

/// When a silent account posts again.
pub const RETURN_AFTER: Duration = Duration::minutes(4 * 24 * 60 + 150);

/// How long it was silent.
pub const QUIET_DAYS: i64 = 214;

/// The world of the official story.
pub fn official(seed: u64, origin: DateTime<Utc>) -> World {
    let mut people = agency(origin);
    people.extend(note_writers(origin));
    people.extend(strangers(origin));
    people.extend(bystanders(origin));
    let servers = servers();
    people.extend(servers.iter().filter_map(|server| server.desk.as_ref()).map(|desk| clerk(desk, origin)));
    World::new(seed, origin, servers, people, sites(origin)).with_members(sky::cast::official(origin))
}

pub(super) fn host(name: &str) -> Host {
    Host::parse(name).expect("a host name of the story")
}

pub(super) fn acct(text: &str) -> Acct {
    text.parse().expect("an address of the story")
}

fn servers() -> Vec<Server> {
    let desk = |name: &str| {
        Some(Desk { acct: acct(&format!("masthead@{name}")), token: format!("sandbox-token-of-{name}") })
    };
    let server = |name, title, habits, desk| Server { host: host(name), title, habits, desk };
    vec![
        server(HOME, "Social Example", Habits::MASTODON, desk(HOME)),
        server("one.example", "One", Habits { version: "4.3.8", ..Habits::MASTODON }, None),
        server("two.example", "Two", Habits::GOTOSOCIAL, desk("two.example")),
        server("three.example", "Three", Habits::TAKAHE, desk("three.example")),
        server("bridge.example", "Feed Bridge", Habits::MASTODON, None),
        server("notes.example", "Notes", Habits::MISSKEY, None),
    ]
}

/// An ordinary person who posts in English twice a week; the story changes what differs.
pub(super) fn someone(address: &str, since: DateTime<Utc>) -> Person {
    Person {
        acct: acct(address),
        display_name: "",
        note: "",
        fields: Vec::new(),
        kind: Kind::Ordinary,
        indexing: Indexing::Welcome,
        since,
        spells: vec![Spell { from: since + Duration::minutes(30), until: None, per_day: 0.3 }],
        voice: Voice::Private { language: Language::English },
        followers: Growth { at: since, then: 40, per_day: 0.02 },
        following: 120,
        known_on: Vec::new(),
        script: Vec::new(),
        upkeep: Upkeep::Sound,
    }
}

/// The clients' own account on a server.
fn clerk(desk: &Desk, origin: DateTime<Utc>) -> Person {
    Person {
        display_name: "Masthead",
        note: "Says who is behind accounts of state media. A program, run by people: https://masthead.example",
        kind: Kind::Bot,
        spells: Vec::new(),
        following: 0,
        ..someone(&desk.acct.to_string(), origin - Duration::days(30))
    }
}

fn website(value: &'static str, verified_at: Option<DateTime<Utc>>) -> Vec<Field> {
    vec![Field { name: "Website", value, verified_at }]
}

/// The five accounts of the agency.
fn agency(origin: DateTime<Utc>) -> Vec<Person> {
    let ago = |days| origin - Duration::days(days);
    let voice = |language, site| Voice::Agency { language, site };
    let official = |address, age, spells| Person {
        fields: website("https://xinhua.example/", Some(ago(age) + Duration::hours(1))),
        spells,
        voice: voice(Language::English, "xinhua.example"),
        known_on: vec![host(HOME)],
        following: 3,
        ..someone(address, ago(age))
    };
    let until_quiet = |age, quiet| Spell { from: ago(age), until: Some(ago(quiet)), per_day: 2.0 };
    let returned = origin + RETURN_AFTER;
    let before = Spell { until: Some(returned - Duration::days(QUIET_DAYS)), ..until_quiet(640, 0) };
    vec![
        Person {
            display_name: "Xinhua News Agency",
            note: "News from China and the world. 新华社 https://xinhua.example/",
            followers: Growth { at: origin, then: 2_310, per_day: 3.5 },
            upkeep: Upkeep::Poisoned,
            ..official("xinhua@one.example", 700, vec![Spell { from: ago(700), until: None, per_day: 8.0 }])
        },
        Person {
            display_name: "Xinhua en français",
            note: "L'agence de presse Xinhua. https://xinhua.example/",
            followers: Growth { at: origin, then: 180, per_day: 0.4 },
            ..official(
                "xinhua_fr@one.example",
                640,
                vec![before, Spell { from: returned, until: None, per_day: 5.0 }],
            )
        },
        Person {
            display_name: "Агентство Синьхуа",
            note: "Xinhua. Новости Китая и мира. https://xinhua.example/",
            followers: Growth { at: origin, then: 95, per_day: 0.0 },
            ..official("xinhua_ru@two.example", 700, vec![until_quiet(700, 480)])
        },
        Person {
            display_name: "وكالة أنباء شينخوا",
            note: "Xinhua https://xinhua.example/",
            followers: Growth { at: origin, then: 61, per_day: 0.0 },
            known_on: Vec::new(),
            ..official("xinhua_ar@three.example", 690, vec![until_quiet(690, 390)])
        },
        newcomer(origin + NEWCOMER_AFTER),
    ]
}

fn newcomer(since: DateTime<Utc>) -> Person {
    Person {
        display_name: "Xinhua Español",
        note: "Agencia de Noticias Xinhua, servicio en español. https://es.xinhua.example/",
        fields: website("https://es.xinhua.example/", Some(since + Duration::minutes(40))),
        spells: vec![Spell { from: since + Duration::minutes(25), until: None, per_day: 6.0 }],
        voice: Voice::Agency { language: Language::Spanish, site: "es.xinhua.example" },
        followers: Growth { at: since, then: 412, per_day: 11.0 },
        following: 5,
        known_on: vec![host("one.example")],
        ..someone("xinhua_es@social.example", since)
    }
}

/// Users of the server that speaks Misskey: another agency, and somebody whom that agency's page links and who has
/// nothing to do with it.
fn note_writers(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(300);
    vec![
        Person {
            display_name: "中国新闻社",
            note: "$[x2 **中新社**] China News Service\n[cns.example](https://cns.example/)",
            fields: website("https://cns.example/", Some(since + Duration::hours(1))),
            spells: vec![Spell { from: since, until: None, per_day: 4.0 }],
            voice: Voice::Agency { language: Language::Chinese, site: "cns.example" },
            followers: Growth { at: origin, then: 74, per_day: 0.2 },
            following: 2,
            ..someone("cns@notes.example", since)
        },
        Person {
            display_name: "Haru",
            note: "I draw lighthouses. $[spin 🗼] **Commissions closed**",
            following: 31,
            ..someone("haru@notes.example", since)
        },
    ]
}

/// Accounts that say they are the agency or repeat it.
fn strangers(origin: DateTime<Utc>) -> Vec<Person> {
    let impostor_since = origin + Duration::hours(29);
    vec![
        Person {
            display_name: "Xinhua News Agency (Official)",
            note: "The official account of Xinhua News Agency 新华社. Breaking news from China.",
            fields: website("https://xinhua.example/", None),
            spells: vec![Spell { from: impostor_since + Duration::hours(1), until: None, per_day: 2.0 }],
            followers: Growth { at: impostor_since, then: 17, per_day: 4.0 },
            ..someone("xinhua_official@social.example", impostor_since)
        },
        Person {
            display_name: "xinhua.example",
            note: "Xinhua. This bot repeats the RSS feed of xinhua.example. It is not run by the site: https://bridge.example/about",
            fields: website("https://xinhua.example/", None),
            kind: Kind::Bot,
            spells: vec![Spell { from: origin - Duration::days(200), until: None, per_day: 9.0 }],
            voice: Voice::Agency { language: Language::English, site: "xinhua.example" },
            followers: Growth { at: origin, then: 33, per_day: 0.1 },
            known_on: vec![host(HOME), host("two.example")],
            ..someone("xinhua.example@bridge.example", origin - Duration::days(200))
        },
    ]
}

/// People whom a search for the agency also finds, and one whom it does not.
fn bystanders(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(420);
    vec![
        Person {
            display_name: "Iria Sample",
            note: "Reporter. I write about news agencies: Xinhua, Lorem Press and others. Opinions mine. @xinhua@one.example is not me",
            fields: website("https://radionorte.example/people/iria", None),
            ..someone("iria@social.example", since)
        },
        Person {
            display_name: "xinhua fan club",
            note: "I collect old Xinhua photo captions. Unofficial, a hobby #nobot",
            indexing: Indexing::Unwelcome,
            voice: Voice::Private { language: Language::Chinese },
            ..someone("caption_fan@two.example", since)
        },
        Person {
            display_name: "Radio Norte",
            note: "La radio pública del norte. Recibimos cables de Xinhua y de otras agencias. https://radionorte.example/",
            fields: website("https://radionorte.example/", Some(since)),
            voice: Voice::Agency { language: Language::Spanish, site: "radionorte.example" },
            spells: vec![Spell { from: since, until: None, per_day: 3.0 }],
            ..someone("radionorte@social.example", since)
        },
        Person {
            display_name: "Lighthouse Ana",
            note: "Novels & knots <3",
            ..someone("ana@social.example", since)
        },
    ]
}

fn sites(origin: DateTime<Utc>) -> Vec<Site> {
    let always = DateTime::<Utc>::UNIX_EPOCH;
    let named = |href, by| Named { href, by, from: always };
    let site = |name, title, language, about, condition| Site {
        host: host(name),
        title,
        language,
        about,
        names: Vec::new(),
        links: vec!["/about"],
        channels: Vec::new(),
        condition,
        makers: Makers::NONE,
    };
    vec![
        Site {
            names: vec![
                named("https://one.example/@xinhua", NamedBy::Anchor),
                named("https://one.example/@xinhua_fr", NamedBy::Anchor),
                named("https://two.example/@xinhua_ru", NamedBy::Anchor),
                named("https://three.example/@xinhua_ar", NamedBy::Head),
            ],
            links: vec!["/about", "/es/", "https://es.xinhua.example/", "https://cns.example/"],
            ..site("xinhua.example", "新华社", Language::Chinese, "Xinhua News Agency.", Condition::Good)
        },
        Site {
            names: vec![Named {
                href: "https://social.example/@xinhua_es",
                by: NamedBy::Anchor,
                from: origin + NEWCOMER_AFTER + Duration::minutes(20),
            }],
            links: vec!["/about", "https://xinhua.example/"],
            ..site(
                "es.xinhua.example",
                "Xinhua Español",
                Language::Spanish,
                "Agencia de Noticias Xinhua.",
                Condition::Good,
            )
        },
        broadcaster::site(origin),
        Site {
            names: vec![named("https://notes.example/@cns", NamedBy::Anchor)],
            links: vec!["/about", "https://notes.example/@haru"],
            ..site("cns.example", "China News Service", Language::Chinese, "CNS.", Condition::Flaky)
        },
        site("vocero.example", "El Vocero", Language::Spanish, "", Condition::Dead),
        site("radionorte.example", "Radio Norte", Language::Spanish, "La radio pública.", Condition::Good),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet_days(address: &str, now: DateTime<Utc>) -> i64 {
        let world = official(1, ORIGIN);
        let person = world.person(&acct(address), now).unwrap();
        let server = world.server(person.acct.host()).unwrap();
        let newest = world.posts(server, person, now).next().unwrap();
        (now - newest.key.at).num_days()
    }

    #[test]
    fn at_the_start_one_account_posts_and_three_have_been_silent_for_long() {
        assert_eq!(ORIGIN.to_rfc3339(), "2026-11-02T08:00:00+00:00");
        assert_eq!(quiet_days("xinhua@one.example", ORIGIN), 0);
        assert_eq!(quiet_days("xinhua_fr@one.example", ORIGIN), 209);
        assert_eq!(quiet_days("xinhua_ru@two.example", ORIGIN), 480);
        assert_eq!(quiet_days("xinhua_ar@three.example", ORIGIN), 390);
    }

    #[test]
    fn a_silent_account_posts_again_on_day_four() {
        let returned = ORIGIN + RETURN_AFTER;
        assert_eq!(quiet_days("xinhua_fr@one.example", returned - Duration::seconds(1)), QUIET_DAYS - 1);
        assert_eq!(quiet_days("xinhua_fr@one.example", returned), 0);
    }

    #[test]
    fn the_new_account_opens_on_day_two_and_posts_about_six_a_day() {
        let world = official(1, ORIGIN);
        let address = acct("xinhua_es@social.example");
        let since = ORIGIN + NEWCOMER_AFTER;
        assert!(world.person(&address, since - Duration::seconds(1)).is_none());
        let now = since + Duration::days(10);
        let person = world.person(&address, now).unwrap();
        let posts = world.posts(&world.servers[0], person, now).count();
        assert!((45..=70).contains(&posts), "{posts}");
        assert_eq!(person.followers.count(since), 412);
        assert_eq!(person.followers.count(now), 522);
    }
}
