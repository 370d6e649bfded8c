//! The nouns of the house: plain values without I/O, clock or log.

pub mod account;
pub mod assessment;
pub mod audience;
pub mod changes;
pub mod digest;
pub mod dossier;
pub mod evidence;
pub mod finding;
pub mod health;
pub mod item;
pub mod observation;
pub mod outlet;
pub mod pasted;
pub mod proof;
pub mod record;
pub mod reuse;
pub mod rhythm;
pub mod site;
pub mod status;
pub mod target;
pub mod tie;
pub mod watchlist;
