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

/// Why a message did not arrive.
#[derive(Debug, Error)]
pub enum WebhookError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the webhook answered {0}")]
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
    let fetched = net
        .send(Outgoing {
            method: Method::Post,
            url: to.to_string(),
            token: token.cloned(),
            headers,
            body: Some(Content::Text(cut(text))),
        })
        .await?;
    match fetched.status {
        200..300 => Ok(()),
        status => Err(WebhookError::Status(status)),
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
    fn a_long_text_is_cut_between_letters() {
        let long = cut("é".repeat(3000));
        assert!(long.len() <= LONGEST && long.ends_with('…'));
        assert_eq!(cut("short".to_owned()), "short");
    }
}
