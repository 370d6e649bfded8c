//! robots.txt: what sites ask of our agent, remembered for a day.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use texting_robots::Robot;
use url::Url;

/// The name by which sites address us.
const AGENT: &str = "Masthead";
/// The front of a file that is read, in bytes; RFC 9309 asks for at least 500 KiB.
pub(super) const LONGEST: usize = 512 << 10;
/// How long an answer is good for (RFC 9309: no longer than a day).
const FRESH_FOR: Duration = Duration::days(1);
/// Origins that are remembered before the stale ones, and then all, are forgotten.
const MOST_REMEMBERED: usize = 1024;
/// Each rule with `$` costs a regular expression. A file with more of them is meant to hurt.
const MOST_ANCHORED: usize = 500;

/// What a site asks of us.
pub(super) enum Rules {
    /// It has no robots.txt.
    Everything,
    /// Its robots.txt cannot be read, so nothing is taken from it.
    Nothing,
    Written(Robot),
}

impl Rules {
    /// Reads a robots.txt. Slow for hostile ones: to be called where it may block.
    pub fn parse(text: &[u8]) -> Rules {
        if text.iter().filter(|byte| **byte == b'$').count() > MOST_ANCHORED {
            return Rules::Nothing;
        }
        Robot::new(AGENT, text).map_or(Rules::Nothing, Rules::Written)
    }

    pub fn allow(&self, url: &Url) -> bool {
        match self {
            Rules::Everything => true,
            Rules::Nothing => false,
            Rules::Written(robot) => robot.allowed(url.as_str()),
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rules::Everything => "Everything",
            Rules::Nothing => "Nothing",
            Rules::Written(_) => "Written",
        })
    }
}

/// Rules by origin.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Known>>);

#[derive(Debug)]
struct Known {
    read_at: DateTime<Utc>,
    rules: Arc<Rules>,
}

impl Known {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now - self.read_at < FRESH_FOR
    }
}

impl Memory {
    pub fn recall(&self, origin: &str, now: DateTime<Utc>) -> Option<Arc<Rules>> {
        let all = self.all();
        let known = all.get(origin).filter(|known| known.is_fresh(now))?;
        Some(Arc::clone(&known.rules))
    }

    pub fn keep(&self, origin: String, rules: Arc<Rules>, read_at: DateTime<Utc>) {
        let mut all = self.all();
        if all.len() >= MOST_REMEMBERED {
            all.retain(|_, known| known.is_fresh(read_at));
        }
        if all.len() >= MOST_REMEMBERED {
            all.clear();
        }
        all.insert(origin, Known { read_at, rules });
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        Rules::parse(text.as_bytes()).allow(&Url::parse(&format!("https://daily.example{path}")).unwrap())
    }

    #[test]
    fn rules_for_our_agent_count_before_those_for_everybody() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: masthead\nDisallow: /private\nAllow: /private/about$\n";
        assert!(allows(text, "/"));
        assert!(!allows(text, "/private/x?y"));
        assert!(allows(text, "/private/about"));
        assert!(!allows("User-agent: *\nDisallow: /", "/about"));
        assert!(allows("User-agent: other\nDisallow: /", "/about"));
    }

    #[test]
    fn a_page_in_the_place_of_rules_forbids_nothing() {
        assert!(allows("<!doctype html><title>Not found</title>", "/about"));
        assert!(allows("", "/about"));
    }

    /// 64,000 rules of eight bytes fit into one file, and each would become a regular expression.
    #[test]
    fn a_file_full_of_patterns_is_not_compiled() {
        assert!(matches!(Rules::parse("Allow:$\n".repeat(64_000).as_bytes()), Rules::Nothing));
    }

    #[test]
    fn rules_are_good_for_a_day() {
        let read_at: DateTime<Utc> = "2026-11-02T10:00:00Z".parse().unwrap();
        let memory = Memory::default();
        memory.keep("https://daily.example".to_owned(), Arc::new(Rules::Everything), read_at);
        assert!(memory.recall("https://daily.example", read_at + Duration::hours(23)).is_some());
        assert!(memory.recall("https://daily.example", read_at + Duration::hours(24)).is_none());
        assert!(memory.recall("http://daily.example", read_at).is_none());
    }

    proptest! {
        #[test]
        fn no_file_leads_to_a_panic(text in prop::collection::vec(any::<u8>(), 0..300), lines in
            prop::collection::vec("(user-agent|allow|disallow|crawl-delay|sitemap)[: ]{0,2}[ -~]{0,20}", 0..20)) {
            let url = Url::parse("https://daily.example/*/about?x=$").unwrap();
            Rules::parse(&text).allow(&url);
            Rules::parse(lines.join("\n").as_bytes()).allow(&url);
        }
    }
}
