//! What a server shows everybody: its timelines and its directory, read without following anybody.
//!
//! Who may see a timeline is asked first, once a day, and a timeline that is closed to us is not tried.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use url::Url;

use super::call;
use super::profile::is_served_by;
use super::server::Server;
use super::wire::{self, Access, TimelinesAccess};
use crate::model::account::Host;
use crate::model::observation::Profile;
use crate::model::status::StatusUri;
use crate::model::target::{Rejected, Scope};
use crate::net::{FetchError, Net};
use crate::sources::listing::{Post, TimelinePage};
use crate::sources::walk::PAGE;
use crate::sources::{PollError, aside};

/// What is closed to us is not asked for again before.
const CLOSED_FOR: Duration = Duration::hours(6);
/// Servers send at least so many where there are more, whatever they are asked for.
const SHORTEST_FULL_PAGE: usize = 20;

/// A timeline of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeline<'a> {
    Live(Scope),
    /// Posts with a hashtag; without `#`.
    Tag(&'a str),
}

/// What of a timeline is shown to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// Only posts of the server's own accounts.
    Local,
    /// Only posts that came from other servers.
    Remote,
}

/// What a reading of a timeline brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Newest first.
    pub posts: Vec<Post>,
    pub rejected: Vec<Rejected>,
    /// Why there may be posts between these and those known, in words; `None` where there are none.
    pub missed: Option<String>,
    /// A page below the first one could not be had.
    pub is_broken_off: bool,
    /// The version of its first page.
    pub version: Option<String>,
}

/// Asks a server who may see its timelines. One that does not say, or is too old to know, is [`Access::Unsaid`].
///
/// # Errors
/// Where the server cannot be reached, or does not let robots ask.
pub async fn access(
    net: &Net,
    host: &Host,
    token: Option<&SecretString>,
) -> Result<TimelinesAccess, PollError> {
    let url = call(host, &["api", "v2", "instance"], &[]);
    match (Server { net, host, token }).get(&url, "what it is").await {
        Ok(fetched) => Ok(wire::parse_timelines_access(&fetched.body).unwrap_or_default()),
        Err(
            PollError::Fetch(
                FetchError::Missing { .. } | FetchError::Status { .. } | FetchError::Denied { .. },
            )
            | PollError::NeedsToken { .. },
        ) => Ok(TimelinesAccess::default()),
        Err(error) => Err(error),
    }
}

impl Timeline<'_> {
    /// What of it is open to us on a server with such rules.
    ///
    /// # Errors
    /// [`PollError::Closed`] where nothing is.
    pub fn open(
        self,
        access: TimelinesAccess,
        host: &Host,
        is_member: bool,
        now: DateTime<Utc>,
    ) -> Result<Part, PollError> {
        let (local, remote) = match self {
            Timeline::Live(_) => (access.live_local, access.live_remote),
            Timeline::Tag(_) => (access.tag_local, access.tag_remote),
        };
        let is_open = |access: Access| match access {
            Access::Public | Access::Unsaid => true,
            Access::Members => is_member,
            Access::Nobody => false,
        };
        match (is_open(local), is_open(remote)) {
            (true, _) if self == Timeline::Live(Scope::Local) => Ok(Part::Local),
            (true, true) => Ok(Part::Whole),
            (true, false) => Ok(Part::Local),
            (false, true) if self != Timeline::Live(Scope::Local) => Ok(Part::Remote),
            (false, _) => {
                let to =
                    if local == Access::Nobody { "to nobody" } else { "only to those who are logged in" };
                Err(PollError::Closed { host: host.clone(), what: self.what(), to, until: now + CLOSED_FOR })
            }
        }
    }

    fn what(self) -> &'static str {
        match self {
            Timeline::Live(Scope::Public) => "its public timeline",
            Timeline::Live(Scope::Local) => "its local timeline",
            Timeline::Tag(_) => "its timelines of hashtags",
        }
    }

    fn page(self, host: &Host, part: Part, below: Option<&str>) -> Url {
        let limit = PAGE.to_string();
        let mut parameters = vec![("limit", limit.as_str())];
        match part {
            Part::Whole => {}
            Part::Local => parameters.push(("local", "true")),
            Part::Remote => parameters.push(("remote", "true")),
        }
        parameters.extend(below.map(|id| ("max_id", id)));
        match self {
            Timeline::Live(_) => call(host, &["api", "v1", "timelines", "public"], &parameters),
            Timeline::Tag(tag) => call(host, &["api", "v1", "timelines", "tag", tag], &parameters),
        }
    }
}

/// Reads a timeline from the top: one page, and below it only while nothing known is met, at most `pages`.
/// Where nothing is known yet one page is enough. `None` where the first page is still the version that is known.
///
/// # Errors
/// [`PollError::Closed`] and [`PollError::NeedsToken`] where the server does not show it to us; otherwise what
/// the fetch or the reading of the first page said.
pub async fn read(
    server: (&Net, &Host, Option<&SecretString>),
    timeline: Timeline<'_>,
    part: Part,
    known: &[StatusUri],
    version: Option<&str>,
    pages: u32,
    now: DateTime<Utc>,
) -> Result<Option<Reading>, PollError> {
    let (net, host, token) = server;
    let server = Server { net, host, token };
    let mut descent = Descent::new(known, pages);
    while descent.goes_on() {
        let below = descent.below();
        let url = timeline.page(host, part, below);
        match page(server, &url, timeline, version.filter(|_| below.is_none()), now).await {
            Ok(Some((page, version))) => descent.take(page, Some(version)),
            Ok(None) => return Ok(None),
            Err(error) => descent.stop(error)?,
        }
    }
    Ok(Some(descent.reading))
}

/// A reading of a timeline under way: ask for the page [`Descent::below`] and hand it to [`Descent::take`] while it
/// [goes on](Descent::goes_on).
#[derive(Debug)]
pub(in crate::sources) struct Descent<'a> {
    known: &'a [StatusUri],
    pages_left: u32,
    below: Option<String>,
    is_over: bool,
    pub reading: Reading,
}

impl<'a> Descent<'a> {
    pub fn new(known: &'a [StatusUri], pages: u32) -> Descent<'a> {
        Descent { known, pages_left: pages.max(1), below: None, is_over: false, reading: Reading::default() }
    }

    pub fn goes_on(&self) -> bool {
        !self.is_over
    }

    /// The id of the last post of the page before; `None` for the first page.
    pub fn below(&self) -> Option<&str> {
        self.below.as_deref()
    }

    /// Takes a page and, of the first one, its version.
    pub fn take(&mut self, page: TimelinePage, version: Option<String>) {
        if self.below.is_none() {
            self.reading.version = version;
        }
        self.pages_left -= 1;
        let meets_known = page.posts.iter().any(|post| self.known.contains(&post.status.uri));
        self.reading.posts.extend(page.posts);
        self.reading.rejected.extend(page.rejected);
        self.below = page.last_id;
        self.is_over = self.known.is_empty()
            || meets_known
            || page.count < SHORTEST_FULL_PAGE
            || self.below.is_none()
            || self.pages_left == 0;
        if self.is_over && !self.known.is_empty() && !meets_known && page.count >= SHORTEST_FULL_PAGE {
            let count = self.reading.posts.len();
            let missed = format!("more than {count} posts came since the last look; some were not seen");
            self.reading.missed = self.below.as_ref().map(|_| missed);
        }
    }

    /// The page cannot be had.
    ///
    /// # Errors
    /// Where it is the first one; otherwise the reading says so.
    pub fn stop(&mut self, error: PollError) -> Result<(), PollError> {
        if self.below.is_none() {
            return Err(error);
        }
        self.reading.missed = Some(error.to_string());
        self.reading.is_broken_off = true;
        self.is_over = true;
        Ok(())
    }
}

async fn page(
    server: Server<'_>,
    url: &Url,
    timeline: Timeline<'_>,
    version: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<(TimelinePage, String)>, PollError> {
    let what = timeline.what();
    let fetched = server.get_if_changed(url, what, version).await.map_err(|error| match error {
        // How Mastodon says that a preview is switched off.
        PollError::Fetch(FetchError::Status { status: 422, .. }) => PollError::Closed {
            host: server.host.clone(),
            what,
            to: "only to those who are logged in",
            until: now + CLOSED_FOR,
        },
        error => error,
    })?;
    let Some((fetched, version)) = fetched else { return Ok(None) };
    let host = server.host.clone();
    let parsed = aside(move || wire::parse_timeline(&fetched.body, &host)).await;
    let mut page = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
    page.posts.retain(|post| is_its_own(&post.author, server.host));
    Ok(Some((page, version)))
}

/// A server may not give its own accounts the ids of others.
fn is_its_own(author: &Profile, host: &Host) -> bool {
    author.acct.host() != host || is_served_by(author, host)
}

/// The newest accounts of the server's directory, in which only those are who asked for that.
///
/// # Errors
/// As those of the account search.
pub async fn directory(
    net: &Net,
    host: &Host,
    token: Option<&SecretString>,
) -> Result<(Vec<Profile>, Vec<Rejected>), PollError> {
    let parameters = [("order", "new"), ("local", "true"), ("limit", "80")];
    let url = call(host, &["api", "v1", "directory"], &parameters);
    let fetched = Server { net, host, token }.get(&url, "its directory").await?;
    let asked = host.clone();
    let parsed = aside(move || wire::parse_accounts(&fetched.body, &asked)).await;
    let (mut profiles, rejected) = parsed.map_err(|error| PollError::parse(url.as_str(), error))?;
    profiles.retain(|profile| is_its_own(profile, host));
    Ok((profiles, rejected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_closes_is_not_asked_for() {
        let host = Host::parse("social.example").unwrap();
        let now: DateTime<Utc> = "2026-11-02T12:00:00Z".parse().unwrap();
        let access = |local, remote| TimelinesAccess {
            live_local: local,
            live_remote: remote,
            ..TimelinesAccess::default()
        };
        let open = |access, scope, is_member| {
            Timeline::Live(scope).open(access, &host, is_member, now).map_err(|error| error.to_string())
        };
        use Access::{Members, Nobody, Public, Unsaid};
        for (rules, scope, is_member, part) in [
            (access(Unsaid, Unsaid), Scope::Public, false, Part::Whole),
            (access(Unsaid, Unsaid), Scope::Local, false, Part::Local),
            (access(Public, Members), Scope::Public, false, Part::Local),
            (access(Public, Members), Scope::Public, true, Part::Whole),
            (access(Public, Nobody), Scope::Local, false, Part::Local),
            (access(Members, Nobody), Scope::Public, true, Part::Local),
            (access(Nobody, Public), Scope::Public, false, Part::Remote),
            (access(Members, Unsaid), Scope::Public, false, Part::Remote),
        ] {
            assert_eq!(open(rules, scope, is_member), Ok(part), "{rules:?} {scope:?}");
        }
        let closed = "social.example shows its local timeline only to those who are logged in; it is not asked before 2026-11-02 18:00 UTC";
        assert_eq!(open(access(Members, Public), Scope::Local, false), Err(closed.to_owned()));
        assert!(open(access(Nobody, Nobody), Scope::Public, true).unwrap_err().contains("to nobody"));
        let tags = Timeline::Tag("x").open(access(Nobody, Nobody), &host, false, now);
        assert_eq!(tags.unwrap(), Part::Whole);
        for (local, remote, is_member, part) in [
            (Nobody, Public, false, Part::Remote),
            (Members, Members, true, Part::Whole),
            (Public, Nobody, true, Part::Local),
        ] {
            let access =
                TimelinesAccess { tag_local: local, tag_remote: remote, ..TimelinesAccess::default() };
            assert_eq!(Timeline::Tag("x").open(access, &host, is_member, now).unwrap(), part);
        }
    }

    #[test]
    fn a_page_is_asked_for_bare_unless_more_is_needed() {
        let host = Host::parse("social.example").unwrap();
        let page = |timeline: Timeline<'_>, part, below| timeline.page(&host, part, below).to_string();
        assert_eq!(
            page(Timeline::Live(Scope::Local), Part::Local, None),
            "https://social.example/api/v1/timelines/public?limit=40&local=true"
        );
        assert_eq!(
            page(Timeline::Live(Scope::Public), Part::Remote, None),
            "https://social.example/api/v1/timelines/public?limit=40&remote=true"
        );
        assert_eq!(
            page(Timeline::Tag("新华社"), Part::Whole, Some("9")),
            "https://social.example/api/v1/timelines/tag/%E6%96%B0%E5%8D%8E%E7%A4%BE?limit=40&max_id=9"
        );
    }
}
