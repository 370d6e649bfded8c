//! Accounts and posts as the AppView writes them, after the views of github.com/bluesky-social/atproto.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::records::{PROFILE, Record};
use super::{Entry, LABELER, Member, Repost};
use crate::sandbox::posts::Post;
use crate::sandbox::wire::timestamp;
use crate::sandbox::world::World;

/// What the service shows at a time.
#[derive(Debug, Clone, Copy)]
pub struct Views<'a> {
    pub world: &'a World,
    pub now: DateTime<Utc>,
}

impl Views<'_> {
    /// `profileViewBasic`, which stands beside each post.
    fn basic(&self, member: &Member) -> Value {
        json!({
            "did": member.did, "handle": member.handle(self.now), "displayName": member.person.display_name,
            "associated": { "activitySubscription": { "allowSubscriptions": "followers" } },
            "labels": self.labels(member), "createdAt": timestamp(member.claims(member.person.since)),
        })
    }

    /// `profileView`, as searches and lists show it: without any count.
    pub fn profile(&self, member: &Member) -> Value {
        let mut view = self.basic(member);
        view["description"] = self.record(member).value["description"].clone();
        view["indexedAt"] = timestamp(member.person.since).into();
        view
    }

    /// `profileViewDetailed`.
    pub fn detailed(&self, member: &Member) -> Value {
        let record = self.record(member).value;
        let mut view = self.profile(member);
        let of = |count: u64| Value::from(count);
        view["followersCount"] = of(member.person.followers.count(self.now));
        view["followsCount"] = of(member.person.following);
        view["postsCount"] = of(self.world.post_count(&member.person, self.now));
        view["associated"]["lists"] = of(0);
        view["associated"]["feedgens"] = of(0);
        view["associated"]["starterPacks"] = of(0);
        view["associated"]["labeler"] = false.into();
        for key in ["website", "pinnedPost"] {
            if let Some(value) = record.get(key) {
                view[key] = value.clone();
            }
        }
        view
    }

    /// `feedViewPost`.
    pub fn item(&self, member: &Member, entry: &Entry) -> Value {
        match entry {
            Entry::Post(post) => json!({ "post": self.post(member, post) }),
            Entry::Repost(repost) => self.passed_on(member, repost),
        }
    }

    /// A post above the others, since its author pinned it.
    pub fn pinned(&self, member: &Member, post: &Post) -> Value {
        let reason = json!({ "$type": "app.bsky.feed.defs#reasonPin" });
        json!({ "post": self.post(member, post), "reason": reason })
    }

    fn passed_on(&self, member: &Member, repost: &Repost) -> Value {
        let record = self.world.repost_record(member, repost);
        let post = self.post(&self.world.members[repost.author], &repost.post);
        json!({
            "post": post,
            "reason": {
                "$type": "app.bsky.feed.defs#reasonRepost", "by": self.basic(member),
                "uri": record.uri(&member.did), "cid": record.cid, "indexedAt": timestamp(repost.at),
            },
        })
    }

    fn post(&self, member: &Member, post: &Post) -> Value {
        let record = self.world.post_record(member, post);
        let mut view = json!({
            "uri": record.uri(&member.did), "cid": record.cid, "author": self.basic(member),
            "bookmarkCount": 0, "replyCount": 0, "repostCount": 0, "likeCount": post.key.salt % 3,
            "quoteCount": 0, "indexedAt": timestamp(post.key.at), "labels": [],
        });
        if let Some(embed) = record.value.get("embed") {
            view["embed"] = shown(embed, &member.did);
        }
        view["record"] = record.value;
        view
    }

    fn record(&self, member: &Member) -> Record {
        self.world.profile_record(member, self.now)
    }

    /// The holder's own words, and those of others; who wrote them tells them apart.
    fn labels(&self, member: &Member) -> Vec<Value> {
        let record = self.record(member);
        let own = record.value["labels"]["values"].as_array().cloned().unwrap_or_default();
        let own = own.into_iter().map(|label| {
            json!({
                "src": member.did, "uri": format!("at://{}/{PROFILE}/self", member.did), "cid": record.cid,
                "val": label["val"], "cts": record.value["createdAt"],
            })
        });
        let others = member.labels.iter().filter(|(at, _)| *at <= self.now);
        let others = others.map(|(at, val)| {
            json!({ "ver": 1, "src": LABELER, "uri": member.did, "val": val, "cts": timestamp(*at) })
        });
        own.chain(others).collect()
    }
}

/// What readers see of what a post holds beside its text.
fn shown(embed: &Value, did: &str) -> Value {
    if embed["external"].is_object() {
        return json!({ "$type": "app.bsky.embed.external#view", "external": embed["external"] });
    }
    let images = embed["images"].as_array().cloned().unwrap_or_default();
    let images = images.iter().map(|image| {
        let blob = image["image"]["ref"]["$link"].as_str().unwrap_or_default();
        let at = |size: &str| format!("https://cdn.bsky.app/img/{size}/plain/{did}/{blob}");
        json!({
            "thumb": at("feed_thumbnail"), "fullsize": at("feed_fullsize"), "alt": image["alt"],
            "aspectRatio": image["aspectRatio"],
        })
    });
    json!({ "$type": "app.bsky.embed.images#view", "images": images.collect::<Vec<_>>() })
}
