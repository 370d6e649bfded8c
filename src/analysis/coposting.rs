//! Co-posting: which accounts choose the same items and change them in the same words, beyond chance.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::analysis::corpus::{Choice, CoGroup, CoPair, Selection};
use crate::analysis::stats::{q_values, tail, tail_bound};
use crate::model::account::{AccountId, Acct};
use crate::model::item::ItemId;
use crate::model::outlet::OutletId;

/// Items that two accounts must have in common: below that one story told twice would do.
pub const LEAST_SHARED: u32 = 3;
/// Of these, items on which both have the same words that are not the publisher's. The same choice alone comes
/// from the same taste; once and twice the same words come from a common phrase or a common source.
pub const LEAST_DERIVED: u32 = 3;
/// Days on which the publisher had these items: not one event that everybody told in the same words.
pub const LEAST_DAYS: usize = 2;
/// The share of false pairs among those that pass; larger or equal is not enough.
pub const MOST_Q: f64 = 0.01;
/// Pairs of statuses that are kept for the record of a pair.
pub const MOST_EXAMPLES: usize = 3;

/// A chance that is certainly below this is not followed event by event: the bound, which is larger, stands
/// for it. It keeps a farm of hundreds of copies of one account from costing minutes.
const SURELY_SMALL: f64 = 1e-15;

/// What each publisher had, with our sight of it: from these items accounts chose. Copies of an item that the
/// publisher itself repeats, and items that nobody can carry as this publisher's, are better left out: they make
/// a choice look more special than it is.
pub type Published = BTreeMap<OutletId, BTreeMap<ItemId, DateTime<Utc>>>;

/// The accounts that act together: the same choice among a system's items, far beyond what their popularity
/// explains, and the same words on some of them.
///
/// For each two accounts of a system the chance of so many common items or more is computed as if each chose by
/// itself: on each day, from each publisher, as many items as it did choose, an item the likelier, the more
/// accounts carry it (a Poisson-binomial tail, see [`tail`]). All pairs with a common item are tests; [`q_values`] says how many of those that
/// pass are false. Neither the order of selections nor their repetition changes anything; items that nobody is
/// known to have published are left out.
pub fn groups(selections: &[Selection], published: &Published) -> Vec<CoGroup> {
    let systems: Vec<System> = systems(selections, published);
    let meetings: Vec<Vec<Meeting>> = systems.iter().map(System::meetings).collect();
    let chances: Vec<f64> = meetings.iter().flatten().map(|meeting| meeting.chance).collect();
    let mut values = q_values(&chances).into_iter();
    let mut groups = Vec::new();
    for (system, meetings) in systems.iter().zip(meetings) {
        let tested = meetings.into_iter().zip(values.by_ref());
        let pairs = tested.filter_map(|(meeting, q)| system.pair(&meeting, q)).collect();
        groups.extend(components(pairs).into_iter().map(|pairs| system.group(pairs)));
    }
    groups
}

/// The choices of all accounts that copy one system.
struct System<'a> {
    name: &'a str,
    accounts: Vec<Chooser<'a>>,
    /// In the order in which their publishers had them, each edition together.
    items: Vec<PublishedItem>,
}

/// An account and what it carries, by place in [`System::items`].
struct Chooser<'a> {
    id: &'a AccountId,
    acct: &'a Acct,
    choices: Vec<(usize, &'a Choice)>,
}

struct PublishedItem {
    day: NaiveDate,
    /// Where the edition that it belongs to begins and ends: what one publisher had on one day. Who sleeps, starts
    /// late or does not read the language chooses nothing there, and nothing is concluded from it.
    edition: (usize, usize),
    /// Accounts that carry it.
    carriers: u32,
}

/// Two accounts with a common item, by place in [`System::accounts`].
struct Meeting {
    one: usize,
    other: usize,
    chance: f64,
}

fn systems<'a>(selections: &'a [Selection], published: &Published) -> Vec<System<'a>> {
    type Choosers<'a> = BTreeMap<&'a AccountId, (&'a Acct, BTreeMap<&'a ItemId, &'a Choice>)>;
    let mut by_system: BTreeMap<&str, Choosers> = BTreeMap::new();
    for selection in selections {
        let choosers = by_system.entry(&selection.system).or_default();
        let (_, choices) = choosers.entry(&selection.account).or_insert((&selection.acct, BTreeMap::new()));
        choices.extend(&selection.choices);
    }
    let systems = by_system.into_iter().map(|(name, choosers)| {
        let chosen: BTreeSet<&ItemId> =
            choosers.values().flat_map(|(_, choices)| choices.keys().copied()).collect();
        let (mut items, places) = lay_out(&chosen, published);
        let placed = |(item, choice): (&ItemId, &'a Choice)| Some((*places.get(item)?, choice));
        let accounts: Vec<Chooser> = choosers
            .into_iter()
            .map(|(id, (acct, choices))| {
                let mut choices: Vec<_> = choices.into_iter().filter_map(placed).collect();
                choices.sort_by_key(|(place, _)| *place);
                Chooser { id, acct, choices }
            })
            .collect();
        let carried = accounts.iter().flat_map(|account| &account.choices);
        carried.for_each(|(place, _)| items[*place].carriers += 1);
        System { name, accounts, items }
    });
    systems.collect()
}

/// The items of all publishers of whom something was chosen, edition by edition, and the places of the chosen.
fn lay_out<'p>(
    chosen: &BTreeSet<&ItemId>,
    published: &'p Published,
) -> (Vec<PublishedItem>, BTreeMap<&'p ItemId, usize>) {
    let (mut items, mut places) = (Vec::new(), BTreeMap::new());
    for had in published.values().filter(|had| had.keys().any(|item| chosen.contains(item))) {
        let mut days: BTreeMap<NaiveDate, Vec<&ItemId>> = BTreeMap::new();
        had.iter().for_each(|(item, seen)| days.entry(seen.date_naive()).or_default().push(item));
        for (day, of_day) in days {
            let edition = (items.len(), items.len() + of_day.len());
            for item in of_day {
                if chosen.contains(item) {
                    places.entry(item).or_insert(items.len());
                }
                items.push(PublishedItem { day, edition, carriers: 0 });
            }
        }
    }
    (items, places)
}

impl<'a> System<'a> {
    /// Every two accounts with a common item. Only what could pass is computed; the chance of others counts
    /// as 1, which makes the rest no less likely.
    fn meetings(&self) -> Vec<Meeting> {
        let mut carriers: Vec<Vec<(usize, Option<&str>)>> = vec![Vec::new(); self.items.len()];
        let (mut shared, mut derived) = (vec![0; self.accounts.len()], vec![0; self.accounts.len()]);
        let mut meetings = Vec::new();
        for (other, account) in self.accounts.iter().enumerate() {
            let mut met = Vec::new();
            for (place, choice) in &account.choices {
                for (one, words) in &carriers[*place] {
                    if shared[*one] == 0 {
                        met.push(*one);
                    }
                    shared[*one] += 1;
                    derived[*one] += u32::from(words.is_some() && *words == choice.derived.as_deref());
                }
                carriers[*place].push((other, choice.derived.as_deref()));
            }
            for one in met {
                let may_pass = shared[one] >= LEAST_SHARED && derived[one] >= LEAST_DERIVED;
                let chance = if may_pass { self.chance(one, other, shared[one]) } else { 1.0 };
                meetings.push(Meeting { one, other, chance });
                (shared[one], derived[one]) = (0, 0);
            }
        }
        meetings
    }

    /// The chance that two accounts have at least so many items in common, the more cautious of both directions.
    fn chance(&self, one: usize, other: usize, shared: u32) -> f64 {
        let (one, other) = (&self.accounts[one].choices, &self.accounts[other].choices);
        let likelihoods = Likelihoods::of(&self.items, one, other);
        let at_least = shared as usize;
        let chances = [likelihoods.of_one, likelihoods.of_other].map(|probabilities| {
            let bound = tail_bound(&probabilities, at_least);
            let is_open = (SURELY_SMALL..1.0).contains(&bound);
            if is_open { tail(&probabilities, at_least) } else { bound }
        });
        chances[0].max(chances[1])
    }

    /// A pair that passes, with what both have in common.
    fn pair(&self, meeting: &Meeting, q: f64) -> Option<Pair> {
        if q >= MOST_Q {
            return None;
        }
        let (one, other) = (&self.accounts[meeting.one], &self.accounts[meeting.other]);
        let common: Vec<(usize, &Choice, &Choice)> = in_common(&one.choices, &other.choices).collect();
        let alike = |(_, one, other): &&(usize, &Choice, &Choice)| {
            one.derived.is_some() && one.derived == other.derived
        };
        let derived: Vec<_> = common.iter().filter(alike).collect();
        let days: BTreeSet<NaiveDate> = derived.iter().map(|(place, ..)| self.items[*place].day).collect();
        let examples = derived.iter().take(MOST_EXAMPLES);
        let record = CoPair {
            one: one.id.clone(),
            other: other.id.clone(),
            shared: count(common.len()),
            derived: count(derived.len()),
            p: meeting.chance,
            q,
            examples: examples.map(|(_, one, other)| [one.status.clone(), other.status.clone()]).collect(),
        };
        (record.derived >= LEAST_DERIVED && days.len() >= LEAST_DAYS).then_some(Pair {
            one: meeting.one,
            other: meeting.other,
            record,
        })
    }

    fn group(&self, pairs: Vec<Pair>) -> CoGroup {
        let places: BTreeSet<usize> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).collect();
        let members = places.into_iter().map(|place| &self.accounts[place]);
        CoGroup {
            system: self.name.to_owned(),
            members: members.map(|account| (account.id.clone(), account.acct.clone())).collect(),
            pairs: pairs.into_iter().map(|pair| pair.record).collect(),
        }
    }
}

/// A pair that passed, by place of its accounts.
struct Pair {
    one: usize,
    other: usize,
    record: CoPair,
}

/// Pairs that hang together, directly or through others.
fn components(pairs: Vec<Pair>) -> Vec<Vec<Pair>> {
    let mut components: Vec<(BTreeSet<usize>, Vec<Pair>)> = Vec::new();
    for pair in pairs {
        let (mut members, mut joined) = (BTreeSet::from([pair.one, pair.other]), vec![pair]);
        let (touched, apart) =
            components.into_iter().partition::<Vec<_>, _>(|(known, _)| !known.is_disjoint(&members));
        components = apart;
        for (known, pairs) in touched {
            members.extend(known);
            joined.extend(pairs);
        }
        components.push((members, joined));
    }
    components.sort_by_key(|(members, _)| members.first().copied());
    let ordered = components.into_iter().map(|(_, mut pairs)| {
        pairs.sort_by_key(|pair| (pair.one, pair.other));
        pairs
    });
    ordered.collect()
}

/// For each item of two accounts, how likely the respective other carries it, if it chose by itself.
struct Likelihoods {
    /// Of the items of the first, in the choice of the second.
    of_one: Vec<f64>,
    of_other: Vec<f64>,
}

impl Likelihoods {
    fn of(items: &[PublishedItem], one: &[(usize, &Choice)], other: &[(usize, &Choice)]) -> Likelihoods {
        let mut likelihoods = Likelihoods { of_one: vec![0.0; one.len()], of_other: vec![0.0; other.len()] };
        let (mut from_one, mut from_other) = (0, 0);
        while let (Some((place, _)), Some((other_place, _))) = (one.get(from_one), other.get(from_other)) {
            let edition = items[*place.min(other_place)].edition;
            let until = |from: usize, choices: &[(usize, &Choice)]| {
                from + choices[from..].partition_point(|(place, _)| *place < edition.1)
            };
            let (to_one, to_other) = (until(from_one, one), until(from_other, other));
            let (mine, others) = (&one[from_one..to_one], &other[from_other..to_other]);
            if !mine.is_empty() && !others.is_empty() {
                let edition = &items[edition.0..edition.1];
                fill(&mut likelihoods.of_one[from_one..to_one], edition, mine, others);
                fill(&mut likelihoods.of_other[from_other..to_other], edition, others, mine);
            }
            (from_one, from_other) = (to_one, to_other);
        }
        likelihoods
    }
}

/// How likely each of the items that one account chose from an edition is in the other's choice from it.
///
/// An item draws by one more than the accounts beside the other that carry it. The first account counts among
/// them: where few accounts are known, its choice is all that tells what everybody likes.
fn fill(
    likelihoods: &mut [f64],
    edition: &[PublishedItem],
    chosen: &[(usize, &Choice)],
    other: &[(usize, &Choice)],
) {
    let first = edition.first().map_or(0, |item| item.edition.0);
    let mut weights: Vec<u32> = edition.iter().map(|item| item.carriers + 1).collect();
    other.iter().for_each(|(place, _)| weights[place - first] -= 1);
    let weighed = Weighed::of(&weights, other.len());
    let each = chosen.iter().map(|(place, _)| weighed.likelihood(weights[place - first]));
    likelihoods.iter_mut().zip(each).for_each(|(likelihood, chance)| *likelihood = chance);
}

/// How likely an item of some weight is among so many that are drawn: `min(1, rate * weight)`, with the rate at
/// which these sum up to the number drawn, as in sampling with probability proportional to size.
///
/// Without the rate being found anew for what remains after the certain ones, two accounts that carry everything
/// would look as if they had chosen.
struct Weighed {
    rate: f64,
}

impl Weighed {
    fn of(weights: &[u32], drawn: usize) -> Weighed {
        let mut heaviest_first = weights.to_vec();
        heaviest_first.sort_unstable_by(|one, other| other.cmp(one));
        let (mut left, mut sum) =
            (drawn as f64, weights.iter().map(|weight| f64::from(*weight)).sum::<f64>());
        for weight in heaviest_first.into_iter().map(f64::from) {
            if left * weight < sum {
                break;
            }
            left -= 1.0;
            sum -= weight;
        }
        // Where all are certain, nothing is left over, and any rate says so.
        Weighed { rate: if sum > 0.0 { left / sum } else { 1.0 } }
    }

    fn likelihood(&self, weight: u32) -> f64 {
        (self.rate * f64::from(weight)).min(1.0)
    }
}

/// What stands in both choices, by place.
fn in_common<'a>(
    one: &[(usize, &'a Choice)],
    other: &[(usize, &'a Choice)],
) -> impl Iterator<Item = (usize, &'a Choice, &'a Choice)> {
    one.iter().filter_map(|(place, choice)| {
        let at = other.binary_search_by_key(place, |(place, _)| *place).ok()?;
        Some((*place, *choice, other[at].1))
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::corpus::SharedStatus;
    use crate::model::account::Host;

    const SYSTEM: &str = "cn-party-state";
    const DAYS: u64 = 28;
    /// Items of the agency on a day.
    const A_DAY: u64 = 10;

    /// A number below `below`, the same for the same seeds.
    fn random(seeds: [u64; 3], below: u64) -> u64 {
        let mixed = seeds.into_iter().fold(0x9e37_79b9_7f4a_7c15, |mixed: u64, seed| {
            let mixed = (mixed ^ seed).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (mixed >> 31)
        });
        (mixed >> 11) % below
    }

    fn item(number: u64) -> ItemId {
        ItemId(format!("{number:08}"))
    }

    fn at(day: u64) -> DateTime<Utc> {
        "2026-11-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::days(day as i64)
    }

    /// What an agency published: item 10 to 19 on day 1, and so on.
    fn published() -> Published {
        let items = (0..DAYS * A_DAY).map(|number| (item(number), at(number / A_DAY)));
        BTreeMap::from([(OutletId::parse("cns-es").unwrap(), items.collect())])
    }

    fn id(name: &str) -> AccountId {
        AccountId::mastodon(format!("https://social.example/users/{name}"))
    }

    /// An account that carries these items in these words.
    fn carrying(name: &str, items: impl IntoIterator<Item = u64>, words: Option<&str>) -> Selection {
        let choice = |number: u64| {
            let status = SharedStatus {
                url: format!("https://social.example/@{name}/{number}"),
                seen_at: at(number / A_DAY),
                sha256: format!("{number:064}"),
            };
            (item(number), Choice { derived: words.map(|words| format!("{words}{number}")), status })
        };
        Selection {
            account: id(name),
            acct: Acct::new(name, Host::parse("social.example").unwrap()).unwrap(),
            system: SYSTEM.into(),
            choices: items.into_iter().map(choice).collect(),
        }
    }

    /// So many items of each day, chosen by a taste: each its own, or the same for all of a circle.
    fn taste(seed: u64, circle: u64, a_day: u64) -> Vec<u64> {
        let of_day = |day: u64| {
            let mut items: Vec<u64> = (day * A_DAY..(day + 1) * A_DAY).collect();
            items.sort_by_key(|number| random([seed, circle, *number], 1_000_000));
            items.truncate(a_day as usize);
            items
        };
        (0..DAYS).flat_map(of_day).collect()
    }

    /// Three papers of one desk: three items a day, of which each leaves out a fifth.
    fn sisters(seed: u64) -> Vec<Selection> {
        let desk = taste(seed, 1, 3);
        let names = ["diario_py", "diario_cl", "diario_cr"];
        let each = names.iter().enumerate().map(|(number, name)| {
            let keeps = |item: &u64| random([seed, 100 + number as u64, *item], 100) < 80;
            carrying(name, desk.iter().copied().filter(keeps), Some("desk"))
        });
        each.collect()
    }

    /// Readers who each choose by themselves, most of them what everybody likes, and share it with the outlet's
    /// button, which gives all the same words.
    fn fans(seed: u64, number: u64) -> Vec<Selection> {
        let fan = |fan: u64| {
            let likes = |item: &u64| {
                let is_popular = random([seed, 7, *item], 10) < 3;
                random([seed, 1_000 + fan, *item], 100) < if is_popular { 60 } else { 10 }
            };
            carrying(&format!("fan{fan}"), (0..DAYS * A_DAY).filter(likes), Some("button"))
        };
        (0..number).map(fan).collect()
    }

    fn members(groups: &[CoGroup]) -> Vec<Vec<&str>> {
        groups.iter().map(|group| group.members.values().map(Acct::user).collect()).collect()
    }

    #[test]
    fn three_papers_of_one_desk_form_one_group() {
        for seed in 0..20 {
            let groups = groups(&sisters(seed), &published());
            assert_eq!(members(&groups), [["diario_cl", "diario_cr", "diario_py"]], "seed {seed}");
            let pair = &groups[0].pairs[0];
            assert_eq!(groups[0].pairs.len(), 3);
            assert_eq!((&pair.one, &pair.other), (&id("diario_cl"), &id("diario_cr")));
            assert!(pair.shared > 35 && pair.derived == pair.shared, "{pair:?}");
            assert!(pair.p <= pair.q && pair.q < 1e-4, "{pair:?}");
            assert_eq!(pair.examples.len(), MOST_EXAMPLES);
            for [one, other] in &pair.examples {
                assert!(one.url.contains("diario_cl") && other.url.contains("diario_cr"));
                assert_eq!(one.url.rsplit('/').next(), other.url.rsplit('/').next());
            }
        }
    }

    /// Where three papers take four of five items of everything there is, even that is told from chance.
    #[test]
    fn papers_that_carry_most_of_what_there_is_and_leave_out_the_same_form_a_group() {
        let desk = taste(3, 1, 8);
        let paper = |name| carrying(name, desk.iter().copied(), Some("desk"));
        let groups = groups(&[paper("one"), paper("two"), paper("three")], &published());
        assert_eq!(members(&groups), [["one", "three", "two"]]);
    }

    #[test]
    fn fans_who_choose_by_themselves_form_no_group_whatever_is_popular() {
        for seed in 0..40 {
            let groups = groups(&fans(seed, 30), &published());
            assert!(groups.is_empty(), "seed {seed}: {:?}", members(&groups));
        }
    }

    #[test]
    fn a_crowd_of_fans_neither_joins_nor_hides_a_desk() {
        for seed in 0..10 {
            let crowd = [fans(seed, 30), sisters(seed)].concat();
            let groups = groups(&crowd, &published());
            assert_eq!(members(&groups), [["diario_cl", "diario_cr", "diario_py"]], "seed {seed}");
        }
    }

    #[test]
    fn carrying_everything_is_no_choice() {
        let all = |name| carrying(name, 0..DAYS * A_DAY, Some("same"));
        let some = [carrying("third", taste(1, 1, 3), None), carrying("fourth", taste(1, 2, 5), None)];
        let selections = [vec![all("one"), all("two")], some.to_vec()].concat();
        assert_eq!(groups(&selections, &published()), []);
        let system = &systems(&selections, &published())[0];
        assert!(system.meetings().iter().all(|meeting| meeting.chance >= 1.0));
    }

    #[test]
    fn the_same_choice_in_the_publisher_s_words_is_only_taste() {
        let plain = |selection: Selection| {
            let choices = selection.choices.into_iter();
            let choices = choices.map(|(item, choice)| (item, Choice { derived: None, ..choice })).collect();
            Selection { choices, ..selection }
        };
        let selections: Vec<Selection> = sisters(1).into_iter().map(plain).collect();
        assert_eq!(groups(&selections, &published()), []);
    }

    #[test]
    fn the_same_choice_in_each_one_s_words_is_only_taste() {
        let desk = taste(1, 1, 3);
        let paper = |name| carrying(name, desk.iter().copied(), Some(name));
        assert_eq!(groups(&[paper("one"), paper("two"), paper("three")], &published()), []);
    }

    #[test]
    fn one_day_with_the_same_words_is_one_event() {
        let on_days = |days: [u64; 4]| {
            let desk = taste(1, 1, 3);
            let paper = |name| {
                let mut selection = carrying(name, desk.iter().copied(), None);
                for (item, choice) in &mut selection.choices {
                    let number: u64 = item.0.parse().unwrap();
                    choice.derived = days.contains(&(number / A_DAY)).then(|| format!("same{number}"));
                }
                selection
            };
            groups(&[paper("one"), paper("two")], &published()).len()
        };
        assert_eq!(on_days([5, 5, 5, 5]), 0);
        assert_eq!(on_days([5, 6, 5, 5]), 1);
    }

    /// Over four weeks two accounts that both began in the last one would seem to choose alike.
    #[test]
    fn beginning_in_the_same_week_is_no_common_choice() {
        let newcomer = |name, circle| {
            let late = taste(9, circle, 5).into_iter().filter(|number| number / A_DAY >= DAYS - 7);
            carrying(name, late, Some("same"))
        };
        assert_eq!(groups(&[newcomer("one", 1), newcomer("two", 2)], &published()), []);
    }

    /// A system speaks many languages, and a reader of one chooses nothing from the others.
    #[test]
    fn reading_the_same_language_is_no_common_choice() {
        let mut many = published();
        for language in ["cns-en", "cns-fr", "cns-ru", "cns-ar"] {
            let items =
                (0..DAYS * A_DAY).map(|number| (ItemId(format!("{language}{number}")), at(number / A_DAY)));
            many.insert(OutletId::parse(language).unwrap(), items.collect());
        }
        let reader = |name, circle| carrying(name, taste(4, circle, 5), Some("same"));
        assert_eq!(groups(&[reader("one", 1), reader("two", 2)], &many), []);
    }

    #[test]
    fn items_that_nobody_is_known_to_have_published_show_nothing() {
        assert_eq!(groups(&sisters(1), &Published::new()), []);
        assert_eq!(groups(&[], &published()), []);
    }

    #[test]
    fn accounts_that_copy_different_systems_are_not_compared() {
        let mut apart = sisters(1);
        for (number, selection) in apart.iter_mut().enumerate() {
            selection.system = format!("system{number}");
        }
        assert_eq!(groups(&apart, &published()), []);
    }

    #[test]
    fn two_desks_are_two_groups() {
        let second = taste(77, 5, 3);
        let paper = |name| carrying(name, second.iter().copied(), Some("other desk"));
        let selections = [sisters(1), vec![paper("gazeta_br"), paper("gazeta_pt")]].concat();
        let groups = groups(&selections, &published());
        assert_eq!(
            members(&groups),
            [vec!["diario_cl", "diario_cr", "diario_py"], vec!["gazeta_br", "gazeta_pt"]]
        );
    }

    /// With two accounts nobody else tells what is popular: the choice of each has to stand for that.
    #[test]
    fn two_fans_of_the_same_stories_seldom_look_like_a_desk() {
        let groups = |seed| groups(&fans(seed, 2), &published());
        let alarms = (0..200).filter(|seed| !groups(*seed).is_empty()).count();
        assert!(alarms <= 20, "{alarms} of 200");
    }

    /// A known miss: what dozens of papers of one desk carry is what is popular. Up to about ten are told apart
    /// after four weeks, five after two.
    #[test]
    fn a_desk_of_dozens_looks_like_what_is_popular() {
        let desk = taste(5, 1, 3);
        let papers = |number: u64| -> Vec<Selection> {
            let keeps = |paper: u64, item: u64| random([5, 100 + paper, item], 100) < 80;
            let paper = |paper: u64| {
                let kept = desk.iter().copied().filter(|item| keeps(paper, *item));
                carrying(&format!("paper{paper:02}"), kept, Some("desk"))
            };
            (0..number).map(paper).collect()
        };
        assert_eq!(members(&groups(&papers(10), &published()))[0].len(), 10);
        assert_eq!(groups(&papers(36), &published()), []);
    }

    #[test]
    fn expected_items_sum_up_to_those_drawn_and_the_heavier_is_the_likelier() {
        for (weights, drawn, known) in [
            (vec![1, 1, 1, 1], 2, vec![0.5, 0.5, 0.5, 0.5]),
            (vec![3, 1, 1, 1], 1, vec![0.5, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0]),
            (vec![3, 1, 1, 1], 2, vec![1.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
            (vec![1, 9, 3], 2, vec![0.25, 1.0, 0.75]),
            (vec![1, 9, 3], 3, vec![1.0, 1.0, 1.0]),
        ] {
            let weighed = Weighed::of(&weights, drawn);
            for (weight, known) in weights.iter().zip(known) {
                let likelihood = weighed.likelihood(*weight);
                assert!((likelihood - known).abs() < 1e-12, "{weights:?} {drawn}: {likelihood}, not {known}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
        #[test]
        fn neither_order_nor_repetition_of_selections_changes_a_group(
            selections in Just([sisters(2), fans(2, 9)].concat()).prop_shuffle(), again in 0_usize..12,
        ) {
            let expected = groups(&[sisters(2), fans(2, 9)].concat(), &published());
            let mut selections = selections;
            selections.push(selections[again].clone());
            prop_assert_eq!(groups(&selections, &published()), expected);
        }

        #[test]
        fn the_number_drawn_is_what_likelihoods_sum_up_to(
            weights in prop::collection::vec(1_u32..50, 1..40), part in 0.0..=1.0_f64,
        ) {
            let drawn = (weights.len() as f64 * part) as usize;
            let weighed = Weighed::of(&weights, drawn);
            let sum: f64 = weights.iter().map(|weight| weighed.likelihood(*weight)).sum();
            prop_assert!((sum - drawn as f64).abs() < 1e-9);
        }
    }
}
