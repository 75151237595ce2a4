//! The charset of a page, as far as it matters: has it ASCII in its place, and was it only said inside the page?
//!
//! The order of the HTML standard, 13.2.3.2: a byte order mark, then `Content-Type`, then a `<meta>` in the first
//! 1024 bytes. What only a `<meta>` said is repeated in `Content-Type`, so that an insertion in front of it cannot
//! push it out of those 1024 bytes (promise 8).

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use super::attributes::StartTag;

/// How far browsers look for a `<meta charset>`.
pub(super) const PRESCAN_BYTES: usize = 1024;

/// What is known of a page's charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ASCII is in its place. `from_meta` is the charset's name when only the page itself said it.
    Ascii {
        /// To be repeated in `Content-Type`.
        from_meta: Option<&'static str>,
    },
    /// UTF-16, ISO-2022-JP and the like: such a page is not rewritten.
    Other,
}

/// The charset of a page from its `Content-Type` and its first bytes. Of several types, with commas between, any may be
/// the one a browser takes: one without ASCII is enough to keep away.
pub fn detect(content_type: &[u8], first: &[u8]) -> Charset {
    if let Some((encoding, _)) = Encoding::for_bom(first) {
        return known(encoding, None);
    }
    let types = content_type.split(|byte| *byte == b',');
    let said: Vec<_> = types.filter_map(charset_parameter).filter_map(Encoding::for_label).collect();
    if let Some(charset) =
        said.iter().map(|encoding| known(encoding, None)).max_by_key(|charset| *charset == Charset::Other)
    {
        return charset;
    }
    match in_meta(&first[..first.len().min(PRESCAN_BYTES)]) {
        Some(encoding) => known(encoding, Some(encoding.name())),
        None => Charset::Ascii { from_meta: None },
    }
}

fn known(encoding: &'static Encoding, from_meta: Option<&'static str>) -> Charset {
    let other = [UTF_16LE, UTF_16BE, ISO_2022_JP, REPLACEMENT].contains(&encoding);
    if other { Charset::Other } else { Charset::Ascii { from_meta } }
}

/// The value of `charset=` in a `Content-Type` or a `<meta content>`, without quotes.
fn charset_parameter(value: &[u8]) -> Option<&[u8]> {
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let name_end = from + memchr::memmem::find(&lower[from..], b"charset")? + b"charset".len();
        let rest = value[name_end..].trim_ascii_start();
        if let Some(rest) = rest.strip_prefix(b"=") {
            let rest = rest.trim_ascii_start();
            let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
            let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'"' | b'\''));
            return Some(&rest[..end.unwrap_or(rest.len())]);
        }
        from = name_end;
    }
}

/// HTML standard, "prescan a byte stream to determine its encoding": comments are passed over, tags looked at.
fn in_meta(mut rest: &[u8]) -> Option<&'static Encoding> {
    loop {
        rest = &rest[memchr::memchr(b'<', rest)?..];
        if rest.starts_with(b"<!--") {
            rest = &rest[memchr::memmem::find(&rest[2..], b"-->")? + 5..];
            continue;
        }
        let is_meta = rest.len() > 5 && rest[1..5].eq_ignore_ascii_case(b"meta") && !rest[5].is_ascii_alphanumeric();
        if is_meta && let Some(encoding) = meta_charset(rest) {
            return Some(encoding);
        }
        rest = &rest[1..];
    }
}

fn meta_charset(tag: &[u8]) -> Option<&'static Encoding> {
    let tag = StartTag::new(tag);
    let encoding = if let Some(charset) = tag.value("charset") {
        Encoding::for_label(charset.as_bytes())?
    } else {
        let pragma = tag.value("http-equiv").is_some_and(|value| value.eq_ignore_ascii_case("content-type"));
        let content = tag.value("content").filter(|_| pragma)?;
        Encoding::for_label(charset_parameter(content.as_bytes())?)?
    };
    // "If charset is UTF-16BE/LE, then set charset to UTF-8"; x-user-defined becomes windows-1252.
    Some(match encoding {
        encoding if encoding == UTF_16LE || encoding == UTF_16BE => UTF_8,
        encoding if encoding == encoding_rs::X_USER_DEFINED => encoding_rs::WINDOWS_1252,
        encoding => encoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Charset = Charset::Ascii { from_meta: None };

    fn meta(name: &'static str) -> Charset {
        Charset::Ascii { from_meta: Some(name) }
    }

    #[test]
    fn mark_header_meta_in_that_order() {
        assert_eq!(detect(b"text/html; charset=utf-8", b"\xFF\xFEh\0"), Charset::Other);
        assert_eq!(detect(b"text/html; charset=\"ISO-2022-JP\"", b"<html>"), Charset::Other);
        assert_eq!(detect(b"text/html;charset=windows-1252", b"<meta charset=iso-2022-jp>"), PLAIN);
        assert_eq!(detect(b"text/html; charset=nonsense", b"<meta charset='latin1'>"), meta("windows-1252"));
        assert_eq!(detect(b"text/html", b"\xEF\xBB\xBF<meta charset=latin1>"), PLAIN);
        assert_eq!(detect(b"text/html", b"<p>"), PLAIN);
    }

    #[test]
    fn of_several_types_each_counts() {
        assert_eq!(detect(b"text/html; charset=utf-8, text/html; charset=utf-16", b"<p>"), Charset::Other);
        assert_eq!(detect(b"text/html, text/html; charset=iso-2022-jp", b"<p>"), Charset::Other);
        assert_eq!(detect(b"text/html, text/html; charset=utf-8", b"<meta charset=big5>"), PLAIN);
    }

    #[test]
    fn meta_is_found_as_browsers_find_it() {
        let http_equiv = b"<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=Shift_JIS'>";
        assert_eq!(detect(b"text/html", http_equiv), meta("Shift_JIS"));
        assert_eq!(detect(b"text/html", b"<!-- <meta charset=big5> --><meta charset=utf-16>"), meta("UTF-8"));
        assert_eq!(detect(b"text/html", b"<metadata charset=big5>"), PLAIN);
        assert_eq!(detect(b"text/html", b"<meta content='text/html; charset=big5'>"), PLAIN);
        let late = [b" ".repeat(PRESCAN_BYTES), b"<meta charset=big5>".to_vec()].concat();
        assert_eq!(detect(b"text/html", &late), PLAIN);
    }
}
