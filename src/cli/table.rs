//! Tables as people read them: a line under the header, none between rows, and no word cut in two.

use unicode_width::UnicodeWidthStr as _;

const GAP: &str = "  ";

/// Rows in a table, or a sentence where there are none.
///
/// `room` is how many columns of a terminal there are; `None` = as many as the rows need. Where it is too
/// narrow, cells go on in a second line at a gap between words, the widest first: handles and addresses
/// stay whole, even where the terminal then has to break the line.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], none: &str, room: Option<u16>) -> String {
    if rows.is_empty() {
        return format!("{none}\n");
    }
    let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let widths = widths(&header, rows, room);
    let rule = "─".repeat(widths.iter().sum::<usize>() + GAP.len() * (widths.len() - 1));
    let rows: String = rows.iter().map(|row| lines(row, &widths)).collect();
    format!("{}{rule}\n{rows}", lines(&header, &widths))
}

/// The width of each column: what its cells need, less where the room is too narrow.
fn widths(header: &[String], rows: &[Vec<String>], room: Option<u16>) -> Vec<usize> {
    let column = |at: usize| rows.iter().map(move |row| row[at].as_str()).chain([header[at].as_str()]);
    let widest = |at| column(at).map(|cell| cell.width()).max().unwrap_or(0);
    let longest_word = |at| column(at).flat_map(|cell| cell.split(' ')).map(|word| word.width()).max();
    let mut widths: Vec<usize> = (0..header.len()).map(widest).collect();
    let least: Vec<usize> = (0..header.len()).map(|at| longest_word(at).unwrap_or(0)).collect();
    let gaps = GAP.len() * (widths.len() - 1);
    let room = room.map_or(usize::MAX, usize::from);
    while widths.iter().sum::<usize>() + gaps > room {
        let elastic = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
        let Some(at) = elastic.max_by_key(|at| widths[*at]) else { break };
        widths[at] -= 1;
    }
    widths
}

/// One row as lines, each column padded to its width.
fn lines(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for at in 0..height {
        let pieces = cells.iter().zip(widths).map(|(cell, width)| {
            let piece = cell.get(at).map_or("", String::as_str);
            format!("{piece}{}", " ".repeat(width.saturating_sub(piece.width())))
        });
        text.push_str(pieces.collect::<Vec<_>>().join(GAP).trim_end());
        text.push('\n');
    }
    text
}

/// A cell in lines of this width at most, parted at gaps only.
pub(super) fn wrapped(cell: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in cell.split(' ') {
        let line = lines.last_mut().expect("there is a line from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A text of lines with columns made to fit: what is too long goes on below, under the column that it is in.
/// Words stay whole, so that addresses can be copied.
pub(super) fn fitted(text: &str, room: Option<u16>) -> String {
    let Some(room) = room.map(usize::from) else { return text.to_owned() };
    text.split_inclusive('\n').map(|line| fitted_line(line, room)).collect()
}

fn fitted_line(line: &str, room: usize) -> String {
    let bare = line.trim_end_matches('\n');
    if bare.width() <= room {
        return line.to_owned();
    }
    // The last column that leaves half of the room for its words.
    let starts = bare.char_indices().map(|(at, _)| at);
    let starts = starts.filter(|at| bare[..*at].ends_with(GAP) && !bare[*at..].starts_with(' '));
    let mut starts = starts.filter(|at| bare[..*at].width() <= room / 2);
    let column = starts.next_back().unwrap_or(bare.len() - bare.trim_start().len());
    let (before, words) = bare.split_at(column);
    let indent = before.width();
    let lines = wrapped(words, room.saturating_sub(indent).max(1));
    let text = format!("{before}{}", lines.join(&format!("\n{}", " ".repeat(indent))));
    let mut text: String = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// How narrow a table of these rows can be.
pub(super) fn least_width(header: &[&str], rows: &[Vec<String>]) -> usize {
    let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    widths(&header, rows, Some(1)).iter().sum::<usize>() + GAP.len() * header.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![
            row(["a_long_handle@social.example", "dormant since 2026-04-06", "7"]),
            row(["新华@social.example", "posting", ""]),
        ]
    }

    #[test]
    fn a_table_is_as_wide_as_its_rows_where_there_is_room() {
        insta::assert_snapshot!(table(&["account", "activity", "posts"], &rows(), "none", None), @r"
        account                       activity                  posts
        ─────────────────────────────────────────────────────────────
        a_long_handle@social.example  dormant since 2026-04-06  7
        新华@social.example           posting
        ");
        assert_eq!(table(&["account"], &[], "no account was seen yet", None), "no account was seen yet\n");
    }

    #[test]
    fn in_a_narrow_terminal_sentences_wrap_and_handles_stay_whole() {
        insta::assert_snapshot!(table(&["account", "activity", "posts"], &rows(), "none", Some(50)), @r"
        account                       activity       posts
        ──────────────────────────────────────────────────
        a_long_handle@social.example  dormant since  7
                                      2026-04-06
        新华@social.example           posting
        ");
        let cramped = table(&["account", "activity", "posts"], &rows(), "none", Some(10));
        assert!(cramped.contains("a_long_handle@social.example  dormant     7\n"), "{cramped}");
    }

    #[test]
    fn long_lines_go_on_under_their_column_and_addresses_stay_whole() {
        let text = "  rel_me  proof  the page of the outlet links to it\n          https://outlet.example/a/long/address  seen today\n";
        insta::assert_snapshot!(fitted(text, Some(40)), @r"
          rel_me  proof  the page of the outlet
                         links to it
                  https://outlet.example/a/long/address
                  seen today
        ");
        assert_eq!(fitted(text, None), text);
        assert_eq!(fitted("a\n\nb", Some(40)), "a\n\nb");
    }
}
