//! Writes the first post of a digest: what the thread holds, how it was found, what is still to come.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::analysis::gate::Refusal;
use crate::model::digest::Part;
use crate::model::finding::Confirmed;

use super::post::{checked, lines, outlet_name};
use super::words::{Checked, Story};
use super::{Edition, first_fit, permalink};

/// The root, with as much of the method as fits.
pub(super) fn root(
    edition: &Edition<'_>,
    told: &[(Story, &Confirmed)],
    postponed: usize,
) -> Result<Part, Refusal> {
    let setting = &edition.setting;
    let words = setting.language.words();
    let local = |at: DateTime<Utc>| at.with_timezone(&setting.timezone).date_naive();
    let last = local(setting.to - chrono::Duration::seconds(1)).max(local(edition.from));
    let period = (words.period)(local(edition.from), last);
    let title = (words.title)(setting.number.0, &period);
    let counts = lines(Story::ALL.into_iter().filter_map(|story| {
        let outlets: Vec<String> = of(told, story).map(|finding| outlet_name(finding.statement())).collect();
        let distinct: BTreeSet<&String> = outlets.iter().collect();
        let only = (distinct.len() == 1).then(|| outlets[0].as_str());
        (!outlets.is_empty()).then(|| (words.counted)(story, outlets.len(), only))
    }));
    let waiting = lines(
        (postponed > 0)
            .then(|| (words.postponed)(postponed))
            .into_iter()
            .chain((edition.awaiting_review > 0).then(|| (words.awaiting)(edition.awaiting_review))),
    );
    let end = words.every_post.to_owned();
    let bodies = methods(edition, told).into_iter().map(|method| {
        let blocks = [&title, &counts, &method, &waiting, &end];
        let filled: Vec<&str> =
            blocks.into_iter().map(String::as_str).filter(|block| !block.is_empty()).collect();
        filled.join("\n\n")
    });
    first_fit(setting, 0, &permalink(setting.public_url, setting.number), bodies)
}

fn of<'a>(told: &'a [(Story, &'a Confirmed)], story: Story) -> impl Iterator<Item = &'a Confirmed> {
    told.iter().filter(move |(told, _)| *told == story).map(|(_, finding)| *finding)
}

/// How the findings of this thread were made and let through, the longest wording first.
fn methods(edition: &Edition<'_>, told: &[(Story, &Confirmed)]) -> Vec<String> {
    let words = edition.setting.language.words();
    let has = |story| of(told, story).next().is_some();
    let mut methods = Vec::new();
    if has(Story::Undisclosed) {
        let people = match checked(of(told, Story::Undisclosed)) {
            Checked::ByPeople(people) => people,
            Checked::ByRule => 0,
        };
        let short = (words.telling.method)(people);
        let whole = format!("{short}{}", words.telling.only_observed);
        if has(Story::Official) || has(Story::NowProven) {
            methods.push(format!("{whole}{}", words.telling.official_means));
        }
        methods.extend([whole, short]);
    } else if told.iter().any(|(story, _)| *story != Story::Correction) {
        // A correction never waits for a second person: that would be the weakest check.
        let others = told.iter().filter(|(story, _)| *story != Story::Correction);
        let rule = (words.rule)(checked(others.map(|(_, finding)| *finding)));
        methods.extend([format!("{}{rule}", words.method), words.method.trim_end().to_owned()]);
    }
    methods.push(String::new());
    methods
}
