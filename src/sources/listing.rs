//! Lists as servers of the fediverse send them, read item by item: an odd item costs itself and nothing else.

use serde_json::Value;

use super::json;
use crate::model::observation::Profile;
use crate::model::status::Status;
use crate::model::target::Rejected;

/// Servers send at most 40 or 80; whatever comes after this many is reported as one rejected item.
const MOST_ITEMS: usize = 200;

/// A page of an account's statuses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub statuses: Vec<Status>,
    pub rejected: Vec<Rejected>,
    /// How many items it had, those that could not be read or are not public included.
    pub count: usize,
    /// The id of its last item that has one: where the next page begins.
    pub last_id: Option<String>,
}

impl Page {
    /// Of a list, as its items are read one by one: `None` is not public.
    pub(super) fn of(items: &[Value], read: impl Fn(&Value) -> Result<Option<Status>, String>) -> Page {
        let (statuses, rejected) = each("status", items, read);
        Page { statuses, rejected, count: items.len(), last_id: last_id(items) }
    }
}

/// A post on a timeline, with who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub author: Profile,
    pub status: Status,
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimelinePage {
    pub posts: Vec<Post>,
    pub rejected: Vec<Rejected>,
    /// How many items it had, those that could not be read or are not public included.
    pub count: usize,
    /// The id of its last item that has one: where the next page begins.
    pub last_id: Option<String>,
}

impl TimelinePage {
    /// Of a list, as its items are read one by one: `None` is not public.
    pub(super) fn of(items: &[Value], read: impl Fn(&Value) -> Result<Option<Post>, String>) -> TimelinePage {
        let (posts, rejected) = each("status", items, read);
        TimelinePage { posts, rejected, count: items.len(), last_id: last_id(items) }
    }
}

/// What can be read of a list, and what cannot, with the reason.
pub(super) fn each<T>(
    kind: &str,
    items: &[Value],
    read: impl Fn(&Value) -> Result<Option<T>, String>,
) -> (Vec<T>, Vec<Rejected>) {
    let (mut good, mut rejected) = (vec![], overflow(kind, items));
    for (index, item) in items.iter().take(MOST_ITEMS).enumerate() {
        match read(item) {
            Ok(value) => good.extend(value),
            Err(why) => rejected.push(reject(kind, index, item, why)),
        }
    }
    (good, rejected)
}

fn last_id(items: &[Value]) -> Option<String> {
    let ids = items.iter().take(MOST_ITEMS).rev().map(|item| item.get("id").and_then(json::id));
    ids.flatten().next()
}

fn reject(kind: &str, index: usize, item: &Value, why: String) -> Rejected {
    let item_name = format!("{kind} {} of the page", index + 1);
    Rejected { item: item_name, why, excerpt: json::excerpt(item.to_string().as_bytes()) }
}

/// What is said of items beyond the number that is read.
fn overflow(kind: &str, items: &[Value]) -> Vec<Rejected> {
    let beyond = items.len().saturating_sub(MOST_ITEMS);
    let why = format!("the page has {} items; expected at most {MOST_ITEMS}", items.len());
    let item = format!("the last {beyond} items of kind {kind} of the page");
    if beyond > 0 { vec![Rejected { item, why, excerpt: String::new() }] } else { vec![] }
}
