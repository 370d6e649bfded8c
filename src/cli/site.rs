//! The own sites of an account as people read them: who built them, by what they are measured, who has the same.

use crate::analysis::names;
use crate::cycle::commands::{SisterSite, SiteLine, SiteRead};

/// Letters of foreign text in one piece.
const LETTERS: usize = 100;

/// A sentence about each page: read and whose, marks, accounts it names, and sisters.
pub(super) fn told(site: &SiteLine) -> Vec<String> {
    let address = address(&site.url);
    let Some(read) = &site.read else {
        let why =
            site.trouble.as_ref().map_or("not read".to_owned(), |why| format!("not read: {}", clean(why)));
        return vec![format!("{address}  {why}")];
    };
    let led =
        if read.url == site.url { String::new() } else { format!(" leads to {}", self::address(&read.url)) };
    let hash: String = read.sha256.chars().take(12).collect();
    let seen = read.seen_at.format("%Y-%m-%d %H:%M");
    let whose = match read.confirmed {
        true => "links back with rel=me, so it is the account's",
        false => "does not link back with rel=me, so its marks count nothing",
    };
    let mut told = vec![format!("{address}{led}  seen {seen}, sha256 {hash}; {whose}")];
    told.extend(read.marks.iter().map(|mark| {
        let how_many = match mark.platform {
            true => "a tool of many, never counts".to_owned(),
            false => format!("on {} of {} unrelated sites", mark.owners, mark.of),
        };
        let ties: String = mark.ties.iter().map(|tie| format!("; {tie}")).collect();
        format!("{}: {}  ({how_many}){ties}", mark.kind.words(), clean(&mark.shown))
    }));
    told.extend(lists(read));
    told.extend(read.sisters.iter().map(sister));
    told.extend(site.trouble.as_ref().map(|why| format!("not read last time: {}", clean(why))));
    told
}

fn lists(read: &SiteRead) -> impl Iterator<Item = String> {
    let list = |label: &str, items: &[String]| {
        let items: Vec<String> = items.iter().map(|item| address(item)).collect();
        (!items.is_empty()).then(|| format!("{label}: {}", items.join(", ")))
    };
    list("names as its own", &read.names).into_iter().chain(list("feeds", &read.feeds))
}

fn sister(sister: &SisterSite) -> String {
    let accounts: Vec<String> = sister.accounts.iter().map(ToString::to_string).collect();
    let of = if accounts.is_empty() { String::new() } else { format!(" of {}", accounts.join(", ")) };
    let hash: String = sister.sha256.chars().take(12).collect();
    let (url, seen) = (address(&sister.url), sister.seen_at.format("%Y-%m-%d %H:%M"));
    format!(
        "one group with {url}{of}, which counts nothing: both have {}  seen {seen}, sha256 {hash}",
        clean(&sister.shown)
    )
}

fn clean(text: &str) -> String {
    names::clean_to(text, LETTERS)
}

/// An address without anything invisible that a terminal might obey.
fn address(url: &str) -> String {
    url.chars().filter(|character| !names::is_invisible(*character)).take(300).collect()
}
