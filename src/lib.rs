//! Masthead: tells people who is behind an account.
//!
//! Floors, from the bottom up: nouns, judgement, network and time, adapters, passes, doors.
//! A module imports from strictly lower floors; `tests/tidy.rs` holds that.

pub mod analysis;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
pub mod daemon;
pub mod demo;
pub mod ledger;
pub mod model;
pub mod net;
pub mod publish;
pub mod sandbox;
pub mod sources;
pub mod store;
pub mod web;
