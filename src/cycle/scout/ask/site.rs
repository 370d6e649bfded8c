//! Sites of an outlet: what their front pages, their webfinger and their feeds say.

use chrono::{DateTime, Utc};
use url::Url;

use super::{Asker, Kind};
use crate::model::account::Host;
use crate::net::FetchError;
use crate::sources::PollError;
use crate::sources::feed::{self, FeedPoll};
use crate::sources::page::front::{self, Front};
use crate::sources::webfinger;

/// Feeds of one site that are read.
const FEEDS_PER_SITE: usize = 10;
/// Where feeds lie that no page names.
const USUAL_PATHS: [&str; 7] = ["feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json"];

/// A feed that answered.
#[derive(Debug)]
pub(in crate::cycle::scout) struct FeedSeen {
    pub url: Url,
    /// The page that names it; `None` where a usual path was tried.
    pub named_on: Option<Url>,
    pub items: usize,
    pub newest: Option<DateTime<Utc>>,
    /// Items that link to the outlet's sites.
    pub ours: usize,
}

impl Asker<'_> {
    /// The front page of a site, where it is not there already, and what follows from it.
    pub(super) async fn follow_front(&self, domain: &Host, front: Option<Front>) {
        let url = format!("https://{domain}/");
        let front = match front {
            Some(front) => Some(front),
            None => self.heard(&url, front::read(&self.net, &url)).await,
        };
        match &front {
            Some(front) => self.notes().fronts.push(front.clone()),
            // It does not answer at all; the reason was noted once.
            None if self.net.pause_of(domain).is_some() => return,
            None => {}
        }
        if self.record.kind != Kind::Exempt {
            self.ask_webfinger(domain).await;
        }
        self.ask_feeds(domain, front).await;
    }

    async fn ask_webfinger(&self, domain: &Host) {
        for user in webfinger::local_parts(&self.record.outlet, domain) {
            let place = format!("webfinger of {user}@{domain}");
            let Some(answer) = self.heard(&place, webfinger::ask(&self.net, domain, &user, self.now)).await
            else {
                // Whatever is wrong with this host is wrong with the next name as well.
                return;
            };
            self.notes().answers.extend(answer);
        }
    }

    /// Feeds that the front page names; where none of them is one, the usual paths.
    async fn ask_feeds(&self, domain: &Host, front: Option<Front>) {
        let (named_on, named) = front.map_or((None, vec![]), |front| (Some(front.url), front.feeds));
        let is_left_alone =
            |url: &Url| Host::of(url).is_some_and(|host| self.config.mastodon.opt_out.has_host(&host));
        let fresh: Vec<Url> =
            named.into_iter().filter(|url| !self.has_feed(url) && !is_left_alone(url)).collect();
        if fresh.len() > FEEDS_PER_SITE {
            let rest = fresh.len() - FEEDS_PER_SITE;
            self.miss(&format!("{rest} more feeds that {domain} names"), "only the first ones are read");
        }
        let mut has_answered = false;
        for url in fresh.into_iter().take(FEEDS_PER_SITE) {
            let seen = self.heard(url.as_str(), feed::read(&self.net, url.as_str(), None)).await;
            has_answered |= seen.is_some();
            self.note_feed(url, named_on.clone(), seen);
        }
        for path in USUAL_PATHS.iter().filter(|_| !has_answered) {
            let Ok(url) = Url::parse(&format!("https://{domain}/{path}")) else { continue };
            if self.has_feed(&url) || !self.may_ask() {
                continue;
            }
            match feed::read(&self.net, url.as_str(), None).await {
                Ok(seen) => {
                    self.note_feed(url, None, Some(seen));
                    return;
                }
                // Most of these paths lead nowhere, and some sites have a page for each.
                Err(PollError::Fetch(FetchError::Missing { .. }) | PollError::Parse { .. }) => {}
                Err(error) => {
                    self.miss(url.as_str(), &error.to_string());
                    return;
                }
            }
        }
        if !has_answered {
            self.miss(
                domain.as_str(),
                "no other feed at the usual paths (/feed, /rss.xml, /atom.xml and so on)",
            );
        }
    }

    fn note_feed(&self, url: Url, named_on: Option<Url>, seen: Option<FeedPoll>) {
        let Some(FeedPoll::Read { page, .. }) = seen else { return };
        let watchlist = &self.config.watchlist;
        let is_ours = |link: &str| self.record.is_ours(link, watchlist);
        let ours = page.items.iter().filter(|item| item.url.as_deref().is_some_and(is_ours)).count();
        // A date further ahead is wrong.
        let times = page.items.iter().filter_map(|item| item.claimed_at);
        let newest = times.filter(|at| *at <= self.now + chrono::Duration::days(1)).max();
        let items = page.items.len();
        self.notes().feeds.push(FeedSeen { url, named_on, items, newest, ours });
    }

    fn has_feed(&self, url: &Url) -> bool {
        let is_same = |known: &str| Url::parse(known).is_ok_and(|known| is_same_place(&known, url));
        self.record.outlet.feeds.iter().any(|feed| is_same(&feed.url))
            || self.notes().feeds.iter().any(|seen| is_same_place(&seen.url, url))
    }
}

/// Whether two addresses differ at most in scheme, `www.` and the closing slash.
pub(in crate::cycle::scout) fn is_same_place(one: &Url, other: &Url) -> bool {
    let bare = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
        (host, url.port(), url.path().trim_end_matches('/').to_owned(), url.query().map(str::to_owned))
    };
    bare(one) == bare(other)
}
