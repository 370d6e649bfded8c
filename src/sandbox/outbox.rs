//! What clients of the world posted, edited and deleted: a file of events that outlives a restart.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::model::account::Host;

use super::cast::Server;
use super::random::{mix, of_name};

/// A status that a client made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub server: Host,
    pub id: String,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub draft: Draft,
    /// The `Idempotency-Key` it came with.
    pub key: Option<String>,
    pub edited_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a client asked to be posted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Draft {
    pub text: String,
    pub spoiler: String,
    pub visibility: String,
    pub language: Option<String>,
    pub in_reply_to: Option<String>,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Posted(Sent),
    Edited { server: Host, id: String, at: DateTime<Utc>, text: String, spoiler: String },
    Deleted { server: Host, id: String, at: DateTime<Utc> },
}

/// All statuses of all clients, oldest first, deleted ones included.
///
/// Its methods write one short line in place: a status counts as made only when it is in the file.
#[derive(Debug)]
pub struct Outbox {
    sent: Vec<Sent>,
    file: File,
}

impl Outbox {
    /// Reads the events of earlier runs. A torn last line is what a kill leaves: it was never answered.
    ///
    /// # Errors
    /// The file cannot be read or created.
    pub fn open(path: &Path) -> io::Result<Outbox> {
        let written = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !written.is_empty() && !written.ends_with('\n') {
            writeln!(file)?;
        }
        let mut outbox = Outbox { sent: Vec::new(), file };
        for event in written.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            outbox.apply(event);
        }
        Ok(outbox)
    }

    /// All that was ever sent through a server, oldest first.
    pub fn of<'a>(&'a self, server: &'a Host) -> impl DoubleEndedIterator<Item = &'a Sent> {
        self.sent.iter().filter(move |sent| sent.server == *server)
    }

    /// A status that is still there.
    pub fn find(&self, server: &Host, id: &str) -> Option<&Sent> {
        let mut all = self.sent.iter();
        all.find(|sent| sent.server == *server && sent.id == id && sent.deleted_at.is_none())
    }

    /// What was sent with this key, if the server remembers keys and still remembers this one.
    pub fn by_key(&self, server: &Server, key: &str, now: DateTime<Utc>) -> Option<&Sent> {
        let kept: Duration = server.habits.idempotency?;
        let here = |sent: &&Sent| sent.server == server.host && now - sent.at < kept;
        self.sent.iter().rev().filter(here).find(|sent| sent.key.as_deref() == Some(key))
    }

    /// # Errors
    /// The event could not be written; then nothing has happened.
    pub fn post(
        &mut self,
        server: &Server,
        draft: Draft,
        key: Option<String>,
        now: DateTime<Utc>,
    ) -> io::Result<Sent> {
        let ids = server.habits.ids;
        let newest = self.of(&server.host).filter_map(|sent| ids.read(&sent.id)).max();
        let salt = mix(&[of_name(server.host.as_str()), self.sent.len() as u64]);
        let mut id = ids.make(now, salt);
        if let Some(newest) = newest.filter(|newest| *newest >= id) {
            id.0 = newest.0 + 1;
        }
        let id = ids.text(id);
        let host = server.host.clone();
        let sent = Sent { server: host, id, at: now, draft, key, edited_at: None, deleted_at: None };
        self.record(Event::Posted(sent.clone()))?;
        Ok(sent)
    }

    /// Replaces the text of a status; `None` where there is no such status.
    ///
    /// # Errors
    /// The event could not be written; then nothing has happened.
    pub fn edit(
        &mut self,
        server: &Host,
        id: &str,
        (text, spoiler): (String, String),
        now: DateTime<Utc>,
    ) -> io::Result<Option<Sent>> {
        if self.find(server, id).is_none() {
            return Ok(None);
        }
        self.record(Event::Edited { server: server.clone(), id: id.to_owned(), at: now, text, spoiler })?;
        Ok(self.find(server, id).cloned())
    }

    /// Takes a status down; replies to it stay and point to nothing. `None` where there is no such status.
    ///
    /// # Errors
    /// The event could not be written; then nothing has happened.
    pub fn delete(&mut self, server: &Host, id: &str, now: DateTime<Utc>) -> io::Result<Option<Sent>> {
        let Some(sent) = self.find(server, id).cloned() else { return Ok(None) };
        self.record(Event::Deleted { server: server.clone(), id: id.to_owned(), at: now })?;
        Ok(Some(sent))
    }

    fn record(&mut self, event: Event) -> io::Result<()> {
        let mut line = serde_json::to_string(&event)?;
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.file.flush()?;
        self.apply(event);
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Posted(sent) => self.sent.push(sent),
            Event::Edited { server, id, at, text, spoiler } => {
                if let Some(sent) = self.any(&server, &id) {
                    sent.draft.text = text;
                    sent.draft.spoiler = spoiler;
                    sent.edited_at = Some(at);
                }
            }
            Event::Deleted { server, id, at } => {
                if let Some(sent) = self.any(&server, &id) {
                    sent.deleted_at = Some(at);
                }
            }
        }
    }

    fn any(&mut self, server: &Host, id: &str) -> Option<&mut Sent> {
        self.sent.iter_mut().find(|sent| sent.server == *server && sent.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::story;

    fn draft(text: &str) -> Draft {
        Draft { text: text.to_owned(), ..Draft::default() }
    }

    #[test]
    fn a_key_is_remembered_for_one_hour_where_keys_mean_something() {
        let dir = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(&dir.path().join("statuses.jsonl")).unwrap();
        let servers = story::official(1, story::ORIGIN).servers;
        let (mastodon, gotosocial) = (&servers[0], &servers[2]);
        let now = story::ORIGIN;
        for server in [mastodon, gotosocial] {
            outbox.post(server, draft("one"), Some("k".to_owned()), now).unwrap();
        }
        let minutes = |count| now + Duration::minutes(count);
        assert!(outbox.by_key(mastodon, "k", minutes(59)).is_some());
        assert!(outbox.by_key(mastodon, "k", minutes(60)).is_none());
        assert!(outbox.by_key(mastodon, "other", minutes(1)).is_none());
        assert!(outbox.by_key(gotosocial, "k", minutes(1)).is_none());
    }

    #[test]
    fn everything_is_there_after_a_restart_and_a_torn_line_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("statuses.jsonl");
        let servers = story::official(1, story::ORIGIN).servers;
        let (server, now) = (&servers[0], story::ORIGIN);
        let mut outbox = Outbox::open(&path).unwrap();
        let one = outbox.post(server, draft("one"), None, now).unwrap();
        let two = outbox.post(server, draft("two"), None, now).unwrap();
        assert!(two.id > one.id);
        outbox.delete(&server.host, &one.id, now).unwrap().unwrap();
        outbox.edit(&server.host, &two.id, ("three".into(), String::new()), now).unwrap().unwrap();
        let before: Vec<Sent> = outbox.of(&server.host).cloned().collect();
        drop(outbox);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"event\":\"pos").unwrap();
        let mut outbox = Outbox::open(&path).unwrap();
        assert_eq!(outbox.of(&server.host).cloned().collect::<Vec<_>>(), before);
        outbox.post(server, draft("four"), None, now).unwrap();
        assert_eq!(Outbox::open(&path).unwrap().of(&server.host).count(), 3);
        assert!(outbox.find(&server.host, &one.id).is_none());
        assert_eq!(outbox.find(&server.host, &two.id).unwrap().draft.text, "three");
    }
}
