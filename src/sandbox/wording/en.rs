//! English: a few kinds of harmless events, and what people say about them.

use super::{Event, Language, number};
use crate::sandbox::random::Random;

pub const LANGUAGE: Language = Language {
    voices: &[
        "\"I [counted|painted] {n} of them as a child in {city},\" said {who}.",
        "{who}, a {role} from {city}, [walked|drove] {n} kilometres to [see|hear] it.",
        "\"Give me {k} more winters,\" [joked|said] {who}, {role}.",
        "According to {who}, the [idea|plan] [began|was born] in {year} with {k} {thing}.",
        "{who} [keeps|owns] {n} {thing} from {year} in a [shed|cellar].",
        "For {who}, {role}, the {k} [last|first] minutes were the [best|hardest].",
    ],
    endings: &[
        "The [show|fair] [moves|goes on] to {city} with {n} {thing}.",
        "In {year} it [drew|had] {mil} [visitors|guests]; {k} [stayed|helped].",
        "Tickets cost {k} coins and [admit|include] {n} {thing}.",
        "A slow train [links|ties] {city} with {prov} in {k} hours.",
        "Some {n} [neighbours|pupils] of {city} [help|work] unpaid.",
        "Rain [moved|stopped] {k} of the {n} {thing} for a day.",
    ],
    space: " ",
    length: (200, 380),
};

pub const EVENTS: [Event; 6] = [
    Event {
        titles: &[
            "{city} [opens|tests] a footbridge of {n} metres",
            "A bridge in {prov} [saves|cuts] {n} minutes",
        ],
        leads: &[
            "A bridge of {n} planks [opened|reopened] in {city} with {k} {thing} and {who} in front.",
            "After {k} years of work, {city} and {prov} are [joined|linked] by {n} metres of [steel|rope].",
        ],
        facts: &[
            "Its {n} cables [weigh|hold] {mil} tonnes.",
            "{who}, {role}, [counted|drew] each of the {n} bolts by {year}.",
        ],
    },
    Event {
        titles: &["{who} [bakes|folds] {n} dumplings in {k} minutes", "{city} [cooks|serves] soup for {n}"],
        leads: &[
            "Cooks of {city} [served|stirred] {n} litres of soup with {k} {thing} on the table.",
            "{who}, {role}, [folded|sold] {n} dumplings in {city} within {k} minutes.",
        ],
        facts: &[
            "The dough [rests|waits] {k} hours under {n} grams of [flour|cloth].",
            "A recipe of {year} [hangs|lies] in {city}, {n} lines long.",
        ],
    },
    Event {
        titles: &["{mil} cranes [reach|leave] the marsh of {city}", "{who} [rings|counts] {n} ducks"],
        leads: &[
            "The first {n} cranes [reached|left] {city}, {k} days earlier than in {year}.",
            "{who}, {role}, [ringed|freed] {n} birds in the reeds of {prov}.",
        ],
        facts: &[
            "One bird [flew|came] {mil} kilometres and [lost|gained] {k} grams.",
            "The count [took|kept] {n} volunteers {k} nights.",
        ],
    },
    Event {
        titles: &["Museum of {city} [shows|finds] {n} {thing}", "{who} [returns|gives] {k} jars to {prov}"],
        leads: &[
            "A hall with {n} {thing} [opened|closed] in {city}; {who} had [cleaned|gathered] them for {k} years.",
            "Workers in {city} [dug|pulled] {n} {thing} out of a [cellar|well] of {year}.",
        ],
        facts: &[
            "The largest, {n} kilos, [came|travelled] in {k} crates from {city}.",
            "{who} [read|dated] {n} signs as of {year}.",
        ],
    },
    Event {
        titles: &["A kite of {n} metres [rises|lands] in {city}", "{city} [flies|mends] {n} kites"],
        leads: &[
            "{who} [let go|raised] a kite of {n} metres over {city}; it [needs|wants] {k} hands.",
            "{n} kites of {k} villages [met|tangled] above {prov}, [said|noted] {who}.",
        ],
        facts: &[
            "The line, {mil} metres, [broke|froze] {k} times.",
            "Silk from {prov} and {n} grams of bamboo [will do|suffice].",
        ],
    },
    Event {
        titles: &[
            "A loom of {year} [weaves|creaks] again in {city}",
            "{who} [dyes|spins] {n} metres of silk",
        ],
        leads: &[
            "The loom of {city} [moved|sang] after {k} years, with {n} spools and {who} at the pedal.",
            "From {n} cocoons, {k} pupils of {prov} [drew|spun] one scarf for {who}.",
        ],
        facts: &[
            "One metre [takes|asks] {n} hours and {k} needles.",
            "The [blue|red] [comes|grows] from {k} leaves and {n} days of sun.",
        ],
    },
];

/// Slots about an invented country in the east.
pub fn east(slot: &str, random: &mut Random) -> String {
    match slot {
        "city" | "prov" | "who" | "n" | "k" | "year" => super::es::east(slot, random),
        "mil" => format!("{},{:03}", number(random, 2, 89), number(random, 100, 990)),
        "role" => random.pick(&ROLES).to_string(),
        "thing" => random.pick(&THINGS).to_string(),
        other => unreachable!("`{other}` is no slot of the English patterns"),
    }
}

const ROLES: [&str; 12] = [
    "ferryman",
    "retired teacher",
    "botanist",
    "carpenter",
    "librarian",
    "potter",
    "ranger",
    "engineer",
    "seamstress",
    "village doctor",
    "drummer",
    "shopkeeper",
];
const THINGS: [&str; 12] = [
    "lanterns",
    "drums",
    "kites",
    "clocks",
    "jars",
    "old maps",
    "bells",
    "masks",
    "looms",
    "umbrellas",
    "seals",
    "fans",
];
