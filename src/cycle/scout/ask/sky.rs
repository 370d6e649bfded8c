//! Bluesky, asked for an outlet's account: its domains as handles, its handles elsewhere, and a search for its names.
//!
//! The search is for people who ask, as those who run the service want it: this is the only place that searches.

use std::collections::BTreeSet;

use super::{Asker, Kind, MOST_ACCOUNTS, NAMES_PER_SERVER};
use crate::model::account::{Acct, Host, Network};
use crate::model::observation::Profile;
use crate::model::outlet::Outlet;
use crate::sources::bluesky::{AppView, handle};
use crate::sources::{PollError, page};

/// Handles are lent under it to everybody: somebody there who is called like an outlet elsewhere may be anybody.
const LENT: &str = "bsky.social";
/// Handles known from other networks that are tried there.
const MOST_GUESSES: usize = 5;

impl Asker<'_> {
    /// The service, and each domain of the outlet whose handle it may be.
    pub(super) async fn ask_sky(&self) {
        if self.record.kind == Kind::Exempt || !self.may_ask_sky() {
            return;
        }
        for domain in &self.record.outlet.domains {
            self.ask_handle(domain).await;
        }
        for guess in guesses(&self.record.outlet) {
            let place = format!("{guess} on Bluesky");
            let found = self.heard(&place, AppView::public(&self.net).resolve(&guess)).await;
            if let (Some(Some(_)), Ok(acct)) = (found, Acct::bluesky(guess.as_str())) {
                self.ask_member(acct, "by a handle that the outlet has elsewhere").await;
            }
        }
        let names: Vec<&str> = self.record.outlet.names().take(NAMES_PER_SERVER).collect();
        for name in names {
            let place = "account search of Bluesky";
            let Some(found) = self.heard(place, AppView::public(&self.net).search(name)).await else { break };
            let worth = found.into_iter().filter(|profile| self.is_worth(profile));
            worth.for_each(|profile| self.note_member(profile, place));
        }
    }

    /// Accounts there that front pages name.
    pub(super) async fn ask_named_members(&self) {
        let named: Vec<Acct> = {
            let notes = self.notes();
            let linked = notes.fronts.iter().flat_map(|front| &front.names);
            let linked = linked.filter_map(|naming| page::acct_of(&naming.target));
            let elsewhere = notes.fronts.iter().flat_map(|front| &front.elsewhere);
            let elsewhere = elsewhere.filter(|link| link.network == Network::Bluesky);
            let elsewhere = elsewhere.filter_map(|link| Acct::bluesky(&link.handle).ok());
            linked.chain(elsewhere).filter(|acct| acct.network() == Network::Bluesky).collect()
        };
        if named.is_empty() || !self.may_ask_sky() {
            return;
        }
        for acct in named.into_iter().take(MOST_ACCOUNTS) {
            self.ask_member(acct, "links of its front pages").await;
        }
    }

    /// Whether the service is asked at all; why not is said once.
    fn may_ask_sky(&self) -> bool {
        let why = match (&self.config.contact, self.config.bluesky.enabled) {
            (Some(_), true) => return true,
            (None, _) => "it is asked once `contact` is set, which its service sees",
            (Some(_), false) => "[sources.bluesky] is off",
        };
        self.miss("Bluesky", why);
        false
    }

    /// What a domain says of itself as a handle, and what the service knows, which looks in the DNS as well.
    async fn ask_handle(&self, domain: &Host) {
        if self.config.mastodon.opt_out.has_host(domain) {
            return;
        }
        let place = format!("{domain} as a handle on Bluesky");
        let sight = self.heard(&place, handle::ask(&self.net, domain, self.now)).await.flatten();
        let is_named = sight.is_some();
        self.notes().handles.extend(sight);
        let known = match is_named {
            true => true,
            false => {
                matches!(self.heard(&place, AppView::public(&self.net).resolve(domain)).await, Some(Some(_)))
            }
        };
        if let (true, Ok(acct)) = (known, Acct::bluesky(domain.as_str())) {
            self.ask_member(acct, "by the outlet's domain as its handle").await;
        }
    }

    async fn ask_member(&self, acct: Acct, by: &str) {
        if self.notes().accounts.iter().any(|(known, _)| known.is_same(&acct)) || !self.may_ask() {
            return;
        }
        if self.config.leaves_alone(&acct) {
            self.notes().left_alone += 1;
            return;
        }
        (self.say)("public.api.bsky.app: an account");
        match AppView::public(&self.net).look_up(&acct, self.now).await {
            Ok(profile) => self.note_member(profile, by),
            Err(error) if error.is_missing() => self.notes().missing += 1,
            Err(error) => self.note_unread(acct, &error),
        }
    }

    fn note_unread(&self, acct: Acct, error: &PollError) {
        if !self.has_account(&acct) {
            self.notes().accounts.push((acct, Err(error.to_string())));
        }
    }

    /// The service shows the whole profile at once.
    fn note_member(&self, profile: Profile, by: &str) {
        let is_left_alone =
            self.config.leaves_alone(&profile.acct) || self.config.bluesky.opt_out.contains(&profile.id.uri);
        let is_listed = self.has_account(&profile.acct);
        let mut notes = self.notes();
        if is_left_alone {
            notes.left_alone += 1;
        } else if !is_listed && !notes.accounts.iter().any(|(known, _)| known.is_same(&profile.acct)) {
            notes.shown.push((profile.clone(), by.to_owned()));
            notes.accounts.push((profile.acct.clone(), Ok(profile)));
        }
    }
}

/// Handles on Bluesky that somebody might take who is known by them elsewhere. What no host name can hold is a hyphen.
fn guesses(outlet: &Outlet) -> Vec<Host> {
    let known = outlet.accounts.iter().filter(|listed| listed.network != Network::Bluesky);
    let names =
        known.map(|listed| listed.handle.trim_start_matches('@').split('@').next().unwrap_or_default());
    let names = names.map(|name| name.to_lowercase().replace(['_', '.'], "-"));
    let mut seen = BTreeSet::new();
    let hosts = names.filter_map(|name| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_label =
            !name.is_empty() && name.chars().all(is_plain) && !name.starts_with('-') && !name.ends_with('-');
        Host::parse(&format!("{name}.{LENT}")).ok().filter(|_| is_label)
    });
    hosts.filter(|host| seen.insert(host.clone())).take(MOST_GUESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outlet::{ListedAccount, OutletId};

    #[test]
    fn a_handle_from_elsewhere_is_tried_as_a_host_name_once() {
        let listed = |network, handle: &str| ListedAccount {
            network,
            handle: handle.to_owned(),
            confirmed: false,
            proof: None,
            seen_in: None,
        };
        let accounts = vec![
            listed(Network::X, "Agencia_Oriental"),
            listed(Network::Instagram, "agencia.oriental"),
            listed(Network::Mastodon, "oriental@social.example"),
            listed(Network::Bluesky, "oriental.example"),
            listed(Network::Facebook, "新华社"),
            listed(Network::X, "_x"),
        ];
        let outlet = Outlet { accounts, ..Outlet::unknown(OutletId::parse("agency").unwrap()) };
        let hosts: Vec<String> = guesses(&outlet).iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["agencia-oriental.bsky.social", "oriental.bsky.social"]);
    }
}
