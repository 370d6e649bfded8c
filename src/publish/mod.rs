//! Publication: posts a frozen digest as a thread, each part exactly once.

pub mod home;
pub mod login;
pub mod outbox;
pub mod receipt;
pub mod thread;
pub mod webhook;
