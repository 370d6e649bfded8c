//! How indicators with points count, with every threshold, in words for people.

use super::{altered_credit, co_posting, credited, look_alike, outlet_links, reversed, uncredited};
use crate::analysis::controls::{ENOUGH, LEAST_BASE_RATE};
use crate::analysis::coposting::{LEAST_DAYS, LEAST_DERIVED, LEAST_SHARED, MOST_Q};
use crate::model::reuse::Reuse;

/// The rule of an indicator; `None` for those that prove, decide by themselves or are only shown.
pub fn rule(id: &str) -> Option<String> {
    Some(match id {
        "reuse" => format!(
            "log10 of the lower bound (95 %) of the share of such copies in its own posts, over the share that innocent \
             accounts of its language have ({LEAST_BASE_RATE}, or their 95th percentile from {ENOUGH} accounts on); a \
             post is a copy when at least {} % of it is the item's text",
            Reuse::LEAST_SHARE
        ),
        "uncredited" => format!(
            "{:.1} when the lower bound (95 %) of the share of copies without a working credit is {} or more, in \
             proportion below",
            uncredited::MOST,
            uncredited::FULL_FROM
        ),
        "altered_credit" => format!(
            "{:.1} from {} such credits on as many days, {:.1} from {}",
            altered_credit::SOME,
            altered_credit::SOME_FROM,
            altered_credit::FULL,
            altered_credit::FULL_FROM
        ),
        "credited" => format!("{:.1} times the share of copies with a working credit", credited::ALL),
        "reversed" => format!("{:.1} times the share of matches in which it was first", reversed::ALL),
        "co_posting" => format!(
            "{:.1} from {LEAST_SHARED} items in common, {LEAST_DERIVED} of them in the same changed words, on {LEAST_DAYS} \
             days, where the false discovery rate of such a pair is below {MOST_Q}",
            co_posting::POINTS
        ),
        "outlet_links" => format!(
            "how rare the domain is among all accounts we know, -log10 of their share; nothing below {} accounts",
            outlet_links::LEAST_ACCOUNTS
        ),
        "look_alike" => format!("{:.1}", look_alike::POINTS),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::indicators::{Family, TABLE};

    #[test]
    fn every_indicator_that_gives_points_has_a_rule_and_no_other() {
        for indicator in TABLE {
            let gives_points = !matches!(indicator.family, Family::Reciprocal | Family::Gate);
            assert_eq!(rule(indicator.id).is_some(), gives_points, "{}", indicator.id);
        }
    }
}
