//! Refusals: what the Threads interface means by an answer that is no success, and what follows from it.
//!
//! The words of the service are never repeated: some of them hold the token that they are about.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::account::Acct;
use crate::sources::json::{self, Object};

/// What our token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Profiles and posts of others, by name.
    Profiles,
    /// The search in posts of others.
    Search,
}

impl Capability {
    /// What it is, in words that go on "Meta has not granted this app …".
    pub fn words(self) -> &'static str {
        match self {
            Capability::Profiles => "profiles and posts of others",
            Capability::Search => "search in posts of others",
        }
    }
}

/// How a token ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Expired,
    PasswordChanged,
    /// Taken back, or no token at all.
    Invalid,
}

impl End {
    pub fn words(self) -> &'static str {
        match self {
            End::Expired => "it has expired",
            End::PasswordChanged => "the password of its account was changed",
            End::Invalid => "it was taken back, or never was one",
        }
    }
}

/// What an answer says, by its status and the code in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// 100 with 33: not there, or not shown to us. Never a sign that something is gone.
    NotShown,
    /// 100: a parameter is wrong.
    Invalid,
    /// 10: the app may not do this.
    NotGranted,
    /// 190.
    TokenDead(End),
    /// 4, 17, 32, 613, or a 429.
    Throttled,
    /// 1, 2, a 5xx, or one that says that it will pass.
    Trouble,
    /// Anything else, with its code where it has one.
    Other(Option<u64>),
}

impl Meaning {
    /// The code that says so, where there is one of ours.
    pub fn code(self) -> Option<u64> {
        match self {
            Meaning::NotShown | Meaning::Invalid => Some(100),
            Meaning::NotGranted => Some(10),
            Meaning::TokenDead(_) => Some(190),
            Meaning::Throttled | Meaning::Trouble => None,
            Meaning::Other(code) => code,
        }
    }
}

/// Reads what an answer without success means. Bodies may be HTML.
pub fn meaning(status: u16, body: &[u8]) -> Meaning {
    let value = json::value(body).ok();
    let error = value.as_ref().and_then(Object::of).and_then(|body| body.object("error"));
    let number = |key| error.and_then(|error| error.count(key));
    let passes = error.and_then(|error| error.flag("is_transient")).unwrap_or(false);
    match (number("code"), number("error_subcode")) {
        (Some(190), Some(463)) => Meaning::TokenDead(End::Expired),
        (Some(190), Some(460)) => Meaning::TokenDead(End::PasswordChanged),
        (Some(190), _) => Meaning::TokenDead(End::Invalid),
        (Some(10), _) => Meaning::NotGranted,
        (Some(4 | 17 | 32 | 613), _) => Meaning::Throttled,
        (Some(1 | 2), _) => Meaning::Trouble,
        _ if status == 429 => Meaning::Throttled,
        _ if passes || status >= 500 => Meaning::Trouble,
        (Some(100), Some(33)) => Meaning::NotShown,
        (Some(100), _) => Meaning::Invalid,
        (code, _) => Meaning::Other(code),
    }
}

/// Why Threads was not asked, or did not answer what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no token for Threads; masthead login threads")]
    NoToken,
    #[error(
        "Threads shows nothing of {acct}: it may not exist, not be public, have fewer than 100 followers, or not be shown \
         to our app; which of these it does not say"
    )]
    NotShown { acct: Acct, until: DateTime<Utc> },
    #[error("Meta has not granted this app {}; it is asked again at {}", .what.words(), minute(.until))]
    NotGranted { what: Capability, until: DateTime<Utc> },
    #[error("Threads does not take our token any more: {}; masthead login threads", .end.words())]
    TokenDead { end: End, until: DateTime<Utc> },
    #[error("Threads wants to be left alone until {}", minute(.until))]
    Throttled { until: DateTime<Utc> },
    /// Nobody did anything wrong: the next share comes with time.
    #[error("our share of the requests that Threads allows in 24 hours is used; it goes on at {}", minute(.until))]
    Spent { until: DateTime<Utc> },
    #[error("Threads has trouble: it answered {status}")]
    Trouble { status: u16 },
    #[error("Threads does not understand {asked}: it answered {status}{}", with_code(.code))]
    Odd { asked: &'static str, status: u16, code: Option<u64>, until: Option<DateTime<Utc>> },
}

impl Refusal {
    /// Until when all that is of this kind waits, where the refusal is not about the one that was asked for.
    pub fn of_all(&self) -> Option<DateTime<Utc>> {
        match self {
            Refusal::NotGranted { until, .. }
            | Refusal::TokenDead { until, .. }
            | Refusal::Throttled { until }
            | Refusal::Spent { until } => Some(*until),
            _ => None,
        }
    }

    /// When asking again makes sense, where that is known.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Refusal::NotShown { until, .. }
            | Refusal::NotGranted { until, .. }
            | Refusal::TokenDead { until, .. }
            | Refusal::Throttled { until }
            | Refusal::Spent { until } => Some(*until),
            Refusal::Odd { until, .. } => *until,
            Refusal::NoToken | Refusal::Trouble { .. } => None,
        }
    }
}

fn minute(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn with_code(code: &Option<u64>) -> String {
    code.map_or_else(String::new, |code| format!(" with code {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_meaning_and_only_its_own_words_end_a_token() {
        let body =
            |error: &str| format!(r#"{{"error":{{"message":"TH0k3n","type":"OAuthException",{error}}}}}"#);
        for (status, error, expected) in [
            (400, r#""code":100,"error_subcode":33"#, Meaning::NotShown),
            (400, r#""code":100"#, Meaning::Invalid),
            (403, r#""code":10"#, Meaning::NotGranted),
            (400, r#""code":190,"error_subcode":463"#, Meaning::TokenDead(End::Expired)),
            (401, r#""code":190,"error_subcode":460"#, Meaning::TokenDead(End::PasswordChanged)),
            (401, r#""code":190,"error_subcode":467"#, Meaning::TokenDead(End::Invalid)),
            (400, r#""code":190"#, Meaning::TokenDead(End::Invalid)),
            (400, r#""code":4"#, Meaning::Throttled),
            (400, r#""code":17"#, Meaning::Throttled),
            (403, r#""code":32"#, Meaning::Throttled),
            (400, r#""code":613"#, Meaning::Throttled),
            (500, r#""code":2,"is_transient":true"#, Meaning::Trouble),
            (400, r#""code":1"#, Meaning::Trouble),
            (400, r#""code":100,"is_transient":true"#, Meaning::Trouble),
            (400, r#""code":9007"#, Meaning::Other(Some(9007))),
        ] {
            assert_eq!(meaning(status, body(error).as_bytes()), expected, "{error}");
        }
        for (status, body, expected) in [
            (429, "", Meaning::Throttled),
            (500, "<html>Sorry</html>", Meaning::Trouble),
            (401, "<html>190</html>", Meaning::Other(None)),
            (404, r#"{"success":false,"error":"Not found"}"#, Meaning::Other(None)),
        ] {
            assert_eq!(meaning(status, body.as_bytes()), expected, "{body}");
        }
    }
}
