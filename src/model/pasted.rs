//! Accounts as people write and paste them: an address with or without @, a page of it, or the id that never changes.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::account::{AccountId, Acct, Host, NameError};

/// What somebody wrote to say which account is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    written: String,
    /// The address that it says, or that its own server would give to the account on this page.
    acct: Option<Acct>,
}

impl Pasted {
    pub fn acct(&self) -> Option<&Acct> {
        self.acct.as_ref()
    }

    /// Whether it is this very account by its id or by the page that its server names.
    pub fn is(&self, id: &AccountId, page: Option<&str>) -> bool {
        let plain = |address: &str| address.trim_end_matches('/').to_owned();
        let written = plain(&self.written);
        written == plain(&id.uri) || page.is_some_and(|page| plain(page) == written)
    }
}

impl fmt::Display for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for Pasted {
    type Err = NameError;
    /// Reads `user@host`, `@user@host`, `acct:user@host`, a `did:`, and addresses of profiles, posts and ids.
    fn from_str(text: &str) -> Result<Pasted, NameError> {
        let written = text.trim().trim_matches(['<', '>']).to_owned();
        if let Some(url) = Url::parse(&written).ok().filter(|url| url.has_host()) {
            return Ok(Pasted { acct: on_page(&url), written });
        }
        if written.starts_with("did:") {
            return Ok(Pasted { written, acct: None });
        }
        let bare = written.strip_prefix("acct:").unwrap_or(&written);
        let acct = bare.strip_prefix('@').unwrap_or(bare).parse();
        let acct = acct.map_err(|_| NameError::Pasted(written.clone()))?;
        Ok(Pasted { written, acct: Some(acct) })
    }
}

/// The address behind a page: `/@user`, `/@user@host` of somebody who lives elsewhere, `/users/user`, `/user`.
fn on_page(url: &Url) -> Option<Acct> {
    let host = Host::of(url)?;
    if host.as_str() == "bsky.app" {
        let name = url.path().strip_prefix("/profile/")?.split('/').next()?;
        return Acct::bluesky(name).ok();
    }
    let segments: Vec<&str> = url.path_segments()?.filter(|segment| !segment.is_empty()).collect();
    let marked = segments.iter().find_map(|segment| segment.strip_prefix('@'));
    let name = match (marked, segments.as_slice()) {
        (Some(name), _) => name,
        (None, ["users" | "profile" | "u" | "accounts", name, ..]) | (None, [name]) => name,
        _ => return None,
    };
    name.parse().or_else(|_| Acct::new(name, host)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_understood_as_people_paste_it() {
        for pasted in [
            "desk@social.example",
            "@desk@social.example",
            "  @desk@social.example\n",
            "acct:desk@social.example",
            "https://social.example/@desk",
            "https://social.example/@desk/",
            "<https://social.example/@desk>",
            "https://social.example/@desk/113551",
            "https://social.example/users/desk",
            "https://social.example/users/desk/statuses/1",
            "https://social.example/profile/desk",
            "https://social.example/desk",
            "https://two.example/@desk@social.example",
            "https://two.example/web/@desk@social.example",
        ] {
            let acct = pasted.parse::<Pasted>().unwrap().acct().cloned();
            assert_eq!(acct, Some("desk@social.example".parse().unwrap()), "{pasted}");
        }
        let on_bluesky = "https://bsky.app/profile/news.example/post/3lk".parse::<Pasted>().unwrap();
        assert_eq!(on_bluesky.acct(), Some(&Acct::bluesky("news.example").unwrap()));
        let by_id = "did:plc:abc".parse::<Pasted>().unwrap();
        assert!(by_id.acct().is_none() && by_id.is(&AccountId::bluesky("did:plc:abc"), None));
        for wrong in ["desk", "@desk", "", "desk social.example", "@desk@", "mailto:desk@social.example"] {
            let error = wrong.parse::<Pasted>().unwrap_err().to_string();
            assert!(error.contains("expected user@host or the address of its profile"), "{error}");
        }
    }

    #[test]
    fn an_id_or_a_page_without_a_name_is_the_account_that_has_it() {
        let pasted: Pasted = "https://social.example/ap/actors/77".parse().unwrap();
        assert_eq!(pasted.acct(), None);
        assert!(pasted.is(&AccountId::mastodon("https://social.example/ap/actors/77"), None));
        let other = AccountId::mastodon("https://social.example/ap/actors/7");
        assert!(!pasted.is(&other, None));
        assert!(pasted.is(&other, Some("https://social.example/ap/actors/77/")));
    }
}
