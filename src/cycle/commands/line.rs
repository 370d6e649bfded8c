//! The line protocol of the socket: one JSON line asks, one JSON line answers.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Answer, Request};

/// Both sides refuse another version, since a service may still run an older binary.
pub const PROTOCOL: u32 = 1;
/// The longest question; it names an account at most.
pub const LONGEST_REQUEST: usize = 64 * 1024;
/// The longest answer: some ten thousand accounts.
pub const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The socket of a service with this state directory.
pub fn socket_path(state_dir: &Path) -> PathBuf {
    state_dir.join("masthead.sock")
}

/// A question with the protocol it is asked in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    pub protocol: u32,
    #[serde(flatten)]
    pub request: Request,
}

/// An answer, or why there is none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Answered(Box<Answer>),
    /// For the person who asked.
    Refused(String),
}
