//! Sheets: statuses and accounts as JSON text, written once for all requests that get the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::cast::Person;
use super::posts::{Post, PostKey};
use super::random::of_name;
use super::wire::View;

/// A piece of JSON; that of a status has a gap where its account belongs, which changes by the hour.
#[derive(Debug)]
pub struct Sheet {
    before: String,
    /// `None` = there is no gap.
    after: Option<String>,
}

/// All that the bytes of a sheet follow from, on one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SheetKey {
    Status { at: i64, salt: u64, edited: bool, population: usize },
    Account { who: (u64, u64), counts: [i64; 3], last: Option<NaiveDate>, verified: usize, population: usize },
}

/// What stands in the gap while a status is written; no string in JSON can contain it.
const GAP: &str = r#""account":"@@""#;

impl View<'_> {
    /// Posts as a page of statuses.
    pub fn page<'p>(&self, posts: impl IntoIterator<Item = (&'p Person, Arc<Post>)>) -> Vec<String> {
        let population = self.world.population(self.now);
        let mut accounts: BTreeMap<String, Arc<Sheet>> = BTreeMap::new();
        let written = posts.into_iter().map(|(author, post)| {
            let status = self.status_sheet(author, &post, population);
            let Some(after) = &status.after else { return status.before.clone() };
            let account =
                accounts.entry(author.acct.to_string()).or_insert_with(|| self.account_sheet(author));
            format!("{}\"account\":{}{after}", status.before, account.before)
        });
        written.collect()
    }

    /// An account as text.
    pub fn account_text(&self, person: &Person) -> String {
        self.account_sheet(person).before.clone()
    }

    fn status_sheet(&self, author: &Person, post: &Post, population: usize) -> Arc<Sheet> {
        let PostKey { at, salt } = post.key;
        let edited = post.edit.as_ref().is_some_and(|(at, _)| *at <= self.now);
        let key = SheetKey::Status { at: at.timestamp_millis(), salt, edited, population };
        self.world.sheets.of((self.server.host.clone(), key), || {
            let mut status = self.post(author, post);
            if status["account"].is_object() {
                status["account"] = "@@".into();
            }
            let text = status.to_string();
            Arc::new(match text.split_once(GAP) {
                Some((before, after)) => Sheet { before: before.to_owned(), after: Some(after.to_owned()) },
                None => Sheet { before: text, after: None },
            })
        })
    }

    fn account_sheet(&self, person: &Person) -> Arc<Sheet> {
        let verified =
            person.fields.iter().filter(|field| field.verified_at.is_some_and(|at| at <= self.now)).count();
        let key = SheetKey::Account {
            who: (of_name(person.acct.user()), of_name(person.acct.host().as_str())),
            counts: self.counts(person),
            last: self.last_status(person).map(|at| at.date_naive()),
            verified,
            population: self.world.population(self.now),
        };
        let write = || Arc::new(Sheet { before: self.account(person).to_string(), after: None });
        self.world.sheets.of((self.server.host.clone(), key), write)
    }
}
