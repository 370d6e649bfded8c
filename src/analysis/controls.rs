//! Controls: how much of their output innocent accounts copy, by language, against which a suspect's share is measured.

use std::collections::BTreeMap;

/// What copies make up of the output of innocent accounts, at least. Used alone while fewer than [`ENOUGH`]
/// controls of a language are known.
pub const LEAST_BASE_RATE: f64 = 0.005;
/// Fewer controls than this say nothing about their language.
pub const ENOUGH: usize = 50;
/// Of a control that posted less, nobody knows what it copies.
const LEAST_POSTS: u32 = 20;
/// One control in twenty may copy more than the base rate.
const PERCENTILE: f64 = 0.95;

/// How much one account posted, and how much of that are copies of any publisher.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    pub posts: u32,
    pub copies: u32,
    /// Posts by the language that they say they are in.
    pub languages: BTreeMap<String, u32>,
}

impl Output {
    /// The language of most of its posts.
    pub fn language(&self) -> Option<&str> {
        let most =
            self.languages.iter().max_by_key(|(language, posts)| (**posts, std::cmp::Reverse(*language)));
        most.map(|(language, _)| language.as_str())
    }
}

/// The base rate of each language of which enough controls are known: the 95th percentile of their shares
/// (nearest rank), and never below [`LEAST_BASE_RATE`].
pub fn base_rates<'a>(controls: impl Iterator<Item = &'a Output>) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for output in controls.filter(|output| output.posts >= LEAST_POSTS) {
        if let Some(language) = output.language() {
            let share = f64::from(output.copies) / f64::from(output.posts);
            shares.entry(language.to_owned()).or_default().push(share);
        }
    }
    shares.retain(|_, shares| shares.len() >= ENOUGH);
    let rate = |mut shares: Vec<f64>| {
        shares.sort_by(f64::total_cmp);
        let rank = (shares.len() as f64 * PERCENTILE).ceil() as usize;
        shares[rank.clamp(1, shares.len()) - 1].max(LEAST_BASE_RATE)
    };
    shares.into_iter().map(|(language, shares)| (language, rate(shares))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(posts: u32, copies: u32, language: &str) -> Output {
        Output { posts, copies, languages: BTreeMap::from([(language.to_owned(), posts)]) }
    }

    #[test]
    fn the_rate_of_a_language_is_what_all_but_one_in_twenty_stay_below() {
        let mut controls: Vec<Output> = (0..95).map(|_| output(100, 1, "es")).collect();
        controls.extend((0..5).map(|_| output(100, 60, "es")));
        assert_eq!(base_rates(controls.iter()), BTreeMap::from([("es".to_owned(), 0.01)]));
        controls.push(output(100, 60, "es"));
        assert_eq!(base_rates(controls.iter()), BTreeMap::from([("es".to_owned(), 0.6)]));
    }

    #[test]
    fn few_controls_and_those_who_hardly_post_say_nothing() {
        let few: Vec<Output> = (0..49).map(|_| output(100, 50, "es")).collect();
        assert_eq!(base_rates(few.iter()), BTreeMap::new());
        let quiet: Vec<Output> = (0..90).map(|_| output(19, 19, "es")).collect();
        assert_eq!(base_rates(quiet.iter()), BTreeMap::new());
        let clean: Vec<Output> = (0..90).map(|_| output(100, 0, "es")).collect();
        assert_eq!(base_rates(clean.iter())["es"], LEAST_BASE_RATE);
    }
}
