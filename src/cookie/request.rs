//! Fence 2: cookies a visitor refused are taken out of the request, because reading is access in law (C11).
//!
//! A line in which nothing is held is not touched. The gate's own cookie is never judged here: held by an unknown-cookie
//! rule it would be reported as a left-over and expired, and the choice with it.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::pair::{judged, pairs, split};
use crate::consent::ChoiceCookie;

/// Takes the held pairs out of every `Cookie` line, and a line that is left empty with them. Returns their names, sorted
/// and each once.
///
/// `hold` is asked with the empty name for a pair without `=` and for one that hides a second cookie behind a comma.
/// Kept pairs keep their order and bytes, joined by `; ` within their own line.
pub fn strip_request(headers: &mut HeaderMap, mut hold: impl FnMut(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut changed = Vec::new();
    for (place, line) in headers.get_all(COOKIE).iter().enumerate() {
        if let Some(kept) = strip_line(line.as_bytes(), &mut hold, &mut names) {
            changed.push((place, kept));
        }
    }
    if !changed.is_empty() {
        apply(headers, changed);
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Every value of this name, from any line, as its bytes are, without surrounding white space.
pub fn values<'h>(headers: &'h HeaderMap, name: &[u8]) -> impl Iterator<Item = &'h [u8]> {
    let lines = headers.get_all(COOKIE).iter();
    lines.flat_map(|line| pairs(line.as_bytes())).filter_map(move |pair| match split(pair) {
        (found, Some(value)) if found == name => Some(value),
        _ => None,
    })
}

/// The name of every pair, as it is judged.
pub fn names(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().flat_map(names_in)
}

/// The name of every pair of one `Cookie` line.
pub fn names_in(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    pairs(line.as_bytes()).map(judged)
}

/// Joins several `Cookie` lines into one, for a site that is spoken to in HTTP/1 (RFC 9113 section 8.2.3).
pub fn join(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let lines: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let joined = value(lines.join(b"; ".as_slice()));
    headers.insert(COOKIE, joined);
}

/// The line without its held pairs; `None` when nothing in it is held.
fn strip_line(line: &[u8], hold: &mut impl FnMut(&[u8]) -> bool, names: &mut Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let mut kept: Option<Vec<u8>> = None;
    for (place, pair) in pairs(line).enumerate() {
        let name = judged(pair);
        if !ChoiceCookie::is_own(name) && hold(name) {
            names.push(name.to_vec());
            kept.get_or_insert_with(|| pairs(line).take(place).collect::<Vec<_>>().join(b"; ".as_slice()));
        } else if let Some(kept) = &mut kept {
            if !kept.is_empty() {
                kept.extend_from_slice(b"; ");
            }
            kept.extend_from_slice(pair);
        }
    }
    kept
}

/// Puts the changed lines, rising by place, where they stood.
fn apply(headers: &mut HeaderMap, changed: Vec<(usize, Vec<u8>)>) {
    let mut changed = changed.into_iter().peekable();
    let http::header::Entry::Occupied(lines) = headers.entry(COOKIE) else { return };
    let lines: Vec<_> = lines.remove_entry_mult().1.collect();
    for (place, line) in lines.into_iter().enumerate() {
        match changed.next_if(|(at, _)| *at == place) {
            None => _ = headers.append(COOKIE, line),
            Some((_, kept)) if kept.is_empty() => {}
            Some((_, kept)) => _ = headers.append(COOKIE, value(kept)),
        }
    }
}

fn value(bytes: Vec<u8>) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(bytes)).expect("pieces of header values make a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_static(line))).collect()
    }

    fn strip(lines: &[&'static str], held: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut headers = headers(lines);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("ASCII");
        let names = strip_request(&mut headers, |name| held.iter().any(|held| held.as_bytes() == name));
        let left = headers.get_all(COOKIE).iter().map(|line| text(line.as_bytes())).collect();
        (left, names.iter().map(|name| text(name)).collect())
    }

    #[test]
    fn a_line_with_nothing_to_hold_is_not_touched() {
        let odd = [" a=1 ;b=2;; c", "", ";", "a=1,b=2"];
        assert_eq!(strip(&odd, &["_ga"]), (odd.map(String::from).to_vec(), vec![]));
        let (left, _) = strip(&["x =1;y=2", "_ga=1; a=1"], &["_ga"]);
        assert_eq!(left, ["x =1;y=2", "a=1"]);
    }

    #[test]
    fn held_pairs_go_and_the_rest_keeps_bytes_and_order() {
        let (left, names) = strip(&["_ga=1;b= \"x y\" ;_gid=2; c==;_ga=3;", "_gid=4", "d=5"], &["_ga", "_gid"]);
        assert_eq!(left, ["b= \"x y\"; c==", "d=5"]);
        assert_eq!(names, ["_ga", "_gid"]);
    }

    #[test]
    fn when_all_is_held_no_line_is_left() {
        assert_eq!(strip(&["_ga=1; _ga=2", "_ga=3"], &["_ga"]), (vec![], vec!["_ga".into()]));
    }

    #[test]
    fn a_pair_that_hides_its_name_is_judged_as_nameless() {
        let (left, names) = strip(&["_ga; a=1, _ga=2; b=3; =_ga"], &[""]);
        assert_eq!((left, names), (vec!["b=3".into()], vec![String::new()]));
    }

    #[test]
    fn the_choice_cookie_is_never_held() {
        let mut headers = headers(&["_ga=1; __Host-consentgate=v; consentgate=w"]);
        assert_eq!(strip_request(&mut headers, |_| true), [b"_ga"]);
        assert_eq!(headers[COOKIE], "__Host-consentgate=v; consentgate=w");
    }

    #[test]
    fn a_value_is_found_in_any_line() {
        let headers = headers(&["a=1; consentgate = x=y ", "b", "consentgate=\"q\"", "Consentgate=z"]);
        let found: Vec<_> = values(&headers, b"consentgate").collect();
        assert_eq!(found, [b"x=y".as_slice(), b"\"q\""]);
    }

    #[test]
    fn a_hundred_crumbs_make_one_line() {
        let mut headers: HeaderMap =
            (0..100).map(|n| (COOKIE, HeaderValue::from_str(&format!("c{n}=v")).expect("a header value"))).collect();
        join(&mut headers);
        assert_eq!(headers.get_all(COOKIE).iter().count(), 1);
        let line = headers[COOKIE].to_str().expect("ASCII");
        assert!(line.starts_with("c0=v; c1=v; ") && line.ends_with("; c99=v"), "{line}");
    }
}
