//! Webfinger: which account a host says an address belongs to.
//!
//! One named question to the place that the protocol gives for it: no crawling, so robots.txt is not asked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use url::Url;

use super::json::{self, Object};
use super::{ParseError, PollError};
use crate::model::account::{AccountId, Acct, Host, Network};
use crate::model::outlet::Outlet;
use crate::model::proof::HostSight;
use crate::net::{BodyKind, FetchError, Fetched, Net};

/// How many user names are tried on an outlet's host.
pub const MOST_GUESSES: usize = 4;

/// What a host's answer says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JrdAccount {
    /// The ActivityPub id: the link `rel="self"`.
    pub uri: String,
    /// The host that serves the account: the one of its id.
    pub api_host: Host,
    /// What the answer calls the account, which may differ from what was asked; `None` where it says nothing
    /// usable.
    pub acct: Option<Acct>,
}

/// An account that a host answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub sight: HostSight,
    /// The address in the host's own words.
    pub acct: Option<Acct>,
    /// Where the account can be read.
    pub api_host: Host,
}

/// Asks a host for the account `user` on it; `None` where it has none or does not do webfinger.
///
/// # Errors
/// What the fetch said, or [`PollError::Parse`] where the answer is neither an account nor plainly none: such
/// an answer is no reason to forget an earlier one.
pub async fn ask(
    net: &Net,
    host: &Host,
    user: &str,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, PollError> {
    let resource = format!("acct:{user}@{host}");
    let url = question(host, &resource);
    let fetched = match net.get(url.as_str(), BodyKind::Json, None).await {
        Ok(fetched) => fetched,
        Err(FetchError::Missing { .. } | FetchError::Status { status: 400, .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if is_html(&fetched) || names_no_account(&fetched.body) {
        return Ok(None);
    }
    let account =
        parse(&fetched.body, host, &resource).map_err(|error| PollError::parse(url.as_str(), error))?;
    let sight = HostSight {
        host: host.clone(),
        resource,
        url: url.into(),
        account: AccountId::mastodon(account.uri),
        first_read: now,
        fetched_at: now,
        sha256: fetched.sha256(),
    };
    Ok(Some(Answer { sight, acct: account.acct, api_host: account.api_host }))
}

/// Where an account lives: its id and the host that serves it, `None` where the host of its address knows no
/// such account.
///
/// # Errors
/// As [`ask`].
pub async fn locate(
    net: &Net,
    acct: &Acct,
    now: DateTime<Utc>,
) -> Result<Option<(AccountId, Host)>, PollError> {
    let answer = ask(net, acct.host(), acct.user(), now).await?;
    Ok(answer.map(|answer| (answer.sight.account, answer.api_host)))
}

fn question(host: &Host, resource: &str) -> Url {
    let mut url = Url::parse(&format!("https://{host}/.well-known/webfinger")).expect("a host makes a URL");
    url.query_pairs_mut().append_pair("resource", resource);
    url
}

/// Many sites answer every path with a page.
fn is_html(fetched: &Fetched) -> bool {
    let says_html =
        fetched.content_type.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("html"));
    says_html || fetched.body.trim_ascii_start().starts_with(b"<")
}

/// Whether this is an object that links no ActivityPub account, as of hosts that use webfinger for other
/// things.
fn names_no_account(body: &[u8]) -> bool {
    let value = json::value(body).ok();
    value.as_ref().and_then(Object::of).is_some_and(|object| self_link(object).is_none())
}

/// Reads an answer (RFC 7033) to the question for `resource` on `host`.
///
/// # Errors
/// Where it is no JSON object or links no ActivityPub account.
pub fn parse(bytes: &[u8], host: &Host, resource: &str) -> Result<JrdAccount, ParseError> {
    let value = json::parse(bytes)?;
    let fault = |why: String| ParseError { why, excerpt: json::excerpt(bytes) };
    let object =
        Object::of(&value).ok_or_else(|| fault(format!("got no object for {resource} from {host}")))?;
    let uri = self_link(object)
        .ok_or_else(|| fault(format!("the answer of {host} links no account for {resource}")))?;
    let api_host = json::http_url(uri).as_ref().and_then(Host::of);
    let api_host = api_host.ok_or_else(|| fault(format!("`{uri}` is no address of an account")))?;
    let subject = object.text("subject").and_then(|subject| subject.strip_prefix("acct:"));
    let acct = subject.and_then(|text| text.trim_start_matches('@').parse().ok());
    Ok(JrdAccount { uri: uri.to_owned(), api_host, acct })
}

fn self_link<'a>(object: Object<'a>) -> Option<&'a str> {
    object.objects("links").take(100).find_map(|link| {
        let media_type = link.text("type")?.to_ascii_lowercase();
        let is_activity = media_type == "application/activity+json"
            || (media_type.starts_with("application/ld+json") && media_type.contains("activitystreams"));
        (link.text("rel") == Some("self") && is_activity).then(|| link.http_url("href")).flatten()
    })
}

/// User names that an outlet may have on a domain of its own, likeliest first, at most [`MOST_GUESSES`]: its
/// id, the registered name, the whole domain (as WordPress does), and what it calls itself on other networks.
pub fn local_parts(outlet: &Outlet, domain: &Host) -> Vec<String> {
    let name = domain.name();
    let registered = psl::domain_str(name).and_then(|domain| domain.split('.').next());
    let elsewhere = outlet
        .accounts
        .iter()
        .filter(|listed| listed.network != Network::Mastodon)
        .map(|listed| listed.handle.to_lowercase());
    let mut seen = BTreeSet::new();
    std::iter::once(outlet.id.as_str().replace('-', ""))
        .chain(registered.map(str::to_owned))
        .chain(std::iter::once(name.to_owned()))
        .chain(elsewhere)
        .filter(|user| Acct::new(user, domain.clone()).is_ok() && seen.insert(user.clone()))
        .take(MOST_GUESSES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outlet::{Control, ListedAccount, OutletId};

    fn host() -> Host {
        Host::parse("news.example").unwrap()
    }

    fn read(json: &str) -> Result<JrdAccount, ParseError> {
        parse(json.as_bytes(), &host(), "acct:desk@news.example")
    }

    #[test]
    fn the_self_link_is_the_account_and_the_subject_its_address() {
        let account = read(
            r#"{"subject":"acct:Desk@news.example","aliases":["https://social.news.example/@Desk"],"links":[
                {"rel":"http://webfinger.net/rel/profile-page","type":"text/html","href":"https://social.news.example/@Desk"},
                {"rel":"self","type":"text/html","href":"https://wrong.example/"},
                {"rel":"self","type":"application/activity+json","href":"https://social.news.example/users/Desk"}]}"#,
        );
        assert_eq!(
            account.unwrap(),
            JrdAccount {
                uri: "https://social.news.example/users/Desk".into(),
                api_host: Host::parse("social.news.example").unwrap(),
                acct: Some("Desk@news.example".parse().unwrap()),
            }
        );
    }

    #[test]
    fn odd_parts_of_an_answer_are_passed_over() {
        let account = read(
            r#"{"subject":7,"links":[null,"x",{"rel":"self"},{"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
                "href":"https://news.example/u/1"}]}"#,
        );
        assert_eq!(
            account.map(|account| (account.uri, account.acct)),
            Ok(("https://news.example/u/1".into(), None))
        );
    }

    #[test]
    fn an_answer_without_an_account_is_an_error_that_says_so() {
        for (json, why) in [
            ("<html>", "got HTML; expected JSON"),
            ("[]", "got no object for acct:desk@news.example from news.example"),
            (r#"{"links":[]}"#, "the answer of news.example links no account for acct:desk@news.example"),
            (
                r#"{"links":[{"rel":"self","type":"application/activity+json","href":"javascript:1"}]}"#,
                "the answer of news.example links no account for acct:desk@news.example",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().why, why, "{json}");
        }
    }

    #[test]
    fn the_question_is_encoded_once() {
        let url = question(&host(), "acct:desk@news.example");
        assert_eq!(
            url.as_str(),
            "https://news.example/.well-known/webfinger?resource=acct%3Adesk%40news.example"
        );
    }

    fn outlet(id: &str, handles: &[(Network, &str)]) -> Outlet {
        let listed = |(network, handle): &(Network, &str)| ListedAccount {
            network: *network,
            handle: (*handle).to_owned(),
            confirmed: false,
            seen_in: None,
            proof: None,
        };
        Outlet {
            id: OutletId::parse(id).unwrap(),
            name: "Desk".into(),
            native_name: None,
            aliases: vec![],
            country: "XX".into(),
            owner: None,
            control: Control::Unknown,
            control_basis: vec![],
            system: None,
            enabled: true,
            parents: vec![],
            domains: vec![],
            bylines: vec![],
            feeds: vec![],
            accounts: handles.iter().map(listed).collect(),
            sources: vec![],
            unverified: vec![],
        }
    }

    #[test]
    fn guesses_are_few_distinct_and_fit_for_an_address() {
        let outlet = outlet(
            "desk-es",
            &[
                (Network::X, "Desk_ES"),
                (Network::Facebook, "La Desk"),
                (Network::Mastodon, "d@social.example"),
            ],
        );
        let guesses = |domain: &str| local_parts(&outlet, &Host::parse(domain).unwrap());
        assert_eq!(guesses("english.news.com.cn"), ["deskes", "news", "english.news.com.cn", "desk_es"]);
        assert_eq!(guesses("deskes.com"), ["deskes", "deskes.com", "desk_es"]);
    }
}
