//! The webhook: hands a short text to whoever runs the service, as ntfy and its like take it.

use secrecy::SecretString;
use thiserror::Error;
use url::Url;

use crate::net::{Content, FetchError, Method, Net, Outgoing};

/// The most that ntfy takes as a message, in bytes (its `message-size-limit`); longer texts become attachments.
const LONGEST: usize = 4096;

/// A message for whoever runs the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// ASCII, since it travels in a header.
    pub title: String,
    pub text: String,
    pub is_urgent: bool,
}

/// Why a message did not arrive. It never shows the address, whose path may be a secret.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum WebhookError {
    #[error("{0}")]
    Lost(String),
    #[error("it answered {0}, which leads elsewhere; `webhook` has to be the last address itself")]
    Redirect(u16),
    #[error("it answered {0}; expected 2xx")]
    Status(u16),
}

/// Posts the text to the address. `Title`, `Priority` (1 to 5) and `Tags` are ntfy's headers; others pass them by.
///
/// # Errors
/// Every answer but 2xx.
pub async fn send(
    net: &Net,
    to: &Url,
    token: Option<&SecretString>,
    message: Message,
) -> Result<(), WebhookError> {
    let Message { title, text, is_urgent } = message;
    let (priority, tags) = if is_urgent { ("4", "rotating_light") } else { ("3", "newspaper") };
    let headers = vec![("Title", title), ("Priority", priority.to_owned()), ("Tags", tags.to_owned())];
    let status = net
        .tell(Outgoing {
            method: Method::Post,
            url: to.to_string(),
            token: token.cloned(),
            headers,
            body: Some(Content::Text(cut(text))),
            secrets: vec![],
        })
        .await
        .map_err(|error| WebhookError::Lost(without_address(error)))?;
    match status {
        200..300 => Ok(()),
        300..400 => Err(WebhookError::Redirect(status)),
        status => Err(WebhookError::Status(status)),
    }
}

fn without_address(error: FetchError) -> String {
    match error {
        FetchError::Refused { why, .. } => format!("it is not asked: {why}"),
        FetchError::Garbled { why, .. } => format!("its answer cannot be read: {why}"),
        FetchError::Broken { why, .. } => format!("the connection broke off: {why}"),
        FetchError::Timeout { what, .. } => format!("it took too long: {what}"),
        FetchError::Denied { status, .. }
        | FetchError::Missing { status, .. }
        | FetchError::Status { status, .. } => format!("it answered {status}"),
        FetchError::TooLarge { limit, .. } => format!("its answer is too large: {limit}"),
        // These name the host alone.
        FetchError::Unreachable { .. } | FetchError::Paused { .. } | FetchError::Budget { .. } => {
            error.to_string()
        }
    }
}

/// As much as fits, with a sign that there was more.
fn cut(mut text: String) -> String {
    const MORE: &str = "…";
    if text.len() > LONGEST {
        let mut end = LONGEST - MORE.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(MORE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trouble_shows_the_address_which_may_be_a_secret() {
        let (url, host) = (
            "https://ntfy.example/topic-5fe1".to_owned(),
            crate::model::account::Host::parse("ntfy.example").unwrap(),
        );
        let why = || "connection reset".to_owned();
        let until = chrono::DateTime::UNIX_EPOCH;
        let troubles = [
            FetchError::Refused { url: url.clone(), why: why() },
            FetchError::Paused { host: host.clone(), until, why: why() },
            FetchError::Denied { url: url.clone(), status: 403, until },
            FetchError::Missing { url: url.clone(), status: 404 },
            FetchError::Status { url: url.clone(), status: 500, excerpt: why() },
            FetchError::Unreachable { host: host.clone(), why: why() },
            FetchError::Broken { url: url.clone(), why: why() },
            FetchError::Timeout { url: url.clone(), what: why() },
            FetchError::TooLarge { url, limit: crate::net::Cap::Bytes(1) },
            FetchError::Budget { host, limit: "1 MB", until },
        ];
        for trouble in troubles {
            let said = without_address(trouble);
            assert!(!said.contains("5fe1") && !said.contains("://"), "{said}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let long = cut("é".repeat(3000));
        assert!(long.len() <= LONGEST && long.ends_with('…'));
        assert_eq!(cut("short".to_owned()), "short");
    }
}
