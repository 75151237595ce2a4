//! Names that a program makes up (`cart_83af02c1`): known by their ending, and shown as what they have in common.
//!
//! One name is judged by itself, so that the same name is the same pattern on every node and in any order. What hides its
//! made-up part better (`poll_7`, `poll_8`, …) is folded where a list is shown, once there are enough of them.

use std::collections::HashMap;

/// Digits at the end that nobody has counted up to.
const DIGITS: usize = 6;
/// As many of 0-9, a-f in a row, a digit among them, are no word.
const HEX: usize = 8;
/// What is left of a name must say something.
const SHORTEST_STEM: usize = 2;
/// So many names that differ in a number are one thing.
pub(super) const FAMILY: usize = 8;

/// The part of the name in front of a made-up ending; `None` where the name has none.
pub(super) fn stem(name: &str) -> Option<&str> {
    let bytes = name.as_bytes();
    let ending = |fits: fn(&u8) -> bool| bytes.iter().rev().take_while(|byte| fits(byte)).count();
    // A UUID is hexadecimal digits with dashes in between.
    let dashed = ending(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let digits = ending(u8::is_ascii_digit);
    let is_made_up = |length: usize| bytes[bytes.len() - length..].iter().any(u8::is_ascii_digit);
    let uuid = dashed >= 36 && bytes[bytes.len() - 36] != b'-' && bytes[bytes.len() - 28] == b'-';
    let hex = ending(u8::is_ascii_hexdigit);
    let length = match () {
        () if uuid => 36,
        () if hex >= HEX && is_made_up(hex) => hex,
        () if digits >= DIGITS => digits,
        () => return None,
    };
    let stem = &name[..bytes.len() - length];
    (stem.len() >= SHORTEST_STEM).then_some(stem)
}

/// The part in front of a number at the end, however short; `None` for a name without one.
pub(super) fn numbered(name: &str) -> Option<&str> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem.len() < name.len() && stem.len() >= SHORTEST_STEM).then_some(stem)
}

/// Which numbered names are so many that they are one thing.
pub struct Families<'n>(HashMap<&'n str, usize>);

impl<'n> Families<'n> {
    /// Counts the names that differ in a number at the end.
    pub fn of(names: impl Iterator<Item = &'n str>) -> Self {
        let mut families = HashMap::new();
        for stem in names.filter_map(numbered) {
            *families.entry(stem).or_default() += 1;
        }
        Self(families)
    }

    /// Is the name one of many?
    pub(super) fn has(&self, name: &str) -> bool {
        numbered(name).is_some_and(|stem| self.0.get(stem).is_some_and(|count| *count >= FAMILY))
    }

    /// The name, or what it has in common with many.
    pub fn folded(&self, name: &str) -> String {
        let family = numbered(name).filter(|_| self.has(name));
        family.map_or_else(|| name.to_owned(), |stem| format!("{stem}*"))
    }
}

/// The pattern a name belongs to: the one it was judged by, or that of its made-up ending, or itself.
pub fn pattern(name: &[u8], judged_by: Option<&str>) -> String {
    with_pattern(name, judged_by, str::to_owned)
}

/// Uses the pattern a name belongs to: the one it was judged by, or that of its made-up ending, or itself.
pub(super) fn with_pattern<T>(name: &[u8], judged_by: Option<&str>, used: impl FnOnce(&str) -> T) -> T {
    const LONGEST: usize = 256;
    if let Some(pattern) = judged_by {
        return used(pattern);
    }
    let name = String::from_utf8_lossy(name);
    let Some(stem) = stem(&name).filter(|stem| stem.len() < LONGEST) else { return used(&name) };
    let mut pattern = [0; LONGEST];
    pattern[..stem.len()].copy_from_slice(stem.as_bytes());
    pattern[stem.len()] = b'*';
    used(std::str::from_utf8(&pattern[..=stem.len()]).unwrap_or(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_ending_is_told_from_a_word() {
        for (name, expected) in [
            ("cart_83af02c1", Some("cart_")),
            ("poll1234567", Some("poll")),
            ("sess-3f2b8c1e-0000-4a4a-9b9b-123456789abc", Some("sess-")),
            ("SESSdeadbeefdeadbeef", None),
            ("facade", None),
            ("theme", None),
            ("poll_7", None),
            ("2026", None),
            ("83af02c183af02c1", None),
            ("ASP.NET_SessionId", None),
            ("", None),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_outside_ascii_is_never_cut_inside_a_letter() {
        for name in ["é12345678", "é", "ab\u{fffd}12345678"] {
            assert!(stem(name).is_none_or(|stem| name.starts_with(stem)), "{name}");
        }
    }

    #[test]
    fn many_numbered_names_are_one() {
        let names: Vec<_> = (0..FAMILY).map(|n| format!("poll_{n}")).chain(["tab_1".into(), "theme".into()]).collect();
        let families = Families::of(names.iter().map(String::as_str));
        assert_eq!(families.folded("poll_3"), "poll_*");
        assert_eq!((families.folded("tab_1"), families.folded("theme")), ("tab_1".into(), "theme".into()));
    }

    #[test]
    fn the_pattern_that_decided_goes_before_the_ending() {
        assert_eq!(with_pattern(b"_ga_AB12345678", Some("_ga_*"), str::to_owned), "_ga_*");
        assert_eq!(with_pattern(b"cart_83af02c1", None, str::to_owned), "cart_*");
        assert_eq!(with_pattern(b"\xff1", None, str::to_owned), "\u{fffd}1");
    }
}
