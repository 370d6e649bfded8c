//! Tokens of the world's Threads: texts that say themselves since when they are good and what for.

use chrono::{DateTime, Duration, Utc};

/// What Meta lets the app of a token see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Not reviewed: Meta's own profiles, and one's own posts.
    Standard,
    /// Reviewed for everything.
    Advanced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of an hour.
    Short,
    /// Of sixty days.
    Long,
    /// Becomes a short token once, within an hour.
    Code,
}

/// A token, or the code for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub access: Access,
    pub issued_at: DateTime<Utc>,
}

const KINDS: [(&str, Kind); 3] = [("short", Kind::Short), ("long", Kind::Long), ("code", Kind::Code)];
const ACCESS: [(&str, Access); 2] = [("standard", Access::Standard), ("advanced", Access::Advanced)];

impl Token {
    pub fn read(text: &str) -> Option<Token> {
        let mut parts = text.strip_prefix("TH-")?.split('-');
        let (kind, access, issued) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = KINDS.iter().find(|(word, _)| *word == kind)?.1;
        let access = ACCESS.iter().find(|(word, _)| *word == access)?.1;
        let issued_at = DateTime::from_timestamp(issued.parse().ok()?, 0)?;
        Some(Token { kind, access, issued_at })
    }

    pub fn text(self) -> String {
        let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("", |(word, _)| word);
        let access = ACCESS.iter().find(|(_, access)| *access == self.access).map_or("", |(word, _)| word);
        format!("TH-{kind}-{access}-{}", self.issued_at.timestamp())
    }

    pub fn lives(self) -> Duration {
        match self.kind {
            Kind::Short | Kind::Code => Duration::hours(1),
            Kind::Long => Duration::days(60),
        }
    }

    pub fn is_over(self, now: DateTime<Utc>) -> bool {
        now - self.issued_at >= self.lives()
    }
}

/// A token of sixty days, handed out at this time.
pub fn long(access: Access, issued_at: DateTime<Utc>) -> String {
    Token { kind: Kind::Long, access, issued_at }.text()
}
