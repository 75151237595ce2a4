//! How a site's notice looks, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;

/// How the notice looks. Left out: the built-in look, light or dark as the visitor's device is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Style {
    /// Colours of the notice, the footer, the placeholders and the gate's own pages. Default: the built-in ones.
    pub(in crate::config) colours: Key<Colours>,
    /// Colours where the visitor's device is dark. Default: those of colours where they are given, else the built-in ones.
    pub(in crate::config) dark: Key<Colours>,
    /// An SVG or PNG file shown in the notice, relative to the folder of this file. At most 256 KiB; read again when it
    /// changes. Default: none.
    #[schemars(length(min = 1), example = "logo.svg")]
    pub(in crate::config) logo: Key<String>,
    /// The corners of buttons. Default: rounded.
    pub(in crate::config) corners: Key<Corners>,
    /// Where the links at the end of a page stand. Default: start.
    pub(in crate::config) footer: Key<FooterPlace>,
}

/// Colours, written as #rrggbb. What is left out keeps its built-in colour. Text needs a contrast of 4.5:1 to what it
/// stands on, a button and the focus 3:1.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Colours {
    /// What everything stands on.
    #[schemars(example = "#ffffff")]
    pub(in crate::config) background: Key<String>,
    /// Text and lines.
    #[schemars(example = "#1a1a1a")]
    pub(in crate::config) text: Key<String>,
    /// Links.
    #[schemars(example = "#0a4a8c")]
    pub(in crate::config) link: Key<String>,
    /// The ground of every button.
    #[schemars(example = "#0f4c81")]
    pub(in crate::config) button: Key<String>,
    /// The text of every button.
    #[schemars(example = "#ffffff")]
    pub(in crate::config) button_text: Key<String>,
    /// The ring around what has the focus of the keyboard.
    #[schemars(example = "#14181c")]
    pub(in crate::config) focus: Key<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Corners {
    /// A little round.
    Rounded,
    /// Not at all.
    Square,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum FooterPlace {
    /// Where a line begins.
    Start,
    /// In the middle.
    Centre,
    /// Where a line ends.
    End,
}
