//! Addresses that carry what they stand for: `data:` and `javascript:`.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::{Encoding, UTF_8};
use url::{Position, Url};

/// Padding may be there or not (Infra standard, "forgiving-base64 decode").
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is in a `data:` address, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// HTML, and the XML that browsers show as pages.
    Page,
    Css,
    Other,
}

/// A `data:` address.
pub(super) struct Data<'u> {
    pub(super) media: Media,
    head: &'u str,
    body: &'u str,
}

impl<'u> Data<'u> {
    /// Fetch standard, "data: URL processor".
    pub(super) fn of(url: &'u Url) -> Option<Self> {
        let (head, body) = url[Position::BeforePath..Position::AfterQuery].split_once(',')?;
        let essence = head.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let media = match &*essence {
            "text/css" => Media::Css,
            "text/html" | "text/xml" | "application/xml" => Media::Page,
            essence if essence.ends_with("+xml") => Media::Page,
            _ => Media::Other,
        };
        Some(Self { media, head, body })
    }

    /// Its text; one that cannot be decoded is empty, as it is to a browser.
    pub(super) fn text(&self) -> String {
        let bytes = percent_decoded(self.body);
        let bytes = if self.is_base64() {
            let compact: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            BASE64.decode(compact).unwrap_or_default()
        } else {
            bytes
        };
        let charset = self.head.split(';').find_map(|part| part.trim().strip_prefix("charset="));
        let encoding = charset.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
        encoding.decode(&bytes).0.into_owned()
    }

    fn is_base64(&self) -> bool {
        self.head.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"))
            && self.head.contains(';')
    }
}

/// The script of a `javascript:` address.
pub(super) fn script(url: &Url) -> String {
    String::from_utf8_lossy(&percent_decoded(&url[Position::BeforePath..])).into_owned()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten().and_then(hexadecimal);
        decoded.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

/// The text with the references decoded that could hide an address; `None` where there are none.
pub(super) fn without_references(text: &[u8]) -> Option<Vec<u8>> {
    const HIDING: [&[u8]; 7] = [b"&#", b"&quot;", b"&apos;", b"&sol;", b"&colon;", b"&period;", b"&bsol;"];
    HIDING.iter().any(|sign| memchr::memmem::find(text, sign).is_some()).then(|| {
        let text: Cow<'_, str> = String::from_utf8_lossy(text);
        htmlize::unescape(text).into_owned().into_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_data_address_carries_is_read() {
        for (address, media, text) in [
            ("data:text/html,<p>x</p>", Media::Page, "<p>x</p>"),
            ("DATA:Text/HTML;charset=utf-8,%3Cp%3E%2", Media::Page, "<p>%2"),
            ("data:text/html;base64,PHA+eA==", Media::Page, "<p>x"),
            ("data:text/html;charset=utf-8; BASE64,PHA%2BeA", Media::Page, "<p>x"),
            ("data:text/html;charset=utf-16le;base64,PABwAD4A", Media::Page, "<p>"),
            ("data:image/svg+xml,<svg/>", Media::Page, "<svg/>"),
            ("data:text/css,a?b", Media::Css, "a?b"),
            ("data:,x", Media::Other, "x"),
        ] {
            let url = Url::parse(address).expect("an address");
            let data = Data::of(&url).expect("a comma");
            assert_eq!((data.media, &*data.text()), (media, text), "{address}");
        }
        let url = Url::parse("data:text/html").expect("an address");
        assert!(Data::of(&url).is_none());
    }

    #[test]
    fn a_script_in_an_address_and_references_in_a_script() {
        let url = Url::parse(" java\nscript:x('%2F%2Fa')//?b#c").expect("an address");
        assert_eq!(script(&url), "x('//a')//?b#c");
        assert_eq!(without_references(b"a && b"), None);
        assert_eq!(without_references(b"x(&quot;&#x2f;/a&quot;)").as_deref(), Some(&b"x(\"//a\")"[..]));
    }
}
