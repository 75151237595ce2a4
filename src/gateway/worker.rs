//! Workers: each has everything anew, so a script that is asked for to start one gets the guard put in front.
//!
//! The guard's bytes themselves, not a call for them: a classic worker and one that is a module have no call in common.

use std::collections::VecDeque;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response, StatusCode};

use crate::html::Coding;
use crate::upstream;

use super::Body;
use super::visit::Visit;

/// Is this the request that starts a worker? Browsers say so over https and to localhost, as they say "document".
pub(super) fn starts(headers: &HeaderMap) -> bool {
    let dest = headers.get("sec-fetch-dest").map(HeaderValue::as_bytes);
    matches!(dest, Some(b"worker" | b"sharedworker" | b"serviceworker"))
}

/// The guard cannot stand in front of compressed bytes.
pub(super) fn ask_for_plain_bytes(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Is this answer a script for a worker, on which something is held?
pub(super) fn is_guarded(visit: &Visit, status: StatusCode, headers: &HeaderMap) -> bool {
    visit.starts_worker && status == StatusCode::OK && is_script(headers) && !visit.all_granted()
}

/// Puts the guard in front. A site that compresses although it was asked not to has its worker held: what cannot be
/// guarded does not run.
pub(super) fn guarded(visit: &Visit, response: Response<upstream::Body>) -> Response<Body> {
    let plain = Coding::of(response.headers()) == Ok(Coding::Identity);
    let guard = Bytes::copy_from_slice(visit.site.guard(visit.granted).plain());
    response.map(|body| if plain { Body::peeked(VecDeque::from([guard]), body) } else { Body::empty() })
}

/// A JavaScript MIME type (MIME Sniffing standard, section 4.6), near enough: browsers start nothing from another.
fn is_script(headers: &HeaderMap) -> bool {
    let line = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = line.split(|byte| *byte == b';').next().unwrap_or_default().to_ascii_lowercase();
    memchr::memmem::find(&essence, b"script").is_some()
}
