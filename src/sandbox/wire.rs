//! Accounts and statuses as JSON, written by hand after each server family, so that a mistake in our own
//! reading code cannot hide in shared types.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::cast::{Indexing, Kind, Person, Server, Upkeep};
use super::habits::AccountShape;
use super::ids::LocalId;
use super::markup::{self, Meaning};
use super::outbox::{Outbox, Sent};
use super::posts::{Picture, Post, PostKey};
use super::timelines::Entry;
use super::world::World;

/// A server's view of the world at one time.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub world: &'a World,
    pub server: &'a Server,
    pub outbox: &'a Outbox,
    pub now: DateTime<Utc>,
}

/// ISO 8601 with milliseconds, as all of these servers write it.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// What a status says, from whichever side of the world it comes.
struct Said<'a> {
    author: &'a Person,
    id: String,
    home_id: String,
    at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    text: &'a str,
    spoiler: &'a str,
    visibility: &'a str,
    language: Option<&'a str>,
    in_reply_to: Option<String>,
    picture: Picture,
}

impl View<'_> {
    /// An account as this server's API writes it.
    pub fn account(&self, person: &Person) -> Value {
        let world = self.world;
        let page = world.account_page(person);
        let is_local = *person.acct.host() == self.server.host;
        let acct = if is_local { person.acct.user().to_owned() } else { person.acct.to_string() };
        let picture = format!("https://{}/avatars/original/missing.png", self.server.host);
        let [followers, following, statuses] = self.counts(person);
        let indexable = person.indexing == Indexing::Welcome;
        let mut account = json!({
            "id": world.account_id(self.server, person), "username": person.acct.user(), "acct": acct,
            "display_name": person.display_name, "locked": false, "bot": person.kind == Kind::Bot,
            "discoverable": indexable, "indexable": indexable, "noindex": !indexable, "group": false,
            "created_at": person.since.format("%Y-%m-%dT00:00:00.000Z").to_string(),
            "note": self.html(person.note), "url": page, "uri": world.account_uri(person),
            "avatar": picture, "avatar_static": picture, "header": picture, "header_static": picture,
            "followers_count": followers, "following_count": following, "statuses_count": statuses,
            "last_status_at": self.last_status(person).map(|at| at.format("%Y-%m-%d").to_string()),
            "hide_collections": null, "emojis": [], "roles": [], "fields": self.fields(person),
        });
        if let (Some(fields), true) =
            (account.as_object_mut(), self.server.habits.account != AccountShape::Full)
        {
            for name in ["uri", "indexable", "noindex", "hide_collections"] {
                fields.remove(name);
            }
        }
        account
    }

    /// The account of the caller, with what only its holder sees.
    pub fn own_account(&self, person: &Person) -> Value {
        let mut account = self.account(person);
        account["source"] = json!({
            "privacy": "public", "sensitive": false, "language": "en", "note": person.note,
            "fields": [], "follow_requests_count": 0,
        });
        account["role"] = json!({
            "id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": false,
        });
        account
    }

    /// A post of the world's own people. A poisoned one is an item that no client can make sense of.
    pub fn post(&self, author: &Person, post: &Post) -> Value {
        let id = self.id_text(post.key);
        if post.state == Upkeep::Poisoned {
            return json!({
                "id": id, "uri": null, "url": 7, "created_at": "yesterday", "content": { "lost": true },
                "account": null, "visibility": [], "media_attachments": "none",
            });
        }
        let edit = post.edit.as_ref().filter(|(at, _)| *at <= self.now);
        self.status(&Said {
            author,
            home_id: self.home_id(author, post.key),
            id,
            at: post.key.at,
            edited_at: edit.map(|(at, _)| *at),
            text: edit.map_or(&post.text, |(_, text)| text),
            spoiler: "",
            visibility: "public",
            language: Some(author.voice.language().tag()),
            in_reply_to: post.reply_to.map(|parent| self.id_text(parent)),
            picture: post.picture,
        })
    }

    /// What this server shows of a person's day, newest first.
    pub fn posts_on<'b>(&self, person: &'b Person, day: i64) -> Vec<(LocalId, Entry<'b>)> {
        let (world, server) = (self.world, self.server);
        let posts = world.day(person, day);
        let shown = posts.iter().rev().filter(|post| world.is_shown(server, person, post, self.now));
        shown.map(|post| (world.post_id(server, post.key), Entry::Made(person, post.clone()))).collect()
    }

    /// A status that a client posted here.
    pub fn sent(&self, author: &Person, sent: &Sent) -> Value {
        let mut status = self.status(&Said {
            author,
            id: sent.id.clone(),
            home_id: sent.id.clone(),
            at: sent.at,
            edited_at: sent.edited_at,
            text: &sent.draft.text,
            spoiler: &sent.draft.spoiler,
            visibility: &sent.draft.visibility,
            language: sent.draft.language.as_deref(),
            in_reply_to: sent.draft.in_reply_to.clone(),
            picture: Picture::None,
        });
        status["application"] = json!({ "name": "masthead", "website": null });
        status
    }

    fn status(&self, said: &Said) -> Value {
        let account_id = self.world.account_id(self.server, said.author);
        let parent_account = said.in_reply_to.as_deref().and_then(|id| self.author_id(id)).or_else(|| {
            // Servers remember whose the lost parent was: in this world always the author's own.
            said.in_reply_to.is_some().then(|| account_id.clone())
        });
        json!({
            "id": said.id, "created_at": timestamp(said.at), "edited_at": said.edited_at.map(timestamp),
            "in_reply_to_id": said.in_reply_to, "in_reply_to_account_id": parent_account,
            "sensitive": !said.spoiler.is_empty(), "spoiler_text": said.spoiler,
            "visibility": said.visibility, "language": said.language,
            "uri": self.world.status_uri(said.author, &said.home_id),
            "url": self.world.status_page(said.author, &said.home_id),
            "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
            "content": self.html(said.text), "reblog": null, "account": self.account(said.author),
            "media_attachments": self.media(said), "mentions": self.mentions(said.text),
            "tags": self.tags(said.text), "emojis": [], "card": null, "poll": null,
        })
    }

    /// Whom a text mentions: accounts that exist, each once.
    pub fn mentions(&self, text: &str) -> Vec<Value> {
        let mut found: Vec<&Person> = Vec::new();
        for span in markup::spans(text) {
            let Meaning::Mention { user, host } = span.what else { continue };
            let Some(person) = self.person_named(&user, host.as_deref()) else { continue };
            if !found.iter().any(|known| known.acct == person.acct) {
                found.push(person);
            }
        }
        let mention = |person: &Person| {
            let account = self.account(person);
            json!({
                "id": account["id"], "username": account["username"], "acct": account["acct"],
                "url": account["url"],
            })
        };
        found.into_iter().map(mention).collect()
    }

    /// Somebody as addressed on this server, `user` or `user@host`.
    pub fn person_named(&self, user: &str, host: Option<&str>) -> Option<&Person> {
        let host = host.unwrap_or(self.server.host.as_str());
        let acct = format!("{user}@{host}").parse().ok()?;
        self.world.person(&acct, self.now)
    }

    /// Text as this server's HTML.
    pub fn html(&self, text: &str) -> String {
        markup::html(text, self.server.host.as_str(), |user, host| {
            self.person_named(user, host).map(|person| self.world.account_page(person))
        })
    }

    pub fn id_text(&self, key: PostKey) -> String {
        self.server.habits.ids.text(self.world.post_id(self.server, key))
    }

    fn home_id(&self, author: &Person, key: PostKey) -> String {
        let home = self.world.server(author.acct.host()).unwrap_or(self.server);
        home.habits.ids.text(self.world.post_id(home, key))
    }

    /// The account that made the status with this id, while it is there.
    fn author_id(&self, id: &str) -> Option<String> {
        let desk = self.server.desk.as_ref().filter(|_| self.outbox.find(&self.server.host, id).is_some());
        let person = match desk {
            Some(desk) => self.world.person(&desk.acct, self.now)?,
            None => self.world.post_by_id(self.server, id, self.now)?.0,
        };
        Some(self.world.account_id(self.server, person))
    }

    /// Followers, followed and statuses, as this server tells them.
    pub fn counts(&self, person: &Person) -> [i64; 3] {
        if self.server.habits.account == AccountShape::WithoutUriOrCounts {
            return [-1, -1, -1];
        }
        let statuses = match self.world.desk(person) {
            Some(_) => self.own_statuses(person).count() as u64,
            None => self.world.post_count(person, self.now),
        };
        let followers = person.followers.count(self.now);
        [followers, person.following, statuses].map(|count| i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// What a desk has posted and not deleted, oldest first.
    fn own_statuses<'a>(&'a self, person: &'a Person) -> impl DoubleEndedIterator<Item = &'a Sent> {
        self.outbox.of(person.acct.host()).filter(|sent| sent.deleted_at.is_none())
    }

    pub fn last_status(&self, person: &Person) -> Option<DateTime<Utc>> {
        match self.world.desk(person) {
            Some(_) => self.own_statuses(person).next_back().map(|sent| sent.at),
            None => self.world.posts(self.server, person, self.now).next().map(|post| post.key.at),
        }
    }

    fn fields(&self, person: &Person) -> Value {
        let shown = person.fields.iter().map(|field| {
            let verified = field.verified_at.filter(|at| *at <= self.now).map(timestamp);
            let value = format!(
                r#"<a href="{0}" target="_blank" rel="nofollow noopener me" translate="no">{0}</a>"#,
                markup::escape(field.value)
            );
            json!({ "name": field.name, "value": value, "verified_at": verified })
        });
        shown.collect()
    }

    fn media(&self, said: &Said) -> Value {
        let url = format!("https://{}/media/{}.png", self.server.host, said.id);
        let url = match said.picture {
            Picture::None => return json!([]),
            Picture::Shown => Some(url),
            Picture::Lost => None,
        };
        json!([{
            "id": format!("{}1", said.id), "type": "image", "url": url, "preview_url": url,
            "remote_url": null, "meta": null, "description": "a picture that was never taken",
            "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
        }])
    }

    fn tags(&self, text: &str) -> Value {
        let tags = markup::spans(text).into_iter().filter(|span| span.what == Meaning::Tag);
        tags.map(|span| {
            let name = text[span.range].trim_start_matches('#').to_lowercase();
            json!({ "name": name, "url": format!("https://{}/tags/{name}", self.server.host) })
        })
        .collect()
    }
}
