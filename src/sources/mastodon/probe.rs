//! What software a server runs, by nodeinfo, and by which interface it can be read.

use url::Url;

use super::call;
use crate::model::account::Host;
use crate::net::{BodyKind, FetchError, Net};
use crate::sources::json::{self, Object, clip};
use crate::sources::{ParseError, PollError};

/// What a server says it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// In lower case; `unknown` where the server does not say.
    pub name: String,
    pub version: String,
    pub api: Api,
}

/// How a server can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// It has what is needed, `accounts/lookup` included.
    Mastodon,
    /// It speaks the API without a lookup by address that can be relied on.
    WithoutLookup,
    /// It speaks Misskey's own API, which is read instead, also where it imitates Mastodon's.
    Misskey,
    /// It federates and speaks another API.
    None,
    /// Nothing is known of it: trying is the only way to find out.
    Unknown,
}

impl Software {
    fn unknown() -> Software {
        Software { name: "unknown".into(), version: String::new(), api: Api::Unknown }
    }
}

/// Asks a server what it runs. A server without nodeinfo, or with one that cannot be read, is
/// [`Api::Unknown`].
///
/// # Errors
/// Where the server cannot be reached at all, or wants us to wait.
pub async fn ask(net: &Net, host: &Host) -> Result<Software, PollError> {
    let well_known = call(host, &[".well-known", "nodeinfo"], &[]);
    let Some(bytes) = fetch(net, &well_known).await? else { return Ok(Software::unknown()) };
    let Some(document) = parse_links(&bytes, host) else { return Ok(Software::unknown()) };
    let Some(bytes) = fetch(net, &document).await? else { return Ok(Software::unknown()) };
    Ok(parse(&bytes).unwrap_or_else(|_| Software::unknown()))
}

/// The body, or `None` where the server has nothing there.
async fn fetch(net: &Net, url: &Url) -> Result<Option<Vec<u8>>, PollError> {
    match net.get(url.as_str(), BodyKind::Json, None).await {
        Ok(fetched) => Ok(Some(fetched.body)),
        Err(FetchError::Missing { .. } | FetchError::Status { .. } | FetchError::Denied { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where the newest nodeinfo document lies, by the answer of `/.well-known/nodeinfo`. Only one on the same
/// host is followed: a server does not send us elsewhere.
pub fn parse_links(bytes: &[u8], host: &Host) -> Option<Url> {
    let value = json::value(bytes).ok()?;
    let links = Object::of(&value)?.objects("links").take(20).filter_map(|link| {
        let version = link.text("rel")?.strip_prefix("http://nodeinfo.diaspora.software/ns/schema/")?;
        let url = json::http_url(link.text("href")?)?;
        (Host::of(&url).as_ref() == Some(host)).then(|| (version.to_owned(), url))
    });
    links.max_by(|(left, _), (right, _)| left.cmp(right)).map(|(_, url)| url)
}

/// Reads a nodeinfo document (schema 1.0 to 2.1).
///
/// # Errors
/// Where it names no software.
pub fn parse(bytes: &[u8]) -> Result<Software, ParseError> {
    let value = json::parse(bytes)?;
    let software = Object::of(&value).and_then(|object| object.object("software"));
    let name = software.and_then(|software| software.text("name")).ok_or_else(|| ParseError {
        why: "the nodeinfo names no software".into(),
        excerpt: json::excerpt(bytes),
    })?;
    let name = clip(name, 60).to_lowercase();
    let version = software.and_then(|software| software.text("version")).unwrap_or_default();
    Ok(Software { api: api_of(&name), version: clip(version, 60), name })
}

/// What is known of servers by name.
fn api_of(name: &str) -> Api {
    match name {
        "mastodon" | "hometown" | "glitch" | "glitchsoc" | "glitch-soc" | "ecko" | "smalltown"
        | "fedibird" | "gotosocial" | "pleroma" | "akkoma" | "rebased" | "soapbox" | "takahe" | "mitra" => {
            Api::Mastodon
        }
        // They have it for statuses; the lookup is missing or came late.
        "friendica" | "pixelfed" | "iceshrimp.net" | "snac" => Api::WithoutLookup,
        "misskey" | "sharkey" | "cherrypick" | "firefish" | "iceshrimp" | "catodon" | "foundkey"
        | "calckey" => Api::Misskey,
        "lemmy" | "kbin" | "mbin" | "piefed" | "peertube" | "writefreely" | "plume" | "wordpress"
        | "ghost" | "threads" | "bookwyrm" | "funkwhale" | "owncast" | "mobilizon" | "hubzilla"
        | "diaspora" | "nextcloud" | "microblogpub" | "honk" | "ktistec" | "wafrn" | "loops" | "castopod"
        | "flipboard" | "discourse" | "nodebb" => Api::None,
        _ => Api::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host::parse("social.example").unwrap()
    }

    #[test]
    fn the_newest_document_on_the_same_host_is_followed_and_no_other() {
        let links = br#"{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://social.example/nodeinfo/2.0"},
            {"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"https://evil.example/nodeinfo/2.1"},
            {"rel":"https://www.w3.org/ns/activitystreams#Application","href":"https://social.example/actor"}, 7]}"#;
        assert_eq!(
            parse_links(links, &host()).map(String::from),
            Some("https://social.example/nodeinfo/2.0".into())
        );
        for none in ["{}", "<html>", "[]", r#"{"links":[{"rel":"self","href":"x"}]}"#] {
            assert_eq!(parse_links(none.as_bytes(), &host()), None, "{none}");
        }
    }

    #[test]
    fn software_is_sorted_by_what_it_speaks() {
        for (name, api) in [
            ("Mastodon", Api::Mastodon),
            ("gotosocial", Api::Mastodon),
            ("pixelfed", Api::WithoutLookup),
            ("sharkey", Api::Misskey),
            ("Firefish", Api::Misskey),
            ("lemmy", Api::None),
            ("threads", Api::None),
            ("tomorrow", Api::Unknown),
        ] {
            let document = format!(r#"{{"software":{{"name":"{name}","version":"1.2"}}}}"#);
            let software = parse(document.as_bytes()).unwrap();
            assert_eq!((software.api, software.name), (api, name.to_lowercase()));
        }
        assert_eq!(parse(b"{}").unwrap_err().why, "the nodeinfo names no software");
    }
}
