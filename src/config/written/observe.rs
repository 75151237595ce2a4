//! The keys of knowing one's site: where the inventory is kept, who is told of drift, and for whom an observed site acts.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Key, List};

/// Where what was seen is kept between starts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Inventory {
    /// `sqlite:FILE`, relative to the working directory, or none. Nodes of one machine may share it. Default: beside the
    /// ledger, such as sqlite:consentgate-inventory.db.
    #[schemars(example = "sqlite:consentgate-inventory.db")]
    pub(in crate::config) url: Key<String>,
    /// How often it is written, and drift looked for. Default: 10s.
    #[schemars(example = "10s")]
    pub(in crate::config) every: Key<String>,
}

/// Something new on a site: when it is told, and where.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Drift {
    /// How long a site is looked at before anything new is drift. What nobody has classified is drift at once.
    /// Default: 7d.
    #[schemars(example = "7d")]
    pub(in crate::config) after: Key<String>,
    /// Drift is posted here as JSON: names only. The one call the gate makes that is no visitor's. Default: nowhere.
    #[schemars(length(min = 1), example = "https://hooks.example.gov.uk/consentgate")]
    pub(in crate::config) webhook: Key<String>,
}

/// For whom the gate acts on a site that is observed. Whoever fits one of the keys, and whoever has chosen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Canary {
    /// A share of the visitors, by their network: 5% or 0.5%.
    #[schemars(extend("type" = ["string", "number"]), example = "5%")]
    pub(in crate::config) visitors: Key<String>,
    /// A header that requests carry, with its value.
    #[schemars(example = "X-Canary: 1")]
    pub(in crate::config) header: Key<String>,
    /// Pages, with what they load; * stands for any characters.
    #[schemars(length(min = 1), example = ["/news/*"])]
    pub(in crate::config) paths: List<String>,
}
