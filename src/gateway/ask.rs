//! The request as the site gets it: without refused cookies, asking only for what can be undone.

use http::header::{
    ACCEPT_ENCODING, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use http::{HeaderMap, Request};

use crate::cookie;
use crate::html::{Asked, Coding};
use crate::inventory::Kind;
use crate::upstream::hop;

use super::visit::Visit;
use super::{Mode, report, worker};

/// Changes the request's headers for the site; gives the names of the cookies that were taken out.
///
/// In observe mode only what every proxy must change is changed.
pub(super) fn prepare<B>(visit: &Visit, request: &mut Request<B>, token: &str) -> Vec<Vec<u8>> {
    let host = request.headers().get(http::header::HOST).cloned();
    let headers = request.headers_mut();
    hop::clean_request(headers);
    let seen = hop::Visitor { address: visit.peer.address, https: visit.peer.https, host: host.as_ref(), token };
    hop::forward(headers, seen);
    match visit.mode() {
        Mode::Off => Vec::new(),
        Mode::Observe => {
            cookie::strip_request(&mut headers.clone(), |name| report::holds(visit, Kind::CookieRequest, name));
            Vec::new()
        }
        Mode::Enforce => {
            if visit.starts_worker || matches!(visit.asked, Asked::Page | Asked::Likely | Asked::Frame) {
                ask_for_a_whole_page(headers);
            }
            if visit.starts_worker {
                worker::ask_for_plain_bytes(headers);
            }
            if visit.asked.may_be_document() {
                ask_for_known_codings(headers);
            }
            cookie::strip_request(headers, |name| report::holds(visit, Kind::CookieRequest, name))
        }
    }
}

/// A page is rewritten: a part of it, or "not changed since you last saw it" (before the gate stood here, perhaps),
/// cannot be (promise 23).
fn ask_for_a_whole_page(headers: &mut HeaderMap) {
    for name in [RANGE, IF_RANGE, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_MATCH, IF_UNMODIFIED_SINCE] {
        headers.remove(name);
    }
}

/// Leaves of `Accept-Encoding` what the gate can undo; the qualities stay as the browser wrote them.
fn ask_for_known_codings(headers: &mut HeaderMap) {
    let lines = headers.get_all(ACCEPT_ENCODING).iter();
    let offers = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let (known, other): (Vec<_>, Vec<_>) = offers.filter(|offer| !offer.is_empty()).partition(|offer| is_known(offer));
    if other.is_empty() {
        return;
    }
    let known = if known.is_empty() { b"identity".to_vec() } else { known.join(&b", "[..]) };
    if let Ok(value) = HeaderValue::from_bytes(&known) {
        headers.insert(ACCEPT_ENCODING, value);
    }
}

fn is_known(offer: &[u8]) -> bool {
    let coding = offer.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    Coding::ACCEPTED.iter().any(|known| coding.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(offer: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(offer));
        ask_for_known_codings(&mut headers);
        headers[ACCEPT_ENCODING].to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn only_codings_the_gate_can_undo_are_asked_for() {
        assert_eq!(asked("gzip, deflate, br;q=0.5, zstd"), "gzip, deflate, br;q=0.5, zstd");
        assert_eq!(asked("gzip, dcb, *;q=0.1"), "gzip");
        assert_eq!(asked("dcz"), "identity");
    }
}
