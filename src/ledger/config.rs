//! Where the ledger is kept.

use std::path::PathBuf;

/// The ledger, resolved from `ledger.url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `sqlite:FILE` — the database file, made on first use.
    pub file: PathBuf,
}
