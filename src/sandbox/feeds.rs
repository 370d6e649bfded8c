//! Feeds of sites: RSS, Atom and JSON Feed, with validators for conditional requests.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::cast::{Channel, Format, Site};
use super::markup::escape;
use super::newsroom::{self, NewsItem};
use super::random::mix;
use super::reply;
use super::world::World;

/// So many items does a feed show.
pub const SHOWN: usize = 30;

/// The feed as it stands now, or 304 for who has it already.
pub fn answer(
    world: &World,
    site: &Site,
    channel: &Channel,
    now: DateTime<Utc>,
    asked: &HeaderMap,
) -> Response {
    let items =
        newsroom::bureau(channel.bureau).map(|bureau| world.front(bureau, now, SHOWN)).unwrap_or_default();
    let tag = mix(&items.iter().map(|item| item.number).collect::<Vec<u64>>());
    let tag = format!("\"{tag:016x}\"");
    let changed = items.first().map_or(world.origin, |item| item.at);
    let mut response = if is_known(asked, &tag, changed) {
        reply::bare(StatusCode::NOT_MODIFIED)
    } else {
        let (content_type, body) = match channel.format {
            Format::Rss => ("text/xml; charset=utf-8", rss(site, channel, &items)),
            Format::Atom => ("application/atom+xml; charset=utf-8", atom(site, channel, &items, changed)),
            Format::JsonFeed => ("application/feed+json; charset=utf-8", json_feed(site, channel, &items)),
        };
        reply::plain(content_type, body)
    };
    reply::set(&mut response, "etag", &tag);
    reply::set(&mut response, "last-modified", &http_date(changed));
    reply::set(&mut response, "cache-control", "max-age=60");
    response
}

/// What links to a feed from a page's head.
pub fn link(channel: &Channel) -> String {
    let kind = match channel.format {
        Format::Rss => "application/rss+xml",
        Format::Atom => "application/atom+xml",
        Format::JsonFeed => "application/feed+json",
    };
    format!(
        r#"<link rel="alternate" type="{kind}" title="{}" href="{}">"#,
        escape(channel.title),
        escape(channel.path)
    )
}

/// `If-None-Match` decides where it is sent; the date only where it is not (RFC 9110, 13.2.2).
fn is_known(asked: &HeaderMap, tag: &str, changed: DateTime<Utc>) -> bool {
    let text = |name| asked.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        let weakly = |other: &str| other.trim().trim_start_matches("W/") == tag;
        return tags.split(',').any(weakly) || tags.trim() == "*";
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    since.is_some_and(|since| changed.timestamp() <= since.timestamp())
}

fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn rss(site: &Site, channel: &Channel, items: &[Arc<NewsItem>]) -> String {
    let mut body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{}</title><link>https://{}/</link><description>{}</description><language>{}</language>"#,
        escape(channel.title),
        site.host,
        escape(site.about),
        language(channel)
    );
    for item in items {
        write!(
            body,
            r#"<item><title>{}</title><link>{1}</link><guid isPermaLink="true">{1}</guid><pubDate>{2}</pubDate><description><![CDATA[<p>{3}</p>]]></description></item>"#,
            escape(&item.title),
            escape(&item.link),
            item.at.format("%a, %d %b %Y %H:%M:%S +0000"),
            escape(&item.text)
        )
        .expect("writing to a string does not fail");
    }
    body.push_str("</channel></rss>");
    body
}

fn atom(site: &Site, channel: &Channel, items: &[Arc<NewsItem>], changed: DateTime<Utc>) -> String {
    let stamp = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut body = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{0}"><id>tag:{1},2020:{0}</id><title>{2}</title><updated>{3}</updated><link rel="self" href="https://{1}{4}"/><author><name>{5}</name></author>"#,
        language(channel),
        site.host,
        escape(channel.title),
        stamp(changed),
        channel.path,
        escape(site.title)
    );
    for item in items {
        write!(
            body,
            r#"<entry><id>tag:{},2020:{:016x}</id><title>{}</title><link href="{}"/><published>{4}</published><updated>{4}</updated><summary type="html">{5}</summary></entry>"#,
            site.host,
            item.number,
            escape(&item.title),
            escape(&item.link),
            stamp(item.at),
            escape(&format!("<p>{}</p>", escape(&item.text)))
        )
        .expect("writing to a string does not fail");
    }
    body.push_str("</feed>");
    body
}

fn json_feed(site: &Site, channel: &Channel, items: &[Arc<NewsItem>]) -> String {
    let items: Vec<Value> = items
        .iter()
        .map(|item| {
            json!({
                "id": format!("{:016x}", item.number), "url": item.link, "title": item.title,
                "content_text": item.text, "date_published": item.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            })
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1", "title": channel.title, "language": language(channel),
        "home_page_url": format!("https://{}/", site.host),
        "feed_url": format!("https://{}{}", site.host, channel.path), "items": items,
    });
    feed.to_string()
}

fn language(channel: &Channel) -> &'static str {
    newsroom::bureau(channel.bureau).map_or("en", |bureau| bureau.tag)
}
