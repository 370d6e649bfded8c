//! Digests and the public record as people read them: exact posts with their lengths.

use std::fmt::Write as _;

use crate::cycle::publish::{DigestReport, PostLine, ReconcileReport};
use crate::ledger::Verified;
use crate::model::digest::PartState;

/// The exact posts, each with its length and what became of it.
pub(super) fn report(report: &DigestReport) -> String {
    let mut text = String::new();
    for post in &report.posts {
        let (language, visibility) = (&post.language, &post.visibility);
        let _ = writeln!(
            text,
            "── post {} · {} of {} characters · {language} · {visibility} · {}",
            post.part,
            post.length,
            post.limit,
            state(post)
        );
        let _ = writeln!(text, "{}\n", post.text);
    }
    report.dropped.iter().for_each(|why| {
        let _ = writeln!(text, "not posted, on the page only: {why}");
    });
    if report.postponed > 0 {
        let _ = writeln!(text, "{} findings come with the next digest", report.postponed);
    }
    if let Some(why) = &report.safe_mode {
        let _ = writeln!(text, "safe mode: {why}\n  masthead reconcile   shows the differences");
    }
    match report.number {
        Some(number) => writeln!(text, "digest {number}: {}", report.says),
        None => writeln!(text, "{}", report.says),
    }
    .expect("writing to a String succeeds");
    text
}

fn state(post: &PostLine) -> String {
    match &post.state {
        PartState::Waiting => "not posted".to_owned(),
        PartState::Posted { uri, url, .. } => format!("posted as {}", url.as_ref().unwrap_or(uri)),
        PartState::OnPageOnly { why } => format!("on the page only: {why}"),
        PartState::Withheld { why } => format!("withheld: {why}"),
        PartState::Held { why } => format!("held for a person: {why}"),
    }
}

/// What a comparison of ledger and server found, and what to do next.
pub(super) fn reconciled(report: &ReconcileReport) -> String {
    let mut text = String::new();
    for post in &report.posts {
        let stands = match (post.stands, &post.author) {
            (Some(true), _) => "stands".to_owned(),
            (Some(false), _) => "is NOT there".to_owned(),
            (None, Some(author)) => format!("not looked up, by {author}"),
            (None, None) => "not looked up".to_owned(),
        };
        let _ = writeln!(text, "digest {} post {}  {stands}  {}", post.digest, post.part, post.url);
    }
    report.unknown.iter().for_each(|url| {
        let _ = writeln!(text, "in no record      {url}");
    });
    if let Some(why) = &report.not_asked {
        let _ = writeln!(text, "the server was not asked: {why}");
    }
    report.adopted.iter().for_each(|url| {
        let _ = writeln!(text, "taken as ours     {url}");
    });
    report.taken_as_said.iter().for_each(|finding| {
        let _ = writeln!(text, "taken as said     {finding}");
    });
    report.cut_short.iter().for_each(|digest| {
        let _ = writeln!(
            text,
            "digest {digest} was under way and is closed: the ledger does not tell what was posted of it"
        );
    });
    if let Some(why) = &report.wrong_account {
        let _ = writeln!(text, "nothing was compared: {why}");
        if let Some(why) = &report.safe_mode {
            let _ = writeln!(text, "safe mode: {why}");
        }
        return text;
    }
    let closing = match (&report.safe_mode, report.is_reconciled) {
        (_, true) => "reconciled: this store is the ledger's from here on".to_owned(),
        (Some(why), false) => {
            format!(
                "safe mode: {why}\n  masthead reconcile --as NAME   takes this store as good and posts again"
            )
        }
        (None, false) => "store and ledger are in step; nothing to reconcile".to_owned(),
    };
    let _ = writeln!(text, "{closing}");
    text
}

/// What an offline check of the ledger found.
pub(super) fn verified(verified: &Verified) -> String {
    let mut text = format!(
        "{} records, chain whole, head {}\n{} posts; {} texts as approved, {} erased\n",
        verified.records, verified.head, verified.posted, verified.texts, verified.erased
    );
    verified.altered.iter().for_each(|path| {
        let _ = writeln!(text, "ALTERED after approval: {}", path.display());
    });
    if verified.torn_bytes > 0 {
        let _ = writeln!(
            text,
            "{} bytes after the last record: a write under way, or cut short by a crash",
            verified.torn_bytes
        );
    }
    text
}
