//! The broadcaster: an outlet that has moved to Threads, with a proof that comes late, and people there who are none of it.
//!
//! It plays beside the other stories. A search finds its account in the first hours, when nothing shows that it is the
//! broadcaster's: its site links to it from day 9 on. On day 11 it has its 50,000th follower.

use chrono::{DateTime, Duration, Utc};

use crate::model::account::Acct;

use super::cast::{Condition, Growth, Language, Line, Makers, Named, NamedBy, Person, Site, Spell, Voice};
use super::story::{host, someone};
use super::threads::HOLDER;

/// The account, as its interface names it.
pub const ACCOUNT: &str = "cgtn_sample";
/// When the site begins to link to it.
pub const LINKED_AFTER: Duration = Duration::hours(9 * 24 + 2);
const FOLLOWERS: Growth = Growth { at: DateTime::UNIX_EPOCH, then: 47_030, per_day: 271.0 };

fn on_threads(name: &str, since: DateTime<Utc>) -> Person {
    let acct = Acct::threads(name).expect("a name of the story");
    Person { acct, spells: vec![], ..someone("nobody@social.example", since) }
}

/// Everybody on Threads.
pub(super) fn people(origin: DateTime<Utc>) -> Vec<Person> {
    let since = origin - Duration::days(300);
    let says =
        |days: i64, text: &str| Line { at: origin + Duration::hours(24 * days - 5), text: text.to_owned() };
    vec![
        Person {
            display_name: "CGTN",
            note: "News from China and the world, day and night. cgtn.example",
            voice: Voice::Agency { language: Language::English, site: "cgtn.example" },
            spells: vec![Spell { from: origin - Duration::days(12), until: None, per_day: 22.0 }],
            followers: Growth { at: origin, ..FOLLOWERS },
            ..on_threads(ACCOUNT, since)
        },
        Person {
            display_name: "CGTN watchers",
            note: "Unofficial: people who watch CGTN and talk about it. Not affiliated with cgtn.example",
            script: vec![says(0, "Who else watched CGTN last night?"), says(2, "CGTN had pandas again.")],
            followers: Growth { at: origin, then: 340, per_day: 1.0 },
            ..on_threads("cgtn_watchers", since)
        },
        Person {
            display_name: "Iria Sample",
            note: "Reporter.",
            script: vec![says(0, "CGTN and Xinhua carried the same story today.")],
            followers: Growth { at: origin, then: 900, per_day: 0.2 },
            ..on_threads("iria_sample", since)
        },
        Person {
            display_name: "CGTN small",
            note: "cgtn.example",
            followers: Growth { at: origin, then: 12, per_day: 0.0 },
            ..on_threads("cgtn_small", since)
        },
        Person {
            display_name: "Meta",
            note: "Connect with what you love.",
            followers: Growth { at: origin, then: 1_200_000, per_day: 10.0 },
            ..on_threads("meta", since)
        },
        // Whose token the bot has; its own posts are all that a search without Meta's review brings.
        Person {
            display_name: "Masthead",
            note: "Reads what outlets post. A program: https://masthead.example",
            script: vec![says(0, "Notes on CGTN, Xinhua and China News Service")],
            ..on_threads(HOLDER, since)
        },
    ]
}

pub(super) fn site(origin: DateTime<Utc>) -> Site {
    Site {
        host: host("cgtn.example"),
        title: "CGTN",
        language: Language::English,
        about: "CGTN, a channel of China Media Group.",
        names: vec![Named {
            href: "https://www.threads.com/@cgtn_sample",
            by: NamedBy::Anchor,
            from: origin + LINKED_AFTER,
        }],
        links: vec!["/about"],
        channels: Vec::new(),
        makers: Makers::NONE,
        condition: Condition::Good,
    }
}
