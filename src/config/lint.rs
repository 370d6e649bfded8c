//! Warnings: what is allowed and probably not meant, in the files that the maintainer can mend.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::account::{Host, Network};
use crate::model::outlet::{Control, Feed, FeedStatus};

use super::fault::Fault;
use super::merge::Merged;
use super::raw::{RawConfig, given, switched_on};
use super::records::{RawOutlet, is_read};
use super::spans::{At, Sources, Spot};

/// Warnings about the records; those of the built-in files are summed up in one.
pub(super) fn records(merged: &Merged, sources: &Sources, faults: &mut Vec<Fault>) {
    let mut quiet_builtin = Vec::new();
    for outlet in &merged.outlets {
        feeds(outlet, sources, &mut quiet_builtin, faults);
        accounts(outlet, sources, faults);
        names(outlet, sources, faults);
        if sources.is_own(outlet.spot) {
            faults.extend(control(outlet));
            faults.extend(nothing_to_prove(outlet));
        }
    }
    domains(merged, sources, faults);
    if !quiet_builtin.is_empty() {
        let count = quiet_builtin.len();
        quiet_builtin.dedup();
        let title = format!("{count} built-in feeds are dead, stale or empty");
        faults.push(Fault::warning(title).label(format!("of {}", quiet_builtin.join(", "))));
    }
}

/// Warnings about `config.toml` itself. `disabled` tells whether an outlet is switched off.
pub(super) fn settings(raw: &RawConfig, disabled: impl Fn(&str) -> bool, faults: &mut Vec<Fault>) {
    for At { value: account, spot } in &raw.accounts {
        if !account.enabled {
            continue;
        }
        if given(&account.proof).is_none() {
            faults.push(unproven(account.handle.spot).within(Some(*spot)));
        }
        if disabled(&account.outlet.value) {
            let fault = Fault::warning("account of an outlet that is switched off").at(account.outlet.spot);
            let label =
                format!("`{}` has enabled = false, so this account is not watched", account.outlet.value);
            faults.push(fault.label(label));
        }
    }
    faults.extend(unread(raw));
    faults.extend(unreachable_approvals(raw));
}

/// A folder for backups that is not there, or that goes when the state goes.
pub(super) fn backups(raw: &RawConfig, folder: &Path, state_dir: &Path, faults: &mut Vec<Fault>) {
    let Some(dir) = given(&raw.backup_dir) else { return };
    let path = folder.join(&dir.value);
    let fault = |title: &str, label: String| Fault::warning(title).at(dir.spot).label(label);
    if !path.is_dir() {
        let label = format!("{} is no folder: no backup can be made", path.display());
        let fault = fault("folder for backups that is not there", label);
        faults.push(fault.help("make it, for the user that runs the service; is its disk mounted?"));
    } else if path.starts_with(state_dir) {
        let fault = fault("backups beside what they are made of", "it lies in `state_dir`".to_owned());
        faults
            .push(fault.help("without `dir` they go there, too; a folder on another disk survives this one"));
    }
}

/// Accounts that are listed and that no source reads.
fn unread(raw: &RawConfig) -> Vec<Fault> {
    let enabled = || raw.accounts.iter().map(|account| &account.value).filter(|account| account.enabled);
    let fault = |spot, label: String| Fault::warning("account that is not read").at(spot).label(label);
    let sources = [
        (Network::Mastodon, &raw.mastodon.enabled, "[sources.mastodon]"),
        (Network::Bluesky, &raw.bluesky, "[sources.bluesky]"),
        (Network::Threads, &raw.threads.enabled, "[sources.threads]"),
    ];
    // Once is enough: the cause is one key.
    let off = sources.into_iter().filter(|(_, enabled, _)| switched_on(enabled).is_none());
    let first = off.filter_map(|(network, _, section)| {
        let account = enabled().find(|account| account.network == network)?;
        let fault = fault(account.handle.spot, format!("{section} is not enabled"));
        let before = match network {
            Network::Threads => "masthead login threads",
            _ => "set `contact`",
        };
        Some(fault.help(format!("{before}, then {section} enabled = true")))
    });
    first.collect()
}

/// Review settings that no number of reviewers at hand can meet.
fn unreachable_approvals(raw: &RawConfig) -> Vec<Fault> {
    let review = &raw.review;
    let is_publishing = switched_on(&raw.fediverse.enabled);
    let place =
        [&review.undisclosed, &review.official].into_iter().flatten().map(|number| number.spot).next();
    let reviewers = review.reviewers.as_deref();
    let listed = reviewers.and_then(|names| names.first()).map(|name| name.spot);
    // Where nothing is posted and nothing is said of reviewers, there is nothing to warn about.
    let Some(fallback) = place.or(listed).or(is_publishing) else { return Vec::new() };
    let names: Vec<&str> = reviewers.unwrap_or_default().iter().map(|name| name.value.as_str()).collect();
    let have = match names.len() {
        0 => "there is no reviewer".to_owned(),
        1 => format!("there is only 1 reviewer ({})", names[0]),
        count => format!("there are only {count} reviewers ({})", names.join(", ")),
    };
    let too_many = |number: &Option<At<u64>>, default: u32, key: &str, title: &str| {
        let needed = number.as_ref().map_or(u64::from(default), |number| number.value);
        let spot = number.as_ref().map_or(fallback, |number| number.spot);
        let fault = Fault::warning(title).at(spot).label(format!("{key} = {needed}, but {have}"));
        (needed > names.len() as u64).then_some(fault)
    };
    let undisclosed = too_many(
        &review.undisclosed,
        super::UNDISCLOSED,
        "undisclosed",
        "nothing undisclosed can ever be posted",
    );
    let official =
        too_many(&review.official, super::OFFICIAL, "official", "no official account can ever be posted");
    undisclosed.into_iter().chain(official).collect()
}

fn unproven(spot: Spot) -> Fault {
    Fault::warning("account without a page that proves it")
        .at(spot)
        .label("without `proof` it is shown as \"says it belongs to\"")
}

fn feeds(outlet: &RawOutlet, sources: &Sources, quiet_builtin: &mut Vec<String>, faults: &mut Vec<Fault>) {
    for At { value: feed, spot } in &outlet.feeds {
        let Some(word) = quiet(feed) else { continue };
        if !sources.is_own(*spot) {
            quiet_builtin.push(outlet.id.value.to_string());
            continue;
        }
        let label = match &feed.checked {
            Some(day) => format!("{} was {word} on {day}", feed.url),
            None => format!("{} is marked as {word}", feed.url),
        };
        let fault = Fault::warning(format!("{word} feed")).at(*spot).label(label);
        faults.push(fault.help("look for its new address, or take it out"));
    }
}

fn quiet(feed: &Feed) -> Option<&'static str> {
    match feed.status {
        FeedStatus::Dead => Some("dead"),
        FeedStatus::Stale => Some("stale"),
        FeedStatus::Empty => Some("empty"),
        FeedStatus::Working | FeedStatus::ReportedWorking | FeedStatus::Unverified => None,
    }
}

fn accounts(outlet: &RawOutlet, sources: &Sources, faults: &mut Vec<Fault>) {
    for At { value: account, spot } in outlet.accounts.iter().filter(|account| sources.is_own(account.spot)) {
        if account.confirmed && account.seen_in.is_none() {
            let fault = Fault::warning("confirmed account without a source").at(*spot);
            let label = format!("`{}` is confirmed, and nothing says by whom", account.handle);
            faults.push(fault.label(label).help("add seen_in = \"where you have it from\""));
        }
        if is_read(account.network) && account.proof.is_none() {
            faults.push(unproven(*spot));
        }
    }
}

fn names(outlet: &RawOutlet, sources: &Sources, faults: &mut Vec<Fault>) {
    let own = |name: &&At<String>| sources.is_own(name.spot);
    for name in outlet.name.iter().chain(&outlet.native_name).chain(&outlet.aliases).filter(own) {
        if is_too_short(&name.value) {
            let fault = Fault::warning("name that matches everywhere").at(name.spot);
            let label = format!("`{}` has only {} letters", name.value, name.value.chars().count());
            faults.push(fault.label(label).help("write a longer name, or leave it out of `aliases`"));
        }
    }
}

/// Two letters of an alphabet stand in every other name; two of a script that writes words do not.
fn is_too_short(name: &str) -> bool {
    let is_letter =
        |letter: char| !matches!(letter, '\u{2e80}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..);
    let least = if name.chars().all(is_letter) { 3 } else { 2 };
    name.chars().count() < least
}

fn control(outlet: &RawOutlet) -> Option<Fault> {
    let control = outlet.control.as_ref().filter(|control| control.value != Control::Unknown)?;
    let fault = Fault::warning("control without a basis").at(control.spot);
    let label = format!("nothing says who calls `{}` {}", outlet.id.value, control.value.as_str());
    let help = "add control_basis = [{ by = \"…\", says = \"…\", source = \"https://…\" }]; it is not printed without";
    outlet.control_basis.is_empty().then(|| fault.label(label).help(help))
}

fn nothing_to_prove(outlet: &RawOutlet) -> Option<Fault> {
    let is_enabled = outlet.enabled.as_ref().is_none_or(|enabled| enabled.value);
    let is_bare = outlet.domains.is_empty() && outlet.accounts.is_empty();
    let fault = Fault::warning("outlet with neither domains nor accounts").at(outlet.spot);
    let label = format!("no account can ever be proven to be of `{}`", outlet.id.value);
    (is_enabled && is_bare).then(|| fault.label(label).help("add domains = [\"…\"]"))
}

/// A domain in two records would prove an account to be of both.
fn domains(merged: &Merged, sources: &Sources, faults: &mut Vec<Fault>) {
    let outlets = merged.outlets.iter().map(|outlet| (outlet.id.value.as_str(), &outlet.domains));
    let exempt = merged.exempt.iter().map(|exempt| (exempt.id.value.as_str(), &exempt.domains));
    let mut owners: BTreeMap<&Host, (&str, Spot)> = BTreeMap::new();
    for (id, domains) in outlets.chain(exempt) {
        for domain in domains {
            let Some((other, earlier)) = owners.insert(&domain.value, (id, domain.spot)) else { continue };
            let spot = match sources.is_own(domain.spot) {
                true => domain.spot,
                false => earlier,
            };
            let fault = Fault::warning("domain in two records").at(spot);
            faults.push(fault.label(format!("{} is of `{other}` and of `{id}`", domain.value)));
        }
    }
}
