//! Trackers that the site serves itself: a page's request for one is answered here, and the site never hears of it.
//!
//! A tag of such an address is held in the page, and the guard holds what a script asks for. What neither can see (an
//! `import` in a script of the site's own, a page kept from before) still comes by here. So does what the site only sends
//! on to one.

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED, LOCATION, REFERER,
};
use http::{HeaderMap, Response, StatusCode};

use crate::html::{self, Asked};
use crate::upstream;

use super::visit::Visit;
use super::{Body, Cleared, document, report};

/// The answer to a request for a tracker the visitor has not agreed to; `None` for anything else.
///
/// Programs that are no browsers (another server that reports to the site's own Matomo) have nothing stored on them, and
/// pass.
pub(super) fn held(visit: &Visit, headers: &HeaderMap) -> Option<Cleared> {
    if visit.all_granted() || !is_of_a_page(visit, headers) {
        return None;
    }
    let address = document::address(visit);
    let own = address.host_str().unwrap_or_default();
    let verdict = visit.site.policy.address(&address, own, visit.granted);
    if !verdict.is_hold() {
        return None;
    }
    report::request(visit, &verdict);
    visit.enforces().then(refused)
}

/// Does the site send a page's request on to an address that is held? The page named only the site's own: nothing in front
/// of it could tell.
pub(super) fn is_sent_on(visit: &Visit, status: StatusCode, headers: &HeaderMap) -> bool {
    let to = headers.get(LOCATION).filter(|_| visit.asked == Asked::Other && document::is_followed(status));
    let here = document::address(visit);
    let to = to.and_then(|to| html::resolve(&here, &String::from_utf8_lossy(to.as_bytes())));
    let Some(to) = to.filter(|to| matches!(to.scheme(), "http" | "https")) else { return false };
    let verdict = visit.site.policy.address(&to, here.host_str().unwrap_or_default(), visit.granted);
    if verdict.is_hold() {
        report::request(visit, &verdict);
    }
    verdict.is_hold()
}

/// The same response, going nowhere.
pub(super) fn kept(response: Response<upstream::Body>) -> Response<Body> {
    let mut kept = response.map(|_| Body::empty());
    *kept.status_mut() = StatusCode::FORBIDDEN;
    for name in [LOCATION, CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, ETAG, LAST_MODIFIED] {
        kept.headers_mut().remove(name);
    }
    kept.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    kept
}

/// Asked for by a page, and not to be shown as one.
fn is_of_a_page(visit: &Visit, headers: &HeaderMap) -> bool {
    match visit.asked {
        Asked::Other => headers.contains_key("sec-fetch-dest") || headers.contains_key(REFERER),
        Asked::Unknown => headers.contains_key(REFERER),
        Asked::Page | Asked::Likely | Asked::Frame => false,
    }
}

/// An error to the page, as if a blocker had stopped it; after consent the same address passes, so nobody keeps this.
fn refused() -> Cleared {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Cleared::own(response)
}
