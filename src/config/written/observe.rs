//! The keys of knowing one's site: where the inventory is kept, who is told of drift, which audits are made, and for whom
//! an observed site acts.

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

/// Audits that the gate makes by itself, from outside, as `consentgate audit` would.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Audit {
    /// From the end of one audit to the beginning of the next: from 1h to 400d.
    #[schemars(required, example = "7d")]
    pub(in crate::config) every: Key<String>,
    /// The addresses that are audited. Default: https:// and the first host of every site.
    #[schemars(length(min = 1), example = ["https://www.example.gov.uk/"])]
    pub(in crate::config) sites: List<String>,
    /// With a browser (Chromium has to be there) or without. Default: http.
    pub(in crate::config) mode: Key<AuditMode>,
    /// At most so many pages of each site. Default: 20.
    #[schemars(range(min = 1, max = 10000))]
    pub(in crate::config) pages: Key<u32>,
    /// The directory of the reports, relative to the working directory. Default: audits.
    #[schemars(length(min = 1), example = &"audits")]
    pub(in crate::config) folder: Key<String>,
    /// How many audits are kept. Default: 26.
    #[schemars(range(min = 2, max = 1000))]
    pub(in crate::config) keep: Key<usize>,
    /// The browser. Default: chromium, chromium-browser or google-chrome from PATH.
    #[schemars(length(min = 1), example = "/usr/bin/chromium")]
    pub(in crate::config) chromium: Key<String>,
    /// Flags for the browser, such as --no-sandbox in a container.
    #[schemars(example = ["--no-sandbox"])]
    pub(in crate::config) chromium_flags: List<String>,
    /// axe.min.js of axe-core, to look at the accessibility of notices; relative to the working directory.
    #[schemars(length(min = 1), example = "axe.min.js")]
    pub(in crate::config) axe: Key<String>,
}

/// How an audit looks.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum AuditMode {
    /// Requests and responses alone.
    Http,
    /// In Chromium: scripts run.
    Browser,
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
