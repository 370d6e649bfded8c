//! Domains: which registrable domains an account links to, in its profile and in its posts.

pub mod shared;

use std::collections::BTreeSet;

use crate::model::account::Host;
use crate::model::observation::Profile;
use crate::model::status::Status;

/// The registrable domains that a profile links to.
pub fn of_profile(profile: &Profile) -> BTreeSet<Host> {
    registrable_of(profile.links.iter().map(|link| link.url.as_str()))
}

/// The registrable domains that a post links to. A boost is somebody else's link.
pub fn of_post(status: &Status) -> BTreeSet<Host> {
    let own = status.links.iter().filter(|_| status.boost_of.is_none());
    registrable_of(own.map(String::as_str))
}

fn registrable_of<'a>(links: impl Iterator<Item = &'a str>) -> BTreeSet<Host> {
    links.filter_map(host_of).map(|host| registrable(&host)).collect()
}

/// The host of a link; `None` where it is no address.
pub fn host_of(link: &str) -> Option<Host> {
    Host::of(&url::Url::parse(link).ok()?)
}

/// The part of a name that somebody registered, after the public suffix list; the name itself where there is
/// none, as for bare addresses. Sites on a shared host that the list knows, as `paper.github.io`, are registered names of their own.
pub fn registrable(host: &Host) -> Host {
    let named = matches!(url::Host::parse(host.name()), Ok(url::Host::Domain(_)));
    let domain = psl::domain_str(host.name()).filter(|_| named);
    domain.and_then(|domain| Host::parse(domain).ok()).unwrap_or_else(|| host.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_belong_to_the_name_that_was_registered() {
        for (host, domain) in [
            ("news.paper.example", "paper.example"),
            ("www.paper.com.br", "paper.com.br"),
            ("paper.github.io", "paper.github.io"),
            ("127.0.0.1:4001", "127.0.0.1:4001"),
        ] {
            assert_eq!(registrable(&Host::parse(host).unwrap()).as_str(), domain, "{host}");
        }
    }
}
