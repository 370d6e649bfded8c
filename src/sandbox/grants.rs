//! Grants: which apps are registered on the world's servers, which codes wait, and what each token opens.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::account::{Acct, Host};
use crate::model::evidence::hex;

/// How long a code may wait, in real time, since a person carries it over.
const CODE_LASTS: Duration = Duration::minutes(10);

/// Everything that an app may ask for; a word before a colon holds all below it.
const SCOPES: [&str; 13] = [
    "read",
    "read:accounts",
    "read:notifications",
    "read:search",
    "read:statuses",
    "write",
    "write:accounts",
    "write:media",
    "write:notifications",
    "write:statuses",
    "follow",
    "profile",
    "push",
];

/// What an app may do, as a client writes it: words with spaces between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Everything, which the world's own tokens may do.
    pub fn all() -> Scopes {
        Scopes(["read", "write"].map(str::to_owned).to_vec())
    }

    /// `None` for a word that no server knows. Nothing at all means `read`.
    pub fn parse(text: &str) -> Option<Scopes> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            return Some(Scopes(vec!["read".to_owned()]));
        }
        words.iter().all(|word| SCOPES.contains(&word.as_str())).then_some(Scopes(words))
    }

    pub fn words(&self) -> &[String] {
        &self.0
    }

    pub fn has(&self, wanted: &str) -> bool {
        let above = wanted.split(':').next().unwrap_or(wanted);
        self.0.iter().any(|word| word == wanted || word == above)
    }

    pub fn has_all(&self, wanted: &Scopes) -> bool {
        wanted.0.iter().all(|word| self.has(word))
    }

    pub fn text(&self) -> String {
        self.0.join(" ")
    }
}

/// A program that somebody registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    pub server: Host,
    pub name: String,
    pub website: Option<String>,
    pub redirect_uris: Vec<String>,
    pub scopes: Scopes,
    pub client_id: String,
    pub client_secret: String,
}

/// What a person approved and an app has not fetched yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Code {
    code: String,
    client_id: String,
    redirect_uri: String,
    acct: Acct,
    scopes: Scopes,
    until: DateTime<Utc>,
}

/// What an app was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    pub server: Host,
    pub acct: Acct,
    pub scopes: Scopes,
    pub token: String,
    client_id: String,
}

/// Why an app gets no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Nobody registered it here, or its secret is another.
    Client,
    /// The code is wrong, was used, has expired, or belongs to another app or redirection.
    Grant,
}

/// The grants of all servers, in a file that outlives a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    apps: Vec<App>,
    codes: Vec<Code>,
    tokens: Vec<Token>,
    /// How many names were made.
    made: u64,
    #[serde(skip)]
    path: PathBuf,
}

impl Grants {
    /// # Errors
    /// The file is there and cannot be read.
    pub fn open(path: &Path) -> io::Result<Grants> {
        let kept = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Grants::default(),
            Err(error) => return Err(error),
        };
        Ok(Grants { path: path.to_owned(), ..kept })
    }

    /// Registers an app, which gets its id and secret here.
    ///
    /// # Errors
    /// The disk.
    pub fn register(&mut self, app: App) -> io::Result<App> {
        let client_id = self.name("client", &app.server);
        let client_secret = self.name("secret", &app.server);
        let app = App { client_id, client_secret, ..app };
        self.apps.push(app.clone());
        self.keep()?;
        Ok(app)
    }

    pub fn app(&self, server: &Host, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.server == *server && app.client_id == client_id)
    }

    /// The code by which an app may fetch a token for this account.
    ///
    /// # Errors
    /// The disk.
    pub fn approve(
        &mut self,
        app: &App,
        redirect_uri: &str,
        acct: Acct,
        scopes: Scopes,
        now: DateTime<Utc>,
    ) -> io::Result<String> {
        let code = self.name("code", &app.server);
        let (client_id, redirect_uri) = (app.client_id.clone(), redirect_uri.to_owned());
        let until = now + CODE_LASTS;
        self.codes.push(Code { code: code.clone(), client_id, redirect_uri, acct, scopes, until });
        self.keep()?;
        Ok(code)
    }

    /// Takes a code for a token; a code is good once.
    ///
    /// # Errors
    /// The disk, outside; why there is no token, inside.
    pub fn redeem(
        &mut self,
        server: &Host,
        (client_id, client_secret): (&str, &str),
        (code, redirect_uri): (&str, &str),
        now: DateTime<Utc>,
    ) -> io::Result<Result<Token, Denial>> {
        let app = self.app(server, client_id).filter(|app| app.client_secret == client_secret);
        let Some(app) = app.cloned() else { return Ok(Err(Denial::Client)) };
        let is_it = |kept: &Code| kept.code == code && kept.client_id == app.client_id;
        let Some(place) = self.codes.iter().position(is_it) else { return Ok(Err(Denial::Grant)) };
        let found = self.codes.remove(place);
        if found.until <= now || found.redirect_uri != redirect_uri {
            self.keep()?;
            return Ok(Err(Denial::Grant));
        }
        let token = Token {
            server: server.clone(),
            acct: found.acct,
            scopes: found.scopes,
            token: self.name("token", server),
            client_id: app.client_id,
        };
        self.tokens.push(token.clone());
        self.keep()?;
        Ok(Ok(token))
    }

    pub fn token(&self, server: &Host, token: &str) -> Option<&Token> {
        self.tokens.iter().find(|kept| kept.server == *server && kept.token == token)
    }

    /// Takes a token back. One that is not there counts as taken back.
    ///
    /// # Errors
    /// The disk, outside; an app that it does not belong to, inside.
    pub fn revoke(&mut self, client_id: &str, secret: &str, token: &str) -> io::Result<Result<(), Denial>> {
        let is_ours = |app: &App| app.client_id == client_id && app.client_secret == secret;
        let Some(place) = self.tokens.iter().position(|kept| kept.token == token) else {
            return Ok(Ok(()));
        };
        if self.tokens[place].client_id != client_id || !self.apps.iter().any(is_ours) {
            return Ok(Err(Denial::Client));
        }
        self.tokens.remove(place);
        self.keep()?;
        Ok(Ok(()))
    }

    /// Every code that waits has waited too long: what ten minutes do.
    ///
    /// # Errors
    /// The disk.
    pub fn expire_codes(&mut self) -> io::Result<()> {
        for code in &mut self.codes {
            code.until -= CODE_LASTS;
        }
        self.keep()
    }

    /// A name that nobody else has. It can be guessed and opens nothing outside this world.
    fn name(&mut self, kind: &str, server: &Host) -> String {
        self.made += 1;
        let digest = hex(&Sha256::digest(format!("{kind} {server} {}", self.made)));
        format!("sandbox-{kind}-{}", &digest[..24])
    }

    fn keep(&self) -> io::Result<()> {
        std::fs::write(&self.path, serde_json::to_vec(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::story::{self, HOME};

    const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

    fn grants() -> (tempfile::TempDir, Grants, App) {
        let dir = tempfile::tempdir().unwrap();
        let mut grants = Grants::open(&dir.path().join("grants.json")).unwrap();
        let app = App {
            server: Host::parse(HOME).unwrap(),
            name: "Masthead".to_owned(),
            website: None,
            redirect_uris: vec![OOB.to_owned()],
            scopes: Scopes::parse("read:accounts").unwrap(),
            client_id: String::new(),
            client_secret: String::new(),
        };
        let app = grants.register(app).unwrap();
        (dir, grants, app)
    }

    fn approved(grants: &mut Grants, app: &App) -> String {
        let acct = "masthead@social.example".parse().unwrap();
        grants.approve(app, OOB, acct, app.scopes.clone(), story::ORIGIN).unwrap()
    }

    #[test]
    fn a_code_is_good_once_for_its_app_and_for_ten_minutes() {
        let (_dir, mut grants, app) = grants();
        let server = app.server.clone();
        let minutes = |count| story::ORIGIN + Duration::minutes(count);
        let redeem = |grants: &mut Grants, secret: &str, code: &str, now| {
            grants.redeem(&server, (&app.client_id, secret), (code, OOB), now).unwrap()
        };
        let code = approved(&mut grants, &app);
        assert_eq!(redeem(&mut grants, "other", &code, minutes(1)).unwrap_err(), Denial::Client);
        assert_eq!(redeem(&mut grants, &app.client_secret, "other", minutes(1)).unwrap_err(), Denial::Grant);
        redeem(&mut grants, &app.client_secret, &code, minutes(9)).unwrap();
        assert_eq!(redeem(&mut grants, &app.client_secret, &code, minutes(9)).unwrap_err(), Denial::Grant);
        let late = approved(&mut grants, &app);
        assert_eq!(redeem(&mut grants, &app.client_secret, &late, minutes(10)).unwrap_err(), Denial::Grant);
    }

    #[test]
    fn a_token_outlives_a_restart_and_goes_when_its_app_takes_it_back() {
        let (dir, mut grants, app) = grants();
        let code = approved(&mut grants, &app);
        let client = (&*app.client_id, &*app.client_secret);
        let token = grants.redeem(&app.server, client, (&code, OOB), story::ORIGIN).unwrap().unwrap();
        let mut again = Grants::open(&dir.path().join("grants.json")).unwrap();
        assert!(again.token(&app.server, &token.token).is_some());
        assert_eq!(again.revoke(client.0, "other", &token.token).unwrap(), Err(Denial::Client));
        again.revoke(client.0, client.1, &token.token).unwrap().unwrap();
        assert!(again.token(&app.server, &token.token).is_none());
    }

    #[test]
    fn a_word_before_a_colon_holds_all_below_it() {
        let read = Scopes::parse("read write:statuses").unwrap();
        assert!(read.has("read:accounts") && read.has("write:statuses"));
        assert!(!read.has("write") && !read.has("write:media"));
        assert_eq!(Scopes::parse("read:everything"), None);
    }
}
