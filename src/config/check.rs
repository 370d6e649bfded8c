//! From what the file says to settings that hold: ranges, addresses, and what needs what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::model::account::{Acct, Host};
use crate::model::digest::Visibility;

use super::fault::Fault;
use super::nearest::did_you_mean;
use super::raw::{RawConfig, RawKeep, RawReview, RawThreads, given, switched_on};
use super::records::web_address;
use super::secrets::{Reading, TokenFolders};
use super::spans::{At, Spot};
use super::watchlist::is_loopback;
use super::{
    AlertTo, BlueskySource, Discover, Fediverse, FeedsSource, Keep, Language, MastodonSource, OptOut,
    PagesSource, PublishFediverse, Review, Schedule, ThreadsSource, Web,
};

/// What is needed before others are asked for anything: an address to complain to.
pub(super) fn contact(raw: &RawConfig, faults: &mut Vec<Fault>) -> Option<String> {
    let user = [
        (switched_on(&raw.mastodon.enabled), "[sources.mastodon]"),
        (switched_on(&raw.bluesky), "[sources.bluesky]"),
        (switched_on(&raw.threads.enabled), "[sources.threads]"),
        (switched_on(&raw.fediverse.enabled), "[publish.fediverse]"),
    ];
    let Some(contact) = given(&raw.contact) else {
        if let Some((Some(switch), name)) = user.into_iter().find(|(switch, _)| switch.is_some()) {
            let spot = raw.contact.as_ref().map_or(switch, |contact| contact.spot);
            let fault = Fault::error("no contact").at(spot);
            let fault = fault.label(format!("{name} is enabled: servers are told whom to write to"));
            faults.push(fault.expected("contact = \"https://you.example/bot\", or an e-mail address"));
        }
        return None;
    };
    let text = contact.value.trim();
    if web_address(text).is_none() && !is_mail(text) {
        let fault = Fault::error("contact that nobody can follow").at(contact.spot);
        let fault = fault.label("neither an address of a page nor of a mailbox");
        faults.push(fault.expected("\"https://you.example/bot\" or \"you@mail.example\""));
        return None;
    }
    Some(text.to_owned())
}

fn is_mail(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let plain = |letter: char| letter.is_ascii_graphic() && !"<>()\"\\,;:@".contains(letter);
    !user.is_empty() && user.chars().all(plain) && host.contains('.') && Host::parse(host).is_ok()
}

/// `social.example` or `https://social.example`; plain http only on this machine.
pub fn server_host(text: &str) -> Option<Host> {
    if !text.contains("://") {
        return Host::parse(text).ok();
    }
    let url = Url::parse(text).ok()?;
    let host = Host::of(&url)?;
    let is_fit = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&host));
    (is_fit && url.path() == "/" && url.query().is_none() && url.username().is_empty()).then_some(host)
}

fn server(text: &At<String>, faults: &mut Vec<Fault>) -> Option<Host> {
    let host = server_host(&text.value);
    if host.is_none() {
        let fault = Fault::error("not a server").at(text.spot).label("this names no host");
        faults.push(fault.expected("\"social.example\" or \"https://social.example\""));
    }
    host
}

/// One of a few words.
fn one_of<T: Copy>(
    text: Option<&At<String>>,
    words: &[(&str, T)],
    key: &str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let text = text?;
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let fault = Fault::error(format!("`{key}` cannot be understood")).at(text.spot);
        let fault = fault.label("no such choice").expected(known.join(" or "));
        faults.push(fault.hint(did_you_mean(&text.value, known)));
    }
    found
}

pub(super) fn schedule(raw: &RawConfig, now: DateTime<Utc>, faults: &mut Vec<Fault>) -> Schedule {
    let zone = raw.timezone.as_ref().and_then(|text| super::schedule::timezone(text, faults));
    let timezone = zone.unwrap_or(chrono_tz::UTC);
    let written = raw.digest.as_ref().and_then(|text| {
        let schedule = super::schedule::digest(text, timezone, now, faults)?;
        Some((schedule, text.value.clone()))
    });
    let (digest, digest_text) = written.unwrap_or_else(|| {
        let usual = super::DIGEST.parse().expect("the default schedule is one");
        (usual, super::DIGEST.to_owned())
    });
    Schedule { timezone, digest, digest_text }
}

pub(super) fn mastodon(
    raw: &RawConfig,
    folders: TokenFolders<'_>,
    faults: &mut Vec<Fault>,
) -> MastodonSource {
    let enabled = switched_on(&raw.mastodon.enabled).is_some();
    let mut servers: Vec<Host> = Vec::new();
    let mut known = BTreeSet::new();
    for text in &raw.mastodon.servers {
        servers.extend(server(text, faults).filter(|host| known.insert(host.clone())));
    }
    let discover = match &raw.mastodon.discover {
        None => BTreeSet::from(Discover::USUAL),
        Some(words) => {
            words.iter().filter_map(|word| one_of(Some(word), &Discover::WORDS, "discover", faults)).collect()
        }
    };
    let opt_out = opt_out(&raw.mastodon.opt_out, &servers, faults);
    let mut tokens = BTreeMap::new();
    for (name, file) in &raw.mastodon.tokens {
        let host = server(name, faults);
        // While the source is off nobody needs the files.
        let token = enabled.then(|| token(file.spot, &file.value, folders, faults)).flatten();
        tokens.extend(host.zip(token));
    }
    MastodonSource { enabled, servers, discover, opt_out, tokens }
}

pub(super) fn bluesky(raw: &RawConfig, faults: &mut Vec<Fault>) -> BlueskySource {
    let mut opt_out = BTreeSet::new();
    for text in &raw.bluesky_opt_out {
        let name = text.value.trim().to_ascii_lowercase();
        if !name.starts_with("did:") && Acct::bluesky(&name).is_err() {
            let fault = Fault::error("nobody that could be left alone").at(text.spot);
            let fault = fault.label("this is neither a handle nor the id of an account");
            faults.push(fault.expected("\"news.example\" or \"did:plc:…\""));
        }
        opt_out.insert(name);
    }
    let enabled = switched_on(&raw.bluesky).is_some();
    let jetstream = switched_on(&raw.bluesky_jetstream);
    if let Some(switch) = jetstream.filter(|_| !enabled) {
        let fault = Fault::error("a stream that nobody reads").at(switch);
        let fault = fault.label("[sources.bluesky] is off");
        faults.push(fault.expected("enabled = true as well, or jetstream = false"));
    }
    BlueskySource { enabled, jetstream: jetstream.is_some(), opt_out }
}

pub(super) fn threads(raw: &RawThreads, folders: TokenFolders<'_>, faults: &mut Vec<Fault>) -> ThreadsSource {
    let mut opt_out = BTreeSet::new();
    for text in &raw.opt_out {
        let name = text.value.trim().to_ascii_lowercase();
        if Acct::threads(&name).is_err() {
            let fault = Fault::error("nobody that could be left alone").at(text.spot);
            let fault = fault.label("this is no name of an account on Threads");
            faults.push(fault.expected("the bare name, for example \"news_es\" (no @, no address)"));
        }
        opt_out.insert(name);
    }
    let written = given(&raw.token_file);
    let file = written.map_or(super::THREADS_TOKEN, |file| &file.value);
    let token_file = folders.locate(file).path;
    let before = faults.len();
    let switch = switched_on(&raw.enabled);
    let token =
        switch.and_then(|switch| token(written.map_or(switch, |file| file.spot), file, folders, faults));
    if let Some(fault) = faults.get_mut(before).filter(|_| !token_file.exists()) {
        *fault = fault.clone().help("masthead login threads   gets a token and puts it there");
    }
    ThreadsSource { enabled: switch.is_some(), token_file, token, opt_out }
}

/// Hosts and accounts that are left alone. A server that is listed elsewhere is one by mistake.
fn opt_out(texts: &[At<String>], servers: &[Host], faults: &mut Vec<Fault>) -> OptOut {
    let mut out = OptOut::default();
    let above = servers.iter().flat_map(|server| {
        let name = server.name();
        let parents = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
        std::iter::once(name).chain(parents)
    });
    let above: BTreeSet<&str> = above.collect();
    for text in texts {
        match (text.value.parse(), Host::parse(&text.value)) {
            (Ok(acct), _) => out.accounts.push(acct),
            (_, Ok(host)) => {
                if above.contains(host.name()) {
                    let fault = Fault::warning("server that is listed and left alone").at(text.spot);
                    faults.push(fault.label("it stands in `servers` too, and is not read"));
                }
                out.hosts.push(host);
            }
            _ => {
                let fault = Fault::error("nobody that could be left alone").at(text.spot);
                let fault = fault.label("this names neither a host nor an account");
                faults.push(
                    fault.expected("\"social.example\" or \"user@social.example\", without @ in front"),
                );
            }
        }
    }
    out
}

fn token(spot: Spot, file: &str, folders: TokenFolders<'_>, faults: &mut Vec<Fault>) -> Option<SecretString> {
    if folders.reading == Reading::Places {
        return None;
    }
    folders.locate(file).read().map_err(|fault| faults.push(fault.at(spot))).ok()
}

pub(super) fn pages(raw: &RawConfig) -> PagesSource {
    PagesSource { enabled: raw.pages.as_ref().is_none_or(|flag| flag.value) }
}

pub(super) fn feeds(raw: &RawConfig) -> FeedsSource {
    FeedsSource { enabled: raw.feeds.as_ref().is_none_or(|flag| flag.value) }
}

pub(super) fn review(raw: &RawReview, faults: &mut Vec<Fault>) -> Review {
    let mut reviewers: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    for name in raw.reviewers.iter().flatten() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_plain = (1..=40).contains(&name.value.len()) && name.value.bytes().all(plain);
        if !is_plain {
            let fault = Fault::error("not a reviewer's name").at(name.spot);
            let fault = fault.label("it becomes the name of a key file");
            faults.push(fault.expected("letters, digits, - and _, for example \"ana\""));
        } else if name.value.eq_ignore_ascii_case("masthead") {
            let fault = Fault::error("not a reviewer's name").at(name.spot);
            let fault = fault.label("in the record this stands for what no person decided");
            faults.push(fault.expected("a name of a person, for example \"ana\""));
        } else if !known.insert(name.value.to_ascii_lowercase()) {
            let fault = Fault::error("reviewer named twice").at(name.spot);
            faults.push(fault.label("one person's approvals count once"));
        } else {
            reviewers.push(name.value.clone());
        }
    }
    let number = |field: &Option<At<u64>>, default: u32| {
        field.as_ref().and_then(|number| u32::try_from(number.value).ok()).unwrap_or(default)
    };
    Review {
        reviewers,
        undisclosed: number(&raw.undisclosed, super::UNDISCLOSED),
        official: number(&raw.official, super::OFFICIAL),
        queue_days: number(&raw.queue_days, super::QUEUE_DAYS),
    }
}

pub(super) fn keep(raw: &RawKeep) -> Keep {
    let usual = super::KEEP;
    Keep {
        posts: raw.posts.as_ref().map_or(usual.posts, |span| span.value),
        evidence: raw.evidence.as_ref().map_or(usual.evidence, |span| span.value),
        disk: raw.disk.as_ref().map_or(usual.disk, |size| size.value),
    }
}

pub(super) fn fediverse(raw: &RawConfig, folders: TokenFolders<'_>, faults: &mut Vec<Fault>) -> Fediverse {
    let written = &raw.fediverse;
    let visibilities = [("unlisted", Visibility::Unlisted), ("public", Visibility::Public)];
    let languages = [("en", Language::En), ("es", Language::Es), ("zh", Language::Zh)];
    let reply_to = given(&written.reply_to);
    if let Some(url) = reply_to.filter(|url| web_address(&url.value).is_none()) {
        let fault = Fault::error("not an address").at(url.spot).label("this names no post");
        faults.push(
            fault.expected("the address of a post, for example \"https://social.example/@masthead/1\""),
        );
    }
    if let Some(spoiler) = written.spoiler.as_ref().filter(|text| text.value.contains(['@', '＠', '﹫', '#']))
    {
        let fault = Fault::error("spoiler that would notify or tag").at(spoiler.spot);
        faults.push(fault.label("it stands over every post").expected("a text without @ and #"));
    }
    let file = given(&written.token_file).map_or(super::TOKEN_FILE, |file| &file.value);
    Fediverse {
        enabled: switched_on(&written.enabled).is_some(),
        server: given(&written.server).and_then(|text| server(text, faults)),
        token_file: folders.locate(file).path,
        visibility: one_of(written.visibility.as_ref(), &visibilities, "visibility", faults)
            .unwrap_or(Visibility::Unlisted),
        reply_to: reply_to.map(|url| url.value.clone()),
        language: one_of(written.language.as_ref(), &languages, "language", faults).unwrap_or(Language::En),
        max_posts: written.max_posts.as_ref().map_or(super::MAX_POSTS, |number| number.value as u32),
        spoiler: written.spoiler.as_ref().map_or(String::new(), |text| text.value.trim().to_owned()),
    }
}

/// Where to post, once `[publish.fediverse]` is enabled and has all it needs.
pub(super) fn publish(
    raw: &RawConfig,
    fediverse: &Fediverse,
    folders: TokenFolders<'_>,
    faults: &mut Vec<Fault>,
) -> Option<PublishFediverse> {
    let switch = switched_on(&raw.fediverse.enabled)?;
    if given(&raw.fediverse.server).is_none() {
        let spot = raw.fediverse.server.as_ref().map_or(switch, |server| server.spot);
        let fault = Fault::error("no server to post to").at(spot).label("[publish.fediverse] is enabled");
        faults.push(fault.expected("server = \"https://social.example\", the server of the posting account"));
    }
    if given(&raw.public_url).is_none() {
        let spot = raw.public_url.as_ref().map_or(switch, |url| url.spot);
        let fault = Fault::error("no public_url").at(spot);
        let fault = fault.label("[publish.fediverse] is enabled: every post links to the site");
        faults.push(fault.expected("[web] public_url = \"https://masthead.example\""));
    }
    let written = given(&raw.fediverse.token_file);
    let file = written.map_or(super::TOKEN_FILE, |file| &file.value);
    let before = faults.len();
    let token = token(written.map_or(switch, |file| file.spot), file, folders, faults);
    if let Some(fault) = faults.get_mut(before).filter(|_| !fediverse.token_file.exists()) {
        let advice = "masthead login fediverse   gets a token and puts it there";
        *fault = fault.clone().help(advice);
    }
    Some(PublishFediverse { server: fediverse.server.clone()?, token: token? })
}

/// Who is told of troubles.
pub(super) fn alert(raw: &RawConfig, folders: TokenFolders<'_>, faults: &mut Vec<Fault>) -> Option<AlertTo> {
    let webhook = given(&raw.webhook)?;
    let url = web_address(webhook.value.trim()).and_then(|text| Url::parse(&text).ok());
    let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
    if url.is_none() {
        let fault = Fault::error("not an address to send alerts to").at(webhook.spot);
        let fault = fault.label("nothing can be sent there");
        faults.push(fault.expected("\"https://ntfy.example/masthead\", without a password in it"));
    }
    let token = given(&raw.webhook_token).and_then(|file| token(file.spot, &file.value, folders, faults));
    Some(AlertTo { webhook: url?, token })
}

pub(super) fn web(raw: &RawConfig, faults: &mut Vec<Fault>) -> Web {
    let usual = super::LISTEN.parse().expect("the default address is one");
    let listen = raw.listen.as_ref().map_or(Ok(usual), |text| {
        text.value.parse().map_err(|_| {
            let fault = Fault::error("not an address to listen on").at(text.spot);
            let fault = fault.label("expected an IP address and a port");
            faults.push(fault.expected("\"127.0.0.1:8787\", or \"[::1]:8787\""));
        })
    });
    let public_url = given(&raw.public_url).and_then(|text| {
        let url = web_address(text.value.trim()).and_then(|text| Url::parse(&text).ok());
        let url = url.filter(|url| url.query().is_none() && url.fragment().is_none());
        if url.is_none() {
            let fault = Fault::error("not an address of a site").at(text.spot);
            let fault = fault.label("readers could not follow it");
            faults.push(fault.expected("\"https://masthead.example\", without ? and #"));
        }
        if url.as_ref().is_some_and(|url| url.path() != "/") {
            let fault = Fault::error("site below a path").at(text.spot);
            let fault =
                fault.label("the pages link to each other from the root of their host, /method or /d/12");
            faults.push(fault.expected("a host of their own, for example \"https://masthead.example\""));
        }
        url
    });
    Web { listen: listen.unwrap_or(usual), public_url }
}

/// The folder of the configuration, against which its paths are read.
pub(super) fn folder(path: &Path) -> PathBuf {
    path.parent().map_or_else(PathBuf::new, Path::to_owned)
}
