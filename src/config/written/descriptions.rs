//! What a cookie or a storage key does, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;

/// What a cookie or a storage key does, in one language.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Description {
    /// One of the notice's languages.
    #[schemars(required, example = &"cy")]
    pub(in crate::config) language: Key<String>,
    /// The sentence visitors read on the cookies page.
    #[schemars(required, length(min = 1), example = "Remembers the size of text you chose.")]
    pub(in crate::config) text: Key<String>,
}
