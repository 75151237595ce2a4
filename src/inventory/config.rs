//! Where the inventory is kept, and who is told of drift.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Where the inventory is kept between starts, and when something new is drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The `SQLite` file; `None` keeps it in memory alone.
    pub file: Option<PathBuf>,
    /// How often what was seen is written.
    pub every: Duration,
    /// Whatever is new after this long is drift, classified or not.
    pub after: Duration,
    /// Where drift is told.
    pub webhook: Option<Webhook>,
}

impl Default for Config {
    fn default() -> Self {
        Self { file: None, every: Duration::from_secs(10), after: Duration::from_hours(7 * 24), webhook: None }
    }
}

/// An address that is itself a secret: whoever has it may post there.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(pub Url);

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({}, …)", self.0.host_str().unwrap_or_default())
    }
}
