//! Shows the post about some findings as it would be sent, before anybody has approved it.

use crate::analysis::gate::Refusal;
use crate::analysis::measure;
use crate::model::finding::Statement;

use super::post::Draft;
use super::stories::story;
use super::words::Checked;
use super::{Setting, SoFar, fitted};

/// The text of a post for a reviewer's eyes. It is no part of a digest and cannot be sent: parts come from
/// [`compose`](super::compose) alone, which takes nothing but confirmed findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub text: String,
    /// As the server counts.
    pub characters: usize,
}

/// The post that would be sent about these statements, one group of one digest; `people` approved each of
/// them, 0 = a rule did. `so_far` is printed with corrections. `None` where nothing is ever posted about them.
///
/// # Errors
/// Why the gate would refuse that post.
pub fn preview(
    setting: &Setting<'_>,
    statements: &[&Statement],
    people: usize,
    so_far: Option<SoFar>,
) -> Result<Option<Preview>, Refusal> {
    let Some(story) = statements.first().and_then(|statement| story(statement)) else { return Ok(None) };
    let checked = if people == 0 { Checked::ByRule } else { Checked::ByPeople(people) };
    let draft = Draft { story, statements, quiet: &[], checked, so_far };
    let part = fitted(setting, 1, &draft)?;
    let characters = measure::length(&part.text, &part.spoiler, setting.limits);
    Ok(Some(Preview { text: part.text, characters }))
}
