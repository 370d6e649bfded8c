//! Policies: rules of this program that approve by themselves, each with the wording that an approval names.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::model::evidence::hex;
use crate::model::finding::{Approval, Approver, Statement};

/// A rule of this program that approves by itself. Its wording is hashed into every approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub name: &'static str,
    pub wording: &'static str,
}

impl Policy {
    pub(super) fn approve(self, statement: &Statement, now: DateTime<Utc>) -> Approval {
        let sha256 = hex(&Sha256::digest(self.wording));
        let by = Approver::Policy { name: self.name.to_owned(), sha256 };
        Approval { by, at: now, seal: statement.seal() }
    }
}

/// Newly seen official accounts.
pub const OFFICIAL: Policy = Policy {
    name: "official",
    wording: "An account is published as official without a person when a front page, a page cited by a \
              maintainer or a host of the outlet, fetched by us, names the account; the account's profile names \
              the outlet; both were read within seven days; it bears the outlet's name or a page that a \
              maintainer cites names it; it is no mirror and did not take over the address of another account; a source says who \
              controls the outlet; and it was read completely.",
};

/// What happened to official accounts.
pub const CHANGE: Policy = Policy {
    name: "change",
    wording: "A change of an account that is official under the policy of that name is published without a \
              person: it posts again after sixty quiet days, it is gone or back again, it says it moved, or it is now proven.",
};
