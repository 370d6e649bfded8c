//! What a login says to the person who is logging in.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::{Advised, Desk, profile};
use crate::cycle::speaker::{self, Claimant, Speaker};
use crate::model::account::Host;
use crate::model::record::Entry;
use crate::publish::home::{HomeError, OwnAccount};
use crate::publish::login::{LoginError, Place, SCOPES};

/// Longer words are no codes.
const LONGEST_CODE: usize = 512;

/// The code in what was pasted, which may be the whole address of the page that shows it.
pub(super) fn code(pasted: &str) -> anyhow::Result<SecretString> {
    let mut code = pasted.trim().to_owned();
    if let Ok(url) = Url::parse(&code) {
        let value =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if let Some(error) = value("error") {
            ensure!(error != "access_denied", DENIED);
        }
        match value("code") {
            Some(found) => code = found,
            None => bail!("that is an address without a code; paste the code that the page shows"),
        }
    }
    ensure!(code != "access_denied", DENIED);
    let is_code =
        (4..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(is_code, "that is no code; expected one word, as the page shows it");
    Ok(code.into())
}

const DENIED: &str = "the page was answered with \"deny\", so nothing has changed; open it again to approve";

/// Whether the next try may be better.
pub(super) fn may_be_mistyped(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Advised>() {
        Some(advised) => matches!(advised.error, LoginError::Code { .. }),
        None => error.chain().count() == 1 && error.downcast_ref::<HomeError>().is_none(),
    }
}

pub(super) fn is_denied(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(HomeError::Denied { .. }))
}

pub(super) fn invitation(desk: &Desk<'_>, url: &str) -> String {
    format!(
        "Open this page in a browser, on any machine, logged in to {server} as the bot, and approve:\n\n  {url}\n\n\
         It asks for {scopes} and for nothing else.\n",
        server = desk.server,
        scopes = SCOPES.join(" "),
    )
}

/// That somebody else posted so far, and what becomes of that.
pub(super) fn another_speaks(before: &Speaker, who: &Claimant, entries: &[Entry]) -> String {
    let said = match speaker::said(entries) {
        0 => String::new(),
        1 => " 1 post".to_owned(),
        said => format!(" {said} posts"),
    };
    format!(
        "{before} is the account that posts here{} so far, and this is {who}. In its place {who} would post from the \
         next digest on; what was said stays where it is, on the pages too, and can be corrected only by {before}",
        if said.is_empty() { said } else { format!(",{said}") }
    )
}

pub(super) fn second_half(desk: &Desk<'_>) -> String {
    format!("Then, within ten minutes, with the code that it shows:\n\n  {}\n", desk.command(" --code CODE"))
}

pub(super) fn first_half_as_json(desk: &Desk<'_>, url: &str) -> Value {
    json!({ "server": desk.server, "authorize_url": url, "next": desk.command(" --code CODE") })
}

pub(super) fn done_as_json(desk: &Desk<'_>, own: &OwnAccount, spoken: Option<&str>) -> Value {
    let config = desk.config;
    let lacks = profile::lacks(own, config.contact.as_deref(), config.web.public_url.as_ref());
    json!({
        "account": format!("{}@{}", own.username, desk.server),
        "url": own.url,
        "token_file": desk.out,
        "speaks": spoken,
        "bot": own.is_bot,
        "lacks": lacks.iter().map(|lack| lack.word()).collect::<Vec<_>>(),
    })
}

pub(super) fn done(desk: &Desk<'_>, place: &Place<'_>, own: &OwnAccount) -> String {
    let config = desk.config;
    let (contact, site) = (config.contact.as_deref(), config.web.public_url.as_ref());
    let mut text = format!(
        "Logged in as {}@{}. The token is in {}, mode 0600.\n",
        own.username,
        desk.server,
        desk.out.display()
    );
    let lacks = profile::lacks(own, contact, site);
    if !lacks.is_empty() {
        let server = crate::publish::home::base_url(&desk.server, &config.hosts);
        text.push_str(&format!(
            "\nIts profile lacks what people expect of a bot. In {}:\n",
            profile::settings(place.family, &server)
        ));
        for lack in lacks {
            text.push_str(&format!("- {}\n", lack.advice(contact, site)));
        }
    }
    text.push_str("\nNext\n");
    for (number, step) in (1..).zip(steps(desk)) {
        text.push_str(&format!("  {number}. {step}\n"));
    }
    text
}

/// What is left to do, with this configuration.
fn steps(desk: &Desk<'_>) -> Vec<String> {
    let config = desk.config;
    let file = config.path.as_ref().map_or("config.toml".to_owned(), |path| path.display().to_string());
    let mut keys = Vec::new();
    if config.contact.is_none() {
        keys.push("`contact`, a page or mailbox that a person reads".to_owned());
    }
    if config.web.public_url.is_none() {
        keys.push("`[web] public_url`, to which every post links".to_owned());
    }
    if config.fediverse.server.as_ref() != Some(&desk.server) {
        keys.push(format!("`[publish.fediverse] server = \"https://{}\"`", desk.server));
    }
    let is_found = desk.out == config.fediverse.token_file
        || (desk.out.starts_with("/etc/credstore")
            && desk.out.file_name() == config.fediverse.token_file.file_name())
        || (desk.out.parent() == Some(&config.state_dir) && !config.fediverse.token_file.exists());
    if !is_found {
        keys.push(format!("`[publish.fediverse] token_file = \"{}\"`", desk.out.display()));
    }
    if !config.fediverse.enabled {
        keys.push("`[publish.fediverse] enabled = true`".to_owned());
    }
    let mut steps: Vec<String> = keys.into_iter().map(|key| format!("in {file}: {key}")).collect();
    steps.push("masthead digest --dry-run    the exact posts; sends nothing".to_owned());
    if desk.out.starts_with("/etc/credstore") {
        steps.push("systemctl restart masthead   systemd hands the token over at the start only".to_owned());
    }
    steps
}

pub(super) fn no_api(server: &Host) -> String {
    format!(
        "{server} seems to be no server of the Mastodon family; the name is the one in the address of the bot's \
         profile, which may differ from the one in its handle: https://NAME/@bot"
    )
}

/// What always works.
pub(super) fn by_hand(desk: &Desk<'_>) -> String {
    format!(
        "make an application in the settings of the account, with {}, and put its token into {} (mode 0600)",
        SCOPES.join(" "),
        desk.out.display()
    )
}

/// Where a token can be put that cannot be put there.
pub(super) fn no_place(desk: &Desk<'_>) -> String {
    if desk.typed.out.is_some() {
        return "--out names another place for the token".to_owned();
    }
    let name = desk.out.file_name().unwrap_or_default();
    let state: PathBuf = desk.config.state_dir.join(name).components().collect();
    format!(
        "run this as root, or --out {}, which is looked at as well, or as root --out /etc/credstore/{} for \
         systemd's `LoadCredential=`",
        state.display(),
        name.to_string_lossy()
    )
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_code_is_found_in_what_people_paste() {
        for pasted in
            ["abc-123", "  abc-123\n", "https://social.example/oauth/authorize/native?code=abc-123&state=x"]
        {
            assert_eq!(code(pasted).unwrap().expose_secret(), "abc-123", "{pasted}");
        }
        for (pasted, expected) in [
            ("two words", "no code"),
            ("", "no code"),
            ("https://social.example/oauth/authorize", "without a code"),
            ("https://social.example/?error=access_denied", "deny"),
        ] {
            let error = code(pasted).unwrap_err().to_string();
            assert!(error.contains(expected), "{pasted}: {error}");
        }
    }
}
