//! The founding story: three papers that copy an agency and do not say so, among people who do no such thing.
//!
//! It plays in the world of the official story and goes on for more than four weeks from the same origin.
//! [`CAST`] says of each of its accounts what may be said in public, and which rule decides that.

mod sites;

use chrono::{DateTime, Duration, Utc};

use super::cast::{Channel, Format, Growth, Indexing, Kind, Line, Person, Site, Spell, Voice};
use super::copyists::{Between, Copyist, Take};
use super::newsroom::{self, CNS, COLUMNIST, Origin, RT_ES, WIRE, XINHUA_EN, XINHUA_ES, XINHUA_ZH};
use super::posts::day_of;
use super::retelling::Retelling;
use super::sky;
use super::story::{self, HOME, acct, host, someone};
use super::world::World;

/// What a masthead that works makes of an account of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Named as an undisclosed affiliate, with the others of its group.
    Undisclosed,
    /// Shown to reviewers at most, never named.
    LeadAtMost,
    /// Listed as what it says it is.
    Mirror,
    /// Neither named nor shown.
    Nothing,
}

/// One account of the story, and what holds in its case.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub acct: &'static str,
    pub role: &'static str,
    pub expected: Expected,
    pub because: &'static str,
}

const fn part(acct: &'static str, role: &'static str, expected: Expected, because: &'static str) -> Part {
    Part { acct, role, expected, because }
}

/// Everybody whom the founding story adds. The official story's accounts are in this world, too.
pub const CAST: [Part; 13] = [
    part(
        "noticias_py@social.example",
        "sister paper",
        Expected::Undisclosed,
        "copies in silence, same choice and text as its sisters",
    ),
    part(
        "cronica_cl@social.example",
        "sister paper",
        Expected::Undisclosed,
        "copies in silence, same choice and text as its sisters",
    ),
    part(
        "diario_cr@two.example",
        "sister paper",
        Expected::Undisclosed,
        "copies in silence, same choice and text as its sisters",
    ),
    part(
        "marta_ensayo@social.example",
        "quoting journalist",
        Expected::Nothing,
        "quotes with words of her own",
    ),
    part(
        "bruno_glosa@two.example",
        "full-quoting critic",
        Expected::Nothing,
        "quotation marks and an argument",
    ),
    part(COLUMNIST, "framed critic", Expected::LeadAtMost, "wrote it first, the outlet copied it"),
    part(
        "portal_litoral@social.example",
        "crediting partner",
        Expected::Nothing,
        "names and links its source",
    ),
    part(
        "resumen_mundial@two.example",
        "aggregator",
        Expected::Nothing,
        "links its sources, several systems alike",
    ),
    part("cns.example@bridge.example", "mirror", Expected::Mirror, "a bot on a bridge that says what it is"),
    part("lucia_bambu@social.example", "fan", Expected::LeadAtMost, "a person without sisters"),
    part(
        "embajada_ejemplaria@social.example",
        "embassy",
        Expected::Nothing,
        "names the agency under what it takes",
    ),
    part("correo_valle@social.example", "paper on a third wire", Expected::Nothing, "an agency had it first"),
    part("voz_istmo@two.example", "paper on a third wire", Expected::Nothing, "an agency had it first"),
];

/// When each of the sister papers opens, in minutes after the origin.
pub const SISTERS: [(&str, i64); 3] = [
    ("noticias_py@social.example", 24 * 60 + 70),
    ("cronica_cl@social.example", 2 * 24 * 60 + 200),
    ("diario_cr@two.example", 3 * 24 * 60 + 30),
];

pub(super) static SISTER: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 2.6 }],
    circle: "sisters",
    drops: 7,
    lag: (60, 540),
    retelling: Retelling::Sister,
    between: Between::SmallTalk,
};
static JOURNALIST: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 1.2 }],
    circle: "marta",
    drops: 0,
    lag: (90, 900),
    retelling: Retelling::SentenceQuoted,
    between: Between::Columns,
};
static CRITIC: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 1.4 }],
    circle: "bruno",
    drops: 0,
    lag: (60, 700),
    retelling: Retelling::WholeQuoted,
    between: Between::Columns,
};
static PARTNER: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 2.4 }],
    circle: "litoral",
    drops: 0,
    lag: (30, 240),
    retelling: Retelling::Credited("Fuente: China News Service"),
    between: Between::SmallTalk,
};
static AGGREGATOR: Copyist = Copyist {
    takes: &[
        Take { bureau: CNS, per_day: 2.0 },
        Take { bureau: WIRE, per_day: 2.2 },
        Take { bureau: RT_ES, per_day: 2.0 },
    ],
    circle: "resumen",
    drops: 0,
    lag: (10, 90),
    retelling: Retelling::Linked,
    between: Between::SmallTalk,
};
static MIRROR: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 1_000.0 }],
    circle: "mirror",
    drops: 0,
    lag: (1, 15),
    retelling: Retelling::Repeated,
    between: Between::SmallTalk,
};
static FAN: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 1.3 }],
    circle: "lucia",
    drops: 0,
    lag: (30, 720),
    retelling: Retelling::Whole,
    between: Between::SmallTalk,
};
static EMBASSY: Copyist = Copyist {
    takes: &[Take { bureau: XINHUA_ES, per_day: 2.1 }],
    circle: "embassy",
    drops: 0,
    lag: (60, 600),
    retelling: Retelling::Credited("Fuente: Xinhua"),
    between: Between::SmallTalk,
};
static THIRD_WIRE: Copyist = Copyist {
    takes: &[Take { bureau: WIRE, per_day: 5.0 }],
    circle: "third wire",
    drops: 5,
    lag: (12, 80),
    retelling: Retelling::Whole,
    between: Between::SmallTalk,
};

/// Known accounts of the agency that post again, each in a week without other news: address, when, posts a day.
const RETURNS: [(&str, Duration, f64); 2] = [
    ("xinhua_ru@two.example", Duration::hours(10 * 24 + 6), 2.0),
    ("xinhua_ar@three.example", Duration::hours(24 * 24 + 5), 3.0),
];

fn wake(people: &mut [Person], origin: DateTime<Utc>) {
    for (address, after, per_day) in RETURNS {
        let person = people.iter_mut().find(|person| person.acct == acct(address));
        let person = person.expect("the agency's accounts are in the official story");
        person.spells.push(Spell { from: origin + after, until: None, per_day });
    }
}

/// The world of the founding story.
pub fn founding(seed: u64, origin: DateTime<Utc>) -> World {
    let World { servers, mut people, mut sites, members, .. } = story::official(seed, origin);
    people.extend(sisters(origin));
    people.extend(quoters(origin));
    people.extend(republishers(origin));
    people.extend(wire_papers(origin));
    wake(&mut people, origin);
    sites::link(&mut people);
    open_feeds(&mut sites);
    sites.extend(self::sites::agencies());
    sites.extend(self::sites::others());
    let world = World::new(seed, origin, servers, people, sites);
    let script = complaint(&world);
    let World { servers, mut people, sites, .. } = world;
    let columnist = people.iter_mut().find(|person| person.acct == acct(COLUMNIST));
    columnist.expect("the columnist is in the story").script = script;
    World::new(seed, origin, servers, people, sites)
        .with_members([members, sky::cast::founding(origin)].concat())
}

/// Somebody who copies; opens with a few words of its own and says so much more a day.
pub fn copyist(address: &str, manner: &'static Copyist, since: DateTime<Utc>, own_per_day: f64) -> Person {
    Person {
        voice: Voice::Copyist(manner),
        spells: vec![Spell { from: since + Duration::minutes(20), until: None, per_day: own_per_day }],
        known_on: Vec::new(),
        ..someone(address, since)
    }
}

/// Followers stay below 80, and some of them are diplomats: counts are all that this world has of them.
fn sisters(origin: DateTime<Utc>) -> Vec<Person> {
    let profiles = [
        ("Noticias Paraguay", "Noticias de Paraguay, cultura y mundo", 6, 0.1),
        ("Crónica Chile", sky::cast::LINKING_NOTE, 31, 0.2),
        ("Diario Costa Rica", "Noticias de Costa Rica, cultura y mundo", 70, 0.3),
    ];
    let opened = SISTERS.iter().zip(profiles);
    opened
        .map(|((address, minutes), (display_name, note, then, per_day))| {
            let since = origin + Duration::minutes(*minutes);
            Person {
                display_name,
                note,
                followers: Growth { at: since, then, per_day },
                following: 31,
                ..copyist(address, &SISTER, since, 0.6)
            }
        })
        .collect()
}

/// People who have something to say about what the agency writes, and one from whom it copies.
fn quoters(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(260);
    vec![
        Person {
            display_name: "Marta Ensayo",
            note: "Periodista. Leo agencias para que usted no tenga que hacerlo.",
            followers: Growth { at: since, then: 900, per_day: 1.0 },
            ..copyist("marta_ensayo@social.example", &JOURNALIST, since, 0.8)
        },
        Person {
            display_name: "Bruno Glosa",
            note: "Notas al pie de la prensa ajena.",
            followers: Growth { at: since, then: 210, per_day: 0.3 },
            ..copyist("bruno_glosa@two.example", &CRITIC, since, 0.5)
        },
        Person {
            display_name: "Elisa Borrador",
            note: "Columnas cortas sobre pueblos, oficios y cosas que se pierden.",
            voice: Voice::Columnist,
            spells: vec![Spell { from: since + Duration::minutes(30), until: None, per_day: 1.6 }],
            followers: Growth { at: since, then: 340, per_day: 0.5 },
            ..someone(COLUMNIST, since)
        },
    ]
}

/// Who passes on what agencies write, and says so, or is a person who likes it.
fn republishers(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(180);
    vec![
        Person {
            display_name: "Portal Litoral",
            note: "Noticias del litoral. Publicamos también cables de agencias con su fuente.",
            followers: Growth { at: since, then: 1_200, per_day: 2.0 },
            ..copyist("portal_litoral@social.example", &PARTNER, since, 1.0)
        },
        Person {
            display_name: "Resumen Mundial",
            note: "Titulares de muchas agencias, cada uno con su enlace.",
            followers: Growth { at: since, then: 480, per_day: 0.4 },
            ..copyist("resumen_mundial@two.example", &AGGREGATOR, since, 0.3)
        },
        Person {
            display_name: "cns.example",
            note: "This bot repeats the RSS feed of cns.example. It is not run by the site: https://bridge.example/about",
            kind: Kind::Bot,
            indexing: Indexing::Welcome,
            followers: Growth { at: since, then: 21, per_day: 0.1 },
            known_on: vec![host(HOME), host("two.example")],
            ..copyist("cns.example@bridge.example", &MIRROR, since, 0.0)
        },
        Person {
            display_name: "Lucía Bambú",
            note: "Enfermera de noche. Me gustan los pandas, los fideos y los puentes muy largos.",
            followers: Growth { at: since, then: 64, per_day: 0.1 },
            ..copyist("lucia_bambu@social.example", &FAN, since, 0.7)
        },
        Person {
            display_name: "Embajada de China en Ejemplaria",
            note: "Cuenta de la embajada. Actos, visados y cultura.",
            followers: Growth { at: since, then: 2_050, per_day: 1.5 },
            ..copyist("embajada_ejemplaria@social.example", &EMBASSY, since, 0.6)
        },
    ]
}

fn wire_papers(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(90);
    vec![
        Person {
            display_name: "El Correo del Valle",
            note: "Diario del valle. Cultura, gente y mundo.",
            followers: Growth { at: since, then: 77, per_day: 0.2 },
            ..copyist("correo_valle@social.example", &THIRD_WIRE, since, 0.9)
        },
        Person {
            display_name: "La Voz del Istmo",
            note: "Periódico del istmo. Cultura, gente y mundo.",
            followers: Growth { at: since, then: 52, per_day: 0.2 },
            ..copyist("voz_istmo@two.example", &THIRD_WIRE, since, 0.9)
        },
    ]
}

/// The columnist repeats a column that the agency has carried meanwhile, and says what happened.
fn complaint(world: &World) -> Vec<Line> {
    let at = |minutes: i64| world.origin + Duration::minutes(9 * 24 * 60 + minutes);
    let agency = newsroom::bureau(CNS).expect("the agency has a newsroom");
    let days = day_of(world.origin) + 2..=day_of(world.origin) + 7;
    let carried = days.rev().find_map(|day| {
        let edition = world.edition(agency, day);
        let hers = |at: DateTime<Utc>| {
            let day =
                world.day(world.people.iter().find(|person| person.acct == acct(COLUMNIST))?, day_of(at));
            day.iter().find(|post| post.key.at == at).map(|post| post.text.clone())
        };
        edition.iter().rev().find_map(|item| match item.origin {
            Origin::Taken(at) => Some((item.link.clone(), hers(at)?)),
            Origin::Own => None,
        })
    });
    let Some((link, text)) = carried else { return Vec::new() };
    let complaint = format!(
        "China News Service publica mis columnas sin mi nombre y sin preguntar. Esta la escribí yo y la repito arriba: {link} #ChinaNewsService"
    );
    vec![Line { at: at(190), text }, Line { at: at(215), text: complaint }]
}

fn open_feeds(sites: &mut [Site]) {
    let channel = |path, title, bureau, format| Channel { path, title, bureau, format };
    for site in sites {
        if site.host.as_str() == "cns.example" {
            site.makers = sites::WORKSHOP;
        }
        site.channels = match site.host.as_str() {
            "cns.example" => vec![channel("/rss.xml", "China News Service en español", CNS, Format::Rss)],
            "es.xinhua.example" => vec![channel("/rss.xml", "Xinhua Español", XINHUA_ES, Format::Rss)],
            "xinhua.example" => vec![
                channel("/en/atom.xml", "Xinhua", XINHUA_EN, Format::Atom),
                channel("/zh/feed.json", "新华社", XINHUA_ZH, Format::JsonFeed),
            ],
            _ => Vec::new(),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::sync::Arc;

    use super::*;
    use crate::sandbox::newsroom::NewsItem;
    use crate::sandbox::posts::Post;
    use crate::sandbox::retelling::ALTERED_CREDIT;

    /// A seed's world after four weeks: posts since the origin, and the items that were out by then.
    struct Scene {
        world: World,
        end: DateTime<Utc>,
    }

    const SEEDS: [u64; 3] = [1, 2, 17];

    fn scene(seed: u64) -> Scene {
        Scene { world: founding(seed, story::ORIGIN), end: story::ORIGIN + Duration::days(28) }
    }

    impl Scene {
        fn posts(&self, address: &str) -> Vec<Arc<Post>> {
            let person = self.world.person(&acct(address), self.end).unwrap();
            let server = self.world.server(person.acct.host()).unwrap();
            let since = |post: &Arc<Post>| post.key.at >= self.world.origin;
            self.world.posts(server, person, self.end).take_while(since).collect()
        }

        fn items(&self, bureau: &str) -> Vec<Arc<NewsItem>> {
            let bureau = newsroom::bureau(bureau).unwrap();
            let days = day_of(self.world.origin) - 3..=day_of(self.end);
            days.flat_map(|day| self.world.edition(bureau, day).to_vec()).collect()
        }

        /// Posts with the item of this newsroom from which most of their words are, and how much of it.
        fn copies(&self, address: &str, bureau: &str) -> Vec<(Arc<Post>, Arc<NewsItem>, f64)> {
            let items = self.items(bureau);
            let mut places: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, item) in items.iter().enumerate() {
                for run in runs(&whole(item)) {
                    places.entry(run).or_default().push(place);
                }
            }
            let copies = self.posts(address).into_iter().filter_map(|post| {
                let wanted = runs(&post.text);
                let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
                for place in wanted.iter().filter_map(|run| places.get(run)).flatten() {
                    *shared.entry(*place).or_default() += 1;
                }
                let (place, most) = shared.into_iter().max_by_key(|(_, count)| *count)?;
                let share = most as f64 / wanted.len() as f64;
                (wanted.len() >= 14 && share > 0.45).then(|| (post, items[place].clone(), share))
            });
            copies.collect()
        }
    }

    fn whole(item: &NewsItem) -> String {
        format!("{}. {}", item.title, item.text)
    }

    /// All runs of three words: two texts share few by chance.
    fn runs(text: &str) -> BTreeSet<String> {
        let words: Vec<&str> =
            text.split_whitespace().map(|word| word.trim_end_matches(['.', ':'])).collect();
        words.windows(3).map(|words| words.join(" ")).collect()
    }

    fn minutes(post: &Post, item: &NewsItem) -> i64 {
        (post.key.at - item.at).num_minutes()
    }

    #[test]
    fn the_papers_open_by_day_five_and_copy_four_posts_in_five_within_hours() {
        for seed in SEEDS {
            let scene = scene(seed);
            for (address, opens) in SISTERS {
                assert!((24 * 60..5 * 24 * 60).contains(&opens));
                let (all, copies) = (scene.posts(address).len(), scene.copies(address, CNS));
                let share = copies.len() as f64 / all as f64;
                assert!((0.75..=0.85).contains(&share), "{address} {seed}: {share}");
                let days = 28.0 - opens as f64 / 1440.0;
                assert!((2.6..=3.4).contains(&(all as f64 / days)), "{address} {seed}: {all}");
                for (post, item, copied) in &copies {
                    assert!((60..=541).contains(&minutes(post, item)), "{}", minutes(post, item));
                    assert!(*copied > 0.6, "{copied}\n{}\n{}", post.text, whole(item));
                    assert!(!post.text.starts_with(&whole(item)), "{}", post.text);
                    assert!(!post.text.contains("China News") && !post.text.contains("http"));
                }
                let credited = copies.iter().filter(|(post, ..)| post.text.contains(ALTERED_CREDIT)).count();
                assert!((0.05..=0.45).contains(&(credited as f64 / copies.len() as f64)), "{credited}");
            }
        }
    }

    #[test]
    fn nearly_all_letters_of_the_papers_are_the_agency_s() {
        let scene = scene(5);
        for (post, item, _) in scene.copies("noticias_py@social.example", CNS) {
            let kept: BTreeSet<String> = whole(&item).split_whitespace().map(str::to_owned).collect();
            let text = post.text.replace(ALTERED_CREDIT, "");
            let words: Vec<&str> = text.split_whitespace().collect();
            let same =
                words.iter().filter(|word| kept.contains(**word) || kept.contains(&word.replace(':', ".")));
            let share = same.count() as f64 / words.len() as f64;
            assert!(share >= 0.85, "{share}\n{}\n{}", post.text, whole(&item));
        }
    }

    #[test]
    fn the_papers_choose_the_same_items_and_tell_them_in_the_same_words() {
        for seed in SEEDS {
            let scene = scene(seed);
            let told: Vec<BTreeMap<u64, String>> = SISTERS
                .iter()
                .map(|(address, _)| {
                    let copies = scene.copies(address, CNS).into_iter();
                    copies.map(|(post, item, _)| (item.number, post.text.clone())).collect()
                })
                .collect();
            for (one, other) in [(0, 1), (0, 2), (1, 2)] {
                let both = told[one].keys().filter(|number| told[other].contains_key(*number));
                let both: Vec<&u64> = both.collect();
                assert!(both.len() * 100 >= told[other].len() * 80, "{seed}: {}", both.len());
                assert!(both.iter().all(|number| told[one][number] == told[other][number]));
            }
            let fan: BTreeSet<u64> = scene
                .copies("lucia_bambu@social.example", CNS)
                .into_iter()
                .map(|(_, item, _)| item.number)
                .collect();
            let shared = told[0].keys().filter(|number| fan.contains(number)).count();
            assert!(shared * 2 < told[0].len(), "the fan chooses like the papers: {shared}");
        }
    }

    #[test]
    fn the_fan_copies_word_for_word_and_two_posts_in_three() {
        for seed in SEEDS {
            let scene = scene(seed);
            let (all, copies) = (
                scene.posts("lucia_bambu@social.example").len(),
                scene.copies("lucia_bambu@social.example", CNS),
            );
            assert!(copies.iter().all(|(post, item, _)| post.text == whole(item)));
            let share = copies.len() as f64 / all as f64;
            assert!((0.58..=0.72).contains(&share), "{share}");
        }
    }

    #[test]
    fn who_quotes_uses_quotation_marks_and_says_more() {
        for seed in SEEDS {
            let scene = scene(seed);
            for (address, least) in [("marta_ensayo@social.example", 20), ("bruno_glosa@two.example", 25)] {
                let quoting = scene.posts(address).into_iter().filter(|post| post.text.contains('«'));
                let quoting: Vec<_> = quoting.collect();
                assert!(quoting.len() >= least, "{address}: {}", quoting.len());
                for post in quoting {
                    let (open, close) = (post.text.find('«').unwrap(), post.text.rfind('»').unwrap());
                    let own = post.text.chars().count() - post.text[open..close].chars().count();
                    assert!(own > 60, "{}", post.text);
                }
            }
        }
    }

    #[test]
    fn the_columnist_is_always_earlier_than_the_agency_that_copies_her() {
        for seed in SEEDS {
            let scene = scene(seed);
            let copies = scene.copies(COLUMNIST, CNS);
            let repeat = story::ORIGIN + Duration::minutes(9 * 24 * 60 + 190);
            let carried: Vec<_> = copies
                .iter()
                .filter(|(post, ..)| post.key.at < repeat || post.key.at > repeat + Duration::hours(1))
                .collect();
            assert!(carried.len() >= 20, "{seed}: {}", carried.len());
            for (post, item, _) in carried {
                assert!((-1_801..=-180).contains(&minutes(post, item)), "{}", minutes(post, item));
            }
            let person = scene.world.person(&acct(COLUMNIST), scene.end).unwrap();
            assert_eq!(person.script.len(), 2, "{seed}");
            assert!(person.script[1].text.contains("https://cns.example/es/"));
            let repeated = copies.iter().find(|(post, ..)| post.key.at == repeat).unwrap();
            assert!(minutes(&repeated.0, &repeated.1) > 0, "the repeat comes after the outlet's copy");
        }
    }

    #[test]
    fn partner_aggregator_embassy_and_mirror_say_where_their_texts_are_from() {
        for seed in SEEDS {
            let scene = scene(seed);
            for (address, bureau, tell, least) in [
                ("portal_litoral@social.example", CNS, "Fuente: China News Service", 55),
                ("embajada_ejemplaria@social.example", XINHUA_ES, "Fuente: Xinhua", 50),
                ("resumen_mundial@two.example", WIRE, "https://agenciaejemplo.example/", 50),
                ("resumen_mundial@two.example", RT_ES, "https://rt-es.example/", 45),
                ("resumen_mundial@two.example", CNS, "https://cns.example/", 45),
                ("cns.example@bridge.example", CNS, "https://cns.example/", 250),
            ] {
                let copies = scene.copies(address, bureau);
                let told = copies.iter().filter(|(post, ..)| post.text.contains(tell)).count();
                assert!(told >= least, "{address} {bureau} {seed}: {told}");
                let silent = copies.iter().filter(|(post, ..)| !post.text.contains("http")).count();
                assert_eq!(silent, 0, "{address}");
            }
        }
    }

    #[test]
    fn papers_on_a_third_wire_are_after_the_wire_and_before_the_agency() {
        for seed in SEEDS {
            let scene = scene(seed);
            let mut chosen = Vec::new();
            for address in ["correo_valle@social.example", "voz_istmo@two.example"] {
                let (wire, agency) = (scene.copies(address, WIRE), scene.copies(address, CNS));
                assert!(wire.len() > 80 && agency.len() >= 8, "{seed}: {} {}", wire.len(), agency.len());
                assert!(wire.iter().all(|(post, item, _)| (12..=81).contains(&minutes(post, item))));
                assert!(agency.iter().all(|(post, item, _)| minutes(post, item) < 0));
                chosen.push(wire.iter().map(|(_, item, _)| item.number).collect::<BTreeSet<u64>>());
            }
            let both = chosen[0].intersection(&chosen[1]).count();
            assert!(both * 100 > chosen[0].len() * 85, "{both}");
        }
    }

    #[test]
    fn everybody_of_the_cast_is_there_in_the_end_and_fits_the_limits_of_the_server() {
        let scene = scene(1);
        for part in CAST {
            let posts = scene.posts(part.acct);
            assert!(posts.len() > 30, "{}", part.acct);
            let server = scene.world.server(acct(part.acct).host()).unwrap();
            for post in &posts {
                let length = crate::sandbox::markup::counted_length("", &post.text);
                assert!(length <= server.habits.max_characters, "{}: {length}", part.acct);
            }
        }
        let followers =
            |address: &str| scene.world.person(&acct(address), scene.end).unwrap().followers.count(scene.end);
        assert!(SISTERS.iter().all(|(address, _)| (6..=80).contains(&followers(address))));
    }
}
