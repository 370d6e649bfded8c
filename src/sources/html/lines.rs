//! Text as it grows while markup is read: white space folded, line breaks where the markup has them.

use super::TEXT_CHARS;

/// What a reader sees so far.
#[derive(Default)]
pub(super) struct Lines {
    pub out: String,
    /// Characters in it.
    pub chars: usize,
    is_spaced: bool,
    pre_depth: usize,
}

impl Lines {
    pub fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' if self.pre_depth > 0 => self.break_line(),
                _ if c.is_ascii_whitespace() => self.is_spaced = true,
                _ => {
                    if std::mem::take(&mut self.is_spaced) && !self.is_at_start() {
                        self.put(' ');
                    }
                    self.put(c);
                }
            }
            if self.chars >= TEXT_CHARS {
                return;
            }
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.chars += 1;
    }

    fn is_at_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    pub fn break_line(&mut self) {
        self.is_spaced = false;
        if !self.out.is_empty() {
            self.put('\n');
        }
    }

    /// Passes the edge of an element: those that are blocks begin and end on a line of their own.
    pub fn cross(&mut self, name: &str, step: isize) {
        let is_block = matches!(
            name,
            "p" | "div"
                | "li"
                | "ul"
                | "ol"
                | "blockquote"
                | "pre"
                | "tr"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
        );
        if name == "pre" {
            self.pre_depth = self.pre_depth.saturating_add_signed(step);
        }
        if is_block && !self.is_at_start() {
            self.break_line();
        }
    }
}
