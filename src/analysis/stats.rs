//! Statistics: exact chances and cautious bounds, each with the paper that it is from.

/// What a one-sided bound may be wrong in: five of a hundred samples.
const ALPHA: f64 = 0.05;

/// At least how large a share is of which `successes` of `trials` were seen: the one-sided 95 % lower bound, the
/// share at which so many or more would be seen in five of a hundred samples. 0 without successes or trials;
/// more successes than trials count as all of them.
///
/// The root `p` of `I_p(s, n - s + 1) = 0.05`, where the regularised incomplete beta function is the upper tail
/// of the binomial distribution. C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits
/// illustrated in the case of the binomial", Biometrika 26 (1934).
pub fn lower_bound(successes: u32, trials: u32) -> f64 {
    let (successes, trials) = (f64::from(successes.min(trials)), f64::from(trials));
    if successes == 0.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, successes / trials);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(middle, successes, trials - successes + 1.0) < ALPHA {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// At most how large a share is of which `successes` of `trials` were seen: the one-sided 95 % upper bound, by the same
/// method. 1 without trials.
pub fn upper_bound(successes: u32, trials: u32) -> f64 {
    1.0 - lower_bound(trials.saturating_sub(successes), trials)
}

/// Halvings of an interval within 0 to 1: more than a double can tell apart at any share of 100,000 trials.
const HALVINGS: u32 = 80;

/// The chance that at least so many of some independent events happen, each with its own probability.
/// Probabilities outside 0 to 1 count as the nearer of the two. Never below [`f64::MIN_POSITIVE`].
///
/// The Poisson-binomial distribution, summed up event by event without subtraction, so that small chances keep
/// their digits: Y. Hong, "On computing the distribution function for the Poisson binomial distribution",
/// Computational Statistics & Data Analysis 59 (2013), section 2.4. Work: events times the smaller of
/// `at_least` and the events that may miss.
pub fn tail(probabilities: &[f64], at_least: usize) -> f64 {
    if at_least == 0 {
        return 1.0;
    }
    let Some(misses) = probabilities.len().checked_sub(at_least) else { return f64::MIN_POSITIVE };
    let chance = if misses < at_least {
        at_most(probabilities.iter().map(|p| 1.0 - p.clamp(0.0, 1.0)), misses)
    } else {
        reaching(probabilities.iter().map(|p| p.clamp(0.0, 1.0)), at_least)
    };
    chance.clamp(f64::MIN_POSITIVE, 1.0)
}

/// The chance that no more than `most` of the events happen.
fn at_most(probabilities: impl Iterator<Item = f64>, most: usize) -> f64 {
    let mut chances = vec![0.0; most + 1];
    chances[0] = 1.0;
    probabilities.for_each(|p| happen(&mut chances, p));
    chances.iter().sum()
}

/// The chance that `least` of the events happen at some time; what happens after that is not followed.
fn reaching(probabilities: impl Iterator<Item = f64>, least: usize) -> f64 {
    let mut chances = vec![0.0; least];
    chances[0] = 1.0;
    probabilities.fold(0.0, |reached, p| {
        let reaches = chances[least - 1] * p;
        happen(&mut chances, p);
        reached + reaches
    })
}

/// One more event with probability `p`: `chances[n]` is the chance that `n` have happened.
fn happen(chances: &mut [f64], p: f64) {
    for n in (1..chances.len()).rev() {
        chances[n] = chances[n] * (1.0 - p) + chances[n - 1] * p;
    }
    chances[0] *= 1.0 - p;
}

/// A number that [`tail`] never exceeds, found without following each event: 1 where so many events are no more
/// than expected, else `exp(-n D(a ‖ m))` with `a` the share asked for, `m` the mean of the probabilities and `D`
/// the relative entropy. W. Hoeffding, "Probability inequalities for sums of bounded random variables", Journal
/// of the American Statistical Association 58 (1963), theorem 1. Never below [`f64::MIN_POSITIVE`].
pub fn tail_bound(probabilities: &[f64], at_least: usize) -> f64 {
    let events = probabilities.len() as f64;
    let asked = at_least as f64 / events;
    let mean = probabilities.iter().map(|p| p.clamp(0.0, 1.0)).sum::<f64>() / events;
    if at_least == 0 || asked <= mean {
        return 1.0;
    }
    if asked > 1.0 || mean == 0.0 {
        return f64::MIN_POSITIVE;
    }
    let missed = if asked < 1.0 { (1.0 - asked) * ((1.0 - asked) / (1.0 - mean)).ln() } else { 0.0 };
    let entropy = asked * (asked / mean).ln() + missed;
    (-events * entropy).exp().clamp(f64::MIN_POSITIVE, 1.0)
}

/// A draw without putting back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// All that there are.
    pub population: u32,
    /// Those of them that are asked for; at most all.
    pub marked: u32,
    /// How many are drawn; at most all.
    pub drawn: u32,
}

impl Draw {
    /// The chance that at least so many of the drawn are marked. Never below [`f64::MIN_POSITIVE`].
    ///
    /// The upper tail of the hypergeometric distribution, which is Fisher's exact test of one side: R. A. Fisher,
    /// "The logic of inductive inference", Journal of the Royal Statistical Society 98 (1935). Summed from its
    /// largest term outwards, that one in logarithms.
    pub fn tail(self, at_least: u32) -> f64 {
        let (population, marked) = (f64::from(self.population), f64::from(self.marked.min(self.population)));
        let drawn = f64::from(self.drawn.min(self.population));
        let (least, most) = ((marked + drawn - population).max(0.0), marked.min(drawn));
        let at_least = f64::from(at_least);
        if at_least <= least {
            return 1.0;
        }
        if at_least > most {
            return f64::MIN_POSITIVE;
        }
        let others = population - marked - drawn;
        // How much likelier one hit more is than `hits`.
        let step = |hits: f64| (marked - hits) * (drawn - hits) / ((hits + 1.0) * (others + hits + 1.0));
        let mode = ((marked + 1.0) * (drawn + 1.0) / (population + 2.0)).floor();
        let start = mode.clamp(at_least, most);
        let (mut sum, mut term, mut hits) = (1.0, 1.0, start);
        while hits < most && term > sum * f64::EPSILON {
            term *= step(hits);
            sum += term;
            hits += 1.0;
        }
        (term, hits) = (1.0, start);
        while hits > at_least && term > sum * f64::EPSILON {
            hits -= 1.0;
            term /= step(hits);
            sum += term;
        }
        let largest = ln_choose(marked, start) + ln_choose(population - marked, drawn - start)
            - ln_choose(population, drawn);
        (largest + f64::ln(sum)).exp().clamp(f64::MIN_POSITIVE, 1.0)
    }
}

/// For each of some chances found in as many tests, the share of false alarms among all tests that are at
/// most as likely: `min over j >= i of p(j) * m / j`, in the order of the input, at most 1.
///
/// Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society
/// B 57 (1995).
pub fn q_values(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|one, other| chances[*other].total_cmp(&chances[*one]));
    let tests = chances.len() as f64;
    let (mut values, mut least) = (vec![1.0; chances.len()], 1.0_f64);
    for (likelier, place) in order.into_iter().enumerate() {
        // Where all tests are equally unlikely, rounding may not make any likelier than it is.
        let rank = tests - likelier as f64;
        least = least.min((chances[place] * (tests / rank)).clamp(0.0, 1.0));
        values[place] = least;
    }
    values
}

/// Steps of the continued fraction; it needs about the square root of the larger parameter.
const MOST_STEPS: u32 = 10_000;

/// The regularised incomplete beta function `I_x(a, b)` for `x` between 0 and 1 and positive parameters, by its
/// continued fraction: NIST Digital Library of Mathematical Functions, 8.17.22.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    // The fraction converges quickly below the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

/// The fraction of [`incomplete_beta`], evaluated from its front after Lentz: W. J. Lentz, "Generating Bessel
/// functions in Mie scattering calculations using continued fractions", Applied Optics 15 (1976).
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let kept = |value: f64| if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value };
    let mut below = 1.0 / kept(1.0 - (a + b) * x / (a + 1.0));
    let (mut above, mut fraction) = (1.0, below);
    for step in 1..MOST_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for part in [even, odd] {
            below = 1.0 / kept(1.0 + part * below);
            above = kept(1.0 + part / above);
            fraction *= below * above;
        }
        if (fraction / before - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// Logarithm of the number of ways to choose `chosen` of `all`.
fn ln_choose(all: f64, chosen: f64) -> f64 {
    ln_gamma(all + 1.0) - ln_gamma(chosen + 1.0) - ln_gamma(all - chosen + 1.0)
}

/// From here on four terms of Stirling's series give every digit of a double.
const STIRLING_FROM: f64 = 16.0;

/// Logarithm of the gamma function of a positive number, by Stirling's series: NIST Digital Library of
/// Mathematical Functions, 5.11.1; smaller numbers are lifted with `Γ(x + 1) = x Γ(x)`.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut lifted) = (x, 1.0);
    while x < STIRLING_FROM {
        lifted *= x;
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - f64::ln(lifted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Relative: what two ways to compute a logarithm of a factorial of 100,000 may differ in.
    fn assert_close(found: f64, known: f64, what: &str) {
        assert!((found / known - 1.0).abs() < 1e-8, "{what}: {found:e}, not {known:e}");
    }

    /// Against the quantiles of SciPy 1.17, `beta.ppf(.05, s, n - s + 1)`.
    #[test]
    fn lower_bounds_are_those_of_clopper_and_pearson() {
        for (successes, trials, known) in [
            (1, 1, 0.05),
            (1, 20, 0.002_561_378_776_530_280_6),
            (3, 3, 0.368_403_149_864_038_7),
            (12, 12, 0.779_077_808_054_444_2),
            (12, 40, 0.183_121_270_612_340_57),
            (27, 30, 0.761_402_142_706_749),
            (32, 40, 0.667_972_254_941_413_8),
            (67, 84, 0.712_038_376_173_848_9),
            (500, 1000, 0.473_517_731_235_691_24),
            (1, 100_000, 5.129_328_123_254_254e-7),
            (50_000, 100_000, 0.497_394_282_260_283_54),
            (80_000, 100_000, 0.797_907_989_202_749_6),
            (99_999, 100_000, 0.999_952_562_242_826_1),
            (100_000, 100_000, 0.999_970_043_125_980_6),
        ] {
            assert_close(lower_bound(successes, trials), known, &format!("{successes} of {trials}"));
        }
    }

    #[test]
    fn nothing_seen_bounds_nothing() {
        assert!(lower_bound(0, 0) == 0.0 && lower_bound(0, 50) == 0.0 && lower_bound(3, 0) == 0.0);
        assert!((lower_bound(9, 3) - lower_bound(3, 3)).abs() < f64::EPSILON);
    }

    /// Against sums over exact fractions.
    #[test]
    fn tails_of_unequal_chances_are_exact_down_to_the_smallest() {
        let thirds = vec![1.0 / 3.0; 5];
        let mixed = vec![0.1, 0.5, 0.9, 0.25, 0.75, 0.01];
        let ramp: Vec<f64> = (1..=60).map(|percent| f64::from(percent) / 100.0).collect();
        let tiny = vec![0.001; 60];
        for (probabilities, at_least, known) in [
            (&thirds, 0, 1.0),
            (&thirds, 1, 0.868_312_757_201_646_1),
            (&thirds, 2, 0.539_094_650_205_761_3),
            (&thirds, 3, 0.209_876_543_209_876_54),
            (&thirds, 5, 0.004_115_226_337_448_56),
            (&mixed, 1, 0.991_646_875),
            (&mixed, 2, 0.879_259_375),
            (&mixed, 3, 0.503_781_25),
            (&mixed, 5, 0.009_571_875),
            (&mixed, 6, 8.437_5e-5),
            (&ramp, 10, 0.997_316_159_997_356_2),
            (&ramp, 18, 0.590_765_135_235_826_8),
            (&ramp, 30, 4.764_102_694_821_833e-4),
            (&ramp, 45, 6.662_860_815_786_102e-15),
            (&ramp, 60, 8.320_987_112_741_39e-39),
            (&tiny, 10, 7.204_286_663_608_69e-20),
            (&tiny, 30, 1.148_788_898_291_83e-73),
            (&tiny, 60, 1e-180),
        ] {
            assert_close(tail(probabilities, at_least), known, &format!("{at_least} of {probabilities:?}"));
        }
    }

    #[test]
    fn no_chance_is_so_small_that_it_is_zero() {
        for at_least in [300, 399, 400, 401] {
            assert!(tail(&[1e-9; 400], at_least) >= f64::MIN_POSITIVE);
            assert!(tail_bound(&[1e-9; 400], at_least) >= f64::MIN_POSITIVE);
        }
        assert!(tail(&[0.0; 4], 1) >= f64::MIN_POSITIVE && tail(&[], 1) >= f64::MIN_POSITIVE);
        assert!(tail_bound(&[0.0; 4], 1) >= f64::MIN_POSITIVE);
        assert!(Draw { population: 4_000_000, marked: 900, drawn: 900 }.tail(900) >= f64::MIN_POSITIVE);
    }

    /// Against sums over exact fractions.
    #[test]
    fn draws_without_putting_back_are_exact() {
        for (population, marked, drawn, at_least, known) in [
            (50, 5, 10, 0, 1.0),
            (50, 5, 10, 1, 0.689_437_217_995_431_3),
            (50, 5, 10, 4, 0.004_083_520_549_755_517),
            (52, 13, 5, 5, 4.951_980_792_316_927e-4),
            (10, 5, 8, 3, 1.0),
            (10, 5, 8, 4, 0.777_777_777_777_777_8),
            (20_000, 40, 9, 3, 6.173_686_366_228_925e-7),
            (300, 67, 67, 15, 0.554_560_757_148_645_8),
            (300, 67, 67, 55, 2.806_756_837_654_253e-36),
            (100_000, 500, 400, 60, 7.593_093_781_125_14e-69),
            (100_000, 50_000, 1_000, 700, 3.933_225_472_003_43e-38),
        ] {
            let draw = Draw { population, marked, drawn };
            assert_close(draw.tail(at_least), known, &format!("{at_least} by {draw:?}"));
        }
        assert!(Draw { population: 10, marked: 3, drawn: 4 }.tail(4) <= f64::MIN_POSITIVE);
    }

    /// Against `false_discovery_control` of SciPy 1.17.
    #[test]
    fn q_values_are_those_of_benjamini_and_hochberg() {
        for (chances, known) in [
            (vec![0.01, 0.04, 0.03, 0.002], vec![0.02, 0.04, 0.04, 0.008]),
            (
                vec![0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216],
                vec![0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105_714_285_714_285_7, 0.216, 0.216, 0.216],
            ),
            (vec![0.5], vec![0.5]),
            (
                vec![1e-12, 1.0, 1.0, 0.02, 0.02],
                vec![5e-12, 1.0, 1.0, 0.033_333_333_333_333_3, 0.033_333_333_333_333_3],
            ),
        ] {
            let found = q_values(&chances);
            assert_eq!(found.len(), known.len());
            found.iter().zip(&known).for_each(|(q, known)| assert_close(*q, *known, &format!("{chances:?}")));
        }
        assert!(q_values(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_lower_bound_lies_below_the_share_and_grows_with_it(trials in 1_u32..3_000, part in 0.0..1.0_f64) {
            let successes = (f64::from(trials) * part) as u32;
            let bound = lower_bound(successes, trials);
            prop_assert!(bound >= 0.0 && bound <= f64::from(successes) / f64::from(trials));
            prop_assert!(lower_bound(successes + 1, trials + 1) > bound);
            prop_assert!(lower_bound(successes, trials + 1) <= bound);
            // What the bound means, by another road.
            if successes > 0 && trials < 400 {
                let chance = tail(&vec![bound; trials as usize], successes as usize);
                prop_assert!((chance - ALPHA).abs() < 1e-9, "{chance}");
            }
        }

        #[test]
        fn a_tail_falls_with_what_is_asked_and_stays_below_its_bound(
            probabilities in prop::collection::vec(0.0..=1.0_f64, 0..60),
        ) {
            let mut before = 1.0;
            for at_least in 0..probabilities.len() + 2 {
                let chance = tail(&probabilities, at_least);
                prop_assert!((f64::MIN_POSITIVE..=before + 1e-12).contains(&chance));
                prop_assert!(chance <= tail_bound(&probabilities, at_least) * (1.0 + 1e-9));
                before = chance;
            }
        }

        #[test]
        fn a_tail_does_not_ask_which_event_comes_first(
            (one, other) in prop::collection::vec(0.0..=1.0_f64, 1..40)
                .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
            at_least in 0_usize..40,
        ) {
            let (one, other) = (tail(&one, at_least), tail(&other, at_least));
            prop_assert!((one / other - 1.0).abs() < 1e-9);
        }

        #[test]
        fn likelier_events_make_a_likelier_tail(
            probabilities in prop::collection::vec(0.0..=0.9_f64, 1..40), at_least in 1_usize..40,
        ) {
            let likelier: Vec<f64> = probabilities.iter().map(|p| p + 0.1).collect();
            // Near 1 both sums of many terms may be rounded the other way.
            prop_assert!(tail(&likelier, at_least) >= tail(&probabilities, at_least) * (1.0 - 1e-12));
        }

        #[test]
        fn a_draw_s_tail_falls_with_what_is_asked(
            population in 1_u32..400, marked in 0_u32..400, drawn in 0_u32..400,
        ) {
            let draw = Draw { population, marked, drawn };
            let tails: Vec<f64> = (0..drawn + 2).map(|least| draw.tail(least)).collect();
            prop_assert!(tails.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-9)));
            prop_assert!(tails.iter().all(|chance| (f64::MIN_POSITIVE..=1.0).contains(chance)));
        }

        #[test]
        fn q_values_keep_order_and_never_flatter(chances in prop::collection::vec(0.0..=1.0_f64, 0..60)) {
            let found = q_values(&chances);
            for (one, p) in chances.iter().enumerate() {
                prop_assert!(found[one] >= *p && found[one] <= 1.0);
                for (other, other_p) in chances.iter().enumerate() {
                    prop_assert!(p > other_p || found[one] <= found[other]);
                }
            }
        }
    }
}
