//! What a handle must look like on each network.

use crate::model::account::{Acct, Network};

use super::fault::Fault;
use super::spans::At;

/// What is wrong with a handle, if anything; `outlet` is named in the help where it is known.
pub(super) fn fault(network: Network, handle: &At<String>, outlet: Option<&str>) -> Option<Fault> {
    let text = handle.value.as_str();
    let (title, expected) = match network {
        Network::Mastodon => {
            (mastodon(text)?, "user@host, for example \"news@social.example\" (no @ in front)")
        }
        Network::Bluesky => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            if text.contains('.') && text.len() < 254 && text.bytes().all(plain) {
                return None;
            }
            ("not a Bluesky handle", "a host name, for example \"news.example\" or \"news.bsky.social\"")
        }
        Network::Threads | Network::X | Network::Facebook | Network::Instagram => {
            let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "@/#:".contains(letter);
            if !text.is_empty() && text.len() <= 100 && !text.contains(odd) {
                return None;
            }
            ("not a handle", "the bare name, for example \"news_es\" (no @, no address)")
        }
    };
    let example = match (network, outlet) {
        (Network::Mastodon, Some(outlet)) => {
            expected.replace("news@", &format!("{}@", outlet.replace('-', "_")))
        }
        _ => expected.to_owned(),
    };
    let help = match (network, repaired(text), outlet) {
        (Network::Mastodon, Some(acct), _) => Some(format!("did you mean \"{acct}\"?")),
        (Network::Mastodon, None, Some(outlet)) => Some(format!(
            "masthead outlets find {outlet}   asks its sites and your servers, prints the line to paste"
        )),
        _ => None,
    };
    let fault = Fault::error(title).at(handle.spot).label("this names no account");
    Some(fault.expected(example).hint(help))
}

/// The title of the fault, `None` for a good address.
fn mastodon(text: &str) -> Option<&'static str> {
    if text.parse::<Acct>().is_ok() {
        return None;
    }
    Some(if text.contains("://") {
        "address of a page instead of a handle"
    } else if text.starts_with('@') && text[1..].parse::<Acct>().is_ok() {
        "handle with an @ in front"
    } else if !text.trim_start_matches('@').contains('@') {
        "handle without a server"
    } else {
        "not a handle"
    })
}

/// `user@host` out of `@user@host`, `https://host/@user` or `https://host/users/user`.
fn repaired(text: &str) -> Option<Acct> {
    if let Ok(url) = url::Url::parse(text) {
        let host = crate::model::account::Host::of(&url)?;
        let path = url.path().trim_matches('/');
        let user = path.strip_prefix('@').or_else(|| path.strip_prefix("users/"))?;
        return Acct::new(user, host).ok();
    }
    text.trim().trim_start_matches('@').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::spans::{FileId, Origin, Source, Sources, Spot};
    use super::*;

    fn file() -> FileId {
        let source = Source { name: "a.toml".into(), text: String::new(), origin: Origin::Own };
        Sources::default().add(source)
    }

    fn told(network: Network, text: &str) -> Option<(String, Option<String>)> {
        let handle = At { value: text.to_owned(), spot: Spot::new(file(), 0..0) };
        fault(network, &handle, Some("cgtn-es")).map(|fault| (fault.title, fault.words.help))
    }

    #[test]
    fn a_handle_that_can_be_mended_is_shown_mended() {
        let mean = |text: &str| Some(format!("did you mean \"{text}\"?"));
        for (written, title, help) in [
            ("@news@social.example", "handle with an @ in front", mean("news@social.example")),
            (
                "https://social.example/@news",
                "address of a page instead of a handle",
                mean("news@social.example"),
            ),
            (
                "https://social.example/about",
                "address of a page instead of a handle",
                Some("masthead outlets find cgtn-es   asks its sites and your servers, prints the line to paste".into()),
            ),
        ] {
            assert_eq!(told(Network::Mastodon, written), Some((title.to_owned(), help)), "{written}");
        }
    }

    #[test]
    fn each_network_has_its_own_form() {
        for (network, good, bad) in [
            (Network::Mastodon, "news@social.example", "news"),
            (Network::Bluesky, "news.example", "news"),
            (Network::Threads, "news_es", "news es"),
            (Network::X, "NewsES", "@NewsES"),
            (Network::Facebook, "news.es", "https://social.example/news"),
        ] {
            assert_eq!(told(network, good), None);
            assert!(told(network, bad).is_some(), "{bad}");
        }
    }
}
