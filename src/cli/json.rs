//! JSON for machines: one envelope around the answer of every command.
//!
//! docs/json.md says what is in it, and a test compares the two.

use anyhow::Context as _;
use serde::Serialize;

use crate::cycle::commands::Answer;

/// Grows when a field goes or changes its meaning; fields may be added without.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    json_version: u32,
    /// Which of the answers it is; `None` where the body says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    #[serde(flatten)]
    body: T,
}

/// An answer of the store.
pub(super) fn of_answer(answer: &Answer) -> anyhow::Result<String> {
    written(&Envelope { json_version: VERSION, answer: None, body: answer })
}

/// What another command has to say: an object.
pub(super) fn of(answer: &str, body: &impl Serialize) -> anyhow::Result<String> {
    written(&Envelope { json_version: VERSION, answer: Some(answer), body })
}

/// A list that another command has to show.
pub(super) fn of_rows(answer: &str, rows: &[impl Serialize]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Rows<'a, T> {
        rows: &'a [T],
    }
    of(answer, &Rows { rows })
}

fn written(envelope: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(envelope).context("write the answer as JSON")? + "\n")
}
