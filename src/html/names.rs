//! What the names of tags mean to the gate.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use lol_html::{LocalName, LocalNameHash};

use super::scan::Kind;

/// What a tag's name means.
#[derive(Clone, Copy)]
pub(super) enum Name {
    Judged(Kind),
    /// `<head>` itself.
    Head,
    /// May stand in a head.
    InHead,
    /// Fetches, and may stand in a head.
    FetchingInHead,
    Style,
    Template,
    Select,
    /// Text to some parsers and markup to others, in a `<select>` and after a `<frameset>`; may stand in a head.
    HeadText,
    /// The same for one that begins the body.
    BodyText,
    Body,
    Frameset,
    Other,
}

/// The attributes by which a tag of a name fetches or brings in something. Names of more than twelve letters have no
/// hash: of those, only attributes that any tag may have are looked at (`any_tag.rs`).
const FETCHING: [(&str, &[&str]); 38] = [
    ("script", &["src", "href", "xlink:href"]),
    ("link", &["href", "imagesrcset"]),
    ("html", &["manifest"]),
    ("img", &["src", "srcset", "lowsrc", "dynsrc"]),
    ("iframe", &["src", "srcdoc"]),
    ("frame", &["src"]),
    ("fencedframe", &["src"]),
    ("portal", &["src"]),
    ("source", &["src", "srcset"]),
    ("object", &["data", "codebase", "classid", "archive"]),
    ("applet", &["code", "codebase", "archive", "object"]),
    ("param", &["value"]),
    ("embed", &["src", "code"]),
    ("video", &["src", "poster"]),
    ("audio", &["src"]),
    ("track", &["src"]),
    ("input", &["src", "lowsrc", "dynsrc"]),
    ("bgsound", &["src"]),
    ("model", &["src"]),
    ("layer", &["src"]),
    ("ilayer", &["src"]),
    ("xml", &["src"]),
    ("mglyph", &["src"]),
    ("image", &["href", "xlink:href", "src", "srcset"]),
    ("feimage", &["href", "xlink:href"]),
    ("use", &["href", "xlink:href"]),
    ("pattern", &["href", "xlink:href"]),
    ("filter", &["href", "xlink:href"]),
    ("mpath", &["href", "xlink:href"]),
    ("textpath", &["href", "xlink:href"]),
    ("tref", &["href", "xlink:href"]),
    ("cursor", &["href", "xlink:href"]),
    ("glyphref", &["href", "xlink:href"]),
    ("colorprofile", &["href", "xlink:href"]),
    ("animate", &["to", "from", "by", "values"]),
    ("set", &["to", "from", "by", "values"]),
    ("handler", &["href", "xlink:href"]),
    ("meta", &["content"]),
];

/// The attributes by which a tag of this name fetches.
pub(super) fn fetching_attributes(tag: &str) -> &'static [&'static str] {
    FETCHING.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag)).map_or(&[], |(_, names)| names)
}

/// Every start tag of a page is looked up here: by `lol_html`'s own hash of its name, not hashed once more.
type Names = HashMap<LocalNameHash, Name, BuildHasherDefault<Spread>>;

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let fetching = FETCHING.iter().map(|(name, _)| (*name, Name::Judged(Kind::Fetching)));
    let mut names: Vec<(&str, Name)> = fetching.collect();
    names.extend(
        [("script", Kind::Script), ("link", Kind::Link), ("html", Kind::Html), ("meta", Kind::Meta)].map(judged),
    );
    names.extend([("noscript", Kind::Opaque), ("base", Kind::Base)].map(judged));
    names.extend([("body", Name::Body), ("frameset", Name::Frameset), ("head", Name::Head), ("style", Name::Style)]);
    names.extend([("template", Name::Template), ("select", Name::Select), ("bgsound", Name::FetchingInHead)]);
    names.push(("basefont", Name::InHead));
    names.extend(["noframes", "title"].map(|name| (name, Name::HeadText)));
    names.extend(["xmp", "noembed", "textarea"].map(|name| (name, Name::BodyText)));
    names.into_iter().map(|(name, means)| (LocalNameHash::from(name), means)).collect()
});

fn judged((name, kind): (&'static str, Kind)) -> (&'static str, Name) {
    (name, Name::Judged(kind))
}

/// Spreads a number that is already one of its kind.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((self.0 << 8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What this name means.
pub(super) fn meaning(name: &LocalName<'_>) -> Name {
    let LocalName::Hash(hash) = name else { return Name::Other };
    NAMES.get(hash).copied().unwrap_or(Name::Other)
}

/// May this tag stand before the body begins? (HTML standard, "in head" insertion mode.)
pub(super) fn stands_in_head(name: Name) -> bool {
    match name {
        Name::Judged(kind) => kind != Kind::Fetching,
        Name::Head | Name::InHead | Name::FetchingInHead | Name::Style | Name::Template | Name::HeadText => true,
        Name::BodyText | Name::Select | Name::Body | Name::Frameset | Name::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_none_has_no_hash() {
        for (name, _) in FETCHING {
            assert!(name.len() <= 12, "{name}");
            let known = meaning(&LocalName::Hash(LocalNameHash::from(name)));
            assert!(matches!(known, Name::Judged(_) | Name::FetchingInHead), "{name}");
        }
        for (name, head) in [("style", true), ("bgsound", true), ("meta", true), ("use", false), ("p", false)] {
            let name = LocalName::Hash(LocalNameHash::from(name));
            assert_eq!(stands_in_head(meaning(&name)), head);
        }
    }
}
