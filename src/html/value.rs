//! A value as a browser reads it, with the way back to the bytes it was written in.
//!
//! Character references are decoded; an edit found in the decoded text is made in the written one.

use std::borrow::Cow;
use std::ops::Range;

/// Where the references that count are decoded.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Attribute,
    /// In SVG and `MathML`, the text of scripts and style sheets.
    Text,
}

/// Decoded text whose places can be found in what was written.
pub(super) struct Value {
    pub(super) text: String,
    /// Where references stand: decoded and written places, in order.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

impl Value {
    pub(super) fn decode(written: &[u8], place: Place) -> Self {
        let written = &*Self::plain(written);
        let (mut text, mut pieces) = (String::with_capacity(written.len()), Vec::new());
        let mut at = 0;
        // No reference has a second `&` in it: each can be decoded without the others.
        while at < written.len() {
            let end = memchr::memchr(b'&', &written.as_bytes()[at + 1..]).map_or(written.len(), |next| at + 1 + next);
            let begin = text.len();
            let piece = &written[at..end];
            match place {
                _ if !piece.starts_with('&') => text.push_str(piece),
                Place::Attribute => text.push_str(&htmlize::unescape_attribute(piece)),
                Place::Text => text.push_str(&htmlize::unescape(piece)),
            }
            pieces.push((begin..text.len(), at..end));
            at = end;
        }
        Self { text, pieces }
    }

    /// The same text with one byte for each that is no UTF-8: what counts is ASCII, and places must stay.
    pub(super) fn plain(written: &[u8]) -> Cow<'_, str> {
        let ascii = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '_' };
        std::str::from_utf8(written).map_or_else(|_| written.iter().map(ascii).collect(), Into::into)
    }

    /// Where a place of the decoded text stands in the written one. In a piece, only its beginning can be a reference.
    pub(super) fn written(&self, at: usize) -> usize {
        let behind = self.pieces.partition_point(|(decoded, _)| decoded.end <= at);
        match self.pieces.get(behind) {
            Some((decoded, written)) if decoded.start == at => written.start,
            Some((decoded, written)) => written.end - (decoded.end - at).min(written.len()),
            None => self.pieces.last().map_or(0, |(_, written)| written.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again() {
        for (written, decoded, inside) in [
            ("a:url(x)", "a:url(x)", "x)"),
            ("a:url(&quot;x&quot;)", "a:url(\"x\")", "x&quot;)"),
            ("&#97;:url(x)", "a:url(x)", "x)"),
            ("a:url(&#120;)", "a:url(x)", "&#120;)"),
            ("a&amp;amp;b&lt c=x", "a&amp;b< c=x", "x"),
            ("&ampx", "&ampx", "x"),
            ("\u{e9}&eacute;x", "\u{e9}\u{e9}x", "x"),
        ] {
            let value = Value::decode(written.as_bytes(), Place::Attribute);
            assert_eq!(value.text, decoded);
            let at = value.text.rfind('x').expect("an x");
            assert_eq!(&written[value.written(at)..], inside, "{written}");
            assert_eq!(value.written(0), 0);
            assert_eq!(value.written(value.text.len()), written.len());
        }
    }

    #[test]
    fn bytes_that_are_no_text_keep_their_places() {
        let value = Value::decode(b"\xE9\xE9&amp;x", Place::Attribute);
        assert_eq!(value.text, "__&x");
        assert_eq!(value.written(3), 7);
    }
}
