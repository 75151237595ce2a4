//! The keys of the proof: where it is kept and for how long, and how fast choices may come.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;

/// The ledger's database, and how long records stay in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Ledger {
    /// `sqlite:FILE`, relative to the working directory. Default: sqlite:consentgate.db. PostgreSQL is not in this
    /// version yet.
    #[schemars(example = "sqlite:consentgate.db")]
    pub(in crate::config) url: Key<String>,
    /// Records older than this are deleted once a day: 730d. At least as long as a choice is kept (notice.days, notice.refusal_days).
    /// Default: nothing is deleted until somebody decides how long is right.
    #[schemars(example = "730d")]
    pub(in crate::config) keep: Key<String>,
    /// Nothing is deleted, neither by age nor on request: for as long as a complaint or an inquiry lasts. In force at the
    /// next reload. Default: false.
    pub(in crate::config) legal_hold: Key<bool>,
}

/// How many choices one network may make. Beyond, a visitor is asked to wait (429).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Choices {
    /// At once. Default: 30.
    #[schemars(range(min = 1, max = 10_000))]
    pub(in crate::config) at_once: Key<u32>,
    /// A minute, for as long as it goes on. Default: 60.
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) a_minute: Key<u32>,
}
