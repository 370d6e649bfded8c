//! Handles that are domains: which account the host of a domain names as its own.
//!
//! One named question to the place that the protocol gives for it (atproto.com/specs/handle, "HTTPS well-known
//! method"): no crawling, so robots.txt is not asked.

use chrono::{DateTime, Utc};

use super::wire::is_did;
use crate::model::account::{AccountId, Host};
use crate::model::proof::HostSight;
use crate::net::{BodyKind, FetchError, Net};
use crate::sources::PollError;

/// What is asked for.
pub const RESOURCE: &str = "/.well-known/atproto-did";

/// Asks a host which account has it as its handle; `None` where it answers nothing of the kind. A domain may also say so
/// in the DNS, which is not asked: there `None` means nothing.
///
/// # Errors
/// What the fetch said.
pub async fn ask(net: &Net, host: &Host, now: DateTime<Utc>) -> Result<Option<HostSight>, PollError> {
    let url = format!("https://{host}{RESOURCE}");
    let fetched = match net.get(&url, BodyKind::Plain, None).await {
        Ok(fetched) => fetched,
        Err(FetchError::Missing { .. } | FetchError::Status { status: 400, .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Elsewhere somebody else may answer.
    let is_here = Host::of(&fetched.final_url).is_some_and(|answered| answered == *host);
    let text = std::str::from_utf8(&fetched.body).unwrap_or_default().trim();
    if !is_here || !is_did(text) {
        return Ok(None);
    }
    Ok(Some(HostSight {
        host: host.clone(),
        resource: RESOURCE.to_owned(),
        url,
        account: AccountId::bluesky(text),
        first_read: now,
        fetched_at: now,
        sha256: fetched.sha256(),
    }))
}
