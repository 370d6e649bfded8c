//! The manual's word: what docs/operating.md says that an operator reads when something is broken.

/// Asserts that what was said has the message that the table "When something is broken" shows for a situation. In it
/// `…` stands for anything; gaps are one gap.
pub fn assert_promised(situation: &str, said: &str) {
    let manual = include_str!("../../docs/operating.md");
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| **"));
    let row = rows.clone().find_map(|row| row.strip_prefix(situation)?.strip_prefix("** |"));
    let row = row.unwrap_or_else(|| panic!("the manual has no situation `{situation}`"));
    let message = row.split('`').nth(1).unwrap_or_else(|| panic!("the manual shows no message: {row}"));
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = in_one_line(said);
    let mut rest = said.as_str();
    for piece in message.split('…').map(in_one_line).filter(|piece| !piece.is_empty()) {
        let Some(at) = rest.find(&piece) else {
            panic!("the manual promises `{message}`; it lacks `{piece}` in\n{said}")
        };
        rest = &rest[at + piece.len()..];
    }
}
