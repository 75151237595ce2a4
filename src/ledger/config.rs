//! Where the ledger is kept, and for how long.

use std::path::PathBuf;
use std::time::Duration;

/// The ledger, resolved from `ledger:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `sqlite:FILE` — the database file, made on first use.
    pub file: PathBuf,
    /// `ledger.keep` — records that are older are deleted once a day; `None` keeps all.
    pub keep: Option<Duration>,
    /// `ledger.legal_hold` — nothing is deleted, whoever asks.
    pub legal_hold: bool,
}

impl Config {
    /// A ledger from which nothing is deleted by itself.
    pub fn at(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), keep: None, legal_hold: false }
    }
}
