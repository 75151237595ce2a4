//! The council's files: style, script, pictures, robots.txt, and a PDF that can be asked for in part.

use http::{StatusCode, header};

use super::listen::Visit;
use super::pdf;
use super::reply::Reply;

/// The smallest GIF: one see-through pixel.
pub(super) const PIXEL: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const ROBOTS: &str = "User-agent: *\r\nDisallow: /account/\r\nDisallow: /trace.axd\r\n";
const BUDGET_TAG: &str = "\"budget-2013-3\"";

/// The file asked for, if it is one.
pub(super) fn find(visit: &Visit) -> Option<Reply> {
    let (media_type, text) = match visit.path.as_str() {
        "/css/site.css" => ("text/css", include_str!("site/site.css")),
        "/js/site.js" => ("application/javascript", include_str!("site/site.js")),
        "/js/html5shiv.js" => ("application/javascript", "/* Only Internet Explorer 8 asks for this. */\n"),
        "/img/crest.svg" | "/favicon.ico" => ("image/svg+xml", include_str!("site/crest.svg")),
        "/img/hero.svg" => ("image/svg+xml", include_str!("site/hero.svg")),
        "/robots.txt" => ("text/plain", ROBOTS),
        "/img/counter.gif" => return Some(counter()),
        "/documents/budget-book.pdf" => return Some(budget_book(visit)),
        _ => return None,
    };
    Some(Reply::new(StatusCode::OK, media_type, text).with(header::CACHE_CONTROL, "public, max-age=3600"))
}

/// A picture that counts: cookies do not come with pages alone.
fn counter() -> Reply {
    Reply::new(StatusCode::OK, "image/gif", PIXEL)
        .with(header::CACHE_CONTROL, "no-store")
        .set_cookie("HitCounter=1; expires=Fri, 31-Dec-2038 23:59:59 GMT; path=/img")
}

fn budget_book(visit: &Visit) -> Reply {
    let document = pdf::budget_book();
    if visit.header(header::IF_NONE_MATCH) == Some(BUDGET_TAG) {
        return Reply::empty(StatusCode::NOT_MODIFIED).with(header::ETAG, BUDGET_TAG);
    }
    // RFC 9110, section 13.1.5: a part of another version would not fit what the client has.
    let same = visit.header(header::IF_RANGE).is_none_or(|tag| tag == BUDGET_TAG);
    let part = visit.header(header::RANGE).filter(|_| same).and_then(|range| part(range, document.len()));
    let reply = match part {
        None => Reply::new(StatusCode::OK, "application/pdf", document),
        Some(Part::Outside) => Reply::plain(StatusCode::RANGE_NOT_SATISFIABLE, "There is no such part.")
            .with(header::CONTENT_RANGE, &format!("bytes */{}", document.len())),
        Some(Part::Bytes(first, last)) => {
            Reply::new(StatusCode::PARTIAL_CONTENT, "application/pdf", document[first..=last].to_vec())
                .with(header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", document.len()))
        }
    };
    reply
        .with(header::ACCEPT_RANGES, "bytes")
        .with(header::ETAG, BUDGET_TAG)
        .with(header::CACHE_CONTROL, "public, max-age=600")
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// First and last byte, both within the document.
    Bytes(usize, usize),
    Outside,
}

/// A single `bytes` range (RFC 9110, section 14.1.2); anything else is answered with the whole document.
fn part(range: &str, length: usize) -> Option<Part> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<usize>().ok();
    let (first, last) = match (first.is_empty(), last.is_empty()) {
        (true, _) => (length.saturating_sub(number(last)?), length - 1),
        (false, true) => (number(first)?, length - 1),
        (false, false) => (number(first)?, number(last)?.min(length - 1)),
    };
    Some(if first < length && first <= last { Part::Bytes(first, last) } else { Part::Outside })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_document() {
        assert_eq!(part("bytes=0-3", 10), Some(Part::Bytes(0, 3)));
        assert_eq!(part("bytes=5-", 10), Some(Part::Bytes(5, 9)));
        assert_eq!(part("bytes=-4", 10), Some(Part::Bytes(6, 9)));
        assert_eq!(part("bytes=8-99", 10), Some(Part::Bytes(8, 9)));
        assert_eq!(part("bytes=10-", 10), Some(Part::Outside));
        assert_eq!(part("bytes=-0", 10), Some(Part::Outside));
        assert_eq!(part("bytes=0-1,4-5", 10), None);
        assert_eq!(part("lines=1-2", 10), None);
    }
}
