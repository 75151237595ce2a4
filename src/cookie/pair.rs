//! One `name=value` pair as it stands in a `Cookie` line, and the name a site would read from it.
//!
//! The danger: browsers, sites and this gate must see the same name, or a cookie walks past under another one. Three ways
//! to hide a name are known, and all are judged as the empty name, which no rule lets pass by accident:
//! a pair without `=` (nameless in browsers, a name in some frameworks); several cookies folded into one line with commas,
//! which old frameworks split again (RFC 2109); and a nameless value such as `=_ga=1`, which comes back as `_ga=1` and is
//! therefore judged as `_ga`. Not covered: commas without white space, too common in values that are one cookie only.

use memchr::memchr_iter;

/// Splits at `;`, trims, and passes over what is empty.
pub(super) fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';').map(trim).filter(|pair| !pair.is_empty())
}

/// The name this pair is judged by: the text before its first `=`, empty where it has none or may hide a second one.
pub(super) fn judged(pair: &[u8]) -> &[u8] {
    match split(pair) {
        (name, Some(_)) if !folded(pair) => name,
        _ => b"",
    }
}

/// Name and value around the first `=`, both without surrounding white space; no `=`, no value.
pub(super) fn split(pair: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', pair) {
        Some(at) => (trim(&pair[..at]), Some(trim(&pair[at + 1..]))),
        None => (trim(pair), None),
    }
}

/// Does a second cookie seem to follow a comma (`a=b, c=d`, as intermediaries fold lines: RFC 9110 section 5.3)?
/// The comma of a date is followed by a number and no `=`.
pub(super) fn folded(line: &[u8]) -> bool {
    memchr_iter(b',', line).any(|comma| {
        let rest = &line[comma + 1..];
        let name = trim_start(rest);
        let length = name.iter().take_while(|byte| is_token(**byte)).count();
        name.len() < rest.len() && length > 0 && trim_start(&name[length..]).first() == Some(&b'=')
    })
}

/// Without leading and trailing WSP (RFC 5234: space and tab). No other white space counts: a name after U+2000 is
/// another name to a browser, and so it is here.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let mut kept = trim_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = kept {
        kept = rest;
    }
    kept
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let mut kept = bytes;
    while let [b' ' | b'\t', rest @ ..] = kept {
        kept = rest;
    }
    kept
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_judged_by_the_name_a_site_would_read() {
        for (pair, name) in [
            ("_ga=1", "_ga"),
            ("_ga", ""),
            ("=_ga", ""),
            ("==_ga=1", ""),
            ("_ga =1", "_ga"),
            ("\t_ga=1=2", "_ga"),
            ("a=b, c=d", ""),
            ("a=b,\tc =d", ""),
            ("a=b, \tc=d", ""),
            ("a, c=d", ""),
            ("a=x,y", "a"),
            ("a=x,y=1", "a"),
            ("a=Wed, 09 Jun 2021 10:18:14 GMT", "a"),
            ("a={\"x\": 1, \"y\": \"=\"}", "a"),
            ("\u{2000}_ga=1", "\u{2000}_ga"),
        ] {
            assert_eq!(judged(pair.as_bytes()), name.as_bytes(), "{pair}");
        }
    }

    #[test]
    fn only_space_and_tab_are_trimmed() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b"\x0ba\x0c"), b"\x0ba\x0c");
        assert_eq!(trim(b" \t"), b"");
    }
}
