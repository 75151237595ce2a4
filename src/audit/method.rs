//! How an audit was made, in the published outcome: what anybody needs to make it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an audit was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Method {
    /// The command line, as a shell takes it.
    pub command: String,
    /// The list of sites; absent where the sites were named on the command line.
    pub list: Option<ListUsed>,
    /// At most so many pages of each site.
    pub pages: u32,
    /// At least so long between two pages of one site.
    #[schemars(extend("x-unit" = "milliseconds"))]
    pub delay_ms: u64,
    /// How many sites at once.
    pub at_once: u32,
    /// The name it gave itself when it asked.
    pub agent: String,
    /// Files made by other programs that it was read from; then no site was asked for anything.
    pub imported: Vec<String>,
}

/// The list of sites of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListUsed {
    /// The file's own name.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// How many sites it names.
    pub sites: u32,
}
