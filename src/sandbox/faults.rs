//! Faults on demand: what a test wants to go wrong, where, and how often.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::account::Host;

/// Something that goes wrong with matching requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub server: Host,
    /// Where the path of a request begins, `/api/v1/statuses`.
    pub path: String,
    /// `POST`; every method where missing.
    #[serde(default)]
    pub method: Option<String>,
    #[serde(flatten)]
    pub effect: Effect,
    /// For how many requests.
    #[serde(default = "once")]
    pub count: u32,
}

/// What happens instead of, or after, the server's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// The connection closes and nothing was done.
    DropBefore,
    /// The work is done, then the connection closes without a reply.
    DropAfter,
    /// This answer and nothing done; HTML where a body is given, else JSON.
    Status {
        status: u16,
        #[serde(default)]
        body: Option<String>,
    },
    /// The work is done, then this answer: a gateway that gave up waiting.
    StatusAfter {
        status: u16,
        #[serde(default)]
        body: Option<String>,
    },
    /// The answer comes so many real milliseconds later.
    Delay { ms: u32 },
    /// 429, with the headers that this server sends.
    Ratelimit,
}

fn once() -> u32 {
    1
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Nothing is to happen any more.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// The oldest fault that matches; it is used up by one.
    pub fn take(&self, server: &Host, method: &str, path: &str) -> Option<Effect> {
        let mut faults = self.lock();
        faults.retain(|fault| fault.count > 0);
        let fault = faults.iter_mut().find(|fault| {
            fault.server == *server
                && path.starts_with(&fault.path)
                && fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        })?;
        fault.count -= 1;
        Some(fault.effect.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_to_matching_requests_as_often_as_asked() {
        let faults = Faults::default();
        let written =
            r#"{"server":"social.example","path":"/api/","method":"POST","effect":"drop-after","count":2}"#;
        faults.add(serde_json::from_str(written).unwrap());
        let host = Host::parse("social.example").unwrap();
        let other = Host::parse("one.example").unwrap();
        assert_eq!(faults.take(&host, "GET", "/api/v1/statuses"), None);
        assert_eq!(faults.take(&other, "POST", "/api/v1/statuses"), None);
        assert_eq!(faults.take(&host, "POST", "/api/v1/statuses"), Some(Effect::DropAfter));
        assert_eq!(faults.take(&host, "POST", "/api/v1/statuses"), Some(Effect::DropAfter));
        assert_eq!(faults.take(&host, "POST", "/api/v1/statuses"), None);
    }
}
