//! Judgement: pure steps from what was seen to what may be said.

pub mod activity;
pub mod assess;
pub mod attribution;
pub mod bridges;
pub mod compose;
pub mod concealed;
pub mod controls;
pub mod coposting;
pub mod copying;
pub mod corpus;
pub mod domains;
pub mod fold;
pub mod gate;
pub mod indicators;
pub mod measure;
pub mod names;
pub mod resemblance;
pub mod reuse;
pub mod review;
pub mod sieve;
pub mod sites;
pub mod stats;
