//! The organisation as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;

/// The organisation that answers for the sites.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Organisation {
    /// Its name.
    #[schemars(length(min = 1))]
    pub(in crate::config) name: Key<String>,
    /// Whom a visitor can write to: an e-mail address or a web address.
    #[schemars(length(min = 1))]
    pub(in crate::config) contact: Key<String>,
    /// Its postal address, on one line.
    #[schemars(length(min = 1), example = "County Hall, Exampletown EX1 1AA")]
    pub(in crate::config) address: Key<String>,
    /// How to reach the data protection officer: an e-mail address, a web address, or words.
    #[schemars(length(min = 1), example = "dpo@example.gov.uk")]
    pub(in crate::config) dpo: Key<String>,
    /// Where a complaint about cookies or personal information goes: an e-mail address, a web address, or words.
    /// Default: contact.
    #[schemars(length(min = 1), example = "https://www.example.gov.uk/complaints")]
    pub(in crate::config) complaints: Key<String>,
    /// The privacy notice: a web address, or a path of each site.
    #[schemars(length(min = 1), example = "/privacy")]
    pub(in crate::config) privacy_notice: Key<String>,
}
