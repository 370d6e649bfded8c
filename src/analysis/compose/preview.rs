//! Shows the post about some findings as it would be sent, before anybody has approved it.

use crate::analysis::gate::Refusal;
use crate::analysis::measure;
use crate::model::finding::Statement;

use super::post::Draft;
use super::stories::story;
use super::words::Checked;
use super::{MOST_HANDLES, Setting, SoFar, fitted, fullest};

/// The text of a post for a reviewer's eyes. It is no part of a digest and cannot be sent: parts come from
/// [`compose`](super::compose) alone, which takes nothing but confirmed findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub text: String,
    /// As the server counts.
    pub characters: usize,
}

/// The post that would be sent about a statement, told in one digest with all of `group`, itself among them; `people`
/// approved each of them, 0 = a rule did. `so_far` is printed with corrections. `None` where nothing is ever posted
/// about them.
///
/// # Errors
/// Why the gate would refuse that post.
pub fn preview(
    setting: &Setting<'_>,
    of: &Statement,
    group: &[&Statement],
    people: usize,
    so_far: Option<SoFar>,
) -> Result<Option<Preview>, Refusal> {
    let Some(story) = story(of) else { return Ok(None) };
    let checked = if people == 0 { Checked::ByRule } else { Checked::ByPeople(people) };
    let fit = |statements: &[&Statement]| {
        fitted(setting, 1, &Draft { story, statements, quiet: &[], checked, so_far })
    };
    let mut rest = group;
    // A large group takes several posts.
    loop {
        let (taken, verdict) = fullest(rest, MOST_HANDLES, fit);
        let (told, later) = rest.split_at(taken);
        if later.is_empty() || told.iter().any(|statement| statement.account == of.account) {
            let part = verdict?;
            let characters = measure::length(&part.text, &part.spoiler, setting.limits);
            return Ok(Some(Preview { text: part.text, characters }));
        }
        rest = later;
    }
}
