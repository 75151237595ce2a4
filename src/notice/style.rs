//! How one site's notice looks: its colours, corners, logo and where its footer stands, as a stylesheet of its own.
//!
//! A page's Content-Security-Policy may forbid inline styles, so everything the operator chose is written into a file.
//! Contrast is measured as WCAG 2.2 defines it ("relative luminance", "contrast ratio"), before anybody sees a colour.

use std::fmt::{self, Write as _};

use bytes::Bytes;

use super::stylesheet::{Asset, STYLES, styles, stylesheet};

/// Normal text (WCAG 1.4.3).
const TEXT: f64 = 4.5;
/// What has to be seen to be used: the edge of a button, the focus (WCAG 1.4.11).
const EDGE: f64 = 3.0;

/// Whatever has colours, as the stylesheet has it.
const COLOURED: &str = ":root, .banner, .footer, .placeholder, .embedded";

/// What the operator chose; the default is the built-in look.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// Everywhere, or where the visitor's device is light if there is a dark palette too.
    pub light: Option<Palette>,
    /// Where the visitor's device is dark.
    pub dark: Option<Palette>,
    /// The corners of buttons.
    pub corners: Corners,
    /// Where the footer's links stand.
    pub footer: FooterPlace,
    /// Shown first in the banner: made by [`super::logo`].
    pub logo: Option<Asset>,
}

/// The corners of buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Corners {
    /// A little round.
    #[default]
    Rounded,
    /// Not at all.
    Square,
}

/// Where the footer's links stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FooterPlace {
    /// Where a line begins.
    #[default]
    Start,
    /// In the middle.
    Centre,
    /// Where a line ends.
    End,
}

/// The files of one site's look.
#[derive(Clone, Debug)]
pub struct Style {
    stylesheet: Asset,
    logo: Option<Asset>,
}

impl Style {
    /// The files for this look.
    pub fn new(look: Look) -> Self {
        let chosen = css(&look);
        let stylesheet = match &*chosen {
            "" => stylesheet().clone(),
            _ => styles("notice-", Bytes::from(format!("{STYLES}{chosen}"))),
        };
        Self { stylesheet, logo: look.logo }
    }

    /// The banner's, the footer's, the placeholders' and the own pages' stylesheet.
    pub fn stylesheet(&self) -> &Asset {
        &self.stylesheet
    }

    /// The organisation's logo.
    pub fn logo(&self) -> Option<&Asset> {
        self.logo.as_ref()
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::new(Look::default())
    }
}

/// What differs from the built-in stylesheet: it comes behind it, so that it wins.
fn css(look: &Look) -> String {
    let mut css = String::new();
    if let Some(light) = &look.light {
        css.push_str(&light.css());
    }
    if let Some(dark) = &look.dark {
        let _ = writeln!(css, "@media (prefers-color-scheme: dark) {{\n{}}}", dark.css());
    }
    if look.corners == Corners::Square {
        css.push_str(".button { border-radius: 0; }\n");
    }
    match look.footer {
        FooterPlace::Start => {}
        FooterPlace::Centre => css.push_str(".footer .inner { justify-content: center; }\n"),
        FooterPlace::End => css.push_str(".footer .inner { justify-content: flex-end; }\n"),
    }
    css
}

/// A part of the notice that has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What everything stands on.
    Background,
    /// Text and lines.
    Text,
    /// Links.
    Link,
    /// A button's ground.
    Button,
    /// A button's text.
    ButtonText,
    /// The ring around what has the focus of the keyboard.
    Focus,
}

impl Part {
    /// All, in the order of [`Palette`].
    pub const ALL: [Self; 6] = [Self::Background, Self::Text, Self::Link, Self::Button, Self::ButtonText, Self::Focus];

    /// Its key in the YAML.
    pub fn key(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Text => "text",
            Self::Link => "link",
            Self::Button => "button",
            Self::ButtonText => "button_text",
            Self::Focus => "focus",
        }
    }

    /// The properties of `notice.css` that take its colour.
    fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Background => &["paper", "panel", "success-ink", "focus-ring"],
            Self::Text => &["ink", "line", "success"],
            Self::Link => &["link"],
            Self::Button => &["button-paper", "button-hover"],
            Self::ButtonText => &["button-ink"],
            Self::Focus => &["focus"],
        }
    }
}

/// What stands on what, and how much they have to differ.
const PAIRS: [(Part, Part, f64); 5] = [
    (Part::Text, Part::Background, TEXT),
    (Part::Link, Part::Background, TEXT),
    (Part::ButtonText, Part::Button, TEXT),
    (Part::Button, Part::Background, EDGE),
    (Part::Focus, Part::Background, EDGE),
];

/// One colour for each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette([Colour; 6]);

impl Palette {
    /// The built-in colours on a light device.
    pub const LIGHT: Self = Self::of([0x00ee_f1f4, 0x0014_181c, 0x000a_4a8c, 0x000f_4c81, 0x00ff_ffff, 0x0014_181c]);
    /// The built-in colours on a dark device.
    pub const DARK: Self = Self::of([0x0022_282e, 0x00f1_f3f5, 0x009a_ccff, 0x009a_ccff, 0x0014_181c, 0x00ff_d54a]);

    const fn of([background, text, link, button, button_text, focus]: [u32; 6]) -> Self {
        let (background, text, link) = (Colour::of(background), Colour::of(text), Colour::of(link));
        Self([background, text, link, Colour::of(button), Colour::of(button_text), Colour::of(focus)])
    }

    /// The colour of a part.
    pub fn colour(&self, part: Part) -> Colour {
        self.0[part as usize]
    }

    /// The same with another colour for one part.
    #[must_use]
    pub fn with(mut self, part: Part, colour: Colour) -> Self {
        self.0[part as usize] = colour;
        self
    }

    /// Every pair that cannot be told apart well enough.
    pub fn poor(&self) -> impl Iterator<Item = Poor> + '_ {
        PAIRS.into_iter().filter_map(|(front, back, least)| {
            let ratio = self.colour(front).contrast(self.colour(back));
            (ratio < least).then_some(Poor { front, back, ratio, least })
        })
    }

    /// The browser's own parts (check boxes, scroll bars) go with the ground.
    fn css(&self) -> String {
        let mut css = format!("{COLOURED} {{\n");
        for part in Part::ALL {
            for property in part.properties() {
                let _ = writeln!(css, "  --{property}: {};", self.colour(part));
            }
        }
        let ground = self.colour(Part::Background);
        let scheme = if ground.contrast(Colour::WHITE) > ground.contrast(Colour::BLACK) { "dark" } else { "light" };
        let _ = writeln!(css, "  color-scheme: {scheme};\n}}\n.button:hover {{ text-decoration: underline; }}");
        css
    }
}

/// Two colours that are too much alike.
#[derive(Clone, Copy, Debug)]
pub struct Poor {
    /// What stands …
    pub front: Part,
    /// … on what.
    pub back: Part,
    /// How much they differ, 1 to 21.
    pub ratio: f64,
    /// How much they have to.
    pub least: f64,
}

/// A colour of the sRGB space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    const WHITE: Self = Self([255; 3]);
    const BLACK: Self = Self([0; 3]);

    const fn of(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self([red, green, blue])
    }

    /// `#rrggbb` or `#rgb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            6 => Some(Self::of(value)),
            // #abc is #aabbcc.
            3 => Some(Self::of(((value & 0xf00) << 8 | (value & 0xf0) << 4 | value & 0xf) * 0x11)),
            _ => None,
        }
    }

    /// The contrast ratio: 1 (the same) to 21 (black and white).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let value = f64::from(part) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    /// From WCAG's own documents: the definition's extremes, and the examples of techniques G18, F24 and F83's tools.
    #[test]
    fn contrast_is_measured_as_wcag_does() {
        for (one, other, ratio) in [
            ("#000", "#fff", 21.0),
            ("#fff", "#ffffff", 1.0),
            ("#767676", "#fff", 4.54),
            ("#777777", "#fff", 4.48),
            ("#949494", "#fff", 3.03),
            ("#ff0000", "#fff", 4.0),
            ("#0000ff", "#fff", 8.59),
        ] {
            let measured = colour(one).contrast(colour(other));
            assert!((measured - ratio).abs() < 0.006, "{one} on {other}: {measured}");
            assert!((measured - colour(other).contrast(colour(one))).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn a_colour_is_written_in_hex_and_nothing_else() {
        assert_eq!(colour("#0F4c81").to_string(), "#0f4c81");
        assert_eq!(colour("#abc"), colour("#aabbcc"));
        for wrong in ["", "#", "0f4c81", "#0f4c8", "#0f4c8g", "#+12345", "red", "#0f4c8180", "#ŵŵ"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_built_in_palettes_are_those_of_the_stylesheet_and_good() {
        for (palette, block) in [(Palette::LIGHT, 1), (Palette::DARK, 2)] {
            assert_eq!(palette.poor().count(), 0);
            let block = STYLES.split(&format!("{COLOURED} {{")).nth(block).unwrap();
            let has = |property: &str, part| block.contains(&format!("--{property}: {};", palette.colour(part)));
            for (property, part) in [
                ("panel", Part::Background),
                ("ink", Part::Text),
                ("link", Part::Link),
                ("button-paper", Part::Button),
                ("button-ink", Part::ButtonText),
            ] {
                assert!(has(property, part), "{property}");
            }
        }
    }

    #[test]
    fn what_is_too_much_alike_is_named() {
        let palette = Palette::LIGHT.with(Part::Button, colour("#eeeeee")).with(Part::Text, colour("#888"));
        let poor: Vec<_> = palette.poor().map(|poor| (poor.front, poor.back)).collect();
        let expected =
            [(Part::Text, Part::Background), (Part::ButtonText, Part::Button), (Part::Button, Part::Background)];
        assert_eq!(poor, expected);
    }

    #[test]
    fn the_stylesheets_name_changes_with_what_was_chosen_and_only_then() {
        let built_in = Style::default();
        assert_eq!(built_in.stylesheet().name, stylesheet().name);
        let square = Style::new(Look { corners: Corners::Square, ..Look::default() });
        let dark = Style::new(Look { light: Some(Palette::DARK), ..Look::default() });
        assert_ne!(square.stylesheet().name, built_in.stylesheet().name);
        assert_ne!(square.stylesheet().name, dark.stylesheet().name);
        let text = std::str::from_utf8(&dark.stylesheet().bytes).unwrap();
        assert!(text.starts_with(STYLES) && text.contains("color-scheme: dark;\n}"), "{text}");
    }

    #[test]
    fn every_colour_of_the_stylesheet_is_one_that_can_be_chosen() {
        let block = STYLES.split(&format!("{COLOURED} {{")).nth(1).unwrap().split('}').next().unwrap();
        let properties = block.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(':').next());
        for property in properties {
            let takers = Part::ALL.iter().filter(|part| part.properties().contains(&property)).count();
            assert_eq!(takers, 1, "{property}");
        }
    }
}
