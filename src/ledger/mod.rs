//! (room: ledger)

mod config;

pub use config::*;
