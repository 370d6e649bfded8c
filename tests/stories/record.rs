//! What must hold of everything that was said, whatever happened to the program on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::service::{Post, World};

/// The site of the program in the world's story.
const SITE: &str = "https://masthead.example/d/";

/// People of the story whom no post may name: an impostor, a mirror and somebody with a hobby.
const NEVER_NAMED: [&str; 3] = ["xinhua_official@", "@bridge.example", "caption_fan@"];

/// The digests that stand on a server: by number, their posts in the order of their parts.
///
/// Panics unless each part of each digest stands exactly once, in one chain of replies, and reads as the
/// house writes.
pub fn standing(world: &World, server: &str) -> BTreeMap<u32, Vec<Post>> {
    let posts = world.outbox(server);
    let mut digests: BTreeMap<u32, BTreeMap<u32, Post>> = BTreeMap::new();
    for post in &posts {
        assert_reads_well(post);
        let (digest, part) = place(post);
        if post.deleted {
            assert!(is_removed(world, &post.id), "{} was taken down without a record", post.id);
        } else if let Some(other) = digests.entry(digest).or_default().insert(part, post.clone()) {
            panic!("part {part} of digest {digest} stands twice: {} and {}", other.id, post.id);
        }
    }
    let whole = digests.into_iter().map(|(number, parts)| (number, chained(number, parts)));
    whole.collect()
}

/// The digest and the part of a post, by the address at its end.
fn place(post: &Post) -> (u32, u32) {
    let address = post.text.rsplit(SITE).next().filter(|_| post.text.contains(SITE));
    let mut numbers = address.unwrap_or_else(|| panic!("{post:?} has no address")).split('/');
    let mut number = || numbers.next().map(|number| number.trim().parse::<u32>().unwrap());
    (number().unwrap(), number().unwrap_or(0))
}

fn chained(digest: u32, parts: BTreeMap<u32, Post>) -> Vec<Post> {
    let mut chain: Vec<Post> = Vec::new();
    for (index, (part, post)) in (0..).zip(parts) {
        assert_eq!(part, index, "part {index} of digest {digest} is missing");
        let before = chain.last().map(|post| post.id.clone());
        assert_eq!(post.in_reply_to, before, "part {part} of digest {digest} answers something else");
        chain.push(post);
    }
    chain
}

fn assert_reads_well(post: &Post) {
    assert_eq!(post.mentions, Vec::<String>::new(), "{post:?}");
    assert_eq!((post.visibility.as_str(), post.language.as_deref()), ("unlisted", Some("en")), "{post:?}");
    let mut before = ' ';
    for character in post.text.chars() {
        assert!(character != '#' && (character != '@' || before.is_alphanumeric()), "{post:?}");
        before = character;
    }
    let named = NEVER_NAMED.iter().find(|name| post.text.contains(*name));
    assert_eq!(named, None, "{post:?}");
}

fn is_removed(world: &World, id: &str) -> bool {
    world.records("removed").iter().any(|entry| entry["id"] == id)
}

/// Panics unless the ledger is whole, every request in it has an outcome and every digest was posted whole.
pub fn assert_ledger_is_sound(world: &World) {
    let verified = world.ask(&["verify"]);
    assert_eq!(verified["altered"], serde_json::json!([]), "{verified}");
    assert_eq!(verified["torn_bytes"], 0, "{verified}");
    let entries = world.ledger();
    assert_eq!(verified["records"], entries.len());
    let part = |entry: &Value| (entry["digest"].as_u64(), entry["part"].as_u64());
    let is = |kind: &'static str| move |entry: &&Value| entry["record"] == kind;
    let posted: BTreeSet<_> = entries.iter().filter(is("posted")).map(part).collect();
    for intent in entries.iter().filter(is("intent")) {
        assert!(posted.contains(&part(intent)), "{intent} has no outcome");
    }
    for approved in entries.iter().filter(is("approved")) {
        let closed =
            entries.iter().rfind(|entry| is("closed")(entry) && entry["digest"] == approved["digest"]);
        assert_eq!(closed.map(|closed| &closed["complete"]), Some(&Value::Bool(true)), "{approved}");
    }
}

/// The handles that the posts of digests name.
pub fn names(digests: &BTreeMap<u32, Vec<Post>>, handle: &str) -> Vec<u32> {
    let naming = digests.iter().filter(|(_, posts)| posts.iter().any(|post| post.text.contains(handle)));
    naming.map(|(number, _)| *number).collect()
}
