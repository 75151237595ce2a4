//! Characters that nobody sees: they could make a word empty, or one answer read like another.

/// The general category Cf of Unicode 16.
const FORMAT: [(u32, u32); 21] = [
    (0xad, 0xad),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x180e, 0x180e),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x2064),
    (0x2066, 0x206f),
    (0xfeff, 0xfeff),
    (0xfff9, 0xfffb),
    (0x1_10bd, 0x1_10bd),
    (0x1_10cd, 0x1_10cd),
    (0x1_3430, 0x1_343f),
    (0x1_bca0, 0x1_bca3),
    (0x1_d173, 0x1_d17a),
    (0xe_0001, 0xe_0001),
    (0xe_0020, 0xe_007f),
];
/// Joiners, which Persian and Sinhala are written with, and the plain marks of direction.
const NEEDED: std::ops::RangeInclusive<u32> = 0x200c..=0x200f;

/// Whether no sentence of a notice has a use for it.
pub(super) fn is_format(character: char) -> bool {
    let code = u32::from(character);
    !NEEDED.contains(&code) && FORMAT.iter().any(|&(first, last)| (first..=last).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_unicodes() {
        let format = regex::Regex::new(r"^[\p{Cf}--[\u{200c}-\u{200f}]]$").expect("a pattern");
        let mut text = [0; 4];
        for character in '\0'..=char::MAX {
            let expected = format.is_match(character.encode_utf8(&mut text));
            assert_eq!(is_format(character), expected, "U+{:04X}", u32::from(character));
        }
    }
}
