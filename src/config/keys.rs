//! Every key of `config.toml` with its default and its reason.

use super::records::RECORD_KEYS;

/// One key, as `masthead config --all` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// With its section: `review.undisclosed`; `account` and `outlet` are written `[[account]]`, `[[outlet]]`.
    pub name: &'static str,
    /// As TOML, `None` where there is nothing unless it is written.
    pub default: Option<&'static str>,
    /// What it decides, and why somebody would write another value.
    pub reason: &'static str,
}

const fn key(name: &'static str, default: &'static str, reason: &'static str) -> Key {
    Key { name, default: Some(default), reason }
}

const fn bare(name: &'static str, reason: &'static str) -> Key {
    Key { name, default: None, reason }
}

/// The table, in the order of the example file.
pub fn keys() -> &'static [Key] {
    KEYS
}

/// Where a key belongs that somebody wrote in another section.
pub(super) fn home(word: &str) -> Option<String> {
    if RECORD_KEYS.contains(&word) {
        return Some("records of this kind belong in a watchlist file".to_owned());
    }
    let homes = KEYS.iter().filter_map(|key| key.name.rsplit_once('.'));
    let mut homes = homes.filter(|(_, name)| *name == word).map(|(section, _)| section);
    match (homes.next(), homes.next()) {
        (Some("account"), None) => Some("it belongs in [[account]]".to_owned()),
        (Some(section), None) => Some(format!("it belongs in [{section}]")),
        _ => None,
    }
}

const KEYS: &[Key] = &[
    key(
        "watchlist",
        r#"["builtin", "watchlist.d/*.toml"]"#,
        "files of outlets, read in this order; later records override fields and add to lists",
    ),
    key("state_dir", r#""./data""#, "the store, the ledger and the socket; with systemd /var/lib/masthead"),
    key(
        "contact",
        r#""""#,
        "URL or e-mail address that servers see in the User-Agent; needed before a server is read or posted to",
    ),
    key("schedule.timezone", r#""UTC""#, "the clock on the wall by which the digest is due"),
    key(
        "schedule.digest",
        r#""0 0 9 * * Mon""#,
        "when a digest is made: 6 fields, seconds first; days as names, since 1 is Sunday",
    ),
    key("sources.pages.enabled", "true", "read the home pages of outlets once a day; needs no login"),
    key(
        "sources.feeds.enabled",
        "true",
        "read the feeds of outlets and of independent agencies every ten minutes; what is copied is told by them",
    ),
    key("sources.mastodon.enabled", "false", "read servers of the Mastodon family; needs `contact`"),
    key(
        "sources.mastodon.servers",
        "[]",
        "where new accounts are looked for; each costs that server requests",
    ),
    key(
        "sources.mastodon.discover",
        r#"["timelines", "mentions", "search", "tags"]"#,
        "how new accounts are looked for, `directory` also; `followers` counts those of small suspects; [] reads known accounts only",
    ),
    key(
        "sources.mastodon.opt_out",
        "[]",
        "hosts, and accounts as user@host, that asked to be left alone: nothing of theirs is ever read",
    ),
    bare(
        "sources.mastodon.tokens",
        "host = file with an access token, for servers that show nothing without login",
    ),
    key(
        "sources.bluesky.enabled",
        "false",
        "read accounts on Bluesky from its public service, and ask outlets' domains for theirs; needs `contact`",
    ),
    key(
        "sources.bluesky.jetstream",
        "false",
        "look at every new post of Bluesky for accounts nobody knows yet; some GB a day, which `doctor` measures",
    ),
    key(
        "sources.bluesky.opt_out",
        "[]",
        "handles and ids of accounts that asked to be left alone: nothing of theirs is ever read",
    ),
    key(
        "sources.threads.enabled",
        "false",
        "read accounts on Threads with a token of an app that Meta has reviewed; `masthead login threads` first; needs `contact`",
    ),
    key(
        "sources.threads.token_file",
        r#""threads.token""#,
        "file with its access token, for nobody else to read; renewed ones are kept in `state_dir`",
    ),
    key(
        "sources.threads.opt_out",
        "[]",
        "names of accounts there that asked to be left alone: nothing of theirs is ever read",
    ),
    bare("account", "an account that you know belongs to an outlet; as many as you like"),
    bare("account.outlet", "id of the outlet, see `masthead outlets`"),
    key("account.network", r#""mastodon""#, "mastodon, threads or bluesky"),
    bare("account.handle", "user@host, without @ in front"),
    key(
        "account.proof",
        r#""""#,
        "page that shows it is theirs; without one it is shown as \"says it belongs to\"",
    ),
    key("account.enabled", "true", "false keeps the lines and does not watch the account"),
    bare(
        "outlet",
        "records as in the watchlist files, read last: for one outlet no file of its own is needed",
    ),
    key(
        "review.reviewers",
        "[]",
        "names of those who may approve; each makes a key with `masthead reviewer add NAME`",
    ),
    key(
        "review.undisclosed",
        "2",
        "approvals by different people that \"appears affiliated, does not say so\" needs",
    ),
    key("review.official", "0", "approvals that an account proven in both directions needs; 0 is none"),
    key(
        "review.queue_days",
        "14",
        "approvals older than this no longer count, and the finding waits again; nothing is posted or lost",
    ),
    key("publish.fediverse.enabled", "false", "post digests; needs `contact` and `web.public_url`"),
    key("publish.fediverse.server", r#""""#, "the server of the account that posts"),
    key(
        "publish.fediverse.token_file",
        r#""fediverse.token""#,
        "file with its access token, for nobody else to read; $CREDENTIALS_DIRECTORY is looked in first",
    ),
    key(
        "publish.fediverse.visibility",
        r#""unlisted""#,
        "unlisted or public; unlisted keeps digests out of the public timelines",
    ),
    key(
        "publish.fediverse.reply_to",
        r#""""#,
        "address of a standing post: digests become replies to it instead of new threads",
    ),
    key("publish.fediverse.language", r#""en""#, "en, es or zh"),
    key(
        "publish.fediverse.max_posts",
        "5",
        "posts a digest; the rest goes to its page and into the next one",
    ),
    key(
        "publish.fediverse.spoiler",
        r#""""#,
        "content warning over every post, where the server's customs ask for one",
    ),
    key(
        "keep.posts",
        r#""30d""#,
        "what accounts not under suspicion said is forgotten so long after it is last compared, which it is for 45 days",
    ),
    key(
        "keep.evidence",
        r#""5y""#,
        "evidence of findings that were never published goes so long after they were closed; what was said stays",
    ),
    key(
        "keep.disk",
        r#""4GB""#,
        "when the store's files are larger, the oldest posts go first, whatever their age; `masthead compact` shrinks them",
    ),
    key(
        "alert.webhook",
        r#""""#,
        "address that takes alerts as plain text by POST, as ntfy does: a blind source, a lost token, a full queue",
    ),
    bare("alert.token_file", "file with a bearer token for it, for nobody else to read"),
    key("web.listen", r#""127.0.0.1:8787""#, "address and port of the site; put a proxy with TLS before it"),
    key(
        "web.public_url",
        r#""""#,
        "where readers reach the site; needed for posting: every post links there",
    ),
    bare(
        "backup.dir",
        "folder for backups, `backups` in `state_dir` unless it is written; another disk survives the loss of this one",
    ),
    key("store.cache_mib", "32", "memory for the store; the process takes about 3.5 times as much for it"),
    bare("clock", "trials only: a clock that runs faster, allowed with loopback hosts only"),
    bare("clock.origin", "the time that the clock showed at `anchor`"),
    bare("clock.anchor", "the real time at which it showed `origin`"),
    bare("clock.rate", "how much faster than real time it runs"),
    bare("hosts", "trials only: name = \"127.0.0.1:port\" answers for that name"),
];
