//! Logging in to Threads: a person approves on a page of Meta, and the address that it leads to becomes a token in a file.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{ask, good, out, say};
use crate::cli::args::login::Threads as Typed;
use crate::cli::{json, put};
use crate::config::{self, Config, Environment};
use crate::cycle::threads::{kept_of_login, keyring};
use crate::cycle::token_file::{self, NewTokenFile, Owner};
use crate::cycle::user_agent;
use crate::model::account::Acct;
use crate::net::{Net, NetConfig, Timeouts};
use crate::sources::threads::oauth::{self, App};
use crate::sources::threads::wire::Token;
use crate::sources::threads::{API, Desk, Threads, fingerprint};

/// A login under way.
struct Login<'a> {
    config: &'a Config,
    typed: &'a Typed,
    net: Net,
    out: PathBuf,
    named_config: Option<&'a Path>,
}

/// Does the command, or its first half.
pub(in crate::cli) async fn threads(
    named_config: Option<&Path>,
    environment: &Environment,
    typed: &Typed,
    now: DateTime<Utc>,
    json: bool,
) -> anyhow::Result<()> {
    let (config, _) = good(config::load_without_tokens(named_config, environment, now))?;
    let out = out(typed.out.as_deref(), &config.threads.token_file, environment)?;
    let road = NetConfig {
        user_agent: user_agent(&config),
        hosts: config.hosts.clone(),
        allowed: [API.clone()].into(),
        timeouts: Timeouts::default(),
    };
    let net = Net::new(road, config.clock).context("open the road to the network")?;
    let login = Login { config: &config, typed, net, out, named_config };
    // What would fail in the end fails before anybody has opened a browser.
    login.new_token_file()?.give_up();
    if let Some(file) = &typed.token_file {
        let token = token_file::read(file)?;
        let token = token.with_context(|| format!("{} holds no token; expected one word", file.display()))?;
        return login.finish(Token { token, expires_in: None }, json).await;
    }
    let is_asking = io::stdin().is_terminal() && io::stdout().is_terminal() && !json;
    let id = login.app_id(is_asking).await?;
    let redirect = login.redirect(is_asking).await?;
    if let Some(pasted) = &typed.code {
        let app = App { id, redirect, secret: login.secret(is_asking).await? };
        let code = code(pasted, None)?;
        return login.finish(login.redeem(&app, &code).await?, json).await;
    }
    let state = random()?;
    let url = oauth::authorize_url(&id, &redirect, &state);
    let next = format!("{} --app-secret-file FILE --code ADDRESS", login.command(&id, &redirect));
    if json {
        let begun = json!({ "server": "threads.net", "authorize_url": url, "next": next });
        return put(&json::of("login_begun", &begun)?);
    }
    put(&invitation(&url, &redirect))?;
    if !is_asking {
        return put(&format!("Then, within the hour, with the address that it led to:\n\n  {next}\n"));
    }
    let pasted = ask("Paste that address (empty: give up): ").await?;
    ensure!(!pasted.is_empty(), "no address was given, so nothing has changed");
    let code = code(&pasted, Some(&state))?;
    let app = App { id, redirect, secret: login.secret(is_asking).await? };
    let token = login.redeem(&app, &code).await?;
    login.finish(token, json).await
}

impl Login<'_> {
    async fn app_id(&self, is_asking: bool) -> anyhow::Result<String> {
        let id = match &self.typed.app_id {
            Some(id) => id.clone(),
            None if is_asking => ask("Id of the Threads app (Meta's dashboard, App settings): ").await?,
            None => bail!("no app: --app-id ID, the id of the Threads app in Meta's dashboard"),
        };
        let is_id = (5..=30).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(
            is_id,
            "`{id}` is no id of an app; expected its number in Meta's dashboard, of the Threads app"
        );
        Ok(id)
    }

    async fn redirect(&self, is_asking: bool) -> anyhow::Result<Url> {
        let text = match &self.typed.redirect {
            Some(text) => text.clone(),
            None if is_asking => ask("Redirect address, as it stands in the settings of the app: ").await?,
            None => {
                bail!("no address to lead back to: --redirect URL, as it stands in the settings of the app")
            }
        };
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https" && url.query().is_none());
        url.with_context(|| {
            format!("`{text}` is no redirect address; expected https://… without ?, as Meta takes it")
        })
    }

    /// From a file, or typed without being seen.
    async fn secret(&self, is_asking: bool) -> anyhow::Result<SecretString> {
        if let Some(file) = &self.typed.app_secret_file {
            let secret = token_file::read(file)?;
            return secret.with_context(|| format!("{} holds no secret; expected one word", file.display()));
        }
        ensure!(is_asking, "no secret of the app: --app-secret-file FILE (mode 0600)");
        let hidden = Hidden::begin()?;
        let typed = ask("Secret of the Threads app (it is not shown, and not kept): ").await;
        drop(hidden);
        put("\n")?;
        let typed = typed?;
        ensure!(!typed.is_empty(), "no secret was given, so nothing has changed");
        Ok(typed.into())
    }

    async fn redeem(&self, app: &App, code: &SecretString) -> anyhow::Result<Token> {
        oauth::redeem(&self.net, app, code).await.map_err(|error| {
            let advice = match error.is_of_code() {
                true => {
                    "a code is good once, for an hour; the secret is that of the Threads app and not of the app around \
                     it; the redirect address is the same as on the page. Nothing was written"
                }
                false => "nothing was written",
            };
            anyhow::anyhow!("{error}; {advice}")
        })
    }

    /// From a token to a file of it, if it works.
    async fn finish(&self, token: Token, json: bool) -> anyhow::Result<()> {
        let (clock, desk) = (self.config.clock, Desk::default());
        desk.take(token.token.clone(), &fingerprint(&token.token));
        let interface = Threads { net: &self.net, desk: &desk };
        let own =
            interface.me(clock.now()).await.context("nothing was written, since the token does not work")?;
        let kept = kept_of_login(&token.token, token.expires_in, clock.now());
        // The service takes a token up when its file changes, and then looks here how long it is good for.
        if kept.expires_at.is_some() {
            token_file::make_state(&self.config.state_dir)?;
            keyring::write(&self.config.state_dir, &kept)
                .context("write down how long the token is good for")?;
        }
        self.new_token_file()?.finish(&token.token)?;
        if json {
            let done = json!({
                "account": own, "token_file": self.out, "expires_at": kept.expires_at,
                "enabled": self.config.threads.enabled,
            });
            return put(&json::of("logged_in_to_threads", &done)?);
        }
        put(&self.done(&own, kept.expires_at.map(|end| (end - clock.now()).num_days())))
    }

    fn done(&self, own: &Acct, days: Option<i64>) -> String {
        let config = self.config;
        let good_for = match days {
            Some(days) => {
                format!("It is good for {days} days; the service renews it two weeks before its end.")
            }
            None => "How long it is good for is told when the service renews it, a day from now.".to_owned(),
        };
        let mut text = format!(
            "Logged in to Threads as {}. The token is in {}, mode 0600.\n{good_for}\n\nNext\n",
            own.user(),
            self.out.display()
        );
        let file = config.path.as_ref().map_or("config.toml".to_owned(), |path| path.display().to_string());
        let mut steps = Vec::new();
        if config.contact.is_none() {
            steps.push(format!("in {file}: `contact`, a page or mailbox that a person reads"));
        }
        let is_found = self.out == config.threads.token_file
            || (self.out.starts_with("/etc/credstore")
                && self.out.file_name() == config.threads.token_file.file_name());
        if !is_found {
            steps.push(format!("in {file}: `[sources.threads] token_file = \"{}\"`", self.out.display()));
        }
        if !config.threads.enabled {
            steps.push(format!("in {file}: `[sources.threads] enabled = true`"));
        }
        if self.out.starts_with("/etc/credstore") {
            steps.push(
                "systemctl restart masthead   systemd hands the token over at the start only".to_owned(),
            );
        }
        steps.push(
            "masthead doctor              what Meta grants to this app, after the first reads".to_owned(),
        );
        for (number, step) in (1..).zip(steps) {
            text.push_str(&format!("  {number}. {step}\n"));
        }
        text
    }

    fn new_token_file(&self) -> anyhow::Result<NewTokenFile> {
        let owner = match self.typed.out {
            None => Owner::OfFolder(self.config.state_dir.clone()),
            Some(_) => Owner::WhoeverWrites,
        };
        NewTokenFile::begin(&self.out, owner).with_context(|| {
            format!(
                "put the token into {}; run this as root, or --out names another place",
                self.out.display()
            )
        })
    }

    /// This command as it would be typed once more.
    fn command(&self, id: &str, redirect: &Url) -> String {
        let mut text = "masthead login threads".to_owned();
        for (option, value) in [
            ("--config", self.named_config.map(|path| path.display().to_string())),
            ("--out", self.typed.out.as_ref().map(|path| path.display().to_string())),
            ("--app-id", Some(id.to_owned())),
            ("--redirect", Some(redirect.to_string())),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(" {option} {value}"));
            }
        }
        text
    }
}

fn invitation(url: &Url, redirect: &Url) -> String {
    format!(
        "Open this page in a browser, on any machine, logged in to Threads with an account of the app, and approve:\n\n  \
         {url}\n\nIt asks for {scopes}.\nThen it leads to an address that begins with {redirect}?code=…\nand may show \
         nothing there: the address is what is needed.\n\n",
        scopes = oauth::SCOPES.join(", "),
    )
}

/// The code in what was pasted: the address that the page led to, or the code out of it. What Meta appends is no part of it.
fn code(pasted: &str, state: Option<&str>) -> anyhow::Result<SecretString> {
    if let (Ok(url), Some(state)) = (Url::parse(pasted.trim()), state) {
        let told = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
        ensure!(
            told.is_none_or(|told| told == state),
            "that address is from another login than this one; open the page above once more"
        );
    }
    let trimmed = pasted.trim();
    say::code(trimmed.strip_suffix("#_").unwrap_or(trimmed))
}

/// What tells one login from others.
fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).context("ask for chance")?;
    Ok(crate::model::evidence::hex(&bytes))
}

/// While it lives, what is typed is not shown.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Hidden> {
        let before = tcgetattr(io::stdin()).context("ask the terminal not to show the secret")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)
            .context("ask the terminal not to show the secret")?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_code_is_found_in_the_address_that_the_page_led_to_and_only_of_this_login() {
        for pasted in ["AQBx-1_2#_", "AQBx-1_2", "https://masthead.example/t?code=AQBx-1_2&state=s1#_"] {
            assert_eq!(code(pasted, Some("s1")).unwrap().expose_secret(), "AQBx-1_2", "{pasted}");
        }
        for (pasted, why) in [
            ("https://masthead.example/t?code=AQBx&state=other#_", "another login"),
            ("https://masthead.example/t?error=access_denied&state=s1#_", "deny"),
            ("https://masthead.example/t", "without a code"),
        ] {
            let error = code(pasted, Some("s1")).unwrap_err().to_string();
            assert!(error.contains(why), "{pasted}: {error}");
        }
    }
}
