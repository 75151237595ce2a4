//! A site's purposes as they are written: a name, or a map that says on what terms.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Key, List};

/// A purpose: its name, or a map with more settings.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum Purpose {
    Name(String),
    Full(Box<FullPurpose>),
}

/// A purpose and its terms.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct FullPurpose {
    /// Its name: one of the built-in ones, or one of the site's own.
    #[schemars(required, length(min = 1), example = &"analytics")]
    pub(in crate::config) name: Key<String>,
    /// Change it when what this purpose means changes: visitors are asked again about this purpose alone. At most 20 bytes.
    #[schemars(extend("type" = ["string", "number"]), length(min = 1), example = "2")]
    pub(in crate::config) version: Key<String>,
    /// What allows it: consent, statistical or appearance. The last two are exceptions of PECR Schedule A1: the purpose is
    /// granted until the visitor objects. Default: consent.
    #[schemars(example = &"statistical")]
    pub(in crate::config) basis: Key<String>,
    /// With an exception: what the operator vouches for. Each point that the exception asks for must be true.
    pub(in crate::config) attest: Key<Attest>,
    /// With an exception: who vouches for it.
    #[schemars(length(min = 1), example = &"A. Officer, data protection officer")]
    pub(in crate::config) who: Key<String>,
    /// With an exception: the day on which they did.
    #[schemars(extend("pattern" = r"^\d{4}-\d{2}-\d{2}$"), example = &"2026-11-23")]
    pub(in crate::config) date: Key<String>,
    /// How visitors are told of it, in each of the notice's languages. Default: the notice's own words for a built-in
    /// purpose, the name for one of the site's own.
    pub(in crate::config) text: List<PurposeText>,
    /// false: the site has nothing for this purpose. Nobody is asked about it, and what turns up for it stays held.
    /// Default: true.
    pub(in crate::config) used: Key<bool>,
}

/// A purpose in the site's own words, in one language.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct PurposeText {
    /// One of the notice's languages.
    #[schemars(required, example = &"cy")]
    pub(in crate::config) language: Key<String>,
    /// What its cookies are called, as it stands inside a sentence and on the buttons.
    #[schemars(required, length(min = 1), example = &"weather cookies")]
    pub(in crate::config) cookies: Key<String>,
    /// The same with what for, after "We'd also like to use".
    #[schemars(required, length(min = 1), example = &"weather cookies so we can show the forecast where you live")]
    pub(in crate::config) wish: Key<String>,
    /// A sentence or two for the cookies page.
    #[schemars(required, length(min = 1), example = &"They remember the place whose forecast you want to see.")]
    pub(in crate::config) about: Key<String>,
}

/// What an operator vouches for before a purpose may rest on an exception.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Attest {
    /// It serves this purpose and nothing else: statistics to improve the service, or adapting it to the visitor.
    pub(in crate::config) sole_purpose: Key<bool>,
    /// What comes out are figures about many visitors, never about one.
    pub(in crate::config) aggregate_output: Key<bool>,
    /// No visitor is followed or profiled; there are no logs of single visits and no recordings of sessions.
    pub(in crate::config) no_individual_tracking: Key<bool>,
    /// Nothing of it is used for advertising, or for measuring whether advertising worked.
    pub(in crate::config) no_advertising: Key<bool>,
    /// Whoever else gets the information handles it for the site alone: a processor, not a joint controller.
    pub(in crate::config) provider_is_processor: Key<bool>,
    /// It is not combined with other information.
    pub(in crate::config) not_linked: Key<bool>,
    /// What is known of single visits is not kept once the figures are made.
    pub(in crate::config) individual_data_not_kept: Key<bool>,
}

impl Attest {
    /// What was written for a point of the rule-set; `None` for a point that this form does not know.
    pub(in crate::config) fn of(&self, point: &str) -> Option<&Key<bool>> {
        Some(match point {
            "sole_purpose" => &self.sole_purpose,
            "aggregate_output" => &self.aggregate_output,
            "no_individual_tracking" => &self.no_individual_tracking,
            "no_advertising" => &self.no_advertising,
            "provider_is_processor" => &self.provider_is_processor,
            "not_linked" => &self.not_linked,
            "individual_data_not_kept" => &self.individual_data_not_kept,
            _ => return None,
        })
    }
}
