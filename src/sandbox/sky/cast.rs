//! Who is on Bluesky in the stories.
//!
//! In the official one an outlet's account with the outlet's domain as its handle, somebody who says he is the
//! outlet, and people who want nothing of anybody. The founding one adds a sister of the three papers and a paper that
//! says where its texts are from.

use chrono::{DateTime, Duration, Utc};

use super::{Member, Share, Standing, records};
use crate::model::account::Acct;
use crate::sandbox::cast::{Field, Growth, Indexing, Kind, Language, Line, Person, Spell, Voice};
use crate::sandbox::copyists::{Between, Copyist, Take};
use crate::sandbox::founding::{Expected, Part, SISTER, copyist};
use crate::sandbox::newsroom::CNS;
use crate::sandbox::retelling::Retelling;
use crate::sandbox::story::someone;

/// When the outlet's account opens.
pub const OFFICIAL_AFTER: Duration = Duration::minutes(5 * 24 * 60 + 130);
/// The handle with which it opens, before it takes the outlet's domain.
const OFFICIAL_FIRST: &str = "xinhua-es.nube.example";
/// When the sister of the three papers opens.
pub const SISTER_AFTER: Duration = Duration::minutes(2 * 24 * 60 + 400);

/// What one of her sisters on the fediverse says of herself: the only place that leads to her.
pub const LINKING_NOTE: &str =
    "Crónicas de Chile, cultura y mundo https://bsky.app/profile/gaceta-uy.example";

/// What may be said of each member in public, and why.
pub const CAST: [Part; 3] = [
    Part {
        acct: "gaceta-uy.example@bsky.app",
        role: "sister paper",
        expected: Expected::Undisclosed,
        because: "copies in silence, same choice and text as its sisters elsewhere",
    },
    Part {
        acct: "faro-digital.example@bsky.app",
        role: "crediting paper",
        expected: Expected::Nothing,
        because: "names and links its source",
    },
    Part {
        acct: "xinhua-oficial.example@bsky.app",
        role: "impostor",
        expected: Expected::Nothing,
        because: "says so and nothing else, and its domain is its own",
    },
];

static CREDITING: Copyist = Copyist {
    takes: &[Take { bureau: CNS, per_day: 2.2 }],
    circle: "faro",
    drops: 0,
    lag: (30, 300),
    retelling: Retelling::CreditedBriefly("Fuente: China News Service"),
    between: Between::SmallTalk,
};

/// The members of the official story.
pub fn official(origin: DateTime<Utc>) -> Vec<Member> {
    let ago = |days| origin - Duration::days(days);
    let day = |days| origin + Duration::days(days);
    vec![
        outlet(origin + OFFICIAL_AFTER),
        Member {
            backdates: Duration::days(700),
            labels: vec![(day(8), "impersonation")],
            fates: vec![(day(9), Standing::TakenDown)],
            ..member(Person {
                display_name: "Xinhua Oficial",
                note: "Cuenta oficial de la Agencia de Noticias Xinhua 新华社. Última hora de China.",
                voice: Voice::Private { language: Language::Spanish },
                spells: vec![Spell { from: day(3) + Duration::hours(1), until: None, per_day: 2.0 }],
                followers: Growth { at: day(3), then: 12, per_day: 3.0 },
                ..living("xinhua-oficial.example", day(3))
            })
        },
        Member {
            shares: Some(Share { of: OFFICIAL_FIRST, one_in: 3 }),
            follows: &[OFFICIAL_FIRST, "marea-bot.example"],
            ..member(Person {
                display_name: "Beto Lector",
                note: "Leo y comparto. Lo que comparto no siempre me gusta.",
                voice: Voice::Private { language: Language::Spanish },
                script: vec![Line {
                    at: origin + OFFICIAL_AFTER + Duration::hours(3),
                    text: "Ya está aquí @es.xinhua.example, a ver qué publica. #Medios".to_owned(),
                }],
                ..living("beto-lector.example", ago(300))
            })
        },
        Member {
            follows: &["beto-lector.example"],
            fates: vec![(day(6), Standing::Deactivated), (day(8), Standing::Active)],
            ..member(Person {
                display_name: "Ana Faro",
                note: "Novels & knots. I come and go.",
                indexing: Indexing::Unwelcome,
                ..living("ana-faro.example", ago(410))
            })
        },
        member(Person {
            display_name: "Marea Bot",
            note: "Tide tables of a harbour that does not exist. A program.",
            kind: Kind::Bot,
            spells: vec![Spell { from: ago(120), until: None, per_day: 4.0 }],
            ..living("marea-bot.example", ago(120))
        }),
        Member {
            fates: vec![(day(7), Standing::Deleted)],
            ..member(Person { display_name: "Vuelo Corto", ..living("vuelo-corto.example", ago(100)) })
        },
    ]
}

/// Whom the founding story adds.
pub fn founding(origin: DateTime<Utc>) -> Vec<Member> {
    let since = origin + SISTER_AFTER;
    let old = origin - Duration::days(150);
    vec![
        Member {
            follows: &["faro-digital.example"],
            ..member(Person {
                display_name: "Gaceta Uruguay",
                note: "Noticias de Uruguay, cultura y mundo",
                followers: Growth { at: since, then: 14, per_day: 0.3 },
                following: 31,
                ..copyist("gaceta-uy.example@bsky.app", &SISTER, since, 0.6)
            })
        },
        member(Person {
            display_name: "Faro Digital",
            note: "Diario digital del faro. Publicamos también cables de agencias, con su fuente.",
            followers: Growth { at: old, then: 640, per_day: 1.0 },
            ..copyist("faro-digital.example@bsky.app", &CREDITING, old, 0.8)
        }),
    ]
}

/// The outlet's own account: it takes the outlet's domain as its handle, and the domain names it.
fn outlet(since: DateTime<Utc>) -> Member {
    Member {
        renames: vec![(since + Duration::minutes(40), "es.xinhua.example")],
        pins: Some(since + Duration::hours(2)),
        ..member(Person {
            display_name: "Xinhua Español",
            note: "Agencia de Noticias Xinhua, servicio en español. https://es.xinhua.example/",
            fields: vec![Field { name: "Website", value: "https://es.xinhua.example/", verified_at: None }],
            spells: vec![Spell { from: since + Duration::minutes(50), until: None, per_day: 4.0 }],
            voice: Voice::Agency { language: Language::Spanish, site: "es.xinhua.example" },
            followers: Growth { at: since, then: 905, per_day: 31.0 },
            following: 2,
            ..living(OFFICIAL_FIRST, since)
        })
    }
}

/// An ordinary person with this handle.
fn living(handle: &str, since: DateTime<Utc>) -> Person {
    let acct = Acct::bluesky(handle).expect("a handle of the story");
    someone(&acct.to_string(), since)
}

/// An account to which nothing happens.
fn member(person: Person) -> Member {
    Member {
        did: records::did(person.acct.user()),
        person,
        renames: Vec::new(),
        fates: Vec::new(),
        shares: None,
        pins: None,
        follows: &[],
        backdates: Duration::zero(),
        labels: Vec::new(),
    }
}
