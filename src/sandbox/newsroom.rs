//! Newsrooms: what each publisher's feed carries on a day, a function of seed, publisher and day.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::posts::day_of;
use super::random::{Random, mix, of_name};
use super::wording::{self, Event, Language, Lexicon, en, es, es_days, es_feasts, zh};
use super::world::World;

/// Something that a publisher reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsItem {
    /// What tells it from all others of the world.
    pub number: u64,
    pub at: DateTime<Utc>,
    pub title: String,
    /// Two to four sentences.
    pub text: String,
    /// Its page, on the publisher's site.
    pub link: String,
    pub origin: Origin,
}

/// Whose work an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Own,
    /// Taken over from elsewhere, where it stood since this time.
    Taken(DateTime<Utc>),
}

/// A newsroom, by itself: one publisher in one language.
#[derive(Debug)]
pub struct Bureau {
    pub id: &'static str,
    pub site: &'static str,
    pub tag: &'static str,
    /// Items of its own on a day, at least and below.
    pub per_day: (u64, u64),
    events: &'static [&'static [Event]],
    language: &'static Language,
    lexicon: Lexicon,
    pub takes: &'static [Taking],
}

/// Whose work a newsroom carries as if it were its own.
#[derive(Debug)]
pub struct Taking {
    pub from: From,
    /// Of a hundred items or posts.
    pub share: u64,
    /// Minutes later, at least and below.
    pub lag: (u64, u64),
}

/// From where a newsroom takes.
#[derive(Debug, Clone, Copy)]
pub enum From {
    Bureau(&'static str),
    /// Posts of this account.
    Account(&'static str),
}

/// China News Service in Spanish, the copy that the story turns on.
pub const CNS: &str = "cns-es";
/// Xinhua in Spanish, English and Chinese.
pub const XINHUA_ES: &str = "xinhua-es";
pub const XINHUA_EN: &str = "xinhua-en";
pub const XINHUA_ZH: &str = "xinhua-zh";
/// A news agency that nobody controls.
pub const WIRE: &str = "agencia-ejemplo";
pub const RT_ES: &str = "rt-es";

/// The columnist whose texts [`CNS`] carries.
pub const COLUMNIST: &str = "elisa_borrador@social.example";

/// All newsrooms of the founding story.
pub static BUREAUS: [Bureau; 6] = [
    Bureau {
        takes: &[
            Taking { from: From::Bureau(WIRE), share: 20, lag: (240, 720) },
            Taking { from: From::Account(COLUMNIST), share: 65, lag: (180, 1_800) },
        ],
        ..spanish(CNS, "cns.example", (7, 11), &[&es_feasts::FEASTS], es::east)
    },
    spanish(XINHUA_ES, "es.xinhua.example", (3, 6), &[&es_feasts::FEASTS], es::east),
    spanish(WIRE, "agenciaejemplo.example", (6, 10), &[&es_days::DAYS, &es_feasts::FEASTS], es::west),
    spanish(RT_ES, "rt-es.example", (4, 7), &[&es_days::DAYS], es::north),
    Bureau {
        tag: "en",
        language: &en::LANGUAGE,
        ..spanish(XINHUA_EN, "xinhua.example", (2, 5), &[&en::EVENTS], en::east)
    },
    Bureau {
        tag: "zh",
        language: &zh::LANGUAGE,
        ..spanish(XINHUA_ZH, "xinhua.example", (2, 5), &[&zh::EVENTS], zh::east)
    },
];

const fn spanish(
    id: &'static str,
    site: &'static str,
    per_day: (u64, u64),
    events: &'static [&'static [Event]],
    lexicon: Lexicon,
) -> Bureau {
    Bureau { id, site, tag: "es", per_day, events, language: &es::LANGUAGE, lexicon, takes: &[] }
}

/// The newsroom with this id.
pub fn bureau(id: &str) -> Option<&'static Bureau> {
    BUREAUS.iter().find(|bureau| bureau.id == id)
}

/// All items of a newsroom on a day, oldest first.
pub fn on_day(world: &World, bureau: &Bureau, day: i64) -> Vec<Arc<NewsItem>> {
    let mut items = own(world.seed, bureau, day);
    for taking in bureau.takes {
        items.extend(taken(world, bureau, taking, day));
    }
    items.sort_by_key(|item| (item.at, item.number));
    items.into_iter().map(Arc::new).collect()
}

fn own(seed: u64, bureau: &Bureau, day: i64) -> Vec<NewsItem> {
    let mut random = Random::of(&[seed, of_name(bureau.id), day as u64]);
    let count = bureau.per_day.0 + random.below(bureau.per_day.1 - bureau.per_day.0);
    let Some(midnight) = DateTime::from_timestamp(day * 86_400, 0) else { return Vec::new() };
    // Desks work from four in the morning until nine at night.
    (0..count)
        .map(|_| {
            let at = midnight + Duration::seconds(4 * 3_600 + random.below(17 * 3_600) as i64);
            let events = random.pick(bureau.events);
            let event = random.pick(events);
            let (title, text) = wording::report(event, bureau.language, bureau.lexicon, &mut random);
            bureau.item(mix(&[seed, random.next()]), at, (title, text), Origin::Own)
        })
        .collect()
}

/// What a newsroom took from elsewhere and carries on this day.
fn taken(world: &World, bureau: &Bureau, taking: &Taking, day: i64) -> Vec<NewsItem> {
    let days_back = (taking.lag.1 / (24 * 60) + 1) as i64;
    let copy = |number: u64, at: DateTime<Utc>, texts: (String, String)| {
        let mut random = Random::of(&[number, of_name(bureau.id), 3]);
        let minutes = taking.lag.0 + random.below(taking.lag.1 - taking.lag.0);
        let is_taken = random.below(100) < taking.share;
        let later = at + Duration::seconds(60 * minutes as i64);
        let is_today = is_taken && day_of(later) == day;
        is_today.then(|| bureau.item(mix(&[number, of_name(bureau.id)]), later, texts, Origin::Taken(at)))
    };
    let days = day - days_back..=day;
    match taking.from {
        From::Bureau(id) => {
            let Some(source) = self::bureau(id) else { return Vec::new() };
            let items = days.flat_map(|day| world.edition(source, day).to_vec());
            items
                .filter_map(|item| copy(item.number, item.at, (item.title.clone(), item.text.clone())))
                .collect()
        }
        From::Account(acct) => {
            let author = world.people.iter().find(|person| person.acct.to_string() == acct);
            let posts = author.into_iter().flat_map(|author| days.clone().map(|day| world.day(author, day)));
            let scripted = |at| author.is_some_and(|author| author.script.iter().any(|line| line.at == at));
            let posts: Vec<_> = posts.flat_map(|posts| posts.to_vec()).collect();
            let texts = posts.iter().filter(|post| !scripted(post.key.at)).map(|post| {
                let (title, rest) = post.text.split_once(". ").unwrap_or((&post.text, ""));
                (post.key, (title.to_owned(), rest.to_owned()))
            });
            texts.filter_map(|(key, texts)| copy(key.salt, key.at, texts)).collect()
        }
    }
}

impl Bureau {
    fn item(
        &self,
        number: u64,
        at: DateTime<Utc>,
        (title, text): (String, String),
        origin: Origin,
    ) -> NewsItem {
        let link = format!(
            "https://{}/{}/{}/c-{:08x}.html",
            self.site,
            self.tag,
            at.format("%Y%m%d"),
            number as u32
        );
        NewsItem { number, at, title, text, link, origin }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use unicode_normalization::UnicodeNormalization as _;

    use super::*;
    use crate::sandbox::story::{self, Story};
    use crate::sandbox::wording::es_talk;

    fn folded(text: &str) -> String {
        let bare = text.nfd().filter(|letter| letter.is_alphanumeric());
        bare.flat_map(char::to_lowercase).collect()
    }

    fn editions(seed: u64, id: &str) -> Vec<Arc<NewsItem>> {
        let world = Story::Founding.world(seed, story::ORIGIN);
        let first = day_of(story::ORIGIN);
        let bureau = bureau(id).unwrap();
        (first..first + 29).flat_map(|day| world.edition(bureau, day).to_vec()).collect()
    }

    /// How many pairs of different texts share a run of so many bytes of letters and digits.
    fn pairs_sharing(run: usize, texts: &[String]) -> usize {
        let mut seen: HashMap<&[u8], HashSet<usize>> = HashMap::new();
        for (place, text) in texts.iter().enumerate() {
            for window in text.as_bytes().windows(run) {
                seen.entry(window).or_default().insert(place);
            }
        }
        let shared = seen.values().filter(|places| places.len() > 1);
        let pairs = shared.flat_map(|places| {
            let places: Vec<usize> = places.iter().copied().collect();
            places[1..].iter().map(|place| (places[0].min(*place), places[0].max(*place))).collect::<Vec<_>>()
        });
        pairs.collect::<HashSet<_>>().len()
    }

    #[test]
    fn the_agency_has_more_than_three_hundred_reports_in_four_weeks_each_of_a_few_sentences() {
        for seed in 1..5 {
            let items = editions(seed, CNS);
            assert!((290..=360).contains(&items.len()), "{}", items.len());
            for item in items.iter().filter(|item| item.origin == Origin::Own) {
                let length = item.text.chars().count();
                assert!((200..=500).contains(&length), "{length}: {}", item.text);
                let sentences = item.text.matches(". ").count() + 1;
                assert!((2..=5).contains(&sentences), "{}", item.text);
                assert!(item.title.chars().count() <= 95, "{}", item.title);
            }
        }
    }

    #[test]
    fn reports_of_different_events_do_not_look_like_copies_of_each_other() {
        for seed in 1..4 {
            let mut texts = Vec::new();
            for bureau in &BUREAUS {
                let own = editions(seed, bureau.id).into_iter().filter(|item| item.origin == Origin::Own);
                texts.extend(own.map(|item| folded(&format!("{} {}", item.title, item.text))));
            }
            // Columns are carried, too, and other people write some of their own.
            let mut random = Random::of(&[seed]);
            texts.extend((0..150).map(|_| folded(&es_talk::column(&mut random))));
            let (pairs, items) = (pairs_sharing(60, &texts), texts.len());
            assert!(items > 700, "{items}");
            assert!(pairs * 200 < items, "{pairs} pairs of {items} items share a run of 60");
        }
    }

    #[test]
    fn an_item_stays_what_it_is_and_a_feed_shows_the_newest_that_are_out() {
        let world = Story::Founding.world(3, story::ORIGIN);
        let (now, bureau) = (story::ORIGIN + Duration::days(8), bureau(CNS).unwrap());
        let front = world.front(bureau, now, 30);
        assert_eq!(front.len(), 30);
        assert!(front.is_sorted_by(|newer, older| newer.at >= older.at));
        assert!(front[0].at <= now);
        let later = world.front(bureau, now + Duration::hours(20), 60);
        assert!(front.iter().all(|item| later.contains(item)));
        let again = Story::Founding.world(3, story::ORIGIN).front(bureau, now, 30);
        assert_eq!(front, again);
    }

    #[test]
    fn what_is_taken_appears_hours_after_its_source() {
        let items = editions(2, CNS);
        let lags: Vec<i64> = items
            .iter()
            .filter_map(|item| match item.origin {
                Origin::Taken(since) => Some((item.at - since).num_minutes()),
                Origin::Own => None,
            })
            .collect();
        assert!(lags.len() > 40, "{}", lags.len());
        assert!(lags.iter().all(|lag| (180..=1_800).contains(lag)), "{lags:?}");
    }
}
