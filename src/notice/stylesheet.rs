//! The gate's files that are the same for every site: the stylesheet of the banner and of the gate's own pages, the one
//! that a page with a placeholder needs, and the module that releases in place.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const STYLES: &str = include_str!("notice.css");
const RELEASE: &str = include_str!("script/release.min.js");
const HELD_STYLES: &str = include_str!("held.css");
/// 64 bits of the hash: enough that no two releases share a name.
const NAME_BYTES: usize = 8;

/// A file of the gate's own whose name changes with its content: browsers may keep it for ever.
#[derive(Debug)]
pub struct Asset {
    /// `notice-<hash>.css`, served under the reserved prefix.
    pub name: String,
    /// Its content.
    pub bytes: &'static [u8],
    /// Its `Content-Type`.
    pub content_type: &'static str,
}

/// The stylesheet.
pub fn stylesheet() -> &'static Asset {
    static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| styles("notice-", STYLES));
    &STYLESHEET
}

/// The module that releases in place: it comes when the first button is pressed.
pub fn release_script() -> &'static Asset {
    static SCRIPT: LazyLock<Asset> =
        LazyLock::new(|| named("release-", ".js", (RELEASE, "text/javascript; charset=utf-8")));
    &SCRIPT
}

/// The few rules for the site's own page around a placeholder.
pub fn held_stylesheet() -> &'static Asset {
    static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| styles("held-", HELD_STYLES));
    &STYLESHEET
}

fn styles(name: &str, styles: &'static str) -> Asset {
    named(name, ".css", (styles, "text/css; charset=utf-8"))
}

fn named(start: &str, ending: &str, (content, content_type): (&'static str, &'static str)) -> Asset {
    let mut name = start.to_owned();
    for byte in &Sha256::digest(content)[..NAME_BYTES] {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(ending);
    Asset { name, bytes: content.as_bytes(), content_type }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The custom properties of the light palette, or of the dark one laid over it.
    fn palette(dark: bool) -> std::collections::BTreeMap<&'static str, &'static str> {
        let mut blocks = STYLES.split(":root, .banner, .footer, .placeholder, .embedded {").skip(1);
        let properties = |block: &'static str| {
            let block = block.split_once('}').expect("a block ends").0;
            block.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": "))
        };
        let mut palette: std::collections::BTreeMap<_, _> = properties(blocks.next().expect("light")).collect();
        if dark {
            palette.extend(properties(blocks.next().expect("dark")));
        }
        palette
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(colour: &str) -> f64 {
        let part = |from: usize| {
            let value = f64::from(u8::from_str_radix(&colour[from..from + 2], 16).expect("#rrggbb")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_measured_as_wcag_does() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
        assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.01);
    }

    #[test]
    fn text_and_its_ground_differ_enough_in_light_and_dark() {
        let text = [
            ("ink", "paper"),
            ("ink", "panel"),
            ("link", "paper"),
            ("link", "panel"),
            ("button-ink", "button-paper"),
            ("button-ink", "button-hover"),
            ("success-ink", "success"),
        ];
        let edges = [("line", "paper"), ("line", "panel"), ("button-paper", "panel"), ("success", "paper")];
        for dark in [false, true] {
            let palette = palette(dark);
            for (pairs, least) in [(text.as_slice(), 4.5), (&edges, 3.0)] {
                for (one, other) in pairs {
                    let measured = contrast(palette[one], palette[other]);
                    assert!(measured >= least, "{one} on {other}, dark {dark}: {measured:.2}");
                }
            }
        }
    }

    #[test]
    fn the_focus_shows_on_every_ground() {
        for dark in [false, true] {
            let palette = palette(dark);
            for ground in ["paper", "panel"] {
                let best =
                    contrast(palette["focus"], palette[ground]).max(contrast(palette["focus-ring"], palette[ground]));
                assert!(best >= 3.0, "dark {dark} on {ground}: {best:.2}");
            }
            assert!(contrast(palette["focus"], palette["focus-ring"]) >= 3.0);
        }
    }

    #[test]
    fn the_name_is_the_contents() {
        let hash = format!("{:x}", Sha256::digest(stylesheet().bytes));
        assert_eq!(stylesheet().name, format!("notice-{}.css", &hash[..16]));
    }

    #[test]
    fn the_stylesheet_calls_for_nothing_else() {
        for styles in [STYLES, HELD_STYLES] {
            assert!(styles.is_ascii());
            for word in ["url(", "@import", "@font-face", "position: fixed", "position: sticky"] {
                assert!(!styles.contains(word), "{word}");
            }
        }
    }
}
