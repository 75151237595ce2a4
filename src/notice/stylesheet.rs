//! The gate's files that are the same for every site: the stylesheet of the banner and of the gate's own pages, the one
//! that a page with a placeholder needs, and the modules that release in place and tell which names were written.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub(super) const STYLES: &str = include_str!("notice.css");
const RELEASE: &str = include_str!("script/release.min.js");
const SEEN: &str = include_str!("script/seen.min.js");
const HELD_STYLES: &str = include_str!("held.css");
/// 64 bits of the hash: enough that no two releases share a name.
const NAME_BYTES: usize = 8;

/// A file of the gate's own whose name changes with its content: browsers may keep it for ever.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `notice-<hash>.css`, served under the reserved prefix.
    pub name: String,
    /// Its content.
    pub bytes: Bytes,
    /// Its `Content-Type`.
    pub content_type: &'static str,
}

/// The stylesheet of sites that have not chosen a look of their own.
pub fn stylesheet() -> &'static Asset {
    static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| styles("notice-", Bytes::from_static(STYLES.as_bytes())));
    &STYLESHEET
}

/// The module that releases in place: it comes when the first button is pressed.
pub fn release_script() -> &'static Asset {
    static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
        named("release-", ".js", (Bytes::from_static(RELEASE.as_bytes()), "text/javascript; charset=utf-8"))
    });
    &SCRIPT
}

/// The module that tells the gate what a page's scripts have written: it comes on the page views that are sampled.
pub fn seen_script() -> &'static Asset {
    static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
        named("seen-", ".js", (Bytes::from_static(SEEN.as_bytes()), "text/javascript; charset=utf-8"))
    });
    &SCRIPT
}

/// The few rules for the site's own page around a placeholder.
pub fn held_stylesheet() -> &'static Asset {
    static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| styles("held-", Bytes::from_static(HELD_STYLES.as_bytes())));
    &STYLESHEET
}

pub(super) fn styles(name: &str, styles: Bytes) -> Asset {
    named(name, ".css", (styles, "text/css; charset=utf-8"))
}

pub(super) fn named(start: &str, ending: &str, (content, content_type): (Bytes, &'static str)) -> Asset {
    let mut name = start.to_owned();
    for byte in &Sha256::digest(&content)[..NAME_BYTES] {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(ending);
    Asset { name, bytes: content, content_type }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::style::Colour;

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

    fn contrast(one: &str, other: &str) -> f64 {
        let colour = |text| Colour::parse(text).expect("#rrggbb");
        colour(one).contrast(colour(other))
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
        let hash = format!("{:x}", Sha256::digest(&stylesheet().bytes));
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
