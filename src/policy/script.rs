//! What an inline script's text says it will do, as far as that is plainly written: addresses it names.
//!
//! Reading is not running: a script that puts a name together from parts is not understood here, and one in a file
//! of its own is not read at all. What this misses is for the fences behind it; what a script stores is the guard's
//! business while it runs, write by write.

use memchr::memmem;
use url::Url;

/// The text with what could hide an address undone: escapes of ASCII, and strings joined from pieces. `None` where
/// there is nothing to undo.
pub(super) fn plain(text: &[u8]) -> Option<Vec<u8>> {
    if !hides(text) {
        return None;
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let undone = match first {
            b'\\' => escape(rest),
            b'"' | b'\'' | b'`' => joint(rest).map(|length| (None, length)),
            _ => None,
        };
        let (byte, length) = undone.unwrap_or((Some(*first), 1));
        plain.extend(byte);
        rest = &rest[length..];
    }
    Some(plain)
}

/// Most scripts have neither.
fn hides(text: &[u8]) -> bool {
    let escaped = |at: usize| matches!(text.get(at + 1), Some(b'x' | b'u' | b'0'..=b'7'));
    let quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'`'));
    let joined =
        |at: usize| quote(text[..at].trim_ascii_end().last()) && quote(text[at + 1..].trim_ascii_start().first());
    memchr::memchr_iter(b'\\', text).any(escaped) || memchr::memchr_iter(b'+', text).any(joined)
}

/// The byte an escape stands for, and the escape's length; `\/` is left to those who look for addresses.
fn escape(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let number = |digits: &[u8], radix, length| {
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        let code = u8::try_from(u32::from_str_radix(digits, radix).ok()?).ok().filter(u8::is_ascii)?;
        Some((Some(code), length))
    };
    match rest.get(1)? {
        b'x' => number(rest.get(2..4)?, 16, 4),
        b'u' if rest.get(2) == Some(&b'{') => {
            let end = rest.iter().take(12).position(|byte| *byte == b'}')?;
            number(&rest[3..end], 16, end + 1)
        }
        b'u' => number(rest.get(2..6)?, 16, 6),
        b'0'..=b'7' => {
            let digits = rest[1..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            number(&rest[1..=digits], 8, digits + 1)
        }
        _ => None,
    }
}

/// The length of `' + '`, where a string ends and the next is joined to it.
fn joint(rest: &[u8]) -> Option<usize> {
    let quotes = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let near = &rest[1..rest.len().min(64)];
    let behind = near.trim_ascii_start().strip_prefix(b"+")?.trim_ascii_start();
    quotes(behind.first()).then(|| 1 + near.len() - behind.len() + 1)
}

/// Addresses that are plainly written in a script, as far as they go.
pub(super) fn addresses(text: &[u8]) -> impl Iterator<Item = String> {
    memmem::find_iter(text, b"//").filter_map(|at| address(&text[at + 2..]))
}

/// Addresses of files and of endpoints that a script could load: the last part of the path has a dot in it, or a query
/// follows. Each once, and no more of them than a page's own script names.
pub(super) fn files(text: &[u8]) -> impl Iterator<Item = Url> {
    const MOST: usize = 64;
    let file =
        |url: &Url| url.path().rsplit('/').next().is_some_and(|last| last.contains('.')) || url.query().is_some();
    let urls = addresses(text).filter_map(|address| Url::parse(&address).ok()).filter(file);
    let mut all: Vec<Url> = urls.take(4 * MOST).collect();
    all.sort();
    all.dedup();
    all.truncate(MOST);
    all.into_iter()
}

fn address(text: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let stops =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b')');
    let end = text.iter().take(LONGEST).position(stops).unwrap_or(text.len().min(LONGEST));
    let address = std::str::from_utf8(&text[..end]).ok()?;
    address.contains('.').then(|| format!("https://{}", address.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_joined_strings_hide_nothing() {
        for (text, expected) in [
            (r"'\x68ttps:\u002f\x2ft.example\u{2F}x'", "'https://t.example/x'"),
            (r"'\57\057t.example'", "'//t.example'"),
            ("'//t.exa' + \"mple/x\"", "'//t.example/x\""),
            ("'<scr'+'ipt src=//t'\n+\n'.example>'", "'<script src=//t.example>'"),
            (r"'\u00e9\x+1\u{zz}' + x", r"'\u00e9\x+1\u{zz}' + x"),
        ] {
            let read = plain(text.as_bytes()).expect("something to undo");
            assert_eq!(String::from_utf8_lossy(&read), expected);
        }
        assert_eq!(plain(br"x + 'a\n' + y \/\/"), None);
        for text in ["\\", "\\x", "\\u", "\\u{", "'\\x", "'+", "'+'", "\\u{110000000}+'"] {
            let _ = (plain(text.as_bytes()), plain(format!("'+'{text}").as_bytes()));
        }
    }

    #[test]
    fn addresses_go_as_far_as_they_are_written() {
        let all: Vec<_> =
            addresses(b"s.src='//A.example/x.js?'+y; // a comment\nvar z=\"https://b.example\"").collect();
        assert_eq!(all, ["https://a.example/x.js?", "https://b.example"]);
    }
}
