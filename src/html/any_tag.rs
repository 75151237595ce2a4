//! Attributes that act in a tag of any name: styles, event handlers, backgrounds, pings.
//!
//! Each is judged and held by itself: the rest of the tag goes on working.

use std::ops::Range;

use super::attributes::{Attribute, StartTag};
use super::embed_here::may_give_id;

/// No attribute that acts has a longer name (`oncontentvisibilityautostatechange`).
const LONGEST_NAME: usize = 40;

/// How an attribute's value acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// CSS: `style`, and the SVG attributes that take `url()`.
    Style,
    /// Script that runs on an event.
    Handler,
    /// An address that is fetched.
    Address,
    /// Several, with white space between.
    Addresses,
    /// Where a form goes when the visitor sends it.
    Action,
    /// A link, which is of interest only if it is a script.
    Link,
}

/// How an attribute of this name (in lower case) acts, whatever the tag.
fn use_of(name: &[u8]) -> Option<Use> {
    Some(match name {
        b"style" | b"fill" | b"stroke" | b"filter" | b"mask" | b"clip-path" | b"cursor" | b"marker"
        | b"marker-start" | b"marker-mid" | b"marker-end" => Use::Style,
        b"background" => Use::Address,
        b"ping" | b"attributionsrc" => Use::Addresses,
        b"action" | b"formaction" => Use::Action,
        b"href" | b"xlink:href" => Use::Link,
        [b'o', b'n', rest @ ..] if rest.len() > 2 && rest.iter().all(u8::is_ascii_alphabetic) => Use::Handler,
        _ => return None,
    })
}

/// Could an attribute of this name act? Cheap, for every attribute of a page is asked: by its first letter and its length.
fn may_be_known(name: &[u8]) -> bool {
    let Some(first) = name.first() else { return false };
    match (first.to_ascii_lowercase(), name.len()) {
        (b'o', 4..=LONGEST_NAME) => matches!(name[1], b'n' | b'N'),
        (b'h' | b'p', 4)
        | (b'x' | b'b', 10)
        | (b's', 5 | 6)
        | (b'f', 4 | 6 | 10)
        | (b'a', 6 | 14)
        | (b'c', 6 | 9)
        | (b'm', 4..=12) => true,
        _ => false,
    }
}

/// How an attribute of this name, as written, acts.
fn used(name: &[u8]) -> Option<Use> {
    if may_be_known(name) { use_of(&name.to_ascii_lowercase()) } else { None }
}

/// May this attribute act, or mark the place of the cookies page? `rest` is what follows its equals sign as far as that has come.
pub(super) fn may_act(name: &[u8], rest: &[u8]) -> bool {
    if may_give_id(name, rest) {
        return true;
    }
    let Some(used) = used(name) else { return false };
    let value = rest.iter().find(|byte| **byte > b' ' && !matches!(byte, b'"' | b'\''));
    match (used, name) {
        // A script's scheme, plain or with its first letter encoded.
        (Use::Link, _) => value.is_none_or(|first| matches!(first, b'j' | b'J' | b'v' | b'V' | b'&')),
        // `fill` and `stroke`: a colour, most often.
        (Use::Style, [b'f' | b'F', _, _, _] | [b's' | b'S', _, _, _, _, _]) => {
            value.is_none_or(|first| matches!(first, b'u' | b'U' | b'&' | b'\\' | b'/'))
        }
        _ => true,
    }
}

/// Is there anything in this tag that acts?
pub(super) fn acts(raw: &[u8]) -> bool {
    acting(raw).next().is_some()
}

/// The attributes that act. Where one comes twice, browsers use the first; but the second acts once the first is held.
pub(super) fn acting(raw: &[u8]) -> impl Iterator<Item = (Attribute, Range<usize>, Use)> {
    StartTag::new(raw).attributes().filter_map(|attribute| {
        let name = &raw[attribute.name.clone()];
        let used = used(name)?;
        let value = attribute.value.clone().filter(|value| !value.is_empty())?;
        let acts = match used {
            Use::Link => may_act(name, &raw[value.clone()]),
            Use::Style => {
                memchr::memchr2(b'(', b'\\', &raw[value.clone()]).is_some() || raw[value.clone()].contains(&b'&')
            }
            _ => true,
        };
        acts.then_some((attribute, value, used))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(raw: &str) -> Vec<Use> {
        acting(raw.as_bytes()).map(|(_, _, used)| used).collect()
    }

    #[test]
    fn what_acts_is_found_in_any_tag() {
        assert_eq!(uses("<x-y STYLE='a:url(b)' ONCLICK=c() BackGround=d>"), [Use::Style, Use::Handler, Use::Address]);
        assert_eq!(uses("<a ping='/a /b' href=' javascript:x()'>"), [Use::Addresses, Use::Link]);
        assert_eq!(uses("<form action=/x><button formaction='/y'>"), [Use::Action]);
        assert_eq!(uses("<path fill=url(#a) stroke='&#117;rl(b)'>"), [Use::Style, Use::Style]);
        for raw in ["<a href=/x data-onclick=y on=z onclick style='color:red' fill=red>", "<p onclick=''>", "<p>"] {
            assert_eq!(uses(raw), [], "{raw}");
        }
    }

    #[test]
    fn every_known_name_may_be_known() {
        let names = "style fill stroke filter mask clip-path cursor marker marker-start marker-mid marker-end background ping \
                     attributionsrc action formaction href xlink:href onload onCLICK oncontentvisibilityautostatechange";
        for name in names.split_ascii_whitespace() {
            assert!(used(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn every_name_fits() {
        assert!("oncontentvisibilityautostatechange".len() <= LONGEST_NAME);
        assert!(may_act(b"href", b""), "the value is yet to come");
        assert!(!may_act(b"href", b" '/javascript'") && may_act(b"href", b" '\n JAVA"));
        assert!(!may_act(b"class", b"x") && may_act(b"onload", b""));
    }
}
