//! Which addresses and URLs are read: the public ones, and those that the configuration names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Url;

use super::NetConfig;
use super::error::{FetchError, shown, shown_text};
use crate::model::account::Host;

/// A longer URL is no address of a profile or page.
const LONGEST_URL: usize = 8 << 10;

/// Last labels of names that do not lead into the public Internet.
const PRIVATE_SUFFIXES: [&str; 7] = ["local", "internal", "onion", "i2p", "arpa", "test", "localhost"];

/// A URL that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub url: Url,
    pub host: Host,
    pub way: Way,
}

/// How a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the name alone, at public addresses only.
    Foreign,
    /// Named by the operator: any address will do.
    Configured,
    /// Answered from this machine.
    Mapped(SocketAddr),
}

impl Target {
    /// Checks a text that claims to be a URL.
    pub fn parse(text: &str, config: &NetConfig) -> Result<Target, FetchError> {
        let refused = |why: String| FetchError::Refused { url: shown_text(text), why };
        if text.len() > LONGEST_URL {
            return Err(refused(format!("it is longer than {LONGEST_URL} bytes")));
        }
        let url = Url::parse(text).map_err(|error| refused(format!("it is not a URL: {error}")))?;
        Target::of(url, config)
    }

    /// Where a redirect from here leads, if it may be followed.
    pub fn redirected(&self, location: &str, config: &NetConfig) -> Result<Target, FetchError> {
        let refused = |url: String, why: String| FetchError::Refused { url, why };
        if location.len() > LONGEST_URL {
            return Err(refused(self.shown(), format!("it redirects to more than {LONGEST_URL} bytes")));
        }
        let url = self.url.join(location).map_err(|error| {
            refused(self.shown(), format!("it redirects to `{}`: {error}", shown_text(location)))
        })?;
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(refused(shown(&url), format!("{} redirects to it from https to http", self.shown())));
        }
        Target::of(url, config)
    }

    fn of(url: Url, config: &NetConfig) -> Result<Target, FetchError> {
        let seen = shown(&url);
        check(url, config).map_err(|why| FetchError::Refused { url: seen, why })
    }

    /// The URL as it may be printed.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    /// The name under which a foreign host spends its day's budget: its registrable domain, so that
    /// subdomains share one. `None` for configured hosts, which have none.
    pub fn budget_name(&self, config: &NetConfig) -> Option<String> {
        if config.allowed.contains(&self.host) {
            return None;
        }
        let name = self.host.name();
        match self.url.host() {
            Some(url::Host::Domain(_)) => Some(psl::domain_str(name).unwrap_or(name).to_owned()),
            _ => Some(name.to_owned()),
        }
    }
}

/// The check of a parsed URL: scheme, no user, host, port, address.
fn check(mut url: Url, config: &NetConfig) -> Result<Target, String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is `{}`; expected http or https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a user or a password".to_owned());
    }
    let bare = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    // The same host is always spelled the same, so that no rule below is passed by a final dot.
    url.set_host(Some(&bare)).map_err(|error| format!("its host `{bare}` is none: {error}"))?;
    url.set_fragment(None);
    let host = Host::of(&url).ok_or("it has no host")?;
    if let Some(address) = config.hosts.get(&host) {
        return Ok(Target { url, host, way: Way::Mapped(*address) });
    }
    if config.allowed.contains(&host) {
        return Ok(Target { url, host, way: Way::Configured });
    }
    // Our resolver is asked for names only: one name cannot be configured and foreign at the same time.
    if let Some(other) = config.allowed.iter().find(|allowed| allowed.name() == host.name()) {
        return Err(format!("`{host}` is not configured, but `{other}` is"));
    }
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        return Err(format!("port {port} of a host that is not configured; expected 80 or 443"));
    }
    match url.host() {
        Some(url::Host::Ipv4(address)) => public(address.into())?,
        Some(url::Host::Ipv6(address)) => public(address.into())?,
        _ => public_name(host.name())?,
    }
    Ok(Target { url, host, way: Way::Foreign })
}

fn public(address: IpAddr) -> Result<(), String> {
    if is_public(address) { Ok(()) } else { Err(format!("{address} is not a public address")) }
}

fn public_name(name: &str) -> Result<(), String> {
    match name.rsplit_once('.') {
        None => Err(format!("`{name}` is not a public name; expected one with a dot")),
        Some((_, last)) if PRIVATE_SUFFIXES.contains(&last) => {
            Err(format!("`.{last}` is not a public suffix"))
        }
        Some(_) => Ok(()),
    }
}

/// The one classifier: whether an address lies in the public Internet.
///
/// IPv4 minus the special-purpose ranges of the IANA registry, IPv6 by [`is_public_v6`].
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Special-purpose ranges of IPv4 and the length of their prefixes, from the IANA registry (RFC 6890).
const SPECIAL_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(net, length): &(Ipv4Addr, u32)| (address.to_bits() ^ net.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(within)
}

/// Global unicast, the only part of IPv6 that is handed out. Mapped, NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
/// loopback, unique local, link-local and multicast addresses all lie outside of it.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Special-purpose ranges within global unicast.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    // Protocol assignments, with Teredo, benchmarking and ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 carries an IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |(net, length): &(Ipv6Addr, u32)| (address.to_bits() ^ net.to_bits()) >> (128 - length) == 0;
    let segments = address.segments();
    // ISATAP (RFC 5214) hides an IPv4 address in the interface id, under any prefix.
    let isatap = matches!(segments[4], 0x0000 | 0x0200) && segments[5] == 0x5efe;
    within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(within) && !isatap
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::Timeouts;
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    /// One mapped name and one configured host with a port of its own.
    fn config() -> NetConfig {
        NetConfig {
            user_agent: "Masthead/0 (test)".to_owned(),
            hosts: BTreeMap::from([(host("social.example"), "127.0.0.1:40123".parse().unwrap())]),
            allowed: BTreeSet::from([host("127.0.0.1:4001"), host("home.internal")]),
            timeouts: Timeouts::default(),
        }
    }

    fn why(url: &str) -> String {
        match Target::parse(url, &config()) {
            Err(FetchError::Refused { why, .. }) => why,
            other => panic!("{url} gave {other:?}"),
        }
    }

    #[test]
    fn only_public_addresses_are_public() {
        let table = [
            ("1.1.1.1", true),
            ("8.8.8.8", true),
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("128.0.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("192.0.1.0", true),
            ("192.31.195.255", true),
            ("192.88.98.255", true),
            ("192.167.255.255", true),
            ("198.17.255.255", true),
            ("198.20.0.0", true),
            ("223.255.255.255", true),
            ("2606:4700:4700::1111", true),
            ("2001:200::1", true),
            ("2a00:1450:4001:80b::200e", true),
            ("2620:4f:8001::1", true),
            ("3ffe::1", true),
            ("0.0.0.0", false),
            ("0.255.255.255", false),
            ("10.0.0.0", false),
            ("10.255.255.255", false),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.0", false),
            ("172.31.255.255", false),
            ("192.0.0.1", false),
            ("192.0.0.255", false),
            ("192.0.2.1", false),
            ("192.31.196.1", false),
            ("192.52.193.1", false),
            ("192.88.99.1", false),
            ("192.168.0.1", false),
            ("192.175.48.1", false),
            ("198.18.0.0", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:1.1.1.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::101:101", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("2001::1", false),
            ("2001:0:1::1", false),
            ("2001:1ff::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("2002:a00:1::1", false),
            ("2620:4f:8000::1", false),
            ("3fff::1", false),
            ("3fff:fff::1", false),
            ("4000::1", false),
            ("5f00::1", false),
            ("2a00:1450::5efe:7f00:1", false),
            ("2a00:1450::200:5efe:a00:1", false),
        ];
        for (address, public) in table {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn a_mapped_and_a_configured_host_are_reached_in_their_own_way() {
        let target = |url| Target::parse(url, &config()).unwrap();
        let mapped = target("HTTPS://Social.Example./x#top");
        assert_eq!(mapped.way, Way::Mapped("127.0.0.1:40123".parse().unwrap()));
        assert_eq!(mapped.url.as_str(), "https://social.example/x");
        assert_eq!(mapped.budget_name(&config()).as_deref(), Some("social.example"));
        let configured = target("http://127.0.0.1:4001/x");
        assert_eq!((configured.way, configured.budget_name(&config())), (Way::Configured, None));
        assert_eq!(target("https://home.internal/").way, Way::Configured);
        let foreign = target("https://a.b.daily.example:80/x");
        assert_eq!((foreign.way, foreign.host.as_str()), (Way::Foreign, "a.b.daily.example:80"));
        assert_eq!(foreign.budget_name(&config()).as_deref(), Some("daily.example"));
        assert_eq!(target("https://1.1.1.1/").budget_name(&config()).as_deref(), Some("1.1.1.1"));
        assert_eq!(target("https://github.io/").budget_name(&config()).as_deref(), Some("github.io"));
    }

    #[test]
    fn a_refusal_says_why() {
        for (url, expected) in [
            ("ftp://social.example/", "its scheme is `ftp`; expected http or https"),
            ("file:///etc/passwd", "its scheme is `file`; expected http or https"),
            ("https://me@social.example/", "it carries a user or a password"),
            ("https://:s3cret@social.example/", "it carries a user or a password"),
            ("https://daily.example:8080/", "port 8080 of a host that is not configured; expected 80 or 443"),
            (
                "https://social.example:8080/",
                "port 8080 of a host that is not configured; expected 80 or 443",
            ),
            ("http://127.0.0.1/", "`127.0.0.1` is not configured, but `127.0.0.1:4001` is"),
            ("http://[::1]/", "::1 is not a public address"),
            ("http://0x7f.1.0.2/", "127.1.0.2 is not a public address"),
            ("http://localhost/", "`localhost` is not a public name; expected one with a dot"),
            ("http://router/", "`router` is not a public name; expected one with a dot"),
            ("http://com./", "`com` is not a public name; expected one with a dot"),
            ("http://printer.LOCAL./", "`.local` is not a public suffix"),
            ("http://a.internal/", "`.internal` is not a public suffix"),
            ("http://1.0.0.127.in-addr.arpa/", "`.arpa` is not a public suffix"),
            ("no url", "it is not a URL: relative URL without a base"),
        ] {
            assert_eq!(why(url), expected, "{url}");
        }
        for name in
            ["a.onion", "a.i2p", "a.test", "a.localhost", "home.arpa", "%6cocalhost", "ｌｏｃａｌｈｏｓｔ"]
        {
            assert!(why(&format!("http://{name}/")).contains("is not a public"), "{name}");
        }
        assert!(why(&format!("https://daily.example/{}", "x".repeat(9000))).contains("longer than"));
    }

    #[test]
    fn a_redirect_passes_the_same_checks_and_never_leaves_encryption() {
        let from = Target::parse("https://social.example/a/b?c", &config()).unwrap();
        let to = |location| from.redirected(location, &config());
        assert_eq!(to("../x").unwrap().url.as_str(), "https://social.example/x");
        assert_eq!(to("//daily.example/x").unwrap().url.as_str(), "https://daily.example/x");
        for location in [
            "http://social.example/",
            "http:///daily.example/",
            "//[::ffff:7f00:1]/",
            "//me@daily.example/",
            "https://2130706433/",
            "javascript:alert(1)",
            "data:text/html,x",
            "//",
            "\\\\127.1\\x",
            "https://%00/",
        ] {
            assert!(matches!(to(location), Err(FetchError::Refused { .. })), "{location}");
        }
    }

    proptest! {
        /// Whatever spelling leads to an address, the address is what counts.
        #[test]
        fn no_text_leads_to_a_foreign_address_that_is_not_public(text in prop_oneof![
            any::<String>(),
            "https?://[0-9a-fx.:\\[\\]%@/]{1,40}",
            "https?:[/\\\\]{0,3}(0x|0)?[0-9]{1,11}(\\.[0-9x]{1,5}){0,4}\\.{0,2}/?",
            "https?://\\[[0-9a-f:.]{2,45}\\]/",
        ]) {
            if let Ok(target) = Target::parse(&text, &config()) && target.way == Way::Foreign {
                match target.url.host() {
                    Some(url::Host::Ipv4(address)) => prop_assert!(is_public(address.into())),
                    Some(url::Host::Ipv6(address)) => prop_assert!(is_public(address.into())),
                    name => prop_assert!(name.is_some_and(|name| name.to_string().contains('.'))),
                }
            }
        }

        #[test]
        fn every_address_that_carries_a_private_one_is_refused(last in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(0x0a00_0000 | (last & 0x00ff_ffff));
            let [a, b, c, d] = v4.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            for v6 in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
                Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2a00, 1, 2, 3, 0x200, 0x5efe, high, low),
            ] {
                prop_assert!(!is_public(v6.into()), "{v6}");
            }
            prop_assert!(!is_public(v4.into()));
        }
    }
}
