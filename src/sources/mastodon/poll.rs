//! The calls that read accounts: thin, each a request or two and a pure reading of the answer.
//!
//! Without a token we are a robot like any other and ask the server's robots.txt first; with one we are a
//! client that the server let in.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::probe::{self, Api, Software};
use super::walk::{Ask, Next, PAGE, Sheet, Sight, Walk};
use super::{call, wire};
use crate::model::account::{Acct, Host};
use crate::model::evidence::hex;
use crate::model::observation::{Observation, Profile};
use crate::model::status::Status;
use crate::model::target::{Cursor, Rejected};
use crate::net::{BodyKind, FetchError, Fetched, Method, Net, Outgoing, Validators};
use crate::sources::{PollError, aside, json, webfinger};

/// Profiles change rarely: between two looks at one, its statuses are read by the id that it had.
const PROFILE_EVERY: Duration = Duration::hours(1);

/// How versions begin that we name after the bytes of an answer; names by servers are in quotes.
const HASH: &str = "sha256:";

/// The longest query that is sent to a search, in characters.
const QUERY_CHARS: usize = 200;

/// What one poll of an account brought. Cursor and items belong into one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPoll {
    pub observation: Observation,
    /// In the order read; known ones come again and again, so they are told apart by their URI.
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    pub cursor: Cursor,
    /// Whether readers may take what is new here for news.
    pub sight: Sight,
    /// Everything between the first read and now was seen, apart from what was rejected.
    pub complete: bool,
    /// A status known to us that claims to be newer than this and is not among `statuses` is no longer public
    /// there. The Unix epoch where that goes for all; `None` where nothing can be said.
    pub covered_since: Option<DateTime<Utc>>,
    pub server_date: Option<DateTime<Utc>>,
    /// What was odd about the server, in words for the health page.
    pub complaint: Option<String>,
}

/// What the last poll of an account left.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Its profile as it was read on this host, and when.
    pub observation: Option<&'a Observation>,
    pub cursor: &'a Cursor,
}

/// An account and its newest statuses as `api_host` shows them. What the server says has not changed is not sent
/// again, and a profile that was read a short while ago is not asked for.
///
/// # Errors
/// As [`read_profile`], and where the first page of statuses cannot be had. Trouble further down is a
/// complaint of the poll and a gap in its cursor.
pub async fn read_account(
    net: &Net,
    acct: &Acct,
    api_host: &Host,
    token: Option<&SecretString>,
    before: Before<'_>,
    pages: u32,
    now: DateTime<Utc>,
) -> Result<AccountPoll, PollError> {
    let server = Server { net, host: api_host, token };
    let Before { observation, cursor } = before;
    let is_recent = |known: &&Observation| known.seen_at <= now && now - known.seen_at < PROFILE_EVERY;
    if let Some(known) = observation.filter(is_recent).filter(|_| !cursor.heads.is_empty()) {
        let poll = server.account(known.clone(), cursor.clone(), pages, now).await;
        // Whatever is odd about it, the profile may say why.
        if let Ok(poll) = poll
            && poll.complete
        {
            return Ok(poll);
        }
    }
    let known = observation.map(|known| &known.profile).zip(cursor.profile_version.as_deref());
    let (observation, profile_version) = server.profile(acct, known, now).await?;
    let cursor = Cursor { profile_version, ..cursor.clone() };
    if observation.profile.is_suspended {
        return Ok(AccountPoll::of_suspended(observation, api_host, cursor));
    }
    server.account(observation, cursor, pages, now).await
}

impl AccountPoll {
    /// The server shows nothing of a suspended account; what is known of its statuses stays as it is.
    fn of_suspended(observation: Observation, host: &Host, cursor: Cursor) -> AccountPoll {
        AccountPoll {
            server_date: observation.server_date,
            observation,
            statuses: vec![],
            rejected: vec![],
            cursor,
            sight: Sight::Later,
            complete: false,
            covered_since: None,
            complaint: Some(format!("{host} has suspended the account")),
        }
    }
}

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

/// Accounts that a server's own search finds; it is not asked to look elsewhere (`resolve`).
///
/// # Errors
/// [`PollError::NeedsToken`] where the server searches for its users only; otherwise what the fetch or the
/// reading said.
pub async fn search(
    net: &Net,
    server: &Host,
    token: Option<&SecretString>,
    query: &str,
) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
    let query = json::clip(query, QUERY_CHARS);
    let parameters = [("q", query.as_str()), ("type", "accounts"), ("limit", "40")];
    let url = call(server, &["api", "v2", "search"], &parameters);
    let fetched = Server { net, host: server, token }.get(&url, "its account search").await?;
    let host = server.clone();
    let parsed = aside(move || wire::parse_accounts(&fetched.body, &host)).await;
    let (profiles, mut rejected) = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
    // What a server says of its own accounts is its word, but it may not give them the ids of others.
    let (found, strange): (Vec<_>, Vec<_>) = profiles
        .into_iter()
        .partition(|profile| profile.acct.host() != server || is_served_by(profile, server));
    rejected.extend(strange.into_iter().map(|profile| Rejected {
        item: format!("account {} of the search", profile.acct),
        why: format!("its id lies elsewhere; expected one on {server}"),
        excerpt: profile.id.uri,
    }));
    Ok((found, rejected))
}

/// A server and our way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server<'a> {
    pub net: &'a Net,
    pub host: &'a Host,
    pub token: Option<&'a SecretString>,
}

/// A page of statuses as it came.
struct Received {
    page: wire::Page,
    next: LinkNext,
    version: String,
    server_date: Option<DateTime<Utc>>,
}

impl Server<'_> {
    /// Calls the interface; `what` names what is wanted, for the case that it needs a token.
    pub async fn get(self, url: &Url, what: &'static str) -> Result<Fetched, PollError> {
        self.let_in(url).await?;
        let fetched = self.net.get(url.as_str(), BodyKind::Json, self.token).await;
        fetched.map_err(|error| self.explain(what, error))
    }

    /// The same with the version of the answer; `None` where that is the one that is known. Mastodon names a
    /// version of every answer and sends no body for one that is known; other servers send the same again.
    pub async fn get_if_changed(
        self,
        url: &Url,
        what: &'static str,
        known: Option<&str>,
    ) -> Result<Option<(Fetched, String)>, PollError> {
        self.let_in(url).await?;
        let etag = known.filter(|version| !version.starts_with(HASH)).map(str::to_owned);
        let asked = Validators { etag, last_modified: None };
        let fetched = self.net.get_if_changed(url.as_str(), BodyKind::Json, self.token, &asked).await;
        let Some(fetched) = fetched.map_err(|error| self.explain(what, error))? else { return Ok(None) };
        let named = fetched.validators.etag.clone();
        let version = named.unwrap_or_else(|| format!("{HASH}{}", hex(&Sha256::digest(&fetched.body))));
        Ok((known != Some(version.as_str())).then_some((fetched, version)))
    }

    async fn let_in(self, url: &Url) -> Result<(), PollError> {
        if self.token.is_none() && !self.net.allows_robots(url.as_str()).await? {
            return Err(PollError::RobotsForbid { url: url.to_string() });
        }
        Ok(())
    }

    fn explain(self, what: &'static str, error: FetchError) -> PollError {
        match error {
            denied @ FetchError::Denied { .. } if self.token.is_none() => {
                PollError::NeedsToken { host: self.host.clone(), what, denied }
            }
            error => PollError::Fetch(error),
        }
    }

    /// The profile as [`read_profile`] gives it, and its version; `known` is the last reading of both.
    async fn profile(
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
            Ok(Software { name, api: Api::None, .. }) => {
                Err(PollError::NotAMastodonApi { host: self.host.clone(), software: name })
            }
            _ => Err(PollError::parse(url.as_str(), error)),
        }
    }

    /// The newest statuses of an account whose profile is known, with as much below as the walk wants.
    async fn account(
        self,
        observation: Observation,
        cursor: Cursor,
        pages: u32,
        now: DateTime<Utc>,
    ) -> Result<AccountPoll, PollError> {
        let mut walk = Walk::new(&cursor, pages, now);
        let (mut statuses, mut rejected) = (vec![], vec![]);
        let (mut page_version, mut server_date) = (None, None);
        while let Some(ask) = walk.wanted() {
            match self.statuses(&observation.profile.local_id, ask, walk.known_version()).await {
                Ok(None) => {
                    page_version.clone_from(&cursor.page_version);
                    walk.take_same();
                }
                Ok(Some(Received { page, next, version, server_date: told })) => {
                    if ask == Ask::Newest {
                        page_version = Some(version);
                        server_date = told;
                    }
                    let last_id = page.last_id.as_deref();
                    walk.take(&Sheet {
                        statuses: &page.statuses,
                        count: page.count,
                        last_id,
                        next: next.as_next(),
                    });
                    statuses.extend(page.statuses);
                    rejected.extend(page.rejected);
                }
                Err(error) if ask == Ask::Newest => return Err(error),
                Err(error) => walk.stop(error.to_string()),
            }
        }
        let outcome = walk.finish();
        // What was not read whole is asked for whole again.
        let page_version = page_version.filter(|_| outcome.complete && rejected.is_empty());
        Ok(AccountPoll {
            server_date,
            observation,
            statuses,
            // A status that can no longer be read must not count as one that is no longer there.
            covered_since: outcome.covered_since.filter(|_| rejected.is_empty()),
            rejected,
            cursor: Cursor { page_version, ..outcome.cursor },
            sight: outcome.sight,
            complete: outcome.complete,
            complaint: outcome.complaint,
        })
    }

    async fn statuses(
        self,
        local_id: &str,
        ask: Ask<'_>,
        version: Option<&str>,
    ) -> Result<Option<Received>, PollError> {
        let limit = PAGE.to_string();
        let mut parameters = vec![("limit", limit.as_str())];
        if let Ask::Below(id) = ask {
            parameters.push(("max_id", id));
        }
        let url = call(self.host, &["api", "v1", "accounts", local_id, "statuses"], &parameters);
        let fetched = self.get_if_changed(&url, "the statuses of this account", version).await?;
        let Some((fetched, version)) = fetched else { return Ok(None) };
        let next = LinkNext::read(fetched.link.as_deref(), &url);
        let (author, server_date) = (local_id.to_owned(), fetched.server_date);
        let parsed = aside(move || wire::parse_statuses(&fetched.body, &author)).await;
        let page = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
        Ok(Some(Received { page, next, version, server_date }))
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
            (Api::None, _) => return Err(PollError::NotAMastodonApi { host, software: software.name }),
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
        let answer = self.net.send(Outgoing { method, url, token, headers: vec![], json: None }).await?;
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
pub(super) fn is_served_by(profile: &Profile, host: &Host) -> bool {
    let Some(served) = Url::parse(&profile.id.uri).ok().as_ref().and_then(Host::of) else { return false };
    let is_name = |host: &Host| !host.name().ends_with(|c: char| c.is_ascii_digit() || c == ']');
    let registered = psl::domain_str(served.name());
    served == *host
        || (is_name(&served)
            && is_name(host)
            && registered.is_some()
            && registered == psl::domain_str(host.name()))
}

/// What the `Link` header of a page said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LinkNext {
    Page(String),
    Nothing,
    Unsaid,
}

impl LinkNext {
    /// The `max_id` of the link `rel="next"`. Only the id is taken: where to ask is ours to say.
    fn read(link: Option<&str>, page: &Url) -> LinkNext {
        let Some(link) = link else { return LinkNext::Unsaid };
        // No address of an interface holds `<`, so each entry begins with one.
        let next = link.split('<').skip(1).take(10).find_map(|entry| {
            let (address, words) = entry.split_once('>')?;
            let words = words.to_ascii_lowercase().replace([' ', '"'], "");
            words.split([';', ',']).any(|word| word == "rel=next").then_some(address)
        });
        let Some(next) = next else { return LinkNext::Nothing };
        let url = page.join(next).ok();
        let id = url.and_then(|url| {
            url.query_pairs().find(|(key, _)| key == "max_id").map(|(_, id)| Value::from(id.into_owned()))
        });
        // A next page that is paged in another way: we go on by the last id.
        id.as_ref().and_then(json::id).map_or(LinkNext::Unsaid, LinkNext::Page)
    }

    fn as_next(&self) -> Next<'_> {
        match self {
            LinkNext::Page(id) => Next::Page(id),
            LinkNext::Nothing => Next::Nothing,
            LinkNext::Unsaid => Next::Unsaid,
        }
    }
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

    #[test]
    fn only_the_id_is_taken_from_a_link_to_the_next_page() {
        let page = Url::parse("https://social.example/api/v1/accounts/1/statuses?limit=40").unwrap();
        let read = |link: &str| LinkNext::read(Some(link), &page);
        let both = r#"<https://social.example/x?limit=40&max_id=17>; rel="next", <https://social.example/x?min_id=39>; rel="prev""#;
        assert_eq!(read(both), LinkNext::Page("17".into()));
        assert_eq!(read("<?max_id=01HV>;rel=next"), LinkNext::Page("01HV".into()));
        assert_eq!(read("<https://evil.example/?max_id=..>; rel=\"next\""), LinkNext::Unsaid);
        assert_eq!(read("<https://social.example/x?page=2>; rel=\"next\""), LinkNext::Unsaid);
        assert_eq!(read("<https://social.example/next?min_id=39>; rel=\"prev\""), LinkNext::Nothing);
        assert_eq!(LinkNext::read(None, &page), LinkNext::Unsaid);
    }
}
