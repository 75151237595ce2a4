//! The rules for the notice's language as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;

/// Where the notice speaks one language, whatever the page and the browser say. host, path, or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct LanguageRule {
    /// One of the site's hosts.
    #[schemars(example = "cy.example.gov.uk")]
    pub(in crate::config) host: Key<String>,
    /// A path that starts with '/'; * stands for any characters.
    #[schemars(example = "/cy/*")]
    pub(in crate::config) path: Key<String>,
    /// One of the notice's languages.
    #[schemars(required, example = &"cy")]
    pub(in crate::config) language: Key<String>,
}
