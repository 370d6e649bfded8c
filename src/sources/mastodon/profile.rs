//! Profiles as their servers show them: whose they are, and what a missing one means.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use super::probe::{self, Api, Software};
use super::server::Server;
use super::{call, wire};
use crate::model::account::{Acct, Host};
use crate::model::observation::{Observation, Profile};
use crate::net::{FetchError, Fetched, Method, Net, Outgoing};
use crate::sources::{PollError, aside, json, webfinger};

/// The profile of an account as `api_host` shows it. Asked on its own host it is looked up by its bare name;
/// elsewhere by its address.
///
/// # Errors
/// [`PollError::NoAccount`] where a server that knows its accounts says that there is none;
/// [`PollError::NoLookup`], [`PollError::NeedsToken`] and [`PollError::NotAMastodonApi`] where we cannot see
/// it; [`PollError::OtherAccount`] where the answer is about somebody else; otherwise what the fetch or the
/// reading said.
pub async fn read_profile(
    net: &Net,
    acct: &Acct,
    api_host: &Host,
    token: Option<&SecretString>,
    now: DateTime<Utc>,
) -> Result<Observation, PollError> {
    Server { net, host: api_host, token }.profile(acct, None, now).await.map(|(observation, _)| observation)
}

impl Server<'_> {
    /// The profile as [`read_profile`] gives it, and its version; `known` is the last reading of both.
    pub async fn profile(
        self,
        acct: &Acct,
        known: Option<(&Profile, &str)>,
        now: DateTime<Utc>,
    ) -> Result<(Observation, Option<String>), PollError> {
        let name = if acct.host() == self.host { acct.user().to_owned() } else { acct.to_string() };
        let url = call(self.host, &["api", "v1", "accounts", "lookup"], &[("acct", &name)]);
        let version = known.map(|(_, version)| version);
        let fetched = match self.get_if_changed(&url, "this account", version).await {
            Ok(fetched) => fetched,
            Err(PollError::Fetch(FetchError::Missing { .. })) => {
                return self.explain_absence(acct, &url, now).await.map(|observation| (observation, None));
            }
            Err(error) => return Err(error),
        };
        let (profile, version, server_date) = match (fetched, known) {
            (Some((fetched, version)), _) => {
                let server_date = fetched.server_date;
                (self.parse_profile(fetched, acct, &url).await?, Some(version), server_date)
            }
            (None, Some((profile, version))) => (profile.clone(), Some(version.to_owned()), None),
            (None, None) => unreachable!("only an answer that is known is not sent"),
        };
        let observation = self.observe(profile, acct, &url, server_date, now).await?;
        Ok((observation, version))
    }

    async fn parse_profile(self, fetched: Fetched, acct: &Acct, url: &Url) -> Result<Profile, PollError> {
        let host = acct.host().clone();
        let error = match aside(move || wire::parse_account(&fetched.body, &host)).await {
            Ok(profile) => return Ok(profile),
            Err(error) => error,
        };
        match probe::ask(self.net, self.host).await {
            Ok(Software { name, api: Api::None | Api::Misskey, .. }) => {
                Err(PollError::NotAMastodonApi { host: self.host.clone(), software: name })
            }
            _ => Err(PollError::parse(url.as_str(), error)),
        }
    }

    /// The profile with its times, if it is the account that was asked for and its id lies where it is
    /// served: otherwise any server could speak in the name of any account.
    async fn observe(
        self,
        profile: Profile,
        acct: &Acct,
        url: &Url,
        server_date: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Observation, PollError> {
        let other = |got: &str| {
            Err(PollError::OtherAccount { url: url.to_string(), asked: acct.clone(), got: got.to_owned() })
        };
        if !profile.acct.is_same(acct) {
            return other(&profile.acct.to_string());
        }
        let is_it = if acct.host() == self.host {
            is_served_by(&profile, self.host)
        } else {
            // Asked for a remote address, a server may answer with its own account of that name, or show
            // one that lives elsewhere. Only the host of the address can say which account is meant, and
            // it may say another thing than when it sent us here.
            let located = webfinger::locate(self.net, acct, now).await?;
            is_served_by(&profile, self.host) && located.is_some_and(|(id, _)| id == profile.id)
        };
        if !is_it {
            return other(&profile.id.uri);
        }
        Ok(Observation { profile, seen_at: now, server_date, read_from: url.to_string() })
    }

    /// What a 404 to the lookup at `url` means: the account by another way, or the reason why it cannot be
    /// had.
    async fn explain_absence(
        self,
        acct: &Acct,
        url: &Url,
        now: DateTime<Utc>,
    ) -> Result<Observation, PollError> {
        let host = self.host.clone();
        let no_lookup = |why: String| PollError::NoLookup { acct: acct.clone(), host: host.clone(), why };
        let software = probe::ask(self.net, self.host).await?;
        match (software.api, self.token) {
            (Api::None | Api::Misskey, _) => {
                return Err(PollError::NotAMastodonApi { host, software: software.name });
            }
            (Api::WithoutLookup, Some(_)) => return self.find_among_users(acct, &software, now).await,
            (Api::WithoutLookup, None) => {
                return Err(no_lookup(format!(
                    "{} has no lookup, and its search needs a token",
                    software.name
                )));
            }
            (Api::Mastodon | Api::Unknown, _) => {}
        }
        // The fetch gave no body, and the body tells the server's word from that of a proxy.
        let (method, url, token) = (Method::Get, url.to_string(), self.token.cloned());
        let answer = self
            .net
            .send(Outgoing { method, url, token, headers: vec![], body: None, secrets: vec![] })
            .await?;
        match Absence::read(&answer, software.api) {
            Absence::Believed => Err(PollError::NoAccount { acct: acct.clone(), host }),
            Absence::Doubtful(why) => Err(no_lookup(why)),
        }
    }

    /// The account by the search for users, where there is no lookup.
    async fn find_among_users(
        self,
        acct: &Acct,
        software: &Software,
        now: DateTime<Utc>,
    ) -> Result<Observation, PollError> {
        let parameters = [("q", acct.to_string()), ("limit", "40".to_owned())];
        let parameters = parameters.each_ref().map(|(key, value)| (*key, value.as_str()));
        let url = call(self.host, &["api", "v1", "accounts", "search"], &parameters);
        let fetched = self.get(&url, "its account search").await?;
        let (server_date, host) = (fetched.server_date, acct.host().clone());
        let parsed = aside(move || wire::parse_accounts(&fetched.body, &host)).await;
        let (profiles, _) = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        match profiles.into_iter().find(|profile| profile.acct.is_same(acct)) {
            Some(profile) => self.observe(profile, acct, &url, server_date, now).await,
            None => Err(PollError::NoLookup {
                acct: acct.clone(),
                host: self.host.clone(),
                why: format!("{} has no lookup, and its search does not find it", software.name),
            }),
        }
    }
}

/// Whether the id of an account lies on this host, or on one with the same registered domain.
pub(in crate::sources) fn is_served_by(profile: &Profile, host: &Host) -> bool {
    let Some(served) = Url::parse(&profile.id.uri).ok().as_ref().and_then(Host::of) else { return false };
    let is_name = |host: &Host| !host.name().ends_with(|c: char| c.is_ascii_digit() || c == ']');
    let registered = psl::domain_str(served.name());
    served == *host
        || (is_name(&served)
            && is_name(host)
            && registered.is_some()
            && registered == psl::domain_str(host.name()))
}

/// Whether a 404 to the lookup is the server's word that there is no such account.
///
/// It is believed as the interface's own error (JSON), or as plain text, from software that is known to have
/// the lookup; from unknown software only in Mastodon's very words. A web page may come from a proxy in
/// front.
#[derive(Debug, PartialEq, Eq)]
enum Absence {
    Believed,
    Doubtful(String),
}

impl Absence {
    fn read(answer: &Fetched, api: Api) -> Absence {
        let status = answer.status;
        if !matches!(status, 404 | 410) {
            return Absence::Doubtful(format!("it answered 404, then {status}"));
        }
        let body = answer.body.trim_ascii_start();
        let content_type = answer.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        match json::error_text(body) {
            Some(said) if api == Api::Mastodon || said.eq_ignore_ascii_case("Record not found") => {
                Absence::Believed
            }
            None if body.starts_with(b"<") || content_type.contains("html") => {
                Absence::Doubtful(format!("it answered {status} with a web page"))
            }
            None if api == Api::Mastodon => Absence::Believed,
            _ => Absence::Doubtful(format!("it answered {status} and does not say what it runs")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Validators;

    fn answer(status: u16, content_type: Option<&str>, body: &str) -> Fetched {
        Fetched {
            status,
            final_url: Url::parse("https://social.example/").unwrap(),
            body: body.into(),
            content_type: content_type.map(str::to_owned),
            link: None,
            validators: Validators::default(),
            server_date: None,
            fetched_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_the_interface_itself_is_believed_that_an_account_does_not_exist() {
        let read = |status, content_type, body, api| Absence::read(&answer(status, content_type, body), api);
        let not_found = r#"{"error":"Record not found"}"#;
        for (content_type, body, api) in [
            (Some("application/json"), not_found, Api::Mastodon),
            (Some("application/json"), not_found, Api::Unknown),
            (Some("application/json"), r#"{"error":"Not Found"}"#, Api::Mastodon),
            (Some("text/plain"), "not found", Api::Mastodon),
            (None, "", Api::Mastodon),
        ] {
            assert_eq!(read(404, content_type, body, api), Absence::Believed, "{body}");
        }
        for (status, content_type, body, api) in [
            (404, Some("text/html; charset=utf-8"), "<h1>404", Api::Mastodon),
            (404, None, " <!doctype html>", Api::Mastodon),
            (404, Some("application/json"), r#"{"error":"no such route"}"#, Api::Unknown),
            (404, Some("text/plain"), "not found", Api::Unknown),
            (502, Some("application/json"), not_found, Api::Mastodon),
        ] {
            assert!(matches!(read(status, content_type, body, api), Absence::Doubtful(_)), "{status} {body}");
        }
    }
}
