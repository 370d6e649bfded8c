//! Threads asked for accounts of an outlet: by the names that its pages, other networks and its record have, each exactly.

use std::collections::BTreeSet;

use super::{Asker, Kind};
use crate::model::account::{Acct, Network};
use crate::sources::PollError;
use crate::sources::threads::refusal::Refusal;
use crate::sources::threads::{API, Threads};

/// Names that are looked up: they come out of the same 24 hours as what the service reads.
const MOST_NAMES: usize = 12;
/// Names there are no longer than this.
const LONGEST_NAME: usize = 30;

impl Asker<'_> {
    /// What is found is a candidate; what is not may still be there.
    pub async fn ask_threads(&self) {
        let Some(desk) = self.threads.as_ref().filter(|_| self.record.kind != Kind::Exempt) else { return };
        let interface = Threads { net: &self.net, desk };
        let (mut unseen, names) = (0_usize, self.names_on_threads());
        for acct in names {
            if !self.may_ask() {
                break;
            }
            self.note_asked(API.as_str());
            (self.say)(&format!("{}: {}", *API, acct.user()));
            match interface.profile(&acct, self.now).await {
                Ok(seen) => self.notes().accounts.push((acct, Ok(seen.profile))),
                Err(PollError::Threads(Refusal::NotShown { .. })) => unseen += 1,
                Err(error) => {
                    self.miss("Threads", &error.to_string());
                    break;
                }
            }
        }
        if unseen > 0 {
            let why = format!(
                "{unseen} names are not shown: they may not exist, have fewer than 100 followers, or not be shown to our app"
            );
            self.miss("Threads", &why);
        }
    }

    /// The outlet's own words first, then its handles elsewhere, then its names as somebody would write them there.
    fn names_on_threads(&self) -> Vec<Acct> {
        let (notes, outlet) = (self.notes(), &self.record.outlet);
        let linked = notes.fronts.iter().flat_map(|front| &front.elsewhere);
        let linked = linked.filter(|link| link.network == Network::Threads).map(|link| link.handle.clone());
        let is_bare = |network: Network| {
            matches!(network, Network::X | Network::Instagram | Network::Facebook | Network::Threads)
        };
        let listed = outlet.accounts.iter().filter(|account| is_bare(account.network));
        let listed = listed.map(|account| account.handle.clone());
        let squeezed =
            outlet.names().map(|name| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
        let words = squeezed.filter(|word| word.len() > 3);
        let mut seen = BTreeSet::new();
        let all = linked.chain(listed).chain(words).filter(|name| name.len() <= LONGEST_NAME);
        let accts = all.filter_map(|name| Acct::threads(&name).ok());
        let fresh = accts.filter(|acct| !self.config.leaves_alone(acct) && !self.has_account(acct));
        fresh.filter(|acct| seen.insert(acct.user().to_owned())).take(MOST_NAMES).collect()
    }
}
