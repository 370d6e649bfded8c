//! What the fediverse expects of a bot's profile, and what this one lacks.

use url::Url;

use crate::publish::home::{Family, OwnAccount};

/// Something that people would miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// It is not marked as a bot.
    BotFlag,
    /// Its text is empty.
    Text,
    /// No address in it at which to object.
    Address,
}

/// What is missing. An address is found where the contact or the site stands in text or fields.
pub(super) fn lacks(own: &OwnAccount, contact: Option<&str>, site: Option<&Url>) -> Vec<Lack> {
    let said = std::iter::once(&own.note).chain(&own.fields);
    let said = said.map(|text| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    let bare = |address: &str| {
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_end_matches('/').to_lowercase()
    };
    let wanted = contact.map(bare).into_iter().chain(site.and_then(|url| url.host_str().map(bare)));
    let has_text = said.chars().any(char::is_alphanumeric);
    let has_address = wanted.into_iter().any(|address| said.contains(&address));
    let mut lacks = Vec::new();
    if !own.is_bot {
        lacks.push(Lack::BotFlag);
    }
    if !has_text {
        lacks.push(Lack::Text);
    } else if !has_address {
        lacks.push(Lack::Address);
    }
    lacks
}

/// Where its owner mends that.
pub(super) fn settings(family: Family, server: &str) -> String {
    match family {
        Family::Mastodon => format!("{server}/settings/profile"),
        Family::GoToSocial => format!("{server}/settings"),
        _ => format!("the settings of the account on {server}"),
    }
}

impl Lack {
    /// In plain words, with what to do.
    pub fn advice(self, contact: Option<&str>, site: Option<&Url>) -> String {
        let by = contact.unwrap_or("you@mail.example");
        let page = site.and_then(|site| site.join("method#object").ok());
        let object = page.map_or_else(|| format!("write to {by}"), |page| page.to_string());
        match self {
            Lack::BotFlag => "it is not marked as a bot: tick \"This is an automated account\"".to_owned(),
            Lack::Text | Lack::Address => {
                let what =
                    if self == Lack::Text { "its text is empty" } else { "it does not say whom to write to" };
                format!(
                    "{what}: say who runs it, why, and how to object, for example\n\
                     \x20 Says who is behind accounts of state media. A program, run by people: {by}\n\
                     \x20 To object: {object}"
                )
            }
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Lack::BotFlag => "bot flag",
            Lack::Text => "profile text",
            Lack::Address => "address in the profile",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(is_bot: bool, note: &str, field: &str) -> OwnAccount {
        OwnAccount {
            id: "1".to_owned(),
            username: "masthead".to_owned(),
            url: String::new(),
            is_bot,
            note: note.to_owned(),
            fields: vec![field.to_owned()],
        }
    }

    #[test]
    fn a_profile_needs_a_flag_a_text_and_an_address_that_somebody_reads() {
        let site = Url::parse("https://masthead.example/").unwrap();
        let link = r#"<a href="https://You.example/bot">you.example/bot</a>"#;
        for (own, expected) in [
            (own(true, &format!("<p>News of news. {link}</p>"), ""), vec![]),
            (own(true, "<p>News of news.</p>", link), vec![]),
            (own(true, "Run by people: masthead.example/about", ""), vec![]),
            (own(false, "Run by people: other.example", ""), vec![Lack::BotFlag, Lack::Address]),
            (own(false, "<p></p>", ""), vec![Lack::BotFlag, Lack::Address]),
            (own(true, "", ""), vec![Lack::Text]),
        ] {
            assert_eq!(lacks(&own, Some("https://you.example/bot/"), Some(&site)), expected, "{own:?}");
        }
    }
}
