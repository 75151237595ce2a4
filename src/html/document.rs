//! Which responses are documents: pages a person looks at, not fragments that a script asked for.
//!
//! A fragment that is changed breaks the page that asked for it (length-prefixed ASP.NET partial postbacks above
//! all), so the request has to speak for a document, and the body has to look like one (promise 9).

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// What the request says about the use of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A page of its own: the browser's address bar shows it.
    Page,
    /// Most likely a page: html is what is asked for, by a browser that does not say where to.
    Likely,
    /// A page inside another: held, but never with a notice of its own.
    Frame,
    /// Nothing says so or contradicts it: the body decides.
    Unknown,
    /// Something else: an image, a script's own request, a partial postback.
    Other,
}

impl Asked {
    /// Reads `Sec-Fetch-Dest`, which browsers send over https and to localhost; elsewhere the older signs.
    pub fn read(headers: &HeaderMap) -> Self {
        let value = |name: &str| headers.get(name).map(http::HeaderValue::as_bytes);
        if is_script_request(headers) {
            return Self::Other;
        }
        match value("sec-fetch-dest") {
            Some(b"document") => Self::Page,
            Some(b"iframe" | b"frame" | b"embed" | b"object" | b"fencedframe") => Self::Frame,
            Some(_) => Self::Other,
            None if accepts_html(headers) => Self::Likely,
            None if headers.contains_key(ACCEPT) && !accepts_anything(headers) => Self::Other,
            None => Self::Unknown,
        }
    }

    /// Could the answer be a document?
    pub fn may_be_document(self) -> bool {
        self != Self::Other
    }
}

/// `jQuery` and the ASP.NET `ScriptManager` say so themselves.
fn is_script_request(headers: &HeaderMap) -> bool {
    headers.contains_key("x-microsoftajax")
        || headers.get("x-requested-with").is_some_and(|by| by.as_bytes().eq_ignore_ascii_case(b"xmlhttprequest"))
}

fn accepts_html(headers: &HeaderMap) -> bool {
    accepts(headers, |media| media == b"text/html" || media == b"application/xhtml+xml")
}

fn accepts_anything(headers: &HeaderMap) -> bool {
    accepts(headers, |media| media == b"*/*")
}

fn accepts(headers: &HeaderMap, wanted: impl Fn(&[u8]) -> bool) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    let mut ranges = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    ranges.any(|range| wanted(range.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()))
}

/// What a response is, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// `text/html`.
    Html,
    /// `application/xhtml+xml`: an HTML reader would misread it.
    Xhtml,
    /// Other XML that browsers show as a page of its own (SVG, a feed), and a page in parts.
    Xml,
    /// Nothing that means anything: the body decides.
    Unsaid,
    /// Anything else.
    No,
}

impl Document {
    /// Reads every `Content-Type`: where several are sent, browsers differ in which they take, so one that says HTML
    /// is enough. Where none says anything, they look at the body and may well show a page (MIME Sniffing 7.1).
    pub fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(CONTENT_TYPE).iter();
        let types = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(essence);
        let found: Vec<Self> = types.map(Self::of_essence).collect();
        let most = [Self::Html, Self::Xhtml, Self::Xml, Self::Unsaid].into_iter().find(|kind| found.contains(kind));
        most.unwrap_or(if found.is_empty() { Self::Unsaid } else { Self::No })
    }

    fn of_essence(essence: &[u8]) -> Self {
        match &*essence.to_ascii_lowercase() {
            b"text/html" => Self::Html,
            b"application/xhtml+xml" => Self::Xhtml,
            b"text/xml" | b"application/xml" | b"multipart/x-mixed-replace" => Self::Xml,
            essence if essence.ends_with(b"+xml") => Self::Xml,
            b"" | b"unknown/unknown" | b"application/unknown" | b"*/*" => Self::Unsaid,
            _ => Self::No,
        }
    }
}

/// Up to a semicolon, a space or a bracket: so browsers end it, and old sites forget the semicolon.
fn essence(content_type: &[u8]) -> &[u8] {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b'(');
    content_type.trim_ascii().split(ends).next().unwrap_or_default()
}

/// Does a `text/html` body look like what was asked for? What does not is sent on as it is, behind a fence.
///
/// Sites send JSON and script as `text/html`: where a browser does not say that it will show a page, the first byte
/// that is no white space must be `<`; where the request says nothing at all, the page has to begin as a whole
/// document does. Where the browser will show it, a page may begin with words (an error message, mostly).
pub fn looks_like_html(asked: Asked, document: Document, first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first).trim_ascii_start();
    match asked {
        Asked::Page | Asked::Frame if document == Document::Html => {
            text.first().is_some_and(|byte| !matches!(byte, b'{' | b'['))
        }
        Asked::Page | Asked::Frame | Asked::Likely => text.first() == Some(&b'<'),
        Asked::Unknown => begins_as_document(text),
        Asked::Other => false,
    }
}

/// Nothing of a page yet: white space alone.
pub fn is_blank(first: &[u8]) -> bool {
    first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first).trim_ascii_start().is_empty()
}

fn begins_as_document(mut text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] =
        [b"<!doctype", b"<html", b"<head", b"<title", b"<meta", b"<body", b"<frameset", b"<?xml"];
    while let Some(comment) = text.strip_prefix(b"<!--") {
        let Some(end) = memchr::memmem::find(comment, b"-->") else { return false };
        text = comment[end + 3..].trim_ascii_start();
    }
    BEGINNINGS.iter().any(|known| text.len() >= known.len() && text[..known.len()].eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Asked {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        Asked::read(&headers.iter().map(pair).collect())
    }

    #[test]
    fn a_request_says_what_it_is_for() {
        assert_eq!(asked(&[("sec-fetch-dest", "document")]), Asked::Page);
        assert_eq!(asked(&[("sec-fetch-dest", "iframe")]), Asked::Frame);
        assert_eq!(asked(&[("sec-fetch-dest", "empty"), ("accept", "text/html")]), Asked::Other);
        assert_eq!(asked(&[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")]), Asked::Likely);
        assert_eq!(asked(&[("accept", "*/*")]), Asked::Unknown);
        assert_eq!(asked(&[("accept", "image/webp, image/*")]), Asked::Other);
        assert_eq!(asked(&[]), Asked::Unknown);
    }

    #[test]
    fn scripts_that_ask_for_a_piece_get_it_as_it_is() {
        assert_eq!(asked(&[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")]), Asked::Other);
        assert_eq!(asked(&[("accept", "text/html"), ("x-microsoftajax", "Delta=true")]), Asked::Other);
    }

    #[test]
    fn the_body_must_look_like_what_was_asked_for() {
        assert!(looks_like_html(Asked::Page, Document::Html, b"\xEF\xBB\xBF \n<td>x"));
        assert!(!looks_like_html(Asked::Page, Document::Unsaid, b"Warning: line 3<html>"));
        assert!(looks_like_html(Asked::Page, Document::Html, b"Warning: line 3<html>"));
        assert!(!looks_like_html(Asked::Page, Document::Html, b"{\"a\":\"<p>\"}"));
        assert!(!looks_like_html(Asked::Likely, Document::Html, b"1|#||4|25|pageRedirect||"));
        assert!(!looks_like_html(Asked::Page, Document::Html, b""));
        assert!(looks_like_html(Asked::Unknown, Document::Html, b"<!-- x --> <!DOCTYPE html>"));
        assert!(!looks_like_html(Asked::Unknown, Document::Html, b"<tr><td>"));
        assert!(!looks_like_html(Asked::Other, Document::Html, b"<!doctype html>"));
    }

    #[test]
    fn content_types_by_essence() {
        let of = |lines: &[&'static str]| {
            Document::of(&lines.iter().map(|line| (CONTENT_TYPE, HeaderValue::from_static(line))).collect())
        };
        assert_eq!(of(&["Text/HTML ; charset=x"]), Document::Html);
        assert_eq!(of(&["application/xhtml+xml"]), Document::Xhtml);
        assert_eq!(of(&["image/SVG+xml;x"]), Document::Xml);
        assert_eq!(of(&["text/plain"]), Document::No);
        assert_eq!(of(&["text/plain", "text/html"]), Document::Html);
        assert_eq!(of(&["image/png, text/html;x"]), Document::Html);
        assert_eq!(of(&[]), Document::Unsaid);
        assert_eq!(of(&[""]), Document::Unsaid);
    }
}
