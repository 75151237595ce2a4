//! What the names of tags mean to the gate.

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

/// The names that mean something, by `lol_html`'s own hash of them.
static NAMES: LazyLock<Vec<(LocalNameHash, Name)>> = LazyLock::new(|| {
    let fetching =
        ["img", "iframe", "frame", "object", "embed", "video", "audio", "source", "track", "input", "image", "feimage"];
    let mut names = vec![("script", Name::Judged(Kind::Script)), ("noscript", Name::Judged(Kind::Opaque))];
    names.extend([("link", Name::Judged(Kind::Link)), ("base", Name::Judged(Kind::Base))]);
    names.extend([("html", Name::Judged(Kind::Html)), ("body", Name::Body), ("frameset", Name::Frameset)]);
    names.extend([("template", Name::Template), ("select", Name::Select)]);
    names.extend(fetching.map(|name| (name, Name::Judged(Kind::Fetching))));
    names.push(("head", Name::Head));
    names.extend(["meta", "basefont", "bgsound"].map(|name| (name, Name::InHead)));
    names.extend(["style", "noframes", "title"].map(|name| (name, Name::HeadText)));
    names.extend(["xmp", "noembed", "textarea"].map(|name| (name, Name::BodyText)));
    names.into_iter().map(|(name, means)| (LocalNameHash::from(name), means)).collect()
});

/// What this name means.
pub(super) fn meaning(name: &LocalName<'_>) -> Name {
    let LocalName::Hash(hash) = name else { return Name::Other };
    NAMES.iter().find(|(known, _)| known == hash).map_or(Name::Other, |(_, means)| *means)
}

/// May this tag stand before the body begins? (HTML standard, "in head" insertion mode.)
pub(super) fn stands_in_head(name: Name) -> bool {
    match name {
        Name::Judged(kind) => kind != Kind::Fetching,
        Name::Head | Name::InHead | Name::Template | Name::HeadText => true,
        Name::BodyText | Name::Select | Name::Body | Name::Frameset | Name::Other => false,
    }
}
