//! What kind of thing a tag fetches, in the words of filter lists.

use crate::policy::Kind;

use super::attributes::{StartTag, tag_name};

/// Of what a tag may fetch by several attributes nobody says more than that it is any kind.
pub(super) fn kind(raw: &[u8]) -> Kind {
    let tag = StartTag::new(raw);
    match &*tag_name(raw).to_ascii_lowercase() {
        "script" => Kind::Script,
        "img" | "image" | "input" | "feimage" => Kind::Image,
        "iframe" | "frame" => Kind::Frame,
        "object" | "embed" | "applet" => Kind::Object,
        "source" if tag.value("srcset").is_some() => Kind::Image,
        "video" if tag.value("poster").is_some() => Kind::Any,
        "video" | "audio" | "track" | "source" => Kind::Media,
        "a" | "area" => Kind::Ping,
        "link" => link(tag),
        _ => Kind::Any,
    }
}

fn link(tag: StartTag<'_>) -> Kind {
    let rel = tag.value("rel").unwrap_or_default().to_ascii_lowercase();
    let is = |wanted: &str| rel.split_ascii_whitespace().any(|token| token == wanted);
    let destination = tag.value("as").unwrap_or_default().to_ascii_lowercase();
    match &*destination {
        _ if is("stylesheet") => Kind::Stylesheet,
        _ if is("modulepreload") => Kind::Script,
        _ if rel.contains("icon") => Kind::Image,
        _ if !is("preload") => Kind::Any,
        "script" | "worker" => Kind::Script,
        "style" => Kind::Stylesheet,
        "image" => Kind::Image,
        "font" => Kind::Font,
        "fetch" => Kind::Xhr,
        "audio" | "video" | "track" => Kind::Media,
        _ => Kind::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_what_kind_of_thing_it_fetches() {
        for (raw, expected) in [
            ("<script src=x>", Kind::Script),
            ("<IMG src=x>", Kind::Image),
            ("<source srcset=x>", Kind::Image),
            ("<video src=x>", Kind::Media),
            ("<video src=x poster=y>", Kind::Any),
            ("<link rel='Shortcut ICON' href=x>", Kind::Image),
            ("<link rel='alternate stylesheet' href=x>", Kind::Stylesheet),
            ("<link rel=preload as=font href=x>", Kind::Font),
            ("<link rel=preconnect href=x>", Kind::Any),
            ("<link>", Kind::Any),
        ] {
            assert_eq!(kind(raw.as_bytes()), expected, "{raw}");
        }
    }
}
