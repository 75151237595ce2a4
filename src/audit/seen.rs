//! A notice in the published outcome: what asks, and how it asks, as a visitor meets it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A notice that asks for a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeSeen {
    /// Which product, where it is known: `Consentgate`, `Cookiebot`.
    pub product: Option<String>,
    /// How it was found.
    pub found_by: String,
    /// The control that agrees.
    pub accept: Option<Control>,
    /// The control that refuses: on the first layer, or (in browser mode) where up to three presses lead to one.
    pub reject: Option<Control>,
    /// There is a way to take back what was agreed to, on the pages that were looked at.
    pub withdraw: bool,
    /// Boxes for what needs consent that are ticked before the visitor does it.
    pub ticked_beforehand: u32,
    /// It covers the page, or keeps the page from being used.
    pub blocks_the_page: bool,
    /// Rules of accessibility that it breaks, as axe names them; in browser mode only.
    pub accessibility: Vec<String>,
    /// axe was run on it: without that an empty list says nothing.
    #[serde(default)]
    pub accessibility_checked: bool,
    /// Pictures, by their file names in the report's folder.
    pub screenshots: Vec<String>,
}

/// A control of a notice as a visitor meets it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// What it says.
    pub text: String,
    /// Its element: `button`, `a`.
    pub element: String,
    /// How many presses it takes to reach and press it: 1 on the first layer.
    pub presses: u32,
    /// Width and height in CSS pixels; 0 where nothing draws it.
    #[schemars(extend("x-unit" = "CSS pixels"))]
    pub size: (u32, u32),
    /// Contrast of its text to its ground, times 100: 450 is 4.5 to 1. 0 where nothing draws it.
    #[schemars(extend("x-unit" = "hundredths"))]
    pub contrast: u32,
    /// The weight of its text, 400 being usual. 0 where nothing draws it.
    pub weight: u32,
}
