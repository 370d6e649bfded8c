//! The Mastodon family: every server that answers the Mastodon client API, read item by item.

use url::Url;

use crate::model::account::Host;

pub mod poll;
pub mod probe;
pub mod profile;
mod server;
pub mod timeline;
pub mod wire;

/// The address of a call on a server; every segment and parameter is percent-encoded once.
fn call(host: &Host, segments: &[&str], parameters: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(&format!("https://{host}/")).expect("a host makes a URL");
    url.path_segments_mut().expect("an https URL has a path").clear().extend(segments);
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_or_word_escapes_its_place_in_a_url() {
        let host = Host::parse("social.example").unwrap();
        assert_eq!(
            call(&host, &["api", "v1", "accounts", "../x?y#z", "statuses"], &[("q", "#a&b=新 c")]).as_str(),
            "https://social.example/api/v1/accounts/..%2Fx%3Fy%23z/statuses?q=%23a%26b%3D%E6%96%B0+c"
        );
    }
}
