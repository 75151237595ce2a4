//! Fence 1: `Set-Cookie` lines that may not pass are taken out of a response, or of its trailers.
//!
//! Whole lines go, the rest keeps its bytes and its order; when nothing is held nothing is touched. A folded or rebuilt
//! line is worse than none: browsers read past its first comma (C1).

use http::HeaderMap;
use http::header::{Entry, SET_COOKIE};

use super::pair::judged;
use super::{Scope, SetCookie};
use crate::consent::{ChoiceCookie, UnixSeconds};

/// One line that was held, or in observe mode would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The name it was judged by; empty for a nameless or folded cookie.
    pub name: Vec<u8>,
    /// Where it would have been valid; `None` where browsers would store nothing, or nothing that a name can expire.
    pub scope: Option<Scope>,
}

/// What became of the `Set-Cookie` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// The lines held, in their order.
    pub held: Vec<Held>,
    /// How many lines stayed.
    pub kept: usize,
}

/// Takes out every `Set-Cookie` line that is held. `hold` is asked with the name a site would read ([`SetCookie::judged_name`]),
/// which is empty for a nameless or folded cookie.
///
/// Held without asking: what browsers would ignore, and the gate's own names, which the site may neither set nor delete.
/// Passed without asking: a line that only deletes (C9).
pub fn strip_response(
    headers: &mut HeaderMap,
    request_path: &str,
    now: UnixSeconds,
    hold: impl FnMut(&[u8]) -> bool,
) -> Stripped {
    let Judged { stripped, mut places } = judge(headers, request_path, now, hold);
    if places.is_empty() {
        return stripped;
    }
    places.reverse();
    let Entry::Occupied(lines) = headers.entry(SET_COOKIE) else { return stripped };
    let lines: Vec<_> = lines.remove_entry_mult().1.collect();
    for (place, line) in lines.into_iter().enumerate() {
        if places.last() == Some(&place) {
            places.pop();
        } else {
            headers.append(SET_COOKIE, line);
        }
    }
    stripped
}

/// What [`strip_response`] would do; touches nothing (observe mode).
pub fn judge_response(
    headers: &HeaderMap,
    request_path: &str,
    now: UnixSeconds,
    hold: impl FnMut(&[u8]) -> bool,
) -> Stripped {
    judge(headers, request_path, now, hold).stripped
}

/// The lines that browsers would store, for the inventory.
pub fn set_cookies(headers: &HeaderMap) -> impl Iterator<Item = SetCookie<'_>> {
    headers.get_all(SET_COOKIE).iter().filter_map(|line| SetCookie::parse(line.as_bytes()))
}

struct Judged {
    stripped: Stripped,
    /// The places of the held lines among all `Set-Cookie` lines, rising.
    places: Vec<usize>,
}

fn judge(headers: &HeaderMap, request_path: &str, now: UnixSeconds, mut hold: impl FnMut(&[u8]) -> bool) -> Judged {
    let mut judged = Judged { stripped: Stripped::default(), places: Vec::new() };
    for (place, line) in headers.get_all(SET_COOKIE).iter().enumerate() {
        match hold_line(line.as_bytes(), request_path, now, &mut hold) {
            Some(line) => {
                judged.stripped.held.push(line);
                judged.places.push(place);
            }
            None => judged.stripped.kept += 1,
        }
    }
    judged
}

fn hold_line(line: &[u8], request_path: &str, now: UnixSeconds, hold: &mut impl FnMut(&[u8]) -> bool) -> Option<Held> {
    let Some(cookie) = SetCookie::parse(line) else {
        let pair = line.split(|byte| *byte == b';').next().unwrap_or_default();
        return Some(Held { name: judged(pair).to_vec(), scope: None });
    };
    let name = cookie.judged_name();
    let stays = !ChoiceCookie::is_own(name) && (cookie.is_deletion(now) || !hold(name));
    (!stays).then(|| Held { name: name.to_vec(), scope: cookie.scope(request_path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const NOW: UnixSeconds = 1_795_400_000;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (SET_COOKIE, HeaderValue::from_static(line))).collect()
    }

    fn lines(headers: &HeaderMap) -> Vec<&[u8]> {
        headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes).collect()
    }

    fn only_session(name: &[u8]) -> bool {
        name != b"ASP.NET_SessionId"
    }

    #[test]
    fn held_lines_go_and_the_rest_keeps_bytes_and_order() {
        let kept = ["ASP.NET_SessionId=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "ASP.NET_SessionId = 2 ;;path=/"];
        let mut headers = headers(&["_ga=1", kept[0], "_gid=1; Domain=.a.uk", kept[1], "x"]);
        headers.insert("server", HeaderValue::from_static("IIS"));
        let stripped = strip_response(&mut headers, "/a/b", NOW, only_session);
        assert_eq!(lines(&headers), kept.map(str::as_bytes));
        assert_eq!(headers["server"], "IIS");
        assert_eq!(stripped.kept, 2);
        let names: Vec<_> = stripped.held.iter().map(|held| held.name.as_slice()).collect();
        assert_eq!(names, [b"_ga".as_slice(), b"_gid", b""]);
        let scope = stripped.held[1].scope.as_ref().expect("a named cookie");
        assert_eq!((scope.domain.as_deref(), &*scope.path), (Some("a.uk"), "/a"));
    }

    #[test]
    fn observing_gives_the_same_list_and_touches_nothing() {
        let mut enforced = headers(&["_ga=1", "ASP.NET_SessionId=1", "_gid=1"]);
        let observed = enforced.clone();
        let seen = judge_response(&observed, "/", NOW, only_session);
        assert_eq!(seen, strip_response(&mut enforced, "/", NOW, only_session));
        assert_eq!(lines(&observed).len(), 3);
        assert_eq!(lines(&enforced).len(), 1);
    }

    #[test]
    fn the_site_may_delete_what_it_may_not_set() {
        let mut headers = headers(&["_ga=; Max-Age=0", "_ga=1; Max-Age=1"]);
        let stripped = strip_response(&mut headers, "/", NOW, only_session);
        assert_eq!(lines(&headers), [b"_ga=; Max-Age=0"]);
        assert_eq!((stripped.kept, stripped.held.len()), (1, 1));
    }

    #[test]
    fn the_site_can_neither_set_nor_delete_the_choice() {
        let mut headers = headers(&["consentgate=forged", "__Host-consentgate=; Max-Age=0", "=consentgate=forged"]);
        let stripped = strip_response(&mut headers, "/", NOW, |_| false);
        assert!(headers.is_empty());
        assert_eq!(stripped.held.len(), 3);
    }

    #[test]
    fn what_browsers_ignore_is_held_without_asking() {
        let mut headers = headers(&["", "="]);
        let stripped = strip_response(&mut headers, "/", NOW, |_| false);
        assert_eq!(stripped.held, vec![Held { name: Vec::new(), scope: None }; 2]);
        assert!(!headers.contains_key(SET_COOKIE));
    }
}
