//! Names to addresses: the only addresses that are ever connected pass the classifier here.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::address::is_public;
use crate::model::account::Host;

/// Resolves for the HTTP client, which connects to what it gets from here and to nothing else.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    /// Names of configured hosts: for them any address will do.
    open: BTreeSet<String>,
}

/// A name leads to an address that is not public; one such answer among many refuses the name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` resolves to {}, which is not a public address", .address.ip())]
pub(super) struct ForbiddenAnswer {
    name: String,
    address: SocketAddr,
}

impl Resolver {
    pub fn new<'a>(configured: impl Iterator<Item = &'a Host>) -> Resolver {
        Resolver { open: configured.map(|host| host.name().to_owned()).collect() }
    }

    /// What may be connected of the answers for a name.
    fn judge(&self, name: &str, answers: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ForbiddenAnswer> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if self.open.contains(&name) {
            return Ok(answers);
        }
        match answers.iter().find(|answer| !is_public(answer.ip())) {
            Some(&address) => Err(ForbiddenAnswer { name, address }),
            None => Ok(answers),
        }
    }
}

impl Resolve for Resolver {
    /// Asks the system for A and AAAA; the client's connect timeout covers it.
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let answers = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses = resolver.judge(name.as_str(), answers)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn one_bad_answer_refuses_the_name() {
        let resolver = Resolver::new([].iter());
        let good = addresses(&["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(resolver.judge("social.example", good.clone()), Ok(good));
        let mixed = addresses(&["1.1.1.1", "2606:4700::1111", "10.0.0.1"]);
        assert_eq!(
            resolver.judge("social.example", mixed).unwrap_err().to_string(),
            "`social.example` resolves to 10.0.0.1, which is not a public address"
        );
        assert!(resolver.judge("social.example", addresses(&["::ffff:1.1.1.1"])).is_err());
    }

    #[test]
    fn a_configured_name_may_have_any_address() {
        let host = Host::parse("home.example:8443").unwrap();
        let resolver = Resolver::new([&host].into_iter());
        let answers = addresses(&["10.0.0.1"]);
        assert_eq!(resolver.judge("Home.example.", answers.clone()), Ok(answers.clone()));
        assert!(resolver.judge("sub.home.example", answers).is_err());
    }

    /// `localhost` is the one name that resolves without a network.
    #[tokio::test]
    async fn the_client_never_connects_to_a_name_with_a_forbidden_answer() {
        let canary = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", canary.local_addr().unwrap().port());
        let resolver = std::sync::Arc::new(Resolver::new([].iter()));
        let client = reqwest::Client::builder().no_proxy().dns_resolver(resolver).build().unwrap();
        let error = client.get(url).send().await.unwrap_err();
        assert!(error.is_connect());
        let nobody = tokio::time::timeout(std::time::Duration::from_millis(20), canary.accept()).await;
        assert!(nobody.is_err(), "the canary was connected");
    }
}
