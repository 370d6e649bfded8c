//! One thing that is wrong, as the checks collect it.

use serde::Serialize;

use super::spans::Spot;

/// Whether the configuration can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// A fault at its place; the report adds the source lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub level: Level,
    pub title: String,
    pub spot: Option<Spot>,
    /// The header of the record it stands in.
    pub within: Option<Spot>,
    /// Boxed, since a fault is also the error side of results.
    pub words: Box<Words>,
}

/// What is said beside the title.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    pub label: Option<String>,
    pub expected: Option<String>,
    pub help: Option<String>,
    pub note: Option<String>,
}

impl Fault {
    pub fn error(title: impl Into<String>) -> Fault {
        Fault::new(Level::Error, title.into())
    }

    pub fn warning(title: impl Into<String>) -> Fault {
        Fault::new(Level::Warning, title.into())
    }

    fn new(level: Level, title: String) -> Fault {
        Fault { level, title, spot: None, within: None, words: Box::default() }
    }

    pub fn at(mut self, spot: Spot) -> Fault {
        self.spot = Some(spot);
        self
    }

    pub fn within(mut self, record: Option<Spot>) -> Fault {
        self.within = record;
        self
    }

    pub fn label(mut self, words: impl Into<String>) -> Fault {
        self.words.label = Some(words.into());
        self
    }

    pub fn expected(mut self, words: impl Into<String>) -> Fault {
        self.words.expected = Some(words.into());
        self
    }

    pub fn help(mut self, words: impl Into<String>) -> Fault {
        self.words.help = Some(words.into());
        self
    }

    /// Help where there is some.
    pub fn hint(mut self, words: Option<String>) -> Fault {
        self.words.help = words.or(self.words.help);
        self
    }

    pub fn note(mut self, words: impl Into<String>) -> Fault {
        self.words.note = Some(words.into());
        self
    }
}
