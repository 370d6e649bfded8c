//! Logging in: a person approves on a page of the home server, and the code that it shows becomes a token in a file.

mod begun;
mod profile;
mod say;
mod threads;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::args::login::Fediverse;
use super::{good, json, put, service};
use crate::config::{self, Config, Environment};
use crate::cycle::commands::{Answer, Request};
use crate::cycle::speaker::{self, Claimant};
use crate::cycle::token_file::{self, NewTokenFile, Owner};
use crate::cycle::user_agent;
use crate::ledger;
use crate::model::account::Host;
use crate::net::{FetchError, Net, NetConfig, Timeouts};
use crate::publish::home::{self, HomeError, Instance, OwnAccount};
use crate::publish::login::{self, Granted, LoginError, Place, Registration};
use begun::Begun;
pub(super) use threads::threads;

/// Codes that may be mistyped in a row.
const TRIES: u32 = 3;

/// How a login is carried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Somebody is there to be asked.
    Asking,
    /// Two calls: the first prints the address, the second has the code.
    InTwoCalls,
}

/// A server as it answered.
#[derive(Debug, Clone, Copy)]
struct Page<'a> {
    place: &'a Place<'a>,
    /// The host in the addresses of its accounts.
    domain: &'a Option<Host>,
}

/// Who posted what the ledger has as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    ByNoOther,
    /// By an account in whose place this one posts from now on, which is written down.
    ByAnother,
}

/// A login under way: what was typed, and what it means with this configuration.
#[derive(Debug)]
struct Desk<'a> {
    config: &'a Config,
    typed: &'a Fediverse,
    server: Host,
    /// Where the token goes.
    out: PathBuf,
    user_agent: String,
    /// `--config`, to be repeated in what is to be typed next.
    named_config: Option<&'a Path>,
}

/// Does the command, or its first half.
pub(super) async fn fediverse(
    named_config: Option<&Path>,
    environment: &Environment,
    typed: &Fediverse,
    now: DateTime<Utc>,
    json: bool,
) -> anyhow::Result<()> {
    let (config, _) = good(config::load_without_tokens(named_config, environment, now))?;
    let server = server(&config, typed)?;
    let out = out(typed.out.as_deref(), &config.fediverse.token_file, environment)?;
    let desk = Desk { config: &config, typed, server, out, user_agent: user_agent(&config), named_config };
    // What would fail in the end fails before anybody has opened a browser.
    desk.new_token_file()?.give_up();
    let instance = desk.instance().await?;
    let (family, domain) = (instance.family, instance.domain);
    let place = Place { server: &desk.server, family, hosts: &config.hosts, user_agent: &desk.user_agent };
    let page = Page { place: &place, domain: &domain };
    if let Some(code) = &typed.code {
        let begun = Begun::recall(&config.state_dir, &desk.server)?;
        let code = say::code(code)?;
        let granted = desk.redeem(&place, &begun.registration, &code).await?;
        return desk.finish(&page, &begun.registration, granted, Manner::InTwoCalls, json).await;
    }
    let registration = desk.begin(&place, now).await?;
    if json {
        let answer = say::first_half_as_json(&desk, &registration.authorize_url);
        return put(&json::of("login_begun", &answer)?);
    }
    put(&say::invitation(&desk, &registration.authorize_url))?;
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return put(&say::second_half(&desk));
    }
    let granted = desk.ask_for_code(&place, &registration).await?;
    desk.finish(&page, &registration, granted, Manner::Asking, json).await
}

impl Desk<'_> {
    /// Registers this program, or goes on with what an earlier call registered.
    async fn begin(&self, place: &Place<'_>, now: DateTime<Utc>) -> anyhow::Result<Registration> {
        let state = &self.config.state_dir;
        if let Some(begun) = Begun::still_good(state, &self.server, now) {
            return Ok(begun.registration);
        }
        let contact = self.config.contact.clone();
        let site = self.config.web.public_url.as_ref().map(|url| url.as_str().to_owned());
        let website = site.or(contact).filter(|address| address.contains("://"));
        let registration = login::register(place, website).await.map_err(|error| self.explained(error))?;
        Begun { server: self.server.clone(), at: now, registration: registration.clone() }.remember(state)?;
        Ok(registration)
    }

    async fn ask_for_code(&self, place: &Place<'_>, registration: &Registration) -> anyhow::Result<Granted> {
        for tries_left in (0..TRIES).rev() {
            let line = ask("Paste the code that it shows (empty: give up): ").await?;
            ensure!(!line.is_empty(), "no code was given, so nothing has changed");
            let redeemed = match say::code(&line) {
                Ok(code) => self.redeem(place, registration, &code).await,
                Err(error) => Err(error),
            };
            match redeemed {
                Err(error) if tries_left > 0 && say::may_be_mistyped(&error) => eprintln!("{error:#}"),
                outcome => return outcome,
            }
        }
        bail!("no code was taken")
    }

    async fn redeem(
        &self,
        place: &Place<'_>,
        registration: &Registration,
        code: &SecretString,
    ) -> anyhow::Result<Granted> {
        let granted =
            login::redeem(place, registration, code).await.map_err(|error| self.explained(error))?;
        let missing = granted.missing();
        if !missing.is_empty() {
            login::give_back(place, registration, &granted.token).await;
            bail!(
                "{} grants less than the bot needs: {} is missing. The token was given back and nothing was written; \
                 begin again with the whole address that `{}` prints",
                self.server,
                missing.join(" "),
                self.command("")
            );
        }
        Ok(granted)
    }

    /// From a token to a file of it, if it is of the right account.
    async fn finish(
        &self,
        page: &Page<'_>,
        registration: &Registration,
        granted: Granted,
        manner: Manner,
        json: bool,
    ) -> anyhow::Result<()> {
        let place = page.place;
        let own = match self.own(place, &granted.token).await {
            Ok(own) => own,
            Err(error) => {
                login::give_back(place, registration, &granted.token).await;
                return Err(error)
                    .context("the code was good, but nothing was written, since the token is not");
            }
        };
        let who = Claimant::new(&self.server, page.domain.clone(), own.clone());
        let settled = match self.compare(place, &who, manner).await {
            Ok(Spoken::ByAnother) => self.let_speak(who).await.map(Some),
            Ok(Spoken::ByNoOther) => Ok(None),
            Err(error) => Err(error),
        };
        let spoken = match settled {
            Ok(spoken) => spoken,
            Err(error) => {
                login::give_back(place, registration, &granted.token).await;
                return Err(error);
            }
        };
        let file = self.new_token_file()?;
        file.finish(&granted.token)?;
        Begun::forget(&self.config.state_dir);
        if json {
            return put(&json::of("logged_in", &say::done_as_json(self, &own, spoken.as_deref()))?);
        }
        put(&say::done(self, place, &own))?;
        spoken.map_or(Ok(()), |spoken| put(&format!("\n{spoken}.\n")))
    }

    /// Whether it may speak: an outlet's account never, and another one than spoke so far if somebody wants that.
    async fn compare(&self, place: &Place<'_>, who: &Claimant, manner: Manner) -> anyhow::Result<Spoken> {
        if let Some(listed) = speaker::listed(self.config, who) {
            bail!(
                "{listed}. The new token was given back; log in to {} as the bot's own account",
                self.server
            );
        }
        let entries = ledger::entries(&self.config.state_dir).context("read whose posts the ledger has")?;
        let other = match speaker::speaker(&entries) {
            Some(before) if before.is(who) => return Ok(Spoken::ByNoOther),
            Some(before) => Some((say::another_speaks(&before, who, &entries), Spoken::ByAnother)),
            None => self.at_hand(place, who).await?.map(|other| (other, Spoken::ByNoOther)),
        };
        let Some((other, spoken)) = other else { return Ok(Spoken::ByNoOther) };
        if self.typed.replace {
            return Ok(spoken);
        }
        if manner == Manner::Asking {
            let answer = ask(&format!("{other}. Replace it? [y/N] ")).await?;
            ensure!(
                answer.eq_ignore_ascii_case("y"),
                "the token was left as it is; the new one was given back"
            );
            return Ok(spoken);
        }
        bail!("{other}. The new token was given back; `{}` takes it in its place", self.command(" --replace"))
    }

    /// What speaks against the new token in the one that is there, while nothing was said.
    async fn at_hand(&self, place: &Place<'_>, who: &Claimant) -> anyhow::Result<Option<String>> {
        if self.typed.replace {
            return Ok(None);
        }
        Ok(match token_file::read(&self.out)? {
            None => None,
            // It may be of any server, and is shown to no other than the configured one.
            Some(_) if self.config.fediverse.server.as_ref() != Some(&self.server) => {
                Some(format!("{} holds a token already, perhaps of another account", self.out.display()))
            }
            Some(old) => match self.own(place, &old).await {
                // Nobody is logged in with it any more, and nobody has said anything with it.
                Err(error) if say::is_denied(&error) => None,
                Err(error) => return Err(error).context("ask whose the token is that is there"),
                Ok(old) if old.id == who.id => None,
                Ok(old) => Some(format!(
                    "{} is logged in as {}@{}, and this is {who}",
                    self.out.display(),
                    old.username,
                    self.server
                )),
            },
        })
    }

    /// Notes that another account speaks from now on, before its token is there: until both are, nothing is posted.
    async fn let_speak(&self, who: Claimant) -> anyhow::Result<String> {
        let noted = service::ask(self.config.clone(), Request::SpeakAs { who }).await;
        match noted.context("write down who speaks from now on; the token was given back")? {
            Answer::Done { says } => Ok(says),
            _ => bail!("the running service does not say whether it wrote down who speaks from now on"),
        }
    }

    /// Whose token it is, read by the second way where the first one cannot.
    async fn own(&self, place: &Place<'_>, token: &SecretString) -> anyhow::Result<OwnAccount> {
        let (hosts, agent) = (&self.config.hosts, &self.user_agent);
        match home::verify(&self.server, token, place.family, hosts, agent).await {
            Err(HomeError::Broken { .. } | HomeError::Panicked { .. }) => {
                Ok(home::verify_leniently(&self.net()?, &self.server, token).await?)
            }
            verified => Ok(verified?),
        }
    }

    /// What kind of server it is; that it answers at all comes out here.
    async fn instance(&self) -> anyhow::Result<Instance> {
        let server = &self.server;
        match home::instance(&self.net()?, server).await {
            Ok(instance) => Ok(instance),
            Err(HomeError::Fetch(error @ FetchError::Unreachable { .. })) => {
                let placeholder = server.name().ends_with(".example");
                let hint = if placeholder {
                    "that is the name in the example; write your own server into `[publish.fediverse] server`"
                } else {
                    "is the name right, and does this machine reach the web?"
                };
                bail!("{error}; {hint}")
            }
            Err(
                error @ (HomeError::Instance { .. }
                | HomeError::Fetch(FetchError::Missing { .. } | FetchError::Status { .. })),
            ) => bail!("{error}. {}", say::no_api(server)),
            Err(error) => Err(error).with_context(|| format!("ask {server} what it is")),
        }
    }

    fn net(&self) -> anyhow::Result<Net> {
        let road = NetConfig {
            user_agent: self.user_agent.clone(),
            hosts: self.config.hosts.clone(),
            allowed: [self.server.clone()].into(),
            timeouts: Timeouts::default(),
        };
        Net::new(road, self.config.clock).context("open the road to the network")
    }

    fn new_token_file(&self) -> anyhow::Result<NewTokenFile> {
        // Beside the configuration it is for whoever owns the state; elsewhere somebody chose the place.
        let owner = match self.typed.out {
            None => Owner::OfFolder(self.config.state_dir.clone()),
            Some(_) => Owner::WhoeverWrites,
        };
        NewTokenFile::begin(&self.out, owner).map_err(|error| anyhow!("{error:#}; {}", say::no_place(self)))
    }

    fn explained(&self, error: LoginError) -> anyhow::Error {
        let advice = match &error {
            LoginError::NoApi { .. } => say::no_api(&self.server),
            LoginError::Refused { .. } => {
                format!("ask its admins whether programs may register, or {}", say::by_hand(self))
            }
            LoginError::Code { .. } => format!("`{}` prints the address again", self.command("")),
            LoginError::Forgotten { .. } => {
                Begun::forget(&self.config.state_dir);
                format!("`{}` begins anew", self.command(""))
            }
            LoginError::Home(HomeError::Broken { .. } | HomeError::Panicked { .. }) => say::by_hand(self),
            LoginError::Home(_) | LoginError::NoToken { .. } => return error.into(),
        };
        Advised { error, advice }.into()
    }

    /// This command as it would be typed once more.
    fn command(&self, more: &str) -> String {
        let mut text = "masthead login fediverse".to_owned();
        for (option, value) in [
            ("--config", self.named_config.map(|path| path.display().to_string())),
            ("--server", self.typed.server.clone()),
            ("--out", self.typed.out.as_ref().map(|path| path.display().to_string())),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(" {option} {value}"));
            }
        }
        text + more
    }
}

fn server(config: &Config, typed: &Fediverse) -> anyhow::Result<Host> {
    match (&typed.server, &config.fediverse.server) {
        (Some(text), _) => config::server_host(text)
            .with_context(|| format!("`{text}` is not a server; expected for example social.example")),
        (None, Some(server)) => Ok(server.clone()),
        (None, None) => bail!(
            "no server to log in to: `[publish.fediverse] server` is empty; write it there, or --server social.example"
        ),
    }
}

/// Where a token goes: where somebody says, else where the configuration looks for it.
fn out(said: Option<&Path>, configured: &Path, environment: &Environment) -> anyhow::Result<PathBuf> {
    let out = said.unwrap_or(configured).to_owned();
    let credentials = environment.credentials_dir.as_ref();
    if let Some(folder) = credentials.filter(|folder| out.starts_with(folder)) {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        bail!(
            "the token comes from systemd's credentials in {}, where nobody can write: \
             --out /etc/credstore/{name} as root, then restart the service",
            folder.display()
        );
    }
    Ok(out)
}

/// One line from whoever sits there.
async fn ask(question: &str) -> anyhow::Result<String> {
    print!("{question}");
    io::stdout().flush().context("ask")?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line.trim().to_owned())
    });
    read.await.context("wait for a line")?.context("read a line")
}

/// An error with what to do about it, behind it.
#[derive(Debug, thiserror::Error)]
#[error("{error}; {advice}")]
struct Advised {
    error: LoginError,
    advice: String,
}
